//! Servers and callers that do wrong, as far as it takes this crate's own interface to tell.
//! Everything else is in the table of scenarios that all drivers share (`tests/scenarios.rs`). No
//! time is asserted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod replies;

use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ftp_blocking::proto::{
    After, Config, Encoding, Failure, Interrupted, Interruption, State, Timeouts, Verb, Verdict,
};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Builder, Client, Error, Result, Tcp};
use ftp_testbed::scripted::{Passive, Peer, Port, Record, Script};

const WATCHDOG: Duration = Duration::from_secs(30);

/// Runs a test in a thread of its own: one that hangs fails.
pub(crate) fn bounded(test: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    if ended.recv_timeout(WATCHDOG) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// No limit ends while the test runs, and nothing is sent but what the test asks for.
pub(crate) fn patient() -> Builder<Tcp> {
    let mut config = Config::default();
    config.encoding = Encoding::AsItIs;
    config.timeouts = Timeouts::all(Duration::from_secs(3600));
    Client::builder().config(config)
}

pub(crate) fn greeted(script: Script) -> Peer {
    Peer::start(Script::new().send("220 ready\r\n").then_all(script)).unwrap()
}

pub(crate) fn finish(peer: Peer) -> Record {
    peer.finish().unwrap_or_else(|failure| panic!("{failure}"))
}

pub(crate) fn dialogue(
    builder: Builder<Tcp>,
    script: Script,
    act: impl FnOnce(&mut Client),
) -> Record {
    let peer = greeted(script);
    let mut client = builder.connect_to(&[peer.address()]).unwrap();
    act(&mut client);
    drop(client);
    finish(peer)
}

pub(crate) fn code(error: &Error) -> Option<u16> {
    error.reply().map(|reply| reply.code().get())
}

pub(crate) fn interrupted(error: &Error) -> &Interrupted {
    error
        .session()
        .and_then(|error| error.interrupted())
        .unwrap_or_else(|| panic!("{error}"))
}

// -- callers --------------------------------------------------------------------------------------

#[test]
fn a_name_with_a_line_break_or_nul_is_refused_before_anything_is_sent() {
    bounded(|| {
        let record = dialogue(patient(), Script::new().expect_close(), |client| {
            for name in [&b"a\r\nDELE b"[..], b"a\n", b"\ra", b"a\0b"] {
                let refused: [Result<()>; 14] = [
                    client.retrieve(name).map(drop),
                    client.store(name).map(drop),
                    client.append(name).map(drop),
                    client.cwd(name),
                    client.mkdir(name).map(drop),
                    client.rmdir(name),
                    client.rm(name),
                    client.rename(name, "b"),
                    client.rename("a", name),
                    client.size(name).map(drop),
                    client.login(name, "x").map(drop),
                    client.login("x", name).map(drop),
                    client.nlst(name).map(drop),
                    client.list(name).map(drop),
                ];
                for result in refused {
                    let error = result.unwrap_err();
                    assert!(error.is_misuse(), "{error}");
                    assert_eq!(error.after(), After::Usable);
                }
            }
            assert_eq!(client.state(), State::Usable);
        });
        assert_eq!(record.commands, []);
    });
}

// -- refusals -------------------------------------------------------------------------------------

#[test]
fn an_unreachable_host_is_told_with_every_address() {
    bounded(|| {
        let free = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap()
        };
        let addresses = [free(), free()];
        let error = patient().connect_to(&addresses).unwrap_err();
        let Error::Connect(tried) = &error else {
            panic!("{error}")
        };
        let kinds = tried
            .iter()
            .map(|(address, error)| (address.clone(), error.kind()));
        let refused = std::io::ErrorKind::ConnectionRefused;
        assert!(kinds.eq(addresses.map(|address| (address.into(), refused))));
        assert_eq!((error.verb(), error.after()), (None, After::Dead));
        assert!(error.is_transient());
    });
}

#[test]
fn a_refused_login_leaves_a_session_for_another_try() {
    bounded(|| {
        let config = ServerConfig::new()
            .user("ann", "secret")
            .without_anonymous();
        let server = Loopback::start(config, Files::new()).unwrap();
        let mut client = patient().connect_to(&[server.address()]).unwrap();
        let error = client.login("ann", "guess").unwrap_err();
        assert_eq!((error.verb(), code(&error)), (Some(Verb::Pass), Some(530)));
        assert_eq!(error.after(), After::Usable);
        client.login("ann", "secret").unwrap();
    });
}

#[test]
fn a_missing_file_leaves_a_usable_session() {
    bounded(|| {
        let server = Loopback::start(ServerConfig::new(), Files::new()).unwrap();
        let mut client = patient().connect_to(&[server.address()]).unwrap();
        client.login_anonymous().unwrap();
        for _ in 0..3 {
            let error = client.retrieve("missing").unwrap_err();
            assert_eq!((error.verb(), code(&error)), (Some(Verb::Retr), Some(550)));
            assert_eq!(error.after(), After::Usable);
            assert_eq!(error.session().unwrap().verdict(), Some(Verdict::Refused));
            assert_eq!(
                std::io::Error::from(error).kind(),
                std::io::ErrorKind::NotFound
            );
        }
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
    });
}

#[test]
fn a_refused_data_port_leaves_a_usable_session() {
    bounded(|| {
        let script = Script::new()
            .answer("TYPE I", "200 ok\r\n")
            .expect("EPSV")
            .passive(Port::Refused, Passive::Extended)
            .expect("PASV")
            .passive(Port::Refused, Passive::Classic)
            .answer("NOOP", "200 ok\r\n")
            .expect_close();
        dialogue(patient(), script, |client| {
            let error = client.retrieve("a").unwrap_err();
            assert_eq!(error.verb(), Some(Verb::Pasv));
            assert_eq!(
                interrupted(&error).cause,
                Interruption::Data(Failure::Refused)
            );
            assert!(std::error::Error::source(&error).is_some());
            assert_eq!(error.after(), After::Usable);
            client.noop().unwrap();
        });
    });
}

/// The port refused, PASV helped, and then the file was missing: the error is the server's, and not
/// the port's.
#[test]
fn an_older_failure_of_a_socket_is_not_told_as_the_cause() {
    bounded(|| {
        let script = Script::new()
            .answer("TYPE I", "200 ok\r\n")
            .expect("EPSV")
            .passive(Port::Refused, Passive::Extended)
            .expect("PASV")
            .passive(Port::Open, Passive::Classic)
            .accept()
            .answer("RETR a", "550 no such file\r\n")
            .expect_close();
        dialogue(patient(), script, |client| {
            let error = client.retrieve("a").unwrap_err();
            assert!(std::error::Error::source(&error).is_none());
            assert_eq!(
                std::io::Error::from(error).kind(),
                std::io::ErrorKind::NotFound
            );
        });
    });
}
