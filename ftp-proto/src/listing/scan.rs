//! Searching short texts eight bytes at a time: columns and facts are too short for a vectorised search to pay.

const ONES: u64 = u64::from_le_bytes([0x01; 8]);
const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);

/// Where the first such byte stands.
#[inline]
pub(super) fn find(text: &[u8], byte: u8) -> Option<usize> {
    first(text, |word| equal(word, byte), |other| other == byte)
}

/// Where the first of two bytes stands.
#[inline]
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

/// The columns in the first 64 bytes of a line, found all at once: one bit per byte.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    line: &'a [u8],
    /// The bits of blanks. Those behind the end of the line count as blanks.
    blanks: u64,
    at: u32,
}

impl<'a> Columns<'a> {
    #[inline]
    pub(super) fn new(line: &'a [u8]) -> Self {
        let mut blanks = u64::MAX;
        let mut shift = 0_u32;
        let mut rest = line.get(..64).unwrap_or(line);
        while let Some((word, tail)) = rest.split_first_chunk::<8>() {
            let words = gather(above_blank(u64::from_le_bytes(*word)));
            blanks ^= words.wrapping_shl(shift);
            shift = shift.wrapping_add(8);
            rest = tail;
        }
        for &byte in rest {
            blanks ^= u64::from(byte > b' ').wrapping_shl(shift);
            shift = shift.wrapping_add(1);
        }
        Self {
            line,
            blanks,
            at: 0,
        }
    }

    /// The next word; none if it does not end within the first 64 bytes, nor with the line.
    #[inline(always)]
    pub(super) fn word(&mut self) -> Option<&'a [u8]> {
        let start = (!self.blanks & u64::MAX.checked_shl(self.at)?).trailing_zeros();
        let end = (self.blanks & u64::MAX.checked_shl(start)?).trailing_zeros();
        if end == u64::BITS && self.line.len() > index(end) {
            return None;
        }
        self.at = end;
        self.line.get(index(start)..index(end))
    }

    /// Skips bytes.
    #[inline]
    pub(super) const fn skip(&mut self, bytes: u32) {
        self.at = self.at.saturating_add(bytes);
    }

    /// How many blanks stand next.
    #[inline]
    pub(super) fn blanks(&self) -> u32 {
        let from_here = self.blanks.checked_shr(self.at).unwrap_or(0);
        from_here.trailing_ones()
    }

    /// All that has not been read.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.line.get(index(self.at)..).unwrap_or_default()
    }
}

/// The highest bits of eight bytes, side by side: the multiplication gathers them in one byte.
const fn gather(marks: u64) -> u64 {
    ((marks & HIGHS) >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Which of eight bytes equal their counterparts; the first has the highest bit.
#[inline]
pub(super) fn marks_of_equal(bytes: [u8; 8], others: [u8; 8]) -> u8 {
    let differing = u64::from_be_bytes(bytes) ^ u64::from_be_bytes(others);
    let marks = (differing & !HIGHS).wrapping_add(!HIGHS) | differing;
    let [equal, ..] = gather(!marks).to_le_bytes();
    equal
}

/// A bit number as an index.
#[inline]
fn index(bit: u32) -> usize {
    usize::try_from(bit).unwrap_or(usize::MAX)
}

/// Marks the bytes that equal `byte` by their highest bits. A borrow can mark bytes above the lowest mark by mistake.
const fn equal(word: u64, byte: u8) -> u64 {
    let zero = word ^ ONES.wrapping_mul(byte as u64);
    zero.wrapping_sub(ONES) & !zero & HIGHS
}

/// Where the lowest mark stands that `mask` makes, or the first byte that `is_found`.
#[inline]
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
            let short = text.len() < 64;
            for word in text.split(|&byte| byte <= b' ').filter(|word| !word.is_empty()) {
                match columns.word() {
                    Some(found) => prop_assert_eq!(found, word),
                    None => {
                        prop_assert!(!short);
                        break;
                    }
                }
            }
            if short {
                prop_assert!(columns.word().is_none_or(<[u8]>::is_empty));
            }
        }
    }
}
