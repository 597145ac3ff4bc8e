//! What costs more system calls on one platform than on another: calls that do not wait, and
//! connecting with a limit.

pub(super) use platform::{connect, receive_now, send_now, set_blocking_after_accept};

/// One call each: flags say that it must not wait, and a connect has the limit of a write.
#[cfg(any(target_os = "linux", target_os = "android"))]
mod platform {
    use std::io;
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    use rustix::io::Errno;
    use rustix::net::{RecvFlags, SendFlags};
    use socket2::{SockAddr, Socket};

    use super::super::timeout_for;
    use crate::driver::SLICE;

    pub(crate) fn receive_now(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, _) = rustix::net::recv(stream, buffer, RecvFlags::DONTWAIT)?;
        Ok(count)
    }

    pub(crate) fn send_now(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        Ok(rustix::net::send(stream, bytes, flags)?)
    }

    /// Connects, and yields the timeout of writes that the socket now has. It is the one that a
    /// driver writes with, so that it need not be set again: a call that it ends is repeated, and
    /// goes on with the same attempt.
    pub(crate) fn connect(
        socket: &Socket,
        to: &SockAddr,
        limit: Duration,
    ) -> io::Result<Option<Duration>> {
        let begun = Instant::now();
        let mut known = None;
        loop {
            let left = limit.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let timeout = Some(timeout_for(left.min(SLICE)));
            if known != timeout {
                socket.set_write_timeout(timeout)?;
                known = timeout;
            }
            match socket
                .connect(to)
                .map_err(|error| (Errno::from_io_error(&error), error))
            {
                Ok(()) | Err((Some(Errno::ISCONN), _)) => return Ok(known),
                Err((Some(Errno::INPROGRESS | Errno::ALREADY | Errno::INTR), _)) => {}
                Err((_, error)) => return Err(error),
            }
        }
    }

    /// A connection does not inherit the listener's mode.
    #[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
    pub(crate) const fn set_blocking_after_accept(_: &TcpStream) -> io::Result<()> {
        Ok(())
    }
}

/// The socket's mode is switched for a call that must not wait.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod platform {
    use std::io::{self, Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    use socket2::{SockAddr, Socket};

    pub(crate) fn receive_now(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        at_once(stream, |mut stream| stream.read(buffer))
    }

    pub(crate) fn send_now(stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        at_once(stream, |mut stream| stream.write(bytes))
    }

    fn at_once(
        stream: &TcpStream,
        call: impl FnOnce(&TcpStream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        stream.set_nonblocking(true)?;
        let result = call(stream);
        stream.set_nonblocking(false)?;
        result
    }

    /// Connects. The timeout of writes stays unknown.
    pub(crate) fn connect(
        socket: &Socket,
        to: &SockAddr,
        limit: Duration,
    ) -> io::Result<Option<Duration>> {
        socket.connect_timeout(to, limit)?;
        Ok(None)
    }

    pub(crate) fn set_blocking_after_accept(stream: &TcpStream) -> io::Result<()> {
        stream.set_nonblocking(false)
    }
}
