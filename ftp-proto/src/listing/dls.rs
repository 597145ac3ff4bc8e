//! dls: names in 22 columns, a size or a mark, a description.
//!
//! ```text
//! README              763  Information about this server
//! pub/                  =  Public area
//! morgan               14  -> ../real/morgan
//! A-NAME-TOO-LONG-FOR-ITS-COLUMN
//!                   79215
//! ```

use super::cursor::Cursor;
use super::dates::column;
use super::entry::{Entry, Kind};
use super::families::Context;
use super::number::{is_digits, number};

/// Where the size ends.
const SIZE_END: usize = 23;

pub(super) fn parse<'a>(record: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(record);
    let name = cursor.word();
    let from_size = cursor;
    let size = cursor.word();
    let is_mark = size == b"-" || size == b"=";
    if name.is_empty() || !(is_mark || is_digits(size)) {
        return None;
    }
    // In a wrapped record the size starts the second line.
    let line = match memchr::memchr(b'\n', record) {
        Some(end) if from_size.rest().first() == Some(&b'\n') => {
            record.get(end.checked_add(1)?..)?
        }
        Some(_) => return None,
        None => record,
    };
    let end = line.len().saturating_sub(cursor.rest().len());
    if end != SIZE_END || cursor.blanks() == 1 {
        return None;
    }
    let text = super::cursor::trim(cursor.rest());
    let (kind, name) = match name.strip_suffix(b"/") {
        Some(name) if !name.is_empty() => (Kind::Directory, name),
        _ if text.starts_with(b"-> ") => (Kind::Symlink, name),
        _ => (Kind::File, name),
    };
    let mut entry = Entry::new(record, name)
        .with_kind(kind)
        .with_size(number(size));
    if let Some(column) = column(cursor, context.reference) {
        entry = entry.with_modified(column.dated.time);
    }
    Some(match text.strip_prefix(b"-> ") {
        Some(target) if kind == Kind::Symlink => entry.with_target(target),
        _ => entry,
    })
}

/// Whether a line is a name too long for its column, whose size follows in the next line.
pub(super) fn is_lone_name(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    line.first().is_some_and(|&byte| byte != b' ')
        && cursor.word().len() >= SIZE_END.saturating_sub(1)
        && cursor.peek().is_empty()
}
