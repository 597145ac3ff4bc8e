//! From a name to a session.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use ftp_proto::operation::Greet;
use ftp_proto::trace::Record;
use ftp_proto::{After, Config, DataMode, Detail};

use crate::client::Client;
use crate::debug::Debug;
use crate::driver::{Driven, Driver};
use crate::error::{Error, Result};
use crate::tcp::Tcp;
use crate::transport::Transport;

/// The port of FTP (RFC 959).
pub const DEFAULT_PORT: u16 = 21;

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

    /// With this configuration, all of it.
    pub fn config(self, config: Config) -> Self {
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
    /// Connects to `host`, a name or address, with a port behind a colon if it is not 21. All its addresses are tried
    /// in turn, each within its own limit; then the greeting is awaited.
    ///
    /// The look-up of the name is the operating system's and has no limit of ours; see
    /// [`connect_to`](Self::connect_to).
    ///
    /// # Errors
    /// [`Error::Resolve`], [`Error::Connect`], or the session's error when the greeting is none or a refusal.
    pub fn connect(self, host: &str) -> Result<Client<T>> {
        let addresses = resolve(host).map_err(Error::Resolve)?;
        self.connect_to(&addresses)
    }

    /// Connects to the first of `addresses` that answers.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), less the look-up.
    pub fn connect_to(mut self, addresses: &[SocketAddr]) -> Result<Client<T>> {
        let mut tried = Vec::new();
        for address in addresses {
            match self
                .transport
                .connect(*address, self.config.timeouts.connect)
            {
                Ok(stream) => return self.greet(stream, *address),
                Err(error) => tried.push((*address, error)),
            }
        }
        Err(Error::Connect(tried))
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

fn resolve(host: &str) -> io::Result<Vec<SocketAddr>> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let with_port = || host.to_socket_addrs().map(Iterator::collect);
    let without = || {
        (bare, DEFAULT_PORT)
            .to_socket_addrs()
            .map(Iterator::collect)
    };
    // A bare IPv6 address has colons and no port.
    if bare.parse::<IpAddr>().is_ok() {
        without()
    } else {
        with_port().or_else(|_| without())
    }
}
