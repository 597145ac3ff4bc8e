//! The state that the parts of a session share, and the effects that they can have.
//!
//! A part is given this and its own state. It writes, acts, waits, rests, judges, tells and dies
//! through it, and knows no other part above it.

use alloc::boxed::Box;
use core::time::Duration;

use crate::action::{Action, DataId, Failure};
use crate::command::{Command, Verb};
use crate::config::{Config, Control, Leniencies, Leniency, Telnet, TlsPolicy};
use crate::error::{After, Closed, Error, ErrorKind, Policy};
use crate::reply::{Class, Grammar, Reply, ReplyCode};
use crate::time::Reason;
use crate::trace::{Record, Trace};
use crate::transfer::DataMode;
use crate::verdict::Completed;
use crate::violation::Violation;

use super::TransferId;
use super::actions::Actions;
use super::events::{Event, Events, SURPLUS_TEXT_MAX};
use super::refill::{self, Refill};
use super::server::Server;
use super::timers::Timers;
use super::verdicts::Verdicts;
use super::wire::{Owner, Slot, Wire};

/// The shortest time between two keepalives. During a transfer, with none between them, one call would
/// send as many as may be unanswered.
const KEEPALIVE_MIN: Duration = Duration::from_millis(10);

/// Why the session ended, for all open tickets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Death {
    pub(super) closed: Closed,
    pub(super) kind: ErrorKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) control: Control,
    /// TLS was ended with CCC.
    pub(super) cleared: bool,
    /// How many data connections can still resume a TLS session, as far as that is known and
    /// limited.
    pub(super) resumptions: Option<u32>,
    pub(super) refill: Refill,
    pub(super) server: Server,
    pub(super) wire: Wire,
    pub(super) timers: Timers,
    pub(super) actions: Actions,
    pub(super) events: Events,
    pub(super) verdicts: Verdicts,
    pub(super) used: Leniencies,
    pub(super) trace: Trace,
    /// A part found that the session cannot go on. The session ends when the part has returned.
    pub(super) dying: Option<Death>,
}

impl Shared {
    pub(super) fn new(config: Config, control: Control) -> Self {
        let grammar = Grammar {
            any_code_ends: config.lenient.contains(Leniency::OtherCodeEndsReply),
            telnet: config.telnet == Telnet::Doubled,
        };
        Self {
            config,
            control,
            cleared: false,
            resumptions: None,
            refill: Refill::default(),
            server: Server::default(),
            wire: Wire::new(config.limits.reply, grammar),
            timers: Timers::default(),
            actions: Actions::default(),
            events: Events::default(),
            verdicts: Verdicts::default(),
            used: Leniencies::default(),
            trace: Trace::new(config.detail, config.limits.trace_records_max),
            dying: None,
        }
    }

    // -- effects --------------------------------------------------------------------------------

    /// Writes a command and notes whom its reply is for.
    pub(super) fn write(&mut self, owner: Owner, command: &Command) {
        let is_head = self.wire.owed.head().is_none();
        self.trace.record(|| Record::Command(command.masked()));
        self.wire.send(owner, command);
        if is_head {
            self.await_head();
        }
    }

    /// Has the driver do something.
    pub(super) fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Has the driver drop a data connection.
    pub(super) fn give_up(&mut self, data: DataId) {
        self.actions.forget(data);
        self.actions.push(Action::Discard { data });
    }

    /// Begins a wait, anew if it was under way, if it has a limit.
    pub(super) fn wait(&mut self, reason: Reason) {
        let limit = match reason {
            Reason::Keepalive => self.config.keepalive.map(|every| every.max(KEEPALIVE_MIN)),
            Reason::IdleKeepalive => {
                let every = self.config.idle_keepalive;
                every.map(|every| every.max(KEEPALIVE_MIN))
            }
            _ => self.config.timeouts.of(reason),
        };
        if let Some(limit) = limit {
            self.timers.request(reason, limit);
        }
    }

    /// Ends a wait.
    pub(super) fn rest(&mut self, reason: Reason) {
        self.timers.cancel(reason);
    }

    /// Begins the wait for the reply that is owed first. A transfer has waits of its own once the
    /// server has spoken of it, and so has what settles it.
    pub(super) fn await_head(&mut self) {
        self.rest(Reason::Reply);
        let reason = |head: &Slot| match head.owner {
            Owner::Abort | Owner::Ahead | Owner::Keepalive | Owner::Fence => None,
            Owner::Transfer if head.spoken => None,
            Owner::Guard => Some(Reason::Fence),
            _ => Some(Reason::Reply),
        };
        if let Some(reason) = self.wire.owed.head().and_then(reason) {
            self.wait(reason);
        }
    }

