//! A line is an entry only if its format is certain; what is not understood does not disappear; and
//! what is certain in a line that is not understood as a whole is kept.

use ftp_proto::listing::{Entry, Format, Kind, Line, Options, Skip};

use super::expected::*;

#[test]
fn an_error_is_not_a_total_nor_a_heading() {
    for line in [
        "Error 404",
        "Forbidden 403",
        "readme 5",
        "Denied:",
        "./denied:",
        "Directory not found",
        "Total of failure",
        "Volume in drive C is locked",
        "-----",
        "Size exceeded: 12",
        "quota 12K",
        "Fehler 5",
        "ошибка 5",
        "エラー 5",
    ] {
        check(&options(NOON), line.as_bytes(), &[unparsed()]);
        let twice = [line.as_bytes(), b"\r\n", line.as_bytes(), b"\r\n"].concat();
        check(&options(NOON), &twice, &[unparsed(), unparsed()]);
    }
}

#[test]
fn totals_in_many_languages() {
    for line in [
        "total 8",
        "Total: 8",
        "insgesamt 8",
        "i alt 8",
        "razem 8",
        "összesen 8",
        "итого 8",
        "σύνολο 8",
        "总计 8",
        "總計 8",
        "合計 8",
        "합계 8",
        "tổng 8",
        "totalt 1,5M",
    ] {
        check(&options(NOON), line.as_bytes(), &[skipped(Skip::Total)]);
    }
    // In KOI8-R.
    check(
        &options(NOON),
        b"\xC9\xD4\xCF\xC7\xCF 8",
        &[skipped(Skip::Total)],
    );
}

const A: &[u8] = b"-rw-r--r-- 1 u g 5 Mar 12  2021 a\r\n";

#[test]
fn a_heading_is_one_if_entries_or_a_total_follow() {
    let (heading, a) = (|| skipped(Skip::Heading), || file("a").size(5));
    check(
        &options(NOON),
        &[b"sub:\r\n", A].concat(),
        &[heading(), a()],
    );
    let listing = [
        b".:\r\ntotal 0\r\n\r\n./sub:\r\n".as_slice(),
        b"\r\n./empty:\r\n",
    ]
    .concat();
    let total = skipped(Skip::Total);
    let blank = || skipped(Skip::Blank);
    let expected = [heading(), total, blank(), heading(), blank(), heading()];
    check(&options(NOON), &listing, &expected);
    check(
        &options(NOON),
        &[b"Denied:\r\nsorry\r\n", A].concat(),
        &[unparsed(), unparsed(), a()],
    );
    check(
        &options(NOON),
        b"one:\r\ntwo:\r\n",
        &[unparsed(), unparsed()],
    );
}

#[test]
fn sentences_and_logs_are_not_entries() {
    for line in [
        "root 12 08/31/24 16:12 my file",
        "Modified 5 08/31/24 16:12 by admin",
        "Uptime: 12 08/31/24 16:12:00",
        "12 08/31/24 16:12 users",
        "12 Aug-31-2024 16:12:00 started again",
        "12 Aug 31, 2024 16:12 started again",
        "2024-08-31 16:12 550 Permission denied",
        "550 Permission denied 12 Mar 12 2021 x",
        "Disk quota 5 Mar 12 2021 exceeded",
        "Warning *ALL objects locked",
        "Error *MEM exhausted",
        "QSYS 61440 03/27/01 10:44:12 *STMF",
        "*X 61440 03/27/01 10:44:12",
        "+ OK\tdone",
        "-rw-r--r-- Mar 12  2021 x",
        "-rw-r--r-- 1 u g 12 Sep",
        "-rw-r--r-- 1 u g 12 Sep 14",
        "-rw-r--r-- 1 u g 12 14",
        "-rw-r--r-- 1 u g 12 2021-03-12",
        "-rw-r--r-- 1 u g 12 2021-03-12 10:20",
        "-rw-r--r-- 1 u g 12 10:20",
        "-rw-r--r-- 1 u g 12 3月12日",
        "-rw-r--r-- 1 u g 12 Qux 14 lost name",
        "-rw-r--r-- 1 u g 12 14 15 2021 x",
        "users.log 12 08/31/24 16:12",
        "   12 users 08-31-24 16:12 logged in",
        "12 Aug-31-2024  16:12:00 started again",
        "12 Aug-31-2024 16:12:00  started again",
        "Warning 1 u g 5 Mar 12 2021 x",
        "????!!? 1 web web 6K4 Sep 14  2011 x",
        "????!!? 1 web 640 Sep 14  2011 x",
        "????!!? 1 web web 640 Feb 30  2011 x",
        "denied 12 Mar 12 2021 x",
        "-rw-r--r--backup.tar 1 u g 5 Mar 12  2021 x",
        "-rw-r--r--99999999999 1 u g 5 Mar 12  2021 x",
        "------------- A u 5 6 Mar 12  2021 x",
        "-C--E--FTP A SET2K4 22041 96 Nov  6 08:31 x",
        "READ:ME.TXT 12 08/31/24 16:12",
        "README.TEXT 12 08/31/24 16:12",
        "README. 12 08/31/24 16:12",
    ] {
        check(&options(NOON), line.as_bytes(), &[unparsed()]);
        check(
            &options(NOON),
            &[A, line.as_bytes()].concat(),
            &[file("a"), unparsed()],
        );
    }
}

