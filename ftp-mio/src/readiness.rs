//! Readiness: what a client waits for, and how it tells a reactor.
//!
//! A reactor waits for sockets: mio, polling, calloop, epoll, kqueue. It may report edges, levels,
//! or a single event until it is armed again, and it may report falsely. A client works with all of
//! these, because it repeats every call until the socket would block, remembers where it stopped
//! earlier, and takes an event only as a hint to try.

use std::io;

use crate::interest::{Interest, Ready};
use crate::transport::Stream;

/// One of the sockets of a session. There is at most one of each at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a session has these three; reactors number them"
)]
pub enum Slot {
    /// The control connection. While it is made, other addresses may be tried in the other slots.
    Control,
    /// The data connection. Each transfer has a new one.
    Data,
    /// The listener to which the server connects in active mode.
    Listener,
}

impl Slot {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Control, Self::Data, Self::Listener];

    /// 0, 1 or 2, for numbering sockets: `3 * session + slot.index()`.
    ///
    /// ```
    /// use ftp_mio::Slot;
    ///
    /// let key = 3 * 17 + Slot::Data.index();
    /// assert_eq!((key / 3, Slot::ALL[key % 3]), (17, Slot::Data));
    /// ```
    pub const fn index(self) -> usize {
        match self {
            Self::Control => 0,
            Self::Data => 1,
            Self::Listener => 2,
        }
    }
}

/// Where a client registers its sockets, during [`Client::turn`](crate::Client::turn).
///
/// Every socket is added before the client waits for it and removed before it is closed. An error
/// of [`add`](Self::add) or [`change`](Self::change) counts as an error of the socket.
///
/// With *edges* (mio; epoll with `EPOLLET`), add a socket for both directions and ignore
/// [`change`](Self::change). With *levels* (epoll, poll) or *single events* (polling, kqueue's
/// one-shot), set the requested interest each time. A socket without interest must not be reported
/// at all, not even for errors, or it is reported over and over.
pub trait Reactor<S: ?Sized> {
    /// Begins to watch a socket.
    ///
    /// # Errors
    /// Of the operating system.
    fn add(&mut self, slot: Slot, source: &mut S, interest: Interest) -> io::Result<()>;

    /// Changes the interest in a socket, or arms the same interest again after a report.
    ///
    /// # Errors
    /// Of the operating system.
    fn change(&mut self, slot: Slot, source: &mut S, interest: Interest) -> io::Result<()>;

    /// Stops watching a socket. It is closed right after, or goes on in another slot. A failure is
    /// ignored.
    fn remove(&mut self, slot: Slot, source: &mut S);
}

/// A socket and its known readiness.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    pub(crate) io: S,
    /// Reading was reported possible, and no call has blocked since.
    pub(crate) readable: bool,
    /// The same for writing.
    pub(crate) writable: bool,
    /// The interest that the reactor has; `None` before the first time and after an event.
    told: Option<Interest>,
    added: bool,
    /// The latest event said so.
    rest_is_reported: bool,
}

impl<S: Stream> Watched<S> {
    /// Called after a read that has yielded bytes: whether another would block.
    pub(crate) fn note_drained(&mut self) {
        if self.rest_is_reported && self.io.is_drained() {
            self.readable = false;
        }
    }
}

impl<S> Watched<S> {
    /// A socket that may be ready: the first call will tell.
    pub(crate) const fn new(io: S) -> Self {
        Self {
            io,
            readable: true,
            writable: true,
            told: None,
            added: false,
            rest_is_reported: false,
        }
    }

    /// A read is tried without a report, and repeated until it blocks.
    pub(crate) const fn try_reading(&mut self) {
        self.readable = true;
        self.rest_is_reported = false;
    }

    pub(crate) fn mark(&mut self, ready: Ready) {
        self.readable |= ready.is_read();
        self.writable |= ready.is_write();
        self.rest_is_reported = ready.is_rest_reported();
        // A reactor of single events has to be armed again.
        self.told = None;
    }

    /// Tells the reactor what to wait for, if it does not know. It is not told of a socket before
    /// there is a wait: what a small download needs is often there at once.
    pub(crate) fn watch<T: ?Sized>(
        &mut self,
        slot: Slot,
        interest: Interest,
        reactor: &mut dyn Reactor<T>,
        source: impl FnOnce(&mut S) -> &mut T,
    ) -> io::Result<()> {
        if self.told == Some(interest) || !self.added && interest.is_none() {
            return Ok(());
        }
        if self.added {
            reactor.change(slot, source(&mut self.io), interest)?;
        } else {
            reactor.add(slot, source(&mut self.io), interest)?;
            self.added = true;
        }
        self.told = Some(interest);
        Ok(())
    }

    /// The socket, watched no longer.
    pub(crate) fn release<T: ?Sized>(
        mut self,
        slot: Slot,
        reactor: &mut dyn Reactor<T>,
        source: impl FnOnce(&mut S) -> &mut T,
    ) -> S {
        if self.added {
            reactor.remove(slot, source(&mut self.io));
        }
        self.io
    }
}
