//! What a session may do, how long it waits, and how much it holds.

use core::net::IpAddr;
use core::time::Duration;

use crate::address::HostPolicy;
use crate::operation::rung::Rung;
use crate::reply;
use crate::time::Reason;
use crate::transfer::DataMode;

/// Everything that can be set for a session. The default is strict, passive and without TLS.
///
/// ```
/// use core::time::Duration;
/// use ftp_proto::{Config, DataMode, TlsPolicy};
///
/// let mut config = Config::default();
/// config.data_mode = DataMode::Passive;
/// config.tls = TlsPolicy::Full;
/// config.timeouts.reply = Duration::from_secs(10);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Config {
    /// How long each wait may last.
    pub timeouts: Timeouts,
    /// How much is held.
    pub limits: Limits,
    /// How data connections are opened.
    pub data_mode: DataMode,
    /// Whether [`DataMode::Auto`] tries active mode after both passive ways have failed. Off by
    /// default, because the server then connects to the client, which firewalls and NAT seldom
    /// allow.
    pub active_fallback: bool,
    /// Which host of a 227 reply the driver may dial.
    pub host_policy: HostPolicy,
    /// What has to be secured before what.
    pub tls: TlsPolicy,
    /// Whether CCC may end TLS on the control connection (RFC 2228). Anybody on the network can
    /// then read and forge what it carries. Off by default.
    pub clear_control: bool,
    /// How a transfer under way is aborted.
    pub abort: AbortStyle,
    /// Which further deviations from the protocol are tolerated.
    pub lenient: Leniencies,
    /// Whether the session negotiates the encoding of names.
    pub encoding: Encoding,
    /// Whether a byte 0xFF in a name is doubled when it is sent, as Telnet demands, and undoubled
    /// on receipt.
    pub telnet: Telnet,
    /// The first command of a [`List`](crate::operation::List), whatever FEAT offers. `None`, the
    /// default, means MLSD where FEAT offers it, else `LIST -a`.
    ///
    /// [`Rung::ListAll`] skips MLSD, for servers that offer it and do not answer it, or answer it
    /// wrongly. A command that has listed a directory in this session takes precedence
    /// ([`Memory::listing`](crate::operation::Memory::listing)).
    pub listing_begins_at: Option<Rung>,
    /// Whether each [`List`](crate::operation::List) names its directory in the command's argument
    /// and does not enter it, as with [`List::by_argument`](crate::operation::List::by_argument).
    /// Off by default, because servers misread the argument.
    pub listing_by_argument: bool,
    /// How much the session records for [`Session::poll_trace`](crate::Session::poll_trace).
    pub detail: Detail,
    /// Send NOOP on the control connection during a transfer, this long after the last command, at
    /// least 10 ms. Off by default.
    ///
    /// twoftpd ends the transfer at a NOOP (426), and an upload to bftpd stands still from the
    /// first one on. Such a transfer fails with
    /// [`Interruption::Keepalive`](crate::Interruption::Keepalive), and the session sends no
    /// further keepalives.
    pub keepalive: Option<Duration>,
    /// Send NOOP while the session is logged in and idle, this long after the last reply, at least
    /// 10 ms. Off by default. Any reply will do; without one, the session is over. `ftp-mio` sends
    /// it at the session's deadline, and `ftp-blocking` has a call for it.
    pub idle_keepalive: Option<Duration>,
    /// How many commands may be unanswered at once, at least 1. With 1, the default, each command
    /// waits for the reply to the one before. Commands that depend on others always wait.
    ///
    /// From 2 on, TYPE and EPSV are sent together, which saves a round trip for a transfer that
    /// changes the type. With 128, a [`Batch`](crate::operation::Batch) of a thousand SIZE takes at
    /// most twenty flights. Outside of batches, [`Limits::in_flight_max`] bounds the submitted
    /// commands. Known problems with more than 1:
    ///
    /// * uftpd and the `ftpd` package of npm take the result of one read for one command. They
    ///   answer only the first of several commands in one write, so no transfer that sends TYPE and
    ///   EPSV together works, and no batch.
    /// * libunftp and aioftp answer out of order at times. libunftp does so for a batch of SIZE,
    ///   and a wrong size then looks right.
    /// * On five of nine servers TYPE and EPSV in one write cost 40 ms more than in two, because
    ///   the server's second reply waits for the client's delayed acknowledgement of the first.
    pub pipeline: Pipeline,
    /// While a transfer runs, ask for the port of the next one that was begun. Off by default.
    ///
    /// Saves a round trip for each file on vsftpd, ProFTPD and inetutils ftpd. Pure-FTPd may
    /// refuse, which costs nothing and turns lookahead off for the session. pyftpdlib closes the
    /// running data connection at an EPSV: that transfer fails with
    /// [`Interruption::Lookahead`](crate::Interruption::Lookahead), and lookahead is off for the
    /// rest of the session. [`Series`](crate::operation::Series) fetches the lost transfer again.
    /// If no byte of it had come yet, the server may await its data connection on the new port, and
    /// the session dials that port. If no payload comes there either, the session ends
    /// ([`Violation::TransferForgotten`](crate::Violation::TransferForgotten)), because the server
    /// may still send the file. This costs [`Timeouts::abort_grace`], once in a session.
    pub lookahead: bool,
    /// Send the usual next command without waiting for the reply that it depends on: PASS behind
    /// USER, RNTO behind RNFR, and behind the login of
    /// [`Login::then`](crate::operation::Login::then) the commands that open the first data
    /// connection. Off by default.
    ///
    /// vsftpd, ProFTPD, Pure-FTPd, pyftpdlib and inetutils ftpd support it. libunftp does not: it
    /// checks the login in parallel and answers out of order.
    pub eager: bool,
    /// Begin TLS on a passive data connection behind the transfer command, and do not wait for its
    /// mark. Off by default.
    ///
    /// Saves a round trip for each protected transfer. vsftpd, ProFTPD, Pure-FTPd, pyftpdlib,
    /// aioftp, libunftp and ftp-srv support it. Under TLS 1.3 a refused transfer then costs a
    /// ticket. vsftpd issues two tickets and demands resumption. So the handshake with the last
    /// ticket waits for the mark, if the driver reports the number of tickets
    /// ([`Session::set_resumptions`](crate::Session::set_resumptions)). Without this, the handshake
    /// begins at the mark, or after [`Timeouts::mark`] without one. It begins at once on a server
    /// that has withheld its mark until the handshake before (ftp-srv).
    pub early_tls: bool,
}

