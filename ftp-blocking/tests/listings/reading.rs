//! What is read is what is on the server's disk, but for what the [facts](crate::facts) say.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

use ftp_proto::listing::{Entry, Kind as Seen};
use ftp_proto::timestamp::{Precision, Timestamp, Zone};
use ftp_testbed::servers::{Kind, Server};
use ftp_testbed::tree;

use crate::facts::{self, Shows};
use crate::log_in;
use crate::ways::{Way, now};

pub(crate) fn check(server: &Server, way: Way) {
    let kind = server.kind();
    let result = way.read(&mut log_in(server));
    if let Some(code) = facts::refusal(kind, way) {
        let error = result.unwrap_err();
        assert_eq!(error.reply().unwrap().code().get(), code, "{error}");
        return;
    }
    let reading = result.unwrap();
    let mut seen = BTreeMap::new();
    for entry in reading.entries {
        let name = local_name(kind, way, entry.name().as_bytes());
        let twice = seen.insert(name, entry);
        assert!(twice.is_none(), "{twice:?} came twice");
    }
    for expected in server.tree().odd() {
        check_entry(server, way, expected, &mut seen);
    }
    check_rest_of_newline(kind, way, &mut seen, &reading.unparsed);
    assert!(seen.is_empty(), "more than there is: {seen:?}");
}

/// The name below `odd/`.
fn local_name(kind: Kind, way: Way, name: &[u8]) -> Vec<u8> {
    let prefix = match way {
        Way::Names => facts::prefix(kind),
        _ => b"",
    };
    // What follows a newline stands for itself.
    name.strip_prefix(prefix).unwrap_or(name).to_vec()
}

fn check_entry(
    server: &Server,
    way: Way,
    expected: &tree::Entry,
    seen: &mut BTreeMap<Vec<u8>, Entry<'static>>,
) {
    let shows = facts::shows(server.kind(), way, expected.name);
    let name = match shows {
        Shows::Nothing => {
            let found = seen.get(expected.name);
            assert!(found.is_none(), "not to be shown: {found:?}");
            return;
        }
        Shows::Named(other) => other,
        _ => expected.name,
    };
    let shown = name.escape_ascii();
    let entry = seen
        .remove(name)
        .unwrap_or_else(|| panic!("{shown} is missing in {seen:?}"));
    let path = server.tree().root().join("odd");
    let path = path.join(OsStr::from_bytes(expected.name));
    let metadata = match shows {
        Shows::Target => fs::metadata(path).unwrap(),
        _ => fs::symlink_metadata(path).unwrap(),
    };
    match (way, facts::climbed(server.kind())) {
        (Way::Names, _) => check_bare(&entry),
        (Way::MachineList, _) | (Way::Ladder, Way::MachineList) => {
            check_facts(&entry, expected.kind, shows, &metadata);
        }
        _ => check_line(&entry, expected.kind, shows, &metadata),
    }
}

fn check_bare(entry: &Entry<'_>) {
    let said = (entry.kind(), entry.size(), entry.modified(), entry.mode());
    assert_eq!(said, (Seen::Unknown, None, None, None), "{entry:?}");
}

fn check_facts(entry: &Entry<'_>, kind: tree::Kind, shows: Shows, metadata: &Metadata) {
    let kind = match shows {
        Shows::File => Seen::File,
        Shows::Other => Seen::Other,
        Shows::Target if metadata.is_dir() => Seen::Directory,
        Shows::Target => Seen::File,
        _ => seen_as(kind),
    };
    assert_eq!(entry.kind(), kind, "{entry:?}");
    if kind == Seen::File {
        assert_eq!(entry.size(), Some(metadata.len()), "{entry:?}");
    }
    // No server tells it.
    assert_eq!(entry.target(), None, "{entry:?}");
    let modified = Timestamp::from_unix_time(metadata.mtime()).unwrap();
    assert_eq!(entry.modified(), Some(modified), "{entry:?}");
    assert_eq!(modified.precision(), Precision::Second);
}

fn check_line(entry: &Entry<'_>, kind: tree::Kind, shows: Shows, metadata: &Metadata) {
    assert_eq!(entry.kind(), seen_as(kind), "{entry:?}");
    if let tree::Kind::File(size) = kind {
        assert_eq!(entry.size(), Some(size), "{entry:?}");
    }
    let target = match kind {
        tree::Kind::Link(target) => Some(target.as_bytes()),
        _ => None,
    };
    assert_eq!(entry.target(), target, "{entry:?}");
    let mode = u32::from(entry.mode().unwrap());
    assert_eq!(mode, metadata.mode() & 0o7777, "{entry:?}");
    check_listed_time(entry, shows, metadata.mtime());
}

/// LIST tells the day of old files, and the minute of young ones, without the year. The servers'
/// clock is UTC's, which the line does not say.
fn check_listed_time(entry: &Entry<'_>, shows: Shows, modified: i64) {
    let told = entry.modified().unwrap();
    let truth = Timestamp::from_unix_time(modified).unwrap();
    assert_eq!(told.zone(), Zone::Unknown, "{entry:?}");
    assert_eq!(
        (told.month(), told.day()),
        (truth.month(), truth.day()),
        "{entry:?}"
    );
    let young = now().unix_time().unwrap().0 - modified < 24 * 60 * 60;
    let without_year = match shows {
        Shows::NoYear => true,
        // vsftpd prints the year of what is to come.
        _ => young && truth.year() < 2038,
    };
    assert_eq!(told.is_year_inferred(), without_year, "{entry:?}");
    if without_year {
        let time = (told.hour(), told.minute(), told.precision());
        let expected = (truth.hour(), truth.minute(), Precision::Minute);
        assert_eq!(time, expected, "{entry:?}");
    } else {
        assert_eq!(told.precision(), Precision::Day, "{entry:?}");
    }
    if shows == Shows::NoYear {
        assert!(told.year() <= now().year(), "{entry:?}");
    } else {
        assert_eq!(told.year(), truth.year(), "{entry:?}");
    }
}

const fn seen_as(kind: tree::Kind) -> Seen {
    match kind {
        tree::Kind::File(_) => Seen::File,
        tree::Kind::Directory => Seen::Directory,
        tree::Kind::Link(_) => Seen::Symlink,
        _ => Seen::Other,
    }
}

/// What follows the newline in a name is a name of its own in NLST, and not understood elsewhere.
fn check_rest_of_newline(
    kind: Kind,
    way: Way,
    seen: &mut BTreeMap<Vec<u8>, Entry<'static>>,
    unparsed: &[Vec<u8>],
) {
    let withheld = facts::shows(kind, way, b"new\nline") == Shows::Nothing;
    let rest: &[&[u8]] = match way {
        Way::Names if !withheld => {
            assert!(seen.remove(&b"line"[..]).is_some(), "{seen:?}");
            &[]
        }
        Way::Ladder | Way::Names => &[],
        _ if withheld => &[],
        _ => &[b"line"],
    };
    assert_eq!(unparsed, rest);
}
