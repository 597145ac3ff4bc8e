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
    /// To be stopped with what is left of it at the next time that is told.
    Pausing(Instant),
    /// Stopped, with so much left.
    Paused(Duration),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Timers([Timer; REASONS.len()]);

impl Timers {
    /// Begins the wait, anew if it was under way.
    pub(super) fn request(&mut self, reason: Reason, limit: Duration) {
        if let Some(timer) = self.slot(reason) {
            *timer = Timer::Requested(limit);
        }
    }

    /// Begins the wait anew; one that is paused stays so.
    pub(super) fn restart(&mut self, reason: Reason, limit: Duration) {
        if let Some(timer) = self.slot(reason) {
            *timer = match timer {
                Timer::Pausing(_) | Timer::Paused(_) => Timer::Paused(limit),
                _ => Timer::Requested(limit),
            };
        }
    }

    /// Stops the wait until it is resumed.
    pub(super) fn pause(&mut self, reason: Reason) {
        if let Some(timer) = self.slot(reason) {
            *timer = match *timer {
                Timer::Requested(limit) => Timer::Paused(limit),
                Timer::Armed(at) => Timer::Pausing(at),
                other => other,
            };
        }
    }

    /// Goes on with a wait that was paused, for what is left of it.
    pub(super) fn resume(&mut self, reason: Reason) {
        if let Some(timer) = self.slot(reason) {
            *timer = match *timer {
                Timer::Pausing(at) => Timer::Armed(at),
                Timer::Paused(left) => Timer::Requested(left),
                other => other,
            };
        }
    }

    pub(super) fn is_on(&mut self, reason: Reason) -> bool {
        self.slot(reason).is_some_and(|timer| *timer != Timer::Off)
    }

    pub(super) fn is_paused(&mut self, reason: Reason) -> bool {
        let paused = |timer: &mut Timer| matches!(timer, Timer::Pausing(_) | Timer::Paused(_));
        self.slot(reason).is_some_and(paused)
    }

    pub(super) fn cancel(&mut self, reason: Reason) {
        if let Some(timer) = self.slot(reason) {
            *timer = Timer::Off;
        }
    }

    pub(super) fn cancel_all_but(&mut self, kept: &[Reason]) {
        for (timer, reason) in self.0.iter_mut().zip(REASONS) {
            if !kept.contains(&reason) {
                *timer = Timer::Off;
            }
        }
    }

    pub(super) fn arm(&mut self, now: Instant) {
        for timer in &mut self.0 {
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

    /// The next timer to fire. One that no time was given to yet is due `now`, so that it is given one.
    pub(super) fn deadline(&self, now: Instant) -> Option<Deadline> {
        let armed = self
            .0
            .iter()
            .zip(REASONS)
            .filter_map(|(timer, reason)| match *timer {
                Timer::Armed(at) => Some(Deadline { at, reason }),
                Timer::Requested(_) | Timer::Pausing(_) => Some(Deadline { at: now, reason }),
                Timer::Off | Timer::Paused(_) => None,
            });
        armed.min_by_key(|deadline| deadline.at)
    }

    fn slot(&mut self, reason: Reason) -> Option<&mut Timer> {
        let index = REASONS.iter().position(|known| *known == reason)?;
        self.0.get_mut(index)
    }
}
