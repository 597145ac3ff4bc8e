//! The user-PI of RFC 959: one control connection and the data connections that belong to it.
//!
//! This file holds the type and its inputs. `session/queries` holds its queries. The protocol
//! interpreter, in `session/interpreter`, gives each input to the part that it concerns. The parts
//! do not know the interpreter. `session/shared` holds the state that they share. The manual's page
//! "design" lists them.

mod actions;
mod answers;
mod batch;
mod errands;
mod events;
mod interpreter;
#[cfg(feature = "testing")]
mod memory;
mod queries;
mod queue;
mod refill;
mod security;
mod server;
mod shared;
mod state;
mod ticket;
mod timers;
mod transfer;
mod verdicts;
mod wire;

use core::task::Poll;

use crate::action::{Action, Report};
use crate::command::{Command, Verb};
use crate::config::{Config, Control, Detail, Leniency};
use crate::error::{Closed, Error, ErrorKind, Misuse};
use crate::operation::memory::Memory;
use crate::reply::{Class, Reply};
use crate::time::Instant;
use crate::trace::Record;
use crate::transfer::{DataMode, Transfer};
use crate::verdict::Completed;

pub use batch::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, BATCH_TEXT_MAX};
pub use events::Event;
pub use state::State;
pub use ticket::{Ticket, TransferId};

#[cfg(feature = "testing")]
pub use transfer::Coverage;

use interpreter::Interpreter;
use queue::Work;

/// The client half of one FTP control connection and of its data connections.
///
/// Every method may be called at any time and in any order. An output that depends on an action
/// appears only after the driver has reported that action done. [`manual::driving`] has the loop.
///
/// [`manual::driving`]: crate::manual::driving
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    pi: Interpreter,
}

impl Session {
    /// Begins a session over an open control connection, and awaits the greeting.
    pub fn new(config: Config, control: Control) -> Self {
        Self {
            pi: Interpreter::new(config, control),
        }
    }

    /// Sets how data connections are opened from the next transfer on: ftplib's `set_pasv`.
    #[doc(alias = "set_pasv")]
    pub fn set_data_mode(&mut self, mode: DataMode) {
        self.pi.note(|| Record::DataModeSet(mode));
        self.pi.shared.config.data_mode = mode;
    }

    /// Sets how many data connections can still resume a TLS session of this control connection.
    ///
    /// That is the number of unused TLS 1.3 tickets, each of which serves once (RFC 8446 appendix
    /// C.4). `None` means unknown, or without limit as under TLS 1.2. A driver under TLS sets a
    /// changed number before it polls an operation, feeds bytes or reports.
    ///
    /// At zero, the session makes a short listing before a protected transfer, because its
    /// handshake brings new tickets. Some servers (ProFTPD, vsftpd) refuse a data connection that
    /// resumes nothing, and empty the file of an upload before that. At most 64 KiB of the listing
    /// are read, in at most a minute ([`Event::RefillCut`]), with
    /// [`Flow::discard`](crate::Flow::discard). At one, no handshake begins before the server's
    /// mark.
    ///
    /// ```
    /// use ftp_proto::{Config, Control, Session};
    ///
    /// # fn tickets_in_stock() -> u32 { 2 }
    /// let mut session = Session::new(Config::default(), Control::default());
    /// session.set_resumptions(Some(tickets_in_stock()));
    /// session.receive(b"220 ready\r\n");
    /// ```
    pub fn set_resumptions(&mut self, count: Option<u32>) {
        if self.pi.shared.resumptions != count {
            self.pi.note(|| Record::ResumptionsSet(count));
            self.pi.shared.resumptions = count;
        }
    }

    /// Sets how much is recorded from now on: ftplib's `set_debuglevel`. A replay of a trace ends
    /// where this lowers [`Detail::Everything`].
    #[doc(alias = "set_debuglevel")]
    pub fn set_detail(&mut self, detail: Detail) {
        self.pi.note(|| Record::DetailSet(detail));
        self.pi.shared.config.detail = detail;
        self.pi.shared.trace.set_detail(detail);
    }

    /// The memory of operations about the server, for changes. The session itself does not act by
    /// it.
    pub const fn memory_mut(&mut self) -> &mut Memory {
        &mut self.pi.shared.server.memory
    }

