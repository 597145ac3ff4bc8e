//! The end of a transfer: from its events to its verdict.

use alloc::boxed::Box;

use crate::action::{Direction, End, Representation};
use crate::command::{Argument, Command, Verb};
use crate::config::{AbortStyle, Leniency};
use crate::error::{Closed, Error, ErrorKind};
use crate::reply::Reply;
use crate::time::Reason;
use crate::transfer::Transfer;
use crate::verdict::{Compared, Completed, Evidence, Interrupted, Interruption};

use super::course::{Data, Ending, Said};
use super::lookahead;
use super::moving::Moving;
use super::settling::Settling;
use super::{Ahead, Machine, Phase, Running};
use crate::session::shared::{Shared, error, unwelcome};
use crate::session::wire::Owner;

impl Machine {
    /// The caller, or the limit of the whole operation, ends the transfer wherever it stands.
    pub(super) fn end_early(&mut self, shared: &mut Shared, cause: Interruption) {
        let ending = match self.moving() {
            None => return self.cancel(shared, cause),
            Some(moving) => moving.end_early(cause),
        };
        if self.retract(shared) {
            return self.cancel(shared, cause);
        }
        if let Some(ending) = ending {
            self.end(shared, ending);
        }
    }

    /// Takes the transfer command back, if nothing of it was written.
    pub(super) fn retract(&mut self, shared: &mut Shared) -> bool {
        if shared.wire.retract(Owner::Ahead) {
            self.ahead = None;
        }
        shared.wire.retract(Owner::Transfer)
    }

    /// Ends a transfer whose command did not go out. Replies are awaited, and a REST that may be in
    /// force is undone.
    pub(super) fn cancel(&mut self, shared: &mut Shared, cause: Interruption) {
        let Some(running) = &self.running else {
            return;
        };
        let error = running.interrupted(cause, None);
        shared
            .wire
            .owed
            .disown(&[Owner::Type, Owner::Inquiry, Owner::Opening, Owner::Restart]);
        if running.has_restarted() {
            let command = Command::new(Verb::Rest, Argument::trusted("0"));
            shared.write(Owner::Nobody, &command);
        }
        self.settling = Settling::of_prelude(shared);
        shared.rest(Reason::DataOpen);
        self.resolve(shared, Err(error));
    }

    pub(super) fn end(&mut self, shared: &mut Shared, ending: Ending) {
        match ending {
            Ending::Judge => self.judge(shared),
            Ending::Refuse => self.refuse(shared),
            Ending::Fail(cause) => self.fail(shared, cause),
            Ending::Abort(cause) => self.abort_with(shared, cause),
            Ending::Enough => self.take_range(shared),
            Ending::Close(cause) => self.close(shared, cause),
        }
    }

    pub(super) fn judge(&mut self, shared: &mut Shared) {
        let lenient = shared.config.lenient.contains(Leniency::NoCloseNotify);
        let (Some(running), Some(moving)) = (&self.running, self.moving()) else {
            return;
        };
        match judge(&running.spec, moving, lenient) {
            Err(cause) => self.fail(shared, cause),
            Ok(completed) => {
                if moving.end == End::Truncated {
                    shared.use_leniency(Leniency::NoCloseNotify);
                }
                if moving.said == Said::EarlySuccess {
                    shared.use_leniency(Leniency::NoMark);
                }
                self.resolve(shared, Ok(completed));
            }
        }
    }

    pub(super) fn refuse(&mut self, shared: &mut Shared) {
        let verb = self.verb();
        match self.take_reply() {
            Some(reply) => self.resolve(shared, Err(unwelcome(*reply, verb))),
            None => shared.impossible("a refusal without a reply"),
        }
    }

    /// The transfer failed and nothing is owed for it.
    pub(super) fn fail(&mut self, shared: &mut Shared, cause: Interruption) {
        let reply = self.take_reply();
        let protected = shared.server.protected;
        let cause = match cause {
            Interruption::Reply if protected && refuses_data(reply.as_deref()) => {
                Interruption::NotResumed
            }
            _ => self.blame(shared, cause, reply.as_deref()),
        };
        if let Some(running) = &self.running {
            let error = running.interrupted(cause, reply);
            self.resolve(shared, Err(error));
        }
    }

    /// Names the lookahead or the keepalive as the cause if it is, and turns it off for the
    /// session.
    pub(super) fn blame(
        &self,
        shared: &mut Shared,
        cause: Interruption,
        reply: Option<&Reply>,
    ) -> Interruption {
        let by_keepalive = |moving: &Moving| moving.ended_by_keepalive(cause, reply);
        let by_lookahead = |ahead: &Ahead| ahead.ends_transfer(cause, reply);
        if self.ahead.as_ref().is_some_and(by_lookahead) {
            shared.server.no_lookahead = true;
            return Interruption::Lookahead;
        }
        if self.moving().is_some_and(by_keepalive) {
            shared.server.no_keepalive = true;
            return Interruption::Keepalive;
        }
        cause
    }

    pub(super) fn abort_with(&mut self, shared: &mut Shared, cause: Interruption) {
        let (Some(running), Some(moving)) = (&self.running, self.moving()) else {
            return;
        };
        let cause = match (moving.link, cause) {
            (Data::Broken, Interruption::Timeout(_)) => Interruption::Data(moving.failure),
            _ => cause,
        };
        let cause = self.blame(shared, cause, None);
        let error = running.interrupted(cause, None);
        self.resolve_by_abort(shared, Err(error));
    }

