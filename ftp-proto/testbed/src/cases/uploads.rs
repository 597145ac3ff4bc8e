//! STOR and APPE.

use ftp_proto::operation::Store;
use ftp_proto::{Argument, ArgumentError};

use super::bench::{Bench, Outcome, pattern, same};
use crate::subject::Subject;
use crate::tree::{HELLO, LINES};

const SIZE: usize = 100_000;
const OFFSET: usize = 60_001;
/// More than the sockets hold.
const LARGE: usize = 12 << 20;

fn file(path: impl AsRef<[u8]>) -> Result<Store, ArgumentError> {
    Argument::new(path).map(Store::new)
}

/// A large file, then a small one in its place.
pub(super) fn uploads_in_image_type<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    let large = pattern(LARGE);
    let completed = subject.upload(file("file")?, &mut large.as_slice())?;
    same("the bytes", &completed.bytes, &(LARGE as u64))?;
    bench.holds("file", &large)?;
    subject.upload(file("file")?, &mut &LINES[..])?;
    bench.holds("file", LINES)
}

/// The client adds a CR to each line, and the server takes it away.
pub(super) fn uploads_in_ascii_type<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    let completed = subject.upload(file("file")?.ascii(), &mut &LINES[..])?;
    bench.holds("file", LINES)?;
    let line_ends = LINES.iter().filter(|byte| **byte == b'\n').count();
    let on_the_wire = (LINES.len() + line_ends) as u64;
    same("the bytes on the wire", &completed.bytes, &on_the_wire)?;
    // And back to image type.
    subject.upload(file("file")?, &mut &LINES[..])?;
    bench.holds("file", LINES)
}

pub(super) fn uploads_an_empty_file<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.log_in(subject)?;
    for operation in [file("image")?, file("ascii")?.ascii()] {
        let completed = subject.upload(operation, &mut &b""[..])?;
        same("the bytes", &completed.bytes, &0)?;
    }
    bench.holds("image", b"")?;
    bench.holds("ascii", b"")
}

pub(super) fn resumes_an_upload<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    let contents = pattern(SIZE);
    let (head, mut rest) = contents.split_at(OFFSET);
    bench.place("file", head)?;
    bench.log_in(subject)?;
    let sent = rest.len() as u64;
    let completed = subject.upload(file("file")?.resume_at(OFFSET as u64), &mut rest)?;
    same("the bytes", &completed.bytes, &sent)?;
    bench.holds("file", &contents)?;
    // The offset is forgotten: the next upload replaces the file.
    subject.upload(file("file")?, &mut &HELLO[..])?;
    bench.holds("file", HELLO)
}

/// To a file that is there, and to one that is not.
pub(super) fn appends<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.place("file", HELLO)?;
    bench.log_in(subject)?;
    for name in ["file", "new"] {
        let append = Store::append(Argument::new(name)?);
        subject.upload(append, &mut &LINES[..])?;
    }
    bench.holds("file", &[HELLO, LINES].concat())?;
    bench.holds("new", LINES)
}
