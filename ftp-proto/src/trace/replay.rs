//! Runs a recorded session again, without sockets and without a clock.

use alloc::string::ToString;
use alloc::vec::Vec;

use crate::config::Detail;
use crate::session::{Event, Session, State, Ticket, TransferId};

use super::Record;
use super::read::Unreadable;

/// A session that was run again.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replay {
    /// What it recorded this time. Equal to what was recorded before, if it is the same program.
    pub records: Vec<Record>,
    /// Its events.
    pub events: Vec<Event>,
    /// The state of the session at the end.
    pub state: State,
}

impl Replay {
    /// The first place at which this run differs from `before`: its index, and the records there.
    /// Records are compared as they are written, since what is not written cannot have been read.
    ///
    /// A trace can be followed to where less than everything was recorded: what comes behind that
    /// is not compared.
    pub fn difference<'a>(
        &'a self,
        before: &'a [Record],
    ) -> Option<(usize, Option<&'a Record>, Option<&'a Record>)> {
        let written = |record: Option<&Record>| record.map(ToString::to_string);
        let length = match before.iter().position(ends_replay) {
            Some(last) => last.saturating_add(1),
            None => self.records.len().max(before.len()),
        };
        let mut pairs =
            (0..length).map(|index| (index, before.get(index), self.records.get(index)));
        pairs.find(|(_, then, now)| written(*then) != written(*now))
    }
}

/// Gives a new session the inputs of an old one, in their order.
///
/// # Errors
/// The records do not begin with [`Record::Opened`], which holds the configuration: only a trace at
/// full detail does.
///
/// The replay ends where the application had less recorded than everything.
pub fn replay(records: &[Record]) -> Result<Replay, Unreadable> {
    let Some((Record::Opened { config, control }, inputs)) = records.split_first() else {
        return Err(Unreadable);
    };
    let mut session = Session::new(**config, *control);
    let mut replayed = Vec::with_capacity(records.len());
    let mut events = Vec::new();
    for input in inputs {
        if matches!(replayed.last(), Some(record) if ends_replay(record)) {
            break;
        }
        feed(&mut session, input);
        session.forget_answers();
        replayed.extend(core::iter::from_fn(|| session.poll_trace()));
        events.extend(core::iter::from_fn(|| session.poll_event()));
    }
    replayed.extend(core::iter::from_fn(|| session.poll_trace()));
    Ok(Replay {
        records: replayed,
        events,
        state: session.state(),
    })
}

/// Whether inputs are missing from here on.
const fn ends_replay(record: &Record) -> bool {
    matches!(record, Record::DetailSet(detail) if !matches!(detail, Detail::Everything))
}

fn feed(session: &mut Session, input: &Record) {
    match input {
        Record::Received(bytes) => session.receive(bytes),
        Record::ReceivedEof => session.receive_eof(),
        Record::Transmitted(bytes) => session.transmitted(*bytes),
        Record::Polled(now) => drop(session.poll_action(*now)),
        Record::Reported(report) => session.report(*report),
        Record::Submitted(command) => drop(session.submit(command.clone())),
        Record::Batched(command) => drop(session.submit_batched(command.clone())),
        Record::Begun(transfer) => drop(session.begin(transfer.clone())),
        Record::Aborted(id) => session.abort(TransferId(*id)),
        Record::Discarded(ticket) => session.discard(Ticket(*ticket)),
        Record::DataModeSet(mode) => session.set_data_mode(*mode),
        Record::DetailSet(detail) => session.set_detail(*detail),
        Record::ResumptionsSet(count) => session.set_resumptions(*count),
        Record::Closed => session.close(),
        // What the session did by itself: it does it again.
        Record::Opened { .. }
        | Record::Command(_)
        | Record::Reply(_)
        | Record::Performed(_)
        | Record::Dropped(_) => {}
    }
}
