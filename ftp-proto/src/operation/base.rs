//! The absolute path of a place on the server.

use alloc::boxed::Box;
use core::task::{Poll, ready};

use crate::command::ArgumentError;
use crate::error::{Error, ErrorKind};
use crate::pathname::Pathname;
use crate::session::Session;

use super::Operation;
use super::directory::ChangeDirectory;
use super::exchange::Exchange;

/// Makes a path absolute: PWD, with the path behind it.
///
/// Trees work with absolute paths, so that the way between two directories is one CWD. If PWD has
/// no usable answer, or the path is absolute already, it is the path as given. An empty path is the
/// working directory.
///
/// ```
/// use ftp_proto::operation::AbsolutePath;
///
/// let absolute = AbsolutePath::new("pub");
/// # let _ = absolute;
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct AbsolutePath {
    path: Box<[u8]>,
    ask: Exchange<Pathname>,
}

impl AbsolutePath {
    /// Of this path.
    pub fn new(path: impl AsRef<[u8]>) -> Self {
        Self {
            path: path.as_ref().into(),
            ask: Exchange::working_directory(),
        }
    }
}

impl Operation for AbsolutePath {
    type Output = Pathname;

    /// # Errors
    /// The session ended.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Pathname, Error>> {
        if is_absolute(&self.path) {
            return Poll::Ready(Ok(self.path.as_ref().into()));
        }
        let here = usable(ready!(self.ask.poll(session)))?;
        Poll::Ready(Ok(absolute(here.as_ref(), &self.path)))
    }
}

/// Whether the path does not depend on the working directory: it begins with a slash, or with a
/// drive of Windows.
pub(super) fn is_absolute(path: &[u8]) -> bool {
    match path {
        [b'/' | b'\\', ..] => true,
        [drive, b':', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

/// An answer to PWD: `None` if it cannot be used.
pub(super) fn usable(answer: Result<Pathname, Error>) -> Result<Option<Pathname>, Error> {
    match answer {
        Ok(pathname) => Ok(Some(pathname).filter(|path| is_absolute(path.as_bytes()))),
        Err(error) => match error.kind() {
            ErrorKind::Refused(_) | ErrorKind::Violation(_) if !error.is_fatal() => Ok(None),
            _ => Err(error),
        },
    }
}

/// A path behind the working directory, if that is known.
pub(super) fn absolute(here: Option<&Pathname>, path: &[u8]) -> Pathname {
    match here {
        Some(here) if !is_absolute(path) => join(here.as_bytes(), path),
        _ => path.into(),
    }
}

/// A path behind a directory.
pub(super) fn join(directory: &[u8], path: &[u8]) -> Pathname {
    let slash: &[u8] = if directory.ends_with(b"/") { b"" } else { b"/" };
    match path {
        b"" => directory.into(),
        path => [directory, slash, path].concat().into(),
    }
}

/// Goes back to the working directory that was in force before an operation.
#[derive(Debug)]
pub(super) struct WayBack(Option<ChangeDirectory>);

impl WayBack {
    /// `None` if the way is not known, and so was never left.
    pub(super) fn new(to: Option<&Pathname>) -> Result<Self, ArgumentError> {
        Ok(Self(to.map(ChangeDirectory::new).transpose()?))
    }
}

impl Operation for WayBack {
    type Output = ();

    fn poll(&mut self, session: &mut Session) -> Poll<Result<(), Error>> {
        match &mut self.0 {
            Some(change) => change.poll(session),
            None => Poll::Ready(Ok(())),
        }
    }
}
