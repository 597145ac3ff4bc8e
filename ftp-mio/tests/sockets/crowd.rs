//! Thousands of sessions in one loop, all in the same state at one time: logged in, and with a data
//! connection open.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;

use ftp_mio::proto::operation::{Exchange, Login, OneTransfer, Retrieve};
use ftp_mio::proto::testing::Files;
use ftp_mio::proto::{Completed, DataMode, Reply, Transfer};
use ftp_mio::{Client, Handle, Progress, Transport};
use ftp_testbed::servers::{Family, Kind, PASSWORD, Setup, USER};
use libtest_mimic::{Completion, Trial};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::apart;
use crate::loops::{Crowd, argument};
use crate::reactors::Reactors;

const SESSIONS: usize = 2000;
const SESSIONS_OF_VSFTPD: usize = 200;

/// Open files that either process may need: the server has two for each control connection, and for
/// a moment a listener beside the data connection. The other tests of this process get the rest.
const FILES: u64 = 5 * SESSIONS as u64;

/// One crowd at a time: each is as much as the machine should have to do.
static TURN: Mutex<()> = Mutex::new(());

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    vec![
        Trial::ignorable_test("crowd::two_thousand_sessions", || {
            let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(match raise_file_limit() {
                Ok(()) => {
                    against_another_process::<R>();
                    Completion::Completed
                }
                Err(reason) => Completion::ignored_with(reason),
            })
        }),
        Trial::ignorable_test("crowd::two_hundred_sessions_on_vsftpd", || {
            let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
            match Setup::new(Kind::Vsftpd).start() {
                Ok(server) => {
                    write_files(server.tree().root());
                    let address = server.address(Family::V4).unwrap();
                    // Two of its sessions that want a passive port in the same moment may choose
                    // the same one, and then one of them ends.
                    let crowd = Crowd::new(SESSIONS_OF_VSFTPD, address, DataMode::AnyActive);
                    let login = || Login::new(argument(USER)).password(argument(PASSWORD));
                    each_downloads_and_lists::<R>(crowd, login);
                    Ok(Completion::Completed)
                }
                Err(unavailable) => unavailable.verdict(),
            }
        }),
    ]
}

/// For this process, and for those that it starts.
fn raise_file_limit() -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    let allows = |limit: Option<u64>| limit.is_none_or(|files| files >= FILES);
    if allows(limit.current) {
        return Ok(());
    }
    let maximum = limit.maximum;
    if !allows(maximum) {
        return Err(format!(
            "it takes {FILES} open files, and the hard limit (RLIMIT_NOFILE) is {}",
            maximum.unwrap_or_default()
        ));
    }
    let current = Some(FILES);
    setrlimit(Resource::Nofile, Rlimit { current, maximum })
        .map_err(|error| format!("RLIMIT_NOFILE cannot be set to {FILES}: {error}"))
}

// -- what each session finds ----------------------------------------------------------------------

const NAMES: [&str; 3] = ["a file", "of", "payload.bin"];

fn directory(number: usize) -> String {
    format!("crowd/{number}")
}

/// No two sessions get the same.
fn content(number: usize) -> Vec<u8> {
    (0..20_000 + number)
        .map(|n| (n + number).to_le_bytes()[0])
        .collect()
}

pub(crate) fn files(sessions: usize) -> Files {
    let mut files = Files::new();
    for number in 0..sessions {
        for name in NAMES {
            files.insert(format!("/{}/{name}", directory(number)), "", 0);
        }
        let path = format!("/{}/payload.bin", directory(number));
        files.insert(path, content(number), 0);
    }
    files
}

fn write_files(root: &Path) {
    for number in 0..SESSIONS_OF_VSFTPD {
        let directory = root.join(directory(number));
        fs::create_dir_all(&directory).unwrap();
        for name in NAMES {
            fs::write(directory.join(name), "").unwrap();
        }
        fs::write(directory.join("payload.bin"), content(number)).unwrap();
    }
}

fn names(number: usize) -> Vec<u8> {
    let line = |name| format!("{}/{name}\r\n", directory(number)).into_bytes();
    NAMES.into_iter().flat_map(line).collect()
}

// -- what each session does -----------------------------------------------------------------------

fn against_another_process<R: Reactors>() {
    let mut server = apart::Server::start(SESSIONS);
    let crowd = Crowd::new(SESSIONS, server.address, DataMode::Auto);
    each_downloads_and_lists::<R>(crowd, Login::anonymous);
    let all = apart::Counts {
        accepted: SESSIONS,
        logged_in: SESSIONS,
        data: SESSIONS,
    };
    assert_eq!(server.counts(), all);
}

#[derive(Default)]
struct Member {
    login: Option<Handle<Reply>>,
    download: Option<Handle<Completed>>,
    list: Option<Handle<Completed>>,
    quit: Option<Handle<Reply>>,
    received: Vec<u8>,
}

/// Nobody goes on to the next step before all are through with the one before.
fn each_downloads_and_lists<R: Reactors>(mut crowd: Crowd<R>, login: impl Fn() -> Login) {
    let mut members: BTreeMap<usize, Member> = BTreeMap::new();
    for (number, client) in &mut crowd.clients {
        members.entry(*number).or_default().login = Some(client.start(login()));
    }
    let mut step = |step: fn(&mut Member, &mut Client<R::Tcp>, usize) -> bool| {
        crowd.run(|number, client| step(members.get_mut(&number).unwrap(), client, number));
    };
    step(|member, client, _| is_done(client, member.login));
    step(Member::begin_download);
    step(Member::download_and_list);
    step(Member::quit);
    crowd.close();
}

impl Member {
    /// Takes the first byte, and leaves the rest waiting.
    fn begin_download<T: Transport>(&mut self, client: &mut Client<T>, number: usize) -> bool {
        let download = *self.download.get_or_insert_with(|| {
            let path = format!("{}/payload.bin", directory(number));
            client.start(Retrieve::new(argument(&path)))
        });
        let mut byte = [0];
        if let Some(mut data) = client.data_mut() {
            if let Progress::Bytes(_) = data.read(&mut byte) {
                self.received.extend(byte);
            }
        }
        if let Poll::Ready(outcome) = client.poll(download) {
            panic!("session {number} does not download: {outcome:?}");
        }
        !self.received.is_empty()
    }

    fn download_and_list<T: Transport>(&mut self, client: &mut Client<T>, number: usize) -> bool {
        let list = *self.list.get_or_insert_with(|| {
            let directory = argument(&directory(number));
            client.start(OneTransfer::new(Transfer::names(Some(directory))))
        });
        let mut block = [0; 8192];
        if let Some(mut data) = client.data_mut() {
            while let Progress::Bytes(count) = data.read(&mut block) {
                self.received.extend_from_slice(&block[..count]);
            }
        }
        let Poll::Ready(listed) = client.poll(list) else {
            return false;
        };
        listed.unwrap();
        assert!(is_done(client, self.download));
        let expected = [content(number), names(number)].concat();
        assert!(
            self.received == expected,
            "session {number} got the wrong bytes"
        );
        true
    }

    fn quit<T: Transport>(&mut self, client: &mut Client<T>, _: usize) -> bool {
        self.quit
            .get_or_insert_with(|| client.start(Exchange::quit()));
        is_done(client, self.quit)
    }
}

/// Whether an operation has succeeded.
fn is_done<T: Transport, O: 'static>(client: &mut Client<T>, operation: Option<Handle<O>>) -> bool {
    let Poll::Ready(outcome) = client.poll(operation.unwrap()) else {
        return false;
    };
    outcome.map(drop).unwrap();
    true
}
