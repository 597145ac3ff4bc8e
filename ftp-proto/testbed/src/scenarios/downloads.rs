//! Downloads in passive mode. The numbers are the rows of the transfer table.

use ftp_proto::address::AddressError;
use ftp_proto::{Closed, Compared, Failure, Interruption, Leniency, Reason, Verb, Violation};

use super::{
    LONG, SHORT, Scenario, TAKEN, Told, aborted, download, ended, opening, port, retr, retr_behind,
};
use crate::scripted::{Passive, Port, Script};

const HERE: &str = "150 here\r\n";
const BOTH: &str = "150 here\r\n226 done\r\n";

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = beginnings();
    scenarios.extend(marks_and_ports());
    scenarios.extend(ends());
    scenarios.extend(failures_and_ranges());
    scenarios.extend(breaks());
    scenarios.extend(early_successes());
    scenarios.extend(losses());
    scenarios.extend(farewells());
    scenarios.extend(losses_at_rest());
    scenarios
}

fn beginnings() -> Vec<Scenario> {
    vec![
        // The mark is awaited, and no payload is touched before it.
        Scenario::new(
            "row_2_data_waits_for_the_mark",
            opening()
                .expect("RETR a")
                .send_data("abc")
                .send(HERE)
                .then_all(complete()),
        )
        .then(download(), Told::downloaded(b"abc"))
        .goes_on(),
        Scenario::new("row_3_refusal", retr("550 no\r\n"))
            .then(download(), Told::refused(Verb::Retr, 550))
            .goes_on(),
        Scenario::new(
            "row_3_refusal_of_data_that_is_broken",
            opening()
                .expect("RETR a")
                .reset_data()
                .send("425 no connection\r\n"),
        )
        .then(download(), Told::refused(Verb::Retr, 425))
        .goes_on(),
        Scenario::new(
            "row_3_refusal_and_farewell_in_one_piece",
            retr("550 no\r\n421 bye\r\n").expect_close(),
        )
        .then(
            download(),
            Told::refused(Verb::Retr, 550).dead(Closed::Service),
        )
        .ends(Closed::Service),
    ]
}

fn marks_and_ports() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "row_19_the_last_mark_is_kept",
            retr("150 soon\r\n125 now\r\n")
                .send_data("abc")
                .then_all(complete()),
        )
        .then(download(), Told::downloaded(b"abc").marked(Some(125)))
        .goes_on(),
        Scenario::new(
            "row_19_marks_without_end",
            retr(&"150 soon\r\n".repeat(17)).expect_close(),
        )
        // Payload may move from the first mark on, and its end comes with the end of the script.
        .then(
            download(),
            Told::broken(b"", Interruption::Violation(Violation::TooManyPreliminary))
                .unconfirmed()
                .dead(Closed::Violation(Violation::TooManyPreliminary)),
        )
        .ends(Closed::Violation(Violation::TooManyPreliminary)),
        Scenario::new(
            "a_refused_port_is_tried_otherwise",
            Script::new()
                .answer("TYPE I", "200 ok\r\n")
                .expect("EPSV")
                .passive(Port::Refused, Passive::Extended)
                .expect("PASV")
                .passive(Port::Open, Passive::Classic)
                .accept()
                .answer("RETR a", HERE)
                .send_data("abc")
                .then_all(complete())
                // And remembered.
                .expect("PASV")
                .passive(Port::Open, Passive::Classic)
                .accept()
                .answer("RETR a", "550 no\r\n"),
        )
        .then(download(), Told::downloaded(b"abc"))
        .then(download(), Told::refused(Verb::Retr, 550))
        .goes_on(),
        Scenario::new(
            "ports_that_are_refused",
            Script::new()
                .answer("TYPE I", "200 ok\r\n")
                .expect("EPSV")
                .passive(Port::Refused, Passive::Extended)
                .expect("PASV")
                .passive(Port::Refused, Passive::Classic),
        )
        .then(
            download(),
            Told::broken(b"", Interruption::Data(Failure::Refused)).at(Verb::Pasv),
        )
        .goes_on(),
        Scenario::new(
            "an_address_that_is_none",
            Script::new()
                .answer("TYPE I", "200 ok\r\n")
                .answer("EPSV", "229 somewhere\r\n")
                .answer("PASV", "227 elsewhere\r\n")
                .answer("FEAT", "500 what?\r\n"),
        )
        .then(
            download(),
            Told::unreadable(Verb::Pasv, Violation::Address(AddressError::Form)),
        )
        .goes_on(),
    ]
}

/// The client sees the end of the data and only then the 226.
fn complete() -> Script {
    ended(Script::new()).send("226 done\r\n")
}

