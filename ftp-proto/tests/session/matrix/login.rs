//! Login.

use std::task::Poll;

use ftp_proto::operation::Login;
use ftp_proto::{Error, Operation};

use super::hand;
use crate::hand::{Hand, name};

fn login(hand: &mut Hand, replies: &[&str]) -> Error {
    let mut login = Login::new(name("ann")).password(name("x"));
    assert!(login.poll(&mut hand.session).is_pending());
    hand.run();
    for reply in replies {
        hand.says(reply);
        if let Poll::Ready(result) = login.poll(&mut hand.session) {
            return result.unwrap_err();
        }
        hand.run();
    }
    panic!("no end")
}

#[test]
fn account_wanted_and_none_given() {
    let mut hand = hand();
    let error = login(&mut hand, &["331 Password.", "332 Account."]);
    assert_eq!(error.reply().unwrap().code().get(), 332);
    hand.is_in_step();
}

#[test]
fn password_refused() {
    for code in [530, 430] {
        let mut hand = hand();
        let error = login(&mut hand, &["331 Password.", &format!("{code} No.")]);
        assert_eq!(error.is_transient(), code == 430);
        hand.is_in_step();
    }
    let mut hand = hand();
    let error = login(&mut hand, &["331 Password.", "421 Bye."]);
    assert!(error.is_fatal());
    hand.is_dead();
}
