//! One object of a directory, as the server described it.

use alloc::borrow::Cow;
use core::fmt;

use super::facts::Facts;
use super::name::Name;
use super::span::Span;
use crate::timestamp::Timestamp;

/// What kind of object an [`Entry`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Something that RETR delivers.
    File,
    /// Something that CWD enters; also a library, a partitioned data set, a folder.
    Directory,
    /// A symbolic link, junction or external link; what it points at is unknown until asked.
    Symlink,
    /// Known to be none of these: a device, socket, fifo or door, or an object of the server's own
    /// making.
    Other,
    /// MLSD's `cdir`: the listed directory itself.
    CurrentDirectory,
    /// MLSD's `pdir`: a parent of the listed directory.
    ParentDirectory,
    /// The server did not say: NLST, or MLSx without the fact `type`.
    Unknown,
}

/// One entry of a directory listing.
///
/// It borrows the line that it was read from; [`into_owned`](Self::into_owned) makes it independent
/// with a single allocation. What the server did not state is `None`, never zero. Names, owners and
/// the like are bytes, as sent.
///
/// Two entries are equal when they state the same, whatever their lines looked like.
///
/// ```
/// use ftp_proto::listing::{Format, Kind, Line, parse_line};
///
/// let line = b"-rw-r-----   1 kepler   staff       48213 Mar 12  2021 orrery.dat";
/// let Line::Entry(entry) = parse_line(Format::Unix, line, None) else {
///     panic!("not understood");
/// };
/// assert_eq!(entry.name(), "orrery.dat");
/// assert_eq!(entry.kind(), Kind::File);
/// assert_eq!(entry.size(), Some(48213));
/// assert_eq!(entry.mode(), Some(0o640));
/// assert_eq!(entry.owner(), Some(&b"kepler"[..]));
/// assert_eq!(entry.modified().unwrap().to_string(), "2021-03-12");
/// assert_eq!(entry.raw(), line);
/// ```
#[derive(Clone)]
pub struct Entry<'a> {
    /// The line, and behind it texts that do not stand in the line (z/VM's `FN.FT`, or what a
    /// custom parser made up).
    text: Cow<'a, [u8]>,
    pub(super) size: Option<u64>,
    pub(super) modified: Option<Timestamp>,
    pub(super) links: Option<u32>,
    raw_end: u32,
    /// Where the MLSx facts end, which stand at the beginning of the line; zero if there are none.
    pub(super) facts_end: u32,
    pub(super) name: Span,
    target: Span,
    pub(super) owner: Span,
    pub(super) group: Span,
    pub(super) unique: Span,
    version: Span,
    pub(super) mode: Option<u16>,
    pub(super) kind: Kind,
    size_estimated: bool,
    is_time_unread: bool,
}

/// Building an entry, for custom parsers. Texts that are parts of `line` are borrowed, others are
/// copied.
impl<'a> Entry<'a> {
    /// An entry of unknown kind that has only a name.
    ///
    /// ```
    /// use ftp_proto::listing::{Entry, Kind};
    /// let line = b"F|4711|report.txt";
    /// let entry = Entry::new(line, &line[7..]).with_kind(Kind::File).with_size(4711);
    /// assert_eq!(entry.name(), "report.txt");
    /// assert_eq!(entry.into_owned().size(), Some(4711));
    /// ```
    #[must_use]
    #[inline]
    pub fn new(line: &'a [u8], name: &[u8]) -> Self {
        let mut entry = Self::named(line, Span::NONE);
        entry.name = entry.keep(name);
        entry
    }

    /// An entry of unknown kind whose name is a part of the line.
    #[inline]
    pub(super) fn named(line: &'a [u8], name: Span) -> Self {
        Self {
            text: Cow::Borrowed(line),
            size: None,
            modified: None,
            links: None,
            raw_end: u32::try_from(line.len()).unwrap_or(u32::MAX),
            facts_end: 0,
            name,
            target: Span::NONE,
            owner: Span::NONE,
            group: Span::NONE,
            unique: Span::NONE,
            version: Span::NONE,
            mode: None,
            kind: Kind::Unknown,
            size_estimated: false,
            is_time_unread: false,
        }
    }

    /// Finds a text inside the line, or appends it to what is kept.
    #[inline]
    fn keep(&mut self, part: &[u8]) -> Span {
        Span::of(part, &self.text).unwrap_or_else(|| self.append(part))
    }

    #[cold]
    fn append(&mut self, part: &[u8]) -> Span {
        let text = self.text.to_mut();
        let start = text.len();
        text.extend_from_slice(part);
        match (u32::try_from(start), u32::try_from(text.len())) {
            (Ok(start), Ok(end)) => Span::new(start, end),
            _ => Span::NONE,
        }
    }

