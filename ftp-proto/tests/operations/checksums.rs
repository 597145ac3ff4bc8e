//! Which commands ask for a checksum.

use ftp_proto::checksum::{Algorithm, Checksum};
use ftp_proto::operation::AskChecksum;

use super::{Pair, path};

/// A star marks the algorithm that is in force.
#[test]
fn an_algorithm_is_selected_unless_it_is_in_force() {
    let server: fn(&str) -> Option<&'static str> = |line| match line {
        "FEAT" => Some("211-Features:\r\n HASH SHA-1;CRC32*\r\n211 End"),
        "OPTS HASH SHA-1" => Some("200 SHA-1"),
        "HASH a" => Some("213 CRC32 0-9 cbf43926 a"),
        "HASH b" => Some("213 SHA-1 0-9 0707070707070707070707070707070707070707 b"),
        _ => None,
    };
    let mut pair = Pair::new(server);
    let checksum = pair.run(AskChecksum::new(path("a"), Algorithm::Crc32));
    assert_eq!(checksum.unwrap(), Checksum::crc32(0xCBF4_3926));
    assert_eq!(pair.take_sent(), ["FEAT", "TYPE I", "HASH a"]);

    let mut pair = Pair::new(server);
    let checksum = pair.run(AskChecksum::new(path("b"), Algorithm::Sha1));
    assert_eq!(checksum.unwrap(), Checksum::sha1([7; 20]));
    let sent = pair.take_sent();
    assert_eq!(sent, ["FEAT", "TYPE I", "OPTS HASH SHA-1", "HASH b"]);
}
