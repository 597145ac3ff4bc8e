//! CWD, CDUP.

use core::task::{Poll, ready};

use crate::command::{Argument, ArgumentError, Command, Verb};
use crate::error::Error;
use crate::reply::{Class, ReplyCode};
use crate::session::{Session, Ticket};

use super::Operation;

/// Changes the working directory.
///
/// `..` goes out as CDUP, and as `CWD ..` where the server does not know CDUP (500). An empty path goes out as
/// `CWD .`. Both as the original ftplib does.
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct ChangeDirectory {
    path: Argument,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    Up(Ticket),
    Change,
    Changed(Ticket),
}

impl ChangeDirectory {
    /// To `path`.
    ///
    /// # Errors
    /// The path cannot be an argument.
    pub fn new(path: impl AsRef<[u8]>) -> Result<Self, ArgumentError> {
        let path = match path.as_ref() {
            [] => Argument::trusted("."),
            path => Argument::new(path)?,
        };
        Ok(Self {
            path,
            step: Step::Start,
        })
    }
}

impl Operation for ChangeDirectory {
    type Output = ();

    fn poll(&mut self, session: &mut Session) -> Poll<Result<(), Error>> {
        loop {
            self.step = match self.step {
                Step::Start if self.path.as_bytes() == b".." => {
                    Step::Up(session.request(Command::bare(Verb::Cdup))?)
                }
                Step::Start | Step::Change => {
                    Step::Changed(session.request(Command::new(Verb::Cwd, self.path.clone()))?)
                }
                Step::Up(ticket) => {
                    let reply = ready!(session.poll_reply(ticket))?;
                    match reply.code() {
                        ReplyCode::NOT_UNDERSTOOD => Step::Change,
                        _ if reply.is_positive() => return Poll::Ready(Ok(())),
                        _ => return Poll::Ready(Err(session.unwelcome(reply, Verb::Cdup))),
                    }
                }
                Step::Changed(ticket) => {
                    return session.poll_class(ticket, Class::Completion).map_ok(drop);
                }
            }
        }
    }
}