    /// Gives the verdict on a transfer.
    pub(super) fn judge(&mut self, id: TransferId, verdict: Result<Completed, Error>) {
        if id == TransferId::REFILL {
            if refill::was_cut(&verdict) {
                self.tell(Event::RefillCut);
            }
            return self.refill.judged(self.resumptions, verdict);
        }
        self.verdicts.give(id, verdict);
    }

    /// Ends the session, when the part that found this has returned.
    pub(super) fn die(&mut self, closed: Closed, kind: ErrorKind) {
        self.dying.get_or_insert(Death { closed, kind });
    }

    /// Ends the session, because a wait expired and replies can no longer be matched to commands.
    pub(super) fn time_out(&mut self, reason: Reason) {
        self.die(Closed::Timeout(reason), ErrorKind::Timeout(reason));
    }

    /// Ends the session, because the server broke the protocol.
    pub(super) fn violate(&mut self, violation: Violation) {
        self.die(
            Closed::Violation(violation),
            ErrorKind::Violation(violation),
        );
    }

    /// The control connection reached its end.
    pub(super) fn control_ended(&mut self) {
        if self.wire.is_at_boundary() {
            self.die(Closed::Eof, ErrorKind::Closed(Closed::Eof, None));
        } else {
            self.violate(Violation::TruncatedReply);
        }
    }

    /// The control connection failed.
    pub(super) fn control_failed(&mut self, failure: Failure) {
        let closed = Closed::Lost(failure);
        self.die(closed, ErrorKind::Closed(closed, None));
    }

    /// An unsolicited reply came.
    pub(super) fn unsolicited(&mut self, reply: Reply) {
        if reply.code() == ReplyCode::SERVICE_CLOSING {
            let kind = ErrorKind::Closed(Closed::Service, Some(Box::new(reply.clone())));
            self.die(Closed::Service, kind);
        }
        let limits = &self.config.limits;
        let max = usize::from(limits.unsolicited_replies_max);
        let lines_max = limits.reply.reply_lines_max;
        if self.wire.counts_too_many(reply.code(), max, lines_max) {
            self.violate(Violation::TooManyUnsolicited);
        }
        self.tell(Event::Unsolicited(reply.shortened(SURPLUS_TEXT_MAX)));
    }

    /// Keeps an event for the caller.
    pub(super) fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(super) fn use_leniency(&mut self, leniency: Leniency) {
        self.used = self.used.with(leniency);
    }

    /// A part reached an impossible state, which is a fault of this crate. It has no effect and is
    /// counted.
    pub(super) fn impossible(&mut self, what: &str) {
        debug_assert!(false, "impossible: {what}");
        self.events.count_impossible();
    }

    // -- knowledge ------------------------------------------------------------------------------

    /// Whether the control connection is in clear without CCC.
    pub(super) const fn is_in_clear(&self) -> bool {
        !self.control.secured && !self.cleared
    }

    /// Whether a transfer that may still be refused may spend a TLS ticket: never the last one,
    /// unless the server is known not to demand resumption.
    pub(super) const fn may_spend_ticket(&self) -> bool {
        !matches!(self.resumptions, Some(1)) || self.refill.shows_no_demand()
    }

    /// The policy that forbids a transfer in this mode, if one does.
    pub(super) fn transfer_forbidden(&self, mode: DataMode) -> Option<Policy> {
        let in_clear = self.is_in_clear();
        match self.config.tls {
            TlsPolicy::Full | TlsPolicy::Control if in_clear => Some(Policy::ControlNotSecured),
            TlsPolicy::Full if !self.server.protected => Some(Policy::DataNotProtected),
            _ if mode.needs_ipv4() && !self.control.is_ipv4() => Some(Policy::NeedsIpv4),
            _ => None,
        }
    }
}

/// An error at the step named by `verb`. The state of the session is filled in when the error is
/// polled.
pub(super) fn error(kind: impl Into<ErrorKind>, verb: impl Into<Option<Verb>>) -> Error {
    Error::new(kind.into(), verb, After::Usable)
}

/// The error for a reply that the step named by `verb` cannot go on with.
pub(super) fn unwelcome(reply: Reply, verb: impl Into<Option<Verb>>) -> Error {
    error(unwelcome_kind(reply), verb)
}

pub(super) fn unwelcome_kind(reply: Reply) -> ErrorKind {
    let reply = Box::new(reply);
    match reply.class() {
        Class::TransientNegative | Class::PermanentNegative => ErrorKind::Refused(reply),
        _ => ErrorKind::Unexpected(reply),
    }
}
