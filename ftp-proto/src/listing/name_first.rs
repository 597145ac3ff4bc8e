//! Formats that print the name first: servers for 16-bit Windows, and Nortel's wfFtp.
//!
//! ```text
//! NAME  SIZE|<DIR>  MM-DD-YY  HH:MM         (SuperTCP)
//! NAME  SIZE|<DIR>  Mon DD YYYY HH:MM       (Chameleon)
//! NAME  SIZE  MM/DD/YY  Day.  HH:MM:SS      (wfFtp)
//! ```
//!
//! A sentence with a number and a date looks the same. So a line without a mark of its format is
//! believed only once the listing is known to be of that format.

use super::Format;
use super::context::Context;
use super::cursor::Cursor;
use super::dates::{Clock, day, full_year, parts, year};
use super::entry::{Entry, Kind};
use super::months::month;
use super::number::number;
use crate::timestamp::Timestamp;

pub(super) fn win16<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let name = cursor.word();
    let (kind, size) = match cursor.word() {
        b"<DIR>" => (Kind::Directory, None),
        size => (Kind::File, Some(number(size)?)),
    };
    let date = numeric_date(&mut cursor).or_else(|| named_date(&mut cursor))?;
    let clock = Clock::read_with_meridiem(&mut cursor)?;
    let is_certain = kind == Kind::Directory || (is_dos_name(name) && cursor.peek().is_empty());
    if !is_certain && !context.is_known(Format::Win16) {
        return None;
    }
    // Chameleon may print attributes behind the time. Other text is not part of the format.
    let is_attribute = |&byte: &u8| byte <= b' ' || b"RHSAD-".contains(&byte);
    if !cursor.rest().iter().all(is_attribute) {
        return None;
    }
    Some(
        Entry::new(line, name)
            .with_kind(kind)
            .with_size(size)
            .with_time(clock.on_date(date)),
    )
}

/// Whether a name is of eight capitals at most, a point and an extension of three at most.
fn is_dos_name(name: &[u8]) -> bool {
    let mut parts = name.split(|&byte| byte == b'.');
    let (stem, extension) = (parts.next(), parts.next());
    let known = |&byte: &u8| !byte.is_ascii_lowercase() && !b":;,".contains(&byte);
    let fits =
        |part: Option<&[u8]>, length| part.is_some_and(|part| (1..=length).contains(&part.len()));
    fits(stem, 8) && fits(extension, 3) && parts.next().is_none() && name.iter().all(known)
}

/// The date, or `Some(None)` for three numbers that are not one.
fn numeric_date(cursor: &mut Cursor<'_>) -> Option<Option<Timestamp>> {
    let ([month, days, years], _) = parts(cursor.peek())?;
    let date = Timestamp::date(year(years)?, day(month)?, day(days)?);
    cursor.word();
    Some(date.ok())
}

fn named_date(cursor: &mut Cursor<'_>) -> Option<Option<Timestamp>> {
    let month = month(cursor.word())?;
    let day = day(cursor.word())?;
    let year = full_year(cursor.word())?;
    Some(Timestamp::date(year, month, day).ok())
}

pub(super) fn nortel<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let name = cursor.word();
    let size = number(cursor.word())?;
    let ([month, days, years], b'/') = parts(cursor.word())? else {
        return None;
    };
    let (month, days, years) = (day(month)?, day(days)?, year(years)?);
    let is_certain = is_weekday(cursor.peek());
    if !is_certain && !context.is_known(Format::Nortel) {
        return None;
    }
    if is_certain {
        cursor.word();
    }
    let clock = Clock::read(cursor.word())?;
    if !cursor.peek().is_empty() {
        return None;
    }
    let date = Timestamp::date(years, month, days).ok();
    Some(
        Entry::new(line, name)
            .with_kind(Kind::File)
            .with_size(size)
            .with_time(clock.on_date(date)),
    )
}

/// Whether a word is the beginning of an English day of the week, of three letters or more, with or
/// without a point.
fn is_weekday(word: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] = [
        b"monday",
        b"tuesday",
        b"wednesday",
        b"thursday",
        b"friday",
        b"saturday",
        b"sunday",
    ];
    let word = word.strip_suffix(b".").unwrap_or(word);
    let begins = |day: &[u8]| {
        day.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    word.len() >= 3 && DAYS.into_iter().any(begins)
}
