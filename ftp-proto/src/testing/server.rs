//! The server's protocol interpreter (RFC 959, 2.3: server-PI), without sockets.

mod abort;
mod about;
mod access;
mod checksum;
mod conduct;
mod config;
mod course;
mod opening;
mod running;
mod transfer;
mod tree;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub use config::ServerConfig;

use crate::checksum::Algorithm;

use self::running::{Asked, Load, Opening, Transfer};
use super::behaviour::Busy;
use super::files::Files;
use super::inbox::Inbox;
use super::listing::FactSet;
use super::peer::{Channel, Peer, Received, ServerAction, ServerLink, ServerReport};
use super::rule::{Next, Step};

/// An FTP server over a virtual tree, as a pure state machine; see the [module](super) and [`Peer`]
/// for driving it.
///
/// It knows the commands of RFC 959 (but SMNT), EPSV and EPRT (RFC 2428), FEAT and OPTS (RFC 2389),
/// AUTH, PBSZ, PROT and CCC (RFC 4217), SIZE, MDTM, REST, MLST and MLSD (RFC 3659), HOST (RFC
/// 7151), MFMT and SITE CHMOD; HASH, RANG, XSHA256, XSHA1, XMD5 and XCRC as far as the configuration
/// brings [checksums](ServerConfig::checksum). Type A is converted, other types than A and I, other structures than
/// F and other modes than S are refused.
///
/// Two servers are equal when they will act alike; the [log](Peer::log) of what was received is not
/// compared.
///
/// A transfer, played by hand:
///
/// ```
/// use ftp_proto::testing::{Files, Peer, Server, ServerAction, ServerConfig, ServerReport};
///
/// let mut server = Server::new(ServerConfig::new(), Files::new().file("/hello.txt", "hello\n"));
/// server.receive(b"USER anonymous\r\nPASS me@\r\nTYPE I\r\nEPSV\r\nRETR hello.txt\r\n");
///
/// let Some(ServerAction::Listen { channel }) = server.poll_action() else { panic!() };
/// server.report(ServerReport::Listening { channel, local: "127.0.0.1:4711".parse().unwrap() });
/// assert!(server.transmit().ends_with(b"229 Entering Extended Passive Mode (|||4711|)\r\n"));
///
/// assert_eq!(server.poll_action(), Some(ServerAction::Accept { channel }));
/// server.report(ServerReport::Accepted { channel, peer: "127.0.0.1".parse().unwrap() });
/// assert_eq!(server.poll_action(), Some(ServerAction::Send { channel }));
/// assert_eq!(server.payload(channel), b"hello\n");
/// server.payload_sent(channel, 6);
/// assert_eq!(server.poll_action(), Some(ServerAction::Close { channel }));
/// assert!(server.transmit().ends_with(b"226 Transfer complete.\r\n"));
/// ```
#[derive(Debug, Clone)]
pub struct Server {
    config: Arc<ServerConfig>,
    files: Files,
    state: ServerState,
    private: Private,
    inbox: Inbox,
    /// Commands received and not yet dealt with.
    waiting: VecDeque<Received>,
    outbox: Vec<u8>,
    actions: VecDeque<ServerAction>,
    /// The command under work: the one that an answer belongs to.
    current: Asked,
    opening: Opening,
    next_channel: Channel,
    transfer: Option<Transfer>,
    /// What a forgetful server still has to move for a transfer that is over.
    forgotten: Option<Load>,
    condition: Condition,
    /// How often each rule's moment has come.
    visits: Vec<u32>,
    log: Vec<Received>,
}

/// What the server believes of its session: what a client's own belief can be checked against.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct ServerState {
    /// The name that the last USER gave.
    pub user: Vec<u8>,
    /// Whether the login is complete.
    pub logged_in: bool,
    /// The working directory, absolute.
    pub directory: Vec<u8>,
    /// Whether the representation type is ASCII (as at the beginning) and not Image.
    pub ascii: bool,
    /// The offset of a REST that the next transfer command will use; 0 is none.
    pub restart: u64,
    /// Whether the control connection is under TLS.
    pub secured: bool,
    /// Whether data connections will be under TLS (PROT P).
    pub protected: bool,
}

