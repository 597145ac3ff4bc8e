//! From bytes to replies, and from replies to those who wait for them.

use alloc::boxed::Box;

use crate::command::Verb;
use crate::config::Leniency;
use crate::error::{Closed, ErrorKind, Violation};
use crate::reply::{Class, Reply, ReplyCode};
use crate::time::Reason;
use crate::trace::Record;

use super::pending::{Effect, Owner, Slot, ends_transfer, may_end_transfer};
use super::{Event, Session, Surplus, Ticket};

/// How much of a surplus reply's text is kept for a caller who may never ask.
pub(super) const SURPLUS_TEXT_MAX: usize = 512;

impl Session {
    pub(super) fn expect_greeting(&mut self, ticket: Ticket) {
        let owner = Owner::Ticket(ticket);
        let effect = Effect::None;
        self.pending.push(Slot {
            owner,
            verb: Verb::Greeting,
            effect,
            start: 0,
            end: 0,
            marks: 0,
            mark: None,
        });
        self.timers.begin(Reason::Greeting, &self.config.timeouts);
    }

    pub(super) fn read_replies(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while self.dead.is_none() {
            // Whatever follows the reply that begins TLS was not sent by the peer that TLS will authenticate.
            if self.securing.is_some() {
                if !rest.is_empty() || !self.parser.is_at_boundary() {
                    self.violate(Violation::BytesBeforeTls);
                }
                return;
            }
            if self.parser.is_before_reply() && !rest.is_empty() {
                self.reply_began = self.outbox.sent();
            }
            match self.parser.parse(&mut rest) {
                None => return,
                Some(Ok(reply)) => {
                    self.on_reply(reply);
                    // After each reply, and not only after the last one that is there: what comes of the bytes must not
                    // depend on how they were cut.
                    self.pump();
                }
                Some(Err(error)) => self.violate(Violation::Reply(error)),
            }
        }
    }

    fn on_reply(&mut self, reply: Reply) {
        self.trace.note_code(reply.code());
        self.trace.record(|| Record::Reply(reply.clone()));
        if reply.opening_code().is_some() {
            self.use_leniency(Leniency::OtherCodeEndsReply);
        }
        if self.is_surplus(&reply) {
            self.use_leniency(Leniency::SurplusCompletion);
            if core::mem::replace(&mut self.surplus, Surplus::Seen) == Surplus::Possible {
                // One for each transfer, of which the limit for unsolicited replies knows nothing.
                return self.tell(Event::Unsolicited(reply.shortened(SURPLUS_TEXT_MAX)));
            }
            return self.unsolicited(reply);
        }
        let Some(index) = self.pending.attribute(reply.code(), self.reply_began) else {
            return self.unsolicited(reply);
        };
        if reply.code() == ReplyCode::SERVICE_CLOSING {
            self.service_closing(index, reply);
        } else if reply.class() == Class::Preliminary {
            self.on_mark(index, reply);
        } else {
            self.on_final(index, reply);
        }
    }

    /// Whether this is a second reply of the transfer before, and not the answer to the next command.
    fn is_surplus(&self, reply: &Reply) -> bool {
        // ABOR may be answered past a keepalive that stands before it.
        self.surplus != Surplus::Impossible
            && ends_transfer(reply.code())
            && !self.pending.owes(Owner::Abort)
            && self
                .pending
                .head()
                .is_none_or(|head| head.end > self.reply_began || !may_end_transfer(head.verb))
    }

    /// A transfer just ended, so that the reply which ends one may come a second time.
    pub(super) fn expect_surplus(&mut self) {
        self.surplus = Surplus::Possible;
    }

    pub(super) fn unsolicited(&mut self, reply: Reply) {
        let closing = reply.code() == ReplyCode::SERVICE_CLOSING;
        self.unsolicited = self.unsolicited.saturating_add(1);
        let kind = ErrorKind::Closed(Closed::Service, Some(Box::new(reply.clone())));
        self.tell(Event::Unsolicited(reply));
        if closing {
            self.die(Closed::Service, kind);
        } else if self.unsolicited > self.config.limits.unsolicited_replies_max {
            self.violate(Violation::TooManyUnsolicited);
        }
    }

