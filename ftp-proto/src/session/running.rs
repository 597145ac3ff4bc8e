//! A transfer under way: what is known of it, and how the transfer table is applied to it.

use alloc::boxed::Box;
use core::net::{IpAddr, SocketAddr};

use crate::action::{Action, DataId, Direction, End, Failure, Flow, Link, Report};
use crate::command::{Command, Verb};
use crate::error::{After, Closed, Error, ErrorKind};
use crate::reply::{Reply, ReplyCode};
use crate::time::Reason;
use crate::transfer::{DataMode, Transfer};
use crate::verdict::{Compared, Completed, Facts, Interrupted, Interruption};

use super::pending::Owner;
use super::table::{self, Data, Said, Step};
use super::{AbortStyle, Event, Leniency, Session, TransferId};

/// Everything known of the transfer under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Running {
    pub(super) id: TransferId,
    pub(super) spec: Transfer,
    /// The rung of the data mode's ladder that is tried.
    pub(super) mode: DataMode,
    pub(super) stage: Stage,
    /// The data connection, as long as the driver holds anything of it.
    pub(super) data: Option<DataId>,
    /// Where we listen.
    pub(super) local: Option<SocketAddr>,
    pub(super) type_refusal: Option<Reply>,
    /// The two sides of the transfer table.
    pub(super) said: Said,
    pub(super) link: Data,
    bytes: u64,
    /// Bytes since the idle limit was begun anew.
    progress: u64,
    mark: Option<Box<Reply>>,
    reply: Option<Box<Reply>>,
    end: End,
    failure: Failure,
    strangers: u16,
    /// The driver was told to close without waiting any longer.
    finishing: bool,
    /// A keepalive was answered with a refusal, which may have been the transfer's own reply.
    refused_keepalive: Option<Reply>,
}

/// How far the prelude has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    New,
    /// EPSV or PASV is out.
    Asking,
    Dialling,
    Listening,
    /// EPRT or PORT is out.
    Announcing,
    /// REST is out.
    Restarting,
    /// The transfer command is out: the table rules.
    Running,
}

/// The reasons for which a running transfer waits; what else may be armed belongs to others.
const WAITS: [Reason; 6] = [
    Reason::DataOpen,
    Reason::Securing,
    Reason::TlsClose,
    Reason::Completion,
    Reason::Drain,
    Reason::Reply,
];

impl Running {
    pub(super) const fn new(id: TransferId, spec: Transfer, mode: DataMode) -> Self {
        Self {
            id,
            spec,
            mode,
            stage: Stage::New,
            data: None,
            local: None,
            type_refusal: None,
            said: Said::Nothing,
            link: Data::Open,
            bytes: 0,
            progress: 0,
            mark: None,
            reply: None,
            end: End::Clean,
            failure: Failure::Other,
            strangers: 0,
            finishing: false,
            refused_keepalive: None,
        }
    }

    pub(super) fn mark(&self) -> Option<&Reply> {
        self.mark.as_deref()
    }

    fn flow(&self, secured: bool) -> Flow {
        // Never a byte past the expected end: a server that ignores REST would send more.
        let limit = match (self.spec.limit(), self.spec.length()) {
            (Some(limit), Some(length)) => Some(limit.min(length)),
            (limit, length) => limit.or(length),
        };
        Flow {
            direction: self.spec.direction(),
            representation: self.spec.representation(),
            limit,
            secured,
        }
    }

    fn facts(&self, truncation_allowed: bool) -> Facts<'_> {
        let image = self.spec.representation() == crate::action::Representation::Image;
        Facts {
            direction: self.spec.direction(),
            comparable: image && self.spec.command().verb() == Verb::Retr,
            size: self.spec.length(),
            range: self.spec.limit(),
            resumed: self.spec.offset() > 0,
            mark: self.mark.as_deref(),
            bytes: self.bytes,
            end: self.end,
            truncation_allowed,
        }
    }

    fn completed(&self, reply: Option<Box<Reply>>, compared: Compared) -> Completed {
        Completed {
            bytes: self.bytes,
            mark: self.mark.clone(),
            reply,
            end: self.end,
            compared,
        }
    }

    /// The cause of an error that ends this transfer.
    pub(super) fn interrupted(&self, cause: Interruption, reply: Option<Box<Reply>>) -> ErrorKind {
        let compared = self.facts(false).compared();
        ErrorKind::Interrupted(Box::new(Interrupted {
            bytes: self.bytes,
            cause,
            reply,
            compared,
            ended: matches!(self.link, Data::Ended | Data::Closing),
        }))
    }
}

