//! A directory, by the best way that the server knows.

use alloc::boxed::Box;
use core::task::{Poll, ready};

use crate::action::Failure;
use crate::command::{Argument, ArgumentError, Command, Verb};
use crate::error::{Error, ErrorKind, Violation};
use crate::reply::{Class, Reply, ReplyCode};
use crate::session::{Rung, Session, Ticket};
use crate::time::Reason;
use crate::transfer::Transfer;
use crate::verdict::{Completed, Interruption};

use super::Operation;
use super::features::AskFeatures;
use super::payload::Payload;
use super::visit::Visit;

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
        let text = self.status.as_deref().map_or(&b""[..], Reply::text);
        let inner = match (memchr::memchr(b'\n', text), memchr::memrchr(b'\n', text)) {
            (Some(first), Some(last)) => text.get(first.saturating_add(1)..last),
            _ => None,
        };
        inner
            .into_iter()
            .flat_map(|lines| lines.split(|&byte| byte == b'\n'))
    }

    /// Whether the listing came as a reply that exceeds the [`Limits`](crate::reply::Limits): entries are missing.
    pub fn is_truncated(&self) -> bool {
        self.status.as_deref().is_some_and(Reply::is_truncated)
    }

    fn is_empty(&self) -> bool {
        let nothing_moved = self.completed.as_ref().is_none_or(|it| it.bytes == 0);
        nothing_moved && self.status_lines().next().is_none()
    }
}

/// Lists a directory: MLSD where FEAT offers it, else `LIST -a`, LIST and STAT, whichever works first. The session
/// remembers what worked, until TLS begins or REIN. FEAT is sent if it was not answered before.
///
/// The next rung is tried only as long as nothing was received, so that no entry comes from a rung that failed:
///
/// * from MLSD to `LIST -a` when the command is not implemented (500, 502, 504);
/// * from `LIST -a` to LIST when it is refused, or brings not a single byte: some servers take `-a` for a name;
/// * from LIST to STAT when it is not implemented, and from everywhere to STAT when no data connection comes about.
///
/// Everything else is an error, that of the rung which knew the directory best: a refusal to MLSD is final, LIST's
/// counts more than that of `LIST -a`, and where STAT is not implemented, it is told why there was no data connection.
///
/// A missing directory is an error everywhere. Some servers (vsftpd) list one as empty. So when nothing at all comes of a
/// LIST with a path, PWD and CWD show whether the directory is there, and another CWD leads back.
///
/// A path that begins with a hyphen goes out with `./` in front, lest it be taken for an option (a directory called
/// `-R`). Paths with blanks and wildcards go out as they are: what servers make of them in LIST differs, and entering the
/// directory first avoids it.
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
    /// Why STAT is tried.
    unopened: Option<Error>,
}

#[derive(Debug)]
enum Step {
    Features(AskFeatures),
    Try(Rung),
    Moving(Rung, Payload),
    Status(Ticket),
    /// Nothing was listed: is there something that could be?
    Visit(Option<Visit>, Listed),
}

impl List {
    /// Of the given directory, or of the working directory.
    pub fn new(path: Option<Argument>) -> Self {
        Self {
            path,
            step: Step::Features(AskFeatures::new()),
            unopened: None,
        }
    }

