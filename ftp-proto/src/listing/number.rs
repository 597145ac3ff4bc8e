//! Numbers, digit by digit.

/// The unsigned number that a whole text is, or `None` also when it exceeds 64 bits.
#[inline]
pub(super) fn number(text: &[u8]) -> Option<u64> {
    // Nineteen digits always fit.
    if text.is_empty() || text.len() > 19 {
        return long_number(text);
    }
    let mut value = 0_u64;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    Some(value)
}

#[cold]
fn long_number(text: &[u8]) -> Option<u64> {
    if !is_digits(text) {
        return None;
    }
    text.iter().try_fold(0_u64, |value, byte| {
        value
            .checked_mul(10)?
            .checked_add(u64::from(byte.wrapping_sub(b'0')))
    })
}

/// Whether a text is one digit or more and nothing else.
pub(super) fn is_digits(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

/// The number that a text of at most `digits` digits is.
pub(super) fn small(text: &[u8], digits: usize) -> Option<u16> {
    if text.len() > digits {
        return None;
    }
    u16::try_from(number(text)?).ok()
}
