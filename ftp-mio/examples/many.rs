//! Hundreds of sessions on one thread, each logging in, fetching a file and saying goodbye.
//!
//! `many [SESSIONS [ADDRESS:PORT PATH]]`: 500 sessions with a server of its own, unless told
//! otherwise.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_blocking::testing::Loopback;
use ftp_mio::mio as glue;
use ftp_mio::proto::operation::{Exchange, Login, Retrieve};
use ftp_mio::proto::testing::{Files, ServerConfig};
use ftp_mio::proto::{Argument, Completed, Reply};
use ftp_mio::{Client, Handle, Progress, Schedule};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let sessions = arguments.next().map_or(Ok(500), |text| text.parse())?;
    if let Some(address) = arguments.next() {
        let path = arguments.next().ok_or("which file?")?;
        return fetch_all(sessions, address.parse()?, &path);
    }
    let files = Files::new().file("/file.bin", vec![7; 1_000_000]);
    let server = Loopback::start(ServerConfig::new(), files)?;
    fetch_all(sessions, server.address(), "file.bin")
}

/// How many sessions await their greeting at one time. Whoever connects when a server's queue is
/// full may never hear from it: the client takes the connection for open, and the server, which
/// would have to speak first, knows nothing.
const GREETINGS_MAX: usize = 64;

/// One session and what it is doing.
struct Session {
    client: Client,
    login: Handle<Reply>,
    download: Handle<Completed>,
    quit: Handle<Reply>,
}

#[derive(Default)]
struct Tally {
    logged_in: usize,
    done: usize,
    failed: usize,
    bytes: usize,
}

fn fetch_all(count: usize, address: SocketAddr, path: &str) -> Result<()> {
    let mut poll = mio::Poll::new()?;
    let mut events = mio::Events::with_capacity(1024);
    let mut sessions: BTreeMap<usize, Session> = BTreeMap::new();
    let (mut schedule, mut due) = (Schedule::new(), Vec::new());
    let mut greetings = 0;
    let mut numbers = 0..count;
    let mut tally = Tally::default();
    let start = Instant::now();
    let mut shown = start;
    loop {
        for number in numbers.by_ref().take(GREETINGS_MAX - greetings) {
            sessions.insert(number, Session::start(address, path)?);
            schedule.wake(number);
            greetings += 1;
        }
        schedule.due(Instant::now(), &mut due);
        for number in due.drain(..) {
            let registrar = &mut glue::Registrar::new(poll.registry(), number);
            let Some(session) = sessions.get_mut(&number) else {
                continue;
            };
            let awaited = session.awaits_greeting();
            session.client.turn(Instant::now(), registrar);
            let over = session.step(&mut tally);
            if awaited && (over || !session.awaits_greeting()) {
                greetings -= 1;
            }
            schedule.settle(number, &session.client);
            if over {
                schedule.forget(number);
                if let Some(session) = sessions.remove(&number) {
                    session.client.close(registrar);
                }
            }
        }
        if shown.elapsed() >= Duration::from_millis(200) || tally.done + tally.failed == count {
            tally.show(count, start.elapsed());
            shown = Instant::now();
        }
        if sessions.is_empty() && numbers.is_empty() {
            eprintln!();
            return Ok(());
        }
        // A greeting that has come leaves room for the next session at once.
        let now = Instant::now();
        let timeout = match schedule.timeout(now) {
            _ if greetings < GREETINGS_MAX && !numbers.is_empty() => Some(Duration::ZERO),
            timeout => timeout,
        };
        poll.poll(&mut events, timeout)?;
        for event in &events {
            let (number, slot) = glue::slot(event.token());
            if let Some(session) = sessions.get_mut(&number) {
                session.client.ready(slot, glue::ready(event));
                schedule.wake(number);
            }
        }
    }
}

impl Session {
    fn start(address: SocketAddr, path: &str) -> Result<Self> {
        let builder = Client::builder();
        let mut client = builder.connect_to([address], Instant::now());
        Ok(Self {
            login: client.start(Login::anonymous()),
            download: client.start(Retrieve::new(Argument::new(path)?)),
            quit: client.start(Exchange::quit()),
            client,
        })
    }

    fn awaits_greeting(&self) -> bool {
        self.client.welcome().is_none()
    }

    /// Moves payload and takes outcomes; whether the session is over.
    fn step(&mut self, tally: &mut Tally) -> bool {
        let mut block = [0; 16 * 1024];
        if let Some(mut data) = self.client.data_mut() {
            while let Progress::Bytes(count) = data.read(&mut block) {
                tally.bytes += count;
            }
        }
        if let Poll::Ready(Ok(_)) = self.client.poll(self.login) {
            tally.logged_in += 1;
        }
        if self.client.poll(self.quit).is_pending() {
            return false;
        }
        match self.client.poll(self.download) {
            Poll::Ready(Ok(_)) => tally.done += 1,
            Poll::Ready(Err(error)) => {
                tally.failed += 1;
                eprintln!("\n{error}");
            }
            Poll::Pending => tally.failed += 1,
        }
        true
    }
}

impl Tally {
    fn show(&self, count: usize, elapsed: Duration) {
        eprint!(
            "\r{} of {count} logged in, {} done, {} failed, {:.1} MB in {:.1} s ",
            self.logged_in,
            self.done,
            self.failed,
            self.bytes as f64 / 1e6,
            elapsed.as_secs_f64()
        );
    }
}
