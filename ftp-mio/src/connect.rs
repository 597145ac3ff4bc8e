//! From targets to a control connection.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use ftp_proto::Config;
use ftp_proto::driver::{Endpoint, Tried};

use crate::driver::Driver;
use crate::patience::{patient, retried};
use crate::readiness::{Interest, Reactor, Ready, Slot, Watched};
use crate::transport::{Stream, Transport};

/// A control connection that is being made.
pub(crate) struct Dialling<T: Transport> {
    transport: T,
    config: Config,
    targets: std::vec::IntoIter<Endpoint>,
    current: Option<Attempt<T::Stream>>,
    tried: Vec<(Endpoint, io::Error)>,
}

struct Attempt<S> {
    target: Endpoint,
    socket: Watched<S>,
    /// The connection is open, and TLS is begun before the greeting (implicit FTPS).
    securing: bool,
    /// `None` if the clock cannot tell.
    deadline: Option<Instant>,
}

/// The result of a turn for a [`Dialling`].
pub(crate) enum Dialled<T: Transport> {
    Pending(Box<Dialling<T>>),
    Open(Box<Driver<T>>),
    Failed(Tried),
}

impl<T: Transport> Dialling<T> {
    pub(crate) fn new(transport: T, config: Config, targets: Vec<Endpoint>) -> Self {
        Self {
            transport,
            config,
            targets: targets.into_iter(),
            current: None,
            tried: Vec::new(),
        }
    }

    pub(crate) fn turn(
        mut self: Box<Self>,
        now: Instant,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> Dialled<T> {
        loop {
            let Some(mut attempt) = self.current.take() else {
                match self.targets.next() {
                    Some(target) => self.dial(target, now),
                    None => return Dialled::Failed(Arc::new(self.tried)),
                }
                continue;
            };
            match attempt.go_on(now, reactor) {
                Ok(false) => {
                    self.current = Some(attempt);
                    return Dialled::Pending(self);
                }
                Ok(true) if self.transport.is_secured() && !attempt.securing => {
                    attempt.securing = true;
                    attempt.deadline = now.checked_add(self.config.timeouts.securing);
                    self.current = Some(attempt);
                }
                Ok(true) => match retried(|| attempt.socket.io.addresses()) {
                    Ok((local, _)) => return Dialled::Open(Box::new(self.open(attempt, local))),
                    Err(error) => self.give_up(attempt, error, reactor),
                },
                Err(error) => self.give_up(attempt, error, reactor),
            }
        }
    }

    pub(crate) fn mark(&mut self, slot: Slot, ready: Ready) {
        if let (Slot::Control, Some(attempt)) = (slot, &mut self.current) {
            attempt.socket.mark(ready);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.current.as_ref().and_then(|attempt| attempt.deadline)
    }

    pub(crate) fn close(mut self, reactor: &mut dyn Reactor<T::Source>) {
        if let Some(attempt) = self.current.take() {
            attempt.release(reactor).close();
        }
    }

    fn dial(&mut self, target: Endpoint, now: Instant) {
        match retried(|| self.transport.connect(&target)) {
            Ok(stream) => {
                self.current = Some(Attempt {
                    target,
                    socket: Watched::new(stream),
                    securing: false,
                    deadline: now.checked_add(self.config.timeouts.connect),
                });
            }
            Err(error) => self.tried.push((target, error)),
        }
    }

    fn give_up(
        &mut self,
        attempt: Attempt<T::Stream>,
        error: io::Error,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        let Attempt { target, socket, .. } = attempt;
        self.tried.push((target, error));
        socket
            .release(Slot::Control, reactor, Stream::source)
            .close();
    }

    fn open(self, attempt: Attempt<T::Stream>, local: SocketAddr) -> Driver<T> {
        let host = attempt.target.address().map(|address| address.ip());
        Driver::new(
            self.transport,
            attempt.socket,
            local.ip(),
            host,
            self.config,
        )
    }
}

impl<S: Stream> Attempt<S> {
    /// Whether the step is done: the connection, or the handshake on it.
    fn go_on(&mut self, now: Instant, reactor: &mut dyn Reactor<S::Source>) -> io::Result<bool> {
        let stream = &mut self.socket.io;
        let done = if self.securing {
            patient(|| stream.handshake())?
        } else {
            patient(|| stream.poll_connect())?
        };
        if done {
            self.socket.readable = true;
            self.socket.writable = true;
            return Ok(true);
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let interest = if self.securing {
            Interest::new(true, stream.wants_write())
        } else {
            stream.connect_interest()
        };
        self.socket
            .watch(Slot::Control, interest, reactor, Stream::source)?;
        Ok(false)
    }

    fn release(self, reactor: &mut dyn Reactor<S::Source>) -> S {
        self.socket.release(Slot::Control, reactor, Stream::source)
    }
}

impl<T: Transport> fmt::Debug for Dialling<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialling")
            .field("left", &self.targets.as_slice())
            .field("tried", &self.tried)
            .finish_non_exhaustive()
    }
}
