//! Places in a tree.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::listing::Name;

/// A place below the root of a tree: names with slashes between them. The root is empty.
///
/// Every name is one component: not empty, not `.` or `..`, without a slash, NUL, CR or LF. So a
/// path of a tree never leaves the tree, whatever a server called its files. Whether a name is fit
/// for a local disk is another matter: see [`SafeName`](crate::listing::SafeName).
///
/// ```
/// use ftp_proto::tree::TreePath;
///
/// let pub_directory = TreePath::root().join(b"pub").unwrap();
/// let file = pub_directory.join(b"a.txt").unwrap();
/// assert_eq!(file.as_bytes(), b"pub/a.txt");
/// assert_eq!(file.below(b"/home/ann").as_ref(), b"/home/ann/pub/a.txt");
/// assert!(pub_directory.join(b"..").is_none());
/// assert_eq!(TreePath::new(b"../a"), None);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TreePath(Box<[u8]>);

impl TreePath {
    /// The root of the tree.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// A path from its text. `None` if a component cannot be one.
    #[must_use]
    pub fn new(path: &[u8]) -> Option<Self> {
        let names = path.split(|&byte| byte == b'/');
        let is_whole = path.is_empty() || names.into_iter().all(is_component);
        is_whole.then(|| Self(path.into()))
    }

    /// The place of this name in this directory. `None` if the name cannot be a component.
    #[must_use]
    pub fn join(&self, name: &[u8]) -> Option<Self> {
        is_component(name).then(|| Self(self.below_or(name).into()))
    }

    fn below_or(&self, name: &[u8]) -> Vec<u8> {
        match self.is_root() {
            true => name.to_vec(),
            false => [&self.0, &b"/"[..], name].concat(),
        }
    }

    /// The path as bytes, without a slash at either end.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it is the root of the tree.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The names from the root on.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        let names = self.0.split(|&byte| byte == b'/');
        names.filter(|name| !name.is_empty())
    }

    /// The last name; empty for the root.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.components().next_back().unwrap_or_default()
    }

    /// The directory that it is in. `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let end = memchr::memrchr(b'/', &self.0).unwrap_or(0);
        self.0.get(..end).map(|above| Self(above.into()))
    }

    /// How many directories lie between it and the root, itself included: 0 for the root.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.components().count()
    }

    /// The path of the place below a directory of the server. An empty `base` is the working
    /// directory.
    #[must_use]
    pub fn below<'a>(&'a self, base: &'a [u8]) -> Cow<'a, [u8]> {
        match (base, self.is_root()) {
            (base, true) => base.into(),
            (b"", false) => self.as_bytes().into(),
            (base, false) if base.ends_with(b"/") => [base, &self.0].concat().into(),
            (base, false) => [base, b"/", &self.0].concat().into(),
        }
    }
}

fn is_component(name: &[u8]) -> bool {
    let harmful = |byte: &u8| matches!(byte, b'/' | 0 | b'\r' | b'\n');
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(harmful)
}

/// For people, escaped: see [`Name`].
impl fmt::Display for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Name::new(&self.0).fmt(f)
    }
}

impl fmt::Debug for TreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Name::new(&self.0), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_tree_are_none() {
        let whole: [&[u8]; 5] = [b"", b"a", b"a/b", b"a b/c", b"..a/.b"];
        for path in whole {
            assert!(TreePath::new(path).is_some(), "{path:?}");
        }
        let wrong: [&[u8]; 9] = [
            b"/", b"/a", b"a/", b"a//b", b"..", b"a/..", b"./a", b"a\nb", b"a\0",
        ];
        for path in wrong {
            assert_eq!(TreePath::new(path), None, "{path:?}");
        }
    }

    #[test]
    fn a_path_and_its_parent() {
        let path = TreePath::new(b"a/b/c").unwrap();
        assert_eq!((path.name(), path.depth()), (&b"c"[..], 3));
        let parent = path.parent().unwrap();
        assert_eq!(parent.as_bytes(), b"a/b");
        assert_eq!(parent.join(b"c"), Some(path));
        assert_eq!(
            TreePath::new(b"a").unwrap().parent(),
            Some(TreePath::root())
        );
        assert_eq!(TreePath::root().parent(), None);
    }

    #[test]
    fn a_path_below_a_directory() {
        let cases: [(&[u8], &[u8], &[u8]); 6] = [
            (b"", b"", b""),
            (b"", b"a", b"a"),
            (b"/", b"", b"/"),
            (b"/", b"a", b"/a"),
            (b"/x", b"a/b", b"/x/a/b"),
            (b"x/", b"a", b"x/a"),
        ];
        for (base, path, expected) in cases {
            let path = TreePath::new(path).unwrap();
            assert_eq!(path.below(base).as_ref(), expected);
        }
    }
}
