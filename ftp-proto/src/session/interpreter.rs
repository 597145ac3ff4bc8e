//! The protocol interpreter: gives each input of a session to the part that it concerns, and the
//! outcome to its ticket.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::action::{Action, Link, Report};
use crate::command::{Command, Verb};
use crate::config::{Config, Control};
use crate::error::{After, Error, ErrorKind};
use crate::reply::Reply;
use crate::time::{Instant, Reason};
use crate::trace::Record;
use crate::transfer::Transfer;

use super::answers::{Answer, Answers};
use super::errands::Errands;
use super::events::Event;
#[cfg(feature = "testing")]
use super::memory;
use super::queue::{Beneficiary, Queue, Work};
use super::refill::{self, Step};
use super::security::{self, Security};
use super::shared::{Death, Shared, error};
use super::transfer::Machine;
use super::wire::Owner;
use super::{State, Ticket, TransferId};

mod replies;

/// All parts of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Interpreter {
    /// The latest time that was handed in.
    pub(super) clock: Instant,
    pub(super) shared: Shared,
    pub(super) transfers: Machine,
    pub(super) security: Security,
    pub(super) errands: Errands,
    pub(super) queue: Queue,
    pub(super) answers: Answers,
    pub(super) latest_transfer: TransferId,
    pub(super) dead: Option<Death>,
}

impl Interpreter {
    pub(super) fn new(config: Config, control: Control) -> Self {
        let mut pi = Self {
            clock: Instant::EPOCH,
            shared: Shared::new(config, control),
            transfers: Machine::default(),
            security: Security::default(),
            errands: Errands::default(),
            queue: Queue::default(),
            answers: Answers::default(),
            latest_transfer: TransferId::REFILL,
            dead: None,
        };
        pi.note(|| Record::Opened {
            config: Box::new(config),
            control,
        });
        pi.await_greeting();
        pi
    }

    pub(super) fn state(&self) -> State {
        match &self.dead {
            Some(death) => State::Dead(death.closed),
            None if self.transfers.is_settling() || self.shared.wire.is_fencing() => {
                State::Settling {
                    replies: self.shared.wire.owed.unsettled(),
                }
            }
            None if self.is_idle() => State::Usable,
            None => State::Busy,
        }
    }

    // -- after every input ----------------------------------------------------------------------

    /// Applies the effects of an input: ends the session if a part asked for it, and sends the
    /// commands that may be sent now.
    pub(super) fn go_on(&mut self) {
        self.bury();
        while self.dead.is_none() && self.is_free() && !self.runs_errand() && !self.refills() {
            match self.queue.take_next(&self.shared) {
                None => break,
                Some(Work::Command { ticket, command }) => {
                    self.errands.sent(&command);
                    self.send_or_refuse(ticket, &command);
                }
                Some(Work::Transfer { id, spec }) => {
                    self.transfers.begin(&mut self.shared, id, spec)
                }
            }
            self.bury();
        }
        if self.running().is_some() {
            self.transfers
                .look_ahead(&mut self.shared, self.queue.next_transfer());
        }
        self.refuse_when_dead();
        self.mind_idleness();
    }

    /// An idle session says NOOP after a while, if it is to be kept alive.
    fn mind_idleness(&mut self) {
        if self.shared.config.idle_keepalive.is_none() {
            return;
        }
        let reason = Reason::IdleKeepalive;
        if self.state() != State::Usable || !self.errands.is_logged_in() {
            self.shared.rest(reason);
        } else if !self.shared.timers.is_on(reason) {
            self.shared.wait(reason);
        }
    }

    /// Makes a short listing for new TLS tickets, if the next transfer needs one. Yields whether it
    /// did: no other command is sent before the listing is over.
    fn refills(&mut self) -> bool {
        let (Some(next), Some(id)) = (self.queue.next_transfer(), self.queue.transfer()) else {
            return false;
        };
        let (protected, left) = (self.shared.server.protected, self.shared.resumptions);
        match self.shared.refill.step(id, protected, left) {
            Step::Begin => false,
            Step::List if !self.queue.may_send(&self.shared) => true,
            Step::List => {
                let listing = refill::listing(self.shared.server.representation(), next);
                self.begin_refill(id, listing);
                // One that failed at once has its outcome.
                !self.is_free() || self.refills()
            }
            Step::Fail(error) => {
                self.transfers.forget_ahead(&mut self.shared);
                self.fail_work(Beneficiary::Transfer(id), |_| error);
                self.runs_errand()
            }
        }
    }

    fn begin_refill(&mut self, whose: TransferId, listing: Transfer) {
        self.shared.refill.begin(whose);
        self.transfers
            .begin(&mut self.shared, TransferId::REFILL, listing);
        if self.transfers.is_running() {
            let limit = refill::limit(&self.shared.config.timeouts);
            self.shared.timers.request(Reason::Operation, limit);
        }
    }

