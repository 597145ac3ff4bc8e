//! The worst that a peer can make a decoder cost: nanoseconds per byte of adversarial patterns, in
//! blocks and one byte at a time.
//!
//! `cargo bench -p ftp-proto --bench worst`. The aim is at most 40 ns per byte in blocks: a driver
//! reads 256 KiB in one turn at the most, which then cost 10 ms. One byte at a time, the calls
//! themselves are most of it.

#![allow(missing_docs, clippy::expect_used, clippy::arithmetic_side_effects)]

use std::hint::black_box;
use std::time::Instant;

use ftp_proto::features::Features;
use ftp_proto::lines::Lines;
use ftp_proto::listing::{Entry, Format, Options, Reader};
use ftp_proto::reply::{Grammar, Limits, Parser, Reply, ReplyCode};
use ftp_proto::timestamp::Timestamp;
use ftp_proto::{Config, Control, Session};

const BYTES: usize = 256 * 1024;
const BLOCK: usize = 16 * 1024;
/// The quickest of so many runs: the others had company.
const RUNS: usize = 15;

/// A decoder, which takes a stream in pieces of a size.
type Decode = fn(&[u8], usize);

fn main() {
    let only = std::env::args().skip(1).find(|word| !word.starts_with('-'));
    println!(
        "{:<44} {:>9} {:>12}",
        "ns per byte", "in blocks", "byte by byte"
    );
    for (name, unit, decode) in patterns() {
        if only
            .as_ref()
            .is_some_and(|only| !name.contains(only.as_str()))
        {
            continue;
        }
        let stream: Vec<u8> = unit.iter().copied().cycle().take(BYTES).collect();
        let cost = |piece| {
            let runs = (0..RUNS).map(|_| {
                let begun = Instant::now();
                decode(black_box(&stream), piece);
                begun.elapsed()
            });
            let best = runs.min().unwrap_or_default();
            best.as_nanos() as f64 / BYTES as f64
        };
        println!("{name:<44} {:>9.1} {:>12.1}", cost(BLOCK), cost(1));
    }
}

fn patterns() -> Vec<(&'static str, Vec<u8>, Decode)> {
    let mut patterns = listings();
    let replies: [(_, &[u8]); 6] = [
        ("replies: short ones", b"200\n"),
        ("replies: lines of one", b"x\n"),
        ("replies: blank lines", b"\n"),
        ("replies: carriage returns", b"\r"),
        ("replies: Telnet commands", b"\xff\xf1"),
        ("replies: Telnet options", b"\xff\xfb\x01"),
    ];
    for (name, unit) in replies {
        patterns.push((name, unit.to_vec(), parse));
    }
    patterns.push((
        "session: replies nobody asked for",
        b"200 x\n".to_vec(),
        converse,
    ));
    patterns.push(("session: carriage returns", b"\r".to_vec(), converse));
    patterns.push(("lines: empty", b"\n".to_vec(), split));
    patterns.push(("features: short ones", b"a\n".to_vec(), features));
    patterns.push(("MLST: short facts", b"a=;".to_vec(), facts));
    patterns
}

fn listings() -> Vec<(&'static str, Vec<u8>, Decode)> {
    let texts: [(_, &[u8]); 16] = [
        ("listing: empty lines", b"\n"),
        ("listing: lines of one letter", b"a\n"),
        ("listing: lines of one capital", b"A\n"),
        ("listing: lines of one dash", b"-\n"),
        ("listing: lines of one slash", b"/\n"),
        ("listing: lines of two words", b"a b\n"),
        ("listing: many words", b"a b c d e f g h i j k l m n\n"),
        ("listing: unknown months", b"-r 1 u g 5 Xyz 1 2020 a\n"),
        (
            "listing: unknown months, swapped",
            b"-rw-r--r-- 1 u g 5 1. Xyz 2020 a\n",
        ),
        ("listing: half an ls -l", b"-rw-r--r-- 1 u g 5 Jan\n"),
        ("listing: half a DOS line", b"02-29-24 08:15AM\n"),
        ("listing: a name of VMS alone", b"A.B;1\n"),
        ("listing: dates that are none", b"1 1 1 1 1 99 99 99:99 a\n"),
        ("listing: numbers alone", b"1 1 1 1 1 1 1 1\n"),
        ("listing: columns", b"Name Size Date\n"),
        (
            "listing: not ASCII",
            b"-r 1 u g 5 \xc3\xa9\xe2\x82\xac 1 2020 a\n",
        ),
    ];
    texts
        .map(|(name, text)| (name, text.to_vec(), list as Decode))
        .into_iter()
        .chain([(
            "MLSD: short facts",
            b"a=; b\n".to_vec(),
            machine_list as Decode,
        )])
        .collect()
}

fn read(options: &Options, stream: &[u8], piece: usize) {
    let now = Timestamp::from_unix_time(1_795_350_000).expect("a year of four digits");
    let mut reader = Reader::new(&options.clone().now(now));
    for piece in stream.chunks(piece) {
        reader.feed(piece, |line| {
            black_box(line);
        });
    }
}

fn list(stream: &[u8], piece: usize) {
    read(&Options::new(), stream, piece);
}

fn machine_list(stream: &[u8], piece: usize) {
    read(&Options::new().format(Format::Facts), stream, piece);
}

fn parse(stream: &[u8], piece: usize) {
    let limits = Limits {
        discard_bytes_max: usize::MAX,
        ..Limits::DEFAULT
    };
    let mut parser = Parser::new(limits, Grammar::default());
    if stream.starts_with(b"x") {
        black_box(parser.parse(&mut &b"200-\n"[..]));
    }
    for mut piece in stream.chunks(piece) {
        while let Some(reply) = parser.parse(&mut piece) {
            black_box(reply.expect("a reply"));
        }
    }
}

fn converse(stream: &[u8], piece: usize) {
    let mut config = Config::default();
    config.limits.unsolicited_replies_max = u16::MAX;
    config.limits.reply.discard_bytes_max = usize::MAX;
    let mut session = Session::new(config, Control::default());
    for piece in stream.chunks(piece) {
        session.receive(piece);
    }
    black_box(session.state());
}

fn split(stream: &[u8], piece: usize) {
    let mut lines = Lines::new(1000);
    for mut piece in stream.chunks(piece) {
        while let Some(line) = lines.next_line(&mut piece) {
            black_box(line.is_ok());
        }
    }
}

/// Whole, whatever the piece.
fn features(stream: &[u8], _: usize) {
    let reply = Reply::new(ReplyCode::SYSTEM_STATUS, stream);
    black_box(Features::decode(&reply).is_ok());
}

fn facts(stream: &[u8], _: usize) {
    let line = [stream, b" name"].concat();
    black_box(Entry::from_mlst(&line).map(|entry| entry.facts().count()));
}