impl Session {
    // -- what the control connection says -----------------------------------------------------------------------------

    pub(super) fn transfer_marked(&mut self, reply: Reply) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.mark = Some(Box::new(reply));
        match running.said {
            Said::Nothing => {
                running.said = Said::Mark;
                self.begin_keepalive();
            }
            Said::EarlySuccess => {
                running.said = Said::Mark;
                running.reply = None;
                self.use_leniency(Leniency::EarlyCompletion);
            }
            // A further mark: the wait begins anew.
            _ => {}
        }
        self.advance();
    }

    /// A success without a mark may be a stray reply before the mark: its command stays where it is in the queue.
    pub(super) fn holds_early_success(&mut self, index: usize, reply: &Reply) -> bool {
        let Some(running) = &mut self.transfer else {
            return false;
        };
        let early = self
            .pending
            .get_mut(index)
            .is_some_and(|slot| slot.owner == Owner::Transfer && slot.marks == 0);
        if !early || !reply.is_positive() {
            return false;
        }
        if running.said == Said::Nothing {
            running.said = Said::EarlySuccess;
            running.reply = Some(Box::new(reply.clone()));
            self.advance();
        } else {
            self.unsolicited(reply.clone());
        }
        true
    }

    pub(super) fn transfer_answered(&mut self, reply: Reply) {
        self.expect_surplus();
        let Some(running) = &mut self.transfer else {
            return;
        };
        // Between a transfer and a keepalive, a 200 belongs to the keepalive and the refusal to the transfer.
        let reply = match running.refused_keepalive.take() {
            Some(refusal) if reply.code() == ReplyCode::OKAY => refusal,
            _ => reply,
        };
        running.said = match (reply.is_positive(), running.said) {
            (true, _) => Said::Success,
            (false, Said::Nothing) => Said::Refusal,
            (false, _) => Said::Failure,
        };
        running.reply = Some(Box::new(reply));
        self.advance();
    }

    /// 421 as the answer to the transfer command: a refusal, or the end of everything in the midst of it.
    pub(super) fn transfer_refused_by_closing(&mut self, marks: u16, reply: Reply) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.reply = Some(Box::new(reply));
        if marks == 0 && running.said == Said::Nothing {
            running.said = Said::Refusal;
            self.advance();
        }
    }

    /// The session is over. A download that moves goes on to its end; anything else ends here.
    pub(super) fn transfer_lost(&mut self, kind: ErrorKind) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        if running.stage == Stage::Running {
            running.said = Said::Lost;
            self.advance();
        } else {
            let error = Error::new(kind, running.verb(), After::Dead);
            self.resolve(Err(error));
        }
    }

    // -- what happens on the data connection --------------------------------------------------------------------------

    pub(super) fn data_reported(&mut self, report: Report) {
        let Some(data) = report.data() else { return };
        let Some(running) = self
            .transfer
            .as_mut()
            .filter(|running| running.data == Some(data))
        else {
            return self.settled_data_reported(data, report);
        };
        let link = running.link;
        let sending = running.spec.direction() == Direction::Send;
        let has_payload = matches!(link, Data::Moving | Data::Closing);
        match report {
            Report::Connected { .. } => self.connected(data),
            Report::Listening { local, .. } => self.listening(data, local),
            Report::Failed { failure, .. } => {
                // The driver holds nothing of it any more.
                running.data = None;
                self.actions.retain(|action| action.data() != Some(data));
                self.data_failed(failure);
            }
            Report::Accepted { peer, .. } if link == Data::Accepting => self.accepted(data, peer),
            Report::Secured { .. } if link == Data::Securing => self.start_moving(data),
            Report::Moved { bytes, .. } if has_payload => self.moved(bytes),
            Report::Held { held, .. } if link == Data::Moving => self.hold(held),
            Report::Closing { .. } if link == Data::Moving && sending => {
                self.set_link(Data::Closing);
            }
            Report::Finished { .. } if has_payload && sending => self.finished(End::Clean),
            Report::Finished { end, .. } if has_payload => self.finished(end),
            _ => {}
        }
    }

    fn accepted(&mut self, data: DataId, peer: IpAddr) {
        let expected = self.control.peer.map(|peer| peer.to_canonical());
        if expected.is_none_or(|expected| expected == peer.to_canonical()) {
            return self.set_link(Data::Open);
        }
        self.tell(Event::Stranger(peer));
        let strangers_max = self.config.limits.strangers_max;
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.strangers = running.strangers.saturating_add(1);
        if running.strangers > strangers_max {
            return self.data_failed(Failure::Other);
        }
        self.actions.push_back(Action::Accept { data });
    }

    fn moved(&mut self, bytes: u64) {
        let progress_min = self.config.limits.data_progress_min;
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.bytes = running.bytes.saturating_add(bytes);
        running.progress = running.progress.saturating_add(bytes);
        if running.progress >= progress_min && running.link == Data::Moving {
            running.progress = 0;
            self.timers
                .restart(Reason::DataIdle, self.config.timeouts.data_idle);
        }
    }

    /// The limit rests and goes on with what is left of it: begun anew each time, it would never be reached with an
    /// application that takes every byte as it comes, from a server that sends one a second.
    fn hold(&mut self, held: bool) {
        if held {
            self.timers.pause(Reason::DataIdle);
        } else {
            self.timers.resume(Reason::DataIdle);
        }
    }

    fn finished(&mut self, end: End) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.end = end;
        running.data = None;
        let link = if end == End::Limit {
            Data::Cut
        } else {
            Data::Ended
        };
        self.set_link(link);
    }

    fn data_failed(&mut self, failure: Failure) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        if running.stage != Stage::Running && running.stage != Stage::Restarting {
            return self.opening_failed(failure, None);
        }
        running.failure = failure;
        if running.stage == Stage::Restarting {
            // Nobody may begin to send to a connection that is gone.
            return self.cancel_opening(Interruption::Data(failure));
        }
        self.drop_data();
        self.set_link(Data::Broken);
    }

    fn set_link(&mut self, link: Data) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.link = link;
        if running.stage == Stage::Running {
            self.advance();
        }
    }

    // -- the table ------------------------------------------------------------------------------------------------------

    /// Does what the table says, after either side changed.
    pub(super) fn advance(&mut self) {
        let Some(running) = &self.transfer else {
            return;
        };
        let (said, link, direction) = (running.said, running.link, running.spec.direction());
        #[cfg(feature = "testing")]
        self.coverage.step(said, link, direction);
        self.perform(table::step(said, link, direction));
    }

    pub(super) fn transfer_expired(&mut self, reason: Reason) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        if reason == Reason::Operation {
            return self.end_early(Interruption::Timeout(reason));
        }
        if running.stage != Stage::Running {
            return self.opening_expired(reason);
        }
        if reason == Reason::TlsClose && running.finishing {
            // The driver did not close when it was told to; what was sent was sent.
            self.drop_data();
            return self.finished(End::Clean);
        }
        let (said, link, direction) = (running.said, running.link, running.spec.direction());
        #[cfg(feature = "testing")]
        self.coverage.expired(said, link, direction);
        self.perform(table::expired(said, link, direction, reason));
    }

    fn opening_expired(&mut self, reason: Reason) {
        if reason == Reason::DataOpen {
            self.opening_failed(Failure::TimedOut, Some(reason));
        } else {
            // A reply to TYPE, EPSV or REST does not come: nothing can be known any more.
            self.die(Closed::Timeout(reason), ErrorKind::Timeout(reason));
        }
    }

    fn perform(&mut self, step: Step) {
        match step {
            Step::Wait(reason) => self.wait(reason),
            Step::Accept => self.start_accepting(),
            Step::Proceed => self.proceed(),
            Step::Finish => self.finish_data(),
            Step::Break => self.data_failed(Failure::Tls),
            Step::Judge => self.judge(),
            Step::Refuse => self.refuse(),
            Step::Fail(cause) => self.fail(cause),
            Step::Abort(cause) => self.abort_running(cause),
            Step::Enough => self.enough(),
            Step::Close(cause) => self.give_up(cause),
            Step::Unreachable => debug_assert!(
                false,
                "the transfer table was asked for an impossible state"
            ),
        }
    }

    fn wait(&mut self, reason: Reason) {
        for other in WAITS {
            if other != reason {
                self.timers.cancel(other);
            }
        }
        let timeouts = &self.config.timeouts;
        let limit = match reason {
            Reason::Reply => timeouts.reply,
            Reason::DataOpen => timeouts.data_open,
            Reason::Securing => timeouts.securing,
            Reason::TlsClose => timeouts.tls_close,
            Reason::Completion => timeouts.completion,
            Reason::Drain => timeouts.drain,
            _ => return, // The payload's own limits began with it and go on.
        };
        self.cancel_payload_unless_moving();
        self.timers.request(reason, limit);
    }

    fn cancel_payload_unless_moving(&mut self) {
        if self
            .transfer
            .as_ref()
            .is_none_or(|running| running.link != Data::Moving)
        {
            self.timers.cancel(Reason::DataIdle);
            self.timers.cancel(Reason::DataTotal);
        }
    }

    /// The wait for the first reply to the transfer command, begun anew when the command is out.
    pub(super) fn await_transfer(&mut self) {
        if self
            .transfer
            .as_ref()
            .is_some_and(|running| running.said == Said::Nothing)
        {
            self.timers
                .request(Reason::Reply, self.config.timeouts.reply);
        }
    }

    fn start_accepting(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.link = Data::Accepting;
        self.actions
            .extend(running.data.map(|data| Action::Accept { data }));
        self.advance();
    }

    fn proceed(&mut self) {
        let Some(data) = self.transfer.as_ref().and_then(|running| running.data) else {
            return;
        };
        if self.server.protected {
            self.actions.push_back(Action::Secure {
                link: Link::Data(data),
            });
            self.set_link(Data::Securing);
        } else {
            self.start_moving(data);
        }
    }

    fn start_moving(&mut self, data: DataId) {
        let secured = self.server.protected;
        let Some(running) = &mut self.transfer else {
            return;
        };
        let flow = running.flow(secured);
        self.actions.push_back(Action::Move { data, flow });
        self.timers
            .request(Reason::DataIdle, self.config.timeouts.data_idle);
        if let Some(limit) = self.config.timeouts.data_total {
            self.timers.request(Reason::DataTotal, limit);
        }
        self.set_link(Data::Moving);
    }

    fn finish_data(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.finishing = true;
        self.actions
            .extend(running.data.map(|data| Action::Finish { data }));
        self.timers
            .request(Reason::TlsClose, self.config.timeouts.tls_close);
    }

    // -- ends ------------------------------------------------------------------------------------------------------------

    fn judge(&mut self) {
        let Some(running) = &self.transfer else {
            return;
        };
        let facts = running.facts(self.config.lenient.contains(Leniency::NoCloseNotify));
        let objection = match running.link {
            Data::Broken => Some(Interruption::Data(running.failure)),
            // There was more than there can have been, and the caller had not set that limit.
            Data::Cut if running.spec.limit() != Some(running.bytes) => Some(Interruption::Length),
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

    fn refuse(&mut self) {
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
    fn fail(&mut self, cause: Interruption) {
        let protected = self.server.protected;
        let Some(running) = &mut self.transfer else {
            return;
        };
        let reply = running.reply.take();
        let broken = running.link == Data::Broken;
        let cause = match cause {
            // Our side gave up TLS; the reply only says that the server has noticed.
            Interruption::Reply if broken && running.failure == Failure::Tls => {
                Interruption::Data(Failure::Tls)
            }
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
    fn give_up(&mut self, cause: Interruption) {
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

    fn enough(&mut self) {
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

    fn abort_running(&mut self, cause: Interruption) {
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
        let last = self
            .pending
            .last()
            .filter(|last| last.owner == Owner::Transfer);
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
        self.verdict = Some((running.id, verdict.map_err(|error| error.with_after(after))));
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

    fn transfer_verb(&self) -> Verb {
        self.transfer.as_ref().map_or(Verb::Noop, Running::verb)
    }

    // -- keepalive -------------------------------------------------------------------------------------------------------

    fn begin_keepalive(&mut self) {
        if let Some(pause) = self.config.keepalive {
            self.timers.request(Reason::Keepalive, pause);
        }
    }

    pub(super) fn send_keepalive(&mut self) {
        let wanted = self
            .transfer
            .as_ref()
            .is_some_and(|running| running.said == Said::Mark);
        let unanswered = self.pending.count(Owner::Keepalive);
        if wanted && unanswered < usize::from(self.config.limits.keepalives_max) {
            self.write(Owner::Keepalive, &Command::bare(Verb::Noop));
            self.begin_keepalive();
        }
    }

    pub(super) fn keepalive_answered(&mut self, reply: Reply) {
        if let Some(running) = self.transfer.as_mut().filter(|_| !reply.is_positive()) {
            running.refused_keepalive = Some(reply);
        }
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