    /// The application's transfer that is under way.
    pub(super) fn running(&self) -> Option<TransferId> {
        self.transfers.id().filter(|id| *id != TransferId::REFILL)
    }

    /// Runs the errand that the next piece of work needs. Yields whether there was one: no other
    /// command is sent before it.
    fn runs_errand(&mut self) -> bool {
        let Some(work) = self.queue.front() else {
            return false;
        };
        let whose = Beneficiary::of(work);
        match self.errands.needed(&self.shared, work) {
            Ok(None) => false,
            Ok(Some(errand)) => {
                if self.shared.wire.owed.is_empty() {
                    self.errands.begin(&mut self.shared, errand, whose);
                }
                true
            }
            Err(policy) => {
                let kind = ErrorKind::Policy(policy);
                self.fail_work(whose, |verb| error(kind, verb));
                // The work behind it may need another errand.
                self.runs_errand()
            }
        }
    }

    /// Fails the work for which an errand failed, if it still waits.
    fn fail_work(&mut self, whose: Beneficiary, why: impl FnOnce(Verb) -> Error) {
        match self.queue.take(whose) {
            Some(Work::Command { ticket, command }) => {
                let verb = command.verb();
                self.answer(ticket, verb, Err(why(verb)));
            }
            Some(Work::Transfer { id, spec }) => {
                let verb = spec.command().verb();
                self.shared.judge(id, Err(why(verb)));
            }
            None => {}
        }
    }

    /// Whether no other work is barred.
    const fn is_free(&self) -> bool {
        !self.transfers.is_running()
            && !self.transfers.is_settling()
            && !self.security.is_changing()
            && !self.errands.is_under_way()
    }

    fn send_or_refuse(&mut self, ticket: Ticket, command: &Command) {
        let verb = command.verb();
        match security::forbidden(&self.shared, verb) {
            Some(kind) => self.answer(ticket, verb, Err(error(kind, verb))),
            None => self.shared.write(Owner::Ticket(ticket), command),
        }
    }

    fn refuse_when_dead(&mut self) {
        // Payload may go on long after the end, and each piece of it passes here.
        let waits = !self.queue.is_empty();
        if let Some(death) = self.dead.as_ref().filter(|_| waits) {
            let kind = death.kind.clone();
            self.tell_waiting(&kind);
        }
    }

    // -- time -----------------------------------------------------------------------------------

    /// Fires the timers that are due. A driver without actions and bytes must not miss the result,
    /// so a verdict or an answer always comes with an action.
    pub(super) fn fire_timers(&mut self) {
        let before = self.unjudged();
        let answers = self.answers.unpolled_len();
        self.shared.timers.arm(self.clock);
        while let Some(reason) = self.shared.timers.take_due(self.clock) {
            self.expired(reason);
            self.go_on();
            self.shared.timers.arm(self.clock);
        }
        let after = self.unjudged();
        let judged = before
            .iter()
            .flatten()
            .any(|id| !after.contains(&Some(*id)));
        if (judged || self.answers.unpolled_len() > answers)
            && self.shared.actions.is_empty()
            && self.shared.wire.is_flushed()
        {
            self.shared.act(Action::Poll);
        }
    }

    /// The transfers without a verdict: the running one and the one that waits.
    fn unjudged(&self) -> [Option<TransferId>; 2] {
        [self.transfers.id(), self.queue.transfer()]
    }

    // -- reports --------------------------------------------------------------------------------

    pub(super) fn reported(&mut self, report: Report) {
        let control = Link::Control;
        match report {
            Report::Secured { link } if link == control => self.security_changed(true),
            Report::Unsecured => self.security_changed(false),
            Report::Failed { link, failure } if link == control => {
                self.shared.control_failed(failure)
            }
            _ => self.transfers.reported(&mut self.shared, report),
        }
    }

    fn security_changed(&mut self, secured: bool) {
        match self.security.changed(&mut self.shared, secured) {
            Some(agreement) => {
                if secured {
                    self.errands.secured();
                }
                self.answer_reply(agreement.ticket, agreement.verb, agreement.reply);
            }
            None => self
                .shared
                .impossible("a change of security that was not begun"),
        }
    }

    // -- what the application wants -------------------------------------------------------------

    pub(super) fn abort_transfer(&mut self, id: TransferId) {
        if let Some(spec) = self.queue.take_transfer(id) {
            self.transfers.forget_ahead(&mut self.shared);
            self.shared.judge(id, Err(Machine::never_begun(&spec)));
            self.end_refill();
        } else if self.transfers.id() == Some(id) {
            self.transfers.abort(&mut self.shared);
        }
    }

    /// The tickets are not needed any more.
    fn end_refill(&mut self) {
        if self.transfers.id() == Some(TransferId::REFILL) {
            self.transfers.abort(&mut self.shared);
        }
    }

    // -- the end --------------------------------------------------------------------------------

