//! Transfers between files and a server, by the kernel with the feature `splice`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "file_transfers/lending.rs"]
mod lending;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::time::Duration;

use ftp_blocking::proto::operation::{Retrieve, Store};
use ftp_blocking::proto::testing::{Behaviour, Files, ServerConfig};
use ftp_blocking::proto::{Argument, Completed, ErrorKind, Interruption, Reason, Timeouts};
use ftp_blocking::testing::Loopback;
use ftp_blocking::{Builder, Client, Error, MaybeTls, Tcp, Transport};

use lending::{Call, Lending, Lends};

/// More than a pipe holds, and no multiple of a block.
const LARGE: usize = 3 * 1024 * 1024 + 17;

fn large() -> Vec<u8> {
    (0..=250).cycle().take(LARGE).collect()
}

fn server() -> Loopback {
    let files = Files::new()
        .file("/large", large())
        .file("/empty", "")
        .file("/text", "one\ntwo\n");
    Loopback::start(ServerConfig::new(), files).unwrap()
}

fn login(server: &Loopback) -> Client {
    let mut ftp = Client::builder().connect_to(&[server.address()]).unwrap();
    ftp.login_anonymous().unwrap();
    ftp
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

#[test]
fn downloads_are_whole_and_end_where_they_should() {
    let server = server();
    let mut ftp = login(&server);
    let large = large();
    let at = LARGE - 70_000;
    let table: [(&str, Retrieve, &[u8]); 6] = [
        ("whole", Retrieve::new(path("large")), &large),
        ("empty", Retrieve::new(path("empty")), b""),
        (
            "limited",
            Retrieve::new(path("large")).limited_to(100_000),
            &large[..100_000],
        ),
        (
            "limited to its size",
            Retrieve::new(path("text")).limited_to(8),
            b"one\ntwo\n",
        ),
        (
            "the rest",
            Retrieve::new(path("large")).resume_at(at as u64),
            &large[at..],
        ),
        ("text", Retrieve::new(path("text")).ascii(), b"one\ntwo\n"),
    ];
    for (what, retrieve, expected) in table {
        let file = tempfile::tempfile().unwrap();
        let completed = ftp.download(retrieve).unwrap().copy_to_file(&file).unwrap();
        assert!(contents(&file) == expected, "{what}");
        let on_the_wire = expected.len() + if what == "text" { 2 } else { 0 };
        assert_eq!(completed.bytes, on_the_wire as u64, "{what}");
    }
    ftp.noop().unwrap();
}

/// splice does not write to such a file.
#[test]
fn a_download_is_appended() {
    let server = server();
    let directory = tempfile::tempdir().unwrap();
    let name = directory.path().join("log");
    std::fs::write(&name, "before ").unwrap();
    let file = File::options().append(true).open(&name).unwrap();
    login(&server)
        .retrieve("text")
        .unwrap()
        .copy_to_file(&file)
        .unwrap();
    assert_eq!(std::fs::read(&name).unwrap(), b"before one\ntwo\n");
}

#[test]
fn a_file_that_cannot_be_written_aborts_the_download() {
    let server = server();
    let mut ftp = login(&server);
    let directory = tempfile::tempdir().unwrap();
    let name = directory.path().join("read only");
    std::fs::write(&name, "").unwrap();
    let file = File::open(&name).unwrap();
    let outcome = ftp.retrieve("large").unwrap().copy_to_file(&file);
    assert!(matches!(outcome, Err(Error::Local(..))), "{outcome:?}");
    ftp.noop().unwrap();
}

#[test]
fn a_download_that_is_cut_short_is_no_success() {
    let files = Files::new().file("/large", large());
    let behaviour = Behaviour::new().break_off("RETR", 1_000_000, 426, "broken off");
    let server = Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap();
    let mut ftp = login(&server);
    let file = tempfile::tempfile().unwrap();
    let error = ftp
        .retrieve("large")
        .unwrap()
        .copy_to_file(&file)
        .unwrap_err();
    assert!(
        matches!(error.kind(), Some(ErrorKind::Interrupted(_))),
        "{error}"
    );
    assert!(large().starts_with(&contents(&file)));
}

fn upload<T: Transport>(ftp: &mut Client<T>, store: Store, file: &File) -> Completed {
    ftp.upload(store).unwrap().copy_from_file(file).unwrap()
}

#[test]
fn uploads_are_whole_from_the_position_of_the_file() {
    let server = server();
    let mut ftp = login(&server);
    let large = large();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&large).unwrap();
    for at in [0, 1, LARGE - 70_000, LARGE] {
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        let completed = upload(&mut ftp, Store::new(path("stored")), &file);
        assert_eq!(completed.bytes, (LARGE - at) as u64);
        assert!(
            server.files().content("/stored") == Some(&large[at..]),
            "from {at}"
        );
        assert_eq!(file.stream_position().unwrap(), LARGE as u64);
    }
    let mut text = tempfile::tempfile().unwrap();
    text.write_all(b"one\ntwo\n").unwrap();
    text.rewind().unwrap();
    let completed = upload(&mut ftp, Store::new(path("text")).ascii(), &text);
    assert_eq!(completed.bytes, 10);
    ftp.noop().unwrap();
}

/// sendfile does not read from a socket.
#[cfg(unix)]
#[test]
fn an_upload_comes_from_what_is_no_regular_file() {
    let server = server();
    let (outlet, mut inlet) = std::os::unix::net::UnixStream::pair().unwrap();
    inlet.write_all(b"through a pipe").unwrap();
    drop(inlet);
    let file = File::from(std::os::fd::OwnedFd::from(outlet));
    upload(&mut login(&server), Store::new(path("piped")), &file);
    assert_eq!(
        server.files().content("/piped"),
        Some(&b"through a pipe"[..])
    );
}

