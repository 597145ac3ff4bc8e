//! The user-PI of RFC 959: one control connection and the data connections that belong to it.
//!
//! This file holds the type and its public methods. What happens behind them stands in
//! `session/`: `outbox` and `pending` (what was sent, what is owed), `opening` (from TYPE to the transfer command),
//! `table`, `running`, `payload` and `ending` (the transfer itself), `verdicts`, `lookahead` (the transfer after it),
//! `keepalive`, `abort`, `security`, `server` (what is known of it), `replies`, `timers`, `death`.

mod abort;
mod batch;
mod config;
#[cfg(feature = "testing")]
mod coverage;
mod death;
mod ending;
mod keepalive;
mod lookahead;
#[cfg(feature = "testing")]
mod memory;
mod opening;
mod outbox;
mod payload;
mod pending;
mod queue;
mod replies;
mod running;
mod security;
mod server;
mod table;
mod timers;
mod verdicts;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use core::task::Poll;

pub use config::{
    AbortStyle, Config, Control, Detail, Leniencies, Leniency, Limits, Pipeline, Telnet, Timeouts,
    TlsPolicy,
};

use crate::action::{Action, DataId, Link, Report, Representation};
use crate::command::{Command, Verb};
use crate::error::{After, Closed, Error, ErrorKind, Misuse};
use crate::features::Features;
use crate::operation::memory::Memory;
use crate::reply::{Class, Grammar, Parser, Reply, ReplyCode};
use crate::time::{Deadline, Instant, Reason};
use crate::trace::{Record, Trace};
use crate::transfer::{DataMode, Transfer};
use crate::verdict::Completed;

pub use batch::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, BATCH_TEXT_MAX};

#[cfg(feature = "testing")]
pub use coverage::Coverage;

use abort::Settlement;
use batch::Batch;
use death::Death;
use lookahead::Ahead;
use outbox::Outbox;
use pending::{Owner, Pending};
use queue::Work;
use running::Running;
use security::Securing;
use server::Server;
use timers::Timers;
use verdicts::Verdicts;

/// Events that are kept for a caller who does not poll them; older ones are dropped.
const EVENTS_MAX: usize = 64;

/// Stands for the reply to one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u32);

impl Ticket {
    /// Stands for the greeting, the reply to no command at all.
    pub const GREETING: Self = Self(0);

    /// The number itself. Tickets are numbered in the order of their commands.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Stands for the verdict on one transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub(crate) u32);

/// What a session is good for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Nothing is under way: the next command goes out at once.
    Usable,
    /// A command or a transfer is under way.
    Busy,
    /// Something is over for the caller and not for the server. The session settles that before the next command.
    Draining {
        /// How many replies are still owed.
        replies: usize,
    },
    /// The session is over.
    Dead(Closed),
}

/// What happened without being asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A reply that belongs to no command.
    Unsolicited(Reply),
    /// A stranger called an active data connection's port, and was turned away.
    Stranger(core::net::IpAddr),
    /// The server named a data host in a 227 that is not dialled; the policy's choice is dialled instead.
    HostIgnored(core::net::IpAddr),
    /// The session is over.
    Closed(Closed),
}

/// The client half of one FTP control connection and of its data connections.
///
/// Every method may be called at any time and in any order. What depends on something else is not brought out before
/// the driver has reported that other thing done: that is all there is to the order of things. [`manual::driving`]
/// has the loop.
///
/// [`manual::driving`]: crate::manual::driving
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    config: Config,
    control: Control,
    /// The latest time that was handed in.
    clock: Instant,
    parser: Parser,
    outbox: Outbox,
    pending: Pending,
    queue: VecDeque<Work>,
    answers: BTreeMap<Ticket, Answer>,
    batch: Batch,
    next_ticket: u32,
    next_transfer: u32,
    next_data: u32,
    /// Boxed, since most sessions have none at most times.
    transfer: Option<Box<Running>>,
    /// What was asked for the transfer that waits behind it.
    ahead: Option<Ahead>,
    verdicts: Verdicts,
    settlement: Option<Settlement>,
    securing: Option<Securing>,
    /// TLS was ended with CCC.
    cleared: bool,
    actions: VecDeque<Action>,
    events: VecDeque<Event>,
    timers: Timers,
    dead: Option<Death>,
    server: Server,
    unsolicited: u16,
    surplus: Surplus,
    /// How much was written when the reply that is read now began: it answers nothing that was written later.
    reply_began: u64,
    used: Leniencies,
    trace: Trace,
    #[cfg(feature = "testing")]
    coverage: Coverage,
}

