//! Every wait ends: by what is waited for, or by its deadline.

use std::time::Duration;

use ftp_proto::{
    Action, Closed, Config, Control, Deadline, End, ErrorKind, Interruption, Link, Reason, Report,
    Session, State, Timeouts, Transfer,
};

use crate::hand::{Hand, active, code, retrieve, store};
use crate::world::HOST;

fn hand() -> Hand {
    Hand::new(Config::default())
}

#[track_caller]
fn due(hand: &Hand, reason: Reason, seconds: u64) {
    let at = hand.now.saturating_add(Duration::from_secs(seconds));
    assert_eq!(hand.session.deadline(), Some(Deadline { at, reason }));
}

#[test]
fn each_phase_has_its_own() {
    let mut hand = Hand::before_greeting(Config::default());
    due(&hand, Reason::Greeting, 30);
    hand.says("220 Hello.");
    assert_eq!(hand.session.deadline(), None);
    hand.begins(retrieve());
    due(&hand, Reason::Reply, 30);
    hand.says("200 Type.");
    due(&hand, Reason::Reply, 30);
    hand.says("229 Port (|||4711|)");
    due(&hand, Reason::DataOpen, 30);
    hand.connects();
    due(&hand, Reason::Reply, 30);
    hand.says("150 Here.");
    due(&hand, Reason::DataIdle, 60);
    hand.ends(End::Clean);
    due(&hand, Reason::Completion, 120);
    hand.says("226 Done.");
    assert_eq!(hand.session.deadline(), None);
}

#[test]
fn listening_and_accepting() {
    let mut hand = Hand::new(active());
    hand.begins(retrieve());
    due(&hand, Reason::DataOpen, 30);
    hand.listens();
    due(&hand, Reason::Reply, 30);
    hand.says("200 Type.").says("200 Port.");
    due(&hand, Reason::Reply, 30);
    hand.says("150 Calling.");
    due(&hand, Reason::DataOpen, 30);
}

#[test]
fn a_wait_begins_when_its_command_is_out() {
    let mut hand = hand();
    let ticket = hand
        .session
        .submit(ftp_proto::Command::raw("SIZE f").unwrap())
        .unwrap();
    assert_eq!(hand.session.poll_action(hand.now), None);
    due(&hand, Reason::Reply, 30);
    // Even a command that cannot be written does not wait for ever; but one that is written late
    // has its full time.
    hand.now = hand.now.saturating_add(Duration::from_secs(20));
    hand.run();
    due(&hand, Reason::Reply, 30);
    hand.expires(Reason::Reply)
        .is(State::Dead(Closed::Timeout(Reason::Reply)));
    assert!(matches!(
        hand.reply(ticket).unwrap_err().kind(),
        ErrorKind::Timeout(Reason::Reply)
    ));
}

#[test]
fn one_byte_per_second_of_a_reply() {
    let mut hand = Hand::before_greeting(Config::default());
    hand.receives(b"220-");
    for _ in 0..29 {
        hand.waits(1).receives(b"x");
    }
    hand.waits(1)
        .is(State::Dead(Closed::Timeout(Reason::Greeting)));
    let mut hand = self::hand();
    hand.submits("SIZE f");
    hand.receives(b"213-");
    for _ in 0..29 {
        hand.waits(1).receives(b"x\r\n");
    }
    hand.waits(1)
        .is(State::Dead(Closed::Timeout(Reason::Reply)));
}

#[test]
fn one_byte_per_second_of_payload() {
    let mut hand = hand();
    hand.moves(retrieve());
    for _ in 0..59 {
        hand.waits(1).moved(1).undecided();
    }
    hand.waits(1).sends(&["ABOR"]);
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::Timeout(Reason::DataIdle));
    assert_eq!(interrupted.bytes, 59);
}

/// A driver that hands every byte to an application, and waits for it, holds between any two.
#[test]
fn one_byte_per_second_with_an_application_in_between() {
    let mut hand = hand();
    hand.moves(retrieve());
    let data = hand.data();
    for _ in 0..59 {
        hand.reports(Report::Held { data, held: false })
            .waits(1)
            .moved(1);
        hand.reports(Report::Held { data, held: true })
            .waits(1000)
            .undecided();
    }
    hand.reports(Report::Held { data, held: false })
        .waits(1)
        .sends(&["ABOR"]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Timeout(Reason::DataIdle)
    );
}

