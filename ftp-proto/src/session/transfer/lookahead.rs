//! Asking for the next transfer's data port while a transfer runs, which saves a round trip for
//! each.
//!
//! EPSV or PASV is sent right behind the running transfer's command, and only if a next transfer
//! was begun. The port is dialled when the running transfer has its verdict. vsftpd, ProFTPD and
//! inetutils ftpd keep such a command until the transfer is over. pyftpdlib answers at once and
//! closes the running data connection; a server that answers before the transfer's final reply, or
//! refuses, is not asked ahead again. If the server may not have accepted the old data connection,
//! the lost transfer is awaited on the new port. Otherwise it fails with
//! [`Interruption::Lookahead`].

use crate::action::{Direction, Failure, Representation, Target};
use crate::command::{Command, Verb};
use crate::reply::{Reply, ReplyCode};
use crate::time::Reason;
use crate::transfer::{DataMode, Transfer};
use crate::verdict::Interruption;

use super::Machine;
use super::course::{Data, Said};
use super::ladder::{passive_verb, way};
use super::moving::Moving;
use super::opening::target;
use crate::session::shared::Shared;
use crate::session::wire::Owner;

/// What was asked for the next transfer, and the answer if it is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ahead {
    verb: Verb,
    answer: Option<Reply>,
    /// It was answered before the transfer that runs.
    overtook: bool,
}

/// What a transfer that begins takes over.
#[derive(Debug)]
pub(super) enum Taken {
    /// Nothing that fits.
    Nothing,
    /// Its port was asked for, and the reply is awaited.
    Asked,
    /// Its port was asked for with that verb, and this is the reply.
    Answered(Verb, Reply),
}

impl Ahead {
    /// Asks for the port of `next`, if that may be done while a transfer with that representation
    /// runs.
    pub(super) fn ask(
        shared: &mut Shared,
        next: &Transfer,
        current: Representation,
    ) -> Option<Self> {
        // One at a time, also where the transfer that it was for was taken back.
        let wanted = shared.config.lookahead && !shared.server.no_lookahead;
        if !wanted || shared.wire.owed.owes_port() {
            return None;
        }
        let verb = verb(shared, next, current)?;
        shared.write(Owner::Ahead, &Command::bare(verb));
        Some(Self {
            verb,
            answer: None,
            overtook: false,
        })
    }

    /// The reply to what was asked ahead. One that overtakes the transfer's own shows a server that
    /// does several things at once.
    pub(super) fn answered(ahead: Option<&mut Self>, shared: &mut Shared, reply: Reply) {
        let overtook = shared.wire.owed.owes(Owner::Transfer);
        let named = matches!(
            reply.code(),
            ReplyCode::EXTENDED_PASSIVE | ReplyCode::PASSIVE
        );
        if overtook || !named {
            shared.server.no_lookahead = true;
        }
        if let Some(ahead) = ahead {
            ahead.answer = Some(reply);
            ahead.overtook = overtook;
        }
    }

    /// Whether this was answered before the transfer that runs.
    pub(super) const fn overtook(&self) -> bool {
        self.overtook
    }

    /// The port, once, where it overtook the transfer that runs.
    pub(super) fn take_port(&mut self, shared: &mut Shared) -> Option<Target> {
        let reply = self.answer.take_if(|_| self.overtook)?;
        target(shared, &reply).ok().flatten()
    }

    /// Whether the lookahead ended the running transfer. Either the server works in parallel and
    /// has dropped the transfer for it (pyftpdlib), or it says so itself (426).
    pub(super) fn ends_transfer(&self, cause: Interruption, reply: Option<&Reply>) -> bool {
        let cut = reply.is_some_and(|reply| reply.code() == ReplyCode::TRANSFER_ABORTED);
        match cause {
            Interruption::Reply => self.overtook || cut,
            Interruption::Data(Failure::Local)
            | Interruption::Aborted
            | Interruption::Timeout(Reason::DataTotal | Reason::Operation)
            | Interruption::ControlLost
            | Interruption::Violation(_) => false,
            _ => self.overtook,
        }
    }

