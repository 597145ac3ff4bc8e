//! New TLS session tickets before a transfer for which none is left: a short listing whose payload
//! is dropped.
//!
//! ProFTPD demands that data connections resume a TLS session, and sends no ticket with uploads:
//! two of them use up the tickets of a control connection (RFC 8446 appendix C.4). The handshake of
//! a listing that has no ticket to offer is a full one and brings new tickets, even where the
//! server refuses the listing itself. The transfer itself must not be refused, because the server
//! has emptied the file of an upload by then.

use core::time::Duration;

use crate::action::{End, Representation};
use crate::command::Verb;
use crate::config::Timeouts;
use crate::error::{After, Error, ErrorKind, Policy};
use crate::time::Reason;
use crate::transfer::Transfer;
use crate::verdict::{Completed, Interruption};

use super::TransferId;

/// How long a refill may take, unless the limit of an operation is shorter.
const LIMIT: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Refill {
    /// Refills are known to be useless.
    settled: bool,
    /// The transfer that it was made for last, and what came of it.
    made: Option<(TransferId, Outcome)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Outcome {
    Awaited,
    /// Payload came: this server does not demand resumption.
    Accepted,
    /// The server refused the listing, for whatever reason but the next one.
    Refused,
    /// The server refused as one that demands resumption does.
    NotResumed,
    /// There was no listing.
    Failed(Error),
}

/// What the next transfer needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing: it may begin.
    Begin,
    /// A refill.
    List,
    /// It fails, because it would be refused.
    Fail(Error),
}

impl Refill {
    pub(super) fn step(&self, id: TransferId, protected: bool, left: Option<u32>) -> Step {
        if !protected || left != Some(0) {
            return Step::Begin;
        }
        match &self.made {
            Some((whose, outcome)) if *whose == id => match outcome {
                Outcome::Awaited | Outcome::Accepted | Outcome::Refused => Step::Begin,
                Outcome::NotResumed => {
                    let kind = ErrorKind::Policy(Policy::NothingToResume);
                    Step::Fail(Error::new(kind, Verb::Nlst, After::Usable))
                }
                Outcome::Failed(error) => Step::Fail(error.clone()),
            },
            _ if self.settled => Step::Begin,
            _ => Step::List,
        }
    }

    /// Whether the server has accepted a data connection that resumed nothing.
    pub(super) const fn shows_no_demand(&self) -> bool {
        matches!(self.made, Some((_, Outcome::Accepted)))
    }

    /// It begins, for the transfer with that number.
    pub(super) fn begin(&mut self, whose: TransferId) {
        self.made = Some((whose, Outcome::Awaited));
    }

    /// It is over. `left`: how many data connections can resume now.
    pub(super) fn judged(&mut self, left: Option<u32>, verdict: Result<Completed, Error>) {
        let outcome = Outcome::of(verdict);
        self.settled |= match outcome {
            Outcome::Accepted => true,
            Outcome::Refused => left == Some(0),
            _ => false,
        };
        if let Some((_, made)) = &mut self.made {
            *made = outcome;
        }
    }
}

impl Outcome {
    fn of(verdict: Result<Completed, Error>) -> Self {
        let Err(error) = verdict else {
            return Self::Accepted;
        };
        match (error.interrupted(), error.kind()) {
            (Some(cut), _) if cut.cause == Interruption::NotResumed => Self::NotResumed,
            (Some(cut), _) if cut.bytes > 0 => Self::Accepted,
            (Some(cut), _) if cut.cause == Interruption::Reply => Self::Refused,
            (None, ErrorKind::Refused(_)) if error.verb() == Some(Verb::Nlst) => Self::Refused,
            _ => Self::Failed(error),
        }
    }
}

/// The listing before `next`. Nothing is sent to change the TYPE if one is in force.
pub(super) fn listing(representation: Option<Representation>, next: &Transfer) -> Transfer {
    Transfer::refill(
        next.mode(),
        representation.unwrap_or_else(|| next.representation()),
    )
}

/// The limit of a refill. It replaces that of an operation, which begins with the transfer.
pub(super) fn limit(timeouts: &Timeouts) -> Duration {
    timeouts
        .of(Reason::Operation)
        .map_or(LIMIT, |limit| limit.min(LIMIT))
}

/// Whether the listing did not end by itself.
pub(super) fn was_cut(verdict: &Result<Completed, Error>) -> bool {
    match verdict {
        Ok(completed) => completed.end == End::Limit,
        Err(error) => error
            .interrupted()
            .is_some_and(|cut| cut.cause == Interruption::Timeout(Reason::Operation)),
    }
}