#[test]
fn while_the_application_holds_nothing_is_idle() {
    let mut hand = hand();
    hand.moves(store());
    let data = hand.data();
    hand.waits(50).reports(Report::Held { data, held: true });
    assert_eq!(hand.session.deadline(), None);
    hand.waits(100_000)
        .undecided()
        .reports(Report::Held { data, held: false });
    due(&hand, Reason::DataIdle, 10);
    // Progress gives the full time again, held or not.
    hand.moved(1024);
    due(&hand, Reason::DataIdle, 60);
    hand.reports(Report::Held { data, held: true }).moved(1024);
    assert_eq!(hand.session.deadline(), None);
    hand.reports(Report::Held { data, held: false });
    due(&hand, Reason::DataIdle, 60);
}

#[test]
fn too_little_is_no_progress() {
    let mut hand = hand();
    hand.moves(retrieve()).waits(30).moved(1023);
    due(&hand, Reason::DataIdle, 30);
    hand.moved(1);
    due(&hand, Reason::DataIdle, 60);
    hand.waits(30).moved(1023);
    due(&hand, Reason::DataIdle, 30);
}

#[test]
fn the_payload_as_a_whole_can_be_limited() {
    let mut config = Config::default();
    config.timeouts.data_total = Some(Duration::from_secs(100));
    let mut hand = Hand::new(config);
    hand.moves(retrieve());
    let data = hand.data();
    hand.waits(50)
        .moved(1024)
        .reports(Report::Held { data, held: true });
    due(&hand, Reason::DataTotal, 50);
    hand.expires(Reason::DataTotal).sends(&["ABOR"]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Timeout(Reason::DataTotal)
    );
}

#[test]
fn the_whole_transfer_can_be_limited_wherever_it_stands() {
    let mut config = Config::default();
    config.timeouts = Timeouts::all(Duration::from_secs(1000));
    config.timeouts.operation = Some(Duration::from_secs(100));
    let over = |hand: &mut Hand, lines: &[&str]| {
        hand.sends(&[]);
        hand.expires(Reason::Operation).sends(lines);
        let cause = hand.interrupted().cause;
        assert_eq!(cause, Interruption::Timeout(Reason::Operation));
    };
    let start = || Hand::new(config);
    // Asking for a port: nothing is asked of the driver, and still it is told.
    let mut hand = start();
    hand.begins(retrieve());
    hand.sends(&["TYPE I"]);
    over(&mut hand, &[]);
    hand.acts(&["Poll"]).is(State::Settling { replies: 1 });
    hand.says("200 Type.").is_in_step();
    let mut hand = start();
    hand.begins(retrieve());
    hand.says("200 Type.")
        .says("229 Port (|||4711|)")
        .sends(&["TYPE I", "EPSV"]);
    over(&mut hand, &[]);
    hand.acts(&["Connect", "Discard"]).is_in_step();
    let mut hand = start();
    hand.starts(retrieve());
    over(&mut hand, &["ABOR"]);
    let mut hand = start();
    hand.moves(store());
    over(&mut hand, &["ABOR"]);
    let mut hand = start();
    hand.moves(retrieve()).ends(End::Clean);
    over(&mut hand, &["ABOR"]);
    let mut hand = start();
    hand.moves(retrieve()).says("226 Done.");
    over(&mut hand, &[]);
    hand.is_in_step();
}

#[test]
fn securing_the_control_connection() {
    let mut hand = hand();
    hand.submits("AUTH TLS");
    hand.says("234 Go on.").acts(&["Secure"]);
    due(&hand, Reason::Securing, 30);
    hand.expires(Reason::Securing)
        .is(State::Dead(Closed::Timeout(Reason::Securing)));
}

#[test]
fn time_that_goes_backwards_stands_still() {
    let mut hand = hand();
    hand.waits(1000);
    let later = hand.now;
    hand.now = ftp_proto::Instant::EPOCH;
    hand.submits("SIZE f");
    hand.now = later;
    due(&hand, Reason::Reply, 30);
}

/// Whatever stage a transfer is in: a driver that does nothing but tick comes to an end, and soon.
#[test]
fn a_driver_that_only_ticks_comes_to_an_end() {
    type Start = fn(&mut Hand);
    let stages: [Start; 10] = [
        |hand| {
            hand.submits("SIZE f");
        },
        |hand| {
            hand.begins(retrieve());
        },
        |hand| {
            hand.starts(retrieve());
        },
        |hand| {
            hand.starts(store().resume_at(4));
        },
        |hand| {
            hand.moves(retrieve());
        },
        |hand| {
            hand.moves(store());
        },
        |hand| {
            hand.moves(store()).says("226 Done.");
        },
        |hand| {
            hand.moves(retrieve()).ends(End::Clean);
        },
        |hand| {
            hand.starts(retrieve()).says("226 Done.");
        },
        |hand| {
            hand.submits("AUTH TLS");
            hand.says("234 Go on.");
        },
    ];
    for start in stages {
        let mut hand = hand();
        start(&mut hand);
        ticks_to_the_end(&mut hand.session, hand.now);
    }
    let mut session = Session::new(Config::default(), Control::new(HOST, HOST));
    ticks_to_the_end(&mut session, ftp_proto::Instant::EPOCH);
}

