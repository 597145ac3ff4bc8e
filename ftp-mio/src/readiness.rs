//! Readiness: what a client waits for, and how it tells a reactor.
//!
//! A reactor waits for sockets: mio, polling, calloop, epoll, kqueue. It may report edges, levels,
//! or a single event until it is armed again, and it may report falsely. A client works with all of
//! these, because it repeats every call until the socket would block, remembers where it stopped
//! earlier, and takes an event only as a hint to try.

use std::fmt;
use std::io;
use std::ops::BitOr;

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

macro_rules! directions {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $name(u8);

        impl $name {
            /// Neither direction.
            pub const NONE: Self = Self(0);
            /// Reading; for a listener, accepting.
            pub const READ: Self = Self(1);
            /// Writing; for a connection that is being made, its completion.
            pub const WRITE: Self = Self(2);
            /// Reading and writing.
            pub const BOTH: Self = Self(3);

            /// Reading, writing, both or neither.
            pub const fn new(read: bool, write: bool) -> Self {
                Self(read as u8 | (write as u8) << 1)
            }

            /// Whether reading is among them.
            pub const fn is_read(self) -> bool {
                self.0 & Self::READ.0 != 0
            }

            /// Whether writing is among them.
            pub const fn is_write(self) -> bool {
                self.0 & Self::WRITE.0 != 0
            }

            /// Whether it is neither.
            pub const fn is_none(self) -> bool {
                !self.is_read() && !self.is_write()
            }
        }

        impl BitOr for $name {
            type Output = Self;

            fn bitor(self, rhs: Self) -> Self {
                Self(self.0 | rhs.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match (self.is_read(), self.is_write()) {
                    (false, false) => "none",
                    (true, false) => "read",
                    (false, true) => "write",
                    (true, true) => "read+write",
                })
            }
        }
    };
}

directions! {
    /// The directions in which a socket is to be watched. [`NONE`](Self::NONE): it waits for the
    /// session or for the application, not for the peer.
    ///
    /// ```
    /// use ftp_mio::Interest;
    /// assert_eq!(Interest::new(true, false), Interest::READ);
    /// ```
    Interest
}

directions! {
    /// The directions in which a socket was reported ready. Report an error or a hang-up as
    /// [`BOTH`](Self::BOTH): the next call finds it.
    Ready
}

impl Ready {
    /// Says with this report that the reactor will report again what a read leaves behind that
    /// yields less than it was asked for: later bytes, and the peer's end. The client then does
    /// without a second read, which would block.
    ///
    /// That is so with levels, and with single events. With edges (`EPOLLET`) it is so unless this
    /// report was of the peer's end (`EPOLLRDHUP`, `EPOLLHUP`, `EPOLLERR`): that comes once. Where
    /// that is not known, do not say it.
    ///
    /// ```
    /// use ftp_mio::Ready;
    /// let (read, write, ended) = (true, true, false); // of an event
    /// let ready = Ready::new(read, write);
    /// let ready = if ended { ready } else { ready.rest_is_reported() };
    /// assert!(ready.is_read() && ready != Ready::BOTH);
    /// ```
    #[must_use]
    pub const fn rest_is_reported(self) -> Self {
        Self(self.0 | REST_IS_REPORTED)
    }
}

const REST_IS_REPORTED: u8 = 4;

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
        self.rest_is_reported = ready.0 & REST_IS_REPORTED != 0;
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
