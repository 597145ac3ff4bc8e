//! What a driver is at with one data connection.

use core::net::IpAddr;

use super::Payload;
use crate::action::{Action, DataId, Direction, End, Failure, Link, Report};

/// One data connection as its driver sees it: the stage, what to wait for, and what to report. It
/// needs no I/O, no clock and no std.
///
/// The driver has the socket. It tells this what the session asks for ([`begin`](Self::begin)) and
/// what happened, and gets the [`Report`] that is due. Before it hands the report to the session,
/// it closes the socket as [`Close::before`] says. What does not fit the stage changes nothing and
/// gives no report, so that events which come late do no harm.
///
/// No stage has a time limit of its own: [`Session::deadline`](crate::Session::deadline) covers
/// all of them.
///
/// ```
/// use std::io::{self, Read};
///
/// use ftp_proto::driver::{DataConnection, Stage};
/// use ftp_proto::{End, Report};
///
/// /// Goes on with a download when its socket is ready.
/// fn step(data: &mut DataConnection, socket: &mut impl Read) -> io::Result<Option<Report>> {
///     let mut block = [0; 4096];
///     Ok(match data.stage() {
///         Stage::Connecting => data.done(),
///         Stage::Receiving => {
///             let room = data.payload().map_or(0, |payload| payload.room(block.len()));
///             match socket.read(&mut block[..room])? {
///                 0 => data.ended(End::Clean),
///                 count => data.received(count), // `block` is handed on if this says `Moved`
///             }
///         }
///         _ => None,
///     })
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DataConnection {
    data: DataId,
    stage: Stage,
    payload: Option<Payload>,
}

/// The step of a [`DataConnection`], which the driver carries out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new step must break drivers when they are compiled"
)]
pub enum Stage {
    /// The session has to say what comes next. Nothing is done on the socket.
    Idle,
    /// The connection is being made; then [`done`](DataConnection::done).
    Connecting,
    /// A peer is to call at the listener; then [`accepted`](DataConnection::accepted).
    Accepting,
    /// The TLS handshake is made; when its last message is written, [`done`](DataConnection::done).
    Securing,
    /// Payload is read, at most [`Payload::room`] at once; each time
    /// [`received`](DataConnection::received), and at the end of input
    /// [`ended`](DataConnection::ended).
    Receiving,
    /// Payload is written; each time [`sent`](DataConnection::sent), and when the application has
    /// no more, [`finish`](DataConnection::finish).
    Sending,
    /// The application has no more to send. What is buffered is written, and under TLS
    /// close_notify; writing is shut down; then [`done`](DataConnection::done).
    Ending,
    /// The peer's end of TLS is awaited, and what comes before it is read (session tickets); then
    /// [`done`](DataConnection::done).
    AwaitingEnd,
    /// The socket is closed, and nothing more is reported.
    Closed,
}

/// How a driver closes a data connection's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "TCP has these two")]
pub enum Close {
    /// The ordinary way. At the end of a download the own side of TLS is ended first, as far as
    /// that goes at once.
    Orderly,
    /// With linger 0, so that the peer sees a reset.
    Reset,
}

impl Close {
    /// How the socket is closed before `report` is handed to the session; `None` if it stays open.
    /// An action that says [`Discard`](Action::Discard) resets.
    ///
    /// ```
    /// use ftp_proto::driver::Close;
    /// use ftp_proto::{DataId, End, Report};
    ///
    /// fn at_the_end(data: DataId, end: End) -> Option<Close> {
    ///     Close::before(&Report::Finished { data, end }) // a reset at `End::Limit`
    /// }
    /// ```
    pub const fn before(report: &Report) -> Option<Self> {
        match report {
            Report::Finished {
                end: End::Limit, ..
            }
            | Report::Failed { .. } => Some(Self::Reset),
            Report::Finished { .. } => Some(Self::Orderly),
            _ => None,
        }
    }
}

impl DataConnection {
    /// A connection that the session has just named, for the action [`Connect`](Action::Connect) or
    /// [`Listen`](Action::Listen).
    pub const fn new(data: DataId) -> Self {
        Self {
            data,
            stage: Stage::Idle,
            payload: None,
        }
    }

    /// The session's name for it.
    pub const fn data(&self) -> DataId {
        self.data
    }

    /// What the driver is at.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// The counts of the payload while it may move.
    pub const fn payload(&self) -> Option<&Payload> {
        match self.stage {
            Stage::Receiving | Stage::Sending => self.payload.as_ref(),
            _ => None,
        }
    }

    /// The same for a driver that counts it directly, and reports each count and the end itself.
    pub const fn payload_mut(&mut self) -> Option<&mut Payload> {
        match self.stage {
            Stage::Receiving | Stage::Sending => self.payload.as_mut(),
            _ => None,
        }
    }

    /// Whether the stage waits for the socket to be readable, or the listener to have a caller. In
    /// `Receiving` only while the application takes payload ([`hold`](Self::hold)).
    pub const fn wants_read(&self) -> bool {
        match self.stage {
            Stage::Accepting | Stage::Securing | Stage::AwaitingEnd => true,
            Stage::Receiving => !self.is_held(),
            _ => false,
        }
    }