#[test]
fn a_rare_format_is_believed_behind_its_heading_or_a_certain_line() {
    let listings: &[(&str, &str)] = &[
        (
            "SETUP  <DIR>  Dec 08 1995 13:52",
            "my-file 12 08/31/24 16:12",
        ),
        (
            "a.exe 1 09/15/05 Thu. 15:47:52",
            "b.exe 12 08/31/24 16:12:00",
        ),
        (
            "   0  DIR  09-18-96  13:07  X",
            "   12 08-31-24 16:12 my file",
        ),
        (
            "0 Jul-19-2001 13:52:08 X <DIR>",
            "12 Aug-31-2024 16:12:00 my file",
        ),
        ("size date time name", "12 Aug-31-2024 16:12:00 my file"),
        ("0  Jan 15, 2004 05:41 x/", "12 Aug 31, 2024 16:12 my file"),
        ("02-03-24 08:15AM <DIR> x", "2024-08-31 16:12 12 my file"),
    ];
    for (certain, line) in listings {
        let both = [certain, "\r\n", line, "\r\n"].concat();
        let lines = read(&options(NOON), both.as_bytes());
        let Line::Entry(entry) = &lines[1] else {
            panic!("{lines:?}");
        };
        assert_eq!(entry.size(), Some(12), "{entry:?}");
        assert!(matches!(
            read(&options(NOON), line.as_bytes())[..],
            [Line::Unparsed { .. }]
        ));
    }
}

#[test]
fn dls_has_the_columns_of_the_listing() {
    let listing = b"README.TXT         763  Information\r\n\
        pub/                 =  Public area\r\n\
        old/                 =  Mar 12  2021  Attic\r\n\
        now                 14  Mar 12  2021  -> ../real\r\n\
        HTTP   404  Not found\r\n";
    let expected = [
        file("README.TXT").size(763),
        directory("pub").no_size(),
        directory("old").at("2021-03-12"),
        symlink("now").target("../real").at("2021-03-12"),
        unparsed(),
    ];
    check(&options(NOON), listing, &expected);
    let two = b"a.txt      763  One\r\nb.txt       12  Two\r\n";
    check(
        &options(NOON),
        two,
        &[file("a.txt").size(763), file("b.txt").size(12)],
    );
    let one = b"Users      763  logged in\r\nsorry\r\n";
    check(&options(NOON), one, &[unparsed(), unparsed()]);
}

#[test]
fn an_entry_whose_date_is_not_understood_is_kept() {
    for date in [
        "2021-03-12T10:20:30Z",
        "20210312",
        "20210312T1020",
        "Mar 12 10:20PM",
        "Mar 12 12106",
        "Mar 12 121",
        "Mar 12 121060",
        "Qux 12 2021",
        "Qux 12 10:20",
        "12 Qux 2021",
        "12. Qux 10:20",
        "12 ქარ 2021",
        "12 ქარ 10h20",
        "Feb 30 2021",
        "2021.03.12T10.20",
        "2021-03-12-10",
    ] {
        let line = format!("-rw-r--r-- 1 u g 9216 {date} Mar 12  2021 q");
        let lines = read(&options(NOON), line.as_bytes());
        let [Line::Entry(entry)] = &lines[..] else {
            panic!("{lines:?}");
        };
        assert_eq!(entry.name(), "Mar 12  2021 q", "{date}");
        let known = (entry.size(), entry.mode(), entry.owner(), entry.modified());
        assert_eq!(
            known,
            (Some(9216), Some(0o644), Some(&b"u"[..]), None),
            "{date}"
        );
        assert!(entry.is_time_unread(), "{date}");
    }
    for line in [A, b"-rw-r--r-- 3 ruth optics 1024 dateless"] {
        let lines = read(&options(NOON), line);
        assert!(
            matches!(&lines[..], [Line::Entry(entry)] if !entry.is_time_unread()),
            "{lines:?}"
        );
    }
}

