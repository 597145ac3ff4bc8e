//! Performs what the machine asks for, on sockets that never wait.
//!
//! No FTP here: the driver moves bytes, begins the actions, goes on with them when sockets are ready, and reports what
//! came of them. Everything that touches a socket happens inside [`Driver::turn`], but for payload, which moves when the
//! application wants it to; what that brings about is done in the turn after it.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};

use ftp_proto::{Action, Config, Control, Event, Instant, Link, Report, Session, State, Target};

use crate::attempt::{self, retried, tried};
use crate::data::{Data, DataLink, Port, Stage};
use crate::readiness::{Interest, Reactor, Ready, Slot, Watched};
use crate::transport::{Input, Listener, Stream, Transport};

/// What one read of the control connection takes.
const CONTROL_BYTES: usize = 4096;
/// How many events wait to be polled; the oldest give way.
const EVENTS_MAX: usize = 32;

pub(crate) struct Driver<T: Transport> {
    pub(crate) transport: T,
    pub(crate) session: Session,
    control: Option<Watched<T::Stream>>,
    /// TLS begins or ends on the control connection: what is read and written is TLS's own business meanwhile.
    changing: Option<Change>,
    host: IpAddr,
    local: IpAddr,
    pub(crate) data: Option<DataLink<T::Stream>>,
    pub(crate) listener: Option<Port<T::Listener>>,
    /// How much payload may still move in this turn.
    pub(crate) budget: usize,
    /// Something happened outside of a turn that a turn has to follow up.
    pub(crate) touched: bool,
    /// The time of the latest turn.
    pub(crate) now: Instant,
    /// The latest failure of a socket, kept for the error that will come of it.
    pub(crate) source: Option<io::Error>,
    events: VecDeque<Event>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Securing,
    Unsecuring,
}

/// Polls the operations after the session has changed; the latest failure of a socket goes along.
pub(crate) type Tasks<'t, T> = dyn FnMut(&mut Session, &mut T, &mut Option<io::Error>) + 't;

impl<T: Transport> Driver<T> {
    pub(crate) fn new(
        transport: T,
        control: Watched<T::Stream>,
        local: IpAddr,
        host: IpAddr,
        config: Config,
    ) -> Self {
        let mut known = Control::new(host, local);
        if transport.is_secured() {
            known = known.secured();
        }
        Self {
            changing: None,
            transport,
            session: Session::new(config, known),
            control: Some(control),
            host,
            local,
            data: None,
            listener: None,
            budget: 0,
            touched: true,
            now: Instant::EPOCH,
            source: None,
            events: VecDeque::new(),
        }
    }

    // -- the loop -------------------------------------------------------------------------------------------------------

