//! mio: sockets, registration and tokens (feature `mio`, on by default).
//!
//! mio reports edges, and on Windows only for sockets that are read and written through its own types. Therefore
//! [`Tcp`] makes such sockets, and [`Registrar`] registers each for both directions, once.
//!
//! A client has three tokens, one for each [`Slot`]: those of client `n` of a loop are `3 n`, `3 n + 1` and `3 n + 2`.
//!
//! ```no_run
//! use std::time::Instant;
//! use ftp_mio::{Builder, mio as glue};
//! use ftp_mio::proto::operation::Login;
//!
//! # fn main() -> std::io::Result<()> {
//! let mut poll = mio::Poll::new()?;
//! let mut events = mio::Events::with_capacity(64);
//! let server = [([192, 0, 2, 1], 21).into()];
//! let mut client = Builder::new(glue::Tcp::new()).connect_to(server, Instant::now());
//! let login = client.start(Login::anonymous());
//! let outcome = loop {
//!     client.turn(Instant::now(), &mut glue::Registrar::new(poll.registry(), 0));
//!     if let std::task::Poll::Ready(outcome) = client.poll(login) {
//!         break outcome;
//!     }
//!     poll.poll(&mut events, client.timeout(Instant::now()))?;
//!     for event in &events {
//!         let (_, slot) = glue::slot(event.token());
//!         client.ready(slot, glue::ready(event));
//!     }
//! };
//! # Ok(()) }
//! ```

use std::fmt;
use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr};

use mio::event::{Event, Source};
use mio::net::{TcpListener, TcpStream};
use mio::{Registry, Token};
use socket2::SockRef;

use crate::readiness::{Interest, Reactor, Ready, Slot};
use crate::socket;
use crate::transport::{Input, Listener, Stream, Transport};

/// The token of a client's socket.
///
/// ```
/// use ftp_mio::{Slot, mio::{slot, token}};
/// assert_eq!(slot(token(17, Slot::Listener)), (17, Slot::Listener));
/// ```
pub const fn token(client: usize, slot: Slot) -> Token {
    Token(client * Slot::ALL.len() + slot.index())
}

/// The client and the socket that a token stands for.
pub const fn slot(token: Token) -> (usize, Slot) {
    let slots = Slot::ALL.len();
    let slot = match token.0 % slots {
        0 => Slot::Control,
        1 => Slot::Data,
        _ => Slot::Listener,
    };
    (token.0 / slots, slot)
}

/// What an event says. Only "readable" and "writable" mean the same everywhere; errors and ends show as both.
pub fn ready(event: &Event) -> Ready {
    if event.is_error() {
        return Ready::BOTH;
    }
    Ready::new(
        event.is_readable() || event.is_read_closed(),
        event.is_writable() || event.is_write_closed(),
    )
}

/// Any socket of mio.
pub type AnySource = dyn Source + 'static;

/// Registers the sockets of one client with mio.
#[derive(Debug)]
pub struct Registrar<'r> {
    registry: &'r Registry,
    client: usize,
}

impl<'r> Registrar<'r> {
    /// For the client with the given number, which determines its [tokens](token).
    pub const fn new(registry: &'r Registry, client: usize) -> Self {
        Self { registry, client }
    }
}

impl Reactor<AnySource> for Registrar<'_> {
    /// For both directions, whatever is waited for now: edges are cheap, and none is lost.
    fn add(&mut self, slot: Slot, source: &mut AnySource, _: Interest) -> io::Result<()> {
        let both = mio::Interest::READABLE.add(mio::Interest::WRITABLE);
        self.registry
            .register(source, token(self.client, slot), both)
    }

    fn change(&mut self, _: Slot, _: &mut AnySource, _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self, _: Slot, source: &mut AnySource) {
        // It is closed right after, which removes it as well where this can fail at all.
        let _ = self.registry.deregister(source);
    }
}

/// TCP in clear, on mio's sockets.
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

/// A connection of [`Tcp`].
pub struct Link(TcpStream);

/// A listener of [`Tcp`].
pub struct Port(TcpListener);

impl Link {
    /// The socket, for options that this crate does not set, and for moving payload past it.
    pub const fn socket(&mut self) -> &mut TcpStream {
        &mut self.0
    }

    fn from_socket(socket: socket2::Socket) -> Self {
        Self(TcpStream::from_std(socket.into()))
    }
}

impl Transport for Tcp {
    type Source = AnySource;
    type Stream = Link;
    type Listener = Port;

    fn connect(&mut self, _: &str, to: SocketAddr) -> io::Result<Link> {
        socket::dial_control(self.source, to).map(Link::from_socket)
    }

    fn connect_data(&mut self, control: &Link, to: SocketAddr) -> io::Result<Link> {
        let local = control.0.local_addr()?.ip();
        socket::dial_data(local, to).map(Link::from_socket)
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(Port, SocketAddr)> {
        let (socket, bound) = socket::bind(local)?;
        Ok((Port(TcpListener::from_std(socket.into())), bound))
    }

    fn secure_control(&mut self, _: &mut Link) -> io::Result<()> {
        Err(socket::without_tls())
    }

    fn secure_data(&mut self, _: &Link, _: &mut Link) -> io::Result<()> {
        Err(socket::without_tls())
    }
}

impl Stream for Link {
    type Source = AnySource;

    fn source(&mut self) -> &mut AnySource {
        &mut self.0
    }

    fn poll_connect(&mut self) -> io::Result<bool> {
        socket::is_connected(self.0.take_error()?, self.0.peer_addr())
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.0.local_addr()?, self.0.peer_addr()?))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        socket::read(&mut self.0, buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        socket::write(&mut self.0, bytes)
    }

    fn handshake(&mut self) -> io::Result<bool> {
        Err(socket::without_tls())
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        Err(socket::without_tls())
    }

    fn finish(&mut self) -> io::Result<bool> {
        // It fails when the peer has gone; then its reply tells what it has got.
        let _ = self.0.shutdown(Shutdown::Write);
        Ok(true)
    }

    fn reset(self) {
        socket::reset_on_close(&SockRef::from(&self.0));
    }
}

impl Listener for Port {
    type Source = AnySource;
    type Stream = Link;

    fn source(&mut self) -> &mut AnySource {
        &mut self.0
    }

    fn accept(&mut self) -> io::Result<Option<(Link, SocketAddr)>> {
        let accepted = socket::unless_blocked(self.0.accept())?;
        Ok(accepted.map(|(stream, peer)| (Link(stream), peer)))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
