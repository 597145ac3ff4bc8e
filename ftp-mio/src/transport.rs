//! The sockets behind a client, as a small trait: TCP by default, others by the caller.

use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::os::fd::BorrowedFd;

use ftp_proto::Target;
use ftp_proto::driver::{Endpoint, Input};

use crate::interest::Interest;

/// Makes the connections of one session. No call ever waits.
///
/// All input and output of a client goes through this trait, [`Stream`] and [`Listener`], so that
/// proxies, in-memory peers, TLS libraries and wrappers that inject faults can replace
/// [`Tcp`](crate::Tcp).
///
/// `Ok(None)` and `Ok(false)` say that a call would block. Then the reactor has to report the
/// socket when it is ready.
pub trait Transport {
    /// What a [`Reactor`](crate::Reactor) registers.
    type Source: ?Sized;
    /// A connection, control or data.
    type Stream: Stream<Source = Self::Source>;
    /// A bound listener for one data connection.
    type Listener: Listener<Source = Self::Source, Stream = Self::Stream>;

    /// Begins to dial the control connection; [`Stream::poll_connect`] goes on. `to` is an address,
    /// with the caller's name for it if there was one; certificates are checked against that. It is
    /// only a name if this transport looks names up itself, as a proxy does
    /// ([`Builder::connect`](crate::Builder::connect)).
    ///
    /// For implicit FTPS the stream is already set up for TLS when this returns, and
    /// [`is_secured`](Self::is_secured) says so; [`Stream::handshake`] follows.
    ///
    /// # Errors
    /// Those of the operating system that show at once.
    fn connect(&mut self, to: &Endpoint) -> io::Result<Self::Stream>;

    /// Begins to dial a data connection, from the local address of the control connection. For
    /// [`Target::ControlHost`], a proxy asks for the same host as for the control connection;
    /// others dial the control connection's peer ([`Target::at`]).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    fn connect_data(&mut self, control: &Self::Stream, to: Target) -> io::Result<Self::Stream>;

    /// Binds a listener to `local`, any port, backlog 1; yields its address.
    ///
    /// # Errors
    /// Of the operating system.
    fn listen(&mut self, local: IpAddr) -> io::Result<(Self::Listener, SocketAddr)>;

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

/// One connection that never waits.
pub trait Stream {
    /// What a [`Reactor`](crate::Reactor) registers.
    type Source: ?Sized;

    /// What to register.
    fn source(&mut self) -> &mut Self::Source;

    /// Goes on with connecting; `true` when the connection is open. It is called after each report
    /// that the socket is writable, and at other times.
    ///
    /// # Errors
    /// Why there is no connection.
    fn poll_connect(&mut self) -> io::Result<bool>;

    /// What [`poll_connect`](Self::poll_connect) waits for: writability, unless a proxy has to
    /// answer first.
    fn connect_interest(&self) -> Interest {
        Interest::WRITE
    }

    /// The local address and the peer's.
    ///
    /// # Errors
    /// Of the operating system.
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)>;

    /// Reads what there is; `buffer` is not empty.
    ///
    /// # Errors
    /// Of the operating system and of TLS. [`io::ErrorKind::WouldBlock`] counts as `Ok(None)`, and
    /// [`io::ErrorKind::Interrupted`] is retried by the caller.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>>;

    /// As [`read`](Self::read), for a caller that passes the bytes on: `take` gets them, in one or
    /// more pieces, at most as many as fit into `block`. A stream that has them in a place of its
    /// own, such as a record that was decrypted, lends them from there. Others read into `block`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn read_with(
        &mut self,
        block: &mut [u8],
        take: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Option<Input>> {
        let input = self.read(block)?;
        if let Some(Input::Bytes(count)) = input {
            take(block.get(..count).unwrap_or_default());
        }
        Ok(input)
    }

    /// Writes as many bytes as possible.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>>;

    /// Writes the bytes that the stream itself has buffered, such as TLS records; `true` when none
    /// are left.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn flush(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    /// Goes on with the TLS handshake; `true` when it is complete and all of it is written.
    ///
    /// # Errors
    /// Of the operating system and of TLS.
    fn handshake(&mut self) -> io::Result<bool>;

    /// Ends TLS in order and goes on in clear (CCC); `true` when that is done.
    ///
    /// # Errors
    /// Of the operating system and of TLS, or that this transport has no TLS.
    fn unsecure(&mut self) -> io::Result<bool>;

    /// Goes on with the orderly end of sending: writes buffered bytes; under TLS sends close_notify
    /// and shuts writing down, unless the peer has ended and the connection is closed next. `true`
    /// when the operating system has all of it.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    fn finish(&mut self) -> io::Result<bool>;

    /// Under TLS, after [`finish`](Self::finish), looks for the peer's end: new session tickets come
    /// before it. `true` when the wait is over. Failures here do not matter.
    fn await_end(&mut self) -> bool {
        true
    }

    /// Whether the stream itself waits to write: TLS records that [`flush`](Self::flush) or
    /// [`handshake`](Self::handshake) could not write.
    fn wants_write(&self) -> bool {
        false
    }

    /// The number of bytes that were read from the network since the last call, for streams that
    /// read more than they deliver, as under TLS. They count in a turn's
    /// [budget](crate::Builder::budget), so that a peer that puts little payload into much
    /// ciphertext takes no more time than others.
    fn take_received(&mut self) -> usize {
        0
    }

    /// Whether the latest [`read`](Self::read) has certainly emptied the socket, as one that yields
    /// less than it was asked for empties a TCP socket. If the reactor reports what comes later
    /// ([`Ready::rest_is_reported`](crate::Ready::rest_is_reported)), the client then saves a read
    /// that would only block. A stream with a buffer of its own, as under TLS, has to be empty as
    /// well.
    fn is_drained(&self) -> bool {
        false
    }

    /// The socket, if payload goes over it as it is: then the kernel may move the payload (feature
    /// `splice`). `None` under TLS and for anything that is no TCP socket.
    #[cfg(unix)]
    fn bare_socket(&mut self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Says that from now on the system should hold few unsent bytes, so that the last write of an
    /// upload comes late and the final reply soon after it. Called before payload is written, any
    /// number of times; where the kernel moves it from a file, only near the end.
    fn keep_little_unsent(&mut self) {}

    /// Shuts down writing, so that the peer sees the end before the connection is closed. A TLS
    /// layer on top calls it after its close_notify. A failure shows in the peer's reply.
    fn shut_down(&mut self) {}

    /// Closes the connection in order.
    fn close(self)
    where
        Self: Sized,
    {
    }

    /// Resets the connection, so that the peer does not see an orderly end.
    fn reset(self);
}

/// One listener that never waits.
pub trait Listener {
    /// What a [`Reactor`](crate::Reactor) registers.
    type Source: ?Sized;
    /// What it accepts.
    type Stream;

    /// What to register.
    fn source(&mut self) -> &mut Self::Source;

    /// Accepts one connection.
    ///
    /// # Errors
    /// Of the operating system. [`io::ErrorKind::Interrupted`] and a caller who is gone already
    /// ([`io::ErrorKind::ConnectionAborted`]) are retried by the caller.
    fn accept(&mut self) -> io::Result<Option<(Self::Stream, SocketAddr)>>;
}
