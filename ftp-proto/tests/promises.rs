//! The manual's page on security names tests that prove its promises: they exist.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The names of all functions in the tests of the workspace.
fn functions() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = ["ftp-proto", "ftp-blocking", "ftp-mio"];
    let mut folders: Vec<PathBuf> = crates.map(|name| root.join(name).join("tests")).into();
    let mut names = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(path).unwrap();
                let found = text
                    .split("fn ")
                    .skip(1)
                    .filter_map(|rest| rest.split('(').next());
                names.extend(found.map(str::to_owned));
            }
        }
    }
    names
}

/// What stands in the last column of the tables of promises, in backquotes, and looks like a function.
fn named() -> Vec<String> {
    let page = include_str!("../manual/security.md");
    let (_, promises) = page.split_once("## Promises").unwrap();
    let (promises, _) = promises.split_once("### Not promised").unwrap();
    let rows = promises.lines().filter(|line| line.starts_with("| "));
    let proofs = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit('|').next());
    proofs
        .flat_map(|proofs| proofs.split('`').skip(1).step_by(2))
        .filter(|name| name.contains('_') && !name.contains('/'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_tests_that_prove_the_promises_exist() {
    let functions = functions();
    let named = named();
    assert!(named.len() > 30, "{named:?}");
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !functions.contains(*name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
