//! NetWare and Hellsoft: `T [RWCEAFMS] OWNER SIZE DATE NAME`.

use super::context::Context;
use super::cursor::{Cursor, trim};
use super::dates::{Column, column};
use super::entry::{Entry, Kind};
use super::number::{is_digits, number};

/// Hellsoft's server puts this many blanks before the name.
const PADDING: usize = 4;

/// How many words an owner and the size may have.
const OWNER_WORDS_MAX: usize = 6;

pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let (kind, rest) = match line {
        [b'd', rest @ ..] => (Kind::Directory, rest),
        [b'-', rest @ ..] => (Kind::File, rest),
        _ => return None,
    };
    let mut cursor = Cursor::new(rest);
    let rights = cursor.word().strip_prefix(b"[")?.strip_suffix(b"]")?;
    let known = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'-';
    if !matches!(rights.len(), 7..=9) || !rights.iter().all(known) {
        return None;
    }
    let (owner, size, column) = owner_and_size(cursor, context)?;
    let blanks = if column.after.blanks() >= PADDING {
        PADDING
    } else {
        column.blanks
    };
    let name = column.after.name_after(blanks)?;
    let entry = Entry::new(line, name)
        .with_kind(kind)
        .with_size(number(size))
        .with_time(column.dated.time);
    Some(if owner.is_empty() {
        entry
    } else {
        entry.with_owner(owner)
    })
}

/// The first number that a date follows is the size, and the owner stands before it: no word or a
/// few.
fn owner_and_size<'a>(
    start: Cursor<'a>,
    context: &Context,
) -> Option<(&'a [u8], &'a [u8], Column<'a>)> {
    let mut cursor = start;
    for _ in 0..OWNER_WORDS_MAX {
        let unread = cursor.rest().len();
        let size = cursor.word();
        if !is_digits(size) {
            continue;
        }
        if let Some(column) = column(cursor, context.reference) {
            let text = start.rest();
            let owner = text.get(..text.len().saturating_sub(unread))?;
            return Some((trim(owner), size, column));
        }
    }
    None
}
