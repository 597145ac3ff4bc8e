//! Trees as plans: what walks enter, what removals spare, and which steps mirrors ask for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "trees/mirrors.rs"]
mod mirrors;

use ftp_proto::listing::{Kind, SafeFor};
use ftp_proto::timestamp::Timestamp;
use ftp_proto::tree::{
    Comparison, Doubt, Listing, Mirror, MirrorOptions, Object, PartName, Removal, RemovalTask,
    Spared, Step, StepKind, Task, TreeLimits, TreePath, Unread, Walk, Way, Why, compare,
};
use proptest::prelude::*;

fn file(name: &str, size: u64) -> Object {
    Object::file(name).with_size(size)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_time(seconds).unwrap()
}

/// A time of a LIST line, in an unknown zone.
fn listed(hour: u8, minute: u8) -> Timestamp {
    Timestamp::date(2021, 3, 12)
        .unwrap()
        .at_minute(hour, minute)
        .unwrap()
}

/// The steps for the root alone; each question is answered with `told`.
fn steps(
    options: MirrorOptions,
    source: Listing,
    target: Listing,
    told: Option<Timestamp>,
) -> Vec<Step> {
    let mut mirror = Mirror::new(options);
    let mut steps = Vec::new();
    while let Some(task) = mirror.next_task() {
        match task {
            Task::Read(place) if place.path().is_root() => {
                mirror.read(&place, Ok(source.clone()), Ok(target.clone()));
            }
            Task::Read(place) => {
                mirror.read(&place, Ok(Listing::complete([])), Ok(Listing::complete([])));
            }
            Task::AskTime(question) => mirror.told(&question, told),
            Task::Perform(step) => {
                mirror.performed(&step, true);
                steps.push(step);
            }
            _ => unreachable!(),
        }
    }
    assert!(mirror.is_over());
    steps
}

fn kinds(options: MirrorOptions, source: Listing, target: Listing) -> Vec<(String, StepKind)> {
    let steps = steps(options, source, target, None);
    let named = |step: Step| (step.path().to_string(), step.kind());
    steps.into_iter().map(named).collect()
}

fn skip(name: &str, why: Why) -> (String, StepKind) {
    (name.to_owned(), StepKind::Skip(why))
}

fn step(name: &str, kind: StepKind) -> (String, StepKind) {
    (name.to_owned(), kind)
}

#[test]
fn files_are_the_same_as_far_as_listings_tell() {
    let exact = 1_615_558_516; // 2021-03-12T14:15:16Z
    let day = Timestamp::date(2021, 3, 12).unwrap();
    let other_day = Timestamp::date(2021, 3, 13).unwrap();
    let cases = [
        (None, None, Comparison::Same),
        (Some(at(exact)), None, Comparison::Same),
        (Some(at(exact)), Some(at(exact)), Comparison::Same),
        (
            Some(at(exact)),
            Some(at(exact).with_nanos(7).unwrap()),
            Comparison::Same,
        ),
        (Some(at(exact)), Some(at(exact - 1)), Comparison::OtherTime),
        (Some(listed(14, 15)), Some(at(exact)), Comparison::Same),
        (Some(listed(14, 16)), Some(at(exact)), Comparison::AskTime),
        (Some(day), Some(at(exact)), Comparison::Same),
        (Some(other_day), Some(at(exact)), Comparison::AskTime),
    ];
    for (source, target, expected) in cases {
        let source = file("a", 5).with_modified(source);
        let target = file("a", 5).with_modified(target);
        assert_eq!(
            compare(&source, &target, Way::Down),
            expected,
            "{source:?} {target:?}"
        );
        let larger = target.with_size(6);
        assert_eq!(compare(&source, &larger, Way::Down), Comparison::OtherSize);
    }
    let (old, new) = (
        file("a", 5).with_modified(at(1)),
        file("a", 5).with_modified(at(2)),
    );
    assert_eq!(compare(&old, &new, Way::Up), Comparison::Same);
    assert_eq!(compare(&new, &old, Way::Up), Comparison::OtherTime);
    assert_eq!(compare(&old, &new, Way::Down), Comparison::OtherTime);
    let unknown = Object::file("a");
    assert_eq!(
        compare(&unknown, &unknown, Way::Down),
        Comparison::OtherSize
    );
}

