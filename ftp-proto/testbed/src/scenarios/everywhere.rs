//! A server that closes, resets, stalls, breaks off, takes its leave or talks nonsense, at each
//! step of a whole session.

use ftp_proto::reply::{Malformed, ReplyError};
use ftp_proto::{Closed, Compared, Failure, Interruption, Reason, Verb, Violation};

use super::{Act, PROMPT, SHORT, Scenario, Told, Upload, download, ended, much, upload};
use crate::scripted::{Passive, Port, Script};

/// One step of the session: what the server hears, how it answers, and what fails if it does not.
#[derive(Clone)]
struct Stage {
    name: &'static str,
    point: Point,
    hears: Script,
    answers: Script,
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
        (put.into(), Told::uploaded(6).compared(Compared::Unverified)),
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
    let says = |name, point, acts, line: &str, reply: &str| {
        let hears = Script::new().expect(line);
        stage(name, point, acts, hears, reply_of(reply))
    };
    let opens = |name, acts| {
        let (hears, answers) = (Script::new().expect("EPSV"), open());
        stage(name, Opening(Verb::Epsv), acts, hears, answers)
    };
    let s = Script::new;
    vec![
        stage("greeting", Greeting, 0, s(), reply_of("220 ready")),
        says("user", Reply(Verb::User), 0, "USER ann", "331 pw"),
        says("pass", Reply(Verb::Pass), 0, "PASS secret", "230 in"),
        says("cwd", Reply(Verb::Cwd), 1, "CWD d", "250 ok"),
        says("pwd", Reply(Verb::Pwd), 2, "PWD", "257 \"/d\""),
        says("mkd", Reply(Verb::Mkd), 3, "MKD e", "257 \"e\""),
        says("rnfr", Reply(Verb::Rnfr), 4, "RNFR a", "350 ok"),
        says("rnto", Reply(Verb::Rnto), 4, "RNTO b", "250 ok"),
        // TYPE goes out together with EPSV, and the step is called by the latter.
        says("type", Opening(Verb::Type), 5, "TYPE I", "200 ok"),
        opens("epsv", 5),
        says("retr", Mark(Verb::Retr), 5, "RETR a", "150 here"),
        stage(
            "receiving",
            Receiving,
            5,
            s().send_data("abc"),
            s().send_data("def"),
        ),
        stage("received", Received, 5, ended(s()), reply_of("226 done")),
        // Nine bytes are there, and not two: APPE is out of the question.
        says("size", Reply(Verb::Size), 6, "SIZE a", "213 9"),
        opens("epsv_again", 6),
        says("rest", Opening(Verb::Rest), 6, "REST 2", "350 ok"),
        says("stor", Mark(Verb::Stor), 6, "STOR a", "150 go"),
        stage("sending", Sending, 6, s().read_data(3), s()),
        stage(
            "sent",
            Sent,
            6,
            s().read_data_to_end(),
            reply_of("226 done"),
        ),
        says("dele", Reply(Verb::Dele), 7, "DELE f", "250 ok"),
        says("quit", Reply(Verb::Quit), 8, "QUIT", "221 bye"),
    ]
}

fn reply_of(line: &str) -> Script {
    Script::new().send(format!("{line}\r\n"))
}

fn open() -> Script {
    Script::new()
        .passive(Port::Open, Passive::Extended)
        .accept()
}

/// Everything goes well.
fn plays(stages: &[Stage]) -> Script {
    stages.iter().cloned().fold(Script::new(), |script, stage| {
        script.then_all(stage.hears).then_all(stage.answers)
    })
}

