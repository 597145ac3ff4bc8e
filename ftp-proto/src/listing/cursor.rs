//! Columns of a line: words separated by runs of blanks.

use super::scan::{find, find_blank, find_word};

/// Whether a byte separates columns: a blank or a control character. LF stands inside a record that
/// was joined from two lines.
pub(super) const fn is_blank(byte: u8) -> bool {
    byte <= b' '
}

/// Whether a text has no other bytes than blanks.
#[inline]
pub(super) fn is_all_blank(text: &[u8]) -> bool {
    text.iter().all(|&byte| is_blank(byte))
}

/// A text without the blanks around it.
pub(super) fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text {
        if !is_blank(*first) {
            break;
        }
        text = rest;
    }
    trim_end(text)
}

/// A text without the blanks behind it.
pub(super) fn trim_end(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., last] = text {
        if !is_blank(*last) {
            break;
        }
        text = rest;
    }
    text
}

/// Octal digits, of which the permission bits are kept.
pub(super) fn permissions(text: &[u8]) -> Option<u16> {
    if text.is_empty() || text.len() > 10 {
        return None;
    }
    let value = text.iter().try_fold(0_u32, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 8).then(|| value.wrapping_shl(3) | u32::from(digit))
    })?;
    u16::try_from(value & 0o7777).ok()
}

/// Splits a text at the first such byte, which belongs to neither part.
pub(super) fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let (before, behind) = text.split_at_checked(find(text, separator)?)?;
    Some((before, behind.get(1..)?))
}

/// A reading position in a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(line: &'a [u8]) -> Self {
        Self { rest: line }
    }

    /// All that has not been read.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Skips blanks and reads up to the next one; empty at the end of the line.
    pub(super) fn word(&mut self) -> &'a [u8] {
        self.skip_blanks();
        let end = find_blank(self.rest).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or_default();
        self.rest = rest;
        word
    }

    /// The next word, left unread.
    pub(super) fn peek(&self) -> &'a [u8] {
        let mut ahead = *self;
        ahead.word()
    }

    /// Skips blanks and tells how many.
    pub(super) fn skip_blanks(&mut self) -> usize {
        let blanks = find_word(self.rest).unwrap_or(self.rest.len());
        self.rest = self.rest.get(blanks..).unwrap_or_default();
        blanks
    }

    /// How many blanks stand next.
    pub(super) fn blanks(&self) -> usize {
        let mut ahead = *self;
        ahead.skip_blanks()
    }

    /// The name that follows after exactly `blanks` blanks. None of nothing but blanks.
    pub(super) fn name_after(&self, blanks: usize) -> Option<&'a [u8]> {
        if self.blanks() < blanks {
            return None;
        }
        let name = self.rest.get(blanks..)?;
        let starts_well = name.first().is_some_and(|&byte| !is_blank(byte));
        (starts_well || !is_all_blank(name)).then_some(name)
    }

    /// The name that follows after any blanks.
    pub(super) fn name_after_blanks(&self) -> Option<&'a [u8]> {
        self.name_after(self.blanks())
    }
}
