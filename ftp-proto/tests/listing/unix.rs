use ftp_proto::listing::Kind;

use super::expected::*;

#[test]
fn unix() {
    check_lines(&options(NOON), &[
        (b"-rw-r--r--   1 kepler   staff       48213 Mar 12  2021 orrery.dat", file("orrery.dat").size(48213).at("2021-03-12").mode(0o644).owner("kepler").group("staff").no_target().links(1)),
        (b"drwxr-xr-x   7 kepler   staff        4096 Jan 11 03:26 ephemeris", directory("ephemeris").at("2024-01-11T03:26").mode(0o755).owner("kepler").group("staff").no_target().links(7)),
        (b"-rwxr-x---   1 root     wheel     1290556 Nov 30 22:10 calibrate", file("calibrate").size(1_290_556).at("2023-11-30T22:10").mode(0o750).owner("root").group("wheel").no_target().links(1)),
        (b"-r--------   1 hypatia  readers         0 Feb  1  2019 empty.lock", file("empty.lock").size(0).at("2019-02-01").mode(0o400).owner("hypatia").group("readers").no_target().links(1)),
        (b"lrwxrwxrwx   1 root     root           11 May  4 18:00 current -> release-2.9", symlink("current").at("2024-05-04T18:00").mode(0o777).owner("root").group("root").target("release-2.9").links(1)),
        (b"lrwxrwxrwx   1 www      www            24 Sep 17  2018 logs -> ../../others/archive/log", symlink("logs").at("2018-09-17").mode(0o777).owner("www").group("www").target("../../others/archive/log").links(1)),
        (b"drwxrwsr-x   4 1001     1002         4096 Oct  2  2022 dropbox", directory("dropbox").at("2022-10-02").mode(0o2775).owner("1001").group("1002").no_target().links(4)),
        (b"drwxrwxrwt  12 root     root        12288 Jun 15 11:58 tmp", directory("tmp").at("2024-06-15T11:58").mode(0o1777).owner("root").group("root").no_target().links(12)),
        (b"-rwsr-xr-x   1 root     root        68208 Mar 23  2023 pinglet", file("pinglet").size(68208).at("2023-03-23").mode(0o4755).owner("root").group("root").no_target().links(1)),
        (b"-rwSr--r--   1 ada      lab           512 Mar 23  2023 half-setuid", file("half-setuid").size(512).at("2023-03-23").mode(0o4644).owner("ada").group("lab").no_target().links(1)),
        (b"drwxr-x--T   2 ada      lab          4096 Mar 23  2023 sticky-noexec", directory("sticky-noexec").at("2023-03-23").mode(0o1750).owner("ada").group("lab").no_target().links(2)),
        // System V mandatory locking: 'l' in the group-execute column = setgid without execute
        (b"-rw-r-lr--   1 ada      lab          9001 Aug  9  2005 mandlock.db", file("mandlock.db").size(9001).at("2005-08-09").mode(0o2644).owner("ada").group("lab").no_target().links(1)),
        (b"-rw-rwSr--   1 ada      lab          9001 Aug  9  2005 mandlock2.db", file("mandlock2.db").size(9001).at("2005-08-09").mode(0o2664).owner("ada").group("lab").no_target().links(1)),
        // ACL marker is not part of the mode
        (b"-rw-r--r--+  1 noether  algebra     77120 Dec  8  2020 ideal.tex", file("ideal.tex").size(77120).at("2020-12-08").mode(0o644).owner("noether").group("algebra").no_target().links(1)),
        // SELinux marker
        (b"-rw-r--r--.  1 apache   apache       3310 Apr 29 07:45 vhost.conf", file("vhost.conf").size(3310).at("2024-04-29T07:45").mode(0o644).owner("apache").group("apache").no_target().links(1)),
        // macOS extended attributes marker
        (b"drwxr-xr-x@  5 bessel   staff         160 Feb 20 09:12 Pictures", directory("Pictures").at("2024-02-20T09:12").mode(0o755).owner("bessel").group("staff").no_target().links(5)),
        (b"-rw-r--r-- 1 0 0 733 Jan 01 2000 y2k.txt", file("y2k.txt").size(733).at("2000-01-01").mode(0o644).owner("0").group("0").no_target().links(1)),
        (b"-rw-r--r--    1 ftp      ftp      5368709120 Apr 02  2024 backup-5gib.img", file("backup-5gib.img").size(5_368_709_120).at("2024-04-02").mode(0o644).owner("ftp").group("ftp").no_target().links(1)),
        (b"-rw-r--r--    1 ftp      ftp      9223372036854775807 Apr 02  2023 i64max.bin", file("i64max.bin").size(9_223_372_036_854_775_807).at("2023-04-02").mode(0o644).owner("ftp").group("ftp").no_target().links(1)),
        // sizes are unsigned 64 bit
        (b"-rw-r--r--    1 ftp      ftp      18446744073709551615 Apr 02  2023 u64max.bin", file("u64max.bin").size(18_446_744_073_709_551_615).at("2023-04-02").mode(0o644).owner("ftp").group("ftp").no_target().links(1)),
        // size does not fit u64: unknown, the entry stays
        (b"-rw-r--r--    1 ftp      ftp      36893488147419103232 Apr 02  2023 beyond.bin", file("beyond.bin").no_size().at("2023-04-02").mode(0o644).links(1)),
        // 32-bit overflow on the server: a negative size is unknown
        (b"-rw-r--r--    1 ftp      ftp      -1610612736 Apr 02  2023 wrapped.iso", file("wrapped.iso").no_size().at("2023-04-02").mode(0o644).owner("ftp").group("ftp").links(1)),
        (b"-rw-r--r-- 127 gauss    gauss     1048576 Jul 31 1999 many links.bin", file("many links.bin").size(1_048_576).at("1999-07-31").mode(0o644).owner("gauss").group("gauss").no_target().links(127)),
        (b"---------- 1 owner group 20 Sep 5 2001 noperm", file("noperm").size(20).at("2001-09-05").mode(0o0).owner("owner").group("group").no_target().links(1)),
        (b"-rw-r--r--   1 DOMAIN\\eve  Users      1200 Jun  1 08:00 report.docx", file("report.docx").size(1200).at("2024-06-01T08:00").mode(0o644).owner("DOMAIN\\eve").group("Users").no_target().links(1)),
        (b"-rw-r--r--   1 mail-svc_01  g.ops     1200 Jun  1 08:00 mbox", file("mbox").size(1200).at("2024-06-01T08:00").mode(0o644).owner("mail-svc_01").group("g.ops").no_target().links(1)),
        (b"-rw-r--r--   1 (?)      (?)            77 Aug  3  2008 unknown-ids", file("unknown-ids").size(77).at("2008-08-03").mode(0o644).owner("(?)").group("(?)").no_target().links(1)),
        (b"prw-r--r--   1 root     root            0 May 21 16:40 events.fifo", other("events.fifo").at("2024-05-21T16:40").mode(0o644).owner("root").group("root").no_target().links(1)),
        (b"srwxrwxrwx   1 mysql    mysql           0 May 21 16:40 db.sock", other("db.sock").at("2024-05-21T16:40").mode(0o777).owner("mysql").group("mysql").no_target().links(1)),
        // major, minor instead of a size
        (b"crw-rw-rw-   1 root     sys        13,  2 Jan 30  2011 null", other("null").at("2011-01-30").mode(0o666).owner("root").group("sys").no_target().links(1)),
        (b"brw-r-----   1 root     disk     253,   4 Jun 14 23:59 dm-4", other("dm-4").at("2024-06-14T23:59").mode(0o640).owner("root").group("disk").no_target().links(1)),
        // Solaris door
        (b"Drw-r--r--   1 root     root            0 Mar  3  2016 syslog_door", other("syslog_door").at("2016-03-03").mode(0o644).no_target()),
    ]);
}

