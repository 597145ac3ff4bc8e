//! The loop that tests run clients in, on two reactors.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_mio::proto::operation::Login;
use ftp_mio::proto::{Argument, Config, DataMode, Direction, Operation, Timeouts};
use ftp_mio::{
    Builder, Client, Interest, Progress, Reactor, Ready, Result, Slot, Socket, Tcp, Transport,
};
use polling::{Event, Events, Poller};

/// No test waits longer for anything.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// One reactor for any number of clients.
pub(crate) trait Reactors: 'static {
    type Source: ?Sized;
    type Tcp: Transport<Source = Self::Source> + 'static;

    fn new() -> Self;
    fn tcp() -> Self::Tcp;

    /// Gives a client a turn.
    fn turn<T: Transport<Source = Self::Source>>(&mut self, number: usize, client: &mut Client<T>);

    /// Closes a client.
    fn close<T: Transport<Source = Self::Source>>(&mut self, number: usize, client: Client<T>);

    /// Waits for sockets: which client, which socket, ready for what.
    fn wait(&mut self, limit: Duration) -> Vec<(usize, Slot, Ready)>;
}

// -- polling: single events --------------------------------------------------------------------------------------------------

pub(crate) struct OnPolling {
    poller: Poller,
    events: Events,
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
    std::os::fd::AsFd::as_fd(socket)
}

impl Reactor<Socket> for Registrar<'_> {
    #[allow(
        unsafe_code,
        reason = "a client removes every socket before it closes it"
    )]
    fn add(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        unsafe { self.poller.add(&*source, self.event(slot, interest)) }
    }

    fn change(&mut self, slot: Slot, source: &mut Socket, interest: Interest) -> io::Result<()> {
        self.poller
            .modify(borrowed(source), self.event(slot, interest))
    }

    fn remove(&mut self, _: Slot, source: &mut Socket) {
        self.poller.delete(borrowed(source)).unwrap();
    }
}

impl OnPolling {
    fn registrar(&self, number: usize) -> Registrar<'_> {
        Registrar {
            poller: &self.poller,
            first: 3 * number,
        }
    }
}

impl Reactors for OnPolling {
    type Source = Socket;
    type Tcp = Tcp;

    fn new() -> Self {
        Self {
            poller: Poller::new().unwrap(),
            events: Events::new(),
        }
    }

    fn tcp() -> Tcp {
        Tcp::new()
    }

    fn turn<T: Transport<Source = Socket>>(&mut self, number: usize, client: &mut Client<T>) {
        client.turn(Instant::now(), &mut self.registrar(number));
    }

    fn close<T: Transport<Source = Socket>>(&mut self, number: usize, client: Client<T>) {
        client.close(&mut self.registrar(number));
    }

    fn wait(&mut self, limit: Duration) -> Vec<(usize, Slot, Ready)> {
        self.events.clear();
        self.poller.wait(&mut self.events, Some(limit)).unwrap();
        let told = |event: Event| {
            let ready = Ready::new(event.readable, event.writable);
            (event.key / 3, Slot::ALL[event.key % 3], ready)
        };
        self.events.iter().map(told).collect()
    }
}

// -- mio: edges --------------------------------------------------------------------------------------------------------------

#[cfg(feature = "mio")]
pub(crate) struct OnMio {
    poll: mio::Poll,
    events: mio::Events,
}

#[cfg(feature = "mio")]
impl Reactors for OnMio {
    type Source = ftp_mio::mio::AnySource;
    type Tcp = ftp_mio::mio::Tcp;

    fn new() -> Self {
        Self {
            poll: mio::Poll::new().unwrap(),
            events: mio::Events::with_capacity(256),
        }
    }

    fn tcp() -> Self::Tcp {
        ftp_mio::mio::Tcp::new()
    }

    fn turn<T: Transport<Source = Self::Source>>(&mut self, number: usize, client: &mut Client<T>) {
        let mut registrar = ftp_mio::mio::Registrar::new(self.poll.registry(), number);
        client.turn(Instant::now(), &mut registrar);
    }

