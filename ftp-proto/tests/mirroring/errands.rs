//! Errands but for transfers: what a session is asked for, and what is done without one.

use std::time::{Duration, SystemTime};

use ftp_proto::listing::Kind;
use ftp_proto::tree::{Listing, Object, Spared, Why};

use super::*;

const KINDS: [StepKind; 8] = [
    StepKind::Make,
    StepKind::Fetch,
    StepKind::Send,
    StepKind::Resume,
    StepKind::Remove,
    StepKind::RemoveAll,
    StepKind::SetTime,
    StepKind::Skip(Why::Link),
];

fn listing(objects: impl IntoIterator<Item = Object>) -> Answer {
    Answer::Listing(Ok(Listing::complete(objects)))
}

/// What changes the local side alone needs no session, nor does a step that is only shown.
#[test]
fn a_session_is_needed_for_what_the_server_does() {
    let local = TempDir::new().unwrap();
    for options in [MirrorOptions::down, MirrorOptions::up] {
        let is_down = options().way() == MirrorOptions::down().way();
        for kind in KINDS {
            let expected = match kind {
                StepKind::Skip(_) => false,
                StepKind::Fetch | StepKind::Resume | StepKind::Send => true,
                _ => !is_down,
            };
            let setup = || MirrorSetup::new("", local.path(), options());
            let step = || [Step::new(kind, path("a"))];
            let mut wet = setup().perform(step()).unwrap();
            let errand = wet.next_errand().unwrap();
            assert_eq!(errand.needs_session(), expected, "{kind:?} {is_down}");
            let mut dry = setup().dry_run().perform(step()).unwrap();
            assert!(!dry.next_errand().unwrap().needs_session());
            let mut reading = setup().dry_run().start().unwrap();
            assert!(reading.next_errand().unwrap().needs_session());
        }
    }
}

/// Steps of the local side are taken as they are, and the server is not asked. A dry run takes
/// none.
#[test]
fn local_steps_are_taken_without_a_session() {
    for is_dry in [false, true] {
        let local = TempDir::new().unwrap();
        let at = |name| local.path().join(name);
        std::fs::create_dir(at("tree")).unwrap();
        for name in ["tree/within", "stale", "late"] {
            std::fs::write(at(name), "x").unwrap();
        }
        let before = std::fs::metadata(at("late")).unwrap().modified().unwrap();
        let time = Timestamp::from_unix_time(86_400).unwrap();
        let steps = [
            Step::new(StepKind::Make, path("new")),
            Step::new(StepKind::Remove, path("stale")),
            Step::new(StepKind::RemoveAll, path("tree")),
            Step::new(StepKind::SetTime, path("late")).with_modified(time),
        ];
        let setup = MirrorSetup::new("", local.path(), MirrorOptions::down());
        let setup = if is_dry { setup.dry_run() } else { setup };
        let mut mirroring = setup.perform(steps).unwrap();
        while let Some(mut errand) = mirroring.next_errand() {
            assert!(mirroring.begin(&errand) && errand.next_work().is_none());
            mirroring.finish(errand);
        }
        let mirrored = mirroring.into_result().unwrap();
        assert_eq!((mirrored.made, mirrored.removed), (1, 2));
        assert!(mirrored.failed.is_empty());
        assert_eq!(at("new").exists(), !is_dry);
        assert_eq!(at("stale").exists(), is_dry);
        assert_eq!(at("tree").exists(), is_dry);
        let after = std::fs::metadata(at("late")).unwrap().modified().unwrap();
        let day = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
        assert_eq!(after, if is_dry { before } else { day });
    }
}

