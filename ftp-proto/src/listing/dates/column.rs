//! The date that stands in a line of `ls` somewhere between other columns.

use super::super::cursor::{Cursor, is_blank, split_once, trim};
use super::super::months::{is_before_number, month};
use super::super::number::is_digits;
use super::{
    Clock, Dated, Reference, day, day_month_year, full_year, iso_date, parts, two_digits,
    without_year, year,
};
use crate::timestamp::{Timestamp, Zone};

/// A date in the middle of a line of columns.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Column<'a> {
    pub(in super::super) dated: Dated,
    /// What follows the date.
    pub(in super::super) after: Cursor<'a>,
    /// How many blanks separate the date from the name, where the form is padded.
    pub(in super::super) blanks: usize,
}

impl<'a> Column<'a> {
    /// The name behind the date.
    pub(in super::super) fn name(&self) -> Option<&'a [u8]> {
        self.after.name_after(self.blanks)
    }
}

/// The date that starts at a position of an `ls` line, in any of the forms that `ls` and its
/// relatives print.
pub(in super::super) fn column(at: Cursor<'_>, reference: Option<Reference>) -> Option<Column<'_>> {
    let mut cursor = at;
    match cursor.word() {
        [first, ..] if first.is_ascii_digit() => day_first(at, reference)
            .or_else(|| numeric(at, reference))
            .or_else(|| counted(at, reference)),
        _ => month_first(at, reference),
    }
}

/// `Mon D YYYY`, `Mon D HH:MM[:SS]`, `Mon D HH:MM:SS YYYY`, `Mon D, YYYY HH:MM`.
fn month_first(at: Cursor<'_>, reference: Option<Reference>) -> Option<Column<'_>> {
    let mut cursor = at;
    let name = month_name(&mut cursor);
    let word = cursor.word();
    let (digits, comma) = match word {
        [digits @ .., b','] => (digits, true),
        [digits @ .., b'.'] => (digits, false),
        _ => (word, false),
    };
    let day = day(digits)?;
    let month = month_before(cursor, name)?;
    if comma {
        if let Some(column) = year_and_time(cursor, month, day) {
            return Some(column);
        }
    }
    let mut column = year_or_time(cursor, month, day, reference)?;
    column.blanks = padding(at, column.after);
    Some(column)
}

/// `D Mon YYYY`, `D. Mon HH:MM`, `D Mon, HH:MM`.
fn day_first(at: Cursor<'_>, reference: Option<Reference>) -> Option<Column<'_>> {
    let mut cursor = at;
    let word = cursor.word();
    let digits = match word {
        [digits @ .., b'.' | b','] => digits,
        _ => word,
    };
    let day = day(digits)?;
    let name = month_name(&mut cursor);
    let month = month_before(cursor, name)?;
    year_or_time(cursor, month, day, reference)
}

/// The next word, or the next two where the name of a month consists of two: `Thg 3`.
fn month_name<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    cursor.skip_blanks();
    let from = cursor.rest();
    let name = cursor.word();
    if !is_before_number(name) {
        return name;
    }
    cursor.word();
    let length = from.len().saturating_sub(cursor.rest().len());
    from.get(..length).unwrap_or(name)
}

/// The month of this name, if a year or a time follows: to look ahead costs less than to look
/// owners up among months.
fn month_before(after: Cursor<'_>, name: &[u8]) -> Option<u8> {
    let next = after.peek();
    (full_year(next).is_some() || Clock::read(next).is_some()).then(|| month(name))?
}

/// VShell's `YYYY HH:MM` after a comma.
fn year_and_time(mut cursor: Cursor<'_>, month: u8, day: u8) -> Option<Column<'_>> {
    let year = full_year(cursor.word())?;
    let clock = Clock::read(cursor.word())?;
    let dated = Dated::of(Timestamp::date(year, month, day).ok()).at(clock);
    Some(Column {
        dated,
        after: cursor,
        blanks: 1,
    })
}

/// The year of an old file or the time of a new one. After a time with seconds, four digits are the
/// year (BSD `ls -lT`); after one without, they begin the name.
fn year_or_time(
    mut cursor: Cursor<'_>,
    month: u8,
    day: u8,
    reference: Option<Reference>,
) -> Option<Column<'_>> {
    let word = cursor.word();
    let dated = match Clock::read(word) {
        Some(clock) => {
            let mut ahead = cursor;
            let stated = full_year(ahead.word()).filter(|_| clock.second.is_some());
            match stated {
                Some(year) if ahead.name_after(1).is_some() => {
                    cursor = ahead;
                    Dated::of(Timestamp::date(year, month, day).ok()).at(clock)
                }
                _ => without_year(month, day, clock, reference),
            }
        }
        None => Dated::of(Timestamp::date(full_year(word)?, month, day).ok()),
    };
    Some(Column {
        dated,
        after: cursor,
        blanks: 1,
    })
}

/// AIX prints `Apr 06 1996` in a field of twelve characters, one more than it needs. Where the
/// field is aligned to the right instead, two blanks stand before it.
fn padding(at: Cursor<'_>, after: Cursor<'_>) -> usize {
    let from = at.rest().len();
    let length = from
        .saturating_sub(at.blanks())
        .saturating_sub(after.rest().len());
    let padded = length == 11 && at.blanks() == 1 && after.blanks() >= 2;
    let year = at
        .rest()
        .get(from.saturating_sub(after.rest().len()).saturating_sub(4)..);
    let ends_in_year = year.is_some_and(|text| text.get(..4).is_some_and(is_digits));
    if padded && ends_in_year { 2 } else { 1 }
}

/// Dates in one word of digits and separators.
fn numeric(at: Cursor<'_>, reference: Option<Reference>) -> Option<Column<'_>> {
    let mut cursor = at;
    let word = cursor.word();
    if word.len() < 5 {
        return None;
    }
    if let Some((date, time)) = split_once(word, b'T') {
        let dated = Dated::of(iso_date(date)?.0.ok()).at(Clock::read(time)?);
        return Some(Column {
            dated,
            after: cursor,
            blanks: 1,
        });
    }
    if let Some((date, separator)) = iso_date(word) {
        let padded = if separator == b'.' { 3 } else { 2 };
        return Some(with_time(cursor, Dated::of(date.ok()), padded));
    }
    if let Some(dated) = day_month_year(word) {
        return Some(with_time(cursor, dated, 1));
    }
    if let Some((numbers, is_full)) = short_date(word) {
        if let Some(column) = with_meridiem(cursor, numbers) {
            return Some(column);
        }
        if is_full {
            return Some(with_time(cursor, date_of(numbers, false), 1));
        }
    }
    let (first, second) = split_once(word, b'-')?;
    let (month, day) = (two_digits(first)?, two_digits(second)?);
    year_or_time(cursor, month, day, reference)
}

/// The numbers of `DD-MM-YYYY`, `DD.MM.YYYY`, `MM/DD/YYYY`, and whether the year has four digits.
///
/// With fewer, only a meridiem behind the time tells the order of the numbers.
fn short_date(word: &[u8]) -> Option<([u16; 3], bool)> {
    let ([first, second, third], _) = parts(word)?;
    let numbers = [day(first)?.into(), day(second)?.into(), year(third)?];
    Some((numbers, third.len() == 4))
}

/// The date that three numbers are in the preferred order, or else in the other.
fn date_of([first, second, year]: [u16; 3], is_month_first: bool) -> Dated {
    let date = |day: u16, month: u16| {
        let (month, day) = (u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        Timestamp::date(year, month, day).ok()
    };
    let (by_day, by_month) = (date(first, second), date(second, first));
    Dated::of(if is_month_first {
        by_month.or(by_day)
    } else {
        by_day.or(by_month)
    })
}

/// A date whose time has a meridiem, glued to it or as the next word: where that is printed, the
/// month comes first.
fn with_meridiem(after: Cursor<'_>, numbers: [u16; 3]) -> Option<Column<'_>> {
    let mut cursor = after;
    let clock = Clock::read_with_meridiem(&mut cursor)?;
    let mut plain = after;
    let is_plain = Clock::read(plain.word()).is_some() && plain.rest().len() == cursor.rest().len();
    if is_plain || cursor.name_after(1).is_none() {
        return None;
    }
    Some(Column {
        dated: date_of(numbers, true).at(clock),
        after: cursor,
        blanks: 1,
    })
}

/// Something that has the form of a date and cannot be read: its time is unknown, and a name
/// follows.
///
/// One word of digits and separators, and perhaps a time; or a word and the day, in either order,
/// and a time or year behind them.
pub(in super::super) fn unread(at: Cursor<'_>) -> Option<Column<'_>> {
    let mut cursor = at;
    let first = cursor.word();
    if is_one_word_date(first) {
        let mut ahead = cursor;
        if is_like_clock(ahead.word()) {
            cursor = ahead;
        }
    } else {
        let second = cursor.word();
        let is_named = (is_word(second) && is_day(first)) || (is_word(first) && is_day(second));
        if !is_named {
            return None;
        }
        let last = cursor.word();
        let is_year = is_digits(last) && matches!(last.len(), 3..=6);
        if !is_year && !is_like_clock(last) {
            return None;
        }
    }
    let column = Column {
        dated: Dated {
            time: None,
            exists: false,
        },
        after: cursor,
        blanks: 1,
    };
    column.name().map(|_| column)
}

/// Whether a word can begin a date: a month, a day, a time or a whole date.
pub(in super::super) fn is_date_like(word: &[u8]) -> bool {
    month(word).is_some()
        || is_day(word)
        || is_like_clock(word)
        || is_one_word_date(word)
        || split_behind_unit(word).is_some()
}

/// A date of digits and separators, of eight characters or more: `2021-03-12T10:20:30Z`.
fn is_one_word_date(word: &[u8]) -> bool {
    if word.len() < 8 || !word.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let known = |byte: &u8| byte.is_ascii_digit() || b"-/.:,+TZtz".contains(byte);
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let is_separated = digits < word.len();
    let is_in_this_time = digits == 8 && matches!(word, [b'1', b'9', ..] | [b'2', b'0', ..]);
    (6..=20).contains(&digits) && word.iter().all(known) && (is_separated || is_in_this_time)
}

/// A day of the month, with or without a point or comma.
fn is_day(word: &[u8]) -> bool {
    let digits = match word {
        [digits @ .., b'.' | b','] => digits,
        _ => word,
    };
    day(digits).is_some_and(|day| matches!(day, 1..=31))
}

fn is_word(word: &[u8]) -> bool {
    word.iter()
        .any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
}

/// Digits on both sides of a colon, a point or an `h`, and letters behind: `10:20PM`, `10.20`,
/// `10h20`.
fn is_like_clock(word: &[u8]) -> bool {
    let at = word.iter().position(|byte| !byte.is_ascii_digit());
    let Some((hour, [b':' | b'.' | b'h', minute, rest @ ..])) =
        at.and_then(|at| word.split_at_checked(at))
    else {
        return false;
    };
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || b":.,+-".contains(byte);
    matches!(hour.len(), 1 | 2) && minute.is_ascii_digit() && rest.iter().all(known)
}

/// Whether a date ends in a year that two blanks or more precede, as `ls` prints it.
pub(in super::super) fn is_padded_year(before: Cursor<'_>, after: Cursor<'_>) -> bool {
    let length = before.rest().len().saturating_sub(after.rest().len());
    let date = trim(before.rest().get(..length).unwrap_or_default());
    let Some((rest, year)) = date.split_last_chunk::<4>() else {
        return false;
    };
    let blanks = rest.iter().rev().take_while(|&&byte| is_blank(byte));
    is_digits(year) && blanks.count() >= 2
}

/// A date, with the time that may follow it, with the offset that may follow that. Alone it is
/// padded in some styles.
fn with_time(after: Cursor<'_>, date: Dated, padded: usize) -> Column<'_> {
    let mut cursor = after;
    let Some(clock) = Clock::read(cursor.word()) else {
        let blanks = if after.blanks() >= padded { padded } else { 1 };
        return Column {
            dated: date,
            after,
            blanks,
        };
    };
    let mut dated = date.at(clock);
    let mut ahead = cursor;
    if let Some(minutes) = offset(ahead.word()).filter(|_| clock.second.is_some()) {
        if ahead.name_after(1).is_some() {
            cursor = ahead;
            let zoned = |time: Timestamp| time.in_zone(Zone::Offset(minutes)).ok()?.to_utc();
            dated.time = dated.time.and_then(zoned);
        }
    }
    Column {
        dated,
        after: cursor,
        blanks: 1,
    }
}

/// Minutes east of UTC of `+hhmm` or `-hhmm`.
fn offset(word: &[u8]) -> Option<i16> {
    let (sign, digits) = word.split_first()?;
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = i16::from(two_digits(minutes)?);
    let east = i16::from(two_digits(hours)?)
        .checked_mul(60)?
        .checked_add(minutes)?;
    match sign {
        b'+' => Some(east),
        b'-' => Some(east.wrapping_neg()),
        _ => None,
    }
}

/// Chinese, Japanese and Korean: every number carries its unit, `3月 5 12:30`, `9月 24日 2006年`,
/// `2007년 11월 23일`. The unit is one character of two or three bytes in whatever encoding; the order
/// alone says which unit it is.
fn counted(at: Cursor<'_>, reference: Option<Reference>) -> Option<Column<'_>> {
    let mut cursor = at;
    let word = cursor.word();
    let Some(first) = with_unit(word) else {
        return glued(word, cursor, reference);
    };
    if let Some(year) = full_year(first) {
        let month = day(with_unit(cursor.word())?)?;
        let day = day(with_unit(cursor.word())?)?;
        let dated = Dated::of(Timestamp::date(year, month, day).ok());
        return Some(Column {
            dated,
            after: cursor,
            blanks: 1,
        });
    }
    let month = day(first)?;
    let word = cursor.word();
    let day = day(with_unit(word).unwrap_or(word))?;
    let mut ahead = cursor;
    if let Some(year) = with_unit(ahead.word()).and_then(full_year) {
        return Some(Column {
            dated: Dated::of(Timestamp::date(year, month, day).ok()),
            after: ahead,
            blanks: 1,
        });
    }
    year_or_time(cursor, month, day, reference)
}

/// The same in one word: `2021年3月12日`, and `3月12日` with a year or a time behind it.
fn glued<'a>(word: &[u8], after: Cursor<'a>, reference: Option<Reference>) -> Option<Column<'a>> {
    let (first, rest) = split_behind_unit(word)?;
    let (second, rest) = split_behind_unit(rest)?;
    if rest.is_empty() {
        return year_or_time(after, day(first)?, day(second)?, reference);
    }
    let (third, rest) = split_behind_unit(rest)?;
    let date = Timestamp::date(full_year(first)?, day(second)?, day(third)?);
    rest.is_empty()
        .then(|| with_time(after, Dated::of(date.ok()), 1))
}

/// The first number of a word, and what follows its unit.
fn split_behind_unit(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let unit = word.iter().position(|byte| !byte.is_ascii_digit())?;
    let units = word.get(unit..)?.iter();
    let length = units.take_while(|byte| !byte.is_ascii_digit()).count();
    let (first, rest) = word.split_at_checked(unit.checked_add(length)?)?;
    Some((with_unit(first)?, rest))
}

/// The digits before one character that is not ASCII.
fn with_unit(word: &[u8]) -> Option<&[u8]> {
    let digits = word.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, unit) = word.split_at_checked(digits)?;
    let one_character = unit.first()? >= &0x80 && matches!(unit.len(), 2 | 3);
    one_character.then_some(digits)
}
