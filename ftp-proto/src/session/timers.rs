//! Deadlines, one for each reason. An input only *requests* a timer; the next `poll_action` arms it
//! with its time.

use alloc::vec::Vec;
use core::time::Duration;

use crate::time::{Deadline, Instant, Reason};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Timer {
    Requested(Duration),
    Armed(Instant),
    /// To be stopped, with its rest, at the next known time.
    Pausing(Instant),
    /// Stopped, with this rest.
    Paused(Duration),
}

/// The timers that are on, in the order of their reasons: mostly one or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Timers(Vec<(Reason, Timer)>);

impl Timers {
    /// Begins the wait, anew if it was under way.
    pub(super) fn request(&mut self, reason: Reason, limit: Duration) {
        self.change(reason, |_| Some(Timer::Requested(limit)));
    }

    /// Begins the wait anew; one that is paused stays so.
    pub(super) fn restart(&mut self, reason: Reason, limit: Duration) {
        self.change(reason, |timer| match timer {
            Some(Timer::Pausing(_) | Timer::Paused(_)) => Some(Timer::Paused(limit)),
            _ => Some(Timer::Requested(limit)),
        });
    }

    /// Stops the wait until it is resumed.
    pub(super) fn pause(&mut self, reason: Reason) {
        self.change(reason, |timer| match timer? {
            Timer::Requested(limit) => Some(Timer::Paused(limit)),
            Timer::Armed(at) => Some(Timer::Pausing(at)),
            other => Some(other),
        });
    }

    /// Goes on with a wait that was paused, for what is left of it.
    pub(super) fn resume(&mut self, reason: Reason) {
        self.change(reason, |timer| match timer? {
            Timer::Pausing(at) => Some(Timer::Armed(at)),
            Timer::Paused(left) => Some(Timer::Requested(left)),
            other => Some(other),
        });
    }

    pub(super) fn is_on(&self, reason: Reason) -> bool {
        self.find(reason).is_ok()
    }

    pub(super) fn is_paused(&self, reason: Reason) -> bool {
        let timer = self.find(reason).ok().and_then(|index| self.0.get(index));
        matches!(timer, Some((_, Timer::Pausing(_) | Timer::Paused(_))))
    }

    pub(super) fn cancel(&mut self, reason: Reason) {
        self.change(reason, |_| None);
    }

    pub(super) fn cancel_all_but(&mut self, kept: &[Reason]) {
        self.0.retain(|(reason, _)| kept.contains(reason));
    }

    pub(super) fn arm(&mut self, now: Instant) {
        for (_, timer) in &mut self.0 {
            *timer = match *timer {
                Timer::Requested(limit) => Timer::Armed(now.saturating_add(limit)),
                Timer::Pausing(at) => Timer::Paused(at.saturating_since(now)),
                other => other,
            };
        }
    }

    /// Takes the timer that was due first, if one is due. Every timer is armed.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Reason> {
        let due = self.deadline(now).filter(|deadline| deadline.at <= now)?;
        self.cancel(due.reason);
        Some(due.reason)
    }

    /// The next timer to fire. A requested one that is not armed is due `now`, so that the driver
    /// polls.
    pub(super) fn deadline(&self, now: Instant) -> Option<Deadline> {
        let on = self.0.iter().filter_map(|(reason, timer)| {
            let at = match *timer {
                Timer::Armed(at) => at,
                Timer::Requested(_) | Timer::Pausing(_) => now,
                Timer::Paused(_) => return None,
            };
            let reason = *reason;
            Some(Deadline { at, reason })
        });
        on.min_by_key(|deadline| deadline.at)
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Where the timer stands, or where it would.
    fn find(&self, reason: Reason) -> Result<usize, usize> {
        self.0.binary_search_by_key(&reason, |(known, _)| *known)
    }

    /// Changes a timer; `None` is one that is off.
    fn change(&mut self, reason: Reason, change: impl FnOnce(Option<Timer>) -> Option<Timer>) {
        let found = self.find(reason);
        let before = found.ok().and_then(|index| self.0.get_mut(index));
        match (found, change(before.as_ref().map(|(_, timer)| *timer))) {
            (Ok(_), Some(after)) => {
                if let Some((_, timer)) = before {
                    *timer = after;
                }
            }
            (Ok(index), None) => drop(self.0.remove(index)),
            (Err(index), Some(after)) => self.0.insert(index, (reason, after)),
            (Err(_), None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_is_over_leaves_nothing() {
        let mut timers = Timers::default();
        timers.request(Reason::Reply, Duration::from_secs(1));
        timers.request(Reason::Drain, Duration::from_secs(1));
        timers.cancel(Reason::Reply);
        timers.cancel(Reason::Reply);
        assert_eq!(
            timers.deadline(Instant::EPOCH).map(|next| next.reason),
            Some(Reason::Drain)
        );
        timers.cancel(Reason::Drain);
        assert_eq!(timers, Timers::default());
    }
}
