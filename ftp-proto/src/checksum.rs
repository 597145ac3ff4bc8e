//! Checksums of files, and the replies that tell them: HASH (draft-bryan-ftpext-hash), XSHA256,
//! XSHA1, XMD5, XCRC (no document), MD5 (draft-twine-ftpmd5).

use core::fmt;
use core::ops::Range;
use core::str;

use crate::reply::{Reply, ReplyCode};

/// How a checksum is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// SHA-256: the only one here that withstands a forger.
    Sha256,
    /// SHA-1.
    Sha1,
    /// MD5.
    Md5,
    /// CRC-32 as in Ethernet and ZIP. It finds accidents only.
    Crc32,
}

impl Algorithm {
    /// All algorithms, the strongest first.
    pub const ALL: [Self; 4] = [Self::Sha256, Self::Sha1, Self::Md5, Self::Crc32];

    /// The name in HASH, OPTS HASH and FEAT, such as `SHA-256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha1 => "SHA-1",
            Self::Md5 => "MD5",
            Self::Crc32 => "CRC32",
        }
    }

    /// The number of bytes in a checksum; each is two hexadecimal digits.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha1 => 20,
            Self::Md5 => 16,
            Self::Crc32 => 4,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

const BYTES_MAX: usize = 32;

/// A checksum and how it was computed. It is shown in lower-case hexadecimal digits.
///
/// ```
/// use ftp_proto::checksum::{Algorithm, Checksum};
///
/// let told = Checksum::parse(Algorithm::Crc32, b"CBF43926").unwrap();
/// let counted = Checksum::new(Algorithm::Crc32, &0xCBF4_3926_u32.to_be_bytes()).unwrap();
/// assert_eq!(told, counted);
/// assert_eq!(told.to_string(), "cbf43926");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum {
    algorithm: Algorithm,
    bytes: [u8; BYTES_MAX],
}

impl Checksum {
    /// A checksum from its bytes, the first digits first; `None` if their number is not
    /// [`Algorithm::bytes`].
    pub fn new(algorithm: Algorithm, digest: &[u8]) -> Option<Self> {
        (digest.len() == algorithm.bytes()).then(|| Self::padded(algorithm, digest))
    }

    /// A SHA-256.
    pub const fn sha256(bytes: [u8; 32]) -> Self {
        Self {
            algorithm: Algorithm::Sha256,
            bytes,
        }
    }

    /// A SHA-1.
    pub fn sha1(digest: [u8; 20]) -> Self {
        Self::padded(Algorithm::Sha1, &digest)
    }

    /// An MD5.
    pub fn md5(digest: [u8; 16]) -> Self {
        Self::padded(Algorithm::Md5, &digest)
    }

    /// A CRC-32.
    pub fn crc32(number: u32) -> Self {
        Self::padded(Algorithm::Crc32, &number.to_be_bytes())
    }

    fn padded(algorithm: Algorithm, digest: &[u8]) -> Self {
        let mut bytes = [0; BYTES_MAX];
        for (to, from) in bytes.iter_mut().zip(digest) {
            *to = *from;
        }
        Self { algorithm, bytes }
    }

    /// Compares this one, computed here, with the server's.
    ///
    /// # Errors
    /// They differ.
    pub fn compare(self, remote: Self) -> Result<Verified, Mismatch> {
        if self == remote {
            return Ok(Verified::Checksum(remote));
        }
        let local = self;
        Err(Mismatch::Checksum { local, remote })
    }

    /// Reads hexadecimal digits in either case; `None` if there are others, or too few or too many.
    pub fn parse(algorithm: Algorithm, digits: &[u8]) -> Option<Self> {
        let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
        if !is_hex || digits.len() != algorithm.bytes().saturating_mul(2) {
            return None;
        }
        let mut bytes = [0; BYTES_MAX];
        for (to, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *to = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self { algorithm, bytes })
    }

    /// How it was computed.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bytes, [`Algorithm::bytes`] of them.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.bytes()).unwrap_or_default()
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({}, {self})", self.algorithm)
    }
}

/// What shows that a file on the server is the one that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verified {
    /// Its checksum.
    Checksum(Checksum),
    /// Its size in bytes alone: the server offers no checksum.
    Size(u64),
}

/// How a file on the server differs from the one that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// In the checksum.
    #[error("the {} is {local} here and {remote} on the server", local.algorithm())]
    Checksum {
        /// Computed here.
        local: Checksum,
        /// Told by the server.
        remote: Checksum,
    },
    /// In the size.
    #[error("the file has {local} bytes here and {remote} on the server")]
    Size {
        /// Counted here.
        local: u64,
        /// Told by the server.
        remote: u64,
    },
}

