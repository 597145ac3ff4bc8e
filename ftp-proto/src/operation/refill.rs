//! A listing for the sake of the TLS session tickets that come with it.

use core::task::{Poll, ready};

use crate::command::Verb;
use crate::error::{Error, ErrorKind};
use crate::session::Session;
use crate::transfer::Transfer;
use crate::verdict::Interruption;

use super::Operation;
use super::payload::Payload;

/// Lists the names of the working directory (`NLST`), whose payload the driver reads to its end and drops, because
/// the handshake of its data connection brings new TLS 1.3 tickets.
///
/// For a driver of one's own, before a transfer for which no ticket is left (RFC 8446 appendix C.4: each resumes one
/// connection). Servers that demand resumption may refuse this listing itself; the tickets came all the same. The
/// transfer must not be the one that is refused: by then the server has emptied the file of an upload.
///
/// Nothing is sent to change the TYPE.
#[derive(Debug, Default)]
#[must_use = "an operation does nothing until it is run"]
pub struct Refill(Option<Payload>);

/// What the server made of a [`Refill`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "it is accepted or it is not")]
pub enum Refilled {
    /// It completed the listing: it does not demand resumption.
    Accepted,
    /// It refused, and the session goes on. The error says how.
    Refused(Error),
}

impl Refilled {
    /// Whether the server refused as one that demands resumption does. If no ticket came either, a transfer would be
    /// refused as well.
    pub fn demands_resumption(&self) -> bool {
        match self {
            Self::Accepted => false,
            Self::Refused(error) => error
                .interrupted()
                .is_some_and(|interrupted| interrupted.cause == Interruption::NotResumed),
        }
    }
}

impl Refill {
    /// Of this session.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Operation for Refill {
    type Output = Refilled;

    /// # Errors
    /// The session is over.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<Refilled, Error>> {
        let representation = session.representation().unwrap_or_default();
        let payload = self
            .0
            .get_or_insert_with(|| Payload::new(Transfer::names(None).represented(representation)));
        Poll::Ready(match ready!(payload.poll(session)) {
            Ok(_) => Ok(Refilled::Accepted),
            Err(error) if is_refusal(&error) => Ok(Refilled::Refused(error)),
            Err(error) => Err(error),
        })
    }
}

fn is_refusal(error: &Error) -> bool {
    !error.is_fatal()
        && matches!(
            error.kind(),
            ErrorKind::Refused(_) | ErrorKind::Interrupted(_)
        )
        && error.verb() == Some(Verb::Nlst)
}
