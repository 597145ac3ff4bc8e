//! The course of a transfer whose command is out: applies the table [`course`] to one transfer.

use alloc::boxed::Box;
use core::time::Duration;

use crate::action::{Action, DataId, End, Failure, Link, Target};
use crate::config::Leniency;
use crate::error::{Closed, ErrorKind};
use crate::reply::{Reply, ReplyCode};
use crate::time::Reason;
use crate::transfer::Transfer;
use crate::verdict::Interruption;
use crate::violation::Violation;

use super::course::{self, Data, Ending, Said, Step};
use crate::session::shared::Shared;

mod reports;

/// How long payload may stand still after a 421 during a download.
const FAREWELL: Duration = Duration::from_secs(1);

/// The reasons for which a running transfer waits; what else may be armed belongs to others.
const WAITS: [Reason; 7] = [
    Reason::Mark,
    Reason::DataOpen,
    Reason::Securing,
    Reason::TlsClose,
    Reason::Completion,
    Reason::Drain,
    Reason::Reply,
];

/// A transfer whose command is out: the two sides of the table, and the events of each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Moving {
    pub(super) said: Said,
    pub(super) link: Data,
    /// The data connection, while the driver holds a socket for it.
    data: Option<DataId>,
    pub(super) bytes: u64,
    /// Bytes since the idle limit was begun anew.
    progress: u64,
    pub(super) mark: Option<Box<Reply>>,
    pub(super) reply: Option<Box<Reply>>,
    pub(super) end: End,
    pub(super) failure: Failure,
    strangers: u16,
    /// The driver was asked to close without further waiting.
    finishing: bool,
    /// Payload had moved when the first keepalive went out.
    kept_alive: bool,
    /// A keepalive was answered with a refusal, which may have been the transfer's own reply.
    refused_keepalive: Option<Reply>,
    /// How the server broke the protocol, if that ended the control connection.
    violation: Option<Violation>,
}

impl Moving {
    /// The command was written; the data connection is announced or open.
    pub(super) const fn new(data: Option<DataId>, link: Data) -> Self {
        Self {
            said: Said::Nothing,
            link,
            data,
            bytes: 0,
            progress: 0,
            mark: None,
            reply: None,
            end: End::Clean,
            failure: Failure::Other,
            strangers: 0,
            finishing: false,
            kept_alive: false,
            refused_keepalive: None,
            violation: None,
        }
    }

    pub(super) const fn data(&self) -> Option<DataId> {
        self.data
    }

    /// Has the driver drop what it still holds of the data connection.
    pub(super) fn drop_data(&mut self, shared: &mut Shared) {
        if let Some(data) = self.data.take() {
            shared.give_up(data);
        }
    }

    /// Leaves the data connection to whoever settles the transfer.
    pub(super) const fn take_data(&mut self) -> Option<DataId> {
        self.data.take()
    }

    // -- what the control connection says -------------------------------------------------------

    pub(super) fn marked(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        reply: Reply,
    ) -> Option<Ending> {
        self.mark = Some(Box::new(reply));
        match self.said {
            Said::Nothing => {
                // Other servers begin the handshake after their mark. This one has finished it
                // before.
                shared.server.mark_follows_tls |= self.link == Data::Secured;
                self.said = Said::Mark;
                shared.wait(Reason::Keepalive);
            }
            Said::EarlySuccess => {
                self.said = Said::Mark;
                self.reply = None;
                shared.use_leniency(Leniency::EarlyCompletion);
            }
            // A further mark: the wait begins anew.
            _ => {}
        }
        self.advance(shared, spec)
    }

    pub(super) fn succeeded_early(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        reply: Reply,
    ) -> Option<Ending> {
        self.said = Said::EarlySuccess;
        self.reply = Some(Box::new(reply));
        self.advance(shared, spec)
    }

    pub(super) fn answered(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        reply: Reply,
    ) -> Option<Ending> {
        // Between a transfer and a keepalive, a 200 belongs to the keepalive and the refusal to the
        // transfer.
        let reply = match self.refused_keepalive.take() {
            Some(refusal) if reply.code() == ReplyCode::OKAY => refusal,
            _ => reply,
        };
        self.said = match (reply.is_positive(), self.said) {
            (true, _) => Said::Success,
            (false, Said::Nothing) => Said::Refusal,
            (false, _) => Said::Failure,
        };
        self.reply = Some(Box::new(reply));
        self.advance(shared, spec)
    }