    /// Whether the stage waits for the socket to be writable. In `Sending` only while the
    /// application gives payload. A TLS layer may wait for that in addition, in any stage
    /// (`Layer::wants_write`).
    pub const fn wants_write(&self) -> bool {
        match self.stage {
            Stage::Connecting | Stage::Ending => true,
            Stage::Sending => !self.is_held(),
            _ => false,
        }
    }

    // -- what the session asks for ----------------------------------------------------------------

    /// Begins what the session asks for, unless it is about another connection. The report is that
    /// of [`Finish`](Action::Finish), where nothing is left to be awaited; other actions are
    /// answered later.
    ///
    /// Before that, at [`Accept`](Action::Accept) a stranger who has called is closed in the
    /// ordinary way, at [`Move`](Action::Move) the listener is closed, and at
    /// [`Discard`](Action::Discard) the socket is reset.
    pub fn begin(&mut self, action: Action) -> Option<Report> {
        if action.data() != Some(self.data) || self.stage == Stage::Closed {
            return None;
        }
        self.stage = match action {
            Action::Connect { .. } => Stage::Connecting,
            Action::Accept { .. } => Stage::Accepting,
            Action::Secure { .. } => Stage::Securing,
            Action::Move { flow, .. } => {
                self.payload = Some(Payload::new(self.data, flow));
                match flow.direction {
                    Direction::Receive => Stage::Receiving,
                    Direction::Send => Stage::Sending,
                }
            }
            Action::Finish { .. } => return self.ended(End::Clean),
            Action::Discard { .. } => Stage::Closed,
            _ => return None,
        };
        None
    }

    // -- what the application does ----------------------------------------------------------------

    /// The application moves no payload for now (`true`), or does so again: reported if that has
    /// changed. Payload that is dropped is never held.
    pub const fn hold(&mut self, held: bool) -> Option<Report> {
        match self.payload_mut() {
            Some(payload) => payload.hold(held),
            None => None,
        }
    }

    /// The application has no more to send.
    pub const fn finish(&mut self) -> Option<Report> {
        if !matches!(self.stage, Stage::Sending) {
            return None;
        }
        let released = self.hold(false);
        self.stage = Stage::Ending;
        released
    }

    /// The operation is over, and with it its payload: nothing more moves. The session has the
    /// connection discarded when the next operation runs.
    pub const fn halt(&mut self) {
        if matches!(self.stage, Stage::Receiving | Stage::Sending) {
            self.stage = Stage::Idle;
        }
    }

    // -- what happens -----------------------------------------------------------------------------

    /// The step is done: the connection is open, the handshake complete, everything written, or the
    /// peer's end seen.
    pub fn done(&mut self) -> Option<Report> {
        let (data, link) = (self.data, Link::Data(self.data));
        let secured = self.payload.is_some_and(|payload| payload.flow().secured);
        let (stage, report) = match self.stage {
            Stage::Connecting => (Stage::Idle, Report::Connected { data }),
            Stage::Securing => (Stage::Idle, Report::Secured { link }),
            Stage::Ending if secured => (Stage::AwaitingEnd, Report::Closing { data }),
            Stage::Ending | Stage::AwaitingEnd => return self.ended(End::Clean),
            _ => return None,
        };
        self.stage = stage;
        Some(report)
    }

    /// A peer called. The listener stays, because the session may turn the caller away.
    pub const fn accepted(&mut self, peer: IpAddr) -> Option<Report> {
        if !matches!(self.stage, Stage::Accepting) {
            return None;
        }
        self.stage = Stage::Idle;
        let data = self.data;
        Some(Report::Accepted { data, peer })
    }

    /// This many bytes were read, at most [`Payload::room`]. With [`Report::Moved`] they are handed
    /// on; with [`Report::Finished`] they lie beyond the limit and are dropped.
    pub fn received(&mut self, count: usize) -> Option<Report> {
        if self.stage != Stage::Receiving {
            return None;
        }
        let report = self.payload.as_mut()?.received(count);
        if let Report::Finished { .. } = report {
            self.stage = Stage::Closed;
        }
        Some(report)
    }

    /// This many bytes were written.
    pub fn sent(&mut self, count: usize) -> Option<Report> {
        let is_sending = self.stage == Stage::Sending;
        let payload = self.payload.as_mut().filter(|_| is_sending)?;
        Some(payload.sent(count))
    }

    /// The payload ended: as a rule, at the end of input.
    pub const fn ended(&mut self, end: End) -> Option<Report> {
        match self.stage {
            Stage::Receiving | Stage::Sending | Stage::Ending | Stage::AwaitingEnd => {}
            _ => return None,
        }
        self.stage = Stage::Closed;
        let data = self.data;
        Some(Report::Finished { data, end })
    }

    /// The step failed, or the connection broke. With [`Failure::Local`] the application gave up.
    pub fn failed(&mut self, failure: Failure) -> Option<Report> {
        if self.stage == Stage::Closed {
            return None;
        }
        self.stage = Stage::Closed;
        let link = Link::Data(self.data);
        Some(Report::Failed { link, failure })
    }

    const fn is_held(&self) -> bool {
        matches!(&self.payload, Some(payload) if payload.is_held())
    }
}

#[cfg(test)]
mod tests;
