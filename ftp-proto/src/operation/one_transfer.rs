//! One transfer as an operation.

use core::task::Poll;

use crate::error::Error;
use crate::session::{Session, TransferId};
use crate::transfer::Transfer;
use crate::verdict::Completed;

use super::Operation;

/// Runs one [`Transfer`] to its verdict. Dropping it does not abort the transfer;
/// [`Session::abort`] does.
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct OneTransfer {
    pub(super) transfer: Transfer,
    id: Option<TransferId>,
}

impl OneTransfer {
    /// Of `transfer`.
    pub const fn new(transfer: Transfer) -> Self {
        Self { transfer, id: None }
    }

    /// The transfer, once it was begun.
    pub(super) const fn id(&self) -> Option<TransferId> {
        self.id
    }
}

impl Operation for OneTransfer {
    type Output = Completed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Completed, Error>> {
        let id = match self.id {
            Some(id) => id,
            None => {
                let begun = session.begin(self.transfer.clone());
                let verb = self.transfer.command().verb();
                *self
                    .id
                    .insert(begun.map_err(|misuse| session.error(misuse, verb))?)
            }
        };
        session.poll_transfer(id)
    }
}
