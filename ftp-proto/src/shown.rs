//! Safe display of foreign text on terminals and in logs.

use core::fmt::{self, Write};

/// Writes text from the wire for people: U+FFFD for bytes that are not UTF-8, and escapes for
/// characters that move the cursor, or hide or reorder text.
pub(crate) fn escape(text: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            if is_deceptive(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        if !chunk.invalid().is_empty() {
            f.write_char(char::REPLACEMENT_CHARACTER)?;
        }
    }
    Ok(())
}

/// Whether a character changes the text around it, or is invisible.
///
/// U+200C and U+200D are not escaped, because Persian, Indian languages and emoji need them.
pub(crate) fn is_deceptive(character: char) -> bool {
    match character {
        // Line and paragraph separators, and all controls of the order of writing.
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            true
        }
        // Characters without width: the soft hyphen, blanks, joiners, fillers, marks of
        // annotations.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' => true,
        '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{ffa0}' => true,
        '\u{feff}' | '\u{fff9}'..='\u{fffb}' => true,
        // Tags: invisible copies of ASCII.
        '\u{e0000}'..='\u{e007f}' => true,
        _ => character.is_control(),
    }
}
