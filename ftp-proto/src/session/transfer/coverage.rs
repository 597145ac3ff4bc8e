//! Which cells of the course's table this thread's sessions have been in: tests that claim to try all of them look
//! here. It is kept beside the sessions, so that a session is the same with and without the feature `testing`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::cell::Cell;

use crate::action::Direction;
use crate::time::Reason;

use super::course::{self, Data, Said, Step};

std::thread_local! {
    static VISITED: Cell<Coverage> = const { Cell::new(Coverage::NONE) };
}

/// The cells of the course's table that were visited.
///
/// A cell is what the control connection has said, where the data connection stands, and the direction; and whether
/// the table was asked because one of them changed or because a wait ran out.
///
/// ```
/// use ftp_proto::Coverage;
///
/// let nothing = Coverage::default();
/// assert_eq!(nothing.visited(), 0);
/// assert_eq!(nothing.missing().len(), nothing.reachable());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Coverage {
    steps: u128,
    expiries: u128,
}

/// A change of either side led to this cell.
pub(super) fn note_step(said: Said, data: Data, direction: Direction) {
    let mut visited = VISITED.get();
    visited.steps |= bit(said, data, direction);
    VISITED.set(visited);
}

/// A wait ran out in this cell.
pub(super) fn note_expiry(said: Said, data: Data, direction: Direction) {
    let mut visited = VISITED.get();
    visited.expiries |= bit(said, data, direction);
    VISITED.set(visited);
}

impl Coverage {
    const NONE: Self = Self {
        steps: 0,
        expiries: 0,
    };

    /// What was visited on this thread since the last call.
    pub fn take() -> Self {
        VISITED.replace(Self::NONE)
    }

    /// Adds what was visited elsewhere.
    pub const fn merge(&mut self, other: &Self) {
        self.steps |= other.steps;
        self.expiries |= other.expiries;
    }

    /// How many cells were visited.
    pub const fn visited(&self) -> u32 {
        self.steps
            .count_ones()
            .saturating_add(self.expiries.count_ones())
    }

    /// How many cells the table says can be reached.
    pub fn reachable(&self) -> usize {
        Self::NONE.missing().len()
    }

    /// The cells that can be reached, as the table says, and were not visited.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (said, data, direction) in course::cells() {
            let bit = bit(said, data, direction);
            let reached = course::step(said, data, direction) != Step::Unreachable;
            if reached && self.steps & bit == 0 {
                missing.push(format!("{said:?} {data:?} {direction:?}"));
            }
            let any = Reason::Completion;
            let expires = course::expired(said, data, direction, any) != Step::Unreachable;
            if expires && self.expiries & bit == 0 {
                missing.push(format!("{said:?} {data:?} {direction:?} expired"));
            }
        }
        missing
    }
}

fn bit(said: Said, data: Data, direction: Direction) -> u128 {
    let cell = (said, data, direction);
    let index = course::cells().position(|known| known == cell);
    index.map_or(0, |index| 1 << index)
}
