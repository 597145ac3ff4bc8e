//! RFC 3659 times.

use ftp_proto::timestamp::{Precision, Timestamp, Zone};

/// The input is a time-val; its first bytes are also an offset from UTC and a number of seconds
/// since 1970.
pub fn check(input: &[u8]) {
    if let Ok(time) = Timestamp::from_time_val(input) {
        assert!(is_time_val(input), "{time} was read from another form");
        is_a_date_that_exists(&time);
        says_what_it_says(input, &time);
        text_round_trip(&time);
        seconds_agree(&time);
        if let Some(minutes) = input.last_chunk::<2>() {
            zones_agree(time, i16::from_be_bytes(*minutes) % 1600);
        }
    }
    if let Some([high, low, month, day]) = input.first_chunk() {
        let year = u16::from_be_bytes([*high, *low]) % 10_001;
        // The last years of centuries have a rule of their own.
        for year in [year, year - year % 100] {
            date_exists(year, month % 14, day % 33);
        }
    }
    if let Some(seconds) = input.first_chunk::<8>() {
        from_seconds(i64::from_be_bytes(*seconds));
        from_seconds(i64::from_be_bytes(*seconds) >> 26);
    }
}

/// Fourteen digits, or the fifteen of the year-2000 bug, and perhaps a fraction.
fn is_time_val(text: &[u8]) -> bool {
    let mut parts = text.splitn(2, |&byte| byte == b'.');
    let whole = parts.next().unwrap_or_default();
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let length = whole.len() == 14 || (whole.len() == 15 && whole.starts_with(b"191"));
    length && digits(whole) && parts.next().is_none_or(digits)
}

fn is_a_date_that_exists(time: &Timestamp) {
    let again = Timestamp::date(time.year(), time.month(), time.day());
    assert!(again.is_ok() && time.year() <= 9999);
    assert!(time.hour() < 24 && time.minute() < 60 && time.second() <= 60);
    assert!(time.nanos() < 1_000_000_000);
    assert_eq!(time.zone(), Zone::Utc);
    assert!(!time.is_year_inferred());
}

/// The digits are the numbers; of the year-2000 bug, the years since 1900.
fn says_what_it_says(text: &[u8], time: &Timestamp) {
    let number = |digits: &[u8]| {
        let digits = String::from_utf8_lossy(digits);
        digits.parse::<u16>().expect("digits")
    };
    let (year, rest) = match text.get(14).is_some_and(u8::is_ascii_digit) {
        true => (1900 + number(&text[2..5]), &text[5..]),
        false => (number(&text[..4]), &text[4..]),
    };
    let found = [
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
    ];
    assert_eq!(time.year(), year);
    for (pair, found) in rest.chunks(2).zip(found) {
        assert_eq!(number(pair), u16::from(found));
    }
}

fn date_exists(year: u16, month: u8, day: u8) {
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let exists = year <= 9999 && (1..=length).contains(&day);
    assert_eq!(Timestamp::date(year, month, day).is_ok(), exists);
}

fn text_round_trip(time: &Timestamp) {
    let Some(text) = time.time_val() else {
        panic!("{time} is in UTC and has no time-val");
    };
    assert_eq!(
        Timestamp::from_time_val(text.to_string().as_bytes()),
        Ok(*time)
    );
}

/// Counts the days one year and one month at a time.
fn seconds_agree(time: &Timestamp) {
    let is_leap = |year: i64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let year = i64::from(time.year());
    let of_years: i64 = if year >= 1970 {
        (1970..year)
            .map(|year| 365 + i64::from(is_leap(year)))
            .sum()
    } else {
        -(year..1970)
            .map(|year| 365 + i64::from(is_leap(year)))
            .sum::<i64>()
    };
    let february = 28 + i64::from(is_leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let of_months: i64 = lengths.iter().take(usize::from(time.month()) - 1).sum();
    let days = of_years + of_months + i64::from(time.day()) - 1;
    let seconds = ((days * 24 + i64::from(time.hour())) * 60 + i64::from(time.minute())) * 60;
    let seconds = seconds + i64::from(time.second());
    assert_eq!(time.unix_time(), Some((seconds, time.nanos())));
}

fn zones_agree(time: Timestamp, minutes: i16) {
    let Ok(shifted) = time.in_zone(Zone::Offset(minutes)) else {
        assert!(minutes.abs() >= 1440);
        return;
    };
    let (utc, nanos) = time.unix_time().unwrap_or_default();
    let expected = (utc - i64::from(minutes) * 60, nanos);
    assert_eq!(shifted.unix_time(), Some(expected));
    if let Some(converted) = shifted.to_utc() {
        assert_eq!(converted.unix_time(), Some(expected));
        assert_eq!(converted.second(), time.second());
        assert_eq!(converted.precision(), time.precision());
        text_round_trip(&converted);
    }
}

fn from_seconds(seconds: i64) {
    match Timestamp::from_unix_time(seconds) {
        Ok(time) => {
            assert_eq!(time.unix_time(), Some((seconds, 0)));
            assert_eq!(time.precision(), Precision::Second);
            seconds_agree(&time);
            text_round_trip(&time);
        }
        // The years 0 and 9999 are the last ones.
        Err(_) => assert!(!(-62_167_219_200..=253_402_300_799).contains(&seconds)),
    }
}
