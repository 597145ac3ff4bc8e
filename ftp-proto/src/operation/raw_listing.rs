//! The lines of LIST and NLST, unparsed.

use alloc::vec::Vec;
use core::task::{Poll, ready};

use crate::command::{Argument, Verb};
use crate::error::{Error, Policy};
use crate::lines::{LINE_BYTES_MAX, LineTooLong, Lines};
use crate::session::Session;
use crate::transfer::Transfer;
use crate::verdict::Completed;

use super::names::Names;
use super::one_transfer::OneTransfer;
use super::room::Room;
use super::{Operation, Receiving};

/// Sends LIST or NLST and collects the lines, without their line ends.
///
/// The bounds are those of [`Entries`](super::Entries), and each line counts as an entry. A line of
/// more than 8,192 bytes is an error too ([`Policy::ListingLine`]).
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::RawListing;
///
/// let lines = RawListing::list(Some(Argument::new("-l pub")?));
/// let names = RawListing::names(None);
/// # let _ = (lines, names);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct RawListing {
    source: Source,
    lines: Lines,
    kept: Vec<Vec<u8>>,
    room: Room,
}

#[derive(Debug)]
enum Source {
    List(OneTransfer),
    Names(Names),
}

impl RawListing {
    /// LIST, with the argument as it is given.
    pub fn list(argument: Option<Argument>) -> Self {
        Self::of(Source::List(OneTransfer::new(Transfer::list(argument))))
    }

    /// NLST, with the argument as it is given; see [`Names`] for empty directories.
    pub fn names(argument: Option<Argument>) -> Self {
        Self::of(Source::Names(Names::new(argument)))
    }

    fn of(source: Source) -> Self {
        Self {
            source,
            lines: Lines::new(LINE_BYTES_MAX),
            kept: Vec::new(),
            room: Room::new(),
        }
    }

    /// Drops everything if something did not fit.
    fn check(&mut self, session: &mut Session) -> Result<(), Error> {
        let (transfer, verb) = match &self.source {
            Source::List(payload) => (payload.id(), Verb::List),
            Source::Names(names) => (names.transfer(), Verb::Nlst),
        };
        let checked = self.room.check(session, transfer, Some(verb));
        checked.inspect_err(|_| self.kept = Vec::new())
    }
}

impl Source {
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Completed, Error>> {
        match self {
            Self::List(payload) => payload.poll(session),
            Self::Names(names) => names.poll(session),
        }
    }
}

fn keep(line: Result<&[u8], LineTooLong>, kept: &mut Vec<Vec<u8>>, room: &mut Room) {
    match line {
        Ok(line) if room.take_entry(kept.len()) => kept.push(line.to_vec()),
        Ok(_) => {}
        Err(too_long) => {
            let max = u32::try_from(too_long.line_bytes_max).unwrap_or(u32::MAX);
            room.refuse(Policy::ListingLine(max));
        }
    }
}

impl Operation for RawListing {
    type Output = Vec<Vec<u8>>;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        self.room.measure(session);
        self.check(session)?;
        ready!(self.source.poll(session))?;
        // Only now is the last line certainly complete.
        if let Some(line) = self.lines.finish() {
            keep(line, &mut self.kept, &mut self.room);
        }
        self.check(session)?;
        Poll::Ready(Ok(core::mem::take(&mut self.kept)))
    }
}

impl Receiving for RawListing {
    fn feed(&mut self, mut chunk: &[u8]) {
        if !self.room.take_bytes(chunk) {
            return;
        }
        while let Some(line) = self.lines.next_line(&mut chunk) {
            keep(line, &mut self.kept, &mut self.room);
        }
    }
}
