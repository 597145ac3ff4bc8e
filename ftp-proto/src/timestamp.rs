//! Calendar times that say how much they know: MDTM replies, MLSx facts and listing dates.
//!
//! FTP servers report times in two dialects. MDTM, MFMT and the MLSx facts `modify` and `create` carry UTC to the second
//! or better ([RFC 3659 section 2.3](https://www.rfc-editor.org/rfc/rfc3659#section-2.3)). A `LIST` line carries what
//! `ls` or a relative of it printed: often only a day, in the server's own wall clock, sometimes without the year.
//! [`Timestamp`] holds both, and keeps the difference visible: [`Timestamp::precision`], [`Timestamp::zone`] and
//! [`Timestamp::is_year_inferred`].
//!
//! ```
//! use ftp_proto::timestamp::{Precision, Timestamp, Zone};
//!
//! let modified = Timestamp::from_time_val(b"20210312141516.5").unwrap();
//! assert_eq!(modified.precision(), Precision::Fraction);
//! assert_eq!(modified.zone(), Zone::Utc);
//! assert_eq!(modified.unix_time(), Some((1_615_558_516, 500_000_000)));
//! assert_eq!(modified.to_string(), "2021-03-12T14:15:16.5Z");
//! assert_eq!(modified.time_val().unwrap().to_string(), "20210312141516.5");
//! ```

use core::fmt;

use crate::reply::{Reply, ReplyCode};

const SECONDS_PER_DAY: i64 = 86_400;
const NANOS_DIGITS: usize = 9;

/// A calendar date with, as far as the server told, a time of day and a zone.
///
/// The fields are always a date that exists: years 0 to 9999 of the Gregorian calendar, and second 60 for a leap second
/// (RFC 3659 allows it in any minute). What lies below the [`precision`](Self::precision) is zero.
///
/// Equality compares all fields: the same instant written in two zones is not equal. Compare
/// [`unix_time`](Self::unix_time) for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timestamp {
    nanos: u32,
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    precision: Precision,
    zone: PackedZone,
    year_inferred: bool,
}

/// How finely a server stated a [`Timestamp`], from coarse to fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// The date alone; the time of day is unknown, not midnight.
    Day,
    /// Hours and minutes.
    Minute,
    /// Seconds.
    Second,
    /// Fractions of a second, of which nanoseconds are kept.
    Fraction,
}

/// The zone in which a [`Timestamp`] is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Zone {
    /// Coordinated Universal Time: MDTM, MLSx, EPLF, and listings that print an offset (converted).
    Utc,
    /// So many minutes east of UTC, -1439 to 1439.
    Offset(i16),
    /// The server's wall clock, wherever that hangs: nearly every `LIST` line.
    Unknown,
}

/// A [`Zone`] in two bytes instead of four: with it a [`Timestamp`] takes sixteen, which listings copy by the million.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct PackedZone(i16);

impl PackedZone {
    /// Out of the range of offsets.
    const UTC: Self = Self(i16::MAX);
    const UNKNOWN: Self = Self(i16::MIN);

    const fn zone(self) -> Zone {
        match self {
            Self::UTC => Zone::Utc,
            Self::UNKNOWN => Zone::Unknown,
            Self(minutes) => Zone::Offset(minutes),
        }
    }
}

impl fmt::Debug for PackedZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.zone().fmt(f)
    }
}

/// Why text or numbers are not a [`Timestamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// The reply is not a `213`.
    #[error("no time in a reply with this code")]
    Code,
    /// The reply was longer than the limits allow; its text is not complete.
    #[error("the reply is truncated")]
    Truncated,
    /// The text is not fourteen digits with an optional fraction (RFC 3659 `time-val`).
    #[error("not of the form YYYYMMDDHHMMSS[.fraction]")]
    Form,
    /// The year lies outside 0 to 9999.
    #[error("year out of range")]
    Year,
    /// The month lies outside 1 to 12.
    #[error("month out of range")]
    Month,
    /// This month has no such day in this year.
    #[error("no such day in this month")]
    Day,
    /// Hour above 23, minute above 59, second above 60, or a billion nanoseconds and more.
    #[error("time of day out of range")]
    TimeOfDay,
    /// The offset from UTC is a day or more.
    #[error("zone offset out of range")]
    Offset,
}

