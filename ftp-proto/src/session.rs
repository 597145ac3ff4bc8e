//! The user-PI of RFC 959: one control connection and the data connections that belong to it.
//!
//! This file holds the type and its public methods. `session/dispatch` gives each input to the part
//! that it concerns. The parts know nothing of the session. `session/shared` holds the state that
//! they share. The manual's page "design" lists them.

mod actions;
mod answers;
mod batch;
mod dispatch;
mod errands;
mod events;
#[cfg(feature = "testing")]
mod memory;
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

use alloc::boxed::Box;
use core::task::Poll;

use crate::action::{Action, Report, Representation};
use crate::command::{Command, Verb};
use crate::config::{Config, Control, Detail, Leniencies, Leniency};
use crate::error::{Closed, Error, ErrorKind, Misuse};
use crate::features::Features;
use crate::operation::memory::Memory;
use crate::reply::{Class, Reply, ReplyCode};
use crate::time::{Deadline, Instant};
use crate::trace::Record;
use crate::transfer::{DataMode, Transfer};
use crate::verdict::Completed;

pub use batch::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, BATCH_TEXT_MAX};
pub use events::Event;
pub use state::State;
pub use ticket::{Ticket, TransferId};

#[cfg(feature = "testing")]
pub use transfer::Coverage;

use answers::Answers;
use errands::Errands;
use queue::{Queue, Work};
use security::Security;
use shared::{Death, Shared};
use transfer::Machine;
use wire::Owner;

/// The client half of one FTP control connection and of its data connections.
///
/// Every method may be called at any time and in any order. An output that depends on an action
/// appears only after the driver has reported that action done. [`manual::driving`] has the loop.
///
/// [`manual::driving`]: crate::manual::driving
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// The latest time that the driver passed in.
    clock: Instant,
    shared: Shared,
    transfers: Machine,
    security: Security,
    errands: Errands,
    queue: Queue,
    answers: Answers,
    latest_transfer: TransferId,
    dead: Option<Death>,
}

impl Session {
    /// Begins a session over an open control connection, and awaits the greeting.
    pub fn new(config: Config, control: Control) -> Self {
        let mut session = Self {
            clock: Instant::EPOCH,
            shared: Shared::new(config, control),
            transfers: Machine::default(),
            security: Security::default(),
            errands: Errands::default(),
            queue: Queue::default(),
            answers: Answers::default(),
            latest_transfer: TransferId::REFILL,
            dead: None,
        };
        session.note(|| Record::Opened {
            config: Box::new(config),
            control,
        });
        session.await_greeting();
        session
    }

    /// The state of the session.
    pub fn state(&self) -> State {
        match &self.dead {
            Some(death) => State::Dead(death.closed),
            None if self.transfers.is_settling() || self.shared.wire.is_fencing() => {
                State::Draining {
                    replies: self.shared.wire.owed.unsettled(),
                }
            }
            None if self.is_idle() => State::Usable,
            None => State::Busy,
        }
    }

    /// The configuration that the session was made with.
    pub const fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The leniencies that the server needed so far.
    pub const fn leniencies_used(&self) -> Leniencies {
        self.shared.used
    }

    /// Whether the control connection is secured.
    pub const fn is_secured(&self) -> bool {
        self.shared.control.secured
    }

    /// Whether a login has succeeded: USER, PASS or ACCT was answered with a 2xx.
    pub const fn is_logged_in(&self) -> bool {
        self.errands.is_logged_in()
    }

    /// Whether data connections are protected: PROT P is in force.
    pub const fn is_data_protected(&self) -> bool {
        self.shared.server.protected
    }

    /// The TYPE that is in force, if that is certain.
    pub const fn representation(&self) -> Option<Representation> {
        self.shared.server.representation()
    }

    /// The transfer that is queued or under way, if one is.
    pub fn current_transfer(&self) -> Option<TransferId> {
        self.running().or_else(|| self.queue.transfer())
    }

    /// The ticket of the next command. Its values before and after the poll of an operation enclose
    /// the commands that the operation has submitted; see [`discard_all`](Self::discard_all).
    pub const fn next_ticket(&self) -> Ticket {
        self.answers.next_ticket()
    }

