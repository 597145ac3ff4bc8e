//! The prelude of one transfer: applies the table [`prelude`](super::prelude) to it.

use core::net::SocketAddr;

use crate::action::{Action, DataId, Failure, Report, Representation, Target};
use crate::address::{self, DataHost};
use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind, Policy, Violation};
use crate::reply::{Class, Reply, ReplyCode};
use crate::time::Reason;
use crate::transfer::{DataMode, Transfer};
use crate::verdict::Interruption;

use super::course::Data;
use super::prelude::{self, Facts, Input, Stage, Step};
use crate::session::events::Event;
use crate::session::shared::{Shared, error, unwelcome};
use crate::session::wire::Owner;

/// A transfer whose command is not out yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Opening {
    stage: Stage,
    /// The mode that was asked for, and the rung of its ladder that is tried.
    ladder: DataMode,
    mode: DataMode,
    /// The data connection, as long as the driver holds anything of it.
    data: Option<DataId>,
    /// Where we listen.
    local: Option<SocketAddr>,
    type_refusal: Option<Reply>,
}

/// How far the prelude has come.
#[derive(Debug)]
pub(super) enum Progress {
    /// It waits for something.
    Wait,
    /// The transfer command may go out.
    Ready { data: Option<DataId>, link: Data },
    /// It failed, and nothing is owed for it.
    Over(Error),
    /// It ends early: what is owed has to be awaited.
    Cancelled(Interruption),
}

/// What a step is taken with.
enum Given {
    Nothing,
    Reply(Verb, Reply),
    Target(Target),
    Failure(Failure),
    Reason(Reason),
}

impl Opening {
    pub(super) fn new(shared: &Shared, spec: &Transfer) -> Self {
        let ladder = spec.mode().unwrap_or(shared.config.data_mode);
        Self {
            stage: Stage::New,
            ladder,
            mode: rung(shared, ladder),
            data: None,
            local: None,
            type_refusal: None,
        }
    }

    pub(super) const fn mode(&self) -> DataMode {
        self.mode
    }

    pub(super) const fn is_active(&self) -> bool {
        matches!(self.mode, DataMode::ExtendedActive | DataMode::Active)
    }

    pub(super) const fn data(&self) -> Option<DataId> {
        self.data
    }

    /// Whether REST is out.
    pub(super) fn has_restarted(&self) -> bool {
        self.stage == Stage::Restarting
    }

    pub(super) fn drop_data(&mut self, shared: &mut Shared) {
        if let Some(data) = self.data.take() {
            shared.give_up(data);
        }
    }

    /// The step that the transfer stands at, as an error names it.
    pub(super) fn verb(&self, spec: &Transfer) -> Verb {
        match (self.stage, self.mode) {
            (Stage::New, _) => spec.command().verb(),
            (Stage::Typing, _) => Verb::Type,
            (Stage::Restarting, _) => Verb::Rest,
            (_, DataMode::ExtendedActive) => Verb::Eprt,
            (_, DataMode::Active) => Verb::Port,
            _ => passive_verb(self.mode),
        }
    }

    // -- inputs ---------------------------------------------------------------------------------

    pub(super) fn begin(&mut self, shared: &mut Shared, spec: &Transfer) -> Progress {
        self.take(shared, spec, Input::Begun, Given::Nothing)
    }

    /// The port was asked for already, and the reply is awaited.
    pub(super) const fn adopt(&mut self) {
        self.stage = Stage::Asking;
    }

    /// The reply to TYPE. The original ftplib lets any reply of 1xx to 3xx pass here.
    pub(super) fn type_answered(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        reply: Reply,
    ) -> Progress {
        let granted = matches!(reply.class(), Class::Completion | Class::Intermediate);
        if granted {
            shared
                .server
                .set_representation(Some(spec.representation()));
        }
        match (self.stage, granted) {
            (Stage::Typing, true) => self.take(shared, spec, Input::Granted, Given::Nothing),
            (Stage::Typing, false) => {
                let given = Given::Reply(Verb::Type, reply);
                self.take(shared, spec, Input::Denied, given)
            }
            (_, true) => Progress::Wait,
            // The reply to what went out with it comes first.
            (_, false) => {
                self.type_refusal = Some(reply);
                Progress::Wait
            }
        }
    }

