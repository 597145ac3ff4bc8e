//! Checksums, and what files are verified by.

use ftp_proto::checksum::{Algorithm, Checksum, ChecksumError, Mismatch, Verified};
use ftp_proto::operation::{AskChecksum, Verify};
use ftp_proto::{Error, ErrorKind, Misuse, Policy, Verb, Violation};

use super::{Pair, path};

type Server = fn(&str) -> Option<&'static str>;

const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
const CRC32: &str = "cbf43926";

const ALL: &str = "211-Features:\r\n HASH SHA-256*;SHA-1;MD5;CRC32\r\n RANG STREAM\r\n XSHA1\r\n\
                   211 End";

fn digits(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Sha256 => SHA256,
        Algorithm::Sha1 => SHA1,
        Algorithm::Md5 => MD5,
        _ => CRC32,
    }
}

fn violation(error: ChecksumError) -> ErrorKind {
    ErrorKind::Violation(Violation::Checksum(error))
}

/// What the server is asked after FEAT and TYPE I, and what comes of it.
fn asked(server: Server, ask: AskChecksum) -> (Vec<String>, Result<String, Error>) {
    let mut pair = Pair::new(server);
    let told = pair.run(ask).map(|checksum| checksum.to_string());
    let mut sent = pair.take_sent();
    assert_eq!(sent.remove(0), "FEAT");
    if sent.first().is_some_and(|line| line == "TYPE I") {
        sent.remove(0);
    }
    (sent, told)
}

#[test]
fn a_server_that_knows_nothing_is_asked_everything_that_fits() {
    let rows: [(Algorithm, &[&str]); 4] = [
        (Algorithm::Sha256, &["OPTS HASH SHA-256", "XSHA256 f"]),
        (Algorithm::Sha1, &["OPTS HASH SHA-1", "XSHA1 f"]),
        (Algorithm::Md5, &["OPTS HASH MD5", "XMD5 f", "MD5 f"]),
        (Algorithm::Crc32, &["OPTS HASH CRC32", "XCRC f"]),
    ];
    for (algorithm, ladder) in rows {
        let (sent, told) = asked(|_| None, AskChecksum::new(path("f"), algorithm));
        assert_eq!(sent, ladder);
        let error = told.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Policy(Policy::NoChecksum));
    }
    // MD5 tells of whole files alone.
    let part = AskChecksum::new(path("f"), Algorithm::Md5).range(2..5);
    let (sent, told) = asked(|_| None, part);
    assert_eq!(sent, ["OPTS HASH MD5", "XMD5 f 2 5"]);
    assert!(told.is_err());
}

