//! The local side of a mirror.

#[cfg(any(test, not(unix)))]
mod checked;
#[cfg(unix)]
mod opened;
#[cfg(all(test, unix))]
mod tests;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use crate::listing::Kind;
use crate::timestamp::Timestamp;
use crate::tree::{Listing, Object, PartName, Step, TreePath};

#[cfg(not(unix))]
use checked::Folder;
#[cfg(unix)]
use opened::Folder;

/// A directory of the local disk, and the steps of a mirror in it.
///
/// Every path is taken one component at a time, from the opened root, and no link is followed: not
/// in the middle, and not at the end. A directory `d` that is a link to another place is an error,
/// whatever a server has in its own `d`. On Unix the components are opened with `O_NOFOLLOW`, so
/// that nothing can be put in between. Elsewhere each component is looked at before it is used:
/// whoever can write to the tree at that moment can put a link there in between.
///
/// ```
/// use ftp_proto::driver::LocalTree;
/// use ftp_proto::tree::TreePath;
///
/// let path = std::env::temp_dir().join(format!("local-tree-{}", std::process::id()));
/// let tree = LocalTree::create(&path)?;
/// tree.make(&TreePath::new(b"a/b").unwrap())?;
/// assert_eq!(tree.read(&TreePath::root())?.objects()[0].name(), "a");
/// tree.remove_all(&TreePath::new(b"a").unwrap())?;
/// std::fs::remove_dir(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct LocalTree {
    root: Folder,
    follow_links: bool,
}

/// A file under way to its place.
///
/// If nothing came, it is removed when this is dropped: it would say nothing to the next attempt.
#[derive(Debug)]
pub struct Part {
    // Dropped before its name: not every system removes a file that is open.
    file: File,
    place: PartPlace,
    target: OsString,
    offset: u64,
    modified: Option<SystemTime>,
}

/// Where a part file is.
#[derive(Debug)]
struct PartPlace {
    folder: Folder,
    name: OsString,
}

impl Drop for PartPlace {
    fn drop(&mut self) {
        let found = self.folder.describe(&self.name, false);
        if found.is_ok_and(|part| part.size() == Some(0)) {
            // Whoever downloads hears of a reason that matters more.
            let _ = self.folder.remove_file(&self.name);
        }
    }
}

impl LocalTree {
    /// The directory at `path`, which may be reached through links itself.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self {
            root: Folder::root(path.as_ref())?,
            follow_links: false,
        })
    }

    /// As [`open`](Self::open), and makes the directory if it does not exist.
    ///
    /// # Errors
    /// It cannot be made or opened.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        std::fs::create_dir_all(path.as_ref())?;
        Self::open(path)
    }

    /// Follows links when directories are read and files are opened for reading. What writes never
    /// follows one.
    #[must_use]
    pub const fn follow_links(mut self) -> Self {
        self.follow_links = true;
        self
    }

    /// What is in a directory.
    ///
    /// # Errors
    /// It cannot be read, or a component is a link or no directory. A name that this system cannot
    /// tell as bytes is an error too, because the listing would lack it.
    pub fn read(&self, path: &TreePath) -> io::Result<Listing> {
        let folder = self.folder(path, self.follow_links)?;
        let names = folder.names()?;
        let objects: io::Result<Vec<_>> = names
            .iter()
            .filter_map(|name| self.object(&folder, name).transpose())
            .collect();
        Ok(Listing::complete(objects?).with_unique(folder.unique()?.as_deref()))
    }

    /// `None` if it has gone meanwhile.
    fn object(&self, folder: &Folder, name: &OsStr) -> io::Result<Option<Object>> {
        let found = match folder.describe(name, self.follow_links) {
            // A link that leads nowhere is a link.
            Err(error) if self.follow_links && error.kind() == io::ErrorKind::NotFound => {
                folder.describe(name, false)
            }
            found => found,
        };
        match found {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a directory, and those above it. One that exists is a success.
    ///
    /// # Errors
    /// It cannot be made, or a component is a link or no directory.
    pub fn make(&self, path: &TreePath) -> io::Result<()> {
        self.made(path).map(drop)
    }

    /// Begins the download of a step: opens its part file, and makes the directories above it. The
    /// part of an earlier attempt goes on, if the server's file had the same size and time; see
    /// [`PartName`].
    ///
    /// # Errors
    /// The file cannot be opened, or a component is a link or no directory.
    pub fn begin(&self, step: &Step) -> io::Result<Part> {
        let (above, name) = split(step.path())?;
        let folder = self.made(&above)?;
        let part = PartName::new(name, step.size(), step.modified());
        let part_name = to_os(part.as_bytes())?.to_owned();
        let file = folder.open_part(&part_name)?;
        // Without a size and a time nothing tells whether the file is the same.
        let is_known = step.size().is_some() && step.modified().is_some();
        let length = file.metadata()?.len();
        let is_part = is_known && step.size().is_some_and(|size| length <= size);
        let offset = if is_part { length } else { 0 };
        file.set_len(offset)?;
        Ok(Part {
            file,
            place: PartPlace {
                folder,
                name: part_name,
            },
            target: to_os(name)?.to_owned(),
            offset,
            modified: step.modified().and_then(system_time),
        })
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    /// It cannot be opened, is not a file, or a component is a link.
    pub fn file(&self, path: &TreePath) -> io::Result<File> {
        let (above, name) = split(path)?;
        let folder = self.folder(&above, self.follow_links)?;
        let file = folder.open_file(to_os(name)?, self.follow_links)?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::other("not a file")),
        }
    }

    /// Sets the time of a file.
    ///
    /// # Errors
    /// The file cannot be opened, or the time cannot be set.
    pub fn set_modified(&self, path: &TreePath, time: Timestamp) -> io::Result<()> {
        let (above, name) = split(path)?;
        let folder = self.folder(&above, false)?;
        let file = folder.open_file(to_os(name)?, false)?;
        match system_time(time) {
            Some(time) => file.set_modified(time),
            None => Ok(()),
        }
    }

    /// Removes a file or a link. One that is missing is a success.
    ///
    /// # Errors
    /// It cannot be removed, or a component above is a link.
    pub fn remove(&self, path: &TreePath) -> io::Result<()> {
        let (above, name) = split(path)?;
        let folder = self.folder(&above, false)?;
        or_missing(folder.remove_file(to_os(name)?))
    }

    /// Removes a directory with everything in it. Links in it are removed, and not followed.
    ///
    /// # Errors
    /// Something cannot be removed, or a component is a link.
    pub fn remove_all(&self, path: &TreePath) -> io::Result<()> {
        let (above, name) = split(path)?;
        let folder = self.folder(&above, false)?;
        or_missing(empty(&folder, to_os(name)?))
    }

    fn folder(&self, path: &TreePath, follow: bool) -> io::Result<Folder> {
        let mut folder = self.root.again()?;
        for name in path.components() {
            folder = folder.enter(to_os(name)?, follow)?;
        }
        Ok(folder)
    }

    fn made(&self, path: &TreePath) -> io::Result<Folder> {
        let mut folder = self.root.again()?;
        for name in path.components() {
            let name = to_os(name)?;
            folder = match folder.enter(name, false) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    folder.make(name)?;
                    folder.enter(name, false)?
                }
                entered => entered?,
            };
        }
        Ok(folder)
    }
}

