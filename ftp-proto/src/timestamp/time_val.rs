//! `time-val` of RFC 3659: fourteen digits and a fraction, in UTC.

use core::fmt;

use super::{Precision, Timestamp, TimestampError, Zone};

const NANOS_DIGITS: usize = 9;

impl Timestamp {
    /// Reads an RFC 3659 `time-val`: exactly fourteen digits, and a fraction of one digit or more,
    /// in UTC.
    ///
    /// Digits beyond nanoseconds are dropped. Fifteen digits `191yyMMDDHHMMSS` are the year-2000
    /// bug of servers that print `19` and the years since 1900 (100 to 199); they are read as what
    /// was meant.
    ///
    /// # Errors
    /// [`TimestampError`]; any other text, also surrounding blanks or a zone letter, is
    /// [`TimestampError::Form`].
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

    /// The time as RFC 3659 writes it, for MFMT and MDTM, or `None` when it is not known in UTC.
    ///
    /// A date without a time of day prints as midnight.
    #[must_use]
    pub fn time_val(&self) -> Option<TimeVal> {
        self.to_utc().map(TimeVal)
    }
}

/// An RFC 3659 `time-val`, made by [`Timestamp::time_val`]: its `Display` is
/// `YYYYMMDDHHMMSS[.fraction]`.
///
/// The fraction is printed only for [`Precision::Fraction`], without trailing zeros but with at
/// least one digit.
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

pub(super) fn write_fraction(f: &mut fmt::Formatter<'_>, nanos: u32) -> fmt::Result {
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

/// `19` followed by the years since 1900 in three digits: what `"19%d"` printed from the year 2000
/// on.
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

/// The digits after a decimal point as nanoseconds; digits beyond the ninth are checked and
/// dropped.
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
