//! The replies that are owed, and the rules by which a reply finds its command.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use crate::action::Representation;
use crate::command::{Argument, Command, Verb};
use crate::reply::{Class, Reply, ReplyCode};

use super::super::Ticket;
use super::answers::can_answer;

/// A command in the outbox that has no final answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::session) struct Slot {
    pub(in crate::session) owner: Owner,
    pub(in crate::session) verb: Verb,
    pub(in crate::session) effect: Effect,
    /// Where the command begins and ends in the outbox.
    pub(in crate::session) start: u64,
    pub(in crate::session) end: u64,
    /// Preliminary replies so far, and the latest of them.
    pub(in crate::session) marks: u16,
    /// For a transfer: the server has sent any reply to it, even a success without a mark.
    pub(in crate::session) spoken: bool,
    pub(in crate::session) mark: Option<Box<Reply>>,
    /// A reply that was passed over while this one was awaited: it may have been the answer after
    /// all.
    pub(in crate::session) surplus: Option<Box<Reply>>,
    /// For a transfer: a NOOP was answered with 200 while this was awaited.
    pub(in crate::session) noop_answered: bool,
    /// The answer, held back until a fence has shown that no other one is on its way.
    pub(in crate::session) answer: Option<Box<Reply>>,
}

impl Slot {
    pub(in crate::session) const fn new(owner: Owner, verb: Verb, effect: Effect) -> Self {
        Self {
            owner,
            verb,
            effect,
            start: 0,
            end: 0,
            marks: 0,
            spoken: false,
            mark: None,
            surplus: None,
            noop_answered: false,
            answer: None,
        }
    }

    const fn asks_for_port(&self) -> bool {
        matches!(self.verb, Verb::Epsv | Verb::Pasv)
    }

    /// Whether the server may still wait for the transfer's data connection: a 125 shows that it
    /// has it.
    pub(in crate::session) fn may_wait_for_data(&self) -> bool {
        let code = self.mark.as_ref().map(|mark| mark.code());
        code != Some(ReplyCode::DATA_ALREADY_OPEN)
    }

    /// Whether this was asked ahead for a transfer, which may have been taken back since.
    fn is_ahead(&self) -> bool {
        self.owner == Owner::Ahead || (self.owner == Owner::Nobody && self.asks_for_port())
    }
}

/// The owner of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::session) enum Owner {
    Ticket(Ticket),
    /// The caller dropped its interest. The reply is still awaited.
    Nobody,
    /// TYPE, before a transfer.
    Type,
    /// EPSV, PASV, EPRT or PORT.
    Opening,
    /// FEAT or PRET, before a transfer.
    Inquiry,
    /// REST.
    Restart,
    /// EPSV or PASV of the transfer after the one that runs.
    Ahead,
    /// FEAT, OPTS, PWD or CWD, before a piece of work that needs it.
    Errand,
    /// RETR, STOR, LIST and the like.
    Transfer,
    /// ABOR, behind a transfer.
    Abort,
    /// NOOP during a transfer.
    Keepalive,
    /// NOOP behind an aborted transfer.
    Fence,
    /// NOOP or PWD behind a command whose answer is in doubt.
    Guard,
}

impl Owner {
    /// Whether replies come in the order of the commands, because they do not concern a transfer.
    const fn is_in_order(self) -> bool {
        !matches!(
            self,
            Self::Ahead | Self::Transfer | Self::Abort | Self::Keepalive | Self::Fence
        )
    }

    /// Whether the machine asked this on its own, before or beside what the application asked for.
    pub(super) const fn is_own_step(self) -> bool {
        !matches!(
            self,
            Self::Ticket(_) | Self::Nobody | Self::Transfer | Self::Abort
        )
    }

    /// Whether an answer that is in doubt is held back: the prelude of a transfer would send
    /// something on it at once.
    pub(super) const fn holds(self, fits: bool) -> bool {
        match self {
            Self::Opening | Self::Inquiry => true,
            Self::Type => fits,
            _ => false,
        }
    }
}

