//! The machine's time, from the operating system's monotonic clock.

use std::time::Instant as Now;

use ftp_proto::Instant;

/// Counts from the moment when it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Now);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Now::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::from_epoch(self.0.elapsed())
    }
}
