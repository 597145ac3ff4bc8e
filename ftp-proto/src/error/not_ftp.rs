//! A greeting of another protocol, quoted.

use alloc::boxed::Box;
use core::fmt;
use core::hash::{Hash, Hasher};

use crate::reply::ReplyError;
use crate::shown::escape;

/// How much of the greeting is kept.
const QUOTED_BYTES_MAX: usize = 64;
/// How many bytes are searched for it, with each piece that comes.
const SEARCHED_BYTES_MAX: usize = 256;

/// A greeting that no FTP server sends, such as `SSH-2.0-OpenSSH_9.2`: the port is another
/// protocol's.
///
/// Two values are equal if they were refused for the same cause, because the network decides how
/// much of the first line had come.
#[derive(Clone)]
pub struct NotFtp {
    error: ReplyError,
    line: Box<[u8]>,
}

impl NotFtp {
    pub(crate) const fn new(error: ReplyError, line: Box<[u8]>) -> Self {
        Self { error, line }
    }

    /// The first line that is not blank, as far as it has come and as it is kept.
    pub(crate) fn quote<'a>(come: impl Iterator<Item = &'a u8>) -> Box<[u8]> {
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let all = come.take(SEARCHED_BYTES_MAX).copied();
        let line = all.skip_while(is_end).take_while(|byte| !is_end(byte));
        line.take(QUOTED_BYTES_MAX).collect()
    }

    /// What is wrong with it.
    pub const fn error(&self) -> ReplyError {
        self.error
    }

    /// The first line from the server, as far as it had come, at most 64 bytes.
    pub fn line(&self) -> &[u8] {
        &self.line
    }
}

impl PartialEq for NotFtp {
    fn eq(&self, other: &Self) -> bool {
        self.error == other.error
    }
}

impl Eq for NotFtp {}

impl Hash for NotFtp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.error.hash(state);
    }
}

impl fmt::Display for NotFtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not an FTP server: it says \"")?;
        escape(&self.line, f)?;
        write!(f, "\" ({})", self.error)
    }
}

impl fmt::Debug for NotFtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NotFtp({self})")
    }
}

impl core::error::Error for NotFtp {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_is_not_blank_is_quoted() {
        for (come, quoted) in [
            (&b"SSH-2.0\r\nx"[..], &b"SSH-2.0"[..]),
            (b"\r\n\nSSH-2.0\nx", b"SSH-2.0"),
            (b"SSH", b"SSH"),
            (b"\r\n", b""),
        ] {
            assert_eq!(*NotFtp::quote(come.iter()), *quoted);
        }
    }

    /// It is made with each piece that comes, so that its cost must not grow with what has come.
    #[test]
    fn no_more_is_searched_however_much_has_come() {
        let texts: [&[u8]; 4] = [b"\r", b"\n", b"x", b"\r\rSSH-2.0"];
        for text in texts {
            for times in [1000, 100_000] {
                let come = text.repeat(times);
                let mut looked_at = 0;
                let _line = NotFtp::quote(come.iter().inspect(|_| looked_at += 1));
                assert!(looked_at <= SEARCHED_BYTES_MAX, "{looked_at} of {text:?}");
            }
        }
    }
}
