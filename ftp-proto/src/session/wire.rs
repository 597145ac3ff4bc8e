//! The control connection as commands and replies: commands in, bytes out; bytes in, and whose reply they are.
//!
//! The wire knows verbs, codes and what is owed. It knows no transfers: who waits for a reply is an [`Owner`].

mod answers;
mod doubles;
mod outbox;
mod owed;

use alloc::boxed::Box;

use crate::command::{Command, Verb};
use crate::error::{ErrorKind, NotFtp};
use crate::reply::{Class, Grammar, Limits, Parser, Reply, ReplyCode, ReplyError};
use crate::violation::Violation;

use answers::can_answer_in_batch;
use doubles::{Doubles, Seen};
use outbox::Outbox;
use owed::{answers_fence, ends_transfer, refuses_noop};

pub(super) use answers::{can_answer, grants};
pub(super) use owed::{Effect, Owed, Owner, Slot};

/// What the server said, and to whom.
#[derive(Debug)]
pub(super) enum Heard {
    /// A preliminary reply to what is owed at `index`; the slot keeps it, too.
    Mark { index: usize, reply: Reply },
    /// A success that answers the transfer at `index` before any mark: it stays owed.
    EarlySuccess { reply: Reply },
    /// A final reply. What it answers is not owed any more; it was owed at `index`.
    Final {
        index: usize,
        slot: Slot,
        reply: Reply,
    },
    /// A final reply that is held back until the fence was answered.
    Held,
    /// The fence was answered: nothing more comes for the commands before it.
    Fenced,
    /// A final reply that cannot answer a command of a batch. What it answered is not owed any more.
    OutOfOrder { slot: Slot },
    /// 421 in answer to something.
    Closing { slot: Slot, reply: Reply },
    /// A second reply of the transfer before; the first of its kind.
    Surplus { reply: Reply },
    /// A reply that nobody asked for.
    Unsolicited { reply: Reply },
}

/// Whether the final reply of the transfer before may come a second time. Some servers do that after each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Surplus {
    #[default]
    Impossible,
    Possible,
    /// It came. Any more are counted like all that nobody asked for.
    Seen,
}

/// The outbox, the parser, and what is owed between the two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wire {
    parser: Parser,
    outbox: Outbox,
    pub(super) owed: Owed,
    surplus: Surplus,
    doubles: Doubles,
    /// Set until a fence was answered: what may come before its answer.
    doubt: Option<Seen>,
    /// How much was written when the reply that is read now began: it answers nothing that was written later.
    reply_began: u64,
    /// Replies that nobody asked for, since the latest command went out or was answered.
    unsolicited: usize,
    /// Further lines of the banner that came as replies of their own.
    banner: usize,
    telnet: bool,
}

impl Wire {
    pub(super) fn new(limits: Limits, grammar: Grammar) -> Self {
        Self {
            parser: Parser::new(limits, grammar),
            outbox: Outbox::default(),
            owed: Owed::default(),
            surplus: Surplus::default(),
            doubles: Doubles::default(),
            doubt: None,
            reply_began: 0,
            unsolicited: 0,
            banner: 0,
            telnet: grammar.telnet,
        }
    }

    // -- out ------------------------------------------------------------------------------------

