//! Names of months, in the languages and encodings that servers print them.

mod encodings;

/// More letters than the name of any month has.
const LONGEST: usize = 16;

/// The month (1 to 12) that a word names: a full name, or a beginning of at least three letters, in any case, with an
/// optional dot or comma behind.
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
    if !could_name_a_month(word) {
        return None;
    }
    // Three letters of another encoding can be UTF-8 by chance, but then they name no month.
    let text = core::str::from_utf8(word).ok();
    let text = text.filter(|text| text.chars().nth(2).is_some());
    let found = text.and_then(|text| lookup(text.chars()));
    if found.is_some() || word.is_ascii() {
        return found;
    }
    let mut months = encodings::ALL.iter().filter_map(|decode| {
        let letters = word.iter().map(|&byte| decode(byte));
        lookup(letters)
    });
    months.next()
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

/// Spares the table for the owners, numbers and sizes that stand where a month might.
fn could_name_a_month(word: &[u8]) -> bool {
    let letters = |&byte: &u8| byte.is_ascii_alphabetic() || byte >= 0x80;
    word.len() >= 3 && word.len() <= 2 * LONGEST && word.iter().all(letters)
}

fn lookup(word: impl Iterator<Item = char>) -> Option<u8> {
    let mut text = [0_u8; 2 * LONGEST];
    let mut length = 0_usize;
    for letter in word.flat_map(char::to_lowercase) {
        let end = length.checked_add(letter.len_utf8())?;
        letter.encode_utf8(text.get_mut(length..end)?);
        length = end;
    }
    let text = text.get(..length)?;
    let initial = text.first()?;
    let (_, month) = NAMES.iter().find(|(name, _)| {
        let name = name.as_bytes();
        name.first() == Some(initial) && name.starts_with(text)
    })?;
    Some(*month)
}

