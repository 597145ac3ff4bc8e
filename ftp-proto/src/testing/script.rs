//! A server that follows a fixed dialogue and understands nothing.

mod play;

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::inbox::Inbox;
use super::peer::{Channel, Received, ServerAction, ServerLink};

/// One step of a [`Script`]. A step that waits holds back all that follow it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cue {
    /// Waits for the next command, which must have this verb (in upper case). PORT and EPRT are
    /// noted.
    Expect(Box<str>),
    /// Says these bytes on the control connection, as they are.
    Say(Box<[u8]>),
    /// Waits until a listener is bound, and says its port: a 229 when extended, else a 227.
    Listen {
        /// Whether EPSV is answered, and not PASV.
        extended: bool,
    },
    /// Opens the data connection, by accepting or by dialling what PORT or EPRT named, and waits
    /// until that has succeeded or failed.
    Open,
    /// Waits for a TLS handshake on the control connection.
    SecureControl,
    /// Waits for a TLS handshake on the data connection.
    SecureData,
    /// Sends these bytes on the data connection, and waits until it has taken them.
    Send(Box<[u8]>),
    /// Receives this many bytes from the data connection, and waits for them.
    Receive(usize),
    /// Receives from the data connection, and waits for its end.
    ReceiveAll,
    /// Closes the data connection, or the listener.
    CloseData,
    /// Drops the data connection, or the listener, with a reset.
    ResetData,
    /// Closes the control connection behind all that was said. The rest of the script is not
    /// played.
    CloseControl,
    /// Drops the control connection with a reset. The rest of the script is not played.
    ResetControl,
}

/// A fixed dialogue, for tests that must name every line and every moment.
///
/// Commands are expected, replies are said and data is moved exactly as written; nothing is
/// interpreted but the address in PORT and EPRT. A command that is not the expected one stops the
/// script and is kept as its [`mismatch`](Self::mismatch). Behind its last cue the script is
/// silent.
///
/// ```
/// use ftp_proto::testing::{Peer, Script, ServerAction, ServerReport};
///
/// // The final reply overtakes the data.
/// let mut script = Script::new()
///     .say("220 Hello.\r\n")
///     .expect("EPSV").listen_extended()
///     .expect("RETR").say("150 Here it comes.\r\n226 There it was.\r\n").open().send("data").close_data();
///
/// script.receive(b"EPSV\r\nRETR x\r\n");
/// let Some(ServerAction::Listen { channel }) = script.poll_action() else { panic!() };
/// script.report(ServerReport::Listening { channel, local: "127.0.0.1:4711".parse().unwrap() });
/// assert!(script.transmit().ends_with(b"(|||4711|)\r\n150 Here it comes.\r\n226 There it was.\r\n"));
/// assert_eq!(script.poll_action(), Some(ServerAction::Accept { channel }));
/// script.report(ServerReport::Accepted { channel, peer: "127.0.0.1".parse().unwrap() });
/// assert_eq!(script.payload(channel), b"data");
/// script.payload_sent(channel, 4);
/// assert!(script.is_finished());
/// ```
#[derive(Debug, Clone)]
pub struct Script {
    cues: Arc<[Cue]>,
    /// The cue to play next, or the one that waits.
    at: usize,
    waits: Waits,
    over: bool,
    inbox: Inbox,
    commands: VecDeque<Received>,
    outbox: Vec<u8>,
    actions: VecDeque<ServerAction>,
    next_channel: Channel,
    data: Option<Channel>,
    dial: Option<SocketAddr>,
    arrived: Vec<u8>,
    mismatch: Option<Mismatch>,
    log: Vec<Received>,
}

/// A command that was not the one that a [`Script`] expected.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Mismatch {
    /// The verb that the script expected.
    pub expected: Box<str>,
    /// The command that came.
    pub received: Received,
}

/// What the cue under way waits for, on the data connection or on the control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Waits {
    Not,
    ForListener { extended: bool },
    ForConnection,
    ForHandshake(ServerLink),
    ForSent(usize),
    ForReceived(usize),
    ForEnd,
}

/// Writing a script.
impl Script {
    /// An empty script: a server that accepts and says nothing.
    pub fn new() -> Self {
        Self::from_iter([])
    }

    fn with(self, cue: Cue) -> Self {
        self.cues.iter().cloned().chain([cue]).collect()
    }

    /// Adds [`Cue::Expect`].
    #[must_use]
    pub fn expect(self, verb: &str) -> Self {
        self.with(Cue::Expect(verb.into()))
    }

    /// Adds [`Cue::Say`].
    #[must_use]
    pub fn say(self, bytes: impl AsRef<[u8]>) -> Self {
        self.with(Cue::Say(bytes.as_ref().into()))
    }

    /// Adds [`Cue::Listen`] for PASV.
    #[must_use]
    pub fn listen(self) -> Self {
        self.with(Cue::Listen { extended: false })
    }

    /// Adds [`Cue::Listen`] for EPSV.
    #[must_use]
    pub fn listen_extended(self) -> Self {
        self.with(Cue::Listen { extended: true })
    }

    /// Adds [`Cue::Open`].
    #[must_use]
    pub fn open(self) -> Self {
        self.with(Cue::Open)
    }

    /// Adds [`Cue::SecureControl`].
    #[must_use]
    pub fn secure_control(self) -> Self {
        self.with(Cue::SecureControl)
    }

    /// Adds [`Cue::SecureData`].
    #[must_use]
    pub fn secure_data(self) -> Self {
        self.with(Cue::SecureData)
    }

    /// Adds [`Cue::Send`].
    #[must_use]
    pub fn send(self, bytes: impl AsRef<[u8]>) -> Self {
        self.with(Cue::Send(bytes.as_ref().into()))
    }

    /// Adds [`Cue::Receive`].
    #[must_use]
    pub fn receive_octets(self, count: usize) -> Self {
        self.with(Cue::Receive(count))
    }

    /// Adds [`Cue::ReceiveAll`].
    #[must_use]
    pub fn receive_all(self) -> Self {
        self.with(Cue::ReceiveAll)
    }

    /// Adds [`Cue::CloseData`].
    #[must_use]
    pub fn close_data(self) -> Self {
        self.with(Cue::CloseData)
    }

    /// Adds [`Cue::ResetData`].
    #[must_use]
    pub fn reset_data(self) -> Self {
        self.with(Cue::ResetData)
    }

    /// Adds [`Cue::CloseControl`].
    #[must_use]
    pub fn close_control(self) -> Self {
        self.with(Cue::CloseControl)
    }

    /// Adds [`Cue::ResetControl`].
    #[must_use]
    pub fn reset_control(self) -> Self {
        self.with(Cue::ResetControl)
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::new()
    }
}

impl FromIterator<Cue> for Script {
    fn from_iter<I: IntoIterator<Item = Cue>>(cues: I) -> Self {
        let mut script = Self {
            cues: cues.into_iter().collect(),
            at: 0,
            waits: Waits::Not,
            over: false,
            inbox: Inbox::new(true),
            commands: VecDeque::new(),
            outbox: Vec::new(),
            actions: VecDeque::new(),
            next_channel: Channel::new(0),
            data: None,
            dial: None,
            arrived: Vec::new(),
            mismatch: None,
            log: Vec::new(),
        };
        script.play();
        script
    }
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        self.what_decides() == other.what_decides()
    }
}

impl Eq for Script {}

impl core::hash::Hash for Script {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.what_decides().hash(state);
    }
}
