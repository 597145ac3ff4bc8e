//! Mirrors as state machines: what an errand makes of the outcomes of its sessions.
#![cfg(feature = "mirror")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "mirroring/errands.rs"]
mod errands;
#[path = "mirroring/sessions.rs"]
mod sessions;
#[path = "mirroring/transfers.rs"]
mod transfers;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use ftp_proto::driver::{
    Answer, Call, Errand, Error, MirrorEvent, MirrorSetup, Mirrored, Mirroring, Work,
};
use ftp_proto::operation::Retrieve;
use ftp_proto::pathname::Pathname;
use ftp_proto::timestamp::Timestamp;
use ftp_proto::tree::{MirrorOptions, Step, StepKind, TreePath};
use ftp_proto::{
    Argument, Closed, Completed, Config, Control, ErrorKind, Reply, ReplyCode, Session, Verb,
};
use tempfile::TempDir;

fn refusal(code: u16, verb: Verb) -> Error {
    let session = Session::new(Config::default(), Control::default());
    let reply = Reply::new(ReplyCode::new(code).unwrap(), b"No.");
    let kind = ErrorKind::Refused(Box::new(reply));
    Error::Session(session.error(kind, verb), None)
}

fn lost(verb: Verb) -> Error {
    let mut session = Session::new(Config::default(), Control::default());
    session.receive_eof();
    Error::Session(
        session.error(ErrorKind::Closed(Closed::Eof, None), verb),
        None,
    )
}

fn path(text: &str) -> TreePath {
    TreePath::new(text.as_bytes()).unwrap()
}

/// Performs one errand after the other, each piece of work with an outcome of `answer`.
fn perform(
    mut mirroring: Mirroring<'_>,
    mut answer: impl FnMut(&Errand, Work) -> Result<Answer, Error>,
) -> Mirrored {
    while let Some(mut errand) = mirroring.next_errand() {
        if mirroring.begin(&errand) {
            while let Some(work) = errand.next_work() {
                let outcome = match work {
                    Work::Ask(Call::AbsolutePath(_)) => Ok(Answer::Path(Pathname::from("/pub"))),
                    work => answer(&errand, work),
                };
                errand.take(outcome, 0);
            }
        }
        mirroring.finish(errand);
    }
    mirroring.into_result().unwrap()
}

/// As [`perform`], with answers to what the work says. Yields that too.
fn traced(
    mirroring: Mirroring<'_>,
    mut answer: impl FnMut(&str, &Errand) -> Result<Answer, Error>,
) -> (Vec<String>, Mirrored) {
    let mut works = Vec::new();
    let mirrored = perform(mirroring, |errand, work| {
        let text = told(errand, &work);
        works.push(text.clone());
        assert!(works.len() < 20, "no end: {works:?}");
        answer(&text, errand)
    });
    (works, mirrored)
}

/// What a session is asked to do, in few words.
fn told(errand: &Errand, work: &Work) -> String {
    let (verb, path) = match work {
        Work::Ask(Call::Read(place, base)) => {
            assert_eq!(base.as_ref(), b"/pub");
            return format!("read {}", place.path());
        }
        Work::Ask(Call::MakeAll(path)) => ("make", path),
        Work::Ask(Call::Delete(path)) => ("delete", path),
        Work::Ask(Call::RemoveAll(path)) => ("remove-all", path),
        Work::Ask(Call::Exists(path)) => ("exists", path),
        Work::Ask(Call::Modified(path)) => ("modified", path),
        Work::Ask(Call::SetModified(path, _)) => ("set-time", path),
        Work::Fetch(retrieve) => {
            let path = errand.step().unwrap().path();
            let path = Argument::new(path.below(b"/pub")).unwrap();
            let whole = Retrieve::new(path);
            let expected = match errand.offset() {
                0 => whole,
                offset => whole.resume_at(offset),
            };
            assert_eq!(format!("{retrieve:?}"), format!("{expected:?}"));
            return format!("fetch from {}", errand.offset());
        }
        Work::Send(_) => return format!("send {}", errand.step().unwrap().path()),
        other => panic!("{other:?}"),
    };
    format!("{verb} {}", String::from_utf8_lossy(path.as_bytes()))
}

fn failed(mirrored: &Mirrored) -> Vec<String> {
    let paths = mirrored.failed.iter().map(|(step, _)| step.path());
    paths.map(TreePath::to_string).collect()
}

/// The verdict on a transfer of so many bytes.
fn moved(bytes: u64) -> Answer {
    let reply = Reply::new(ReplyCode::new(226).unwrap(), b"Done.");
    let mut completed = Completed::nothing(reply);
    completed.bytes = bytes;
    Answer::Moved(completed)
}

/// What is in a local directory, in order: names and contents.
fn contents(local: &TempDir) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(local.path()).unwrap().map(Result::unwrap);
    let mut contents: Vec<_> = entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    contents.sort();
    contents
}

fn set_times() -> Vec<Step> {
    let time = Timestamp::from_unix_time(86_400).unwrap();
    let step = |name| Step::new(StepKind::SetTime, path(name)).with_modified(time);
    ["a", "b", "c"].map(step).into()
}

