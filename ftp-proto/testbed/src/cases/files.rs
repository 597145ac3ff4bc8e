//! What can be done to files without moving them.

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use ftp_proto::operation::{Exchange, Rename};
use ftp_proto::{Argument, Command, ErrorKind, Representation, Verb};

use super::bench::{Bench, Outcome, ensure, pattern, refusal, same, works};
use crate::servers::Kind;
use crate::subject::Subject;
use crate::tree::HELLO;

/// 2024-02-29 12:34:56 UTC.
const LEAP_DAY: u64 = 1_709_210_096;

pub(super) fn renames<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.place("old name", HELLO)?;
    bench.log_in(subject)?;
    let (old, new) = (Argument::new("old name")?, Argument::new("new name")?);
    subject.run(Rename::new(old.clone(), new.clone()))?;
    bench.holds("new name", HELLO)?;
    ensure(!fs::exists(bench.path("old name"))?, || {
        "the old name is still there".to_owned()
    })?;
    let result = subject.run(Rename::new(old, new));
    let error = refusal(subject, result)?;
    let refused_at = match bench.server().kind() {
        // They look for the file when they have both names.
        Kind::Twisted | Kind::NodeFtpd => Verb::Rnto,
        _ => Verb::Rnfr,
    };
    same("the step", &error.verb(), &Some(refused_at))?;
    ensure(matches!(error.kind(), ErrorKind::Refused(_)), || {
        format!("not refused but {error}")
    })?;
    works(subject)
}

pub(super) fn deletes<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.place("file", HELLO)?;
    bench.log_in(subject)?;
    subject.run(Exchange::delete(Argument::new("file")?))?;
    ensure(!fs::exists(bench.path("file"))?, || {
        "the file is still there".to_owned()
    })?;
    let result = subject.run(Exchange::delete(Argument::new("file")?));
    let error = refusal(subject, result)?;
    same("the step", &error.verb(), &Some(Verb::Dele))?;
    works(subject)
}

/// SIZE counts in the type that is in force, and some servers refuse it in any other than image.
pub(super) fn tells_the_size<S: Subject>(bench: &Bench<'_>, subject: &mut S) -> Outcome {
    bench.place("file", &pattern(12_345))?;
    bench.log_in(subject)?;
    subject.run(Exchange::complete(Command::raw("TYPE I")?))?;
    let representation = subject.session().representation();
    same("the type", &representation, &Some(Representation::Image))?;
    let size = subject.run(Exchange::size(Argument::new("file")?))?;
    same("the size", &size, &12_345)?;
    // More than 32 bits can say.
    let sparse = Argument::new(bench.remote("odd/sparse.bin"))?;
    let size = subject.run(Exchange::size(sparse))?;
    same("the size", &size, &crate::tree::SPARSE_SIZE)
}

pub(super) fn tells_the_modification_time<S: Subject>(
    bench: &Bench<'_>,
    subject: &mut S,
) -> Outcome {
    bench.place("file", HELLO)?;
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(LEAP_DAY);
    File::options()
        .write(true)
        .open(bench.path("file"))?
        .set_times(FileTimes::new().set_modified(modified))?;
    bench.log_in(subject)?;
    let told = subject.run(Exchange::modified(Argument::new("file")?))?;
    let expected = (i64::try_from(LEAP_DAY)?, 0);
    same("the time", &told.unix_time_at(0), &expected)
}