    /// 421 as the answer to the transfer command: a refusal, or the end of the session during the
    /// transfer.
    pub(super) fn answered_closing(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        reply: Reply,
    ) -> Option<Ending> {
        self.reply = Some(Box::new(reply));
        if self.said != Said::Nothing {
            return None;
        }
        self.said = Said::Refusal;
        self.advance(shared, spec)
    }

    /// The control connection is lost. A download that moves goes on to its end.
    pub(super) fn lost(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        kind: &ErrorKind,
    ) -> Option<Ending> {
        self.said = Said::Lost;
        self.violation = match kind {
            ErrorKind::Violation(violation) => Some(*violation),
            _ => None,
        };
        let farewell = matches!(kind, ErrorKind::Closed(Closed::Service, _));
        let ending = self.advance(shared, spec);
        if ending.is_none() && farewell && self.awaits_farewell() {
            // A server that sent 421 may still finish its data. The wait ends soon if it sends
            // none.
            let held = shared.timers.is_paused(Reason::DataIdle);
            shared.timers.request(Reason::Drain, FAREWELL);
            self.hold(shared, held);
        }
        ending
    }

    pub(super) const fn keepalive_sent(&mut self) {
        self.kept_alive |= self.bytes > 0;
    }

    /// Whether a keepalive has ended the transfer: 426 followed it, or nothing has moved since.
    pub(super) fn ended_by_keepalive(&self, cause: Interruption, reply: Option<&Reply>) -> bool {
        let cut = reply.is_some_and(|reply| reply.code() == ReplyCode::TRANSFER_ABORTED);
        self.kept_alive
            && match cause {
                Interruption::Reply | Interruption::Data(_) => cut,
                Interruption::Timeout(reason) => reason == Reason::DataIdle,
                _ => false,
            }
    }

    pub(super) fn keepalive_refused(&mut self, reply: Reply) {
        self.refused_keepalive = Some(reply);
    }

    /// Opens another data connection for the transfer, which awaits it there.
    pub(super) fn dial(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        target: Target,
    ) -> Option<Ending> {
        let data = shared.actions.issue_data();
        self.data = Some(data);
        shared.act(Action::Connect { data, target });
        self.set_link(shared, spec, Data::Accepting)
    }

    // -- limits and the caller ------------------------------------------------------------------

    pub(super) fn expired(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        reason: Reason,
    ) -> Option<Ending> {
        if reason == Reason::TlsClose && self.finishing {
            // The driver did not close when it was asked to; all data was sent.
            self.drop_data(shared);
            return self.finished(shared, spec, End::Clean);
        }
        if reason == Reason::Completion {
            // A 200 behind those of keepalives was the transfer's after all.
            if let Some(reply) = shared.wire.owed.take_surplus() {
                return self.answered(shared, spec, reply);
            }
        }
        let (said, link, direction) = (self.said, self.link, spec.direction());
        #[cfg(feature = "testing")]
        super::coverage::note_expiry(said, link, direction);
        self.perform(shared, spec, course::expired(said, link, direction, reason))
    }

    /// The caller, or the limit of the whole operation, ends the transfer wherever it stands.
    pub(super) fn end_early(&self, cause: Interruption) -> Option<Ending> {
        match (self.said, self.link) {
            // All data has ended: only the final reply is missing, and it decides.
            (Said::Mark, Data::Ended) if cause == Interruption::Aborted => None,
            // All data has come; the waits that are left change nothing.
            (Said::Success, Data::Closing) | (Said::EarlySuccess, Data::Ended | Data::Cut)
                if cause == Interruption::Timeout(Reason::Operation) =>
            {
                Some(Ending::Judge)
            }
            (Said::Nothing | Said::Mark, _) => Some(Ending::Abort(cause)),
            _ => Some(Ending::Fail(cause)),
        }
    }

    // -- the table ------------------------------------------------------------------------------

    /// Performs the table's step after either side changed.
    pub(super) fn advance(&mut self, shared: &mut Shared, spec: &Transfer) -> Option<Ending> {
        let (said, link, direction) = (self.said, self.link, spec.direction());
        #[cfg(feature = "testing")]
        super::coverage::note_step(said, link, direction);
        self.perform(shared, spec, course::step(said, link, direction))
    }

    fn set_link(&mut self, shared: &mut Shared, spec: &Transfer, link: Data) -> Option<Ending> {
        self.link = link;
        self.advance(shared, spec)
    }

