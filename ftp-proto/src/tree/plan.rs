//! What two listings of one directory ask for.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::compare::{Comparison, agree_in_zone, compare};
use super::object::{Listing, Object};
use super::options::{MirrorOptions, Way};
use super::part::PartName;
use super::path::TreePath;
use super::step::{Step, StepKind, Why};
use crate::listing::{Kind, SafeName};
use crate::timestamp::Timestamp;

/// A file that has the same size on both sides, and perhaps another time.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub(super) path: TreePath,
    pub(super) source: Object,
    pub(super) target: Object,
}

impl Question {
    pub(super) const fn new(path: TreePath, source: Object, target: Object) -> Self {
        Self {
            path,
            source,
            target,
        }
    }

    /// Where the file is, below both roots.
    #[must_use]
    pub const fn path(&self) -> &TreePath {
        &self.path
    }

    /// The time that the server's listing told.
    pub(super) fn listed(&self, way: Way) -> Option<Timestamp> {
        match way {
            Way::Down => self.source.modified(),
            Way::Up => self.target.modified(),
        }
    }

    /// Whether the times are the same in one of the zones that the server is in, in seconds ahead
    /// of UTC.
    pub(super) fn is_answered(&self, zones: &[i64], way: Way) -> bool {
        let local = match way {
            Way::Down => self.target.modified(),
            Way::Up => self.source.modified(),
        };
        let times = self.listed(way).zip(local);
        let agree = |(listed, local): (Timestamp, Timestamp)| {
            zones
                .iter()
                .any(|ahead| agree_in_zone(&listed, &local, *ahead))
        };
        times.is_some_and(agree)
    }
}

/// What is decided about one object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Decision {
    Step(Step),
    Ask(Question),
    /// To be entered, and whether the target has it.
    Enter(Object, Option<Object>),
}

/// Compares two listings of the directory `at`.
pub(super) fn plan(
    at: &TreePath,
    source: &Listing,
    target: &Listing,
    options: &MirrorOptions,
) -> Vec<Decision> {
    let mut planning = Planning::new(at, target, options);
    for object in source.objects() {
        planning.take(object);
    }
    planning.remove(source, target);
    planning.decisions
}

struct Planning<'a> {
    at: &'a TreePath,
    options: &'a MirrorOptions,
    /// What the target has, by key.
    there: BTreeMap<Vec<u8>, &'a Object>,
    /// The names of parts among them, by [what those of a file have in common](PartName::key), for
    /// downloads: there may be as many as files.
    parts: BTreeMap<&'a [u8], Vec<&'a [u8]>>,
    /// The keys of the source, chosen or not.
    keys: BTreeSet<Vec<u8>>,
    decisions: Vec<Decision>,
}

impl<'a> Planning<'a> {
    fn new(at: &'a TreePath, target: &'a Listing, options: &'a MirrorOptions) -> Self {
        let name = |object: &Object| options.key(object.name().as_bytes());
        let mut parts = BTreeMap::<_, Vec<_>>::new();
        for part in target.objects().iter().map(|it| it.name().as_bytes()) {
            if let (Way::Down, Some(key)) = (options.way, PartName::key(part)) {
                parts.entry(key).or_default().push(part);
            }
        }
        Self {
            at,
            options,
            parts,
            there: target.objects().iter().map(|it| (name(it), it)).collect(),
            keys: BTreeSet::new(),
            decisions: Vec::new(),
        }
    }

    fn take(&mut self, object: &Object) {
        let name = object.name().as_bytes();
        let is_first = self.keys.insert(self.options.key(name));
        let Some(path) = self.at.join(name) else {
            // There is no place for it, so the directory stands for it.
            return self.skip(self.at.clone(), Why::UnsafeName);
        };
        if !self.options.chooses(&path, object.kind()) {
            return;
        }
        match self.objection(object, is_first) {
            Some(why) => self.skip(path, why),
            None => self.copy(path, object),
        }
    }

    /// Why an object is not copied, whatever the target has.
    fn objection(&self, object: &Object, is_first: bool) -> Option<Why> {
        let name = object.name().as_bytes();
        let is_unsafe = || SafeName::new(name, self.options.names).is_none();
        match object.kind() {
            _ if PartName::is_one(name) => Some(Why::Part),
            _ if self.options.way == Way::Down && is_unsafe() => Some(Why::UnsafeName),
            _ if !is_first => Some(Why::CaseTwin),
            Kind::Symlink if !self.options.follow_links => Some(Why::Link),
            Kind::File | Kind::Directory | Kind::Unknown | Kind::Symlink => None,
            _ => Some(Why::Special),
        }
    }

