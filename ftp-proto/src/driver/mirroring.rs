//! A mirror that a driver performs: its tasks, its counts and its report, for any number of
//! sessions.

mod errand;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::ControlFlow;
use core::sync::atomic::{AtomicBool, Ordering};

use super::error::{Error, Result};
use super::local::LocalTree;
use super::trial::Waiting;
use crate::error::After;
use crate::retry::{Retry, Step as Tried};
use crate::tree::{Mirror, MirrorOptions, Step, StepKind, Way};

pub use errand::Errand;
use errand::Outcome;

/// How much is kept of the reply to a step that failed: a server may refuse millions of files, each
/// with a long reply.
const KEPT_BYTES_MAX: usize = 1024;

/// What a mirror reports while it runs.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The files that are copied have so many bytes, as far as directories are read and sizes are
    /// known. Those done are included. It grows while directories are read.
    Planned {
        /// How many.
        bytes: u64,
    },
    /// A step begins; in a dry run it would. A step that [skips](StepKind::Skip) says why.
    Step(&'a Step),
    /// A part of a file was copied.
    Bytes {
        /// The step that copies it.
        step: &'a Step,
        /// How many bytes of the file are there now.
        bytes: u64,
    },
    /// A step is done.
    Done(&'a Step),
    /// A step failed. For a directory that could not be read, the step is a
    /// [skip](StepKind::Skip) at its path.
    Failed(&'a Step, &'a Error),
    /// A session was lost, or not made, and another one is made after a pause.
    Waiting(Waiting<'a>),
}

/// What a mirror did, or after a dry run what it would do.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Mirrored {
    /// How many files were copied.
    pub copied: u64,
    /// How many bytes moved.
    pub bytes: u64,
    /// How many directories were made.
    pub made: u64,
    /// How many files and directories of the target were removed.
    pub removed: u64,
    /// What was left alone although it is not the same, and why.
    pub skipped: Vec<Step>,
    /// The steps that failed. For a directory that could not be read, the step is a
    /// [skip](StepKind::Skip) at its path. Of a server's reply 1 KiB is kept.
    pub failed: Vec<(Step, Error)>,
    /// Whether the report asked for an end, or the driver did.
    pub is_stopped: bool,
}

/// What a mirror is to do.
#[must_use = "a mirror does nothing until it is performed"]
pub struct Setup<'a> {
    remote: Vec<u8>,
    local: PathBuf,
    options: MirrorOptions,
    sessions: usize,
    retry: Retry,
    is_dry: bool,
    report: Box<Report<'a>>,
}

type Report<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + Send + 'a;

/// A mirror under way.
///
/// It opens no session. Each session of the driver takes an [`Errand`], does its work, and brings
/// it back:
///
/// 1. [`next_errand`](Self::next_errand), and a session, if [it needs one](Errand::needs_session);
///    [`not_opened`](Self::not_opened) if none could be opened,
/// 2. [`begin`](Self::begin),
/// 3. [`Errand::next_work`] and [`Errand::take`], until there is no more work,
/// 4. [`finish`](Self::finish).
///
/// Whenever an errand [waits](Errand::waiting), say so with [`waits`](Self::waits).
///
/// ```
/// use ftp_proto::driver::{Answer, Error, MirrorSetup, Work};
/// use ftp_proto::tree::MirrorOptions;
///
/// fn perform(work: Work) -> Result<Answer, Error> {
///     Err(Error::Spent) // A driver runs it on a session.
/// }
///
/// let local = std::env::temp_dir().join(format!("mirroring-{}", std::process::id()));
/// let mut mirroring = MirrorSetup::new("pub", &local, MirrorOptions::down()).start()?;
/// while let Some(mut errand) = mirroring.next_errand() {
///     if mirroring.begin(&errand) {
///         while let Some(work) = errand.next_work() {
///             errand.take(perform(work), 0);
///         }
///     }
///     mirroring.finish(errand);
/// }
/// assert_eq!(mirroring.into_result()?.failed.len(), 1);
/// # std::fs::remove_dir(local)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Mirroring<'a> {
    plan: Mirror,
    site: Arc<Site>,
    report: Box<Report<'a>>,
    mirrored: Mirrored,
    /// How many sessions can still perform something.
    sessions: usize,
    /// A session was opened.
    has_session: bool,
    /// Why there is no session.
    unopened: Option<Error>,
}

/// What all errands of a mirror share.
#[derive(Debug)]
struct Site {
    remote: Vec<u8>,
    /// The absolute path of that directory, once it is known.
    base: OnceLock<Box<[u8]>>,
    /// `None` if a dry run would make it.
    local: Option<LocalTree>,
    way: Way,
    is_dry: bool,
    retry: Retry,
    /// Whether the server sets times, as far as is known.
    sets_times: AtomicBool,
}

impl<'a> Setup<'a> {
    /// The most sessions that one mirror uses. Servers allow fewer.
    pub const SESSIONS_MAX: usize = 64;

