//! The prelude of one transfer: applies the table [`prelude`] to it.

use core::net::SocketAddr;

use crate::action::{Action, DataId, Failure, Report, Representation, Target};
use crate::address::{self, DataHost};
use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind, Policy};
use crate::reply::{Class, Reply, ReplyCode};
use crate::time::Reason;
use crate::transfer::{DataMode, Transfer};
use crate::verdict::Interruption;
use crate::violation::Violation;

use super::course::Data;
use super::ladder::{self, passive_verb, way};
use super::prelude::{self, Circumstances, Input, Stage, Step};
use crate::session::events::Event;
use crate::session::shared::{Shared, error, unwelcome, unwelcome_kind};
use crate::session::wire::{Owner, can_answer, grants};

/// A transfer whose command is not out yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Opening {
    stage: Stage,
    /// The mode that was asked for, and the way of its ladder that is tried.
    ladder: DataMode,
    mode: DataMode,
    /// The data connection, while the driver holds a socket for it.
    data: Option<DataId>,
    /// The address of the listener.
    local: Option<SocketAddr>,
    type_refusal: Option<Reply>,
    /// Why the way before was left, with the verb that was refused.
    refusal: Option<(Verb, ErrorKind)>,
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

/// The facts for a step.
enum Given {
    Nothing,
    Refusal(Verb, ErrorKind),
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
            mode: way(shared, ladder),
            data: None,
            local: None,
            type_refusal: None,
            refusal: None,
        }
    }

    pub(super) const fn mode_tried(&self) -> DataMode {
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
        let granted = grants(Verb::Type, &reply);
        if granted {
            shared
                .server
                .set_representation(Some(spec.representation()));
        }
        match (self.stage, granted) {
            (Stage::Typing, true) => self.take(shared, spec, Input::Granted, Given::Nothing),
            (Stage::Typing, false) => {
                let given = Given::Refusal(Verb::Type, unwelcome_kind(reply));
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
        if self.stage == Stage::Announcing && grants(verb, &reply) {
            return self.take(shared, spec, Input::Granted, Given::Nothing);
        }
        // A 4xx may become a success the next time.
        let lasts = reply.class() != Class::TransientNegative;
        let (input, kind) = match target(shared, &reply) {
            Ok(Some(target)) if self.stage == Stage::Asking => {
                return self.take(shared, spec, Input::Granted, Given::Target(target));
            }
            Err(kind @ ErrorKind::Policy(_)) => (Input::Denied, kind),
            Err(kind) => (Input::Refused, kind),
            Ok(_) if reply.class() == Class::Intermediate => (Input::Denied, unwelcome_kind(reply)),
            Ok(_) => (Input::Refused, unwelcome_kind(reply)),
        };
        if input == Input::Refused {
            shared.server.refuse_mode(self.mode, lasts);
        }
        self.take(shared, spec, input, Given::Refusal(verb, kind))
    }

    /// The reply to FEAT or PRET, whatever it is.
    pub(super) fn inquiry_answered(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        verb: Verb,
        reply: &Reply,
    ) -> Progress {
        if verb == Verb::Feat {
            shared.server.learn_features(reply);
        }
        let input = match reply.is_positive() {
            true => Input::Granted,
            false => Input::Refused,
        };
        self.take(shared, spec, input, Given::Nothing)
    }

    /// The reply to REST.
    pub(super) fn restart_answered(
        &mut self,
        shared: &mut Shared,
        spec: &Transfer,
        reply: Reply,
    ) -> Progress {
        let granted = reply.class() == Class::Intermediate || reply.is_positive();
        let input = match granted && can_answer(Verb::Rest, reply.code()) {
            true => Input::Granted,
            false => Input::Denied,
        };
        let given = Given::Refusal(Verb::Rest, unwelcome_kind(reply));
        self.take(shared, spec, input, given)
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
        let step = prelude::step(self.stage, input, self.circumstances(shared, spec));
        self.perform(shared, spec, step, given)
    }

    fn circumstances(&self, shared: &Shared, spec: &Transfer) -> Circumstances {
        // Two servers out of ten take one read for one command, and answer only the first of two.
        let one_at_a_time = shared.config.pipeline.get() == 1 && !shared.config.eager;
        let one_at_a_time = one_at_a_time || shared.wire.is_doubled(Verb::Type);
        let asked = self.stage == Stage::Inquiring;
        let in_force = shared.server.representation() == Some(spec.representation());
        Circumstances {
            active: self.is_active(),
            type_first: one_at_a_time && !in_force,
            pret: shared.server.wants_pret() && !self.is_active(),
            next: ladder::next(shared, self.ladder, self.mode, asked),
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
        if let Given::Refusal(verb, kind) = &given {
            self.refusal = Some((*verb, kind.clone()));
        }
        match (step, given) {
            (Step::Listen, _) => self.listen(shared),
            (Step::Inquire, _) => self.inquire(shared),
            (Step::Prepare, _) => self.prepare(shared, spec),
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
            (Step::Refuse, _) => return self.refused(shared),
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

    fn refused(&mut self, shared: &mut Shared) -> Progress {
        match self.refusal.take() {
            Some((verb, kind)) => Progress::Over(error(kind, verb)),
            None => {
                shared.impossible("a refusal that nobody said");
                Progress::Wait
            }
        }
    }

    fn inquire(&mut self, shared: &mut Shared) {
        self.stage = Stage::Inquiring;
        shared.write(Owner::Inquiry, &Command::bare(Verb::Feat));
    }

    /// PRET tells a server with its files elsewhere what the port is for (DrFTPD).
    fn prepare(&mut self, shared: &mut Shared, spec: &Transfer) {
        self.stage = Stage::Preparing;
        shared.server.want_pret();
        self.mode = way(shared, self.ladder);
        match pret(spec) {
            Some(command) => shared.write(Owner::Inquiry, &command),
            // A command that does not fit into one line with PRET is sent without PRET.
            None => self.ask(shared, spec),
        }
    }

    fn listen(&mut self, shared: &mut Shared) {
        shared.rest(Reason::DataOpen);
        self.drop_data(shared);
        if !self.is_active() {
            self.mode = way(shared, DataMode::AnyActive);
        }
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
            return self.announce(shared, spec);
        }
        if self.stage == Stage::Dialling {
            // A port that cannot be reached is likely to fail the next time, too.
            shared.server.refuse_mode(self.mode, true);
        }
        shared.rest(Reason::DataOpen);
        self.drop_data(shared);
        self.mode = DataMode::Passive;
        self.ask(shared, spec);
        Progress::Wait
    }

    /// REST has to stand right before the transfer command (RFC 959, 4.1.3; FileZilla Server
    /// forgets it otherwise).
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

/// PRET with the whole transfer command behind it.
fn pret(spec: &Transfer) -> Option<Command> {
    let command = spec.command();
    let verb = command.verb();
    let argument = command.argument().map_or(&[][..], Argument::as_bytes);
    let line = [verb.as_str().as_bytes(), b" ", argument].concat();
    let argument = Argument::new(line.trim_ascii_end()).ok()?;
    Some(Command::new(Verb::Pret, argument))
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
pub(super) fn target(shared: &mut Shared, reply: &Reply) -> Result<Option<Target>, ErrorKind> {
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
