//! A network, a server and a reactor in memory: exact, without threads, and with a clock that tests
//! move.

mod reactor;
mod transport;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use ftp_mio::Ready;
use ftp_mio::proto::testing::{
    Channel, Files, Peer, Received, Server, ServerAction, ServerConfig, ServerLink, ServerReport,
};

pub(crate) use reactor::{Manner, Watch};
pub(crate) use transport::Memory;

pub(crate) const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const SERVER: SocketAddr = SocketAddr::new(HOST, 21);

/// What is done to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails, and so does everything after it on the same socket.
    Fail,
    /// One byte moves.
    Short,
    /// It would block; the socket is reported ready right after.
    Block,
    /// A signal interrupts it.
    Interrupt,
}

impl Fault {
    pub(crate) const ALL: [Self; 4] = [Self::Fail, Self::Short, Self::Block, Self::Interrupt];
}

/// Which calls have a fault.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Faults {
    #[default]
    None,
    /// The n-th call, from 1.
    At(usize, Fault),
    /// One in n calls. Not every n-th: the client may well make just n calls in each turn.
    Often(usize, Fault),
}

fn mixed(number: usize) -> usize {
    let word = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(word >> 40).unwrap()
}

/// One direction of a connection.
#[derive(Default)]
struct Pipe {
    bytes: VecDeque<u8>,
    ended: bool,
}

/// A connection. `up` leads to the server.
#[derive(Default)]
struct Connection {
    up: Pipe,
    down: Pipe,
    /// The connection was established on the network.
    open: bool,
    reset: bool,
    client_gone: bool,
    server_gone: bool,
    /// Something became possible for the client since the last look.
    edge: (bool, bool),
}

/// A port that somebody listens on.
#[derive(Default)]
struct Backlog {
    waiting: VecDeque<usize>,
    edge: bool,
}

struct Network {
    connections: Vec<Connection>,
    ports: BTreeMap<u16, Backlog>,
    next_port: u16,
    /// How many bytes a pipe holds.
    capacity: usize,
    calls: usize,
    faults: Faults,
    /// Control connections that no server has yet.
    callers: Vec<usize>,
}

/// The server's half of one session.
struct Hosted {
    server: Server,
    control: usize,
    ended: bool,
    data: BTreeMap<Channel, Flow>,
}

enum Flow {
    Listening(u16),
    Accepting(u16),
    Idle(usize),
    Sending(usize),
    Receiving(usize),
    Lingering(usize),
}

pub(crate) struct World {
    network: Rc<RefCell<Network>>,
    config: ServerConfig,
    files: Files,
    hosted: Vec<Hosted>,
}

impl World {
    pub(crate) fn new(config: ServerConfig, files: Files, capacity: usize) -> Self {
        Self {
            network: Rc::new(RefCell::new(Network {
                connections: Vec::new(),
                ports: BTreeMap::new(),
                next_port: 40_000,
                capacity,
                calls: 0,
                faults: Faults::None,
                callers: Vec::new(),
            })),
            config,
            files,
            hosted: Vec::new(),
        }
    }

    pub(crate) fn faulty(self, faults: Faults) -> Self {
        self.network.borrow_mut().faults = faults;
        self
    }

    pub(crate) fn transport(&self) -> Memory {
        Memory(Rc::clone(&self.network))
    }

    /// How many calls the client has made.
    pub(crate) fn calls(&self) -> usize {
        self.network.borrow().calls
    }

    pub(crate) fn log(&self, session: usize) -> Vec<Received> {
        self.hosted[session].server.log().to_vec()
    }

    pub(crate) fn files(&self, session: usize) -> &Files {
        self.hosted[session].server.files()
    }

    /// How many sessions the servers have with a complete login.
    pub(crate) fn logged_in(&self) -> usize {
        let logged_in = |hosted: &&Hosted| hosted.server.state().logged_in;
        self.hosted.iter().filter(logged_in).count()
    }

    /// Whether the client has closed every connection.
    pub(crate) fn is_deserted(&self) -> bool {
        let network = self.network.borrow();
        network.connections.iter().all(|c| c.client_gone)
    }

