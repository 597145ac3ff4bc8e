//! Which family of formats a line belongs to.
//!
//! The family is found line by line, and the one that read the last entry is asked first: servers do not change their
//! style within a listing, but the SYST reply does not settle it either (IIS has two styles, z/OS five).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::cursor::is_all_blank;
use super::dates::Reference;
use super::entry::{Entry, Kind};
use super::{Fault, Format, Line, Skip};
use super::{dls, dos, eplf, headings, mvs, netware, nonstop, nortel, os2, os9, os400};
use super::{unix, vm, vms, vshell, vxworks, win16};
use crate::timestamp::Timestamp;

/// What earlier lines and the caller tell about the lines to come.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    pub(super) reference: Option<Reference>,
    /// How this server orders the numbers of a date, once one was seen that leaves no choice.
    pub(super) order: Option<DateOrder>,
    /// The heading of MVS under which the lines stand.
    pub(super) heading: Option<mvs::Heading>,
    /// Whether SYST says MVS, so that bare words are members.
    pub(super) is_mvs: bool,
}

/// The order of the numbers in a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrder {
    DayMonthYear,
    MonthDayYear,
    YearMonthDay,
}

type Family = for<'a> fn(&'a [u8], &mut Context) -> Option<Entry<'a>>;

/// All families that can be told by one line, in the order in which they are asked: the more a form demands, the earlier.
const FAMILIES: [(Format, Family); 16] = [
    (Format::Unix, unix::parse),
    (Format::Dos, dos::parse),
    (Format::Eplf, eplf::parse),
    (Format::Os400, os400::parse),
    (Format::NetWare, netware::parse),
    (Format::Vms, vms::parse),
    (Format::NonStop, nonstop::parse),
    (Format::Mvs, mvs::parse),
    (Format::Vm, vm::parse),
    (Format::Os2, os2::parse),
    (Format::VxWorks, vxworks::parse),
    (Format::VShell, vshell::parse),
    (Format::Nortel, nortel::parse),
    (Format::Os9, os9::parse),
    (Format::Win16, win16::parse),
    (Format::Dls, dls::parse),
];

/// Reads whole lines and remembers what it must between them.
#[derive(Debug, Clone)]
pub(super) struct Families {
    format: Option<Format>,
    is_forced: bool,
    context: Context,
    /// The first line of a record that its server wrapped.
    held: Vec<u8>,
}

impl Families {
    pub(super) fn new(
        now: Option<Timestamp>,
        forced: Option<Format>,
        hint: Option<Format>,
    ) -> Self {
        Self {
            format: forced.or(hint),
            is_forced: forced.is_some(),
            context: Context {
                reference: now.map(Reference::new),
                is_mvs: forced == Some(Format::Mvs) || hint == Some(Format::Mvs),
                ..Context::default()
            },
            held: Vec::new(),
        }
    }

    /// The family that read the last entry, or will be asked first.
    pub(super) const fn format(&self) -> Option<Format> {
        self.format
    }

    /// Reads one line without its line end, and says what it is: nothing yet, if it may go on in the next line.
    #[inline]
    pub(super) fn line<'a>(&mut self, line: &'a [u8], each: &mut impl FnMut(Line<'a>)) {
        match self.format {
            Some(Format::Unix) if self.held.is_empty() => {
                if let Some(entry) = unix::usual(line, self.context.reference) {
                    return each(Line::Entry(entry));
                }
            }
            Some(Format::Facts) => {
                if let Some(entry) = Entry::from_mlsd(line) {
                    return each(Line::Entry(entry));
                }
            }
            _ => {}
        }
        self.other(line, each);
    }

