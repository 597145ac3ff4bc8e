//! The end of a session: what leads to it, and who is told.

use crate::action::{Action, Failure, Link};
use crate::command::Verb;
use crate::error::{After, Closed, Error, ErrorKind, Violation};
use crate::time::Reason;

use super::pending::Owner;
use super::queue::Work;
use super::{Event, Session, Ticket};

/// Why the session ended, as it is told to everybody who still waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Death {
    pub(super) closed: Closed,
    pub(super) kind: ErrorKind,
}

impl Session {
    /// Ends the session. Whoever waits is told why; a download that is moving goes on to its end.
    pub(super) fn die(&mut self, closed: Closed, kind: ErrorKind) {
        if self.dead.is_some() {
            return;
        }
        self.dead = Some(Death {
            closed,
            kind: kind.clone(),
        });
        self.outbox.clear();
        self.ahead = None;
        self.drop_settled_data();
        self.settlement = None;
        self.timers.cancel_all_but(&[
            Reason::DataIdle,
            Reason::DataTotal,
            Reason::TlsClose,
            Reason::Operation,
        ]);
        self.actions.retain(|action| {
            !matches!(
                action,
                Action::Secure {
                    link: Link::Control
                } | Action::Unsecure
            )
        });
        self.tell(Event::Closed(closed));
        self.tell_waiting(&kind);
        self.transfer_lost(kind);
        if closed == Closed::Service {
            self.await_farewell();
        }
        self.actions.push_back(Action::Close);
    }

    pub(super) fn tell_waiting(&mut self, kind: &ErrorKind) {
        if let Some(securing) = self.securing.take() {
            self.answer_if_wanted(securing.ticket, securing.verb, kind);
        }
        for slot in self.pending.take_all() {
            if let Owner::Ticket(ticket) = slot.owner {
                self.answer_if_wanted(Some(ticket), slot.verb, kind);
            }
        }
        for work in core::mem::take(&mut self.queue) {
            match work {
                Work::Command { ticket, command } => {
                    self.answer_if_wanted(Some(ticket), command.verb(), kind)
                }
                Work::Transfer { id, transfer } => {
                    let error = Error::new(kind.clone(), transfer.command().verb(), After::Dead);
                    self.verdicts.give(id, Err(error));
                }
            }
        }
    }

    pub(super) fn answer_if_wanted(
        &mut self,
        ticket: Option<Ticket>,
        verb: Verb,
        kind: &ErrorKind,
    ) {
        if let Some(ticket) = ticket {
            self.answer(
                ticket,
                verb,
                Err(Error::new(kind.clone(), verb, After::Dead)),
            );
        }
    }

    pub(super) fn control_ended(&mut self) {
        if self.dead.is_some() {
            return;
        }
        if self.parser.is_at_boundary() {
            self.die(Closed::Eof, ErrorKind::Closed(Closed::Eof, None));
        } else {
            self.violate(Violation::TruncatedReply);
        }
    }

    pub(super) fn control_failed(&mut self, failure: Failure) {
        let closed = Closed::Lost(failure);
        self.die(closed, ErrorKind::Closed(closed, None));
    }

    pub(super) fn violate(&mut self, violation: Violation) {
        self.die(
            Closed::Violation(violation),
            ErrorKind::Violation(violation),
        );
    }
}
