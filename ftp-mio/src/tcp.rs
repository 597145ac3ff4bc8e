//! Non-blocking TCP, for mio and for any other reactor.

mod opening;

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::time::Duration;

use ftp_proto::driver::{Endpoint, Input, TcpOptions};
use ftp_proto::{End, Target};
use socket2::{SockRef, TcpKeepalive};

use self::opening::{dial, is_connected, listener_at};
use crate::transport::{Listener, Stream, Transport};

/// mio's sockets with the feature `mio`: on Windows mio reports events only for its own sockets.
#[cfg(feature = "mio")]
mod system {
    use std::io;
    use std::net::SocketAddr;

    pub(super) use mio::net::{TcpListener as Listener, TcpStream as Stream};

    pub(super) fn stream(socket: std::net::TcpStream) -> Stream {
        Stream::from_std(socket)
    }

    pub(super) fn listener(socket: std::net::TcpListener) -> Listener {
        Listener::from_std(socket)
    }

    pub(super) fn accept(listener: &Listener) -> io::Result<(Stream, SocketAddr)> {
        listener.accept()
    }
}

#[cfg(not(feature = "mio"))]
mod system {
    use std::io;
    use std::net::SocketAddr;

    pub(super) use std::net::{TcpListener as Listener, TcpStream as Stream};

    pub(super) const fn stream(socket: Stream) -> Stream {
        socket
    }

    pub(super) const fn listener(socket: Listener) -> Listener {
        socket
    }

    pub(super) fn accept(listener: &Listener) -> io::Result<(Stream, SocketAddr)> {
        let (stream, peer) = listener.accept()?;
        stream.set_nonblocking(true)?;
        Ok((stream, peer))
    }
}

/// The default transport: TCP in clear, for mio's `Registrar` and for any
/// reactor that takes a file descriptor or a Windows socket.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp {
    source: Option<IpAddr>,
    options: TcpOptions,
}

impl Tcp {
    /// Connects from a local address that the system chooses.
    pub fn new() -> Self {
        Self::default()
    }

    /// Connects from the given local address.
    pub fn from_source(source: IpAddr) -> Self {
        Self {
            source: Some(source),
            ..Self::default()
        }
    }

    /// Sets keepalive, buffers, and the ports and the address of active mode.
    ///
    /// ```
    /// use ftp_mio::Tcp;
    /// use ftp_mio::proto::driver::TcpOptions;
    ///
    /// let mut options = TcpOptions::default();
    /// options.active_ports = Some((50_000, 50_099));
    /// let transport = Tcp::new().options(options);
    /// # let _ = transport;
    /// ```
    #[must_use]
    pub const fn options(self, options: TcpOptions) -> Self {
        Self { options, ..self }
    }
}

/// A socket of [`Tcp`], connection or listener. It lends its descriptor to reactors, and to callers
/// that set options or move payload with system calls. With the feature `mio` it is a source of
/// mio's events.
#[derive(Debug)]
pub struct Socket(Kind);

#[derive(Debug)]
enum Kind {
    Stream(Connection),
    Listener(system::Listener),
}

#[derive(Debug)]
struct Connection {
    stream: system::Stream,
    /// They do not change, and each transfer needs them.
    addresses: OnceLock<(SocketAddr, SocketAddr)>,
    /// The latest read yielded less than it asked for.
    drained: bool,
    /// The kernel's buffer of unsent bytes is to be limited before the first payload.
    is_for_payload: bool,
}

impl Socket {
    fn from_stream(stream: system::Stream, is_for_payload: bool) -> Self {
        Self(Kind::Stream(Connection {
            stream,
            addresses: OnceLock::new(),
            drained: false,
            is_for_payload,
        }))
    }

