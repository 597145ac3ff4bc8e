//! What holds for every stream.

use ftp_proto::reply::{Grammar, Limits, Parser};
use proptest::collection::vec;
use proptest::prelude::*;

use super::{feed, feed_all_ways, reference};

/// Pieces of which streams are made that come near to replies.
const PIECES: [&[u8]; 16] = [
    b"220", b"221", b"-", b" ", b"\r\n", b"\n", b"\r", b"x", b"text", b"22", b"0", b"700", b"\xff",
    b"\xfb", b"\xf1", b"\0",
];

const LINES: [&[u8]; 5] = [b"220-a\r\n", b"220 b\r\n", b"\r\n", b"221 c\n", b"\xff\xff"];

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => prop::sample::select(&PIECES[..9]).prop_map(<[u8]>::to_vec),
        4 => prop::sample::select(&LINES[..]).prop_map(<[u8]>::to_vec),
        1 => prop::sample::select(&PIECES[9..]).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..4),
    ];
    let start = prop::sample::select(vec![b"220-".as_slice(), b"221 ", b"\r\n", b""]);
    (start, vec(piece, 0..40)).prop_map(|(start, pieces)| [start, &pieces.concat()].concat())
}

fn limits() -> impl Strategy<Value = Limits> {
    let small = (0_usize..12, 0_usize..30, 0_usize..6).prop_map(
        |(line_bytes_max, reply_bytes_max, reply_lines_max)| Limits {
            line_bytes_max,
            reply_bytes_max,
            reply_lines_max,
            ..Limits::default()
        },
    );
    prop_oneof![Just(Limits::default()), small]
}

fn grammar() -> impl Strategy<Value = Grammar> {
    (any::<bool>(), any::<bool>()).prop_map(|(any_code_ends, telnet)| Grammar {
        any_code_ends,
        telnet,
    })
}

proptest! {
    #[test]
    fn same_as_the_reference(stream in stream(), limits in limits(), grammar in grammar()) {
        let outcome = feed(Parser::new(limits, grammar), [stream.as_slice()]);
        prop_assert_eq!(reference::plain(&outcome), reference::parse(&stream, limits, grammar));
    }

    #[test]
    fn same_in_any_pieces(
        stream in stream(),
        limits in limits(),
        discard_bytes_max in 0_usize..40,
        grammar in grammar(),
        sizes in vec(1_usize..9, 1..40),
    ) {
        let parser = Parser::new(Limits { discard_bytes_max, ..limits }, grammar);
        let whole = feed_all_ways(&parser, &stream);
        let mut rest = stream.as_slice();
        let chunks = sizes.iter().cycle().map_while(|&size| {
            let (chunk, after) = rest.split_at(size.min(rest.len()));
            rest = after;
            (!chunk.is_empty()).then_some(chunk)
        });
        prop_assert_eq!(feed(parser, chunks.collect::<Vec<_>>()), whole);
    }

    /// What is held stays within the limits at every byte.
    #[test]
    fn bounded(stream in stream(), limits in limits()) {
        let mut parser = Parser::new(limits, Grammar::default());
        let bound = limits.line_bytes_max.max(4) + limits.reply_bytes_max;
        for mut byte in stream.chunks(1) {
            let result = parser.parse(&mut byte);
            prop_assert!(parser.buffered() <= bound);
            if let Some(Ok(reply)) = result {
                prop_assert!(reply.text().len() <= limits.reply_bytes_max);
                prop_assert!(reply.lines().count() <= limits.reply_lines_max.max(1));
            }
        }
    }
}

/// Every stream of up to five of these pieces.
#[test]
fn same_as_the_reference_for_all_short_streams() {
    const PIECES: [&[u8]; 9] = [
        b"222", b"-", b" ", b"\r", b"\n", b"x", b"\xff", b"\0", b"222-a\n",
    ];
    let limits = Limits {
        line_bytes_max: 6,
        reply_bytes_max: 5,
        reply_lines_max: 2,
        ..Limits::default()
    };
    let mut streams = vec![Vec::new()];
    for length in 0..=5 {
        for stream in &streams {
            let parser = Parser::new(limits, Grammar::default());
            let whole = feed(parser.clone(), [stream.as_slice()]);
            assert_eq!(
                feed(parser, stream.chunks(1)),
                whole,
                "{}",
                stream.escape_ascii()
            );
            let expected = reference::parse(stream, limits, Grammar::default());
            assert_eq!(
                reference::plain(&whole),
                expected,
                "{}",
                stream.escape_ascii()
            );
        }
        if length < 5 {
            let longer = streams
                .iter()
                .flat_map(|stream| PIECES.map(|piece| [stream, piece].concat()));
            streams = longer.collect();
        }
    }
    assert_eq!(streams.len(), 9_usize.pow(5));
}
