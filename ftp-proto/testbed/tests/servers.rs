//! Each real server greets, logs in and ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use ftp_testbed::servers::{Family, Kind, PASSWORD, Server, Setup, USER};
use libtest_mimic::{Arguments, Completion};

struct Dialogue {
    stream: TcpStream,
    replies: BufReader<TcpStream>,
}

impl Dialogue {
    fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let replies = BufReader::new(stream.try_clone().unwrap());
        let mut dialogue = Self { stream, replies };
        assert!(dialogue.reply().starts_with("220 "));
        dialogue
    }

    /// The last line of the next reply.
    fn reply(&mut self) -> String {
        loop {
            let mut line = Vec::new();
            self.replies.read_until(b'\n', &mut line).unwrap();
            let line = String::from_utf8_lossy(&line)
                .trim_end_matches(['\r', '\n'])
                .to_owned();
            assert!(!line.is_empty(), "closed");
            if line.as_bytes().first().is_some_and(u8::is_ascii_digit)
                && line.as_bytes().get(3) == Some(&b' ')
            {
                return line;
            }
        }
    }

    fn ask(&mut self, command: &str) -> String {
        self.stream
            .write_all(format!("{command}\r\n").as_bytes())
            .unwrap();
        self.reply()
    }
}

fn log_in_as_user(server: &Server, address: SocketAddr) {
    let mut dialogue = Dialogue::open(address);
    assert!(dialogue.ask(&format!("USER {USER}")).starts_with("331"));
    let reply = dialogue.ask(&format!("PASS {PASSWORD}"));
    assert!(reply.starts_with("230"), "{reply}");
    let reply = dialogue.ask("PWD");
    assert!(
        reply.starts_with(&format!("257 \"{}\"", server.home())),
        "{reply}"
    );
    let reply = dialogue.ask("TYPE I");
    assert!(reply.starts_with("200"), "{reply}");
    let size = match server.kind() {
        Kind::Aioftp => "502 'size' not implemented",
        _ => "213 10",
    };
    assert_eq!(dialogue.ask("SIZE hello.txt"), size);
    let reply = dialogue.ask("MKD up/made");
    assert!(reply.starts_with("257"), "{reply}");
    assert!(server.tree().root().join("up/made").is_dir());
    let reply = dialogue.ask("RMD up/made");
    assert!(reply.starts_with("250"), "{reply}");
    let reply = dialogue.ask("QUIT");
    assert!(reply.starts_with("221"), "{reply}");
}

fn log_in_as_anonymous(address: SocketAddr) {
    let mut dialogue = Dialogue::open(address);
    let reply = dialogue.ask("USER anonymous");
    if !reply.starts_with("230") {
        assert!(reply.starts_with("331"), "{reply}");
        let reply = dialogue.ask("PASS me@example.org");
        assert!(reply.starts_with("230"), "{reply}");
    }
    let reply = dialogue.ask("PWD");
    assert!(reply.starts_with("257 \"/\""), "{reply}");
}

fn refuses_a_wrong_password(address: SocketAddr) {
    let mut dialogue = Dialogue::open(address);
    dialogue.ask(&format!("USER {USER}"));
    let reply = dialogue.ask("PASS wrong");
    assert!(reply.starts_with("530"), "{reply}");
}

fn logs_in(server: &Server, family: Family) -> Completion {
    let Some(address) = server.address(family) else {
        return Completion::ignored_with("this machine has no IPv6");
    };
    log_in_as_user(server, address);
    log_in_as_anonymous(address);
    refuses_a_wrong_password(address);
    Completion::Completed
}

fn ends(server: Server) -> Completion {
    let kind = server.kind();
    let address = server.address(Family::V4).unwrap();
    let open = Dialogue::open(address);
    let pids = server.pids();
    assert!(!pids.is_empty());
    drop(server);
    for pid in pids {
        assert!(!runs(pid), "{kind} left {pid}");
    }
    assert!(TcpStream::connect(address).is_err());
    drop(open);
    Completion::Completed
}

/// Whether a process is there and not merely waiting to be collected by its parent.
fn runs(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn main() {
    let mut trials = Vec::new();
    for kind in Kind::ALL {
        let setup = Setup::new(kind);
        let v4 = |server: Server| logs_in(&server, Family::V4);
        let v6 = |server: Server| logs_in(&server, Family::V6);
        trials.push(harness::trial(format!("{kind}::ipv4::logs_in"), setup, v4));
        if kind.serves(Family::V6) {
            trials.push(harness::trial(format!("{kind}::ipv6::logs_in"), setup, v6));
        }
        trials.push(harness::trial(format!("{kind}::ends"), setup, ends));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
