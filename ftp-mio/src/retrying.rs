//! Operations that are tried again after a failure, over new sessions where needed.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_proto::driver::{Answer, Call, Error, Result, Trial, Waiting, Work, entries, random};
use ftp_proto::listing::Entry;
use ftp_proto::retry::Retry;
use ftp_proto::{After, Argument, Completed};

use crate::connector::Connector;
use crate::interest::Ready;
use crate::readiness::{Reactor, Slot};
use crate::renewed::{End, Renewed, end_of_pause};
use crate::tasks::Handle;
use crate::transport::Transport;

/// A session that is made anew when it is lost, and operations that are tried again by a
/// [`Retry`] policy, without waiting.
///
/// It has a loop like a [`Client`](crate::Client)'s, and its sockets are a client's. The pauses of
/// the policy are in [`deadline`](Self::deadline) and [`timeout`](Self::timeout). It moves payload
/// itself, during turns, so a sink and a source are given to it. Operations run one after the
/// other.
///
/// Every session has the connector's transport and policies: no retry goes on in clear where TLS
/// was asked for. A new session begins in the directory of the login, so use absolute paths, or
/// paths relative to that directory.
///
/// ```no_run
/// use std::task::Poll;
/// use std::time::Instant;
/// use ftp_mio::{Client, mio as glue};
/// use ftp_mio::proto::{Argument, operation::Login, retry::Retry};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut poll = mio::Poll::new()?;
/// let mut events = mio::Events::with_capacity(64);
/// let server = [([192, 0, 2, 1], 21).into()];
/// let connector = Client::builder().connector_to(server, Login::anonymous());
/// let mut ftp = connector.retrying(Retry::default());
/// let file = std::fs::File::create("image.iso")?;
/// let download = ftp.retrieve_to(Argument::new("image.iso")?, file);
/// let completed = loop {
///     ftp.turn(Instant::now(), &mut glue::Registrar::new(poll.registry(), 0));
///     if let Poll::Ready(outcome) = ftp.poll(download) {
///         break outcome?;
///     }
///     poll.poll(&mut events, ftp.timeout(Instant::now()))?;
///     for event in &events {
///         ftp.ready(glue::slot(event.token()).1, glue::ready(event));
///     }
/// };
/// println!("{} bytes", completed.bytes);
/// # Ok(()) }
/// ```
pub struct Retrying<T: Transport> {
    connector: Connector<T>,
    policy: Retry,
    session: Renewed<T>,
    /// The first one runs.
    jobs: VecDeque<Job>,
    outcomes: BTreeMap<u64, Result<Box<dyn Any + Send>>>,
    /// When the next try begins.
    pause_until: Option<Instant>,
    /// The session ends when no operation is left.
    quits: bool,
    /// Something was asked for since the last turn.
    touched: bool,
}

struct Job {
    number: u64,
    trial: Trial,
    payload: Payload,
    /// The output of its handle.
    output: fn(Answer) -> Result<Box<dyn Any + Send>>,
}

enum Payload {
    None,
    Sink(Box<dyn Write + Send>),
    /// With the position at which the payload begins, once it was asked for.
    Source(Box<dyn ReadSeek>, Option<u64>),
}

trait ReadSeek: Read + Seek + Send {}

impl<S: Read + Seek + Send> ReadSeek for S {}

impl<T: Transport + Clone> Connector<T> {
    /// Tries operations again by `policy`. The first session is made when it is needed.
    pub fn retrying(&self, policy: Retry) -> Retrying<T> {
        Retrying {
            connector: self.clone(),
            policy,
            session: Renewed::new(),
            jobs: VecDeque::new(),
            outcomes: BTreeMap::new(),
            pause_until: None,
            quits: false,
            touched: false,
        }
    }
}

