//! Listings of every format, and MLSD written from what was read.

use ftp_proto::listing::{Entry, Format, Kind, Line, Options, Reader, parse_line};
use ftp_proto::timestamp::Timestamp;

use crate::{CUTS, pieces};

/// By the first byte of the input; others leave the format to detection.
const FORMATS: [Format; 18] = [
    Format::Facts,
    Format::Names,
    Format::Unix,
    Format::Dos,
    Format::Eplf,
    Format::Vms,
    Format::Mvs,
    Format::Os400,
    Format::Vm,
    Format::NetWare,
    Format::NonStop,
    Format::Os2,
    Format::VxWorks,
    Format::VShell,
    Format::Nortel,
    Format::Os9,
    Format::Win16,
    Format::Dls,
];

/// The input is a listing behind a byte that chooses the format: `a` to `r`, or `?` to detect it.
pub fn check(input: &[u8]) {
    let Some((&choice, listing)) = input.split_first() else {
        return;
    };
    let format = FORMATS.get(usize::from(choice.wrapping_sub(b'a'))).copied();
    let mut options = Options::new().now(now());
    if let Some(format) = format {
        options = options.format(format);
    }
    for line_max in [65_536, 80] {
        let options = options.clone().line_max(line_max);
        let whole = read(&options, &[listing]);
        for sizes in CUTS {
            assert_eq!(read(&options, &pieces(listing, sizes)), whole, "{sizes:?}");
        }
    }
    let lines = read(&options, &[listing]);
    nothing_disappears(listing, &lines);
    for line in &lines {
        if let Line::Entry(entry) = line {
            is_sound(entry);
            survives(entry);
        }
    }
    if let Some(format) = format {
        alone(format, listing);
    }
}

/// The bytes of all lines, in their order, are those of the listing.
fn nothing_disappears(listing: &[u8], lines: &[Line<'_>]) {
    let told = lines.iter().flat_map(|line| {
        let bytes = match line {
            Line::Entry(entry) => entry.raw(),
            Line::Skipped { bytes, .. } | Line::Unparsed { bytes, .. } => bytes,
            other => panic!("{other:?}"),
        };
        // A record that was joined from two lines.
        bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec)
    });
    let told: Vec<_> = told
        .map(without_crs)
        .filter(|line| !line.is_empty())
        .collect();
    let listed = listing.split(|&byte| byte == b'\n');
    let listed: Vec<_> = listed
        .map(|line| without_crs(line.to_vec()))
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(told, listed);
}

fn without_crs(mut line: Vec<u8>) -> Vec<u8> {
    while line.last() == Some(&b'\r') {
        line.pop();
    }
    line
}

/// What holds of every entry: its texts stand in its line, and it is not the directory itself.
fn is_sound(entry: &Entry<'_>) {
    let name = entry.name().as_bytes();
    assert!(!name.is_empty(), "{entry:?}");
    let is_listed = !matches!(entry.kind(), Kind::CurrentDirectory | Kind::ParentDirectory);
    if is_listed && entry.facts().next().is_none() && entry.raw().first() != Some(&b' ') {
        assert!(!matches!(name, b"." | b".."), "{entry:?}");
    }
    let within =
        |part: &[u8]| part.is_empty() || entry.raw().windows(part.len()).any(|it| it == part);
    for text in [
        entry.owner(),
        entry.group(),
        entry.target(),
        entry.unique(),
        entry.version(),
    ] {
        assert!(text.is_none_or(within), "{entry:?}");
    }
    // z/VM's name is put together from two columns.
    let mut points = (0..name.len()).filter(|&at| name[at] == b'.');
    let in_columns = |at: usize| within(&name[..at]) && within(&name[at + 1..]);
    assert!(within(name) || points.any(in_columns), "{entry:?}");
    assert!(entry.mode().is_none_or(|mode| mode <= 0o7777));
    assert!(!(entry.is_time_unread() && entry.modified().is_some()));
    assert_eq!(&entry.clone().into_owned(), entry);
}

/// An entry that MLSD can hold comes back from it, but for what it has no fact for.
fn survives(entry: &Entry<'_>) {
    let Some(line) = entry.to_mlsd() else {
        return;
    };
    let again = Entry::from_mlsd(&line).expect("own line");
    assert_eq!(again.name(), entry.name());
    assert_eq!(again.size(), entry.size());
    assert_eq!(again.kind(), entry.kind(), "{}", line.escape_ascii());
    assert_eq!(again.mode(), entry.mode());
    assert_eq!(again.owner(), entry.owner());
    assert_eq!(again.group(), entry.group());
    assert_eq!(again.to_mlsd().as_deref(), Some(&line[..]));
}

/// A line that is an entry by itself is the same entry between others of its format, but for what
/// headings and dates tell of the lines below them.
fn alone(format: Format, listing: &[u8]) {
    for line in listing.split(|&byte| byte == b'\n').take(8) {
        let line = without_crs(line.to_vec());
        let Line::Entry(entry) = parse_line(format, &line, Some(now())) else {
            continue;
        };
        let lines = [&line[..], b"\r\n\r\n", &line, b"\r\n"].concat();
        let options = Options::new().now(now()).format(format);
        let both = read(&options, &[&lines]);
        let names = both.iter().filter_map(|line| match line {
            Line::Entry(entry) => Some(entry.name().as_bytes().to_vec()),
            _ => None,
        });
        let name = entry.name().as_bytes();
        assert!(names.clone().all(|it| it == name), "{both:?}");
        assert_eq!(names.count(), 2, "{both:?}");
    }
}

fn read(options: &Options, pieces: &[&[u8]]) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut reader = Reader::new(options);
    for piece in pieces {
        reader.feed(piece, |line| lines.push(line.into_owned()));
    }
    reader.finish(|line| lines.push(line.into_owned()));
    lines
}

fn now() -> Timestamp {
    Timestamp::from_unix_time(1_718_452_800).expect("2024-06-15")
}
