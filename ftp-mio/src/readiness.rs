//! What a client waits for, and how it tells a reactor.
//!
//! A reactor is whatever waits for sockets: mio, polling, calloop, epoll, kqueue. It may report an
//! edge, a level, or a single event and no more until it is told again; it may also report what is
//! not so. A client works with all of these, because it repeats every call until the socket would
//! block, remembers where it stopped before that, and takes an event as permission to try and
//! nothing more.

use std::fmt;
use std::io;
use std::ops::BitOr;

/// One of the sockets of a session. There is at most one of each at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a session has these three; reactors number them"
)]
pub enum Slot {
    /// The control connection.
    Control,
    /// The data connection. It is another socket for each transfer.
    Data,
    /// The listener that a server calls in active mode.
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
            /// Writing; for a connection that is being made, its being made.
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
                self.0 == 0
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
    /// What a socket is to be watched for. [`NONE`](Self::NONE): it waits for the session or for
    /// the application, not for the peer.
    ///
    /// ```
    /// use ftp_mio::Interest;
    /// assert_eq!(Interest::new(true, false), Interest::READ);
    /// ```
    Interest
}

directions! {
    /// What a socket was reported ready for. An error and a hang-up are reported as
    /// [`BOTH`](Self::BOTH): the next call finds out.
    Ready
}

/// Where a client registers its sockets, during [`Client::turn`](crate::Client::turn).
///
/// Every socket is added before it is waited for and removed before it is closed. An error of
/// [`add`](Self::add) or [`change`](Self::change) counts as an error of the socket.
///
/// With *edges* (mio; epoll with `EPOLLET`), add a socket for both directions and ignore
/// [`change`](Self::change). With *levels* (epoll, poll) or *single events* (polling, kqueue's
/// one-shot), set what is asked for each time; a socket without interest should not be reported at
/// all, not even for errors, or it is reported over and over.
pub trait Reactor<S: ?Sized> {
    /// Begins to watch a socket.
    ///
    /// # Errors
    /// Of the operating system.
    fn add(&mut self, slot: Slot, source: &mut S, interest: Interest) -> io::Result<()>;

    /// Watches a socket for something else, or for the same again after it was reported.
    ///
    /// # Errors
    /// Of the operating system.
    fn change(&mut self, slot: Slot, source: &mut S, interest: Interest) -> io::Result<()>;

    /// Watches a socket no longer; it is closed right after. There is nothing that a client could
    /// do about a failure.
    fn remove(&mut self, slot: Slot, source: &mut S);
}

/// A socket, with what is known of its readiness.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    pub(crate) io: S,
    /// No call has found out that reading would block since reading was last reported possible.
    pub(crate) readable: bool,
    /// The same for writing.
    pub(crate) writable: bool,
    /// What the reactor was told; `None` before the first time and after an event.
    told: Option<Interest>,
    added: bool,
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
        }
    }

    pub(crate) fn mark(&mut self, ready: Ready) {
        self.readable |= ready.is_read();
        self.writable |= ready.is_write();
        // A reactor of single events has to be told again.
        self.told = None;
    }

    /// Tells the reactor what is waited for, if it does not know.
    pub(crate) fn watch<T: ?Sized>(
        &mut self,
        slot: Slot,
        interest: Interest,
        reactor: &mut dyn Reactor<T>,
        source: impl FnOnce(&mut S) -> &mut T,
    ) -> io::Result<()> {
        if self.told == Some(interest) {
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
