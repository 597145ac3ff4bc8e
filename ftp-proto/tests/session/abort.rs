//! Aborting: what servers answer to it, in every order, and what is done when they do not.

use std::time::Duration;

use ftp_proto::{
    AbortStyle, Closed, Config, End, Failure, Interruption, Link, Reason, Report, State, Transfer,
    Violation,
};

use crate::hand::{Hand, retrieve, store, two_at_a_time};

const DRAINING: fn(usize) -> State = |replies| State::Settling { replies };

fn moving(transfer: Transfer) -> Hand {
    let mut hand = Hand::new(Config::default());
    hand.moves(transfer).moved(3);
    hand
}

/// Aborted; ABOR is out, and the data connection is gone.
fn aborted(transfer: Transfer) -> Hand {
    let mut hand = moving(transfer);
    abort(&mut hand);
    hand.sends(&["ABOR"]).acts(&["Discard"]).is(DRAINING(2));
    let interrupted = hand.interrupted();
    assert_eq!(
        (interrupted.bytes, interrupted.cause),
        (3, Interruption::Aborted)
    );
    hand
}

fn abort(hand: &mut Hand) {
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    hand.run();
}

/// What six servers answer, and a few more.
const PAIRS: [(u16, u16); 9] = [
    (426, 225),
    (426, 226),
    (426, 451),
    (226, 226),
    (226, 225),
    (225, 226),
    (226, 426),
    (451, 226),
    (550, 226),
];

#[test]
fn every_pair_of_replies_settles_it() {
    for (one, other) in PAIRS {
        for transfer in [retrieve(), store()] {
            let mut hand = aborted(transfer.clone());
            hand.says(&format!("{one} One.")).is(DRAINING(1));
            hand.says(&format!("{other} Other.")).is_in_step();
            assert_eq!(hand.session.deadline(), None);
            let mut hand = aborted(transfer);
            hand.says(&format!("{one} One.\n{other} Other."))
                .is_in_step();
        }
    }
}

#[test]
fn a_single_reply_is_settled_by_a_fence() {
    for reply in [225, 226, 426, 451] {
        let mut hand = aborted(retrieve());
        hand.says(&format!("{reply} Alone.")).is(DRAINING(1));
        hand.expires(Reason::AbortGrace)
            .sends(&["NOOP"])
            .is(DRAINING(2));
        hand.says("200 Fence.").is_in_step();
    }
}

/// Pure-FTPd, when a download is broken off: another 150 and ABOR's 226, and never a word about
/// RETR.
#[test]
fn a_download_that_gets_no_final_reply_at_all() {
    let mut hand = aborted(retrieve());
    hand.says("150 0.002 seconds\n226 Aborted.").is(DRAINING(1));
    hand.expires(Reason::AbortGrace).sends(&["NOOP"]);
    hand.says("200 Fence.").is_in_step();
}

#[test]
fn no_reply_at_all_before_the_fence() {
    let mut hand = aborted(retrieve());
    hand.expires(Reason::AbortGrace)
        .sends(&["NOOP"])
        .is(DRAINING(3));
    hand.says("200 Fence.").is_in_step();
}

/// pyftpdlib, when it is asked to abort before it has accepted the data connection, says 225 alone
/// and keeps the file for the next data connection, which would bring it as another one.
#[test]
fn a_transfer_that_the_server_may_still_hold_ends_the_session() {
    for (mark, alone) in [
        ("150 Here.", "225 Closed."),
        ("150 Here.", "150 Soon.\n225 Closed."),
        ("150 Here.", ""),
        ("", "225 Closed."),
        ("", "150 Here.\n225 Closed."),
        ("", ""),
    ] {
        for transfer in [retrieve(), store()] {
            for style in [AbortStyle::Abor, AbortStyle::CloseData] {
                let mut hand = aborted_early(transfer.clone(), mark, style);
                settles_by_fence(&mut hand, alone, style);
                hand.is(FORGOTTEN).acts(&["Close"]);
            }
        }
    }
}

