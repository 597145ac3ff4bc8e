//! The transfer.

use ftp_proto::{
    Closed, Compared, Direction, End, Failure, Interruption, Reason, Report, State, Verdict,
};

use super::{hand, required_config};
use crate::hand::{Hand, code, retrieve, store};

#[test]
fn data_reset_and_whatever_the_server_says_of_it() {
    for says in ["426 Broken.", "226 Done."] {
        let mut hand = hand();
        hand.moves(retrieve())
            .moved(3)
            .breaks(Failure::Reset)
            .says(says);
        let interrupted = hand.interrupted();
        assert_eq!(
            (interrupted.bytes, interrupted.cause),
            (3, Interruption::Data(Failure::Reset))
        );
        assert!(code(&interrupted).is_some());
        hand.is_in_step();
    }
    let mut hand = hand();
    hand.moves(retrieve())
        .moved(3)
        .breaks(Failure::Reset)
        .expires(Reason::Completion);
    hand.sends(&["ABOR"])
        .says("226 Nothing.")
        .expires(Reason::AbortGrace)
        .says("200 Fence.");
    assert_eq!(hand.interrupted().cause, Interruption::Data(Failure::Reset));
    hand.is_in_step();
}

#[test]
fn fewer_bytes_than_size_or_the_mark_said() {
    let mut hand = hand();
    hand.moves(retrieve().expecting(10))
        .moved(4)
        .ends(End::Clean)
        .says("226 Done.");
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::Length);
    assert_eq!(interrupted.compared, Compared::Size(10));
    hand.is_in_step();
    hand.starts(retrieve())
        .says("150 Opening f (10 bytes).")
        .moved(4)
        .ends(End::Clean);
    let interrupted = hand.says("226 Done.").interrupted();
    assert_eq!(interrupted.compared, Compared::Hint(10));
    assert_eq!(interrupted.cause, Interruption::Length);
    hand.is_in_step();
}

#[test]
fn file_that_grows_while_it_is_sent() {
    // More than the mark said may be a file that grew; more than SIZE said is never handed on.
    let mut hand = hand();
    hand.starts(retrieve())
        .says("150 Opening f (10 bytes).")
        .moved(12)
        .ends(End::Clean);
    assert_eq!(hand.says("226 Done.").completed().bytes, 12);
    hand.moves(retrieve().expecting(10))
        .moved(10)
        .ends(End::Limit)
        .sends(&["ABOR"]);
    assert_eq!(hand.interrupted().cause, Interruption::Length);
}

#[test]
fn orderly_end_and_a_failure() {
    for code in [426, 451, 551, 552] {
        let mut hand = hand();
        hand.moves(retrieve())
            .moved(7)
            .ends(End::Clean)
            .says(&format!("{code} No."));
        let error = hand.verdict().unwrap_err();
        assert_eq!(error.reply().unwrap().code().get(), code);
        assert_eq!(error.verdict(), Some(Verdict::Truncated));
        hand.is_in_step();
    }
}

#[test]
fn all_data_and_no_final_reply() {
    for (transfer, expected) in [
        (retrieve().expecting(7), true),
        (retrieve(), false),
        (store(), false),
    ] {
        let mut hand = hand();
        hand.moves(transfer)
            .moved(7)
            .ends(End::Clean)
            .expires(Reason::Completion);
        let error = hand.verdict().unwrap_err();
        assert_eq!(error.interrupted().unwrap().is_complete_by_size(), expected);
        assert_eq!(error.verdict(), Some(Verdict::Unconfirmed));
        hand.is_dead();
    }
}

#[test]
fn control_connection_ends_and_the_data_is_finished() {
    for (transfer, by_size, verdict) in [
        (retrieve().expecting(7), true, Verdict::Unconfirmed),
        (retrieve(), false, Verdict::Unconfirmed),
        (retrieve().expecting(9), false, Verdict::Truncated),
    ] {
        let mut hand = hand();
        hand.moves(transfer).moved(3);
        hand.session.receive_eof();
        hand.run();
        hand.undecided().acts(&["Close"]).moved(4).ends(End::Clean);
        let error = hand.verdict().unwrap_err();
        assert!(error.is_fatal());
        assert_eq!(error.verdict(), Some(verdict));
        let interrupted = error.interrupted().unwrap();
        assert_eq!(interrupted.cause, Interruption::ControlLost);
        assert_eq!(interrupted.bytes, 7);
        assert_eq!(interrupted.is_complete_by_size(), by_size);
        hand.is(State::Dead(Closed::Eof));
    }
}

#[test]
fn shutdown_in_the_middle_of_data() {
    let mut hand = hand();
    hand.moves(retrieve())
        .moved(3)
        .says("421 Bye.")
        .moved(4)
        .ends(End::Clean);
    let error = hand.verdict().unwrap_err();
    assert_eq!(error.interrupted().unwrap().bytes, 7);
    assert_eq!(error.reply().unwrap().code().get(), 421);
    assert!(error.is_fatal());
}

#[test]
fn disk_full_on_the_server_in_the_middle_of_an_upload() {
    // The reply comes before, or behind, what the socket says of it; either way it is told.
    let mut hand = hand();
    hand.moves(store())
        .moved(3)
        .says("552 Full.")
        .acts(&["Discard"]);
    assert_eq!(code(&hand.interrupted()), Some(552));
    hand.is_in_step();
    hand.moves(store())
        .moved(3)
        .breaks(Failure::Reset)
        .says("552 Full.");
    assert_eq!(code(&hand.interrupted()), Some(552));
    hand.is_in_step();
}

#[test]
fn server_that_stops_reading_an_upload() {
    let mut hand = hand();
    hand.moves(store()).moved(3).expires(Reason::DataIdle);
    hand.acts(&["Discard"]).sends(&["ABOR"]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Timeout(Reason::DataIdle)
    );
    hand.expires(Reason::AbortGrace)
        .expires(Reason::Fence)
        .is_dead();
}

#[test]
fn local_sink_or_source_that_fails() {
    for transfer in [retrieve(), store()] {
        let mut hand = hand();
        hand.moves(transfer)
            .moved(3)
            .breaks(Failure::Local)
            .sends(&["ABOR"])
            .says("426 Broken.\n226 Aborted.");
        let interrupted = hand.interrupted();
        assert_eq!(
            (interrupted.bytes, interrupted.cause),
            (3, Interruption::Data(Failure::Local))
        );
        hand.is_in_step();
    }
}

#[test]
fn empty_files_both_ways() {
    for transfer in [retrieve().expecting(0), store()] {
        let mut hand = hand();
        hand.moves(transfer.clone())
            .ends(End::Clean)
            .says("226 Done.");
        assert_eq!(hand.completed().bytes, 0);
        hand.is_in_step();
        let mut hand = Hand::protected(required_config());
        let sends = transfer.direction() == Direction::Send;
        hand.starts(transfer).says("150 Here.").obeys();
        if sends {
            let data = hand.data();
            hand.reports(Report::Closing { data });
        }
        hand.says("226 Done.").undecided().ends(End::Clean);
        assert_eq!(hand.completed().bytes, 0);
        hand.is_in_step();
    }
}

#[test]
fn final_reply_that_is_neither_yes_nor_no() {
    for code in [331, 350, 631] {
        let mut hand = hand();
        hand.moves(retrieve())
            .ends(End::Clean)
            .says(&format!("{code} Hm."));
        assert!(hand.verdict().is_err(), "{code}");
        hand.is_in_step();
    }
}
