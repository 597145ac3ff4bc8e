//! LIST and NLST, as raw lines.

use std::collections::BTreeSet;
use std::fs;

use ftp_proto::operation::OneTransfer;
use ftp_proto::{Argument, Transfer};

use super::bench::{Bench, Outcome, ensure, same};
use crate::subject::Subject;

const FILES: [&str; 2] = ["one.txt", "two words.txt"];
const DIRECTORY: &str = "three";

fn prepare(bench: &Bench<'_>) -> std::io::Result<()> {
    for name in FILES {
        bench.place(name, name.as_bytes())?;
    }
    fs::create_dir(bench.path(DIRECTORY))
}

fn lines(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    text.lines().map(str::to_owned).collect()
}

pub(super) fn lists<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    prepare(bench)?;
    bench.log_in(subject)?;
    let mut sink = Vec::new();
    subject.download(OneTransfer::new(Transfer::list(None)), &mut sink)?;
    let listed = lines(&sink);
    for name in FILES {
        let row = listed.iter().find(|line| line.ends_with(name));
        let whole = row.is_some_and(|row| row.starts_with("-rw-rw-rw-"));
        ensure(whole, || format!("{name} is not in {listed:?}"))?;
    }
    let row = listed.iter().find(|line| line.ends_with(DIRECTORY));
    ensure(row.is_some_and(|row| row.starts_with('d')), || {
        format!("{DIRECTORY} is not in {listed:?}")
    })?;
    // With an argument, from elsewhere.
    let mut sink = Vec::new();
    let path = Argument::new(bench.remote("sub/deeper"))?;
    subject.download(OneTransfer::new(Transfer::list(Some(path))), &mut sink)?;
    let listed = lines(&sink);
    ensure(listed.iter().any(|line| line.ends_with("file.txt")), || {
        format!("file.txt is not in {listed:?}")
    })
}

pub(super) fn lists_names<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    prepare(bench)?;
    bench.log_in(subject)?;
    let mut sink = Vec::new();
    subject.download(OneTransfer::new(Transfer::names(None)), &mut sink)?;
    // Pure-FTPd tells those two as well.
    let names: BTreeSet<_> = lines(&sink)
        .into_iter()
        .filter(|name| name != "." && name != "..")
        .collect();
    let expected = FILES.iter().chain([&DIRECTORY]).map(|s| (*s).to_owned());
    same("the names", &names, &expected.collect())
}
