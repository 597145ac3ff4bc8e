//! STOR, APPE and STOU.

use core::task::Poll;

use crate::command::Argument;
use crate::error::Error;
use crate::session::Session;
use crate::transfer::Transfer;
use crate::verdict::Completed;

use super::Operation;
use super::payload::Payload;

/// Stores a file.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::Store;
///
/// let replace = Store::new(Argument::new("a.bin")?);
/// let append = Store::append(Argument::new("log.txt")?).ascii();
/// let rest = Store::new(Argument::new("a.bin")?).resume_at(4096);
/// # let _ = (replace, append, rest);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Store(Payload);

impl Store {
    /// STOR: a new file, or instead of the old one.
    pub const fn new(path: Argument) -> Self {
        Self(Payload::new(Transfer::store(path)))
    }

    /// APPE: to the end of the file.
    pub const fn append(path: Argument) -> Self {
        Self(Payload::new(Transfer::append(path)))
    }

    /// STOU: under a name of the server's choice, which its mark tells.
    pub const fn unique(name: Option<Argument>) -> Self {
        Self(Payload::new(Transfer::store_unique(name)))
    }

    /// In ASCII type.
    pub fn ascii(self) -> Self {
        Self(Payload::new(self.0.transfer.ascii()))
    }

    /// From `offset` bytes into the file on; what the server has before it is kept.
    pub fn resume_at(self, offset: u64) -> Self {
        Self(Payload::new(self.0.transfer.resume_at(offset)))
    }
}

impl Operation for Store {
    type Output = Completed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Completed, Error>> {
        self.0.poll(session)
    }
}
