//! A TCP connection with or without TLS on it.

use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_proto::End;
use ftp_proto::tls::{self, Channel, Ending, TlsError};

use super::Tally;
use crate::tcp::TcpLink;
use crate::transport::{Input, Stream};

/// What one read of the socket takes: two full records.
const CIPHERTEXT_BYTES: usize = 33 * 1024;
/// How often a socket is looked at that is not to be waited for: one record may take two reads.
const LOOKS: u8 = 8;
/// While something waits to be written, no read waits longer than this.
const WRITE_AGAIN: Duration = Duration::from_millis(50);

/// A connection of [`Tls`](super::Tls): control or data, with or without TLS at the moment.
pub struct TlsLink {
    tcp: TcpLink,
    secured: Option<Secured>,
    /// What came in clear behind the end of TLS (CCC).
    clear: Vec<u8>,
    /// Where a data connection's handshake is counted.
    tally: Option<Tally>,
}

struct Secured {
    channel: Channel,
    ciphertext: Box<[u8]>,
    /// The socket's input is at its end.
    eof: bool,
}

impl TlsLink {
    pub(super) const fn control(tcp: TcpLink) -> Self {
        Self {
            tcp,
            secured: None,
            clear: Vec::new(),
            tally: None,
        }
    }

    pub(super) fn data(tcp: TcpLink, tally: Tally) -> Self {
        let mut link = Self::control(tcp);
        link.tally = Some(tally);
        link
    }

    pub(super) fn secure(&mut self, channel: Channel) {
        self.secured = Some(Secured {
            channel,
            ciphertext: vec![0; CIPHERTEXT_BYTES].into(),
            eof: false,
        });
    }

    /// The TCP connection underneath.
    pub const fn tcp(&self) -> &TcpLink {
        &self.tcp
    }

    /// The TLS on it, if there is any: version, cipher suite, whether a session was resumed, the server's
    /// certificates.
    pub fn channel(&self) -> Option<&Channel> {
        self.secured.as_ref().map(|secured| &secured.channel)
    }
}

