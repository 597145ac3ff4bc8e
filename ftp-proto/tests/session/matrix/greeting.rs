//! The greeting, and replies as such.

use std::task::Poll;

use ftp_proto::operation::Greet;
use ftp_proto::{
    Closed, Config, End, Error, ErrorKind, Failure, Leniency, Operation, Reason, State, Violation,
};

use super::{before_greeting, hand, reset};
use crate::hand::{Hand, retrieve};

#[track_caller]
fn greeting_error(hand: &mut Hand) -> Error {
    match Greet.poll(&mut hand.session) {
        Poll::Ready(Err(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn reset_before_or_in_the_greeting() {
    for beginning in ["", "220-We"] {
        let mut hand = before_greeting();
        hand.receives(beginning.as_bytes()).reports(reset());
        let error = greeting_error(&mut hand);
        assert!(error.is_fatal());
        assert_eq!(error.verb(), Some(ftp_proto::Verb::Greeting));
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
        assert!(matches!(error.kind(), ErrorKind::NotFtp(_)), "{error}");
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
    #[cfg(feature = "testing")]
    assert_eq!(hand.session.reply_memory().0, 0);
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
