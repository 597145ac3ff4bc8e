//! Performs the machine's actions on sockets that never wait.
//!
//! The driver moves bytes, begins the actions, goes on with them when sockets are ready, and
//! reports their results. It knows no FTP. It touches sockets only inside [`Driver::turn`], except
//! for payload, which the application moves. The turn after that handles the effects.

mod control;
mod data;
mod securing;

use std::io;
use std::net::IpAddr;

use ftp_proto::{Action, Config, Control, Instant, Link, Report, Session, State};

use crate::data::Data;
use crate::data_link::DataLink;
use crate::interest::Ready;
use crate::readiness::{Reactor, Slot, Watched};
use crate::transport::{Stream, Transport};

/// How many bytes a turn takes from the control connection, so that a peer that never stops talking
/// cannot hold it up.
const CONTROL_TURN_BYTES: usize = 64 * 1024;

pub(crate) struct Driver<T: Transport> {
    pub(crate) transport: T,
    pub(crate) session: Session,
    control: Option<Watched<T::Stream>>,
    /// TLS begins or ends on the control connection: meanwhile only TLS reads and writes.
    changing: Option<Change>,
    /// How many bytes may still be read from the control connection in this turn.
    control_left: usize,
    /// The control connection was read in this turn.
    looked: bool,
    local: IpAddr,
    data: Option<DataLink<T::Stream, T::Listener>>,
    /// How much payload may still move in this turn.
    pub(crate) budget: usize,
    /// Something happened outside of a turn that the next turn has to handle.
    pub(crate) touched: bool,
    /// The time of the latest turn.
    pub(crate) now: Instant,
    /// The latest failure of a socket, kept for the error that it will cause.
    pub(crate) source: Option<io::Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Securing,
    Unsecuring,
}

/// Polls the operations after the session has changed, with the latest failure of a socket.
pub(crate) type Tasks<'t> = dyn FnMut(&mut Session, &mut Option<io::Error>) + 't;

impl<T: Transport> Driver<T> {
    pub(crate) fn new(
        transport: T,
        control: Watched<T::Stream>,
        local: IpAddr,
        host: Option<IpAddr>,
        config: Config,
    ) -> Self {
        let mut known = Control::default();
        known.peer = host;
        // Under a proxy this end says nothing of the family of the host.
        known.local = host.map(|_| local);
        known.secured = transport.is_secured();
        Self {
            changing: None,
            transport,
            session: Session::new(config, known),
            control: Some(control),
            control_left: 0,
            looked: false,
            local,
            data: None,
            budget: 0,
            touched: true,
            now: Instant::EPOCH,
            source: None,
        }
    }

    /// Does all work that needs no waiting. Its last step polls the machine, so that every timer is
    /// armed when the application asks for the deadline.
    pub(crate) fn turn(
        &mut self,
        now: Instant,
        budget: usize,
        reactor: &mut dyn Reactor<T::Source>,
        tasks: &mut Tasks<'_>,
    ) {
        // Bytes that have arrived are read before a timer fires, whether the reactor has reported
        // them or not. They are also read if the cause of the turn is unknown.
        let is_due = self.deadline().is_some_and(|at| at <= now);
        if is_due || !self.touched {
            self.control.iter_mut().for_each(Watched::try_reading);
        }
        self.touched = false;
        self.looked = false;
        self.budget = budget;
        self.control_left = CONTROL_TURN_BYTES;
        self.now = now;
        loop {
            let mut changed = self.read_control(reactor);
            changed |= self.change_security(reactor);
            changed |= self.attend_data(reactor);
            self.tell_resumptions();
            tasks(&mut self.session, &mut self.source);
            // A timer may cause bytes instead of an action. Written bytes may request timers, which
            // the next round arms, so the last round writes nothing.
            changed |= self.act(reactor);
            changed |= self.write_control(reactor);
            if !changed && !self.watch(reactor) {
                return;
            }
        }
    }

    /// Gives back memory that is held in reserve.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.session.shrink_to_fit();
    }

    pub(crate) fn mark(&mut self, slot: Slot, ready: Ready) {
        match (slot, &mut self.control, &mut self.data) {
            (Slot::Control, Some(control), _) => control.mark(ready),
            (Slot::Data | Slot::Listener, _, Some(link)) => link.mark(slot, ready),
            _ => {}
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
            Action::Connect { data, target } => self.connect(data, target, reactor),
            Action::Listen { data } => self.listen(data, reactor),
            Action::Secure { link } => self.secure(link, reactor),
            Action::Unsecure => self.changing = Some(Change::Unsecuring),
            Action::Accept { data } | Action::Move { data, .. } | Action::Finish { data } => {
                self.begin(data, action, reactor);
            }
            Action::Discard { data } => self.discard(data, reactor),
            // The operation is polled after every action anyway.
            Action::Poll => {}
            Action::Close => self.close_control(reactor),
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
        self.report(Report::Failed { link, failure });
    }

    fn report(&mut self, report: Report) {
        self.tell_resumptions();
        self.session.report(report);
    }

    /// Called before each step that may begin a transfer.
    fn tell_resumptions(&mut self) {
        self.session.set_resumptions(self.transport.resumptions());
    }

    /// Tells the reactor what to wait for. Yields whether that failed, which changes the session.
    fn watch(&mut self, reactor: &mut dyn Reactor<T::Source>) -> bool {
        let interest = self.control_interest();
        if let Some(control) = &mut self.control {
            if let Err(error) = control.watch(Slot::Control, interest, reactor, Stream::source) {
                self.control_failed(error, reactor);
                return true;
            }
        }
        if let Some(link) = &mut self.data {
            if let Err(error) = link.watch(reactor) {
                let link = Link::Data(link.connection.data());
                self.fail(link, error, reactor);
                return true;
            }
        }
        false
    }

    /// Closes all sockets. A transfer under way is reset, so that it does not look complete.
    pub(crate) fn close(&mut self, reactor: &mut dyn Reactor<T::Source>) {
        self.session.close();
        self.act(reactor);
        self.close_control(reactor);
        self.close_data(Stream::reset, reactor);
    }

    /// Whether the session is dead and all sockets are closed.
    pub(crate) fn is_over(&self) -> bool {
        self.is_dead() && self.control.is_none() && self.data.is_none()
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

    /// The application's payload. A connection that lingers after an abort has none.
    pub(crate) fn data_mut(&mut self) -> Option<Data<'_, T::Stream>> {
        let current = self.session.current_data()?;
        self.link(current)?;
        self.payload().filter(|data| !data.flow().discard)
    }

    fn payload(&mut self) -> Option<Data<'_, T::Stream>> {
        Data::of(
            self.data.as_mut()?,
            &mut self.session,
            &mut self.budget,
            &mut self.touched,
        )
    }
}
