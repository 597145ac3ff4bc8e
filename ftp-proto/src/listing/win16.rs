//! Servers for 16-bit Windows, which print the name first.
//!
//! ```text
//! NAME  SIZE|<DIR>  MM-DD-YY  HH:MM       (SuperTCP)
//! NAME  SIZE|<DIR>  Mon DD YYYY HH:MM     (Chameleon)
//! ```

use super::cursor::Cursor;
use super::dates::{Clock, Dated, day, full_year, parts, year};
use super::entry::{Entry, Kind};
use super::families::Context;
use super::months::month;
use super::number::number;
use crate::timestamp::Timestamp;

pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let name = cursor.word();
    let (kind, size) = match cursor.word() {
        b"<DIR>" => (Kind::Directory, None),
        size => (Kind::File, Some(number(size)?)),
    };
    let date = numeric_date(&mut cursor).or_else(|| named_date(&mut cursor))?;
    let dated = date.at(Clock::read_with_meridiem(&mut cursor)?);
    // Chameleon may print attributes behind the time.
    if cursor.rest().iter().any(u8::is_ascii_digit) {
        return None;
    }
    Some(
        Entry::new(line, name)
            .with_kind(kind)
            .with_size(size)
            .with_modified(dated.time),
    )
}

fn numeric_date(cursor: &mut Cursor<'_>) -> Option<Dated> {
    let ([month, days, years], _) = parts(cursor.peek())?;
    let date = Timestamp::date(year(years)?, day(month)?, day(days)?);
    cursor.word();
    Some(Dated::of(date.ok()))
}

fn named_date(cursor: &mut Cursor<'_>) -> Option<Dated> {
    let month = month(cursor.word())?;
    let day = day(cursor.word())?;
    let year = full_year(cursor.word())?;
    Some(Dated::of(Timestamp::date(year, month, day).ok()))
}
