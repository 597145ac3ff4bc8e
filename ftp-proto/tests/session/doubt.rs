//! What is in doubt behind a second answer, and what is not: transfers, TYPE, batches, and the
//! fence itself.

use ftp_proto::{Closed, Command, Config, End, Leniency, State, Verb, Violation};

use crate::doubles::{passed_over, window};
use crate::hand::{Hand, name, retrieve, two_at_a_time};

fn hand() -> Hand {
    Hand::new(Config::default())
}

/// A second answer to EPSV, behind the transfer command: it is no success of the transfer.
#[test]
fn a_late_second_answer_behind_a_transfer_command() {
    let mut hand = hand();
    hand.starts(retrieve()).says("229 Again (|||4711|)");
    assert_eq!(passed_over(&mut hand), [229]);
    hand.says("150 Here.").moved(3).ends(End::Clean);
    hand.undecided().says("226 Done.");
    assert_eq!(hand.completed().bytes, 3);
    assert!(
        !hand
            .session
            .leniencies_used()
            .contains(Leniency::EarlyCompletion)
    );
    hand.is_in_step();
}

/// Once the server has spoken of the transfer, whatever comes is its reply.
#[test]
fn behind_the_mark_nothing_is_a_second_answer() {
    let mut hand = hand();
    hand.moves(retrieve()).moved(3).ends(End::Clean);
    hand.says("229 Done (|||4711|)");
    assert!(passed_over(&mut hand).is_empty());
    assert_eq!(hand.completed().bytes, 3);
}

/// An answer that TYPE can have is confirmed before the next step is taken, if TYPE was answered
/// twice before.
#[test]
fn a_doubtful_type_is_confirmed_before_a_port_is_asked_for() {
    let mut hand = hand();
    hand.submits("TYPE A");
    hand.says("200 A.\n200 A.").sends(&["TYPE A"]);
    hand.begins(retrieve());
    hand.sends(&["TYPE I"])
        .says("200 I.")
        .sends(&["PWD"])
        .says("257 \"/\"")
        .sends(&["EPSV"]);
}

/// PWD, where the answer to a NOOP could not be told from the real one.
#[test]
fn a_fence_behind_what_may_still_be_answered_200_is_pwd() {
    let mut hand = hand();
    hand.submits("CWD d");
    hand.says("213 What?").sends(&["CWD d", "PWD"]);
    let mut hand = self::hand();
    hand.submits("SIZE f");
    hand.says("250 What?").sends(&["SIZE f", "NOOP"]);
}

/// A refusal behind a command that was refused behind its success before may be that again, and not
/// the NOOP's.
#[test]
fn a_fence_is_not_answered_by_what_may_be_a_second_answer() {
    let mut hand = hand();
    hand.submits("SIZE f");
    hand.says("213 1\n550 No.").sends(&["SIZE f"]);
    hand.submits("SIZE g");
    hand.says("213 2").sends(&["SIZE g", "NOOP"]);
    hand.submits("SYST");
    hand.says("500 No.").sends(&[]);
    hand.says("200 Fence.").sends(&["SYST"]);
}

/// Another answer to a command of a batch is one too many, even where nothing else is owed that it
/// could answer.
#[test]
fn behind_a_batch_nothing_is_a_second_answer_to_it() {
    let mut hand = Hand::new(window(8));
    for (verb, path) in [(Verb::Size, "a"), (Verb::Mkd, "d")] {
        let command = Command::new(verb, name(path));
        hand.session.submit_batched(command).unwrap();
    }
    hand.run();
    hand.says("213 1\n213 1");
    hand.is(State::Dead(Closed::Violation(Violation::OutOfOrder)));
}

/// Whatever greets us is the greeting.
#[test]
fn no_fence_follows_a_greeting() {
    for greeting in ["200 Hello.", "230 In.", "250 Hello."] {
        let mut hand = Hand::before_greeting(Config::default());
        hand.says(greeting).sends(&[]).is_usable();
    }
}

/// A 226 that began before the command was written is the transfer's second one; a later one may be
/// the command's own, if it is a command of which nothing is known.
#[test]
fn a_second_226_answers_no_command_that_was_not_written() {
    for written in [false, true] {
        let mut hand = hand();
        hand.moves(retrieve()).ends(End::Clean).says("226 Done.");
        let command = Command::raw("XSUM f").unwrap();
        let ticket = hand.session.submit(command).unwrap();
        if written {
            hand.run();
        }
        hand.says("226 Again.");
        let surplus = Leniency::SurplusCompletion;
        assert_eq!(hand.session.leniencies_used().contains(surplus), !written);
        assert_eq!(hand.session.poll_reply(ticket).is_ready(), written);
    }
}

/// The habit of one verb is not that of the verb before it.
#[test]
fn a_second_answer_is_not_blamed_on_a_command_that_cannot_have_it() {
    let mut hand = hand();
    hand.submits("SIZE f");
    hand.says("213 1");
    hand.submits("CWD d");
    hand.says("250 There.\n250 There.");
    hand.submits("SIZE g");
    hand.says("213 2").sends(&["SIZE f", "CWD d", "SIZE g"]);
}

/// It ends the session, and is no second answer that a fence waits out.
#[test]
fn a_421_before_the_answer_of_a_fence_ends_the_session() {
    let mut hand = hand();
    hand.submits("CWD d");
    hand.says("213 What?").sends(&["CWD d", "PWD"]);
    hand.says("421 Bye.").is(State::Dead(Closed::Service));
}

#[test]
fn a_mark_before_the_answer_of_a_fence_begins_the_wait_anew() {
    let mut hand = hand();
    hand.submits("CWD d");
    hand.says("213 What?").sends(&["CWD d", "PWD"]).waits(1);
    let before = hand.session.deadline().unwrap();
    hand.says("150 Soon.");
    let after = hand.session.deadline().unwrap();
    assert_eq!(after.reason, before.reason);
    assert!(after.at > before.at);
    hand.says("257 \"/\"").is_in_step();
}

/// Also where the port was asked for in the same write.
#[test]
fn behind_a_type_in_doubt_a_port_is_not_dialled() {
    let mut hand = Hand::new(two_at_a_time());
    hand.submits("TYPE A");
    hand.says("200 A.");
    hand.begins(retrieve());
    hand.sends(&["TYPE A", "TYPE I", "EPSV"]);
    hand.says("250 What?").sends(&["PWD"]);
    hand.says("229 Port (|||4711|)").acts(&[]);
    hand.says("257 \"/\"");
    assert_eq!(hand.verdict().unwrap_err().verb(), Some(Verb::Type));
}
