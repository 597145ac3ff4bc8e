//! What six servers sent over whole sessions, and the replies in it.
//!
//! Each file of `transcripts/` holds the sessions of one server: vsftpd 3.0.3, ProFTPD 1.3.8,
//! Pure-FTPd 1.0.50, pyftpdlib, GNU inetutils ftpd 2.4 and libunftp. A line is one of
//!
//! - `[name]`: a session begins.
//! - two blanks and what the server sent. CRLF follows, but for lines that end in `\n`: there it is
//!   LF alone. `\xNN` is a byte, `\\` a backslash.
//! - `code lines checksum`: the lines below are this reply. The checksum is FNV-1a, 64 bits, of the
//!   text.
//! - `nul` or `malformed`: the lines below begin with what is no reply, and nothing after it
//!   counts. (One server sends a NUL in place of the line end in a file name, another the line end
//!   itself.)
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use ftp_proto::reply::{Grammar, Limits, Parser, Reply, ReplyError};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Digest {
    code: u16,
    lines: usize,
    checksum: u64,
}

impl Digest {
    fn of(reply: &Reply) -> Self {
        let checksum = reply
            .text()
            .iter()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        assert!(!reply.is_truncated());
        Self {
            code: reply.code().get(),
            lines: reply.lines().count(),
            checksum,
        }
    }

    fn parse(line: &str) -> Self {
        let [code, lines, checksum] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        Self {
            code: code.parse().unwrap(),
            lines: lines.parse().unwrap(),
            checksum: u64::from_str_radix(checksum, 16).unwrap(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Boundary,
    Incomplete,
    Nul,
    Malformed,
}

struct Session<'a> {
    name: &'a str,
    stream: Vec<u8>,
    replies: Vec<Digest>,
    end: End,
}

fn sessions(file: &str) -> Vec<Session<'_>> {
    let mut sessions = Vec::new();
    for line in file.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.strip_suffix(']').unwrap();
            sessions.push(Session {
                name,
                stream: Vec::new(),
                replies: Vec::new(),
                end: End::Boundary,
            });
            continue;
        }
        let session = sessions.last_mut().unwrap();
        match (line.strip_prefix("  "), line) {
            (Some(sent), _) => session.stream.extend(unescape(sent)),
            (None, "nul") => session.end = End::Nul,
            (None, "malformed") => session.end = End::Malformed,
            (None, _) => session.replies.push(Digest::parse(line)),
        }
    }
    sessions
}

/// The bytes of a line, with its line end.
fn unescape(line: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = line.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (b'\\', [b'\\', after @ ..]) => {
                bytes.push(b'\\');
                after
            }
            (b'\\', [b'n']) => {
                bytes.push(b'\n');
                return bytes;
            }
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                after
            }
            (b'\\', _) => panic!("unknown escape in {line}"),
            _ => {
                bytes.push(byte);
                after
            }
        };
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

fn feed<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Reply>, End) {
    let mut parser = Parser::new(Limits::default(), Grammar::default());
    let mut replies = Vec::new();
    for mut chunk in chunks {
        while let Some(result) = parser.parse(&mut chunk) {
            match result {
                Ok(reply) => replies.push(reply),
                Err(ReplyError::Nul) => return (replies, End::Nul),
                Err(ReplyError::Malformed(_)) => return (replies, End::Malformed),
                Err(error) => panic!("{error}"),
            }
        }
    }
    let end = if parser.is_at_boundary() {
        End::Boundary
    } else {
        End::Incomplete
    };
    (replies, end)
}

fn check(file: &str, session_count: usize) {
    let sessions = sessions(file);
    assert_eq!(sessions.len(), session_count);
    for Session {
        name,
        stream,
        replies,
        end,
    } in sessions
    {
        assert!(!replies.is_empty(), "{name}");
        let whole = feed([stream.as_slice()]);
        let digests: Vec<_> = whole.0.iter().map(Digest::of).collect();
        assert_eq!((digests, whole.1), (replies, end), "{name}: whole");
        assert_eq!(feed(stream.chunks(1)), whole, "{name}: byte by byte");
        for at in 1..stream.len() {
            assert_eq!(
                feed([&stream[..at], &stream[at..]]),
                whole,
                "{name}: cut at {at}"
            );
        }
    }
}

#[test]
fn inetutils() {
    check(include_str!("transcripts/inetutils.txt"), 26);
}

#[test]
fn proftpd() {
    check(include_str!("transcripts/proftpd.txt"), 36);
}

#[test]
fn pure_ftpd() {
    check(include_str!("transcripts/pure-ftpd.txt"), 30);
}

#[test]
fn pyftpdlib() {
    check(include_str!("transcripts/pyftpdlib.txt"), 30);
}

#[test]
fn unftp() {
    check(include_str!("transcripts/unftp.txt"), 27);
}

#[test]
fn vsftpd() {
    check(include_str!("transcripts/vsftpd.txt"), 35);
}