    fn close<T: Transport<Source = Self::Source>>(&mut self, number: usize, client: Client<T>) {
        let mut registrar = ftp_mio::mio::Registrar::new(self.poll.registry(), number);
        client.close(&mut registrar);
    }

    fn wait(&mut self, limit: Duration) -> Vec<(usize, Slot, Ready)> {
        self.poll.poll(&mut self.events, Some(limit)).unwrap();
        let told = |event: &mio::event::Event| {
            let (number, slot) = ftp_mio::mio::slot(event.token());
            (number, slot, ftp_mio::mio::ready(event))
        };
        self.events.iter().map(told).collect()
    }
}

// -- the loop ----------------------------------------------------------------------------------------------------------------

/// One client in a loop of its own.
pub(crate) struct Alone<R: Reactors, T: Transport<Source = R::Source> = <R as Reactors>::Tcp> {
    reactors: R,
    pub(crate) client: Client<T>,
    /// What came in downloads.
    pub(crate) received: Vec<u8>,
    /// What goes out in uploads.
    pub(crate) content: Vec<u8>,
    pub(crate) sent: usize,
}

impl<R: Reactors> Alone<R> {
    pub(crate) fn connect(to: &[SocketAddr], config: Config) -> Self {
        Self::over(R::tcp(), to, config)
    }

    pub(crate) fn logged_in(to: SocketAddr, config: Config) -> Self {
        let mut alone = Self::connect(&[to], config);
        alone.run(Login::anonymous()).unwrap();
        alone
    }
}

impl<R: Reactors, T: Transport<Source = R::Source>> Alone<R, T> {
    pub(crate) fn over(transport: T, to: &[SocketAddr], config: Config) -> Self {
        let builder = Builder::new(transport).config(config);
        Self {
            reactors: R::new(),
            client: builder.connect_to(to.iter().copied(), Instant::now()),
            received: Vec::new(),
            content: Vec::new(),
            sent: 0,
        }
    }

    pub(crate) fn run<O>(&mut self, operation: O) -> Result<O::Output>
    where
        O: Operation + Send + 'static,
        O::Output: Send + 'static,
    {
        let handle = self.client.transfer(operation);
        self.until(|client| match client.poll(handle) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        })
    }

    /// Goes round the loop until `done` yields something.
    pub(crate) fn until<V>(&mut self, mut done: impl FnMut(&mut Client<T>) -> Option<V>) -> V {
        let start = Instant::now();
        loop {
            self.reactors.turn(0, &mut self.client);
            if let Some(value) = done(&mut self.client) {
                return value;
            }
            self.move_payload();
            assert!(start.elapsed() < LIMIT, "it hangs: {:?}", self.client);
            let limit = self.client.timeout(Instant::now()).unwrap_or(LIMIT);
            for (_, slot, ready) in self.reactors.wait(limit.min(LIMIT)) {
                self.client.ready(slot, ready);
            }
        }
    }

    pub(crate) fn move_payload(&mut self) {
        move_payload(
            &mut self.client,
            &self.content,
            &mut self.sent,
            &mut self.received,
        );
    }

    pub(crate) fn close(mut self) {
        self.reactors.close(0, self.client);
    }
}

pub(crate) fn move_payload<T: Transport>(
    client: &mut Client<T>,
    content: &[u8],
    sent: &mut usize,
    received: &mut Vec<u8>,
) {
    let mut block = [0; 16 * 1024];
    let Some(mut data) = client.data_mut() else {
        return;
    };
    if data.flow().direction == Direction::Receive {
        while let Progress::Bytes(count) = data.read(&mut block) {
            received.extend_from_slice(&block[..count]);
        }
        return;
    }
    while *sent < content.len() {
        match data.write(&content[*sent..]) {
            Progress::Bytes(count) => *sent += count,
            Progress::Wait | Progress::Over => return,
        }
    }
    data.finish();
}

/// How long the steps of a crowd may take, each, on a busy machine.
const CROWD_LIMIT: Duration = Duration::from_secs(300);

/// How many clients await their greeting at one time. A server whose queue is full forgets callers, who then wait for it
/// to speak first; the shortest queue is vsftpd's, of 32.
const GREETINGS_MAX: usize = 30;

