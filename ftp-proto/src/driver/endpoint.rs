//! The server to connect to: a name with a port, or an address.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use core::fmt;
use core::net::{IpAddr, SocketAddr};

/// The port of FTP (RFC 959).
pub const DEFAULT_PORT: u16 = 21;
/// The port of FTP under implicit TLS, by custom and in the registry of ports.
pub const IMPLICIT_TLS_PORT: u16 = 990;

/// Where a control connection goes: what a transport is asked to dial.
///
/// A transport that looks names up itself, such as a proxy, gets the name with its port. Others get
/// an address, with the caller's name for it if there was one: TLS certificates are checked against
/// the name.
///
/// ```
/// use ftp_proto::driver::Endpoint;
///
/// let named: Endpoint = "ftp.example.org:2121".parse()?;
/// assert_eq!((&*named.host(), named.port()), ("ftp.example.org", 2121));
/// assert_eq!(named.address(), None);
///
/// let found = Endpoint::from(([192, 0, 2, 1], 2121)).named("ftp.example.org");
/// assert_eq!(&*found.host(), "ftp.example.org");
/// assert_eq!(found.address(), Some(([192, 0, 2, 1], 2121).into()));
/// # Ok::<(), ftp_proto::driver::EndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    name: Option<String>,
    port: u16,
    address: Option<IpAddr>,
}

/// A text that does not name a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// There is nothing before the port, or nothing at all.
    #[error("a host is expected, and it is missing")]
    Empty,
    /// It is a URL, or a host with a path.
    #[error("a host is expected, with or without a port, not a URL or a path")]
    Url,
    /// What follows the colon is no number from 1 to 65535.
    #[error("a host is expected, with a port from 1 to 65535 after its colon")]
    Port,
}

impl Endpoint {
    /// The host of this name at `port`, not looked up.
    pub fn name(name: impl Into<String>, port: u16) -> Self {
        Self {
            name: Some(name.into()),
            port,
            address: None,
        }
    }

    /// Reads a name or an address, with a port behind a colon if it is not `port`. An IPv6 address
    /// with a port stands in brackets.
    ///
    /// # Errors
    ///
    /// The text is not a host: it is empty, a URL, or has a colon without a port.
    pub fn parse(text: &str, port: u16) -> Result<Self, EndpointError> {
        if text.contains('/') {
            return Err(EndpointError::Url);
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, digits)) if text.parse::<IpAddr>().is_err() && !text.ends_with(']') => {
                let number = digits.parse().ok().filter(|number| *number != 0);
                (host, number.ok_or(EndpointError::Port)?)
            }
            _ => (text, port),
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        match bare.parse::<IpAddr>() {
            Ok(address) => Ok(SocketAddr::new(address, port).into()),
            Err(_) if bare.trim().is_empty() => Err(EndpointError::Empty),
            Err(_) if bare.contains(':') => Err(EndpointError::Port),
            Err(_) => Ok(Self::name(bare, port)),
        }
    }

    /// The same server under this name: under TLS, its certificates have to be for it.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    /// The same host at another port.
    #[must_use]
    pub fn at_port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// The name, or else the address as text. Certificates are checked against it.
    pub fn host(&self) -> Cow<'_, str> {
        match (&self.name, self.address) {
            (Some(name), _) => Cow::Borrowed(name),
            (None, Some(address)) => Cow::Owned(address.to_string()),
            (None, None) => Cow::Borrowed(""),
        }
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The address to dial; `None` for a name that was not looked up.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
            .map(|address| SocketAddr::new(address, self.port))
    }
}

impl<A: Into<SocketAddr>> From<A> for Endpoint {
    fn from(address: A) -> Self {
        let address = address.into();
        Self {
            name: None,
            port: address.port(),
            address: Some(address.ip()),
        }
    }
}

/// As [`Endpoint::parse`], with port 21 unless another is given.
impl core::str::FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text, DEFAULT_PORT)
    }
}

/// The address, or the name with its port.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address() {
            Some(address) => write!(f, "{address}"),
            None => write!(f, "{}:{}", self.host(), self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, EndpointError};
    use alloc::string::ToString;

    #[test]
    fn hosts_are_split_from_their_ports() {
        for (text, host, port) in [
            ("ftp.example.org", "ftp.example.org", 21),
            ("ftp.example.org:2121", "ftp.example.org", 2121),
            ("192.0.2.1", "192.0.2.1", 21),
            ("192.0.2.1:2121", "192.0.2.1", 2121),
            ("2001:db8::1", "2001:db8::1", 21),
            ("[2001:db8::1]", "2001:db8::1", 21),
            ("[2001:db8::1]:2121", "2001:db8::1", 2121),
        ] {
            let found = Endpoint::parse(text, 21).map(|to| (to.host().into_owned(), to.port()));
            assert_eq!(found, Ok((host.to_string(), port)), "{text}");
        }
    }

    #[test]
    fn an_address_is_dialled_and_a_name_is_looked_up() {
        for (text, address) in [
            ("ftp.example.org:2121", None),
            ("192.0.2.1:2121", Some(([192, 0, 2, 1], 2121).into())),
        ] {
            let found = Endpoint::parse(text, 21).map(|to| to.named("name").address());
            assert_eq!(found, Ok(address), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_host_is_an_error() {
        for (text, error) in [
            ("", EndpointError::Empty),
            (":21", EndpointError::Empty),
            ("[]:21", EndpointError::Empty),
            ("ftp://h/p", EndpointError::Url),
            ("h/p", EndpointError::Url),
            ("h:", EndpointError::Port),
            ("h:0", EndpointError::Port),
            ("h:22x", EndpointError::Port),
            ("h:65536", EndpointError::Port),
            ("a:b:21", EndpointError::Port),
        ] {
            assert_eq!(Endpoint::parse(text, 21), Err(error), "{text}");
            assert!(error.to_string().starts_with("a host is expected"));
        }
    }
}
