//! What a session is good for.

use crate::error::{After, Closed};

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

/// What a session in this state is good for, as errors say it.
impl From<State> for After {
    fn from(state: State) -> Self {
        match state {
            State::Dead(_) => Self::Dead,
            State::Draining { .. } => Self::Draining,
            State::Usable | State::Busy => Self::Usable,
        }
    }
}
