//! The ladder of listing commands: which of them worked is part of what a session knows of its server.

use crate::listing::Format;

/// A way to list a directory, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rung {
    /// MLSD (RFC 3659): made for machines.
    MachineList,
    /// `LIST -a`: as people see it, hidden names included.
    ListAll,
    /// LIST.
    List,
    /// STAT with a path: over the control connection, where data connections do not work.
    Status,
}

impl Rung {
    /// The format of what comes, where the command tells it; the others are detected line by line.
    pub const fn format(self) -> Option<Format> {
        match self {
            Self::MachineList => Some(Format::Facts),
            Self::ListAll | Self::List | Self::Status => None,
        }
    }
}
