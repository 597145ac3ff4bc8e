//! The sockets behind a client, as a small trait: TCP by default, anything else by the caller.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ftp_proto::Target;
use ftp_proto::driver::{Endpoint, Input};

/// Makes the connections of one session.
///
/// Everything that a client does to the outside goes through this trait and [`Stream`], so that
/// proxies, in-memory peers, other TLS libraries and wrappers that inject faults can take the place
/// of [`Tcp`](crate::Tcp).
///
/// Every wait has a limit, given by the caller. `Ok(None)` and `Ok(false)` say that the limit ran
/// out and nothing is wrong. A limit of zero asks not to wait at all.
pub trait Transport {
    /// A connection, control or data.
    type Stream: Stream;
    /// A bound listener for one data connection.
    type Listener;

    /// Dials the control connection. `to` is an address, with the name that the caller wrote, if
    /// there was one; certificates are checked against that. It is a name alone where this
    /// transport [looks names up](Self::looks_names_up).
    ///
    /// For implicit FTPS the stream is already set up for TLS when this returns, and
    /// [`is_secured`](Self::is_secured) says so; [`Stream::handshake`] is called next.
    ///
    /// # Errors
    /// Of the operating system; [`io::ErrorKind::TimedOut`] when the limit ran out.
    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<Self::Stream>;

    /// Dials a data connection, from the local address of the control connection. A proxy asks for
    /// [`Target::ControlHost`] as it asked for the control connection's host; others dial the
    /// control connection's peer ([`Target::at`]).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    fn connect_data(
        &mut self,
        control: &Self::Stream,
        to: Target,
        limit: Duration,
    ) -> io::Result<Self::Stream>;

    /// Binds a listener to `local`, any port, backlog 1; says where it listens.
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

    /// Whether this transport looks names up itself, as a proxy does, so that none is looked up
    /// here.
    fn looks_names_up(&self) -> bool {
        false
    }

    /// Whether this transport is for TLS. Every way of building a client then demands
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
    /// This transport has no TLS, or it cannot be set up.
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
    /// Our address and the peer's.
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

    /// Writes as much as goes; `None` if nothing goes now.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>>;

    /// Goes on with the TLS handshake; `true` when it is complete.
    ///
    /// # Errors
    /// Of the operating system and of TLS.
    fn handshake(&mut self, limit: Duration) -> io::Result<bool>;

    /// Ends TLS orderly and goes on in clear (CCC); `true` when that is done.
    ///
    /// # Errors
    /// Of the operating system and of TLS, or that this transport has no TLS.
    fn unsecure(&mut self, limit: Duration) -> io::Result<bool>;

    /// Goes on with the orderly end of sending: what is buffered is written; under TLS close_notify
    /// is sent and writing shut down. `true` when the operating system has all of it.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn finish(&mut self, limit: Duration) -> io::Result<bool>;

    /// After [`finish`](Self::finish), awaits the peer's end, where that is worth it: under TLS new
    /// session tickets come before it. `true` when nothing is left to wait for; whatever goes wrong
    /// here is of no consequence.
    fn await_end(&mut self, limit: Duration) -> bool {
        let _ = limit;
        true
    }

    /// Shuts down writing, if the peer is to see our end before the connection is closed. A TLS
    /// layer on top calls it behind its close_notify. What goes wrong here shows in the peer's
    /// reply.
    fn shut_down(&mut self) {}

    /// Drops the connection, orderly and without waiting.
    fn close(self)
    where
        Self: Sized,
    {
    }

    /// Drops the connection so that the peer sees a reset, and not an end.
    fn reset(self);
}
