//! What a driver runs for a plan: calls as plain data, so that each can be run again.

use alloc::boxed::Box;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::task::Poll;

use super::error::{Error, Result};
use super::listing_options;
use crate::command::{Argument, ArgumentError};
use crate::listing::{Entry, Name};
use crate::operation::{
    AbsolutePath, Contents, Entries, Exchange, Exists, List, MakeDirectories, MakeDirectory,
    Metadata, Operation, ReadDirectory, Receiving, RemoveTree, Rename, Retrieve, SetModified,
    SizeInBytes, Store,
};
use crate::pathname::Pathname;
use crate::session::Session;
use crate::timestamp::Timestamp;
use crate::tree::{Listing, Place, Spared, TreeLimits, TreePath, Unread};
use crate::verdict::Completed;

/// What is to be run on the session next, by the driver of a [`Trial`](super::Trial) or, with the
/// feature `mirror`, of an `Errand`.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver has to handle each")]
pub enum Work {
    /// An operation that reads its payload itself.
    Ask(Call),
    /// A download, whose payload the driver passes on.
    Fetch(Retrieve),
    /// An upload, whose payload the driver has to send.
    Send(Store),
}

/// An operation that can be made anew for each try. It moves no payload of the application.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::driver::Call;
///
/// let call = Call::Delete(Argument::new("old.txt")?);
/// let (once, again) = (call.operation()?, call.operation()?);
/// # let _ = (once, again);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Call {
    /// [`AbsolutePath`] of a path. Yields [`Answer::Path`].
    AbsolutePath(Box<[u8]>),
    /// [`ReadDirectory`] of a place below a directory of the server. Yields [`Answer::Listing`].
    Read(Place, Box<[u8]>),
    /// The entries of a directory; the working directory if there is no path. Yields
    /// [`Answer::Entries`].
    List(Option<Argument>),
    /// MDTM. Yields [`Answer::Time`].
    Modified(Argument),
    /// The size in bytes ([`SizeInBytes`]). Yields [`Answer::Size`].
    Size(Argument),
    /// Whether something is there ([`Exists`]). Yields [`Answer::Is`].
    Exists(Argument),
    /// MKD. Yields [`Answer::Done`].
    Make(Argument),
    /// [`MakeDirectories`]. Yields [`Answer::Done`].
    MakeAll(Argument),
    /// DELE. Yields [`Answer::Done`].
    Delete(Argument),
    /// RMD. Yields [`Answer::Done`].
    RemoveDirectory(Argument),
    /// [`RemoveTree`] with the default limits. Yields [`Answer::Left`].
    RemoveAll(Argument),
    /// RNFR and RNTO. Yields [`Answer::Done`].
    Rename(Argument, Argument),
    /// [`SetModified`]. Yields [`Answer::Done`].
    SetModified(Argument, Timestamp),
}

/// The outcome of [`Work`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// It is done.
    Done,
    /// A path of the server.
    Path(Pathname),
    /// A directory, or why it was not read.
    Listing(core::result::Result<Listing, Unread>),
    /// The entries of a directory.
    Entries(Contents),
    /// A time of modification.
    Time(Timestamp),
    /// A size in bytes.
    Size(u64),
    /// Whether something is there.
    Is(bool),
    /// What is left of a directory, and why.
    Left(Vec<(TreePath, Spared)>),
    /// A transfer's verdict.
    Moved(Completed),
}

impl Answer {
    /// The verdict of a transfer.
    ///
    /// # Errors
    /// [`Error::Spent`]: it is the answer to something else.
    ///
    /// ```
    /// use ftp_proto::driver::Answer;
    ///
    /// assert!(Answer::Size(4).completed().is_err());
    /// ```
    pub fn completed(self) -> Result<Completed> {
        match self {
            Self::Moved(completed) => Ok(completed),
            _ => Err(Error::Spent),
        }
    }
}

impl Call {
    /// The operation, from its beginning.
    ///
    /// # Errors
    /// A path of a listing cannot be an argument.
    pub fn operation(
        &self,
    ) -> core::result::Result<Box<dyn Receiving<Output = Answer> + Send>, ArgumentError> {
        Ok(match self.clone() {
            Self::AbsolutePath(path) => asking(AbsolutePath::new(path), Answer::Path),
            Self::Read(place, base) => {
                let read = ReadDirectory::new(&place, &base, listing_options())?;
                receiving(read, Answer::Listing)
            }
            Self::List(path) => {
                let entries = Entries::new(List::new(path), listing_options());
                receiving(entries, Answer::Entries)
            }
            Self::Modified(path) => asking(Exchange::modified(path), Answer::Time),
            Self::Size(path) => asking(SizeInBytes::new(path), Answer::Size),
            Self::Exists(path) => {
                let metadata = Metadata::new(path).or_listing(listing_options());
                receiving(Exists::new(metadata), Answer::Is)
            }
            Self::Make(path) => asking(MakeDirectory::new(path), |_| Answer::Done),
            Self::MakeAll(path) => asking(MakeDirectories::new(path), done),
            Self::Delete(path) => asking(Exchange::delete(path), done),
            Self::RemoveDirectory(path) => asking(Exchange::remove_directory(path), done),
            Self::RemoveAll(path) => {
                let limits = TreeLimits::default();
                let remove = RemoveTree::new(path.as_bytes(), limits, listing_options())?;
                receiving(remove, Answer::Left)
            }
            Self::Rename(from, to) => asking(Rename::new(from, to), done),
            Self::SetModified(path, time) => asking(SetModified::new(path, time), done),
        })
    }
}

/// The entries of a directory, unless what the server sent is not a listing or is cut off.
///
/// # Errors
/// [`Error::NotListed`].
pub fn entries(contents: Contents) -> Result<Vec<Entry<'static>>> {
    match contents.complaint {
        Some(words) => Err(Error::NotListed(Name::new(&words).to_string())),
        None if contents.listed.is_truncated() => Err(Error::NotListed("STAT is cut off".into())),
        None => Ok(contents.entries),
    }
}

const fn done((): ()) -> Answer {
    Answer::Done
}

fn asking<O: Operation + Send + 'static>(
    operation: O,
    answer: fn(O::Output) -> Answer,
) -> Box<dyn Receiving<Output = Answer> + Send> {
    Box::new(Asked {
        operation,
        feed: |_, _| {},
        answer,
    })
}

fn receiving<O: Receiving + Send + 'static>(
    operation: O,
    answer: fn(O::Output) -> Answer,
) -> Box<dyn Receiving<Output = Answer> + Send> {
    Box::new(Asked {
        operation,
        feed: O::feed,
        answer,
    })
}

/// An operation whose output is an [`Answer`].
struct Asked<O: Operation> {
    operation: O,
    feed: fn(&mut O, &[u8]),
    answer: fn(O::Output) -> Answer,
}

impl<O: Operation> Operation for Asked<O> {
    type Output = Answer;

    fn poll(
        &mut self,
        session: &mut Session,
    ) -> Poll<core::result::Result<Answer, crate::error::Error>> {
        self.operation.poll(session).map_ok(self.answer)
    }
}

impl<O: Operation> Receiving for Asked<O> {
    fn feed(&mut self, chunk: &[u8]) {
        (self.feed)(&mut self.operation, chunk);
    }
}
