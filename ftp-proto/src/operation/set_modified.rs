//! The time of modification, by the first command that the server knows for it.

use alloc::format;
use alloc::vec::Vec;
use core::task::{Poll, ready};

use crate::command::{Argument, ArgumentError, Command};
use crate::error::{Error, Misuse};
use crate::reply::{Class, Reply};
use crate::session::{Session, Ticket};
use crate::timestamp::{self, Timestamp};

use super::Operation;
use super::touch::Touch;

/// Sets the modification time of a file, in whole seconds of UTC.
///
/// MFMT comes first (draft-somers-ftp-mfxx), then MDTM with a time before the path, then SITE UTIME with three times
/// behind the path, then SITE UTIME with one time before it. The session remembers which of them the server knows
/// ([`Memory::touch`](super::Memory::touch)), and sends nothing else from then on.
///
/// A server that does not know MDTM with a time looks for a file by the name of both (550), or answers with a time of
/// such a file. Both lead on to SITE UTIME. If no command works, the error is that of the first which the server did not
/// call unknown: a missing file is a 550.
///
/// ```
/// use ftp_proto::{Argument, operation::SetModified, timestamp::Timestamp};
///
/// let time = Timestamp::from_unix_time(1_615_558_516)?;
/// let touch = SetModified::new(Argument::new("image.iso")?, time); // MFMT 20210312141516 image.iso
/// # let _ = touch;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "an operation does nothing until it is run"]
pub struct SetModified {
    path: Argument,
    time: Timestamp,
    /// The way that is tried, and the reply that is awaited.
    sent: Option<(Touch, Ticket)>,
    /// The refusal that says most so far.
    refused: Option<Error>,
}

impl SetModified {
    /// Of the file at `path`. A fraction of a second in `time` is left out.
    pub const fn new(path: Argument, time: Timestamp) -> Self {
        Self {
            path,
            time,
            sent: None,
            refused: None,
        }
    }

    fn send(&mut self, way: Touch, session: &mut Session) -> Result<(), Error> {
        let Some(time) = self.time.time_val() else {
            return Err(session.error(Misuse::UnknownZone, way.verb()));
        };
        let mut time = format!("{time}");
        time.truncate("YYYYMMDDHHMMSS".len());
        let command =
            command(way, &time, &self.path).map_err(|error| session.error(error, way.verb()))?;
        self.sent = Some((way, session.request(command)?));
        Ok(())
    }

    /// What a reply says: `None` for done, else the refusal that says most so far. An error is final.
    fn judge(
        &mut self,
        way: Touch,
        reply: Reply,
        session: &mut Session,
    ) -> Result<Option<Error>, Error> {
        if is_success(way, &reply, &self.time) {
            session.memory_mut().touch = Some(way);
            return Ok(None);
        }
        let is_known = session.memory().touch == Some(way);
        let unknown = is_unknown(&reply);
        // What the server made of an argument in a form that it does not know says nothing about the file.
        let misread = way != Touch::Mfmt && !is_transient(&reply) && !is_known;
        let error = session.unwelcome(reply, way.verb());
        if !unknown && !misread {
            return Err(error);
        }
        Ok(Some(match self.refused.take() {
            Some(earlier) if unknown || !earlier.reply().is_some_and(is_unknown) => earlier,
            _ => error,
        }))
    }
}

impl Operation for SetModified {
    type Output = ();

    fn poll(&mut self, session: &mut Session) -> Poll<Result<(), Error>> {
        loop {
            let Some((way, ticket)) = self.sent else {
                let first = session.memory().touch.unwrap_or(Touch::Mfmt);
                self.send(first, session)?;
                continue;
            };
            let reply = ready!(session.poll_reply(ticket))?;
            let Some(refused) = self.judge(way, reply, session)? else {
                return Poll::Ready(Ok(()));
            };
            let Some(next) = way.next() else {
                let (kind, verb) = (refused.kind().clone(), refused.verb());
                return Poll::Ready(Err(session.error(kind, verb)));
            };
            self.refused = Some(refused);
            self.send(next, session)?;
        }
    }
}

/// The server does not know the command, or not in this form.
fn is_unknown(reply: &Reply) -> bool {
    matches!(reply.code().get(), 202 | 500..=504)
}

fn is_transient(reply: &Reply) -> bool {
    reply.class() == Class::TransientNegative
}

fn command(way: Touch, time: &str, path: &Argument) -> Result<Command, ArgumentError> {
    let time = time.as_bytes();
    let words: Vec<&[u8]> = match way {
        Touch::Mfmt | Touch::Mdtm => [time, path.as_bytes()].into(),
        Touch::SiteThree => [b"UTIME", path.as_bytes(), time, time, time, b"UTC"].into(),
        Touch::SiteOne => [b"UTIME", time, path.as_bytes()].into(),
    };
    Ok(Command::new(way.verb(), Argument::new(words.join(&b' '))?))
}

/// Servers answer 200, 213, 250 or 253. A 213 to MDTM that holds another time answers a question that was not asked.
fn is_success(way: Touch, reply: &Reply, time: &Timestamp) -> bool {
    let told = timestamp::decode(reply).ok();
    let is_another = told.is_some_and(|told| {
        told.unix_time().map(|(seconds, _)| seconds) != time.unix_time().map(|(seconds, _)| seconds)
    });
    let is_understood = reply.class() == Class::Completion && reply.code().get() != 202;
    is_understood && !(way == Touch::Mdtm && is_another)
}
