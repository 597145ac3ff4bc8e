//! Non-blocking TCP by socket2.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::time::Duration;

use ftp_proto::End;
use socket2::{Domain, Protocol, SockRef, TcpKeepalive, Type};

use crate::transport::{Input, Listener, Stream, Transport};

/// The default transport: TCP in clear, for any reactor that takes a file descriptor or a Windows socket.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp {
    source: Option<IpAddr>,
}

impl Tcp {
    /// From whatever local address the system chooses.
    pub fn new() -> Self {
        Self::default()
    }

    /// From the given local address.
    pub const fn from_source(source: IpAddr) -> Self {
        Self {
            source: Some(source),
        }
    }
}

/// A socket of [`Tcp`], connection or listener. It lends its descriptor to reactors, and to whoever sets options or
/// moves payload with system calls of his own.
#[derive(Debug)]
pub struct Socket(socket2::Socket);

impl Transport for Tcp {
    type Source = Socket;
    type Stream = Socket;
    type Listener = Socket;

    fn connect(&mut self, _: &str, to: SocketAddr) -> io::Result<Socket> {
        dial_control(self.source, to).map(Socket)
    }

    fn connect_data(&mut self, control: &Socket, to: SocketAddr) -> io::Result<Socket> {
        dial_data(control.addresses()?.0.ip(), to).map(Socket)
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(Socket, SocketAddr)> {
        let (socket, bound) = bind(local)?;
        Ok((Socket(socket), bound))
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
        is_connected(self.0.take_error()?, self.0.peer_addr())
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((
            internet(&self.0.local_addr()?)?,
            internet(&self.0.peer_addr()?)?,
        ))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        read(&mut self.0, buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        write(&mut self.0, bytes)
    }

    fn handshake(&mut self) -> io::Result<bool> {
        Err(without_tls())
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        Err(without_tls())
    }

    fn finish(&mut self) -> io::Result<bool> {
        // It fails when the peer has gone; then its reply tells what it has got.
        let _ = self.0.shutdown(Shutdown::Write);
        Ok(true)
    }

    fn reset(self) {
        reset_on_close(&SockRef::from(&self.0));
    }
}

impl Listener for Socket {
    type Source = Self;
    type Stream = Self;

    fn source(&mut self) -> &mut Self {
        self
    }

    fn accept(&mut self) -> io::Result<Option<(Self, SocketAddr)>> {
        let Some((socket, peer)) = unless_blocked(self.0.accept())? else {
            return Ok(None);
        };
        socket.set_nonblocking(true)?;
        Ok(Some((Self(socket), internet(&peer)?)))
    }
}

#[cfg(unix)]
mod descriptor {
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

    use super::Socket;

    impl AsFd for Socket {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }

    impl AsRawFd for Socket {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_raw_fd()
        }
    }
}

#[cfg(windows)]
mod descriptor {
    use std::os::windows::io::{AsRawSocket, AsSocket, BorrowedSocket, RawSocket};

    use super::Socket;

    impl AsSocket for Socket {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            self.0.as_socket()
        }
    }

    impl AsRawSocket for Socket {
        fn as_raw_socket(&self) -> RawSocket {
            self.0.as_raw_socket()
        }
    }
}

// -- what all TCP transports share ----------------------------------------------------------------------------------------

pub(crate) fn dial_control(source: Option<IpAddr>, to: SocketAddr) -> io::Result<socket2::Socket> {
    let socket = dial(source, to)?;
    // A control connection is silent while a long transfer runs; translators on the way forget it otherwise.
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(Duration::from_secs(60)))?;
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

/// From the control connection's own address, which servers compare.
pub(crate) fn dial_data(local: IpAddr, to: SocketAddr) -> io::Result<socket2::Socket> {
    let same_family = local.is_ipv4() == to.is_ipv4();
    dial(same_family.then_some(local), to)
}

/// The first step of connecting; [`is_connected`] has the others.
fn dial(source: Option<IpAddr>, to: SocketAddr) -> io::Result<socket2::Socket> {
    let socket = stream_socket(to)?;
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    match socket.connect(&to.into()) {
        Err(error) if has_failed(&error) => Err(error),
        _ => Ok(socket),
    }
}

pub(crate) fn bind(local: IpAddr) -> io::Result<(socket2::Socket, SocketAddr)> {
    let address = SocketAddr::new(local, 0);
    let socket = stream_socket(address)?;
    socket.bind(&address.into())?;
    socket.listen(1)?;
    let bound = internet(&socket.local_addr()?)?;
    Ok((socket, bound))
}

fn stream_socket(address: SocketAddr) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Whether `connect` failed, or is only not complete yet: std has no stable name for "in progress", but names for
/// everything that can go wrong at once.
fn has_failed(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::ConnectionAborted
            | Kind::AddrInUse
            | Kind::AddrNotAvailable
            | Kind::PermissionDenied
            | Kind::InvalidInput
            | Kind::TimedOut
            | Kind::Unsupported
            | Kind::OutOfMemory
    )
}

/// A socket is reported writable when it is connected, when it failed, and by mistake. So: is there an error, is there
/// a peer, and if neither, wait on.
pub(crate) fn is_connected<P>(error: Option<io::Error>, peer: io::Result<P>) -> io::Result<bool> {
    match (error, peer) {
        (Some(error), _) => Err(error),
        (None, Ok(_)) => Ok(true),
        (None, Err(error)) if has_failed(&error) => Err(error),
        // Not connected, or in progress.
        (None, Err(_)) => Ok(false),
    }
}

pub(crate) fn read(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<Option<Input>> {
    let read = unless_blocked(stream.read(buffer))?;
    Ok(read.map(|bytes| {
        if bytes == 0 {
            Input::End(End::Clean)
        } else {
            Input::Bytes(bytes)
        }
    }))
}

pub(crate) fn write(stream: &mut impl Write, bytes: &[u8]) -> io::Result<Option<usize>> {
    unless_blocked(stream.write(bytes))
}

pub(crate) fn unless_blocked<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn reset_on_close(socket: &SockRef<'_>) {
    // If the option cannot be set, the socket is broken already and there is nothing left to reset.
    let _ = socket.set_linger(Some(Duration::ZERO));
}

pub(crate) fn without_tls() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "this transport has no TLS")
}

fn internet(address: &socket2::SockAddr) -> io::Result<SocketAddr> {
    address
        .as_socket()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not an internet address"))
}
