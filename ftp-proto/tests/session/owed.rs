//! Owed replies: whose they are, which are too many, and what is held back until they have come.

use std::task::Poll;

use ftp_proto::{
    After, Class, Closed, Command, Config, End, ErrorKind, Event, Leniency, Misuse, Pipeline,
    Reason, Report, State, Violation,
};

use crate::hand::{Hand, retrieve, store};

fn hand() -> Hand {
    Hand::new(Config::default())
}

/// The codes of the replies that belonged to no command.
fn unsolicited(hand: &mut Hand) -> Vec<u16> {
    let events = hand.events();
    let codes = events.into_iter().filter_map(|event| match event {
        Event::Unsolicited(reply) => Some(reply.code().get()),
        _ => None,
    });
    codes.collect()
}

#[test]
fn submissions_are_held_back_until_everything_owed_has_come() {
    let mut hand = hand();
    hand.moves(retrieve());
    let id = hand.session.current_transfer().unwrap();
    hand.session.abort(id);
    hand.run();
    hand.sends(&["ABOR"]);
    let error = hand.verdict().unwrap_err();
    assert_eq!(error.after(), After::Settling);
    let size = hand.submits("SIZE f");
    let next = hand.session.begin(store()).unwrap();
    hand.sends(&[]).is(State::Settling { replies: 2 });
    hand.says("426 Cut.")
        .sends(&[])
        .is(State::Settling { replies: 1 });
    hand.says("226 Aborted.").sends(&["SIZE f"]).is(State::Busy);
    assert!(hand.session.poll_reply(size).is_pending());
    hand.says("213 7").sends(&["EPSV"]);
    assert_eq!(hand.reply(size).unwrap().text(), b"7");
    assert!(hand.session.poll_transfer(next).is_pending());
}

#[test]
fn a_second_226_is_no_answer_to_the_next_command() {
    for (line, reply) in [
        ("SIZE f", "213 7"),
        ("CWD /", "250 Fine."),
        ("DELE f", "250 Fine."),
        ("NOOP", "200 Fine."),
        ("PWD", "257 \"/\""),
        ("MKD d", "257 \"/d\""),
    ] {
        let mut hand = hand();
        hand.moves(retrieve()).ends(End::Clean).says("226 Done.");
        assert!(hand.verdict().is_ok());
        let ticket = hand.submits(line);
        hand.says("226 Again.");
        assert!(hand.session.poll_reply(ticket).is_pending(), "{line}");
        hand.says(reply);
        assert_eq!(hand.reply(ticket).unwrap().to_string(), reply);
        assert_eq!(unsolicited(&mut hand), [226]);
        assert!(
            hand.session
                .leniencies_used()
                .contains(Leniency::SurplusCompletion)
        );
        hand.is_in_step();
    }
}

#[test]
fn a_second_226_in_the_prelude_of_the_next_transfer() {
    let mut hand = hand();
    hand.moves(retrieve()).ends(End::Clean).says("226 Done.");
    assert!(hand.verdict().is_ok());
    hand.begins(retrieve());
    hand.says("226 Again.")
        .undecided()
        .says("229 Port (|||4712|)")
        .acts(&["Connect"]);
    hand.connects()
        .says("150 Here.")
        .ends(End::Clean)
        .says("226 Done.");
    assert!(hand.verdict().is_ok());
    assert_eq!(unsolicited(&mut hand), [226]);
    hand.is_in_step();
}

/// A server that does it every time is a nuisance, and no reason to end the session.
#[test]
fn a_second_226_after_each_of_many_transfers() {
    let mut hand = hand();
    for _ in 0..20 {
        hand.moves(retrieve())
            .ends(End::Clean)
            .says("226 Done.\n226 Again.");
        assert!(hand.verdict().is_ok());
    }
    assert_eq!(unsolicited(&mut hand).len(), 20);
    hand.is_in_step();
}

