//! The virtual file tree of the test server.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What stands under one path of [`Files`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    content: Option<Arc<[u8]>>,
    mode: u32,
    modified: u64,
}

impl Entry {
    fn file(content: Arc<[u8]>, modified: u64) -> Self {
        Self {
            content: Some(content),
            mode: 0o644,
            modified,
        }
    }

    const fn directory(modified: u64) -> Self {
        Self {
            content: None,
            mode: 0o755,
            modified,
        }
    }

    /// The bytes of a file; `None` for a directory.
    pub fn content(&self) -> Option<&[u8]> {
        self.content.as_deref()
    }

    pub(super) fn shared_content(&self) -> Option<Arc<[u8]>> {
        self.content.clone()
    }

    /// Whether this is a directory.
    pub const fn is_directory(&self) -> bool {
        self.content.is_none()
    }

    /// The permission bits, 0 to 0o7777.
    pub const fn mode(&self) -> u32 {
        self.mode
    }

    /// When it was last modified, in seconds since 1970 (UTC).
    pub const fn modified(&self) -> u64 {
        self.modified
    }

    /// The length in bytes; 4096 for a directory, as `ls` shows it.
    pub fn size(&self) -> u64 {
        self.content().map_or(4096, |content| content.len() as u64)
    }
}

/// A tree of files and directories in memory. Names are bytes. Cloning is cheap until one of the
/// clones is changed.
///
/// Paths are absolute, with `/` between names; `.` and `..` are resolved, and nothing is above the
/// root.
///
/// ```
/// use ftp_proto::testing::Files;
///
/// let files = Files::new()
///     .file("/pub/hello.txt", "hello\n")
///     .file(b"/pub/caf\xe9", [0, 1, 2])
///     .directory("/up");
/// assert_eq!(files.content("/pub/hello.txt"), Some(&b"hello\n"[..]));
/// assert_eq!(files.content(b"/pub/caf\xe9"), Some(&[0, 1, 2][..]));
/// assert!(files.get("/pub").is_some_and(|entry| entry.is_directory()));
/// assert_eq!(files.names("/").count(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Files {
    /// By absolute, resolved path. The root is always there.
    entries: Arc<BTreeMap<Vec<u8>, Entry>>,
}

impl Default for Files {
    fn default() -> Self {
        Self::new()
    }
}

impl Files {
    /// A tree with an empty root.
    pub fn new() -> Self {
        let root = (b"/".to_vec(), Entry::directory(0));
        Self {
            entries: Arc::new(BTreeMap::from([root])),
        }
    }

    /// Adds a file, with the directories above it.
    #[must_use]
    pub fn file(mut self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        self.insert(path, content, 0);
        self
    }

    /// Adds a directory, with the directories above it.
    #[must_use]
    pub fn directory(mut self, path: impl AsRef<[u8]>) -> Self {
        self.make_directories(&resolve(b"/", path.as_ref()), 0);
        self
    }

    /// Writes a file, with the directories above it; `modified` is in seconds since 1970 (UTC).
    /// What stood there is replaced; a directory stays, and nothing is written.
    ///
    /// ```
    /// use ftp_proto::testing::Files;
    /// let mut files = Files::new();
    /// files.insert("/a", "one", 0);
    /// files.insert("/a", "two", 1_700_000_000);
    /// assert_eq!(files.content("/a"), Some(&b"two"[..]));
    /// assert_eq!(files.get("/a").map(|entry| entry.modified()), Some(1_700_000_000));
    /// ```
    pub fn insert(&mut self, path: impl AsRef<[u8]>, content: impl AsRef<[u8]>, modified: u64) {
        self.write(
            &resolve(b"/", path.as_ref()),
            content.as_ref().into(),
            modified,
        );
    }

    /// What stands under a path.
    pub fn get(&self, path: impl AsRef<[u8]>) -> Option<&Entry> {
        self.entries.get(&resolve(b"/", path.as_ref()))
    }

    /// The bytes of a file; `None` when there is no such file.
    pub fn content(&self, path: impl AsRef<[u8]>) -> Option<&[u8]> {
        self.get(path)?.content()
    }

    /// The names in a directory, sorted, each with what stands under it.
    pub fn names(&self, path: impl AsRef<[u8]>) -> impl Iterator<Item = (&[u8], &Entry)> {
        let mut above = resolve(b"/", path.as_ref());
        if above != b"/" {
            above.push(b'/');
        }
        let from = above.clone();
        self.entries
            .range(from..)
            .map_while(move |(path, entry)| Some((path.strip_prefix(above.as_slice())?, entry)))
            .filter(|(name, _)| !name.is_empty() && !name.contains(&b'/'))
    }

