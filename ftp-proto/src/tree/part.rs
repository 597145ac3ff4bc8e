//! The names of files that are not complete yet.

use alloc::format;
use alloc::vec::Vec;

use crate::timestamp::Timestamp;

const PREFIX: &[u8] = b".ftp-part-";

/// The name of the file beside the target that a download goes to until its verdict.
///
/// It holds a hash of the file's name, and the size and the time that the server told. So a part is
/// found again only if the server's file has the same size and time as before, and then it is
/// resumed at its length. A sidecar is not needed, and the length of the name does not depend on
/// the file's.
///
/// ```
/// use ftp_proto::timestamp::Timestamp;
/// use ftp_proto::tree::PartName;
///
/// let time = Timestamp::from_unix_time(86_400).ok();
/// let name = PartName::new(b"a.txt", Some(5), time);
/// assert!(name.as_bytes().ends_with(b"-5-19700102000000"));
/// assert!(PartName::is_one(name.as_bytes()));
/// assert_ne!(name, PartName::new(b"a.txt", Some(6), time));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartName(Vec<u8>);

impl PartName {
    /// For a file of this name, size and time.
    pub fn new(name: &[u8], size: Option<u64>, modified: Option<Timestamp>) -> Self {
        let hash = fnv(name);
        let size = size.map_or_else(|| "x".into(), |size| format!("{size}"));
        let time = modified.map_or_else(|| "x".into(), digits);
        let prefix = core::str::from_utf8(PREFIX).unwrap_or_default();
        Self(format!("{prefix}{hash:016x}-{size}-{time}").into_bytes())
    }

    /// The name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether a file of this name is a part. A mirror does not copy it, and removes it only if it
    /// is a part of another version of a file that is downloaded.
    #[must_use]
    pub fn is_one(name: &[u8]) -> bool {
        Self::key(name).is_some()
    }

    /// What the names of all parts of a file have in common. `None` if it is no part.
    pub(super) fn key(name: &[u8]) -> Option<&[u8]> {
        let rest = name.strip_prefix(PREFIX)?;
        let hash = rest.split(|&byte| byte == b'-').next()?;
        let is_hash = hash.len() == 16 && hash.iter().all(u8::is_ascii_hexdigit);
        is_hash.then_some(hash)
    }

    /// Whether a file of this name is a part of a file of this name, of whatever size and time.
    #[must_use]
    pub fn is_of(part: &[u8], name: &[u8]) -> bool {
        Self::is_one(part)
            && part
                .get(PREFIX.len()..)
                .unwrap_or_default()
                .starts_with(format!("{:016x}-", fnv(name)).as_bytes())
    }
}

/// The digits of the time, as many as its precision has.
fn digits(time: Timestamp) -> alloc::string::String {
    format!("{time}")
        .chars()
        .filter(char::is_ascii_digit)
        .collect()
}

/// FNV-1a, 64 bits. A collision is harmless: the other file has to be in the same directory, with
/// the same size and time, and its server could have sent anything anyway.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