#[test]
fn unix_year() {
    check_lines(
        &options(NOON),
        &[
            // HH:MM without year: newest candidate that is not later than now + 24 h
            (
                b"-rw-r--r--   1 tycho    obs           310 Jun 15 12:00 transit.log",
                file("transit.log")
                    .size(310)
                    .at("2024-06-15T12:00")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .no_target()
                    .links(1),
            ),
            // HH:MM without year: newest candidate that is not later than now + 24 h
            (
                b"-rw-r--r--   1 tycho    obs           310 Jun 15 18:30 transit.log",
                file("transit.log")
                    .size(310)
                    .at("2024-06-15T18:30")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .no_target()
                    .links(1),
            ),
            // HH:MM without year: newest candidate that is not later than now + 24 h
            (
                b"-rw-r--r--   1 tycho    obs           310 Jun 16 07:15 transit.log",
                file("transit.log")
                    .size(310)
                    .at("2024-06-16T07:15")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .no_target()
                    .links(1),
            ),
            // HH:MM without year: newest candidate that is not later than now + 24 h
            (
                b"-rw-r--r--   1 tycho    obs           310 Jun 18 07:15 transit.log",
                file("transit.log")
                    .size(310)
                    .at("2023-06-18T07:15")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .no_target()
                    .links(1),
            ),
            // HH:MM without year: newest candidate that is not later than now + 24 h
            (
                b"-rw-r--r--   1 tycho    obs           310 Dec 31 23:59 transit.log",
                file("transit.log")
                    .size(310)
                    .at("2023-12-31T23:59")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .no_target()
                    .links(1),
            ),
            // HH:MM without year: newest candidate that is not later than now + 24 h
            (
                b"-rw-r--r--   1 tycho    obs           310 Jan  1 00:00 transit.log",
                file("transit.log")
                    .size(310)
                    .at("2024-01-01T00:00")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .no_target()
                    .links(1),
            ),
            // one-digit hour
            (
                b"-rw-r--r--   1 tycho    obs           310 Jun  7  9:05 short-hour.log",
                file("short-hour.log")
                    .size(310)
                    .at("2024-06-07T09:05")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .no_target()
                    .links(1),
            ),
            // some servers add seconds
            (
                b"-rw-r--r--   1 tycho    obs           310 Jun  7 09:05:44 seconds.log",
                file("seconds.log")
                    .size(310)
                    .at("2024-06-07T09:05:44")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .no_target()
                    .links(1),
            ),
            // 24:00 is the end of that day
            (
                b"-rw-r--r--   1 tycho    obs           310 Apr  4 24:00 midnight.log",
                file("midnight.log")
                    .size(310)
                    .at("2024-04-05T00:00")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .links(1),
            ),
            // impossible date: keep the entry, drop the date
            (
                b"-rw-r--r--   1 tycho    obs           310 Feb 30  2020 nosuchday.log",
                file("nosuchday.log").size(310).no_time().mode(0o644),
            ),
            // a day from now is the latest that a date without a year can be
            (
                b"-rw-r--r--   1 tycho    obs           310 Jun 16 12:00 transit.log",
                file("transit.log").at("2024-06-16T12:00"),
            ),
            (
                b"-rw-r--r--   1 tycho    obs           310 Jun 16 12:01 transit.log",
                file("transit.log").at("2023-06-16T12:01"),
            ),
            (
                b"-rw-r--r--   1 tycho    obs           310 Mar 12. 2021 point.log",
                file("point.log").at("2021-03-12"),
            ),
            // a name like a year, behind a time with seconds
            (
                b"-rw-r--r--   1 tycho    obs           310 Nov  9 21:08:37 2006",
                file("2006").at("2023-11-09T21:08:37"),
            ),
            // BSD ls -lT
            (
                b"-rw-r--r--   1 tycho    obs           310 Nov  9 21:08:37 2006 bsd-T.log",
                file("bsd-T.log")
                    .size(310)
                    .at("2006-11-09T21:08:37")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .links(1),
            ),
            (
                b"-rw-r--r-- 1 tycho obs 310 2021-03-05 12:30 long-iso.log",
                file("long-iso.log")
                    .size(310)
                    .at("2021-03-05T12:30")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .links(1),
            ),
            // name that starts like a date
            (
                b"drwxr-xr-x 2 tycho obs 4096 2021-03-05 12:30 2019-01-01 backup",
                directory("2019-01-01 backup")
                    .at("2021-03-05T12:30")
                    .mode(0o755),
            ),
            // explicit zone: convert to UTC
            (
                b"-rw-r--r-- 1 tycho obs 310 2021-03-05 12:30:45.123456789 +0100 full-iso.log",
                file("full-iso.log")
                    .size(310)
                    .at("2021-03-05T11:30:45.123456789Z")
                    .mode(0o644)
                    .owner("tycho")
                    .group("obs")
                    .links(1),
            ),
            (
                b"-rw-r--r-- 1 tycho obs 310 2021-03-05 12:30:45.123456789 -0530 west.log",
                file("west.log").at("2021-03-05T18:00:45.123456789Z"),
            ),
            (
                b"-rw-r--r-- 1 tycho obs 310 2001/11/20 17:12 slashes.log",
                file("slashes.log")
                    .size(310)
                    .at("2001-11-20T17:12")
                    .mode(0o644),
            ),
            // ls --time-style=iso, recent
            (
                b"-rw-r--r-- 1 tycho obs 310 03-05 12:30 iso-recent.log",
                file("iso-recent.log")
                    .size(310)
                    .at("2024-03-05T12:30")
                    .mode(0o644),
            ),
        ],
    );
}