/// A server without a clock; a name of one word that cannot be the beginning of a date.
#[test]
fn without_any_date_a_name_need_only_not_begin_one() {
    for name in [
        "1.dat",
        "2021-03",
        "-20210312",
        "12345678",
        "123456789.tar",
        "1h",
    ] {
        let line = format!("-rw-r--r-- 3 ruth optics 1024 {name}");
        check(
            &options(NOON),
            line.as_bytes(),
            &[file(name).size(1024).no_time()],
        );
    }
    for name in ["10:20", "20210312", "2021-03-12T10:20:30Z", "9", "Mar"] {
        let line = format!("-rw-r--r-- 3 ruth optics 1024 {name}");
        check(&options(NOON), line.as_bytes(), &[unparsed()]);
    }
}

#[test]
fn the_first_complete_date_wins() {
    check_lines(
        &options(NOON),
        &[
            (
                b"-rw-r--r--   9216 May 19  2012 Mar 12  2021 q",
                file("Mar 12  2021 q").size(9216).at("2012-05-19"),
            ),
            (
                b"-rw-r--r--   9216 May 19  2012 a 5 Mar 12  2021 q",
                file("a 5 Mar 12  2021 q").size(9216),
            ),
            (
                b"-rw-r--r-- 1 u g -2 Oct  1  2023 Mar 12  2021 q",
                file("Mar 12  2021 q").no_size().at("2023-10-01"),
            ),
            (
                b"-rw-r--r-- 1 u g 1.5K Oct  1  2023 a 5 Mar 12  2021 q",
                file("a 5 Mar 12  2021 q").no_size(),
            ),
            // A date that the calendar lacks, where fewer than four columns precede it.
            (
                b"-rw-r--r--   9216 Feb 30  2021 a 5 Mar 12  2021 q",
                file("q").size(5),
            ),
            (
                b"-rw-r--r-- 1 Feb 30 2001 Apr  9  2016 q",
                file("q").size(2001).owner("Feb").group("30"),
            ),
            // An owner that is called like a month, and a group that is a number.
            (
                b"-rw-r--r-- 1 Mar 12 2001 Apr  9  2016 q",
                file("q").size(2001).owner("Mar").group("12"),
            ),
        ],
    );
    let listing = [A, b"-rw-r--r--   9216 May 19  2012 Mar 12  2021 q\r\n"].concat();
    check(
        &options(NOON),
        &listing,
        &[file("a"), file("Mar 12  2021 q").size(9216)],
    );
}

#[test]
fn a_meridiem_puts_the_month_first() {
    check_lines(
        &options(NOON),
        &[
            (
                b"-rw-r--r-- 1 u g 512 03/04/2023 11:05 AM minutes.txt",
                file("minutes.txt").at("2023-03-04T11:05"),
            ),
            (
                b"-rw-r--r-- 1 u g 512 03/04/2023 11:05PM minutes.txt",
                file("minutes.txt").at("2023-03-04T23:05"),
            ),
            (
                b"-rw-r--r-- 1 u g 512 13/04/2023 12:05 am x",
                file("x").at("2023-04-13T00:05"),
            ),
            (
                b"-rw-r--r-- 1 u g 512 03/04/2023 11:05 minutes.txt",
                file("minutes.txt").at("2023-04-03T11:05"),
            ),
            (
                b"-rw-r--r-- 1 u g 512 Mar  4 11:05 AM minutes.txt",
                file("AM minutes.txt").at("2024-03-04T11:05"),
            ),
            (
                b"-rw-r--r-- 1 u g 512 03-04-23 11:05 PM minutes.txt",
                file("minutes.txt").at("2023-03-04T23:05"),
            ),
            (
                b"-rw-r--r-- 1 u g 512 3/4/2023 11:05 p.m. minutes.txt",
                file("minutes.txt").at("2023-03-04T23:05"),
            ),
        ],
    );
}

