//! The loop that tests run clients in, on two reactors.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_mio::proto::operation::Login;
use ftp_mio::proto::{Argument, Config, Direction, Operation};
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

/// Many clients in one loop.
pub(crate) struct Crowd<R: Reactors> {
    reactors: R,
    pub(crate) clients: BTreeMap<usize, Client<R::Tcp>>,
}

impl<R: Reactors> Crowd<R> {
    pub(crate) fn new(number: usize, to: SocketAddr, config: Config) -> Self {
        let client = |n| {
            let builder = Builder::new(R::tcp()).config(config);
            (n, builder.connect_to([to], Instant::now()))
        };
        Self {
            reactors: R::new(),
            clients: (0..number).map(client).collect(),
        }
    }

    /// Goes round the loop; `step` is called for each client after its turn, and says whether it is done.
    pub(crate) fn run(&mut self, mut step: impl FnMut(usize, &mut Client<R::Tcp>) -> bool) {
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < LIMIT, "it hangs: {:?}", self.clients);
            for number in self.due() {
                let Some(client) = self.clients.get_mut(&number) else {
                    continue;
                };
                self.reactors.turn(number, client);
                if step(number, client) {
                    let client = self.clients.remove(&number).unwrap();
                    self.reactors.close(number, client);
                }
            }
            if self.clients.is_empty() {
                return;
            }
            let now = Instant::now();
            let timeouts = self
                .clients
                .values()
                .filter_map(|client| client.timeout(now));
            let events = self
                .reactors
                .wait(timeouts.min().unwrap_or(LIMIT).min(LIMIT));
            for (number, slot, ready) in events {
                if let Some(client) = self.clients.get_mut(&number) {
                    client.ready(slot, ready);
                }
            }
        }
    }

    /// Those that need a turn. Few are let in before their greeting has come: a server whose queue is full forgets
    /// callers, who then wait for it to speak first.
    fn due(&self) -> Vec<usize> {
        let now = Instant::now();
        let mut awaited = 0;
        let mut is_due = |client: &Client<_>| {
            let greeted = client.welcome().is_some();
            awaited += usize::from(!greeted);
            client.timeout(now) == Some(Duration::ZERO) && (greeted || awaited < 64)
        };
        self.clients
            .iter()
            .filter(|(_, client)| is_due(client))
            .map(|(number, _)| *number)
            .collect()
    }
}

pub(crate) fn argument(text: &str) -> Argument {
    Argument::new(text).unwrap()
}