#[test]
fn unix_year_listings() {
    // HH:MM without year: newest candidate that is not later than now + 24 h
    check(
        &options(1_704_155_400),
        b"-rw-r--r--   1 tycho    obs           310 Dec 30 23:50 transit.log",
        &[file("transit.log")
            .size(310)
            .at("2023-12-30T23:50")
            .mode(0o644)
            .owner("tycho")
            .group("obs")
            .no_target()
            .links(1)],
    );
    // HH:MM without year: newest candidate that is not later than now + 24 h
    check(
        &options(1_704_065_400),
        b"-rw-r--r--   1 tycho    obs           310 Jan  1 00:15 transit.log",
        &[file("transit.log")
            .size(310)
            .at("2024-01-01T00:15")
            .mode(0o644)
            .owner("tycho")
            .group("obs")
            .no_target()
            .links(1)],
    );
    // HH:MM without year: newest candidate that is not later than now + 24 h
    check(
        &options(1_710_064_800),
        b"-rw-r--r--   1 tycho    obs           310 Feb 29 08:05 transit.log",
        &[file("transit.log")
            .size(310)
            .at("2024-02-29T08:05")
            .mode(0o644)
            .owner("tycho")
            .group("obs")
            .no_target()
            .links(1)],
    );
    // HH:MM without year: newest candidate that is not later than now + 24 h
    check(
        &options(1_709_150_400),
        b"-rw-r--r--   1 tycho    obs           310 Feb 29 09:00 transit.log",
        &[file("transit.log")
            .size(310)
            .at("2024-02-29T09:00")
            .mode(0o644)
            .owner("tycho")
            .group("obs")
            .no_target()
            .links(1)],
    );
    // HH:MM without year: newest candidate that is not later than now + 24 h
    check(
        &options(1_741_600_800),
        b"-rw-r--r--   1 tycho    obs           310 Feb 29 08:05 transit.log",
        &[file("transit.log")
            .size(310)
            .at("2024-02-29T08:05")
            .mode(0o644)
            .owner("tycho")
            .group("obs")
            .no_target()
            .links(1)],
    );
}

