//! Checks whether a directory exists.

use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::Error;
use crate::pathname::Pathname;
use crate::reply::Reply;
use crate::session::Session;

use super::Operation;
use super::exchange::Exchange;

/// Enters a directory, to see whether it exists, and returns. If the way back is unknown, it does
/// not enter.
#[derive(Debug)]
pub(super) struct Visit {
    path: Argument,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Ask(Exchange<Pathname>),
    /// On the way in, with the way back.
    Enter(Exchange<Reply>, Argument),
    Return(Exchange<Reply>),
}

impl Visit {
    pub(super) const fn new(path: Argument) -> Self {
        Self {
            path,
            step: Step::Ask(Exchange::working_directory()),
        }
    }
}

impl Operation for Visit {
    /// Whether the directory was entered: `false` if the way back is unknown.
    type Output = bool;

    /// An error says that the directory could not be entered, or that the way back failed.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<bool, Error>> {
        loop {
            self.step = match &mut self.step {
                Step::Ask(ask) => match ready!(ask.poll(session)) {
                    Ok(path) => match Argument::new(path) {
                        Ok(back) => Step::Enter(change_to(self.path.clone()), back),
                        Err(_) => return Poll::Ready(Ok(false)),
                    },
                    Err(error) if error.is_fatal() => return Poll::Ready(Err(error)),
                    Err(_) => return Poll::Ready(Ok(false)),
                },
                Step::Enter(enter, back) => {
                    ready!(enter.poll(session))?;
                    Step::Return(change_to(back.clone()))
                }
                Step::Return(leave) => return leave.poll(session).map_ok(|_| true),
            }
        }
    }
}

const fn change_to(path: Argument) -> Exchange<Reply> {
    Exchange::complete(Command::new(Verb::Cwd, path))
}
