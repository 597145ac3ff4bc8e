//! Which cells of the transfer table a session has been in: tests that claim to try all of them look here.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use crate::action::Direction;
use crate::time::Reason;

use super::table::{self, Data, Said, Step};

/// The cells of the transfer table that were visited.
///
/// A cell is what the control connection has said, where the data connection stands, and the direction; and whether
/// the table was asked because one of them changed or because a wait ran out. It is a record, no part of a session's
/// state: any two are equal.
///
/// ```
/// use ftp_proto::testing::Coverage;
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

impl Coverage {
    pub(super) fn step(&mut self, said: Said, data: Data, direction: Direction) {
        self.steps |= bit(said, data, direction);
    }

    pub(super) fn expired(&mut self, said: Said, data: Data, direction: Direction) {
        self.expiries |= bit(said, data, direction);
    }

    /// Adds what another session visited.
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
        Self::default().missing().len()
    }

    /// The cells that can be reached, as the table says, and were not visited.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (said, data, direction) in table::cells() {
            let bit = bit(said, data, direction);
            let reached = table::step(said, data, direction) != Step::Unreachable;
            if reached && self.steps & bit == 0 {
                missing.push(format!("{said:?} {data:?} {direction:?}"));
            }
            let any = Reason::Completion;
            let expires = table::expired(said, data, direction, any) != Step::Unreachable;
            if expires && self.expiries & bit == 0 {
                missing.push(format!("{said:?} {data:?} {direction:?} expired"));
            }
        }
        missing
    }
}

fn bit(said: Said, data: Data, direction: Direction) -> u128 {
    let cell = (said, data, direction);
    let index = table::cells().position(|known| known == cell);
    index.map_or(0, |index| 1 << index)
}

impl PartialEq for Coverage {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Coverage {}

impl Hash for Coverage {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
