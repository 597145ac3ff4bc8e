//! Nortel wfFtp: `NAME SIZE MM/DD/YY Day. HH:MM:SS`.

use super::cursor::Cursor;
use super::dates::{Clock, day, parts, year};
use super::entry::{Entry, Kind};
use super::families::Context;
use super::number::number;
use crate::timestamp::Timestamp;

pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let name = cursor.word();
    let size = number(cursor.word())?;
    let ([month, days, years], b'/') = parts(cursor.word())? else {
        return None;
    };
    let (month, days, years) = (day(month)?, day(days)?, year(years)?);
    if cursor.peek().first()?.is_ascii_alphabetic() {
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
            .with_modified(date.and_then(|date| clock.on(date))),
    )
}
