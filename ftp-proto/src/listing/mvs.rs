//! MVS and z/OS: data sets, members of a partitioned data set, load modules, jobs.
//!
//! Everything but UNIX directories is listed under a heading, and looks like nothing in particular
//! without it. Sizes count tracks, lines or records, and are not bytes; load modules excepted. The
//! date of a data set is that of its last reference, which is no modification.

use super::Format;
use super::context::{Context, Heading};
use super::cursor::{Cursor, trim_end};
use super::dates::{Clock, day, parts, year};
use super::entry::{Entry, Kind};
use super::number::is_digits;
use crate::timestamp::Timestamp;

/// The heading that a line is.
pub(super) fn heading(line: &[u8]) -> Option<Heading> {
    let mut cursor = Cursor::new(line);
    let (first, second) = (cursor.word(), cursor.word());
    let is = |word: &[u8], known: &[u8]| word.eq_ignore_ascii_case(known);
    let last = trim_end(line).rsplit(|&byte| byte == b' ').next()?;
    Some(match () {
        () if is(first, b"Volume") && is(last, b"Dsname") => Heading::DataSets,
        () if is(first, b"Name") && is(second, b"VV.MM") => Heading::Members,
        () if is(first, b"Name") && is(second, b"Size") && is(cursor.word(), b"TTR") => {
            Heading::LoadModules
        }
        () if is(first, b"JOBNAME") && is(second, b"JOBID") => Heading::Jobs,
        () => return None,
    })
}

pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    member(line)
        .or_else(|| job(line))
        .or_else(|| match context.heading {
            Some(Heading::DataSets) => data_set(line, true),
            Some(Heading::LoadModules) => load_module(line).or_else(|| bare_member(line)),
            Some(Heading::Members) => bare_member(line),
            Some(Heading::Jobs) => None,
            None if context.is_forced_to(Format::Mvs) => {
                data_set(line, false).or_else(|| bare_member(line))
            }
            None => None,
        })
}

/// A data set: the name comes last, its organisation before it. Below the heading, organisations
/// that are unknown count.
fn data_set(line: &[u8], is_headed: bool) -> Option<Entry<'_>> {
    let text = trim_end(line);
    let at = memchr::memrchr(b' ', text)?;
    let (columns, name) = text.split_at_checked(at.checked_add(1)?)?;
    if !is_data_set_name(name) {
        return None;
    }
    let mut cursor = Cursor::new(columns);
    let (first, second) = (cursor.word(), cursor.word());
    let last = trim_end(columns).rsplit(|&byte| byte == b' ').next()?;
    let is = |word: &[u8], known: &[u8]| word.eq_ignore_ascii_case(known);
    let kind = match last {
        // Not on a disk, or not a data set of its own: nothing is known until it is recalled.
        _ if is(first, b"Migrated") || is(first, b"MIGRAT") || is(first, b"ARCIVE") => Kind::Other,
        _ if is(second, b"Tape") || is(last, b"Device") => Kind::Other,
        _ if is(first, b"Error") || is(first, b"User") => Kind::Other,
        _ if is(first, b"Pseudo") && is(second, b"Directory") => Kind::Directory,
        b"PS" | b"PS-E" | b"PS-L" | b"PSU" | b"DA" | b"DAU" => Kind::File,
        b"PO" | b"PO-E" | b"POU" => Kind::Directory,
        b"VSAM" => Kind::Other,
        _ if is_headed && is_member_name(first) => Kind::Other,
        _ => return None,
    };
    Some(Entry::new(line, name).with_kind(kind))
}

fn is_data_set_name(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"'").unwrap_or(name);
    let name = name.strip_suffix(b"'").unwrap_or(name);
    !name.is_empty()
        && name
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || b".@#$-+()".contains(&byte))
}

/// A member with ISPF statistics: `NAME VV.MM CREATED CHANGED HH:MM SIZE INIT MOD ID`. The size
/// counts lines.
fn member(line: &[u8]) -> Option<Entry<'_>> {
    let mut cursor = Cursor::new(line);
    let name = cursor.word();
    let [_, _, b'.', _, _] = cursor.word() else {
        return None;
    };
    slashed_date(cursor.word())?;
    let changed = slashed_date(cursor.word())?;
    let clock = Clock::read(cursor.word())?;
    for _ in 0..3 {
        if !is_digits(cursor.word()) {
            return None;
        }
    }
    let id = cursor.word();
    let entry = Entry::new(line, name)
        .with_kind(Kind::File)
        .with_time(clock.on_date(changed));
    Some(if id.is_empty() {
        entry
    } else {
        entry.with_owner(id)
    })
}

/// `YYYY/MM/DD`, or two digits of the year; `Some(None)` for a date that does not exist.
fn slashed_date(word: &[u8]) -> Option<Option<Timestamp>> {
    let ([first, second, third], b'/') = parts(word)? else {
        return None;
    };
    Some(Timestamp::date(year(first)?, day(second)?, day(third)?).ok())
}

/// A load module: the size is in bytes, and hexadecimal.
fn load_module(line: &[u8]) -> Option<Entry<'_>> {
    let mut cursor = Cursor::new(line);
    let name = cursor.word();
    let (size, place) = (cursor.word(), cursor.word());
    let is_hexadecimal = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_hexdigit);
    if !is_member_name(name) || !is_hexadecimal(size) || !is_hexadecimal(place) {
        return None;
    }
    let size = core::str::from_utf8(size).ok()?;
    Some(
        Entry::new(line, name)
            .with_kind(Kind::File)
            .with_size(u64::from_str_radix(size, 16).ok()),
    )
}

/// A member without statistics is a name and nothing else.
fn bare_member(line: &[u8]) -> Option<Entry<'_>> {
    let mut cursor = Cursor::new(line);
    let name = cursor.word();
    let alone = is_member_name(name) && cursor.peek().is_empty();
    alone.then(|| Entry::new(line, name).with_kind(Kind::File))
}

fn is_member_name(name: &[u8]) -> bool {
    let national = |byte: u8| b"@#$".contains(&byte);
    name.len() <= 8
        && name
            .first()
            .is_some_and(|&byte| byte.is_ascii_uppercase() || national(byte))
        && name.iter().all(|&byte| {
            byte.is_ascii_uppercase() || byte.is_ascii_digit() || national(byte) || byte == b'{'
        })
}

/// A job: the id is what RETR takes. Level 1 of the interface has no heading and ends in
/// `n Spool Files`; level 2 names the owner behind the id.
fn job(line: &[u8]) -> Option<Entry<'_>> {
    let mut cursor = Cursor::new(line);
    let (_name, id) = (cursor.word(), cursor.word());
    if !is_job_id(id) {
        return None;
    }
    let third = cursor.word();
    let states: [&[u8]; 4] = [b"INPUT", b"HELD", b"ACTIVE", b"OUTPUT"];
    let is_state = |word: &[u8]| states.iter().any(|state| word.eq_ignore_ascii_case(state));
    let entry = Entry::new(line, id).with_kind(Kind::File);
    if is_state(third) {
        return Some(entry);
    }
    is_state(cursor.word()).then(|| entry.with_owner(third))
}

/// `JOB`, `TSU` or `STC` and five digits, or one letter and seven.
fn is_job_id(word: &[u8]) -> bool {
    let kinds: [&[u8]; 6] = [b"JOB", b"TSU", b"STC", b"J", b"T", b"S"];
    word.len() == 8
        && kinds
            .iter()
            .any(|kind| word.strip_prefix(*kind).is_some_and(is_digits))
}
