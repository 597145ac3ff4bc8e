//! Faults of the field, one test each: the error that names them, and what the session is good for afterwards.
//!
//! Those that can come at any step of a session stand in `steps`, those of replies that are too many in `owed`.
//! Faults of sockets and names (refused, unreachable, several addresses, short writes) are the drivers' to test; those of
//! listings and file names are the codecs'.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::Poll;

use ftp_proto::operation::{AskFeatures, Greet, Login, Secure};
use ftp_proto::{
    Action, Class, Closed, Compared, Config, Control, DataMode, Direction, End, Error, ErrorKind,
    Event, Failure, Instant, Interruption, Leniency, Link, Misuse, Operation, Policy, Reason,
    Report, Session, State, Target, Ticket, TlsPolicy, Verdict, Violation,
};

use crate::hand::{Hand, active, code, name, retrieve, store};
use crate::world::HOST;

fn hand() -> Hand {
    Hand::new(Config::default())
}

fn before_greeting() -> Hand {
    Hand::before_greeting(Config::default())
}

#[track_caller]
fn greeting_error(hand: &mut Hand) -> Error {
    match Greet.poll(&mut hand.session) {
        Poll::Ready(Err(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn reset() -> Report {
    Report::Failed {
        link: Link::Control,
        failure: Failure::Reset,
    }
}

// -- the greeting and replies as such ---------------------------------------------------------------------------------

#[test]
fn reset_before_or_in_the_greeting() {
    for beginning in ["", "220-We"] {
        let mut hand = before_greeting();
        hand.receives(beginning.as_bytes()).reports(reset());
        let error = greeting_error(&mut hand);
        assert!(error.is_fatal());
        assert_eq!(error.verb(), ftp_proto::Verb::Greeting);
        hand.acts(&["Close"])
            .is(State::Dead(Closed::Lost(Failure::Reset)));
    }
}

#[test]
fn stall_before_the_greeting() {
    let mut hand = before_greeting();
    hand.expires(Reason::Greeting);
    let error = greeting_error(&mut hand);
    assert!(matches!(error.kind(), ErrorKind::Timeout(Reason::Greeting)));
    hand.is(State::Dead(Closed::Timeout(Reason::Greeting)));
}

#[test]
fn greeting_120_then_220() {
    let mut hand = before_greeting();
    hand.waits(20)
        .says("120 In a minute.")
        .waits(20)
        .says("220 Now.");
    assert!(matches!(Greet.poll(&mut hand.session), Poll::Ready(Ok(_))));
    hand.is_in_step();
}

#[test]
fn greeting_that_turns_away() {
    for code in [421, 450, 500, 530] {
        let mut hand = before_greeting();
        hand.says(&format!("{code} Go away."));
        let error = greeting_error(&mut hand);
        assert_eq!(error.reply().unwrap().code().get(), code);
        assert!(error.is_fatal());
        hand.acts(&["Close"]).is(State::Dead(Closed::Service));
    }
}

#[test]
fn greeting_of_another_protocol() {
    for greeting in [
        &b"HTTP/1.1 400 Bad Request\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x28\r\n",
        b"+OK POP3\r\n",
    ] {
        let mut hand = before_greeting();
        hand.receives(greeting);
        let error = greeting_error(&mut hand);
        assert!(
            matches!(error.kind(), ErrorKind::Violation(Violation::Reply(_))),
            "{error}"
        );
        hand.is_dead();
    }
}

#[test]
fn truncated_reply_and_end() {
    let mut hand = hand();
    let ticket = hand.submits("SIZE f");
    hand.receives(b"21");
    hand.session.receive_eof();
    hand.run();
    let error = hand.reply(ticket).unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Violation(Violation::TruncatedReply)
    ));
    hand.is_dead();
}

#[test]
fn garbage_instead_of_a_reply() {
    for garbage in ["What?", "22 x", "0 0", "2x6 y", "099 x", "700 x"] {
        let mut hand = hand();
        let ticket = hand.submits("SIZE f");
        hand.says(garbage);
        let error = hand.reply(ticket).unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Violation(Violation::Reply(_))),
            "{garbage}"
        );
        hand.is_dead();
    }
}