/// The surplus reply is in the kernel's buffer before the next command is submitted: the driver
/// reads it first.
#[test]
fn what_came_before_a_command_does_not_answer_it() {
    for surplus in [226, 250, 550, 200] {
        let mut hand = hand();
        hand.moves(retrieve()).ends(End::Clean).says("226 Done.");
        assert!(hand.verdict().is_ok());
        hand.says(&format!("{surplus} Too much."));
        let ticket = hand.submits("DELE f");
        assert!(hand.session.poll_reply(ticket).is_pending());
        hand.says("250 Deleted.");
        assert_eq!(hand.reply(ticket).unwrap().text(), b"Deleted.");
        assert_eq!(unsolicited(&mut hand), [surplus]);
    }
}

/// Submitted, but not written yet.
#[test]
fn what_comes_before_a_command_is_written_does_not_answer_it() {
    let mut hand = hand();
    let ticket = hand
        .session
        .submit(Command::raw("SIZE f").unwrap())
        .unwrap();
    hand.session.receive(b"213 1\r\n");
    hand.run();
    assert!(hand.session.poll_reply(ticket).is_pending());
    hand.says("213 7");
    assert_eq!(hand.reply(ticket).unwrap().text(), b"7");
    assert_eq!(unsolicited(&mut hand), [213]);
}

#[test]
fn a_reply_that_began_before_a_command_was_written_does_not_answer_it() {
    let mut hand = hand();
    hand.receives(b"213");
    let ticket = hand.submits("SIZE f");
    hand.sends(&["SIZE f"]).receives(b" 1\r\n");
    assert!(hand.session.poll_reply(ticket).is_pending());
    hand.receives(b"213-7\r\n").receives(b"213 7\r\n");
    assert_eq!(hand.reply(ticket).unwrap().text(), b"7\n7");
    assert_eq!(unsolicited(&mut hand), [213]);
}

/// What stands between two replies belongs to neither, in however many pieces it comes.
#[test]
fn a_blank_line_that_began_before_a_command_was_written_is_no_part_of_its_reply() {
    for (before, after) in [
        (&b"\r"[..], &b"\n213 7\r\n"[..]),
        (b"\xff", b"\xfb\x01213 7\r\n"),
        (b"\xff\xfb", b"\x01213 7\r\n"),
    ] {
        let mut whole = hand();
        whole.receives(before);
        let ticket = whole.submits("SIZE f");
        let mut bit_by_bit = whole.session.clone();
        whole.receives(after);
        after
            .iter()
            .for_each(|byte| bit_by_bit.receive(std::slice::from_ref(byte)));
        assert_eq!(bit_by_bit, whole.session, "{}", before.escape_ascii());
        assert_eq!(whole.reply(ticket).unwrap().text(), b"7");
        assert!(unsolicited(&mut whole).is_empty());
    }
}

#[test]
fn refusal_and_421_in_one_piece() {
    let mut hand = hand();
    hand.starts(retrieve()).says("550 No.\n421 Bye.");
    let error = hand.verdict().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Refused(_)));
    // Nobody is told that the session is usable when it is not.
    assert_eq!(error.after(), After::Dead);
    hand.acts(&["Discard", "Close"])
        .is(State::Dead(Closed::Service));
    let ticket = hand.submits("SIZE f");
    let error = hand.reply(ticket).unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::Closed(Closed::Service, Some(_))
    ));
    hand.sends(&[]);
}

#[test]
fn a_421_answers_what_is_under_way_and_ends_the_session() {
    let mut hand = hand();
    let ticket = hand.submits("SIZE f");
    hand.says("421 Bye.").acts(&["Close"]);
    let Poll::Ready(Err(error)) = hand.session.poll_class(ticket, Class::Completion) else {
        panic!("no answer");
    };
    assert!(matches!(error.kind(), ErrorKind::Refused(reply) if reply.code().get() == 421));
    assert!(error.is_fatal());
    let mut hand = self::hand();
    hand.starts(retrieve())
        .says("421 Bye.")
        .acts(&["Discard", "Close"]);
    assert!(hand.verdict().unwrap_err().is_fatal());
    let mut hand = self::hand();
    hand.says("421 Bye.").is(State::Dead(Closed::Service));
    assert_eq!(unsolicited(&mut hand), [421]);
}

