//! Sockets that connect and listen without waiting.

use std::io;
use std::net::{IpAddr, SocketAddr};

use ftp_proto::driver::TcpOptions;
use socket2::{Domain, Protocol, Type};

/// Listens at the first port that is free.
pub(super) fn listener_at(local: IpAddr, options: &TcpOptions) -> io::Result<socket2::Socket> {
    let at = |port| SocketAddr::new(local, port);
    let socket = stream_socket(at(0), options)?;
    options.first_free(|port| socket.bind(&at(port).into()))?;
    socket.listen(1)?;
    Ok(socket)
}

/// The first step of connecting; [`is_connected`] has the others.
pub(super) fn dial(
    source: Option<IpAddr>,
    to: SocketAddr,
    options: &TcpOptions,
) -> io::Result<socket2::Socket> {
    let socket = stream_socket(to, options)?;
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    match socket.connect(&to.into()) {
        Err(error) if has_failed(&error) => Err(error),
        _ => Ok(socket),
    }
}

/// The buffers are set first: what TCP offers at the beginning depends on them.
fn stream_socket(address: SocketAddr, options: &TcpOptions) -> io::Result<socket2::Socket> {
    let socket = nonblocking_socket(Domain::for_address(address))?;
    if let Some(bytes) = options.send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    Ok(socket)
}

/// One call where the system has a flag for it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn nonblocking_socket(domain: Domain) -> io::Result<socket2::Socket> {
    socket2::Socket::new(domain, Type::STREAM.nonblocking(), Some(Protocol::TCP))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn nonblocking_socket(domain: Domain) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Whether `connect` failed, or is only incomplete. std has no stable name for "in progress", but
/// it has names for all immediate failures.
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

/// A socket is reported writable when it is connected, when it failed, and falsely. It has a peer
/// if it is connected. Otherwise it has an error, or it is in progress.
pub(super) fn is_connected<P>(
    peer: io::Result<P>,
    error: impl FnOnce() -> io::Result<Option<io::Error>>,
) -> io::Result<bool> {
    let Err(no_peer) = peer else { return Ok(true) };
    match error()? {
        Some(error) => Err(error),
        None if has_failed(&no_peer) => Err(no_peer),
        None => Ok(false),
    }
}
