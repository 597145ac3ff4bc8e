//! What servers answer to an abort, in every order, and what is done when they do not.

use ftp_proto::{AbortStyle, Closed, Failure, Interruption, Reason, Violation};

use super::{
    Download, LONG, PROMPT, SHORT, Scenario, Told, Upload, aborted, download, opening, retr, stor,
    upload,
};
use crate::scripted::Script;

/// What six servers answer, and a few more: the transfer's reply and ABOR's, or the other way
/// round.
const PAIRS: [(&str, &str); 8] = [
    ("426", "226"),
    ("426", "225"),
    ("226", "226"),
    ("226", "225"),
    ("225", "226"),
    ("226", "426"),
    ("451", "226"),
    ("550", "226"),
];

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = pairs();
    scenarios.extend(fences());
    scenarios.extend(styles());
    scenarios.extend(moments());
    scenarios.extend(losses());
    scenarios.extend(forgotten());
    scenarios
}

fn moving() -> Script {
    retr("150 here\r\n").send_data("abc")
}

/// The client aborts when it has three bytes.
fn aborting() -> Download {
    Download {
        abort_at: Some(3),
        ..download()
    }
}

fn told(replies: usize) -> Told {
    Told::broken(b"abc", Interruption::Aborted).settling(replies)
}

/// The abort that is told before the server has said anything to it.
fn scenario(name: impl Into<String>, script: Script) -> Scenario {
    Scenario::new(name, script)
        .then(aborting(), told(2))
        .release("told")
}

fn pairs() -> Vec<Scenario> {
    let both = PAIRS.into_iter().flat_map(|(one, other)| {
        let at_once = aborted(&format!("{one} one\r\n{other} other\r\n"));
        let in_turn = aborted(&format!("{one} one\r\n"))
            .settle()
            .send(format!("{other} other\r\n"));
        [("", at_once), ("_in_turn", in_turn)].map(|(how, replies)| {
            let name = format!("{one}_and_{other}{how}");
            // Both replies come, however long the peer takes to see that the first has arrived.
            scenario(name, moving().then_all(replies))
                .configured(|config| config.timeouts.abort_grace = LONG)
                .goes_on()
        })
    });
    both.collect()
}

fn fences() -> Vec<Scenario> {
    let mut scenarios: Vec<_> = ["225", "226", "426", "451"]
        .into_iter()
        .map(|reply| {
            let script = moving()
                .then_all(aborted(&format!("{reply} alone\r\n")))
                .answer("NOOP", "200 fence\r\n");
            scenario(format!("only_{reply}_and_a_fence"), script)
                .configured(|config| config.timeouts.abort_grace = SHORT)
                .goes_on()
        })
        .collect();
    let further = [
        (
            "nothing_and_a_fence",
            aborted("").answer("NOOP", "200 fence\r\n"),
        ),
        (
            "the_replies_behind_the_fence",
            aborted("").answer("NOOP", "426 late\r\n226 later\r\n200 fence\r\n"),
        ),
        (
            "one_reply_before_the_fence_and_one_behind_it",
            aborted("426 cut\r\n").answer("NOOP", "226 later\r\n200 fence\r\n"),
        ),
        // Pure-FTPd: another 150 and ABOR's 226, and never a word about RETR.
        (
            "another_mark_and_only_226",
            aborted("150 0.002 seconds\r\n226 aborted\r\n").answer("NOOP", "200 fence\r\n"),
        ),
    ];
    scenarios.extend(further.map(|(name, replies)| {
        scenario(name, moving().then_all(replies))
            .configured(|config| config.timeouts.abort_grace = SHORT)
            .goes_on()
    }));
    let unanswered = moving().then_all(aborted("")).expect("NOOP").expect_close();
    scenarios.push(
        scenario("a_fence_without_an_answer", unanswered)
            .configured(|config| {
                config.timeouts.abort_grace = SHORT;
                config.timeouts.fence = SHORT;
            })
            .ends(Closed::Timeout(Reason::Fence)),
    );
    scenarios
}

fn styles() -> Vec<Scenario> {
    vec![
        Scenario::new(
            "closing_the_data_connection_alone",
            moving()
                .read_data_to_reset()
                .wait("told")
                .send("426 cut\r\n"),
        )
        .configured(|config| config.abort = AbortStyle::CloseData)
        .then(aborting(), told(1))
        .release("told")
        .goes_on(),
        Scenario::new("closing_everything", moving().expect_close())
            .configured(|config| config.abort = AbortStyle::CloseControl)
            .then(
                aborting(),
                Told::broken(b"abc", Interruption::Aborted).dead(Closed::Local),
            )
            .ends(Closed::Local),
        scenario(
            "the_data_connection_stays_a_little",
            moving()
                .expect("ABOR")
                .read_data_to_reset()
                .wait("told")
                .send("426 cut\r\n226 aborted\r\n"),
        )
        .configured(|config| config.timeouts.abort_linger = SHORT)
        .goes_on(),
    ]
}

