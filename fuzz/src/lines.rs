//! The splitter of lines, beside one that sees the whole text at once.

use ftp_proto::lines::Lines;

use crate::{CUTS, pieces};

/// The first byte is the longest line; the rest is the text.
pub fn check(input: &[u8]) {
    let Some((&max, text)) = input.split_first() else {
        return;
    };
    let max = usize::from(max);
    let expected = plain(text, max);
    for cuts in CUTS {
        assert_eq!(split(text, max, cuts), expected, "cut by {cuts:?}");
    }
}

/// A line, or `None` for one that is too long.
type Line = Option<Vec<u8>>;

fn split(text: &[u8], max: usize, cuts: &[usize]) -> Vec<Line> {
    let mut lines = Lines::new(max);
    let mut found = Vec::new();
    for mut piece in pieces(text, cuts) {
        while let Some(line) = lines.next_line(&mut piece) {
            found.push(line.ok().map(<[u8]>::to_vec));
        }
        assert!(piece.is_empty());
        assert!(
            lines.buffered() <= max + 1,
            "more held than a line and a CR"
        );
    }
    let last = lines.finish().map(|line| line.ok().map(<[u8]>::to_vec));
    found.extend(last);
    assert_eq!(lines.buffered(), 0);
    found
}

fn plain(text: &[u8], max: usize) -> Vec<Line> {
    let mut parts: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let last = parts.pop().unwrap_or_default();
    let fitting = |line: &[u8]| (line.len() <= max).then(|| line.to_vec());
    let mut lines: Vec<Line> = parts
        .into_iter()
        .map(|line| fitting(line.strip_suffix(b"\r").unwrap_or(line)))
        .collect();
    if !last.is_empty() {
        lines.push(fitting(last));
    }
    lines
}
