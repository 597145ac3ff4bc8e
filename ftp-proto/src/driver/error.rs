//! Errors of a driver: the machine's error, with the operating system's beside it.

#[cfg(test)]
mod tests;

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use std::io;

#[cfg(feature = "url")]
use super::UrlError;
use super::{Endpoint, EndpointError};
use crate::checksum::Mismatch;
use crate::command::{ArgumentError, Command, Verb};
use crate::error::{After, Closed, ErrorKind, Misuse, Policy};
use crate::proxy::ProxyError;
use crate::reply::{Class, Reply};
use crate::retry::{Next, Retry, Step};
#[cfg(feature = "rustls")]
use crate::tls::TlsError;
use crate::verdict::Interruption;

/// The result of an operation.
pub type Result<T> = core::result::Result<T, Error>;

/// Each address that was tried for the control connection, and its error.
pub type Tried = Arc<Vec<(Endpoint, io::Error)>>;

/// Why an operation failed: the step, the reply, and the state of the session afterwards.
///
/// This one type covers the protocol, the sockets and the end of input, as the original ftplib's
/// `all_errors` did; [`is_misuse`](Self::is_misuse) tells the caller's own mistakes apart. ftplib's
/// four exceptions are these:
///
/// | ftplib | here |
/// |---|---|
/// | `error_temp` (4xx) | [`reply`](Self::reply) of class [`TransientNegative`](Class::TransientNegative); [`is_transient`](Self::is_transient) |
/// | `error_perm` (5xx) | [`is_permanent`](Self::is_permanent) |
/// | `error_reply` (another class than the step needs) | [`ErrorKind::Unexpected`] |
/// | `error_proto` (no reply at all) | [`ErrorKind::Violation`] |
///
/// `Debug` is the same text as `Display`, so that an error returned from `main` can be read;
/// `{:#?}` shows the parts.
///
/// ```
/// use ftp_proto::driver::Error;
/// use ftp_proto::{After, Argument};
///
/// let error = Error::from(Argument::new("a\nb").unwrap_err());
/// assert!(error.is_misuse() && !error.is_fatal());
/// assert_eq!(error.after(), After::Usable);
/// ```
#[doc(alias = "all_errors")]
#[doc(alias = "error_reply")]
#[doc(alias = "error_temp")]
#[doc(alias = "error_perm")]
#[doc(alias = "error_proto")]
#[non_exhaustive]
pub enum Error {
    /// The session's error, with the cause in the operating system if there is one.
    Session(crate::Error, Option<io::Error>),
    /// The text does not name a host.
    Host(EndpointError),
    /// The text is not an FTP URL.
    #[cfg(feature = "url")]
    Url(UrlError),
    /// TLS is asked for, and the program is built without it (feature `rustls` of the driver).
    WithoutTls,
    /// The host has no address.
    Resolve(io::Error),
    /// The control connection could not be made; each address was tried.
    Connect(Tried),
    /// TLS could not be set up, before anything was connected.
    #[cfg(feature = "rustls")]
    Tls(TlsError),
    /// The caller's own source or sink failed, or a line was too long, and the transfer was aborted
    /// for that.
    Local(io::Error, After),
    /// The file here and the file on the server differ.
    Mismatch(Mismatch, After),
    /// The payload is not a listing. The text is the server's: inetutils sends error texts of its
    /// `ls`. Or a reply to STAT was longer than the [`Limits`](crate::Limits).
    NotListed(String),
    /// The operation was cancelled, or its outcome was already taken, or the handle is another
    /// client's.
    Spent,
}

impl Error {
    /// The verb of the command at which it happened; `None` before there was a session, and if no
    /// command is at fault.
    pub fn verb(&self) -> Option<Verb> {
        self.session().and_then(crate::Error::verb)
    }

    /// The command of the transfer that failed, where several were asked for at once; see
    /// [`Error::transfer`](crate::Error::transfer).
    pub fn transfer(&self) -> Option<&Command> {
        self.session().and_then(crate::Error::transfer)
    }

    /// The reply that goes with the error: the whole of it, text and all.
    pub fn reply(&self) -> Option<&Reply> {
        self.session().and_then(crate::Error::reply)
    }

