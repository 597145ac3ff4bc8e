//! A client of `ftp-mio` on smol, or on any executor by async-io.
//!
//! To be copied. [`Ftp::run`] is cancel-safe: dropped at any await, it cancels its operation, whose
//! transfer is then aborted.

use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use ftp_mio::proto::{After, Operation};
use ftp_mio::{Client, Error, Handle, Interest, Reactor, Ready, Result, Slot, Socket, Transport};
use smol::{Async, Timer};

/// A client, and what smol watches for it.
pub struct Ftp<T: Transport<Source = Socket>> {
    watches: Watches,
    pub client: Client<T>,
    timer: Timer,
}

/// One for each slot, on a second descriptor of the socket.
#[derive(Default)]
struct Watches([Option<(Async<OwnedFd>, Interest)>; 3]);

/// Ends with the future that holds it.
struct Running<'f, T: Transport<Source = Socket>, O>(&'f mut Ftp<T>, Handle<O>);

impl<T: Transport<Source = Socket>> Ftp<T> {
    pub fn new(client: Client<T>) -> Self {
        Self { watches: Watches::default(), client, timer: Timer::never() }
    }

    /// Runs an operation. `payload` is called after every turn and moves what can move
    /// ([`Client::data_mut`]); its error aborts the transfer.
    pub async fn run<O>(
        &mut self,
        operation: O,
        mut payload: impl FnMut(&mut Client<T>) -> io::Result<()>,
    ) -> Result<O::Output>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        let handle = self.client.start(operation);
        let running = Running(self, handle);
        poll_fn(|cx| {
            let ftp = &mut *running.0;
            loop {
                ftp.client.turn(Instant::now(), &mut ftp.watches);
                if let Poll::Ready(outcome) = ftp.client.poll(handle) {
                    return Poll::Ready(outcome);
                }
                payload(&mut ftp.client).map_err(|error| Error::Local(error, After::Settling))?;
                if ftp.client.needs_turn() {
                    cx.waker().wake_by_ref(); // other tasks have theirs first
                    return Poll::Pending;
                }
                ready!(ftp.poll_event(cx));
            }
        })
        .await
    }

    /// Waits for a socket or the deadline.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for slot in Slot::ALL {
            let ready = self.watches.poll_ready(slot, cx);
            if !ready.is_none() {
                self.client.ready(slot, ready);
            }
        }
        if self.client.needs_turn() {
            return Poll::Ready(());
        }
        let Some(at) = self.client.deadline() else { return Poll::Pending };
        self.timer.set_at(at);
        Pin::new(&mut self.timer).poll(cx).map(drop)
    }
}

impl<T: Transport<Source = Socket>, O> Drop for Running<'_, T, O> {
    fn drop(&mut self) {
        // An operation that is over has left nothing to cancel.
        if self.0.client.operations() > 0 {
            self.0.client.cancel(self.1);
            self.0.client.turn(Instant::now(), &mut self.0.watches);
        }
    }
}

impl Watches {
    fn poll_ready(&self, slot: Slot, cx: &mut Context<'_>) -> Ready {
        let Some((fd, interest)) = &self.0[slot.index()] else { return Ready::NONE };
        Ready::new(
            interest.is_read() && fd.poll_readable(cx).is_ready(),
            interest.is_write() && fd.poll_writable(cx).is_ready(),
        )
    }
}

impl Reactor<Socket> for Watches {
    fn add(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        let fd = source.as_fd().try_clone_to_owned()?;
        self.0[slot.index()] = Some((Async::new_nonblocking(fd)?, interest));
        Ok(())
    }

    fn change(&mut self, slot: Slot, _: &mut Socket, interest: Interest) -> io::Result<()> {
        self.0[slot.index()].iter_mut().for_each(|watch| watch.1 = interest);
        Ok(())
    }

    fn remove(&mut self, slot: Slot, _: &mut Socket) {
        self.0[slot.index()] = None;
    }
}