    fn perform(&mut self, shared: &mut Shared, spec: &Transfer, step: Step) -> Option<Ending> {
        match step {
            Step::Wait(Reason::Mark) => return self.await_mark(shared, spec),
            Step::Wait(reason) => self.wait(shared, reason),
            Step::Accept => return self.accept(shared, spec),
            Step::Secure => return self.secure(shared, spec),
            Step::Proceed => return self.proceed(shared, spec),
            Step::Break => return self.broke(shared, spec, Failure::TlsTimedOut),
            Step::Finish => self.finish_now(shared),
            Step::End(Ending::Fail(cause)) => return Some(Ending::Fail(self.named(cause))),
            Step::End(ending) => return Some(ending),
            Step::Unreachable => shared.impossible("a cell of the course of a transfer"),
        }
        None
    }

    /// The violation behind the loss of the control connection, where there was one.
    fn named(&self, cause: Interruption) -> Interruption {
        self.violation.map_or(cause, Interruption::Violation)
    }

    fn wait(&self, shared: &mut Shared, reason: Reason) {
        for other in WAITS.into_iter().filter(|other| *other != reason) {
            // The limit of the reply goes on beside the patience for the mark.
            if (reason, other) != (Reason::Mark, Reason::Reply) {
                shared.rest(other);
            }
        }
        // The limits of a reply and of payload began with those and go on.
        if !matches!(reason, Reason::Reply | Reason::DataIdle) {
            if self.link != Data::Moving {
                shared.rest(Reason::DataIdle);
                shared.rest(Reason::DataTotal);
            }
            shared.wait(reason);
        }
    }

    fn accept(&mut self, shared: &mut Shared, spec: &Transfer) -> Option<Ending> {
        if let Some(data) = self.data {
            shared.act(Action::Accept { data });
        }
        self.set_link(shared, spec, Data::Accepting)
    }

    /// A protected connection may be secured before the mark, since some servers withhold it until
    /// then (ftp-srv). A server that is known to do so gets even the last ticket, because it would
    /// wait for ever.
    fn await_mark(&mut self, shared: &mut Shared, spec: &Transfer) -> Option<Ending> {
        let early = shared.config.early_tls && shared.may_spend_ticket();
        if shared.server.protected && (early || shared.server.mark_follows_tls) {
            return self.secure(shared, spec);
        }
        let patient = shared.server.protected && shared.may_spend_ticket();
        self.wait(shared, if patient { Reason::Mark } else { Reason::Reply });
        None
    }

    /// The handshake first, where data is protected; then the payload.
    fn proceed(&mut self, shared: &mut Shared, spec: &Transfer) -> Option<Ending> {
        if shared.server.protected && self.link != Data::Secured {
            return self.secure(shared, spec);
        }
        self.start(shared, spec)
    }

    fn secure(&mut self, shared: &mut Shared, spec: &Transfer) -> Option<Ending> {
        let Some(data) = self.data else {
            shared.impossible("a handshake without a data connection");
            return None;
        };
        let link = Link::Data(data);
        shared.act(Action::Secure { link });
        self.set_link(shared, spec, Data::Securing)
    }

    fn start(&mut self, shared: &mut Shared, spec: &Transfer) -> Option<Ending> {
        let Some(data) = self.data else {
            shared.impossible("payload without a data connection");
            return None;
        };
        let flow = spec.flow(shared.server.protected);
        shared.act(Action::Move { data, flow });
        shared.wait(Reason::DataIdle);
        shared.wait(Reason::DataTotal);
        self.set_link(shared, spec, Data::Moving)
    }

    fn finish_now(&mut self, shared: &mut Shared) {
        self.finishing = true;
        if let Some(data) = self.data {
            shared.act(Action::Finish { data });
        }
        shared.wait(Reason::TlsClose);
    }

    /// Every wait of a transfer ends with it.
    pub(super) fn rest_all(shared: &mut Shared) {
        let whole = [
            Reason::DataIdle,
            Reason::DataTotal,
            Reason::Keepalive,
            Reason::Operation,
        ];
        for reason in WAITS.into_iter().chain(whole) {
            shared.rest(reason);
        }
    }

    /// The bytes of replies that are held.
    #[cfg(feature = "testing")]
    pub(super) fn replies(&self) -> impl Iterator<Item = &Reply> {
        let boxed = [&self.mark, &self.reply].into_iter().flatten();
        boxed
            .map(|reply| &**reply)
            .chain(self.refused_keepalive.as_ref())
    }
}
