//! The port of the next transfer, asked for while one runs: what servers answer, and when.

use std::task::Poll;
use std::time::Duration;

use ftp_proto::{
    Argument, Closed, Completed, Config, DataMode, End, Error, ErrorKind, Failure, Interruption,
    Misuse, Reason, State, Transfer, TransferId, Violation,
};

use crate::hand::{Hand, name, retrieve, store};

pub(crate) fn looking_ahead() -> Config {
    let mut config = Config::default();
    config.lookahead = true;
    config
}

pub(crate) fn next() -> Transfer {
    Transfer::retrieve(name("g"))
}

/// A transfer whose payload moves, and another one behind it.
pub(crate) fn two() -> (Hand, TransferId, TransferId) {
    let mut hand = Hand::new(looking_ahead());
    hand.moves(retrieve());
    let first = hand.session.current_transfer().unwrap();
    let second = hand.begins(next());
    hand.sends(&["EPSV"]).acts(&[]);
    (hand, first, second)
}

#[track_caller]
pub(crate) fn verdict(hand: &mut Hand, id: TransferId) -> Result<Completed, Error> {
    match hand.session.poll_transfer(id) {
        Poll::Ready(verdict) => verdict,
        Poll::Pending => panic!("no verdict yet"),
    }
}

/// The second transfer goes to its end without another EPSV.
#[track_caller]
pub(crate) fn second_succeeds(hand: &mut Hand, second: TransferId) {
    hand.acts(&["Connect"]).connects().sends(&["RETR g"]);
    hand.says("150 Here.").ends(End::Clean).says("226 Done.");
    assert!(verdict(hand, second).is_ok());
    hand.is_in_step();
}

#[test]
fn off_by_default() {
    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve());
    assert_eq!(hand.session.begin(next()), Err(Misuse::Busy));
    hand.sends(&[]);
}

#[test]
fn never_without_a_next_transfer() {
    let mut hand = Hand::new(looking_ahead());
    hand.moves(retrieve()).sends(&[]);
}

#[test]
fn one_transfer_may_wait() {
    let (hand, ..) = two();
    let mut session = hand.session;
    assert_eq!(session.begin(retrieve()), Err(Misuse::Busy));
}

/// In the same write as the command that it follows.
#[test]
fn right_behind_the_transfer_command() {
    let mut hand = Hand::new(looking_ahead());
    hand.begins(retrieve());
    hand.begins(next());
    hand.sends(&["TYPE I"])
        .says("200 Image.")
        .sends(&["EPSV"])
        .says("229 (|||1|)")
        .sends(&[])
        .connects()
        .sends(&["RETR f", "EPSV"]);
}

/// vsftpd, ProFTPD, inetutils.
#[test]
fn answered_behind_the_transfer() {
    let (mut hand, first, second) = two();
    hand.ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, first).is_ok());
    hand.acts(&[]).says("229 Port (|||4712|)");
    second_succeeds(&mut hand, second);
}

/// FEAT has to go out before the listing, and waits for what was asked ahead: so that is awaited
/// though no transfer runs.
#[test]
fn awaited_where_the_next_transfer_cannot_begin_yet() {
    let mut hand = Hand::greeted(Hand::settling_names(looking_ahead()));
    hand.moves(retrieve());
    hand.begins(Transfer::machine_list(None));
    hand.sends(&["EPSV"]).ends(End::Clean).says("226 Done.");
    hand.sends(&[]).is(State::Busy);
    let deadline = hand.session.deadline();
    assert_eq!(deadline.map(|it| it.reason), Some(Reason::Reply));
    hand.says("229 Port (|||4712|)").sends(&["FEAT"]);
}

/// The port is dialled when the running transfer has its verdict, not before.
#[test]
fn answered_while_data_still_moves() {
    let (mut hand, first, second) = two();
    hand.says("226 Done.\n229 Port (|||4712|)").acts(&[]);
    hand.ends(End::Clean);
    assert!(verdict(&mut hand, first).is_ok());
    second_succeeds(&mut hand, second);
}

/// pyftpdlib answers at once and drops the running transfer without a word: that one fails, and the
/// session lives.
#[test]
fn answered_at_once() {
    let (mut hand, first, second) = two();
    hand.moved(3);
    dropped_without_a_word(&mut hand, first);
    // What was asked ahead may be closed by now.
    hand.sends(&["EPSV"]).says("229 Port (|||4713|)");
    second_succeeds(&mut hand, second);
}

