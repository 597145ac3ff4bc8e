//! VxWorks: `SIZE Mon-DD-YYYY HH:MM:SS NAME [<DIR>]`.

use super::cursor::{Cursor, trim_end};
use super::dates::{Clock, day, full_year, parts};
use super::entry::{Entry, Kind};
use super::families::Context;
use super::months::month;
use super::number::number;
use crate::timestamp::Timestamp;

pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let size = number(cursor.word())?;
    let ([first, second, third], b'-') = parts(cursor.word())? else {
        return None;
    };
    let (month, day, year) = (month(first)?, day(second)?, full_year(third)?);
    let clock = Clock::read(cursor.word())?;
    let name = cursor.name_after_blanks()?;
    let (kind, name) = match trim_end(name).strip_suffix(b"<DIR>").map(trim_end) {
        Some(name) if !name.is_empty() => (Kind::Directory, name),
        _ => (Kind::File, name),
    };
    let date = Timestamp::date(year, month, day).ok();
    Some(
        Entry::new(line, name)
            .with_kind(kind)
            .with_size(size)
            .with_modified(date.and_then(|date| clock.on(date))),
    )
}
