//! The line of `ls -l` that nearly every server sends, in one pass.
//!
//! ```text
//! TYPE+PERM[mark] LINKS OWNER GROUP SIZE Mon DD HH:MM|YYYY NAME
//! ```
//!
//! Whatever deviates is left to [`general`](super::general), which reads all that this reads, to
//! the same result.

use super::super::dates::{Reference, day, full_year, usual_time};
use super::super::entry::{Entry, Kind};
use super::super::months::{english, month};
use super::super::scan::Columns;
use super::super::span::Span;
use super::marks::may_end;
use super::{kind_of, permission_bits, set_link};
use crate::timestamp::Timestamp;

/// Reads a line of the usual form; not the directory itself nor its parent, and no name that may be
/// marked.
#[inline]
pub(in super::super) fn usual(line: &[u8], reference: Option<Reference>) -> Option<Entry<'_>> {
    let mut columns = Columns::new(line);
    let (kind, bits) = mode(columns.word(), line)?;
    let links = u32::try_from(columns.word().number(line)?).ok()?;
    let owner = columns.word();
    let group = columns.word();
    if let [.., b','] = group.slice(line)? {
        // Not a group, but the first number of a device.
        return None;
    }
    let size_column = columns.word();
    let size = size_column.number(line)?;
    if size_column.slice(line)?.len() == 4 && is_day(owner.slice(line)?, group.slice(line)?) {
        return None;
    }
    let month_column = columns.word();
    let month = english(month_column.slice(line)?.try_into().ok()?)?;
    let day = day(columns.word().slice(line)?)?;
    let last = columns.word();
    // All columns lie within reach if the next one does.
    let after = columns.start()?;
    let modified = match last.slice(line)? {
        // The year of an old file, but not in a form that is padded behind the year.
        year @ [_, _, _, _] => {
            let is_aligned = month_column.start().wrapping_sub(size_column.end()) > 1;
            if !is_aligned && after.wrapping_sub(last.end()) > 1 {
                return None;
            }
            Timestamp::date(full_year(year)?, month, day).ok()?
        }
        time => usual_time(month, day, time, reference)?,
    };
    let span = Span::new(last.end().wrapping_add(1), u32::try_from(line.len()).ok()?);
    let name = span.slice(line)?;
    if matches!(name, [b'.'] | [b'.', b'.']) || may_end(name) {
        return None;
    }
    let mut entry = Entry::named(line, span);
    entry.kind = kind;
    entry.size = Some(size);
    entry.modified = Some(modified);
    entry.mode = Some(bits);
    entry.links = Some(links);
    entry.owner = owner;
    entry.group = group;
    if kind == Kind::Symlink {
        set_link(&mut entry, name, Some(size));
    }
    Some(entry)
}

/// Whether two words are a month and a day: then the number behind them can be the year.
#[inline]
fn is_day(one: &[u8], other: &[u8]) -> bool {
    let is = |month_name: &[u8], number: &[u8]| {
        number.len() <= 3
            && number.first().is_some_and(u8::is_ascii_digit)
            && month(month_name).is_some()
    };
    is(one, other) || is(other, one)
}

/// The first column: a type, nine permissions and perhaps a mark.
#[inline(always)]
fn mode(column: Span, line: &[u8]) -> Option<(Kind, u16)> {
    let ([kind, bits @ ..], mark) = column.slice(line)?.split_first_chunk::<10>()?;
    if !matches!(mark, [] | [b'+' | b'.' | b'@']) {
        return None;
    }
    let plain = plain_permissions(*bits);
    let bits = plain.or_else(|| permission_bits(bits))?;
    Some((kind_of(*kind)?, bits))
}