#[test]
fn unix_name() {
    check_lines(&options(NOON), &[
        // exactly one space separates date and name; further spaces belong to the name
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020  one leading space", file(" one leading space").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        // only CR/LF are stripped at the end
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 trailing spaces  ", file("trailing spaces  ").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"-rw-r--r--   1 u        g               5 Mar  1 10:20    three more", file("   three more").size(5).at("2024-03-01T10:20").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 double  inside   triple", file("double  inside   triple").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 tab\there", file("tab\there").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        // date-like name: leftmost valid date wins
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 2020 Mar  1 2020 x", file("2020 Mar  1 2020 x").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        // an arrow in a regular file's name is part of the name
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 a -> b", file("a -> b").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"drwxr-xr-x   1 u        g               5 Mar  1  2020 dir -> not link", directory("dir -> not link").at("2020-03-01").mode(0o755).owner("u").group("g").no_target().links(1)),
        // link size 5 = length of 'c.txt' decides which arrow separates
        (b"lrwxrwxrwx   1 u        g               5 Mar  1  2020 a -> b -> c.txt", symlink("a -> b").at("2020-03-01").mode(0o777).owner("u").group("g").target("c.txt").links(1)),
        // link size 10 = length of 'b -> c.txt'
        (b"lrwxrwxrwx   1 u        g              10 Mar  1  2020 a -> b -> c.txt", symlink("a").at("2020-03-01").mode(0o777).owner("u").group("g").target("b -> c.txt").links(1)),
        // server hides the target
        (b"lrwxrwxrwx   1 u        g              26 Mar  1  2020 hidden-target", symlink("hidden-target").at("2020-03-01").mode(0o777).owner("u").group("g").no_target().links(1)),
        (b"lrwxrwxrwx   1 u        g              12 Mar  1  2020 spaced link -> my target dir", symlink("spaced link").at("2020-03-01").mode(0o777).owner("u").group("g").target("my target dir").links(1)),
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 -rf", file("-rf").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 total 12", file("total 12").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 semi;colon:quote\"s'", file("semi;colon:quote\"s'").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        ("-rw-r--r--   1 u        g               5 Mar  1  2020 Ünïcødé – 文件 😀.txt".as_bytes(), file("Ünïcødé – 文件 😀.txt").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 back\\slash", file("back\\slash").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 ...", file("...").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"-rw-r--r--   1 u        g               5 Mar  1  2020 .hidden", file(".hidden").size(5).at("2020-03-01").mode(0o644).owner("u").group("g").no_target().links(1)),
        (b"drwxr-xr-x   3 u        g            4096 Mar  1  2020 1999", directory("1999").at("2020-03-01").mode(0o755).owner("u").group("g").no_target().links(3)),
        // not UTF-8: the name's bytes must survive
        (b"-rw-r--r--   1 u        g              17 Mar  1  2020 \xDCbersicht.txt", file(b"\xDCbersicht.txt").size(17).at("2020-03-01").mode(0o644)),
        (b"-rw-r--r--   1 u        g              17 Mar  1 12:00 \xCF\xD4\xDE\xC5\xD4.doc", file(b"\xCF\xD4\xDE\xC5\xD4.doc").size(17).at("2024-03-01T12:00").mode(0o644)),
    ]);
}

