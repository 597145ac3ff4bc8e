//! Many transfers, one after the other.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use crate::command::Argument;
use crate::error::{Error, ErrorKind, Misuse};
use crate::session::{Session, TransferId};
use crate::transfer::Transfer;
use crate::verdict::{Compared, Completed, Interruption};

use super::Operation;
use super::one_transfer::OneTransfer;
use super::retrieve::Retrieve;

type Outcome = Result<Completed, Error>;

/// Runs transfers one after the other; yields a result for each, in their order.
///
/// A failure is the result of its transfer, and the others go on. The error names the transfer
/// ([`Error::transfer`]).
///
/// With [`Config::lookahead`](crate::Config::lookahead) the session asks for the port of each
/// transfer while the one before it runs, which saves a round trip for each. If that costs a
/// transfer ([`Interruption::Lookahead`]), the series goes on without lookahead and first repeats
/// the lost transfer. It repeats the whole transfer if no byte had moved, or else, of a file in
/// image type, the missing part, as [`Retrieve::resume_at`](super::Retrieve::resume_at) does. So
/// the application receives each byte of a file once and in order. [`Completed::bytes`] counts both
/// parts. Any other transfer of which bytes had moved fails: a listing, an upload, a file in ASCII
/// type. All that is left fails if the session is over
/// ([`Violation::TransferForgotten`](crate::Violation::TransferForgotten)).
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
    /// At most two: the running transfer and the one behind it.
    begun: VecDeque<(TransferId, Transfer)>,
    /// A transfer that a lookahead cost, to be repeated.
    again: Option<Again>,
    results: Vec<Outcome>,
}

/// A repeated transfer.
#[derive(Debug)]
struct Again {
    lost: Transfer,
    /// The number of bytes that had moved of it.
    bytes: u64,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    Whole(OneTransfer),
    Part(Retrieve),
}

impl Again {
    /// `None` if the application would receive a part twice.
    fn new(lost: Transfer, bytes: u64) -> Option<Self> {
        let rest = match bytes {
            0 => Rest::Whole(OneTransfer::new(lost.clone())),
            _ => Rest::Part(Retrieve::rest_of(&lost, bytes)?),
        };
        Some(Self { lost, bytes, rest })
    }

    fn poll(&mut self, session: &mut Session) -> Poll<Outcome> {
        let result = match &mut self.rest {
            Rest::Whole(payload) => payload.poll(session),
            Rest::Part(retrieve) => retrieve.poll(session),
        };
        result.map_ok(|rest| Completed {
            bytes: rest.bytes.saturating_add(self.bytes),
            compared: match rest.compared {
                Compared::Size(bytes) => Compared::Size(bytes.saturating_add(self.bytes)),
                other => other,
            },
            ..rest
        })
    }
}

impl Series {
    /// A series of the given transfers.
    pub fn new(transfers: impl IntoIterator<Item = Transfer>) -> Self {
        Self {
            waiting: transfers.into_iter().collect(),
            begun: VecDeque::new(),
            again: None,
            results: Vec::new(),
        }
    }

    /// A series of downloads, one for each path, in image type.
    pub fn retrieve(paths: impl IntoIterator<Item = Argument>) -> Self {
        Self::new(paths.into_iter().map(Transfer::retrieve))
    }

    /// The number of the transfer under way, from 0. It equals the number of finished transfers.
    /// The payload that moves now belongs to it.
    pub fn current(&self) -> usize {
        self.results.len()
    }

    /// Begins the next transfer, and with lookahead the one behind it.
    fn begin(&mut self, session: &mut Session) {
        // The session keeps two verdicts. Once it is over, each verdict is ready at once.
        while let Some(transfer) = self.waiting.front().filter(|_| self.begun.len() < 2) {
            let Ok(id) = session.begin(transfer.clone()) else {
                return;
            };
            let begun = self.waiting.pop_front().map(|transfer| (id, transfer));
            self.begun.extend(begun);
        }
    }

    /// A transfer is over.
    fn take(&mut self, session: &mut Session, transfer: Transfer, result: Outcome) {
        let lost = match &result {
            Err(error) if !error.is_fatal() => error.interrupted(),
            _ => None,
        };
        let lost = lost.filter(|how| how.cause == Interruption::Lookahead);
        self.again = lost.and_then(|how| Again::new(transfer.clone(), how.bytes));
        if self.again.is_some() {
            self.take_back(session);
        } else {
            self.keep(&transfer, result);
        }
    }

    /// The transfer behind the lost one begins again behind it.
    fn take_back(&mut self, session: &mut Session) {
        for (id, transfer) in self.begun.drain(..).rev() {
            session.abort(id);
            self.waiting.push_front(transfer);
        }
    }

    fn keep(&mut self, transfer: &Transfer, result: Outcome) {
        let result = result.map_err(|error| error.of_transfer(transfer.command()));
        self.results.push(result);
    }
}

impl Operation for Series {
    type Output = Vec<Result<Completed, Error>>;

    /// # Errors
    /// [`Misuse::Busy`], if another operation's transfer is under way. The end of the session is
    /// the result of each transfer that it concerns.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        loop {
            if let Some(again) = &mut self.again {
                let result = ready!(again.poll(session));
                if let Some(again) = self.again.take() {
                    self.keep(&again.lost, result);
                }
            }
            self.begin(session);
            let Some((id, _)) = self.begun.front() else {
                break;
            };
            let result = ready!(session.poll_transfer(*id));
            if let Some((_, transfer)) = self.begun.pop_front() {
                self.take(session, transfer, result);
            }
        }
        match self.waiting.front() {
            None => Poll::Ready(Ok(core::mem::take(&mut self.results))),
            Some(transfer) => {
                let kind = ErrorKind::Misuse(Misuse::Busy);
                let error = session.error(kind, transfer.command().verb());
                Poll::Ready(Err(error.of_transfer(transfer.command())))
            }
        }
    }
}