fn ends() -> Vec<Scenario> {
    let told = Told::downloaded(b"abc");
    vec![
        Scenario::new(
            "row_6_success_after_the_end",
            retr(HERE).send_data("abc").then_all(complete()),
        )
        .then(download(), told.clone())
        .goes_on(),
        Scenario::new("row_6_an_empty_file", retr(HERE).then_all(complete()))
            .then(download(), Told::downloaded(b""))
            .goes_on(),
        Scenario::new(
            "row_6_with_the_announced_length",
            retr("150 here (3 bytes)\r\n")
                .send_data("abc")
                .then_all(complete()),
        )
        .then(download(), told.clone().compared(Compared::Hint(3)))
        .goes_on(),
        Scenario::new(
            "row_6_with_too_few_bytes",
            retr("150 here (5 bytes)\r\n")
                .send_data("abc")
                .then_all(complete()),
        )
        .then(
            download(),
            Told::broken(b"abc", Interruption::Length)
                .reply(Some(226))
                .compared(Compared::Hint(5)),
        )
        .goes_on(),
        Scenario::new(
            "row_7_success_before_the_end",
            retr(BOTH).settle().send_data("abc").close_data(),
        )
        .then(download(), told)
        .goes_on(),
    ]
}

fn failures_and_ranges() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "row_9_failure_before_the_end",
            retr("150 here\r\n451 sorry\r\n")
                .settle()
                .send_data("abc")
                .close_data(),
        )
        .then(
            download(),
            Told::broken(b"abc", Interruption::Reply).reply(Some(451)),
        )
        .goes_on(),
        Scenario::new(
            "row_9_failure_and_no_end",
            retr(HERE)
                .send_data("abc")
                .wait(TAKEN)
                .send("451 sorry\r\n"),
        )
        .configured(|config| config.timeouts.drain = SHORT)
        .then(
            taking(3),
            Told::broken(b"abc", Interruption::Reply).reply(Some(451)),
        )
        .goes_on(),
        Scenario::new(
            "row_10_failure_after_the_end",
            ended(retr(HERE).send_data("abc")).send("426 broken\r\n"),
        )
        .then(
            download(),
            Told::broken(b"abc", Interruption::Reply).reply(Some(426)),
        )
        .goes_on(),
        Scenario::new(
            "row_10_failure_of_a_range",
            retr("150 here\r\n451 sorry\r\n")
                .settle()
                .send_data("abcdef"),
        )
        .then(
            limited(3),
            Told::broken(b"abc", Interruption::Reply).reply(Some(451)),
        )
        .goes_on(),
        Scenario::new(
            "row_20_a_range",
            retr(HERE)
                .send_data("abcdef")
                .then_all(aborted("426 cut\r\n226 aborted\r\n")),
        )
        .then(
            limited(3),
            Told::downloaded(b"abc").reply(None).cut().settling(2),
        )
        .release("told")
        .goes_on(),
        Scenario::new("row_26_success_and_no_end", retr_behind("abc", BOTH))
            .configured(|config| config.timeouts.data_idle = SHORT)
            .then(
                download(),
                Told::broken(b"abc", Interruption::NoEof).reply(Some(226)),
            )
            .goes_on(),
    ]
}

fn taking(bytes: u64) -> super::Download {
    super::Download {
        taken_at: Some(bytes),
        ..download()
    }
}

/// The payload rests with the client meanwhile, and no limit of its own runs.
fn taking_its_time_until(mark: &'static str) -> super::Download {
    super::Download {
        waits_for: Some(mark),
        ..download()
    }
}

fn limited(bytes: u64) -> super::Download {
    super::Download {
        limit: Some(bytes),
        ..download()
    }
}

fn breaks() -> Vec<Scenario> {
    let reset = Interruption::Data(Failure::Reset);
    let mut scenarios: Vec<_> = [
        (426, "426 cut\r\n"),
        (451, "451 no\r\n"),
        (226, "226 done\r\n"),
    ]
    .into_iter()
    .map(|(code, reply)| {
        let script = retr(HERE)
            .send_data("abc")
            .wait(TAKEN)
            .reset_data()
            .send(reply);
        Scenario::new(format!("row_11_broken_data_and_{code}"), script)
            .then(taking(3), Told::broken(b"abc", reset).reply(Some(code)))
            .goes_on()
    })
    .collect();
    scenarios.push(
        Scenario::new(
            "row_11_broken_data_and_nothing_said",
            retr(HERE)
                .send_data("abc")
                .wait(TAKEN)
                .reset_data()
                .then_all(aborted("426 cut\r\n225 nothing to abort\r\n")),
        )
        .configured(|config| config.timeouts.completion = SHORT)
        .then(taking(3), Told::broken(b"abc", reset).settling(2))
        .release("told")
        .goes_on(),
    );
    scenarios.push(
        Scenario::new(
            "row_12_success_and_then_broken_data",
            retr(BOTH)
                .settle()
                .send_data("abc")
                .wait(TAKEN)
                .reset_data(),
        )
        .then(taking(3), Told::broken(b"abc", reset).reply(Some(226)))
        .goes_on(),
    );
    scenarios
}

