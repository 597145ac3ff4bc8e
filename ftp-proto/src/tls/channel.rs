//! One TLS connection, without its socket.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::mem;
use core::task::Poll;

use rustls::client::ClientConnection;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CipherSuite, ClientConfig, HandshakeKind, ProtocolVersion};

use super::records::Records;
use super::{Purpose, TlsError};
use crate::action::End;
use crate::driver::Input;
use std::io::{Read as _, Write as _};

/// The most plaintext in one record (RFC 8446 section 5.1).
const RECORD: usize = 16 * 1024;

/// How much ciphertext may wait to be sent. Four full records: enough for one write of a usual
/// socket buffer.
const UNSENT_MAX: usize = 4 * RECORD;

/// The client side of one TLS connection: bytes in, bytes out. Made by
/// [`Context::channel`](super::Context::channel).
///
/// Every method may be called at any time. A failure is kept and repeated; the plaintext that
/// preceded it is still read, and the alert that tells the peer is still in
/// [`transmit`](Self::transmit). The results depend on the bytes alone, not on how they were cut.
/// See the [module](super) for how to drive it.
pub struct Channel {
    connection: ClientConnection,
    purpose: Purpose,
    records: Records,
    inbox: Queue,
    outbox: Queue,
    /// How many bytes of plaintext rustls holds.
    plaintext: usize,
    /// How much of the record under way was given to rustls.
    record: usize,
    /// Ciphertext since the latest plaintext or ticket.
    silent: usize,
    /// Ciphertext without plaintext, less the plaintext that came.
    barren: usize,
    tickets: u32,
    /// The peer's close_notify has come: nothing after it is TLS.
    ended: bool,
    eof: bool,
    closed: bool,
    failure: Option<TlsError>,
}

impl Channel {
    /// How many received bytes may wait to be read before the channel fails with
    /// [`TlsError::Unread`]. A driver that reads until there is nothing before it receives again
    /// never comes near.
    pub const UNREAD_MAX: usize = 1024 * 1024;

    /// How many TLS 1.3 tickets one connection may bring before it fails with
    /// [`TlsError::TooManyTickets`]. Servers send one or two.
    pub const TICKETS_MAX: u32 = 64;

    /// How much ciphertext may hold no plaintext before the channel fails with
    /// [`TlsError::Flooded`], the handshake included. Each byte of plaintext makes up for one.
    pub const BARREN_MAX: usize = 256 * 1024;

    /// How much ciphertext may hold neither plaintext nor a whole ticket, after the handshake. A
    /// ticket fits into one record; rustls cannot store one of nearly 64 KiB.
    pub const SILENT_MAX: usize = 32 * 1024;

    pub(super) fn new(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        purpose: Purpose,
    ) -> Result<Self, TlsError> {
        let mut connection = ClientConnection::new(config, name)?;
        // The outbox has the bound, and it takes from rustls at once.
        connection.set_buffer_limit(None);
        let mut channel = Self {
            connection,
            purpose,
            records: Records::default(),
            inbox: Queue::default(),
            outbox: Queue::default(),
            plaintext: 0,
            record: 0,
            silent: 0,
            barren: 0,
            tickets: 0,
            ended: false,
            eof: false,
            closed: false,
            failure: None,
        };
        channel.pump();
        Ok(channel)
    }

    // -- the network's side ---------------------------------------------------------------------

    /// Feeds bytes read from the socket. All of them are taken. Read until there is nothing in
    /// between: what is not read waits here, and [`UNREAD_MAX`](Self::UNREAD_MAX) bounds it.
    pub fn receive(&mut self, bytes: &[u8]) {
        let taken = if self.inbox.is_empty() {
            self.feed(bytes)
        } else {
            0
        };
        self.pump();
        if self.failure.is_some() {
            return;
        }
        let rest = bytes.get(taken..).unwrap_or_default();
        let room = Self::UNREAD_MAX.saturating_sub(self.inbox.len());
        if rest.len() <= room {
            self.inbox.extend(rest);
        } else if self.ended {
            // Nobody is obliged to look at what follows the end of TLS.
            self.inbox.extend(rest.get(..room).unwrap_or_default());
        } else {
            self.fail(TlsError::Unread);
        }
    }

    /// The socket is at its end of input.
    pub fn receive_eof(&mut self) {
        self.eof = true;
        if self.is_handshaking() {
            self.fail(TlsError::ClosedEarly);
        }
    }

    /// The bytes to write to the socket next: stable until [`transmitted`](Self::transmitted), at
    /// most about 64 KiB of payload. They include the alert that tells the peer of a failure: try
    /// to send it, then close.
    pub fn transmit(&self) -> &[u8] {
        self.outbox.bytes()
    }

