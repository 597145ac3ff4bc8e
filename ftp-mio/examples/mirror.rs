//! Mirrors a directory of a server on one thread, with several sessions on one loop.
//!
//! `mirror [ADDRESS:PORT REMOTE LOCAL [SESSIONS]]`: the directory REMOTE into LOCAL. Without
//! arguments it mirrors a server of its own, twice.
//!
//! The plan is the core's: it says what to do next and takes the outcome. What is here moves bytes
//! and asks each session that is free for the next task.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::Path;
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_blocking::testing::Loopback;
use ftp_mio::mio as glue;
use ftp_mio::proto::driver::{LocalTree, Part, listing_options};
use ftp_mio::proto::operation::{AbsolutePath, Exchange, Login, ReadDirectory, Retrieve};
use ftp_mio::proto::pathname::Pathname;
use ftp_mio::proto::testing::{Files, ServerConfig};
use ftp_mio::proto::timestamp::Timestamp;
use ftp_mio::proto::tree::{
    Listing, Mirror, MirrorOptions, Place, Question, Step, StepKind, Task, Unread,
};
use ftp_mio::proto::{Argument, Completed, Reply};
use ftp_mio::{Client, Handle, Progress};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(address) = arguments.next() else {
        return demonstrate();
    };
    let remote = arguments.next().ok_or("which directory of the server?")?;
    let local = arguments.next().ok_or("which local directory?")?;
    let sessions = arguments.next().map_or(Ok(4), |text| text.parse())?;
    let tally = mirror(address.parse()?, &remote, Path::new(&local), sessions)?;
    println!("{tally:?}");
    Ok(())
}

fn demonstrate() -> Result<()> {
    let names = (0..50).map(|number| format!("/pub/{}/file {number}", number % 5));
    let files = names.fold(Files::new(), |files, name| {
        files.file(&name, name.repeat(1000))
    });
    let server = Loopback::start(ServerConfig::new(), files)?;
    let local = std::env::temp_dir().join(format!("ftp-mio-mirror-{}", std::process::id()));
    let first = mirror(server.address(), "pub", &local, 4)?;
    let again = mirror(server.address(), "pub", &local, 4)?;
    let one = fs::read_to_string(local.join("3/file 3"))?;
    fs::remove_dir_all(&local)?;
    println!("first {first:?}, again {again:?}");
    assert_eq!(one, "/pub/3/file 3".repeat(1000));
    assert_eq!((first.copied, first.failed), (50, 0));
    assert_eq!((again.copied, again.failed), (0, 0));
    Ok(())
}

#[derive(Debug, Default)]
struct Tally {
    copied: usize,
    failed: usize,
}

/// What the sessions share.
struct Work {
    plan: Mirror,
    local: LocalTree,
    tally: Tally,
}

/// One session and what it is doing.
struct Session {
    client: Client,
    base: Pathname,
    doing: Doing,
}

enum Doing {
    LogIn(Handle<Reply>, Handle<Pathname>),
    Nothing,
    Read(Place, Handle<std::result::Result<Listing, Unread>>),
    Ask(Question, Handle<Timestamp>),
    /// The file, and whether all its bytes could be written.
    Fetch(Step, Part, io::Result<()>, Handle<Completed>),
    Quit(Handle<Reply>),
    Over,
}

