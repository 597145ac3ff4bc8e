//! Gives each reply to its owner, and holds back those that a fence has to confirm.

use alloc::boxed::Box;

use crate::command::{Command, Verb};
use crate::config::Leniency;
use crate::error::{Closed, ErrorKind};
use crate::reply::Reply;
use crate::session::Ticket;
use crate::session::errands::Errand;
use crate::session::events::{Event, SURPLUS_TEXT_MAX};
use crate::session::queue::Beneficiary;
use crate::session::security::{self, Agreement};
use crate::session::shared::error;
use crate::session::wire::{Effect, Heard, Owner, Slot, can_answer, grants};
use crate::time::Reason;
use crate::trace::Record;
use crate::violation::Violation;

use super::Interpreter;

impl Interpreter {
    pub(in crate::session) fn await_greeting(&mut self) {
        let ticket = self.answers.issue_ticket();
        let slot = Slot::new(Owner::Ticket(ticket), Verb::Greeting, Effect::None);
        self.shared.wire.owed.push(slot);
        self.shared.wait(Reason::Greeting);
    }

    pub(in crate::session) fn read_replies(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while self.dead.is_none() {
            // Bytes after the reply that begins TLS do not come from the peer that TLS will
            // authenticate.
            if self.security.is_changing() {
                if !rest.is_empty() || !self.shared.wire.is_at_boundary() {
                    self.shared.violate(Violation::BytesBeforeTls);
                }
                return;
            }
            match self.shared.wire.parse(&mut rest) {
                None => return,
                Some(Ok(reply)) => self.hear(reply),
                Some(Err((violation, kind))) => {
                    self.shared.die(Closed::Violation(violation), kind);
                }
            }
            // This runs after each reply, and not only after the last one, because the result must
            // not depend on how the bytes were cut.
            self.go_on();
        }
    }

    fn hear(&mut self, reply: Reply) {
        self.shared.trace.note_code(reply.code());
        self.note(|| Record::Reply(reply.clone()));
        if reply.opening_code().is_some() {
            self.shared.use_leniency(Leniency::OtherCodeEndsReply);
        }
        let runs = self.transfers.is_running();
        let in_batch = self.shared.wire.owed.head().is_some_and(
            |head| matches!(head.owner, Owner::Ticket(ticket) if self.queue.batch.holds(ticket)),
        );
        let heard = self.shared.wire.attribute(reply, runs, in_batch);
        self.take(heard);
    }

    fn take(&mut self, heard: Heard) {
        self.fence();
        match heard {
            Heard::Mark { index, reply } => self.marked(index, reply),
            Heard::EarlySuccess { reply } => {
                self.transfers.succeeded_early(&mut self.shared, reply)
            }
            Heard::Final { index, slot, reply } => self.answered(index, slot, reply),
            Heard::Doubted => self.shared.await_head(),
            Heard::Fenced => self.release(),
            Heard::OutOfOrder { slot } => self.out_of_order(slot),
            Heard::Closing { slot, reply } => self.closing(slot, reply),
            Heard::Surplus { reply } => {
                self.shared.use_leniency(Leniency::SurplusCompletion);
                let reply = reply.shortened(SURPLUS_TEXT_MAX);
                self.shared.tell(Event::Unsolicited(reply));
            }
            Heard::Unsolicited { reply } => self.shared.unsolicited(reply),
        }
    }

    fn marked(&mut self, index: usize, reply: Reply) {
        let Some(slot) = self.shared.wire.owed.slot_mut(index) else {
            return;
        };
        if slot.marks > self.shared.config.limits.preliminary_replies_max {
            return self.shared.violate(Violation::TooManyPreliminary);
        }
        match (slot.owner, slot.verb) {
            (Owner::Transfer, _) if self.transfers.is_running() => {
                self.transfers.marked(&mut self.shared, reply);
            }
            // After an abort, the mark changes nothing.
            (Owner::Transfer, _) => {}
            // 120: the server will be ready in some minutes. Each such reply restarts the wait.
            (_, Verb::Greeting) => self.shared.wait(Reason::Greeting),
            _ => self.shared.await_head(),
        }
    }

    fn answered(&mut self, index: usize, slot: Slot, reply: Reply) {
        let unclaimed = self
            .transfers
            .answered(&mut self.shared, index, slot, reply);
        if let Some((slot, reply)) = unclaimed {
            self.command_answered(slot, reply);
        }
        self.transfers.look(&mut self.shared);
    }