    /// The state of the session after the error. A session that never began is dead.
    pub fn after(&self) -> After {
        match self {
            Self::Session(error, _) => error.after(),
            Self::Host(_) | Self::WithoutTls | Self::Resolve(_) | Self::Connect(_) => After::Dead,
            #[cfg(feature = "url")]
            Self::Url(_) => After::Dead,
            #[cfg(feature = "rustls")]
            Self::Tls(_) => After::Dead,
            Self::Local(_, after) | Self::Mismatch(_, after) => *after,
            Self::NotListed(_) | Self::Spent => After::Usable,
        }
    }

    /// Whether the session is over, so that only a new connection helps.
    pub fn is_fatal(&self) -> bool {
        self.after() == After::Dead
    }

    /// Whether the same may succeed later: a 4xx reply (ftplib's `error_temp`), a wait that
    /// expired, a connection that broke or was not made.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Session(error, _) => error.is_transient(),
            Self::Connect(tried) => !tried.is_empty(),
            _ => false,
        }
    }

    /// Whether the server refused permanently: a 5xx reply (ftplib's `error_perm`).
    pub fn is_permanent(&self) -> bool {
        self.reply()
            .is_some_and(|reply| reply.class() == Class::PermanentNegative)
    }

    /// Whether it is only the rest of a file that the server does not send: it has no REST, or does
    /// not tell the size that the rest is checked against. The whole file may come all the same.
    pub fn forbids_resuming(&self) -> bool {
        match self.kind() {
            Some(ErrorKind::Refused(_)) => self.is_permanent() && self.verb() == Some(Verb::Rest),
            Some(ErrorKind::Policy(policy)) => {
                matches!(policy, Policy::SizeUnknown | Policy::BeyondEnd)
            }
            _ => false,
        }
    }

    /// Whether it is a mistake of the caller, which depends only on the order of calls and their
    /// arguments.
    pub fn is_misuse(&self) -> bool {
        match self {
            Self::Session(error, _) => matches!(error.kind(), ErrorKind::Misuse(_)),
            Self::Host(_) | Self::WithoutTls | Self::Spent => true,
            #[cfg(feature = "url")]
            Self::Url(_) => true,
            _ => false,
        }
    }

    /// What to do next, by `policy`: as [`Retry::next`], which knows sessions alone. A connection
    /// that was not made is tried again, unless TLS was the cause.
    ///
    /// ```
    /// use ftp_proto::driver::Error;
    /// use ftp_proto::retry::{Next, Retry, Step};
    ///
    /// let unreachable = Error::Resolve(std::io::ErrorKind::TimedOut.into());
    /// let next = unreachable.next(&Retry::default(), Step::Connecting, 1, 0);
    /// assert!(matches!(next, Next::Again(_)));
    /// ```
    pub fn next(&self, policy: &Retry, step: Step, failures: u32, random: u32) -> Next {
        #[cfg(feature = "rustls")]
        if self.tls().is_some() {
            return Next::GiveUp;
        }
        match self {
            Self::Session(error, _) => policy.next(error, step, failures, random),
            Self::Resolve(_) => policy.again(failures, random),
            Self::Connect(tried) if !tried.is_empty() => policy.again(failures, random),
            _ => Next::GiveUp,
        }
    }

    /// The cause, as the session sees it.
    pub fn kind(&self) -> Option<&ErrorKind> {
        self.session().map(crate::Error::kind)
    }

    /// The session's error.
    pub const fn session(&self) -> Option<&crate::Error> {
        match self {
            Self::Session(error, _) => Some(error),
            _ => None,
        }
    }

    /// The TLS error, if TLS failed: a certificate, for instance, or an alert. Its text says what
    /// to do.
    ///
    /// ```
    /// use ftp_proto::{driver::Error, tls::TlsError};
    ///
    /// fn is_expired(error: &Error) -> bool {
    ///     matches!(error.tls(), Some(TlsError::Expired))
    /// }
    /// assert!(is_expired(&TlsError::Expired.into()));
    /// ```
    #[cfg(feature = "rustls")]
    pub fn tls(&self) -> Option<&TlsError> {
        match self {
            Self::Tls(error) => Some(error),
            Self::Session(_, Some(source)) => tls_in(source),
            Self::Connect(tried) => tried.iter().find_map(|(_, source)| tls_in(source)),
            _ => None,
        }
    }

    /// The proxy's error, if a connection through a proxy was not made ([`crate::proxy`]).
    pub fn proxy(&self) -> Option<&ProxyError> {
        match self {
            Self::Session(_, Some(source)) => proxy_in(source),
            Self::Connect(tried) => tried.iter().find_map(|(_, source)| proxy_in(source)),
            _ => None,
        }
    }

    /// The same as an [`io::Error`], by reference.
    pub fn to_io(&self) -> io::Error {
        io::Error::new(self.io_kind(), self.to_string())
    }

    fn io_kind(&self) -> io::ErrorKind {
        match self {
            Self::Resolve(error) | Self::Local(error, _) => error.kind(),
            Self::Connect(tried) => tried
                .last()
                .map_or(io::ErrorKind::AddrNotAvailable, |(_, error)| error.kind()),
            #[cfg(feature = "rustls")]
            Self::Tls(_) => io::ErrorKind::InvalidInput,
            Self::Session(error, source) => session_kind(error)
                .or_else(|| source.as_ref().map(io::Error::kind))
                .unwrap_or(io::ErrorKind::Other),
            Self::NotListed(_) | Self::Mismatch(..) => io::ErrorKind::InvalidData,
            Self::Host(_) | Self::Spent => io::ErrorKind::InvalidInput,
            #[cfg(feature = "url")]
            Self::Url(_) => io::ErrorKind::InvalidInput,
            Self::WithoutTls => io::ErrorKind::Unsupported,
        }
    }
}

