//! Replies that nobody asked for, and whose replies they are not. They lie in the client's kernel
//! before the next command is written.

use ftp_proto::{Closed, Leniency, Verb, Violation};

use super::{Act, Scenario, Told, download, ended, retr, upload};
use crate::scripted::Script;

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = surplus();
    scenarios.extend(behind_transfers());
    scenarios.extend(doubles());
    scenarios.extend(ends());
    scenarios
}

/// The script up to an idle session, in whose kernel `bytes` lie.
fn idle_with(bytes: impl AsRef<[u8]>) -> Script {
    Script::new()
        .answer("NOOP", "200 ok\r\n")
        .wait("idle")
        .send(bytes)
        .settle()
        .mark("sent")
}

/// The client's part in it.
fn idle(name: impl Into<String>, script: Script) -> Scenario {
    Scenario::new(name, script)
        .then("NOOP", Told::replied("200 ok"))
        .release("idle")
        .reached("sent")
}

fn surplus() -> Vec<Scenario> {
    let mut scenarios: Vec<_> = ["200", "226", "250", "257", "550"]
        .into_iter()
        .map(|code| {
            let script =
                idle_with(format!("{code} \"/wrong\"\r\n")).answer("PWD", "257 \"/right\"\r\n");
            idle(format!("{code}_while_idle"), script)
                .then("PWD", Told::replied("257 \"/right\""))
                .goes_on()
        })
        .collect();
    scenarios.extend([
        Scenario::new(
            "together_with_the_reply",
            Script::new()
                .answer("NOOP", "200 ok\r\n200 and again\r\n")
                .settle()
                .mark("sent")
                .answer("DELE a", "550 no\r\n"),
        )
        .then("NOOP", Told::replied("200 ok"))
        .reached("sent")
        .then("DELE a", Told::refused(Verb::Dele, 550))
        .goes_on(),
        // Its beginning is there before the command, and its end behind it.
        idle(
            "that_is_not_whole_yet",
            idle_with("250 dele")
                .expect("DELE a")
                .send("ted\r\n550 no\r\n"),
        )
        .then("DELE a", Told::refused(Verb::Dele, 550))
        .goes_on(),
        idle(
            "four_of_them",
            idle_with("200 hello\r\n".repeat(4)).answer("PWD", "257 \"/\"\r\n"),
        )
        .then("PWD", Told::replied("257 \"/\""))
        .goes_on(),
        idle(
            "and_a_fifth",
            idle_with("200 hello\r\n".repeat(5)).expect_close(),
        )
        .then(
            "PWD",
            Told::violated(Verb::Pwd, Violation::TooManyUnsolicited),
        )
        .ends(Closed::Violation(Violation::TooManyUnsolicited)),
    ]);
    scenarios
}

fn behind_transfers() -> Vec<Scenario> {
    let twice = "226 done\r\n226 done\r\n";
    let mut scenarios: Vec<_> = [
        ("DELE a", "550 no\r\n", Told::refused(Verb::Dele, 550)),
        ("SIZE a", "213 7\r\n", Told::replied("213 7")),
        ("CWD a", "250 there\r\n", Told::replied("250 there")),
    ]
    .into_iter()
    .map(|(command, reply, told)| {
        let script = ended(retr("150 here\r\n").send_data("abc"))
            .send(twice)
            .settle()
            .mark("sent")
            .answer(command, reply);
        Scenario::new(format!("second_226_before_{command}"), script)
            .then(download(), Told::downloaded(b"abc"))
            .reached("sent")
            .then(command, told)
            .lets_pass(Leniency::SurplusCompletion)
            .goes_on()
    })
    .collect();
    scenarios.push(
        Scenario::new(
            "second_226_of_an_upload_before_the_next_transfer",
            super::stor("150 go\r\n")
                .read_data_to_end()
                .send(twice)
                .settle()
                .mark("sent")
                .then_all(super::port())
                .answer("RETR a", "550 no\r\n"),
        )
        .then(upload(b"abc"), Told::uploaded(3))
        .reached("sent")
        .then(download(), Told::refused(Verb::Retr, 550))
        .lets_pass(Leniency::SurplusCompletion)
        .goes_on(),
    );
    scenarios
}