/// The server had the data connection; or says how it ended, or says two things.
#[test]
fn a_transfer_that_the_server_cannot_hold_any_more_does_not() {
    for (mark, alone) in [
        ("125 Here.", "225 Closed."),
        ("125 Here.", ""),
        ("", "125 Here.\n225 Closed."),
        ("", "226 Aborted."),
        ("150 Here.", "426 Cut."),
        ("150 Here.", "226 Aborted."),
        ("150 Here.", "125 Got it.\n225 Closed."),
    ] {
        for style in [AbortStyle::Abor, AbortStyle::CloseData] {
            let mut hand = aborted_early(retrieve(), mark, style);
            settles_by_fence(&mut hand, alone, style);
            hand.is_in_step();
        }
    }
    let mut hand = aborted_early(retrieve(), "150 Here.", AbortStyle::Abor);
    hand.says("225 Closed.").expires(Reason::AbortGrace);
    hand.says("226 Aborted.\n200 Fence.").is_in_step();
}

const FORGOTTEN: State = State::Dead(Closed::Violation(Violation::TransferForgotten));

/// Aborted before any payload moved.
fn aborted_early(transfer: Transfer, mark: &str, style: AbortStyle) -> Hand {
    let mut config = Config::default();
    config.abort = style;
    let mut hand = Hand::new(config);
    hand.starts(transfer);
    if !mark.is_empty() {
        hand.says(mark);
    }
    abort(&mut hand);
    hand
}

/// One reply, or none, and the fence.
fn settles_by_fence(hand: &mut Hand, alone: &str, style: AbortStyle) {
    let without_abor = style == AbortStyle::CloseData;
    if without_abor {
        hand.expires(Reason::AbortGrace);
    }
    hand.sends(&["ABOR"]);
    if !alone.is_empty() {
        hand.says(alone);
    }
    hand.expires(Reason::AbortGrace).sends(&["NOOP"]);
    hand.obeys().says("200 Fence.");
}

#[test]
fn replies_that_come_between_the_fence_and_its_answer_are_the_abort_s() {
    let mut hand = aborted(retrieve());
    hand.expires(Reason::AbortGrace).sends(&["NOOP"]);
    hand.says("426 Late.").is(DRAINING(2));
    hand.says("226 Later.").is(DRAINING(1));
    hand.says("200 Fence.").is_in_step();
}

#[test]
fn a_fence_without_an_answer_ends_the_session() {
    let mut hand = aborted(retrieve());
    hand.expires(Reason::AbortGrace).expires(Reason::Fence);
    hand.acts(&["Close"])
        .is(State::Dead(Closed::Timeout(Reason::Fence)));
}

#[test]
fn the_grace_is_not_begun_anew_by_a_reply() {
    let mut hand = aborted(retrieve());
    let deadline = hand.session.deadline().unwrap();
    hand.waits(1).says("426 Cut.");
    assert_eq!(hand.session.deadline().unwrap(), deadline);
}

#[test]
fn the_data_connection_may_stay_a_little() {
    let mut config = Config::default();
    config.timeouts.abort_linger = Duration::from_secs(3);
    let mut hand = Hand::new(config);
    hand.moves(retrieve());
    abort(&mut hand);
    hand.sends(&["ABOR"]).acts(&[]);
    hand.expires(Reason::AbortLinger).acts(&["Discard"]);
    hand.says("426 Cut.\n226 Aborted.").is_in_step();
    // It is given up sooner when all is settled, or when it has ended by itself.
    hand.moves(retrieve());
    abort(&mut hand);
    hand.sends(&["ABOR"])
        .says("226 Done.\n225 Nothing.")
        .acts(&["Discard"])
        .is_in_step();
    for failed in [false, true] {
        hand.moves(retrieve());
        abort(&mut hand);
        hand.sends(&["ABOR"]);
        if failed {
            hand.breaks(Failure::Reset);
        } else {
            hand.ends(End::Clean);
        }
        assert_eq!(hand.session.deadline().unwrap().reason, Reason::AbortGrace);
        let dropped: &[&str] = if failed { &[] } else { &["Discard"] };
        hand.acts(dropped)
            .says("426 Cut.\n226 Aborted.")
            .acts(&[])
            .is_in_step();
    }
}

