//! IIS, Windows CE and whatever else prints `dir`.
//!
//! ```text
//! MM-DD-YY[YY]  HH:MM(AM|PM)  <DIR>|SIZE  NAME
//! ```

use super::cursor::{Cursor, is_blank, trim_end};
use super::dates::{Clock, day, parts, year};
use super::entry::{Entry, Kind};
use super::families::{Context, DateOrder};
use super::number::number;
use crate::timestamp::Timestamp;

/// The width of the column that holds `<DIR>` or a size, from the angle bracket to the name.
const TAG_WIDTH: usize = 15;

pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let date = date(cursor.word(), context)?;
    let clock = Clock::read_with_meridiem(&mut cursor)?;
    let modified = date.and_then(|date| clock.on(date));
    cursor.skip_blanks();
    let column = line.len().saturating_sub(cursor.rest().len());
    let word = cursor.word();
    let (kind, size) = match tag(word) {
        Some(kind) => (kind, None),
        None => (Kind::File, size(word)?),
    };
    let name = if kind == Kind::File {
        let end = line.len().saturating_sub(cursor.rest().len());
        name_after_size(cursor, end)?
    } else {
        name_after_tag(cursor, column, word.len())?
    };
    let mut entry = Entry::new(line, name);
    entry.kind = kind;
    entry.size = size;
    entry.modified = modified;
    if kind == Kind::Symlink {
        if let Some((name, target)) = target(name) {
            entry.set_name(name);
            entry.set_target(target);
        }
    }
    Some(entry)
}

/// The date, or `Some(None)` for three numbers that are none.
///
/// Month first, as IIS prints, unless the form or a number above twelve says otherwise; a server that was seen to print
/// the day first is believed from then on.
fn date(word: &[u8], context: &mut Context) -> Option<Option<Timestamp>> {
    let ([first, second, third], separator) = parts(word)?;
    if first.len() == 4 {
        let date = Timestamp::date(year(first)?, day(second)?, day(third)?);
        return Some(date.ok());
    }
    let (first, second, year) = (day(first)?, day(second)?, year(third)?);
    let day_first =
        separator == b'.' || first > 12 || context.order == Some(DateOrder::DayMonthYear);
    let (day, month) = if day_first && second <= 12 {
        (first, second)
    } else {
        (second, first)
    };
    let date = Timestamp::date(year, month, day).ok();
    if first > 12 && date.is_some() {
        context.order = Some(DateOrder::DayMonthYear);
    }
    Some(date)
}

/// The kind that a tag in angle brackets names.
fn tag(word: &[u8]) -> Option<Kind> {
    let word = word.strip_prefix(b"<")?.strip_suffix(b">")?;
    let is = |known: &[u8]| word.eq_ignore_ascii_case(known);
    Some(match word {
        // French Windows says REP.
        _ if is(b"DIR") || is(b"REP") => Kind::Directory,
        _ if is(b"JUNCTION") || is(b"SYMLINKD") || is(b"SYMLINK") => Kind::Symlink,
        _ => Kind::Other,
    })
}

/// A size, with or without separators between thousands: some punctuation, or the unbroken blank of whatever encoding.
/// Too large a number is an unknown size.
fn size(word: &[u8]) -> Option<Option<u64>> {
    if let Some(size) = number(word) {
        return Some(Some(size));
    }
    let grouped = |&byte: &u8| byte.is_ascii_digit() || b",.'".contains(&byte) || !byte.is_ascii();
    let is_framed = word.first()?.is_ascii_digit() && word.last()?.is_ascii_digit();
    if !is_framed || !word.iter().all(grouped) {
        return None;
    }
    let mut digits = [0_u8; 20];
    let mut length = 0_usize;
    for &byte in word.iter().filter(|byte| byte.is_ascii_digit()) {
        let Some(slot) = digits.get_mut(length) else {
            return Some(None);
        };
        *slot = byte;
        length = length.saturating_add(1);
    }
    Some(number(digits.get(..length)?))
}

/// In the layouts of IIS (two digits of the year, four, and the 24-hour clock of Windows CE) one blank follows the size,
/// and further ones belong to the name; elsewhere a run of blanks separates.
fn name_after_size(cursor: Cursor<'_>, end: usize) -> Option<&[u8]> {
    if matches!(end, 36 | 38 | 40) {
        return cursor.name_after(1);
    }
    cursor.name_after_blanks()
}

fn name_after_tag(cursor: Cursor<'_>, column: usize, tag: usize) -> Option<&[u8]> {
    let padding = TAG_WIDTH.saturating_sub(tag);
    if matches!(column, 22 | 24 | 26) && cursor.blanks() >= padding {
        return cursor.name_after(padding);
    }
    cursor.name_after_blanks()
}

/// The target of a link: ` [target]` or ` -> target` at the end.
fn target(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let bracketed = trim_end(name).strip_suffix(b"]");
    let (name, target) = bracketed
        .and_then(|name| split_at(name, b" ["))
        .or_else(|| split_at(name, b" -> "))?;
    (!name.is_empty() && !target.is_empty()).then_some((name, target))
}

fn split_at<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let (before, behind) = text.split_at_checked(memchr::memmem::find(text, separator)?)?;
    Some((before, behind.strip_prefix(separator)?))
}

/// What `dir` prints around the files.
pub(super) fn is_chatter(line: &[u8]) -> bool {
    let starts: [&[u8]; 3] = [
        b"Volume in drive ",
        b"Volume Serial Number ",
        b"Directory of ",
    ];
    let text = super::cursor::trim(line);
    if starts.iter().any(|start| text.starts_with(start)) {
        return true;
    }
    let mut cursor = Cursor::new(text);
    let count = cursor.word();
    let what = cursor.word();
    line.first().is_some_and(|&byte| is_blank(byte))
        && size(count).is_some()
        && (what.starts_with(b"File(s)") || what.starts_with(b"Dir(s)"))
}