#[cfg(feature = "rustls")]
fn tls_in(source: &io::Error) -> Option<&TlsError> {
    source.get_ref().and_then(|inner| inner.downcast_ref())
}

fn proxy_in(source: &io::Error) -> Option<&ProxyError> {
    source.get_ref().and_then(|inner| inner.downcast_ref())
}

/// `None` where the operating system knows better, or nobody does.
fn session_kind(error: &crate::Error) -> Option<io::ErrorKind> {
    match (error.reply().map(|reply| reply.code().get()), error.kind()) {
        (Some(452 | 552), _) => Some(io::ErrorKind::StorageFull),
        (Some(530), _) => Some(io::ErrorKind::PermissionDenied),
        (Some(550), _) if error.verb().is_some_and(names_what_exists) => {
            Some(io::ErrorKind::NotFound)
        }
        (_, ErrorKind::Interrupted(interrupted)) => interruption_kind(interrupted.cause),
        (_, ErrorKind::Violation(_) | ErrorKind::NotFtp(_) | ErrorKind::Unexpected(_)) => {
            Some(io::ErrorKind::InvalidData)
        }
        (_, ErrorKind::Closed(closed, _)) => match closed {
            Closed::Eof | Closed::Service => Some(io::ErrorKind::ConnectionAborted),
            Closed::Lost(_) => None,
            _ => Some(io::ErrorKind::NotConnected),
        },
        (_, ErrorKind::Timeout(_)) => Some(io::ErrorKind::TimedOut),
        (_, ErrorKind::Policy(policy)) if policy.bounds_listing() => {
            Some(io::ErrorKind::InvalidData)
        }
        (_, ErrorKind::Policy(_)) => Some(io::ErrorKind::PermissionDenied),
        (_, ErrorKind::Misuse(_)) => Some(io::ErrorKind::InvalidInput),
        _ => None,
    }
}

/// Whether the command names something that must exist, so that 550 most often says that it does
/// not. Elsewhere 550 may say that the name is taken, or that nothing may be written there.
const fn names_what_exists(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Retr
            | Verb::Dele
            | Verb::Rmd
            | Verb::Cwd
            | Verb::Rnfr
            | Verb::Size
            | Verb::Mdtm
            | Verb::Mfmt
            | Verb::Mlst
            | Verb::Mlsd
            | Verb::List
            | Verb::Nlst
            | Verb::Stat
    )
}

const fn interruption_kind(cause: Interruption) -> Option<io::ErrorKind> {
    match cause {
        Interruption::Truncated | Interruption::Length => Some(io::ErrorKind::UnexpectedEof),
        Interruption::Timeout(_) => Some(io::ErrorKind::TimedOut),
        Interruption::ControlLost => Some(io::ErrorKind::ConnectionAborted),
        Interruption::Violation(_) => Some(io::ErrorKind::InvalidData),
        _ => None,
    }
}

