//! NOOPs during a transfer, and the many ways in which they are answered.

use std::time::Duration;

use ftp_proto::{Closed, Config, End, Failure, Interruption, Reason, State};

use crate::hand::{Hand, code, retrieve, store};

/// A transfer during which one NOOP went out.
fn kept_alive() -> Hand {
    let mut config = Config::default();
    config.keepalive = Some(Duration::from_secs(30));
    let mut hand = Hand::new(config);
    hand.moves(retrieve())
        .expires(Reason::Keepalive)
        .sends(&["NOOP"]);
    hand.moved(2000);
    hand
}

#[test]
fn none_by_default() {
    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve());
    for _ in 0..100 {
        hand.waits(59).moved(2000);
    }
    hand.sends(&[]);
}

/// pyftpdlib.
#[test]
fn answered_200_early() {
    let mut hand = kept_alive();
    hand.says("200 Yes.")
        .undecided()
        .ends(End::Clean)
        .says("226 Done.");
    assert_eq!(hand.completed().reply.unwrap().code().get(), 226);
    hand.is_in_step();
}

/// Pure-FTPd.
#[test]
fn answered_500_early() {
    let mut hand = kept_alive();
    hand.says("500 Busy.")
        .undecided()
        .ends(End::Clean)
        .says("226 Done.");
    assert_eq!(hand.completed().reply.unwrap().code().get(), 226);
    hand.is_in_step();
}

/// vsftpd, ProFTPD, inetutils.
#[test]
fn answered_200_behind_the_226() {
    let mut hand = kept_alive();
    hand.ends(End::Clean).says("226 Done.");
    assert_eq!(hand.completed().bytes, 2000);
    hand.is(State::Settling { replies: 1 });
    let ticket = hand.submits("SIZE f");
    hand.sends(&[])
        .says("200 Yes.")
        .sends(&["SIZE f"])
        .says("213 7");
    assert_eq!(hand.reply(ticket).unwrap().text(), b"7");
    hand.is_in_step();
}

/// What a later command would have got for its answer is waited for, and fenced off by a command
/// whose answer is like no other.
#[test]
fn never_answered() {
    let mut hand = kept_alive();
    hand.ends(End::Clean).says("226 Done.");
    assert!(hand.verdict().is_ok());
    hand.is(State::Settling { replies: 1 });
    hand.expires(Reason::AbortGrace)
        .sends(&["PWD"])
        .is(State::Settling { replies: 2 });
    hand.says("257 \"/\"").is_in_step();
}

#[test]
fn answered_behind_the_fence() {
    let mut hand = kept_alive();
    hand.ends(End::Clean).says("226 Done.");
    assert!(hand.verdict().is_ok());
    hand.expires(Reason::AbortGrace).sends(&["PWD"]);
    hand.says("200 Late.").is(State::Settling { replies: 1 });
    hand.says("257 \"/\"").is_in_step();
}

#[test]
fn a_fence_without_an_answer_ends_the_session() {
    let mut hand = kept_alive();
    hand.ends(End::Clean).says("226 Done.");
    assert!(hand.verdict().is_ok());
    hand.expires(Reason::AbortGrace).expires(Reason::Fence);
    hand.is(State::Dead(Closed::Timeout(Reason::Fence)));
}

/// A refusal that may be meant for either: when the transfer's turn brings a 200, that was the
/// NOOP's.
#[test]
fn a_refusal_that_was_the_transfer_s() {
    let mut hand = kept_alive();
    hand.says("503 Broken.")
        .undecided()
        .ends(End::Clean)
        .says("200 Yes.");
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::Reply);
    assert_eq!(code(&interrupted), Some(503));
    hand.is_in_step();
}

