//! Why a command fails, and the exit codes for scripts.

use std::fmt;
use std::io;

use ftp_blocking::Error;
use ftp_blocking::proto::ErrorKind;

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why a command fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments, or a file of settings.
    Usage(String),
    /// The server, or the way to it.
    Ftp(Error),
    /// The local side.
    Local(String, io::Error),
    /// Some of it is done; the failures were told one by one.
    Partly(String),
    /// Ctrl-C.
    Interrupted,
}

impl Failure {
    /// 0 is success, and 2 is also what the parser of arguments ends with.
    pub(crate) fn code(&self) -> u8 {
        if crate::interrupt::is_asked() {
            return 130;
        }
        match self {
            Self::Partly(_) => 1,
            Self::Usage(_) => 2,
            Self::Ftp(error) => ftp_code(error),
            // A reader that has enough is a success, as with `head`.
            Self::Local(_, error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Local(..) => 6,
            Self::Interrupted => 130,
        }
    }

    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Local(_, error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn ftp_code(error: &Error) -> u8 {
    if error.tls().is_some() {
        return 7;
    }
    if let Error::Local(source, _) = error {
        return if source.kind() == io::ErrorKind::BrokenPipe {
            0
        } else {
            6
        };
    }
    if error.is_misuse() {
        return 2;
    }
    if error.reply().is_some_and(|reply| reply.code().get() == 530) {
        return 4;
    }
    match (error, error.kind()) {
        (Error::Resolve(_) | Error::Connect(_), _) => 3,
        (_, Some(ErrorKind::Closed(..) | ErrorKind::Timeout(_))) => 3,
        (_, Some(ErrorKind::Refused(_))) if error.is_transient() => 3,
        (_, Some(ErrorKind::Refused(_))) => 5,
        (_, Some(ErrorKind::Policy(_))) => 7,
        (_, Some(ErrorKind::Interrupted(_))) if error.is_permanent() => 5,
        _ => 8,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if crate::interrupt::is_asked() {
            return Self::Interrupted;
        }
        Self::Ftp(error)
    }
}

/// Names what a local error is about.
pub(crate) fn local(what: impl fmt::Display) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::Local(what.to_string(), error)
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Partly(text) => f.write_str(text),
            Self::Ftp(error) => error.fmt(f),
            Self::Local(what, error) => write!(f, "{what}: {error}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}
