//! A server that follows a fixed dialogue and understands nothing.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::address::{extended_passive_text, parse_eprt, parse_port, passive_text};
use super::inbox::Inbox;
use super::peer::{Channel, Peer, Received, ServerAction, ServerLink, ServerReport};

/// One step of a [`Script`]. A step that waits holds back all that follow it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cue {
    /// Waits for the next command, which must have this verb (in upper case). PORT and EPRT are noted.
    Expect(Box<str>),
    /// Says these bytes on the control connection, as they are.
    Say(Box<[u8]>),
    /// Waits until a listener is bound, and says its port: a 229 when extended, else a 227.
    Listen {
        /// Whether EPSV is answered, and not PASV.
        extended: bool,
    },
    /// Opens the data connection, by accepting or by dialling what PORT or EPRT named, and waits until that has
    /// succeeded or failed.
    Open,
    /// Waits for a TLS handshake on the control connection.
    SecureControl,
    /// Waits for a TLS handshake on the data connection.
    SecureData,
    /// Sends these octets on the data connection, and waits until it has taken them.
    Send(Box<[u8]>),
    /// Receives this many octets from the data connection, and waits for them.
    Receive(usize),
    /// Receives from the data connection, and waits for its end.
    ReceiveAll,
    /// Closes the data connection, or the listener.
    CloseData,
    /// Drops the data connection, or the listener, with a reset.
    ResetData,
    /// Closes the control connection behind all that was said. The rest of the script is not played.
    CloseControl,
    /// Drops the control connection with a reset. The rest of the script is not played.
    ResetControl,
}

/// A fixed dialogue, for tests that must name every line and every moment.
///
/// Commands are expected, replies are said and data is moved exactly as written; nothing is interpreted but the address
/// in PORT and EPRT. A command that is not the expected one stops the script and is kept as its
/// [`mismatch`](Self::mismatch). Behind its last cue the script is silent.
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
    pub fn send(self, octets: impl AsRef<[u8]>) -> Self {
        self.with(Cue::Send(octets.as_ref().into()))
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

/// Playing it.
impl Script {
    /// Whether every cue was played to its end.
    pub fn is_finished(&self) -> bool {
        self.at >= self.cues.len()
    }

    /// The command that was not the expected one, if there was one.
    pub const fn mismatch(&self) -> Option<&Mismatch> {
        self.mismatch.as_ref()
    }

    /// What was received on data connections.
    pub fn arrived(&self) -> &[u8] {
        &self.arrived
    }

    /// All but the log.
    fn what_decides(&self) -> impl PartialEq + core::hash::Hash + '_ {
        (
            (&self.cues, self.at, self.waits, self.over, &self.inbox),
            (&self.commands, &self.outbox, &self.actions, &self.mismatch),
            (self.next_channel, self.data, self.dial, &self.arrived),
        )
    }

    /// Plays cues until one waits.
    fn play(&mut self) {
        let cues = Arc::clone(&self.cues);
        while self.waits == Waits::Not && !self.over && self.mismatch.is_none() {
            let Some(cue) = cues.get(self.at) else {
                return;
            };
            if !self.begin(cue) {
                return;
            }
            if self.waits == Waits::Not {
                self.at = self.at.saturating_add(1);
            }
        }
    }

    /// `false` when the cue must be tried again later.
    fn begin(&mut self, cue: &Cue) -> bool {
        match cue {
            Cue::Expect(verb) => return self.take_command(verb),
            Cue::Say(bytes) => self.outbox.extend_from_slice(bytes),
            Cue::Listen { extended } => {
                let channel = self.new_channel();
                let extended = *extended;
                self.act(
                    ServerAction::Listen { channel },
                    Waits::ForListener { extended },
                );
            }
            Cue::SecureControl => {
                let link = ServerLink::Control;
                self.act(ServerAction::Secure { link }, Waits::ForHandshake(link));
            }
            Cue::CloseControl => self.end(ServerAction::CloseControl),
            Cue::ResetControl => {
                self.outbox.clear();
                self.end(ServerAction::ResetControl);
            }
            _ => {
                if let Some(channel) = self.data {
                    self.begin_on_data(cue, channel);
                }
            }
        }
        true
    }

    fn begin_on_data(&mut self, cue: &Cue, channel: Channel) {
        match cue {
            Cue::Open => {
                let action = match self.dial.take() {
                    Some(to) => ServerAction::Connect { channel, to },
                    None => ServerAction::Accept { channel },
                };
                self.act(action, Waits::ForConnection);
            }
            Cue::SecureData => {
                let link = ServerLink::Data(channel);
                self.act(ServerAction::Secure { link }, Waits::ForHandshake(link));
            }
            Cue::Send(octets) if octets.is_empty() => {}
            Cue::Send(octets) => {
                self.act(ServerAction::Send { channel }, Waits::ForSent(octets.len()))
            }
            Cue::Receive(0) => {}
            Cue::Receive(count) => self.act(
                ServerAction::Receive { channel },
                Waits::ForReceived(*count),
            ),
            Cue::ReceiveAll => self.act(ServerAction::Receive { channel }, Waits::ForEnd),
            Cue::CloseData => self.drop_data(ServerAction::Close { channel }),
            Cue::ResetData => self.drop_data(ServerAction::Reset { channel }),
            _ => {}
        }
    }

    fn act(&mut self, action: ServerAction, waits: Waits) {
        self.actions.push_back(action);
        self.waits = waits;
    }

    fn drop_data(&mut self, action: ServerAction) {
        self.actions.push_back(action);
        self.data = None;
    }

    fn end(&mut self, action: ServerAction) {
        if !self.over {
            self.actions.push_back(action);
            self.over = true;
        }
    }

    fn new_channel(&mut self) -> Channel {
        let channel = self.next_channel;
        self.next_channel = channel.next();
        self.data = Some(channel);
        channel
    }

    fn take_command(&mut self, expected: &str) -> bool {
        let Some(received) = self.commands.pop_front() else {
            return false;
        };
        let verb = received.verb();
        if verb != expected.as_bytes() {
            let expected = expected.into();
            self.mismatch = Some(Mismatch { expected, received });
            return false;
        }
        let announced = match verb.as_slice() {
            b"PORT" => parse_port(received.argument()),
            b"EPRT" => parse_eprt(received.argument()).ok().flatten(),
            _ => None,
        };
        if announced.is_some() {
            self.dial = announced;
            self.new_channel();
        }
        true
    }

    /// The cue under way has what it waited for.
    fn go_on(&mut self) {
        self.waits = Waits::Not;
        self.at = self.at.saturating_add(1);
        self.play();
    }

    fn say_port(&mut self, extended: bool, local: SocketAddr) {
        match (extended, local.ip()) {
            (false, IpAddr::V4(host)) => {
                self.outbox.extend_from_slice(b"227 ");
                self.outbox
                    .extend_from_slice(passive_text(host, local.port()).as_bytes());
            }
            _ => {
                self.outbox.extend_from_slice(b"229 ");
                self.outbox
                    .extend_from_slice(extended_passive_text(local.port()).as_bytes());
            }
        }
        self.outbox.extend_from_slice(b"\r\n");
    }

    fn data_failed(&mut self, channel: Channel) {
        if self.data != Some(channel) {
            return;
        }
        self.data = None;
        if !matches!(
            self.waits,
            Waits::Not | Waits::ForHandshake(ServerLink::Control)
        ) {
            self.go_on();
        }
    }
}

