//! The operations, on an honest driver, with the fuzzer as the server, the network and the clock.
//!
//! The driver is the loop of the manual: it asks the operation, takes all actions, writes what it
//! may, and only then waits; what it waits for is the next line of the script. When the script
//! ends, only time goes on.

use std::task::Poll;

use ftp_proto::operation::{
    AskFeatures, ChangeDirectory, DataProtection, Exchange, Greet, Login, MakeDirectory,
    OneTransfer, Rename, Retrieve, Secure, SetModified, Store,
};
use ftp_proto::timestamp::Timestamp;
use ftp_proto::{Argument, Command, Compared, Completed, Error, Operation, Session, Transfer};

use crate::script::{self, Line};
use crate::world::World;

/// More turns than any conversation may take: each uses a line up, or ends a wait.
const TURNS_MAX: usize = 2000;
const OPERATIONS_MAX: usize = 6;

/// Plays the operations of the script one after the other.
pub fn check(script: &[u8]) {
    let mut world = World::for_operations(script);
    let slow = script::lines(script).any(|line| line.letter == b'=' && line.operand == b"slow");
    let mut events = script::lines(script).filter(|line| !matches!(line.letter, b'=' | b'!'));
    let operations = script::lines(script).filter(|line| line.letter == b'!');
    let operations = operations.filter_map(|line| Some((operation(line)?, Part::of(line))));
    for (mut operation, part) in operations.take(OPERATIONS_MAX) {
        let begun = world.log.written.len();
        let result = converse(&mut world, &mut operation, &mut events, slow);
        match result {
            Err(error) => world.check_error(&error),
            Ok(Outcome::Transferred(completed)) => {
                world.check_completed(&completed);
                part.was_asked_for(&world.log.written[begun..]);
                part.was_compared(&completed, &world.log.heard);
            }
            Ok(Outcome::Done) => {}
        }
    }
    world.rest();
}

fn converse<'a>(
    world: &mut World,
    operation: &mut Wanted,
    events: &mut impl Iterator<Item = Line<'a>>,
    slow: bool,
) -> Result<Outcome, Error> {
    for _ in 0..TURNS_MAX {
        if let Poll::Ready(result) = operation.poll(&mut world.session) {
            return result;
        }
        if world.act() {
            continue;
        }
        if !slow {
            world.write(None);
        }
        match events.next() {
            Some(line) if line.letter == b'A' => world.abort(),
            Some(line) => {
                world.happen(line);
            }
            None => world.wait_in_vain(),
        }
        world.check();
    }
    panic!("the conversation does not end: {:?}", world.session);
}

/// The part of a file that an operation is about.
#[derive(Clone, Copy, Debug)]
struct Part {
    offset: u64,
    limit: u64,
}

impl Part {
    fn of(line: Line<'_>) -> Self {
        let bytes = line.bytes();
        let mut words = bytes.splitn(2, |&byte| byte == b' ');
        let name = words.next().unwrap_or_default();
        let number = words.next().and_then(script::number).unwrap_or(100);
        let (offset, limit) = match name {
            b"resume" | b"unverified" | b"store-rest" => (number, u64::MAX),
            b"range" => (number, number),
            b"head" => (0, number),
            _ => (0, u64::MAX),
        };
        Self { offset, limit }
    }

    /// REST stands right before the command that moved payload, if there is an offset, and only
    /// then.
    fn was_asked_for(self, written: &[u8]) {
        let written = String::from_utf8_lossy(written);
        let lines: Vec<_> = written.split("\r\n").collect();
        let moves = |line: &&str| ["RETR ", "STOR "].iter().any(|verb| line.starts_with(verb));
        let Some(at) = lines.iter().rposition(moves) else {
            return;
        };
        let before = at.checked_sub(1).map(|at| lines[at]);
        let rest = before.and_then(|line| line.strip_prefix("REST "));
        let rest = rest.map_or("0", |rest| rest);
        assert_eq!(rest, self.offset.to_string(), "{written}");
    }

    /// The size that was compared with is one that the server told, less the offset.
    fn was_compared(self, completed: &Completed, heard: &[u8]) {
        let Compared::Size(bytes) = completed.compared else {
            return;
        };
        if bytes < self.limit {
            let size = bytes.saturating_add(self.offset).to_string();
            let heard = String::from_utf8_lossy(heard);
            assert!(heard.contains(&size), "nobody told {size}: {completed:?}");
        }
    }
}

/// What an operation came to.
enum Outcome {
    Transferred(Box<Completed>),
    Done,
}

impl From<Completed> for Outcome {
    fn from(completed: Completed) -> Self {
        Self::Transferred(Box::new(completed))
    }
}

