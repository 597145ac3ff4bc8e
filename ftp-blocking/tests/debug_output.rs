//! The debug output of ftplib: on standard error, which a test has to itself in another process.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::env;
use std::process::Command;

use ftp_blocking::Client;
use ftp_blocking::proto::Detail;
use ftp_blocking::testing::{Files, Loopback, ServerConfig};

const CHILD: &str = "FTP_BLOCKING_DEBUG_OUTPUT";

#[test]
fn a_debug_level_shows_the_session_on_standard_error() {
    if env::var_os(CHILD).is_some() {
        return converse();
    }
    let output = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "a_debug_level_shows_the_session_on_standard_error",
        ])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines, ["-> NOOP", "<- 200 Done nothing."], "{shown}");
}

fn converse() {
    let server = Loopback::start(ServerConfig::new(), Files::new()).unwrap();
    let mut ftp = Client::builder().connect_to(&[server.address()]).unwrap();
    // Nothing is shown before a level is set, nor behind its end.
    ftp.login_anonymous().unwrap();
    ftp.set_debug_level(Detail::Requests);
    ftp.noop().unwrap();
    ftp.set_debug_level(Detail::Off);
    ftp.quit().unwrap();

    // Whoever has another place for it keeps that.
    let mut ftp = Client::builder().connect_to(&[server.address()]).unwrap();
    ftp.debug_to(std::io::sink());
    ftp.set_debug_level(Detail::Everything);
    ftp.noop().unwrap();
    ftp.set_debug_level(Detail::Off);
    ftp.quit().unwrap();
}
