use ftp_proto::listing::{Entry, Format, Kind, Skip};

use super::expected::*;

#[test]
fn mlsd() {
    check_lines(
        &options(NOON).format(Format::Facts),
        &[
            (
                b"type=file;size=48213;modify=20210312141516; orrery.dat",
                file("orrery.dat").size(48213).at("2021-03-12T14:15:16Z"),
            ),
            (
                b"Type=dir;Modify=20240111032600;Perm=flcdmpe;Unique=FE03g1A2; ephemeris",
                directory("ephemeris")
                    .at("2024-01-11T03:26:00Z")
                    .fact("perm", "flcdmpe")
                    .fact("unique", "FE03g1A2"),
            ),
            // fact names and type values are case-insensitive
            (
                b"TYPE=FILE;SIZE=5;MODIFY=20240111032600; UPPER",
                file("UPPER").size(5).at("2024-01-11T03:26:00Z"),
            ),
            (
                b"type=cdir;modify=20240111032600;perm=el; /srv",
                entry(Kind::CurrentDirectory, "/srv").at("2024-01-11T03:26:00Z"),
            ),
            (
                b"type=pdir;modify=20240111032600;perm=el; ..",
                entry(Kind::ParentDirectory, "..").at("2024-01-11T03:26:00Z"),
            ),
            (
                b"type=OS.unix=slink:/srv/real/target;size=11; shortcut",
                symlink("shortcut").no_time().target("/srv/real/target"),
            ),
            (
                b"type=OS.unix=slink:;size=11; shortcut2",
                symlink("shortcut2").no_time().no_target(),
            ),
            (
                b"type=OS.unix=symlink; shortcut3",
                symlink("shortcut3").no_time().no_target(),
            ),
            (
                b"type=OS.unix=slink; shortcut4",
                symlink("shortcut4").no_time().no_target(),
            ),
            (
                b"type=OS.unix=chr-13/29;perm=; tape0",
                other("tape0").no_time(),
            ),
            (b"type=OS.unix=blk-8/1; disk1", other("disk1").no_time()),
            // zeros in front change nothing; what is not octal is no mode
            (b"type=file;UNIX.mode=0000100644; a", file("a").mode(0o644)),
            (b"type=file;UNIX.mode=0680; a", file("a").no_mode()),
            (b"type=file;UNIX.mode=; a", file("a").no_mode()),
            (
                b"type=file;size=0;UNIX.mode=0644;UNIX.owner=1001;UNIX.group=50; zero",
                file("zero")
                    .size(0)
                    .no_time()
                    .mode(0o644)
                    .owner("1001")
                    .group("50"),
            ),
            // full st_mode: keep the low 12 bits
            (
                b"type=file;unix.mode=100755; st-mode",
                file("st-mode").no_size().no_time().mode(0o755),
            ),
            (
                b"type=file;modify=20210312141516.789; frac",
                file("frac").no_size().at("2021-03-12T14:15:16.789Z"),
            ),
            // exactly one blank separates
            (
                b"type=file;size=1;  two leading blanks",
                file(" two leading blanks").size(1).no_time(),
            ),
            (
                b"type=file;size=1; trailing blanks  ",
                file("trailing blanks  ").size(1).no_time(),
            ),
            // first blank ends the facts
            (
                b"type=file;size=1; semi;colon=name; x",
                file("semi;colon=name; x").size(1).no_time(),
            ),
            // no facts at all is legal
            (b" bare-name", entry(Kind::Unknown, "bare-name").no_time()),
            // pre-RFC draft: no ';' before the blank
            (
                b"type=file size-no-semicolon",
                file("size-no-semicolon").no_size().no_time(),
            ),
            // pure-ftpd's directory size
            (
                b"type=dir;sizd=4096;modify=20240111032600; pure",
                directory("pure").at("2024-01-11T03:26:00Z"),
            ),
            // unknown facts are kept or ignored
            (
                b"type=file;x.unknown=1;size=9;foo.bar=a=b; vendor",
                file("vendor")
                    .size(9)
                    .no_time()
                    .fact("x.unknown", "1")
                    .fact("foo.bar", "a=b"),
            ),
            (b"type=file;size=-1; neg", file("neg").no_size().no_time()),
            // bad values cost the fact, not the entry
            (
                b"type=file;size=abc;modify=2021; junk",
                file("junk").no_size().no_time(),
            ),
            // no name
            (b"type=file;size=1;", unparsed()),
            // empty name
            (b"type=file;size=1; ", unparsed()),
            (b"", skipped(Skip::Blank)),
            (
                b"type=file;size=18446744073709551615; max",
                file("max").size(18_446_744_073_709_551_615).no_time(),
            ),
            (
                "type=file;size=1;modify=20210312141516; Ünï 文.txt".as_bytes(),
                file("Ünï 文.txt").size(1).at("2021-03-12T14:15:16Z"),
            ),
        ],
    );
}

