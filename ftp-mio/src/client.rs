//! The client: operations in, outcomes out, and turns in between.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_proto::driver::{Error, Result, Tried, listing_options};
use ftp_proto::listing::Entry;
use ftp_proto::operation::{Exists, Greet, Metadata, Receiving, SetModified};
use ftp_proto::timestamp::Timestamp;
use ftp_proto::trace::Record;
use ftp_proto::{Argument, Event, Operation, Reply, Session};

use crate::clock::Clock;
use crate::connect::{Dialled, Dialling};
use crate::data::{Data, Progress};
use crate::driver::Driver;
use crate::interest::Ready;
use crate::readiness::{Reactor, Slot};
use crate::tasks::{Handle, Tasks, Unfed};
use crate::tcp::Tcp;
use crate::transport::Transport;

/// One FTP session that never waits.
///
/// It does nothing by itself. The application owns a loop and any number of clients. For each
/// client the loop
///
/// 1. waits until a socket of the client is ready or [`timeout`](Self::timeout) has passed,
/// 2. reports ready sockets with [`ready`](Self::ready),
/// 3. gives the client a [`turn`](Self::turn),
/// 4. moves payload with [`data_mut`](Self::data_mut), if a transfer is under way, until it yields
///    [`Wait`](crate::Progress::Wait) or [`Over`](crate::Progress::Over),
/// 5. takes outcomes with [`poll`](Self::poll).
///
/// An operation is anything that implements [`Operation`]: those of [`ftp_proto::operation`], or
/// the application's own. Any number may be started at once, even before the connection is open.
/// They run one after the other.
///
/// ```no_run
/// use std::task::Poll;
/// use std::time::Instant;
/// use ftp_mio::{Client, Reactor, Socket};
/// use ftp_mio::proto::operation::{Exchange, Login};
///
/// # fn wait_for_sockets(client: &mut Client) {}
/// # fn example(reactor: &mut dyn Reactor<Socket>) -> ftp_mio::Result<()> {
/// let mut client = Client::connect_to([([192, 0, 2, 1], 21).into()], Instant::now());
/// let login = client.start(Login::anonymous());
/// let pwd = client.start(Exchange::working_directory());
/// let path = loop {
///     client.turn(Instant::now(), reactor);
///     if let Poll::Ready(path) = client.poll(pwd) {
///         break path?;
///     }
///     wait_for_sockets(&mut client); // calls `client.ready`, waits no longer than `client.timeout`
/// };
/// client.close(reactor);
/// # Ok(()) }
/// ```
pub struct Client<T: Transport = Tcp> {
    stage: Stage<T>,
    tasks: Tasks,
    greeting: Greeting,
    clock: Clock,
    budget: usize,
    /// The application has asked for something since the last turn.
    touched: bool,
}

enum Stage<T: Transport> {
    Dialling(Box<Dialling<T>>),
    Open(Box<Driver<T>>),
    Failed(Tried),
}

enum Greeting {
    Awaited,
    Welcome(Reply),
    /// The server refused, or sent no greeting; no operation is begun.
    Unfriendly(ftp_proto::Error),
}

impl<T: Transport> Client<T> {
    pub(crate) fn new(dialling: Dialling<T>, budget: usize, now: Instant) -> Self {
        Self {
            stage: Stage::Dialling(Box::new(dialling)),
            tasks: Tasks::default(),
            greeting: Greeting::Awaited,
            clock: Clock::from(now),
            budget,
            touched: true,
        }
    }

    // -- the loop ---------------------------------------------------------------------------------

    /// Says that a socket is ready. A false report, or one about a closed socket, does no harm.
    pub fn ready(&mut self, slot: Slot, ready: Ready) {
        match &mut self.stage {
            Stage::Dialling(dialling) => dialling.mark(slot, ready),
            Stage::Open(driver) => driver.mark(slot, ready),
            Stage::Failed(_) => return,
        }
        self.touched = true;
    }

    /// Does all work that needs no waiting, and then tells the reactor what to wait for.
    ///
    /// `now` is the time at which the loop woke up. An earlier time than before counts as the same
    /// time.
    pub fn turn(&mut self, now: Instant, reactor: &mut dyn Reactor<T::Source>) {
        self.touched = false;
        self.dial(now, reactor);
        match &mut self.stage {
            Stage::Dialling(_) => {}
            Stage::Open(driver) => {
                let (tasks, greeting) = (&mut self.tasks, &mut self.greeting);
                let now = self.clock.machine_time(now);
                driver.turn(now, self.budget, reactor, &mut |session, source| {
                    greeting.poll(session);
                    match greeting {
                        Greeting::Awaited => {}
                        Greeting::Welcome(_) => tasks.poll(session, source),
                        Greeting::Unfriendly(error) => {
                            tasks.fail(|| Error::Session(error.clone(), source.take()));
                        }
                    }
                });
            }
            Stage::Failed(tried) => self.tasks.fail(|| Error::Connect(Arc::clone(tried))),
        }
        self.feed_operation();
        self.save_memory();
    }

