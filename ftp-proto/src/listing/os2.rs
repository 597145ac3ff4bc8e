//! OS/2: `SIZE [ATTRIBUTES] [DIR] MM-DD-YY HH:MM NAME`.

use super::cursor::Cursor;
use super::dates::{Clock, day, parts, year};
use super::entry::{Entry, Kind};
use super::families::Context;
use super::number::number;
use crate::timestamp::Timestamp;

pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let size = number(cursor.word())?;
    let mut kind = Kind::File;
    while cursor.peek().first().is_some_and(u8::is_ascii_alphabetic) {
        match cursor.word() {
            b"DIR" => kind = Kind::Directory,
            attributes if attributes.iter().all(|byte| b"RHSADV".contains(byte)) => {}
            _ => return None,
        }
    }
    let ([month, days, years], _) = parts(cursor.word())?;
    let (month, days, years) = (day(month)?, day(days)?, year(years)?);
    // No meridiem follows, but a name like `a` may.
    let clock = Clock::read(cursor.word())?;
    let date = Timestamp::date(years, month, days).ok();
    let name = cursor.name_after_blanks()?;
    Some(
        Entry::new(line, name)
            .with_kind(kind)
            .with_size(size)
            .with_modified(date.and_then(|date| clock.on(date))),
    )
}
