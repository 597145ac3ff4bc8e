//! Servers and callers that do wrong: each is told with the step, the reply and the state of the session, in bounded
//! time. The limits are 200 ms where a limit is what is tested and an hour where a reply has to come before it; no other
//! time is asserted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ftp_blocking::proto::operation::Retrieve;
use ftp_blocking::proto::{
    After, Argument, Closed, DataMode, ErrorKind, Event, Failure, Interrupted, Interruption,
    Leniency, Reason, State, Timeouts, Verb, Verdict, Violation,
};
use ftp_blocking::testing::{Behaviour, Files, Loopback, Rule, ServerConfig, Step};
use ftp_blocking::{Builder, Client, Error, Result, Tcp};
use ftp_testbed::scripted::{Passive, Peer, Port, Record, Script};

const WATCHDOG: Duration = Duration::from_secs(30);

/// Runs a test in a thread of its own: one that hangs fails.
fn bounded(test: impl FnOnce() + Send + 'static) {
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

/// Every limit ends soon.
fn hasty() -> Builder<Tcp> {
    Client::builder().timeouts(Timeouts::all(Duration::from_millis(200)))
}

/// No limit ends while the test runs.
fn patient() -> Builder<Tcp> {
    Client::builder().timeouts(Timeouts::all(Duration::from_secs(3600)))
}

fn greeted(script: Script) -> Peer {
    Peer::start(Script::new().send("220 ready\r\n").then_all(script)).unwrap()
}

fn finish(peer: Peer) -> Record {
    peer.finish().unwrap_or_else(|failure| panic!("{failure}"))
}

fn dialogue(builder: Builder<Tcp>, script: Script, act: impl FnOnce(&mut Client)) -> Record {
    let peer = greeted(script);
    let mut client = builder.connect_to(&[peer.address()]).unwrap();
    act(&mut client);
    drop(client);
    finish(peer)
}

/// TYPE I and EPSV, with the data connection accepted.
fn opening() -> Script {
    Script::new()
        .answer("TYPE I", "200 ok\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .accept()
}

fn code(error: &Error) -> Option<u16> {
    error.reply().map(|reply| reply.code().get())
}

fn interrupted(error: &Error) -> &Interrupted {
    error
        .session()
        .and_then(|error| error.interrupted())
        .unwrap_or_else(|| panic!("{error}"))
}

fn after(client: &Client) -> After {
    match client.state() {
        State::Dead(_) => After::Dead,
        State::Draining { .. } => After::Draining,
        _ => After::Usable,
    }
}

// -- callers ------------------------------------------------------------------------------------------------------------------

#[test]
fn a_name_with_a_line_break_or_nul_is_refused_before_anything_is_sent() {
    bounded(|| {
        let record = dialogue(patient(), Script::new().expect_close(), |client| {
            for name in [&b"a\r\nDELE b"[..], b"a\n", b"\ra", b"a\0b"] {
                let text = std::str::from_utf8(name).unwrap();
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
                    client.nlst(&[text]).map(drop),
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

// -- refusals -------------------------------------------------------------------------------------------------------------------

#[test]
fn an_unreachable_host_is_told_with_every_address() {
    bounded(|| {
        let free = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.local_addr().unwrap()
        };
        let addresses = [free(), free()];
        let error = hasty().connect_to(&addresses).unwrap_err();
        let Error::Connect(tried) = &error else {
            panic!("{error}")
        };
        let kinds = tried
            .iter()
            .map(|(address, error)| (*address, error.kind()));
        let refused = std::io::ErrorKind::ConnectionRefused;
        assert!(kinds.eq(addresses.map(|address| (address, refused))));
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
        let mut client = hasty().connect_to(&[server.address()]).unwrap();
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
        let mut client = hasty().connect_to(&[server.address()]).unwrap();
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

/// The port refused, PASV helped, and then the file was missing: the error is the server's, and not the port's.
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

#[test]
fn a_silent_data_port_runs_into_its_limit() {
    bounded(|| {
        let script = Script::new()
            .answer("TYPE I", "200 ok\r\n")
            .expect("EPSV")
            .passive(Port::Silent, Passive::Extended)
            .answer("NOOP", "200 ok\r\n")
            .expect_close();
        let builder = hasty().data_mode(DataMode::ExtendedPassive);
        dialogue(builder, script, |client| {
            let error = client.retrieve("a").unwrap_err();
            assert_eq!(error.verb(), Some(Verb::Epsv));
            assert_eq!(
                interrupted(&error).cause,
                Interruption::Timeout(Reason::DataOpen)
            );
            assert_eq!(error.after(), After::Usable);
            client.noop().unwrap();
        });
    });
}

// -- a server that closes, resets, stalls or breaks off at any step -------------------------------------------------------------

/// One step of a session: what the server hears, how it answers, and the step that an error names.
struct Stage {
    name: &'static str,
    verb: Verb,
    hears: fn(Script) -> Script,
    answers: fn(Script) -> Script,
}

fn stages() -> Vec<Stage> {
    let stage = |name, verb, hears, answers| Stage {
        name,
        verb,
        hears,
        answers,
    };
    vec![
        stage(
            "greeting",
            Verb::Greeting,
            |s| s,
            |s| s.send("220 ready\r\n"),
        ),
        stage(
            "USER",
            Verb::User,
            |s| s.expect_verb("USER"),
            |s| s.send("331 pw\r\n"),
        ),
        stage(
            "PASS",
            Verb::Pass,
            |s| s.expect_verb("PASS"),
            |s| s.send("230 in\r\n"),
        ),
        stage(
            "CWD",
            Verb::Cwd,
            |s| s.expect("CWD d"),
            |s| s.send("250 ok\r\n"),
        ),
        stage(
            "PWD",
            Verb::Pwd,
            |s| s.expect("PWD"),
            |s| s.send("257 \"/d\"\r\n"),
        ),
        stage(
            "MKD",
            Verb::Mkd,
            |s| s.expect("MKD e"),
            |s| s.send("257 \"e\"\r\n"),
        ),
        stage(
            "RNFR",
            Verb::Rnfr,
            |s| s.expect("RNFR a"),
            |s| s.send("350 ok\r\n"),
        ),
        stage(
            "RNTO",
            Verb::Rnto,
            |s| s.expect("RNTO b"),
            |s| s.send("250 ok\r\n"),
        ),
        // TYPE goes out together with EPSV, and the step is called by the latter.
        stage(
            "TYPE",
            Verb::Epsv,
            |s| s.expect("TYPE I"),
            |s| s.send("200 ok\r\n"),
        ),
        stage(
            "EPSV",
            Verb::Epsv,
            |s| s.expect("EPSV"),
            |s| s.passive(Port::Open, Passive::Extended).accept(),
        ),
        stage(
            "RETR",
            Verb::Retr,
            |s| s.expect("RETR f"),
            |s| s.send("150 here\r\n"),
        ),
        stage(
            "down",
            Verb::Retr,
            |s| s.send_data("abc"),
            |s| s.send_data("def").close_data(),
        ),
        stage("226 down", Verb::Retr, |s| s, |s| s.send("226 done\r\n")),
        stage(
            "EPSV up",
            Verb::Epsv,
            |s| s.expect("EPSV"),
            |s| s.passive(Port::Open, Passive::Extended).accept(),
        ),
        stage(
            "REST",
            Verb::Rest,
            |s| s.expect("REST 2"),
            |s| s.send("350 ok\r\n"),
        ),
        stage(
            "STOR",
            Verb::Stor,
            |s| s.expect("STOR f"),
            |s| s.send("150 go\r\n"),
        ),
        stage(
            "up",
            Verb::Stor,
            |s| s.read_data(3),
            |s| s.read_data_to_end(),
        ),
        stage("226 up", Verb::Stor, |s| s, |s| s.send("226 done\r\n")),
        stage(
            "DELE",
            Verb::Dele,
            |s| s.expect("DELE f"),
            |s| s.send("250 ok\r\n"),
        ),
        stage(
            "QUIT",
            Verb::Quit,
            |s| s.expect("QUIT"),
            |s| s.send("221 bye\r\n"),
        ),
    ]
}

/// The session that the stages answer, up to the first error.
fn whole_session(peer: &Peer) -> (Option<Client>, Result<()>) {
    let mut client = match hasty().connect_to(&[peer.address()]) {
        Ok(client) => client,
        Err(error) => return (None, Err(error)),
    };
    let mut act = || -> Result<()> {
        client.login("ann", "secret")?;
        client.cwd("d")?;
        client.pwd()?;
        client.mkdir("e")?;
        client.rename("a", "b")?;
        client.retrieve_to("f", &mut Vec::new())?;
        let mut upload = client.store_at("f", 2)?;
        // A write that fails is told by `finish` as well.
        let _ = upload.write_all(b"xyzxyz");
        upload.finish()?;
        client.rm("f")
    };
    match act() {
        Ok(()) => (None, client.quit().map(drop)),
        Err(error) => (Some(client), Err(error)),
    }
}

/// Plays all stages before `count`, hears the one at `count`, and then does `fault`.
fn fails_at(count: usize, fault: fn(Script) -> Script) -> (Option<Client>, Error, Peer) {
    let stages = stages();
    let script = stages[..count].iter().fold(Script::new(), |script, stage| {
        (stage.answers)((stage.hears)(script))
    });
    let peer = Peer::start(fault((stages[count].hears)(script))).unwrap();
    let (client, result) = whole_session(&peer);
    let error = result.expect_err(stages[count].name);
    assert_eq!(
        error.verb(),
        Some(stages[count].verb),
        "{}: {error}",
        stages[count].name
    );
    (client, error, peer)
}

#[test]
fn the_session_succeeds_with_no_fault() {
    bounded(|| {
        let script = stages().iter().fold(Script::new(), |script, stage| {
            (stage.answers)((stage.hears)(script))
        });
        let peer = Peer::start(script.expect_close()).unwrap();
        let (_, result) = whole_session(&peer);
        result.unwrap();
        finish(peer);
    });
}

#[test]
fn a_server_that_closes_at_any_step() {
    bounded(|| {
        for (count, stage) in stages().iter().enumerate() {
            let (client, error, peer) = fails_at(count, |script| script.close());
            let lost = match error.kind().unwrap() {
                ErrorKind::Closed(Closed::Eof | Closed::Lost(_), None) => true,
                ErrorKind::Interrupted(how) => how.cause == Interruption::ControlLost,
                _ => false,
            };
            assert!(lost, "{}: {error}", stage.name);
            stays_dead(client, &error);
            drop(peer);
        }
    });
}

#[test]
fn a_server_that_resets_at_any_step() {
    bounded(|| {
        for (count, stage) in stages().iter().enumerate() {
            let (client, error, peer) = fails_at(count, |script| script.reset());
            let lost = match error.kind().unwrap() {
                // The reset overtakes nothing: what was not read by then is lost.
                ErrorKind::Closed(Closed::Lost(Failure::Reset), None) => true,
                ErrorKind::Interrupted(how) => how.cause == Interruption::ControlLost,
                _ => false,
            };
            assert!(lost, "{}: {error}", stage.name);
            stays_dead(client, &error);
            drop(peer);
        }
    });
}

#[test]
fn a_server_that_closes_within_a_reply_at_any_step() {
    bounded(|| {
        for (count, stage) in stages().iter().enumerate() {
            let (client, error, peer) = fails_at(count, |script| script.send("22").close());
            let truncated = match error.kind().unwrap() {
                ErrorKind::Violation(Violation::TruncatedReply) => true,
                ErrorKind::Interrupted(how) => how.cause == Interruption::ControlLost,
                _ => false,
            };
            assert!(truncated, "{}: {error}", stage.name);
            stays_dead(client, &error);
            drop(peer);
        }
    });
}

#[test]
fn a_server_that_takes_its_leave_at_any_step() {
    bounded(|| {
        for (count, stage) in stages().iter().enumerate() {
            let (client, error, peer) = fails_at(count, |script| {
                script.send("421 going down\r\n").ignore_rest()
            });
            assert_eq!(code(&error), Some(421), "{}: {error}", stage.name);
            stays_dead(client, &error);
            finish(peer);
        }
    });
}

#[test]
fn a_server_that_stalls_at_any_step() {
    bounded(|| {
        for (count, stage) in stages().iter().enumerate() {
            let (client, error, peer) = fails_at(count, |script| script.ignore_rest());
            let timed_out = match error.kind().unwrap() {
                ErrorKind::Timeout(_) => true,
                ErrorKind::Interrupted(how) => matches!(how.cause, Interruption::Timeout(_)),
                _ => false,
            };
            assert!(timed_out, "{}: {error}", stage.name);
            assert_eq!(error.reply(), None);
            // What could still be settled is tried, in vain, and then the session is over.
            if let Some(mut client) = client {
                assert_eq!(error.after(), after(&client), "{}", stage.name);
                assert!(client.noop().unwrap_err().is_fatal(), "{}", stage.name);
                assert!(matches!(client.state(), State::Dead(_)));
            }
            finish(peer);
        }
    });
}

#[test]
fn a_server_that_talks_nonsense_at_any_step() {
    bounded(|| {
        for (count, stage) in stages().iter().enumerate() {
            let (client, error, peer) = fails_at(count, |script| {
                script.send("HTTP/1.1 400\r\n").ignore_rest()
            });
            let nonsense = match error.kind().unwrap() {
                ErrorKind::Violation(Violation::Reply(_)) => true,
                ErrorKind::Interrupted(how) => how.cause == Interruption::ControlLost,
                _ => false,
            };
            assert!(nonsense, "{}: {error}", stage.name);
            stays_dead(client, &error);
            finish(peer);
        }
    });
}

/// Every later call fails at once, in the same way.
fn stays_dead(client: Option<Client>, error: &Error) {
    assert_eq!(error.after(), After::Dead);
    let Some(mut client) = client else { return };
    assert!(matches!(client.state(), State::Dead(_)));
    let kinds: Vec<ErrorKind> = [
        client.noop().unwrap_err(),
        client.retrieve("a").unwrap_err(),
    ]
    .iter()
    .map(|error| error.kind().unwrap().clone())
    .collect();
    assert_eq!(kinds[0], kinds[1]);
    assert!(client.pwd().unwrap_err().is_fatal());
}

#[test]
fn a_reply_that_drips_is_limited_as_a_whole() {
    bounded(|| {
        let script = Script::new()
            .expect("NOOP")
            .drip("200 ok, but slowly\r\n", Duration::from_millis(50));
        dialogue(hasty(), script, |client| {
            let error = client.noop().unwrap_err();
            assert!(matches!(
                error.kind(),
                Some(ErrorKind::Timeout(Reason::Reply))
            ));
        });
    });
}

#[test]
fn replies_that_never_end_are_cut_off() {
    bounded(|| {
        let endless: [(&str, Vec<u8>); 4] = [
            ("line", vec![b'2'; 4 << 20]),
            ("text", [b"200-".to_vec(), vec![b'x'; 4 << 20]].concat()),
            ("lines", b"200-x\r\n".repeat(400_000)),
            ("marks", b"150 wait\r\n".repeat(100)),
        ];
        for (name, bytes) in endless {
            let script = Script::new().expect("NOOP").send(bytes);
            let peer = greeted(script);
            let mut client = patient().connect_to(&[peer.address()]).unwrap();
            let error = client.noop().unwrap_err();
            assert!(
                matches!(error.kind(), Some(ErrorKind::Violation(_))),
                "{name}: {error}"
            );
            assert!(error.is_fatal());
        }
    });
}

// -- replies that come before any limit -----------------------------------------------------------------------------------------

#[test]
fn a_425_during_accept_is_told_at_once() {
    bounded(|| {
        for mode in [DataMode::ExtendedActive, DataMode::Active] {
            let verb = if mode == DataMode::Active {
                "PORT"
            } else {
                "EPRT"
            };
            for mark in ["", "150 calling you\r\n"] {
                let script = Script::new()
                    .answer("TYPE I", "200 ok\r\n")
                    .expect_verb(verb)
                    .send("200 ok\r\n")
                    .expect("RETR a")
                    .send(mark)
                    .send("425 cannot reach you\r\n")
                    .answer("NOOP", "200 ok\r\n")
                    .expect_close();
                dialogue(patient().data_mode(mode), script, |client| {
                    let error = client.retrieve("a").unwrap_err();
                    assert_eq!((error.verb(), code(&error)), (Some(Verb::Retr), Some(425)));
                    assert_eq!(error.after(), After::Usable);
                    client.noop().unwrap();
                });
            }
        }
    });
}

#[test]
fn a_552_in_an_upload_that_is_not_read_any_more_is_told_at_once() {
    bounded(|| {
        let script = opening()
            .answer("STOR a", "150 go\r\n")
            .read_data(1000)
            .send("552 disk full\r\n")
            .answer("NOOP", "200 ok\r\n")
            .expect_close();
        dialogue(patient(), script, |client| {
            let mut upload = client.store("a").unwrap();
            // More than the sockets hold: at last a write has to wait, and is told.
            let block = vec![0; 1 << 20];
            let failed = (0..1000).find_map(|_| upload.write_all(&block).err());
            assert!(failed.is_some());
            let error = upload.finish().unwrap_err();
            assert_eq!((error.verb(), code(&error)), (Some(Verb::Stor), Some(552)));
            assert_eq!(interrupted(&error).cause, Interruption::Reply);
            assert_eq!(error.after(), After::Usable);
            client.noop().unwrap();
        });
    });
}

#[test]
fn a_421_in_a_silent_download_is_told_at_once() {
    bounded(|| {
        let script = opening()
            .answer("RETR a", "150 here\r\n")
            .send_data("abc")
            .send("421 going down\r\n")
            .expect_close();
        dialogue(patient(), script, |client| {
            let mut got = Vec::new();
            let error = client.retrieve_to("a", &mut got).unwrap_err();
            assert_eq!((error.verb(), code(&error)), (Some(Verb::Retr), Some(421)));
            assert_eq!(interrupted(&error).bytes, 3);
            assert_eq!(got, b"abc");
            assert_eq!(error.after(), After::Dead);
        });
    });
}

/// What the server still sends after its 421 is taken, and is no success.
#[test]
fn a_421_in_a_download_that_goes_on() {
    bounded(|| {
        let script = opening()
            .answer("RETR a", "150 here (6 bytes)\r\n")
            .send_data("abc")
            .send("421 going down\r\n")
            .settle()
            .send_data("def")
            .close_data()
            .expect_close();
        dialogue(patient(), script, |client| {
            let mut got = Vec::new();
            let error = client.retrieve_to("a", &mut got).unwrap_err();
            assert_eq!(got, b"abcdef");
            assert_eq!(code(&error), Some(421));
            assert!(interrupted(&error).is_complete_by_size());
            assert_eq!(
                error.session().unwrap().verdict(),
                Some(Verdict::Unconfirmed)
            );
        });
    });
}

// -- surplus replies ------------------------------------------------------------------------------------------------------------

#[test]
fn a_surplus_reply_in_the_buffer_is_not_the_next_answer() {
    bounded(|| {
        for surplus in ["200 and again\r\n", "257 \"/wrong\"\r\n", "550 no\r\n"] {
            let script = Script::new()
                .expect("NOOP")
                .send(format!("200 ok\r\n{surplus}"))
                .settle()
                .mark("settled")
                .answer("PWD", "257 \"/right\"\r\n")
                .expect_close();
            let peer = greeted(script);
            let mut client = patient().connect_to(&[peer.address()]).unwrap();
            client.noop().unwrap();
            assert!(peer.reached("settled"));
            assert_eq!(client.pwd().unwrap().as_bytes(), b"/right", "{surplus}");
            assert!(matches!(client.poll_event(), Some(Event::Unsolicited(_))));
            drop(client);
            finish(peer);
        }
    });
}

#[test]
fn a_surplus_reply_that_comes_while_the_session_is_idle_is_not_the_next_answer() {
    bounded(|| {
        let script = Script::new()
            .answer("NOOP", "200 ok\r\n")
            .wait("later")
            .send("250 by the way\r\n")
            .settle()
            .mark("settled")
            .answer("DELE a", "550 no\r\n")
            .expect_close();
        let peer = greeted(script);
        let mut client = patient().connect_to(&[peer.address()]).unwrap();
        client.noop().unwrap();
        peer.release("later");
        assert!(peer.reached("settled"));
        // Taken for the answer, it would say that the file is gone.
        assert_eq!(code(&client.rm("a").unwrap_err()), Some(550));
        drop(client);
        finish(peer);
    });
}

#[test]
fn a_farewell_in_the_buffer_is_heard_before_anything_is_sent() {
    bounded(|| {
        let script = Script::new()
            .answer("NOOP", "200 ok\r\n")
            .send("421 idle too long\r\n")
            .settle()
            .mark("settled")
            .expect_close();
        let peer = greeted(script);
        let mut client = patient().connect_to(&[peer.address()]).unwrap();
        client.noop().unwrap();
        assert!(peer.reached("settled"));
        let error = client.noop().unwrap_err();
        assert_eq!(code(&error), Some(421));
        assert!(matches!(
            error.kind(),
            Some(ErrorKind::Closed(Closed::Service, Some(_)))
        ));
        drop(client);
        assert_eq!(finish(peer).lines(), ["NOOP"]);
    });
}

#[test]
fn a_server_that_will_not_stop_talking_is_left() {
    bounded(|| {
        let script = Script::new()
            .answer("NOOP", "200 ok\r\n")
            .send("200 and again\r\n".repeat(10))
            .settle()
            .mark("settled")
            .ignore_rest();
        let peer = greeted(script);
        let mut client = patient().connect_to(&[peer.address()]).unwrap();
        client.noop().unwrap();
        assert!(peer.reached("settled"));
        let error = client.noop().unwrap_err();
        assert!(matches!(
            error.kind(),
            Some(ErrorKind::Violation(Violation::TooManyUnsolicited))
        ));
        assert!(error.is_fatal());
    });
}

#[test]
fn a_second_226_is_recorded_and_answers_nothing() {
    bounded(|| {
        let script = opening()
            .answer("RETR a", "150 here\r\n")
            .send_data("abc")
            .close_data()
            .send("226 done\r\n226 done\r\n")
            .settle()
            .mark("settled")
            .answer("DELE a", "550 no\r\n")
            .expect_close();
        let peer = greeted(script);
        let mut client = patient().connect_to(&[peer.address()]).unwrap();
        assert_eq!(client.retrieve_to("a", &mut Vec::new()).unwrap().bytes, 3);
        assert!(peer.reached("settled"));
        assert_eq!(code(&client.rm("a").unwrap_err()), Some(550));
        let used = client.session().leniencies_used();
        assert!(used.contains(Leniency::SurplusCompletion));
        drop(client);
        finish(peer);
    });
}

// -- data connections that lie ----------------------------------------------------------------------------------------------------

fn downloads(behaviour: Behaviour) -> (Loopback, Client) {
    let files = Files::new()
        .file("/large", vec![7; 300_000])
        .file("/digits", "0123456789");
    let server = Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap();
    let mut client = hasty().connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    (server, client)
}

#[test]
fn a_reset_in_the_midst_of_the_data() {
    bounded(|| {
        for reply in ["426 broken\r\n", "226 done\r\n"] {
            let script = opening()
                .answer("RETR a", "150 here\r\n")
                .send_data("abc")
                .reset_data()
                .send(reply)
                .answer("NOOP", "200 ok\r\n")
                .expect_close();
            dialogue(patient(), script, |client| {
                let mut got = Vec::new();
                let error = client.retrieve_to("a", &mut got).unwrap_err();
                assert_eq!(interrupted(&error).bytes, got.len() as u64);
                assert_eq!(
                    code(&error).map(|code| code.to_string()).as_deref(),
                    reply.get(..3)
                );
                let expected = match code(&error) {
                    Some(426) => Interruption::Reply,
                    _ => Interruption::Data(Failure::Reset),
                };
                assert_eq!(interrupted(&error).cause, expected);
                assert_eq!(error.session().unwrap().verdict(), Some(Verdict::Truncated));
                assert_eq!(error.after(), After::Usable);
                client.noop().unwrap();
            });
        }
        // And nothing at all is said: ABOR and the fence find out.
        let (server, mut client) = downloads(Behaviour::new().reset_data("RETR", 1000));
        let error = client.retrieve_to("large", &mut Vec::new()).unwrap_err();
        assert_eq!(
            interrupted(&error).cause,
            Interruption::Data(Failure::Reset)
        );
        assert_eq!(error.after(), After::Draining);
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
        assert!(server.commands(0).contains(&"ABOR".to_owned()));
    });
}

#[test]
fn a_success_with_too_few_bytes() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().truncate("RETR", 7));
        // Against what the 150 announced, and against SIZE.
        let mut got = Vec::new();
        let by_hint = client.retrieve_to("digits", &mut got).unwrap_err();
        assert_eq!(got, b"0123456");
        let verified = Retrieve::new(Argument::new("digits").unwrap()).verified();
        let by_size = client.download(verified).unwrap().finish().unwrap_err();
        for error in [by_hint, by_size] {
            let how = interrupted(&error);
            assert_eq!((how.cause, how.bytes), (Interruption::Length, 7));
            assert_eq!(how.compared.expected(), Some(10));
            assert_eq!(code(&error), Some(226));
            assert_eq!(error.session().unwrap().verdict(), Some(Verdict::Truncated));
            assert_eq!(error.after(), After::Usable);
        }
        client.noop().unwrap();
    });
}

#[test]
fn a_rest_that_is_accepted_and_ignored() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().refuse("REST", 350, "Of course."));
        let mut got = Vec::new();
        let error = client
            .retrieve_at("digits", 4)
            .unwrap()
            .copy_to(&mut got)
            .unwrap_err();
        assert_eq!(interrupted(&error).cause, Interruption::Length);
        assert!(got.len() <= 6, "no byte beyond the expected end");
        assert!(!error.is_fatal());
        client.noop().unwrap();

        let (_server, mut client) = downloads(Behaviour::new().refuse("REST", 502, "Not here."));
        let error = client.retrieve_at("digits", 4).unwrap_err();
        assert_eq!((error.verb(), code(&error)), (Some(Verb::Rest), Some(502)));
        assert_eq!(error.after(), After::Usable);
        client.noop().unwrap();
    });
}

#[test]
fn no_226() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().no_answer("RETR"));
        let mut got = Vec::new();
        let error = client.retrieve_to("digits", &mut got).unwrap_err();
        assert_eq!(got, b"0123456789");
        let how = interrupted(&error);
        assert_eq!(how.cause, Interruption::Timeout(Reason::Completion));
        assert!(how.is_complete_by_size());
        assert_eq!(
            error.session().unwrap().verdict(),
            Some(Verdict::Unconfirmed)
        );
        assert_eq!(error.after(), After::Dead);
    });
}

