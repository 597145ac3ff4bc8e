//! MDTM and MLSx times: the RFC 3659 forms, what servers send instead, and the calendar beneath.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use ftp_proto::reply::{Grammar, Limits, Parser, Reply, ReplyCode};
use ftp_proto::timestamp::{Precision, Timestamp, TimestampError, Zone, decode};
use proptest::prelude::*;

/// The text of a reply to MDTM, and the time that it states.
const REPLIES: &[(&str, Result<&str, TimestampError>)] = &[
    ("20210312141516", Ok("2021-03-12T14:15:16Z")),
    ("20210312141516.5", Ok("2021-03-12T14:15:16.5Z")),
    ("20210312141516.123", Ok("2021-03-12T14:15:16.123Z")),
    (
        "20210312141516.123456789",
        Ok("2021-03-12T14:15:16.123456789Z"),
    ),
    (
        "20210312141516.1234567899",
        Ok("2021-03-12T14:15:16.123456789Z"),
    ),
    ("20210312141516.000", Ok("2021-03-12T14:15:16.0Z")),
    ("20240229000000", Ok("2024-02-29T00:00:00Z")),
    ("20000229000000", Ok("2000-02-29T00:00:00Z")),
    ("19000229000000", Err(TimestampError::Day)),
    ("20230229000000", Err(TimestampError::Day)),
    ("19691231235959", Ok("1969-12-31T23:59:59Z")),
    ("00010101000000", Ok("0001-01-01T00:00:00Z")),
    ("99991231235959", Ok("9999-12-31T23:59:59Z")),
    // Fourteen digits of which "19" and "100" were meant as the year: no month 00.
    ("19100031214151", Err(TimestampError::Month)),
    ("191000312141516", Ok("2000-03-12T14:15:16Z")),
    ("191210704093000", Ok("2021-07-04T09:30:00Z")),
    ("191210704093000.25", Ok("2021-07-04T09:30:00.25Z")),
    ("192210704093000", Err(TimestampError::Form)),
    ("1912107040930001", Err(TimestampError::Form)),
    ("20161231235960", Ok("2016-12-31T23:59:60Z")),
    ("20161231235961", Err(TimestampError::TimeOfDay)),
    ("20211312141516", Err(TimestampError::Month)),
    ("20210012141516", Err(TimestampError::Month)),
    ("20210332141516", Err(TimestampError::Day)),
    ("20210300141516", Err(TimestampError::Day)),
    ("20210431141516", Err(TimestampError::Day)),
    ("20210312241516", Err(TimestampError::TimeOfDay)),
    ("20210312146016", Err(TimestampError::TimeOfDay)),
    ("202103121415", Err(TimestampError::Form)),
    ("2021031214151", Err(TimestampError::Form)),
    ("2021031214151x", Err(TimestampError::Form)),
    ("2021-03-12 14:15:16", Err(TimestampError::Form)),
    (" 20210312141516 ", Ok("2021-03-12T14:15:16Z")),
    ("20210312141516Z", Err(TimestampError::Form)),
    ("20210312141516.", Err(TimestampError::Form)),
    ("20210312141516.5x", Err(TimestampError::Form)),
    ("+2021031214151", Err(TimestampError::Form)),
    ("No such file", Err(TimestampError::Form)),
    ("", Err(TimestampError::Form)),
];

#[test]
fn replies_to_mdtm() {
    for (text, expected) in REPLIES {
        let reply = Reply::new(ReplyCode::FILE_STATUS, text.as_bytes());
        let parsed = decode(&reply);
        assert_eq!(
            parsed.map(|time| time.to_string()),
            expected.map(String::from),
            "{text:?}"
        );
    }
}

#[test]
fn replies_that_hold_no_whole_time() {
    let time = b"20210312141516";
    for code in [ReplyCode::OKAY, ReplyCode::FILE_UNAVAILABLE] {
        let reply = Reply::new(code, time);
        assert_eq!(decode(&reply), Err(TimestampError::Code));
    }
    let limits = Limits {
        line_bytes_max: 16,
        ..Limits::default()
    };
    let mut parser = Parser::new(limits, Grammar::default());
    let cut = parser.parse(&mut &b"213 20210312141516.123\r\n"[..]);
    let cut = cut.unwrap().unwrap();
    assert!(cut.is_truncated());
    assert_eq!(decode(&cut), Err(TimestampError::Truncated));
}

