//! Checksums in replies to HASH, XSHA256, XSHA1, XMD5, XCRC and MD5.

use std::ops::Range;

use ftp_proto::checksum::Algorithm::{self, Crc32, Md5, Sha1, Sha256};
use ftp_proto::checksum::{Checksum, ChecksumError, Mismatch, Verified, decode, decode_hash};
use proptest::prelude::*;

use crate::{cut_reply, reply};

const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
const SHA1: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn answers_to_hash() {
    type Asked = Option<Range<u64>>;
    let cases: [(String, Algorithm, Asked, &str); 9] = [
        (
            format!("213 SHA-256 0-49 {SHA256} filename.ext"),
            Sha256,
            None,
            SHA256,
        ),
        (
            format!("213 SHA-1 0-0 {SHA1} /pub/my file 1 2"),
            Sha1,
            None,
            SHA1,
        ),
        (
            format!("213 md5 0-49 {} a", MD5.to_uppercase()),
            Md5,
            None,
            MD5,
        ),
        ("213 CRC32 0-9 CBF43926 a".into(), Crc32, None, "cbf43926"),
        // The last byte is told as the last one, or as the one behind it.
        (
            "213 CRC32 5-9 cbf43926 a".into(),
            Crc32,
            Some(5..10),
            "cbf43926",
        ),
        (
            "213 CRC32 5-10 cbf43926 a".into(),
            Crc32,
            Some(5..10),
            "cbf43926",
        ),
        (
            "213 CRC32 0-0 cbf43926 a".into(),
            Crc32,
            Some(0..1),
            "cbf43926",
        ),
        (
            format!("213-Computing MD5 digest\r\n213 MD5 0-1 {MD5} a"),
            Md5,
            None,
            MD5,
        ),
        (
            "213 CRC32 0-18446744073709551615 cbf43926 a".into(),
            Crc32,
            None,
            "cbf43926",
        ),
    ];
    for (text, algorithm, range, digits) in cases {
        let checksum = decode_hash(&reply(&text), algorithm, range.as_ref());
        assert_eq!(checksum.unwrap().to_string(), digits, "{text}");
    }
}

#[test]
fn not_answers_to_hash() {
    use ChecksumError::{Algorithm, Code, NoChecksum, Range};
    for (text, range, error) in [
        ("250 CRC32 0-9 cbf43926 a", None, Code),
        ("213 cbf43926", None, NoChecksum),
        ("213 CRC32 0-9 cbf43926", None, NoChecksum),
        ("213 CRC32 0-9 cbf4392 a", None, NoChecksum),
        ("213 CRC32 0-9 cbf439260 a", None, NoChecksum),
        ("213 CRC32 0-9 cbf4392g a", None, NoChecksum),
        ("213 CRC32 0-9 +bf43926 a", None, NoChecksum),
        ("213 CRC32  0-9 cbf43926 a", None, NoChecksum),
        ("213 CRC32 0 cbf43926 a", None, NoChecksum),
        ("213 CRC32 -9 cbf43926 a", None, NoChecksum),
        ("213 CRC32 +0-9 cbf43926 a", None, NoChecksum),
        ("213 CRC32 9-0 cbf43926 a", None, NoChecksum),
        (
            "213 CRC32 0-99999999999999999999 cbf43926 a",
            None,
            NoChecksum,
        ),
        ("213 MD5 0-9 cbf43926 a", None, Algorithm),
        ("213 CRC32 1-9 cbf43926 a", None, Range),
        ("213 CRC32 0-9 cbf43926 a", Some(0..8), Range),
        ("213 CRC32 0-100 cbf43926 a", Some(0..10), Range),
        ("213 CRC32 0-8 cbf43926 a", Some(0..10), Range),
        ("213 CRC32 1-9 cbf43926 a", Some(0..10), Range),
    ] {
        assert_eq!(
            decode_hash(&reply(text), Crc32, range.as_ref()),
            Err(error),
            "{text}"
        );
    }
    let cut = cut_reply("213 CRC32 0-9 cbf43926 a", 20);
    assert_eq!(
        decode_hash(&cut, Crc32, None),
        Err(ChecksumError::Truncated)
    );
}

#[test]
fn answers_of_the_other_commands() {
    for (text, algorithm, digits) in [
        (format!("250 {SHA256}"), Sha256, SHA256),
        // ProFTPD, mod_digest.
        (
            format!("250-Computing SHA1 digest\r\n250 {SHA1}"),
            Sha1,
            SHA1,
        ),
        (format!("250 {}", MD5.to_uppercase()), Md5, MD5),
        // draft-twine-ftpmd5.
        (format!("251 my file.txt {MD5}"), Md5, MD5),
        (format!("251 \"my file.txt\" {MD5}"), Md5, MD5),
        (format!("213 {MD5} my file.txt"), Md5, MD5),
        ("250 XCRC CBF43926".into(), Crc32, "cbf43926"),
    ] {
        let checksum = decode(&reply(&text), algorithm);
        assert_eq!(checksum.unwrap().to_string(), digits, "{text}");
    }
    for (text, error) in [
        ("200 cbf43926", ChecksumError::Code),
        ("250 Okay.", ChecksumError::NoChecksum),
        ("250 cbf4392", ChecksumError::NoChecksum),
        ("250 0xcbf43926", ChecksumError::NoChecksum),
        (
            "250 the sum cbf43926 of the file",
            ChecksumError::NoChecksum,
        ),
        ("250 00000000 cbf43926", ChecksumError::NoChecksum),
    ] {
        assert_eq!(decode(&reply(text), Crc32), Err(error), "{text}");
    }
}

#[test]
fn a_checksum_has_as_many_bytes_as_its_algorithm() {
    let crc = Checksum::new(Crc32, &[0xCB, 0xF4, 0x39, 0x26]);
    assert_eq!(crc, Some(Checksum::crc32(0xCBF4_3926)));
    assert_eq!(Checksum::new(Crc32, &[0xCB, 0xF4, 0x39]), None);
    assert_eq!(Checksum::new(Md5, &[7; 20]), None);
}

#[test]
fn checksums_are_compared() {
    let (one, other) = (Checksum::crc32(1), Checksum::crc32(2));
    assert_eq!(one.compare(one), Ok(Verified::Checksum(one)));
    let (local, remote) = (one, other);
    let differ = Mismatch::Checksum { local, remote };
    assert_eq!(one.compare(other), Err(differ));
    // Of the same first bytes, but computed otherwise.
    let md5 = Checksum::md5([7; 16]);
    assert!(md5.compare(Checksum::sha1([7; 20])).is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "[ -~]{0,90}", start: u64, end: u64) {
        let reply = reply(format!("213 {text}"));
        for algorithm in Algorithm::ALL {
            let _ = decode_hash(&reply, algorithm, Some(&(start..end)));
            let _ = decode_hash(&reply, algorithm, None);
            let _ = decode(&reply, algorithm);
        }
    }

    #[test]
    fn what_is_written_is_read(bytes in prop::array::uniform32(any::<u8>()), end: u64, name in "[!-~][ -~]{0,20}") {
        for algorithm in Algorithm::ALL {
            let checksum = Checksum::new(algorithm, &bytes[..algorithm.bytes()]).unwrap();
            prop_assert_eq!(Checksum::parse(algorithm, checksum.to_string().as_bytes()), Some(checksum));
            let text = format!("213 {algorithm} 0-{end} {checksum} {name}");
            prop_assert_eq!(decode_hash(&reply(&text), algorithm, None), Ok(checksum));
        }
    }
}
