//! Old VShell: `SIZE  Mon DD, YYYY HH:MM NAME[/]`.

use super::cursor::Cursor;
use super::dates::{Clock, day, full_year};
use super::entry::{Entry, Kind};
use super::families::Context;
use super::months::month;
use super::number::number;
use crate::timestamp::Timestamp;

pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let size = number(cursor.word())?;
    let month = month(cursor.word())?;
    let day = day(cursor.word().strip_suffix(b",")?)?;
    let year = full_year(cursor.word())?;
    let clock = Clock::read(cursor.word())?;
    let name = cursor.name_after(1)?;
    let (kind, name) = match name.strip_suffix(b"/") {
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
