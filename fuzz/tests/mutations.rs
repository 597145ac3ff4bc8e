//! Random mutations of the committed corpus through every target, on stable and without libFuzzer.
//!
//! The seed of the random numbers is fixed. `FUZZ_SEED` chooses another, `FUZZ_ROUNDS` more rounds.
#![allow(clippy::panic, reason = "a test")]

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use ftp_fuzz::{TARGETS, Target};
use ftp_testkit::{Choose, Seeded};

/// Mutants of each target.
const ROUNDS: u64 = 4_000;
/// A mutant is not made longer than this.
const BYTES_MAX: usize = 4096;
const CHANGES_MAX: usize = 4;
/// Bytes that mean something in more than one of the formats.
const TELLING: &[u8] = b"\0\t\n\r \"'-.,/0129:;=AZ\\az|~\x7f\x80\xf1\xfb\xff";

#[test]
fn no_mutant_contradicts_a_target() {
    let mut failed = Vec::new();
    for target in TARGETS {
        let mut seeded = Seeded::new(number("FUZZ_SEED").unwrap_or(1));
        let seeds = seeds(target);
        for round in 0..number("FUZZ_ROUNDS").unwrap_or(ROUNDS) {
            let mutant = mutant(&seeds, &mut seeded);
            if catch_unwind(|| (target.check)(&mutant)).is_err() {
                failed.push(format!(
                    "{} {round}: {}",
                    target.name,
                    mutant.escape_ascii()
                ));
                break;
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn mutant(seeds: &[Vec<u8>], seeded: &mut Seeded) -> Vec<u8> {
    let mut bytes = seeds[seeded.pick(seeds.len())].clone();
    bytes.truncate(BYTES_MAX);
    for _ in 0..=seeded.pick(CHANGES_MAX) {
        let at = seeded.pick(bytes.len() + 1);
        let end = (at + 1 + seeded.pick(8)).min(bytes.len());
        match seeded.pick(6) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.insert(at, TELLING[seeded.pick(TELLING.len())]),
            2 if at < bytes.len() => bytes[at] ^= 1 << seeded.pick(8),
            3 => bytes = [&bytes[..end], &bytes[at..]].concat(),
            4 => bytes.truncate(at),
            _ => splice(&mut bytes, at, &seeds[seeded.pick(seeds.len())], seeded),
        }
    }
    bytes
}

/// The rest is replaced by the rest of another seed, most often from the beginning of a line.
fn splice(bytes: &mut Vec<u8>, at: usize, other: &[u8], seeded: &mut Seeded) {
    let from = seeded.pick(other.len() + 1);
    let line = other[from..].iter().position(|&byte| byte == b'\n');
    let from = line.map_or(from, |line| from + line + 1);
    bytes.truncate(at);
    bytes.extend_from_slice(&other[from..]);
    bytes.truncate(BYTES_MAX);
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let folder = corpus.join(target.name);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let is_named = |name: &str| name.len() != 40 || name.contains('-');
    paths.retain(|path| {
        path.file_name()
            .is_some_and(|name| is_named(&name.to_string_lossy()))
    });
    paths
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .collect()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
