//! Facts about one file or directory.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind};
use crate::listing::{Entry, Kind, Line, Options};
use crate::reply::{Class, Reply};
use crate::session::Session;
use crate::{size, timestamp};

use super::exchange::Exchange;
use super::list::{List, Reading};
use super::size::AskSize;
use super::{Operation, Receiving};

/// Asks about a file or directory; yields `None` if it does not exist.
///
/// MLST comes first (RFC 3659, 7). If the server does not know it, SIZE and MDTM describe a file.
/// If SIZE is refused, a listing of the parent directory shows whether there is a directory. The
/// listing is made only with [`or_listing`](Self::or_listing); without it the refusal of SIZE is
/// the error.
///
/// A 550 to MLST counts as *does not exist*, although some servers also send it for an object that
/// the user may not see.
///
/// The entry's name is the server's name of the object, which for MLST is often the whole path, or
/// else `path`.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::Metadata;
///
/// let about = Metadata::new(Argument::new("pub/image.iso")?);
/// # let _ = about;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Metadata {
    path: Argument,
    listing: Option<Options>,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Start,
    Facts(Exchange<Reply>),
    Size(AskSize),
    Modified(u64, Exchange<Reply>),
    /// With SIZE's refusal.
    Parent(Box<Search>, Error),
}

impl Metadata {
    /// Of the object at `path`.
    pub const fn new(path: Argument) -> Self {
        Self {
            path,
            listing: None,
            step: Step::Start,
        }
    }

    /// Allows a listing of the parent directory, as the last resort. The caller then passes the
    /// payload to [`feed`](Receiving::feed).
    pub fn or_listing(mut self, options: Options) -> Self {
        self.listing = Some(options);
        self
    }

    fn start(&self, session: &Session) -> Step {
        if session.memory().mlst_unknown {
            return self.ask_size();
        }
        let path = self.path.clone();
        Step::Facts(Exchange::ask(Command::new(Verb::Mlst, path)))
    }

    fn ask_size(&self) -> Step {
        Step::Size(AskSize::new(self.path.clone()))
    }

    fn sized(&mut self, reply: Reply, session: &Session) -> Result<Step, Error> {
        if let Ok(size) = size::decode(&reply) {
            let ask = Exchange::ask(Command::new(Verb::Mdtm, self.path.clone()));
            return Ok(Step::Modified(size, ask));
        }
        let refused = session.unwelcome(reply, Verb::Size);
        let options = self.listing.take();
        match options.and_then(|options| Search::of(&self.path, options)) {
            Some(search) => Ok(Step::Parent(Box::new(search), refused)),
            None => Err(refused),
        }
    }

    fn file(&self, size: u64, modified: &Reply) -> Entry<'static> {
        Entry::new(b"", self.path.as_bytes())
            .with_kind(Kind::File)
            .with_size(size)
            .with_modified(timestamp::decode(modified).ok())
            .into_owned()
    }
}

impl Operation for Metadata {
    type Output = Option<Entry<'static>>;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        loop {
            self.step = match &mut self.step {
                Step::Start => self.start(session),
                Step::Facts(ask) => {
                    let reply = ready!(ask.poll(session))?;
                    if let Some(entry) = described(&reply) {
                        return Poll::Ready(Ok(Some(entry.into_owned())));
                    }
                    match reply.code().get() {
                        550 => return Poll::Ready(Ok(None)),
                        500 | 502 | 504 => session.memory_mut().mlst_unknown = true,
                        _ => {}
                    }
                    self.ask_size()
                }
                Step::Size(ask) => {
                    let reply = ready!(ask.poll(session))?;
                    self.sized(reply, session)?
                }
                Step::Modified(size, ask) => {
                    let size = *size;
                    let reply = ready!(ask.poll(session))?;
                    return Poll::Ready(Ok(Some(self.file(size, &reply))));
                }
                Step::Parent(search, refused) => {
                    let found = ready!(search.poll(session))?;
                    return Poll::Ready(found.ok_or_else(|| {
                        let kind: ErrorKind = refused.kind().clone();
                        session.error(kind, refused.verb())
                    }));
                }
            };
        }
    }
}

impl Receiving for Metadata {
    fn feed(&mut self, chunk: &[u8]) {
        if let Step::Parent(search, _) = &mut self.step {
            search.feed(chunk);
        }
    }
}

/// Asks whether a file or directory exists, as [`Metadata`] does.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::{Exists, Metadata};
///
/// let is_there = Exists::new(Metadata::new(Argument::new("pub/image.iso")?));
/// # let _ = is_there;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Exists(Metadata);

impl Exists {
    /// The object that `metadata` asks about.
    pub const fn new(metadata: Metadata) -> Self {
        Self(metadata)
    }
}

impl Operation for Exists {
    type Output = bool;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<bool, Error>> {
        self.0.poll(session).map_ok(|found| found.is_some())
    }
}

impl Receiving for Exists {
    fn feed(&mut self, chunk: &[u8]) {
        self.0.feed(chunk);
    }
}

/// The object in a reply to MLST. The first line is free text.
pub(super) fn described(reply: &Reply) -> Option<Entry<'_>> {
    let is_success = reply.class() == Class::Completion;
    let lines = reply.lines().skip(1).filter(|_| is_success);
    lines.into_iter().find_map(Entry::from_mlst)
}

/// A listing in which one name is looked for.
#[derive(Debug)]
struct Search {
    reading: Reading,
    name: Vec<u8>,
    found: Option<Entry<'static>>,
}

impl Search {
    /// In the parent of `path`; `None` if the path has no name in a directory, such as `/` or `..`.
    fn of(path: &Argument, options: Options) -> Option<Self> {
        let path = path.as_bytes();
        let end = path.iter().rposition(|byte| *byte != b'/')?;
        let path = path.get(..=end)?;
        let (parent, name) = match memchr::memrchr(b'/', path) {
            None => (None, path),
            Some(0) => (Some(&b"/"[..]), path.get(1..)?),
            Some(at) => (path.get(..at), path.get(at.checked_add(1)?..)?),
        };
        if matches!(name, b"." | b"..") {
            return None;
        }
        let parent = parent.map(Argument::new).transpose().ok()?;
        Some(Self {
            reading: Reading::new(List::new(parent), options),
            name: name.into(),
            found: None,
        })
    }

    fn feed(&mut self, chunk: &[u8]) {
        let (name, found) = (&self.name, &mut self.found);
        self.reading.feed(chunk, |line| note(line, name, found));
    }

    /// The result; the outer `None` if the listing was not fed, or is not complete.
    fn poll(
        &mut self,
        session: &mut Session,
    ) -> Poll<Result<Option<Option<Entry<'static>>>, Error>> {
        let (name, found) = (&self.name, &mut self.found);
        let listed = ready!(self.reading.poll(session, |line| note(line, name, found)))?;
        let moved = listed.completed.as_ref().map_or(0, |it| it.bytes);
        let is_known = moved == self.reading.bytes() && !listed.is_truncated();
        Poll::Ready(Ok(is_known.then(|| self.found.take())))
    }
}

fn note(line: Line<'_>, name: &[u8], found: &mut Option<Entry<'static>>) {
    let Line::Entry(entry) = line else {
        return;
    };
    let listed = entry.name().as_bytes();
    let last = listed.rsplit(|byte| *byte == b'/').next();
    let is_itself = matches!(entry.kind(), Kind::CurrentDirectory | Kind::ParentDirectory);
    if !is_itself && (listed == name || last == Some(name)) {
        *found = Some(entry.into_owned());
    }
}
