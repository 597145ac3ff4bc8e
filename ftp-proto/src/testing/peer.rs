//! What a server for tests asks of whatever runs it.

use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

/// One data connection of a [`Peer`], from the listener or the dialling to its end. Numbers are
/// never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(u32);

impl Channel {
    /// The channel with this number.
    ///
    /// ```
    /// use ftp_proto::testing::Channel;
    /// assert_eq!(Channel::new(3).number(), 3);
    /// ```
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number of the channel: 0 for the first of a session, then 1, and so on.
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The channel that follows this one.
    pub(super) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// One of the connections of a [`Peer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerLink {
    /// The control connection.
    Control,
    /// A data connection.
    Data(Channel),
}

/// What the runner of a [`Peer`] must do. Exhaustive on purpose: a new duty must break runners at
/// compile time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerAction {
    /// Bind a listener on the control connection's local address and any free port, and report
    /// [`Listening`](ServerReport::Listening).
    Listen {
        /// The data connection to come.
        channel: Channel,
    },
    /// Accept one connection on the channel's listener, report
    /// [`Accepted`](ServerReport::Accepted), and close the listener. A connection that was made
    /// before this action counts.
    Accept {
        /// The channel that listens.
        channel: Channel,
    },
    /// Dial the client's listener (active mode) and report [`Connected`](ServerReport::Connected).
    Connect {
        /// The data connection to come.
        channel: Channel,
        /// What the client announced with PORT or EPRT.
        to: SocketAddr,
    },
    /// Let a stranger, from an address that is not this server's, connect to the client's listener.
    /// Nothing is reported. A runner that has no second address does nothing.
    Intrude {
        /// What the client announced with PORT or EPRT.
        to: SocketAddr,
    },
    /// Run the server's side of a TLS handshake and report [`Secured`](ServerReport::Secured). For
    /// the control connection it comes only after the reply to AUTH was transmitted.
    Secure {
        /// The connection to secure.
        link: ServerLink,
    },
    /// End TLS on the control connection in an orderly way, go on in clear text, and report
    /// [`Unsecured`](ServerReport::Unsecured) (CCC, RFC 4217).
    Unsecure,
    /// From now on move the bytes of [`Peer::payload`] to the client as the connection takes them.
    Send {
        /// The connection to send on.
        channel: Channel,
    },
    /// From now on read, at most [`Peer::payload_wanted`] bytes at a time, and hand what comes to
    /// [`Peer::payload_received`]; report [`Ended`](ServerReport::Ended) at the end of input.
    Receive {
        /// The connection to read from.
        channel: Channel,
    },
    /// Say that no more payload comes (shut down writing) and report [`Ended`](ServerReport::Ended)
    /// when the client has closed its side.
    Shutdown {
        /// The connection to half-close.
        channel: Channel,
    },
    /// Close the connection, or the listener, in an orderly way, behind all bytes sent. Nothing is
    /// reported.
    Close {
        /// The connection or the listener to close.
        channel: Channel,
    },
    /// Drop the connection, or the listener, at once, with a reset. Nothing is reported.
    Reset {
        /// The connection or the listener to drop.
        channel: Channel,
    },
    /// Close the control connection in an orderly way, after all of [`Peer::transmit`] was written.
    /// The last action.
    CloseControl,
    /// Drop the control connection at once, with a reset. The last action.
    ResetControl,
}

impl ServerAction {
    /// Whether it must wait until all that was said is written.
    pub(super) const fn follows_replies(self) -> bool {
        matches!(
            self,
            Self::Secure {
                link: ServerLink::Control
            } | Self::Unsecure
                | Self::CloseControl
        )
    }
}

/// What the runner of a [`Peer`] observed. Reports about channels that are over are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServerReport {
    /// The listener is bound.
    Listening {
        /// The channel that listens.
        channel: Channel,
        /// The bound address, with its port.
        local: SocketAddr,
    },
    /// A client was accepted on the listener.
    Accepted {
        /// The channel that is connected now.
        channel: Channel,
        /// Who connected.
        peer: IpAddr,
    },
    /// The client's listener was reached.
    Connected {
        /// The channel that is connected now.
        channel: Channel,
    },
    /// The TLS handshake is done.
    Secured {
        /// The connection that is secured now.
        link: ServerLink,
    },
    /// The control connection is in clear text again.
    Unsecured,
    /// The client ended its side of a data connection in an orderly way.
    Ended {
        /// The connection that ended.
        channel: Channel,
    },
    /// The connection could not be made or secured, or it broke. A control connection that fails is
    /// over.
    Failed {
        /// The connection that failed.
        link: ServerLink,
    },
}

