//! Plans of trees, made from listings of any kind.
//!
//! The first byte chooses options, bit by bit: upwards, removals, removals where the source is
//! empty, links followed, case folded, sizes alone, steps that fail. Behind it stand listings, with
//! a line `==` between them. Each directory that a plan reads gets the next of them, and the other
//! side of a mirror the one after it.

use std::collections::{BTreeMap, BTreeSet};

use ftp_proto::listing::{Line, Options, Reader, SafeFor, SafeName};
use ftp_proto::tree::{
    Doubt, Listing, Mirror, MirrorOptions, Object, PartName, Removal, RemovalTask, StepKind, Task,
    TreeLimits, TreePath, Unread, Walk, Way,
};

const LIMITS: TreeLimits = TreeLimits {
    depth_max: 4,
    entries_max: 200,
    bytes_max: 4096,
};
/// More tasks than any plan within the limits has.
const TASKS_MAX: usize = 10_000;

/// Panics if a plan leaves its tree, removes something on the word of a listing that may lack
/// something, writes two names that are one, or has no end.
pub fn check(input: &[u8]) {
    let Some((&choice, text)) = input.split_first() else {
        return;
    };
    let mut listings = Listings::new(text);
    mirror(choice, &mut listings);
    removal(choice, &mut listings);
    walk(choice, &mut listings);
}

/// Listings in turn, without end.
struct Listings {
    all: Vec<Result<Listing, Unread>>,
    next: usize,
}

impl Listings {
    fn new(text: &[u8]) -> Self {
        let mut all: Vec<Vec<u8>> = vec![Vec::new()];
        for line in text.split(|&byte| byte == b'\n') {
            match (line, all.last_mut()) {
                (b"==", _) => all.push(Vec::new()),
                (line, Some(last)) => {
                    last.extend_from_slice(line);
                    last.push(b'\n');
                }
                _ => {}
            }
        }
        let all = all.iter().map(|listing| parse(listing)).collect();
        Self { all, next: 0 }
    }

    fn next(&mut self) -> Result<Listing, Unread> {
        let listing = self.all[self.next % self.all.len()].clone();
        self.next += 1;
        listing
    }
}

/// The word `!!` stands for a directory that cannot be entered.
fn parse(text: &[u8]) -> Result<Listing, Unread> {
    if text.starts_with(b"!!") {
        return Err(Unread::Refused);
    }
    let mut objects = Vec::new();
    let mut doubt = None;
    let mut take = |line: Line<'_>| match line {
        Line::Entry(entry) => objects.push(Object::from(&entry)),
        Line::Unparsed { .. } => doubt = Some(Doubt::NotUnderstood),
        _ => {}
    };
    let mut reader = Reader::new(&Options::new());
    reader.feed(text, &mut take);
    reader.finish(&mut take);
    let listing = match doubt {
        Some(doubt) => Listing::doubtful(objects, doubt),
        None => Listing::complete(objects),
    };
    Ok(match text.contains(&b';') {
        true => listing.without_links(),
        false => listing,
    })
}

fn options(choice: u8) -> MirrorOptions {
    let is_set = |bit: u8| choice & (1 << bit) != 0;
    let mut options = match is_set(0) {
        true => MirrorOptions::up(),
        false => MirrorOptions::down().fold(<[u8]>::to_vec),
    };
    if is_set(1) {
        options = options.delete();
    }
    if is_set(2) {
        options = options.delete_all();
    }
    if is_set(3) {
        options = options.follow_links();
    }
    if is_set(4) {
        options = options.fold_ascii_case();
    }
    if is_set(5) {
        options = options.sizes_only();
    }
    options.limits(LIMITS)
}

