//! Second answers to one command. Some servers send them late: CWD 200, and then 250.

use alloc::collections::BTreeMap;

use crate::command::Verb;
use crate::reply::{Class, ReplyCode};

use super::answers::can_answer;

/// The commands that were answered last, and the verbs that were answered twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Doubles {
    latest: Option<Answered>,
    /// The command before that.
    earlier: Option<Answered>,
    /// The latest that was not a step of the machine's own, such as FEAT before a name or TYPE
    /// before a transfer.
    asked: Option<Verb>,
    seen: BTreeMap<Verb, Seen>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Answered {
    verb: Verb,
    code: ReplyCode,
    in_batch: bool,
}

/// What may come as a second answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    /// A 200, which also answers a NOOP.
    pub(super) okay: bool,
    /// A refusal.
    pub(super) refusal: bool,
}

impl Seen {
    /// Either.
    pub(super) fn or(self, other: Option<Self>) -> Self {
        let other = other.unwrap_or_default();
        Self {
            okay: self.okay || other.okay,
            refusal: self.refusal || other.refusal,
        }
    }
}

impl Doubles {
    /// A command was answered finally. `own`: it was a step of the machine's own.
    pub(super) fn answered(&mut self, verb: Verb, code: ReplyCode, in_batch: bool, own: bool) {
        if !own {
            self.asked = Some(verb);
        }
        self.earlier = self.latest.replace(Answered {
            verb,
            code,
            in_batch,
        });
    }

    /// Whether a final reply with this code can be a second answer: to the command that was
    /// answered last, or to the one before the steps of the machine's own. A line of the banner may
    /// come later still.
    pub(super) fn can_be_second(&self, code: ReplyCode) -> bool {
        let can = |verb| can_answer(verb, code);
        let is_late_banner = code == ReplyCode::READY;
        is_late_banner || self.can_repeat_latest(code) || self.asked.is_some_and(can)
    }

    fn can_repeat_latest(&self, code: ReplyCode) -> bool {
        let can = |latest: Answered| can_answer(latest.verb, code);
        code.class() != Class::Preliminary && self.latest.is_some_and(can)
    }

    /// Whether the command that was answered last was one of a batch.
    pub(super) fn is_in_batch(&self) -> bool {
        self.latest.is_some_and(|latest| latest.in_batch)
    }

    /// Whether this is one more line of a banner that comes as several replies.
    pub(super) fn is_banner(&self, code: ReplyCode) -> bool {
        code == ReplyCode::READY
            && self
                .latest
                .is_some_and(|latest| latest.verb == Verb::Greeting)
    }

    /// A reply came that answers no command. Either it is a second answer to the last command, or
    /// it is that command's only answer, and a second answer to the command before was taken for
    /// it.
    pub(super) fn note(&mut self, code: ReplyCode) {
        let Some(latest) = self.latest.filter(|_| self.can_repeat_latest(code)) else {
            if let Some(verb) = self.asked.filter(|verb| can_answer(*verb, code)) {
                self.see(verb, code);
            }
            return;
        };
        // A verb that was answered twice before is the likely one.
        let known = self.seen.contains_key(&latest.verb);
        let is_it = |earlier: &Answered| !known && can_answer(earlier.verb, latest.code);
        let before = self.earlier.filter(is_it);
        if let Some(earlier) = before {
            self.see(earlier.verb, latest.code);
        }
        let is_other = before.is_none_or(|earlier| earlier.verb != latest.verb);
        if is_other {
            self.see(latest.verb, code);
        }
    }

    /// What the second answers to this verb were, if there were any.
    pub(super) fn of(&self, verb: Verb) -> Option<Seen> {
        self.seen.get(&verb).copied()
    }

    fn see(&mut self, verb: Verb, code: ReplyCode) {
        if verb.may_be_fenced() {
            let seen = self.seen.entry(verb).or_default();
            seen.okay |= code == ReplyCode::OKAY;
            seen.refusal |= code.get() >= 400;
        }
    }
}
