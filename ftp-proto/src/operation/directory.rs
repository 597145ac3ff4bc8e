//! CWD, CDUP, MKD.

use core::task::{Poll, ready};

use crate::command::{Argument, ArgumentError, Command, Verb};
use crate::error::Error;
use crate::pathname::Pathname;
use crate::reply::{Class, Reply, ReplyCode};
use crate::session::{Session, Ticket};

use super::Operation;
use super::exchange::{self, Exchange};

/// Changes the working directory.
///
/// `..` is sent as CDUP, and as `CWD ..` if the server does not know CDUP (500). An empty path is
/// sent as `CWD .`. The original ftplib does the same.
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

/// Makes a directory with MKD; yields its path if the server certainly tells it.
///
/// A 257 tells the path in quotes (RFC 959, appendix II). Some servers quote the name as they got
/// it, and busybox answers `257 "Operation successful"`. So the quoted text counts only if it
/// begins with a slash or names the requested directory. Otherwise, and with any other 2xx, the
/// directory is made and the result has no path.
///
/// ```
/// use ftp_proto::Argument;
/// use ftp_proto::operation::MakeDirectory;
///
/// let make = MakeDirectory::new(Argument::new("new")?);
/// # let _ = make;
/// # Ok::<(), ftp_proto::ArgumentError>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct MakeDirectory {
    path: Argument,
    make: Exchange<Reply>,
}

impl MakeDirectory {
    /// At `path`.
    pub fn new(path: Argument) -> Self {
        let make = Exchange::complete(Command::new(Verb::Mkd, path.clone()));
        Self { path, make }
    }
}

impl Operation for MakeDirectory {
    type Output = Option<Pathname>;

    fn poll(&mut self, session: &mut Session) -> Poll<Result<Self::Output, Error>> {
        let reply = ready!(self.make.poll(session))?;
        let told = exchange::path(reply, session).ok();
        let is_it = |told: &Pathname| is_path_of(told.as_bytes(), self.path.as_bytes());
        Poll::Ready(Ok(told.filter(is_it)))
    }
}

/// Whether `told` is certainly the path of the requested directory: it is absolute, or holds the
/// name between separators, as in `C:\pub\new`, `DISK:[PUB.NEW]` and `'DEPT7.NEW.'`. A quote in the
/// name may have ended the path too early, so an absolute path has to hold such a name as well.
fn is_path_of(told: &[u8], asked: &[u8]) -> bool {
    let mut parts = asked.rsplit(|byte| *byte == b'/');
    let last = parts.find(|part| !part.is_empty()).unwrap_or(asked);
    let is_mark = |byte: Option<&u8>| byte.is_none_or(|byte| b"/\\:.[]'".contains(byte));
    let stands_at = |(start, window): (usize, &[u8])| {
        let before = start.checked_sub(1).and_then(|at| told.get(at));
        let after = told.get(start.saturating_add(last.len()));
        window.eq_ignore_ascii_case(last) && is_mark(before) && is_mark(after)
    };
    let is_absolute = told.starts_with(b"/") && !last.contains(&b'"');
    is_absolute || told.windows(last.len().max(1)).enumerate().any(stands_at)
}
