//! The line of MLSD that nearly every server sends, in one pass.
//!
//! Each fact occurs once and ends with a semicolon, and its value can be read. Whatever deviates is
//! left to [`general`](super::general), which reads all that this reads, to the same result.
//!
//! Facts are told apart by their first four letters, compared as one number.

use super::super::entry::{Entry, Kind};
use super::super::scan::{eight_digits, find_either};
use super::super::span::Span;
use super::{Fact, kind};
use crate::timestamp::Timestamp;

/// Makes four small letters capitals, and leaves capitals. No other byte becomes a letter.
const CAPITALS: u32 = u32::from_le_bytes([0xDF; 4]);

const TYPE: u32 = u32::from_le_bytes(*b"TYPE");
const SIZE: u32 = u32::from_le_bytes(*b"SIZE");
const SIZD: u32 = u32::from_le_bytes(*b"SIZD");
const MODI: u32 = u32::from_le_bytes(*b"MODI");
const UNIQ: u32 = u32::from_le_bytes(*b"UNIQ");
const PERM: u32 = u32::from_le_bytes(*b"PERM");
const UNIX: u32 = u32::from_le_bytes(*b"UNIX");
const MODE: u32 = u32::from_le_bytes(*b"MODE");
const OWNE: u32 = u32::from_le_bytes(*b"OWNE");
const GROU: u32 = u32::from_le_bytes(*b"GROU");
const NAME: u32 = u32::from_le_bytes(*b"NAME");

/// Reads a line of the usual form.
#[inline]
pub(super) fn usual(line: &[u8]) -> Option<Entry<'_>> {
    let mut usual = Usual {
        line,
        entry: Entry::named(line, Span::NONE),
        owner: Rank::None,
        group: Rank::None,
    };
    let mut rest = usual.fact(line)?;
    while !matches!(rest, [b' ', ..]) {
        rest = usual.fact(rest)?;
    }
    usual.finish(rest)
}

/// How well a fact describes the owner or the group.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Rank {
    None,
    Id,
    IdOrName,
    Name,
}

/// What was read so far. Each part reads from the text it is given, and returns what follows.
struct Usual<'a> {
    line: &'a [u8],
    entry: Entry<'a>,
    owner: Rank,
    group: Rank,
}

impl<'a> Usual<'a> {
    #[inline(always)]
    fn fact(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        // What is shorter goes the general way, so that the length is asked once and not for each
        // byte.
        if text.len() < 8 {
            return None;
        }
        let (letters, rest) = letters(text)?;
        match (letters, rest) {
            (TYPE, [b'=', value @ ..]) => self.kind(value),
            (SIZE | SIZD, [b'=', value @ ..]) => self.size(value),
            (MODI, [b'f' | b'F', b'y' | b'Y', b'=', value @ ..]) => self.modified(value),
            (UNIQ, [b'u' | b'U', b'e' | b'E', b'=', value @ ..]) => self.unique(value),
            (UNIX, [b'.', rest @ ..]) => self.unix(text, rest),
            (PERM, [b'=', value @ ..]) => Some(self.text(value)?.1),
            _ => unknown(text),
        }
    }