#[test]
fn nul_and_carriage_return_and_telnet_codes_in_a_reply() {
    let mut hand = hand();
    let ticket = hand.submits("STAT x");
    hand.receives(b"213 a\rb\xff\xfbc\xff\xffd\r\n");
    assert_eq!(hand.reply(ticket).unwrap().text(), b"a\rb\xffd");
    hand.is_in_step();
    let ticket = hand.submits("STAT x");
    hand.receives(b"213 a\0b\r\n");
    assert!(hand.reply(ticket).is_err());
    hand.is_dead();
}

#[test]
fn reply_beyond_every_limit() {
    let mut hand = hand();
    let ticket = hand.submits("HELP");
    let long = vec![b'x'; 40_000];
    hand.receives(b"214 ").receives(&long).receives(b"\r\n");
    assert!(hand.reply(ticket).unwrap().is_truncated());
    hand.is_in_step();
    let ticket = hand.submits("HELP");
    hand.receives(b"214-");
    for _ in 0..40 {
        hand.receives(&long);
    }
    assert!(hand.reply(ticket).is_err());
    hand.is_dead();
    assert!(format!("{:?}", hand.session).len() < 40_000);
}

#[test]
fn replies_with_bare_line_feeds() {
    let mut hand = before_greeting();
    hand.receives(b"220-Hello\n220 Go\n");
    let ticket = hand.submits("SIZE f");
    hand.receives(b"213 7\n");
    assert_eq!(hand.reply(ticket).unwrap().text(), b"7");
    hand.is_usable();
}

#[test]
fn lines_within_a_reply_that_look_like_replies() {
    let mut hand = hand();
    let ticket = hand.submits("STAT");
    hand.says("211-Status\n200 not this\n 211 nor this\n211-nor this\n211 End");
    assert_eq!(hand.reply(ticket).unwrap().lines().count(), 5);
    hand.is_in_step();
}

#[test]
fn reply_that_ends_with_another_code() {
    let reply = "553-Careful\n550 No such file.";
    let mut strict = hand();
    let ticket = strict.submits("DELE f");
    strict.says(reply);
    assert!(strict.session.poll_reply(ticket).is_pending());
    strict.expires(Reason::Reply).is_dead();
    let mut config = Config::default();
    config.lenient = config.lenient.with(Leniency::OtherCodeEndsReply);
    let mut lenient = Hand::new(config);
    let ticket = lenient.submits("DELE f");
    lenient.says(reply);
    assert_eq!(lenient.reply(ticket).unwrap().code().get(), 550);
    let used = lenient.session.leniencies_used();
    assert!(used.contains(Leniency::OtherCodeEndsReply));
    lenient.is_in_step();
}

#[test]
fn reply_that_never_ends() {
    let mut hand = hand();
    let ticket = hand.submits("STAT");
    hand.receives(b"211-Status\r\n");
    for _ in 0..100_000 {
        hand.session.receive(b" and so on and so forth\r\n");
    }
    hand.run();
    let error = hand.reply(ticket).unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Violation(Violation::Reply(_))
    ));
    assert_eq!(hand.session.reply_memory(), 0);
    hand.is_dead();
}

#[test]
fn endless_120_before_the_greeting() {
    let mut hand = before_greeting();
    for _ in 0..16 {
        hand.waits(20).says("120 In a minute.");
    }
    hand.is(State::Busy).says("120 In a minute.");
    let violation = Violation::TooManyPreliminary;
    hand.is(State::Dead(Closed::Violation(violation)));
    assert!(greeting_error(&mut hand).is_fatal());
}

#[test]
fn replies_in_one_piece() {
    let mut hand = hand();
    hand.starts(retrieve())
        .says("150 Here.\n226 Done.")
        .acts(&["Move"]);
    hand.moved(7).ends(End::Clean);
    assert!(hand.verdict().is_ok());
    hand.is_in_step();
    // What is said before it was asked for is no answer.
    let first = hand.submits("USER ann");
    hand.says("331 Password.\n230 You are in.");
    assert_eq!(hand.reply(first).unwrap().code().get(), 331);
    let second = hand.submits("PASS x");
    assert!(hand.session.poll_reply(second).is_pending());
}

// -- between commands --------------------------------------------------------------------------------------------------

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

// -- login --------------------------------------------------------------------------------------------------------------

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

// -- opening the data connection ----------------------------------------------------------------------------------------

