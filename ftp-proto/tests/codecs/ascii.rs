//! Line ends of the ASCII representation.

use ftp_proto::ascii::{Decoder, Encoder};
use proptest::collection::vec;
use proptest::prelude::*;

trait Copying {
    fn copy(&mut self, input: &[u8], output: &mut Vec<u8>);
}

impl Copying for Decoder {
    fn copy(&mut self, input: &[u8], output: &mut Vec<u8>) {
        self.decode(input, output);
    }
}

impl Copying for Encoder {
    fn copy(&mut self, input: &[u8], output: &mut Vec<u8>) {
        self.encode(input, output);
    }
}

/// Runs the chunks through `next_run` and `finish` of a codec. Copying does the same.
macro_rules! run {
    ($codec:expr, $chunks:expr) => {{
        let (mut codec, mut copying) = ($codec, $codec);
        let (mut out, mut copied) = (Vec::new(), Vec::new());
        for mut chunk in $chunks {
            copying.copy(chunk, &mut copied);
            while let Some(run) = codec.next_run(&mut chunk) {
                assert!(!run.is_empty());
                out.extend_from_slice(run);
            }
            assert!(chunk.is_empty());
            assert_eq!(copied, out);
            assert_eq!(copying, codec);
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

/// Copying takes blocks of 16 bytes, and after 128 bytes of a line the rest of it at once.
#[test]
fn lines_and_cuts_at_the_borders_of_blocks() {
    for length in [0, 1, 14, 15, 16, 17, 31, 32, 33, 127, 128, 129, 160] {
        for end in [
            "\n",
            "\r\n",
            "\r",
            "\r\r\n",
            "\n\r",
            "\u{b}\u{c}\u{e}\r\n\u{8a}\u{8d}",
        ] {
            let text = format!("{0}{end}{0}{end}-", "x".repeat(length)).into_bytes();
            for cut in 0..text.len() {
                let chunks = || [text.get(..cut), text.get(cut..)].into_iter().flatten();
                let about = || format!("{length} bytes, {end:?}, cut at {cut}");
                let decoded = run!(Decoder::new(), chunks());
                assert_eq!(decoded, decode_plainly(&text), "{}", about());
                let encoded = run!(Encoder::new(), chunks());
                assert_eq!(encoded, encode_plainly(&text, false), "{}", about());
            }
        }
    }
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

/// Each is a call of the caller's, and perhaps of the system.
#[test]
fn runs_are_as_long_as_they_can_be() {
    let runs = |text: &'static [u8]| {
        let (mut encoder, mut input) = (Encoder::new(), text);
        std::iter::from_fn(move || encoder.next_run(&mut input)).collect::<Vec<_>>()
    };
    assert_eq!(runs(b"one\r\ntwo\rx"), [b"one\r\ntwo\rx"]);
    assert_eq!(runs(b"one\ntwo"), [&b"one"[..], b"\r\n", b"two"]);
}
