//! How much of a tree is looked at.

/// Bounds of a walk, a removal or a mirror. Servers choose what they list, so no tree of theirs may
/// be endless.
///
/// ```
/// use ftp_proto::tree::TreeLimits;
///
/// let limits = TreeLimits { depth_max: 4, ..TreeLimits::default() };
/// assert_eq!(limits.entries_max, 10_000_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeLimits {
    /// How many directories below the root are entered, one in the other. 0 enters the root alone.
    /// The default is 64.
    pub depth_max: usize,
    /// How many entries all listings together may have. The default is 10 million.
    pub entries_max: u64,
    /// How many bytes the paths of all entries, as seen from the root, may have together. The
    /// default is 1 GiB.
    pub bytes_max: u64,
}

impl Default for TreeLimits {
    fn default() -> Self {
        Self {
            depth_max: 64,
            entries_max: 10_000_000,
            bytes_max: 1 << 30,
        }
    }
}

/// What was counted so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Count {
    entries: u64,
    bytes: u64,
}

impl Count {
    pub(super) const ZERO: Self = Self {
        entries: 0,
        bytes: 0,
    };

    /// Counts an entry, and says whether it is within the limits.
    pub(super) fn take(&mut self, limits: &TreeLimits, path_bytes: usize) -> bool {
        self.entries = self.entries.saturating_add(1);
        self.bytes = self.bytes.saturating_add(path_bytes as u64);
        self.entries <= limits.entries_max && self.bytes <= limits.bytes_max
    }

    /// The number of entries.
    pub(super) const fn entries(&self) -> u64 {
        self.entries
    }
}