fn passive() -> Config {
    let mut config = Config::default();
    config.data_mode = DataMode::Passive;
    config
}

#[test]
fn foreign_host_in_a_227_is_not_dialled() {
    let mut hand = Hand::new(passive());
    hand.begins(retrieve());
    hand.session
        .receive(b"200 Type.\r\n227 Go (10,1,2,3,18,103)\r\n");
    let target = Target::ControlHost { port: 4711 };
    let action = hand.session.poll_action(hand.now);
    assert!(matches!(action, Some(Action::Connect { target: to, .. }) if to == target));
    assert_eq!(hand.events(), [Event::HostIgnored([10, 1, 2, 3].into())]);
}

#[test]
fn unreadable_addresses_dial_nobody() {
    for (config, reply) in [
        (passive(), "227 (127,0,0,257,4,1)"),
        (passive(), "227 (127,0,0,1,256,1)"),
        (passive(), "227 nowhere"),
        (Config::default(), "229 (|||0|)"),
        (Config::default(), "229 (|||70000|)"),
        (Config::default(), "229 nowhere"),
    ] {
        let mut hand = Hand::new(config);
        hand.begins(retrieve());
        hand.says(&format!("200 Type.\n{reply}")).acts(&[]);
        let error = hand.verdict().unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Violation(Violation::Address(_))),
            "{reply}"
        );
        hand.is_in_step();
    }
}

#[test]
fn epsv_refused_is_followed_by_pasv_and_remembered() {
    for code in [500, 501, 502, 522] {
        let mut hand = hand();
        hand.begins(retrieve());
        hand.says(&format!("200 Type.\n{code} What?"))
            .sends(&["TYPE I", "EPSV", "PASV"]);
        hand.says("227 (127,0,0,1,18,103)")
            .connects()
            .says("550 No.");
        assert!(hand.verdict().is_err());
        hand.sends(&["RETR f"]).begins(retrieve());
        hand.sends(&["PASV"]);
    }
    // On IPv6 there is nothing to fall back to.
    let address = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let mut session = Session::new(Config::default(), Control::new(address, address));
    session.receive(b"220 Hello.\r\n");
    let id = session.begin(retrieve()).unwrap();
    session.transmitted(session.transmit().len());
    session.receive(b"200 Type.\r\n500 What?\r\n");
    assert!(matches!(session.poll_transfer(id), Poll::Ready(Err(_))));
}

#[test]
fn data_port_refused_is_followed_by_pasv_once() {
    let mut hand = hand();
    hand.begins(retrieve());
    hand.says("200 Type.\n229 (|||4711|)")
        .breaks(Failure::Refused);
    hand.sends(&["TYPE I", "EPSV", "PASV"]).undecided();
    hand.says("227 (127,0,0,1,18,103)")
        .breaks(Failure::Refused)
        .sends(&[]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Data(Failure::Refused)
    );
    hand.is_in_step();
}

#[test]
fn data_port_that_leads_nowhere() {
    let mut config = Config::default();
    config.data_mode = DataMode::ExtendedPassive;
    let mut hand = Hand::new(config);
    hand.begins(retrieve());
    hand.says("200 Type.\n229 (|||4711|)")
        .expires(Reason::DataOpen);
    hand.acts(&["Connect", "Discard"])
        .sends(&["TYPE I", "EPSV"]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Timeout(Reason::DataOpen)
    );
    hand.is_in_step();
}

#[test]
fn data_port_that_breaks_behind_rest() {
    let mut hand = hand();
    hand.begins(retrieve().resume_at(4));
    hand.says("200 Type.\n229 (|||4711|)")
        .connects()
        .breaks(Failure::Reset);
    hand.sends(&["TYPE I", "EPSV", "REST 4", "REST 0"]);
    assert_eq!(hand.interrupted().cause, Interruption::Data(Failure::Reset));
    hand.says("350 Yes.\n350 Yes.").is_in_step();
}

#[test]
fn no_listener_can_be_bound() {
    let mut hand = Hand::new(active());
    hand.begins(retrieve());
    hand.breaks(Failure::Local).sends(&[]).acts(&["Listen"]);
    assert_eq!(hand.interrupted().cause, Interruption::Data(Failure::Local));
    hand.is_in_step();
}