    /// Between the directory `remote` of the server and the directory `local`, on one session. The
    /// way is that of the options. The target is made if it does not exist.
    pub fn new(remote: impl AsRef<[u8]>, local: impl AsRef<Path>, options: MirrorOptions) -> Self {
        Self {
            remote: remote.as_ref().into(),
            local: local.as_ref().into(),
            options,
            sessions: 1,
            retry: Retry::default(),
            is_dry: false,
            report: Box::new(|_| ControlFlow::Continue(())),
        }
    }

    /// Uses at most so many sessions at the same time: from 1, which is the default, to
    /// [`SESSIONS_MAX`](Self::SESSIONS_MAX).
    pub const fn sessions(mut self, count: usize) -> Self {
        self.sessions = match count {
            0 => 1,
            1..Self::SESSIONS_MAX => count,
            _ => Self::SESSIONS_MAX,
        };
        self
    }

    /// How often and how soon a session is made anew that was lost, and the first one is made. A
    /// download that went on with its part by 1 KiB counts anew. A further session that cannot be opened is
    /// not waited for: the server may allow no more.
    pub const fn retry(mut self, policy: Retry) -> Self {
        self.retry = policy;
        self
    }

    /// Changes nothing: the report gets the steps. What a directory that is to be made would hold
    /// is shown, too.
    pub const fn dry_run(mut self) -> Self {
        self.is_dry = true;
        self
    }

    /// Reports what happens. [`ControlFlow::Break`] ends the mirror: no other step begins, and a
    /// file under way is left as a part.
    pub fn progress(
        mut self,
        report: impl FnMut(Event<'_>) -> ControlFlow<()> + Send + 'a,
    ) -> Self {
        self.report = Box::new(report);
        self
    }

    /// How many sessions work at the same time, at most.
    #[must_use]
    pub const fn sessions_max(&self) -> usize {
        self.sessions
    }

    /// Opens the local directory, and begins with the two roots.
    ///
    /// # Errors
    /// The local directory cannot be opened.
    pub fn start(self) -> Result<Mirroring<'a>> {
        self.with(Mirror::new)
    }

    /// Opens the local directory, and performs these steps and no other: those of a plan, or a
    /// share of them.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn perform(self, steps: impl IntoIterator<Item = Step>) -> Result<Mirroring<'a>> {
        self.with(|options| Mirror::of_steps(options, steps))
    }

    fn with(self, plan: impl FnOnce(MirrorOptions) -> Mirror) -> Result<Mirroring<'a>> {
        let local = self.open_local().map_err(local_error)?;
        Ok(Mirroring {
            site: Arc::new(Site {
                remote: self.remote,
                base: OnceLock::new(),
                local,
                way: self.options.way(),
                is_dry: self.is_dry,
                retry: self.retry,
                sets_times: AtomicBool::new(true),
            }),
            plan: plan(self.options),
            report: self.report,
            mirrored: Mirrored::default(),
            sessions: self.sessions,
            has_session: false,
            unopened: None,
        })
    }

    /// `None` if a dry run would make it.
    fn open_local(&self) -> io::Result<Option<LocalTree>> {
        let opened = match (self.options.way(), self.is_dry) {
            (Way::Down, true) if !self.local.exists() => return Ok(None),
            (Way::Down, false) => LocalTree::create(&self.local)?,
            (Way::Down | Way::Up, _) => LocalTree::open(&self.local)?,
        };
        Ok(Some(match self.options.follows_links() {
            true if self.options.way() == Way::Up => opened.follow_links(),
            _ => opened,
        }))
    }
}

