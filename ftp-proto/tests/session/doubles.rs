//! Servers that answer a command twice, and late: whose the second answer is not, and what is done
//! about it.

use std::collections::VecDeque;

use ftp_proto::operation::Batch;
use ftp_proto::{
    After, Closed, Command, Config, ErrorKind, Event, Operation, Pipeline, Reason, State, Ticket,
    Verb, Violation,
};

use crate::hand::{Hand, name, retrieve};

fn hand() -> Hand {
    Hand::new(Config::default())
}

pub(crate) fn window(commands: u16) -> Config {
    let mut config = Config::default();
    config.pipeline = Pipeline::window(commands);
    config
}

/// The codes of the replies that were passed over.
pub(crate) fn passed_over(hand: &mut Hand) -> Vec<u16> {
    let events = hand.events();
    let codes = events.into_iter().filter_map(|event| match event {
        Event::Unsolicited(reply) => Some(reply.code().get()),
        _ => None,
    });
    codes.collect()
}

#[track_caller]
pub(crate) fn is_answered(hand: &mut Hand, ticket: Ticket, reply: &str) {
    assert_eq!(hand.reply(ticket).unwrap().to_string(), reply);
}

/// What is said when the next command is out, cut in every place: one piece and many.
pub(crate) fn cuts(text: &str) -> Vec<Vec<Vec<u8>>> {
    let bytes = format!("{}\r\n", text.replace('\n', "\r\n")).into_bytes();
    let in_two = (0..=bytes.len()).map(|at| vec![bytes[..at].to_vec(), bytes[at..].to_vec()]);
    let one_by_one = bytes.iter().map(|byte| vec![*byte]).collect();
    in_two.chain([one_by_one]).collect()
}

#[test]
fn a_late_second_answer_is_passed_over() {
    for (first, answer, second) in [
        ("CWD d", "200 OK", "250 There."),
        ("CDUP", "200 OK", "250 There."),
        ("CDUP", "250 There.", "200 OK"),
        ("OPTS UTF8 ON", "200 Yes.", "200 Yes."),
        ("PASS p", "230 Welcome.", "230 Welcome."),
        ("USER u", "331 Password?", "331 Password?"),
    ] {
        for (next, right) in [
            ("PWD", "257 \"/\""),
            ("SIZE f", "213 3"),
            ("RNFR f", "350 Ready."),
        ] {
            for pieces in cuts(&format!("{second}\n{right}")) {
                let mut hand = hand();
                let ticket = hand.submits(first);
                hand.says(answer);
                is_answered(&mut hand, ticket, answer);
                let ticket = hand.submits(next);
                for piece in &pieces {
                    hand.receives(piece);
                }
                is_answered(&mut hand, ticket, right);
                assert_eq!(passed_over(&mut hand).len(), 1, "{first}, {next}");
                hand.is_usable();
            }
        }
    }
}

/// What the session asked in between, such as the port, is not what the server answers twice.
#[test]
fn a_second_answer_is_passed_over_behind_steps_of_the_session() {
    let mut hand = hand();
    hand.submits("CWD d");
    hand.says("200 OK");
    hand.begins(retrieve().resume_at(5));
    hand.says("200 Type.")
        .says("229 Port (|||4711|)")
        .connects();
    hand.sends(&["CWD d", "TYPE I", "EPSV", "REST 5"]);
    hand.says("250 There.").undecided();
    assert_eq!(passed_over(&mut hand), [250]);
    hand.says("350 Ready.").sends(&["RETR f"]);
    hand.says("150 Here.").ends(ftp_proto::End::Clean);
    hand.says("226 Done.");
    assert!(hand.verdict().is_ok());
    hand.is_in_step();
}

