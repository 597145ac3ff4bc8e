//! Data modes that cannot name an address of the control connection's family.

use ftp_proto::operation::{Retrieve, Store};
use ftp_proto::trace::Record;
use ftp_proto::{Argument, ErrorKind, Policy, State};

use super::bench::{Bench, Outcome, ensure, refusal, same, works};
use crate::subject::Subject;
use crate::tree::HELLO;

/// PASV and PORT over IPv6.
pub(super) fn refused_before_anything_is_sent<S: Subject>(
    bench: &Bench<'_>,
    subject: &mut S,
) -> Outcome {
    bench.log_in(subject)?;
    let expected = ErrorKind::Policy(Policy::NeedsIpv4);
    subject.take_trace();

    let hello = Argument::new(bench.remote("hello.txt"))?;
    let result = subject.download(Retrieve::new(hello), &mut Vec::new());
    same("the error", refusal(subject, result)?.kind(), &expected)?;
    let store = Store::new(Argument::new("file")?);
    let result = subject.upload(store, &mut &HELLO[..]);
    same("the error", refusal(subject, result)?.kind(), &expected)?;

    let trace = subject.take_trace();
    let sent = |record: &Record| matches!(record, Record::Command(_) | Record::Transmitted(1..));
    let sent: Vec<_> = trace.iter().filter(|record| sent(record)).collect();
    ensure(sent.is_empty(), || format!("sent {sent:?}"))?;
    ensure(!trace.is_empty(), || "nothing was recorded".to_owned())?;
    same("the state", &subject.session().state(), &State::Usable)?;
    works(subject)
}
