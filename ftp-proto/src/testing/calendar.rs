//! Seconds since 1970 as calendar dates (UTC), and back.

use alloc::format;
use alloc::string::String;

/// 9999-12-31T23:59:59Z: later times do not fit the four digits of a year.
const LAST: u64 = 253_402_300_799;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

struct Date {
    year: u64,
    /// 0 for January.
    month: usize,
    /// 1 for the first.
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

/// The time as MDTM and MLSx write it (RFC 3659, 2.3): `YYYYMMDDHHMMSS`.
pub(super) fn time_val(seconds: u64) -> String {
    let date = date(seconds);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        date.year,
        date.month.saturating_add(1),
        date.day,
        date.hour,
        date.minute,
        date.second
    )
}

/// The time as `ls -l` writes it: with the hour when it lies in the half year before `now`, else
/// with the year.
pub(super) fn listed(seconds: u64, now: u64) -> String {
    const HALF_A_YEAR: u64 = 182 * 86_400;
    let date = date(seconds);
    let month = MONTHS.get(date.month).copied().unwrap_or_default();
    if seconds <= now && now.saturating_sub(seconds) < HALF_A_YEAR {
        format!(
            "{month} {:>2} {:02}:{:02}",
            date.day, date.hour, date.minute
        )
    } else {
        format!("{month} {:>2}  {:04}", date.day, date.year)
    }
}

/// Reads `YYYYMMDDHHMMSS`; a fraction is dropped. `None` for anything else and for dates before
/// 1970.
pub(super) fn parse_time_val(text: &[u8]) -> Option<u64> {
    let (digits, fraction) = text.split_at_checked(14)?;
    let fraction_is_digits =
        |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    if !fraction.is_empty() && !fraction.strip_prefix(b".").is_some_and(fraction_is_digits) {
        return None;
    }
    let field = |from: usize, to: usize| number(digits.get(from..to)?);
    let (year, month, day) = (field(0, 4)?, field(4, 6)?, field(6, 8)?);
    let (hour, minute, second) = (field(8, 10)?, field(10, 12)?, field(12, 14)?);
    let month = usize::try_from(month.checked_sub(1)?).ok()?;
    let of_date =
        year >= 1970 && month < MONTHS.len() && day >= 1 && day <= days_in_month(year, month);
    if !of_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days_before_year = (1970..year).map(days_in_year).fold(0, u64::saturating_add);
    let days_before_month = (0..month)
        .map(|month| days_in_month(year, month))
        .fold(0, u64::saturating_add);
    let days = days_before_year
        .saturating_add(days_before_month)
        .saturating_add(day.saturating_sub(1));
    Some(
        [(days, 24), (hour, 60), (minute, 60)]
            .iter()
            .fold(0, |sum: u64, (count, radix)| {
                sum.saturating_add(*count).saturating_mul(*radix)
            }),
    )
    .map(|seconds: u64| seconds.saturating_add(second))
}

fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    core::str::from_utf8(digits).ok()?.parse().ok()
}

fn date(seconds: u64) -> Date {
    let seconds = seconds.min(LAST);
    let (mut days, in_day) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    while days >= days_in_year(year) {
        days = days.saturating_sub(days_in_year(year));
        year = year.saturating_add(1);
    }
    let mut month = 0;
    while days >= days_in_month(year, month) {
        days = days.saturating_sub(days_in_month(year, month));
        month = month.saturating_add(1);
    }
    Date {
        year,
        month,
        day: days.saturating_add(1),
        hour: in_day / 3600,
        minute: in_day / 60 % 60,
        second: in_day % 60,
    }
}

fn days_in_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(year: u64, month: usize) -> u64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

fn is_leap(year: u64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `date -u -d @SECONDS`.
    const DATES: [(u64, &str); 6] = [
        (0, "19700101000000"),
        (951_782_399, "20000228235959"),
        (951_782_400, "20000229000000"),
        (1_709_251_199, "20240229235959"),
        (4_107_542_400, "21000301000000"),
        (LAST, "99991231235959"),
    ];

    #[test]
    fn dates_both_ways() {
        for (seconds, text) in DATES {
            assert_eq!(time_val(seconds), text);
            assert_eq!(parse_time_val(text.as_bytes()), Some(seconds), "{text}");
        }
        assert_eq!(parse_time_val(b"19700101000001.250"), Some(1));
    }

    #[test]
    fn bad_dates_are_refused() {
        let bad = [
            "",
            "1970",
            "19691231235959",
            "20240230000000",
            "20241301000000",
            "20240001000000",
            "20240101240000",
            "2024010100000x",
            "20240101000000.",
            "20240101000000x",
            "+0240101000000",
        ];
        for text in bad {
            assert_eq!(parse_time_val(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn recent_files_show_the_hour_and_others_the_year() {
        let now = 1_709_251_199;
        assert_eq!(listed(now, now), "Feb 29 23:59");
        assert_eq!(listed(now + 1, now), "Mar  1  2024");
        assert_eq!(listed(0, now), "Jan  1  1970");
    }
}
