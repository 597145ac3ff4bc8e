//! Connections through a proxy, over any other transport.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use ftp_proto::Target;
use ftp_proto::driver::{Endpoint, Input};
use ftp_proto::proxy::{Handshake, Proxy, ProxyError};

use crate::patience::{read, wrote};
use crate::tcp::Tcp;
use crate::transport::{Stream, Transport};

/// What one read of a proxy's answer takes.
const ANSWER_BYTES: usize = 512;

/// The transport through a SOCKS5 or HTTP CONNECT proxy, for control and data connections.
///
/// ```no_run
/// use ftp_blocking::proto::proxy::Proxy;
/// use ftp_blocking::{Client, Endpoint, Proxied};
///
/// let at = Endpoint::name("proxy.example.org", 1080);
/// let proxy = Proxy::socks5().credentials("ann", "secret")?;
/// let mut client = Client::builder()
///     .transport(Proxied::new(proxy, at))
///     .connect("ftp.example.org")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// FTPS goes through a proxy with `Tls` over this transport; the proxy then sees no password and no
/// payload.
///
/// The name of the FTP host goes to the proxy, and this side does not look it up. A data connection
/// to the host of the control connection is asked for by the same name, at the same proxy. Active
/// mode is [`ProxyError::ActiveMode`], because the server cannot connect to the client.
///
/// The limit of a connection covers the proxy's answer. [`Error::proxy`](crate::Error::proxy) is
/// the reason if the proxy makes no connection. One `Proxied` may go over another, for a chain.
#[derive(Clone, Debug)]
pub struct Proxied<T = Tcp> {
    inner: T,
    proxy: Proxy,
    at: Endpoint,
}

impl Proxied {
    /// Through the proxy that listens at `at`, over TCP.
    ///
    /// The operating system looks a name up when the control connection is made, without a limit of
    /// this crate. All its addresses are tried within one limit.
    pub fn new(proxy: Proxy, at: Endpoint) -> Self {
        Self::over(Tcp::default(), proxy, at)
    }
}

impl<T> Proxied<T> {
    /// Through the proxy that listens at `at`, over connections of `inner`.
    pub const fn over(inner: T, proxy: Proxy, at: Endpoint) -> Self {
        Self { inner, proxy, at }
    }
}

impl<T: Transport> Proxied<T> {
    /// The addresses of the proxy, or its name if the transport below looks names up.
    fn targets(&self) -> io::Result<Vec<Endpoint>> {
        if self.at.address().is_some() || self.inner.looks_names_up() {
            return Ok(vec![self.at.clone()]);
        }
        let host = self.at.host();
        let addresses = (&*host, self.at.port()).to_socket_addrs()?;
        Ok(addresses
            .map(|address| Endpoint::from(address).named(&*host))
            .collect())
    }

