//! Connections through a proxy, over any other transport.

use std::convert::Infallible;
use std::io;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};

use ftp_proto::Target;
use ftp_proto::driver::{Endpoint, Input};
use ftp_proto::proxy::{Handshake, Proxy, ProxyError};

use crate::interest::Interest;
use crate::patience::{patient, read, wrote};
use crate::transport::{Listener, Stream, Transport};

/// What one read of a proxy's answer takes.
const ANSWER_BYTES: usize = 512;

/// The transport through a SOCKS5 or HTTP CONNECT proxy, for control and data connections.
///
/// ```no_run
/// use std::time::Instant;
/// use ftp_mio::proto::proxy::Proxy;
/// use ftp_mio::{Builder, Endpoint, Proxied, Tcp};
///
/// let at = Endpoint::from(([192, 0, 2, 1], 1080));
/// let proxy = Proxy::socks5().credentials("ann", "secret")?;
/// let client = Builder::new(Proxied::over(Tcp::new(), proxy, at))
///     .connect(Endpoint::name("ftp.example.org", 21), Instant::now());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// FTPS goes through a proxy with `Tls` over this transport; the proxy then sees no password and no
/// payload.
///
/// The name of the FTP host goes to the proxy. A data connection to the host of the control
/// connection is asked for by the same name, at the same proxy. Active mode is
/// [`ProxyError::ActiveMode`], because the server cannot connect to the client.
///
/// The limit of a connection covers the proxy's answer. [`Error::proxy`](crate::Error::proxy) is
/// the reason if the proxy makes no connection. One `Proxied` may go over another, for a chain.
#[derive(Clone, Debug)]
pub struct Proxied<T> {
    inner: T,
    proxy: Proxy,
    at: Endpoint,
}

impl<T> Proxied<T> {
    /// Through the proxy that listens at `at`, over connections of `inner`. [`Tcp`](crate::Tcp)
    /// takes an address, and no name.
    pub const fn over(inner: T, proxy: Proxy, at: Endpoint) -> Self {
        Self { inner, proxy, at }
    }
}

impl<T: Transport> Transport for Proxied<T> {
    type Source = T::Source;
    type Stream = ProxiedLink<T::Stream>;
    type Listener = NoPort<T::Stream>;

    fn connect(&mut self, to: &Endpoint) -> io::Result<Self::Stream> {
        let host = match to.address() {
            Some(address) => address.ip().to_string(),
            None => to.host().into_owned(),
        };
        let handshake = self.proxy.ask(&host, to.port())?;
        Ok(ProxiedLink {
            stream: self.inner.connect(&self.at)?,
            is_with_proxy: false,
            host,
            handshake,
        })
    }

    fn connect_data(&mut self, control: &Self::Stream, to: Target) -> io::Result<Self::Stream> {
        let (host, port) = match to {
            Target::ControlHost { port } => (control.host.clone(), port),
            Target::Address(address) => (address.ip().to_string(), address.port()),
        };
        let handshake = self.proxy.ask(&host, port)?;
        // For the transport below, the host of the control connection is this proxy.
        let port = self.at.port();
        let proxy = Target::ControlHost { port };
        Ok(ProxiedLink {
            stream: self.inner.connect_data(&control.stream, proxy)?,
            is_with_proxy: false,
            host,
            handshake,
        })
    }

    fn listen(&mut self, _: IpAddr) -> io::Result<(Self::Listener, SocketAddr)> {
        Err(ProxyError::ActiveMode.into())
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

/// A listener of [`Proxied`]: there is none.
#[derive(Debug)]
pub struct NoPort<S> {
    never: Infallible,
    accepts: PhantomData<S>,
}

impl<S: Stream> Listener for NoPort<S> {
    type Source = S::Source;
    type Stream = ProxiedLink<S>;

    fn source(&mut self) -> &mut S::Source {
        match self.never {}
    }

    fn accept(&mut self) -> io::Result<Option<(Self::Stream, SocketAddr)>> {
        match self.never {}
    }
}

/// A connection of [`Proxied`], control or data. Its [addresses](Stream::addresses) are those of
/// the connection to the proxy.
#[derive(Debug)]
pub struct ProxiedLink<S> {
    stream: S,
    /// The connection to the proxy is open.
    is_with_proxy: bool,
    /// As the proxy was asked for it.
    host: String,
    handshake: Handshake,
}

impl<S> ProxiedLink<S> {
    /// The connection to the proxy.
    pub const fn stream(&self) -> &S {
        &self.stream
    }
}

impl<S: Stream> ProxiedLink<S> {
    /// Writes or reads once; `false` if that would block.
    fn go_on(&mut self) -> io::Result<bool> {
        let Self {
            stream, handshake, ..
        } = self;
        if !handshake.transmit().is_empty() {
            let count = wrote(|| stream.write(handshake.transmit()))?;
            handshake.transmitted(count.unwrap_or(0));
            return Ok(count.is_some());
        }
        let mut answer = [0; ANSWER_BYTES];
        match read(|| stream.read(&mut answer))? {
            None => Ok(false),
            Some(Input::Bytes(count)) => {
                handshake.receive(answer.get(..count).unwrap_or_default())?;
                Ok(true)
            }
            Some(Input::End(_)) => Err(ProxyError::Closed.into()),
        }
    }
}

impl<S: Stream> Stream for ProxiedLink<S> {
    type Source = S::Source;

    fn source(&mut self) -> &mut S::Source {
        self.stream.source()
    }

    /// The connection to the proxy, and then the handshake with it.
    fn poll_connect(&mut self) -> io::Result<bool> {
        if !self.is_with_proxy {
            self.is_with_proxy = patient(|| self.stream.poll_connect())?;
        }
        while self.is_with_proxy && !self.handshake.is_open() {
            if !self.go_on()? {
                break;
            }
        }
        Ok(self.handshake.is_open())
    }

    fn connect_interest(&self) -> Interest {
        if self.is_with_proxy {
            Interest::new(true, !self.handshake.transmit().is_empty())
        } else {
            self.stream.connect_interest()
        }
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.stream.addresses()
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        match self.handshake.read(buffer) {
            0 => self.stream.read(buffer),
            early => Ok(Some(Input::Bytes(early))),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<bool> {
        self.stream.flush()
    }

    fn handshake(&mut self) -> io::Result<bool> {
        self.stream.handshake()
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        self.stream.unsecure()
    }

    fn finish(&mut self) -> io::Result<bool> {
        self.stream.finish()
    }

    fn await_end(&mut self) -> bool {
        self.stream.await_end()
    }

    fn wants_write(&self) -> bool {
        self.stream.wants_write()
    }

    fn take_received(&mut self) -> usize {
        self.stream.take_received()
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
