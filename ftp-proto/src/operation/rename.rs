//! RNFR, RNTO.

use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::Error;
use crate::reply::Class;
use crate::session::{Session, Ticket};

use super::Operation;

/// Renames a file or directory: RNFR, which must be answered 3xx, then RNTO. With
/// [`Config::eager`](crate::Config::eager) both are sent together.
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct Rename {
    from: Argument,
    to: Argument,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    From(Ticket),
    /// RNFR and RNTO were sent together.
    Both(Ticket, Ticket),
    To(Ticket),
}

impl Rename {
    /// Renames `from` to `to`.
    pub const fn new(from: Argument, to: Argument) -> Self {
        Self {
            from,
            to,
            step: Step::Start,
        }
    }
}

impl Rename {
    fn start(&self, session: &mut Session) -> Result<Step, Error> {
        let from = session.request(Command::new(Verb::Rnfr, self.from.clone()))?;
        if !session.config().eager {
            return Ok(Step::From(from));
        }
        let to = session.request(Command::new(Verb::Rnto, self.to.clone()))?;
        Ok(Step::Both(from, to))
    }
}

impl Operation for Rename {
    type Output = ();

    fn poll(&mut self, session: &mut Session) -> Poll<Result<(), Error>> {
        loop {
            self.step = match self.step {
                Step::Start => self.start(session)?,
                Step::Both(from, to) => {
                    let answered = ready!(session.poll_class(from, Class::Intermediate));
                    if answered.is_err() {
                        session.discard(to);
                    }
                    answered?;
                    Step::To(to)
                }
                Step::From(ticket) => {
                    ready!(session.poll_class(ticket, Class::Intermediate))?;
                    Step::To(session.request(Command::new(Verb::Rnto, self.to.clone()))?)
                }
                Step::To(ticket) => {
                    return session.poll_class(ticket, Class::Completion).map_ok(drop);
                }
            }
        }
    }
}
