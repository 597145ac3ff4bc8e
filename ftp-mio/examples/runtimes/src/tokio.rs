//! A client of `ftp-mio` on tokio.
//!
//! To be copied. [`Ftp::run`] is cancel-safe: dropped at any await, it cancels its operation, whose
//! transfer is then aborted.

use std::future::poll_fn;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use std::{io, net};

use ftp_mio::proto::{After, Operation};
use ftp_mio::{Client, Error, Handle, Interest, Reactor, Ready, Result, Slot, Socket, Transport};
use tokio::io::Interest as Direction;
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep_until};

/// A client, and what tokio watches for it.
pub struct Ftp<T: Transport<Source = Socket>> {
    watches: Watches,
    pub client: Client<T>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// One for each slot, on a second descriptor of the socket. A listener's is never asked for more
/// than its readiness.
#[derive(Default)]
struct Watches([Option<(TcpStream, Interest)>; 3]);

/// Ends with the future that holds it.
struct Running<'f, T: Transport<Source = Socket>, O>(&'f mut Ftp<T>, Handle<O>);

impl<T: Transport<Source = Socket>> Ftp<T> {
    pub fn new(client: Client<T>) -> Self {
        Self { watches: Watches::default(), client, timer: None }
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
        let Some(at) = self.client.deadline().map(Into::into) else { return Poll::Pending };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        timer.as_mut().reset(at);
        timer.as_mut().poll(cx)
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
        let read = interest.is_read() && fd.poll_read_ready(cx).is_ready();
        let write = interest.is_write() && fd.poll_write_ready(cx).is_ready();
        // A client tries until the socket would block, so tokio is told that it does.
        let blocked = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        let _ = read.then(|| fd.try_io(Direction::READABLE, blocked));
        let _ = write.then(|| fd.try_io(Direction::WRITABLE, blocked));
        Ready::new(read, write)
    }
}

impl Reactor<Socket> for Watches {
    fn add(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        let fd = net::TcpStream::from(source.as_fd().try_clone_to_owned()?);
        self.0[slot.index()] = Some((TcpStream::from_std(fd)?, interest));
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
