//! The rows of the transfer table, one test each (some split by direction), over whole sessions.
//!
//! The numbers are those of the manual's page on transfers.

use std::net::{IpAddr, Ipv6Addr};
use std::task::Poll;

use ftp_proto::{
    Action, Closed, Compared, Config, Control, DataMode, End, ErrorKind, Event, Failure, Instant,
    Interruption, Leniency, Policy, Reason, Report, Session, State, Transfer, Verb, Verdict,
};

use crate::hand::{Hand, active, code, retrieve, store};
use crate::world::HOST;

fn hand() -> Hand {
    Hand::new(Config::default())
}

#[test]
fn row_1_sent_and_open_waits_for_the_reply() {
    let mut hand = hand();
    hand.starts(retrieve()).undecided().acts(&[]);
    assert_eq!(hand.session.deadline().unwrap().reason, Reason::Reply);
    hand.expires(Reason::Reply)
        .sends(&["ABOR"])
        .acts(&["Discard"]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Timeout(Reason::Reply)
    );
}

#[test]
fn row_2_the_mark_lets_payload_move() {
    let mut hand = hand();
    hand.starts(retrieve()).says("150 Here.").acts(&["Move"]);
    let mut hand = Hand::new(active());
    hand.starts(retrieve()).says("150 Here.").acts(&["Accept"]);
    hand.accepts(HOST).acts(&["Move"]);
}

#[test]
fn row_3_a_refusal_drops_the_data_connection() {
    let mut hand = hand();
    hand.starts(retrieve()).says("550 No.").acts(&["Discard"]);
    let error = hand.verdict().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Refused(reply) if reply.code().get() == 550));
    assert_eq!(error.verdict(), Some(Verdict::Refused));
    hand.is_in_step();
    let mut hand = Hand::new(active());
    hand.starts(store()).says("553 No.").acts(&["Discard"]);
    assert!(matches!(
        hand.verdict().unwrap_err().kind(),
        ErrorKind::Refused(_)
    ));
    hand.is_in_step();
}

#[test]
fn row_4_while_payload_moves_only_its_own_limits_run() {
    let mut hand = hand();
    hand.moves(retrieve());
    assert_eq!(hand.session.deadline().unwrap().reason, Reason::DataIdle);
    for _ in 0..10 {
        hand.waits(59).moved(1024).undecided();
    }
}

#[test]
fn row_5_after_the_data_the_final_reply_is_awaited() {
    let mut hand = hand();
    hand.moves(retrieve()).moved(7).ends(End::Clean).undecided();
    assert_eq!(hand.session.deadline().unwrap().reason, Reason::Completion);
}

#[test]
fn row_6_success_after_the_end_completes() {
    for transfer in [retrieve(), store()] {
        let mut hand = hand();
        hand.moves(transfer)
            .moved(7)
            .ends(End::Clean)
            .says("226 Done.")
            .acts(&[]);
        let completed = hand.completed();
        assert_eq!((completed.bytes, completed.end), (7, End::Clean));
        assert_eq!(completed.mark.unwrap().code().get(), 150);
        assert_eq!(completed.reply.unwrap().code().get(), 226);
        hand.is_in_step();
    }
}

#[test]
fn row_7_success_before_the_end_of_a_download_waits_for_the_end() {
    let mut hand = hand();
    hand.moves(retrieve())
        .moved(3)
        .says("226 Done.")
        .undecided();
    hand.moved(4).ends(End::Clean);
    assert_eq!(hand.completed().bytes, 7);
    hand.is_in_step();
}

#[test]
fn row_8_success_before_the_end_of_an_upload_waits_a_little() {
    let mut hand = hand();
    hand.moves(store()).moved(7).says("226 Done.").undecided();
    assert_eq!(hand.session.deadline().unwrap().reason, Reason::Drain);
    hand.ends(End::Clean);
    assert_eq!(hand.completed().bytes, 7);
    hand.is_in_step();
    hand.moves(store())
        .moved(3)
        .says("226 Done.")
        .expires(Reason::Drain)
        .acts(&["Discard"]);
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::NotTaken);
    assert_eq!(code(&interrupted), Some(226));
    hand.is_in_step();
}

