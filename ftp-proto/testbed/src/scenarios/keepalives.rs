//! NOOP during a transfer, and the ways in which servers answer it.

use ftp_proto::{Closed, Config, Interruption, Reason};

use super::{Download, PROMPT, SHORT, Scenario, Told, download, ended, retr};
use crate::scripted::Script;

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = answered();
    scenarios.extend(unanswered());
    scenarios.extend(others());
    scenarios
}

fn told() -> Told {
    Told::downloaded(b"abc")
}

fn answered() -> Vec<Scenario> {
    vec![
        // pyftpdlib
        Scenario::new(
            "answered_200_early",
            ended(kept_alive().send("200 yes\r\n")).send("226 done\r\n"),
        )
        .configured(keepalive)
        .then(download(), told())
        .goes_on(),
        // Pure-FTPd
        Scenario::new(
            "answered_500_early",
            ended(kept_alive().send("500 busy\r\n")).send("226 done\r\n"),
        )
        .configured(keepalive)
        .then(download(), told())
        .goes_on(),
        // vsftpd, ProFTPD, inetutils
        Scenario::new(
            "answered_200_behind_the_226",
            ended(kept_alive())
                .send("226 done\r\n")
                .wait("told")
                .send("200 yes\r\n"),
        )
        .configured(keepalive)
        .then(download(), told().settling(1))
        .release("told")
        .goes_on(),
    ]
}

fn unanswered() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "never_answered",
            ended(kept_alive())
                .send("226 done\r\n")
                .answer("PWD", "257 \"/\"\r\n"),
        )
        .configured(keepalive)
        .configured(|config| config.timeouts.abort_grace = SHORT)
        .then(download(), told().settling(1))
        .goes_on(),
        Scenario::new(
            "answered_behind_the_fence",
            ended(kept_alive())
                .send("226 done\r\n")
                .answer("PWD", "200 late\r\n257 \"/\"\r\n"),
        )
        .configured(keepalive)
        .configured(|config| config.timeouts.abort_grace = SHORT)
        .then(download(), told().settling(1))
        .goes_on(),
        Scenario::new(
            "a_fence_without_an_answer",
            ended(kept_alive())
                .send("226 done\r\n")
                .expect("PWD")
                .expect_close(),
        )
        .configured(keepalive)
        .configured(|config| {
            config.timeouts.abort_grace = SHORT;
            config.timeouts.fence = SHORT;
        })
        .then(download(), told().settling(1))
        .ends(Closed::Timeout(Reason::Fence)),
    ]
}

fn others() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "a_refusal_that_was_the_transfer_s",
            ended(kept_alive().send("503 broken\r\n")).send("200 yes\r\n"),
        )
        .configured(keepalive)
        .then(
            download(),
            Told::broken(b"abc", Interruption::Reply).reply(Some(503)),
        )
        .goes_on(),
        Scenario::new(
            "owed_when_the_transfer_is_aborted",
            retr("150 here\r\n")
                .expect("NOOP")
                .send_data("abc")
                .expect("ABOR")
                .wait("told")
                .send("426 cut\r\n200 yes\r\n226 aborted\r\n"),
        )
        .configured(keepalive)
        .then(
            Download {
                abort_at: Some(3),
                ..download()
            },
            Told::broken(b"abc", Interruption::Aborted).settling(3),
        )
        .release("told")
        .goes_on(),
    ]
}

/// One NOOP is out while payload moves.
fn kept_alive() -> Script {
    retr("150 here\r\n").send_data("abc").expect("NOOP")
}

/// The pause is long enough that no second one follows an answer before the transfer is over.
fn keepalive(config: &mut Config) {
    config.keepalive = Some(PROMPT);
    config.limits.keepalives_max = 1;
}
