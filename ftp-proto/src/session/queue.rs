//! What waits to be sent, and when it may.

use crate::action::Representation;
use crate::command::{Argument, Command, Verb};
use crate::config::{Telnet, TlsPolicy};
use crate::error::{ErrorKind, Policy};
use crate::time::Reason;
use crate::trace::Record;
use crate::transfer::Transfer;

use super::pending::{Effect, Owner, Slot};
use super::{Session, Ticket, TransferId};

/// What the application wants next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Work {
    Command { ticket: Ticket, command: Command },
    Transfer { id: TransferId, transfer: Transfer },
}

impl Work {
    pub(super) const fn transfer(&self) -> Option<TransferId> {
        match self {
            Self::Transfer { id, .. } => Some(*id),
            Self::Command { .. } => None,
        }
    }
}

impl Session {
    /// Sends whatever may be sent now. Called at the end of every input.
    pub(super) fn pump(&mut self) {
        while self.dead.is_none() && self.may_send() {
            match self.queue.pop_front() {
                None => return,
                Some(Work::Command { ticket, command }) => self.send_or_refuse(ticket, &command),
                Some(Work::Transfer { id, transfer }) => self.start_transfer(id, transfer),
            }
        }
        self.look_ahead();
        self.refuse_when_dead();
    }

    /// Writes a command and notes whom its reply is for.
    pub(super) fn write(&mut self, owner: Owner, command: &Command) {
        let (start, end) = self
            .outbox
            .push(command, self.config.telnet == Telnet::Doubled);
        self.trace.record(|| Record::Command(command.masked()));
        let slot = Slot {
            owner,
            verb: command.verb(),
            effect: effect(command),
            start,
            end,
            marks: 0,
            mark: None,
        };
        let is_head = self.pending.is_empty();
        self.pending.push(slot);
        if is_head {
            self.await_head();
        }
    }

    /// Begins the wait for the reply at the head. A transfer has waits of its own, and so has what settles it.
    pub(super) fn await_head(&mut self) {
        self.timers.cancel(Reason::Reply);
        let Some(head) = self.pending.head() else {
            return;
        };
        match head.owner {
            Owner::Abort | Owner::Ahead | Owner::Keepalive | Owner::Fence => {}
            Owner::Transfer => self.await_transfer(),
            _ => self.timers.begin(Reason::Reply, &self.config.timeouts),
        }
    }

    /// Whether the next piece of work may go out, by what is under way.
    fn may_send(&self) -> bool {
        if self.transfer.is_some() || self.settlement.is_some() || self.securing.is_some() {
            return false;
        }
        let Some(last) = self.pending.last() else {
            return true;
        };
        let window = usize::from(self.config.pipeline.get());
        match self.queue.front() {
            Some(Work::Command { ticket, .. }) if self.batch.contains(*ticket) => {
                !last.verb.is_barrier()
            }
            Some(Work::Command { command, .. }) => {
                let free = !command.verb().is_barrier() && !last.verb.is_barrier();
                free && self.pending.len() < window || self.may_hurry(last.verb, command.verb())
            }
            Some(Work::Transfer { .. }) => match last.owner {
                // Its port was asked for ahead, and nothing else is owed.
                Owner::Ahead => self.pending.len() == 1,
                _ => self.config.eager && last.verb == Verb::Pass,
            },
            None => false,
        }
    }

    /// Whether a command may go out behind another on whose reply it depends.
    const fn may_hurry(&self, last: Verb, next: Verb) -> bool {
        let pair = matches!(
            (last, next),
            (Verb::User, Verb::Pass) | (Verb::Rnfr, Verb::Rnto)
        );
        self.config.eager && pair
    }

    fn send_or_refuse(&mut self, ticket: Ticket, command: &Command) {
        match self.forbidden(command.verb()) {
            Some(kind) => {
                let error = self.error(kind, command.verb());
                self.answer(ticket, command.verb(), Err(error));
            }
            None => self.write(Owner::Ticket(ticket), command),
        }
    }

    /// What keeps a command from being sent in the present state of security.
    fn forbidden(&self, verb: Verb) -> Option<ErrorKind> {
        let wants_tls = self.config.tls != TlsPolicy::None;
        let is_secret = matches!(verb, Verb::User | Verb::Pass | Verb::Acct);
        match verb {
            _ if wants_tls && !self.control.secured && is_secret => {
                Some(ErrorKind::Policy(Policy::ControlNotSecured))
            }
            _ if wants_tls && self.is_in_clear() && !comes_before_tls(verb) => {
                Some(ErrorKind::Policy(Policy::ControlNotSecured))
            }
            Verb::Auth if self.control.secured => Some(crate::error::Misuse::WrongSecurity.into()),
            Verb::Ccc if !self.control.secured => Some(crate::error::Misuse::WrongSecurity.into()),
            Verb::Ccc if !self.config.clear_control => {
                Some(ErrorKind::Policy(Policy::ClearControl))
            }
            _ => None,
        }
    }

    fn refuse_when_dead(&mut self) {
        // Payload may go on for long behind the end, and each piece of it comes by here.
        let waits = !self.queue.is_empty();
        if let Some(death) = self.dead.as_ref().filter(|_| waits) {
            let kind = death.kind.clone();
            self.tell_waiting(&kind);
        }
    }
}

/// What may be said before AUTH whatever the policy: it asks about the server and changes nothing. Everything else is
/// withheld, since a server may say in its greeting that the user is logged in already (230).
const fn comes_before_tls(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Auth
            | Verb::Clnt
            | Verb::Feat
            | Verb::Help
            | Verb::Host
            | Verb::Noop
            | Verb::Opts
            | Verb::Quit
            | Verb::Syst
    )
}

fn effect(command: &Command) -> Effect {
    let argument = command.argument().map_or(&[][..], Argument::as_bytes);
    match command.verb() {
        Verb::Auth => Effect::Secure,
        Verb::Ccc => Effect::Unsecure,
        Verb::Prot => Effect::Protect(argument.eq_ignore_ascii_case(b"P")),
        Verb::Type => Effect::Represent(match argument {
            b"I" | b"i" => Some(Representation::Image),
            b"A" | b"a" => Some(Representation::Ascii),
            _ => None,
        }),
        Verb::Feat => Effect::Offer,
        Verb::Rein => Effect::Forget,
        Verb::Quit => Effect::Quit,
        _ => Effect::None,
    }
}
