//! All it takes to make a session, so that any number can be made.

use std::net::SocketAddr;
use std::time::Instant;

use ftp_proto::Reply;
use ftp_proto::operation::{Login, Secure};

use crate::builder::Builder;
use crate::client::Client;
use crate::maybe_tls::MaybeTls;
use crate::tasks::Handle;
use crate::transport::Transport;

/// Makes clients that connect, begin TLS if the transport is for it, and log in.
///
/// ```
/// use std::time::Instant;
/// use ftp_mio::Client;
/// use ftp_mio::proto::operation::{Exchange, Login};
///
/// let server = [([192, 0, 2, 1], 21).into()]; // all addresses of the host
/// let connector = Client::builder()
///     .host("ftp.example.org")
///     .connector_to(server, Login::anonymous());
/// let (mut client, login) = connector.start(Instant::now());
/// let directory = client.start(Exchange::working_directory()); // after the login
/// # let _ = (login, directory);
/// ```
///
/// Sessions are independent of each other: each has a transport of its own (a clone), and its own
/// store of TLS sessions. `Debug` shows no password.
#[derive(Clone, Debug)]
pub struct Connector<T = MaybeTls> {
    builder: Builder<T>,
    addresses: Vec<SocketAddr>,
    login: Login,
}

impl<T: Transport> Builder<T> {
    /// Keeps everything that [`connect_to`](Self::connect_to) needs, and the login, for any number
    /// of sessions. Under TLS that is not implicit, AUTH, PBSZ and PROT come before the login, and
    /// under implicit TLS PBSZ and PROT.
    pub fn connector_to(
        self,
        addresses: impl IntoIterator<Item = SocketAddr>,
        login: Login,
    ) -> Connector<T> {
        let login = if self.is_for_tls() {
            login.secure(Secure::new())
        } else {
            login
        };
        Connector {
            builder: self,
            addresses: addresses.into_iter().collect(),
            login,
        }
    }

    /// The same for the host of `url` and its user; the caller has looked the host up. The
    /// transport has to be for TLS if the URL asks for it: the policy is
    /// [`TlsPolicy::Full`](ftp_proto::TlsPolicy::Full) then, so that no login is sent otherwise.
    ///
    /// ```
    /// use std::time::Instant;
    /// use ftp_mio::{Builder, FtpUrl, MaybeTls, Tcp};
    ///
    /// let url: FtpUrl = "ftp://ftp.example.org/pub".parse()?;
    /// let server = [([192, 0, 2, 1], url.endpoint().port()).into()];
    /// let connector = Builder::new(MaybeTls::Clear(Tcp::new())).connector_to_url(&url, server);
    /// let (client, login) = connector.start(Instant::now());
    /// # let _ = (client, login);
    /// # Ok::<(), ftp_mio::UrlError>(())
    /// ```
    #[cfg(feature = "url")]
    pub fn connector_to_url(
        self,
        url: &ftp_proto::driver::FtpUrl,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Connector<T> {
        let builder = match url.tls_mode().policy() {
            ftp_proto::TlsPolicy::None => self,
            policy => self.tls_policy(policy),
        };
        builder
            .host(url.endpoint().host())
            .connector_to(addresses, url.login())
    }
}

impl<T: Transport + Clone> Connector<T> {
    /// Makes a client and starts its login. What is started on the client goes on after that.
    pub fn start(&self, now: Instant) -> (Client<T>, Handle<Reply>) {
        let addresses = self.addresses.iter().copied();
        let mut client = self.builder.clone().connect_to(addresses, now);
        let login = client.start(self.login.clone());
        (client, login)
    }
}
