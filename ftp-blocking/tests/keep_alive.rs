//! The idle session's keepalive, which the application fires.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use ftp_blocking::proto::{Closed, Config, State};
use ftp_blocking::testing::{Behaviour, Files, Loopback, ServerConfig, Step};
use ftp_blocking::{Client, Tcp};

fn idle(server: &Loopback) -> Client<Tcp> {
    let mut config = Config::default();
    config.idle_keepalive = Some(Duration::ZERO); // counts as the shortest pause there is
    let builder = Client::builder().config(config);
    let mut ftp = builder.connect_to(&[server.address()]).unwrap();
    ftp.login_anonymous().unwrap();
    ftp
}

fn noops(server: &Loopback) -> usize {
    let commands = server.commands(0);
    commands.iter().filter(|line| *line == "NOOP").count()
}

#[test]
fn a_call_sends_noop_when_its_time_has_come() {
    let server = Loopback::start(ServerConfig::new(), Files::new()).unwrap();
    let mut ftp = idle(&server);
    while noops(&server) < 3 {
        ftp.keep_alive().unwrap();
    }
    assert_eq!(ftp.state(), State::Usable);
    ftp.pwd().unwrap();
}

#[test]
fn a_call_tells_that_the_session_is_over() {
    let behaviour = Behaviour::new().close_at(Step::Received, "NOOP");
    let config = ServerConfig::new().behaviour(behaviour);
    let server = Loopback::start(config, Files::new()).unwrap();
    let mut ftp = idle(&server);
    let error = loop {
        if let Err(error) = ftp.keep_alive() {
            break error;
        }
    };
    assert!(error.is_fatal(), "{error}");
    assert_eq!(ftp.state(), State::Dead(Closed::Eof));
}