#[test]
fn refused_behind_the_connection() {
    for code in [425, 450, 550] {
        let mut hand = hand();
        hand.starts(retrieve())
            .says(&format!("{code} No."))
            .acts(&["Discard"]);
        let error = hand.verdict().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Refused(_)));
        assert_eq!(error.is_transient(), code < 500);
        hand.is_in_step();
    }
}

#[test]
fn type_refused_dials_nobody() {
    for config in [Config::default(), active()] {
        let mut hand = Hand::new(config);
        hand.begins(retrieve());
        if config.data_mode == DataMode::Active {
            hand.listens();
            hand.says("504 No.\n200 Port.");
        } else {
            hand.says("504 No.\n229 (|||4711|)");
        }
        let error = hand.verdict().unwrap_err();
        assert_eq!(error.verb(), ftp_proto::Verb::Type);
        assert_eq!(error.reply().unwrap().code().get(), 504);
        assert_eq!(hand.session.representation(), None);
        hand.is_in_step();
    }
}

#[test]
fn strangers_call_and_call() {
    let mut hand = Hand::new(active());
    hand.starts(retrieve()).says("150 Calling.");
    for number in 0..17 {
        hand.accepts([10, 0, 0, number].into());
    }
    hand.undecided().says("425 Not you.");
    assert!(hand.verdict().is_err());
    assert_eq!(hand.events().len(), 17);
    hand.is_in_step();
}

#[test]
fn mapped_addresses_are_the_same_host() {
    let mapped = IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
    let mut session = Session::new(passive(), Control::new(mapped, mapped));
    session.receive(b"220 Hello.\r\n");
    session.begin(retrieve()).unwrap();
    assert_eq!(session.transmit(), b"TYPE I\r\nPASV\r\n");
    let mut hand = Hand::new(active());
    hand.starts(retrieve())
        .says("150 Calling.")
        .accepts(mapped)
        .acts(&["Accept", "Move"]);
    // What is announced is the folded address, in the family that is spoken.
    for (mode, line) in [
        (DataMode::Active, "PORT 127,0,0,1,11,185"),
        (DataMode::ExtendedActive, "EPRT |1|127.0.0.1|3001|"),
    ] {
        let mut config = Config::default();
        config.data_mode = mode;
        let mut hand = Hand::new(config);
        hand.begins(retrieve());
        let (data, local) = (hand.data(), SocketAddr::new(mapped, 3001));
        hand.reports(Report::Listening { data, local })
            .sends(&["TYPE I", line]);
    }
}

// -- the transfer -------------------------------------------------------------------------------------------------------

#[test]
fn data_reset_and_whatever_the_server_says_of_it() {
    for says in ["426 Broken.", "226 Done."] {
        let mut hand = hand();
        hand.moves(retrieve())
            .moved(3)
            .breaks(Failure::Reset)
            .says(says);
        let interrupted = hand.interrupted();
        assert_eq!(
            (interrupted.bytes, interrupted.cause),
            (3, Interruption::Data(Failure::Reset))
        );
        assert!(code(&interrupted).is_some());
        hand.is_in_step();
    }
    let mut hand = hand();
    hand.moves(retrieve())
        .moved(3)
        .breaks(Failure::Reset)
        .expires(Reason::Completion);
    hand.sends(&["ABOR"])
        .says("226 Nothing.")
        .expires(Reason::AbortGrace)
        .says("200 Fence.");
    assert_eq!(hand.interrupted().cause, Interruption::Data(Failure::Reset));
    hand.is_in_step();
}

#[test]
fn fewer_bytes_than_size_or_the_mark_said() {
    let mut hand = hand();
    hand.moves(retrieve().expecting(10))
        .moved(4)
        .ends(End::Clean)
        .says("226 Done.");
    let interrupted = hand.interrupted();
    assert_eq!(interrupted.cause, Interruption::Length);
    assert_eq!(interrupted.compared, Compared::Size(10));
    hand.is_in_step();
    hand.starts(retrieve())
        .says("150 Opening f (10 bytes).")
        .moved(4)
        .ends(End::Clean);
    let interrupted = hand.says("226 Done.").interrupted();
    assert_eq!(interrupted.compared, Compared::Hint(10));
    assert_eq!(interrupted.cause, Interruption::Length);
    hand.is_in_step();
}

