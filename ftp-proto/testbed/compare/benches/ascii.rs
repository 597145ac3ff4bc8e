//! The ASCII codec both ways on lines of 58 bytes, beside copying the same bytes.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::ascii::{Decoder, Encoder};

/// Far more than caches hold, as a file is: within them, copying alone is ten times as fast.
const BLOCK_BYTES: usize = 256 * 1024 * 1024;
const LINE: &str = "A line of prose as it may stand in a file, 56 bytes long..";

fn text(line_end: &str) -> Vec<u8> {
    let line = format!("{LINE}{line_end}");
    line.bytes().cycle().take(BLOCK_BYTES).collect()
}

fn ascii(criterion: &mut Criterion) {
    let (wire, local) = (text("\r\n"), text("\n"));
    let mut output = vec![0; 2 * BLOCK_BYTES];
    let mut group = criterion.benchmark_group("ascii");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(wire.len() as u64));
    group.bench_function("copy", |bencher| {
        bencher.iter(|| {
            let input = black_box(wire.as_slice());
            output[..input.len()].copy_from_slice(input);
            black_box(&mut output);
        });
    });
    let mut output = Vec::with_capacity(2 * BLOCK_BYTES);
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            output.clear();
            let mut decoder = Decoder::new();
            let mut input = black_box(wire.as_slice());
            while let Some(run) = decoder.next_run(&mut input) {
                output.extend_from_slice(run);
            }
            black_box(&output);
        });
    });
    group.throughput(Throughput::Bytes(local.len() as u64));
    group.bench_function("encode", |bencher| {
        bencher.iter(|| {
            output.clear();
            Encoder::new().encode(black_box(&local), &mut output);
            black_box(&output);
        });
    });
    group.finish();
}

criterion_group!(benches, ascii);
criterion_main!(benches);
