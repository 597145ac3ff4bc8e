//! A driver for networks that never wait, as a part that needs no I/O of its own.

use core::net::IpAddr;
use core::task::Poll;
use core::time::Duration;

use super::{Close, Connection, DataConnection, Input, Network, Stage, Storage};
use crate::action::{Action, Failure, Link, Report};
use crate::config::{Config, Control};
use crate::error::Error;
use crate::operation::Operation;
use crate::session::{Session, State, Ticket};
use crate::time::Instant;

/// How often one turn reads the control connection, so that a peer that never stops talking cannot
/// hold up the loop.
const READS_MAX: usize = 64;

/// A session on a [`Network`]. It keeps what [`manual::driving`](crate::manual::driving) asks of a
/// driver, without std and without a heap of its own, for a loop that does other things, too: that
/// of a device, of a game, or of a ring of completions.
///
/// The loop calls [`turn`](Self::turn), which never waits, and may sleep until
/// [`deadline`](Self::deadline).
///
/// ```
/// use std::task::Poll;
/// use ftp_proto::driver::{Network, Polled, Storage};
/// use ftp_proto::{Error, Operation};
///
/// /// A game's frames, or a device's super-loop.
/// fn run<N: Network, O: Operation>(
///     client: &mut Polled<N>,
///     storage: &mut impl Storage,
///     mut operation: O,
///     mut do_something_else: impl FnMut(),
/// ) -> Result<O::Output, Error> {
///     loop {
///         if let Poll::Ready(result) = client.turn(storage, &mut operation) {
///             return result;
///         }
///         do_something_else();
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Polled<N> {
    session: Session,
    network: N,
    host: IpAddr,
    control: Course,
    data: Option<DataConnection>,
    /// The first command of the operation under way.
    began: Option<Ticket>,
    /// In the latest turn something came or moved, so that there may be more of it.
    changed: bool,
}

/// What the control connection is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Open,
    Securing,
    Unsecuring,
    Closed,
}

impl<N: Network> Polled<N> {
    /// A session on a control connection that is open, between these two addresses. The first
    /// operation is [`Greet`](crate::operation::Greet).
    pub fn new(network: N, config: Config, host: IpAddr, local: IpAddr) -> Self {
        Self {
            session: Session::new(config, Control::new(host, local)),
            network,
            host,
            control: Course::Open,
            data: None,
            began: None,
            changed: true,
        }
    }

