//! The same promises of both ways to take a local path.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;

use alloc::string::{String, ToString};

use super::*;
use crate::tree::StepKind;

/// A directory of its own, removed at the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ftp-local-{name}-{}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

macro_rules! of_both {
    ($name:ident, $folder:ty) => {
        #[test]
        fn $name() {
            let place = Place::new(stringify!($name));
            let (inside, outside) = (place.0.join("in"), place.0.join("out"));
            fs::create_dir(&inside).unwrap();
            fs::create_dir(&outside).unwrap();
            fs::write(outside.join("file"), "kept").unwrap();
            symlink(&outside, inside.join("d")).unwrap();
            symlink(outside.join("file"), inside.join("f")).unwrap();
            symlink(outside.join("new"), inside.join("n")).unwrap();

            let folder = <$folder>::root(&inside).unwrap().again().unwrap();
            let [d, f, n] = ["d", "f", "n"].map(OsStr::new);
            assert!(folder.enter(d, false).is_err());
            assert!(folder.open_file(f, false).is_err());
            assert!(folder.open_part(f).is_err());
            assert!(folder.open_part(n).is_err());
            assert_eq!(folder.describe(d, false).unwrap().kind(), Kind::Symlink);
            // If asked, links are followed for reading.
            assert_eq!(folder.describe(d, true).unwrap().kind(), Kind::Directory);
            assert!(folder.enter(d, true).is_ok());
            let mut text = String::new();
            let mut opened = folder.open_file(f, true).unwrap();
            opened.read_to_string(&mut text).unwrap();
            assert_eq!(text, "kept");

            // What is removed is the link.
            folder.remove_file(f).unwrap();
            assert!(folder.remove_directory(d).is_err());
            folder.make(d).unwrap();
            assert!(folder.enter(d, false).is_err());
            folder.remove_file(d).unwrap();
            folder.make(d).unwrap();
            folder.make(d).unwrap();
            let within = folder.enter(d, false).unwrap();
            within.open_part(f).unwrap().write_all(b"one").unwrap();
            within.open_part(f).unwrap().write_all(b", two").unwrap();
            within.rename(f, n).unwrap();
            assert_eq!(within.names().unwrap(), [n]);
            assert_eq!(within.describe(n, false).unwrap().size(), Some(8));
            let _ = within.unique().unwrap();
            within.remove_file(n).unwrap();
            folder.remove_directory(d).unwrap();
            assert_eq!(folder.names().unwrap(), [n]);
            assert_eq!(fs::read_to_string(outside.join("file")).unwrap(), "kept");
            assert!(!outside.join("new").exists());
        }
    };
}

of_both!(opened_components_follow_no_link, Folder);
of_both!(checked_components_follow_no_link, checked::Folder);

/// What another system takes for one name may be a path here, as `..\\x` is on Windows. This system
/// stands in for that with its own separator.
#[test]
fn a_name_that_is_a_path_is_refused_where_paths_are_joined() {
    let place = Place::new("paths");
    fs::create_dir_all(place.0.join("in/sub")).unwrap();
    fs::write(place.0.join("kept"), "kept").unwrap();
    fs::write(place.0.join("in/sub/file"), "kept").unwrap();
    let folder = checked::Folder::root(&place.0.join("in")).unwrap();
    let there = ["..", "../kept", "sub/file", "sub/", "./sub", "", "."];
    for name in there.map(OsStr::new) {
        assert!(folder.enter(name, true).is_err(), "{name:?}");
        assert!(folder.describe(name, true).is_err(), "{name:?}");
        assert!(folder.make(name).is_err(), "{name:?}");
        assert!(folder.open_part(name).is_err(), "{name:?}");
        assert!(folder.open_file(name, true).is_err(), "{name:?}");
        assert!(folder.rename(OsStr::new("sub"), name).is_err(), "{name:?}");
        assert!(folder.remove_file(name).is_err(), "{name:?}");
        assert!(folder.remove_directory(name).is_err(), "{name:?}");
    }
    assert_eq!(fs::read_to_string(place.0.join("kept")).unwrap(), "kept");
    assert!(folder.enter(OsStr::new("sub"), false).is_ok());
}