#[test]
fn each_algorithm_has_a_command_of_its_own() {
    let server: Server = |line| match line {
        "XSHA256 f" => Some("250 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        "XSHA1 f" => Some("250 DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"),
        "XMD5 f" => Some("213 d41d8cd98f00b204e9800998ecf8427e"),
        "XCRC f" => Some("250 CBF43926"),
        _ => None,
    };
    for algorithm in Algorithm::ALL {
        let (_, told) = asked(server, AskChecksum::new(path("f"), algorithm));
        assert_eq!(told.as_deref(), Ok(digits(algorithm)));
    }
    // The last resort for MD5.
    let (sent, told) = asked(
        |line| (line == "MD5 f").then_some("251 f D41D8CD98F00B204E9800998ECF8427E"),
        AskChecksum::new(path("f"), Algorithm::Md5),
    );
    assert_eq!((sent.len(), told.as_deref()), (3, Ok(MD5)));
}

#[test]
fn an_algorithm_is_selected_once() {
    let mut pair = Pair::new(|line| match line {
        "FEAT" => Some(ALL),
        "OPTS HASH SHA-1" => Some("200 SHA-1"),
        "OPTS HASH SHA-256" => Some("200 SHA-256"),
        "HASH f" => Some("213 SHA-1 0-9 da39a3ee5e6b4b0d3255bfef95601890afd80709 f"),
        "HASH g" => Some(
            "213 SHA-256 0-9 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 g",
        ),
        _ => None,
    });
    let rows: [(&str, Algorithm, &[&str]); 4] = [
        // The star in FEAT marks what is in force.
        ("g", Algorithm::Sha256, &["FEAT", "TYPE I", "HASH g"]),
        ("f", Algorithm::Sha1, &["OPTS HASH SHA-1", "HASH f"]),
        ("f", Algorithm::Sha1, &["HASH f"]),
        ("g", Algorithm::Sha256, &["OPTS HASH SHA-256", "HASH g"]),
    ];
    for (of, algorithm, expected) in rows {
        let told = pair.run(AskChecksum::new(path(of), algorithm)).unwrap();
        assert_eq!(told.to_string(), digits(algorithm));
        assert_eq!(pair.take_sent(), expected);
        assert_eq!(
            pair.session.memory().hash,
            (expected.len() < 3).then_some(algorithm)
        );
    }
}

#[test]
fn what_feat_does_not_list_is_not_asked() {
    let (sent, told) = asked(
        |line| match line {
            "FEAT" => Some("211-Features:\r\n HASH SHA-256*;SHA-1\r\n XCRC\r\n211 End"),
            "XCRC f" => Some("250 cbf43926"),
            _ => None,
        },
        AskChecksum::new(path("f"), Algorithm::Crc32),
    );
    assert_eq!((sent, told.as_deref()), (vec!["XCRC f".into()], Ok(CRC32)));
    let md5: Server = |line| match line {
        "FEAT" => Some("211-Features:\r\n MD5\r\n XCRC\r\n211 End"),
        "MD5 f" => Some("251 d41d8cd98f00b204e9800998ecf8427e"),
        _ => None,
    };
    let (sent, told) = asked(md5, AskChecksum::new(path("f"), Algorithm::Md5));
    assert_eq!((sent, told.as_deref()), (vec!["MD5 f".into()], Ok(MD5)));
    let (sent, told) = asked(md5, AskChecksum::new(path("f"), Algorithm::Sha1));
    assert_eq!(sent, [""; 0]);
    let error = told.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Policy(Policy::NoChecksum));
}

#[test]
fn a_range_is_set_and_taken_back() {
    const WITHOUT_RANG: &str = "211-Features:\r\n HASH SHA-1*\r\n XSHA1\r\n211 End";
    const TOLD: &str = "213 SHA-1 2-4 da39a3ee5e6b4b0d3255bfef95601890afd80709 f";
    let set = ["OPTS HASH SHA-1", "RANG 2 4", "HASH f", "RANG 1 0"];
    let own = [
        "OPTS HASH SHA-1",
        "RANG 2 4",
        "HASH f",
        "RANG 1 0",
        "XSHA1 f 2 5",
    ];
    let no_rang = ["OPTS HASH SHA-1", "RANG 2 4", "XSHA1 f 2 5"];
    let rows: [(Server, &[&str]); 8] = [
        (
            |line| match line {
                "RANG 2 4" | "RANG 1 0" => Some("350 So be it."),
                "HASH f" => Some(TOLD),
                _ => None,
            },
            &set,
        ),
        (
            |line| match line {
                "RANG 2 4" => Some("200 So be it."),
                "HASH f" => Some(TOLD),
                _ => None,
            },
            &set,
        ),
        // The server hashes the whole file all the same.
        (
            |line| match line {
                "RANG 2 4" => Some("350 So be it."),
                "HASH f" => Some("213 SHA-1 0-9 da39a3ee5e6b4b0d3255bfef95601890afd80709 f"),
                _ => None,
            },
            &own,
        ),
        (
            |line| match line {
                "RANG 2 4" => Some("350 So be it."),
                "HASH f" => Some("502 Not here."),
                _ => None,
            },
            &own,
        ),
        (|line| (line == "RANG 2 4").then_some("500 What?"), &no_rang),
        (|line| (line == "RANG 2 4").then_some("501 What?"), &no_rang),
        (|line| (line == "RANG 2 4").then_some("504 What?"), &no_rang),
        (
            |line| (line == "FEAT").then_some(WITHOUT_RANG),
            &["XSHA1 f 2 5"],
        ),
    ];
    for (server, expected) in rows {
        let mut pair = Pair::new(|_| None);
        pair.server = |line| match line {
            "FEAT" => Some(ALL),
            "OPTS HASH SHA-1" => Some("200 SHA-1"),
            "XSHA1 f 2 5" => Some("250 da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            _ => None,
        };
        pair.first = server;
        let ask = AskChecksum::new(path("f"), Algorithm::Sha1).range(2..5);
        let told = pair.run(ask).map(|checksum| checksum.to_string());
        assert_eq!(told.as_deref(), Ok(SHA1));
        assert_eq!(pair.take_sent()[2..], *expected);
    }
}

#[test]
fn an_empty_range_is_not_asked() {
    let mut pair = Pair::new(|_| None);
    for range in [0..0, 5..5] {
        let ask = AskChecksum::new(path("f"), Algorithm::Sha1).range(range);
        let error = pair.run(ask).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Misuse(Misuse::WrongOption));
    }
    assert_eq!(pair.take_sent(), [""; 0]);
}

