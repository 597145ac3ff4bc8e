//! An asynchronous front of `ftp-mio`: an `async fn` for every operation, and transfers as streams.
//!
//! This file is to be copied; it needs the crates `ftp-mio` (without its default features),
//! `async-io` and `futures-io`. async-io waits under any executor, tokio's included. [`Download`]
//! is an [`AsyncRead`] and [`Upload`] an [`AsyncWrite`] of `futures-io`; for tokio's traits, wrap
//! them with `tokio_util::compat` (`FuturesAsyncReadCompatExt` and `FuturesAsyncWriteCompatExt`).
//!
//! ```no_run
//! use ftp_mio_runtimes::front::Ftp;
//! use ftp_mio::proto::operation::Login;
//! use futures_lite::{AsyncReadExt, AsyncWriteExt};
//!
//! # async fn example() -> ftp_mio::Result<()> {
//! let mut ftp = Ftp::connect(([192, 0, 2, 1], 21).into());
//! ftp.login(Login::anonymous()).await?;
//! let mut bytes = Vec::new();
//! let mut download = ftp.retrieve("pub/README", 0).await?;
//! let read = download.read_to_end(&mut bytes).await;
//! download.finish().await?; // the server's verdict, and why a read failed
//! read.expect("a transfer that is complete was read to its end");
//! let mut upload = ftp.store("incoming/README", 0).await?;
//! let wrote = upload.write_all(&bytes).await;
//! upload.finish().await?;
//! wrote.expect("a transfer that is complete took everything");
//! ftp.quit().await?;
//! # Ok(()) }
//! ```
//!
//! Under TLS, build the client and hand it over: `Ftp::over(Client::builder().tls(..)..)`, and call
//! [`secure`](Ftp::secure) before the login.
//!
//! Every future may be dropped at any await, and every stream at any time: the operation is
//! cancelled, its transfer aborted, and the session settles that before the next command.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_io::{Async, Timer};
use ftp_mio::proto::driver::listing_options;
use ftp_mio::proto::features::Features;
use ftp_mio::proto::listing::{Entry, Name};
use ftp_mio::proto::operation::{
    AskFeatures, ChangeDirectory, Entries, Exchange, List, Login, MakeDirectory, Metadata,
    RawListing, Receiving, Rename, Retrieve, Secure, SetModified, SizeInBytes, Store,
};
use ftp_mio::proto::pathname::Pathname;
use ftp_mio::proto::timestamp::Timestamp;
use ftp_mio::proto::{Argument, Command, Completed, Operation, Reply};
use ftp_mio::{
    Client, Data, Error, Handle, Interest, Progress, Reactor, Ready, Result, Slot, Socket, Tcp,
    Transport,
};
use futures_io::{AsyncRead, AsyncWrite};

/// One session. Paths are bytes, as the server has them.
pub struct Ftp<T: Transport<Source = Socket> = Tcp> {
    watches: Watches,
    /// Its session, events and greeting.
    pub client: Client<T>,
    timer: Timer,
}

impl Ftp<Tcp> {
    /// Over TCP in clear.
    pub fn connect(address: SocketAddr) -> Self {
        Self::over(Client::connect_to([address], Instant::now()))
    }
}

impl<T: Transport<Source = Socket>> Ftp<T> {
    /// Over a client with any settings and transport. It connects, and awaits the greeting, with the
    /// first operation, whose error tells if either fails.
    pub fn over(client: Client<T>) -> Self {
        Self { watches: Watches::default(), client, timer: Timer::never() }
    }

