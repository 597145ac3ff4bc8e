//! Directories that are made.

use ftp_proto::operation::MakeDirectory;
use ftp_proto::pathname::Pathname;

use super::{Pair, path};

#[test]
fn what_a_257_tells_of_a_new_directory_counts_if_it_is_certainly_its_path() {
    type Row = (
        &'static str,
        fn(&str) -> Option<&'static str>,
        Option<&'static str>,
    );
    let rows: [Row; 13] = [
        (
            "new",
            |_| Some(r#"257 "/pub/new" created"#),
            Some("/pub/new"),
        ),
        ("new", |_| Some(r#"257 "new" created"#), Some("new")),
        ("sub/new/", |_| Some(r#"257 "sub/new""#), Some("sub/new")),
        ("new", |_| Some("257 /pub/new"), Some("/pub/new")),
        (
            "new",
            |_| Some(r#"257 "C:\pub\New" created"#),
            Some(r"C:\pub\New"),
        ),
        (
            "new",
            |_| Some(r#"257 "DISK:[PUB.NEW]" created"#),
            Some("DISK:[PUB.NEW]"),
        ),
        (
            "new",
            |_| Some(r#"257 "'DEPT7.NEW.'" created"#),
            Some("'DEPT7.NEW.'"),
        ),
        ("new", |_| Some(r#"257 "Operation successful""#), None),
        ("new", |_| Some(r#"257 "new directory made""#), None),
        ("new", |_| Some(r#"257 "" created"#), None),
        ("new", |_| Some("250 Made."), None),
        (r#"a "b" c"#, |_| Some(r#"257 "/a "b" c" created"#), None),
        (
            r#"a "b" c"#,
            |_| Some(r#"257 "/a ""b"" c" created"#),
            Some(r#"/a "b" c"#),
        ),
    ];
    for (asked, server, told) in rows {
        let mut pair = Pair::new(server);
        let made = pair.run(MakeDirectory::new(path(asked))).unwrap();
        let reply = server("").unwrap();
        assert_eq!(made, told.map(Pathname::from), "{asked}, {reply}");
    }
}
