use ftp_proto::listing::{Format, Line, Skip};

use super::expected::*;

#[test]
fn eplf() {
    check_lines(
        &options(NOON),
        &[
            // zeros in front change nothing; what is not octal is no mode
            (b"+r,s5,up0000000644,\tx", file("x").size(5).mode(0o644)),
            (b"+r,s5,up0680,\tx", file("x").size(5).no_mode()),
            (
                b"+i41.7093,m1094650000,/,\tarchive",
                directory("archive").at("2004-09-08T13:26:40Z"),
            ),
            (
                b"+i41.7101,m912345678,r,s20755,\tLISTSPEC",
                file("LISTSPEC").size(20755).at("1998-11-29T13:21:18Z"),
            ),
            (
                b"+r,s364,m1199145600,up755\tscript with spaces.sh",
                file("script with spaces.sh")
                    .size(364)
                    .at("2008-01-01T00:00:00Z")
                    .mode(0o755),
            ),
            // everything after the tab is the name
            (
                b"+/,m1718445600,up1777,\t incoming",
                directory(" incoming")
                    .at("2024-06-15T10:00:00Z")
                    .mode(0o1777),
            ),
            (b"+r,s0,\tno-mtime", file("no-mtime").size(0).no_time()),
            // unknown facts are ignored
            (
                b"+m1000000000,x9,zfuture,r,s77,\tunknown-facts.bin",
                file("unknown-facts.bin")
                    .size(77)
                    .at("2001-09-09T01:46:40Z"),
            ),
            // neither r nor /: neither retrievable nor enterable
            (
                b"+s5,m1000000000,\tneither",
                other("neither").at("2001-09-09T01:46:40Z"),
            ),
            (b"+r,s12 no-tab-here", unparsed()),
        ],
    );
}

#[test]
fn netware() {
    check_lines(
        &options(NOON),
        &[
            // Hellsoft: padded before the name
            (
                b"d [R----F--] sysadmin              512       Feb 23 07:41    logon",
                directory("logon").at("2024-02-23T07:41").owner("sysadmin"),
            ),
            (
                b"- [R----F--] marmot             377216       Aug 28 12:09    pump.exe",
                file("pump.exe")
                    .size(377_216)
                    .at("2023-08-28T12:09")
                    .owner("marmot"),
            ),
            (
                b"d[RWCEMFA] sysadmin              512       Jun 21  1998    old-hellsoft",
                directory("old-hellsoft").at("1998-06-21"),
            ),
            (
                b"- [RWCEAFMS] bwinters                     27136 Apr 25 17:44 Board Minutes.doc",
                file("Board Minutes.doc")
                    .size(27136)
                    .at("2024-04-25T17:44")
                    .owner("bwinters"),
            ),
            (
                b"d [RWCEAFMS] bwinters                       512 Aug 30  2007 Favourites",
                directory("Favourites").at("2007-08-30"),
            ),
            (
                b"d [----AF--]          0                        512 May 11 08:26 _PRINTQ",
                directory("_PRINTQ").at("2024-05-11T08:26").owner("0"),
            ),
            (
                b"- [--------] PubGuest               305 Jan 19 22:48 TRAILER.html",
                file("TRAILER.html").size(305).at("2024-01-19T22:48"),
            ),
        ],
    );
}

#[test]
fn vshell() {
    check_lines(
        &options(NOON),
        &[
            (
                b"318445  Sep 21, 2003 14:33 vshell old.txt",
                file("vshell old.txt").size(318_445).at("2003-09-21T14:33"),
            ),
            (
                b"0  Jan 15, 2004 05:41 vshell dir/",
                directory("vshell dir").at("2004-01-15T05:41"),
            ),
            // no name is empty
            (b"0  Jan 15, 2004 05:41 /", file("/")),
        ],
    );
}

#[test]
fn nortel() {
    check_lines(
        &options(NOON),
        &[(
            b"ti-boot.exe       2230784  09/15/05  Thur.   15:47:52",
            file("ti-boot.exe")
                .size(2_230_784)
                .at("2005-09-15T15:47:52"),
        )],
    );
}