#[test]
fn file_that_grows_while_it_is_sent() {
    // More than the mark said may be a file that grew; more than SIZE said is never handed on.
    let mut hand = hand();
    hand.starts(retrieve())
        .says("150 Opening f (10 bytes).")
        .moved(12)
        .ends(End::Clean);
    assert_eq!(hand.says("226 Done.").completed().bytes, 12);
    hand.moves(retrieve().expecting(10))
        .moved(10)
        .ends(End::Limit)
        .sends(&["ABOR"]);
    assert_eq!(hand.interrupted().cause, Interruption::Length);
}

#[test]
fn orderly_end_and_a_failure() {
    for code in [426, 451, 551, 552] {
        let mut hand = hand();
        hand.moves(retrieve())
            .moved(7)
            .ends(End::Clean)
            .says(&format!("{code} No."));
        let error = hand.verdict().unwrap_err();
        assert_eq!(error.reply().unwrap().code().get(), code);
        assert_eq!(error.verdict(), Some(Verdict::Truncated));
        hand.is_in_step();
    }
}

#[test]
fn all_data_and_no_final_reply() {
    for (transfer, expected) in [
        (retrieve().expecting(7), true),
        (retrieve(), false),
        (store(), false),
    ] {
        let mut hand = hand();
        hand.moves(transfer)
            .moved(7)
            .ends(End::Clean)
            .expires(Reason::Completion);
        let error = hand.verdict().unwrap_err();
        assert_eq!(error.interrupted().unwrap().is_complete_by_size(), expected);
        assert_eq!(error.verdict(), Some(Verdict::Unconfirmed));
        hand.is_dead();
    }
}

#[test]
fn control_connection_ends_and_the_data_is_finished() {
    for (transfer, by_size, verdict) in [
        (retrieve().expecting(7), true, Verdict::Unconfirmed),
        (retrieve(), false, Verdict::Unconfirmed),
        (retrieve().expecting(9), false, Verdict::Truncated),
    ] {
        let mut hand = hand();
        hand.moves(transfer).moved(3);
        hand.session.receive_eof();
        hand.run();
        hand.undecided().acts(&["Close"]).moved(4).ends(End::Clean);
        let error = hand.verdict().unwrap_err();
        assert!(error.is_fatal());
        assert_eq!(error.verdict(), Some(verdict));
        let interrupted = error.interrupted().unwrap();
        assert_eq!(interrupted.cause, Interruption::ControlLost);
        assert_eq!(interrupted.bytes, 7);
        assert_eq!(interrupted.is_complete_by_size(), by_size);
        hand.is(State::Dead(Closed::Eof));
    }
}

#[test]
fn shutdown_in_the_middle_of_data() {
    let mut hand = hand();
    hand.moves(retrieve())
        .moved(3)
        .says("421 Bye.")
        .moved(4)
        .ends(End::Clean);
    let error = hand.verdict().unwrap_err();
    assert_eq!(error.interrupted().unwrap().bytes, 7);
    assert_eq!(error.reply().unwrap().code().get(), 421);
    assert!(error.is_fatal());
}

#[test]
fn disk_full_on_the_server_in_the_middle_of_an_upload() {
    // The reply comes before, or behind, what the socket says of it; either way it is told.
    let mut hand = hand();
    hand.moves(store())
        .moved(3)
        .says("552 Full.")
        .acts(&["Discard"]);
    assert_eq!(code(&hand.interrupted()), Some(552));
    hand.is_in_step();
    hand.moves(store())
        .moved(3)
        .breaks(Failure::Reset)
        .says("552 Full.");
    assert_eq!(code(&hand.interrupted()), Some(552));
    hand.is_in_step();
}

#[test]
fn server_that_stops_reading_an_upload() {
    let mut hand = hand();
    hand.moves(store()).moved(3).expires(Reason::DataIdle);
    hand.acts(&["Discard"]).sends(&["ABOR"]);
    assert_eq!(
        hand.interrupted().cause,
        Interruption::Timeout(Reason::DataIdle)
    );
    hand.expires(Reason::AbortGrace)
        .expires(Reason::Fence)
        .is_dead();
}