#[test]
fn mlst() {
    let lines: &[(&[u8], &str)] = &[
        (
            b" type=file;size=48213;modify=20210312141516; /srv/orrery.dat",
            "/srv/orrery.dat",
        ),
        // The blank before the facts is missing.
        (b"type=file;size=1; no-indent", "no-indent"),
        (b"  /no facts at all", "/no facts at all"),
        (b" Type=dir;Perm=el;  leading", " leading"),
    ];
    for (line, name) in lines {
        let entry = Entry::from_mlst(line).unwrap();
        assert_eq!(entry.name(), *name);
        assert_eq!(entry.raw(), *line);
    }
    for line in [
        &b""[..],
        b" ",
        b"  ",
        b" type=file;",
        b" type=file; ",
        b" End of list",
    ] {
        assert_eq!(Entry::from_mlst(line), None, "{}", line.escape_ascii());
    }
}

#[test]
fn a_name_that_a_line_cannot_hold_is_not_written() {
    for name in [&b""[..], b"a\nb", b"a\r"] {
        assert_eq!(
            Entry::new(b"", name).with_kind(Kind::File).to_mlsd(),
            None,
            "{}",
            name.escape_ascii()
        );
    }
    // A name alone is one, unless it would pass for facts.
    let line = Entry::new(b"", b"a").to_mlsd();
    assert_eq!(line.as_deref(), Some(&b" a"[..]));
    assert_eq!(Entry::new(b"", b"size=5; a").to_mlsd(), None);
    let line = Entry::new(b"", b"a\rb").with_kind(Kind::File).to_mlsd();
    assert_eq!(line.as_deref(), Some(&b"type=file; a\rb"[..]));
}

#[test]
fn a_mode_is_one_to_ten_octal_digits() {
    for (mode, expected) in [
        ("0644", Some(0o644)),
        ("0100644", Some(0o644)),
        ("7", Some(7)),
        ("0000000755", Some(0o755)),
        ("", None),
        ("00000000755", None),
        ("648", None),
        ("-644", None),
        ("rw-r--r--", None),
    ] {
        for line in [
            format!("type=file;UNIX.mode={mode};size=5; x"),
            format!("UNIX.mode={mode}; x"),
        ] {
            let entry = Entry::from_mlsd(line.as_bytes()).unwrap();
            assert_eq!(entry.mode(), expected, "{line}");
        }
    }
}

#[test]
fn the_first_of_two_equal_facts_counts() {
    for (first, second) in [
        ("type=file;", "type=dir;"),
        ("size=1;", "size=2;"),
        ("size=x;", "size=2;"),
        ("size=;", "size=2;"),
        ("modify=20210312141516;", "modify=20220312141516;"),
        ("modify=2021;", "modify=20220312141516;"),
        ("UNIX.mode=0644;", "UNIX.mode=0600;"),
        ("UNIX.mode=;", "UNIX.mode=0600;"),
        ("unique=a;", "unique=b;"),
        ("UNIX.owner=u;", "UNIX.owner=v;"),
        ("UNIX.group=g;", "UNIX.group=h;"),
    ] {
        let both = [first, second, " x"].concat();
        let alone = [first, " x"].concat();
        let both = Entry::from_mlsd(both.as_bytes()).unwrap();
        let alone = Entry::from_mlsd(alone.as_bytes()).unwrap();
        assert_eq!((both.kind(), both.size()), (alone.kind(), alone.size()));
        assert_eq!(both.modified(), alone.modified());
        assert_eq!(both.mode(), alone.mode());
        assert_eq!(both.unique(), alone.unique());
        assert_eq!(both.owner(), alone.owner());
        assert_eq!(both.group(), alone.group());
    }
}

#[test]
fn the_name_of_an_owner_goes_before_what_may_be_a_number() {
    let name = "UNIX.ownername=kim;UNIX.groupname=lab;";
    let either = "UNIX.owner=0;UNIX.group=1;";
    let number = "UNIX.uid=1001;UNIX.gid=1002;";
    for (facts, owner, group) in [
        ([name, either, number], "kim", "lab"),
        ([name, number, either], "kim", "lab"),
        ([either, name, number], "kim", "lab"),
        ([either, number, name], "kim", "lab"),
        ([number, name, either], "kim", "lab"),
        ([number, either, name], "kim", "lab"),
        ([number, either, ""], "0", "1"),
        ([either, number, ""], "0", "1"),
        ([number, "", ""], "1001", "1002"),
    ] {
        let line = format!("type=file;{} x", facts.concat());
        let entry = Entry::from_mlsd(line.as_bytes()).unwrap();
        let text = |field: Option<&[u8]>| field.map(|it| String::from_utf8_lossy(it).into_owned());
        assert_eq!(text(entry.owner()).as_deref(), Some(owner), "{line}");
        assert_eq!(text(entry.group()).as_deref(), Some(group), "{line}");
    }
}
