//! Many transfers, one after the other.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::task::Poll;

use crate::command::Argument;
use crate::error::{Error, ErrorKind, Misuse};
use crate::session::{Session, TransferId};
use crate::transfer::Transfer;
use crate::verdict::Completed;

use super::Operation;

/// Runs transfers one after the other; yields a result for each, in their order.
///
/// One that fails is that transfer's result, and the others go on. With [`Config::lookahead`](crate::Config::lookahead)
/// the port of each is asked for while the one before it runs, which saves a round trip for each.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::Series;
///
/// let paths = ["a.txt", "b.txt"].map(|path| Argument::new(path).unwrap());
/// let files = Series::retrieve(paths);
/// # let _ = files;
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Series {
    waiting: VecDeque<Transfer>,
    /// At most two: the one that runs, and the one that waits behind it.
    begun: VecDeque<TransferId>,
    results: Vec<Result<Completed, Error>>,
}

impl Series {
    /// Of the given transfers.
    pub fn new(transfers: impl IntoIterator<Item = Transfer>) -> Self {
        Self {
            waiting: transfers.into_iter().collect(),
            begun: VecDeque::new(),
            results: Vec::new(),
        }
    }

    /// Of a download of each path, in image type.
    pub fn retrieve(paths: impl IntoIterator<Item = Argument>) -> Self {
        Self::new(paths.into_iter().map(Transfer::retrieve))
    }

    /// Which transfer is under way, counted from 0: the number of those that are over. The payload that moves now is its.
    pub fn current(&self) -> usize {
        self.results.len()
    }

    /// Begins the next transfer, and with lookahead the one behind it.
    fn begin(&mut self, session: &mut Session) {
        while let Some(transfer) = self.waiting.front() {
            match session.begin(transfer.clone()) {
                Ok(id) => self.begun.push_back(id),
                Err(_) => return,
            }
            self.waiting.pop_front();
        }
    }
}

impl Operation for Series {
    type Output = Vec<Result<Completed, Error>>;

    /// # Errors
    /// [`Misuse::Busy`], when a transfer of somebody else is in the way. The end of the session is the result of each
    /// transfer that it concerns.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        loop {
            self.begin(session);
            let Some(&id) = self.begun.front() else {
                break;
            };
            let Poll::Ready(result) = session.poll_transfer(id) else {
                return Poll::Pending;
            };
            self.begun.pop_front();
            self.results.push(result);
        }
        match self.waiting.front() {
            None => Poll::Ready(Ok(core::mem::take(&mut self.results))),
            Some(transfer) => {
                let kind = ErrorKind::Misuse(Misuse::Busy);
                Poll::Ready(Err(session.error(kind, transfer.command().verb())))
            }
        }
    }
}
