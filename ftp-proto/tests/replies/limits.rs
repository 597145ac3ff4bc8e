//! Limits: what is cut, what is kept in step, and when the parser gives up.

use ftp_proto::reply::{Grammar, Limits, Parser, Reply, ReplyError};

use super::{End, Outcome, feed, feed_all_ways, strict};

fn limited(limits: Limits) -> Parser {
    Parser::new(limits, Grammar::default())
}

#[track_caller]
fn texts(outcome: &Outcome) -> Vec<(&[u8], bool)> {
    outcome
        .replies
        .iter()
        .map(|reply| (reply.text(), reply.is_truncated()))
        .collect()
}

#[test]
fn long_lines_within_the_default_limits() {
    for length in [2000, 17_000, 32 * 1024 - 4] {
        let text = vec![b'A'; length];
        let stream = [b"220 ", text.as_slice(), b"\r\n"].concat();
        let expected = Outcome {
            replies: vec![Reply::new(ftp_proto::reply::ReplyCode::READY, &text)],
            end: End::Boundary,
        };
        assert_eq!(feed(strict(), [stream.as_slice()]), expected);
        assert_eq!(feed(strict(), stream.chunks(1)), expected);
    }
}

#[test]
fn one_byte_too_many_is_cut() {
    let parser = limited(Limits {
        line_bytes_max: 8,
        ..Limits::default()
    });
    for (stream, text, truncated) in [
        (b"220 abcd\r\n".as_slice(), b"abcd".as_slice(), false),
        (b"220 abcd\r\r\r\n", b"abcd", false),
        (b"220 abcde\r\n", b"abcd", true),
        (b"220 abcd\rx\r\n", b"abcd", true),
        (b"220 abc\r\rx\n", b"abc\r", true),
    ] {
        let outcome = feed_all_ways(&parser, stream);
        assert_eq!(outcome.end, End::Boundary);
        assert_eq!(
            texts(&outcome),
            [(text, truncated)],
            "{}",
            stream.escape_ascii()
        );
    }
}

#[test]
fn the_smallest_line_limit_still_finds_the_end() {
    let parser = limited(Limits {
        line_bytes_max: 0,
        ..Limits::default()
    });
    let outcome = feed_all_ways(
        &parser,
        b"220-hello\r\n220\r\r\rno end\r\n220\r\r\r\n221 bye\r\n",
    );
    assert_eq!(outcome.end, End::Boundary);
    assert_eq!(
        texts(&outcome),
        [(b"\n220\r\n".as_slice(), true), (b"", true)]
    );
}

#[test]
fn a_reply_of_one_line_is_cut_too() {
    let parser = limited(Limits {
        reply_bytes_max: 5,
        ..Limits::default()
    });
    for (stream, text, truncated) in [
        (b"220 abcd\r\n".as_slice(), b"abcd".as_slice(), false),
        (b"220 abcde\r\n", b"abcde", false),
        (b"220 abcdef\r\n", b"abcde", true),
        (b"220 abcdefghij\r\n", b"abcde", true),
    ] {
        let outcome = feed_all_ways(&parser, stream);
        assert_eq!(outcome.end, End::Boundary);
        assert_eq!(texts(&outcome), [(text, truncated)]);
    }
}

#[test]
fn a_long_reply_is_cut_and_its_end_found() {
    let parser = limited(Limits {
        reply_bytes_max: 10,
        ..Limits::default()
    });
    for (stream, text, truncated) in [
        (
            b"220-abcd\r\n220 efghi\r\n".as_slice(),
            b"abcd\nefghi".as_slice(),
            false,
        ),
        (b"220-abcd\r\n220 efghij\r\n", b"abcd\nefghi", true),
        (b"220-abcdefghi\r\n220 j\r\n", b"abcdefghi\n", true),
        (b"220-abcdefghij\r\n220\r\n", b"abcdefghij", true),
        (b"220-abcdefghijklm\r\nno\r\n220 p\r\n", b"abcdefghij", true),
    ] {
        let stream = [stream, b"221 bye\r\n"].concat();
        let outcome = feed_all_ways(&parser, &stream);
        assert_eq!(outcome.end, End::Boundary);
        assert_eq!(
            texts(&outcome),
            [(text, truncated), (b"bye", false)],
            "{}",
            stream.escape_ascii()
        );
    }
}

