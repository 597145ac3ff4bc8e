//! Dates and times of day as listings print them.

use super::cursor::{Cursor, is_digits, small, split_once};
use super::months::month;
use crate::timestamp::{Timestamp, Zone, nanos};

/// The caller's time, as the rule for missing years needs it.
///
/// `ls` prints a time instead of the year for what is younger than about six months. Since neither the server's zone nor
/// its clock is known, a day of tolerance is given: the newest date that exists and lies no later than a day from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    year: u16,
    within_year: u32,
}

impl Reference {
    /// The reference of a time in UTC, or in whatever zone it is known to be.
    pub(super) fn new(now: Timestamp) -> Self {
        let (seconds, _) = now.unix_time().unwrap_or_else(|| now.unix_time_at(0));
        let limit = Timestamp::from_unix_time(seconds.saturating_add(86_400)).unwrap_or(now);
        Self {
            year: limit.year(),
            within_year: within_year(
                limit.month(),
                limit.day(),
                Clock {
                    hour: limit.hour(),
                    minute: limit.minute(),
                    second: Some(limit.second()),
                    nanos: None,
                },
            ),
        }
    }

    /// The newest year in which a date exists and is not later than the reference.
    #[inline]
    fn year_of(self, month: u8, day: u8, clock: Clock) -> u16 {
        let later = within_year(month, day, clock) > self.within_year;
        let mut year = self.year.saturating_sub(u16::from(later));
        if (month, day) == (2, 29) {
            while year > 0 && Timestamp::date(year, month, day).is_err() {
                year = year.saturating_sub(1);
            }
        }
        year
    }

    /// Whether a date lies later than the reference.
    pub(super) fn is_future(self, date: Timestamp) -> bool {
        let clock = Clock {
            hour: date.hour(),
            minute: date.minute(),
            second: None,
            nanos: None,
        };
        (date.year(), within_year(date.month(), date.day(), clock)) > (self.year, self.within_year)
    }
}

/// A number that orders the times of one year.
#[inline]
fn within_year(month: u8, day: u8, clock: Clock) -> u32 {
    let day = u32::from(month).wrapping_shl(5) | u32::from(day);
    let minute = day.wrapping_shl(5) | u32::from(clock.hour);
    let minute = minute.wrapping_shl(6) | u32::from(clock.minute);
    minute.wrapping_shl(6) | u32::from(clock.second.unwrap_or(0))
}

/// A time of day as printed; it need not exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) hour: u8,
    pub(super) minute: u8,
    pub(super) second: Option<u8>,
    pub(super) nanos: Option<u32>,
}

impl Clock {
    /// The time `H:MM[:SS[.fraction]]` that a word has the form of.
    #[inline]
    pub(super) fn read(word: &[u8]) -> Option<Self> {
        let (hour, rest) = match word {
            [tens, ones, b':', rest @ ..] => (pair(*tens, *ones)?, rest),
            [ones, b':', rest @ ..] => (digit(*ones)?, rest),
            _ => return None,
        };
        let [tens, ones, rest @ ..] = rest else {
            return None;
        };
        let minute = pair(*tens, *ones)?;
        let (second, nanos) = match rest {
            [] => (None, None),
            [b':', tens, ones] => (Some(pair(*tens, *ones)?), None),
            [b':', tens, ones, b'.' | b',', fraction @ ..] => {
                (Some(pair(*tens, *ones)?), Some(nanos(fraction).ok()?))
            }
            _ => return None,
        };
        Some(Self {
            hour,
            minute,
            second,
            nanos,
        })
    }

    /// The time with a meridiem: glued to the word or in the next one, one letter or two, in any case.
    pub(super) fn read_with_meridiem(cursor: &mut Cursor<'_>) -> Option<Self> {
        let word = cursor.word();
        if let Some(clock) = Self::read(word) {
            let mut ahead = *cursor;
            let Some(afternoon) = meridiem(ahead.word()) else {
                return Some(clock);
            };
            *cursor = ahead;
            return Some(clock.on_twelve_hours(afternoon));
        }
        let letters = word.iter().position(u8::is_ascii_alphabetic)?;
        let (digits, letters) = word.split_at_checked(letters)?;
        Some(Self::read(digits)?.on_twelve_hours(meridiem(letters)?))
    }

    /// Twelve is the first hour of both halves of the day.
    const fn on_twelve_hours(self, afternoon: bool) -> Self {
        let hour = match (self.hour, afternoon) {
            (12, false) => 0,
            (1..=11, true) => self.hour.wrapping_add(12),
            (hour, _) => hour,
        };
        Self { hour, ..self }
    }

