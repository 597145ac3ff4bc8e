//! The listing for new TLS tickets that goes before a transfer for which none is left.

use std::time::Duration;

use ftp_proto::{
    After, Config, DataMode, End, ErrorKind, Event, Failure, Interruption, Link, Policy, Reason,
    Report, Transfer, Verb,
};

use crate::hand::{Hand, name, retrieve, store};

const LIMIT: u64 = 64 * 1024;

/// A protected transfer is begun while so many data connections can resume.
fn begun(left: Option<u32>, transfer: Transfer, config: Config) -> Hand {
    let mut hand = Hand::protected(config);
    hand.session.set_resumptions(left);
    hand.begins(transfer);
    hand.says("200 Type.");
    opens(&mut hand);
    hand
}

fn opens(hand: &mut Hand) -> &mut Hand {
    hand.says("229 Port (|||4711|)").connects()
}

fn secures(hand: &mut Hand) -> &mut Hand {
    let link = Link::Data(hand.data());
    hand.says("150 Here.").reports(Report::Secured { link })
}

/// The payload of a listing may move, with which so many tickets have come.
fn listing(brought: u32) -> Hand {
    let mut hand = begun(Some(0), store(), Config::default());
    hand.sends(&["TYPE I", "EPSV", "NLST"]);
    assert!(secures(&mut hand).flow().discard);
    hand.session.set_resumptions(Some(brought));
    hand
}

/// The transfer itself goes on, in step.
#[track_caller]
fn stores(hand: &mut Hand) {
    opens(hand).sends(&["EPSV", "STOR f"]);
    let flow = secures(hand).flow();
    assert_eq!((flow.discard, flow.limit), (false, None));
    hand.moved(10).ends(End::Clean).says("226 Done.");
    assert_eq!(hand.completed().bytes, 10);
    hand.is_in_step();
}

/// Only a stock that is known to be empty asks for a listing, whose payload is not the
/// application's.
#[test]
fn only_an_empty_stock_asks_for_a_listing() {
    for left in [Some(2), Some(1), Some(0), None] {
        let mut hand = begun(left, store(), Config::default());
        let discard = left == Some(0);
        hand.sends(&["TYPE I", "EPSV", if discard { "NLST" } else { "STOR f" }]);
        let flow = secures(&mut hand).flow();
        assert_eq!(flow.discard, discard);
        assert_eq!(flow.limit, discard.then_some(LIMIT));
        assert_eq!(hand.session.current_command().is_none(), discard);
        assert_eq!(hand.session.current_mark().is_none(), discard);
    }
}

#[test]
fn in_clear_there_is_nothing_to_resume() {
    let mut hand = Hand::new(Config::default());
    hand.session.set_resumptions(Some(0));
    hand.begins(store());
    hand.says("200 Type.");
    opens(&mut hand).sends(&["TYPE I", "EPSV", "STOR f"]);
}

/// However it ended. A server that has completed one is not asked for another.
#[test]
fn a_listing_that_brings_tickets_lets_the_transfer_begin() {
    for (reply, completed) in [("226 Done.", true), ("425 No.", false)] {
        let mut hand = listing(2);
        hand.ends(End::Clean).says(reply);
        stores(&mut hand);
        assert_eq!(hand.events(), []);
        hand.session.set_resumptions(Some(0));
        hand.begins(retrieve());
        let expected = if completed { "RETR f" } else { "NLST" };
        opens(&mut hand).sends(&["EPSV", expected]);
    }
}

/// A server without NLST, or with an empty directory: before the handshake, so that no ticket
/// comes.
#[test]
fn a_listing_that_is_refused_at_once_is_made_once() {
    let mut hand = begun(Some(0), store(), Config::default());
    hand.sends(&["TYPE I", "EPSV", "NLST"]);
    hand.says("450 No files.");
    stores(&mut hand);
    hand.begins(store());
    opens(&mut hand).sends(&["EPSV", "STOR f"]);
}

#[test]
fn nothing_is_stored_where_resumption_is_demanded_and_nothing_came() {
    let mut hand = listing(0);
    hand.says("425 No.").ends(End::Clean);
    let error = hand.verdict().unwrap_err();
    let expected = ErrorKind::Policy(Policy::NothingToResume);
    assert_eq!(*error.kind(), expected);
    assert_eq!(
        (error.verb(), error.after()),
        (Some(Verb::Nlst), After::Usable)
    );
    hand.sends(&[]).is_in_step();
}