fn early_successes() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "row_13_no_mark_at_all",
            ended(retr("226 done\r\n").settle().send_data("abc")),
        )
        .configured(|config| config.timeouts.drain = SHORT)
        .then(download(), Told::downloaded(b"abc").marked(None))
        .goes_on()
        .lets_pass(Leniency::NoMark),
        Scenario::new(
            "row_13_a_stray_reply_before_the_mark",
            ended(retr("200 well\r\n150 here\r\n").send_data("abc")).send("226 done\r\n"),
        )
        .then(download(), Told::downloaded(b"abc"))
        .goes_on()
        .lets_pass(Leniency::EarlyCompletion),
        Scenario::new(
            "row_13_data_without_an_end",
            retr_behind("abc", "226 done\r\n")
                .expect("NOOP")
                .wait("told")
                .send("200 fence\r\n"),
        )
        .configured(|config| config.timeouts.data_idle = SHORT)
        .then(
            download(),
            Told::broken(b"abc", Interruption::NoEof)
                .reply(Some(226))
                .settling(2),
        )
        .release("told")
        .goes_on(),
    ]
}

fn lost(received: &[u8]) -> Told {
    Told::broken(received, Interruption::ControlLost).dead(Closed::Eof)
}

fn losses() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "row_16_the_control_connection_is_lost_and_the_data_goes_on",
            retr("150 here (6 bytes)\r\n")
                .send_data("abc")
                .close()
                .send_data("def")
                .close_data(),
        )
        .then(
            download(),
            lost(b"abcdef").compared(Compared::Hint(6)).unconfirmed(),
        )
        .ends(Closed::Eof),
        Scenario::new(
            "row_16_and_the_data_ends_too_early",
            retr("150 here (6 bytes)\r\n")
                .send_data("abc")
                .close()
                .close_data(),
        )
        .then(download(), lost(b"abc").compared(Compared::Hint(6)))
        .ends(Closed::Eof),
        Scenario::new(
            "row_16_and_the_data_is_reset",
            retr(HERE).send_data("abc").close().wait(TAKEN).reset_data(),
        )
        .then(taking(3), lost(b"abc"))
        .ends(Closed::Eof),
        Scenario::new(
            "row_16_and_the_data_stands_still",
            retr_behind("abc", HERE).close().mark("closed").wait("over"),
        )
        .configured(|config| config.timeouts.data_idle = SHORT)
        .then(taking_its_time_until("closed"), lost(b"abc"))
        .ends(Closed::Eof)
        .release("over"),
    ]
}

fn farewells() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "row_16_a_farewell_and_the_data_goes_on",
            retr("150 here (6 bytes)\r\n")
                .send_data("abc")
                .send("421 going down\r\n")
                .settle()
                .send_data("def")
                .close_data()
                .mark("all")
                .expect_close(),
        )
        .then(taking_its_time_until("all"), {
            let told = Told::broken(b"abcdef", Interruption::ControlLost).reply(Some(421));
            let told = told.compared(Compared::Hint(6)).unconfirmed();
            told.dead(Closed::Service)
        })
        .ends(Closed::Service),
        Scenario::new(
            "row_16_a_farewell_and_the_data_stands_still",
            retr(HERE)
                .send_data("abc")
                .send("421 going down\r\n")
                .expect_close()
                .wait("over"),
        )
        .then(download(), {
            let told = Told::broken(b"abc", Interruption::ControlLost).reply(Some(421));
            told.dead(Closed::Service)
        })
        .ends(Closed::Service)
        .release("over"),
    ]
}

fn losses_at_rest() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "row_16_lost_before_the_mark",
            opening().expect("RETR a").close(),
        )
        .then(download(), lost(b""))
        .ends(Closed::Eof),
        Scenario::new(
            "row_16_lost_after_the_end",
            ended(retr(HERE).send_data("abc")).close(),
        )
        .then(download(), lost(b"abc").unconfirmed())
        .ends(Closed::Eof),
        Scenario::new(
            "row_18_no_final_reply",
            ended(retr("150 here (3 bytes)\r\n").send_data("abc")).expect_close(),
        )
        .configured(|config| config.timeouts.completion = SHORT)
        .then(download(), {
            let cause = Interruption::Timeout(Reason::Completion);
            let told = Told::broken(b"abc", cause).compared(Compared::Hint(3));
            told.unconfirmed().dead(Closed::Timeout(Reason::Completion))
        })
        .ends(Closed::Timeout(Reason::Completion)),
        // After all that, a second transfer begins with its own EPSV, and nothing of the first is
        // left.
        Scenario::new(
            "a_failure_and_then_a_success",
            ended(retr(HERE).send_data("abc"))
                .send("426 broken\r\n")
                .then_all(port())
                .answer("RETR a", HERE)
                .send_data("abcdef")
                .then_all(complete()),
        )
        .configured(|config| config.timeouts.drain = LONG)
        .then(
            download(),
            Told::broken(b"abc", Interruption::Reply).reply(Some(426)),
        )
        .then(download(), Told::downloaded(b"abcdef"))
        .goes_on(),
    ]
}
