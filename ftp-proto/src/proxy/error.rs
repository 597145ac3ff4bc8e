//! Why there is no connection through a proxy.

use alloc::vec::Vec;
use core::fmt;

use crate::shown;

/// Why there is no connection through a proxy. No text shows a user or a password.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The proxy cannot be asked for the host: it is empty, longer than 255 bytes, or holds a byte
    /// that a name cannot have.
    #[error(
        "the proxy cannot be asked for this host: an address is expected, or a name of at most 255 \
         letters, digits, '-', '.' and '_'"
    )]
    Host,
    /// The user or the password cannot be sent to the proxy.
    #[error(
        "this user or password cannot be sent to the proxy: each has at most 255 bytes without CR, \
         LF and NUL, and the user is not empty and for CONNECT has no colon"
    )]
    Credentials,
    /// Active mode was asked for. The server cannot connect to the client through a proxy.
    #[error("active mode does not work through a proxy: use passive mode")]
    ActiveMode,
    /// The proxy refused, with these words.
    #[error("the proxy refuses: {0}")]
    Refused(Refusal),
    /// A SOCKS5 proxy accepts neither a connection without a login nor, if they were given, user
    /// and password.
    #[error("the proxy accepts none of the offered methods of authentication")]
    NoMethod,
    /// The answer is not one of SOCKS5 or HTTP/1, whichever was asked.
    #[error("the proxy's answer does not follow its protocol")]
    Malformed,
    /// The answer is longer than [`ANSWER_BYTES_MAX`](super::ANSWER_BYTES_MAX).
    #[error("the proxy's answer is longer than 8 KiB")]
    TooLong,
    /// The proxy closed the connection before its answer was complete.
    #[error("the proxy closed the connection without an answer")]
    Closed,
}

/// A proxy's refusal: its code and its words.
///
/// `Display` escapes control characters.
///
/// ```
/// use ftp_proto::proxy::{Proxy, ProxyError};
///
/// let mut handshake = Proxy::http_connect().ask("ftp.example.org", 21)?;
/// let error = handshake.receive(b"HTTP/1.1 403 Not \x1b[2J here\r\n").unwrap_err();
/// let ProxyError::Refused(refusal) = error else { panic!("{error}") };
/// assert_eq!((refusal.code(), refusal.text()), (403, &b"Not \x1b[2J here"[..]));
/// assert_eq!(refusal.to_string(), "403 Not \\u{1b}[2J here");
/// # Ok::<(), ProxyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    code: u16,
    text: Vec<u8>,
}

impl Refusal {
    pub(super) fn new(code: u16, text: &[u8]) -> Self {
        let text = text.to_vec();
        Self { code, text }
    }

    /// The status of an HTTP answer, the reply field of SOCKS5 (RFC 1928 section 6), or the status
    /// of its login (RFC 1929).
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// The reason phrase of an HTTP answer as it came, or the meaning that the RFC gives to the
    /// code of SOCKS5.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.code)?;
        shown::escape(&self.text, f)
    }
}

/// The error of std that carries it (feature `std`). A refusal is `ConnectionRefused`, or
/// unreachable where SOCKS5 says so.
#[cfg(feature = "std")]
impl From<ProxyError> for std::io::Error {
    fn from(error: ProxyError) -> Self {
        use std::io::ErrorKind as Kind;
        let kind = match &error {
            ProxyError::Host | ProxyError::Credentials => Kind::InvalidInput,
            ProxyError::ActiveMode => Kind::Unsupported,
            ProxyError::Refused(refusal) => match refusal.code {
                3 => Kind::NetworkUnreachable,
                4 | 6 => Kind::HostUnreachable,
                _ => Kind::ConnectionRefused,
            },
            ProxyError::NoMethod => Kind::ConnectionRefused,
            // Not `InvalidData`, which a driver takes for a failure of TLS.
            ProxyError::Malformed | ProxyError::TooLong => Kind::Other,
            ProxyError::Closed => Kind::ConnectionAborted,
        };
        Self::new(kind, error)
    }
}
