//! Bytes on their way between a socket and rustls.

use alloc::vec::Vec;

/// Bytes that are appended at the end and consumed from the front.
///
/// Sockets and rustls write into [`room`](Self::room), which is zeroed when it is made and not
/// again.
#[derive(Default)]
pub(super) struct Buffer {
    /// All of it is initialised; what waits is `start..end`.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `count` bytes, or as many as there are.
    pub(super) fn first_mut(&mut self, count: usize) -> &mut [u8] {
        let end = self.start.saturating_add(count).min(self.end);
        self.bytes.get_mut(self.start..end).unwrap_or_default()
    }

    pub(super) const fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where to write the next `count` bytes; [`fill`](Self::fill) appends them. When there is no
    /// room at the end, what waits moves to the front, if that is the smaller part: each byte is
    /// moved at most once on average.
    pub(super) fn room(&mut self, count: usize) -> &mut [u8] {
        let is_short = self.end.saturating_add(count) > self.bytes.len();
        if self.is_empty() || (is_short && self.start >= self.len()) {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end = self.len();
            self.start = 0;
        }
        let needed = self.end.saturating_add(count);
        if needed > self.bytes.len() {
            // Room to spare makes moves rare.
            self.bytes.resize(needed.next_power_of_two(), 0);
        }
        self.bytes.get_mut(self.end..needed).unwrap_or_default()
    }

    /// The first `count` bytes of [`room`](Self::room) were written.
    pub(super) fn fill(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.bytes.len());
    }

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.room(bytes.len()).copy_from_slice(bytes);
        self.fill(bytes.len());
    }

    /// Takes up to `count` bytes from the front.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// Takes everything.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let waiting = self.bytes().to_vec();
        *self = Self::default();
        waiting
    }
}

#[cfg(test)]
mod tests {
    use super::Buffer;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let mut buffer = Buffer::default();
        let (mut written, mut read) = (0_u8, 0_u8);
        for step in [3, 1, 7, 2, 50, 4] {
            for _ in 0..step {
                buffer.extend(&[written, written.wrapping_add(1)]);
                written = written.wrapping_add(2);
            }
            while buffer.len() > step {
                assert_eq!(buffer.bytes().first(), Some(&read));
                assert_eq!(buffer.first_mut(1), [read]);
                buffer.consume(1);
                read = read.wrapping_add(1);
            }
        }
        assert_eq!(buffer.take().len(), 4);
        assert!(buffer.is_empty());
    }

    #[test]
    fn a_buffer_that_is_emptied_in_between_does_not_grow() {
        let mut buffer = Buffer::default();
        for _ in 0..100 {
            buffer.room(1000).fill(7);
            buffer.fill(900);
            buffer.consume(500);
            buffer.consume(500);
        }
        assert!(buffer.is_empty());
        assert_eq!(buffer.bytes.len(), 1024);
    }

    #[test]
    fn what_waits_moves_where_it_must_and_is_the_smaller_part() {
        // What waits of eight bytes, how many are to come, what waits then, and of how many.
        for (before, count, after, size) in [
            ((0, 0), 8, (0, 0), 8),
            ((5, 5), 1, (0, 0), 8),
            ((6, 7), 1, (6, 7), 8),
            ((6, 8), 1, (0, 2), 8),
            ((4, 8), 1, (0, 4), 8),
            ((3, 8), 1, (3, 8), 16),
            ((2, 4), 4, (2, 4), 8),
            ((2, 4), 5, (0, 2), 8),
            ((0, 8), 9, (0, 8), 32),
        ] {
            let (start, end) = before;
            let bytes = (0..8).collect();
            let mut buffer = Buffer { bytes, start, end };
            let waiting = buffer.bytes().to_vec();
            assert_eq!(buffer.room(count).len(), count);
            assert_eq!(buffer.bytes(), waiting);
            let shown = ((buffer.start, buffer.end), buffer.bytes.len());
            assert_eq!(shown, (after, size), "{before:?} {count}");
        }
    }
}
