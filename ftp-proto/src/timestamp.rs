//! Calendar times with a known precision: MDTM replies, MLSx facts and listing dates.
//!
//! FTP servers report times in two dialects. MDTM, MFMT and the MLSx facts `modify` and `create`
//! carry UTC to the second or better ([RFC 3659 section
//! 2.3](https://www.rfc-editor.org/rfc/rfc3659#section-2.3)). A `LIST` line carries the output of
//! `ls` or a similar program: often only a day, in the server's local time, sometimes without the
//! year. [`Timestamp`] holds both, and shows the difference: [`Timestamp::precision`],
//! [`Timestamp::zone`] and [`Timestamp::is_year_inferred`].
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

mod calendar;
#[cfg(feature = "std")]
mod system_time;
mod time_val;

use core::fmt;

use crate::reply::{Reply, ReplyCode};

pub(crate) use calendar::days_in_month;
use calendar::{civil_from_days, days_from_civil};
pub use time_val::TimeVal;
pub(crate) use time_val::nanos;
use time_val::write_fraction;

const SECONDS_PER_DAY: i64 = 86_400;

/// A calendar date, with a time of day and a zone if the server told them.
///
/// The fields are always a date that exists: years 0 to 9999 of the Gregorian calendar, and second
/// 60 for a leap second (RFC 3659 allows it in any minute). Fields below the
/// [`precision`](Self::precision) are zero.
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
    /// An offset in minutes east of UTC, -1439 to 1439.
    Offset(i16),
    /// The server's local time, in an unknown zone: nearly every `LIST` line.
    Unknown,
}

/// A [`Zone`] in two bytes instead of four: with it a [`Timestamp`] takes sixteen, which listings
/// copy by the million.
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

/// The time in a reply to MDTM (RFC 3659, 3: `213 YYYYMMDDHHMMSS[.fraction]`), in UTC. Blanks
/// around it are accepted.
///
/// # Errors
/// [`TimestampError::Code`], [`TimestampError::Truncated`], and those of
/// [`Timestamp::from_time_val`].
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
    /// [`TimestampError::Year`], [`Month`](TimestampError::Month) or [`Day`](TimestampError::Day)
    /// for a date that the calendar lacks.
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

    /// The same digits, read in another zone, without conversion: for a caller who knows the
    /// server's zone.
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

    /// The same date, marked as having a guessed year, as for listings without a year.
    #[must_use]
    pub const fn with_inferred_year(self) -> Self {
        Self {
            year_inferred: true,
            ..self
        }
    }

    /// The UTC time this many seconds after 1970-01-01 00:00:00 UTC, to the second, without leap
    /// seconds.
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

    /// The fraction of the second in nanoseconds, 0 to 999,999,999; zero when the precision is
    /// coarser.
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

    /// Seconds since 1970-01-01 00:00:00 UTC and nanoseconds, with the fields read as local time
    /// this many minutes east of UTC, whatever [`zone`](Self::zone) says.
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

    /// The same time in UTC, of the same precision, or `None` when the zone is unknown or the year
    /// leaves 0 to 9999.
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
}

/// ISO 8601, as far as the precision goes: `2021-03-12`, `2021-03-12T14:15`,
/// `2021-03-12T14:15:16.5Z`. UTC shows as `Z`, an offset as `+01:00`, an unknown zone as nothing.
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
