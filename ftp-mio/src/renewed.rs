//! A session that is made anew when it is lost, and the work that runs on it.

use std::io::{self, ErrorKind, Read, Write};
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_proto::driver::{Answer, Call, Error, Result, Work};
use ftp_proto::operation::Exchange;
use ftp_proto::{After, Completed, Reply, State, size};

use crate::client::Client;
use crate::connector::Connector;
use crate::data::Progress;
use crate::interest::Ready;
use crate::readiness::{Reactor, Slot};
use crate::tasks::Handle;
use crate::transport::Transport;

/// What is read of a source or of the connection at a time.
const BLOCK_BYTES: usize = 16 * 1024;

/// No moment is farther away: a system may not be able to tell one that is.
const PAUSE_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

pub(crate) struct Renewed<T: Transport> {
    client: Option<Client<T>>,
    login: Option<Handle<Reply>>,
    running: Option<Running>,
    quitting: Option<Handle<Reply>>,
}

/// Work under way.
struct Running {
    handle: Outcome,
    /// Read from the source, and not sent.
    unsent: Vec<u8>,
    /// How many bytes of payload have moved.
    bytes: u64,
    /// The application's own source or sink failed, and the transfer is aborted for that.
    failed: Option<io::Error>,
}

enum Outcome {
    Asked(Handle<Answer>),
    Moved(Handle<Completed>),
    /// There is no operation.
    Refused(Option<Error>),
}

/// The end of the payload that is not the session's.
pub(crate) enum End<'a> {
    Sink(&'a mut dyn Write),
    Source(&'a mut dyn Read),
}

impl<T: Transport> Renewed<T> {
    pub(crate) const fn new() -> Self {
        Self {
            client: None,
            login: None,
            running: None,
            quitting: None,
        }
    }

    // -- the loop ---------------------------------------------------------------------------------

    pub(crate) fn ready(&mut self, slot: Slot, ready: Ready) {
        if let Some(client) = &mut self.client {
            client.ready(slot, ready);
        }
    }

    pub(crate) fn turn(&mut self, now: Instant, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(client) = &mut self.client {
            client.turn(now, reactor);
        }
        let quits = self.quitting;
        let client = self.client.as_mut();
        if quits.is_some_and(|quit| client.is_some_and(|it| it.poll(quit).is_ready())) {
            self.close(reactor);
        }
    }

    pub(crate) fn needs_turn(&self) -> bool {
        self.client.as_ref().is_some_and(Client::needs_turn)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.client.as_ref().and_then(Client::deadline)
    }

    pub(crate) fn close(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(client) = self.client.take() {
            client.close(reactor);
        }
        *self = Self::new();
    }

    // -- the session ------------------------------------------------------------------------------

    /// Whether there are no sockets.
    pub(crate) const fn is_closed(&self) -> bool {
        self.client.is_none()
    }

    /// Goes on to make a session, if there is none that works.
    ///
    /// # Errors
    /// It was not made.
    pub(crate) fn open(
        &mut self,
        connector: &Connector<T>,
        now: Instant,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> Poll<Result<()>>
    where
        T: Clone,
    {
        if self.quitting.is_some() {
            return Poll::Pending;
        }
        if self.login.is_none() && self.is_lost() {
            self.close(reactor);
            let (client, login) = connector.start(now);
            (self.client, self.login) = (Some(client), Some(login));
            self.turn(now, reactor);
        }
        let (Some(client), Some(login)) = (&mut self.client, self.login) else {
            return Poll::Ready(Ok(()));
        };
        match client.poll(login) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(_)) => {
                self.login = None;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => {
                self.close(reactor);
                Poll::Ready(Err(error))
            }
        }
    }

    fn is_lost(&self) -> bool {
        let session = self.client.as_ref().map(Client::session);
        match session {
            None => true,
            Some(None) => self.client.as_ref().is_some_and(Client::is_over),
            Some(Some(session)) => matches!(session.state(), State::Dead(_)),
        }
    }

    /// Says farewell; the sockets are closed when it was answered.
    pub(crate) fn quit(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        if self.is_lost() || self.login.is_some() {
            self.close(reactor);
        } else if let (Some(client), None) = (&mut self.client, self.quitting) {
            self.quitting = Some(client.start(Exchange::quit()));
        }
    }

    // -- work -------------------------------------------------------------------------------------

    pub(crate) const fn is_working(&self) -> bool {
        self.running.is_some()
    }

    pub(crate) fn start(&mut self, work: Work) {
        let Some(client) = &mut self.client else {
            return;
        };
        let handle = match work {
            Work::Ask(call) => ask(client, &call),
            Work::Fetch(retrieve) => Outcome::Moved(client.start(retrieve)),
            Work::Send(store) => Outcome::Moved(client.start(store)),
        };
        self.running = Some(Running {
            handle,
            unsent: Vec::new(),
            bytes: 0,
            failed: None,
        });
    }

    /// The size that the server has announced for the transfer under way.
    pub(crate) fn announced(&self) -> Option<u64> {
        let session = self.client.as_ref().and_then(Client::session);
        session?.current_mark().and_then(size::hint)
    }

    /// How many bytes of payload have moved in this work.
    pub(crate) fn bytes(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| running.bytes)
    }

    /// Moves payload, as much as the client may move now.
    pub(crate) fn move_payload(&mut self, end: &mut End<'_>) {
        let (Some(client), Some(running)) = (&mut self.client, &mut self.running) else {
            return;
        };
        if let (Some(data), None) = (client.data_mut(), &running.failed) {
            let moved = match end {
                End::Sink(sink) => running.receive(data, &mut **sink),
                End::Source(source) => running.send(data, &mut **source),
            };
            if let Err(error) = moved {
                running.failed = Some(error);
                client.abort();
            }
        }
    }

    /// Cancels the work under way. It has no outcome.
    pub(crate) fn cancel(&mut self) {
        let (Some(client), Some(running)) = (&mut self.client, self.running.take()) else {
            return;
        };
        match running.handle {
            Outcome::Asked(handle) => client.cancel(handle),
            Outcome::Moved(handle) => client.cancel(handle),
            Outcome::Refused(_) => {}
        }
    }

    /// Aborts the transfer under way, which then has its outcome.
    #[cfg(feature = "mirror")]
    pub(crate) fn abort(&mut self) {
        if let Some(client) = &mut self.client {
            client.abort();
        }
    }

    /// The outcome of the work, once.
    pub(crate) fn poll(&mut self) -> Poll<Result<Answer>> {
        let (Some(client), Some(running)) = (&mut self.client, &mut self.running) else {
            return Poll::Pending;
        };
        let outcome = match &mut running.handle {
            Outcome::Asked(handle) => client.poll(*handle),
            Outcome::Moved(handle) => client.poll(*handle).map_ok(Answer::Moved),
            Outcome::Refused(error) => Poll::Ready(Err(error.take().unwrap_or(Error::Spent))),
        };
        let Poll::Ready(outcome) = outcome else {
            return Poll::Pending;
        };
        let failed = running.failed.take();
        self.running = None;
        let after = client
            .session()
            .map_or(After::Dead, |it| After::from(it.state()));
        Poll::Ready(match failed {
            Some(error) => Err(Error::Local(error, after)),
            None => outcome,
        })
    }
}

