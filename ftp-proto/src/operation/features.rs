//! FEAT (RFC 2389).

use core::task::{Poll, ready};

use crate::command::{Command, Verb};
use crate::error::Error;
use crate::features::Features;
use crate::session::{Session, Ticket};

use super::Operation;

/// Asks for the server's features, once: the session remembers them until TLS begins or REIN.
///
/// A server that does not know FEAT, or gives another form of answer, has no features. A server
/// that refuses for now (503 or 530 before the login) has none either, and is asked again the next
/// time.
#[derive(Clone, Debug, Default)]
#[must_use = "an operation does nothing until it is run"]
pub struct AskFeatures(Option<Ticket>);

impl AskFeatures {
    /// Asks the server of the session that runs it.
    pub const fn new() -> Self {
        Self(None)
    }
}

impl Operation for AskFeatures {
    type Output = Features;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Features, Error>> {
        loop {
            match (self.0, session.features()) {
                (None, Some(features)) => return Poll::Ready(Ok(features.clone())),
                (None, None) => self.0 = Some(session.request(Command::bare(Verb::Feat))?),
                (Some(ticket), _) => {
                    let reply = ready!(session.poll_reply(ticket))?;
                    self.0 = None;
                    // FEAT is sent again if the session has forgotten the answer meanwhile, because
                    // TLS has begun.
                    if session.features().is_none() && !reply.is_positive() {
                        return Poll::Ready(Ok(Features::default()));
                    }
                }
            }
        }
    }
}
