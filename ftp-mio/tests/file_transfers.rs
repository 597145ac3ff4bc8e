//! Transfers between files and a server, by the kernel with the feature `splice`.
#![cfg(feature = "mio")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "file_transfers/lending.rs"]
mod lending;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::task::Poll;
use std::time::Instant;

use ftp_blocking::testing::Loopback;
use ftp_mio::mio as glue;
use ftp_mio::proto::operation::{Login, Retrieve, Store};
use ftp_mio::proto::testing::{Behaviour, Files, ServerConfig};
use ftp_mio::proto::{Argument, Completed, Direction, ErrorKind, Operation};
use ftp_mio::{Builder, MaybeTls, Progress, Result, Socket, Tcp, Transport};

use lending::{Call, Lending, Lends};

/// More than a pipe holds, and no multiple of a block.
const LARGE: usize = 3 * 1024 * 1024 + 17;
/// Less than a pipe holds: a transfer takes many turns.
const BUDGET: usize = 100_000;

fn large() -> Vec<u8> {
    (0..=250).cycle().take(LARGE).collect()
}

fn server(behaviour: Behaviour) -> Loopback {
    let files = Files::new().file("/large", large()).file("/empty", "");
    Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap()
}

fn path(path: &str) -> Argument {
    Argument::new(path).unwrap()
}

fn contents(mut file: &File) -> Vec<u8> {
    let mut contents = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut contents).unwrap();
    contents
}

/// Moves payload between the file and the server, and checks that no turn moves more than it may.
fn transfer<O>(server: &Loopback, operation: O, file: &File) -> Result<Completed>
where
    O: Operation<Output = Completed> + Send + 'static,
{
    transfer_over(Tcp::new(), server, operation, file)
}

fn transfer_over<T, O>(
    transport: T,
    server: &Loopback,
    operation: O,
    file: &File,
) -> Result<Completed>
where
    T: Transport<Source = Socket>,
    O: Operation<Output = Completed> + Send + 'static,
{
    let mut poll = mio::Poll::new().unwrap();
    let mut events = mio::Events::with_capacity(8);
    let builder = Builder::new(transport).budget(BUDGET);
    let mut client = builder.connect_to([server.address()], Instant::now());
    client.start(Login::anonymous());
    let handle = client.start(operation);
    loop {
        let mut registrar = glue::Registrar::new(poll.registry(), 0);
        client.turn(Instant::now(), &mut registrar);
        if let Some(mut data) = client.data_mut() {
            let begun = data.bytes();
            let mut go_on = || match data.flow().direction {
                Direction::Receive => data.read_to_file(file),
                Direction::Send => data.write_from_file(file),
            };
            while let Progress::Bytes(_) = go_on() {}
            let moved = data.bytes() - begun;
            assert!(moved <= most_in_a_turn(data.flow().direction));
        }
        if let Poll::Ready(outcome) = client.poll(handle) {
            client.close(&mut glue::Registrar::new(poll.registry(), 0));
            return outcome;
        }
        poll.poll(&mut events, client.timeout(Instant::now()))
            .unwrap();
        for event in &events {
            let (_, slot) = glue::slot(event.token());
            client.ready(slot, glue::ready(event));
        }
    }
}

/// Four spliced bytes count as one.
fn most_in_a_turn(direction: Direction) -> u64 {
    let splices = cfg!(all(
        feature = "splice",
        any(target_os = "linux", target_os = "android")
    ));
    let for_one = match direction {
        Direction::Receive if splices => 4,
        _ => 1,
    };
    for_one * BUDGET as u64
}

#[test]
fn downloads_are_whole_and_end_where_they_should() {
    let server = server(Behaviour::new());
    let large = large();
    let at = LARGE - 70_000;
    let table: [(Retrieve, &[u8]); 4] = [
        (Retrieve::new(path("large")), &large),
        (Retrieve::new(path("empty")), b""),
        (
            Retrieve::new(path("large")).limited_to(150_000),
            &large[..150_000],
        ),
        (
            Retrieve::new(path("large")).resume_at(at as u64),
            &large[at..],
        ),
    ];
    for (retrieve, expected) in table {
        let file = tempfile::tempfile().unwrap();
        let completed = transfer(&server, retrieve, &file).unwrap();
        assert_eq!(completed.bytes, expected.len() as u64);
        assert!(contents(&file) == expected);
    }
}

#[test]
fn a_download_that_is_cut_short_is_no_success() {
    let server = server(Behaviour::new().break_off("RETR", 1_000_000, 426, "broken off"));
    let file = tempfile::tempfile().unwrap();
    let error = transfer(&server, Retrieve::new(path("large")), &file).unwrap_err();
    assert!(
        matches!(error.kind(), Some(ErrorKind::Interrupted(_))),
        "{error}"
    );
    assert!(large().starts_with(&contents(&file)));
}