/// The commands behind OPTS, and the step and code of the error.
#[test]
fn a_refusal_that_knows_the_command_is_final() {
    type Row = (Server, &'static [&'static str], Verb, u16);
    let rows: [Row; 6] = [
        (
            |line| line.starts_with("OPTS").then_some("550 No."),
            &[],
            Verb::Opts,
            550,
        ),
        (
            |line| line.starts_with("OPTS").then_some("451 Not now."),
            &[],
            Verb::Opts,
            451,
        ),
        (
            |line| match line {
                "OPTS HASH SHA-1" => Some("200 SHA-1"),
                "RANG 2 4" => Some("550 No."),
                _ => None,
            },
            &["RANG 2 4"],
            Verb::Rang,
            550,
        ),
        (
            |line| match line {
                "OPTS HASH SHA-1" => Some("200 SHA-1"),
                "RANG 2 4" => Some("350 So be it."),
                "HASH f" => Some("550 No such file."),
                _ => None,
            },
            &["RANG 2 4", "HASH f", "RANG 1 0"],
            Verb::Hash,
            550,
        ),
        (
            |line| match line {
                "OPTS HASH SHA-1" => Some("501 No SHA-1."),
                "XSHA1 f 2 5" => Some("550 No such file."),
                _ => None,
            },
            &["XSHA1 f 2 5"],
            Verb::Xsha1,
            550,
        ),
        // 501 is said of what was asked, and not of the command.
        (
            |line| (line == "XSHA1 f 2 5").then_some("501 No such range."),
            &["XSHA1 f 2 5"],
            Verb::Xsha1,
            501,
        ),
    ];
    for (server, expected, verb, code) in rows {
        let ask = AskChecksum::new(path("f"), Algorithm::Sha1).range(2..5);
        let (sent, told) = asked(server, ask);
        assert_eq!(sent[1..], *expected);
        let error = told.unwrap_err();
        assert_eq!(error.verb(), Some(verb));
        assert_eq!(error.reply().unwrap().code().get(), code);
        assert!(!error.is_fatal());
    }
}

#[test]
fn a_checksum_of_something_else_is_a_violation() {
    let rows: [(Server, Option<core::ops::Range<u64>>, ChecksumError); 3] = [
        (
            |line| {
                (line == "HASH f")
                    .then_some("213 SHA-1 5-9 da39a3ee5e6b4b0d3255bfef95601890afd80709 f")
            },
            None,
            ChecksumError::Range,
        ),
        (
            |line| (line == "HASH f").then_some("213 CRC32 2-4 cbf43926 f"),
            Some(2..5),
            ChecksumError::Algorithm,
        ),
        (
            |line| (line == "HASH f").then_some("213 SHA-1 0-9 cbf43926 f"),
            None,
            ChecksumError::NoChecksum,
        ),
    ];
    for (server, range, expected) in rows {
        let mut pair = Pair::new(|line| match line.split(' ').next() {
            Some("OPTS" | "RANG") => Some("200 Fine."),
            _ => None,
        });
        pair.first = server;
        let ask = AskChecksum::new(path("f"), Algorithm::Sha1);
        let ask = match range {
            Some(range) => ask.range(range),
            None => ask,
        };
        let error = pair.run(ask).unwrap_err();
        assert_eq!(*error.kind(), violation(expected));
        assert_eq!(error.verb(), Some(Verb::Hash));
    }
}

