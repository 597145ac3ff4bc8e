//! MLSx: the facts of [RFC 3659 section 7](https://www.rfc-editor.org/rfc/rfc3659#section-7), the
//! one listing format that was specified.
//!
//! `facts = *(name "=" value ";")`, one blank, and the name to the end of the line. Names of facts
//! and values of `type` know no case. A fact that cannot be read costs that fact, not the entry.

use alloc::vec::Vec;

use super::cursor::{permissions, split_once};
use super::entry::{Entry, Kind};
use super::facts::Facts;
use super::number::number;
use crate::timestamp::Timestamp;

mod usual;

impl<'a> Entry<'a> {
    /// Reads a line of an MLSD transfer, without its line end.
    ///
    /// `None` if it is no such line: no blank, no name, or no fact before the blank (as when the
    /// server sent `ls -l` instead). Something else between facts is passed over.
    ///
    /// ```
    /// use ftp_proto::listing::{Entry, Kind};
    /// let entry = Entry::from_mlsd(b"Type=OS.unix=slink:/srv/real;Size=9;Unique=5g2; link").unwrap();
    /// assert_eq!((entry.kind(), entry.name().to_str()), (Kind::Symlink, Some("link")));
    /// assert_eq!(entry.target(), Some(&b"/srv/real"[..]));
    /// assert_eq!(entry.unique(), Some(&b"5g2"[..]));
    /// ```
    #[must_use]
    pub fn from_mlsd(line: &'a [u8]) -> Option<Self> {
        match usual::usual(line) {
            Some(entry) => Some(entry),
            None => general(line, without_indent(line)),
        }
    }

    /// Reads the line of a reply to MLST that holds the facts: as in MLSD, but one blank stands
    /// before them, and the name is usually a full path. A server that forgets the blank is
    /// understood.
    ///
    /// ```
    /// use ftp_proto::listing::Entry;
    /// let entry = Entry::from_mlst(b" type=dir;modify=20240111032600; /srv/data").unwrap();
    /// assert_eq!(entry.name(), "/srv/data");
    /// ```
    #[must_use]
    pub fn from_mlst(line: &'a [u8]) -> Option<Self> {
        let text = line.strip_prefix(b" ").unwrap_or(line);
        general(line, without_indent(text))
    }

    /// Writes the entry as a line of MLSD, without a line end: what is known first, then the other
    /// facts it came with.
    ///
    /// `None` when the form cannot hold it: a name that is empty, contains LF, ends in CR or, where
    /// there are no facts, begins like one, or a value with `;` or a line end. What MLSx has no
    /// fact for is left out: hard links, a time whose zone is unknown.
    ///
    /// ```
    /// use ftp_proto::listing::{Entry, Kind};
    /// let entry = Entry::new(b"", b"a b.txt").with_kind(Kind::File).with_size(5).with_mode(0o644);
    /// let line = entry.to_mlsd().unwrap();
    /// assert_eq!(line, b"type=file;size=5;UNIX.mode=0644; a b.txt");
    /// assert_eq!(Entry::from_mlsd(&line), Some(entry));
    /// ```
    #[must_use]
    pub fn to_mlsd(&self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        self.write_type(&mut line)?;
        if let Some(size) = self.size() {
            write_fact(&mut line, "size", alloc::format!("{size}").as_bytes())?;
        }
        if let Some(time) = self.modified().and_then(|time| time.time_val()) {
            write_fact(&mut line, "modify", alloc::format!("{time}").as_bytes())?;
        }
        if let Some(mode) = self.mode() {
            let mode = alloc::format!("{mode:04o}");
            write_fact(&mut line, "UNIX.mode", mode.as_bytes())?;
        }
        let target = self.target().filter(|_| !self.is_symlink());
        for (fact, value) in [
            ("UNIX.slink", target),
            ("UNIX.ownername", self.owner()),
            ("UNIX.groupname", self.group()),
            ("unique", self.unique()),
        ] {
            if let Some(value) = value {
                write_fact(&mut line, fact, value)?;
            }
        }
        for (fact, value) in self.facts() {
            if Fact::of(fact).is_none() {
                write_fact(&mut line, core::str::from_utf8(fact).ok()?, value)?;
            }
        }
        let name = self.name().as_bytes();
        let has_facts = !line.is_empty();
        if name.is_empty() || name.contains(&b'\n') || name.ends_with(b"\r") {
            return None;
        }
        line.push(b' ');
        line.extend_from_slice(name);
        // A name alone must not pass for facts.
        (has_facts || without_indent(&line).len() == line.len()).then_some(line)
    }

