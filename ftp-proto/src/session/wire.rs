//! The control connection as commands and replies: commands in, bytes out; bytes in, and whose reply they are.
//!
//! The wire knows verbs, codes and what is owed. It knows no transfers: who waits for a reply is an [`Owner`].

mod outbox;
mod owed;

use alloc::boxed::Box;

use crate::command::{Command, Verb};
use crate::error::{ErrorKind, NotFtp};
use crate::reply::{Class, Grammar, Limits, Parser, Reply, ReplyCode, ReplyError};
use crate::violation::Violation;

use outbox::Outbox;

use owed::ends_transfer;
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
    /// How much was written when the reply that is read now began: it answers nothing that was written later.
    reply_began: u64,
    unsolicited: u16,
    telnet: bool,
}

impl Wire {
    pub(super) fn new(limits: Limits, grammar: Grammar) -> Self {
        Self {
            parser: Parser::new(limits, grammar),
            outbox: Outbox::default(),
            owed: Owed::default(),
            surplus: Surplus::default(),
            reply_began: 0,
            unsolicited: 0,
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

    /// Whose reply this is. `transfer_runs`: the transfer whose reply is owed has no verdict yet.
    pub(super) fn attribute(&mut self, reply: Reply, transfer_runs: bool) -> Heard {
        if self.is_surplus(&reply) {
            return self.surplus(reply);
        }
        let Some(index) = self.owed.attribute(reply.code(), self.reply_began) else {
            return Heard::Unsolicited { reply };
        };
        if reply.code() != ReplyCode::SERVICE_CLOSING {
            if reply.class() == Class::Preliminary {
                return self.mark(index, reply);
            }
            if transfer_runs && reply.is_positive() && self.owed.is_unmarked_transfer(index) {
                return self.early_success(index, reply);
            }
        }
        match self.owed.take(index) {
            None => Heard::Unsolicited { reply },
            Some(slot) if reply.code() == ReplyCode::SERVICE_CLOSING => {
                Heard::Closing { slot, reply }
            }
            Some(slot) => Heard::Final { index, slot, reply },
        }
    }

    /// A transfer just ended, so that the reply which ends one may come a second time.
    pub(super) fn expect_surplus(&mut self) {
        self.surplus = Surplus::Possible;
    }

    /// Counts a reply that nobody asked for, and returns how many there were.
    pub(super) fn count_unsolicited(&mut self) -> u16 {
        self.unsolicited = self.unsolicited.saturating_add(1);
        self.unsolicited
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
