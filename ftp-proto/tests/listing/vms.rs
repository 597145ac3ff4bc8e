use ftp_proto::listing::{Format, Line, Skip};

use super::expected::*;

#[test]
fn vms() {
    check_lines(&options(NOON), &[
        // MultiNet; size = blocks x 512 (upper bound)
        (b"STARTUP.COM;2               3   9-AUG-1995 14:27 [ANONYMOUS] (RWE,RWE,,)", file("STARTUP.COM").size(1536).at("1995-08-09T14:27")),
        (b"PUBLIC.DIR;1                2  16-MAR-1997 08:05 [ANONYMOUS] (RWE,RWE,RE,RWE)", directory("PUBLIC").at("1997-03-16T08:05")),
        (b"TIDES-1899.DAT;17         412   3-DEC-1999 11:50 [NAUTICA] (RWED,RWED,,)", file("TIDES-1899.DAT").size(210_944).at("1999-12-03T11:50")),
        // UCX: used/allocated blocks
        (b"MANUAL.TEX;1  87/90  14-OCT-1998 19:26:41  [LIBRARY,SHELF2] (RWED,RWED,,)", file("MANUAL.TEX").size(44544).at("1998-10-14T19:26:41").owner("SHELF2").group("LIBRARY")),
        // CMU: directory prefix
        (b"[PUMPS.LOGS]SENSOR.DIR;1 2/6 8-APR-1994 07:33", directory("SENSOR").at("1994-04-08T07:33")),
        // TCPware
        (b"GRID.BAR;1 7 21-JUL-1995 12:48:36.55", file("GRID.BAR").size(3584).at("1995-07-21T12:48:36.55")),
        (b"NOTYPE.;4                  24/27          5-SEP-2001 10:15:44  [YARD,CREW]    (RWED,RWED,RWED,RE)", file("NOTYPE.").size(12288).at("2001-09-05T10:15:44")),
        (b"LOWER.DIR;1               2/9           17-nov-2000 06:21:58  [YARD,CREW]    (RWED,RWED,,RE)", directory("LOWER").at("2000-11-17T06:21:58")),
        // no time of day
        (b"NOTIME.DAT;1    5/12   19-MAY-2002    [YARD]   (RWED,RWED,RE,)", file("NOTIME.DAT").size(2560).at("2002-05-19")),
        (b"SECRET.PLN;2        %RMS-E-PRV, insufficient privilege or file protection violation", unparsed()),
        (b"Directory DKA200:[ANONYMOUS.PUBLIC]", skipped(Skip::Heading)),
        (b"Total of 14 files, 1330/1410 blocks.", skipped(Skip::Total)),
    ]);
}

#[test]
fn vms_listings() {
    // record wrapped over two lines
    check(&options(NOON), b"A-VERY-LONG-HARBOUR-SURVEY-NAME.AND-A-LONG-FILE-TYPE;3\r\n                    640/645  11-FEB-1997 22:04  [ANON,ANON] (RWED,RWED,,)", &[file("A-VERY-LONG-HARBOUR-SURVEY-NAME.AND-A-LONG-FILE-TYPE").size(327_680).at("1997-02-11T22:04")]);
    // whole listing
    check(&options(NOON), b"Directory SYS$PUBLIC:[CHARTS]\r\n\r\nNORTH.MAP;1              12/15         25-AUG-2003 13:09:27  [CARTO,HELM]    (RWED,RWED,RE,)\r\nSOUTH.DIR;1               1/3          26-AUG-2003 09:00:12  [CARTO,HELM]    (RWED,RWED,RE,RE)\r\n\r\nTotal of 2 files, 13/18 blocks.", &[skipped(Skip::Heading), skipped(Skip::Blank), file("NORTH.MAP").size(6144).at("2003-08-25T13:09:27"), directory("SOUTH").at("2003-08-26T09:00:12"), skipped(Skip::Blank), skipped(Skip::Total)]);
}

