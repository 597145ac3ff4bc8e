//! Reports that do not fit where the data connection stands are passed over.

use ftp_proto::{Config, DataId, DataMode, End, Link, Report};

use crate::hand::{Hand, active, retrieve, store};
use crate::world::HOST;

/// All that can be said of a data connection but its failure, by name.
fn reports(data: DataId) -> [(&'static str, Report); 8] {
    let local = (HOST, 3001).into();
    let (peer, link) = (HOST, Link::Data(data));
    let (held, bytes, end) = (true, 1, End::Clean);
    [
        ("connected", Report::Connected { data }),
        ("listening", Report::Listening { data, local }),
        ("accepted", Report::Accepted { data, peer }),
        ("secured", Report::Secured { link }),
        ("moved", Report::Moved { data, bytes }),
        ("held", Report::Held { data, held }),
        ("closing", Report::Closing { data }),
        ("finished", Report::Finished { data, end }),
    ]
}

#[track_caller]
fn only_these_fit(hand: &Hand, fitting: &[&str]) {
    for (name, report) in reports(hand.data()) {
        let mut session = hand.session.clone();
        session.report(report);
        let changes = session != hand.session;
        assert_eq!(changes, fitting.contains(&name), "{name}");
    }
}

fn protected() -> Hand {
    let mut hand = Hand::new(Config::default());
    let ticket = hand.submits("PROT P");
    hand.says("200 Yes.");
    assert!(hand.reply(ticket).is_ok());
    hand
}

#[test]
fn before_the_connection() {
    let mut hand = Hand::new(Config::default());
    hand.begins(retrieve());
    hand.says("200 Image.").says("229 (|||1|)");
    only_these_fit(&hand, &["connected"]);
    let mut hand = Hand::new(active());
    hand.begins(retrieve());
    only_these_fit(&hand, &["listening"]);
}

#[test]
fn before_the_mark() {
    for config in [Config::default(), active()] {
        let mut hand = Hand::new(config);
        hand.starts(retrieve());
        only_these_fit(&hand, &[]);
    }
}

#[test]
fn while_somebody_is_to_call() {
    let mut hand = Hand::new(active());
    assert_eq!(hand.session.config().data_mode, DataMode::Active);
    hand.starts(retrieve()).says("150 Here.");
    only_these_fit(&hand, &["accepted"]);
}

#[test]
fn while_hands_are_shaken() {
    let mut hand = protected();
    hand.starts(retrieve()).says("150 Here.").acts(&["Secure"]);
    only_these_fit(&hand, &["secured"]);
}

#[test]
fn while_payload_moves() {
    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve());
    only_these_fit(&hand, &["moved", "held", "finished"]);
    let mut hand = Hand::new(Config::default());
    hand.moves(store());
    only_these_fit(&hand, &["moved", "held", "closing", "finished"]);
}

#[test]
fn while_the_end_of_tls_is_awaited() {
    let mut hand = Hand::new(Config::default());
    hand.moves(store());
    let data = hand.data();
    hand.reports(Report::Closing { data });
    only_these_fit(&hand, &["moved", "finished"]);
}

#[test]
fn behind_the_end() {
    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve()).ends(End::Clean);
    only_these_fit(&hand, &[]);
}

/// A driver may be called before it can know that the connection is given up.
#[test]
fn a_call_that_crosses_an_abort_is_no_fault() {
    let ignored = |hand: &Hand| {
        let (mut session, data) = (hand.session.clone(), hand.data());
        session.report(Report::Accepted { data, peer: HOST });
        session.ignored_reports()
    };
    let mut hand = Hand::new(active());
    hand.starts(retrieve()).says("150 Here.").acts(&["Accept"]);
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    assert_eq!(ignored(&hand), 0, "ABOR is not written");
    hand.session.transmitted(hand.session.transmit().len());
    assert_eq!(ignored(&hand), 0, "the action is not polled");
    hand.run();
    hand.acts(&["Discard"]);
    assert_eq!(ignored(&hand), 1);
}
