//! What can go wrong, shaped by whose fault it is, and what the session is good for afterwards.

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

/// Why an operation did not succeed: the step, the cause, and what the session is good for now.
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
    /// The server said no: a 4xx or 5xx reply.
    Refused(Box<Reply>),
    /// The server said something that the step has no use for, such as 350 to QUIT. Where it is no
    /// answer that the command can have, the session is [`After::Draining`]: it sends a NOOP or PWD, and
    /// goes on behind the answer to that.
    Unexpected(Box<Reply>),
    /// A transfer was under way and did not come to a good end.
    Interrupted(Box<Interrupted>),
    /// The server broke the protocol.
    Violation(Violation),
    /// What greeted us is no FTP server.
    NotFtp(Box<NotFtp>),
    /// The session is over.
    Closed(Closed, Option<Box<Reply>>),
    /// A wait expired.
    Timeout(Reason),
    /// A rule of our own forbids it.
    Policy(Policy),
    /// A mistake of the caller: it depends only on the order of calls and on their arguments.
    Misuse(Misuse),
}

/// What a session is good for after an error; equal to [`Session::state`](crate::Session::state) at that moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "callers decide by these three and need to know that there are no more"
)]
pub enum After {
    /// The next command can go out.
    Usable,
    /// Replies are still owed. The session settles that by itself, within its deadlines, before the next command.
    Draining,
    /// The session is over; connect anew.
    Dead,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Closed {
    /// We said QUIT.
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
    /// A wait expired after which nothing can be known.
    #[error("timed out {0}")]
    Timeout(Reason),
    /// The caller closed the session.
    #[error("the session was closed")]
    Local,
}

/// A rule of ours that forbids something.
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
    /// The server named a data host that [`HostPolicy`](crate::address::HostPolicy) does not let through.
    #[error("the server named a foreign data host")]
    ForeignDataHost,
    /// PASV and PORT cannot name an IPv6 address (RFC 2428).
    #[error("this data mode needs an IPv4 control connection")]
    NeedsIpv4,
    /// The server refuses data connections that do not resume the control connection's TLS session, and has left
    /// nothing to resume. The transfer was not begun.
    #[error(
        "the server demands that data connections resume a TLS session, and has handed out no ticket for that: use \
         TLS 1.2, which needs none, or have the demand turned off there"
    )]
    NothingToResume,
    /// A listing would have to be made in another directory, and PWD does not tell where the way back leads.
    #[error("the server does not tell its working directory: there is no way back from another")]
    DirectoryUntold,
    /// The resume offset lies beyond the end of the file.
    #[error("the offset lies beyond the end of the file")]
    BeyondEnd,
    /// A listing that is kept as a whole has more entries, or lines, than
    /// [`Limits::listing_entries_max`](crate::Limits::listing_entries_max): this number. The transfer was aborted, and
    /// what had come is dropped.
    #[error("the listing has more than {0} entries, which is the limit")]
    ListingEntries(u32),
    /// A listing that is kept as a whole has more bytes than
    /// [`Limits::listing_bytes_max`](crate::Limits::listing_bytes_max): this number. As above.
    #[error("the listing has more than {0} bytes, which is the limit")]
    ListingBytes(u32),
    /// A line of a listing that is kept as lines has more bytes than this number. As above.
    #[error("a line of the listing has more than {0} bytes, which is the limit")]
    ListingLine(u32),
    /// The server does not tell the size, without which a resumed transfer cannot be checked.
    #[error("the server does not tell the size")]
    SizeUnknown,
}

/// A mistake of the caller. It depends only on the order of calls and on their arguments, never on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// Bytes that cannot be an argument.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// A verb that the session sends by itself, as a part of a transfer.
    #[error("this verb is sent by the session itself")]
    ManagedVerb,
    /// Too many commands are unanswered, or answered and not polled.
    #[error("too many commands in flight")]
    PipelineFull,
    /// A verb on which others depend, or that depends on others, was given to a batch.
    #[error("this verb cannot stand in a batch")]
    NotForBatch,
    /// A transfer is under way.
    #[error("a transfer is under way")]
    Busy,
    /// The ticket was answered before, or belongs to another session.
    #[error("the ticket was spent")]
    SpentTicket,
    /// A verb that moves no data was given to a transfer.
    #[error("this verb moves no data")]
    NotATransfer,
    /// TLS is already on, or not on.
    #[error("the control connection is secured already, or not at all")]
    WrongSecurity,
    /// A time that is not known in UTC cannot be sent.
    #[error("the time is not known in UTC")]
    UnknownZone,
    /// An option that goes with this kind of transfer alone was used with another.
    #[error("the option does not fit this transfer")]
    WrongOption,
}