#[test]
fn the_time_is_asked_only_if_the_size_is_equal_and_the_minute_differs() {
    let source = || Listing::complete([file("a", 5).with_modified(listed(16, 15))]);
    let target = |size| Listing::complete([file("a", size).with_modified(at(1_615_558_516))]);
    let answers = [
        (Some(at(1_615_558_516)), vec![]),
        (Some(at(1_615_558_517)), vec![StepKind::Fetch]),
        (None, vec![StepKind::Fetch]),
    ];
    for (told, expected) in answers {
        let steps = steps(MirrorOptions::down(), source(), target(5), told);
        assert_eq!(steps.iter().map(Step::kind).collect::<Vec<_>>(), expected);
        // The exact time is kept, for the file and its part.
        assert!(told.is_none() || steps.iter().all(|step| step.modified() == told));
    }
    let mut mirror = Mirror::new(MirrorOptions::down());
    let Some(Task::Read(root)) = mirror.next_task() else {
        panic!()
    };
    mirror.read(&root, Ok(source()), Ok(target(6)));
    assert!(
        matches!(mirror.next_task(), Some(Task::Perform(step)) if step.kind() == StepKind::Fetch)
    );
}

#[test]
fn each_object_has_its_step_or_its_reason() {
    let source = Listing::complete([
        file("new", 1),
        file("same", 2),
        file("changed", 3),
        Object::directory("made"),
        Object::directory("both"),
        Object::new("link", Kind::Symlink),
        Object::new("fifo", Kind::Other),
        file("wants-a-file", 1),
        Object::directory("wants-a-directory"),
        file("..", 1),
        file("a/b", 1),
        file("back\\slash", 1),
        file("es\u{1b}cape", 1),
    ]);
    let target = Listing::complete([
        file("same", 2),
        file("changed", 4),
        Object::directory("both"),
        Object::directory("wants-a-file"),
        Object::new("wants-a-directory", Kind::Symlink),
        file("old", 1),
    ]);
    let expected = [
        step("new", StepKind::Fetch),
        step("changed", StepKind::Fetch),
        step("made", StepKind::Make),
        skip("link", Why::Link),
        skip("fifo", Why::Special),
        skip("wants-a-file", Why::OtherKind),
        skip("wants-a-directory", Why::OtherKind),
        skip("", Why::UnsafeName),
        skip("", Why::UnsafeName),
        skip("back\\slash", Why::UnsafeName),
        skip("es\\u{1b}cape", Why::UnsafeName),
    ];
    let found = kinds(MirrorOptions::down(), source.clone(), target.clone());
    assert_eq!(found, expected);
    let portable = MirrorOptions::down().names_safe_for(SafeFor::EverySystem);
    let reserved = Listing::complete([file("NUL.txt", 1), file("a:b", 1), file("dot.", 1)]);
    let found = kinds(portable, reserved, Listing::complete([]));
    assert!(
        found
            .iter()
            .all(|(_, kind)| *kind == StepKind::Skip(Why::UnsafeName))
    );
    // Names of the local disk are sent as they are.
    let up = kinds(MirrorOptions::up(), source, target);
    assert!(up.contains(&step("back\\slash", StepKind::Send)), "{up:?}");
}

