//! A server that closes, resets, stalls, breaks off, takes its leave or talks nonsense, at each step of a whole session.

use ftp_proto::reply::{Malformed, ReplyError};
use ftp_proto::{Closed, Failure, Interruption, Reason, Verb, Violation};

use super::{Act, PROMPT, SHORT, Scenario, Told, Upload, download, much, upload};
use crate::scripted::{Passive, Port, Script};

/// One step of the session: what the server hears, how it answers, and what fails if it does not.
#[derive(Clone, Copy)]
struct Stage {
    name: &'static str,
    point: Point,
    hears: fn(Script) -> Script,
    answers: fn(Script) -> Script,
    /// How many of the acts are over by then.
    acts: usize,
}

/// Where in an act the server fails.
#[derive(Clone, Copy)]
enum Point {
    Greeting,
    /// A command.
    Reply(Verb),
    /// The opening of a transfer.
    Opening(Verb),
    /// A transfer command.
    Mark(Verb),
    /// Three bytes of a download were sent.
    Receiving,
    /// All six of them.
    Received,
    Sending,
    /// All six bytes of an upload were read.
    Sent,
}

use Point::{Greeting, Mark, Opening, Received, Receiving, Reply, Sending, Sent};

/// What the client does.
fn acts() -> [(Act, Told); 9] {
    let put = Upload {
        offset: 2,
        ..upload(b"xyzxyz")
    };
    [
        (Act::Login, Told::done()),
        ("CWD d".into(), Told::replied("250 ok")),
        ("PWD".into(), Told::replied("257 \"/d\"")),
        ("MKD e".into(), Told::replied("257 \"e\"")),
        (Act::Rename, Told::done()),
        (download().into(), Told::downloaded(b"abcdef")),
        (put.into(), Told::uploaded(6)),
        ("DELE f".into(), Told::replied("250 ok")),
        ("QUIT".into(), Told::replied("221 bye").dead(Closed::Quit)),
    ]
}

fn stages() -> Vec<Stage> {
    let stage = |name, point, acts, hears, answers| Stage {
        name,
        point,
        hears,
        answers,
        acts,
    };
    vec![
        stage("greeting", Greeting, 0, |s| s, |s| s.send("220 ready\r\n")),
        stage(
            "user",
            Reply(Verb::User),
            0,
            |s| s.expect("USER ann"),
            |s| s.send("331 pw\r\n"),
        ),
        stage(
            "pass",
            Reply(Verb::Pass),
            0,
            |s| s.expect("PASS secret"),
            |s| s.send("230 in\r\n"),
        ),
        stage(
            "cwd",
            Reply(Verb::Cwd),
            1,
            |s| s.expect("CWD d"),
            |s| s.send("250 ok\r\n"),
        ),
        stage(
            "pwd",
            Reply(Verb::Pwd),
            2,
            |s| s.expect("PWD"),
            |s| s.send("257 \"/d\"\r\n"),
        ),
        stage(
            "mkd",
            Reply(Verb::Mkd),
            3,
            |s| s.expect("MKD e"),
            |s| s.send("257 \"e\"\r\n"),
        ),
        stage(
            "rnfr",
            Reply(Verb::Rnfr),
            4,
            |s| s.expect("RNFR a"),
            |s| s.send("350 ok\r\n"),
        ),
        stage(
            "rnto",
            Reply(Verb::Rnto),
            4,
            |s| s.expect("RNTO b"),
            |s| s.send("250 ok\r\n"),
        ),
        // TYPE goes out together with EPSV, and the step is called by the latter.
        stage(
            "type",
            Opening(Verb::Epsv),
            5,
            |s| s.expect("TYPE I"),
            |s| s.send("200 ok\r\n"),
        ),
        stage("epsv", Opening(Verb::Epsv), 5, |s| s.expect("EPSV"), open),
        stage(
            "retr",
            Mark(Verb::Retr),
            5,
            |s| s.expect("RETR a"),
            |s| s.send("150 here\r\n"),
        ),
        stage(
            "receiving",
            Receiving,
            5,
            |s| s.send_data("abc"),
            |s| s.send_data("def"),
        ),
        stage(
            "received",
            Received,
            5,
            |s| s.shut_down_data().read_data_to_end(),
            |s| s.send("226 done\r\n"),
        ),
        stage(
            "epsv_again",
            Opening(Verb::Epsv),
            6,
            |s| s.expect("EPSV"),
            open,
        ),
        stage(
            "rest",
            Opening(Verb::Rest),
            6,
            |s| s.expect("REST 2"),
            |s| s.send("350 ok\r\n"),
        ),
        stage(
            "stor",
            Mark(Verb::Stor),
            6,
            |s| s.expect("STOR a"),
            |s| s.send("150 go\r\n"),
        ),
        stage("sending", Sending, 6, |s| s.read_data(3), |s| s),
        stage(
            "sent",
            Sent,
            6,
            |s| s.read_data_to_end(),
            |s| s.send("226 done\r\n"),
        ),
        stage(
            "dele",
            Reply(Verb::Dele),
            7,
            |s| s.expect("DELE f"),
            |s| s.send("250 ok\r\n"),
        ),
        stage(
            "quit",
            Reply(Verb::Quit),
            8,
            |s| s.expect("QUIT"),
            |s| s.send("221 bye\r\n"),
        ),
    ]
}

