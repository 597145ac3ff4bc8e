//! A call that is tried again, on whatever session.

#[cfg(test)]
mod tests;

use std::io;

use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::call::{Answer, Call, Work};
use super::error::{Error, Result};
use crate::command::Argument;
use crate::error::After;
use crate::operation::{Retrieve, Store};
use crate::retry::{Next, Retry, Step, upload_offset};
use crate::verdict::Completed;

/// Counts the tries of a call by a [`Retry`] policy.
///
/// ```
/// use ftp_proto::driver::{Error, Tries};
/// use ftp_proto::retry::{Next, Retry, Step};
///
/// let mut policy = Retry::default();
/// policy.tries_max = 2;
/// let mut tries = Tries::new(policy);
/// let unreachable = Error::Resolve(std::io::ErrorKind::TimedOut.into());
/// assert!(matches!(tries.next(&unreachable, Step::Connecting, 0), Next::Again(_)));
/// assert_eq!(tries.next(&unreachable, Step::Connecting, 0), Next::GiveUp);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    policy: Retry,
    failures: u32,
}

impl Tries {
    /// By this policy.
    pub const fn new(policy: Retry) -> Self {
        Self {
            policy,
            failures: 0,
        }
    }

    /// What to do after one more failure, at `step`; see [`Retry::next`].
    pub fn next(&mut self, error: &Error, step: Step, random: u32) -> Next {
        self.failures = self.failures.saturating_add(1);
        error.next(&self.policy, step, self.failures, random)
    }

    /// How many tries have failed since the count began.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Begins to count anew: something has moved.
    pub const fn begin_anew(&mut self) {
        self.failures = 0;
    }
}

/// Why the next try waits, and for how long.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::driver::{Error, Trial};
/// use ftp_proto::retry::Retry;
///
/// let mut trial = Trial::delete(Argument::new("old.txt")?, Retry::default());
/// let unreachable = Error::Resolve(std::io::ErrorKind::TimedOut.into());
/// let pause = trial.not_connected(unreachable, 0);
/// let waiting = trial.waiting().unwrap();
/// assert_eq!((waiting.pause, waiting.next_try), (pause, 2));
/// assert!(matches!(waiting.error, Error::Resolve(_)));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Waiting<'a> {
    /// What the last try failed with.
    pub error: &'a Error,
    /// The pause, which begins with the failure.
    pub pause: Duration,
    /// The number of the try that comes then. A transfer that has moved payload counts anew.
    pub next_try: u32,
}

impl<'a> Waiting<'a> {
    /// After `error`, which `tries` have counted.
    pub const fn new(error: &'a Error, pause: Duration, tries: &Tries) -> Self {
        Self {
            error,
            pause,
            next_try: tries.failures().saturating_add(1),
        }
    }
}

/// A call that is tried again by a [`Retry`] policy, as a state machine.
///
/// It opens no session, and does not wait. The driver asks for [`Work`](Self::next_work), runs it
/// on a session, and gives the [outcome](Self::take) back. That tells how long to wait before the
/// next work. What changes something on the server is not repeated after a reply was lost: the work
/// is then to look whether it was done.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::driver::{Answer, Error, Trial, Work};
/// use ftp_proto::retry::Retry;
///
/// let mut trial = Trial::delete(Argument::new("old.txt")?, Retry::default());
/// assert!(matches!(trial.next_work(), Some(Work::Ask(_)))); // DELE
/// let pause = trial.take(Ok(Answer::Done), 0);
/// assert!(pause.is_zero() && trial.next_work().is_none());
/// trial.into_outcome()?;
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Trial {
    aim: Aim,
    stage: Stage,
    tries: Tries,
    /// The failure of the last try, if there is a next one, and the pause in between.
    failed: Option<(Error, Duration)>,
    /// Where the transfer of this try begins.
    offset: u64,
    /// How many bytes of the file have moved, in all tries.
    moved: u64,
    /// More of it has moved in this try than before.
    has_moved: bool,
}

#[derive(Debug)]
enum Aim {
    /// Nothing changes on the server.
    Ask(Call),
    /// With what is there, and what is not, once it is done.
    Change(Call, Vec<(Argument, bool)>),
    Download {
        path: Argument,
        /// As the server announced it at first.
        size: Option<u64>,
    },
    Upload {
        path: Argument,
        /// Whether a file of others was there.
        is_over_others: bool,
    },
}

#[derive(Debug)]
enum Stage {
    /// Whether the name of an upload is taken.
    IsTaken,
    /// The call itself, or a transfer from where it is.
    Run,
    /// The reply to a change was lost: how many of the places were looked at.
    LookUp(Error, usize),
    /// What the server has of the file.
    Size,
    Over(Result<Answer>),
}

impl Trial {
    /// A listing, or a question such as SIZE, that changes nothing on the server.
    pub const fn ask(call: Call, policy: Retry) -> Self {
        Self::new(Aim::Ask(call), Stage::Run, policy)
    }

