//! z/VM and CMS: `FN FT F|V|DIR LRECL RECORDS BLOCKS DATE TIME OWNER`, older with the mode (`A1`)
//! behind the type.
//!
//! A file is reached as `FN.FT`. Records times record length is no size in bytes.

use super::context::Context;
use super::cursor::Cursor;
use super::dates::{Clock, Dated, day, iso_date, parts, year};
use super::entry::{Entry, Kind};
use super::number::is_digits;
use crate::timestamp::Timestamp;

pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let stem = cursor.word();
    let mut kind = cursor.word();
    let mut extension = None;
    if kind != b"DIR" {
        extension = Some(kind);
        kind = cursor.word();
        if matches!(kind, [b'A'..=b'Z', b'0'..=b'9']) {
            kind = cursor.word();
        }
    }
    let kind = match kind {
        b"DIR" => Kind::Directory,
        b"F" | b"V" => Kind::File,
        _ => return None,
    };
    for _ in 0..3 {
        let count = cursor.word();
        if count != b"-" && !is_digits(count) {
            return None;
        }
    }
    let dated = date(cursor.word())?.at(Clock::read(cursor.word())?);
    let owner = cursor.word();
    let entry = match extension {
        Some(extension) => Entry::new(line, &[stem, b".", extension].concat()),
        None => Entry::new(line, stem),
    };
    let entry = entry.with_kind(kind).with_time(dated.time);
    Some(match owner {
        b"" | b"-" => entry,
        _ => entry.with_owner(owner),
    })
}

/// `YYYY-MM-DD`, or `M/DD/YY` with a year that may count from 1900.
fn date(word: &[u8]) -> Option<Dated> {
    if let Some((date, _)) = iso_date(word) {
        return Some(Dated::of(date.ok()));
    }
    let ([month, days, years], b'/') = parts(word)? else {
        return None;
    };
    Some(Dated::of(
        Timestamp::date(year(years)?, day(month)?, day(days)?).ok(),
    ))
}
