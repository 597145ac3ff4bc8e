//! Line ends of the ASCII representation.

use ftp_proto::ascii::{Decoder, Encoder};
use proptest::collection::vec;
use proptest::prelude::*;

/// Runs the chunks through `next_run` and `finish` of a codec.
macro_rules! run {
    ($codec:expr, $chunks:expr) => {{
        let mut codec = $codec;
        let mut out = Vec::new();
        for mut chunk in $chunks {
            while let Some(run) = codec.next_run(&mut chunk) {
                assert!(!run.is_empty());
                out.extend_from_slice(run);
            }
            assert!(chunk.is_empty());
        }
        out.extend_from_slice(codec.finish());
        assert_eq!(codec, $codec, "a finished codec is as good as new");
        out
    }};
}

/// The codec's output, which is the same for the whole text and for single bytes.
macro_rules! both {
    ($codec:expr, $text:expr) => {{
        let whole = run!($codec, [$text]);
        assert_eq!(
            run!($codec, $text.chunks(1)),
            whole,
            "{}",
            $text.escape_ascii()
        );
        whole
    }};
}

fn decode_plainly(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, &byte) in text.iter().enumerate() {
        if byte != b'\r' || text.get(at + 1) != Some(&b'\n') {
            out.push(byte);
        }
    }
    out
}

fn encode_plainly(text: &[u8], terminate: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for &byte in text {
        if byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(byte);
    }
    if terminate && !matches!(text.last(), None | Some(b'\n')) {
        if out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(b'\n');
    }
    out
}

#[test]
fn decoding() {
    for (wire, text) in [
        (b"".as_slice(), b"".as_slice()),
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"a\nb", b"a\nb"),
        (b"a\rb", b"a\rb"),
        (b"a\r\r\nb", b"a\r\nb"),
        (b"\r\n\r\n", b"\n\n"),
        (b"a\r", b"a\r"),
        (b"\r\r\r", b"\r\r\r"),
    ] {
        assert_eq!(both!(Decoder::new(), wire), text, "{}", wire.escape_ascii());
    }
}

#[test]
fn encoding() {
    for (text, wire) in [
        (b"".as_slice(), b"".as_slice()),
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"a\rb", b"a\rb"),
        (b"\n\n", b"\r\n\r\n"),
        (b"\r\r\n", b"\r\r\n"),
        (b"a\r", b"a\r"),
        (b"a", b"a"),
    ] {
        assert_eq!(both!(Encoder::new(), text), wire, "{}", text.escape_ascii());
    }
}

#[test]
fn encoding_with_the_last_line_ended() {
    for (text, wire) in [
        (b"".as_slice(), b"".as_slice()),
        (b"a", b"a\r\n"),
        (b"a\r", b"a\r\n"),
        (b"a\n", b"a\r\n"),
        (b"a\r\n", b"a\r\n"),
        (b"a\nb", b"a\r\nb\r\n"),
        (b"a\n\n", b"a\r\n\r\n"),
    ] {
        assert_eq!(
            both!(Encoder::terminating(), text),
            wire,
            "{}",
            text.escape_ascii()
        );
    }
}

#[test]
fn same_as_plain_codecs_for_all_short_texts() {
    let mut texts = vec![Vec::new()];
    for _ in 0..=8 {
        for text in &texts {
            let text = text.as_slice();
            assert_eq!(
                both!(Decoder::new(), text),
                decode_plainly(text),
                "{}",
                text.escape_ascii()
            );
            assert_eq!(
                both!(Encoder::new(), text),
                encode_plainly(text, false),
                "{}",
                text.escape_ascii()
            );
            assert_eq!(
                both!(Encoder::terminating(), text),
                encode_plainly(text, true),
                "{}",
                text.escape_ascii()
            );
        }
        texts = texts
            .iter()
            .flat_map(|text| [b'\r', b'\n', b'x'].map(|byte| [text, [byte].as_slice()].concat()))
            .collect();
    }
    assert_eq!(texts.len(), 3_usize.pow(9));
}

proptest! {
    #[test]
    fn same_in_any_pieces(chunks in vec("[\r\n\u{0}a]{0,6}", 0..20)) {
        let text = chunks.concat();
        let text = text.as_bytes();
        let chunks = || chunks.iter().map(|chunk| chunk.as_bytes());
        prop_assert_eq!(run!(Decoder::new(), chunks()), decode_plainly(text));
        prop_assert_eq!(run!(Encoder::new(), chunks()), encode_plainly(text, false));
        prop_assert_eq!(run!(Encoder::terminating(), chunks()), encode_plainly(text, true));
    }

    /// What has no CR before an LF survives the way there and back.
    #[test]
    fn round_trip(text in "[\n\u{0}a-c]*") {
        let wire = both!(Encoder::new(), text.as_bytes());
        prop_assert_eq!(both!(Decoder::new(), wire.as_slice()), text.as_bytes());
        prop_assert_eq!(both!(Encoder::new(), wire.as_slice()), wire);
    }
}
