//! One TCP connection, in clear or under TLS, that never waits.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use ftp_proto::End;
use ftp_proto::driver::Input;
use ftp_proto::tls::{Layer, Socket, Wait};
use socket2::SockRef;

pub(crate) struct Stream {
    socket: TcpStream,
    tls: Option<Layer>,
}

impl Stream {
    pub(crate) fn new(socket: TcpStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self { socket, tls: None })
    }

    /// Dropping it resets the connection: only what was [closed](Self::close) can pass for a whole
    /// file.
    pub(crate) fn for_data(socket: TcpStream) -> io::Result<Self> {
        SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
        Self::new(socket)
    }

    pub(crate) fn set_tls(&mut self, layer: Layer) {
        self.tls = Some(layer);
    }

    /// `None`: nothing is there.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        match &mut self.tls {
            Some(layer) => layer.read(&mut Polled(&self.socket), buffer),
            None => Ok(now(self.socket.read(buffer))?.map(|count| match count {
                0 => Input::End(End::Clean),
                count => Input::Bytes(count),
            })),
        }
    }

    /// `None`: there is no room.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        match &mut self.tls {
            Some(layer) => layer.write(&mut Polled(&self.socket), bytes),
            None => now(self.socket.write(bytes)),
        }
    }

    // -- TLS; in clear each of these is done at once ----------------------------------------------

    /// Whether the handshake is complete, and its last message written.
    pub(crate) fn handshake(&mut self) -> io::Result<bool> {
        let socket = &mut Polled(&self.socket);
        let layer = self.tls.as_mut();
        layer.map_or(Ok(true), |layer| layer.handshake(socket))
    }

    /// Whether everything that TLS has taken is written.
    pub(crate) fn flush(&mut self) -> io::Result<bool> {
        let socket = &mut Polled(&self.socket);
        let layer = self.tls.as_mut();
        layer.map_or(Ok(true), |layer| layer.flush(socket))
    }

    /// Ends our side with close_notify; whether that is written, and writing shut down.
    pub(crate) fn finish(&mut self) -> io::Result<bool> {
        let Some(layer) = &mut self.tls else {
            return Ok(true);
        };
        let done = layer.finish(&mut Polled(&self.socket))?;
        if done {
            self.socket.shutdown(Shutdown::Write)?;
        }
        Ok(done)
    }

    /// Whether the peer has ended its side, or never will.
    pub(crate) fn await_end(&mut self) -> bool {
        let socket = &mut Polled(&self.socket);
        let layer = self.tls.as_mut();
        layer.is_none_or(|layer| layer.await_end(socket))
    }

    /// CCC: goes on in clear; yields what has come in clear already.
    pub(crate) fn unsecure(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(layer) = &mut self.tls else {
            return Ok(Some(Vec::new()));
        };
        let rest = layer.unsecure(&mut Polled(&self.socket))?;
        if rest.is_some() {
            self.tls = None;
        }
        Ok(rest)
    }

    // -- the end of a data connection -------------------------------------------------------------

    /// An orderly end: everything that was written arrives.
    pub(crate) fn close(mut self) {
        // What fails here has failed already, or shows nowhere: the peer has ended, too.
        let _ = self.finish();
        let _ = SockRef::from(&self.socket).set_linger(None);
    }

    /// Tickets that have come are good for the next connection.
    pub(crate) fn reset(mut self) {
        if let Some(layer) = &mut self.tls {
            layer.take_tickets(&mut Polled(&self.socket));
        }
    }
}

/// The socket as TLS sees it. Its error "would block" says to TLS what `None` says.
struct Polled<'s>(&'s TcpStream);

impl Socket for Polled<'_> {
    fn read(&mut self, buffer: &mut [u8], _: Wait) -> io::Result<Option<usize>> {
        now(self.0.read(buffer))
    }

    fn write(&mut self, bytes: &[u8], _: Wait) -> io::Result<Option<usize>> {
        now(self.0.write(bytes))
    }
}

pub(crate) fn now<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
