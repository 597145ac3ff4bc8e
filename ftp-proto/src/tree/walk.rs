//! A walk over every directory below a place.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::iter;

use super::limits::{Count, TreeLimits};
use super::object::{Listing, Object};
use super::path::TreePath;
use super::step::Why;
use super::unread::Unread;
use crate::listing::{Kind, Name};
use crate::pathname::Pathname;

/// A directory that is to be read, and how it is known to be the one that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    path: TreePath,
    pub(super) check: Check,
    /// What the server calls the root. All places of a tree share it.
    root: Option<Arc<Pathname>>,
    /// What identifies the directories above: unique facts and pathnames.
    above: Option<Arc<Above>>,
    /// What the listing told, if the place may be a file.
    pub(super) or_file: Option<Object>,
    /// The target was made by the mirror, and is empty.
    pub(super) is_new: bool,
}

/// What identifies a directory, and those above it. Directories beside each other share the rest:
/// a server chooses how long it is, and how many they are.
#[derive(PartialEq, Eq)]
struct Above {
    identity: Box<[u8]>,
    rest: Option<Arc<Self>>,
}

/// One after the other: one in the other, a deep tree would overflow the stack.
impl Drop for Above {
    fn drop(&mut self) {
        let mut rest = self.rest.take();
        while let Some(mut above) = rest.and_then(Arc::into_inner) {
            rest = above.rest.take();
        }
    }
}

/// The same goes for this.
impl fmt::Debug for Above {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = iter::successors(Some(self), |above| above.rest.as_deref());
        f.debug_list()
            .entries(all.map(|above| Name::new(&above.identity)))
            .finish()
    }
}

/// How a place is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// As it is: a listing told that it is no link, or nothing can be asked.
    None,
    /// Its pathname is wanted, whatever it is.
    Tell,
    /// Its pathname must be that of its place.
    InPlace,
    /// Its pathname must not be that of a directory above.
    NotAgain,
}

impl Place {
    /// The root of a tree, whose pathname is wanted.
    pub(super) const fn root(path: TreePath, check: Check) -> Self {
        Self {
            path,
            check,
            root: None,
            above: None,
            or_file: None,
            is_new: false,
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn path(&self) -> &TreePath {
        &self.path
    }

    /// Whether a mirror has just made the target's directory, so that it need not be read: it is
    /// empty.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.is_new
    }

    /// Whether it may be a file: nobody told its kind, or it is a link that is followed.
    #[must_use]
    pub const fn may_be_file(&self) -> bool {
        self.or_file.is_some()
    }

    pub(crate) const fn check(&self) -> Check {
        self.check
    }

    /// Whether the pathname that the server tells is one that may be read here.
    pub(crate) fn accepts(&self, pathname: &Pathname, base: &[u8]) -> Result<(), Unread> {
        let root = self.root.as_ref().map_or(base, |root| root.as_bytes());
        match self.check {
            Check::InPlace if !is_same(pathname.as_bytes(), &self.path.below(root)) => {
                Err(Unread::Elsewhere)
            }
            Check::NotAgain if self.has_above(pathname.as_bytes()) => Err(Unread::Again),
            _ => Ok(()),
        }
    }

    /// Notes what else identifies a directory above.
    pub(super) fn add_above(&mut self, identity: Option<&[u8]>) {
        if let Some(identity) = identity {
            self.above = Some(Arc::new(Above {
                identity: identity.into(),
                rest: self.above.take(),
            }));
        }
    }

    pub(super) fn has_above(&self, identity: &[u8]) -> bool {
        let first = self.above.as_deref();
        let mut all = iter::successors(first, |above| above.rest.as_deref());
        all.any(|above| *above.identity == *identity)
    }
}

/// Whether two pathnames are the same but for the kind of their slashes and one at the end.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let names = |path: &'_ [u8]| -> Vec<Box<[u8]>> {
        let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
        let names = path.split(is_slash).filter(|name| !name.is_empty());
        names.map(Into::into).collect()
    };
    names(one) == names(other)
}

/// A walk over every directory below a place, depth-first.
///
/// It yields one [`Place`] after the other, and learns from each [`Listing`] where to go next.
/// Several places may be read at the same time. Links are not followed unless
/// [asked](Self::follow_links).
///
/// ```
/// use ftp_proto::tree::{Listing, Object, TreeLimits, Walk};
///
/// let mut walk = Walk::new(TreeLimits::default());
/// let mut visited = Vec::new();
/// while let Some(place) = walk.next_place() {
///     visited.push(place.path().to_string());
///     let listing = match place.path().is_root() {
///         true => Listing::complete([Object::directory("a"), Object::directory("b")]),
///         false => Listing::complete([Object::file("f")]),
///     };
///     walk.read(&place, Ok(&listing));
/// }
/// assert_eq!(visited, ["", "a", "b"]);
/// assert!(walk.is_over() && !walk.is_limited());
/// ```
#[derive(Debug)]
pub struct Walk {
    limits: TreeLimits,
    follow_links: bool,
    /// Those to come, the next one last.
    places: Vec<Place>,
    outstanding: usize,
    count: Count,
    is_limited: bool,
    is_checked: bool,
    root: Option<Arc<Pathname>>,
}

