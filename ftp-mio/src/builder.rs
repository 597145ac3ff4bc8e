//! Settings before a connection is made.

use std::net::SocketAddr;
use std::time::Instant;

use ftp_proto::driver::{Endpoint, Settings};
use ftp_proto::{Config, DataMode, TlsPolicy};

use crate::client::Client;
use crate::connect::Dialling;
use crate::tcp::Tcp;
use crate::transport::Transport;

/// How many bytes of payload one session moves in one turn, unless [`Builder::budget`] says
/// otherwise: enough to make the turn itself cheap, and few enough for hundreds of sessions to have
/// theirs within a tenth of a second.
pub const BUDGET_BYTES: usize = 256 * 1024;

/// Everything that can be set before a connection is made.
///
/// ```
/// use std::time::{Duration, Instant};
/// use ftp_mio::{Client, proto::Timeouts};
///
/// let server = [([127, 0, 0, 1], 2121).into()];
/// let client = Client::builder()
///     .timeouts(Timeouts::all(Duration::from_secs(10)))
///     .connect_to(server, Instant::now());
/// assert!(client.needs_turn());
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it connects"]
pub struct Builder<T> {
    transport: T,
    settings: Settings,
    host: Option<String>,
    budget: usize,
}

impl Default for Builder<Tcp> {
    fn default() -> Self {
        Self::new(Tcp::default())
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
            host: None,
            budget: BUDGET_BYTES,
        }
    }

    /// Replaces the transport, as [`new`](Self::new) takes one. Other settings stay.
    pub fn transport<U: Transport>(self, transport: U) -> Builder<U> {
        let mut settings = self.settings;
        if transport.is_for_tls() {
            settings.demand_tls();
        }
        Builder {
            transport,
            settings,
            host: self.host,
            budget: self.budget,
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

    /// Uses these limits for waiting.
    pub const fn timeouts(mut self, timeouts: ftp_proto::Timeouts) -> Self {
        self.settings.timeouts(timeouts);
        self
    }

    /// Opens data connections in this way. The default is passive: EPSV, then PASV.
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

    /// Sets the name of the host. Under TLS, its certificates have to be for this name, or without
    /// a name for the address.
    pub fn host(self, name: impl Into<String>) -> Self {
        Self {
            host: Some(name.into()),
            ..self
        }
    }

    /// Sets how many bytes of payload may move in one turn, at least one, so that a fast transfer
    /// does not starve other sessions. Under TLS, ciphertext counts. Of what the kernel moves into a
    /// file ([`Data::read_to_file`](crate::Data::read_to_file)), four bytes count as one.
    pub fn budget(mut self, bytes: usize) -> Self {
        self.budget = bytes.max(1);
        self
    }

    /// Makes a client that connects to the first of `addresses` that answers, each within its own
    /// limit. It begins with its first turn.
    ///
    /// The addresses race (RFC 8305): IPv4 and IPv6 take turns, the next one is tried after a
    /// quarter of a second or when one has failed, and at most three are tried at a time. Under
    /// implicit TLS, and under TLS without a [name](Self::host), they are tried one after the
    /// other.
    ///
    /// Looking up a name is left to the caller, because the operating system's way to do it blocks.
    pub fn connect_to(
        self,
        addresses: impl IntoIterator<Item = SocketAddr>,
        now: Instant,
    ) -> Client<T> {
        let name = self.host.clone();
        let target = |address| match &name {
            Some(name) => Endpoint::from(address).named(name),
            None => Endpoint::from(address),
        };
        let targets = addresses.into_iter().map(target).collect();
        self.connect_any(targets, now)
    }

    /// The same for one target, which may be a name with a port: for transports that look names up
    /// themselves, such as proxies. [`Tcp`] takes addresses alone.
    pub fn connect(self, target: Endpoint, now: Instant) -> Client<T> {
        let target = match &self.host {
            Some(name) if target.address().is_some() => target.named(name),
            _ => target,
        };
        self.connect_any(vec![target], now)
    }

    pub(crate) fn is_for_tls(&self) -> bool {
        self.transport.is_for_tls()
    }

    fn connect_any(self, targets: Vec<Endpoint>, now: Instant) -> Client<T> {
        let dialling = Dialling::new(self.transport, self.settings.build(), targets);
        Client::new(dialling, self.budget, now)
    }
}

impl Client<Tcp> {
    /// A client over TCP in clear that connects to the first of `addresses` that answers.
    pub fn connect_to(addresses: impl IntoIterator<Item = SocketAddr>, now: Instant) -> Self {
        Self::builder().connect_to(addresses, now)
    }

    /// Sets options before connecting: time limits, TLS, the data mode, the budget of a turn.
    pub fn builder() -> Builder<Tcp> {
        Builder::default()
    }
}

#[cfg(all(test, feature = "rustls"))]
mod tests {
    use std::sync::Arc;

    use ftp_proto::tls::rustls::{ClientConfig, RootCertStore, crypto::ring};
    use ftp_proto::{Config, TlsPolicy};

    use crate::{Builder, Client, Tcp, Tls};

    #[allow(clippy::expect_used, reason = "a test fails by panicking")]
    fn tls() -> Tls<Tcp> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring has them")
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        Tls::over(Tcp::new(), config)
    }

    #[test]
    fn the_order_of_calls_does_not_turn_the_demand_for_tls_off() {
        let builder = || Client::builder().config(Config::default());
        assert_eq!(builder().settings.build().tls, TlsPolicy::None);
        assert_eq!(builder().tls(tls()).settings.build().tls, TlsPolicy::Full);
        let later = builder().tls(tls()).config(Config::default());
        assert_eq!(later.settings.build().tls, TlsPolicy::Full);

        let mut weaker = Config::default();
        weaker.tls = TlsPolicy::Control;
        assert_eq!(
            builder().config(weaker).tls(tls()).settings.build().tls,
            TlsPolicy::Control
        );
        assert_eq!(
            builder().tls(tls()).config(weaker).settings.build().tls,
            TlsPolicy::Control
        );
    }

    #[test]
    fn every_way_of_building_over_tls_demands_it() {
        let demand = |builder: Builder<Tls<Tcp>>| builder.settings.build().tls;
        assert_eq!(demand(Builder::new(tls())), TlsPolicy::Full);
        assert_eq!(demand(Client::builder().transport(tls())), TlsPolicy::Full);
        assert_eq!(demand(Client::builder().tls(tls())), TlsPolicy::Full);
        let clear = Builder::new(tls()).tls_policy(TlsPolicy::None);
        assert_eq!(demand(clear), TlsPolicy::None);
    }
}