/// It is aborted at its limit, and told.
#[test]
fn an_endless_listing_is_cut() {
    let mut hand = listing(1);
    hand.moved(LIMIT - 1).moved(1).ends(End::Limit);
    assert_eq!(hand.events(), [Event::RefillCut]);
    hand.sends(&["ABOR"]).says("426 Cut.\n226 Aborted.");
    stores(&mut hand);
    assert_eq!(hand.events(), []);
}

/// A hundred bytes a second keep every other limit from expiring.
#[test]
fn a_listing_has_a_minute_whatever_comes() {
    for (limit, seconds) in [(None, 60), (Some(10), 10)] {
        let mut config = Config::default();
        config.timeouts.operation = limit.map(Duration::from_secs);
        let mut hand = begun(Some(0), store(), config);
        secures(&mut hand);
        hand.session.set_resumptions(Some(2));
        hand.sends(&["TYPE I", "EPSV", "NLST"]);
        for _ in 1..seconds {
            hand.waits(1).moved(100);
        }
        assert_eq!(hand.events(), [], "{seconds} s");
        hand.expires(Reason::Operation);
        assert_eq!(hand.events(), [Event::RefillCut], "{seconds} s");
        hand.sends(&["ABOR"]).says("426 Cut.\n226 Aborted.");
        stores(&mut hand);
    }
}

/// Without tickets the error is the transfer's, which was not begun; with them the failure does not
/// matter.
#[test]
fn a_listing_that_fails_without_tickets_fails_the_transfer() {
    let mut hand = listing(2);
    hand.breaks(Failure::Reset).says("426 Broken.");
    stores(&mut hand);

    let mut hand = listing(0);
    hand.breaks(Failure::Reset).says("426 Broken.");
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::Data(Failure::Reset));
    hand.sends(&[]).is_in_step();
}

/// Each transfer of a series has its own.
#[test]
fn an_abort_ends_both() {
    let mut hand = listing(2);
    hand.session.abort_all();
    hand.run();
    let error = hand.verdict().unwrap_err();
    let cause = &error.interrupted().unwrap().cause;
    assert_eq!(*cause, Interruption::Aborted);
    hand.sends(&["ABOR"]).says("426 Cut.\n226 Aborted.");
    hand.waits(1).is_in_step();
    hand.session.set_resumptions(Some(0));
    hand.begins(Transfer::store(name("g")));
    opens(&mut hand).sends(&["EPSV", "NLST"]);
}

#[test]
fn a_listing_waits_for_its_turn() {
    let mut hand = Hand::protected(Config::default());
    hand.session.set_resumptions(Some(0));
    hand.submits("NOOP");
    hand.begins(store());
    hand.sends(&["NOOP"]).says("200 Yes.").sends(&["TYPE I"]);
}

/// Nothing is owed while the driver opens a port, and the transfer waits all the same.
#[test]
fn an_active_listing_comes_before_the_transfer() {
    let mut config = Config::default();
    config.data_mode = DataMode::Active;
    let mut hand = Hand::protected(config);
    hand.submits("TYPE I");
    hand.says("200 Image.").sends(&["TYPE I"]);
    hand.session.set_resumptions(Some(0));
    hand.begins(store());
    hand.acts(&["Listen"]).listens();
    hand.says("200 Port.").says("450 No files.");
    let lines = hand.lines();
    assert!(lines[0].starts_with("EPRT") || lines[0].starts_with("PORT"));
    assert_eq!(lines[1], "NLST");
    hand.acts(&["Discard", "Listen"]);
}

/// Whatever broke it behind that.
#[test]
fn a_server_that_sends_payload_demands_no_resumption() {
    let mut hand = listing(0);
    hand.moved(1).breaks(Failure::Reset).says("426 Broken.");
    stores(&mut hand);
}

#[test]
fn a_listing_that_is_refused_for_itself_lets_the_transfer_begin() {
    let mut hand = listing(0);
    hand.says("550 No such directory.").ends(End::Clean);
    stores(&mut hand);
}

#[test]
fn a_prelude_that_is_refused_fails_the_transfer_once() {
    let mut hand = Hand::protected(Config::default());
    hand.session.set_resumptions(Some(0));
    hand.begins(store());
    hand.sends(&["TYPE I"]).says("500 TYPE?").sends(&[]);
    assert_eq!(hand.verdict().unwrap_err().verb(), Some(Verb::Type));
    hand.is_in_step();
}