#[test]
fn unix_odd() {
    check_lines(&options(NOON), &[
        // group column missing (ls -o / -g)
        (b"drwxr-xr-x   6 adm         1024 Sep 14  2011 public", directory("public").at("2011-09-14").mode(0o755).owner("adm").no_group().links(6)),
        // link count missing
        (b"-rw-r--r--   ftp      ftp          4711 Apr  8  2007 nolinks.iso", file("nolinks.iso").size(4711).at("2007-04-08").mode(0o644).owner("ftp").group("ftp").no_links()),
        (b"-rw-r--r--   1 maria    Domain Users     4096 Dec  9  2009 budget.xls", file("budget.xls").size(4096).at("2009-12-09").mode(0o644).owner("maria").group("Domain Users").links(1)),
        // link count glued to the mode
        (b"drwxr-xr-x2048 314      159        73728 Nov  9  2004 .spool_7", directory(".spool_7").at("2004-11-09").mode(0o755).owner("314").group("159")),
        // group glued to size: cannot know where it splits
        (b"-rw-r--r-- 1 pureuser puregroup98213376 Sep 14  2011 .in.partial.", file(".in.partial.").no_size().at("2011-09-14").mode(0o644)),
        // no date at all (seen on embedded servers)
        (b"drwxr-xr-x 3 ruth optics 1024 dateless-dir", directory("dateless-dir").no_time().mode(0o755)),
        // HylaFAX prints two permission triplets
        (b"-rw-rw   1       27      615 May  3  2013 hylafax.sh", file("hylafax.sh").size(615).at("2013-05-03")),
        // Plan 9: append-only file
        (b"ar--r--r--   3 glenda   upas        88 Feb 11 06:02 9log", file("9log").size(88).at("2024-02-11T06:02")),
        // OS/2 FtpServer puts DOS attributes in the group column
        (b"-r--r--r--  1 ftp      -A---       20481 Aug 19  2009 WATCH.EXE", file("WATCH.EXE").size(20481).at("2009-08-19").mode(0o444).owner("ftp")),
        // ls -li
        (b"  8123441 -rw-r--r--   1 kepler   staff        2101 Mar 12  2021 inode-prefix.txt", file("inode-prefix.txt").size(2101).at("2021-03-12").mode(0o644).owner("kepler").group("staff").links(1)),
        // garbage in the mode column
        (b"????!!?    1 web      web           640 Sep 14  2011 still-listed", file("still-listed").size(640).at("2011-09-14")),
        // rounded size is not a size
        (b"-rw-r--r--   1 kepler   staff        17.2M Oct  9  2022 human.bin", file("human.bin").no_size().at("2022-10-09").mode(0o644)),
        // VShell: year and time together
        (b"-rwxr-xr-x    1 vsh group       64 Feb 17, 2005 16:20 vshell-new.txt", file("vshell-new.txt").size(64).at("2005-02-17T16:20").mode(0o755).owner("vsh").group("group")),
        // AIX pads the 11-character date to 12
        (b"-rw-r--r--   1 kepler   staff         918 Apr 06 1996  aix-padded.c", file("aix-padded.c").size(918).at("1996-04-06").mode(0o644)),
        // z/OS external link
        (b"erwxrwxrwx   1 STCUSR   OMVSGRP        11 Jan  9  2015 extlink -> SYS1.PARM", symlink("extlink").at("2015-01-09").mode(0o777).target("SYS1.PARM")),
    ]);
}