    /// The caller has the range that it wanted.
    pub(super) fn take_range(&mut self, shared: &mut Shared) {
        let (Some(running), Some(moving)) = (&self.running, self.moving()) else {
            return;
        };
        match examine(&running.spec, moving, false) {
            Err(cause) => self.abort_with(shared, cause),
            Ok(compared) => {
                let completed = completed(moving, None, compared);
                self.resolve_by_abort(shared, Ok(completed));
            }
        }
    }

    /// The final reply does not come although all data has ended: the control connection is dead.
    pub(super) fn close(&mut self, shared: &mut Shared, cause: Interruption) {
        let Some(running) = &self.running else {
            return;
        };
        let error = running.interrupted(cause, None);
        self.resolve(shared, Err(error));
        shared.time_out(Reason::Completion);
    }

    pub(super) fn resolve_by_abort(
        &mut self,
        shared: &mut Shared,
        verdict: Result<Completed, Error>,
    ) {
        // ABOR may close what was opened ahead.
        self.forget_ahead(shared);
        if let Some(Running {
            phase: Phase::Moving(moving),
            spec,
            ..
        }) = self.running.as_deref_mut()
        {
            let data = moving.take_data();
            // The bytes of an upload may lie in a connection that the server has never accepted.
            let sends = spec.direction() == Direction::Send;
            let may_remain = sends || moving.bytes == 0;
            self.settling = Settling::by_abort(shared, data, may_remain);
        }
        self.resolve(shared, verdict);
        if shared.config.abort == AbortStyle::CloseControl {
            shared.die(Closed::Local, ErrorKind::Closed(Closed::Local, None));
        }
    }

    /// Gives the verdict. The driver drops its sockets, and the owed replies are settled.
    pub(super) fn resolve(&mut self, shared: &mut Shared, verdict: Result<Completed, Error>) {
        let Some(mut running) = self.running.take() else {
            return;
        };
        running.drop_data(shared);
        Moving::rest_all(shared);
        let said = running.moving().map(|moving| moving.said);
        if self.settling.is_none() && said == Some(Said::EarlySuccess) {
            self.settle_early_success(shared, verdict.is_ok());
        }
        if self.settling.is_none() {
            self.settling = Settling::of_keepalives(shared);
        }
        // What is still owed has lost its timer with those of the transfer.
        shared.await_head();
        lookahead::await_answer(shared);
        shared.judge(running.id, verdict);
    }

    /// The server sent a success without a mark. If the data went on as after a mark, that was its
    /// final reply. Otherwise only a fence can show it.
    pub(super) fn settle_early_success(&mut self, shared: &mut Shared, succeeded: bool) {
        if succeeded {
            shared.wire.owed.forgive_before(1);
            shared.wire.expect_surplus();
        } else {
            self.settling = Some(Settling::by_fence(shared));
        }
    }

    pub(super) fn verb(&self) -> Option<Verb> {
        self.running.as_ref().map(|running| running.verb())
    }

    pub(super) fn take_reply(&mut self) -> Option<Box<Reply>> {
        match &mut self.running.as_mut()?.phase {
            Phase::Moving(moving) => moving.reply.take(),
            Phase::Opening(_) => None,
        }
    }
}

/// What is known of the bytes of a transfer. `moving`: as far as its command was written.
fn evidence<'a>(
    spec: &Transfer,
    moving: Option<&'a Moving>,
    truncation_allowed: bool,
) -> Evidence<'a> {
    let image = spec.representation() == Representation::Image;
    Evidence {
        direction: spec.direction(),
        comparable: image && spec.command().verb() == Verb::Retr,
        size: spec.length(),
        range: spec.limit(),
        resumed: spec.offset() > 0,
        mark: moving.and_then(|moving| moving.mark.as_deref()),
        bytes: moving.map_or(0, |moving| moving.bytes),
        end: moving.map_or(End::Clean, |moving| moving.end),
        truncation_allowed,
    }
}

/// Whether the bytes are what they have to be, with what they were compared to.
pub(super) fn examine(
    spec: &Transfer,
    moving: &Moving,
    truncation_allowed: bool,
) -> Result<Compared, Interruption> {
    let evidence = evidence(spec, Some(moving), truncation_allowed);
    match evidence.objection() {
        None => Ok(evidence.compared()),
        Some(cause) => Err(cause),
    }
}

/// The same with the final reply, which is a success.
pub(super) fn judge(
    spec: &Transfer,
    moving: &Moving,
    truncation_allowed: bool,
) -> Result<Completed, Interruption> {
    match moving.link {
        Data::Broken => Err(Interruption::Data(moving.failure)),
        _ => examine(spec, moving, truncation_allowed)
            .map(|compared| completed(moving, moving.reply.clone(), compared)),
    }
}

pub(super) fn completed(
    moving: &Moving,
    reply: Option<Box<Reply>>,
    compared: Compared,
) -> Completed {
    Completed {
        bytes: moving.bytes,
        mark: moving.mark.clone(),
        reply,
        end: moving.end,
        compared,
    }
}

/// The error that ends a transfer at the step named by `verb`.
pub(super) fn interrupted(
    spec: &Transfer,
    moving: Option<&Moving>,
    cause: Interruption,
    reply: Option<Box<Reply>>,
    verb: Verb,
) -> Error {
    let evidence = evidence(spec, moving, false);
    let ended = moving.is_some_and(|moving| matches!(moving.link, Data::Ended | Data::Closing));
    let interrupted = Interrupted {
        bytes: evidence.bytes,
        cause,
        reply,
        compared: evidence.compared(),
        ended,
    };
    error(ErrorKind::Interrupted(Box::new(interrupted)), verb)
}

/// Whether a reply speaks of the data connection and not of the file. A 450 may mean either.
pub(super) fn refuses_data(reply: Option<&Reply>) -> bool {
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
