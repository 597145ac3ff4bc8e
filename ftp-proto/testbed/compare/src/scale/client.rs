//! Sessions of `ftp-mio` on one thread.

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Instant;

use ftp_mio::mio as glue;
use ftp_mio::proto::operation::{Login, Retrieve};
use ftp_mio::proto::{Argument, Completed, Reply};
use ftp_mio::{Client, Handle, Progress, Schedule};
use nix::sys::resource::{UsageWho, getrusage};

use crate::measure::cpu_micros;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How many sessions await their greeting at one time: a listener's queue holds no more.
const GREETINGS_MAX: usize = 64;

struct Session {
    client: Client,
    login: Handle<Reply>,
    logged_in: bool,
    download: Option<Handle<Completed>>,
    fetched: usize,
    done: bool,
}

struct Crowd {
    sessions: Vec<Session>,
    schedule: Schedule,
    poll: mio::Poll,
    files: usize,
    /// All have logged in.
    fetching: bool,
    /// Sessions that have logged in, and those that have fetched all.
    logged_in: usize,
    done: usize,
}

/// Logs all sessions in, then lets each fetch its files, and prints what that cost.
pub fn fetch(words: &[String]) -> Outcome {
    let [sessions, files, addresses @ ..] = words else {
        return Err("which sessions and files?".into());
    };
    let (sessions, files): (usize, usize) = (sessions.parse()?, files.parse()?);
    let addresses: Vec<SocketAddr> = addresses
        .iter()
        .map(|word| word.parse())
        .collect::<Result<_, _>>()?;
    let mut crowd = Crowd {
        sessions: Vec::with_capacity(sessions),
        schedule: Schedule::new(),
        poll: mio::Poll::new()?,
        files,
        fetching: false,
        logged_in: 0,
        done: 0,
    };
    let memory = status("VmRSS:")?;
    for address in addresses.iter().cycle().take(sessions) {
        crowd.enter(*address)?;
        let most = crowd.sessions.len().saturating_sub(GREETINGS_MAX);
        crowd.run(|crowd| crowd.logged_in >= most)?;
    }
    crowd.run(|crowd| crowd.logged_in == sessions)?;
    let before = getrusage(UsageWho::RUSAGE_SELF)?;
    let start = Instant::now();
    crowd.fetching = true;
    for number in 0..sessions {
        crowd.schedule.wake(number);
    }
    crowd.run(|crowd| crowd.done == sessions)?;
    let elapsed = start.elapsed().as_secs_f64();
    let after = getrusage(UsageWho::RUSAGE_SELF)?;
    let all = (sessions * files) as f64;
    let cpu = (cpu_micros(&after) - cpu_micros(&before)) as f64 / all;
    let micros = |time: nix::sys::time::TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let user = (micros(after.user_time()) - micros(before.user_time())) as f64 / all;
    let each = status("VmHWM:")?.saturating_sub(memory) as f64 / sessions as f64;
    let peak = status("VmHWM:")? as f64 / 1024.0;
    let rate = all / elapsed;
    println!("| {sessions} | {all} | {cpu:.1} | {user:.1} | {each:.1} | {peak:.1} | {rate:.0} |");
    Ok(())
}

/// A line of `/proc/self/status`, in KiB.
fn status(name: &str) -> Outcome<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text
        .lines()
        .find(|line| line.starts_with(name))
        .ok_or("no such line")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}

impl Crowd {
    fn enter(&mut self, address: SocketAddr) -> Outcome {
        let mut client = Client::connect_to([address], Instant::now());
        let login = Login::new(Argument::new("bench")?).password(Argument::new("secret")?);
        let login = client.start(login);
        self.schedule.wake(self.sessions.len());
        self.sessions.push(Session {
            client,
            login,
            logged_in: false,
            download: None,
            fetched: 0,
            done: false,
        });
        Ok(())
    }

    fn run(&mut self, over: impl Fn(&Self) -> bool) -> Outcome {
        let mut events = mio::Events::with_capacity(1024);
        let mut due = Vec::new();
        while !over(self) {
            self.schedule.due(Instant::now(), &mut due);
            for number in due.drain(..) {
                self.turn(number)?;
            }
            if over(self) {
                return Ok(());
            }
            self.poll
                .poll(&mut events, self.schedule.timeout(Instant::now()))?;
            for event in &events {
                let (number, slot) = glue::slot(event.token());
                if let Some(session) = self.sessions.get_mut(number) {
                    session.client.ready(slot, glue::ready(event));
                    self.schedule.wake(number);
                }
            }
        }
        Ok(())
    }

    fn turn(&mut self, number: usize) -> Outcome {
        let session = self.sessions.get_mut(number).ok_or("no such session")?;
        let registrar = &mut glue::Registrar::new(self.poll.registry(), number);
        session.client.turn(Instant::now(), registrar);
        session.read_payload();
        if !session.logged_in {
            if let Poll::Ready(outcome) = session.client.poll(session.login) {
                outcome?;
                session.logged_in = true;
                self.logged_in += 1;
            }
        } else if self.fetching && session.is_free()? {
            if session.fetched < self.files {
                session.start()?;
            } else if !session.done {
                session.done = true;
                self.done += 1;
            }
        }
        self.schedule.settle(number, &session.client);
        Ok(())
    }
}

impl Session {
    fn read_payload(&mut self) {
        let mut block = [0; 4096];
        if let Some(mut data) = self.client.data_mut() {
            while let Progress::Bytes(_) = data.read(&mut block) {}
        }
    }

    /// Whether the session has nothing to do.
    fn is_free(&mut self) -> Outcome<bool> {
        if let Some(download) = self.download {
            match self.client.poll(download) {
                Poll::Pending => return Ok(false),
                Poll::Ready(outcome) => outcome?,
            };
            self.download = None;
            self.fetched += 1;
        }
        Ok(true)
    }

    fn start(&mut self) -> Outcome {
        let retrieve = Retrieve::new(Argument::new("small")?);
        self.download = Some(self.client.start(retrieve));
        Ok(())
    }
}
