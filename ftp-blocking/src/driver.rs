//! Performs the machine's actions on blocking sockets, in slices.
//!
//! The driver moves bytes, performs the actions and reports their results. It knows no FTP. While
//! it waits for anything but the control connection, it checks that connection at least once in a
//! slice of time, so that it sees a reply that ends the wait.

mod control;
mod data;
#[cfg(all(feature = "splice", any(target_os = "linux", target_os = "android")))]
mod files;
mod payload;
mod securing;

use std::io;
use std::net::IpAddr;
use std::task::Poll;
use std::time::Duration;

use ftp_proto::driver::{DataConnection, Error, Result};
use ftp_proto::rate::RateLimit;
use ftp_proto::{
    Action, After, Config, Control, ErrorKind, Instant, Link, Operation, Report, Session, State,
};

use crate::clock::Clock;
use crate::debug::Debug;
use crate::transport::{Stream, Transport};

/// How long the driver waits for one thing before it looks at the others.
pub(crate) const SLICE: Duration = Duration::from_millis(100);

/// As [`SLICE`], in a handshake on a data connection before the mark: the reply may be a refusal,
/// and the data connection may stay silent for ever.
const MOMENT: Duration = Duration::from_millis(5);
/// The control connection was empty so short a time ago that it need not be looked at.
const JUST_NOW: Duration = Duration::from_millis(1);
/// What one read of the control connection takes.
const CONTROL_BYTES: usize = 4096;
/// How many bytes one look at the control connection takes: a peer that never stops talking does
/// not keep it up.
const LOOK_BYTES: usize = 64 * 1024;

pub(crate) struct Driver<T: Transport> {
    pub(crate) transport: T,
    pub(crate) session: Session,
    control: Option<T::Stream>,
    local: IpAddr,
    /// The data connection, with its sockets.
    connection: Option<DataConnection>,
    data: Option<T::Stream>,
    listener: Option<T::Listener>,
    clock: Clock,
    /// When the control connection was last checked, or was read and held no more.
    looked: Instant,
    /// The limit on the rate of payload.
    pub(crate) rate: Option<RateLimit>,
    /// The latest failure of a socket, kept for the error that it will cause.
    source: Option<io::Error>,
    /// What one read of the control connection takes.
    heard: Vec<u8>,
    /// The latest block for payload.
    block: Vec<u8>,
    pub(crate) debug: Debug,
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
        host: Option<IpAddr>,
        config: Config,
        debug: Debug,
    ) -> io::Result<Self> {
        let (local, _) = stream.addresses()?;
        let mut control = Control::default();
        control.peer = host;
        // Under a proxy this end says nothing of the family of the host.
        control.local = host.map(|_| local.ip());
        control.secured = transport.is_secured();
        let clock = Clock::start();
        Ok(Self {
            transport,
            session: Session::new(config, control),
            control: Some(stream),
            local: local.ip(),
            connection: None,
            data: None,
            listener: None,
            clock,
            looked: clock.now(),
            rate: None,
            source: None,
            heard: vec![0; CONTROL_BYTES],
            block: Vec::new(),
            debug,
        })
    }

    pub(crate) const fn control_stream(&self) -> Option<&T::Stream> {
        self.control.as_ref()
    }

    pub(crate) fn data_stream(&mut self) -> Option<&mut T::Stream> {
        self.data.as_mut()
    }

    /// Drives `operation` until it is over, or until payload may move.
    pub(crate) fn drive<O: Operation>(&mut self, operation: &mut O) -> Driven<O::Output> {
        self.look_unless_just_now();
        self.drive_on(operation)
    }

    /// The same without a look first.
    fn drive_on<O: Operation>(&mut self, operation: &mut O) -> Driven<O::Output> {
        loop {
            if let Some(result) = self.poll(operation) {
                return Driven::Ready(result);
            }
            if self.act() {
                continue;
            }
            match self.flow() {
                Some(flow) if flow.discard => self.drop_payload(),
                Some(_) => return Driven::Moving,
                None => self.wait_for_control(),
            }
        }
    }

    /// Polls the operation. When it is over, performs the remaining actions that do not wait.
    fn poll<O: Operation>(&mut self, operation: &mut O) -> Option<Result<O::Output>> {
        self.tell_resumptions();
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

    /// Lets the machine's timers fire, and drives what comes of it to its end.
    pub(crate) fn keep_alive(&mut self) -> Result<()> {
        self.look();
        loop {
            if self.act() {
                continue;
            }
            if self.session.state() != State::Busy {
                break;
            }
            self.wait_for_control();
        }
        match self.session.state() {
            State::Dead(closed) => {
                let error = self.session.error(ErrorKind::Closed(closed, None), None);
                Err(Error::Session(error, self.source.take()))
            }
            _ => Ok(()),
        }
    }

    /// Performs one action, if the machine has one.
    fn act(&mut self) -> bool {
        self.act_at(self.clock.now())
    }

    fn act_at(&mut self, now: Instant) -> bool {
        let action = self.session.poll_action(now);
        if let Some(action) = action {
            self.perform(action);
        }
        while let Some(record) = self.session.poll_trace() {
            self.debug.show(&record);
        }
        action.is_some()
    }

    fn perform(&mut self, action: Action) {
        if let Action::Connect { data, .. } | Action::Listen { data } = action {
            self.connection = Some(DataConnection::new(data));
        }
        self.on_data(|it| it.begin(action));
        match action {
            Action::Connect { data, target } => self.connect(data, target),
            Action::Listen { data } => self.listen(data),
            Action::Accept { data } => self.accept(data),
            Action::Secure { link } => self.secure(link),
            Action::Unsecure => self.unsecure(),
            Action::Move { .. } => self.on_data(|it| it.hold(true)),
            Action::Discard { data } => self.discard(data),
            // The end is reported already, and the operation is polled after every action anyway.
            Action::Finish { .. } | Action::Poll => {}
            Action::Close => self.control = None,
        }
    }

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

    /// Lets the machine's timers fire and performs the actions. Returns whether the driver has to
    /// give up its present work.
    fn let_timers_fire(&mut self) -> bool {
        let action = self.session.poll_action(self.clock.now());
        if let Some(action) = action {
            self.perform(action);
        }
        action.is_some()
    }

    /// The state of the session, as errors name it.
    pub(crate) fn after(&self) -> After {
        self.session.state().into()
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
