//! What is done again on another session.

use super::{Errand, Stage};
use crate::driver::call::Answer;
use crate::driver::error::{Error, Result};
use crate::driver::trial::Waiting;
use crate::retry::{Next, Step as Tried};

/// How much a try has to move to count as progress.
const PROGRESS_BYTES: u64 = 1024;

impl Errand {
    /// Takes the outcome of the work. If the errand [waits](Self::waiting) then, do so before the
    /// next work. `random` is a random number, which keeps many clients from coming back at once.
    pub fn take(&mut self, outcome: Result<Answer>, random: u32) {
        let outcome = match outcome {
            // What is repeated does no harm twice, as a listing does none.
            Err(error) if error.is_fatal() && self.may_repeat() => {
                self.count_anew();
                match self.try_again(error, Tried::Listing, random) {
                    Ok(()) => return,
                    Err(error) => Err(error),
                }
            }
            outcome => outcome,
        };
        self.go_on(outcome);
    }

    /// Takes the failure to make a session anew, in the midst of it. As for [`take`](Self::take),
    /// it may have to wait.
    pub fn not_connected(&mut self, error: Error, random: u32) {
        if let Err(error) = self.try_again(error, Tried::Connecting, random) {
            self.go_on(Err(error));
        }
    }

    /// Why it waits, and for how long, between a failure and the next work; `None` if that may begin
    /// at once.
    #[must_use]
    pub fn waiting(&self) -> Option<Waiting<'_>> {
        let (error, pause) = self.failed.as_ref()?;
        Some(Waiting::new(error, *pause, &self.tries))
    }

    /// The same stage begins again after a pause.
    ///
    /// # Errors
    /// `error`, if it does not.
    pub(in crate::driver::mirroring) fn try_again(
        &mut self,
        error: Error,
        tried: Tried,
        random: u32,
    ) -> Result<()> {
        match self.tries.next(&error, tried, random) {
            Next::Again(pause) => {
                self.failed = Some((error, pause));
                self.part = None;
                Ok(())
            }
            Next::GiveUp | Next::LookUp => Err(error),
        }
    }

    /// A try that has moved a good deal more of a download than those before begins the count anew.
    /// What goes on at the beginning each time has an end, and what brings a byte each time.
    fn count_anew(&mut self) {
        let written = self.part.as_ref().map(|part| part.file().metadata());
        let bytes = written
            .and_then(std::io::Result::ok)
            .map_or(0, |file| file.len());
        if bytes >= self.reached.saturating_add(PROGRESS_BYTES) {
            self.reached = bytes;
            self.tries.begin_anew();
        }
    }

    const fn may_repeat(&self) -> bool {
        !matches!(self.stage, Stage::Remove | Stage::Over(_))
    }
}