    /// A fact that begins with `UNIX.`.
    #[inline(always)]
    fn unix(&mut self, text: &'a [u8], rest: &'a [u8]) -> Option<&'a [u8]> {
        if rest.len() < 7 {
            return None;
        }
        let (letters, rest) = letters(rest)?;
        match (letters, rest) {
            (MODE, [b'=', value @ ..]) => self.mode(value),
            (OWNE, [b'r' | b'R', rest @ ..]) => {
                let (rank, value) = rank(rest)?;
                self.owner(rank, value)
            }
            (GROU, [b'p' | b'P', rest @ ..]) => {
                let (rank, value) = rank(rest)?;
                self.group(rank, value)
            }
            _ => self.unix_id(text),
        }
    }

    #[inline(never)]
    fn unix_id(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let [
            _,
            _,
            _,
            _,
            _,
            letter,
            b'i' | b'I',
            b'd' | b'D',
            b'=',
            value @ ..,
        ] = text
        else {
            return unknown(text);
        };
        match letter {
            b'u' | b'U' => self.owner(Rank::Id, value),
            b'g' | b'G' => self.group(Rank::Id, value),
            _ => unknown(text),
        }
    }

    #[inline(always)]
    fn kind(&mut self, value: &'a [u8]) -> Option<&'a [u8]> {
        if self.entry.kind != Kind::Unknown {
            return None;
        }
        match value {
            [b'f', b'i', b'l', b'e', b';', rest @ ..] => {
                self.entry.kind = Kind::File;
                Some(rest)
            }
            [b'd', b'i', b'r', b';', rest @ ..] => {
                self.entry.kind = Kind::Directory;
                Some(rest)
            }
            _ => self.odd_kind(value),
        }
    }

    #[inline(never)]
    fn odd_kind(&mut self, value: &'a [u8]) -> Option<&'a [u8]> {
        let (text, rest) = self.text(value)?;
        let (kind, target) = kind(text.slice(self.line)?);
        if kind == Kind::Unknown {
            return None;
        }
        self.entry.kind = kind;
        if let Some(target) = target {
            self.entry.set_target(target);
        }
        Some(rest)
    }

    #[inline(always)]
    fn size(&mut self, value: &'a [u8]) -> Option<&'a [u8]> {
        let (mut size, mut rest) = match value.split_first_chunk::<8>() {
            Some((digits, rest)) => match eight_digits(*digits, 8) {
                Some(size) => (size, rest),
                None => (0, value),
            },
            None => (0, value),
        };
        while let [digit @ b'0'..=b'9', tail @ ..] = rest {
            size = size.wrapping_mul(10).wrapping_add(u64::from(digit & 0x0F));
            rest = tail;
        }
        // Nineteen digits always fit.
        let digits = value.len().wrapping_sub(rest.len());
        if !matches!(digits, 1..=19) || self.entry.size.is_some() {
            return None;
        }
        self.entry.size = Some(size);
        rest.strip_prefix(b";")
    }

    #[inline(always)]
    fn modified(&mut self, value: &'a [u8]) -> Option<&'a [u8]> {
        let (time, rest) = value.split_first_chunk::<14>()?;
        if self.entry.modified.is_some() {
            return None;
        }
        self.entry.modified = Some(Timestamp::from_time_val(time).ok()?);
        rest.strip_prefix(b";")
    }

    #[inline(always)]
    fn mode(&mut self, value: &'a [u8]) -> Option<&'a [u8]> {
        let (mut mode, mut rest) = (0_u16, value);
        while let [digit @ b'0'..=b'7', tail @ ..] = rest {
            mode = mode.wrapping_shl(3) | u16::from(digit & 0x0F);
            rest = tail;
        }
        let digits = value.len().wrapping_sub(rest.len());
        if !matches!(digits, 1..=10) || self.entry.mode.is_some() {
            return None;
        }
        self.entry.mode = Some(mode & 0o7777);
        rest.strip_prefix(b";")
    }

    #[inline(always)]
    fn owner(&mut self, rank: Rank, value: &'a [u8]) -> Option<&'a [u8]> {
        let (text, rest) = self.text(value)?;
        if rank == self.owner {
            return None;
        }
        if rank > self.owner {
            (self.owner, self.entry.owner) = (rank, text);
        }
        Some(rest)
    }

    #[inline(always)]
    fn group(&mut self, rank: Rank, value: &'a [u8]) -> Option<&'a [u8]> {
        let (text, rest) = self.text(value)?;
        if rank == self.group {
            return None;
        }
        if rank > self.group {
            (self.group, self.entry.group) = (rank, text);
        }
        Some(rest)
    }

    #[inline(always)]
    fn unique(&mut self, value: &'a [u8]) -> Option<&'a [u8]> {
        let (text, rest) = self.text(value)?;
        if self.entry.unique != Span::NONE {
            return None;
        }
        self.entry.unique = text;
        Some(rest)
    }

    /// A value without a blank in it.
    #[inline(always)]
    fn text(&self, value: &'a [u8]) -> Option<(Span, &'a [u8])> {
        let rest = behind_value(value)?;
        let end = self.line.len().wrapping_sub(rest.len()).wrapping_sub(1);
        let start = self.line.len().wrapping_sub(value.len());
        let span = Span::new(u32::try_from(start).ok()?, u32::try_from(end).ok()?);
        Some((span, rest))
    }

    #[inline(always)]
    fn finish(self, rest: &[u8]) -> Option<Entry<'a>> {
        let facts_end = self.line.len().wrapping_sub(rest.len());
        let facts_end = u32::try_from(facts_end).ok()?;
        let end = u32::try_from(self.line.len()).ok()?;
        let start = facts_end.wrapping_add(1);
        let mut entry = self.entry;
        entry.facts_end = facts_end;
        entry.name = Span::new(start, end);
        (start < end).then_some(entry)
    }
}

/// The first four letters, as capitals, and what follows.
#[inline(always)]
fn letters(text: &[u8]) -> Option<(u32, &[u8])> {
    let (letters, rest) = text.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*letters) & CAPITALS, rest))
}

/// What follows `UNIX.owner` or `UNIX.group`: the value, or `name` and the value.
#[inline(always)]
fn rank(rest: &[u8]) -> Option<(Rank, &[u8])> {
    if let [b'=', value @ ..] = rest {
        return Some((Rank::IdOrName, value));
    }
    match letters(rest)? {
        (NAME, [b'=', value @ ..]) => Some((Rank::Name, value)),
        _ => None,
    }
}

/// A fact that has no field.
#[inline(never)]
fn unknown(text: &[u8]) -> Option<&[u8]> {
    let end = text.iter().position(|byte| b"=; ".contains(byte))?;
    let (name, value) = text.split_at_checked(end)?;
    let value = value.strip_prefix(b"=")?;
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    if !is_name || Fact::of(name).is_some() {
        return None;
    }
    behind_value(value)
}

/// What follows a value and its semicolon, if there is no blank before.
#[inline(always)]
fn behind_value(value: &[u8]) -> Option<&[u8]> {
    let (_, rest) = value.split_at_checked(find_either(value, b';', b' ')?)?;
    rest.strip_prefix(b";")
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::general;
    use super::*;

    const NAMES: &[&str] = &[
        "type",
        "size",
        "sizd",
        "modify",
        "unique",
        "perm",
        "UNIX.mode",
        "UNIX.owner",
        "UNIX.ownername",
        "UNIX.uid",
        "UNIX.group",
        "UNIX.groupname",
        "UNIX.gid",
        "UNIX.slink",
        "UNIX.ownernames",
        "UNIX\u{e}mode",
        "UNIX.uidx",
        "typ",
        "types",
        "sizes",
        "create",
        "x.y",
        "",
    ];

    const VALUES: &[&str] = &[
        "file",
        "FILE",
        "dir",
        "cdir",
        "OS.unix=slink:/a",
        "5",
        "99999999",
        "5368709120",
        "9999999999999999999",
        "18446744073709551616",
        "-1",
        "0644",
        "0100644",
        "37777777777",
        "0648",
        "20261122123829",
        "20261322123829",
        "20261122123829.5",
        "191210704093000",
        "root",
        "a b",
        "a=b",
        "",
    ];

    const CLOSES: &[&str] = &[";", ";", ";", ";", ";", ";", ";;", "", " ", "\u{1d};"];

    /// Lines near the usual form: facts in any case and number, and values that belong to others.
    fn line() -> impl Strategy<Value = String> {
        let fact = (select(NAMES), any::<bool>(), select(VALUES), select(CLOSES));
        let fact = fact.prop_map(|(name, is_small, value, close)| {
            let name = match is_small {
                true => name.to_lowercase(),
                false => name.into(),
            };
            [&name, "=", value, close].concat()
        });
        let name = select(&[" a", " ", "  a b", "a", "", " modify=; x"][..]);
        (proptest::collection::vec(fact, 0..6), name)
            .prop_map(|(facts, name)| [&facts.concat(), name].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn the_short_way_leads_where_the_long_way_does(line in line()) {
            let line = line.as_bytes();
            if let Some(entry) = usual(line) {
                let expected = general(line, line).expect("understood");
                prop_assert_eq!(&entry, &expected);
                prop_assert_eq!(entry.raw(), expected.raw());
                let facts = entry.facts().collect::<Vec<_>>();
                prop_assert_eq!(facts, expected.facts().collect::<Vec<_>>());
            }
        }

        #[test]
        fn one_fact_of_a_kind_takes_the_short_way(
            facts in Just([
                "Type=file;", "size=120;", "MODIFY=20210312141516;", "UNIX.mode=0644;",
                "UNIX.ownername=kepler;", "unix.gid=12;", "perm=adfr;", "unique=8U1;", "lang=en;",
            ]).prop_shuffle(),
        ) {
            let line = [&facts.concat(), " a b"].concat();
            let entry = usual(line.as_bytes()).expect("the short way");
            let expected = general(line.as_bytes(), line.as_bytes()).expect("understood");
            prop_assert_eq!(&entry, &expected);
            prop_assert_eq!(entry.name().to_str(), Some("a b"));
        }
    }
}
