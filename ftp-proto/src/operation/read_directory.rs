//! Reads a directory for a plan of a tree.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use crate::command::{Argument, ArgumentError};
use crate::error::Error;
use crate::listing::{Entry, Kind, Line, Options};
use crate::pathname::Pathname;
use crate::session::Session;
use crate::tree::{Check, Doubt, Listing, Object, Place, Unread};

use super::base::{is_absolute, usable};
use super::directory::ChangeDirectory;
use super::exchange::Exchange;
use super::list::{List, Listed, Reading};
use super::room::Room;
use super::rung::Rung;
use super::{Operation, Receiving};

/// Reads a directory of a tree, and yields what a [`Walk`](crate::tree::Walk), a
/// [`Removal`](crate::tree::Removal) or a [`Mirror`](crate::tree::Mirror) wants to know of it.
///
/// Where the plan has to know whether the directory is a link, it enters it with CWD and asks PWD
/// first. It lists nothing if the answer contradicts the place. This changes the working directory
/// of the session, so the base of the tree has to be an absolute path; for another one nothing is
/// asked.
///
/// [`Limits`](crate::Limits) bound what is kept of one listing, as for
/// [`Entries`](super::Entries).
///
/// ```
/// use ftp_proto::listing::Options;
/// use ftp_proto::operation::ReadDirectory;
/// use ftp_proto::tree::{TreeLimits, Walk};
///
/// let mut walk = Walk::new(TreeLimits::default());
/// let root = walk.next_place().unwrap();
/// let read = ReadDirectory::new(&root, b"/pub", Options::new())?;
/// # let _ = read;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct ReadDirectory {
    place: Place,
    base: Box<[u8]>,
    step: Step,
    reading: Reading,
    pathname: Option<Pathname>,
    kept: Kept,
}

#[derive(Debug)]
enum Step {
    Enter(ChangeDirectory),
    Ask(Exchange<Pathname>),
    List,
}

#[derive(Debug)]
struct Kept {
    room: Room,
    objects: Vec<Object>,
    unique: Option<Box<[u8]>>,
    not_understood: bool,
}

impl ReadDirectory {
    /// Of this place, below the directory `base` of the server.
    ///
    /// # Errors
    /// The path cannot be an argument.
    pub fn new(place: &Place, base: &[u8], options: Options) -> Result<Self, ArgumentError> {
        let path = place.path().below(base);
        let asks = place.check() != Check::None && is_absolute(base);
        let (step, list) = match asks {
            true => (Step::Enter(ChangeDirectory::new(&path)?), List::new(None)),
            false => (Step::List, List::new(argument(path)?)),
        };
        Ok(Self {
            place: place.clone(),
            base: base.into(),
            step,
            reading: Reading::new(list, options),
            pathname: None,
            kept: Kept {
                room: Room::new(),
                objects: Vec::new(),
                unique: None,
                not_understood: false,
            },
        })
    }

    fn check(&self, session: &mut Session) -> Result<(), Error> {
        let list = self.reading.list();
        let verb = list.rung().map(Rung::verb);
        self.kept.room.check(session, list.transfer(), verb)
    }

    fn listing(&mut self, listed: &Listed) -> Listing {
        let objects = core::mem::take(&mut self.kept.objects);
        let listing = match self.kept.doubt(listed) {
            Some(doubt) => Listing::doubtful(objects, doubt),
            None => Listing::complete(objects),
        };
        let listing = listing
            .with_pathname(self.pathname.take())
            .with_unique(self.kept.unique.as_deref());
        match listed.rung {
            Rung::MachineList => listing.without_links(),
            _ => listing,
        }
    }
}

/// An empty path is the working directory.
fn argument(path: Cow<'_, [u8]>) -> Result<Option<Argument>, ArgumentError> {
    match path.as_ref() {
        [] => Ok(None),
        path => Argument::new(path).map(Some),
    }
}

impl ReadDirectory {
    /// Goes on, and passes each entry that came in a reply to `each`.
    pub(super) fn poll_with(
        &mut self,
        session: &mut Session,
        mut each: impl FnMut(&Entry<'_>),
    ) -> Poll<Result<Result<Listing, Unread>, Error>> {
        loop {
            match &mut self.step {
                Step::Enter(change) => {
                    ready!(change.poll(session))?;
                    self.step = Step::Ask(Exchange::working_directory());
                }
                Step::Ask(ask) => {
                    // An answer that cannot be used contradicts nothing.
                    self.pathname = usable(ready!(ask.poll(session)))?;
                    let told = self.pathname.as_ref();
                    if let Some(Err(unread)) = told.map(|it| self.place.accepts(it, &self.base)) {
                        return Poll::Ready(Ok(Err(unread)));
                    }
                    self.step = Step::List;
                }
                Step::List => {
                    self.kept.room.measure(session);
                    self.check(session)?;
                    let kept = &mut self.kept;
                    let read = self
                        .reading
                        .poll(session, |line| kept.take(line, &mut each));
                    let listed = ready!(read)?;
                    self.check(session)?;
                    return Poll::Ready(Ok(Ok(self.listing(&listed))));
                }
            }
        }
    }

    /// Takes payload, and passes each entry to `each` as it arrives.
    pub(super) fn feed_with(&mut self, chunk: &[u8], mut each: impl FnMut(&Entry<'_>)) {
        let kept = &mut self.kept;
        if kept.room.take_bytes(chunk) {
            self.reading.feed(chunk, |line| kept.take(line, &mut each));
        }
    }
}

impl Operation for ReadDirectory {
    /// A directory that PWD says is elsewhere is no error.
    type Output = Result<Listing, Unread>;

    /// # Errors
    /// The directory could not be entered or listed; [`Unread::of`] says what that means.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        self.poll_with(session, |_| {})
    }
}

impl Receiving for ReadDirectory {
    fn feed(&mut self, chunk: &[u8]) {
        self.feed_with(chunk, |_| {});
    }
}

impl Kept {
    fn take(&mut self, line: Line<'_>, each: &mut impl FnMut(&Entry<'_>)) {
        match line {
            Line::Entry(entry) => match entry.kind() {
                Kind::CurrentDirectory => self.unique = entry.unique().map(Into::into),
                Kind::ParentDirectory => {}
                _ if self.room.take_entry(self.objects.len()) => {
                    each(&entry);
                    self.objects.push(Object::from(&entry));
                }
                _ => {}
            },
            Line::Unparsed { .. } => self.not_understood = true,
            Line::Skipped { .. } => {}
        }
    }

    /// Why the listing may lack something.
    fn doubt(&self, listed: &Listed) -> Option<Doubt> {
        if listed.is_truncated() {
            return Some(Doubt::Limit);
        }
        if listed.is_told_empty() {
            return Some(Doubt::NotConfirmed);
        }
        if self.not_understood {
            return Some(Doubt::NotUnderstood);
        }
        let shows_hidden = matches!(listed.rung, Rung::MachineList | Rung::ListAll);
        (!shows_hidden).then_some(Doubt::Hidden)
    }
}
