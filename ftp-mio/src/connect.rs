//! From addresses to a control connection.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use ftp_proto::{Config, TlsPolicy};

use crate::attempt::{retried, tried};
use crate::client::Client;
use crate::driver::Driver;
use crate::error::Tried;
use crate::readiness::{Interest, Reactor, Ready, Slot, Watched};
use crate::socket::Tcp;
use crate::transport::{Stream, Transport};

/// How many bytes of payload one session moves in one turn, unless [`Builder::budget`] says otherwise: enough to make
/// the turn itself cheap, and few enough for hundreds of sessions to have theirs within a tenth of a second.
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
#[derive(Debug)]
#[must_use = "a builder does nothing until it connects"]
pub struct Builder<T> {
    transport: T,
    config: Config,
    host: Option<String>,
    budget: usize,
}

impl Default for Builder<Tcp> {
    fn default() -> Self {
        Self::new(Tcp::default())
    }
}

impl<T> Builder<T> {
    /// Over the given transport.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            config: Config::default(),
            host: None,
            budget: BUDGET_BYTES,
        }
    }

    /// Over TLS; [`TlsPolicy::Full`] comes with it, unless the configuration makes a demand of its own, so that neither
    /// passwords nor payload go out in clear whatever the server says.
    #[cfg(feature = "rustls")]
    pub fn tls<U>(self, tls: crate::Tls<U>) -> Builder<crate::Tls<U>> {
        let mut config = self.config;
        if config.tls == TlsPolicy::None {
            config.tls = TlsPolicy::Full;
        }
        Builder {
            transport: tls,
            config,
            host: self.host,
            budget: self.budget,
        }
    }

    /// With this configuration, all of it. But a demand for TLS that was made before stays unless `config` makes
    /// another: the order of these calls cannot turn it off.
    pub fn config(self, mut config: Config) -> Self {
        if config.tls == TlsPolicy::None {
            config.tls = self.config.tls;
        }
        Self { config, ..self }
    }

    /// With these limits for waiting.
    pub fn timeouts(mut self, timeouts: ftp_proto::Timeouts) -> Self {
        self.config.timeouts = timeouts;
        self
    }

    /// To the host of this name: under TLS, its certificates have to be for it. Without a name they have to be for the
    /// address.
    pub fn host(self, name: impl Into<String>) -> Self {
        Self {
            host: Some(name.into()),
            ..self
        }
    }

    /// At most so many bytes of payload move in one turn, so that one fast transfer does not starve other sessions.
    /// At least one does.
    pub fn budget(mut self, bytes: usize) -> Self {
        self.budget = bytes.max(1);
        self
    }
}

impl<T: Transport> Builder<T> {
    /// A client that connects to the first of `addresses` that answers, each within its own limit, as it is given
    /// turns. Nothing is done yet.
    ///
    /// Looking up a name is left to the caller, because the operating system's way to do it blocks.
    pub fn connect_to(
        self,
        addresses: impl IntoIterator<Item = SocketAddr>,
        now: Instant,
    ) -> Client<T> {
        let dialling = Dialling {
            transport: self.transport,
            config: self.config,
            host: self.host,
            addresses: addresses.into_iter().collect::<Vec<_>>().into_iter(),
            current: None,
            tried: Vec::new(),
        };
        Client::new(dialling, self.budget, now)
    }
}

/// A control connection to be.
pub(crate) struct Dialling<T: Transport> {
    transport: T,
    config: Config,
    host: Option<String>,
    addresses: std::vec::IntoIter<SocketAddr>,
    current: Option<Attempt<T::Stream>>,
    tried: Vec<(SocketAddr, io::Error)>,
}

struct Attempt<S> {
    address: SocketAddr,
    socket: Watched<S>,
    /// The connection is open, and TLS is begun before the greeting (implicit FTPS).
    securing: bool,
    /// `None` if the clock cannot tell.
    deadline: Option<Instant>,
}

/// What became of a [`Dialling`] in a turn.
pub(crate) enum Dialled<T: Transport> {
    Pending(Box<Dialling<T>>),
    Open(Box<Driver<T>>),
    Failed(Tried),
}