#[test]
fn names_that_the_target_takes_for_one_are_not_both_written() {
    let source = || {
        Listing::complete([
            file("README", 1),
            file("Readme", 2),
            file("\u{c4}", 1),
            file("\u{e4}", 1),
        ])
    };
    let exact = kinds(
        MirrorOptions::down().fold(<[u8]>::to_vec),
        source(),
        Listing::complete([]),
    );
    assert!(exact.iter().all(|(_, kind)| *kind == StepKind::Fetch));
    let folded = kinds(
        MirrorOptions::down().fold_ascii_case(),
        source(),
        Listing::complete([]),
    );
    assert_eq!(
        folded[0..2],
        [
            step("README", StepKind::Fetch),
            skip("Readme", Why::CaseTwin)
        ]
    );
    assert_eq!(folded[3].1, StepKind::Fetch);
    let lower = |name: &[u8]| String::from_utf8_lossy(name).to_lowercase().into_bytes();
    let own = kinds(
        MirrorOptions::down().fold(lower),
        source(),
        Listing::complete([]),
    );
    assert_eq!(own[3].1, StepKind::Skip(Why::CaseTwin));
    // The target has it by another case: it is that file, and not removed.
    let target = Listing::complete([file("readme", 1)]);
    let options = MirrorOptions::down().fold_ascii_case().delete();
    assert_eq!(
        kinds(
            options,
            Listing::complete([file("README", 1)]),
            target.clone()
        ),
        []
    );
    let options = MirrorOptions::down().fold(<[u8]>::to_vec).delete();
    let found = kinds(options, Listing::complete([file("README", 1)]), target);
    assert_eq!(
        found,
        [
            step("README", StepKind::Fetch),
            skip("readme", Why::CaseTwin)
        ]
    );
}

#[test]
fn nothing_is_removed_on_the_word_of_a_doubtful_listing() {
    let doubts = [
        Doubt::NotConfirmed,
        Doubt::NotUnderstood,
        Doubt::Limit,
        Doubt::Hidden,
    ];
    let source = || [file("kept", 1)];
    let target = || [file("kept", 1), file("old", 1), Object::directory("olds")];
    let delete = || MirrorOptions::down().delete_all();
    let removed = [
        step("old", StepKind::Remove),
        step("olds", StepKind::RemoveAll),
    ];
    let spared = [skip("old", Why::Incomplete), skip("olds", Why::Incomplete)];
    let whole = || Listing::complete(target());
    assert_eq!(
        kinds(delete(), Listing::complete(source()), whole()),
        removed
    );
    assert_eq!(
        kinds(MirrorOptions::down(), Listing::complete(source()), whole()),
        []
    );
    for doubt in doubts {
        assert_eq!(
            kinds(delete(), Listing::doubtful(source(), doubt), whole()),
            spared
        );
        let part = Listing::doubtful(target(), doubt);
        assert_eq!(kinds(delete(), Listing::complete(source()), part), spared);
    }
    let empty = [
        skip("kept", Why::Empty),
        skip("old", Why::Empty),
        skip("olds", Why::Empty),
    ];
    assert_eq!(
        kinds(
            MirrorOptions::down().delete(),
            Listing::complete([]),
            whole()
        ),
        empty
    );
    assert_eq!(kinds(delete(), Listing::complete([]), whole()).len(), 3);
}

#[test]
fn a_part_is_resumed_only_with_the_same_size_and_time() {
    let time = at(86_400);
    let source = Listing::complete([file("a", 5).with_modified(time)]);
    let cases = [
        (PartName::new(b"a", Some(5), Some(time)), StepKind::Resume),
        (PartName::new(b"a", Some(6), Some(time)), StepKind::Fetch),
        (
            PartName::new(b"a", Some(5), Some(at(86_401))),
            StepKind::Fetch,
        ),
        (PartName::new(b"b", Some(5), Some(time)), StepKind::Fetch),
    ];
    for (part, expected) in cases {
        let target = Listing::complete([Object::file(part.as_bytes())]);
        let found = kinds(MirrorOptions::down(), source.clone(), target);
        assert_eq!(found.last(), Some(&step("a", expected)), "{part:?}");
        // A part of another version is of no use.
        let is_stale = expected == StepKind::Fetch && PartName::is_of(part.as_bytes(), b"a");
        let removes = found.iter().any(|(_, kind)| *kind == StepKind::Remove);
        assert_eq!(removes, is_stale, "{part:?}");
    }
    let part = PartName::new(b"a", None, None);
    let parts = Listing::complete([Object::file(part.as_bytes())]);
    let up = kinds(MirrorOptions::up(), parts, Listing::complete([]));
    assert_eq!(up[0].1, StepKind::Skip(Why::Part));
}

