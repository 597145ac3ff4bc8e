//! A limit on the rate of payload, as a token bucket that reads no clock.

use core::num::NonZeroU64;
use core::time::Duration;

use crate::time::Instant;

const NANOS: i128 = 1_000_000_000;

/// How many bytes may move at a time, so that no more than so many move in a second.
///
/// A driver asks for the [`room`](Self::room) before it reads or writes payload, says what
/// [`moved`](Self::moved), and when there is no room waits for a [`pause`](Self::pause). A tenth of
/// a second's bytes may move at once, also after a long pause. `ftp-blocking` does all this by
/// itself (`Builder::rate_limit`). An application of `ftp-mio` moves the payload itself, and asks
/// there; one limit may serve many clients.
///
/// ```
/// use core::{num::NonZeroU64, time::Duration};
/// use ftp_proto::{Instant, rate::RateLimit};
///
/// let start = Instant::EPOCH;
/// let mut limit = RateLimit::new(NonZeroU64::new(1000).unwrap());
/// assert_eq!(limit.room(start), 100);
/// limit.moved(start, 100);
/// assert_eq!(limit.room(start), 0);
/// let pause = limit.pause(start); // for a quarter of the hundred bytes
/// assert_eq!(pause, Duration::from_millis(25));
/// assert_eq!(limit.room(start + pause), 25);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RateLimit {
    bytes_per_second: NonZeroU64,
    /// In billionths of a byte; below zero after more has moved than there was room for.
    credit: i128,
    /// The time up to which the credit is counted.
    counted: Instant,
}

impl RateLimit {
    /// At most so many bytes in a second.
    pub fn new(bytes_per_second: NonZeroU64) -> Self {
        let mut limit = Self {
            bytes_per_second,
            credit: 0,
            counted: Instant::EPOCH,
        };
        limit.credit = limit.credit_max();
        limit
    }

    /// How many bytes may move now; 0 until it is worth a call.
    pub fn room(&mut self, now: Instant) -> usize {
        self.count(now);
        if self.credit < self.quantum() {
            return 0;
        }
        usize::try_from(self.credit.div_euclid(NANOS)).unwrap_or(usize::MAX)
    }

    /// How long to wait until there is room; zero if there is.
    pub fn pause(&mut self, now: Instant) -> Duration {
        self.count(now);
        let missing = self.quantum().saturating_sub(self.credit).max(0);
        let rate = i128::from(self.bytes_per_second.get());
        let rounded_up = missing.saturating_add(rate.saturating_sub(1));
        let nanos = rounded_up.checked_div(rate).unwrap_or_default();
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// So many bytes have moved.
    pub fn moved(&mut self, now: Instant, bytes: usize) {
        self.count(now);
        let bytes = i128::try_from(bytes).unwrap_or(i128::MAX);
        self.credit = self.credit.saturating_sub(bytes.saturating_mul(NANOS));
    }

    /// An earlier time than before counts as the same time.
    fn count(&mut self, now: Instant) {
        let nanos = now.saturating_since(self.counted).as_nanos();
        let nanos = i128::try_from(nanos).unwrap_or(i128::MAX);
        let more = nanos.saturating_mul(i128::from(self.bytes_per_second.get()));
        self.credit = self.credit.saturating_add(more).min(self.credit_max());
        self.counted = self.counted.max(now);
    }

    /// A tenth of a second's bytes, at least one byte.
    fn credit_max(&self) -> i128 {
        let tenth = self.bytes_per_second.get().div_euclid(10).max(1);
        i128::from(tenth).saturating_mul(NANOS)
    }

    /// A quarter of that, at least one byte: no call is made for less.
    fn quantum(&self) -> i128 {
        self.credit_max().div_euclid(4).max(NANOS)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]
mod tests {
    use super::RateLimit;
    use crate::time::Instant;
    use core::num::NonZeroU64;
    use core::time::Duration;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_rate_is_kept_and_used(
            rate in 1..100_000_000_u64,
            steps in proptest::collection::vec((0..500_u64, 1..1_000_000_usize), 1..100),
        ) {
            let Some(bytes_per_second) = NonZeroU64::new(rate) else { return Ok(()) };
            let mut limit = RateLimit::new(bytes_per_second);
            let (mut now, mut total) = (Instant::EPOCH, 0_u128);
            for (idle, wanted) in steps {
                now = now + Duration::from_millis(idle);
                let pause = limit.pause(now);
                prop_assert_eq!(pause.is_zero(), limit.room(now) > 0);
                now = now + pause;
                let count = limit.room(now).min(wanted);
                prop_assert!(count > 0);
                limit.moved(now, count);
                total += count as u128;
                let burst = u128::from(rate / 10).max(1);
                let most = now.since_epoch().as_nanos() * u128::from(rate) / 1_000_000_000;
                prop_assert!(total <= most + burst, "{} of {}", total, most);
            }
        }
    }

    #[test]
    fn what_moved_without_room_is_made_up_for() {
        let Some(rate) = NonZeroU64::new(1000) else {
            return;
        };
        let mut limit = RateLimit::new(rate);
        limit.moved(Instant::EPOCH, 1100);
        assert_eq!(limit.pause(Instant::EPOCH), Duration::from_millis(1025));
        limit.moved(Instant::EPOCH, usize::MAX);
        assert_eq!(limit.room(Instant::EPOCH), 0);
    }
}
