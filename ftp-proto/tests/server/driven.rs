//! A server with a memory of what was done on its data connections.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ftp_proto::testing::{
    Behaviour, Channel, Files, Peer, Server, ServerAction, ServerConfig, ServerLink, ServerReport,
};

/// 2024-02-29T23:59:59Z
pub(crate) const NOW: u64 = 1_709_251_199;

pub(crate) const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(crate) fn files() -> Files {
    let mut files = Files::new()
        .file("/hello.txt", "hello\nworld\n")
        .file("/pub/a b", "12345")
        .file(b"/pub/\xff\xe9", "x")
        .file("/pub/say \"hi\"/f", "y")
        .directory("/empty");
    files.insert("/old.bin", [7; 10], 951_782_400);
    files
}

pub(crate) fn config() -> ServerConfig {
    ServerConfig::new()
        .user("ann", "secret")
        .user_with_account("bob", "pw", "acme")
        .time(NOW)
}

pub(crate) struct Driven {
    pub(crate) server: Server,
    listening_port: u16,
    /// Bytes that went to the client, by channel.
    pub(crate) sent: BTreeMap<u32, Vec<u8>>,
    pub(crate) actions: Vec<ServerAction>,
}

impl Driven {
    pub(crate) fn new(config: ServerConfig) -> Self {
        Self {
            server: Server::new(config, files()),
            listening_port: 1024,
            sent: BTreeMap::new(),
            actions: Vec::new(),
        }
    }

    /// Logged in, type I.
    pub(crate) fn ready(behaviour: Behaviour) -> Self {
        let mut driven = Self::new(config().behaviour(behaviour));
        driven.ask("USER ann\r\nPASS secret\r\nTYPE I");
        driven.actions.clear();
        driven
    }

    /// Everything said since the last time.
    pub(crate) fn said(&mut self) -> String {
        let mut said = Vec::new();
        loop {
            said.extend_from_slice(self.server.transmit());
            self.server.transmitted(self.server.transmit().len());
            let Some(action) = self.server.poll_action() else {
                return text(&said);
            };
            self.actions.push(action);
            if let ServerAction::Listen { channel } = action {
                self.listening_port += 1;
                let local = SocketAddr::from((Ipv4Addr::LOCALHOST, self.listening_port));
                self.server
                    .report(ServerReport::Listening { channel, local });
            }
        }
    }

    pub(crate) fn ask(&mut self, line: impl AsRef<[u8]>) -> String {
        self.server.receive(&[line.as_ref(), b"\r\n"].concat());
        self.said()
    }

    /// Lets every accept, dial and handshake succeed, and moves all payload that the server has,
    /// byte by byte.
    pub(crate) fn run(&mut self) -> String {
        let mut said = self.said();
        let mut from = 0;
        while let Some(action) = self.actions.get(from).copied() {
            from += 1;
            match action {
                ServerAction::Accept { channel } => {
                    let peer = CLIENT;
                    self.server.report(ServerReport::Accepted { channel, peer });
                }
                ServerAction::Connect { channel, .. } => {
                    self.server.report(ServerReport::Connected { channel });
                }
                ServerAction::Secure { link } => self.server.report(ServerReport::Secured { link }),
                ServerAction::Send { channel } => self.drain(channel),
                _ => {}
            }
            said.push_str(&self.said());
        }
        said
    }

    pub(crate) fn drain(&mut self, channel: Channel) {
        while let Some(byte) = self.server.payload(channel).first().copied() {
            self.sent.entry(channel.number()).or_default().push(byte);
            self.server.payload_sent(channel, 1);
        }
    }

    /// What went to the client on the last channel.
    pub(crate) fn came(&self) -> String {
        let channel = self.channel().number();
        self.sent
            .get(&channel)
            .map_or_else(String::new, |bytes| text(bytes))
    }

    /// A download in passive mode, as far as it goes: what was said from the command on, and what
    /// came.
    pub(crate) fn download(&mut self, command: &str) -> (String, String) {
        self.ask("EPSV");
        self.actions.retain(is_listen);
        let mut said = self.ask(command);
        said.push_str(&self.run());
        (said, self.came())
    }

    /// An upload in passive mode up to its last byte; the channel is still open.
    pub(crate) fn upload(&mut self, command: &str, bytes: &[u8]) -> (String, Channel) {
        self.ask("EPSV");
        self.actions.retain(is_listen);
        let channel = self.channel();
        let mut said = self.ask(command);
        said.push_str(&self.run());
        for byte in bytes {
            self.server.payload_received(channel, &[*byte]);
        }
        said.push_str(&self.said());
        (said, channel)
    }

    /// The channel of the last listener.
    pub(crate) fn channel(&self) -> Channel {
        let listens = self.actions.iter().rev().find_map(|action| match action {
            ServerAction::Listen { channel } => Some(*channel),
            _ => None,
        });
        listens.expect("nothing was opened")
    }

    pub(crate) fn end(&mut self, channel: Channel) -> String {
        self.server.report(ServerReport::Ended { channel });
        self.said()
    }

    pub(crate) fn fail(&mut self, channel: Channel) -> String {
        let link = ServerLink::Data(channel);
        self.server.report(ServerReport::Failed { link });
        self.said()
    }

    pub(crate) fn accept(&mut self, channel: Channel) -> String {
        self.server.report(ServerReport::Accepted {
            channel,
            peer: CLIENT,
        });
        self.said()
    }

    pub(crate) fn did(&self, action: ServerAction) -> bool {
        self.actions.contains(&action)
    }
}

fn is_listen(action: &ServerAction) -> bool {
    matches!(action, ServerAction::Listen { .. })
}

/// Every byte as the character of the same number.
fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The codes of the replies, each from its last line: `"150 226"`.
pub(crate) fn codes(said: &str) -> String {
    let code = |line: &str| {
        let (code, rest) = line.split_at_checked(3)?;
        let is_last = rest.starts_with(' ') && code.bytes().all(|byte| byte.is_ascii_digit());
        is_last.then(|| code.to_owned())
    };
    said.lines().filter_map(code).collect::<Vec<_>>().join(" ")
}
