//! Walks over trees, and their removal, on one session.

use ftp_proto::listing::Options;
use ftp_proto::operation::{AbsolutePath, ReadDirectory, Receiving, RemoveTree, WalkTree, Walked};
use ftp_proto::tree::{Doubt, Listing, Spared, TreeLimits, Unread, Walk};
use ftp_proto::{ArgumentError, Error, Verb};

use super::Pair;
use super::remote::{Remote, Style};

const STYLES: [Style; 3] = [Style::Long, Style::Facts, Style::Unique];

type Server = fn(&str) -> Option<&'static str>;

fn pair(remote: Remote) -> Pair {
    let mut pair = Pair::new(|_| None);
    pair.remote = Some(remote);
    pair
}

fn limits() -> TreeLimits {
    TreeLimits::default()
}

/// The paths that a walk passes on, and how it ends.
fn walked(pair: &mut Pair, from: &str, walk: Walk) -> (Vec<String>, Result<Walked, Error>) {
    let seen = std::cell::RefCell::new(Vec::new());
    let operation = WalkTree::new(from, walk, Options::new(), |path, entry| {
        let name = String::from_utf8_lossy(entry.name().as_bytes()).into_owned();
        assert_eq!(path.name(), name.as_bytes());
        seen.borrow_mut().push(path.to_string());
    });
    let outcome = pair.run_feeding(operation, Receiving::feed);
    (seen.into_inner(), outcome)
}

/// What a walk did not read, and why.
fn unread(walked: &Walked) -> Vec<(String, Unread)> {
    let named = walked.unread.iter();
    named.map(|(path, why)| (path.to_string(), *why)).collect()
}

fn remove(pair: &mut Pair, at: &str, limits: TreeLimits) -> Result<Vec<(String, Spared)>, Error> {
    let operation = RemoveTree::new(at, limits, Options::new()).unwrap();
    let spared = pair.run_feeding(operation, RemoveTree::feed)?;
    let named = spared.iter();
    Ok(named.map(|(path, why)| (path.to_string(), *why)).collect())
}

fn here(pair: &Pair) -> &str {
    &pair.remote.as_ref().unwrap().here
}

fn paths(pair: &Pair) -> Vec<&str> {
    pair.remote.as_ref().unwrap().paths()
}

#[test]
fn a_walk_sees_everything_and_comes_back() {
    for style in STYLES {
        for backslashes in [false, true] {
            for from in ["", "/home", ".", "/home/"] {
                let files = ["/home/a/b/f", "/home/a/g", "/home/h", "/other/x"];
                let mut pair = pair(Remote::new(style, &files, &[]));
                pair.remote.as_mut().unwrap().has_backslashes = backslashes;
                if from == "." && backslashes {
                    continue;
                }
                let (seen, outcome) = walked(&mut pair, from, Walk::new(limits()));
                let row = format!("{style:?} {backslashes} {from:?}");
                assert_eq!(seen, ["a", "h", "a/b", "a/g", "a/b/f"], "{row}");
                let outcome = outcome.unwrap();
                assert_eq!((outcome.entries, outcome.is_limited), (5, false), "{row}");
                assert_eq!(unread(&outcome), [], "{row}");
                assert_eq!(here(&pair), "/home", "{row}");
            }
        }
    }
}

#[test]
fn a_walk_does_not_follow_a_link_that_looks_like_a_directory() {
    let links = [("/home/a/loop", "/home"), ("/home/out", "/other")];
    for style in STYLES {
        let files = ["/home/a/f", "/other/x"];
        let mut pair = pair(Remote::new(style, &files, &links));
        let (mut seen, outcome) = walked(&mut pair, "/home", Walk::new(limits()));
        let outcome = outcome.unwrap();
        let expected: &[_] = match style {
            Style::Long => &[],
            Style::Facts => &[("a/loop", Unread::Elsewhere), ("out", Unread::Elsewhere)],
            // The fact shows a directory above, and does not tell a link.
            Style::Unique => &[],
        };
        if style == Style::Unique {
            assert_eq!(seen.pop().as_deref(), Some("out/x"));
        }
        assert_eq!(seen, ["a", "out", "a/f", "a/loop"], "{style:?}");
        let expected: Vec<_> = expected
            .iter()
            .map(|(at, why)| ((*at).to_owned(), *why))
            .collect();
        assert_eq!(unread(&outcome), expected);
        assert_eq!(here(&pair), "/home");
    }
}

