//! The commands that set a time of modification.

use crate::command::Verb;

/// A command that sets the modification time of a file, in the order in which
/// [`SetModified`](super::SetModified) tries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Touch {
    /// `MFMT time path` (draft-somers-ftp-mfxx).
    Mfmt,
    /// `MDTM time path`: twoftpd, vsftpd, Serv-U.
    Mdtm,
    /// `SITE UTIME path accessed modified created UTC`.
    SiteThree,
    /// `SITE UTIME time path`.
    SiteOne,
}

impl Touch {
    /// The verb of the command.
    pub const fn verb(self) -> Verb {
        match self {
            Self::Mfmt => Verb::Mfmt,
            Self::Mdtm => Verb::Mdtm,
            Self::SiteThree | Self::SiteOne => Verb::Site,
        }
    }

    pub(super) const fn next(self) -> Option<Self> {
        match self {
            Self::Mfmt => Some(Self::Mdtm),
            Self::Mdtm => Some(Self::SiteThree),
            Self::SiteThree => Some(Self::SiteOne),
            Self::SiteOne => None,
        }
    }
}
