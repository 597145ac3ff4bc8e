//! Cells of the transfer table that the tests of its rows pass by: a success that came early, and
//! what the data connection does then.

use ftp_proto::{Closed, Config, End, Failure, Interruption, Link, Reason, Report, State};

use crate::hand::{Hand, code, retrieve, store};

fn hand() -> Hand {
    Hand::new(Config::default())
}

fn protected() -> Hand {
    Hand::protected(Config::default())
}

#[test]
fn success_during_the_handshake_of_a_download_waits_for_the_handshake() {
    let mut hand = protected();
    hand.starts(retrieve())
        .says("150 Here.\n226 Done.")
        .acts(&["Secure"])
        .undecided()
        .expires(Reason::Securing)
        .acts(&["Discard"]);
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::Data(Failure::TlsTimedOut));
    assert_eq!(code(&interrupted), Some(226));
    hand.is_in_step();
}

#[test]
fn handshake_behind_an_early_success_breaks_the_data_alone() {
    let mut hand = protected();
    hand.starts(retrieve())
        .says("226 Done.")
        .acts(&["Secure"])
        .expires(Reason::Securing)
        .acts(&["Discard"])
        .undecided()
        .expires(Reason::Drain);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Data(Failure::TlsTimedOut)
    );
    hand.sends(&["NOOP"]).says("200 Fence.").is_in_step();
}

#[test]
fn failure_while_the_end_of_tls_is_awaited_ends_an_upload_at_once() {
    let mut hand = protected();
    hand.starts(store()).says("150 Here.").obeys().moved(7);
    let data = hand.data();
    hand.reports(Report::Closing { data })
        .says("552 Full.")
        .acts(&["Discard"]);
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::Reply);
    assert_eq!(code(&interrupted), Some(552));
    hand.is_in_step();
}

#[test]
fn loss_while_the_end_of_tls_is_awaited_is_no_success() {
    let mut hand = protected();
    hand.starts(store()).says("150 Here.").obeys().moved(7);
    let data = hand.data();
    hand.reports(Report::Closing { data })
        .reports(Report::Failed {
            link: Link::Control,
            failure: Failure::Reset,
        });
    hand.acts(&["Discard", "Close"]);
    assert_eq!(hand.interrupted().cause, Interruption::ControlLost);
}

/// The success came early, the data broke: a mark may still come, and with it the reply that
/// counts.
#[test]
fn early_success_and_broken_data_leave_a_late_mark_its_time() {
    for transfer in [retrieve(), store()] {
        let mut hand = hand();
        hand.starts(transfer.clone())
            .says("200 Well.")
            .breaks(Failure::Reset)
            .undecided()
            .says("150 Here.")
            .undecided()
            .says("426 Broken.");
        let interrupted = hand.interrupted();
        assert_eq!(interrupted.cause, Interruption::Data(Failure::Reset));
        assert_eq!(code(&interrupted), Some(426));
        hand.is_in_step();
        hand.starts(transfer)
            .says("226 Done.")
            .breaks(Failure::Reset)
            .undecided()
            .expires(Reason::Drain)
            .sends(&["NOOP"]);
        assert_eq!(hand.interrupted().cause, Interruption::Data(Failure::Reset));
        hand.says("200 Fence.").is_in_step();
    }
}

#[test]
fn early_success_and_data_that_never_ends() {
    let mut hand = hand();
    hand.starts(retrieve())
        .says("226 Done.")
        .moved(7)
        .expires(Reason::DataIdle)
        .sends(&["NOOP"]);
    assert_eq!(hand.interrupted().cause, Interruption::NoEof);
    hand.says("200 Fence.").is_in_step();
}

/// A range that was cut off behind an early success, up to where what comes next decides.
fn cut() -> Hand {
    let mut hand = hand();
    hand.starts(retrieve().limited_to(4))
        .says("226 Done.")
        .moved(4)
        .ends(End::Limit)
        .undecided();
    hand
}

#[test]
fn early_success_and_a_range_complete_when_no_mark_comes() {
    let mut hand = cut();
    hand.expires(Reason::Drain);
    let completed = hand.completed();
    assert_eq!((completed.bytes, completed.end), (4, End::Limit));
    hand.is_in_step();
}

#[test]
fn early_success_a_range_and_a_late_mark_are_settled_by_abor() {
    let mut hand = cut();
    hand.says("150 Here.").sends(&["ABOR"]);
    assert_eq!(hand.completed().bytes, 4);
    hand.says("426 Cut.\n226 Aborted.").is_in_step();
}

#[test]
fn early_success_a_range_and_a_failure_are_a_failure() {
    let mut hand = cut();
    hand.says("451 Sorry.");
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::Reply);
    assert_eq!(code(&interrupted), Some(451));
    hand.is_in_step();
}

#[test]
fn early_success_a_range_and_a_lost_connection_are_a_failure() {
    let mut hand = cut();
    hand.session.receive_eof();
    hand.run();
    hand.is(State::Dead(Closed::Eof));
    assert_eq!(hand.interrupted().cause, Interruption::ControlLost);
}

#[test]
fn early_success_a_range_and_an_abort_are_an_abort() {
    let mut hand = cut();
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    assert_eq!(hand.interrupted().cause, Interruption::Aborted);
}
