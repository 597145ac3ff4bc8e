//! The loopback server, spoken to over plain sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ftp_blocking::testing::Loopback;
use ftp_proto::testing::{Behaviour, Files, Rule, Script, ServerConfig, Step};

/// No test waits longer for anything.
const LIMIT: Duration = Duration::from_secs(30);

struct Control {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Control {
    fn connect(server: &Loopback) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let mut control = Self {
            stream: BufReader::new(stream),
            address: server.address(),
        };
        assert_eq!(control.reply(), "220 Service ready.\r\n");
        control
    }

    fn login(server: &Loopback) -> Self {
        let mut control = Self::connect(server);
        assert!(control.ask("USER ftp").starts_with("331 "));
        assert!(control.ask("PASS me@").starts_with("230 "));
        assert!(control.ask("TYPE I").starts_with("200 "));
        control
    }

    fn reply(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line
    }

    fn ask(&mut self, command: &str) -> String {
        let line = format!("{command}\r\n");
        self.stream.get_mut().write_all(line.as_bytes()).unwrap();
        self.reply()
    }

    fn extended_passive(&mut self) -> TcpStream {
        let reply = self.ask("EPSV");
        let port = reply.split('|').nth(3).unwrap().parse().unwrap();
        let data = TcpStream::connect(SocketAddr::new(self.address.ip(), port)).unwrap();
        data.set_read_timeout(Some(LIMIT)).unwrap();
        data
    }

    fn download(&mut self, command: &str) -> Vec<u8> {
        let mut data = self.extended_passive();
        assert!(self.ask(command).starts_with("150 "));
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes).unwrap();
        drop(data);
        assert!(self.reply().starts_with("226 "));
        bytes
    }

    fn upload(&mut self, command: &str, bytes: &[u8]) {
        let mut data = self.extended_passive();
        assert!(self.ask(command).starts_with("150 "));
        data.write_all(bytes).unwrap();
        drop(data);
        assert!(self.reply().starts_with("226 "));
    }
}

