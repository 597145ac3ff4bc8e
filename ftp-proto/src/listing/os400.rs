//! OS/400 and IBM i: `OWNER SIZE DATE TIME *TYPE NAME[/]`; members have neither size nor date.

use super::Format;
use super::context::{Context, DateOrder};
use super::cursor::Cursor;
use super::dates::{Clock, day, parts, year};
use super::entry::{Entry, Kind};
use super::number::number;
use crate::timestamp::Timestamp;

pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let owner = cursor.word();
    let mut entry = Entry::new(line, b"").with_owner(owner);
    let has_columns = !cursor.peek().starts_with(b"*");
    if has_columns {
        if let Some(size) = number(cursor.peek()) {
            entry = entry.with_size(size);
            cursor.word();
        }
        let date = cursor.word();
        let clock = clock(cursor.word())?;
        let date = date_of_job(date, context)?;
        entry = entry.with_time(clock.on_date(date));
    }
    let kind = cursor.word();
    let name = cursor.name_after_blanks()?;
    // Without size and date, only members are certain: `OWNER *MEM FILE/MEMBER`.
    let is_member = kind == b"*MEM" && !owner.starts_with(b"*") && name.contains(&b'/');
    if !has_columns && !is_member && !context.is_known(Format::Os400) {
        return None;
    }
    let plain = name.strip_suffix(b"/").filter(|plain| !plain.is_empty());
    let name = plain.unwrap_or(name);
    entry.kind = kind_of(kind, name)?;
    entry.set_name(name);
    Some(entry)
}

/// The kind of an object of the type that is named.
fn kind_of(word: &[u8], name: &[u8]) -> Option<Kind> {
    let word = word.strip_prefix(b"*")?;
    if word.is_empty() || !word.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    Some(match word {
        b"DIR" | b"DDIR" | b"LIB" | b"FLR" => Kind::Directory,
        b"STMF" | b"DSTMF" | b"DOC" | b"MEM" => Kind::File,
        b"FILE" if name.to_ascii_uppercase().ends_with(b".SAVF") => Kind::File,
        // A physical file holds members.
        b"FILE" => Kind::Directory,
        b"SYMLNK" => Kind::Symlink,
        _ => Kind::Other,
    })
}

/// The time, whose separator follows the server's job too.
fn clock(word: &[u8]) -> Option<Clock> {
    match *word {
        [h1, h2, b'.' | b',', m1, m2] => Clock::read(&[h1, h2, b':', m1, m2]),
        [h1, h2, b'.', m1, m2, b'.', s1, s2] | [h1, h2, b',', m1, m2, b',', s1, s2] => {
            Clock::read(&[h1, h2, b':', m1, m2, b':', s1, s2])
        }
        _ => Clock::read(word),
    }
}

/// The date in the order that the server's job is set to, which the line does not say. `Some(None)`
/// if there is no such date in any order.
///
/// Readings in the future lose. What remains ambiguous follows what earlier lines showed; without
/// that, month first, or year first if the first number can be no month.
fn date_of_job(word: &[u8], context: &mut Context) -> Option<Option<Timestamp>> {
    let ([first, second, third], separator) = parts(word)?;
    let read = |order| match order {
        DateOrder::YearMonthDay => date(first, second, third),
        DateOrder::MonthDayYear => date(third, first, second),
        DateOrder::DayMonthYear => date(third, second, first),
    };
    if separator == b'.' {
        return Some(read(DateOrder::DayMonthYear));
    }
    let preferred = [
        context.order.unwrap_or(DateOrder::MonthDayYear),
        DateOrder::MonthDayYear,
        DateOrder::YearMonthDay,
        DateOrder::DayMonthYear,
    ];
    let past = |date: &Timestamp| !context.reference.is_some_and(|now| now.is_future(*date));
    let possible = |order: &DateOrder| read(*order).is_some_and(|date| past(&date));
    let Some(order) = preferred.into_iter().find(possible) else {
        return Some(preferred.into_iter().find_map(read));
    };
    let others = preferred.into_iter().filter(possible);
    let is_certain = others.into_iter().all(|other| other == order);
    if is_certain {
        context.order = Some(order);
    }
    Some(read(order))
}

fn date(years: &[u8], month: &[u8], days: &[u8]) -> Option<Timestamp> {
    Timestamp::date(year(years)?, day(month)?, day(days)?).ok()
}