    /// The session.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The session, to take its events and traces, or to abort a transfer.
    pub const fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }

    /// The network.
    pub const fn network(&self) -> &N {
        &self.network
    }

    /// The network, to wait for it.
    pub const fn network_mut(&mut self) -> &mut N {
        &mut self.network
    }

    /// Does what can be done now, with one piece of payload. To be called again and again with the
    /// same operation, until it is over or [cancelled](Self::cancel).
    ///
    /// # Errors
    ///
    /// The operation's own.
    pub fn turn<O: Operation>(
        &mut self,
        storage: &mut impl Storage,
        operation: &mut O,
    ) -> Poll<Result<O::Output, Error>> {
        self.changed = false;
        // What has arrived comes first: it cannot answer what is written below, nor be late for a
        // timer.
        self.read_control();
        self.attend_data(storage);
        let next = self.session.next_ticket();
        self.began.get_or_insert(next);
        loop {
            self.tell_resumptions();
            let outcome = operation.poll(&mut self.session);
            let changed = self.act() | self.write_control();
            if outcome.is_ready() {
                self.halt();
            } else if changed {
                continue; // the operation may have something new to say
            }
            return outcome;
        }
    }

    /// Runs an operation to its end, for a loop that has nothing else to do. When nothing is left to
    /// be done, `idle` empties and fills the storage. If there is nothing to empty and to fill
    /// either, it waits until something happens on the network, or until the deadline it is given.
    ///
    /// The error within is the operation's own.
    ///
    /// # Errors
    ///
    /// That of `idle`, which [cancels](Self::cancel) the operation.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ftp_proto::driver::{Network, Polled, Storage};
    /// use ftp_proto::operation::Greet;
    ///
    /// fn greet<N: Network, S: Storage>(client: &mut Polled<N>, storage: &mut S) {
    ///     let moment = Duration::from_millis(1);
    ///     let greeted = client.run(Greet, storage, |network, _, deadline| {
    ///         let left = deadline.map_or(moment, |at| at.saturating_sub(network.now()));
    ///         std::thread::sleep(left.min(moment)); // a device sleeps until an interrupt
    ///         Ok::<(), std::convert::Infallible>(())
    ///     });
    ///     # let _ = greeted;
    /// }
    /// ```
    pub fn run<O: Operation, S: Storage, E>(
        &mut self,
        mut operation: O,
        storage: &mut S,
        mut idle: impl FnMut(&mut N, &mut S, Option<Duration>) -> Result<(), E>,
    ) -> Result<Result<O::Output, Error>, E> {
        loop {
            if let Poll::Ready(result) = self.turn(storage, &mut operation) {
                return Ok(result);
            }
            let deadline = self.deadline();
            if deadline == Some(Duration::ZERO) {
                continue;
            }
            if let Err(error) = idle(&mut self.network, storage, deadline) {
                self.cancel();
                return Err(error);
            }
        }
    }

    /// When the next turn is due at the latest, in the network's time; zero if at once. Until then,
    /// or until something happens on a socket or in the storage, the loop may sleep.
    pub fn deadline(&self) -> Option<Duration> {
        if self.changed {
            return Some(Duration::ZERO);
        }
        let deadline = self.session.deadline()?;
        Some(deadline.at.since_epoch())
    }

    /// Drops the operation under way: takes back its commands as far as they are not sent, and aborts
    /// its transfer. The next operation may follow at once, and what the server owes to this one is
    /// settled meanwhile.
    pub fn cancel(&mut self) {
        if let Some(began) = self.began {
            self.session.discard_all(began..self.session.next_ticket());
        }
        self.session.abort_all();
        self.halt();
        while self.act() | self.write_control() {}
    }

    /// With an operation its payload is over.
    fn halt(&mut self) {
        self.began = None;
        self.data.iter_mut().for_each(DataConnection::halt);
    }

    // -- the machine ------------------------------------------------------------------------------

    /// Performs what there is to do; whether there was anything.
    fn act(&mut self) -> bool {
        let mut acted = false;
        loop {
            let now = Instant::from_epoch(self.network.now());
            let Some(action) = self.session.poll_action(now) else {
                return acted;
            };
            acted = true;
            if let Err(failure) = self.perform(action) {
                self.fail(action.data().map_or(Link::Control, Link::Data), failure);
            }
        }
    }

    fn perform(&mut self, action: Action) -> Result<(), Failure> {
        if let Action::Connect { data, .. } | Action::Listen { data } = action {
            self.data = Some(DataConnection::new(data));
        }
        let known = self.data.map(|data| data.data());
        if action.data().is_some_and(|data| known != Some(data)) {
            return Ok(()); // there is no socket for it any more
        }
        let report = self.data.as_mut().and_then(|data| data.begin(action));
        match action {
            Action::Connect { target, .. } => self.network.dial(target.at(self.host))?,
            Action::Listen { data } => {
                let local = self.network.listen()?;
                self.report(Report::Listening { data, local });
            }
            // Once more, if the caller was a stranger.
            Action::Accept { .. } => self.network.close(Connection::Data),
            Action::Secure { link } => self.secure(link)?,
            Action::Unsecure => self.control = Course::Unsecuring,
            Action::Move { .. } => self.network.stop_listening(),
            Action::Discard { .. } => self.network.reset(Connection::Data),
            Action::Close => self.close_control(),
            // The operation is polled after every action anyway.
            Action::Finish { .. } | Action::Poll => {}
        }
        report.into_iter().for_each(|report| self.report(report));
        Ok(())
    }

    fn secure(&mut self, link: Link) -> Result<(), Failure> {
        if link == Link::Control {
            self.control = Course::Securing;
            return self.network.secure(Connection::Control);
        }
        self.read_control(); // it may have brought a ticket
        self.network.secure(Connection::Data)
    }

    /// Closes the connection first, if it is over: ProFTPD's 226 waits for that.
    fn report(&mut self, report: Report) {
        let of_data = report.data().is_some();
        match Close::before(&report) {
            Some(Close::Orderly) if of_data => self.network.close(Connection::Data),
            Some(Close::Reset) if of_data => self.network.reset(Connection::Data),
            _ => {}
        }
        self.tell_resumptions();
        self.session.report(report);
    }

    fn fail(&mut self, link: Link, failure: Failure) {
        match link {
            Link::Control => self.close_control(),
            Link::Data(_) => self.data.iter_mut().for_each(|data| {
                data.failed(failure);
            }),
        }
        self.report(Report::Failed { link, failure });
    }

    /// Whatever is told next may let a transfer begin, which needs a ticket.
    fn tell_resumptions(&mut self) {
        self.session.set_resumptions(self.network.resumptions());
    }

    // -- the control connection -------------------------------------------------------------------

    fn read_control(&mut self) {
        self.session.transmitted(self.network.sent());
        for reads in 0..READS_MAX {
            match self.read_once(reads == 0) {
                Ok(true) => self.changed = true,
                Ok(false) => return,
                Err(failure) => return self.fail(Link::Control, failure),
            }
        }
    }

    /// Whether anything was there. A session that is over does not listen any more.
    fn read_once(&mut self, is_first: bool) -> Result<bool, Failure> {
        match self.control {
            _ if matches!(self.session.state(), State::Dead(_)) => return Ok(false),
            Course::Closed => return Ok(false),
            Course::Open => return self.read_replies(is_first),
            Course::Securing => {
                if !self.network.handshake(Connection::Control)? {
                    return Ok(false);
                }
                self.control = Course::Open;
                let link = Link::Control;
                self.report(Report::Secured { link });
            }
            Course::Unsecuring => {
                let Some(clear) = self.network.unsecure()? else {
                    return Ok(false);
                };
                self.control = Course::Open;
                self.report(Report::Unsecured);
                self.session.receive(&clear);
            }
        }
        Ok(true)
    }

    /// The end waits for the next turn, behind replies under TLS: the last of them may end TLS and
    /// not the connection (CCC).
    fn read_replies(&mut self, is_first: bool) -> Result<bool, Failure> {
        let mut buffer = [0; 256];
        match self.network.read(Connection::Control, &mut buffer)? {
            None => return Ok(false),
            Some(Input::Bytes(count)) => {
                self.tell_resumptions();
                let replies = buffer.get(..count).unwrap_or(&buffer);
                self.session.receive(replies);
            }
            Some(Input::End(_)) if self.session.is_secured() && !is_first => return Ok(false),
            Some(Input::End(_)) => {
                self.close_control();
                self.session.receive_eof();
            }
        }
        Ok(true)
    }

    /// Writes what can be written; whether that was anything.
    fn write_control(&mut self) -> bool {
        let sent = match self.session.transmit() {
            _ if self.control != Course::Open => return false,
            [] => self.network.flush(Connection::Control).map(|()| 0),
            bytes => self.network.write(Connection::Control, bytes),
        };
        match sent {
            Ok(0) => return false,
            Ok(count) => self.session.transmitted(count),
            Err(failure) => {
                self.read_control(); // the server may have said why it went
                if self.control != Course::Closed {
                    self.fail(Link::Control, failure);
                }
            }
        }
        true
    }

    fn close_control(&mut self) {
        self.control = Course::Closed;
        self.network.close(Connection::Control);
    }

    // -- the data connection ----------------------------------------------------------------------

    fn attend_data(&mut self, storage: &mut impl Storage) {
        let Some(data) = &mut self.data else { return };
        if self.session.current_data() != Some(data.data()) {
            data.halt(); // it may linger after an abort, in a series for instance
        }
        let before = data.stage();
        let report = match step(data, &mut self.network, storage) {
            Ok(report) => report,
            Err(failure) => data.failed(failure),
        };
        self.changed |= report.is_some() || data.stage() != before;
        report.into_iter().for_each(|report| self.report(report));
    }
}