/// The second answer to the first CWD fits the second CWD: that cannot be told, and what follows
/// can.
#[test]
fn a_second_answer_that_fits_the_next_command_shifts_no_more_than_that() {
    for pieces in cuts("200 OK\n250 There.\n257 \"/\"") {
        let mut hand = hand();
        hand.submits("CWD project");
        hand.says("200 OK");
        let sub = hand.submits("CWD sub");
        hand.says("250 There.");
        is_answered(&mut hand, sub, "250 There.");
        let pwd = hand.submits("PWD");
        for piece in &pieces {
            hand.receives(piece);
        }
        is_answered(&mut hand, pwd, "257 \"/\"");
        let size = hand.submits("SIZE a.txt");
        hand.says("213 3");
        is_answered(&mut hand, size, "213 3");
        // From now on each CWD is followed by a fence.
        hand.submits("CWD back");
        hand.run();
        hand.sends(&["CWD project", "CWD sub", "PWD", "SIZE a.txt", "CWD back"]);
        hand.says("200 OK").sends(&["NOOP"]);
        let dele = hand.submits("DELE locked.txt");
        hand.is(State::Settling { replies: 1 }).sends(&[]);
        hand.says("250 There.\n200 Here.")
            .sends(&["DELE locked.txt"]);
        hand.says("550 Permission denied");
        is_answered(&mut hand, dele, "550 Permission denied");
        let quit = hand.submits("QUIT");
        hand.says("221 Bye.");
        is_answered(&mut hand, quit, "221 Bye.");
    }
}

#[test]
fn a_late_second_answer_in_the_prelude_of_a_transfer() {
    for pieces in cuts("250 There.\n200 Type.") {
        let mut hand = hand();
        hand.submits("CWD d");
        hand.says("200 OK");
        hand.begins(retrieve());
        for piece in &pieces {
            hand.receives(piece);
        }
        hand.sends(&["CWD d", "TYPE I", "EPSV"]);
        // EPSV's own may come late, too, and RETR cannot be answered so.
        hand.says("229 Port (|||4711|)").connects();
        hand.says("229 Port (|||4711|)").undecided();
        hand.says("150 Here.").ends(ftp_proto::End::Clean);
        hand.says("226 Done.");
        assert!(hand.verdict().is_ok());
        hand.is_in_step();
    }
}

/// A refusal at QUIT that QUIT cannot have: the DELE before it was answered by what the CWD had
/// left.
#[test]
fn a_refusal_for_a_files_sake_is_no_answer_to_quit() {
    let mut hand = hand();
    hand.submits("CWD d");
    hand.says("200 OK");
    hand.submits("DELE locked.txt");
    hand.says("250 There.");
    let quit = hand.submits("QUIT");
    hand.says("550 Permission denied\n221 Bye.");
    is_answered(&mut hand, quit, "221 Bye.");
    hand.is(State::Dead(Closed::Quit));
}

