//! A client of `ftp-mio` on calloop.
//!
//! To be copied. [`Ftp::run`] dispatches the loop of the client alone; in an application's loop the
//! client is a part of the data that callbacks get.

use std::io;
use std::os::fd::AsFd;
use std::task::Poll;
use std::time::Instant;

use calloop::generic::Generic;
use calloop::{EventLoop, LoopHandle, Mode, PostAction, RegistrationToken};
use ftp_mio::proto::{After, Operation};
use ftp_mio::{Client, Error, Interest, Reactor, Ready, Result, Slot, Socket, Transport};

/// A client and its loop.
pub struct Ftp<T: Transport<Source = Socket> + 'static> {
    pub client: Client<T>,
    events: EventLoop<'static, Client<T>>,
    registrar: Registrar<T>,
}

/// A source of the loop for each slot, on a second descriptor of the socket.
struct Registrar<T: Transport + 'static> {
    handle: LoopHandle<'static, Client<T>>,
    sources: [Option<RegistrationToken>; 3],
}

impl<T: Transport<Source = Socket> + 'static> Ftp<T> {
    /// # Errors
    /// Of the operating system.
    pub fn new(client: Client<T>) -> io::Result<Self> {
        let events = EventLoop::try_new().map_err(io::Error::from)?;
        let registrar = Registrar { handle: events.handle(), sources: [None; 3] };
        Ok(Self { client, events, registrar })
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
            if let Err(error) = payload(&mut self.client).and_then(|()| self.wait()) {
                self.client.cancel(handle);
                self.client.turn(Instant::now(), &mut self.registrar);
                return Err(Error::Local(error, After::Settling));
            }
        }
    }

    fn wait(&mut self) -> io::Result<()> {
        let limit = self.client.timeout(Instant::now());
        self.events.dispatch(limit, &mut self.client).map_err(io::Error::from)
    }
}

impl<T: Transport<Source = Socket> + 'static> Reactor<Socket> for Registrar<T> {
    fn add(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        let interest =
            calloop::Interest { readable: interest.is_read(), writable: interest.is_write() };
        // Anything but one event at a time would report a socket that nobody reads yet.
        let source = Generic::new(source.as_fd().try_clone_to_owned()?, interest, Mode::OneShot);
        let told = move |ready: calloop::Readiness, _: &mut _, client: &mut Client<T>| {
            let both = ready.error;
            client.ready(slot, Ready::new(ready.readable || both, ready.writable || both));
            Ok(PostAction::Continue)
        };
        let inserted = self.handle.insert_source(source, told);
        self.sources[slot.index()] = Some(inserted.map_err(|error| io::Error::from(error.error))?);
        Ok(())
    }

    fn change(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        self.remove(slot, source);
        self.add(slot, source, interest)
    }

    fn remove(&mut self, slot: Slot, _: &mut Socket) {
        if let Some(token) = self.sources[slot.index()].take() {
            self.handle.remove(token);
        }
    }
}
