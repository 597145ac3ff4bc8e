//! NOOPs during a transfer, so that nobody on the way forgets the control connection.

use crate::command::{Command, Verb};
use crate::reply::Reply;
use crate::time::Reason;

use super::Session;
use super::pending::Owner;
use super::table::Said;

impl Session {
    pub(super) fn begin_keepalive(&mut self) {
        if let Some(pause) = self.config.keepalive {
            self.timers.request(Reason::Keepalive, pause);
        }
    }

    pub(super) fn send_keepalive(&mut self) {
        let wanted = self
            .transfer
            .as_ref()
            .is_some_and(|running| running.said == Said::Mark);
        let unanswered = self.pending.count(Owner::Keepalive);
        if wanted && unanswered < usize::from(self.config.limits.keepalives_max) {
            self.write(Owner::Keepalive, &Command::bare(Verb::Noop));
            self.begin_keepalive();
        }
    }

    pub(super) fn keepalive_answered(&mut self, reply: Reply) {
        if let Some(running) = self.transfer.as_mut().filter(|_| !reply.is_positive()) {
            running.refused_keepalive = Some(reply);
        }
    }
}