    fn on_mark(&mut self, index: usize, reply: Reply) {
        let marks_max = self.config.limits.preliminary_replies_max;
        let Some(slot) = self.pending.get_mut(index) else {
            return;
        };
        slot.marks = slot.marks.saturating_add(1);
        if slot.marks > marks_max {
            return self.violate(Violation::TooManyPreliminary);
        }
        let (owner, verb) = (slot.owner, slot.verb);
        slot.mark = Some(Box::new(reply.clone()));
        match owner {
            Owner::Transfer => self.transfer_marked(reply),
            // 120: the server is ready in some minutes; each such reply begins the wait anew.
            _ if verb == Verb::Greeting => {
                self.timers.begin(Reason::Greeting, &self.config.timeouts)
            }
            _ => self.await_head(),
        }
    }

    fn on_final(&mut self, index: usize, reply: Reply) {
        if self.holds_early_success(index, &reply) {
            return;
        }
        let Some(slot) = self.pending.take(index) else {
            return;
        };
        self.settle_answered(index, &slot, reply.code());
        if index == 0 {
            self.await_head();
        }
        match slot.owner {
            Owner::Ticket(ticket) => self.on_answer(Some(ticket), slot, reply),
            Owner::Nobody => self.on_answer(None, slot, reply),
            Owner::Type => self.type_answered(reply),
            Owner::Opening => self.opening_answered(slot.verb, reply),
            Owner::Restart => self.restart_answered(reply),
            Owner::Ahead => self.ahead_answered(reply),
            Owner::Transfer => self.transfer_answered(reply),
            Owner::Keepalive => self.keepalive_answered(reply),
            Owner::Abort | Owner::Fence => {}
        }
        self.settle_if_nothing_is_owed();
    }

    fn on_answer(&mut self, ticket: Option<Ticket>, slot: Slot, reply: Reply) {
        if slot.verb == Verb::Greeting {
            self.timers.cancel(Reason::Greeting);
        }
        if ticket.is_some_and(|ticket| self.is_out_of_order(ticket, slot.verb, &reply)) {
            return;
        }
        let positive = reply.is_positive();
        let reply = reply.with_preliminary(slot.mark.map(|mark| *mark));
        match slot.effect {
            Effect::Secure | Effect::Unsecure if positive => {
                return self.agree_on_security(ticket, slot.verb, reply);
            }
            Effect::Protect(protected) if positive => self.server.protected = protected,
            Effect::Represent(representation) => {
                self.server.representation = representation.filter(|_| positive);
            }
            Effect::Offer => self.learn_features(&reply),
            Effect::Forget if positive => self.forget_server(),
            Effect::Quit if positive => {
                self.answer_reply(ticket, slot.verb, reply);
                return self.die(Closed::Quit, ErrorKind::Closed(Closed::Quit, None));
            }
            _ => {}
        }
        let turned_away = slot.verb == Verb::Greeting && !positive;
        self.answer_reply(ticket, slot.verb, reply.clone());
        if turned_away {
            self.die(
                Closed::Service,
                ErrorKind::Closed(Closed::Service, Some(Box::new(reply))),
            );
        }
    }

    pub(super) fn answer_reply(&mut self, ticket: Option<Ticket>, verb: Verb, reply: Reply) {
        if let Some(ticket) = ticket {
            self.answer(ticket, verb, Ok(reply));
        }
    }

    /// 421 answers what is at its place in the queue, and ends the session.
    fn service_closing(&mut self, index: usize, reply: Reply) {
        let kind = ErrorKind::Closed(Closed::Service, Some(Box::new(reply.clone())));
        if let Some(slot) = self.pending.take(index) {
            match slot.owner {
                Owner::Ticket(ticket) => self.answer(ticket, slot.verb, Ok(reply)),
                Owner::Transfer => self.transfer_refused_by_closing(slot.marks, reply),
                _ => {}
            }
        }
        self.die(Closed::Service, kind);
    }
}
