//! `ls -l` and all that imitates it.
//!
//! ```text
//! [inode] [blocks] TYPE+PERM[mark] [links] [owner] [group] SIZE|MAJOR, MINOR DATE SP NAME [" -> " TARGET]
//! ```
//!
//! The columns before the size vary, the ones from the size on do not: so the date is searched, the leftmost that a
//! number precedes. The number is the size, what stands before it are the ids, and what follows after one blank is the
//! name. Classic Mac servers (NetPresenz) fit the same shape with two more numbers or the word `folder`.

use super::cursor::{Cursor, permissions, split_once, trim};
use super::dates::{Column, Reference, column};
use super::entry::{Entry, Kind};
use super::families::Context;
use super::number::{is_digits, number};
use crate::timestamp::Timestamp;

mod usual;

pub(super) use usual::usual;

/// How many columns are searched for a date. Owners and groups with blanks make a few more than the usual nine.
const COLUMNS_MAX: usize = 24;

/// Reads a line that starts with a mode that `ls` could have printed.
pub(super) fn parse<'a>(line: &'a [u8], context: &mut Context) -> Option<Entry<'a>> {
    general(line, context.reference)
}

/// Every form, the [`mod@usual`] one among them, which the caller has tried where it can be expected.
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

/// Reads a line whose first column is no mode, if a date and a size show that it came from some `ls`.
pub(super) fn parse_odd<'a>(line: &'a [u8], context: &Context) -> Option<Entry<'a>> {
    let mut cursor = Cursor::new(line);
    let word = cursor.word();
    let found = search(cursor, context.reference)?;
    let plausible = found.is_sized && found.columns >= 2 && found.column.dated.exists;
    let mode = Mode {
        kind: match word {
            [b'd', b'r' | b'-', ..] => Kind::Directory,
            [b'l', b'r' | b'-', ..] => Kind::Symlink,
            _ => Kind::File,
        },
        bits: None,
        links: None,
    };
    let mut found = plausible.then_some(found)?;
    if word.ends_with(b"FTP") {
        // Connect:Enterprise lists batches: flags, then a format letter, the id of the user and the number.
        found.ids = &[];
    }
    found.entry(line, &mode)
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
        // HylaFAX prints six letters.
        let letters = rest.len() == 6 && rest.iter().all(|byte| b"rwx-".contains(byte));
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
        b'b' | b'c' | b'p' | b's' | b'D' | b'n' | b'w' | b'?' => Kind::Other,
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

/// The size and date of a line, and what stands around them.
struct Found<'a> {
    /// All between the mode and the size.
    ids: &'a [u8],
    size: &'a [u8],
    is_device: bool,
    /// Whether the size is a number, or the two of a device.
    is_sized: bool,
    /// How many columns precede the date.
    columns: usize,
    column: Column<'a>,
}

/// Finds the leftmost date that a number precedes; failing that, one that the calendar lacks; failing that, one after
/// any word. A date right behind the first number is kept back while another may follow: an owner can be called `Mar`.
fn search(start: Cursor<'_>, reference: Option<Reference>) -> Option<Found<'_>> {
    let text = start.rest();
    let (mut early, mut impossible, mut unsized_) = (None, None, None);
    let mut cursor = start;
    let (mut before, mut previous): (&[u8], &[u8]) = (b"", b"");
    for columns in 0..COLUMNS_MAX {
        let found = column(cursor, reference).filter(|column| column.name().is_some());
        if let Some(column) = found.filter(|_| columns > 0) {
            let consumed = text.len().saturating_sub(cursor.rest().len());
            let found = Found::new(text, consumed, before, previous, columns, column);
            match (found.is_sized, column.dated.exists) {
                (true, true) if columns > 1 => return Some(found),
                (true, true) => early = early.or(Some(found)),
                (true, false) => impossible = impossible.or(Some(found)),
                (false, true) => unsized_ = unsized_.or(Some(found)),
                (false, false) => {}
            }
        }
        (before, previous) = (previous, cursor.word());
        if previous.is_empty() {
            break;
        }
    }
    early.or(impossible).or(unsized_)
}

impl<'a> Found<'a> {
    /// Takes the size, one word or two, off the columns before the date.
    fn new(
        text: &'a [u8],
        consumed: usize,
        before: &'a [u8],
        size: &'a [u8],
        columns: usize,
        column: Column<'a>,
    ) -> Self {
        let is_major = matches!(before, [digits @ .., b','] if is_digits(digits));
        let pair = split_once(size, b',').is_some_and(|(a, b)| is_digits(a) && is_digits(b));
        let is_device = pair || (is_major && is_digits(size));
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
        }
    }

    fn entry(&self, line: &'a [u8], mode: &Mode) -> Option<Entry<'a>> {
        let name = self.column.name()?;
        let size = number(self.size).filter(|_| !self.is_device);
        let ids = Identities::read(self.ids, mode.links, size);
        let mut entry = Entry::new(line, name);
        entry.kind = mode.kind;
        entry.size = size;
        entry.modified = self.column.dated.time;
        entry.mode = mode.bits;
        entry.links = ids.links;
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

/// A classic Mac server prints resource fork, data fork and their sum instead of links, owner and size.
fn is_mac(data: &[u8], resource: u32, total: u64) -> bool {
    total > 0
        && is_digits(data)
        && number(data).and_then(|data| data.checked_add(u64::from(resource))) == Some(total)
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

/// Splits ` -> TARGET` off the name of a link. Of several arrows, the one counts whose target has the length that the
/// size column states, or else the first.
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
        if !target.is_empty() {
            entry.set_target(target);
        }
    }
}

/// Embedded servers without a clock: `mode links owner group size name`. Only a name of one word is believed.
fn dateless<'a>(line: &'a [u8], mut cursor: Cursor<'a>, mode: &Mode) -> Option<Entry<'a>> {
    let links = u32::try_from(number(cursor.word())?).ok()?;
    let (owner, group) = (cursor.word(), cursor.word());
    let size = number(cursor.word())?;
    let name = cursor.name_after(1)?;
    if name.contains(&b' ') {
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
    let kind = match kind.strip_prefix(b"0").unwrap_or(kind) {
        b"10" => Kind::File,
        b"4" | b"04" => Kind::Directory,
        b"12" => Kind::Symlink,
        _ => Kind::Other,
    };
    let size = number(size);
    let mut entry = Entry::new(line, name)
        .with_kind(kind)
        .with_mode(permissions(mode))
        .with_owner(owner)
        .with_group(group)
        .with_size(size)
        .with_modified(Timestamp::from_unix_time(epoch).ok());
    if kind == Kind::Symlink {
        set_link(&mut entry, name, size);
    }
    Some(entry)
}
