//! `get`, `put`, `cat` and `sum`.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ftp_blocking::proto::checksum::{Algorithm, Checksum};
use ftp_blocking::proto::driver::{LocalTree, Part};
use ftp_blocking::proto::listing::{Name, SafeFor};
use ftp_blocking::proto::operation::Retrieve;
use ftp_blocking::proto::retry::Step as Tried;
use ftp_blocking::proto::tree::{Step, StepKind, TreePath};
use ftp_blocking::proto::{After, Argument};
use ftp_blocking::{Client, Error, FtpUrl, Transport};
use sha2::{Digest as _, Sha256};

use crate::arguments::{Get, Put};
use crate::connect::{Link, Origin};
use crate::exit::{Failure, Result, local};
use crate::interrupt;
use crate::progress::Progress;

/// Downloads to a part file beside the target, which is renamed after the verdict. A part of the
/// same file goes on where it ends.
pub(crate) fn get<T: Link>(origin: &Origin<'_, T>, get: &Get) -> Result<()> {
    let (above, name) = target(get)?;
    let path = TreePath::root().join(&name);
    let path = path.ok_or_else(|| Failure::Usage("the target is not a file name".to_owned()))?;
    let tree = LocalTree::open(&above).map_err(local(above.display()))?;
    let mut retrying = origin.sessions(&get.url)?.retrying();
    let remote = get.url.path();
    let size = retrying.run(Tried::Listing, |ftp| optional(ftp.size_in_bytes(remote)))?;
    let modified = retrying.run(Tried::Listing, |ftp| optional(ftp.modified(remote)))?;
    let step = Step::new(StepKind::Fetch, path)
        .with_size(size)
        .with_modified(modified);
    let shown = Name::new(&name).to_string();
    let progress = Progress::new(origin.options, &shown, size);
    interrupt::leaving(format!(
        "a part of {shown}, which the next `get` goes on with"
    ));
    let bytes = retrying.run(Tried::Download, |ftp| {
        match fetch(ftp, remote, &tree, &step, &progress) {
            Err(error) if error.forbids_resuming() => {
                let part = tree.begin(&step).and_then(Part::discard);
                part.map_err(|error| Error::Local(error, After::Usable))?;
                fetch(ftp, remote, &tree, &step, &progress)
            }
            fetched => fetched,
        }
    });
    progress.done(&shown, bytes?);
    Ok(())
}

/// The directory and the name to write to.
fn target(get: &Get) -> Result<(PathBuf, Vec<u8>)> {
    let base = get
        .url
        .path()
        .rsplit(|byte| *byte == b'/')
        .next()
        .unwrap_or_default();
    if base.is_empty() {
        return Err(Failure::Usage(
            "a URL that ends with a slash is a directory: use mirror".to_owned(),
        ));
    }
    let to = get.to.clone().unwrap_or_else(|| PathBuf::from("."));
    let ends_with_slash = to.as_os_str().as_encoded_bytes().ends_with(b"/");
    if to.is_dir() || ends_with_slash {
        let safe = Name::new(base).safe(SafeFor::ThisSystem);
        let safe = safe.ok_or_else(|| {
            let shown = Name::new(base);
            Failure::Usage(format!("{shown} is no safe name here: name a file"))
        })?;
        return Ok((to, safe.as_bytes().to_vec()));
    }
    if to.exists() && !to.is_file() {
        let shown = to.display();
        return Err(Failure::Usage(format!(
            "{shown} is no file, and would be replaced by one: use cat"
        )));
    }
    let name = to
        .file_name()
        .unwrap_or_default()
        .as_encoded_bytes()
        .to_vec();
    let above = to.parent().filter(|above| !above.as_os_str().is_empty());
    Ok((above.unwrap_or_else(|| Path::new(".")).to_owned(), name))
}

/// A server need not know SIZE and MDTM.
fn optional<V>(outcome: ftp_blocking::Result<V>) -> ftp_blocking::Result<Option<V>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_fatal() || error.is_transient() => Err(error),
        Err(_) => Ok(None),
    }
}

