//! What a session is good for.

use crate::error::{After, Closed};

/// The state of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// No command or transfer is under way: the next command is sent at once.
    Usable,
    /// A command or a transfer is under way.
    Busy,
    /// The server still owes replies for something that is over for the caller: a transfer, or a
    /// command with an unexpected answer or a possible second one. The session settles that before
    /// the next command.
    Settling {
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
            State::Settling { .. } => Self::Settling,
            State::Usable | State::Busy => Self::Usable,
        }
    }
}
