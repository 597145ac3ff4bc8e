//! What holds of every listing, however broken: no panic, no dependence on chunks, and MLSx entries
//! that survive being printed and read again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use ftp_proto::listing::{Entry, Format, Kind, Line, Options, Reader, SafeFor, parse_line};
use ftp_proto::timestamp::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

const FORMATS: &[Option<Format>] = &[
    None,
    Some(Format::Facts),
    Some(Format::Names),
    Some(Format::Unix),
    Some(Format::Dos),
    Some(Format::Eplf),
    Some(Format::Vms),
    Some(Format::Mvs),
    Some(Format::Os400),
    Some(Format::Vm),
    Some(Format::NetWare),
    Some(Format::NonStop),
    Some(Format::Os2),
    Some(Format::VxWorks),
    Some(Format::VShell),
    Some(Format::Nortel),
    Some(Format::Os9),
    Some(Format::Win16),
    Some(Format::Dls),
];

/// Lines of all families, headings and wrapped records among them.
const LINES: &[&str] = &[
    "total 48",
    "",
    "-rw-r--r--   1 kepler   staff       48213 Mar 12  2021 orrery.dat",
    "drwxrwsr-t+  4 1001     1002         4096 Jan 11 03:26 drop box",
    "lrwxrwxrwx   1 root     root           11 May  4 18:00 current -> release-2.9",
    "crw-rw-rw-   1 root     sys        13,  2 Jan 30  2011 null",
    "-rw-r--r-- 1 tycho obs 310 2021-03-05 12:30:45.123456789 +0100 full-iso.log",
    "-rw-r--r--   1 weber    users      7316 12. Mär  2019 de-maerz.txt",
    "drwxr-xr-x   7 kim      lab        1024 2007년 11월 23일 ko-full",
    "-rw-r--r--   1 tycho    obs           310 Feb 29 24:00 leap.log",
    "0100640   700  220   67410    1034567890      numeric file",
    "-------r--         518   902144   902662 Oct 14  1996 Telescope.sit",
    "-????????? ? ?    ?         ?            ? vault",
    "02-29-2024  08:15AM       <DIR>          Leap Day Pictures",
    "08-10-23  02:02PM       <SYMLINKD>     latest [E:\\drops\\v41]",
    "2014-11-23  08:15               18,204 longyear file",
    " Volume in drive C is SYSTEM",
    "+i41.7101,m912345678,r,s20755,up644,\tLISTSPEC",
    "Directory SYS$PUBLIC:[CHARTS]",
    "MANUAL.TEX;1  87/90  14-OCT-1998 19:26:41  [LIBRARY,SHELF2] (RWED,RWED,,)",
    "A-VERY-LONG-HARBOUR-SURVEY-NAME.AND-A-LONG-FILE-TYPE;3",
    "                    640/645  11-FEB-1997 22:04  [ANON,ANON] (RWED,RWED,,)",
    "                    %RMS-E-PRV, insufficient privilege",
    "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
    "DSK301 3390   2021/08/30  1  450  FB     133 13300  PS  PAYROLL.INPUT",
    "Migrated                                                HLQ.OLD.STUFF",
    " Name     VV.MM   Created       Changed      Size  Init   Mod   Id",
    "LEDGER7   02.14 2009/05/18 2011/01/27 16:08   230   198    41 ORT552",
    "BAREMEM",
    " Name      Size     TTR   Alias-of AC --------- Attributes --------- Amode Rmode",
    "LMOD01   01A2C0   00021B          00 RN                             31    ANY",
    "JOBNAME  JOBID    OWNER    STATUS CLASS",
    "NIGHTLY1 JOB07342 OPSUSR   OUTPUT B        RC=0004 5 spool files",
    "QSYS            61440 03/27/01 10:44:12 *DIR       reports/",
    "QSYS            61440 27/03/00 10:44:12 *STMF      daily.txt",
    "QPGMR                                   *MEM       ORDERS.FILE/JUNE.MBR",
    "DAILY    REPORT   V         72        310          5 2008-02-19 07:13:26 0A0191",
    "- [RWCEAFMS] bwinters                     27136 Apr 25 17:44 Board Minutes.doc",
    "TRNLOG        134            2048  17-Sep-09 08:26:44 120, 14 \"nunu\"",
    "             52907      A    08-17-104  21:14  y2kbug.dat",
    "318445  Sep 21, 2003 14:33 vshell old.txt",
    "4096    Jul-19-2001  13:52:08   CONFIG <DIR>",
    "ti-boot.exe       2230784  09/15/05  Thur.   15:47:52",
    "12.4 06/11/08 1543 d-ewrewr 3A10 40960 CMDS",
    "SETUP           <DIR>      Dec 08 1995 13:52",
    "README              763  Information about this server",
    "A-NAME-TOO-LONG-FOR-ITS-COLUMN",
    "                  79215",
    "type=file;size=48213;modify=20210312141516.5;UNIX.mode=0644; orrery.dat",
    "type=OS.unix=slink:/srv/real;perm=el;unique=5g2;UNIX.ownername=u; link",
    "modify=191210704093000;perm=adfr;type=OS.unix=chr-13/29; tape0",
];

