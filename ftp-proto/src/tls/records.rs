//! Where TLS records end in a stream of bytes.

/// The header: content type, version (2), length of the body (2) (RFC 8446 section 5.1, RFC 5246
/// section 6.2.1).
const HEADER: usize = 5;

/// Cuts a stream of TLS records at their ends, however the stream is cut itself.
///
/// rustls is given one record at a time, because it throws away what follows close_notify in its
/// own buffer. After CCC that is the next reply, in clear (RFC 4217 section 11).
#[derive(Debug, Default)]
pub(super) struct Records {
    /// How much of the header was seen, at most [`HEADER`].
    header: usize,
    /// How much of the body is still to come.
    body: usize,
}

impl Records {
    /// The longest prefix of `bytes` that belongs to one record; it is empty only if `bytes` is.
    /// The prefix counts as seen.
    pub(super) fn next<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut length = 0_usize;
        for &byte in bytes {
            if self.header == HEADER {
                break;
            }
            self.header = self.header.saturating_add(1);
            length = length.saturating_add(1);
            match self.header {
                4 => self.body = usize::from(byte) << 8,
                HEADER => self.body |= usize::from(byte),
                _ => {}
            }
        }
        if self.header == HEADER {
            let body = bytes.len().saturating_sub(length).min(self.body);
            self.body = self.body.saturating_sub(body);
            length = length.saturating_add(body);
            if self.body == 0 {
                self.header = 0;
            }
        }
        bytes.get(..length).unwrap_or(bytes)
    }

    /// Whether what was seen ends where a record ends.
    pub(super) const fn is_between(&self) -> bool {
        self.header == 0
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::Records;
    use alloc::vec::Vec;

    const STREAM: &[u8] = b"\x16\x03\x01\x00\x03abc\x17\x03\x03\x00\x00\x15\x03\x03\x01\x00";

    /// Where `Records` says a record ends, with `STREAM` (and the 256 bytes of its last record) fed
    /// in steps.
    fn ends(step: usize) -> Vec<usize> {
        let mut stream = STREAM.to_vec();
        stream.extend([7; 256]);
        stream.extend(b"220 clear");
        let (mut records, mut at, mut ends) = (Records::default(), 0, Vec::new());
        for piece in stream.chunks(step) {
            let mut rest = piece;
            while !rest.is_empty() {
                let taken = records.next(rest).len();
                assert_ne!(taken, 0);
                at += taken;
                rest = rest.get(taken..).unwrap_or_default();
                if records.is_between() {
                    ends.push(at);
                }
            }
        }
        ends
    }

    #[test]
    fn records_end_where_they_end_whatever_the_steps() {
        for step in 1..=300 {
            assert_eq!(ends(step).get(..3), Some(&[8, 13, 274][..]), "step {step}");
        }
    }
}