#[test]
fn too_many_lines_are_cut() {
    let limits = Limits {
        reply_lines_max: 3,
        ..Limits::default()
    };
    let outcome = feed_all_ways(
        &limited(limits),
        b"220-a\r\nb\r\n220 c\r\n220-a\r\nb\r\nc\r\n220 d\r\n221 bye\r\n",
    );
    assert_eq!(
        texts(&outcome),
        [
            (b"a\nb\nc".as_slice(), false),
            (b"a\nb\nc", true),
            (b"bye", false)
        ]
    );

    let limits = Limits {
        reply_lines_max: 0,
        ..Limits::default()
    };
    let outcome = feed_all_ways(&limited(limits), b"220 a\r\n220-a\r\n220 b\r\n");
    assert_eq!(texts(&outcome), [(b"a".as_slice(), false), (b"a", true)]);
}

#[test]
fn giving_up_at_the_same_byte_whatever_is_dropped() {
    let limits = Limits {
        line_bytes_max: 8,
        reply_bytes_max: 8,
        reply_lines_max: 2,
        discard_bytes_max: 10,
    };
    let error = End::Error(ReplyError::DiscardExceeded);
    for (within, beyond) in [
        // Bytes beyond the end of the line's limit; CRs count as well.
        (
            b"220 abcd012345678\r\n".as_slice(),
            b"220 abcd0123456789\r".as_slice(),
        ),
        // Lines beyond the number of lines; each counts its separator.
        (
            b"220-\r\n\r\n1\r\n2\r\n3\r\n4\r\n\r\n220 \r\n",
            b"220-\r\n\r\n1\r\n2\r\n3\r\n4\r\n5\r\n220 \r\n",
        ),
        // Blank lines, each counting one byte and the CR before it.
        (b"\n\n\n\n\n\n\n\n\r\n220 a\n", b"\n\n\n\n\n\n\n\n\r\n\n"),
        // Telnet commands, of two bytes and of three.
        (
            b"\xff\xf1\xff\xf1\xff\xf1\xff\xf1\xff\xf1220 a\n",
            b"\xff\xfb\x01\xff\xfb\x01\xff\xfb\x01\xff\xf1",
        ),
    ] {
        let parser = limited(limits);
        let outcome = feed_all_ways(&parser, within);
        assert_eq!(
            (outcome.replies.len(), outcome.end),
            (1, End::Boundary),
            "{}",
            within.escape_ascii()
        );
        let outcome = feed_all_ways(&parser, beyond);
        assert_eq!(
            (outcome.replies.len(), outcome.end),
            (0, error),
            "{}",
            beyond.escape_ascii()
        );
    }
}

#[test]
fn each_reply_has_its_own_allowance() {
    let limits = Limits {
        line_bytes_max: 4,
        discard_bytes_max: 6,
        ..Limits::default()
    };
    let stream = b"220 123456\n".repeat(20);
    let outcome = feed_all_ways(&limited(limits), &stream);
    assert_eq!((outcome.replies.len(), outcome.end), (20, End::Boundary));
}

#[test]
fn floods_are_bounded_in_memory_and_end() {
    let limits = Limits::default();
    let bound = limits.line_bytes_max + limits.reply_bytes_max;
    let no_line_end = [b"220 ".as_slice(), &vec![b'A'; 3_000_000]].concat();
    let no_reply_end = [
        b"220-\r\n".as_slice(),
        &b"more and more\r\n".repeat(200_000),
    ]
    .concat();
    let blank = b"\r\n".repeat(1_500_000);
    let telnet = b"\xff\xf1".repeat(1_500_000);
    for stream in [no_line_end, no_reply_end, blank, telnet] {
        for size in [1, 1000, stream.len()] {
            let mut parser = strict();
            let mut results = Vec::new();
            for mut chunk in stream.chunks(size) {
                results.extend(parser.parse(&mut chunk));
                assert!(parser.buffered() <= bound);
                if !results.is_empty() {
                    break;
                }
            }
            assert_eq!(results, [Err(ReplyError::DiscardExceeded)]);
        }
    }
}

#[test]
fn what_is_held_is_the_unfinished_reply() {
    let mut parser = strict();
    for (mut piece, held) in [
        (&b"211-Fe"[..], 6),
        (b"atures\r\n", 8),
        (b" SI", 11),
        (b"ZE\r\n", 14),
        (b"211 End\r\n", 0),
    ] {
        let _ = parser.parse(&mut piece);
        assert_eq!(parser.buffered(), held);
    }
}