    /// DELE. If the reply is lost, it looks whether the file is gone.
    pub fn delete(path: Argument, policy: Retry) -> Self {
        let gone = [(path.clone(), false)].into();
        Self::new(Aim::Change(Call::Delete(path), gone), Stage::Run, policy)
    }

    /// RMD. If the reply is lost, it looks whether the directory is gone.
    pub fn remove_directory(path: Argument, policy: Retry) -> Self {
        let gone = [(path.clone(), false)].into();
        let aim = Aim::Change(Call::RemoveDirectory(path), gone);
        Self::new(aim, Stage::Run, policy)
    }

    /// MKD. If the reply is lost, it looks whether the directory is there.
    pub fn make_directory(path: Argument, policy: Retry) -> Self {
        let there = [(path.clone(), true)].into();
        Self::new(Aim::Change(Call::Make(path), there), Stage::Run, policy)
    }

    /// RNFR and RNTO. If the reply is lost, it looks whether the new name is there and the old one
    /// is not.
    pub fn rename(from: Argument, to: Argument, policy: Retry) -> Self {
        let places = [(from.clone(), false), (to.clone(), true)].into();
        let aim = Aim::Change(Call::Rename(from, to), places);
        Self::new(aim, Stage::Run, policy)
    }

    /// RETR, in image type. After an interruption it goes on with REST, if the server still tells
    /// the size that it announced before.
    pub const fn download(path: Argument, policy: Retry) -> Self {
        Self::new(Aim::Download { path, size: None }, Stage::Run, policy)
    }

    /// STOR, in image type. If the name was free before, an interrupted upload goes on behind what
    /// the server has, unless the server has more than was sent: then somebody else writes to the
    /// file. If the name was taken, an upload that was interrupted is not tried again.
    pub const fn upload(path: Argument, policy: Retry) -> Self {
        let aim = Aim::Upload {
            path,
            is_over_others: true,
        };
        Self::new(aim, Stage::IsTaken, policy)
    }

    const fn new(aim: Aim, stage: Stage, policy: Retry) -> Self {
        Self {
            aim,
            stage,
            tries: Tries::new(policy),
            failed: None,
            offset: 0,
            moved: 0,
            has_moved: false,
        }
    }

    /// What a session has to do next; `None` if the outcome is known.
    pub fn next_work(&self) -> Option<Work> {
        let call = match (&self.stage, &self.aim) {
            (Stage::Over(_), _) => return None,
            (Stage::LookUp(_, looked), Aim::Change(_, places)) => {
                Call::Exists(places.get(*looked)?.0.clone())
            }
            (_, Aim::Ask(call) | Aim::Change(call, _)) => call.clone(),
            (Stage::IsTaken, Aim::Upload { path, .. }) => Call::Exists(path.clone()),
            (Stage::Size, Aim::Download { path, .. } | Aim::Upload { path, .. }) => {
                Call::Size(path.clone())
            }
            (_, Aim::Download { path, .. }) => {
                let whole = Retrieve::new(path.clone());
                return Some(Work::Fetch(match self.offset {
                    0 => whole,
                    offset => whole.resume_at(offset),
                }));
            }
            (_, Aim::Upload { path, .. }) => {
                let whole = Store::new(path.clone());
                return Some(Work::Send(match self.offset {
                    0 => whole,
                    offset => whole.resume_at(offset),
                }));
            }
        };
        Some(Work::Ask(call))
    }

    /// Where the transfer of this try begins: how much of the file's payload comes before it.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Takes the size that the server has announced for a download that begins.
    pub const fn announced(&mut self, told: Option<u64>) {
        if let Aim::Download { size, .. } = &mut self.aim {
            if self.offset == 0 && self.moved == 0 {
                *size = told;
            }
        }
    }

    /// Says how many bytes of payload have moved in the transfer of this try.
    pub const fn moved(&mut self, bytes: u64) {
        let bytes = self.offset.saturating_add(bytes);
        if bytes > self.moved {
            self.moved = bytes;
            self.has_moved = true;
        }
    }

    /// Takes the outcome of the work, and tells how long to wait before the next one. `random` is a
    /// random number, which keeps many clients from coming back at once.
    pub fn take(&mut self, outcome: Result<Answer>, random: u32) -> Duration {
        self.failed = None;
        if mem::take(&mut self.has_moved) {
            self.tries.begin_anew();
        }
        let step = self.step();
        let stage = mem::replace(&mut self.stage, Stage::Run);
        match (stage, outcome) {
            (Stage::Size, Err(error)) if error.is_permanent() && self.is_upload() => {
                // A server without SIZE, or the file is not there: it gets all of it.
                self.go_on_at(None);
                Duration::ZERO
            }
            (stage, Err(error)) => self.fail(error, step, stage, random),
            (stage, Ok(answer)) => {
                self.answered(stage, answer);
                Duration::ZERO
            }
        }
    }

