//! The lists of variants against the sources of the enums.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use ftp_proto::{Action, Closed, Event, Interruption, Reason, Violation};
use ftp_testkit::Variants;

#[test]
fn every_variant_is_listed() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../src"));
    assert_listed::<Action>(&sources);
    assert_listed::<Closed>(&sources);
    assert_listed::<Event>(&sources);
    assert_listed::<Interruption>(&sources);
    assert_listed::<Reason>(&sources);
    assert_listed::<Violation>(&sources);
}

fn assert_listed<T: Variants>(sources: &str) {
    let found = variants(sources, T::ENUM);
    assert_eq!(found, T::VARIANTS, "{}", T::ENUM);
}

/// The names at the first level of indentation, up to the brace that ends the enum.
fn variants<'a>(sources: &'a str, name: &str) -> Vec<&'a str> {
    let head = format!("\npub enum {name} {{\n");
    let Some((_, body)) = sources.split_once(&head) else {
        panic!("no enum {name}");
    };
    let body = body.split("\n}").next().unwrap_or_default();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    lines
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()))
        .filter_map(|line| line.split(|next: char| !next.is_alphanumeric()).next())
        .collect()
}

fn sources(folder: &Path) -> String {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let texts = paths.map(|path| match path.is_dir() {
        true => sources(&path),
        false => fs::read_to_string(&path).unwrap_or_default(),
    });
    texts.collect()
}