/// An argument was refused before a command was sent, so the session is unchanged.
impl From<ArgumentError> for Error {
    fn from(error: ArgumentError) -> Self {
        Self::Session(
            crate::Error::refused_argument(Misuse::Argument(error)),
            None,
        )
    }
}

impl From<crate::Error> for Error {
    fn from(error: crate::Error) -> Self {
        Self::Session(error, None)
    }
}

#[cfg(feature = "url")]
impl From<UrlError> for Error {
    fn from(error: UrlError) -> Self {
        Self::Url(error)
    }
}

impl From<EndpointError> for Error {
    fn from(error: EndpointError) -> Self {
        Self::Host(error)
    }
}

#[cfg(feature = "rustls")]
impl From<TlsError> for Error {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.io_kind(), error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(error, Some(source)) => write!(f, "{error} ({source})"),
            Self::Session(error, None) => write!(f, "{error}"),
            Self::Host(error) => write!(f, "{error}"),
            #[cfg(feature = "url")]
            Self::Url(error) => write!(f, "{error}"),
            Self::WithoutTls => write!(f, "TLS is asked for, and this program is built without it"),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => write!(f, "TLS cannot be set up: {error}"),
            Self::Resolve(error) => write!(f, "the host has no address: {error}"),
            Self::Connect(tried) if tried.is_empty() => {
                write!(f, "there is no address to connect to")
            }
            Self::Connect(tried) => {
                write!(f, "cannot connect")?;
                tried
                    .iter()
                    .try_for_each(|(to, error)| write!(f, "; {to}: {error}"))
            }
            Self::Local(error, _) => write!(f, "the local side of the transfer failed: {error}"),
            Self::Mismatch(mismatch, _) => write!(f, "{mismatch}"),
            Self::NotListed(text) => {
                write!(f, "the server did not send a complete listing: {text}")
            }
            Self::Spent => write!(f, "there is no outcome for this handle"),
        }
    }
}

/// The text of `Display`; the parts in the alternate form.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return write!(f, "{self}");
        }
        match self {
            Self::Session(error, source) => {
                f.debug_tuple("Session").field(error).field(source).finish()
            }
            Self::Host(error) => f.debug_tuple("Host").field(error).finish(),
            #[cfg(feature = "url")]
            Self::Url(error) => f.debug_tuple("Url").field(error).finish(),
            Self::WithoutTls => f.write_str("WithoutTls"),
            Self::Resolve(error) => f.debug_tuple("Resolve").field(error).finish(),
            Self::Connect(tried) => f.debug_tuple("Connect").field(tried).finish(),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => f.debug_tuple("Tls").field(error).finish(),
            Self::Local(error, after) => f.debug_tuple("Local").field(error).field(after).finish(),
            Self::Mismatch(mismatch, after) => f
                .debug_tuple("Mismatch")
                .field(mismatch)
                .field(after)
                .finish(),
            Self::NotListed(text) => f.debug_tuple("NotListed").field(text).finish(),
            Self::Spent => f.write_str("Spent"),
        }
    }
}

/// The chain: the operating system's error or TLS's where there is one, else what the session's
/// error itself names.
impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Session(_, Some(source)) | Self::Resolve(source) | Self::Local(source, _) => {
                Some(innermost(source))
            }
            Self::Session(error, None) => core::error::Error::source(error),
            Self::Connect(tried) => tried.last().map(|(_, source)| innermost(source)),
            #[cfg(feature = "rustls")]
            Self::Tls(error) => Some(error),
            #[cfg(feature = "url")]
            Self::Url(error) => core::error::Error::source(error),
            Self::Host(_)
            | Self::WithoutTls
            | Self::Mismatch(..)
            | Self::NotListed(_)
            | Self::Spent => None,
        }
    }
}

/// An `io::Error` that only carries another error does not show that one as its source.
fn innermost(source: &io::Error) -> &(dyn core::error::Error + 'static) {
    match source.get_ref() {
        Some(inner) => inner,
        None => source,
    }
}
