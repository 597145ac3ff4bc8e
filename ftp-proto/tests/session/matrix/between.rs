//! Between commands.

use ftp_proto::{Closed, ErrorKind, Event, Failure, State};

use super::{hand, required_config, reset};
use crate::hand::{Hand, retrieve};

#[test]
fn end_of_the_control_connection_while_idle() {
    let mut hand = hand();
    hand.session.receive_eof();
    hand.run();
    assert_eq!(hand.events(), [Event::Closed(Closed::Eof)]);
    let ticket = hand.submits("SIZE f");
    let error = hand.reply(ticket).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed(Closed::Eof, None)));
    hand.sends(&[]);
}

#[test]
fn restart_of_the_server_between_commands() {
    let mut hand = hand();
    let first = hand.submits("SIZE f");
    hand.says("213 7").reports(reset()).acts(&["Close"]);
    assert!(hand.reply(first).is_ok());
    let closed = Closed::Lost(Failure::Reset);
    assert_eq!(hand.events(), [Event::Closed(closed)]);
    hand.is(State::Dead(closed)).sends(&["SIZE f"]);
    let next = hand.submits("SIZE f");
    let error = hand.reply(next).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed(cause, None) if *cause == closed));
    assert!(error.is_fatal() && error.is_transient());
    hand.begins(retrieve());
    assert!(hand.verdict().unwrap_err().is_fatal());
    hand.sends(&[]).acts(&[]);
}

/// The server ends TLS and with it the control connection. Nothing goes on in clear.
#[test]
fn close_notify_on_the_control_connection() {
    for busy in [false, true] {
        let mut hand = Hand::protected(required_config());
        if busy {
            hand.submits("SIZE f");
        }
        hand.session.receive_eof();
        hand.run();
        hand.is(State::Dead(Closed::Eof)).acts(&["Close"]);
        assert!(hand.session.is_secured());
        let ticket = hand.submits("PASS x");
        assert!(hand.reply(ticket).unwrap_err().is_fatal());
        hand.sends(if busy { &["SIZE f"] } else { &[] });
    }
}
