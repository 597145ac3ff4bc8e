//! The lines of LIST, NLST, MLST and MLSD.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::calendar;
use super::files::{Entry, Files};

/// One line as `ls -l` prints it, without the end of the line.
pub(super) fn unix_line(name: &[u8], entry: &Entry, now: u64) -> Vec<u8> {
    let links = if entry.is_directory() { 2 } else { 1 };
    let line = format!(
        "{} {links:>3} ftp      ftp      {:>12} {} ",
        permissions(entry),
        entry.size(),
        calendar::listed(entry.modified(), now)
    );
    [line.as_bytes(), name].concat()
}

/// The text of a LIST: one line for a file, the lines of what is in a directory.
pub(super) fn unix(files: &Files, path: &[u8], name: &[u8], now: u64) -> Vec<u8> {
    each(files, path, name, |name, entry| unix_line(name, entry, now))
}

/// The text of an NLST. `prefix` stands before the names in a directory, so that each can be
/// retrieved as it is.
pub(super) fn names(files: &Files, path: &[u8], name: &[u8], prefix: &[u8]) -> Vec<u8> {
    let is_file = files.get(path).is_some_and(|entry| !entry.is_directory());
    let prefix = if is_file { b"" } else { prefix };
    each(files, path, name, |name, _| [prefix, name].concat())
}

/// The text of an MLSD (RFC 3659, 7.2): the directory itself, its parent, and what is in it.
pub(super) fn machine(files: &Files, path: &[u8], facts: FactSet) -> Vec<u8> {
    let mut text = Vec::new();
    let parent = super::files::parent(path);
    for (kind, name, path) in [("cdir", &b"."[..], path), ("pdir", b"..", parent)] {
        if let Some(entry) = files.get(path) {
            text.extend_from_slice(&fact_line(name, entry, kind, facts));
            text.extend_from_slice(b"\r\n");
        }
    }
    text.extend(each(files, path, b"", |name, entry| {
        fact_line(name, entry, kind(entry), facts)
    }));
    text
}

/// One line of facts (RFC 3659, 7.2), without the end of the line.
pub(super) fn fact_line(name: &[u8], entry: &Entry, kind: &str, facts: FactSet) -> Vec<u8> {
    let mut line = String::new();
    for fact in Fact::ALL.into_iter().filter(|fact| facts.contains(*fact)) {
        match fact {
            Fact::Type => line.push_str(&format!("type={kind};")),
            Fact::Size if entry.is_directory() => {}
            Fact::Size => line.push_str(&format!("size={};", entry.size())),
            Fact::Modify => {
                line.push_str(&format!("modify={};", calendar::time_val(entry.modified())))
            }
            Fact::Perm if entry.is_directory() => line.push_str("perm=cdeflmp;"),
            Fact::Perm => line.push_str("perm=adfrw;"),
            Fact::UnixMode => line.push_str(&format!("UNIX.mode={:04o};", entry.mode())),
        }
    }
    [line.as_bytes(), b" ", name].concat()
}

/// The `type` fact of an entry.
pub(super) const fn kind(entry: &Entry) -> &'static str {
    if entry.is_directory() { "dir" } else { "file" }
}

/// A fact that MLST and MLSD can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    Type,
    Size,
    Modify,
    Perm,
    UnixMode,
}

impl Fact {
    pub(super) const ALL: [Self; 5] = [
        Self::Type,
        Self::Size,
        Self::Modify,
        Self::Perm,
        Self::UnixMode,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Size => "size",
            Self::Modify => "modify",
            Self::Perm => "perm",
            Self::UnixMode => "UNIX.mode",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Type => 1,
            Self::Size => 2,
            Self::Modify => 4,
            Self::Perm => 8,
            Self::UnixMode => 16,
        }
    }
}

/// The facts that OPTS MLST selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FactSet(u8);

impl FactSet {
    pub(super) const ALL: Self = Self(31);

    /// The known ones among names that end with a semicolon each.
    pub(super) fn parse(names: &[u8]) -> Self {
        let named = |fact: &Fact| {
            names
                .split(|byte| *byte == b';')
                .any(|name| name.eq_ignore_ascii_case(fact.as_str().as_bytes()))
        };
        Self(
            Fact::ALL
                .into_iter()
                .filter(named)
                .fold(0, |bits, fact| bits | fact.bit()),
        )
    }

    pub(super) const fn contains(self, fact: Fact) -> bool {
        self.0 & fact.bit() != 0
    }
}

fn each(
    files: &Files,
    path: &[u8],
    name: &[u8],
    line: impl Fn(&[u8], &Entry) -> Vec<u8>,
) -> Vec<u8> {
    let lines: Vec<Vec<u8>> = match files.get(path) {
        Some(entry) if !entry.is_directory() => Vec::from([line(name, entry)]),
        _ => files
            .names(path)
            .map(|(name, entry)| line(name, entry))
            .collect(),
    };
    lines
        .iter()
        .flat_map(|line| [line.as_slice(), b"\r\n"])
        .collect::<Vec<_>>()
        .concat()
}

/// `drwxr-xr-x`
fn permissions(entry: &Entry) -> String {
    let kind = if entry.is_directory() { 'd' } else { '-' };
    let bits = (0..9).map(|at| {
        let letter = [b'r', b'w', b'x']
            .get(at % 3)
            .copied()
            .map_or('-', char::from);
        if entry.mode() & (0o400 >> at) == 0 {
            '-'
        } else {
            letter
        }
    });
    core::iter::once(kind).chain(bits).collect()
}
