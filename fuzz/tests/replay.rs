//! Replays the committed corpus through every target, on stable and without libFuzzer.
#![allow(clippy::panic, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use ftp_fuzz::{TARGETS, Target};

const SEEDS_MIN: usize = 20;

#[test]
fn every_seed_passes() {
    let mut failed = Vec::new();
    for target in TARGETS {
        for (name, seed) in seeds(target) {
            if catch_unwind(|| (target.check)(&seed)).is_err() {
                failed.push(format!("{}/{name}", target.name));
            }
        }
    }
    assert!(failed.is_empty(), "seeds that fail: {failed:#?}");
}

/// What is short enough to be cut everywhere is: half a seed is what a mutation often makes of it.
#[test]
fn the_beginnings_of_every_seed_pass() {
    for target in TARGETS {
        for (name, seed) in seeds(target) {
            for end in (0..seed.len()).step_by(1 + seed.len() / 24) {
                let beginning = &seed[..end];
                let passed = catch_unwind(|| (target.check)(beginning)).is_ok();
                assert!(passed, "{}/{name}, the first {end} bytes", target.name);
            }
        }
    }
}

#[test]
fn every_target_has_enough_seeds() {
    for target in TARGETS {
        let seeds = seeds(target);
        assert!(
            seeds.len() >= SEEDS_MIN,
            "{} has {} seeds",
            target.name,
            seeds.len()
        );
        let mut seen = BTreeMap::new();
        for (name, seed) in seeds {
            let twin = seen.insert(seed, name.clone());
            assert_eq!(twin, None, "{}/{name} is there twice", target.name);
        }
    }
}

#[test]
fn every_target_is_complete() {
    let manifest = read(&folder().join("Cargo.toml"));
    for Target { name, .. } in TARGETS {
        let path = format!("fuzz_targets/{name}.rs");
        assert!(
            manifest.contains(&format!("path = \"{path}\"")),
            "{name} has no binary"
        );
        assert!(read(&folder().join(path)).contains(&format!("ftp_fuzz::{name}::check")));
        let dictionary = read(&folder().join(format!("dictionaries/{name}.dict")));
        let entries = dictionary.lines().filter(|line| !line.starts_with('#'));
        for entry in entries.filter(|line| !line.is_empty()) {
            assert!(
                entry.starts_with('"') && entry.ends_with('"'),
                "{name}: {entry}"
            );
        }
    }
    let names: Vec<_> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    for folder in ["corpus", "dictionaries", "fuzz_targets"] {
        assert_eq!(stems(folder), names, "{folder} and the targets differ");
    }
}

/// The seeds of a target by name. What a fuzzing run has left there is no seed: its name is a hash.
fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<_> = entries(&folder().join("corpus").join(target.name))
        .into_iter()
        .map(|path| (file_stem(&path), path))
        .filter(|(name, _)| name.len() != 40 || name.contains('-'))
        .map(|(name, path)| {
            let seed =
                fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (name, seed)
        })
        .collect();
    seeds.sort();
    seeds
}

fn stems(folder_name: &str) -> Vec<String> {
    let paths = entries(&folder().join(folder_name));
    let mut stems: Vec<_> = paths.iter().map(|path| file_stem(path)).collect();
    stems.sort();
    stems
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.flatten().map(|entry| entry.path()).collect()
}

fn file_stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