    /// Puts the time onto a date; 24:00 is the end of that day.
    #[inline]
    pub(super) fn on(self, date: Timestamp) -> Option<Timestamp> {
        if self.hour == 24 {
            let midnight = Self { hour: 0, ..self };
            return midnight.on(day_after(date)?);
        }
        let time = match self.second {
            Some(second) => date.at_second(self.hour, self.minute, second),
            None => date.at_minute(self.hour, self.minute),
        };
        match self.nanos {
            Some(nanos) => time.ok()?.with_nanos(nanos).ok(),
            None => time.ok(),
        }
    }
}

/// Whether a word means the second half of the day.
fn meridiem(word: &[u8]) -> Option<bool> {
    match word {
        [b'A' | b'a'] | [b'A' | b'a', b'M' | b'm'] => Some(false),
        [b'P' | b'p'] | [b'P' | b'p', b'M' | b'm'] => Some(true),
        _ => None,
    }
}

fn day_after(date: Timestamp) -> Option<Timestamp> {
    let (year, month, day) = (date.year(), date.month(), date.day());
    let next = Timestamp::date(year, month, day.saturating_add(1))
        .or_else(|_| Timestamp::date(year, month.saturating_add(1), 1))
        .or_else(|_| Timestamp::date(year.saturating_add(1), 1, 1))
        .ok()?;
    Some(if date.is_year_inferred() {
        next.with_inferred_year()
    } else {
        next
    })
}

#[inline]
const fn digit(byte: u8) -> Option<u8> {
    if byte.is_ascii_digit() {
        Some(byte.wrapping_sub(b'0'))
    } else {
        None
    }
}

#[inline]
fn pair(tens: u8, ones: u8) -> Option<u8> {
    Some(digit(tens)?.wrapping_mul(10).wrapping_add(digit(ones)?))
}

#[inline]
fn two_digits(text: &[u8]) -> Option<u8> {
    match text {
        [tens, ones] => pair(*tens, *ones),
        _ => None,
    }
}

/// A day of the month, of one digit or two.
#[inline]
pub(super) fn day(text: &[u8]) -> Option<u8> {
    match text {
        [ones] => digit(*ones),
        _ => two_digits(text),
    }
}

/// A year of exactly four digits.
#[inline]
pub(super) fn full_year(text: &[u8]) -> Option<u16> {
    (text.len() == 4).then(|| small(text, 4)).flatten()
}

/// A year of two or four digits, or of three that count from 1900 (`103` was printed for 2003).
pub(super) fn year(text: &[u8]) -> Option<u16> {
    let value = small(text, 4)?;
    match (text.len(), value) {
        (2, 70..) => value.checked_add(1900),
        (2, _) => value.checked_add(2000),
        (3, 100..=199) => value.checked_add(1900),
        (4, _) => Some(value),
        _ => None,
    }
}

/// Three parts of a date that stand between the same two separators, and that separator.
pub(super) fn parts(word: &[u8]) -> Option<([&[u8]; 3], u8)> {
    let separator = *word.iter().find(|byte| b"-/.".contains(byte))?;
    let mut parts = word.split(|&byte| byte == separator);
    let found = [parts.next()?, parts.next()?, parts.next()?];
    let whole = parts.next().is_none() && found.iter().all(|part| !part.is_empty());
    whole.then_some((found, separator))
}

/// The date `D-MON-YYYY` or `D-MON-YY`, with an English name of the month or another.
pub(super) fn day_month_year(word: &[u8]) -> Option<Dated> {
    let ([first, second, third], _) = parts(word)?;
    let (day, month, year) = (day(first)?, month(second)?, year(third)?);
    Some(Dated::of(Timestamp::date(year, month, day).ok()))
}

/// What a text with the form of a date stands for: nothing, when there is no such day, or no year to be had.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dated {
    pub(super) time: Option<Timestamp>,
    /// Whether the calendar has such a date.
    pub(super) exists: bool,
}

impl Dated {
    pub(super) const fn of(time: Option<Timestamp>) -> Self {
        Self {
            time,
            exists: time.is_some(),
        }
    }

    /// The date at a time of day.
    pub(super) fn at(self, clock: Clock) -> Self {
        Self::of(self.time.and_then(|date| clock.on(date)))
    }
}

/// A date with a time and no year.
#[inline]
pub(super) fn without_year(
    month: u8,
    day: u8,
    clock: Clock,
    reference: Option<Reference>,
) -> Dated {
    let Some(reference) = reference else {
        // A leap year has every date that exists at all.
        let exists = Timestamp::date(2000, month, day).is_ok_and(|date| clock.on(date).is_some());
        return Dated { time: None, exists };
    };
    let year = reference.year_of(month, day, clock);
    let date = Timestamp::date(year, month, day).ok();
    Dated::of(date.and_then(|date| clock.on(date.with_inferred_year())))
}

