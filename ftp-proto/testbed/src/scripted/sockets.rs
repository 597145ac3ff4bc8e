//! Socket operations that end when the test does, or when the watchdog says so.

use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::gates::Gates;

/// How long an operation may take before it looks whether it is still wanted.
const SLICE: Duration = Duration::from_millis(50);

/// The limit of everything that a script does.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) gates: Arc<Gates>,
    pub(super) deadline: Instant,
}

impl Bound {
    fn check(&self) -> io::Result<()> {
        if self.gates.is_cancelled() {
            return Err(io::Error::other("the test is over"));
        }
        if Instant::now() > self.deadline {
            return Err(io::Error::other("nothing happened until the watchdog"));
        }
        Ok(())
    }

    /// Repeats an operation with a time limit of [`SLICE`] until it has a result.
    fn repeat<T>(&self, mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        loop {
            match operation() {
                Err(error) if is_temporary(&error) => self.check()?,
                result => return result,
            }
        }
    }

    pub(super) fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        // On Linux the time limit of reads is that of accept as well.
        SockRef::from(listener).set_read_timeout(Some(SLICE))?;
        let (stream, from) = self.repeat(|| listener.accept())?;
        prepare(&stream)?;
        Ok((stream, from))
    }

    pub(super) fn read(&self, stream: &TcpStream, into: &mut [u8]) -> io::Result<usize> {
        let mut stream = stream;
        self.repeat(|| stream.read(into))
    }

    pub(super) fn write_all(&self, stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
        let mut stream = stream;
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = self.repeat(|| stream.write(rest))?;
            rest = rest.get(count..).unwrap_or_default();
        }
        Ok(())
    }

    /// Waits for a moment; fails when the test is over.
    pub(super) fn pause(&self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(SLICE));
        }
    }

    /// Waits until the other side's kernel has acknowledged everything, the end of our direction
    /// included.
    pub(super) fn settle(&self, stream: &TcpStream) -> io::Result<()> {
        let peer = match stream.peer_addr() {
            // Both sides have closed: nothing is on its way any more.
            Err(error) if error.kind() == ErrorKind::NotConnected => return Ok(()),
            peer => peer?,
        };
        let ports = (stream.local_addr()?.port(), peer.port());
        while unacknowledged(ports) {
            self.check()?;
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

/// Sets the limits that [`Bound::repeat`] relies on, and sends every write as it comes.
pub(super) fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(SLICE))?;
    stream.set_write_timeout(Some(SLICE))?;
    stream.set_nodelay(true)
}

/// Closes so that the other side sees a reset.
pub(super) fn reset(stream: TcpStream) -> io::Result<()> {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))
}

pub(super) fn is_disconnect(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe
    )
}

pub(super) fn is_temporary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// Whether the socket with these ports (ours, theirs) has sent something that was not acknowledged
/// yet. The kernel's table of connections tells without `unsafe`.
fn unacknowledged(ports: (u16, u16)) -> bool {
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .any(|table| {
            table
                .lines()
                .filter_map(Row::parse)
                .any(|row| row.ports == ports && row.is_pending())
        })
}

struct Row {
    ports: (u16, u16),
    state: u8,
    unsent: u64,
}

impl Row {
    /// `sl local:port remote:port state tx:rx ...`, all in hexadecimal digits.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let mut port = || {
            let (_, port) = fields.next()?.split_once(':')?;
            u16::from_str_radix(port, 16).ok()
        };
        let ports = (port()?, port()?);
        let state = u8::from_str_radix(fields.next()?, 16).ok()?;
        let (unsent, _) = fields.next()?.split_once(':')?;
        Some(Self {
            ports,
            state,
            unsent: u64::from_str_radix(unsent, 16).ok()?,
        })
    }

    const fn is_pending(&self) -> bool {
        const FIN_WAIT_1: u8 = 4;
        const LAST_ACK: u8 = 9;
        const CLOSING: u8 = 11;
        self.unsent > 0 || matches!(self.state, FIN_WAIT_1 | LAST_ACK | CLOSING)
    }
}
