//! What a line of a listing is: which format it has, and what that format reads in it.
//!
//! The format is found line by line, and the one that read the last entry is asked first: servers
//! do not change their style within a listing, but no reply says beforehand which style it is (IIS
//! has two, z/OS five).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::context::{Context, Marks};
use super::cursor::is_all_blank;
use super::entry::{Entry, Kind};
use super::scan::words;
use super::{Fault, Format, Line, Skip};
use super::{dls, dos, eplf, headings, mvs, name_first, netware, nonstop, os9, os400};
use super::{size_first, unix, vm, vms};
use crate::timestamp::Timestamp;

type Parse = for<'a> fn(&'a [u8], &mut Context) -> Option<Entry<'a>>;

/// All formats that can be told by one line, in the order in which they are asked: the more a form
/// demands, the earlier. The number is that of the words which an entry has at least.
static FORMATS: [(Format, u32, Parse); 17] = [
    (Format::Unix, 3, unix::parse),
    (Format::Dos, 4, dos::parse),
    (Format::Eplf, 2, eplf::parse),
    (Format::Os400, 3, os400::parse),
    (Format::NetWare, 4, netware::parse),
    (Format::Vms, 2, vms::parse),
    (Format::NonStop, 7, nonstop::parse),
    (Format::Mvs, 1, mvs::parse),
    (Format::Vm, 7, vm::parse),
    (Format::Os2, 4, size_first::os2),
    (Format::VxWorks, 4, size_first::vxworks),
    (Format::VShell, 6, size_first::vshell),
    (Format::Nortel, 4, name_first::nortel),
    (Format::Os9, 7, os9::parse),
    (Format::Win16, 4, name_first::win16),
    (Format::Dls, 2, dls::parse),
    (Format::Unix, 7, unix::parse_odd),
];

/// Reads whole lines and remembers what it must between them.
#[derive(Debug, Clone)]
pub(super) struct Detector {
    context: Context,
    held: Option<Held>,
    /// Whether the last line was the names of columns.
    is_below_columns: bool,
    /// Whether a heading of `ls -R` was confirmed.
    is_recursive: bool,
}

/// A line that the next one decides about.
#[derive(Debug, Clone)]
struct Held {
    what: Doubt,
    line: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doubt {
    /// The first half of a record that its server wrapped.
    Wrapped,
    /// A heading, if entries follow.
    Heading,
    /// A line of dls, if the next one has the same columns.
    Aligned,
}

impl Detector {
    pub(super) fn new(now: Option<Timestamp>, forced: Option<Format>) -> Self {
        Self {
            context: Context::new(now, forced),
            held: None,
            is_below_columns: false,
            is_recursive: false,
        }
    }

    /// The format that read the last entry, or that the caller named.
    pub(super) const fn format(&self) -> Option<Format> {
        self.context.format
    }

    /// Reads one line without its line end, and says what it is: nothing yet, if the next line
    /// decides.
    #[inline]
    pub(super) fn line<'a>(&mut self, line: &'a [u8], each: &mut impl FnMut(Line<'a>)) {
        match self.context.format {
            Some(Format::Unix) if self.held.is_none() && self.context.marks == Marks::None => {
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

    /// Reports a line that is still held: nothing follows that could explain it.
    pub(super) fn finish<'a>(&mut self, each: &mut impl FnMut(Line<'a>)) {
        if let Some(held) = self.held.take() {
            each(not_understood(held.line));
        }
    }

    fn other<'a>(&mut self, line: &'a [u8], each: &mut impl FnMut(Line<'a>)) {
        match self.context.format {
            Some(Format::Facts) => return each(facts(line)),
            Some(Format::Names) => return each(name(line)),
            _ => {}
        }
        let mut held = self.held.take();
        if let Some(first) = held.take_if(|held| held.what == Doubt::Wrapped) {
            match self.join(&first.line, line) {
                Some(joined) => return each(joined),
                None => each(not_understood(first.line)),
            }
        }
        if let Some(first) = held.take_if(|held| held.what == Doubt::Aligned) {
            each(self.aligned(first.line, line));
        }
        let found = self.detect(line);
        if let Some(heading) = held {
            each(self.heading(heading.line, found.as_ref()));
        }
        if let Some(found) = found {
            each(found);
        }
    }

    /// Asks the remembered format, the headings of all formats, and then all other formats.
    fn detect<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        let is_below_columns = core::mem::take(&mut self.is_below_columns);
        if is_all_blank(line) {
            return Some(skipped(Skip::Blank, line));
        }
        let remembered = self.context.format;
        let words = words(line);
        if let Some(entry) = self.ask(line, words, |format| Some(format) == remembered) {
            return Some(child(entry));
        }
        if let Some(skip) = self.skip(line, words, is_below_columns) {
            return Some(skipped(skip, line));
        }
        if let Some(what) = self.doubt(line) {
            self.held = Some(Held {
                what,
                line: line.to_vec(),
            });
            return None;
        }
        let is_forced = self.context.is_forced;
        let entry = self.ask(line, words, |format| {
            !is_forced && Some(format) != remembered
        });
        if entry.is_none() && remembered.is_none() && dls::may_be_aligned(line) {
            self.held = Some(Held {
                what: Doubt::Aligned,
                line: line.to_vec(),
            });
            return None;
        }
        Some(entry.map_or_else(|| unparsed(line), child))
    }