fn large() -> Vec<u8> {
    (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect()
}

fn start(behaviour: Behaviour) -> Loopback {
    let files = Files::new()
        .file("/hello.txt", "hello\n")
        .file("/large", large());
    Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap()
}

/// Waits until the server has noticed what the client did.
fn eventually(what: impl Fn() -> bool) {
    for _ in 0..3000 {
        if what() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("it never happened");
}

#[test]
fn downloads_and_uploads_of_many_buffers() {
    let server = start(Behaviour::new());
    let mut control = Control::login(&server);
    assert_eq!(control.download("RETR hello.txt"), b"hello\n");
    assert!(control.download("RETR large") == large());
    control.upload("STOR copy", &large());
    assert!(server.files().content("/copy").unwrap() == large());
    assert!(
        String::from_utf8(control.download("LIST"))
            .unwrap()
            .contains(" hello.txt\r\n")
    );
    assert_eq!(control.ask("QUIT"), "221 Goodbye.\r\n");
    assert_eq!(control.reply(), "", "the server closes");
    let commands = server.commands(0);
    assert_eq!(
        commands[..5],
        ["USER ftp", "PASS me@", "TYPE I", "EPSV", "RETR hello.txt"]
    );
    assert_eq!(server.counts().data.max, 1);
}

#[test]
fn over_ipv6_and_in_active_mode() {
    let files = Files::new().file("/hello.txt", "hello\n");
    let server = Loopback::builder(ServerConfig::new(), files)
        .ipv6()
        .start()
        .unwrap();
    assert!(server.url().starts_with("ftp://[::1]:"));
    let mut control = Control::login(&server);
    assert_eq!(control.download("RETR hello.txt"), b"hello\n");

    let listener = TcpListener::bind("[::1]:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert!(
        control
            .ask(&format!("EPRT |2|::1|{port}|"))
            .starts_with("200 ")
    );
    assert!(control.ask("RETR hello.txt").starts_with("150 "));
    let mut bytes = String::new();
    listener
        .accept()
        .unwrap()
        .0
        .read_to_string(&mut bytes)
        .unwrap();
    assert_eq!(bytes, "hello\n");
    assert!(control.reply().starts_with("226 "));

    drop(listener);
    assert!(
        control
            .ask(&format!("EPRT |2|::1|{port}|"))
            .starts_with("200 ")
    );
    assert!(control.ask("RETR hello.txt").starts_with("425 "));
}

#[test]
fn sessions_run_side_by_side_and_share_the_files() {
    let server = start(Behaviour::new());
    let mut sessions: Vec<Control> = (0..8).map(|_| Control::login(&server)).collect();
    eventually(|| server.counts().logins.now == 8);
    sessions[0].upload("STOR shared", b"seen by all");
    for session in &mut sessions {
        assert_eq!(session.download("RETR shared"), b"seen by all");
    }
    drop(sessions);
    eventually(|| server.counts().sessions.now == 0);
    let counts = server.counts();
    assert_eq!(
        (counts.accepted, counts.sessions.max, counts.logins.max),
        (8, 8, 8)
    );
    assert_eq!((counts.logins.now, counts.data.now), (0, 0));
}

#[test]
fn sessions_with_separate_files_do_not_see_each_other() {
    let server = Loopback::builder(ServerConfig::new(), Files::new())
        .separate_trees()
        .start()
        .unwrap();
    let (mut one, mut other) = (Control::login(&server), Control::login(&server));
    one.upload("STOR mine", b"x");
    assert_eq!(one.ask("SIZE mine"), "213 1\r\n");
    assert!(other.ask("SIZE mine").starts_with("550 "));
    assert_eq!(server.files(), Files::new());
}

#[test]
fn files_change_under_a_running_session() {
    let server = start(Behaviour::new());
    let mut control = Control::login(&server);
    server.change_files(|files| files.insert("/late", "12345", 0));
    assert_eq!(control.ask("SIZE late"), "213 5\r\n");
}

#[test]
fn abort_is_seen_while_the_client_does_not_read() {
    let server = start(Behaviour::new());
    // More than any socket buffer holds.
    server.change_files(|files| files.insert("/huge", vec![0; 64 << 20], 0));
    let mut control = Control::login(&server);
    let data = control.extended_passive();
    assert!(control.ask("RETR huge").starts_with("150 "));
    assert!(control.ask("ABOR").starts_with("426 "));
    assert!(control.reply().starts_with("226 "));
    drop(data);
    assert_eq!(control.download("RETR hello.txt"), b"hello\n");
}

#[test]
fn a_client_that_breaks_its_data_connection_gets_426() {
    for behaviour in [Behaviour::new(), Behaviour::new().stall("RETR", 100)] {
        let server = start(behaviour);
        server.change_files(|files| files.insert("/huge", vec![0; 64 << 20], 0));
        let mut control = Control::login(&server);
        let data = control.extended_passive();
        assert!(control.ask("RETR huge").starts_with("150 "));
        drop(data);
        assert!(control.reply().starts_with("426 "));
        assert_eq!(control.ask("NOOP"), "200 Done nothing.\r\n");
    }
}

#[test]
fn a_reset_is_a_reset() {
    let server = start(Behaviour::new().break_off("RETR", 10, 426, "Broken."));
    let mut control = Control::login(&server);
    let mut data = control.extended_passive();
    assert!(control.ask("RETR large").starts_with("150 "));
    let mut bytes = Vec::new();
    let error = data.read_to_end(&mut bytes).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert_eq!(control.reply(), "426 Broken.\r\n");

    let server = start(Behaviour::new().rule(Rule::at(Step::Received).of("NOOP").reset_control()));
    let mut control = Control::login(&server);
    control.stream.get_mut().write_all(b"NOOP\r\n").unwrap();
    let error = control.stream.read_line(&mut String::new()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn the_last_reply_arrives_though_more_commands_were_sent() {
    let server = start(Behaviour::new().shut_down_at(Step::Received, "CWD"));
    let mut control = Control::login(&server);
    control
        .stream
        .get_mut()
        .write_all(b"CWD /\r\nNOOP\r\nNOOP\r\n")
        .unwrap();
    assert!(control.reply().starts_with("421 "));
    assert_eq!(control.reply(), "");
}

#[test]
fn a_stranger_reaches_an_ipv4_listener_first() {
    let server = start(Behaviour::new().stranger("RETR"));
    let mut control = Control::login(&server);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let [high, low] = listener.local_addr().unwrap().port().to_be_bytes();
    assert!(
        control
            .ask(&format!("PORT 127,0,0,1,{high},{low}"))
            .starts_with("200 ")
    );
    assert!(control.ask("RETR hello.txt").starts_with("150 "));
    let peers = [listener.accept().unwrap(), listener.accept().unwrap()];
    assert_ne!(peers[0].1.ip(), control.address.ip());
    assert_eq!(peers[1].1.ip(), control.address.ip());
}

#[test]
fn an_idle_session_ends() {
    let limit = Duration::from_millis(50);
    let server = Loopback::builder(ServerConfig::new(), Files::new())
        .limit(limit)
        .start()
        .unwrap();
    let mut control = Control::connect(&server);
    assert_eq!(control.reply(), "");
    eventually(|| server.counts().sessions.now == 0);
}

#[test]
fn dropping_the_server_ends_its_sessions() {
    let (done, ended) = mpsc::channel();
    thread::spawn(move || {
        let server = start(Behaviour::new().stall("RETR", 0).stall("STOR", 0));
        let mut idle = Control::connect(&server);
        let mut sending = Control::login(&server);
        let _down = sending.extended_passive();
        sending.ask("RETR large");
        let mut receiving = Control::login(&server);
        let _up = receiving.extended_passive();
        receiving.ask("STOR new");
        let mut accepting = Control::login(&server);
        accepting.ask("EPSV");
        accepting
            .stream
            .get_mut()
            .write_all(b"RETR large\r\n")
            .unwrap();
        let address = server.address();
        drop(server);
        assert_eq!(idle.reply(), "");
        assert!(TcpStream::connect(address).is_err());
        done.send(()).unwrap();
    });
    ended.recv_timeout(LIMIT).expect("the server did not stop");
}

#[test]
fn a_script_is_played_to_each_session() {
    let script = Script::new()
        .say("220 Hello.\r\n")
        .expect("EPSV")
        .listen_extended()
        .expect("RETR")
        .say("150 a\r\n226 b\r\n")
        .open()
        .send("abc")
        .close_data()
        .expect("QUIT")
        .say("221 c\r\n")
        .close_control();
    let server = Loopback::scripted(script).start().unwrap();
    for number in 0..2 {
        let mut control = Control {
            stream: BufReader::new(TcpStream::connect(server.address()).unwrap()),
            address: server.address(),
        };
        assert_eq!(control.reply(), "220 Hello.\r\n");
        assert_eq!(control.download("RETR x"), b"abc");
        assert_eq!(control.ask("QUIT"), "221 c\r\n");
        assert_eq!(server.commands(number), ["EPSV", "RETR x", "QUIT"]);
    }
    let mut control = Control {
        stream: BufReader::new(TcpStream::connect(server.address()).unwrap()),
        address: server.address(),
    };
    control.ask("NOOP");
    drop(control);
    eventually(|| server.counts().sessions.now == 0);
}
