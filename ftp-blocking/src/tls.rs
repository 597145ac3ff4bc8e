//! FTPS over TCP, by rustls (feature `rustls`).

mod builder;
mod link;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ftp_proto::tls::rustls::ClientConfig;
use ftp_proto::tls::rustls::pki_types::ServerName;
use ftp_proto::tls::{Channel, Context, Purpose, TlsError};

use crate::client::Client;
use crate::error::Result;
use crate::tcp::{Tcp, TcpPort};
use crate::transport::Transport;

pub use builder::TlsBuilder;
pub use link::TlsLink;

/// The transport for FTPS: explicit (`AUTH TLS`, RFC 4217) unless it is made [`implicit`](Self::implicit).
///
/// Every control connection has a store of TLS sessions of its own, out of which its data connections resume; nothing
/// of it is shared, and it ends with the connection. The certificate is checked against the host name given to
/// [`Builder::connect`](crate::Builder::connect), on the control connection and on every data connection.
///
/// ```no_run
/// use ftp_blocking::{Client, Tls};
///
/// // The operating system's trust, TLS 1.2 and 1.3:
/// let mut client = Client::builder().tls(Tls::new()?).connect("ftp.example.org")?;
/// client.secure()?;
/// client.login("user", "password")?;
///
/// // An authority of one's own, implicit TLS on port 990:
/// let pem = std::fs::read("authority.pem")?;
/// let tls = Tls::builder().trust_pem(pem)?.build()?.implicit();
/// let mut client = Client::builder().tls(tls).connect("ftp.example.org")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A clone shares the configuration and nothing of the session.
pub struct Tls {
    tcp: Tcp,
    config: Arc<ClientConfig>,
    name: Option<ServerName<'static>>,
    implicit: bool,
    context: Option<Context>,
    tally: Tally,
}

impl Client<Tls> {
    /// Connects to `host`, on port 21 unless it names another, and begins TLS (`AUTH TLS`), trusting whom the operating
    /// system trusts. Data connections are protected. To log in comes next.
    ///
    /// [`Client::builder`] with [`Builder::tls`](crate::Builder::tls) has everything else; call
    /// [`secure`](Self::secure) after it.
    ///
    /// # Errors
    /// As [`Client::connect`] and [`secure`](Self::secure), and [`Error::Tls`](crate::Error::Tls).
    #[doc(alias = "FTP_TLS")]
    pub fn connect_tls(host: &str) -> Result<Self> {
        let mut client = Client::builder().tls(Tls::new()?).connect(host)?;
        client.secure()?;
        Ok(client)
    }
}

/// How many data connections of a session were secured, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DataHandshakes {
    /// Those that resumed a TLS session of the control connection.
    pub resumed: u64,
    /// Those that had a full handshake.
    pub full: u64,
}

/// Counts handshakes; shared with the data connections, which know when theirs is complete.
#[derive(Clone, Debug, Default)]
struct Tally(Arc<Mutex<DataHandshakes>>);

impl Tally {
    fn held(&self) -> MutexGuard<'_, DataHandshakes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, channel: &Channel) {
        let mut counts = self.held();
        match channel.resumed() {
            Some(true) => counts.resumed += 1,
            _ => counts.full += 1,
        }
    }
}

impl Tls {
    /// With the operating system's trust, TLS 1.2 and 1.3, and no client certificate.
    ///
    /// # Errors
    /// The operating system's trust cannot be used.
    pub fn new() -> std::result::Result<Self, TlsError> {
        Self::builder().build()
    }

    /// Sets things before.
    pub fn builder() -> TlsBuilder {
        TlsBuilder::default()
    }

    /// With a configuration of one's own: any cryptography, roots, verifier, versions and client certificate. Its
    /// store of sessions is replaced by one for each control connection.
    pub fn from_config(config: impl Into<Arc<ClientConfig>>) -> Self {
        Self {
            tcp: Tcp::default(),
            config: config.into(),
            name: None,
            implicit: false,
            context: None,
            tally: Tally::default(),
        }
    }

