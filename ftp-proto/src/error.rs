//! Errors, grouped by whose fault they are, and the state of the session after them.

mod not_ftp;

use alloc::boxed::Box;
use core::fmt;

use crate::action::Failure;
use crate::command::{ArgumentError, Command, Verb};
use crate::reply::{Class, Reply};
use crate::time::Reason;
use crate::verdict::{Interrupted, Interruption, Verdict};
use crate::violation::Violation;

pub use not_ftp::NotFtp;

/// Why an operation failed: the step, the cause, and the state of the session afterwards.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Error {
    kind: ErrorKind,
    verb: Option<Verb>,
    after: After,
    transfer: Option<Box<Command>>,
}

/// The cause of an [`Error`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The server refused with a 4xx or 5xx reply.
    Refused(Box<Reply>),
    /// The server sent a reply that the step cannot use, such as 350 to QUIT. If the reply cannot
    /// answer the command at all, the session is [`After::Settling`]: it sends a NOOP or PWD, and
    /// goes on after the answer to that.
    Unexpected(Box<Reply>),
    /// A transfer failed after its command was sent.
    Interrupted(Box<Interrupted>),
    /// The server broke the protocol.
    Violation(Violation),
    /// The greeting is not an FTP server's.
    NotFtp(Box<NotFtp>),
    /// The session is over.
    Closed(Closed, Option<Box<Reply>>),
    /// A wait expired.
    Timeout(Reason),
    /// A policy of the client forbids it.
    Policy(Policy),
    /// A mistake of the caller: it depends only on the order of calls and on their arguments.
    Misuse(Misuse),
}

/// The state of a session after an error; equal to [`Session::state`](crate::Session::state) at
/// that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "callers decide by these three and need to know that there are no more"
)]
pub enum After {
    /// The next command can be sent.
    Usable,
    /// The server still owes replies. The session settles them by itself, within its deadlines,
    /// before the next command.
    Settling,
    /// The session is over; connect anew.
    Dead,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Closed {
    /// The client sent QUIT.
    #[error("the session was ended with QUIT")]
    Quit,
    /// The server closed the service with a 421.
    #[error("the server is closing the connection")]
    Service,
    /// The server ended the connection.
    #[error("the server closed the control connection")]
    Eof,
    /// The control connection failed.
    #[error("the control connection failed: {0}")]
    Lost(Failure),
    /// The server broke the protocol.
    #[error("the server broke the protocol: {0}")]
    Violation(#[source] Violation),
    /// A wait expired, and the session can no longer match replies to commands.
    #[error("timed out {0}")]
    Timeout(Reason),
    /// The caller closed the session.
    #[error("the session was closed")]
    Local,
}

/// A policy of the client that forbids a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Policy {
    /// The TLS policy demands a secured control connection before this command.
    #[error("the control connection is not secured")]
    ControlNotSecured,
    /// The TLS policy demands protected data connections, and PROT P was not agreed.
    #[error("data connections are not protected")]
    DataNotProtected,
    /// The TLS policy forbids going back to clear text.
    #[error("going back to clear text is not allowed")]
    ClearControl,
    /// The server named a data host that [`HostPolicy`](crate::address::HostPolicy) forbids.
    #[error("the server named a foreign data host")]
    ForeignDataHost,
    /// PASV and PORT cannot name an IPv6 address (RFC 2428).
    #[error("this data mode needs an IPv4 control connection")]
    NeedsIpv4,
    /// The server refuses data connections that do not resume the control connection's TLS session,
    /// and no ticket is left to resume it. The transfer was not begun.
    #[error(
        "the server demands that data connections resume a TLS session, and has handed out no ticket for that: use \
         TLS 1.2, which needs none, or have the demand turned off there"
    )]
    NothingToResume,
    /// A listing needs another directory, and PWD does not tell the working directory to return to.
    #[error(
        "the server does not tell its working directory, so that the session could not return to it"
    )]
    DirectoryUntold,
    /// The resume offset lies beyond the end of the file.
    #[error("the offset lies beyond the end of the file")]
    BeyondEnd,
    /// A collected listing has more entries, or lines, than
    /// [`Limits::listing_entries_max`](crate::Limits::listing_entries_max), which is the number
    /// here. The transfer was aborted, and its entries are dropped.
    #[error("the listing has more than {0} entries, which is the limit")]
    ListingEntries(u32),
    /// A collected listing has more bytes than
    /// [`Limits::listing_bytes_max`](crate::Limits::listing_bytes_max), which is the number here.
    /// The transfer was aborted.
    #[error("the listing has more than {0} bytes, which is the limit")]
    ListingBytes(u32),
    /// A line of a listing that is collected as lines has more bytes than this limit. The transfer
    /// was aborted.
    #[error("a line of the listing has more than {0} bytes, which is the limit")]
    ListingLine(u32),
    /// The server does not tell the size, so that a resumed transfer cannot be checked.
    #[error("the server does not tell the size")]
    SizeUnknown,
    /// The server offers no command for this checksum, or refused all of them.
    #[error("the server offers no such checksum")]
    NoChecksum,
}

