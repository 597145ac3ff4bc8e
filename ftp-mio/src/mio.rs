//! mio: registration and tokens (feature `mio`, on by default).
//!
//! mio reports edges, and on Windows only for sockets that are read and written through its own
//! types. Therefore [`Tcp`](crate::Tcp) makes such sockets, and [`Registrar`] registers each for
//! both directions, once.
//!
//! A client has three tokens, one for each [`Slot`]: those of client `n` of a loop are `3 n`, `3 n
//! + 1` and `3 n + 2`.
//!
//! ```no_run
//! use std::time::Instant;
//! use ftp_mio::{Client, mio as glue};
//! use ftp_mio::proto::operation::Login;
//!
//! # fn main() -> std::io::Result<()> {
//! let mut poll = mio::Poll::new()?;
//! let mut events = mio::Events::with_capacity(64);
//! let server = [([192, 0, 2, 1], 21).into()];
//! let mut client = Client::connect_to(server, Instant::now());
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

use std::io;

use mio::event::{Event, Source};
use mio::{Registry, Token};

use crate::interest::{Interest, Ready};
use crate::readiness::{Reactor, Slot};

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

/// The readiness in an event. Only "readable" and "writable" mean the same everywhere; errors and
/// ends show as both.
pub fn ready(event: &Event) -> Ready {
    if event.is_error() {
        return Ready::BOTH;
    }
    let ended = event.is_read_closed() || event.is_write_closed();
    let ready = Ready::new(
        event.is_readable() || event.is_read_closed(),
        event.is_writable() || event.is_write_closed(),
    );
    if ended || !ENDS_ARE_KNOWN {
        return ready;
    }
    ready.rest_is_reported()
}

/// epoll says when the peer has ended. On Windows mio arms a socket only by a call that blocks.
const ENDS_ARE_KNOWN: bool = cfg!(any(target_os = "linux", target_os = "android"));

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

impl<S: Source + ?Sized> Reactor<S> for Registrar<'_> {
    /// For both directions, whatever the client waits for now: edges are cheap, and so none is
    /// lost.
    fn add(&mut self, slot: Slot, source: &mut S, _: Interest) -> io::Result<()> {
        let both = mio::Interest::READABLE.add(mio::Interest::WRITABLE);
        self.registry
            .register(source, token(self.client, slot), both)
    }

    fn change(&mut self, _: Slot, _: &mut S, _: Interest) -> io::Result<()> {
        Ok(())
    }

    /// With epoll, the close that follows removes the socket, and no call is made here. If the
    /// application has duplicated the descriptor, events of the old socket may come; they are false
    /// hints to the client.
    fn remove(&mut self, _: Slot, source: &mut S) {
        if cfg!(not(any(target_os = "linux", target_os = "android"))) {
            // As above if this fails.
            let _ = self.registry.deregister(source);
        }
    }
}