/// One command line as it was received.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Received {
    /// The number of the command in its session; the first is 1 (0 is the greeting, which answers
    /// no command).
    pub serial: u32,
    /// The number of the [`Peer::receive`] call that completed the line: lines that came in one
    /// piece share it.
    pub piece: u32,
    /// The line without its end, after Telnet codes were undone. Passwords are in it.
    pub line: Vec<u8>,
}

impl Received {
    /// The verb, in upper case.
    ///
    /// ```
    /// use ftp_proto::testing::Received;
    /// let received = Received { serial: 1, piece: 1, line: b"retr a b".to_vec() };
    /// assert_eq!(received.verb(), b"RETR");
    /// assert_eq!(received.argument(), b"a b");
    /// ```
    pub fn verb(&self) -> Vec<u8> {
        split_line(&self.line).0
    }

    /// What follows the first blank, byte for byte; empty without one.
    pub fn argument(&self) -> &[u8] {
        split_line(&self.line).1
    }
}

/// The verb in upper case, and the rest behind one blank.
pub(super) fn split_line(line: &[u8]) -> (Vec<u8>, &[u8]) {
    match memchr::memchr(b' ', line).and_then(|at| line.split_at_checked(at)) {
        Some((verb, rest)) => (verb.to_ascii_uppercase(), rest.get(1..).unwrap_or_default()),
        None => (line.to_ascii_uppercase(), &[]),
    }
}

/// What plays the server's part in a test: a [`Server`](super::Server) or a
/// [`Script`](super::Script).
///
/// Every method may be called at any time and in any order; none fails or panics. After any input,
/// ask for actions until there are none, write what there is to transmit, and move payload.
///
/// ```
/// use ftp_proto::testing::{Files, Peer, Server, ServerAction, ServerConfig};
///
/// /// Plays a conversation that needs no data connection, and returns all that the server said.
/// fn converse(peer: &mut impl Peer, commands: &[u8]) -> Vec<u8> {
///     let mut said = Vec::new();
///     peer.receive(commands);
///     loop {
///         let n = peer.transmit().len();
///         said.extend_from_slice(peer.transmit());
///         peer.transmitted(n);
///         match peer.poll_action() {
///             Some(ServerAction::CloseControl) => return said,
///             Some(action) => panic!("not in this conversation: {action:?}"),
///             None if n == 0 => return said,
///             None => {}
///         }
///     }
/// }
///
/// let mut server = Server::new(ServerConfig::new(), Files::new());
/// assert_eq!(converse(&mut server, b"QUIT\r\n"), b"220 Service ready.\r\n221 Goodbye.\r\n");
/// ```
pub trait Peer {
    /// Feeds bytes read from the control connection (after TLS, when secured).
    fn receive(&mut self, bytes: &[u8]);

    /// The control connection reached end of input: the client is gone.
    fn receive_eof(&mut self);

    /// Bytes to write to the control connection next. Stable until
    /// [`transmitted`](Self::transmitted).
    fn transmit(&self) -> &[u8];

    /// Acknowledges that the first `n` bytes of [`transmit`](Self::transmit) were written.
    fn transmitted(&mut self, n: usize);

    /// The next thing to do with sockets. Actions that must follow a reply come only after it was
    /// transmitted.
    fn poll_action(&mut self) -> Option<ServerAction>;

    /// What came of an action, or what happened to a data connection.
    fn report(&mut self, report: ServerReport);

    /// Payload to send now; empty when there is none, when it is all sent, or when the peer stalls.
    fn payload(&self, channel: Channel) -> &[u8];

    /// Acknowledges that the first `n` bytes of [`payload`](Self::payload) were taken by the
    /// connection.
    fn payload_sent(&mut self, channel: Channel, n: usize);

    /// How many bytes the peer would take now; 0 asks the runner to stop reading.
    fn payload_wanted(&self, channel: Channel) -> usize;

    /// Feeds payload read from a data connection.
    fn payload_received(&mut self, channel: Channel, bytes: &[u8]);

    /// Every command received so far, in order.
    fn log(&self) -> &[Received];
}
