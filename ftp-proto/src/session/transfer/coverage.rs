//! The cells of the course's table that sessions of this thread have visited, for tests that claim
//! to visit all of them. It is kept beside the sessions, so that a session is the same with and
//! without the feature `testing`.

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
/// A cell is what the control connection has said, where the data connection stands, and the
/// direction; and whether the table was asked because one of them changed or because a wait ran
/// out.
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
    steps: Cells,
    expiries: Cells,
}

/// A set of cells, a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cells([u128; 2]);

/// How many there are of [`Data`].
const DATA_STATES: u32 = Data::Broken as u32 + 1;

impl Cells {
    fn of(said: Said, data: Data, direction: Direction) -> Self {
        // At once, since it is asked for with every step: whoever measures with this feature should
        // measure the session.
        let index = (said as u32).saturating_mul(DATA_STATES);
        let bit = 1_u128.checked_shl(index.saturating_add(data as u32));
        let bit = bit.unwrap_or_default();
        match direction {
            Direction::Receive => Self([bit, 0]),
            Direction::Send => Self([0, bit]),
        }
    }

    const fn merge(&mut self, other: Self) {
        let ([a, b], [c, d]) = (self.0, other.0);
        self.0 = [a | c, b | d];
    }

    fn holds(self, cell: Self) -> bool {
        let mut both = self;
        both.merge(cell);
        both == self
    }

    const fn count(self) -> u32 {
        let [a, b] = self.0;
        a.count_ones().saturating_add(b.count_ones())
    }
}

/// A change of either side led to this cell.
pub(super) fn note_step(said: Said, data: Data, direction: Direction) {
    let mut visited = VISITED.get();
    visited.steps.merge(Cells::of(said, data, direction));
    VISITED.set(visited);
}

/// A wait ran out in this cell.
pub(super) fn note_expiry(said: Said, data: Data, direction: Direction) {
    let mut visited = VISITED.get();
    visited.expiries.merge(Cells::of(said, data, direction));
    VISITED.set(visited);
}

impl Coverage {
    const NONE: Self = Self {
        steps: Cells([0; 2]),
        expiries: Cells([0; 2]),
    };

    /// What was visited on this thread since the last call.
    pub fn take() -> Self {
        VISITED.replace(Self::NONE)
    }

    /// Adds what was visited elsewhere.
    pub const fn merge(&mut self, other: &Self) {
        self.steps.merge(other.steps);
        self.expiries.merge(other.expiries);
    }

    /// How many cells were visited.
    pub const fn visited(&self) -> u32 {
        self.steps.count().saturating_add(self.expiries.count())
    }

    /// How many cells the table says can be reached.
    pub fn reachable(&self) -> usize {
        Self::NONE.missing().len()
    }

    /// The cells that can be reached, as the table says, and were not visited.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (said, data, direction) in course::cells() {
            let cell = Cells::of(said, data, direction);
            let reached = course::step(said, data, direction) != Step::Unreachable;
            if reached && !self.steps.holds(cell) {
                missing.push(format!("{said:?} {data:?} {direction:?}"));
            }
            let any = Reason::Completion;
            let expires = course::expired(said, data, direction, any) != Step::Unreachable;
            if expires && !self.expiries.holds(cell) {
                missing.push(format!("{said:?} {data:?} {direction:?} expired"));
            }
        }
        missing
    }
}