/// Goes on as far as it can. That something takes long is no failure: the machine has limits.
fn step(
    data: &mut DataConnection,
    network: &mut impl Network,
    storage: &mut impl Storage,
) -> Result<Option<Report>, Failure> {
    let is_done = match data.stage() {
        Stage::Idle | Stage::Closed => false,
        Stage::Connecting => network.is_connected()?,
        Stage::Accepting => {
            let caller = network.accept()?;
            return Ok(caller.and_then(|peer| data.accepted(peer)));
        }
        Stage::Securing => network.handshake(Connection::Data)?,
        Stage::Receiving => return receive(data, network, storage),
        Stage::Sending => return send(data, network, storage),
        Stage::Ending => network.end()?,
        Stage::AwaitingEnd => network.is_ended(),
    };
    Ok(if is_done { data.done() } else { None })
}

/// Hands one piece of payload on. What there is no room for stays in the socket, where it makes the
/// server wait. The end waits for room too, so that the storage is empty when the next file comes.
fn receive(
    data: &mut DataConnection,
    network: &mut impl Network,
    storage: &mut impl Storage,
) -> Result<Option<Report>, Failure> {
    let Some(payload) = data.payload() else {
        return Ok(None);
    };
    let mut dropped = [0; 256];
    let is_dropped = payload.flow().discard;
    let free = if is_dropped {
        &mut dropped
    } else {
        storage.room()
    };
    let (is_full, room) = (free.is_empty(), payload.room(free.len()));
    if let Some(held) = data.hold(is_full) {
        return Ok(Some(held));
    }
    let Some(room) = free.get_mut(..room).filter(|_| !is_full) else {
        return Ok(None);
    };
    match network.read(Connection::Data, room)? {
        None => Ok(None),
        Some(Input::End(end)) => Ok(data.ended(end)),
        Some(Input::Bytes(count)) => {
            let report = data.received(count);
            if !is_dropped && matches!(report, Some(Report::Moved { .. })) {
                storage.received(count);
            }
            Ok(report)
        }
    }
}

/// Sends one piece of payload.
fn send(
    data: &mut DataConnection,
    network: &mut impl Network,
    storage: &mut impl Storage,
) -> Result<Option<Report>, Failure> {
    network.flush(Connection::Data)?;
    let next = storage.next();
    if let Some(held) = data.hold(next.is_none()) {
        return Ok(Some(held));
    }
    match next {
        None => Ok(None),
        Some([]) => Ok(data.finish()),
        Some(bytes) => {
            let count = network.write(Connection::Data, bytes)?;
            storage.sent(count);
            Ok(if count > 0 { data.sent(count) } else { None })
        }
    }
}
