//! The handshake with a proxy: what was sent, what came, and whether the connection is open.

use alloc::vec::Vec;
use core::fmt;

use super::http::Answer;
use super::socks5::Dialogue;
use super::step::Step;
use super::{Credentials, Host, ProxyError, http, socks5};

/// The most bytes that all answers of a proxy to one handshake may have, up to and without the
/// first byte of the host behind it.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024;

/// The handshake with a proxy on one connection, and the bytes of the stream that came with its
/// end.
///
/// 1. Write [`transmit`](Self::transmit) to the proxy, and acknowledge the written bytes with
///    [`transmitted`](Self::transmitted).
/// 2. Once [`is_open`](Self::is_open), take the early bytes with [`read`](Self::read) before those
///    of the socket. The connection is then the host's.
/// 3. Until then, read the socket and pass its bytes to [`receive`](Self::receive). The end of
///    input is [`ProxyError::Closed`].
///
/// It is bounded in memory, and not in time: the driver sets a limit.
///
/// `Debug` shows no bytes, because they may hold the password.
pub struct Handshake {
    dialogue: Protocol,
    open: bool,
    outbox: Vec<u8>,
    written: usize,
    /// Until the connection is open, all that the proxy has answered. Then the early bytes.
    inbox: Vec<u8>,
    /// How many bytes of the inbox are done with.
    used: usize,
}

enum Protocol {
    Socks5(Dialogue),
    Http(Answer),
}

impl Handshake {
    pub(super) fn socks5(host: &Host, port: u16, credentials: Option<Credentials>) -> Self {
        let greeting = socks5::greeting(credentials.is_some());
        let dialogue = Dialogue::new(socks5::request(host, port), credentials);
        Self::new(Protocol::Socks5(dialogue), greeting)
    }

    pub(super) fn http(host: &Host, port: u16, credentials: Option<&Credentials>) -> Self {
        let request = http::request(host, port, credentials);
        Self::new(Protocol::Http(Answer::Status), request)
    }

    const fn new(dialogue: Protocol, outbox: Vec<u8>) -> Self {
        Self {
            dialogue,
            open: false,
            outbox,
            written: 0,
            inbox: Vec::new(),
            used: 0,
        }
    }

    /// The bytes to write to the proxy.
    pub fn transmit(&self) -> &[u8] {
        self.outbox.get(self.written..).unwrap_or_default()
    }

    /// Acknowledges that the first `count` bytes of [`transmit`](Self::transmit) were written.
    pub fn transmitted(&mut self, count: usize) {
        self.written = self.written.saturating_add(count);
        if self.written >= self.outbox.len() {
            self.outbox = Vec::new();
            self.written = 0;
        }
    }

    /// Takes bytes that came from the proxy. Bytes behind its answer are kept for
    /// [`read`](Self::read).
    ///
    /// # Errors
    /// The proxy refused, or its answer is malformed or too long. Nothing more is to be done with
    /// the connection then but to close it.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<(), ProxyError> {
        self.inbox.extend_from_slice(bytes);
        while !self.open {
            let answer = self.inbox.get(..ANSWER_BYTES_MAX).unwrap_or(&self.inbox);
            let rest = answer.get(self.used..).unwrap_or_default();
            let step = match &mut self.dialogue {
                Protocol::Socks5(dialogue) => dialogue.next(rest)?,
                Protocol::Http(answer) => answer.next(rest)?,
            };
            match step {
                Some(step) => self.apply(step),
                None if self.inbox.len() > ANSWER_BYTES_MAX => return Err(ProxyError::TooLong),
                None => break,
            }
        }
        Ok(())
    }

    fn apply(&mut self, step: Step) {
        self.used = self.used.saturating_add(step.used);
        self.outbox.extend_from_slice(&step.send);
        self.open = step.open;
    }

    /// Whether the connection is the host's now.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Takes early bytes of the host, which came with the proxy's answer; yields how many. It is 0
    /// once there are no more, and before the connection is open.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        let early = self.inbox.get(self.used..).unwrap_or_default();
        if !self.open || early.is_empty() {
            return 0;
        }
        let count = early.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(early) {
            *to = *from;
        }
        self.used = self.used.saturating_add(count);
        if self.used >= self.inbox.len() {
            self.inbox = Vec::new();
            self.used = 0;
        }
        count
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("open", &self.open)
            .field("unwritten", &self.transmit().len())
            .finish_non_exhaustive()
    }
}
