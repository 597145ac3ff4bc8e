//! Ports that were asked for ahead, for transfers that have no use for them; and those that are no
//! second answers.

use ftp_proto::{DataMode, End, Reason};

use crate::hand::{Hand, retrieve};
use crate::lookahead::{looking_ahead, next, second_succeeds, two, verdict};
use crate::world::HOST;

/// The port that was asked for ahead is of no use to a transfer that opens one of its own.
#[test]
fn not_for_an_active_transfer() {
    let (mut hand, first, second) = two();
    hand.session.set_data_mode(DataMode::Active);
    hand.ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, first).is_ok());
    hand.says("229 Port (|||4712|)").acts(&["Listen"]).listens();
    assert_eq!(hand.lines().len(), 1);
    hand.says("200 Port.").sends(&["RETR g"]);
    hand.says("150 Here.").accepts(HOST);
    hand.ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, second).is_ok());
    hand.is_in_step();
}

/// Whoever comes next does not know whose port an answer would name that is under way.
#[test]
fn behind_one_that_was_given_up_its_answer_is_awaited() {
    let (mut hand, first, second) = two();
    hand.session.abort(second);
    assert!(verdict(&mut hand, second).is_err());
    hand.ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, first).is_ok());
    let third = hand.begins(next());
    hand.sends(&[]).says("229 Port (|||4712|)").acts(&[]);
    hand.sends(&["EPSV"]).says("229 Port (|||4713|)");
    second_succeeds(&mut hand, third);
}

/// A second answer to the EPSV before the command would look the same: the one that was asked ahead
/// is the one that is owed.
#[test]
fn answered_before_the_mark_is_not_passed_over() {
    let mut hand = Hand::new(looking_ahead());
    hand.starts(retrieve());
    let first = hand.session.current_transfer().unwrap();
    hand.begins(next());
    hand.sends(&["EPSV"]);
    hand.says("229 Port (|||4712|)\n150 Here.");
    assert_eq!(hand.events(), []);
    hand.moved(3).ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, first).is_ok());
}

/// The answer comes all the same, and is not the transfer's.
#[test]
fn while_one_moves_the_answer_for_another_that_was_given_up_ends_nothing() {
    let (mut hand, first, second) = two();
    hand.session.abort(second);
    hand.says("229 Port (|||4712|)").moved(3).ends(End::Clean);
    assert!(hand.session.poll_transfer(first).is_pending());
    hand.says("226 Done.");
    let reply = verdict(&mut hand, first).unwrap().reply.unwrap();
    assert_eq!(reply.code().get(), 226);
}

/// Only an answer shows that the control connection lives.
#[test]
fn without_any_answer_the_connection_is_dead() {
    let (mut hand, ..) = two();
    hand.moved(3).ends(End::Clean).expires(Reason::Completion);
    hand.is_dead();
}
