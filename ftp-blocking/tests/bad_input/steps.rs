//! A server that closes, resets, stalls or breaks off at any step of a session.

use std::io::Write;
use std::time::Duration;

use ftp_blocking::proto::{
    After, Closed, ErrorKind, Failure, Interruption, Reason, State, Verb, Violation,
};
use ftp_blocking::{Builder, Client, Error, Result, Tcp};
use ftp_testbed::scripted::{Passive, Peer, Port, Script};

use crate::{after, bounded, code, dialogue, finish, greeted, hasty, patient};

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
fn whole_session(builder: Builder<Tcp>, peer: &Peer) -> (Option<Client>, Result<()>) {
    let mut client = match builder.connect_to(&[peer.address()]) {
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
fn fails_at(
    builder: Builder<Tcp>,
    count: usize,
    fault: fn(Script) -> Script,
) -> (Option<Client>, Error, Peer) {
    let stages = stages();
    let script = stages[..count].iter().fold(Script::new(), |script, stage| {
        (stage.answers)((stage.hears)(script))
    });
    let peer = Peer::start(fault((stages[count].hears)(script))).unwrap();
    let (client, result) = whole_session(builder, &peer);
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
        let (_, result) = whole_session(patient(), &peer);
        result.unwrap();
        finish(peer);
    });
}

#[test]
fn a_server_that_closes_at_any_step() {
    bounded(|| {
        for (count, stage) in stages().iter().enumerate() {
            let (client, error, peer) = fails_at(patient(), count, |script| script.close());
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
            let (client, error, peer) = fails_at(patient(), count, |script| script.reset());
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
            let (client, error, peer) =
                fails_at(patient(), count, |script| script.send("22").close());
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
            let (client, error, peer) = fails_at(patient(), count, |script| {
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
            let (client, error, peer) = fails_at(hasty(), count, |script| script.ignore_rest());
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
            let (client, error, peer) = fails_at(patient(), count, |script| {
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
