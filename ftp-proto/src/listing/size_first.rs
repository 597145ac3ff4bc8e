//! Formats that print the size first: OS/2, VxWorks and old VShell.
//!
//! ```text
//! SIZE [ATTRIBUTES] [DIR]  MM-DD-YY  HH:MM  NAME      (OS/2)
//! SIZE  Mon-DD-YYYY  HH:MM:SS  NAME [<DIR>]           (VxWorks)
//! SIZE  Mon DD, YYYY HH:MM NAME[/]                    (VShell)
//! ```
//!
//! A line of a log can look the same. So a line without a mark of its format is believed only once
//! the listing is known to be of that format, or where the columns are set as the server sets them.

use super::Format;
use super::context::Context;
use super::cursor::{Cursor, is_blank, trim_end};
use super::dates::{Clock, day, full_year, parts, year};
use super::entry::{Entry, Kind};
use super::months::month;
use super::number::number;
use crate::timestamp::Timestamp;

pub(super) fn os2<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let size = number(cursor.word())?;
    let (mut kind, mut is_marked) = (Kind::File, false);
    while cursor.peek().first().is_some_and(u8::is_ascii_alphabetic) {
        match cursor.word() {
            b"DIR" => kind = Kind::Directory,
            attributes if attributes.iter().all(|byte| b"RHSADV".contains(byte)) => {}
            _ => return None,
        }
        is_marked = true;
    }
    let is_indented = line.first().is_some_and(|&byte| is_blank(byte));
    let is_certain = is_marked && is_indented;
    if !is_certain && !context.is_known(Format::Os2) {
        return None;
    }
    let ([month, days, years], _) = parts(cursor.word())?;
    let (month, days, years) = (day(month)?, day(days)?, year(years)?);
    let date = Timestamp::date(years, month, days).ok();
    // No meridiem follows, but a name like `a` may.
    let clock = Clock::read(cursor.word())?;
    let name = cursor.name_after_blanks()?;
    Some(entry(line, name, kind, size, clock.on_date(date)))
}

pub(super) fn vxworks<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let size = number(cursor.word())?;
    let ([first, second, third], b'-') = parts(cursor.word())? else {
        return None;
    };
    let (month, day, year) = (month(first)?, day(second)?, full_year(third)?);
    let date = Timestamp::date(year, month, day).ok();
    let is_spaced = cursor.blanks() > 1;
    let clock = Clock::read(cursor.word())?;
    let is_spaced = is_spaced && cursor.blanks() > 1;
    let name = cursor.name_after_blanks()?;
    let (kind, name) = match trim_end(name).strip_suffix(b"<DIR>").map(trim_end) {
        Some(name) if !name.is_empty() => (Kind::Directory, name),
        _ => (Kind::File, name),
    };
    let is_certain = kind == Kind::Directory || is_spaced;
    (is_certain || context.is_known(Format::VxWorks))
        .then(|| entry(line, name, kind, size, clock.on_date(date)))
}

pub(super) fn vshell<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let is_flush = cursor.blanks() == 0;
    let size = number(cursor.word())?;
    let is_certain = is_flush && cursor.blanks() == 2;
    let month = month(cursor.word())?;
    let day = day(cursor.word().strip_suffix(b",")?)?;
    let year = full_year(cursor.word())?;
    let date = Timestamp::date(year, month, day).ok();
    let clock = Clock::read(cursor.word())?;
    let name = cursor.name_after(1)?;
    let (kind, name) = match name.strip_suffix(b"/") {
        Some(name) if !name.is_empty() => (Kind::Directory, name),
        _ => (Kind::File, name),
    };
    (is_certain || context.is_known(Format::VShell))
        .then(|| entry(line, name, kind, size, clock.on_date(date)))
}

fn entry<'a>(
    line: &'a [u8],
    name: &[u8],
    kind: Kind,
    size: u64,
    time: Option<Timestamp>,
) -> Entry<'a> {
    Entry::new(line, name)
        .with_kind(kind)
        .with_size(size)
        .with_time(time)
}
