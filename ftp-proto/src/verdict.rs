//! Verdicts: how a transfer ended, decided in one place.

use alloc::boxed::Box;
use core::fmt;

use crate::action::{Direction, End, Failure};
use crate::pathname::Pathname;
use crate::reply::{Class, Reply};
use crate::size;
use crate::time::Reason;
use crate::unique_name;
use crate::violation::Violation;

/// A transfer that succeeded: a positive final reply, a clean end, and no known length that
/// differs.
///
/// It may also be an empty listing, which some servers refuse: see
/// [`is_told_empty`](Self::is_told_empty).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Completed {
    /// Payload bytes that moved on the data connection.
    pub bytes: u64,
    /// The preliminary reply that opened the transfer (125 or 150); STOU names the file there.
    pub mark: Option<Box<Reply>>,
    /// The final reply. `None` when a range was cut off at its end, or no byte was left to resume.
    pub reply: Option<Box<Reply>>,
    /// How the payload ended.
    pub end: End,
    /// What the number of bytes was compared with.
    pub compared: Compared,
}

impl Completed {
    /// A transfer that did not have to move a byte, as `reply` says. For your own operations.
    pub fn nothing(reply: Reply) -> Self {
        Self {
            bytes: 0,
            mark: None,
            reply: Some(Box::new(reply)),
            end: End::Clean,
            compared: Compared::Nothing,
        }
    }

    /// The name that the server chose for a file stored with STOU, if its mark or its final reply
    /// tells it; see [`unique_name::decode`].
    pub fn unique_name(&self) -> Option<Pathname> {
        let replies = [&self.mark, &self.reply].into_iter().flatten();
        replies.map(Box::as_ref).find_map(unique_name::decode)
    }

    /// Whether the server refused a listing with a [reply](Self::reply) that says that there is
    /// nothing to list (450, or 550 with such a text).
    pub fn is_told_empty(&self) -> bool {
        self.reply.as_ref().is_some_and(|reply| {
            matches!(
                reply.class(),
                Class::TransientNegative | Class::PermanentNegative
            )
        })
    }
}

/// What the number of bytes that moved was compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compared {
    /// Nothing: the server announced no length.
    #[default]
    Nothing,
    /// The number of bytes that the 150 reply announced.
    Hint(u64),
    /// The answer to SIZE, less the offset of a resumed transfer.
    Size(u64),
    /// Nothing: an upload was resumed with REST, and the part before the offset may be lost. Some
    /// servers (bftpd, uftpd, ftp-srv) accept REST, put zeros before the offset and report success.
    /// The size of the file does not show it.
    Unverified,
}

impl Compared {
    /// The number of bytes that should have moved.
    pub const fn expected(self) -> Option<u64> {
        match self {
            Self::Nothing | Self::Unverified => None,
            Self::Hint(bytes) | Self::Size(bytes) => Some(bytes),
        }
    }
}

/// The state of the file, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The file is complete, by everything that is known.
    Complete,
    /// The file may be complete, and the confirmation is missing.
    Unconfirmed,
    /// Bytes are missing, or there are too many.
    Truncated,
    /// The server refused to begin.
    Refused,
}

impl Verdict {
    /// Judges a failed transfer.
    pub fn of(interrupted: &Interrupted) -> Self {
        match interrupted.cause {
            Interruption::Length => Self::Truncated,
            _ => match interrupted.compared.expected() {
                Some(expected) if expected == interrupted.bytes => Self::Unconfirmed,
                Some(_) => Self::Truncated,
                // The payload ended, and no reply can say whether that was the end of the file.
                None if interrupted.ended && lacks_final(interrupted.cause) => Self::Unconfirmed,
                None => Self::Truncated,
            },
        }
    }
}

const fn lacks_final(cause: Interruption) -> bool {
    matches!(
        cause,
        Interruption::ControlLost
            | Interruption::Violation(_)
            | Interruption::Timeout(Reason::Completion)
    )
}

/// A transfer that began and failed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Interrupted {
    /// How many bytes of payload moved.
    pub bytes: u64,
    /// Why it failed.
    pub cause: Interruption,
    /// The final reply, when there was one.
    pub reply: Option<Box<Reply>>,
    /// What the number of bytes was compared with.
    pub compared: Compared,
    /// Whether the payload had ended in order.
    pub ended: bool,
}

impl Interrupted {
    /// Whether every byte of the known length moved although the transfer failed, for instance
    /// because the final reply never came.
    pub fn is_complete_by_size(&self) -> bool {
        self.compared.expected() == Some(self.bytes)
    }
}

