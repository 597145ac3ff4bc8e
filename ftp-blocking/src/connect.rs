//! From a name to a session.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Instant;

use ftp_proto::operation::Greet;
use ftp_proto::trace::Record;
use ftp_proto::{After, Config, DataMode, Detail, TlsPolicy};

use crate::client::Client;
use crate::debug::Debug;
use crate::driver::{Driven, Driver};
use crate::error::{Error, Result};
use crate::tcp::Tcp;
use crate::transport::{Stream, Transport};

/// The port of FTP (RFC 959).
pub const DEFAULT_PORT: u16 = 21;
/// The port of FTP under implicit TLS, by custom and in the registry of ports.
pub const IMPLICIT_TLS_PORT: u16 = 990;

/// Everything that can be set before a connection is made.
///
/// ```no_run
/// use std::time::Duration;
/// use ftp_blocking::{Client, proto::Timeouts};
///
/// let mut client = Client::builder()
///     .timeouts(Timeouts::all(Duration::from_secs(10)))
///     .debug(std::io::stderr())
///     .connect("ftp.example.org")?;
/// # Ok::<(), ftp_blocking::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it connects"]
pub struct Builder<T> {
    transport: T,
    config: Config,
    debug: Debug,
}

impl Default for Builder<Tcp> {
    fn default() -> Self {
        Self::new(Tcp::default())
    }
}

impl Builder<Tcp> {
    /// Connects from this address of ours: the control connection, and with it all data connections.
    ///
    /// ```
    /// use ftp_blocking::Client;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// let ftp = Client::builder()
    ///     .source_address("127.0.0.1".parse()?)
    ///     .connect_to(&[server.address()])?;
    /// # ftp.quit()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn source_address(self, address: IpAddr) -> Self {
        self.transport(Tcp::from_source(address))
    }
}

impl<T> Builder<T> {
    /// Over the given transport.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            config: Config::default(),
            debug: Debug::default(),
        }
    }

    /// Over another transport.
    pub fn transport<U>(self, transport: U) -> Builder<U> {
        Builder {
            transport,
            config: self.config,
            debug: self.debug,
        }
    }

    /// Over TLS; [`TlsPolicy::Full`] comes with it, unless the configuration makes a demand of its own, so that neither
    /// passwords nor payload go out in clear whatever the server says.
    #[cfg(feature = "rustls")]
    pub fn tls(mut self, tls: crate::Tls) -> Builder<crate::Tls> {
        if self.config.tls == TlsPolicy::None {
            self.config.tls = TlsPolicy::Full;
        }
        self.transport(tls)
    }

    /// With this configuration, all of it. But a demand for TLS that was made before stays unless `config` makes
    /// another: the order of these calls cannot turn it off.
    pub fn config(self, mut config: Config) -> Self {
        if config.tls == TlsPolicy::None {
            config.tls = self.config.tls;
        }
        Self { config, ..self }
    }

    /// With these limits for waiting. [`Timeouts::all`](ftp_proto::Timeouts::all) is ftplib's single `timeout`.
    #[doc(alias = "timeout")]
    pub fn timeouts(mut self, timeouts: ftp_proto::Timeouts) -> Self {
        self.config.timeouts = timeouts;
        self
    }

    /// Opens data connections in this way. The default is passive: EPSV, then PASV.
    #[doc(alias = "set_pasv")]
    pub const fn data_mode(mut self, mode: DataMode) -> Self {
        self.config.data_mode = mode;
        self
    }

    /// Writes a line for each command and each reply to `writer`, passwords masked: ftplib's debug level 1.
    /// [`Client::set_debug_level`] changes the level later.
    pub fn debug(mut self, writer: impl Write + Send + 'static) -> Self {
        self.config.detail = self.config.detail.max(Detail::Requests);
        self.debug = Debug::to_writer(writer);
        self
    }

    /// Hands every record of the session to `sink`, at full detail: enough to replay it.
    pub fn trace(mut self, sink: impl FnMut(&Record) + Send + 'static) -> Self {
        self.config.detail = Detail::Everything;
        self.debug = Debug::to_records(sink);
        self
    }
}