/// What the final reply to a command changes about the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::session) enum Effect {
    None,
    Secure,
    Unsecure,
    Protect(bool),
    /// TYPE, when it is one that the machine knows.
    Represent(Option<Representation>),
    /// FEAT.
    Offer,
    Forget,
    Quit,
}

impl Effect {
    pub(super) fn of(command: &Command) -> Self {
        let argument = command.argument().map_or(&[][..], Argument::as_bytes);
        match command.verb() {
            Verb::Auth => Self::Secure,
            Verb::Ccc => Self::Unsecure,
            Verb::Prot => Self::Protect(argument.eq_ignore_ascii_case(b"P")),
            Verb::Type => Self::Represent(match argument {
                b"I" | b"i" => Some(Representation::Image),
                b"A" | b"a" => Some(Representation::Ascii),
                _ => None,
            }),
            Verb::Feat => Self::Offer,
            Verb::Rein => Self::Forget,
            Verb::Quit => Self::Quit,
            _ => Self::None,
        }
    }
}

/// The commands in the outbox that have no final answer, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::session) struct Owed {
    slots: VecDeque<Slot>,
}

impl Owed {
    pub(in crate::session) fn push(&mut self, slot: Slot) {
        self.slots.push_back(slot);
    }

    pub(in crate::session) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(in crate::session) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The first that has no answer.
    pub(in crate::session) fn head(&self) -> Option<&Slot> {
        self.slots.get(self.doubted())
    }

    /// The same, if it was written by then, and replies come in the order of the commands.
    pub(super) fn ordered_head(&mut self, sent: u64) -> Option<&mut Slot> {
        let doubted = self.doubted();
        self.ordered(doubted).filter(|head| head.end <= sent)?;
        self.slots.get_mut(doubted)
    }

    /// What is owed at `index`, if replies come in the order of the commands.
    pub(super) fn ordered(&self, index: usize) -> Option<&Slot> {
        self.slots.get(index).filter(|_| self.is_in_order())
    }

    /// Whether no transfer is concerned.
    fn is_in_order(&self) -> bool {
        self.slots.iter().all(|slot| slot.owner.is_in_order())
    }

    /// The transfer command, if nothing else is owed and the server has not spoken of it.
    pub(super) fn lone_transfer(&mut self, sent: u64) -> Option<&mut Slot> {
        let lone = self.slots.len() == 1;
        let head = self.slots.front_mut()?;
        let silent = head.owner == Owner::Transfer && !head.spoken && head.end <= sent;
        (lone && silent).then_some(head)
    }

    /// How many have an answer that is held back: they stand before all others.
    pub(super) fn doubted(&self) -> usize {
        let is_doubted = |slot: &&Slot| slot.answer.is_some();
        self.slots.iter().take_while(is_doubted).count()
    }

    /// Takes out the first whose answer is held back.
    pub(in crate::session) fn take_doubted(&mut self) -> Option<(Slot, Reply)> {
        let answer = self.slots.front_mut()?.answer.take()?;
        let slot = self.slots.pop_front()?;
        Some((slot, *answer))
    }

    /// Whether this can answer what is owed behind the head.
    pub(super) fn can_answer_another(&self, code: ReplyCode) -> bool {
        let mut others = self.slots.iter().skip(self.doubted().saturating_add(1));
        others.any(|slot| can_answer(slot.verb, code))
    }

    pub(in crate::session) fn last(&self) -> Option<&Slot> {
        self.slots.back()
    }

    pub(in crate::session) fn slot_mut(&mut self, index: usize) -> Option<&mut Slot> {
        self.slots.get_mut(index)
    }

    /// Whether a transfer's reply is owed at `index`, and no mark has come.
    pub(super) fn is_unmarked_transfer(&self, index: usize) -> bool {
        let unmarked = |slot: &Slot| slot.owner == Owner::Transfer && slot.marks == 0;
        self.slots.get(index).is_some_and(unmarked)
    }

