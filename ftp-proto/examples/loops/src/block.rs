//! The application's side: one block of payload, on its way between a session and std's readers and
//! writers.

use std::io::{self, Read, Write};

use ftp_proto::driver::Storage;

/// One block. While it is full of payload that was received, or waits to be filled, the transfer is
/// held.
pub struct Block<'p> {
    bytes: Vec<u8>,
    /// What is left of it.
    start: usize,
    end: usize,
    peer: Payload<'p>,
    /// Something is to be sent.
    is_asked: bool,
    is_last: bool,
}

/// What is at the other end.
pub enum Payload<'p> {
    None,
    Sink(&'p mut dyn Write),
    Source(&'p mut dyn Read),
}

impl<'p> Block<'p> {
    pub fn new(size: usize, peer: Payload<'p>) -> Self {
        let is_last = !matches!(peer, Payload::Source(_));
        Self { bytes: vec![0; size], start: 0, end: 0, peer, is_asked: false, is_last }
    }

    /// Empties or fills it, where that is due; whether it was.
    ///
    /// # Errors
    /// Of the reader or writer.
    pub fn attend(&mut self) -> io::Result<bool> {
        let waiting = &self.bytes[self.start..self.end];
        match &mut self.peer {
            Payload::Source(source) if self.is_asked => {
                self.is_asked = false;
                (self.start, self.end) = (0, source.read(&mut self.bytes)?);
                self.is_last = self.end == 0;
            }
            Payload::Sink(sink) if !waiting.is_empty() => {
                sink.write_all(waiting)?;
                self.start = self.end;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Storage for Block<'_> {
    fn room(&mut self) -> &mut [u8] {
        match self.peer {
            Payload::Sink(_) if self.start < self.end => &mut [],
            _ => &mut self.bytes,
        }
    }

    fn received(&mut self, count: usize) {
        (self.start, self.end) = (0, count);
    }

    fn next(&mut self) -> Option<&[u8]> {
        let waiting = &self.bytes[self.start..self.end];
        self.is_asked = waiting.is_empty() && !self.is_last;
        (!self.is_asked).then_some(waiting)
    }

    fn sent(&mut self, count: usize) {
        self.start += count;
    }
}
