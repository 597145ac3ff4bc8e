//! The scripted peer does what its script says, and notices when the client does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use ftp_testbed::scripted::{Passive, Peer, Port, Script};
use ftp_testbed::tree;

fn connect(peer: &Peer) -> TcpStream {
    let stream = TcpStream::connect(peer.address()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

fn line(stream: &mut TcpStream) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}

fn extended_port(reply: &str) -> u16 {
    reply.split('|').nth(3).unwrap().parse().unwrap()
}

#[test]
fn lines_are_recorded_with_the_read_that_brought_them() {
    let script = Script::new()
        .answer("A", "200 a\r\n")
        .expect("B 1")
        .expect_verb("C")
        .send("200 c\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer);
    client.write_all(b"A\r\n").unwrap();
    assert_eq!(line(&mut client), "200 a\r\n");
    client.write_all(b"B 1\r\nC any thing\r\n").unwrap();
    assert_eq!(line(&mut client), "200 c\r\n");
    drop(client);
    let record = peer.finish().unwrap();
    assert_eq!(record.lines(), ["A", "B 1", "C any thing"]);
    assert_eq!(
        record.flights(),
        [
            vec!["A".to_owned()],
            vec!["B 1".to_owned(), "C any thing".to_owned()]
        ]
    );
}

#[test]
fn a_wrong_command_names_the_step_and_what_came() {
    let peer = Peer::start(Script::new().send("220 x\r\n").expect("NOOP")).unwrap();
    connect(&peer).write_all(b"QUIT\r\n").unwrap();
    let failure = peer.finish().unwrap_err();
    assert_eq!(failure.step, 1);
    assert!(failure.reason.contains("\"QUIT\""), "{failure}");
    assert_eq!(failure.record.lines(), ["QUIT"]);
}

#[test]
fn a_client_that_leaves_early_is_a_failure() {
    for sent in ["", "NOO"] {
        let peer = Peer::start(Script::new().expect("NOOP")).unwrap();
        connect(&peer).write_all(sent.as_bytes()).unwrap();
        let failure = peer.finish().unwrap_err();
        assert!(failure.reason.contains("closed"), "{failure}");
    }
}

#[test]
fn a_line_where_none_may_come_is_a_failure() {
    let peer = Peer::start(Script::new().expect_close()).unwrap();
    connect(&peer).write_all(b"NOOP\r\n").unwrap();
    assert!(peer.finish().is_err());
}

#[test]
fn dropping_the_peer_ends_a_stalled_script() {
    let peer = Peer::start(Script::new().wait("never")).unwrap();
    let mut client = connect(&peer);
    let begin = Instant::now();
    drop(peer);
    assert!(begin.elapsed() < ftp_testbed::scripted::WATCHDOG);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_mark_that_never_comes_ends_with_the_script() {
    let peer = Peer::start(Script::new().mark("one")).unwrap();
    let client = connect(&peer);
    assert!(peer.reached("one"));
    assert!(!peer.reached("two"));
    drop(client);
    peer.finish().unwrap();
}

#[test]
fn passive_data_flows_both_ways_on_both_families() {
    for host in [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ] {
        let script = Script::new()
            .passive(Port::Open, Passive::Extended)
            .accept()
            .send_pattern(300_000)
            .shut_down_data()
            .read_data(4)
            .read_data_to_end()
            .close_data();
        // A machine without IPv6 has nothing to show here.
        let Ok(peer) = Peer::start_on(host, script) else {
            continue;
        };
        let mut client = connect(&peer);
        let port = extended_port(&line(&mut client));
        let mut data = TcpStream::connect((host, port)).unwrap();
        let from = data.local_addr().unwrap();
        let mut received = Vec::new();
        data.read_to_end(&mut received).unwrap();
        let mut expected = vec![0; 300_000];
        tree::fill(0, &mut expected);
        assert!(received == expected);
        data.write_all(b"up and away").unwrap();
        drop(data);
        let record = peer.finish().unwrap();
        assert_eq!(record.data, [(from, b"up and away".to_vec())]);
    }
}

#[test]
fn classic_announcements_name_the_host_of_the_script() {
    let script = Script::new()
        .passive(Port::Open, Passive::Classic)
        .passive(Port::Open, Passive::ClassicAt(Ipv4Addr::new(10, 1, 2, 3)))
        .passive(
            Port::Open,
            Passive::Custom(|at| format!("227 {}\r\n", at.ip())),
        );
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer);
    assert!(line(&mut client).starts_with("227 Entering Passive Mode (127,0,0,1,"));
    assert!(line(&mut client).contains("(10,1,2,3,"));
    assert_eq!(line(&mut client), "227 127.0.0.1\r\n");
    peer.finish().unwrap();
}

#[test]
fn closed_and_silent_ports_are_what_they_say() {
    let script = Script::new()
        .passive(Port::Refused, Passive::Extended)
        .wait("next")
        .passive(Port::Silent, Passive::Extended)
        .wait("end");
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer);
    let mut attempt = || {
        let port = extended_port(&line(&mut client));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let error = TcpStream::connect_timeout(&address, Duration::from_millis(200));
        error.unwrap_err().kind()
    };
    assert_eq!(attempt(), ErrorKind::ConnectionRefused);
    peer.release("next");
    assert_eq!(attempt(), ErrorKind::TimedOut);
    peer.release("end");
    peer.finish().unwrap();
}

#[test]
fn active_mode_connects_to_what_the_client_said() {
    let stranger = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 77));
    let script = Script::new()
        .expect_verb("EPRT")
        .connect_from(stranger)
        .close_data()
        .connect()
        .send_data("payload")
        .close_data();
    let peer = Peer::start(script).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = connect(&peer);
    write!(client, "EPRT |1|127.0.0.1|{port}|\r\n").unwrap();
    assert_eq!(listener.accept().unwrap().1.ip(), stranger);
    let (mut data, from) = listener.accept().unwrap();
    assert_eq!(from.ip(), peer.address().ip());
    let mut payload = String::new();
    data.read_to_string(&mut payload).unwrap();
    assert_eq!(payload, "payload");
    peer.finish().unwrap();
}

