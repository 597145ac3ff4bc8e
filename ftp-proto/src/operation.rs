//! Operations: conversations with the server, each a plain struct that polls its own tickets.
//!
//! An operation runs on any driver: the loop of [`manual::driving`](crate::manual::driving) polls
//! it after every change of the session. Operations may contain others, and several may run on one
//! session, because each polls only its own replies.

mod base;
mod batch;
mod checksum;
mod directory;
mod entries;
mod exchange;
mod features;
mod introduction;
mod list;
mod login;
mod login_then;
mod make_directories;
pub(crate) mod memory;
mod metadata;
mod names;
mod one_transfer;
mod protection;
mod raw_listing;
mod read_directory;
mod remove_tree;
mod rename;
mod retrieve;
mod room;
pub(crate) mod rung;
mod secure;
mod series;
mod set_modified;
mod size;
mod store;
mod touch;
mod verify;
mod visit;
mod walk_tree;

use core::task::Poll;

pub use crate::session::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, BATCH_TEXT_MAX};
pub use base::AbsolutePath;
pub use batch::Batch;
pub use checksum::AskChecksum;
pub use directory::{ChangeDirectory, MakeDirectory};
pub use entries::{Contents, Entries, ListEach};
pub use exchange::{Exchange, Greet};
pub use features::AskFeatures;
pub use list::{List, Listed};
pub use login::Login;
pub use login_then::LoginThen;
pub use make_directories::MakeDirectories;
pub use memory::Memory;
pub use metadata::{Exists, Metadata};
pub use names::Names;
pub use one_transfer::OneTransfer;
pub use protection::DataProtection;
pub use raw_listing::RawListing;
pub use read_directory::ReadDirectory;
pub use remove_tree::RemoveTree;
pub use rename::Rename;
pub use retrieve::Retrieve;
pub use rung::Rung;
pub use secure::{Secure, Secured};
pub use series::Series;
pub use set_modified::SetModified;
pub use size::SizeInBytes;
pub use store::Store;
pub use touch::Touch;
pub use verify::Verify;
pub use walk_tree::{WalkTree, Walked};

use crate::error::Error;
use crate::session::Session;

/// A conversation with a beginning and an end.
///
/// [`Poll`] is used without a waker on purpose: the driver asks again after every change of the
/// session.
///
/// ```
/// use core::task::{Poll, ready};
/// use ftp_proto::{Class, Command, Error, Operation, Session, Ticket, Verb};
///
/// /// NOOP, twice.
/// struct Twice(Option<Ticket>, u8);
///
/// impl Operation for Twice {
///     type Output = ();
///
///     fn poll(&mut self, session: &mut Session) -> Poll<Result<(), Error>> {
///         while self.1 > 0 {
///             let ticket = match self.0 {
///                 Some(ticket) => ticket,
///                 None => *self.0.insert(session.request(Command::bare(Verb::Noop))?),
///             };
///             ready!(session.poll_class(ticket, Class::Completion))?;
///             self.0 = None;
///             self.1 -= 1;
///         }
///         Poll::Ready(Ok(()))
///     }
/// }
/// # let _ = Twice(None, 2);
/// ```
pub trait Operation {
    /// The result of success.
    type Output;

    /// Goes on as far as possible.
    ///
    /// # Errors
    /// The operation failed. It must not be polled again after `Ready`.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>>;
}

/// An operation that reads its payload itself. Its caller passes all payload to it, and polls it
/// after each chunk.
pub trait Receiving: Operation {
    /// Takes received payload, in chunks of any size.
    fn feed(&mut self, chunk: &[u8]);
}

impl<O: Operation + ?Sized> Operation for alloc::boxed::Box<O> {
    type Output = O::Output;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        (**self).poll(session)
    }
}

impl<O: Receiving + ?Sized> Receiving for alloc::boxed::Box<O> {
    fn feed(&mut self, chunk: &[u8]) {
        (**self).feed(chunk);
    }
}

impl<O: Operation + ?Sized> Operation for &mut O {
    type Output = O::Output;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        (**self).poll(session)
    }
}
