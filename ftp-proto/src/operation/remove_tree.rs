//! Removes a directory with everything in it, on one session.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use crate::command::{Argument, ArgumentError, Verb};
use crate::error::{Error, ErrorKind};
use crate::listing::Options;
use crate::pathname::Pathname;
use crate::session::Session;
use crate::tree::{Place, Removal, RemovalTask, Spared, TreeLimits, TreePath, Unread};

use super::base::{WayBack, absolute, join, usable};
use super::directory::ChangeDirectory;
use super::exchange::Exchange;
use super::read_directory::ReadDirectory;
use super::{Operation, Receiving};

/// Removes a directory with everything in it; yields what is left, and why.
///
/// [`Removal`] has the rules. The directory itself has to be one: if PWD says that it is elsewhere,
/// it is a link, and nothing is removed. Afterwards the working directory is what it was before.
///
/// ```
/// use ftp_proto::listing::Options;
/// use ftp_proto::operation::RemoveTree;
/// use ftp_proto::tree::TreeLimits;
///
/// let remove = RemoveTree::new("pub/old", TreeLimits::default(), Options::new())?;
/// assert!(RemoveTree::new("pub/..", TreeLimits::default(), Options::new()).is_err());
/// # let _ = remove;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct RemoveTree {
    removal: Removal,
    options: Options,
    step: Step,
    /// The working directory before.
    before: Option<Pathname>,
    /// The path as given, and then behind what the server calls its parent.
    base: Pathname,
}

#[derive(Debug)]
enum Step {
    /// PWD: where are we?
    Ask(Exchange<Pathname>),
    /// CWD to the parent of the directory, and PWD there: what does the server call it?
    Enter(ChangeDirectory),
    AskParent(Exchange<Pathname>),
    Read(Place, Box<ReadDirectory>),
    Remove(Exchange<()>),
    Return(WayBack, Result<(), Error>),
}

impl RemoveTree {
    /// Of the directory at `path`. `options` say how listings are read.
    ///
    /// # Errors
    /// [`ArgumentError::Empty`] if the path does not end with a name: `/`, `.` and `..` are not
    /// removed. Or it cannot be sent.
    pub fn new(
        path: impl AsRef<[u8]>,
        limits: TreeLimits,
        options: Options,
    ) -> Result<Self, ArgumentError> {
        let path = without_slashes(path.as_ref());
        Argument::new(path)?;
        let name = split(path).1;
        TreePath::root().join(name).ok_or(ArgumentError::Empty)?;
        Ok(Self {
            removal: Removal::new(limits),
            options,
            step: Step::Ask(Exchange::working_directory()),
            before: None,
            base: path.into(),
        })
    }

    /// The directory above, to learn its name. A path that is not absolute cannot be checked.
    fn enter_parent(&mut self, session: &Session) -> Result<Step, Error> {
        if self.before.is_none() {
            return self.next(session);
        }
        self.base = absolute(self.before.as_ref(), self.base.as_bytes());
        let parent = match split(self.base.as_bytes()).0 {
            b"" => b"/",
            parent => parent,
        };
        let change = ChangeDirectory::new(parent);
        Ok(Step::Enter(change.map_err(|error| wrong(session, error))?))
    }

    fn told_parent(&mut self, parent: Option<&Pathname>) {
        if let Some(parent) = parent {
            self.base = join(parent.as_bytes(), split(self.base.as_bytes()).1);
        }
    }

    fn next(&mut self, session: &Session) -> Result<Step, Error> {
        while let Some(task) = self.removal.next_task() {
            // A path of a listing can be longer than a command may be.
            match (self.task(task.clone()), task) {
                (Ok(step), _) => return Ok(step),
                (Err(_), RemovalTask::Read(place)) => {
                    self.removal.read(&place, Err(Unread::Failed));
                }
                (Err(_), _) => self.removal.done(false),
            }
        }
        self.go_back(Ok(()), session)
    }

    fn task(&self, task: RemovalTask) -> Result<Step, ArgumentError> {
        let base = self.base.as_bytes();
        let argument = |path: &TreePath| Argument::new(path.below(base));
        Ok(match task {
            RemovalTask::Read(place) => {
                let read = ReadDirectory::new(&place, base, self.options.clone())?;
                Step::Read(place, read.into())
            }
            RemovalTask::Delete(path) => Step::Remove(Exchange::delete(argument(&path)?)),
            RemovalTask::RemoveDirectory(path) => {
                Step::Remove(Exchange::remove_directory(argument(&path)?))
            }
        })
    }

    fn go_back(&self, result: Result<(), Error>, session: &Session) -> Result<Step, Error> {
        let back = WayBack::new(self.before.as_ref()).map_err(|error| wrong(session, error))?;
        Ok(Step::Return(back, result))
    }
}

fn wrong(session: &Session, error: ArgumentError) -> Error {
    session.error(error, Verb::Cwd)
}

fn without_slashes(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|&byte| byte != b'/');
    let end = end.map_or(0, |last| last.saturating_add(1));
    path.get(..end).unwrap_or_default()
}

/// The path of the directory above, and the last name.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memrchr(b'/', path).and_then(|at| path.split_at_checked(at)) {
        Some((above, name)) => (above, name.strip_prefix(b"/").unwrap_or(name)),
        None => (b"", path),
    }
}

impl Operation for RemoveTree {
    /// What is left, and why: empty if everything was removed.
    type Output = Vec<(TreePath, Spared)>;

    /// # Errors
    /// The directory itself cannot be read, or the session ended.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        loop {
            self.step = match &mut self.step {
                Step::Ask(ask) => {
                    self.before = usable(ready!(ask.poll(session)))?;
                    self.enter_parent(session)?
                }
                Step::Enter(change) => {
                    // The working directory was not left.
                    ready!(change.poll(session))?;
                    Step::AskParent(Exchange::working_directory())
                }
                Step::AskParent(ask) => {
                    let parent = usable(ready!(ask.poll(session)))?;
                    self.told_parent(parent.as_ref());
                    self.next(session)?
                }
                Step::Read(place, read) => {
                    let outcome = ready!(read.poll(session));
                    let place = place.clone();
                    match outcome {
                        Ok(listing) => self.removal.read(&place, listing),
                        Err(error) if error.is_fatal() => return Poll::Ready(Err(error)),
                        Err(error) if place.path().is_root() => {
                            self.step = self.go_back(Err(error), session)?;
                            continue;
                        }
                        Err(error) => self.removal.read(&place, Err(Unread::of(&error))),
                    }
                    self.next(session)?
                }
                Step::Remove(remove) => {
                    let confirmed = match ready!(remove.poll(session)) {
                        Ok(()) => true,
                        Err(error) => match error.kind() {
                            ErrorKind::Refused(_) if !error.is_fatal() => false,
                            _ => return Poll::Ready(Err(error)),
                        },
                    };
                    self.removal.done(confirmed);
                    self.next(session)?
                }
                Step::Return(back, result) => {
                    let returned = ready!(back.poll(session));
                    let result = core::mem::replace(result, Ok(())).and(returned);
                    return Poll::Ready(result.map(|()| self.removal.spared().to_vec()));
                }
            };
        }
    }
}

impl Receiving for RemoveTree {
    fn feed(&mut self, chunk: &[u8]) {
        if let Step::Read(_, read) = &mut self.step {
            read.feed(chunk);
        }
    }
}