impl Part {
    /// How many bytes of the file are there already.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Where the rest is to be appended.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.file
    }

    /// Puts the file in its place, with the time that the server told: for a transfer with a good
    /// verdict. It replaces a file or a link there.
    ///
    /// # Errors
    /// The time cannot be set, or the file cannot be renamed.
    pub fn finish(self) -> io::Result<()> {
        if let Some(time) = self.modified {
            self.file.set_modified(time)?;
        }
        // Not every system renames a file that is open.
        drop(self.file);
        self.place.folder.rename(&self.place.name, &self.target)
    }

    /// Removes the file: for one that turned out to be another than before.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn discard(self) -> io::Result<()> {
        drop(self.file);
        self.place.folder.remove_file(&self.place.name)
    }
}

/// A time in an unknown zone is taken for UTC, so that the same listing means the same next time.
fn system_time(time: Timestamp) -> Option<SystemTime> {
    let seconds = time.unix_time().unwrap_or_else(|| time.unix_time_at(0)).0;
    Timestamp::from_unix_time(seconds).ok()?.system_time()
}

fn split(path: &TreePath) -> io::Result<(TreePath, &[u8])> {
    let root = || io::Error::new(io::ErrorKind::InvalidInput, "the root of the tree");
    Ok((path.parent().ok_or_else(root)?, path.name()))
}

fn or_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn empty(folder: &Folder, name: &OsStr) -> io::Result<()> {
    let within = folder.enter(name, false)?;
    for name in within.names()? {
        match within.describe(&name, false)?.kind() {
            Kind::Directory => empty(&within, &name)?,
            _ => within.remove_file(&name)?,
        }
    }
    drop(within);
    folder.remove_directory(name)
}

#[cfg(unix)]
fn to_os(name: &[u8]) -> io::Result<&OsStr> {
    Ok(std::os::unix::ffi::OsStrExt::from_bytes(name))
}

#[cfg(not(unix))]
fn to_os(name: &[u8]) -> io::Result<&OsStr> {
    let text = core::str::from_utf8(name);
    text.map(OsStr::new).map_err(|_| not_text())
}

#[cfg(unix)]
fn to_bytes(name: &OsStr) -> io::Result<&[u8]> {
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(name))
}

#[cfg(not(unix))]
fn to_bytes(name: &OsStr) -> io::Result<&[u8]> {
    name.to_str().map(str::as_bytes).ok_or_else(not_text)
}

#[cfg(not(unix))]
fn not_text() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the name is not Unicode")
}

/// What identifies a directory of the local disk.
fn identity(device: u64, inode: u64) -> Box<[u8]> {
    format!("local {device} {inode}").into_bytes().into()
}
