//! The client's side: a transport whose calls can be made to fail.

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use ftp_mio::proto::{End, Target};
use ftp_mio::{Endpoint, Input, Listener, Stream, Transport};

use super::{Backlog, Fault, HOST, Network, SERVER};

/// Makes connections to the servers of a [`World`].
#[derive(Clone)]
pub(crate) struct Memory(pub(super) Rc<RefCell<Network>>);

/// What the reactor knows a socket by.
pub(crate) struct Source {
    pub(super) socket: Socket,
    pub(super) registered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Socket {
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

    fn connect(&mut self, to: &Endpoint) -> io::Result<Link> {
        self.dial(to.address().unwrap())
    }

    fn connect_data(&mut self, control: &Link, to: Target) -> io::Result<Link> {
        self.dial(to.at(control.peer.ip()))
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
    /// Counts the call and applies its fault; `Some` with the most bytes that may move, `None` to
    /// block.
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