#[test]
fn row_9_failure_in_a_download_leaves_time_for_what_is_on_its_way() {
    let mut hand = hand();
    hand.moves(retrieve())
        .moved(3)
        .says("451 Sorry.")
        .undecided()
        .acts(&[]);
    hand.moved(2).expires(Reason::Drain).acts(&["Discard"]);
    let interrupted = hand.interrupted();
    assert_eq!(
        (interrupted.bytes, interrupted.cause),
        (5, Interruption::Reply)
    );
    assert_eq!(code(&interrupted), Some(451));
    hand.is_in_step();
}

#[test]
fn row_9_failure_in_an_upload_stops_it_at_once() {
    let mut hand = hand();
    hand.moves(store())
        .moved(3)
        .says("552 Full.")
        .acts(&["Discard"]);
    let interrupted = hand.interrupted();
    assert_eq!(
        (interrupted.bytes, interrupted.cause),
        (3, Interruption::Reply)
    );
    assert_eq!(code(&interrupted), Some(552));
    hand.is_in_step();
}

#[test]
fn row_10_failure_after_the_end() {
    for transfer in [retrieve(), store()] {
        let mut hand = hand();
        hand.moves(transfer)
            .moved(7)
            .ends(End::Clean)
            .says("426 Broken.")
            .acts(&[]);
        let interrupted = hand.interrupted();
        assert_eq!(
            (interrupted.bytes, interrupted.cause),
            (7, Interruption::Reply)
        );
        assert_eq!(code(&interrupted), Some(426));
        hand.is_in_step();
    }
}

#[test]
fn row_11_broken_data_still_needs_the_final_reply() {
    for (transfer, final_code) in [(retrieve(), 426), (store(), 425), (retrieve(), 226)] {
        let mut hand = hand();
        hand.moves(transfer)
            .moved(3)
            .breaks(Failure::Reset)
            .undecided()
            .acts(&[]);
        hand.says(&format!("{final_code} Well."));
        let interrupted = hand.interrupted();
        assert_eq!(code(&interrupted), Some(final_code));
        assert_eq!(interrupted.cause, Interruption::Data(Failure::Reset));
        hand.is_in_step();
    }
    // Before the mark as well; and when no reply comes, the abort procedure gets it.
    let mut hand = hand();
    hand.starts(retrieve()).breaks(Failure::Reset).undecided();
    hand.says("425 No connection.");
    assert!(matches!(
        hand.verdict().unwrap_err().kind(),
        ErrorKind::Refused(_)
    ));
    hand.is_in_step();
    hand.moves(retrieve())
        .breaks(Failure::Reset)
        .expires(Reason::Completion)
        .sends(&["ABOR"]);
    assert_eq!(hand.interrupted().cause, Interruption::Data(Failure::Reset));
}

#[test]
fn row_12_success_does_not_mend_broken_data() {
    let mut hand = hand();
    hand.moves(retrieve())
        .moved(3)
        .says("226 Done.")
        .breaks(Failure::Reset)
        .acts(&[]);
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::Data(Failure::Reset));
    assert_eq!(code(&interrupted), Some(226));
    hand.is_in_step();
}

#[test]
fn row_13_a_download_moves_without_a_mark() {
    let mut hand = hand();
    hand.starts(retrieve()).says("226 Done.").acts(&["Move"]);
    hand.moved(7)
        .ends(End::Clean)
        .undecided()
        .expires(Reason::Drain);
    assert_eq!(hand.completed().bytes, 7);
    assert!(hand.session.leniencies_used().contains(Leniency::NoMark));
    assert!(
        !hand
            .session
            .leniencies_used()
            .contains(Leniency::EarlyCompletion)
    );
    hand.is_in_step();
}

