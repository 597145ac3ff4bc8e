//! The example `newcomer` does what it says, and stays short.
#![allow(clippy::unwrap_used)]

#[path = "../examples/newcomer.rs"]
mod newcomer;

use std::fs;

use ftp_blocking::testing::{Files, Loopback, ServerConfig};

const LINES_MAX: usize = 60;

/// It takes its URL from the command line; the tests call what it calls.
const _: fn() -> Result<(), Box<dyn std::error::Error>> = newcomer::main;

/// A server, and a local directory whose README is the beginning of that of the server.
fn site() -> (Loopback, tempfile::TempDir) {
    let files = Files::new()
        .file("/pub/README", "read me first")
        .file("/pub/a/b.txt", "hello")
        .file("/pub/a/empty", "");
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("README"), "read me").unwrap();
    fs::write(here.path().join("report.txt"), "all is well").unwrap();
    (server, here)
}

#[test]
fn it_moves_what_it_says_and_resumes() {
    let (server, here) = site();
    let url = format!("ftp://{}/pub", server.address());

    newcomer::run(&url.parse().unwrap(), here.path()).unwrap();

    let local = |path: &str| fs::read_to_string(here.path().join(path)).unwrap();
    assert_eq!(local("README"), "read me first");
    assert!(server.commands(0).contains(&"REST 7".to_owned()));
    assert_eq!(
        server.files().content("/pub/report.txt"),
        Some(&b"all is well"[..])
    );
    assert_eq!(local("everything/README"), "read me first");
    assert_eq!(local("everything/report.txt"), "all is well");
    assert_eq!(local("everything/a/b.txt"), "hello");
    assert_eq!(local("everything/a/empty"), "");
}

/// The server has no TLS. Nothing goes on in clear.
#[test]
fn a_url_that_asks_for_tls_gets_tls_or_nothing() {
    for scheme in ["ftpes", "ftps"] {
        let (server, here) = site();
        let url = format!("{scheme}://ann:secret@{}/pub", server.address());

        newcomer::run(&url.parse().unwrap(), here.path()).unwrap_err();

        let commands = server.commands(0).join("\n");
        assert!(
            !commands.contains("USER") && !commands.contains("secret"),
            "{commands}"
        );
    }
}

#[test]
fn it_is_short() {
    let source = include_str!("../examples/newcomer.rs");
    let lines = source.lines().map(str::trim);
    let count = lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count();
    assert!(count <= LINES_MAX, "{count} lines");
}
