//! The sample files below the root of every real server.
//!
//! | path | what |
//! |---|---|
//! | `hello.txt` | [`HELLO`] |
//! | `lines.txt` | [`LINES`]: three lines that end in LF |
//! | `empty.bin`, `empty/` | nothing |
//! | `large.bin` | [`Tree::large`] bytes, each a function of its position ([`fill`]) |
//! | `sub/`, `sub/deeper/file.txt` | a second and a third level |
//! | `dirs/` | directories whose names are hard to quote: [`DIRECTORIES`] |
//! | `odd/` | names, kinds, sizes and dates that are hard to list: [`ODD`] |
//! | `up/` | empty, and anyone may write to it |

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use crate::large::fill;
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

/// The contents of `hello.txt`: one line, which is a byte longer in the ASCII type.
pub const HELLO: &[u8] = b"hello ftp\n";

/// The contents of `lines.txt`, as they are on the server's disk.
pub const LINES: &[u8] = b"first line\nsecond line\n\nlast line\n";

/// The size of `odd/sparse.bin`: more than 32 bits can say.
pub const SPARSE_SIZE: u64 = 5 << 30;

/// The names of the directories in `dirs/`.
pub const DIRECTORIES: &[&[u8]] = &[
    b"plain",
    b"two words",
    "sp ace-\u{fc}-\u{65e5}\u{672c}".as_bytes(),
    b"latin-\xe9\xe8",
    b"a \"quoted\" name",
    b"\"",
];

/// One entry of the directory `odd/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, as bytes: not all of them are UTF-8.
    pub name: &'static [u8],
    /// What it is.
    pub kind: Kind,
    /// The modification time in seconds since 1970, UTC; a link has none that could be set.
    pub modified: u64,
}

/// What an entry of `odd/` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A regular file of this many bytes, all of them zero.
    File(u64),
    /// An empty directory.
    Directory,
    /// A symbolic link with this text.
    Link(&'static str),
    /// A named pipe; opening it blocks.
    Fifo,
    /// A character device, the same as `/dev/null`.
    Device,
}

/// 2024-02-29 12:34:56 UTC.
const LEAP_DAY: u64 = 1_709_210_096;
/// 2001-09-09 01:46:40 UTC: an unremarkable date, long past.
const PAST: u64 = 1_000_000_000;

/// What `odd/` holds, in no order.
pub const ODD: &[Entry] = &[
    file(b"two  spaces"),
    file(b" leading space"),
    file(b"trailing space "),
    file(b"a \"quoted\" name"),
    file(b"apostrophe's"),
    file(b"back\\slash"),
    file(b"new\nline"),
    file(b"tab\there"),
    file("utf8-\u{fc}\u{e7}-\u{65e5}\u{672c}.txt".as_bytes()),
    file(b"latin1-\xe4\xf6.txt"),
    file(b"iac-\xff.txt"),
    file(b"-dash"),
    file(b"semi;colon=fact; x"),
    file(b"per%cent"),
    file(b"st*r?[x]{a,b}"),
    file(b"arrow -> nowhere"),
    file(b"250 looks like a reply"),
    file(b".hidden"),
    dated(b"epoch.txt", 0),
    dated(b"y2038.txt", i32::MAX as u64),
    dated(b"leap.txt", LEAP_DAY),
    entry(b"sparse.bin", Kind::File(SPARSE_SIZE)),
    entry(b"dir", Kind::Directory),
    entry(b"link-file", Kind::Link("../hello.txt")),
    entry(b"link-dir", Kind::Link("../sub")),
    entry(b"link-broken", Kind::Link("no/such/target")),
    entry(b"fifo", Kind::Fifo),
    entry(b"device", Kind::Device),
];

const fn entry(name: &'static [u8], kind: Kind) -> Entry {
    Entry {
        name,
        kind,
        modified: PAST,
    }
}

const fn file(name: &'static [u8]) -> Entry {
    entry(name, Kind::File(3))
}

const fn dated(name: &'static [u8], modified: u64) -> Entry {
    Entry {
        name,
        kind: Kind::File(3),
        modified,
    }
}

/// A sample tree on disk. It does not remove itself.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
    large: u64,
    odd: Vec<&'static Entry>,
}

impl Tree {
    /// Makes the tree in the existing directory `root`, with a `large.bin` of `large` bytes.
    ///
    /// With an `owner` (user and group) everything is given to it, which needs root.
    ///
    /// # Errors
    ///
    /// Any failure of the file system. Only the device node may be missing: few may make one.
    pub fn create(root: &Path, large: u64, owner: Option<(u32, u32)>) -> io::Result<Self> {
        fs::write(root.join("hello.txt"), HELLO)?;
        fs::write(root.join("lines.txt"), LINES)?;
        fs::write(root.join("empty.bin"), b"")?;
        fs::create_dir(root.join("empty"))?;
        fs::create_dir_all(root.join("sub/deeper"))?;
        fs::write(root.join("sub/deeper/file.txt"), b"three levels down\n")?;
        write_large(&root.join("large.bin"), large)?;
        let odd = create_odd(&root.join("odd"))?;
        for name in DIRECTORIES {
            fs::create_dir_all(root.join("dirs").join(OsStr::from_bytes(name)))?;
        }
        fs::create_dir(root.join("up"))?;
        fs::set_permissions(root.join("up"), Permissions::from_mode(0o777))?;
        fs::set_permissions(root, Permissions::from_mode(0o755))?;
        if let Some((user, group)) = owner {
            give(root, user, group)?;
        }
        Ok(Self {
            root: root.to_owned(),
            large,
            odd,
        })
    }

