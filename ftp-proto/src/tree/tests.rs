//! What is asked about a directory before it is entered, and which answers let it be read.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::walk::Check;
use super::{
    Listing, Mirror, MirrorOptions, Object, Place, Removal, RemovalTask, StepKind, Task,
    TreeLimits, Unread, Walk,
};
use crate::command::Verb;
use crate::error::{After, Error, ErrorKind, Policy};
use crate::listing::Kind;
use crate::pathname::Pathname;
use crate::reply::{Reply, ReplyCode};

fn named(path: &str) -> Option<Pathname> {
    Some(Pathname::from(path))
}

fn link(name: &str) -> Object {
    Object::new(name, Kind::Symlink)
}

/// The places that a walk finds below its root.
fn found(walk: Walk, listing: &Listing) -> Vec<Place> {
    let mut walk = walk;
    let root = walk.next_place().unwrap();
    assert_eq!((root.check(), root.is_new()), (Check::Tell, false));
    walk.read(&root, Ok(listing));
    core::iter::from_fn(|| walk.next_place()).collect()
}

#[test]
fn a_walk_asks_what_the_listing_does_not_tell() {
    let directory = || Object::directory("d");
    let unique = || directory().with_unique(b"7");
    let unknown = || Object::new("d", Kind::Unknown);
    let (no, yes) = (false, true);
    // Follows links, the listing tells links, PWD has told the root, and the object.
    let rows = [
        (no, yes, yes, directory(), Some((Check::None, no))),
        (no, no, yes, directory(), Some((Check::InPlace, no))),
        (no, no, no, directory(), Some((Check::None, no))),
        (no, no, yes, unique(), Some((Check::None, no))),
        (no, yes, yes, unknown(), Some((Check::InPlace, yes))),
        (no, yes, no, unknown(), Some((Check::None, yes))),
        (no, yes, yes, link("d"), None),
        (no, yes, yes, Object::file("d"), None),
        (yes, yes, yes, Object::new("d", Kind::Other), None),
        (yes, yes, yes, Object::file("d"), None),
        (yes, yes, yes, directory(), Some((Check::None, no))),
        (yes, no, yes, unique(), Some((Check::None, no))),
        (yes, no, yes, directory(), Some((Check::NotAgain, no))),
        (yes, no, no, directory(), Some((Check::NotAgain, no))),
        (yes, yes, yes, unknown(), Some((Check::NotAgain, yes))),
        (yes, yes, yes, link("d"), Some((Check::NotAgain, yes))),
        (
            yes,
            no,
            yes,
            link("d").with_unique(b"7"),
            Some((Check::NotAgain, yes)),
        ),
    ];
    for (follows, tells, is_told, object, expected) in rows {
        let row = alloc::format!("{follows} {tells} {is_told} {object:?}");
        let walk = Walk::new(TreeLimits::default());
        let walk = if follows { walk.follow_links() } else { walk };
        let listing = Listing::complete([object]).with_pathname(named("/r").filter(|_| is_told));
        let listing = if tells {
            listing
        } else {
            listing.without_links()
        };
        let places = found(walk, &listing);
        let checks: Vec<_> = places
            .iter()
            .map(|it| (it.check(), it.may_be_file()))
            .collect();
        assert_eq!(checks, Vec::from_iter(expected), "{row}");
    }
}

#[test]
fn a_directory_is_read_where_its_pathname_says_that_it_is() {
    let listing = Listing::complete([Object::directory("pub")]).without_links();
    let in_root = |root: &str| {
        let listing = listing.clone().with_pathname(named(root));
        found(Walk::new(TreeLimits::default()), &listing).remove(0)
    };
    let rows = [
        ("/home/ann", "/home/ann/pub", true),
        ("/home/ann", "/home/ann/pub/", true),
        ("/home/ann/", "/home/ann//pub", true),
        ("/home/ann", "\\home\\ann\\pub", true),
        ("C:\\ann", "C:\\ann\\pub", true),
        ("/", "/pub", true),
        ("/home/ann", "/home/ann", false),
        ("/home/ann", "/home/ann/Pub", false),
        ("/home/ann", "/home/ann/pub/x", false),
        ("/home/ann", "/home/ann/pubs", false),
        ("/home/ann", "/home/annpub", false),
        ("/home/ann", "/pub", false),
        ("/home/ann", "/elsewhere", false),
    ];
    for (root, told, is_here) in rows {
        // What the operation calls the root does not count where the server has said it.
        let accepted = in_root(root).accepts(&told.into(), b"/elsewhere");
        let expected = if is_here {
            Ok(())
        } else {
            Err(Unread::Elsewhere)
        };
        assert_eq!(accepted, expected, "{root} {told}");
    }
}

#[test]
fn a_link_that_is_followed_is_not_one_to_a_directory_above() {
    let mut walk = Walk::new(TreeLimits::default()).follow_links();
    let root = walk.next_place().unwrap();
    let listing = Listing::complete([link("d")]).with_pathname(named("/r"));
    walk.read(&root, Ok(&listing));
    let directory = walk.next_place().unwrap();
    let listing = Listing::complete([link("e")]).with_pathname(named("/other"));
    walk.read(&directory, Ok(&listing));
    let within = walk.next_place().unwrap();
    for (told, accepted) in [
        ("/r", Err(Unread::Again)),
        ("/other", Err(Unread::Again)),
        ("/", Ok(())),
        ("/r/d/e", Ok(())),
        ("/else", Ok(())),
    ] {
        assert_eq!(within.accepts(&told.into(), b""), accepted, "{told}");
    }
    // A place that is known as it is takes every name.
    assert_eq!(root.accepts(&"/else".into(), b"/r"), Ok(()));
}