#[test]
fn a_226_and_data_that_never_ends() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().keep_data_open("RETR"));
        let mut got = Vec::new();
        let error = client.retrieve_to("digits", &mut got).unwrap_err();
        assert_eq!(got, b"0123456789");
        assert_eq!(interrupted(&error).cause, Interruption::NoEof);
        assert_eq!(code(&error), Some(226));
        assert_eq!(
            error.session().unwrap().verdict(),
            Some(Verdict::Unconfirmed)
        );
        assert_eq!(error.after(), After::Usable);
        client.noop().unwrap();
    });
}

#[test]
fn a_226_before_the_end_of_the_data_is_fine() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().early_final("RETR"));
        let mut got = Vec::new();
        client.retrieve_to("large", &mut got).unwrap();
        assert_eq!(got.len(), 300_000);
        client.noop().unwrap();
    });
}

#[test]
fn data_that_stalls_is_aborted_and_the_session_goes_on() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().stall("RETR", 1000));
        let error = client.retrieve_to("large", &mut Vec::new()).unwrap_err();
        let how = interrupted(&error);
        assert_eq!(
            (how.cause, how.bytes),
            (Interruption::Timeout(Reason::DataIdle), 1000)
        );
        assert_eq!(error.after(), After::Draining);
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
        assert_eq!(client.state(), State::Usable);
    });
}

