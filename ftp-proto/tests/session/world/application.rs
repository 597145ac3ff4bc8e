//! The application: what it asks of the session, and what it is told.

use std::task::Poll;

use ftp_proto::Command;
use ftp_testkit::Broken;

use super::{Outcome, Seen, Want, World};

impl World {
    pub(super) fn ask_app(&mut self, seen: &mut Seen) -> Result<(), Broken> {
        self.session.set_resumptions(self.tickets);
        loop {
            let free = self.collect(seen)?;
            let Some(want) = self.app.wants.get(self.app.at).cloned() else {
                return Ok(());
            };
            if !free && !self.may_ask_ahead(&want) {
                return Ok(());
            }
            self.app.at += 1;
            match want {
                Want::Command(line) => self.submit(line),
                Want::Several(lines) => lines.into_iter().for_each(|line| self.submit(line)),
                Want::Batch(lines) => lines.into_iter().for_each(|line| self.submit_batched(line)),
                Want::Transfer(transfer, upload) => {
                    if self.app.begun.is_empty() {
                        self.app.received.clear();
                    }
                    match self.session.begin(transfer.clone()) {
                        Ok(id) => self.app.begun.push((id, transfer, upload)),
                        Err(misuse) => return Err(format!("{misuse:?}")),
                    }
                }
            }
        }
    }

    fn may_ask_ahead(&self, want: &Want) -> bool {
        matches!(want, Want::Transfer(..))
            && self.session.config().lookahead
            && self.app.tickets.is_empty()
            && self.app.begun.len() == 1
            // The one before may still wait for what has to be settled first.
            && self.session.current_command().is_some()
    }

    fn submit_batched(&mut self, line: String) {
        let command = Command::raw(&line).unwrap();
        let ticket = self.session.submit_batched(command).unwrap();
        self.app.tickets.push((ticket, line));
    }

    fn submit(&mut self, line: String) {
        let command = Command::raw(&line).unwrap();
        let ticket = self.session.submit(command).unwrap();
        self.app.tickets.push((ticket, line));
    }

    /// Polls what is under way; whether nothing is any more.
    pub(super) fn collect(&mut self, seen: &mut Seen) -> Result<bool, Broken> {
        let mut at = 0;
        while let Some((ticket, line)) = self.app.tickets.get(at).cloned() {
            match self.session.poll_reply(ticket) {
                Poll::Pending => at += 1,
                Poll::Ready(result) => {
                    self.app.tickets.remove(at);
                    self.check_reply(ticket, &line, &result)?;
                    result
                        .as_ref()
                        .err()
                        .into_iter()
                        .for_each(|error| seen.error(error));
                    let result = result.map(|reply| reply.code().get());
                    self.app.outcomes.push(Outcome::Reply(result));
                }
            }
        }
        while let Some((id, transfer, upload)) = self.app.begun.first().cloned() {
            let Poll::Ready(result) = self.session.poll_transfer(id) else {
                break;
            };
            self.app.begun.remove(0);
            // A transfer that was taken back before it began has moved nothing.
            self.app.stale = self.app.moving.take().or(self.app.stale);
            result
                .as_ref()
                .err()
                .into_iter()
                .for_each(|error| seen.error(error));
            self.check_verdict(id, &transfer, &upload, &result)?;
            self.app.outcomes.push(Outcome::Transfer(result));
            if !self.app.begun.is_empty() {
                self.app.received.clear();
            }
        }
        Ok(self.app.tickets.is_empty() && self.app.begun.is_empty())
    }
}
