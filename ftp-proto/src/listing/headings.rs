//! Lines that are not entries in any format: totals, headings, what `dir` prints around the files.
//!
//! An error of the server looks much like a heading or a total (`Denied:`, `Error 404`). So what
//! these lines may contain is listed here as narrowly as the formats allow.

use super::cursor::{Cursor, is_blank, trim, trim_end};
use super::months::means;
use super::number::is_digits;
use super::{Format, Skip, dos};

/// The shortest of these lines that have more than a word: a Hebrew total of one digit.
pub(super) const BYTES_MIN: usize = 6;

/// Says why a line has no entry, if it is known to have none.
pub(super) fn skip(line: &[u8]) -> Option<Skip> {
    if is_total(line) || is_vms_total(line) {
        return Some(Skip::Total);
    }
    let is_heading = is_vms_directory(line) || dos::is_chatter(line);
    is_heading.then_some(Skip::Heading)
}

/// What `ls` prints for `total`, in the languages that it is translated to.
const TOTALS: &[&str] = &[
    "total",
    "totale",
    "totalt",
    "totaal",
    "totalo",
    "insgesamt",
    "gesamt",
    "summe",
    "итого",
    "всего",
    "усяго",
    "загалом",
    "усього",
    "общо",
    "укупно",
    "ukupno",
    "skupno",
    "celkem",
    "celkom",
    "razem",
    "összesen",
    "yhteensä",
    "yhteensa",
    "kokku",
    "viso",
    "kopā",
    "toplam",
    "jumlah",
    "sumo",
    "suma",
    "samlet",
    "guztira",
    "iomlán",
    "cyfanswm",
    "samtals",
    "σύνολο",
    "barlığı",
    "барлығы",
    "tổng",
    "合計",
    "総計",
    "总计",
    "总用量",
    "總計",
    "總用量",
    "總共",
    "합계",
    "전체",
    "المجموع",
    "סך",
    "סה\"כ",
    "कुल",
    "รวม",
];

/// `итого` in KOI8-R, in Windows-1251 and in the code page 866.
const RUSSIAN_TOTALS: [&[u8]; 3] = [
    b"\xC9\xD4\xCF\xC7\xCF",
    b"\xE8\xF2\xEE\xE3\xEE",
    b"\xA8\xE2\xAE\xA3\xAE",
];

/// `total 48` in any known language, also negative, with a fraction or with a unit.
fn is_total(line: &[u8]) -> bool {
    let mut cursor = Cursor::new(line);
    let mut word = cursor.word();
    if word == b"i" && cursor.peek() == b"alt" {
        cursor.word();
        word = b"total";
    }
    let number = cursor.word();
    let word = word.strip_suffix(b":").unwrap_or(word);
    let number = number.strip_prefix(b"-").unwrap_or(number);
    let digits = number
        .iter()
        .position(|byte| !byte.is_ascii_digit() && !b".,".contains(byte));
    let (digits, unit) = number
        .split_at_checked(digits.unwrap_or(number.len()))
        .unwrap_or_default();
    digits.first().is_some_and(u8::is_ascii_digit)
        && matches!(unit, [] | [b'k' | b'K' | b'M' | b'G' | b'T' | b'B', ..] if unit.len() <= 3)
        && cursor.peek().is_empty()
        && (means(word, TOTALS) || RUSSIAN_TOTALS.contains(&word))
}

/// `Total of 14 files, 1330/1410 blocks.`, `Grand total of 2 directories, 9 files.`
fn is_vms_total(line: &[u8]) -> bool {
    let starts: [&[u8]; 2] = [b"Total of ", b"Grand total of "];
    let Some(rest) = starts.iter().find_map(|start| line.strip_prefix(*start)) else {
        return false;
    };
    let mut cursor = Cursor::new(rest);
    let count = cursor.word();
    let what = cursor.word();
    is_digits(count) && (what.starts_with(b"file") || what.starts_with(b"director"))
}

/// `Directory SYS$PUBLIC:[CHARTS]`
fn is_vms_directory(line: &[u8]) -> bool {
    line.strip_prefix(b"Directory ").is_some_and(|path| {
        let path = trim(path);
        path.ends_with(b"]") && path.contains(&b'[')
    })
}

/// Whether a line can be the heading that `ls -R` prints above a directory, `./lectures:`. It is
/// one only if entries or a total follow, or if this listing had one before.
pub(super) fn may_be_path(line: &[u8]) -> bool {
    let Some(path) = trim_end(line).strip_suffix(b":") else {
        return false;
    };
    let is_path = path.starts_with(b"/") || path.starts_with(b"./") || path.starts_with(b"../");
    !path.is_empty() && (is_path || !path.iter().any(|&byte| is_blank(byte)))
}

/// Dashes under the names of columns.
pub(super) fn is_ruler(line: &[u8]) -> bool {
    let text = trim(line);
    text.len() >= 4
        && text
            .iter()
            .all(|&byte| matches!(byte, b'-' | b'=' | b'+' | b'|') || is_blank(byte))
}

/// The format that has a line as the names of its columns.
pub(super) fn columns(line: &[u8]) -> Option<Format> {
    const HEADINGS: [(Format, &[&[u8]]); 3] = [
        (Format::VxWorks, &[b"size", b"date", b"time", b"name"]),
        (Format::NonStop, &[b"file", b"code", b"eof"]),
        (Format::Os9, &[b"owner", b"last", b"modified"]),
    ];
    let has = |names: &[&[u8]]| {
        let mut cursor = Cursor::new(line);
        names
            .iter()
            .all(|name| cursor.word().eq_ignore_ascii_case(name))
    };
    let found = HEADINGS.iter().find(|(_, names)| has(names));
    found.map(|(format, _)| *format)
}
