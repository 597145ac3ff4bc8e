//! What is left of a transfer that is over for its caller: applies the table [`settlement`].

use crate::action::{DataId, Report};
use crate::command::{Command, Verb};
use crate::config::AbortStyle;
use crate::reply::ReplyCode;
use crate::time::Reason;
use crate::violation::Violation;

use super::settlement::{self, Input, Stage, Step};
use crate::session::shared::Shared;
use crate::session::wire::{Owner, Slot};

/// A transfer that is settled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Settling {
    stage: Stage,
    /// The data connection, while it is kept.
    data: Option<DataId>,
    /// Whether the server may still wait for the transfer's data connection: no byte came on it,
    /// and no reply says that the transfer is over.
    may_remain: bool,
}

/// Whether there is still something to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Goes,
    Settled,
}

impl Settling {
    // -- beginnings -----------------------------------------------------------------------------

    /// The abort procedure, for a transfer whose command is out and whose final reply is not there.
    /// `None` where the session is closed for it. `may_remain`: the server may still wait for the
    /// data connection.
    pub(super) fn by_abort(
        shared: &mut Shared,
        data: Option<DataId>,
        may_remain: bool,
    ) -> Option<Self> {
        // Actions that were not polled yet are withdrawn.
        if let Some(data) = data {
            shared.actions.forget(data);
        }
        shared.rest(Reason::Reply);
        match shared.config.abort {
            AbortStyle::Abor => {
                let stage = Stage::Flushing;
                shared.write(Owner::Abort, &Command::bare(Verb::Abor));
                shared.wait(Reason::AbortGrace);
                Some(Self {
                    stage,
                    data,
                    may_remain,
                })
            }
            AbortStyle::CloseData => {
                let stage = Stage::Grace;
                let mut settling = Self {
                    stage,
                    data,
                    may_remain,
                };
                settling.drop_data(shared);
                shared.wait(Reason::AbortGrace);
                Some(settling)
            }
            AbortStyle::CloseControl => {
                if let Some(data) = data {
                    shared.give_up(data);
                }
                None
            }
        }
    }

    /// The replies of a prelude that was cancelled, if any are owed.
    pub(super) fn of_prelude(shared: &Shared) -> Option<Self> {
        (!shared.wire.owed.is_empty()).then_some(Self::without_data(Stage::Prelude))
    }

    /// Keepalives that are unanswered when the verdict is given, if there are any.
    pub(super) fn of_keepalives(shared: &mut Shared) -> Option<Self> {
        let owed = shared.wire.owed.owes(Owner::Keepalive);
        owed.then(|| {
            shared.wait(Reason::AbortGrace);
            Self::without_data(Stage::Grace)
        })
    }

    /// All owed replies come before the answer to the fence.
    pub(super) fn by_fence(shared: &mut Shared) -> Self {
        let mut settling = Self::without_data(Stage::Fence);
        settling.send_fence(shared);
        settling
    }

    const fn without_data(stage: Stage) -> Self {
        Self {
            stage,
            data: None,
            may_remain: false,
        }
    }

    /// The data connection, while it is kept.
    pub(super) const fn data(&self) -> Option<DataId> {
        self.data
    }

    // -- inputs ---------------------------------------------------------------------------------

    /// Everything that was to be written is.
    pub(super) fn written(&mut self, shared: &mut Shared) -> Progress {
        let lingers = self.data.is_some() && !shared.config.timeouts.abort_linger.is_zero();
        self.take(shared, Input::Written(lingers))
    }

    /// A report about the data connection that is kept. The driver may go on with it, and may see
    /// its end. One that failed is closed; of any other it is not known here whether payload had
    /// begun to move, so it is dropped all the same.
    pub(super) fn reported(&mut self, shared: &mut Shared, report: Report) -> Progress {
        let failed = matches!(report, Report::Failed { .. });
        if !failed && !matches!(report, Report::Finished { .. }) {
            return Progress::Goes;
        }
        if failed {
            self.data = None;
        }
        self.take(shared, Input::DataOver)
    }

