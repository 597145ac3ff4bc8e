//! Performs what the machine asks for, on blocking sockets, in slices.
//!
//! No FTP here: the driver moves bytes, does the actions and reports what came of them. While it waits for anything
//! but the control connection, it looks at that connection at least once in a slice of time, so that a reply which
//! ends the wait is seen at once.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use ftp_proto::{
    Action, After, Config, Control, DataId, Direction, End, Event, Failure, Flow, Instant, Link,
    Operation, Report, Session, State, Target,
};

use crate::clock::Clock;
use crate::debug::Debug;
use crate::error::{Error, Result};
use crate::transport::{Input, Stream, Transport};

/// How long the driver waits for one thing before it looks at the others.
const SLICE: Duration = Duration::from_millis(100);
/// How many events wait to be polled; the oldest give way.
const EVENTS_MAX: usize = 32;
/// What one read of the control connection takes.
const CONTROL_BYTES: usize = 4096;
/// What one read of a data connection takes when nobody wants it.
const DROPPED_BYTES: usize = 16 * 1024;

pub(crate) struct Driver<T: Transport> {
    pub(crate) transport: T,
    pub(crate) session: Session,
    control: Option<T::Stream>,
    host: IpAddr,
    local: IpAddr,
    data: Option<(DataId, T::Stream)>,
    listener: Option<(DataId, T::Listener)>,
    /// The data connection on which payload may move.
    moving: Option<Moving>,
    /// The machine asked not to wait for the peer's end any longer.
    finish_now: bool,
    clock: Clock,
    /// When the control connection was looked at last.
    looked: Instant,
    /// The latest failure of a socket, kept for the error that will come of it.
    source: Option<io::Error>,
    events: VecDeque<Event>,
    pub(crate) debug: Debug,
}

#[derive(Clone, Copy, Debug)]
struct Moving {
    data: DataId,
    flow: Flow,
    bytes: u64,
}

/// How far an operation was driven.
pub(crate) enum Driven<O> {
    Ready(Result<O>),
    /// Payload may move.
    Moving,
}

impl<T: Transport> Driver<T> {
    pub(crate) fn new(
        transport: T,
        stream: T::Stream,
        host: IpAddr,
        config: Config,
        debug: Debug,
    ) -> io::Result<Self> {
        let (local, _) = stream.addresses()?;
        let mut control = Control::new(host, local.ip());
        if transport.is_secured() {
            control = control.secured();
        }
        let clock = Clock::start();
        Ok(Self {
            transport,
            session: Session::new(config, control),
            control: Some(stream),
            host,
            local: local.ip(),
            data: None,
            listener: None,
            moving: None,
            finish_now: false,
            clock,
            looked: clock.now(),
            source: None,
            events: VecDeque::new(),
            debug,
        })
    }

    pub(crate) const fn control_stream(&self) -> Option<&T::Stream> {
        self.control.as_ref()
    }

    pub(crate) fn data_stream(&mut self) -> Option<&mut T::Stream> {
        self.data.as_mut().map(|(_, stream)| stream)
    }

    // -- the loop -------------------------------------------------------------------------------------------------------

    /// Drives `operation` until it is over, or until payload may move.
    pub(crate) fn drive<O: Operation>(&mut self, operation: &mut O) -> Driven<O::Output> {
        self.look();
        loop {
            if let Some(result) = self.poll(operation) {
                return Driven::Ready(result);
            }
            if self.act() {
                continue;
            }
            if self.moving.is_some() {
                return Driven::Moving;
            }
            self.wait_for_control();
        }
    }

    /// Asks the operation; when it is over, does what is left to do at once.
    fn poll<O: Operation>(&mut self, operation: &mut O) -> Option<Result<O::Output>> {
        let Poll::Ready(result) = operation.poll(&mut self.session) else {
            return None;
        };
        while self.act() {}
        self.flush(Duration::ZERO);
        let source = self.source.take();
        Some(result.map_err(|error| {
            let source = source.filter(|_| error.concerns_a_socket());
            Error::Session(error, source)
        }))
    }

    /// Performs one action, if the machine has one.
    fn act(&mut self) -> bool {
        let action = self.session.poll_action(self.clock.now());
        if let Some(action) = action {
            self.perform(action);
        }
        while let Some(record) = self.session.poll_trace() {
            self.debug.show(&record);
        }
        while let Some(event) = self.session.poll_event() {
            self.events.truncate(EVENTS_MAX.saturating_sub(1));
            self.events.push_front(event);
        }
        action.is_some()
    }