#[test]
fn several_in_every_order() {
    for order in ["NNT", "NTN", "TNN"] {
        let mut hand = kept_alive();
        hand.expires(Reason::Keepalive)
            .sends(&["NOOP"])
            .moved(2000)
            .ends(End::Clean);
        for reply in order.chars() {
            hand.says(if reply == 'N' {
                "200 Yes."
            } else {
                "226 Done."
            });
        }
        assert_eq!(hand.completed().bytes, 4000, "{order}");
        hand.is_in_step();
    }
}

/// One for every pause, however long the transfer and however late the answers.
#[test]
fn they_go_on_as_long_as_the_transfer() {
    let mut hand = kept_alive();
    for _ in 0..100 {
        hand.expires(Reason::Keepalive).sends(&["NOOP"]).moved(2000);
    }
    hand.ends(End::Clean).says("226 Done.");
    assert!(hand.verdict().is_ok());
    for _ in 0..101 {
        hand.says("200 Yes.");
    }
    hand.is_in_step();
}

/// They take nothing away from the commands that may be queued.
#[test]
fn they_leave_room_for_commands() {
    let mut hand = kept_alive();
    for _ in 0..20 {
        hand.expires(Reason::Keepalive).moved(2000);
    }
    hand.submits("SIZE f");
}

#[test]
fn no_keepalive_before_the_mark_or_after_the_final_reply() {
    let mut config = Config::default();
    config.keepalive = Some(Duration::from_secs(1));
    let mut hand = Hand::new(config);
    hand.starts(retrieve()).waits(20).sends(&[]);
    hand.says("150 Here.").waits(1).sends(&["NOOP"]);
    hand.says("226 Done.").waits(20).sends(&[]);
}

#[test]
fn a_keepalive_may_be_owed_when_the_transfer_is_aborted() {
    let mut hand = kept_alive();
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    hand.run();
    hand.sends(&["ABOR"]).is(State::Settling { replies: 3 });
    hand.says("426 Cut.\n200 Yes.\n226 Aborted.").is_in_step();
}

/// The fence behind an abort is answered like a keepalive, if it is one: not a NOOP then.
#[test]
fn a_keepalive_that_is_answered_behind_an_abort_is_not_taken_for_the_fence() {
    let mut hand = kept_alive();
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    hand.run();
    hand.sends(&["ABOR"])
        .expires(Reason::AbortGrace)
        .sends(&["PWD"]);
    hand.says("426 Cut.\n200 Yes.")
        .is(State::Settling { replies: 2 });
    hand.says("257 \"/\"").is_in_step();
}

/// As many as are unanswered at the most, and no more.
#[test]
fn so_many_at_the_most() {
    let mut config = Config::default();
    config.keepalive = Some(Duration::from_secs(30));
    config.limits.keepalives_max = 2;
    let mut hand = Hand::new(config);
    hand.moves(retrieve());
    for sent in [&["NOOP"][..], &["NOOP"], &[], &[]] {
        hand.moved(2000).waits(30).sends(sent);
    }
}

/// Nothing is kept alive for a transfer of which the control connection has said its last word.
#[test]
fn none_behind_the_final_reply() {
    let mut config = Config::default();
    config.keepalive = Some(Duration::from_secs(30));
    let mut hand = Hand::new(config);
    hand.moves(retrieve()).says("226 Done.");
    hand.waits(30).undecided().sends(&[]);
    hand.ends(End::Clean).is_in_step();
}

/// A transfer after another, which a keepalive has ended: no NOOP goes out in it.
fn has_given_up(hand: &mut Hand) {
    hand.moves(retrieve()).moved(2000);
    hand.waits(30).moved(2000).waits(30).sends(&[]);
}

/// twoftpd, whether its 426 or the end of its data comes first.
#[test]
fn a_server_that_ends_the_transfer_at_it() {
    for breaks_first in [false, true] {
        let mut config = Config::default();
        config.keepalive = Some(Duration::from_secs(30));
        let mut hand = Hand::new(config);
        hand.moves(retrieve()).moved(2000);
        hand.expires(Reason::Keepalive).sends(&["NOOP"]);
        if breaks_first {
            hand.breaks(Failure::Reset);
        }
        hand.says("426 Transfer interrupted.\n200 Yes.");
        if !breaks_first {
            hand.ends(End::Clean);
        }
        let interrupted = hand.interrupted();
        assert_eq!(interrupted.cause, Interruption::Keepalive);
        assert_eq!(code(&interrupted), Some(426));
        hand.is_in_step();
        has_given_up(&mut hand);
    }
}

