//! FTPS over any other transport, by rustls (feature `rustls`).

mod builder;
mod link;

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ftp_proto::Target;
use ftp_proto::driver::{Endpoint, Result};
use ftp_proto::tls::rustls::ClientConfig;
use ftp_proto::tls::rustls::pki_types::ServerName;
use ftp_proto::tls::{Channel, Context, Purpose, TlsError};

use crate::client::Client;
use crate::tcp::Tcp;
use crate::transport::Transport;

pub use builder::TlsBuilder;
pub use link::TlsLink;

/// The transport for FTPS: explicit (`AUTH TLS`, RFC 4217) unless it is made
/// [`implicit`](Self::implicit).
///
/// Every control connection has its own store of TLS sessions, which its data connections resume.
/// It is not shared, and ends with the connection. The certificate is checked against the host name
/// given to [`Builder::connect`](crate::Builder::connect), on the control connection and on every
/// data connection.
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
/// It works over any other transport, for instance [`Tls::over`] a proxy's. It [is for
/// TLS](Transport::is_for_tls): a client that is built with it has
/// [`TlsPolicy::Full`](ftp_proto::TlsPolicy::Full).
///
/// A clone shares the configuration, and no state of a session.
pub struct Tls<T = Tcp> {
    inner: T,
    config: Arc<ClientConfig>,
    name: Option<ServerName<'static>>,
    implicit: bool,
    context: Option<Context>,
    tally: Tally,
}

impl Client<Tls> {
    /// Connects to `host`, on port 21 unless it names another, and begins TLS (`AUTH TLS`), with
    /// the trusted roots of the operating system. Data connections are protected. The login comes
    /// next.
    ///
    /// [`Client::builder`] with [`Builder::tls`](crate::Builder::tls) has all options; call
    /// [`secure`](Self::secure) after it.
    ///
    /// # Errors
    /// Those of [`Client::connect`] and [`secure`](Self::secure), and
    /// [`Error::Tls`](crate::Error::Tls).
    #[doc(alias = "FTP_TLS")]
    pub fn connect_tls(host: &str) -> Result<Self> {
        let mut client = Client::builder().tls(Tls::new()?).connect(host)?;
        client.secure()?;
        Ok(client)
    }
}

/// The number of secured data connections of a session, by kind of handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct DataHandshakes {
    /// Those that resumed a TLS session of the control connection.
    pub resumed: u64,
    /// Those that had a full handshake.
    pub full: u64,
}

/// Counts handshakes. The data connections share it, because they know when their handshake is
/// complete.
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
    /// TLS over TCP, with the trusted roots of the operating system, TLS 1.2 and 1.3, and no client
    /// certificate.
    ///
    /// # Errors
    /// The operating system's trust cannot be used.
    pub fn new() -> std::result::Result<Self, TlsError> {
        Self::builder().build()
    }

    /// Sets the trusted roots, versions and a client certificate.
    pub fn builder() -> TlsBuilder {
        TlsBuilder::default()
    }

    /// TLS over TCP, with your own configuration, as [`over`](Self::over) takes one.
    pub fn from_config(config: impl Into<Arc<ClientConfig>>) -> Self {
        Self::over(Tcp::default(), config)
    }
}

impl<T> Tls<T> {
    /// TLS over connections of `inner`, with any cryptography, roots, verifier, versions and client
    /// certificate. The configuration's store of sessions is replaced by one for each control
    /// connection.
    pub fn over(inner: T, config: impl Into<Arc<ClientConfig>>) -> Self {
        Self {
            inner,
            config: config.into(),
            name: None,
            implicit: false,
            context: None,
            tally: Tally::default(),
        }
    }

    /// Uses TLS from the first byte (implicit FTPS), on port 990 unless another is given.
    #[must_use]
    pub fn implicit(self) -> Self {
        Self {
            implicit: true,
            ..self
        }
    }

    /// Demands certificates for `name`, whatever host the client connects to.
    ///
    /// # Errors
    /// [`TlsError::Host`] if it is neither a DNS name nor an IP address.
    pub fn named(self, name: &str) -> std::result::Result<Self, TlsError> {
        let name = Some(server_name(name)?);
        Ok(Self { name, ..self })
    }

    /// The TLS context from which the data connections of this session resume; `None` before TLS.
    pub const fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// The handshakes of this session's data connections.
    pub fn data_handshakes(&self) -> DataHandshakes {
        *self.tally.held()
    }

    fn channel(&self, purpose: Purpose) -> io::Result<Channel> {
        let context = self.context.as_ref().ok_or_else(without_session)?;
        Ok(context.channel(purpose)?)
    }
}

fn server_name(host: &str) -> std::result::Result<ServerName<'static>, TlsError> {
    ServerName::try_from(host.to_owned()).map_err(|_| TlsError::Host)
}

fn without_session() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "TLS has not been begun here")
}

impl<T: Transport> Transport for Tls<T> {
    type Stream = TlsLink<T::Stream>;
    type Listener = T::Listener;

    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<Self::Stream> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => server_name(&to.host())?,
        };
        self.context = Some(Context::new(&self.config, name));
        self.tally = Tally::default();
        let mut link = TlsLink::control(self.inner.connect(to, limit)?);
        if self.implicit {
            link.secure(self.channel(Purpose::Implicit)?);
        }
        Ok(link)
    }

    fn connect_data(
        &mut self,
        control: &Self::Stream,
        to: Target,
        limit: Duration,
    ) -> io::Result<Self::Stream> {
        let stream = self.inner.connect_data(control.stream(), to, limit)?;
        Ok(TlsLink::data(stream, self.tally.clone()))
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(T::Listener, SocketAddr)> {
        self.inner.listen(local)
    }

    fn accept(
        &mut self,
        listener: &mut T::Listener,
        limit: Duration,
    ) -> io::Result<Option<(Self::Stream, SocketAddr)>> {
        let accepted = self.inner.accept(listener, limit)?;
        Ok(accepted.map(|(stream, peer)| (TlsLink::data(stream, self.tally.clone()), peer)))
    }

    fn looks_names_up(&self) -> bool {
        self.inner.looks_names_up()
    }

    fn is_for_tls(&self) -> bool {
        true
    }

    fn is_secured(&self) -> bool {
        self.implicit
    }

    fn secure_control(&mut self, stream: &mut Self::Stream) -> io::Result<()> {
        stream.secure(self.channel(Purpose::Explicit)?);
        Ok(())
    }

    fn secure_data(&mut self, _: &Self::Stream, data: &mut Self::Stream) -> io::Result<()> {
        data.secure(self.channel(Purpose::Data)?);
        Ok(())
    }

    fn resumptions(&self) -> Option<u32> {
        self.context.as_ref().and_then(Context::resumptions)
    }
}

impl<T: Clone> Clone for Tls<T> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            config: Arc::clone(&self.config),
            name: self.name.clone(),
            implicit: self.implicit,
            context: None,
            tally: Tally::default(),
        }
    }
}

/// Shows neither keys nor certificates.
impl<T: fmt::Debug> fmt::Debug for Tls<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("inner", &self.inner)
            .field("implicit", &self.implicit)
            .field("name", &self.name)
            .field("context", &self.context)
            .field("data_handshakes", &self.data_handshakes())
            .finish_non_exhaustive()
    }
}
