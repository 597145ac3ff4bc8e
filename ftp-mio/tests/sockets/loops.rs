//! The loops that tests run clients in, on any reactor.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::ops::Range;
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_mio::proto::operation::Login;
use ftp_mio::proto::{Argument, Config, DataMode, Direction, Operation, Timeouts};
use ftp_mio::{Builder, Client, Endpoint, Progress, Result, Transport};

use crate::reactors::{LIMIT, Reactors};

/// One client in a loop of its own.
pub(crate) struct Alone<R: Reactors, T: Transport<Source = R::Source> = <R as Reactors>::Tcp> {
    pub(crate) reactors: R,
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
        Self::with(builder.connect_to(to.iter().copied(), Instant::now()))
    }

    /// To a name, perhaps, that the transport looks up.
    pub(crate) fn to(transport: T, to: Endpoint, config: Config) -> Self {
        let builder = Builder::new(transport).config(config);
        Self::with(builder.connect(to, Instant::now()))
    }

    pub(crate) fn with(client: Client<T>) -> Self {
        Self {
            reactors: R::new().unwrap(),
            client,
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
        let handle = self.client.start(operation);
        self.until(|client| match client.poll(handle) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        })
    }

    /// Goes round the loop until `done` yields something.
    pub(crate) fn until<V>(&mut self, mut done: impl FnMut(&mut Client<T>) -> Option<V>) -> V {
        let start = Instant::now();
        loop {
            self.client
                .turn(Instant::now(), &mut self.reactors.registrar(0));
            if let Some(value) = done(&mut self.client) {
                return value;
            }
            self.move_payload();
            assert!(start.elapsed() < LIMIT, "it hangs: {:?}", self.client);
            self.reactors.wait_for(&mut self.client).unwrap();
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

    pub(crate) fn close(self) {
        self.client.close(&mut self.reactors.registrar(0));
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

/// How many clients await their greeting at one time. A server whose queue is full forgets callers,
/// who then wait for it to speak first; the shortest queue is vsftpd's, of 32.
const GREETINGS_MAX: usize = 30;

/// How many turns a step of a crowd may take for each client. A handful suffices when little
/// arrives at one time.
const TURNS_MAX: usize = 100;

/// Many clients in one loop. What a round costs depends on how many have something to do, not on
/// how many there are.
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
            reactors: R::new().unwrap(),
            clients: (0..number).map(client).collect(),
            coming: 0..number,
            awaited: BTreeSet::new(),
            due: BTreeSet::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// Goes round the loop until `step` has said of each client that it is done. It is called for
    /// each in the beginning and after each turn.
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
        client.turn(Instant::now(), &mut self.reactors.registrar(number));
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
        for (number, slot, ready) in self.reactors.wait(limit.min(CROWD_LIMIT)).unwrap() {
            if let Some(client) = self.clients.get_mut(&number) {
                client.ready(slot, ready);
                self.due.insert(number);
            }
        }
    }

    pub(crate) fn close(self) {
        for (number, client) in self.clients {
            client.close(&mut self.reactors.registrar(number));
        }
    }
}

pub(crate) fn argument(text: &str) -> Argument {
    Argument::new(text).unwrap()
}