    /// Lets the servers do all that they can; whether that was anything.
    pub(crate) fn step(&mut self) -> bool {
        let callers = std::mem::take(&mut self.network.borrow_mut().callers);
        let mut any = !callers.is_empty();
        for control in callers {
            self.network.borrow_mut().connections[control].establish();
            self.hosted.push(Hosted {
                server: Server::new(self.config.clone(), self.files.clone()),
                control,
                ended: false,
                data: BTreeMap::new(),
            });
        }
        let mut network = self.network.borrow_mut();
        for hosted in &mut self.hosted {
            while hosted.step(&mut network) {
                any = true;
            }
        }
        any
    }
}

impl Connection {
    fn establish(&mut self) {
        self.open = true;
        self.edge = (true, true);
    }

    fn send_to_client(&mut self, bytes: &[u8], capacity: usize) -> usize {
        let count = bytes.len().min(capacity - self.down.bytes.len());
        if self.client_gone {
            return bytes.len();
        }
        self.down.bytes.extend(&bytes[..count]);
        self.edge.0 |= count > 0;
        count
    }

    fn take_from_client(&mut self, most: usize) -> Vec<u8> {
        let count = self.up.bytes.len().min(most);
        self.edge.1 |= count > 0;
        self.up.bytes.drain(..count).collect()
    }

    fn end_by_server(&mut self) {
        self.down.ended = true;
        self.edge = (true, true);
    }

    fn reset(&mut self) {
        self.reset = true;
        self.edge = (true, true);
    }

    /// What the client would find possible.
    fn ready(&self, capacity: usize) -> Ready {
        let dead = self.reset || self.server_gone;
        Ready::new(
            !self.down.bytes.is_empty() || self.down.ended || dead,
            self.open && (self.up.bytes.len() < capacity || dead),
        )
    }
}

impl Hosted {
    fn step(&mut self, network: &mut Network) -> bool {
        if self.ended {
            return false;
        }
        let mut any = false;
        while let Some(action) = self.server.poll_action() {
            self.perform(action, network);
            any = true;
        }
        if self.ended {
            return true;
        }
        let capacity = network.capacity;
        let control = &mut network.connections[self.control];
        let written = control.send_to_client(self.server.transmit(), capacity);
        self.server.transmitted(written);
        let came = control.take_from_client(usize::MAX);
        if !came.is_empty() {
            self.server.receive(&came);
        }
        any |= written > 0 || !came.is_empty();
        if came.is_empty() && (control.up.ended || control.reset) {
            self.server.receive_eof();
            control.server_gone = true;
            self.end(network);
            return true;
        }
        let channels: Vec<Channel> = self.data.keys().copied().collect();
        for channel in channels {
            any |= self.attend(channel, network);
        }
        any
    }

    fn perform(&mut self, action: ServerAction, network: &mut Network) {
        match action {
            ServerAction::Listen { channel } => {
                network.next_port += 1;
                let port = network.next_port;
                network.ports.insert(port, Backlog::default());
                self.data.insert(channel, Flow::Listening(port));
                let local = SocketAddr::new(HOST, port);
                self.server
                    .report(ServerReport::Listening { channel, local });
            }
            ServerAction::Accept { channel } => {
                if let Some(Flow::Listening(port)) = self.data.get(&channel) {
                    let port = *port;
                    self.data.insert(channel, Flow::Accepting(port));
                }
            }
            ServerAction::Connect { channel, to } => match network.call(to.port()) {
                Some(connection) => {
                    network.connections[connection].establish();
                    self.data.insert(channel, Flow::Idle(connection));
                    self.server.report(ServerReport::Connected { channel });
                }
                None => self.fail(channel),
            },
            ServerAction::Send { channel } => self.flow(channel, Flow::Sending),
            ServerAction::Receive { channel } => self.flow(channel, Flow::Receiving),
            ServerAction::Shutdown { channel } => {
                if let Some(connection) = self.connection(channel) {
                    network.connections[connection].end_by_server();
                }
                self.flow(channel, Flow::Lingering);
            }
            ServerAction::Close { channel } => {
                if let Some(connection) = self.connection(channel) {
                    network.connections[connection].end_by_server();
                    network.connections[connection].server_gone = true;
                }
                self.data.remove(&channel);
            }
            ServerAction::Reset { channel } => {
                if let Some(connection) = self.connection(channel) {
                    network.connections[connection].reset();
                }
                self.data.remove(&channel);
            }
            ServerAction::CloseControl => {
                network.connections[self.control].end_by_server();
                self.end(network);
            }
            ServerAction::ResetControl => {
                network.connections[self.control].reset();
                self.end(network);
            }
            ServerAction::Intrude { .. } => {}
            ServerAction::Secure { .. } | ServerAction::Unsecure => panic!("no TLS here"),
        }
    }

