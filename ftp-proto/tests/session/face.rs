//! What the application sees of a session and does with it, beyond commands and transfers.

use std::task::Poll;

use ftp_proto::trace::Record;
use ftp_proto::{
    Closed, Config, DataMode, Detail, End, ErrorKind, Failure, Interruption, Leniency, Link,
    Misuse, Pipeline, Report, Representation, State, Ticket, Transfer,
};

use crate::hand::{Hand, name, retrieve};

fn hand() -> Hand {
    Hand::new(Config::default())
}

#[test]
fn tickets_count_up() {
    let mut hand = hand();
    let next = hand.session.next_ticket();
    assert_eq!(hand.submits("NOOP"), next);
    assert_eq!(hand.session.next_ticket().get(), next.get() + 1);
    assert_eq!(Ticket::GREETING.get(), 0);
}

#[test]
fn the_command_under_way_and_its_mark() {
    let mut hand = hand();
    assert!(hand.session.current_command().is_none());
    hand.starts(retrieve());
    assert_eq!(
        hand.session.current_command().unwrap().to_string(),
        "RETR f"
    );
    assert!(hand.session.current_mark().is_none());
    hand.says("150 Here.");
    assert_eq!(hand.session.current_mark().unwrap().text(), b"Here.");
}

#[test]
fn the_code_of_the_latest_reply() {
    let mut hand = Hand::before_greeting(Config::default());
    assert_eq!(hand.session.last_code(), None);
    hand.says("220 Hello.");
    assert_eq!(hand.session.last_code().unwrap().get(), 220);
    hand.submits("NOOP");
    hand.says("500 What?");
    assert_eq!(hand.session.last_code().unwrap().get(), 500);
}

#[test]
fn another_data_mode_from_now_on() {
    let mut hand = hand();
    hand.session.set_data_mode(DataMode::ExtendedActive);
    hand.begins(retrieve());
    hand.says("200 Image.").acts(&["Listen"]);
}

#[test]
fn records_are_kept_from_when_they_are_asked_for() {
    let mut hand = hand();
    hand.submits("NOOP");
    assert!(hand.session.poll_trace().is_none());
    hand.session.set_detail(Detail::Everything);
    hand.says("200 Yes.");
    let reply = std::iter::from_fn(|| hand.session.poll_trace())
        .find(|record| matches!(record, Record::Reply(_)));
    assert!(reply.is_some());
    hand.session.set_detail(Detail::Off);
    hand.submits("NOOP");
    while hand.session.poll_trace().is_some() {}
    hand.says("200 Yes.");
    assert!(hand.session.poll_trace().is_none());
}

/// What was sent is awaited; what was not is never sent; what stands outside of the range is left
/// alone.
#[test]
fn a_range_of_tickets_is_dropped() {
    let mut hand = hand();
    let [before, first, second, behind] =
        ["NOOP", "SIZE a", "SIZE b", "SIZE c"].map(|line| hand.submits(line));
    hand.session.discard_all(first..behind);
    hand.run();
    hand.says("200 Yes.");
    assert!(hand.reply(before).is_ok());
    hand.says("213 3");
    assert_eq!(hand.reply(behind).unwrap().text(), b"3");
    hand.sends(&["NOOP", "SIZE c"]);
    for ticket in [first, second] {
        let error = hand.reply(ticket).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Misuse(Misuse::SpentTicket));
    }
    hand.is_in_step();
}

/// FEAT has to go out before a name beyond ASCII, and waits for the answer to NOOP. Without that
/// name, what follows need not wait.
#[test]
fn what_a_dropped_command_barred_is_sent_at_once() {
    let mut config = Config::default();
    config.pipeline = Pipeline::window(4);
    let mut hand = Hand::greeted(Hand::settling_names(config));
    hand.submits("NOOP");
    let barred = hand.submits("DELE \u{e9}");
    hand.submits("HELP");
    hand.sends(&["NOOP"]);
    hand.session.discard(barred);
    hand.run();
    hand.sends(&["HELP"]);
}

/// The verdict is awaited while a transfer waits and while it runs, and given once.
#[test]
fn a_verdict_is_given_once() {
    let mut hand = hand();
    hand.submits("NOOP");
    let id = hand.begins(retrieve());
    assert!(hand.session.poll_transfer(id).is_pending());
    hand.says("200 Yes.");
    assert!(hand.session.poll_transfer(id).is_pending());
    hand.says("550 No.");
    hand.says("550 No.");
    assert!(hand.session.poll_transfer(id).is_ready());
    let Poll::Ready(Err(error)) = hand.session.poll_transfer(id) else {
        panic!("no error");
    };
    assert_eq!(error.kind(), &ErrorKind::Misuse(Misuse::SpentTicket));
}

