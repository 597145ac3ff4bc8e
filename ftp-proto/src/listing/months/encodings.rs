//! Encodings of one byte per letter, as far as names of months need them.

/// All of them, in the order in which they are tried. A word that names a month in one of them
/// names none in another.
pub(super) const ALL: [fn(u8) -> char; 6] = [
    latin_1,
    latin_2_or_5,
    koi8_r,
    windows_1251,
    iso_8859_5,
    code_page_866,
];

const fn latin_1(byte: u8) -> char {
    byte as char
}

/// The small Russian letters of KOI8-R in the order of its codes C0 to DF; the capitals follow at
/// E0 to FF.
const KOI8_R: [char; 32] = [
    'ю', 'а', 'б', 'ц', 'д', 'е', 'ф', 'г', 'х', 'и', 'й', 'к', 'л', 'м', 'н', 'о', 'п', 'я', 'р',
    'с', 'т', 'у', 'ж', 'в', 'ь', 'ы', 'з', 'ш', 'э', 'щ', 'ч', 'ъ',
];

fn koi8_r(byte: u8) -> char {
    let letter = KOI8_R.get(usize::from(byte & 0x1F));
    match letter {
        Some(&letter) if byte >= 0xC0 => letter,
        _ => char::from(byte),
    }
}

/// A letter of Windows-1251: the capitals stand at C0 to DF, the small letters at E0 to FF, both in
/// alphabetical order.
fn windows_1251(byte: u8) -> char {
    match byte {
        0xC0.. => russian(byte.wrapping_sub(0xC0)),
        _ => char::from(byte),
    }
}

/// A letter of ISO 8859-5: the alphabet as in Windows-1251, 16 places before.
fn iso_8859_5(byte: u8) -> char {
    match byte {
        0xB0..=0xEF => russian(byte.wrapping_sub(0xB0)),
        _ => char::from(byte),
    }
}

/// A letter of the code page 866, which has box drawings in the middle of the alphabet.
fn code_page_866(byte: u8) -> char {
    match byte {
        0x80..=0xAF => russian(byte.wrapping_sub(0x80)),
        0xE0..=0xEF => russian(byte.wrapping_sub(0xB0)),
        _ => char::from(byte),
    }
}

/// The letter at a place of the alphabet: 32 capitals, then 32 small letters.
fn russian(place: u8) -> char {
    char::from_u32(u32::from('А').wrapping_add(u32::from(place)))
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A letter that Latin-2 (Czech and Polish; also Windows-1250) or Latin-5 (Turkish) has where
/// Latin-1 has others. Those that occur in names of months do not overlap.
const fn latin_2_or_5(byte: u8) -> char {
    match byte {
        0xC8 | 0xE8 => 'č',
        0xCC | 0xEC => 'ě',
        0xD8 | 0xF8 => 'ř',
        0x8F | 0x9F | 0xAC | 0xBC => 'ź',
        0xD0 | 0xF0 => 'ğ',
        0xDE | 0xFE => 'ş',
        _ => byte as char,
    }
}