#[test]
fn a_walk_that_follows_links_never_enters_a_directory_that_it_is_in() {
    let links = [("/home/a/loop", "/home"), ("/home/out", "/other")];
    for style in STYLES {
        let files = ["/home/a/f", "/other/x"];
        let mut pair = pair(Remote::new(style, &files, &links));
        let walk = Walk::new(limits()).follow_links();
        let (seen, outcome) = walked(&mut pair, "/home", walk);
        assert_eq!(seen, ["a", "out", "a/f", "a/loop", "out/x"], "{style:?}");
        let again = match style {
            Style::Unique => vec![],
            _ => vec![("a/loop".to_owned(), Unread::Again)],
        };
        assert_eq!(unread(&outcome.unwrap()), again, "{style:?}");
        assert_eq!(here(&pair), "/home");
    }
}

#[test]
fn a_walk_stays_within_its_limits() {
    let files = ["/home/a/b/c/f", "/home/g"];
    let depth = TreeLimits {
        depth_max: 1,
        ..limits()
    };
    let entries = TreeLimits {
        entries_max: 3,
        ..limits()
    };
    // `a`, `g`, `a/b`
    let bytes = TreeLimits {
        bytes_max: 5,
        ..limits()
    };
    for (limits, seen, counted) in [(depth, 3, 3), (entries, 4, 4), (bytes, 4, 4)] {
        let mut pair = pair(Remote::new(Style::Facts, &files, &[]));
        let (all, outcome) = walked(&mut pair, "/home", Walk::new(limits));
        let outcome = outcome.unwrap();
        assert_eq!(
            (all.len(), outcome.entries, outcome.is_limited),
            (seen, counted, true)
        );
        assert_eq!(here(&pair), "/home");
    }
}

#[test]
fn a_walk_notes_what_it_cannot_read_and_goes_on() {
    let rows: [(Server, Unread); 4] = [
        (
            |line| (line == "CWD /home/a").then_some("550 Forbidden."),
            Unread::Refused,
        ),
        (
            |line| (line == "CWD /home/a").then_some("450 Not now."),
            Unread::Failed,
        ),
        (
            |line| (line == "MLSD").then_some("451 Local error."),
            Unread::Failed,
        ),
        (
            |line| (line == "CWD /home/a").then_some("250 Gone nowhere."),
            Unread::Elsewhere,
        ),
    ];
    for (first, why) in rows {
        let mut pair = pair(Remote::new(Style::Facts, &["/home/a/f", "/home/b/g"], &[]));
        pair.first = first;
        let (seen, outcome) = walked(&mut pair, "/home", Walk::new(limits()));
        if first("MLSD").is_some() {
            // The directory itself cannot be read: that is the outcome.
            let error = outcome.unwrap_err();
            assert_eq!(error.reply().unwrap().code().get(), 451);
            assert_eq!(here(&pair), "/home");
            continue;
        }
        assert_eq!(seen, ["a", "b", "b/g"], "{why:?}");
        let outcome = outcome.unwrap();
        assert_eq!(unread(&outcome), [("a".to_owned(), why)]);
        assert!(!outcome.is_limited);
        assert_eq!(here(&pair), "/home");
    }
    // The end of the session ends the walk.
    let mut pair = pair(Remote::new(Style::Facts, &["/home/a/f", "/home/b/g"], &[]));
    pair.first = |line| (line == "CWD /home/a").then_some("421 Good bye.");
    let (seen, outcome) = walked(&mut pair, "/home", Walk::new(limits()));
    assert_eq!(seen, ["a", "b"]);
    let error = outcome.unwrap_err();
    assert_eq!((error.is_fatal(), error.verb()), (true, Some(Verb::Cwd)));
    assert_eq!(error.reply().unwrap().code().get(), 421);
    // From a directory that is not there, the way back is gone as well.
    let mut pair = self::pair(Remote::new(Style::Facts, &["/home/f"], &[]));
    let (seen, outcome) = walked(&mut pair, "/nosuch", Walk::new(limits()));
    let error = outcome.unwrap_err();
    assert_eq!((error.verb(), seen.len()), (Some(Verb::Cwd), 0));
    assert_eq!(here(&pair), "/home");
}