/// Operations.
impl<T: Transport + Clone> Retrying<T> {
    /// Starts listing a directory; `None` is the directory of the login.
    pub fn list(&mut self, path: Option<Argument>) -> Handle<Vec<Entry<'static>>> {
        let trial = Trial::ask(Call::List(path), self.policy);
        self.start(trial, Payload::None, |answer| match answer {
            Answer::Entries(contents) => Ok(Box::new(entries(contents)?)),
            _ => Err(Error::Spent),
        })
    }

    /// Starts asking for the size of a file in bytes.
    pub fn size_in_bytes(&mut self, path: Argument) -> Handle<u64> {
        let trial = Trial::ask(Call::Size(path), self.policy);
        self.start(trial, Payload::None, |answer| match answer {
            Answer::Size(bytes) => Ok(Box::new(bytes)),
            _ => Err(Error::Spent),
        })
    }

    /// Starts retrieving a file into `sink`, in image type; see [`Trial::download`]. A try that has
    /// moved payload begins the count of tries anew. The sink is flushed at the end. If it fails,
    /// that is the outcome.
    pub fn retrieve_to(
        &mut self,
        path: Argument,
        sink: impl Write + Send + 'static,
    ) -> Handle<Completed> {
        let trial = Trial::download(path, self.policy);
        self.start(trial, Payload::Sink(Box::new(sink)), completed)
    }

    /// Starts storing everything of `source` from its position on, in image type; see
    /// [`Trial::upload`]. If `source` fails, that is the outcome.
    pub fn store_from(
        &mut self,
        path: Argument,
        source: impl Read + Seek + Send + 'static,
    ) -> Handle<Completed> {
        let trial = Trial::upload(path, self.policy);
        self.start(trial, Payload::Source(Box::new(source), None), completed)
    }

    /// Starts removing a file. If the reply is lost, it looks whether the file is gone.
    pub fn rm(&mut self, path: Argument) -> Handle<()> {
        self.change(Trial::delete(path, self.policy))
    }

    /// Starts removing a directory. If the reply is lost, it looks whether the directory is gone.
    pub fn rmdir(&mut self, path: Argument) -> Handle<()> {
        self.change(Trial::remove_directory(path, self.policy))
    }

    /// Starts making a directory. If the reply is lost, it looks whether the directory is there.
    pub fn mkdir(&mut self, path: Argument) -> Handle<()> {
        self.change(Trial::make_directory(path, self.policy))
    }

    /// Starts renaming a file or directory. If the reply is lost, it looks whether the new name is
    /// there and the old one is not.
    pub fn rename(&mut self, from: Argument, to: Argument) -> Handle<()> {
        self.change(Trial::rename(from, to, self.policy))
    }

    fn change(&mut self, trial: Trial) -> Handle<()> {
        self.start(trial, Payload::None, |_| Ok(Box::new(())))
    }

    fn start<O>(
        &mut self,
        trial: Trial,
        payload: Payload,
        output: fn(Answer) -> Result<Box<dyn Any + Send>>,
    ) -> Handle<O> {
        let handle = Handle::next();
        self.jobs.push_back(Job {
            number: handle.number(),
            trial,
            payload,
            output,
        });
        self.quits = false;
        self.touched = true;
        handle
    }

    /// Cancels an operation in any state; see [`Client::cancel`](crate::Client::cancel). There is
    /// no outcome.
    pub fn cancel<O>(&mut self, handle: Handle<O>) {
        let number = handle.number();
        self.outcomes.remove(&number);
        if self.jobs.front().is_some_and(|job| job.number == number) {
            self.session.cancel();
            self.pause_until = None;
        }
        self.jobs.retain(|job| job.number != number);
        self.touched = true;
    }

    /// Ends the session with QUIT when all operations are over. What is started after that begins
    /// another one.
    pub fn quit(&mut self) {
        self.quits = true;
        self.touched = true;
    }

    /// Whether there is no session, and so no socket.
    pub const fn is_closed(&self) -> bool {
        self.session.is_closed()
    }

    /// The outcome of an operation, once.
    ///
    /// # Errors
    /// The operation's own, or the connector's, after the last try; [`Error::Spent`] if the outcome
    /// was taken already.
    pub fn poll<O: 'static>(&mut self, handle: Handle<O>) -> Poll<Result<O>> {
        let number = handle.number();
        if self.jobs.iter().any(|job| job.number == number) {
            return Poll::Pending;
        }
        let outcome = self.outcomes.remove(&number).unwrap_or(Err(Error::Spent));
        Poll::Ready(outcome.and_then(|output| {
            let output = output.downcast::<O>().map_err(|_| Error::Spent)?;
            Ok(*output)
        }))
    }
}

/// The loop.
impl<T: Transport + Clone> Retrying<T> {
    /// Says that a socket is ready. A false report does no harm.
    pub fn ready(&mut self, slot: Slot, ready: Ready) {
        self.session.ready(slot, ready);
    }

    /// Does all work that needs no waiting, and then tells the reactor what to wait for.
    pub fn turn(&mut self, now: Instant, reactor: &mut dyn Reactor<T::Source>) {
        self.touched = false;
        self.session.turn(now, reactor);
        while self.go_on(now, reactor) {
            self.session.turn(now, reactor);
        }
    }

    /// Goes on with the first job; whether something has changed.
    fn go_on(&mut self, now: Instant, reactor: &mut dyn Reactor<T::Source>) -> bool {
        if self.pause_until.is_some_and(|until| now < until) {
            return false;
        }
        self.pause_until = None;
        let Some(job) = self.jobs.front_mut() else {
            if std::mem::take(&mut self.quits) {
                self.session.quit(reactor);
                return true;
            }
            return false;
        };
        if self.session.is_working() {
            return self.run(now);
        }
        let Some(work) = job.trial.next_work() else {
            self.finish();
            return true;
        };
        match self.session.open(&self.connector, now, reactor) {
            Poll::Pending => false,
            Poll::Ready(Ok(())) => {
                job.begin(&mut self.session, work);
                true
            }
            Poll::Ready(Err(error)) => {
                let pause = job.trial.not_connected(error, random());
                self.pause(now, pause);
                // Where nothing is waited for, neither by the network nor by the policy, the loop
                // has its turn before the next try.
                self.touched |= self.pause_until.is_none();
                false
            }
        }
    }

