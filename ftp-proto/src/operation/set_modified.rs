//! Sets the time of modification, with the first command that the server knows.

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
/// MFMT comes first (draft-somers-ftp-mfxx), then MDTM with a time before the path, then SITE UTIME
/// with three times behind the path, then SITE UTIME with one time before it. The session remembers
/// the command that the server knows ([`Memory::touch`](super::Memory::touch)), and sends only that
/// from then on.
///
/// A server that does not know MDTM with a time takes time and path for one name, and answers 550
/// or the time of such a file. SITE UTIME follows in both cases. If no command works, the error is
/// the first one that does not say "unknown command": a missing file gives a 550.
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
    /// The command that is tried, and the ticket of its reply.
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

    /// The meaning of a reply: `None` for done, else the refusal that says most so far. An error is
    /// final.
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
        // A refusal of an unknown form of the argument says nothing about the file.
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

/// Servers answer 200, 213, 250 or 253. A 213 to MDTM with another time means that the server took
/// MDTM for a question.
fn is_success(way: Touch, reply: &Reply, time: &Timestamp) -> bool {
    let told = timestamp::decode(reply).ok();
    let is_another = told.is_some_and(|told| {
        told.unix_time().map(|(seconds, _)| seconds) != time.unix_time().map(|(seconds, _)| seconds)
    });
    let is_understood = reply.class() == Class::Completion && reply.code().get() != 202;
    is_understood && !(way == Touch::Mdtm && is_another)
}
