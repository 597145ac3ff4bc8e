//! What has to hold after every step, whatever the server, the driver and the application do.

use std::fmt::Debug;
use std::task::Poll;

use ftp_proto::address::HostPolicy;
use ftp_proto::{
    COMMAND_BYTES_MAX, Command, Completed, Config, End, Error, Event, Leniency, Link, Session,
    State, Target, Ticket, TlsPolicy, TransferId, Verb,
};

use super::duties::{DataStage, Duty};
use super::{Fate, World};

/// A password that must not be seen anywhere but on the wire.
pub(crate) const CANARY: &str = "c4n4ry-s3cr3t";

/// Characters of `Debug` output for each byte held, at the most.
const SHOWN_PER_BYTE: usize = 8;

/// Somebody who waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Waiter {
    Ticket(Ticket),
    Transfer(TransferId),
}

impl World {
    /// After every step.
    pub(crate) fn check(&mut self) {
        if let Some(twin) = &self.twin {
            assert_eq!(
                &self.session, twin,
                "cutting the input has changed the session"
            );
        }
        self.check_death();
        self.check_outbox();
    }

    /// A session dies once, of one cause, and is silent then.
    pub(super) fn check_death(&mut self) {
        let closed = match self.session.state() {
            State::Dead(closed) => Some(closed),
            _ => None,
        };
        assert!(
            self.dead.is_none() || self.dead == closed,
            "{:?} became {closed:?}",
            self.dead
        );
        self.dead = closed;
        if closed.is_some() {
            assert!(self.session.transmit().is_empty(), "a dead session speaks");
        }
    }

    /// What waits to be written are whole command lines, none of which the security forbids.
    fn check_outbox(&self) {
        let waiting = self.session.transmit();
        if waiting.is_empty() {
            return;
        }
        let changing = |duty: &Duty| matches!(duty, Duty::Secure(Link::Control) | Duty::Unsecure);
        assert!(
            !self.duties.iter().any(changing),
            "written while TLS begins or ends"
        );
        let bytes = [self.begun_line.as_slice(), waiting].concat();
        let Some(lines) = bytes.strip_suffix(b"\r\n") else {
            panic!("no whole lines: {}", bytes.escape_ascii());
        };
        if bytes
            .windows(CANARY.len())
            .any(|window| window == CANARY.as_bytes())
        {
            self.check_secret(&self.session);
        }
        for line in String::from_utf8_lossy(lines).split("\r\n") {
            assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
            assert!(line.len() <= COMMAND_BYTES_MAX * 3);
            let Ok(command) = Command::raw(line) else {
                panic!("{line:?} is no command");
            };
            self.check_security(command.verb());
        }
    }

    fn check_security(&self, verb: Verb) {
        let secured = self.session.is_secured();
        if self.config.tls == TlsPolicy::None || secured {
            return;
        }
        let identifies = matches!(verb, Verb::User | Verb::Pass | Verb::Acct);
        assert!(!identifies, "{verb} in clear");
        let transfers = matches!(
            verb,
            Verb::Retr | Verb::Stor | Verb::Appe | Verb::Stou | Verb::List
        );
        assert!(!transfers || self.config.clear_control, "{verb} in clear");
    }

    /// R5: after `poll_action` said `None`, something is to be written or reported, or a deadline lies ahead, or
    /// nothing is under way.
    pub(super) fn check_progress(&self) {
        let quiet = matches!(self.session.state(), State::Usable | State::Dead(_));
        let waits = self.session.deadline().is_some();
        let driver_owes = !self.duties.is_empty();
        let can_go_on = quiet || waits || driver_owes || !self.session.transmit().is_empty();
        assert!(can_go_on, "nothing can happen any more: {:?}", self.session);
    }

    pub(super) fn check_target(&self, target: Target) {
        let Target::Address(address) = target else {
            return;
        };
        let believed = matches!(
            self.config.host_policy,
            HostPolicy::AsReported | HostPolicy::AsReportedIfPublicOrSame
        );
        assert!(believed, "{address} is foreign");
    }

    pub(crate) fn check_answer(&self, error: Option<&Error>) {
        let Some(error) = error else { return };
        if error.is_fatal() {
            assert!(
                matches!(self.session.state(), State::Dead(_)),
                "{error} is fatal and the session lives"
            );
        }
        self.check_secret(error);
        let shown = error.to_string();
        assert!(!self.canary || !shown.contains(CANARY), "{shown}");
    }