impl Mirroring<'_> {
    /// The next errand. `None` at the end, and while only errands under way can bring more; see
    /// [`is_over`](Self::is_over).
    pub fn next_errand(&mut self) -> Option<Errand> {
        if self.mirrored.is_stopped {
            return None;
        }
        let task = self.plan.next_task()?;
        Some(Errand::new(task, Arc::clone(&self.site)))
    }

    /// Whether no other errand will come.
    pub fn is_over(&self) -> bool {
        self.mirrored.is_stopped || self.plan.is_over()
    }

    /// Ends the mirror: no other errand comes, and no step begins. [`Mirrored::is_stopped`] says so.
    pub const fn stop(&mut self) {
        self.mirrored.is_stopped = true;
    }

    /// A session could not be opened for an errand that has not begun; `replaces`: there was one
    /// that was lost. Yields the errand if it is to be opened again, after
    /// [a pause](Errand::waiting). Otherwise the other sessions do the errand, if there are any, and
    /// this one has nothing more to do.
    pub fn not_opened(
        &mut self,
        mut errand: Errand,
        error: Error,
        replaces: bool,
        random: u32,
    ) -> Option<Errand> {
        let tried = match replaces || !self.has_session {
            true => errand.try_again(error, Tried::Connecting, random),
            false => Err(error),
        };
        match tried {
            Ok(()) => return Some(errand),
            Err(error) => self.give_back(errand, error),
        }
        None
    }

    fn give_back(&mut self, errand: Errand, error: Error) {
        self.sessions = self.sessions.saturating_sub(1);
        match self.sessions {
            0 => {
                self.unopened = Some(error);
                self.mirrored.is_stopped = true;
            }
            _ => self.plan.give_back(errand.into_task()),
        }
    }

    /// Reports that an errand waits, if it does; whether the mirror goes on. If not, do not wait,
    /// [stop](Errand::stop) the errand and [finish](Self::finish) it.
    pub fn waits(&mut self, errand: &Errand) -> bool {
        match errand.waiting() {
            Some(waiting) => self.tell(Event::Waiting(waiting)),
            None => !self.mirrored.is_stopped,
        }
    }

    /// Reports that an errand begins; whether it is to be done.
    pub fn begin(&mut self, errand: &Errand) -> bool {
        self.has_session |= errand.needs_session();
        match errand.step() {
            Some(step) if !self.mirrored.is_stopped => self.tell(Event::Step(step)),
            _ => !self.mirrored.is_stopped,
        }
    }

    /// Counts payload of an errand: `count` bytes, and with them `bytes` bytes of this transfer.
    /// Reports them, and says whether the mirror goes on; if not, abort the transfer, and
    /// [stop](Errand::stop) the errand.
    pub fn moved(&mut self, errand: &Errand, count: u64, bytes: u64) -> bool {
        self.mirrored.bytes = self.mirrored.bytes.saturating_add(count);
        match errand.step() {
            Some(step) => {
                let bytes = errand.offset().saturating_add(bytes);
                self.tell(Event::Bytes { step, bytes })
            }
            None => !self.mirrored.is_stopped,
        }
    }

    /// Takes an errand whose work is done.
    pub fn finish(&mut self, errand: Errand) {
        let (notes, outcome) = errand.into_outcome();
        for (step, error) in notes {
            self.failed(step, error);
        }
        let planned = self.plan.planned_bytes();
        match outcome {
            Outcome::Read(place, source, target) => self.plan.read(&place, source, target),
            Outcome::Told(question, time) => self.plan.told(&question, time),
            Outcome::Performed(step, outcome) => self.performed(step, outcome),
            Outcome::Stopped => {}
        }
        let bytes = self.plan.planned_bytes();
        if bytes != planned {
            self.tell(Event::Planned { bytes });
        }
    }

    fn performed(&mut self, step: Step, outcome: Result<()>) {
        self.plan.performed(&step, outcome.is_ok());
        match outcome {
            Ok(()) => {
                self.tell(Event::Done(&step));
                self.mirrored.count(step);
            }
            Err(error) => self.failed(step, error),
        }
    }

    fn failed(&mut self, step: Step, mut error: Error) {
        self.tell(Event::Failed(&step, &error));
        if let Error::Session(error, _) = &mut error {
            error.cut_reply(KEPT_BYTES_MAX);
        }
        self.mirrored.failed.push((step, error));
    }

    /// Reports an event; whether the mirror goes on.
    fn tell(&mut self, event: Event<'_>) -> bool {
        if (self.report)(event) == ControlFlow::Break(()) {
            self.mirrored.is_stopped = true;
        }
        !self.mirrored.is_stopped
    }

    /// What was done.
    ///
    /// # Errors
    /// No session could be opened. What failed later is in [`Mirrored::failed`].
    pub fn into_result(self) -> Result<Mirrored> {
        match self.unopened {
            Some(error) => Err(error),
            None => Ok(self.mirrored),
        }
    }
}

impl Mirrored {
    fn count(&mut self, step: Step) {
        let counted = match step.kind() {
            StepKind::Make => &mut self.made,
            StepKind::Fetch | StepKind::Resume | StepKind::Send => &mut self.copied,
            StepKind::Remove | StepKind::RemoveAll => &mut self.removed,
            StepKind::Skip(_) => return self.skipped.push(step),
            StepKind::SetTime => return,
        };
        *counted = counted.saturating_add(1);
    }
}

impl Site {
    fn sets_times(&self) -> bool {
        self.sets_times.load(Ordering::Relaxed)
    }

    fn sets_no_times(&self) {
        self.sets_times.store(false, Ordering::Relaxed);
    }
}

/// An error of the local side, which leaves the session as it is.
const fn local_error(error: io::Error) -> Error {
    Error::Local(error, After::Usable)
}

impl fmt::Debug for Setup<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("remote", &self.remote)
            .field("local", &self.local)
            .field("options", &self.options)
            .field("sessions", &self.sessions)
            .field("retry", &self.retry)
            .field("is_dry", &self.is_dry)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Mirroring<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirroring")
            .field("plan", &self.plan)
            .field("site", &self.site)
            .field("mirrored", &self.mirrored)
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}