/// A date with a time `HH:MM` and no year, as in nearly every line of `ls`. Whatever else the word is, or if there is no
/// such time, or no reference, it is left to [`without_year`].
#[inline(always)]
pub(super) fn usual_time(
    month: u8,
    day: u8,
    word: &[u8],
    reference: Option<Reference>,
) -> Option<Timestamp> {
    let [h1, h2, b':', m1, m2] = word else {
        return None;
    };
    let clock = Clock {
        hour: pair(*h1, *h2)?,
        minute: pair(*m1, *m2)?,
        second: None,
        nanos: None,
    };
    let year = reference?.year_of(month, day, clock);
    let date = Timestamp::date(year, month, day).ok()?;
    let time = date.at_minute(clock.hour, clock.minute).ok()?;
    Some(time.with_inferred_year())
}

/// A date in the middle of a line of columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) dated: Dated,
    /// What follows the date.
    pub(super) after: Cursor<'a>,
    /// How many blanks separate the date from the name, where the form is padded.
    pub(super) blanks: usize,
}

impl<'a> Column<'a> {
    /// The name behind the date.
    pub(super) fn name(&self) -> Option<&'a [u8]> {
        self.after.name_after(self.blanks)
    }
}

/// The date that starts at a position of an `ls` line, in any of the forms that `ls` and its relatives print.
pub(super) fn column(at: Cursor<'_>, reference: Option<Reference>) -> Option<Column<'_>> {
    let mut cursor = at;
    match cursor.word() {
        [] => None,
        [first, ..] if first.is_ascii_digit() => day_first(at, reference)
            .or_else(|| numeric(at, reference))
            .or_else(|| counted(at, reference)),
        _ => month_first(at, reference),
    }
}

/// `Mon D YYYY`, `Mon D HH:MM[:SS]`, `Mon D HH:MM:SS YYYY`, `Mon D, YYYY HH:MM`.
fn month_first(at: Cursor<'_>, reference: Option<Reference>) -> Option<Column<'_>> {
    let mut cursor = at;
    let name = cursor.word();
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
    let name = cursor.word();
    let month = month_before(cursor, name)?;
    year_or_time(cursor, month, day, reference)
}

/// The month of this name, if a year or a time follows: to look ahead costs less than to look owners up among months.
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

/// The year of an old file or the time of a new one. After a time with seconds, four digits are the year (BSD `ls -lT`);
/// after one without, they begin the name.
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

/// AIX prints `Apr 06 1996` in a field of twelve characters, one more than it needs. Where the field is aligned to the
/// right instead, two blanks stand before it.
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
    if let Some(dated) = day_month_year(word).or_else(|| european_date(word)) {
        return Some(with_time(cursor, dated, 1));
    }
    let (first, second) = split_once(word, b'-')?;
    let (month, day) = (two_digits(first)?, two_digits(second)?);
    year_or_time(cursor, month, day, reference)
}

/// `YYYY-MM-DD`, `YYYY/MM/DD`, `YYYY.MM.DD`, and the separator.
pub(super) fn iso_date(
    word: &[u8],
) -> Option<(Result<Timestamp, crate::timestamp::TimestampError>, u8)> {
    let ([first, second, third], separator) = parts(word)?;
    let year = full_year(first)?;
    Some((Timestamp::date(year, day(second)?, day(third)?), separator))
}

/// `DD-MM-YYYY`, `DD.MM.YYYY`; month first where only that exists.
fn european_date(word: &[u8]) -> Option<Dated> {
    let ([first, second, third], _) = parts(word)?;
    let (first, second, year) = (day(first)?, day(second)?, full_year(third)?);
    let date = Timestamp::date(year, second, first);
    let date = date.or_else(|_| Timestamp::date(year, first, second));
    Some(Dated::of(date.ok()))
}

/// A date, with the time that may follow it, with the offset that may follow that. Alone it is padded in some styles.
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

/// Chinese, Japanese and Korean: every number carries its unit, `3月 5 12:30`, `9月 24日 2006年`, `2007년 11월 23일`. The
/// unit is one character of two or three bytes in whatever encoding; the order alone says which unit it is.
fn counted(at: Cursor<'_>, reference: Option<Reference>) -> Option<Column<'_>> {
    let mut cursor = at;
    let first = with_unit(cursor.word())?;
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

/// The digits before one character that is not ASCII.
fn with_unit(word: &[u8]) -> Option<&[u8]> {
    let digits = word.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, unit) = word.split_at_checked(digits)?;
    let one_character = unit.first()? >= &0x80 && matches!(unit.len(), 2 | 3);
    one_character.then_some(digits)
}