/// A server that cannot set times is not asked again. One that refuses a login has said nothing of
/// times.
#[test]
fn a_refused_login_says_nothing_of_times() {
    for (code, verb, asked) in [
        (500, Verb::Mfmt, 1),
        (530, Verb::Pass, 4),
        (530, Verb::User, 4),
    ] {
        let local = TempDir::new().unwrap();
        let setup = MirrorSetup::new("", local.path(), MirrorOptions::up());
        let mut count = 0;
        let mirrored = perform(setup.perform(set_times()).unwrap(), |_, work| {
            assert!(matches!(work, Work::Ask(Call::SetModified(..))));
            count += 1;
            match (count, asked) {
                // The session ends, and another one is not made.
                (1, 4) => Err(lost(Verb::Mfmt)),
                (2, 4) => Err(refusal(code, verb)),
                (1, _) => Err(refusal(code, verb)),
                _ => Ok(Answer::Done),
            }
        });
        assert_eq!(count, asked, "{code} {verb}");
        let failed: Vec<_> = mirrored
            .failed
            .iter()
            .map(|(step, _)| step.path())
            .collect();
        let expected = [path("a")];
        assert_eq!(failed, expected.iter().take(asked / 4).collect::<Vec<_>>());
    }
}

/// A reply that makes no sense for one file says nothing of the others.
#[test]
fn only_a_refusal_ends_the_setting_of_times() {
    let local = TempDir::new().unwrap();
    let setup = MirrorSetup::new("", local.path(), MirrorOptions::up());
    let (works, mirrored) = traced(setup.perform(set_times()).unwrap(), |_, _| {
        let session = Session::new(Config::default(), Control::default());
        let reply = Reply::new(ReplyCode::new(354).unwrap(), b"What?");
        let kind = ErrorKind::Unexpected(Box::new(reply));
        Err(Error::Session(session.error(kind, Verb::Mfmt), None))
    });
    let expected = ["a", "b", "c"];
    assert_eq!(works, expected.map(|name| format!("set-time /pub/{name}")));
    assert_eq!(failed(&mirrored), expected);
}

/// A refused login is no missing directory: nothing is made, and the password is not tried again.
#[test]
fn a_refused_login_says_nothing_of_directories() {
    let local = TempDir::new().unwrap();
    std::fs::write(local.path().join("a"), "x").unwrap();
    let setup = MirrorSetup::new("", local.path(), MirrorOptions::up());
    let step = Step::new(StepKind::Send, path("a"));
    let mut works = Vec::new();
    let mirrored = perform(setup.perform([step]).unwrap(), |_, work| {
        let is_first = works.is_empty();
        works.push(format!("{work:?}"));
        Err(match is_first {
            true => lost(Verb::Stor),
            false => refusal(530, Verb::Pass),
        })
    });
    assert_eq!((works.len(), mirrored.failed.len()), (2, 1), "{works:?}");
}

/// A server may refuse every file, and tell a long story each time.
#[test]
fn long_replies_are_reported_and_not_kept() {
    const LONG: usize = 100_000;
    let refusals: [fn(Box<Reply>) -> ErrorKind; 3] =
        [ErrorKind::Refused, ErrorKind::Unexpected, |reply| {
            ErrorKind::Closed(Closed::Service, Some(reply))
        }];
    for refused in refusals {
        let local = TempDir::new().unwrap();
        let mut lengths = Vec::new();
        let setup = MirrorSetup::new("", local.path(), MirrorOptions::up());
        let setup = setup.progress(|event| {
            if let MirrorEvent::Failed(_, error) = event {
                lengths.push(error.reply().unwrap().text().len());
            }
            ControlFlow::Continue(())
        });
        let step = Step::new(StepKind::Make, path("a"));
        let mirrored = perform(setup.perform([step]).unwrap(), |_, _| {
            let session = Session::new(Config::default(), Control::default());
            let code = ReplyCode::new(550).unwrap();
            let reply = Reply::new(code, &[b'x'; LONG]);
            let kind = refused(Box::new(reply));
            Err(Error::Session(session.error(kind, Verb::Mkd), None))
        });
        let reply = mirrored.failed.first().unwrap().1.reply().unwrap();
        assert!(reply.text().len() == 1024 && reply.is_truncated());
        assert_eq!(lengths, [LONG]);
    }
}

/// Several errands may be under way when the report asks for an end: none that waits begins.
#[test]
fn no_step_begins_after_the_end() {
    let local = TempDir::new().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let setup = MirrorSetup::new("", local.path(), MirrorOptions::up()).progress(move |event| {
        if let MirrorEvent::Step(step) = event {
            heard.lock().unwrap().push(step.to_string());
        }
        ControlFlow::Break(())
    });
    let mut mirroring = setup.perform(set_times()).unwrap();
    let errands = [mirroring.next_errand(), mirroring.next_errand()].map(Option::unwrap);
    assert!(errands.iter().all(|errand| !mirroring.begin(errand)));
    assert!(mirroring.next_errand().is_none());
    errands
        .into_iter()
        .for_each(|errand| mirroring.finish(errand));
    let mirrored = mirroring.into_result().unwrap();
    assert!(mirrored.is_stopped && mirrored.failed.is_empty());
    assert_eq!(*told.lock().unwrap(), ["set-time a"]);
}
