//! A directory of 100,000 entries is read in constant memory: once the reader has seen its first
//! lines, it allocates nothing at all.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod counting;

use counting::region;
use ftp_proto::listing::{Format, Line, Options, Reader};
use ftp_proto::timestamp::Timestamp;

const ENTRIES: usize = 100_000;

/// Families other than the two that matter show the same with fewer entries.
const FEWER: usize = 5_000;

/// Lines with a place for a number of six digits.
const FAMILIES: &[(Format, &[u8])] = &[
    (
        Format::Unix,
        b"-rw-r--r--    1 kepler   staff       48213 Jan 12 10:15 measurement-000000.dat.gz\r\n",
    ),
    (
        Format::Facts,
        b"modify=20261122123829;perm=adfr;size=5368709120;type=file;unique=1BU18EA8;\
          UNIX.mode=0644;UNIX.owner=1500;UNIX.ownername=kepler; measurement-000000.dat\r\n",
    ),
    (
        Format::Dos,
        b"02-29-2024  08:15AM           5000000000 measurement-000000.dat\r\n",
    ),
    (
        Format::Unix,
        b"lrwxrwxrwx    1 kepler   staff           9 12. Jan  2021 link-000000 -> ../target\r\n",
    ),
    (
        Format::Eplf,
        b"+i41.7101,m912345678,r,s20755,\tmeasurement-000000.dat\r\n",
    ),
    (
        Format::Vms,
        b"REPORT-000000.DAT;1  87/90  14-OCT-1998 19:26:41  [LIBRARY,SHELF2] (RWED,RWED,,)\r\n",
    ),
    (
        Format::Os400,
        b"QSYS            61440 03/27/01 10:44:12 *STMF      measurement-000000.dat\r\n",
    ),
    (Format::Names, b"archive/measurement-000000.dat\r\n"),
];

fn write_number(line: &mut [u8], at: usize, number: usize) {
    let mut rest = number;
    for digit in line[at..at + 6].iter_mut().rev() {
        *digit = b'0' + u8::try_from(rest % 10).unwrap();
        rest /= 10;
    }
}

fn main() {
    a_large_directory_streams_in_constant_memory();
}

fn a_large_directory_streams_in_constant_memory() {
    let now = Timestamp::from_unix_time(1_718_452_800).unwrap();
    for (index, (format, template)) in FAMILIES.iter().enumerate() {
        let expected = if index < 2 { ENTRIES } else { FEWER };
        let mut line = template.to_vec();
        let at = line.windows(6).position(|six| six == b"000000").unwrap();
        let mut reader = Reader::new(&Options::new().now(now).format(*format));
        let mut entries = 0;
        let mut count = |line: Line<'_>| entries += usize::from(matches!(line, Line::Entry(_)));
        let region = region();
        for number in 0..expected {
            write_number(&mut line, at, number);
            // Two pieces, so that every line is carried over, and cut in another place each time.
            let (head, tail) = line.split_at(number % line.len());
            reader.feed(head, &mut count);
            reader.feed(tail, &mut count);
        }
        let stats = region.change();
        reader.finish(|line| panic!("{line:?}"));
        assert_eq!(entries, expected, "{format:?}");
        // One buffer, which grows to the length of a line.
        assert!(stats.allocations <= 2, "{format:?}: {stats:?}");
        let kept = stats.bytes_allocated - stats.bytes_deallocated;
        assert!(kept <= 4 * line.len(), "{format:?}: {stats:?}");
    }
}