#[test]
fn a_listing_beyond_the_limits_of_a_session_is_left_out() {
    let mut pair = Pair::configured(|_| None, |config| config.limits.listing_entries_max = 2);
    let files = ["/home/a/1", "/home/a/2", "/home/a/3", "/home/b/4"];
    pair.remote = Some(Remote::new(Style::Unique, &files, &[]));
    let (seen, outcome) = walked(&mut pair, "/home", Walk::new(limits()));
    assert_eq!(unread(&outcome.unwrap()), [("a".to_owned(), Unread::Limit)]);
    assert_eq!(seen, ["a", "b", "a/1", "a/2", "b/4"]);
}

#[test]
fn a_walk_without_pwd_goes_by_relative_paths_and_asks_nothing() {
    let answers: [Server; 3] = [
        |line| (line == "PWD").then_some("500 What?"),
        |line| (line == "PWD").then_some("257 somewhere"),
        |line| (line == "PWD").then_some("257 \"[HOME]\" is here."),
    ];
    for first in answers {
        let mut pair = Pair::configured(first, |config| config.listing_by_argument = true);
        pair.remote = Some(Remote::new(Style::Facts, &["/home/a/f"], &[]));
        let (seen, outcome) = walked(&mut pair, "", Walk::new(limits()));
        assert_eq!(seen, ["a", "a/f"]);
        assert_eq!(unread(&outcome.unwrap()), []);
        assert_eq!(
            pair.take_sent(),
            ["PWD", "FEAT", "TYPE I", "MLSD", "MLSD a"]
        );
    }
}

#[test]
fn names_that_are_no_part_of_a_path_are_passed_over() {
    let mut pair = pair(Remote::new(Style::Facts, &["/home/f"], &[]));
    pair.remote.as_mut().unwrap().also =
        "type=file; ..\r\ntype=file; x/y\r\ntype=dir; /\r\ntype=dir; ../..\r\n";
    let (seen, outcome) = walked(&mut pair, "/home", Walk::new(limits()));
    assert_eq!(seen, ["f"]);
    assert_eq!(unread(&outcome.unwrap()), []);
}

#[test]
fn a_removal_takes_the_directory_and_what_is_in_it_and_nothing_else() {
    let kept = ["/home", "/home/g", "/other", "/other/x"];
    for style in STYLES {
        for at in ["old", "/home/old", "old///", "./old", "/home//old/"] {
            let files = [
                "/home/old/a/b/f",
                "/home/old/h",
                "/home/old/empty/",
                "/home/g",
                "/other/x",
            ];
            let links = [
                ("/home/old/out", "/other"),
                ("/home/old/a/up", "/home"),
                ("/home/old/file", "/other/x"),
            ];
            let mut pair = pair(Remote::new(style, &files, &links));
            let spared = remove(&mut pair, at, limits()).unwrap();
            assert_eq!(spared, [], "{style:?} {at}");
            assert_eq!(paths(&pair), kept, "{style:?} {at}");
            assert_eq!(here(&pair), "/home");
        }
    }
}

#[test]
fn a_link_that_dele_refuses_is_not_entered_by_a_removal() {
    for style in STYLES {
        let links = [("/home/old/out", "/other")];
        let files = ["/home/old/a/f", "/home/old/g", "/other/x"];
        let mut pair = pair(Remote::new(style, &files, &links));
        pair.first = |line| (line == "DELE /home/old/out").then_some("550 No.");
        let spared = remove(&mut pair, "old", limits()).unwrap();
        let why = match style {
            Style::Long => Spared::Refused,
            _ => Spared::Unread(Unread::Elsewhere),
        };
        assert_eq!(spared, [("out".to_owned(), why)], "{style:?}");
        assert_eq!(
            paths(&pair),
            ["/home", "/home/old", "/home/old/out", "/other", "/other/x"]
        );
    }
}