    /// The reply to EPSV, PASV, EPRT or PORT.
    pub(super) fn port_answered(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        verb: Verb,
        reply: Reply,
    ) -> Progress {
        if let Some(refusal) = self.type_refusal.take() {
            return Progress::Over(unwelcome(refusal, Verb::Type));
        }
        let refused = |reply: &Reply| match reply.code().is_not_done_here() {
            true => Input::NotDone,
            false => Input::Denied,
        };
        if self.stage == Stage::Announcing {
            let input = match reply.is_positive() {
                true => Input::Granted,
                false => refused(&reply),
            };
            return self.take(shared, spec, input, Given::Reply(verb, reply));
        }
        match target(shared, &reply) {
            Ok(Some(target)) => self.take(shared, spec, Input::Granted, Given::Target(target)),
            Ok(None) => {
                let input = refused(&reply);
                self.take(shared, spec, input, Given::Reply(verb, reply))
            }
            Err(kind) => Progress::Over(error(kind, verb)),
        }
    }

    /// The reply to REST.
    pub(super) fn restart_answered(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        reply: Reply,
    ) -> Progress {
        let input = match reply.class() {
            Class::Intermediate | Class::Completion => Input::Granted,
            _ => Input::Denied,
        };
        self.take(shared, spec, input, Given::Reply(Verb::Rest, reply))
    }

    pub(super) fn reported(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        report: Report,
    ) -> Progress {
        match (report, self.stage) {
            (Report::Connected { .. }, Stage::Dialling) => {
                shared.rest(Reason::DataOpen);
                self.take(shared, spec, Input::Done, Given::Nothing)
            }
            (Report::Listening { local, .. }, Stage::Listening) => {
                self.local = Some(local);
                shared.rest(Reason::DataOpen);
                self.take(shared, spec, Input::Done, Given::Nothing)
            }
            (Report::Failed { failure, .. }, _) => {
                self.data = None;
                self.take(shared, spec, Input::Failed, Given::Failure(failure))
            }
            _ => {
                shared.events.count_ignored();
                Progress::Wait
            }
        }
    }

    pub(super) fn expired(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        reason: Reason,
    ) -> Progress {
        let input = match reason {
            Reason::Operation => Input::Cancelled,
            _ => Input::Expired,
        };
        self.take(shared, spec, input, Given::Reason(reason))
    }

    // -- the table ------------------------------------------------------------------------------

    fn take(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        input: Input,
        given: Given,
    ) -> Progress {
        let step = prelude::step(self.stage, input, self.facts(shared, spec));
        self.perform(shared, spec, step, given)
    }

    fn facts(&self, shared: &Shared, spec: &Transfer) -> Facts {
        let has_rung = match self.mode {
            DataMode::ExtendedPassive => self.ladder == DataMode::Auto,
            DataMode::ExtendedActive => self.ladder == DataMode::AnyActive,
            _ => false,
        };
        // Two servers out of ten take one read for one command, and answer the first of two alone.
        let one_at_a_time = shared.config.pipeline.get() == 1 && !shared.config.eager;
        let in_force = shared.server.representation() == Some(spec.representation());
        Facts {
            active: self.is_active(),
            type_first: one_at_a_time && !in_force,
            rung: has_rung && shared.control.is_ipv4(),
            resumes: spec.offset() > 0,
        }
    }

    fn perform(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        step: Step,
        given: Given,
    ) -> Progress {
        match (step, given) {
            (Step::Listen, _) => self.listen(shared),
            (Step::Type, _) => {
                self.stage = Stage::Typing;
                write_type(shared, spec.representation());
            }
            (Step::Ask, _) => self.ask(shared, spec),
            (Step::Dial, Given::Target(target)) => self.dial(shared, target),
            (Step::Announce, _) => return self.announce(shared, spec),
            (Step::Descend, _) => return self.descend(shared, spec),
            (Step::Restart, _) => self.restart(shared, spec.offset()),
            (Step::Transfer, _) => return self.ready(),
            (Step::Refuse, Given::Reply(verb, reply)) => {
                return Progress::Over(unwelcome(reply, verb));
            }
            (Step::Cancel, Given::Failure(failure)) => {
                return Progress::Cancelled(Interruption::Data(failure));
            }
            (Step::Cancel, Given::Reason(reason)) => {
                return Progress::Cancelled(Interruption::Timeout(reason));
            }
            (Step::Die, Given::Reason(reason)) => shared.time_out(reason),
            _ => shared.impossible("a cell of the prelude of a transfer"),
        }
        Progress::Wait
    }

    fn ask(&mut self, shared: &mut Shared, spec: &Transfer) {
        self.stage = Stage::Asking;
        write_type(shared, spec.representation());
        let verb = passive_verb(self.mode);
        shared.write(Owner::Opening, &Command::bare(verb));
    }

    fn dial(&mut self, shared: &mut Shared, target: Target) {
        let data = shared.actions.issue_data();
        self.stage = Stage::Dialling;
        self.data = Some(data);
        shared.act(Action::Connect { data, target });
        shared.wait(Reason::DataOpen);
    }

