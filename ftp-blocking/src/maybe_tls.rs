//! One type for sessions in clear and under TLS, chosen at run time.

use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::time::Duration;

#[cfg(unix)]
use ftp_proto::Direction;
use ftp_proto::Target;
use ftp_proto::driver::{Endpoint, Error, Input, Result, TlsMode};

use crate::tcp::{Tcp, TcpLink};
#[cfg(feature = "rustls")]
use crate::tls::{Tls, TlsLink};
use crate::transport::{Stream, Transport};

/// A transport in clear or under TLS: `Client<MaybeTls>` is one type for both.
///
/// ```no_run
/// use ftp_blocking::proto::driver::TlsMode;
/// use ftp_blocking::{Client, MaybeTls};
///
/// fn sizes(ftp: &mut Client<MaybeTls>) -> ftp_blocking::Result<()> {
///     for entry in ftp.list("pub")? {
///         println!("{} {:?}", entry.name(), entry.size());
///     }
///     Ok(())
/// }
///
/// let mode = if cfg!(feature = "rustls") { TlsMode::Implicit } else { TlsMode::None };
/// let transport = MaybeTls::new(mode)?;
/// let mut ftp = Client::builder().transport(transport).connect("ftp.example.org")?;
/// ftp.login_anonymous()?;
/// sizes(&mut ftp)?;
/// # Ok::<(), ftp_blocking::Error>(())
/// ```
///
/// Under explicit TLS, call [`Client::secure`](crate::Client::secure) before the login;
/// [`Connector`](crate::Connector) does that by itself. Without the feature `rustls` there is only
/// [`Clear`](Self::Clear).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum MaybeTls<T = Tcp> {
    /// In clear.
    Clear(T),
    /// Under TLS, with a configuration of your own.
    #[cfg(feature = "rustls")]
    Tls(Tls<T>),
}

impl MaybeTls {
    /// Over TCP. TLS trusts the roots of the operating system.
    ///
    /// # Errors
    /// The operating system's trust cannot be used; [`Error::WithoutTls`] without the feature
    /// `rustls`.
    pub fn new(mode: TlsMode) -> Result<Self> {
        match mode {
            TlsMode::None => Ok(Self::Clear(Tcp::new())),
            #[cfg(feature = "rustls")]
            TlsMode::Explicit => Ok(Self::Tls(Tls::new()?)),
            #[cfg(feature = "rustls")]
            TlsMode::Implicit => Ok(Self::Tls(Tls::new()?.implicit())),
            _ => Err(Error::WithoutTls),
        }
    }
}

impl<T: Transport> Transport for MaybeTls<T> {
    type Stream = MaybeTlsLink<T::Stream>;
    type Listener = T::Listener;

    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<Self::Stream> {
        match self {
            Self::Clear(inner) => Ok(MaybeTlsLink::clear(inner.connect(to, limit)?)),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => Ok(MaybeTlsLink(tls.connect(to, limit)?)),
        }
    }

    fn connect_data(
        &mut self,
        control: &Self::Stream,
        to: Target,
        limit: Duration,
    ) -> io::Result<Self::Stream> {
        match self {
            Self::Clear(inner) => {
                let stream = inner.connect_data(control.stream(), to, limit)?;
                Ok(MaybeTlsLink::clear(stream))
            }
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => Ok(MaybeTlsLink(tls.connect_data(&control.0, to, limit)?)),
        }
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(T::Listener, SocketAddr)> {
        match self {
            Self::Clear(inner) => inner.listen(local),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.listen(local),
        }
    }

    fn accept(
        &mut self,
        listener: &mut T::Listener,
        limit: Duration,
    ) -> io::Result<Option<(Self::Stream, SocketAddr)>> {
        match self {
            Self::Clear(inner) => {
                let accepted = inner.accept(listener, limit)?;
                Ok(accepted.map(|(stream, peer)| (MaybeTlsLink::clear(stream), peer)))
            }
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => {
                let accepted = tls.accept(listener, limit)?;
                Ok(accepted.map(|(stream, peer)| (MaybeTlsLink(stream), peer)))
            }
        }
    }

    fn looks_names_up(&self) -> bool {
        match self {
            Self::Clear(inner) => inner.looks_names_up(),
            #[cfg(feature = "rustls")]
            Self::Tls(tls) => tls.looks_names_up(),
        }
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

/// A connection of [`MaybeTls`]: control or data, with or without TLS at the moment.
#[derive(Debug)]
pub struct MaybeTlsLink<S = TcpLink>(
    #[cfg(feature = "rustls")] TlsLink<S>,
    #[cfg(not(feature = "rustls"))] S,
);

#[cfg(feature = "rustls")]
impl<S> MaybeTlsLink<S> {
    const fn clear(stream: S) -> Self {
        Self(TlsLink::control(stream))
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
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.0.addresses()
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>> {
        self.0.read(buffer, limit)
    }

    fn read_with(
        &mut self,
        block: &mut [u8],
        limit: Duration,
        take: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Option<Input>> {
        self.0.read_with(block, limit, take)
    }

    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>> {
        self.0.write(bytes, limit)
    }

    fn handshake(&mut self, limit: Duration) -> io::Result<bool> {
        self.0.handshake(limit)
    }

    fn unsecure(&mut self, limit: Duration) -> io::Result<bool> {
        self.0.unsecure(limit)
    }

    fn finish(&mut self, limit: Duration) -> io::Result<bool> {
        self.0.finish(limit)
    }

    fn await_end(&mut self, limit: Duration) -> bool {
        self.0.await_end(limit)
    }

    #[cfg(unix)]
    fn bare_socket(
        &mut self,
        direction: Direction,
        limit: Duration,
    ) -> io::Result<Option<BorrowedFd<'_>>> {
        self.0.bare_socket(direction, limit)
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
