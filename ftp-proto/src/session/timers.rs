//! Deadlines, one for each reason. An input only *requests* a timer; the next `poll_action` arms it with its time.

use core::time::Duration;

use crate::time::{Deadline, Instant, Reason};

const REASONS: [Reason; 15] = [
    Reason::Greeting,
    Reason::Reply,
    Reason::Mark,
    Reason::DataOpen,
    Reason::Securing,
    Reason::DataIdle,
    Reason::DataTotal,
    Reason::TlsClose,
    Reason::Completion,
    Reason::Drain,
    Reason::AbortLinger,
    Reason::AbortGrace,
    Reason::Fence,
    Reason::Keepalive,
    Reason::Operation,
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Timer {
    #[default]
    Off,
    Requested(Duration),
    Armed(Instant),
    /// To be stopped, with its rest, at the next known time.
    Pausing(Instant),
    /// Stopped, with this rest.
    Paused(Duration),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Timers {
    all: [Timer; REASONS.len()],
    /// The number of timers that are not off: mostly one or none.
    on: u8,
}

impl Timers {
    /// Begins the wait, anew if it was under way.
    pub(super) fn request(&mut self, reason: Reason, limit: Duration) {
        self.set(reason, |_| Timer::Requested(limit));
    }

    /// Begins the wait anew; one that is paused stays so.
    pub(super) fn restart(&mut self, reason: Reason, limit: Duration) {
        self.set(reason, |timer| match timer {
            Timer::Pausing(_) | Timer::Paused(_) => Timer::Paused(limit),
            _ => Timer::Requested(limit),
        });
    }

    /// Stops the wait until it is resumed.
    pub(super) fn pause(&mut self, reason: Reason) {
        self.set(reason, |timer| match timer {
            Timer::Requested(limit) => Timer::Paused(limit),
            Timer::Armed(at) => Timer::Pausing(at),
            other => other,
        });
    }

    /// Goes on with a wait that was paused, for what is left of it.
    pub(super) fn resume(&mut self, reason: Reason) {
        self.set(reason, |timer| match timer {
            Timer::Pausing(at) => Timer::Armed(at),
            Timer::Paused(left) => Timer::Requested(left),
            other => other,
        });
    }

    pub(super) fn is_on(&self, reason: Reason) -> bool {
        self.get(reason) != Timer::Off
    }

    pub(super) fn is_paused(&self, reason: Reason) -> bool {
        matches!(self.get(reason), Timer::Pausing(_) | Timer::Paused(_))
    }

    pub(super) fn cancel(&mut self, reason: Reason) {
        self.set(reason, |_| Timer::Off);
    }

    pub(super) fn cancel_all_but(&mut self, kept: &[Reason]) {
        for reason in REASONS.iter().filter(|reason| !kept.contains(reason)) {
            self.cancel(*reason);
        }
    }

    pub(super) fn arm(&mut self, now: Instant) {
        if self.on == 0 {
            return;
        }
        for timer in &mut self.all {
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
        let mut next: Option<Deadline> = None;
        let mut left = self.on;
        for (timer, reason) in self.all.iter().zip(REASONS) {
            if left == 0 {
                break;
            }
            if *timer == Timer::Off {
                continue;
            }
            left = left.saturating_sub(1);
            let at = match *timer {
                Timer::Armed(at) => at,
                Timer::Requested(_) | Timer::Pausing(_) => now,
                Timer::Off | Timer::Paused(_) => continue,
            };
            if next.is_none_or(|next| at < next.at) {
                next = Some(Deadline { at, reason });
            }
        }
        next
    }

    fn get(&self, reason: Reason) -> Timer {
        let timer = self.all.get(place(reason));
        timer.copied().unwrap_or_default()
    }

    fn set(&mut self, reason: Reason, change: impl FnOnce(Timer) -> Timer) {
        let Some(timer) = self.all.get_mut(place(reason)) else {
            return;
        };
        let before = *timer;
        *timer = change(before);
        match (before == Timer::Off, *timer == Timer::Off) {
            (true, false) => self.on = self.on.saturating_add(1),
            (false, true) => self.on = self.on.saturating_sub(1),
            _ => {}
        }
    }
}

/// Where the timer for a reason stands: in the order in which the reasons are declared.
const fn place(reason: Reason) -> usize {
    reason as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_place() {
        for (index, reason) in REASONS.into_iter().enumerate() {
            assert_eq!(place(reason), index);
        }
    }
}
