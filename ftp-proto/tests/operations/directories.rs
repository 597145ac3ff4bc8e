//! Directories that are made, and what PWD tells of them.

use ftp_proto::operation::{ChangeDirectory, Exchange, MakeDirectories, MakeDirectory};
use ftp_proto::pathname::Pathname;
use ftp_proto::{ErrorKind, Leniency, Verb};

use super::remote::{Remote, Style};
use super::{Pair, path};

type Server = fn(&str) -> Option<&'static str>;

#[test]
fn what_a_257_tells_of_a_new_directory_counts_if_it_is_certainly_its_path() {
    type Row = (&'static str, Server, Option<&'static str>);
    let rows: [Row; 15] = [
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
        // Another name between separators.
        ("new", |_| Some(r#"257 "C:\pub\old" created"#), None),
        ("new", |_| Some(r#"257 "C:\pub\renewed" created"#), None),
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

/// What is asked for, what is there, what is sent, and whether it is there behind it.
#[test]
fn directories_are_made_as_far_as_they_are_missing() {
    let visit = ["PWD", "CWD a/b/c", "CWD /home"];
    let all = ["MKD a/b/c", "MKD a", "MKD a/b", "MKD a/b/c"];
    let rows: [(&str, &[&str], Vec<&str>); 8] = [
        ("a", &[], vec!["MKD a"]),
        ("a/b/c", &["/home/a/b/x"], vec!["MKD a/b/c"]),
        ("a/b/c", &[], all.to_vec()),
        ("a/b/c", &["/home/a/x"], all.to_vec()),
        ("a/b/c", &["/home/a/b/c/x"], [&all[..], &visit].concat()),
        ("/a/b", &[], vec!["MKD /a/b", "MKD /a", "MKD /a/b"]),
        (
            "//a//b/",
            &[],
            vec!["MKD //a//b/", "MKD //a", "MKD //a//b", "MKD //a//b/"],
        ),
        (
            "a",
            &["/home/a/x"],
            vec!["MKD a", "PWD", "CWD a", "CWD /home"],
        ),
    ];
    for (of, there, expected) in rows {
        let files = [&["/home/g"], there].concat();
        let mut pair = Pair::new(|_| None);
        pair.remote = Some(Remote::new(Style::Long, &files, &[]));
        let made = pair.run(MakeDirectories::new(path(of)));
        assert_eq!(pair.take_sent(), expected, "{of} {there:?}");
        assert_eq!(made, Ok(()), "{of} {there:?}");
        assert_eq!(pair.remote.as_ref().unwrap().here, "/home");
        let of = of.trim_matches('/').replace("//", "/");
        let remote = pair.remote.as_ref().unwrap();
        let is_there = remote.paths().iter().any(|path| path.ends_with(&*of));
        assert!(is_there, "{of} {there:?}");
    }
}

/// What the server answers, and the step and code of the error.
#[test]
fn directories_that_cannot_be_made_are_an_error() {
    type Row = (&'static str, Server, Verb, u16);
    let rows: [Row; 8] = [
        (
            "a",
            |line| (line == "MKD a").then_some("553 No."),
            Verb::Mkd,
            553,
        ),
        (
            "a/b",
            |line| line.starts_with("MKD").then_some("553 No."),
            Verb::Mkd,
            553,
        ),
        (
            "a/b",
            |line| (line == "MKD a/b").then_some("450 Not now."),
            Verb::Mkd,
            450,
        ),
        (
            "a",
            |line| (line == "MKD a").then_some("421 Bye."),
            Verb::Mkd,
            421,
        ),
        (
            "a/b",
            |line| (line == "MKD a/b").then_some("421 Bye."),
            Verb::Mkd,
            421,
        ),
        (
            "a/b",
            |line| (line == "MKD a").then_some("421 Bye."),
            Verb::Mkd,
            421,
        ),
        // Where nobody tells the way back, nobody looks.
        (
            "a",
            |line| match line {
                "MKD a" => Some("553 No."),
                "PWD" => Some("500 What?"),
                _ => None,
            },
            Verb::Mkd,
            553,
        ),
        (
            "a",
            |line| match line {
                "MKD a" => Some("553 No."),
                "PWD" => Some("421 Bye."),
                _ => None,
            },
            Verb::Pwd,
            421,
        ),
    ];
    for (number, (of, first, verb, code)) in rows.into_iter().enumerate() {
        let mut pair = Pair::new(|_| None);
        pair.remote = Some(Remote::new(Style::Long, &["/home/g"], &[]));
        pair.first = first;
        let error = pair
            .run(MakeDirectories::new(path(of)))
            .expect_err(&format!("{number}"));
        assert_eq!(error.verb(), Some(verb), "{number}");
        assert_eq!(error.reply().unwrap().code().get(), code, "{number}");
        assert_eq!(error.is_fatal(), code == 421, "{number}");
        let sent = pair.take_sent();
        assert!(
            code != 421 || first(sent.last().unwrap()).is_some(),
            "{sent:?}"
        );
        assert!(matches!(error.kind(), ErrorKind::Refused(_)), "{error:?}");
    }
}

/// The path, what the server answers, the commands, and the step and code of the error.
#[test]
fn two_dots_go_up_by_cdup_where_the_server_knows_it() {
    type Row = (
        &'static str,
        Server,
        &'static [&'static str],
        Option<(Verb, u16)>,
    );
    let rows: [Row; 7] = [
        (
            "..",
            |line| (line == "CDUP").then_some("200 Up."),
            &["CDUP"],
            None,
        ),
        (
            "..",
            |line| (line == "CDUP").then_some("250 Up."),
            &["CDUP"],
            None,
        ),
        (
            "..",
            |line| (line == "CWD ..").then_some("250 Up."),
            &["CDUP", "CWD .."],
            None,
        ),
        (
            "..",
            |line| (line == "CDUP").then_some("550 No way up."),
            &["CDUP"],
            Some((Verb::Cdup, 550)),
        ),
        (
            "..",
            |line| (line == "CWD ..").then_some("550 No way up."),
            &["CDUP", "CWD .."],
            Some((Verb::Cwd, 550)),
        ),
        (
            "",
            |line| (line == "CWD .").then_some("250 Here."),
            &["CWD ."],
            None,
        ),
        (
            "../a",
            |line| (line == "CWD ../a").then_some("250 There."),
            &["CWD ../a"],
            None,
        ),
    ];
    for (to, server, commands, refused) in rows {
        let mut pair = Pair::new(server);
        let outcome = pair.run(ChangeDirectory::new(to).unwrap());
        assert_eq!(pair.take_sent(), commands);
        let told = outcome.err().map(|error| {
            let code = error.reply().unwrap().code().get();
            (error.verb().unwrap(), code)
        });
        assert_eq!(told, refused, "{to}");
    }
}

/// The session may end between the first MKD and the same one at the end.
#[test]
fn a_session_that_ends_while_directories_are_made_is_the_error() {
    use std::sync::atomic::{AtomicU32, Ordering};
    static TIMES: AtomicU32 = AtomicU32::new(0);
    let mut pair = Pair::new(|line| match line {
        "MKD a/b" if TIMES.fetch_add(1, Ordering::Relaxed) == 0 => Some("550 No."),
        "MKD a/b" => Some("421 Bye."),
        "MKD a" => Some("257 \"/a\" created."),
        _ => None,
    });
    let error = pair.run(MakeDirectories::new(path("a/b"))).unwrap_err();
    assert_eq!((error.is_fatal(), error.verb()), (true, Some(Verb::Mkd)));
    assert_eq!(pair.take_sent(), ["MKD a/b", "MKD a", "MKD a/b"]);
}
