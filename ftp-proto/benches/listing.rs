//! Nanoseconds per line and bytes per second of every family, beside the floor: splitting the same
//! bytes at newlines with memchr, and cutting off the CR.
//!
//! The ratio to the floor is what to look at; the aim for the two formats that matter, `ls -l` and
//! MLSD, is eight.
//!
//! Time is only as good as the machine is quiet. Instructions are the same everywhere: `--test`
//! runs each benchmark once, and callgrind counts what happens inside of [`floor`] and [`read`].
//! Divided by the number of lines:
//!
//! ```text
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='listing::floor' \
//!     target/release/deps/listing-* --bench --test '^unix/floor in lines$'
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='listing::read' \
//!     target/release/deps/listing-* --bench --test '^unix/entries in lines$'
//! ```

#![allow(missing_docs, clippy::expect_used, clippy::arithmetic_side_effects)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::listing::{Format, Line, Options, Reader};
use ftp_proto::timestamp::Timestamp;

const LINES: usize = 10_000;
const CHUNK: usize = 64 * 1024;

/// A line of each family; `#` is replaced by a number of six digits.
const FAMILIES: &[(&str, Format, &str)] = &[
    (
        "unix",
        Format::Unix,
        "-rw-r--r--    1 1000     1000        48213 Nov 22 12:38 measurement-#.dat.gz",
    ),
    (
        "unix year",
        Format::Unix,
        "-rw-r--r--    1 kepler   staff       48213 Mar 12  2021 measurement-#.dat.gz",
    ),
    (
        "unix swapped",
        Format::Unix,
        "-rw-r--r--    1 kepler   staff       48213 12. März  2021 measurement-#.dat",
    ),
    (
        "mlsd 10 facts",
        Format::Facts,
        "modify=20261122123829;perm=adfr;size=5368709120;type=file;unique=1BU18EA8;UNIX.group=1500;\
         UNIX.groupname=observatory;UNIX.mode=0644;UNIX.owner=1500;UNIX.ownername=kepler; measure-#.dat",
    ),
    (
        "mlsd 5 facts",
        Format::Facts,
        "modify=20261122123829;perm=radfwMT;size=5368709120;type=file;unique=1bg18ea8; measure-#.dat",
    ),
    (
        "dos",
        Format::Dos,
        "02-29-2024  08:15AM           5000000000 measurement-#.dat",
    ),
    (
        "eplf",
        Format::Eplf,
        "+i41.7101,m912345678,r,s20755,\tmeasurement-#.dat",
    ),
    (
        "vms",
        Format::Vms,
        "MEASUREMENT-#.DAT;1  87/90  14-OCT-1998 19:26:41  [LIBRARY,SHELF2] (RWED,RWED,,)",
    ),
    (
        "os400",
        Format::Os400,
        "QSYS            61440 03/27/01 10:44:12 *STMF      measurement-#.dat",
    ),
    (
        "netware",
        Format::NetWare,
        "- [RWCEAFMS] bwinters                     27136 Apr 25 17:44 Measurement #.dat",
    ),
    (
        "mvs members",
        Format::Mvs,
        "L#   02.14 2009/05/18 2011/01/27 16:08   230   198    41 ORT552",
    ),
    ("nlst", Format::Names, "archive/measurement-#.dat"),
];

fn listing(template: &str) -> Vec<u8> {
    let lines = (0..LINES).map(|number| template.replace('#', &format!("{number:06}")));
    lines.fold(Vec::new(), |mut listing, line| {
        listing.extend_from_slice(line.as_bytes());
        listing.extend_from_slice(b"\r\n");
        listing
    })
}

#[inline(never)]
fn floor(listing: &[u8]) -> usize {
    let mut start = 0;
    let mut bytes = 0;
    for end in memchr::memchr_iter(b'\n', listing) {
        let line = listing.get(start..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        bytes += black_box(line).len();
        start = end + 1;
    }
    bytes
}

#[inline(never)]
fn read(options: &Options, listing: &[u8]) -> usize {
    let mut entries = 0;
    let mut count = |line: Line<'_>| {
        if let Line::Entry(entry) = &line {
            entries += usize::from(entry.modified().is_some());
            black_box(entry);
        }
    };
    let mut reader = Reader::new(options);
    for chunk in listing.chunks(CHUNK) {
        reader.feed(chunk, &mut count);
    }
    reader.finish(&mut count);
    entries
}

fn families(criterion: &mut Criterion) {
    let now = Timestamp::from_unix_time(1_795_350_000).expect("a year of four digits");
    for (name, format, template) in FAMILIES {
        let listing = listing(template);
        let options = Options::new().now(now).format(*format);
        let dated = if *format == Format::Names { 0 } else { LINES };
        let mut group = criterion.benchmark_group(*name);
        for (unit, throughput) in [
            ("bytes", Throughput::Bytes(listing.len() as u64)),
            ("lines", Throughput::Elements(LINES as u64)),
        ] {
            group.throughput(throughput);
            group.bench_function(format!("floor in {unit}"), |bencher| {
                bencher.iter(|| floor(black_box(&listing)));
            });
            group.bench_function(format!("entries in {unit}"), |bencher| {
                bencher.iter(|| assert_eq!(read(&options, black_box(&listing)), dated));
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = families
}
criterion_main!(benches);