impl<T: Transport> Dialling<T> {
    pub(crate) fn turn(
        mut self: Box<Self>,
        now: Instant,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> Dialled<T> {
        loop {
            let Some(mut attempt) = self.current.take() else {
                match self.addresses.next() {
                    Some(address) => self.dial(address, now),
                    None => return Dialled::Failed(Arc::new(self.tried)),
                }
                continue;
            };
            match attempt.go_on(now, reactor) {
                Ok(false) => {
                    self.current = Some(attempt);
                    return Dialled::Pending(self);
                }
                Ok(true) if self.transport.is_secured() && !attempt.securing => {
                    attempt.securing = true;
                    attempt.deadline = now.checked_add(self.config.timeouts.securing);
                    self.current = Some(attempt);
                }
                Ok(true) => match retried(|| attempt.socket.io.addresses()) {
                    Ok((local, _)) => return Dialled::Open(Box::new(self.open(attempt, local))),
                    Err(error) => self.give_up(attempt, error, reactor),
                },
                Err(error) => self.give_up(attempt, error, reactor),
            }
        }
    }

    pub(crate) fn mark(&mut self, slot: Slot, ready: Ready) {
        if let (Slot::Control, Some(attempt)) = (slot, &mut self.current) {
            attempt.socket.mark(ready);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.current.as_ref().and_then(|attempt| attempt.deadline)
    }

    pub(crate) fn close(mut self, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(attempt) = self.current.take() {
            attempt.release(reactor).close();
        }
    }

    fn dial(&mut self, address: SocketAddr, now: Instant) {
        let numeric = address.ip().to_string();
        let host = self.host.as_ref().unwrap_or(&numeric);
        match retried(|| self.transport.connect(host, address)) {
            Ok(stream) => {
                self.current = Some(Attempt {
                    address,
                    socket: Watched::new(stream),
                    securing: false,
                    deadline: now.checked_add(self.config.timeouts.connect),
                });
            }
            Err(error) => self.tried.push((address, error)),
        }
    }

    fn give_up(
        &mut self,
        attempt: Attempt<T::Stream>,
        error: io::Error,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        self.tried.push((attempt.address, error));
        attempt.release(reactor).close();
    }

    fn open(self, attempt: Attempt<T::Stream>, local: SocketAddr) -> Driver<T> {
        let host = attempt.address.ip();
        Driver::new(
            self.transport,
            attempt.socket,
            local.ip(),
            host,
            self.config,
        )
    }
}

impl<S: Stream> Attempt<S> {
    /// Whether the step is done: the connection, or the handshake on it.
    fn go_on(&mut self, now: Instant, reactor: &mut dyn Reactor<S::Source>) -> io::Result<bool> {
        let stream = &mut self.socket.io;
        let done = if self.securing {
            tried(|| stream.handshake())?
        } else {
            tried(|| stream.poll_connect())?
        };
        if done {
            self.socket.readable = true;
            self.socket.writable = true;
            return Ok(true);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let writes = !self.securing || stream.wants_write();
        let interest = Interest::new(self.securing, writes);
        self.socket
            .watch(Slot::Control, interest, reactor, Stream::source)?;
        Ok(false)
    }

    fn release(self, reactor: &mut dyn Reactor<S::Source>) -> S {
        self.socket.release(Slot::Control, reactor, Stream::source)
    }
}

impl<T: Transport> fmt::Debug for Dialling<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialling")
            .field("left", &self.addresses.as_slice())
            .field("tried", &self.tried)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "rustls"))]
mod tests {
    use std::sync::Arc;

    use ftp_proto::tls::rustls::{ClientConfig, RootCertStore, crypto::ring};
    use ftp_proto::{Config, TlsPolicy};

    use crate::{Client, Tcp, Tls};

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
        assert_eq!(builder().config.tls, TlsPolicy::None);
        assert_eq!(builder().tls(tls()).config.tls, TlsPolicy::Full);
        let later = builder().tls(tls()).config(Config::default());
        assert_eq!(later.config.tls, TlsPolicy::Full);

        let mut weaker = Config::default();
        weaker.tls = TlsPolicy::Control;
        assert_eq!(
            builder().config(weaker).tls(tls()).config.tls,
            TlsPolicy::Control
        );
        assert_eq!(
            builder().tls(tls()).config(weaker).config.tls,
            TlsPolicy::Control
        );
    }
}