/// A server that answers each CWD, CDUP and OPTS twice, and the second time only when the next
/// command has come.
fn late(line: &str, owed: &mut Vec<&'static str>) -> Vec<&'static str> {
    let mut said = std::mem::take(owed);
    let verb = line.split(' ').next().unwrap();
    let (first, second): (&str, &[&str]) = match verb {
        "CWD" => ("200 OK", &["250 There."]),
        "CDUP" => ("250 Up.", &["200 OK"]),
        "OPTS" => ("500 What?", &["500 What?"]),
        "PWD" => ("257 \"/\"", &[]),
        "SIZE" => ("213 3", &[]),
        "DELE" => ("550 No.", &[]),
        "NOOP" => ("200 Here.", &[]),
        other => panic!("{other}"),
    };
    said.push(first);
    owed.extend(second);
    said
}

/// Hundreds in one session: once a verb was answered twice in the session, nothing of it is
/// mistaken any more.
#[test]
fn hundreds_of_second_answers_in_one_session() {
    for commands in [1, 8] {
        let mut hand = Hand::new(window(commands));
        let mut owed = Vec::new();
        let mut serve = |hand: &mut Hand| {
            loop {
                let lines = hand.lines();
                if lines.is_empty() {
                    return;
                }
                for line in lines {
                    hand.says(&late(&line, &mut owed).join("\n"));
                }
            }
        };
        // The first time of each, before a command that shows it.
        for line in [
            "CWD d", "PWD", "CDUP", "PWD", "OPTS X", "SIZE f", "SIZE f", "PWD",
        ] {
            hand.submits(line);
            serve(&mut hand);
            hand.forgets_replies();
        }
        passed_over(&mut hand);
        for round in 0..300 {
            let expected = [
                ("CWD d", "200 OK"),
                ("DELE f", "550 No."),
                ("CDUP", "250 Up."),
                ("DELE f", "550 No."),
                ("OPTS X", "500 What?"),
                ("SIZE f", "213 3"),
                ("PWD", "257 \"/\""),
            ];
            let tickets = expected.map(|(line, _)| hand.submits(line));
            serve(&mut hand);
            for (ticket, (line, reply)) in tickets.into_iter().zip(expected) {
                let found = hand.reply(ticket).unwrap().to_string();
                assert_eq!(found, reply, "{line}, round {round}, window {commands}");
            }
            assert_eq!(passed_over(&mut hand).len(), 3, "round {round}");
            hand.is_usable();
        }
    }
}

#[test]
fn a_pipeline_and_a_batch_behind_a_second_answer() {
    for pieces in cuts("250 There.\n213 1\n213 2\n257 \"/\"") {
        let mut hand = Hand::new(window(8));
        hand.submits("CWD d");
        hand.says("200 OK");
        let tickets = ["SIZE a", "SIZE b", "PWD"].map(|line| hand.submits(line));
        hand.sends(&["CWD d", "SIZE a", "SIZE b", "PWD"]);
        for piece in &pieces {
            hand.receives(piece);
        }
        for (ticket, reply) in tickets.into_iter().zip(["213 1", "213 2", "257 \"/\""]) {
            is_answered(&mut hand, ticket, reply);
        }
        assert_eq!(passed_over(&mut hand), [250]);
        hand.is_usable();
    }
    let sizes = || Batch::new(["a", "b"].map(|path| Command::new(Verb::Size, name(path))));
    for commands in [1, 8] {
        let mut hand = Hand::new(window(commands));
        hand.submits("CWD d");
        hand.says("200 OK");
        hand.forgets_replies();
        let mut batch = sizes();
        assert!(batch.poll(&mut hand.session).is_pending());
        hand.run();
        hand.says("250 There.\n213 1");
        assert!(batch.poll(&mut hand.session).is_pending());
        hand.says("213 2");
        let std::task::Poll::Ready(Ok(results)) = batch.poll(&mut hand.session) else {
            panic!("the batch does not end")
        };
        let texts = results
            .into_iter()
            .map(|result| result.unwrap().to_string());
        assert_eq!(texts.collect::<Vec<_>>(), ["213 1", "213 2"]);
    }
}

/// In a batch, what may be the answer to another of its commands is not taken for a second answer.
#[test]
fn a_batch_out_of_order_is_still_found_out() {
    let mut hand = Hand::new(window(8));
    hand.submits("CWD d");
    hand.says("200 OK");
    let mut batch = Batch::new([
        Command::new(Verb::Size, name("a")),
        Command::new(Verb::Dele, name("b")),
    ]);
    assert!(batch.poll(&mut hand.session).is_pending());
    hand.run();
    hand.says("250 Deleted.");
    hand.is(State::Dead(Closed::Violation(Violation::OutOfOrder)));
}

#[test]
fn what_was_passed_over_is_the_answer_when_no_other_comes() {
    let mut hand = hand();
    hand.submits("CWD d");
    hand.says("200 OK");
    let pwd = hand.submits("PWD");
    hand.says("250 Whatever.");
    assert!(hand.session.poll_reply(pwd).is_pending());
    hand.sends(&["CWD d", "PWD"]).expires(Reason::Reply);
    let error = hand.reply(pwd).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unexpected(reply) if reply.code().get() == 250),
        "{error:?}"
    );
    assert_eq!(
        (error.verb(), error.after()),
        (Some(Verb::Pwd), After::Settling)
    );
    // Its real answer comes before that of the fence, or not at all.
    let mut late = hand.session.clone();
    hand.sends(&["NOOP"]).says("200 Here.").is_in_step();
    late.receive(b"257 \"/\"\r\n200 Here.\r\n");
    assert_eq!(late.state(), State::Usable);
}