impl Secured {
    /// Writes what waits; whether all of it went.
    fn send(&mut self, tcp: &mut TcpLink, limit: Duration) -> io::Result<bool> {
        let mut patience = Patience::new(limit);
        while !self.channel.transmit().is_empty() {
            let Some(left) = patience.next() else {
                return Ok(false);
            };
            match tcp.write(self.channel.transmit(), left)? {
                Some(count) => self.channel.transmitted(count),
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Reads the socket once; whether anything came, its end included.
    fn receive(&mut self, tcp: &mut TcpLink, limit: Duration) -> io::Result<bool> {
        let limit = if self.send(tcp, Duration::ZERO)? {
            limit
        } else {
            limit.min(WRITE_AGAIN)
        };
        match tcp.read(&mut self.ciphertext, limit)? {
            None => return Ok(false),
            Some(Input::Bytes(count)) => {
                let bytes = self.ciphertext.get(..count).unwrap_or_default();
                self.channel.receive(bytes);
            }
            Some(Input::End(_)) => {
                self.eof = true;
                self.channel.receive_eof();
            }
        }
        Ok(true)
    }

    /// `None` when the limit ran out before there was anything.
    fn read(
        &mut self,
        tcp: &mut TcpLink,
        buffer: &mut [u8],
        limit: Duration,
    ) -> io::Result<Option<Input>> {
        let mut patience = Patience::new(limit);
        loop {
            match self.channel.read(buffer).map_err(failed)? {
                tls::Input::Bytes(count) => return Ok(Some(Input::Bytes(count))),
                tls::Input::Ended(Ending::Clean) => return Ok(Some(Input::End(End::Clean))),
                tls::Input::Ended(Ending::Truncated) => {
                    return Ok(Some(Input::End(End::Truncated)));
                }
                tls::Input::Pending => {}
            }
            let Some(left) = patience.next() else {
                return Ok(None);
            };
            // Nothing came, but a write may have been waited for.
            if !self.receive(tcp, left)? && self.channel.transmit().is_empty() {
                return Ok(None);
            }
        }
    }

    fn handshake(&mut self, tcp: &mut TcpLink, limit: Duration) -> io::Result<bool> {
        let mut patience = Patience::new(limit);
        loop {
            if let Poll::Ready(Err(error)) = self.channel.poll_handshake() {
                // The alert tells the server why; whether it hears that changes nothing here.
                let _ = self.send(tcp, Duration::ZERO);
                return Err(failed(error));
            }
            let Some(left) = patience.next() else {
                return Ok(false);
            };
            // The last flight is ours, and it has to leave even if nothing else ever follows.
            if !self.send(tcp, left)? {
                return Ok(false);
            }
            if self.channel.poll_handshake().is_ready() {
                return Ok(true);
            }
            if !self.receive(tcp, left)? {
                return Ok(false);
            }
        }
    }

    fn close(&mut self, tcp: &mut TcpLink, limit: Duration) -> io::Result<bool> {
        self.channel.close();
        self.send(tcp, limit)
    }
}

impl Stream for TlsLink {
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.tcp.addresses()
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>> {
        if let Some(secured) = &mut self.secured {
            return secured.read(&mut self.tcp, buffer, limit);
        }
        if self.clear.is_empty() {
            return self.tcp.read(buffer, limit);
        }
        let count = self.clear.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(self.clear.drain(..count)) {
            *to = from;
        }
        Ok(Some(Input::Bytes(count)))
    }

    /// What is taken may still wait to be encrypted bytes on the socket; every further call goes on with that.
    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>> {
        let Some(secured) = &mut self.secured else {
            return self.tcp.write(bytes, limit);
        };
        let mut taken = secured.channel.write(bytes).map_err(failed)?;
        secured.send(&mut self.tcp, limit)?;
        if taken == 0 {
            taken = secured.channel.write(bytes).map_err(failed)?;
            secured.send(&mut self.tcp, Duration::ZERO)?;
        }
        Ok((taken > 0).then_some(taken))
    }

    fn handshake(&mut self, limit: Duration) -> io::Result<bool> {
        let secured = self.secured.as_mut().ok_or_else(without_session)?;
        let complete = secured.handshake(&mut self.tcp, limit)?;
        if let Some(tally) = self.tally.take_if(|_| complete) {
            tally.add(&secured.channel);
        }
        Ok(complete)
    }

    fn unsecure(&mut self, limit: Duration) -> io::Result<bool> {
        let secured = self.secured.as_mut().ok_or_else(without_session)?;
        if !secured.close(&mut self.tcp, limit)? {
            return Ok(false);
        }
        match secured.read(&mut self.tcp, &mut [0; 1], limit)? {
            None => Ok(false),
            Some(Input::End(End::Clean)) => {
                self.clear = secured.channel.take_remainder();
                self.secured = None;
                Ok(true)
            }
            Some(_) => {
                let wrong = "the server did not end TLS where it had agreed to";
                Err(io::Error::new(io::ErrorKind::InvalidData, wrong))
            }
        }
    }

    fn finish(&mut self, limit: Duration) -> io::Result<bool> {
        let Some(secured) = &mut self.secured else {
            return self.tcp.finish(limit);
        };
        let gone = secured.close(&mut self.tcp, limit)?;
        if gone {
            // It fails when the peer has gone; then its reply tells what it has got.
            let _ = self.tcp.socket().shutdown(Shutdown::Write);
        }
        Ok(gone)
    }

    fn await_end(&mut self, limit: Duration) -> bool {
        let Some(secured) = &mut self.secured else {
            return true;
        };
        match secured.read(&mut self.tcp, &mut [0; 1024], limit) {
            Ok(None | Some(Input::Bytes(_))) => false,
            Ok(Some(Input::End(_))) | Err(_) => true,
        }
    }

    fn reset(self) {
        self.tcp.reset_when_dropped();
    }
}

impl Drop for TlsLink {
    /// Whatever becomes of a data connection, the tickets that it has brought are good for the next one, and they
    /// come first.
    fn drop(&mut self) {
        if let Some(secured) = self.secured.as_mut().filter(|secured| !secured.eof) {
            let _ = secured.receive(&mut self.tcp, Duration::ZERO);
        }
    }
}

impl fmt::Debug for TlsLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsLink")
            .field("tcp", &self.tcp)
            .field("channel", &self.channel())
            .finish_non_exhaustive()
    }
}

/// How long a call may still wait, over any number of reads and writes.
struct Patience {
    limit: Duration,
    begun: Instant,
    looks: u8,
}

impl Patience {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            begun: Instant::now(),
            looks: 0,
        }
    }

    /// The limit for the next read or write. Even when no time is left, a few more are made without waiting.
    fn next(&mut self) -> Option<Duration> {
        self.looks = self.looks.saturating_add(1);
        if self.looks == 1 {
            return Some(self.limit);
        }
        let left = self.limit.saturating_sub(self.begun.elapsed());
        (!left.is_zero() || self.looks <= LOOKS).then_some(left)
    }
}

/// A connection that ends in the handshake says nothing about TLS: the server's reply tells why.
pub(super) fn failed(error: TlsError) -> io::Error {
    let kind = match error {
        TlsError::ClosedEarly => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::InvalidData,
    };
    io::Error::new(kind, error)
}

pub(super) fn without_session() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "TLS has not been begun here")
}