    /// Sets the kind.
    #[must_use]
    pub const fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Sets the size in bytes.
    #[must_use]
    pub fn with_size(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.size = bytes.into();
        self.size_estimated = false;
        self
    }

    /// Sets a size in bytes that is an upper bound, such as a count of blocks.
    #[must_use]
    pub fn with_estimated_size(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.size = bytes.into();
        self.size_estimated = self.size.is_some();
        self
    }

    /// Sets the time of the last modification.
    #[must_use]
    pub fn with_modified(mut self, time: impl Into<Option<Timestamp>>) -> Self {
        self.modified = time.into();
        self
    }

    /// Sets the permission bits; bits above `0o7777` are dropped.
    #[must_use]
    pub fn with_mode(mut self, mode: impl Into<Option<u16>>) -> Self {
        self.mode = mode.into().map(|mode| mode & 0o7777);
        self
    }

    /// Sets the number of hard links.
    #[must_use]
    pub fn with_links(mut self, links: impl Into<Option<u32>>) -> Self {
        self.links = links.into();
        self
    }

    /// Sets the owner.
    #[must_use]
    pub fn with_owner(mut self, owner: &[u8]) -> Self {
        self.set_owner(owner);
        self
    }

    /// Sets the group.
    #[must_use]
    pub fn with_group(mut self, group: &[u8]) -> Self {
        self.set_group(group);
        self
    }

    /// Sets what a symbolic link points at.
    #[must_use]
    pub fn with_target(mut self, target: &[u8]) -> Self {
        self.set_target(target);
        self
    }

    /// Sets the server's identification of the object.
    #[must_use]
    pub fn with_unique(mut self, unique: &[u8]) -> Self {
        self.set_unique(unique);
        self
    }

    /// Sets the version number of a VMS file.
    #[must_use]
    pub fn with_version(mut self, version: &[u8]) -> Self {
        self.version = self.keep(version);
        self
    }

    /// Sets the time that a line states, or notes that it was not understood.
    #[must_use]
    pub(super) fn with_time(mut self, time: Option<Timestamp>) -> Self {
        self.modified = time;
        self.is_time_unread = time.is_none();
        self
    }

    /// Takes the last byte off the name.
    pub(super) const fn shorten_name(&mut self) {
        self.name = self.name.without_last();
    }

    #[inline]
    pub(super) fn set_name(&mut self, name: &[u8]) {
        self.name = self.keep(name);
    }

    #[inline]
    pub(super) fn set_owner(&mut self, owner: &[u8]) {
        self.owner = self.keep(owner);
    }

    #[inline]
    pub(super) fn set_group(&mut self, group: &[u8]) {
        self.group = self.keep(group);
    }

    #[inline]
    pub(super) fn set_target(&mut self, target: &[u8]) {
        self.target = self.keep(target);
    }

    #[inline]
    pub(super) fn set_unique(&mut self, unique: &[u8]) {
        self.unique = self.keep(unique);
    }

    /// The line alone.
    pub(super) fn into_raw(self) -> Cow<'a, [u8]> {
        let end = self.raw().len();
        match self.text {
            Cow::Borrowed(line) => Cow::Borrowed(line.get(..end).unwrap_or(line)),
            Cow::Owned(mut text) => {
                text.truncate(end);
                Cow::Owned(text)
            }
        }
    }

    /// Detaches the entry from the line it was read from, with one allocation.
    #[must_use]
    pub fn into_owned(self) -> Entry<'static> {
        Entry {
            text: Cow::Owned(self.text.into_owned()),
            ..self
        }
    }
}