#[test]
fn marks_behind_names_are_taken_off_where_the_server_marks() {
    let line = |mode: &str, name: &str| format!("{mode} 2 u g 4 Mar 12  2021 {name}\r\n");
    let marked = [
        line("drwxr-xr-x", "../"),
        line("drwxr-xr-x", "./"),
        line("drwxr-xr-x", "sub/"),
        line("-rwxr-xr-x", "run*"),
        line("-rw-r--r--", "text*"),
        line("-rw-r--r--", "mail@"),
        line("-rw-r--r--", "sum="),
        line("prw-r--r--", "pipe|"),
        line("srw-r--r--", "socket="),
        line("lrwxrwxrwx", "link@ -> real/"),
    ];
    check(
        &options(NOON),
        marked.concat().as_bytes(),
        &[
            skipped(Skip::SelfOrParent),
            skipped(Skip::SelfOrParent),
            directory("sub"),
            file("run"),
            file("text*"),
            file("mail@"),
            file("sum="),
            other("pipe"),
            other("socket"),
            symlink("link").target("real"),
        ],
    );
    let unmarked = [
        line("lrwxrwxrwx", "link/"),
        line("lrwxrwxrwx", "link@ -> real/"),
        line("-rwxr-xr-x", "run*"),
        line("prw-r--r--", "pipe|"),
    ];
    check(
        &options(NOON),
        unmarked.concat().as_bytes(),
        &[
            symlink("link/"),
            symlink("link@"),
            file("run*"),
            other("pipe|"),
        ],
    );
    // The first mark behind lines without.
    let late = [
        line("-rw-r--r--", "plain"),
        line("drwxr-xr-x", "sub/"),
        line("drwxr-xr-x", "/"),
    ];
    check(
        &options(NOON),
        late.concat().as_bytes(),
        &[file("plain"), directory("sub"), directory("/")],
    );
    // `ls -p` marks directories alone.
    let slashes = [
        line("drwxr-xr-x", "sub/"),
        line("-rwxr-xr-x", "go"),
        line("-rwxr-xr-x", "run*"),
    ];
    check(
        &options(NOON),
        slashes.concat().as_bytes(),
        &[directory("sub"), file("go"), file("run*")],
    );
}

#[test]
fn months_in_many_scripts() {
    for (date, expected) in [
        ("Μαρ 12 2021", 3),
        ("12 Ιουλίου 2021", 7),
        ("12 Αυγ 2021", 8),
        ("Μαΐ 12 2021", 5),
        ("מרץ 12 2021", 3),
        ("12 ספט 2021", 9),
        ("12 فبراير 2021", 2),
        ("12 أكت 2021", 10),
        ("मई 12 2021", 5),
        ("12 दिसंबर 2021", 12),
        ("12 มี.ค. 2021", 3),
        ("12 พฤศจิกายน 2021", 11),
        ("12 ก.ค. 2021", 7),
        ("12 Th03 2021", 3),
        ("Th12 12 2021", 12),
        ("ožu 12 2021", 3),
        ("12 stu 2021", 11),
        ("12 svi 2021", 5),
    ] {
        let line = format!("-rw-r--r-- 1 u g 9216 {date} x");
        let at = format!("2021-{expected:02}-12");
        check(
            &options(NOON),
            line.as_bytes(),
            &[file("x").size(9216).at(&at)],
        );
    }
}

