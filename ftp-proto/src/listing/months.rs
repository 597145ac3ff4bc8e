//! Names of months, in the languages and encodings that servers print them.

mod encodings;
mod names;

use names::NAMES;

/// More letters than the name of any month has.
const LONGEST: usize = 16;

/// The month (1 to 12) that a word names: a full name, or a beginning of at least three letters, in
/// any case, with an optional dot or comma behind. Also the numbered months of Vietnamese, `Th03`
/// and `Thg 3`.
pub(super) fn month(word: &[u8]) -> Option<u8> {
    let word = match word {
        [rest @ .., b'.' | b','] => rest,
        _ => word,
    };
    if let Ok(letters) = <[u8; 3]>::try_from(word) {
        if let Some(month) = english(letters) {
            return Some(month);
        }
    }
    vietnamese(word).or_else(|| spelled(word, lookup))
}

/// The month (1 to 12) of an English abbreviation, the form that nearly all servers print.
#[inline]
pub(super) const fn english(letters: [u8; 3]) -> Option<u8> {
    let [first, second, third] = letters;
    Some(match [first | 0x20, second | 0x20, third | 0x20] {
        [b'j', b'a', b'n'] => 1,
        [b'f', b'e', b'b'] => 2,
        [b'm', b'a', b'r'] => 3,
        [b'a', b'p', b'r'] => 4,
        [b'm', b'a', b'y'] => 5,
        [b'j', b'u', b'n'] => 6,
        [b'j', b'u', b'l'] => 7,
        [b'a', b'u', b'g'] => 8,
        [b's', b'e', b'p'] => 9,
        [b'o', b'c', b't'] => 10,
        [b'n', b'o', b'v'] => 11,
        [b'd', b'e', b'c'] => 12,
        _ => return None,
    })
}

/// `Th03`, `Thg 3`, `Tháng 3`.
fn vietnamese(word: &[u8]) -> Option<u8> {
    let digits = word.iter().position(u8::is_ascii_digit)?;
    let (name, digits) = word.split_at_checked(digits)?;
    let name = super::cursor::trim_end(name);
    if !is_before_number(name) && !name.eq_ignore_ascii_case(b"th") {
        return None;
    }
    let month = super::number::small(digits, 2)?;
    u8::try_from(month)
        .ok()
        .filter(|month| (1..=12).contains(month))
}

/// Whether a word is the Vietnamese one for a month, whose number follows: `thg`, `tháng`.
pub(super) fn is_before_number(word: &[u8]) -> bool {
    matches!(word, [b'T' | b't', b'h', rest @ ..] if rest == b"g" || rest == "áng".as_bytes())
}

/// Whether a word in UTF-8 is one of these lower-case ones, in any case.
pub(super) fn means(word: &[u8], any_of: &[&str]) -> bool {
    let known = |text: &[u8]| {
        any_of
            .iter()
            .any(|one| one.as_bytes() == text)
            .then_some(())
    };
    let text = core::str::from_utf8(word).ok();
    text.and_then(|text| lower(text.chars(), known)).is_some()
}

/// What `find` makes of a word in lower-case UTF-8, in the first encoding in which it finds
/// something.
fn spelled<T>(word: &[u8], find: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let letters = |&byte: &u8| byte.is_ascii_alphabetic() || byte >= 0x80;
    let is_ascii = word.is_ascii();
    // Thai abbreviations have points inside.
    let is_word = |byte: &u8| letters(byte) || (!is_ascii && *byte == b'.');
    if word.len() < 3 || word.len() > 2 * LONGEST || !word.iter().all(is_word) {
        return None;
    }
    // Three bytes of another encoding can be UTF-8 by chance, but then they are one letter or two.
    let text = core::str::from_utf8(word).ok();
    let text = text.filter(|text| text.len() > 3 || text.chars().nth(2).is_some());
    let found = text.and_then(|text| lower(text.chars(), &find));
    if found.is_some() || is_ascii || word.len() > LONGEST {
        return found;
    }
    let mut found = encodings::ALL.iter().filter_map(|decode| {
        let letters = word.iter().map(|&byte| decode(byte));
        lower(letters, &find)
    });
    found.next()
}

/// Hands a word to `find` in lower case.
fn lower<T>(word: impl Iterator<Item = char>, find: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let mut text = [0_u8; 3 * LONGEST];
    let mut length = 0_usize;
    for letter in word.filter(|&letter| letter != '.') {
        let letter = lower_letter(letter);
        let end = length.checked_add(letter.len_utf8())?;
        letter.encode_utf8(text.get_mut(length..end)?);
        length = end;
    }
    find(text.get(..length)?)
}

/// The lower-case letter; of the blocks that are frequent here, without a search.
fn lower_letter(letter: char) -> char {
    match letter {
        '\0'..='\u{7f}' => letter.to_ascii_lowercase(),
        '\u{80}'..='\u{bf}' | 'ß'..='ÿ' | 'а'..='я' => letter,
        _ => letter.to_lowercase().next().unwrap_or(letter),
    }
}

/// The month whose name begins with a text. Few names share the key of the text, so that a word
/// that is not a month is told in one short search.
fn lookup(text: &[u8]) -> Option<u8> {
    let mut found = memchr::memchr_iter(key(text), &KEYS).filter_map(|at| {
        let (name, month) = NAMES.get(at)?;
        name.as_bytes().starts_with(text).then_some(*month)
    });
    found.next()
}

