//! What is tried with every server.

use std::fs::{self, File};
use std::io::{self, Read};
use std::thread;

use ftp_blocking::proto::operation::Store;
use ftp_blocking::proto::{After, Argument, DataMode};
use ftp_blocking::{Client, DataHandshakes, Tls};

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
    stores_each(&mut client, server, SERIES);
    // The login brings two tickets, every upload spends one, and every listing in between brings
    // two.
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

/// A listing for tickets goes before a bare operation as before any other.
pub(crate) fn stores_by_bare_operations(case: &Case, server: &Server) {
    let mut client = case.open(server);
    for _ in 0..5 {
        let store = Store::new(Argument::new("up/bare.bin").unwrap());
        client.run(store).unwrap();
    }
    let handshakes = client.transport().data_handshakes();
    assert_eq!((handshakes.resumed, handshakes.full), (5, 2));
    client.quit().unwrap();
}

/// Refused downloads cost no ticket that an upload needs, however early their handshakes may begin.
pub(crate) fn stores_behind_missing_files(case: &Case, server: &Server) {
    for early_tls in [false, true] {
        let mut client = case.open_with(server, |config| config.early_tls = early_tls);
        for _ in 0..20 {
            let error = client.retrieve_to("missing", &mut Vec::new()).unwrap_err();
            assert_eq!(error.after(), After::Usable, "{error}");
            assert_eq!(error.reply().unwrap().code().get(), 550);
        }
        stores_each(&mut client, server, 20);
        assert_eq!(client.transport().data_handshakes().resumed, 20);
        client.quit().unwrap();
    }
}

/// Stores so many files; none of them is empty in the end.
fn stores_each(client: &mut Client<Tls>, server: &Server, count: u64) {
    let path = |number| format!("up/series-{number}.bin");
    for number in 0..count {
        store(client, &path(number), &number.to_le_bytes());
    }
    for number in 0..count {
        let stored = server.tree().root().join(path(number));
        assert_eq!(fs::read(&stored).unwrap(), number.to_le_bytes());
        fs::remove_file(stored).unwrap();
    }
}

/// Where resumption is demanded, every transfer has resumed; what else there was are the listings
/// that bring tickets.
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
