//! What can go wrong: the machine's error, with the operating system's beside it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ftp_proto::{After, ErrorKind as Cause, Reply, Verb};

/// What an operation comes to.
pub type Result<T> = std::result::Result<T, Error>;

/// Each address that was tried for the control connection, and why it led nowhere.
pub type Tried = Arc<Vec<(SocketAddr, io::Error)>>;

/// Why an operation did not succeed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The session's error, with the cause in the operating system if there is one.
    Session(ftp_proto::Error, Option<io::Error>),
    /// No address could be connected to; each was tried.
    Connect(Tried),
    /// The operation was cancelled, or its outcome was already taken, or the handle is another client's.
    Spent,
}

impl Error {
    /// The step at which it happened; `None` if there was no session.
    pub fn verb(&self) -> Option<Verb> {
        self.session().and_then(ftp_proto::Error::verb)
    }

    /// The reply that goes with the error.
    pub fn reply(&self) -> Option<&Reply> {
        self.session().and_then(ftp_proto::Error::reply)
    }

    /// What the session was good for then; `None` if the error says nothing about it.
    pub fn after(&self) -> Option<After> {
        match self {
            Self::Session(error, _) => Some(error.after()),
            Self::Connect(_) => Some(After::Dead),
            Self::Spent => None,
        }
    }

    /// Whether the same may succeed later: 4xx replies, and connections that broke or were not made.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Session(error, _) => error.is_transient(),
            Self::Connect(_) => true,
            Self::Spent => false,
        }
    }

    /// Whether it is a mistake of the caller, who can read it off the order of calls and their arguments.
    pub fn is_misuse(&self) -> bool {
        match self {
            Self::Session(error, _) => matches!(error.kind(), Cause::Misuse(_)),
            Self::Connect(_) => false,
            Self::Spent => true,
        }
    }

    /// The session's error.
    pub const fn session(&self) -> Option<&ftp_proto::Error> {
        match self {
            Self::Session(error, _) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(error, Some(source)) => write!(f, "{error} ({source})"),
            Self::Session(error, None) => write!(f, "{error}"),
            Self::Connect(tried) if tried.is_empty() => {
                write!(f, "there is no address to connect to")
            }
            Self::Connect(tried) => {
                write!(f, "cannot connect")?;
                tried
                    .iter()
                    .try_for_each(|(address, error)| write!(f, "; {address}: {error}"))
            }
            Self::Spent => write!(f, "there is no outcome for this handle"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Session(_, Some(source)) => Some(source),
            _ => None,
        }
    }
}
