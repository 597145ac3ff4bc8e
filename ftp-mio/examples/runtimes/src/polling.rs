//! A client of `ftp-mio` on polling: epoll, kqueue and the like, one event at a time.
//!
//! To be copied. [`Ftp::run`] waits for sockets; a loop of the application's own waits for others
//! too, and tells them apart by their keys. A game calls [`Ftp::frame`] once in each of its frames.
#![allow(
    unsafe_code,
    reason = "polling asks its users to remove a socket before it is closed, and calls that unsafe"
)]

use std::io;
use std::os::fd::AsFd;
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_mio::proto::{After, Operation};
use ftp_mio::{Client, Error, Handle, Interest, Reactor, Ready, Result, Slot, Socket, Transport};
use polling::{Event, Events, Poller};

/// A client and its poller.
pub struct Ftp<T: Transport<Source = Socket>> {
    pub client: Client<T>,
    /// Taken when the client is closed.
    registrar: Registrar,
    events: Events,
}

/// Registers the sockets of the only client: a socket's slot is its key.
struct Registrar(Poller);

impl<T: Transport<Source = Socket>> Ftp<T> {
    /// # Errors
    /// Of the operating system.
    pub fn new(client: Client<T>) -> io::Result<Self> {
        Ok(Self { client, registrar: Registrar(Poller::new()?), events: Events::new() })
    }

    /// Runs an operation. `payload` is called after every turn and moves what can move
    /// ([`Client::data_mut`]); its error aborts the transfer.
    pub fn run<O>(
        &mut self,
        operation: O,
        mut payload: impl FnMut(&mut Client<T>) -> io::Result<()>,
    ) -> Result<O::Output>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        let handle = self.client.start(operation);
        loop {
            self.client.turn(Instant::now(), &mut self.registrar);
            if let Poll::Ready(outcome) = self.client.poll(handle) {
                return outcome;
            }
            let moved = payload(&mut self.client);
            let limit = self.client.timeout(Instant::now());
            if let Err(error) = moved.and_then(|()| self.wait(limit)) {
                self.client.cancel(handle);
                self.client.turn(Instant::now(), &mut self.registrar);
                return Err(Error::Local(error, After::Settling));
            }
        }
    }

    /// Does what can be done in one frame of a game, and waits for nothing. Payload is moved after
    /// it, as `payload` of [`run`](Self::run) does.
    ///
    /// # Errors
    /// Of the operating system; and within, as a rule later, the operation's own.
    pub fn frame<V: 'static>(&mut self, handle: Handle<V>) -> io::Result<Poll<Result<V>>> {
        self.wait(Some(Duration::ZERO))?;
        self.client.turn(Instant::now(), &mut self.registrar);
        Ok(self.client.poll(handle))
    }

    fn wait(&mut self, limit: Option<Duration>) -> io::Result<()> {
        self.events.clear();
        self.registrar.0.wait(&mut self.events, limit)?;
        for event in self.events.iter() {
            self.client.ready(Slot::ALL[event.key], Ready::new(event.readable, event.writable));
        }
        Ok(())
    }
}

fn event(slot: Slot, interest: Interest) -> Event {
    Event::new(slot.index(), interest.is_read(), interest.is_write())
}

impl Reactor<Socket> for Registrar {
    fn add(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        // SAFETY: a client removes every socket that it has added before it closes it, or both are
        // dropped together.
        unsafe { self.0.add(&*source, event(slot, interest)) }
    }

    fn change(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        self.0.modify(source.as_fd(), event(slot, interest))
    }

    fn remove(&mut self, _: Slot, source: &mut Socket) {
        // A socket that cannot be removed is not known to the poller.
        let _ = self.0.delete(source.as_fd());
    }
}