#[test]
fn local_sink_or_source_that_fails() {
    for transfer in [retrieve(), store()] {
        let mut hand = hand();
        hand.moves(transfer)
            .moved(3)
            .breaks(Failure::Local)
            .says("426 Broken.");
        let interrupted = hand.interrupted();
        assert_eq!(
            (interrupted.bytes, interrupted.cause),
            (3, Interruption::Data(Failure::Local))
        );
        hand.is_in_step();
    }
}

#[test]
fn empty_files_both_ways() {
    for transfer in [retrieve().expecting(0), store()] {
        let mut hand = hand();
        hand.moves(transfer.clone())
            .ends(End::Clean)
            .says("226 Done.");
        assert_eq!(hand.completed().bytes, 0);
        hand.is_in_step();
        let mut hand = Hand::protected(required_config());
        let sends = transfer.direction() == Direction::Send;
        hand.starts(transfer).says("150 Here.").obeys();
        if sends {
            let data = hand.data();
            hand.reports(Report::Closing { data });
        }
        hand.says("226 Done.").undecided().ends(End::Clean);
        assert_eq!(hand.completed().bytes, 0);
        hand.is_in_step();
    }
}

#[test]
fn final_reply_that_is_neither_yes_nor_no() {
    for code in [331, 350, 631] {
        let mut hand = hand();
        hand.moves(retrieve())
            .ends(End::Clean)
            .says(&format!("{code} Hm."));
        assert!(hand.verdict().is_err(), "{code}");
        hand.is_in_step();
    }
}

// -- TLS ----------------------------------------------------------------------------------------------------------------

fn required_config() -> Config {
    let mut config = Config::default();
    config.tls = TlsPolicy::Full;
    config
}

fn required() -> Hand {
    Hand::new(required_config())
}

#[test]
fn auth_refused_and_tls_required() {
    let mut hand = required();
    let auth = hand.submits("AUTH TLS");
    hand.says("502 No.").sends(&["AUTH TLS"]);
    assert!(matches!(
        hand.session.poll_class(auth, Class::Completion),
        Poll::Ready(Err(error)) if matches!(error.kind(), ErrorKind::Refused(_))
    ));
    for line in ["USER ann", "PASS x", "ACCT y"] {
        let ticket = hand.submits(line);
        let error = hand.reply(ticket).unwrap_err();
        assert!(matches!(
            error.kind(),
            ErrorKind::Policy(Policy::ControlNotSecured)
        ));
    }
    hand.begins(retrieve());
    let error = hand.verdict().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Policy(_)));
    hand.sends(&[]).is_usable();
}

#[test]
fn clear_text_behind_234() {
    for behind in ["230 You are in.\r\n", "2", "\r\n"] {
        for at_once in [false, true] {
            let mut hand = required();
            hand.submits("AUTH TLS");
            if at_once {
                hand.receives(format!("234 Go on.\r\n{behind}").as_bytes());
            } else {
                hand.says("234 Go on.").receives(behind.as_bytes());
            }
            let violation = Violation::BytesBeforeTls;
            hand.is(State::Dead(Closed::Violation(violation)));
            assert!(hand.session.transmit().is_empty());
        }
    }
}

#[test]
fn greeting_230_does_not_skip_tls() {
    let mut config = Config::default();
    config.tls = TlsPolicy::Control;
    let mut hand = Hand::before_greeting(config);
    hand.says("230 You are in already.");
    let user = hand.submits("USER ann");
    assert!(hand.reply(user).is_err());
    hand.begins(retrieve());
    assert!(hand.verdict().is_err());
    hand.sends(&[]);
}

#[test]
fn handshake_on_the_control_connection_fails() {
    let mut hand = required();
    let ticket = hand.submits("AUTH TLS");
    hand.says("234 Go on.")
        .acts(&["Secure"])
        .reports(Report::Failed {
            link: Link::Control,
            failure: Failure::Tls,
        });
    hand.acts(&["Close"])
        .is(State::Dead(Closed::Lost(Failure::Tls)));
    assert!(hand.reply(ticket).unwrap_err().is_fatal());
}

