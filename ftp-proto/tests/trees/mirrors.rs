//! What a mirror asks for, directory by directory.

use ftp_proto::listing::{Entry, Kind};
use ftp_proto::timestamp::Timestamp;
use ftp_proto::tree::{
    Listing, Mirror, MirrorOptions, Object, PartName, Step, StepKind, Task, TreeLimits, Unread,
    Way, Why,
};

use super::{at, file, kinds, listed, skip, step};

const EXACT: i64 = 1_615_558_516; // 2021-03-12T14:15:16Z

type Options = fn() -> MirrorOptions;

const WAYS: [Options; 2] = [MirrorOptions::down, MirrorOptions::up];

/// The source and the target, of what the server and the disk have.
fn sides(mirror: &Mirror, server: Listing, disk: Listing) -> (Listing, Listing) {
    match mirror.options().way() {
        Way::Down => (server, disk),
        Way::Up => (disk, server),
    }
}

/// The steps of a mirror of which every directory is read as `read` says, and the names of the
/// files that it asks about.
fn asked(
    mut mirror: Mirror,
    read: impl Fn(&str) -> (Listing, Listing),
    told: impl Fn(&str) -> Option<Timestamp>,
) -> (Vec<String>, Vec<String>) {
    let (mut questions, mut steps) = (Vec::new(), Vec::new());
    while let Some(task) = mirror.next_task() {
        match task {
            Task::Read(place) => {
                let (server, disk) = read(&place.path().to_string());
                let (source, target) = sides(&mirror, server, disk);
                mirror.read(&place, Ok(source), Ok(target));
            }
            Task::AskTime(question) => {
                let name = question.path().to_string();
                mirror.told(&question, told(&name));
                questions.push(name);
            }
            Task::Perform(step) => {
                steps.push(step.to_string());
                mirror.performed(&step, true);
            }
            _ => unreachable!(),
        }
    }
    assert!(mirror.is_over());
    (questions, steps)
}

#[test]
fn only_a_difference_that_can_be_a_zone_answers_for_other_files() {
    // How many minutes the listing is ahead of what MDTM tells.
    let rows = [
        (15, true),
        (60, true),
        (-60, true),
        (330, true),
        (14 * 60, true),
        (-14 * 60, true),
        (14 * 60 + 15, false),
        (-14 * 60 - 15, false),
        (24 * 60, false),
        (7, false),
        (-1, false),
    ];
    let names = ["a", "b"];
    for way in WAYS {
        for (minutes, is_zone) in rows {
            let exact = EXACT - minutes * 60;
            let (questions, steps) = asked(
                Mirror::new(way()),
                |_| {
                    let server = names.map(|name| file(name, 1).with_modified(listed(14, 15)));
                    let disk = names.map(|name| file(name, 1).with_modified(at(exact)));
                    (Listing::complete(server), Listing::complete(disk))
                },
                |_| Some(at(exact)),
            );
            assert_eq!(questions.len(), if is_zone { 1 } else { 2 }, "{minutes}");
            assert_eq!(steps, [""; 0], "{minutes}");
        }
    }
}

#[test]
fn the_day_of_a_listing_tells_no_zone() {
    let day = Timestamp::date(2021, 3, 13).unwrap();
    let five = day.at_minute(5, 0).unwrap().unix_time_at(0).0;
    let (questions, steps) = asked(
        Mirror::new(MirrorOptions::down()),
        |_| {
            let server = [("a", day), ("b", listed(9, 15))];
            let server = server.map(|(name, time)| file(name, 1).with_modified(time));
            let disk = ["a", "b"].map(|name| file(name, 1).with_modified(at(EXACT)));
            (Listing::complete(server), Listing::complete(disk))
        },
        |name| Some(at(if name == "a" { five } else { EXACT })),
    );
    // The time of `b` would be the same in a zone five hours behind.
    assert_eq!(
        (questions, steps),
        (vec!["a".into(), "b".into()], vec!["fetch a".into()])
    );
}

#[test]
fn the_zone_of_a_server_holds_for_the_directories_behind() {
    for way in WAYS {
        let (questions, steps) = asked(
            Mirror::new(way()),
            |path| {
                let server = file("f", 1).with_modified(listed(19, 15));
                let disk = file("f", 1).with_modified(at(EXACT));
                let both = |file| match path {
                    "" => Listing::complete([file, Object::directory("d")]),
                    _ => Listing::complete([file]),
                };
                (both(server), both(disk))
            },
            |_| Some(at(EXACT)),
        );
        assert_eq!((questions, steps), (vec!["f".into()], vec![]));
    }
}

