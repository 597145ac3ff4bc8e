//! NOOP of a session that is idle.

use std::time::Duration;

use ftp_proto::{Closed, Config, End, Reason, State};

use crate::hand::{Hand, retrieve};

const EVERY: u64 = 60;

fn config() -> Config {
    let mut config = Config::default();
    config.idle_keepalive = Some(Duration::from_secs(EVERY));
    config
}

fn logged_in(config: Config) -> Hand {
    let mut hand = Hand::new(config);
    for (line, reply) in [("USER ann", "331 More."), ("PASS x", "230 In.")] {
        let ticket = hand.submits(line);
        hand.says(reply).reply(ticket).unwrap();
    }
    hand.sends(&["USER ann", "PASS x"]);
    hand
}

#[test]
fn off_by_default() {
    let mut hand = logged_in(Config::default());
    assert_eq!(hand.session.deadline(), None);
    hand.waits(1_000_000).sends(&[]);
}

#[test]
fn not_before_the_login() {
    let mut hand = Hand::new(config());
    assert_eq!(hand.session.deadline(), None);
    hand.waits(1_000_000).sends(&[]).is_usable();
}

#[test]
fn again_and_again_while_nothing_else_happens() {
    let mut hand = logged_in(config());
    for reply in ["200 Yes.", "500 What?", "250 Well.", "530 Who?"] {
        hand.waits(EVERY - 1).sends(&[]);
        hand.waits(1).sends(&["NOOP"]).is(State::Busy);
        hand.says(reply).is_usable();
    }
}

/// A reply that cannot answer NOOP may belong to something else.
#[test]
fn an_answer_of_another_command_is_followed_by_a_fence() {
    let mut hand = logged_in(config());
    hand.expires(Reason::IdleKeepalive).says("331 Password?");
    hand.sends(&["NOOP", "PWD"]).says("257 \"/\"").is_in_step();
}

#[test]
fn the_pause_begins_anew_after_each_command_and_transfer() {
    let mut hand = logged_in(config());
    hand.waits(EVERY - 1);
    let ticket = hand.submits("NOOP");
    hand.sends(&["NOOP"])
        .says("200 Yes.")
        .reply(ticket)
        .unwrap();
    hand.waits(EVERY - 1).sends(&[]);

    hand.moves(retrieve());
    hand.lines();
    hand.waits(EVERY - 2)
        .moved(2000)
        .waits(EVERY - 2)
        .sends(&[]);
    hand.ends(End::Clean).says("226 Done.").completed();
    hand.waits(EVERY - 1).sends(&[]).waits(1).sends(&["NOOP"]);
}

#[test]
fn a_command_waits_for_the_reply() {
    let mut hand = logged_in(config());
    hand.expires(Reason::IdleKeepalive).sends(&["NOOP"]);
    let ticket = hand.submits("PWD");
    hand.sends(&[]).says("200 Yes.").sends(&["PWD"]);
    hand.says("257 \"/\"");
    assert_eq!(hand.reply(ticket).unwrap().code().get(), 257);
    hand.is_in_step();
}

#[test]
fn it_takes_no_place_of_a_command() {
    let mut config = config();
    config.limits.in_flight_max = 1;
    let mut hand = logged_in(config);
    hand.expires(Reason::IdleKeepalive);
    hand.submits("PWD");
}

#[test]
fn silence_ends_the_session() {
    let mut hand = logged_in(config());
    hand.expires(Reason::IdleKeepalive).expires(Reason::Reply);
    hand.is(State::Dead(Closed::Timeout(Reason::Reply)));
    assert_eq!(hand.session.deadline(), None);
}

#[test]
fn a_goodbye_in_answer_ends_the_session() {
    let mut hand = logged_in(config());
    hand.expires(Reason::IdleKeepalive).says("421 Too late.");
    hand.is(State::Dead(Closed::Service));
}

#[test]
fn no_pause_is_too_short() {
    let mut config = config();
    config.idle_keepalive = Some(Duration::ZERO);
    let mut hand = logged_in(config);
    hand.sends(&[]).waits(1).sends(&["NOOP"]);
}
