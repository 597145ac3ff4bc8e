//! Trials against a server whose every answer is chosen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use alloc::string::ToString;

use proptest::prelude::*;

use super::*;
use crate::error::{Closed, ErrorKind};
use crate::reply::{Reply, ReplyCode};

/// What becomes of some work.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It succeeds; where something is asked, it is there or not.
    Done(bool),
    /// So many bytes move, and the reply is lost.
    Lost(u64),
    /// No session could be made.
    NotConnected,
    /// 4xx.
    Busy,
    /// 5xx.
    Refused,
}

fn lost() -> Error {
    crate::Error::new(ErrorKind::Closed(Closed::Eof, None), None, After::Dead).into()
}

fn refusal(code: u16) -> Error {
    let reply = Reply::new(ReplyCode::new(code).expect("a code"), b"no");
    let kind = ErrorKind::Refused(alloc::boxed::Box::new(reply));
    crate::Error::new(kind, None, After::Usable).into()
}

fn completed(bytes: u64) -> Completed {
    let code = ReplyCode::new(226).expect("a code");
    Completed {
        bytes,
        ..Completed::nothing(Reply::new(code, b"done"))
    }
}

fn fates() -> impl Strategy<Value = Fate> {
    prop_oneof![
        any::<bool>().prop_map(Fate::Done),
        (0..4_u64).prop_map(Fate::Lost),
        Just(Fate::NotConnected),
        Just(Fate::Busy),
        Just(Fate::Refused),
    ]
}

fn path(text: &str) -> Argument {
    Argument::new(text).unwrap()
}

fn policy() -> Retry {
    Retry {
        tries_max: 3,
        ..Retry::default()
    }
}

const SIZE: u64 = 10;

/// Performs a trial whose work meets these fates, and then succeeds. Yields the fate of each try of
/// the change or transfer itself.
fn perform(trial: &mut Trial, fates: &[Fate]) -> Vec<Fate> {
    let mut fates = fates.iter().copied();
    let mut tries = Vec::new();
    // What the server has of an upload.
    let mut there = 0;
    while let Some(work) = trial.next_work() {
        let fate = fates.next().unwrap_or(Fate::Done(true));
        assert!(tries.len() < 100, "it has no end");
        let answer = match (&work, fate) {
            (_, Fate::NotConnected) => {
                trial.not_connected(lost(), 0);
                continue;
            }
            (Work::Ask(Call::Exists(_)), Fate::Done(is)) => Ok(Answer::Is(is)),
            (Work::Ask(Call::Size(_)), Fate::Done(_)) => {
                let whole = matches!(trial.aim, Aim::Download { .. });
                Ok(Answer::Size(if whole { SIZE } else { there }))
            }
            (Work::Ask(_), Fate::Done(_)) => Ok(Answer::Done),
            (Work::Fetch(_) | Work::Send(_), fate) => {
                trial.announced(Some(SIZE));
                let left = SIZE - trial.offset();
                let bytes = match fate {
                    Fate::Done(_) => left,
                    Fate::Lost(bytes) => bytes.min(left),
                    _ => 0,
                };
                if bytes > 0 {
                    there = trial.offset() + bytes;
                    trial.moved(bytes);
                }
                match fate {
                    Fate::Done(_) => Ok(Answer::Moved(completed(bytes))),
                    Fate::Busy => Err(refusal(450)),
                    Fate::Refused => Err(refusal(550)),
                    Fate::Lost(_) | Fate::NotConnected => Err(lost()),
                }
            }
            (_, Fate::Busy) => Err(refusal(450)),
            (_, Fate::Refused) => Err(refusal(550)),
            (_, Fate::Lost(_)) => Err(lost()),
        };
        if !matches!(work, Work::Ask(Call::Exists(_) | Call::Size(_))) {
            tries.push(fate);
        }
        trial.take(answer, 0);
    }
    tries
}

proptest! {
    #[test]
    fn nothing_that_may_have_been_done_is_repeated(all in prop::collection::vec(fates(), 0..12)) {
        for mut trial in [
            Trial::delete(path("a"), policy()),
            Trial::remove_directory(path("a"), policy()),
            Trial::make_directory(path("a"), policy()),
            Trial::rename(path("a"), path("b"), policy()),
        ] {
            let tries = perform(&mut trial, &all);
            let lost = tries.iter().position(|fate| matches!(fate, Fate::Lost(_)));
            prop_assert!(lost.is_none_or(|at| at + 1 == tries.len()), "{tries:?}");
            prop_assert!(tries.len() <= 3);
        }
    }

    /// Whatever happens on the way, a transfer that succeeds has moved every byte once.
    #[test]
    fn a_transfer_goes_on_where_it_is(all in prop::collection::vec(fates(), 0..12)) {
        for mut trial in [
            Trial::download(path("a"), policy()),
            Trial::upload(path("a"), policy()),
        ] {
            let is_upload = trial.is_upload();
            let tries = perform(&mut trial, &all);
            if let Ok(Answer::Moved(completed)) = trial.into_outcome() {
                prop_assert_eq!(completed.bytes, SIZE);
            }
            let refused = tries.iter().position(|fate| matches!(fate, Fate::Refused));
            prop_assert!(refused.is_none_or(|at| at + 1 == tries.len()), "{tries:?}");
            prop_assert!(is_upload || tries.len() <= 3 * 11, "{tries:?}");
        }
    }
}

#[test]
fn an_upload_over_a_file_of_others_is_not_repeated() {
    for (taken, expected) in [(true, 1), (false, 2)] {
        let mut trial = Trial::upload(path("a"), policy());
        let tries = perform(&mut trial, &[Fate::Done(taken), Fate::Lost(3)]);
        assert_eq!(tries.len(), expected);
        assert_eq!(trial.into_outcome().is_ok(), !taken);
    }
}

#[test]
fn a_file_that_has_changed_is_not_gone_on_with() {
    let mut download = Trial::download(path("a"), policy());
    perform_until_size(&mut download);
    download.take(Ok(Answer::Size(SIZE + 1)), 0);
    let error = download.into_outcome().unwrap_err();
    assert!(error.to_string().contains("has changed"), "{error}");

    let mut upload = Trial::upload(path("a"), policy());
    upload.take(Ok(Answer::Is(false)), 0);
    perform_until_size(&mut upload);
    upload.take(Ok(Answer::Size(4)), 0);
    let error = upload.into_outcome().unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
}

/// Three bytes of ten move, and the connection is lost.
fn perform_until_size(trial: &mut Trial) {
    trial.announced(Some(SIZE));
    trial.moved(3);
    assert!(trial.take(Err(lost()), 0) > Duration::ZERO);
    assert!(matches!(trial.next_work(), Some(Work::Ask(Call::Size(_)))));
}

#[test]
fn the_outcome_is_not_there_before_the_end() {
    let trial = Trial::delete(path("a"), policy());
    assert!(matches!(trial.into_outcome(), Err(Error::Spent)));
}