    fn dial(&mut self, limit: Limit) -> io::Result<T::Stream> {
        let mut failed = io::Error::new(io::ErrorKind::NotFound, "the proxy has no address");
        for target in self.targets()? {
            match self.inner.connect(&target, limit.left()) {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }
}

impl<T: Transport> Transport for Proxied<T> {
    type Stream = ProxiedLink<T::Stream>;
    type Listener = Infallible;

    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<Self::Stream> {
        let limit = Limit::new(limit);
        let host = match to.address() {
            Some(address) => address.ip().to_string(),
            None => to.host().into_owned(),
        };
        let handshake = self.proxy.ask(&host, to.port())?;
        ProxiedLink::open(self.dial(limit)?, host, handshake, limit)
    }

    fn connect_data(
        &mut self,
        control: &Self::Stream,
        to: Target,
        limit: Duration,
    ) -> io::Result<Self::Stream> {
        let limit = Limit::new(limit);
        let (host, port) = match to {
            Target::ControlHost { port } => (control.host.clone(), port),
            Target::Address(address) => (address.ip().to_string(), address.port()),
        };
        let handshake = self.proxy.ask(&host, port)?;
        // For the transport below, the host of the control connection is this proxy.
        let port = self.at.port();
        let proxy = Target::ControlHost { port };
        let inner = &mut self.inner;
        let stream = inner.connect_data(&control.stream, proxy, limit.left())?;
        ProxiedLink::open(stream, host, handshake, limit)
    }

    fn listen(&mut self, _: IpAddr) -> io::Result<(Infallible, SocketAddr)> {
        Err(ProxyError::ActiveMode.into())
    }

    fn accept(
        &mut self,
        listener: &mut Infallible,
        _: Duration,
    ) -> io::Result<Option<(Self::Stream, SocketAddr)>> {
        match *listener {}
    }

    fn looks_names_up(&self) -> bool {
        true
    }

    fn is_for_tls(&self) -> bool {
        self.inner.is_for_tls()
    }

    fn secure_control(&mut self, stream: &mut Self::Stream) -> io::Result<()> {
        self.inner.secure_control(&mut stream.stream)
    }

    fn secure_data(&mut self, control: &Self::Stream, data: &mut Self::Stream) -> io::Result<()> {
        self.inner.secure_data(&control.stream, &mut data.stream)
    }

    fn resumptions(&self) -> Option<u32> {
        self.inner.resumptions()
    }
}

/// What is left of the limit of a connection.
#[derive(Clone, Copy)]
struct Limit {
    begun: Instant,
    limit: Duration,
}

impl Limit {
    fn new(limit: Duration) -> Self {
        let begun = Instant::now();
        Self { begun, limit }
    }

    fn left(self) -> Duration {
        self.limit.saturating_sub(self.begun.elapsed())
    }
}

/// A connection of [`Proxied`], control or data. Its [addresses](Stream::addresses) are those of
/// the connection to the proxy.
#[derive(Debug)]
pub struct ProxiedLink<S> {
    stream: S,
    /// As the proxy was asked for it.
    host: String,
    handshake: Handshake,
}

impl<S: Stream> ProxiedLink<S> {
    fn open(stream: S, host: String, handshake: Handshake, limit: Limit) -> io::Result<Self> {
        let mut link = Self {
            stream,
            host,
            handshake,
        };
        while !link.handshake.is_open() {
            let left = limit.left();
            if left.is_zero() {
                let late = "the proxy took too long";
                return Err(io::Error::new(io::ErrorKind::TimedOut, late));
            }
            link.go_on(left)?;
        }
        Ok(link)
    }

    fn go_on(&mut self, limit: Duration) -> io::Result<()> {
        let unwritten = self.handshake.transmit();
        if !unwritten.is_empty() {
            if let Some(count) = wrote(self.stream.write(unwritten, limit))? {
                self.handshake.transmitted(count);
            }
            return Ok(());
        }
        let mut answer = [0; ANSWER_BYTES];
        match read(self.stream.read(&mut answer, limit))? {
            None => {}
            Some(Input::Bytes(count)) => {
                let answer = answer.get(..count).unwrap_or_default();
                self.handshake.receive(answer)?;
            }
            Some(Input::End(_)) => return Err(ProxyError::Closed.into()),
        }
        Ok(())
    }
}

impl<S> ProxiedLink<S> {
    /// The connection to the proxy.
    pub const fn stream(&self) -> &S {
        &self.stream
    }
}

impl<S: Stream> Stream for ProxiedLink<S> {
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.stream.addresses()
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>> {
        match self.handshake.read(buffer) {
            0 => self.stream.read(buffer, limit),
            early => Ok(Some(Input::Bytes(early))),
        }
    }

    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>> {
        self.stream.write(bytes, limit)
    }

    fn handshake(&mut self, limit: Duration) -> io::Result<bool> {
        self.stream.handshake(limit)
    }

    fn unsecure(&mut self, limit: Duration) -> io::Result<bool> {
        self.stream.unsecure(limit)
    }

    fn finish(&mut self, limit: Duration) -> io::Result<bool> {
        self.stream.finish(limit)
    }

    fn await_end(&mut self, limit: Duration) -> bool {
        self.stream.await_end(limit)
    }

    fn keep_little_unsent(&mut self) {
        self.stream.keep_little_unsent();
    }

    fn shut_down(&mut self) {
        self.stream.shut_down();
    }

    fn close(self) {
        self.stream.close();
    }

    fn reset(self) {
        self.stream.reset();
    }
}
