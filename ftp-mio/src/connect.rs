//! From targets to a control connection.

use std::fmt;
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ftp_proto::Config;
use ftp_proto::driver::{Endpoint, Tried};

use crate::driver::Driver;
use crate::interest::{Interest, Ready};
use crate::patience::{patient, retried};
use crate::readiness::{Reactor, Slot, Watched};
use crate::transport::{Stream, Transport};

/// The time after which the next address is tried beside those before it (RFC 8305, 5 and 8).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// A control connection that is being made. Addresses race (RFC 8305): the families take turns, and
/// the first connection that opens is used. Before it is open, there are no data connections, so
/// that attempts can use all slots.
pub(crate) struct Dialling<T: Transport> {
    transport: T,
    config: Config,
    targets: std::vec::IntoIter<Endpoint>,
    races: bool,
    attempts: Vec<Attempt<T::Stream>>,
    /// When the next target is tried beside the others; `None` for at once.
    next_at: Option<Instant>,
    tried: Vec<(Endpoint, io::Error)>,
}

struct Attempt<S> {
    target: Endpoint,
    slot: Slot,
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
        let races = may_race(&transport, &targets);
        Self {
            transport,
            config,
            targets: interleaved(targets).into_iter(),
            races,
            attempts: Vec::new(),
            next_at: None,
            tried: Vec::new(),
        }
    }

    pub(crate) fn turn(
        mut self: Box<Self>,
        now: Instant,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> Dialled<T> {
        loop {
            if let Some(attempt) = self.go_on(now, reactor) {
                match retried(|| attempt.socket.io.addresses()) {
                    Ok((local, _)) => {
                        let driver = self.open(attempt, local, reactor);
                        return Dialled::Open(Box::new(driver));
                    }
                    Err(error) => self.give_up(attempt, error, reactor),
                }
            }
            match self.free_slot() {
                Some(slot) if self.is_time(now) => self.dial(slot, now),
                _ if self.attempts.is_empty() => return Dialled::Failed(Arc::new(self.tried)),
                _ => return Dialled::Pending(self),
            }
        }
    }

    pub(crate) fn mark(&mut self, slot: Slot, ready: Ready) {
        if let Some(attempt) = self.attempts.iter_mut().find(|it| it.slot == slot) {
            attempt.socket.mark(ready);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let waits = self.races && !self.targets.as_slice().is_empty();
        let next = self.next_at.filter(|_| waits && self.free_slot().is_some());
        let attempts = self.attempts.iter().filter_map(|attempt| attempt.deadline);
        attempts.chain(next).min()
    }

    pub(crate) fn close(mut self, reactor: &mut dyn Reactor<T::Source>) {
        self.close_attempts(reactor);
    }

    /// Goes on with all attempts, and takes out one that is open.
    fn go_on(
        &mut self,
        now: Instant,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> Option<Attempt<T::Stream>> {
        let securing = self.config.timeouts.securing;
        let securing = self.transport.is_secured().then_some(securing);
        let mut open = None;
        for mut attempt in mem::take(&mut self.attempts) {
            if open.is_some() {
                self.attempts.push(attempt);
                continue;
            }
            match attempt.go_on(securing, now, reactor) {
                Ok(true) => open = Some(attempt),
                Ok(false) => self.attempts.push(attempt),
                Err(error) => self.give_up(attempt, error, reactor),
            }
        }
        open
    }

    fn free_slot(&self) -> Option<Slot> {
        let is_taken = |slot| self.attempts.iter().any(|attempt| attempt.slot == slot);
        Slot::ALL.into_iter().find(|slot| !is_taken(*slot))
    }

    /// Whether another target is to be tried now.
    fn is_time(&self, now: Instant) -> bool {
        if self.targets.as_slice().is_empty() {
            return false;
        }
        let beside = self.races && self.next_at.is_none_or(|at| at <= now);
        beside || self.attempts.is_empty()
    }

    fn dial(&mut self, slot: Slot, now: Instant) {
        let Some(target) = self.targets.next() else {
            return;
        };
        match retried(|| self.transport.connect(&target)) {
            Ok(stream) => {
                self.next_at = now.checked_add(ATTEMPT_DELAY);
                self.attempts.push(Attempt {
                    target,
                    slot,
                    socket: Watched::new(stream),
                    securing: false,
                    deadline: now.checked_add(self.config.timeouts.connect),
                });
            }
            Err(error) => self.failed(target, error),
        }
    }

    fn give_up(
        &mut self,
        attempt: Attempt<T::Stream>,
        error: io::Error,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        self.failed(attempt.target.clone(), error);
        attempt.release(reactor).close();
    }

    /// The next target is tried at once.
    fn failed(&mut self, target: Endpoint, error: io::Error) {
        self.tried.push((target, error));
        self.next_at = None;
    }

    fn close_attempts(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        for attempt in self.attempts.drain(..) {
            attempt.release(reactor).close();
        }
    }

    fn open(
        mut self,
        attempt: Attempt<T::Stream>,
        local: SocketAddr,
        reactor: &mut dyn Reactor<T::Source>,
    ) -> Driver<T> {
        self.close_attempts(reactor);
        let host = attempt.target.address().map(|address| address.ip());
        let socket = match attempt.slot {
            Slot::Control => attempt.socket,
            _ => Watched::new(attempt.release(reactor)),
        };
        Driver::new(self.transport, socket, local.ip(), host, self.config)
    }
}

/// A transport for TLS knows one name at a time, and under implicit TLS one connection.
fn may_race<T: Transport>(transport: &T, targets: &[Endpoint]) -> bool {
    let mut hosts = targets.iter().map(Endpoint::host);
    let first = hosts.next();
    let has_one_name = hosts.all(|host| Some(host) == first);
    !transport.is_secured() && (has_one_name || !transport.is_for_tls())
}

/// The addresses of the two families in turns, beginning with that of the first one (RFC 8305, 4).
fn interleaved(targets: Vec<Endpoint>) -> Vec<Endpoint> {
    let is_ipv4 = |target: &Endpoint| target.address().is_some_and(|address| address.is_ipv4());
    let first = targets.first().is_some_and(is_ipv4);
    let (one, other): (Vec<_>, Vec<_>) = targets
        .into_iter()
        .partition(|target| is_ipv4(target) == first);
    let mut other = other.into_iter();
    let mut all = Vec::with_capacity(one.len().saturating_add(other.len()));
    for target in one {
        all.push(target);
        all.extend(other.next());
    }
    all.extend(other);
    all
}

impl<S: Stream> Attempt<S> {
    /// Whether the connection is open, and secured where that has a limit here.
    fn go_on(
        &mut self,
        securing: Option<Duration>,
        now: Instant,
        reactor: &mut dyn Reactor<S::Source>,
    ) -> io::Result<bool> {
        if !self.securing {
            if !patient(|| self.socket.io.poll_connect())? {
                return self.pend(now, reactor);
            }
            let Some(limit) = securing else {
                return Ok(self.ready());
            };
            self.securing = true;
            self.deadline = now.checked_add(limit);
        }
        if patient(|| self.socket.io.handshake())? {
            return Ok(self.ready());
        }
        self.pend(now, reactor)
    }

    const fn ready(&mut self) -> bool {
        self.socket.readable = true;
        self.socket.writable = true;
        true
    }

    fn pend(&mut self, now: Instant, reactor: &mut dyn Reactor<S::Source>) -> io::Result<bool> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let interest = if self.securing {
            Interest::new(true, self.socket.io.wants_write())
        } else {
            self.socket.io.connect_interest()
        };
        self.socket
            .watch(self.slot, interest, reactor, Stream::source)?;
        Ok(false)
    }

    fn release(self, reactor: &mut dyn Reactor<S::Source>) -> S {
        self.socket.release(self.slot, reactor, Stream::source)
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

#[cfg(test)]
mod tests {
    use ftp_proto::driver::Endpoint;

    use super::interleaved;

    #[test]
    fn families_take_turns() {
        let four = |last| Endpoint::from(([192, 0, 2, last], 21));
        let six = |last| Endpoint::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 21));
        for (given, expected) in [
            (vec![], vec![]),
            (
                vec![six(1), six(2), six(3), four(1)],
                vec![six(1), four(1), six(2), six(3)],
            ),
            (vec![four(1), six(1), six(2)], vec![four(1), six(1), six(2)]),
            (vec![four(1), four(2)], vec![four(1), four(2)]),
        ] {
            assert_eq!(interleaved(given), expected);
        }
    }
}