/// A removal is asked for once. If it fails, or its reply is lost, what is gone is removed; else
/// its own error is the outcome.
#[test]
fn a_removal_is_not_repeated() {
    type Outcome = fn() -> Result<Answer, Error>;
    let gone: Outcome = || Ok(Answer::Is(false));
    let there: Outcome = || Ok(Answer::Is(true));
    let unknown: Outcome = || Err(refusal(500, Verb::Mlst));
    let refused: fn() -> Error = || refusal(550, Verb::Dele);
    type Row = (fn() -> Error, Option<Outcome>, bool);
    let failures: [Row; 7] = [
        (refused, Some(gone), true),
        (refused, Some(there), false),
        (refused, Some(unknown), false),
        (|| lost(Verb::Dele), Some(gone), true),
        (|| lost(Verb::Dele), Some(there), false),
        (|| lost(Verb::Dele), Some(unknown), false),
        // The server has done nothing, and the file is there.
        (|| refusal(450, Verb::Dele), None, false),
    ];
    for (kind, verb) in [
        (StepKind::Remove, "delete /pub/a"),
        (StepKind::RemoveAll, "remove-all /pub/a"),
    ] {
        for (failure, found, is_removed) in failures {
            let local = TempDir::new().unwrap();
            let setup = MirrorSetup::new("", local.path(), MirrorOptions::up());
            let step = Step::new(kind, path("a"));
            let (works, mirrored) = traced(setup.perform([step]).unwrap(), |work, _| match work {
                "exists /pub/a" => found.unwrap()(),
                _ => Err(failure()),
            });
            let mut expected = vec![verb];
            expected.extend(found.map(|_| "exists /pub/a"));
            assert_eq!(works, expected);
            assert_eq!(mirrored.removed, u64::from(is_removed), "{works:?}");
            let told = mirrored.failed.first().map(|(_, error)| error.to_string());
            assert_eq!(told, (!is_removed).then(|| failure().to_string()));
        }
    }
}

/// A directory of which something is left is not removed.
#[test]
fn what_is_left_of_a_directory_is_told() {
    for left in [vec![], vec![(path("a/b"), Spared::Refused)]] {
        let local = TempDir::new().unwrap();
        let setup = MirrorSetup::new("", local.path(), MirrorOptions::up());
        let step = Step::new(StepKind::RemoveAll, path("a"));
        let (_, mirrored) = traced(setup.perform([step]).unwrap(), |_, _| {
            Ok(Answer::Left(left.clone()))
        });
        assert_eq!(mirrored.removed, u64::from(left.is_empty()));
        assert_eq!(mirrored.failed.len(), left.len());
        if let Some((_, error)) = mirrored.failed.first() {
            assert!(
                error
                    .to_string()
                    .ends_with("a/b is left: the server refused")
            );
        }
    }
}

/// A target that is missing is made, or in a dry run taken as empty. No other directory is, and
/// none of which it is not certain that it is missing.
#[test]
fn only_a_missing_target_of_an_upload_is_made() {
    const ALL: [&str; 5] = [
        "read ",
        "make /pub",
        "make /pub/d",
        "send d/b",
        "set-time /pub/d/b",
    ];
    let up: fn() -> MirrorOptions = MirrorOptions::up;
    let down: fn() -> MirrorOptions = MirrorOptions::down;
    for (options, is_dry, refused, code, expected, unread) in [
        (up, false, "read ", 550, &ALL[..], None),
        (up, false, "read ", 450, &["read "], Some("")),
        (up, true, "read ", 550, &["read "], None),
        (up, true, "read ", 450, &["read "], Some("")),
        (up, false, "read d", 550, &["read ", "read d"], Some("d")),
        (up, true, "read d", 550, &["read ", "read d"], Some("d")),
        (down, false, "read ", 550, &["read "], Some("")),
        (down, true, "read ", 550, &["read "], Some("")),
        (down, false, "read d", 550, &["read ", "read d"], Some("d")),
    ] {
        let local = TempDir::new().unwrap();
        std::fs::create_dir(local.path().join("d")).unwrap();
        std::fs::write(local.path().join("d/b"), "x").unwrap();
        let setup = MirrorSetup::new("", local.path(), options());
        let setup = if is_dry { setup.dry_run() } else { setup };
        let (works, mirrored) = traced(setup.start().unwrap(), |work, _| match work {
            _ if work == refused => Err(refusal(code, Verb::Cwd)),
            "read " => Ok(listing([Object::directory("d")])),
            "send d/b" => Ok(moved(1)),
            _ => Ok(Answer::Done),
        });
        assert_eq!(works, expected, "{refused} {code}");
        assert_eq!(failed(&mirrored), unread.into_iter().collect::<Vec<_>>());
        let done = u64::from(unread.is_none());
        assert_eq!((mirrored.made, mirrored.copied), (done, done));
    }
}