#[test]
fn vxworks() {
    check_lines(
        &options(NOON),
        &[
            (
                b"4096    Jul-19-2001  13:52:08   CONFIG <DIR>",
                directory("CONFIG").at("2001-07-19T13:52:08"),
            ),
            (
                b"733     Jul-19-2001  13:52:10   boot.ini",
                file("boot.ini").size(733).at("2001-07-19T13:52:10"),
            ),
            // no name is empty
            (b"733     Jul-19-2001  13:52:10   <DIR>", file("<DIR>")),
        ],
    );
}

#[test]
fn os9() {
    check_lines(
        &options(NOON),
        &[(
            b"12.4 06/11/08 1543 d-ewrewr 3A10 40960 CMDS",
            directory("CMDS").at("2006-11-08T15:43"),
        )],
    );
}

#[test]
fn nonstop_listings() {
    check(&options(NOON), b"File         Code             EOF  Last Modification    Owner  RWEP\r\nTRNLOG        134            2048  17-Sep-09 08:26:44 120, 14 \"nunu\"", &[skipped(Skip::Heading), file("TRNLOG").size(2048).at("2009-09-17T08:26:44")]);
}

#[test]
fn netware_owners_and_rights() {
    check_lines(
        &options(NOON),
        &[
            // no owner
            (
                b"- [RWCEAFMS]              27136 Apr 25 17:44 Board Minutes.doc",
                file("Board Minutes.doc").size(27136).no_owner(),
            ),
            // an owner with blanks, one of digits
            (
                b"d [R----F--] Ann Lee                     512 Apr 25  2017 plans",
                directory("plans").size(512).owner("Ann Lee"),
            ),
            (
                b"d [R----F--] 4711                     512 Apr 25  2017 plans",
                directory("plans").size(512).owner("4711"),
            ),
            // nine rights; those of NetWare 2
            (
                b"d [-RWCEAFMS] lee                     512 Apr 25  2017 nine",
                directory("nine").size(512).owner("lee"),
            ),
            (
                b"- [RWOCDPSM] lee                     512 Apr 25  2017 old",
                file("old").size(512).owner("lee"),
            ),
            // too large a size is unknown
            (
                b"- [RWCEAFMS] lee 36893488147419103232 Apr 25  2017 huge",
                file("huge").no_size().owner("lee"),
            ),
        ],
    );
}

#[test]
fn a_name_too_long_for_its_column_of_dls_has_its_size_in_the_next_line() {
    let rows = b"README              763  Information\r\npub/                  =  Public area\r\n";
    let long = b"A-NAME-TOO-LONG-FOR-ITS-COLUMN\r\n                  79215";
    let expected = [
        file("README").size(763),
        directory("pub"),
        file("A-NAME-TOO-LONG-FOR-ITS-COLUMN").size(79215),
    ];
    check(&options(NOON), &[&rows[..], long].concat(), &expected);
    // A short name would have had its size beside it.
    let short = b"SHORT\r\n                  79215";
    let read = read(&options(NOON), &[&rows[..], short].concat());
    assert!(read.iter().all(|line| match line {
        Line::Entry(entry) => entry.size() != Some(79215),
        _ => true,
    }));
}

#[test]
fn a_line_of_nonstop_has_a_group_and_a_user_that_are_numbers() {
    let heading = &b"File         Code             EOF  Last Modification    Owner  RWEP\r\n"[..];
    for owner in ["ab, 14 \"nunu\"", "120, ab \"nunu\"", "120, 14 nunu"] {
        let line = format!("TRNLOG        134            2048  17-Sep-09 08:26:44 {owner}");
        check(
            &options(NOON),
            &[heading, line.as_bytes()].concat(),
            &[skipped(Skip::Heading), unparsed()],
        );
    }
}