/// A change of a line: a byte overwritten, a piece doubled, a piece cut out.
#[derive(Debug, Clone)]
enum Damage {
    Overwrite(Index, u8),
    Double(Index, Index),
    Cut(Index, Index),
}

impl Damage {
    fn apply(&self, line: &mut Vec<u8>) {
        if line.is_empty() {
            return;
        }
        let piece = |a: &Index, b: &Index| {
            let (a, b) = (a.index(line.len()), b.index(line.len()));
            a.min(b)..a.max(b)
        };
        match self {
            Self::Overwrite(at, byte) => {
                let at = at.index(line.len());
                line[at] = *byte;
            }
            Self::Double(a, b) => {
                let piece = piece(a, b);
                let copy = line[piece.clone()].to_vec();
                line.splice(piece.start..piece.start, copy);
            }
            Self::Cut(a, b) => {
                let piece = piece(a, b);
                line.drain(piece);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![any::<u8>(), select(b" 0919:;-/.=,[]<>\t\r\n".to_vec())];
    prop_oneof![
        (any::<Index>(), byte).prop_map(|(at, byte)| Damage::Overwrite(at, byte)),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Damage::Double(a, b)),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Damage::Cut(a, b)),
    ]
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let damaged = (select(LINES), vec(damage(), 0..4)).prop_map(|(line, damage)| {
        let mut line = line.as_bytes().to_vec();
        damage.iter().for_each(|damage| damage.apply(&mut line));
        line
    });
    prop_oneof![9 => damaged, 1 => vec(any::<u8>(), 0..200)]
}

fn listing() -> impl Strategy<Value = Vec<u8>> {
    let end = select(vec![&b"\n"[..], b"\r\n", b"\r\r\n", b""]);
    vec((line(), end), 0..12).prop_map(|lines| {
        lines
            .into_iter()
            .flat_map(|(line, end)| [line, end.to_vec()].concat())
            .collect()
    })
}

fn options() -> impl Strategy<Value = Options> {
    let now = 1_718_452_800_i64;
    (
        select(FORMATS),
        any::<bool>(),
        any::<bool>(),
        prop_oneof![Just(16_384_usize), 1_usize..80],
    )
        .prop_map(move |(format, is_mvs, has_now, line_max)| {
            let mut options = Options::new().line_max(line_max);
            if let Some(format) = format {
                options = options.format(format);
            }
            if is_mvs {
                options = options.format(Format::Mvs);
            }
            if has_now {
                options = options.now(Timestamp::from_unix_time(now).unwrap());
            }
            options
        })
}

/// Reads a listing that arrives in pieces.
fn read(options: &Options, pieces: &[&[u8]]) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut reader = Reader::new(options);
    for piece in pieces {
        reader.feed(piece, |line| lines.push(line.into_owned()));
    }
    reader.finish(|line| lines.push(line.into_owned()));
    lines
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..30).prop_map(|mut name| {
        name.retain(|&byte| byte != b'\n');
        while name.last().is_none_or(|&byte| byte == b'\r') {
            name.push(b'x');
        }
        name
    })
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..12).prop_map(|mut value| {
        value.retain(|byte| !b"; \r\n".contains(byte));
        value.push(b'v');
        value
    })
}

