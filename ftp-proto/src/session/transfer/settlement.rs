//! The table of the settlement: how what the server still owes is got, when a transfer is over for its caller.
//!
//! ABOR is answered by one or two replies, in either order, and by some servers not where it should be. The transfer's own
//! reply and ABOR's are awaited for a grace; then a NOOP is sent as a fence: a 200 shows that nothing more will come,
//! anything else was one of the two. A fence without an answer ends the session.
//!
//! A server may also forget a transfer that it has accepted, and still carry it out on the next data connection, whatever
//! that was opened for: pyftpdlib does when it is asked to abort before it has accepted the data connection, and says 225
//! and no more. Where the replies leave that possible, the session ends.

/// What is done to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    /// The replies of a prelude that was cancelled are awaited, each within its own limit.
    Prelude,
    /// ABOR is to be written.
    Flushing,
    /// ABOR was written; the data connection stays a little.
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
    /// Nothing before the fence will be answered any more.
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

        // Servers that look at ABOR only between blocks of data notice it when the data connection is gone.
        (Flushing, Written(true)) => Step::Linger,
        (Flushing, Written(false)) => Step::Await,
        (Lingering, DataOver | Expired(_)) => Step::Await,

        // A fence shows nothing while the transfer may go on: some servers answer a NOOP during one (pyftpdlib).
        (Grace, Expired(true)) => Step::Abort,
        (Grace, Expired(false)) => Step::Fence,
        (Fence, FenceAnswered(true)) => Step::Forgotten,
        (Fence, FenceAnswered(false)) => Step::Forgive,
        (Prelude | Flushing | Fence, Expired(_)) => Step::Die,

        (Prelude | Lingering | Grace | Fence, Written(_)) => Step::Stay,
        (Flushing, DataOver) => Step::Stay,

        // The data connection is dropped before the replies are awaited, and a fence is sent in one stage alone.
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