/// bftpd: an upload stands still from the first NOOP on, which is answered.
#[test]
fn a_server_that_stops_taking_at_it() {
    let mut config = Config::default();
    config.keepalive = Some(Duration::from_secs(30));
    let mut hand = Hand::new(config);
    hand.moves(store()).moved(2000);
    hand.expires(Reason::Keepalive).says("200 Yes.");
    hand.expires(Reason::DataIdle);
    assert_eq!(hand.interrupted().cause, Interruption::Keepalive);
    hand.says("426 Cut.\n226 Aborted.").is_in_step();
    has_given_up(&mut hand);
}

/// A transfer in which nothing had moved before stands still by itself.
#[test]
fn a_transfer_that_has_never_moved_is_not_blamed_on_it() {
    let mut config = Config::default();
    config.keepalive = Some(Duration::from_secs(30));
    let mut hand = Hand::new(config);
    hand.moves(retrieve()).expires(Reason::Keepalive);
    hand.says("200 Yes.").expires(Reason::DataIdle);
    let cause = hand.interrupted().cause;
    assert_eq!(cause, Interruption::Timeout(Reason::DataIdle));
}

/// A server that answers a NOOP twice has said nothing of the transfer, whatever comes of that.
#[test]
fn answered_twice() {
    for (spec, ends_first) in [(retrieve(), false), (retrieve(), true), (store(), true)] {
        for last in ["226 Done.", "426 Cut.", "552 Full."] {
            let mut config = Config::default();
            config.keepalive = Some(Duration::from_secs(30));
            let mut hand = Hand::new(config);
            hand.moves(spec.clone()).moved(2000);
            hand.expires(Reason::Keepalive).sends(&["NOOP"]).moved(4000);
            hand.says("200 Yes.\n200 Yes.").undecided();
            if ends_first {
                hand.ends(End::Clean).undecided().says(last);
            } else {
                hand.says(last).ends(End::Clean);
            }
            let verdict = hand.verdict();
            assert_eq!(verdict.is_ok(), last == "226 Done.", "{spec:?} {last}");
            hand.is_in_step();
        }
    }
}

/// A server that ends a transfer with 200 has to be waited for, where it has answered a NOOP so.
#[test]
fn a_transfer_that_is_answered_like_it() {
    for spec in [retrieve(), store()] {
        let mut config = Config::default();
        config.keepalive = Some(Duration::from_secs(30));
        config.timeouts.completion = Duration::from_secs(10);
        let mut hand = Hand::new(config);
        hand.moves(spec).moved(2000);
        hand.expires(Reason::Keepalive).sends(&["NOOP"]);
        hand.says("200 Yes.").moved(4000).ends(End::Clean);
        hand.says("200 Done.").undecided();
        hand.expires(Reason::Completion);
        let reply = hand.completed().reply.unwrap();
        assert_eq!((reply.code().get(), reply.text()), (200, &b"Done."[..]));
        hand.is_in_step();
    }
}

/// It does not answer for a transfer that was aborted, nor cost the session its step.
#[test]
fn answered_twice_behind_an_abort() {
    for replies in ["200 Yes.\n426 Cut.\n226 Aborted.", "426 Cut.\n226 Aborted."] {
        let mut hand = kept_alive();
        hand.says("200 Yes.\n200 Yes.");
        let id = hand.session.current_transfer().unwrap();
        hand.session.abort(id);
        hand.run();
        hand.sends(&["ABOR"]).says(replies);
        hand.is_usable();
    }
}