/// Columns before the size that only some servers print, and those that some lack.
#[test]
fn unix_identities() {
    check_lines(
        &options(NOON),
        &[
            (
                b"-rw-r--r--   adm         1024 Sep 14  2011 x",
                file("x").size(1024).no_links().owner("adm").no_group(),
            ),
            (
                b"-rw-r--r--   root     sys          4711 Apr  8  2007 x",
                file("x").size(4711).no_links().owner("root").group("sys"),
            ),
            (
                b"-rw-r--r--   pal      sys          4711 Apr  8  2007 x",
                file("x").size(4711).no_links().owner("pal").group("sys"),
            ),
            (
                b"-rw-r--r--   folder   staff        4711 Apr  8  2007 x",
                file("x")
                    .size(4711)
                    .no_links()
                    .owner("folder")
                    .group("staff"),
            ),
            (
                b"drwxr-xr-x               folder        0 Mar 26 11:17 x",
                directory("x").no_links().no_owner().no_group(),
            ),
            // extended attributes of z/OS UNIX
            (
                b"-rwxr-xr-x  --s-  1 STCUSR   OMVSGRP        11 Jan  9  2015 x",
                file("x").size(11).links(1).owner("STCUSR").group("OMVSGRP"),
            ),
            // links glued to the mode
            (
                b"drwxr-xr-x2048 314      159        73728 Nov  9  2004 x",
                directory("x").links(2048).owner("314").group("159"),
            ),
            // two forks of a Mac make their sum, and nothing makes zero
            (
                b"-------r--         518   902144   902662 Oct 14  1996 x",
                file("x").size(902_662).no_links().no_owner(),
            ),
            (
                b"-rw-r--r--   0   0   0 Aug 27  2010 x",
                file("x").size(0).links(0).owner("0").no_group(),
            ),
            (
                b"-rw-r--r--   1   2   4 Aug 27  2010 x",
                file("x").size(4).links(1).owner("2").no_group(),
            ),
            // Plan 9: exclusive use, and the device before the owner
            (
                b"-lrw-r--r-- M 17 glenda upas 88 Feb 11 06:02 x",
                file("x")
                    .size(88)
                    .mode(0o644)
                    .no_links()
                    .owner("glenda")
                    .group("upas"),
            ),
            (
                b"d-rwxrwxr-x M 17 glenda upas 0 Feb 11 06:02 x",
                directory("x").mode(0o775).owner("glenda").group("upas"),
            ),
            (
                b"-rw-r--r-- M 17 88 Feb 11 06:02 x",
                file("x").size(88).owner("M").group("17"),
            ),
            // both numbers of a device in one word
            (
                b"crw-rw-rw-   1 root     sys        13,2 Jan 30  2011 x",
                other("x").no_size().links(1).owner("root").group("sys"),
            ),
            (
                b"crw-rw-rw-   1 root     sys        13,  2 Jan 30  2011 x",
                other("x").no_size().links(1).owner("root").group("sys"),
            ),
        ],
    );
}

