//! The ends of a transfer: from the step that ends it to the verdict, and to what is left to settle.

use crate::action::End;
use crate::command::Verb;
use crate::config::{AbortStyle, Leniency};
use crate::error::{After, Closed, Error, ErrorKind};
use crate::reply::Reply;
use crate::time::Reason;
use crate::verdict::{Completed, Interruption};

use super::Session;
use super::pending::Owner;
use super::running::{Stage, WAITS};
use super::table::{Data, Said};

impl Session {
    pub(super) fn judge(&mut self) {
        let Some(running) = &self.transfer else {
            return;
        };
        let facts = running.facts(self.config.lenient.contains(Leniency::NoCloseNotify));
        let objection = match running.link {
            Data::Broken => Some(Interruption::Data(running.failure)),
            _ => facts.objection(),
        };
        if let Some(cause) = objection {
            return self.fail(cause);
        }
        let completed = running.completed(running.reply.clone(), facts.compared());
        if running.end == End::Truncated {
            self.use_leniency(Leniency::NoCloseNotify);
        }
        if self
            .transfer
            .as_ref()
            .is_some_and(|running| running.said == Said::EarlySuccess)
        {
            self.use_leniency(Leniency::NoMark);
        }
        self.resolve(Ok(completed));
    }

    pub(super) fn refuse(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        let verb = running.spec.command().verb();
        let Some(reply) = running.reply.take() else {
            return;
        };
        let error = self.unwelcome(*reply, verb);
        self.resolve(Err(error));
    }

    /// The transfer failed and nothing is owed for it.
    pub(super) fn fail(&mut self, cause: Interruption) {
        let protected = self.server.protected;
        let Some(running) = &mut self.transfer else {
            return;
        };
        let reply = running.reply.take();
        let cause = match cause {
            Interruption::Reply if protected && refuses_data(reply.as_deref()) => {
                Interruption::NotResumed
            }
            _ => cause,
        };
        let kind = running.interrupted(cause, reply);
        let error = self.error(kind, self.transfer_verb());
        self.resolve(Err(error));
    }

    /// The final reply does not come although all data has ended: the control connection is dead.
    pub(super) fn give_up(&mut self, cause: Interruption) {
        let Some(running) = &self.transfer else {
            return;
        };
        let kind = running.interrupted(cause, None);
        let reason = if let Interruption::Timeout(reason) = cause {
            reason
        } else {
            Reason::Completion
        };
        let error = Error::new(kind, self.transfer_verb(), After::Dead);
        self.resolve(Err(error));
        self.die(Closed::Timeout(reason), ErrorKind::Timeout(reason));
    }

    pub(super) fn enough(&mut self) {
        let Some(running) = &self.transfer else {
            return;
        };
        let facts = running.facts(false);
        match facts.objection() {
            Some(cause) => self.abort_running(cause),
            None => {
                let completed = running.completed(None, facts.compared());
                self.resolve_by_abort(Ok(completed));
            }
        }
    }

    pub(super) fn abort_running(&mut self, cause: Interruption) {
        let Some(running) = &self.transfer else {
            return;
        };
        let cause = match (running.link, cause) {
            (Data::Broken, Interruption::Timeout(_)) => Interruption::Data(running.failure),
            _ => cause,
        };
        let kind = running.interrupted(cause, None);
        let error = self.error(kind, self.transfer_verb());
        self.resolve_by_abort(Err(error));
    }

    fn resolve_by_abort(&mut self, verdict: Result<Completed, Error>) {
        self.settle_by_abort();
        self.resolve(verdict);
        if self.config.abort == AbortStyle::CloseControl {
            self.die(Closed::Local, ErrorKind::Closed(Closed::Local, None));
        }
    }

    /// The caller, or the limit of the whole operation, ends the transfer wherever it stands.
    pub(super) fn end_early(&mut self, cause: Interruption) {
        let Some(running) = &self.transfer else {
            return;
        };
        let (stage, said, link) = (running.stage, running.said, running.link);
        if stage != Stage::Running || self.retract_transfer() {
            return self.cancel_opening(cause);
        }
        match (said, link) {
            // All data has ended: only the final reply is missing, and it decides.
            (Said::Mark, Data::Ended) if cause == Interruption::Aborted => {}
            (Said::Nothing | Said::Mark, _) => self.abort_running(cause),
            _ => self.fail(cause),
        }
    }

    /// Takes the transfer command back, if nothing of it was written.
    fn retract_transfer(&mut self) -> bool {
        if self.retract(Owner::Ahead) {
            self.ahead = None;
        }
        self.retract(Owner::Transfer)
    }

    /// Takes the latest command back, if it is that one and nothing of it was written.
    fn retract(&mut self, owner: Owner) -> bool {
        let last = self.pending.last().filter(|last| last.owner == owner);
        let retracted = last.is_some_and(|last| self.outbox.retract(last.start));
        if retracted {
            self.pending.take_last();
        }
        retracted
    }

    /// Gives the verdict. Whatever the driver still holds is dropped; what the server still owes is settled.
    pub(super) fn resolve(&mut self, verdict: Result<Completed, Error>) {
        self.drop_data();
        let Some(running) = self.transfer.take() else {
            return;
        };
        for reason in WAITS {
            self.timers.cancel(reason);
        }
        for reason in [
            Reason::DataIdle,
            Reason::DataTotal,
            Reason::Keepalive,
            Reason::Operation,
        ] {
            self.timers.cancel(reason);
        }
        if running.said == Said::EarlySuccess && self.settlement.is_none() {
            self.settle_early_success(verdict.is_ok());
        }
        self.settle_leftovers();
        // What is still owed has lost its timer with those of the transfer.
        self.await_head();
        let after = self.after();
        let verdict = verdict.map_err(|error| error.with_after(after));
        self.verdicts.give(running.id, verdict);
    }

    /// The server has said that it is done, and never that it begins. Where everything was as if it had, that was its
    /// final reply; where not, only a fence can tell.
    fn settle_early_success(&mut self, succeeded: bool) {
        if succeeded {
            self.pending.forgive_before(1);
            self.expect_surplus();
        } else {
            self.settle_by_fence();
        }
    }

    pub(super) fn drop_data(&mut self) {
        if let Some(data) = self
            .transfer
            .as_mut()
            .and_then(|running| running.data.take())
        {
            self.give_up_data(data);
        }
    }

    pub(super) fn transfer_verb(&self) -> Option<Verb> {
        self.transfer.as_ref().map(|running| running.verb())
    }
}

/// Whether the reply speaks of the data connection and not of the file. A 450 may mean either.
fn refuses_data(reply: Option<&Reply>) -> bool {
    let speaks_of_tls = |reply: &Reply| {
        let text = reply.text();
        [&b"TLS"[..], b"SSL"]
            .iter()
            .any(|word| memchr::memmem::find(text, word).is_some())
    };
    reply.is_some_and(|reply| match reply.code().get() {
        425 | 435 | 522 => true,
        450 => speaks_of_tls(reply),
        _ => false,
    })
}
