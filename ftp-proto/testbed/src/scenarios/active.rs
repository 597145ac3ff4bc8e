//! Transfers in active mode, where the server calls back, or does not. The numbers are the rows of
//! the transfer table.

use ftp_proto::{Closed, Config, DataMode, Interruption, Reason, Verb};

use super::{PROMPT, SHORT, Scenario, Told, aborted, download, ended, upload};
use crate::scripted::Script;

const BOTH: &str = "150 calling\r\n226 done\r\n";

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for (mode, verb, configure) in [
        ("eprt", "EPRT", extended as fn(&mut Config)),
        ("port", "PORT", classic),
    ] {
        scenarios.extend(both_modes(mode, verb, configure));
    }
    scenarios.extend(calls());
    scenarios.extend(replies_before_the_call());
    scenarios.extend(strangers_and_refusals());
    scenarios.extend(early_successes());
    scenarios
}

const fn extended(config: &mut Config) {
    config.data_mode = DataMode::ExtendedActive;
}

const fn classic(config: &mut Config) {
    config.data_mode = DataMode::Active;
}

fn opening(verb: &str) -> Script {
    Script::new()
        .answer("TYPE I", "200 ok\r\n")
        .expect_verb(verb)
        .send("200 ok\r\n")
}

fn retr(reply: &str) -> Script {
    opening("EPRT").answer("RETR a", reply)
}

fn stor(reply: &str) -> Script {
    opening("EPRT").answer("STOR a", reply)
}

fn both_modes(mode: &str, verb: &str, configure: fn(&mut Config)) -> Vec<Scenario> {
    let retr = |reply: &str| opening(verb).answer("RETR a", reply);
    vec![
        Scenario::new(
            format!("{mode}_row_2_a_download"),
            ended(retr("150 calling\r\n").connect().send_data("abc")).send("226 done\r\n"),
        )
        .configured(configure)
        .then(download(), Told::downloaded(b"abc"))
        .goes_on(),
        Scenario::new(
            format!("{mode}_row_2_an_upload"),
            opening(verb)
                .answer("STOR a", "150 calling\r\n")
                .connect()
                .read_data_to_end()
                .send("226 done\r\n"),
        )
        .configured(configure)
        .then(upload(b"abc"), Told::uploaded(3))
        .stores(b"abc")
        .goes_on(),
        Scenario::new(
            format!("{mode}_row_3_refusal"),
            retr("425 cannot reach you\r\n"),
        )
        .configured(configure)
        .then(download(), Told::refused(Verb::Retr, 425))
        .goes_on(),
        Scenario::new(
            format!("{mode}_row_23_failure_instead_of_a_call"),
            retr("150 calling\r\n425 cannot reach you\r\n"),
        )
        .configured(configure)
        .then(
            download(),
            Told::broken(b"", Interruption::Reply).reply(Some(425)),
        )
        .goes_on(),
        Scenario::new(
            format!("{mode}_row_17_nobody_calls"),
            retr("150 calling\r\n").then_all(aborted("425 cannot\r\n226 aborted\r\n")),
        )
        .configured(configure)
        .configured(|config| config.timeouts.data_open = SHORT)
        .then(
            download(),
            Told::broken(b"", Interruption::Timeout(Reason::DataOpen)).settling(2),
        )
        .release("told")
        .goes_on(),
    ]
}

fn lost() -> Told {
    Told::broken(b"", Interruption::ControlLost).dead(Closed::Eof)
}

fn calls() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "row_1_no_reply",
            opening("EPRT")
                .expect("RETR a")
                .then_all(aborted("425 cannot\r\n226 aborted\r\n")),
        )
        .configured(extended)
        .configured(|config| config.timeouts.reply = PROMPT)
        .then(
            download(),
            Told::broken(b"", Interruption::Timeout(Reason::Reply)).settling(2),
        )
        .release("told")
        .goes_on(),
        Scenario::new(
            "row_16_lost_before_the_mark",
            opening("EPRT").expect("RETR a").close(),
        )
        .configured(extended)
        .then(download(), lost())
        .ends(Closed::Eof),
        Scenario::new(
            "row_16_lost_before_the_call",
            // The stranger is turned away: by then the client was waiting for a call.
            retr("150 calling\r\n")
                .connect_from([127, 0, 0, 2].into())
                .read_data_to_end()
                .close(),
        )
        .configured(extended)
        .then(download(), lost())
        .ends(Closed::Eof),
    ]
}

