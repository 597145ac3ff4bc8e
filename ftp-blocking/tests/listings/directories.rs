//! Directories whose names are hard to quote, and those that are not there.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use ftp_blocking::{Client, Error};
use ftp_testbed::servers::{Kind, Server};
use ftp_testbed::tree::DIRECTORIES;

use crate::log_in;

/// Taken for options by vsftpd and inetutils, if nothing is done about it.
const OPTION: &[u8] = b"-R";

/// From within, and by name.
pub(crate) fn lists_any(server: &Server) {
    let mut client = log_in(server);
    let home = client.pwd().unwrap();
    for name in DIRECTORIES.iter().copied().chain([OPTION]) {
        let directory = server.tree().root().join("dirs");
        let directory = directory.join(OsStr::from_bytes(name));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("within"), "").unwrap();
        if server.kind() == Kind::Pyftpdlib && std::str::from_utf8(name).is_err() {
            client.cwd([b"dirs/", name].concat()).unwrap_err();
            continue;
        }
        client.cwd([b"dirs/", name].concat()).unwrap();
        assert_eq!(listed(&mut client, b"").unwrap(), ["within"]);
        client.cwd("..").unwrap();
        check_by_name(&mut client, server.kind(), name);
        client.cwd(home.as_bytes()).unwrap();
    }
}

fn check_by_name(client: &mut Client, kind: Kind, name: &[u8]) {
    let names = listed(client, name);
    // Every word is a path of its own for its ls.
    if kind == Kind::Inetutils && name.contains(&b' ') {
        assert!(matches!(names, Err(Error::NotListed(_))), "{names:?}");
        return;
    }
    assert_eq!(names.unwrap(), ["within"], "{}", name.escape_ascii());
}

fn listed(client: &mut Client, path: &[u8]) -> Result<Vec<String>, Error> {
    let entries = client.list(path)?;
    Ok(entries
        .iter()
        .map(|entry| entry.name().to_string())
        .collect())
}

/// Whatever the server says to a directory that is missing, it is an error; to an empty one, it is none.
pub(crate) fn tells_what_is_missing(server: &Server) {
    let mut client = log_in(server);
    let home = client.pwd().unwrap();
    let error = client.list("nosuch").unwrap_err();
    match server.kind() {
        Kind::Inetutils => {
            let Error::NotListed(words) = &error else {
                panic!("{error}");
            };
            assert_eq!(words, "nosuch: No such file or directory");
        }
        Kind::Pyftpdlib => assert_eq!(error.reply().unwrap().code().get(), 501, "{error}"),
        _ => assert_eq!(error.reply().unwrap().code().get(), 550, "{error}"),
    }
    assert!(client.list("empty").unwrap().is_empty());
    assert!(client.list("up").unwrap().is_empty());
    assert_eq!(client.list("sub/deeper").unwrap()[0].name(), "file.txt");
    assert_eq!(client.pwd().unwrap(), home);
}
