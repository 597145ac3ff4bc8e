//! The transfer machine: one transfer from its prelude over its course to its settlement.
//!
//! Three tables rule it, each a pure function: [`prelude`], [`course`] and [`settlement`].
//! [`opening`], [`moving`] and [`settling`] apply them, each to a state of its own. This file leads
//! from one to the next.

mod course;
mod ending;
mod ladder;
mod lookahead;
mod moving;
mod opening;
mod prelude;
mod settlement;
mod settling;

#[cfg(feature = "testing")]
mod coverage;

use alloc::boxed::Box;

use crate::action::{DataId, Report};
use crate::command::{Command, Verb};
use crate::error::{Error, ErrorKind};
use crate::reply::Reply;
use crate::time::Reason;
use crate::transfer::Transfer;
use crate::verdict::Interruption;

use super::TransferId;
use super::shared::{Shared, error};
use super::wire::{Owner, Slot};
use course::{Ending, Said};
use lookahead::{Ahead, Taken};
use moving::Moving;
use opening::{Opening, Progress};
use settling::Settling;

#[cfg(feature = "testing")]
pub use coverage::Coverage;

/// The transfer under way, the port that was asked for the next, and the settlement of the one
/// before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Machine {
    /// Boxed, because most sessions have none most of the time.
    running: Option<Box<Running>>,
    ahead: Option<Ahead>,
    settling: Option<Settling>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Running {
    id: TransferId,
    spec: Transfer,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// The command is not out.
    Opening(Opening),
    /// The command is out.
    Moving(Moving),
}

impl Running {
    /// The step that the transfer stands at, as an error names it.
    fn verb(&self) -> Verb {
        match &self.phase {
            Phase::Opening(opening) => opening.verb(&self.spec),
            Phase::Moving(_) => self.spec.command().verb(),
        }
    }

    const fn moving(&self) -> Option<&Moving> {
        match &self.phase {
            Phase::Opening(_) => None,
            Phase::Moving(moving) => Some(moving),
        }
    }

    fn interrupted(&self, cause: Interruption, reply: Option<Box<Reply>>) -> Error {
        ending::interrupted(&self.spec, self.moving(), cause, reply, self.verb())
    }

    fn drop_data(&mut self, shared: &mut Shared) {
        match &mut self.phase {
            Phase::Opening(opening) => opening.drop_data(shared),
            Phase::Moving(moving) => moving.drop_data(shared),
        }
    }

    /// Whether a REST may be in force that no transfer used up.
    fn has_restarted(&self) -> bool {
        match &self.phase {
            Phase::Opening(opening) => opening.has_restarted(),
            Phase::Moving(_) => self.spec.offset() > 0,
        }
    }
}

impl Machine {
    // -- what is under way ----------------------------------------------------------------------

    pub(super) fn id(&self) -> Option<TransferId> {
        self.running.as_ref().map(|running| running.id)
    }

    pub(super) fn spec(&self) -> Option<&Transfer> {
        self.running.as_ref().map(|running| &running.spec)
    }

    pub(super) fn data(&self) -> Option<DataId> {
        self.moving().and_then(Moving::data)
    }

    pub(super) fn mark(&self) -> Option<&Reply> {
        self.moving().and_then(|moving| moving.mark.as_deref())
    }

    pub(super) const fn is_running(&self) -> bool {
        self.running.is_some()
    }

    pub(super) const fn is_settling(&self) -> bool {
        self.settling.is_some()
    }

    fn phase(&mut self) -> Option<&mut Phase> {
        self.running.as_mut().map(|running| &mut running.phase)
    }

    fn moving(&self) -> Option<&Moving> {
        self.running.as_ref().and_then(|running| running.moving())
    }

    // -- what the application wants -------------------------------------------------------------