fn mirror(choice: u8, listings: &mut Listings) {
    let (deletes, deletes_all) = (choice & 6 != 0, choice & 4 != 0);
    let (folds, fails) = (choice & 16 != 0, choice & 64 != 0);
    let mut mirror = Mirror::new(options(choice));
    let way = mirror.options().way();
    // Where something may be removed, and what was written.
    let mut certain = BTreeSet::new();
    let mut written = BTreeSet::new();
    let mut read = BTreeSet::new();
    for _ in 0..TASKS_MAX {
        let Some(task) = mirror.next_task() else {
            assert!(mirror.is_over());
            return;
        };
        match task {
            Task::Read(place) => {
                stays_inside(place.path());
                let source = listings.next();
                let target = match place.is_new() {
                    true => Ok(Listing::complete([])),
                    false => listings.next(),
                };
                if let (Ok(source), Ok(target)) = (&source, &target) {
                    let is_empty = source.objects().is_empty() && !deletes_all;
                    if source.is_complete() && target.is_complete() && !is_empty {
                        certain.insert(place.path().clone());
                    }
                }
                assert!(read.insert((place.path().clone(), place.may_be_file())));
                mirror.read(&place, source, target);
            }
            Task::AskTime(question) => {
                stays_inside(question.path());
                mirror.told(&question, None);
            }
            Task::Perform(step) => {
                stays_inside(step.path());
                match step.kind() {
                    StepKind::Remove | StepKind::RemoveAll => {
                        let above = step.path().parent().expect("the root is not removed");
                        let is_allowed = deletes && certain.contains(&above);
                        // What an earlier download left.
                        let is_part = PartName::is_one(step.path().name()) && way == Way::Down;
                        assert!(is_allowed || is_part, "{step}");
                    }
                    StepKind::Skip(_) | StepKind::SetTime => {}
                    _ => {
                        let name = step.path().name();
                        let is_safe = SafeName::new(name, SafeFor::ThisSystem).is_some();
                        assert!(is_safe || way == Way::Up, "{step}");
                        let key = match folds {
                            true => step.path().as_bytes().to_ascii_lowercase(),
                            false => step.path().as_bytes().to_vec(),
                        };
                        assert!(written.insert(key), "twice: {step}");
                    }
                }
                mirror.performed(&step, !fails);
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("no end");
}

fn removal(choice: u8, listings: &mut Listings) {
    let mut removal = Removal::new(LIMITS);
    let mut certain = BTreeSet::new();
    // How much was spared when a directory was read. One that is listed twice is read twice, and
    // here the second listing may be another one.
    let mut spared_before = BTreeMap::new();
    for count in 0..TASKS_MAX {
        let Some(task) = removal.next_task() else {
            return;
        };
        match task {
            RemovalTask::Read(place) => {
                stays_inside(place.path());
                let listing = listings.next();
                if listing.as_ref().is_ok_and(Listing::is_complete) {
                    certain.insert(place.path().clone());
                }
                spared_before.insert(place.path().clone(), removal.spared().len());
                removal.read(&place, listing);
            }
            RemovalTask::Delete(path) => {
                stays_inside(&path);
                let above = path.parent().expect("DELE is for what is in the tree");
                assert!(certain.contains(&above), "{path}");
                removal.done(choice & 64 == 0 && count % 3 != 0);
            }
            RemovalTask::RemoveDirectory(path) => {
                assert!(certain.contains(&path), "{path}");
                let kept = removal.spared().iter().skip(spared_before[&path]);
                let kept = kept.filter(|(spared, _)| is_within(spared, &path));
                assert_eq!(kept.count(), 0, "{path} is not empty");
                removal.done(true);
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("no end");
}

fn walk(choice: u8, listings: &mut Listings) {
    let walk = Walk::new(LIMITS);
    let mut walk = match choice & 8 != 0 {
        true => walk.follow_links(),
        false => walk,
    };
    for _ in 0..TASKS_MAX {
        let Some(place) = walk.next_place() else {
            assert!(walk.is_over());
            return;
        };
        stays_inside(place.path());
        assert!(place.path().depth() <= LIMITS.depth_max);
        match listings.next() {
            Ok(listing) => walk.read(&place, Ok(&listing)),
            Err(unread) => walk.read(&place, Err(unread)),
        }
    }
    panic!("no end");
}

fn stays_inside(path: &TreePath) {
    for name in path.as_bytes().split(|&byte| byte == b'/') {
        assert!(!matches!(name, b"." | b".."), "{path}");
        assert!(!name.contains(&0) && !name.contains(&b'\n'), "{path}");
    }
    assert_eq!(TreePath::new(path.as_bytes()).as_ref(), Some(path));
}

/// Whether `path` lies below `directory`.
fn is_within(path: &TreePath, directory: &TreePath) -> bool {
    let mut above = path.parent();
    while let Some(directory_above) = above {
        if directory_above == *directory {
            return true;
        }
        above = directory_above.parent();
    }
    false
}