fn ticks_to_the_end(session: &mut Session, from: ftp_proto::Instant) {
    let mut now = from;
    for _ in 0..20 {
        while session.poll_action(now).is_some() {}
        match session.deadline() {
            Some(deadline) => now = deadline.at,
            None => break,
        }
    }
    let state = session.state();
    assert!(matches!(state, State::Usable | State::Dead(_)), "{state:?}");
    assert!(now.saturating_since(from) < Duration::from_secs(300));
}

/// A timer that brings a verdict always gives the driver something to do, so that the verdict is
/// asked for.
#[test]
fn a_verdict_by_a_timer_comes_with_an_action_or_with_bytes() {
    let mut hand = hand();
    hand.starts(retrieve())
        .says("226 Done.")
        .moved(7)
        .ends(End::Clean)
        .acts(&["Move"]);
    let at = hand.session.deadline().unwrap().at;
    assert_eq!(hand.session.poll_action(at), Some(Action::Poll));
    assert_eq!(hand.completed().bytes, 7);
}

#[test]
fn limits_of_zero_and_of_the_longest_duration() {
    let mut config = Config::default();
    config.timeouts = Timeouts::all(Duration::ZERO);
    let hand = Hand::before_greeting(config);
    assert_eq!(
        hand.session.state(),
        State::Dead(Closed::Timeout(Reason::Greeting))
    );
    config.timeouts = Timeouts::all(Duration::MAX);
    config.keepalive = Some(Duration::ZERO);
    let mut hand = Hand::new(config);
    hand.moves(Transfer::retrieve(crate::hand::name("g")))
        .ends(End::Clean)
        .undecided();
}

#[test]
fn a_control_connection_that_fails() {
    let mut hand = hand();
    hand.begins(retrieve());
    hand.reports(Report::Failed {
        link: Link::Control,
        failure: ftp_proto::Failure::Reset,
    });
    hand.is(State::Dead(Closed::Lost(ftp_proto::Failure::Reset)));
    assert!(hand.verdict().unwrap_err().is_fatal());
}

/// A download whose server has said 421 and nothing more.
fn bid_farewell() -> Hand {
    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve()).moved(5);
    hand.says("421 Bye.").undecided().is_dead();
    hand
}

#[test]
fn a_farewell_ends_a_silent_download_soon() {
    let mut hand = bid_farewell();
    let begun = hand.now;
    hand.expires(Reason::Drain);
    assert_eq!(hand.now.saturating_since(begun), Duration::from_secs(1));
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::ControlLost);
    assert_eq!((interrupted.bytes, code(&interrupted)), (5, Some(421)));
}

/// As long as payload comes, it is waited for; and its end is awaited like any.
#[test]
fn a_farewell_lets_payload_come() {
    let mut hand = bid_farewell();
    for _ in 0..100 {
        hand.moved(2000);
        hand.now = hand.now.saturating_add(Duration::from_millis(900));
        hand.run();
        hand.undecided();
    }
    hand.ends(End::Clean);
    assert_eq!(hand.interrupted().bytes, 200_005);
}

/// An application that takes its time is no silent server.
#[test]
fn a_farewell_rests_while_the_application_has_the_word() {
    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve());
    let data = hand.data();
    hand.reports(Report::Held { data, held: true });
    hand.says("421 Bye.").waits(1000).undecided();
    hand.reports(Report::Held { data, held: false });
    hand.expires(Reason::Drain);
    assert_eq!(hand.interrupted().cause, Interruption::ControlLost);
}

/// A control connection that is lost without a word says nothing of the payload.
#[test]
fn the_end_of_the_control_connection_is_no_farewell() {
    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve());
    hand.session.receive_eof();
    hand.run();
    hand.moved(5).undecided().expires(Reason::DataIdle);
    assert_eq!(hand.interrupted().cause, Interruption::ControlLost);
}

/// A failure is no farewell: neither payload nor an application that takes its time puts its limit
/// off.
#[test]
fn what_follows_a_failure_has_its_own_limit() {
    let mut hand = hand();
    hand.moves(retrieve()).says("451 Sorry.");
    let data = hand.data();
    due(&hand, Reason::Drain, 5);
    hand.moved(5000);
    due(&hand, Reason::Drain, 5);
    hand.reports(Report::Held { data, held: true });
    due(&hand, Reason::Drain, 5);
    hand.expires(Reason::Drain);
    assert_eq!(hand.interrupted().cause, Interruption::Reply);
}

