//! One TLS connection, without its socket.

mod state;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroUsize;

use rustls::ClientConfig;
use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};

use super::buffer::Buffer;
use super::outgoing::{Outgoing, RECORD, encode};
use super::records::{record_length, up_to_a_record};
use super::{Purpose, TlsError};
use crate::action::End;
use crate::driver::Input;

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
    connection: UnbufferedClientConnection,
    purpose: Purpose,
    /// What was received, from the first record on that rustls still needs.
    inbox: Buffer,
    /// How much of the inbox rustls has seen: the records of a handshake message that is not
    /// complete.
    seen: usize,
    /// The length of the latest record.
    latest: usize,
    outbox: Buffer,
    /// The plaintext of a record that rustls holds. Nothing is decrypted while it does.
    held: usize,
    /// What is left of a record that was read in parts, or was in the way of a write.
    aside: Buffer,
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
        let mut channel = Self {
            connection: UnbufferedClientConnection::new(config, name)?,
            purpose,
            inbox: Buffer::default(),
            seen: 0,
            latest: 0,
            outbox: Buffer::default(),
            held: 0,
            aside: Buffer::default(),
            silent: 0,
            barren: 0,
            tickets: 0,
            ended: false,
            eof: false,
            closed: false,
            failure: None,
        };
        channel.process(0, Outgoing::Nothing);
        Ok(channel)
    }

    // -- the network's side ---------------------------------------------------------------------

    /// Where to read the socket into, at most `count` bytes at once and at most
    /// [`UNREAD_MAX`](Self::UNREAD_MAX); [`received`](Self::received) follows. Several records may
    /// come with one read, and are decrypted where they are. The room ends where a record is likely
    /// to end, so that no part of one has to be moved.
    pub fn room(&mut self, count: usize) -> &mut [u8] {
        let count = count.min(Self::UNREAD_MAX);
        self.inbox
            .room(up_to_a_record(self.unseen(), self.latest, count))
    }

    /// The first `count` bytes of the latest [`room`](Self::room) were read from the socket. Read
    /// the plaintext until there is none before receiving again.
    pub fn received(&mut self, count: usize) {
        self.inbox.fill(count);
        self.advance();
        if self.inbox.len() > Self::UNREAD_MAX && !self.ended {
            self.fail(TlsError::Unread);
        }
    }

    /// Feeds a copy of bytes read from the socket. All of them are taken. Read until there is
    /// nothing in between: what is not read waits here, and [`UNREAD_MAX`](Self::UNREAD_MAX) bounds
    /// it.
    pub fn receive(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && self.failure.is_none() {
            let room = Self::UNREAD_MAX.saturating_sub(self.inbox.len());
            let Some((now, later)) = rest.split_at_checked(room.min(rest.len())) else {
                return;
            };
            if now.is_empty() {
                // Nobody is obliged to look at what follows the end of TLS.
                if !self.ended {
                    self.fail(TlsError::Unread);
                }
                return;
            }
            self.inbox.extend(now);
            self.advance();
            rest = later;
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
        let (count, mut filled) = (buffer.len(), 0_usize);
        self.read_with(count, |plaintext| {
            let end = filled.saturating_add(plaintext.len());
            if let Some(part) = buffer.get_mut(filled..end) {
                part.copy_from_slice(plaintext);
            }
            filled = end;
        })
    }

    /// As [`read`](Self::read), without a buffer: passes up to `count` bytes of plaintext to `take`,
    /// in one or more pieces, from where rustls has them. A record that does not fit into what is
    /// left of `count` is copied.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_with(
        &mut self,
        count: usize,
        mut take: impl FnMut(&[u8]),
    ) -> Result<Option<Input>, TlsError> {
        let mut taken = 0_usize;
        while taken < count {
            let room = count.saturating_sub(taken);
            if self.aside.is_empty() {
                self.advance();
                match self.held {
                    0 => break,
                    held if held <= room => {
                        taken = taken.saturating_add(held);
                        self.take_record(|_, plaintext| take(plaintext));
                        continue;
                    }
                    // It is left for the next call, which may have room for all of it.
                    _ if taken > 0 => break,
                    _ => self.set_aside(),
                }
            }
            let part = self.aside.first_mut(room);
            take(part);
            let part = part.len();
            taken = taken.saturating_add(part);
            self.aside.consume(part);
        }
        if taken > 0 || count == 0 {
            return Ok(Some(Input::Bytes(taken)));
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
        if !part.is_empty() {
            self.send(Outgoing::Payload(part));
        }
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok(part.len()),
        }
    }

    /// Nothing more will be written: queues close_notify, unless the handshake is not over. Reading
    /// goes on. Calling it again does nothing.
    pub fn close(&mut self) {
        if !self.closed {
            self.closed = true;
            if self.failure.is_none() {
                self.send(Outgoing::CloseNotify);
            }
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

    // -- inside ---------------------------------------------------------------------------------

    /// What rustls has not seen.
    fn unseen(&self) -> &[u8] {
        self.inbox.bytes().get(self.seen..).unwrap_or_default()
    }

    /// Goes on with what was received, record by record, until one brings plaintext.
    fn advance(&mut self) {
        while self.failure.is_none() && !self.ended && self.held == 0 && self.aside.is_empty() {
            let unseen = self.unseen();
            match record_length(unseen) {
                Some(length) if length <= unseen.len() => {
                    self.latest = length;
                    self.seen = self.seen.saturating_add(length);
                    self.process(self.seen, Outgoing::Nothing);
                    // By whole records: what a record brings comes with its last byte.
                    self.bound(length, self.held);
                }
                header => {
                    // rustls refuses a wrong header before the rest of its record has come.
                    if header.is_some() {
                        self.process(self.inbox.len(), Outgoing::Nothing);
                    }
                    return;
                }
            }
        }
    }

    /// Encrypts. rustls does that only while it holds no plaintext.
    fn send(&mut self, outgoing: Outgoing<'_>) {
        self.set_aside();
        self.process(self.seen, outgoing);
    }

    /// Shows rustls the first `count` bytes of the inbox, and collects what it has to send, until it
    /// has nothing more to say or holds plaintext.
    fn process(&mut self, mut count: usize, outgoing: Outgoing<'_>) {
        loop {
            let bytes = self.inbox.first_mut(count);
            let UnbufferedStatus { discard, state } = self.connection.process_tls_records(bytes);
            let mut goes_on = false;
            let done = match state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    goes_on = true;
                    encode(&mut data, &mut self.outbox)
                }
                Ok(ConnectionState::TransmitTlsData(data)) => {
                    goes_on = true;
                    data.done();
                    Ok(())
                }
                Ok(ConnectionState::ReadTraffic(traffic)) => {
                    self.held = traffic.peek_len().map_or(0, NonZeroUsize::get);
                    Ok(())
                }
                Ok(ConnectionState::PeerClosed) => {
                    self.ended = true;
                    Ok(())
                }
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    outgoing.encrypt(&mut traffic, &mut self.outbox)
                }
                // It waits for more, or the connection is closed on both sides.
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            count = count.saturating_sub(discard);
            self.discard(discard);
            if let Err(error) = done {
                self.collect_alert();
                self.fail(error.into());
            }
            if !goes_on || self.failure.is_some() {
                return;
            }
        }
    }

    /// After a failure rustls gives out its alert before it looks at any input.
    fn collect_alert(&mut self) {
        while self.connection.wants_write() {
            match self.connection.process_tls_records(&mut []).state {
                Ok(ConnectionState::EncodeTlsData(mut data)) => {
                    if encode(&mut data, &mut self.outbox).is_err() {
                        return;
                    }
                }
                _ => return,
            }
        }
    }

    /// Takes the plaintext that rustls holds; `take` also gets the buffer for what is set aside.
    fn take_record(&mut self, take: impl FnOnce(&mut Buffer, &[u8])) {
        let bytes = self.inbox.first_mut(self.seen);
        let UnbufferedStatus { mut discard, state } = self.connection.process_tls_records(bytes);
        if let Ok(ConnectionState::ReadTraffic(mut traffic)) = state {
            if let Some(Ok(record)) = traffic.next_record() {
                discard = discard.saturating_add(record.discard);
                take(&mut self.aside, record.payload);
            }
        }
        self.held = 0;
        self.discard(discard);
    }

    /// rustls needs the first `count` bytes of the inbox no more.
    fn discard(&mut self, count: usize) {
        self.inbox.consume(count);
        self.seen = self.seen.saturating_sub(count);
    }

    fn set_aside(&mut self) {
        if self.held > 0 {
            self.take_record(Buffer::extend);
        }
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

    /// The first failure is the one that counts.
    fn fail(&mut self, failure: TlsError) {
        let failure = if self.connection.is_handshaking() {
            failure.in_handshake(self.purpose)
        } else {
            failure
        };
        self.failure.get_or_insert(failure);
        self.inbox = Buffer::default();
        self.seen = 0;
    }
}
