//! Checksums of local bytes, for comparison with what a server tells.

use core::fmt;
use std::io::{self, Read, Write};

use sha2::Digest;

use crate::checksum::{Algorithm, Checksum};

/// Computes a checksum of bytes that come one after the other.
///
/// ```
/// use ftp_proto::checksum::Algorithm;
/// use ftp_proto::driver::Hasher;
///
/// let mut hasher = Hasher::new(Algorithm::Crc32);
/// hasher.update(b"12345");
/// hasher.update(b"6789");
/// assert_eq!(hasher.finish().to_string(), "cbf43926");
/// ```
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(sha2::Sha256),
    Sha1(sha1::Sha1),
    Md5(md5::Md5),
    Crc32(crc32fast::Hasher),
}

impl Hasher {
    /// Begins with no bytes.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            Algorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            Algorithm::Md5 => State::Md5(md5::Md5::new()),
            Algorithm::Crc32 => State::Crc32(crc32fast::Hasher::new()),
        })
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha1(state) => state.update(bytes),
            State::Md5(state) => state.update(bytes),
            State::Crc32(state) => state.update(bytes),
        }
    }

    /// The checksum of all bytes.
    pub fn finish(self) -> Checksum {
        match self.0 {
            State::Sha256(state) => Checksum::sha256(state.finalize().into()),
            State::Sha1(state) => Checksum::sha1(state.finalize().into()),
            State::Md5(state) => Checksum::md5(state.finalize().into()),
            State::Crc32(state) => Checksum::crc32(state.finalize()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").finish_non_exhaustive()
    }
}

/// A reader or writer whose bytes are hashed and counted on their way.
///
/// ```
/// use std::io::Write;
/// use ftp_proto::checksum::Algorithm;
/// use ftp_proto::driver::Hashing;
///
/// let mut sink = Hashing::new(Vec::new(), Algorithm::Crc32);
/// sink.write_all(b"123456789")?;
/// assert_eq!(sink.total(), 9);
/// assert_eq!(sink.finish().to_string(), "cbf43926");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Hashing<I> {
    inner: I,
    hasher: Hasher,
    bytes: u64,
}

impl<I> Hashing<I> {
    /// Hashes what passes to or from `inner`; `&mut inner` will do.
    pub fn new(inner: I, algorithm: Algorithm) -> Self {
        Self {
            inner,
            hasher: Hasher::new(algorithm),
            bytes: 0,
        }
    }

    /// The number of bytes so far.
    pub const fn total(&self) -> u64 {
        self.bytes
    }

    /// The checksum of the bytes so far.
    pub fn finish(self) -> Checksum {
        self.hasher.finish()
    }

    fn note(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.note(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.note(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufWriter, Cursor, Read, Write};

    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::{Hasher, Hashing};
    use crate::checksum::Algorithm;

    /// Of "abc": FIPS 180-2, RFC 1321, and CRC-32 as zip has it.
    const KNOWN: [(Algorithm, &str); 4] = [
        (
            Algorithm::Sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        (Algorithm::Crc32, "352441c2"),
    ];

    #[test]
    fn checksums_of_what_is_read_and_written_are_the_known_ones() -> std::io::Result<()> {
        for (algorithm, expected) in KNOWN {
            let mut hasher = Hasher::new(algorithm);
            hasher.update(b"a");
            hasher.update(b"bc");
            assert_eq!(hasher.finish().to_string(), expected);

            let mut source = Hashing::new(&b"abc"[..], algorithm);
            let mut read = Vec::new();
            source.read_to_end(&mut read)?;
            assert_eq!((&read[..], source.total()), (&b"abc"[..], 3));
            assert_eq!(source.finish().to_string(), expected);

            // Only what is taken counts.
            let mut written = [0; 3];
            let mut sink = Hashing::new(Cursor::new(&mut written[..]), algorithm);
            assert_eq!(sink.write(b"abcd")?, 3);
            assert_eq!(sink.total(), 3);
            assert_eq!(sink.finish().to_string(), expected);
            assert_eq!(&written, b"abc");
        }
        Ok(())
    }

    #[test]
    fn what_waits_below_is_flushed() -> std::io::Result<()> {
        let mut written = Vec::new();
        let mut below = BufWriter::new(&mut written);
        let mut sink = Hashing::new(&mut below, Algorithm::Crc32);
        sink.write_all(b"abc")?;
        sink.flush()?;
        assert!(below.buffer().is_empty());
        Ok(())
    }
}