    /// The command of the transfer under way. In a series it shows whose payload moves.
    pub fn current_command(&self) -> Option<&Command> {
        let spec = self.transfers.spec();
        spec.filter(|spec| !spec.is_discarded())
            .map(Transfer::command)
    }

    /// The preliminary reply (125 or 150) that opened the transfer under way; see [`size::hint`](crate::size::hint).
    pub fn current_mark(&self) -> Option<&Reply> {
        self.transfers.mark().filter(|_| self.running().is_some())
    }

    /// The code of the latest reply, whatever command it answered: ftplib's `lastresp`.
    #[doc(alias = "lastresp")]
    pub const fn last_code(&self) -> Option<ReplyCode> {
        self.shared.trace.last_code()
    }

    /// Sets how data connections are opened from the next transfer on: ftplib's `set_pasv`.
    #[doc(alias = "set_pasv")]
    pub fn set_data_mode(&mut self, mode: DataMode) {
        self.note(|| Record::DataModeSet(mode));
        self.shared.config.data_mode = mode;
    }

    /// Sets how many data connections can still resume a TLS session of this control connection.
    ///
    /// That is the number of unused TLS 1.3 tickets, each of which serves once (RFC 8446 appendix C.4). `None` means unknown, or without limit as under TLS 1.2. A driver under TLS sets a changed number before it polls an operation, feeds bytes or reports.
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
        if self.shared.resumptions != count {
            self.note(|| Record::ResumptionsSet(count));
            self.shared.resumptions = count;
        }
    }

    /// Sets how much is recorded from now on: ftplib's `set_debuglevel`. A replay of a trace ends
    /// where this lowers [`Detail::Everything`].
    #[doc(alias = "set_debuglevel")]
    pub fn set_detail(&mut self, detail: Detail) {
        self.note(|| Record::DetailSet(detail));
        self.shared.config.detail = detail;
        self.shared.trace.set_detail(detail);
    }

    /// The answer to FEAT, if it was asked since TLS began and since REIN.
    pub const fn features(&self) -> Option<&Features> {
        self.shared.server.features.as_ref()
    }

    /// The memory of operations about the server. It is cleared when the server accepts AUTH or
    /// REIN.
    pub const fn memory(&self) -> &Memory {
        &self.shared.server.memory
    }

    /// The memory of operations about the server, for changes. The session itself does not act by
    /// it.
    pub const fn memory_mut(&mut self) -> &mut Memory {
        &mut self.shared.server.memory
    }

    /// Notes that the server needed a leniency, for [`leniencies_used`](Self::leniencies_used).
    pub fn use_leniency(&mut self, leniency: Leniency) {
        self.shared.use_leniency(leniency);
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
        self.shared.wire.shrink_to_fit();
        self.shared.actions.shrink_to_fit();
        self.shared.events.shrink_to_fit();
        self.queue.shrink_to_fit();
        self.answers.shrink_to_fit();
    }

    // -- control connection: bytes --------------------------------------------------------------------------------

    /// Feeds bytes that were read from the control connection, after TLS when it is secured.
    ///
    /// This takes all bytes, never fails, and holds no more than [`Limits`](crate::Limits) allow.
    /// The result does not depend on how the bytes are cut.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.note(|| Record::Received(bytes.into()));
        self.read_replies(bytes);
        self.go_on();
    }

    /// Says that the server ended the control connection.
    pub fn receive_eof(&mut self) {
        self.note(|| Record::ReceivedEof);
        self.shared.control_ended();
        self.go_on();
    }

    /// The bytes to write next: command lines, without the part that was written. Until
    /// [`transmitted`](Self::transmitted), only new commands are appended. Empty while TLS begins
    /// or ends.
    pub fn transmit(&self) -> &[u8] {
        self.shared.wire.unsent()
    }

    /// Acknowledges that the first `bytes` bytes of [`transmit`](Self::transmit) were written.
    pub fn transmitted(&mut self, bytes: usize) {
        self.note(|| Record::Transmitted(bytes));
        // The wait for a reply begins when its command is out.
        if self.shared.wire.written(bytes) {
            self.shared.await_head();
        }
        if self.shared.wire.is_flushed() {
            self.transfers.written(&mut self.shared);
        }
        self.security.written(&mut self.shared);
    }

    // -- effects: what the driver must do, and what came of it ----------------------------------------------------

    /// Fires the timers that are due at `now` and yields the next action. No other method takes the
    /// time. An earlier time than before counts as the same time.
    ///
    /// When this returns `None`, bytes wait in [`transmit`](Self::transmit), or the driver has an
    /// action to report on, or [`deadline`](Self::deadline) lies ahead, or nothing is under way.
    pub fn poll_action(&mut self, now: Instant) -> Option<Action> {
        self.note(|| Record::Polled(now));
        self.clock = self.clock.max(now);
        self.fire_timers();
        let action = self.shared.actions.hand_out();
        self.shared.trace.record_some(action, Record::Performed);
        debug_assert!(
            self.deadline()
                .is_none_or(|deadline| deadline.at > self.clock),
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
        self.note(|| Record::Reported(report));
        if self.shared.actions.accept(&report) {
            self.reported(report);
            self.go_on();
        } else {
            self.shared.events.count_ignored();
        }
    }

    /// The number of reports that answered no outstanding action. They show a fault of the driver,
    /// or crossed an [`Action::Discard`].
    pub const fn ignored_reports(&self) -> u32 {
        self.shared.events.ignored()
    }

    /// How often the session reached a state that should be impossible. A number above zero shows a
    /// fault of this crate. With debug assertions, the session panics instead.
    pub const fn impossible_states(&self) -> u32 {
        self.shared.events.impossible()
    }

    /// When [`poll_action`](Self::poll_action) must be called again even without another event.
    /// While a timer is requested and not yet armed by `poll_action`, that is at once. Otherwise it
    /// is later than the time of the last call of `poll_action`.
    pub fn deadline(&self) -> Option<Deadline> {
        self.shared.timers.deadline(self.clock)
    }

    // -- conversation: what the application wants -----------------------------------------------------------------

    /// Queues a command. It is sent when everything that it has to wait for is over.
    ///
    /// # Errors
    /// [`Misuse`] alone: a verb that the session sends by itself, or too many commands whose replies were not polled.
    pub fn submit(&mut self, command: Command) -> Result<Ticket, Misuse> {
        if command.verb().is_managed() {
            return Err(Misuse::ManagedVerb);
        }
        if self.in_flight() >= usize::from(self.shared.config.limits.in_flight_max) {
            return Err(Misuse::PipelineFull);
        }
        let ticket = self.answers.issue_ticket();
        self.note(|| Record::Submitted(command.masked()));
        self.queue.push(Work::Command { ticket, command });
        self.go_on();
        Ok(ticket)
    }

    /// Queues a command of a batch, which is sent without waiting for the replies to those before
    /// it.
    ///
    /// At most [`BATCH_TEXT_MAX`] bytes of its reply are kept. [`Batch`](crate::operation::Batch)
    /// handles the rest of a batch.
    ///
    /// # Errors
    /// [`Misuse::NotForBatch`] for a verb on which others depend, or that depends on others (USER, RNFR, CWD ...);
    /// [`Misuse::PipelineFull`] when the window is full: [`BATCH_COMMANDS_MAX`] commands, [`BATCH_BYTES_MAX`] bytes.
    pub fn submit_batched(&mut self, command: Command) -> Result<Ticket, Misuse> {
        let ticket = self.answers.next_ticket();
        let masked = command.masked();
        self.queue.push_batched(ticket, command)?;
        self.answers.issue_ticket();
        self.note(|| Record::Batched(masked));
        self.go_on();
        Ok(ticket)
    }

    /// [Submits](Self::submit) a command and returns the error that an operation returns: a [`Misuse`] with the
    /// command's verb and the state of the session.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn request(&mut self, command: Command) -> Result<Ticket, Error> {
        let verb = command.verb();
        self.submit(command)
            .map_err(|misuse| self.error(misuse, verb))
    }

    /// The reply to a command, once. Preliminary replies are inside the final one ([`Reply::preliminary`]).
    ///
    /// # Errors
    /// There is no reply, because the session is over, a wait expired, a policy forbade the
    /// command, or the ticket was spent. Or the reply cannot answer the command
    /// ([`ErrorKind::Unexpected`]). A negative reply is not an error here; see
    /// [`poll_class`](Self::poll_class).
    pub fn poll_reply(&mut self, ticket: Ticket) -> Poll<Result<Reply, Error>> {
        if let Some(answer) = self.answers.collect(ticket) {
            self.queue.batch.release(ticket);
            let after = self.after();
            return Poll::Ready(answer.outcome.map_err(|error| error.with_after(after)));
        }
        if self.awaits(ticket) {
            return Poll::Pending;
        }
        Poll::Ready(Err(self.error(Misuse::SpentTicket, None)))
    }

    /// The reply to a command if it is of the given class.
    ///
    /// # Errors
    /// As [`poll_reply`](Self::poll_reply), and besides: [`ErrorKind::Refused`] for a 4xx or 5xx reply,
    /// [`ErrorKind::Unexpected`] for any other class.
    pub fn poll_class(&mut self, ticket: Ticket, class: Class) -> Poll<Result<Reply, Error>> {
        let verb = self.answers.verb(ticket);
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
        self.note(|| Record::Discarded(ticket.0));
        self.answers.collect(ticket);
        self.queue.discard(ticket);
        self.shared.wire.owed.disown(&[Owner::Ticket(ticket)]);
        self.security.discard(ticket);
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
        for ticket in self.open_tickets() {
            if ticket.is_within(&tickets) {
                self.discard(ticket);
            }
        }
    }

    /// Queues a transfer, which begins when everything that was submitted before is over.
    ///
    /// # Errors
    /// [`Misuse::Busy`] while another transfer is queued; and, unless [`Config::lookahead`] is on, while one is under way.
    pub fn begin(&mut self, transfer: Transfer) -> Result<TransferId, Misuse> {
        let runs = self.running().is_some();
        if self.queue.transfer().is_some() || (runs && !self.shared.config.lookahead) {
            return Err(Misuse::Busy);
        }
        let id = self.latest_transfer.next();
        self.latest_transfer = id;
        self.note(|| Record::Begun(transfer.clone()));
        self.queue.push(Work::Transfer { id, spec: transfer });
        self.go_on();
        Ok(id)
    }

    /// The verdict on a transfer, once, as soon as it is certain. The session keeps the latest two
    /// verdicts.
    ///
    /// # Errors
    /// The transfer failed. [`Error::after`] is the state of the session, and
    /// [`Error::interrupted`] says what is known about the bytes.
    pub fn poll_transfer(&mut self, id: TransferId) -> Poll<Result<Completed, Error>> {
        if let Some(verdict) = self.shared.verdicts.take(id) {
            let after = self.after();
            return Poll::Ready(verdict.map_err(|error| error.with_after(after)));
        }
        if self.queue.transfer() == Some(id) || self.running() == Some(id) {
            return Poll::Pending;
        }
        Poll::Ready(Err(self.error(Misuse::SpentTicket, None)))
    }

    /// Aborts a transfer. Its verdict says how far it had come.
    pub fn abort(&mut self, id: TransferId) {
        self.note(|| Record::Aborted(id.0));
        self.abort_transfer(id);
        self.go_on();
    }

    /// Aborts every transfer that was begun: the one under way, and with [`Config::lookahead`] the
    /// one behind it.
    pub fn abort_all(&mut self) {
        let (queued, running) = (self.queue.transfer(), self.running());
        // The one behind is first, so that it does not begin when the other is over.
        for id in queued.into_iter().chain(running) {
            self.abort(id);
        }
    }

    /// Closes the session at once, without QUIT.
    pub fn close(&mut self) {
        self.note(|| Record::Closed);
        let kind = ErrorKind::Closed(Closed::Local, None);
        self.shared.die(Closed::Local, kind);
        self.go_on();
    }

    /// The next event: something that happened and answers no command. The latest 64 events are
    /// kept.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.shared.events.pop()
    }

    /// The next trace record, when [`Config::detail`] asks for any.
    pub fn poll_trace(&mut self) -> Option<Record> {
        self.shared.trace.pop()
    }
}
