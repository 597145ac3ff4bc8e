//! The numbers by which a session is asked for the outcome of a command or of a transfer.

use core::ops::Range;

/// Stands for the reply to one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u32);

impl Ticket {
    /// Stands for the greeting, which answers no command.
    pub const GREETING: Self = Self(0);

    /// The number. Tickets are numbered in the order of their commands.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Whether this was issued in that range. Numbers begin anew after the last one, so a range
    /// that spans more than half of them runs backwards, and holds nothing.
    pub(super) const fn is_within(self, range: &Range<Self>) -> bool {
        let span = range.end.0.wrapping_sub(range.start.0);
        span <= u32::MAX / 2 && self.0.wrapping_sub(range.start.0) < span
    }
}

/// Stands for the verdict on one transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferId(pub(crate) u32);

impl TransferId {
    /// The session's own listing for new TLS tickets, whose verdict is not polled.
    pub(crate) const REFILL: Self = Self(0);

    /// The number after this one; never that of a refill.
    pub(crate) const fn next(self) -> Self {
        match self.0.wrapping_add(1) {
            0 => Self(1),
            number => Self(number),
        }
    }
}