fn open(script: Script) -> Script {
    script.passive(Port::Open, Passive::Extended).accept()
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let whole = stages().iter().fold(Script::new(), |script, stage| {
        (stage.answers)((stage.hears)(script))
    });
    let no_fault = acts().into_iter().fold(
        Scenario::bare("no_fault", whole.expect_close()),
        |scenario, (act, told)| scenario.then(act, told),
    );
    let mut scenarios = vec![no_fault.is_over(Closed::Quit)];
    for index in 0..stages().len() {
        scenarios.extend([
            closes(index),
            resets(index),
            breaks_off(index),
            leaves(index),
            talks_nonsense(index),
            stalls(index),
        ]);
    }
    scenarios
}

/// All goes well up to the stage; the server hears what comes there and does `fault` then.
fn fails_at(
    index: usize,
    fault: &str,
    script: fn(Script, Point) -> Script,
    told: impl FnOnce(Point) -> Told,
) -> Scenario {
    let mut stages = stages();
    stages.truncate(index + 1);
    let Some(last) = stages.pop() else {
        unreachable!("there is a stage of that number")
    };
    let before = stages.iter().fold(Script::new(), |script, stage| {
        (stage.answers)((stage.hears)(script))
    });
    let mut script = script((last.hears)(before), last.point);
    if matches!(last.point, Sending) {
        // The data connection is not to fail as well.
        script = script.wait("over");
    }
    let scenario = Scenario::bare(format!("{fault}::{}", last.name), script);
    let told = told(last.point);
    if matches!(last.point, Greeting) {
        return scenario.unwelcome(told);
    }
    let mut acts = acts().into_iter().take(last.acts + 1);
    let failing = acts.by_ref().nth(last.acts);
    let scenario = self::acts()
        .into_iter()
        .take(last.acts)
        .fold(scenario, |scenario, (act, told)| scenario.then(act, told));
    match (last.point, failing) {
        // More than the sockets hold, so that the client is still at it.
        (Sending, _) => {
            let act = Upload {
                offset: 2,
                ..much()
            };
            scenario.then(act, told).counts_vary()
        }
        (_, Some((act, _))) => scenario.then(act, told),
        (_, None) => scenario,
    }
}

/// What it comes to when the control connection is lost there.
fn lost(point: Point, cause: Told, closed: Closed, reply: Option<u16>) -> Told {
    let gone = Interruption::ControlLost;
    let told = match point {
        Greeting | Reply(_) | Opening(_) => return cause,
        Mark(Verb::Stor) => Told::broken_upload(Some(0), gone),
        Mark(_) => Told::broken(b"", gone),
        Receiving => Told::broken(b"abc", gone).unconfirmed(),
        Received => Told::broken(b"abcdef", gone).unconfirmed(),
        Sending => Told::broken_upload(None, gone),
        Sent => Told::broken_upload(Some(6), gone).unconfirmed(),
    };
    told.reply(reply).dead(closed)
}

/// The step that is named by an error which is not one of a transfer under way.
const fn step(point: Point) -> Verb {
    match point {
        Reply(verb) | Opening(verb) | Mark(verb) => verb,
        _ => Verb::Greeting,
    }
}