/// If it had not accepted the data connection yet, it still has the file, and awaits its data
/// connection on the new port: pyftpdlib.
#[test]
fn answered_before_anything_moved() {
    let (mut hand, first, second) = two();
    follows_the_port(&mut hand);
    hand.connects().acts(&["Move"]).moved(7).ends(End::Clean);
    hand.says("226 Done.");
    assert_eq!(verdict(&mut hand, first).unwrap().bytes, 7);
    hand.sends(&["EPSV"]).says("229 Port (|||4713|)");
    second_succeeds(&mut hand, second);
}

#[track_caller]
fn follows_the_port(hand: &mut Hand) {
    hand.says("229 Port (|||4712|)").acts(&[]);
    hand.ends(End::Clean).expires(Reason::Completion);
    hand.sends(&[]).acts(&["Connect"]);
}

/// The old connection was never accepted, and its listener is gone.
#[test]
fn reset_before_anything_moved() {
    for port_first in [true, false] {
        let (mut hand, first, _) = two();
        if port_first {
            hand.says("229 Port (|||4712|)").breaks(Failure::Reset);
        } else {
            hand.breaks(Failure::Reset).says("229 Port (|||4712|)");
        }
        hand.expires(Reason::Completion);
        hand.sends(&[]).acts(&["Connect"]).connects();
        hand.acts(&["Move"]).moved(7).ends(End::Clean);
        hand.says("226 Done.");
        assert_eq!(verdict(&mut hand, first).unwrap().bytes, 7);
    }
}

/// An empty file, whose final reply comes while its data is looked for on the new port.
#[test]
fn the_final_reply_comes_late() {
    let (mut hand, first, _) = two();
    follows_the_port(&mut hand);
    hand.says("226 Done.").connects().ends(End::Clean);
    assert_eq!(verdict(&mut hand, first).unwrap().bytes, 0);
}

/// With 125 it has had the data connection: nothing will come on another.
#[test]
fn a_connection_that_the_server_had_is_not_looked_for_elsewhere() {
    let mut hand = Hand::new(looking_ahead());
    hand.starts(retrieve()).says("125 Here.").acts(&["Move"]);
    let first = hand.session.current_transfer().unwrap();
    hand.begins(next());
    hand.sends(&["EPSV"]);
    dropped_without_a_word(&mut hand, first);
    hand.sends(&["EPSV"]);
}

/// What was sent, if only an end, is not sent again: the session ends, for the server may still
/// wait for the file.
#[test]
fn an_upload_is_not_taken_elsewhere() {
    let mut hand = Hand::new(looking_ahead());
    hand.starts(store()).says("150 Here.").acts(&["Move"]);
    let first = hand.session.current_transfer().unwrap();
    hand.begins(next());
    hand.sends(&["EPSV"]);
    dropped_without_a_word(&mut hand, first);
    let forgotten = Violation::TransferForgotten;
    hand.is(State::Dead(Closed::Violation(forgotten)));
}

/// Nothing comes on the new port either, or nobody listens there: the session ends, for the server
/// may still send the file.
#[test]
fn nothing_comes_on_the_new_port() {
    for is_open in [true, false] {
        let (mut hand, first, second) = two();
        follows_the_port(&mut hand);
        if is_open {
            hand.connects().expires(Reason::DataIdle);
        } else {
            hand.breaks(Failure::Refused).expires(Reason::Completion);
        }
        aborted_without_a_word(&mut hand, first);
        let forgotten = Violation::TransferForgotten;
        hand.is(State::Dead(Closed::Violation(forgotten)))
            .sends(&[]);
        let error = verdict(&mut hand, second).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Violation(forgotten));
    }
}

#[track_caller]
fn dropped_without_a_word(hand: &mut Hand, first: TransferId) {
    hand.says("229 Port (|||4712|)").acts(&[]);
    hand.ends(End::Clean).expires(Reason::Completion);
    aborted_without_a_word(hand, first);
}

#[track_caller]
fn aborted_without_a_word(hand: &mut Hand, first: TransferId) {
    let error = verdict(hand, first).unwrap_err();
    let cause = error.interrupted().unwrap().cause;
    assert_eq!(cause, Interruption::Lookahead);
    hand.sends(&["ABOR"]).says("225 Closed.");
    hand.expires(Reason::AbortGrace).sends(&["NOOP"]);
    hand.says("200 Yes.");
}

/// Nobody waits two minutes for the final reply of a transfer that was dropped.
#[test]
fn a_dropped_transfer_is_found_out_soon() {
    for data_first in [true, false] {
        let (mut hand, first, _) = two();
        hand.moved(3);
        let began = hand.now;
        if data_first {
            hand.ends(End::Clean).waits(1).says("229 (|||4712|)");
        } else {
            hand.says("229 (|||4712|)").waits(1).ends(End::Clean);
        }
        let grace = hand.session.config().timeouts.abort_grace;
        hand.expires(Reason::Completion);
        assert!(verdict(&mut hand, first).is_err());
        assert_eq!(
            hand.now.saturating_since(began),
            grace + Duration::from_secs(1)
        );
    }
}