    /// The first `count` bytes of [`transmit`](Self::transmit) were written. More than there are is
    /// as many as there are.
    pub fn transmitted(&mut self, count: usize) {
        self.outbox.consume(count);
    }

    // -- the application's side -----------------------------------------------------------------

    /// Takes plaintext, as much as there is and fits; `None` when there is nothing until more is
    /// received. Buffers of 16 KiB, one TLS record, and more are the efficient ones.
    ///
    /// The stream ends for good with [`End::Clean`] where the peer sent close_notify, and with
    /// [`End::Truncated`] where it did not: what was read before that may be a part only. Some
    /// servers never send close_notify; whether that is tolerable must be decided by other means,
    /// such as a known size.
    ///
    /// # Errors
    ///
    /// The failure of the channel, once everything that preceded it was read.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<Option<Input>, TlsError> {
        let mut filled = 0_usize;
        while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
            // Nothing to give is an error to `Read`; the fields of this channel know better why.
            let count = self.connection.reader().read(room).unwrap_or(0);
            filled = filled.saturating_add(count);
            self.plaintext = self.plaintext.saturating_sub(count);
            if count == 0 && !self.feed_waiting() {
                break;
            }
        }
        if filled > 0 || buffer.is_empty() {
            return Ok(Some(Input::Bytes(filled)));
        }
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None if self.ended => Ok(Some(Input::End(End::Clean))),
            None if self.eof => Ok(Some(Input::End(End::Truncated))),
            None => Ok(None),
        }
    }

    /// Encrypts as much of `bytes` as there is room for and says how much that was: 0 while the
    /// handshake lasts, and while [`transmit`](Self::transmit) is full.
    ///
    /// # Errors
    ///
    /// The failure of the channel; [`TlsError::Closed`] after [`close`](Self::close).
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize, TlsError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.closed {
            return Err(TlsError::Closed);
        }
        if self.connection.is_handshaking() {
            return Ok(0);
        }
        // Whole records while there is a choice: room that is nearly used up must not lead to tiny
        // ones.
        let room = UNSENT_MAX.saturating_sub(self.outbox.len()) & !(RECORD - 1);
        let part = bytes.get(..room).unwrap_or(bytes);
        let Ok(count) = self.connection.writer().write(part) else {
            // rustls refuses plaintext after a failure only, and every failure was caught above.
            return Err(TlsError::Closed);
        };
        self.pump();
        Ok(count)
    }

    /// Nothing more will be written: queues close_notify. Reading goes on. Calling it again does
    /// nothing.
    pub fn close(&mut self) {
        if !self.closed {
            self.closed = true;
            self.connection.send_close_notify();
            self.pump();
        }
    }

    /// Takes what was received after the peer's close_notify: after CCC the control connection goes
    /// on with it in clear (RFC 4217 section 11). Empty before the end was read.
    pub fn take_remainder(&mut self) -> Vec<u8> {
        if self.ended {
            self.inbox.take()
        } else {
            Vec::new()
        }
    }

    // -- the state ------------------------------------------------------------------------------

    /// Ready when the handshake is over: with success, or with the reason why not.
    pub fn poll_handshake(&self) -> Poll<Result<(), TlsError>> {
        match &self.failure {
            Some(failure) => Poll::Ready(Err(failure.clone())),
            None if self.connection.is_handshaking() => Poll::Pending,
            None => Poll::Ready(Ok(())),
        }
    }

    /// Whether the handshake is under way: neither complete nor failed.
    pub fn is_handshaking(&self) -> bool {
        self.failure.is_none() && self.connection.is_handshaking()
    }

    /// The failure of the channel, if it has failed. [`read`](Self::read) says it after the
    /// plaintext before it.
    pub fn failure(&self) -> Option<&TlsError> {
        self.failure.as_ref()
    }

    /// Whether a session was resumed; `None` until the server has decided.
    pub fn resumed(&self) -> Option<bool> {
        self.connection
            .handshake_kind()
            .map(|kind| kind == HandshakeKind::Resumed)
    }

    /// The version agreed upon; `None` until it is.
    pub fn version(&self) -> Option<ProtocolVersion> {
        self.connection.protocol_version()
    }

    /// The cipher suite agreed upon; `None` until it is.
    pub fn cipher_suite(&self) -> Option<CipherSuite> {
        self.connection
            .negotiated_cipher_suite()
            .map(|suite| suite.suite())
    }

    /// The certificates of the server, its own first. A resumed channel shows those of the
    /// session's first handshake.
    pub fn peer_certificates(&self) -> Option<&[CertificateDer<'static>]> {
        self.connection.peer_certificates()
    }

    /// How many TLS 1.3 tickets this connection has brought. They are in the stock of the
    /// [`Context`](super::Context).
    pub fn tickets_received(&self) -> u32 {
        self.connection.tls13_tickets_received()
    }

    // -- inside ---------------------------------------------------------------------------------

    /// Goes on with what was received while plaintext waited. Whether that may have brought
    /// anything.
    fn feed_waiting(&mut self) -> bool {
        let inbox = mem::take(&mut self.inbox);
        let taken = self.feed(inbox.bytes());
        self.inbox = inbox;
        self.inbox.consume(taken);
        self.pump();
        taken > 0
    }

    /// Gives rustls as much as it should have, record by record: no more while a record's worth of
    /// plaintext waits, and nothing after close_notify or a failure.
    fn feed(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0_usize;
        while self.failure.is_none() && !self.ended && self.plaintext < RECORD {
            let piece = self.records.next(bytes.get(taken..).unwrap_or_default());
            if piece.is_empty() {
                break;
            }
            taken = taken.saturating_add(piece.len());
            let before = self.plaintext;
            self.deframe(piece);
            self.record = self.record.saturating_add(piece.len());
            // By whole records: what a record brings comes with its last byte, however it was cut.
            if self.records.is_between() {
                let record = mem::take(&mut self.record);
                self.bound(record, self.plaintext.saturating_sub(before));
            }
        }
        taken
    }

    /// Nobody may keep us busy with records that hold no payload: each is decrypted, and nothing
    /// comes of it.
    fn bound(&mut self, ciphertext: usize, plaintext: usize) {
        let tickets = self.tickets_received();
        self.silent = self.silent.saturating_add(ciphertext);
        if plaintext > 0 || tickets > self.tickets || self.is_handshaking() {
            self.silent = 0;
        }
        self.tickets = tickets;
        self.barren = match plaintext {
            0 => self.barren.saturating_add(ciphertext),
            bytes => self.barren.saturating_sub(bytes),
        };
        if tickets > Self::TICKETS_MAX {
            self.fail(TlsError::TooManyTickets);
        } else if self.barren > Self::BARREN_MAX || self.silent > Self::SILENT_MAX {
            self.fail(TlsError::Flooded);
        }
    }

    fn deframe(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() && self.failure.is_none() {
            // It reads from a slice into a buffer with room: only a defect of rustls could make
            // this fail, or read nothing.
            if !matches!(self.connection.read_tls(&mut piece), Ok(1..)) {
                let defect = rustls::Error::General("input was not taken".into());
                return self.fail(defect.into());
            }
            match self.connection.process_new_packets() {
                Ok(state) => {
                    self.plaintext = state.plaintext_bytes_to_read();
                    self.ended = state.peer_has_closed();
                }
                Err(error) => self.fail(error.into()),
            }
        }
    }

    /// Moves what rustls has to send to the outbox. Writing to a `Vec` cannot fail.
    fn pump(&mut self) {
        while self.connection.wants_write() {
            if !matches!(self.connection.write_tls(self.outbox.tail()), Ok(1..)) {
                break;
            }
        }
    }

    /// The first failure is the one that counts.
    fn fail(&mut self, failure: TlsError) {
        let failure = if self.connection.is_handshaking() {
            failure.in_handshake(self.purpose)
        } else {
            failure
        };
        self.failure.get_or_insert(failure);
        self.inbox = Queue::default();
    }
}