#[test]
fn a_path_with_blanks_has_quotes_and_one_with_quotes_no_command_with_an_x() {
    let server: Server = |line| match line {
        "XCRC \"a b\" 2 5" | "XCRC \"a b\"" => Some("250 cbf43926"),
        "MD5 a \"b\"" => Some("251 d41d8cd98f00b204e9800998ecf8427e"),
        _ => None,
    };
    for range in [None, Some(2..5)] {
        let ask = AskChecksum::new(path("a b"), Algorithm::Crc32);
        let (_, told) = asked(
            server,
            match range {
                Some(range) => ask.range(range),
                None => ask,
            },
        );
        assert_eq!(told.as_deref(), Ok(CRC32));
    }
    let quoted = || path("a \"b\"");
    let (sent, told) = asked(server, AskChecksum::new(quoted(), Algorithm::Md5));
    assert_eq!(sent, ["OPTS HASH MD5", "MD5 a \"b\""]);
    assert_eq!(told.as_deref(), Ok(MD5));
    let (sent, told) = asked(server, AskChecksum::new(quoted(), Algorithm::Crc32));
    assert_eq!((sent.len(), told.is_err()), (1, true));
}

#[test]
fn a_file_is_verified_by_its_checksum_or_else_by_its_size() {
    let sum = |number| Checksum::crc32(number);
    let told: Server = |line| (line == "XCRC f").then_some("250 cbf43926");
    let nothing: Server = |_| None;
    let here = sum(0xCBF4_3926);
    let other = sum(1);
    let differs = Mismatch::Checksum {
        local: other,
        remote: here,
    };
    let size = Mismatch::Size {
        local: 9,
        remote: 10,
    };
    let rows = [
        (told, here, 9, Ok(Verified::Checksum(here))),
        (told, other, 10, Err(differs)),
        (nothing, here, 10, Ok(Verified::Size(10))),
        (nothing, here, 9, Err(size)),
    ];
    for (server, checksum, bytes, expected) in rows {
        let mut pair = Pair::new(server);
        let verify = Verify::new(path("f"), checksum, bytes);
        assert_eq!(pair.run(verify).unwrap(), expected);
    }
    // A refusal is not a lack of checksums, and no size is asked then.
    let mut pair = Pair::new(|line| (line == "XCRC f").then_some("550 No such file."));
    let error = pair.run(Verify::new(path("f"), here, 10)).unwrap_err();
    assert_eq!(error.verb(), Some(Verb::Xcrc));
    let mut pair = Pair::new(|line| (line == "SIZE f").then_some("550 No such file."));
    let error = pair.run(Verify::new(path("f"), here, 10)).unwrap_err();
    assert_eq!(error.verb(), Some(Verb::Size));
}

/// A star marks the algorithm that is in force.
#[test]
fn an_algorithm_is_selected_unless_it_is_in_force() {
    let server: fn(&str) -> Option<&'static str> = |line| match line {
        "FEAT" => Some("211-Features:\r\n HASH SHA-1;CRC32*\r\n211 End"),
        "OPTS HASH SHA-1" => Some("200 SHA-1"),
        "HASH a" => Some("213 CRC32 0-9 cbf43926 a"),
        "HASH b" => Some("213 SHA-1 0-9 0707070707070707070707070707070707070707 b"),
        _ => None,
    };
    let mut pair = Pair::new(server);
    let checksum = pair.run(AskChecksum::new(path("a"), Algorithm::Crc32));
    assert_eq!(checksum.unwrap(), Checksum::crc32(0xCBF4_3926));
    assert_eq!(pair.take_sent(), ["FEAT", "TYPE I", "HASH a"]);

    let mut pair = Pair::new(server);
    let checksum = pair.run(AskChecksum::new(path("b"), Algorithm::Sha1));
    assert_eq!(checksum.unwrap(), Checksum::sha1([7; 20]));
    let sent = pair.take_sent();
    assert_eq!(sent, ["FEAT", "TYPE I", "OPTS HASH SHA-1", "HASH b"]);
}