    pub(super) fn expired(&mut self, shared: &mut Shared, reason: Reason) -> Progress {
        // The data connection was dropped, and the server has not said that it noticed.
        let owed = &shared.wire.owed;
        let unnoticed = owed.owes(Owner::Transfer) && !owed.owes(Owner::Abort);
        match settlement::step(self.stage, Input::Expired(unnoticed)) {
            Step::Die => {
                self.drop_data(shared);
                shared.time_out(reason);
                Progress::Goes
            }
            step => self.perform(shared, step),
        }
    }

    /// A final reply came: what it says about the replies before it. `slot` was owed at `index`.
    pub(super) fn answered(
        &mut self,
        shared: &mut Shared,
        index: usize,
        slot: &Slot,
        code: ReplyCode,
    ) -> Progress {
        match slot.owner {
            Owner::Transfer => {
                self.may_remain &= slot.may_wait_for_data() && code == ReplyCode::DATA_OPEN;
                Progress::Goes
            }
            Owner::Fence => {
                let forgotten = self.may_remain && shared.wire.owed.forgets_transfer(index);
                let progress = self.take(shared, Input::FenceAnswered(forgotten));
                if !forgotten {
                    shared.wire.owed.forgive_before(index);
                }
                progress
            }
            _ => Progress::Goes,
        }
    }

    /// Whether everything is settled, now that replies may have come.
    pub(super) fn look(&mut self, shared: &mut Shared) -> Progress {
        match shared.wire.owed.is_empty() {
            true => self.take(shared, Input::NothingOwed),
            false => Progress::Goes,
        }
    }

    /// Has the driver drop what it still holds.
    pub(super) fn drop_data(&mut self, shared: &mut Shared) {
        if let Some(data) = self.data.take() {
            shared.give_up(data);
        }
    }

    // -- the table ------------------------------------------------------------------------------

    fn take(&mut self, shared: &mut Shared, input: Input) -> Progress {
        self.perform(shared, settlement::step(self.stage, input))
    }

    fn perform(&mut self, shared: &mut Shared, step: Step) -> Progress {
        match step {
            Step::Linger => {
                self.stage = Stage::Lingering;
                shared.rest(Reason::AbortGrace);
                shared.wait(Reason::AbortLinger);
            }
            Step::Await => {
                self.stage = Stage::Grace;
                shared.rest(Reason::AbortLinger);
                self.drop_data(shared);
                shared.wait(Reason::AbortGrace);
            }
            Step::Abort => {
                self.stage = Stage::Flushing;
                shared.write(Owner::Abort, &Command::bare(Verb::Abor));
                shared.wait(Reason::AbortGrace);
            }
            Step::Fence => self.send_fence(shared),
            // If the server answered the fence out of order, its owed replies come after it.
            Step::Forgive => shared.wire.expect_surplus(),
            Step::Rest => {
                self.drop_data(shared);
                self.rest(shared);
                return Progress::Settled;
            }
            Step::Forgotten => shared.violate(Violation::TransferForgotten),
            Step::Stay => {}
            Step::Die | Step::Unreachable => {
                shared.impossible("a cell of the settlement of a transfer");
            }
        }
        Progress::Goes
    }

    /// The answers to several NOOPs look alike; the answer to PWD does not.
    fn send_fence(&mut self, shared: &mut Shared) {
        self.stage = Stage::Fence;
        let verb = match shared.wire.owed.owes(Owner::Keepalive) {
            true => Verb::Pwd,
            false => Verb::Noop,
        };
        shared.write(Owner::Fence, &Command::bare(verb));
        shared.wait(Reason::Fence);
    }

    fn rest(&self, shared: &mut Shared) {
        for reason in [
            Reason::AbortLinger,
            Reason::AbortGrace,
            Reason::Fence,
            Reason::Reply,
        ] {
            shared.rest(reason);
        }
    }
}
