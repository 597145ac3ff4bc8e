//! What servers of the field do unlike others. Most of them write no wrong reply: the client has to
//! go about it otherwise.

use ftp_proto::operation::Rung;
use ftp_proto::{Closed, Config, Interruption, Reason, Verb};

use super::{Act, PROMPT, SHORT, Scenario, Told, Upload, download, upload};
use crate::scripted::Oddity::{
    AsciiNames, BannerOfReplies, HelpIsUnanswered, MissingIs451, MkdTellsItsSuccess,
    MlsdIgnoresItsArgument, MlsdListsWhatIsMissing, MlsdSplitsAtABlank, MlsdTakesADashForAnOption,
    MlsdWantsAnArgument, NoopEndsADownload, NoopStopsAnUpload, OneReadIsOneCommand,
    RestZeroesTheHead, SecondAnswersComeLate, StouTellsTheNameFirst, StouTellsTheNameLast,
};

pub(super) fn scenarios() -> Vec<Scenario> {
    let mut scenarios = transfers();
    scenarios.extend(replies());
    scenarios.extend(directories());
    scenarios.push(answered_twice());
    scenarios.push(greeted_by_many());
    scenarios.extend(resumed());
    scenarios.extend(kept_alive());
    scenarios.extend(paths());
    scenarios
}

fn whole() -> Told {
    Told::downloaded(b"abcdef")
}

fn transfers() -> Vec<Scenario> {
    vec![
        Scenario::odd("one_read_is_one_command", &[OneReadIsOneCommand])
            .then(Act::Login, Told::done())
            .then(download(), whole())
            .then(
                Act::List("logs"),
                listed("-rw-r--r-- 1 o g 6 Jan  1  2020 day1.csv"),
            )
            .then(upload(b"xyz"), Told::uploaded(3))
            .then(download(), Told::downloaded(b"xyz")),
        Scenario::odd("names_are_listed_in_ascii", &[AsciiNames])
            .then("CWD cr\u{e8}me", Told::replied("250 there"))
            .then(
                Act::List(""),
                listed("-rw-r--r-- 1 o g 6 Jan  1  2020 in-cream"),
            )
            .then(download(), Told::refused(Verb::Retr, 550)),
        Scenario::odd("stou_tells_the_name_first", &[StouTellsTheNameFirst])
            .then(Act::StoreUnique(b"xyz"), Told::uploaded(3)),
        Scenario::odd("stou_tells_the_name_last", &[StouTellsTheNameLast])
            .then(Act::StoreUnique(b"xyz"), Told::uploaded(3)),
    ]
}

fn replies() -> Vec<Scenario> {
    vec![
        Scenario::odd("a_missing_file_is_451", &[MissingIs451])
            .then("CWD logs", Told::replied("250 there"))
            .then(download(), Told::refused(Verb::Retr, 451))
            .then("CWD /", Told::replied("250 there"))
            .then(download(), whole()),
        Scenario::odd("help_is_unanswered", &[HelpIsUnanswered])
            .configured(|config| config.timeouts.reply = SHORT)
            .then("SITE HELP", Told::timed_out(Verb::Site, Reason::Reply))
            .ends(Closed::Timeout(Reason::Reply)),
        Scenario::odd("noop_stops_an_upload", &[NoopStopsAnUpload])
            .configured(keepalive)
            .configured(|config| config.timeouts.completion = 3 * PROMPT)
            .then(upload(b"xyz"), {
                let cause = Interruption::Timeout(Reason::Completion);
                let told = Told::broken_upload(Some(3), cause).unconfirmed();
                told.dead(Closed::Timeout(Reason::Completion))
            })
            .ends(Closed::Timeout(Reason::Completion)),
    ]
}

