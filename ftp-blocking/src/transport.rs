//! The sockets behind a client, as a small trait: TCP by default, others by the caller.

use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::time::Duration;

#[cfg(unix)]
use ftp_proto::Direction;
use ftp_proto::Target;
use ftp_proto::driver::{Endpoint, Input};

/// Makes the connections of one session.
///
/// All input and output of a client goes through this trait and [`Stream`], so that proxies,
/// in-memory peers, other TLS libraries and wrappers that inject faults can replace
/// [`Tcp`](crate::Tcp).
///
/// Every wait has a limit from the caller. `Ok(None)` and `Ok(false)` say that the limit expired,
/// which is not a failure. They may come somewhat early: the caller looks at the clock itself. A
/// limit of zero means not to wait.
pub trait Transport {
    /// A connection, control or data.
    type Stream: Stream;
    /// A bound listener for one data connection.
    type Listener;

    /// Dials the control connection. `to` is an address, with the caller's name for it if there was
    /// one; certificates are checked against that. It is only a name if this transport [looks names
    /// up](Self::looks_names_up).
    ///
    /// For implicit FTPS the stream is already set up for TLS when this returns, and
    /// [`is_secured`](Self::is_secured) says so; [`Stream::handshake`] is called next.
    ///
    /// # Errors
    /// Those of the operating system; [`io::ErrorKind::TimedOut`] if the limit expired.
    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<Self::Stream>;

    /// Dials a data connection, from the local address of the control connection. For
    /// [`Target::ControlHost`], a proxy asks for the same host as for the control connection;
    /// others dial the control connection's peer ([`Target::at`]).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    fn connect_data(
        &mut self,
        control: &Self::Stream,
        to: Target,
        limit: Duration,
    ) -> io::Result<Self::Stream>;

    /// Binds a listener to `local`, any port, backlog 1; yields its address.
    ///
    /// # Errors
    /// Of the operating system.
    fn listen(&mut self, local: IpAddr) -> io::Result<(Self::Listener, SocketAddr)>;

    /// Accepts one connection.
    ///
    /// # Errors
    /// Of the operating system.
    fn accept(
        &mut self,
        listener: &mut Self::Listener,
        limit: Duration,
    ) -> io::Result<Option<(Self::Stream, SocketAddr)>>;

    /// Whether this transport looks names up itself, as a proxy does, so that the client does not.
    fn looks_names_up(&self) -> bool {
        false
    }

    /// Whether this transport is for TLS. Every way of building a client then sets
    /// [`TlsPolicy::Full`](ftp_proto::TlsPolicy::Full), unless its configuration says otherwise.
    fn is_for_tls(&self) -> bool {
        false
    }

    /// Whether control connections are secured from the start (implicit FTPS).
    fn is_secured(&self) -> bool {
        false
    }

    /// Sets the control connection up for TLS; [`Stream::handshake`] then makes the handshake.
    ///
    /// # Errors
    /// This transport has no TLS, or TLS cannot be set up.
    fn secure_control(&mut self, stream: &mut Self::Stream) -> io::Result<()>;

    /// Sets a data connection up for TLS: the same name is verified, and the control connection's
    /// session resumed.
    ///
    /// # Errors
    /// As [`secure_control`](Self::secure_control).
    fn secure_data(&mut self, control: &Self::Stream, data: &mut Self::Stream) -> io::Result<()>;

    /// How many data connections can still resume a TLS session of the control connection, as
    /// [`Session::set_resumptions`](ftp_proto::Session::set_resumptions) takes it: with none left,
    /// the session makes a short listing before the next transfer. `None` for unknown, for any
    /// number, and without TLS.
    fn resumptions(&self) -> Option<u32> {
        None
    }
}

/// One connection.
pub trait Stream {
    /// The local address and the peer's.
    ///
    /// # Errors
    /// Of the operating system.
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)>;

    /// Reads what there is.
    ///
    /// # Errors
    /// Of the operating system and of TLS. [`io::ErrorKind::Interrupted`] and
    /// [`io::ErrorKind::WouldBlock`] count as `Ok(None)`.
    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>>;

    /// As [`read`](Self::read), for a caller that passes the bytes on: `take` gets them, in one or
    /// more pieces, at most as many as fit into `block`. A stream that has them in a place of its
    /// own, such as a record that was decrypted, lends them from there. Others read into `block`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn read_with(
        &mut self,
        block: &mut [u8],
        limit: Duration,
        take: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Option<Input>> {
        let input = self.read(block, limit)?;
        if let Some(Input::Bytes(count)) = input {
            take(block.get(..count).unwrap_or_default());
        }
        Ok(input)
    }

    /// Writes as many bytes as possible; `None` if none can be written now.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>>;

    /// Goes on with the TLS handshake; `true` when it is complete.
    ///
    /// # Errors
    /// Of the operating system and of TLS.
    fn handshake(&mut self, limit: Duration) -> io::Result<bool>;

    /// Ends TLS in order and goes on in clear (CCC); `true` when that is done.
    ///
    /// # Errors
    /// Of the operating system and of TLS, or that this transport has no TLS.
    fn unsecure(&mut self, limit: Duration) -> io::Result<bool>;

    /// Goes on with the orderly end of sending: writes buffered bytes; under TLS sends close_notify
    /// and shuts writing down, unless the peer has ended and the connection is closed next. `true`
    /// when the operating system has all of it.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn finish(&mut self, limit: Duration) -> io::Result<bool>;

    /// Under TLS, after [`finish`](Self::finish), awaits the peer's end: new session tickets come
    /// before it. `true` when the wait is over. Failures here do not matter.
    fn await_end(&mut self, limit: Duration) -> bool {
        let _ = limit;
        true
    }

    /// Sets `limit` as the timeout of the socket in this direction and lends it, if payload goes
    /// over it as it is: then the kernel may move the payload (feature `splice`). `None` under TLS
    /// and for anything that is no TCP socket.
    ///
    /// # Errors
    /// Of the operating system.
    #[cfg(unix)]
    fn bare_socket(
        &mut self,
        direction: Direction,
        limit: Duration,
    ) -> io::Result<Option<BorrowedFd<'_>>> {
        let _ = (direction, limit);
        Ok(None)
    }

    /// Says that from now on the system should hold few unsent bytes, so that the last write of an
    /// upload comes late and the final reply soon after it. Called before payload is written, any
    /// number of times; where the kernel moves it from a file, only near the end.
    fn keep_little_unsent(&mut self) {}

    /// Shuts down writing, so that the peer sees the end before the connection is closed. A TLS
    /// layer on top calls it after its close_notify. A failure shows in the peer's reply.
    fn shut_down(&mut self) {}

    /// Closes the connection in order, without waiting.
    fn close(self)
    where
        Self: Sized,
    {
    }

    /// Resets the connection, so that the peer does not see an orderly end.
    fn reset(self);
}
