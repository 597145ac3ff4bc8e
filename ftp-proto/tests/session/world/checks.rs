//! What has to hold in a world, beyond what [`Watch`](ftp_testkit::Watch) sees: whose the replies
//! are, what moved, and whether what the session believes of the server is true.

use std::task::Poll;

use ftp_proto::{
    Completed, Direction, End, Error, ErrorKind, Misuse, Reply, ReplyCode, Representation, State,
    Ticket, Transfer, TransferId, Verb,
};
use ftp_testkit::testing::Peer;
use ftp_testkit::{Broken, Watch};

use super::{FILE, Outcome, PASSWORD, Want, World};

impl World {
    /// After every step.
    pub(super) fn holds(&self) -> Result<(), Broken> {
        if let Some((_, transfer, _)) = self.app.begun.first() {
            self.payload_is_right(transfer)?;
        }
        if self.session.state() == State::Usable {
            self.beliefs_are_true()?;
        }
        Ok(())
    }

    // -- replies ----------------------------------------------------------------------------------

    /// The number of the command on this line, as the server counts.
    fn serial(&self, line: &str) -> Option<u32> {
        let mut log = self.server.log().iter();
        log.find(|received| received.line == line.as_bytes())
            .map(|received| received.serial)
    }

    /// The number of the latest command with this verb.
    fn latest(&self, verb: Verb) -> Option<u32> {
        let mut log = self.server.log().iter().rev();
        log.find(|received| {
            let mut words = received.line.split(|byte| *byte == b' ');
            words.next() == Some(verb.as_str().as_bytes())
        })
        .map(|received| received.serial)
    }

    fn is_written(&self, line: &str) -> bool {
        let mut lines = self.written.split_inclusive(|byte| *byte == b'\n');
        let whole = format!("{line}\r\n");
        line.is_empty() || lines.any(|written| written == whole.as_bytes())
    }

    /// What was just read answers nothing that was not written by then.
    pub(super) fn nothing_unwritten_is_answered(&self) -> Result<(), Broken> {
        for (ticket, line) in &self.app.tickets {
            if self.is_written(line) {
                continue;
            }
            if let Poll::Ready(Ok(reply)) = self.session.clone().poll_reply(*ticket) {
                return Err(format!("{reply} answers {line:?}, which was not written"));
            }
        }
        Ok(())
    }

    /// An answer comes once, and is the answer to that command.
    pub(super) fn check_reply(
        &self,
        ticket: Ticket,
        line: &str,
        result: &Result<Reply, Error>,
    ) -> Result<(), Broken> {
        is_spent(self.session.clone().poll_reply(ticket))?;
        let reply = match result {
            Ok(reply) => reply,
            Err(error) => return Watch::failed(&self.session, error),
        };
        let serial = if line.is_empty() {
            Some(0)
        } else {
            self.serial(line)
        };
        if !self.numbered || may_come_at_any_time(reply) {
            return Ok(());
        }
        let Some(serial) = serial else {
            return Err(format!("{reply} answers {line}, which nobody has read"));
        };
        let mark = reply.preliminary();
        check_serial(reply, serial)?;
        mark.map_or(Ok(()), |mark| check_serial(mark, serial))
    }

    // -- transfers --------------------------------------------------------------------------------

    /// A verdict comes once, with the replies of that transfer and the bytes that were reported.
    pub(super) fn check_verdict(
        &self,
        id: TransferId,
        transfer: &Transfer,
        upload: &[u8],
        result: &Result<Completed, Error>,
    ) -> Result<(), Broken> {
        self.payload_is_right(transfer)?;
        is_spent(self.session.clone().poll_transfer(id))?;
        self.watch.judged(&self.session, id, result)?;
        let line = transfer.command().to_string();
        match result {
            Err(error) => self.check_failure(error, &line),
            Ok(_) if !self.is_written(&line) => Err("success before the command".into()),
            Ok(completed) => {
                self.check_success_replies(completed, &line)?;
                self.check_success(completed, transfer, upload)
            }
        }
    }

    /// The reply that goes with an error answers the command at which it happened.
    fn check_failure(&self, error: &Error, line: &str) -> Result<(), Broken> {
        let Some(reply) = error.reply().filter(|_| self.numbered) else {
            return Ok(());
        };
        if may_come_at_any_time(reply) {
            return Ok(());
        }
        let Some(verb) = error.verb() else {
            return Err(format!("{error}, which names no command"));
        };
        let is_of_transfer = line.starts_with(verb.as_str());
        let serial = if is_of_transfer {
            self.serial(line)
        } else {
            self.latest(verb)
        };
        match serial {
            Some(serial) => check_serial(reply, serial),
            None => Err(format!("{error}, which nobody has read")),
        }
    }

    fn check_success_replies(&self, completed: &Completed, line: &str) -> Result<(), Broken> {
        let Some(serial) = self.serial(line).filter(|_| self.numbered) else {
            return Ok(());
        };
        let mut replies = [&completed.mark, &completed.reply].into_iter().flatten();
        replies.try_for_each(|reply| check_serial(reply, serial))
    }

    /// Of an honest server, a success means every byte of the file.
    fn check_success(
        &self,
        completed: &Completed,
        transfer: &Transfer,
        upload: &[u8],
    ) -> Result<(), Broken> {
        if !self.honest {
            return Ok(());
        }
        let moved = match transfer.direction() {
            Direction::Receive => self.app.received.len(),
            Direction::Send => upload.len(),
        };
        let all = completed.bytes == moved as u64;
        let expected = transfer.length().filter(|_| completed.end != End::Limit);
        let limit = transfer.limit().unwrap_or(u64::MAX);
        let whole = expected.is_none_or(|length| completed.bytes == length.min(limit));
        if all && whole {
            Ok(())
        } else {
            Err(format!("not a success: {completed:?}, {moved} moved"))
        }
    }