    /// A success has a positive final reply, a clean end, and the bytes that were reported.
    pub(crate) fn check_completed(&self, completed: &Completed) {
        match &completed.reply {
            Some(reply) => assert!(reply.is_positive(), "{reply} is no success"),
            None => assert_eq!(completed.end, End::Limit),
        }
        let last = self.data.values().next_back();
        if completed.end == End::Truncated {
            assert!(self.config.lenient.contains(Leniency::NoCloseNotify));
        }
        let expected = completed.compared.expected();
        assert!(
            expected.is_none_or(|bytes| completed.bytes >= bytes),
            "bytes are missing"
        );
        if let Some(last) = last.filter(|_| !self.lied && completed.mark.is_some()) {
            assert_eq!(last.moved, completed.bytes);
            // The final reply says whether an upload has arrived; how its connection ended does not.
            let end = if last.receiving {
                last.end
            } else {
                Some(End::Clean)
            };
            assert_eq!(end, Some(completed.end));
        }
    }

    pub(super) fn check_event(&mut self, event: &Event) {
        self.check_secret(event);
        if let Event::Closed(closed) = event {
            assert!(!self.told, "the end was told twice");
            assert_eq!(Some(*closed), self.dead);
            self.told = true;
        }
    }

    fn check_secret(&self, shown: &impl Debug) {
        if self.canary {
            let shown = format!("{shown:?}");
            assert!(!shows_canary(shown.as_bytes()), "{shown}");
        }
    }

    /// What the session holds stays under a bound that no number of replies changes. What it shows stands for what
    /// it holds.
    pub(super) fn check_memory(&mut self) {
        while self.session.poll_trace().is_some() {}
        let shown = format!("{:?}", self.session).len();
        let bound = memory_bound(&self.config) + self.application_bytes();
        assert!(shown < bound, "{shown} characters shown, {bound} allowed");
    }

    /// What the application has put in, as far as it is not counted by the limits.
    fn application_bytes(&self) -> usize {
        let commands = usize::from(self.config.limits.in_flight_max) + 2;
        let transfers = self.data.len() + 1;
        let longest = COMMAND_BYTES_MAX * usize::from(self.session.transmit().len() > 512);
        commands * (longest + 512) * SHOWN_PER_BYTE + transfers * 512
    }

    // -- who waits ------------------------------------------------------------------------------------------------

    /// Who waits in vain at the moment.
    pub(super) fn awaited(&self) -> Vec<Waiter> {
        let open = self.tickets.iter().filter(|(_, fate)| *fate == Fate::Open);
        let tickets = open.map(|(ticket, _)| Waiter::Ticket(*ticket));
        let transfer = self.transfer.filter(|(_, fate)| *fate == Fate::Open);
        let transfer = transfer.map(|(id, _)| Waiter::Transfer(id));
        let mut session = self.session.clone();
        tickets
            .chain(transfer)
            .filter(|waiter| waits(&mut session, *waiter))
            .collect()
    }

    pub(super) fn still_awaited(&self, waiters: &[Waiter]) -> usize {
        let mut session = self.session.clone();
        waiters
            .iter()
            .filter(|waiter| waits(&mut session, **waiter))
            .count()
    }

    /// Time has passed until nothing was awaited: the session is usable or over, everybody has an answer, and the
    /// driver holds nothing.
    pub(super) fn check_rest(&mut self) {
        let state = self.session.state();
        assert!(
            matches!(state, State::Usable | State::Dead(_)),
            "{state:?} for ever"
        );
        for index in 0..self.tickets.len() {
            let answered = self.poll_ticket(index as u64);
            assert!(answered, "{:?} is never answered", self.tickets[index]);
        }
        assert!(self.poll_transfer(), "no verdict ever");
        while self.poll_event() {}
        assert_eq!(self.told, self.dead.is_some(), "the end was not told");
        assert_eq!(self.closed, self.dead.is_some(), "Close goes with the end");
        let held = self
            .data
            .values()
            .find(|link| link.stage != DataStage::Gone);
        assert_eq!(held, None, "a data connection is left to the driver");
        self.check_secret(&self.session);
        self.check_memory();
    }
}

/// Whether the password stands there, in letters or in numbers.
pub(super) fn shows_canary(shown: &[u8]) -> bool {
    let holds = |part: &str| {
        shown
            .windows(part.len())
            .any(|window| window == part.as_bytes())
    };
    let numbers = format!("{:?}", CANARY.as_bytes());
    holds(CANARY) || holds(numbers.trim_matches(['[', ']']))
}

fn waits(session: &mut Session, waiter: Waiter) -> bool {
    match waiter {
        Waiter::Ticket(ticket) => session.poll_reply(ticket) == Poll::Pending,
        Waiter::Transfer(id) => session.poll_transfer(id) == Poll::Pending,
    }
}

fn memory_bound(config: &Config) -> usize {
    let limits = &config.limits;
    let reply = limits.reply.reply_bytes_max + 256;
    let replies =
        2 * usize::from(limits.in_flight_max) + usize::from(limits.unsolicited_replies_max) + 4;
    let strangers = usize::from(limits.strangers_max) * 64;
    // Of a reply that answers nothing so much is kept, and of so many of them.
    let events = 64 * reply.min(512 + 256);
    (replies * reply + limits.reply.line_bytes_max + strangers + events) * SHOWN_PER_BYTE + 8192
}
