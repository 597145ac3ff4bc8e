//! Transfers that end before their time, and the work that goes on after them.

use std::io::{self, Read, Write};

use ftp_proto::operation::{Exchange, Retrieve, Store};
use ftp_proto::{Argument, Closed, ErrorKind, Interruption, State, Violation};

use super::bench::{
    Bench, Complaint, Outcome, Pattern, ensure, pattern, refusal, same, same_bytes,
};
use crate::servers::Family;
use crate::subject::{Failure, Subject};
use crate::tree::{self, HELLO};

/// What is taken before the end; the file has far more than the sockets hold.
const SOME: u64 = 1 << 20;
/// What is given before the end: more than the sockets hold, so that the server has begun. If it
/// has not, pyftpdlib 2.2.0 keeps the file, and receives into it over the data connection of the
/// next download: see [`forgets_uploads`].
const MUCH: u64 = 16 << 20;
/// What the sockets take at once, so that an upload may be aborted before the server knows of its
/// data connection.
const LITTLE: u64 = 5000;
const ROUNDS: usize = 200;

/// Three times in one session: the replies to the last abort must not be taken for those of the
/// next transfer.
pub(super) fn aborts_a_download<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    for _ in 0..3 {
        abort_once(bench, subject)?;
        works_on(bench, subject)?;
    }
    Ok(())
}

fn abort_once<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    let large = bench.server().tree().large();
    let operation = Retrieve::new(Argument::new(bench.remote("large.bin"))?);
    let mut sink = Pattern::from(0);
    same("the state", &subject.session().state(), &State::Usable)?;
    let result = subject.abort_download(operation, SOME, &mut sink);
    let error = refusal(subject, result)?;
    let ErrorKind::Interrupted(interrupted) = error.kind() else {
        return Err(format!("not interrupted but {error}").into());
    };
    same("the cause", &interrupted.cause, &Interruption::Aborted)?;
    ensure(!error.is_fatal(), || format!("fatal: {error}"))?;
    let taken = sink.offset;
    ensure((SOME..large).contains(&taken), || {
        format!("{taken} bytes were taken")
    })?;
    same("the bytes told", &interrupted.bytes, &taken)
}

pub(super) fn sink_fails<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    let operation = Retrieve::new(Argument::new(bench.remote("large.bin"))?);
    let result = subject.download(operation, &mut Limited(SOME));
    local_failure(result.map(drop))?;
    works_on(bench, subject)
}

pub(super) fn source_fails<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    let operation = Store::new(Argument::new("cut short")?);
    let result = subject.upload(operation, &mut Limited(MUCH));
    local_failure(result.map(drop))?;
    works_on(bench, subject)
}

/// pyftpdlib forgets an upload that is aborted before it has accepted the data connection. However
/// often that happens, no later file is mixed up with it and no wait runs out; where it cannot be
/// known, the session says that it is over.
pub(super) fn forgets_uploads<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    let files = [("one", pattern(3000)), ("two", HELLO.to_vec())];
    for (name, content) in &files {
        bench.place(name, content)?;
    }
    bench.log_in(subject)?;
    for round in 0..ROUNDS {
        let failure = match aborts_an_upload(bench, subject, &files)? {
            Ok(()) => continue,
            Err(failure) => failure,
        };
        let forgotten = State::Dead(Closed::Violation(Violation::TransferForgotten));
        let told = || format!("round {round}: {failure}");
        ensure(subject.session().state() == forgotten, told)?;
        let address = bench.server().address(Family::V4).ok_or("no address")?;
        *subject = S::connect(address, *subject.session().config())?;
        bench.log_in(subject)?;
    }
    Ok(())
}

/// One round, and how it ended. A file that is told to be whole is the right one, whatever becomes
/// of the session.
fn aborts_an_upload<S: Subject>(
    bench: &Bench<'_>,
    subject: &mut S,
    files: &[(&str, Vec<u8>)],
) -> Result<Result<(), Failure>, Complaint> {
    let operation = Store::new(Argument::new("aborted")?);
    let aborted = subject.upload(operation, &mut Limited(LITTLE));
    local_failure(aborted.map(drop))?;
    match subject.run(Exchange::working_directory()) {
        Ok(path) => same_bytes("PWD", path.as_bytes(), &bench.directory())?,
        Err(failure) => return Ok(Err(failure)),
    }
    for (name, content) in files {
        let mut sink = Vec::new();
        match subject.download(Retrieve::new(Argument::new(name)?), &mut sink) {
            Ok(_) => same_bytes(name, &sink, content)?,
            Err(failure) => return Ok(Err(failure)),
        }
    }
    Ok(Ok(()))
}

fn local_failure(result: Result<(), Failure>) -> Outcome {
    let complaint: Complaint = match result {
        Ok(()) => "succeeded".into(),
        Err(Failure::Other(text)) if text.contains(FULL) => return Ok(()),
        Err(failure) => format!("not the local failure but {failure}").into(),
    };
    Err(complaint)
}

/// Normal work: a command, a download, an upload.
fn works_on<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    let path = subject.run(Exchange::working_directory())?;
    same_bytes("PWD", path.as_bytes(), &bench.directory())?;
    same("the state", &subject.session().state(), &State::Usable)?;
    let mut sink = Vec::new();
    let hello = Retrieve::new(Argument::new(bench.remote("hello.txt"))?);
    subject.download(hello, &mut sink)?;
    same_bytes("hello.txt", &sink, HELLO)?;
    same("the state", &subject.session().state(), &State::Usable)?;
    subject.upload(Store::new(Argument::new("file")?), &mut &HELLO[..])?;
    same("the state", &subject.session().state(), &State::Usable)?;
    bench.holds("file", HELLO)
}

const FULL: &str = "no more than that";

/// A source or sink that fails after so many bytes.
#[derive(Debug)]
struct Limited(u64);

impl Limited {
    fn take(&mut self, bytes: usize) -> io::Result<usize> {
        let left = usize::try_from(self.0).unwrap_or(usize::MAX);
        if left == 0 {
            return Err(io::Error::other(FULL));
        }
        let count = bytes.min(left);
        self.0 -= count as u64;
        Ok(count)
    }
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.take(buffer.len())?;
        tree::fill(0, buffer);
        Ok(count)
    }
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