/// Whether the kernel moves payload here, if nothing forbids it.
const SPLICES: bool = cfg!(all(
    feature = "splice",
    any(target_os = "linux", target_os = "android")
));

fn login_over<T: Transport>(transport: T, server: &Loopback) -> Client<T> {
    let mut ftp = Builder::new(transport)
        .connect_to(&[server.address()])
        .unwrap();
    ftp.login_anonymous().unwrap();
    ftp
}

#[test]
fn the_kernel_moves_all_payload_where_it_may() {
    if !SPLICES {
        return;
    }
    let server = server();
    let file = tempfile::tempfile().unwrap();
    // Neither reads nor writes payload, and so it cannot be copied.
    let (lending, _) = Lending::new(Lends::Only);
    let mut ftp = login_over(MaybeTls::Clear(lending), &server);
    ftp.retrieve("large").unwrap().copy_to_file(&file).unwrap();
    assert!(contents(&file) == large());

    // With nothing left to copy the end of the file is found by a read.
    let mut to_send = &file;
    to_send.rewind().unwrap();
    let (lending, calls) = Lending::new(Lends::Only);
    let mut ftp = login_over(MaybeTls::Clear(lending), &server);
    upload(&mut ftp, Store::new(path("stored")), &file);
    assert!(server.files().content("/stored") == Some(&large()[..]));
    // The end of the file is near from the beginning.
    assert_eq!(calls.lock().unwrap()[..2], [Call::Lend, Call::KeepLittle]);
}

/// Before that, the system may hold unsent what it likes.
#[test]
fn little_is_kept_unsent_near_the_end_of_a_file() {
    if !SPLICES {
        return;
    }
    let server = server();
    let file = tempfile::tempfile().unwrap();
    file.set_len(20 * 1024 * 1024).unwrap();
    let (lending, calls) = Lending::new(Lends::Only);
    let mut ftp = login_over(lending, &server);
    let completed = upload(&mut ftp, Store::new(path("stored")), &file);
    assert_eq!(completed.bytes, 20 * 1024 * 1024);
    let calls = calls.lock().unwrap();
    let before = calls.iter().take_while(|call| **call == Call::Lend).count();
    // Each call sends 64 KiB at most.
    assert!(before >= 64, "{before}");
    assert!(before < calls.len());
}

#[test]
fn payload_is_copied_where_the_kernel_cannot_move_it() {
    // The second lends the socket no more when the file is to be sent.
    for lends in [Lends::Never, Lends::EverySecondTime] {
        let server = server();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&large()).unwrap();
        file.rewind().unwrap();
        let mut ftp = login_over(Lending::new(lends).0, &server);
        upload(&mut ftp, Store::new(path("stored")), &file);
        assert!(server.files().content("/stored") == Some(&large()[..]));
    }
    let server = server();
    let file = tempfile::tempfile().unwrap();
    let mut ftp = login_over(Lending::new(Lends::Never).0, &server);
    ftp.retrieve("large").unwrap().copy_to_file(&file).unwrap();
    assert!(contents(&file) == large());
}

/// The limits of a socket hold for what the kernel does with it.
#[test]
fn payload_that_stands_still_is_given_up() {
    let behaviour = Behaviour::new()
        .stall("RETR", 100_000)
        .stall("STOR", 100_000);
    let files = Files::new().file("/large", large());
    let server = Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap();
    let file = tempfile::tempfile().unwrap();
    // More than all buffers on the way hold.
    file.set_len(64 * 1024 * 1024).unwrap();
    for sends in [false, true] {
        let limits = Timeouts::all(Duration::from_millis(500));
        let builder = Builder::new(Tcp::new()).timeouts(limits);
        let mut ftp = builder.connect_to(&[server.address()]).unwrap();
        ftp.login_anonymous().unwrap();
        let outcome = if sends {
            let upload = ftp.upload(Store::new(path("stored"))).unwrap();
            upload.copy_from_file(&file)
        } else {
            ftp.retrieve("large").unwrap().copy_to_file(&file)
        };
        let error = outcome.unwrap_err();
        let ErrorKind::Interrupted(interrupted) = error.kind().unwrap() else {
            panic!("{error}");
        };
        assert_eq!(interrupted.cause, Interruption::Timeout(Reason::DataIdle));
    }
}

#[test]
fn lines_are_sent_many_at_a_time() {
    let server = server();
    let longest = [vec![b'x'; 8191], vec![b'\n']].concat();
    let lines: Vec<u8> = [&longest[..], &b"one\ntwo\n".repeat(100)].concat();
    let (lending, calls) = Lending::new(Lends::Never);
    let mut ftp = login_over(lending, &server);
    let mut sent = Vec::new();
    let store = Store::new(path("lines")).ascii();
    let upload = ftp.upload(store).unwrap();
    upload
        .lines_from(&mut &lines[..], |line| sent.push(line.to_vec()))
        .unwrap();
    assert!(server.files().content("/lines") == Some(&lines[..]));
    assert_eq!(sent.len(), 201);
    assert_eq!((sent[0].len(), &sent[1][..]), (8193, &b"one\r\n"[..]));
    let calls = calls.lock().unwrap();
    let writes = calls.iter().filter(|call| **call == Call::Write).count();
    assert_eq!(writes, 1);
}
