//! Pathnames, and how a 257 reply quotes them (RFC 959 appendix II).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, str};

use crate::reply::{Reply, ReplyCode};
use crate::shown::escape;

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

    /// The pathname as UTF-8, with U+FFFD for other bytes. For people only: the result may be
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

/// For people: U+FFFD for bytes that are not UTF-8, and escapes for characters that would control a
/// terminal or deceive the reader.
impl fmt::Display for Pathname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&self.0, f)
    }
}

/// As [`Display`](fmt::Display), in quotes.
impl fmt::Debug for Pathname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// How the server writes a quote that is part of the pathname in a 257 reply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Quoting {
    /// Twice, as RFC 959 demands. A single quote ends the pathname if a blank or the end of the
    /// line follows. Any other single quote belongs to the pathname, because seven of sixteen
    /// servers do not double quotes (Twisted, aioftp, libunftp, twoftpd, bftpd, uftpd, inetutils).
    #[default]
    Doubled,
    /// Once: two quotes are two quotes. The last quote of the line ends the pathname, so later text
    /// with quotes is misread.
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
    /// There are no quotes, and the text is not certainly a pathname, which begins with a slash and
    /// has no commentary.
    #[error("no quoted pathname")]
    NotQuoted,
    /// The closing quote is missing.
    #[error("the pathname has no closing quote")]
    Unterminated,
    /// The quotes enclose no text.
    #[error("the pathname is empty")]
    Empty,
}

/// The pathname in a reply to PWD or MKD (RFC 959: `257 "path" text`).
///
/// Text before the quotes is skipped. Without quotes, only a certain pathname is accepted:
///
/// * Without any quotes, the text must begin with a slash. The pathname goes to the end of the
///   text, blanks included (libunftp answers MKD so), or to a commentary like `is the current
///   directory`. If the last words may belong to either (`/pub/new folder`), the end is uncertain,
///   and the reply gives no pathname.
/// * Without the closing quote, the same holds for what follows the opening one.
///
/// # Errors
///
/// See [`PathError`]. MKD may have made the directory even if its reply cannot be read.
///
/// ```
/// use ftp_proto::pathname::{Pathname, Quoting, decode};
/// use ftp_proto::reply::{Reply, ReplyCode};
///
/// let reply = Reply::new(ReplyCode::PATHNAME, br#""/pub/5"" disks" is the current directory"#);
/// assert_eq!(decode(&reply, Quoting::Doubled), Ok(Pathname::from(r#"/pub/5" disks"#)));
/// let reply = Reply::new(ReplyCode::PATHNAME, br#""/pub/5"disks" is the current directory"#);
/// assert_eq!(decode(&reply, Quoting::Doubled), Ok(Pathname::from(r#"/pub/5"disks"#)));
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
    let mut lines = reply.lines();
    let quoted = lines.find_map(|line| Some(split_at_quote(line)?.1));
    let is_last = lines.next().is_none();
    let path = match (quoted, quoting) {
        (None, _) => plain(reply.text()).ok_or(PathError::NotQuoted)?.to_vec(),
        (Some(quoted), _) if memchr::memchr(b'"', quoted).is_none() => {
            // The pathname may go on in the next line.
            let path = plain(quoted).filter(|_| is_last);
            path.ok_or(PathError::Unterminated)?.to_vec()
        }
        (Some(quoted), Quoting::Doubled) => until_closing_quote(quoted)?,
        (Some(quoted), Quoting::Undoubled) => until_last_quote(quoted)?.to_vec(),
    };
    if path.is_empty() {
        Err(PathError::Empty)
    } else {
        Ok(path.into())
    }
}

/// The longest remark that is kept.
const REMARK_BYTES_MAX: usize = 128;

/// What a server writes behind the pathname of a 257, if no quote is in either of the two.
pub(crate) fn remark(reply: &Reply) -> Option<&[u8]> {
    let (path, remark) = split_at_quote(begun(reply)?)?;
    let is_plain = !path.is_empty() && memchr::memchr(b'"', remark).is_none();
    (is_plain && remark.len() <= REMARK_BYTES_MAX).then_some(remark)
}

