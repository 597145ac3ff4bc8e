//! A reactor, in the manners of several.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use ftp_mio::{Interest, Reactor, Ready, Slot};

use super::transport::{Socket, Source};
use super::{Backlog, Fault, Network, World};

/// How events are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// What has become possible since the last time, in whatever direction.
    Edges,
    /// What is possible and asked for, each time.
    Levels,
    /// What is possible and asked for, once, until asked again.
    Single,
    /// What is possible and asked for, and on top of it everything else as well: most of it is not
    /// true.
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
