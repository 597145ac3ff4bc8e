//! Connections in memory: bytes on their way, with latency, and the ways in which a connection
//! ends.

use std::collections::VecDeque;

use ftp_proto::Instant;

/// One direction of a connection in memory.
///
/// What is written can be read in the same order, each piece from its own time on, never sooner
/// than what was written before it.
///
/// ```
/// use std::time::Duration;
/// use ftp_proto::Instant;
/// use ftp_testkit::{StreamEnd, Stream};
///
/// let later = Instant::EPOCH.saturating_add(Duration::from_millis(5));
/// let mut stream = Stream::default();
/// stream.write(b"220 He", Instant::EPOCH);
/// stream.write(b"llo\r\n", later);
/// stream.end(StreamEnd::Closed);
///
/// assert_eq!(stream.read(usize::MAX, Instant::EPOCH), b"220 He");
/// assert_eq!(stream.ending(), None);
/// assert_eq!(stream.next_arrival(), Some(later));
/// assert_eq!(stream.read(3, later), b"llo");
/// assert_eq!(stream.read(3, later), b"\r\n");
/// assert_eq!(stream.ending(), Some(StreamEnd::Closed));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Stream {
    pieces: VecDeque<(Instant, Vec<u8>)>,
    ending: Option<StreamEnd>,
}

/// How one direction of a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum StreamEnd {
    /// In an orderly way, behind everything that was written.
    Closed,
    /// With a reset: what was not read yet is lost.
    Reset,
}

impl Stream {
    /// Puts bytes on their way; they can be read from `arrival` on. Nothing passes behind the end.
    pub fn write(&mut self, bytes: &[u8], arrival: Instant) {
        if bytes.is_empty() || self.ending.is_some() {
            return;
        }
        let before = self.pieces.back().map_or(Instant::EPOCH, |piece| piece.0);
        let arrival = arrival.max(before);
        match self.pieces.back_mut().filter(|last| last.0 == arrival) {
            Some((_, last)) => last.extend_from_slice(bytes),
            None => self.pieces.push_back((arrival, bytes.to_vec())),
        }
    }

    /// Ends this direction. A reset takes back what was not read; what has ended stays as it is.
    pub fn end(&mut self, ending: StreamEnd) {
        if ending == StreamEnd::Reset && self.ending != Some(StreamEnd::Reset) {
            self.pieces.clear();
            self.ending = Some(ending);
        }
        self.ending = self.ending.or(Some(ending));
    }

    /// Takes at most `max` of the bytes that have arrived.
    pub fn read(&mut self, max: usize, now: Instant) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some((arrival, piece)) = self.pieces.front_mut() {
            let room = max.saturating_sub(bytes.len()).min(piece.len());
            if *arrival > now || room == 0 {
                break;
            }
            bytes.extend(piece.drain(..room));
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
        bytes
    }

    /// What has arrived, up to and with the first LF; everything if there is none.
    pub fn read_line(&mut self, now: Instant) -> Vec<u8> {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            let byte = self.read(1, now);
            if byte.is_empty() {
                break;
            }
            line.extend(byte);
        }
        line
    }

    /// Whether anything has arrived that was not read.
    pub fn is_readable(&self, now: Instant) -> bool {
        self.pieces.front().is_some_and(|piece| piece.0 <= now)
    }

    /// How many bytes are on their way or unread.
    pub fn in_flight(&self) -> usize {
        let sizes = self.pieces.iter().map(|piece| piece.1.len());
        sizes.fold(0, usize::saturating_add)
    }

    /// The end, once everything before it was read.
    pub fn ending(&self) -> Option<StreamEnd> {
        self.ending.filter(|_| self.pieces.is_empty())
    }

    /// Whether this direction was ended, read to its end or not.
    pub const fn is_ended(&self) -> bool {
        self.ending.is_some()
    }

    /// When the next bytes that are on their way can be read.
    pub fn next_arrival(&self) -> Option<Instant> {
        self.pieces.front().map(|piece| piece.0)
    }
}

/// Both directions of a connection between a client and a server.
///
/// ```
/// use ftp_proto::Instant;
/// use ftp_testkit::Wire;
///
/// let mut wire = Wire::default();
/// wire.to_server.write(b"NOOP\r\n", Instant::EPOCH);
/// assert_eq!(wire.to_server.read_line(Instant::EPOCH), b"NOOP\r\n");
/// assert!(!wire.to_client.is_readable(Instant::EPOCH));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Wire {
    /// What the server writes and the client reads.
    pub to_client: Stream,
    /// What the client writes and the server reads.
    pub to_server: Stream,
}

impl Wire {
    /// The connection is lost: both sides see a reset.
    pub fn cut(&mut self) {
        self.to_client.end(StreamEnd::Reset);
        self.to_server.end(StreamEnd::Reset);
    }
}
