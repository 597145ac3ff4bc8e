//! What is in a directory, on either side.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::listing::{Entry, Kind, Name};
use crate::pathname::Pathname;
use crate::timestamp::Timestamp;

/// A file, a directory or anything else, as a listing or the local file system tells it.
///
/// ```
/// use ftp_proto::listing::Kind;
/// use ftp_proto::tree::Object;
///
/// let object = Object::file("a.txt").with_size(5);
/// assert_eq!((object.kind(), object.size()), (Kind::File, Some(5)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Object {
    name: Box<[u8]>,
    kind: Kind,
    size: Option<u64>,
    modified: Option<Timestamp>,
    unique: Option<Box<[u8]>>,
}

impl Object {
    /// An object of this name and kind.
    pub fn new(name: impl AsRef<[u8]>, kind: Kind) -> Self {
        Self {
            name: name.as_ref().into(),
            kind,
            size: None,
            modified: None,
            unique: None,
        }
    }

    /// A file of unknown size and time.
    pub fn file(name: impl AsRef<[u8]>) -> Self {
        Self::new(name, Kind::File)
    }

    /// A directory.
    pub fn directory(name: impl AsRef<[u8]>) -> Self {
        Self::new(name, Kind::Directory)
    }

    /// Sets the size in bytes.
    #[must_use]
    pub fn with_size(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.size = bytes.into();
        self
    }

    /// Sets the time of the last modification.
    #[must_use]
    pub fn with_modified(mut self, time: impl Into<Option<Timestamp>>) -> Self {
        self.modified = time.into();
        self
    }

    /// Sets what identifies the object under all its names, such as device and inode.
    #[must_use]
    pub fn with_unique(mut self, unique: &[u8]) -> Self {
        self.unique = Some(unique.into());
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> Name<'_> {
        Name::new(&self.name)
    }

    /// The kind of object.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The size in bytes, if it is known exactly.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// The time of the last modification, as precisely as it was told.
    #[must_use]
    pub const fn modified(&self) -> Option<Timestamp> {
        self.modified
    }

    /// What identifies the object under all its names.
    #[must_use]
    pub fn unique(&self) -> Option<&[u8]> {
        self.unique.as_deref()
    }
}

/// An estimated size counts as unknown.
impl From<&Entry<'_>> for Object {
    fn from(entry: &Entry<'_>) -> Self {
        let size = entry.size().filter(|_| !entry.is_size_estimated());
        let object = Self::new(entry.name(), entry.kind())
            .with_size(size)
            .with_modified(entry.modified());
        match entry.unique() {
            Some(unique) => object.with_unique(unique),
            None => object,
        }
    }
}

/// Why a listing may lack something. Nothing is removed on the word of such a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Doubt {
    /// The listing did not end with a 2xx reply: the server said that there is nothing to list.
    #[error("the listing did not end with a 2xx reply")]
    NotConfirmed,
    /// A line was not understood.
    #[error("a line of the listing was not understood")]
    NotUnderstood,
    /// A limit was reached.
    #[error("a limit was reached")]
    Limit,
    /// The command may leave hidden names out: LIST without `-a`, STAT.
    #[error("the listing may leave hidden names out")]
    Hidden,
}

/// The objects of a directory, and whether they are all.
///
/// ```
/// use ftp_proto::tree::{Doubt, Listing, Object};
///
/// let whole = Listing::complete([Object::file("a.txt")]);
/// assert!(whole.is_complete());
/// let part = Listing::doubtful([Object::file("a.txt")], Doubt::Hidden);
/// assert_eq!(part.doubt(), Some(Doubt::Hidden));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    objects: Vec<Object>,
    doubt: Option<Doubt>,
    tells_links: bool,
    pathname: Option<Pathname>,
    unique: Option<Box<[u8]>>,
}

impl Listing {
    /// A listing that lacks nothing.
    pub fn complete(objects: impl IntoIterator<Item = Object>) -> Self {
        Self {
            objects: objects.into_iter().collect(),
            doubt: None,
            tells_links: true,
            pathname: None,
            unique: None,
        }
    }

    /// A listing that may lack something.
    pub fn doubtful(objects: impl IntoIterator<Item = Object>, doubt: Doubt) -> Self {
        Self {
            doubt: Some(doubt),
            ..Self::complete(objects)
        }
    }

    /// A listing that shows a link to a directory as a directory, as MLSD does on many servers.
    #[must_use]
    pub const fn without_links(mut self) -> Self {
        self.tells_links = false;
        self
    }

    /// Sets what the server calls the directory, by PWD behind CWD.
    #[must_use]
    pub fn with_pathname(mut self, pathname: impl Into<Option<Pathname>>) -> Self {
        self.pathname = pathname.into();
        self
    }

    /// Sets what identifies the directory itself: the fact `unique` of MLSD's `cdir`.
    #[must_use]
    pub fn with_unique(mut self, unique: Option<&[u8]>) -> Self {
        self.unique = unique.map(Into::into);
        self
    }

    /// What is in the directory, without the directory itself and its parent.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Why it may lack something.
    #[must_use]
    pub const fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// Whether it certainly lacks nothing: the reply was 2xx, every line was understood, no limit
    /// was reached, and hidden names show.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.doubt.is_none()
    }

    /// Whether what it calls a directory is not a link to one.
    #[must_use]
    pub const fn tells_links(&self) -> bool {
        self.tells_links
    }

    /// What the server calls the directory, if it was asked.
    #[must_use]
    pub const fn pathname(&self) -> Option<&Pathname> {
        self.pathname.as_ref()
    }

    /// What identifies the directory itself, if the listing told it.
    #[must_use]
    pub fn unique(&self) -> Option<&[u8]> {
        self.unique.as_deref()
    }
}