    fn copy(&mut self, path: TreePath, object: &Object) {
        let there = self.there.get(&self.options.key(object.name().as_bytes()));
        let there = there.copied();
        match (object.kind(), there.map(Object::kind)) {
            (Kind::File, None | Some(Kind::File)) => self.file(path, object, there),
            (Kind::Directory, None | Some(Kind::Directory))
            | (Kind::Symlink | Kind::Unknown, _) => {
                self.decisions
                    .push(Decision::Enter(object.clone(), there.cloned()));
            }
            _ => self.skip(path, Why::OtherKind),
        }
    }

    fn file(&mut self, path: TreePath, object: &Object, there: Option<&Object>) {
        let comparison = there.map(|there| compare(object, there, self.options.way));
        match (comparison, there) {
            (Some(Comparison::Same), _) => {}
            (Some(Comparison::OtherTime | Comparison::AskTime), _) if self.options.sizes_only => {
                let step = transfer_step(StepKind::SetTime, path, object);
                self.decisions.push(Decision::Step(step));
            }
            (Some(Comparison::AskTime), Some(there)) => {
                let question = Question::new(path, object.clone(), there.clone());
                self.decisions.push(Decision::Ask(question));
            }
            _ => {
                let step = self.transfer(path, object);
                self.decisions.push(Decision::Step(step));
            }
        }
    }

    fn transfer(&mut self, path: TreePath, object: &Object) -> Step {
        let name = object.name().as_bytes();
        let part = PartName::new(name, object.size(), object.modified());
        // Taken out, so that names that a server made up to have the same hash do not share them.
        let parts = PartName::key(part.as_bytes()).and_then(|key| self.parts.remove(key));
        let parts = parts.unwrap_or_default().into_iter();
        let (same, stale): (Vec<_>, Vec<_>) = parts
            .filter(|known| PartName::is_of(known, name))
            .partition(|known| *known == part.as_bytes());
        let kind = match self.options.way {
            Way::Up => StepKind::Send,
            Way::Down if !same.is_empty() => StepKind::Resume,
            Way::Down => StepKind::Fetch,
        };
        // What an earlier mirror left of another version of the file.
        for part in stale {
            if let Some(path) = self.at.join(part) {
                let step = Step::new(StepKind::Remove, path);
                self.decisions.push(Decision::Step(step));
            }
        }
        transfer_step(kind, path, object)
    }

    /// Removes from the target what the source lacks.
    fn remove(&mut self, source: &Listing, target: &Listing) {
        if !self.options.delete {
            return;
        }
        let folded = |key: &Vec<u8>| key.to_ascii_lowercase();
        let folded: BTreeSet<_> = self.keys.iter().map(folded).collect();
        for object in target.objects() {
            let name = object.name().as_bytes();
            let key = self.options.key(name);
            if self.keys.contains(&key) || PartName::is_one(name) {
                continue;
            }
            let Some(path) = self.at.join(name) else {
                continue;
            };
            if !self.options.chooses(&path, object.kind()) {
                continue;
            }
            if source.objects().is_empty() && !self.options.delete_all {
                self.skip(path, Why::Empty);
            } else if !source.is_complete() || !target.is_complete() {
                self.skip(path, Why::Incomplete);
            } else if folded.contains(&key.to_ascii_lowercase()) {
                // A target that folds case without our knowledge has one file for both.
                self.skip(path, Why::CaseTwin);
            } else {
                let kind = match object.kind() {
                    Kind::Directory | Kind::Unknown => StepKind::RemoveAll,
                    _ => StepKind::Remove,
                };
                self.decisions.push(Decision::Step(Step::new(kind, path)));
            }
        }
    }

    fn skip(&mut self, path: TreePath, why: Why) {
        let step = Step::new(StepKind::Skip(why), path);
        self.decisions.push(Decision::Step(step));
    }
}

/// A step that carries what the source told about the file.
pub(super) fn transfer_step(kind: StepKind, path: TreePath, object: &Object) -> Step {
    Step::new(kind, path)
        .with_size(object.size())
        .with_modified(object.modified())
}
