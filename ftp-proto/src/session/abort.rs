//! What the server still owes when a transfer is over for the caller, and how it is got.
//!
//! ABOR is answered by one or two replies, in either order, and by some servers not where it should be. The
//! transfer's own reply and ABOR's are awaited for a grace; then a NOOP is sent as a fence: a 200 shows that nothing
//! more will come, anything else was one of the two. A fence without an answer ends the session.
//!
//! A server may also forget a transfer that it has accepted, and still carry it out on the next data connection, whatever
//! that was opened for: pyftpdlib does when it is asked to abort before it has accepted the data connection, and says 225
//! and no more. Where the replies leave that possible, the session ends.
//!
//! Keepalives that are unanswered when the transfer is over are awaited for the same grace. Since they are NOOPs too,
//! PWD is the fence then.

use crate::action::{Action, DataId, Report};
use crate::command::{Command, Verb};
use crate::config::AbortStyle;
use crate::error::{Closed, ErrorKind, Violation};
use crate::reply::ReplyCode;
use crate::time::Reason;
use crate::verdict::Interruption;

use super::pending::{Owner, Slot};
use super::queue::Work;
use super::{Session, TransferId};

/// What is done to settle.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Settlement {
    stage: Stage,
    /// The data connection, while it is kept.
    data: Option<DataId>,
    /// Whether the server may still wait for the transfer's data connection: nothing has moved, and no reply says that the
    /// transfer is over.
    held: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// The replies of a prelude that was cancelled.
    Prelude,
    /// ABOR is to be written.
    Flushing,
    /// ABOR was written; the data connection stays a little.
    Lingering,
    /// The replies are awaited.
    Grace,
    /// The fence was sent.
    Fence,
}

impl Session {
    pub(super) fn abort_transfer(&mut self, id: TransferId) {
        let is_queued = |work: &Work| work.transfer() == Some(id);
        if let Some(position) = self.queue.iter().position(is_queued) {
            self.forget_ahead();
            if let Some(Work::Transfer { transfer, .. }) = self.queue.remove(position) {
                self.start_cancelled(id, transfer);
            }
        } else if self
            .transfer
            .as_ref()
            .is_some_and(|running| running.id == id)
        {
            self.end_early(Interruption::Aborted);
        }
    }

    fn start_cancelled(&mut self, id: TransferId, transfer: crate::transfer::Transfer) {
        let mode = self.config.data_mode;
        let verb = transfer.command().verb();
        let cancelled = super::running::Running::new(id, transfer, mode);
        let error = self.error(cancelled.interrupted(Interruption::Aborted, None), verb);
        self.verdicts.give(id, Err(error));
    }

    /// Begins the abort procedure for a transfer whose command is out and whose final reply is not there.
    pub(super) fn settle_by_abort(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        let held = running.bytes == 0;
        let data = running.data.take();
        // What the driver was not asked for yet, it is not asked for any more.
        if let Some(data) = data {
            self.forget_actions(data);
        }
        // ABOR may close what was opened ahead.
        self.forget_ahead();
        self.timers.cancel(Reason::Reply);
        match self.config.abort {
            AbortStyle::Abor => {
                self.settlement = Some(Settlement {
                    stage: Stage::Flushing,
                    data,
                    held,
                });
                self.write(Owner::Abort, &Command::bare(Verb::Abor));
                self.timers.begin(Reason::AbortGrace, &self.config.timeouts);
            }
            AbortStyle::CloseData => {
                self.settlement = Some(Settlement {
                    stage: Stage::Grace,
                    data,
                    held,
                });
                self.drop_settled_data();
                self.timers.begin(Reason::AbortGrace, &self.config.timeouts);
            }
            AbortStyle::CloseControl => {
                if let Some(data) = data {
                    self.give_up_data(data);
                }
            }
        }
    }

    /// The prelude was cancelled: its replies are awaited, each within its own limit.
    pub(super) fn settle_prelude(&mut self) {
        if !self.pending.is_empty() && self.dead.is_none() {
            self.settlement = Some(Settlement {
                stage: Stage::Prelude,
                data: None,
                held: false,
            });
        }
    }

    /// The verdict is given, and keepalives may be unanswered.
    pub(super) fn settle_leftovers(&mut self) {
        if self.settlement.is_none() && self.dead.is_none() && self.pending.owes(Owner::Keepalive) {
            self.settlement = Some(Settlement {
                stage: Stage::Grace,
                data: None,
                held: false,
            });
            self.timers.begin(Reason::AbortGrace, &self.config.timeouts);
        }
    }

    /// Whatever is owed shows before the fence is answered.
    pub(super) fn settle_by_fence(&mut self) {
        // The answers to NOOPs cannot be told from one another; that to PWD can.
        let verb = if self.pending.owes(Owner::Keepalive) {
            Verb::Pwd
        } else {
            Verb::Noop
        };
        let held = self.settlement.as_ref().is_some_and(|known| known.held);
        self.settlement = Some(Settlement {
            stage: Stage::Fence,
            data: None,
            held,
        });
        self.write(Owner::Fence, &Command::bare(verb));
        self.timers.begin(Reason::Fence, &self.config.timeouts);
    }