#[test]
fn unix_permissions() {
    let row = |mode: &str, kind: Kind, bits: u16| {
        let line = format!("{mode}   2 adm         1024 Sep 14  2011 x");
        check(
            &options(NOON),
            line.as_bytes(),
            &[entry(kind, "x").mode(bits)],
        );
    };
    row("d---------", Kind::Directory, 0);
    row("d---------+", Kind::Directory, 0);
    row("-rwsrwsrwt", Kind::File, 0o7777);
    row("-rwSrwSrwT", Kind::File, 0o7666);
    row("-r----L---", Kind::File, 0o2400);
    row("-r----l---", Kind::File, 0o2400);
    row("-r--rwxrwx", Kind::File, 0o477);
    row("-rwxr---w-", Kind::File, 0o742);
    row("---x-w---x", Kind::File, 0o121);
    for (mode, kind) in [
        ("Frw-r--r--", Kind::File),
        ("arw-r--r--", Kind::File),
        ("lrw-r--r--", Kind::Symlink),
        ("erw-r--r--", Kind::Symlink),
        ("drw-r--r--", Kind::Directory),
        ("nrw-r--r--", Kind::Other),
        ("?rw-r--r--", Kind::Other),
    ] {
        row(mode, kind, 0o644);
    }
    // A first column that only resembles a mode.
    for (mode, kind) in [
        ("drw-rx-r--", Kind::Directory),
        ("d--!rx-r--", Kind::Directory),
        ("lrw-rx-r--", Kind::Symlink),
        ("-rw-rx-r--", Kind::File),
        ("-wr-r--r--", Kind::File),
    ] {
        let line = format!("{mode}   2 adm  lab  1024 Sep 14  2011 x");
        check(
            &options(NOON),
            line.as_bytes(),
            &[entry(kind, "x").no_mode()],
        );
    }
}

/// The padding of AIX is no part of a name, behind a line of the usual form either.
#[test]
fn unix_padding_behind_a_usual_line() {
    let listing = b"-rw-r--r--   1 kepler   staff         918 Apr  6  1996 a\r\n\
        -rw-r--r--   1 kepler   staff         918 Apr 06 1996  aix-padded.c\r\n\
        -rw-r--r--   1 kepler   staff         918  Apr 6 1996  led\r\n";
    check(
        &options(NOON),
        listing,
        &[
            file("a"),
            file("aix-padded.c").at("1996-04-06"),
            file(" led"),
        ],
    );
}

#[test]
fn unix_unreadable() {
    check_lines(
        &options(NOON),
        &[
            (
                b"-????????? ? ?    ?         ?            ? vault",
                file("vault").no_size().no_time().no_mode(),
            ),
            (b"d????????? ? ? ? ? ? my vault", directory("my vault")),
            (b"d????????? ? ? ? ? Mar vault", unparsed()),
            (b"d????????? ? ? ? 5 ? vault", unparsed()),
            (b"d????????? ? ? ? ? ?", unparsed()),
        ],
    );
}

#[test]
fn unix_links() {
    let row = |size: u64, text: &str, expected: Expected| {
        let line = format!("lrwxrwxrwx   1 u  g  {size} Mar  1  2020 {text}");
        check(&options(NOON), line.as_bytes(), &[expected]);
        // Behind a line of the same format.
        let listing = format!("-rw-r--r-- 1 u g 5 Mar 12  2021 a\r\n{line}\r\n");
        let lines = read(&options(NOON), listing.as_bytes());
        assert_eq!(lines[1], read(&options(NOON), line.as_bytes())[0]);
    };
    row(99, "a -> b -> c", symlink("a").target("b -> c"));
    row(4, "a -> real/", symlink("a").target("real"));
    row(5, "a -> real/", symlink("a").target("real/"));
    row(0, "a -> ", symlink("a").no_target());
    row(1, "-> -> a", symlink("->").target("a"));
    row(6, " -> a -> b", symlink(" -> a").target("b"));
}

#[test]
fn iis_unix() {
    check_lines(
        &options(NOON),
        &[
            (
                b"-rwxrwxrwx   1 owner    group         2750464 Jul 21 07:53 full-index.Z",
                file("full-index.Z")
                    .size(2_750_464)
                    .at("2023-07-21T07:53")
                    .mode(0o777)
                    .owner("owner")
                    .group("group")
                    .no_target()
                    .links(1),
            ),
            (
                b"d---------   1 owner    group               0 May 23 15:10 Softlib2",
                directory("Softlib2")
                    .at("2024-05-23T15:10")
                    .mode(0o0)
                    .owner("owner")
                    .group("group")
                    .no_target()
                    .links(1),
            ),
            (
                b"----------   1 owner    group           28312 Apr 18  0:30 half hour.zip",
                file("half hour.zip")
                    .size(28312)
                    .at("2024-04-18T00:30")
                    .mode(0o0)
                    .owner("owner")
                    .group("group")
                    .no_target()
                    .links(1),
            ),
        ],
    );
}

