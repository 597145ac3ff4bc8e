//! One block of payload between a session and the application's memory. It needs neither std nor a
//! heap.

use ftp_proto::driver::Storage;

/// Where payload goes to and comes from.
pub trait Memory {
    type Error;

    /// Takes some of these bytes, or none while it is busy; how many.
    fn store(&mut self, bytes: &[u8]) -> Result<usize, Self::Error>;

    /// Fills some of the block with what is to be sent; how much, nothing at the end, and `None`
    /// while it is busy.
    fn load(&mut self, block: &mut [u8]) -> Result<Option<usize>, Self::Error>;
}

/// A block. While it is full, or waits to be filled, the transfer is held.
#[derive(Debug)]
pub struct Block<const BYTES: usize> {
    bytes: [u8; BYTES],
    /// What is left of it.
    start: usize,
    end: usize,
    purpose: Purpose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Receiving,
    Sending,
    /// Something is to be sent, and is not here.
    Asking,
    /// Everything is sent.
    Over,
}

impl<const BYTES: usize> Default for Block<BYTES> {
    fn default() -> Self {
        Self { bytes: [0; BYTES], start: 0, end: 0, purpose: Purpose::Receiving }
    }
}

impl<const BYTES: usize> Block<BYTES> {
    /// For the next operation.
    pub const fn clear(&mut self) {
        (self.start, self.end, self.purpose) = (0, 0, Purpose::Receiving);
    }

    /// Empties or fills it, if that is due; whether it did.
    ///
    /// # Errors
    /// Of the memory.
    pub fn attend<M: Memory>(&mut self, memory: &mut M) -> Result<bool, M::Error> {
        match self.purpose {
            Purpose::Receiving if self.start < self.end => {
                let count = memory.store(self.left())?;
                self.start += count;
                Ok(count > 0)
            }
            Purpose::Asking => {
                let Some(count) = memory.load(&mut self.bytes)? else { return Ok(false) };
                (self.start, self.end) = (0, count);
                self.purpose = if count > 0 { Purpose::Sending } else { Purpose::Over };
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn left(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }
}

impl<const BYTES: usize> Storage for Block<BYTES> {
    fn room(&mut self) -> &mut [u8] {
        if self.start < self.end { &mut [] } else { &mut self.bytes }
    }

    fn received(&mut self, count: usize) {
        (self.start, self.end) = (0, count);
    }

    fn next(&mut self) -> Option<&[u8]> {
        if self.start == self.end && self.purpose != Purpose::Over {
            self.purpose = Purpose::Asking;
            return None;
        }
        Some(self.left())
    }

    fn sent(&mut self, count: usize) {
        self.start += count;
    }
}
