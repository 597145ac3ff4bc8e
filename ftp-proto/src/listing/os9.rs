//! OS-9: `OWNER YY/MM/DD HHMM ATTRIBUTES SECTOR SIZE NAME`.

use super::context::Context;
use super::cursor::{Cursor, split_once};
use super::dates::{Clock, day, parts, year};
use super::entry::{Entry, Kind};
use super::number::{is_digits, number};
use crate::timestamp::Timestamp;

pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let owner = cursor.word();
    let (group, user) = split_once(owner, b'.')?;
    if !is_digits(group) || !is_digits(user) {
        return None;
    }
    let ([years, month, days], b'/') = parts(cursor.word())? else {
        return None;
    };
    let (years, month, days) = (year(years)?, day(month)?, day(days)?);
    let clock = clock(cursor.word())?;
    let attributes = cursor.word();
    let known = |byte: &u8| b"dsewr-".contains(byte);
    if attributes.len() != 8 || !attributes.iter().all(known) {
        return None;
    }
    let sector = cursor.word();
    if sector.is_empty() || !sector.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let size = number(cursor.word())?;
    let name = cursor.name_after_blanks()?;
    let date = Timestamp::date(years, month, days).ok();
    Some(
        Entry::new(line, name)
            .with_kind(if attributes.starts_with(b"d") {
                Kind::Directory
            } else {
                Kind::File
            })
            .with_size(size)
            .with_owner(owner)
            .with_time(clock.on_date(date)),
    )
}

/// `HHMM`.
fn clock(word: &[u8]) -> Option<Clock> {
    let (hour, minute) = word.split_at_checked(2)?;
    (minute.len() == 2).then_some(Clock {
        hour: day(hour)?,
        minute: day(minute)?,
        second: None,
        nanos: None,
    })
}