    /// The way that is being tried now: what is received comes this way.
    pub const fn rung(&self) -> Option<Rung> {
        match &self.step {
            Step::Features(_) => None,
            Step::Try(rung) | Step::Moving(rung, _) => Some(*rung),
            Step::Status(_) => Some(Rung::Status),
            Step::Visit(_, listed) => Some(listed.rung),
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
        let sent = match rung {
            Rung::MachineList => Ok(Transfer::machine_list(self.path.clone())),
            Rung::ListAll => argument("-a ", self.path.as_ref()).map(Transfer::list),
            Rung::List => argument("", self.path.as_ref()).map(Transfer::list),
            Rung::Status => {
                // Without a path STAT tells of the server, not of a directory.
                let path = argument("", self.path.as_ref())
                    .map(|path| path.unwrap_or_else(|| Argument::trusted(".")))
                    .map_err(|error| session.error(error, Verb::Stat))?;
                return session
                    .send(Command::new(Verb::Stat, path))
                    .map(Step::Status);
            }
        };
        let transfer = sent.map_err(|error| session.error(error, Verb::List))?;
        Ok(Step::Moving(rung, Payload::new(transfer)))
    }

    /// What follows from the end of a transfer.
    fn after(&mut self, rung: Rung, outcome: Result<Completed, Error>) -> Result<Step, Error> {
        if let Some(next) = next_rung(rung, &outcome) {
            if next == Rung::Status {
                self.unopened = outcome.err();
            }
            return Ok(Step::Try(next));
        }
        let listed = Listed {
            rung,
            completed: Some(outcome?),
            status: None,
        };
        Ok(self.look_into(listed))
    }

    /// What follows from the reply to STAT.
    fn status(&mut self, outcome: Result<Reply, Error>) -> Result<Step, Error> {
        match (outcome, self.unopened.take()) {
            (Err(error), Some(earlier)) if is_not_done_here(&error) => {
                Err(earlier.with_after(error.after()))
            }
            (Err(error), _) => Err(error),
            (Ok(reply), _) => {
                let listed = Listed {
                    rung: Rung::Status,
                    completed: None,
                    status: Some(Box::new(reply)),
                };
                Ok(self.look_into(listed))
            }
        }
    }

    fn look_into(&self, listed: Listed) -> Step {
        // MLSD has a way to say that a directory is missing.
        let path = match listed.rung {
            Rung::MachineList => None,
            _ => self.path.clone(),
        };
        let visit = path.filter(|_| listed.is_empty()).map(Visit::new);
        Step::Visit(visit, listed)
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
                    self.after(rung, outcome)?
                }
                Step::Status(ticket) => {
                    let outcome = ready!(session.poll_class(*ticket, Class::Completion));
                    self.status(outcome)?
                }
                Step::Visit(visit, listed) => {
                    if let Some(visit) = visit {
                        ready!(visit.poll(session))?;
                    }
                    // An empty listing shows nothing about the way it came.
                    if !listed.is_empty() {
                        session.remember_listing_rung(listed.rung);
                    }
                    return Poll::Ready(Ok(listed.clone()));
                }
            }
        }
    }
}

/// The way to try after this one, if its outcome says that another may do better.
fn next_rung(rung: Rung, outcome: &Result<Completed, Error>) -> Option<Rung> {
    match (rung, outcome) {
        (_, Err(error)) if error.is_fatal() => None,
        (_, Err(error)) if has_no_data_connection(error) => Some(Rung::Status),
        (Rung::MachineList, Err(error)) if is_not_done_here(error) => Some(Rung::ListAll),
        (Rung::ListAll, Ok(completed)) if completed.bytes == 0 => Some(Rung::List),
        (Rung::ListAll, Err(error)) if is_refused_outright(error) => Some(Rung::List),
        (Rung::List, Err(error)) if is_not_done_here(error) => Some(Rung::Status),
        _ => None,
    }
}

/// 501 is not among them: pyftpdlib answers it to MLSD of what is no directory.
fn is_not_done_here(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused(reply) if matches!(reply.code().get(), 500 | 502 | 504))
}

/// Refused before anything moved.
fn is_refused_outright(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Refused(_) => error.verb() == Some(Verb::List),
        ErrorKind::Interrupted(interrupted) => {
            interrupted.bytes == 0 && interrupted.cause == Interruption::Reply
        }
        _ => false,
    }
}

fn has_no_data_connection(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Refused(reply) => {
            reply.code() == ReplyCode::CANNOT_OPEN_DATA
                || matches!(
                    error.verb(),
                    Some(Verb::Epsv | Verb::Pasv | Verb::Eprt | Verb::Port)
                )
        }
        ErrorKind::Violation(violation) => matches!(violation, Violation::Address(_)),
        ErrorKind::Interrupted(interrupted) if interrupted.bytes == 0 => match interrupted.cause {
            // That a protected connection fails is not to be got around in silence.
            Interruption::Data(failure) => failure != Failure::Tls,
            Interruption::NoData | Interruption::Timeout(Reason::DataOpen) => true,
            Interruption::Reply => {
                let code = interrupted.reply.as_ref().map(|reply| reply.code());
                code == Some(ReplyCode::CANNOT_OPEN_DATA)
            }
            _ => false,
        },
        _ => false,
    }
}

/// The argument of a command that goes to a server's `ls`.
fn argument(option: &str, path: Option<&Argument>) -> Result<Option<Argument>, ArgumentError> {
    let path = path.map_or(&b""[..], Argument::as_bytes);
    let here: &[u8] = if path.starts_with(b"-") { b"./" } else { b"" };
    let whole = [option.as_bytes(), here, path].concat();
    match whole.trim_ascii_end() {
        [] => Ok(None),
        _ if path.is_empty() => Argument::new(option.trim_end()).map(Some),
        _ => Argument::new(whole).map(Some),
    }
}