#[test]
fn a_size_of_asterisks_is_no_type_of_object() {
    check_lines(
        &options(NOON),
        &[(
            b"SURVEY.DAT;1  *****  14-OCT-1998 19:26:41",
            file("SURVEY.DAT").no_size().at("1998-10-14T19:26:41"),
        )],
    );
}

#[test]
fn blocks_are_an_estimate_of_the_size() {
    let line = |listing: &[u8]| read(&options(NOON), listing).pop();
    let blocks = line(b"STARTUP.COM;2   3   9-AUG-1995 14:27 [ANONYMOUS] (RWE,RWE,,)\r\n");
    let bytes = line(b"-rw-r--r--    1 ftp      ftp         1536 Apr 02  2023 STARTUP.COM\r\n");
    for (line, is_estimated) in [(blocks, true), (bytes, false)] {
        let Some(Line::Entry(entry)) = line else {
            panic!("{line:?}");
        };
        assert_eq!(entry.size(), Some(1536));
        assert_eq!(entry.is_size_estimated(), is_estimated);
    }
}

#[test]
fn a_total_counts_files_or_directories() {
    check_lines(
        &options(NOON),
        &[
            (
                b"Grand total of 2 directories, 9 files.",
                skipped(Skip::Total),
            ),
            (b"Total of many files, 13/18 blocks.", unparsed()),
            (b"Total of 14 sheep.", unparsed()),
        ],
    );
}

#[test]
fn columns_of_vms_that_are_missing_or_odd() {
    check_lines(
        &options(NOON),
        &[
            (
                b"DATED.TXT;1  9-AUG-1995 14:27",
                file("DATED.TXT").no_size().at("1995-08-09T14:27"),
            ),
            (b"SIZED.TXT;1  3  [OWNER]", file("SIZED.TXT").size(1536)),
            (b"OWNED.TXT;1  [OWNER]", unparsed()),
            (
                b"UNIT.TXT;1  12KB  9-AUG-1995 14:27",
                file("UNIT.TXT").size(12_288),
            ),
            (
                b"FULL.TXT;1  90/90  9-AUG-1995 14:27",
                file("FULL.TXT").size(46_080),
            ),
            // more than is allocated in blocks: bytes
            (
                b"BYTES.TXT;1  87000/171  9-AUG-1995 14:27",
                file("BYTES.TXT").size(87_000),
            ),
            // no name, no version, a version that is none
            (b";1  3  9-AUG-1995 14:27", unparsed()),
            (b"A.TXT;  3  9-AUG-1995 14:27", unparsed()),
            (b"A.TXT;new  3  9-AUG-1995 14:27", unparsed()),
            (b"A.TXT;123456  3  9-AUG-1995 14:27", unparsed()),
        ],
    );
}

#[test]
fn an_error_in_place_of_the_second_half_of_a_record_belongs_to_it() {
    for error in [
        "%RMS-E-PRV, insufficient privilege or file protection violation",
        "insufficient privilege or object protection violation",
    ] {
        let listing = format!("A-LONG-NAME.TXT;2\r\n      {error}\r\n");
        let lines = read(&options(NOON), listing.as_bytes());
        let [Line::Unparsed { bytes, .. }] = &lines[..] else {
            panic!("{lines:?}");
        };
        assert!(bytes.starts_with(b"A-LONG-NAME.TXT;2\n"));
    }
}

#[test]
fn a_record_of_a_name_of_the_greatest_length_is_wrapped_too() {
    // 39 bytes of name and 39 of type are the most that ODS-2 has.
    let name = [[b'N'; 39].as_slice(), b".", &[b'T'; 39]].concat();
    let listing = [&name, &b";1\r\n      640/645  11-FEB-1997 22:04\r\n"[..]].concat();
    let expected = file(&name).size(327_680).at("1997-02-11T22:04");
    check(&options(NOON), &listing, &[expected]);
    // Of another format there are no such records.
    for format in [Format::Dos, Format::Dls] {
        let forced = options(NOON).format(format);
        let listing = b"NAME.TXT;1\r\n      640/645  11-FEB-1997 22:04\r\n";
        check(&forced, listing, &[unparsed(), unparsed()]);
    }
}
