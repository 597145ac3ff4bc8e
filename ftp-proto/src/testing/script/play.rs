//! Playing a script: what comes of each cue.

use alloc::sync::Arc;
use core::net::{IpAddr, SocketAddr};

use super::super::address::{extended_passive_text, parse_eprt, parse_port, passive_text};
use super::super::peer::{Channel, Peer, Received, ServerAction, ServerLink, ServerReport};
use super::{Cue, Mismatch, Script, Waits};

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
    pub(super) fn what_decides(&self) -> impl PartialEq + core::hash::Hash + '_ {
        (
            (&self.cues, self.at, self.waits, self.over, &self.inbox),
            (&self.commands, &self.outbox, &self.actions, &self.mismatch),
            (self.next_channel, self.data, self.dial, &self.arrived),
        )
    }

    /// Plays cues until one waits.
    pub(super) fn play(&mut self) {
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
            Cue::Send(bytes) if bytes.is_empty() => {}
            Cue::Send(bytes) => {
                self.act(ServerAction::Send { channel }, Waits::ForSent(bytes.len()))
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
            (Waits::ForSent(left), Some(Cue::Send(bytes)))
                if self.data == Some(channel) && !self.over =>
            {
                bytes
                    .get(bytes.len().saturating_sub(left)..)
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
