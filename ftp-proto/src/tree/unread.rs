//! Why a directory of a tree was not read.

use super::step::Why;
use crate::command::Verb;
use crate::error::{Error, ErrorKind, Policy};
use crate::reply::Class;

/// Why a directory was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unread {
    /// It cannot be entered: it is missing, forbidden, or not a directory.
    #[error("it cannot be entered")]
    Refused,
    /// PWD says that it is elsewhere: it is a link.
    #[error("it is a link to another place")]
    Elsewhere,
    /// PWD says that it is a directory above.
    #[error("it is a link to a directory above")]
    Again,
    /// The listing has more entries or bytes than the limits allow.
    #[error("its listing exceeds a limit")]
    Limit,
    /// The listing failed.
    #[error("its listing failed")]
    Failed,
}

impl Unread {
    /// What the error of [`ReadDirectory`](crate::operation::ReadDirectory) means for a tree.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Policy(Policy::ListingEntries(_) | Policy::ListingBytes(_)) => Self::Limit,
            ErrorKind::Refused(reply)
                if error.verb() == Some(Verb::Cwd) && reply.class() == Class::PermanentNegative =>
            {
                Self::Refused
            }
            _ => Self::Failed,
        }
    }

    pub(super) const fn why(self) -> Why {
        match self {
            Self::Elsewhere => Why::Link,
            Self::Again => Why::Again,
            Self::Limit => Why::Limit,
            Self::Refused | Self::Failed => Why::Failed,
        }
    }
}