fn fetch<T: Transport>(
    ftp: &mut Client<T>,
    remote: &[u8],
    tree: &LocalTree,
    step: &Step,
    progress: &Progress,
) -> ftp_blocking::Result<u64> {
    let local_error = |error| Error::Local(error, After::Usable);
    let part = tree.begin(step).map_err(local_error)?;
    let offset = part.offset();
    let retrieve = Retrieve::new(Argument::new(remote)?);
    let retrieve = match offset {
        0 => retrieve,
        _ => retrieve.resume_at(offset),
    };
    progress.from(offset);
    let mut got = offset;
    ftp.download(retrieve)?
        .copy_with(&mut part.file(), |bytes| {
            got = offset.saturating_add(bytes);
            progress.at(got);
            interrupt::check()
        })?;
    if offset > 0 && step.size() != Some(got) {
        part.discard().map_err(local_error)?;
        return Err(local_error(io::Error::other("the file changed meanwhile")));
    }
    part.finish().map_err(local_error)?;
    Ok(got)
}

pub(crate) fn put<T: Link>(origin: &Origin<'_, T>, put: &Put) -> Result<()> {
    let shown_file = put.file.display().to_string();
    let file = File::open(&put.file).map_err(local(&shown_file))?;
    let size = file.metadata().map_err(local(&shown_file))?.len();
    let mut remote = put.url.path().to_vec();
    if remote.is_empty() || remote.ends_with(b"/") {
        remote.extend(put.file.file_name().unwrap_or_default().as_encoded_bytes());
    }
    let shown = Name::new(&remote).to_string();
    let progress = Progress::new(origin.options, &shown, Some(size));
    let mut source = Source {
        file,
        at: 0,
        progress: &progress,
    };
    interrupt::leaving(format!("perhaps a part of {shown} on the server"));
    let stored = origin
        .sessions(&put.url)?
        .retrying()
        .store_from(&remote, &mut source);
    progress.done(&shown, stored?.bytes);
    Ok(())
}

/// A file that is read for an upload.
struct Source<'a> {
    file: File,
    at: u64,
    progress: &'a Progress,
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        interrupt::check()?;
        let count = self.file.read(buffer)?;
        self.at = self.at.saturating_add(count as u64);
        self.progress.at(self.at);
        Ok(count)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

pub(crate) fn cat<T: Link>(origin: &Origin<'_, T>, url: &FtpUrl) -> Result<()> {
    let mut retrying = origin.sessions(url)?.retrying();
    let mut sink = io::stdout().lock();
    retrying.retrieve_to(url.path(), &mut sink)?;
    sink.flush().map_err(local("standard output"))
}

/// Prints the sum as `sha256sum` does.
pub(crate) fn sum<T: Link>(origin: &Origin<'_, T>, url: &FtpUrl, server: bool) -> Result<()> {
    let mut retrying = origin.sessions(url)?.retrying();
    let path = url.path();
    let sum = if server {
        retrying.run(Tried::Listing, |ftp| ftp.checksum(path, Algorithm::Sha256))?
    } else {
        let progress = Progress::new(origin.options, &Name::new(path).to_string(), None);
        if progress.is_shown() {
            let size = retrying.run(Tried::Listing, |ftp| optional(ftp.size_in_bytes(path)))?;
            size.inspect(|size| progress.of(*size));
        }
        let mut sink = Hashing {
            hasher: Sha256::new(),
            progress: &progress,
        };
        retrying.retrieve_to(path, &mut sink)?;
        Checksum::sha256(sink.hasher.finalize().into())
    };
    writeln!(io::stdout(), "{sum}  {}", Name::new(path)).map_err(local("standard output"))
}

/// A download that is hashed and not kept.
struct Hashing<'a> {
    hasher: Sha256,
    progress: &'a Progress,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hasher.update(bytes);
        self.progress.add(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
