//! Directories that are made, and what PWD tells of them.

use ftp_proto::Leniency;
use ftp_proto::operation::{Exchange, MakeDirectory};
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

/// An answer to PWD where no quote is in the pathname, and another one on the same server.
#[test]
fn what_follows_a_pathname_shows_whether_quotes_are_doubled() {
    type Server = fn(&str) -> Option<&'static str>;
    let rows: [(Server, Server, &str); 9] = [
        // Without doubling: a quote before a blank, at the end, and alone.
        (
            |_| Some(r#"257 "/" is here"#),
            |_| Some(r#"257 "/a "b" c" is here"#),
            r#"/a "b" c"#,
        ),
        (
            |_| Some(r#"257 "/" is here"#),
            |_| Some(r#"257 "/a"" is here"#),
            r#"/a""#,
        ),
        (
            |_| Some(r#"257 "/""#),
            |_| Some(r#"257 "/a" b""#),
            r#"/a" b"#,
        ),
        // The name ends like the words behind it.
        (
            |_| Some(r#"257 "/" is here"#),
            |_| Some(r#"257 "/a" is here" is here"#),
            r#"/a" is here"#,
        ),
        // Doubled.
        (
            |_| Some(r#"257 "/" is here"#),
            |_| Some(r#"257 "/a ""b"" c" is here"#),
            r#"/a "b" c"#,
        ),
        // Pairs can be either, and RFC 959 says which.
        (
            |_| Some(r#"257 "/" is here"#),
            |_| Some(r#"257 "/a"" b" is here"#),
            r#"/a" b"#,
        ),
        // What follows has quotes, or is something else.
        (
            |_| Some(r#"257 "/" is "here""#),
            |_| Some(r#"257 "/a" is "here""#),
            "/a",
        ),
        (
            |_| Some(r#"257 "/" is here"#),
            |_| Some(r#"257 "/a" is here, and was "/b""#),
            "/a",
        ),
        // Nothing is known yet.
        (
            |_| Some(r#"257 "/a "b" c" is here"#),
            |_| Some(r#"257 "/a "b" c" is here"#),
            r#"/a "b"#,
        ),
    ];
    for (first, then, expected) in rows {
        let mut pair = Pair::new(first);
        pair.run(Exchange::working_directory()).unwrap();
        pair.server = then;
        let told = pair.run(Exchange::working_directory()).unwrap();
        assert_eq!(told, Pathname::from(expected), "{:?}", then(""));
        let used = pair.session.leniencies_used();
        assert!(!used.contains(Leniency::UndoubledQuotes));
    }
}
