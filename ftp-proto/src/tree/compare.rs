//! Whether two files are the same, as far as their listings tell.

use super::object::Object;
use super::options::Way;
use crate::timestamp::{Precision, Timestamp};

/// What [`compare`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Comparison {
    /// Nothing that is known differs.
    Same,
    /// The sizes differ, or one of them is unknown.
    OtherSize,
    /// The sizes are equal and the times differ.
    OtherTime,
    /// The sizes are equal, and the minute of a listing in an unknown zone differs: MDTM tells.
    AskTime,
}

/// Compares a file of the source with that of the target: the sizes, and the times as far as they
/// are precise.
///
/// A time in UTC is compared to the second, because a target may not keep fractions. A time of a
/// LIST has an unknown zone: it is compared to the minute, or to the day, as if it were in UTC,
/// which most servers use. If it differs the server's zone may be another, so the result is
/// [`Comparison::AskTime`].
///
/// Downwards, times have to be equal, because a download sets the local time. Upwards, the target
/// may be later, because not every server lets a client set the time.
///
/// ```
/// use ftp_proto::timestamp::Timestamp;
/// use ftp_proto::tree::{Comparison, Object, Way, compare};
///
/// let local = Timestamp::from_unix_time(1_615_558_516).unwrap(); // 2021-03-12T14:15:16Z
/// let listed = Timestamp::date(2021, 3, 12).unwrap().at_minute(14, 15).unwrap();
/// let source = Object::file("a").with_size(5).with_modified(listed);
/// let target = Object::file("a").with_size(5).with_modified(local);
/// assert_eq!(compare(&source, &target, Way::Down), Comparison::Same);
///
/// let elsewhere = source.with_modified(listed.at_minute(16, 15).unwrap());
/// assert_eq!(compare(&elsewhere, &target, Way::Down), Comparison::AskTime);
/// ```
#[must_use]
pub fn compare(source: &Object, target: &Object, way: Way) -> Comparison {
    match (source.size(), target.size()) {
        (Some(one), Some(other)) if one == other => {}
        _ => return Comparison::OtherSize,
    }
    let (Some(from), Some(to)) = (source.modified(), target.modified()) else {
        return Comparison::Same;
    };
    let precision = from.precision().min(to.precision()).min(Precision::Second);
    let (one, other) = (units(&from, precision), units(&to, precision));
    let is_certain = from.unix_time().is_some() && to.unix_time().is_some();
    match way {
        _ if one == other => Comparison::Same,
        _ if !is_certain => Comparison::AskTime,
        Way::Up if other > one => Comparison::Same,
        Way::Down | Way::Up => Comparison::OtherTime,
    }
}

/// The time in seconds, minutes or days, as if in UTC where the zone is unknown.
fn units(time: &Timestamp, precision: Precision) -> i64 {
    let seconds = time.unix_time().unwrap_or_else(|| time.unix_time_at(0)).0;
    let unit = match precision {
        Precision::Day => 86_400,
        Precision::Minute => 60,
        _ => 1,
    };
    seconds.div_euclid(unit)
}

/// How far a server's clock is ahead of UTC in seconds, by the time of a LIST and what MDTM says of
/// the same file. `None` if no zone is so far away, or the LIST tells no minute.
pub(super) fn zone(listed: &Timestamp, told: &Timestamp) -> Option<i64> {
    const QUARTER: i64 = 15 * 60;
    const FARTHEST: i64 = 14 * 3600;
    if listed.unix_time().is_some() || listed.precision() != Precision::Minute {
        return None;
    }
    let told = told.unix_time()?.0.div_euclid(60).saturating_mul(60);
    let ahead = listed.unix_time_at(0).0.saturating_sub(told);
    let is_zone = ahead.rem_euclid(QUARTER) == 0 && (-FARTHEST..=FARTHEST).contains(&ahead);
    is_zone.then_some(ahead)
}

/// Whether two times are the same, as far as they are precise, if the server's clock is so many
/// seconds ahead of UTC.
pub(super) fn agree_in_zone(listed: &Timestamp, local: &Timestamp, ahead: i64) -> bool {
    let (None, Some((seconds, _))) = (listed.unix_time(), local.unix_time()) else {
        return false;
    };
    let Ok(there) = Timestamp::from_unix_time(seconds.saturating_add(ahead)) else {
        return false;
    };
    let precision = listed.precision().min(Precision::Minute);
    units(listed, precision) == units(&there, precision)
}
