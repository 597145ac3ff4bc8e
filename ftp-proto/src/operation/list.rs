//! A directory, by the best way that the server knows.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use crate::command::{Argument, ArgumentError, COMMAND_BYTES_MAX, Command, Verb};
use crate::error::{Error, ErrorKind, Interruption};
use crate::reply::{Class, Reply};
use crate::session::{Rung, Session, Ticket};
use crate::time::Reason;
use crate::transfer::Transfer;
use crate::verdict::Completed;

use super::Operation;
use super::features::AskFeatures;
use super::payload::Payload;

/// A listing that has come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Listed {
    /// The way it came.
    pub rung: Rung,
    /// The transfer's verdict; `None` when it came as a reply.
    pub completed: Option<Completed>,
    /// The reply that holds the listing, for [`Rung::Status`]: every line but the first and the last.
    pub status: Option<Box<Reply>>,
}

impl Listed {
    /// The lines of a listing that came as a reply.
    pub fn status_lines(&self) -> impl Iterator<Item = &[u8]> {
        let lines: Vec<&[u8]> = self.status.iter().flat_map(|reply| reply.lines()).collect();
        let inner = 1..lines.len().saturating_sub(1);
        inner.filter_map(move |index| lines.get(index).copied())
    }
}

/// Lists a directory: MLSD where FEAT offers it, else `LIST -a`, LIST and STAT, whichever works first. The session
/// remembers what worked.
///
/// The next rung is tried only as long as nothing was received: after a refusal of the command, after a listing
/// without a single byte (some servers take `-a` for a name), and from LIST to STAT when no data connection can be
/// made. FEAT is sent if it was not answered before.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::List;
///
/// let here = List::new(None);
/// let there = List::new(Some(Argument::new("pub")?));
/// # let _ = (here, there);
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct List {
    path: Option<Argument>,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Features(AskFeatures),
    Try(Rung),
    Moving(Rung, Payload),
    Status(Ticket),
}

impl List {
    /// Of the given directory, or of the working directory.
    pub fn new(path: Option<Argument>) -> Self {
        Self {
            path,
            step: Step::Features(AskFeatures::new()),
        }
    }

    /// The way that is being tried now: what is received comes this way.
    pub const fn rung(&self) -> Option<Rung> {
        match &self.step {
            Step::Features(_) => None,
            Step::Try(rung) | Step::Moving(rung, _) => Some(*rung),
            Step::Status(_) => Some(Rung::Status),
        }
    }

    fn first_rung(session: &Session) -> Rung {
        let offered = session
            .features()
            .is_some_and(crate::features::Features::has_mlsd);
        match session.listing_rung() {
            Some(worked) => worked,
            None if offered => Rung::MachineList,
            None => Rung::ListAll,
        }
    }

    fn begin(&self, rung: Rung, session: &mut Session) -> Result<Step, Error> {
        let transfer = match rung {
            Rung::MachineList => Transfer::machine_list(self.path.clone()),
            Rung::ListAll => match with_option(self.path.as_ref()) {
                Ok(argument) => Transfer::list(Some(argument)),
                Err(error) => return Err(session.error(error, Verb::List)),
            },
            Rung::List => Transfer::list(self.path.clone()),
            Rung::Status => {
                // Without a path STAT tells of the server, not of a directory.
                let path = self.path.clone().unwrap_or_else(|| Argument::trusted("."));
                return session
                    .send(Command::new(Verb::Stat, path))
                    .map(Step::Status);
            }
        };
        Ok(Step::Moving(rung, Payload::new(transfer)))
    }
}

impl Operation for List {
    type Output = Listed;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Listed, Error>> {
        loop {
            self.step = match &mut self.step {
                Step::Features(ask) => {
                    ready!(ask.poll(session))?;
                    Step::Try(Self::first_rung(session))
                }
                Step::Try(rung) => {
                    let rung = *rung;
                    self.begin(rung, session)?
                }
                Step::Moving(rung, payload) => {
                    let rung = *rung;
                    let outcome = ready!(payload.poll(session));
                    match next_rung(rung, &outcome) {
                        Some(next) => Step::Try(next),
                        None => return Poll::Ready(finish(rung, outcome?, session)),
                    }
                }
                Step::Status(ticket) => {
                    let reply = ready!(session.poll_class(*ticket, Class::Completion))?;
                    session.remember_listing_rung(Rung::Status);
                    let status = Some(Box::new(reply));
                    return Poll::Ready(Ok(Listed {
                        rung: Rung::Status,
                        completed: None,
                        status,
                    }));
                }
            }
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is the operation's result")]
fn finish(rung: Rung, completed: Completed, session: &mut Session) -> Result<Listed, Error> {
    // An empty listing shows nothing about the way it came.
    if completed.bytes > 0 {
        session.remember_listing_rung(rung);
    }
    Ok(Listed {
        rung,
        completed: Some(completed),
        status: None,
    })
}

/// The way to try after this one, if its outcome says that another may do better.
fn next_rung(rung: Rung, outcome: &Result<Completed, Error>) -> Option<Rung> {
    match (rung, outcome) {
        (Rung::MachineList, Err(error)) if is_not_done_here(error) => Some(Rung::ListAll),
        (Rung::ListAll, Ok(completed)) if completed.bytes == 0 => Some(Rung::List),
        (Rung::ListAll, Err(error)) if !error.is_fatal() && moved_nothing(error) => {
            Some(Rung::List)
        }
        (Rung::List, Err(error)) if !error.is_fatal() && has_no_data_connection(error) => {
            Some(Rung::Status)
        }
        _ => None,
    }
}

fn is_not_done_here(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused(reply) if matches!(reply.code().get(), 500 | 501 | 502 | 504))
}

/// Refused before anything moved, and not for want of a data connection.
fn moved_nothing(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Refused(_) => error.verb() == Verb::List,
        ErrorKind::Interrupted(interrupted) => {
            interrupted.bytes == 0 && interrupted.cause == Interruption::Reply
        }
        _ => false,
    }
}

fn has_no_data_connection(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Refused(reply) => {
            matches!(reply.code().get(), 425 | 502) || error.verb() != Verb::List
        }
        ErrorKind::Interrupted(interrupted) => {
            let not_opened = matches!(
                interrupted.cause,
                Interruption::Data(_)
                    | Interruption::NoData
                    | Interruption::Timeout(Reason::DataOpen)
            );
            not_opened && interrupted.bytes == 0
        }
        _ => false,
    }
}

fn with_option(path: Option<&Argument>) -> Result<Argument, ArgumentError> {
    let Some(path) = path else {
        return Ok(Argument::trusted("-a"));
    };
    let mut argument = Vec::with_capacity(
        path.as_bytes()
            .len()
            .saturating_add(3)
            .min(COMMAND_BYTES_MAX),
    );
    argument.extend_from_slice(b"-a ");
    argument.extend_from_slice(path.as_bytes());
    Argument::new(argument)
}