    /// Begins a transfer. None is under way, and nothing is left to settle.
    pub(super) fn begin(&mut self, shared: &mut Shared, id: TransferId, spec: Transfer) {
        let mut opening = Opening::new(shared, &spec);
        let verb = opening.verb(&spec);
        shared.wait(Reason::Operation);
        let forbidden = shared.transfer_forbidden(opening.mode_tried());
        let progress = match forbidden {
            Some(policy) => {
                self.forget_ahead(shared);
                Progress::Over(error(ErrorKind::Policy(policy), verb))
            }
            None => self.open(shared, &mut opening, &spec),
        };
        let phase = Phase::Opening(opening);
        self.running = Some(Box::new(Running { id, spec, phase }));
        self.proceed(shared, progress);
    }

    fn open(&mut self, shared: &mut Shared, opening: &mut Opening, spec: &Transfer) -> Progress {
        let taken = match self.ahead.take() {
            Some(ahead) if !opening.is_active() => ahead.take(shared, opening.mode_tried()),
            Some(_) => {
                lookahead::disown(shared);
                Taken::Nothing
            }
            None => Taken::Nothing,
        };
        match taken {
            Taken::Nothing => opening.begin(shared, spec),
            Taken::Asked => {
                opening.adopt();
                Progress::Wait
            }
            Taken::Answered(verb, reply) => {
                opening.adopt();
                opening.port_answered(shared, spec, verb, reply)
            }
        }
    }

    /// Asks for the port of the transfer that waits first, if that may be done now.
    pub(super) fn look_ahead(&mut self, shared: &mut Shared, next: Option<&Transfer>) {
        let (Some(moving), Some(running)) = (self.moving(), &self.running) else {
            return;
        };
        let goes_on = matches!(moving.said, Said::Nothing | Said::Mark);
        if let Some(next) = next.filter(|_| goes_on && self.ahead.is_none()) {
            self.ahead = Ahead::ask(shared, next, running.spec.representation());
        }
    }

    /// The next transfer does not begin, or not now.
    pub(super) fn forget_ahead(&mut self, shared: &mut Shared) {
        self.ahead = None;
        lookahead::disown(shared);
    }

    /// The caller ends the transfer that is under way.
    pub(super) fn abort(&mut self, shared: &mut Shared) {
        self.end_early(shared, Interruption::Aborted);
    }

    /// The verdict on a transfer that was aborted before it began.
    pub(super) fn never_begun(spec: &Transfer) -> Error {
        let verb = spec.command().verb();
        ending::interrupted(spec, None, Interruption::Aborted, None, verb)
    }

    // -- what the server says -------------------------------------------------------------------

    /// A mark came for the transfer command.
    pub(super) fn marked(&mut self, shared: &mut Shared, reply: Reply) {
        self.course(shared, |moving, shared, spec| {
            moving.marked(shared, spec, reply)
        });
    }

    /// A success came for the transfer command, and no mark before it.
    pub(super) fn succeeded_early(&mut self, shared: &mut Shared, reply: Reply) {
        self.course(shared, |moving, shared, spec| {
            moving.succeeded_early(shared, spec, reply)
        });
    }

    /// A final reply came to what was owed at `index`. Given back if it answers nothing of a
    /// transfer.
    pub(super) fn answered(
        &mut self,
        shared: &mut Shared,
        index: usize,
        slot: Slot,
        reply: Reply,
    ) -> Option<(Slot, Reply)> {
        if let Some(settling) = &mut self.settling {
            let progress = settling.answered(shared, index, &slot, reply.code());
            self.settle(progress);
        }
        if index == 0 {
            shared.await_head();
        }
        match slot.owner {
            Owner::Ticket(_) | Owner::Nobody | Owner::Errand => return Some((slot, reply)),
            Owner::Type => self.prelude(shared, |opening, shared, spec| {
                opening.type_answered(shared, spec, reply)
            }),
            Owner::Opening => self.prelude(shared, |opening, shared, spec| {
                opening.port_answered(shared, spec, slot.verb, reply)
            }),
            Owner::Inquiry => self.prelude(shared, |opening, shared, spec| {
                opening.inquiry_answered(shared, spec, slot.verb, &reply)
            }),
            Owner::Restart => self.prelude(shared, |opening, shared, spec| {
                opening.restart_answered(shared, spec, reply)
            }),
            Owner::Ahead => {
                Ahead::answered(self.ahead.as_mut(), shared, reply);
                self.hurry(shared);
            }
            Owner::Transfer => self.transfer_answered(shared, reply),
            Owner::Keepalive => self.keepalive_answered(reply),
            Owner::Abort | Owner::Fence | Owner::Guard => {}
        }
        None
    }