#[test]
fn blanks_are_no_part_of_a_time_val() {
    assert_eq!(
        Timestamp::from_time_val(b" 20210312141516"),
        Err(TimestampError::Form)
    );
}

#[test]
fn unix_time_of_known_instants() {
    for (text, seconds) in [
        ("19700101000000", 0),
        ("19691231235959", -1),
        ("20010909014640", 1_000_000_000),
        ("20380119031407", 2_147_483_647),
        ("20040908132640", 1_094_650_000),
        ("20240229120000", 1_709_208_000),
        ("00000301000000", -62_162_035_200),
        ("99991231235959", 253_402_300_799),
        // A leap second is the first second of the next day in POSIX time.
        ("20161231235960", 1_483_228_800),
    ] {
        let time = Timestamp::from_time_val(text.as_bytes()).unwrap();
        assert_eq!(time.unix_time(), Some((seconds, 0)), "{text}");
    }
}

#[test]
fn every_day_of_four_centuries_converts_there_and_back() {
    let mut expected = Timestamp::from_time_val(b"19000101000000")
        .unwrap()
        .unix_time()
        .unwrap()
        .0;
    let mut days = 0;
    for year in 1900..2300 {
        for month in 1..=12 {
            for day in 1..=31 {
                let Ok(date) = Timestamp::date(year, month, day) else {
                    continue;
                };
                assert_eq!(date.unix_time_at(0), (expected, 0), "{date}");
                let back = Timestamp::from_unix_time(expected).unwrap();
                assert_eq!((back.year(), back.month(), back.day()), (year, month, day));
                expected += 86_400;
                days += 1;
            }
        }
    }
    assert_eq!(days, 146_097, "400 Gregorian years");
}

#[test]
fn years_beyond_four_digits_are_refused() {
    assert!(Timestamp::from_unix_time(253_402_300_799).is_ok());
    for seconds in [253_402_300_800, i64::MAX, i64::MIN, -62_167_219_201] {
        assert_eq!(
            Timestamp::from_unix_time(seconds),
            Err(TimestampError::Year),
            "{seconds}"
        );
    }
    assert_eq!(Timestamp::date(10_000, 1, 1), Err(TimestampError::Year));
}

#[test]
fn honesty_shows_in_display_and_accessors() {
    let day = Timestamp::date(2021, 3, 5).unwrap();
    assert_eq!(
        (day.precision(), day.zone()),
        (Precision::Day, Zone::Unknown)
    );
    assert_eq!(day.to_string(), "2021-03-05");
    let minute = day.at_minute(9, 5).unwrap();
    assert_eq!(minute.to_string(), "2021-03-05T09:05");
    assert!(!minute.is_year_inferred());
    assert!(minute.with_inferred_year().is_year_inferred());
    let offset = minute.in_zone(Zone::Offset(-210)).unwrap();
    assert_eq!(offset.to_string(), "2021-03-05T09:05-03:30");
    assert_eq!(offset.to_utc().unwrap().to_string(), "2021-03-05T12:35Z");
    assert_eq!(minute.to_utc(), None);
    assert_eq!(minute.time_val(), None);
    assert_eq!(
        minute.in_zone(Zone::Offset(1440)),
        Err(TimestampError::Offset)
    );
    assert_eq!(
        minute.in_zone(Zone::Offset(-1440)),
        Err(TimestampError::Offset)
    );
    assert_eq!(day.at_minute(24, 0), Err(TimestampError::TimeOfDay));
    assert_eq!(day.at_second(0, 0, 61), Err(TimestampError::TimeOfDay));
    assert_eq!(
        day.at_second(0, 0, 0).unwrap().with_nanos(1_000_000_000),
        Err(TimestampError::TimeOfDay)
    );
}