fn time() -> impl Strategy<Value = Timestamp> {
    (
        0_i64..253_402_300_799,
        proptest::option::of(0_u32..1_000_000_000),
    )
        .prop_map(|(seconds, nanos)| {
            let time = Timestamp::from_unix_time(seconds).unwrap();
            nanos.map_or(time, |nanos| time.with_nanos(nanos).unwrap())
        })
}

prop_compose! {
    fn entry()(
        name in name(),
        kind in select(vec![
            Kind::File,
            Kind::Directory,
            Kind::Symlink,
            Kind::Other,
            Kind::CurrentDirectory,
            Kind::ParentDirectory,
            Kind::Unknown,
        ]),
        size in any::<Option<u64>>(),
        modified in proptest::option::of(time()),
        mode in proptest::option::of(0_u16..0o10000),
        texts in vec(proptest::option::of(value()), 4),
    ) -> Entry<'static> {
        let mut entry = Entry::new(b"", &name)
            .with_kind(kind)
            .with_size(size)
            .with_modified(modified)
            .with_mode(mode);
        if let Some(owner) = &texts[0] {
            entry = entry.with_owner(owner);
        }
        if let Some(group) = &texts[1] {
            entry = entry.with_group(group);
        }
        if let Some(unique) = &texts[2] {
            entry = entry.with_unique(unique);
        }
        if let (Some(target), Kind::Symlink) = (&texts[3], kind) {
            entry = entry.with_target(target);
        }
        entry
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn every_line_comes_out_whatever_it_is(line in line(), format in select(FORMATS)) {
        let Some(format) = format else { return Ok(()) };
        let now = Timestamp::from_unix_time(1_718_452_800).unwrap();
        match parse_line(format, &line, Some(now)) {
            Line::Entry(entry) => {
                prop_assert_eq!(entry.raw(), &line[..]);
                prop_assert_eq!(&entry.clone().into_owned(), &entry);
                let printed = entry.name().to_string();
                prop_assert!(!printed.chars().any(char::is_control), "{}", printed);
                if let Some(safe) = entry.name().safe(SafeFor::ThisSystem) {
                    let unsafe_bytes = |byte: &u8| b"/\\\0\n".contains(byte);
                    prop_assert!(!safe.as_bytes().iter().any(unsafe_bytes));
                }
            }
            Line::Skipped { bytes, .. } | Line::Unparsed { bytes, .. } => {
                prop_assert_eq!(&bytes[..], &line[..]);
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn entries_do_not_depend_on_chunks(
        listing in listing(),
        options in options(),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let whole = read(&options, &[&listing]);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(listing.len() + 1)).collect();
        cuts.extend([0, listing.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| &listing[cut[0]..cut[1]]).collect();
        prop_assert_eq!(&read(&options, &pieces), &whole);
        let bytes: Vec<_> = listing.chunks(1).collect();
        prop_assert_eq!(&read(&options, &bytes), &whole);
    }

    #[test]
    fn a_printed_entry_reads_the_same(entry in entry()) {
        let line = entry.to_mlsd().expect("a form for it");
        prop_assert_eq!(Entry::from_mlsd(&line).expect("understood"), entry);
    }

    #[test]
    fn a_line_of_facts_survives_printing(line in line()) {
        let Some(entry) = Entry::from_mlsd(&line) else { return Ok(()) };
        let Some(printed) = entry.to_mlsd() else { return Ok(()) };
        let again = Entry::from_mlsd(&printed).expect("understood");
        prop_assert_eq!(&again, &entry);
        prop_assert_eq!(again.to_mlsd(), Some(printed));
    }
}
