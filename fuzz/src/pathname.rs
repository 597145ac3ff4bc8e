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
/// doubled and has a blank or the end behind it. What lacks quotes is read by [`unquoted`].
fn agrees(text: &[u8], found: &Result<Vec<u8>, PathError>) -> bool {
    let Some(start) = text.iter().position(|&byte| byte == b'"') else {
        return *found == unquoted(text).ok_or(PathError::NotQuoted);
    };
    let rest = &text[start + 1..];
    let line = rest.split(|&byte| byte == b'\n').next();
    let line = line.unwrap_or_default();
    if !line.contains(&b'"') {
        // Of several lines the last alone can end a pathname that lacks its quote.
        let is_last = line.len() == rest.len();
        let expected = is_last.then(|| unquoted(line)).flatten();
        return *found == expected.ok_or(PathError::Unterminated);
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

/// The pathname of a text without quotes, read forward word by word: the last words may all be of a
/// commentary. If none is, the whole text is the pathname. If some are, the last verb among them
/// that has a noun behind it begins the commentary; without such a verb, the end is uncertain.
fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    const VERBS: [&str; 3] = ["is", "was", "has"];
    const NOUNS: [&str; 4] = ["directory", "dir", "folder", "location"];
    const OTHERS: &str = "the your a new now been current working created made successfully ok";
    let text = text.trim_ascii();
    if text.first() != Some(&b'/') || text.contains(&b'\n') {
        return None;
    }
    let mut words: Vec<(usize, String)> = Vec::new();
    for (at, byte) in text.iter().enumerate() {
        let begins = at == 0 || text[at - 1].is_ascii_whitespace();
        if byte.is_ascii_whitespace() {
            continue;
        }
        if begins {
            words.push((at, String::new()));
        }
        if let Some((_, word)) = words.last_mut() {
            word.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    for (_, word) in &mut words {
        if word.ends_with('.') {
            word.pop();
        }
    }
    let is_verb = |word: &str| VERBS.contains(&word);
    let is_noun = |word: &str| NOUNS.contains(&word);
    let is_known =
        |word: &str| is_verb(word) || is_noun(word) || OTHERS.split(' ').any(|known| known == word);
    let commentary = words.iter().rposition(|(_, word)| !is_known(word))? + 1;
    if commentary == words.len() {
        return Some(text.to_vec());
    }
    let last = &words[commentary..];
    let begins = (0..last.len())
        .rev()
        .find(|&at| is_verb(&last[at].1) && last[at + 1..].iter().any(|(_, word)| is_noun(word)))?;
    Some(text[..last[begins].0].trim_ascii_end().to_vec())
}
