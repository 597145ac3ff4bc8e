//! Actions, which the machine asks of its driver, and reports, by which the driver answers.

use core::net::{IpAddr, SocketAddr};

/// Names one data connection of a session. A session never uses a number twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataId(pub(crate) u32);

impl DataId {
    /// The number itself, for logs and as a key.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// An action that the driver has to perform.
///
/// The enum is exhaustive on purpose: a new action must break drivers when they are compiled, not
/// when they run. Every action but [`Discard`](Self::Discard), [`Poll`](Self::Poll) and
/// [`Close`](Self::Close) is answered with a [`Report`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Dial (passive mode). Answer: [`Report::Connected`] or [`Report::Failed`].
    Connect {
        /// The connection to be.
        data: DataId,
        /// Whom to dial.
        target: Target,
    },
    /// Bind a listener to the control connection's local address, any port, backlog 1 (active
    /// mode). Answer: [`Report::Listening`] or [`Report::Failed`].
    Listen {
        /// The connection to be.
        data: DataId,
    },
    /// Accept one connection from the listener. Answer: [`Report::Accepted`] or [`Report::Failed`].
    /// If the same action comes again, the caller was a stranger: drop the accepted connection and
    /// accept anew. Keep the listener until then.
    Accept {
        /// The connection to be.
        data: DataId,
    },
    /// Make the TLS handshake as a client. A data connection verifies the same name as the control
    /// connection and resumes its session. Answer: [`Report::Secured`] or [`Report::Failed`].
    Secure {
        /// Which connection.
        link: Link,
    },
    /// End TLS on the control connection orderly and go on in clear (CCC). Answer:
    /// [`Report::Unsecured`] or [`Report::Failed`].
    Unsecure,
    /// Move payload. Close in order at the end and answer [`Report::Finished`], or answer
    /// [`Report::Failed`]. Report progress with [`Report::Moved`].
    Move {
        /// Which connection.
        data: DataId,
        /// What may move.
        flow: Flow,
    },
    /// Wait no longer for the peer to end its side: close orderly, at once, and answer
    /// [`Report::Finished`].
    Finish {
        /// Which connection.
        data: DataId,
    },
    /// Drop the socket or listener at once, and reset a connection (linger 0). After a reset, a
    /// partial upload cannot pass for a whole file, and a server that is still sending gets an
    /// error. After an orderly close its next write may kill it: SIGPIPE ends inetutils ftpd with
    /// its control connection. No answer is expected. A driver that holds no socket for the
    /// connection has nothing to do.
    Discard {
        /// Which connection.
        data: DataId,
    },
    /// Poll the operation again: a wait expired, and a verdict is ready. There is nothing to
    /// perform and no answer.
    Poll,
    /// Close the control connection; the session is over. A data connection may still be moving
    /// payload to its end.
    Close,
}

impl Action {
    /// The data connection that it is about.
    pub const fn data(&self) -> Option<DataId> {
        match *self {
            Self::Connect { data, .. }
            | Self::Listen { data }
            | Self::Accept { data }
            | Self::Secure {
                link: Link::Data(data),
            }
            | Self::Move { data, .. }
            | Self::Finish { data }
            | Self::Discard { data } => Some(data),
            Self::Secure {
                link: Link::Control,
            }
            | Self::Unsecure
            | Self::Poll
            | Self::Close => None,
        }
    }
}

/// One of the two kinds of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "FTP has two kinds of connection; drivers match both"
)]
pub enum Link {
    /// The control connection.
    Control,
    /// A data connection.
    Data(DataId),
}

/// Whom to dial for a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "drivers must be able to dial every target"
)]
pub enum Target {
    /// The host of the control connection, as the driver knows it (under a proxy: the FTP host, not
    /// the proxy).
    ControlHost {
        /// The port that the server named.
        port: u16,
    },
    /// An address that the server named and that [`HostPolicy`](crate::address::HostPolicy) lets
    /// through.
    Address(SocketAddr),
}

impl Target {
    /// The address to dial, where the FTP host has the address `host`.
    pub const fn at(self, host: IpAddr) -> SocketAddr {
        match self {
            Self::ControlHost { port } => SocketAddr::new(host, port),
            Self::Address(address) => address,
        }
    }
}

/// Which way the payload goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two directions")]
pub enum Direction {
    /// From the server to the client.
    Receive,
    /// From the client to the server.
    Send,
}

/// How the payload is represented on the wire (RFC 959, 3.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "EBCDIC and local bytes are not supported, on purpose"
)]
pub enum Representation {
    /// `TYPE I`: byte for byte.
    #[default]
    Image,
    /// `TYPE A`: lines that end with CR LF. The driver or its user runs the bytes through
    /// [`ascii`](crate::ascii).
    Ascii,
}

/// What may move on a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Flow {
    /// Which way.
    pub direction: Direction,
    /// How represented.
    pub representation: Representation,
    /// When receiving: deliver at most this many bytes, then read once more. If that read gives the
    /// end of input, the end is [`End::Clean`]. If it gives a byte, the byte is dropped and the end
    /// is [`End::Limit`].
    pub limit: Option<u64>,
    /// Whether the connection is secured with TLS.
    pub secured: bool,
    /// The driver reads this payload within its limit and drops it, and the application does not
    /// see it. This is set for the short listing by which a session gets new TLS tickets.
    pub discard: bool,
}