#[test]
fn sizes_alone_and_a_choice() {
    let source = Listing::complete([file("a", 5).with_modified(at(9)), file("b.bak", 1)]);
    let target = Listing::complete([file("a", 5).with_modified(at(7)), file("c.bak", 1)]);
    let options = MirrorOptions::down()
        .delete()
        .sizes_only()
        .choose(|path, _| !path.as_bytes().ends_with(b".bak"));
    assert_eq!(
        kinds(options, source, target),
        [step("a", StepKind::SetTime)]
    );
}

#[test]
fn the_bytes_to_copy_are_known_once_and_before_they_are_copied() {
    let same = || file("same", 9).with_modified(at(0));
    let source = Listing::complete([file("a", 5), file("b", 7), same()]);
    let target = Listing::complete([same()]);
    let mut mirror = Mirror::new(MirrorOptions::down());
    let Some(Task::Read(root)) = mirror.next_task() else {
        panic!("the root comes first");
    };
    assert_eq!(mirror.planned_bytes(), 0);
    mirror.read(&root, Ok(source), Ok(target));
    assert_eq!(mirror.planned_bytes(), 12);
    let task = mirror.next_task().unwrap();
    mirror.give_back(task);
    while let Some(Task::Perform(step)) = mirror.next_task() {
        mirror.performed(&step, true);
    }
    assert_eq!(mirror.planned_bytes(), 12);
    let of_plan = Mirror::of_steps(
        MirrorOptions::down(),
        [(StepKind::Fetch, 3), (StepKind::Skip(Why::Link), 4)]
            .map(|(kind, size)| Step::new(kind, TreePath::new(b"x").unwrap()).with_size(size)),
    );
    assert_eq!(of_plan.planned_bytes(), 3);
}

#[test]
fn a_directory_that_is_not_made_is_not_entered() {
    let mut mirror = Mirror::new(MirrorOptions::down());
    let Some(Task::Read(root)) = mirror.next_task() else {
        panic!()
    };
    mirror.read(
        &root,
        Ok(Listing::complete([Object::directory("d")])),
        Ok(Listing::complete([])),
    );
    let Some(Task::Perform(make)) = mirror.next_task() else {
        panic!()
    };
    assert!(mirror.next_task().is_none() && !mirror.is_over());
    mirror.performed(&make, false);
    assert!(mirror.is_over());
}

#[test]
fn a_link_that_is_followed_may_be_a_file() {
    let mut mirror = Mirror::new(MirrorOptions::down().follow_links());
    let Some(Task::Read(root)) = mirror.next_task() else {
        panic!()
    };
    let link = Object::new("l", Kind::Symlink).with_size(3);
    mirror.read(
        &root,
        Ok(Listing::complete([link])),
        Ok(Listing::complete([])),
    );
    let Some(Task::Read(place)) = mirror.next_task() else {
        panic!()
    };
    assert!(place.may_be_file());
    mirror.read(&place, Err(Unread::Refused), Ok(Listing::complete([])));
    let Some(Task::Perform(fetch)) = mirror.next_task() else {
        panic!()
    };
    // The size of a link is its own.
    assert_eq!((fetch.kind(), fetch.size()), (StepKind::Fetch, None));
}

#[test]
fn a_walk_ends_in_a_tree_without_end() {
    let mut walk = Walk::new(TreeLimits {
        depth_max: 5,
        ..TreeLimits::default()
    });
    let mut read = 0;
    while let Some(place) = walk.next_place() {
        read += 1;
        walk.read(
            &place,
            Ok(&Listing::complete([Object::directory("d"), file("f", 1)])),
        );
    }
    assert_eq!((read, walk.is_limited(), walk.is_over()), (6, true, true));
    assert_eq!(walk.entries(), 12);
    let limits = TreeLimits {
        entries_max: 3,
        ..TreeLimits::default()
    };
    let mut walk = Walk::new(limits);
    let many = Listing::complete(["a", "b", "c", "d"].map(Object::directory));
    let root = walk.next_place().unwrap();
    walk.read(&root, Ok(&many));
    assert!(walk.is_limited());
    assert_eq!(std::iter::from_fn(|| walk.next_place()).count(), 3);
}

