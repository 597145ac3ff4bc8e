//! Sizes in replies: the answer to SIZE (RFC 3659 section 4) and the hint in a 150.

use core::str;

use crate::reply::{Reply, ReplyCode};

/// Why a reply gives no size.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SizeError {
    /// The code is not 213.
    #[error("the reply carries no size")]
    Code,
    /// Text of the reply is missing, so that the number may be incomplete.
    #[error("the reply is truncated")]
    Truncated,
    /// The text does not begin with a decimal number that stands alone.
    #[error("no number in the reply")]
    NoNumber,
    /// The number does not fit into 64 bits.
    #[error("the size exceeds 64 bits")]
    Range,
}

/// The number of bytes in a reply to SIZE (RFC 3659: `213 bytes`).
///
/// The size depends on the representation: for ASCII, servers count the line ends of the wire, or
/// refuse. Blanks around the number and the word "bytes" after it are accepted.
///
/// # Errors
///
/// See [`SizeError`].
///
/// ```
/// use ftp_proto::reply::{Reply, ReplyCode};
/// use ftp_proto::size::{SizeError, decode};
///
/// assert_eq!(decode(&Reply::new(ReplyCode::FILE_STATUS, b"48213")), Ok(48213));
/// assert_eq!(decode(&Reply::new(ReplyCode::FILE_STATUS, b"48213 bytes")), Ok(48213));
/// assert_eq!(decode(&Reply::new(ReplyCode::FILE_STATUS, b"47,104")), Err(SizeError::NoNumber));
/// ```
pub fn decode(reply: &Reply) -> Result<u64, SizeError> {
    if reply.code() != ReplyCode::FILE_STATUS {
        return Err(SizeError::Code);
    }
    if reply.is_truncated() {
        return Err(SizeError::Truncated);
    }
    let text = reply.text().trim_ascii();
    let mut words = text
        .split(|&byte| matches!(byte, b' ' | b'\t'))
        .filter(|word| !word.is_empty());
    let size = words
        .next()
        .filter(|word| is_number(word))
        .ok_or(SizeError::NoNumber)?;
    // Another unit would make it another number.
    if words.next().is_some_and(|unit| !is_byte_unit(unit)) {
        return Err(SizeError::NoNumber);
    }
    number(size).ok_or(SizeError::Range)
}

/// The size in a 150 mark, such as `150 Opening data connection for x (48213 bytes)`, which no
/// standard defines.
///
/// This is only a hint. The server may mean the size of the whole file although the transfer starts
/// in the middle. A name may look like a size, so the last one counts. `None` for other codes, and
/// without a number of bytes in parentheses.
///
/// ```
/// use ftp_proto::reply::{Reply, ReplyCode};
///
/// let mark = Reply::new(ReplyCode::OPENING_DATA, b"Opening data connection for x (48213 bytes).");
/// assert_eq!(ftp_proto::size::hint(&mark), Some(48213));
/// ```
#[must_use]
pub fn hint(mark: &Reply) -> Option<u64> {
    if mark.code() != ReplyCode::OPENING_DATA || mark.is_truncated() {
        return None;
    }
    let text = mark.text();
    let parentheses = text.get(memchr::memchr(b'(', text)?..)?;
    parentheses
        .rsplit(|&byte| byte == b'(')
        .find_map(size_in_bytes)
}

/// The number in `48213 bytes)`.
fn size_in_bytes(text: &[u8]) -> Option<u64> {
    let end = memchr::memchr(b')', text)?;
    let (number_text, unit) = text
        .get(..end)?
        .split_at_checked(end.checked_sub(b" bytes".len())?)?;
    let fits = unit.eq_ignore_ascii_case(b" bytes") && is_number(number_text);
    fits.then(|| number(number_text)).flatten()
}

fn is_byte_unit(word: &[u8]) -> bool {
    let word = word.strip_suffix(b".").unwrap_or(word);
    word.eq_ignore_ascii_case(b"bytes") || word.eq_ignore_ascii_case(b"byte")
}

fn is_number(word: &[u8]) -> bool {
    !word.is_empty() && word.iter().all(u8::is_ascii_digit)
}

fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok()?.parse().ok()
}
