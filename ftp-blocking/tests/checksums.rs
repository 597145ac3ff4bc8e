//! Checksums: the ladder of commands, as a scripted peer and the server in memory see it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use ftp_blocking::testing::{Behaviour, Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Error};
use ftp_proto::checksum::{Algorithm, ChecksumError};
use ftp_proto::{Config, Encoding, ErrorKind, Policy, Violation};
use ftp_testbed::scripted::{Peer, Script};

const SUM: &str = "cbf43926";
const NAME: &str = "my file";

/// What the server lists, then each command and its answer, and the outcome.
type Dialogue = (
    &'static str,
    &'static [(&'static str, &'static str)],
    Result<&'static str, ErrorKind>,
);

#[test]
fn one_command_after_the_other() {
    let none = || Err(ErrorKind::Policy(Policy::NoChecksum));
    let wrong = |error| Err(ErrorKind::Violation(Violation::Checksum(error)));
    let dialogues: [Dialogue; 13] = [
        // FileZilla Server: HASH alone, another algorithm selected.
        (
            " HASH SHA-1*;CRC32",
            &[
                ("OPTS HASH CRC32", "200 CRC32"),
                ("HASH my file", "213 CRC32 0-9 cbf43926 my file"),
            ],
            Ok(SUM),
        ),
        (
            " HASH CRC32*",
            &[("HASH my file", "213 CRC32 0-9 cbf43926 /my file")],
            Ok(SUM),
        ),
        // ProFTPD, and Serv-U with XCRC alone.
        (
            " XCRC",
            &[(
                "XCRC \"my file\"",
                "250-Computing CRC32 digest\r\n250 CBF43926",
            )],
            Ok(SUM),
        ),
        (
            " HASH SHA-1*\r\n XCRC filename",
            &[("XCRC \"my file\"", "250 CBF43926")],
            Ok(SUM),
        ),
        // Offered and not known.
        (
            " HASH CRC32*\r\n XCRC",
            &[
                ("HASH my file", "502 no"),
                ("XCRC \"my file\"", "250 CBF43926"),
            ],
            Ok(SUM),
        ),
        (
            " HASH SHA-1*;CRC32\r\n XCRC",
            &[
                ("OPTS HASH CRC32", "501 no"),
                ("XCRC \"my file\"", "250 CBF43926"),
            ],
            Ok(SUM),
        ),
        (" HASH CRC32*", &[("HASH my file", "504 no")], none()),
        (" XMD5\r\n XSHA1", &[], none()),
        (" SIZE", &[], none()),
        // A server without FEAT is asked for everything.
        (
            "",
            &[
                ("OPTS HASH CRC32", "500 what"),
                ("XCRC \"my file\"", "500 what"),
            ],
            none(),
        ),
        // Answers that are not what was asked for.
        (
            " HASH CRC32*",
            &[("HASH my file", "213 MD5 0-9 cbf43926 my file")],
            wrong(ChecksumError::Algorithm),
        ),
        (
            " XCRC",
            &[("XCRC \"my file\"", "250 done")],
            wrong(ChecksumError::NoChecksum),
        ),
        (
            " HASH CRC32*",
            &[("HASH my file", "213 CRC32 5-9 cbf43926 my file")],
            wrong(ChecksumError::Range),
        ),
    ];
    for (features, commands, expected) in dialogues {
        let (told, noop) = play(features, commands);
        match (told, expected) {
            (Ok(told), Ok(expected)) => assert_eq!(told, expected),
            (Err(error), Err(expected)) => assert_eq!(error.kind(), Some(&expected)),
            (told, expected) => panic!("{features}: {told:?} instead of {expected:?}"),
        }
        noop.unwrap(); // the session goes on
    }
}

