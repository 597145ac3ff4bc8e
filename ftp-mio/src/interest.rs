//! The directions in which sockets are watched, and reported.

use std::fmt;
use std::ops::BitOr;

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

    pub(crate) const fn is_rest_reported(self) -> bool {
        self.0 & REST_IS_REPORTED != 0
    }
}

const REST_IS_REPORTED: u8 = 4;
