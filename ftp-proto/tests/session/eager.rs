//! What goes out without waiting for the reply that it depends on.

use std::task::Poll;

use ftp_proto::operation::{Login, Rename, Retrieve};
use ftp_proto::{Config, DataMode, End, Error, ErrorKind, Operation, Transfer, Verb};

use crate::hand::{Hand, name};

fn eager() -> Hand {
    let mut config = Config::default();
    config.eager = true;
    Hand::new(config)
}

#[track_caller]
fn pending<O: Operation>(hand: &mut Hand, operation: &mut O) {
    assert!(operation.poll(&mut hand.session).is_pending());
    hand.run();
}

#[track_caller]
fn ready<O: Operation>(hand: &mut Hand, operation: &mut O) -> Result<O::Output, Error> {
    match operation.poll(&mut hand.session) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("not over"),
    }
}

#[track_caller]
fn refused<T>(result: Result<T, Error>) -> (Verb, u16) {
    let Err(error) = result else {
        panic!("not refused")
    };
    let ErrorKind::Refused(reply) = error.kind() else {
        panic!("{error}")
    };
    (error.verb().unwrap(), reply.code().get())
}

#[test]
fn off_by_default() {
    let mut hand = Hand::new(Config::default());
    pending(
        &mut hand,
        &mut Login::anonymous().then(Retrieve::new(name("f"))),
    );
    hand.sends(&["USER anonymous"]);
    let mut hand = Hand::new(Config::default());
    pending(&mut hand, &mut Rename::new(name("a"), name("b")));
    hand.sends(&["RNFR a"]);
}

/// The whole opening is one flight; RETR waits until the login has succeeded and the connection is
/// made.
#[test]
fn a_login_and_the_first_transfer() {
    let mut hand = eager();
    let mut both = Login::anonymous().then(Retrieve::new(name("f")));
    pending(&mut hand, &mut both);
    hand.sends(&["USER anonymous", "PASS anonymous@", "TYPE I", "EPSV"]);
    hand.says("331 Password?");
    pending(&mut hand, &mut both);
    hand.says("230 Welcome.\n200 Image.\n229 (|||1|)");
    pending(&mut hand, &mut both);
    hand.sends(&[]).acts(&["Connect"]).connects();
    hand.sends(&["RETR f"]).says("150 Here.").moved(5);
    hand.ends(End::Clean).says("226 Done.");
    assert_eq!(ready(&mut hand, &mut both).unwrap().bytes, 5);
    hand.is_in_step();
}

#[test]
fn in_active_mode_too() {
    let mut config = Config::default();
    config.eager = true;
    config.data_mode = DataMode::ExtendedActive;
    let mut hand = Hand::new(config);
    let mut both = Login::anonymous().then(Retrieve::new(name("f")));
    pending(&mut hand, &mut both);
    hand.listens();
    hand.sends(&[
        "USER anonymous",
        "PASS anonymous@",
        "TYPE I",
        "EPRT |1|127.0.0.1|3001|",
    ]);
}

/// A server that wants no password refuses or passes over what it is told all the same.
#[test]
fn no_password_is_wanted() {
    for of_password in ["503 Already logged in.", "230 Yes.", "202 Not needed."] {
        let mut hand = eager();
        let mut login = Login::anonymous();
        pending(&mut hand, &mut login);
        hand.sends(&["USER anonymous", "PASS anonymous@"]);
        hand.says("230 Welcome.");
        assert_eq!(ready(&mut hand, &mut login).unwrap().code().get(), 230);
        hand.says(of_password).is_in_step();
    }
}

/// The error is the login's, and what was sent behind it leaves nothing.
#[test]
fn the_login_is_refused() {
    let mut hand = eager();
    let mut both = Login::anonymous().then(Retrieve::new(name("f")));
    pending(&mut hand, &mut both);
    hand.says("331 Password?\n530 No.");
    assert_eq!(refused(ready(&mut hand, &mut both)), (Verb::Pass, 530));
    hand.says("530 No.\n530 No.").is_in_step();
    hand.acts(&[]);
}

#[test]
fn the_user_is_refused() {
    let mut hand = eager();
    let mut both = Login::anonymous().then(Retrieve::new(name("f")));
    pending(&mut hand, &mut both);
    hand.says("530 No.");
    assert_eq!(refused(ready(&mut hand, &mut both)), (Verb::User, 530));
    // Whatever the server makes of the rest, no data connection is opened for it.
    hand.says("503 No.\n200 Image.\n229 (|||1|)");
    hand.acts(&[]).is_in_step();
}

/// Who asks for an account may do so before the password or behind it.
#[test]
fn an_account_is_given_when_it_is_asked_for() {
    let mut hand = eager();
    let mut both = Login::new(name("u"))
        .password(name("p"))
        .account(name("a"))
        .then(Retrieve::new(name("f")));
    pending(&mut hand, &mut both);
    hand.sends(&["USER u"]).says("331 Password?");
    pending(&mut hand, &mut both);
    hand.sends(&["PASS p"]).says("332 Account?");
    pending(&mut hand, &mut both);
    hand.sends(&["ACCT a"]).says("230 Welcome.");
    pending(&mut hand, &mut both);
    hand.sends(&["TYPE I", "EPSV"]);
}

#[test]
fn a_rename() {
    let mut hand = eager();
    let mut rename = Rename::new(name("a"), name("b"));
    pending(&mut hand, &mut rename);
    hand.sends(&["RNFR a", "RNTO b"]);
    hand.says("350 And?\n250 Done.");
    ready(&mut hand, &mut rename).unwrap();
    hand.is_in_step();
}

#[test]
fn a_rename_that_is_refused() {
    let mut hand = eager();
    let mut rename = Rename::new(name("a"), name("b"));
    pending(&mut hand, &mut rename);
    hand.says("550 No such file.");
    assert_eq!(refused(ready(&mut hand, &mut rename)), (Verb::Rnfr, 550));
    hand.says("503 RNFR first.").is_in_step();
}

/// Other commands that depend on one another wait all the same.
#[test]
fn nothing_else_hurries() {
    let mut hand = eager();
    hand.submits("CWD pub");
    hand.submits("SIZE f");
    hand.sends(&["CWD pub"]);
}

/// A transfer waits for whatever else is unanswered; and for a login, unless it may hurry.
#[test]
fn a_transfer_waits_for_everything_else() {
    let mut hand = eager();
    hand.submits("NOOP");
    hand.begins(Transfer::retrieve(name("f")));
    hand.sends(&["NOOP"]);
    let mut hand = Hand::new(Config::default());
    hand.submits("PASS x");
    hand.begins(Transfer::retrieve(name("f")));
    hand.sends(&["PASS x"]).says("230 Welcome.");
    hand.sends(&["TYPE I"]);
}