impl<T: Transport> Builder<T> {
    /// Connects to `host`, a name or address, with a port behind a colon if it is not 21 (990 under implicit TLS).
    /// All its addresses are tried in turn, each within its own limit; then the greeting is awaited. Under TLS the
    /// server's certificates have to be for this name.
    ///
    /// The look-up of the name is the operating system's and has no limit of ours; see
    /// [`connect_to`](Self::connect_to).
    ///
    /// # Errors
    /// [`Error::Resolve`], [`Error::Connect`], or the session's error when the greeting is none or a refusal.
    pub fn connect(self, host: &str) -> Result<Client<T>> {
        let default = if self.transport.is_secured() {
            IMPLICIT_TLS_PORT
        } else {
            DEFAULT_PORT
        };
        let (name, port) = split(host, default);
        let addresses: Vec<_> = (name, port)
            .to_socket_addrs()
            .map_err(Error::Resolve)?
            .collect();
        self.connect_any(Some(name), &addresses)
    }

    /// Connects to the first of `addresses` that answers. Under TLS the server's certificates have to be for that
    /// address, unless the transport knows of a name.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), less the look-up.
    pub fn connect_to(self, addresses: &[SocketAddr]) -> Result<Client<T>> {
        self.connect_any(None, addresses)
    }

    fn connect_any(mut self, name: Option<&str>, addresses: &[SocketAddr]) -> Result<Client<T>> {
        let mut tried = Vec::new();
        for address in addresses {
            let numeric = address.ip().to_string();
            match self.dial(name.unwrap_or(&numeric), *address) {
                Ok(stream) => return self.greet(stream, *address),
                Err(error) => tried.push((*address, error)),
            }
        }
        Err(Error::Connect(tried))
    }

    fn dial(&mut self, host: &str, address: SocketAddr) -> io::Result<T::Stream> {
        let timeouts = &self.config.timeouts;
        let mut stream = self.transport.connect(host, address, timeouts.connect)?;
        let (limit, begun) = (timeouts.securing, Instant::now());
        while self.transport.is_secured() {
            let left = limit.saturating_sub(begun.elapsed());
            if stream.handshake(left)? {
                break;
            }
            if left.is_zero() {
                let late = "the TLS handshake took too long";
                return Err(io::Error::new(io::ErrorKind::TimedOut, late));
            }
        }
        Ok(stream)
    }

    fn greet(self, stream: T::Stream, address: SocketAddr) -> Result<Client<T>> {
        let driver = Driver::new(
            self.transport,
            stream,
            address.ip(),
            self.config,
            self.debug,
        );
        let mut driver = driver.map_err(|error| Error::Connect(vec![(address, error)]))?;
        match driver.drive(&mut Greet) {
            Driven::Ready(welcome) => Ok(Client::new(driver, welcome?)),
            Driven::Moving => Err(Error::Local(
                io::Error::other("payload moves before the greeting"),
                After::Dead,
            )),
        }
    }
}

/// The name or address, and the port. A bare IPv6 address has colons and no port.
fn split(host: &str, default: u16) -> (&str, u16) {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if host.parse::<IpAddr>().is_err() => (name, port.parse().ok()),
        _ => (host, Some(default)),
    };
    match port {
        Some(port) => (bare(name), port),
        None => (bare(host), default),
    }
}

fn bare(name: &str) -> &str {
    name.strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn hosts_are_split_from_their_ports() {
        for (host, name, port) in [
            ("ftp.example.org", "ftp.example.org", 21),
            ("ftp.example.org:2121", "ftp.example.org", 2121),
            ("192.0.2.1", "192.0.2.1", 21),
            ("192.0.2.1:2121", "192.0.2.1", 2121),
            ("2001:db8::1", "2001:db8::1", 21),
            ("[2001:db8::1]", "2001:db8::1", 21),
            ("[2001:db8::1]:2121", "2001:db8::1", 2121),
            // No port, so it stays a name, which nobody will know.
            ("ftp.example.org:ftp", "ftp.example.org:ftp", 21),
        ] {
            assert_eq!(split(host, 21), (name, port), "{host}");
        }
    }
}
