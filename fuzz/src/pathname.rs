//! The quoted pathname of a 257 reply.

use ftp_proto::pathname::{PathError, Quoting, decode, quote};
use ftp_proto::reply::{Reply, ReplyCode};

/// The input is the text of a 257 reply, and a pathname to quote.
pub fn check(input: &[u8]) {
    let reply = Reply::new(ReplyCode::PATHNAME, input);
    let doubled = decode(&reply, Quoting::Doubled);
    assert_eq!(doubled.clone().map(|path| path.into_bytes()), plain(input));
    let undoubled = decode(&reply, Quoting::Undoubled);
    for path in [doubled, undoubled].into_iter().flatten() {
        assert!(!path.as_bytes().is_empty());
        round_trip(path.as_bytes());
    }
    assert_eq!(
        decode(&Reply::new(ReplyCode::OKAY, input), Quoting::Doubled),
        Err(PathError::Code)
    );
    round_trip(input);
}

/// Quoting is undone by decoding. A path with LF in it cannot stand on one line of a reply.
fn round_trip(path: &[u8]) {
    if path.is_empty() || path.contains(&b'\n') {
        return;
    }
    let mut text = quote(path);
    text.extend_from_slice(b" is the current directory.");
    let reply = Reply::new(ReplyCode::PATHNAME, &text);
    assert_eq!(decode(&reply, Quoting::Doubled), Ok(path.into()));

    let mut text = vec![b'"'];
    text.extend_from_slice(path);
    text.extend_from_slice(b"\" is the current directory.");
    let reply = Reply::new(ReplyCode::PATHNAME, &text);
    assert_eq!(decode(&reply, Quoting::Undoubled), Ok(path.into()));
}

/// RFC 959, appendix II, byte by byte: from the first quote of the text to the first that is not doubled.
fn plain(text: &[u8]) -> Result<Vec<u8>, PathError> {
    let Some(start) = text.iter().position(|&byte| byte == b'"') else {
        let word = text.trim_ascii();
        let is_path = word.starts_with(b"/") && !word.iter().any(u8::is_ascii_whitespace);
        return if is_path {
            Ok(word.to_vec())
        } else {
            Err(PathError::NotQuoted)
        };
    };
    let mut path = Vec::new();
    let mut bytes = text[start + 1..].iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            // A pathname ends on the line where it began.
            b'\n' => return Err(PathError::Unterminated),
            b'"' if bytes.peek() == Some(&b'"') => path.extend(bytes.next()),
            b'"' if path.is_empty() => return Err(PathError::Empty),
            b'"' => return Ok(path),
            _ => path.push(byte),
        }
    }
    Err(PathError::Unterminated)
}