    fn write_type(&self, line: &mut Vec<u8>) -> Option<()> {
        let value: &[u8] = match (self.kind(), self.target()) {
            (Kind::File, _) => b"file",
            (Kind::Directory, _) => b"dir",
            (Kind::CurrentDirectory, _) => b"cdir",
            (Kind::ParentDirectory, _) => b"pdir",
            (Kind::Symlink, None) => b"OS.unix=symlink",
            (Kind::Symlink, Some(target)) => {
                let value = [b"OS.unix=slink:", target].concat();
                return write_fact(line, "type", &value);
            }
            (Kind::Other, _) => self.fact("type").unwrap_or(b"OS.unix=other"),
            (Kind::Unknown, _) => return Some(()),
        };
        write_fact(line, "type", value)
    }
}

fn write_fact(line: &mut Vec<u8>, name: &str, value: &[u8]) -> Option<()> {
    if value.iter().any(|byte| b";\r\n".contains(byte)) {
        return None;
    }
    line.extend_from_slice(name.as_bytes());
    line.push(b'=');
    line.extend_from_slice(value);
    line.push(b';');
    Some(())
}

/// The facts that an [`Entry`] has a field for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fact {
    Type,
    Size,
    /// Pure-FTPd's size of a directory.
    DirectorySize,
    Modify,
    Unique,
    Mode,
    OwnerName,
    Owner,
    OwnerId,
    GroupName,
    Group,
    GroupId,
    Target,
}

impl Fact {
    /// The fact of this name, in any case.
    fn of(name: &[u8]) -> Option<Self> {
        let (_, fact) = FACTS
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))?;
        Some(*fact)
    }
}

const FACTS: [(&[u8], Fact); 13] = [
    (b"type", Fact::Type),
    (b"size", Fact::Size),
    (b"sizd", Fact::DirectorySize),
    (b"modify", Fact::Modify),
    (b"unique", Fact::Unique),
    (b"UNIX.mode", Fact::Mode),
    (b"UNIX.ownername", Fact::OwnerName),
    (b"UNIX.owner", Fact::Owner),
    (b"UNIX.uid", Fact::OwnerId),
    (b"UNIX.groupname", Fact::GroupName),
    (b"UNIX.group", Fact::Group),
    (b"UNIX.gid", Fact::GroupId),
    (b"UNIX.slink", Fact::Target),
];

/// The first value of each fact.
#[derive(Default)]
struct Values<'a> {
    kind: Option<&'a [u8]>,
    size: Option<&'a [u8]>,
    directory_size: Option<&'a [u8]>,
    modify: Option<&'a [u8]>,
    unique: Option<&'a [u8]>,
    mode: Option<&'a [u8]>,
    owner: [Option<&'a [u8]>; 3],
    group: [Option<&'a [u8]>; 3],
    target: Option<&'a [u8]>,
}

impl<'a> Values<'a> {
    fn keep(&mut self, fact: Fact, value: &'a [u8]) {
        let [owner_name, owner, owner_id] = &mut self.owner;
        let [group_name, group, group_id] = &mut self.group;
        let slot = match fact {
            Fact::Type => &mut self.kind,
            Fact::Size => &mut self.size,
            Fact::DirectorySize => &mut self.directory_size,
            Fact::Modify => &mut self.modify,
            Fact::Unique => &mut self.unique,
            Fact::Mode => &mut self.mode,
            Fact::OwnerName => owner_name,
            Fact::Owner => owner,
            Fact::OwnerId => owner_id,
            Fact::GroupName => group_name,
            Fact::Group => group,
            Fact::GroupId => group_id,
            Fact::Target => &mut self.target,
        };
        slot.get_or_insert(value);
    }
}

/// Splits a line at the blank between facts and name.
///
/// Facts end with `;`. Where the byte before the first blank is another one, a value may contain
/// blanks, and the name begins after the first `; `. Where there is no `; `, the last fact lacks
/// its semicolon, and the name begins after the first blank.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = memchr::memchr(b' ', text)?;
    let before = text.get(..first)?;
    let at = match before.last() {
        None | Some(b';') => first,
        Some(_) => {
            memchr::memmem::find(text, b"; ").map_or(first, |semicolon| semicolon.saturating_add(1))
        }
    };
    let (facts, name) = text.split_at_checked(at)?;
    Some((facts, name.get(1..)?))
}