/// The server says itself that it has cut the transfer, and answers in order.
#[test]
fn cut_for_the_port() {
    let (mut hand, first, second) = two();
    hand.moved(3).ends(End::Clean).says("426 Cut.");
    let error = verdict(&mut hand, first).unwrap_err();
    let interrupted = error.interrupted().unwrap();
    assert_eq!(interrupted.cause, Interruption::Lookahead);
    assert!(interrupted.reply.is_some());
    assert!(error.is_transient());
    hand.says("229 Port (|||4712|)")
        .connects()
        .says("150 Here.");
    hand.sends(&["RETR g"]);
    hand.begins(retrieve());
    hand.sends(&[]).ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, second).is_ok());
}

/// What the caller ends is not the server's fault, whatever the server has answered by then.
#[test]
fn an_abort_is_no_loss() {
    let (mut hand, first, _) = two();
    hand.says("229 (|||4712|)");
    hand.session.abort(first);
    let error = verdict(&mut hand, first).unwrap_err();
    let cause = error.interrupted().unwrap().cause;
    assert_eq!(cause, Interruption::Aborted);
}

/// A server that answers out of order is not asked ahead again.
#[test]
fn out_of_order_ends_it() {
    let (mut hand, first, second) = two();
    hand.says("229 Port (|||4712|)")
        .says("226 Done.")
        .ends(End::Clean);
    assert!(verdict(&mut hand, first).is_ok());
    hand.acts(&["Connect"]).connects().sends(&["RETR g"]);
    hand.says("150 Here.");
    hand.begins(retrieve());
    hand.sends(&[]).ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, second).is_ok());
    hand.sends(&["EPSV"]);
}

/// Pure-FTPd.
#[test]
fn refused_in_the_midst_of_the_transfer() {
    let (mut hand, first, second) = two();
    hand.says("500 Busy.").ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, first).is_ok());
    // The refusal is the answer to the EPSV of the second transfer, and PASV the next rung.
    hand.sends(&["PASV"])
        .says("227 Here (127,0,0,1,1,1)")
        .acts(&["Connect"])
        .connects()
        .sends(&["RETR g"])
        .says("150 Here.");
    hand.begins(retrieve());
    hand.sends(&[]).ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, second).is_ok());
}

/// Before the mark, a refusal is the transfer's own.
#[test]
fn the_transfer_is_refused() {
    let mut hand = Hand::new(looking_ahead());
    hand.starts(retrieve());
    let first = hand.session.current_transfer().unwrap();
    let second = hand.begins(next());
    hand.sends(&["EPSV"]).says("500 What?");
    let error = verdict(&mut hand, first).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Refused(reply) if reply.code().get() == 500));
    hand.acts(&["Discard"]).says("229 Port (|||4712|)");
    second_succeeds(&mut hand, second);
}

#[test]
fn a_failure_in_the_midst_of_the_transfer() {
    let (mut hand, first, second) = two();
    hand.breaks(Failure::Reset).says("426 Broken.");
    assert!(verdict(&mut hand, first).is_err());
    hand.says("229 Port (|||4712|)");
    second_succeeds(&mut hand, second);
}

/// A TYPE of its own cannot be sent ahead.
#[test]
fn not_for_another_type() {
    let mut hand = Hand::new(looking_ahead());
    hand.moves(retrieve());
    hand.begins(Transfer::list(None));
    hand.sends(&[]).ends(End::Clean).says("226 Done.");
    hand.sends(&["TYPE A"]);
}

#[test]
fn not_in_active_mode() {
    let mut hand = Hand::new(looking_ahead());
    hand.moves(retrieve());
    hand.begins(next().over(DataMode::Active));
    hand.sends(&[]);
}

/// ABOR may close the port that was opened ahead.
#[test]
fn an_abort_asks_anew() {
    let (mut hand, first, second) = two();
    hand.session.abort(first);
    hand.run();
    hand.sends(&["ABOR"]).acts(&["Discard"]);
    assert!(verdict(&mut hand, first).is_err());
    hand.says("426 Aborted.\n229 Port (|||4712|)\n226 Aborted.");
    hand.sends(&["EPSV"]).says("229 Port (|||4713|)");
    second_succeeds(&mut hand, second);
}

/// The transfer that waits is taken back; its port is answered, and of no use.
#[test]
fn the_next_transfer_is_taken_back() {
    let (mut hand, first, second) = two();
    hand.session.abort(second);
    assert!(verdict(&mut hand, second).is_err());
    hand.ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, first).is_ok());
    let ticket = hand.submits("NOOP");
    hand.sends(&[]).acts(&[]).says("229 Port (|||4712|)");
    hand.sends(&["NOOP"]).says("200 Yes.");
    assert!(hand.reply(ticket).is_ok());
}

