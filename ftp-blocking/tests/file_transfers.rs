//! Transfers between files and a server, by the kernel with the feature `splice`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use ftp_blocking::proto::operation::{Retrieve, Store};
use ftp_blocking::proto::testing::{Behaviour, Files, ServerConfig};
use ftp_blocking::proto::{Argument, Completed, ErrorKind};
use ftp_blocking::testing::Loopback;
use ftp_blocking::{Client, Error};

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

fn upload(ftp: &mut Client, store: Store, file: &File) -> Completed {
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
