//! The codecs: addresses, pathnames, features, sizes, ASCII text and lines.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod address;
mod ascii;
mod checksum;
mod command;
mod extremes;
#[cfg(feature = "std")]
mod failure;
mod features;
mod host_policy;
mod lines;
mod pathname;
mod proxy;
mod size;

use ftp_proto::reply::{Grammar, Limits, Parser, Reply};

/// The reply in these lines, as the parser gives it.
#[track_caller]
fn reply(lines: impl AsRef<[u8]>) -> Reply {
    limited_reply(lines, Limits::default())
}

#[track_caller]
fn limited_reply(lines: impl AsRef<[u8]>, limits: Limits) -> Reply {
    let stream = [lines.as_ref(), b"\n"].concat();
    let mut parser = Parser::new(limits, Grammar::default());
    parser.parse(&mut stream.as_slice()).unwrap().unwrap()
}

/// A reply of one line that is cut after `length` bytes.
#[track_caller]
fn cut_reply(line: &str, length: usize) -> Reply {
    let limits = Limits {
        line_bytes_max: length,
        ..Limits::default()
    };
    let reply = limited_reply(line, limits);
    assert!(reply.is_truncated());
    reply
}