#[test]
fn an_offset_moves_time_but_not_a_bare_date_nor_a_leap_second() {
    let date = Timestamp::date(2021, 3, 5).unwrap();
    let east = date.in_zone(Zone::Offset(600)).unwrap();
    assert_eq!(east.to_utc().unwrap().to_string(), "2021-03-05Z");
    let leap = Timestamp::date(2017, 1, 1)
        .unwrap()
        .at_second(0, 59, 60)
        .unwrap()
        .in_zone(Zone::Offset(60))
        .unwrap();
    assert_eq!(leap.to_utc().unwrap().to_string(), "2016-12-31T23:59:60Z");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(time) = Timestamp::from_time_val(&bytes) {
            prop_assert!(time.month() >= 1 && time.month() <= 12);
            prop_assert_eq!(time.zone(), Zone::Utc);
        }
    }

    #[test]
    fn printing_and_reading_is_the_identity(
        seconds in -62_167_219_200_i64..=253_402_300_799,
        nanos in proptest::option::of(0_u32..1_000_000_000),
    ) {
        let mut time = Timestamp::from_unix_time(seconds).unwrap();
        if let Some(nanos) = nanos {
            time = time.with_nanos(nanos).unwrap();
        }
        let printed = time.time_val().unwrap().to_string();
        prop_assert_eq!(Timestamp::from_time_val(printed.as_bytes()), Ok(time));
        prop_assert_eq!(time.unix_time(), Some((seconds, nanos.unwrap_or(0))));
    }

    #[cfg(feature = "std")]
    #[test]
    fn std_s_time_and_back_is_the_identity(seconds in -62_167_219_200_i64..=253_402_300_799) {
        let time = Timestamp::from_unix_time(seconds).unwrap();
        prop_assert_eq!(Timestamp::from_system_time(time.system_time().unwrap()), Ok(time));
    }
}

/// Std's time may lie between two seconds, before 1970 too: the second that has begun counts.
#[cfg(feature = "std")]
#[test]
fn parts_of_a_second() {
    use std::time::{Duration, SystemTime};
    let half = Duration::from_millis(500);
    for (time, seconds) in [
        (SystemTime::UNIX_EPOCH + half, 0),
        (SystemTime::UNIX_EPOCH - half, -1),
        (SystemTime::UNIX_EPOCH - half * 3, -2),
        (SystemTime::UNIX_EPOCH - half * 4, -2),
    ] {
        assert_eq!(
            Timestamp::from_system_time(time),
            Timestamp::from_unix_time(seconds)
        );
    }
    let before = Timestamp::from_time_val(b"19691231235959.25").unwrap();
    let expected = SystemTime::UNIX_EPOCH - Duration::from_millis(750);
    assert_eq!(before.system_time(), Some(expected));
    let no_zone = Timestamp::date(1970, 1, 1).unwrap();
    assert_eq!(no_zone.system_time(), None);
    let beyond = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    assert_eq!(
        Timestamp::from_system_time(beyond),
        Err(TimestampError::Year)
    );
}

#[test]
fn fields_are_those_that_were_read() {
    let time = Timestamp::from_time_val(b"20210312141516.125").unwrap();
    assert_eq!((time.year(), time.month(), time.day()), (2021, 3, 12));
    assert_eq!((time.hour(), time.minute(), time.second()), (14, 15, 16));
    assert_eq!(time.nanos(), 125_000_000);
    let day = Timestamp::date(2021, 3, 12).unwrap();
    assert_eq!((day.hour(), day.minute(), day.second()), (0, 0, 0));
    assert_eq!(day.nanos(), 0);
}

#[test]
fn a_second_has_less_than_a_billion_nanoseconds() {
    let time = Timestamp::from_unix_time(0).unwrap();
    let last = time.with_nanos(999_999_999).unwrap();
    assert_eq!(last.to_string(), "1970-01-01T00:00:00.999999999Z");
    assert_eq!(
        time.with_nanos(1_000_000_000),
        Err(TimestampError::TimeOfDay)
    );
}

#[test]
fn an_offset_of_zero_is_east() {
    let time = Timestamp::date(2021, 3, 12)
        .unwrap()
        .at_minute(14, 15)
        .unwrap();
    for (minutes, shown) in [(0, "+00:00"), (-1, "-00:01"), (330, "+05:30")] {
        let time = time.in_zone(Zone::Offset(minutes)).unwrap();
        assert_eq!(time.to_string(), format!("2021-03-12T14:15{shown}"));
    }
}

#[test]
fn times_are_written_for_a_server_in_utc() {
    let written = |time: Timestamp| time.time_val().map(|time| time.to_string());
    for (text, expected) in [
        ("20210312141516", "20210312141516"),
        ("20210312141516.5", "20210312141516.5"),
        ("20210312141516.000", "20210312141516.0"),
        ("191210704093000", "20210704093000"),
    ] {
        let time = Timestamp::from_time_val(text.as_bytes()).unwrap();
        assert_eq!(written(time).as_deref(), Some(expected));
    }
    let day = Timestamp::date(2021, 3, 12).unwrap();
    assert_eq!(written(day), None);
    let east = day.at_minute(0, 30).unwrap().in_zone(Zone::Offset(60));
    assert_eq!(written(east.unwrap()).as_deref(), Some("20210311233000"));
}
