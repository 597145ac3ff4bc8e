//! Forms of replies, one table per behaviour.

use ftp_proto::reply::{Grammar, Limits, Malformed, Parser, Reply, ReplyCode, ReplyError};

use super::{End, Outcome, feed_all_ways, strict};

/// A stream, the code and the text of each reply in it, and how it ends.
type Case<'a> = (&'a [u8], &'a [(u16, &'a [u8])], End);

const MALFORMED: fn(Malformed) -> End = |kind| End::Error(ReplyError::Malformed(kind));

#[track_caller]
fn check(parser: &Parser, cases: &[Case<'_>]) {
    for &(stream, replies, end) in cases {
        let replies = replies
            .iter()
            .map(|&(code, text)| Reply::new(ReplyCode::new(code).unwrap(), text))
            .collect();
        let expected = Outcome { replies, end };
        assert_eq!(
            feed_all_ways(parser, stream),
            expected,
            "{}",
            stream.escape_ascii()
        );
    }
}

#[test]
fn one_line() {
    check(
        &strict(),
        &[
            (b"", &[], End::Boundary),
            (
                b"220 Archive server ready\r\n",
                &[(220, b"Archive server ready")],
                End::Boundary,
            ),
            (
                b"200 blanks at the end  \r\n",
                &[(200, b"blanks at the end  ")],
                End::Boundary,
            ),
            (
                b"200  two blanks\r\n",
                &[(200, b" two blanks")],
                End::Boundary,
            ),
            (
                b"150 Opening\r\n226 Done\r\n",
                &[(150, b"Opening"), (226, b"Done")],
                End::Boundary,
            ),
            (
                b"426 Aborted\r\n226 Abort ok\r\n",
                &[(426, b"Aborted"), (226, b"Abort ok")],
                End::Boundary,
            ),
            (b"220 no line end", &[], End::Incomplete),
            (b"220 no LF\r", &[], End::Incomplete),
            (b"2", &[], End::Incomplete),
        ],
    );
}

#[test]
fn code_without_text() {
    check(
        &strict(),
        &[
            (b"200\r\n", &[(200, b"")], End::Boundary),
            (b"200\n", &[(200, b"")], End::Boundary),
            (b"200 \r\n", &[(200, b"")], End::Boundary),
            (b"250-\r\n250 \r\n", &[(250, b"\n")], End::Boundary),
            (b"220-hello\r\n220\r\n", &[(220, b"hello\n")], End::Boundary),
        ],
    );
}

#[test]
fn several_lines() {
    check(
        &strict(),
        &[
            (
                b"220-Welcome aboard\r\n220 Ready\r\n",
                &[(220, b"Welcome aboard\nReady")],
                End::Boundary,
            ),
            (
                b"220-First\r\nsecond line\r\n third line\r\n220 End\r\n",
                &[(220, b"First\nsecond line\n third line\nEnd")],
                End::Boundary,
            ),
            (
                b"220-a\r\n\r\n220 b\r\n",
                &[(220, b"a\n\nb")],
                End::Boundary,
            ),
            (b"220-open\r\nstill open\r\n", &[], End::Incomplete),
        ],
    );
}

#[test]
fn same_code_and_hyphen_within_is_removed() {
    check(
        &strict(),
        &[
            (
                b"220-First\r\n220-second\r\n220 End\r\n",
                &[(220, b"First\nsecond\nEnd")],
                End::Boundary,
            ),
            (
                b"220-x\r\n220-220 y\r\n220 z\r\n",
                &[(220, b"x\n220 y\nz")],
                End::Boundary,
            ),
            (
                b"220-x\r\n220-\r\n220 z\r\n",
                &[(220, b"x\n\nz")],
                End::Boundary,
            ),
            (
                b"220-x\r\n221-y\r\n220 z\r\n",
                &[(220, b"x\n221-y\nz")],
                End::Boundary,
            ),
        ],
    );
}

#[test]
fn only_the_opening_code_ends() {
    check(
        &strict(),
        &[
            (
                b"211-Status\r\n230 not the end\r\n 211 neither, it is indented\r\n211 End\r\n",
                &[(
                    211,
                    b"Status\n230 not the end\n 211 neither, it is indented\nEnd",
                )],
                End::Boundary,
            ),
            (
                b"220-x\r\n221 other code\r\n220 y\r\n",
                &[(220, b"x\n221 other code\ny")],
                End::Boundary,
            ),
            (
                b"220-x\r\n220y\r\n220 z\r\n",
                &[(220, b"x\n220y\nz")],
                End::Boundary,
            ),
            (
                b"220-x\r\n2200 y\r\n220 z\r\n",
                &[(220, b"x\n2200 y\nz")],
                End::Boundary,
            ),
            (
                b"220-x\r\n221\r\n22\r\n220 z\r\n",
                &[(220, b"x\n221\n22\nz")],
                End::Boundary,
            ),
            (
                b"220-x\r\n220\ty\r\n220 z\r\n",
                &[(220, b"x\n220\ty\nz")],
                End::Boundary,
            ),
        ],
    );
}

#[test]
fn any_code_ends_if_allowed() {
    let grammar = Grammar {
        any_code_ends: true,
        ..Grammar::default()
    };
    let parser = Parser::new(Limits::default(), grammar);
    let outcome = feed_all_ways(
        &parser,
        b"553-\r\n553- Excluded\r\n99 a\r\n777 b\r\n200\r\n150 Opening\r\n226 ok\r\n",
    );
    assert_eq!(outcome.end, End::Boundary);
    let [first, second] = outcome.replies.try_into().unwrap();
    assert_eq!(first.code(), ReplyCode::OPENING_DATA);
    assert_eq!(first.opening_code(), Some(ReplyCode::NAME_NOT_ALLOWED));
    assert_eq!(first.text(), b"\n Excluded\n99 a\n777 b\n200\nOpening");
    assert_eq!(
        (second.code(), second.opening_code()),
        (ReplyCode::CLOSING_DATA, None)
    );

    let outcome = feed_all_ways(&parser, b"220-a\r\n220 b\r\n");
    assert_eq!(outcome.replies, [Reply::new(ReplyCode::READY, b"a\nb")]);
}

#[test]
fn line_ends() {
    check(
        &strict(),
        &[
            (
                b"331 Need password\n",
                &[(331, b"Need password")],
                End::Boundary,
            ),
            (b"230-a\n230 b\n", &[(230, b"a\nb")], End::Boundary),
            (b"220 one\rtwo\r\n", &[(220, b"one\rtwo")], End::Boundary),
            (b"220 ok\r\r\n", &[(220, b"ok")], End::Boundary),
            (b"200\r\r\n", &[(200, b"")], End::Boundary),
            (b"200\rx\r\n", &[], MALFORMED(Malformed::NoSeparator)),
        ],
    );
}

#[test]
fn blank_lines_between_replies() {
    check(
        &strict(),
        &[
            (b"\r\n220 ok\r\n", &[(220, b"ok")], End::Boundary),
            (
                b"220 ok\r\n\n\r\r\n\r\n221 bye\r\n\r\n",
                &[(220, b"ok"), (221, b"bye")],
                End::Boundary,
            ),
            (b"\r220 ok\r\n", &[], MALFORMED(Malformed::NoCode)),
            (b" \r\n220 ok\r\n", &[], MALFORMED(Malformed::NoCode)),
        ],
    );
}

#[test]
fn bytes_that_are_not_utf8() {
    check(
        &strict(),
        &[
            (b"250 caf\xe9\r\n", &[(250, b"caf\xe9")], End::Boundary),
            (
                "257 \"/na\u{ef}ve\" ok\r\n".as_bytes(),
                &[(257, "\"/na\u{ef}ve\" ok".as_bytes())],
                End::Boundary,
            ),
            (
                b"250 \x01\x7f\x80\r\n",
                &[(250, b"\x01\x7f\x80")],
                End::Boundary,
            ),
        ],
    );
}

#[test]
fn malformed_first_lines() {
    use Malformed::{CodeOutOfRange, NoCode, NoSeparator};
    check(
        &strict(),
        &[
            (b"220ok\r\n", &[], MALFORMED(NoSeparator)),
            (b"220\tok\r\n", &[], MALFORMED(NoSeparator)),
            (b"2200 long\r\n", &[], MALFORMED(NoSeparator)),
            (b"hello\r\n", &[], MALFORMED(NoCode)),
            (b"22 short\r\n", &[], MALFORMED(NoCode)),
            (b"22\r\n", &[], MALFORMED(NoCode)),
            (b"2\n", &[], MALFORMED(NoCode)),
            (b"22a letters\r\n", &[], MALFORMED(NoCode)),
            (b" 220 leading blank\r\n", &[], MALFORMED(NoCode)),
            (b"-20 sign\r\n", &[], MALFORMED(NoCode)),
            (
                b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
                &[],
                MALFORMED(NoCode),
            ),
            (b"SSH-2.0-x\r\n", &[], MALFORMED(NoCode)),
            (b"\x15\x03\x01\0\x02\x02\x28", &[], MALFORMED(NoCode)),
            (b"000 zero\r\n", &[], MALFORMED(CodeOutOfRange)),
            (b"099 low\r\n", &[], MALFORMED(CodeOutOfRange)),
            (b"700 high\r\n", &[], MALFORMED(CodeOutOfRange)),
            (b"999 high\r\n", &[], MALFORMED(CodeOutOfRange)),
            (b"220 ok\r\nwhat\r\n", &[(220, b"ok")], MALFORMED(NoCode)),
        ],
    );
}

#[test]
fn protected_replies_are_replies() {
    check(
        &strict(),
        &[
            (b"632 protected\r\n", &[(632, b"protected")], End::Boundary),
            (b"699 last\r\n", &[(699, b"last")], End::Boundary),
            (b"100 first\r\n", &[(100, b"first")], End::Boundary),
        ],
    );
}

#[test]
fn nul_is_an_error() {
    let nul = End::Error(ReplyError::Nul);
    check(
        &strict(),
        &[
            (b"200 nul\0byte\r\n", &[], nul),
            (b"\0", &[], nul),
            (b"2\0", &[], nul),
            (b"220-a\r\n\0\r\n", &[], nul),
            (b"220 ok\r\n221 \0\r\n", &[(220, b"ok")], nul),
            (b"220 ok\r\0\n", &[], nul),
        ],
    );
}

#[test]
fn telnet_commands_are_removed() {
    check(
        &strict(),
        &[
            (
                b"200 before\xff\xf1after\r\n",
                &[(200, b"beforeafter")],
                End::Boundary,
            ),
            (b"\xff\xfb\x01220 ok\r\n", &[(220, b"ok")], End::Boundary),
            (
                b"2\xff\xfd\n20 ok\r\xff\xfe\0\n",
                &[(220, b"ok")],
                End::Boundary,
            ),
            (b"250 a\xff\xffb\r\n", &[(250, b"a\xffb")], End::Boundary),
            // The first byte that makes a command.
            (b"250 a\xff\xf0b\r\n", &[(250, b"ab")], End::Boundary),
            (
                b"250 a\xff\xff\xff\xff\r\n",
                &[(250, b"a\xff\xff")],
                End::Boundary,
            ),
            (b"220 ok\r\n\xff\xf1", &[(220, b"ok")], End::Boundary),
            (b"220 ok\r\n\xff", &[(220, b"ok")], End::Incomplete),
            (b"220 ok\r\n\xff\xfb", &[(220, b"ok")], End::Incomplete),
            (b"220 \xff\0\r\n", &[], End::Error(ReplyError::Nul)),
        ],
    );
}

#[test]
fn ff_that_begins_no_telnet_command_is_kept() {
    check(
        &strict(),
        &[
            (b"250 a\xffb\r\n", &[(250, b"a\xffb")], End::Boundary),
            (b"250 a\xff\r\n", &[(250, b"a\xff")], End::Boundary),
            (b"250 a\xff\n", &[(250, b"a\xff")], End::Boundary),
            (b"250 a\xff\xef\n", &[(250, b"a\xff\xef")], End::Boundary),
        ],
    );
}

#[test]
fn telnet_can_be_switched_off() {
    let parser = Parser::new(
        Limits::default(),
        Grammar {
            telnet: false,
            ..Grammar::default()
        },
    );
    check(
        &parser,
        &[
            (
                b"250 a\xff\xffb\xff\xf1\xff\xfb\x01\r\n",
                &[(250, b"a\xff\xffb\xff\xf1\xff\xfb\x01")],
                End::Boundary,
            ),
            (b"250 a\xff\r\n", &[(250, b"a\xff")], End::Boundary),
        ],
    );
}

#[test]
fn an_error_is_final_and_returned_once() {
    let mut parser = strict();
    let mut input = b"what\r\n220 ok\r\n".as_slice();
    let error = ReplyError::Malformed(Malformed::NoCode);
    assert_eq!(parser.failed(), None);
    assert_eq!(parser.parse(&mut input), Some(Err(error)));
    assert!(input.is_empty());
    for mut more in [b"220 ok\r\n".as_slice(), b""] {
        assert_eq!(parser.parse(&mut more), None);
        assert!(more.is_empty());
        assert_eq!(parser.failed(), Some(error));
    }
}