type Wanted = Box<dyn Operation<Output = Outcome>>;

/// An operation whose result does not matter here, or is a transfer's.
struct Made<O>(O);

impl<O: Operation<Output = Completed>> Operation for Made<O> {
    type Output = Outcome;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Outcome, Error>> {
        self.0.poll(session).map_ok(Outcome::from)
    }
}

struct Plain<O>(O);

impl<O: Operation> Operation for Plain<O> {
    type Output = Outcome;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Outcome, Error>> {
        self.0.poll(session).map_ok(|_| Outcome::Done)
    }
}

fn plain(operation: impl Operation + 'static) -> Option<Wanted> {
    Some(Box::new(Plain(operation)))
}

fn transfer(operation: impl Operation<Output = Completed> + 'static) -> Option<Wanted> {
    Some(Box::new(Made(operation)))
}

/// The operation that a line names, with what stands after the name as its argument.
fn operation(line: Line<'_>) -> Option<Wanted> {
    let bytes = line.bytes();
    let mut words = bytes.splitn(2, |&byte| byte == b' ');
    let name = words.next().unwrap_or_default();
    let rest = words.next().unwrap_or(b"a.bin");
    let path = Argument::new(rest).ok()?;
    let number = script::number(rest).unwrap_or(100);
    transfer_operation(name, &path, number).or_else(|| plain_operation(name, path, number))
}

fn transfer_operation(name: &[u8], path: &Argument, number: u64) -> Option<Wanted> {
    let path = path.clone();
    match name {
        b"retrieve" => transfer(Retrieve::new(path)),
        b"ascii" => transfer(Retrieve::new(path).ascii()),
        b"resume" => transfer(Retrieve::new(path).resume_at(number)),
        b"unverified" => transfer(Retrieve::new(path).resume_unverified_at(number)),
        b"verified" => transfer(Retrieve::new(path).verified()),
        b"head" => transfer(Retrieve::new(path).limited_to(number)),
        b"range" => transfer(Retrieve::new(path).resume_at(number).limited_to(number)),
        b"store" => transfer(Store::new(path)),
        b"store-ascii" => transfer(Store::new(path).ascii()),
        b"store-rest" => transfer(Store::new(path).resume_at(number)),
        b"append" => transfer(Store::append(path)),
        b"unique" => transfer(Store::unique(None)),
        b"list" => transfer(OneTransfer::new(Transfer::list(Some(path)))),
        b"names" => transfer(OneTransfer::new(Transfer::names(None))),
        b"facts-list" => transfer(OneTransfer::new(Transfer::machine_list(None))),
        _ => None,
    }
}

fn plain_operation(name: &[u8], path: Argument, number: u64) -> Option<Wanted> {
    let secret = || Argument::new("secret").ok();
    match name {
        b"greet" => plain(Greet),
        b"login" => plain(Login::new(path).password(secret()?).account(secret()?)),
        b"login-bare" => plain(Login::new(path)),
        b"anonymous" => plain(Login::anonymous()),
        b"secure" => plain(Secure::new()),
        b"secure-clear" => plain(Secure::data(DataProtection::Clear)),
        b"features" => plain(AskFeatures::new()),
        b"rename" => plain(Rename::new(path, secret()?)),
        b"cd" => plain(ChangeDirectory::new(path.as_bytes()).ok()?),
        b"cdup" => plain(ChangeDirectory::new("..").ok()?),
        b"pwd" => plain(Exchange::working_directory()),
        b"mkdir" => plain(MakeDirectory::new(path)),
        b"rmdir" => plain(Exchange::remove_directory(path)),
        b"delete" => plain(Exchange::delete(path)),
        b"size" => plain(Exchange::size(path)),
        b"modified" => plain(Exchange::modified(path)),
        b"set-modified" => plain(SetModified::new(
            path,
            Timestamp::from_unix_time(1_709_208_000).ok()?,
        )),
        b"noop" => plain(Exchange::noop()),
        b"reinitialise" => plain(Exchange::reinitialise()),
        b"clear" => plain(Exchange::clear_control()),
        b"account" => plain(Exchange::account(path)),
        b"allocate" => plain(Exchange::allocate(number)),
        b"status" => plain(Exchange::status(None)),
        b"help" => plain(Exchange::help(None)),
        b"system" => plain(Exchange::system()),
        b"site" => plain(Exchange::site(path)),
        b"facts" => plain(Exchange::facts(Some(path))),
        b"quit" => plain(Exchange::quit()),
        b"ask" => plain(Exchange::ask(Command::raw(path.as_bytes()).ok()?)),
        b"send" => plain(Exchange::send(Command::raw(path.as_bytes()).ok()?)),
        _ => None,
    }
}
