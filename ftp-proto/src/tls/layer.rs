//! TLS on one socket: the one loop under both drivers.

use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::task::Poll;
use std::io;

use super::{Channel, TlsError};
use crate::action::End;
use crate::driver::Input;

/// How much ciphertext [`Layer::await_end`] takes before it says that nothing is left to wait for.
const AWAITED_MAX: usize = 256 * 1024;

/// How much the first read of a socket takes.
const READ_MIN: usize = 4 * 1024;

/// How much the largest read takes: four records, each with what encryption adds.
const READ_MAX: usize = 4 * (16 * 1024 + 256);

/// A socket under TLS, blocking or not.
///
/// `Ok(None)` says that nothing can be read or written now: a socket that never waits would block,
/// and one that waits has waited long enough. Errors of the kind `WouldBlock` and `Interrupted`
/// mean the same.
pub trait Socket {
    /// Reads once; `Some(0)` is the end of input.
    ///
    /// # Errors
    ///
    /// Of the operating system.
    fn read(&mut self, buffer: &mut [u8], wait: Wait) -> io::Result<Option<usize>>;

    /// Writes once.
    ///
    /// # Errors
    ///
    /// Of the operating system.
    fn write(&mut self, bytes: &[u8], wait: Wait) -> io::Result<Option<usize>>;

    /// Whether a later call may still wait. A socket that never waits has no patience.
    fn has_patience(&self) -> bool {
        false
    }
}

/// How long a call on a [`Socket`] may wait. A socket that never waits need not look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "sockets have to handle each")]
pub enum Wait {
    /// Not at all.
    No,
    /// A moment: something else is waited for as well.
    Moment,
    /// As long as the caller of the link has patience.
    Patiently,
}

/// A [`Channel`] with the loops that drive it over a [`Socket`].
///
/// No peer can keep a call busy: every call takes a bounded amount of ciphertext, because the
/// channel fails on records without end that hold no payload ([`TlsError::Flooded`],
/// [`TlsError::TooManyTickets`]), and a call ends with the first payload.
///
/// The socket is handed in with each call, so that a driver can wrap it in the limit for that call.
pub struct Layer {
    channel: Channel,
    /// How much one read of the socket takes, and how much it may come to take.
    size: usize,
    size_max: usize,
    /// The ciphertext received since the last question.
    received: usize,
    eof: bool,
}

impl Layer {
    /// For a control connection: reads of 4 KiB, so that an idle session takes little memory.
    pub const fn for_control(channel: Channel) -> Self {
        Self::new(channel, READ_MIN)
    }

    /// For a data connection: reads begin with 4 KiB, which is enough for a small file, and double
    /// as long as they are filled. One read comes to take four full records.
    pub const fn for_data(channel: Channel) -> Self {
        Self::new(channel, READ_MAX)
    }

    const fn new(channel: Channel, size_max: usize) -> Self {
        Self {
            channel,
            size: READ_MIN,
            size_max,
            received: 0,
            eof: false,
        }
    }

    /// The channel: version, cipher suite, whether a session was resumed, the server's
    /// certificates.
    pub const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// How many bytes were read from the socket since this was asked last. A loop that serves many
    /// sessions counts these instead of the payload, of which a peer may put little into much.
    pub const fn take_received(&mut self) -> usize {
        mem::replace(&mut self.received, 0)
    }

    /// Whether encrypted bytes wait to be written.
    pub fn wants_write(&self) -> bool {
        !self.channel.transmit().is_empty()
    }

    /// Goes on with the handshake; `true` when it is complete and all of it is written.
    ///
    /// # Errors
    ///
    /// Of the socket and of TLS.
    pub fn handshake(&mut self, socket: &mut impl Socket) -> io::Result<bool> {
        loop {
            if let Poll::Ready(Err(error)) = self.channel.poll_handshake() {
                // The alert tells the server why; whether it hears that changes nothing here.
                let _ = self.send(socket, Wait::No);
                return Err(error.into());
            }
            // The last flight is ours, and it has to leave even if nothing else ever follows.
            if !self.send(socket, Wait::Patiently)? {
                return Ok(false);
            }
            if self.channel.poll_handshake().is_ready() {
                return Ok(true);
            }
            if !self.receive(socket)? {
                return Ok(false);
            }
        }
    }

    /// Decrypts into `buffer`; `None` when nothing is there. The socket is read only when no
    /// plaintext waits.
    ///
    /// # Errors
    ///
    /// Of the socket and of TLS, once everything that preceded them was read.
    pub fn read(
        &mut self,
        socket: &mut impl Socket,
        buffer: &mut [u8],
    ) -> io::Result<Option<Input>> {
        self.decrypt(socket, |channel| channel.read(buffer))
    }

    /// As [`read`](Self::read), without a buffer: passes up to `count` bytes of plaintext to `take`,
    /// in one or more pieces; see [`Channel::read_with`].
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_with(
        &mut self,
        socket: &mut impl Socket,
        count: usize,
        mut take: impl FnMut(&[u8]),
    ) -> io::Result<Option<Input>> {
        self.decrypt(socket, |channel| channel.read_with(count, &mut take))
    }

    fn decrypt(
        &mut self,
        socket: &mut impl Socket,
        mut read: impl FnMut(&mut Channel) -> Result<Option<Input>, TlsError>,
    ) -> io::Result<Option<Input>> {
        loop {
            if let Some(input) = read(&mut self.channel)? {
                return Ok(Some(input));
            }
            // Where nothing came, a write may have been waited for.
            let go_on = self.receive(socket)? || (self.wants_write() && socket.has_patience());
            if !go_on {
                return Ok(None);
            }
        }
    }