    /// A driver may see the end of a connection that is kept a little after ABOR. One that failed is closed; of any
    /// other it is not known here whether payload had begun to move, so it is dropped all the same.
    pub(super) fn settled_data_reported(&mut self, data: DataId, report: Report) {
        let failed = matches!(report, Report::Failed { .. });
        let over = failed || matches!(report, Report::Finished { .. });
        let Some(settlement) = self
            .settlement
            .as_mut()
            .filter(|settlement| over && settlement.data == Some(data))
        else {
            return;
        };
        if failed {
            settlement.data = None;
        }
        if settlement.stage == Stage::Lingering {
            self.timers.cancel(Reason::AbortLinger);
            self.await_aborted();
        }
    }

    /// ABOR went out with the bytes just written, or not yet.
    pub(super) fn abort_flushed(&mut self) {
        let linger = self.config.timeouts.abort_linger;
        let written = self.outbox.is_empty();
        let Some(settlement) = self
            .settlement
            .as_mut()
            .filter(|s| s.stage == Stage::Flushing && written)
        else {
            return;
        };
        if settlement.data.is_some() && !linger.is_zero() {
            settlement.stage = Stage::Lingering;
            self.timers.cancel(Reason::AbortGrace);
            self.timers
                .begin(Reason::AbortLinger, &self.config.timeouts);
        } else {
            self.await_aborted();
        }
    }

    pub(super) fn settlement_expired(&mut self, reason: Reason) {
        let Some(stage) = self.settlement.as_ref().map(|settlement| settlement.stage) else {
            return;
        };
        match stage {
            Stage::Lingering => self.await_aborted(),
            Stage::Grace if self.awaits_transfer_without_abor() => self.settle_by_abor_after_all(),
            Stage::Grace => self.settle_by_fence(),
            Stage::Flushing | Stage::Fence | Stage::Prelude => {
                self.drop_settled_data();
                self.die(Closed::Timeout(reason), ErrorKind::Timeout(reason));
            }
        }
    }

    /// The data connection was dropped, and the server has not said that it noticed.
    fn awaits_transfer_without_abor(&self) -> bool {
        self.pending.owes(Owner::Transfer) && !self.pending.owes(Owner::Abort)
    }

    /// A fence shows nothing while the transfer may go on: some servers answer a NOOP during one (pyftpdlib).
    fn settle_by_abor_after_all(&mut self) {
        if let Some(settlement) = &mut self.settlement {
            settlement.stage = Stage::Flushing;
            self.write(Owner::Abort, &Command::bare(Verb::Abor));
            self.timers.begin(Reason::AbortGrace, &self.config.timeouts);
        }
    }

    /// Servers that look at ABOR only between blocks of data notice it when the data connection is gone.
    fn await_aborted(&mut self) {
        self.drop_settled_data();
        if let Some(settlement) = &mut self.settlement {
            settlement.stage = Stage::Grace;
            self.timers.begin(Reason::AbortGrace, &self.config.timeouts);
        }
    }

    /// What a final reply says about the replies before it.
    pub(super) fn settle_answered(&mut self, index: usize, answered: &Slot, code: ReplyCode) {
        match answered.owner {
            Owner::Transfer => {
                if let Some(settlement) = &mut self.settlement {
                    settlement.held &= answered.may_wait_for_data() && code == ReplyCode::DATA_OPEN;
                }
            }
            Owner::Fence => self.settle_fence(index),
            _ => {}
        }
    }

    /// A fence that is answered shows that nothing before it will be answered any more.
    fn settle_fence(&mut self, index: usize) {
        let held = self.settlement.as_ref().is_some_and(|known| known.held);
        if held && self.pending.forgets_transfer(index) {
            return self.violate(Violation::TransferForgotten);
        }
        // Should the server have answered the fence out of turn, what it owed comes behind it.
        self.expect_surplus();
        self.pending.forgive_before(index);
    }

    pub(super) fn settle_if_nothing_is_owed(&mut self) {
        if self.settlement.is_some() && self.pending.is_empty() {
            self.drop_settled_data();
            self.settlement = None;
            for reason in [
                Reason::AbortLinger,
                Reason::AbortGrace,
                Reason::Fence,
                Reason::Reply,
            ] {
                self.timers.cancel(reason);
            }
        }
    }

    pub(super) fn drop_settled_data(&mut self) {
        if let Some(data) = self
            .settlement
            .as_mut()
            .and_then(|settlement| settlement.data.take())
        {
            self.give_up_data(data);
        }
    }

    /// Gives a data connection up.
    pub(super) fn give_up_data(&mut self, data: DataId) {
        self.forget_actions(data);
        self.actions.push_back(Action::Discard { data });
    }

    pub(super) fn forget_actions(&mut self, data: DataId) {
        self.actions.retain(|action| action.data() != Some(data));
    }
}