#[test]
fn closing_the_data_connection_alone_awaits_the_transfer_s_reply() {
    let mut config = Config::default();
    config.abort = AbortStyle::CloseData;
    let mut hand = Hand::new(config);
    hand.moves(retrieve());
    abort(&mut hand);
    hand.sends(&[]).acts(&["Discard"]).is(DRAINING(1));
    hand.says("426 Cut.").is_in_step();
    // A server that has not noticed may answer a NOOP and go on with the transfer: only ABOR makes
    // the fence tell.
    hand.moves(retrieve());
    abort(&mut hand);
    hand.expires(Reason::AbortGrace)
        .sends(&["ABOR"])
        .is(DRAINING(2))
        .says("226 Nothing to abort.")
        .expires(Reason::AbortGrace)
        .sends(&["NOOP"])
        .says("200 Fence.")
        .is_in_step();
}

#[test]
fn closing_everything_ends_the_session_at_once() {
    let mut config = Config::default();
    config.abort = AbortStyle::CloseControl;
    let mut hand = Hand::new(config);
    hand.moves(retrieve());
    abort(&mut hand);
    hand.sends(&[])
        .acts(&["Discard", "Close"])
        .is(State::Dead(Closed::Local));
    let error = hand.verdict().unwrap_err();
    assert!(error.is_fatal());
    assert_eq!(error.interrupted().unwrap().cause, Interruption::Aborted);
}

#[test]
fn a_transfer_command_that_nobody_has_read_is_taken_back() {
    for resumed in [false, true] {
        let mut hand = Hand::new(Config::default());
        hand.begins(if resumed {
            retrieve().resume_at(4)
        } else {
            retrieve()
        });
        hand.says("200 Type.")
            .says("229 Port (|||4711|)")
            .acts(&["Connect"]);
        let data = hand.data();
        if resumed {
            hand.connects().says("");
            hand.sends(&["TYPE I", "EPSV", "REST 4"]);
            hand.session.receive(b"350 Yes.\r\n");
        } else {
            hand.sends(&["TYPE I", "EPSV"]);
            hand.session.report(Report::Connected { data });
        }
        assert_eq!(hand.session.transmit(), b"RETR f\r\n");
        let id = hand.session.current_transfer().unwrap();
        hand.session.abort(id);
        hand.run();
        // A REST that is in force must not meet the next transfer.
        let undone: &[&str] = if resumed { &["REST 0"] } else { &[] };
        hand.sends(undone).acts(&["Discard"]);
        assert_eq!(hand.interrupted().cause, Interruption::Aborted);
        if resumed {
            hand.is(DRAINING(1)).says("350 Yes.");
        }
        hand.is_in_step();
    }
}

#[test]
fn a_transfer_command_that_was_written_in_part_is_finished_and_aborted() {
    let mut hand = Hand::new(Config::default());
    hand.begins(retrieve());
    hand.says("200 Type.")
        .says("229 Port (|||4711|)")
        .sends(&["TYPE I", "EPSV"]);
    let data = hand.data();
    hand.session.report(Report::Connected { data });
    hand.session.transmitted(3);
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    assert_eq!(hand.session.transmit(), b"R f\r\nABOR\r\n");
    hand.run();
    hand.says("550 No.\n226 Aborted.").is_in_step();
}

