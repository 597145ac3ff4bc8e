//! Listings as they arrive: bytes in, entries out.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::detector::Detector;
use super::{Fault, Format, Line};
use crate::timestamp::Timestamp;

/// The longest line that is read unless the caller says otherwise: 64 KiB, since
/// facts can be longer than names, which are of 4 KiB at most on most systems.
pub const LINE_MAX: usize = 64 * 1024;

/// What a caller knows about a listing beforehand. All of it may be left out.
///
/// ```
/// use ftp_proto::listing::{Format, Options};
/// use ftp_proto::timestamp::Timestamp;
///
/// let now = Timestamp::from_unix_time(1_718_452_800).unwrap();
/// let list = Options::new().now(now);
/// let mlsd = Options::new().format(Format::Facts);
/// # let _ = (list, mlsd);
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    now: Option<Timestamp>,
    format: Option<Format>,
    line_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// Nothing known: the format is detected, and dates without a year are left out.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            now: None,
            format: None,
            line_max: LINE_MAX,
        }
    }

    /// The time of the listing, from which missing years are inferred. Without it, such dates are
    /// `None`.
    #[must_use]
    pub const fn now(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// Reads every line in this format and no other. MLSD and NLST, which are told by the command
    /// that was sent and not by their lines, need [`Format::Facts`] and [`Format::Names`] here.
    #[must_use]
    pub const fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// The longest line in bytes, its CR included; [`LINE_MAX`] by default. Longer ones come out as
    /// [`Fault::TooLong`], cut to this length. A reader keeps at most about four times as many
    /// bytes.
    #[must_use]
    pub const fn line_max(mut self, bytes: usize) -> Self {
        self.line_max = bytes;
        self
    }
}

/// A parser of the caller's own, which is asked before those of this module.
///
/// ```
/// use ftp_proto::listing::{Custom, Entry, Kind, Line, Options, Reader};
///
/// fn pipes(line: &[u8]) -> Option<Line<'_>> {
///     let at = line.iter().rposition(|&byte| byte == b'|')?;
///     Some(Line::Entry(Entry::new(line, &line[at + 1..]).with_kind(Kind::File)))
/// }
///
/// let mut reader = Reader::with_custom(&Options::new(), pipes as fn(&[u8]) -> Option<Line<'_>>);
/// let mut names = Vec::new();
/// reader.feed(b"F|12|a.txt\r\n-rw-r--r-- 1 u g 5 Mar 1 2020 b.txt\r\n", |line| {
///     if let Line::Entry(entry) = line {
///         names.push(entry.name().to_string());
///     }
/// });
/// assert_eq!(names, ["a.txt", "b.txt"]);
/// ```
pub trait Custom {
    /// Says what a line (without its line end) is, or `None` to leave it to the parsers of this
    /// module.
    fn line<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>>;
}

/// No parser of the caller's own.
impl Custom for () {
    fn line<'a>(&mut self, _: &'a [u8]) -> Option<Line<'a>> {
        None
    }
}

impl Custom for fn(&[u8]) -> Option<Line<'_>> {
    fn line<'a>(&mut self, line: &'a [u8]) -> Option<Line<'a>> {
        self(line)
    }
}

/// Reads a listing in chunks of any size, in bounded memory.
///
/// The result does not depend on where the chunks were cut. A line that lies within one chunk is
/// not copied: its entry borrows the chunk. Lines end at LF, and CRs before that belong to the line
/// end.
///
/// ```
/// use ftp_proto::listing::{Line, Options, Reader, Skip};
///
/// let mut seen = Vec::new();
/// let mut note = |line: Line<'_>| match line {
///     Line::Entry(entry) => seen.push(entry.name().to_string()),
///     Line::Skipped { skip, .. } => seen.push(format!("({skip:?})")),
///     other => seen.push(format!("{other:?}")),
/// };
/// let mut reader = Reader::new(&Options::new());
/// reader.feed(b"total 8\r\n-rw-r--r-- 1 kepler staff 12 Ma", &mut note);
/// reader.feed(b"r 12 2021 a.txt\r\n", &mut note);
/// reader.finish(&mut note);
/// assert_eq!(seen, ["(Total)", "a.txt"]);
/// ```
#[derive(Debug, Clone)]
pub struct Reader<C = ()> {
    detector: Detector,
    custom: C,
    /// The beginning of a line whose end has not arrived.
    carry: Vec<u8>,
    /// Whether the rest of the line is to be dropped, because its beginning was reported as too
    /// long.
    is_dropping: bool,
    line_max: usize,
}