/// The reply to a command, with the verb it answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Answer {
    verb: Verb,
    outcome: Result<Reply, Error>,
}

/// Whether the final reply of the transfer before may come a second time. Some servers do that after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Surplus {
    Impossible,
    Possible,
    /// It came. Any more are counted like all that nobody asked for.
    Seen,
}

impl Session {
    /// Begins a session over an open control connection; the greeting is awaited.
    pub fn new(config: Config, control: Control) -> Self {
        let grammar = Grammar {
            any_code_ends: config.lenient.contains(Leniency::OtherCodeEndsReply),
            telnet: config.telnet == Telnet::Doubled,
        };
        let mut session = Self {
            config,
            control,
            clock: Instant::EPOCH,
            parser: Parser::new(config.limits.reply, grammar),
            outbox: Outbox::default(),
            pending: Pending::default(),
            queue: VecDeque::new(),
            answers: BTreeMap::new(),
            batch: Batch::default(),
            next_ticket: Ticket::GREETING.0,
            next_transfer: 0,
            next_data: 0,
            transfer: None,
            ahead: None,
            verdicts: Verdicts::default(),
            settlement: None,
            securing: None,
            cleared: false,
            actions: VecDeque::new(),
            events: VecDeque::new(),
            timers: Timers::default(),
            dead: None,
            server: Server::default(),
            unsolicited: 0,
            surplus: Surplus::Impossible,
            reply_began: 0,
            used: Leniencies::default(),
            trace: Trace::new(config.detail, config.limits.trace_records_max),
            #[cfg(feature = "testing")]
            coverage: Coverage::default(),
        };
        session.trace.record(|| Record::Opened {
            config: Box::new(config),
            control,
        });
        let greeting = session.issue_ticket();
        session.expect_greeting(greeting);
        session
    }

    /// What the session is good for now.
    pub fn state(&self) -> State {
        match &self.dead {
            Some(death) => State::Dead(death.closed),
            None if self.settlement.is_some() => State::Draining {
                replies: self.pending.unsettled(),
            },
            None if self.is_idle() => State::Usable,
            None => State::Busy,
        }
    }

    /// The configuration that the session was made with.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The deviations that the server needed so far.
    pub const fn leniencies_used(&self) -> Leniencies {
        self.used
    }

    /// Whether the control connection is secured.
    pub const fn is_secured(&self) -> bool {
        self.control.secured
    }

    /// Whether data connections are protected: PROT P is in force.
    pub const fn is_data_protected(&self) -> bool {
        self.server.protected
    }

    /// The TYPE that is in force, when that is certain.
    pub const fn representation(&self) -> Option<Representation> {
        self.server.representation
    }

    /// The transfer that is queued or under way, if one is.
    pub fn current_transfer(&self) -> Option<TransferId> {
        let running = self.transfer.as_ref().map(|running| running.id);
        running.or_else(|| self.queue.iter().find_map(Work::transfer))
    }

    /// The ticket that the next command will get. Looked up before and after an operation is polled, it tells what the
    /// operation has submitted; see [`discard_all`](Self::discard_all).
    pub const fn next_ticket(&self) -> Ticket {
        Ticket(self.next_ticket)
    }

    /// The command of the transfer under way: of a series, it tells whose payload moves.
    pub fn current_command(&self) -> Option<&Command> {
        let running = self.transfer.as_ref();
        running.map(|running| running.spec.command())
    }

    /// The preliminary reply (125 or 150) that opened the transfer under way; see [`size::hint`](crate::size::hint).
    pub fn current_mark(&self) -> Option<&Reply> {
        self.transfer.as_deref().and_then(Running::mark)
    }

    /// The code of the latest reply, whatever command it answered: ftplib's `lastresp`.
    #[doc(alias = "lastresp")]
    pub const fn last_code(&self) -> Option<ReplyCode> {
        self.trace.last_code()
    }

    /// How data connections are opened from the next transfer on: ftplib's `set_pasv`.
    #[doc(alias = "set_pasv")]
    pub const fn set_data_mode(&mut self, mode: DataMode) {
        self.config.data_mode = mode;
    }

    /// How much is recorded from now on: ftplib's `set_debuglevel`.
    #[doc(alias = "set_debuglevel")]
    pub const fn set_detail(&mut self, detail: Detail) {
        self.config.detail = detail;
        self.trace.set_detail(detail);
    }

    /// What FEAT said, when it was asked since TLS began and since REIN.
    pub const fn features(&self) -> Option<&Features> {
        self.server.features.as_ref()
    }

