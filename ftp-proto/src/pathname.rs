//! Pathnames, and how a 257 reply quotes them (RFC 959 appendix II).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, str};

use crate::reply::{Reply, ReplyCode};

/// A pathname as the server writes it: bytes, in whatever character set the server uses.
///
/// ```
/// use ftp_proto::pathname::Pathname;
///
/// let path = Pathname::from("/pub/caf\u{e9}");
/// assert_eq!(path.as_bytes(), b"/pub/caf\xc3\xa9");
/// assert_eq!(Pathname::from(b"/pub/caf\xe9".as_slice()).to_string(), "/pub/caf\u{fffd}");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pathname(Box<[u8]>);

impl Pathname {
    /// The bytes, as they are sent back to the server.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The pathname as UTF-8, or `None` if it is not.
    #[must_use]
    pub fn to_str(&self) -> Option<&str> {
        str::from_utf8(&self.0).ok()
    }

    /// The pathname as UTF-8, with U+FFFD for what is not UTF-8. For people: the result may be
    /// another file's name.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The bytes, owned.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_vec()
    }
}

impl From<&str> for Pathname {
    fn from(path: &str) -> Self {
        Self(path.as_bytes().into())
    }
}

impl From<&[u8]> for Pathname {
    fn from(path: &[u8]) -> Self {
        Self(path.into())
    }
}

impl From<Vec<u8>> for Pathname {
    fn from(path: Vec<u8>) -> Self {
        Self(path.into_boxed_slice())
    }
}

impl AsRef<[u8]> for Pathname {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Pathname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str_lossy())
    }
}

impl fmt::Debug for Pathname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str_lossy(), f)
    }
}

/// How the server writes a quote that is part of the pathname in a 257 reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Quoting {
    /// Twice, as RFC 959 wants it; the first single quote ends the pathname.
    #[default]
    Doubled,
    /// Once, as GNU inetutils and libunftp do. The last quote of the line ends the pathname, so
    /// text with quotes after it is misread.
    Undoubled,
}

/// Why a reply gives no pathname.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The code is not 257.
    #[error("the reply carries no pathname")]
    Code,
    /// Text of the reply is missing.
    #[error("the reply is truncated")]
    Truncated,
    /// No quotes, and not a single word that begins with a slash either.
    #[error("no quoted pathname")]
    NotQuoted,
    /// The closing quote is missing.
    #[error("the pathname has no closing quote")]
    Unterminated,
    /// Nothing between the quotes.
    #[error("the pathname is empty")]
    Empty,
}

/// The pathname in a reply to PWD or MKD (RFC 959: `257 "path" text`).
///
/// Text before the quotes is skipped. Some servers send no quotes: then the text must be a single
/// word that begins with a slash, since nothing else shows where the pathname ends.
///
/// # Errors
///
/// See [`PathError`]. MKD may well have made the directory when its reply cannot be read.
///
/// ```
/// use ftp_proto::pathname::{Pathname, Quoting, decode};
/// use ftp_proto::reply::{Reply, ReplyCode};
///
/// let reply = Reply::new(ReplyCode::PATHNAME, br#""/pub/5"" disks" is the current directory"#);
/// assert_eq!(decode(&reply, Quoting::Doubled), Ok(Pathname::from(r#"/pub/5" disks"#)));
/// let reply = Reply::new(ReplyCode::PATHNAME, br#""/pub/5" disks" is the current directory"#);
/// assert_eq!(decode(&reply, Quoting::Undoubled), Ok(Pathname::from(r#"/pub/5" disks"#)));
/// ```
pub fn decode(reply: &Reply, quoting: Quoting) -> Result<Pathname, PathError> {
    if reply.code() != ReplyCode::PATHNAME {
        return Err(PathError::Code);
    }
    if reply.is_truncated() {
        return Err(PathError::Truncated);
    }
    let quoted = reply.lines().find_map(|line| {
        let (_, quoted) = split_at_quote(line)?;
        Some(quoted)
    });
    let path = match (quoted, quoting) {
        (None, _) => unquoted(reply.text())?.to_vec(),
        (Some(quoted), Quoting::Doubled) => until_single_quote(quoted)?,
        (Some(quoted), Quoting::Undoubled) => until_last_quote(quoted)?.to_vec(),
    };
    if path.is_empty() {
        Err(PathError::Empty)
    } else {
        Ok(path.into())
    }
}

/// The pathname in quotes, its own quotes doubled, as a 257 reply carries it.
///
/// ```
/// assert_eq!(ftp_proto::pathname::quote(br#"/pub/5" disks"#), br#""/pub/5"" disks""#);
/// ```
#[must_use]
pub fn quote(path: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(path.len().saturating_add(2));
    quoted.push(b'"');
    for &byte in path {
        if byte == b'"' {
            quoted.push(b'"');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

fn until_single_quote(mut text: &[u8]) -> Result<Vec<u8>, PathError> {
    let mut path = Vec::new();
    loop {
        let (part, rest) = split_at_quote(text).ok_or(PathError::Unterminated)?;
        path.extend_from_slice(part);
        let Some((b'"', rest)) = rest.split_first() else {
            return Ok(path);
        };
        path.push(b'"');
        text = rest;
    }
}

fn until_last_quote(text: &[u8]) -> Result<&[u8], PathError> {
    memchr::memrchr(b'"', text)
        .and_then(|at| text.get(..at))
        .ok_or(PathError::Unterminated)
}

fn unquoted(text: &[u8]) -> Result<&[u8], PathError> {
    let word = text.trim_ascii();
    let is_path = word.first() == Some(&b'/') && !word.iter().any(u8::is_ascii_whitespace);
    if is_path {
        Ok(word)
    } else {
        Err(PathError::NotQuoted)
    }
}

/// What is before the first quote and what is after it.
fn split_at_quote(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at_checked(memchr::memchr(b'"', text)?)?;
    Some((before, rest.get(1..)?))
}