    /// Moves payload, and takes the outcome of the work.
    fn run(&mut self, now: Instant) -> bool {
        let Some(job) = self.jobs.front_mut() else {
            return false;
        };
        job.move_payload(&mut self.session);
        let Poll::Ready(outcome) = self.session.poll() else {
            return false;
        };
        let pause = job.trial.take(outcome, random());
        self.pause(now, pause);
        true
    }

    fn pause(&mut self, now: Instant, pause: Duration) {
        self.pause_until = match pause.is_zero() {
            true => None,
            false => end_of_pause(now, pause),
        };
    }

    fn finish(&mut self) {
        if let Some(job) = self.jobs.pop_front() {
            let number = job.number;
            self.outcomes.insert(number, job.into_outcome());
        }
    }

    /// Whether a [`turn`](Self::turn) is needed without waiting for anything.
    pub fn needs_turn(&self) -> bool {
        self.touched || self.session.needs_turn()
    }

    /// When a [`turn`](Self::turn) is needed at the latest, even if no socket is ready: the
    /// session's own deadlines, and the end of a pause before the next try.
    pub fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.session.deadline(), self.pause_until];
        deadlines.into_iter().flatten().min()
    }

    /// How long the loop may wait: zero if a [`turn`](Self::turn) is needed at once, `None` for no
    /// limit.
    pub fn timeout(&self, now: Instant) -> Option<Duration> {
        if self.needs_turn() {
            return Some(Duration::ZERO);
        }
        let deadline = self.deadline()?;
        Some(deadline.saturating_duration_since(now))
    }

    /// Why the next try waits, and for how long: `None` outside of a pause. Ask after a
    /// [`turn`](Self::turn).
    ///
    /// ```
    /// use ftp_mio::{Retrying, Transport};
    ///
    /// fn status<T: Transport + Clone>(ftp: &Retrying<T>) -> Option<String> {
    ///     let waiting = ftp.waiting()?;
    ///     let seconds = waiting.pause.as_secs_f32();
    ///     Some(format!("{}: try {} in {seconds:.1} s", waiting.error, waiting.next_try))
    /// }
    /// # let _ = status::<ftp_mio::Tcp>;
    /// ```
    pub fn waiting(&self) -> Option<Waiting<'_>> {
        self.pause_until?;
        self.jobs.front()?.trial.waiting()
    }

    /// Closes all sockets at once.
    pub fn close(mut self, reactor: &mut dyn Reactor<T::Source>) {
        self.session.close(reactor);
    }
}

impl Job {
    fn begin<T: Transport + Clone>(&mut self, session: &mut Renewed<T>, work: Work) {
        if let (Work::Send(_), Payload::Source(source, start)) = (&work, &mut self.payload) {
            if let Err(error) = seek(&mut **source, start, self.trial.offset()) {
                self.trial.take(Err(local_error(error)), 0);
                return;
            }
        }
        session.start(work);
    }

    fn move_payload<T: Transport + Clone>(&mut self, session: &mut Renewed<T>) {
        if let Payload::Sink(_) = self.payload {
            if let Some(size) = session.announced() {
                self.trial.announced(Some(size));
            }
        }
        session.move_payload(&mut match &mut self.payload {
            Payload::None => return,
            Payload::Sink(sink) => End::Sink(&mut **sink),
            Payload::Source(source, _) => End::Source(source),
        });
        self.trial.moved(session.bytes());
    }

    /// What a sink may still hold is written first: nobody else has it.
    fn into_outcome(self) -> Result<Box<dyn Any + Send>> {
        let answer = self.trial.into_outcome()?;
        if let Payload::Sink(mut sink) = self.payload {
            sink.flush().map_err(local_error)?;
        }
        (self.output)(answer)
    }
}

/// Goes to where the payload begins, and so much further.
fn seek(source: &mut dyn ReadSeek, start: &mut Option<u64>, offset: u64) -> io::Result<()> {
    let begin = match *start {
        Some(begin) => begin,
        None => *start.insert(source.stream_position()?),
    };
    source.seek(SeekFrom::Start(begin.saturating_add(offset)))?;
    Ok(())
}

const fn local_error(error: io::Error) -> Error {
    Error::Local(error, After::Usable)
}

fn completed(answer: Answer) -> Result<Box<dyn Any + Send>> {
    Ok(Box::new(answer.completed()?))
}

impl<T: Transport + fmt::Debug> fmt::Debug for Retrying<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("connector", &self.connector)
            .field("policy", &self.policy)
            .field("operations", &self.jobs.len())
            .finish_non_exhaustive()
    }
}
