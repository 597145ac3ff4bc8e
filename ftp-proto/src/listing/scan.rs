//! Searching short texts eight bytes at a time: columns and facts are too short for a vectorised
//! search to pay.

use super::number::number;
use super::span::Span;

const ONES: u64 = u64::from_le_bytes([0x01; 8]);
const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);

/// Where the first such byte stands.
#[inline]
pub(super) fn find(text: &[u8], byte: u8) -> Option<usize> {
    first(text, |word| equal(word, byte), |other| other == byte)
}

/// Where the first of two bytes stands.
#[inline(always)]
pub(super) fn find_either(text: &[u8], one: u8, two: u8) -> Option<usize> {
    let mask = |word| equal(word, one) | equal(word, two);
    first(text, mask, |byte| byte == one || byte == two)
}

/// Where the first blank or control character stands.
#[inline]
pub(super) fn find_blank(text: &[u8]) -> Option<usize> {
    first(text, |word| !above_blank(word) & HIGHS, |byte| byte <= b' ')
}

/// Where the first byte stands that is neither blank nor control character.
#[inline]
pub(super) fn find_word(text: &[u8]) -> Option<usize> {
    first(text, |word| above_blank(word) & HIGHS, |byte| byte > b' ')
}

/// Marks the bytes above the blank by their highest bits; the other bits are to be ignored.
const fn above_blank(word: u64) -> u64 {
    (word & !HIGHS).wrapping_add(ONES.wrapping_mul(0x7F - 0x20)) | word
}

/// The columns in the first 64 bytes of a line, found all at once.
#[derive(Debug)]
pub(super) struct Columns {
    /// One bit for each byte with which a word begins, and one for each blank behind a word.
    edges: u64,
}

impl Columns {
    /// Columns beyond the first 64 bytes are not seen.
    #[inline]
    pub(super) fn new(line: &[u8]) -> Self {
        let words = match line.first_chunk::<64>() {
            Some(whole) => words_of(whole),
            None => {
                let mut padded = [b' '; 64];
                if let Some(start) = padded.get_mut(..line.len()) {
                    start.copy_from_slice(line);
                }
                words_of(&padded)
            }
        };
        Self {
            edges: words ^ words.wrapping_shl(1),
        }
    }

    /// The next word; a meaningless span if there is none, or if it does not end within reach.
    #[inline(always)]
    pub(super) fn word(&mut self) -> Span {
        let start = self.edges.trailing_zeros();
        self.edges &= self.edges.wrapping_sub(1);
        let end = self.edges.trailing_zeros();
        self.edges &= self.edges.wrapping_sub(1);
        Span::new(start, end)
    }

    /// Where the next word begins. If there is one, all words before it were found.
    #[inline(always)]
    pub(super) fn start(&self) -> Option<u32> {
        (self.edges != 0).then(|| self.edges.trailing_zeros())
    }
}

impl Span {
    /// The unsigned number that a part of a line is; of eight digits or fewer in one go.
    #[inline(always)]
    pub(super) fn number(self, line: &[u8]) -> Option<u64> {
        let digits = self.slice(line)?;
        let end = usize::try_from(self.end()).ok()?;
        match line.get(..end).and_then(<[u8]>::last_chunk::<8>) {
            Some(last) if digits.len() <= 8 => eight_digits(*last, digits.len()),
            _ => number(digits),
        }
    }
}

/// The number that the last few of eight bytes are.
#[inline(always)]
pub(super) fn eight_digits(bytes: [u8; 8], count: usize) -> Option<u64> {
    let others = u32::try_from(count).ok()?.wrapping_mul(8).wrapping_neg();
    let digits = u64::from_le_bytes(bytes) ^ u64::from_le_bytes([b'0'; 8]);
    let digits = digits & u64::MAX.wrapping_shl(others);
    // A byte above nine reaches into the upper half when six is added, or stands there already.
    let above_nine = digits.wrapping_add(ONES.wrapping_mul(6)) | digits;
    if above_nine & ONES.wrapping_mul(0xF0) != 0 || count == 0 {
        return None;
    }
    // Ones become pairs, pairs fours, and fours the whole.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00FF_00FF_00FF_00FF;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_FFFF_0000_FFFF;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xFFFF_FFFF)
}