fn play(features: &str, commands: &[(&str, &str)]) -> (Result<String, Error>, Result<(), Error>) {
    let list = match features {
        "" => "502 what\r\n".into(),
        list => format!("211-Features:\r\n{list}\r\n211 End\r\n"),
    };
    let mut script = Script::new().login().answer("FEAT", &list);
    let is_asked = !commands.is_empty();
    if is_asked {
        script = script.answer("TYPE I", "200 image\r\n");
    }
    for (command, answer) in commands {
        script = script.answer(command, format!("{answer}\r\n"));
    }
    let script = script.answer("NOOP", "200 done\r\n").expect_close();
    let peer = Peer::start(script).unwrap();
    let mut config = Config::default();
    config.encoding = Encoding::AsItIs;
    let mut ftp = Client::builder()
        .config(config)
        .connect_to(&[peer.address()])
        .unwrap();
    ftp.login("user", "password").unwrap();
    let told = ftp.checksum(NAME, Algorithm::Crc32);
    (told.map(|it| it.to_string()), ftp.noop())
}

/// The sum of all bytes: enough to see which bytes were counted.
fn sum(content: &[u8]) -> Vec<u8> {
    let sum: u32 = content.iter().map(|byte| u32::from(*byte)).sum();
    sum.to_be_bytes().to_vec()
}

fn zeros(_: &[u8]) -> Vec<u8> {
    vec![0; 16]
}

fn served(behaviour: Behaviour) -> (Loopback, Client) {
    let config = ServerConfig::new()
        .checksum(Algorithm::Md5, zeros)
        .checksum(Algorithm::Crc32, sum)
        .behaviour(behaviour);
    let files = Files::new().file("/a b", [1, 2, 4, 8, 16]);
    let server = Loopback::start(config, files).unwrap();
    let mut ftp = Client::builder().connect_to(&[server.address()]).unwrap();
    ftp.login_anonymous().unwrap();
    (server, ftp)
}

#[test]
fn a_range_by_every_command_and_a_whole_file_behind_it() {
    for behaviour in [
        Behaviour::new(),
        Behaviour::new().refuse("HASH", 502, "No."),
        Behaviour::new().refuse("RANG", 500, "No."),
        Behaviour::new().refuse("OPTS", 501, "No."),
    ] {
        let (_server, mut ftp) = served(behaviour);
        let part = ftp
            .checksum_of_range("a b", Algorithm::Crc32, 1..4)
            .unwrap();
        assert_eq!(part.as_bytes(), [0, 0, 0, 14]);
        let whole = ftp.checksum("a b", Algorithm::Crc32).unwrap();
        assert_eq!(whole.as_bytes(), [0, 0, 0, 31]);
        let mut content = Vec::new();
        ftp.retrieve_to("a b", &mut content).unwrap();
        assert_eq!(content.len(), 5);
    }
}

#[test]
fn an_algorithm_is_selected_once() {
    let (server, mut ftp) = served(Behaviour::new());
    for _ in 0..2 {
        ftp.checksum("a b", Algorithm::Crc32).unwrap();
    }
    ftp.checksum("a b", Algorithm::Md5).unwrap();
    let commands = server.commands(0);
    let options: Vec<_> = commands
        .iter()
        .filter(|it| it.starts_with("OPTS HASH"))
        .collect();
    assert_eq!(options, ["OPTS HASH CRC32", "OPTS HASH MD5"]);
}

#[test]
fn a_missing_file_and_an_empty_range_are_errors() {
    let (server, mut ftp) = served(Behaviour::new());
    let missing = ftp.checksum("c", Algorithm::Crc32).unwrap_err();
    assert_eq!(missing.reply().map(|reply| reply.code().get()), Some(550));
    let empty = ftp
        .checksum_of_range("a b", Algorithm::Crc32, 3..3)
        .unwrap_err();
    assert!(empty.is_misuse());
    assert!(!server.commands(0).iter().any(|it| it.starts_with("RANG")));
}

#[test]
fn a_name_that_ends_like_a_range_is_a_name() {
    let (server, mut ftp) = served(Behaviour::new().refuse("HASH", 502, "No."));
    let error = ftp.checksum("a 1 2", Algorithm::Crc32).unwrap_err();
    assert_eq!(error.reply().map(|reply| reply.code().get()), Some(550));
    assert!(server.commands(0).contains(&"XCRC \"a 1 2\"".to_owned()));
    let error = ftp.checksum("a \"1", Algorithm::Crc32).unwrap_err();
    assert_eq!(error.kind(), Some(&ErrorKind::Policy(Policy::NoChecksum)));
}
