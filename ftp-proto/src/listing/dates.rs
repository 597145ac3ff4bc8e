//! Dates and times of day as listings print them.

use super::cursor::Cursor;
use super::months::month;
use super::number::small;
use crate::timestamp::{Timestamp, nanos};

mod column;

pub(super) use column::{Column, column, is_date_like, is_padded_year, unread};

/// The caller's time, as the rule for missing years needs it.
///
/// `ls` prints a time instead of the year for what is younger than about six months. Since neither
/// the server's zone nor its clock is known, a day of tolerance is given: the newest date that
/// exists and lies no later than a day from now.
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
            // The year zero is a leap year.
            while Timestamp::date(year, month, day).is_err() {
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

    /// The time with a meridiem: glued to the word or in the next one, one letter or two, in any
    /// case.
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

    /// Puts the time onto a date, if the calendar has the date.
    pub(super) fn on_date(self, date: Option<Timestamp>) -> Option<Timestamp> {
        self.on(date?)
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
        [b'A' | b'a'] | [b'A' | b'a', b'M' | b'm'] | [b'a', b'.', b'm', b'.'] => Some(false),
        [b'P' | b'p'] | [b'P' | b'p', b'M' | b'm'] | [b'p', b'.', b'm', b'.'] => Some(true),
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
    let separator = *word.iter().find(|byte| b"-/.,".contains(byte))?;
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

/// What a text with the form of a date stands for: nothing, when there is no such day, or no year
/// to be had.
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

/// A date with a time `HH:MM` and no year, as in nearly every line of `ls`. Whatever else the word
/// is, or if there is no such time, or no reference, it is left to [`without_year`].
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

/// `YYYY-MM-DD`, `YYYY/MM/DD`, `YYYY.MM.DD`, and the separator.
pub(super) fn iso_date(
    word: &[u8],
) -> Option<(Result<Timestamp, crate::timestamp::TimestampError>, u8)> {
    let ([first, second, third], separator) = parts(word)?;
    let year = full_year(first)?;
    Some((Timestamp::date(year, day(second)?, day(third)?), separator))
}