    fn transfer_answered(&mut self, shared: &mut Shared, reply: Reply) {
        shared.wire.expect_surplus();
        // After an abort only the settlement waits for it.
        if self.is_running() {
            self.course(shared, |moving, shared, spec| {
                moving.answered(shared, spec, reply)
            });
        }
    }

    fn keepalive_answered(&mut self, reply: Reply) {
        if let Some(Phase::Moving(moving)) = self.phase().filter(|_| !reply.is_positive()) {
            moving.keepalive_refused(reply);
        }
    }

    /// 421 came in answer to the transfer command.
    pub(super) fn closing(&mut self, shared: &mut Shared, reply: Reply) {
        if self.is_running() {
            self.course(shared, |moving, shared, spec| {
                moving.answered_closing(shared, spec, reply)
            });
        }
    }

    /// Whether what was left is settled, now that replies may have come.
    pub(super) fn look(&mut self, shared: &mut Shared) {
        if let Some(settling) = &mut self.settling {
            let progress = settling.look(shared);
            self.settle(progress);
        }
    }

    /// The session is over. A download that moves goes on to its end; anything else ends here.
    /// `farewell`: the server said that it closes.
    pub(super) fn lost(&mut self, shared: &mut Shared, kind: &ErrorKind) {
        self.ahead = None;
        if let Some(mut settling) = self.settling.take() {
            settling.drop_data(shared);
        }
        match self.running.as_ref().map(|running| &running.phase) {
            None => {}
            Some(Phase::Opening(_)) => {
                let verb = self.verb();
                self.resolve(shared, Err(error(kind.clone(), verb)));
            }
            Some(Phase::Moving(_)) => self.course(shared, |moving, shared, spec| {
                moving.lost(shared, spec, kind)
            }),
        }
    }

    // -- what the driver reports, and what runs out ---------------------------------------------

    /// Everything that was to be written is.
    pub(super) fn written(&mut self, shared: &mut Shared) {
        if let Some(settling) = &mut self.settling {
            let progress = settling.written(shared);
            self.settle(progress);
        }
    }

    /// A report about a data connection.
    pub(super) fn reported(&mut self, shared: &mut Shared, report: Report) {
        if matches!(report, Report::Failed { .. }) {
            // The driver holds nothing of it any more.
            report
                .data()
                .into_iter()
                .for_each(|data| shared.actions.forget(data));
        }
        match self.running.as_ref().map(|running| &running.phase) {
            Some(Phase::Opening(opening)) if opening.data() == report.data() => self
                .prelude(shared, |opening, shared, spec| {
                    opening.reported(shared, spec, report)
                }),
            Some(Phase::Moving(moving)) if moving.data() == report.data() => {
                self.course(shared, |moving, shared, spec| {
                    moving.reported(shared, spec, report)
                });
                self.hurry(shared);
            }
            _ => match &mut self.settling {
                Some(settling) if settling.data() == report.data() => {
                    let progress = settling.reported(shared, report);
                    self.settle(progress);
                }
                // The driver has yet to poll the action that gives the connection up.
                _ => {}
            },
        }
    }

    /// A wait of a transfer, or of its settlement, ran out. Whether there was any such.
    pub(super) fn expired(&mut self, shared: &mut Shared, reason: Reason) -> bool {
        match (reason, &self.running) {
            (Reason::AbortLinger | Reason::AbortGrace | Reason::Fence, _) => {
                match &mut self.settling {
                    Some(settling) => {
                        let progress = settling.expired(shared, reason);
                        self.settle(progress);
                    }
                    None => shared.impossible("a wait of a settlement that is over"),
                }
            }
            (Reason::Keepalive, _) => self.keep_alive(shared),
            (_, None) => return false,
            (Reason::Operation, Some(_)) => {
                self.end_early(shared, Interruption::Timeout(reason));
            }
            (_, Some(running)) => match running.phase {
                Phase::Opening(_) => self.prelude(shared, |opening, shared, spec| {
                    opening.expired(shared, spec, reason)
                }),
                Phase::Moving(_) => self.course_expired(shared, reason),
            },
        }
        true
    }