/// What may be a file is one if it cannot be entered, on either side: that is no failure.
#[test]
fn what_may_be_a_file_is_entered_to_see() {
    let refused: fn() -> Result<Answer, Error> = || Err(refusal(550, Verb::Cwd));
    let failing: fn() -> Result<Answer, Error> = || Err(refusal(450, Verb::Cwd));
    let entered: fn() -> Result<Answer, Error> = || Ok(listing([]));
    for (is_there, outcome, copied, skipped, failures) in [
        (false, refused, 1, 0, 0),
        (true, refused, 1, 0, 0),
        (false, failing, 0, 1, 1),
        (true, failing, 0, 1, 1),
        // The local file is in the place of a directory.
        (true, entered, 0, 1, 0),
    ] {
        let local = TempDir::new().unwrap();
        if is_there {
            std::fs::write(local.path().join("x"), "old").unwrap();
        }
        let setup = MirrorSetup::new("", local.path(), MirrorOptions::down());
        let (_, mirrored) = traced(setup.start().unwrap(), |work, _| match work {
            "read " => Ok(listing([Object::new("x", Kind::Unknown)])),
            "read x" => outcome(),
            _ => Ok(moved(0)),
        });
        let counts = (
            mirrored.copied,
            mirrored.skipped.len(),
            mirrored.failed.len(),
        );
        assert_eq!(
            counts,
            (copied, skipped, failures),
            "{is_there} {mirrored:?}"
        );
    }
}

/// A local directory that goes away meanwhile is not taken for an empty one.
#[test]
fn a_local_directory_that_is_not_read_is_told() {
    let local = TempDir::new().unwrap();
    let within = local.path().join("d");
    std::fs::create_dir(&within).unwrap();
    let setup = MirrorSetup::new("", local.path(), MirrorOptions::down());
    let (_, mirrored) = traced(setup.start().unwrap(), |work, _| match work {
        "read " => Ok(listing([Object::directory("d")])),
        _ => {
            std::fs::remove_dir(&within).unwrap();
            Ok(listing([Object::file("a").with_size(1)]))
        }
    });
    assert_eq!(failed(&mirrored), ["d"]);
    assert_eq!(mirrored.copied, 0);
}

/// The time that the server tells decides where the listing's is of an unknown zone. Without one
/// the file is copied.
#[test]
fn a_time_that_is_told_decides() {
    let time = |seconds| Timestamp::from_unix_time(seconds).unwrap();
    let listed = Timestamp::date(2021, 3, 12).unwrap();
    let listed = listed.at_minute(16, 15).unwrap();
    for (told, is_copied) in [
        (Some(1_615_558_516), false),
        (Some(1_615_558_517), true),
        (None, true),
    ] {
        let local = TempDir::new().unwrap();
        std::fs::write(local.path().join("a"), "hello").unwrap();
        let file = std::fs::File::options()
            .write(true)
            .open(local.path().join("a"))
            .unwrap();
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_615_558_516);
        file.set_modified(modified).unwrap();
        let setup = MirrorSetup::new("", local.path(), MirrorOptions::down());
        let (works, mirrored) = traced(setup.start().unwrap(), |work, _| match work {
            "read " => {
                let file = Object::file("a").with_size(5).with_modified(listed);
                Ok(listing([file]))
            }
            "modified /pub/a" => told
                .map(|told| Answer::Time(time(told)))
                .ok_or_else(|| refusal(500, Verb::Mdtm)),
            _ => Ok(moved(0)),
        });
        let expected = ["read ", "modified /pub/a", "fetch from 0"];
        let count = if is_copied { 3 } else { 2 };
        assert_eq!(works, expected[..count]);
        assert_eq!(mirrored.copied, u64::from(is_copied));
        assert!(mirrored.failed.is_empty() && mirrored.skipped.is_empty());
    }
}

