//! Sizes in replies to SIZE and in 150 marks.

use ftp_proto::size::SizeError::{Code, NoNumber, Range, Truncated};
use ftp_proto::size::{decode, hint};
use proptest::prelude::*;

use crate::{cut_reply, reply};

#[test]
fn sizes() {
    for (line, size) in [
        ("213 48213", 48213),
        ("213 0", 0),
        ("213  77 ", 77),
        ("213 0000123", 123),
        ("213 9223372036854775808", 1 << 63),
        ("213 18446744073709551615", u64::MAX),
        ("213 00000000000000000000018446744073709551615", u64::MAX),
        ("213 512 bytes", 512),
        ("213 512 Bytes.", 512),
        ("213 1 byte", 1),
    ] {
        assert_eq!(decode(&reply(line)), Ok(size), "{line}");
    }
}

#[test]
fn replies_without_size() {
    for (line, error) in [
        ("213 18446744073709551616", Range),
        ("213 99999999999999999999999", Range),
        ("213 -1", NoNumber),
        ("213 +1", NoNumber),
        ("213 ", NoNumber),
        ("213", NoNumber),
        ("213 12k", NoNumber),
        ("213 12 KB", NoNumber),
        ("213 1 024", NoNumber),
        ("213 1,024", NoNumber),
        ("213 1.0", NoNumber),
        ("213 0x10", NoNumber),
        ("213 file.txt: 99", NoNumber),
        ("213-5\n213 End", NoNumber),
        ("550 not a plain file", Code),
        ("211 5", Code),
    ] {
        assert_eq!(decode(&reply(line)), Err(error), "{line}");
    }
    assert_eq!(decode(&cut_reply("213 48213", 7)), Err(Truncated));
}

#[test]
fn hints() {
    for (line, size) in [
        (
            "150 Opening BINARY mode data connection for x (48213 bytes).",
            Some(48213),
        ),
        (
            "150 Opening BINARY mode data connection for x (48213 bytes)",
            Some(48213),
        ),
        ("150 Opening (0 BYTES)", Some(0)),
        ("150 Opening for a (5 bytes).txt (7 bytes)", Some(7)),
        ("150 Opening (7 bytes) (see note)", Some(7)),
        ("150-Accepted\n150 Opening (7 bytes)", Some(7)),
        ("150 Opening (18446744073709551615 bytes)", Some(u64::MAX)),
        ("150 Opening (18446744073709551616 bytes)", None),
        ("150 Opening (-7 bytes)", None),
        ("150 Opening ( 7 bytes)", None),
        ("150 Opening ( bytes)", None),
        ("150 Opening (bytes)", None),
        ("150 Opening (7 kbytes)", None),
        ("150 Opening (7 pages)", None),
        ("150 Opening (7)", None),
        ("150 Opening 7 bytes)", None),
        ("150 Opening (7 bytes", None),
        ("150 Opening", None),
        ("150", None),
        ("125 Already open (7 bytes)", None),
        ("226 Sent (7 bytes)", None),
    ] {
        assert_eq!(hint(&reply(line)), size, "{line}");
    }
    assert_eq!(hint(&cut_reply("150 (7 bytes) (8 bytes)", 14)), None);
}

proptest! {
    #[test]
    fn round_trip(size: u64, name in "[^\n\0\r]*") {
        prop_assert_eq!(decode(&reply(format!("213 {size}"))), Ok(size));
        let mark = reply(format!("150 Opening for {name} ({size} bytes)."));
        prop_assert_eq!(hint(&mark), Some(size));
    }
}