/// Every CWD, CDUP, OPTS and PASS is answered twice, and late.
fn answered_twice() -> Scenario {
    let mut scenario = Scenario::odd("second_answers_come_late", &[SecondAnswersComeLate])
        .then(Act::Login, Told::done())
        .then("CWD logs", Told::replied("200 OK"))
        .then("PWD", Told::replied("257 \"/logs\""))
        .then("CDUP", Told::replied("250 there"))
        .then("SIZE a", Told::replied("213 6"))
        .then("OPTS UTF8 ON", Told::replied("200 well"))
        .then("SIZE a", Told::replied("213 6"));
    // By now it is known: what is sent next waits for a fence.
    for _ in 0..20 {
        scenario = scenario
            .then("CWD logs", Told::replied("200 OK").settling(1))
            .then("DELE none", Told::refused(Verb::Dele, 502))
            .then("CDUP", Told::replied("250 there").settling(1))
            .then(download(), whole())
            .then("OPTS UTF8 ON", Told::replied("200 well").settling(1))
            .then(
                Act::List("logs"),
                listed("-rw-r--r-- 1 o g 6 Jan  1  2020 day1.csv"),
            )
            .then(upload(b"abcdef"), Told::uploaded(6));
    }
    scenario.then("QUIT", Told::replied("221 bye").dead(Closed::Quit))
}

fn greeted_by_many() -> Scenario {
    Scenario::odd(
        "a_banner_of_six_replies",
        &[BannerOfReplies, SecondAnswersComeLate],
    )
    .then(Act::Login, Told::done())
    .then(download(), whole())
    .then("PWD", Told::replied("257 \"/\""))
    .then("QUIT", Told::replied("221 bye").dead(Closed::Quit))
}

/// The lines of a directory.
fn listed(lines: &str) -> Told {
    Told::replied(lines)
}

/// A directory is entered and listed without an argument: it is the right one, or there is an
/// error.
fn directories() -> Vec<Scenario> {
    let list = |path, told| (Act::List(path), told);
    let entered = |name: &str, oddities, (act, told): (Act, Told)| {
        Scenario::odd(name, oddities)
            .then(act, told)
            .then("PWD", Told::replied("257 \"/\""))
    };
    let day = "type=file;size=6; day1.csv";
    let missing = || Told::refused(Verb::Cwd, 550);
    vec![
        entered(
            "mlsd_ignores_its_argument",
            &[MlsdIgnoresItsArgument],
            list("/logs", listed(day)),
        ),
        entered(
            "a_setting_leaves_mlsd_out",
            &[MlsdIgnoresItsArgument],
            list("/logs", listed("-rw-r--r-- 1 o g 6 Jan  1  2020 day1.csv")),
        )
        .configured(|config| config.listing_begins_at = Some(Rung::ListAll)),
        entered(
            "mlsd_takes_a_dash_for_an_option",
            &[MlsdTakesADashForAnOption],
            list("-dash", listed("type=file;size=6; in-dash")),
        ),
        entered(
            "mlsd_splits_at_a_blank",
            &[MlsdSplitsAtABlank],
            list("two words", listed("type=file;size=6; in-words")),
        ),
        entered(
            "mlsd_lists_what_is_missing",
            &[MlsdListsWhatIsMissing],
            list("missing", missing()),
        ),
        entered(
            "mlsd_wants_an_argument",
            &[MlsdWantsAnArgument],
            list("/logs", listed("-rw-r--r-- 1 o g 6 Jan  1  2020 day1.csv")),
        ),
    ]
}

/// SIZE equals the offset, so APPE does what REST and STOR do not.
fn resumed() -> Vec<Scenario> {
    let rest = Upload {
        offset: 6,
        ..upload(b"ghi")
    };
    vec![
        Scenario::odd("rest_zeroes_the_head", &[RestZeroesTheHead])
            .then(rest, Told::uploaded(3))
            .then(download(), Told::downloaded(b"abcdefghi")),
    ]
}

/// The NOOP costs a transfer, and the session sends no other.
fn kept_alive() -> Vec<Scenario> {
    vec![
        Scenario::odd("noop_ends_a_download", &[NoopEndsADownload])
            .configured(keepalive)
            .then(
                download(),
                Told::broken(b"abc", Interruption::Keepalive).reply(Some(426)),
            )
            .then(download(), whole()),
    ]
}

fn keepalive(config: &mut Config) {
    config.keepalive = Some(SHORT);
}

/// A quoted comment is no path.
fn paths() -> Vec<Scenario> {
    vec![
        Scenario::odd("mkd_tells_its_success", &[MkdTellsItsSuccess])
            .then(Act::MakeDirectory, Told::replied("None")),
    ]
}