fn ask<T: Transport>(client: &mut Client<T>, call: &Call) -> Outcome {
    match call.operation() {
        Ok(operation) => Outcome::Asked(client.receive(operation)),
        Err(error) => Outcome::Refused(Some(error.into())),
    }
}

impl Running {
    fn receive<S: crate::Stream>(
        &mut self,
        mut data: crate::Data<'_, S>,
        sink: &mut dyn Write,
    ) -> io::Result<()> {
        let mut block = [0; BLOCK_BYTES];
        let mut written = Ok(());
        loop {
            let progress = data.read_with(&mut block, |bytes| {
                if written.is_ok() {
                    written = sink.write_all(bytes);
                }
            });
            let Progress::Bytes(count) = progress else {
                return written;
            };
            std::mem::replace(&mut written, Ok(()))?;
            self.bytes = self.bytes.saturating_add(count as u64);
        }
    }

    fn send<S: crate::Stream>(
        &mut self,
        mut data: crate::Data<'_, S>,
        source: &mut dyn Read,
    ) -> io::Result<()> {
        loop {
            if self.unsent.is_empty() {
                self.unsent = read(source)?;
                if self.unsent.is_empty() {
                    data.finish();
                    return Ok(());
                }
            }
            let Progress::Bytes(count) = data.write(&self.unsent) else {
                return Ok(());
            };
            self.unsent.drain(..count.min(self.unsent.len()));
            self.bytes = self.bytes.saturating_add(count as u64);
        }
    }
}

/// When the pause before the next try ends. One without end is a long one, and not none at all.
pub(crate) fn end_of_pause(now: Instant, pause: Duration) -> Option<Instant> {
    now.checked_add(pause.min(PAUSE_MAX))
}

/// Some of the source; nothing at its end.
fn read(source: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match source.read(&mut block) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            count => {
                block.truncate(count?);
                return Ok(block);
            }
        }
    }
}