    /// Notes that the server needed a leniency, for [`leniencies_used`](Self::leniencies_used).
    pub fn use_leniency(&mut self, leniency: Leniency) {
        self.pi.shared.use_leniency(leniency);
    }

    /// Frees memory that is held in reserve, which is useful for a session that will be idle. It
    /// grows again when it is needed. This may be called at any time and changes nothing else.
    ///
    /// ```
    /// use ftp_proto::{Command, Config, Control, Session, Verb};
    ///
    /// let mut session = Session::new(Config::default(), Control::default());
    /// session.receive(b"220 ready\r\n");
    /// session.submit(Command::bare(Verb::Noop))?;
    /// let before = session.clone();
    /// session.shrink_to_fit();
    /// assert_eq!(session, before);
    /// # Ok::<(), ftp_proto::Misuse>(())
    /// ```
    pub fn shrink_to_fit(&mut self) {
        self.pi.shared.wire.shrink_to_fit();
        self.pi.shared.timers.shrink_to_fit();
        self.pi.shared.actions.shrink_to_fit();
        self.pi.shared.events.shrink_to_fit();
        self.pi.queue.shrink_to_fit();
        self.pi.answers.shrink_to_fit();
    }

    // -- control connection: bytes ----------------------------------------------------------------

    /// Feeds bytes that were read from the control connection, after TLS when it is secured.
    ///
    /// This takes all bytes, never fails, and holds no more than [`Limits`](crate::Limits) allow.
    /// The result does not depend on how the bytes are cut.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.pi.note(|| Record::Received(bytes.into()));
        self.pi.read_replies(bytes);
        self.pi.go_on();
    }

    /// Says that the server ended the control connection.
    pub fn receive_eof(&mut self) {
        self.pi.note(|| Record::ReceivedEof);
        self.pi.shared.control_ended();
        self.pi.go_on();
    }

    /// The bytes to write next: command lines, without the part that was written. Until
    /// [`transmitted`](Self::transmitted), only new commands are appended. Empty while TLS begins
    /// or ends.
    pub fn transmit(&self) -> &[u8] {
        self.pi.shared.wire.unsent()
    }

    /// Acknowledges that the first `bytes` bytes of [`transmit`](Self::transmit) were written.
    pub fn transmitted(&mut self, bytes: usize) {
        self.pi.note(|| Record::Transmitted(bytes));
        // The wait for a reply begins when its command is out.
        if self.pi.shared.wire.written(bytes) {
            self.pi.shared.await_head();
        }
        if self.pi.shared.wire.is_flushed() {
            self.pi.transfers.written(&mut self.pi.shared);
        }
        self.pi.security.written(&mut self.pi.shared);
    }

    // -- effects: what the driver must do, and what came of it ------------------------------------

    /// Fires the timers that are due at `now` and yields the next action. No other method takes the
    /// time. An earlier time than before counts as the same time.
    ///
    /// When this returns `None`, bytes wait in [`transmit`](Self::transmit), or the driver has an
    /// action to report on, or [`deadline`](Self::deadline) lies ahead, or nothing is under way.
    pub fn poll_action(&mut self, now: Instant) -> Option<Action> {
        self.pi.note(|| Record::Polled(now));
        self.pi.clock = self.pi.clock.max(now);
        self.pi.fire_timers();
        let action = self.pi.shared.actions.hand_out();
        self.pi.shared.trace.record_some(action, Record::Performed);
        debug_assert!(
            self.deadline()
                .is_none_or(|deadline| deadline.at > self.pi.clock),
            "a due timer was left"
        );
        action
    }

    /// Reports the result of an action, or an observation on a data connection.
    ///
    /// A report counts only if its action was handed out by [`poll_action`](Self::poll_action) and
    /// not answered yet. [`Report::Failed`] counts for any data connection that was handed out and
    /// not discarded, and always for the control connection. Any other report changes nothing but
    /// [`ignored_reports`](Self::ignored_reports).
    pub fn report(&mut self, report: Report) {
        self.pi.note(|| Record::Reported(report));
        if self.pi.shared.actions.accept(&report) {
            self.pi.reported(report);
            self.pi.go_on();
        } else {
            self.pi.shared.events.count_ignored();
        }
    }

    // -- conversation: what the application wants -------------------------------------------------

    /// Queues a command. It is sent when everything that it has to wait for is over.
    ///
    /// # Errors
    /// [`Misuse`] alone: a verb that the session sends by itself, or too many commands whose
    /// replies were not polled.
    pub fn submit(&mut self, command: Command) -> Result<Ticket, Misuse> {
        if command.verb().is_managed() {
            return Err(Misuse::ManagedVerb);
        }
        if self.pi.in_flight() >= usize::from(self.pi.shared.config.limits.in_flight_max) {
            return Err(Misuse::PipelineFull);
        }
        let ticket = self.pi.answers.issue_ticket();
        self.pi.note(|| Record::Submitted(command.masked()));
        self.pi.queue.push(Work::Command { ticket, command });
        self.pi.go_on();
        Ok(ticket)
    }

    /// Queues a command of a batch, which is sent without waiting for the replies to those before
    /// it.
    ///
    /// At most [`BATCH_TEXT_MAX`] bytes of its reply are kept. [`Batch`](crate::operation::Batch)
    /// handles the rest of a batch.
    ///
    /// # Errors
    /// [`Misuse::NotForBatch`] for a verb on which others depend, or that depends on others (USER,
    /// RNFR, CWD ...); [`Misuse::PipelineFull`] when the window is full: [`BATCH_COMMANDS_MAX`]
    /// commands, [`BATCH_BYTES_MAX`] bytes.
    pub fn submit_batched(&mut self, command: Command) -> Result<Ticket, Misuse> {
        let ticket = self.pi.answers.next_ticket();
        let masked = command.masked();
        self.pi.queue.push_batched(ticket, command)?;
        self.pi.answers.issue_ticket();
        self.pi.note(|| Record::Batched(masked));
        self.pi.go_on();
        Ok(ticket)
    }

    /// [Submits](Self::submit) a command and returns the error that an operation returns: a
    /// [`Misuse`] with the command's verb and the state of the session.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn request(&mut self, command: Command) -> Result<Ticket, Error> {
        let verb = command.verb();
        self.submit(command)
            .map_err(|misuse| self.error(misuse, verb))
    }

    /// The reply to a command, once. Preliminary replies are inside the final one
    /// ([`Reply::preliminary`]).
    ///
    /// # Errors
    /// There is no reply, because the session is over, a wait expired, a policy forbade the
    /// command, or the ticket was spent. Or the reply cannot answer the command
    /// ([`ErrorKind::Unexpected`]). A negative reply is not an error here; see
    /// [`poll_class`](Self::poll_class).
    pub fn poll_reply(&mut self, ticket: Ticket) -> Poll<Result<Reply, Error>> {
        if let Some(answer) = self.pi.answers.collect(ticket) {
            self.pi.queue.batch.release(ticket);
            let after = self.after();
            return Poll::Ready(answer.outcome.map_err(|error| error.with_after(after)));
        }
        if self.pi.awaits(ticket) {
            return Poll::Pending;
        }
        Poll::Ready(Err(self.error(Misuse::SpentTicket, None)))
    }

    /// The reply to a command if it is of the given class.
    ///
    /// # Errors
    /// As [`poll_reply`](Self::poll_reply), and besides: [`ErrorKind::Refused`] for a 4xx or 5xx
    /// reply, [`ErrorKind::Unexpected`] for any other class.
    pub fn poll_class(&mut self, ticket: Ticket, class: Class) -> Poll<Result<Reply, Error>> {
        let verb = self.pi.answers.verb(ticket);
        self.poll_reply(ticket).map(|outcome| {
            let reply = outcome?;
            if reply.class() == class {
                Ok(reply)
            } else {
                Err(self.unwelcome(reply, verb))
            }
        })
    }

    /// The error for a reply that the step named by `verb` cannot go on with.
    pub fn unwelcome(&self, reply: Reply, verb: impl Into<Option<Verb>>) -> Error {
        self.error(shared::unwelcome_kind(reply), verb)
    }

    /// An error of the given kind, at the step named by `verb`, with the present state of the
    /// session. For your own operations.
    pub fn error(&self, kind: impl Into<ErrorKind>, verb: impl Into<Option<Verb>>) -> Error {
        Error::new(kind.into(), verb, self.after())
    }

    /// Drops the interest in a reply. The reply is still awaited, and dropped when it comes.
    pub fn discard(&mut self, ticket: Ticket) {
        self.pi.discard(ticket);
        // What it barred may be sent now.
        self.pi.go_on();
    }

    /// Drops the interest in an operation: [discards](Self::discard) every ticket of the range.
    ///
    /// ```
    /// use ftp_proto::{Command, Config, Control, Session, Verb};
    ///
    /// let mut session = Session::new(Config::default(), Control::default());
    /// let first = session.next_ticket();
    /// session.submit(Command::bare(Verb::Noop))?;
    /// session.submit(Command::bare(Verb::Pwd))?;
    /// session.discard_all(first..session.next_ticket());
    /// session.receive(b"220 ready\r\n");
    /// assert!(session.transmit().is_empty(), "what was not sent is not sent any more");
    /// # Ok::<(), ftp_proto::Misuse>(())
    /// ```
    pub fn discard_all(&mut self, tickets: core::ops::Range<Ticket>) {
        for ticket in self.pi.open_tickets() {
            if ticket.is_within(&tickets) {
                self.pi.discard(ticket);
            }
        }
        self.pi.go_on();
    }

    /// Queues a transfer, which begins when everything that was submitted before is over.
    ///
    /// # Errors
    /// [`Misuse::Busy`] while another transfer is queued; and, unless [`Config::lookahead`] is on,
    /// while one is under way.
    pub fn begin(&mut self, transfer: Transfer) -> Result<TransferId, Misuse> {
        let runs = self.pi.running().is_some();
        if self.pi.queue.transfer().is_some() || (runs && !self.pi.shared.config.lookahead) {
            return Err(Misuse::Busy);
        }
        let id = self.pi.latest_transfer.next();
        self.pi.latest_transfer = id;
        self.pi.note(|| Record::Begun(transfer.clone()));
        self.pi.queue.push(Work::Transfer { id, spec: transfer });
        self.pi.go_on();
        Ok(id)
    }

    /// The verdict on a transfer, once, as soon as it is certain. The session keeps the latest two
    /// verdicts.
    ///
    /// # Errors
    /// The transfer failed. [`Error::after`] is the state of the session, and
    /// [`Error::interrupted`] says what is known about the bytes.
    pub fn poll_transfer(&mut self, id: TransferId) -> Poll<Result<Completed, Error>> {
        if let Some(verdict) = self.pi.shared.verdicts.take(id) {
            let after = self.after();
            return Poll::Ready(verdict.map_err(|error| error.with_after(after)));
        }
        if self.pi.queue.transfer() == Some(id) || self.pi.running() == Some(id) {
            return Poll::Pending;
        }
        Poll::Ready(Err(self.error(Misuse::SpentTicket, None)))
    }

    /// Aborts a transfer. Its verdict says how far it had come.
    pub fn abort(&mut self, id: TransferId) {
        self.pi.note(|| Record::Aborted(id.0));
        self.pi.abort_transfer(id);
        self.pi.go_on();
    }

    /// Aborts every transfer that was begun: the one under way, and with [`Config::lookahead`] the
    /// one behind it.
    pub fn abort_all(&mut self) {
        let (queued, running) = (self.pi.queue.transfer(), self.pi.running());
        // The one behind is first, so that it does not begin when the other is over.
        for id in queued.into_iter().chain(running) {
            self.abort(id);
        }
    }

    /// Closes the session at once, without QUIT.
    pub fn close(&mut self) {
        self.pi.note(|| Record::Closed);
        let kind = ErrorKind::Closed(Closed::Local, None);
        self.pi.shared.die(Closed::Local, kind);
        self.pi.go_on();
    }

    /// The next event: something that happened and answers no command. The latest 64 events are
    /// kept.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.pi.shared.events.pop()
    }

    /// The next trace record, when [`Config::detail`] asks for any.
    pub fn poll_trace(&mut self) -> Option<Record> {
        self.pi.shared.trace.pop()
    }

    /// Drops the answers that nobody will poll, in a replay.
    pub(crate) fn forget_answers(&mut self) {
        self.pi.forget_answers();
    }
}
