//! What is tried with every server.

use std::fs;

use ftp_blocking::DataHandshakes;

use ftp_testbed::servers::{Kind, Server, TlsVersions};
use ftp_testbed::tree::{self, HELLO};

use crate::common::{Case, retrieve, since, store};

const SERIES: u64 = 500;

pub(crate) fn moves_files(case: &Case, server: &Server) {
    let mut client = case.open(server);
    let channel = client.control_stream().unwrap().channel().unwrap();
    assert_eq!(channel.resumed(), Some(false));
    assert!(!channel.peer_certificates().unwrap().is_empty());
    let before = client.transport().data_handshakes();

    let lines = client.dir(&[]).unwrap();
    let listed = |name: &[u8]| lines.iter().any(|line| line.ends_with(name));
    assert!(listed(b" hello.txt") && listed(b" large.bin"), "{lines:?}");
    assert_eq!(retrieve(&mut client, "hello.txt"), HELLO);
    assert_eq!(retrieve(&mut client, "empty.bin"), b"");

    let mut payload = vec![0; 300_000];
    tree::fill(7, &mut payload);
    store(&mut client, "up/payload.bin", &payload);
    assert_eq!(
        fs::read(server.tree().root().join("up/payload.bin")).unwrap(),
        payload
    );
    assert_eq!(retrieve(&mut client, "up/payload.bin"), payload);
    store(&mut client, "up/nothing.bin", b"");
    assert_eq!(
        fs::read(server.tree().root().join("up/nothing.bin")).unwrap(),
        b""
    );

    let (resumed, full) = since(&client, before);
    if case.is_strict() {
        assert_eq!((resumed, full), (6, 0));
    } else {
        assert_eq!(resumed + full, 6);
    }
    client.quit().unwrap();
}

pub(crate) fn stores_a_series(case: &Case, server: &Server) {
    let mut client = case.open(server);
    for number in 0..SERIES {
        store(&mut client, "up/series.bin", &number.to_le_bytes());
    }
    let last = fs::read(server.tree().root().join("up/series.bin")).unwrap();
    assert_eq!(last, (SERIES - 1).to_le_bytes());
    expect_series(case, client.transport().data_handshakes());
    client.quit().unwrap();
}

pub(crate) fn retrieves_a_series(case: &Case, server: &Server) {
    let mut client = case.open(server);
    for _ in 0..SERIES {
        assert_eq!(retrieve(&mut client, "hello.txt"), HELLO);
    }
    expect_series(case, client.transport().data_handshakes());
    client.quit().unwrap();
}

/// Where resumption is demanded, every transfer has resumed; what else there was are the listings that bring tickets.
fn expect_series(case: &Case, handshakes: DataHandshakes) {
    let refills = match (case.kind, case.versions) {
        (Kind::Proftpd, TlsVersions::Only13) => SERIES / 2,
        _ => 0,
    };
    if case.is_strict() {
        assert_eq!(handshakes.resumed, SERIES);
        assert!(handshakes.full <= refills, "{handshakes:?}");
    } else {
        assert!(
            handshakes.resumed + handshakes.full >= SERIES,
            "{handshakes:?}"
        );
    }
}
