//! The table of the settlement: how the session collects the owed replies when a transfer is over
//! for its caller.
//!
//! A transfer and its ABOR are answered by one or two replies, in either order. Both are awaited
//! for a grace. Then a NOOP is sent as a fence: a 200 shows that no more will come, and any other
//! reply was one of the two. A fence without an answer ends the session.
//!
//! A server may also forget a transfer that it has accepted, and still carry it out on the next
//! data connection, whatever that was opened for. pyftpdlib does so when it gets ABOR before it has
//! accepted the data connection, and sends a single 225. If the replies leave that possible, the
//! session ends.

/// The stage of the settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    /// The replies of a prelude that was cancelled are awaited, each within its own limit.
    Prelude,
    /// ABOR is to be written.
    Flushing,
    /// ABOR was written; the data connection stays open for a moment.
    Lingering,
    /// The replies are awaited.
    Grace,
    /// The fence was sent.
    Fence,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Input {
    /// Everything was written; the data connection is kept (`true`) or gone already.
    Written(bool),
    /// The data connection ended or failed.
    DataOver,
    /// The wait of this stage ran out. `true`: the transfer's reply is owed and ABOR was not sent.
    Expired(bool),
    /// The fence was answered. `true`: the server may still carry the transfer out.
    FenceAnswered(bool),
    /// Nothing is owed any more.
    NothingOwed,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Keep the data connection a little longer.
    Linger,
    /// Drop the data connection and await the replies.
    Await,
    /// Send ABOR after all.
    Abort,
    /// Send the fence.
    Fence,
    /// Forget the commands before the fence: they will not be answered any more.
    Forgive,
    /// It is settled.
    Rest,
    /// The server forgot the transfer and may carry it out: end the session.
    Forgotten,
    /// A reply does not come: end the session.
    Die,
    /// Nothing changes.
    Stay,
    /// This cannot happen; kept apart from everything that can.
    Unreachable,
}

use Input::{DataOver, Expired, FenceAnswered, NothingOwed, Written};
use Stage::{Fence, Flushing, Grace, Lingering, Prelude};

/// What to do when `input` comes in `stage`.
pub(crate) const fn step(stage: Stage, input: Input) -> Step {
    match (stage, input) {
        (_, NothingOwed) => Step::Rest,

        // Servers that check for ABOR only between blocks of data notice it when the data
        // connection is gone.
        (Flushing, Written(true)) => Step::Linger,
        (Flushing, Written(false)) => Step::Await,
        (Lingering, DataOver | Expired(_)) => Step::Await,

        // A fence proves nothing while the transfer may go on: some servers answer a NOOP during
        // one (pyftpdlib).
        (Grace, Expired(true)) => Step::Abort,
        (Grace, Expired(false)) => Step::Fence,
        (Fence, FenceAnswered(true)) => Step::Forgotten,
        (Fence, FenceAnswered(false)) => Step::Forgive,
        (Prelude | Flushing | Fence, Expired(_)) => Step::Die,

        (Prelude | Lingering | Grace | Fence, Written(_)) => Step::Stay,
        (Flushing, DataOver) => Step::Stay,

        // The data connection is dropped before the replies are awaited, and a fence is sent in one
        // stage alone.
        (Prelude | Grace | Fence, DataOver)
        | (Prelude | Flushing | Lingering | Grace, FenceAnswered(_)) => Step::Unreachable,
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]
mod tests;
