//! Clients from a connector, logged in.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io;
use std::task::Poll;
use std::time::Instant;

use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_mio::proto::operation::{Exchange, Login};
use ftp_mio::{Client, Handle, Interest, MaybeTls, Reactor, Ready, Slot, Socket, Tcp};

/// Nothing is watched: the test gives turns until something comes.
struct Unwatched;

impl Reactor<Socket> for Unwatched {
    fn add(&mut self, _: Slot, _: &mut Socket, _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn change(&mut self, _: Slot, _: &mut Socket, _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self, _: Slot, _: &mut Socket) {}
}

fn outcome<O: 'static>(client: &mut Client<MaybeTls>, handle: Handle<O>) -> ftp_mio::Result<O> {
    loop {
        client.ready(Slot::Control, Ready::BOTH);
        client.turn(Instant::now(), &mut Unwatched);
        if let Poll::Ready(outcome) = client.poll(handle) {
            return outcome;
        }
    }
}

#[test]
fn each_client_is_a_new_one_that_logs_in_first() {
    let server = Loopback::start(ServerConfig::new(), Files::new()).unwrap();
    let connector = Client::builder()
        .transport(MaybeTls::Clear(Tcp::new()))
        .connector_to([server.address()], Login::anonymous());
    for session in 0..2 {
        let (mut client, login) = connector.start(Instant::now());
        let directory = client.start(Exchange::working_directory());
        assert_eq!(outcome(&mut client, login).unwrap().code().get(), 230);
        assert_eq!(outcome(&mut client, directory).unwrap().as_bytes(), b"/");
        let commands = server.commands(session);
        assert_eq!(commands[..2], ["USER anonymous", "PASS anonymous@"]);
    }
}

#[cfg(feature = "url")]
#[test]
fn a_url_for_tls_sends_no_login_in_clear() {
    let server = Loopback::start(ServerConfig::new(), Files::new()).unwrap();
    let text = format!("ftpes://ann:secret@{}/", server.address());
    let url: ftp_mio::FtpUrl = text.parse().unwrap();
    let builder = Client::builder().transport(MaybeTls::Clear(Tcp::new()));
    let connector = builder.connector_to_url(&url, [server.address()]);
    assert!(!format!("{connector:?}").contains("secret"));
    let (mut client, login) = connector.start(Instant::now());
    assert!(outcome(&mut client, login).is_err());
    assert_eq!(server.commands(0), ["AUTH TLS"]);
}
