//! What a platform brings to [`Polled`](super::Polled): sockets, TLS, a clock, and where payload
//! goes to and comes from.

use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use super::Input;
use crate::action::Failure;

/// One of the two connections of a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "FTP has two kinds of connection")]
pub enum Connection {
    /// The control connection.
    Control,
    /// The data connection of the transfer under way.
    Data,
}

/// Two sockets and a listener, of an operating system, a network chip or a ring of completions.
///
/// No method waits. A method that goes on with something (`is_connected`, `accept`, `handshake`,
/// `end`, `is_ended`, `unsecure`) is called in every turn until it says that this is done. The
/// methods about TLS have defaults for a network that has none.
///
/// A network that is dropped resets its data connection.
#[expect(
    clippy::missing_errors_doc,
    reason = "each error is what becomes of the connection: see the type"
)]
pub trait Network {
    /// How much time has passed since a moment of its own choice.
    fn now(&self) -> Duration;

    /// Begins to dial the data connection.
    fn dial(&mut self, to: SocketAddr) -> Result<(), Failure>;

    /// Whether the data connection is open by now.
    fn is_connected(&mut self) -> Result<bool, Failure>;

    /// Listens for one caller, at the control connection's own address and any port; says where.
    fn listen(&mut self) -> Result<SocketAddr, Failure>;

    /// The caller, to whom the data connection belongs from then on. It may turn out to be a
    /// stranger. Then the data connection is closed, and this is called again for the next caller.
    fn accept(&mut self) -> Result<Option<IpAddr>, Failure>;

    /// Closes the listener, if there is one.
    fn stop_listening(&mut self);

    /// Reads once into `buffer`, which is not empty; `None` if nothing has come.
    fn read(&mut self, from: Connection, buffer: &mut [u8]) -> Result<Option<Input>, Failure>;

    /// How many of these bytes were sent, 0 if none can be. The next call has the bytes that were
    /// not sent, and may have more behind them.
    fn write(&mut self, to: Connection, bytes: &[u8]) -> Result<usize, Failure>;

    /// How many bytes of the latest [`write`](Self::write) to the control connection were sent
    /// meanwhile. This is for completions: a reply to a command must not be read before the session
    /// knows that the command was sent.
    fn sent(&mut self) -> usize {
        0
    }

    /// Shuts the data connection's writing side down, for TLS.
    fn shut_down(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// Closes a connection in the ordinary way, if it is open; under TLS with close_notify as far
    /// as it goes at once.
    fn close(&mut self, connection: Connection);

    /// Closes a connection at once, if it is open, with a reset. TLS tickets that have come are
    /// taken first. For the data connection, also closes the listener.
    fn reset(&mut self, connection: Connection);

    /// How many data connections can still resume the control connection's TLS session; see
    /// [`Session::set_resumptions`](crate::Session::set_resumptions).
    fn resumptions(&self) -> Option<u32> {
        None
    }

    /// Begins a TLS handshake.
    fn secure(&mut self, _: Connection) -> Result<(), Failure> {
        Err(Failure::Tls)
    }

    /// Whether the handshake is complete and its last message sent.
    fn handshake(&mut self, _: Connection) -> Result<bool, Failure> {
        Err(Failure::Tls)
    }

    /// Sends what a layer of TLS has taken, as far as it goes.
    fn flush(&mut self, _: Connection) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether everything is sent on the data connection, close_notify included, and writing is
    /// shut down. In clear there is nothing to do.
    fn end(&mut self) -> Result<bool, Failure> {
        Ok(true)
    }

    /// Whether the peer has ended its side of the data connection. What comes before that is
    /// dropped, but for its tickets.
    fn is_ended(&mut self) -> bool {
        true
    }

    /// Ends TLS on the control connection. When that is done, yields what has come in clear behind
    /// it.
    fn unsecure(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        Err(Failure::Tls)
    }
}

/// The application's end of a transfer: a buffer, a file, a flash memory, a sensor.
///
/// While it has no room and nothing to send, the transfer is
/// [`Held`](crate::Report::Held): the server is not to blame for that time.
pub trait Storage {
    /// Where received payload is to be written; empty while there is no room.
    fn room(&mut self) -> &mut [u8];

    /// This many bytes were written there.
    fn received(&mut self, count: usize);

    /// What is to be sent next: `None` while that is not known, and empty at the end.
    fn next(&mut self) -> Option<&[u8]>;

    /// This many bytes of that were sent.
    fn sent(&mut self, count: usize);
}
