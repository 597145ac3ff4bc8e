//! What five servers sent for one directory of odd names.
//!
//! The names, kinds, sizes and times are known; each server shows all of them, save what is noted.
//! A name with a newline comes out as its first half, and the second half as a line that is not
//! understood (as another name, in NLST).

use ftp_proto::listing::{Format, Kind, Line, Skip};

use super::expected::*;

/// 2026-11-22 13:00 UTC, half an hour after the directory was made.
const NOW: i64 = 1_795_352_400;

/// Name, kind, size and, where it is not the common one, the time.
const OBJECTS: &[(&[u8], Kind, u64, &str)] = &[
    (b" leading", Kind::File, 2, ""),
    (b"#hash", Kind::File, 2, ""),
    (b"-dash", Kind::File, 2, ""),
    (b".hidden", Kind::File, 0, ""),
    (b"12:34 looks-like-time", Kind::File, 2, ""),
    (b"UPPER.TXT", Kind::File, 2, ""),
    (b"a -> b", Kind::File, 2, ""),
    (b"backslash\\x", Kind::File, 2, ""),
    (b"epoch", Kind::File, 0, "1970-01-01"),
    (b"fifo", Kind::Other, 0, ""),
    (b"file with  spaces", Kind::File, 2, ""),
    (b"future", Kind::File, 0, "2038-01-19"),
    (b"latin1-\xE9.txt", Kind::File, 2, ""),
    (b"leap", Kind::File, 0, "2024-02-29"),
    (b"link-broken", Kind::Symlink, 7, ""),
    (b"link-dir", Kind::Symlink, 6, ""),
    (b"link-ok", Kind::Symlink, 9, ""),
    (b"link-up", Kind::Symlink, 12, ""),
    (b"new", Kind::File, 2, ""),
    (b"old-2001", Kind::File, 0, "2001-09-09"),
    (b"percent%20", Kind::File, 2, ""),
    (b"quote\"name", Kind::File, 2, ""),
    (b"semi;colon=x", Kind::File, 2, ""),
    (b"sparse5g", Kind::File, 5_368_709_120, ""),
    (b"subdir", Kind::Directory, 40, ""),
    (b"tab\there", Kind::File, 2, ""),
    (b"trailing ", Kind::File, 2, ""),
    ("ünï-日本.txt".as_bytes(), Kind::File, 2, ""),
];

/// A server that changes names: pyftpdlib replaces what is not UTF-8.
fn original(name: &[u8]) -> &[u8] {
    match name {
        b"latin1-?.txt" => b"latin1-\xE9.txt",
        _ => name,
    }
}