#[test]
fn a_directory_that_is_not_read_on_either_side_is_left_alone() {
    let rows = [
        (Unread::Refused, Why::Failed),
        (Unread::Elsewhere, Why::Link),
        (Unread::Again, Why::Again),
        (Unread::Limit, Why::Limit),
        (Unread::Failed, Why::Failed),
    ];
    let whole = || Ok(Listing::complete([file("f", 1)]));
    for way in WAYS {
        for (unread, why) in rows {
            for (source, target) in [
                (Err(unread), whole()),
                (whole(), Err(unread)),
                (Err(unread), Err(Unread::Failed)),
            ] {
                let mut mirror = Mirror::new(way().delete_all());
                let Some(Task::Read(root)) = mirror.next_task() else {
                    panic!()
                };
                mirror.read(&root, source, target);
                let skip = Step::new(StepKind::Skip(why), root.path().clone());
                assert_eq!(mirror.next_task(), Some(Task::Perform(skip)));
                assert_eq!(mirror.next_task(), None);
            }
        }
    }
}

#[test]
fn what_nobody_called_a_directory_is_copied_as_a_file_if_it_cannot_be_entered() {
    let rows = [
        (Kind::Unknown, Unread::Refused, StepKind::Fetch, Some(3)),
        // The size of a link is its own.
        (Kind::Symlink, Unread::Refused, StepKind::Fetch, None),
        (
            Kind::Unknown,
            Unread::Failed,
            StepKind::Skip(Why::Failed),
            None,
        ),
        (
            Kind::Unknown,
            Unread::Elsewhere,
            StepKind::Skip(Why::Link),
            None,
        ),
        (
            Kind::Symlink,
            Unread::Again,
            StepKind::Skip(Why::Again),
            None,
        ),
    ];
    for way in WAYS {
        for (kind, unread, expected, size) in rows {
            let mut mirror = Mirror::new(way().follow_links());
            assert!(mirror.options().follows_links());
            let expected = match (expected, mirror.options().way()) {
                (StepKind::Fetch, Way::Up) => StepKind::Send,
                (kind, _) => kind,
            };
            let Some(Task::Read(root)) = mirror.next_task() else {
                panic!()
            };
            let source = Listing::complete([Object::new("o", kind).with_size(3)]);
            mirror.read(&root, Ok(source), Ok(Listing::complete([])));
            let Some(Task::Read(place)) = mirror.next_task() else {
                panic!("it is not made before it is known to be a directory")
            };
            assert!(place.may_be_file() && place.is_new());
            mirror.read(&place, Err(unread), Ok(Listing::complete([])));
            let Some(Task::Perform(step)) = mirror.next_task() else {
                panic!()
            };
            assert_eq!((step.kind(), step.size()), (expected, size));
            assert_eq!(step.path().as_bytes(), b"o");
        }
    }
    assert!(!MirrorOptions::down().follows_links());
}