#[test]
fn all_that_was_begun_is_ended() {
    let mut config = Config::default();
    config.lookahead = true;
    let mut hand = Hand::new(config);
    hand.moves(retrieve()).moved(3);
    let first = hand.session.current_transfer().unwrap();
    let second = hand.begins(Transfer::retrieve(name("g")));
    hand.sends(&["EPSV"]);
    hand.session.abort_all();
    hand.run();
    for id in [first, second] {
        let Poll::Ready(Err(error)) = hand.session.poll_transfer(id) else {
            panic!("not ended");
        };
        assert_eq!(error.interrupted().unwrap().cause, Interruption::Aborted);
    }
    hand.says("426 Cut.\n229 Here (|||1|)\n226 Aborted.")
        .sends(&["ABOR"]);
    hand.is_in_step();
}

/// A session that ends judges what waits and what runs at once, in an order of its own.
#[test]
fn the_verdicts_on_the_latest_two_transfers_are_kept() {
    let mut config = Config::default();
    config.lookahead = true;
    let mut hand = Hand::new(config);
    let running = hand.begins(retrieve());
    let waiting = hand.begins(retrieve());
    let (link, failure) = (Link::Control, Failure::Reset);
    hand.reports(Report::Failed { link, failure });
    let ids = [running, waiting, hand.begins(retrieve())];
    let spent = ids.map(|id| match hand.session.poll_transfer(id) {
        Poll::Ready(Err(error)) => *error.kind() == ErrorKind::Misuse(Misuse::SpentTicket),
        other => panic!("{other:?}"),
    });
    assert_eq!(spent, [true, false, false]);
}

#[test]
fn closing_tells_everybody_and_sends_nothing() {
    let mut hand = hand();
    let ticket = hand.submits("SIZE f");
    hand.sends(&["SIZE f"]);
    hand.session.close();
    hand.run();
    hand.is(State::Dead(Closed::Local))
        .acts(&["Close"])
        .sends(&[]);
    let error = hand.reply(ticket).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Closed(Closed::Local, None));
}

/// Numbers between are counted and not walked: each number that is discarded makes a record.
#[test]
fn a_range_of_tickets_that_runs_backwards_or_too_far_discards_what_it_holds() {
    for (backwards, answered) in [(true, true), (false, false)] {
        let mut config = Config::default();
        config.detail = Detail::Everything;
        config.pipeline = Pipeline::window(8);
        let mut hand = Hand::new(config);
        let first = hand.submits("NOOP");
        let second = hand.submits("NOOP");
        hand.says("200 One.");
        while hand.session.poll_trace().is_some() {}
        let end = hand.session.next_ticket();
        let range = if backwards { end..first } else { first..end };
        hand.session.discard_all(range);
        let discarded = std::iter::from_fn(|| hand.session.poll_trace())
            .filter(|record| matches!(record, Record::Discarded(_)));
        assert_eq!(discarded.count(), if backwards { 0 } else { 2 });
        assert_eq!(
            hand.session.poll_reply(first).map(|reply| reply.is_ok()),
            Poll::Ready(answered)
        );
        assert_eq!(hand.session.poll_reply(second).is_pending(), answered);
    }
}

#[test]
fn an_operation_notes_what_the_server_needed() {
    let mut hand = hand();
    let leniency = Leniency::UndoubledQuotes;
    assert!(!hand.session.leniencies_used().contains(leniency));
    hand.session.use_leniency(leniency);
    assert!(hand.session.leniencies_used().contains(leniency));
}

#[test]
fn payload_goes_over_the_socket_as_it_is_in_type_image_and_in_clear() {
    let mut hand = hand();
    hand.starts(retrieve()).says("150 Here.");
    let mut flow = hand.flow();
    for (representation, secured, verbatim) in [
        (Representation::Image, false, true),
        (Representation::Image, true, false),
        (Representation::Ascii, false, false),
        (Representation::Ascii, true, false),
    ] {
        (flow.representation, flow.secured) = (representation, secured);
        assert_eq!(flow.is_verbatim(), verbatim, "{flow:?}");
    }
}

#[test]
fn data_connections_count_up() {
    let mut hand = hand();
    let numbers = [1, 2, 3].map(|_| {
        hand.moves(retrieve()).ends(End::Clean).says("226 Done.");
        hand.data().get()
    });
    assert_eq!(numbers, [1, 2, 3]);
}
