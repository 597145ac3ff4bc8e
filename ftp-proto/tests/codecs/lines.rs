//! Lines of a text in pieces.

use ftp_proto::lines::{LineTooLong, Lines};
use proptest::collection::vec;
use proptest::prelude::*;

type Found = Vec<Result<Vec<u8>, LineTooLong>>;

fn split<'a>(max: usize, chunks: impl IntoIterator<Item = &'a [u8]>) -> Found {
    let mut lines = Lines::new(max);
    let mut found = Vec::new();
    for mut chunk in chunks {
        while let Some(line) = lines.next_line(&mut chunk) {
            found.push(line.map(<[u8]>::to_vec));
        }
        assert!(chunk.is_empty());
        assert!(lines.buffered() <= max + 1);
    }
    found.extend(lines.finish().map(|line| line.map(<[u8]>::to_vec)));
    assert!(lines.finish().is_none());
    assert_eq!(lines.buffered(), 0);
    found
}

fn split_both_ways(max: usize, text: &[u8]) -> Found {
    let whole = split(max, [text]);
    assert_eq!(split(max, text.chunks(1)), whole, "{}", text.escape_ascii());
    whole
}

/// Splits the whole text at once.
fn split_plainly(max: usize, text: &[u8]) -> Found {
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let last = lines.pop().unwrap();
    let ended = lines
        .into_iter()
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    ended
        .chain((!last.is_empty()).then_some(last))
        .map(|line| {
            if line.len() > max {
                Err(LineTooLong {
                    line_bytes_max: max,
                })
            } else {
                Ok(line.to_vec())
            }
        })
        .collect()
}

#[test]
fn line_ends() {
    for (text, lines) in [
        (b"".as_slice(), [].as_slice()),
        (b"a\r\nb\nc", &[b"a".as_slice(), b"b", b"c"]),
        (b"\r\n\n", &[b"", b""]),
        (b"a\rb\r\n", &[b"a\rb"]),
        (b"a\r\r\n", &[b"a\r"]),
        (b"a\r", &[b"a\r"]),
        (b"\0\xff\n", &[b"\0\xff"]),
    ] {
        let expected: Found = lines.iter().map(|line| Ok(line.to_vec())).collect();
        assert_eq!(
            split_both_ways(80, text),
            expected,
            "{}",
            text.escape_ascii()
        );
    }
}

#[test]
fn long_lines_are_reported_once_and_skipped() {
    let error = Err(LineTooLong { line_bytes_max: 3 });
    for (text, lines) in [
        (
            b"abc\r\nabc\nabc".as_slice(),
            vec![
                Ok(b"abc".to_vec()),
                Ok(b"abc".to_vec()),
                Ok(b"abc".to_vec()),
            ],
        ),
        (b"abcd\r\nx\n", vec![error.clone(), Ok(b"x".to_vec())]),
        (
            b"x\nabcdefghijk\ny",
            vec![Ok(b"x".to_vec()), error.clone(), Ok(b"y".to_vec())],
        ),
        (b"abc\rd\nx\n", vec![error.clone(), Ok(b"x".to_vec())]),
        (b"abc\r", vec![error.clone()]),
        (b"abcdef", vec![error]),
    ] {
        assert_eq!(split_both_ways(3, text), lines, "{}", text.escape_ascii());
    }
}

#[test]
fn a_whole_line_is_borrowed_from_the_input() {
    let input = b"one\r\ntwo\n";
    let mut rest = input.as_slice();
    let mut lines = Lines::new(80);
    assert!(std::ptr::eq(
        lines.next_line(&mut rest).unwrap().unwrap(),
        &input[..3]
    ));
    assert!(std::ptr::eq(
        lines.next_line(&mut rest).unwrap().unwrap(),
        &input[5..8]
    ));
}

#[test]
fn a_finished_splitter_begins_anew() {
    let mut lines = Lines::new(2);
    for text in [b"ab".as_slice(), b"abcd", b"abcd\nef"] {
        let mut input = text;
        while lines.next_line(&mut input).is_some() {}
        let _last = lines.finish();
        assert_eq!(
            lines.next_line(&mut b"xy\n".as_slice()),
            Some(Ok(b"xy".as_slice())),
            "{}",
            text.escape_ascii()
        );
    }
}

#[test]
fn same_as_a_plain_splitter_for_all_short_texts() {
    let mut texts = vec![Vec::new()];
    for _ in 0..=8 {
        for text in &texts {
            for max in 0..3 {
                assert_eq!(
                    split_both_ways(max, text),
                    split_plainly(max, text),
                    "{}",
                    text.escape_ascii()
                );
            }
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
    fn same_in_any_pieces(chunks in vec("[\r\nab]{0,6}", 0..20), max in 0_usize..12) {
        let text = chunks.concat();
        let found = split(max, chunks.iter().map(|chunk| chunk.as_bytes()));
        prop_assert_eq!(found, split_plainly(max, text.as_bytes()));
    }
}

#[test]
fn what_is_held_is_the_beginning_of_a_line() {
    let mut lines = Lines::new(4);
    for (mut piece, held) in [
        (&b"ab"[..], 2),
        (b"cd\r", 5),
        (b"\n", 0),
        (b"abc", 3),
        (b"defg", 0),
        (b"hi", 0),
        (b"\nj", 1),
    ] {
        while let Some(line) = lines.next_line(&mut piece) {
            let _ = line;
        }
        assert_eq!(lines.buffered(), held);
    }
}