/// The time in a reply to MDTM (RFC 3659, 3: `213 YYYYMMDDHHMMSS[.fraction]`), in UTC. Blanks around it are accepted.
///
/// # Errors
/// [`TimestampError::Code`], [`TimestampError::Truncated`], and those of [`Timestamp::from_time_val`].
///
/// ```
/// use ftp_proto::reply::{Reply, ReplyCode};
/// use ftp_proto::timestamp::{TimestampError, decode};
///
/// let modified = decode(&Reply::new(ReplyCode::FILE_STATUS, b" 20210312141516")).unwrap();
/// assert_eq!(modified.to_string(), "2021-03-12T14:15:16Z");
/// assert_eq!(decode(&Reply::new(ReplyCode::OKAY, b"20210312141516")), Err(TimestampError::Code));
/// ```
pub fn decode(reply: &Reply) -> Result<Timestamp, TimestampError> {
    if reply.code() != ReplyCode::FILE_STATUS {
        return Err(TimestampError::Code);
    }
    if reply.is_truncated() {
        return Err(TimestampError::Truncated);
    }
    Timestamp::from_time_val(reply.text().trim_ascii())
}

impl Timestamp {
    /// A date without a time of day, in an unknown zone.
    ///
    /// # Errors
    /// [`TimestampError::Year`], [`Month`](TimestampError::Month) or [`Day`](TimestampError::Day) for a date that the
    /// calendar lacks.
    ///
    /// ```
    /// use ftp_proto::timestamp::{Timestamp, TimestampError};
    /// assert_eq!(Timestamp::date(2024, 2, 29).unwrap().to_string(), "2024-02-29");
    /// assert_eq!(Timestamp::date(2023, 2, 29), Err(TimestampError::Day));
    /// ```
    #[inline]
    pub const fn date(year: u16, month: u8, day: u8) -> Result<Self, TimestampError> {
        if year > 9999 {
            return Err(TimestampError::Year);
        }
        if month < 1 || month > 12 {
            return Err(TimestampError::Month);
        }
        if day < 1 || day > days_in_month(year, month) {
            return Err(TimestampError::Day);
        }
        Ok(Self {
            nanos: 0,
            year,
            month,
            day,
            hour: 0,
            minute: 0,
            second: 0,
            precision: Precision::Day,
            zone: PackedZone::UNKNOWN,
            year_inferred: false,
        })
    }

    /// The same date at `hour:minute`, precise to the minute.
    ///
    /// # Errors
    /// [`TimestampError::TimeOfDay`] for an hour above 23 or a minute above 59.
    #[inline]
    pub const fn at_minute(self, hour: u8, minute: u8) -> Result<Self, TimestampError> {
        if hour > 23 || minute > 59 {
            return Err(TimestampError::TimeOfDay);
        }
        Ok(Self {
            hour,
            minute,
            second: 0,
            nanos: 0,
            precision: Precision::Minute,
            ..self
        })
    }

    /// The same date at `hour:minute:second`, precise to the second. Second 60 is a leap second.
    ///
    /// # Errors
    /// [`TimestampError::TimeOfDay`] for an hour above 23, a minute above 59 or a second above 60.
    #[inline]
    pub const fn at_second(self, hour: u8, minute: u8, second: u8) -> Result<Self, TimestampError> {
        if second > 60 {
            return Err(TimestampError::TimeOfDay);
        }
        match self.at_minute(hour, minute) {
            Ok(time) => Ok(Self {
                second,
                precision: Precision::Second,
                ..time
            }),
            Err(error) => Err(error),
        }
    }

    /// The same time with a fraction of its second, in nanoseconds.
    ///
    /// # Errors
    /// [`TimestampError::TimeOfDay`] for a billion nanoseconds and more.
    pub const fn with_nanos(self, nanos: u32) -> Result<Self, TimestampError> {
        if nanos > 999_999_999 {
            return Err(TimestampError::TimeOfDay);
        }
        Ok(Self {
            nanos,
            precision: Precision::Fraction,
            ..self
        })
    }

