//! CLNT, LANG and OPTS MLST: the client's introduction after the login.

use alloc::collections::VecDeque;
use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::Error;
use crate::features::Features;
use crate::reply::Reply;
use crate::session::Session;

use super::Operation;
use super::exchange::Exchange;
use super::features::AskFeatures;

/// Sends each command that FEAT offers, in order. A refusal changes nothing and is ignored.
#[derive(Clone, Debug)]
pub(super) struct Introduction {
    features: AskFeatures,
    waiting: VecDeque<Command>,
    sent: Option<Exchange<Reply>>,
}

impl Introduction {
    pub(super) const fn new() -> Self {
        Self {
            features: AskFeatures::new(),
            waiting: VecDeque::new(),
            sent: None,
        }
    }

    pub(super) fn push(&mut self, verb: Verb, argument: Argument) {
        self.waiting.push_back(Command::new(verb, argument));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.sent.is_none()
    }
}

impl Operation for Introduction {
    type Output = ();

    fn poll(&mut self, session: &mut Session) -> Poll<Result<(), Error>> {
        while !self.is_empty() {
            if let Some(exchange) = &mut self.sent {
                let outcome = ready!(exchange.poll(session));
                self.sent = None;
                match outcome {
                    Err(error) if !error.is_refusal() || error.is_fatal() => {
                        return Poll::Ready(Err(error));
                    }
                    _ => continue,
                }
            }
            let features = ready!(self.features.poll(session))?;
            let next = self.waiting.pop_front();
            let offered = next.filter(|command| is_offered(command.verb(), &features));
            self.sent = offered.map(Exchange::complete);
        }
        Poll::Ready(Ok(()))
    }
}

fn is_offered(verb: Verb, features: &Features) -> bool {
    match verb {
        Verb::Opts => features.has_mlsd(),
        verb => features.has(verb.as_str()),
    }
}
