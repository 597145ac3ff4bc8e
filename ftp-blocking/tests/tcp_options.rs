//! Options of TCP connections, and the ports and the address of active mode.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::net::TcpListener;
use std::time::Duration;

use ftp_blocking::proto::driver::TcpOptions;
use ftp_blocking::proto::{DataMode, Timeouts};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Tcp};

fn server() -> Loopback {
    let files = Files::new().file("/a", "text");
    Loopback::start(ServerConfig::new(), files).unwrap()
}

fn client(server: &Loopback, options: TcpOptions, mode: DataMode) -> Client<Tcp> {
    let mut ftp = Client::builder()
        .transport(Tcp::new().options(options))
        .data_mode(mode)
        .timeouts(Timeouts::all(Duration::from_secs(5)))
        .connect_to(&[server.address()])
        .unwrap();
    ftp.login_anonymous().unwrap();
    ftp
}

/// The port numbers of all EPRT commands.
fn announced(server: &Loopback) -> Vec<(String, u16)> {
    let commands = server.commands(0);
    let eprt = commands
        .iter()
        .filter_map(|line| line.strip_prefix("EPRT "));
    eprt.map(|argument| {
        let mut parts = argument.split('|').skip(2);
        let host = parts.next().unwrap().to_owned();
        (host, parts.next().unwrap().parse().unwrap())
    })
    .collect()
}

#[test]
fn active_mode_keeps_to_its_ports_and_passes_over_those_that_are_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let first = taken.local_addr().unwrap().port();
    let last = first.checked_add(20).expect("the system gives lower ports");
    let server = server();
    let mut options = TcpOptions::default();
    options.active_ports = Some((first, last));
    let mut ftp = client(&server, options, DataMode::AnyActive);
    for _ in 0..3 {
        ftp.retrieve_to("a", &mut Vec::new()).unwrap();
    }
    let ports: Vec<u16> = announced(&server)
        .into_iter()
        .map(|(_, port)| port)
        .collect();
    assert_eq!(ports.len(), 3);
    assert!(
        ports.iter().all(|port| (first + 1..=last).contains(port)),
        "{ports:?}"
    );

    options.active_ports = Some((first, first));
    let mut ftp = client(&server, options, DataMode::AnyActive);
    let error = ftp.retrieve_to("a", &mut Vec::new()).unwrap_err();
    assert!(!error.is_fatal(), "{error}");
}

#[test]
fn the_announced_address_is_the_one_that_was_set() {
    let server = server();
    let mut options = TcpOptions::default();
    options.announced = Some([127, 0, 0, 9].into());
    let mut ftp = client(&server, options, DataMode::AnyActive);
    let _ = ftp.retrieve_to("a", &mut Vec::new());
    let hosts: Vec<String> = announced(&server)
        .into_iter()
        .map(|(host, _)| host)
        .collect();
    assert_eq!(hosts.first().map(String::as_str), Some("127.0.0.9"));
}

#[test]
fn buffers_of_any_size_move_the_same_bytes() {
    let server = server();
    let mut options = TcpOptions::default();
    options.keepalive = None;
    options.send_buffer = Some(4096);
    options.receive_buffer = Some(4096);
    let mut ftp = client(&server, options, DataMode::Auto);
    let bytes = vec![7; 1 << 20];
    ftp.store_from("b", &mut bytes.as_slice()).unwrap();
    let mut back = Vec::new();
    ftp.retrieve_to("b", &mut back).unwrap();
    assert!(back == bytes);
}
