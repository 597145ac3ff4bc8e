//! What earlier lines of a listing, and the caller, tell about the lines to come.

use super::Format;
use super::dates::Reference;
use crate::timestamp::Timestamp;

/// The memory between lines. Parsers of single lines read it and add to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    pub(super) reference: Option<Reference>,
    /// The format that read the last entry, or that the caller named.
    pub(super) format: Option<Format>,
    /// Whether the caller named the format, so that no other is tried.
    pub(super) is_forced: bool,
    /// The order of the numbers in this server's dates, once a date left no choice.
    pub(super) order: Option<DateOrder>,
    /// The heading of MVS under which the lines stand.
    pub(super) heading: Option<Heading>,
    /// The column in which the sizes of a dls listing end.
    pub(super) size_end: Option<usize>,
    /// Whether and how the names of `ls` carry the marks of `ls -F`.
    pub(super) marks: Marks,
}

impl Context {
    pub(super) fn new(now: Option<Timestamp>, forced: Option<Format>) -> Self {
        Self {
            reference: now.map(Reference::new),
            format: forced,
            is_forced: forced.is_some(),
            ..Self::default()
        }
    }

    /// Whether lines of a format that is easily mistaken may be believed.
    pub(super) fn is_known(&self, format: Format) -> bool {
        self.format == Some(format)
    }

    /// Whether the caller named this format.
    pub(super) fn is_forced_to(&self, format: Format) -> bool {
        self.is_forced && self.is_known(format)
    }

    /// Notes which format read a line.
    pub(super) const fn remember(&mut self, format: Format) {
        if !self.is_forced {
            self.format = Some(format);
        }
    }
}

/// The order of the numbers in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayMonthYear,
    MonthDayYear,
    YearMonthDay,
}

/// What the lines below a heading of MVS are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    /// `Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname`
    DataSets,
    /// ` Name     VV.MM   Created       Changed      Size  Init   Mod   Id`
    Members,
    /// ` Name      Size     TTR   Alias-of AC --------- Attributes ---------`
    LoadModules,
    /// `JOBNAME  JOBID    OWNER    STATUS CLASS`
    Jobs,
}

/// The marks that `ls -p` and `ls -F` put behind names, as far as lines have shown them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Marks {
    /// No directory had a slash.
    #[default]
    None,
    /// A directory had a slash: `ls -F`, or `ls -p`, which marks nothing else.
    Some,
    /// An executable file had no asterisk: `ls -p`.
    Slashes,
}
