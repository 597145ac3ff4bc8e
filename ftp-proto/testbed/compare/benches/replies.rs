//! A short reply, beside the floor: finding its LF, reading its three digits, and the separator.
//!
//! Time is only as good as the machine is quiet. Instructions are the same everywhere: `--test` runs
//! each benchmark once, on a thousand replies.
//!
//! ```text
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='replies::floor' \
//!     target/release/deps/replies-* --bench --test floor
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='replies::parse' \
//!     target/release/deps/replies-* --bench --test parse
//! ```

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ftp_proto::reply::{Grammar, Limits, Parser};

const REPLY: &[u8] = b"226 Transfer complete.\r\n";
const REPLIES: usize = 1000;

#[inline(never)]
fn floor(replies: &[&[u8]]) -> usize {
    let mut sum = 0;
    for reply in replies {
        let Some(end) = memchr::memchr(b'\n', reply) else {
            continue;
        };
        let Some(([first, second, third, separator], text)) = reply.split_first_chunk::<4>() else {
            continue;
        };
        let digits = [first, second, third];
        if digits.iter().all(|digit| digit.is_ascii_digit()) && *separator == b' ' {
            let value = |digit: &u8| usize::from(digit - b'0');
            sum += value(first) * 100 + value(second) * 10 + value(third);
        }
        black_box((text, end));
    }
    sum
}

#[inline(never)]
fn parse(parser: &mut Parser, replies: &[&[u8]]) -> usize {
    let mut sum = 0;
    for reply in replies {
        let mut input = *reply;
        while let Some(reply) = parser.parse(&mut input) {
            sum += usize::from(reply.map_or(0, |reply| reply.code().get()));
        }
    }
    sum
}

fn replies(criterion: &mut Criterion) {
    let replies = vec![REPLY; REPLIES];
    let mut group = criterion.benchmark_group("replies");
    group.throughput(Throughput::Elements(REPLIES as u64));
    group.bench_function("floor", |bencher| {
        bencher.iter(|| assert_eq!(floor(black_box(&replies)), 226 * REPLIES));
    });
    let mut parser = Parser::new(Limits::default(), Grammar::default());
    group.bench_function("parse", |bencher| {
        bencher.iter(|| assert_eq!(parse(&mut parser, black_box(&replies)), 226 * REPLIES));
    });
    group.finish();
}

criterion_group!(benches, replies);
criterion_main!(benches);