    /// Runs any operation that moves no payload.
    ///
    /// # Errors
    /// The operation's own, here and in the methods below.
    pub async fn run<O>(&mut self, operation: O) -> Result<O::Output>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        let handle = self.client.start(operation);
        self.outcome(handle).await
    }

    /// Runs any operation that takes its payload itself.
    pub async fn receive<O>(&mut self, operation: O) -> Result<O::Output>
    where
        O: Receiving + Send + 'static,
        O::Output: Send + 'static,
    {
        let handle = self.client.receive(operation);
        self.outcome(handle).await
    }

    // -- the session ------------------------------------------------------------------------------

    /// Secures the control connection (AUTH TLS) and, unless the policy says otherwise, the data
    /// connections.
    pub async fn secure(&mut self) -> Result<()> {
        self.run(Secure::new()).await.map(drop)
    }

    /// Logs in: `Login::anonymous()`, or a user with what the server asks for.
    pub async fn login(&mut self, login: Login) -> Result<Reply> {
        self.run(login).await
    }

    /// Says goodbye (QUIT).
    pub async fn quit(mut self) -> Result<Reply> {
        self.run(Exchange::quit()).await
    }

    /// Does nothing, and finds out whether the session lives (NOOP).
    pub async fn noop(&mut self) -> Result<()> {
        self.run(Exchange::noop()).await
    }

    /// The server's features (FEAT).
    pub async fn features(&mut self) -> Result<Features> {
        self.run(AskFeatures::new()).await
    }

    /// Sends a line that moves no payload, and yields its reply, whatever that says.
    pub async fn command(&mut self, line: impl AsRef<[u8]>) -> Result<Reply> {
        self.run(Exchange::send(Command::raw(line)?)).await
    }

    // -- directories and files --------------------------------------------------------------------

    /// The working directory (PWD).
    pub async fn pwd(&mut self) -> Result<Pathname> {
        self.run(Exchange::working_directory()).await
    }

    /// Changes the working directory (CWD, and CDUP for `..`).
    pub async fn cwd(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(ChangeDirectory::new(path)?).await
    }

    /// Makes a directory, and yields its path if the server tells it (MKD).
    pub async fn mkdir(&mut self, path: impl AsRef<[u8]>) -> Result<Option<Pathname>> {
        self.run(MakeDirectory::new(Argument::new(path)?)).await
    }

    /// Removes an empty directory (RMD).
    pub async fn rmdir(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(Exchange::remove_directory(Argument::new(path)?)).await
    }

    /// Removes a file (DELE).
    pub async fn rm(&mut self, path: impl AsRef<[u8]>) -> Result<()> {
        self.run(Exchange::delete(Argument::new(path)?)).await
    }

    /// Renames (RNFR and RNTO).
    pub async fn rename(&mut self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<()> {
        self.run(Rename::new(Argument::new(from)?, Argument::new(to)?)).await
    }

    /// The size of a file in bytes (SIZE in image type).
    pub async fn size(&mut self, path: impl AsRef<[u8]>) -> Result<u64> {
        self.run(SizeInBytes::new(Argument::new(path)?)).await
    }

    /// When a file was last modified (MDTM).
    pub async fn modified(&mut self, path: impl AsRef<[u8]>) -> Result<Timestamp> {
        self.run(Exchange::modified(Argument::new(path)?)).await
    }

    /// Sets the time of a file's modification (MFMT and what servers have in its stead).
    pub async fn set_modified(&mut self, path: impl AsRef<[u8]>, time: Timestamp) -> Result<()> {
        self.run(SetModified::new(Argument::new(path)?, time)).await
    }

    /// What the server tells of a file or directory; `None` if it does not exist.
    pub async fn metadata(&mut self, path: impl AsRef<[u8]>) -> Result<Option<Entry<'static>>> {
        let metadata = Metadata::new(Argument::new(path)?);
        self.receive(metadata.or_listing(listing_options())).await
    }

    /// Whether a file or directory exists.
    pub async fn exists(&mut self, path: impl AsRef<[u8]>) -> Result<bool> {
        self.metadata(path).await.map(|entry| entry.is_some())
    }

    /// The entries of a directory (MLSD, else LIST); of the working directory for an empty path.
    pub async fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<Entry<'static>>> {
        let list = List::new(optional(path)?);
        let contents = self.receive(Entries::new(list, listing_options())).await?;
        match contents.complaint {
            Some(words) => Err(Error::NotListed(Name::new(&words).to_string())),
            None if contents.listed.is_truncated() => Err(Error::NotListed("it is cut off".into())),
            None => Ok(contents.entries),
        }
    }

    /// The names in a directory, as the server writes them (NLST).
    pub async fn names(&mut self, path: impl AsRef<[u8]>) -> Result<Vec<Vec<u8>>> {
        self.receive(RawListing::names(optional(path)?)).await
    }

    // -- transfers --------------------------------------------------------------------------------

    /// Downloads a file, or the rest of it behind the first `from` bytes (RETR, after REST). The
    /// length of the rest is checked against SIZE.
    pub async fn retrieve(&mut self, path: impl AsRef<[u8]>, from: u64) -> Result<Download<'_, T>> {
        let whole = Retrieve::new(Argument::new(path)?);
        self.download(if from == 0 { whole } else { whole.resume_at(from) }).await
    }

    /// Uploads a file, which replaces an existing one, or the rest of it behind the first `from`
    /// bytes (STOR; APPE or REST for the rest).
    pub async fn store(&mut self, path: impl AsRef<[u8]>, from: u64) -> Result<Upload<'_, T>> {
        self.upload(Store::new(Argument::new(path)?).resume_at(from)).await
    }

    /// Appends to a file (APPE).
    pub async fn append(&mut self, path: impl AsRef<[u8]>) -> Result<Upload<'_, T>> {
        self.upload(Store::append(Argument::new(path)?)).await
    }

    /// Begins any operation that downloads, and waits until its payload may move. Text in ASCII
    /// type comes as it is on the wire.
    pub async fn download<O>(&mut self, operation: O) -> Result<Download<'_, T>>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        self.transfer(operation).await.map(Download)
    }

    /// The same for uploads.
    pub async fn upload<O>(&mut self, operation: O) -> Result<Upload<'_, T>>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        self.transfer(operation).await.map(Upload)
    }

    async fn transfer<O>(&mut self, operation: O) -> Result<Running<'_, T, Completed>>
    where
        O: Operation<Output = Completed> + Send + 'static,
    {
        let handle = self.client.start(operation);
        let mut running = Running { ftp: self, handle, outcome: None, finished: false };
        poll_fn(|cx| running.poll_data(cx, |_| Some(()))).await;
        running.outcome.take_if(|outcome| outcome.is_err()).transpose()?;
        Ok(running)
    }

    /// The data connection of an operation that moves none stays untouched.
    async fn outcome<V: 'static>(&mut self, handle: Handle<V>) -> Result<V> {
        Running { ftp: self, handle, outcome: None, finished: true }.finish().await
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

