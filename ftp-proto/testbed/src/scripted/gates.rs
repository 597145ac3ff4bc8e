//! The points at which a script and a test wait for each other.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Gates {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    marks: HashSet<String>,
    opened: HashSet<String>,
    /// The script is over: no further mark will come.
    ended: bool,
    /// The test is over: the script is to end.
    cancelled: bool,
}

impl Gates {
    pub(super) fn mark(&self, name: &str) {
        self.change(|state| {
            state.marks.insert(name.to_owned());
        });
    }

    pub(super) fn open(&self, name: &str) {
        self.change(|state| {
            state.opened.insert(name.to_owned());
        });
    }

    pub(super) fn end(&self) {
        self.change(|state| state.ended = true);
    }

    pub(super) fn cancel(&self) {
        self.change(|state| state.cancelled = true);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.lock().cancelled
    }

    /// Waits for a mark; whether it was reached.
    pub(super) fn await_mark(&self, name: &str, deadline: Instant) -> bool {
        self.await_state(deadline, |state| state.ended || state.marks.contains(name))
            .marks
            .contains(name)
    }

    /// Waits for an opened gate; whether it was opened.
    pub(super) fn await_gate(&self, name: &str, deadline: Instant) -> bool {
        self.await_state(deadline, |state| {
            state.cancelled || state.opened.contains(name)
        })
        .opened
        .contains(name)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    fn await_state(
        &self,
        deadline: Instant,
        done: impl Fn(&State) -> bool,
    ) -> MutexGuard<'_, State> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.changed
            .wait_timeout_while(self.lock(), left, |state| !done(state))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