#[test]
fn odd_lines_of_vms_ibm_windows_and_solaris() {
    check_lines(
        &options(NOON),
        &[
            (
                b"^[special^].TXT;1   5/6  1-MAR-2024 12:34  [G,O]  (RWED,RE,,)",
                file("^[special^].TXT").owner("O"),
            ),
            (
                b"[DIR]^[special^].TXT;1   5/6  1-MAR-2024 12:34",
                file("^[special^].TXT"),
            ),
            (
                b"MY^ FILE^ OF^ MINE.TXT;1  5/6  1-MAR-2024 12:34",
                file("MY^ FILE^ OF^ MINE.TXT").size(2560),
            ),
            (
                b"TWO^ ^ BLANKS.TXT;1  5/6  1-MAR-2024 12:34",
                file("TWO^ ^ BLANKS.TXT").size(2560),
            ),
            (
                b"A^ NAME^ THAT^ FILLS^ ITS^ COLUMN.TXT;3\r\n      5/6  1-MAR-2024 12:34  [G,O]",
                file("A^ NAME^ THAT^ FILLS^ ITS^ COLUMN.TXT").size(2560),
            ),
            (b"A^^ 5/6  1-MAR-2024 12:34", unparsed()),
            (b"A^;1.TXT;1  5/6  1-MAR-2024 12:34", file("A^;1.TXT")),
            (b"A^.DIR;1  5/6  1-MAR-2024 12:34", file("A^.DIR")),
            (
                b"*PUBLIC 61440 2023-02-11 07.45.30 *STMF a.txt",
                file("a.txt").at("2023-02-11T07:45:30").owner("*PUBLIC"),
            ),
            (
                b"QSYS 61440 11.02.23 07.45.30 *STMF b",
                file("b").at("2023-02-11T07:45:30"),
            ),
            (
                b"QSYS 61440 02,13,23 07,45,30 *STMF c",
                file("c").at("2023-02-13T07:45:30"),
            ),
            (
                b"QSYS 61440 11.02.23 07.45 *STMF d",
                file("d").at("2023-02-11T07:45"),
            ),
            (
                b"02-03-24  08:15AM       <SYMLINK>      a [b] [C:\\x]",
                symlink("a [b]").target("C:\\x"),
            ),
            (
                b"02-03-24  08:15AM       <SYMLINK>      a [C:\\x [old] y]",
                symlink("a").target("C:\\x [old] y"),
            ),
            (
                b"02-03-24  08:15AM       <SYMLINK>      a] [C:\\x]",
                symlink("a]").target("C:\\x"),
            ),
            (
                b"02-03-24  08:15AM       <SYMLINK>      a [C:\\x]]",
                symlink("a").target("C:\\x]"),
            ),
            (b"Prw-r--r-- 1 u g 0 Mar 12  2021 port", other("port")),
            (
                b"Xrw-r--r-- 1 u g 0 Mar 12  2021 new",
                other("new").mode(0o644),
            ),
        ],
    );
}

#[test]
fn facts_with_blanks_and_without_form() {
    check_lines(&options(NOON).format(Format::Facts), &[
        (
            b"size=0;type=file;UNIX.group=20513;UNIX.groupname=domain users;UNIX.mode=0777;UNIX.ownername=batch; a; b.txt",
            file("a; b.txt").group("domain users").owner("batch").mode(0o777),
        ),
        (b"type=dir;UNIX.groupname=Domain Admins;UNIX.ownername=DOM\\jane doe; x", directory("x").owner("DOM\\jane doe")),
        (b"type=OS.unix=slink:/my dir;UNIX.mode=0777; dlink", symlink("dlink").target("/my dir").mode(0o777)),
        (b"type=file;size=1; a b; c", file("a b; c").size(1)),
        (b"type=file;size=1 a b", file("a b").size(1)),
        (b"type=file;size; x", file("x").no_size()),
        (b"type=file;=7; x", file("x").no_size()),
        (b"type=file;garbage;size=7; x", file("x").size(7)),
        (b"\ttype=file;size=7; x", file("x").size(7)),
        (b"type=symlink; x", symlink("x")),
        (b"type=; x", entry(Kind::Unknown, "x")),
        (b"size=7;type=;type=file; x", entry(Kind::Unknown, "x").size(7)),
        (b"550 a=b; x", unparsed()),
        (b"garbage; x", unparsed()),
    ]);
    for line in [
        &b"\ttype=file;size=7; /x"[..],
        b" \t type=file;size=7; /x",
        b"   type=file;size=7; /x",
    ] {
        let entry = Entry::from_mlst(line).unwrap();
        assert_eq!(
            (entry.name().to_str(), entry.size(), entry.kind()),
            (Some("/x"), Some(7), Kind::File)
        );
        assert_eq!(entry.fact("type"), Some(&b"file"[..]));
    }
    let entry = Entry::from_mlst(b" type=slink;UNIX.slink=; x").unwrap();
    assert_eq!(entry.target(), None);
    // A CR is not a blank.
    let line = b"\rUNIX.mode=0644;=; l";
    assert_eq!(Entry::from_mlst(line), None);
    // What MLSD cannot hold, and what it must not lose.
    assert_eq!(Entry::new(b"", b"type=file; x").to_mlsd(), None);
    let entry = Entry::from_mlsd(b"type=odd;UNIX.slink=/a b; x").unwrap();
    assert_eq!(Entry::from_mlsd(&entry.to_mlsd().unwrap()), Some(entry));
    let line = [&b"type=file;UNIX.slink="[..], &[b'x'; 20_000], b"; x\r\n"].concat();
    check(&Options::new().format(Format::Facts), &line, &[file("x")]);
}
