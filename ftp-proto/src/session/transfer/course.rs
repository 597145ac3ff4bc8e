//! The table of the course of a transfer: the step for every state of its control side and its data
//! side.
//!
//! The outcome of a transfer joins two orders of events, replies on one connection and payload on
//! the other. [`step`] is asked after each change of either side, [`expired`] after each wait that
//! ran out. The manual's page "transfers" holds the same table in words; the numbers in the
//! comments are its rows.

use crate::action::Direction;
use crate::time::Reason;
use crate::verdict::Interruption;

/// What the control connection has said about the transfer command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Said {
    /// Nothing; the command was written.
    Nothing,
    /// A mark (1xx), and nothing after it.
    Mark,
    /// A success after the mark.
    Success,
    /// A success and no mark. A mark may still come.
    EarlySuccess,
    /// A failure after the mark.
    Failure,
    /// A failure and no mark.
    Refusal,
    /// Nothing more: the control connection is lost.
    Lost,
}

/// The state of the data connection, once the transfer command was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Data {
    /// Active mode: the listener was announced.
    Announced,
    /// Active mode: the driver accepts.
    Accepting,
    /// Connected; no payload may move.
    Open,
    /// In the TLS handshake.
    Securing,
    /// The handshake is over; no payload may move before the mark.
    Secured,
    /// Payload moves.
    Moving,
    /// Everything was sent; the server's end of TLS is awaited.
    Closing,
    /// Ended orderly and closed.
    Ended,
    /// Ended and closed at the limit that the caller had set.
    Cut,
    /// Broken and closed.
    Broken,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Wait, for at most the limit of that reason.
    Wait(Reason),
    /// Have the driver accept.
    Accept,
    /// Have the driver begin the handshake although there is no mark yet.
    Secure,
    /// Have the driver make the handshake if data is protected, and then move payload.
    Proceed,
    /// Have the driver close without waiting any longer.
    Finish,
    /// The data connection has failed; go on with it broken.
    Break,
    /// The transfer ends so.
    End(Ending),
    /// This cannot happen; kept apart from everything that can.
    Unreachable,
}

/// How a transfer ends, as the table or the caller decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// By everything that is known.
    Judge,
    /// The server refused it.
    Refuse,
    /// It failed, and nothing is owed for it.
    Fail(Interruption),
    /// It is over for the caller. The abort procedure settles the rest.
    Abort(Interruption),
    /// The caller has its range. The abort procedure settles the rest.
    Enough,
    /// It is over, and so is the session: the control connection looks dead.
    Close(Interruption),
}

use Data::{Accepting, Announced, Broken, Closing, Cut, Ended, Moving, Open, Secured, Securing};
use Direction::{Receive, Send};
use Ending::{Abort, Close, Enough, Fail, Judge, Refuse};
use Said::{EarlySuccess, Failure, Lost, Mark, Nothing, Refusal, Success};
use Step::{Accept, End, Finish, Proceed, Secure, Wait};

