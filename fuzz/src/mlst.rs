//! The facts of MLSx lines.

use ftp_proto::listing::{Entry, Kind};

/// The input is a line of a reply to MLST.
pub fn check(input: &[u8]) {
    if input.contains(&b'\n') {
        return;
    }
    let expected = plain(input);
    let entry = Entry::from_mlst(input);
    assert_eq!(entry.is_some(), expected.is_some(), "{expected:?}");
    let (Some(entry), Some((facts, name))) = (entry, expected) else {
        return;
    };
    assert_eq!(entry.name().as_bytes(), name);
    assert_eq!(entry.raw(), input);
    assert_eq!(entry.facts().collect::<Vec<_>>(), facts);
    for (fact, _) in &facts {
        let first = facts
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(fact));
        let text = core::str::from_utf8(fact).expect("ASCII");
        assert_eq!(entry.fact(text), first.map(|(_, value)| *value));
    }
    kind_is_right(&entry);
    same_in_mlsd(input, &entry);
    if let Some(line) = entry.to_mlsd() {
        let again = Entry::from_mlsd(&line).expect("own line");
        assert_eq!(again, entry, "{}", line.escape_ascii());
    }
}

/// The types of RFC 3659, section 7.5.1, in any case.
fn kind_is_right(entry: &Entry<'_>) {
    let value = entry.fact("type").unwrap_or_default().to_ascii_lowercase();
    let expected = match &value[..] {
        b"" => Kind::Unknown,
        b"file" => Kind::File,
        b"dir" => Kind::Directory,
        b"cdir" => Kind::CurrentDirectory,
        b"pdir" => Kind::ParentDirectory,
        _ => return assert!(matches!(entry.kind(), Kind::Symlink | Kind::Other)),
    };
    assert_eq!(entry.kind(), expected);
}

/// A line that does not begin with a blank says the same in MLSD.
fn same_in_mlsd(line: &[u8], entry: &Entry<'_>) {
    if line.first() != Some(&b' ') {
        assert_eq!(Entry::from_mlsd(line).as_ref(), Some(entry));
    }
}

type Facts<'a> = Vec<(&'a [u8], &'a [u8])>;

/// RFC 3659, section 7.2, with the liberties that servers take, word by word.
fn plain(line: &[u8]) -> Option<(Facts<'_>, &[u8])> {
    const KNOWN: [&str; 13] = [
        "type",
        "size",
        "sizd",
        "modify",
        "unique",
        "unix.mode",
        "unix.ownername",
        "unix.owner",
        "unix.uid",
        "unix.groupname",
        "unix.group",
        "unix.gid",
        "unix.slink",
    ];
    let mut text = if line.first() == Some(&b' ') {
        &line[1..]
    } else {
        line
    };
    // An indent, if a fact that is known follows it.
    let indented = text.iter().position(|byte| !b" \t".contains(byte));
    let indented = &text[indented.unwrap_or_default()..];
    if let Some(at) = indented.iter().position(|&byte| byte == b'=') {
        let is_known = |fact: &&str| fact.as_bytes().eq_ignore_ascii_case(&indented[..at]);
        if KNOWN.iter().any(is_known) {
            text = indented;
        }
    }
    let first = text.iter().position(|&byte| byte == b' ')?;
    let mut at = first;
    if first > 0 && text[first - 1] != b';' {
        let end = text.windows(2).position(|two| two == b"; ");
        at = end.map_or(first, |end| end + 1);
    }
    let (before, name) = (&text[..at], &text[at + 1..]);
    let mut facts = Vec::new();
    for fact in before.split(|&byte| byte == b';') {
        let start = fact.iter().position(|byte| !b" \t".contains(byte));
        let fact = &fact[start.unwrap_or(fact.len())..];
        if let Some(at) = fact.iter().position(|&byte| byte == b'=') {
            if at > 0 && fact[..at].iter().all(u8::is_ascii_graphic) {
                facts.push((&fact[..at], &fact[at + 1..]));
            }
        }
    }
    let is_understood = before.is_empty() || !facts.is_empty();
    (is_understood && !name.is_empty()).then_some((facts, name))
}
