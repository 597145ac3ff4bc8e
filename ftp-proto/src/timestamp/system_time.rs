//! From and to std's `SystemTime`.

use core::time::Duration;
use std::time::SystemTime;

use super::{Timestamp, TimestampError};

impl Timestamp {
    /// A time of std's in UTC, to the second. Feature `std`.
    ///
    /// # Errors
    /// As [`from_unix_time`](Self::from_unix_time).
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use ftp_proto::timestamp::Timestamp;
    /// let time = SystemTime::UNIX_EPOCH - Duration::from_millis(1);
    /// assert_eq!(Timestamp::from_system_time(time).unwrap().to_string(), "1969-12-31T23:59:59Z");
    /// ```
    pub fn from_system_time(time: SystemTime) -> Result<Self, TimestampError> {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
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

    /// The same as std's time, or `None` when the zone is unknown, or the time lies beyond what std
    /// can hold. Feature `std`.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use ftp_proto::timestamp::Timestamp;
    /// let time = Timestamp::from_time_val(b"19700101000010.5").unwrap();
    /// assert_eq!(time.system_time(), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(10_500)));
    /// ```
    #[must_use]
    pub fn system_time(&self) -> Option<SystemTime> {
        let (seconds, nanos) = self.unix_time()?;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let at = match seconds {
            0.. => SystemTime::UNIX_EPOCH.checked_add(whole),
            _ => SystemTime::UNIX_EPOCH.checked_sub(whole),
        };
        at?.checked_add(Duration::from_nanos(u64::from(nanos)))
    }
}