/// Why a transfer that had begun failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Interruption {
    /// The final reply was negative (426, 451, 552 ...).
    #[error("the server ended the transfer")]
    Reply,
    /// The data connection failed.
    #[error("the data connection failed: {0}")]
    Data(Failure),
    /// The server refused a protected data connection, with a code by which servers demand that it
    /// resumes the TLS session of the control connection (vsftpd 522, ProFTPD 425, FileZilla Server
    /// 425 and 450, others 435).
    #[error(
        "the server refused the protected data connection: it may demand that the connection resumes the TLS session \
         of the control connection, without having sent a ticket for that (TLS 1.2 needs no ticket)"
    )]
    NotResumed,
    /// The data connection ended without TLS's close_notify.
    #[error("the data connection ended without close_notify")]
    Truncated,
    /// The number of bytes differs from the one that the server announced.
    #[error("the number of bytes differs from the announced length")]
    Length,
    /// The server reported success for an upload before a byte was sent.
    #[error("the server reported success without taking the data")]
    NoGoAhead,
    /// The server reported success, and no data connection came.
    #[error("the server reported success without opening the data connection")]
    NoData,
    /// The server reported success, and the data connection did not end.
    #[error("the server reported success without ending the data")]
    NoEof,
    /// The server reported success before all data was sent.
    #[error("the server reported success before all data was sent")]
    NotTaken,
    /// The server ended the transfer with 426 after a keepalive (twoftpd), or payload has stood
    /// still since a keepalive (bftpd). [`Config::keepalive`](crate::Config::keepalive) is off for
    /// the rest of the session.
    #[error("the transfer ended after a keepalive; keepalives are off for this session")]
    Keepalive,
    /// The server dropped the transfer when the session asked for the port of the next one
    /// (pyftpdlib). [`Config::lookahead`](crate::Config::lookahead) is off for the rest of the
    /// session.
    #[error(
        "the transfer ended when the port of the next one was asked for; lookahead is off for this session"
    )]
    Lookahead,
    /// The caller aborted.
    #[error("aborted")]
    Aborted,
    /// A wait expired.
    #[error("timed out {0}")]
    Timeout(Reason),
    /// The control connection was lost meanwhile.
    #[error("the control connection was lost")]
    ControlLost,
    /// The server broke the protocol on the control connection meanwhile.
    #[error("the server broke the protocol: {0}")]
    Violation(#[source] Violation),
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {} bytes", self.cause, self.bytes)?;
        if let Some(expected) = self.compared.expected() {
            write!(f, " of {expected}")?;
        }
        match &self.reply {
            Some(reply) => write!(f, " ({reply})"),
            None => Ok(()),
        }
    }
}

impl core::error::Error for Interrupted {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Everything that is known about a transfer whose final reply was positive and whose data has
/// ended.
pub(crate) struct Evidence<'a> {
    pub(crate) direction: Direction,
    /// Whether the length can be compared at all: a file in image type.
    pub(crate) comparable: bool,
    /// What SIZE leads to expect.
    pub(crate) size: Option<u64>,
    /// How many bytes the caller wanted at most.
    pub(crate) range: Option<u64>,
    /// Whether the transfer began at an offset: servers disagree on what the 150 then announces.
    pub(crate) resumed: bool,
    pub(crate) mark: Option<&'a Reply>,
    pub(crate) bytes: u64,
    pub(crate) end: End,
    /// Whether an end without close_notify is tolerated when the length agrees.
    pub(crate) truncation_allowed: bool,
}

impl Evidence<'_> {
    /// What the number of bytes is compared with.
    pub(crate) fn compared(&self) -> Compared {
        match self.direction {
            Direction::Send if self.resumed => return Compared::Unverified,
            Direction::Receive if self.comparable => {}
            _ => return Compared::Nothing,
        }
        let wanted = |bytes: u64| self.range.map_or(bytes, |range| range.min(bytes));
        if let Some(size) = self.size {
            return Compared::Size(wanted(size));
        }
        let hint = self.mark.filter(|_| !self.resumed).and_then(size::hint);
        hint.map_or(Compared::Nothing, |hint| Compared::Hint(wanted(hint)))
    }

    /// `None` if the transfer is complete, else why it is not.
    pub(crate) fn objection(&self) -> Option<Interruption> {
        let differs = match self.compared() {
            Compared::Nothing | Compared::Unverified => false,
            // A file may grow between the mark and the end, but it must not lack bytes.
            Compared::Hint(bytes) => self.bytes < bytes,
            Compared::Size(bytes) => self.bytes != bytes,
        };
        let confirmed = self.compared().expected() == Some(self.bytes);
        match self.end {
            // More bytes came than expected: the server ignored the offset, or the file has grown.
            End::Limit if self.range != Some(self.bytes) => Some(Interruption::Length),
            _ if differs => Some(Interruption::Length),
            End::Truncated if !(self.truncation_allowed && confirmed) => {
                Some(Interruption::Truncated)
            }
            _ => None,
        }
    }
}
