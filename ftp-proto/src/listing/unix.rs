//! `ls -l` and all that imitates it.
//!
//! ```text
//! [inode] [blocks] TYPE+PERM[mark] [links] [owner] [group] SIZE|MAJOR, MINOR DATE SP NAME [" -> " TARGET]
//! ```
//!
//! The columns before the size vary, the ones from the size on do not: so the date is searched, the
//! leftmost that a number precedes. The number is the size, what stands before it are the ids, and
//! what follows after one blank is the name. Classic Mac servers (NetPresenz) fit the same shape
//! with two more numbers or the word `folder`.

use super::context::Context;
use super::cursor::{Cursor, permissions, trim};
use super::dates::{Reference, is_date_like};
use super::entry::{Entry, Kind};
use super::number::{is_digits, number};
use crate::timestamp::Timestamp;

mod marks;
mod search;
mod usual;

use search::search;
pub(super) use usual::usual;

/// Reads a line that starts with a mode that `ls` could have printed.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut entry = general(line, context.reference)?;
    marks::strip(&mut entry, context);
    Some(entry)
}

/// Every form, the [`mod@usual`] one among them, which the caller has tried where it can be
/// expected.
fn general(line: &[u8], reference: Option<Reference>) -> Option<Entry<'_>> {
    if let Some(entry) = numeric(line) {
        return Some(entry);
    }
    let mut cursor = Cursor::new(line);
    let mode = after_counts(&mut cursor)?;
    if let Some(found) = search(cursor, reference) {
        return found.entry(line, &mode);
    }
    dateless(line, cursor, &mode).or_else(|| unreadable(line, cursor, &mode))
}

/// Reads the mode, behind the inode of `ls -i`, the blocks of `ls -s` or both (`find -ls`).
fn after_counts(cursor: &mut Cursor<'_>) -> Option<Mode> {
    let mut word = cursor.word();
    for _ in 0..2 {
        if is_digits(word) {
            word = cursor.word();
        }
    }
    Mode::read(word)
}

/// Reads a line whose first column only resembles a mode, if all other columns are those of `ls`.
pub(super) fn parse_odd<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let word = cursor.word();
    let is_batch = word.len() > 10 && word.starts_with(b"-") && word.ends_with(b"FTP");
    let first_column = cursor.peek();
    if !is_like_mode(word) || !(is_batch || is_digits(first_column)) {
        return None;
    }
    let mut found = search(cursor, context.reference)?;
    if !found.is_sized || found.columns < 4 || !found.column.dated.exists {
        return None;
    }
    if is_batch {
        // Connect:Enterprise lists batches: flags, then a format letter, the id of the user and the
        // number.
        found.ids = &[];
    }
    // A letter that is not known, before permissions that are.
    let bits = word.get(1..10).and_then(permission_bits);
    let mode = Mode {
        kind: match word {
            [b'd', b'r' | b'-', ..] => Kind::Directory,
            [b'l', b'r' | b'-', ..] => Kind::Symlink,
            _ if bits.is_some() => Kind::Other,
            _ => Kind::File,
        },
        bits,
        links: None,
    };
    found.entry(line, &mode)
}

/// Whether a word is as long as a mode and at least a third of it are signs that stand in one.
fn is_like_mode(word: &[u8]) -> bool {
    let signs = word.iter().filter(|byte| b"-?!".contains(byte)).count();
    let is_known = |byte: &u8| byte.is_ascii_alphabetic() || b"-?!+.@".contains(byte);
    (7..=13).contains(&word.len()) && signs >= 3 && word.iter().all(is_known)
}

/// What the first column says.
struct Mode {
    kind: Kind,
    bits: Option<u16>,
    /// A number of links that left no room for a blank.
    links: Option<u32>,
}

impl Mode {
    fn read(word: &[u8]) -> Option<Self> {
        let (&first, rest) = word.split_first()?;
        let kind = kind_of(first)?;
        // Plan 9 prints a column for exclusive use behind the type.
        let rest = match rest {
            [b'l' | b'-', rest @ ..] if word.len() == 11 && permission_bits(rest).is_some() => rest,
            _ => rest,
        };
        if let Some((bits, tail)) = rest.split_first_chunk::<9>() {
            let bits = permission_bits(bits);
            if bits.is_none() && *rest != *b"?????????" {
                return None;
            }
            let digits = tail.iter().position(u8::is_ascii_digit);
            let (mark, digits) = tail.split_at_checked(digits.unwrap_or(tail.len()))?;
            let links = number(digits).and_then(|links| u32::try_from(links).ok());
            let understood = mark.len() <= 2 && (digits.is_empty() || links.is_some());
            return understood.then_some(Self { kind, bits, links });
        }
        // HylaFAX prints five or six letters.
        let letters = matches!(rest.len(), 5 | 6) && rest.iter().all(|byte| b"rwx-".contains(byte));
        letters.then_some(Self {
            kind,
            bits: None,
            links: None,
        })
    }
}