    fn listen(&mut self, shared: &mut Shared) {
        let data = shared.actions.issue_data();
        self.stage = Stage::Listening;
        self.data = Some(data);
        shared.act(Action::Listen { data });
        shared.wait(Reason::DataOpen);
    }

    fn announce(&mut self, shared: &mut Shared, spec: &Transfer) -> Progress {
        let Some(local) = self.local else {
            shared.impossible("a port without a listener");
            return Progress::Wait;
        };
        self.stage = Stage::Announcing;
        write_type(shared, spec.representation());
        let (verb, encoded) = match self.mode {
            DataMode::Active => (Verb::Port, address::encode_port(local)),
            _ => (Verb::Eprt, address::encode_eprt(local)),
        };
        match encoded.as_deref().map(Argument::trusted) {
            Ok(argument) => {
                shared.write(Owner::Opening, &Command::new(verb, argument));
                Progress::Wait
            }
            Err(_) => Progress::Over(error(ErrorKind::Policy(Policy::NeedsIpv4), verb)),
        }
    }

    fn descend(&mut self, shared: &mut Shared, spec: &Transfer) -> Progress {
        if self.is_active() {
            self.mode = DataMode::Active;
            shared.server.no_extended_active = true;
            return self.announce(shared, spec);
        }
        shared.rest(Reason::DataOpen);
        self.drop_data(shared);
        self.mode = DataMode::Passive;
        shared.server.no_extended_passive = true;
        self.ask(shared, spec);
        Progress::Wait
    }

    /// REST has to stand right before the transfer command (RFC 959, 4.1.3; FileZilla Server forgets it otherwise).
    fn restart(&mut self, shared: &mut Shared, offset: u64) {
        self.stage = Stage::Restarting;
        let command = Command::new(Verb::Rest, Argument::number(offset));
        shared.write(Owner::Restart, &command);
    }

    const fn ready(&mut self) -> Progress {
        let link = if self.is_active() {
            Data::Announced
        } else {
            Data::Open
        };
        Progress::Ready {
            data: self.data.take(),
            link,
        }
    }

    #[cfg(feature = "testing")]
    pub(super) const fn replies(&self) -> Option<&Reply> {
        self.type_refusal.as_ref()
    }
}

/// The mode to begin with: the ladders begin where earlier transfers of this session had to climb down to.
pub(super) fn rung(shared: &Shared, ladder: DataMode) -> DataMode {
    let ipv4 = shared.control.is_ipv4();
    match ladder {
        DataMode::Auto if shared.server.no_extended_passive && ipv4 => DataMode::Passive,
        DataMode::Auto => DataMode::ExtendedPassive,
        DataMode::AnyActive if shared.server.no_extended_active && ipv4 => DataMode::Active,
        DataMode::AnyActive => DataMode::ExtendedActive,
        chosen => chosen,
    }
}

pub(super) const fn passive_verb(mode: DataMode) -> Verb {
    match mode {
        DataMode::Passive => Verb::Pasv,
        _ => Verb::Epsv,
    }
}

/// Sends TYPE, if it is not in force.
fn write_type(shared: &mut Shared, wanted: Representation) {
    if shared.server.representation() != Some(wanted) {
        let letter = match wanted {
            Representation::Image => "I",
            Representation::Ascii => "A",
        };
        shared.server.set_representation(None);
        let command = Command::new(Verb::Type, Argument::trusted(letter));
        shared.write(Owner::Type, &command);
    }
}

/// Whom to dial, from a 227 or 229, whichever command it answers; `None` for any other reply.
fn target(shared: &mut Shared, reply: &Reply) -> Result<Option<Target>, ErrorKind> {
    let unreadable = |error| ErrorKind::Violation(Violation::Address(error));
    match reply.code() {
        ReplyCode::EXTENDED_PASSIVE => {
            let port = address::extended_passive(reply).map_err(unreadable)?;
            Ok(Some(Target::ControlHost { port }))
        }
        ReplyCode::PASSIVE => {
            let reported = address::passive(reply).map_err(unreadable)?;
            let choice = shared
                .config
                .host_policy
                .choose(reported, shared.control.peer);
            match choice.map_err(|_| ErrorKind::Policy(Policy::ForeignDataHost))? {
                DataHost::Reported(address) => Ok(Some(Target::Address(address.into()))),
                DataHost::Control { port, ignored } => {
                    if let Some(host) = ignored {
                        shared.tell(Event::HostIgnored(host.into()));
                    }
                    Ok(Some(Target::ControlHost { port }))
                }
            }
        }
        _ => Ok(None),
    }
}