fn mirror(address: SocketAddr, remote: &str, local: &Path, sessions: usize) -> Result<Tally> {
    let mut work = Work {
        plan: Mirror::new(MirrorOptions::down()),
        local: LocalTree::create(local)?,
        tally: Tally::default(),
    };
    let mut poll = mio::Poll::new()?;
    let mut events = mio::Events::with_capacity(256);
    let mut sessions: BTreeMap<usize, Session> = (0..sessions)
        .map(|number| (number, Session::start(address, remote)))
        .collect();
    loop {
        // An outcome on one session may be work for another, so each is asked until none moves on.
        let mut moves = true;
        while std::mem::take(&mut moves) {
            for (number, session) in &mut sessions {
                let registrar = &mut glue::Registrar::new(poll.registry(), *number);
                session.client.turn(Instant::now(), registrar);
                moves |= session.step(&mut work);
            }
        }
        sessions.retain(|_, session| !matches!(session.doing, Doing::Over));
        if sessions.is_empty() {
            break;
        }
        let now = Instant::now();
        let timeouts = sessions.values().filter_map(|it| it.client.timeout(now));
        poll.poll(&mut events, timeouts.min().or(Some(Duration::from_secs(1))))?;
        for event in &events {
            let (number, slot) = glue::slot(event.token());
            if let Some(session) = sessions.get_mut(&number) {
                session.client.ready(slot, glue::ready(event));
            }
        }
    }
    match work.plan.is_over() {
        true => Ok(work.tally),
        false => Err("no session is left".into()),
    }
}

impl Session {
    fn start(address: SocketAddr, remote: &str) -> Self {
        let mut client = Client::builder().connect_to([address], Instant::now());
        let login = client.start(Login::anonymous());
        let base = client.start(AbsolutePath::new(remote));
        Self {
            client,
            base: remote.into(),
            doing: Doing::LogIn(login, base),
        }
    }

    /// Moves payload, takes an outcome, or begins a task; whether something changed.
    fn step(&mut self, work: &mut Work) -> bool {
        if self.client.is_over() && !matches!(self.doing, Doing::Quit(_)) {
            // What is under way fails below; nothing new begins.
            if matches!(self.doing, Doing::Nothing | Doing::LogIn(..)) {
                self.doing = Doing::Over;
                return true;
            }
        }
        self.move_payload();
        let doing = std::mem::replace(&mut self.doing, Doing::Nothing);
        let next = self.go_on(doing, work);
        let moves = next.is_continue();
        let (ControlFlow::Continue(doing) | ControlFlow::Break(doing)) = next;
        self.doing = doing;
        moves
    }

    fn move_payload(&mut self) {
        let Doing::Fetch(_, part, written, _) = &mut self.doing else {
            return;
        };
        let Some(mut data) = self.client.data_mut() else {
            return;
        };
        let mut block = [0; 16 * 1024];
        while let Progress::Bytes(count) = data.read(&mut block) {
            let bytes = block.get(..count).unwrap_or_default();
            if written.is_ok() {
                *written = part.file_mut().write_all(bytes);
            }
        }
    }

    /// What is done next, or a break with the same if nothing changed.
    fn go_on(&mut self, doing: Doing, work: &mut Work) -> ControlFlow<Doing, Doing> {
        match doing {
            Doing::LogIn(login, base) => match self.client.poll(base) {
                Poll::Pending => ControlFlow::Break(Doing::LogIn(login, base)),
                Poll::Ready(Ok(absolute)) => {
                    self.base = absolute;
                    ControlFlow::Continue(Doing::Nothing)
                }
                Poll::Ready(Err(error)) => {
                    eprintln!("{error}");
                    ControlFlow::Continue(Doing::Over)
                }
            },
            Doing::Nothing => self.begin(work),
            Doing::Read(place, handle) => match self.client.poll(handle) {
                Poll::Pending => ControlFlow::Break(Doing::Read(place, handle)),
                Poll::Ready(outcome) => {
                    let source = outcome.unwrap_or_else(|error| {
                        eprintln!("{}: {error}", place.path());
                        Err(error.session().map_or(Unread::Failed, Unread::of))
                    });
                    let target = match place.is_new() {
                        true => Ok(Listing::complete([])),
                        false => work.local.read(place.path()).map_err(|_| Unread::Failed),
                    };
                    work.plan.read(&place, source, target);
                    ControlFlow::Continue(Doing::Nothing)
                }
            },
            Doing::Ask(question, handle) => match self.client.poll(handle) {
                Poll::Pending => ControlFlow::Break(Doing::Ask(question, handle)),
                Poll::Ready(told) => {
                    work.plan.told(&question, told.ok());
                    ControlFlow::Continue(Doing::Nothing)
                }
            },
            Doing::Fetch(step, part, written, handle) => match self.client.poll(handle) {
                Poll::Pending => ControlFlow::Break(Doing::Fetch(step, part, written, handle)),
                Poll::Ready(verdict) => {
                    let done = verdict.map_err(Box::from).and_then(|_| {
                        written?;
                        Ok(part.finish()?)
                    });
                    work.finish(&step, done);
                    ControlFlow::Continue(Doing::Nothing)
                }
            },
            Doing::Quit(handle) => match self.client.poll(handle) {
                Poll::Pending => ControlFlow::Break(Doing::Quit(handle)),
                Poll::Ready(_) => ControlFlow::Continue(Doing::Over),
            },
            Doing::Over => ControlFlow::Break(Doing::Over),
        }
    }

