//! Why a command fails, and the exit codes for scripts.

use std::fmt;
use std::io;

use ftp_blocking::proto::{ErrorKind, Verb};
use ftp_blocking::{Error, FtpUrl};

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why a command fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments, or a file of settings.
    Usage(String),
    /// The server, or the way to it; and the URL, where there is one.
    Ftp(Error, Option<String>),
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
            // A reader that has enough is a success, as with `head`.
            _ if self.is_silent() => 0,
            Self::Ftp(error, _) => ftp_code(error),
            Self::Local(..) => 6,
            Self::Interrupted => 130,
        }
    }

    pub(crate) fn is_silent(&self) -> bool {
        let (Self::Local(_, error) | Self::Ftp(Error::Local(error, _), _)) = self else {
            return false;
        };
        error.kind() == io::ErrorKind::BrokenPipe
    }

    /// Says which URL it is about.
    pub(crate) fn about(self, url: &FtpUrl) -> Self {
        match self {
            Self::Ftp(error, None) => Self::Ftp(error, Some(url.to_string())),
            other => other,
        }
    }
}

fn ftp_code(error: &Error) -> u8 {
    if error.tls().is_some() {
        return 7;
    }
    if matches!(error, Error::Local(..)) {
        return 6;
    }
    if error.is_misuse() {
        return 2;
    }
    let is_530 = error.reply().is_some_and(|reply| reply.code().get() == 530);
    // A server without TLS may answer AUTH like that.
    if is_530 && error.verb() != Some(Verb::Auth) {
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
        Self::Ftp(error, None)
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
            Self::Ftp(error, None) => error.fmt(f),
            Self::Ftp(error, Some(url)) => write!(f, "{url}: {error}"),
            Self::Local(what, error) => write!(f, "{what}: {error}"),
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}
