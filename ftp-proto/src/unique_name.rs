//! The name that a server chose for a file stored with STOU (RFC 959, 4.1.3; RFC 1123, 4.1.2.9).

use crate::pathname::Pathname;
use crate::reply::{Class, Reply};

/// The name in a reply to STOU, wherever it stands: in a mark (125, 150) or in a final reply (226,
/// 250).
///
/// RFC 1123 wants `FILE: name` in the mark. Servers also send the bare name, the name before the
/// words of the final reply, in quotes, or behind `unique file name:`. `None` if no name is
/// certain.
///
/// ```
/// use ftp_proto::reply::{Reply, ReplyCode};
/// use ftp_proto::unique_name;
///
/// let mark = Reply::new(ReplyCode::OPENING_DATA, b"FILE: uniq.FfB4Dt");
/// assert_eq!(unique_name::decode(&mark).unwrap().as_bytes(), b"uniq.FfB4Dt");
/// let mark = Reply::new(ReplyCode::OPENING_DATA, b"Opening data connection.");
/// assert_eq!(unique_name::decode(&mark), None);
/// ```
#[must_use]
pub fn decode(reply: &Reply) -> Option<Pathname> {
    let may_tell = matches!(reply.class(), Class::Preliminary | Class::Completion);
    if !may_tell || reply.is_truncated() {
        return None;
    }
    reply.lines().find_map(in_line).map(Pathname::from)
}

fn in_line(line: &[u8]) -> Option<&[u8]> {
    let line = line.trim_ascii();
    let name = after(line, b"FILE: ")
        .or_else(|| behind_label(line))
        .or_else(|| in_quotes(line))
        .or_else(|| before_words(line))
        .or_else(|| bare(line))?;
    Some(name).filter(|name| !name.is_empty())
}

/// `FILE: uniq.1` at the beginning of the line, as in RFC 1123: the rest of the line is the name.
fn after<'a>(line: &'a [u8], label: &[u8]) -> Option<&'a [u8]> {
    let (head, name) = line.split_at_checked(label.len())?;
    head.eq_ignore_ascii_case(label).then(|| name.trim_ascii())
}

/// `Transfer complete (unique file name:uniq.1).`, as the servers of BSD and GNU have it.
fn behind_label(line: &[u8]) -> Option<&[u8]> {
    const LABEL: &[u8] = b"unique file name:";
    let labels = |window: &[u8]| window.eq_ignore_ascii_case(LABEL);
    let at = line.windows(LABEL.len()).position(labels)?;
    let (before, name) = line.split_at_checked(at)?;
    let name = name.get(LABEL.len()..)?;
    let name = if before.ends_with(b"(") {
        name.get(..memchr::memrchr(b')', name)?)?
    } else {
        name
    };
    let name = name.trim_ascii();
    Some(in_quotes(name).unwrap_or(name))
}

/// `"uniq.1" stored.`, or `Opening BINARY mode data connection for 'uniq.1'.`
fn in_quotes(line: &[u8]) -> Option<&[u8]> {
    let start = memchr::memchr2(b'"', b'\'', line)?;
    let quote = *line.get(start)?;
    let begins = start == 0 || line.get(..start)?.ends_with(b" ");
    let end = memchr::memrchr(quote, line).filter(|end| *end > start && begins)?;
    line.get(start.checked_add(1)?..end)
}

/// `/uniq.1: Transfer complete.`, as Apache FtpServer has it.
fn before_words(line: &[u8]) -> Option<&[u8]> {
    if !line.starts_with(b"/") {
        return None;
    }
    let at = line.windows(2).position(|window| window == b": ")?;
    line.get(..at)
}

/// `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`, as libunftp has it: a single word with a digit or a
/// slash.
fn bare(line: &[u8]) -> Option<&[u8]> {
    let is_name = |byte: &u8| byte.is_ascii_digit() || *byte == b'/';
    let fits = !line.iter().any(u8::is_ascii_whitespace) && line.iter().any(is_name);
    fits.then_some(line)
}