    /// With TLS from the first byte, on port 990 unless another is given.
    #[must_use]
    pub fn implicit(self) -> Self {
        Self {
            implicit: true,
            ..self
        }
    }

    /// Over TCP connections as `tcp` makes them.
    #[must_use]
    pub fn over(self, tcp: Tcp) -> Self {
        Self { tcp, ..self }
    }

    /// Certificates have to be for `name`, whatever host is connected to.
    ///
    /// # Errors
    /// [`TlsError::Host`] if it is neither a DNS name nor an IP address.
    pub fn named(self, name: &str) -> std::result::Result<Self, TlsError> {
        let name = Some(server_name(name)?);
        Ok(Self { name, ..self })
    }

    /// What the data connections of this session resume from; `None` before there is one.
    pub const fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// The handshakes of this session's data connections.
    pub fn data_handshakes(&self) -> DataHandshakes {
        *self.tally.held()
    }

    fn channel(&self, purpose: Purpose) -> io::Result<Channel> {
        let context = self.context.as_ref().ok_or_else(link::without_session)?;
        context.channel(purpose).map_err(link::failed)
    }
}

fn server_name(host: &str) -> std::result::Result<ServerName<'static>, TlsError> {
    ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Host)
}

impl Transport for Tls {
    type Stream = TlsLink;
    type Listener = TcpPort;

    fn connect(&mut self, host: &str, to: SocketAddr, limit: Duration) -> io::Result<TlsLink> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => server_name(host).map_err(link::failed)?,
        };
        self.context = Some(Context::new(&self.config, name));
        self.tally = Tally::default();
        let mut link = TlsLink::control(self.tcp.connect(host, to, limit)?);
        if self.implicit {
            link.secure(self.channel(Purpose::Implicit)?);
        }
        Ok(link)
    }

    fn connect_data(
        &mut self,
        control: &TlsLink,
        to: SocketAddr,
        limit: Duration,
    ) -> io::Result<TlsLink> {
        let tcp = self.tcp.connect_data(control.tcp(), to, limit)?;
        Ok(TlsLink::data(tcp, self.tally.clone()))
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(TcpPort, SocketAddr)> {
        self.tcp.listen(local)
    }

    fn accept(
        &mut self,
        listener: &mut TcpPort,
        limit: Duration,
    ) -> io::Result<Option<(TlsLink, SocketAddr)>> {
        let accepted = self.tcp.accept(listener, limit)?;
        Ok(accepted.map(|(tcp, peer)| (TlsLink::data(tcp, self.tally.clone()), peer)))
    }

    fn is_secured(&self) -> bool {
        self.implicit
    }

    fn secure_control(&mut self, stream: &mut TlsLink) -> io::Result<()> {
        stream.secure(self.channel(Purpose::Explicit)?);
        Ok(())
    }

    fn secure_data(&mut self, _: &TlsLink, data: &mut TlsLink) -> io::Result<()> {
        data.secure(self.channel(Purpose::Data)?);
        Ok(())
    }

    fn wants_refill(&self) -> bool {
        self.context.as_ref().is_some_and(Context::wants_refill)
    }

    fn refilled(&mut self, accepted: bool) {
        if let Some(context) = &self.context {
            context.refilled(accepted);
        }
    }
}

impl Clone for Tls {
    fn clone(&self) -> Self {
        Self {
            tcp: self.tcp,
            config: Arc::clone(&self.config),
            name: self.name.clone(),
            implicit: self.implicit,
            context: None,
            tally: Tally::default(),
        }
    }
}

/// Neither keys nor certificates.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("implicit", &self.implicit)
            .field("name", &self.name)
            .field("context", &self.context)
            .field("data_handshakes", &self.data_handshakes())
            .finish_non_exhaustive()
    }
}
