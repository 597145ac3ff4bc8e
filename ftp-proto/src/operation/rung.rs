//! The commands that list a directory, as rungs of a ladder.

use crate::command::Verb;
use crate::listing::Format;

/// A command that lists a directory, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rung {
    /// MLSD (RFC 3659): a listing for machines.
    MachineList,
    /// `LIST -a`: a listing for people, hidden names included.
    ListAll,
    /// LIST.
    List,
    /// STAT with a path: over the control connection, if data connections do not work.
    Status,
}

impl Rung {
    /// The verb of the command.
    pub const fn verb(self) -> Verb {
        match self {
            Self::MachineList => Verb::Mlsd,
            Self::ListAll | Self::List => Verb::List,
            Self::Status => Verb::Stat,
        }
    }

    /// The format of the listing, if the command defines it. Other formats are detected line by
    /// line.
    pub const fn format(self) -> Option<Format> {
        match self {
            Self::MachineList => Some(Format::Facts),
            Self::ListAll | Self::List | Self::Status => None,
        }
    }
}