fn closes(index: usize) -> Scenario {
    let told = |point| {
        let closed = Told::closed(step(point), Closed::Eof, None);
        lost(point, closed, Closed::Eof, None)
    };
    fails_at(index, "closes", |s, _| s.close(), told).is_over_unless_unwelcome(Closed::Eof)
}

fn resets(index: usize) -> Scenario {
    let reset = Closed::Lost(Failure::Reset);
    let told = |point| lost(point, Told::closed(step(point), reset, None), reset, None);
    let scenario = fails_at(index, "resets", |s, _| s.reset(), told);
    if index == 0 {
        // The reset may be there before the socket is asked for its addresses: then there never was a session.
        return scenario.unwelcome(Told::elsewhere());
    }
    scenario.is_over_unless_unwelcome(reset)
}

fn breaks_off(index: usize) -> Scenario {
    let violation = Violation::TruncatedReply;
    let closed = Closed::Violation(violation);
    let told = |point| {
        let violated = Told::violated(step(point), violation);
        lost(point, violated, closed, None)
    };
    fails_at(index, "breaks_off", |s, _| s.send("22").close(), told)
        .is_over_unless_unwelcome(closed)
}

fn leaves(index: usize) -> Scenario {
    let told = |point| {
        let refused = Told::refused(step(point), 421).dead(Closed::Service);
        match point {
            Opening(verb) => Told::over(verb, Closed::Service),
            // A refusal is one, also if it is the last word.
            Mark(_) => refused,
            _ => lost(point, refused, Closed::Service, Some(421)),
        }
    };
    let fault = |script: Script, point| {
        // Data that stands still is given up after a second; what is tested here ends.
        let script = match point {
            Receiving => script.close_data(),
            _ => script,
        };
        script.send("421 going down\r\n").ignore_rest()
    };
    fails_at(index, "leaves", fault, told).is_over_unless_unwelcome(Closed::Service)
}

fn talks_nonsense(index: usize) -> Scenario {
    let violation = Violation::Reply(ReplyError::Malformed(Malformed::NoCode));
    let closed = Closed::Violation(violation);
    let told = |point| lost(point, Told::violated(step(point), violation), closed, None);
    let fault = |s: Script, _| s.send("HTTP/1.1 400\r\n").ignore_rest();
    fails_at(index, "talks_nonsense", fault, told).is_over_unless_unwelcome(closed)
}

fn stalls(index: usize) -> Scenario {
    let reason = |point| match point {
        Greeting => Reason::Greeting,
        Reply(_) | Opening(_) | Mark(_) => Reason::Reply,
        Receiving | Sending => Reason::DataIdle,
        Received | Sent => Reason::Completion,
    };
    let mut after = None;
    let told = |point| {
        let cause = Interruption::Timeout(reason(point));
        let told = match point {
            Greeting | Reply(_) | Opening(_) => Told::timed_out(step(point), reason(point)),
            Mark(Verb::Stor) => Told::broken_upload(Some(0), cause).draining(2),
            Mark(_) => Told::broken(b"", cause).draining(2),
            Receiving => Told::broken(b"abc", cause).draining(2),
            Sending => Told::broken_upload(None, cause).draining(2),
            Received => Told::broken(b"abcdef", cause)
                .unconfirmed()
                .dead(Closed::Timeout(Reason::Completion)),
            Sent => Told::broken_upload(Some(6), cause)
                .unconfirmed()
                .dead(Closed::Timeout(Reason::Completion)),
        };
        after = Some(match point {
            // What could still be settled is tried, in vain.
            Mark(_) | Receiving | Sending => Reason::Fence,
            _ => reason(point),
        });
        told
    };
    let scenario = fails_at(index, "stalls", |s, _| s.ignore_rest(), told).configured(|config| {
        config.timeouts = ftp_proto::Timeouts::all(PROMPT);
        config.timeouts.abort_grace = SHORT;
        config.timeouts.fence = SHORT;
    });
    match after {
        Some(reason) => scenario.is_over_unless_unwelcome(Closed::Timeout(reason)),
        None => scenario,
    }
}

impl Scenario {
    /// Without a session there is nothing to be asked once more.
    fn is_over_unless_unwelcome(self, closed: Closed) -> Self {
        if self.unwelcome.is_empty() {
            self.is_over(closed).release("over")
        } else {
            self
        }
    }
}
