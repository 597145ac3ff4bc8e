//! The machine's time, from the times that the application passes in.

use std::time::Instant as Now;

use ftp_proto::Instant;

/// Counts from the moment when it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Now);

impl Clock {
    pub(crate) const fn from(epoch: Now) -> Self {
        Self(epoch)
    }

    pub(crate) fn machine_time(self, now: Now) -> Instant {
        Instant::from_epoch(now.saturating_duration_since(self.0))
    }

    /// `None` if the system's clock cannot hold it, which means for ever.
    pub(crate) fn system_time(self, at: Instant) -> Option<Now> {
        self.0.checked_add(at.since_epoch())
    }
}