    /// The same digits, read in another zone. Nothing is converted: this is how a caller who knows the server's zone
    /// says so.
    ///
    /// # Errors
    /// [`TimestampError::Offset`] for an offset of a day or more.
    ///
    /// ```
    /// use ftp_proto::timestamp::{Timestamp, Zone};
    /// let listed = Timestamp::date(2021, 3, 5).unwrap().at_minute(0, 30).unwrap();
    /// assert_eq!(listed.unix_time(), None);
    /// let known = listed.in_zone(Zone::Offset(60)).unwrap();
    /// assert_eq!(known.to_utc().unwrap().to_string(), "2021-03-04T23:30Z");
    /// ```
    pub const fn in_zone(self, zone: Zone) -> Result<Self, TimestampError> {
        let zone = match zone {
            Zone::Utc => PackedZone::UTC,
            Zone::Unknown => PackedZone::UNKNOWN,
            Zone::Offset(minutes @ -1439..=1439) => PackedZone(minutes),
            Zone::Offset(_) => return Err(TimestampError::Offset),
        };
        Ok(Self { zone, ..self })
    }

    /// The same date, marked as having a guessed year. Listings without a year are resolved so.
    #[must_use]
    pub const fn with_inferred_year(self) -> Self {
        Self {
            year_inferred: true,
            ..self
        }
    }

    /// The UTC time so many seconds after 1970-01-01 00:00:00 UTC, to the second; leap seconds do not count.
    ///
    /// # Errors
    /// [`TimestampError::Year`] when the year would lie outside 0 to 9999.
    ///
    /// ```
    /// use ftp_proto::timestamp::Timestamp;
    /// let time = Timestamp::from_unix_time(-1).unwrap();
    /// assert_eq!(time.to_string(), "1969-12-31T23:59:59Z");
    /// ```
    pub fn from_unix_time(seconds: i64) -> Result<Self, TimestampError> {
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let year = u16::try_from(year).map_err(|_| TimestampError::Year)?;
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        let part = |unit: i64, count: i64| {
            u8::try_from(of_day.div_euclid(unit).rem_euclid(count)).unwrap_or_default()
        };
        Self::date(year, month, day)?
            .at_second(part(3600, 24), part(60, 60), part(1, 60))?
            .in_zone(Zone::Utc)
    }

    /// A time of std's in UTC, to the second. Feature `std`.
    ///
    /// # Errors
    /// As [`from_unix_time`](Self::from_unix_time).
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use std::time::{Duration, SystemTime};
    /// use ftp_proto::timestamp::Timestamp;
    /// let time = SystemTime::UNIX_EPOCH - Duration::from_millis(1);
    /// assert_eq!(Timestamp::from_system_time(time).unwrap().to_string(), "1969-12-31T23:59:59Z");
    /// # }
    /// ```
    #[cfg(feature = "std")]
    pub fn from_system_time(time: std::time::SystemTime) -> Result<Self, TimestampError> {
        let since = time.duration_since(std::time::SystemTime::UNIX_EPOCH);
        let seconds = match since {
            Ok(after) => i64::try_from(after.as_secs()),
            Err(before) => {
                let before = before.duration();
                let part = u64::from(before.subsec_nanos() > 0);
                i64::try_from(before.as_secs().saturating_add(part)).map(i64::wrapping_neg)
            }
        };
        Self::from_unix_time(seconds.map_err(|_| TimestampError::Year)?)
    }

