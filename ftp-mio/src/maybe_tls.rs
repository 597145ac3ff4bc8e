//! One type for sessions in clear and under TLS, chosen at run time.

use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::os::fd::BorrowedFd;

use ftp_proto::Target;
use ftp_proto::driver::{Endpoint, Input};

use crate::interest::Interest;
use crate::tcp::Tcp;
#[cfg(feature = "rustls")]
use crate::tls::{Tls, TlsLink};
use crate::transport::{Listener, Stream, Transport};

/// A transport in clear or under TLS: `Client<MaybeTls>` is one type for both.
///
/// ```
/// use std::time::Instant;
/// use ftp_mio::proto::operation::{Exchange, Login};
/// use ftp_mio::{Client, MaybeTls, Tcp};
///
/// fn greet(client: &mut Client<MaybeTls>) {
///     client.start(Login::anonymous());
///     client.start(Exchange::working_directory());
/// }
///
/// let transport = MaybeTls::Clear(Tcp::new()); // or MaybeTls::Tls(..)
/// let server = [([192, 0, 2, 1], 21).into()];
/// let mut client = Client::builder().transport(transport).connect_to(server, Instant::now());
/// greet(&mut client);
/// ```
///
/// Under explicit TLS, start [`Secure`](ftp_proto::operation::Secure) before the login;
/// [`Connector`](crate::Connector) does that by itself. Without the feature `rustls` there is only
/// [`Clear`](Self::Clear).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MaybeTls<T = Tcp> {
    /// In clear.
    Clear(T),
    /// Under TLS.
    #[cfg(feature = "rustls")]
    Tls(Tls<T>),
}

impl<T: Transport> Transport for MaybeTls<T> {
    type Source = T::Source;
    type Stream = MaybeTlsLink<T::Stream>;
    type Listener = MaybeTlsPort<T::Listener>;

    fn connect(&mut self, to: &Endpoint) -> io::Result<Self::Stream> {
        match self {
            Self::Clear(inner) => Ok(MaybeTlsLink::clear(inner.connect(to)?)),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => Ok(MaybeTlsLink(tls.connect(to)?)),
        }
    }

    fn connect_data(&mut self, control: &Self::Stream, to: Target) -> io::Result<Self::Stream> {
        match self {
            Self::Clear(inner) => {
                let stream = inner.connect_data(control.stream(), to)?;
                Ok(MaybeTlsLink::clear(stream))
            }
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => Ok(MaybeTlsLink(tls.connect_data(&control.0, to)?)),
        }
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(Self::Listener, SocketAddr)> {
        let (listener, bound) = match self {
            Self::Clear(inner) => inner.listen(local)?,
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.inner_mut().listen(local)?,
        };
        Ok((MaybeTlsPort(listener), bound))
    }

    fn is_for_tls(&self) -> bool {
        !matches!(self, Self::Clear(_))
    }

    fn is_secured(&self) -> bool {
        match self {
            Self::Clear(_) => false,
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.is_secured(),
        }
    }

    #[cfg_attr(
        not(feature = "rustls"),
        expect(unused_variables, reason = "only TLS touches the connection")
    )]
    fn secure_control(&mut self, stream: &mut Self::Stream) -> io::Result<()> {
        match self {
            Self::Clear(_) => Err(in_clear()),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.secure_control(&mut stream.0),
        }
    }

    #[cfg_attr(
        not(feature = "rustls"),
        expect(unused_variables, reason = "only TLS touches the connection")
    )]
    fn secure_data(&mut self, control: &Self::Stream, data: &mut Self::Stream) -> io::Result<()> {
        match self {
            Self::Clear(_) => Err(in_clear()),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.secure_data(&control.0, &mut data.0),
        }
    }

    fn resumptions(&self) -> Option<u32> {
        match self {
            Self::Clear(_) => None,
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.resumptions(),
        }
    }
}

fn in_clear() -> io::Error {
    let why = "this transport was made without TLS";
    io::Error::new(io::ErrorKind::Unsupported, why)
}

/// A listener of [`MaybeTls`].
#[derive(Debug)]
pub struct MaybeTlsPort<L>(L);

impl<L: Listener<Stream: Stream>> Listener for MaybeTlsPort<L> {
    type Source = L::Source;
    type Stream = MaybeTlsLink<L::Stream>;

    fn source(&mut self) -> &mut L::Source {
        self.0.source()
    }

    fn accept(&mut self) -> io::Result<Option<(Self::Stream, SocketAddr)>> {
        let accepted = self.0.accept()?;
        Ok(accepted.map(|(stream, peer)| (MaybeTlsLink::clear(stream), peer)))
    }
}

/// A connection of [`MaybeTls`]: control or data, with or without TLS at the moment.
#[derive(Debug)]
pub struct MaybeTlsLink<S>(
    #[cfg(feature = "rustls")] TlsLink<S>,
    #[cfg(not(feature = "rustls"))] S,
);

#[cfg(feature = "rustls")]
impl<S> MaybeTlsLink<S> {
    const fn clear(stream: S) -> Self {
        Self(TlsLink::clear(stream))
    }

    /// The connection underneath.
    pub const fn stream(&self) -> &S {
        self.0.stream()
    }

    /// The TLS on it, if there is any: version, cipher suite, whether a session was resumed, the
    /// server's certificates.
    pub fn channel(&self) -> Option<&ftp_proto::tls::Channel> {
        self.0.channel()
    }
}

#[cfg(not(feature = "rustls"))]
impl<S> MaybeTlsLink<S> {
    const fn clear(stream: S) -> Self {
        Self(stream)
    }

    /// The connection underneath.
    pub const fn stream(&self) -> &S {
        &self.0
    }
}

impl<S: Stream> Stream for MaybeTlsLink<S> {
    type Source = S::Source;

    fn source(&mut self) -> &mut S::Source {
        self.0.source()
    }

    fn poll_connect(&mut self) -> io::Result<bool> {
        self.0.poll_connect()
    }

    fn connect_interest(&self) -> Interest {
        self.0.connect_interest()
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.0.addresses()
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        self.0.read(buffer)
    }

    fn read_with(
        &mut self,
        block: &mut [u8],
        take: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Option<Input>> {
        self.0.read_with(block, take)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<bool> {
        self.0.flush()
    }

    fn handshake(&mut self) -> io::Result<bool> {
        self.0.handshake()
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        self.0.unsecure()
    }

    fn finish(&mut self) -> io::Result<bool> {
        self.0.finish()
    }

    fn await_end(&mut self) -> bool {
        self.0.await_end()
    }

    fn wants_write(&self) -> bool {
        self.0.wants_write()
    }

    fn take_received(&mut self) -> usize {
        self.0.take_received()
    }

    fn is_drained(&self) -> bool {
        self.0.is_drained()
    }

    #[cfg(unix)]
    fn bare_socket(&mut self) -> Option<BorrowedFd<'_>> {
        self.0.bare_socket()
    }

    fn keep_little_unsent(&mut self) {
        self.0.keep_little_unsent();
    }

    fn shut_down(&mut self) {
        self.0.shut_down();
    }

    fn close(self) {
        self.0.close();
    }

    fn reset(self) {
        self.0.reset();
    }
}
