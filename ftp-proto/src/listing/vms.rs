//! OpenVMS: MultiNet, UCX, CMU, TCPware.
//!
//! ```text
//! [DIR]NAME.TYPE;VER  BLOCKS[/ALLOCATED]  D-MON-YYYY HH:MM[:SS[.cc]]  [GROUP,OWNER]  (S,O,G,W)
//! ```

use super::context::Context;
use super::cursor::{Cursor, split_once, trim};
use super::dates::{Clock, Dated, day_month_year};
use super::entry::{Entry, Kind};
use super::number::{is_digits, number};

const BLOCK: u64 = 512;

/// Reads a record, which may have been joined from two lines. The name comes without its version:
/// RETR takes the newest.
pub(super) fn parse<'a>(record: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(record);
    let (name, version) = name_and_version(word(&mut cursor))?;
    let columns = Columns::read(cursor)?;
    let (kind, name) = match name.split_last_chunk::<4>() {
        Some((stem, suffix)) if suffix.eq_ignore_ascii_case(b".DIR") && is_stem(stem) => {
            (Kind::Directory, stem)
        }
        _ => (Kind::File, name),
    };
    let mut entry = Entry::new(record, name)
        .with_kind(kind)
        .with_version(version);
    if let Some(dated) = columns.dated {
        entry = entry.with_time(dated.time);
    }
    entry = match columns.size {
        Some(Size::Bytes(bytes)) => entry.with_size(bytes),
        Some(Size::AtMost(bytes)) => entry.with_estimated_size(bytes),
        Some(Size::Unknown) | None => entry,
    };
    let Some(owner) = columns.owner else {
        return Some(entry);
    };
    Some(match split_once(owner, b',') {
        Some((group, owner)) => entry.with_group(trim(group)).with_owner(trim(owner)),
        None => entry.with_owner(trim(owner)),
    })
}

/// The next word. In names of ODS-5, a circumflex makes the blank behind it a part of the name.
fn word<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    cursor.skip_blanks();
    let start = cursor.rest();
    cursor.word();
    loop {
        let end = start.len().saturating_sub(cursor.rest().len());
        let (word, rest) = start.split_at_checked(end).unwrap_or_default();
        if !rest.starts_with(b" ") || !is_escaped(word, word.len()) {
            return word;
        }
        *cursor = Cursor::new(rest.get(1..).unwrap_or_default());
        if cursor.blanks() == 0 {
            cursor.word();
        }
    }
}

/// Whether an odd number of circumflexes stands before a place.
fn is_escaped(text: &[u8], at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let escapes = before.iter().rev().take_while(|&&byte| byte == b'^');
    escapes.count() & 1 == 1
}

/// Whether what precedes `.DIR` is a name, so that the point is not an escaped one.
fn is_stem(text: &[u8]) -> bool {
    !text.is_empty() && !is_escaped(text, text.len())
}

/// Whether a line is the name of a record that goes on in the next line.
pub(super) fn is_lone_name(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    let word = word(&mut cursor);
    name_and_version(word).is_some_and(|(name, _)| name.contains(&b'.')) && cursor.peek().is_empty()
}

/// Whether the second half of a record is an error instead of the file's data.
pub(super) fn is_error(line: &[u8]) -> bool {
    let text = trim(line);
    text.starts_with(b"%") || text.starts_with(b"insufficient privilege")
}

/// Splits `[DIR]NAME.TYPE;VERSION`; the directory is dropped.
fn name_and_version(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memrchr(b';', word).filter(|&at| !is_escaped(word, at))?;
    let (name, version) = word.split_at_checked(at)?;
    let version = version.strip_prefix(b";")?;
    let digits = version.strip_prefix(b"-").unwrap_or(version);
    let unescaped = |at: &usize| !is_escaped(name, *at);
    let bracket = memchr::memrchr_iter(b']', name).find(unescaped);
    let has_directory = memchr::memchr_iter(b'[', name).any(|at| unescaped(&at));
    let name = match bracket.filter(|_| has_directory) {
        Some(bracket) => name.get(bracket.checked_add(1)?..)?,
        None => name,
    };
    (is_digits(digits) && digits.len() <= 5 && !name.is_empty()).then_some((name, version))
}

/// A size as printed.
enum Size {
    /// Blocks or kilobytes, of which the last may be partly used.
    AtMost(u64),
    /// More than is allocated in blocks, so that it must count bytes.
    Bytes(u64),
    /// Asterisks: the number did not fit.
    Unknown,
}

impl Size {
    fn read(word: &[u8]) -> Option<Self> {
        if word.iter().all(|&byte| byte == b'*') {
            return Some(Self::Unknown);
        }
        if let Some((used, allocated)) = split_once(word, b'/') {
            let (used, allocated) = (number(used)?, number(allocated)?);
            if used > allocated {
                return Some(Self::Bytes(used));
            }
            return used.checked_mul(BLOCK).map(Self::AtMost);
        }
        let (count, unit) = match word {
            [digits @ .., b'K' | b'k', b'B' | b'b'] => (digits, 1024),
            _ => (word, BLOCK),
        };
        number(count)?.checked_mul(unit).map(Self::AtMost)
    }
}

/// What follows the name, in whatever order and with whatever missing.
#[derive(Default)]
struct Columns<'a> {
    size: Option<Size>,
    dated: Option<Dated>,
    owner: Option<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn read(mut cursor: Cursor<'a>) -> Option<Self> {
        let mut columns = Self::default();
        while !cursor.peek().is_empty() {
            cursor.skip_blanks();
            match cursor.rest() {
                [b'[', ..] => columns.owner = Some(enclosed(&mut cursor, b']')?),
                [b'(', ..] => {
                    enclosed(&mut cursor, b')')?;
                }
                _ => columns.plain(cursor.word())?,
            }
        }
        (columns.size.is_some() || columns.dated.is_some()).then_some(columns)
    }

    /// A column without brackets: a date, the time of that date, or a size.
    fn plain(&mut self, word: &[u8]) -> Option<()> {
        if let Some(dated) = day_month_year(word) {
            self.dated = Some(dated);
        } else if let Some(clock) = Clock::read(word) {
            self.dated = Some(self.dated?.at(clock));
        } else {
            self.size = Some(Size::read(word)?);
        }
        Some(())
    }
}

/// What stands between the bracket that is next and its counterpart.
fn enclosed<'a>(cursor: &mut Cursor<'a>, close: u8) -> Option<&'a [u8]> {
    let rest = cursor.rest();
    let at = memchr::memchr(close, rest)?;
    *cursor = Cursor::new(rest.get(at.checked_add(1)?..)?);
    rest.get(1..at)
}
