//! What the server tells about one object.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind};
use crate::listing::{Entry, Kind, Line, Options, Reader};
use crate::reply::{Class, Reply};
use crate::session::Session;
use crate::{size, timestamp};

use super::Operation;
use super::exchange::Exchange;
use super::list::{List, Listed};
use super::rung::Rung;
use super::size::AskSize;

/// Asks about a file or directory; yields `None` if there is none.
///
/// MLST comes first (RFC 3659, 7). Where the server does not know it, SIZE and MDTM tell of a file. Where SIZE is refused,
/// a listing of the parent directory tells of a directory, or that nothing is there. The listing is made only after
/// [`or_listing`](Self::or_listing); without it the refusal of SIZE is the error.
///
/// A 550 to MLST counts as *nothing is there*, though some servers answer it for what the user may not see.
///
/// The entry's name is what the server calls the object, which for MLST is often the whole path, or else `path`.
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

    /// The parent directory may be listed, as the last resort. Whoever runs the operation then gives what is received to
    /// [`feed`](Self::feed).
    pub fn or_listing(mut self, options: Options) -> Self {
        self.listing = Some(options);
        self
    }

    /// Takes what is received of the listing, in chunks of any size.
    pub fn feed(&mut self, chunk: &[u8]) {
        if let Step::Parent(search, _) = &mut self.step {
            search.feed(chunk);
        }
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
        match (self.listing.take(), Search::of(&self.path)) {
            (Some(options), Some(search)) => {
                Ok(Step::Parent(Box::new(search.with(options)), refused))
            }
            _ => Err(refused),
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
                    let listed = ready!(search.list.poll(session))?;
                    let found = search.end(&listed);
                    return Poll::Ready(found.ok_or_else(|| {
                        let kind: ErrorKind = refused.kind().clone();
                        session.error(kind, refused.verb())
                    }));
                }
            };
        }
    }
}

/// The object of a reply to MLST. The first line is the server's own words.
pub(super) fn described(reply: &Reply) -> Option<Entry<'_>> {
    let is_success = reply.class() == Class::Completion;
    let lines = reply.lines().skip(1).filter(|_| is_success);
    lines.into_iter().find_map(Entry::from_mlst)
}

/// A listing in which one name is looked for.
#[derive(Debug)]
struct Search {
    list: List,
    name: Vec<u8>,
    options: Options,
    /// The way of the listing that is being read.
    rung: Option<Rung>,
    reader: Reader,
    found: Option<Entry<'static>>,
    bytes: u64,
}

impl Search {
    /// In the parent of `path`; `None` if the path has no name in a directory, such as `/` or `..`.
    fn of(path: &Argument) -> Option<Self> {
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
            list: List::new(parent),
            name: name.into(),
            options: Options::new(),
            rung: None,
            reader: Reader::new(&Options::new()),
            found: None,
            bytes: 0,
        })
    }

    fn with(self, options: Options) -> Self {
        Self { options, ..self }
    }

    fn feed(&mut self, chunk: &[u8]) {
        self.begin(self.list.rung());
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        let (name, found) = (&self.name, &mut self.found);
        self.reader.feed(chunk, |line| note(line, name, found));
    }

    /// Each way is read anew.
    fn begin(&mut self, rung: Option<Rung>) {
        if self.rung == rung {
            return;
        }
        self.rung = rung;
        let options = self.options.clone();
        self.reader = match rung.and_then(Rung::format) {
            Some(format) => Reader::new(&options.format(format)),
            None => Reader::new(&options),
        };
    }

    /// What was found; the outer `None` if the listing was not fed.
    fn end(&mut self, listed: &Listed) -> Option<Option<Entry<'static>>> {
        let moved = listed.completed.as_ref().map_or(0, |it| it.bytes);
        if moved != self.bytes || listed.is_truncated() {
            return None;
        }
        self.begin(Some(listed.rung));
        let reader = core::mem::replace(&mut self.reader, Reader::new(&Options::new()));
        let (name, found) = (&self.name, &mut self.found);
        let mut reader = reader;
        for line in listed.status_lines() {
            reader.feed(line, |line| note(line, name, found));
            reader.feed(b"\n", |line| note(line, name, found));
        }
        reader.finish(|line| note(line, name, found));
        Some(self.found.take())
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
