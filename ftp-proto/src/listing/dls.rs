//! dls: names in a column, a size or a mark that ends in the same place in all lines, a
//! description.
//!
//! ```text
//! README              763  Information about this server
//! pub/                  =  Public area
//! morgan               14  -> ../real/morgan
//! A-NAME-TOO-LONG-FOR-ITS-COLUMN
//!                   79215
//! ```

use super::Format;
use super::context::Context;
use super::cursor::{Cursor, trim};
use super::dates::column;
use super::entry::{Entry, Kind};
use super::number::{is_digits, number};

/// Where the size ends unless the listing shows that it ends elsewhere.
const SIZE_END: usize = 23;

pub(super) fn parse<'a>(record: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let row = Row::read(record)?;
    let is_here = match context.size_end {
        Some(end) => row.size_end == end,
        None => row.is_certain() || context.is_forced_to(Format::Dls),
    };
    if !is_here {
        return None;
    }
    context.size_end = Some(row.size_end);
    Some(row.entry(record, context))
}

/// Whether two lines show together where the sizes of the listing end.
pub(super) fn are_aligned(one: &[u8], other: &[u8]) -> Option<usize> {
    let (one, other) = (Row::read(one)?, Row::read(other)?);
    let is_column = one.is_padded && other.is_padded && one.size_end == other.size_end;
    is_column.then_some(one.size_end)
}

/// Whether a line could be one of a listing whose columns are not known.
pub(super) fn may_be_aligned(line: &[u8]) -> bool {
    Row::read(line).is_some_and(|row| row.is_padded)
}

/// Whether a line is a name too long for its column, whose size follows in the next line.
pub(super) fn is_lone_name(line: &[u8], context: &Context) -> bool {
    let size_end = context.size_end.unwrap_or(SIZE_END);
    let mut cursor = Cursor::new(line);
    line.first().is_some_and(|&byte| byte != b' ')
        && cursor.word().len() >= size_end.saturating_sub(1)
        && cursor.peek().is_empty()
}

/// The columns of a record.
struct Row<'a> {
    name: &'a [u8],
    size: &'a [u8],
    size_end: usize,
    /// Whether two blanks or more stand on both sides of the size.
    is_padded: bool,
    behind: Cursor<'a>,
}

impl<'a> Row<'a> {
    fn read(record: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(record);
        let name = cursor.word();
        let from_size = cursor;
        let size = cursor.word();
        let is_mark = size == b"-" || size == b"=";
        if !(is_mark || is_digits(size)) || cursor.blanks() == 1 {
            return None;
        }
        // In a wrapped record the size starts the second line.
        let line = match memchr::memchr(b'\n', record) {
            Some(end) => record.get(end.checked_add(1)?..)?,
            None => record,
        };
        let is_flush = record.first() != Some(&b' ');
        Some(Self {
            name,
            size,
            size_end: line.len().saturating_sub(cursor.rest().len()),
            is_padded: is_flush && from_size.blanks() > 1 && cursor.blanks() > 1,
            behind: cursor,
        })
    }

    /// Whether the line alone shows what it is: by the usual column, or by two marks that agree.
    fn is_certain(&self) -> bool {
        let is_directory = self.name.ends_with(b"/") && self.size == b"=";
        let is_link = trim(self.behind.rest()).starts_with(b"-> ");
        self.size_end == SIZE_END || (self.is_padded && (is_directory || is_link))
    }

    fn entry(&self, record: &'a [u8], context: &Context) -> Entry<'a> {
        let dated = column(self.behind, context.reference);
        let text = trim(dated.map_or(self.behind, |column| column.after).rest());
        let target = text.strip_prefix(b"-> ");
        let (kind, name) = match self.name.strip_suffix(b"/") {
            Some(name) if !name.is_empty() => (Kind::Directory, name),
            _ if target.is_some() => (Kind::Symlink, self.name),
            _ => (Kind::File, self.name),
        };
        let mut entry = Entry::new(record, name)
            .with_kind(kind)
            .with_size(number(self.size));
        if let Some(column) = dated {
            entry = entry.with_time(column.dated.time);
        }
        match target {
            Some(target) if kind == Kind::Symlink => entry.with_target(target),
            _ => entry,
        }
    }
}
