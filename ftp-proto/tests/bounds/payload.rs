//! Listings without end.

use ftp_proto::listing::{Format, LINE_MAX, Line, Options, Reader};

use crate::{Input, Meter, Play};

const PIECE: usize = 4096;

pub(crate) fn inputs() -> Vec<Input> {
    vec![
        Input {
            name: "entries of a listing",
            formula: "4 × listing line",
            bound: 4 * LINE_MAX,
            play: Play::Alone(entries),
        },
        Input {
            name: "a line of a listing that does not end",
            formula: "3 × listing line",
            bound: 3 * LINE_MAX,
            play: Play::Alone(|meter| read(meter, None, &[b'x'; PIECE], 1000)),
        },
        Input {
            name: "long names in a listing, in any format",
            formula: "5 × listing line",
            bound: 5 * LINE_MAX,
            play: Play::Alone(long_names),
        },
    ]
}

fn read(meter: &mut Meter, format: Option<Format>, text: &[u8], times: usize) {
    let options = format.map_or(Options::new(), |format| Options::new().format(format));
    let mut reader = meter.call(|| Reader::new(&options));
    let mut lines = 0_usize;
    for _ in 0..times {
        for piece in text.chunks(PIECE) {
            meter.call(|| reader.feed(piece, |_: Line<'_>| lines += 1));
        }
    }
    meter.call(|| reader.finish(|_| lines += 1));
    assert!(lines > 0);
}

/// Lines of which each is half as long as is allowed.
fn entries(meter: &mut Meter) {
    let name = "n".repeat(LINE_MAX / 2);
    let line = format!("-rw-r--r--   1 kepler staff 48213 Jan 12  2021 {name}\r\n");
    read(meter, None, line.as_bytes(), 200);
}

/// Names as long as a line may be, where a line alone may be an entry, a heading, or the half of a
/// record.
fn long_names(meter: &mut Meter) {
    let long = |before: &str, behind: &str| {
        let name = "N".repeat(LINE_MAX - before.len() - behind.len() - 1);
        format!("{before}{name}{behind}\r\n")
    };
    let record = "   1/3  14-OCT-1998 19:26:41  [LIBRARY,SHELF2] (RWED,RWED,,)\r\n";
    let texts = [
        (None, long("/", ":")),
        (None, format!("{}{record}", long("", ".DAT;1"))),
        (None, long("", "/") + &long("", "/")),
        (Some(Format::Facts), long("type=file; ", "")),
        (Some(Format::Names), long("", "")),
        (
            Some(Format::Vm),
            long("", " DATA F 80 1 1 2001-01-01 10:10:10 -"),
        ),
    ];
    for (format, text) in texts {
        let before = meter.held;
        read(meter, format, text.as_bytes(), 20);
        assert_eq!(meter.held, before, "{format:?}");
    }
}
