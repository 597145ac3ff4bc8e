//! The control connection: turns commands into bytes, and bytes into replies with their owners.
//!
//! The wire knows verbs, codes and the replies that are owed. It knows no transfers: an [`Owner`]
//! waits for a reply.

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

/// A reply of the server, and its owner.
#[derive(Debug)]
pub(super) enum Heard {
    /// A preliminary reply to the command at `index`; the slot keeps it, too.
    Mark { index: usize, reply: Reply },
    /// A success that answers the transfer at `index` before any mark: it stays owed.
    EarlySuccess { reply: Reply },
    /// A final reply. The command was owed it at `index`, and is removed.
    Final {
        index: usize,
        slot: Slot,
        reply: Reply,
    },
    /// A final reply that is held back until the fence was answered.
    Doubted,
    /// The fence was answered: nothing more comes for the commands before it.
    Fenced,
    /// A final reply that cannot answer a command of a batch. The command is removed.
    OutOfOrder { slot: Slot },
    /// 421 in answer to something.
    Closing { slot: Slot, reply: Reply },
    /// The second reply of the transfer before.
    Surplus { reply: Reply },
    /// A reply that nobody asked for.
    Unsolicited { reply: Reply },
}

/// Whether the final reply of the transfer before may come a second time. Some servers repeat it
/// after each transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Surplus {
    #[default]
    Impossible,
    Possible,
    /// It came. Further ones count as unsolicited.
    Seen,
}

/// The outbox, the parser, and the replies that are owed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Wire {
    parser: Parser,
    outbox: Outbox,
    pub(super) owed: Owed,
    surplus: Surplus,
    doubles: Doubles,
    /// The replies that may come before the answer of a fence; set until that comes.
    doubt: Option<Seen>,
    /// How much was written when the present reply began: it cannot answer later commands.
    reply_began: u64,
    /// Unsolicited replies, since the latest command was sent or answered.
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
            // Replies from now on may be its own.
            self.surplus = Surplus::Impossible;
        }
    }

    /// Notes that the bytes were written. Yields whether the command whose reply is owed first was
    /// among them.
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

    /// No more bytes are written.
    pub(super) fn close(&mut self) {
        self.outbox.clear();
    }

    // -- in -------------------------------------------------------------------------------------

    /// The next reply in `bytes`, which are consumed as far as they were read.
    ///
    /// # Errors
    /// The server broke the protocol; the error goes to the owner that waits.
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

    /// The bytes of the greeting so far, to be quoted if it is not an FTP greeting.
    fn greeting_so_far(&self, bytes: &[u8]) -> Option<Box<[u8]>> {
        let head = self.owed.head()?;
        // Before the reply has text, what has come are CRs.
        let begun = match self.parser.is_before_reply() {
            true => &[],
            false => self.parser.unfinished_line(),
        };
        (head.verb == Verb::Greeting).then(|| NotFtp::quote(begun.iter().chain(bytes)))
    }

    /// Whether no reply was begun.
    pub(super) fn is_at_boundary(&self) -> bool {
        self.parser.is_at_boundary()
    }

    /// Finds the owner of a reply. `transfer_runs`: the transfer whose reply is owed has no verdict
    /// yet. `in_batch`: the first owed command belongs to a batch.
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
            if let Some(slot) = self.owed.behind_noop(index, code) {
                slot.surplus = Some(Box::new(reply.clone()));
                return Heard::Unsolicited { reply };
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
            let doubt = self.doubt_of(verb, code);
            self.doubt = doubt.map_or(self.doubt, |doubt| Some(doubt.or(self.doubt)));
            let doubted = doubt.is_some() && owner.holds(fits);
            if doubted || self.owed.doubted() > 0 && owner != Owner::Guard {
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
        if slot.owner == Owner::Keepalive && code == ReplyCode::OKAY {
            self.owed.note_noop();
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

    /// Whether this reply is passed over: it cannot answer the first owed command, and can be a
    /// second answer to the command before. Not in a batch, where it may answer another command of
    /// the batch.
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
            // Replies before the answer of a fence are passed over.
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

    /// The replies that may come between this answer and that of a fence, if a fence has to follow,
    /// because this reply cannot be the answer or because the verb was answered twice before. RFC
    /// 959 allows no command between a 3xx and the command that completes it.
    fn doubt_of(&self, verb: Verb, code: ReplyCode) -> Option<Seen> {
        if verb == Verb::Greeting {
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
        Heard::Doubted
    }

    /// The wait for the first owed reply expired. A reply that was passed over meanwhile was the
    /// answer after all.
    pub(super) fn settle_for_surplus(&mut self) -> Option<Heard> {
        let doubted = self.owed.doubted();
        let reply = self.owed.ordered_head(u64::MAX)?.surplus.take()?;
        Some(self.conclude(doubted, *reply, false))
    }

    /// The verb of the fence, if one has to be sent: PWD if a 200 may come before its answer,
    /// because that looks like the answer to a NOOP.
    pub(super) fn fence_wanted(&self) -> Option<Verb> {
        let doubt = self.doubt.filter(|_| !self.owed.owes(Owner::Guard))?;
        Some(if doubt.okay { Verb::Pwd } else { Verb::Noop })
    }

    /// Whether a command is over for its caller, and its fence is not.
    pub(super) fn is_fencing(&self) -> bool {
        self.owed.owes(Owner::Guard) && self.owed.doubted() == 0
    }

    /// Whether this verb was answered twice before.
    pub(super) fn is_doubled(&self, verb: Verb) -> bool {
        self.doubles.of(verb).is_some()
    }

    /// Counts an unsolicited reply. Yields whether there were more than `max` since a command was
    /// sent or answered. The lines of a banner count separately, against `lines_max`.
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
            slot.surplus = None;
            slot.mark = Some(Box::new(reply.clone()));
        }
        Heard::Mark { index, reply }
    }

    /// A success without a mark may be a stray reply before the mark: its command stays where it is
    /// in the queue.
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
            // One for each transfer, which does not count as unsolicited.
            Surplus::Possible => Heard::Surplus { reply },
            _ => Heard::Unsolicited { reply },
        }
    }

    /// Whether this is a second reply of the transfer before, and not the answer to the next
    /// command.
    fn is_surplus(&self, reply: &Reply) -> bool {
        // ABOR may be answered before an earlier keepalive.
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