#[test]
fn in_the_prelude_nothing_is_aborted_on_the_wire() {
    let mut hand = Hand::new(Config::default());
    hand.begins(retrieve());
    abort(&mut hand);
    hand.sends(&["TYPE I"]).acts(&[]).is(DRAINING(1));
    assert_eq!(hand.interrupted().cause, Interruption::Aborted);
    hand.says("200 Type.").acts(&[]).is_in_step();
    // The same behind EPSV, and behind both in one flight.
    hand.begins(retrieve());
    hand.sends(&["EPSV"]);
    abort(&mut hand);
    hand.acts(&[]).is(DRAINING(1));
    hand.says("229 Port (|||4711|)").acts(&[]).is_in_step();
    let mut hand = Hand::new(two_at_a_time());
    hand.begins(retrieve());
    abort(&mut hand);
    hand.sends(&["TYPE I", "EPSV"]).acts(&[]).is(DRAINING(2));
    hand.says("200 Type.\n229 Port (|||4711|)")
        .acts(&[])
        .is_in_step();
    // And what is owed has a deadline.
    hand.begins(retrieve());
    abort(&mut hand);
    hand.expires(Reason::Reply)
        .is(State::Dead(Closed::Timeout(Reason::Reply)));
}

#[test]
fn a_queued_transfer_never_begins() {
    let mut hand = Hand::new(Config::default());
    let ticket = hand.submits("SYST");
    let id = hand.begins(retrieve());
    hand.session.abort(id);
    assert_eq!(hand.interrupted().cause, Interruption::Aborted);
    hand.sends(&["SYST"]).says("215 Here.");
    assert!(hand.reply(ticket).is_ok());
    hand.sends(&[]).is_usable();
}

#[test]
fn after_the_data_has_ended_the_final_reply_decides() {
    let mut hand = moving(retrieve());
    hand.ends(End::Clean);
    abort(&mut hand);
    hand.sends(&[]).undecided().says("226 Done.");
    assert_eq!(hand.completed().bytes, 3);
    hand.is_in_step();
}

#[test]
fn after_the_final_reply_there_is_nothing_to_abort() {
    let mut hand = moving(retrieve());
    hand.says("226 Done.");
    abort(&mut hand);
    hand.sends(&[]).acts(&["Discard"]);
    assert_eq!(hand.interrupted().cause, Interruption::Aborted);
    hand.is_in_step();
}

#[test]
fn between_an_early_success_and_its_mark_a_fence_tells() {
    let mut hand = Hand::new(Config::default());
    hand.starts(retrieve()).says("200 Well.");
    abort(&mut hand);
    hand.sends(&["NOOP"]).acts(&["Move", "Discard"]);
    assert_eq!(hand.interrupted().cause, Interruption::Aborted);
    hand.says("150 Here.")
        .is(DRAINING(2))
        .says("426 Cut.")
        .is(DRAINING(1));
    hand.says("200 Fence.").is_in_step();
}

#[test]
fn aborting_a_finished_or_unknown_transfer_does_nothing() {
    let mut hand = moving(retrieve());
    let id = hand.session.current_transfer().unwrap();
    hand.ends(End::Clean).says("226 Done.");
    hand.session.abort(id);
    hand.run();
    hand.sends(&[]).acts(&[]);
    assert_eq!(hand.completed().bytes, 3);
    hand.session.abort(id);
    hand.is_in_step();
}

/// ABOR cannot even be written: nobody waits for ever for that.
#[test]
fn an_abort_that_cannot_be_written_ends_the_session() {
    let mut hand = moving(retrieve());
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    while hand.session.poll_action(hand.now).is_some() {}
    let deadline = hand.session.deadline().unwrap();
    assert_eq!(deadline.reason, Reason::AbortGrace);
    assert!(hand.session.poll_action(deadline.at).is_some());
    hand.is(State::Dead(Closed::Timeout(Reason::AbortGrace)));
}