impl Policy {
    /// Whether it is a bound of a listing, found when the transfer was under way. The others are found before.
    pub(crate) const fn bounds_listing(self) -> bool {
        matches!(
            self,
            Self::ListingEntries(_) | Self::ListingBytes(_) | Self::ListingLine(_)
        )
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, verb: impl Into<Option<Verb>>, after: After) -> Self {
        Self {
            kind,
            verb: verb.into(),
            after,
            transfer: None,
        }
    }

    /// Bytes that cannot be an argument, found before they came near a session.
    #[doc(hidden)]
    pub const fn refused_argument(misuse: Misuse) -> Self {
        Self {
            kind: ErrorKind::Misuse(misuse),
            verb: None,
            after: After::Usable,
            transfer: None,
        }
    }

    /// The same error; what is dead stays dead.
    pub(crate) fn with_after(self, after: After) -> Self {
        let after = if self.after == After::Dead {
            After::Dead
        } else {
            after
        };
        Self { after, ..self }
    }

    /// The same error, of this transfer among several.
    pub(crate) fn of_transfer(self, command: &Command) -> Self {
        let transfer = Some(Box::new(command.clone()));
        Self { transfer, ..self }
    }

    /// The cause.
    pub const fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The command at which it happened. `None` if no command was at fault: an argument that was
    /// refused before there was a command, or a ticket that was spent.
    pub const fn verb(&self) -> Option<Verb> {
        self.verb
    }

    /// The command of the transfer that failed, where several were asked for at once
    /// ([`Series`](crate::operation::Series)): whatever [`verb`](Self::verb) the step has, this says which of them
    /// it was. `None` for everything else.
    pub fn transfer(&self) -> Option<&Command> {
        self.transfer.as_deref()
    }

    /// What the session is good for now.
    pub const fn after(&self) -> After {
        self.after
    }

    /// Whether the server refused the step with a 4xx or 5xx, and nothing else went wrong.
    pub const fn is_refusal(&self) -> bool {
        matches!(self.kind, ErrorKind::Refused(_))
    }

    /// Whether the session is over.
    pub fn is_fatal(&self) -> bool {
        self.after == After::Dead
    }

    /// A plain refusal, a rule of ours and a mistake of the caller: nobody expects that they end a
    /// session.
    const fn leaves_session_alone(&self) -> bool {
        match self.kind {
            ErrorKind::Policy(policy) => !policy.bounds_listing(),
            ErrorKind::Refused(_) | ErrorKind::Misuse(_) => true,
            _ => false,
        }
    }

    /// Whether a socket's failure may have led to it, so that a driver puts the operating system's error beside it: not
    /// where the server simply said no.
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

    /// Whether the same may succeed later: a 4xx reply, a wait that expired, a connection that broke.
    /// What the caller aborted would not, whatever had been read by then.
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

    /// What became of the file, when the error ended a transfer.
    pub fn verdict(&self) -> Option<Verdict> {
        match &self.kind {
            ErrorKind::Interrupted(interrupted) => Some(Verdict::of(interrupted)),
            ErrorKind::Refused(_) => Some(Verdict::Refused),
            _ => None,
        }
    }

    /// The failed transfer, when there was one.
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
            // Neither can have left the session otherwise.
            After::Usable if self.leaves_session_alone() => Ok(()),
            After::Usable => f.write_str("; the session is usable"),
            After::Draining => f.write_str("; the session is settling"),
            After::Dead => f.write_str("; the session is over"),
        }
    }
}

/// What `main` shows of an error that it returns: the sentence, then the kind and what the session is
/// good for, by their names.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} [{}, {:?}]", self.kind.name(), self.after)
    }
}

/// The sources are the typed causes. The text of an error says everything that theirs say.
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
