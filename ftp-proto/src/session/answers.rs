//! The replies that were not polled yet, and their tickets.

use alloc::collections::BTreeMap;

use crate::command::Verb;
use crate::error::Error;
use crate::reply::Reply;

use super::Ticket;

/// The reply to a command, with the verb it answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Answer {
    pub(super) verb: Verb,
    pub(super) outcome: Result<Reply, Error>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Answers {
    unpolled: BTreeMap<Ticket, Answer>,
    /// The ticket that the next command will get.
    next: Ticket,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            unpolled: BTreeMap::new(),
            next: Ticket::GREETING,
        }
    }
}

impl Answers {
    pub(super) const fn next_ticket(&self) -> Ticket {
        self.next
    }

    pub(super) const fn issue_ticket(&mut self) -> Ticket {
        let ticket = self.next;
        self.next = Ticket(ticket.0.wrapping_add(1));
        ticket
    }

    pub(super) fn give(&mut self, ticket: Ticket, answer: Answer) {
        self.unpolled.insert(ticket, answer);
    }

    pub(super) fn collect(&mut self, ticket: Ticket) -> Option<Answer> {
        self.unpolled.remove(&ticket)
    }

    /// The verb that was answered.
    pub(super) fn verb(&self, ticket: Ticket) -> Option<Verb> {
        self.unpolled.get(&ticket).map(|answer| answer.verb)
    }

    pub(super) fn unpolled(&self) -> impl Iterator<Item = (Ticket, &Answer)> {
        self.unpolled
            .iter()
            .map(|(ticket, answer)| (*ticket, answer))
    }

    pub(super) fn unpolled_len(&self) -> usize {
        self.unpolled.len()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        // An empty map may still hold a node.
        if self.unpolled.is_empty() {
            self.unpolled = BTreeMap::new();
        }
    }
}