/// How long each wait may last. A wait begins when the driver has performed the action before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Timeouts {
    /// Connecting the control connection, for each address; the driver enforces this limit. 30 s.
    pub connect: Duration,
    /// The complete greeting. 30 s.
    pub greeting: Duration,
    /// A complete reply, from the moment its command was written. 30 s.
    pub reply: Duration,
    /// From a transfer command to its mark, on a passive data connection with TLS. Then the
    /// handshake begins without the mark: ftp-srv withholds its mark until then, for at most 5 s. 1
    /// s.
    pub mark: Duration,
    /// Opening a data connection, either way. 30 s.
    pub data_open: Duration,
    /// A TLS handshake. 30 s.
    pub securing: Duration,
    /// Payload without progress: fewer than [`Limits::data_progress_min`] bytes moved in this time.
    /// 60 s.
    pub data_idle: Duration,
    /// The payload as a whole. No limit by default.
    pub data_total: Option<Duration>,
    /// The server's end of TLS after everything was sent. 2 s.
    pub tls_close: Duration,
    /// The final reply, after the payload ended. 120 s.
    ///
    /// For the client an upload ends when its system has taken the last byte. So this limit covers
    /// the time to empty the buffers on both sides, and the time in which the server flushes, moves
    /// and scans the file.
    pub completion: Duration,
    /// Data, or a late mark, that is still on its way when the final reply has come. 5 s.
    pub drain: Duration,
    /// How long the data connection stays open after ABOR was written. 0.
    pub abort_linger: Duration,
    /// The replies of an aborted transfer. 2 s.
    pub abort_grace: Duration,
    /// The reply to the NOOP after an abort. 5 s.
    pub fence: Duration,
    /// The whole transfer, from its first command to its verdict. No limit by default.
    pub operation: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        let half_a_minute = Duration::from_secs(30);
        Self {
            connect: half_a_minute,
            greeting: half_a_minute,
            reply: half_a_minute,
            mark: Duration::from_secs(1),
            data_open: half_a_minute,
            securing: half_a_minute,
            data_idle: Duration::from_secs(60),
            data_total: None,
            tls_close: Duration::from_secs(2),
            completion: Duration::from_secs(120),
            drain: Duration::from_secs(5),
            abort_linger: Duration::ZERO,
            abort_grace: Duration::from_secs(2),
            fence: Duration::from_secs(5),
            operation: None,
        }
    }
}

