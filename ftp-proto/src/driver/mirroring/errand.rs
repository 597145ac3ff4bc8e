//! One task of a mirror, on one session.

mod again;

use std::fs::File;
use std::io;

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::{Site, local_error};
use crate::command::Argument;
use crate::driver::call::{Answer, Call, Work};
use crate::driver::error::{Error, Result};
use crate::driver::local::{LocalTree, Part};
use crate::driver::trial::Tries;
use crate::error::ErrorKind;
use crate::listing::Name;
use crate::operation::{Retrieve, Store};
use crate::retry;
use crate::timestamp::Timestamp;
use crate::tree::{
    Listing, Place, Question, Spared, Step, StepKind, Task, TreePath, Unread, Way, Why,
};

/// A directory of one side, or why it was not read.
type Read = core::result::Result<Listing, Unread>;

/// A task of a [`Mirroring`](super::Mirroring) under way, on whatever session.
///
/// It takes the local steps itself, without waiting for anything but the disk, and yields
/// [`Work`] for the session. If the session ends in the midst of it, the same work comes again for
/// another session, as the mirror's [policy](super::Setup::retry) has it. A removal is not repeated:
/// the server is asked whether it was carried out.
#[derive(Debug)]
pub struct Errand {
    task: Task,
    site: Arc<Site>,
    stage: Stage,
    tries: Tries,
    /// The failure after which it is to be tried again, and the pause before that.
    failed: Option<(Error, Duration)>,
    /// How many bytes of a download a try has had, at most.
    reached: u64,
    /// The target of a download.
    part: Option<Part>,
    /// The source of an upload.
    source: Option<File>,
    /// What failed although the task goes on.
    notes: Vec<(Step, Error)>,
}

#[derive(Debug)]
enum Stage {
    Start,
    /// The absolute path of the server's directory is asked for.
    Base,
    Read,
    /// The root of an upload does not exist yet.
    MakeTarget,
    AskTime,
    Make,
    Remove,
    /// A removal has failed: is it gone? What is gone need not be removed.
    LookUp(Error),
    Fetch,
    Send(First),
    /// The directory of a file is missing.
    MakeAbove,
    SetTime,
    Over(Outcome),
}

/// Whether an upload is tried for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum First {
    Yes,
    /// Its directory was made.
    No,
}

/// What became of a task.
#[derive(Debug)]
pub(super) enum Outcome {
    Read(Place, Read, Read),
    Told(Question, Option<Timestamp>),
    Performed(Step, Result<()>),
    Stopped,
}

impl Errand {
    pub(super) fn new(task: Task, site: Arc<Site>) -> Self {
        Self {
            task,
            tries: Tries::new(site.retry),
            site,
            stage: Stage::Start,
            failed: None,
            reached: 0,
            part: None,
            source: None,
            notes: Vec::new(),
        }
    }

    /// Whether it may have work for a session.
    #[must_use]
    pub fn needs_session(&self) -> bool {
        match &self.task {
            Task::Perform(step) => !self.site.is_dry && !is_local(step, self.site.way),
            _ => true,
        }
    }

    /// The step that it performs; `None` if it reads a directory or asks for a time.
    #[must_use]
    pub const fn step(&self) -> Option<&Step> {
        match &self.task {
            Task::Perform(step) => Some(step),
            _ => None,
        }
    }

    /// The file to write a download to, at its end, or to send, from its position.
    #[must_use]
    pub fn file(&self) -> Option<&File> {
        match &self.part {
            Some(part) => Some(part.file()),
            None => self.source.as_ref(),
        }
    }