#[test]
fn row_13_a_mark_behind_the_success_makes_that_a_stray_one() {
    let mut hand = hand();
    hand.starts(retrieve())
        .says("200 Well.")
        .acts(&["Move"])
        .says("150 Here.")
        .acts(&[]);
    hand.moved(7).ends(End::Clean).undecided().says("226 Done.");
    assert_eq!(hand.completed().reply.unwrap().code().get(), 226);
    assert!(
        hand.session
            .leniencies_used()
            .contains(Leniency::EarlyCompletion)
    );
    assert!(!hand.session.leniencies_used().contains(Leniency::NoMark));
    hand.is_in_step();
}

#[test]
fn row_14_success_without_a_mark_fails_an_upload() {
    let mut hand = hand();
    hand.starts(store()).says("226 Done.").undecided().acts(&[]);
    hand.expires(Reason::Drain)
        .acts(&["Discard"])
        .sends(&["NOOP"]);
    assert_eq!(hand.interrupted().cause, Interruption::NoGoAhead);
    hand.is(State::Settling { replies: 2 })
        .says("200 Fence.")
        .is_in_step();
}

#[test]
fn row_15_an_end_without_close_notify() {
    let mut hand = hand();
    hand.moves(retrieve().expecting(7))
        .moved(7)
        .ends(End::Truncated)
        .says("226 Done.");
    assert_eq!(hand.interrupted().cause, Interruption::Truncated);
    hand.is_in_step();
    let mut config = Config::default();
    config.lenient = config.lenient.with(Leniency::NoCloseNotify);
    let mut hand = Hand::new(config);
    hand.moves(retrieve().expecting(7))
        .moved(7)
        .ends(End::Truncated)
        .says("226 Done.");
    assert_eq!(hand.completed().compared, Compared::Size(7));
    assert!(
        hand.session
            .leniencies_used()
            .contains(Leniency::NoCloseNotify)
    );
    // Without a length there is nothing that could confirm it.
    hand.moves(retrieve())
        .moved(7)
        .ends(End::Truncated)
        .says("226 Done.");
    assert_eq!(hand.interrupted().cause, Interruption::Truncated);
}

#[test]
fn row_16_a_download_goes_on_without_the_control_connection() {
    let mut hand = hand();
    hand.moves(retrieve().expecting(7))
        .moved(3)
        .says("421 Bye.")
        .undecided()
        .acts(&["Close"]);
    hand.is(State::Dead(Closed::Service))
        .moved(4)
        .ends(End::Clean);
    let error = hand.verdict().unwrap_err();
    assert!(error.is_fatal());
    assert_eq!(error.verdict(), Some(Verdict::Unconfirmed));
    let interrupted = error.interrupted().unwrap();
    assert_eq!(interrupted.cause, Interruption::ControlLost);
    assert!(interrupted.is_complete_by_size());
    assert_eq!(code(interrupted), Some(421));
}

#[test]
fn row_16_everything_else_ends_with_the_control_connection() {
    let mut hand = hand();
    hand.moves(store()).moved(3);
    hand.session.receive_eof();
    hand.run();
    hand.acts(&["Discard", "Close"])
        .is(State::Dead(Closed::Eof));
    assert_eq!(hand.interrupted().cause, Interruption::ControlLost);
    let mut hand = self::hand();
    hand.starts(retrieve());
    hand.session.receive_eof();
    hand.run();
    hand.acts(&["Discard", "Close"])
        .is(State::Dead(Closed::Eof));
    assert_eq!(hand.interrupted().cause, Interruption::ControlLost);
}

#[test]
fn row_17_nobody_calls_back() {
    let mut hand = Hand::new(active());
    hand.starts(retrieve())
        .says("150 Calling.")
        .acts(&["Accept"]);
    hand.expires(Reason::DataOpen)
        .sends(&["ABOR"])
        .acts(&["Discard"]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Timeout(Reason::DataOpen)
    );
    hand.says("425 No.\n226 Aborted.").is_in_step();
}

