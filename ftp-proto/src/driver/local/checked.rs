//! Directories as paths, each component looked at before it is used: for systems without `openat`.
//!
//! Between the look and the use somebody else can put a link in its place.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Component, Path, PathBuf};

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::to_bytes;
use crate::listing::Kind;
use crate::timestamp::Timestamp;
use crate::tree::Object;

/// A directory.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn root(path: &Path) -> io::Result<Self> {
        // An absolute path without links, whatever the working directory becomes.
        fs::canonicalize(path).map(Self)
    }

    pub(super) fn again(&self) -> io::Result<Self> {
        Ok(Self(self.0.clone()))
    }

    /// The path of a name, which has to be one name to this system as well: another system's
    /// separators and drives are none to a server, nor to whoever has planned a step elsewhere.
    fn at(&self, name: &OsStr) -> io::Result<PathBuf> {
        let mut components = Path::new(name).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(only)), None) if only == name => Ok(self.0.join(name)),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the name is no name here",
            )),
        }
    }

    pub(super) fn enter(&self, name: &OsStr, follow: bool) -> io::Result<Self> {
        let path = self.at(name)?;
        match look(&path, follow)?.is_dir() {
            true => Ok(Self(path)),
            false => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.0)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect()
    }

    pub(super) fn describe(&self, name: &OsStr, follow: bool) -> io::Result<Object> {
        object(name, &look(&self.at(name)?, follow)?)
    }

    /// `std` does not tell it on every system.
    pub(super) fn unique(&self) -> io::Result<Option<Box<[u8]>>> {
        Ok(None)
    }

    pub(super) fn make(&self, name: &OsStr) -> io::Result<()> {
        match fs::create_dir(self.at(name)?) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made,
        }
    }

    pub(super) fn open_part(&self, name: &OsStr) -> io::Result<File> {
        let path = self.at(name)?;
        match fs::symlink_metadata(&path) {
            Ok(it) if !it.is_file() => return Err(io::ErrorKind::AlreadyExists.into()),
            _ => {}
        }
        OpenOptions::new().append(true).create(true).open(path)
    }

    pub(super) fn open_file(&self, name: &OsStr, follow: bool) -> io::Result<File> {
        let path = self.at(name)?;
        match look(&path, follow)?.is_file() {
            true => File::open(path),
            false => Err(io::Error::other("not a file")),
        }
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.at(from)?, self.at(to)?)
    }

    pub(super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.at(name)?)
    }

    pub(super) fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.at(name)?)
    }
}

fn look(path: &Path, follow: bool) -> io::Result<fs::Metadata> {
    match follow {
        true => fs::metadata(path),
        false => fs::symlink_metadata(path),
    }
}

/// The object that metadata of std describe.
fn object(name: &OsStr, metadata: &fs::Metadata) -> io::Result<Object> {
    let kind = match metadata.file_type() {
        it if it.is_symlink() => Kind::Symlink,
        it if it.is_dir() => Kind::Directory,
        it if it.is_file() => Kind::File,
        _ => Kind::Other,
    };
    let time = metadata.modified().ok();
    let modified = time.and_then(|time| Timestamp::from_system_time(time).ok());
    Ok(Object::new(to_bytes(name)?, kind)
        .with_size(metadata.is_file().then_some(metadata.len()))
        .with_modified(modified))
}
