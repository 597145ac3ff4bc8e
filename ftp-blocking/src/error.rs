//! What can go wrong: the machine's error, with the operating system's beside it.

use std::fmt;
use std::io;
use std::net::SocketAddr;

#[cfg(feature = "rustls")]
use ftp_proto::tls::TlsError;
use ftp_proto::{
    After, ArgumentError, Class, Closed, ErrorKind as Cause, Interruption, Misuse, Reply, Verb,
};

/// What a method of this crate returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an operation did not succeed: at which step, with which reply, and what the session is good for now.
///
/// This one type covers the protocol, the sockets and the end of input, as the original ftplib's `all_errors` did;
/// [`is_misuse`](Self::is_misuse) tells the caller's own mistakes apart. ftplib's four exceptions are these:
///
/// | ftplib | here |
/// |---|---|
/// | `error_temp` (4xx) | [`reply`](Self::reply) of class [`TransientNegative`](ftp_proto::Class::TransientNegative); [`is_transient`](Self::is_transient) |
/// | `error_perm` (5xx) | [`is_permanent`](Self::is_permanent) |
/// | `error_reply` (another class than the step needs) | [`ErrorKind::Unexpected`](ftp_proto::ErrorKind::Unexpected) |
/// | `error_proto` (no reply at all) | [`ErrorKind::Violation`](ftp_proto::ErrorKind::Violation) |
///
/// ```
/// use ftp_blocking::{Client, proto::{After, Verb}};
/// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
/// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
/// # let host = server.address().to_string();
/// let mut ftp = Client::connect_as(&host, "", "")?;
/// let error = ftp.rmdir("nowhere").unwrap_err();
/// assert_eq!(error.verb(), Some(Verb::Rmd));
/// assert_eq!(error.reply().map(|reply| reply.code().get()), Some(550));
/// assert!(error.is_permanent() && !error.is_transient());
/// assert_eq!(error.after(), After::Usable);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[doc(alias = "all_errors")]
#[doc(alias = "error_reply")]
#[doc(alias = "error_temp")]
#[doc(alias = "error_perm")]
#[doc(alias = "error_proto")]
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The session's error, with the cause in the operating system if there is one.
    Session(ftp_proto::Error, Option<io::Error>),
    /// The host has no address.
    Resolve(io::Error),
    /// No address could be connected to; each was tried.
    Connect(Vec<(SocketAddr, io::Error)>),
    /// TLS could not be set up, before anything was connected.
    #[cfg(feature = "rustls")]
    Tls(TlsError),
    /// The caller's own source or sink failed, or a line was too long, and the transfer was aborted for that.
    Local(io::Error, After),
    /// What came instead of a directory's entries is none of them, in the server's words: inetutils sends what its `ls`
    /// complains about. Or a reply to STAT was longer than the [`Limits`](ftp_proto::Limits).
    NotListed(String),
}

impl Error {
    /// The step at which it happened, as the verb of the command; `None` before there was a session.
    pub fn verb(&self) -> Option<Verb> {
        self.session().and_then(ftp_proto::Error::verb)
    }

    /// The reply that goes with the error: the whole of it, text and all.
    pub fn reply(&self) -> Option<&Reply> {
        self.session().and_then(ftp_proto::Error::reply)
    }

    /// What the session was good for when the error came about.
    pub fn after(&self) -> After {
        match self {
            Self::Session(error, _) => error.after(),
            Self::Resolve(_) | Self::Connect(_) => After::Dead,
            #[cfg(feature = "rustls")]
            Self::Tls(_) => After::Dead,
            Self::Local(_, after) => *after,
            Self::NotListed(_) => After::Usable,
        }
    }

    /// Whether the session is over, so that only a new connection helps.
    pub fn is_fatal(&self) -> bool {
        self.after() == After::Dead
    }

