//! The manual's page on security names tests that prove its promises: they exist.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn each_source(mut folders: Vec<PathBuf>, mut look: impl FnMut(&Path, &str)) {
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                look(&path, &fs::read_to_string(&path).unwrap());
            }
        }
    }
}

/// The names of all functions in the tests of the workspace.
fn functions() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = ["ftp-proto", "ftp-blocking", "ftp-mio"];
    let mut names = BTreeSet::new();
    each_source(
        crates.map(|name| root.join(name).join("tests")).into(),
        |_, text| {
            let found = text
                .split("fn ")
                .skip(1)
                .filter_map(|rest| rest.split('(').next());
            names.extend(found.map(str::to_owned));
        },
    );
    names
}

/// What stands in the last column of the tables of promises, in backquotes, and looks like a
/// function.
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

/// Where the crates touch local files or paths: names, mirrors, whose local side is one module,
/// files that the application has opened, and the tool, which is an application. Elsewhere no text of a server becomes a local path but by
/// [`SafeName`] in an application's hands.
///
/// [`SafeName`]: ftp_proto::listing::SafeName
const LOCAL: [&str; 10] = [
    "ftp-proto/src/listing/name.rs",
    "ftp-proto/src/driver/local",
    "ftp-proto/src/driver/mirroring",
    "ftp-proto/src/driver/splice.rs",
    "ftp-blocking/src/bin",
    "ftp-blocking/src/driver/files.rs",
    "ftp-blocking/src/download/files.rs",
    "ftp-blocking/src/upload.rs",
    "ftp-blocking/src/mirror",
    "ftp-mio/src/data/files.rs",
];

#[test]
fn the_crates_touch_local_files_where_they_say_so() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = ["ftp-proto", "ftp-blocking", "ftp-mio"];
    let mut found = Vec::new();
    each_source(
        crates.map(|name| root.join(name).join("src")).into(),
        |path, text| {
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            for line in code.filter(|line| line.contains("std::fs") || line.contains("std::path")) {
                found.push(format!("{}: {}", path.display(), line.trim()));
            }
        },
    );
    found.retain(|line| {
        let line = line.replace('\\', "/");
        !LOCAL.iter().any(|place| line.contains(place))
    });
    assert!(found.is_empty(), "{found:#?}");
}
