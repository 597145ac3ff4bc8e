//! The Gregorian calendar.

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

/// Days from 1970-01-01 to a date: years are counted from March, so that the leap day is the last
/// of its year, and in eras of 400 years, all of which have 146,097 days.
pub(super) fn days_from_civil(year: u16, month: u8, day: u8) -> i64 {
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
pub(super) fn civil_from_days(days: i64) -> (i64, u8, u8) {
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
