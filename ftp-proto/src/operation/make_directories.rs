//! Makes a directory with those above it.

use alloc::collections::VecDeque;
use core::task::{Poll, ready};

use crate::command::{Argument, Command, Verb};
use crate::error::{Error, ErrorKind};
use crate::reply::Reply;
use crate::session::Session;

use super::Operation;
use super::exchange::Exchange;
use super::visit::Visit;

/// Makes a directory, and the directories above it that are missing. One that exists is a success.
///
/// MKD of the whole path comes first, which is enough in most cases. If it is refused, every
/// directory on the way is made, from above, because no reply certainly tells that one exists. If
/// the last one is refused again, CWD shows whether it exists, unless PWD does not tell the way back.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::MakeDirectories;
///
/// let make = MakeDirectories::new(Argument::new("a/b/c")?);
/// # let _ = make;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct MakeDirectories {
    path: Argument,
    /// The directories to make, the next one first.
    ways: VecDeque<Argument>,
    step: Step,
}

#[derive(Debug)]
enum Step {
    First(Exchange<Reply>),
    Above(Exchange<Reply>),
    Last(Exchange<Reply>),
    Visit(Visit, Error),
}

impl MakeDirectories {
    /// At `path`.
    pub fn new(path: Argument) -> Self {
        Self {
            step: Step::First(make(path.clone())),
            ways: above(&path),
            path,
        }
    }

    fn next(&mut self) -> Step {
        match self.ways.pop_front() {
            Some(way) => Step::Above(make(way)),
            None => Step::Last(make(self.path.clone())),
        }
    }
}

impl Operation for MakeDirectories {
    type Output = ();

    /// # Errors
    /// The refusal of the last MKD, if the directory is not known to exist.
    fn poll(&mut self, session: &mut Session) -> Poll<Result<(), Error>> {
        loop {
            self.step = match &mut self.step {
                Step::First(make) => match ready!(make.poll(session)) {
                    Err(error) if is_refusal(&error) && !self.ways.is_empty() => self.next(),
                    Err(error) if is_refusal(&error) => visit(&self.path, error),
                    outcome => return Poll::Ready(outcome.map(drop)),
                },
                Step::Above(make) => match ready!(make.poll(session)) {
                    Err(error) if !is_refusal(&error) => return Poll::Ready(Err(error)),
                    _ => self.next(),
                },
                Step::Last(make) => match ready!(make.poll(session)) {
                    Err(error) if is_refusal(&error) => visit(&self.path, error),
                    outcome => return Poll::Ready(outcome.map(drop)),
                },
                Step::Visit(visit, refusal) => {
                    return Poll::Ready(match ready!(visit.poll(session)) {
                        Ok(true) => Ok(()),
                        Err(error) if !is_refusal(&error) => Err(error),
                        // It cannot be entered, or nobody could look.
                        Ok(false) | Err(_) => Err(refusal.clone()),
                    });
                }
            };
        }
    }
}

const fn make(path: Argument) -> Exchange<Reply> {
    Exchange::complete(Command::new(Verb::Mkd, path))
}

fn visit(path: &Argument, refusal: Error) -> Step {
    Step::Visit(Visit::new(path.clone()), refusal)
}

fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused(_)) && !error.is_fatal()
}

/// The paths of the directories above, the outermost first.
fn above(path: &Argument) -> VecDeque<Argument> {
    let bytes = path.as_bytes();
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let parts = slashes.filter_map(|(at, _)| bytes.get(..at));
    let parts = parts.filter(|part| !part.is_empty() && !part.ends_with(b"/"));
    parts.filter_map(|part| Argument::new(part).ok()).collect()
}