#[test]
fn an_upload_that_is_not_read_is_aborted_and_the_session_goes_on() {
    bounded(|| {
        let (_server, mut client) = downloads(Behaviour::new().stall("STOR", 1000));
        let error = client
            .store_from("big", &mut std::io::Read::take(std::io::repeat(1), 1 << 30))
            .unwrap_err();
        assert_eq!(
            interrupted(&error).cause,
            Interruption::Timeout(Reason::DataIdle)
        );
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
    });
}

#[test]
fn a_server_that_never_calls_back() {
    bounded(|| {
        let behaviour = Behaviour::new().no_data_connection("RETR");
        let (_server, mut client) = downloads(behaviour);
        client.set_data_mode(DataMode::AnyActive);
        let error = client.retrieve("digits").unwrap_err();
        assert_eq!(
            interrupted(&error).cause,
            Interruption::Timeout(Reason::DataOpen)
        );
        assert_eq!(error.verb(), Some(Verb::Retr));
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
    });
}

#[test]
fn an_upload_that_breaks_is_told_by_the_reply() {
    bounded(|| {
        for code_sent in [426, 452, 552] {
            let behaviour = Behaviour::new().break_off("STOR", 1000, code_sent, "Broken.");
            let (_server, mut client) = downloads(behaviour);
            let error = client
                .store_from("big", &mut std::io::Read::take(std::io::repeat(1), 1 << 30))
                .unwrap_err();
            assert_eq!(code(&error), Some(code_sent), "{error}");
            assert_eq!(error.verb(), Some(Verb::Stor));
            assert!(!error.is_fatal());
            client.noop().unwrap();
        }
    });
}

#[test]
fn a_success_for_an_upload_that_was_not_taken() {
    bounded(|| {
        let rule = Rule::at(Step::Opening).of("STOR").say(226, "Thank you.");
        let (_server, mut client) =
            downloads(Behaviour::new().rule(rule.then(ftp_blocking::proto::testing::Next::End)));
        let error = client.store_from("a", &mut &b"abc"[..]).unwrap_err();
        assert_eq!(interrupted(&error).cause, Interruption::NoGoAhead);
        assert_eq!(code(&error), Some(226));
        client.noop().unwrap();
    });
}
