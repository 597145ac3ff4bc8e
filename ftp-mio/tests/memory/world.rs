//! A network, a server and a reactor in memory: exact, without threads, and with a clock that tests move.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;

use ftp_mio::proto::End;
use ftp_mio::proto::testing::{
    Channel, Files, Peer, Received, Server, ServerAction, ServerConfig, ServerLink, ServerReport,
};
use ftp_mio::{Input, Interest, Listener, Reactor, Ready, Slot, Stream, Transport};

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

// -- the client's side ------------------------------------------------------------------------------------------------------

/// Makes connections to the servers of a [`World`].
#[derive(Clone)]
pub(crate) struct Memory(Rc<RefCell<Network>>);

/// What the reactor knows a socket by.
pub(crate) struct Source {
    socket: Socket,
    registered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Socket {
    Connection(usize),
    Port(u16),
}

pub(crate) struct Link {
    network: Rc<RefCell<Network>>,
    source: Source,
    number: usize,
    local: SocketAddr,
    peer: SocketAddr,
}

pub(crate) struct Door {
    network: Rc<RefCell<Network>>,
    source: Source,
    port: u16,
}

impl Memory {
    fn link(&self, number: usize, peer: SocketAddr) -> Link {
        Link {
            network: Rc::clone(&self.0),
            source: Source {
                socket: Socket::Connection(number),
                registered: false,
            },
            number,
            local: SocketAddr::new(HOST, 50_000),
            peer,
        }
    }

    fn dial(&self, to: SocketAddr) -> io::Result<Link> {
        let mut network = self.0.borrow_mut();
        broken(network.fault())?;
        let number = network
            .call(to.port())
            .ok_or(io::ErrorKind::ConnectionRefused)?;
        if to.port() != SERVER.port() {
            network.connections[number].establish();
        }
        drop(network);
        Ok(self.link(number, to))
    }
}

/// A call that moves nothing can only fail or be interrupted.
fn broken(fault: Option<Fault>) -> io::Result<()> {
    match fault {
        Some(Fault::Fail) => Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::Interrupt) => Err(io::ErrorKind::Interrupted.into()),
        _ => Ok(()),
    }
}

impl Transport for Memory {
    type Source = Source;
    type Stream = Link;
    type Listener = Door;

    fn connect(&mut self, _: &str, to: SocketAddr) -> io::Result<Link> {
        self.dial(to)
    }