impl Peer for Script {
    fn receive(&mut self, bytes: &[u8]) {
        let received = self.inbox.receive(bytes);
        self.log.extend(received.iter().cloned());
        self.commands.extend(received);
        self.play();
    }

    fn receive_eof(&mut self) {
        self.end(ServerAction::CloseControl);
    }

    fn transmit(&self) -> &[u8] {
        &self.outbox
    }

    fn transmitted(&mut self, n: usize) {
        self.outbox.drain(..n.min(self.outbox.len()));
    }

    fn poll_action(&mut self) -> Option<ServerAction> {
        let front = self.actions.front()?;
        if front.follows_replies() && !self.outbox.is_empty() {
            return None;
        }
        self.actions.pop_front()
    }

    fn report(&mut self, report: ServerReport) {
        match (report, self.waits) {
            (ServerReport::Listening { channel, local }, Waits::ForListener { extended })
                if self.data == Some(channel) =>
            {
                self.say_port(extended, local);
                self.go_on();
            }
            (
                ServerReport::Accepted { channel, .. } | ServerReport::Connected { channel },
                Waits::ForConnection,
            )
            | (ServerReport::Ended { channel }, Waits::ForReceived(_) | Waits::ForEnd)
                if self.data == Some(channel) =>
            {
                self.go_on();
            }
            (ServerReport::Secured { link }, Waits::ForHandshake(of)) if link == of => self.go_on(),
            (
                ServerReport::Failed {
                    link: ServerLink::Data(channel),
                },
                _,
            ) => self.data_failed(channel),
            (
                ServerReport::Failed {
                    link: ServerLink::Control,
                },
                _,
            ) => {
                self.outbox.clear();
                self.end(ServerAction::CloseControl);
            }
            _ => {}
        }
    }

    fn payload(&self, channel: Channel) -> &[u8] {
        match (self.waits, self.cues.get(self.at)) {
            (Waits::ForSent(left), Some(Cue::Send(octets)))
                if self.data == Some(channel) && !self.over =>
            {
                octets
                    .get(octets.len().saturating_sub(left)..)
                    .unwrap_or_default()
            }
            _ => &[],
        }
    }

    fn payload_sent(&mut self, channel: Channel, n: usize) {
        let left = self.payload(channel).len();
        let n = n.min(left);
        if n == 0 {
            return;
        }
        match left.saturating_sub(n) {
            0 => self.go_on(),
            left => self.waits = Waits::ForSent(left),
        }
    }

    fn payload_wanted(&self, channel: Channel) -> usize {
        match self.waits {
            _ if self.data != Some(channel) || self.over => 0,
            Waits::ForReceived(left) => left,
            Waits::ForEnd => usize::MAX,
            _ => 0,
        }
    }

    fn payload_received(&mut self, channel: Channel, bytes: &[u8]) {
        let wanted = self.payload_wanted(channel);
        let bytes = bytes.get(..wanted).unwrap_or(bytes);
        self.arrived.extend_from_slice(bytes);
        if let Waits::ForReceived(left) = self.waits {
            match left.saturating_sub(bytes.len()) {
                0 => self.go_on(),
                left => self.waits = Waits::ForReceived(left),
            }
        }
    }

    fn log(&self) -> &[Received] {
        &self.log
    }
}