/// What settles a transfer has limits of its own, also where a reply has a shorter one.
#[test]
fn the_limit_of_a_reply_does_not_apply_to_a_settlement() {
    let mut config = Config::default();
    config.timeouts.reply = Duration::from_secs(1);
    let mut aborted = Hand::new(config);
    aborted.moves(retrieve());
    let id = aborted.session.current_transfer().unwrap();
    aborted.session.abort(id);
    aborted.run();
    due(&aborted, Reason::AbortGrace, 2);
    // The transfer has answered, and ABOR not.
    aborted.says("426 Aborted.");
    due(&aborted, Reason::AbortGrace, 2);
    aborted.expires(Reason::AbortGrace);
    due(&aborted, Reason::Fence, 5);
    aborted.says("225 Aborted.");
    due(&aborted, Reason::Fence, 5);

    config.keepalive = Some(Duration::from_secs(30));
    let mut kept = Hand::new(config);
    kept.moves(retrieve()).expires(Reason::Keepalive);
    kept.ends(End::Clean).says("226 Done.");
    due(&kept, Reason::AbortGrace, 2);
}

/// A mark begins the wait for a command's final reply anew.
#[test]
fn a_mark_begins_the_wait_for_a_reply_anew() {
    let mut hand = hand();
    hand.submits("SITE SLOW");
    hand.waits(20).says("150 Wait.");
    due(&hand, Reason::Reply, 30);
}

/// The limits of payload end with it, and rest while it moves whatever else is waited for.
#[test]
fn the_limits_of_payload_are_payloads() {
    let mut config = Config::default();
    config.timeouts.data_idle = Duration::from_secs(3);
    let mut hand = Hand::new(config);
    hand.moves(retrieve()).says("451 Sorry.");
    due(&hand, Reason::DataIdle, 3);
    let mut hand = Hand::new(config);
    hand.moves(retrieve()).ends(End::Clean);
    due(&hand, Reason::Completion, 120);
}

/// A driver that does not close when it is told to: what was sent was sent, and the final reply
/// decides.
#[test]
fn an_end_of_tls_that_is_not_waited_for() {
    let mut hand = hand();
    hand.moves(store()).moved(5);
    let data = hand.data();
    hand.reports(Report::Closing { data });
    hand.expires(Reason::TlsClose).acts(&["Finish"]);
    hand.expires(Reason::TlsClose).acts(&["Discard"]);
    hand.undecided().says("226 Done.");
    assert_eq!(hand.completed().bytes, 5);
}

/// Another limit that runs out meanwhile is what it is.
#[test]
fn the_limit_of_the_whole_while_the_end_of_tls_is_awaited() {
    let mut config = Config::default();
    config.timeouts.operation = Some(Duration::from_secs(3));
    let mut hand = Hand::new(config);
    hand.moves(store()).moved(5);
    let data = hand.data();
    hand.reports(Report::Closing { data });
    hand.expires(Reason::TlsClose).expires(Reason::Operation);
    let cause = hand.interrupted().cause;
    assert_eq!(cause, Interruption::Timeout(Reason::Operation));
}

/// With no time between two keepalives, each call sends one at the most.
#[test]
fn a_keepalive_of_no_time_sends_no_row_of_noops() {
    let mut config = Config::default();
    config.keepalive = Some(Duration::ZERO);
    let mut hand = Hand::new(config);
    hand.starts(retrieve());
    hand.lines();
    hand.says("150 Here it comes.").sends(&[]);
    hand.waits(5).sends(&["NOOP"]);
}

/// The whole transfer is there, and only what changes nothing is waited for.
#[test]
fn the_limit_of_the_whole_transfer_spares_a_complete_file() {
    let mut config = Config::default();
    config.timeouts.operation = Some(Duration::from_secs(1));
    let mut hand = Hand::new(config);
    hand.moves(store()).moved(5);
    let data = hand.data();
    hand.reports(Report::Closing { data }).says("226 Done.");
    hand.undecided().expires(Reason::Operation);
    assert_eq!(hand.completed().bytes, 5);
    hand.is_in_step();

    let mut hand = Hand::new(config);
    hand.starts(retrieve()).says("226 Done.").moved(5);
    hand.ends(End::Clean).undecided().expires(Reason::Operation);
    assert_eq!(hand.completed().bytes, 5);
}
