//! Settings before a connection is made.

use std::io::Write;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::num::NonZeroU64;

use ftp_proto::driver::{DEFAULT_PORT, Endpoint, Error, IMPLICIT_TLS_PORT, Result, Settings};
use ftp_proto::trace::Record;
use ftp_proto::{Config, DataMode, Detail, TlsPolicy};

use crate::client::Client;
use crate::connect::connect;
use crate::debug::Debug;
use crate::tcp::Tcp;
use crate::transport::Transport;

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
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it connects"]
pub struct Builder<T> {
    transport: T,
    settings: Settings,
    debug: Debug,
    rate: Option<NonZeroU64>,
}

impl Default for Builder<Tcp> {
    fn default() -> Self {
        Self::new(Tcp::default())
    }
}

impl Builder<Tcp> {
    /// Connects from this local address: the control connection, and with it all data connections.
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

impl<T: Transport> Builder<T> {
    /// Connects over the given transport. With one that [is for TLS](Transport::is_for_tls), the
    /// policy is [`TlsPolicy::Full`] unless the configuration sets its own demand, so that no
    /// password or payload is sent in clear, whatever the server says.
    pub fn new(transport: T) -> Self {
        let mut settings = Settings::default();
        if transport.is_for_tls() {
            settings.demand_tls();
        }
        Self {
            transport,
            settings,
            debug: Debug::default(),
            rate: None,
        }
    }

    /// Replaces the transport, as [`new`](Self::new) takes one. Other settings stay.
    pub fn transport<U: Transport>(self, transport: U) -> Builder<U> {
        let builder = Builder::new(transport);
        let mut settings = self.settings;
        if builder.transport.is_for_tls() {
            settings.demand_tls();
        }
        Builder {
            settings,
            debug: self.debug,
            rate: self.rate,
            ..builder
        }
    }

    /// Connects over TLS: the same as [`transport`](Self::transport).
    #[cfg(feature = "rustls")]
    pub fn tls<U: Transport>(self, tls: crate::Tls<U>) -> Builder<crate::Tls<U>> {
        self.transport(tls)
    }

    /// Uses this configuration. Settings of the other methods stay in force, whether they come
    /// before or after it, and a demand for TLS stays unless `config` sets another.
    pub fn config(mut self, config: Config) -> Self {
        self.settings.config(config);
        self
    }

    /// Uses these limits for waiting. [`Timeouts::all`](ftp_proto::Timeouts::all) is ftplib's
    /// single `timeout`.
    #[doc(alias = "timeout")]
    pub const fn timeouts(mut self, timeouts: ftp_proto::Timeouts) -> Self {
        self.settings.timeouts(timeouts);
        self
    }

    /// Opens data connections in this way. The default is passive: EPSV, then PASV.
    #[doc(alias = "set_pasv")]
    pub const fn data_mode(mut self, mode: DataMode) -> Self {
        self.settings.data_mode(mode);
        self
    }

    /// Sets the TLS policy, whatever transport and configuration demand. [`TlsPolicy::None`] is the
    /// only way to send passwords and payload in clear over a transport that is for TLS.
    pub const fn tls_policy(mut self, policy: TlsPolicy) -> Self {
        self.settings.tls_policy(policy);
        self
    }

    /// Moves at most so many bytes of payload in a second, in each session. What the limit holds
    /// back does not count against the limits for waiting.
    ///
    /// ```
    /// use std::num::NonZeroU64;
    /// use ftp_blocking::Client;
    ///
    /// let builder = Client::builder().rate_limit(NonZeroU64::new(1_000_000)); // 1 MB/s
    /// # let _ = builder;
    /// ```
    pub fn rate_limit(mut self, bytes_per_second: impl Into<Option<NonZeroU64>>) -> Self {
        self.rate = bytes_per_second.into();
        self
    }

