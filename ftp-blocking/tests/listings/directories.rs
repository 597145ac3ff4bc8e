//! Directories whose names are hard to quote, and those that are not there.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use ftp_blocking::proto::Verb;
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
        let names = listed(&mut client, name).unwrap();
        assert_eq!(names, ["within"], "{}", name.escape_ascii());
        client.cwd(home.as_bytes()).unwrap();
    }
}

fn listed(client: &mut Client, path: &[u8]) -> Result<Vec<String>, Error> {
    let entries = client.list(path)?;
    Ok(entries
        .iter()
        .map(|entry| entry.name().to_string())
        .collect())
}

/// A directory that is missing cannot be entered; one that is empty can.
pub(crate) fn tells_what_is_missing(server: &Server) {
    let mut client = log_in(server);
    let home = client.pwd().unwrap();
    let error = client.list("nosuch").unwrap_err();
    assert_eq!(error.verb(), Some(Verb::Cwd), "{error}");
    assert_eq!(error.reply().unwrap().code().get(), 550, "{error}");
    assert!(client.list("empty").unwrap().is_empty());
    assert!(client.list("up").unwrap().is_empty());
    assert_eq!(client.list("sub/deeper").unwrap()[0].name(), "file.txt");
    assert_eq!(client.pwd().unwrap(), home);
}
