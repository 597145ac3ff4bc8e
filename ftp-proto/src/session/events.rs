//! Events: what happened and answers no command, until it is polled.

use alloc::collections::VecDeque;
use core::hash::{Hash, Hasher};
use core::net::IpAddr;

use crate::error::Closed;
use crate::reply::Reply;

/// How many events are kept for a caller who does not poll them. Older ones are dropped.
pub(super) const EVENTS_MAX: usize = 64;

/// How much of a surplus reply's text is kept for a caller who may never ask.
pub(super) const SURPLUS_TEXT_MAX: usize = 512;

/// What happened without being asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A reply that answers no command: it is unsolicited, or a second answer that was passed over.
    /// At most 512 bytes of its text are kept.
    Unsolicited(Reply),
    /// A stranger connected to the port of an active data connection, and was turned away.
    Stranger(IpAddr),
    /// The server named a data host in a 227 that the policy does not allow. The host of the
    /// policy's choice is dialled instead.
    HostIgnored(IpAddr),
    /// The short listing that was made for new TLS tickets ([`Session::set_resumptions`]) did not
    /// end within 64 KiB or a minute, and was cut off.
    ///
    /// [`Session::set_resumptions`]: crate::Session::set_resumptions
    RefillCut,
    /// The session is over.
    Closed(Closed),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Events {
    waiting: VecDeque<Event>,
    ignored: Tally,
    impossible: Tally,
}

impl Events {
    pub(super) fn push(&mut self, event: Event) {
        if self.waiting.len() >= EVENTS_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(event);
    }

    pub(super) fn pop(&mut self) -> Option<Event> {
        self.waiting.pop_front()
    }

    /// A report of the driver answered no outstanding action.
    pub(super) const fn count_ignored(&mut self) {
        self.ignored.0 = self.ignored.0.saturating_add(1);
    }

    /// A part of the session reached an impossible state.
    pub(super) const fn count_impossible(&mut self) {
        self.impossible.0 = self.impossible.0.saturating_add(1);
    }

    pub(super) const fn ignored(&self) -> u32 {
        self.ignored.0
    }

    pub(super) const fn impossible(&self) -> u32 {
        self.impossible.0
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.waiting.shrink_to_fit();
    }

    #[cfg(feature = "testing")]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.waiting.iter()
    }
}

/// How often something happened. It decides nothing, so that any two are equal.
#[derive(Clone, Copy, Debug, Default)]
struct Tally(u32);

impl PartialEq for Tally {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Tally {}

impl Hash for Tally {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

#[cfg(test)]
mod tests {
    use crate::{Config, Control, Session};

    /// They panic with debug assertions, and are counted in any case.
    #[test]
    #[cfg_attr(debug_assertions, should_panic(expected = "impossible: a test"))]
    fn impossible_states_are_assertions() {
        let mut session = Session::new(Config::default(), Control::default());
        session.pi.shared.impossible("a test");
        assert_eq!(session.impossible_states(), 1);
    }

    #[test]
    fn impossible_states_are_counted() {
        let mut session = Session::new(Config::default(), Control::default());
        assert_eq!(session.impossible_states(), 0);
        session.pi.shared.events.count_impossible();
        session.pi.shared.events.count_impossible();
        assert_eq!(session.impossible_states(), 2);
    }
}
