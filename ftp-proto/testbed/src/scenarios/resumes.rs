//! Resumed transfers, and servers that lie about them.

use ftp_proto::{Compared, Interruption, Policy, Verb};

use super::{Download, Scenario, Told, aborted, download, ended, upload};
use crate::scripted::Script;

const SIZED: &str = "213 10\r\n";

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = before_anything_moves();
    scenarios.extend(moving());
    scenarios.extend(lies());
    scenarios
}

fn from(offset: u64) -> Download {
    Download {
        offset,
        ..download()
    }
}

fn sized(reply: &str) -> Script {
    Script::new()
        .answer("TYPE I", "200 ok\r\n")
        .answer("SIZE a", reply)
}

/// Ten bytes, and a transfer from the fourth on that has begun with this reply.
fn restarted(reply: &str) -> Script {
    sized(SIZED)
        .then_all(super::port())
        .answer("REST 4", "350 of course\r\n")
        .answer("RETR a", reply)
}

fn before_anything_moves() -> Vec<Scenario> {
    let nothing = Told::downloaded(b"").marked(None).reply(Some(213));
    vec![
        Scenario::new("the_offset_is_the_size", sized(SIZED))
            .then(from(10), nothing.compared(Compared::Size(0)))
            .goes_on(),
        Scenario::new("the_offset_is_beyond_the_size", sized(SIZED))
            .then(from(11), Told::policy(Verb::Size, Policy::BeyondEnd))
            .goes_on(),
        Scenario::new(
            "there_is_no_size",
            sized("500 what?\r\n").answer("MLST a", "500 what?\r\n"),
        )
        .then(from(4), Told::policy(Verb::Size, Policy::SizeUnknown))
        .goes_on(),
        Scenario::new(
            "rest_is_refused",
            sized(SIZED)
                .then_all(super::port())
                .answer("REST 4", "502 not here\r\n"),
        )
        .then(from(4), Told::refused(Verb::Rest, 502))
        .goes_on(),
    ]
}

fn moving() -> Vec<Scenario> {
    let size = Compared::Size(6);
    vec![
        Scenario::new(
            "offset_and_received_make_the_size",
            ended(restarted("150 here\r\n").send_data("456789")).send("226 done\r\n"),
        )
        .then(from(4), Told::downloaded(b"456789").compared(size))
        .goes_on(),
        Scenario::new(
            "too_few_bytes",
            ended(restarted("150 here\r\n").send_data("45678")).send("226 done\r\n"),
        )
        .then(
            from(4),
            Told::broken(b"45678", Interruption::Length)
                .reply(Some(226))
                .compared(size),
        )
        .goes_on(),
        Scenario::new(
            "an_upload",
            sized(SIZED)
                .then_all(super::port())
                .answer("REST 4", "350 of course\r\n")
                .answer("STOR a", "150 go\r\n")
                .read_data_to_end()
                .send("226 done\r\n"),
        )
        .then(
            super::Upload {
                offset: 4,
                ..upload(b"456789")
            },
            Told::uploaded(6).compared(Compared::Unverified),
        )
        .stores(b"456789")
        .goes_on(),
        Scenario::new(
            "an_upload_behind_the_end",
            sized("213 4\r\n")
                .then_all(super::port())
                .answer("APPE a", "150 go\r\n")
                .read_data_to_end()
                .send("226 done\r\n"),
        )
        .then(
            super::Upload {
                offset: 4,
                ..upload(b"456789")
            },
            Told::uploaded(6),
        )
        .stores(b"456789")
        .goes_on(),
    ]
}

/// REST was answered 350, and the server sends from the beginning. Not a byte past the expected end
/// is handed on.
fn lies() -> Vec<Scenario> {
    let told = || Told::broken(b"012345", Interruption::Length).compared(Compared::Size(6));
    vec![
        Scenario::new(
            "rest_is_ignored",
            restarted("150 here\r\n")
                .send_data("0123456789")
                .then_all(aborted("426 cut\r\n226 aborted\r\n")),
        )
        .then(from(4), told().settling(2))
        .release("told")
        .goes_on(),
        Scenario::new(
            "rest_is_ignored_and_success_comes_first",
            restarted("150 here\r\n226 done\r\n")
                .settle()
                .send_data("0123456789")
                .close_data(),
        )
        .then(from(4), told().reply(Some(226)))
        .goes_on(),
        Scenario::new(
            "a_file_that_has_grown",
            sized("213 3\r\n")
                .then_all(super::port())
                .answer("RETR a", "150 here\r\n")
                .send_data("abcdef")
                .then_all(aborted("426 cut\r\n226 aborted\r\n")),
        )
        .then(
            Download {
                verified: true,
                ..download()
            },
            Told::broken(b"abc", Interruption::Length)
                .compared(Compared::Size(3))
                .settling(2),
        )
        .release("told")
        .goes_on(),
        Scenario::new(
            "a_file_that_has_shrunk",
            ended(
                sized("213 6\r\n")
                    .then_all(super::port())
                    .answer("RETR a", "150 here\r\n")
                    .send_data("abc"),
            )
            .send("226 done\r\n"),
        )
        .then(
            Download {
                verified: true,
                ..download()
            },
            Told::broken(b"abc", Interruption::Length)
                .compared(Compared::Size(6))
                .reply(Some(226)),
        )
        .goes_on(),
    ]
}
