//! RETR.

use ftp_proto::operation::Retrieve;
use ftp_proto::{Argument, ArgumentError, Compared, End, ErrorKind, Policy, Representation, Verb};

use super::bench::{Bench, Outcome, Pattern, ensure, pattern, refusal, same, same_bytes, works};
use crate::servers::Kind;
use crate::subject::Subject;
use crate::tree::{HELLO, LINES};

const SIZE: usize = 100_000;
const OFFSET: usize = 60_001;

fn file(path: impl AsRef<[u8]>) -> Result<Retrieve, ArgumentError> {
    Argument::new(path).map(Retrieve::new)
}

/// How often LINES gets longer on the wire: one CR for each line.
fn line_ends() -> usize {
    LINES.iter().filter(|byte| **byte == b'\n').count()
}

/// More than the sockets hold, so that both sides have to wait; and twice, in one type and one
/// session.
pub(super) fn downloads_in_image_type<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    let large = bench.server().tree().large();
    let mut sink = Pattern::from(0);
    let completed = subject.download(file(bench.remote("large.bin"))?, &mut sink)?;
    same("the bytes taken", &sink.offset, &large)?;
    same("the bytes told", &completed.bytes, &large)?;
    same("the end", &completed.end, &End::Clean)?;
    ensure(completed.mark.is_some(), || "no 150".to_owned())?;
    let mut sink = Vec::new();
    subject.download(file(bench.remote("lines.txt"))?, &mut sink)?;
    same_bytes("lines.txt", &sink, LINES)
}

/// The server adds a CR to each line, and the client takes it away.
pub(super) fn downloads_in_ascii_type<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    let mut sink = Vec::new();
    let completed = subject.download(file(bench.remote("lines.txt"))?.ascii(), &mut sink)?;
    same_bytes("lines.txt", &sink, LINES)?;
    let on_the_wire = (LINES.len() + line_ends()) as u64;
    same("the bytes on the wire", &completed.bytes, &on_the_wire)?;
    let representation = subject.session().representation();
    same("the type", &representation, &Some(Representation::Ascii))?;
    // And back to image type.
    let mut sink = Vec::new();
    let completed = subject.download(file(bench.remote("lines.txt"))?, &mut sink)?;
    same_bytes("lines.txt", &sink, LINES)?;
    same("the bytes", &completed.bytes, &(LINES.len() as u64))
}

pub(super) fn downloads_an_empty_file<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    for ascii in [false, true] {
        let mut sink = Vec::new();
        let operation = file(bench.remote("empty.bin"))?;
        let operation = if ascii { operation.ascii() } else { operation };
        let completed = subject.download(operation, &mut sink)?;
        same_bytes("empty.bin", &sink, b"")?;
        same("the bytes", &completed.bytes, &0)?;
    }
    Ok(())
}

pub(super) fn resumes_a_download<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    let contents = pattern(SIZE);
    let (_, rest) = contents.split_at(OFFSET);
    bench.place("file", &contents)?;
    bench.log_in(subject)?;
    let mut sink = Vec::new();
    let completed = subject.download(file("file")?.resume_at(OFFSET as u64), &mut sink)?;
    same_bytes("the rest", &sink, rest)?;
    let compared = Compared::Size(rest.len() as u64);
    same("what was compared", &completed.compared, &compared)?;

    let mut sink = Vec::new();
    let unverified = file("file")?.resume_unverified_at(OFFSET as u64);
    subject.download(unverified, &mut sink)?;
    same_bytes("the rest, unverified", &sink, rest)?;

    let mut sink = Vec::new();
    subject.download(file("file")?.resume_at(SIZE as u64), &mut sink)?;
    same_bytes("nothing", &sink, b"")?;

    let result = subject.download(file("file")?.resume_at(SIZE as u64 + 1), &mut sink);
    let error = refusal(subject, result)?;
    let expected = ErrorKind::Policy(Policy::BeyondEnd);
    same("the error", error.kind(), &expected)?;

    // The offset is forgotten: the next download begins at the start.
    let mut sink = Vec::new();
    subject.download(file("file")?, &mut sink)?;
    same_bytes("the whole", &sink, &contents)
}

/// A range that ends before the file is cut off by an abort, which is a success and leaves the
/// session in order.
pub(super) fn takes_the_head_of_a_file<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    let head = file(bench.remote("large.bin"))?.limited_to(OFFSET as u64);
    let mut sink = Pattern::from(0);
    let completed = subject.download(head, &mut sink)?;
    same("the bytes taken", &sink.offset, &(OFFSET as u64))?;
    same("the bytes told", &completed.bytes, &(OFFSET as u64))?;
    works(subject)?;
    let mut sink = Vec::new();
    subject.download(file(bench.remote("hello.txt"))?, &mut sink)?;
    same_bytes("hello.txt", &sink, HELLO)
}

pub(super) fn survives_a_missing_file<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    for _ in 0..2 {
        let mut sink = Vec::new();
        let result = subject.download(file("missing")?, &mut sink);
        let error = refusal(subject, result)?;
        same("the step", &error.verb(), &Some(Verb::Retr))?;
        let code = error.reply().map(|reply| reply.code().get());
        let expected = match bench.server().kind() {
            Kind::FtpSrv => 551,
            _ => 550,
        };
        same("the code", &code, &Some(expected))?;
        works(subject)?;
    }
    let mut sink = Vec::new();
    subject.download(file(bench.remote("hello.txt"))?, &mut sink)?;
    same_bytes("hello.txt", &sink, HELLO)
}
