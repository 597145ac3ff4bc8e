//! Records of a session, for people to read and for a replay without sockets.
//!
//! At [`Detail::Everything`] the records hold every input of the session. A new session that gets
//! the same inputs does the same, so a bug report needs only the records. A password or an account
//! is replaced by one asterisk.
//!
//! ```
//! use ftp_proto::{Config, Control, Detail, Instant, Session, trace};
//!
//! let mut config = Config::default();
//! config.detail = Detail::Everything;
//! let mut session = Session::new(config, Control::default());
//! session.receive(b"220 ready\r\n");
//! session.poll_action(Instant::EPOCH);
//! let records: Vec<_> = std::iter::from_fn(|| session.poll_trace()).collect();
//!
//! // One line for each record, and back.
//! let file: String = records.iter().map(|record| format!("{record}\n")).collect();
//! let read: Vec<trace::Record> = file.lines().map(|line| line.parse().unwrap()).collect();
//! assert_eq!(trace::replay(&read).unwrap().records, records);
//! ```

mod config;
mod names;
mod read;
mod replay;
mod write;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::hash::{Hash, Hasher};

use crate::action::{Action, Report};
use crate::command::Command;
use crate::config::{Config, Control, Detail};
use crate::reply::{Reply, ReplyCode};
use crate::time::Instant;
use crate::transfer::{DataMode, Transfer};

pub use read::Unreadable;
pub use replay::{Replay, replay};

/// How many bytes from the server the waiting records may hold: 4 MiB. Further records are dropped
/// and counted, as beyond [`Limits::trace_records_max`](crate::Limits::trace_records_max).
pub const BYTES_MAX: usize = 4 * 1024 * 1024;

/// One input or output of a session. A password or an account is replaced by an asterisk.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Record {
    /// The session began.
    Opened {
        /// With this configuration.
        config: Box<Config>,
        /// Over this control connection.
        control: Control,
    },
    /// A command was queued for sending.
    Command(Command),
    /// A reply was read.
    Reply(Reply),
    /// Bytes were received.
    Received(Box<[u8]>),
    /// The control connection reached its end.
    ReceivedEof,
    /// This many bytes were written.
    Transmitted(usize),
    /// The driver asked for an action at that time.
    Polled(Instant),
    /// It was given that action.
    Performed(Action),
    /// The driver reported.
    Reported(Report),
    /// The application submitted a command.
    Submitted(Command),
    /// The application submitted a command of a batch.
    Batched(Command),
    /// The application began a transfer.
    Begun(Transfer),
    /// The application aborted the transfer with that number.
    Aborted(u32),
    /// The application discarded the reply with that number.
    Discarded(u32),
    /// The application set how data connections are opened from then on.
    DataModeSet(DataMode),
    /// The application set how much is recorded from then on.
    DetailSet(Detail),
    /// The driver set how many data connections can still resume a TLS session.
    ResumptionsSet(Option<u32>),
    /// The application closed the session.
    Closed,
    /// This many records were dropped here, because they were not polled.
    Dropped(u32),
}

impl Record {
    /// The least detail at which this record is kept.
    pub const fn detail(&self) -> Detail {
        match self {
            Self::Command(_) | Self::Reply(_) | Self::Dropped(_) => Detail::Requests,
            // Each piece of payload makes one of these, and each call of the driver.
            Self::Reported(Report::Moved { .. } | Report::Held { .. })
            | Self::Polled(_)
            | Self::Received(_)
            | Self::Transmitted(_)
            // A trace that begins with this record can be replayed.
            | Self::Opened { .. } => Detail::Everything,
            _ => Detail::Steps,
        }
    }

    /// The bytes of the server that it holds.
    fn bytes(&self) -> usize {
        match self {
            Self::Received(bytes) => bytes.len(),
            Self::Reply(reply) => {
                let mark = reply.preliminary().map_or(0, |mark| mark.text().len());
                reply.text().len().saturating_add(mark)
            }
            _ => 0,
        }
    }
}

/// The records that wait to be polled. They do not count as state of the session: any two are
/// equal.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    detail: Detail,
    records_max: usize,
    records: VecDeque<Record>,
    /// What they hold of the server's bytes.
    bytes: usize,
    dropped: u32,
    /// The code of the latest reply, whatever the detail.
    last_code: Option<ReplyCode>,
}

impl Trace {
    pub(crate) fn new(detail: Detail, records_max: u16) -> Self {
        Self {
            detail,
            records_max: usize::from(records_max),
            records: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            last_code: None,
        }
    }

    pub(crate) const fn set_detail(&mut self, detail: Detail) {
        self.detail = detail;
    }

    pub(crate) const fn note_code(&mut self, code: ReplyCode) {
        self.last_code = Some(code);
    }

    pub(crate) const fn last_code(&self) -> Option<ReplyCode> {
        self.last_code
    }

    /// Keeps the record from `make`, if records are wanted.
    pub(crate) fn record(&mut self, make: impl FnOnce() -> Record) {
        if self.detail == Detail::Off {
            return;
        }
        let record = make();
        if record.detail() > self.detail {
            return;
        }
        let bytes = self.bytes.saturating_add(record.bytes());
        // After a gap, no record is kept until the gap was reported.
        if self.dropped == 0 && self.records.len() < self.records_max && bytes <= BYTES_MAX {
            self.bytes = bytes;
            self.records.push_back(record);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    pub(crate) fn record_some<T>(&mut self, value: Option<T>, make: impl FnOnce(T) -> Record) {
        if let Some(value) = value {
            self.record(|| make(value));
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Record> {
        if let Some(record) = self.records.pop_front() {
            self.bytes = self.bytes.saturating_sub(record.bytes());
            return Some(record);
        }
        let dropped = core::mem::take(&mut self.dropped);
        (dropped > 0).then_some(Record::Dropped(dropped))
    }
}

impl PartialEq for Trace {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Trace {}

impl Hash for Trace {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