    /// Takes the failure to make a session for the work, and tells how long to wait before the next
    /// try.
    pub fn not_connected(&mut self, error: Error, random: u32) -> Duration {
        self.failed = None;
        let stage = mem::replace(&mut self.stage, Stage::Run);
        self.fail(error, Step::Connecting, stage, random)
    }

    /// Why the next work waits, between a failure and the outcome of the next try; `None` if nothing
    /// is to be waited for.
    #[must_use]
    pub fn waiting(&self) -> Option<Waiting<'_>> {
        let (error, pause) = self.failed.as_ref()?;
        Some(Waiting::new(error, *pause, &self.tries))
    }

    /// The outcome. A transfer's verdict counts the bytes of all tries.
    ///
    /// # Errors
    /// That of the last try; of a lost reply, if what was asked for is not done;
    /// [`Error::Local`] if the file on the server has changed, or is longer than what was sent;
    /// [`Error::Spent`] if there is more to do.
    pub fn into_outcome(self) -> Result<Answer> {
        match self.stage {
            Stage::Over(outcome) => outcome,
            _ => Err(Error::Spent),
        }
    }

    /// What fails, if the work of this stage does.
    const fn step(&self) -> Step {
        match (&self.stage, &self.aim) {
            (Stage::Run, Aim::Change(..)) => Step::Change,
            (Stage::Run, Aim::Download { .. }) => Step::Download,
            (Stage::Run, Aim::Upload { is_over_others, .. }) => match is_over_others {
                true => Step::UploadOverOthers,
                false => Step::UploadOfOurs,
            },
            _ => Step::Listing,
        }
    }

    const fn is_upload(&self) -> bool {
        matches!(self.aim, Aim::Upload { .. })
    }

    fn fail(&mut self, error: Error, step: Step, stage: Stage, random: u32) -> Duration {
        let (stage, pause) = match self.tries.next(&error, step, random) {
            Next::Again(pause) => {
                self.failed = Some((error, pause));
                (self.again(stage, step), pause)
            }
            Next::LookUp => {
                self.tries.begin_anew();
                (Stage::LookUp(error, 0), Duration::ZERO)
            }
            Next::GiveUp => (Stage::Over(Err(error)), Duration::ZERO),
        };
        self.stage = stage;
        pause
    }

    /// The stage of the next try. A transfer goes on where it is by the server's word.
    fn again(&mut self, stage: Stage, failed: Step) -> Stage {
        if let Aim::Download { .. } = self.aim {
            self.offset = self.moved;
        }
        match (&self.aim, stage) {
            (Aim::Download { size, .. }, Stage::Run) if self.moved > 0 && size.is_some() => {
                Stage::Size
            }
            (Aim::Upload { .. }, Stage::Run) if failed != Step::Connecting || self.moved > 0 => {
                Stage::Size
            }
            (_, stage) => stage,
        }
    }

    fn answered(&mut self, stage: Stage, answer: Answer) {
        match (stage, answer) {
            (Stage::IsTaken, answer) => self.is_taken(matches!(answer, Answer::Is(true))),
            (Stage::LookUp(error, looked), Answer::Is(is_there)) => {
                self.looked_up(error, looked, is_there);
            }
            (Stage::Size, Answer::Size(size)) => self.go_on_at(Some(size)),
            (_, Answer::Moved(completed)) => {
                let bytes = self.moved.max(completed.bytes);
                self.stage = Stage::Over(Ok(Answer::Moved(Completed { bytes, ..completed })));
            }
            (_, answer) => self.stage = Stage::Over(Ok(answer)),
        }
    }

    const fn is_taken(&mut self, taken: bool) {
        self.tries.begin_anew();
        if let Aim::Upload { is_over_others, .. } = &mut self.aim {
            *is_over_others = taken;
        }
    }

    fn looked_up(&mut self, error: Error, looked: usize, is_there: bool) {
        let Aim::Change(_, places) = &self.aim else {
            return;
        };
        let next = looked.saturating_add(1);
        let is_so = places.get(looked).is_some_and(|(_, it)| *it == is_there);
        self.stage = match is_so {
            false => Stage::Over(Err(error)),
            true if next < places.len() => Stage::LookUp(error, next),
            true => Stage::Over(Ok(Answer::Done)),
        };
    }

    /// Goes on with a transfer by what the server has of the file.
    fn go_on_at(&mut self, told: Option<u64>) {
        let refused = match &self.aim {
            Aim::Download { size, .. } if *size != told => {
                Some("the file has changed since the download began")
            }
            Aim::Upload { .. } => match upload_offset(told, self.moved) {
                Some(at) => {
                    self.offset = at;
                    None
                }
                None => Some(
                    "the file on the server is longer than what was sent: another has written it",
                ),
            },
            _ => None,
        };
        if let Some(why) = refused {
            let error = io::Error::new(io::ErrorKind::InvalidData, why);
            self.stage = Stage::Over(Err(Error::Local(error, After::Usable)));
        }
    }
}
