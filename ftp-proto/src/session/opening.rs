//! The prelude of a transfer: TYPE, the data connection, REST, and at last the transfer command.
//!
//! Until the transfer command is written, every failure leaves the control connection in step.

use alloc::boxed::Box;
use core::net::SocketAddr;

use crate::action::{Action, DataId, Failure, Representation, Target};
use crate::address::{self, DataHost};
use crate::command::{Argument, Command, Verb};
use crate::config::TlsPolicy;
use crate::error::{ErrorKind, Policy, Violation};
use crate::reply::{Class, Reply, ReplyCode};
use crate::time::Reason;
use crate::transfer::{DataMode, Transfer};
use crate::verdict::Interruption;

use super::pending::Owner;
use super::running::{Running, Stage};
use super::table::Data;
use super::{Event, Session, Surplus, TransferId};

impl Session {
    pub(super) fn start_transfer(&mut self, id: TransferId, transfer: Transfer) {
        let mode = self.rung(transfer.mode().unwrap_or(self.config.data_mode));
        let forbidden = self.transfer_forbidden(mode);
        self.transfer = Some(Box::new(Running::new(id, transfer, mode)));
        self.timers.begin(Reason::Operation, &self.config.timeouts);
        match forbidden {
            Some(policy) => {
                self.forget_ahead();
                self.fail_opening(ErrorKind::Policy(policy));
            }
            None => self.open(),
        }
    }

    /// The mode to begin with: the ladders begin where earlier transfers of this session had to climb down to.
    pub(super) fn rung(&self, mode: DataMode) -> DataMode {
        let ipv4 = self.control.is_ipv4();
        match mode {
            DataMode::Auto if self.server.no_extended_passive && ipv4 => DataMode::Passive,
            DataMode::Auto => DataMode::ExtendedPassive,
            DataMode::AnyActive if self.server.no_extended_active && ipv4 => DataMode::Active,
            DataMode::AnyActive => DataMode::ExtendedActive,
            chosen => chosen,
        }
    }

    pub(super) fn transfer_forbidden(&self, mode: DataMode) -> Option<Policy> {
        let in_clear = self.is_in_clear();
        match self.config.tls {
            TlsPolicy::Full | TlsPolicy::Control if in_clear => Some(Policy::ControlNotSecured),
            TlsPolicy::Full if !self.server.protected => Some(Policy::DataNotProtected),
            _ if mode.needs_ipv4() && !self.control.is_ipv4() => Some(Policy::NeedsIpv4),
            _ => None,
        }
    }

    /// TYPE, if it is not in force, goes out together with what opens the data connection: one flight.
    fn open(&mut self) {
        let Some(running) = &self.transfer else {
            return;
        };
        match running.mode {
            DataMode::ExtendedActive | DataMode::Active => {
                self.forget_ahead();
                self.listen();
            }
            _ => {
                if !self.take_ahead() {
                    self.write_type();
                    self.ask_for_port();
                }
            }
        }
    }

    fn write_type(&mut self) {
        let Some(wanted) = self
            .transfer
            .as_ref()
            .map(|running| running.spec.representation())
        else {
            return;
        };
        if self.server.representation != Some(wanted) {
            let letter = match wanted {
                Representation::Image => "I",
                Representation::Ascii => "A",
            };
            self.server.representation = None;
            self.write(
                Owner::Type,
                &Command::new(Verb::Type, Argument::trusted(letter)),
            );
        }
    }