    /// What operations remember of the server. Forgotten when the server accepts AUTH or REIN.
    pub const fn memory(&self) -> &Memory {
        &self.server.memory
    }

    /// What operations remember of the server, to be changed. The session itself does not act by it.
    pub const fn memory_mut(&mut self) -> &mut Memory {
        &mut self.server.memory
    }

    /// Notes that the server needed a deviation, for [`leniencies_used`](Self::leniencies_used).
    pub fn use_leniency(&mut self, leniency: Leniency) {
        self.used = self.used.with(leniency);
    }

    /// Gives back memory that is held in reserve: worth it for a session that will be idle. It grows again when it is
    /// needed. Nothing else changes, at whatever moment this is called.
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
        self.parser.shrink_to_fit();
        self.outbox.shrink_to_fit();
        self.pending.shrink_to_fit();
        self.batch.shrink_to_fit();
        self.queue.shrink_to_fit();
        self.actions.shrink_to_fit();
        self.events.shrink_to_fit();
        // An empty map may still hold a node.
        if self.answers.is_empty() {
            self.answers = BTreeMap::new();
        }
    }

    // -- control connection: bytes --------------------------------------------------------------------------------

    /// Feeds bytes that were read from the control connection, after TLS when it is secured.
    ///
    /// Takes everything, never fails, and holds no more than [`Limits`] allow. How the bytes are cut does not matter.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.trace.record(|| Record::Received(bytes.into()));
        self.read_replies(bytes);
        self.pump();
    }

    /// The control connection reached its end.
    pub fn receive_eof(&mut self) {
        self.trace.record(|| Record::ReceivedEof);
        self.control_ended();
        self.pump();
    }

    /// The bytes to write next: whole command lines, less what was written of them. Stays as it is until
    /// [`transmitted`](Self::transmitted), but for commands that may be appended. Empty while TLS begins or ends.
    pub fn transmit(&self) -> &[u8] {
        self.outbox.unsent()
    }

    /// Acknowledges that the first `bytes` bytes of [`transmit`](Self::transmit) were written.
    pub fn transmitted(&mut self, bytes: usize) {
        self.trace.record(|| Record::Transmitted(bytes));
        let before = self.outbox.sent();
        self.outbox.advance(bytes);
        // The wait for a reply begins when its command is out.
        if self
            .pending
            .head()
            .is_some_and(|head| head.end > before && head.end <= self.outbox.sent())
        {
            self.await_head();
        }
        self.abort_flushed();
        self.begin_securing_when_flushed();
    }

    // -- effects: what the driver must do, and what came of it ----------------------------------------------------

    /// Fires the timers that are due at `now` and yields the next action. The only method that takes the time; time
    /// that goes backwards counts as standing still.
    ///
    /// When it returns `None`, then either bytes wait in [`transmit`](Self::transmit), or the driver has an action to
    /// report on, or [`deadline`](Self::deadline) lies ahead, or nothing is under way.
    pub fn poll_action(&mut self, now: Instant) -> Option<Action> {
        self.trace.record(|| Record::Polled(now));
        self.clock = self.clock.max(now);
        self.fire_timers();
        let action = self.actions.pop_front();
        self.trace.record_some(action, Record::Performed);
        debug_assert!(
            self.deadline()
                .is_none_or(|deadline| deadline.at > self.clock),
            "a due timer was left"
        );
        action
    }

    /// Fires the timers that are due. What came of it must not be missed by a driver that has nothing to do and no
    /// bytes to write: with a verdict there is always an action.
    fn fire_timers(&mut self) {
        self.timers.arm(self.clock);
        let running = |session: &Self| session.transfer.as_ref().map(|running| running.id);
        let before = running(self);
        while let Some(reason) = self.timers.take_due(self.clock) {
            self.expire(reason);
            self.pump();
            self.timers.arm(self.clock);
        }
        let judged = before.is_some() && before != running(self);
        if judged && self.actions.is_empty() && self.outbox.is_empty() {
            let data = DataId(self.next_data);
            self.actions.push_back(Action::Discard { data });
        }
    }

    /// Tells what came of an action, or what was observed on a data connection.
    pub fn report(&mut self, report: Report) {
        self.trace.record(|| Record::Reported(report));
        match report {
            Report::Secured {
                link: Link::Control,
            } => self.control_secured(),
            Report::Unsecured => self.control_unsecured(),
            Report::Failed {
                link: Link::Control,
                failure,
            } => self.control_failed(failure),
            _ => self.data_reported(report),
        }
        self.pump();
    }

    /// When [`poll_action`](Self::poll_action) must be called again even if nothing happens. Always ahead of the
    /// time that `poll_action` was called with last.
    pub fn deadline(&self) -> Option<Deadline> {
        self.timers.deadline()
    }

    // -- conversation: what the application wants -----------------------------------------------------------------

    /// Queues a command. It goes out when everything that it must wait for is over.
    ///
    /// # Errors
    /// [`Misuse`] alone: a verb that the session sends by itself, or too many commands whose replies were not polled.
    pub fn submit(&mut self, command: Command) -> Result<Ticket, Misuse> {
        if command.verb().is_managed() {
            return Err(Misuse::ManagedVerb);
        }
        if self.in_flight() >= usize::from(self.config.limits.in_flight_max) {
            return Err(Misuse::PipelineFull);
        }
        let ticket = self.issue_ticket();
        self.trace.record(|| Record::Submitted(command.masked()));
        self.queue.push_back(Work::Command { ticket, command });
        self.pump();
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
    /// Why there is no reply: the session is over, a wait expired, a policy forbade the command, or the ticket was
    /// spent. A negative reply is not an error here; see [`poll_class`](Self::poll_class).
    pub fn poll_reply(&mut self, ticket: Ticket) -> Poll<Result<Reply, Error>> {
        if let Some(answer) = self.answers.remove(&ticket) {
            self.batch.remove(ticket);
            let after = self.after();
            return Poll::Ready(answer.outcome.map_err(|error| error.with_after(after)));
        }
        if self.awaits(ticket) {
            return Poll::Pending;
        }
        Poll::Ready(Err(
            self.error(ErrorKind::Misuse(Misuse::SpentTicket), Verb::Noop)
        ))
    }

    /// The reply to a command if it is of the given class.
    ///
    /// # Errors
    /// As [`poll_reply`](Self::poll_reply), and besides: [`ErrorKind::Refused`] for a 4xx or 5xx reply,
    /// [`ErrorKind::Unexpected`] for any other class.
    pub fn poll_class(&mut self, ticket: Ticket, class: Class) -> Poll<Result<Reply, Error>> {
        let verb = self
            .answers
            .get(&ticket)
            .map_or(Verb::Noop, |answer| answer.verb);
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
    pub fn unwelcome(&self, reply: Reply, verb: Verb) -> Error {
        let kind = match reply.class() {
            Class::TransientNegative | Class::PermanentNegative => {
                ErrorKind::Refused(Box::new(reply))
            }
            _ => ErrorKind::Unexpected(Box::new(reply)),
        };
        self.error(kind, verb)
    }

    /// An error of the given kind, at the step named by `verb`, with what the session is good for now. For operations
    /// of one's own.
    pub fn error(&self, kind: impl Into<ErrorKind>, verb: Verb) -> Error {
        Error::new(kind.into(), verb, self.after())
    }

    /// The caller lost interest in a reply. It is still awaited, and dropped when it comes.
    pub fn discard(&mut self, ticket: Ticket) {
        self.trace.record(|| Record::Discarded(ticket.0));
        self.answers.remove(&ticket);
        self.batch.remove(ticket);
        self.queue.retain(
            |work| !matches!(work, Work::Command { ticket: queued, .. } if *queued == ticket),
        );
        let owner = Owner::Ticket(ticket);
        for slot in self.pending.iter_mut().filter(|slot| slot.owner == owner) {
            slot.owner = Owner::Nobody;
        }
        if let Some(securing) = &mut self.securing {
            securing.ticket.take_if(|secured| *secured == ticket);
        }
    }

    /// The caller lost interest in an operation: [discards](Self::discard) every ticket of the range.
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
        let mut ticket = tickets.start;
        while ticket != tickets.end {
            self.discard(ticket);
            ticket = Ticket(ticket.0.wrapping_add(1));
        }
    }

    /// Queues a transfer. It begins when everything that was submitted before is over.
    ///
    /// # Errors
    /// [`Misuse::Busy`] while another transfer is queued; and, unless [`Config::lookahead`] is on, while one is under way.
    pub fn begin(&mut self, transfer: Transfer) -> Result<TransferId, Misuse> {
        let queued = self.queue.iter().find_map(Work::transfer);
        if queued.is_some() || (self.transfer.is_some() && !self.config.lookahead) {
            return Err(Misuse::Busy);
        }
        self.next_transfer = self.next_transfer.wrapping_add(1);
        let id = TransferId(self.next_transfer);
        self.trace.record(|| Record::Begun(transfer.clone()));
        self.queue.push_back(Work::Transfer { id, transfer });
        self.pump();
        Ok(id)
    }

    /// The verdict on a transfer, once, as soon as it is certain. It is kept until that on the next but one is given.
    ///
    /// # Errors
    /// Why the transfer did not succeed; [`Error::after`] says what the session is good for, and
    /// [`Error::interrupted`] what is known about the bytes.
    pub fn poll_transfer(&mut self, id: TransferId) -> Poll<Result<Completed, Error>> {
        if let Some(verdict) = self.verdicts.take(id) {
            let after = self.after();
            return Poll::Ready(verdict.map_err(|error| error.with_after(after)));
        }
        let queued = self.queue.iter().find_map(Work::transfer);
        if queued == Some(id)
            || self
                .transfer
                .as_ref()
                .is_some_and(|running| running.id == id)
        {
            return Poll::Pending;
        }
        Poll::Ready(Err(self.error(Misuse::SpentTicket, Verb::Noop)))
    }

    /// Ends a transfer before its time. Its verdict says what had become of it by then.
    pub fn abort(&mut self, id: TransferId) {
        self.trace.record(|| Record::Aborted(id.0));
        self.abort_transfer(id);
        self.pump();
    }

    /// Ends every transfer that was begun: the one under way, and with [`Config::lookahead`] the one behind it.
    pub fn abort_all(&mut self) {
        let queued = self.queue.iter().find_map(Work::transfer);
        let running = self.transfer.as_ref().map(|running| running.id);
        // The one behind first, so that it does not begin when the other is over.
        for id in queued.into_iter().chain(running) {
            self.abort(id);
        }
    }

    /// Closes the session at once, without QUIT.
    pub fn close(&mut self) {
        self.trace.record(|| Record::Closed);
        self.die(Closed::Local, ErrorKind::Closed(Closed::Local, None));
        self.pump();
    }

    /// What happened without being asked for. The latest 64 events are kept.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next trace record, when [`Config::detail`] asks for any.
    pub fn poll_trace(&mut self) -> Option<Record> {
        self.trace.pop()
    }

    /// The cells of the transfer table that this session was in.
    #[cfg(feature = "testing")]
    pub const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    // -- what the parts share -------------------------------------------------------------------------------------

    pub(crate) fn after(&self) -> After {
        match self.state() {
            State::Dead(_) => After::Dead,
            State::Draining { .. } => After::Draining,
            State::Usable | State::Busy => After::Usable,
        }
    }

    /// Drops the answers that nobody will poll, in a replay.
    pub(crate) fn forget_answers(&mut self) {
        self.answers.clear();
        self.batch = Batch::default();
    }

    fn is_idle(&self) -> bool {
        self.pending.is_empty()
            && self.queue.is_empty()
            && self.transfer.is_none()
            && self.securing.is_none()
    }

    fn issue_ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket = self.next_ticket.wrapping_add(1);
        ticket
    }

    fn issue_data(&mut self) -> DataId {
        self.next_data = self.next_data.wrapping_add(1);
        DataId(self.next_data)
    }

    fn in_flight(&self) -> usize {
        let queued = self.queue.len().saturating_add(self.answers.len());
        let asked = self.pending.len();
        let asked = asked.saturating_sub(self.pending.count(Owner::Keepalive));
        // A batch has a window of its own.
        queued
            .saturating_add(asked)
            .saturating_sub(self.batch.len())
    }

    /// Keeps an event for the caller: as many as anybody can want who polls them at all.
    fn tell(&mut self, event: Event) {
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    fn awaits(&self, ticket: Ticket) -> bool {
        let queued =
            |work: &Work| matches!(work, Work::Command { ticket: queued, .. } if *queued == ticket);
        self.pending.owes(Owner::Ticket(ticket))
            || self.queue.iter().any(queued)
            || self
                .securing
                .as_ref()
                .is_some_and(|securing| securing.awaits(ticket))
    }

    fn answer(&mut self, ticket: Ticket, verb: Verb, outcome: Result<Reply, Error>) {
        let outcome = self.reduce_if_batched(ticket, outcome);
        self.answers.insert(ticket, Answer { verb, outcome });
    }

    /// Gives each timer that fired to the part that asked for it.
    fn expire(&mut self, reason: Reason) {
        match reason {
            Reason::AbortLinger | Reason::AbortGrace | Reason::Fence => {
                self.settlement_expired(reason)
            }
            Reason::Keepalive => self.send_keepalive(),
            _ if self.transfer.is_some() => self.transfer_expired(reason),
            _ => self.die(Closed::Timeout(reason), ErrorKind::Timeout(reason)),
        }
    }
}
