//! The ASCII codec both ways, beside copying the same bytes: with lines of 58, 10 and 4,000 bytes, in
//! blocks that the first cache holds, in the blocks of a transfer, and in more than all caches hold,
//! as a file is.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::ascii::{Decoder, Encoder};

const BLOCKS: [(&str, usize); 3] = [
    ("8 KiB", 8 * 1024),
    ("64 KiB", 64 * 1024),
    ("256 MiB", 256 * 1024 * 1024),
];
const LINES: [usize; 3] = [58, 10, 4000];
const PROSE: &str = "A line of prose as it may stand in a file, 56 bytes long..";

/// Lines of so many bytes, line end included.
fn text(line_bytes: usize, line_end: &str, bytes: usize) -> Vec<u8> {
    let prose = PROSE.bytes().cycle().take(line_bytes - line_end.len());
    let line: Vec<u8> = prose.chain(line_end.bytes()).collect();
    line.into_iter().cycle().take(bytes).collect()
}

fn ascii(criterion: &mut Criterion) {
    for (name, bytes) in BLOCKS {
        let mut output = Vec::with_capacity(2 * bytes);
        for line_bytes in LINES {
            let (wire, local) = (
                text(line_bytes, "\r\n", bytes),
                text(line_bytes, "\n", bytes),
            );
            let mut group = criterion.benchmark_group(format!("ascii, {name}"));
            group.sample_size(10);
            group.warm_up_time(Duration::from_millis(500));
            group.measurement_time(Duration::from_secs(2));
            group.throughput(Throughput::Bytes(bytes as u64));
            let mut measure = |codec: &str, input: &[u8], run: fn(&[u8], &mut Vec<u8>)| {
                let id = BenchmarkId::new(codec, format!("lines of {line_bytes}"));
                group.bench_function(id, |bencher| {
                    bencher.iter(|| {
                        output.clear();
                        run(black_box(input), &mut output);
                        black_box(&output);
                    });
                });
            };
            measure("copy", &wire, |input, output| {
                output.extend_from_slice(input)
            });
            measure("decode", &wire, |wire, text| {
                Decoder::new().decode(wire, text)
            });
            measure("encode", &local, |text, wire| {
                Encoder::new().encode(text, wire)
            });
            group.finish();
        }
    }
}

criterion_group!(benches, ascii);
criterion_main!(benches);