#[test]
fn each_directory_that_is_made_is_entered_once() {
    let mut mirror = Mirror::new(MirrorOptions::down());
    let Some(Task::Read(root)) = mirror.next_task() else {
        panic!()
    };
    assert!(!root.is_new());
    let source = ["a", "b", "c"].map(Object::directory);
    mirror.read(
        &root,
        Ok(Listing::complete(source)),
        Ok(Listing::complete([])),
    );
    let makes: Vec<_> = std::iter::from_fn(|| mirror.next_task()).collect();
    let steps: Vec<_> = makes
        .iter()
        .map(|task| match task {
            Task::Perform(step) if step.kind() == StepKind::Make => step,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(steps.len(), 3);
    // In any order; a file of the same path is no directory.
    let copy = Step::new(StepKind::Fetch, steps[0].path().clone());
    mirror.performed(&copy, true);
    assert_eq!(mirror.next_task(), None);
    for number in [1, 0, 2] {
        mirror.performed(steps[number], number != 0);
        let read = mirror.next_task();
        match (number, &read) {
            (0, None) => {}
            (_, Some(Task::Read(place))) => {
                assert_eq!((place.path(), place.is_new()), (steps[number].path(), true));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn directories_that_are_not_entered_are_named() {
    let directory = |name: &str, unique: &[u8]| Object::directory(name).with_unique(unique);
    let root = || {
        let objects = [directory("d", b"2"), directory("again", b"1")];
        Listing::complete(objects).with_unique(Some(b"1"))
    };
    for way in WAYS {
        let limits = TreeLimits {
            depth_max: 1,
            ..TreeLimits::default()
        };
        let (_, steps) = asked(
            Mirror::new(way().limits(limits)),
            |path| {
                let side = || match path {
                    "" => root(),
                    _ => Listing::complete([directory("deep", b"3"), directory("self", b"2")]),
                };
                (side(), side())
            },
            |_| None,
        );
        assert_eq!(
            steps,
            ["skip-limit d/deep", "skip-again d/self", "skip-again again"]
        );
    }
    // Upwards the disk knows its own directories, whatever the server tells.
    let mut mirror = Mirror::new(MirrorOptions::up());
    let Some(Task::Read(place)) = mirror.next_task() else {
        panic!()
    };
    let server = Listing::complete([Object::directory("d")]);
    mirror.read(&place, Ok(root()), Ok(server));
    let Some(Task::Read(within)) = mirror.next_task() else {
        panic!()
    };
    let loops = Listing::complete([directory("self", b"2"), directory("up", b"1")]);
    mirror.read(&within, Ok(loops), Ok(Listing::complete([])));
    let mut steps: Vec<_> = std::iter::from_fn(|| mirror.next_task())
        .map(|task| match task {
            Task::Perform(step) => step.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    steps.sort();
    assert_eq!(
        steps,
        ["skip-again again", "skip-again d/self", "skip-again d/up"]
    );
}

#[test]
fn a_link_of_the_disk_is_not_entered_where_the_server_has_a_directory() {
    let source = Listing::complete([Object::new("l", Kind::Symlink)]);
    let target = Listing::complete([Object::directory("l")]);
    let found = kinds(MirrorOptions::up(), source, target);
    assert_eq!(found, [skip("l", Why::Link)]);
}

#[test]
fn a_task_that_was_given_back_comes_again() {
    let mut mirror = Mirror::new(MirrorOptions::down());
    let task = mirror.next_task().unwrap();
    assert!(!mirror.is_over() && mirror.next_task().is_none());
    mirror.give_back(task.clone());
    assert!(!mirror.is_over());
    assert_eq!(mirror.next_task(), Some(task.clone()));
    let Task::Read(root) = task else { panic!() };
    mirror.read(&root, Ok(Listing::complete([])), Ok(Listing::complete([])));
    assert!(mirror.is_over());
}

#[test]
fn a_name_that_only_begins_like_a_part_is_a_name() {
    let rows = [
        (".ftp-part-0123456789abcdef-5-x", true),
        (".ftp-part-0123456789abcdef", true),
        (".ftp-part-0123456789abcde-5-x", false),
        (".ftp-part-0123456789abcdef0-5-x", false),
        (".ftp-part-0123456789abcdeg-5-x", false),
        (".ftp-part-", false),
        (".ftp-part-notes", false),
        ("ftp-part-0123456789abcdef-5-x", false),
    ];
    for (name, is_part) in rows {
        assert_eq!(PartName::is_one(name.as_bytes()), is_part, "{name}");
        let source = Listing::complete([file(name, 1)]);
        let expected = if is_part {
            skip(name, Why::Part)
        } else {
            step(name, StepKind::Fetch)
        };
        let found = kinds(MirrorOptions::down(), source, Listing::complete([]));
        assert_eq!(found, [expected]);
    }
}

/// A part has to be found by the next version too.
#[test]
fn the_name_of_a_part_holds_the_hash_of_the_name() {
    let rows = [
        ("", "cbf29ce484222325"),
        ("a", "af63dc4c8601ec8c"),
        ("foobar", "85944171f73967e8"),
    ];
    for (name, hash) in rows {
        let part = PartName::new(name.as_bytes(), Some(5), None);
        let expected = format!(".ftp-part-{hash}-5-x");
        assert_eq!(part.as_bytes(), expected.as_bytes());
        assert!(PartName::is_of(part.as_bytes(), name.as_bytes()));
        assert!(!PartName::is_of(part.as_bytes(), b"other"));
        assert!(!PartName::is_of(name.as_bytes(), name.as_bytes()));
    }
}

#[test]
fn what_an_entry_only_estimates_is_not_known() {
    let entry = Entry::new(b"", b"f").with_kind(Kind::File);
    let exact = Object::from(&entry.clone().with_size(512));
    assert_eq!((exact.size(), exact.kind()), (Some(512), Kind::File));
    let estimated = Object::from(&entry.with_estimated_size(512));
    assert_eq!((estimated.size(), estimated.unique()), (None, None));
    let unique = Entry::from_mlst(b"type=file;unique=U1; f").unwrap();
    assert_eq!(Object::from(&unique).unique(), Some(&b"U1"[..]));
}
