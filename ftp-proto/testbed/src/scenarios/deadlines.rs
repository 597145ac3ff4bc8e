//! Waits that run out. The limit that is tested is 200 ms, and no time is asserted.

use std::time::Duration;

use ftp_proto::{Closed, DataMode, Interruption, Reason, Verb};

use super::{
    Download, PROMPT, SHORT, Scenario, TAKEN, Told, aborted, download, ended, opening, retr_behind,
};
use crate::scripted::{Passive, Port, Script};

const REPLIES: &str = "426 cut\r\n226 aborted\r\n";

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = replies();
    scenarios.extend(transfers());
    scenarios.extend(payload());
    scenarios
}

fn replies() -> Vec<Scenario> {
    let silent = || Told::timed_out(Verb::Noop, Reason::Reply);
    vec![
        Scenario::bare("greeting", Script::new().expect_close())
            .configured(|config| config.timeouts.greeting = SHORT)
            .unwelcome(Told::timed_out(Verb::Greeting, Reason::Greeting)),
        Scenario::bare(
            "greeting_that_is_put_off_for_ever",
            Script::new().send("120 soon\r\n").expect_close(),
        )
        .configured(|config| config.timeouts.greeting = SHORT)
        .unwelcome(Told::timed_out(Verb::Greeting, Reason::Greeting)),
        Scenario::new("reply", Script::new().expect("NOOP").expect_close())
            .configured(|config| config.timeouts.reply = SHORT)
            .then("NOOP", silent())
            .ends(Closed::Timeout(Reason::Reply)),
        // The whole of the reply is limited, and not the wait for each of its bytes.
        Scenario::new(
            "reply_that_drips",
            Script::new()
                .expect("NOOP")
                .drip("200 ok, but slowly, and with many words\r\n", SHORT / 4),
        )
        .configured(|config| config.timeouts.reply = SHORT)
        .then("NOOP", silent())
        .ends(Closed::Timeout(Reason::Reply)),
        Scenario::new(
            "reply_in_the_prelude",
            Script::new()
                .answer("TYPE I", "200 ok\r\n")
                .expect("EPSV")
                .expect_close(),
        )
        .configured(|config| config.timeouts.reply = PROMPT)
        .then(download(), Told::timed_out(Verb::Epsv, Reason::Reply))
        .ends(Closed::Timeout(Reason::Reply)),
    ]
}

fn transfers() -> Vec<Scenario> {
    let timeout = Interruption::Timeout;
    vec![
        Scenario::new(
            "row_1_reply_to_the_transfer",
            opening().expect("RETR a").then_all(aborted(REPLIES)),
        )
        .configured(|config| config.timeouts.reply = PROMPT)
        .then(
            download(),
            Told::broken(b"", timeout(Reason::Reply)).settling(2),
        )
        .release("told")
        .goes_on(),
        Scenario::new(
            "data_port_that_does_not_answer",
            Script::new()
                .answer("TYPE I", "200 ok\r\n")
                .expect("EPSV")
                .passive(Port::Silent, Passive::Extended),
        )
        .configured(|config| {
            config.timeouts.data_open = SHORT;
            config.data_mode = DataMode::ExtendedPassive;
        })
        .then(
            download(),
            Told::broken(b"", timeout(Reason::DataOpen)).at(Verb::Epsv),
        )
        .goes_on(),
    ]
}

fn payload() -> Vec<Scenario> {
    let timeout = Interruption::Timeout;
    vec![
        // The server is not to blame for the time that the application takes.
        Scenario::new(
            "the_idle_limit_rests_with_the_application",
            ended(
                opening()
                    .answer("RETR a", "150 here\r\n")
                    .send_data("abc")
                    .wait(TAKEN)
                    .send_data("def"),
            )
            .send("226 done\r\n"),
        )
        .configured(|config| config.timeouts.data_idle = SHORT)
        .then(
            Download {
                taken_at: Some(3),
                rests_for: 2 * SHORT,
                ..download()
            },
            Told::downloaded(b"abcdef"),
        )
        .goes_on(),
        Scenario::new(
            "row_25_payload_that_stands_still",
            retr_behind("abc", "150 here\r\n").then_all(aborted(REPLIES)),
        )
        .configured(|config| config.timeouts.data_idle = SHORT)
        .then(
            download(),
            Told::broken(b"abc", timeout(Reason::DataIdle)).settling(2),
        )
        .release("told")
        .goes_on(),
        Scenario::new(
            "row_25_payload_as_a_whole",
            retr_behind("abc", "150 here\r\n").then_all(aborted(REPLIES)),
        )
        .configured(|config| config.timeouts.data_total = Some(SHORT))
        .then(
            download(),
            Told::broken(b"abc", timeout(Reason::DataTotal)).settling(2),
        )
        .release("told")
        .goes_on(),
        Scenario::new(
            "the_whole_transfer",
            retr_behind("abc", "150 here\r\n").then_all(aborted(REPLIES)),
        )
        .configured(|config| config.timeouts.operation = Some(PROMPT))
        .then(
            download(),
            Told::broken(b"abc", timeout(Reason::Operation)).settling(2),
        )
        .release("told")
        .goes_on(),
        // An idle session waits for nothing, however short its limits.
        Scenario::new("none_between_commands", Script::new())
            .configured(|config| {
                config.timeouts.abort_grace = Duration::ZERO;
                config.timeouts.completion = Duration::ZERO;
                config.timeouts.drain = Duration::ZERO;
                config.timeouts.fence = Duration::ZERO;
            })
            .goes_on(),
    ]
}
