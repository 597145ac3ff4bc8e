//! What is tried with every server.

use std::fs::{self, File};
use std::io::{self, Read};
use std::thread;

use ftp_blocking::DataHandshakes;
use ftp_blocking::proto::operation::Store;
use ftp_blocking::proto::tls::Resumable;
use ftp_blocking::proto::{After, Argument, DataMode, Interruption};

use ftp_testbed::servers::{Kind, Server, TlsVersions};
use ftp_testbed::tree::{self, HELLO};

use crate::common::{Case, Compared, Large, retrieve, since, store};

const SERIES: u64 = 500;

pub(crate) fn moves_files(case: &Case, server: &Server) {
    let mut client = case.open(server);
    let channel = client.control_stream().unwrap().channel().unwrap();
    assert_eq!(channel.resumed(), Some(false));
    assert!(!channel.peer_certificates().unwrap().is_empty());
    let before = client.transport().data_handshakes();

    let lines = client.dir("").unwrap();
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
    // The login brings two tickets, every upload spends one, and every listing in between brings two.
    let refills = match (case.kind, case.versions) {
        (Kind::Proftpd, TlsVersions::Only13) => (SERIES - 2) / 2,
        _ => 0,
    };
    expect_series(case, client.transport().data_handshakes(), refills);
    client.quit().unwrap();
}

pub(crate) fn retrieves_a_series(case: &Case, server: &Server) {
    let mut client = case.open(server);
    for _ in 0..SERIES {
        assert_eq!(retrieve(&mut client, "hello.txt"), HELLO);
    }
    expect_series(case, client.transport().data_handshakes(), 0);
    client.quit().unwrap();
}

pub(crate) fn sessions_at_once(case: &Case, server: &Server) {
    let one_session = |number: usize| {
        let mut client = case.open(server);
        let path = format!("up/session-{number}.bin");
        for round in 0..50_u64 {
            store(&mut client, &path, &round.to_le_bytes());
            assert_eq!(retrieve(&mut client, &path), round.to_le_bytes());
        }
        assert_eq!(client.transport().data_handshakes().resumed, 100);
        client.quit().unwrap();
    };
    thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || one_session(number));
        }
    });
}

pub(crate) fn moves_large(case: &Case, server: &Server) {
    let size = server.tree().large();
    let mut client = case.open(server);
    let mut compared = Compared::new();
    client.retrieve_to("large.bin", &mut compared).unwrap();
    assert_eq!(compared.at, size);

    let stored = client.store_from("up/large.bin", &mut Large { at: 0, size });
    assert_eq!(stored.unwrap().bytes, size);
    let mut compared = Compared::new();
    let mut file = File::open(server.tree().root().join("up/large.bin")).unwrap();
    assert_eq!(io::copy(&mut file, &mut compared).unwrap(), size);
    client.quit().unwrap();
}

pub(crate) fn moves_in_active_mode(case: &Case, server: &Server) {
    let mut client = case.open_with(server, |config| config.data_mode = DataMode::AnyActive);
    assert_eq!(retrieve(&mut client, "hello.txt"), HELLO);
    store(&mut client, "up/active.txt", HELLO);
    let stored = fs::read(server.tree().root().join("up/active.txt")).unwrap();
    assert_eq!(stored, HELLO);
    client.quit().unwrap();
}

pub(crate) fn aborts_a_download(case: &Case, server: &Server) {
    let mut client = case.open(server);
    let mut download = client.retrieve("large.bin").unwrap();
    download.read_exact(&mut [0; 10_000]).unwrap();
    download.abort().unwrap_err();
    assert_eq!(retrieve(&mut client, "hello.txt"), HELLO);
    client.quit().unwrap();
}

pub(crate) fn clears_control(case: &Case, server: &Server) {
    let mut client = case.open_with(server, |config| config.clear_control = true);
    client.complete("CCC").unwrap();
    assert!(client.control_stream().unwrap().channel().is_none());
    client.noop().unwrap();
    assert_eq!(retrieve(&mut client, "hello.txt"), HELLO);
    assert_eq!(client.transport().data_handshakes().full, 1);
    client.quit().unwrap();
}

/// A transfer that is run as a bare operation is not preceded by a listing for tickets.
pub(crate) fn is_refused(case: &Case, server: &Server) {
    let mut client = case.open(server);
    let store = || Store::new(Argument::new("up/bare.bin").unwrap());
    client.run(store()).unwrap();
    client.run(store()).unwrap();
    assert_eq!(
        client.transport().context().unwrap().resumable(),
        Resumable::Nothing
    );
    let error = client.run(store()).unwrap_err();
    let interrupted = error.session().unwrap().interrupted().unwrap();
    assert_eq!(interrupted.cause, Interruption::NotResumed);
    assert_eq!(error.after(), After::Usable);
    assert!(error.to_string().contains("TLS 1.2"), "{error}");
    // The refused handshake has brought tickets.
    assert_eq!(
        client.transport().context().unwrap().resumable(),
        Resumable::Tickets(2)
    );
    client.run(store()).unwrap();
    client.quit().unwrap();
}

/// Where resumption is demanded, every transfer has resumed; what else there was are the listings that bring tickets.
fn expect_series(case: &Case, handshakes: DataHandshakes, refills: u64) {
    if case.is_strict() {
        assert_eq!((handshakes.resumed, handshakes.full), (SERIES, refills));
    } else {
        assert!(
            handshakes.resumed + handshakes.full >= SERIES,
            "{handshakes:?}"
        );
    }
}
