//! What the threads of a mirror share.

use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ftp_proto::driver::{Error, Result};
use ftp_proto::listing::Name;
use ftp_proto::tree::{self, Step, Task, Way};

use super::{Event, Mirrored, Report};

pub(super) struct Shared<'a> {
    state: Mutex<State<'a>>,
    /// Told when there may be a task, or none will come.
    changed: Condvar,
    pub(super) is_dry: bool,
    pub(super) way: Way,
}

struct State<'a> {
    plan: tree::Mirror,
    report: Box<Report<'a>>,
    mirrored: Mirrored,
    /// How many threads can still perform something.
    workers: usize,
    /// Why there is no session.
    unopened: Option<Error>,
    base: Option<Vec<u8>>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Shared<'a> {
    pub(super) fn new(
        plan: tree::Mirror,
        is_dry: bool,
        workers: usize,
        report: Box<Report<'a>>,
    ) -> Self {
        let way = plan.options().way();
        Self {
            state: Mutex::new(State {
                plan,
                report,
                mirrored: Mirrored::default(),
                workers,
                unopened: None,
                base: None,
            }),
            changed: Condvar::new(),
            is_dry,
            way,
        }
    }

    /// The next task, as soon as there is one; `None` when no other will come.
    pub(super) fn next_task(&self) -> Option<Task> {
        let mut state = lock(&self.state);
        loop {
            if state.plan.is_over() || state.mirrored.is_stopped {
                return None;
            }
            if let Some(task) = state.plan.next_task() {
                return Some(task);
            }
            let woken = self.changed.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Changes the plan by an outcome.
    pub(super) fn answer(&self, answer: impl FnOnce(&mut tree::Mirror)) {
        let mut state = lock(&self.state);
        let before = state.plan.planned_bytes();
        answer(&mut state.plan);
        let bytes = state.plan.planned_bytes();
        if bytes != before {
            state.tell(Event::Planned { bytes });
        }
        drop(state);
        self.changed.notify_all();
    }

    /// A thread could not open a session: the others do the task, if there are any.
    pub(super) fn give_back(&self, task: Task, error: Error) {
        let mut state = lock(&self.state);
        state.workers -= 1;
        match state.workers {
            0 => {
                state.unopened = Some(error);
                state.mirrored.is_stopped = true;
            }
            _ => state.plan.give_back(task),
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Reports an event; whether the mirror goes on.
    pub(super) fn report(&self, event: Event<'_>) -> bool {
        let goes_on = lock(&self.state).tell(event);
        if !goes_on {
            self.changed.notify_all();
        }
        goes_on
    }

    pub(super) fn moved(&self, bytes: u64) {
        lock(&self.state).mirrored.bytes += bytes;
    }

    /// Takes the outcome of a step.
    pub(super) fn finish(&self, step: &Step, outcome: Result<()>) {
        let mut state = lock(&self.state);
        let is_done = outcome.is_ok();
        state.tell(match &outcome {
            Ok(()) => Event::Done(step),
            Err(error) => Event::Failed(step, error),
        });
        match outcome {
            Ok(()) => state.mirrored.count(step),
            Err(error) => state.mirrored.failed.push((step.clone(), error)),
        }
        state.plan.performed(step, is_done);
        drop(state);
        self.changed.notify_all();
    }

    /// Notes why a directory was not read.
    pub(super) fn fail(&self, step: Step, error: Error) {
        let mut state = lock(&self.state);
        state.tell(Event::Failed(&step, &error));
        state.mirrored.failed.push((step, error));
    }

    /// The directory of the server, with its absolute path once that is known.
    pub(super) fn base(&self) -> Option<Vec<u8>> {
        lock(&self.state).base.clone()
    }

    pub(super) fn set_base(&self, base: &[u8]) {
        lock(&self.state).base = Some(base.into());
    }

    pub(super) fn into_result(self) -> Result<Mirrored> {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        match state.unopened {
            Some(error) => Err(error),
            None => Ok(state.mirrored),
        }
    }
}

impl State<'_> {
    /// Reports an event; whether the mirror goes on.
    fn tell(&mut self, event: Event<'_>) -> bool {
        if (self.report)(event) == ControlFlow::Break(()) {
            self.mirrored.is_stopped = true;
        }
        !self.mirrored.is_stopped
    }
}

/// A failure that is not the session's.
pub(super) fn left(spared: &[(tree::TreePath, tree::Spared)]) -> Option<Error> {
    let (path, why) = spared.first()?;
    let text = format!("{} is left: {why}", Name::new(path.as_bytes()));
    Some(Error::Local(
        std::io::Error::other(text),
        ftp_proto::After::Usable,
    ))
}
