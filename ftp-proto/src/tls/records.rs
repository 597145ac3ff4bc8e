//! Where TLS records end in a stream of bytes.

/// The header: content type, version (2), length of the body (2) (RFC 8446 section 5.1, RFC 5246
/// section 6.2.1).
pub(super) const HEADER: usize = 5;

/// The length of the record that `bytes` begins with, its header included. `None` while the header
/// is not complete.
///
/// rustls is given one record at a time. What follows close_notify is not TLS: after CCC it is the
/// next reply, in clear (RFC 4217 section 11).
pub(super) fn record_length(bytes: &[u8]) -> Option<usize> {
    let [_, _, _, high, low, ..] = *bytes else {
        return None;
    };
    Some(HEADER.saturating_add(usize::from(u16::from_be_bytes([high, low]))))
}

/// How much to read, at most `count` bytes, so that it ends with a record: the one that `begun` is
/// the beginning of, and more of its length. Where that is not known, those to come are taken to be
/// as long as the `latest`.
pub(super) fn up_to_a_record(begun: &[u8], latest: usize, count: usize) -> usize {
    let length = record_length(begun).unwrap_or(latest);
    let missing = match begun {
        [] => 0,
        begun => length.saturating_sub(begun.len()),
    };
    let Some(further) = count.checked_sub(missing) else {
        return count;
    };
    let rest = further.checked_rem(length).unwrap_or_default();
    match count.saturating_sub(rest) {
        0 => count,
        whole => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::{record_length, up_to_a_record};

    #[test]
    fn a_read_ends_where_a_record_is_likely_to_end() {
        // The header says 16 bytes after it, 21 with it.
        let header = b"\x17\x03\x03\x00\x10";
        let cases: [(&[u8], usize, usize, usize); 9] = [
            (b"", 0, 100, 100),
            (b"", 30, 100, 90),
            (b"", 101, 100, 100),
            (header, 30, 100, 16 + 4 * 21),
            (header, 30, 99, 16 + 3 * 21),
            (header, 30, 16, 16),
            (header, 30, 15, 15),
            (b"\x17\x03", 30, 100, 28 + 2 * 30),
            (b"\x17\x03", 0, 100, 100),
        ];
        for (begun, latest, count, expected) in cases {
            let found = up_to_a_record(begun, latest, count);
            assert_eq!(found, expected, "{begun:?}, {latest}, {count}");
        }
    }

    #[test]
    fn a_record_ends_where_its_header_says() {
        let cases: [(&[u8], Option<usize>); 6] = [
            (b"", None),
            (b"\x16\x03\x01\x00", None),
            (b"\x16\x03\x01\x00\x03", Some(8)),
            (b"\x16\x03\x01\x00\x03abc220 clear", Some(8)),
            (b"\x17\x03\x03\x00\x00\x15\x03", Some(5)),
            (b"\x15\x03\x03\xff\xff", Some(65_540)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(record_length(bytes), expected, "{bytes:?}");
        }
    }
}
