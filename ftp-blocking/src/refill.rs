//! New TLS session tickets before a transfer for which none is left.

use ftp_proto::driver::{Error, Result};
use ftp_proto::operation::{Refill, Refilled};
use ftp_proto::{ErrorKind, Policy, Verb};

use crate::driver::{Driven, Driver};
use crate::transport::Transport;

impl<T: Transport> Driver<T> {
    /// Sees to it that the data connection to come has a TLS session to resume, where that is known
    /// to matter.
    ///
    /// Fails if the transfer would be refused: a refused upload has emptied the file already.
    pub(crate) fn refill(&mut self) -> Result<()> {
        if !self.session.is_data_protected() || !self.transport.wants_refill() {
            return Ok(());
        }
        let mut operation = Refill::new();
        let refilled = match self.drive(&mut operation) {
            Driven::Ready(result) => result?,
            // Read to the end before our side ends: some servers send the tickets no earlier.
            Driven::Moving => self.move_nothing(&mut operation)?,
        };
        if self.transport.wants_refill() && refilled.demands_resumption() {
            let kind = ErrorKind::Policy(Policy::NothingToResume);
            return Err(Error::Session(self.session.error(kind, Verb::Nlst), None));
        }
        self.transport.refilled(refilled == Refilled::Accepted);
        Ok(())
    }
}