    /// What was received so far is the beginning of what there is, and never more than was to come.
    fn payload_is_right(&self, transfer: &Transfer) -> Result<(), Broken> {
        if !self.honest || transfer.command().verb() != Verb::Retr {
            return Ok(());
        }
        let received = &self.app.received;
        let name = transfer.command().argument().map(|name| name.as_bytes());
        let file: &[u8] = match name {
            Some(b"small") => &FILE[..3],
            Some(b"empty") => b"",
            _ => FILE,
        };
        let offset = usize::try_from(transfer.offset()).unwrap();
        let rest = file.get(offset..).unwrap_or_default();
        // A server that ignores REST begins at the beginning.
        let begins = rest.starts_with(received) || file.starts_with(received);
        let wanted = transfer.limit().into_iter().chain(transfer.length()).min();
        let fits = wanted.is_none_or(|wanted| received.len() as u64 <= wanted);
        if begins && fits {
            Ok(())
        } else {
            let received = received.escape_ascii();
            Err(format!("{received} was received, {wanted:?} wanted"))
        }
    }

    // -- the end ----------------------------------------------------------------------------------

    /// Everything was as it should be.
    pub(crate) fn has_succeeded(&self) -> Result<(), Broken> {
        let good = self.app.outcomes.iter().all(|outcome| match outcome {
            Outcome::Reply(result) => result.as_ref().is_ok_and(|code| *code < 400),
            Outcome::Transfer(result) => result.is_ok(),
        });
        let stored = self.app.wants.iter().all(|want| match want {
            Want::Transfer(transfer, upload) if transfer.direction() == Direction::Send => {
                self.server.files().content("/new") == Some(upload)
            }
            _ => true,
        });
        if good && stored && self.session.state() == State::Usable {
            Ok(())
        } else {
            Err("not everything has succeeded".into())
        }
    }

    /// Nothing can happen any more: then everything asked for has an outcome, and what the session
    /// believes of the server is true.
    pub(crate) fn is_at_rest(&self) -> Result<(), Broken> {
        let state = self.session.state();
        if self.app.at < self.app.wants.len()
            || !self.app.tickets.is_empty()
            || !self.app.begun.is_empty()
        {
            return Err(format!(
                "the application waits for ever, in state {state:?}"
            ));
        }
        self.watch.rests()?;
        match state {
            State::Dead(_) => Ok(()),
            State::Usable => self.beliefs_are_true(),
            state => Err(format!("at rest in state {state:?}")),
        }
    }

    /// The type, the protection and the security that the session believes in are the server's, and
    /// no REST is in force that the session does not know of.
    fn beliefs_are_true(&self) -> Result<(), Broken> {
        if !self.numbered || !self.honest || self.server.is_closed() {
            return Ok(());
        }
        let server = self.server.state();
        let believed = self.session.representation();
        let wrong =
            believed.is_some_and(|believed| (believed == Representation::Ascii) != server.ascii);
        if wrong {
            return Err(format!("the type is believed to be {believed:?}"));
        }
        if server.restart != 0 {
            return Err("a REST is in force".into());
        }
        if self.session.is_data_protected() != server.protected {
            return Err("PROT is not what it is believed to be".into());
        }
        if self.session.is_secured() != server.secured {
            return Err("one side alone is in TLS".into());
        }
        Ok(())
    }

    /// Nothing that is shown tells the password.
    pub(crate) fn keeps_secrets(&self) -> Result<(), Broken> {
        let has_any = self.app.wants.iter().any(|want| match want {
            Want::Command(line) => line == PASSWORD,
            Want::Several(lines) => lines.iter().any(|line| line == PASSWORD),
            Want::Batch(_) | Want::Transfer(..) => false,
        });
        let secret = PASSWORD.trim_start_matches("PASS ");
        let shown = |text: String| text.contains(secret);
        if has_any
            && (shown(format!("{:?}", self.session)) || shown(format!("{:?}", self.outcomes())))
        {
            return Err("the password is shown".into());
        }
        Ok(())
    }
}

/// What was polled to its end is not there a second time.
fn is_spent<T>(second: Poll<Result<T, Error>>) -> Result<(), Broken> {
    match second {
        Poll::Ready(Err(error))
            if matches!(error.kind(), ErrorKind::Misuse(Misuse::SpentTicket)) =>
        {
            Ok(())
        }
        Poll::Ready(Err(error)) => Err(format!("a second end: {error}")),
        Poll::Ready(Ok(_)) => Err("a second success".into()),
        Poll::Pending => Err("it has ended and goes on".into()),
    }
}

/// 421 can come at any time, and ends the session whatever it answers.
fn may_come_at_any_time(reply: &Reply) -> bool {
    reply.code() == ReplyCode::SERVICE_CLOSING
}

/// Replies carry the number of the command that they answer.
fn check_serial(reply: &Reply, serial: u32) -> Result<(), Broken> {
    let text = String::from_utf8_lossy(reply.text()).into_owned();
    match text.rsplit_once('#') {
        Some((_, number)) if number == serial.to_string() => Ok(()),
        _ => Err(format!("{reply} answers the command number {serial}")),
    }
}
