//! The removal of a directory with everything in it.

use alloc::vec::Vec;

use super::limits::TreeLimits;
use super::object::{Doubt, Listing, Object};
use super::path::TreePath;
use super::unread::Unread;
use super::walk::{Check, Place, Walk, may_be_directory};

/// What a [`Removal`] wants done next.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RemovalTask {
    /// Read this directory, and answer with [`Removal::read`].
    Read(Place),
    /// Delete this file or link with DELE, and answer with [`Removal::done`]. It is tried for
    /// directories too: it removes a link, and fails on a directory.
    Delete(TreePath),
    /// Remove this empty directory with RMD, and answer with [`Removal::done`].
    RemoveDirectory(TreePath),
}

/// Why something was not removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Spared {
    /// DELE or RMD was refused.
    #[error("the server refused")]
    Refused,
    /// The listing of the directory may lack something.
    #[error("{0}")]
    Doubt(Doubt),
    /// The directory was not read.
    #[error("{0}")]
    Unread(Unread),
    /// A limit was reached.
    #[error("a limit was reached")]
    Limit,
    /// The name cannot be sent back.
    #[error("the name cannot be sent back")]
    Name,
}

/// Removes a directory with everything in it, depth-first.
///
/// It never follows a link. It tries DELE first, which removes a link and fails on a directory, and
/// enters a directory only if PWD does not contradict its place. In a directory whose listing may
/// lack something it removes nothing, and so not the directory either.
///
/// ```
/// use ftp_proto::tree::{Listing, Object, Removal, RemovalTask, TreeLimits};
///
/// let mut removal = Removal::new(TreeLimits::default());
/// let mut tasks = Vec::new();
/// while let Some(task) = removal.next_task() {
///     tasks.push(format!("{task:?}"));
///     match task {
///         RemovalTask::Read(place) => {
///             removal.read(&place, Ok(Listing::complete([Object::file("a")])));
///         }
///         _ => removal.done(true),
///     }
/// }
/// assert_eq!(tasks[1..], ["Delete(b\"a\")", "RemoveDirectory(b\"\")"]);
/// assert!(removal.spared().is_empty());
/// ```
#[derive(Debug)]
pub struct Removal {
    walk: Walk,
    next: Next,
    /// The directories that are being emptied, the innermost last.
    within: Vec<Emptied>,
    spared: Vec<(TreePath, Spared)>,
}

#[derive(Debug)]
struct Emptied {
    place: Place,
    tells_links: bool,
    /// What is left, the next one last.
    rest: Vec<Object>,
    /// Whether everything in it was removed.
    is_empty: bool,
}

#[derive(Debug)]
enum Next {
    Choose,
    Read(Place),
    Deleting(TreePath, Object),
    Removing(TreePath),
}

impl Removal {
    /// Of the root of the tree and all in it. The root is [read](RemovalTask::Read) first, and is
    /// not removed if PWD says that it is elsewhere.
    #[must_use]
    pub fn new(limits: TreeLimits) -> Self {
        Self {
            walk: Walk::without_places(limits).checked(),
            next: Next::Read(Place::root(TreePath::root(), Check::InPlace)),
            within: Vec::new(),
            spared: Vec::new(),
        }
    }

    /// The next task. `None` when all is done.
    pub fn next_task(&mut self) -> Option<RemovalTask> {
        loop {
            match &self.next {
                Next::Read(place) => return Some(RemovalTask::Read(place.clone())),
                Next::Deleting(path, _) => return Some(RemovalTask::Delete(path.clone())),
                Next::Removing(path) => return Some(RemovalTask::RemoveDirectory(path.clone())),
                Next::Choose => self.choose()?,
            }
        }
    }

    /// Takes the listing of a directory, or why there is none.
    pub fn read(&mut self, place: &Place, listing: Result<Listing, Unread>) {
        self.next = Next::Choose;
        let listing = match listing {
            Ok(listing) => listing,
            Err(unread) => return self.spare(place.path().clone(), Spared::Unread(unread)),
        };
        if let Some(doubt) = listing.doubt() {
            return self.spare(place.path().clone(), Spared::Doubt(doubt));
        }
        let fits = listing
            .objects()
            .iter()
            .all(|object| self.walk.count(place, object));
        if !fits {
            return self.spare(place.path().clone(), Spared::Limit);
        }
        self.within.push(Emptied {
            place: self.walk.enter(place, &listing),
            tells_links: listing.tells_links(),
            rest: listing.objects().iter().rev().cloned().collect(),
            is_empty: true,
        });
    }

    /// Takes the outcome of DELE or RMD: whether the server confirmed it.
    pub fn done(&mut self, confirmed: bool) {
        match core::mem::replace(&mut self.next, Next::Choose) {
            Next::Deleting(path, object) if !confirmed => self.enter(path, &object),
            Next::Removing(path) if !confirmed => self.spare(path, Spared::Refused),
            Next::Deleting(..) | Next::Removing(_) | Next::Choose => {}
            read @ Next::Read(_) => self.next = read,
        }
    }

    /// What was not removed, and why. A directory is named only if nothing in it is.
    #[must_use]
    pub fn spared(&self) -> &[(TreePath, Spared)] {
        &self.spared
    }

    fn choose(&mut self) -> Option<()> {
        let within = self.within.last_mut()?;
        if let Some(object) = within.rest.pop() {
            match within.place.path().join(object.name().as_bytes()) {
                Some(path) => self.next = Next::Deleting(path, object),
                None => {
                    let path = within.place.path().clone();
                    self.spare(path, Spared::Name);
                }
            }
            return Some(());
        }
        let emptied = self.within.pop()?;
        match emptied.is_empty {
            true => self.next = Next::Removing(emptied.place.path().clone()),
            // What is above it is not empty either.
            false => self.keep_above(),
        }
        Some(())
    }

    /// DELE was refused: a directory is entered.
    fn enter(&mut self, path: TreePath, object: &Object) {
        let Some(within) = self.within.last() else {
            return;
        };
        if !may_be_directory(object, false) {
            return self.spare(path, Spared::Refused);
        }
        match self.walk.child(&within.place, object, within.tells_links) {
            Ok(place) => self.next = Next::Read(place),
            Err(_) => self.spare(path, Spared::Limit),
        }
    }

    fn spare(&mut self, path: TreePath, why: Spared) {
        self.spared.push((path, why));
        self.keep_above();
    }

    fn keep_above(&mut self) {
        if let Some(above) = self.within.last_mut() {
            above.is_empty = false;
        }
    }
}