impl Timeouts {
    /// One limit for every wait that is limited by default.
    ///
    /// Waits that only clean up never get longer than their defaults: the end of TLS, the rest of
    /// the payload, the replies of an abort and its fence. Otherwise a long limit for a slow server
    /// would delay each transfer that such a wait follows.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ftp_proto::Timeouts;
    ///
    /// assert_eq!(Timeouts::all(Duration::from_secs(3)).completion, Duration::from_secs(3));
    /// let patient = Timeouts::all(Duration::from_secs(600));
    /// assert_eq!(patient.reply, Duration::from_secs(600));
    /// assert_eq!(patient.fence, Timeouts::default().fence);
    /// ```
    pub fn all(limit: Duration) -> Self {
        let usual = Self::default();
        Self {
            connect: limit,
            greeting: limit,
            reply: limit,
            mark: limit.min(usual.mark),
            data_open: limit,
            securing: limit,
            data_idle: limit,
            tls_close: limit.min(usual.tls_close),
            completion: limit,
            drain: limit.min(usual.drain),
            abort_grace: limit.min(usual.abort_grace),
            fence: limit.min(usual.fence),
            ..usual
        }
    }

    /// How long the wait for `reason` may last. `None` if it has no limit, and for the pauses
    /// before keepalives, which [`Config`] has.
    ///
    /// ```
    /// use ftp_proto::{Reason, Timeouts};
    ///
    /// let timeouts = Timeouts::default();
    /// assert_eq!(timeouts.of(Reason::Fence), Some(timeouts.fence));
    /// assert_eq!(timeouts.of(Reason::DataTotal), None);
    /// ```
    pub const fn of(&self, reason: Reason) -> Option<Duration> {
        Some(match reason {
            Reason::Greeting => self.greeting,
            Reason::Reply => self.reply,
            Reason::Mark => self.mark,
            Reason::DataOpen => self.data_open,
            Reason::Securing => self.securing,
            Reason::DataIdle => self.data_idle,
            Reason::DataTotal => return self.data_total,
            Reason::TlsClose => self.tls_close,
            Reason::Completion => self.completion,
            Reason::Drain => self.drain,
            Reason::AbortLinger => self.abort_linger,
            Reason::AbortGrace => self.abort_grace,
            Reason::Fence => self.fence,
            Reason::Operation => return self.operation,
            Reason::Keepalive | Reason::IdleKeepalive => return None,
        })
    }
}

/// How much a session holds and accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Limits {
    /// The sizes of replies.
    pub reply: reply::Limits,
    /// Preliminary replies (1xx) to one command. 16.
    pub preliminary_replies_max: u16,
    /// Unsolicited replies, and replies that were passed over, for one command or for one stretch
    /// without unanswered commands. 4. [`reply::Limits::reply_lines_max`] bounds further `220`
    /// lines of a banner instead.
    pub unsolicited_replies_max: u16,
    /// Commands that were submitted and whose replies were not polled. 8.
    pub in_flight_max: u16,
    /// Unanswered keepalives: many servers answer them only after the transfer. 128.
    pub keepalives_max: u16,
    /// Connections of strangers to the port of an active data connection before the server's. 16.
    pub strangers_max: u16,
    /// Payload bytes that have to move within [`Timeouts::data_idle`] to count as progress. 1,024,
    /// so that one byte a second cannot hold a session for ever.
    pub data_progress_min: u64,
    /// Entries of a listing that is collected by [`Entries`](crate::operation::Entries) or
    /// [`RawListing`](crate::operation::RawListing): `list`, `dir` and `nlst` of the drivers. More
    /// are an error ([`Policy::ListingEntries`](crate::Policy::ListingEntries)). 1,000,000.
    pub listing_entries_max: u32,
    /// Bytes of such a listing on the wire; more are an error
    /// ([`Policy::ListingBytes`](crate::Policy::ListingBytes)). 256 MiB.
    ///
    /// An entry takes some 150 bytes and its line. With both defaults, a listing takes at most half
    /// a gigabyte of memory; a thousand entries of usual length take some 250 kB.
    pub listing_bytes_max: u32,
    /// Trace records that wait to be polled. Further ones are dropped and counted, and so are
    /// records beyond [`trace::BYTES_MAX`](crate::trace::BYTES_MAX). 1,024.
    pub trace_records_max: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reply: reply::Limits::default(),
            preliminary_replies_max: 16,
            unsolicited_replies_max: 4,
            in_flight_max: 8,
            keepalives_max: 128,
            strangers_max: 16,
            data_progress_min: 1024,
            listing_entries_max: 1_000_000,
            listing_bytes_max: 256 * 1024 * 1024,
            trace_records_max: 1024,
        }
    }
}

/// How many commands may be unanswered at once; see [`Config::pipeline`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pipeline(u16);

impl Pipeline {
    /// As many as `commands`, at least one.
    pub const fn window(commands: u16) -> Self {
        Self(if commands == 0 { 1 } else { commands })
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Self(1)
    }
}