    /// Reads an RFC 3659 `time-val`: exactly fourteen digits, and a fraction of one digit or more, in UTC.
    ///
    /// Digits beyond nanoseconds are dropped. Fifteen digits `191yyMMDDHHMMSS` are the year-2000 bug of servers that
    /// print `19` and the years since 1900 (100 to 199); they are read as what was meant.
    ///
    /// # Errors
    /// [`TimestampError`]; any other text, also surrounding blanks or a zone letter, is [`TimestampError::Form`].
    ///
    /// ```
    /// use ftp_proto::timestamp::{Timestamp, TimestampError};
    /// let time = Timestamp::from_time_val(b"20161231235960").unwrap();
    /// assert_eq!(time.second(), 60);
    /// assert_eq!(Timestamp::from_time_val(b"191210704093000").unwrap().year(), 2021);
    /// assert_eq!(Timestamp::from_time_val(b"2021-03-12"), Err(TimestampError::Form));
    /// ```
    #[inline]
    pub fn from_time_val(text: &[u8]) -> Result<Self, TimestampError> {
        let Some((digits, rest)) = text.split_first_chunk::<14>() else {
            return Err(TimestampError::Form);
        };
        match rest {
            [] => from_fourteen(digits),
            [b'.', fraction @ ..] => from_fourteen(digits)?.with_nanos(nanos(fraction)?),
            _ => from_fifteen(text),
        }
    }

    /// The year, 0 to 9999.
    #[must_use]
    pub const fn year(&self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub const fn day(&self) -> u8 {
        self.day
    }

    /// The hour, 0 to 23; zero when the precision is [`Precision::Day`].
    #[must_use]
    pub const fn hour(&self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59; zero when the precision is [`Precision::Day`].
    #[must_use]
    pub const fn minute(&self) -> u8 {
        self.minute
    }

    /// The second, 0 to 60; zero when the precision is coarser.
    #[must_use]
    pub const fn second(&self) -> u8 {
        self.second
    }

    /// The fraction of the second in nanoseconds, 0 to 999,999,999; zero when the precision is coarser.
    #[must_use]
    pub const fn nanos(&self) -> u32 {
        self.nanos
    }

    /// How finely the server stated the time.
    #[must_use]
    pub const fn precision(&self) -> Precision {
        self.precision
    }

    /// The zone in which the fields are written.
    #[must_use]
    pub const fn zone(&self) -> Zone {
        self.zone.zone()
    }

    /// Whether the server left the year out and a reference time supplied it.
    #[must_use]
    pub const fn is_year_inferred(&self) -> bool {
        self.year_inferred
    }

    /// Seconds since 1970-01-01 00:00:00 UTC and nanoseconds, or `None` when the zone is unknown.
    ///
    /// A leap second counts as the first second of the next minute, as POSIX time does.
    #[must_use]
    pub fn unix_time(&self) -> Option<(i64, u32)> {
        match self.zone() {
            Zone::Utc => Some(self.unix_time_at(0)),
            Zone::Offset(minutes) => Some(self.unix_time_at(minutes)),
            Zone::Unknown => None,
        }
    }

    /// The same as std's time, or `None` when the zone is unknown, or the time lies beyond what std can hold. Feature `std`.
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use std::time::{Duration, SystemTime};
    /// use ftp_proto::timestamp::Timestamp;
    /// let time = Timestamp::from_time_val(b"19700101000010.5").unwrap();
    /// assert_eq!(time.system_time(), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(10_500)));
    /// # }
    /// ```
    #[cfg(feature = "std")]
    #[must_use]
    pub fn system_time(&self) -> Option<std::time::SystemTime> {
        use core::time::Duration;
        let (seconds, nanos) = self.unix_time()?;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let epoch = std::time::SystemTime::UNIX_EPOCH;
        let at = match seconds {
            0.. => epoch.checked_add(whole),
            _ => epoch.checked_sub(whole),
        };
        at?.checked_add(Duration::from_nanos(u64::from(nanos)))
    }

    /// Seconds since 1970-01-01 00:00:00 UTC and nanoseconds, with the fields read as a clock so many minutes east of
    /// UTC, whatever [`zone`](Self::zone) says.
    #[must_use]
    pub fn unix_time_at(&self, minutes_east: i16) -> (i64, u32) {
        let minutes = i64::from(self.hour)
            .wrapping_mul(60)
            .wrapping_add(i64::from(self.minute))
            .wrapping_sub(i64::from(minutes_east));
        let seconds = days_from_civil(self.year, self.month, self.day)
            .wrapping_mul(SECONDS_PER_DAY)
            .wrapping_add(minutes.wrapping_mul(60))
            .wrapping_add(i64::from(self.second));
        (seconds, self.nanos)
    }

    /// The same time in UTC, of the same precision, or `None` when the zone is unknown or the year leaves 0 to 9999.
    ///
    /// A date alone stays that date: which UTC day it falls on cannot be known.
    #[must_use]
    pub fn to_utc(&self) -> Option<Self> {
        let Zone::Offset(minutes) = self.zone() else {
            return (self.zone() == Zone::Utc).then_some(*self);
        };
        if self.precision == Precision::Day {
            return self.in_zone(Zone::Utc).ok();
        }
        // The second stays out of the conversion, so that a leap second survives it.
        let whole = Self { second: 0, ..*self };
        let (seconds, nanos) = whole.unix_time_at(minutes);
        Some(Self {
            second: self.second,
            nanos,
            precision: self.precision,
            year_inferred: self.year_inferred,
            ..Self::from_unix_time(seconds).ok()?
        })
    }

    /// The time as RFC 3659 writes it, for MFMT and MDTM, or `None` when it is not known in UTC.
    ///
    /// A date without a time of day prints as midnight.
    #[must_use]
    pub fn time_val(&self) -> Option<TimeVal> {
        self.to_utc().map(TimeVal)
    }
}

/// ISO 8601, as far as the precision goes: `2021-03-12`, `2021-03-12T14:15`, `2021-03-12T14:15:16.5Z`. UTC shows as
/// `Z`, an offset as `+01:00`, an unknown zone as nothing.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)?;
        if self.precision >= Precision::Minute {
            write!(f, "T{:02}:{:02}", self.hour, self.minute)?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", self.second)?;
        }
        if self.precision == Precision::Fraction {
            write_fraction(f, self.nanos)?;
        }
        match self.zone() {
            Zone::Utc => f.write_str("Z"),
            Zone::Offset(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                let (hours, minutes) = (minutes.div_euclid(60), minutes.rem_euclid(60));
                write!(f, "{sign}{hours:02}:{minutes:02}")
            }
            Zone::Unknown => Ok(()),
        }
    }
}

