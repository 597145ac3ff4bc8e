//! A transfer under way: what is known of it, and how the transfer table is applied to it.

use alloc::boxed::Box;
use core::net::SocketAddr;

use crate::action::{Action, DataId, End, Failure, Flow, Link};
use crate::command::Verb;
use crate::config::Leniency;
use crate::error::{After, Closed, Error, ErrorKind};
use crate::reply::{Reply, ReplyCode};
use crate::time::Reason;
use crate::transfer::{DataMode, Transfer};
use crate::verdict::{Compared, Completed, Facts, Interrupted, Interruption};

use super::pending::Owner;
use super::table::{self, Data, Said, Step};
use super::{Session, TransferId};

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
    pub(super) bytes: u64,
    /// Bytes since the idle limit was begun anew.
    pub(super) progress: u64,
    pub(super) mark: Option<Box<Reply>>,
    pub(super) reply: Option<Box<Reply>>,
    pub(super) end: End,
    pub(super) failure: Failure,
    pub(super) strangers: u16,
    /// The driver was told to close without waiting any longer.
    pub(super) finishing: bool,
    /// A keepalive was answered with a refusal, which may have been the transfer's own reply.
    pub(super) refused_keepalive: Option<Reply>,
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
pub(super) const WAITS: [Reason; 6] = [
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

    pub(super) fn flow(&self, secured: bool) -> Flow {
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

    pub(super) fn facts(&self, truncation_allowed: bool) -> Facts<'_> {
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

    pub(super) fn completed(&self, reply: Option<Box<Reply>>, compared: Compared) -> Completed {
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
        match table::expired(said, link, direction, reason) {
            // It lives: it has answered what was asked ahead. The transfer was dropped for that without a word (pyftpdlib).
            Step::Close(cause) if self.was_overtaken() => self.abort_running(cause),
            step => self.perform(step),
        }
    }

    pub(super) fn opening_expired(&mut self, reason: Reason) {
        if reason == Reason::DataOpen {
            self.opening_failed(Failure::TimedOut, Some(reason));
        } else {
            // A reply to TYPE, EPSV or REST does not come: nothing can be known any more.
            self.die(Closed::Timeout(reason), ErrorKind::Timeout(reason));
        }
    }

    pub(super) fn perform(&mut self, step: Step) {
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

    pub(super) fn wait(&mut self, reason: Reason) {
        for other in WAITS {
            if other != reason {
                self.timers.cancel(other);
            }
        }
        // The limits of a reply and of payload began with those and go on.
        if !matches!(reason, Reason::Reply | Reason::DataIdle) {
            self.cancel_payload_unless_moving();
            self.timers.begin(reason, &self.config.timeouts);
        }
    }

    pub(super) fn cancel_payload_unless_moving(&mut self) {
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
            self.timers.begin(Reason::Reply, &self.config.timeouts);
        }
    }

    pub(super) fn start_accepting(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.link = Data::Accepting;
        self.actions
            .extend(running.data.map(|data| Action::Accept { data }));
        self.advance();
    }

    pub(super) fn proceed(&mut self) {
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

    pub(super) fn start_moving(&mut self, data: DataId) {
        let secured = self.server.protected;
        let Some(running) = &mut self.transfer else {
            return;
        };
        let flow = running.flow(secured);
        self.actions.push_back(Action::Move { data, flow });
        self.timers.begin(Reason::DataIdle, &self.config.timeouts);
        self.timers.begin(Reason::DataTotal, &self.config.timeouts);
        self.set_link(Data::Moving);
    }

    pub(super) fn finish_data(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.finishing = true;
        self.actions
            .extend(running.data.map(|data| Action::Finish { data }));
        self.timers.begin(Reason::TlsClose, &self.config.timeouts);
    }
}