#[test]
fn prot_refused_sends_no_data_command() {
    let mut hand = required();
    let mut secure = Secure::new();
    assert!(secure.poll(&mut hand.session).is_pending());
    hand.run();
    hand.says("234 Go on.").reports(Report::Secured {
        link: Link::Control,
    });
    let mut result = secure.poll(&mut hand.session);
    for reply in ["200 Yes.", "536 No."] {
        hand.run();
        hand.says(reply);
        result = secure.poll(&mut hand.session);
    }
    assert!(matches!(result, Poll::Ready(Err(_))));
    hand.begins(retrieve());
    let error = hand.verdict().unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Policy(Policy::DataNotProtected)
    ));
    hand.sends(&["AUTH TLS", "PBSZ 0", "PROT P"]).is_usable();
}

#[test]
fn what_was_learnt_in_clear_is_forgotten_under_tls() {
    let mut hand = hand();
    let mut ask = AskFeatures::new();
    assert!(ask.poll(&mut hand.session).is_pending());
    hand.run();
    hand.says("211-Features:\n SIZE\n211 End");
    assert!(ask.poll(&mut hand.session).is_ready());
    assert!(hand.session.features().is_some());
    hand.submits("AUTH TLS");
    hand.says("234 Go on.").reports(Report::Secured {
        link: Link::Control,
    });
    assert!(hand.session.features().is_none());
    assert_eq!(hand.session.representation(), None);
}

#[test]
fn data_connection_must_resume_the_session_of_the_control_connection() {
    for code in [522, 425, 450] {
        let mut hand = hand();
        hand.starts(retrieve()).says(&format!(
            "{code} SSL connection failed: session reuse required"
        ));
        assert!(matches!(
            hand.verdict().unwrap_err().kind(),
            ErrorKind::Refused(_)
        ));
        hand.is_in_step();
    }
}

#[test]
fn tls_breaks_in_the_middle_of_data() {
    let mut hand = hand();
    hand.moves(retrieve())
        .moved(3)
        .breaks(Failure::Tls)
        .says("426 Broken.");
    let interrupted = hand.interrupted();
    assert_eq!(
        (interrupted.bytes, interrupted.cause),
        (3, Interruption::Data(Failure::Tls))
    );
    hand.is_in_step();
}

// -- the caller ---------------------------------------------------------------------------------------------------------

#[test]
fn clock_that_jumps() {
    let mut hand = hand();
    hand.moves(retrieve());
    hand.now = Instant::from_epoch(std::time::Duration::MAX);
    hand.run();
    hand.now = Instant::EPOCH;
    hand.run();
    assert!(hand.verdict().is_err());
}

#[test]
fn second_operation_while_one_runs() {
    let mut hand = hand();
    hand.starts(retrieve());
    assert_eq!(hand.session.begin(store()), Err(Misuse::Busy));
    let managed = ftp_proto::Command::raw("RETR x").unwrap();
    assert_eq!(hand.session.submit(managed), Err(Misuse::ManagedVerb));
    let ticket = hand.submits("SIZE f");
    hand.sends(&[]).says("550 No.").sends(&["SIZE f"]);
    assert!(hand.session.poll_reply(ticket).is_pending());
}

#[test]
fn reports_out_of_the_blue() {
    let mut hand = hand();
    hand.moves(retrieve()).ends(End::Clean).says("226 Done.");
    assert!(hand.verdict().is_ok());
    let data = hand.data();
    let link = Link::Data(data);
    for report in [
        Report::Connected { data },
        Report::Accepted { data, peer: HOST },
        Report::Secured { link },
        Report::Secured {
            link: Link::Control,
        },
        Report::Unsecured,
        Report::Moved { data, bytes: 1 },
        Report::Held { data, held: true },
        Report::Closing { data },
        Report::Finished {
            data,
            end: End::Limit,
        },
        Report::Failed {
            link,
            failure: Failure::Reset,
        },
    ] {
        hand.reports(report).acts(&[]).is_in_step();
    }
    assert!(hand.session.poll_reply(Ticket::GREETING).is_ready());
}

#[test]
fn no_password_in_what_is_shown() {
    let mut hand = hand();
    let ticket = hand
        .session
        .submit(ftp_proto::Command::raw("PASS canary").unwrap())
        .unwrap();
    assert!(!format!("{:?}", hand.session).contains("canary"));
    hand.run();
    hand.says("530 No.");
    let shown = hand.session.poll_class(ticket, Class::Completion);
    assert!(!format!("{shown:?}").contains("canary"));
}
