//! Walks over a tree on one session.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Poll, ready};

use crate::command::Verb;
use crate::error::Error;
use crate::listing::{Entry, Options};
use crate::pathname::Pathname;
use crate::session::Session;
use crate::tree::{Listing, Place, TreePath, Unread, Walk};

use super::base::{WayBack, absolute, usable};
use super::exchange::Exchange;
use super::read_directory::ReadDirectory;
use super::{Operation, Receiving};

/// What a walk did not see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Walked {
    /// How many entries were seen.
    pub entries: u64,
    /// Directories that were not read, and why.
    pub unread: Vec<(TreePath, Unread)>,
    /// Whether a limit was reached, so that directories are left out.
    pub is_limited: bool,
}

/// Walks over a directory and all below it, depth-first, and passes each entry to a callback as it
/// arrives.
///
/// The callback gets the path of the entry below the root of the walk. An entry whose name cannot
/// be part of a path is passed over: `.` and `..`, and names with a slash. A directory that cannot
/// be read is noted ([`Walked::unread`]), and the walk goes on. Afterwards the working directory is
/// what it was before.
///
/// ```
/// use ftp_proto::operation::WalkTree;
/// use ftp_proto::tree::{TreeLimits, Walk};
/// use ftp_proto::listing::Options;
///
/// let walk = Walk::new(TreeLimits::default());
/// let names = WalkTree::new("pub", walk, Options::new(), |path, entry| {
///     println!("{path} {:?}", entry.size());
/// });
/// # let _ = names;
/// ```
#[must_use = "an operation does nothing until it is run"]
pub struct WalkTree<F> {
    walk: Walk,
    options: Options,
    each: F,
    step: Step,
    /// The working directory before.
    before: Option<Pathname>,
    /// The path as given, and then absolute.
    base: Pathname,
    unread: Vec<(TreePath, Unread)>,
}

#[derive(Debug)]
enum Step {
    Ask(Exchange<Pathname>),
    Read(Place, Box<ReadDirectory>),
    Return(WayBack, Result<(), Error>),
}

impl<F: FnMut(&TreePath, &Entry<'_>)> WalkTree<F> {
    /// From this directory on. An empty path is the working directory.
    pub fn new(path: impl AsRef<[u8]>, walk: Walk, options: Options, each: F) -> Self {
        Self {
            walk,
            options,
            each,
            step: Step::Ask(Exchange::working_directory()),
            before: None,
            base: path.as_ref().into(),
            unread: Vec::new(),
        }
    }

    /// The next directory, or the way back.
    fn next(&mut self, session: &Session) -> Result<Step, Error> {
        while let Some(place) = self.walk.next_place() {
            match ReadDirectory::new(&place, self.base.as_bytes(), self.options.clone()) {
                Ok(read) => return Ok(Step::Read(place, read.into())),
                // A path of a listing can be longer than a command may be.
                Err(_) => self.leave_out(&place, Unread::Failed),
            }
        }
        self.go_back(Ok(()), session)
    }

    fn go_back(&self, result: Result<(), Error>, session: &Session) -> Result<Step, Error> {
        let back = WayBack::new(self.before.as_ref());
        let back = back.map_err(|error| session.error(error, Verb::Cwd))?;
        Ok(Step::Return(back, result))
    }

    fn leave_out(&mut self, place: &Place, why: Unread) {
        self.walk.read(place, Err(why));
        self.unread.push((place.path().clone(), why));
    }

    /// What follows from the end of a listing.
    fn after(
        &mut self,
        place: &Place,
        outcome: Result<Result<Listing, Unread>, Error>,
        session: &Session,
    ) -> Result<Step, Error> {
        match outcome {
            Ok(Ok(listing)) => self.walk.read(place, Ok(&listing)),
            Ok(Err(unread)) => self.leave_out(place, unread),
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) if place.path().is_root() => return self.go_back(Err(error), session),
            Err(error) => self.leave_out(place, Unread::of(&error)),
        }
        self.next(session)
    }

    fn walked(&mut self) -> Walked {
        Walked {
            entries: self.walk.entries(),
            unread: core::mem::take(&mut self.unread),
            is_limited: self.walk.is_limited(),
        }
    }
}

impl<F: FnMut(&TreePath, &Entry<'_>)> Operation for WalkTree<F> {
    type Output = Walked;

    /// # Errors
    /// The directory itself cannot be read, or the session ended.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Walked, Error>> {
        loop {
            let each = &mut self.each;
            self.step = match &mut self.step {
                Step::Ask(ask) => {
                    self.before = usable(ready!(ask.poll(session)))?;
                    self.base = absolute(self.before.as_ref(), self.base.as_bytes());
                    self.next(session)?
                }
                Step::Read(place, read) => {
                    let outcome = ready!(read.poll_with(session, |entry| {
                        pass(place, entry, each);
                    }));
                    let place = place.clone();
                    self.after(&place, outcome, session)?
                }
                Step::Return(back, result) => {
                    let returned = ready!(back.poll(session));
                    let result = core::mem::replace(result, Ok(()));
                    return Poll::Ready(result.and(returned).map(|()| self.walked()));
                }
            };
        }
    }
}

impl<F: FnMut(&TreePath, &Entry<'_>)> Receiving for WalkTree<F> {
    fn feed(&mut self, chunk: &[u8]) {
        let each = &mut self.each;
        if let Step::Read(place, read) = &mut self.step {
            read.feed_with(chunk, |entry| pass(place, entry, each));
        }
    }
}

fn pass(place: &Place, entry: &Entry<'_>, each: &mut impl FnMut(&TreePath, &Entry<'_>)) {
    if let Some(path) = place.path().join(entry.name().as_bytes()) {
        each(&path, entry);
    }
}

impl<F> fmt::Debug for WalkTree<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WalkTree")
            .field("base", &self.base)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}
