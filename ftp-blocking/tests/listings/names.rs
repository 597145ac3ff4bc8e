//! Names as they were listed reach what they name.

use ftp_blocking::{Client, Error, Result};
use ftp_proto::operation::Retrieve;
use ftp_proto::{Argument, ArgumentError, Config, ErrorKind, Misuse, Telnet};
use ftp_testbed::servers::{Kind, Server};
use ftp_testbed::tree::{self, HELLO};

use crate::facts::{self, Shows};
use crate::ways::Way;
use crate::{log_in, log_in_with};

pub(crate) fn of_the_ladder_go_back(server: &Server) {
    let mut client = log_in(server);
    let listed = client.list("odd").unwrap();
    let names = listed.iter().map(|entry| entry.name().as_bytes().to_vec());
    let paths = names.map(|name| [b"odd/", name.as_slice()].concat());
    go_back(server, &mut client, Way::Ladder, paths.collect());
}

/// From the directory for which they were listed: most servers tell paths, pyftpdlib tells names.
pub(crate) fn of_nlst_go_back(server: &Server) {
    let mut client = log_in(server);
    let listed = Way::Names.read(&mut client).unwrap();
    let paths = listed.entries.iter();
    let paths = paths.map(|entry| entry.name().as_bytes().to_vec());
    if facts::prefix(server.kind()).is_empty() {
        client.cwd("odd").unwrap();
    }
    go_back(server, &mut client, Way::Names, paths.collect());
}

fn go_back(server: &Server, client: &mut Client, way: Way, paths: Vec<Vec<u8>>) {
    let mut reached = 0;
    for expected in server.tree().odd() {
        let shows = facts::shows(server.kind(), way, expected.name);
        let name = match shows {
            Shows::Nothing => continue,
            Shows::Named(other) => other,
            _ => expected.name,
        };
        let is_it = |path: &&Vec<u8>| path.rsplit(|&byte| byte == b'/').next() == Some(name);
        let path = paths.iter().find(is_it);
        let path = path.unwrap_or_else(|| panic!("{} is missing", name.escape_ascii()));
        if matches!(shows, Shows::Named(_)) || is_prohibited(server.kind(), name) {
            let error = head_of(client, path).unwrap_err();
            assert!(error.is_permanent() && !error.is_fatal(), "{error}");
        } else {
            reach(client, path, expected.kind);
        }
        reached += 1;
    }
    assert!(reached > 20, "{reached} of {paths:?}");
    client.noop().unwrap();
}

/// Pure-FTPd lists names with backslashes and accepts none (553).
fn is_prohibited(kind: Kind, name: &[u8]) -> bool {
    kind == Kind::PureFtpd && name.contains(&b'\\')
}

fn reach(client: &mut Client, path: &[u8], kind: tree::Kind) {
    let shown = path.escape_ascii();
    match kind {
        tree::Kind::File(_) => {
            let head = head_of(client, path).unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert_eq!(head, [0; 3], "{shown}");
        }
        tree::Kind::Link("../hello.txt") => {
            assert_eq!(head_of(client, path).unwrap(), HELLO[..3], "{shown}");
        }
        tree::Kind::Link("no/such/target") => {
            head_of(client, path).unwrap_err();
        }
        tree::Kind::Directory | tree::Kind::Link(_) => {
            let back = client.pwd().unwrap();
            client.cwd(path).unwrap();
            client.cwd(back.as_bytes()).unwrap();
        }
        // To read a pipe that nobody writes to hangs the server; devices are refused by most.
        _ => {}
    }
}

/// The first three bytes: all of an odd file, but not of the one of 5 GiB.
fn head_of(client: &mut Client, path: &[u8]) -> Result<Vec<u8>> {
    let retrieve = Retrieve::new(Argument::new(path)?).limited_to(3);
    let mut head = Vec::new();
    client.download(retrieve)?.copy_to(&mut head)?;
    Ok(head)
}

/// Telnet's doubling is undone by ProFTPD and inetutils, and names another file on vsftpd and
/// Pure-FTPd. ProFTPD lets a single one pass as well, if what follows makes no Telnet command of
/// it.
pub(crate) fn doubled_0xff(server: &Server) {
    let path = b"odd/iac-\xff.txt";
    let understood = |telnet| {
        let mut config = Config::default();
        config.telnet = telnet;
        head_of(&mut log_in_with(server, config), path).is_ok()
    };
    let expected = match server.kind() {
        Kind::Vsftpd | Kind::PureFtpd => (false, true),
        Kind::Proftpd => (true, true),
        Kind::Inetutils => (true, false),
        _ => (false, false),
    };
    let found = (understood(Telnet::Doubled), understood(Telnet::Literal));
    assert_eq!(found, expected);
}

/// Before anything is sent.
pub(crate) fn newline_is_refused(server: &Server) {
    let mut client = log_in(server);
    let whole = b"odd/new\nline";
    assert!(server.tree().root().join("odd/new\nline").exists());
    let errors: [Error; 3] = [
        client.retrieve(whole).unwrap_err(),
        client.cwd(whole).unwrap_err(),
        client.list(whole).unwrap_err(),
    ];
    for error in errors {
        let misuse = Misuse::Argument(ArgumentError::LineBreak);
        assert_eq!(error.kind(), Some(&ErrorKind::Misuse(misuse)), "{error}");
    }
    client.noop().unwrap();
}