/// Which connections TLS has to secure. The machine enforces it, in whatever order operations run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsPolicy {
    /// Nothing.
    #[default]
    None,
    /// The control connection: before TLS only AUTH, CLNT, FEAT, HELP, HOST, NOOP, OPTS, QUIT and
    /// SYST may be sent. After CCC, where that is allowed, everything but USER, PASS and ACCT may
    /// be sent in clear.
    Control,
    /// The control connection and every data connection.
    Full,
}

/// How a transfer under way is aborted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AbortStyle {
    /// Sends ABOR, then drops the data connection.
    #[default]
    Abor,
    /// Drops the data connection. If the server does not reply in time, ABOR follows.
    CloseData,
    /// Drops both connections. The session is over.
    CloseControl,
}

/// Whether the session sees to the encoding of names (RFC 2640).
///
/// Servers on Windows use a code page for names until OPTS UTF8 ON, so that one file could have two
/// names in one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// FEAT, and OPTS UTF8 ON where FEAT offers it, are sent before the first command that carries
    /// a byte above 0x7F or whose answer holds names: PWD, MKD, NLST, LIST, MLSD, MLST, STAT with a
    /// path. USER, PASS and ACCT do not count. A server that refuses before the login is asked once
    /// more after it.
    #[default]
    Negotiated,
    /// No command is sent for it.
    AsItIs,
}

/// Whether a byte 0xFF is doubled in commands and undoubled in replies (RFC 959, 3.1.1.1).
///
/// ProFTPD and inetutils undo the doubling; vsftpd and Pure-FTPd take the doubled byte literally.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Telnet {
    /// Doubled, as the RFC demands.
    #[default]
    Doubled,
    /// Sent and received as a single byte.
    Literal,
}

/// How much the session records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Detail {
    /// No records: ftplib's debug level 0.
    #[default]
    Off,
    /// A record for each command and each reply: level 1.
    Requests,
    /// Also what driver and application do, without the bytes, the times and the moves of payload.
    /// A long transfer gives a handful of records. Not enough for a replay.
    Steps,
    /// Every line, input and output, so that the session can be replayed: level 2.
    Everything,
}

/// What the driver knows of the control connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Control {
    /// The address of the FTP host. Under a proxy this is the host, not the proxy; `None` if it is
    /// not known.
    pub peer: Option<IpAddr>,
    /// The client's own address.
    pub local: Option<IpAddr>,
    /// Whether TLS is already on (implicit FTPS).
    pub secured: bool,
}

impl Control {
    /// A connection in clear, with both addresses known.
    pub const fn new(peer: IpAddr, local: IpAddr) -> Self {
        Self {
            peer: Some(peer),
            local: Some(local),
            secured: false,
        }
    }

    /// The same connection, secured before the greeting.
    #[must_use]
    pub const fn secured(self) -> Self {
        Self {
            secured: true,
            ..self
        }
    }

    /// Whether both ends of this connection have IPv4 addresses.
    pub(crate) fn is_ipv4(&self) -> bool {
        let known = self.peer.or(self.local);
        known.is_none_or(|address| address.to_canonical().is_ipv4())
    }
}

/// A deviation from the protocol that can be tolerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Leniency {
    /// A multi-line reply ends with another code than it began with (glFTPd). Off by default.
    OtherCodeEndsReply,
    /// A 257 does not double the quotes inside the path (inetutils, Pure-FTPd). Off by default.
    UndoubledQuotes,
    /// A data connection under TLS ends without close_notify, and the length agrees. Off by
    /// default.
    NoCloseNotify,
    /// A success comes before the mark that opens the transfer. Always tolerated and recorded.
    EarlyCompletion,
    /// A transfer has no mark (1xx) at all. Always tolerated and recorded.
    NoMark,
    /// A second 226 after a transfer. Always tolerated once and recorded.
    SurplusCompletion,
}

/// A set of [`Leniency`] values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Leniencies(u16);

impl Leniencies {
    const ALL: [Leniency; 6] = [
        Leniency::OtherCodeEndsReply,
        Leniency::UndoubledQuotes,
        Leniency::NoCloseNotify,
        Leniency::EarlyCompletion,
        Leniency::NoMark,
        Leniency::SurplusCompletion,
    ];

    /// The set with `leniency` in it.
    #[must_use]
    pub const fn with(self, leniency: Leniency) -> Self {
        Self(self.0 | Self::bit(leniency))
    }

    /// Whether `leniency` is in the set.
    pub const fn contains(self, leniency: Leniency) -> bool {
        self.0 & Self::bit(leniency) != 0
    }

    /// The members of the set.
    pub fn iter(self) -> impl Iterator<Item = Leniency> {
        Self::ALL
            .into_iter()
            .filter(move |leniency| self.contains(*leniency))
    }

    const fn bit(leniency: Leniency) -> u16 {
        1 << leniency as u16
    }
}
