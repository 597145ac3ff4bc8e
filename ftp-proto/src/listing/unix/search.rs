//! Finding the date and the size in a line of `ls`, between columns that vary.

use super::super::cursor::{Cursor, split_once, trim};
use super::super::dates::{Column, Reference, column, is_padded_year, unread};
use super::super::entry::{Entry, Kind};
use super::super::number::{is_digits, number};
use super::{Identities, Mode, set_link};

/// How many columns are searched for a date. Owners and groups with blanks make a few more than the
/// usual nine.
const COLUMNS_MAX: usize = 16;

/// The size and date of a line, and what stands around them.
pub(super) struct Found<'a> {
    /// All between the mode and the size.
    pub(super) ids: &'a [u8],
    size: &'a [u8],
    is_device: bool,
    /// Whether the size is a number, or the two of a device.
    pub(super) is_sized: bool,
    /// How many columns precede the date.
    pub(super) columns: usize,
    pub(super) column: Column<'a>,
    /// What follows the size.
    behind_size: Cursor<'a>,
}

/// Finds the first complete date behind a size.
///
/// Right behind the first number, a date can also be the owner, the group and the size of a line
/// whose date follows (an owner can be called `Mar`); so it is kept until it is certain. A date
/// that the calendar lacks, and one that is not understood, count where four columns precede them,
/// and else as the last resort.
pub(super) fn search(start: Cursor<'_>, reference: Option<Reference>) -> Option<Found<'_>> {
    let text = start.rest();
    let mut kept: Option<Found<'_>> = None;
    let mut cursor = start;
    let (mut before, mut size): (&[u8], &[u8]) = (b"", b"");
    for columns in 0..COLUMNS_MAX {
        let dated = column(cursor, reference).filter(|column| column.name().is_some());
        let dated = dated.or_else(|| is_digits(size).then(|| unread(cursor))?);
        if let Some(column) = dated.filter(|_| columns > 0) {
            let found = Found::new(text, cursor, before, size, columns, column);
            if found.is_strong() {
                return Some(match kept {
                    Some(kept) if kept.holds_against(&found) => kept,
                    _ => found,
                });
            }
            kept = kept.or(Some(found));
        }
        (before, size) = (size, cursor.word());
        if size.is_empty() {
            break;
        }
    }
    kept
}

impl<'a> Found<'a> {
    /// Takes the size, one word or two, off the columns before the date.
    fn new(
        text: &'a [u8],
        behind_size: Cursor<'a>,
        before: &'a [u8],
        size: &'a [u8],
        columns: usize,
        column: Column<'a>,
    ) -> Self {
        let is_major = matches!(before, [digits @ .., b','] if is_digits(digits));
        let pair = split_once(size, b',').is_some_and(|(a, b)| is_digits(a) && is_digits(b));
        let is_device = pair || (is_major && is_digits(size));
        let consumed = text.len().saturating_sub(behind_size.rest().len());
        let end = consumed.saturating_sub(size.len());
        let mut ids = trim(text.get(..end).unwrap_or_default());
        if is_major && is_device {
            ids = trim(ids.strip_suffix(before).unwrap_or(ids));
        }
        Self {
            ids,
            size,
            is_device,
            is_sized: is_device || is_digits(size),
            columns,
            column,
            behind_size,
        }
    }

    /// Whether the columns before leave no doubt that this is the date.
    fn is_strong(&self) -> bool {
        if self.column.dated.exists {
            self.columns >= 2
        } else {
            self.is_sized && self.columns >= 4
        }
    }

    /// Whether an earlier date, kept as doubtful, is the date of the line in spite of a later one.
    fn holds_against(&self, later: &Self) -> bool {
        let is_dated = self.is_sized && self.column.dated.exists;
        let is_size_within = self.column.after.rest().len() <= later.behind_size.rest().len();
        if is_size_within {
            // `ls` pads a year, and nothing pads owner and group in this way.
            is_dated && is_padded_year(self.behind_size, self.column.after)
        } else {
            is_dated
        }
    }

    pub(super) fn entry(&self, line: &'a [u8], mode: &Mode) -> Option<Entry<'a>> {
        let name = self.column.name()?;
        let size = number(self.size).filter(|_| !self.is_device);
        let ids = Identities::read(self.ids, mode.links, size);
        let mut entry = Entry::new(line, name)
            .with_kind(mode.kind)
            .with_size(size)
            .with_mode(mode.bits)
            .with_links(ids.links)
            .with_time(self.column.dated.time);
        if mode.kind == Kind::Symlink {
            set_link(&mut entry, name, size);
        }
        if let Some(owner) = ids.owner {
            entry.set_owner(owner);
        }
        if let Some(group) = ids.group {
            entry.set_group(group);
        }
        Some(entry)
    }
}
