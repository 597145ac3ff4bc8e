//! What has to hold after every step beyond what [`Watch`] sees: secrets, memory, and who waits.

use std::fmt::Debug;
use std::task::Poll;

use ftp_proto::{
    COMMAND_BYTES_MAX, Completed, Config, Error, Event, Session, State, Ticket, TransferId,
};
use ftp_testkit::{Broken, Watch};

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
        holds(self.watch.glance(&self.session));
        if shows_canary(self.session.transmit()) {
            self.check_secret(&self.session);
        }
    }

    pub(crate) fn check_error(&self, error: &Error) {
        holds(Watch::failed(&self.session, error));
        self.check_secret(error);
        let shown = error.to_string();
        assert!(!self.canary || !shown.contains(CANARY), "{shown}");
    }

    pub(crate) fn check_completed(&self, completed: &Completed) {
        holds(self.watch.succeeded(&self.session, completed));
    }

    pub(super) fn check_event(&mut self, event: &Event) {
        self.check_secret(event);
        if let Event::Closed(closed) = event {
            assert!(!self.told, "the end was told twice");
            assert_eq!(State::Dead(*closed), self.session.state());
            self.told = true;
        }
    }

    fn check_secret(&self, shown: &impl Debug) {
        if self.canary {
            let shown = format!("{shown:?}");
            assert!(!shows_canary(shown.as_bytes()), "{shown}");
        }
    }

    /// What the session holds stays under a bound that no number of replies changes. What it shows
    /// stands for what it holds.
    pub(super) fn check_memory(&mut self) {
        while self.session.poll_trace().is_some() {}
        let shown = format!("{:?}", self.session).len();
        let bound = memory_bound(&self.config) + self.application_bytes();
        assert!(shown < bound, "{shown} characters shown, {bound} allowed");
    }

    /// What the application has put in, as far as it is not counted by the limits.
    fn application_bytes(&self) -> usize {
        let commands = usize::from(self.config.limits.in_flight_max) + 2;
        let transfers = self.moved.len() + 1;
        let longest = COMMAND_BYTES_MAX * usize::from(self.session.transmit().len() > 512);
        commands * (longest + 512) * SHOWN_PER_BYTE + transfers * 512
    }

    // -- who waits --------------------------------------------------------------------------------

    /// Who waits in vain at the moment.
    pub(super) fn awaited(&self) -> Vec<Waiter> {
        let open = self.tickets.iter().filter(|(_, fate)| *fate == Fate::Open);
        let tickets = open.map(|(ticket, _)| Waiter::Ticket(*ticket));
        let transfers = self.earlier.iter().chain(&self.transfer);
        let transfers = transfers.filter(|(_, fate)| *fate == Fate::Open);
        let transfers = transfers.map(|(id, _)| Waiter::Transfer(*id));
        let mut session = self.session.clone();
        tickets
            .chain(transfers)
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

    /// Time has passed until nothing was awaited: the session is usable or over, everybody has an
    /// answer, and the driver holds nothing.
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
        let over = matches!(state, State::Dead(_));
        assert_eq!(self.told, over, "the end was not told");
        holds(self.watch.rests());
        self.check_secret(&self.session);
        self.check_memory();
    }
}

/// Fails where a rule was broken.
pub(super) fn holds(rule: Result<(), Broken>) {
    if let Err(broken) = rule {
        panic!("{broken}");
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