#[test]
fn nothing_of_a_tree_goes_through_a_link() {
    let place = Place::new("tree");
    let (inside, outside) = (place.0.join("in"), place.0.join("out"));
    fs::create_dir_all(outside.join("sub")).unwrap();
    fs::write(outside.join("sub/file"), "kept").unwrap();
    let tree = LocalTree::create(&inside).unwrap();
    symlink(&outside, inside.join("d")).unwrap();
    let path = |text: &str| TreePath::new(text.as_bytes()).unwrap();
    let through = ["d/sub/file", "d/new", "d/sub"];
    for text in through {
        assert!(tree.make(&path(text)).is_err(), "{text}");
        assert!(tree.remove(&path(text)).is_err(), "{text}");
        assert!(tree.remove_all(&path(text)).is_err(), "{text}");
        assert!(tree.file(&path(text)).is_err(), "{text}");
        assert!(tree.read(&path(text)).is_err(), "{text}");
        let step = Step::new(StepKind::Fetch, path(text));
        assert!(tree.begin(&step).is_err(), "{text}");
    }
    assert!(tree.remove_all(&path("d")).is_err());
    // A removal of a directory that holds a link removes the link.
    tree.make(&path("e/f")).unwrap();
    symlink(&outside, inside.join("e/f/link")).unwrap();
    tree.remove_all(&path("e")).unwrap();
    tree.remove_all(&path("e")).unwrap();
    assert_eq!(
        fs::read_to_string(outside.join("sub/file")).unwrap(),
        "kept"
    );
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
}

#[test]
fn a_part_goes_on_only_with_the_same_size_and_time() -> io::Result<()> {
    let place = Place::new("part");
    let tree = LocalTree::open(&place.0)?;
    let time = Timestamp::from_unix_time(86_400).unwrap();
    let step = Step::new(StepKind::Fetch, TreePath::new(b"a/file").unwrap());
    let known = step.clone().with_size(5).with_modified(time);
    tree.begin(&known)?.file().write_all(b"hel")?;
    assert_eq!(tree.begin(&known.clone().with_size(6))?.offset(), 0);
    let later = Timestamp::from_unix_time(86_401).ok();
    assert_eq!(tree.begin(&known.clone().with_modified(later))?.offset(), 0);
    assert_eq!(
        fs::read_dir(place.0.join("a"))?.count(),
        1,
        "nothing came for the others"
    );
    let part = tree.begin(&known)?;
    assert_eq!(part.offset(), 3);
    part.file().write_all(b"lo")?;
    part.finish()?;
    let file = place.0.join("a/file");
    assert_eq!(fs::read_to_string(&file)?, "hello");
    assert_eq!(
        fs::metadata(&file)?.modified()?,
        time.system_time().unwrap()
    );
    // Without a time nothing tells that the file is the same.
    tree.begin(&step)?.file().write_all(b"x")?;
    let part = tree.begin(&step)?;
    assert_eq!(part.offset(), 0);
    part.discard()
}

macro_rules! tells_of_both {
    ($name:ident, $folder:ty) => {
        #[test]
        fn $name() {
            let place = Place::new(stringify!($name));
            fs::create_dir(place.0.join("d")).unwrap();
            fs::write(place.0.join("f"), "four").unwrap();
            symlink("f", place.0.join("l")).unwrap();
            let _socket = UnixListener::bind(place.0.join("s")).unwrap();
            let folder = <$folder>::root(&place.0).unwrap();
            for (name, kind, size) in [
                ("d", Kind::Directory, None),
                ("f", Kind::File, Some(4)),
                ("l", Kind::Symlink, None),
                ("s", Kind::Other, None),
            ] {
                let object = folder.describe(OsStr::new(name), false).unwrap();
                let found = (object.name().to_string(), object.kind(), object.size());
                assert_eq!(found, (String::from(name), kind, size));
                assert!(object.modified().is_some());
            }
            // Only what is there already is made without an error.
            assert!(folder.make(OsStr::new("d")).is_ok());
            assert!(folder.make(OsStr::new("missing/d")).is_err());
        }
    };
}

tells_of_both!(opened_directories_tell_what_is_in_them, Folder);
tells_of_both!(checked_directories_tell_what_is_in_them, checked::Folder);

/// A loop of links is known by it.
#[test]
fn directories_are_told_apart() {
    let place = Place::new("unique");
    let tree = LocalTree::create(&place.0).unwrap();
    let path = |text: &str| TreePath::new(text.as_bytes()).unwrap();
    tree.make(&path("a/b")).unwrap();
    fs::write(place.0.join("a/file"), "").unwrap();
    let above = tree.read(&TreePath::root()).unwrap();
    let within = tree.read(&path("a")).unwrap();
    assert!(above.unique().is_some() && above.unique() != within.unique());
    assert_eq!(above.objects()[0].unique(), within.unique());
    for object in within.objects() {
        assert_eq!(object.unique().is_some(), object.kind() == Kind::Directory);
    }
}