fn replies_before_the_call() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "row_21_success_before_the_call",
            retr(BOTH).settle().connect().send_data("abc").close_data(),
        )
        .configured(extended)
        .then(download(), Told::downloaded(b"abc"))
        .goes_on(),
        Scenario::new("row_21_success_and_no_call", retr(BOTH))
            .configured(extended)
            .configured(|config| config.timeouts.data_open = SHORT)
            .then(
                download(),
                Told::broken(b"", Interruption::NoData).reply(Some(226)),
            )
            .goes_on(),
        Scenario::new("row_22_success_of_an_upload_and_no_call", stor(BOTH))
            .configured(extended)
            .then(
                upload(b"abc"),
                Told::broken_upload(Some(0), Interruption::NoGoAhead).reply(Some(226)),
            )
            .goes_on(),
        Scenario::new(
            "row_23_failure_of_an_upload_and_no_call",
            stor("150 calling\r\n425 cannot\r\n"),
        )
        .configured(extended)
        .then(
            upload(b"abc"),
            Told::broken_upload(Some(0), Interruption::Reply).reply(Some(425)),
        )
        .goes_on(),
    ]
}

fn strangers_and_refusals() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "a_stranger_calls_first",
            ended(
                retr("150 calling\r\n")
                    .connect_from([127, 0, 0, 2].into())
                    // Turned away at once, and not when somebody else calls.
                    .read_data_to_end()
                    .connect()
                    .send_data("abc"),
            )
            .send("226 done\r\n"),
        )
        .configured(extended)
        .then(download(), Told::downloaded(b"abc"))
        .goes_on(),
        Scenario::new(
            "eprt_is_refused",
            ended(
                Script::new()
                    .answer("TYPE I", "200 ok\r\n")
                    .expect_verb("EPRT")
                    .send("500 what?\r\n")
                    .expect_verb("PORT")
                    .send("200 ok\r\n")
                    .answer("RETR a", "150 calling\r\n")
                    .connect()
                    .send_data("abc"),
            )
            .send("226 done\r\n"),
        )
        .configured(|config| config.data_mode = DataMode::AnyActive)
        .then(download(), Told::downloaded(b"abc"))
        .goes_on(),
    ]
}

fn early_successes() -> Vec<Scenario> {
    vec![
        // A late mark leaves no doubt that the first success was a stray one.
        Scenario::new(
            "row_24_a_call_without_a_mark",
            ended(
                retr("226 done\r\n")
                    .settle()
                    .connect()
                    .send_data("abc")
                    .send("150 late\r\n"),
            )
            .send("226 done\r\n"),
        )
        .configured(extended)
        .then(download(), Told::downloaded(b"abc"))
        .lets_pass(ftp_proto::Leniency::EarlyCompletion)
        .goes_on(),
        Scenario::new(
            "row_24_neither_a_mark_nor_a_call",
            retr("226 done\r\n")
                .expect("NOOP")
                .wait("told")
                .send("200 fence\r\n"),
        )
        .configured(extended)
        .configured(|config| config.timeouts.drain = SHORT)
        .then(
            download(),
            Told::broken(b"", Interruption::NoData)
                .reply(Some(226))
                .settling(2),
        )
        .release("told")
        .goes_on(),
        Scenario::new(
            "row_14_success_of_an_upload_without_a_mark",
            stor("226 done\r\n")
                .expect("NOOP")
                .wait("told")
                .send("200 fence\r\n"),
        )
        .configured(extended)
        .configured(|config| config.timeouts.drain = SHORT)
        .then(
            upload(b"abc"),
            Told::broken_upload(Some(0), Interruption::NoGoAhead)
                .reply(Some(226))
                .settling(2),
        )
        .release("told")
        .goes_on(),
    ]
}
