//! Pathnames in 257 replies.

use ftp_proto::pathname::PathError::{self, Code, Empty, NotQuoted, Truncated, Unterminated};
use ftp_proto::pathname::Quoting::{Doubled, Undoubled};
use ftp_proto::pathname::{Pathname, Quoting, decode, quote};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{cut_reply, reply};

#[track_caller]
fn check(quoting: Quoting, cases: &[(&str, Result<&str, PathError>)]) {
    for &(line, expected) in cases {
        assert_eq!(
            decode(&reply(line), quoting),
            expected.map(Pathname::from),
            "{line}"
        );
    }
}

#[test]
fn quoted() {
    check(
        Doubled,
        &[
            (
                r#"257 "/srv/data" is the current directory"#,
                Ok("/srv/data"),
            ),
            (r#"257 "/""#, Ok("/")),
            (r#"257 "/" is current directory."#, Ok("/")),
            (r#"257 "/srv/with space/" created"#, Ok("/srv/with space/")),
            (r#"257 " /leading" created"#, Ok(" /leading")),
            (
                r#"257 "DISK$FTP:[ANON.PUB]" is current directory."#,
                Ok("DISK$FTP:[ANON.PUB]"),
            ),
            (
                r#"257 "'DEPT7.DATA.'" is the working directory name prefix."#,
                Ok("'DEPT7.DATA.'"),
            ),
            (
                r#"257 "C:\ftp\root" is current directory."#,
                Ok(r"C:\ftp\root"),
            ),
            (
                "257 \"/\u{dc}n\u{ef}/\u{6587}\" is current directory.",
                Ok("/\u{dc}n\u{ef}/\u{6587}"),
            ),
        ],
    );
}

#[test]
fn bytes_that_are_not_utf8() {
    let path = decode(
        &reply(b"257 \"/caf\xe9\xff\xff\" is current directory."),
        Doubled,
    )
    .unwrap();
    assert_eq!(path.as_bytes(), b"/caf\xe9\xff");
    assert_eq!(path.to_str(), None);
    assert_eq!(path.to_str_lossy(), "/caf\u{fffd}\u{fffd}");
    assert_eq!(path.into_bytes(), b"/caf\xe9\xff");
}

#[test]
fn doubled_quotes_are_one() {
    check(
        Doubled,
        &[
            (
                r#"257 "/srv/my ""best"" data" is current"#,
                Ok(r#"/srv/my "best" data"#),
            ),
            (r#"257 """quoted""" created"#, Ok(r#""quoted""#)),
            (r#"257 "/a""" x"#, Ok(r#"/a""#)),
            (r#"257 """""#, Ok(r#"""#)),
            (r#"257 """"""#, Err(Unterminated)),
        ],
    );
}

#[test]
fn a_quote_ends_the_path_only_before_a_blank_or_the_end() {
    check(
        Doubled,
        &[
            (
                r#"257 "/quo"te" is the current directory"#,
                Ok(r#"/quo"te"#),
            ),
            (r#"257 "/quo"te""#, Ok(r#"/quo"te"#)),
            (r#"257 "/a"b"c" created"#, Ok(r#"/a"b"c"#)),
            (r#"257 "/a""b"c" created"#, Ok(r#"/a"b"c"#)),
            ("257 \"/a\"b\"\tcreated", Ok(r#"/a"b"#)),
            (r#"257 "/a"b created"#, Err(Unterminated)),
        ],
    );
}

#[test]
fn only_the_first_quoted_text_counts() {
    check(
        Doubled,
        &[
            (r#"257 "/one" created as "/two""#, Ok("/one")),
            (r#"257 Current directory is "/srv/data""#, Ok("/srv/data")),
            ("257-Directory:\n257 \"/srv/data\"", Ok("/srv/data")),
            ("257-\"/srv\n257 /data\"", Err(Unterminated)),
        ],
    );
}

#[test]
fn without_quotes_the_path_is_what_is_certain() {
    check(
        Doubled,
        &[
            ("257 /srv/data", Ok("/srv/data")),
            ("257 /srv/data ", Ok("/srv/data")),
            ("257 /with blank", Ok("/with blank")),
            ("257 /is it/there or not", Ok("/is it/there or not")),
            ("257 /srv/data is current directory.", Ok("/srv/data")),
            (
                "257 /my data was created as a new directory",
                Err(NotQuoted),
            ),
            ("257 /my data Is Your Current Location", Ok("/my data")),
            ("257 /srv/data is current", Err(NotQuoted)),
            ("257 /srv/new folder", Err(NotQuoted)),
            ("257 /srv/data created.", Err(NotQuoted)),
            ("257 srv data", Err(NotQuoted)),
            ("257 is the current directory", Err(NotQuoted)),
            ("257 created", Err(NotQuoted)),
            ("257-/a\n257 /b", Err(NotQuoted)),
            ("257", Err(NotQuoted)),
        ],
    );
}

#[test]
fn incomplete_or_other_replies() {
    check(
        Doubled,
        &[
            (r#"257 "/srv/data"#, Ok("/srv/data")),
            (r#"257 "/my data is current directory"#, Ok("/my data")),
            (r#"257 "/srv/data created"#, Err(Unterminated)),
            (r#"257 "srv"#, Err(Unterminated)),
            (r#"257 "/srv/data"""#, Err(Unterminated)),
            (r#"257 ""#, Err(Unterminated)),
            (r#"257 """#, Err(Empty)),
            (r#"257 "" created"#, Err(Empty)),
            ("550 Not found", Err(Code)),
            (r#"250 "/srv""#, Err(Code)),
        ],
    );
    assert_eq!(
        decode(&cut_reply("257 /srv/data", 8), Doubled),
        Err(Truncated)
    );
}

#[test]
fn undoubled_quotes_if_allowed() {
    check(
        Undoubled,
        &[
            (
                r#"257 "/srv/5" disks" is current directory."#,
                Ok(r#"/srv/5" disks"#),
            ),
            (r#"257 "/a"""b" is current directory."#, Ok(r#"/a"""b"#)),
            (r#"257 "/srv/data" new directory created."#, Ok("/srv/data")),
            ("257 /up/sub", Ok("/up/sub")),
            (r#"257 "/srv"#, Ok("/srv")),
            (r#"257 """#, Err(Empty)),
        ],
    );
    check(
        Doubled,
        &[(r#"257 "/srv/5" disks" is current directory."#, Ok("/srv/5"))],
    );
}

#[test]
fn pathnames_as_text() {
    let path = Pathname::from("/a\tb");
    assert_eq!(
        (path.to_string(), format!("{path:?}")),
        (r"/a\tb".into(), r#""/a\tb""#.into())
    );
    assert_eq!(
        (path.to_str(), path.as_ref()),
        (Some("/a\tb"), b"/a\tb".as_slice())
    );
}

proptest! {
    #[test]
    fn round_trip(
        path in vec(prop_oneof![Just(b'"'), any::<u8>()], 1..30),
        text in "[^\"\n\0\r]*",
    ) {
        prop_assume!(!path.iter().any(|byte| [b'\n', b'\0', 0xff].contains(byte)));
        let line = [b"257 ", quote(&path).as_slice(), b" ", text.as_bytes()].concat();
        prop_assert_eq!(decode(&reply(&line), Doubled), Ok(Pathname::from(path.as_slice())));
        let line = [b"257 \"", path.as_slice(), b"\" ", text.as_bytes()].concat();
        prop_assert_eq!(decode(&reply(&line), Undoubled), Ok(Pathname::from(path)));
    }
}
