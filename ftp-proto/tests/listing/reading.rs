//! The reader itself: limits, line ends, memory of formats, reference times.

use ftp_proto::listing::{Entry, Fault, Format, Kind, Line, Options, Reader, Skip};

use super::expected::*;

#[test]
fn a_line_too_long_is_reported_once_and_costs_no_other() {
    let long = [b"-rw-r--r-- 1 u g 5 Mar  1  2020 ", &[b'x'; 100][..]].concat();
    let listing = [
        b"-rw-r--r-- 1 u g 5 Mar  1  2020 a\r\n",
        &long[..],
        b"\r\n-rw-r--r-- 1 u g 5 Mar  1  2020 b\r\n",
    ]
    .concat();
    let lines = read(&Options::new().line_max(64), &listing);
    assert_eq!(lines.len(), 3);
    assert!(matches!(&lines[0], Line::Entry(entry) if entry.name() == "a"));
    let Line::Unparsed { fault, bytes } = &lines[1] else {
        panic!("{lines:?}");
    };
    assert_eq!((*fault, &bytes[..]), (Fault::TooLong, &long[..64]));
    assert!(matches!(&lines[2], Line::Entry(entry) if entry.name() == "b"));
}

#[test]
fn the_last_line_may_lack_its_end() {
    let lines = read(&Options::new(), b"-rw-r--r-- 1 u g 5 Mar  1  2020 a\r");
    assert!(matches!(&lines[..], [Line::Entry(entry)] if entry.name() == "a"));
    assert_eq!(read(&Options::new(), b""), []);
}

#[test]
fn without_a_reference_time_no_year_is_invented() {
    let line = b"-rw-r--r-- 1 u g 5 Mar  1 10:20 a\r\n";
    check(&Options::new(), line, &[file("a").size(5).no_time()]);
    let lines = read(&options(NOON), line);
    let Line::Entry(entry) = &lines[0] else {
        panic!("{lines:?}");
    };
    assert!(entry.modified().unwrap().is_year_inferred());
}

#[test]
fn a_format_is_detected_and_may_change() {
    let mut reader = Reader::new(&Options::new());
    assert_eq!(reader.format(), None);
    let mut names = Vec::new();
    let mut note = |line: Line<'_>| {
        if let Line::Entry(entry) = line {
            names.push(entry.name().to_string());
        }
    };
    reader.feed(b"02-25-18  06:14PM       <DIR>          dos\r\n", &mut note);
    assert_eq!(reader.format(), Some(Format::Dos));
    reader.feed(b"-rw-r--r-- 1 u g 5 Mar  1  2020 unix\r\n", &mut note);
    assert_eq!(reader.format(), Some(Format::Unix));
    reader.feed(b"+r,s1,\teplf\r\n", &mut note);
    assert_eq!(reader.format(), Some(Format::Eplf));
    reader.finish(&mut note);
    assert_eq!(names, ["dos", "unix", "eplf"]);
}

#[test]
fn a_forced_format_is_not_left() {
    let listing = b"-rw-r--r-- 1 u g 5 Mar  1  2020 unix\r\n+r,s1,\teplf\r\n";
    let options = Options::new().format(Format::Eplf);
    check(&options, listing, &[unparsed(), file("eplf").size(1)]);
}

#[test]
fn bare_words_are_members_only_where_the_caller_says_so() {
    let mvs = Options::new().format(Format::Mvs);
    check(&mvs, b"MEMBER1\r\n", &[file("MEMBER1").no_size().no_time()]);
    check(&Options::new(), b"MEMBER1\r\n", &[unparsed()]);
    let listing = b"LEDGER7 02.14 2009/05/18 2011/01/27 16:08 230 198 41 ORT552\r\nMEMBER1\r\n";
    check(&Options::new(), listing, &[file("LEDGER7"), unparsed()]);
}

#[test]
fn a_wrapped_record_without_its_second_line_costs_no_other() {
    let listing = b"LONELY.TXT;3\r\nNEXT.TXT;1 3 29-JAN-1996 03:33\r\nLAST.TXT;1\r\n";
    let next = file("NEXT.TXT").size(1536).at("1996-01-29T03:33");
    check(&Options::new(), listing, &[unparsed(), next, unparsed()]);
}

