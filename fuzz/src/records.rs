//! Where TLS records end, beside a cutter that sees the whole stream at once.

#[path = "../../ftp-proto/src/tls/records.rs"]
#[allow(dead_code, reason = "the source of ftp-proto, which is private there")]
mod cutter;

use crate::{CUTS, pieces};

/// Header of a record: content type, version, length.
const HEADER: usize = 5;

/// The input is a stream of records. Every way of cutting it finds the same ends.
pub fn check(stream: &[u8]) {
    let expected = ends(stream);
    for cuts in CUTS {
        let mut found = Vec::new();
        let mut at = 0;
        let mut records = cutter::Records::default();
        for mut piece in pieces(stream, cuts) {
            while !piece.is_empty() {
                let taken = records.next(piece).len();
                assert!(taken > 0, "nothing is taken of {} bytes", piece.len());
                at += taken;
                piece = &piece[taken..];
                let next = expected.iter().find(|end| **end >= at);
                if next == Some(&at) {
                    found.push(at);
                }
                let begins = at - taken;
                let passed = expected.iter().any(|end| begins < *end && *end < at);
                assert!(!passed, "{begins}..{at} crosses the end of a record");
            }
        }
        assert_eq!(found, expected, "cut by {cuts:?}");
        assert_eq!(at, stream.len());
    }
}

fn ends(stream: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = 0;
    while let Some(header) = stream.get(at..at + HEADER) {
        let end = at + HEADER + usize::from(u16::from_be_bytes([header[3], header[4]]));
        if end > stream.len() {
            break;
        }
        ends.push(end);
        at = end;
    }
    ends
}
