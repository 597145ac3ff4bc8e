//! Where passwords come from, and where they do not go.

#[cfg(unix)]
use std::fs;
#[cfg(unix)]
use std::path::Path;

use ftp_blocking::testing::{Files, Loopback, ServerConfig};
#[cfg(unix)]
use tempfile::TempDir;

use crate::run::{command, stderr};

fn server() -> Loopback {
    let config = ServerConfig::new()
        .user("ann", "secret")
        .without_anonymous();
    Loopback::start(config, Files::new().file("/a", "hello")).unwrap()
}

fn url(server: &Loopback, user: &str) -> String {
    format!("ftp://{user}{}/a", server.address())
}

#[cfg(unix)]
fn netrc(directory: &Path, text: &str, mode: u32) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = directory.join("netrc");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_environment_has_the_password() {
    let server = server();
    let target = url(&server, "ann@");
    let output = command(&["cat", &target])
        .env("FTPX_PASSWORD", "secret")
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"hello", "{}", stderr(&output));
    // Without it there is nobody to ask.
    let output = command(&["cat", &target]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn a_password_in_the_url_works_with_a_warning_and_is_not_shown() {
    let output = command(&["cat", &url(&server(), "ann:secret@")])
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"hello");
    let told = stderr(&output);
    assert!(
        told.contains("warning") && !told.contains("secret"),
        "{told}"
    );
}

#[cfg(unix)]
#[test]
fn netrc_counts_for_the_exact_machine_if_nobody_else_reads_it() {
    let (server, here) = (server(), TempDir::new().unwrap());
    let target = url(&server, "");
    let right = "machine 127.0.0.1 login ann password secret\n";
    let wrong = "machine 127.0.0.10 login ann password secret\ndefault login ann password secret\n";
    for (text, mode, flag, code) in [
        (right, 0o600, true, 0),
        (right, 0o644, true, 2),
        (right, 0o600, false, 2),
        (wrong, 0o600, true, 4),
    ] {
        let path = netrc(here.path(), text, mode);
        let mut tool = command(&["cat", &target]);
        if flag {
            tool.arg("--netrc-in-clear");
        }
        let output = tool.env("NETRC", path).output().unwrap();
        let told = stderr(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{text} {mode:o} {flag}: {told}"
        );
        assert!(!told.contains("secret"), "{told}");
    }
}
