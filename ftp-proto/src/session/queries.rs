//! What a session tells of itself.

use crate::action::{DataId, Representation};
use crate::command::Command;
use crate::config::{Config, Leniencies};
use crate::error::After;
use crate::features::Features;
use crate::operation::memory::Memory;
use crate::reply::{Reply, ReplyCode};
use crate::time::Deadline;
use crate::transfer::Transfer;

use super::{Session, State, Ticket, TransferId};

impl Session {
    /// The state of the session.
    pub fn state(&self) -> State {
        self.pi.state()
    }

    /// The configuration that the session was made with.
    pub const fn config(&self) -> &Config {
        &self.pi.shared.config
    }

    /// The leniencies that the server needed so far.
    pub const fn leniencies_used(&self) -> Leniencies {
        self.pi.shared.used
    }

    /// Whether the control connection is secured.
    pub const fn is_secured(&self) -> bool {
        self.pi.shared.control.secured
    }

    /// Whether a login has succeeded: USER, PASS or ACCT was answered with a 2xx.
    pub const fn is_logged_in(&self) -> bool {
        self.pi.errands.is_logged_in()
    }

    /// Whether data connections are protected: PROT P is in force.
    pub const fn is_data_protected(&self) -> bool {
        self.pi.shared.server.protected
    }

    /// The TYPE that is in force, if that is certain.
    pub const fn representation(&self) -> Option<Representation> {
        self.pi.shared.server.representation()
    }

    /// The transfer that is queued or under way, if one is.
    pub fn current_transfer(&self) -> Option<TransferId> {
        self.pi.running().or_else(|| self.pi.queue.transfer())
    }

    /// The data connection whose payload is that of the transfer under way. One that stays open for
    /// a while after an abort ([`Timeouts::abort_linger`](crate::Timeouts::abort_linger)) is none:
    /// what moves on it belongs to no operation, and to the next transfer least of all.
    pub fn current_data(&self) -> Option<DataId> {
        self.pi.transfers.data()
    }

    /// The ticket of the next command. Its values before and after the poll of an operation enclose
    /// the commands that the operation has submitted; see [`discard_all`](Self::discard_all).
    pub const fn next_ticket(&self) -> Ticket {
        self.pi.answers.next_ticket()
    }

    /// The command of the transfer under way. In a series it shows whose payload moves.
    pub fn current_command(&self) -> Option<&Command> {
        let spec = self.pi.transfers.spec();
        spec.filter(|spec| !spec.is_discarded())
            .map(Transfer::command)
    }

    /// The preliminary reply (125 or 150) that opened the transfer under way; see
    /// [`size::hint`](crate::size::hint).
    pub fn current_mark(&self) -> Option<&Reply> {
        self.pi
            .transfers
            .mark()
            .filter(|_| self.pi.running().is_some())
    }

    /// The code of the latest reply, whatever command it answered: ftplib's `lastresp`.
    #[doc(alias = "lastresp")]
    pub const fn last_code(&self) -> Option<ReplyCode> {
        self.pi.shared.trace.last_code()
    }

    /// What FEAT said, when it was asked since TLS began and since REIN.
    pub const fn features(&self) -> Option<&Features> {
        self.pi.shared.server.features.as_ref()
    }

    /// What operations remember of the server. Forgotten when the server accepts AUTH or REIN.
    pub const fn memory(&self) -> &Memory {
        &self.pi.shared.server.memory
    }

    /// The number of reports that answered no outstanding action. They show a fault of the driver.
    /// A report that came before [`Action::Discard`](crate::Action::Discard) was polled is none.
    pub const fn ignored_reports(&self) -> u32 {
        self.pi.shared.events.ignored()
    }

    /// How often the session reached a state that should be impossible. A number above zero shows a
    /// fault of this crate. With debug assertions, the session panics instead.
    pub const fn impossible_states(&self) -> u32 {
        self.pi.shared.events.impossible()
    }

    /// When [`poll_action`](Self::poll_action) must be called again even without another event.
    /// While a timer is requested and not yet armed by `poll_action`, that is at once. Otherwise it
    /// is later than the time of the last call of `poll_action`.
    pub fn deadline(&self) -> Option<Deadline> {
        self.pi.shared.timers.deadline(self.pi.clock)
    }

    pub(crate) fn after(&self) -> After {
        self.pi.after()
    }

    /// How many bytes of the server's replies are held, finished or not, polled by nobody yet; and
    /// the most that can be, by the limits of the configuration.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    pub fn reply_memory(&self) -> (usize, usize) {
        self.pi.reply_memory()
    }
}
