//! Entries of a directory, as they arrive or collected.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Poll, ready};

use crate::error::Error;
use crate::listing::{Entry, Kind, Line, Options, Skip};
use crate::session::Session;

use super::list::{List, Listed, Reading};
use super::room::Room;
use super::rung::Rung;
use super::{Operation, Receiving};

/// Lists a directory and passes each line to a callback as it arrives, understood or not, in
/// constant memory.
///
/// Only the end shows whether the listing is complete: do not rely on the lines of a listing that
/// ends in an error.
///
/// ```
/// use ftp_proto::listing::{Line, Options};
/// use ftp_proto::operation::{List, ListEach};
///
/// let mut files = 0;
/// let list = ListEach::new(List::new(None), Options::new(), |line| {
///     files += usize::from(matches!(line, Line::Entry(entry) if entry.is_file()));
/// });
/// # let _ = list;
/// ```
#[must_use = "an operation does nothing until it is run"]
pub struct ListEach<F> {
    reading: Reading,
    each: F,
}

impl<F: FnMut(Line<'_>)> ListEach<F> {
    /// Of what `list` lists, read with these options.
    pub fn new(list: List, options: Options, each: F) -> Self {
        let reading = Reading::new(list, options);
        Self { reading, each }
    }
}

impl<F: FnMut(Line<'_>)> Operation for ListEach<F> {
    type Output = Listed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Listed, Error>> {
        self.reading.poll(session, &mut self.each)
    }
}

impl<F: FnMut(Line<'_>)> Receiving for ListEach<F> {
    fn feed(&mut self, chunk: &[u8]) {
        self.reading.feed(chunk, &mut self.each);
    }
}

impl<F> fmt::Debug for ListEach<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListEach")
            .field("reading", &self.reading)
            .finish_non_exhaustive()
    }
}

/// The contents of a directory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Contents {
    /// The entries without the directory itself and its parent, in the server's order.
    pub entries: Vec<Entry<'static>>,
    /// How the listing came.
    pub listed: Listed,
    /// The first line, if no line was understood: the payload is not a listing then. inetutils
    /// sends error texts of its `ls` so. The text is the server's.
    pub complaint: Option<Box<[u8]>>,
}

/// Lists a directory and collects its entries, without the lines that are not understood.
///
/// [`Limits::listing_entries_max`](crate::Limits::listing_entries_max) and
/// [`Limits::listing_bytes_max`](crate::Limits::listing_bytes_max) bound what is kept. Beyond that
/// the transfer is aborted and the entries are dropped:
/// [`Policy::ListingEntries`](crate::Policy::ListingEntries) or
/// [`Policy::ListingBytes`](crate::Policy::ListingBytes). [`ListEach`] has no bounds.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::listing::Options;
/// use ftp_proto::operation::{Entries, List};
///
/// let pub_directory = Entries::new(List::new(Some(Argument::new("pub")?)), Options::new());
/// # let _ = pub_directory;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Entries {
    reading: Reading,
    kept: Kept,
}

#[derive(Debug)]
struct Kept {
    room: Room,
    entries: Vec<Entry<'static>>,
    understood: bool,
    complaint: Option<Box<[u8]>>,
}

impl Entries {
    /// Of what `list` lists, read with these options.
    pub fn new(list: List, options: Options) -> Self {
        Self {
            reading: Reading::new(list, options),
            kept: Kept {
                room: Room::new(),
                entries: Vec::new(),
                understood: false,
                complaint: None,
            },
        }
    }

    /// Drops everything if something did not fit.
    fn check(&mut self, session: &mut Session) -> Result<(), Error> {
        let list = self.reading.list();
        let checked = self
            .kept
            .room
            .check(session, list.transfer(), list.rung().map(Rung::verb));
        checked.inspect_err(|_| self.kept.entries = Vec::new())
    }
}

impl Operation for Entries {
    type Output = Contents;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Contents, Error>> {
        self.kept.room.measure(session);
        self.check(session)?;
        let kept = &mut self.kept;
        let listed = ready!(self.reading.poll(session, |line| kept.take(line)))?;
        self.check(session)?;
        let complaint = self.kept.complaint.take();
        Poll::Ready(Ok(Contents {
            entries: core::mem::take(&mut self.kept.entries),
            listed,
            complaint: complaint.filter(|_| !self.kept.understood),
        }))
    }
}

impl Receiving for Entries {
    fn feed(&mut self, chunk: &[u8]) {
        let kept = &mut self.kept;
        if kept.room.take_bytes(chunk) {
            self.reading.feed(chunk, |line| kept.take(line));
        }
    }
}

impl Kept {
    fn take(&mut self, line: Line<'_>) {
        match line {
            Line::Entry(entry) => {
                self.understood = true;
                let is_itself =
                    matches!(entry.kind(), Kind::CurrentDirectory | Kind::ParentDirectory);
                if !is_itself && self.room.take_entry(self.entries.len()) {
                    self.entries.push(entry.into_owned());
                }
            }
            Line::Unparsed { bytes, .. } if self.complaint.is_none() => {
                self.complaint = Some(bytes.into_owned().into());
            }
            Line::Skipped { skip, .. } => self.understood |= skip == Skip::SelfOrParent,
            Line::Unparsed { .. } => {}
        }
    }
}