/// Lower-case names; the first that begins with the word wins, so that what is ambiguous between languages goes to the
/// more frequent one (`mar` is March, not Finnish November; `lis` is Polish November; `jui` is July).
const NAMES: &[(&str, u8)] = &[
    // English
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("may", 5),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("november", 11),
    ("december", 12),
    // German, and what Dutch and the Scandinavian languages share with it
    ("januar", 1),
    ("jänner", 1),
    ("jaenner", 1),
    ("februar", 2),
    ("feber", 2),
    ("märz", 3),
    ("maerz", 3),
    ("mrz", 3),
    ("mai", 5),
    ("juni", 6),
    ("juli", 7),
    ("oktober", 10),
    ("dezember", 12),
    ("januari", 1),
    ("februari", 2),
    ("maart", 3),
    ("mrt", 3),
    ("mei", 5),
    ("augustus", 8),
    ("mars", 3),
    ("marts", 3),
    ("maj", 5),
    ("augusti", 8),
    ("desember", 12),
    // French
    ("janvier", 1),
    ("février", 2),
    ("fevrier", 2),
    ("avril", 4),
    ("juillet", 7),
    ("juin", 6),
    ("août", 8),
    ("aout", 8),
    ("septembre", 9),
    ("octobre", 10),
    ("novembre", 11),
    ("décembre", 12),
    // Italian
    ("gennaio", 1),
    ("febbraio", 2),
    ("marzo", 3),
    ("aprile", 4),
    ("maggio", 5),
    ("giugno", 6),
    ("luglio", 7),
    ("agosto", 8),
    ("settembre", 9),
    ("ottobre", 10),
    ("dicembre", 12),
    // Spanish, Catalan, Portuguese, Romanian
    ("enero", 1),
    ("febrero", 2),
    ("abril", 4),
    ("mayo", 5),
    ("junio", 6),
    ("julio", 7),
    ("septiembre", 9),
    ("setiembre", 9),
    ("octubre", 10),
    ("noviembre", 11),
    ("diciembre", 12),
    ("gener", 1),
    ("març", 3),
    ("maig", 5),
    ("juny", 6),
    ("juliol", 7),
    ("desembre", 12),
    ("janeiro", 1),
    ("fevereiro", 2),
    ("março", 3),
    ("maio", 5),
    ("junho", 6),
    ("julho", 7),
    ("setembro", 9),
    ("outubro", 10),
    ("novembro", 11),
    ("dezembro", 12),
    ("ianuarie", 1),
    ("februarie", 2),
    ("martie", 3),
    ("aprilie", 4),
    ("iunie", 6),
    ("iulie", 7),
    ("septembrie", 9),
    ("octombrie", 10),
    ("noiembrie", 11),
    ("decembrie", 12),
    // Polish
    ("stycznia", 1),
    ("styczeń", 1),
    ("lutego", 2),
    ("luty", 2),
    ("marca", 3),
    ("marzec", 3),
    ("kwietnia", 4),
    ("kwiecień", 4),
    ("maja", 5),
    ("czerwca", 6),
    ("czerwiec", 6),
    ("lipca", 7),
    ("lipiec", 7),
    ("sierpnia", 8),
    ("sierpień", 8),
    ("września", 9),
    ("wrzesień", 9),
    ("października", 10),
    ("paz", 10),
    ("październik", 10),
    ("listopada", 11),
    ("grudnia", 12),
    ("grudzień", 12),
    // Czech
    ("leden", 1),
    ("ledna", 1),
    ("únor", 2),
    ("února", 2),
    ("březen", 3),
    ("března", 3),
    ("duben", 4),
    ("dubna", 4),
    ("květen", 5),
    ("května", 5),
    ("červen", 6),
    ("června", 6),
    ("čvn", 6),
    ("červenec", 7),
    ("července", 7),
    ("čvc", 7),
    // The abbreviations of glibc are no beginnings of the names.
    ("čen", 6),
    ("čec", 7),
    ("srpen", 8),
    ("srpna", 8),
    ("září", 9),
    ("říjen", 10),
    ("října", 10),
    ("prosinec", 12),
    ("prosince", 12),
    // Hungarian
    ("január", 1),
    ("február", 2),
    ("március", 3),
    ("április", 4),
    ("május", 5),
    ("június", 6),
    ("július", 7),
    ("augusztus", 8),
    ("szeptember", 9),
    ("október", 10),
    // Finnish, in the cases that dates take
    ("tammikuuta", 1),
    ("helmikuuta", 2),
    ("maaliskuuta", 3),
    ("huhtikuuta", 4),
    ("toukokuuta", 5),
    ("kesäkuuta", 6),
    ("heinäkuuta", 7),
    ("elokuuta", 8),
    ("syyskuuta", 9),
    ("lokakuuta", 10),
    ("marraskuuta", 11),
    ("joulukuuta", 12),
    // Turkish
    ("ocak", 1),
    ("şubat", 2),
    ("mart", 3),
    ("nisan", 4),
    ("mayıs", 5),
    ("haziran", 6),
    ("temmuz", 7),
    ("ağustos", 8),
    ("eylül", 9),
    ("ekim", 10),
    ("kasım", 11),
    ("aralık", 12),
    // Russian, nominative and genitive
    ("январь", 1),
    ("января", 1),
    ("февраль", 2),
    ("февраля", 2),
    ("марта", 3),
    ("апрель", 4),
    ("апреля", 4),
    ("май", 5),
    ("мая", 5),
    ("июнь", 6),
    ("июня", 6),
    ("июль", 7),
    ("июля", 7),
    ("августа", 8),
    ("сентябрь", 9),
    ("сентября", 9),
    ("октябрь", 10),
    ("октября", 10),
    ("ноябрь", 11),
    ("ноября", 11),
    ("декабрь", 12),
    ("декабря", 12),
    // Bulgarian
    ("януари", 1),
    ("февруари", 2),
    ("юни", 6),
    ("юли", 7),
    ("септември", 9),
    ("октомври", 10),
    ("ноември", 11),
    ("декември", 12),
    // Ukrainian
    ("січня", 1),
    ("січень", 1),
    ("лютого", 2),
    ("лютий", 2),
    ("березня", 3),
    ("березень", 3),
    ("квітня", 4),
    ("квітень", 4),
    ("травня", 5),
    ("травень", 5),
    ("червня", 6),
    ("червень", 6),
    ("липня", 7),
    ("липень", 7),
    ("серпня", 8),
    ("серпень", 8),
    ("вересня", 9),
    ("вересень", 9),
    ("жовтня", 10),
    ("жовтень", 10),
    ("листопада", 11),
    ("грудня", 12),
    ("грудень", 12),
];

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
        let cases: [&[u8]; 9] = [
            b"",
            b"J",
            b"ja",
            b"Qux",
            b"root",
            b"janx",
            b"123",
            b"mar1",
            b"\xFF\xFE\xFD",
        ];
        for word in cases {
            assert_eq!(month(word), None, "{}", word.escape_ascii());
        }
    }
}