#[test]
fn an_identifier_of_eplf_tells_a_file_from_another() {
    let lines = read(&options(NOON), b"+i41.7101,r,s5,\ta\r\n+r,s5,\tb\r\n");
    let unique: Vec<_> = lines
        .iter()
        .map(|line| match line {
            Line::Entry(entry) => entry.unique(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(unique, [Some(&b"41.7101"[..]), None]);
}

#[test]
fn columns_of_os9_that_are_none() {
    check_lines(
        &options(NOON),
        &[
            (
                b"12.4 06/11/08 1543 ----r-wr 3A10 40960 a b",
                file("a b").size(40960).owner("12.4"),
            ),
            (b"12.x 06/11/08 1543 d-ewrewr 3A10 40960 CMDS", unparsed()),
            (b"x.4 06/11/08 1543 d-ewrewr 3A10 40960 CMDS", unparsed()),
            (b"12.4 06/11/08 1543 d-ewrewx 3A10 40960 CMDS", unparsed()),
            (b"12.4 06/11/08 1543 d-ewrewrr 3A10 40960 CMDS", unparsed()),
            (b"12.4 06/11/08 1543 d-ewrewr 3A1G 40960 CMDS", unparsed()),
        ],
    );
}

#[test]
fn rights_of_netware_that_are_none() {
    check_lines(
        &options(NOON),
        &[
            (
                b"d [RWCEAF] lee                     512 Apr 25  2017 six",
                unparsed(),
            ),
            (
                b"d [RWCEAFMSXY] lee                     512 Apr 25  2017 ten",
                unparsed(),
            ),
            (
                b"d [rwceafms] lee                     512 Apr 25  2017 small",
                unparsed(),
            ),
        ],
    );
}

#[test]
fn one_line_of_dls_is_certain_by_its_column_or_by_two_marks() {
    check_lines(
        &options(NOON),
        &[
            (
                b"README              763  Information",
                file("README").size(763),
            ),
            (b"README              763", file("README").size(763)),
            (b"pub/  =  Public area", directory("pub").no_size()),
            (
                b"morgan  14  -> ../real/morgan",
                symlink("morgan").target("../real/morgan"),
            ),
            (b"README  763  Information", unparsed()),
            (b"pub/  14  Public area", unparsed()),
            (b"pub  =  Public area", unparsed()),
            (b"HTTP 404  -> error", unparsed()),
            // one blank behind the size
            (b"README              763 Information", unparsed()),
        ],
    );
    let forced = options(NOON).format(Format::Dls);
    check(
        &forced,
        b"README  763  Information",
        &[file("README").size(763)],
    );
}

#[test]
fn two_lines_that_are_not_aligned_are_none_of_dls() {
    for listing in [
        // the sizes end elsewhere
        "Users      763  logged in\r\nRooms    12  free",
        // one blank before the size
        "HTTP 404  Not found\r\nHTTP 500  Failed",
        "Users      763  logged in\r\nCorridors2 764  free",
        // indented
        "  Users      763  logged in\r\n  Rooms      764  free",
        // no sizes
        "alpha      one  first\r\nomega      two  second",
        // nothing behind the size
        "Users      763\r\nRooms      764",
    ] {
        check(
            &options(NOON),
            listing.as_bytes(),
            &[unparsed(), unparsed()],
        );
    }
    // Below entries of another format, they are no rows either.
    check(
        &options(NOON),
        b"-rw-r--r-- 1 u g 5 Mar 12  2021 a\r\na.txt      763  One\r\nb.txt       12  Two",
        &[file("a").size(5), unparsed(), unparsed()],
    );
}

#[test]
fn marks_and_names_of_dls() {
    let listing = b"README              763  Information\r\n\
        empty                 -  Nothing yet\r\n\
        pub/                  =  -> elsewhere\r\n\
        odd                 xyz  Not a size\r\n";
    let expected = [
        file("README").size(763),
        file("empty").no_size(),
        directory("pub").no_target(),
        unparsed(),
    ];
    check(&options(NOON), listing, &expected);
    let lines = read(&options(NOON), b"/                     =  Root\r\n");
    assert!(matches!(&lines[..], [Line::Entry(entry)] if entry.name() == "/"));
}

#[test]
fn a_lone_name_of_dls_may_be_long_and_have_blanks_behind_it() {
    let name = "N".repeat(100);
    for name in [name.as_str(), "A-NAME-TOO-LONG-FOR-ITS-COLUMN"] {
        for blanks in ["", "  "] {
            let listing = format!(
                "README              763  Information\r\n{name}{blanks}\r\n                  79215\r\n"
            );
            let expected = [file("README").size(763), file(name).size(79215)];
            check(&options(NOON), listing.as_bytes(), &expected);
        }
    }
}