/// An RFC 3659 `time-val`, made by [`Timestamp::time_val`]: its `Display` is `YYYYMMDDHHMMSS[.fraction]`.
///
/// The fraction is printed only for [`Precision::Fraction`], without trailing zeros but with at least one digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeVal(Timestamp);

impl fmt::Display for TimeVal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = &self.0;
        write!(f, "{:04}{:02}{:02}", time.year, time.month, time.day)?;
        write!(f, "{:02}{:02}{:02}", time.hour, time.minute, time.second)?;
        if time.precision == Precision::Fraction {
            write_fraction(f, time.nanos)?;
        }
        Ok(())
    }
}

fn write_fraction(f: &mut fmt::Formatter<'_>, nanos: u32) -> fmt::Result {
    let (mut value, mut width) = (nanos, NANOS_DIGITS);
    while width > 1 && value % 10 == 0 {
        value = value.div_euclid(10);
        width = width.saturating_sub(1);
    }
    write!(f, ".{value:0width$}")
}

#[inline(always)]
fn from_fourteen(digits: &[u8; 14]) -> Result<Timestamp, TimestampError> {
    let (Some(date), Some(time)) = (digits.first_chunk(), digits.last_chunk()) else {
        return Err(TimestampError::Form);
    };
    let [century, year, month, day] = pairs(*date)?;
    let [_, hour, minute, second] = pairs(*time)?;
    let year = u16::from(century)
        .wrapping_mul(100)
        .wrapping_add(u16::from(year));
    Timestamp::date(year, month, day)?
        .at_second(hour, minute, second)?
        .in_zone(Zone::Utc)
}