#[test]
fn resets_arrive_as_resets() {
    let script = Script::new()
        .passive(Port::Open, Passive::Extended)
        .accept()
        .reset_data()
        .wait("control")
        .reset();
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer);
    let port = extended_port(&line(&mut client));
    let mut data = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let kind = |result: std::io::Result<usize>| result.unwrap_err().kind();
    assert_eq!(kind(data.read(&mut [0])), ErrorKind::ConnectionReset);
    peer.release("control");
    assert_eq!(kind(client.read(&mut [0])), ErrorKind::ConnectionReset);
    peer.finish().unwrap();
}

#[test]
fn after_settling_everything_can_be_read_without_waiting() {
    let script = Script::new()
        .send("226 done\r\n")
        .send("226 surplus\r\n")
        .settle()
        .mark("sent")
        .expect_verb("NOOP")
        .close()
        .mark("closed");
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer);
    assert!(peer.reached("sent"));
    client.set_nonblocking(true).unwrap();
    let mut block = [0; 100];
    assert_eq!(client.read(&mut block).unwrap(), 23);
    client.write_all(b"NOOP\r\n").unwrap();
    assert!(peer.reached("closed"));
    assert_eq!(client.read(&mut block).unwrap(), 0);
    peer.finish().unwrap();
}

#[test]
fn a_half_closed_peer_still_reads() {
    let script = Script::new().half_close().expect("QUIT").expect_close();
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    client.write_all(b"QUIT\r\n").unwrap();
    drop(client);
    assert_eq!(peer.finish().unwrap().lines(), ["QUIT"]);
}

#[test]
fn pieces_and_drops_make_the_same_bytes() {
    let script = Script::new()
        .send_pieces("220-one\r\n220 two\r\n", 3)
        .drip("200 ok\r\n", Duration::from_millis(1))
        .ignore_rest();
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer);
    let mut text = [0; 26];
    client.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"220-one\r\n220 two\r\n200 ok\r\n");
    client.write_all(b"UNANSWERED\r\n").unwrap();
    drop(client);
    assert_eq!(peer.finish().unwrap().lines(), ["UNANSWERED"]);
}

#[test]
fn a_drip_ends_with_its_client() {
    let script = Script::new().drip([b'x'; 1 << 20], Duration::from_millis(1));
    let peer = Peer::start(script).unwrap();
    let mut client = connect(&peer);
    client.read_exact(&mut [0; 3]).unwrap();
    drop(client);
    peer.finish().unwrap();
}

#[test]
fn several_clients_come_one_after_the_other() {
    let script = Script::new().login().next_client().login().expect_close();
    let peer = Peer::start(script).unwrap();
    for _ in 0..2 {
        let mut client = connect(&peer);
        assert_eq!(line(&mut client), "220 ready\r\n");
        client.write_all(b"USER u\r\n").unwrap();
        assert_eq!(line(&mut client), "331 password\r\n");
        client.write_all(b"PASS p\r\n").unwrap();
        assert_eq!(line(&mut client), "230 logged in\r\n");
    }
    assert_eq!(peer.finish().unwrap().lines().len(), 4);
}
