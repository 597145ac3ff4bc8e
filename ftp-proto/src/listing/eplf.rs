//! EPLF, Bernstein's Easily Parsed LIST Format: `+fact,fact,...,<TAB>name`.

use super::context::Context;
use super::cursor::permissions;
use super::entry::{Entry, Kind};
use super::number::number;
use crate::timestamp::Timestamp;

/// Reads a line that has a fact that is known. Everything behind the first tab is the name.
pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Option<Entry<'a>> {
    let facts = line.strip_prefix(b"+")?;
    let (facts, name) = facts.split_at_checked(memchr::memchr(b'\t', facts)?)?;
    let name = name.get(1..).filter(|name| !name.is_empty())?;
    let mut entry = Entry::new(line, name);
    let (mut retrievable, mut enterable) = (false, false);
    let mut is_certain = false;
    for fact in facts.split(|&byte| byte == b',') {
        is_certain |= matches!(
            fact,
            [b'r' | b'/'] | [b's' | b'm' | b'i', b'0'..=b'9' | b'-', ..]
        );
        match fact {
            [b'r'] => retrievable = true,
            [b'/'] => enterable = true,
            [b's', size @ ..] => entry = entry.with_size(number(size)),
            [b'm', seconds @ ..] => entry = entry.with_modified(epoch(seconds)),
            [b'u', b'p', mode @ ..] => entry = entry.with_mode(permissions(mode)),
            [b'i', unique @ ..] => entry = entry.with_unique(unique),
            _ => {}
        }
    }
    is_certain.then(|| {
        entry.with_kind(match (enterable, retrievable) {
            (true, _) => Kind::Directory,
            (false, true) => Kind::File,
            (false, false) => Kind::Other,
        })
    })
}

/// Seconds since 1970 in UTC, also before.
fn epoch(text: &[u8]) -> Option<Timestamp> {
    let (digits, sign) = match text.strip_prefix(b"-") {
        Some(digits) => (digits, -1_i64),
        None => (text, 1),
    };
    let seconds = i64::try_from(number(digits)?).ok()?;
    Timestamp::from_unix_time(seconds.wrapping_mul(sign)).ok()
}