/// A mistake of the caller. It depends only on the order of calls and on their arguments, never on
/// the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// Bytes that cannot be an argument.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The session sends this verb itself, as a part of a transfer.
    #[error("this verb is sent by the session itself")]
    ManagedVerb,
    /// Too many commands are unanswered, or answered and not polled.
    #[error("too many commands in flight")]
    PipelineFull,
    /// A batch cannot hold a verb on which other commands depend, or that depends on others.
    #[error("this verb cannot stand in a batch")]
    NotForBatch,
    /// A transfer is under way.
    #[error("a transfer is under way")]
    Busy,
    /// The reply of this ticket was polled before, or the ticket belongs to another session.
    #[error("the ticket was spent")]
    SpentTicket,
    /// A verb that moves no data was given to a transfer.
    #[error("this verb moves no data")]
    NotATransfer,
    /// TLS is already on, or CCC came without TLS.
    #[error("AUTH needs a control connection in clear, and CCC a secured one")]
    WrongSecurity,
    /// A time that is not known in UTC cannot be sent.
    #[error("the time is not known in UTC")]
    UnknownZone,
    /// The option does not fit this kind of transfer.
    #[error("the option does not fit this transfer")]
    WrongOption,
}

impl Policy {
    /// Whether it is a bound of a listing, which shows during the transfer. The others show before.
    pub(crate) const fn bounds_listing(self) -> bool {
        matches!(
            self,
            Self::ListingEntries(_) | Self::ListingBytes(_) | Self::ListingLine(_)
        )
    }
}

impl Error {
    /// Keeps so much of the text of a reply.
    #[cfg(feature = "mirror")]
    pub(crate) fn cut_reply(&mut self, bytes_max: usize) {
        let reply = match &mut self.kind {
            ErrorKind::Refused(reply) | ErrorKind::Unexpected(reply) => Some(reply),
            ErrorKind::Interrupted(interrupted) => interrupted.reply.as_mut(),
            ErrorKind::Closed(_, reply) => reply.as_mut(),
            _ => None,
        };
        if let Some(reply) = reply {
            reply.cut(bytes_max);
        }
    }

    pub(crate) fn new(kind: ErrorKind, verb: impl Into<Option<Verb>>, after: After) -> Self {
        Self {
            kind,
            verb: verb.into(),
            after,
            transfer: None,
        }
    }

    /// An error for bytes that cannot be an argument, found before a session saw them.
    #[doc(hidden)]
    pub const fn refused_argument(misuse: Misuse) -> Self {
        Self {
            kind: ErrorKind::Misuse(misuse),
            verb: None,
            after: After::Usable,
            transfer: None,
        }
    }

    /// The same error with this state; [`After::Dead`] stays.
    pub(crate) fn with_after(self, after: After) -> Self {
        let after = if self.after == After::Dead {
            After::Dead
        } else {
            after
        };
        Self { after, ..self }
    }

    /// The same error, for this transfer among several.
    pub(crate) fn of_transfer(self, command: &Command) -> Self {
        let transfer = Some(Box::new(command.clone()));
        Self { transfer, ..self }
    }

    /// The cause.
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The command at which it happened. `None` if no command was at fault: the argument was
    /// refused before there was a command, or the ticket was spent.
    pub const fn verb(&self) -> Option<Verb> {
        self.verb
    }

    /// The command of the failed transfer, where several were asked for at once
    /// ([`Series`](crate::operation::Series)). The [`verb`](Self::verb) is that of the failed step.
    /// `None` for everything else.
    pub fn transfer(&self) -> Option<&Command> {
        self.transfer.as_deref()
    }

    /// The state of the session after the error.
    pub const fn after(&self) -> After {
        self.after
    }

    /// Whether the error is only a refusal of the step with a 4xx or 5xx.
    pub const fn is_refusal(&self) -> bool {
        matches!(self.kind, ErrorKind::Refused(_))
    }

    /// Whether the session is over.
    pub fn is_fatal(&self) -> bool {
        self.after == After::Dead
    }

    /// A refusal, a policy of the client and a mistake of the caller do not end a session.
    const fn leaves_session_alone(&self) -> bool {
        match self.kind {
            ErrorKind::Policy(policy) => !policy.bounds_listing(),
            ErrorKind::Refused(_) | ErrorKind::Misuse(_) => true,
            _ => false,
        }
    }

