//! Time as the machine sees it: a number that the driver passes in.

use core::fmt;
use core::time::Duration;

/// A point in time, counted from an epoch that the driver chooses.
///
/// The machine reads no clock. A driver measures how long it has been running and passes that in:
///
/// ```
/// use core::time::Duration;
/// use ftp_proto::Instant;
///
/// let started = std::time::Instant::now();
/// let now = Instant::from_epoch(started.elapsed());
/// assert!(now + Duration::from_secs(1) > now);
/// ```
///
/// Arithmetic saturates; nothing here panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The driver's epoch itself.
    pub const EPOCH: Self = Self(Duration::ZERO);

    /// The instant that lies `elapsed` after the epoch.
    pub const fn from_epoch(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the epoch this is.
    pub const fn since_epoch(self) -> Duration {
        self.0
    }

    /// The instant that lies `later` after this one.
    #[must_use]
    pub const fn saturating_add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later))
    }

    /// How long after `earlier` this is; zero if it is not later.
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl core::ops::Add<Duration> for Instant {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        self.saturating_add(rhs)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}s", self.0.as_secs(), self.0.subsec_micros())
    }
}

/// When the machine must be polled again even without another event, and which wait ends then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deadline {
    /// When [`Session::poll_action`](crate::Session::poll_action) must be called at the latest.
    pub at: Instant,
    /// The wait that expires then.
    pub reason: Reason,
}

/// The waits of a session; each has a limit of its own in [`Timeouts`](crate::Timeouts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// From the open connection to the end of the greeting.
    Greeting,
    /// From a command to the end of its reply. Each preliminary reply restarts it.
    Reply,
    /// From the transfer command to its mark; then the TLS handshake on the data connection begins
    /// without the mark. Its expiry is not a failure.
    Mark,
    /// Connecting, listening for, or accepting a data connection.
    DataOpen,
    /// A TLS handshake, or its orderly end before CCC.
    Securing,
    /// Payload moves too little: see [`Timeouts::data_idle`](crate::Timeouts::data_idle).
    DataIdle,
    /// The payload as a whole.
    DataTotal,
    /// Everything was sent; the server has not ended its side of the TLS connection.
    TlsClose,
    /// The payload ended; the final reply has not come.
    Completion,
    /// The final reply came; the session waits for data on its way, or for a late mark.
    Drain,
    /// The time for which the data connection stays open after ABOR was sent.
    AbortLinger,
    /// The replies that an aborted transfer still owes.
    AbortGrace,
    /// The reply to the NOOP that shows whether replies to an aborted transfer are still owed.
    Fence,
    /// The pause before a keepalive NOOP during a transfer. Its expiry is not a failure.
    Keepalive,
    /// The pause before a NOOP of a session that is idle. Its expiry is not a failure.
    IdleKeepalive,
    /// The whole transfer, from its first command to its verdict.
    Operation,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "waiting for the greeting",
            Self::Reply => "waiting for a reply",
            Self::Mark => "waiting for the mark of a transfer",
            Self::DataOpen => "opening the data connection",
            Self::Securing => "securing a connection",
            Self::DataIdle => "waiting for payload to move",
            Self::DataTotal => "moving the payload",
            Self::TlsClose => "waiting for the end of TLS",
            Self::Completion => "waiting for the final reply",
            Self::Drain => "waiting for the rest of the payload",
            Self::AbortLinger => "lingering after ABOR",
            Self::AbortGrace => "waiting for the replies of an abort",
            Self::Fence => "waiting for the reply to a fence",
            Self::Keepalive => "pausing between keepalives",
            Self::IdleKeepalive => "pausing before a keepalive of an idle session",
            Self::Operation => "running the whole transfer",
        })
    }
}