#[test]
fn four_replies_that_nobody_asked_for_and_no_more() {
    let mut hand = hand();
    for number in 0..4 {
        hand.says("200 Hello?").is_usable();
        assert_eq!(unsolicited(&mut hand).len(), 1, "{number}");
    }
    hand.says("200 Hello?");
    let violation = Violation::TooManyUnsolicited;
    hand.is(State::Dead(Closed::Violation(violation)));
}

/// Nothing grows without bound, even when nobody polls events.
#[test]
fn floods_end_the_session_and_hold_no_memory() {
    for flood in ["100 Soon.", "200 Yes.", "226 Done.", "150 Here."] {
        for started in [false, true] {
            let mut hand = hand();
            if started {
                hand.starts(retrieve());
            }
            for _ in 0..10_000 {
                hand.session.receive(format!("{flood}\r\n").as_bytes());
            }
            hand.run();
            hand.is_dead();
            assert!(format!("{:?}", hand.session).len() < 40_000);
        }
    }
}

#[test]
fn sixteen_marks_for_any_command_and_no_more() {
    let mut hand = hand();
    let ticket = hand.submits("SITE WAIT");
    for _ in 0..16 {
        hand.says("100 Soon.");
    }
    assert!(hand.session.poll_reply(ticket).is_pending());
    hand.says("100 Soon.");
    hand.is(State::Dead(Closed::Violation(
        Violation::TooManyPreliminary,
    )));
}

#[test]
fn what_is_over_stays_over() {
    let mut hand = hand();
    hand.starts(retrieve()).says("garbage").is_dead();
    let state = hand.session.state();
    let mut first = hand.verdict().unwrap_err();
    for _ in 0..3 {
        hand.says("226 Done.");
        hand.session.receive_eof();
        hand.session.close();
        hand.reports(Report::Unsecured)
            .connects()
            .moved(7)
            .ends(End::Clean);
        hand.waits(100).is(state).sends(&[]);
        hand.begins(retrieve());
        let next = hand.verdict().unwrap_err();
        assert_eq!(next.after(), first.after());
        first = next;
        let ticket = hand.submits("NOOP");
        assert!(hand.reply(ticket).unwrap_err().is_fatal());
    }
    assert_eq!(hand.session.deadline(), None);
    assert!(hand.session.transmit().is_empty());
}

#[test]
fn a_window_keeps_the_order_and_barriers_wait() {
    let mut config = Config::default();
    config.pipeline = Pipeline::window(3);
    let mut hand = Hand::new(config);
    let tickets = ["SIZE a", "SIZE b", "SIZE c", "SIZE d"].map(|line| hand.submits(line));
    let quit = hand.submits("QUIT");
    hand.sends(&["SIZE a", "SIZE b", "SIZE c"]);
    hand.says("213 1").sends(&["SIZE d"]);
    hand.says("213 2\n213 3").sends(&[]);
    hand.says("213 4").sends(&["QUIT"]);
    for (ticket, text) in tickets.into_iter().zip(["1", "2", "3", "4"]) {
        assert_eq!(hand.reply(ticket).unwrap().text(), text.as_bytes());
    }
    hand.says("221 Bye.").is(State::Dead(Closed::Quit));
    assert!(hand.reply(quit).is_ok());
}

#[test]
fn a_reply_that_nobody_wants_is_awaited_all_the_same() {
    let mut hand = hand();
    let unwanted = hand.submits("SIZE a");
    hand.session.discard(unwanted);
    let wanted = hand.submits("SIZE b");
    hand.sends(&["SIZE a"])
        .says("213 1")
        .sends(&["SIZE b"])
        .says("213 2");
    assert_eq!(hand.reply(wanted).unwrap().text(), b"2");
    let spent = hand.reply(unwanted).unwrap_err();
    assert!(matches!(
        spent.kind(),
        ErrorKind::Misuse(Misuse::SpentTicket)
    ));
    // One that is still queued does not go out at all.
    let first = hand.submits("SIZE c");
    let queued = hand.submits("SIZE d");
    hand.session.discard(queued);
    hand.says("213 3").sends(&["SIZE c"]).is_usable();
    assert!(hand.reply(first).is_ok());
}

