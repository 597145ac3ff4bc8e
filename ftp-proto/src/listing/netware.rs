//! NetWare and Hellsoft: `T [RWCEAFMS] OWNER SIZE DATE NAME`.

use super::cursor::{Cursor, number};
use super::dates::column;
use super::entry::{Entry, Kind};
use super::families::Context;

/// Hellsoft's server puts this many blanks before the name.
const PADDING: usize = 4;

pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let (kind, rest) = match line {
        [b'd', rest @ ..] => (Kind::Directory, rest),
        [b'-', rest @ ..] => (Kind::File, rest),
        _ => return None,
    };
    let mut cursor = Cursor::new(rest);
    let rights = cursor.word().strip_prefix(b"[")?.strip_suffix(b"]")?;
    let known = |byte: &u8| b"RWCEAFMS-".contains(byte);
    if !matches!(rights.len(), 7..=9) || !rights.iter().all(known) {
        return None;
    }
    let owner = cursor.word();
    let size = number(cursor.word())?;
    let column = column(cursor, context.reference)?;
    let blanks = if column.after.blanks() >= PADDING {
        PADDING
    } else {
        column.blanks
    };
    let name = column.after.name_after(blanks)?;
    Some(
        Entry::new(line, name)
            .with_kind(kind)
            .with_size(size)
            .with_owner(owner)
            .with_modified(column.dated.time),
    )
}