#[test]
fn a_directory_that_is_itself_a_link_is_not_emptied() {
    for style in STYLES {
        let links = [("/home/old", "/other")];
        let mut pair = pair(Remote::new(style, &["/home/g", "/other/x"], &links));
        let before = paths(&pair).len();
        let spared = remove(&mut pair, "old", limits()).unwrap();
        assert_eq!(spared, [(String::new(), Spared::Unread(Unread::Elsewhere))]);
        assert_eq!(paths(&pair).len(), before);
        assert_eq!(here(&pair), "/home");
        // A link on the way to the directory is no reason.
        let mut pair = self::pair(Remote::new(
            style,
            &["/other/old/x"],
            &[("/home/l", "/other")],
        ));
        assert_eq!(remove(&mut pair, "l/old", limits()), Ok(vec![]));
        assert_eq!(paths(&pair), ["/home", "/home/l", "/other"]);
    }
}

/// What the server refuses, what is spared with which reason, and how much is left.
#[test]
fn what_a_removal_cannot_do_is_named_and_the_rest_is_done() {
    let hidden = Spared::Doubt(Doubt::Hidden);
    type Row = (Server, &'static str, Spared, &'static [&'static str]);
    let rows: [Row; 6] = [
        (
            |line| (line == "DELE /home/old/a/f").then_some("450 Busy."),
            "a/f",
            Spared::Refused,
            &["/home/old", "/home/old/a", "/home/old/a/f"],
        ),
        (
            |line| (line == "RMD /home/old/a").then_some("550 No."),
            "a",
            Spared::Refused,
            &["/home/old", "/home/old/a"],
        ),
        (
            |line| (line == "RMD /home/old").then_some("550 No."),
            "",
            Spared::Refused,
            &["/home/old"],
        ),
        (
            |line| (line == "CWD /home/old/a").then_some("550 No."),
            "a",
            Spared::Unread(Unread::Refused),
            &["/home/old", "/home/old/a", "/home/old/a/f"],
        ),
        (
            |line| (line == "CWD /home/old/a").then_some("450 Not now."),
            "a",
            Spared::Unread(Unread::Failed),
            &["/home/old", "/home/old/a", "/home/old/a/f"],
        ),
        // LIST alone may hide what is there.
        (
            |line| (line == "LIST -a").then_some("501 No such option."),
            "",
            hidden,
            &["/home/old", "/home/old/a", "/home/old/a/f", "/home/old/g"],
        ),
    ];
    for (first, at, why, left) in rows {
        let mut pair = pair(Remote::new(
            Style::Long,
            &["/home/old/a/f", "/home/old/g"],
            &[],
        ));
        pair.first = first;
        let spared = remove(&mut pair, "/home/old", limits()).unwrap();
        assert_eq!(spared, [(at.to_owned(), why)]);
        assert_eq!(paths(&pair)[1..], *left, "{why:?}");
        assert_eq!(here(&pair), "/home");
    }
}

#[test]
fn a_removal_that_cannot_begin_fails_and_comes_back() {
    for at in ["nosuch", "nosuch/old", "/home/g"] {
        let mut pair = pair(Remote::new(Style::Facts, &["/home/g"], &[]));
        let error = remove(&mut pair, at, limits()).unwrap_err();
        assert_eq!(error.verb(), Some(Verb::Cwd), "{at}");
        assert_eq!((here(&pair), paths(&pair).len()), ("/home", 2), "{at}");
    }
    // It ends with the session, whatever is under way.
    let ends: [Server; 6] = [
        |line| (line == "PWD").then_some("421 Good bye."),
        |line| (line == "CWD /home").then_some("421 Good bye."),
        |line| (line == "CWD /home/old").then_some("421 Good bye."),
        |line| {
            line.starts_with("CWD /home/old/a")
                .then_some("421 Good bye.")
        },
        |line| line.starts_with("DELE").then_some("421 Good bye."),
        |line| line.starts_with("RMD").then_some("421 Good bye."),
    ];
    for first in ends {
        let mut pair = pair(Remote::new(Style::Facts, &["/home/old/a/f"], &[]));
        pair.first = first;
        let error = remove(&mut pair, "/home/old", limits()).unwrap_err();
        assert!(error.is_fatal(), "{error:?}");
        assert_eq!(error.reply().unwrap().code().get(), 421);
        let last = pair.take_sent().pop().unwrap();
        assert!(first(&last).is_some(), "{last}");
    }
}

#[test]
fn a_removal_stays_within_its_limits() {
    let files = ["/home/old/a/b/f", "/home/old/g"];
    let depth = TreeLimits {
        depth_max: 1,
        ..limits()
    };
    let entries = TreeLimits {
        entries_max: 2,
        ..limits()
    };
    for (limits, at) in [(depth, "a/b"), (entries, "a")] {
        let mut pair = pair(Remote::new(Style::Facts, &files, &[]));
        let spared = remove(&mut pair, "old", limits).unwrap();
        assert_eq!(spared, [(at.to_owned(), Spared::Limit)]);
        let left = [
            "/home",
            "/home/old",
            "/home/old/a",
            "/home/old/a/b",
            "/home/old/a/b/f",
        ];
        assert_eq!(paths(&pair), left);
    }
}

#[test]
fn names_that_cannot_be_sent_back_are_spared() {
    let mut pair = pair(Remote::new(Style::Facts, &["/home/old/f"], &[]));
    pair.remote.as_mut().unwrap().also = "type=file; x/y\r\n";
    let spared = remove(&mut pair, "old", limits()).unwrap();
    assert_eq!(spared, [(String::new(), Spared::Name)]);
    assert_eq!(paths(&pair), ["/home", "/home/old"]);
    // What a line says that nobody understands is not known.
    let mut pair = self::pair(Remote::new(Style::Facts, &["/home/old/f"], &[]));
    pair.remote.as_mut().unwrap().also = "ls: old: Input/output error\r\n";
    let spared = remove(&mut pair, "old", limits()).unwrap();
    assert_eq!(
        spared,
        [(String::new(), Spared::Doubt(Doubt::NotUnderstood))]
    );
    assert_eq!(paths(&pair), ["/home", "/home/old", "/home/old/f"]);
}

#[test]
fn only_a_name_is_removed() {
    for at in ["", "/", "//", ".", "..", "a/..", "a/.", "a/../"] {
        let operation = RemoveTree::new(at, limits(), Options::new());
        assert_eq!(operation.err(), Some(ArgumentError::Empty), "{at:?}");
    }
    assert!(RemoveTree::new("a\r\nDELE b", limits(), Options::new()).is_err());
}

#[test]
fn a_removal_without_pwd_goes_by_relative_paths() {
    let mut pair = Pair::configured(
        |line| (line == "PWD").then_some("500 What?"),
        |config| config.listing_by_argument = true,
    );
    pair.remote = Some(Remote::new(
        Style::Facts,
        &["/home/old/a/f", "/home/g"],
        &[],
    ));
    assert_eq!(remove(&mut pair, "old", limits()), Ok(vec![]));
    assert_eq!(paths(&pair), ["/home", "/home/g"]);
    let expected = [
        "PWD",
        "FEAT",
        "TYPE I",
        "MLSD old",
        "DELE old/a",
        "MLSD old/a",
        "DELE old/a/f",
        "RMD old/a",
        "RMD old",
    ];
    assert_eq!(pair.take_sent(), expected);
}

/// Without a way back nothing else would show it.
#[test]
fn the_end_of_a_session_is_the_error_where_nothing_is_left_to_do() {
    let pair = |server: Server| {
        let mut pair = Pair::configured(server, |config| config.listing_by_argument = true);
        pair.first = |line| (line == "PWD").then_some("500 What?");
        pair.remote = Some(Remote::new(Style::Facts, &["/home/old/a/f"], &[]));
        pair
    };
    let ends: [Server; 3] = [
        |line| (line == "MLSD old/a").then_some("421 Good bye."),
        |line| (line == "DELE old/a/f").then_some("421 Good bye."),
        |line| (line == "RMD old").then_some("421 Good bye."),
    ];
    for server in ends {
        let error = remove(&mut pair(server), "old", limits()).unwrap_err();
        assert!(error.is_fatal(), "{error:?}");
    }
    let mut pair = pair(|line| (line == "MLSD old/a").then_some("421 Good bye."));
    let (seen, outcome) = walked(&mut pair, "old", Walk::new(limits()));
    assert_eq!(seen, ["a"]);
    assert!(outcome.unwrap_err().is_fatal());
}

fn read(pair: &mut Pair, base: &str) -> Result<Result<Listing, Unread>, Error> {
    let place = Walk::new(limits()).next_place().unwrap();
    let operation = ReadDirectory::new(&place, base.as_bytes(), Options::new()).unwrap();
    pair.run_feeding(operation, ReadDirectory::feed)
}

#[test]
fn a_directory_is_read_with_what_identifies_it() {
    for style in STYLES {
        let mut pair = pair(Remote::new(
            style,
            &["/home/d/f"],
            &[("/home/l", "/home/d")],
        ));
        let listing = read(&mut pair, "/home/l").unwrap().unwrap();
        assert_eq!(listing.objects().len(), 1);
        assert_eq!(listing.objects()[0].name().as_bytes(), b"f");
        assert_eq!(listing.objects()[0].size(), Some(5));
        assert!(listing.is_complete());
        assert_eq!(listing.tells_links(), style == Style::Long);
        assert_eq!(listing.pathname().unwrap().as_bytes(), b"/home/d");
        let unique = (style == Style::Unique).then_some(&b"U-home-d"[..]);
        assert_eq!(listing.unique(), unique);
    }
    // Nothing is asked where a path depends on the working directory.
    let mut pair = pair(Remote::new(Style::Facts, &["/home/d/f"], &[]));
    let listing = read(&mut pair, "").unwrap().unwrap();
    assert_eq!((listing.objects().len(), listing.pathname()), (1, None));
    assert_eq!(pair.take_sent(), ["FEAT", "TYPE I", "MLSD"]);
}

#[test]
fn a_listing_tells_why_it_may_lack_something() {
    let rows: [(Server, Option<Doubt>); 4] = [
        (|_| None, None),
        (
            |line| (line == "LIST -a").then_some("501 No such option."),
            Some(Doubt::Hidden),
        ),
        (
            |line| line.starts_with("LIST").then_some("450 No files found."),
            Some(Doubt::NotConfirmed),
        ),
        (
            |line| line.starts_with("LIST").then_some("550 No files found."),
            Some(Doubt::NotConfirmed),
        ),
    ];
    for (first, doubt) in rows {
        let mut pair = pair(Remote::new(Style::Long, &["/home/f"], &[]));
        pair.first = first;
        let listing = read(&mut pair, "/home").unwrap().unwrap();
        assert_eq!(listing.doubt(), doubt);
    }
}

#[test]
fn a_path_becomes_absolute_by_pwd() {
    let rows = [
        ("/home", "", "/home"),
        ("/home", "a/b", "/home/a/b"),
        ("/", "a", "/a"),
        ("/home", "/a", "/a"),
        ("/home", "\\a", "\\a"),
        ("/home", "C:\\a", "C:\\a"),
        ("/home", "1:a", "/home/1:a"),
        ("/home", ":a", "/home/:a"),
    ];
    for (here, of, expected) in rows {
        let mut pair = pair(Remote::new(Style::Long, &["/home/f"], &[]));
        pair.remote.as_mut().unwrap().here = here.to_owned();
        let told = pair.run(AbsolutePath::new(of)).unwrap();
        assert_eq!(told.as_bytes(), expected.as_bytes(), "{of}");
    }
    let answers: [Server; 3] = [
        |_| Some("502 What?"),
        |_| Some("257 somewhere"),
        |_| Some("257 \"pub\""),
    ];
    for server in answers {
        let told = Pair::new(server).run(AbsolutePath::new("a")).unwrap();
        assert_eq!(told.as_bytes(), b"a");
    }
    let error = Pair::new(|_| Some("421 Good bye.")).run(AbsolutePath::new("a"));
    assert!(error.unwrap_err().is_fatal());
}
