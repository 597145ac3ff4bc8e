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
use super::payload::Payload;
use super::retrieve::Retrieve;

type Outcome = Result<Completed, Error>;

/// Runs transfers one after the other; yields a result for each, in their order.
///
/// One that fails is that transfer's result, and the others go on. The error names it ([`Error::transfer`]).
///
/// With [`Config::lookahead`](crate::Config::lookahead) the port of each is asked for while the one before it runs,
/// which saves a round trip for each. Where that costs a transfer ([`Interruption::Lookahead`]), the series goes on in
/// lock-step, and what was lost is fetched before anything else: the whole transfer if nothing of it had moved; else,
/// of a file in image type, what is missing, as [`Retrieve::resume_at`](super::Retrieve::resume_at) does it. So the
/// payload of a file is contiguous: no byte is given to the application twice, and none is left out.
/// [`Completed::bytes`] counts both parts. Any other transfer of which something had moved fails: a listing, an upload,
/// a file in ASCII type. So does everything that is left if the session is over
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
    /// At most two: the one that runs, and the one that waits behind it.
    begun: VecDeque<(TransferId, Transfer)>,
    /// What was lost for a lookahead, fetched again.
    again: Option<Again>,
    results: Vec<Outcome>,
}

/// A transfer that was lost, on its way once more.
#[derive(Debug)]
struct Again {
    lost: Transfer,
    /// What had moved of it.
    bytes: u64,
    rest: Rest,
}

#[derive(Debug)]
enum Rest {
    Whole(Payload),
    Part(Retrieve),
}

impl Again {
    /// `None` if it cannot be had without giving the application something twice.
    fn new(lost: Transfer, bytes: u64) -> Option<Self> {
        let rest = match bytes {
            0 => Rest::Whole(Payload::new(lost.clone())),
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
    /// Of the given transfers.
    pub fn new(transfers: impl IntoIterator<Item = Transfer>) -> Self {
        Self {
            waiting: transfers.into_iter().collect(),
            begun: VecDeque::new(),
            again: None,
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
        // More than two verdicts are not kept, and a session that is over gives each at once.
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

    /// What waits behind the transfer that was lost begins behind it once more.
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
    /// [`Misuse::Busy`], when a transfer of somebody else is in the way. The end of the session is the result of each
    /// transfer that it concerns.
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