/// State and counts; neither payload nor keys.
impl fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Channel")
            .field("version", &self.version())
            .field("handshaking", &self.is_handshaking())
            .field("resumed", &self.resumed())
            .field("unread", &self.plaintext.saturating_add(self.inbox.len()))
            .field("unsent", &self.outbox.len())
            .field("closed", &self.closed)
            .field("ended", &self.ended)
            .field("eof", &self.eof)
            .field("failure", &self.failure)
            .finish_non_exhaustive()
    }
}

/// Bytes that are consumed from the front.
#[derive(Default)]
struct Queue {
    buffer: Vec<u8>,
    consumed: usize,
}

impl Queue {
    fn bytes(&self) -> &[u8] {
        self.buffer.get(self.consumed..).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.buffer.len().saturating_sub(self.consumed)
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.tail().extend_from_slice(bytes);
    }

    /// Where to append. Moves what is left to the front first, when that is the smaller part: each
    /// byte is then moved at most once on average.
    fn tail(&mut self) -> &mut Vec<u8> {
        if self.consumed >= self.len() {
            self.buffer.drain(..self.consumed);
            self.consumed = 0;
        }
        &mut self.buffer
    }

    fn consume(&mut self, count: usize) {
        self.consumed = self.consumed.saturating_add(count).min(self.buffer.len());
    }

    fn take(&mut self) -> Vec<u8> {
        let rest = self.bytes().to_vec();
        *self = Self::default();
        rest
    }
}