    /// A NOOP during a transfer was answered with 200.
    pub(super) fn note_noop(&mut self) {
        let transfers = self.slots.iter_mut();
        let transfers = transfers.filter(|slot| slot.owner == Owner::Transfer);
        transfers.for_each(|slot| slot.noop_answered = true);
    }

    /// The transfer that is owed at `index`, if the reply says less of it than of a NOOP that was
    /// answered before: a second answer must not pass for the success of what goes on. Behind ABOR
    /// nothing goes on.
    pub(super) fn behind_noop(&mut self, index: usize, code: ReplyCode) -> Option<&mut Slot> {
        let aborts = self.owes(Owner::Abort);
        let slot = self.slots.get_mut(index);
        let is_second = slot.filter(|slot| slot.owner == Owner::Transfer && slot.noop_answered);
        is_second.filter(|_| code == ReplyCode::OKAY && !aborts)
    }

    /// The reply to a transfer that was passed over, where no other one has come. The transfer is
    /// owed nothing any more.
    pub(in crate::session) fn take_surplus(&mut self) -> Option<Reply> {
        let is_passed_over = |slot: &Slot| slot.owner == Owner::Transfer && slot.surplus.is_some();
        let index = self.slots.iter().position(is_passed_over)?;
        let reply = self.slots.get_mut(index)?.surplus.take()?;
        self.slots.remove(index);
        Some(*reply)
    }

    /// The owners of these drop their interest in the replies, which are still awaited.
    pub(in crate::session) fn disown(&mut self, owners: &[Owner]) {
        let given_up = |slot: &&mut Slot| owners.contains(&slot.owner);
        for slot in self.slots.iter_mut().filter(given_up) {
            slot.owner = Owner::Nobody;
        }
    }

