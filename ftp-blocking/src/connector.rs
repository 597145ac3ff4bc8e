//! All it takes to make a session, so that any number can be made.

use std::net::SocketAddr;

use ftp_proto::driver::{Endpoint, Result};
use ftp_proto::operation::{Login, Secure};

use crate::builder::Builder;
use crate::client::Client;
use crate::maybe_tls::MaybeTls;
use crate::transport::Transport;

/// Makes sessions that are connected, under TLS if the transport is for it, and logged in.
///
/// [`Builder::connector`] makes one from parts. With the feature `url`, `Connector::from_url` makes
/// one from a URL.
///
/// ```
/// use ftp_blocking::Client;
/// use ftp_blocking::proto::operation::Login;
/// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
/// # let server = Loopback::start(ServerConfig::new(), Files::new())?;
/// # let host = server.address().to_string();
///
/// let connector = Client::builder().connector(&host, Login::anonymous())?;
/// let mut first = connector.connect()?;
/// let mut second = connector.connect()?;
/// first.noop()?;
/// second.noop()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Sessions are independent of each other: each has a transport of its own (a clone), and its own
/// store of TLS sessions. The output of [`Builder::debug`] and [`Builder::trace`] is that of all
/// sessions. `Debug` shows no password.
#[derive(Clone, Debug)]
pub struct Connector<T = MaybeTls> {
    builder: Builder<T>,
    to: To,
    login: Login,
}

/// Where to. A name is looked up anew for each session.
#[derive(Clone, Debug)]
enum To {
    Host(Endpoint),
    Addresses(Vec<SocketAddr>),
}

impl<T: Transport> Builder<T> {
    /// Keeps everything that [`connect`](Self::connect) needs, and the login, for any number of
    /// sessions. Under TLS that is not implicit, AUTH, PBSZ and PROT come before the login, and
    /// under implicit TLS PBSZ and PROT.
    ///
    /// The login may hold an introduction too: [`Login::client_name`], for instance.
    ///
    /// # Errors
    /// [`Error::Host`](crate::Error::Host) if `host` is not a host.
    pub fn connector(self, host: &str, login: Login) -> Result<Connector<T>> {
        let to = To::Host(Endpoint::parse(host, self.default_port())?);
        Ok(Connector::new(self, to, login))
    }

    /// The same for addresses, as [`connect_to`](Self::connect_to) takes them.
    pub fn connector_to(self, addresses: &[SocketAddr], login: Login) -> Connector<T> {
        Connector::new(self, To::Addresses(addresses.to_vec()), login)
    }
}

impl<T: Transport> Connector<T> {
    fn new(builder: Builder<T>, to: To, login: Login) -> Self {
        let login = if builder.is_for_tls() {
            login.secure(Secure::new())
        } else {
            login
        };
        Self { builder, to, login }
    }
}

impl<T: Transport + Clone> Connector<T> {
    /// Makes a session: connects, begins TLS if the transport is for it, and logs in.
    ///
    /// # Errors
    /// Those of [`Builder::connect`], [`Client::secure`] and [`Client::login`].
    pub fn connect(&self) -> Result<Client<T>> {
        let builder = self.builder.clone();
        let mut client = match &self.to {
            To::Host(host) => builder.connect_endpoint(host.clone()),
            To::Addresses(addresses) => builder.connect_to(addresses),
        }?;
        client.run(self.login.clone())?;
        Ok(client)
    }
}

#[cfg(feature = "url")]
mod from_url {
    use ftp_proto::TlsPolicy;
    use ftp_proto::driver::{FtpUrl, Result};

    use super::{Connector, To};
    use crate::builder::Builder;
    use crate::client::Client;
    use crate::maybe_tls::MaybeTls;

    impl Connector<MaybeTls> {
        /// Makes sessions with the host of `url`, as its user. TLS, if the URL asks for it, trusts
        /// the roots of the operating system, and nothing goes on in clear.
        ///
        /// ```no_run
        /// use ftp_blocking::{Connector, FtpUrl};
        ///
        /// let url: FtpUrl = "ftp://ann:secret@ftp.example.org/pub/a.txt".parse()?;
        /// let mut ftp = Connector::from_url(&url)?.connect()?;
        /// let text = ftp.retrieve(url.path())?;
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        ///
        /// # Errors
        /// Those of [`MaybeTls::new`].
        pub fn from_url(url: &FtpUrl) -> Result<Self> {
            let builder = Builder::new(MaybeTls::new(url.tls_mode())?);
            Ok(Self::from_url_with(url, builder))
        }

        /// The same with a builder, whose transport has to be for TLS if the URL asks for it: the
        /// policy is [`TlsPolicy::Full`] then, so that no login is sent otherwise.
        pub fn from_url_with(url: &FtpUrl, builder: Builder<MaybeTls>) -> Self {
            let builder = match url.tls_mode().policy() {
                TlsPolicy::None => builder,
                policy => builder.tls_policy(policy),
            };
            Self::new(builder, To::Host(url.endpoint().clone()), url.login())
        }
    }

    impl Client<MaybeTls> {
        /// Connects to the host of `url` and logs in as its user, under TLS if the URL asks for it:
        /// `ftps://` for implicit TLS, `ftpes://` for explicit TLS. [`FtpUrl::path`] is for the
        /// methods of the client.
        ///
        /// ```
        /// use ftp_blocking::{Client, FtpUrl};
        /// # use ftp_blocking::testing::{Files, Loopback, ServerConfig};
        /// # let files = Files::new().file("/pub/a.txt", "text");
        /// # let server = Loopback::start(ServerConfig::new(), files)?;
        /// # let text = format!("ftp://{}/pub/a.txt", server.address());
        ///
        /// let url: FtpUrl = text.parse()?; // "ftp://ftp.example.org/pub/a.txt"
        /// let mut ftp = Client::connect_url(&url)?;
        /// assert_eq!(ftp.retrieve_to(url.path(), &mut Vec::new())?.bytes, 4);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        ///
        /// # Errors
        /// Those of [`Connector::from_url`] and [`Connector::connect`].
        pub fn connect_url(url: &FtpUrl) -> Result<Self> {
            Connector::from_url(url)?.connect()
        }
    }
}
