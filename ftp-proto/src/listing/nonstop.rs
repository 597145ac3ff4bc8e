//! HP NonStop (Tandem Guardian): `NAME CODE [O] EOF D-Mon-YY HH:MM:SS GROUP, USER "rwep"`.

use super::context::Context;
use super::cursor::{Cursor, split_once, trim};
use super::dates::{Clock, day_month_year};
use super::entry::{Entry, Kind};
use super::number::{is_digits, number};

pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let name = cursor.word();
    let code = cursor.word();
    if !code.first()?.is_ascii_digit() {
        return None;
    }
    // An open file is marked, in a column of its own or behind the code.
    if cursor.peek() == b"O" {
        cursor.word();
    }
    let size = number(cursor.word())?;
    let dated = day_month_year(cursor.word())?;
    let dated = dated.at(Clock::read(cursor.word())?);
    let (group, rest) = split_once(cursor.rest(), b',')?;
    let mut cursor = Cursor::new(rest);
    let user = cursor.word();
    if !is_digits(trim(group)) || !is_digits(user) || !cursor.peek().starts_with(b"\"") {
        return None;
    }
    Some(
        Entry::new(line, name)
            .with_kind(Kind::File)
            .with_size(size)
            .with_time(dated.time)
            .with_group(trim(group))
            .with_owner(user),
    )
}
