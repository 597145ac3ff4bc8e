//! Commands in a batch: independent commands, several of them unanswered at once.
//!
//! Most servers accept hundreds of SIZE or MDTM in one write (not uftpd, npm's ftpd and libunftp).
//! Memory and the sockets' buffers limit a batch: a window in commands and in bytes keeps both
//! sides from waiting for each other with full buffers.

use alloc::collections::BTreeMap;

use crate::command::Command;
use crate::error::{Error, Misuse};
use crate::reply::Reply;

use super::Ticket;

/// How many commands of a batch may be unanswered.
pub const BATCH_COMMANDS_MAX: usize = 128;
/// How many bytes the unanswered commands of a batch may have.
pub const BATCH_BYTES_MAX: usize = 8 * 1024;
/// How much of a reply's text is kept.
pub const BATCH_TEXT_MAX: usize = 512;

/// The commands of a batch that are unanswered, or answered and not polled.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Batch {
    /// The bytes of each command; none once it is answered.
    bytes: BTreeMap<Ticket, usize>,
    unanswered_bytes: usize,
}

impl Batch {
    pub(super) fn holds(&self, ticket: Ticket) -> bool {
        self.bytes.contains_key(&ticket)
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes a command in.
    ///
    /// # Errors
    /// [`Misuse::NotForBatch`] for a verb that others depend on or that depends on others;
    /// [`Misuse::PipelineFull`] when the window is full.
    pub(super) fn admit(&mut self, ticket: Ticket, command: &Command) -> Result<(), Misuse> {
        if !command.verb().is_independent() {
            return Err(Misuse::NotForBatch);
        }
        let bytes = command.encoded_len();
        if !self.has_room(bytes) {
            return Err(Misuse::PipelineFull);
        }
        self.bytes.insert(ticket, bytes);
        self.unanswered_bytes = self.unanswered_bytes.saturating_add(bytes);
        Ok(())
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.bytes.len() < BATCH_COMMANDS_MAX
            && (self.bytes.is_empty()
                || self.unanswered_bytes.saturating_add(bytes) <= BATCH_BYTES_MAX)
    }

    /// Makes room in the window, and shortens the reply to the text that a batch keeps.
    pub(super) fn reduce(
        &mut self,
        ticket: Ticket,
        outcome: Result<Reply, Error>,
    ) -> Result<Reply, Error> {
        if !self.holds(ticket) {
            return outcome;
        }
        self.make_room(ticket);
        outcome.map(|reply| reply.shortened(BATCH_TEXT_MAX))
    }

    fn make_room(&mut self, ticket: Ticket) {
        if let Some(bytes) = self.bytes.get_mut(&ticket) {
            self.unanswered_bytes = self.unanswered_bytes.saturating_sub(core::mem::take(bytes));
        }
    }

    pub(super) fn release(&mut self, ticket: Ticket) {
        self.make_room(ticket);
        self.bytes.remove(&ticket);
    }

    pub(super) fn shrink_to_fit(&mut self) {
        // An empty map may still hold a node.
        if self.bytes.is_empty() {
            self.bytes = BTreeMap::new();
        }
    }
}
