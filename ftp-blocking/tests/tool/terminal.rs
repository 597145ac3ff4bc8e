//! On a terminal: what is on the screen.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Child, Command, Stdio};

use ftp_blocking::testing::{Behaviour, Files, Loopback, Rule, ServerConfig, Step};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

use crate::run::{behaving, url};

/// A terminal of the test, and the program that has it.
struct Terminal {
    screen: File,
    child: Child,
    seen: String,
}

impl Terminal {
    /// The terminal controls the program, so that Ctrl-C is a signal.
    fn run(arguments: &[&str]) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let name = ptsname(&screen, Vec::new()).unwrap();
        let name = OsStr::from_bytes(name.as_bytes());
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let opened = open(name, flags, Mode::empty()).unwrap();
        let stdio = || Stdio::from(opened.try_clone().unwrap());
        let mut command = Command::new("setsid");
        command
            .env_clear()
            .envs([("HOME", "/nonexistent"), ("TERM", "xterm")]);
        command
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_ftpx")])
            .args(arguments)
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio());
        Self {
            child: command.spawn().unwrap(),
            screen: screen.into(),
            seen: String::new(),
        }
    }

    fn read_until(&mut self, text: &str) {
        let mut bytes = [0; 1024];
        while !self.seen.contains(text) {
            let count = self.screen.read(&mut bytes).unwrap_or(0);
            assert!(count > 0, "{text:?} is not in {:?}", self.seen);
            self.seen += &String::from_utf8_lossy(bytes.get(..count).unwrap());
        }
    }

    fn interrupt(&mut self) {
        self.screen.write_all(b"\x03").unwrap();
    }

    fn code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

#[test]
fn a_mirror_shows_the_time_left() {
    let stalled = Behaviour::new().stall("RETR", 20_000);
    let server = behaving(stalled, Files::new().file("/pub/a", vec![7; 50_000]));
    let here = TempDir::new().unwrap();
    let path = here.path().to_str().unwrap();
    let mut terminal = Terminal::run(&["mirror", &url(&server, "pub"), path]);
    terminal.read_until("/48.83 KiB");
    terminal.read_until("s left");
    // The server is silent: the second one ends the wait.
    terminal.interrupt();
    terminal.read_until("once more");
    terminal.interrupt();
    assert_eq!(terminal.code(), Some(130));
}

#[test]
fn ctrl_c_at_the_prompt_is_an_interruption() {
    let config = ServerConfig::new()
        .user("ann", "secret")
        .without_anonymous();
    let server = Loopback::start(config, Files::new()).unwrap();
    let target = url(&server, "").replace("ftp://", "ftp://ann@");
    let mut terminal = Terminal::run(&["ls", &target]);
    terminal.read_until("Password of ann");
    terminal.interrupt();
    terminal.read_until("ftpx: interrupted");
    assert_eq!(terminal.code(), Some(130));
}

#[test]
fn a_wait_is_told_above_the_bar() {
    let broken = Rule::at(Step::Moving(20_000)).of("RETR").reset_control();
    let behaviour = Behaviour::new().rule(broken);
    let server = behaving(behaviour, Files::new().file("/a", vec![7; 30_000]));
    let here = TempDir::new().unwrap();
    let path = here.path().to_str().unwrap();
    let mut terminal = Terminal::run(&["get", &url(&server, "a"), path]);
    terminal.read_until("try 2 follows");
    terminal.read_until("bytes (");
    // The bar is cleared for it, and drawn again.
    let (_, after) = terminal.seen.split_once("\r\u{1b}[2Kftpx: RETR").unwrap();
    assert!(after.contains("/29.30 KiB"), "{:?}", terminal.seen);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn a_sum_shows_what_comes() {
    let stalled = Behaviour::new().stall("RETR", 20_000);
    let server = behaving(stalled, Files::new().file("/a", vec![7; 50_000]));
    let mut terminal = Terminal::run(&["sum", &url(&server, "a")]);
    terminal.read_until("/48.83 KiB");
    terminal.read_until("s left");
    terminal.interrupt();
    terminal.read_until("ftpx: interrupted");
    assert_eq!(terminal.code(), Some(130));
}
