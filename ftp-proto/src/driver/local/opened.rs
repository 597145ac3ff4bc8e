//! Directories as open descriptors: nothing can be put in between.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use alloc::boxed::Box;
use alloc::vec::Vec;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};

use super::{identity, to_bytes, to_os};
use crate::listing::Kind;
use crate::timestamp::Timestamp;
use crate::tree::Object;

/// An open directory.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

impl Folder {
    pub(super) fn root(path: &Path) -> io::Result<Self> {
        let opened = rustix::fs::openat(CWD, path, DIRECTORY, Mode::empty())?;
        Ok(Self(opened))
    }

    pub(super) fn again(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    pub(super) fn enter(&self, name: &OsStr, follow: bool) -> io::Result<Self> {
        let flags = DIRECTORY | no_follow(follow);
        let opened = rustix::fs::openat(&self.0, name, flags, Mode::empty())?;
        Ok(Self(opened))
    }

    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.0)? {
            let entry = entry?;
            match entry.file_name().to_bytes() {
                b"." | b".." => {}
                name => names.push(to_os(name)?.into()),
            }
        }
        Ok(names)
    }

    pub(super) fn describe(&self, name: &OsStr, follow: bool) -> io::Result<Object> {
        let flags = match follow {
            true => AtFlags::empty(),
            false => AtFlags::SYMLINK_NOFOLLOW,
        };
        let stat = rustix::fs::statat(&self.0, name, flags)?;
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => Kind::Symlink,
            FileType::Directory => Kind::Directory,
            FileType::RegularFile => Kind::File,
            _ => Kind::Other,
        };
        let size = u64::try_from(stat.st_size).ok();
        let object = Object::new(to_bytes(name)?, kind)
            .with_size(size.filter(|_| kind == Kind::File))
            .with_modified(Timestamp::from_unix_time(stat.st_mtime as i64).ok());
        Ok(match kind {
            Kind::Directory => object.with_unique(&unique(&stat)),
            _ => object,
        })
    }

    pub(super) fn unique(&self) -> io::Result<Option<Box<[u8]>>> {
        Ok(Some(unique(&rustix::fs::fstat(&self.0)?)))
    }

    pub(super) fn make(&self, name: &OsStr) -> io::Result<()> {
        match rustix::fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o777)) {
            Err(rustix::io::Errno::EXIST) => Ok(()),
            made => Ok(made?),
        }
    }

    /// Opens a file for appending, and makes it if it is missing.
    pub(super) fn open_part(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::NONBLOCK;
        let flags = flags | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let opened = rustix::fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?;
        Ok(opened.into())
    }

    /// Opens a file for reading; a fifo does not block.
    pub(super) fn open_file(&self, name: &OsStr, follow: bool) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | no_follow(follow);
        let opened = rustix::fs::openat(&self.0, name, flags, Mode::empty())?;
        Ok(opened.into())
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.0, from, &self.0, to)?)
    }

    pub(super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(super) fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }
}

fn no_follow(follow: bool) -> OFlags {
    match follow {
        true => OFlags::empty(),
        false => OFlags::NOFOLLOW,
    }
}

#[allow(clippy::unnecessary_cast, reason = "the types differ between systems")]
fn unique(stat: &Stat) -> Box<[u8]> {
    identity(stat.st_dev as u64, stat.st_ino as u64)
}