#[test]
fn row_18_the_final_reply_never_comes() {
    let mut hand = hand();
    hand.moves(retrieve().expecting(7))
        .moved(7)
        .ends(End::Clean);
    hand.expires(Reason::Completion).acts(&["Close"]).sends(&[]);
    hand.is(State::Dead(Closed::Timeout(Reason::Completion)));
    let error = hand.verdict().unwrap_err();
    assert!(error.is_fatal());
    assert_eq!(error.verdict(), Some(Verdict::Unconfirmed));
    assert!(error.interrupted().unwrap().is_complete_by_size());
}

#[test]
fn row_19_further_marks_begin_the_wait_anew_up_to_sixteen() {
    let mut hand = hand();
    hand.starts(retrieve());
    for number in 0..15 {
        hand.waits(20).moved(1024);
        hand.says(&format!("150 {number}")).undecided();
    }
    hand.ends(End::Clean).says("125 The last.\n226 Done.");
    assert_eq!(hand.completed().mark.unwrap().text(), b"The last.");
    hand.starts(retrieve());
    for _ in 0..17 {
        hand.says("150 Again.");
    }
    hand.is_dead();
}

#[test]
fn row_20_a_range_is_cut_off_and_aborted() {
    let mut hand = hand();
    hand.moves(retrieve().limited_to(4))
        .moved(4)
        .ends(End::Limit)
        .sends(&["ABOR"]);
    let completed = hand.completed();
    assert_eq!((completed.bytes, completed.end), (4, End::Limit));
    assert!(completed.reply.is_none());
    hand.is(State::Settling { replies: 2 });
    hand.says("426 Cut.\n226 Aborted.").is_in_step();
}

#[test]
fn row_21_mark_and_success_in_one_piece() {
    let mut hand = Hand::new(active());
    hand.starts(retrieve())
        .says("150 Here.\n226 Done.")
        .acts(&["Accept"]);
    hand.accepts(HOST).acts(&["Move"]).moved(7).ends(End::Clean);
    assert_eq!(hand.completed().bytes, 7);
    hand.is_in_step();
    hand.starts(retrieve()).says("150 Here.\n226 Done.");
    hand.expires(Reason::DataOpen).acts(&["Accept", "Discard"]);
    assert_eq!(hand.interrupted().cause, Interruption::NoData);
    hand.is_in_step();
}

#[test]
fn row_22_mark_and_success_before_an_upload_began() {
    let mut hand = Hand::new(active());
    hand.starts(store())
        .says("150 Here.\n226 Done.")
        .acts(&["Discard"]);
    assert_eq!(hand.interrupted().cause, Interruption::NoGoAhead);
    hand.is_in_step();
}

#[test]
fn row_23_mark_and_failure_before_payload_moved() {
    for transfer in [retrieve(), store()] {
        let mut hand = Hand::new(active());
        hand.starts(transfer)
            .says("150 Here.\n425 No.")
            .acts(&["Discard"]);
        let interrupted = hand.interrupted();
        assert_eq!(
            (interrupted.bytes, interrupted.cause),
            (0, Interruption::Reply)
        );
        assert_eq!(code(&interrupted), Some(425));
        hand.is_in_step();
    }
}

#[test]
fn row_24_success_and_nobody_has_called() {
    let mut hand = Hand::new(active());
    hand.starts(retrieve()).says("226 Done.").acts(&["Accept"]);
    hand.accepts(HOST)
        .acts(&["Move"])
        .ends(End::Clean)
        .expires(Reason::Drain);
    assert_eq!(hand.completed().bytes, 0);
    hand.is_in_step();
    hand.starts(retrieve()).says("226 Done.").acts(&["Accept"]);
    hand.expires(Reason::Drain)
        .acts(&["Discard"])
        .sends(&["NOOP"]);
    assert_eq!(hand.interrupted().cause, Interruption::NoData);
    hand.says("200 Fence.").is_in_step();
}

