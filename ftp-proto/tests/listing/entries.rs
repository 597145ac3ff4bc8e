//! What an entry says of itself, and when two entries say the same.

use ftp_proto::listing::{Entry, Kind, Name, Options, SafeFor, SafeName};
use ftp_proto::timestamp::Timestamp;

use super::expected::*;

/// An entry of which everything is known.
fn full() -> Entry<'static> {
    Entry::new(b"", b"name")
        .with_kind(Kind::Symlink)
        .with_size(7)
        .with_modified(Timestamp::date(2021, 3, 12).unwrap())
        .with_mode(0o644)
        .with_links(2)
        .with_owner(b"owner")
        .with_group(b"group")
        .with_target(b"target")
        .with_unique(b"unique")
        .with_version(b"3")
}

#[test]
fn entries_that_differ_in_anything_are_not_equal() {
    let others: [Entry<'static>; 12] = [
        Entry::new(b"", b"other")
            .with_kind(Kind::Symlink)
            .with_size(7)
            .with_modified(Timestamp::date(2021, 3, 12).unwrap())
            .with_mode(0o644)
            .with_links(2)
            .with_owner(b"owner")
            .with_group(b"group")
            .with_target(b"target")
            .with_unique(b"unique")
            .with_version(b"3"),
        full().with_kind(Kind::File),
        full().with_size(8),
        full().with_estimated_size(7),
        full().with_modified(None),
        full().with_mode(0o600),
        full().with_links(None),
        full().with_owner(b"other"),
        full().with_group(b"other"),
        full().with_target(b"other"),
        full().with_unique(b"other"),
        full().with_version(b"4"),
    ];
    for other in others {
        assert_ne!(other, full());
    }
}

#[test]
fn entries_are_equal_whatever_their_lines_looked_like() {
    let one = read(&Options::new(), b"-rw-r--r-- 1 u g 5 Mar 12  2021 a");
    let other = read(&Options::new(), b"-rw-r--r--   1   u   g   5 2021-03-12 a");
    assert_eq!(one, other);
}

#[test]
fn texts_of_the_line_are_borrowed() {
    let line = b"F|4711|report.txt";
    let entry = Entry::new(line, &line[7..]).with_owner(&line[2..6]);
    assert_eq!(entry.name().as_bytes().as_ptr(), line[7..].as_ptr());
    assert_eq!(entry.owner().unwrap().as_ptr(), line[2..].as_ptr());
}

#[test]
fn an_entry_tells_its_kind() {
    for (kind, is) in [
        (Kind::File, [true, false, false]),
        (Kind::Directory, [false, true, false]),
        (Kind::CurrentDirectory, [false, true, false]),
        (Kind::ParentDirectory, [false, true, false]),
        (Kind::Symlink, [false, false, true]),
        (Kind::Other, [false; 3]),
        (Kind::Unknown, [false; 3]),
    ] {
        let entry = Entry::new(b"", b"x").with_kind(kind);
        let found = [entry.is_file(), entry.is_directory(), entry.is_symlink()];
        assert_eq!(found, is, "{kind:?}");
    }
}

#[test]
fn an_entry_tells_what_only_some_formats_state() {
    let entry = full();
    assert_eq!(entry.unique(), Some(&b"unique"[..]));
    assert_eq!(entry.version(), Some(&b"3"[..]));
    let entry = Entry::new(b"line", b"name");
    assert_eq!((entry.unique(), entry.version()), (None, None));
}

#[test]
fn names_compare_as_bytes() {
    let name = Name::new(b"caf\xe9");
    assert_eq!(name.as_ref(), b"caf\xe9");
    assert!(name == b"caf\xe9"[..] && name != b"caf\xe8"[..]);
    assert!(name != *"caf\u{e9}" && name != "caf\u{e9}");
    let name = Name::new(b"plain");
    assert!(name == *"plain" && name != *"plane");
    assert!(name == "plain" && name != "plane");
}

#[test]
fn a_safe_name_is_text_if_it_is_utf_8() {
    let text = |bytes| SafeName::new(bytes, SafeFor::ThisSystem).map(SafeName::to_str);
    assert_eq!(text(b"plain"), Some(Some("plain")));
    assert_eq!(text(b"caf\xe9"), Some(None));
}
