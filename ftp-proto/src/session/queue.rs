//! The work that the application wants and that was not sent, and when it may be sent.

use alloc::collections::VecDeque;

use crate::command::{Command, Verb};
use crate::error::Misuse;
use crate::transfer::Transfer;

use super::batch::Batch;
use super::shared::Shared;
use super::wire::Owner;
use super::{Ticket, TransferId};

/// The work that waits, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Work {
    Command { ticket: Ticket, command: Command },
    Transfer { id: TransferId, spec: Transfer },
}

/// The piece of work that something is done for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Beneficiary {
    Command(Ticket),
    Transfer(TransferId),
    /// The session itself.
    Nobody,
}

impl Beneficiary {
    pub(super) const fn of(work: &Work) -> Self {
        match work {
            Work::Command { ticket, .. } => Self::Command(*ticket),
            Work::Transfer { id, .. } => Self::Transfer(*id),
        }
    }
}

impl Work {
    fn is_command(&self, ticket: Ticket) -> bool {
        matches!(self, Self::Command { ticket: queued, .. } if *queued == ticket)
    }

    const fn transfer(&self) -> Option<TransferId> {
        match self {
            Self::Transfer { id, .. } => Some(*id),
            Self::Command { .. } => None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Queue {
    works: VecDeque<Work>,
    pub(super) batch: Batch,
}

impl Queue {
    pub(super) fn push(&mut self, work: Work) {
        self.works.push_back(work);
    }

    /// The same for a command of a batch.
    ///
    /// # Errors
    /// [`Misuse::NotForBatch`] and [`Misuse::PipelineFull`].
    pub(super) fn push_batched(&mut self, ticket: Ticket, command: Command) -> Result<(), Misuse> {
        self.batch.admit(ticket, &command)?;
        self.works.push_back(Work::Command { ticket, command });
        Ok(())
    }

    /// The next piece of work, if the replies that are owed allow it.
    pub(super) fn take_next(&mut self, shared: &Shared) -> Option<Work> {
        if self.may_send(shared) {
            self.works.pop_front()
        } else {
            None
        }
    }

    pub(super) fn may_send(&self, shared: &Shared) -> bool {
        let owed = &shared.wire.owed;
        let Some(last) = owed.last() else {
            return true;
        };
        // No work passes a fence, or a command that a fence follows.
        if owed.owes(Owner::Guard) || shared.wire.is_doubled(last.verb) {
            return false;
        }
        let window = usize::from(shared.config.pipeline.get());
        match self.works.front() {
            Some(Work::Command { command, .. }) => {
                let next = command.verb();
                let free = !next.is_barrier() && !last.verb.is_barrier();
                let hurries = shared.config.eager && next.depends_on(last.verb);
                free && owed.len() < window || hurries
            }
            Some(Work::Transfer { .. }) => match last.owner {
                // Its port was asked for ahead, and nothing else is owed.
                Owner::Ahead => owed.len() == 1,
                _ => shared.config.eager && last.verb == Verb::Pass,
            },
            None => false,
        }
    }

    /// What waits first of all.
    pub(super) fn front(&self) -> Option<&Work> {
        self.works.front()
    }

    /// Takes it out, if it still waits.
    pub(super) fn take(&mut self, whose: Beneficiary) -> Option<Work> {
        let position = self
            .works
            .iter()
            .position(|work| Beneficiary::of(work) == whose)?;
        self.works.remove(position)
    }

    /// The transfer that waits.
    pub(super) fn transfer(&self) -> Option<TransferId> {
        self.works.iter().find_map(Work::transfer)
    }

    /// The transfer that waits first of all.
    pub(super) fn next_transfer(&self) -> Option<&Transfer> {
        match self.works.front()? {
            Work::Transfer { spec, .. } => Some(spec),
            Work::Command { .. } => None,
        }
    }

    /// Takes the transfer out, if it waits.
    pub(super) fn take_transfer(&mut self, id: TransferId) -> Option<Transfer> {
        let is_it = |work: &Work| work.transfer() == Some(id);
        let position = self.works.iter().position(is_it)?;
        match self.works.remove(position)? {
            Work::Transfer { spec, .. } => Some(spec),
            Work::Command { .. } => None,
        }
    }

    pub(super) fn discard(&mut self, ticket: Ticket) {
        self.batch.release(ticket);
        self.works.retain(|work| !work.is_command(ticket));
    }

    /// The tickets of the commands that wait.
    pub(super) fn tickets(&self) -> impl Iterator<Item = Ticket> {
        self.works.iter().filter_map(|work| match work {
            Work::Command { ticket, .. } => Some(*ticket),
            Work::Transfer { .. } => None,
        })
    }

    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.works.iter().any(|work| work.is_command(ticket))
    }

    pub(super) fn take_all(&mut self) -> VecDeque<Work> {
        core::mem::take(&mut self.works)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.works.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.works.len()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.works.shrink_to_fit();
        self.batch.shrink_to_fit();
    }
}
