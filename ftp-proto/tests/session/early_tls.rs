//! TLS on a passive data connection before the mark: patience, then both.

use std::time::Duration;

use ftp_proto::{Config, DataMode, End, Failure, Interruption, Link, Reason, Report};

use crate::hand::{Hand, retrieve, store};

fn secured(hand: &mut Hand) -> &mut Hand {
    let link = Link::Data(hand.data());
    hand.reports(Report::Secured { link })
}

/// A protected transfer whose command is out.
fn started() -> Hand {
    let mut hand = Hand::protected(Config::default());
    hand.starts(retrieve());
    hand
}

/// ftp-srv. The second time nobody waits.
#[test]
fn a_mark_that_follows_the_handshake() {
    let mut hand = started();
    hand.waits(0).acts(&[]).expires(Reason::Mark);
    hand.acts(&["Secure"]);
    secured(&mut hand).acts(&[]).says("150 Here.");
    hand.acts(&["Move"]).moved(10).ends(End::Clean);
    hand.says("226 Done.");
    assert_eq!(hand.completed().bytes, 10);
    hand.is_in_step();
    hand.acts(&[]);

    hand.begins(store());
    hand.says("229 Port (|||4711|)")
        .acts(&["Connect"])
        .connects();
    hand.acts(&["Secure"]);
    secured(&mut hand).says("150 Go on.").acts(&["Move"]);
}

/// A server that is only slow is not taken for one.
#[test]
fn a_mark_during_the_handshake_shows_nothing() {
    let mut hand = started();
    hand.expires(Reason::Mark).says("150 Here.");
    hand.acts(&["Secure"]);
    secured(&mut hand).acts(&["Move"]).ends(End::Clean);
    hand.says("226 Done.");
    assert!(hand.verdict().is_ok());
    hand.starts(retrieve()).acts(&[]);
}

#[test]
fn a_mark_in_time_is_waited_for() {
    let mut hand = started();
    hand.says("150 Here.").acts(&["Secure"]);
    assert_eq!(hand.session.deadline().unwrap().reason, Reason::Securing);
}

#[test]
fn the_limit_is_a_setting() {
    let mut config = Config::default();
    config.timeouts.mark = Duration::from_secs(3);
    let mut hand = Hand::protected(config);
    hand.starts(retrieve()).waits(2).acts(&[]);
    hand.waits(1).acts(&["Secure"]);
}

#[test]
fn at_once_by_choice() {
    let mut config = Config::default();
    config.early_tls = true;
    let mut hand = Hand::protected(config);
    hand.begins(retrieve());
    hand.says("200 Type.").says("229 Port (|||4711|)");
    hand.connects().acts(&["Connect", "Secure"]);
    hand.says("150 Here.").acts(&[]);
    secured(&mut hand).acts(&["Move"]);
}

#[test]
fn never_in_clear_and_never_in_active_mode() {
    let mut config = Config::default();
    config.early_tls = true;
    let mut hand = Hand::new(config);
    hand.starts(retrieve()).waits(20).acts(&[]);

    config.data_mode = DataMode::Active;
    let mut hand = Hand::protected(config);
    hand.starts(retrieve()).waits(20).acts(&[]);
}

/// The refusal decides, wherever the handshake stands.
#[test]
fn a_refusal() {
    for is_secured in [false, true] {
        let mut hand = started();
        hand.expires(Reason::Mark);
        if is_secured {
            secured(&mut hand);
        }
        hand.says("551 No file.").acts(&["Secure", "Discard"]);
        let error = hand.verdict().unwrap_err();
        assert!(error.to_string().contains("551"), "{error}");
        hand.is_in_step();
    }
}

/// ProFTPD closes the connection of a transfer that it refuses, which may show first.
#[test]
fn a_handshake_that_fails_before_the_refusal() {
    let mut hand = started();
    hand.expires(Reason::Mark).breaks(Failure::Reset);
    hand.undecided().says("550 No file.");
    let error = hand.verdict().unwrap_err();
    assert!(error.to_string().contains("550"), "{error}");
    hand.is_in_step();
}

/// The limit of the reply ends both waits, as it began: with the command.
#[test]
fn neither_a_handshake_nor_a_reply() {
    for is_secured in [false, true] {
        let mut hand = started();
        hand.expires(Reason::Mark);
        if is_secured {
            secured(&mut hand);
        }
        hand.waits(28).undecided().waits(1);
        let interrupted = hand.interrupted();
        assert_eq!(interrupted.cause, Interruption::Timeout(Reason::Reply));
        hand.sends(&["ABOR"]).says("426 Cut.\n226 Aborted.");
        hand.is_in_step();
    }
}

/// A protected transfer whose command is out, while so many data connections can resume.
fn started_with(early_tls: bool, left: Option<u32>) -> Hand {
    let mut config = Config::default();
    config.early_tls = early_tls;
    let mut hand = Hand::protected(config);
    hand.session.set_resumptions(left);
    hand.begins(retrieve());
    hand.says("200 Type.").says("229 Port (|||4711|)");
    hand.connects();
    hand
}

/// Two refused files would leave none, and a server that demands one ends the session: vsftpd.
#[test]
fn the_last_ticket_waits_for_the_mark() {
    for early_tls in [false, true] {
        let mut hand = started_with(early_tls, Some(1));
        hand.waits(20).acts(&["Connect"]);
        hand.says("150 Here.").acts(&["Secure"]);
        secured(&mut hand).acts(&["Move"]);

        let mut hand = started_with(early_tls, Some(1));
        hand.waits(20).says("550 No file.");
        hand.acts(&["Connect", "Discard"]);
        assert!(hand.verdict().is_err());
        hand.is_in_step();

        let mut hand = started_with(early_tls, Some(1));
        hand.waits(30);
        let interrupted = hand.interrupted();
        assert_eq!(interrupted.cause, Interruption::Timeout(Reason::Reply));
    }
    for left in [Some(2), None] {
        started_with(true, left).acts(&["Connect", "Secure"]);
        let mut hand = started_with(false, left);
        hand.acts(&["Connect"]).waits(1).acts(&["Secure"]);
    }
}

/// It would wait for ever.
#[test]
fn a_server_that_withholds_its_mark_gets_the_last_ticket() {
    let mut hand = started_with(false, Some(2));
    hand.expires(Reason::Mark);
    hand.session.set_resumptions(Some(1));
    secured(&mut hand).says("150 Here.").ends(End::Clean);
    hand.says("226 Done.");
    assert!(hand.verdict().is_ok());
    hand.acts(&["Connect", "Secure", "Move"]);
    hand.begins(store());
    hand.says("229 Port (|||4711|)").connects();
    hand.acts(&["Connect", "Secure"]);
}

/// The listing resumed nothing and was completed: nothing is demanded.
#[test]
fn the_last_ticket_is_nothing_special_where_none_is_needed() {
    let mut hand = Hand::protected(Config::default());
    hand.session.set_resumptions(Some(0));
    hand.starts(retrieve()).says("150 Names.");
    secured(&mut hand);
    hand.session.set_resumptions(Some(1));
    hand.ends(End::Clean).says("226 Done.");
    hand.acts(&["Secure", "Move"]);
    hand.says("229 Port (|||4711|)").connects();
    hand.acts(&["Connect"]).waits(1).acts(&["Secure"]);
}
