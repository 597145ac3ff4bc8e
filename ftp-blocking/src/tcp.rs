//! TCP by std's sockets.

mod calls;

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

#[cfg(unix)]
use ftp_proto::Direction;
use ftp_proto::driver::{Endpoint, Input, TcpOptions};
use ftp_proto::{End, Target};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};

use crate::transport::{Stream, Transport};

/// The longest wait of one read. A longer one takes several, so that the socket's timeout stays the
/// same whatever the deadline: each change of it costs a system call.
const WAIT: Duration = Duration::from_secs(1);
/// A read may end this much early, so that it does not change the timeout for so short a wait.
const EARLY: Duration = Duration::from_millis(125);

/// The default transport: TCP in clear.
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
    /// use ftp_blocking::Tcp;
    /// use ftp_blocking::proto::driver::TcpOptions;
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

/// A TCP connection of [`Tcp`].
#[derive(Debug)]
pub struct TcpLink {
    stream: TcpStream,
    /// They do not change, and each transfer needs them.
    addresses: OnceLock<(SocketAddr, SocketAddr)>,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
    /// The kernel's buffer of unsent bytes is to be limited before the first payload.
    is_for_payload: bool,
}

/// A listener of [`Tcp`].
#[derive(Debug)]
pub struct TcpPort(TcpListener);

impl Transport for Tcp {
    type Stream = TcpLink;
    type Listener = TcpPort;

    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<TcpLink> {
        let to = to.address().ok_or_else(not_looked_up)?;
        let link = dial(self.source, to, &TcpOptions::default(), limit)?;
        if let Some(silence) = self.options.keepalive {
            let keepalive = TcpKeepalive::new().with_time(silence);
            SockRef::from(&link.stream).set_tcp_keepalive(&keepalive)?;
        }
        link.stream.set_nodelay(true)?;
        Ok(link)
    }

    fn connect_data(
        &mut self,
        control: &TcpLink,
        to: Target,
        limit: Duration,
    ) -> io::Result<TcpLink> {
        let (local, peer) = control.addresses()?;
        let (local, to) = (local.ip(), to.at(peer.ip()));
        let same_family = local.is_ipv4() == to.is_ipv4();
        Ok(dial(same_family.then_some(local), to, &self.options, limit)?.for_payload())
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(TcpPort, SocketAddr)> {
        let listener: TcpListener = listener_at(local, &self.options)?.into();
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((TcpPort(listener), self.options.announced_for(bound)))
    }

    fn accept(
        &mut self,
        listener: &mut TcpPort,
        limit: Duration,
    ) -> io::Result<Option<(TcpLink, SocketAddr)>> {
        let begun = Instant::now();
        loop {
            match listener.0.accept() {
                Ok((stream, peer)) => {
                    calls::set_blocking_after_accept(&stream)?;
                    return Ok(Some((TcpLink::from(stream).for_payload(), peer)));
                }
                Err(error) if is_late(&error) || error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            // std cannot wait for a listener with a limit, so this polls with short pauses.
            std::thread::sleep(left.min(Duration::from_millis(1)));
        }
    }

    fn secure_control(&mut self, _: &mut TcpLink) -> io::Result<()> {
        Err(without_tls())
    }

    fn secure_data(&mut self, _: &TcpLink, _: &mut TcpLink) -> io::Result<()> {
        Err(without_tls())
    }
}

/// Limits the kernel's buffer of unsent bytes. Otherwise the system takes megabytes at once, and
/// the final reply of an upload comes long after the last write. A failure only loses this effect.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn limit_unsent(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_tcp_notsent_lowat(64 * 1024);
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const fn limit_unsent(_: &TcpStream) {}

/// Listens at the first port that is free.
fn listener_at(local: IpAddr, options: &TcpOptions) -> io::Result<Socket> {
    let at = |port| SocketAddr::new(local, port);
    let socket = socket_for(at(0), options)?;
    options.first_free(|port| socket.bind(&at(port).into()))?;
    socket.listen(1)?;
    Ok(socket)
}

/// The buffers are set first: what TCP offers at the beginning depends on them.
fn socket_for(address: SocketAddr, options: &TcpOptions) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if let Some(bytes) = options.send_buffer {
        socket.set_send_buffer_size(bytes)?;
    }
    if let Some(bytes) = options.receive_buffer {
        socket.set_recv_buffer_size(bytes)?;
    }
    Ok(socket)
}

fn dial(
    source: Option<IpAddr>,
    to: SocketAddr,
    options: &TcpOptions,
    limit: Duration,
) -> io::Result<TcpLink> {
    let socket = socket_for(to, options)?;
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    let write_timeout = calls::connect(&socket, &to.into(), at_least_a_moment(limit))?;
    let mut link = TcpLink::from(TcpStream::from(socket));
    link.write_timeout = write_timeout;
    Ok(link)
}

/// A connection that the application has made, for use by the application's own transport. It has
/// to be blocking. Its timeouts are set anew.
impl From<TcpStream> for TcpLink {
    fn from(stream: TcpStream) -> Self {
        Self {
            stream,
            addresses: OnceLock::new(),
            read_timeout: None,
            write_timeout: None,
            is_for_payload: false,
        }
    }
}

impl TcpLink {
    /// The socket, for options that this crate does not set.
    pub const fn socket(&self) -> &TcpStream {
        &self.stream
    }