/// The pathname of a 257 that ends with a known remark, if a quote stands in it by itself: then the
/// server does not double quotes. Where all quotes are in pairs, it may be of either kind.
pub(crate) fn decode_undoubled(reply: &Reply, remark: &[u8]) -> Option<Pathname> {
    let path = begun(reply)?.strip_suffix(remark)?.strip_suffix(b"\"")?;
    let mut runs = path.split(|&byte| byte != b'"');
    let is_undoubled = runs.any(|run| run.len() & 1 == 1);
    is_undoubled.then(|| path.into())
}

/// The text of a 257 of one line, behind a quote that it begins with.
fn begun(reply: &Reply) -> Option<&[u8]> {
    let is_whole = reply.code() == ReplyCode::PATHNAME && !reply.is_truncated();
    let text = reply.text().strip_prefix(b"\"")?;
    (is_whole && memchr::memchr(b'\n', text).is_none()).then_some(text)
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

/// The pathname up to the quote that ends it: a single one with a blank or the end behind it.
fn until_closing_quote(mut text: &[u8]) -> Result<Vec<u8>, PathError> {
    let mut path = Vec::new();
    while let Some((part, rest)) = split_at_quote(text) {
        path.extend_from_slice(part);
        text = match rest.split_first() {
            None | Some((b' ' | b'\t' | b'\r', _)) => return Ok(path),
            Some((b'"', rest)) => rest,
            // Servers that do not double quotes.
            Some(_) => rest,
        };
        path.push(b'"');
    }
    Err(PathError::Unterminated)
}

fn until_last_quote(text: &[u8]) -> Result<&[u8], PathError> {
    memchr::memrchr(b'"', text)
        .and_then(|at| text.get(..at))
        .ok_or(PathError::Unterminated)
}

/// The pathname of a text without quotes, if it is certain.
fn plain(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii();
    if !text.starts_with(b"/") || memchr::memchr(b'\n', text).is_some() {
        return None;
    }
    let path = text.get(..commentary(text)?)?.trim_ascii_end();
    (!path.is_empty()).then_some(path)
}

/// Where the commentary behind a pathname begins: at a verb, if `directory` or the like follows. At
/// the end of the text, if no last word can be one of a commentary; `None` if that is not certain.
fn commentary(text: &[u8]) -> Option<usize> {
    const VERBS: [&[u8]; 3] = [b"is", b"was", b"has"];
    const NOUNS: [&[u8]; 4] = [b"directory", b"dir", b"folder", b"location"];
    const OTHERS: [&[u8]; 12] = [
        b"the",
        b"your",
        b"a",
        b"new",
        b"now",
        b"been",
        b"current",
        b"working",
        b"created",
        b"made",
        b"successfully",
        b"ok",
    ];
    let (mut end, mut has_noun) = (text.len(), false);
    loop {
        let rest = text.get(..end)?.trim_ascii_end();
        let Some(blank) = rest.iter().rposition(u8::is_ascii_whitespace) else {
            // The first word begins with a slash.
            return (end == text.len()).then_some(end);
        };
        let start = blank.checked_add(1)?;
        let word = rest.get(start..)?;
        let word = word.strip_suffix(b".").unwrap_or(word);
        let is = |words: &[&[u8]]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
        if is(&VERBS) && has_noun {
            return Some(start);
        }
        has_noun |= is(&NOUNS);
        if !is(&NOUNS) && !is(&OTHERS) && !is(&VERBS) {
            return (end == text.len()).then_some(end);
        }
        end = start;
    }
}

/// What is before the first quote and what is after it.
fn split_at_quote(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, rest) = text.split_at_checked(memchr::memchr(b'"', text)?)?;
    Some((before, rest.get(1..)?))
}
