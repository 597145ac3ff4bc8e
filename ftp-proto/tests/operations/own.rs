//! An operation of the application's own may do what those of this crate do.

use std::task::{Poll, ready};

use ftp_proto::operation::Rung;
use ftp_proto::{
    Class, Command, Completed, Error, ErrorKind, Leniency, Misuse, Operation, Session, Ticket, Verb,
};

use super::{Pair, path};

/// NOOP, twice in a session at the most: what it has found out, it notes where the operations of
/// this crate do.
#[derive(Default)]
struct Probe(Option<Ticket>);

impl Operation for Probe {
    type Output = Completed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Completed, Error>> {
        let ticket = match self.0 {
            Some(ticket) => ticket,
            None => *self.0.insert(session.request(Command::bare(Verb::Noop))?),
        };
        let reply = ready!(session.poll_class(ticket, Class::Completion))?;
        session.memory_mut().listing = Some(Rung::List);
        session.memory_mut().mlst_unknown = true;
        session.use_leniency(Leniency::UndoubledQuotes);
        Poll::Ready(Ok(Completed::nothing(reply)))
    }
}

#[test]
fn an_operation_of_ones_own_uses_the_same_doors() {
    let mut pair = Pair::new(|line| (line == "NOOP").then_some("200 Fine."));
    let completed = pair.run(Probe::default()).unwrap();
    assert_eq!((completed.bytes, completed.is_told_empty()), (0, false));
    assert_eq!(pair.session.memory().listing, Some(Rung::List));
    assert!(pair.session.memory().mlst_unknown);
    assert!(
        pair.session
            .leniencies_used()
            .contains(Leniency::UndoubledQuotes)
    );
}

#[test]
fn a_request_that_cannot_be_sent_names_its_verb() {
    let mut pair = Pair::new(|_| None);
    let error = pair
        .session
        .request(Command::new(Verb::Retr, path("a")))
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Misuse(Misuse::ManagedVerb));
    assert_eq!(error.verb(), Some(Verb::Retr));
}

#[test]
fn rein_clears_the_memory() {
    let mut pair = Pair::new(|line| match line {
        "NOOP" => Some("200 Fine."),
        "REIN" => Some("220 Anew."),
        _ => None,
    });
    pair.run(Probe::default()).unwrap();
    pair.run(ftp_proto::operation::Exchange::reinitialise())
        .unwrap();
    assert_eq!(
        *pair.session.memory(),
        ftp_proto::operation::Memory::default()
    );
}
