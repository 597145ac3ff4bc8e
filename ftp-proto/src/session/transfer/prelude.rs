//! The table of the prelude: the steps before a transfer's command, from TYPE to REST.
//!
//! [`step`] is asked after each answer, report and expiry. Until the command is written, every
//! failure leaves the control connection in step. The manual's page "transfers" holds the same
//! table in words.

/// What the prelude waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Stage {
    /// Nothing: it has not begun.
    New,
    /// Active mode: the driver's listener.
    Listening,
    /// The reply to TYPE, which is out alone.
    Typing,
    /// The reply to FEAT, which shows whether the server wants PRET.
    Inquiring,
    /// The reply to PRET.
    Preparing,
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
    /// The reply is a refusal, or of no use: the ladder may go on.
    Refused,
    /// The reply ends the ladder: a policy of the client forbids its address, or it cannot be
    /// understood.
    Denied,
    /// The driver did what it was asked.
    Done,
    /// The driver failed, or its socket is gone.
    Failed,
    /// The wait ran out.
    Expired,
    /// The caller, or the limit of the whole operation, ends it.
    Cancelled,
}

/// Circumstances on which the table depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Circumstances {
    /// Active mode: the client listens and the server connects.
    pub(crate) active: bool,
    /// TYPE has to be sent, and answered before anything else is.
    pub(crate) type_first: bool,
    /// The server wants PRET before EPSV and PASV.
    pub(crate) pret: bool,
    /// How the ladder of the data mode goes on.
    pub(crate) next: Next,
    /// The transfer does not begin at the first byte.
    pub(crate) resumes: bool,
}

/// How the ladder of a data mode goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Next {
    /// It does not.
    Nothing,
    /// With the older command of the same kind: PASV behind EPSV, PORT behind EPRT.
    Way,
    /// With FEAT: the server may want PRET.
    Features,
    /// With PRET, and then from the beginning.
    Pret,
    /// With active mode.
    Active,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Have the driver listen.
    Listen,
    /// Send TYPE alone.
    Type,
    /// Send FEAT.
    Inquire,
    /// Send PRET with the transfer command.
    Prepare,
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
    /// Go on with the next way of the data mode.
    Descend,
    /// The refusal is the outcome.
    Refuse,
    /// End it: take back what can be taken back, and await what is owed.
    Cancel,
    /// End the session: a reply does not come.
    Die,
    /// This cannot happen; kept apart from everything that can.
    Unreachable,
}

use Input::{Begun, Cancelled, Denied, Done, Expired, Failed, Granted, Refused};
use Stage::{
    Announcing, Asking, Dialling, Inquiring, Listening, New, Preparing, Restarting, Typing,
};
use Step::{Announce, Ask, Cancel, Descend, Dial, Die, Inquire, Listen, Prepare};
use Step::{Refuse, Restart, Transfer, Type};

/// What to do when `input` comes in `stage`.
pub(crate) const fn step(stage: Stage, input: Input, circumstances: Circumstances) -> Step {
    match (stage, input) {
        (New, Begun) if circumstances.active => Listen,
        (New, Begun) | (Listening, Done) if circumstances.type_first => Type,
        (Listening, Done) => Announce,
        (Typing, Granted) if circumstances.active => Announce,
        (New, Begun) | (Typing, Granted) if circumstances.pret => Prepare,
        (New, Begun) | (Typing, Granted) => Ask,
        // PRET may be refused by servers that name it and do not need it.
        (Preparing, Granted | Refused | Denied) => Ask,
        (Asking, Granted) => Dial,

        // Announced or connected: REST has to stand right before the command.
        (Announcing, Granted) | (Dialling, Done) if circumstances.resumes => Restart,
        (Announcing, Granted) | (Dialling, Done) | (Restarting, Granted) => Transfer,

        // The ladder. What FEAT says decides how it goes on.
        (Asking | Announcing, Refused) => down(circumstances.next, Refuse),
        (Inquiring, Granted | Refused | Denied) => down(circumstances.next, Refuse),
        (Dialling, Failed | Expired) => match circumstances.next {
            // FEAT and PRET are answers to a refusal.
            Next::Features | Next::Pret => Cancel,
            next => down(next, Cancel),
        },
        (Typing | Restarting, Refused | Denied) => Refuse,
        (Asking | Announcing, Denied) => Refuse,

        // The transfer must not begin on a connection that is gone.
        (Listening, Failed | Expired) => Cancel,
        (Typing | Announcing | Restarting, Failed) => Cancel,
        // A missing reply ends the session, because later replies could not be matched.
        (Typing | Inquiring | Preparing | Asking | Announcing | Restarting, Expired) => Die,
        (_, Cancelled) => Cancel,

        // Nothing is owed before the beginning, nothing is held while a port is asked for, and what
        // the driver does is answered by the driver.
        (New, Granted | Refused | Denied | Done | Failed | Expired)
        | (Listening | Dialling, Granted | Refused | Denied)
        | (Typing | Inquiring | Preparing | Asking | Announcing | Restarting, Done)
        | (Inquiring | Preparing | Asking, Failed)
        | (
            Listening | Typing | Inquiring | Preparing | Asking | Dialling | Announcing
            | Restarting,
            Begun,
        ) => Step::Unreachable,
    }
}

/// The next way, or what is left where there is none.
const fn down(next: Next, otherwise: Step) -> Step {
    match next {
        Next::Nothing => otherwise,
        Next::Way => Descend,
        Next::Features => Inquire,
        Next::Pret => Prepare,
        Next::Active => Listen,
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
