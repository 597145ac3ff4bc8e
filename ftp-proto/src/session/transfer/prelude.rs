//! The table of the prelude: what leads to a transfer's command, from TYPE to REST.
//!
//! [`step`] is asked after each answer, report and expiry. Until the command is written, every failure leaves the
//! control connection in step. The manual's page "transfers" holds the same table in words.

/// What the prelude waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    /// Nothing: it has not begun.
    New,
    /// Active mode: the driver's listener.
    Listening,
    /// The reply to TYPE, which is out alone.
    Typing,
    /// The reply to EPSV or PASV.
    Asking,
    /// The driver's connection.
    Dialling,
    /// The reply to EPRT or PORT.
    Announcing,
    /// The reply to REST.
    Restarting,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Input {
    /// The transfer begins.
    Begun,
    /// The reply is what was wanted.
    Granted,
    /// The reply says that the server does not do that at all.
    NotDone,
    /// Any other reply.
    Denied,
    /// The driver did what it was asked.
    Done,
    /// The driver could not, or what it holds is gone.
    Failed,
    /// The wait ran out.
    Expired,
    /// The caller, or the limit of the whole operation, ends it.
    Cancelled,
}

/// What the table depends on besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Facts {
    /// We listen and the server calls.
    pub(crate) active: bool,
    /// TYPE has to be sent, and answered before anything else is.
    pub(crate) type_first: bool,
    /// The ladder of the data mode goes on.
    pub(crate) rung: bool,
    /// The transfer does not begin at the first byte.
    pub(crate) resumes: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Have the driver listen.
    Listen,
    /// Send TYPE alone.
    Type,
    /// Send EPSV or PASV.
    Ask,
    /// Have the driver dial what the server named.
    Dial,
    /// Send EPRT or PORT.
    Announce,
    /// Send REST.
    Restart,
    /// Send the transfer command: the prelude is over.
    Transfer,
    /// Go on with the next rung of the data mode.
    Descend,
    /// The reply is the outcome.
    Refuse,
    /// End it: take back what can be taken back, and await what is owed.
    Cancel,
    /// End the session: a reply does not come.
    Die,
    /// This cannot happen; kept apart from everything that can.
    Unreachable,
}

use Input::{Begun, Cancelled, Denied, Done, Expired, Failed, Granted, NotDone};
use Stage::{Announcing, Asking, Dialling, Listening, New, Restarting, Typing};
use Step::{Announce, Ask, Cancel, Descend, Dial, Die, Listen, Refuse, Restart, Transfer, Type};

/// What to do when `input` comes in `stage`.
pub(crate) const fn step(stage: Stage, input: Input, facts: Facts) -> Step {
    match (stage, input) {
        (New, Begun) if facts.active => Listen,
        (New, Begun) | (Listening, Done) if facts.type_first => Type,
        (New, Begun) => Ask,
        (Listening, Done) => Announce,
        (Typing, Granted) if facts.active => Announce,
        (Typing, Granted) => Ask,
        (Asking, Granted) => Dial,

        // Announced or connected: REST has to stand right before the command.
        (Announcing, Granted) | (Dialling, Done) if facts.resumes => Restart,
        (Announcing, Granted) | (Dialling, Done) | (Restarting, Granted) => Transfer,

        // The ladder: after a refusal that says "I do not do that", or a connection that cannot be made.
        (Asking | Announcing, NotDone) if facts.rung => Descend,
        (Dialling, Failed | Expired) if facts.rung => Descend,
        (Typing | Restarting, NotDone | Denied) => Refuse,
        (Asking | Announcing, NotDone | Denied) => Refuse,

        // Nobody may begin to send to a connection that is gone.
        (Dialling | Listening, Failed | Expired) => Cancel,
        (Typing | Announcing | Restarting, Failed) => Cancel,
        // A reply does not come: nothing can be known any more.
        (Typing | Asking | Announcing | Restarting, Expired) => Die,
        (_, Cancelled) => Cancel,

        // Nothing is owed before the beginning, nothing is held while a port is asked for, and what the driver does
        // is answered by the driver.
        (New, Granted | NotDone | Denied | Done | Failed | Expired)
        | (Listening | Dialling, Granted | NotDone | Denied)
        | (Typing | Asking | Announcing | Restarting, Done)
        | (Asking, Failed)
        | (Listening | Typing | Asking | Dialling | Announcing | Restarting, Begun) => {
            Step::Unreachable
        }
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