    /// Whether a socket's failure may have caused it, so that a driver should attach the operating
    /// system's error. Not for a mere refusal of the server.
    #[doc(hidden)]
    pub const fn concerns_a_socket(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Interrupted(_) | ErrorKind::Closed(Closed::Lost(_), _)
        )
    }

    /// The reply that goes with the error.
    pub fn reply(&self) -> Option<&Reply> {
        match &self.kind {
            ErrorKind::Refused(reply) | ErrorKind::Unexpected(reply) => Some(reply),
            ErrorKind::Interrupted(interrupted) => interrupted.reply.as_deref(),
            ErrorKind::Closed(_, reply) => reply.as_deref(),
            _ => None,
        }
    }

    /// Whether the same step may succeed later: after a 4xx reply, a wait that expired, or a
    /// connection that broke. Never for a transfer that the caller aborted.
    pub fn is_transient(&self) -> bool {
        match &self.kind {
            ErrorKind::Refused(reply) => reply.class() == Class::TransientNegative,
            ErrorKind::Interrupted(interrupted) => match interrupted.cause {
                Interruption::Aborted | Interruption::Violation(_) => false,
                _ => {
                    let reply = interrupted.reply.as_ref();
                    reply.is_none_or(|reply| reply.class() != Class::PermanentNegative)
                }
            },
            ErrorKind::Timeout(_) => true,
            ErrorKind::Closed(closed, _) => matches!(
                closed,
                Closed::Service | Closed::Eof | Closed::Lost(_) | Closed::Timeout(_)
            ),
            _ => false,
        }
    }

    /// The state of the file, if the error ended a transfer.
    pub fn verdict(&self) -> Option<Verdict> {
        match &self.kind {
            ErrorKind::Interrupted(interrupted) => Some(Verdict::of(interrupted)),
            ErrorKind::Refused(_) => Some(Verdict::Refused),
            _ => None,
        }
    }

    /// The failed transfer, if there was one.
    pub fn interrupted(&self) -> Option<&Interrupted> {
        match &self.kind {
            ErrorKind::Interrupted(interrupted) => Some(interrupted),
            _ => None,
        }
    }
}

impl ErrorKind {
    const fn name(&self) -> &'static str {
        match self {
            Self::Refused(_) => "Refused",
            Self::Unexpected(_) => "Unexpected",
            Self::Interrupted(_) => "Interrupted",
            Self::Violation(_) => "Violation",
            Self::NotFtp(_) => "NotFtp",
            Self::Closed(..) => "Closed",
            Self::Timeout(_) => "Timeout",
            Self::Policy(_) => "Policy",
            Self::Misuse(_) => "Misuse",
        }
    }
}

impl From<Policy> for ErrorKind {
    fn from(policy: Policy) -> Self {
        Self::Policy(policy)
    }
}

impl From<Misuse> for ErrorKind {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl From<ArgumentError> for ErrorKind {
    fn from(error: ArgumentError) -> Self {
        Self::Misuse(Misuse::Argument(error))
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reply) => write!(f, "refused: {reply}"),
            Self::Unexpected(reply) => write!(f, "unexpected reply: {reply}"),
            Self::Interrupted(interrupted) => write!(f, "{interrupted}"),
            Self::Violation(violation) => write!(f, "{violation}"),
            Self::NotFtp(greeting) => write!(f, "{greeting}"),
            Self::Closed(closed, Some(reply)) => write!(f, "{closed}: {reply}"),
            Self::Closed(closed, None) => write!(f, "{closed}"),
            Self::Timeout(reason) => write!(f, "timed out {reason}"),
            Self::Policy(policy) => write!(f, "{policy}"),
            Self::Misuse(misuse) => write!(f, "{misuse}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transfer = self.transfer.as_deref();
        if let Some(command) = transfer {
            write!(f, "{command}: ")?;
        }
        let step = self
            .verb
            .filter(|verb| transfer.map(Command::verb) != Some(*verb));
        if let Some(verb) = step {
            write!(f, "{verb}: ")?;
        }
        write!(f, "{}", self.kind)?;
        match self.after {
            // These kinds leave the session usable.
            After::Usable if self.leaves_session_alone() => Ok(()),
            After::Usable => f.write_str("; the session is usable"),
            After::Settling => f.write_str("; the session is settling"),
            After::Dead => f.write_str("; the session is over"),
        }
    }
}

/// The sentence, then the names of the kind and of the state of the session: `main` shows a
/// returned error so.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} [{}, {:?}]", self.kind.name(), self.after)
    }
}

/// The sources are the typed causes. The text of an error includes their texts.
impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.kind {
            ErrorKind::Interrupted(interrupted) => Some(&**interrupted),
            ErrorKind::Violation(violation) => Some(violation),
            ErrorKind::NotFtp(quote) => Some(&**quote),
            ErrorKind::Closed(closed, _) => Some(closed),
            ErrorKind::Policy(policy) => Some(policy),
            ErrorKind::Misuse(misuse) => Some(misuse),
            ErrorKind::Refused(_) | ErrorKind::Unexpected(_) | ErrorKind::Timeout(_) => None,
        }
    }
}

const _: () = assert!(
    size_of::<Error>() <= 40,
    "errors travel through every poll and have to stay small"
);