fn optional(path: impl AsRef<[u8]>) -> Result<Option<Argument>> {
    Ok(Some(path).filter(|path| !path.as_ref().is_empty()).map(Argument::new).transpose()?)
}

// -- what runs ------------------------------------------------------------------------------------

/// An operation under way. Dropped before its outcome is there, it is cancelled.
struct Running<'f, T: Transport<Source = Socket>, V: 'static> {
    ftp: &'f mut Ftp<T>,
    handle: Handle<V>,
    outcome: Option<Result<V>>,
    /// The application has no more payload.
    finished: bool,
}

impl<T: Transport<Source = Socket>, V: 'static> Running<'_, T, V> {
    /// Tries to do something with payload until that yields something; `None` when the operation is
    /// over.
    fn poll_data<U>(
        &mut self,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(Data<'_, T::Stream>) -> Option<U>,
    ) -> Poll<Option<U>> {
        while self.outcome.is_none() {
            let ftp = &mut *self.ftp;
            if let Some(done) = ftp.client.data_mut().and_then(&mut attempt) {
                return Poll::Ready(Some(done));
            }
            // What moved, or was blocked, is told before anything is waited for.
            if !ftp.client.needs_turn() {
                ready!(ftp.poll_event(cx));
            }
            ftp.client.turn(Instant::now(), &mut ftp.watches);
            match ftp.client.poll(self.handle) {
                Poll::Ready(outcome) => self.outcome = Some(outcome),
                Poll::Pending if ftp.client.needs_turn() => {
                    cx.waker().wake_by_ref(); // other tasks have theirs first
                    return Poll::Pending;
                }
                Poll::Pending => {}
            }
        }
        Poll::Ready(None)
    }

    /// Moves payload; `None` when the operation is over, with success.
    fn poll_moved(
        &mut self,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(Data<'_, T::Stream>) -> Progress,
    ) -> Poll<io::Result<Option<usize>>> {
        let moved = ready!(self.poll_data(cx, |data| match attempt(data) {
            Progress::Bytes(count) => Some(count),
            Progress::Wait | Progress::Over => None,
        }));
        Poll::Ready(match &self.outcome {
            Some(Err(error)) => Err(error.to_io()),
            _ => Ok(moved),
        })
    }

    /// Ends the payload, and waits for the verdict.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut more = !std::mem::replace(&mut self.finished, true);
        self.poll_data(cx, |data| {
            std::mem::take(&mut more).then(|| data.finish());
            None::<()>
        })
        .map(drop)
    }

    async fn finish(mut self) -> Result<V> {
        poll_fn(|cx| self.poll_finish(cx)).await;
        self.outcome.take().unwrap_or(Err(Error::Spent))
    }
}

impl<T: Transport<Source = Socket>, V: 'static> Drop for Running<'_, T, V> {
    fn drop(&mut self) {
        // An operation that is over has left nothing to cancel.
        if self.ftp.client.operations() > 0 {
            self.ftp.client.cancel(self.handle);
            self.ftp.client.turn(Instant::now(), &mut self.ftp.watches);
        }
    }
}

/// A download. Its end is good only if [`finish`](Self::finish) says so.
pub struct Download<'f, T: Transport<Source = Socket> = Tcp>(Running<'f, T, Completed>);

impl<T: Transport<Source = Socket>> Download<'_, T> {
    /// The server's verdict. What was not read is dropped, and is an error.
    ///
    /// # Errors
    /// The operation's own.
    pub async fn finish(self) -> Result<Completed> {
        self.0.finish().await
    }
}

impl<T: Transport<Source = Socket>> AsyncRead for Download<'_, T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_moved(cx, |mut data| data.read(buffer)).map_ok(Option::unwrap_or_default)
    }
}

/// An upload. Without [`finish`](Self::finish) or a close it is reset, and never looks whole.
pub struct Upload<'f, T: Transport<Source = Socket> = Tcp>(Running<'f, T, Completed>);

impl<T: Transport<Source = Socket>> Upload<'_, T> {
    /// Ends the payload, and awaits the server's verdict.
    ///
    /// # Errors
    /// The operation's own.
    pub async fn finish(self) -> Result<Completed> {
        self.0.finish().await
    }
}

impl<T: Transport<Source = Socket>> AsyncWrite for Upload<'_, T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // None are taken once the server has said that it has enough.
        self.0.poll_moved(cx, |mut data| data.write(bytes)).map_ok(Option::unwrap_or_default)
    }

    /// Bytes are kept nowhere but in the system, and under TLS leave without being asked.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.0.poll_finish(cx));
        self.0.poll_moved(cx, |_| Progress::Over).map_ok(drop)
    }
}

// -- async-io -------------------------------------------------------------------------------------

/// One for each slot, on a second descriptor of the socket.
#[derive(Default)]
struct Watches([Option<(Async<OwnedFd>, Interest)>; 3]);

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
