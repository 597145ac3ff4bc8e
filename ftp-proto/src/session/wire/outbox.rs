//! The unsent bytes of the control connection.

use alloc::vec::Vec;
use core::fmt;

use crate::command::Command;

/// Command lines, with positions counted over the whole connection, so that it is known which
/// commands were written.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(in crate::session) struct Outbox {
    unsent: Vec<u8>,
    /// How many bytes were written: the position of the first unsent byte.
    sent: u64,
}

impl Outbox {
    /// Appends a command; returns the positions of its first byte and of the byte behind it.
    pub(in crate::session) fn push(&mut self, command: &Command, telnet: bool) -> (u64, u64) {
        let start = self.end();
        command.encode(telnet, &mut self.unsent);
        (start, self.end())
    }

    pub(in crate::session) fn unsent(&self) -> &[u8] {
        &self.unsent
    }

    pub(in crate::session) const fn sent(&self) -> u64 {
        self.sent
    }

    pub(in crate::session) fn is_empty(&self) -> bool {
        self.unsent.is_empty()
    }

    pub(in crate::session) fn advance(&mut self, bytes: usize) {
        let bytes = bytes.min(self.unsent.len());
        self.unsent.drain(..bytes);
        self.sent = self.sent.saturating_add(bytes as u64);
    }

    /// Takes back everything from `start` on, if none of it was written.
    pub(in crate::session) fn retract(&mut self, start: u64) -> bool {
        let Some(keep) = start.checked_sub(self.sent) else {
            return false;
        };
        self.unsent
            .truncate(usize::try_from(keep).unwrap_or(usize::MAX));
        true
    }

    pub(in crate::session) fn shrink_to_fit(&mut self) {
        self.unsent.shrink_to_fit();
    }

    pub(in crate::session) fn clear(&mut self) {
        self.unsent.clear();
    }

    fn end(&self) -> u64 {
        self.sent.saturating_add(self.unsent.len() as u64)
    }
}

/// Shows only the number of bytes, because they may hold a password.
impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("unsent_bytes", &self.unsent.len())
            .field("sent", &self.sent)
            .finish()
    }
}