    /// Begins the next task, or waits for those of others.
    fn begin(&mut self, work: &mut Work) -> ControlFlow<Doing, Doing> {
        if work.plan.is_over() {
            return ControlFlow::Continue(Doing::Quit(self.client.start(Exchange::quit())));
        }
        let Some(task) = work.plan.next_task() else {
            return ControlFlow::Break(Doing::Nothing);
        };
        let base = self.base.as_bytes();
        ControlFlow::Continue(match task {
            Task::Read(place) => match ReadDirectory::new(&place, base, listing_options()) {
                Ok(read) => Doing::Read(place, self.client.receive(read)),
                Err(_) => {
                    work.plan
                        .read(&place, Err(Unread::Failed), Err(Unread::Failed));
                    Doing::Nothing
                }
            },
            Task::AskTime(question) => match Argument::new(question.path().below(base)) {
                Ok(path) => {
                    let handle = self.client.start(Exchange::modified(path));
                    Doing::Ask(question, handle)
                }
                Err(_) => {
                    work.plan.told(&question, None);
                    Doing::Nothing
                }
            },
            Task::Perform(step) => match self.perform(&step, work) {
                Ok(Some(doing)) => doing,
                Ok(None) => {
                    work.finish(&step, Ok(()));
                    Doing::Nothing
                }
                Err(error) => {
                    work.finish(&step, Err(error));
                    Doing::Nothing
                }
            },
            _ => Doing::Nothing,
        })
    }

    /// Performs a step: at once if it is local, else with the session.
    fn perform(&mut self, step: &Step, work: &Work) -> Result<Option<Doing>> {
        match step.kind() {
            StepKind::Make => work.local.make(step.path())?,
            StepKind::SetTime => {
                if let Some(time) = step.modified() {
                    work.local.set_modified(step.path(), time)?;
                }
            }
            StepKind::Remove => work.local.remove(step.path())?,
            StepKind::RemoveAll => work.local.remove_all(step.path())?,
            StepKind::Fetch | StepKind::Resume => {
                let path = Argument::new(step.path().below(self.base.as_bytes()))?;
                let part = work.local.begin(step)?;
                let retrieve = match part.offset() {
                    0 => Retrieve::new(path),
                    offset => Retrieve::new(path).resume_at(offset),
                };
                let handle = self.client.start(retrieve);
                return Ok(Some(Doing::Fetch(step.clone(), part, Ok(()), handle)));
            }
            _ => println!("{step}"),
        }
        Ok(None)
    }
}

impl Work {
    fn finish(&mut self, step: &Step, outcome: Result<()>) {
        let is_copy = matches!(step.kind(), StepKind::Fetch | StepKind::Resume);
        match &outcome {
            Ok(()) => self.tally.copied += usize::from(is_copy),
            Err(error) => {
                self.tally.failed += 1;
                eprintln!("{step}: {error}");
            }
        }
        self.plan.performed(step, outcome.is_ok());
    }
}

#[test]
fn one_thread_mirrors_with_several_sessions() {
    demonstrate().unwrap();
}