/// How many turns a step of a crowd may take for each client. A handful suffices when little arrives at one time.
const TURNS_MAX: usize = 100;

/// Many clients in one loop. What a round costs depends on how many have something to do, not on how many there are.
pub(crate) struct Crowd<R: Reactors> {
    reactors: R,
    pub(crate) clients: BTreeMap<usize, Client<R::Tcp>>,
    /// Those that have had no turn yet.
    coming: Range<usize>,
    /// Those that await their greeting.
    awaited: BTreeSet<usize>,
    /// Those that need a turn.
    due: BTreeSet<usize>,
    deadlines: BTreeSet<(Instant, usize)>,
}

impl<R: Reactors> Crowd<R> {
    pub(crate) fn new(number: usize, to: SocketAddr, mode: DataMode) -> Self {
        let mut config = Config::default();
        config.data_mode = mode;
        config.timeouts = Timeouts::all(CROWD_LIMIT);
        let client = |n| {
            let builder = Builder::new(R::tcp()).config(config);
            (n, builder.connect_to([to], Instant::now()))
        };
        Self {
            reactors: R::new(),
            clients: (0..number).map(client).collect(),
            coming: 0..number,
            awaited: BTreeSet::new(),
            due: BTreeSet::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// Goes round the loop until `step` has said of each client that it is done. It is called for each in the beginning
    /// and after each turn.
    pub(crate) fn run(&mut self, mut step: impl FnMut(usize, &mut Client<R::Tcp>) -> bool) {
        let start = Instant::now();
        let mut turns = 0;
        let mut left: BTreeSet<usize> = self.clients.keys().copied().collect();
        self.due.extend(0..self.coming.start);
        while let Some(first) = left.first() {
            let first = &self.clients[first];
            assert!(
                start.elapsed() < CROWD_LIMIT,
                "{} hang: {first:?}",
                left.len()
            );
            assert!(turns < TURNS_MAX * self.clients.len(), "a client spins");
            self.wait();
            for number in self.take_due() {
                self.turn(number);
                turns += 1;
                let client = self.clients.get_mut(&number).unwrap();
                if left.contains(&number) && step(number, client) {
                    left.remove(&number);
                }
                if client.needs_turn() {
                    self.due.insert(number);
                }
            }
        }
    }

    fn turn(&mut self, number: usize) {
        let client = self.clients.get_mut(&number).unwrap();
        if let Some(before) = client.deadline() {
            self.deadlines.remove(&(before, number));
        }
        self.reactors.turn(number, client);
        if let Some(after) = client.deadline() {
            self.deadlines.insert((after, number));
        }
        if client.welcome().is_some() {
            self.awaited.remove(&number);
        }
    }

    fn take_due(&mut self) -> BTreeSet<usize> {
        let now = Instant::now();
        while let Some((_, number)) = self.deadlines.first().filter(|(at, _)| *at <= now) {
            self.due.insert(*number);
            self.deadlines.pop_first();
        }
        while self.awaited.len() < GREETINGS_MAX {
            let Some(number) = self.coming.next() else {
                break;
            };
            self.awaited.insert(number);
            self.due.insert(number);
        }
        std::mem::take(&mut self.due)
    }

    fn wait(&mut self) {
        let may_come = self.awaited.len() < GREETINGS_MAX && !self.coming.is_empty();
        let limit = match self.deadlines.first() {
            _ if may_come || !self.due.is_empty() => Duration::ZERO,
            Some((at, _)) => at.saturating_duration_since(Instant::now()),
            None => CROWD_LIMIT,
        };
        for (number, slot, ready) in self.reactors.wait(limit.min(CROWD_LIMIT)) {
            if let Some(client) = self.clients.get_mut(&number) {
                client.ready(slot, ready);
                self.due.insert(number);
            }
        }
    }

    pub(crate) fn close(mut self) {
        for (number, client) in self.clients {
            self.reactors.close(number, client);
        }
    }
}

pub(crate) fn argument(text: &str) -> Argument {
    Argument::new(text).unwrap()
}