    const fn for_payload(mut self) -> Self {
        self.is_for_payload = true;
        self
    }

    /// Sets the timeout of reads or of writes for a wait of at most `limit`, and yields it.
    fn set_limit(&mut self, limit: Duration, reading: bool) -> io::Result<Duration> {
        let known = if reading {
            &mut self.read_timeout
        } else {
            &mut self.write_timeout
        };
        if let Some(timeout) = known.filter(|known| serves(*known, limit)) {
            return Ok(timeout);
        }
        let timeout = timeout_for(limit);
        *known = Some(timeout);
        if reading {
            self.stream.set_read_timeout(*known)?;
        } else {
            self.stream.set_write_timeout(*known)?;
        }
        Ok(timeout)
    }
}

/// The timeout of a socket for a wait of at most `limit`. It is a little shorter, so that it serves
/// waits with about the same limit too: each change of it costs a system call.
fn timeout_for(limit: Duration) -> Duration {
    at_least_a_moment(limit.saturating_sub(limit / 8))
}

/// Whether `timeout` does not wait longer than `limit`, and not much shorter.
fn serves(timeout: Duration, limit: Duration) -> bool {
    let limit = at_least_a_moment(limit);
    timeout <= limit && timeout >= limit.saturating_sub(limit / 4)
}

impl Stream for TcpLink {
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        if let Some(known) = self.addresses.get() {
            return Ok(*known);
        }
        let addresses = (self.stream.local_addr()?, self.stream.peer_addr()?);
        Ok(*self.addresses.get_or_init(|| addresses))
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>> {
        if limit.is_zero() {
            return Ok(unless_late(calls::receive_now(&self.stream, buffer))?.map(input));
        }
        let mut left = limit;
        loop {
            let waited = self.set_limit(left.min(WAIT), true)?;
            if let Some(bytes) = unless_late(self.stream.read(buffer))? {
                return Ok(Some(input(bytes)));
            }
            left = left.saturating_sub(waited);
            if left <= EARLY {
                return Ok(None);
            }
        }
    }

    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>> {
        unless_late(if limit.is_zero() {
            calls::send_now(&self.stream, bytes)
        } else {
            self.set_limit(limit, false)?;
            self.stream.write(bytes)
        })
    }

    fn handshake(&mut self, _: Duration) -> io::Result<bool> {
        Err(without_tls())
    }

    fn unsecure(&mut self, _: Duration) -> io::Result<bool> {
        Err(without_tls())
    }

    fn finish(&mut self, _: Duration) -> io::Result<bool> {
        Ok(true)
    }

    #[cfg(unix)]
    fn bare_socket(
        &mut self,
        direction: Direction,
        limit: Duration,
    ) -> io::Result<Option<BorrowedFd<'_>>> {
        self.set_limit(limit, direction == Direction::Receive)?;
        Ok(Some(self.stream.as_fd()))
    }

    fn keep_little_unsent(&mut self) {
        if std::mem::take(&mut self.is_for_payload) {
            limit_unsent(&self.stream);
        }
    }

    fn shut_down(&mut self) {
        // A failure means that the peer has gone; its reply says what it has received.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn reset(self) {
        // If the option cannot be set, the socket is broken already and needs no reset.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }
}

/// What a read of so many bytes means.
const fn input(bytes: usize) -> Input {
    match bytes {
        0 => Input::End(End::Clean),
        bytes => Input::Bytes(bytes),
    }
}

fn at_least_a_moment(limit: Duration) -> Duration {
    limit.max(Duration::from_millis(1))
}

/// `None` if the limit expired.
fn unless_late(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(count) => Ok(Some(count)),
        Err(error) if is_late(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
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