impl Reader {
    /// A reader with the parsers of this module.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        Self::with_custom(options, ())
    }
}

impl<C: Custom> Reader<C> {
    /// A reader that asks the caller's own parser first.
    #[must_use]
    pub fn with_custom(options: &Options, custom: C) -> Self {
        Self {
            detector: Detector::new(options.now, options.format),
            custom,
            carry: Vec::new(),
            is_dropping: false,
            line_max: options.line_max,
        }
    }

    /// The format of the last entry, or the one that the caller named.
    #[must_use]
    pub const fn format(&self) -> Option<Format> {
        self.detector.format()
    }

    /// Takes the next bytes of the listing, and reports each line that they complete.
    pub fn feed(&mut self, chunk: &[u8], mut each: impl FnMut(Line<'_>)) {
        let mut start = 0_usize;
        for end in memchr::memchr_iter(b'\n', chunk) {
            let line = chunk.get(start..end).unwrap_or_default();
            start = end.saturating_add(1);
            if self.carry.is_empty() && !self.is_dropping {
                self.line(line, &mut each);
            } else {
                self.begin(line, &mut each);
                self.end(&mut each);
            }
        }
        self.begin(chunk.get(start..).unwrap_or_default(), &mut each);
    }

    /// Ends the listing: a last line may lack its line end.
    pub fn finish(mut self, mut each: impl FnMut(Line<'_>)) {
        self.end(&mut each);
        self.detector.finish(&mut each);
    }

    /// Keeps a part of a line, up to the limit.
    fn begin(&mut self, part: &[u8], each: &mut impl FnMut(Line<'_>)) {
        if self.is_dropping {
            return;
        }
        let room = self.line_max.saturating_sub(self.carry.len());
        self.carry
            .extend_from_slice(part.get(..room).unwrap_or(part));
        if part.len() > room {
            self.is_dropping = true;
            each(too_long(&self.carry));
            self.carry.clear();
        }
    }

    /// Reads the line that was kept, if there is one.
    fn end(&mut self, each: &mut impl FnMut(Line<'_>)) {
        if !self.is_dropping && !self.carry.is_empty() {
            let line = core::mem::take(&mut self.carry);
            self.line(&line, each);
            self.carry = line;
            self.carry.clear();
        }
        self.is_dropping = false;
    }

    fn line<'a>(&mut self, line: &'a [u8], each: &mut impl FnMut(Line<'a>)) {
        if line.len() > self.line_max {
            return each(too_long(line.get(..self.line_max).unwrap_or(line)));
        }
        let line = without_cr(line);
        match self.custom.line(line) {
            Some(line) => {
                self.detector.finish(each);
                each(line);
            }
            None => self.detector.line(line, each),
        }
    }
}

const fn too_long(bytes: &[u8]) -> Line<'_> {
    Line::Unparsed {
        fault: Fault::TooLong,
        bytes: Cow::Borrowed(bytes),
    }
}

fn without_cr(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b'\r'] = line {
        line = rest;
    }
    line
}

/// Reads one line, without its line end, in a given format. `now` supplies missing years.
///
/// What spans several lines in some formats, headings and wrapped records, needs a [`Reader`].
///
/// ```
/// use ftp_proto::listing::{Format, Line, parse_line};
/// let line = parse_line(Format::Dos, b"02-29-2024  08:15AM       <DIR>          Leap Day", None);
/// let Line::Entry(entry) = line else { panic!() };
/// assert!(entry.is_directory());
/// ```
#[must_use]
pub fn parse_line(format: Format, line: &[u8], now: Option<Timestamp>) -> Line<'_> {
    let mut detector = Detector::new(now, Some(format));
    let mut result = None;
    let mut keep = |line| result = Some(line);
    detector.line(line, &mut keep);
    detector.finish(&mut keep);
    result.unwrap_or_else(|| super::detector::unparsed(line))
}
