//! FEAT, OPTS UTF8 (RFC 2389, 2640).

use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::Error;
use crate::features::Features;
use crate::session::{Session, Ticket};

use super::Operation;

/// Asks what the server can do, once: the session remembers it until TLS begins or REIN.
///
/// Where UTF8 is offered it is switched on; a server's refusal of that is no error. A server that does not know
/// FEAT, or answers in a form that is none, has no features. Nor has one that refuses for now (503 or 530 before the
/// login), but that one is asked again the next time.
#[derive(Debug, Default)]
#[must_use = "an operation does nothing until it is run"]
pub struct AskFeatures(Step);

#[derive(Clone, Copy, Debug, Default)]
enum Step {
    #[default]
    Start,
    Asked(Ticket),
    Offered,
    Utf8(Ticket),
    Known,
}

impl AskFeatures {
    /// Of this session.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Operation for AskFeatures {
    type Output = Features;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Features, Error>> {
        loop {
            self.0 = match self.0 {
                Step::Start if session.features().is_some() => Step::Offered,
                Step::Start => Step::Asked(session.request(Command::bare(Verb::Feat))?),
                Step::Asked(ticket) => {
                    let reply = ready!(session.poll_reply(ticket))?;
                    // An answer that the session has forgotten meanwhile, because TLS has begun, is asked for again.
                    match session.features() {
                        None if reply.is_positive() => Step::Start,
                        None => Step::Known,
                        Some(_) => Step::Offered,
                    }
                }
                Step::Offered => {
                    let utf8 = session.features().is_some_and(Features::has_utf8);
                    if utf8 && !core::mem::replace(&mut session.memory_mut().utf8_settled, true) {
                        Step::Utf8(
                            session
                                .request(Command::new(Verb::Opts, Argument::trusted("UTF8 ON")))?,
                        )
                    } else {
                        Step::Known
                    }
                }
                Step::Utf8(ticket) => {
                    ready!(session.poll_reply(ticket))?;
                    Step::Known
                }
                Step::Known => {
                    return Poll::Ready(Ok(session.features().cloned().unwrap_or_default()));
                }
            }
        }
    }
}
