use ftp_proto::listing::Skip;

use super::expected::*;

#[test]
fn noise() {
    check_lines(
        &options(NOON),
        &[
            (b"total 48", skipped(Skip::Total)),
            (b"total 0", skipped(Skip::Total)),
            (b"Total 17", skipped(Skip::Total)),
            (b"total 12K", skipped(Skip::Total)),
            (b"insgesamt 128", skipped(Skip::Total)),
            ("итого 36".as_bytes(), skipped(Skip::Total)),
            ("总用量 40".as_bytes(), skipped(Skip::Total)),
            ("合計 24".as_bytes(), skipped(Skip::Total)),
            // server overflow
            (b"total -4", skipped(Skip::Total)),
            (b"", skipped(Skip::Blank)),
            (b"   ", skipped(Skip::Blank)),
            // '.' is not an entry
            (
                b"drwxr-xr-x   4 kepler   staff        4096 Jan 11 03:26 .",
                skipped(Skip::SelfOrParent),
            ),
            (
                b"drwxr-xr-x   9 kepler   staff        4096 Jan 11 03:26 ..",
                skipped(Skip::SelfOrParent),
            ),
            // nothing follows that the heading of `ls -R` could stand above
            (b"./lectures:", unparsed()),
            (
                b"ls: cannot open directory '.': Permission denied",
                unparsed(),
            ),
            (b"/bin/ls: vault: Permission denied", unparsed()),
            (b"ftpd: vault: Permission denied", unparsed()),
            (b"garbage", unparsed()),
            (b"-rw-r--r-- web web", unparsed()),
            // unknown month name
            (
                b"-rw-r--r-- 1 web web 640 Qux 14 2011 NOTES",
                file("NOTES").size(640).no_time(),
            ),
            // blank name
            (b"drwxr-xr-x 2 0 0 4096 Sep 14  2011  ", unparsed()),
            // no name column
            (b"-rw-r--r-- 3 web web 4096 Sep 14 08:15", unparsed()),
            (
                b"<html><head><title>Blocked by proxy</title></head>",
                unparsed(),
            ),
        ],
    );
}

#[test]
fn noise_listings() {
    // one bad line must not cost the good ones
    check(&options(NOON), b"total 8\r\ndrwxr-xr-x   4 kepler   staff        4096 Jan 11 03:26 .\r\ndrwxr-xr-x   9 kepler   staff        4096 Jan 11 03:26 ..\r\n-rw-r--r--   1 kepler   staff          12 Mar 12  2021 a.txt\r\n\r\nls: vault: Permission denied\r\ndrwxr-xr-x   2 kepler   staff        4096 Mar 13  2021 b", &[skipped(Skip::Total), skipped(Skip::SelfOrParent), skipped(Skip::SelfOrParent), file("a.txt").size(12).at("2021-03-12"), skipped(Skip::Blank), unparsed(), directory("b").at("2021-03-13")]);
    // a stray CR is never part of a name
    check(&options(NOON), b"-rw-r--r--   1 kepler   staff          12 Mar 12  2021 crlf.txt\r\r\ndrwxr-xr-x   2 kepler   staff        4096 Mar 13  2021 d\r", &[file("crlf.txt").size(12).at("2021-03-12"), directory("d").at("2021-03-13")]);
}

#[test]
fn totals_and_what_is_none() {
    check_lines(
        &options(NOON),
        &[
            // the shortest
            ("סך 5".as_bytes(), skipped(Skip::Total)),
            (b"total 5kB", skipped(Skip::Total)),
            (b"total kB", unparsed()),
            (b"total 5xyz", unparsed()),
            (b"total 5 files", unparsed()),
            (b"total disaster", unparsed()),
            (b"i 8", unparsed()),
            (b"x alt 8", unparsed()),
            (b"Directory gone]", unparsed()),
            (b"Directory [gone", unparsed()),
        ],
    );
}

#[test]
fn a_heading_with_blanks_begins_like_a_path() {
    let entry = "-rw-r--r-- 1 u g 5 Mar 12  2021 a";
    for (heading, is_one) in [
        ("./my lectures:", true),
        ("../my lectures:", true),
        ("/srv/my lectures:", true),
        ("my lectures:", false),
    ] {
        let listing = [heading, "\r\n", entry, "\r\n"].concat();
        let first = if is_one {
            skipped(Skip::Heading)
        } else {
            unparsed()
        };
        check(&options(NOON), listing.as_bytes(), &[first, file("a")]);
    }
}

#[test]
fn a_ruler_stands_below_the_names_of_columns() {
    let columns = "  size          date       time       name\r\n";
    for (ruler, is_one) in [
        ("--------       ------     ------    --------", true),
        ("====", true),
        ("+------+------+", true),
        ("---", false),
        ("---- sorry ----", false),
    ] {
        let below = if is_one {
            skipped(Skip::Heading)
        } else {
            unparsed()
        };
        let listing = [columns, ruler, "\r\n"].concat();
        let expected = [skipped(Skip::Heading), below];
        check(&options(NOON), listing.as_bytes(), &expected);
        check(&options(NOON), ruler.as_bytes(), &[unparsed()]);
    }
}