/// How many words a line has. Of a line too long to be seen at once, more than any format asks for.
pub(super) fn words(line: &[u8]) -> u32 {
    if line.len() >= 64 {
        return u32::MAX;
    }
    Columns::new(line).edges.count_ones().div_ceil(2)
}

/// Which of 64 bytes belong to words: one bit for each.
#[inline(always)]
fn words_of(line: &[u8; 64]) -> u64 {
    let mut words = 0;
    let mut rest = line.as_slice();
    while let Some((before, eight)) = rest.split_last_chunk::<8>() {
        let marks = above_blank(u64::from_le_bytes(*eight));
        words = words << 8 | gather(marks);
        rest = before;
    }
    words
}

/// The highest bits of eight bytes, side by side: the multiplication gathers them in one byte.
const fn gather(marks: u64) -> u64 {
    (marks & HIGHS).wrapping_mul(0x0002_0408_1020_4081) >> 56
}

/// Marks the bytes that equal `byte` by their highest bits. A borrow can mark bytes above the
/// lowest mark by mistake.
const fn equal(word: u64, byte: u8) -> u64 {
    let zero = word ^ ONES.wrapping_mul(byte as u64);
    zero.wrapping_sub(ONES) & !zero & HIGHS
}

/// Where the lowest mark stands that `mask` makes, or the first byte that `is_found`.
#[inline(always)]
fn first(text: &[u8], mask: impl Fn(u64) -> u64, is_found: impl Fn(u8) -> bool) -> Option<usize> {
    let mut at = 0_usize;
    let mut rest = text;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        let marks = mask(u64::from_le_bytes(*word));
        if marks != 0 {
            let byte = usize::try_from(marks.trailing_zeros() >> 3).unwrap_or_default();
            return Some(at.wrapping_add(byte));
        }
        at = at.wrapping_add(8);
        rest = tail;
    }
    let byte = rest.iter().position(|&byte| is_found(byte))?;
    Some(at.wrapping_add(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_found_byte_by_byte(
            text in proptest::collection::vec(
                prop_oneof![Just(b' '), Just(b';'), Just(b'='), Just(b':'), Just(b'!'), any::<u8>()],
                0..80,
            ),
        ) {
            prop_assert_eq!(find(&text, b';'), text.iter().position(|&b| b == b';'));
            prop_assert_eq!(
                find_either(&text, b'=', b';'),
                text.iter().position(|&b| b == b'=' || b == b';')
            );
            prop_assert_eq!(find_blank(&text), text.iter().position(|&b| b <= b' '));
            prop_assert_eq!(find_word(&text), text.iter().position(|&b| b > b' '));
        }

        #[test]
        fn columns_are_words(
            text in proptest::collection::vec(
                prop_oneof![Just(b' '), Just(b'a'), Just(0x80), any::<u8>()],
                0..100,
            ),
        ) {
            let mut columns = Columns::new(&text);
            let mut at = 0_usize;
            for word in text.split(|&byte| byte <= b' ') {
                if !word.is_empty() {
                    let found = columns.word();
                    if columns.start().is_none() && at >= 64_usize.saturating_sub(word.len()) {
                        break;
                    }
                    prop_assert_eq!(found.slice(&text), Some(word));
                }
                at = at.saturating_add(word.len()).saturating_add(1);
            }
            if text.len() < 64 {
                prop_assert_eq!(columns.start(), None);
            }
        }

        #[test]
        fn numbers_are_read_in_one_go(digits in "[0-9]{1,21}", before in ".{0,9}", odd: Option<u8>) {
            let mut text = [before.as_bytes(), digits.as_bytes()].concat();
            let start = before.len();
            if let (Some(odd), Some(last)) = (odd, text.last_mut()) {
                *last = odd;
            }
            let span = Span::new(u32::try_from(start).unwrap(), u32::try_from(text.len()).unwrap());
            let expected = core::str::from_utf8(&text[start..]).ok().filter(|it| !it.contains('+'));
            prop_assert_eq!(span.number(&text), expected.and_then(|it| it.parse().ok()));
        }
    }
}