/// The text of a line behind what is before its first fact: blanks and tabs, which some servers
/// send. A name alone can begin with blanks too, so what follows must be a fact that is known.
fn without_indent(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|byte| !b" \t".contains(byte));
    let text = line.get(start.unwrap_or_default()..).unwrap_or(line);
    let begins_with_fact = split_once(text, b'=').is_some_and(|(name, _)| Fact::of(name).is_some());
    if begins_with_fact { text } else { line }
}

/// Reads facts and a name from `text`, which is the end of `line`.
fn general<'a>(line: &'a [u8], text: &'a [u8]) -> Option<Entry<'a>> {
    let (facts, name) = split(text)?;
    if name.is_empty() {
        return None;
    }
    let mut values = Values::default();
    let mut is_fact_less = true;
    for (name, value) in Facts::new(facts) {
        is_fact_less = false;
        if let Some(fact) = Fact::of(name) {
            values.keep(fact, value);
        }
    }
    if is_fact_less && !facts.is_empty() {
        return None;
    }
    let (kind, target) = values.kind.map_or((Kind::Unknown, None), kind);
    let size = values.size.or(values.directory_size);
    let modify = values.modify;
    let mut entry = Entry::new(line, name);
    let facts_end = line.len().saturating_sub(name.len()).saturating_sub(1);
    entry.facts_end = u32::try_from(facts_end).unwrap_or_default();
    entry.kind = kind;
    entry.size = size.and_then(number);
    if let Some(value) = modify {
        entry = entry.with_time(Timestamp::from_time_val(value).ok());
    }
    entry.mode = values.mode.and_then(permissions);
    let target = target.or(values.target);
    if let Some(target) = target.filter(|it| !it.is_empty()) {
        entry.set_target(target);
    }
    if let Some(owner) = values.owner.into_iter().flatten().next() {
        entry.set_owner(owner);
    }
    if let Some(group) = values.group.into_iter().flatten().next() {
        entry.set_group(group);
    }
    if let Some(unique) = values.unique {
        entry.set_unique(unique);
    }
    Some(entry)
}

/// What the value of `type` says, and the target of a link that it may carry.
fn kind(value: &[u8]) -> (Kind, Option<&[u8]>) {
    let mut letters = [b' '; 4];
    if value.len() <= letters.len() {
        for (letter, byte) in letters.iter_mut().zip(value) {
            *letter = byte.to_ascii_lowercase();
        }
    }
    match &letters {
        b"file" => return (Kind::File, None),
        b"dir " => return (Kind::Directory, None),
        b"cdir" => return (Kind::CurrentDirectory, None),
        b"pdir" => return (Kind::ParentDirectory, None),
        _ => {}
    }
    if value.is_empty() {
        return (Kind::Unknown, None);
    }
    let (name, target) = split_once(value, b':').unwrap_or((value, b""));
    let links: [&[u8]; 5] = [
        b"OS.unix=slink",
        b"OS.unix=symlink",
        b"slink",
        b"symlink",
        b"link",
    ];
    if links.iter().any(|link| name.eq_ignore_ascii_case(link)) {
        return (Kind::Symlink, Some(target).filter(|it| !it.is_empty()));
    }
    (Kind::Other, None)
}
