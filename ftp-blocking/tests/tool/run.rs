//! Running the tool.

use std::process::{Command, Output, Stdio};

use ftp_blocking::testing::{Behaviour, Files, Loopback, ServerConfig};

pub(crate) fn server(files: Files) -> Loopback {
    Loopback::start(ServerConfig::new(), files).unwrap()
}

pub(crate) fn behaving(behaviour: Behaviour, files: Files) -> Loopback {
    Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap()
}

/// The tool without any setting of the user.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ftpx"));
    command.env_clear().env("HOME", "/nonexistent");
    command.args(arguments).stdin(Stdio::null());
    command
}

pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// What it wrote to standard output; its exit code is 0.
pub(crate) fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn url(server: &Loopback, path: &str) -> String {
    server.url() + path
}
