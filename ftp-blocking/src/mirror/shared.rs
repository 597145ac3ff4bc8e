//! What the threads of a mirror share.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use ftp_proto::driver::{Errand, Error, Mirrored, Mirroring, Result, random};

pub(super) struct Shared<'a> {
    mirroring: Mutex<Mirroring<'a>>,
    /// Told when there may be an errand, or none will come.
    changed: Condvar,
}

/// Held by each thread. If that panics, in a report or a connect of the application, the others end
/// too: they would wait for ever for what it has begun.
pub(super) struct Watch<'s, 'a>(&'s Shared<'a>);

impl Drop for Watch<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(&self.0.mirroring).stop();
            self.0.changed.notify_all();
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<'a> Shared<'a> {
    pub(super) const fn new(mirroring: Mirroring<'a>) -> Self {
        Self {
            mirroring: Mutex::new(mirroring),
            changed: Condvar::new(),
        }
    }

    pub(super) const fn watch(&self) -> Watch<'_, 'a> {
        Watch(self)
    }

    /// The next errand, as soon as there is one; `None` when no other will come.
    pub(super) fn next_errand(&self) -> Option<Errand> {
        let mut mirroring = lock(&self.mirroring);
        loop {
            if mirroring.is_over() {
                return None;
            }
            if let Some(errand) = mirroring.next_errand() {
                return Some(errand);
            }
            let woken = self.changed.wait(mirroring);
            mirroring = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The errand, if another session is to be opened for it.
    pub(super) fn not_opened(
        &self,
        errand: Errand,
        error: Error,
        replaces: bool,
    ) -> Option<Errand> {
        let errand = lock(&self.mirroring).not_opened(errand, error, replaces, random());
        if errand.is_none() {
            self.changed.notify_all();
        }
        errand
    }

    /// Waits as long as the errand does; whether the mirror goes on.
    pub(super) fn pause(&self, errand: &Errand) -> bool {
        let mut mirroring = lock(&self.mirroring);
        if !mirroring.waits(errand) {
            return false;
        }
        if let Some(waiting) = errand.waiting() {
            let goes_on = |mirroring: &mut Mirroring<'_>| !mirroring.is_over();
            let waited = self
                .changed
                .wait_timeout_while(mirroring, waiting.pause, goes_on);
            mirroring = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        !mirroring.is_over()
    }

    pub(super) fn begin(&self, errand: &Errand) -> bool {
        lock(&self.mirroring).begin(errand)
    }

    pub(super) fn moved(&self, errand: &Errand, count: u64, bytes: u64) -> bool {
        lock(&self.mirroring).moved(errand, count, bytes)
    }

    pub(super) fn finish(&self, errand: Errand) {
        lock(&self.mirroring).finish(errand);
        self.changed.notify_all();
    }

    pub(super) fn into_result(self) -> Result<Mirrored> {
        let mirroring = self.mirroring.into_inner();
        mirroring
            .unwrap_or_else(PoisonError::into_inner)
            .into_result()
    }
}
