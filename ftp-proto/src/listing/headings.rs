//! Lines that are no entries in any family: totals, headings, what `dir` prints around the files.

use super::Skip;
use super::cursor::{Cursor, is_blank, trim, trim_end};
use super::dos;

/// Says why a line has no entry, if it is known to have none.
pub(super) fn skip(line: &[u8]) -> Option<Skip> {
    if is_total(line) || is_vms_total(line) {
        return Some(Skip::Total);
    }
    let heading = is_path_heading(line)
        || is_ruler(line)
        || is_column_heading(line)
        || line.starts_with(b"Directory ")
        || dos::is_chatter(line);
    heading.then_some(Skip::Heading)
}

/// `total 48` in any language, also negative, with a fraction or with a unit.
fn is_total(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    let (word, number) = (cursor.word(), cursor.word());
    let letters = |&byte: &u8| byte.is_ascii_alphabetic() || byte >= 0x80;
    let word = word.strip_suffix(b":").unwrap_or(word);
    let number = number.strip_prefix(b"-").unwrap_or(number);
    let digits = number
        .iter()
        .position(|byte| !byte.is_ascii_digit() && !b".,".contains(byte));
    let (digits, unit) = number
        .split_at_checked(digits.unwrap_or(number.len()))
        .unwrap_or_default();
    cursor.peek().is_empty()
        && !word.is_empty()
        && word.iter().all(letters)
        && digits.first().is_some_and(u8::is_ascii_digit)
        && matches!(unit, [] | [b'k' | b'K' | b'M' | b'G' | b'T' | b'B', ..] if unit.len() <= 3)
}

/// `Total of 14 files, 1330/1410 blocks.`
fn is_vms_total(line: &[u8]) -> bool {
    line.starts_with(b"Total of ") || line.starts_with(b"Grand total of ")
}

/// `./lectures:` of `ls -R`: one word, or a path.
fn is_path_heading(line: &[u8]) -> bool {
    let Some(path) = trim_end(line).strip_suffix(b":") else {
        return false;
    };
    let is_path = path.starts_with(b"/") || path.starts_with(b"./") || path.starts_with(b"../");
    !path.is_empty() && (is_path || !path.iter().any(|&byte| is_blank(byte)))
}

/// Dashes under the headings of columns.
fn is_ruler(line: &[u8]) -> bool {
    let text = trim(line);
    text.len() >= 4
        && text
            .iter()
            .all(|&byte| matches!(byte, b'-' | b'=' | b'+' | b'|') || is_blank(byte))
}

/// The names of columns: VxWorks, NonStop, OS-9.
fn is_column_heading(line: &[u8]) -> bool {
    const HEADINGS: [&[&[u8]]; 3] = [
        &[b"size", b"date", b"time", b"name"],
        &[b"file", b"code", b"eof"],
        &[b"owner", b"last", b"modified"],
    ];
    HEADINGS.iter().any(|names| {
        let mut cursor = Cursor::new(line);
        names
            .iter()
            .all(|name| cursor.word().eq_ignore_ascii_case(name))
    })
}