impl Flow {
    /// Whether payload goes over the socket byte for byte, so that splice and sendfile may be used.
    pub fn is_verbatim(&self) -> bool {
        self.representation == Representation::Image && !self.secured
    }
}

/// A result or an observation of the driver. A report for a data connection that the machine has
/// given up is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "drivers construct these")]
pub enum Report {
    /// The dialled connection is open.
    Connected {
        /// Which connection.
        data: DataId,
    },
    /// The listener is bound.
    Listening {
        /// Which connection.
        data: DataId,
        /// Where it listens: the address to announce.
        local: SocketAddr,
    },
    /// A peer called.
    Accepted {
        /// Which connection.
        data: DataId,
        /// Who called.
        peer: IpAddr,
    },
    /// The TLS handshake is complete.
    Secured {
        /// Which connection.
        link: Link,
    },
    /// TLS has ended on the control connection, which is open and in clear.
    Unsecured,
    /// Payload moved since the last report.
    Moved {
        /// Which connection.
        data: DataId,
        /// How many bytes, as they were on the wire (under TLS: before encryption).
        bytes: u64,
    },
    /// The application does not move payload for now (`true`), or does so again (`false`).
    /// Meanwhile the idle limit of the payload is paused; the total limits are not.
    Held {
        /// Which connection.
        data: DataId,
        /// Whether the application holds the payload back.
        held: bool,
    },
    /// Everything was sent, and the driver waits for the peer's end of TLS.
    Closing {
        /// Which connection.
        data: DataId,
    },
    /// The payload ended *and the socket is closed*. ProFTPD holds its 226 back until the client
    /// has closed.
    Finished {
        /// Which connection.
        data: DataId,
        /// How it ended.
        end: End,
    },
    /// An action failed, or a connection broke. A data connection is closed by then.
    Failed {
        /// Which connection.
        link: Link,
        /// How.
        failure: Failure,
    },
}

impl Report {
    /// The data connection that it is about.
    pub const fn data(&self) -> Option<DataId> {
        match *self {
            Self::Connected { data }
            | Self::Listening { data, .. }
            | Self::Accepted { data, .. }
            | Self::Secured {
                link: Link::Data(data),
            }
            | Self::Moved { data, .. }
            | Self::Held { data, .. }
            | Self::Closing { data }
            | Self::Finished { data, .. }
            | Self::Failed {
                link: Link::Data(data),
                ..
            } => Some(data),
            Self::Secured {
                link: Link::Control,
            }
            | Self::Unsecured
            | Self::Failed {
                link: Link::Control,
                ..
            } => None,
        }
    }
}

/// How a payload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "drivers construct these")]
pub enum End {
    /// At the end of input, or after everything was sent; under TLS with close_notify.
    Clean,
    /// The peer ended the TCP connection without TLS's close_notify. Bytes of a download may be
    /// missing. An upload that ends so was sent completely: it counts as [`End::Clean`], and the
    /// final reply says whether it arrived.
    Truncated,
    /// [`Flow::limit`] was reached and there was more.
    Limit,
}

/// Why a connection failed, as coarsely as the machine needs it. The driver keeps the details for
/// its own errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The peer's host refused the connection.
    #[error("connection refused")]
    Refused,
    /// There is no way to the peer.
    #[error("host unreachable")]
    Unreachable,
    /// The operating system's own timeout. A driver never reports a deadline of the machine this
    /// way.
    #[error("timed out by the operating system")]
    TimedOut,
    /// The peer reset the connection, or broke the pipe.
    #[error("connection reset")]
    Reset,
    /// TLS failed: handshake, certificate, record or alert.
    #[error("TLS failed")]
    Tls,
    /// The TLS handshake was not answered within
    /// [`Timeouts::securing`](crate::Timeouts::securing). The session finds this out itself.
    #[error("the TLS handshake was not answered in time")]
    TlsTimedOut,
    /// A local cause: the application's source or sink failed, or no port or descriptor is free.
    #[error("local failure")]
    Local,
    /// Anything else.
    #[error("connection failed")]
    Other,
}

/// Maps an error of std to a failure (feature `std`). `InvalidData` becomes a failure of TLS,
/// because TLS libraries report a peer's faults so.
///
/// ```
/// use ftp_proto::Failure;
/// assert_eq!(Failure::from(std::io::ErrorKind::BrokenPipe), Failure::Reset);
/// ```
#[cfg(feature = "std")]
impl From<std::io::ErrorKind> for Failure {
    fn from(kind: std::io::ErrorKind) -> Self {
        use std::io::ErrorKind as Kind;
        match kind {
            Kind::ConnectionRefused => Self::Refused,
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
                Self::Unreachable
            }
            Kind::TimedOut => Self::TimedOut,
            Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::BrokenPipe
            | Kind::WriteZero
            | Kind::UnexpectedEof => Self::Reset,
            Kind::InvalidData => Self::Tls,
            Kind::AddrInUse
            | Kind::AddrNotAvailable
            | Kind::PermissionDenied
            | Kind::OutOfMemory => Self::Local,
            _ => Self::Other,
        }
    }
}
