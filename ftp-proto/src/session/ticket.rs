//! The numbers by which a session is asked for the outcome of a command or of a transfer.

/// Stands for the reply to one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u32);

impl Ticket {
    /// Stands for the greeting, the reply to no command at all.
    pub const GREETING: Self = Self(0);

    /// The number itself. Tickets are numbered in the order of their commands.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// Stands for the verdict on one transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub(crate) u32);
