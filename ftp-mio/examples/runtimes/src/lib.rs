//! `ftp-mio` on four runtimes, and an asynchronous front. Each file is to be copied:
//!
//! - `tokio.rs`, `smol.rs`, `calloop.rs` and `polling.rs` run operations on these runtimes;
//! - `front.rs` has an `async fn` for every operation, and transfers as `futures-io` streams.
//!
//! The rest is for the demonstration and the tests: `payload.rs` moves payload between a client and
//! std's readers and writers, and [`Driver`] is what they have in common.
#![deny(unsafe_code)]

pub mod calloop;
pub mod front;
pub mod payload;
pub mod polling;
pub mod smol;
pub mod tokio;

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use ftp_mio::proto::{After, Operation};
use ftp_mio::{Client, Error, Result, Socket, Transport};

/// What the application does with payload after each turn.
pub type Step<'s, T> = dyn FnMut(&mut Client<T>) -> io::Result<()> + 's;

/// What runs operations.
pub trait Driver<T: Transport<Source = Socket> + 'static>: Sized {
    /// # Errors
    /// Of the operating system.
    fn over(client: Client<T>) -> io::Result<Self>;

    fn client(&self) -> &Client<T>;

    fn client_mut(&mut self) -> &mut Client<T>;

    /// # Errors
    /// The operation's own, and that of `step`, which aborts the transfer.
    fn run<O>(&mut self, operation: O, step: &mut Step<'_, T>) -> Result<O::Output>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static;

    /// Begins to run an operation, and drops that run at its `awaits`th await; the outcome if it
    /// was over before. Where nothing can be dropped, it is run to its end.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    fn run_for<O>(
        &mut self,
        operation: O,
        step: &mut Step<'_, T>,
        _awaits: usize,
    ) -> Result<Option<O::Output>>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        self.run(operation, step).map(Some)
    }
}

/// A driver whose loop is its own.
macro_rules! driver {
    ($name:path) => {
        impl<T: Transport<Source = Socket> + 'static> Driver<T> for $name {
            fn over(client: Client<T>) -> io::Result<Self> {
                Self::new(client)
            }

            fn client(&self) -> &Client<T> {
                &self.client
            }

            fn client_mut(&mut self) -> &mut Client<T> {
                &mut self.client
            }

            fn run<O>(&mut self, operation: O, step: &mut Step<'_, T>) -> Result<O::Output>
            where
                O: Operation + Send + 'static,
                O::Output: Send + 'static,
            {
                Self::run(self, operation, step)
            }
        }
    };
}

driver!(calloop::Ftp<T>);
driver!(polling::Ftp<T>);

/// A game, which draws for a millisecond in each frame.
pub struct InFrames<T: Transport<Source = Socket>>(polling::Ftp<T>);

impl<T: Transport<Source = Socket> + 'static> Driver<T> for InFrames<T> {
    fn over(client: Client<T>) -> io::Result<Self> {
        polling::Ftp::new(client).map(Self)
    }

    fn client(&self) -> &Client<T> {
        &self.0.client
    }

    fn client_mut(&mut self) -> &mut Client<T> {
        &mut self.0.client
    }

    fn run<O>(&mut self, operation: O, step: &mut Step<'_, T>) -> Result<O::Output>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        let local = |error| Error::Local(error, After::Settling);
        let handle = self.0.client.start(operation);
        loop {
            if let Poll::Ready(outcome) = self.0.frame(handle).map_err(local)? {
                return outcome;
            }
            if let Err(error) = step(&mut self.0.client) {
                self.0.client.cancel(handle);
                return Err(local(error));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// smol on the thread that calls.
pub struct OnSmol<T: Transport<Source = Socket>>(smol::Ftp<T>);

/// tokio on the thread that calls. The client is dropped before the runtime that watches it.
pub struct OnTokio<T: Transport<Source = Socket>>(tokio::Ftp<T>, ::tokio::runtime::Runtime);

impl<T: Transport<Source = Socket> + 'static> Driver<T> for OnSmol<T> {
    fn over(client: Client<T>) -> io::Result<Self> {
        Ok(Self(smol::Ftp::new(client)))
    }

    fn client(&self) -> &Client<T> {
        &self.0.client
    }

    fn client_mut(&mut self) -> &mut Client<T> {
        &mut self.0.client
    }

    fn run<O>(&mut self, operation: O, step: &mut Step<'_, T>) -> Result<O::Output>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        ::smol::block_on(self.0.run(operation, step))
    }

    fn run_for<O>(
        &mut self,
        operation: O,
        step: &mut Step<'_, T>,
        awaits: usize,
    ) -> Result<Option<O::Output>>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        ::smol::block_on(dropped(self.0.run(operation, step), awaits)).transpose()
    }
}

impl<T: Transport<Source = Socket> + 'static> Driver<T> for OnTokio<T> {
    fn over(client: Client<T>) -> io::Result<Self> {
        let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self(tokio::Ftp::new(client), runtime))
    }

    fn client(&self) -> &Client<T> {
        &self.0.client
    }

    fn client_mut(&mut self) -> &mut Client<T> {
        &mut self.0.client
    }

    fn run<O>(&mut self, operation: O, step: &mut Step<'_, T>) -> Result<O::Output>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        self.1.block_on(self.0.run(operation, step))
    }

    fn run_for<O>(
        &mut self,
        operation: O,
        step: &mut Step<'_, T>,
        awaits: usize,
    ) -> Result<Option<O::Output>>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        self.1.block_on(dropped(self.0.run(operation, step), awaits)).transpose()
    }
}

/// Drops a future when it has to wait once more than so often.
async fn dropped<F: Future>(future: F, mut awaits: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if awaits == 0 => Poll::Ready(None),
        Poll::Pending => {
            awaits -= 1;
            Poll::Pending
        }
    })
    .await
}