    /// The directory that clients see as the one they are in after login.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The size of `large.bin` in bytes.
    #[must_use]
    pub const fn large(&self) -> u64 {
        self.large
    }

    /// What `odd/` holds here: [`ODD`], without the device where it could not be made.
    #[must_use]
    pub fn odd(&self) -> &[&'static Entry] {
        &self.odd
    }
}

fn write_large(path: &Path, size: u64) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut block = vec![0; 1 << 16];
    let mut offset = 0;
    while offset < size {
        let count =
            usize::try_from(size - offset).map_or(block.len(), |left| left.min(block.len()));
        let now = block.split_at_mut(count).0;
        fill(offset, now);
        out.write_all(now)?;
        offset += count as u64;
    }
    out.flush()
}

fn create_odd(directory: &Path) -> io::Result<Vec<&'static Entry>> {
    fs::create_dir(directory)?;
    let mut made = Vec::with_capacity(ODD.len());
    for entry in ODD {
        match create_entry(&directory.join(OsStr::from_bytes(entry.name)), entry) {
            Ok(()) => made.push(entry),
            Err(_) if entry.kind == Kind::Device => {}
            Err(error) => return Err(error),
        }
    }
    Ok(made)
}

fn create_entry(path: &Path, entry: &Entry) -> io::Result<()> {
    match entry.kind {
        Kind::File(size) => File::create(path)?.set_len(size)?,
        Kind::Directory => fs::create_dir(path)?,
        Kind::Link(target) => return symlink(target, path),
        Kind::Fifo => mknodat(CWD, path, FileType::Fifo, Mode::from(0o644), 0)?,
        Kind::Device => {
            return Ok(mknodat(
                CWD,
                path,
                FileType::CharacterDevice,
                Mode::from(0o644),
                makedev(1, 3),
            )?);
        }
    }
    if entry.kind == Kind::Fifo {
        // Opening it, which setting its time would need, blocks until someone opens the other end.
        return Ok(());
    }
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(entry.modified);
    File::open(path)?.set_times(FileTimes::new().set_modified(modified))
}

/// Gives everything from `path` down to a user and a group; links themselves, not what they point
/// to.
fn give(path: &Path, user: u32, group: u32) -> io::Result<()> {
    lchown(path, Some(user), Some(group))?;
    if fs::symlink_metadata(path)?.is_dir() {
        for entry in fs::read_dir(path)? {
            give(&entry?.path(), user, group)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    #[test]
    fn contents_do_not_depend_on_how_they_are_cut() {
        let mut whole = vec![0; 3 * 4096];
        fill(0, &mut whole);
        for number in 0..3 {
            assert_eq!(whole[number * 4096], u8::try_from(number).unwrap());
        }
        let edges = [
            0, 1, 7, 8, 9, 4095, 4096, 4097, 4103, 4104, 8191, 8192, 12_288,
        ];
        for start in edges {
            for end in edges.into_iter().filter(|end| *end >= start) {
                let mut part = vec![0; end - start];
                fill(start as u64, &mut part);
                assert!(part == whole[start..end], "{start}..{end}");
            }
        }
    }

    #[test]
    fn the_tree_is_what_its_tables_say() {
        let directory = tempfile::tempdir().unwrap();
        let tree = Tree::create(directory.path(), 100_001, None).unwrap();
        let names = fs::read_dir(tree.root().join("odd")).unwrap().count();
        assert_eq!(names, tree.odd().len());
        for entry in tree.odd() {
            let path = tree.root().join("odd").join(OsStr::from_bytes(entry.name));
            let found = fs::symlink_metadata(&path).unwrap();
            match entry.kind {
                Kind::File(size) => {
                    assert_eq!(found.len(), size);
                    assert_eq!(found.mtime(), i64::try_from(entry.modified).unwrap());
                }
                Kind::Directory => assert!(found.is_dir()),
                Kind::Link(target) => {
                    assert_eq!(fs::read_link(&path).unwrap(), Path::new(target));
                }
                Kind::Fifo => assert!(found.file_type().is_fifo()),
                Kind::Device => assert!(found.file_type().is_char_device()),
            }
        }
        let large = fs::read(tree.root().join("large.bin")).unwrap();
        let mut expected = vec![0; 100_001];
        fill(0, &mut expected);
        assert!(large == expected);
        assert_eq!(
            fs::metadata(tree.root().join("up")).unwrap().mode() & 0o777,
            0o777
        );
    }
}
