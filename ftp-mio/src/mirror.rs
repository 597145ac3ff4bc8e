//! Mirrors between the server and the local disk (feature `mirror`), on one thread.

mod worker;

use std::fmt;
use std::time::{Duration, Instant};

use ftp_proto::driver::{MirrorSetup, Mirrored, Mirroring, Result};
use ftp_proto::tree::Step;

use crate::connector::Connector;
use crate::interest::Ready;
use crate::readiness::{Reactor, Slot};
use crate::transport::Transport;

use worker::Worker;

/// How often the sessions of a mirror move on in one turn: steps that need no session move on
/// without waiting, and a server lists any number of them.
const MOVES_MAX: usize = 256;

/// Makes a local directory like one of the server, or the other way round, with any number of
/// sessions on the loop of the caller.
///
/// Files are compared by size, and by time as far as the listing is honest about it. A download
/// goes to a part file beside its target ([`PartName`](ftp_proto::tree::PartName)), which is
/// renamed when the verdict is good and resumed the next time otherwise. No link is followed, on
/// either side, unless [asked](ftp_proto::tree::MirrorOptions::follow_links).
///
/// A session is made when there is work for it. If it cannot be made, for instance because the
/// server allows no more, the others do its work. The first one, and one in place of a session that
/// was lost, are tried again by a [policy](MirrorSetup::retry), whose pauses are in
/// [`deadline`](Self::deadline). Calls for the local disk wait for it, as all files do.
///
/// [`MirrorSetup`] says what is to be done, with how many sessions, whether it is a dry run, and
/// where progress is reported. A mirror has a number for each session, from 0 up to
/// [`sessions_max`](MirrorSetup::sessions_max), and a loop like a [`Client`](crate::Client)'s:
///
/// ```no_run
/// use std::time::Instant;
/// use ftp_mio::{Client, Mirror, MirrorSetup, mio as glue};
/// use ftp_mio::proto::{operation::Login, tree::MirrorOptions};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut poll = mio::Poll::new()?;
/// let mut events = mio::Events::with_capacity(64);
/// let server = [([192, 0, 2, 1], 21).into()];
/// let connector = Client::builder().connector_to(server, Login::anonymous());
/// let setup = MirrorSetup::new("pub", "downloads", MirrorOptions::down()).sessions(8);
/// let mut mirror = Mirror::new(connector, setup)?;
/// let mirrored = loop {
///     mirror.turn(Instant::now(), |session| glue::Registrar::new(poll.registry(), session));
///     if mirror.is_over() {
///         break mirror.into_result()?;
///     }
///     poll.poll(&mut events, mirror.timeout(Instant::now()))?;
///     for event in &events {
///         let (session, slot) = glue::slot(event.token());
///         mirror.ready(session, slot, glue::ready(event));
///     }
/// };
/// println!("{} files, {} bytes", mirrored.copied, mirrored.bytes);
/// # Ok(()) }
/// ```
#[must_use = "a mirror does nothing without turns"]
pub struct Mirror<T: Transport> {
    connector: Connector<T>,
    mirroring: Mirroring<'static>,
    workers: Vec<Worker<T>>,
    /// The last turn ended before the work did.
    has_more: bool,
}

impl<T: Transport + Clone> Mirror<T> {
    /// A mirror of which nothing is done yet. `connector` makes the sessions.
    ///
    /// # Errors
    /// The local directory cannot be opened.
    pub fn new(connector: Connector<T>, setup: MirrorSetup<'static>) -> Result<Self> {
        let sessions = setup.sessions_max();
        Ok(Self::of(connector, sessions, setup.start()?))
    }

    /// A mirror that performs these steps and no other: those that a dry run has shown, or a share
    /// of them.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_steps(
        connector: Connector<T>,
        setup: MirrorSetup<'static>,
        steps: impl IntoIterator<Item = Step>,
    ) -> Result<Self> {
        let sessions = setup.sessions_max();
        Ok(Self::of(connector, sessions, setup.perform(steps)?))
    }

    fn of(connector: Connector<T>, sessions: usize, mirroring: Mirroring<'static>) -> Self {
        Self {
            connector,
            mirroring,
            workers: (0..sessions).map(|_| Worker::new()).collect(),
            has_more: false,
        }
    }

    /// Says that a socket is ready. A false report does no harm.
    pub fn ready(&mut self, session: usize, slot: Slot, ready: Ready) {
        if let Some(worker) = self.workers.get_mut(session) {
            worker.session.ready(slot, ready);
        }
    }

    /// Does work that needs no waiting, a bounded part of it, and then tells the reactor of each
    /// session what to wait for. [`timeout`](Self::timeout) says whether there is more.
    pub fn turn<R: Reactor<T::Source>>(
        &mut self,
        now: Instant,
        mut reactor: impl FnMut(usize) -> R,
    ) {
        // An outcome on one session may be work for another, so each is asked until none moves on.
        let (mut moves, mut moved) = (0, true);
        while moved && moves < MOVES_MAX {
            moved = false;
            for (number, worker) in self.workers.iter_mut().enumerate() {
                let reactor = &mut reactor(number);
                if worker.turn(&mut self.mirroring, &self.connector, now, reactor) {
                    moved = true;
                    moves = moves.saturating_add(1);
                }
            }
        }
        self.has_more = moved;
    }

    /// When a [`turn`](Self::turn) is needed at the latest, even if no socket is ready.
    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = self.workers.iter().filter_map(Worker::deadline);
        deadlines.min()
    }

    /// How long the loop may wait: zero if a [`turn`](Self::turn) is needed at once, `None` for no
    /// limit.
    pub fn timeout(&self, now: Instant) -> Option<Duration> {
        if self.has_more || self.workers.iter().any(|it| it.session.needs_turn()) {
            return Some(Duration::ZERO);
        }
        let deadline = self.deadline()?;
        Some(deadline.saturating_duration_since(now))
    }

    /// Whether everything is done and all sessions have ended.
    pub fn is_over(&self) -> bool {
        self.workers.iter().all(Worker::is_over)
    }

    /// Closes all sockets at once. Files under way are left as parts.
    pub fn close<R: Reactor<T::Source>>(mut self, mut reactor: impl FnMut(usize) -> R) {
        for (number, worker) in self.workers.iter_mut().enumerate() {
            worker.session.close(&mut reactor(number));
        }
    }

    /// What was done.
    ///
    /// # Errors
    /// No session could be made. What failed later is in [`Mirrored::failed`].
    pub fn into_result(self) -> Result<Mirrored> {
        self.mirroring.into_result()
    }
}

impl<T: Transport> fmt::Debug for Mirror<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mirror")
            .field("mirroring", &self.mirroring)
            .field("sessions", &self.workers.len())
            .finish_non_exhaustive()
    }
}