/// More of the session, of no interest outside.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Private {
    /// The password was right, and an account is wanted too.
    account_wanted: bool,
    rename_from: Option<Vec<u8>>,
    /// PBSZ was given.
    buffer_size_set: bool,
    /// After EPSV ALL (RFC 2428, 4).
    only_epsv: bool,
    facts: FactSet,
    /// What OPTS HASH has selected.
    checksum: Option<Algorithm>,
    /// The first byte of RANG, and the first one behind it.
    range: Option<(u64, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Condition {
    Serving,
    /// A report must come before the next command is looked at.
    Awaiting,
    Silent,
    Closed,
}

/// A final reply: its code and its text.
type Answer = (u16, Vec<u8>);

fn answer(code: u16, text: impl AsRef<[u8]>) -> Option<Answer> {
    Some((code, text.as_ref().to_vec()))
}

impl PartialEq for Server {
    fn eq(&self, other: &Self) -> bool {
        self.what_decides() == other.what_decides()
    }
}

impl Eq for Server {}

impl core::hash::Hash for Server {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.what_decides().hash(state);
    }
}

impl Server {
    /// A server that a client has just connected to; the greeting is ready.
    ///
    /// ```
    /// use ftp_proto::testing::{Files, Peer, Server, ServerConfig};
    /// let server = Server::new(ServerConfig::new().greeting("Hello.\nBe quick."), Files::new());
    /// assert_eq!(server.transmit(), b"220-Hello.\r\n220 Be quick.\r\n");
    /// ```
    pub fn new(config: ServerConfig, files: Files) -> Self {
        let rules = config.behaviour.rules.len();
        let mut server = Self {
            files,
            state: ServerState::new(config.implicit_tls),
            private: Private::new(),
            inbox: Inbox::new(config.behaviour.telnet),
            waiting: VecDeque::new(),
            outbox: Vec::new(),
            actions: VecDeque::new(),
            current: Asked::default(),
            opening: Opening::None,
            next_channel: Channel::new(0),
            transfer: None,
            forgotten: None,
            condition: Condition::Serving,
            visits: core::iter::repeat_n(0, rules).collect(),
            log: Vec::new(),
            config: Arc::new(config),
        };
        server.greet();
        server
    }

    /// The files, with what was uploaded.
    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// The files, to change them behind the client's back, or to exchange them for those of another
    /// session.
    pub const fn files_mut(&mut self) -> &mut Files {
        &mut self.files
    }

    /// What the server believes of its session.
    pub const fn state(&self) -> &ServerState {
        &self.state
    }

    /// Whether a transfer command has been accepted and its final reply has not been decided.
    pub const fn is_transferring(&self) -> bool {
        self.transfer.is_some()
    }

    /// Whether the control connection is closed, or about to be once everything said is written.
    pub fn is_closed(&self) -> bool {
        self.condition == Condition::Closed
    }