/// Eight decimal digits as four numbers, worked out side by side in one machine word.
fn pairs(digits: [u8; 8]) -> Result<[u8; 4], TimestampError> {
    const ZEROS: u64 = u64::from_le_bytes(*b"00000000");
    let word = u64::from_le_bytes(digits) ^ ZEROS;
    // A byte above nine reaches into the upper half when six is added, or stands there already.
    let above_nine = word.wrapping_add(u64::from_le_bytes([6; 8])) | word;
    if above_nine & u64::from_le_bytes([0xF0; 8]) != 0 {
        return Err(TimestampError::Form);
    }
    let [first, _, second, _, third, _, fourth, _] =
        word.wrapping_mul(10).wrapping_add(word >> 8).to_le_bytes();
    Ok([first, second, third, fourth])
}

/// `19` followed by the years since 1900 in three digits: what `"19%d"` printed from the year 2000 on.
fn from_fifteen(text: &[u8]) -> Result<Timestamp, TimestampError> {
    let Some([b'1', b'9', b'1', tail @ ..]) = text.first_chunk::<15>() else {
        return Err(TimestampError::Form);
    };
    let mut digits = *b"20000000000000";
    for (digit, byte) in digits.iter_mut().skip(2).zip(tail) {
        *digit = *byte;
    }
    let time = from_fourteen(&digits)?;
    match text.get(15..) {
        Some([]) => Ok(time),
        Some([b'.', fraction @ ..]) => time.with_nanos(nanos(fraction)?),
        _ => Err(TimestampError::Form),
    }
}

/// The digits after a decimal point as nanoseconds; digits beyond the ninth are checked and dropped.
pub(crate) fn nanos(fraction: &[u8]) -> Result<u32, TimestampError> {
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return Err(TimestampError::Form);
    }
    let padded = fraction.iter().chain(core::iter::repeat(&b'0'));
    Ok(padded.take(NANOS_DIGITS).fold(0_u32, |value, byte| {
        value
            .wrapping_mul(10)
            .wrapping_add(u32::from(byte.wrapping_sub(b'0')))
    }))
}

/// The number of days in a month, which must lie in 1 to 12.
pub(crate) const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

const fn is_leap(year: u16) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days from 1970-01-01 to a date: years are counted from March, so that the leap day is the last of its year, and in
/// eras of 400 years, all of which have 146,097 days.
fn days_from_civil(year: u16, month: u8, day: u8) -> i64 {
    let month = i64::from(month);
    let year = i64::from(year).wrapping_sub(i64::from(month <= 2));
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = month.wrapping_add(9).rem_euclid(12);
    let day_of_year = month_from_march
        .wrapping_mul(153)
        .wrapping_add(2)
        .div_euclid(5)
        .wrapping_add(i64::from(day))
        .wrapping_sub(1);
    let day_of_era = year_of_era
        .wrapping_mul(365)
        .wrapping_add(year_of_era.div_euclid(4))
        .wrapping_sub(year_of_era.div_euclid(100))
        .wrapping_add(day_of_year);
    era.wrapping_mul(146_097)
        .wrapping_add(day_of_era)
        .wrapping_sub(719_468)
}

/// The inverse of [`days_from_civil`], for any number of days that `i64` seconds can hold.
fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let shifted = days.wrapping_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = day_of_era
        .wrapping_sub(day_of_era.div_euclid(1460))
        .wrapping_add(day_of_era.div_euclid(36_524))
        .wrapping_sub(day_of_era.div_euclid(146_096))
        .div_euclid(365);
    let day_of_year = day_of_era
        .wrapping_sub(year_of_era.wrapping_mul(365))
        .wrapping_sub(year_of_era.div_euclid(4))
        .wrapping_add(year_of_era.div_euclid(100));
    let month_from_march = day_of_year.wrapping_mul(5).wrapping_add(2).div_euclid(153);
    let day = day_of_year
        .wrapping_sub(
            month_from_march
                .wrapping_mul(153)
                .wrapping_add(2)
                .div_euclid(5),
        )
        .wrapping_add(1);
    let month = month_from_march
        .wrapping_add(2)
        .rem_euclid(12)
        .wrapping_add(1);
    let year = era
        .wrapping_mul(400)
        .wrapping_add(year_of_era)
        .wrapping_add(i64::from(month <= 2));
    let byte = |value: i64| u8::try_from(value).unwrap_or_default();
    (year, byte(month), byte(day))
}
