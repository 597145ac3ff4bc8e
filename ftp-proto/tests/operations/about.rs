//! What is asked about one object.

use ftp_proto::Error;
use ftp_proto::listing::{Kind, Options};
use ftp_proto::operation::{Exchange, Exists, Metadata, Receiving, Store};

use super::{Pair, path};

fn about(pair: &mut Pair, of: &str) -> Result<Option<(Kind, Option<u64>)>, Error> {
    let operation = Metadata::new(path(of)).or_listing(Options::new());
    let found = pair.run_feeding(operation, Metadata::feed)?;
    Ok(found.map(|entry| (entry.kind(), entry.size())))
}

#[test]
fn mlst_tells_everything() {
    let mut pair = Pair::new(|line| match line {
        "MLST a" => Some("250-Here:\r\n type=dir;modify=20210312141516; /home/a\r\n250 End"),
        "MLST b" => Some("550 No such file."),
        _ => None,
    });
    assert_eq!(about(&mut pair, "a"), Ok(Some((Kind::Directory, None))));
    assert_eq!(about(&mut pair, "b"), Ok(None));
    assert_eq!(pair.take_sent(), ["MLST a", "MLST b"]);
}

#[test]
fn size_and_mdtm_tell_of_a_file() {
    let mut pair = Pair::new(|line| match line {
        "MDTM a" => Some("213 20210312141516"),
        _ => None,
    });
    let entry = pair.run(Metadata::new(path("a"))).unwrap().unwrap();
    assert_eq!(
        (entry.name().as_bytes(), entry.kind(), entry.size()),
        (&b"a"[..], Kind::File, Some(10))
    );
    assert_eq!(
        entry.modified().unwrap().to_string(),
        "2021-03-12T14:15:16Z"
    );
    assert_eq!(pair.take_sent(), ["MLST a", "TYPE I", "SIZE a", "MDTM a"]);
    // MLST is not asked again, and a time that is not told is left out.
    let entry = pair.run(Metadata::new(path("b"))).unwrap().unwrap();
    assert_eq!(entry.modified(), None);
    assert_eq!(pair.take_sent(), ["SIZE b", "MDTM b"]);
}

/// The path, the listing's argument, and what is found.
#[test]
fn a_listing_of_the_parent_tells_of_a_directory_or_that_nothing_is_there() {
    const LINES: &[u8] =
        b"drwxr-xr-x 2 u g 512 Mar 1 2020 a\r\n-rw-r--r-- 1 u g 5 Mar 1 2020 b c\r\n";
    let rows = [
        ("a", "LIST -a", Some(Kind::Directory)),
        ("a/", "LIST -a", Some(Kind::Directory)),
        ("b c", "LIST -a", Some(Kind::File)),
        ("/a", "CWD /", Some(Kind::Directory)),
        ("x/y/a", "CWD x/y", Some(Kind::Directory)),
        ("nosuch", "LIST -a", None),
    ];
    for (of, listing, found) in rows {
        let mut pair = Pair::new(|line| match line.split(' ').next() {
            Some("SIZE") => Some("550 Not a plain file."),
            Some("LIST") => Some("150 Here it comes."),
            Some("PWD") => Some("257 \"/home\" is here."),
            Some("CWD") => Some("250 Gone there."),
            _ => None,
        });
        pair.payload = LINES.to_vec();
        let entry = about(&mut pair, of).unwrap();
        assert_eq!(entry.map(|(kind, _)| kind), found, "{of}");
        let size = format!("SIZE {of}");
        let mlst = format!("MLST {of}");
        let visit: &[&str] = match listing {
            "LIST -a" => &["FEAT"],
            enter => &["FEAT", "PWD", enter],
        };
        let asked = [&*mlst, "TYPE I", &*size];
        let expected = [&asked, visit, &["TYPE A", "LIST -a"]].concat();
        assert_eq!(pair.take_sent(), expected, "{of}");
    }
}

/// Some servers list an object by its path. Entries of the directory itself are nothing of that
/// name.
#[test]
fn the_name_in_a_listing_may_be_a_path() {
    let rows: [(&str, &[u8], bool); 5] = [
        ("x/a", b"drwxr-xr-x 2 u g 512 Mar 1 2020 x/a\r\n", true),
        (
            "x/a",
            b"drwxr-xr-x 2 u g 512 Mar 1 2020 /home/x/a\r\n",
            true,
        ),
        ("x/a", b"drwxr-xr-x 2 u g 512 Mar 1 2020 a/b\r\n", false),
        ("x/a", b"drwxr-xr-x 2 u g 512 Mar 1 2020 x/ba\r\n", false),
        ("x/a", b"", false),
    ];
    for (of, lines, is_there) in rows {
        let mut pair = Pair::new(|line| match line.split(' ').next() {
            Some("SIZE") => Some("550 Not a plain file."),
            Some("LIST") => Some("150 Here it comes."),
            Some("PWD") => Some("257 \"/home\" is here."),
            Some("CWD") => Some("250 Gone there."),
            _ => None,
        });
        pair.payload = lines.to_vec();
        let exists = Exists::new(Metadata::new(path(of)).or_listing(Options::new()));
        let row = String::from_utf8_lossy(lines);
        assert_eq!(
            pair.run_feeding(exists, Exists::feed),
            Ok(is_there),
            "{row}"
        );
    }
}

