//! Sizes in the replies to SIZE and in the marks of transfers.

use ftp_proto::reply::{Reply, ReplyCode};
use ftp_proto::size::{SizeError, decode, hint};

/// The input is the text of the reply.
pub fn check(input: &[u8]) {
    let size = decode(&Reply::new(ReplyCode::FILE_STATUS, input));
    assert_eq!(size, plain_size(input));
    assert_eq!(
        decode(&Reply::new(ReplyCode::OKAY, input)),
        Err(SizeError::Code)
    );

    let hinted = hint(&Reply::new(ReplyCode::OPENING_DATA, input));
    assert_eq!(hinted, plain_hint(input));
    assert_eq!(hint(&Reply::new(ReplyCode::DATA_ALREADY_OPEN, input)), None);

    for bytes in size.ok().into_iter().chain(hinted) {
        let text = bytes.to_string();
        assert_eq!(
            decode(&Reply::new(ReplyCode::FILE_STATUS, text.as_bytes())),
            Ok(bytes)
        );
        let text = format!("Opening data connection for a (7 bytes) ({bytes} bytes).");
        assert_eq!(
            hint(&Reply::new(ReplyCode::OPENING_DATA, text.as_bytes())),
            Some(bytes)
        );
    }
}

/// By words: a number, and perhaps the unit.
fn plain_size(text: &[u8]) -> Result<u64, SizeError> {
    let text: String = text.iter().copied().map(char::from).collect();
    let ends = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c');
    let mut words = text.trim_matches(ends).split([' ', '\t']);
    let number = words.next().unwrap_or_default();
    let unit = words.find(|word| !word.is_empty());
    let unit_is_fine = unit.is_none_or(|unit| {
        let unit = unit.to_ascii_lowercase();
        ["byte", "bytes", "byte.", "bytes."].contains(&unit.as_str())
    });
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit()) || !unit_is_fine {
        return Err(SizeError::NoNumber);
    }
    number.parse().map_err(|_| SizeError::Range)
}

/// The last `(n bytes)` whose number fits.
fn plain_hint(text: &[u8]) -> Option<u64> {
    let text: String = text.iter().copied().map(char::from).collect();
    let parts = text.split('(').skip(1).filter_map(|part| {
        let (inner, _) = part.split_once(')')?;
        let (number, unit) = inner.split_once(' ')?;
        let is_hint = unit.eq_ignore_ascii_case("bytes")
            && !number.is_empty()
            && number.chars().all(|c| c.is_ascii_digit());
        is_hint.then(|| number.parse().ok())?
    });
    parts.last()
}