    /// The next transfer begins, in that mode: it takes over what was asked for it.
    pub(super) fn take(self, shared: &mut Shared, mode: DataMode) -> Taken {
        if self.verb != passive_verb(mode) {
            disown(shared);
            return Taken::Nothing;
        }
        if let Some(reply) = self.answer {
            return Taken::Answered(self.verb, reply);
        }
        // A fence may have shown that it will not be answered.
        let taken = shared.wire.owed.hand_over(Owner::Ahead, Owner::Opening);
        shared.await_head();
        if taken { Taken::Asked } else { Taken::Nothing }
    }

    #[cfg(feature = "testing")]
    pub(super) const fn reply(&self) -> Option<&Reply> {
        self.answer.as_ref()
    }
}

impl Machine {
    /// Whether what was asked ahead was answered before the transfer that runs.
    pub(super) fn is_overtaken(&self) -> bool {
        self.ahead.as_ref().is_some_and(Ahead::overtook)
    }

    /// Where the server may still wait for the data connection of the transfer that runs, since it
    /// has answered what was asked ahead instead: pyftpdlib opens the new port in place of the old
    /// one. No other transfer is out, so that what comes there is this one's.
    pub(super) fn port_to_follow(&mut self, shared: &mut Shared, reason: Reason) -> Option<Target> {
        let running = self.running.as_ref()?;
        let awaited = may_be_awaited(running.moving()?, &running.spec);
        match reason {
            Reason::Completion if awaited => self.ahead.as_mut()?.take_port(shared),
            _ => None,
        }
    }

    /// The data has ended, and what was asked ahead is answered: the final reply either comes soon,
    /// or the transfer was dropped.
    pub(super) fn hurry(&self, shared: &mut Shared) {
        if self.is_overtaken() && shared.timers.is_on(Reason::Completion) {
            let timeouts = shared.config.timeouts;
            let limit = timeouts.completion.min(timeouts.abort_grace);
            shared.timers.request(Reason::Completion, limit);
        }
    }
}

/// Whether the data connection is over, and the server may not have had it: it has announced a
/// download, not said that the connection is there (125), and sent nothing. One that was never
/// accepted is reset with its listener.
fn may_be_awaited(moving: &Moving, spec: &Transfer) -> bool {
    let mark = moving.mark.as_ref().map(|mark| mark.code());
    let announced = mark.is_some_and(|code| code != ReplyCode::DATA_ALREADY_OPEN);
    let is_over = match moving.link {
        Data::Ended => true,
        Data::Broken => moving.failure == Failure::Reset,
        _ => false,
    };
    let is_empty = is_over && moving.bytes == 0;
    spec.direction() == Direction::Receive && moving.said == Said::Mark && announced && is_empty
}

/// The next transfer does not begin, or not now: what was asked for it is still answered, and of no
/// use.
pub(super) fn disown(shared: &mut Shared) {
    shared.wire.owed.hand_over(Owner::Ahead, Owner::Nobody);
}

/// No transfer runs any more whose timers cover the wait for what was asked ahead, and the next one
/// may not begin before that is answered: FEAT or CWD may have to come first.
pub(super) fn await_answer(shared: &mut Shared) {
    let head = shared.wire.owed.head().map(|head| head.owner);
    if head == Some(Owner::Ahead) {
        shared.wait(Reason::Reply);
    }
}

/// EPSV or PASV. Not if a TYPE is needed: nobody knows whether that would take effect during the
/// running transfer.
fn verb(shared: &Shared, next: &Transfer, current: Representation) -> Option<Verb> {
    let mode = way(shared, next.mode().unwrap_or(shared.config.data_mode));
    let allowed = shared.transfer_forbidden(mode).is_none();
    match mode {
        _ if !allowed || next.representation() != current => None,
        DataMode::ExtendedPassive | DataMode::Passive => Some(passive_verb(mode)),
        _ => None,
    }
}