    /// How many bytes of the file were there before the transfer.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.part.as_ref().map_or(0, Part::offset)
    }

    /// What the session has to do next; `None` if the errand is over.
    pub fn next_work(&mut self) -> Option<Work> {
        self.failed = None;
        loop {
            if let Stage::Over(_) = self.stage {
                return None;
            }
            match self.work() {
                Ok(Some(work)) => return Some(work),
                Ok(None) => {}
                Err(error) => self.end(Err(error)),
            }
        }
    }

    /// Ends it, because the mirror ends. A file under way is left as a part.
    pub fn stop(&mut self) {
        self.failed = None;
        self.stage = Stage::Over(Outcome::Stopped);
    }

    pub(super) fn into_task(self) -> Task {
        self.task
    }

    pub(super) fn into_outcome(self) -> (Vec<(Step, Error)>, Outcome) {
        let outcome = match self.stage {
            Stage::Over(outcome) => outcome,
            _ => Outcome::Stopped,
        };
        (self.notes, outcome)
    }

    // -- what is to be done -----------------------------------------------------------------------

    /// The work of this stage, or `None` if another stage follows at once.
    fn work(&mut self) -> Result<Option<Work>> {
        let call = match &self.stage {
            Stage::Start => return self.start().map(|()| None),
            Stage::Base => Call::AbsolutePath(self.site.remote.as_slice().into()),
            Stage::Read => match &self.task {
                Task::Read(place) => Call::Read(place.clone(), self.base().into()),
                _ => return Err(Error::Spent),
            },
            Stage::MakeTarget => Call::MakeAll(self.argument(&TreePath::root())?),
            Stage::AskTime => Call::Modified(self.path()?),
            Stage::Make => Call::MakeAll(self.path()?),
            Stage::Remove => match self.step().map(Step::kind) {
                Some(StepKind::RemoveAll) => Call::RemoveAll(self.path()?),
                _ => Call::Delete(self.path()?),
            },
            Stage::LookUp(_) => Call::Exists(self.path()?),
            Stage::Fetch => return self.fetch().map(Some),
            Stage::Send(_) => return self.send().map(Some),
            Stage::MakeAbove => {
                let above = self.step().and_then(|step| step.path().parent());
                Call::MakeAll(self.argument(&above.unwrap_or_else(TreePath::root))?)
            }
            Stage::SetTime => match self.step().and_then(Step::modified) {
                Some(time) if self.site.sets_times() => Call::SetModified(self.path()?, time),
                _ => {
                    self.end(Ok(()));
                    return Ok(None);
                }
            },
            Stage::Over(_) => return Ok(None),
        };
        Ok(Some(Work::Ask(call)))
    }

    /// Takes the local steps, or goes to the first stage for the session.
    fn start(&mut self) -> Result<()> {
        if self.needs_session() && self.site.base.get().is_none() {
            self.stage = Stage::Base;
            return Ok(());
        }
        let site = Arc::clone(&self.site);
        match &self.task {
            Task::Read(place) if place.is_new() && site.way == Way::Up => {
                self.end_read(Ok(Listing::complete([])));
            }
            Task::Read(_) => self.stage = Stage::Read,
            Task::AskTime(_) => self.stage = Stage::AskTime,
            Task::Perform(_) if site.is_dry => self.end(Ok(())),
            Task::Perform(step) => match first_stage(step, site.way) {
                Some(stage) => self.stage = stage,
                None => {
                    let done = site.local.as_ref().map_or(Ok(()), |it| locally(it, step));
                    self.end(done.map_err(local_error));
                }
            },
        }
        Ok(())
    }

    fn fetch(&mut self) -> Result<Work> {
        let path = self.path()?;
        let (Some(local), Some(step)) = (&self.site.local, self.step()) else {
            return Err(Error::Spent);
        };
        let part = local.begin(step).map_err(local_error)?;
        let retrieve = match part.offset() {
            0 => Retrieve::new(path),
            offset => Retrieve::new(path).resume_at(offset),
        };
        self.reached = self.reached.max(part.offset());
        self.part = Some(part);
        Ok(Work::Fetch(retrieve))
    }

    fn send(&mut self) -> Result<Work> {
        let path = self.path()?;
        let (Some(local), Some(step)) = (&self.site.local, self.step()) else {
            return Err(Error::Spent);
        };
        self.source = Some(local.file(step.path()).map_err(local_error)?);
        Ok(Work::Send(Store::new(path)))
    }

    fn base(&self) -> &[u8] {
        self.site.base.get().map_or(&[], |base| base)
    }

    /// The path of the task.
    fn path(&self) -> Result<Argument> {
        self.argument(match &self.task {
            Task::Read(place) => place.path(),
            Task::AskTime(question) => question.path(),
            Task::Perform(step) => step.path(),
        })
    }

    fn argument(&self, path: &TreePath) -> Result<Argument> {
        Ok(Argument::new(path.below(self.base()))?)
    }

    // -- what has been done -----------------------------------------------------------------------

    fn go_on(&mut self, outcome: Result<Answer>) {
        match (mem::replace(&mut self.stage, Stage::Start), outcome) {
            (Stage::Base, Ok(Answer::Path(path))) => {
                // Another session may have told it meanwhile.
                let _ = self.site.base.set(path.into_bytes().into());
            }
            (Stage::Read, Ok(Answer::Listing(listing))) => self.end_read(listing),
            (Stage::Read, Err(error)) => self.unread(error),
            (Stage::MakeTarget, Ok(_)) => self.end_read(Ok(Listing::complete([]))),
            (Stage::MakeTarget, Err(error)) => {
                let step = Step::new(StepKind::Make, TreePath::root());
                self.notes.push((step, error));
                self.end_read(Err(Unread::Failed));
            }
            (Stage::Remove, Ok(Answer::Left(spared))) => {
                self.end(left(&spared).map_or(Ok(()), Err));
            }
            // A reply that was lost may have confirmed it.
            (Stage::Remove, Err(error)) if error.is_permanent() || error.is_fatal() => {
                self.stage = Stage::LookUp(error);
            }
            (Stage::LookUp(error), answer) => self.end(match answer {
                Ok(Answer::Is(false)) => Ok(()),
                _ => Err(error),
            }),
            (Stage::Fetch, Ok(Answer::Moved(completed))) => {
                let ended = self.end_fetch(completed.bytes);
                self.end(ended);
            }
            // The whole file may come all the same.
            (Stage::Fetch, Err(error)) if self.offset() > 0 && error.forbids_resuming() => {
                match self.part.take().map_or(Ok(()), Part::discard) {
                    Ok(()) => self.stage = Stage::Fetch,
                    Err(error) => self.end(Err(local_error(error))),
                }
            }
            (Stage::Send(_), Ok(_)) => self.stage = Stage::SetTime,
            // Its directory may be missing, if another one performs the step that makes it.
            (Stage::Send(First::Yes), Err(error))
                if error.is_permanent() && !is_of_login(&error) =>
            {
                self.stage = Stage::MakeAbove;
            }
            (Stage::MakeAbove, Ok(_)) => self.stage = Stage::Send(First::No),
            // Not every server can.
            (Stage::SetTime, Err(error)) if is_refused(&error) && !is_of_login(&error) => {
                self.site.sets_no_times();
                self.end(Ok(()));
            }
            (_, Ok(Answer::Time(time))) => self.end_question(Some(time)),
            (_, outcome) => self.end(outcome.map(drop)),
        }
    }

    /// The server's directory was not read.
    fn unread(&mut self, error: Error) {
        let Task::Read(place) = &self.task else {
            return self.stop();
        };
        let unread = error.session().map_or(Unread::Failed, Unread::of);
        let is_missing_target =
            self.site.way == Way::Up && place.path().is_root() && unread == Unread::Refused;
        if is_missing_target && self.site.is_dry {
            return self.end_read(Ok(Listing::complete([])));
        }
        if is_missing_target {
            self.stage = Stage::MakeTarget;
            return;
        }
        if !(unread == Unread::Refused && place.may_be_file()) {
            let note = unread_step(place);
            self.notes.push((note, error));
        }
        self.end_read(Err(unread));
    }

    fn end_read(&mut self, remote: Read) {
        let Task::Read(place) = self.task.clone() else {
            return self.stop();
        };
        let local = self.read_local(&place);
        let (source, target) = match self.site.way {
            Way::Down => (remote, local),
            Way::Up => (local, remote),
        };
        self.stage = Stage::Over(Outcome::Read(place, source, target));
    }

    fn read_local(&mut self, place: &Place) -> Read {
        let is_new = place.is_new() && self.site.way == Way::Down;
        let Some(local) = self.site.local.as_ref().filter(|_| !is_new) else {
            return Ok(Listing::complete([]));
        };
        local.read(place.path()).map_err(|error| {
            if error.kind() == io::ErrorKind::NotADirectory {
                return Unread::Refused;
            }
            self.notes.push((unread_step(place), local_error(error)));
            Unread::Failed
        })
    }

    fn end_question(&mut self, time: Option<Timestamp>) {
        self.stage = match &self.task {
            Task::AskTime(question) => Stage::Over(Outcome::Told(question.clone(), time)),
            _ => Stage::Over(Outcome::Stopped),
        };
    }

    /// A download with a good verdict.
    fn end_fetch(&mut self, moved: u64) -> Result<()> {
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        let bytes = part.offset().saturating_add(moved);
        let size = self.step().and_then(Step::size);
        if part.offset() > 0 && size != Some(bytes) {
            part.discard().map_err(local_error)?;
            let changed = io::Error::other("the file changed since it was listed");
            return Err(local_error(changed));
        }
        part.finish().map_err(local_error)
    }

    /// Ends with the outcome of whatever the task is.
    fn end(&mut self, outcome: Result<()>) {
        match (&self.task, outcome) {
            (Task::Perform(step), outcome) => {
                self.stage = Stage::Over(Outcome::Performed(step.clone(), outcome));
            }
            (Task::AskTime(_), _) => self.end_question(None),
            (Task::Read(_), Ok(())) => self.end_read(Err(Unread::Failed)),
            (Task::Read(place), Err(error)) => {
                let note = unread_step(place);
                self.notes.push((note, error));
                self.end_read(Err(Unread::Failed));
            }
        }
    }
}

