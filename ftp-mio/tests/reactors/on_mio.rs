//! mio: edges.

use std::io;
use std::time::Duration;

use ftp_mio::mio::{Registrar, ready, slot};
use ftp_mio::{Reactor, Ready, Slot, Socket, Tcp};

use crate::reactors::Reactors;

pub(crate) struct OnMio {
    poll: mio::Poll,
    events: mio::Events,
}

impl Reactors for OnMio {
    type Source = Socket;
    type Tcp = Tcp;

    fn new() -> io::Result<Self> {
        Ok(Self {
            poll: mio::Poll::new()?,
            events: mio::Events::with_capacity(256),
        })
    }

    fn tcp() -> Tcp {
        Tcp::new()
    }

    fn registrar(&self, number: usize) -> impl Reactor<Socket> {
        Registrar::new(self.poll.registry(), number)
    }

    fn wait(&mut self, limit: Duration) -> io::Result<Vec<(usize, Slot, Ready)>> {
        self.poll.poll(&mut self.events, Some(limit))?;
        let told = |event: &mio::event::Event| {
            let (number, slot) = slot(event.token());
            (number, slot, ready(event))
        };
        Ok(self.events.iter().map(told).collect())
    }
}