    /// Encrypts and writes; says how many bytes were taken, `None` for none. What is taken may
    /// still wait to leave: every further call goes on with that, [`flush`](Self::flush) too.
    ///
    /// # Errors
    ///
    /// Of the socket and of TLS.
    pub fn write(&mut self, socket: &mut impl Socket, bytes: &[u8]) -> io::Result<Option<usize>> {
        let mut taken = self.channel.write(bytes)?;
        self.send(socket, Wait::Patiently)?;
        if taken == 0 {
            taken = self.channel.write(bytes)?;
            self.send(socket, Wait::No)?;
        }
        Ok((taken > 0).then_some(taken))
    }

    /// Writes what waits; `true` when that is nothing any more.
    ///
    /// # Errors
    ///
    /// Of the socket.
    pub fn flush(&mut self, socket: &mut impl Socket) -> io::Result<bool> {
        self.send(socket, Wait::Patiently)
    }

    /// Ends our side with close_notify; `true` when it is written. The socket's writing side can
    /// then be shut down.
    ///
    /// # Errors
    ///
    /// Of the socket.
    pub fn finish(&mut self, socket: &mut impl Socket) -> io::Result<bool> {
        self.channel.close();
        self.send(socket, Wait::Patiently)
    }

    /// After [`finish`](Self::finish), takes what the peer still sends, for its tickets; `true`
    /// when there is nothing more to wait for. A failure is of no consequence here, and payload
    /// without end is not listened to.
    pub fn await_end(&mut self, socket: &mut impl Socket) -> bool {
        let mut taken = 0_usize;
        loop {
            let before = self.received;
            match self.read_with(socket, AWAITED_MAX, |_| {}) {
                Ok(None) => return false,
                Ok(Some(Input::Bytes(_))) => {}
                Ok(Some(Input::End(_))) | Err(_) => return true,
            }
            taken = taken.saturating_add(self.received.saturating_sub(before).max(1));
            if taken > AWAITED_MAX {
                return true;
            }
        }
    }

    /// Ends TLS on both sides and goes on in clear (CCC, RFC 4217 section 11); when that is done,
    /// yields what has come in clear already.
    ///
    /// # Errors
    ///
    /// Of the socket and of TLS; the server sent payload or cut the connection instead.
    pub fn unsecure(&mut self, socket: &mut impl Socket) -> io::Result<Option<Vec<u8>>> {
        if !self.finish(socket)? {
            return Ok(None);
        }
        match self.read(socket, &mut [0])? {
            None => Ok(None),
            Some(Input::End(End::Clean)) => Ok(Some(self.channel.take_remainder())),
            Some(_) => {
                let wrong = "the server did not end TLS where it had agreed to";
                Err(io::Error::new(io::ErrorKind::InvalidData, wrong))
            }
        }
    }

    /// Reads what the socket holds, without waiting, before the connection is dropped. The tickets
    /// come first, and serve the next data connection whatever the fate of this one.
    pub fn take_tickets(&mut self, socket: &mut impl Socket) {
        if !self.eof && !self.channel.is_ended_by_peer() {
            let _ = self.receive_waiting(socket, Wait::No);
            // Tickets are looked at when what precedes them was read.
            let _ = self.channel.read_with(usize::MAX, |_| {});
        }
    }

    /// Reads the socket once; whether anything came, its end included.
    fn receive(&mut self, socket: &mut impl Socket) -> io::Result<bool> {
        // What came may have asked for an answer.
        let wait = if self.send(socket, Wait::No)? {
            Wait::Patiently
        } else {
            Wait::Moment
        };
        self.receive_waiting(socket, wait)
    }

    fn receive_waiting(&mut self, socket: &mut impl Socket, wait: Wait) -> io::Result<bool> {
        let room = self.channel.room(self.size);
        let asked = room.len();
        match momentary(socket.read(room, wait))? {
            None => return Ok(false),
            Some(0) => {
                self.eof = true;
                self.channel.receive_eof();
            }
            Some(count) => {
                self.received = self.received.saturating_add(count);
                self.channel.received(count);
                if count == asked {
                    self.size = self.size.saturating_mul(2).min(self.size_max);
                }
            }
        }
        Ok(true)
    }

    /// Writes what waits; whether all of it went.
    fn send(&mut self, socket: &mut impl Socket, wait: Wait) -> io::Result<bool> {
        while !self.channel.transmit().is_empty() {
            match momentary(socket.write(self.channel.transmit(), wait))? {
                // A socket that takes no byte of some would be asked for ever.
                Some(0) => return Err(io::ErrorKind::WriteZero.into()),
                Some(count) => self.channel.transmitted(count),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// A call that would block or was interrupted has nothing to give now.
fn momentary(result: io::Result<Option<usize>>) -> io::Result<Option<usize>> {
    match result {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ) =>
        {
            Ok(None)
        }
        result => result,
    }
}

/// State and counts; neither payload nor keys.
impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer")
            .field("channel", &self.channel)
            .field("eof", &self.eof)
            .finish_non_exhaustive()
    }
}

/// What TLS says, in std's terms. A connection that ends in the handshake says nothing about TLS:
/// the server's reply tells why.
impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        let kind = match error {
            TlsError::ClosedEarly => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}