#[test]
fn the_same_in_the_prelude_of_a_transfer() {
    let mut hand = hand();
    hand.submits("CWD d");
    hand.says("200 OK");
    hand.begins(retrieve());
    hand.says("250 Whatever.")
        .undecided()
        .expires(Reason::Reply);
    let error = hand.verdict().unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unexpected(_)),
        "{error:?}"
    );
    assert_eq!(
        (error.verb(), error.after()),
        (Some(Verb::Type), After::Settling)
    );
    assert_eq!(hand.session.representation(), None);
    hand.sends(&["CWD d", "TYPE I", "PWD"]);
    hand.says("257 \"/\"").is_in_step();
}

#[test]
fn a_fence_without_an_answer_ends_the_session() {
    let mut hand = hand();
    let pwd = hand.submits("PWD");
    hand.says("331 Password?").sends(&["PWD", "NOOP"]);
    let error = hand.reply(pwd).unwrap_err();
    assert_eq!(error.after(), After::Settling);
    hand.expires(Reason::Fence)
        .is(State::Dead(Closed::Timeout(Reason::Fence)));
}

/// Nothing that comes before the answer of the fence answers anything behind it.
#[test]
fn a_reply_that_does_not_fit_is_unexpected_and_a_fence_follows() {
    for (line, wrong, fence, right) in [
        ("PWD", "331 Password?", "NOOP", "257 \"/\""),
        ("SIZE f", "250 Fine.", "NOOP", "213 3"),
        ("SIZE f", "250 Fine.", "NOOP", "550 No."),
        ("RNFR f", "257 \"/\"", "NOOP", "350 Go on."),
        // Its real answer could be taken for that to a NOOP.
        ("TYPE A", "257 \"/\"", "PWD", "200 Type."),
        ("CWD d", "213 3", "PWD", "200 OK"),
    ] {
        for more in [None, Some(right)] {
            let mut hand = hand();
            let ticket = hand.submits(line);
            hand.says(wrong).sends(&[line, fence]);
            let error = hand.reply(ticket).unwrap_err();
            let is_it = |kind: &ErrorKind| matches!(kind, ErrorKind::Unexpected(reply) if reply.to_string() == wrong);
            assert!(is_it(error.kind()), "{error:?}");
            assert_eq!(error.after(), After::Settling);
            let next = hand.submits("MLST f");
            hand.sends(&[]);
            if let Some(right) = more {
                hand.says(right).sends(&[]);
            }
            let answer = if fence == "PWD" {
                "257 \"/\""
            } else {
                "200 OK"
            };
            hand.says(answer).sends(&["MLST f"]).says("250 f");
            is_answered(&mut hand, next, "250 f");
            hand.is_in_step();
        }
    }
}

/// A server that has no NOOP answers the fence all the same.
#[test]
fn a_fence_that_is_refused_is_answered() {
    let mut hand = hand();
    hand.submits("PWD");
    hand.says("331 Password?")
        .sends(&["PWD", "NOOP"])
        .says("502 What?")
        .is_in_step();
}

/// RFC 959 lets nothing come between a 3xx and what has to follow it.
#[test]
fn nothing_comes_between_a_3xx_and_what_follows() {
    let mut hand = hand();
    hand.submits("RNFR a");
    hand.says("350 Go on.\n350 Go on.");
    hand.submits("RNTO b");
    hand.says("250 Done.");
    hand.submits("RNFR a");
    hand.says("350 Go on.");
    hand.submits("RNTO b");
    hand.sends(&["RNFR a", "RNTO b", "RNFR a", "RNTO b"]);
}

/// PRET precedes the command that it is about, so that it is followed by no fence, as CWD is.
#[test]
fn nothing_comes_between_pret_and_what_follows() {
    for (line, fence) in [("PRET RETR a", &[][..]), ("CWD a", &["PWD"])] {
        let mut hand = hand();
        hand.submits(line);
        hand.says("200 Fine.\n200 Fine.").sends(&[line]);
        hand.submits(line);
        hand.run();
        hand.sends(&[line]);
        hand.says("200 Fine.").sends(fence);
    }
}

