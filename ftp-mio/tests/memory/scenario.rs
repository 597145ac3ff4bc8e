//! A session with a bit of everything, and the loop that runs it.

use std::collections::VecDeque;
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_mio::proto::operation::{Exchange, Login, OneTransfer, Retrieve, Store};
use ftp_mio::proto::testing::{Files, ServerConfig};
use ftp_mio::proto::{
    Argument, Completed, Config, DataMode, Direction, Reply, Transfer, pathname::Pathname,
};
use ftp_mio::{Builder, Client, Error, Handle, Progress};

use crate::world::{Faults, Manner, Memory, SERVER, Watch, World};

/// What a pipe of the network holds: much less than any file, so that everything blocks often.
pub(crate) const CAPACITY: usize = 700;

/// Files of this many bytes move.
pub(crate) const SIZE: usize = 2500;

pub(crate) fn content() -> Vec<u8> {
    (0..SIZE).map(|n| (n * n / 7).to_le_bytes()[0]).collect()
}

pub(crate) fn files() -> Files {
    Files::new().file("/a.bin", content()).file("/b", "b\n")
}

/// A client in its world, and the time there.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) watch: Watch,
    pub(crate) client: Client<Memory>,
    pub(crate) now: Instant,
    start: Instant,
    pub(crate) turns: usize,
}

/// Payload that the application moves.
#[derive(Default)]
pub(crate) struct App {
    pub(crate) received: Vec<u8>,
    sent: usize,
}

/// The loop came to a point where nothing would ever happen.
#[derive(Debug)]
pub(crate) struct Hang;

impl Scene {
    pub(crate) fn new(mode: DataMode, manner: Manner, faults: Faults) -> Self {
        let world = World::new(ServerConfig::new().serial(), files(), CAPACITY).faulty(faults);
        Self::in_world(world, mode, manner)
    }

    pub(crate) fn in_world(world: World, mode: DataMode, manner: Manner) -> Self {
        let watch = Watch::new(&world, manner);
        let now = Instant::now();
        let mut config = Config::default();
        config.data_mode = mode;
        let client = Builder::new(world.transport())
            .config(config)
            .budget(1000)
            .connect_to([SERVER], now);
        Self {
            world,
            watch,
            client,
            now,
            start: now,
            turns: 0,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.now.duration_since(self.start)
    }

    /// One turn of the loop: the client's, the application's, the network's.
    pub(crate) fn turn(&mut self, app: &mut App) -> Result<(), Hang> {
        self.turns += 1;
        assert!(self.turns < 100_000, "it goes on and on");
        self.client.turn(self.now, &mut self.watch);
        let moved = app.step(&mut self.client);
        if self.client.needs_turn() {
            return Ok(());
        }
        let progressed = self.world.step();
        let (events, any) = self.watch.events();
        for (slot, ready) in events {
            self.client.ready(slot, ready);
        }
        if moved || progressed || any {
            return Ok(());
        }
        let deadline = self.client.deadline().ok_or(Hang)?;
        self.now = deadline.max(self.now);
        Ok(())
    }

    pub(crate) fn run_until(&mut self, app: &mut App, done: impl Fn(&mut Client<Memory>) -> bool) {
        let mut turned = Ok(());
        while !done(&mut self.client) {
            if let Err(Hang) = turned {
                panic!("it hangs after {} turns: {:?}", self.turns, self.client);
            }
            turned = self.turn(app);
        }
    }

    pub(crate) fn outcome<O: 'static>(
        &mut self,
        app: &mut App,
        handle: Handle<O>,
    ) -> Result<O, Error> {
        let mut turned = Ok(());
        loop {
            if let Poll::Ready(outcome) = self.client.poll(handle) {
                return outcome;
            }
            if let Err(Hang) = turned {
                panic!("it hangs after {} turns: {:?}", self.turns, self.client);
            }
            turned = self.turn(app);
        }
    }
}

impl App {
    /// Moves whatever payload can be moved; whether any was.
    pub(crate) fn step(&mut self, client: &mut Client<Memory>) -> bool {
        let mut any = false;
        let mut buffer = [0; 300];
        let content = content();
        while let Some(mut data) = client.data_mut() {
            let progress = match data.flow().direction {
                Direction::Receive => data.read(&mut buffer),
                Direction::Send if self.sent == content.len() => {
                    data.finish();
                    return true;
                }
                Direction::Send => data.write(&content[self.sent..]),
            };
            match (
                progress,
                client.data_mut().map(|data| data.flow().direction),
            ) {
                (Progress::Bytes(count), Some(Direction::Receive)) => {
                    self.received.extend_from_slice(&buffer[..count]);
                }
                (Progress::Bytes(count), _) => self.sent += count,
                (Progress::Wait | Progress::Over, _) => return any,
            }
            any = true;
        }
        any
    }
}

/// What came of everything.
#[derive(Debug)]
pub(crate) struct Outcomes {
    pub(crate) login: Result<Reply, Error>,
    pub(crate) pwd: Result<Pathname, Error>,
    pub(crate) download: Result<Completed, Error>,
    pub(crate) upload: Result<Completed, Error>,
    pub(crate) names: Result<Completed, Error>,
    pub(crate) quit: Result<Reply, Error>,
}

impl Outcomes {
    pub(crate) fn are_good(&self) -> bool {
        self.login.is_ok()
            && self.pwd.is_ok()
            && self.download.is_ok()
            && self.upload.is_ok()
            && self.names.is_ok()
            && self.quit.is_ok()
    }
}

/// Log in, ask, fetch, send, list, say goodbye.
pub(crate) fn everything(scene: &mut Scene) -> (Outcomes, Vec<u8>, Vec<u8>) {
    let argument = |text| Argument::new(text).unwrap();
    let mut app = App::default();
    let login = scene.client.start(Login::anonymous());
    let pwd = scene.client.start(Exchange::working_directory());
    let login = scene.outcome(&mut app, login);
    let pwd = scene.outcome(&mut app, pwd);
    let download = scene.client.start(Retrieve::new(argument("a.bin")));
    let download = scene.outcome(&mut app, download);
    let upload = scene.client.start(Store::new(argument("new.bin")));
    let upload = scene.outcome(&mut app, upload);
    let file = std::mem::take(&mut app.received);
    let names = scene.client.start(OneTransfer::new(Transfer::names(None)));
    let names = scene.outcome(&mut app, names);
    let quit = scene.client.start(Exchange::quit());
    let quit = scene.outcome(&mut app, quit);
    let mut patience = VecDeque::from([(); 20]);
    while patience.pop_front().is_some() && !scene.client.is_over() {
        if scene.turn(&mut app).is_err() {
            break;
        }
    }
    let outcomes = Outcomes {
        login,
        pwd,
        download,
        upload,
        names,
        quit,
    };
    (outcomes, file, app.received)
}
