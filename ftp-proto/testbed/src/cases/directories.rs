//! Directories, and names that are hard to quote or to read.

use std::fs;

use ftp_proto::operation::{ChangeDirectory, Exchange, MakeDirectory, Retrieve, Store};
use ftp_proto::{Argument, Leniency, Verb};

use super::bench::{Bench, Outcome, ensure, refusal, same, same_bytes, works};
use crate::subject::Subject;
use crate::tree::HELLO;

pub(super) fn makes_and_removes<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    let name = Argument::new("new directory")?;
    let told = subject.run(MakeDirectory::new(name.clone()))?;
    // Some servers tell the whole path, others the name as they got it.
    let ends_with_name = |path: &[u8]| path.ends_with(b"new directory");
    let told_right = told.as_ref().map(|path| ends_with_name(path.as_bytes()));
    ensure(told_right != Some(false), || format!("made {told:?}"))?;
    ensure(bench.path("new directory").is_dir(), || {
        "it was not made".to_owned()
    })?;
    let result = subject.run(MakeDirectory::new(name.clone()));
    let error = refusal(subject, result)?;
    same("the step", &error.verb(), &Some(Verb::Mkd))?;
    subject.run(Exchange::remove_directory(name))?;
    ensure(!fs::exists(bench.path("new directory"))?, || {
        "it was not removed".to_owned()
    })?;
    works(subject)
}

pub(super) fn space_and_unicode<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    works_in(bench, subject, "sp ace-\u{fc}-\u{65e5}\u{672c}".as_bytes())
}

pub(super) fn not_utf8<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    works_in(bench, subject, b"latin-\xe9\xe8")
}

pub(super) fn quotes<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    works_in(bench, subject, b"a \"quoted\" name")?;
    let used = subject.session().leniencies_used();
    ensure(!used.contains(Leniency::UndoubledQuotes), || {
        "undoubled quotes were let pass".to_owned()
    })
}

pub(super) fn undoubled_quotes<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    works_in(bench, subject, b"plain")?;
    let used = subject.session().leniencies_used();
    ensure(!used.contains(Leniency::UndoubledQuotes), || {
        "the leniency was not needed yet, and is said to be".to_owned()
    })?;
    works_in(bench, subject, b"a \"quoted\" name")?;
    let used = subject.session().leniencies_used();
    ensure(used.contains(Leniency::UndoubledQuotes), || {
        format!("the leniency was not recorded: {used:?}")
    })
}

/// Without the leniency a single quote belongs to the path, unless a blank or nothing follows it:
/// that is where the path ends.
pub(super) fn undoubled_quotes_by_default<S: Subject>(
    bench: &Bench<'_>,
    subject: &mut S,
) -> Outcome {
    let name = b"a \"quoted\"name";
    fs::create_dir(bench.path(name))?;
    bench.log_in(subject)?;
    subject.run(ChangeDirectory::new(name)?)?;
    let path = subject.run(Exchange::working_directory())?;
    let expected = [&bench.directory(), &name[..]].join(&b'/');
    same_bytes("PWD", path.as_bytes(), &expected)?;
    let used = subject.session().leniencies_used();
    ensure(!used.contains(Leniency::UndoubledQuotes), || {
        "a leniency was used that is off".to_owned()
    })
}

/// Makes a directory, asks where it is, and stores and retrieves a file of the same name in it.
fn works_in<S: Subject>(bench: &Bench<'_>, subject: &mut S, name: &[u8]) -> Outcome {
    subject.run(ChangeDirectory::new(bench.directory())?)?;
    subject.run(MakeDirectory::new(Argument::new(name)?))?;
    ensure(bench.path(name).is_dir(), || {
        format!("{} was not made", name.escape_ascii())
    })?;
    subject.run(ChangeDirectory::new(name)?)?;
    let path = subject.run(Exchange::working_directory())?;
    let expected = [&bench.directory(), name].join(&b'/');
    same_bytes("PWD", path.as_bytes(), &expected)?;
    subject.upload(Store::new(Argument::new(name)?), &mut &HELLO[..])?;
    bench.holds([name, name].join(&b'/'), HELLO)?;
    let mut sink = Vec::new();
    subject.download(Retrieve::new(Argument::new(name)?), &mut sink)?;
    same_bytes("the file", &sink, HELLO)
}