    pub(super) fn unsent(&self) -> &[u8] {
        self.outbox.unsent()
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Appends a command and notes whom its reply is for.
    pub(super) fn send(&mut self, owner: Owner, command: &Command) {
        let (start, end) = self.outbox.push(command, self.telnet);
        let slot = Slot::new(owner, command.verb(), Effect::of(command));
        self.owed.push(Slot { start, end, ..slot });
        self.unsolicited = 0;
        if owner == Owner::Transfer {
            // What comes from now on may be its own.
            self.surplus = Surplus::Impossible;
        }
    }

    /// The bytes were written. Whether the command whose reply is owed first went out with them.
    pub(super) fn written(&mut self, bytes: usize) -> bool {
        let before = self.outbox.sent();
        self.outbox.advance(bytes);
        let now = self.outbox.sent();
        let went_out = |head: &Slot| head.end > before && head.end <= now;
        self.owed.head().is_some_and(went_out)
    }

    /// Takes the latest command back, if it is that one and nothing of it was written.
    pub(super) fn retract(&mut self, owner: Owner) -> bool {
        let last = self.owed.last().filter(|last| last.owner == owner);
        let retracted = last.is_some_and(|last| self.outbox.retract(last.start));
        if retracted {
            self.owed.take_last();
        }
        retracted
    }

    /// Nothing more goes out.
    pub(super) fn close(&mut self) {
        self.outbox.clear();
    }

    // -- in -------------------------------------------------------------------------------------

    /// The next reply in `bytes`, which are consumed as far as they were read.
    ///
    /// # Errors
    /// How the server broke the protocol, with the error of whoever waits.
    pub(super) fn parse(
        &mut self,
        bytes: &mut &[u8],
    ) -> Option<Result<Reply, (Violation, ErrorKind)>> {
        if self.parser.is_before_reply() && !bytes.is_empty() {
            self.reply_began = self.outbox.sent();
        }
        let greeting = self.greeting_so_far(bytes);
        let parsed = self.parser.parse(bytes)?;
        Some(parsed.map_err(|error| {
            let violation = Violation::Reply(error);
            let kind = match (error, greeting) {
                (ReplyError::Malformed(_), Some(line)) => {
                    ErrorKind::NotFtp(Box::new(NotFtp::new(error, line)))
                }
                _ => ErrorKind::Violation(violation),
            };
            (violation, kind)
        }))
    }

    /// What there is of the greeting, while it is awaited: it is quoted if it is not one.
    fn greeting_so_far(&self, bytes: &[u8]) -> Option<Box<[u8]>> {
        let head = self.owed.head()?;
        (head.verb == Verb::Greeting).then(|| NotFtp::quote(self.parser.unfinished_line(), bytes))
    }

    /// Whether no reply was begun.
    pub(super) fn is_at_boundary(&self) -> bool {
        self.parser.is_at_boundary()
    }

    /// Whose reply this is. `transfer_runs`: the transfer whose reply is owed has no verdict yet. `in_batch`: what is
    /// owed first belongs to a batch.
    pub(super) fn attribute(&mut self, reply: Reply, transfer_runs: bool, in_batch: bool) -> Heard {
        if self.is_surplus(&reply) {
            return self.surplus(reply);
        }
        if self.passes_over(&reply, in_batch) {
            return Heard::Unsolicited { reply };
        }
        let code = reply.code();
        let Some(index) = self.owed.attribute(code, self.reply_began) else {
            self.doubles.note(code);
            return Heard::Unsolicited { reply };
        };
        if code != ReplyCode::SERVICE_CLOSING {
            if reply.class() == Class::Preliminary {
                return self.mark(index, reply);
            }
            if transfer_runs && reply.is_positive() && self.owed.is_unmarked_transfer(index) {
                return self.early_success(index, reply);
            }
            return self.conclude(index, reply, in_batch);
        }
        match self.owed.take(index) {
            None => Heard::Unsolicited { reply },
            Some(slot) => Heard::Closing { slot, reply },
        }
    }

    /// A final reply to what is owed at `index`.
    fn conclude(&mut self, index: usize, reply: Reply, in_batch: bool) -> Heard {
        let code = reply.code();
        let owed = self.owed.ordered(index).map(|slot| (slot.owner, slot.verb));
        if let Some((owner, verb)) = owed {
            let fits = can_answer(verb, code);
            if in_batch && !can_answer_in_batch(verb, code) {
                return match self.owed.take(index) {
                    None => Heard::Unsolicited { reply },
                    Some(slot) => Heard::OutOfOrder { slot },
                };
            }
            let doubt = self.doubt_of(owner, verb, code);
            self.doubt = doubt.map_or(self.doubt, |doubt| Some(doubt.or(self.doubt)));
            let held = doubt.is_some() && owner.holds(fits);
            if held || self.owed.held() > 0 && owner != Owner::Guard {
                return self.hold_back(index, reply);
            }
        }
        let Some(slot) = self.owed.take(index) else {
            return Heard::Unsolicited { reply };
        };
        self.answered(slot.owner, slot.verb, code, in_batch);
        if slot.owner == Owner::Guard {
            self.doubt = None;
            return Heard::Fenced;
        }
        Heard::Final { index, slot, reply }
    }

    fn answered(&mut self, owner: Owner, verb: Verb, code: ReplyCode, in_batch: bool) {
        self.unsolicited = 0;
        // Operations send these, too, before what the application asked for.
        let is_step = matches!(verb, Verb::Feat | Verb::Opts | Verb::Type | Verb::Noop);
        let own = is_step || owner.is_own_step();
        self.doubles.answered(verb, code, in_batch, own);
    }

    // -- second answers -------------------------------------------------------------------------

    /// Whether this is passed over: it cannot answer what is owed first, and can be a second answer to the command
    /// before. In a batch it may be the answer to another command of it.
    fn passes_over(&mut self, reply: &Reply, in_batch: bool) -> bool {
        let code = reply.code();
        if code.class() == Class::Preliminary || code == ReplyCode::SERVICE_CLOSING {
            return false;
        }
        let refusable = self.doubt.is_none_or(|doubt| !doubt.refusal);
        let another = self.doubles.is_in_batch() || self.owed.can_answer_another(code);
        let mixed_up = in_batch && another;
        let second = self.doubles.can_be_second(code) && !mixed_up;
        let passed = |slot: &&mut Slot| match slot.owner {
            // What comes before the answer of a fence is what the fence is for.
            Owner::Guard => !(answers_fence(slot.verb, code) || (refusable && refuses_noop(code))),
            _ => second && !can_answer(slot.verb, code),
        };
        let head = match self.owed.ordered_head(self.reply_began) {
            None => self.owed.lone_transfer(self.reply_began),
            head => head,
        };
        match head.filter(passed) {
            None => false,
            Some(head) => {
                head.surplus = Some(Box::new(reply.clone()));
                self.doubles.note(code);
                true
            }
        }
    }

    /// What may come behind this answer and before that of a fence, if one has to follow: the answer cannot be one, or
    /// the verb was answered twice before. RFC 959 lets nothing come between a 3xx and what has to follow it.
    fn doubt_of(&self, owner: Owner, verb: Verb, code: ReplyCode) -> Option<Seen> {
        if owner == Owner::Guard || verb == Verb::Greeting {
            return None;
        }
        let seen = self.doubles.of(verb);
        if can_answer(verb, code) {
            return seen.filter(|_| code.class() != Class::Intermediate);
        }
        // Its real answer may be on its way.
        let okay = can_answer(verb, ReplyCode::OKAY);
        let real = Seen {
            okay,
            ..Seen::default()
        };
        Some(real.or(seen))
    }

    fn hold_back(&mut self, index: usize, reply: Reply) -> Heard {
        if let Some(slot) = self.owed.slot_mut(index) {
            let (owner, verb, code) = (slot.owner, slot.verb, reply.code());
            slot.surplus = None;
            slot.answer = Some(Box::new(reply));
            self.answered(owner, verb, code, false);
        }
        Heard::Held
    }

    /// The wait for what is owed first ran out. A reply that was passed over meanwhile was the answer after all.
    pub(super) fn settle_for_surplus(&mut self) -> Option<Heard> {
        let held = self.owed.held();
        let reply = self.owed.ordered_head(u64::MAX)?.surplus.take()?;
        Some(self.conclude(held, *reply, false))
    }

    /// The verb of the fence, if one has to be sent: PWD where a 200 may come before its answer, which could not be told
    /// from the answer to a NOOP.
    pub(super) fn fence_wanted(&self) -> Option<Verb> {
        let doubt = self.doubt.filter(|_| !self.owed.owes(Owner::Guard))?;
        Some(if doubt.okay { Verb::Pwd } else { Verb::Noop })
    }

    /// Whether a command is over for its caller, and its fence is not.
    pub(super) fn is_fencing(&self) -> bool {
        self.owed.owes(Owner::Guard) && self.owed.held() == 0
    }

    /// Whether this verb was answered twice before.
    pub(super) fn is_doubled(&self, verb: Verb) -> bool {
        self.doubles.of(verb).is_some()
    }

    /// Counts a reply that nobody asked for. Whether there were more than `max` since a command went out or was
    /// answered; the lines of a banner count by themselves, against `lines_max`.
    pub(super) fn counts_too_many(
        &mut self,
        code: ReplyCode,
        max: usize,
        lines_max: usize,
    ) -> bool {
        let (count, max) = match self.doubles.is_banner(code) {
            true => (&mut self.banner, lines_max),
            false => (&mut self.unsolicited, max),
        };
        *count = count.saturating_add(1);
        *count > max
    }

    // -- transfers ------------------------------------------------------------------------------

    /// A transfer just ended, so that the reply which ends one may come a second time.
    pub(super) fn expect_surplus(&mut self) {
        self.surplus = Surplus::Possible;
    }

    fn mark(&mut self, index: usize, reply: Reply) -> Heard {
        if let Some(slot) = self.owed.slot_mut(index) {
            slot.marks = slot.marks.saturating_add(1);
            slot.spoken = true;
            slot.mark = Some(Box::new(reply.clone()));
        }
        Heard::Mark { index, reply }
    }

    /// A success without a mark may be a stray reply before the mark: its command stays where it is in the queue.
    fn early_success(&mut self, index: usize, reply: Reply) -> Heard {
        match self.owed.slot_mut(index) {
            Some(slot) if !slot.spoken => {
                slot.spoken = true;
                Heard::EarlySuccess { reply }
            }
            _ => Heard::Unsolicited { reply },
        }
    }

    fn surplus(&mut self, reply: Reply) -> Heard {
        match core::mem::replace(&mut self.surplus, Surplus::Seen) {
            // One for each transfer, of which the limit for unsolicited replies knows nothing.
            Surplus::Possible => Heard::Surplus { reply },
            _ => Heard::Unsolicited { reply },
        }
    }

    /// Whether this is a second reply of the transfer before, and not the answer to the next command.
    fn is_surplus(&self, reply: &Reply) -> bool {
        // ABOR may be answered past a keepalive that stands before it.
        self.surplus != Surplus::Impossible
            && ends_transfer(reply.code())
            && !self.owed.owes(Owner::Abort)
            && self
                .owed
                .head()
                .is_none_or(|head| head.end > self.reply_began || !head.verb.may_end_transfer())
    }

    // -- memory ---------------------------------------------------------------------------------

    pub(super) fn shrink_to_fit(&mut self) {
        self.parser.shrink_to_fit();
        self.outbox.shrink_to_fit();
        self.owed.shrink_to_fit();
    }

    #[cfg(feature = "testing")]
    pub(super) fn buffered(&self) -> usize {
        self.parser.buffered()
    }
}