#[test]
fn links_are_told_as_what_they_lead_to_if_that_is_asked_for() {
    let place = Place::new("followed");
    fs::write(place.0.join("file"), "four").unwrap();
    symlink("file", place.0.join("good")).unwrap();
    symlink("nowhere", place.0.join("bad")).unwrap();
    let tree = LocalTree::open(&place.0).unwrap();
    let kind = |tree: &LocalTree, name: &str| {
        let found = tree.object(&tree.root, OsStr::new(name)).unwrap();
        found.map(|object| object.kind())
    };
    assert_eq!(kind(&tree, "good"), Some(Kind::Symlink));
    assert_eq!(kind(&tree, "bad"), Some(Kind::Symlink));
    assert_eq!(kind(&tree, "gone"), None);
    let tree = tree.follow_links();
    assert_eq!(kind(&tree, "good"), Some(Kind::File));
    assert_eq!(kind(&tree, "bad"), Some(Kind::Symlink));
    assert_eq!(kind(&tree, "gone"), None);
    let good = TreePath::new(b"good").unwrap();
    assert!(tree.file(&good).is_ok());
    // Whatever else fails is not a name that has gone.
    let long = "n".repeat(300);
    for tree in [LocalTree::open(&place.0).unwrap(), tree] {
        assert!(tree.object(&tree.root, OsStr::new(&long)).is_err());
        assert_eq!(tree.read(&TreePath::root()).unwrap().objects().len(), 3);
    }
    symlink("loop", place.0.join("loop")).unwrap();
    let tree = LocalTree::open(&place.0).unwrap();
    assert_eq!(kind(&tree, "loop"), Some(Kind::Symlink));
    let tree = tree.follow_links();
    assert!(tree.object(&tree.root, OsStr::new("loop")).is_err());
}

#[test]
fn a_part_that_cannot_be_of_this_file_begins_anew() -> io::Result<()> {
    let place = Place::new("anew");
    let tree = LocalTree::open(&place.0)?;
    let time = Timestamp::from_unix_time(86_400).unwrap();
    let step = Step::new(StepKind::Fetch, TreePath::new(b"file").unwrap());
    let known = step.clone().with_size(5).with_modified(time);
    for step in [
        // It is longer than the file.
        known.clone(),
        // Nothing tells whether it is the same.
        step.clone().with_size(50),
        step.with_modified(time),
    ] {
        tree.begin(&step)?.file().write_all(b"longer")?;
        let part = tree.begin(&step)?;
        assert_eq!(part.offset(), 0);
        assert_eq!(part.file().metadata()?.len(), 0);
    }
    // All of it is there; only its place is missing.
    tree.begin(&known)?.file().write_all(b"whole")?;
    assert_eq!(tree.begin(&known)?.offset(), 5);
    tree.begin(&known)?.discard()?;
    assert_eq!(fs::read_dir(&place.0)?.count(), 0);
    Ok(())
}

#[test]
fn the_time_of_a_file_is_set() -> io::Result<()> {
    let place = Place::new("time");
    fs::write(place.0.join("file"), "")?;
    let tree = LocalTree::open(&place.0)?;
    let time = Timestamp::from_unix_time(86_400).unwrap();
    let file = TreePath::new(b"file").unwrap();
    tree.set_modified(&file, time)?;
    let found = fs::metadata(place.0.join("file"))?.modified()?;
    assert_eq!(Some(found), time.system_time());
    assert!(tree.set_modified(&TreePath::root(), time).is_err());
    Ok(())
}

#[test]
fn a_fifo_is_no_file_and_makes_nobody_wait() {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let place = Place::new("fifo");
    let path = place.0.join("fifo");
    mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    let tree = LocalTree::open(&place.0).unwrap();
    let error = tree.file(&TreePath::new(b"fifo").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "not a file");
}

/// A program that is started meanwhile does not get them.
#[test]
fn opened_files_are_closed_on_exec() {
    use rustix::io::{FdFlags, fcntl_getfd};
    let place = Place::new("exec");
    fs::write(place.0.join("file"), "").unwrap();
    let folder = Folder::root(&place.0).unwrap();
    let opened = [
        folder.open_file(OsStr::new("file"), false).unwrap(),
        folder.open_part(OsStr::new("part")).unwrap(),
    ];
    for file in opened {
        assert!(fcntl_getfd(&file).unwrap().contains(FdFlags::CLOEXEC));
    }
}