    /// All but the log.
    fn what_decides(&self) -> impl PartialEq + core::hash::Hash + '_ {
        (
            (
                &self.config,
                &self.files,
                &self.state,
                &self.private,
                &self.inbox,
            ),
            (&self.waiting, &self.outbox, &self.actions, &self.current),
            (
                &self.opening,
                self.next_channel,
                &self.transfer,
                self.condition,
                &self.visits,
            ),
        )
    }

    fn greet(&mut self) {
        if self.perform(Step::Connected) == Next::Usual {
            let config = Arc::clone(&self.config);
            self.say(220, config.greeting.as_bytes());
        }
    }

    /// Deals with the commands that can be dealt with now.
    fn work(&mut self) {
        while self.condition == Condition::Serving {
            let worked = if self.transfer.is_some() {
                self.abort_if_asked() || self.work_during_transfer()
            } else {
                self.waiting
                    .pop_front()
                    .map(|received| self.execute(&received))
                    .is_some()
            };
            if !worked {
                return;
            }
        }
    }

    fn work_during_transfer(&mut self) -> bool {
        let other_than_abort = |received: &Received| received.verb() != b"ABOR";
        let Some(at) = self.waiting.iter().position(other_than_abort) else {
            return false;
        };
        match self.config.behaviour.busy {
            Busy::Queue | Busy::BeforeFinal => false,
            Busy::Refuse if !self.has_begun() => false,
            Busy::Refuse => {
                if let Some(received) = self.waiting.remove(at) {
                    self.current = Asked::of(&received);
                    self.answer(500, "Not while a transfer runs.");
                }
                true
            }
            Busy::Answer => {
                if let Some(received) = self.waiting.remove(at) {
                    if opening::is_opening(&received.verb()) {
                        self.drop_transfer();
                    }
                    self.execute(&received);
                }
                true
            }
        }
    }

    fn execute(&mut self, received: &Received) {
        self.current = Asked::of(received);
        if self.perform(Step::Received) == Next::Usual {
            let verb = received.verb();
            if let Some((code, text)) = self.dispatch(&verb, received.argument()) {
                self.answer(code, text);
            }
            // Both are for the very next command alone (RFC 959, 4.1.2 and 4.1.3).
            if verb != b"REST" {
                self.state.restart = 0;
            }
            if verb != b"RNFR" {
                self.private.rename_from = None;
            }
        }
    }

    /// Does a command. `None` when the answer comes later.
    fn dispatch(&mut self, verb: &[u8], argument: &[u8]) -> Option<Answer> {
        if argument.contains(&0) {
            return answer(501, "A NUL is not allowed here.");
        }
        if let Some(result) = self.access_command(verb, argument) {
            return result;
        }
        if let Some(result) = self.about_command(verb, argument) {
            return result;
        }
        if !self.state.logged_in {
            return answer(530, "Please login with USER and PASS.");
        }
        None.or_else(|| self.opening_command(verb, argument))
            .or_else(|| self.tree_command(verb, argument))
            .or_else(|| self.transfer_command(verb, argument))
            .unwrap_or_else(|| answer(500, [b"Unknown command ", verb, b"."].concat()))
    }

    fn close_control(&mut self) {
        self.end(ServerAction::CloseControl);
    }

    /// The end of the session takes the data connection with it, as the end of a process would.
    fn end(&mut self, last: ServerAction) {
        if self.condition == Condition::Closed {
            return;
        }
        if let Some(channel) = self.live_channel() {
            self.actions.push_back(ServerAction::Close { channel });
        }
        self.keep_what_arrived();
        self.transfer = None;
        self.opening = Opening::None;
        self.actions.push_back(last);
        self.condition = Condition::Closed;
    }

    /// The data connection, or the listener, that is in use or will be next.
    fn live_channel(&self) -> Option<Channel> {
        match &self.transfer {
            Some(transfer) => Some(transfer.channel),
            None => self.opening.channel(),
        }
    }

    fn new_channel(&mut self) -> Channel {
        let channel = self.next_channel;
        self.next_channel = channel.next();
        channel
    }
}

impl Peer for Server {
    fn receive(&mut self, bytes: &[u8]) {
        if self.condition == Condition::Closed {
            return;
        }
        let received = self.inbox.receive(bytes);
        self.log.extend(received.iter().cloned());
        self.waiting.extend(received);
        self.work();
    }

    fn receive_eof(&mut self) {
        self.close_control();
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
        match report {
            ServerReport::Listening { channel, local } => self.listening(channel, local),
            ServerReport::Accepted { channel, peer } => self.accepted(channel, peer),
            ServerReport::Connected { channel } => self.opened(channel),
            ServerReport::Secured {
                link: ServerLink::Data(channel),
            } => self.data_secured(channel),
            ServerReport::Secured {
                link: ServerLink::Control,
            } => self.control_secured(true),
            ServerReport::Unsecured => self.control_secured(false),
            ServerReport::Ended { channel } => self.data_ended(channel),
            ServerReport::Failed {
                link: ServerLink::Data(channel),
            } => self.data_failed(channel),
            ServerReport::Failed {
                link: ServerLink::Control,
            } => {
                self.outbox.clear();
                self.close_control();
            }
        }
        self.work();
    }

    fn payload(&self, channel: Channel) -> &[u8] {
        self.payload_to_send(channel).unwrap_or_default()
    }

    fn payload_sent(&mut self, channel: Channel, n: usize) {
        self.count_sent(channel, n);
        self.work();
    }

    fn payload_wanted(&self, channel: Channel) -> usize {
        self.octets_wanted(channel)
    }

    fn payload_received(&mut self, channel: Channel, bytes: &[u8]) {
        self.take_payload(channel, bytes);
        self.work();
    }

    fn log(&self) -> &[Received] {
        &self.log
    }
}

impl ServerState {
    fn new(secured: bool) -> Self {
        Self {
            user: Vec::new(),
            logged_in: false,
            directory: b"/".to_vec(),
            ascii: true,
            restart: 0,
            secured,
            protected: false,
        }
    }
}

impl Private {
    const fn new() -> Self {
        Self {
            account_wanted: false,
            rename_from: None,
            buffer_size_set: false,
            only_epsv: false,
            facts: FactSet::ALL,
            checksum: None,
            range: None,
        }
    }
}