#[test]
fn wftpd() {
    check_lines(
        &options(NOON),
        &[
            (
                b"-rwxrwxrwx   1 noone    nogroup         417 Oct 27  1997 banner.ftp",
                file("banner.ftp")
                    .size(417)
                    .at("1997-10-27")
                    .mode(0o777)
                    .owner("noone")
                    .group("nogroup")
                    .no_target()
                    .links(1),
            ),
            (
                b"drwxrwxrwx   1 noone    nogroup           0 Oct 27  1997 upload",
                directory("upload")
                    .at("1997-10-27")
                    .mode(0o777)
                    .owner("noone")
                    .group("nogroup")
                    .no_target()
                    .links(1),
            ),
        ],
    );
}

#[test]
fn wu_ftpd() {
    check_lines(
        &options(NOON),
        &[
            // links column missing with numeric ids
            (
                b"lrwxrwxrwx 0  0 19 Aug 27 2010 pub -> vol/3/.pool/ftp/pub",
                symlink("pub")
                    .at("2010-08-27")
                    .mode(0o777)
                    .target("vol/3/.pool/ftp/pub"),
            ),
        ],
    );
}

#[test]
fn mac() {
    check_lines(
        &options(NOON),
        &[
            // NetPresenz: resource fork, data fork, total
            (
                b"-------r--         518   902144   902662 Oct 14  1996 Telescope.sit",
                file("Telescope.sit")
                    .size(902_662)
                    .at("1996-10-14")
                    .mode(0o4),
            ),
            // size column counts items
            (
                b"drwxrwxr-x               folder        5 Aug 17  1997 intranet",
                directory("intranet").at("1997-08-17").mode(0o775),
            ),
            (
                b"-rw-r--r--    61020       33015    94035 Dec 13  2009 09 sunrise.jpg",
                file("09 sunrise.jpg").size(94035).at("2009-12-13"),
            ),
            (
                b"drwxr-xr-x               folder        0 Mar 26 11:17 Alias to Tower",
                directory("Alias to Tower").at("2024-03-26T11:17"),
            ),
        ],
    );
}

#[test]
fn connect() {
    check_lines(
        &options(NOON),
        &[(
            b"-C--E-----FTP A SET2K4      22041       96 Nov  6 08:31 SETTLE01",
            file("SETTLE01").size(96).at("2023-11-06T08:31"),
        )],
    );
}

#[test]
fn unix_numeric() {
    check_lines(
        &options(NOON),
        &[
            (
                b"0100640   700  220   67410    1034567890      numeric file",
                file("numeric file")
                    .size(67410)
                    .at("2002-10-14T03:58:10Z")
                    .mode(0o640)
                    .owner("700")
                    .group("220"),
            ),
            (b"40755 0 0 4096 1034567890 d", directory("d").mode(0o755)),
            (
                b"120777 0 0 1 1034567890 a -> b",
                symlink("a").mode(0o777).target("b"),
            ),
            (b"020666 0 0 0 1034567890 tty", other("tty").mode(0o666)),
            (
                b"0100640 0 0 5 10345678 x",
                file("x").at("1970-04-30T17:47:58Z"),
            ),
            // a number too short for a time, or too long
            (b"0100640 0 0 5 1034567 x", unparsed()),
            (b"0100640 0 0 5 103456789012 x", unparsed()),
            // no mode, no owner
            (b"0100690 0 0 5 1034567890 x", unparsed()),
            (b"5640 0 0 5 1034567890 x", unparsed()),
            (b"00100640 0 0 5 1034567890 x", unparsed()),
            (b"0300640 0 0 5 1034567890 x", unparsed()),
            (b"0100640 u 0 5 1034567890 x", unparsed()),
        ],
    );
}

#[test]
fn xbox() {
    check_lines(
        &options(NOON),
        &[
            // drive letters are names, not directory headers
            (
                b"drwxrwxrwx   1 root     root            0 Jan 01  2009 E:",
                directory("E:")
                    .at("2009-01-01")
                    .mode(0o777)
                    .owner("root")
                    .group("root")
                    .no_target()
                    .links(1),
            ),
        ],
    );
}