#[test]
fn the_order_of_a_date_is_learnt_from_lines_that_leave_no_choice() {
    let listing = b"QSYS 1 23/02/00 15:09:55 *STMF a\r\nQSYS 1 05/06/00 15:09:55 *STMF b\r\n";
    let expected = [
        file("a").at("2000-02-23T15:09:55"),
        file("b").at("2000-06-05T15:09:55"),
    ];
    check(&options(NOON), listing, &expected);
    let listing = b"28-05-19  01:33PM <DIR> a\r\n05-06-19  01:33PM <DIR> b\r\n";
    let expected = [
        directory("a").at("2019-05-28T13:33"),
        directory("b").at("2019-06-05T13:33"),
    ];
    check(&options(NOON), listing, &expected);
}

#[test]
fn an_order_in_which_a_date_lies_a_day_from_now_is_possible_and_no_later_one() {
    // 2008-06-06 00:00:00 UTC
    let options = options(1_212_710_400);
    for (date, expected) in [
        ("06/07/08", "2008-06-07T15:09:55"),
        ("06/08/08", "2006-08-08T15:09:55"),
    ] {
        let line = format!("QSYS 1 {date} 15:09:55 *STMF a\r\n");
        check(&options, line.as_bytes(), &[file("a").at(expected)]);
    }
}

#[test]
fn names_of_nlst_are_whole_lines() {
    let options = Options::new().format(Format::Names);
    let unknown = |name: &str| entry(Kind::Unknown, name);
    check(
        &options,
        b"total 12\r\n leading\r\n\r\nodd/.\r\n..\r\n   \r\n",
        &[
            unknown("total 12"),
            unknown(" leading"),
            skipped(Skip::Blank),
            skipped(Skip::SelfOrParent),
            skipped(Skip::SelfOrParent),
            unknown("   "),
        ],
    );
}

#[test]
fn a_line_of_just_the_limit_is_read() {
    // The CR counts, the LF does not.
    let line = b"-rw-r--r-- 1 u g 5 Mar  1  2020 a\r\n";
    let limit = line.len() - 1;
    for (limit, fits) in [(limit, true), (limit - 1, false)] {
        for cut in [0, 10, line.len() - 1] {
            let mut lines = Vec::new();
            let mut reader = Reader::new(&Options::new().line_max(limit));
            reader.feed(&line[..cut], |line| lines.push(line.into_owned()));
            reader.feed(&line[cut..], |line| lines.push(line.into_owned()));
            reader.finish(|line| lines.push(line.into_owned()));
            assert_eq!(lines.len(), 1, "{lines:?}");
            let is_entry = matches!(lines[0], Line::Entry(_));
            assert_eq!(is_entry, fits, "{limit} {cut} {lines:?}");
        }
    }
}

#[test]
fn the_callers_own_parser_is_asked_first() {
    fn bars(line: &[u8]) -> Option<Line<'_>> {
        let name = line.strip_prefix(b"|")?;
        Some(Line::Entry(Entry::new(line, name).with_kind(Kind::File)))
    }
    let mut names = Vec::new();
    let mut note = |line: Line<'_>| {
        if let Line::Entry(entry) = line {
            names.push(entry.name().to_string());
        }
    };
    let bars = bars as fn(&[u8]) -> Option<Line<'_>>;
    let mut reader = Reader::with_custom(&Options::new(), bars);
    reader.feed(
        b"|own\r\n-rw-r--r-- 1 u g 5 Mar  1  2020 a\r\n|last",
        &mut note,
    );
    reader.finish(&mut note);
    assert_eq!(names, ["own", "a", "last"]);
}

#[test]
fn a_line_that_none_can_explain_is_reported_at_once() {
    let mut lines = Vec::new();
    let mut reader = Reader::new(&Options::new());
    reader.feed(b"sorry, no listing today\r\n", |line| {
        lines.push(line.into_owned())
    });
    assert!(matches!(lines[..], [Line::Unparsed { .. }]), "{lines:?}");
}

#[test]
fn in_mlsd_every_line_is_of_facts_and_a_name() {
    let facts = Options::new().format(Format::Facts);
    for line in ["total 8", "sub:", "Directory DKA200:[A]"] {
        check(&facts, line.as_bytes(), &[unparsed()]);
    }
}
