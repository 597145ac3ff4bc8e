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

#[cfg(test)]
mod tests {
    use super::record_length;

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