    /// Frees memory once all operations are over, because the session may be idle for long, beside
    /// thousands of others.
    fn save_memory(&mut self) {
        if let (Stage::Open(driver), false) = (&mut self.stage, self.tasks.are_running()) {
            driver.shrink_to_fit();
        }
    }

    /// Reads the payload of an operation that takes it itself.
    fn feed_operation(&mut self) {
        if !self.tasks.reads_payload() {
            return;
        }
        let Stage::Open(driver) = &mut self.stage else {
            return;
        };
        if let Some(mut data) = driver.data_mut() {
            let mut block = [0; 4096];
            while let Progress::Bytes(count) = data.read(&mut block) {
                self.tasks.feed(block.get(..count).unwrap_or_default());
            }
        }
    }

    fn dial(&mut self, now: Instant, reactor: &mut dyn Reactor<T::Source>) {
        // What stands in meanwhile takes memory, which not every turn should ask for.
        if !matches!(self.stage, Stage::Dialling(_)) {
            return;
        }
        let nothing = Stage::Failed(Tried::default());
        if let Stage::Dialling(dialling) = mem::replace(&mut self.stage, nothing) {
            self.stage = match dialling.turn(now, reactor) {
                Dialled::Pending(dialling) => Stage::Dialling(dialling),
                Dialled::Open(driver) => Stage::Open(driver),
                Dialled::Failed(tried) => Stage::Failed(tried),
            };
        }
    }

    /// Whether the client needs a [`turn`](Self::turn) without waiting for anything: something was
    /// started, payload moved, or the budget of the last turn ended before the socket did.
    pub fn needs_turn(&self) -> bool {
        self.touched || self.driver().is_some_and(|driver| driver.touched)
    }

