//! One type of client for clear and TLS, from a connector.

use std::io::Write;
use std::time::Duration;

use ftp_blocking::proto::operation::Login;
use ftp_blocking::proto::retry::Retry;
use ftp_blocking::proto::tls::TlsError;
use ftp_blocking::proto::{Config, Encoding};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Builder, Client, Connector, MaybeTls, Tcp, Tls};
use ftp_testbed::servers::AUTHORITY;

use crate::peer::{Peer, Shown, config, serve};
use crate::trusting;

fn builder(transport: MaybeTls) -> Builder<MaybeTls> {
    let mut config = Config::default();
    // The peers have no FEAT.
    config.encoding = Encoding::AsItIs;
    Builder::new(transport).config(config)
}

fn read(connector: &Connector) -> Vec<u8> {
    let mut client: Client<MaybeTls> = connector.connect().unwrap();
    let mut received = Vec::new();
    client.retrieve_to("a", &mut received).unwrap();
    client.quit().unwrap();
    received
}

fn send_a_file(peer: &mut Peer) {
    let mut data = peer.open_secured("RETR");
    data.write_all(b"text").unwrap();
    data.conn.send_close_notify();
    data.flush().unwrap();
    drop(data);
    peer.say("226 done\r\n");
    peer.listen_to_the_end();
}

#[test]
fn the_same_code_works_in_clear_and_under_tls() {
    let clear = Loopback::start(ServerConfig::new(), Files::new().file("/a", "text")).unwrap();
    let connector = builder(MaybeTls::Clear(Tcp::new()));
    let connector = connector.connector_to(&[clear.address()], Login::anonymous());
    assert_eq!(read(&connector), b"text");

    let (address, explicit) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.secure().unwrap();
        send_a_file(peer);
    });
    let connector = builder(MaybeTls::Tls(trusting(AUTHORITY)));
    let connector = connector.connector_to(&[address], Login::anonymous());
    assert_eq!(read(&connector), b"text");
    let commands = explicit.join().unwrap();
    assert_eq!(
        commands[..4],
        ["AUTH TLS", "PBSZ 0", "PROT P", "USER anonymous"]
    );

    let (address, implicit) = serve(config(Shown::Good), |peer| {
        peer.secure().unwrap();
        peer.say("220 ready\r\n");
        send_a_file(peer);
    });
    let connector = builder(MaybeTls::Tls(trusting(AUTHORITY).implicit()));
    let connector = connector.connector_to(&[address], Login::anonymous());
    assert_eq!(read(&connector), b"text");
    let commands = implicit.join().unwrap();
    assert_eq!(commands[..3], ["PBSZ 0", "PROT P", "USER anonymous"]);
}

/// The peer serves one connection: a second try would wait for ever, or be refused.
#[test]
fn a_certificate_that_is_refused_is_not_tried_again() {
    for implicit in [false, true] {
        let (address, server) = serve(config(Shown::Good), move |peer| {
            if !implicit {
                peer.agree();
            }
            assert!(peer.secure().is_err());
        });
        let tls = Tls::builder().pin_sha256([0; 32]).build().unwrap();
        let tls = if implicit { tls.implicit() } else { tls };
        let connector = builder(MaybeTls::Tls(tls));
        let connector = connector.connector_to(&[address], Login::anonymous());
        let mut policy = Retry::default();
        policy.delay = Duration::from_secs(3600);
        let error = connector.retrying(policy).client().map(|_| ()).unwrap_err();
        assert!(
            matches!(error.tls(), Some(TlsError::NotPinned { .. })),
            "{error}"
        );
        server.join().unwrap();
    }
}
