//! The quoted pathname of a 257 reply.

use ftp_proto::pathname::{PathError, Quoting, decode, quote};
use ftp_proto::reply::{Reply, ReplyCode};

/// The input is the text of a 257 reply, and a pathname to quote.
pub fn check(input: &[u8]) {
    let reply = Reply::new(ReplyCode::PATHNAME, input);
    let doubled = decode(&reply, Quoting::Doubled);
    let found = doubled.clone().map(|path| path.into_bytes());
    assert!(agrees(input, &found), "{found:?}");
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

/// RFC 959, appendix II, byte by byte: from the first quote of the text to the first that is not
/// doubled and has a blank or the end behind it. What lacks quotes has no second reading here: only
/// that the pathname begins the text is checked.
fn agrees(text: &[u8], found: &Result<Vec<u8>, PathError>) -> bool {
    let begins = |rest: &[u8]| match found {
        Ok(path) => rest.trim_ascii().starts_with(path) && path.starts_with(b"/"),
        Err(_) => true,
    };
    let Some(start) = text.iter().position(|&byte| byte == b'"') else {
        return begins(text);
    };
    let line = text[start + 1..].split(|&byte| byte == b'\n').next();
    let line = line.unwrap_or_default();
    if !line.contains(&b'"') {
        return begins(line);
    }
    let mut path = Vec::new();
    let mut at = 0;
    let expected = loop {
        match (line.get(at), line.get(at + 1)) {
            (None, _) => break Err(PathError::Unterminated),
            (Some(b'"'), Some(b'"')) => at += 1,
            (Some(b'"'), None | Some(b' ' | b'\t' | b'\r')) if path.is_empty() => {
                break Err(PathError::Empty);
            }
            (Some(b'"'), None | Some(b' ' | b'\t' | b'\r')) => break Ok(path),
            _ => {}
        }
        path.push(line[at]);
        at += 1;
    };
    *found == expected
}