#[test]
fn a_removal_asks_of_every_directory_and_compares_with_the_root() {
    let read = |removal: &mut Removal, listing| {
        let Some(RemovalTask::Read(place)) = removal.next_task() else {
            panic!()
        };
        removal.read(&place, Ok(listing));
        assert!(matches!(removal.next_task(), Some(RemovalTask::Delete(_))));
        removal.done(false);
        place
    };
    // Whether PWD has told the root, or only a directory below it.
    for (root, base, place) in [("/r", "/x", "/r/d/e"), ("", "/x", "/x/d/e")] {
        let mut removal = Removal::new(TreeLimits::default());
        let pathname = named(root).filter(|it| !it.as_bytes().is_empty());
        let listing = Listing::complete([Object::directory("d")]).with_pathname(pathname);
        let top = read(&mut removal, listing);
        let listing = Listing::complete([Object::directory("e")]).with_pathname(named("/q/d"));
        let within = read(&mut removal, listing);
        let Some(RemovalTask::Read(last)) = removal.next_task() else {
            panic!()
        };
        for place in [&top, &within, &last] {
            assert_eq!(place.check(), Check::InPlace);
        }
        assert_eq!(last.accepts(&place.into(), base.as_bytes()), Ok(()));
        assert_eq!(
            last.accepts(&"/q/d/d/e".into(), base.as_bytes()),
            Err(Unread::Elsewhere)
        );
    }
}

/// The tasks of a mirror behind these two listings of its root.
fn planned(options: MirrorOptions, source: Listing, target: Listing) -> Vec<Task> {
    let mut mirror = Mirror::new(options);
    let Some(Task::Read(root)) = mirror.next_task() else {
        panic!()
    };
    assert_eq!(root.check(), Check::Tell);
    mirror.read(&root, Ok(source), Ok(target));
    let mut tasks = Vec::new();
    while let Some(task) = mirror.next_task() {
        if let Task::Perform(step) = &task {
            mirror.performed(step, true);
        }
        tasks.push(task);
    }
    tasks
}

#[test]
fn a_mirror_asks_the_server_about_the_directories_of_the_server() {
    let listed = |object: Object| Listing::complete([object]).with_pathname(named("/r"));
    let directory = || Object::directory("d");
    let local = || listed(directory().with_unique(b"disk"));
    let nothing = || Listing::complete([]).with_pathname(named("/r"));
    let (down, up) = (MirrorOptions::down, MirrorOptions::up);
    let unknown = || Object::new("d", Kind::Unknown);
    // The options, the source, the target, and what is asked, of a new directory or not.
    let rows = [
        (down(), listed(directory()), nothing(), Check::None, true),
        (down(), listed(directory()), local(), Check::None, false),
        (
            down(),
            listed(directory()).without_links(),
            nothing(),
            Check::InPlace,
            true,
        ),
        (
            down(),
            listed(directory()).without_links(),
            local(),
            Check::InPlace,
            false,
        ),
        (down(), listed(unknown()), local(), Check::InPlace, false),
        // The mirror has made it, so it is no link, whatever the server tells.
        (
            up(),
            listed(directory()),
            nothing().without_links(),
            Check::None,
            true,
        ),
        (
            up(),
            listed(directory()),
            listed(directory()),
            Check::None,
            false,
        ),
        // What the disk tells of its directory says nothing about the server's.
        (
            up(),
            local(),
            listed(directory()).without_links(),
            Check::InPlace,
            false,
        ),
    ];
    for (number, (options, source, target, check, is_new)) in rows.into_iter().enumerate() {
        let tasks = planned(options, source, target);
        let made = tasks
            .iter()
            .any(|task| matches!(task, Task::Perform(step) if step.kind() == StepKind::Make));
        let Some(Task::Read(place)) = tasks.last() else {
            panic!("{number}: {tasks:?}")
        };
        assert_eq!(
            (place.check(), place.is_new(), made),
            (check, is_new, is_new),
            "{number}"
        );
        assert!(place.path().as_bytes() == b"d");
    }
}

#[test]
fn a_link_of_the_target_is_no_directory_for_a_mirror_upwards() {
    let source = || Listing::complete([Object::new("d", Kind::Unknown)]);
    let target = Listing::complete([link("d")]);
    let tasks = planned(MirrorOptions::up(), source(), target);
    let steps: Vec<_> = tasks
        .iter()
        .map(|task| match task {
            Task::Perform(step) => step.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(steps, vec!["skip-link d"]);
}

#[test]
fn what_cannot_be_entered_is_told_from_what_failed() {
    let reply = |code| Box::new(Reply::new(ReplyCode::new(code).unwrap(), b"text"));
    let refused = |code| ErrorKind::Refused(reply(code));
    let rows = [
        (Some(Verb::Cwd), refused(550), Unread::Refused),
        (Some(Verb::Cwd), refused(500), Unread::Refused),
        (Some(Verb::Cwd), refused(450), Unread::Failed),
        (Some(Verb::Mlsd), refused(550), Unread::Failed),
        (None, refused(550), Unread::Failed),
        (
            Some(Verb::Mlsd),
            Policy::ListingEntries(1).into(),
            Unread::Limit,
        ),
        (
            Some(Verb::Mlsd),
            Policy::ListingBytes(1).into(),
            Unread::Limit,
        ),
        (
            Some(Verb::Mlsd),
            Policy::DirectoryUntold.into(),
            Unread::Failed,
        ),
        (
            Some(Verb::Cwd),
            ErrorKind::Unexpected(reply(550)),
            Unread::Failed,
        ),
    ];
    for (verb, kind, expected) in rows {
        let error = Error::new(kind, verb, After::Usable);
        assert_eq!(Unread::of(&error), expected, "{error:?}");
    }
}