/// The kind that a letter in front of the permissions stands for.
const fn kind_of(letter: u8) -> Option<Kind> {
    Some(match letter {
        b'-' | b'f' | b'F' | b'a' | b'C' | b'M' | b'm' => Kind::File,
        b'd' => Kind::Directory,
        b'l' | b'e' => Kind::Symlink,
        b'b' | b'c' | b'p' | b's' | b'D' | b'P' | b'n' | b'w' | b'?' => Kind::Other,
        _ => return None,
    })
}

/// Permissions with all letters that stand for more: capitals lack the execute bit.
fn permission_bits(letters: &[u8]) -> Option<u16> {
    let [r1, w1, x1, r2, w2, x2, r3, w3, x3] = *letters else {
        return None;
    };
    let plain = |letter: u8, expected: u8| match letter {
        b'-' => Some(0),
        _ => (letter == expected).then_some(1_u16),
    };
    let special = |letter: u8, with: u8, alone: &[u8]| match letter {
        b'-' => Some(0),
        b'x' => Some(1),
        _ if letter == with => Some(0o1001),
        _ => alone.contains(&letter).then_some(0o1000),
    };
    let (user, group) = (special(x1, b's', b"S")?, special(x2, b's', b"SlL")?);
    let other = special(x3, b't', b"T")?;
    let set = |value: u16, bit: u16| if value >= 0o1000 { bit } else { 0 };
    let read_write =
        |r: u8, w: u8| Some(plain(r, b'r')?.wrapping_shl(2) | plain(w, b'w')?.wrapping_shl(1));
    let bits = (read_write(r1, w1)? | (user & 1)).wrapping_shl(6)
        | (read_write(r2, w2)? | (group & 1)).wrapping_shl(3)
        | (read_write(r3, w3)? | (other & 1));
    Some(bits | set(user, 0o4000) | set(group, 0o2000) | set(other, 0o1000))
}

/// Number of links, owner and group, any of which may be missing.
#[derive(Default)]
struct Identities<'a> {
    links: Option<u32>,
    owner: Option<&'a [u8]>,
    group: Option<&'a [u8]>,
}

impl<'a> Identities<'a> {
    fn read(ids: &'a [u8], links: Option<u32>, size: Option<u64>) -> Self {
        let mut cursor = Cursor::new(ids);
        if is_extended_attributes(cursor.peek()) {
            cursor.word();
        }
        skip_device_of_plan_9(&mut cursor);
        let mut first = cursor.word();
        if first == b"folder" && cursor.peek().is_empty() {
            return Self::default();
        }
        let mut links = links;
        if links.is_none() && is_digits(first) {
            links = number(first).and_then(|number| u32::try_from(number).ok());
            first = cursor.word();
            let forks = (links, size, cursor.peek().is_empty());
            if let (Some(resource), Some(total), true) = forks {
                if is_mac(first, resource, total) {
                    return Self::default();
                }
            }
        }
        let rest = trim(cursor.rest());
        Self {
            links,
            owner: (!first.is_empty()).then_some(first),
            group: (!rest.is_empty()).then_some(rest),
        }
    }
}

/// A classic Mac server prints resource fork, data fork and their sum instead of links, owner and
/// size.
fn is_mac(data: &[u8], resource: u32, total: u64) -> bool {
    let sum = number(data).and_then(|data| data.checked_add(u64::from(resource)));
    total > 0 && sum == Some(total)
}

/// z/OS UNIX prints extended attributes such as `--s-` behind the mode.
fn is_extended_attributes(word: &[u8]) -> bool {
    word.len() == 4 && word.iter().all(|byte| b"apslE-".contains(byte))
}

/// Plan 9 prints the letter and the number of the device before the owner.
fn skip_device_of_plan_9(cursor: &mut Cursor<'_>) {
    let mut ahead = *cursor;
    let (device, number) = (ahead.word(), ahead.word());
    if matches!(device, [b'A'..=b'Z']) && is_digits(number) && !ahead.peek().is_empty() {
        *cursor = ahead;
    }
}