/// However often that is done, one port is asked for.
#[test]
fn asking_again_and_again() {
    let (mut hand, _, second) = two();
    hand.session.abort(second);
    for _ in 0..100 {
        let id = hand.session.begin(next()).unwrap();
        hand.session.abort(id);
    }
    hand.run();
    hand.sends(&[]);
}

#[test]
fn a_command_waits_behind_both() {
    let (mut hand, _, second) = two();
    hand.submits("NOOP");
    hand.ends(End::Clean).says("226 Done.\n229 (|||4712|)");
    hand.acts(&["Connect"]).connects().sends(&["RETR g"]);
    hand.says("150 Here.").ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, second).is_ok());
    hand.sends(&["NOOP"]);
}

/// Nothing of the first transfer was written: it is taken back, and the second begins from the
/// beginning.
#[test]
fn both_commands_are_still_unwritten() {
    let mut hand = Hand::new(looking_ahead());
    hand.begins(retrieve());
    let first = hand.session.current_transfer().unwrap();
    hand.says("200 Image.").says("229 (|||1|)");
    hand.session
        .begin(Transfer::retrieve(Argument::new("g").unwrap()))
        .unwrap();
    let data = hand.data();
    hand.sends(&["TYPE I", "EPSV"]);
    hand.session.report(ftp_proto::Report::Connected { data });
    assert_eq!(hand.session.transmit(), b"RETR f\r\nEPSV\r\n");
    hand.session.abort(first);
    hand.run();
    hand.sends(&["EPSV"]);
}

/// The first verdict is kept while the second transfer runs, and beyond its end.
#[test]
fn verdicts_are_kept() {
    let (mut hand, first, second) = two();
    hand.ends(End::Clean).says("226 Done.\n229 (|||4712|)");
    hand.connects()
        .says("150 Here.")
        .ends(End::Clean)
        .says("226 Done.");
    assert!(verdict(&mut hand, first).is_ok());
    assert!(verdict(&mut hand, second).is_ok());
}

/// The answer to what was asked ahead does not come.
#[test]
fn never_answered() {
    let (mut hand, first, second) = two();
    hand.ends(End::Clean).says("226 Done.");
    assert!(verdict(&mut hand, first).is_ok());
    hand.expires(Reason::Reply).is_dead();
    assert!(verdict(&mut hand, second).is_err());
}

/// PASV where that is the mode.
#[test]
fn in_passive_mode() {
    let mut config = looking_ahead();
    config.data_mode = DataMode::Passive;
    let mut hand = Hand::new(config);
    hand.begins(retrieve());
    hand.says("200 Image.")
        .says("227 Here (127,0,0,1,1,1)")
        .connects();
    hand.begins(next());
    hand.sends(&["TYPE I", "PASV", "RETR f", "PASV"]);
}

/// A server that answers in order is asked ahead every time.
#[test]
fn again_and_again() {
    let (mut hand, _, _) = two();
    for _ in 0..5 {
        hand.ends(End::Clean).says("226 Done.\n229 (|||1|)");
        hand.connects().says("150 Here.");
        hand.sends(&["RETR g"]);
        hand.begins(next());
        hand.sends(&["EPSV"]);
    }
}

/// The same where the answers come before the data has ended.
#[test]
fn again_and_again_while_data_moves() {
    let (mut hand, _, _) = two();
    for _ in 0..5 {
        hand.says("226 Done.\n229 (|||1|)").ends(End::Clean);
        hand.connects().says("150 Here.");
        hand.sends(&["RETR g"]);
        hand.begins(next());
        hand.sends(&["EPSV"]);
    }
}

/// One that refuses when the final reply was there, and the data not, is asked no more.
#[test]
fn refused_behind_the_final_reply() {
    let (mut hand, _, _) = two();
    hand.says("226 Done.\n500 What?").ends(End::Clean);
    hand.sends(&["PASV"]).says("227 (127,0,0,1,1,1)").connects();
    hand.sends(&["RETR g"]).says("150 Here.");
    hand.begins(next());
    hand.sends(&[]);
}

/// When the transfer is over, a refusal is like any: the ladder goes on, and so does the lookahead.
#[test]
fn refused_behind_the_transfer() {
    let (mut hand, _, _) = two();
    hand.ends(End::Clean).says("226 Done.\n500 What?");
    hand.sends(&["PASV"]).says("227 (127,0,0,1,1,1)").connects();
    hand.sends(&["RETR g"]).says("150 Here.");
    hand.begins(next());
    hand.sends(&["PASV"]);
}