/// A second answer to CWD is on its way when the next command is.
fn doubles() -> Vec<Scenario> {
    let again = "250 Directory successfully changed.\r\n";
    let cwd = || Script::new().answer("CWD project", "200 OK\r\n");
    let banner = |line: &str| format!("220 {line}\r\n");
    let logs_in = |script: Script| {
        script
            .expect("USER ann")
            .send_pieces(banner("three"), 1)
            .send_pieces(banner("four").repeat(3), 3)
            .send("331 password\r\n")
            .answer("PASS secret", "230 in\r\n")
    };
    vec![
        Scenario::new(
            "a_second_250_that_fits_the_next_cwd",
            cwd()
                .expect("CWD sub")
                .send(again)
                .settle()
                .mark("sent")
                .expect("PWD")
                .send(format!("200 OK\r\n{again}257 \"/\" is current\r\n"))
                .answer("SIZE a.txt", "213 3\r\n")
                .answer("QUIT", "221 bye\r\n")
                .expect_close(),
        )
        .then("CWD project", Told::replied("200 OK"))
        .then("CWD sub", Told::replied(again.trim_end()))
        .reached("sent")
        .then("PWD", Told::replied("257 \"/\" is current"))
        .then("SIZE a.txt", Told::replied("213 3"))
        .then("QUIT", Told::replied("221 bye").dead(Closed::Quit))
        .ends(Closed::Quit),
        Scenario::new(
            "a_second_250_before_an_upload",
            cwd()
                .expect("TYPE I")
                .send(format!("{again}200 type\r\n"))
                .then_all(super::port())
                .answer("STOR a", "150 go\r\n")
                .read_data_to_end()
                .send("226 done\r\n"),
        )
        .then("CWD project", Told::replied("200 OK"))
        .then(upload(b"abc"), Told::uploaded(3))
        .goes_on(),
        Scenario::new(
            "a_reply_that_is_no_answer",
            Script::new()
                .answer("PWD", "331 password?\r\n")
                .answer("NOOP", "257 \"/\"\r\n200 here\r\n"),
        )
        .then("PWD", Told::unexpected(Verb::Pwd, 331).settling(1))
        .goes_on(),
        Scenario::new(
            "a_second_250_and_nothing_else",
            cwd().answer("PWD", again).answer("NOOP", "200 here\r\n"),
        )
        .configured(|config| config.timeouts.reply = super::PROMPT)
        .then("CWD project", Told::replied("200 OK"))
        .then("PWD", Told::unexpected(Verb::Pwd, 250).settling(1))
        .goes_on(),
        Scenario::bare(
            "a_banner_in_pieces",
            logs_in(
                Script::new()
                    .send_pieces(banner("one"), 1)
                    .send(banner("two")),
            ),
        )
        .then(Act::Login, Told::done())
        .goes_on(),
        Scenario::bare(
            "a_banner_in_one_piece",
            logs_in(Script::new().send(banner("line").repeat(6))),
        )
        .then(Act::Login, Told::done())
        .goes_on(),
    ]
}

fn ends() -> Vec<Scenario> {
    let closed = |closed, reply| Told::closed(Verb::Pwd, closed, reply);
    vec![
        idle(
            "a_farewell_while_idle",
            idle_with("421 idle too long\r\n").expect_close(),
        )
        .then("PWD", closed(Closed::Service, Some(421)))
        .ends(Closed::Service),
        idle(
            "an_end_while_idle",
            Script::new()
                .answer("NOOP", "200 ok\r\n")
                .wait("idle")
                .half_close()
                .settle()
                .mark("sent")
                .expect_close(),
        )
        .then("PWD", closed(Closed::Eof, None))
        .ends(Closed::Eof),
        idle(
            "a_reset_while_idle",
            Script::new()
                .answer("NOOP", "200 ok\r\n")
                .wait("idle")
                .reset()
                .mark("sent"),
        )
        .then("PWD", closed(Closed::Lost(ftp_proto::Failure::Reset), None))
        .ends(Closed::Lost(ftp_proto::Failure::Reset)),
        // What it said before it went is heard first.
        idle(
            "a_farewell_and_an_end_while_idle",
            idle_with("421 idle too long\r\n")
                .half_close()
                .expect_close(),
        )
        .then("PWD", closed(Closed::Service, Some(421)))
        .ends(Closed::Service),
        idle(
            "a_farewell_and_a_reset_while_idle",
            Script::new()
                .answer("NOOP", "200 ok\r\n")
                .wait("idle")
                .send("421 idle too long\r\n")
                .settle()
                .reset()
                .mark("sent"),
        )
        .then("PWD", closed(Closed::Service, Some(421)))
        .ends(Closed::Service),
        idle(
            "half_a_reply_and_an_end_while_idle",
            Script::new()
                .answer("NOOP", "200 ok\r\n")
                .wait("idle")
                .send("4")
                .half_close()
                .settle()
                .mark("sent")
                .expect_close(),
        )
        .then("PWD", Told::violated(Verb::Pwd, Violation::TruncatedReply))
        .ends(Closed::Violation(Violation::TruncatedReply)),
        idle(
            "a_quit_that_is_answered",
            idle_with("200 hello\r\n")
                .answer("QUIT", "221 bye\r\n")
                .expect_close(),
        )
        .then("QUIT", Told::replied("221 bye").dead(Closed::Quit))
        .ends(Closed::Quit),
    ]
}