pub(super) fn scenarios() -> Vec<Scenario> {
    let whole = plays(&stages());
    let no_fault = acts().into_iter().fold(
        Scenario::bare("no_fault", whole.expect_close()),
        |scenario, (act, told)| scenario.then(act, told),
    );
    let mut scenarios = vec![
        no_fault.ends(Closed::Quit),
        Scenario::bare(
            "a_greeting_that_refuses",
            Script::new().send("530 full\r\n").expect_close(),
        )
        .unwelcome(Told::refused(Verb::Greeting, 530)),
        Scenario::bare(
            "a_greeting_that_is_put_off",
            Script::new().send("120 soon\r\n220 ready\r\n"),
        )
        .goes_on(),
        Scenario::bare(
            "replies_byte_by_byte",
            Script::new()
                .send_pieces("220-one\r\n220-two\r\n220 three\r\n", 1)
                .expect("STAT")
                .send_pieces("211-one\r\n two\r\n211 three\r\n", 1),
        )
        .then("STAT", Told::replied("211 one\\n two\\nthree"))
        .goes_on(),
    ];
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
    let mut script = script(plays(&stages).then_all(last.hears), last.point);
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

/// An upload that was resumed, and failed.
fn broken_rest(bytes: Option<u64>, cause: Interruption) -> Told {
    Told::broken_upload(bytes, cause).compared(Compared::Unverified)
}

/// What it comes to when the control connection is lost there.
fn lost(point: Point, cause: Told, closed: Closed, reply: Option<u16>) -> Told {
    let gone = match closed {
        Closed::Violation(violation) => Interruption::Violation(violation),
        _ => Interruption::ControlLost,
    };
    let told = match point {
        Greeting | Reply(_) | Opening(_) => return cause,
        Mark(Verb::Stor) => broken_rest(Some(0), gone),
        Mark(_) => Told::broken(b"", gone),
        Receiving => Told::broken(b"abc", gone).unconfirmed(),
        Received => Told::broken(b"abcdef", gone).unconfirmed(),
        Sending => broken_rest(None, gone),
        Sent => broken_rest(Some(6), gone).unconfirmed(),
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
    fails_at(index, "closes", |s, _| s.close(), told).ends_unless_unwelcome(Closed::Eof)
}

fn resets(index: usize) -> Scenario {
    let reset = Closed::Lost(Failure::Reset);
    let told = |point| lost(point, Told::closed(step(point), reset, None), reset, None);
    let scenario = fails_at(index, "resets", |s, _| s.reset(), told);
    if index == 0 {
        // The reset may be there before the socket is asked for its addresses: then there never was
        // a session.
        return scenario.unwelcome(Told::elsewhere());
    }
    scenario.ends_unless_unwelcome(reset)
}

fn breaks_off(index: usize) -> Scenario {
    let violation = Violation::TruncatedReply;
    let closed = Closed::Violation(violation);
    let told = |point| {
        let violated = Told::violated(step(point), violation);
        lost(point, violated, closed, None)
    };
    fails_at(index, "breaks_off", |s, _| s.send("22").close(), told).ends_unless_unwelcome(closed)
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
    fails_at(index, "leaves", fault, told).ends_unless_unwelcome(Closed::Service)
}

fn talks_nonsense(index: usize) -> Scenario {
    let violation = Violation::Reply(ReplyError::Malformed(Malformed::NoCode));
    let closed = Closed::Violation(violation);
    let told = |point| lost(point, Told::violated(step(point), violation), closed, None);
    let fault = |s: Script, _| s.send("HTTP/1.1 400\r\n").ignore_rest();
    fails_at(index, "talks_nonsense", fault, told).ends_unless_unwelcome(closed)
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
            Mark(Verb::Stor) => broken_rest(Some(0), cause).settling(2),
            Mark(_) => Told::broken(b"", cause).settling(2),
            Receiving => Told::broken(b"abc", cause).settling(2),
            Sending => broken_rest(None, cause).settling(2),
            Received => Told::broken(b"abcdef", cause)
                .unconfirmed()
                .dead(Closed::Timeout(Reason::Completion)),
            Sent => broken_rest(Some(6), cause)
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
        Some(reason) => scenario.ends_unless_unwelcome(Closed::Timeout(reason)),
        None => scenario,
    }
}

impl Scenario {
    /// Without a session there is nothing to be asked once more.
    fn ends_unless_unwelcome(self, closed: Closed) -> Self {
        if self.unwelcome.is_empty() {
            self.ends(closed).release("over")
        } else {
            self
        }
    }
}
