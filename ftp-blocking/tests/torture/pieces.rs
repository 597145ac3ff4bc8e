//! However the bytes are cut on their way, what comes out is the same.

use std::io::{Read, Write};

use ftp_blocking::proto::Argument;
use ftp_blocking::proto::operation::{Retrieve, Store};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};

use crate::bounded;
use crate::transport::{Act, Call, TorturedClient, tortured};

/// As the server keeps it: its own line ends are LF.
const TEXT: &[u8] = b"one\ntwo\n\nthree\n\n\nno end";
const LINES: [&[u8]; 7] = [b"one", b"two", b"", b"three", b"", b"", b"no end"];

fn start() -> Loopback {
    Loopback::start(ServerConfig::new(), Files::new().file("/text", TEXT)).unwrap()
}

/// All that is read and written goes in pieces of at most `size` bytes.
fn logged_in(server: &Loopback, size: usize) -> TorturedClient {
    let builder = tortured(move |call| match call {
        Call::Read | Call::ReadData | Call::Write | Call::WriteData => Act::Short(size),
        _ => Act::Pass,
    });
    let mut client = builder.connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    client
}

fn ascii() -> Retrieve {
    Retrieve::new(Argument::new("text").unwrap()).ascii()
}

#[test]
fn a_text_is_read_in_any_pieces() {
    bounded(|| {
        let server = start();
        for wire in 1..=5 {
            let mut client = logged_in(&server, wire);
            for size in 1..=5 {
                let mut download = client.download(ascii()).unwrap();
                let mut got = Vec::new();
                let mut buffer = vec![0; size];
                loop {
                    match download.read(&mut buffer).unwrap() {
                        0 => break,
                        count => got.extend_from_slice(&buffer[..count]),
                    }
                }
                assert_eq!(got, TEXT, "{wire} {size}");
                // Counted is what was on the wire.
                let line_ends = TEXT.iter().filter(|byte| **byte == b'\n').count();
                let bytes = download.finish().unwrap().bytes;
                assert_eq!(bytes, (TEXT.len() + line_ends) as u64);
            }
        }
    });
}

#[test]
fn lines_are_read_in_any_pieces() {
    bounded(|| {
        let server = start();
        for wire in 1..=5 {
            let mut client = logged_in(&server, wire);
            let mut lines = Vec::new();
            client
                .retrieve_lines("text", |line| lines.push(line.to_vec()))
                .unwrap();
            assert_eq!(lines, LINES, "{wire}");
            assert_eq!(client.nlst("").unwrap(), [b"text"]);
        }
    });
}

#[test]
fn a_text_is_written_in_any_pieces() {
    bounded(|| {
        let server = start();
        // With CR LF here and there, which stays one line end wherever it is cut.
        let text = b"one\r\ntwo\n\r\nthree\n\n\r\nno end";
        for wire in [1, 2, 3] {
            let mut client = logged_in(&server, wire);
            for cut in 0..text.len() {
                for second in [cut, cut + 1] {
                    let store = Store::new(Argument::new("copy").unwrap()).ascii();
                    let mut upload = client.upload(store).unwrap();
                    let (head, rest) = text.split_at(cut);
                    let (middle, tail) = rest.split_at((second - cut).min(rest.len()));
                    for part in [head, middle, tail] {
                        upload.write_all(part).unwrap();
                    }
                    upload.finish().unwrap();
                    assert_eq!(server.files().content("/copy"), Some(TEXT), "{wire} {cut}");
                }
            }
            client.store_lines("lines", &mut &text[..]).unwrap();
            let with_end = [TEXT, b"\n"].concat();
            assert_eq!(server.files().content("/lines"), Some(&with_end[..]));
        }
    });
}
