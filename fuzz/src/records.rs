//! Where TLS records end, beside a reader that sees the whole stream at once.

#[path = "../../ftp-proto/src/tls/records.rs"]
#[allow(dead_code, reason = "the source of ftp-proto, which is private there")]
mod framing;

use crate::{CUTS, pieces};

/// Header of a record: content type, version, length.
const HEADER: usize = 5;

/// The input is a stream of records. However much of it has come, records end where they end in the
/// whole.
pub fn check(stream: &[u8]) {
    ends_agree(stream, &CUTS);
    // Room for the body of the last record, which may be longer than an input of libFuzzer's.
    ends_agree(&[stream, &[0xFF; 0xFFFF]].concat(), &[&[], &[4096]]);
}

fn ends_agree(stream: &[u8], all_cuts: &[&[usize]]) {
    let expected = ends(stream);
    for cuts in all_cuts {
        let (mut found, mut at, mut come) = (Vec::new(), 0, 0);
        for piece in pieces(stream, cuts) {
            come += piece.len();
            while let Some(length) = framing::record_length(&stream[at..come]) {
                if length > come - at {
                    break;
                }
                at += length;
                found.push(at);
            }
        }
        assert_eq!(found, expected, "cut by {cuts:?}");
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
