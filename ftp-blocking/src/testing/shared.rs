//! The shared state of the threads of one server, and their counts.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ftp_proto::testing::{Files, Received};

/// The present number, and the highest number so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gauge {
    /// Now.
    pub now: usize,
    /// The highest value of `now` so far.
    pub max: usize,
}

/// The counts of a [`Loopback`](super::Loopback).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Control connections accepted since the start.
    pub accepted: usize,
    /// Open control connections.
    pub sessions: Gauge,
    /// Sessions with a complete login.
    pub logins: Gauge,
    /// Open data connections; listeners are not counted.
    pub data: Gauge,
}

impl Gauge {
    pub(super) fn up(&mut self) {
        self.now += 1;
        self.max = self.max.max(self.now);
    }

    pub(super) fn down(&mut self) {
        self.now -= 1;
    }
}

/// What the threads of one server have in common.
#[derive(Debug)]
pub(super) struct Shared {
    /// Each session has files of its own.
    pub(super) separate_trees: bool,
    /// How long a session may go without progress.
    pub(super) limit: Duration,
    pub(super) stop: AtomicBool,
    pub(super) tree: Mutex<Files>,
    /// By number of session; `None` when it is over.
    pub(super) controls: Mutex<Vec<Option<TcpStream>>>,
    pub(super) logs: Mutex<Vec<Vec<Received>>>,
    pub(super) counts: Mutex<Counts>,
}

impl Shared {
    pub(super) fn enter(&self, control: TcpStream) -> usize {
        let mut counts = lock(&self.counts);
        counts.accepted += 1;
        counts.sessions.up();
        lock(&self.logs).push(Vec::new());
        let mut controls = lock(&self.controls);
        if self.stop.load(Ordering::SeqCst) {
            let _ = control.shutdown(std::net::Shutdown::Both);
        }
        controls.push(Some(control));
        controls.len() - 1
    }

    pub(super) fn leave(&self, number: usize) {
        lock(&self.counts).sessions.down();
        if let Some(control) = lock(&self.controls).get_mut(number) {
            *control = None;
        }
    }
}

/// A thread that panicked while it held the lock has left no inconsistent state that matters to a
/// test server.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