#[test]
fn metadata_that_no_command_tells_is_an_error() {
    let server = |line: &str| match line.split(' ').next() {
        Some("SIZE") => Some("550 Not a plain file."),
        Some("LIST") => Some("150 Here it comes."),
        _ => None,
    };
    // Nobody allowed a listing, or the path has no name in a directory.
    let mut pair = Pair::new(server);
    let error = pair.run(Metadata::new(path("a"))).unwrap_err();
    assert_eq!(error.reply().unwrap().code().get(), 550);
    for of in ["/", "..", "a/.", "//"] {
        assert!(about(&mut pair, of).is_err(), "{of}");
    }
    // The listing was not given to the operation: nobody knows what is not there.
    pair.payload = b"-rw-r--r-- 1 u g 5 Mar 1 2020 b\r\n".to_vec();
    let operation = Metadata::new(path("b")).or_listing(Options::new());
    let error = pair.run(operation).unwrap_err();
    assert_eq!(error.reply().unwrap().text_lossy(), "Not a plain file.");
}

#[test]
fn commands_of_the_extensions_have_exchanges() {
    let mut pair = Pair::new(|line| match line.split(' ').next() {
        Some("HOST") => Some("220 Welcome."),
        Some("LANG" | "CLNT" | "OPTS") => Some("200 So be it."),
        _ => None,
    });
    pair.run(Exchange::host(path("ftp.example.org"))).unwrap();
    pair.run(Exchange::language(Some(path("en")))).unwrap();
    pair.run(Exchange::language(None)).unwrap();
    pair.run(Exchange::client_name(path("robot 1.0"))).unwrap();
    pair.run(Exchange::select_facts(&["type", "size"]).unwrap())
        .unwrap();
    pair.run(Exchange::select_facts(&[]).unwrap()).unwrap();
    let sent = [
        "HOST ftp.example.org",
        "LANG en",
        "LANG",
        "CLNT robot 1.0",
        "OPTS MLST type;size;",
        "OPTS MLST",
    ];
    assert_eq!(pair.take_sent(), sent);
    Exchange::select_facts(&["a\r\nDELE b"]).unwrap_err();
}

/// Marks and final replies of STOU, and the name that the server chose.
#[test]
fn stou_tells_the_name_in_whatever_shape_it_comes() {
    let rows: [(&'static str, Option<&str>); 19] = [
        ("150 FILE: uniq.FfB4Dt", Some("uniq.FfB4Dt")),
        ("125 FILE: uniq.1", Some("uniq.1")),
        ("150 FILE: /uu", Some("/uu")),
        ("150 file: with blank.1", Some("with blank.1")),
        (
            "150 f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            Some("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
        ),
        (
            "150 Opening BINARY mode data connection for 'f.1'.",
            Some("f.1"),
        ),
        ("150 Opening data connection.", None),
        ("150 Ok", None),
        ("150 Don't stop, it's coming", None),
        ("226 /uu: Transfer complete.", Some("/uu")),
        ("226 Transfer complete (unique file name:f.1).", Some("f.1")),
        (
            "226 Transfer complete (unique file name:f(1)).",
            Some("f(1)"),
        ),
        (
            "226 Transfer complete; unique file name: \"f 1\"",
            Some("f 1"),
        ),
        ("250 \"f.1\" stored.", Some("f.1")),
        ("250 FILE: f.1", Some("f.1")),
        ("226 Transfer complete.", None),
        ("226-Transfer complete.\r\n226 FILE: f.1", Some("f.1")),
        ("550 FILE: f.1", None),
        ("226 FILE: ", None),
    ];
    for (reply, name) in rows {
        let (code, text) = reply.split_at(4);
        let code = ftp_proto::reply::ReplyCode::new(code[..3].parse().unwrap()).unwrap();
        let text = text.replace("\r\n226 ", "\n");
        let reply = ftp_proto::Reply::new(code, text.as_bytes());
        let found = ftp_proto::unique_name::decode(&reply);
        assert_eq!(
            found.as_ref().and_then(|path| path.to_str()),
            name,
            "{reply}"
        );
    }
    let mut pair = Pair::new(|line| (line == "STOU").then_some("150 FILE: uniq.FfB4Dt"));
    let completed = pair.run(Store::unique(None)).unwrap();
    assert_eq!(completed.unique_name().unwrap().as_bytes(), b"uniq.FfB4Dt");
    let mut pair = Pair::new(|_| None);
    assert_eq!(pair.run(Store::unique(None)).unwrap().unique_name(), None);
}

#[test]
fn a_refused_quit_ends_the_session_as_well() {
    let mut pair = Pair::new(|line| (line == "QUIT").then_some("500 Stay."));
    let error = pair.run(Exchange::quit()).unwrap_err();
    assert!(error.is_fatal());
    assert_eq!(error.reply().unwrap().code().get(), 500);
    assert!(pair.run(Exchange::noop()).unwrap_err().is_fatal());
}

/// A path with quotes that are not doubled, and whether it shows that a leniency was used.
#[test]
fn a_pathname_is_read_leniently_where_that_is_allowed() {
    use ftp_proto::Leniency;
    type Row = (fn(&str) -> Option<&'static str>, &'static str, bool);
    let rows: [Row; 2] = [
        (|_| Some(r#"257 "/a" is here."#), "/a", false),
        (|_| Some(r#"257 "/a "b"""#), "/a \"b\"", true),
    ];
    for (server, expected, is_used) in rows {
        let mut pair = Pair::configured(server, |config| {
            config.lenient = config.lenient.with(Leniency::UndoubledQuotes);
        });
        let told = pair.run(Exchange::working_directory()).unwrap();
        assert_eq!(told.to_str(), Some(expected));
        let used = pair.session.leniencies_used();
        assert_eq!(
            used.contains(Leniency::UndoubledQuotes),
            is_used,
            "{expected}"
        );
    }
}