    /// When the client needs a [`turn`](Self::turn) at the latest, even if no socket is ready.
    /// `None` for an idle session, and for one that waits only for its application.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Dialling(dialling) => dialling.deadline(),
            Stage::Open(driver) => driver.deadline().and_then(|at| self.clock.system_time(at)),
            Stage::Failed(_) => None,
        }
    }

    /// How long the loop may wait for this client: zero if it [needs a turn](Self::needs_turn),
    /// `None` for no limit.
    pub fn timeout(&self, now: Instant) -> Option<Duration> {
        if self.needs_turn() {
            return Some(Duration::ZERO);
        }
        let deadline = self.deadline()?;
        Some(deadline.saturating_duration_since(now))
    }

    // -- operations -------------------------------------------------------------------------------

    /// [Starts](Self::start) setting the time of a file's modification, in whole seconds of UTC;
    /// see [`SetModified`].
    pub fn set_modified(&mut self, path: Argument, time: Timestamp) -> Handle<()> {
        self.start(SetModified::new(path, time))
    }

    /// [Starts](Self::start) asking for the server's facts about a file or directory; `None` if it
    /// does not exist. [`Metadata`] describes the commands.
    pub fn metadata(&mut self, path: Argument) -> Handle<Option<Entry<'static>>> {
        self.receive(Metadata::new(path).or_listing(listing_options()))
    }

    /// [Starts](Self::start) asking whether a file or directory exists, as
    /// [`metadata`](Self::metadata) does.
    pub fn exists(&mut self, path: Argument) -> Handle<bool> {
        let metadata = Metadata::new(path).or_listing(listing_options());
        self.receive(Exists::new(metadata))
    }

    /// Starts an operation. It begins when the greeting has come and the operations before it are
    /// over.
    ///
    /// ```
    /// use std::time::Instant;
    /// use ftp_mio::Client;
    /// use ftp_mio::proto::Argument;
    /// use ftp_mio::proto::operation::Batch;
    ///
    /// let mut client = Client::connect_to([([192, 0, 2, 1], 21).into()], Instant::now());
    /// let paths = ["a.txt", "b.txt"].map(|path| Argument::new(path).unwrap());
    /// let sizes = client.start(Batch::sizes(paths.clone())); // numbers
    /// let times = client.start(Batch::modified(paths)); // times
    /// # let _ = (sizes, times);
    /// ```
    ///
    /// The application has to move the payload of a transfer ([`data_mut`](Self::data_mut)).
    /// Otherwise the transfer stands still, without a limit.
    pub fn start<O>(&mut self, operation: O) -> Handle<O::Output>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        self.touched = true;
        self.tasks.start(Unfed(operation), false)
    }

    /// As [`start`](Self::start), for an operation that reads its payload itself: turns move the
    /// payload, without the application.
    ///
    /// ```
    /// use std::time::Instant;
    /// use ftp_mio::Client;
    /// use ftp_mio::proto::listing::Options;
    /// use ftp_mio::proto::operation::{Entries, List, RawListing};
    ///
    /// let mut client = Client::connect_to([([192, 0, 2, 1], 21).into()], Instant::now());
    /// let entries = client.receive(Entries::new(List::new(None), Options::new()));
    /// let names = client.receive(RawListing::names(None));
    /// # let _ = (entries, names);
    /// ```
    pub fn receive<O>(&mut self, operation: O) -> Handle<O::Output>
    where
        O: Receiving + Send + 'static,
        O::Output: Send + 'static,
    {
        self.touched = true;
        self.tasks.start(operation, true)
    }

    /// The outcome of an operation, once.
    ///
    /// # Errors
    /// The operation's own; [`Error::Connect`] if there is no connection; [`Error::Spent`] if the
    /// outcome was taken already.
    pub fn poll<O: 'static>(&mut self, handle: Handle<O>) -> Poll<Result<O>> {
        self.tasks.take(handle)
    }

    /// Cancels an operation in any state. Its transfer is aborted, its unsent commands are not
    /// sent, and its replies are dropped. The session settles these before it sends another
    /// command. There is no outcome.
    pub fn cancel<O>(&mut self, handle: Handle<O>) {
        let session = match &mut self.stage {
            Stage::Open(driver) => Some(&mut driver.session),
            _ => None,
        };
        self.tasks.cancel(handle.number(), session);
        self.touched = true;
    }

    /// Aborts the transfer under way. Its operation then yields the verdict: usually, that it was
    /// aborted. A [`Series`](ftp_proto::operation::Series) goes on with the next transfer.
    pub fn abort(&mut self) {
        if let Stage::Open(driver) = &mut self.stage {
            if let Some(transfer) = driver.session.current_transfer() {
                driver.session.abort(transfer);
                self.touched = true;
            }
        }
    }

    /// The number of operations that are under way, or whose outcomes were not taken.
    pub fn operations(&self) -> usize {
        self.tasks.count()
    }

    // -- payload ----------------------------------------------------------------------------------

    /// The data connection, while payload may move.
    pub fn data_mut(&mut self) -> Option<Data<'_, T::Stream>> {
        match &mut self.stage {
            Stage::Open(driver) if !self.tasks.reads_payload() => driver.data_mut(),
            _ => None,
        }
    }

    // -- the session ------------------------------------------------------------------------------

    /// The state machine, for inspection; `None` before the connection is open.
    pub fn session(&self) -> Option<&Session> {
        self.driver().map(|driver| &driver.session)
    }

    /// The greeting, once it has come.
    pub const fn welcome(&self) -> Option<&Reply> {
        match &self.greeting {
            Greeting::Welcome(reply) => Some(reply),
            _ => None,
        }
    }

    /// The next event that answers no command, such as an unsolicited reply. The latest 64 are
    /// kept.
    pub fn poll_event(&mut self) -> Option<Event> {
        match &mut self.stage {
            Stage::Open(driver) => driver.session.poll_event(),
            _ => None,
        }
    }

    /// The next trace record, if the configuration asks for records
    /// ([`ftp_proto::Config::detail`]).
    pub fn poll_trace(&mut self) -> Option<Record> {
        match &mut self.stage {
            Stage::Open(driver) => driver.session.poll_trace(),
            _ => None,
        }
    }

    /// The control connection, if it is open.
    pub fn control_stream(&self) -> Option<&T::Stream> {
        self.driver().and_then(Driver::control_stream)
    }

    /// Whether the session is over and all its sockets are closed. Outcomes may still wait to be
    /// taken.
    pub fn is_over(&self) -> bool {
        match &self.stage {
            Stage::Dialling(_) => false,
            Stage::Open(driver) => driver.is_over(),
            Stage::Failed(_) => true,
        }
    }

    /// Closes all sockets at once. Dropping a client closes them too, but cannot remove them from
    /// the reactor first.
    pub fn close(self, reactor: &mut dyn Reactor<T::Source>) {
        match self.stage {
            Stage::Dialling(dialling) => dialling.close(reactor),
            Stage::Open(mut driver) => driver.close(reactor),
            Stage::Failed(_) => {}
        }
    }

    fn driver(&self) -> Option<&Driver<T>> {
        match &self.stage {
            Stage::Open(driver) => Some(driver),
            _ => None,
        }
    }
}

impl Greeting {
    fn poll(&mut self, session: &mut Session) {
        if !matches!(self, Self::Awaited) {
            return;
        }
        match Greet.poll(session) {
            Poll::Pending => {}
            Poll::Ready(Ok(reply)) => *self = Self::Welcome(reply),
            Poll::Ready(Err(error)) => {
                session.close();
                *self = Self::Unfriendly(error);
            }
        }
    }
}

impl<T: Transport> fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Client");
        match &self.stage {
            Stage::Dialling(dialling) => shown.field("dialling", dialling),
            Stage::Open(driver) => shown.field("state", &driver.session.state()),
            Stage::Failed(tried) => shown.field("failed", tried),
        };
        shown
            .field("operations", &self.tasks.count())
            .finish_non_exhaustive()
    }
}
