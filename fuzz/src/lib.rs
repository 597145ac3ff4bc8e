//! Fuzz targets of ftp-proto.
//!
//! Each target is a module with a function `check`, which takes any bytes and panics when an oracle
//! disagrees: a plain second implementation, a round trip, the same input cut differently, or an
//! invariant. libFuzzer calls these functions (`fuzz_targets/`), and so does the test that replays
//! the corpus on stable (`tests/replay.rs`).
//!
//! The codec targets read their input as what the codec reads. [`session`] and [`conversation`]
//! read it as a [script], a line for each thing that happens, so that seeds can be written and
//! crashes read.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate alloc;

pub mod address;
pub mod ascii;
pub mod checksum;
pub mod command;
pub mod conversation;
pub mod driver;
pub mod features;
pub mod lines;
pub mod listing;
pub mod mlst;
pub mod pathname;
pub mod proxy;
pub mod records;
pub mod reply;
pub mod script;
pub mod session;
pub mod size;
pub mod telnet;
pub mod timestamp;
pub mod tls;
pub mod trace;
pub mod tree;
mod world;

/// A fuzz target by its name, which also names its folder of seeds, its dictionary and its binary.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As in `cargo fuzz run`.
    pub name: &'static str,
    /// Panics when an oracle disagrees.
    pub check: fn(&[u8]),
}

macro_rules! targets {
    ($($name:ident,)*) => {
        /// All targets. A new one needs a line here, a module, a binary and seeds; the replay says
        /// what is missing.
        pub const TARGETS: &[Target] =
            &[$(Target { name: stringify!($name), check: $name::check },)*];
    };
}

targets! {
    address,
    ascii,
    checksum,
    command,
    conversation,
    driver,
    features,
    lines,
    listing,
    mlst,
    pathname,
    proxy,
    records,
    reply,
    session,
    size,
    telnet,
    timestamp,
    tls,
    trace,
    tree,
}

/// Cuts `input` into pieces whose lengths `sizes` gives, over and over; no sizes leave it whole.
fn pieces<'a>(input: &'a [u8], sizes: &[usize]) -> Vec<&'a [u8]> {
    let mut rest = input;
    let mut pieces = Vec::new();
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            return pieces;
        }
        let (piece, after) = rest.split_at(size.max(1).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Ways to cut an input: whole, byte by byte, and two that straddle whatever has a length of its
/// own.
const CUTS: [&[usize]; 4] = [&[], &[1], &[2, 3], &[7, 1, 1, 30]];