/// Why a reply gives no checksum.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChecksumError {
    /// The code is not one of those that carry a checksum.
    #[error("the reply carries no checksum")]
    Code,
    /// Text of the reply is missing.
    #[error("the reply is truncated")]
    Truncated,
    /// The text has not the form of the answer, or not the right number of hexadecimal digits.
    #[error("no checksum in the reply")]
    NoChecksum,
    /// The server used another algorithm.
    #[error("the checksum is of another algorithm")]
    Algorithm,
    /// The checksum is of another part of the file.
    #[error("the checksum is of another range")]
    Range,
}

/// The checksum in a reply to HASH: `213 SHA-256 0-49 6ae4...a1 name`, where the name may hold
/// blanks and is not compared, because servers send it as a path of their own.
///
/// The number behind the hyphen may be that of the last byte, or of the one behind it: servers count
/// both ways. For a whole file, `None`, the range has to begin at 0.
///
/// # Errors
///
/// See [`ChecksumError`].
///
/// ```
/// use ftp_proto::checksum::{Algorithm, decode_hash};
/// use ftp_proto::reply::{Reply, ReplyCode};
///
/// let reply = Reply::new(ReplyCode::FILE_STATUS, b"CRC32 0-9 cbf43926 my file.bin");
/// let checksum = decode_hash(&reply, Algorithm::Crc32, None).unwrap();
/// assert_eq!(checksum.to_string(), "cbf43926");
/// ```
pub fn decode_hash(
    reply: &Reply,
    algorithm: Algorithm,
    range: Option<&Range<u64>>,
) -> Result<Checksum, ChecksumError> {
    if reply.code() != ReplyCode::FILE_STATUS {
        return Err(ChecksumError::Code);
    }
    let line = last_line(reply)?;
    let mut words = line.splitn(4, |byte| *byte == b' ');
    let mut word = || words.next().ok_or(ChecksumError::NoChecksum);
    let (name, told, digits, path) = (word()?, word()?, word()?, word()?);
    let (start, end) = bounds(told).ok_or(ChecksumError::NoChecksum)?;
    if path.is_empty() {
        return Err(ChecksumError::NoChecksum);
    }
    if !name.eq_ignore_ascii_case(algorithm.name().as_bytes()) {
        return Err(ChecksumError::Algorithm);
    }
    let is_asked = match range {
        None => start == 0,
        Some(asked) => {
            start == asked.start && (end == asked.end || end.checked_add(1) == Some(asked.end))
        }
    };
    if !is_asked {
        return Err(ChecksumError::Range);
    }
    Checksum::parse(algorithm, digits).ok_or(ChecksumError::NoChecksum)
}

/// The checksum in a reply to XSHA256, XSHA1, XMD5, XCRC (213 or 250) or MD5 (251): the digits
/// alone, or as the last word behind a text or the name, or as the first before them. Two words
/// that could be the checksum are none, unless they are equal.
///
/// # Errors
///
/// See [`ChecksumError`].
///
/// ```
/// use ftp_proto::checksum::{Algorithm, decode};
/// use ftp_proto::reply::{Reply, ReplyCode};
///
/// let reply = Reply::new(ReplyCode::FILE_ACTION_COMPLETE, b"CBF43926");
/// assert_eq!(decode(&reply, Algorithm::Crc32).unwrap().to_string(), "cbf43926");
/// ```
pub fn decode(reply: &Reply, algorithm: Algorithm) -> Result<Checksum, ChecksumError> {
    if !matches!(reply.code().get(), 213 | 250 | 251) {
        return Err(ChecksumError::Code);
    }
    let line = last_line(reply)?;
    let mut words = line.split(|byte| *byte == b' ');
    let first = words.next().unwrap_or_default();
    let last = words.next_back().unwrap_or(first);
    let read = |word| Checksum::parse(algorithm, word);
    match (read(first), read(last)) {
        (Some(first), Some(last)) if first != last => Err(ChecksumError::NoChecksum),
        (Some(checksum), _) | (None, Some(checksum)) => Ok(checksum),
        (None, None) => Err(ChecksumError::NoChecksum),
    }
}

/// The line that counts: ProFTPD tells before it that it computes.
fn last_line(reply: &Reply) -> Result<&[u8], ChecksumError> {
    if reply.is_truncated() {
        return Err(ChecksumError::Truncated);
    }
    let line = reply.lines().last().unwrap_or_default();
    Ok(line.trim_ascii())
}

/// The numbers in `0-49`.
fn bounds(word: &[u8]) -> Option<(u64, u64)> {
    let hyphen = memchr::memchr(b'-', word)?;
    let start = number(word.get(..hyphen)?)?;
    let end = number(word.get(hyphen.checked_add(1)?..)?)?;
    (start <= end).then_some((start, end))
}

fn number(digits: &[u8]) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    str::from_utf8(digits)
        .ok()
        .filter(|_| is_number)?
        .parse()
        .ok()
}