/// Splits ` -> TARGET` off the name of a link. Of several arrows, the one counts whose target has
/// the length that the size column states, or else the first.
fn set_link<'a>(entry: &mut Entry<'a>, text: &'a [u8], size: Option<u64>) {
    const ARROW: &[u8] = b" -> ";
    let split = |at: usize| {
        let name = text.get(..at).filter(|name| !name.is_empty())?;
        Some((name, text.get(at.checked_add(ARROW.len())?..)?))
    };
    let size = size.and_then(|size| usize::try_from(size).ok());
    let by_size = size
        .and_then(|size| text.len().checked_sub(size)?.checked_sub(ARROW.len()))
        .filter(|&at| text.get(at..).is_some_and(|rest| rest.starts_with(ARROW)));
    let mut arrows = memchr::memmem::find_iter(text, ARROW);
    if let Some((name, target)) = by_size.and_then(split).or_else(|| arrows.find_map(split)) {
        entry.set_name(name);
        // `ls -F` marks what a link points at, and the size shows that it does.
        let target = match target.split_last() {
            Some((b'/' | b'*' | b'|' | b'=' | b'>', plain)) if size == Some(plain.len()) => plain,
            _ => target,
        };
        if !target.is_empty() {
            entry.set_target(target);
        }
    }
}

/// Embedded servers without a clock: `mode links owner group size name`. Only a name of one word is
/// believed, and only if it is not the beginning of a date whose rest, and the name, got lost.
fn dateless<'a>(line: &'a [u8], mut cursor: Cursor<'a>, mode: &Mode) -> Option<Entry<'a>> {
    let links = u32::try_from(number(cursor.word())?).ok()?;
    let (owner, group) = (cursor.word(), cursor.word());
    let size = number(cursor.word())?;
    let name = cursor.name_after(1)?;
    if name.contains(&b' ') || is_date_like(name) {
        return None;
    }
    Some(
        Entry::new(line, name)
            .with_kind(mode.kind)
            .with_mode(mode.bits)
            .with_links(links)
            .with_owner(owner)
            .with_group(group)
            .with_size(size),
    )
}

/// What GNU `ls` could not stat: question marks in all columns, and a name.
fn unreadable<'a>(line: &'a [u8], mut cursor: Cursor<'a>, mode: &Mode) -> Option<Entry<'a>> {
    for _ in 0..4 {
        if cursor.word() != b"?" {
            return None;
        }
    }
    // Link count, owner, group and size; the date is a mark of its own.
    if cursor.word() != b"?" {
        return None;
    }
    let name = cursor.name_after_blanks()?;
    Some(Entry::new(line, name).with_kind(mode.kind))
}

/// All numbers: `MODE UID GID SIZE EPOCH NAME`, the mode in octal with the type of file in front.
fn numeric(line: &[u8]) -> Option<Entry<'_>> {
    let mut cursor = Cursor::new(line);
    let mode = cursor.word();
    let octal = |byte: &u8| (b'0'..=b'7').contains(byte);
    if !matches!(mode.len(), 5..=7) || !mode.iter().all(octal) {
        return None;
    }
    let (owner, group) = (cursor.word(), cursor.word());
    let size = cursor.word();
    let epoch = cursor.word();
    if ![owner, group, size].into_iter().all(is_digits) || !matches!(epoch.len(), 8..=11) {
        return None;
    }
    let epoch = i64::try_from(number(epoch)?).ok()?;
    let name = cursor.name_after_blanks()?;
    let (kind, _) = mode.split_at_checked(mode.len().checked_sub(4)?)?;
    let kind = match kind {
        b"10" | b"010" => Kind::File,
        b"4" | b"04" | b"004" => Kind::Directory,
        b"12" | b"012" => Kind::Symlink,
        b"01" | b"02" | b"06" | b"001" | b"002" | b"006" | b"14" | b"014" => Kind::Other,
        _ => return None,
    };
    let size = number(size);
    let mut entry = Entry::new(line, name)
        .with_kind(kind)
        .with_mode(permissions(mode))
        .with_owner(owner)
        .with_group(group)
        .with_size(size)
        .with_time(Timestamp::from_unix_time(epoch).ok());
    if kind == Kind::Symlink {
        set_link(&mut entry, name, size);
    }
    Some(entry)
}
