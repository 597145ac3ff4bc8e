//! Text of others on our terminals and in our logs.

use core::fmt::{self, Write};

/// Writes `text` with its control characters escaped: they would move the cursor, or hide and reorder what is around.
pub(crate) fn escape(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for character in text.chars() {
        if is_control(character) {
            write!(f, "{}", character.escape_default())?;
        } else {
            f.write_char(character)?;
        }
    }
    Ok(())
}

/// Controls in the narrow sense, and the format characters that reorder the text around them.
fn is_control(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(character, '\u{2066}'..='\u{2069}')
}