#[test]
fn a_walk_is_over_when_nothing_can_bring_more() {
    let mut walk = Walk::new(TreeLimits::default());
    assert!(!walk.is_over() && !walk.is_limited());
    let root = walk.next_place().unwrap();
    assert!(!walk.is_over() && walk.next_place().is_none());
    let two = Listing::complete([Object::directory("a"), Object::directory("b")]);
    walk.read(&root, Ok(&two));
    let (a, b) = (walk.next_place().unwrap(), walk.next_place().unwrap());
    walk.read(&b, Err(Unread::Failed));
    assert!(!walk.is_over());
    walk.read(&a, Ok(&Listing::complete([])));
    assert!(walk.is_over() && !walk.is_limited());
    assert_eq!(walk.entries(), 2);
}

/// As many entries and bytes as a limit says are within it.
#[test]
fn a_limit_is_reached_by_what_is_beyond_it() {
    let read = |limits: TreeLimits| {
        let mut walk = Walk::new(limits);
        let root = walk.next_place().unwrap();
        walk.read(&root, Ok(&Listing::complete([Object::directory("dir")])));
        while let Some(place) = walk.next_place() {
            walk.read(&place, Ok(&Listing::complete([file("f", 1)])));
        }
        walk.is_limited()
    };
    for (entries_max, depth_max, bytes_max, is_limited) in [
        (2, 1, 7, false),
        (1, 1, 7, true),
        (2, 0, 7, true),
        (2, 1, 6, true),
    ] {
        let limits = TreeLimits {
            depth_max,
            entries_max,
            bytes_max,
        };
        assert_eq!(read(limits), is_limited, "{limits:?}");
    }
}

#[test]
fn a_walk_knows_a_directory_by_its_unique_fact() {
    let mut walk = Walk::new(TreeLimits::default());
    let root = walk.next_place().unwrap();
    let objects = [
        Object::directory("d").with_unique(b"2"),
        Object::directory("up").with_unique(b"1"),
    ];
    let listing = Listing::complete(objects)
        .without_links()
        .with_unique(Some(b"1"));
    walk.read(&root, Ok(&listing));
    let child = walk.next_place().unwrap();
    assert_eq!(child.path().as_bytes(), b"d");
    let above = Listing::complete([Object::directory("e").with_unique(b"2")]).without_links();
    walk.read(&child, Ok(&above));
    assert!(walk.next_place().is_none() && walk.is_over());
}

/// A removal in which `list` answers by path, and DELE and RMD succeed if `remove` says so.
fn removed(
    list: impl Fn(&str) -> Result<Listing, Unread>,
    remove: impl Fn(&str, bool) -> bool,
) -> (Vec<String>, Vec<(TreePath, Spared)>) {
    let mut removal = Removal::new(TreeLimits::default());
    let mut tasks = Vec::new();
    while let Some(task) = removal.next_task() {
        match task {
            RemovalTask::Read(place) => {
                tasks.push(format!("read {}", place.path()));
                let listing = list(&place.path().to_string());
                removal.read(&place, listing);
            }
            RemovalTask::Delete(path) => {
                tasks.push(format!("dele {path}"));
                removal.done(remove(&path.to_string(), false));
            }
            RemovalTask::RemoveDirectory(path) => {
                tasks.push(format!("rmd {path}"));
                removal.done(remove(&path.to_string(), true));
            }
            _ => unreachable!(),
        }
    }
    (tasks, removal.spared().to_vec())
}

#[test]
fn a_removal_tries_dele_first_and_enters_what_it_fails_on() {
    let list = |path: &str| match path {
        "" => Ok(Listing::complete([
            Object::directory("d"),
            Object::directory("link"),
            file("f", 1),
        ])),
        "d" => Ok(Listing::complete([file("g", 1)])),
        _ => Err(Unread::Failed),
    };
    // The link is shown as a directory, and DELE removes it.
    let (tasks, spared) = removed(list, |path, is_rmd| is_rmd || path != "d");
    assert_eq!(
        tasks,
        [
            "read ",
            "dele d",
            "read d",
            "dele d/g",
            "rmd d",
            "dele link",
            "dele f",
            "rmd "
        ]
    );
    assert_eq!(spared, []);
}