    fn connect_data(&mut self, _: &Link, to: SocketAddr) -> io::Result<Link> {
        self.dial(to)
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(Door, SocketAddr)> {
        let mut network = self.0.borrow_mut();
        broken(network.fault())?;
        network.next_port += 1;
        let port = network.next_port;
        network.ports.insert(port, Backlog::default());
        let door = Door {
            network: Rc::clone(&self.0),
            source: Source {
                socket: Socket::Port(port),
                registered: false,
            },
            port,
        };
        Ok((door, SocketAddr::new(local, port)))
    }

    fn secure_control(&mut self, _: &mut Link) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn secure_data(&mut self, _: &Link, _: &mut Link) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Link {
    /// Counts the call and applies its fault; `Some` with the most bytes that may move, `None` to block.
    fn most(&self) -> io::Result<Option<usize>> {
        let mut network = self.network.borrow_mut();
        let fault = network.fault();
        let connection = &mut network.connections[self.number];
        if fault == Some(Fault::Fail) {
            connection.reset();
        }
        broken(fault)?;
        match fault {
            Some(Fault::Block) => {
                connection.edge = (true, true);
                Ok(None)
            }
            Some(Fault::Short) => Ok(Some(1)),
            _ => Ok(Some(usize::MAX)),
        }
    }
}

impl Stream for Link {
    type Source = Source;

    fn source(&mut self) -> &mut Source {
        &mut self.source
    }

    fn poll_connect(&mut self) -> io::Result<bool> {
        let unblocked = self.most()?.is_some();
        Ok(unblocked && self.network.borrow().connections[self.number].open)
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        broken(self.network.borrow_mut().fault())?;
        Ok((self.local, self.peer))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        assert!(!buffer.is_empty());
        let Some(most) = self.most()? else {
            return Ok(None);
        };
        let connection = &mut self.network.borrow_mut().connections[self.number];
        if connection.reset {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let count = connection.down.bytes.len().min(buffer.len()).min(most);
        for (to, from) in buffer.iter_mut().zip(connection.down.bytes.drain(..count)) {
            *to = from;
        }
        match count {
            0 if connection.down.ended => Ok(Some(Input::End(End::Clean))),
            0 => Ok(None),
            _ => Ok(Some(Input::Bytes(count))),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let Some(most) = self.most()? else {
            return Ok(None);
        };
        let mut network = self.network.borrow_mut();
        let capacity = network.capacity;
        let connection = &mut network.connections[self.number];
        if connection.reset || connection.server_gone {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = bytes
            .len()
            .min(capacity - connection.up.bytes.len())
            .min(most);
        connection.up.bytes.extend(&bytes[..count]);
        Ok((count > 0).then_some(count))
    }

    fn handshake(&mut self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn finish(&mut self) -> io::Result<bool> {
        Ok(self.most()?.is_some())
    }

    fn reset(self) {
        self.network.borrow_mut().connections[self.number].reset();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        assert!(
            !self.source.registered || std::thread::panicking(),
            "a connection was closed while the reactor watched it"
        );
        let connection = &mut self.network.borrow_mut().connections[self.number];
        connection.up.ended = true;
        connection.client_gone = true;
    }
}

impl Listener for Door {
    type Source = Source;
    type Stream = Link;

    fn source(&mut self) -> &mut Source {
        &mut self.source
    }

    fn accept(&mut self) -> io::Result<Option<(Link, SocketAddr)>> {
        let mut network = self.network.borrow_mut();
        let fault = network.fault();
        broken(fault)?;
        let backlog = network.ports.get_mut(&self.port).unwrap();
        if fault == Some(Fault::Block) {
            backlog.edge = true;
            return Ok(None);
        }
        let Some(number) = backlog.waiting.pop_front() else {
            return Ok(None);
        };
        drop(network);
        let peer = SocketAddr::new(HOST, 20);
        Ok(Some((
            Memory(Rc::clone(&self.network)).link(number, peer),
            peer,
        )))
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        assert!(
            !self.source.registered || std::thread::panicking(),
            "a listener was closed while the reactor watched it"
        );
        let mut network = self.network.borrow_mut();
        let backlog = network.ports.remove(&self.port).unwrap();
        for number in backlog.waiting {
            network.connections[number].reset();
            network.connections[number].client_gone = true;
        }
    }
}

// -- the reactor ------------------------------------------------------------------------------------------------------------

/// How events are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// What has become possible since the last time, in whatever direction.
    Edges,
    /// What is possible and asked for, each time.
    Levels,
    /// What is possible and asked for, once, until asked again.
    Single,
    /// What is possible and asked for, and on top of it everything else as well: most of it is not true.
    Liar,
}

impl Manner {
    pub(crate) const ALL: [Self; 4] = [Self::Edges, Self::Levels, Self::Single, Self::Liar];
}

/// The sockets of one client.
pub(crate) struct Watch {
    network: Rc<RefCell<Network>>,
    manner: Manner,
    watched: BTreeMap<Slot, (Socket, Interest)>,
}

impl Watch {
    pub(crate) fn new(world: &World, manner: Manner) -> Self {
        Self {
            network: Rc::clone(&world.network),
            manner,
            watched: BTreeMap::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// Every event that there is now, and whether any of them is true.
    pub(crate) fn events(&mut self) -> (Vec<(Slot, Ready)>, bool) {
        let mut events = Vec::new();
        let mut any = false;
        let mut network = self.network.borrow_mut();
        for (slot, (socket, interest)) in &mut self.watched {
            let possible = network.possible(*socket);
            let edge = network.take_edge(*socket);
            let told = match self.manner {
                Manner::Edges => {
                    let (read, write) = edge;
                    Ready::new(possible.is_read() && read, possible.is_write() && write)
                }
                _ => Ready::new(
                    possible.is_read() && interest.is_read(),
                    possible.is_write() && interest.is_write(),
                ),
            };
            any |= !told.is_none();
            match self.manner {
                Manner::Liar => events.push((*slot, Ready::BOTH)),
                _ if told.is_none() => {}
                Manner::Single => {
                    *interest = Interest::NONE;
                    events.push((*slot, told));
                }
                _ => events.push((*slot, told)),
            }
        }
        if self.manner == Manner::Liar {
            events.extend(Slot::ALL.map(|slot| (slot, Ready::BOTH)));
        }
        (events, any)
    }

    fn call(&self) -> io::Result<()> {
        match self.network.borrow_mut().fault() {
            Some(Fault::Fail) => Err(io::ErrorKind::OutOfMemory.into()),
            _ => Ok(()),
        }
    }
}

impl Network {
    fn possible(&self, socket: Socket) -> Ready {
        match socket {
            Socket::Connection(number) => self.connections[number].ready(self.capacity),
            Socket::Port(port) => {
                let waiting = |backlog: &Backlog| !backlog.waiting.is_empty();
                Ready::new(self.ports.get(&port).is_some_and(waiting), false)
            }
        }
    }

    fn take_edge(&mut self, socket: Socket) -> (bool, bool) {
        match socket {
            Socket::Connection(number) => std::mem::take(&mut self.connections[number].edge),
            Socket::Port(port) => {
                let edge = self.ports.get_mut(&port).map(|backlog| &mut backlog.edge);
                (edge.is_some_and(std::mem::take), false)
            }
        }
    }
}

impl Reactor<Source> for Watch {
    fn add(&mut self, slot: Slot, source: &mut Source, interest: Interest) -> io::Result<()> {
        self.call()?;
        assert!(!source.registered, "added twice");
        source.registered = true;
        let before = self.watched.insert(slot, (source.socket, interest));
        assert!(before.is_none(), "two sockets in one slot");
        // Adding a socket tells what is possible by then.
        if let Socket::Connection(number) = source.socket {
            self.network.borrow_mut().connections[number].edge = (true, true);
        }
        Ok(())
    }

    fn change(&mut self, slot: Slot, source: &mut Source, interest: Interest) -> io::Result<()> {
        self.call()?;
        let watched = self.watched.get_mut(&slot).expect("changed before added");
        assert_eq!(watched.0, source.socket, "the wrong socket is changed");
        watched.1 = interest;
        Ok(())
    }

    fn remove(&mut self, slot: Slot, source: &mut Source) {
        assert!(source.registered, "removed before added");
        source.registered = false;
        let watched = self.watched.remove(&slot).expect("removed before added");
        assert_eq!(watched.0, source.socket, "the wrong socket is removed");
    }
}