    /// Ends the session, if a part found that it cannot go on. All open tickets get the reason. A
    /// download that is moving goes on to its end.
    fn bury(&mut self) {
        let Some(death) = self.shared.dying.take() else {
            return;
        };
        if self.dead.is_some() {
            return;
        }
        let Death { closed, kind } = death.clone();
        self.dead = Some(death);
        self.shared.wire.close();
        self.shared.timers.cancel_all_but(&[
            Reason::DataIdle,
            Reason::DataTotal,
            Reason::TlsClose,
            Reason::Operation,
        ]);
        self.shared.actions.forget_control();
        self.shared.tell(Event::Closed(closed));
        self.tell_waiting(&kind);
        self.transfers.lost(&mut self.shared, &kind);
        self.end_refill();
        self.shared.act(Action::Close);
    }

    fn tell_waiting(&mut self, kind: &ErrorKind) {
        if let Some(agreement) = self.security.end() {
            self.answer_if_wanted(agreement.ticket, agreement.verb, kind);
        }
        // Answers in doubt are still delivered.
        while let Some((slot, reply)) = self.shared.wire.owed.take_doubted() {
            if let Owner::Ticket(ticket) = slot.owner {
                self.answer_reply(Some(ticket), slot.verb, reply);
            }
        }
        for slot in self.shared.wire.owed.take_all() {
            if let Owner::Ticket(ticket) = slot.owner {
                self.answer_if_wanted(Some(ticket), slot.verb, kind);
            }
        }
        for work in self.queue.take_all() {
            match work {
                Work::Command { ticket, command } => {
                    self.answer_if_wanted(Some(ticket), command.verb(), kind);
                }
                Work::Transfer { id, spec } => {
                    let verb = spec.command().verb();
                    self.shared.judge(id, Err(error(kind.clone(), verb)));
                }
            }
        }
    }

    fn answer_if_wanted(&mut self, ticket: Option<Ticket>, verb: Verb, kind: &ErrorKind) {
        if let Some(ticket) = ticket {
            self.answer(ticket, verb, Err(error(kind.clone(), verb)));
        }
    }

    // -- answers and tickets --------------------------------------------------------------------

    fn answer(&mut self, ticket: Ticket, verb: Verb, outcome: Result<Reply, Error>) {
        let outcome = self.queue.batch.reduce(ticket, outcome);
        self.answers.give(ticket, Answer { verb, outcome });
    }

    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.shared.wire.owed.owes(Owner::Ticket(ticket))
            || self.queue.awaits(ticket)
            || self.security.awaits(ticket)
    }

    /// The tickets of commands that are not answered, or answered and not polled.
    pub(super) fn open_tickets(&self) -> Vec<Ticket> {
        let owed = self.shared.wire.owed.tickets();
        let open = owed
            .chain(self.queue.tickets())
            .chain(self.security.ticket());
        let unpolled = self.answers.unpolled().map(|(ticket, _)| ticket);
        open.chain(unpolled).collect()
    }

    /// Commands that were submitted and whose replies were not polled. A batch has a window of its
    /// own.
    pub(super) fn in_flight(&self) -> usize {
        let owed = &self.shared.wire.owed;
        let ours = [Owner::Keepalive, Owner::Errand, Owner::Guard];
        let ours = ours.map(|owner| owed.count(owner)).iter().sum();
        let asked = owed.len().saturating_sub(ours);
        let unpolled = self.queue.len().saturating_add(self.answers.unpolled_len());
        unpolled
            .saturating_add(asked)
            .saturating_sub(self.queue.batch.len())
    }

    /// Nobody wants the answer any more. What was not sent is not sent.
    pub(super) fn discard(&mut self, ticket: Ticket) {
        self.note(|| Record::Discarded(ticket.0));
        self.answers.collect(ticket);
        self.queue.discard(ticket);
        self.shared.wire.owed.disown(&[Owner::Ticket(ticket)]);
        self.security.discard(ticket);
    }

    /// Drops the answers that a replay does not poll.
    pub(super) fn forget_answers(&mut self) {
        let unpolled: Vec<_> = self.answers.unpolled().map(|(ticket, _)| ticket).collect();
        for ticket in unpolled {
            self.answers.collect(ticket);
            self.queue.batch.release(ticket);
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.shared.wire.owed.is_empty() && self.queue.is_empty() && self.is_free()
    }

    pub(super) fn after(&self) -> After {
        self.state().into()
    }

    pub(super) fn note(&mut self, make: impl FnOnce() -> Record) {
        self.shared.trace.record(make);
    }

    // -- memory ---------------------------------------------------------------------------------

    /// The bytes of the server's replies that are held and not polled, and the bound on them by the
    /// limits of the configuration.
    #[cfg(feature = "testing")]
    pub(super) fn reply_memory(&self) -> (usize, usize) {
        let transfers = self.transfers.replies().map(memory::of_reply);
        let parts = [
            memory::of_shared(&self.shared),
            memory::of_answers(&self.answers),
        ];
        let held = memory::sum(transfers.chain(parts));
        (held, memory::most(&self.shared))
    }
}
