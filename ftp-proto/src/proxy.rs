//! Proxies: SOCKS5 (RFC 1928, with user and password by RFC 1929) and HTTP CONNECT (RFC 9110
//! section 9.3.6, with Basic by RFC 7617).
//!
//! A [`Handshake`] is bytes in, bytes out. It opens no socket and never waits: the driver dials the
//! proxy, moves the bytes within a limit of time, and uses the connection once the handshake is
//! open. The proxy looks the host's name up.
//!
//! ```
//! use ftp_proto::proxy::{Proxy, ProxyError};
//!
//! let proxy = Proxy::http_connect().credentials("ann", "secret")?;
//! let mut handshake = proxy.ask("ftp.example.org", 21)?;
//! assert!(handshake.transmit().starts_with(b"CONNECT ftp.example.org:21 HTTP/1.1\r\n"));
//! handshake.transmitted(handshake.transmit().len());
//!
//! // The server's greeting comes right behind the proxy's answer.
//! handshake.receive(b"HTTP/1.1 200 Connection established\r\n\r\n220 ready\r\n")?;
//! assert!(handshake.is_open());
//! let mut early = [0; 64];
//! let count = handshake.read(&mut early);
//! assert_eq!(&early[..count], b"220 ready\r\n");
//!
//! let mut handshake = Proxy::socks5().ask("ftp.example.org", 21)?;
//! handshake.receive(&[5, 0])?;
//! let error = handshake.receive(&[5, 2]).unwrap_err();
//! assert_eq!(error.to_string(), "the proxy refuses: 2 connection not allowed by ruleset");
//! # Ok::<(), ProxyError>(())
//! ```

mod error;
mod handshake;
mod http;
mod socks5;
mod step;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

pub use error::{ProxyError, Refusal};
pub use handshake::{ANSWER_BYTES_MAX, Handshake};

/// The longest name of a host, and the longest user and password: a length of SOCKS5 is one byte.
const TEXT_BYTES_MAX: usize = 255;

/// How to ask a proxy for a connection: its protocol, and perhaps a user and a password.
///
/// `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct Proxy {
    protocol: Protocol,
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug)]
enum Protocol {
    Socks5,
    HttpConnect,
}

#[derive(Clone)]
struct Credentials {
    user: Vec<u8>,
    password: Vec<u8>,
}

/// The host that a proxy is asked for.
#[derive(Clone, Debug)]
enum Host {
    Name(String),
    Address(IpAddr),
}

impl Proxy {
    /// A SOCKS5 proxy (RFC 1928) without a login.
    pub const fn socks5() -> Self {
        Self {
            protocol: Protocol::Socks5,
            credentials: None,
        }
    }

    /// An HTTP proxy with the method CONNECT (RFC 9110 section 9.3.6) without a login.
    pub const fn http_connect() -> Self {
        Self {
            protocol: Protocol::HttpConnect,
            credentials: None,
        }
    }

    /// Logs in at the proxy with a user and a password: by RFC 1929 under SOCKS5, if the proxy asks
    /// for it, and by `Proxy-Authorization: Basic` under CONNECT, always. Both send the password in
    /// clear.
    ///
    /// # Errors
    /// [`ProxyError::Credentials`] if the user is empty, if either is longer than 255 bytes or
    /// holds CR, LF or NUL, or if a user for CONNECT holds a colon, which ends it in Basic.
    pub fn credentials(
        self,
        user: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
    ) -> Result<Self, ProxyError> {
        let (user, password) = (user.as_ref(), password.as_ref());
        let ends_user = matches!(self.protocol, Protocol::HttpConnect) && user.contains(&b':');
        if user.is_empty() || ends_user || !is_sendable(user) || !is_sendable(password) {
            return Err(ProxyError::Credentials);
        }
        Ok(Self {
            credentials: Some(Credentials {
                user: user.to_vec(),
                password: password.to_vec(),
            }),
            ..self
        })
    }

    /// Begins to ask for a connection to `host`, a name or an IP address, at `port`. A name goes to
    /// the proxy as it is.
    ///
    /// # Errors
    /// [`ProxyError::Host`] unless `host` is an address, or 1 to 255 ASCII letters, digits, `-`,
    /// `.` and `_`. An international name has to be in its ASCII form.
    pub fn ask(&self, host: &str, port: u16) -> Result<Handshake, ProxyError> {
        let host = Host::parse(host)?;
        Ok(match self.protocol {
            Protocol::Socks5 => Handshake::socks5(&host, port, self.credentials.clone()),
            Protocol::HttpConnect => Handshake::http(&host, port, self.credentials.as_ref()),
        })
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self, ProxyError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let is_of_a_name =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if text.is_empty() || text.len() > TEXT_BYTES_MAX || !text.bytes().all(is_of_a_name) {
            return Err(ProxyError::Host);
        }
        Ok(Self::Name(text.into()))
    }
}

fn is_sendable(text: &[u8]) -> bool {
    text.len() <= TEXT_BYTES_MAX
        && !text
            .iter()
            .any(|byte| matches!(byte, b'\r' | b'\n' | b'\0'))
}

/// Shows the protocol, and whether there are credentials.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("protocol", &self.protocol)
            .field("has_credentials", &self.credentials.is_some())
            .finish_non_exhaustive()
    }
}