/// The first stage of a step, or `None` if it is for the local side alone.
const fn first_stage(step: &Step, way: Way) -> Option<Stage> {
    if is_local(step, way) {
        return None;
    }
    Some(match step.kind() {
        StepKind::Fetch | StepKind::Resume => Stage::Fetch,
        StepKind::Send => Stage::Send(First::Yes),
        StepKind::Make => Stage::Make,
        StepKind::Remove | StepKind::RemoveAll => Stage::Remove,
        StepKind::SetTime => Stage::SetTime,
        StepKind::Skip(_) => return None,
    })
}

/// Whether a step needs no session.
const fn is_local(step: &Step, way: Way) -> bool {
    match step.kind() {
        StepKind::Skip(_) => true,
        StepKind::Fetch | StepKind::Resume | StepKind::Send => false,
        _ => matches!(way, Way::Down),
    }
}

/// A step of the local side.
fn locally(local: &LocalTree, step: &Step) -> io::Result<()> {
    match (step.kind(), step.modified()) {
        (StepKind::Make, _) => local.make(step.path()),
        (StepKind::Remove, _) => local.remove(step.path()),
        (StepKind::RemoveAll, _) => local.remove_all(step.path()),
        (StepKind::SetTime, Some(time)) => local.set_modified(step.path(), time),
        _ => Ok(()),
    }
}

fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), Some(ErrorKind::Refused(_)))
}

/// Whether a session was not made, in place of one that ended: that says nothing of the task.
fn is_of_login(error: &Error) -> bool {
    let verb = error.session().and_then(|error| error.verb());
    verb.is_none_or(|verb| retry::Step::of(verb) == retry::Step::Connecting)
}

/// Stands for a directory that was not read.
fn unread_step(place: &Place) -> Step {
    Step::new(StepKind::Skip(Why::Failed), place.path().clone())
}

/// The failure to remove everything.
fn left(spared: &[(TreePath, Spared)]) -> Option<Error> {
    let (path, why) = spared.first()?;
    let text = format!("{} is left: {why}", Name::new(path.as_bytes()));
    Some(local_error(io::Error::other(text)))
}