/// Banners in several "220 " lines, whole or in pieces, before USER is out or behind it.
#[test]
fn a_banner_of_many_replies() {
    let banner = (1..=40)
        .map(|line| format!("220 line {line}"))
        .collect::<Vec<_>>();
    let mut config = Config::default();
    config.encoding = ftp_proto::Encoding::AsItIs;
    for before in [1, 2, 6, 40] {
        for whole in [true, false] {
            let mut hand = Hand::before_greeting(config);
            hear(&mut hand, &banner[..before].join("\n"), whole);
            is_answered(&mut hand, Ticket::GREETING, "220 line 1");
            let user = hand.submits("USER u");
            let rest = [&banner[before..], &["331 Password?".into()]].concat();
            hear(&mut hand, &rest.join("\n"), whole);
            is_answered(&mut hand, user, "331 Password?");
            let pass = hand.submits("PASS p");
            hand.says("230 Welcome.");
            is_answered(&mut hand, pass, "230 Welcome.");
            hand.sends(&["USER u", "PASS p"]).is_in_step();
        }
    }
}

/// Before AUTH was agreed to, a second answer is passed over; behind the agreement nothing may come
/// in clear.
#[test]
fn a_banner_goes_on_when_auth_is_out() {
    let mut hand = hand();
    hand.submits("AUTH TLS");
    hand.says("220 more\n220 and more\n234 Go on.")
        .acts(&["Secure"])
        .sends(&["AUTH TLS"]);
    let mut hand = self::hand();
    hand.submits("AUTH TLS");
    hand.says("234 Go on.\n220 more");
    hand.is(State::Dead(Closed::Violation(Violation::BytesBeforeTls)));
}

/// FEAT is asked once for a transfer, whatever it is answered.
#[test]
fn a_feat_that_tells_nothing_is_not_asked_again() {
    for reply in ["530 Not now.", "331 What?"] {
        let mut hand = hand();
        hand.begins(retrieve());
        hand.says("200 Type.").says("502 No.").says("502 No.");
        hand.sends(&["TYPE I", "EPSV", "PASV", "FEAT"]).says(reply);
        if reply.starts_with('3') {
            hand.sends(&["PWD"]).undecided().says("257 \"/\"");
        }
        let error = hand.verdict().unwrap_err();
        assert_eq!(error.verb(), Some(Verb::Pasv));
        hand.is_in_step();
    }
}

fn hear(hand: &mut Hand, text: &str, whole: bool) {
    if whole {
        hand.says(text);
    } else {
        for byte in format!("{}\r\n", text.replace('\n', "\r\n")).bytes() {
            hand.receives(&[byte]);
        }
    }
}

#[test]
fn a_banner_without_end_ends_the_session() {
    let mut hand = hand();
    hand.submits("USER u");
    let lines_max = Config::default().limits.reply.reply_lines_max;
    for _ in 0..=lines_max {
        hand.session.receive(b"220 more\r\n");
    }
    hand.run();
    hand.is(State::Dead(Closed::Violation(
        Violation::TooManyUnsolicited,
    )));
}

/// The limit is for one command and for one idle stretch: a habit does not use it up.
#[test]
fn the_limit_begins_anew_with_each_command() {
    let mut hand = hand();
    for _ in 0..50 {
        let size = hand.submits("SIZE f");
        hand.says("213 3\n213 3\n213 3\n213 3\n213 3");
        is_answered(&mut hand, size, "213 3");
        hand.run();
        let mut lines: VecDeque<_> = hand.lines().into();
        if lines.pop_back().as_deref() == Some("NOOP") {
            hand.says("200 Here.");
        }
        hand.is_usable();
    }
    hand.says("213 3\n213 3\n213 3\n213 3").is_usable();
    hand.says("213 3");
    hand.is(State::Dead(Closed::Violation(
        Violation::TooManyUnsolicited,
    )));
}
