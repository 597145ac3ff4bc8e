//! What the server says and does at each step, and the rules that have it otherwise.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::super::peer::ServerAction;
use super::super::rule::{Deed, Next, Rule, Say, Step};
use super::{Condition, Server};

impl Server {
    /// Says the final reply to the command under work, unless a rule has it otherwise.
    pub(super) fn answer(&mut self, code: u16, text: impl AsRef<[u8]>) {
        match self.perform(Step::Answering) {
            Next::Usual => self.say(code, text.as_ref()),
            Next::Silence => return,
            Next::Skip | Next::End | Next::Hang => {}
        }
        self.perform(Step::Answered);
    }

    /// Puts a reply into the outbox; line feeds in the text make it a multi-line one (RFC 959,
    /// 4.2).
    pub(super) fn say(&mut self, code: u16, text: &[u8]) {
        if self.is_over() {
            return;
        }
        let serial = if self.config.serial {
            format!(" #{}", self.current.serial)
        } else {
            <_>::default()
        };
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let last = lines.len().saturating_sub(1);
        for (at, line) in lines.iter().enumerate() {
            match at {
                _ if at == last => self
                    .outbox
                    .extend_from_slice(format!("{code:03} ").as_bytes()),
                0 => self
                    .outbox
                    .extend_from_slice(format!("{code:03}-").as_bytes()),
                _ => {}
            }
            self.say_escaped(line);
            if at == last {
                self.outbox.extend_from_slice(serial.as_bytes());
            }
            self.outbox.extend_from_slice(b"\r\n");
        }
    }

    /// 0xFF is the Telnet code IAC, and doubled when it is meant as itself (RFC 854).
    fn say_escaped(&mut self, line: &[u8]) {
        for byte in line {
            self.outbox.push(*byte);
            if *byte == 0xFF && self.config.behaviour.telnet {
                self.outbox.push(*byte);
            }
        }
    }

    /// Applies the first rule for this step of the command under work, and tells how to go on.
    pub(super) fn perform(&mut self, step: Step) -> Next {
        if self.is_over() {
            return Next::Silence;
        }
        let config = Arc::clone(&self.config);
        let mut chosen: Option<&Rule> = None;
        for (rule, visits) in config.behaviour.rules.iter().zip(&mut self.visits) {
            if rule.step == step && rule.is_of(&self.current.verb) {
                let visit = *visits;
                *visits = visit.saturating_add(1);
                if rule.only.is_none_or(|only| only == visit) {
                    chosen = chosen.or(Some(rule));
                }
            }
        }
        let Some(rule) = chosen else {
            return Next::Usual;
        };
        for deed in &rule.deeds {
            self.commit(deed);
        }
        if self.is_over() {
            return Next::Silence;
        }
        if rule.next == Next::Silence {
            self.condition = Condition::Silent;
        }
        rule.next
    }

    /// Whether nothing more will be said.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.condition, Condition::Silent | Condition::Closed)
    }

    fn commit(&mut self, deed: &Deed) {
        match deed {
            Deed::Say(Say::Reply { code, text }) => self.say(*code, text.as_bytes()),
            Deed::Say(Say::Raw(_)) if self.is_over() => {}
            Deed::Say(Say::Raw(bytes)) => self.outbox.extend_from_slice(bytes),
            Deed::CloseData => {
                let close = self
                    .live_channel()
                    .map(|channel| ServerAction::Close { channel });
                self.actions.extend(close);
            }
            Deed::ResetData => {
                let reset = self
                    .live_channel()
                    .map(|channel| ServerAction::Reset { channel });
                self.actions.extend(reset);
            }
            Deed::CloseControl => self.close_control(),
            Deed::ResetControl => {
                self.outbox.clear();
                self.end(ServerAction::ResetControl);
            }
            Deed::Intrude => {
                let intrude = self.announced().map(|to| ServerAction::Intrude { to });
                self.actions.extend(intrude);
            }
        }
    }
}

impl Rule {
    pub(super) fn is_of(&self, verb: &[u8]) -> bool {
        self.verb.as_deref().is_none_or(|of| of.as_bytes() == verb)
    }
}