#[test]
fn row_25_payload_that_stands_still_is_aborted() {
    for transfer in [retrieve(), store()] {
        let mut hand = hand();
        hand.moves(transfer).moved(3).expires(Reason::DataIdle);
        hand.sends(&["ABOR"]).acts(&["Discard"]);
        let interrupted = hand.interrupted();
        assert_eq!(interrupted.cause, Interruption::Timeout(Reason::DataIdle));
        assert_eq!(interrupted.bytes, 3);
        hand.says("426 Cut.\n226 Aborted.").is_in_step();
    }
}

#[test]
fn row_26_success_and_the_data_never_ends() {
    let mut hand = hand();
    hand.moves(retrieve().expecting(7))
        .moved(7)
        .says("226 Done.");
    hand.expires(Reason::DataIdle).acts(&["Discard"]).sends(&[]);
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::NoEof);
    assert!(interrupted.is_complete_by_size());
    hand.is_in_step();
}

#[test]
fn row_27_a_handshake_that_fails_or_stalls_breaks_the_data_alone() {
    for stalls in [false, true] {
        let mut hand = Hand::protected(Config::default());
        hand.starts(retrieve()).says("150 Here.").acts(&["Secure"]);
        if stalls {
            hand.expires(Reason::Securing).acts(&["Discard"]);
        } else {
            hand.breaks(Failure::Tls).acts(&[]);
        }
        hand.undecided().says("425 No.");
        let interrupted = hand.interrupted();
        assert_eq!(code(&interrupted), Some(425));
        hand.is_in_step();
    }
}

#[test]
fn the_end_of_tls_is_waited_for_and_then_not() {
    let mut hand = Hand::protected(Config::default());
    hand.starts(store()).says("150 Here.").acts(&["Secure"]);
    let data = hand.data();
    let link = ftp_proto::Link::Data(data);
    hand.reports(Report::Secured { link }).acts(&["Move"]);
    hand.moved(7)
        .reports(Report::Closing { data })
        .says("226 Done.")
        .undecided();
    hand.expires(Reason::TlsClose)
        .acts(&["Finish"])
        .undecided()
        .ends(End::Clean);
    assert_eq!(hand.completed().bytes, 7);
    hand.is_in_step();
}

#[test]
fn a_stranger_is_turned_away_and_the_deadline_stays() {
    let mut hand = Hand::new(active());
    hand.starts(retrieve())
        .says("150 Calling.")
        .acts(&["Accept"]);
    let deadline = hand.session.deadline();
    hand.waits(10)
        .accepts([10, 0, 0, 9].into())
        .acts(&["Accept"]);
    assert_eq!(hand.session.deadline(), deadline);
    assert_eq!(hand.events(), [Event::Stranger([10, 0, 0, 9].into())]);
    hand.accepts(HOST).acts(&["Move"]);
}

#[test]
fn what_is_asked_about_a_connection_that_failed_is_taken_back() {
    let mut hand = hand();
    hand.starts(retrieve());
    let data = hand.data();
    hand.session.receive(b"150 Here.\r\n");
    hand.session.report(Report::Failed {
        link: ftp_proto::Link::Data(data),
        failure: Failure::Reset,
    });
    assert_eq!(hand.session.poll_action(hand.now), None::<Action>);
}

/// EPRT was refused: the next transfer begins with PORT.
#[test]
fn the_rung_of_active_mode_is_remembered() {
    let mut config = Config::default();
    config.data_mode = DataMode::AnyActive;
    let mut hand = Hand::new(config);
    hand.begins(retrieve());
    hand.listens().says("200 Image.").says("500 What?");
    hand.says("200 Port.")
        .says("150 Here.")
        .accepts(HOST)
        .ends(End::Clean);
    hand.says("226 Done.").sends(&[
        "TYPE I",
        "EPRT |1|127.0.0.1|3001|",
        "PORT 127,0,0,1,11,185",
        "RETR f",
    ]);
    hand.begins(retrieve());
    hand.listens().sends(&["PORT 127,0,0,1,11,185"]);
}

