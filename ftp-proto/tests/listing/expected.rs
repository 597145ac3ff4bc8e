//! What a test expects of a listing. Fields that are not mentioned are not compared.

use ftp_proto::listing::{Entry, Kind, Line, Options, Reader, Skip};
use ftp_proto::timestamp::Timestamp;

/// 2024-06-15 12:00:00 UTC, the reference time of all tables that do not name another.
pub(crate) const NOON: i64 = 1_718_452_800;

#[derive(Debug, Clone)]
pub(crate) enum Expected {
    Entry(Fields),
    Skipped(Skip),
    Unparsed,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    name: Vec<u8>,
    kind: Option<Kind>,
    size: Option<Option<u64>>,
    at: Option<Option<String>>,
    mode: Option<Option<u16>>,
    links: Option<Option<u32>>,
    owner: Option<Option<Vec<u8>>>,
    group: Option<Option<Vec<u8>>>,
    target: Option<Option<Vec<u8>>>,
    facts: Vec<(&'static str, &'static str)>,
}

pub(crate) fn file(name: impl AsRef<[u8]>) -> Expected {
    entry(Kind::File, name)
}

pub(crate) fn directory(name: impl AsRef<[u8]>) -> Expected {
    entry(Kind::Directory, name)
}

pub(crate) fn symlink(name: impl AsRef<[u8]>) -> Expected {
    entry(Kind::Symlink, name)
}

pub(crate) fn other(name: impl AsRef<[u8]>) -> Expected {
    entry(Kind::Other, name)
}

pub(crate) fn entry(kind: Kind, name: impl AsRef<[u8]>) -> Expected {
    Expected::Entry(Fields {
        name: name.as_ref().to_vec(),
        kind: Some(kind),
        ..Fields::default()
    })
}

pub(crate) fn skipped(skip: Skip) -> Expected {
    Expected::Skipped(skip)
}

pub(crate) fn unparsed() -> Expected {
    Expected::Unparsed
}

impl Expected {
    fn with(mut self, set: impl FnOnce(&mut Fields)) -> Self {
        match &mut self {
            Self::Entry(fields) => set(fields),
            other => panic!("{other:?} has no fields"),
        }
        self
    }

    pub(crate) fn size(self, bytes: u64) -> Self {
        self.with(|fields| fields.size = Some(Some(bytes)))
    }

    pub(crate) fn no_size(self) -> Self {
        self.with(|fields| fields.size = Some(None))
    }

    /// The time as `Timestamp` displays it.
    pub(crate) fn at(self, time: &str) -> Self {
        self.with(|fields| fields.at = Some(Some(time.into())))
    }

    pub(crate) fn no_time(self) -> Self {
        self.with(|fields| fields.at = Some(None))
    }

    pub(crate) fn mode(self, mode: u16) -> Self {
        self.with(|fields| fields.mode = Some(Some(mode)))
    }

    pub(crate) fn no_mode(self) -> Self {
        self.with(|fields| fields.mode = Some(None))
    }

    pub(crate) fn links(self, links: u32) -> Self {
        self.with(|fields| fields.links = Some(Some(links)))
    }

    pub(crate) fn no_links(self) -> Self {
        self.with(|fields| fields.links = Some(None))
    }

    pub(crate) fn owner(self, owner: &str) -> Self {
        self.with(|fields| fields.owner = Some(Some(owner.into())))
    }

    pub(crate) fn no_owner(self) -> Self {
        self.with(|fields| fields.owner = Some(None))
    }

    pub(crate) fn group(self, group: &str) -> Self {
        self.with(|fields| fields.group = Some(Some(group.into())))
    }

    pub(crate) fn no_group(self) -> Self {
        self.with(|fields| fields.group = Some(None))
    }

    pub(crate) fn target(self, target: &str) -> Self {
        self.with(|fields| fields.target = Some(Some(target.into())))
    }

    pub(crate) fn no_target(self) -> Self {
        self.with(|fields| fields.target = Some(None))
    }

    pub(crate) fn fact(self, name: &'static str, value: &'static str) -> Self {
        self.with(|fields| fields.facts.push((name, value)))
    }

    fn check(&self, line: &Line<'_>, about: &str) {
        match (self, line) {
            (Self::Entry(fields), Line::Entry(entry)) => fields.check(entry, about),
            (Self::Skipped(expected), Line::Skipped { skip, .. }) => {
                assert_eq!(skip, expected, "{about}");
            }
            (Self::Unparsed, Line::Unparsed { .. }) => {}
            _ => panic!("{about}\nexpected {self:?}\n     got {line:?}"),
        }
    }
}

impl Fields {
    fn check(&self, entry: &Entry<'_>, about: &str) {
        let about = format!("{about}\n{entry:?}");
        let text = |field: Option<&[u8]>| field.map(<[u8]>::to_vec);
        assert_eq!(
            self.name.escape_ascii().to_string(),
            entry.name().as_bytes().escape_ascii().to_string(),
            "name: {about}"
        );
        field(self.kind.as_ref(), &entry.kind(), &format!("kind: {about}"));
        field(self.size.as_ref(), &entry.size(), &format!("size: {about}"));
        let time = entry.modified().map(|time| time.to_string());
        field(self.at.as_ref(), &time, &format!("time: {about}"));
        field(self.mode.as_ref(), &entry.mode(), &format!("mode: {about}"));
        field(
            self.links.as_ref(),
            &entry.links(),
            &format!("links: {about}"),
        );
        field(
            self.owner.as_ref(),
            &text(entry.owner()),
            &format!("owner: {about}"),
        );
        field(
            self.group.as_ref(),
            &text(entry.group()),
            &format!("group: {about}"),
        );
        field(
            self.target.as_ref(),
            &text(entry.target()),
            &format!("target: {about}"),
        );
        for (name, value) in &self.facts {
            assert_eq!(entry.fact(name), Some(value.as_bytes()), "{name}: {about}");
        }
    }
}

fn field<T: PartialEq + std::fmt::Debug>(expected: Option<&T>, found: &T, about: &str) {
    if let Some(expected) = expected {
        assert_eq!(expected, found, "{about}");
    }
}

/// All lines that come out of a listing given whole.
pub(crate) fn read(options: &Options, listing: &[u8]) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut reader = Reader::new(options);
    reader.feed(listing, |line| lines.push(line.into_owned()));
    reader.finish(|line| lines.push(line.into_owned()));
    lines
}

/// Options with the reference time.
pub(crate) fn options(now: i64) -> Options {
    Options::new().now(Timestamp::from_unix_time(now).unwrap())
}

/// Reads a listing and compares what comes out, line by line.
pub(crate) fn check(options: &Options, listing: &[u8], expected: &[Expected]) {
    let found = read(options, listing);
    let about = listing.escape_ascii().to_string();
    assert_eq!(
        found.len(),
        expected.len(),
        "{about}\nexpected {expected:#?}\ngot {found:#?}"
    );
    for (expected, found) in expected.iter().zip(&found) {
        expected.check(found, &about);
    }
}

/// Compares listings of one line, all read at the same time by readers of their own.
pub(crate) fn check_lines(options: &Options, cases: &[(&[u8], Expected)]) {
    for (line, expected) in cases {
        check(
            options,
            &[line, &b"\r\n"[..]].concat(),
            std::slice::from_ref(expected),
        );
    }
}