/// The keys of all names.
const KEYS: [u8; NAMES.len()] = {
    let mut keys = [0; NAMES.len()];
    let (mut names, mut rest): (_, &mut [u8]) = (NAMES, &mut keys);
    while let ([(name, _), more @ ..], [slot, others @ ..]) = (names, rest) {
        *slot = key(name.as_bytes());
        (names, rest) = (more, others);
    }
    keys
};

/// A byte that differs between most names by their first three bytes.
const fn key(text: &[u8]) -> u8 {
    match text {
        [one, two, three, ..] => one.wrapping_mul(31) ^ two.wrapping_mul(7) ^ *three,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::{NAMES, encodings, month};

    #[test]
    fn names_in_many_languages() {
        let cases: &[(&[u8], u8)] = &[
            (b"Jan", 1),
            (b"DECEMBER", 12),
            (b"sept", 9),
            (b"Sept.", 9),
            ("Mär".as_bytes(), 3),
            ("MÄRZ".as_bytes(), 3),
            (b"M\xE4r", 3),
            (b"Mrz", 3),
            (b"Okt,", 10),
            ("févr.".as_bytes(), 2),
            (b"f\xE9vr.", 2),
            ("août".as_bytes(), 8),
            ("déc.".as_bytes(), 12),
            (b"juil.", 7),
            (b"jui", 7),
            (b"juin", 6),
            (b"mag", 5),
            (b"giu", 6),
            (b"lug", 7),
            (b"ago", 8),
            (b"set", 9),
            (b"ott", 10),
            (b"dic", 12),
            (b"Th03", 3),
            (b"Thg 3", 3),
            ("tháng 12".as_bytes(), 12),
            (b"gen", 1),
            (b"ene", 1),
            (b"abr", 4),
            (b"fev", 2),
            (b"out", 10),
            (b"dez", 12),
            (b"mrt", 3),
            (b"mei", 5),
            (b"maj", 5),
            (b"des", 12),
            (b"sty", 1),
            (b"lut", 2),
            (b"kwi", 4),
            (b"cze", 6),
            (b"lip", 7),
            (b"sie", 8),
            (b"wrz", 9),
            ("paź".as_bytes(), 10),
            (b"lis", 11),
            (b"gru", 12),
            ("pro".as_bytes(), 12),
            ("led".as_bytes(), 1),
            ("čvc".as_bytes(), 7),
            ("říj".as_bytes(), 10),
            ("szept".as_bytes(), 9),
            ("ápr".as_bytes(), 4),
            ("jún".as_bytes(), 6),
            (b"tammi", 1),
            ("kesä".as_bytes(), 6),
            (b"joulu", 12),
            (b"Oca", 1),
            ("Şub".as_bytes(), 2),
            ("Ağu".as_bytes(), 8),
            (b"Ara", 12),
            ("янв".as_bytes(), 1),
            ("мая".as_bytes(), 5),
            ("МАЙ".as_bytes(), 5),
            ("сен".as_bytes(), 9),
            // The same month in KOI8-R and Windows-1251.
            (b"\xCF\xCB\xD4", 10),
            (b"\xEE\xEA\xF2", 10),
            // In ISO 8859-5 and in the code page 866.
            (b"\xDE\xDA\xE2", 10),
            (b"\xAE\xAA\xE2", 10),
            ("čen".as_bytes(), 6),
            ("čec".as_bytes(), 7),
            ("юни".as_bytes(), 6),
            ("ное".as_bytes(), 11),
            // Czech and Polish in Latin-2, Turkish in Latin-5.
            (b"b\xF8e", 3),
            (b"kv\xEC", 5),
            (b"\xE8vc", 7),
            (b"z\xE1\xF8", 9),
            (b"\xF8\xEDj", 10),
            (b"pa\xBC", 10),
            (b"\xDEub", 2),
            (b"A\xF0u", 8),
        ];
        for (word, expected) in cases {
            assert_eq!(month(word), Some(*expected), "{}", word.escape_ascii());
        }
    }

    /// Each name and its beginning of three letters, in each encoding that has the letters.
    #[test]
    fn no_encoding_is_taken_for_another() {
        let mut words = 0_usize;
        for (name, _) in NAMES {
            for length in [3, name.chars().count()] {
                let letters: String = name.chars().take(length).collect();
                for decode in &encodings::ALL {
                    let byte = |letter| (0..=u8::MAX).find(|&byte| decode(byte) == letter);
                    let Some(word) = letters.chars().map(byte).collect::<Option<Vec<_>>>() else {
                        continue;
                    };
                    words = words.saturating_add(1);
                    let expected = month(letters.as_bytes());
                    assert_eq!(month(&word), expected, "{letters}: {}", word.escape_ascii());
                }
            }
        }
        assert!(words > NAMES.len(), "{words}");
    }

    #[test]
    fn other_words_are_no_months() {
        let cases: [&[u8]; 12] = [
            b"",
            b"J",
            b"ja",
            b"Qux",
            b"root",
            b"janx",
            b"123",
            b"mar1",
            b"\xFF\xFE\xFD",
            b"j.an",
            // The beginning of a Hindi month, and two letters of a Russian one in KOI8-R.
            "म".as_bytes(),
            b"\xCD\xC1",
        ];
        for word in cases {
            assert_eq!(month(word), None, "{}", word.escape_ascii());
        }
    }
}
