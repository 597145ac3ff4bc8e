//! A connection with or without TLS on it.

use std::fmt;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

#[cfg(unix)]
use ftp_proto::Direction;
use ftp_proto::driver::Input;
use ftp_proto::tls::{Channel, Layer, Socket, Wait};

use super::{Tally, without_session};
use crate::tcp::TcpLink;
use crate::transport::Stream;

/// How many reads or writes are made without waiting: one record may take two reads.
const LOOKS: u8 = 16;
/// While something waits to be written, no read waits longer than this.
const MOMENT: Duration = Duration::from_millis(50);

/// A connection of [`Tls`](super::Tls): control or data, with or without TLS at the moment.
pub struct TlsLink<S = TcpLink> {
    stream: S,
    layer: Option<Layer>,
    /// Clear bytes that came after the end of TLS (CCC).
    remainder: Vec<u8>,
    /// Where a data connection's handshake is counted.
    tally: Option<Tally>,
}

impl<S> TlsLink<S> {
    pub(crate) const fn control(stream: S) -> Self {
        Self {
            stream,
            layer: None,
            remainder: Vec::new(),
            tally: None,
        }
    }

    pub(super) fn data(stream: S, tally: Tally) -> Self {
        Self {
            tally: Some(tally),
            ..Self::control(stream)
        }
    }

    pub(super) fn secure(&mut self, channel: Channel) {
        self.layer = Some(match self.tally {
            Some(_) => Layer::for_data(channel),
            None => Layer::for_control(channel),
        });
    }

    /// The connection underneath.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// The TLS on it, if there is any: version, cipher suite, whether a session was resumed, the
    /// server's certificates.
    pub fn channel(&self) -> Option<&Channel> {
        self.layer.as_ref().map(Layer::channel)
    }
}

impl<S: Stream> TlsLink<S> {
    /// The TLS, and the connection with this limit for waiting.
    fn both(&mut self, limit: Duration) -> io::Result<(&mut Layer, Limited<'_, S>)> {
        let layer = self.layer.as_mut().ok_or_else(without_session)?;
        Ok((layer, Limited::new(&mut self.stream, limit)))
    }

    fn take_tickets(&mut self) {
        if let Ok((layer, mut socket)) = self.both(Duration::ZERO) {
            layer.take_tickets(&mut socket);
        }
    }
}

impl<S: Stream> Stream for TlsLink<S> {
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.stream.addresses()
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>> {
        if let Ok((layer, mut socket)) = self.both(limit) {
            return layer.read(&mut socket, buffer);
        }
        if self.remainder.is_empty() {
            return self.stream.read(buffer, limit);
        }
        let count = self.remainder.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(self.remainder.drain(..count)) {
            *to = from;
        }
        Ok(Some(Input::Bytes(count)))
    }

    fn read_with(
        &mut self,
        block: &mut [u8],
        limit: Duration,
        take: &mut dyn FnMut(&[u8]),
    ) -> io::Result<Option<Input>> {
        match self.both(limit) {
            Ok((layer, mut socket)) => layer.read_with(&mut socket, block.len(), take),
            Err(_) => self.stream.read_with(block, limit, take),
        }
    }

    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>> {
        match self.both(limit) {
            Ok((layer, mut socket)) => layer.write(&mut socket, bytes),
            Err(_) => self.stream.write(bytes, limit),
        }
    }

    fn handshake(&mut self, limit: Duration) -> io::Result<bool> {
        let (layer, mut socket) = self.both(limit)?;
        let complete = layer.handshake(&mut socket)?;
        let tally = self.tally.take_if(|_| complete);
        if let (Some(tally), Some(layer)) = (tally, &self.layer) {
            tally.add(layer.channel());
        }
        Ok(complete)
    }

    fn unsecure(&mut self, limit: Duration) -> io::Result<bool> {
        let (layer, mut socket) = self.both(limit)?;
        let Some(remainder) = layer.unsecure(&mut socket)? else {
            return Ok(false);
        };
        self.remainder = remainder;
        self.layer = None;
        Ok(true)
    }

    fn finish(&mut self, limit: Duration) -> io::Result<bool> {
        let Ok((layer, mut socket)) = self.both(limit) else {
            return self.stream.finish(limit);
        };
        let gone = layer.finish(&mut socket)?;
        if gone && !layer.channel().is_ended_by_peer() {
            self.stream.shut_down();
        }
        Ok(gone)
    }

    #[cfg(unix)]
    fn bare_socket(
        &mut self,
        direction: Direction,
        limit: Duration,
    ) -> io::Result<Option<BorrowedFd<'_>>> {
        match self.layer {
            Some(_) => Ok(None),
            None => self.stream.bare_socket(direction, limit),
        }
    }

    fn keep_little_unsent(&mut self) {
        self.stream.keep_little_unsent();
    }

    fn await_end(&mut self, limit: Duration) -> bool {
        match self.both(limit) {
            Ok((layer, mut socket)) => layer.await_end(&mut socket),
            Err(_) => self.stream.await_end(limit),
        }
    }

    fn shut_down(&mut self) {
        self.stream.shut_down();
    }

    fn close(mut self) {
        self.take_tickets();
        self.stream.close();
    }

    fn reset(mut self) {
        self.take_tickets();
        self.stream.reset();
    }
}

impl<S: fmt::Debug> fmt::Debug for TlsLink<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsLink")
            .field("stream", &self.stream)
            .field("channel", &self.channel())
            .finish_non_exhaustive()
    }
}

/// A connection for one call of the layer on it, with one limit for all its reads and writes.
struct Limited<'s, S> {
    stream: &'s mut S,
    limit: Duration,
    begun: Instant,
    looks: u8,
}

impl<'s, S> Limited<'s, S> {
    fn new(stream: &'s mut S, limit: Duration) -> Self {
        Self {
            stream,
            limit,
            begun: Instant::now(),
            looks: 0,
        }
    }

    fn left(&self) -> Duration {
        match self.looks {
            0 => self.limit,
            _ => self.limit.saturating_sub(self.begun.elapsed()),
        }
    }

    /// The limit for the next read or write. When no time is left, a few more are made without
    /// waiting.
    fn next(&mut self, wait: Wait) -> Option<Duration> {
        let left = match wait {
            Wait::No => return Some(Duration::ZERO),
            Wait::Moment => self.left().min(MOMENT),
            Wait::Patiently => self.left(),
        };
        self.looks = self.looks.saturating_add(1);
        (!left.is_zero() || self.looks <= LOOKS).then_some(left)
    }
}

impl<S: Stream> Socket for Limited<'_, S> {
    fn read(&mut self, buffer: &mut [u8], wait: Wait) -> io::Result<Option<usize>> {
        let Some(limit) = self.next(wait) else {
            return Ok(None);
        };
        let input = self.stream.read(buffer, limit)?;
        Ok(input.map(|input| match input {
            Input::Bytes(count) => count,
            Input::End(_) => 0,
        }))
    }

    fn write(&mut self, bytes: &[u8], wait: Wait) -> io::Result<Option<usize>> {
        match self.next(wait) {
            Some(limit) => self.stream.write(bytes, limit),
            None => Ok(None),
        }
    }

    fn has_patience(&self) -> bool {
        !self.left().is_zero()
    }
}
