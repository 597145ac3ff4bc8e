//! The names in a directory.

use core::task::{Poll, ready};

use crate::command::Argument;
use crate::error::Error;
use crate::session::{Session, TransferId};
use crate::transfer::Transfer;
use crate::verdict::Completed;

use super::Operation;
use super::list::empty_if_told;
use super::one_transfer::OneTransfer;

/// Lists names with NLST, in ASCII type.
///
/// Some servers refuse to list an empty directory. Without an argument, a 450 counts as an empty
/// listing, and so does a 550 whose text says that there are no files
/// ([`Completed::is_told_empty`]). With an argument every refusal is an error.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::Names;
///
/// let here = Names::new(None);
/// let there = Names::new(Some(Argument::new("pub")?));
/// # let _ = (here, there);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Names(OneTransfer);

impl Names {
    /// With the argument, sent unchanged, or of the working directory.
    pub const fn new(argument: Option<Argument>) -> Self {
        Self(OneTransfer::new(Transfer::names(argument)))
    }

    /// The transfer, once it was begun.
    pub(super) const fn transfer(&self) -> Option<TransferId> {
        self.0.id()
    }
}

impl Operation for Names {
    type Output = Completed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Completed, Error>> {
        let names_nothing = self.0.transfer.command().argument().is_none();
        Poll::Ready(match ready!(self.0.poll(session)) {
            Err(error) if names_nothing => empty_if_told(error),
            outcome => outcome,
        })
    }
}