    /// Every path but the root, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.entries
            .keys()
            .map(Vec::as_slice)
            .filter(|path| *path != b"/")
    }

    /// Removes a file, or a directory with all that is in it. The root stays.
    pub fn remove(&mut self, path: impl AsRef<[u8]>) {
        let path = resolve(b"/", path.as_ref());
        let entries = self.entries_mut();
        entries.retain(|other, _| other == b"/" || !is_at_or_below(other, &path));
    }

    pub(super) fn write(&mut self, path: &[u8], content: Arc<[u8]>, modified: u64) {
        if self.entries.get(path).is_some_and(Entry::is_directory) {
            return;
        }
        self.make_directories(parent(path), modified);
        match self.entries_mut().get_mut(path) {
            Some(entry) => {
                entry.content = Some(content);
                entry.modified = modified;
            }
            None => {
                self.entries_mut()
                    .insert(path.to_vec(), Entry::file(content, modified));
            }
        }
    }

    pub(super) fn make_directories(&mut self, path: &[u8], modified: u64) {
        let mut at = path;
        while !self.entries.contains_key(at) {
            self.entries_mut()
                .insert(at.to_vec(), Entry::directory(modified));
            at = parent(at);
        }
    }

    /// Moves a file, or a directory with all that is in it.
    pub(super) fn rename(&mut self, from: &[u8], to: &[u8]) {
        let entries = self.entries_mut();
        let (moving, staying): (BTreeMap<_, _>, _) = core::mem::take(entries)
            .into_iter()
            .partition(|(path, _)| is_at_or_below(path, from));
        *entries = staying;
        let renamed = |(path, entry): (Vec<u8>, Entry)| {
            Some(([to, path.strip_prefix(from)?].concat(), entry))
        };
        entries.extend(moving.into_iter().filter_map(renamed));
    }

    pub(super) fn set_modified(&mut self, path: &[u8], modified: u64) {
        if let Some(entry) = self.entries_mut().get_mut(path) {
            entry.modified = modified;
        }
    }

    pub(super) fn set_mode(&mut self, path: &[u8], mode: u32) {
        if let Some(entry) = self.entries_mut().get_mut(path) {
            entry.mode = mode;
        }
    }

    fn entries_mut(&mut self) -> &mut BTreeMap<Vec<u8>, Entry> {
        Arc::make_mut(&mut self.entries)
    }
}

/// Whether `other` is `path` or lies in it.
pub(super) fn is_at_or_below(other: &[u8], path: &[u8]) -> bool {
    match other.strip_prefix(path) {
        Some(rest) => rest.is_empty() || rest.starts_with(b"/") || path == b"/",
        None => false,
    }
}

/// The path above; the root is above itself.
pub(super) fn parent(path: &[u8]) -> &[u8] {
    match memchr::memrchr(b'/', path) {
        None | Some(0) => b"/",
        Some(at) => path.get(..at).unwrap_or(b"/"),
    }
}

/// The absolute path that `path` means in `directory`, without `.`, `..` and doubled slashes.
pub(super) fn resolve(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let base: &[u8] = if path.starts_with(b"/") {
        b""
    } else {
        directory
    };
    let mut names: Vec<&[u8]> = Vec::new();
    for name in base.split(is_slash).chain(path.split(is_slash)) {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()),
            _ => names.push(name),
        }
    }
    if names.is_empty() {
        return b"/".to_vec();
    }
    names
        .iter()
        .flat_map(|name| [&b"/"[..], name])
        .collect::<Vec<_>>()
        .concat()
}

const fn is_slash(byte: &u8) -> bool {
    *byte == b'/'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_resolve() {
        let cases: [(&[u8], &[u8], &[u8]); 8] = [
            (b"/", b"", b"/"),
            (b"/", b"a", b"/a"),
            (b"/a", b"b/c", b"/a/b/c"),
            (b"/a", b"/b", b"/b"),
            (b"/a/b", b"..", b"/a"),
            (b"/a", b"../../..", b"/"),
            (b"/a", b"./b//c/", b"/a/b/c"),
            (b"/a", b" b ", b"/a/ b "),
        ];
        for (directory, path, expected) in cases {
            assert_eq!(resolve(directory, path), expected);
        }
    }

    #[test]
    fn a_directory_moves_with_what_is_in_it() {
        let mut files = Files::new().file("/a/b/c", "1").file("/ab", "2");
        files.rename(b"/a", b"/z");
        let paths: Vec<_> = files.paths().collect();
        assert_eq!(paths, [&b"/ab"[..], b"/z", b"/z/b", b"/z/b/c"]);
    }

    #[test]
    fn removal_takes_the_entries_below_and_no_neighbour() {
        let mut files = Files::new().file("/a/b/c", "1").file("/ab", "2");
        files.remove("/a");
        assert_eq!(files.paths().collect::<Vec<_>>(), [b"/ab"]);
        files.remove("/");
        assert_eq!(files.paths().count(), 0);
        assert!(files.get("/").is_some());
    }

    #[test]
    fn names_are_those_of_one_level() {
        let files = Files::new()
            .file("/a/b/c", "1")
            .file("/a.txt", "2")
            .file("/a/d", "3");
        assert_eq!(
            files.names("/a").map(|(name, _)| name).collect::<Vec<_>>(),
            [b"b", b"d"]
        );
        assert_eq!(
            files.names("/").map(|(name, _)| name).collect::<Vec<_>>(),
            [&b"a"[..], b"a.txt"]
        );
        assert_eq!(files.names("/nosuch").count(), 0);
    }
}