    /// Whoever loses its control connection closes the others as well.
    fn end(&mut self, network: &mut Network) {
        self.ended = true;
        for channel in self.data.keys() {
            if let Some(connection) = self.connection(*channel) {
                network.connections[connection].end_by_server();
                network.connections[connection].server_gone = true;
            }
        }
    }

    fn connection(&self, channel: Channel) -> Option<usize> {
        match self.data.get(&channel)? {
            Flow::Listening(_) | Flow::Accepting(_) => None,
            Flow::Idle(connection)
            | Flow::Sending(connection)
            | Flow::Receiving(connection)
            | Flow::Lingering(connection) => Some(*connection),
        }
    }

    fn flow(&mut self, channel: Channel, flow: fn(usize) -> Flow) {
        if let Some(connection) = self.connection(channel) {
            self.data.insert(channel, flow(connection));
        }
    }

    fn fail(&mut self, channel: Channel) {
        self.data.remove(&channel);
        let link = ServerLink::Data(channel);
        self.server.report(ServerReport::Failed { link });
    }

    fn attend(&mut self, channel: Channel, network: &mut Network) -> bool {
        let capacity = network.capacity;
        match self.data.get(&channel) {
            Some(Flow::Accepting(port)) => {
                let port = *port;
                let Some(connection) = network
                    .ports
                    .get_mut(&port)
                    .and_then(|backlog| backlog.waiting.pop_front())
                else {
                    return false;
                };
                network.ports.remove(&port);
                self.data.insert(channel, Flow::Idle(connection));
                let peer = HOST;
                self.server.report(ServerReport::Accepted { channel, peer });
                true
            }
            Some(Flow::Sending(connection)) => {
                let connection = &mut network.connections[*connection];
                if connection.reset || connection.client_gone {
                    self.fail(channel);
                    return true;
                }
                let payload = self.server.payload(channel);
                let sent = connection.send_to_client(payload, capacity);
                self.server.payload_sent(channel, sent);
                sent > 0
            }
            Some(Flow::Receiving(connection)) => {
                let connection = &mut network.connections[*connection];
                let came = connection.take_from_client(self.server.payload_wanted(channel));
                if !came.is_empty() {
                    self.server.payload_received(channel, &came);
                } else if connection.reset {
                    self.fail(channel);
                } else if connection.up.ended && connection.up.bytes.is_empty() {
                    let connection = self.connection(channel).unwrap();
                    self.data.insert(channel, Flow::Idle(connection));
                    self.server.report(ServerReport::Ended { channel });
                } else {
                    return false;
                }
                true
            }
            Some(Flow::Lingering(connection)) => {
                let connection = &mut network.connections[*connection];
                connection.take_from_client(usize::MAX);
                if !connection.client_gone && !connection.reset {
                    return false;
                }
                self.flow(channel, Flow::Idle);
                self.server.report(ServerReport::Ended { channel });
                true
            }
            _ => false,
        }
    }
}

impl Network {
    /// Connects to a port: the number of the new connection.
    fn call(&mut self, port: u16) -> Option<usize> {
        let number = self.connections.len();
        if port == SERVER.port() {
            self.callers.push(number);
        } else {
            let backlog = self.ports.get_mut(&port)?;
            backlog.waiting.push_back(number);
            backlog.edge = true;
        }
        self.connections.push(Connection::default());
        Some(number)
    }

    /// Counts a call; what is to be done to it.
    fn fault(&mut self) -> Option<Fault> {
        self.calls += 1;
        match self.faults {
            Faults::At(n, fault) if n == self.calls => Some(fault),
            Faults::Often(n, fault) if mixed(self.calls) % n == 0 => Some(fault),
            _ => None,
        }
    }
}