/// Links of the source are followed if that is wanted, and those of the target are not.
#[cfg(unix)]
#[test]
fn links_of_the_source_alone_are_followed() {
    let up: fn() -> MirrorOptions = MirrorOptions::up;
    let down: fn() -> MirrorOptions = MirrorOptions::down;
    for (options, copied, skipped) in [
        (up(), 0, 1),
        (up().follow_links(), 1, 0),
        (down(), 0, 1),
        (down().follow_links(), 0, 1),
    ] {
        let (elsewhere, local) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let file = elsewhere.path().join("file");
        std::fs::write(&file, "hello").unwrap();
        std::os::unix::fs::symlink(&file, local.path().join("a")).unwrap();
        let is_up = options.way() == up().way();
        let setup = MirrorSetup::new("", local.path(), options);
        let (_, mirrored) = traced(setup.start().unwrap(), |work, _| match work {
            "read " if is_up => Ok(listing([])),
            "read " => Ok(listing([Object::file("a").with_size(5)])),
            "send a" => Ok(moved(5)),
            _ => Ok(Answer::Done),
        });
        let counts = (
            mirrored.copied,
            mirrored.skipped.len(),
            mirrored.failed.len(),
        );
        assert_eq!(counts, (copied, skipped, 0), "{mirrored:?}");
    }
}

/// A dry run compares with a local directory that is there, and makes none.
#[test]
fn a_dry_run_makes_no_local_directory() {
    for is_there in [false, true] {
        let local = TempDir::new().unwrap();
        let within = local.path().join("target");
        if is_there {
            std::fs::create_dir(&within).unwrap();
            std::fs::write(within.join("a"), "hello").unwrap();
        }
        let setup = MirrorSetup::new("", &within, MirrorOptions::down()).dry_run();
        let (_, mirrored) = traced(setup.start().unwrap(), |_, _| {
            Ok(listing([Object::file("a").with_size(5)]))
        });
        assert_eq!(mirrored.copied, u64::from(!is_there));
        assert_eq!(within.exists(), is_there);
    }
}

#[test]
fn sessions_are_one_at_least_and_so_many_at_most() {
    for (count, used) in [(0, 1), (1, 1), (2, 2), (63, 63), (64, 64), (65, 64)] {
        let setup = MirrorSetup::new("", "", MirrorOptions::up()).sessions(count);
        assert_eq!(setup.sessions_max(), used);
    }
    assert_eq!(MirrorSetup::SESSIONS_MAX, 64);
}

/// What an errand waits for, and what it moves, goes on until the mirror is stopped.
#[test]
fn an_errand_hears_that_the_mirror_was_stopped() {
    let local = TempDir::new().unwrap();
    let setup = MirrorSetup::new("", local.path(), MirrorOptions::up());
    let mut mirroring = setup.start().unwrap();
    let errand = mirroring.next_errand().unwrap();
    assert!(errand.step().is_none() && errand.waiting().is_none());
    assert!(mirroring.waits(&errand) && mirroring.moved(&errand, 3, 3));
    mirroring.stop();
    assert!(!mirroring.waits(&errand) && !mirroring.moved(&errand, 4, 7));
    mirroring.finish(errand);
    let mirrored = mirroring.into_result().unwrap();
    assert_eq!((mirrored.bytes, mirrored.is_stopped), (7, true));
}