impl Walk {
    /// A walk within these limits.
    #[must_use]
    pub fn new(limits: TreeLimits) -> Self {
        let mut walk = Self::without_places(limits);
        walk.places.push(Place::root(TreePath::root(), Check::Tell));
        walk
    }

    pub(super) const fn without_places(limits: TreeLimits) -> Self {
        Self {
            limits,
            follow_links: false,
            places: Vec::new(),
            outstanding: 0,
            count: Count::ZERO,
            is_limited: false,
            is_checked: false,
            root: None,
        }
    }

    /// Enters links to directories, but never one that the walk is in already: by its pathname.
    #[must_use]
    pub const fn follow_links(mut self) -> Self {
        self.follow_links = true;
        self
    }

    /// Asks the pathname of every directory, whatever a listing tells.
    #[must_use]
    pub(super) const fn checked(mut self) -> Self {
        self.is_checked = true;
        self
    }

    /// The next directory to read. `None` at the end, and while only places that are being read can
    /// bring more; see [`is_over`](Self::is_over).
    pub fn next_place(&mut self) -> Option<Place> {
        let place = self.places.pop()?;
        self.outstanding = self.outstanding.saturating_add(1);
        Some(place)
    }

    /// Takes the listing of a directory, or why there is none.
    pub fn read(&mut self, place: &Place, listing: Result<&Listing, Unread>) {
        self.outstanding = self.outstanding.saturating_sub(1);
        let Ok(listing) = listing else {
            return;
        };
        let known = self.places.len();
        let within = self.enter(place, listing);
        for object in listing.objects() {
            if !self.count(place, object) {
                break;
            }
            if may_be_directory(object, self.follow_links) {
                let child = self.child(&within, object, listing.tells_links());
                self.places.extend(child);
            }
        }
        // The first directory of the listing comes first.
        if let Some(new) = self.places.get_mut(known..) {
            new.reverse();
        }
    }

    /// Whether everything was read.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.places.is_empty() && self.outstanding == 0
    }

    /// Whether a limit was reached, so that directories are left out.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.is_limited
    }

    /// How many entries were counted.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.count.entries()
    }

    /// Notes what identifies a directory that was read, for those below.
    pub(super) fn enter(&mut self, place: &Place, listing: &Listing) -> Place {
        if place.path.is_root() && self.root.is_none() {
            self.root = listing.pathname().cloned().map(Arc::new);
        }
        let pathname = listing.pathname().map(Pathname::as_bytes);
        let mut within = place.clone();
        within.add_above(pathname);
        within.add_above(listing.unique());
        within
    }

    /// Counts an object of a place; whether it is within the limits.
    pub(super) fn count(&mut self, place: &Place, object: &Object) -> bool {
        let above = place.path.as_bytes().len();
        let bytes = above.saturating_add(object.name().as_bytes().len());
        let fits = self.count.take(&self.limits, bytes);
        self.is_limited |= !fits;
        fits
    }

    /// The place of an object that is, or may be, a directory; or why it is not entered.
    pub(super) fn child(
        &mut self,
        within: &Place,
        object: &Object,
        tells_links: bool,
    ) -> Result<Place, Why> {
        let path = within.path.join(object.name().as_bytes());
        let path = path.ok_or(Why::UnsafeName)?;
        if path.depth() > self.limits.depth_max {
            self.is_limited = true;
            return Err(Why::Limit);
        }
        if object
            .unique()
            .is_some_and(|unique| within.has_above(unique))
        {
            return Err(Why::Again);
        }
        let is_certain = object.kind() == Kind::Directory;
        let is_known = is_certain && (tells_links || object.unique().is_some());
        let check = match (self.is_checked, self.follow_links) {
            (true, _) => Check::InPlace,
            _ if object.kind() == Kind::Symlink && !self.follow_links => return Err(Why::Link),
            _ if is_known => Check::None,
            (_, true) => Check::NotAgain,
            // Nothing to compare with: the depth limit alone.
            (_, false) if self.root.is_none() => Check::None,
            (_, false) => Check::InPlace,
        };
        let mut place = Place {
            path,
            check,
            root: self.root.clone(),
            above: within.above.clone(),
            or_file: (!is_certain).then(|| object.clone()),
            is_new: false,
        };
        place.add_above(object.unique());
        Ok(place)
    }
}

/// Whether an object is to be entered, if it turns out to be a directory.
pub(super) fn may_be_directory(object: &Object, follow_links: bool) -> bool {
    match object.kind() {
        Kind::Directory | Kind::Unknown => true,
        Kind::Symlink => follow_links,
        _ => false,
    }
}
