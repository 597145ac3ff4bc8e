//! The bounds of a collected listing.

use crate::command::Verb;
use crate::config::Limits;
use crate::error::{Error, Policy};
use crate::session::{Session, TransferId};

/// The room that is left, and the first excess.
#[derive(Debug)]
pub(super) struct Room {
    limits: Limits,
    bytes: u64,
    exceeded: Option<Policy>,
}

impl Room {
    pub(super) fn new() -> Self {
        Self {
            limits: Limits::default(),
            bytes: 0,
            exceeded: None,
        }
    }

    /// Takes the limits from the session.
    pub(super) const fn measure(&mut self, session: &Session) {
        self.limits = session.config().limits;
    }

    /// Whether a chunk fits.
    pub(super) fn take_bytes(&mut self, chunk: &[u8]) -> bool {
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        let max = self.limits.listing_bytes_max;
        if self.bytes > u64::from(max) {
            self.refuse(Policy::ListingBytes(max));
        }
        self.exceeded.is_none()
    }

    /// Whether one more entry fits beside `kept` entries.
    pub(super) fn take_entry(&mut self, kept: usize) -> bool {
        let max = self.limits.listing_entries_max;
        if u32::try_from(kept).is_ok_and(|kept| kept < max) {
            return self.exceeded.is_none();
        }
        self.refuse(Policy::ListingEntries(max));
        false
    }

    /// Notes an excess; the first one is reported.
    pub(super) fn refuse(&mut self, policy: Policy) {
        self.exceeded.get_or_insert(policy);
    }

    /// Aborts the transfer if something did not fit, and says so.
    pub(super) fn check(
        &self,
        session: &mut Session,
        transfer: Option<TransferId>,
        verb: Option<Verb>,
    ) -> Result<(), Error> {
        let Some(policy) = self.exceeded else {
            return Ok(());
        };
        if let Some(transfer) = transfer {
            session.abort(transfer);
        }
        Err(session.error(policy, verb))
    }
}