#[test]
fn replies_that_nobody_polls_fill_the_window() {
    let mut hand = hand();
    for _ in 0..8 {
        hand.submits("NOOP");
        hand.says("200 Yes.");
    }
    let command = Command::bare(ftp_proto::Verb::Noop);
    assert_eq!(hand.session.submit(command), Err(Misuse::PipelineFull));
}

#[test]
fn a_second_transfer_is_refused_while_one_runs() {
    let mut hand = hand();
    hand.starts(retrieve());
    assert_eq!(hand.session.begin(store()), Err(Misuse::Busy));
    hand.says("550 No.");
    assert!(hand.session.begin(store()).is_ok());
    assert_eq!(hand.session.begin(store()), Err(Misuse::Busy));
}

#[test]
fn the_errors_say_what_the_session_is_good_for_when_they_are_polled() {
    let mut hand = hand();
    hand.moves(retrieve())
        .expires(Reason::DataIdle)
        .says("426 Cut.\n226 Aborted.");
    assert_eq!(hand.verdict().unwrap_err().after(), After::Usable);
}

/// A fence that was answered out of turn: what comes behind it answers no command.
#[test]
fn replies_behind_a_fence_are_surplus() {
    for answered in ["426 Aborted.", ""] {
        let mut hand = Hand::new(Config::default());
        hand.moves(retrieve()).moved(3);
        let id = hand.session.current_transfer().unwrap();
        hand.session.abort(id);
        hand.run();
        if !answered.is_empty() {
            hand.says(answered);
        }
        hand.expires(Reason::AbortGrace);
        hand.says("200 Yes.").is_usable();
        let ticket = hand.submits("NOOP");
        hand.says("226 Aborted, by the way.").says("200 Yes.");
        assert_eq!(hand.reply(ticket).unwrap().code().get(), 200);
        hand.is_in_step();
    }
}

/// What was not written when the session ends is not written any more.
#[test]
fn nothing_is_written_behind_the_end() {
    let mut session = hand().session;
    session.submit(Command::raw("NOOP").unwrap()).unwrap();
    assert_eq!(session.transmit(), b"NOOP\r\n");
    session.receive_eof();
    assert_eq!(session.transmit(), b"");
}

/// What waits to be written may be a password: it is counted and not shown.
#[test]
fn what_waits_is_counted_and_not_shown() {
    let mut session = hand().session;
    session
        .submit(Command::raw("PASS secret").unwrap())
        .unwrap();
    let shown = format!("{session:?}");
    assert!(
        shown.contains("Outbox { unsent_bytes: 13, sent: 0 }"),
        "{shown}"
    );
    assert!(!shown.contains("secret"));
}

/// Whoever has not asked yet is told of the end all the same, and nothing is waited for any more.
#[test]
fn an_unpolled_verdict_knows_of_the_end() {
    let mut hand = hand();
    hand.starts(retrieve()).says("550 No.");
    hand.submits("NOOP");
    hand.session.receive_eof();
    hand.run();
    assert_eq!(hand.session.deadline(), None);
    let error = hand.verdict().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Refused(_)));
    assert_eq!(error.after(), After::Dead);
}

/// RFC 959 gives TYPE no 3xx: nothing is known of the type then.
#[test]
fn a_type_is_in_force_after_a_success_alone() {
    let mut hand = hand();
    hand.begins(retrieve());
    // What cannot be an answer is followed by a fence.
    hand.sends(&["TYPE I"])
        .says("331 Password?")
        .sends(&["PWD"]);
    let error = hand.verdict().unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unexpected(_)),
        "{error:?}"
    );
    assert_eq!(error.after(), After::Settling);
    hand.says("257 \"/\"").is_usable();
    let submitted = hand.submits("TYPE A");
    hand.says("350 Go on.");
    let error = hand.reply(submitted).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unexpected(reply) if reply.code().get() == 350),
        "{error:?}"
    );
    assert_eq!(hand.session.representation(), None);
}
