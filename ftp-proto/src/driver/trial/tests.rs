//! Trials against a server whose every answer is chosen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use alloc::format;
use alloc::string::{String, ToString};

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

fn text(path: &Argument) -> &str {
    core::str::from_utf8(path.as_bytes()).unwrap()
}

/// What a trial asks for next.
fn next(trial: &Trial) -> String {
    match trial.next_work() {
        None => "nothing".into(),
        Some(Work::Ask(Call::Exists(path))) => format!("is {} there", text(&path)),
        Some(Work::Ask(Call::Size(path))) => format!("size of {}", text(&path)),
        Some(Work::Ask(_)) => "the call".into(),
        Some(Work::Fetch(_)) => format!("fetch from {}", trial.offset()),
        Some(Work::Send(_)) => format!("send from {}", trial.offset()),
    }
}

fn busy() -> Result<Answer> {
    Err(refusal(450))
}

#[test]
fn a_change_without_a_reply_counts_as_done_where_every_place_looks_so() {
    let look = |answers: &[bool]| {
        let mut trial = Trial::rename(path("a"), path("b"), policy());
        assert!(trial.take(Err(lost()), 0).is_zero());
        for (answer, place) in answers.iter().zip(["a", "b"]) {
            assert_eq!(next(&trial), format!("is {place} there"));
            trial.take(Ok(Answer::Is(*answer)), 0);
        }
        assert_eq!(next(&trial), "nothing");
        trial.into_outcome()
    };
    assert!(matches!(look(&[false, true]), Ok(Answer::Done)));
    // The error is that of the change.
    for other in [&[true][..], &[false, false]] {
        let error = look(other).unwrap_err();
        assert_eq!(error.to_string(), lost().to_string());
    }
}

#[test]
fn a_look_has_tries_of_its_own() {
    let mut trial = Trial::delete(path("a"), policy());
    for _ in 0..2 {
        assert!(!trial.take(busy(), 0).is_zero());
        assert_eq!(next(&trial), "the call");
    }
    trial.take(Err(lost()), 0);
    for _ in 0..2 {
        assert_eq!(next(&trial), "is a there");
        assert!(!trial.take(busy(), 0).is_zero());
    }
    assert_eq!(next(&trial), "is a there");
    trial.take(busy(), 0);
    assert_eq!(next(&trial), "nothing");
}

#[test]
fn without_a_session_the_same_is_tried_again_later() {
    let mut trial = Trial::delete(path("a"), policy());
    for _ in 0..2 {
        assert!(!trial.not_connected(lost(), 0).is_zero());
        assert_eq!(next(&trial), "the call");
    }
    assert!(trial.not_connected(lost(), 0).is_zero());
    assert_eq!(next(&trial), "nothing");
}

#[test]
fn a_download_asks_for_the_size_where_some_has_moved_and_it_was_told() {
    // Of what size, how much moves, and what comes then.
    for (told, moved, expected) in [
        (Some(SIZE), 3, "size of a"),
        (Some(SIZE), 0, "fetch from 0"),
        (None, 3, "fetch from 3"),
        (None, 0, "fetch from 0"),
    ] {
        let mut trial = Trial::download(path("a"), policy());
        trial.announced(told);
        trial.moved(moved);
        // What is told later is not the size at the beginning.
        if moved > 0 {
            trial.announced(Some(SIZE + 1));
        }
        assert!(!trial.take(Err(lost()), 0).is_zero());
        assert_eq!(next(&trial), expected);
        if expected == "size of a" {
            trial.take(Ok(Answer::Size(SIZE)), 0);
            assert_eq!(next(&trial), "fetch from 3");
        }
    }
}

#[test]
fn tries_are_counted_anew_only_where_more_has_moved() {
    let mut trial = Trial::download(path("a"), policy());
    let again = |trial: &mut Trial, bytes| {
        trial.moved(bytes);
        trial.take(Err(lost()), 0);
        next(trial) == "fetch from 3"
    };
    trial.take(Err(lost()), 0);
    trial.take(Err(lost()), 0);
    // The third try moves something; two more may move nothing.
    assert!(again(&mut trial, 3));
    assert!(again(&mut trial, 0));
    assert!(!again(&mut trial, 0));
    assert_eq!(next(&trial), "nothing");
}

#[test]
fn an_upload_asks_what_the_server_has_if_it_can_have_anything() {
    let mut trial = Trial::upload(path("a"), policy());
    assert_eq!(next(&trial), "is a there");
    trial.take(Ok(Answer::Is(false)), 0);
    assert_eq!(next(&trial), "send from 0");
    trial.not_connected(lost(), 0);
    assert_eq!(next(&trial), "send from 0");
    trial.take(Err(lost()), 0);
    assert_eq!(next(&trial), "size of a");
    // For now is not for ever.
    trial.moved(1);
    trial.take(busy(), 0);
    assert_eq!(next(&trial), "size of a");
    trial.take(Err(refusal(550)), 0);
    assert_eq!(next(&trial), "send from 0");
    trial.moved(4);
    trial.take(Err(lost()), 0);
    trial.take(Ok(Answer::Size(4)), 0);
    assert_eq!(next(&trial), "send from 4");
    trial.not_connected(lost(), 0);
    assert_eq!(next(&trial), "size of a");
    trial.take(Ok(Answer::Size(2)), 0);
    assert_eq!(next(&trial), "send from 2");
    let whole = completed(SIZE - 2);
    trial.moved(SIZE - 2);
    trial.take(Ok(Answer::Moved(whole)), 0);
    let outcome = trial.into_outcome();
    assert!(matches!(outcome, Ok(Answer::Moved(it)) if it.bytes == SIZE));
}

#[test]
fn a_download_whose_size_is_refused_is_over() {
    let mut trial = Trial::download(path("a"), policy());
    perform_until_size(&mut trial);
    trial.take(Err(refusal(550)), 0);
    let error = trial.into_outcome().unwrap_err();
    assert!(error.is_permanent(), "{error}");
}

#[test]
fn tries_begin_anew_when_they_are_told_so() {
    let mut tries = Tries::new(policy());
    for _ in 0..2 {
        for _ in 0..2 {
            assert!(matches!(
                tries.next(&lost(), Step::Listing, 0),
                Next::Again(_)
            ));
        }
        tries.begin_anew();
    }
    for _ in 0..2 {
        tries.next(&lost(), Step::Listing, 0);
    }
    assert_eq!(tries.next(&lost(), Step::Listing, 0), Next::GiveUp);
}