    #[cfg(feature = "testing")]
    pub(in crate::session) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter()
    }

    pub(in crate::session) fn take(&mut self, index: usize) -> Option<Slot> {
        self.slots.remove(index)
    }

    pub(in crate::session) fn take_last(&mut self) -> Option<Slot> {
        self.slots.pop_back()
    }

    pub(in crate::session) fn take_all(&mut self) -> VecDeque<Slot> {
        core::mem::take(&mut self.slots)
    }

    /// Gives what `from` is owed to another; whether that was anything.
    pub(in crate::session) fn hand_over(&mut self, from: Owner, to: Owner) -> bool {
        let slot = self.slots.iter_mut().find(|slot| slot.owner == from);
        slot.map(|slot| slot.owner = to).is_some()
    }

    /// Whether EPSV or PASV is unanswered.
    pub(in crate::session) fn owes_port(&self) -> bool {
        self.slots.iter().any(Slot::asks_for_port)
    }

    pub(in crate::session) fn shrink_to_fit(&mut self) {
        self.slots.shrink_to_fit();
    }

    pub(in crate::session) fn owes(&self, owner: Owner) -> bool {
        self.slots.iter().any(|slot| slot.owner == owner)
    }

    /// The tickets of the commands that are owed a reply.
    pub(in crate::session) fn tickets(&self) -> impl Iterator<Item = Ticket> {
        self.slots.iter().filter_map(|slot| match slot.owner {
            Owner::Ticket(ticket) => Some(ticket),
            _ => None,
        })
    }

    pub(in crate::session) fn count(&self, owner: Owner) -> usize {
        let owned = self.slots.iter().filter(|slot| slot.owner == owner);
        owned.count()
    }

    /// How many replies are owed by a transfer that is over for the caller, and by what was sent to
    /// end it.
    pub(in crate::session) fn unsettled(&self) -> usize {
        let group = |slot: &&Slot| {
            matches!(
                slot.owner,
                Owner::Transfer
                    | Owner::Abort
                    | Owner::Ahead
                    | Owner::Keepalive
                    | Owner::Fence
                    | Owner::Guard
                    | Owner::Nobody
            )
        };
        self.slots.iter().filter(group).count()
    }

    /// The command that a reply answers, if it was written before the reply began (`sent` bytes
    /// were written then).
    ///
    /// Replies come in the order of the commands, with three exceptions. ABOR and the transfer that
    /// it ends are answered in either order, and sometimes only once. A NOOP during a transfer is
    /// answered before or after the transfer. So is the port that was asked ahead for the next
    /// transfer.
    pub(in crate::session) fn attribute(&self, code: ReplyCode, sent: u64) -> Option<usize> {
        let written = self.slots.iter().take_while(|slot| slot.end <= sent);
        let written = written.count();
        let head = self.doubted();
        if written <= head {
            return None;
        }
        if self.is_in_order() {
            return Some(head);
        }
        Some(self.unordered(code, written).unwrap_or(0))
    }

    /// Whether ABOR has no reply of its own before the fence, and the transfer none, or none that
    /// says how it ended.
    pub(in crate::session) fn forgets_transfer(&self, fence: usize) -> bool {
        let before = || self.slots.iter().take(fence);
        let mut transfers = before().filter(|slot| slot.owner == Owner::Transfer);
        before().any(|slot| slot.owner == Owner::Abort) && transfers.all(Slot::may_wait_for_data)
    }

    /// Removes the commands before an answered fence: they will not be answered any more.
    pub(in crate::session) fn forgive_before(&mut self, fence: usize) {
        self.slots.drain(..fence.min(self.slots.len()));
    }

    fn unordered(&self, code: ReplyCode, written: usize) -> Option<usize> {
        let position = |owner| {
            let mut slots = self.slots.iter().take(written);
            slots.position(|slot| slot.owner == owner)
        };
        let keepalive = position(Owner::Keepalive);
        let fence = position(Owner::Fence);
        let transfer = position(Owner::Transfer).or_else(|| position(Owner::Abort));
        let ahead = self.slots.iter().take(written).position(Slot::is_ahead);
        if code.class() == Class::Preliminary {
            return transfer;
        }
        // Before its mark, a transfer may be refused with any code.
        let marked = transfer
            .and_then(|index| self.slots.get(index))
            .is_none_or(|slot| slot.marks > 0);
        let refused_ahead = ahead.filter(|_| marked && refuses_port(code));
        let of_keepalive = keepalive.filter(|_| answers_noop(code));
        let answers_fence = fence
            .and_then(|index| self.slots.get(index))
            .is_some_and(|slot| answers_fence(slot.verb, code));
        match code {
            ReplyCode::EXTENDED_PASSIVE | ReplyCode::PASSIVE => ahead,
            _ if answers_fence => fence,
            _ if refused_ahead.or(of_keepalive).is_some() => {
                refused_ahead.into_iter().chain(of_keepalive).min()
            }
            _ => transfer.or(ahead).or(keepalive).or(fence),
        }
    }
}

/// Whether this code answers the fence, and nothing that may be owed before it: 200 where a
/// transfer and ABOR may be, 257 where a NOOP may be.
pub(super) fn answers_fence(verb: Verb, code: ReplyCode) -> bool {
    match verb {
        Verb::Pwd => code == ReplyCode::PATHNAME,
        _ => code == ReplyCode::OKAY,
    }
}

/// The codes with which servers answer a NOOP during a transfer: Pure-FTPd 500, the others 200.
fn answers_noop(code: ReplyCode) -> bool {
    code == ReplyCode::OKAY || refuses_noop(code)
}

/// The codes with which servers refuse a NOOP, or a PWD before the login.
pub(super) fn refuses_noop(code: ReplyCode) -> bool {
    matches!(code.get(), 500 | 501 | 502 | 503 | 530)
}

/// The codes with which servers refuse EPSV and PASV, in the midst of a transfer or at all.
fn refuses_port(code: ReplyCode) -> bool {
    matches!(code.get(), 500..=504 | 522 | 530)
}

/// Whether this is what a transfer or ABOR is answered with, and nothing else.
pub(in crate::session) const fn ends_transfer(code: ReplyCode) -> bool {
    matches!(code.get(), 225 | 226 | 426)
}
