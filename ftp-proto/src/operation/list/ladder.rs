//! The ladder of listing commands: a pure function of a rung and its outcome.

use crate::action::Failure;
use crate::command::Verb;
use crate::error::{Error, ErrorKind};
use crate::operation::rung::Rung;
use crate::reply::{Reply, ReplyCode};
use crate::time::Reason;
use crate::verdict::{Completed, Interruption};
use crate::violation::Violation;

/// Whether a listing command names the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// It does: the directory may be missing.
    Yes,
    /// It lists the working directory, which exists.
    No,
}

/// The rung after `rung`, if the outcome says that another may do better.
pub(super) fn next(rung: Rung, named: Named, outcome: &Result<Completed, Error>) -> Option<Rung> {
    let error = match (rung, outcome) {
        (Rung::ListAll, Ok(completed)) if completed.bytes == 0 => return Some(Rung::List),
        (_, Ok(_)) => return None,
        (_, Err(error)) => error,
    };
    if error.is_fatal() {
        return None;
    }
    if has_no_data_connection(error) {
        return Some(Rung::Status);
    }
    match rung {
        Rung::MachineList if is_not_done_here(error) => Some(by_list(named)),
        Rung::MachineList if named == Named::No && is_broken(error) => Some(by_list(named)),
        Rung::ListAll if refusal(error).is_some() => Some(Rung::List),
        Rung::List if is_not_done_here(error) => Some(Rung::Status),
        _ => None,
    }
}

/// The rung that LIST begins at. With a path there is no `-a`: a server that takes one word for the
/// path would list another directory, and nothing would show it.
pub(super) const fn by_list(named: Named) -> Rung {
    match named {
        Named::Yes => Rung::List,
        Named::No => Rung::ListAll,
    }
}

/// The command is not implemented. 501 is not among the codes: pyftpdlib answers it to the MLSD of
/// what is not a directory.
pub(super) fn is_not_done_here(error: &Error) -> bool {
    let ErrorKind::Refused(reply) = error.kind() else {
        return false;
    };
    matches!(reply.code().get(), 500 | 502 | 504)
}

/// Whether this refuses an MLSD without argument although the server offers MLSD (MinimalFTP 501,
/// ftpserverlib and ftpsrv 550). Nothing was named that could be missing. What is about the login
/// or protection (530 to 537) is final.
fn is_broken(error: &Error) -> bool {
    refusal(error).is_some_and(|reply| {
        matches!(reply.code().get(), 500..=599) && !matches!(reply.code().get(), 530..=539)
    })
}

/// The reply by which a server refuses a LIST or NLST without argument because the working
/// directory is empty.
pub(in crate::operation) fn told_empty(error: &Error) -> Option<&Reply> {
    refusal(error).filter(|reply| match reply.code().get() {
        450 => true,
        550 => says_no_files(reply.text()),
        _ => false,
    })
}

/// Whether the text is `No files found` or similar. `No such file or directory` is not.
fn says_no_files(text: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [
        b"no files",
        b"no entries",
        b"no members",
        b"no data sets",
        b"is empty",
        b"empty directory",
    ];
    let text = text.to_ascii_lowercase();
    let holds = |words: &[u8]| text.windows(words.len()).any(|window| window == words);
    WORDS.into_iter().any(holds)
}

/// The reply that refused a listing command before anything moved.
fn refusal(error: &Error) -> Option<&Reply> {
    match error.kind() {
        ErrorKind::Refused(reply) => {
            let lists = matches!(error.verb(), Some(Verb::Mlsd | Verb::List | Verb::Nlst));
            lists.then_some(reply)
        }
        ErrorKind::Interrupted(interrupted) => interrupted
            .reply
            .as_deref()
            .filter(|_| interrupted.bytes == 0 && interrupted.cause == Interruption::Reply),
        _ => None,
    }
}

pub(super) fn has_no_data_connection(error: &Error) -> bool {
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
            // A failed protected connection must not be bypassed silently.
            Interruption::Data(failure) => !matches!(failure, Failure::Tls | Failure::TlsTimedOut),
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

#[cfg(test)]
mod tests;