    fn errand_answered(&mut self, reply: Reply) {
        if let Err((whose, error)) = self.errands.answered(&mut self.shared, reply) {
            self.fail_work(whose, |_| error);
        }
    }

    fn command_answered(&mut self, slot: Slot, reply: Reply) {
        if slot.owner == Owner::Errand {
            return self.errand_answered(reply);
        }
        let verb = slot.verb;
        let ticket = match slot.owner {
            Owner::Ticket(ticket) => Some(ticket),
            _ => None,
        };
        if verb == Verb::Greeting {
            self.shared.rest(Reason::Greeting);
        }
        let positive = grants(verb, &reply);
        self.errands.noticed(&mut self.shared, verb, &reply);
        let reply = reply.with_preliminary(slot.mark.map(|mark| *mark));
        self.shared.server.learn(slot.effect, &reply, positive);
        match slot.effect {
            Effect::Secure | Effect::Unsecure if positive => {
                let agreement = Agreement {
                    ticket,
                    verb,
                    reply,
                };
                return self.security.agreed(&mut self.shared, agreement);
            }
            Effect::Quit if positive => self
                .shared
                .die(Closed::Quit, ErrorKind::Closed(Closed::Quit, None)),
            _ => {}
        }
        if verb == Verb::Greeting && !reply.is_positive() {
            let kind = ErrorKind::Closed(Closed::Service, Some(Box::new(reply.clone())));
            self.shared.die(Closed::Service, kind);
        }
        self.answer_reply(ticket, verb, reply);
    }

    pub(super) fn answer_reply(&mut self, ticket: Option<Ticket>, verb: Verb, reply: Reply) {
        if let Some(ticket) = ticket {
            // The first final reply is the greeting.
            let fits = verb == Verb::Greeting || can_answer(verb, reply.code());
            let outcome = match fits {
                true => Ok(reply),
                false => Err(error(ErrorKind::Unexpected(Box::new(reply)), verb)),
            };
            self.answer(ticket, verb, outcome);
        }
    }

    fn out_of_order(&mut self, slot: Slot) {
        let violation = Violation::OutOfOrder;
        if let Owner::Ticket(ticket) = slot.owner {
            self.answer_if_wanted(Some(ticket), slot.verb, &ErrorKind::Violation(violation));
        }
        self.shared.violate(violation);
    }

    // -- answers in doubt -----------------------------------------------------------------------

    /// Sends a fence, if one has to follow an answer. No other command is sent before its answer.
    fn fence(&mut self) {
        if let Some(verb) = self.shared.wire.fence_wanted() {
            let forbidden = security::forbidden(&self.shared, verb).is_some();
            let verb = if forbidden { Verb::Noop } else { verb };
            self.shared.write(Owner::Guard, &Command::bare(verb));
        }
    }

    /// The fence was answered: delivers the answers that were held back.
    fn release(&mut self) {
        self.shared.rest(Reason::Fence);
        while self.shared.dying.is_none() {
            let Some((slot, reply)) = self.shared.wire.owed.take_doubted() else {
                return self.transfers.look(&mut self.shared);
            };
            self.answered(0, slot, reply);
        }
    }

    /// A wait expired. A reply that was passed over meanwhile was the answer after all.
    pub(super) fn expired(&mut self, reason: Reason) {
        if reason == Reason::IdleKeepalive {
            let errand = Errand::StayAlive;
            return self
                .errands
                .begin(&mut self.shared, errand, Beneficiary::Nobody);
        }
        if matches!(reason, Reason::Reply | Reason::Fence) {
            if let Some(heard) = self.shared.wire.settle_for_surplus() {
                return self.take(heard);
            }
            if self.shared.wire.owed.owes(Owner::Guard) {
                return self.shared.time_out(reason);
            }
        }
        if !self.transfers.expired(&mut self.shared, reason) {
            self.shared.time_out(reason);
        }
    }

    /// 421 answers what is at its place in the queue, and ends the session.
    fn closing(&mut self, slot: Slot, reply: Reply) {
        let kind = ErrorKind::Closed(Closed::Service, Some(Box::new(reply.clone())));
        match slot.owner {
            Owner::Ticket(ticket) => self.answer(ticket, slot.verb, Ok(reply)),
            Owner::Transfer => self.transfers.closing(&mut self.shared, reply),
            _ => {}
        }
        self.shared.die(Closed::Service, kind);
    }
}