#[test]
fn a_file_that_cannot_be_written_ends_the_download() {
    let server = server(Behaviour::new());
    let directory = tempfile::tempdir().unwrap();
    let name = directory.path().join("read only");
    std::fs::write(&name, "").unwrap();
    let file = File::open(&name).unwrap();
    transfer(&server, Retrieve::new(path("large")), &file).unwrap_err();
}

#[test]
fn uploads_are_whole_from_the_position_of_the_file() {
    let server = server(Behaviour::new());
    let large = large();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&large).unwrap();
    for at in [0, 1, LARGE - 70_000, LARGE] {
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        let completed = transfer(&server, Store::new(path("stored")), &file).unwrap();
        assert_eq!(completed.bytes, (LARGE - at) as u64);
        assert!(
            server.files().content("/stored") == Some(&large[at..]),
            "from {at}"
        );
        assert_eq!(file.stream_position().unwrap(), LARGE as u64);
    }
}

/// Whether the kernel moves payload here, if nothing forbids it.
const SPLICES: bool = cfg!(all(
    feature = "splice",
    any(target_os = "linux", target_os = "android")
));

#[test]
fn the_kernel_moves_all_payload_where_it_may() {
    if !SPLICES {
        return;
    }
    let server = server(Behaviour::new());
    let large = large();
    let file = tempfile::tempfile().unwrap();
    // Neither reads nor writes payload, and so it cannot be copied.
    let (lending, _) = Lending::new(Lends::Only);
    let retrieve = Retrieve::new(path("large"));
    transfer_over(MaybeTls::Clear(lending), &server, retrieve, &file).unwrap();
    assert!(contents(&file) == large);

    let mut to_send = &file;
    to_send.rewind().unwrap();
    let (lending, calls) = Lending::new(Lends::Only);
    let store = Store::new(path("stored"));
    transfer_over(MaybeTls::Clear(lending), &server, store, &file).unwrap();
    assert!(server.files().content("/stored") == Some(&large[..]));
    // The end of the file is near from the beginning.
    assert_eq!(calls.lock().unwrap()[..2], [Call::Lend, Call::KeepLittle]);
}

/// Before that, the system may hold unsent what it likes.
#[test]
fn little_is_kept_unsent_near_the_end_of_a_file() {
    if !SPLICES {
        return;
    }
    let server = server(Behaviour::new());
    let file = tempfile::tempfile().unwrap();
    file.set_len(20 * 1024 * 1024).unwrap();
    let (lending, calls) = Lending::new(Lends::Only);
    let completed = transfer_over(lending, &server, Store::new(path("stored")), &file).unwrap();
    assert_eq!(completed.bytes, 20 * 1024 * 1024);
    let calls = calls.lock().unwrap();
    let before = calls.iter().take_while(|call| **call == Call::Lend).count();
    // Each call sends no more than the budget of a turn.
    assert!(before > 4 * 1024 * 1024 / BUDGET, "{before}");
    assert!(before < calls.len());
}

#[test]
fn payload_is_copied_where_the_kernel_cannot_move_it() {
    // The second lends the socket no more when the file is to be sent.
    for lends in [Lends::Never, Lends::EverySecondTime] {
        let server = server(Behaviour::new());
        let large = large();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&large).unwrap();
        file.rewind().unwrap();
        let (lending, _) = Lending::new(lends);
        let store = Store::new(path("stored"));
        let completed = transfer_over(lending, &server, store, &file).unwrap();
        assert_eq!(completed.bytes, LARGE as u64);
        assert!(server.files().content("/stored") == Some(&large[..]));
    }
    let server = server(Behaviour::new());
    let file = tempfile::tempfile().unwrap();
    let (lending, _) = Lending::new(Lends::Never);
    transfer_over(lending, &server, Retrieve::new(path("large")), &file).unwrap();
    assert!(contents(&file) == large());
}

/// The application converts it.
#[test]
fn the_kernel_moves_no_text() {
    let server = server(Behaviour::new());
    let file = tempfile::tempfile().unwrap();
    for upload in [false, true] {
        let (lending, calls) = Lending::new(Lends::EverySecondTime);
        if upload {
            transfer_over(lending, &server, Store::new(path("text")).ascii(), &file).unwrap();
        } else {
            let retrieve = Retrieve::new(path("large")).ascii();
            transfer_over(lending, &server, retrieve, &file).unwrap();
        }
        assert!(!calls.lock().unwrap().contains(&Call::Lend));
    }
}
