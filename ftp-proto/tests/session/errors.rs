//! What errors say: their causes, their texts, and whether it is worth trying again.

use std::error::Error as _;

use ftp_proto::{
    Closed, Config, End, Error, ErrorKind, Failure, Interruption, Link, Report, State, Ticket,
    Violation,
};

use crate::hand::{Hand, retrieve, store};

/// The error that a greeting of these bytes ends in.
fn greeted_by(pieces: &[&[u8]]) -> Error {
    let mut hand = Hand::before_greeting(Config::default());
    for piece in pieces {
        hand.receives(piece);
    }
    hand.reply(Ticket::GREETING).unwrap_err()
}

/// The texts of an error and of all its sources.
fn chain(error: &Error) -> Vec<String> {
    let first: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let all = std::iter::successors(first, |error| (*error).source());
    all.map(ToString::to_string).collect()
}

#[test]
fn a_greeting_of_another_protocol_is_quoted() {
    for (pieces, quoted) in [
        (
            &[&b"SSH-2.0-OpenSSH_9.2\r\n"[..]][..],
            "SSH-2.0-OpenSSH_9.2",
        ),
        (
            &[b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n"],
            "HTTP/1.1 400 Bad Request",
        ),
        (&[b"\r\n\r\n* OK IMAP4rev1\r\n"], "* OK IMAP4rev1"),
        (&[b"22", b"x 1\r\n"], "22x 1"),
        (&[b"\x15\x03\x01\x1b[2J"], "\\u{15}\\u{3}\\u{1}\\u{1b}[2J"),
        (&[b"120 Soon.\r\n+OK POP3\r\n"], "+OK POP3"),
    ] {
        let error = greeted_by(pieces);
        let text = error.to_string();
        assert!(text.contains(&format!("it says \"{quoted}\"")), "{text}");
        assert!(matches!(error.kind(), ErrorKind::NotFtp(_)), "{error:?}");
        assert!(error.is_fatal() && !error.is_transient());
    }
}

#[test]
fn the_quotation_of_a_greeting_is_bounded() {
    let error = greeted_by(&[&vec![b'x'; 100_000]]);
    let ErrorKind::NotFtp(greeting) = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(greeting.line(), [b'x'; 64]);
}

#[test]
fn an_unreadable_reply_behind_the_greeting_is_no_greeting() {
    let mut hand = Hand::new(Config::default());
    let noop = hand.submits("NOOP");
    hand.says("SSH-2.0");
    let error = hand.reply(noop).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Violation(Violation::Reply(_))),
        "{error:?}"
    );
}

#[test]
fn sources_are_the_typed_causes() {
    let mut hand = Hand::new(Config::default());
    let noop = hand.submits("NOOP");
    hand.receives(b"2\0");
    let error = hand.reply(noop).unwrap_err();
    assert_eq!(
        error.source().and_then(|source| source.downcast_ref()),
        Some(&Violation::Reply(ftp_proto::reply::ReplyError::Nul))
    );

    let later = hand.submits("NOOP");
    let error = hand.reply(later).unwrap_err();
    assert_eq!(chain(&error).last().unwrap(), "NUL byte in a reply");

    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve());
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    let error = hand.verdict().unwrap_err();
    assert_eq!(chain(&error)[1..], ["aborted after 0 bytes", "aborted"]);

    let mut hand = Hand::before_greeting(Config::default());
    hand.session.close();
    let error = hand.reply(Ticket::GREETING).unwrap_err();
    assert_eq!(
        error.source().and_then(|source| source.downcast_ref()),
        Some(&Closed::Local)
    );
    assert_eq!(chain(&greeted_by(&[b"SSH-"])).len(), 4);
}

#[test]
fn what_main_shows_of_an_error_is_a_sentence() {
    let mut hand = Hand::new(Config::default());
    let size = hand.submits("DELE a");
    hand.says("550 No such file.");
    let reply = hand.reply(size).unwrap();
    let error = hand.session.unwelcome(reply, ftp_proto::Verb::Dele);
    let shown = format!("{error:?}");
    assert_eq!(shown, "DELE: refused: 550 No such file. [Refused, Usable]");
}

#[test]
fn an_endless_row_of_marks_is_named_by_the_error_of_the_transfer() {
    for transfer in [retrieve(), store()] {
        let mut hand = Hand::new(Config::default());
        hand.starts(transfer.clone());
        for _ in 0..17 {
            hand.says("150 Here it comes.");
        }
        let violation = Violation::TooManyPreliminary;
        hand.is(State::Dead(Closed::Violation(violation)));
        if transfer == retrieve() {
            // A download that moves goes on to its end.
            hand.undecided().ends(End::Clean);
        }
        let error = hand.verdict().unwrap_err();
        let cause = error.interrupted().map(|interrupted| interrupted.cause);
        assert_eq!(cause, Some(Interruption::Violation(violation)), "{error:?}");
        assert!(!error.is_transient());
        assert!(
            error.to_string().contains("too many preliminary replies"),
            "{error}"
        );
    }
}

#[test]
fn an_aborted_transfer_is_never_transient() {
    for answer in ["", "426 Cut.\r\n", "226 Done.\r\n", "451 Lost.\r\n"] {
        let mut hand = Hand::new(Config::default());
        hand.moves(retrieve());
        let id = hand.session.current_transfer().unwrap();
        hand.receives(answer.as_bytes());
        hand.session.abort(id);
        hand.run();
        if let Err(error) = hand.verdict()
            && error
                .interrupted()
                .is_some_and(|it| it.cause == Interruption::Aborted)
        {
            assert!(!error.is_transient(), "{answer}: {error:?}");
        }
    }
}

#[test]
fn what_a_refusal_is_and_what_concerns_a_socket() {
    let mut hand = Hand::new(Config::default());
    let dele = hand.submits("DELE a");
    hand.says("550 No such file.");
    let reply = hand.reply(dele).unwrap();
    let refused = hand.session.unwelcome(reply, ftp_proto::Verb::Dele);
    assert!(refused.is_refusal() && !refused.concerns_a_socket());

    let greeting = greeted_by(&[b"SSH-2.0\r\n"]);
    assert!(!greeting.is_refusal() && !greeting.concerns_a_socket());

    let mut hand = Hand::new(Config::default());
    let noop = hand.submits("NOOP");
    let (link, failure) = (Link::Control, Failure::Reset);
    hand.reports(Report::Failed { link, failure });
    let lost = hand.reply(noop).unwrap_err();
    assert!(!lost.is_refusal() && lost.concerns_a_socket());

    let mut hand = Hand::new(Config::default());
    hand.moves(retrieve());
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    let aborted = hand.verdict().unwrap_err();
    assert!(!aborted.is_refusal() && aborted.concerns_a_socket());

    let mut hand = Hand::before_greeting(Config::default());
    hand.session.close();
    let closed = hand.reply(Ticket::GREETING).unwrap_err();
    assert!(!closed.is_refusal() && !closed.concerns_a_socket());
}

/// The network decides how much of the first line has come.
#[test]
fn greetings_of_other_protocols_are_equal_by_what_is_wrong() {
    use std::collections::HashSet;
    let kinds = |pieces: &[&[u8]]| greeted_by(pieces).kind().clone();
    let piece = kinds(&[b"SSH-"]);
    let line = kinds(&[b"SSH-2.0-OpenSSH_9.2\r\n"]);
    let range = kinds(&[b"999 x\r\n"]);
    assert_eq!(piece, line);
    assert_ne!(piece, range);
    let distinct: HashSet<_> = [piece, line, range].into_iter().collect();
    assert_eq!(distinct.len(), 2);
}
