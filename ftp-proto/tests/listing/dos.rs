use ftp_proto::listing::Skip;

use super::expected::*;

#[test]
fn dos() {
    check_lines(
        &options(NOON),
        &[
            (
                b"08-19-01  12:21PM       <DIR>          proposals",
                directory("proposals").at("2001-08-19T12:21"),
            ),
            (
                b"06-30-99  05:12PM                  734 minutes.doc",
                file("minutes.doc").size(734).at("1999-06-30T17:12"),
            ),
            // 12 AM is hour 0
            (
                b"11-30-22  12:00AM              7340032 midnight.bak",
                file("midnight.bak").size(7_340_032).at("2022-11-30T00:00"),
            ),
            (
                b"11-30-22  12:00PM              7340032 noon.bak",
                file("noon.bak").size(7_340_032).at("2022-11-30T12:00"),
            ),
            (
                b"02-29-2024  08:15AM       <DIR>          Leap Day Pictures",
                directory("Leap Day Pictures").at("2024-02-29T08:15"),
            ),
            (
                b"02-29-2024  08:15AM           5000000000 big file.iso",
                file("big file.iso")
                    .size(5_000_000_000)
                    .at("2024-02-29T08:15"),
            ),
            // Windows CE: 24-hour clock
            (
                b"10-17-12  23:18       <DIR>          GAMES",
                directory("GAMES").at("2012-10-17T23:18"),
            ),
            (
                b"07-21-11  16:44                   37 Control Room.lnk",
                file("Control Room.lnk").size(37).at("2011-07-21T16:44"),
            ),
            (
                b"2014-11-23  07:52       <DIR>          longyear dir",
                directory("longyear dir").at("2014-11-23T07:52"),
            ),
            // thousands separators
            (
                b"2014-11-23  08:15               18,204 longyear file",
                file("longyear file").size(18204).at("2014-11-23T08:15"),
            ),
            (
                b"02-25-18  06:14PM       <DIR>          10 years and counting",
                directory("10 years and counting").at("2018-02-25T18:14"),
            ),
            (
                b"02-25-18  06:14PM                  100 20 files",
                file("20 files").size(100).at("2018-02-25T18:14"),
            ),
            (
                b"02-25-18  06:14PM                    0 zero.txt",
                file("zero.txt").size(0).at("2018-02-25T18:14"),
            ),
            (
                b"08-10-23  02:02PM       <JUNCTION>     Application Data",
                symlink("Application Data")
                    .at("2023-08-10T14:02")
                    .no_target(),
            ),
            (
                b"08-10-23  02:02PM       <SYMLINKD>     latest [E:\\drops\\v41]",
                symlink("latest")
                    .at("2023-08-10T14:02")
                    .target("E:\\drops\\v41"),
            ),
            // a stated year is never second-guessed, even in the future; column widths are not
            // fixed
            (
                b"07-16-24  09:05AM  <DIR>  tight",
                directory("tight").at("2024-07-16T09:05"),
            ),
            (
                b"11-28-20  02:25PM       <DIR>          .",
                skipped(Skip::SelfOrParent),
            ),
            (
                b"11-28-20  02:25PM       <DIR>          ..",
                skipped(Skip::SelfOrParent),
            ),
            // IIS: name starts at column 39
            (
                b"11-28-20  02:25PM                 1024  leading.txt",
                file(" leading.txt").size(1024).at("2020-11-28T14:25"),
            ),
            (
                b"11-02-03 04:51PM 2048 single-spaced.txt",
                file("single-spaced.txt").size(2048).at("2003-11-02T16:51"),
            ),
            // first number over 12: day first
            (
                b"28-05-19  01:33PM       <DIR>          euro order",
                directory("euro order").at("2019-05-28T13:33"),
            ),
            (
                b"04-18-22 10:37 AM      <DIR> spaced meridiem",
                directory("spaced meridiem").at("2022-04-18T10:37"),
            ),
            (
                b"13-45-21  10:37AM       <DIR>          nodate",
                directory("nodate").no_time(),
            ),
            (
                "04-18-22  10:37AM       <DIR>          naïve résumé".as_bytes(),
                directory("naïve résumé").at("2022-04-18T10:37"),
            ),
            (
                b"04-18-22  10:37AM       <DIR>          a<DIR>b",
                directory("a<DIR>b").at("2022-04-18T10:37"),
            ),
            // two blanks on one side of the time do for a file without a tag
            (
                b"2014-11-23  08:15 18204 date apart",
                file("date apart").size(18204).at("2014-11-23T08:15"),
            ),
            (
                b"2014-11-23 08:15  18204 size apart",
                file("size apart").size(18204).at("2014-11-23T08:15"),
            ),
            (
                b"02-25-18  06:14PM       <DIR>           leading",
                directory(" leading").at("2018-02-25T18:14"),
            ),
            (
                b"02-25-18  06:14PM  <DIR>             far apart",
                directory("far apart").at("2018-02-25T18:14"),
            ),
            (
                b"02-25-18  06:14PM       <DIR>  near",
                directory("near").at("2018-02-25T18:14"),
            ),
            (
                b"08-10-23  02:02PM       <APPEXECLINK>  python.exe",
                other("python.exe").at("2023-08-10T14:02"),
            ),
            (
                b"08-10-23  02:02PM       <SYMLINK>      a []",
                symlink("a []").no_target(),
            ),
        ],
    );
}

