//! Who decides what happens next: a counter that goes through all possibilities, or a seed.

/// Decides among possibilities.
pub trait Choose {
    /// One of `0..count`; `count` is at least 1.
    fn pick(&mut self, count: usize) -> usize;

    /// Yes or no.
    fn flip(&mut self) -> bool {
        self.pick(2) == 1
    }
}

/// All sequences of decisions, one after the other.
///
/// The program that is to be tried runs once for each; it needs nothing but to ask this for every
/// decision, and to do the same whenever it gets the same answers.
///
/// ```
/// use ftp_testkit::{Choose, Exhaustive};
///
/// let mut words = Vec::new();
/// let mut all = Exhaustive::new();
/// while all.more() {
///     let length = all.pick(3);
///     words.push((0..length).map(|_| ["a", "b"][all.pick(2)]).collect::<String>());
/// }
/// assert_eq!(words, ["", "a", "b", "aa", "ab", "ba", "bb"]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Exhaustive {
    started: bool,
    /// What was picked, and out of how many.
    picks: Vec<(usize, usize)>,
    at: usize,
}

impl Exhaustive {
    /// At the beginning.
    pub const fn new() -> Self {
        Self {
            started: false,
            picks: Vec::new(),
            at: 0,
        }
    }

    /// Goes on to the next sequence; `false` when there is none. To be asked before each run, the
    /// first included.
    pub fn more(&mut self) -> bool {
        if !std::mem::replace(&mut self.started, true) {
            return true;
        }
        self.at = 0;
        while let Some((picked, count)) = self.picks.pop() {
            let next = picked.saturating_add(1);
            if next < count {
                self.picks.push((next, count));
                return true;
            }
        }
        false
    }
}

impl Choose for Exhaustive {
    fn pick(&mut self, count: usize) -> usize {
        let picked = match self.picks.get(self.at) {
            Some((picked, _)) => *picked,
            None => {
                self.picks.push((0, count));
                0
            }
        };
        self.at = self.at.saturating_add(1);
        picked
    }
}

/// Decisions that look random and are the same for the same seed (SplitMix64).
///
/// ```
/// use ftp_testkit::{Choose, Seeded};
///
/// let mut one = Seeded::new(7);
/// let mut other = Seeded::new(7);
/// for _ in 0..100 {
///     assert_eq!(one.pick(10), other.pick(10));
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Seeded(u64);

impl Seeded {
    /// From a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Whether one of `in_how_many` such questions says yes, on average.
    pub fn is_one(&mut self, in_how_many: usize) -> bool {
        self.pick(in_how_many) == 0
    }
}

impl Choose for Seeded {
    fn pick(&mut self, count: usize) -> usize {
        let count = (count as u64).max(1);
        usize::try_from(self.number().checked_rem(count).unwrap_or_default()).unwrap_or_default()
    }
}