    /// Does everything that can be done without waiting. Nothing happens after the machine was asked for the last time,
    /// so that every timer is armed when the application looks for the deadline.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        budget: usize,
        reactor: &mut dyn Reactor<T::Source>,
        tasks: &mut Tasks<'_, T>,
    ) {
        self.touched = false;
        self.budget = budget;
        self.now = now;
        // What has already arrived is read before anything new is written, since it cannot be the answer to that, and
        // before any timer fires. Whether the reactor has reported it does not matter.
        if let Some(control) = &mut self.control {
            control.readable = true;
        }
        loop {
            let mut changed = self.read_control(reactor);
            changed |= self.change_security(reactor);
            changed |= self.attend_listener(reactor);
            changed |= self.attend_data(reactor);
            tasks(&mut self.session, &mut self.transport, &mut self.source);
            self.keep_events();
            // A timer may bring out bytes instead of an action. What is written may request timers, which the next round
            // arms: the last round writes nothing.
            changed |= self.act(reactor);
            changed |= self.write_control(reactor);
            if !changed && !self.watch(reactor) {
                return;
            }
        }
    }

    fn keep_events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            self.events.truncate(EVENTS_MAX.saturating_sub(1));
            self.events.push_front(event);
        }
    }

    /// Gives back memory that is held in reserve.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.session.shrink_to_fit();
        self.events.shrink_to_fit();
    }

    /// The oldest event that was not polled.
    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_back()
    }

    pub(crate) fn mark(&mut self, slot: Slot, ready: Ready) {
        match slot {
            Slot::Control => self
                .control
                .iter_mut()
                .for_each(|control| control.mark(ready)),
            Slot::Data => self
                .data
                .iter_mut()
                .for_each(|link| link.socket.mark(ready)),
            Slot::Listener => self
                .listener
                .iter_mut()
                .for_each(|port| port.socket.mark(ready)),
        }
        self.touched = true;
    }

    /// Performs all actions that the machine has; whether there was any.
    fn act(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let mut acted = false;
        while let Some(action) = self.session.poll_action(self.now) {
            self.perform(action, reactor);
            acted = true;
        }
        acted
    }

    fn perform(&mut self, action: Action, reactor: &mut dyn Reactor<T::Source>) {
        match action {
            Action::Connect { data, target } => {
                let to = match target {
                    Target::ControlHost { port } => SocketAddr::new(self.host, port),
                    Target::Address(address) => address,
                };
                let Some(control) = &self.control else { return };
                match retried(|| self.transport.connect_data(&control.io, to)) {
                    Ok(stream) => self.data = Some(DataLink::new(data, stream, Stage::Connecting)),
                    Err(error) => self.fail(Link::Data(data), error, reactor),
                }
            }
            Action::Listen { data } => match retried(|| self.transport.listen(self.local)) {
                Ok((listener, local)) => {
                    self.listener = Some(Port::new(data, listener));
                    self.session.report(Report::Listening { data, local });
                }
                Err(error) => self.fail(Link::Data(data), error, reactor),
            },
            Action::Accept { data } => self.start_accepting(data, reactor),
            Action::Secure { link } => self.secure(link, reactor),
            Action::Unsecure => self.changing = Some(Change::Unsecuring),
            Action::Move { data, flow } => self.start_moving(data, flow, reactor),
            Action::Finish { data } => self.finish_now(data),
            Action::Discard { data } => self.discard(data, reactor),
            // The operation is polled after every action anyway.
            Action::Poll => {}
            Action::Close => self.close_control(reactor),
        }
    }

    // -- the control connection -------------------------------------------------------------------------------------------

    /// Reads until there is nothing more; whether there was anything.
    fn read_control(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let mut any = false;
        let mut buffer = [0; CONTROL_BYTES];
        // Once the session is over, a peer that never stops talking is not listened to any more.
        while self.changing.is_none() && !self.is_dead() {
            let Some(control) = self.control.as_mut().filter(|control| control.readable) else {
                break;
            };
            match attempt::read(|| control.io.read(&mut buffer)) {
                Ok(None) => {
                    control.readable = false;
                    break;
                }
                Ok(Some(Input::Bytes(count))) => self
                    .session
                    .receive(buffer.get(..count).unwrap_or_default()),
                // The replies before it come first: the last may be the one that ends TLS and not the connection (CCC).
                Ok(Some(Input::End(_))) if any && self.session.is_secured() => break,
                Ok(Some(Input::End(_))) => {
                    self.close_control(reactor);
                    self.session.receive_eof();
                }
                Err(error) => self.control_failed(error, reactor),
            }
            any = true;
        }
        any
    }

    /// Writes what can be written; whether anything was.
    fn write_control(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let mut any = false;
        while let Some(control) = self.control.as_mut().filter(|control| control.writable) {
            if self.changing.is_some() || self.session.transmit().is_empty() {
                break;
            }
            match attempt::written(|| control.io.write(self.session.transmit())) {
                Ok(None) => control.writable = false,
                Ok(Some(count)) => {
                    self.session.transmitted(count);
                    any = true;
                }
                Err(error) => return self.write_failed(error, reactor),
            }
        }
        any | self.flush_control(reactor)
    }

    /// Never a change by itself: nothing of it is known to the machine.
    fn flush_control(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let Some(control) = self.control.as_mut().filter(|_| self.changing.is_none()) else {
            return false;
        };
        match tried(|| control.io.flush()) {
            Ok(_) => false,
            Err(error) => self.write_failed(error, reactor),
        }
    }

    /// The server may have said why before it went: that comes first.
    fn write_failed(&mut self, error: io::Error, reactor: &mut dyn Reactor<T::Source>) -> bool {
        if let Some(control) = &mut self.control {
            control.readable = true;
        }
        self.read_control(reactor);
        if self.control.is_some() {
            self.control_failed(error, reactor);
        }
        true
    }

    fn control_failed(&mut self, error: io::Error, reactor: &mut dyn Reactor<T::Source>) {
        self.close_control(reactor);
        self.fail(Link::Control, error, reactor);
    }

    fn close_control(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        self.changing = None;
        if let Some(control) = self.control.take() {
            let stream = control.release(Slot::Control, reactor, Stream::source);
            stream.close();
        }
    }

    // -- TLS ----------------------------------------------------------------------------------------------------------------

    fn secure(&mut self, link: Link, reactor: &mut dyn Reactor<T::Source>) {
        if matches!(link, Link::Data(_)) {
            self.close_listener(reactor);
        }
        let set_up = match (link, &mut self.control, &mut self.data) {
            (Link::Control, Some(control), _) => {
                self.changing = Some(Change::Securing);
                self.transport.secure_control(&mut control.io)
            }
            (Link::Data(id), Some(control), Some(data)) if data.id == id => {
                data.stage = Stage::Securing;
                self.transport.secure_data(&control.io, &mut data.socket.io)
            }
            // A handshake that cannot begin has failed.
            (Link::Data(_), None, Some(_)) => Err(io::ErrorKind::NotConnected.into()),
            _ => return,
        };
        if let Err(error) = set_up {
            self.fail_link(link, error, reactor);
        }
    }

    /// Goes on with the beginning or the end of TLS on the control connection.
    fn change_security(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let (Some(change), Some(control)) = (self.changing, &mut self.control) else {
            return false;
        };
        let done = tried(|| match change {
            Change::Securing => control.io.handshake(),
            Change::Unsecuring => control.io.unsecure(),
        });
        match done {
            Ok(false) => return false,
            Ok(true) => {
                self.changing = None;
                // What came behind the handshake is in the stream, and no socket will report it again.
                control.readable = true;
                control.writable = true;
                self.session.report(match change {
                    Change::Securing => Report::Secured {
                        link: Link::Control,
                    },
                    Change::Unsecuring => Report::Unsecured,
                });
            }
            Err(error) => self.control_failed(error, reactor),
        }
        true
    }

    // -- failures -------------------------------------------------------------------------------------------------------------

    pub(crate) fn fail_link(
        &mut self,
        link: Link,
        error: io::Error,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        if link == Link::Control {
            self.control_failed(error, reactor);
        } else {
            self.fail(link, error, reactor);
        }
    }

    pub(crate) fn fail(
        &mut self,
        link: Link,
        error: io::Error,
        reactor: &mut dyn Reactor<T::Source>,
    ) {
        if let Link::Data(data) = link {
            self.discard(data, reactor);
        }
        let failure = error.kind().into();
        self.source = Some(error);
        self.session.report(Report::Failed { link, failure });
    }

    // -- the reactor ------------------------------------------------------------------------------------------------------------

    /// Tells the reactor what is waited for; whether that failed, which changes the session.
    fn watch(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let interest = self.control_interest();
        if let Some(control) = &mut self.control {
            if let Err(error) = control.watch(Slot::Control, interest, reactor, Stream::source) {
                self.control_failed(error, reactor);
                return true;
            }
        }
        if let Some(port) = &mut self.listener {
            let interest = port.interest();
            if let Err(error) =
                port.socket
                    .watch(Slot::Listener, interest, reactor, Listener::source)
            {
                let link = Link::Data(port.id);
                self.fail(link, error, reactor);
                return true;
            }
        }
        if let Some(link) = &mut self.data {
            let interest = link.interest();
            if let Err(error) = link
                .socket
                .watch(Slot::Data, interest, reactor, Stream::source)
            {
                let link = Link::Data(link.id);
                self.fail(link, error, reactor);
                return true;
            }
        }
        false
    }

    /// Reading always, so that neither side waits for the other to read; writing when it would have blocked.
    fn control_interest(&self) -> Interest {
        let Some(control) = &self.control else {
            return Interest::NONE;
        };
        let blocked = !control.writable && !self.session.transmit().is_empty();
        Interest::READ | Interest::new(false, blocked || control.io.wants_write())
    }

    /// Closes everything. What was under way is reset, so that it does not look complete.
    pub(crate) fn close(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        self.session.close();
        self.act(reactor);
        self.close_control(reactor);
        self.close_listener(reactor);
        self.reset_data(reactor);
    }

    /// Whether nothing can come any more: the session is dead and all sockets are closed.
    pub(crate) fn is_over(&self) -> bool {
        self.is_dead() && self.control.is_none() && self.data.is_none() && self.listener.is_none()
    }

    /// When a turn is needed at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.session.deadline().map(|deadline| deadline.at)
    }

    fn is_dead(&self) -> bool {
        matches!(self.session.state(), State::Dead(_))
    }

    pub(crate) fn control_stream(&self) -> Option<&T::Stream> {
        self.control.as_ref().map(|control| &control.io)
    }

    pub(crate) fn data_mut(&mut self) -> Option<Data<'_, T::Stream>> {
        Data::of(
            self.data.as_mut()?,
            &mut self.session,
            &mut self.budget,
            &mut self.touched,
        )
    }
}
