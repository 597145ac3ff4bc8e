//! A thread of a mirror, with its session.

use std::fs::File;
use std::io::{self, Read};

use ftp_proto::State;
use ftp_proto::driver::{Answer, Errand, Error, Result, Work, random};

use super::shared::Shared;
use crate::client::Client;
use crate::download::BLOCK_BYTES;
use crate::transport::Transport;

pub(super) struct Worker<'a, 'r, T: Transport, F> {
    shared: &'a Shared<'r>,
    connect: &'a F,
    client: Option<Client<T>>,
    had_session: bool,
}

impl<'a, 'r, T: Transport, F: Fn() -> Result<Client<T>>> Worker<'a, 'r, T, F> {
    pub(super) const fn new(shared: &'a Shared<'r>, connect: &'a F) -> Self {
        Self {
            shared,
            connect,
            client: None,
            had_session: false,
        }
    }

    pub(super) fn run(mut self) {
        let _watch = self.shared.watch();
        while let Some(errand) = self.shared.next_errand() {
            let Some(mut errand) = self.prepare(errand) else {
                return;
            };
            if self.shared.begin(&errand) {
                self.perform(&mut errand);
            }
            self.shared.finish(errand);
        }
        if let Some(client) = self.client.take() {
            // Everything is done: an error of the farewell changes nothing.
            let _ = client.quit();
        }
    }

    /// The errand, with a session if it needs one. `None` if there is no session for it, or the
    /// mirror ends.
    fn prepare(&mut self, mut errand: Errand) -> Option<Errand> {
        while errand.needs_session() {
            let Err(error) = self.open() else {
                break;
            };
            errand = self.shared.not_opened(errand, error, self.had_session)?;
            if !self.shared.pause(&errand) {
                errand.stop();
                self.shared.finish(errand);
                return None;
            }
        }
        Some(errand)
    }

    /// The session; another one if it has ended.
    fn open(&mut self) -> Result<&mut Client<T>> {
        let is_open = |client: &Client<T>| !matches!(client.state(), State::Dead(_));
        let client = match self.client.take().filter(is_open) {
            Some(client) => client,
            None => (self.connect)()?,
        };
        self.had_session = true;
        Ok(self.client.insert(client))
    }

    fn perform(&mut self, errand: &mut Errand) {
        while let Some(work) = errand.next_work() {
            let mut moving = Moving {
                shared: self.shared,
                errand,
                bytes: 0,
                is_stopped: false,
            };
            let outcome = self.open().map(|client| moving.run(client, work));
            match outcome {
                _ if moving.is_stopped => errand.stop(),
                Ok(outcome) => errand.take(outcome, random()),
                Err(error) => errand.not_connected(error, random()),
            }
            if errand.waiting().is_some() && !self.shared.pause(errand) {
                errand.stop();
            }
        }
    }
}

/// The payload of an errand.
struct Moving<'a, 'r> {
    shared: &'a Shared<'r>,
    errand: &'a Errand,
    /// How many bytes have moved.
    bytes: u64,
    /// The report asked for an end.
    is_stopped: bool,
}

impl Moving<'_, '_> {
    fn run<T: Transport>(&mut self, client: &mut Client<T>, work: Work) -> Result<Answer> {
        let file = || self.errand.file().ok_or(Error::Spent);
        let completed = match work {
            Work::Ask(call) => return client.receive(call.operation()?),
            Work::Fetch(retrieve) => {
                let mut file = file()?;
                let download = client.download(retrieve)?;
                download.copy_with(&mut file, |bytes| self.moved(bytes))
            }
            Work::Send(store) => {
                let mut source = Source {
                    file: file()?,
                    read: 0,
                    moving: self,
                };
                let upload = client.upload(store)?;
                upload.copy_from(&mut source, BLOCK_BYTES, |_| {})
            }
        };
        completed.map(Answer::Moved)
    }

    /// # Errors
    /// The mirror ends: the transfer is to be aborted.
    fn moved(&mut self, bytes: u64) -> io::Result<()> {
        let count = bytes.saturating_sub(self.bytes);
        self.bytes = bytes;
        if count > 0 && !self.shared.moved(self.errand, count, bytes) {
            self.is_stopped = true;
            return Err(io::Error::other("the report asked for an end"));
        }
        Ok(())
    }
}

/// A file that is sent. What was read before is under way when it is read again.
struct Source<'m, 'a, 'r> {
    file: &'a File,
    read: u64,
    moving: &'m mut Moving<'a, 'r>,
}

impl Read for Source<'_, '_, '_> {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        self.moving.moved(self.read)?;
        let count = self.file.read(block)?;
        self.read = self.read.saturating_add(count as u64);
        Ok(count)
    }
}