fn moments() -> Vec<Scenario> {
    let full = Download {
        full_at: Some(3),
        ..download()
    };
    let replies = || aborted("426 cut\r\n226 aborted\r\n");
    vec![
        // The caller's sink fails: nobody wants the rest.
        Scenario::new("our_disk_is_full", moving().then_all(replies()))
            .then(full, Told::elsewhere().having(b"abc").settling(2))
            .release("told")
            .goes_on(),
        // Nothing is owed any more: the final reply was there before.
        Scenario::new(
            "behind_the_final_reply",
            retr("150 here\r\n226 done\r\n").settle().send_data("abc"),
        )
        .then(
            aborting(),
            Told::broken(b"abc", Interruption::Aborted).reply(Some(226)),
        )
        .goes_on(),
    ]
}

fn losses() -> Vec<Scenario> {
    let replies = || aborted("426 cut\r\n226 aborted\r\n");
    vec![
        Scenario::new(
            "between_an_early_success_and_its_mark",
            retr("200 well\r\n")
                .send_data("abc")
                .expect("NOOP")
                .wait("told")
                .send("150 here\r\n426 cut\r\n200 fence\r\n"),
        )
        .then(
            aborting(),
            Told::broken(b"abc", Interruption::Aborted)
                .reply(Some(200))
                .settling(2),
        )
        .release("told")
        .goes_on(),
        scenario(
            "the_control_connection_is_lost",
            moving().expect("ABOR").wait("told").close(),
        )
        .ends(Closed::Eof),
        scenario(
            "the_control_connection_is_reset",
            moving().expect("ABOR").wait("told").reset(),
        )
        .ends(Closed::Lost(Failure::Reset)),
        scenario(
            "a_farewell",
            moving().then_all(aborted("421 enough\r\n")).expect_close(),
        )
        .ends(Closed::Service),
        // The next transfer waits for what is owed by the last.
        scenario(
            "the_next_transfer_waits",
            moving()
                .then_all(replies())
                .then_all(super::port())
                .answer("RETR a", "550 no\r\n"),
        )
        .then(download(), Told::refused(ftp_proto::Verb::Retr, 550))
        .goes_on(),
        Scenario::new(
            "before_the_mark_by_the_limit",
            opening().expect("RETR a").then_all(replies()),
        )
        .configured(|config| config.timeouts.operation = Some(PROMPT))
        .then(
            download(),
            Told::broken(b"", Interruption::Timeout(Reason::Operation)).settling(2),
        )
        .release("told")
        .goes_on(),
    ]
}

/// pyftpdlib, asked to abort before it has accepted the data connection.
fn forgotten() -> Vec<Scenario> {
    const FORGOTTEN: Closed = Closed::Violation(Violation::TransferForgotten);
    let settled = |replies: &str| aborted(replies).answer("NOOP", "200 fence\r\n");
    let timed_out = Interruption::Timeout(Reason::DataIdle);
    let idle = |name: &str, mark: &str, script: Script| {
        let script = opening().answer("RETR a", mark).then_all(script);
        Scenario::new(name, script)
            .configured(|config| {
                config.timeouts.data_idle = PROMPT;
                config.timeouts.abort_grace = SHORT;
            })
            .then(download(), Told::broken(b"", timed_out).settling(2))
            .release("told")
    };
    let failing = Upload {
        fails: true,
        ..upload(b"")
    };
    vec![
        idle(
            "a_download_that_the_server_may_still_hold",
            "150 soon\r\n",
            settled("225 closed\r\n").expect_close(),
        )
        .ends(FORGOTTEN),
        idle(
            "a_download_that_had_its_data_connection",
            "125 here\r\n",
            settled("225 closed\r\n"),
        )
        .goes_on(),
        Scenario::new(
            "an_upload_that_the_server_may_still_hold",
            stor("150 soon\r\n")
                .then_all(settled("225 closed\r\n"))
                .expect_close(),
        )
        .configured(|config| config.timeouts.abort_grace = SHORT)
        .then(failing, Told::elsewhere().settling(2))
        .release("told")
        .ends(FORGOTTEN),
    ]
}