    fn connection(&self) -> io::Result<&Connection> {
        match &self.0 {
            Kind::Stream(connection) => Ok(connection),
            Kind::Listener(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn connection_mut(&mut self) -> io::Result<&mut Connection> {
        match &mut self.0 {
            Kind::Stream(connection) => Ok(connection),
            Kind::Listener(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// A connection that the application has made, for use by the application's own transport. It is
/// set to non-blocking.
impl TryFrom<TcpStream> for Socket {
    type Error = io::Error;

    fn try_from(stream: TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self::from_stream(system::stream(stream), false))
    }
}

impl From<socket2::Socket> for Socket {
    fn from(socket: socket2::Socket) -> Self {
        Self::from_stream(system::stream(socket.into()), false)
    }
}

impl Transport for Tcp {
    type Source = Socket;
    type Stream = Socket;
    type Listener = Socket;

    fn connect(&mut self, to: &Endpoint) -> io::Result<Socket> {
        let to = to.address().ok_or_else(not_looked_up)?;
        let socket = dial(self.source, to, &TcpOptions::default())?;
        if let Some(silence) = self.options.keepalive {
            socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(silence))?;
        }
        socket.set_tcp_nodelay(true)?;
        Ok(socket.into())
    }

    /// Binds to the control connection's local address, because servers compare the addresses.
    fn connect_data(&mut self, control: &Socket, to: Target) -> io::Result<Socket> {
        let (local, peer) = control.addresses()?;
        let (local, to) = (local.ip(), to.at(peer.ip()));
        let same_family = local.is_ipv4() == to.is_ipv4();
        let socket = dial(same_family.then_some(local), to, &self.options)?;
        Ok(Self::Stream::from_stream(
            system::stream(socket.into()),
            true,
        ))
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(Socket, SocketAddr)> {
        let listener = TcpListener::from(listener_at(local, &self.options)?);
        let bound = self.options.announced_for(listener.local_addr()?);
        Ok((Socket(Kind::Listener(system::listener(listener))), bound))
    }

    fn secure_control(&mut self, _: &mut Socket) -> io::Result<()> {
        Err(without_tls())
    }

    fn secure_data(&mut self, _: &Socket, _: &mut Socket) -> io::Result<()> {
        Err(without_tls())
    }
}

impl Stream for Socket {
    type Source = Self;

    fn source(&mut self) -> &mut Self {
        self
    }

    fn poll_connect(&mut self) -> io::Result<bool> {
        let stream = &self.connection()?.stream;
        is_connected(stream.peer_addr(), || stream.take_error())
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        let connection = self.connection()?;
        if let Some(known) = connection.addresses.get() {
            return Ok(*known);
        }
        let stream = &connection.stream;
        let addresses = (stream.local_addr()?, stream.peer_addr()?);
        Ok(*connection.addresses.get_or_init(|| addresses))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        let connection = self.connection_mut()?;
        let read = unless_blocked(connection.stream.read(buffer))?;
        connection.drained = read.is_none_or(|bytes| bytes < buffer.len());
        Ok(read.map(|bytes| match bytes {
            0 => Input::End(End::Clean),
            bytes => Input::Bytes(bytes),
        }))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let connection = self.connection_mut()?;
        unless_blocked(connection.stream.write(bytes))
    }

    fn handshake(&mut self) -> io::Result<bool> {
        Err(without_tls())
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        Err(without_tls())
    }

    /// Nothing to do: the connection is closed next, and that is the end for the peer.
    fn finish(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn is_drained(&self) -> bool {
        self.connection().is_ok_and(|connection| connection.drained)
    }

    #[cfg(unix)]
    fn bare_socket(&mut self) -> Option<BorrowedFd<'_>> {
        // What the caller does with the socket is not known here.
        let connection = self.connection_mut().ok()?;
        connection.drained = false;
        Some(connection.stream.as_fd())
    }

    fn keep_little_unsent(&mut self) {
        if let Ok(connection) = self.connection_mut() {
            if std::mem::take(&mut connection.is_for_payload) {
                limit_unsent(&connection.stream);
            }
        }
    }

    fn shut_down(&mut self) {
        if let Ok(connection) = self.connection() {
            // A failure means that the peer has gone; its reply says what it has received.
            let _ = connection.stream.shutdown(Shutdown::Write);
        }
    }

    fn reset(self) {
        if let Ok(connection) = self.connection() {
            // If the option cannot be set, the socket is broken already and needs no reset.
            let _ = SockRef::from(&connection.stream).set_linger(Some(Duration::ZERO));
        }
    }
}

impl Listener for Socket {
    type Source = Self;
    type Stream = Self;

    fn source(&mut self) -> &mut Self {
        self
    }

    fn accept(&mut self) -> io::Result<Option<(Self, SocketAddr)>> {
        let Kind::Listener(listener) = &self.0 else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let accepted = unless_blocked(system::accept(listener))?;
        Ok(accepted.map(|(stream, peer)| (Self::from_stream(stream, true), peer)))
    }
}

#[cfg(feature = "mio")]
impl mio::event::Source for Socket {
    fn register(
        &mut self,
        registry: &mio::Registry,
        token: mio::Token,
        interests: mio::Interest,
    ) -> io::Result<()> {
        self.source_mut().register(registry, token, interests)
    }

    fn reregister(
        &mut self,
        registry: &mio::Registry,
        token: mio::Token,
        interests: mio::Interest,
    ) -> io::Result<()> {
        self.source_mut().reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &mio::Registry) -> io::Result<()> {
        self.source_mut().deregister(registry)
    }
}

#[cfg(feature = "mio")]
impl Socket {
    fn source_mut(&mut self) -> &mut dyn mio::event::Source {
        match &mut self.0 {
            Kind::Stream(connection) => &mut connection.stream,
            Kind::Listener(listener) => listener,
        }
    }
}

#[cfg(unix)]
mod descriptor {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::{Kind, Socket};

    impl AsFd for Socket {
        fn as_fd(&self) -> BorrowedFd<'_> {
            match &self.0 {
                Kind::Stream(connection) => connection.stream.as_fd(),
                Kind::Listener(listener) => listener.as_fd(),
            }
        }
    }

    impl AsRawFd for Socket {
        fn as_raw_fd(&self) -> RawFd {
            match &self.0 {
                Kind::Stream(connection) => connection.stream.as_raw_fd(),
                Kind::Listener(listener) => listener.as_raw_fd(),
            }
        }
    }
}

#[cfg(windows)]
mod descriptor {
    use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

    use super::{Kind, Socket};

    impl AsSocket for Socket {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            match &self.0 {
                Kind::Stream(connection) => connection.stream.as_socket(),
                Kind::Listener(listener) => listener.as_socket(),
            }
        }
    }

    impl AsRawSocket for Socket {
        fn as_raw_socket(&self) -> RawSocket {
            match &self.0 {
                Kind::Stream(connection) => connection.stream.as_raw_socket(),
                Kind::Listener(listener) => listener.as_raw_socket(),
            }
        }
    }
}

/// Limits the kernel's
/// buffer of unsent bytes. Otherwise the system takes megabytes at once, and the final reply of an
/// upload comes long after the last write. A failure only loses this effect.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn limit_unsent(socket: &impl AsFd) {
    let _ = SockRef::from(socket).set_tcp_notsent_lowat(64 * 1024);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const fn limit_unsent<S>(_: &S) {}

fn unless_blocked<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn not_looked_up() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this transport takes addresses and looks no name up",
    )
}

fn without_tls() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "this transport has no TLS")
}