    fn course_expired(&mut self, shared: &mut Shared, reason: Reason) {
        let overtaken = self.is_overtaken();
        if let Some(port) = self.port_to_follow(shared, reason) {
            return self.course(shared, |moving, shared, spec| {
                moving.dial(shared, spec, port)
            });
        }
        self.course(shared, |moving, shared, spec| {
            match moving.expired(shared, spec, reason) {
                // The control connection lives, because the server has answered the lookahead. It
                // has dropped the transfer silently (pyftpdlib).
                Some(Ending::Close(cause)) if overtaken => Some(Ending::Abort(cause)),
                ending => ending,
            }
        });
    }

    /// Sends a NOOP, so that NAT devices keep the control connection.
    fn keep_alive(&mut self, shared: &mut Shared) {
        let wanted = self
            .moving()
            .is_some_and(|moving| moving.said == Said::Mark && !shared.server.no_keepalive);
        let unanswered = shared.wire.owed.count(Owner::Keepalive);
        if wanted && unanswered < usize::from(shared.config.limits.keepalives_max) {
            shared.write(Owner::Keepalive, &Command::bare(Verb::Noop));
            shared.wait(Reason::Keepalive);
            if let Some(Phase::Moving(moving)) = self.phase() {
                moving.keepalive_sent();
            }
        }
    }

    // -- from one phase to the next -------------------------------------------------------------

    /// Gives an input to the prelude.
    fn prelude(
        &mut self,
        shared: &mut Shared,
        input: impl FnOnce(&mut Opening, &mut Shared, &Transfer) -> Progress,
    ) {
        let progress = match self.running.as_deref_mut() {
            Some(Running {
                phase: Phase::Opening(opening),
                spec,
                ..
            }) => input(opening, shared, spec),
            _ => return shared.impossible("an input of a prelude that is over"),
        };
        self.proceed(shared, progress);
    }

    fn proceed(&mut self, shared: &mut Shared, progress: Progress) {
        match progress {
            Progress::Wait => {}
            Progress::Over(error) => {
                shared.rest(Reason::DataOpen);
                self.resolve(shared, Err(error));
            }
            Progress::Cancelled(cause) => self.cancel(shared, cause),
            Progress::Ready { data, link } => {
                let Some(running) = &mut self.running else {
                    return;
                };
                shared.write(Owner::Transfer, running.spec.command());
                running.phase = Phase::Moving(Moving::new(data, link));
                self.course(shared, |moving, shared, spec| moving.advance(shared, spec));
            }
        }
    }

    /// Gives an input to the course.
    fn course(
        &mut self,
        shared: &mut Shared,
        input: impl FnOnce(&mut Moving, &mut Shared, &Transfer) -> Option<Ending>,
    ) {
        let ending = match self.running.as_deref_mut() {
            Some(Running {
                phase: Phase::Moving(moving),
                spec,
                ..
            }) => input(moving, shared, spec),
            _ => return shared.impossible("an input of a course that is not under way"),
        };
        if let Some(ending) = ending {
            self.end(shared, ending);
        }
    }

    fn settle(&mut self, progress: settling::Progress) {
        if progress == settling::Progress::Settled {
            self.settling = None;
        }
    }

    // -- memory ---------------------------------------------------------------------------------

    /// The replies that are held.
    #[cfg(feature = "testing")]
    pub(super) fn replies(&self) -> impl Iterator<Item = &Reply> {
        let ahead = self.ahead.as_ref().and_then(Ahead::reply);
        let opening = self
            .running
            .as_ref()
            .and_then(|running| match &running.phase {
                Phase::Opening(opening) => opening.replies(),
                Phase::Moving(_) => None,
            });
        let moving = self.moving().into_iter().flat_map(Moving::replies);
        moving.chain(ahead).chain(opening)
    }
}