/// Reads a listing of the directory. Every entry must be one of the objects and agree with it, as
/// far as `kinds` says that the server tells kinds; the objects that do not come must be the ones
/// in `missing`.
fn check_server(listing: &[u8], format: Option<Format>, kinds: &[(&str, Kind)], missing: &[&str]) {
    let mut options = options(NOW);
    if let Some(format) = format {
        options = options.format(format);
    }
    let lines = read(&options, listing);
    let mut seen = Vec::new();
    for line in &lines {
        match line {
            Line::Entry(entry)
                if matches!(entry.kind(), Kind::CurrentDirectory | Kind::ParentDirectory) => {}
            Line::Entry(entry) => {
                let name = original(entry.name().as_bytes());
                let about = format!("{entry:?}");
                let (_, kind, size, time) = OBJECTS
                    .iter()
                    .find(|(object, ..)| *object == name)
                    .unwrap_or_else(|| panic!("{about}"));
                let exception = kinds.iter().find(|(object, _)| object.as_bytes() == name);
                let kind = exception.map_or(*kind, |(_, kind)| *kind);
                assert_eq!(entry.kind(), kind, "{about}");
                // A server that follows links shows the size and time of what they point at.
                if exception.is_none() {
                    assert_eq!(entry.size(), Some(*size), "{about}");
                    let time = if time.is_empty() {
                        "2026-11-22T12:38"
                    } else {
                        time
                    };
                    let found = entry.modified().unwrap();
                    let is_guess = time.starts_with("2038") && found.is_year_inferred();
                    assert!(is_guess || found.to_string().starts_with(time), "{about}");
                }
                seen.push(name);
            }
            Line::Unparsed { bytes, .. } => assert_eq!(**bytes, b"line"[..]),
            Line::Skipped { skip, .. } => {
                assert!(matches!(skip, Skip::Total | Skip::SelfOrParent), "{line:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    let unseen: Vec<_> = OBJECTS.iter().map(|object| object.0).collect();
    let unseen: Vec<_> = unseen
        .into_iter()
        .filter(|name| !seen.contains(name))
        .collect();
    let missing: Vec<_> = missing.iter().map(|name| name.as_bytes()).collect();
    assert_eq!(unseen, missing);
}

/// Reads a list of names, which may stand behind the directory's.
fn check_names(listing: &[u8], missing: &[&str]) {
    let lines = read(&options(NOW).format(Format::Names), listing);
    let mut seen = Vec::new();
    for line in &lines {
        match line {
            Line::Entry(entry) => {
                assert_eq!(entry.kind(), Kind::Unknown);
                let name = entry.name().as_bytes();
                let name = name.strip_prefix(b"odd/").unwrap_or(name);
                seen.push(original(name).to_vec());
            }
            Line::Skipped {
                skip: Skip::SelfOrParent,
                ..
            } => {}
            other => panic!("{other:?}"),
        }
    }
    let unseen = OBJECTS.iter().map(|object| object.0);
    let unseen: Vec<_> = unseen
        .filter(|name| !seen.contains(&name.to_vec()))
        .collect();
    let missing: Vec<_> = missing.iter().map(|name| name.as_bytes()).collect();
    assert_eq!(unseen, missing);
    let second_half = seen.iter().filter(|name| **name == b"line").count();
    let known = OBJECTS.len().saturating_sub(missing.len());
    assert_eq!(seen.len(), known.saturating_add(second_half));
}

#[test]
fn vsftpd() {
    check_server(VSFTPD_LIST, None, &[], &[".hidden"]);
    check_names(VSFTPD_NLST, &[".hidden"]);
}

#[test]
fn proftpd() {
    check_server(PROFTPD_LIST, None, &[], &[".hidden"]);
    // It lists what a glob of the shell would, without broken links.
    check_names(PROFTPD_NLST, &[".hidden", "link-broken", "link-up"]);
}

#[test]
fn proftpd_facts() {
    // The listing is cut short. A fifo counts as a file here.
    let last = [
        " leading",
        "file with  spaces",
        "link-broken",
        "subdir",
        "trailing ",
    ];
    let kinds = [("fifo", Kind::File)];
    check_server(PROFTPD_MLSD, Some(Format::Facts), &kinds, &last);
}

#[test]
fn pure_ftpd() {
    // It hides names with control characters, and in LIST a fifo.
    check_server(PURE_FTPD_LIST, None, &[], &["fifo", "new", "tab\there"]);
    check_names(PURE_FTPD_NLST, &["new", "tab\there"]);
    check_server(
        PURE_FTPD_MLSD,
        Some(Format::Facts),
        &[],
        &["new", "tab\there"],
    );
}

#[test]
fn pyftpdlib() {
    check_server(PYFTPDLIB_LIST, None, &[], &[]);
    check_names(PYFTPDLIB_NLST, &[]);
    // It follows links, and calls what is no directory a file.
    check_server(
        PYFTPDLIB_MLSD,
        Some(Format::Facts),
        &[
            ("fifo", Kind::File),
            ("link-dir", Kind::Directory),
            ("link-ok", Kind::File),
            ("link-up", Kind::File),
        ],
        &["link-broken"],
    );
}

#[test]
fn inetutils() {
    check_server(INETUTILS_LIST, None, &[], &[]);
    check_names(INETUTILS_NLST, &[]);
}

const VSFTPD_LIST: &[u8] = b"\
-rw-r--r--    1 0        0               2 Nov 22 12:38  leading\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 #hash\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 -dash\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 12:34 looks-like-time\r\n\
-rwsr-xr-x    1 0        0               2 Nov 22 12:38 UPPER.TXT\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 a -> b\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 backslash\\x\r\n\
-rw-r--r--    1 0        0               0 Jan 01  1970 epoch\r\n\
prw-r--r--    1 0        0               0 Nov 22 12:38 fifo\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 file with  spaces\r\n\
-rw-r--r--    1 0        0               0 Jan 19  2038 future\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 latin1-\xE9.txt\r\n\
-rw-r--r--    1 0        0               0 Feb 29  2024 leap\r\n\
lrwxrwxrwx    1 0        0               7 Nov 22 12:38 link-broken -> nowhere\r\n\
lrwxrwxrwx    1 0        0               6 Nov 22 12:38 link-dir -> subdir\r\n\
lrwxrwxrwx    1 0        0               9 Nov 22 12:38 link-ok -> UPPER.TXT\r\n\
lrwxrwxrwx    1 0        0              12 Nov 22 12:38 link-up -> ../hello.txt\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 new\n\
line\r\n\
-rw-r--r--    1 0        0               0 Sep 09  2001 old-2001\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 percent%20\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 quote\"name\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 semi;colon=x\r\n\
-rw-r--r--    1 0        0        5368709120 Nov 22 12:38 sparse5g\r\n\
drwxr-xr-x    2 0        0              40 Nov 22 12:38 subdir\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 tab\there\r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 trailing \r\n\
-rw-r--r--    1 0        0               2 Nov 22 12:38 \xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
";

const VSFTPD_NLST: &[u8] = b"\
odd/ leading\r\n\
odd/#hash\r\n\
odd/-dash\r\n\
odd/12:34 looks-like-time\r\n\
odd/UPPER.TXT\r\n\
odd/a -> b\r\n\
odd/backslash\\x\r\n\
odd/epoch\r\n\
odd/fifo\r\n\
odd/file with  spaces\r\n\
odd/future\r\n\
odd/latin1-\xE9.txt\r\n\
odd/leap\r\n\
odd/link-broken\r\n\
odd/link-dir\r\n\
odd/link-ok\r\n\
odd/link-up\r\n\
odd/new\n\
line\r\n\
odd/old-2001\r\n\
odd/percent%20\r\n\
odd/quote\"name\r\n\
odd/semi;colon=x\r\n\
odd/sparse5g\r\n\
odd/subdir\r\n\
odd/tab\there\r\n\
odd/trailing \r\n\
odd/\xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
";

const PROFTPD_LIST: &[u8] = b"\
-rw-r--r--   1 0        0               2 Nov 22 12:38  leading\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 #hash\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 -dash\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 12:34 looks-like-time\r\n\
-rwsr-xr-x   1 0        0               2 Nov 22 12:38 UPPER.TXT\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 a -> b\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 backslash\\x\r\n\
-rw-r--r--   1 0        0               0 Jan  1  1970 epoch\r\n\
prw-r--r--   1 0        0               0 Nov 22 12:38 fifo\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 file with  spaces\r\n\
-rw-r--r--   1 0        0               0 Jan 19 03:14 future\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 latin1-\xE9.txt\r\n\
-rw-r--r--   1 0        0               0 Feb 29  2024 leap\r\n\
lrwxrwxrwx   1 0        0               7 Nov 22 12:38 link-broken -> nowhere\r\n\
lrwxrwxrwx   1 0        0               6 Nov 22 12:38 link-dir -> subdir\r\n\
lrwxrwxrwx   1 0        0               9 Nov 22 12:38 link-ok -> UPPER.TXT\r\n\
lrwxrwxrwx   1 0        0              12 Nov 22 12:38 link-up -> ../hello.txt\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 new\n\
line\r\n\
-rw-r--r--   1 0        0               0 Sep  9  2001 old-2001\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 percent%20\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 quote\"name\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 semi;colon=x\r\n\
-rw-r--r--   1 0        0        5368709120 Nov 22 12:38 sparse5g\r\n\
drwxr-xr-x   2 0        0              40 Nov 22 12:38 subdir\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 tab\there\r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 trailing \r\n\
-rw-r--r--   1 0        0               2 Nov 22 12:38 \xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
";

const PROFTPD_NLST: &[u8] = b"\
odd/fifo\r\n\
odd/link-dir\r\n\
odd/link-ok\r\n\
odd/sparse5g\r\n\
odd/leap\r\n\
odd/future\r\n\
odd/epoch\r\n\
odd/old-2001\r\n\
odd/latin1-\xE9.txt\r\n\
odd/backslash\\x\r\n\
odd/percent%20\r\n\
odd/#hash\r\n\
odd/UPPER.TXT\r\n\
odd/tab\there\r\n\
odd/a -> b\r\n\
odd/12:34 looks-like-time\r\n\
odd/new\n\
line\r\n\
odd/\xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
odd/semi;colon=x\r\n\
odd/quote\"name\r\n\
odd/-dash\r\n\
odd/trailing \r\n\
odd/ leading\r\n\
odd/file with  spaces\r\n\
odd/subdir\r\n\
";

const PROFTPD_MLSD: &[u8] = b"\
modify=20261122123829;perm=fle;type=cdir;unique=1BU18E91;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0755;UNIX.owner=0;UNIX.ownername=bench; .\r\n\
modify=20261122124238;perm=fle;type=pdir;unique=1BU2;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0755;UNIX.owner=0;UNIX.ownername=bench; ..\r\n\
modify=20261122123829;perm=adfr;size=0;type=file;unique=1BU18EAE;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; .hidden\r\n\
modify=20261122123829;perm=adfr;size=0;type=file;unique=1BU18EAD;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; fifo\r\n\
modify=20261122123829;perm=adfr;size=12;type=OS.unix=symlink;unique=1BU18E79;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0777;UNIX.owner=0;UNIX.ownername=bench; link-up\r\n\
modify=20261122123829;perm=adfr;size=6;type=OS.unix=symlink;unique=1BU18E92;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0777;UNIX.owner=0;UNIX.ownername=bench; link-dir\r\n\
modify=20261122123829;perm=adfr;size=9;type=OS.unix=symlink;unique=1BU18E9F;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0777;UNIX.owner=0;UNIX.ownername=bench; link-ok\r\n\
modify=20261122123829;perm=adfr;size=5368709120;type=file;unique=1BU18EA8;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; sparse5g\r\n\
modify=20240229120000;perm=adfr;size=0;type=file;unique=1BU18EA7;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; leap\r\n\
modify=20380119031407;perm=adfr;size=0;type=file;unique=1BU18EA6;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; future\r\n\
modify=19700101000000;perm=adfr;size=0;type=file;unique=1BU18EA5;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; epoch\r\n\
modify=20010909014640;perm=adfr;size=0;type=file;unique=1BU18EA4;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; old-2001\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18EA3;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; latin1-\xE9.txt\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18EA2;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; backslash\\x\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18EA1;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; percent%20\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18EA0;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; #hash\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18E9F;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=04755;UNIX.owner=0;UNIX.ownername=bench; UPPER.TXT\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18E9E;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; tab\there\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18E9D;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; a -> b\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18E9C;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; 12:34 looks-like-time\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18E9B;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; new\r\n\
line\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18E9A;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; \xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18E99;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; semi;colon=x\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18E98;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; quote\"name\r\n\
modify=20261122123829;perm=adfr;size=2;type=file;unique=1BU18E97;UNIX.group=0;UNIX.groupname=bench;UNIX.mode=0644;UNIX.owner=0;UNIX.ownername=bench; -dash\r\n\
";

const PURE_FTPD_LIST: &[u8] = b"\
-rw-r--r--    1 0          0                   2 Nov 22 12:38  leading\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 #hash\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 -dash\r\n\
drwxr-xr-x    3 0          0                 600 Nov 22 12:38 .\r\n\
drwxr-xr-x    9 0          0                 280 Nov 22 12:42 ..\r\n\
-rw-r--r--    1 0          0                   0 Nov 22 12:38 .hidden\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 12:34 looks-like-time\r\n\
-rwsr-xr-x    1 0          0                   2 Nov 22 12:38 UPPER.TXT\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 a -> b\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 backslash\\x\r\n\
-rw-r--r--    1 0          0                   0 Jan  1  1970 epoch\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 file with  spaces\r\n\
-rw-r--r--    1 0          0                   0 Jan 19 03:14 future\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 latin1-\xE9.txt\r\n\
-rw-r--r--    1 0          0                   0 Feb 29  2024 leap\r\n\
lrwxrwxrwx    1 0          0                   7 Nov 22 12:38 link-broken -> nowhere\r\n\
lrwxrwxrwx    1 0          0                   6 Nov 22 12:38 link-dir -> subdir\r\n\
lrwxrwxrwx    1 0          0                   9 Nov 22 12:38 link-ok -> UPPER.TXT\r\n\
lrwxrwxrwx    1 0          0                  12 Nov 22 12:38 link-up -> ../hello.txt\r\n\
-rw-r--r--    1 0          0                   0 Sep  9  2001 old-2001\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 percent%20\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 quote\"name\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 semi;colon=x\r\n\
-rw-r--r--    1 0          0          5368709120 Nov 22 12:38 sparse5g\r\n\
drwxr-xr-x    2 0          0                  40 Nov 22 12:38 subdir\r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 trailing \r\n\
-rw-r--r--    1 0          0                   2 Nov 22 12:38 \xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
";

const PURE_FTPD_NLST: &[u8] = b"\
odd/.\r\n\
odd/..\r\n\
odd/.hidden\r\n\
odd/fifo\r\n\
odd/link-up\r\n\
odd/link-broken\r\n\
odd/link-dir\r\n\
odd/link-ok\r\n\
odd/sparse5g\r\n\
odd/leap\r\n\
odd/future\r\n\
odd/epoch\r\n\
odd/old-2001\r\n\
odd/latin1-\xE9.txt\r\n\
odd/backslash\\x\r\n\
odd/percent%20\r\n\
odd/#hash\r\n\
odd/UPPER.TXT\r\n\
odd/a -> b\r\n\
odd/12:34 looks-like-time\r\n\
odd/\xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
odd/semi;colon=x\r\n\
odd/quote\"name\r\n\
odd/-dash\r\n\
odd/trailing \r\n\
odd/ leading\r\n\
odd/file with  spaces\r\n\
odd/subdir\r\n\
";

const PURE_FTPD_MLSD: &[u8] = b"\
type=cdir;sizd=600;modify=20261122123829;UNIX.mode=0755;UNIX.uid=0;UNIX.gid=0;unique=1bg18e91; .\r\n\
type=pdir;sizd=280;modify=20261122124238;UNIX.mode=0755;UNIX.uid=0;UNIX.gid=0;unique=1bg2; ..\r\n\
type=file;size=0;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18eae; .hidden\r\n\
type=unknown;size=0;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ead; fifo\r\n\
type=OS.unix=slink:;size=12;modify=20261122123829;UNIX.mode=0777;UNIX.uid=0;UNIX.gid=0;unique=1bg18eac; link-up\r\n\
type=OS.unix=slink:;size=7;modify=20261122123829;UNIX.mode=0777;UNIX.uid=0;UNIX.gid=0;unique=1bg18eab; link-broken\r\n\
type=OS.unix=slink:;size=6;modify=20261122123829;UNIX.mode=0777;UNIX.uid=0;UNIX.gid=0;unique=1bg18eaa; link-dir\r\n\
type=OS.unix=slink:;size=9;modify=20261122123829;UNIX.mode=0777;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea9; link-ok\r\n\
type=file;size=5368709120;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea8; sparse5g\r\n\
type=file;size=0;modify=20240229120000;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea7; leap\r\n\
type=file;size=0;modify=20380119031407;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea6; future\r\n\
type=file;size=0;modify=19700101000000;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea5; epoch\r\n\
type=file;size=0;modify=20010909014640;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea4; old-2001\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea3; latin1-\xE9.txt\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea2; backslash\\x\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea1; percent%20\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18ea0; #hash\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=04755;UNIX.uid=0;UNIX.gid=0;unique=1bg18e9f; UPPER.TXT\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18e9d; a -> b\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18e9c; 12:34 looks-like-time\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18e9a; \xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18e99; semi;colon=x\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18e98; quote\"name\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18e97; -dash\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18e96; trailing \r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18e95;  leading\r\n\
type=file;size=2;modify=20261122123829;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=0;unique=1bg18e94; file with  spaces\r\n\
type=dir;sizd=40;modify=20261122123829;UNIX.mode=0755;UNIX.uid=0;UNIX.gid=0;unique=1bg18e92; subdir\r\n\
";

const PYFTPDLIB_LIST: &[u8] = b"\
-rw-r--r--   1 root     root            2 Nov 22 12:38  leading\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 #hash\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 -dash\r\n\
-rw-r--r--   1 root     root            0 Nov 22 12:38 .hidden\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 12:34 looks-like-time\r\n\
-rwsr-xr-x   1 root     root            2 Nov 22 12:38 UPPER.TXT\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 a -> b\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 backslash\\x\r\n\
-rw-r--r--   1 root     root            0 Jan 01  1970 epoch\r\n\
prw-r--r--   1 root     root            0 Nov 22 12:38 fifo\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 file with  spaces\r\n\
-rw-r--r--   1 root     root            0 Jan 19 03:14 future\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 latin1-?.txt\r\n\
-rw-r--r--   1 root     root            0 Feb 29  2024 leap\r\n\
lrwxrwxrwx   1 root     root            7 Nov 22 12:38 link-broken -> nowhere\r\n\
lrwxrwxrwx   1 root     root            6 Nov 22 12:38 link-dir -> subdir\r\n\
lrwxrwxrwx   1 root     root            9 Nov 22 12:38 link-ok -> UPPER.TXT\r\n\
lrwxrwxrwx   1 root     root           12 Nov 22 12:38 link-up -> ../hello.txt\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 new\n\
line\r\n\
-rw-r--r--   1 root     root            0 Sep 09  2001 old-2001\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 percent%20\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 quote\"name\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 semi;colon=x\r\n\
-rw-r--r--   1 root     root     5368709120 Nov 22 12:38 sparse5g\r\n\
drwxr-xr-x   2 root     root           40 Nov 22 12:38 subdir\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 tab\there\r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 trailing \r\n\
-rw-r--r--   1 root     root            2 Nov 22 12:38 \xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
";

const PYFTPDLIB_NLST: &[u8] = b"\
\x20leading\r\n\
#hash\r\n\
-dash\r\n\
.hidden\r\n\
12:34 looks-like-time\r\n\
UPPER.TXT\r\n\
a -> b\r\n\
backslash\\x\r\n\
epoch\r\n\
fifo\r\n\
file with  spaces\r\n\
future\r\n\
latin1-?.txt\r\n\
leap\r\n\
link-broken\r\n\
link-dir\r\n\
link-ok\r\n\
link-up\r\n\
new\n\
line\r\n\
old-2001\r\n\
percent%20\r\n\
quote\"name\r\n\
semi;colon=x\r\n\
sparse5g\r\n\
subdir\r\n\
tab\there\r\n\
trailing \r\n\
\xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
";

const PYFTPDLIB_MLSD: &[u8] = b"\
modify=20261122123829;perm=radfwMT;size=0;type=file;unique=1bg18eae; .hidden\r\n\
modify=20261122123829;perm=radfwMT;size=0;type=file;unique=1bg18ead; fifo\r\n\
modify=20200102030405;perm=radfwMT;size=10;type=file;unique=1bg18e79; link-up\r\n\
modify=20261122123829;perm=eldfmMTcp;size=40;type=dir;unique=1bg18e92; link-dir\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e9f; link-ok\r\n\
modify=20261122123829;perm=radfwMT;size=5368709120;type=file;unique=1bg18ea8; sparse5g\r\n\
modify=20240229120000;perm=radfwMT;size=0;type=file;unique=1bg18ea7; leap\r\n\
modify=20380119031407;perm=radfwMT;size=0;type=file;unique=1bg18ea6; future\r\n\
modify=19700101000000;perm=radfwMT;size=0;type=file;unique=1bg18ea5; epoch\r\n\
modify=20010909014640;perm=radfwMT;size=0;type=file;unique=1bg18ea4; old-2001\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18ea3; latin1-?.txt\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18ea2; backslash\\x\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18ea1; percent%20\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18ea0; #hash\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e9f; UPPER.TXT\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e9e; tab\there\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e9d; a -> b\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e9c; 12:34 looks-like-time\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e9b; new\n\
line\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e9a; \xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e99; semi;colon=x\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e98; quote\"name\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e97; -dash\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e96; trailing \r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e95;  leading\r\n\
modify=20261122123829;perm=radfwMT;size=2;type=file;unique=1bg18e94; file with  spaces\r\n\
modify=20261122123829;perm=eldfmMTcp;size=40;type=dir;unique=1bg18e92; subdir\r\n\
";

const INETUTILS_LIST: &[u8] = b"\
total 64\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38  leading\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 #hash\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 -dash\r\n\
-rw-r--r--  1 root  root           0 Nov 22 12:38 .hidden\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 12:34 looks-like-time\r\n\
-rwsr-xr-x  1 root  root           2 Nov 22 12:38 UPPER.TXT\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 a -> b\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 backslash\\x\r\n\
-rw-r--r--  1 root  root           0 Jan  1  1970 epoch\r\n\
prw-r--r--  1 root  root           0 Nov 22 12:38 fifo\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 file with  spaces\r\n\
-rw-r--r--  1 root  root           0 Jan 19 03:14 future\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 latin1-\xE9.txt\r\n\
-rw-r--r--  1 root  root           0 Feb 29  2024 leap\r\n\
lrwxrwxrwx  1 root  root           7 Nov 22 12:38 link-broken -> nowhere\r\n\
lrwxrwxrwx  1 root  root           6 Nov 22 12:38 link-dir -> subdir\r\n\
lrwxrwxrwx  1 root  root           9 Nov 22 12:38 link-ok -> UPPER.TXT\r\n\
lrwxrwxrwx  1 root  root          12 Nov 22 12:38 link-up -> ../hello.txt\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 new\r\n\
line\r\n\
-rw-r--r--  1 root  root           0 Sep  9  2001 old-2001\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 percent%20\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 quote\"name\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 semi;colon=x\r\n\
-rw-r--r--  1 root  root  5368709120 Nov 22 12:38 sparse5g\r\n\
drwxr-xr-x  2 root  root          40 Nov 22 12:38 subdir\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 tab\there\r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 trailing \r\n\
-rw-r--r--  1 root  root           2 Nov 22 12:38 \xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
";

const INETUTILS_NLST: &[u8] = b"\
odd/.hidden\r\n\
odd/fifo\r\n\
odd/link-up\r\n\
odd/link-broken\r\n\
odd/link-dir\r\n\
odd/link-ok\r\n\
odd/sparse5g\r\n\
odd/leap\r\n\
odd/future\r\n\
odd/epoch\r\n\
odd/old-2001\r\n\
odd/latin1-\xE9.txt\r\n\
odd/backslash\\x\r\n\
odd/percent%20\r\n\
odd/#hash\r\n\
odd/UPPER.TXT\r\n\
odd/tab\there\r\n\
odd/a -> b\r\n\
odd/12:34 looks-like-time\r\n\
odd/new\n\
line\r\n\
odd/\xC3\xBCn\xC3\xAF-\xE6\x97\xA5\xE6\x9C\xAC.txt\r\n\
odd/semi;colon=x\r\n\
odd/quote\"name\r\n\
odd/-dash\r\n\
odd/trailing \r\n\
odd/ leading\r\n\
odd/file with  spaces\r\n\
odd/subdir\r\n\
";