/// Permissions without set-id and sticky bits.
#[inline(always)]
fn plain_permissions([first @ .., last]: [u8; 9]) -> Option<u16> {
    const LETTERS: u64 = u64::from_be_bytes(*b"rwxrwxrw");
    const DASHES: u64 = u64::from_be_bytes(*b"--------");
    let word = u64::from_be_bytes(first);
    // Letters have this bit, and dashes lack it.
    let set = (word >> 6) & u64::from_be_bytes([1; 8]);
    let expected = DASHES ^ (set.wrapping_mul(0xFF) & (LETTERS ^ DASHES));
    if word != expected || !matches!(last, b'x' | b'-') {
        return None;
    }
    // The multiplication gathers the bits in the highest byte, and the first letter has the highest
    // of them.
    let [bits, ..] = set.wrapping_mul(0x0102_0408_1020_4080).to_be_bytes();
    Some(u16::from(bits).wrapping_shl(1) | u16::from(last == b'x'))
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::general;
    use super::*;

    #[test]
    fn plain_permissions_are_those_of_the_nine_letters() {
        for bits in 0..0o1000_u16 {
            let mut letters = *b"rwxrwxrwx";
            for (at, letter) in letters.iter_mut().enumerate() {
                if bits & (0o400 >> at) == 0 {
                    *letter = b'-';
                }
            }
            assert_eq!(plain_permissions(letters), Some(bits));
            assert_eq!(permission_bits(&letters), Some(bits));
            for at in 0..letters.len() {
                for odd in *b"rwxsStTlL?-M" {
                    let mut letters = letters;
                    letters[at] = odd;
                    let plain = plain_permissions(letters);
                    let is_plain = odd == b'-' || odd == b"rwxrwxrwx"[at];
                    assert_eq!(plain.is_some(), is_plain, "{}", letters.escape_ascii());
                }
            }
        }
    }

    #[test]
    fn a_month_and_a_number_can_be_a_date() {
        for (one, other, expected) in [
            ("Mar", "12", true),
            ("12.", "März", true),
            ("1", "sept", true),
            ("root", "12", false),
            ("Mar", "staff", false),
            ("Mar", "1000", false),
            ("12", "13", false),
            ("Mar", "Apr", false),
        ] {
            let found = is_day(one.as_bytes(), other.as_bytes());
            assert_eq!(found, expected, "{one} {other}");
        }
    }

    fn blanks() -> impl Strategy<Value = String> {
        (1_usize..4).prop_map(|count| " ".repeat(count))
    }

    fn text(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
        select(choices)
    }

    prop_compose! {
        /// Lines near the usual form: some lack a column or have an odd one.
        fn line()(
            mode in text(&["-rw-r--r--", "drwxr-xr-x+", "lrwxrwxrwx", "-rwsr-xr-t", "-rw-r--r--2", "prw-------.", "drwxrwsr-x", "-wr-r--r--", " -rw-r--r--"]),
            links in text(&["1", "12", "", "--s-"]),
            owner in text(&["root", "1000", "Mar", "Domain User", "folder"]),
            group in text(&["staff", "12", "", "13,"]),
            size in text(&["0", "4096", "18446744073709551616", "-1", "33k", "2001"]),
            month in text(&["Jan", "FEB", "Mär", "12.", "2021-03-05", "9月"]),
            day in text(&["1", "29", "30", "31", "00", "Mar"]),
            time in text(&["12:30", "9:05", "24:00", "25:00", "2021", "12:30:45", "1999"]),
            name in text(&["a", " a", "a -> b", "2020 x", "", " ", "a b ", "2021"]),
            blanks in proptest::collection::vec(blanks(), 8),
        ) -> String {
            let columns = [mode, links, owner, group, size, month, day, time, ""];
            let mut line = String::new();
            for (column, blanks) in columns.iter().zip(blanks) {
                line.push_str(column);
                line.push_str(&blanks);
            }
            [line.trim_end(), " ", name].concat()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn the_short_way_leads_where_the_long_way_does(line in line(), has_now: bool) {
            let now = Timestamp::from_unix_time(1_718_452_800).unwrap();
            let reference = has_now.then(|| Reference::new(now));
            if let Some(entry) = usual(line.as_bytes(), reference) {
                prop_assert_eq!(Some(entry), general(line.as_bytes(), reference));
            }
        }

        #[test]
        fn the_line_of_most_servers_takes_the_short_way(
            mode in text(&["-rw-r--r--", "drwxr-xr-x", "lrwxrwxrwx.", "-r-x--x---+", "drwxrwsr-t"]),
            links in 1_u32..2000,
            owner in text(&["root", "1000", "kepler"]),
            size in prop_oneof![any::<u64>(), 0_u64..100_000],
            month in text(&[
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ]),
            day in 1_u8..29,
            time in text(&["12:30", "00:00", " 1999"]),
        ) {
            let line = alloc::format!("{mode} {links:4} {owner} staff {size} {month} {day:2} {time} a");
            let now = Reference::new(Timestamp::from_unix_time(1_718_452_800).unwrap());
            let entry = usual(line.as_bytes(), Some(now));
            prop_assume!(line.len() < 64);
            prop_assert!(entry.is_some(), "{}", line);
            prop_assert_eq!(entry, general(line.as_bytes(), Some(now)));
        }
    }
}
