//! Asking for the next transfer's data port while a transfer runs, which saves a round trip for each.
//!
//! EPSV or PASV goes out right behind the running transfer's command, never without a next transfer that was begun.
//! The port is dialled when the running transfer has its verdict. vsftpd, ProFTPD and inetutils ftpd keep such a command
//! until the transfer is over. pyftpdlib answers at once and closes the running data connection; a server that answers
//! before the transfer's final reply, or refuses, is not asked ahead again.

use crate::action::Representation;
use crate::command::{Command, Verb};
use crate::reply::{Reply, ReplyCode};
use crate::transfer::{DataMode, Transfer};

use super::Session;
use super::pending::Owner;
use super::queue::Work;
use super::running::Stage;
use super::table::Said;

/// What was asked for the next transfer, and the answer if it is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ahead {
    verb: Verb,
    pub(super) answer: Option<Reply>,
}

impl Session {
    /// Asks for the port of the transfer that waits first, if that may be done now.
    pub(super) fn look_ahead(&mut self) {
        if let Some(verb) = self.verb_ahead() {
            self.ahead = Some(Ahead { verb, answer: None });
            self.write(Owner::Ahead, &Command::bare(verb));
        }
    }

    /// EPSV or PASV, if a transfer runs whose end is not known, and the one that waits behind it can be asked for.
    fn verb_ahead(&self) -> Option<Verb> {
        let wanted = self.config.lookahead && !self.server.no_lookahead;
        // One at a time, also where the transfer that it was for was taken back.
        if !wanted || self.ahead.is_some() || self.pending.owes_port() {
            return None;
        }
        let running = self.transfer.as_ref()?;
        let goes_on = matches!(running.said, Said::Nothing | Said::Mark);
        match self.queue.front()? {
            Work::Transfer { transfer, .. } if running.stage == Stage::Running && goes_on => {
                self.passive_verb(transfer, running.spec.representation())
            }
            _ => None,
        }
    }

    /// A TYPE of its own would be one command more between the two, of which nobody knows when it takes effect.
    fn passive_verb(&self, next: &Transfer, current: Representation) -> Option<Verb> {
        let mode = self.rung(next.mode().unwrap_or(self.config.data_mode));
        let allowed = self.transfer_forbidden(mode).is_none();
        match mode {
            _ if !allowed || next.representation() != current => None,
            DataMode::ExtendedPassive => Some(Verb::Epsv),
            DataMode::Passive => Some(Verb::Pasv),
            _ => None,
        }
    }

    /// The reply to what was asked ahead. One that overtakes the transfer's own shows a server that does several things
    /// at once.
    pub(super) fn ahead_answered(&mut self, reply: Reply) {
        let overtook = self.pending.owes(Owner::Transfer);
        let named = matches!(
            reply.code(),
            ReplyCode::EXTENDED_PASSIVE | ReplyCode::PASSIVE
        );
        if overtook || !named {
            self.server.no_lookahead = true;
        }
        if let Some(ahead) = &mut self.ahead {
            ahead.answer = Some(reply);
        }
    }

    /// Whether what was asked ahead was answered before the transfer that runs.
    pub(super) fn was_overtaken(&self) -> bool {
        let answered = self
            .ahead
            .as_ref()
            .is_some_and(|ahead| ahead.answer.is_some());
        answered && self.pending.owes(Owner::Transfer)
    }

    /// The next transfer begins: it takes over what was asked for it. Whether there was anything.
    pub(super) fn take_ahead(&mut self) -> bool {
        let (Some(ahead), Some(running)) = (self.ahead.take(), &mut self.transfer) else {
            return false;
        };
        let verb = running.passive_verb();
        if ahead.verb != verb {
            self.forget_ahead();
            return false;
        }
        running.stage = Stage::Asking;
        if let Some(reply) = ahead.answer {
            self.opening_answered(verb, reply);
            return true;
        }
        // A fence may have shown that it will not be answered.
        let taken = self.pending.hand_over(Owner::Ahead, Owner::Opening);
        self.await_head();
        taken
    }

    /// The next transfer does not begin, or not now: what was asked for it is still answered, and of no use.
    pub(super) fn forget_ahead(&mut self) {
        self.ahead = None;
        self.pending.hand_over(Owner::Ahead, Owner::Nobody);
    }
}