impl Entry<'_> {
    /// The name, with exactly the bytes that have to be sent back to reach the object.
    ///
    /// MLST and NLST, and some servers' LIST, put a path here. Nothing is said about whether the
    /// name is safe to use for a local file: see [`Name::safe`].
    #[must_use]
    pub fn name(&self) -> Name<'_> {
        Name::new(self.name.slice(&self.text).unwrap_or_default())
    }

    /// The kind of object.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether the object is a directory, the listed one and its parents included.
    #[must_use]
    pub const fn is_directory(&self) -> bool {
        matches!(
            self.kind,
            Kind::Directory | Kind::CurrentDirectory | Kind::ParentDirectory
        )
    }

    /// Whether the object is a file.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File)
    }

    /// Whether the object is a symbolic link.
    #[must_use]
    pub const fn is_symlink(&self) -> bool {
        matches!(self.kind, Kind::Symlink)
    }

    /// The size in bytes. For other kinds than files it is what the server printed, which may mean
    /// anything.
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// Whether the size is only an upper bound (VMS counts blocks of 512 bytes).
    #[must_use]
    pub const fn is_size_estimated(&self) -> bool {
        self.size_estimated
    }

    /// When the object was last modified, as precisely as the server said.
    #[must_use]
    pub const fn modified(&self) -> Option<Timestamp> {
        self.modified
    }

    /// Whether the line states a time that [`modified`](Self::modified) lacks.
    ///
    /// The time has a form that is not known, no calendar has the date, or the date lacks the year
    /// and [`Options::now`](super::Options::now) was not given. The rest of the entry is certain.
    ///
    /// ```
    /// use ftp_proto::listing::{Format, Line, parse_line};
    ///
    /// let line = b"-rw-r--r-- 1 kepler staff 9216 Foo 12  2021 orrery.dat";
    /// let Line::Entry(entry) = parse_line(Format::Unix, line, None) else {
    ///     panic!("not understood");
    /// };
    /// assert_eq!((entry.name().to_str(), entry.size()), (Some("orrery.dat"), Some(9216)));
    /// assert!(entry.modified().is_none() && entry.is_time_unread());
    /// ```
    #[must_use]
    pub const fn is_time_unread(&self) -> bool {
        self.is_time_unread
    }

    /// The Unix permission bits, set-id and sticky bits included: 12 bits.
    #[must_use]
    pub const fn mode(&self) -> Option<u16> {
        self.mode
    }

    /// The number of hard links.
    #[must_use]
    pub const fn links(&self) -> Option<u32> {
        self.links
    }

    /// The owner: a name or a number.
    #[must_use]
    pub fn owner(&self) -> Option<&[u8]> {
        self.owner.slice(&self.text)
    }

    /// The group: a name or a number.
    #[must_use]
    pub fn group(&self) -> Option<&[u8]> {
        self.group.slice(&self.text)
    }

    /// What a symbolic link points at, where the server shows it.
    #[must_use]
    pub fn target(&self) -> Option<&[u8]> {
        self.target.slice(&self.text)
    }

    /// The server's identification of the object (MLSx `unique`, EPLF `i`): entries with equal ones
    /// are the same object under two names.
    #[must_use]
    pub fn unique(&self) -> Option<&[u8]> {
        self.unique.slice(&self.text)
    }

    /// The version of a VMS file: what followed the semicolon that [`name`](Self::name) leaves out.
    #[must_use]
    pub fn version(&self) -> Option<&[u8]> {
        self.version.slice(&self.text)
    }

    /// The line without its end. A VMS record that was wrapped has its lines joined by LF.
    #[must_use]
    pub fn raw(&self) -> &[u8] {
        let end = usize::try_from(self.raw_end).unwrap_or(usize::MAX);
        self.text.get(..end).unwrap_or(&self.text)
    }

    /// All facts of an MLSx line in the order sent; empty for other formats.
    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        let facts = Span::new(0, self.facts_end).slice(&self.text);
        Facts::new(facts.unwrap_or_default())
    }

    /// The value of an MLSx fact, whose name is compared without regard to case. The first of
    /// several wins.
    ///
    /// ```
    /// use ftp_proto::listing::Entry;
    /// let entry = Entry::from_mlsd(b"Type=file;Perm=adfr;Media-Type=text/plain; a.txt").unwrap();
    /// assert_eq!(entry.fact("media-type"), Some(&b"text/plain"[..]));
    /// assert_eq!(entry.fact("lang"), None);
    /// ```
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&[u8]> {
        self.facts()
            .find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Entry<'_>) -> bool {
        self.kind == other.kind
            && self.size == other.size
            && self.size_estimated == other.size_estimated
            && self.modified == other.modified
            && self.mode == other.mode
            && self.links == other.links
            && self.name() == other.name()
            && self.target() == other.target()
            && self.owner() == other.owner()
            && self.group() == other.group()
            && self.unique() == other.unique()
            && self.version() == other.version()
    }
}

impl Eq for Entry<'_> {}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes| Option::map(bytes, Name::new);
        f.debug_struct("Entry")
            .field("name", &self.name())
            .field("kind", &self.kind)
            .field("size", &self.size)
            .field("size_estimated", &self.size_estimated)
            .field("modified", &self.modified.map(Text))
            .field("mode", &self.mode)
            .field("links", &self.links)
            .field("owner", &text(self.owner()))
            .field("group", &text(self.group()))
            .field("target", &text(self.target()))
            .field("unique", &text(self.unique()))
            .field("version", &text(self.version()))
            .finish_non_exhaustive()
    }
}

/// Shows a value by its `Display` where `Debug` is asked for.
struct Text<T>(T);

impl<T: fmt::Display> fmt::Debug for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