/// What to do when `said` and `data` stand so. Any step that ends the transfer drops a data
/// connection that is open.
pub(crate) fn step(said: Said, data: Data, direction: Direction) -> Step {
    match (said, data, direction) {
        // Only what is sent ends with a wait for the server's end of TLS; only what is received has
        // a limit.
        (_, Closing, Receive) | (_, Cut, Send) => Step::Unreachable,

        // The reply is awaited; broken data needs it too, to stay in step (1, 11). A protected
        // connection that is open waits for the mark a little, since some servers withhold it until
        // they have our first TLS message; then the handshake and the reply are awaited together
        // (28).
        (Nothing, Open, _) => Wait(Reason::Mark),
        (Nothing, Announced | Securing | Secured | Broken, _) => Wait(Reason::Reply),

        // The mark opens the way: accept, secure, move (2, 4), then the final reply (5, 11) or
        // enough (20).
        (Mark, Announced, _) => Accept,
        (Mark, Accepting, _) => Wait(Reason::DataOpen),
        (Mark, Open | Secured, _) => Proceed,
        (Mark, Securing, _) => Wait(Reason::Securing),
        (Mark, Moving, _) => Wait(Reason::DataIdle),
        (Mark, Closing, Send) => Wait(Reason::TlsClose),
        (Mark, Ended | Broken, _) => Wait(Reason::Completion),
        (Mark, Cut, Receive) => End(Enough),

        // A success may come before the data's end, or even before its beginning (7, 21).
        (Success, Accepting, Receive) => Wait(Reason::DataOpen),
        (Success, Open | Secured, Receive) => Proceed,
        (Success, Securing, Receive) => Wait(Reason::Securing),
        (Success, Moving, Receive) => Wait(Reason::DataIdle),
        // No byte was sent, so the success is false (22); or the driver may not have reported the
        // end yet (8).
        (Success, Accepting | Securing, Send) => End(Fail(Interruption::NoGoAhead)),
        (Success, Moving, Send) => Wait(Reason::Drain),
        (Success, Closing, Send) => Wait(Reason::TlsClose),
        (Success, Ended | Broken, _) | (Success, Cut, Receive) => End(Judge), // 6, 12, 15

        // A success without a mark: receive as if there had been one, and leave a late mark its
        // time (13, 24).
        (EarlySuccess, Announced, Receive) => Accept,
        (EarlySuccess, Accepting, Receive) => Wait(Reason::Drain),
        (EarlySuccess, Open | Secured, Receive) => Proceed,
        (EarlySuccess, Securing, Receive) => Wait(Reason::Securing),
        (EarlySuccess, Moving, Receive) => Wait(Reason::DataIdle),
        (EarlySuccess, Ended | Cut, Receive) => Wait(Reason::Drain),
        (EarlySuccess, Broken, _) => Wait(Reason::Drain),
        (EarlySuccess, Announced | Open | Securing | Secured, Send) => Wait(Reason::Drain), // 14

        // A failure: data on its way may still come, but no more is sent (9, 10, 23).
        (Failure, Moving, Receive) => Wait(Reason::Drain),
        (Failure, Accepting | Securing | Ended, _) => End(Fail(Interruption::Reply)),
        (Failure, Broken, _) => End(Judge), // 11: why it broke, and what the server said of it
        (Failure, Cut, Receive) => End(Fail(Interruption::Reply)),
        (Failure, Announced | Open | Secured | Moving | Closing, Send) => {
            End(Fail(Interruption::Reply))
        }
        (Refusal, Announced | Open | Securing | Secured | Broken, _) => End(Refuse), // 3, 29

        // Without a control connection a download goes on to its end, and is unconfirmed then (16).
        (Lost, Moving, Receive) => Wait(Reason::DataIdle),
        (Lost, Announced | Accepting | Open | Securing | Secured | Ended | Broken, _) => {
            End(Fail(Interruption::ControlLost))
        }
        (Lost, Cut, Receive) | (Lost, Moving | Closing, Send) => {
            End(Fail(Interruption::ControlLost))
        }

        // Accept and Move are issued only after the mark, or after an early success when receiving.
        (Nothing | Refusal, Accepting | Moving | Closing | Ended | Cut, _)
        | (EarlySuccess, Accepting | Moving | Closing | Ended, Send)
        // The mark, and the early success when receiving, at once begin to accept or secure the
        // data connection.
        | (Success, Announced, _)
        | (Success, Open, Send)
        | (Success, Secured, Send)
        | (Failure, Announced | Open | Secured, Receive) => Step::Unreachable,
    }
}

/// What to do when the wait for `reason` ran out.
pub(crate) fn expired(said: Said, data: Data, direction: Direction, reason: Reason) -> Step {
    match (said, data, direction) {
        (Nothing, Open, _) if reason == Reason::Mark => Secure, // 28
        (Nothing, Announced | Open | Securing | Secured | Broken, _) => {
            End(Abort(Interruption::Timeout(reason))) // 1, 11, 30
        }

        (Mark, Accepting | Moving, _) => End(Abort(Interruption::Timeout(reason))), // 17, 25
        (Mark, Ended, _) => End(Close(Interruption::Timeout(reason))),              // 18
        (Mark, Broken, _) => End(Abort(Interruption::Timeout(reason))),             // 11

        (Success, Accepting, Receive) => End(Fail(Interruption::NoData)), // 21
        (Success, Moving, Receive) => End(Fail(Interruption::NoEof)),     // 26
        (Success, Moving, Send) => End(Fail(Interruption::NotTaken)),     // 8

        (EarlySuccess, Accepting, Receive) => End(Fail(Interruption::NoData)), // 24
        (EarlySuccess, Moving, Receive) => End(Fail(Interruption::NoEof)),
        (EarlySuccess, Ended | Cut, Receive) | (EarlySuccess, Broken, _) => End(Judge), // 13
        (EarlySuccess, Announced | Open | Securing | Secured, Send) => {
            End(Fail(Interruption::NoGoAhead)) // 14
        }

        (Failure, Moving, Receive) => End(Fail(Interruption::Reply)), // 9
        (Lost, Moving, Receive) => End(Fail(Interruption::ControlLost)), // 16

        // A handshake that stalls breaks the data connection alone (27); an end of TLS that stalls
        // breaks nothing.
        (Mark, Securing, _) | (Success | EarlySuccess, Securing, Receive) => Step::Break,
        (Mark | Success, Closing, Send) => Finish,

        // No wait is under way in the other states.
        _ => Step::Unreachable,
    }
}

/// Every state of the three.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn cells() -> impl Iterator<Item = (Said, Data, Direction)> {
    let said = [Nothing, Mark, Success, EarlySuccess, Failure, Refusal, Lost];
    let data = [
        Announced, Accepting, Open, Securing, Secured, Moving, Closing, Ended, Cut, Broken,
    ];
    said.into_iter().flat_map(move |said| {
        data.into_iter().flat_map(move |data| {
            [Receive, Send]
                .into_iter()
                .map(move |direction| (said, data, direction))
        })
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
