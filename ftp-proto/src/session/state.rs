//! What a session is good for.

use crate::error::Closed;

/// What a session is good for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Nothing is under way: the next command goes out at once.
    Usable,
    /// A command or a transfer is under way.
    Busy,
    /// Something is over for the caller and not for the server: a transfer, or a command that was answered oddly or may be
    /// answered twice. The session settles that before the next command.
    Draining {
        /// How many replies are still owed.
        replies: usize,
    },
    /// The session is over.
    Dead(Closed),
}
