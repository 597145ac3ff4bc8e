//! polling: single events.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use ftp_mio::{Interest, Reactor, Ready, Slot, Socket, Tcp};
use polling::{Event, Events, Poller};

use crate::reactors::Reactors;

pub(crate) struct OnPolling {
    poller: Poller,
    events: Events,
}

impl Reactors for OnPolling {
    type Source = Socket;
    type Tcp = Tcp;

    fn new() -> io::Result<Self> {
        Ok(Self {
            poller: Poller::new()?,
            events: Events::new(),
        })
    }

    fn tcp() -> Tcp {
        Tcp::new()
    }

    fn registrar(&self, number: usize) -> impl Reactor<Socket> {
        Registrar {
            poller: &self.poller,
            first: 3 * number,
        }
    }

    fn wait(&mut self, limit: Duration) -> io::Result<Vec<(usize, Slot, Ready)>> {
        self.events.clear();
        self.poller.wait(&mut self.events, Some(limit))?;
        let told = |event: Event| {
            let slot = Slot::ALL.get(event.key % 3)?;
            let ready = Ready::new(event.readable, event.writable);
            Some((event.key / 3, *slot, ready))
        };
        Ok(self.events.iter().filter_map(told).collect())
    }
}

struct Registrar<'p> {
    poller: &'p Poller,
    first: usize,
}

impl Registrar<'_> {
    fn event(&self, slot: Slot, interest: Interest) -> Event {
        let key = self.first + slot.index();
        Event::new(key, interest.is_read(), interest.is_write())
    }
}

fn borrowed(socket: &Socket) -> BorrowedFd<'_> {
    socket.as_fd()
}

impl Reactor<Socket> for Registrar<'_> {
    #[allow(
        unsafe_code,
        reason = "a client removes every socket before it closes it, and is dropped after the poller if it is not closed"
    )]
    fn add(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        unsafe { self.poller.add(&*source, self.event(slot, interest)) }
    }

    fn change(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        self.poller
            .modify(borrowed(source), self.event(slot, interest))
    }

    fn remove(&mut self, _: Slot, source: &mut Socket) {
        let removed = self.poller.delete(borrowed(source));
        assert!(
            removed.is_ok(),
            "only what was added is removed: {removed:?}"
        );
    }
}