    /// The oldest event that was not polled.
    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_back()
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect { data, target } => self.connect(data, target),
            Action::Listen { data } => self.listen(data),
            Action::Accept { data } => self.accept(data),
            Action::Secure { link } => self.secure(link),
            Action::Unsecure => self.unsecure(),
            Action::Move { data, flow } => {
                self.moving = Some(Moving {
                    data,
                    flow,
                    bytes: 0,
                });
                self.hold(true);
            }
            Action::Finish { .. } => self.finish_now = true,
            Action::Discard { data } => self.discard(data),
            Action::Close => self.control = None,
        }
    }

    // -- the control connection -------------------------------------------------------------------------------------------

    /// Writes what can be written and reads what is there, without waiting.
    fn look(&mut self) {
        self.looked = self.clock.now();
        // What has already arrived is read before anything new is written: it cannot be the answer to that.
        // Once the session is over, a peer that never stops talking is not listened to any more.
        while !self.is_dead() && self.read_control(Duration::ZERO) {}
        self.flush(Duration::ZERO);
    }

    fn look_again_after_a_slice(&mut self) {
        if self.clock.now().saturating_since(self.looked) >= SLICE {
            self.look();
        }
    }

    fn wait_for_control(&mut self) {
        let limit = self.time_left().unwrap_or(SLICE);
        if self.session.transmit().is_empty() {
            self.read_control(limit);
        } else if !self.flush(limit.min(SLICE)) {
            self.read_control(Duration::ZERO);
        }
    }

    /// Reads once; whether there was anything.
    fn read_control(&mut self, limit: Duration) -> bool {
        let mut buffer = [0; CONTROL_BYTES];
        let Some(control) = &mut self.control else {
            return false;
        };
        match read(control.read(&mut buffer, limit)) {
            Ok(None) => false,
            Ok(Some(Input::Bytes(count))) => {
                self.session
                    .receive(buffer.get(..count).unwrap_or_default());
                true
            }
            Ok(Some(Input::End(_))) => {
                self.control = None;
                self.session.receive_eof();
                true
            }
            Err(error) => self.control_failed(error),
        }
    }

    /// Writes what there is to write; whether anything went.
    fn flush(&mut self, limit: Duration) -> bool {
        let mut limit = limit;
        let mut any = false;
        while !self.session.transmit().is_empty() {
            let Some(control) = &mut self.control else {
                return any;
            };
            match wrote(control.write(self.session.transmit(), limit)) {
                Ok(None) => return any,
                Ok(Some(count)) => self.session.transmitted(count),
                Err(error) => return self.control_failed(error),
            }
            any = true;
            limit = Duration::ZERO;
        }
        any
    }

    fn control_failed(&mut self, error: io::Error) -> bool {
        self.control = None;
        self.fail(Link::Control, error);
        true
    }

    fn secure(&mut self, link: Link) {
        if link != Link::Control {
            // The session to resume may lie in what the control connection has brought and nobody has read.
            self.look();
        }
        let set_up = match (link, &mut self.control, &mut self.data) {
            (Link::Control, Some(control), _) => self.transport.secure_control(control),
            (Link::Data(_), Some(control), Some((_, data))) => {
                self.transport.secure_data(control, data)
            }
            _ => return,
        };
        match set_up {
            Ok(()) => self.shake_hands(link),
            Err(error) => self.fail_link(link, error),
        }
    }

    fn shake_hands(&mut self, link: Link) {
        loop {
            let slice = self.slice();
            let stream = match link {
                Link::Control => self.control.as_mut(),
                Link::Data(id) => self
                    .data
                    .as_mut()
                    .filter(|(data, _)| *data == id)
                    .map(|(_, stream)| stream),
            };
            let Some(stream) = stream else { return };
            match patient_end(stream.handshake(slice)) {
                Ok(true) => return self.session.report(Report::Secured { link }),
                Ok(false) => {}
                Err(error) => return self.fail_link(link, error),
            }
            // The control connection speaks TLS or nothing now; only a data handshake leaves it to be looked at.
            if link != Link::Control {
                self.look();
            }
            if self.interrupted() {
                return;
            }
        }
    }

    fn unsecure(&mut self) {
        loop {
            let slice = self.slice();
            let Some(control) = &mut self.control else {
                return;
            };
            match patient_end(control.unsecure(slice)) {
                Ok(true) => return self.session.report(Report::Unsecured),
                Ok(false) if self.interrupted() => return,
                Ok(false) => {}
                Err(error) => return self.fail_link(Link::Control, error),
            }
        }
    }

    // -- data connections ---------------------------------------------------------------------------------------------------

    fn connect(&mut self, data: DataId, target: Target) {
        let to = match target {
            Target::ControlHost { port } => SocketAddr::new(self.host, port),
            Target::Address(address) => address,
        };
        let limit = self.time_left().unwrap_or(SLICE);
        let Some(control) = &self.control else { return };
        match self.transport.connect_data(control, to, limit) {
            Ok(stream) => {
                self.data = Some((data, stream));
                // A port that refused before is forgotten, now that another way was found.
                self.source = None;
                self.session.report(Report::Connected { data });
            }
            // The machine's own deadline is not a failure to report: it fires by itself, at once or, since limits
            // are rounded on the way to the operating system, after a moment.
            Err(error)
                if error.kind() == io::ErrorKind::TimedOut
                    && self.time_left().is_some_and(|left| left <= SLICE) =>
            {
                self.source = Some(error);
            }
            Err(error) => self.fail(Link::Data(data), error),
        }
    }

    fn listen(&mut self, data: DataId) {
        match self.transport.listen(self.local) {
            Ok((listener, local)) => {
                self.listener = Some((data, listener));
                self.session.report(Report::Listening { data, local });
            }
            Err(error) => self.fail(Link::Data(data), error),
        }
    }

    fn accept(&mut self, data: DataId) {
        // Asked again, it was a stranger who had called.
        self.data = None;
        loop {
            let slice = self.slice();
            let Some((id, listener)) = &mut self.listener else {
                return;
            };
            if *id != data {
                return;
            }
            match patient(self.transport.accept(listener, slice)) {
                Ok(Some((stream, peer))) => return self.accepted(data, stream, peer.ip()),
                Ok(None) => self.look(),
                Err(error) => return self.fail(Link::Data(data), error),
            }
            if self.interrupted() {
                return;
            }
        }
    }

    /// The listener stays until the machine goes on with the connection: it may turn the caller away.
    fn accepted(&mut self, data: DataId, stream: T::Stream, peer: IpAddr) {
        self.data = Some((data, stream));
        self.session.report(Report::Accepted { data, peer });
    }

    fn discard(&mut self, data: DataId) {
        self.moving.take_if(|moving| moving.data == data);
        self.listener.take_if(|(id, _)| *id == data);
        if let Some((_, stream)) = self.data.take_if(|(id, _)| *id == data) {
            stream.reset();
        }
    }

    // -- payload --------------------------------------------------------------------------------------------------------------

    pub(crate) fn flow(&self) -> Option<Flow> {
        self.moving.map(|moving| moving.flow)
    }

    /// Reads payload. `Err` when there is none any more, and the operation was driven to its end.
    pub(crate) fn read_payload<O: Operation>(
        &mut self,
        operation: &mut O,
        buffer: &mut [u8],
    ) -> std::result::Result<usize, Result<O::Output>> {
        match self.read_some(operation, buffer)? {
            0 => Err(self.drive_to_end(operation)),
            count => Ok(count),
        }
    }

    /// Reads payload; 0 when there is none any more, and the operation may go on. `Err` when it is over.
    pub(crate) fn read_some<O: Operation>(
        &mut self,
        operation: &mut O,
        buffer: &mut [u8],
    ) -> std::result::Result<usize, Result<O::Output>> {
        self.listener = None;
        self.resume();
        loop {
            self.look_again_after_a_slice();
            self.do_actions(operation)?;
            let Some(moving) = self.moving else {
                return Ok(0);
            };
            let slice = self.slice();
            match self.receive_some(moving, buffer, slice) {
                Ok(Some(count)) => {
                    self.hand_over();
                    return Ok(count);
                }
                Ok(None) => self.look(),
                Err(error) => {
                    self.fail(Link::Data(moving.data), error);
                    return Ok(0);
                }
            }
        }
    }

    /// Reads once, within the flow's limit; `Some(0)` when the payload has ended and the socket is closed.
    fn receive_some(
        &mut self,
        moving: Moving,
        buffer: &mut [u8],
        slice: Duration,
    ) -> io::Result<Option<usize>> {
        let left = moving
            .flow
            .limit
            .map(|limit| limit.saturating_sub(moving.bytes));
        let at_limit = left == Some(0);
        let mut one = [0];
        let room = match left {
            Some(0) => &mut one[..],
            Some(left) => {
                let count =
                    usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
                buffer.get_mut(..count).unwrap_or_default()
            }
            None => buffer,
        };
        let Some((_, stream)) = &mut self.data else {
            return Ok(Some(0));
        };
        match read(stream.read(room, slice))? {
            None => Ok(None),
            Some(Input::Bytes(_)) if at_limit => self.ended(moving.data, End::Limit),
            Some(Input::End(end)) => self.ended(moving.data, end),
            Some(Input::Bytes(count)) => {
                self.moved(moving, count);
                Ok(Some(count))
            }
        }
    }

    /// The socket is closed before the final reply is awaited: ProFTPD holds that back until then.
    fn ended(&mut self, data: DataId, end: End) -> io::Result<Option<usize>> {
        if let Some((_, stream)) = &mut self.data {
            if end == End::Clean {
                // Our own side of TLS ends too; whether the peer still hears that does not matter any more.
                let _ = stream.finish(Duration::ZERO);
            }
        }
        self.end_data(data, end);
        Ok(Some(0))
    }

    fn end_data(&mut self, data: DataId, end: End) {
        if end == End::Limit {
            self.discard(data);
        }
        self.close_data();
        self.session.report(Report::Finished { data, end });
    }

    fn moved(&mut self, moving: Moving, count: usize) {
        let bytes = count as u64;
        self.moving = Some(Moving {
            bytes: moving.bytes.saturating_add(bytes),
            ..moving
        });
        self.session.report(Report::Moved {
            data: moving.data,
            bytes,
        });
    }

    /// Writes payload: at least one byte of it. `Ready` when none is taken any more.
    pub(crate) fn write_payload<O: Operation>(
        &mut self,
        operation: &mut O,
        bytes: &[u8],
    ) -> std::result::Result<usize, Result<O::Output>> {
        self.listener = None;
        self.resume();
        loop {
            self.look_again_after_a_slice();
            self.do_actions(operation)?;
            let Some(moving) = self.moving else {
                return Err(self.drive_to_end(operation));
            };
            let slice = self.slice();
            let Some((_, stream)) = &mut self.data else {
                return Err(self.drive_to_end(operation));
            };
            match wrote(stream.write(bytes, slice)) {
                Ok(Some(count)) => {
                    self.moved(moving, count);
                    self.hand_over();
                    return Ok(count);
                }
                Ok(None) => self.look(),
                Err(error) => {
                    self.fail(Link::Data(moving.data), error);
                    return Err(self.drive_to_end(operation));
                }
            }
        }
    }

    /// Everything was written: ends the data connection orderly and awaits the verdict.
    pub(crate) fn finish_payload<O: Operation>(&mut self, operation: &mut O) -> Result<O::Output> {
        self.listener = None;
        self.resume();
        if let Some(moving) = self.moving {
            if let Err(over) = self.finish_stream(operation, moving.data) {
                return over;
            }
        }
        self.drive_to_end(operation)
    }

    /// The limit for the peer's end begins only when everything has left: what still leaves is payload.
    fn finish_stream<O: Operation>(
        &mut self,
        operation: &mut O,
        data: DataId,
    ) -> std::result::Result<(), Result<O::Output>> {
        let mut closing = false;
        loop {
            self.do_actions(operation)?;
            let slice = self.slice();
            let Some((_, stream)) = self.data.as_mut().filter(|(id, _)| *id == data) else {
                return Ok(());
            };
            if closing {
                if stream.await_end(slice) || self.finish_now {
                    self.end_data(data, End::Clean);
                    return Ok(());
                }
            } else {
                match patient_end(stream.finish(slice)) {
                    Ok(false) => {}
                    Ok(true) => {
                        closing = true;
                        self.finish_now = false;
                        self.session.report(Report::Closing { data });
                        continue;
                    }
                    Err(error) => {
                        self.fail(Link::Data(data), error);
                        return Ok(());
                    }
                }
            }
            self.look();
        }
    }

    /// Nobody takes or gives payload: drops what is received, sends nothing, and drives the operation to its end.
    pub(crate) fn move_nothing<O: Operation>(&mut self, operation: &mut O) -> Result<O::Output> {
        let mut block = vec![0; DROPPED_BYTES];
        while let Some(flow) = self.flow() {
            if flow.direction == Direction::Send {
                return self.finish_payload(operation);
            }
            loop {
                match self.read_some(operation, &mut block) {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(over) => return over,
                }
            }
            if let Driven::Ready(result) = self.drive(operation) {
                return result;
            }
        }
        self.drive_to_end(operation)
    }

    /// Ends the transfer under way and drives the operation to its verdict.
    pub(crate) fn abort<O: Operation>(&mut self, operation: &mut O) -> Result<O::Output> {
        self.session.abort_all();
        self.drive_to_end(operation)
    }

    /// Nobody takes or gives payload any more, and the operation is not over: end it without waiting.
    pub(crate) fn abandon(&mut self) {
        self.session.abort_all();
        while self.act() {}
        self.look();
        while self.act() {}
        self.source = None;
    }

    fn drive_to_end<O: Operation>(&mut self, operation: &mut O) -> Result<O::Output> {
        loop {
            match self.drive(operation) {
                Driven::Ready(result) => return result,
                // There is nobody for the payload: drop it.
                Driven::Moving => self.abandon_data(),
            }
        }
    }

    fn abandon_data(&mut self) {
        if let Some(moving) = self.moving {
            self.discard(moving.data);
            self.session.report(Report::Failed {
                link: Link::Data(moving.data),
                failure: Failure::Local,
            });
        }
    }

    fn do_actions<O: Operation>(
        &mut self,
        operation: &mut O,
    ) -> std::result::Result<(), Result<O::Output>> {
        while self.act() {}
        match self.poll(operation) {
            Some(result) => Err(result),
            None => Ok(()),
        }
    }

    /// The application has the word: until it is here again the payload's idle limit rests. The time that has passed by
    /// now counts, so the machine is told it.
    fn hand_over(&mut self) {
        self.hold(true);
        while self.act() {}
    }

    /// The application is here again: first whatever arrived meanwhile, then the time.
    fn resume(&mut self) {
        self.hold(false);
        self.look_again_after_a_slice();
    }

    fn hold(&mut self, held: bool) {
        if let Some(moving) = self.moving {
            self.session.report(Report::Held {
                data: moving.data,
                held,
            });
        }
    }

    fn close_data(&mut self) {
        self.data = None;
        self.listener = None;
        self.moving = None;
    }

    // -- failures and time ------------------------------------------------------------------------------------------------------

    fn fail_link(&mut self, link: Link, error: io::Error) {
        if link == Link::Control {
            self.control_failed(error);
        } else {
            self.fail(link, error);
        }
    }

    fn fail(&mut self, link: Link, error: io::Error) {
        if let Link::Data(data) = link {
            self.discard(data);
        }
        let failure = error.kind().into();
        self.source = Some(error);
        self.session.report(Report::Failed { link, failure });
    }

    /// Lets the machine's timers fire; whether it gave up what the driver is doing.
    fn interrupted(&mut self) -> bool {
        let action = self.session.poll_action(self.clock.now());
        if let Some(action) = action {
            self.perform(action);
        }
        action.is_some()
    }

    /// What the session is good for now, as errors say it.
    pub(crate) fn after(&self) -> After {
        match self.session.state() {
            State::Dead(_) => After::Dead,
            State::Draining { .. } => After::Draining,
            _ => After::Usable,
        }
    }

    fn is_dead(&self) -> bool {
        matches!(self.session.state(), State::Dead(_))
    }

    fn time_left(&self) -> Option<Duration> {
        self.session
            .deadline()
            .map(|deadline| deadline.at.saturating_since(self.clock.now()))
    }

    fn slice(&self) -> Duration {
        self.time_left()
            .map_or(SLICE, |left| left.min(SLICE))
            .max(Duration::from_millis(1))
    }
}

/// A stream that was interrupted or would block has nothing to give or takes nothing now, whatever it calls that.
fn patient<T>(result: io::Result<Option<T>>) -> io::Result<Option<T>> {
    match result {
        Err(error) if is_momentary(&error) => Ok(None),
        result => result,
    }
}

fn patient_end(result: io::Result<bool>) -> io::Result<bool> {
    match result {
        Err(error) if is_momentary(&error) => Ok(false),
        result => result,
    }
}

fn is_momentary(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

/// As [`patient`]; a stream that takes no byte of some has not kept its contract, and would be asked for ever.
fn wrote(result: io::Result<Option<usize>>) -> io::Result<Option<usize>> {
    match patient(result) {
        Ok(Some(0)) => Err(io::ErrorKind::WriteZero.into()),
        result => result,
    }
}

/// The same for a stream that reads bytes and has none.
fn read(result: io::Result<Option<Input>>) -> io::Result<Option<Input>> {
    match patient(result) {
        Ok(Some(Input::Bytes(0))) => Err(io::ErrorKind::UnexpectedEof.into()),
        result => result,
    }
}
