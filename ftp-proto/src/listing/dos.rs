//! IIS, Windows CE and whatever else prints `dir`.
//!
//! ```text
//! MM-DD-YY[YY]  HH:MM(AM|PM)  <DIR>|SIZE  NAME
//! ```

use super::Format;
use super::context::{Context, DateOrder};
use super::cursor::{Cursor, is_blank, trim, trim_end};
use super::dates::{Clock, day, parts, year};
use super::entry::{Entry, Kind};
use super::number::number;
use crate::timestamp::Timestamp;

/// The width of the column that holds `<DIR>` or a size, from the angle bracket to the name.
const TAG_WIDTH: usize = 15;

pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let date = date(cursor.word(), context)?;
    let at = cursor;
    let clock = Clock::read_with_meridiem(&mut cursor)?;
    let mut is_certain = at.blanks() > 1 || cursor.blanks() > 1 || has_meridiem(at, cursor);
    cursor.skip_blanks();
    let column = line.len().saturating_sub(cursor.rest().len());
    let word = cursor.word();
    let (kind, size) = match tag(word) {
        Some(kind) => {
            is_certain = true;
            (kind, None)
        }
        None => (Kind::File, size(word)?),
    };
    if !is_certain && !context.is_known(Format::Dos) {
        // A log, whose lines begin with a date and a number.
        return None;
    }
    let name = if kind == Kind::File {
        let end = line.len().saturating_sub(cursor.rest().len());
        name_after_size(cursor, end)?
    } else {
        name_after_tag(cursor, column, word.len())?
    };
    let mut entry = Entry::new(line, name)
        .with_kind(kind)
        .with_size(size)
        .with_time(clock.on_date(date));
    if kind == Kind::Symlink {
        if let Some((name, target)) = target(name) {
            entry.set_name(name);
            entry.set_target(target);
        }
    }
    Some(entry)
}

/// Whether letters stand in the time between two places of a line.
fn has_meridiem(from: Cursor<'_>, to: Cursor<'_>) -> bool {
    let length = from.rest().len().saturating_sub(to.rest().len());
    let time = from.rest().get(..length).unwrap_or_default();
    time.iter().any(u8::is_ascii_alphabetic)
}

/// The date, or `Some(None)` for three numbers that are not one.
///
/// Month first, as IIS prints, unless the form or a number above twelve says otherwise; a server
/// that was seen to print the day first is believed from then on.
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

/// A size, with or without separators between thousands: some punctuation, or the unbroken blank of
/// whatever encoding. Too large a number is an unknown size.
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

/// In the layouts of IIS (two digits of the year, four, and the 24-hour clock of Windows CE) one
/// blank follows the size, and further ones belong to the name; elsewhere a run of blanks
/// separates.
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

/// The target of a link: ` [target]` or ` -> target` at the end. Names and targets can contain
/// brackets too: those that belong together count.
fn target(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, target) = bracketed(trim_end(name)).or_else(|| {
        let at = memchr::memmem::find(name, b" -> ")?;
        let (name, target) = name.split_at_checked(at)?;
        Some((name, target.strip_prefix(b" -> ")?))
    })?;
    (!name.is_empty() && !target.is_empty()).then_some((name, target))
}

/// Splits `NAME [TARGET]` at the bracket that the last one closes, or, where brackets lack their
/// counterparts, at the last ` [`.
fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_suffix(b"]")?;
    let mut open = 1_usize;
    let counterpart = inside.iter().rposition(|byte| {
        match byte {
            b']' => open = open.saturating_add(1),
            b'[' => open = open.saturating_sub(1),
            _ => {}
        }
        open == 0
    });
    let split = |at: usize| {
        let (name, target) = inside.split_at_checked(at)?;
        Some((name.strip_suffix(b" ")?, target.strip_prefix(b"[")?))
    };
    counterpart.and_then(split).or_else(|| {
        let at = memchr::memmem::rfind(inside, b" [")?;
        split(at.checked_add(1)?)
    })
}

/// What `dir` prints around the files.
pub(super) fn is_chatter(line: &[u8]) -> bool {
    let starts: [&[u8]; 3] = [
        b"Volume in drive ",
        b"Volume Serial Number ",
        b"Directory of ",
    ];
    let text = trim(line);
    let is_indented = line.first().is_some_and(|&byte| is_blank(byte));
    if is_indented && starts.iter().any(|start| text.starts_with(start)) {
        return true;
    }
    let mut cursor = Cursor::new(text);
    let count = cursor.word();
    let what = cursor.word();
    is_indented
        && size(count).is_some()
        && (what.starts_with(b"File(s)") || what.starts_with(b"Dir(s)"))
}