/// PASV and PORT have no room for an IPv6 address: nothing is sent.
#[test]
fn ipv4_modes_need_ipv4() {
    let host = IpAddr::V6(Ipv6Addr::LOCALHOST);
    for mode in [DataMode::Passive, DataMode::Active] {
        let mut config = Config::default();
        config.data_mode = mode;
        let mut session = Session::new(config, Control::new(host, host));
        session.receive(b"220 Hello.\r\n");
        let id = session.begin(retrieve()).unwrap();
        assert_eq!(session.transmit(), b"");
        assert_eq!(session.poll_action(Instant::EPOCH), None);
        let Poll::Ready(Err(error)) = session.poll_transfer(id) else {
            panic!("it begins");
        };
        assert_eq!(error.kind(), &ErrorKind::Policy(Policy::NeedsIpv4));
        assert_eq!(error.verb(), Some(Verb::Retr));
    }
}

/// More came than there can be, behind a 226 that came early: that is no success.
#[test]
fn more_than_expected_behind_an_early_226() {
    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve().expecting(5)).moved(5);
    hand.says("226 Done.").ends(End::Limit);
    assert_eq!(hand.interrupted().cause, Interruption::Length);
    // A limit of the caller's own is kept, and a success.
    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve().limited_to(5)).moved(5);
    hand.says("226 Done.").ends(End::Limit);
    assert_eq!(hand.completed().bytes, 5);
}

/// The number of a 150 counts for a whole file in image type, and for nothing else.
#[test]
fn what_the_150_announces() {
    let listing = || Transfer::machine_list(None);
    for (transfer, fails) in [
        (retrieve(), true),
        (retrieve().resume_at(4), false),
        (retrieve().ascii(), false),
        (listing(), false),
    ] {
        let mut hand = Hand::new(Config::default());
        hand.starts(transfer).says("150 Opening (10 bytes).");
        let mark = hand.session.current_mark();
        assert_eq!(mark.map(|mark| mark.code().get()), Some(150));
        hand.moved(6).ends(End::Clean).says("226 Done.");
        match hand.verdict() {
            Ok(completed) => assert!(!fails && completed.compared == Compared::Nothing),
            Err(error) => {
                let cause = error.interrupted().map(|interrupted| interrupted.cause);
                assert!(fails && cause == Some(Interruption::Length), "{error}");
            }
        }
    }
}

/// 421 refuses a transfer that nothing was said of; otherwise it ends what was under way.
#[test]
fn a_421_to_a_transfer() {
    let mut hand = Hand::new(Config::default());
    hand.starts(retrieve()).says("421 Bye.");
    let error = hand.verdict().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Refused(reply) if reply.code().get() == 421));
    assert!(error.is_fatal());

    let mut hand = Hand::new(Config::default());
    hand.moves(store()).says("421 Bye.");
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::ControlLost);
    assert_eq!(code(&interrupted), Some(421));

    // A success without a mark, and 421 behind it.
    let mut hand = Hand::new(Config::default());
    hand.starts(retrieve()).says("226 Done.");
    hand.moved(5).says("421 Bye.").undecided().ends(End::Clean);
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::ControlLost);
    assert_eq!(interrupted.bytes, 5);
}

#[test]
fn the_format_of_a_listing_that_its_command_tells() {
    use ftp_proto::listing::Format;
    use ftp_proto::operation::Rung;
    assert_eq!(Rung::MachineList.format(), Some(Format::Facts));
    for other in [Rung::ListAll, Rung::List, Rung::Status] {
        assert_eq!(other.format(), None);
    }
}