#[test]
fn the_twelfth_is_no_day_that_cannot_be_a_month() {
    let listing = b"12-05-19  01:33PM <DIR> a\r\n05-06-19  01:33PM <DIR> b\r\n";
    let expected = [
        directory("a").at("2019-12-05T13:33"),
        directory("b").at("2019-05-06T13:33"),
    ];
    check(&options(NOON), listing, &expected);
}

#[test]
fn what_dir_prints_around_the_files() {
    let heading = || skipped(Skip::Heading);
    check_lines(
        &options(NOON),
        &[
            (b" Volume in drive C is SYSTEM", heading()),
            (b" Volume Serial Number is 1A2B-3C4D", heading()),
            (b" Directory of C:\\inetpub", heading()),
            (b"              14 File(s)     18,204 bytes", heading()),
            (
                b"               2 Dir(s)  5,368,709,120 bytes free",
                heading(),
            ),
            (b"14 File(s) refused", unparsed()),
            (b"    some File(s) refused", unparsed()),
            (b"    14 attempts refused", unparsed()),
        ],
    );
}

#[test]
fn win16() {
    check_lines(
        &options(NOON),
        &[
            // SuperTCP
            (
                b"NOTES.TXT             2318      07-19-96        09:27",
                file("NOTES.TXT").size(2318).at("1996-07-19T09:27"),
            ),
            // Chameleon
            (
                b"SETUP           <DIR>      Dec 08 1995 13:52",
                directory("SETUP").at("1995-12-08T13:52"),
            ),
        ],
    );
}

#[test]
fn attributes_may_stand_behind_the_time_of_win16_and_nothing_else() {
    let listing = b"SETUP <DIR> Dec 08 1995 13:52  R A\r\n\
        READ.ME 12 Dec 08 1995 13:52  RA\r\n\
        READ.ME 12 Dec 08 1995 13:52 by me\r\n";
    let expected = [directory("SETUP"), file("READ.ME").size(12), unparsed()];
    check(&options(NOON), listing, &expected);
}

#[test]
fn os2() {
    check_lines(
        &options(NOON),
        &[
            (
                b"                 0           DIR   09-18-96   13:07  PHONEBK",
                directory("PHONEBK").at("1996-09-18T13:07"),
            ),
            (
                b"               874      RHSA       10-02-96   11:39  sky log2.bag",
                file("sky log2.bag").size(874).at("1996-10-02T11:39"),
            ),
            // year printed as years since 1900
            (
                b"             52907      A    08-17-104  21:14  y2kbug.dat",
                file("y2kbug.dat").size(52907).at("2004-08-17T21:14"),
            ),
        ],
    );
}

#[test]
fn os2_names_that_look_like_a_meridiem() {
    check_lines(
        &options(NOON),
        &[
            (
                b"             52907      A    08-17-04  21:14  a b",
                file("a b").size(52907).at("2004-08-17T21:14"),
            ),
            (
                b"             0           DIR    08-17-1999  09:14  PM",
                directory("PM").at("1999-08-17T09:14"),
            ),
        ],
    );
}

#[test]
fn thousands_set_apart_by_unbroken_blanks() {
    check_lines(
        &options(NOON),
        &[
            // UTF-8, Windows-1252, code page 850, and the narrow one
            (
                b"12/31/2020  13:45            1\xC2\xA0234 utf8.txt",
                file("utf8.txt").size(1234),
            ),
            (
                b"12/31/2020  13:45            1\xA0234 ansi.txt",
                file("ansi.txt").size(1234),
            ),
            (
                b"12/31/2020  13:45            1\xFF234\xFF567 oem.txt",
                file("oem.txt").size(1_234_567),
            ),
            (
                "12/31/2020  13:45            1\u{202F}234 narrow.txt".as_bytes(),
                file("narrow.txt").size(1234),
            ),
            (b"12/31/2020  13:45            1,234, x", unparsed()),
        ],
    );
}