#[test]
fn a_directory_that_rmd_refuses_is_named_and_those_above_it_stay() {
    let list = |path: &str| match path {
        "" => Ok(Listing::complete([Object::directory("d"), file("f", 1)])),
        _ => Ok(Listing::complete([])),
    };
    let (tasks, spared) = removed(list, |path, is_rmd| !is_rmd && path != "d");
    assert_eq!(tasks, ["read ", "dele d", "read d", "rmd d", "dele f"]);
    let directory = TreePath::new(b"d").unwrap();
    assert_eq!(spared, [(directory, Spared::Refused)]);
    // What is not a directory is not entered.
    for kind in [Kind::File, Kind::Symlink, Kind::Other] {
        let list = |_: &str| Ok(Listing::complete([Object::new("o", kind)]));
        let (tasks, spared) = removed(list, |_, _| false);
        assert_eq!((tasks.len(), spared.len()), (2, 1), "{kind:?}");
    }
}

#[test]
fn a_removal_spares_what_is_doubtful_and_all_above_it() {
    let refuses = |path: &str, is_rmd: bool| is_rmd || !matches!(path, "d" | "stuck");
    let doubts = [
        Doubt::NotConfirmed,
        Doubt::NotUnderstood,
        Doubt::Limit,
        Doubt::Hidden,
    ];
    for doubt in doubts {
        let list = |path: &str| match path {
            "" => Ok(Listing::complete([Object::directory("d"), file("f", 1)])),
            _ => Ok(Listing::doubtful([file("g", 1)], doubt)),
        };
        let (tasks, spared) = removed(list, refuses);
        assert_eq!(tasks, ["read ", "dele d", "read d", "dele f"]);
        assert_eq!(
            spared,
            [(TreePath::new(b"d").unwrap(), Spared::Doubt(doubt))]
        );
    }
    for unread in [Unread::Elsewhere, Unread::Refused, Unread::Failed] {
        let list = |path: &str| match path {
            "" => Ok(Listing::complete([
                Object::directory("d"),
                file("stuck", 1),
            ])),
            _ => Err(unread),
        };
        let (tasks, spared) = removed(list, refuses);
        assert_eq!(tasks, ["read ", "dele d", "read d", "dele stuck"]);
        assert_eq!(spared.len(), 2);
    }
    let (tasks, spared) = removed(|_| Err(Unread::Elsewhere), |_, _| true);
    assert_eq!((tasks.len(), spared.len()), (1, 1));
}

fn any_object() -> impl Strategy<Value = Object> {
    let names = prop_oneof![
        Just(b"..".to_vec()),
        Just(b"a/../..".to_vec()),
        Just(b".ftp-part-0123456789abcdef-1-x".to_vec()),
        prop::collection::vec(prop::sample::select(b"aAbB./\\\n\0:".to_vec()), 0..4),
    ];
    let kinds = prop::sample::select(vec![
        Kind::File,
        Kind::Directory,
        Kind::Symlink,
        Kind::Other,
        Kind::Unknown,
        Kind::CurrentDirectory,
    ]);
    (
        names,
        kinds,
        prop::option::of(0..3_u64),
        prop::option::of(0..3_i64),
    )
        .prop_map(|(name, kind, size, time)| {
            Object::new(name, kind)
                .with_size(size)
                .with_modified(time.map(at))
        })
}

fn any_listing() -> impl Strategy<Value = Listing> {
    let doubts = prop::sample::select(vec![None, Some(Doubt::Hidden), Some(Doubt::NotUnderstood)]);
    (prop::collection::vec(any_object(), 0..6), doubts).prop_map(|(objects, doubt)| match doubt {
        Some(doubt) => Listing::doubtful(objects, doubt),
        None => Listing::complete(objects),
    })
}

