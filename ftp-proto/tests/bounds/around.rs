//! What a server makes a client hold around its sessions: the answers of a proxy, and the
//! directories of a tree that wait.

use ftp_proto::pathname::Pathname;
use ftp_proto::proxy::{ANSWER_BYTES_MAX, Proxy};
use ftp_proto::tree::{Listing, Object, TreeLimits, Walk};

use crate::{Input, KIB, Meter, Play};

/// What a driver reads at once.
const PIECE: usize = 4 * KIB;
/// What a directory that waits takes, apart from its path.
const PLACE: usize = 256;
const ENTRIES: u64 = 4096;
const PATHS: u64 = 256 * KIB as u64;
/// The longest pathname in a reply, and the longest fact in a line of a listing.
const PATHNAME: usize = 128 * KIB;
const FACT: usize = 64 * KIB;

pub(super) fn inputs() -> Vec<Input> {
    vec![
        Input {
            name: "an answer of a proxy that does not end",
            formula: "3 × answer + what is read at once",
            bound: 3 * ANSWER_BYTES_MAX + PIECE,
            play: Play::Alone(proxy),
        },
        Input {
            name: "directories of a tree that wait, of 4,096 entries with 256 KiB of paths",
            formula: "256 B × entries + 2 × paths + 2 × (reply + listing line)",
            bound: PLACE * ENTRIES as usize + 2 * PATHS as usize + 2 * (PATHNAME + FACT),
            play: Play::Alone(tree),
        },
    ]
}

fn proxy(meter: &mut Meter) {
    let asked = || Proxy::http_connect().ask("ftp.example.org", 21).unwrap();
    let mut handshake = meter.call(asked);
    let answer = [&b"HTTP/1.1 200 "[..], &[b'x'; 4 * ANSWER_BYTES_MAX]].concat();
    let mut pieces = answer.chunks(PIECE);
    let refused = pieces.any(|piece| meter.call(|| handshake.receive(piece)).is_err());
    assert!(refused);
}

/// A root with the longest pathname and the longest unique fact, and as many directories as are
/// counted. Each of them has to know both.
fn tree(meter: &mut Meter) {
    let limits = TreeLimits {
        depth_max: 64,
        entries_max: ENTRIES,
        bytes_max: PATHS,
    };
    let mut walk = Walk::new(limits);
    let place = walk.next_place().unwrap();
    let names = (0..ENTRIES + 10).map(|number| number.to_string());
    let root = Listing::complete(names.map(|name| Object::directory(&*name)))
        .with_pathname(Pathname::from(vec![b'p'; PATHNAME]))
        .with_unique(Some(&[b'u'; FACT]));
    meter.call(|| walk.read(&place, Ok(&root)));
    assert!(walk.is_limited());
    // The last names of a deep path, each with the whole path before it.
    while let Some(place) = walk.next_place() {
        let listing = Listing::complete([]);
        meter.call(|| walk.read(&place, Ok(&listing)));
    }
    assert!(walk.is_over());
}