/// The driver has not yet been told to move payload when the transfer is aborted: it is not told
/// any more.
#[test]
fn what_was_not_asked_for_yet_is_not_asked_for_any_more() {
    let mut hand = Hand::new(Config::default());
    hand.starts(retrieve());
    hand.session.receive(b"150 Here.\r\n");
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    hand.run();
    hand.sends(&["ABOR"]).acts(&["Discard"]);
}

fn lingering() -> Hand {
    let mut config = Config::default();
    config.timeouts.abort_linger = Duration::from_secs(7);
    let mut hand = Hand::new(config);
    hand.moves(retrieve()).moved(3);
    hand
}

/// Only the end of that connection ends the lingering: no other one's, and nothing else that is
/// told of it.
#[test]
fn lingering_goes_on_whatever_else_is_reported() {
    let mut hand = lingering();
    let earlier = hand.data();
    hand.ends(End::Clean).says("226 Done.");
    hand.moves(retrieve());
    abort(&mut hand);
    hand.acts(&[]);
    let data = hand.data();
    assert_ne!(data, earlier);
    for report in [
        Report::Finished {
            data: earlier,
            end: End::Clean,
        },
        Report::Failed {
            link: Link::Data(earlier),
            failure: Failure::Reset,
        },
        Report::Moved { data, bytes: 5 },
        Report::Held { data, held: true },
    ] {
        hand.reports(report).acts(&[]);
    }
    hand.expires(Reason::AbortLinger).acts(&["Discard"]);
}

/// Where there is no connection any more, nothing lingers.
#[test]
fn nothing_lingers_without_a_connection() {
    let mut hand = lingering();
    hand.breaks(Failure::Reset);
    abort(&mut hand);
    assert_eq!(
        hand.session.deadline().map(|deadline| deadline.reason),
        Some(Reason::AbortGrace)
    );
}

/// What answers the transfer and ABOR answers no keepalive between them: that is still owed, and
/// PWD its fence.
#[test]
fn a_keepalive_between_the_transfer_and_abor() {
    let mut config = Config::default();
    config.keepalive = Some(Duration::from_secs(30));
    let mut hand = Hand::new(config);
    hand.moves(retrieve()).expires(Reason::Keepalive);
    hand.sends(&["NOOP"]);
    abort(&mut hand);
    hand.sends(&["ABOR"]).says("426 Cut.\n226 Aborted.");
    hand.is(DRAINING(1)).expires(Reason::AbortGrace);
    hand.sends(&["PWD"]).says("257 \"/\"").is_in_step();
}

/// pyftpdlib: what was sent may lie in a connection that it has never accepted, and the upload may
/// come to life with the next one. A mark 125 or a word about the upload shows that it does not.
#[test]
fn an_upload_of_which_something_was_sent_may_be_forgotten() {
    let mut hand = aborted(store());
    hand.says("225 Nothing to abort.")
        .expires(Reason::AbortGrace);
    hand.sends(&["NOOP"]).says("200 Yes.");
    hand.is(State::Dead(Closed::Violation(Violation::TransferForgotten)));

    let mut hand = aborted(store());
    hand.says("426 Cut.\n225 Aborted.").is_in_step();

    let mut hand = Hand::new(Config::default());
    hand.starts(store()).says("125 Go on.").moved(3);
    abort(&mut hand);
    hand.says("225 Aborted.").expires(Reason::AbortGrace);
    hand.says("200 Yes.").is_in_step();
}

/// A mark that comes behind an abort ends no wait and begins none.
#[test]
fn a_late_mark_changes_nothing() {
    let mut config = Config::default();
    config.timeouts.reply = Duration::from_secs(2);
    let mut hand = Hand::new(config);
    hand.starts(retrieve());
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    hand.run();
    hand.waits(1);
    let before = hand.session.deadline();
    let mut marked = hand.session.clone();
    marked.receive(b"150 Here.\r\n");
    assert_eq!(marked.deadline(), before);
}
