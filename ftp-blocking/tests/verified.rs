//! Transfers whose files are compared on both sides.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io;

use ftp_blocking::testing::{Behaviour, Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Error};
use ftp_proto::checksum::{Algorithm, Checksum, Mismatch, Verified};
use ftp_proto::driver::Hasher;
use ftp_proto::{After, ErrorKind, Policy};
use ftp_testbed::scripted::{Passive, Peer, Port, Script};

const ALGORITHM: Algorithm = Algorithm::Sha256;

fn digest(content: &[u8]) -> Vec<u8> {
    sum(content).as_bytes().to_vec()
}

fn sum(content: &[u8]) -> Checksum {
    let mut hasher = Hasher::new(ALGORITHM);
    hasher.update(content);
    hasher.finish()
}

/// What a server says that keeps other bytes.
fn wrong(_: &[u8]) -> Vec<u8> {
    vec![7; 32]
}

fn serve(config: ServerConfig) -> (Loopback, Client) {
    let server = Loopback::start(config, Files::new().file("/a", "0123456789")).unwrap();
    let mut ftp = Client::builder().connect_to(&[server.address()]).unwrap();
    ftp.login_anonymous().unwrap();
    (server, ftp)
}

#[test]
fn the_published_vectors() {
    for (algorithm, digits) in [
        (
            Algorithm::Sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        (Algorithm::Crc32, "352441c2"),
    ] {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(b"a");
        hasher.update(b"bc");
        assert_eq!(hasher.finish().to_string(), digits);
    }
}

#[test]
fn equal_files_are_verified() {
    let (_server, mut ftp) = serve(ServerConfig::new().checksum(ALGORITHM, digest));
    let verified = Verified::Checksum(sum(b"0123456789"));
    let mut sink = Vec::new();
    assert_eq!(
        ftp.retrieve_verified("a", &mut sink, ALGORITHM).unwrap(),
        verified
    );
    assert_eq!(
        ftp.store_verified("b", &mut &sink[..], ALGORITHM).unwrap(),
        verified
    );
}

#[test]
fn a_mismatch_names_both_values_and_the_session_goes_on() {
    let (_server, mut ftp) = serve(ServerConfig::new().checksum(ALGORITHM, wrong));
    let content = b"0123456789";
    let down = ftp.retrieve_verified("a", &mut io::sink(), ALGORITHM);
    let up = ftp.store_verified("b", &mut &content[..], ALGORITHM);
    for error in [down.unwrap_err(), up.unwrap_err()] {
        let text = error.to_string();
        assert!(
            text.contains(&sum(content).to_string()) && text.contains("0707"),
            "{text}"
        );
        let Error::Mismatch(Mismatch::Checksum { local, remote }, After::Usable) = error else {
            panic!("{error}")
        };
        assert_eq!((local, remote.as_bytes()), (sum(content), &[7; 32][..]));
    }
    ftp.noop().unwrap();
}

#[test]
fn without_checksums_a_download_does_not_begin_and_an_upload_is_verified_by_its_size() {
    let (server, mut ftp) = serve(ServerConfig::new());
    let error = ftp
        .retrieve_verified("a", &mut io::sink(), ALGORITHM)
        .unwrap_err();
    assert_eq!(error.kind(), Some(&ErrorKind::Policy(Policy::NoChecksum)));
    assert!(!server.commands(0).iter().any(|it| it.starts_with("RETR")));
    let verified = ftp
        .store_verified("b", &mut &b"123"[..], ALGORITHM)
        .unwrap();
    assert_eq!(verified, Verified::Size(3));
}

#[test]
fn a_server_without_checksum_and_size_verifies_nothing() {
    let behaviour = Behaviour::new().refuse("SIZE", 502, "No.");
    let (_server, mut ftp) = serve(ServerConfig::new().behaviour(behaviour));
    let error = ftp
        .store_verified("b", &mut &b"123"[..], ALGORITHM)
        .unwrap_err();
    assert!(error.is_permanent() && !error.is_fatal());
}

#[test]
fn an_upload_that_lost_bytes_shows_by_its_size() {
    let script = Script::new()
        .login()
        .answer("TYPE I", "200 image\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .answer("STOR b", "150 send it\r\n")
        .accept()
        .read_data_to_end()
        .send("226 done\r\n")
        .answer("FEAT", "211-Features\r\n SIZE\r\n211 End\r\n")
        .answer("SIZE b", "213 2\r\n")
        .answer("NOOP", "200 done\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let mut config = ftp_proto::Config::default();
    config.encoding = ftp_proto::Encoding::AsItIs;
    let builder = Client::builder().config(config);
    let mut ftp = builder.connect_to(&[peer.address()]).unwrap();
    ftp.login("user", "password").unwrap();
    let error = ftp
        .store_verified("b", &mut &b"123"[..], ALGORITHM)
        .unwrap_err();
    let size = Mismatch::Size {
        local: 3,
        remote: 2,
    };
    assert!(
        matches!(error, Error::Mismatch(it, After::Usable) if it == size),
        "{error}"
    );
    ftp.noop().unwrap();
}

#[test]
fn a_callback_for_blocks_may_refuse() {
    let (_server, mut ftp) = serve(ServerConfig::new());
    let refuse = |_: &[u8]| Err(io::Error::other("enough"));
    let error = ftp
        .retrieve("a")
        .unwrap()
        .try_blocks(4, refuse)
        .unwrap_err();
    assert!(matches!(error, Error::Local(..)) && !error.is_fatal());
    ftp.noop().unwrap();
}