    /// Whether the same may succeed later: a 4xx reply (ftplib's `error_temp`), a wait that expired, a connection that
    /// broke.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Session(error, _) => error.is_transient(),
            Self::Connect(_) => true,
            Self::Resolve(_) | Self::Local(..) | Self::NotListed(_) => false,
            #[cfg(feature = "rustls")]
            Self::Tls(_) => false,
        }
    }

    /// Whether the server said no for good: a 5xx reply (ftplib's `error_perm`).
    pub fn is_permanent(&self) -> bool {
        self.reply()
            .is_some_and(|reply| reply.class() == Class::PermanentNegative)
    }

    /// Whether it is a mistake of the caller, who can read it off the order of calls and their arguments.
    pub fn is_misuse(&self) -> bool {
        self.session()
            .is_some_and(|error| matches!(error.kind(), Cause::Misuse(_)))
    }

    /// The cause, as the session sees it.
    pub fn kind(&self) -> Option<&Cause> {
        self.session().map(ftp_proto::Error::kind)
    }

    /// The session's error.
    pub const fn session(&self) -> Option<&ftp_proto::Error> {
        match self {
            Self::Session(error, _) => Some(error),
            _ => None,
        }
    }

    /// What TLS says, if it was TLS that failed: a certificate, for instance, or an alert. Its text says what to do.
    ///
    /// ```
    /// fn is_expired(error: &ftp_blocking::Error) -> bool {
    ///     matches!(error.tls(), Some(ftp_blocking::proto::tls::TlsError::Expired))
    /// }
    /// ```
    #[cfg(feature = "rustls")]
    pub fn tls(&self) -> Option<&TlsError> {
        match self {
            Self::Tls(error) => Some(error),
            Self::Session(_, Some(source)) => inner(source),
            Self::Connect(tried) => tried.iter().find_map(|(_, source)| inner(source)),
            _ => None,
        }
    }

    /// The same as an `io::Error`, for those who keep this one.
    pub(crate) fn to_io(&self) -> io::Error {
        io::Error::new(self.io_kind(), self.to_string())
    }

    fn io_kind(&self) -> io::ErrorKind {
        match self {
            Self::Resolve(error) | Self::Local(error, _) => error.kind(),
            Self::Connect(tried) => tried
                .last()
                .map_or(io::ErrorKind::NotFound, |(_, error)| error.kind()),
            #[cfg(feature = "rustls")]
            Self::Tls(_) => io::ErrorKind::InvalidInput,
            Self::Session(error, source) => session_kind(error)
                .or_else(|| source.as_ref().map(io::Error::kind))
                .unwrap_or(io::ErrorKind::Other),
            Self::NotListed(_) => io::ErrorKind::InvalidData,
        }
    }
}

#[cfg(feature = "rustls")]
fn inner(source: &io::Error) -> Option<&TlsError> {
    source.get_ref().and_then(|inner| inner.downcast_ref())
}

/// `None` where the operating system knows better, or nobody does.
fn session_kind(error: &ftp_proto::Error) -> Option<io::ErrorKind> {
    match (error.reply().map(|reply| reply.code().get()), error.kind()) {
        (Some(452 | 552), _) => Some(io::ErrorKind::StorageFull),
        (Some(530), _) => Some(io::ErrorKind::PermissionDenied),
        (Some(550), _) => Some(io::ErrorKind::NotFound),
        (_, Cause::Interrupted(interrupted)) => interruption_kind(interrupted.cause),
        (_, Cause::Violation(_) | Cause::Unexpected(_)) => Some(io::ErrorKind::InvalidData),
        (_, Cause::Closed(closed, _)) => match closed {
            Closed::Eof | Closed::Service => Some(io::ErrorKind::ConnectionAborted),
            Closed::Lost(_) => None,
            _ => Some(io::ErrorKind::NotConnected),
        },
        (_, Cause::Timeout(_)) => Some(io::ErrorKind::TimedOut),
        (_, Cause::Policy(_)) => Some(io::ErrorKind::PermissionDenied),
        (_, Cause::Misuse(_)) => Some(io::ErrorKind::InvalidInput),
        _ => None,
    }
}

const fn interruption_kind(cause: Interruption) -> Option<io::ErrorKind> {
    match cause {
        Interruption::Truncated | Interruption::Length => Some(io::ErrorKind::UnexpectedEof),
        Interruption::Timeout(_) => Some(io::ErrorKind::TimedOut),
        Interruption::ControlLost => Some(io::ErrorKind::ConnectionAborted),
        _ => None,
    }
}

/// An argument was refused before anything was sent, so the session is as it was.
impl From<ArgumentError> for Error {
    fn from(error: ArgumentError) -> Self {
        Self::Session(
            ftp_proto::Error::refused_argument(Misuse::Argument(error)),
            None,
        )
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
            #[cfg(feature = "rustls")]
            Self::Tls(error) => write!(f, "TLS cannot be set up: {error}"),
            Self::Resolve(error) => write!(f, "the host has no address: {error}"),
            Self::Connect(tried) => {
                write!(f, "cannot connect")?;
                tried
                    .iter()
                    .try_for_each(|(address, error)| write!(f, "; {address}: {error}"))
            }
            Self::Local(error, _) => write!(f, "the local side of the transfer failed: {error}"),
            Self::NotListed(text) => write!(f, "the server sent no whole listing: {text}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Session(_, Some(source)) | Self::Resolve(source) | Self::Local(source, _) => {
                Some(innermost(source))
            }
            #[cfg(feature = "rustls")]
            Self::Tls(error) => Some(error),
            _ => None,
        }
    }
}

/// An `io::Error` that only carries another error does not show that one as its source.
fn innermost(source: &io::Error) -> &(dyn std::error::Error + 'static) {
    match source.get_ref() {
        Some(inner) => inner,
        None => source,
    }
}