    /// Asks the formats for which `wanted` holds, and remembers which one answered.
    fn ask<'a>(
        &mut self,
        line: &'a [u8],
        words: u32,
        wanted: impl Fn(Format) -> bool,
    ) -> Option<Entry<'a>> {
        for &(format, fewest, parse) in &FORMATS {
            if words >= fewest && wanted(format) {
                if let Some(entry) = parse(line, &mut self.context) {
                    self.context.remember(format);
                    return Some(entry);
                }
            }
        }
        None
    }

    /// Says why a line has no entry, if it is known to have none, and notes what it tells of the
    /// next lines.
    fn skip(&mut self, line: &[u8], words: u32, is_below_columns: bool) -> Option<Skip> {
        let is_heading = (is_below_columns && headings::is_ruler(line))
            || (self.is_recursive && headings::may_be_path(line));
        if is_heading {
            return Some(Skip::Heading);
        }
        if words < 2 || line.len() < headings::BYTES_MIN {
            return None;
        }
        if let Some(heading) = mvs::heading(line) {
            self.context.heading = Some(heading);
            self.context.remember(Format::Mvs);
            return Some(Skip::Heading);
        }
        if let Some(format) = headings::columns(line) {
            self.context.remember(format);
            self.is_below_columns = true;
            return Some(Skip::Heading);
        }
        headings::skip(line)
    }

    /// What a line can be that the next one decides about.
    fn doubt(&self, line: &[u8]) -> Option<Doubt> {
        let can_be = |format| self.context.is_known(format) || !self.context.is_forced;
        let is_wrapped = (can_be(Format::Vms) && vms::is_lone_name(line))
            || (self.context.is_known(Format::Dls) && dls::is_lone_name(line, &self.context));
        if is_wrapped {
            return Some(Doubt::Wrapped);
        }
        headings::may_be_path(line).then_some(Doubt::Heading)
    }

    /// Reads a line as the second half of a record.
    fn join<'a>(&mut self, first: &[u8], line: &[u8]) -> Option<Line<'a>> {
        let record = [first, b"\n", line].concat();
        let (format, parse): (_, Parse) = match self.context.format {
            Some(Format::Dls) => (Format::Dls, dls::parse),
            _ => (Format::Vms, vms::parse),
        };
        if let Some(entry) = parse(&record, &mut self.context) {
            let entry = child(entry.into_owned());
            self.context.remember(format);
            return Some(entry);
        }
        vms::is_error(line).then(|| not_understood(record))
    }

    /// Reads a line that can be one of dls, now that the next line is known.
    fn aligned<'a>(&mut self, first: Vec<u8>, line: &[u8]) -> Line<'a> {
        if let Some(size_end) = dls::are_aligned(&first, line) {
            self.context.size_end = Some(size_end);
            if let Some(entry) = dls::parse(&first, &mut self.context) {
                let entry = child(entry.into_owned());
                self.context.remember(Format::Dls);
                return entry;
            }
        }
        not_understood(first)
    }

    /// Says what a line is that looks like the heading of a directory, now that the next line is
    /// known.
    fn heading<'a>(&mut self, heading: Vec<u8>, next: Option<&Line<'_>>) -> Line<'a> {
        let is_followed = match next {
            Some(Line::Entry(_)) => true,
            Some(Line::Skipped { skip, .. }) => matches!(skip, Skip::Total | Skip::SelfOrParent),
            _ => false,
        };
        if !is_followed {
            return not_understood(heading);
        }
        self.is_recursive = true;
        Line::Skipped {
            skip: Skip::Heading,
            bytes: Cow::Owned(heading),
        }
    }
}

const fn not_understood<'a>(line: Vec<u8>) -> Line<'a> {
    Line::Unparsed {
        fault: Fault::NotUnderstood,
        bytes: Cow::Owned(line),
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