    /// Says what became of a record that lacks its second line.
    pub(super) fn finish<'a>(&mut self, each: &mut impl FnMut(Line<'a>)) {
        if !self.held.is_empty() {
            each(Line::Unparsed {
                fault: Fault::NotUnderstood,
                bytes: Cow::Owned(core::mem::take(&mut self.held)),
            });
        }
    }

    fn other<'a>(&mut self, line: &'a [u8], each: &mut impl FnMut(Line<'a>)) {
        if !self.held.is_empty() {
            if let Some(joined) = self.join(line) {
                return each(joined);
            }
            self.finish(each);
        }
        match self.format {
            Some(Format::Facts) => each(facts(line)),
            Some(Format::Names) => each(name(line)),
            _ => {
                if let Some(line) = self.detect(line) {
                    each(line);
                }
            }
        }
    }

    /// Asks the remembered family, the headings of all families, and then all other families.
    fn detect<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        if is_all_blank(line) {
            return Some(skipped(Skip::Blank, line));
        }
        let remembered = self.format;
        if let Some(entry) = self.ask(line, |format| Some(format) == remembered) {
            return Some(child(entry));
        }
        if let Some(heading) = mvs::heading(line) {
            self.context.heading = Some(heading);
            self.remember(Format::Mvs);
            return Some(skipped(Skip::Heading, line));
        }
        if let Some(skip) = headings::skip(line) {
            return Some(skipped(skip, line));
        }
        if self.may_wrap(line) {
            self.held.extend_from_slice(line);
            return None;
        }
        let is_forced = self.is_forced;
        let entry = self.ask(line, |format| !is_forced && Some(format) != remembered);
        let entry = entry.or_else(|| self.ask_odd(line));
        Some(entry.map_or_else(|| unparsed(line), child))
    }

    /// Asks the families for which `wanted` holds, and remembers which one answered.
    fn ask<'a>(&mut self, line: &'a [u8], wanted: impl Fn(Format) -> bool) -> Option<Entry<'a>> {
        let families = FAMILIES.iter().filter(|(format, _)| wanted(*format));
        for (format, parse) in families {
            if let Some(entry) = parse(line, &mut self.context) {
                self.remember(*format);
                return Some(entry);
            }
        }
        None
    }

    /// The last resort: lines that only a date and a size give away.
    fn ask_odd<'a>(&self, line: &'a [u8]) -> Option<Entry<'a>> {
        if self.is_forced && self.format != Some(Format::Unix) {
            return None;
        }
        unix::parse_odd(line, &self.context)
    }

    const fn remember(&mut self, format: Format) {
        if !self.is_forced {
            self.format = Some(format);
        }
    }

    /// Whether a line is half a record: a name too long for its column.
    fn may_wrap(&self, line: &[u8]) -> bool {
        let can_be = |format| self.format == Some(format) || !self.is_forced;
        (can_be(Format::Vms) && vms::is_lone_name(line))
            || (self.format == Some(Format::Dls) && dls::is_lone_name(line))
    }

    /// Reads a line as the second half of the record that is held.
    fn join<'a>(&mut self, line: &[u8]) -> Option<Line<'a>> {
        let mut record = self.held.clone();
        record.push(b'\n');
        record.extend_from_slice(line);
        let (format, parse): (_, Family) = match self.format {
            Some(Format::Dls) => (Format::Dls, dls::parse),
            _ => (Format::Vms, vms::parse),
        };
        if let Some(entry) = parse(&record, &mut self.context) {
            let entry = child(entry.into_owned());
            self.remember(format);
            self.held.clear();
            return Some(entry);
        }
        if vms::is_error(line) {
            self.held.clear();
            return Some(Line::Unparsed {
                fault: Fault::NotUnderstood,
                bytes: Cow::Owned(record),
            });
        }
        None
    }
}

/// An entry, unless it is the directory itself or its parent.
#[inline]
fn child(entry: Entry<'_>) -> Line<'_> {
    if matches!(entry.name().as_bytes(), b"." | b"..") {
        return Line::Skipped {
            skip: Skip::SelfOrParent,
            bytes: entry.into_raw(),
        };
    }
    Line::Entry(entry)
}

fn facts(line: &[u8]) -> Line<'_> {
    if line.is_empty() {
        return skipped(Skip::Blank, line);
    }
    Entry::from_mlsd(line).map_or_else(|| unparsed(line), Line::Entry)
}

/// NLST: the whole line is a name. Some servers put the directory in front, also of `.` and `..`.
fn name(line: &[u8]) -> Line<'_> {
    match line {
        [] => skipped(Skip::Blank, line),
        [b'.'] | [b'.', b'.'] | [.., b'/', b'.'] | [.., b'/', b'.', b'.'] => {
            skipped(Skip::SelfOrParent, line)
        }
        _ => Line::Entry(Entry::new(line, line).with_kind(Kind::Unknown)),
    }
}

const fn skipped(skip: Skip, line: &[u8]) -> Line<'_> {
    Line::Skipped {
        skip,
        bytes: Cow::Borrowed(line),
    }
}

pub(super) const fn unparsed(line: &[u8]) -> Line<'_> {
    Line::Unparsed {
        fault: Fault::NotUnderstood,
        bytes: Cow::Borrowed(line),
    }
}