    pub(super) fn type_answered(&mut self, reply: Reply) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        // The original ftplib lets any reply of 1xx to 3xx pass here.
        if matches!(reply.class(), Class::Completion | Class::Intermediate) {
            self.server.representation = Some(running.spec.representation());
        } else {
            running.type_refusal = Some(reply);
        }
    }

    // -- passive ----------------------------------------------------------------------------------------------------

    fn ask_for_port(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.stage = Stage::Asking;
        let verb = running.passive_verb();
        self.write(Owner::Opening, &Command::bare(verb));
    }

    /// The reply to EPSV, PASV, EPRT or PORT.
    pub(super) fn opening_answered(&mut self, verb: Verb, reply: Reply) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        if let Some(refusal) = running.type_refusal.take() {
            let error = self.unwelcome(refusal, Verb::Type);
            return self.fail_opening_with(error);
        }
        if running.stage == Stage::Announcing {
            return self.announced(verb, reply);
        }
        match self.target(&reply) {
            Ok(Some(target)) => self.dial(target),
            Ok(None) if self.may_fall_back(Some(&reply)) => self.fall_back(),
            Ok(None) => {
                let error = self.unwelcome(reply, verb);
                self.fail_opening_with(error);
            }
            Err(kind) => {
                let error = self.error(kind, verb);
                self.fail_opening_with(error);
            }
        }
    }

    /// Whom to dial, from a 227 or 229, whichever command it answers; `None` for any other reply.
    fn target(&mut self, reply: &Reply) -> Result<Option<Target>, ErrorKind> {
        let unreadable = |error| ErrorKind::Violation(Violation::Address(error));
        match reply.code() {
            ReplyCode::EXTENDED_PASSIVE => {
                let port = address::extended_passive(reply).map_err(unreadable)?;
                Ok(Some(Target::ControlHost { port }))
            }
            ReplyCode::PASSIVE => {
                let reported = address::passive(reply).map_err(unreadable)?;
                let choice = self.config.host_policy.choose(reported, self.control.peer);
                match choice.map_err(|_| ErrorKind::Policy(Policy::ForeignDataHost))? {
                    DataHost::Reported(address) => Ok(Some(Target::Address(address.into()))),
                    DataHost::Control { port, ignored } => {
                        if let Some(host) = ignored {
                            self.tell(Event::HostIgnored(host.into()));
                        }
                        Ok(Some(Target::ControlHost { port }))
                    }
                }
            }
            _ => Ok(None),
        }
    }

    fn dial(&mut self, target: Target) {
        let data = self.issue_data();
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.stage = Stage::Dialling;
        running.data = Some(data);
        self.actions.push_back(Action::Connect { data, target });
        self.timers.begin(Reason::DataOpen, &self.config.timeouts);
    }

    /// The data connection could not be made; the transfer command was not sent.
    pub(super) fn opening_failed(&mut self, failure: Failure, expired: Option<Reason>) {
        self.timers.cancel(Reason::DataOpen);
        self.drop_data();
        let was_dialling = self
            .transfer
            .as_ref()
            .is_some_and(|running| running.stage == Stage::Dialling);
        if was_dialling && self.may_fall_back(None) {
            return self.fall_back();
        }
        let cause = expired.map_or(Interruption::Data(failure), Interruption::Timeout);
        self.cancel_opening(cause);
    }

    /// Whether the next rung may be tried: after a refusal that says "I do not do that", or a failed connect.
    fn may_fall_back(&self, refusal: Option<&Reply>) -> bool {
        let Some(running) = &self.transfer else {
            return false;
        };
        let has_rung = match running.mode {
            DataMode::ExtendedPassive => running.ladder(self.config.data_mode) == DataMode::Auto,
            DataMode::ExtendedActive => {
                running.ladder(self.config.data_mode) == DataMode::AnyActive
            }
            _ => false,
        };
        let not_done_here =
            |reply: &Reply| matches!(reply.code().get(), 500 | 501 | 502 | 504 | 522);
        has_rung && self.control.is_ipv4() && refusal.is_none_or(not_done_here)
    }

    fn fall_back(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        match running.mode {
            DataMode::ExtendedPassive => {
                running.mode = DataMode::Passive;
                self.server.no_extended_passive = true;
                self.ask_for_port();
            }
            DataMode::ExtendedActive => {
                running.mode = DataMode::Active;
                self.server.no_extended_active = true;
                self.announce();
            }
            _ => {}
        }
    }

    // -- active -----------------------------------------------------------------------------------------------------

    fn listen(&mut self) {
        let data = self.issue_data();
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.stage = Stage::Listening;
        running.data = Some(data);
        self.actions.push_back(Action::Listen { data });
        self.timers.begin(Reason::DataOpen, &self.config.timeouts);
    }

    /// The listener is bound: it can be announced.
    pub(super) fn listening(&mut self, data: DataId, local: SocketAddr) {
        let Some(running) = self
            .transfer
            .as_mut()
            .filter(|running| running.data == Some(data))
        else {
            return;
        };
        if running.stage != Stage::Listening {
            return;
        }
        running.local = Some(local);
        self.timers.cancel(Reason::DataOpen);
        self.write_type();
        self.announce();
    }

    fn announce(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        let Some(local) = running.local else { return };
        running.stage = Stage::Announcing;
        let (verb, encoded) = match running.mode {
            DataMode::Active => (Verb::Port, address::encode_port(local)),
            _ => (Verb::Eprt, address::encode_eprt(local)),
        };
        match encoded.as_deref().map(Argument::trusted) {
            Ok(argument) => self.write(Owner::Opening, &Command::new(verb, argument)),
            Err(_) => self.fail_opening(ErrorKind::Policy(Policy::NeedsIpv4)),
        }
    }

    fn announced(&mut self, verb: Verb, reply: Reply) {
        if reply.is_positive() {
            if let Some(running) = &mut self.transfer {
                running.link = Data::Announced;
            }
            self.restart_or_send();
        } else if self.may_fall_back(Some(&reply)) {
            self.fall_back();
        } else {
            let error = self.unwelcome(reply, verb);
            self.fail_opening_with(error);
        }
    }

    // -- REST and the command ---------------------------------------------------------------------------------------

    /// The dialled connection is open.
    pub(super) fn connected(&mut self, data: DataId) {
        let Some(running) = self
            .transfer
            .as_mut()
            .filter(|running| running.data == Some(data))
        else {
            return;
        };
        if running.stage == Stage::Dialling {
            running.link = Data::Open;
            self.timers.cancel(Reason::DataOpen);
            self.restart_or_send();
        }
    }

    /// REST has to stand right before the transfer command (RFC 959, 4.1.3; FileZilla Server forgets it otherwise).
    fn restart_or_send(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        match running.spec.offset() {
            0 => self.send_transfer(),
            offset => {
                running.stage = Stage::Restarting;
                self.write(
                    Owner::Restart,
                    &Command::new(Verb::Rest, Argument::number(offset)),
                );
            }
        }
    }

    pub(super) fn restart_answered(&mut self, reply: Reply) {
        if matches!(reply.class(), Class::Intermediate | Class::Completion) {
            self.send_transfer();
        } else {
            let error = self.unwelcome(reply, Verb::Rest);
            self.fail_opening_with(error);
        }
    }

    fn send_transfer(&mut self) {
        let Some(running) = &mut self.transfer else {
            return;
        };
        running.stage = Stage::Running;
        let command = running.spec.command().clone();
        self.surplus = Surplus::Impossible;
        self.write(Owner::Transfer, &command);
        self.advance();
    }

    // -- ends without a transfer command ----------------------------------------------------------------------------

    /// The caller or a deadline ends the prelude. Its replies are awaited, and a REST that may be in force is undone.
    pub(super) fn cancel_opening(&mut self, cause: Interruption) {
        let Some(running) = &self.transfer else {
            return;
        };
        let kind = running.interrupted(cause, None);
        let restarted = running.stage == Stage::Restarting
            || (running.stage == Stage::Running && running.spec.offset() > 0);
        for slot in self.pending.iter_mut() {
            slot.owner = match slot.owner {
                Owner::Type | Owner::Opening | Owner::Restart => Owner::Nobody,
                other => other,
            };
        }
        if restarted {
            self.write(
                Owner::Nobody,
                &Command::new(Verb::Rest, Argument::trusted("0")),
            );
        }
        self.settle_prelude();
        self.fail_opening(kind);
    }

    pub(super) fn fail_opening(&mut self, kind: ErrorKind) {
        let Some(running) = &self.transfer else {
            return;
        };
        let error = self.error(kind, running.verb());
        self.fail_opening_with(error);
    }

    fn fail_opening_with(&mut self, error: crate::error::Error) {
        self.timers.cancel(Reason::DataOpen);
        self.resolve(Err(error));
    }
}

impl Running {
    /// The step that the transfer stands at, as an error names it.
    pub(super) fn verb(&self) -> Verb {
        match (self.stage, self.mode) {
            (Stage::Running, _) => self.spec.command().verb(),
            (Stage::Restarting, _) => Verb::Rest,
            (Stage::New, _) => self.spec.command().verb(),
            (_, DataMode::Passive) => Verb::Pasv,
            (_, DataMode::ExtendedActive) => Verb::Eprt,
            (_, DataMode::Active) => Verb::Port,
            _ => Verb::Epsv,
        }
    }

    pub(super) const fn passive_verb(&self) -> Verb {
        match self.mode {
            DataMode::Passive => Verb::Pasv,
            _ => Verb::Epsv,
        }
    }

    /// The mode that was asked for, of which `mode` is a rung.
    fn ladder(&self, default: DataMode) -> DataMode {
        self.spec.mode().unwrap_or(default)
    }
}
