//! The steps of a mirror.

use core::fmt;

use super::path::TreePath;
use crate::timestamp::Timestamp;

/// What a [`Step`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// Makes a directory of the target.
    Make,
    /// Downloads a file.
    Fetch,
    /// Uploads a file.
    Send,
    /// Downloads the rest of a file, of which a part is there.
    Resume,
    /// Removes a file or a link of the target.
    Remove,
    /// Removes a directory of the target with everything in it.
    RemoveAll,
    /// Sets the time of a file of the target.
    SetTime,
    /// Leaves something alone that is not the same on both sides.
    Skip(Why),
}

/// Why a mirror leaves something alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// It is a link.
    #[error("a link")]
    Link,
    /// It is a directory that the mirror is in already.
    #[error("the same directory again")]
    Again,
    /// It is neither a file nor a directory.
    #[error("neither a file nor a directory")]
    Special,
    /// Its name is not safe on the local disk, or is not a name at all.
    #[error("an unsafe name")]
    UnsafeName,
    /// The target may take its name for that of another object of the same directory.
    #[error("the name of another object but for its case")]
    CaseTwin,
    /// Its name is that of a part of a download.
    #[error("a part of a download")]
    Part,
    /// The target has something of another kind in its place.
    #[error("the target has something of another kind there")]
    OtherKind,
    /// A listing may lack something, so what the source seems to lack is not removed.
    #[error("the listing may be incomplete")]
    Incomplete,
    /// The directory of the source is empty, so what the source lacks is not removed.
    #[error("the source is empty")]
    Empty,
    /// A limit was reached.
    #[error("a limit was reached")]
    Limit,
    /// The directory could not be read or made.
    #[error("the directory could not be read or made")]
    Failed,
}

/// One step of a mirror: what is done, where, and what the source told about the file.
///
/// A step is plain data. It can be written down, read again and performed by another session, and
/// performed twice without harm: the place is relative to the roots of both sides.
///
/// ```
/// use ftp_proto::tree::{Step, StepKind, TreePath};
///
/// let path = TreePath::new(b"pub/a.txt").unwrap();
/// let step = Step::new(StepKind::Fetch, path).with_size(5);
/// assert_eq!(step.to_string(), "fetch pub/a.txt");
/// assert_eq!(StepKind::from_name(step.kind().name()), Some(StepKind::Fetch));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Step {
    kind: StepKind,
    path: TreePath,
    size: Option<u64>,
    modified: Option<Timestamp>,
}

impl Step {
    /// A step at this place.
    #[must_use]
    pub const fn new(kind: StepKind, path: TreePath) -> Self {
        Self {
            kind,
            path,
            size: None,
            modified: None,
        }
    }

    /// Sets the size of the source's file in bytes.
    #[must_use]
    pub fn with_size(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.size = bytes.into();
        self
    }

    /// Sets the time of the source's file.
    #[must_use]
    pub fn with_modified(mut self, time: impl Into<Option<Timestamp>>) -> Self {
        self.modified = time.into();
        self
    }

    /// What is done.
    #[must_use]
    pub const fn kind(&self) -> StepKind {
        self.kind
    }

    /// Where, below the roots of both sides.
    #[must_use]
    pub const fn path(&self) -> &TreePath {
        &self.path
    }

    /// The size of the source's file in bytes.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// How many bytes are in the file that it copies, as far as that is known.
    pub(super) fn copied_bytes(&self) -> u64 {
        match self.kind {
            StepKind::Fetch | StepKind::Resume | StepKind::Send => self.size.unwrap_or(0),
            _ => 0,
        }
    }

    /// The time of the source's file.
    #[must_use]
    pub const fn modified(&self) -> Option<Timestamp> {
        self.modified
    }
}

impl StepKind {
    const NAMES: [(&'static str, Self); 18] = [
        ("make", Self::Make),
        ("fetch", Self::Fetch),
        ("send", Self::Send),
        ("resume", Self::Resume),
        ("remove", Self::Remove),
        ("remove-all", Self::RemoveAll),
        ("set-time", Self::SetTime),
        ("skip-link", Self::Skip(Why::Link)),
        ("skip-again", Self::Skip(Why::Again)),
        ("skip-special", Self::Skip(Why::Special)),
        ("skip-unsafe-name", Self::Skip(Why::UnsafeName)),
        ("skip-case-twin", Self::Skip(Why::CaseTwin)),
        ("skip-part", Self::Skip(Why::Part)),
        ("skip-other-kind", Self::Skip(Why::OtherKind)),
        ("skip-incomplete", Self::Skip(Why::Incomplete)),
        ("skip-empty", Self::Skip(Why::Empty)),
        ("skip-limit", Self::Skip(Why::Limit)),
        ("skip-failed", Self::Skip(Why::Failed)),
    ];

    /// The name of the kind, for plans that are written down.
    #[must_use]
    pub fn name(self) -> &'static str {
        let known = Self::NAMES.iter().find(|(_, kind)| *kind == self);
        known.map_or("skip", |(name, _)| name)
    }

    /// The kind of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, kind)| *kind)
    }
}

/// For people: the kind's name and the path, escaped; the root is a dot.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.is_root() {
            true => write!(f, "{} .", self.kind.name()),
            false => write!(f, "{} {}", self.kind.name(), self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own() {
        for (name, kind) in StepKind::NAMES {
            assert_eq!((kind.name(), StepKind::from_name(name)), (name, Some(kind)));
        }
        assert_eq!(StepKind::from_name("skip"), None);
    }
}