    /// Writes a line for each command and each reply to `writer`, passwords masked: ftplib's debug
    /// level 1. [`Client::set_debug_level`] changes the level later.
    pub fn debug(mut self, writer: impl Write + Send + 'static) -> Self {
        self.settings.detail(Detail::Requests);
        self.debug = Debug::to_writer(writer);
        self
    }

    /// Passes every record of the session to `sink`, at full detail: enough for a replay.
    pub fn trace(mut self, sink: impl FnMut(&Record) + Send + 'static) -> Self {
        self.settings.detail(Detail::Everything);
        self.debug = Debug::to_records(sink);
        self
    }

    /// Connects to `host`, a name or address, with a port after a colon if it is not 21 (990 under
    /// implicit TLS). Tries all its addresses in turn, each within its own limit, and then awaits
    /// the greeting. Under TLS the server's certificates have to name this host.
    ///
    /// The operating system looks the name up, without a limit of this crate; see
    /// [`connect_to`](Self::connect_to). A transport that [looks names
    /// up](Transport::looks_names_up) itself, such as a proxy, gets the name.
    ///
    /// # Errors
    /// [`Error::Host`] if `host` is not a host, [`Error::Resolve`], [`Error::Connect`], or the
    /// session's error if the server refuses or does not send an FTP greeting.
    pub fn connect(self, host: &str) -> Result<Client<T>> {
        let target = Endpoint::parse(host, self.default_port())?;
        self.connect_endpoint(target)
    }

    pub(crate) fn default_port(&self) -> u16 {
        if self.transport.is_secured() {
            IMPLICIT_TLS_PORT
        } else {
            DEFAULT_PORT
        }
    }

    pub(crate) fn is_for_tls(&self) -> bool {
        self.transport.is_for_tls()
    }

    pub(crate) fn connect_endpoint(self, target: Endpoint) -> Result<Client<T>> {
        if target.address().is_some() || self.transport.looks_names_up() {
            return self.connect_any([target]);
        }
        let name = target.host().into_owned();
        let addresses = (name.as_str(), target.port())
            .to_socket_addrs()
            .map_err(Error::Resolve)?;
        self.connect_any(addresses.map(|address| Endpoint::from(address).named(&*name)))
    }

    /// Connects to the first of `addresses` that answers. Under TLS the server's certificates have
    /// to be for that address, unless the transport knows of a name.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), without the look-up.
    pub fn connect_to(self, addresses: &[SocketAddr]) -> Result<Client<T>> {
        self.connect_any(addresses.iter().copied().map(Endpoint::from))
    }

    fn connect_any(self, targets: impl IntoIterator<Item = Endpoint>) -> Result<Client<T>> {
        let config = self.settings.build();
        let mut client = connect(self.transport, config, self.debug, targets)?;
        client.set_rate_limit(self.rate);
        Ok(client)
    }
}

impl Client<Tcp> {
    /// Connects over TCP in clear to `host`, with a port after a colon if it is not 21: ftplib's
    /// `FTP(host)`.
    ///
    /// ```
    /// use ftp_blocking::Client;
    /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
    /// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// # let host = server.address().to_string();
    /// let mut ftp = Client::connect(&host)?;
    /// println!("{}", ftp.welcome());
    /// ftp.login_anonymous()?;
    /// ftp.quit()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// There is no address or no connection, or the greeting is not positive.
    #[doc(alias = "FTP")]
    pub fn connect(host: &str) -> Result<Self> {
        Self::builder().connect(host)
    }

    /// Connects and logs in: ftplib's `FTP(host, user, passwd)`.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect) and of [`login`](Self::login).
    #[doc(alias = "FTP")]
    pub fn connect_as(
        host: &str,
        user: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
    ) -> Result<Self> {
        let mut client = Self::connect(host)?;
        client.login(user, password)?;
        Ok(client)
    }

    /// Sets options before connecting: time limits, the source address, the data mode, the log.
    pub fn builder() -> Builder<Tcp> {
        Builder::default()
    }
}