proptest! {
    /// Whatever the listings say: no step leaves the tree, nothing is removed on the word of a
    /// doubtful or empty listing, no name is written twice, and what is the same is left alone.
    #[test]
    fn no_listing_makes_a_harmful_step(source in any_listing(), target in any_listing(), up: bool) {
        let options = if up { MirrorOptions::up() } else { MirrorOptions::down() };
        let options = options.delete().fold_ascii_case();
        let is_sure = source.is_complete() && target.is_complete() && !source.objects().is_empty();
        let steps = steps(options, source, target, None);
        let mut written = std::collections::BTreeSet::new();
        for step in &steps {
            let path = step.path().as_bytes();
            prop_assert!(!path.contains(&b'/') && path != b".." && path != b".");
            match step.kind() {
                StepKind::Remove | StepKind::RemoveAll => prop_assert!(is_sure),
                StepKind::Fetch | StepKind::Send | StepKind::Make | StepKind::Resume => {
                    prop_assert!(!path.is_empty() && written.insert(path.to_ascii_lowercase()));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn a_tree_is_like_itself(listing in any_listing()) {
        let options = MirrorOptions::down().delete();
        for step in steps(options, listing.clone(), listing.clone(), None) {
            let unknown = listing.objects().iter().any(|object| {
                object.size().is_none() && object.name() == step.path().as_bytes()[..]
            });
            prop_assert!(matches!(step.kind(), StepKind::Skip(_)) || unknown, "{step}");
        }
    }
}

/// A server whose clock is ahead of UTC: one answer to MDTM does for all files whose times are the
/// same in that zone.
#[test]
fn the_zone_of_a_server_is_learnt_once() {
    const AHEAD: i64 = 5 * 3600 + 30 * 60;
    let exact = 1_615_558_516; // 2021-03-12T14:15:16Z
    let remote = |name: &str, hour, minute| {
        let object = Object::file(name).with_size(1);
        object.with_modified(listed(hour, minute))
    };
    let local = |name: &str, seconds| Object::file(name).with_size(1).with_modified(at(seconds));
    let names = ["a", "b", "c", "changed"];
    let there = |name: &str| remote(name, 19, if name == "changed" { 59 } else { 45 });
    for way in [
        MirrorOptions::down as fn() -> MirrorOptions,
        MirrorOptions::up,
    ] {
        let mut mirror = Mirror::new(way());
        let (mut asked, mut copied) = (Vec::new(), Vec::new());
        while let Some(task) = mirror.next_task() {
            match task {
                Task::Read(place) => {
                    let server = Listing::complete(names.map(there));
                    let disk = Listing::complete(names.map(|name| local(name, exact)));
                    let (source, target) = match mirror.options().way() {
                        Way::Down => (server, disk),
                        Way::Up => (disk, server),
                    };
                    mirror.read(&place, Ok(source), Ok(target));
                }
                Task::AskTime(question) => {
                    let name = question.path().to_string();
                    let told = there(&name).modified().unwrap().unix_time_at(0).0 - AHEAD + 16;
                    mirror.told(&question, Some(at(told)));
                    asked.push(name);
                }
                Task::Perform(step) => {
                    copied.push(step.path().to_string());
                    mirror.performed(&step, true);
                }
                _ => {}
            }
        }
        assert!(mirror.is_over());
        assert_eq!(asked, ["a", "changed"], "{:?}", mirror.options().way());
        // Upwards, what is later on the server stays.
        let expected: &[&str] = match mirror.options().way() {
            Way::Down => &["changed"],
            Way::Up => &[],
        };
        assert_eq!(copied, expected);
    }
}

/// The kernel tells no shorter times than this.
const TICK: u64 = 4_000_000;

/// The nanoseconds that this thread has had a processor, which other work does not change. Linux
/// tells them; elsewhere they are unknown.
fn processor_time() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok()
}

/// What a mirror of a directory with so many new directories takes.
fn time_of_mirror(directories: usize) -> Option<u64> {
    let names: Vec<_> = (0..directories).map(|number| number.to_string()).collect();
    let once = |_| {
        let mut mirror = Mirror::new(MirrorOptions::down());
        let root = Listing::complete(names.iter().map(|name| Object::directory(&**name)));
        let mut root = Some(root);
        let begun = processor_time()?;
        while let Some(task) = mirror.next_task() {
            match task {
                Task::Read(place) => {
                    let source = root.take().unwrap_or_else(|| Listing::complete([]));
                    mirror.read(&place, Ok(source), Ok(Listing::complete([])));
                }
                Task::Perform(step) => mirror.performed(&step, true),
                other => panic!("{other:?}"),
            }
        }
        processor_time()?.checked_sub(begun)
    };
    (0..3).map(once).min().flatten()
}

/// Eight times the directories would take 64 times as long, if each was looked for among all.
#[test]
fn a_mirror_takes_the_same_for_each_new_directory() {
    if let (Some(few), Some(many)) = (time_of_mirror(1000), time_of_mirror(8000)) {
        assert!(many < 28 * few.max(TICK), "{few} ns, then {many} ns");
    }
}

/// A server may nest directories as deep as the caller allows, and say what identifies each. They
/// are not taken apart one in the other.
#[test]
fn a_tree_that_is_deeper_than_the_stack() {
    const DEPTH: usize = 4000;
    let deep = || {
        let mut walk = Walk::new(TreeLimits {
            depth_max: DEPTH,
            ..TreeLimits::default()
        });
        let mut last = None;
        while let Some(place) = walk.next_place() {
            let unique = place.path().as_bytes().len().to_string();
            let below = Object::directory("a").with_unique(unique.as_bytes());
            walk.read(&place, Ok(&Listing::complete([below])));
            last = Some(place);
        }
        let place = last.unwrap();
        assert_eq!(place.path().depth(), DEPTH);
        assert!(format!("{place:?}").len() > DEPTH);
    };
    let small = std::thread::Builder::new().stack_size(256 << 10);
    small.spawn(deep).unwrap().join().unwrap();
}

/// Parts that were left by an earlier mirror, each of another version of one of as many files.
/// Looked at one by one for each file, they would cost minutes.
#[test]
fn as_many_stale_parts_as_files() {
    const FILES: u64 = 20_000;
    let name = |number: u64| format!("{number}");
    let source: Vec<_> = (0..FILES).map(|it| file(&name(it), it)).collect();
    let parts = (0..FILES).map(|it| PartName::new(name(it).as_bytes(), Some(it + 1), None));
    let parts: Vec<_> = parts.map(|it| Object::file(it.as_bytes())).collect();
    for (options, removed) in [
        (MirrorOptions::down(), FILES),
        // Those of others on the server are left alone.
        (MirrorOptions::up(), 0),
    ] {
        let source = Listing::complete(source.iter().cloned());
        let target = Listing::complete(parts.iter().cloned());
        let steps = steps(options, source, target, None);
        let count = |kind| steps.iter().filter(|it| it.kind() == kind).count() as u64;
        let copied = count(StepKind::Fetch) + count(StepKind::Send);
        assert_eq!((copied, count(StepKind::Remove)), (FILES, removed));
    }
}

/// Steps may have been planned on another system, or made up.
#[test]
fn steps_of_a_plan_make_no_file_of_a_harmful_name() {
    let make = |kind, path: &str| Step::new(kind, TreePath::new(path.as_bytes()).unwrap());
    let kinds = [StepKind::Make, StepKind::Fetch, StepKind::Resume];
    for (names, path, is_safe) in [
        (SafeFor::EverySystem, "a/b.txt", true),
        (SafeFor::EverySystem, "a/..\\..\\b", false),
        (SafeFor::EverySystem, "C:/b", false),
        (SafeFor::EverySystem, "a/NUL.txt", false),
        (SafeFor::ThisSystem, "a/..\\..\\b", false),
        (SafeFor::ThisSystem, "a\u{1b}/b", false),
    ] {
        for kind in kinds {
            let options = MirrorOptions::down().names_safe_for(names);
            let mut mirror = Mirror::of_steps(options, [make(kind, path)]);
            let kind = if is_safe {
                kind
            } else {
                StepKind::Skip(Why::UnsafeName)
            };
            assert_eq!(mirror.next_task(), Some(Task::Perform(make(kind, path))));
        }
        // The server has whatever names it has.
        let mut mirror = Mirror::of_steps(MirrorOptions::up(), [make(StepKind::Send, path)]);
        assert_eq!(
            mirror.next_task(),
            Some(Task::Perform(make(StepKind::Send, path)))
        );
    }
}
