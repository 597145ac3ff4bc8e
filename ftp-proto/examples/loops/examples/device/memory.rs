//! The chip and the server at its other end, in memory.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use ftp_proto::driver::{Connection, Input, Network};
use ftp_proto::testing::{
    Channel, Files, Peer, Server, ServerAction, ServerConfig, ServerLink, ServerReport,
};
use ftp_proto::{End, Failure};

/// Where the server says that it listens. Nobody is there but itself.
const LISTENER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000);

pub(crate) struct Memory {
    started: Instant,
    server: Server,
    /// The server's end of the data connection, from the listener on.
    channel: Option<Channel>,
    dialled: bool,
    /// The server accepts: it reports the caller when there is one.
    accepting: bool,
    /// The server has called the client's listener.
    called: bool,
    accepted: bool,
    data_ended: bool,
    control_ended: bool,
}

impl Memory {
    pub(crate) fn new(path: &str, content: &[u8]) -> Self {
        Self {
            started: Instant::now(),
            server: Server::new(ServerConfig::new(), Files::new().file(path, content)),
            channel: None,
            dialled: false,
            accepting: false,
            called: false,
            accepted: false,
            data_ended: false,
            control_ended: false,
        }
    }

    /// Lets the server do what it has to do.
    fn serve(&mut self) {
        while let Some(action) = self.server.poll_action() {
            match action {
                ServerAction::Listen { channel } => {
                    self.channel = Some(channel);
                    (self.dialled, self.accepting, self.data_ended) = (false, false, false);
                    let local = LISTENER;
                    self.server.report(ServerReport::Listening { channel, local });
                }
                ServerAction::Accept { .. } => self.accepting = true,
                ServerAction::Connect { channel, .. } => {
                    self.channel = Some(channel);
                    (self.called, self.data_ended) = (true, false);
                    self.server.report(ServerReport::Connected { channel });
                }
                ServerAction::Close { .. } | ServerAction::Reset { .. } => self.data_ended = true,
                ServerAction::CloseControl | ServerAction::ResetControl => {
                    self.control_ended = true
                }
                // Payload is taken from the server as the client reads it.
                _ => {}
            }
        }
        if let Some(channel) = self.channel.filter(|_| self.accepting && self.dialled) {
            self.accepting = false;
            let peer = LISTENER.ip();
            self.server.report(ServerReport::Accepted { channel, peer });
            self.serve();
        }
    }

    /// The data connection, if it is open on this side.
    fn take_open(&mut self) -> Option<Channel> {
        let is_open = self.dialled || self.accepted;
        (self.dialled, self.accepted) = (false, false);
        self.channel.take_if(|_| is_open)
    }

    fn read_control(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let count = copy(self.server.transmit(), buffer);
        self.server.transmitted(count);
        (count > 0 || self.control_ended).then_some(count)
    }

    fn read_data(&mut self, buffer: &mut [u8]) -> Option<usize> {
        let channel = self.channel?;
        let count = copy(self.server.payload(channel), buffer);
        self.server.payload_sent(channel, count);
        (count > 0 || self.data_ended).then_some(count)
    }
}

impl Network for Memory {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn dial(&mut self, to: SocketAddr) -> Result<(), Failure> {
        self.dialled = to == LISTENER && self.channel.is_some();
        if self.dialled { Ok(()) } else { Err(Failure::Refused) }
    }

    fn is_connected(&mut self) -> Result<bool, Failure> {
        Ok(self.dialled)
    }

    fn listen(&mut self) -> Result<SocketAddr, Failure> {
        self.called = false;
        Ok(LISTENER)
    }

    fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
        self.serve();
        self.accepted = std::mem::take(&mut self.called);
        Ok(self.accepted.then_some(LISTENER.ip()))
    }

    fn stop_listening(&mut self) {}

    fn read(&mut self, from: Connection, buffer: &mut [u8]) -> Result<Option<Input>, Failure> {
        self.serve();
        let read = match from {
            Connection::Control => self.read_control(buffer),
            Connection::Data => self.read_data(buffer),
        };
        Ok(read.map(|count| match count {
            0 => Input::End(End::Clean),
            count => Input::Bytes(count),
        }))
    }

    fn write(&mut self, to: Connection, bytes: &[u8]) -> Result<usize, Failure> {
        self.serve();
        let mut count = bytes.len();
        match (to, self.channel) {
            (Connection::Data, Some(channel)) => {
                count = count.min(self.server.payload_wanted(channel));
                self.server.payload_received(channel, &bytes[..count]);
            }
            _ => self.server.receive(bytes),
        }
        Ok(count)
    }

    fn close(&mut self, connection: Connection) {
        match (connection, self.take_open()) {
            (Connection::Control, _) => self.server.receive_eof(),
            (_, Some(channel)) => self.server.report(ServerReport::Ended { channel }),
            _ => {}
        }
    }

    fn reset(&mut self, _: Connection) {
        if let Some(channel) = self.take_open() {
            self.server.report(ServerReport::Failed { link: ServerLink::Data(channel) });
        }
    }
}

fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let count = from.len().min(to.len());
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    count
}
