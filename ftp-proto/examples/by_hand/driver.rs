//! What `manual/driving.md` asks of a driver, on std's sockets.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant as Clock};

use ftp_proto::driver::{Close, Input};
use ftp_proto::tls::{Context, Layer, Purpose};
use ftp_proto::{
    Action, Config, Control, DataId, Failure, Instant, Link, Operation, Report, Session, State,
};

use crate::data::{Data, Step};
use crate::stream::Stream;

/// std has no way to wait for several sockets, so that nothing is left but to look at them in turn.
const PAUSE: Duration = Duration::from_millis(1);
const BLOCK_BYTES: usize = 64 * 1024;

/// A session and its sockets.
pub(crate) struct Driver {
    pub(crate) session: Session,
    /// `None` when it is closed.
    control: Option<Stream>,
    change: Change,
    data: BTreeMap<DataId, Data>,
    /// `None` where nobody wants TLS.
    tls: Option<Context>,
    host: IpAddr,
    local: IpAddr,
    epoch: Clock,
    /// Why the application's source or sink failed.
    local_error: Option<io::Error>,
}

/// What is under way on the control connection, so that nothing is read and written there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    None,
    Securing,
    Unsecuring,
}

/// The application's end of a transfer.
pub(crate) enum Payload<'p> {
    /// What is received is dropped, and an upload is empty.
    None,
    Sink(&'p mut dyn io::Write),
    Source(&'p mut dyn io::Read),
}

#[derive(Debug)]
pub(crate) enum Error {
    Session(ftp_proto::Error),
    /// No connection, or the application's source or sink failed.
    Io(io::Error),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Session(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl Driver {
    /// The greeting is not read yet: [`Greet`](ftp_proto::operation::Greet) does that.
    pub(crate) fn connect(
        address: SocketAddr,
        tls: Option<Context>,
        config: Config,
    ) -> io::Result<Self> {
        let socket = TcpStream::connect_timeout(&address, config.timeouts.connect)?;
        let (host, local) = (socket.peer_addr()?.ip(), socket.local_addr()?.ip());
        Ok(Self {
            session: Session::new(config, Control::new(host, local)),
            control: Some(Stream::new(socket)?),
            change: Change::None,
            data: BTreeMap::new(),
            tls,
            host,
            local,
            epoch: Clock::now(),
            local_error: None,
        })
    }

    /// The loop.
    pub(crate) fn run<O: Operation>(
        &mut self,
        mut operation: O,
        payload: &mut Payload<'_>,
    ) -> Result<O::Output, Error> {
        self.read_control();
        loop {
            self.tell_tickets();
            let outcome = operation.poll(&mut self.session);
            let changed = self.act() | self.write_control();
            if let Poll::Ready(result) = outcome {
                let data = self.data.values_mut();
                data.for_each(|data| data.connection.halt());
                let local = self.local_error.take();
                return result.map_err(|error| local.map_or(Error::Session(error), Error::Io));
            }
            if changed {
                continue; // the operation may have something new to say
            }
            if !self.step_data(payload) {
                thread::sleep(PAUSE);
            }
            // What has arrived meanwhile comes first: it cannot be late for a timer.
            self.read_control();
        }
    }

    // -- the machine ------------------------------------------------------------------------------

    fn report(&mut self, report: Report) {
        self.tell_tickets();
        self.session.report(report);
    }

    /// Whatever is told next may let a transfer begin, which needs a ticket.
    fn tell_tickets(&mut self) {
        if let Some(context) = &self.tls {
            self.session.set_resumptions(context.resumptions());
        }
    }

    /// Performs what there is to do; whether there was anything.
    fn act(&mut self) -> bool {
        let mut acted = false;
        loop {
            let now = Instant::from_epoch(self.epoch.elapsed());
            let Some(action) = self.session.poll_action(now) else {
                return acted;
            };
            self.perform(action);
            acted = true;
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect { data, target } => {
                let dialling = Data::dial(data, target.at(self.host));
                self.data.insert(data, dialling);
            }
            Action::Listen { data } => self.listen(data),
            Action::Secure { link } => {
                if let Err(error) = self.secure(link) {
                    let failure = error.kind().into();
                    self.fail(link, failure);
                }
            }
            Action::Unsecure => self.change = Change::Unsecuring,
            Action::Close => self.control = None,
            // Their sockets are there; and the operation is polled after every action anyway.
            Action::Accept { .. } | Action::Move { .. } | Action::Finish { .. } => {}
            Action::Discard { .. } | Action::Poll => {}
        }
        if let Some(data) = action.data() {
            self.on_data(data, |data| data.begin(action));
        }
        if let Action::Discard { data } = action {
            self.data.remove(&data);
        }
    }

    /// Reports what becomes of a data connection. The socket is closed first.
    fn on_data(&mut self, data: DataId, event: impl FnOnce(&mut Data) -> Option<Report>) {
        if let Some(data) = self.data.get_mut(&data) {
            if let Some(report) = event(data) {
                if let Some(how) = Close::before(&report) {
                    data.close(how);
                }
                self.report(report);
            }
        }
    }

    fn listen(&mut self, data: DataId) {
        let report = match Data::listen(data, self.local) {
            Ok((listening, report)) => {
                self.data.insert(data, listening);
                report
            }
            Err(error) => Report::Failed {
                link: Link::Data(data),
                failure: error.kind().into(),
            },
        };
        self.report(report);
    }

    /// Begins the handshake. The channel spends a ticket, so that it is made now and not earlier.
    fn secure(&mut self, link: Link) -> io::Result<()> {
        self.read_control(); // it may have brought a ticket
        let context = self.tls.as_ref();
        let context = context.ok_or_else(|| io::Error::other("nobody configured TLS"))?;
        match link {
            Link::Control => {
                let layer = Layer::for_control(context.channel(Purpose::Explicit)?);
                if let Some(control) = &mut self.control {
                    control.set_tls(layer);
                }
                self.change = Change::Securing;
            }
            Link::Data(data) => {
                let layer = Layer::for_data(context.channel(Purpose::Data)?);
                if let Some(data) = self.data.get_mut(&data) {
                    data.set_tls(layer);
                }
            }
        }
        Ok(())
    }

    fn fail(&mut self, link: Link, failure: Failure) {
        match link {
            Link::Control => {
                self.control = None;
                self.report(Report::Failed { link, failure });
            }
            Link::Data(data) => self.on_data(data, |data| data.connection.failed(failure)),
        }
    }

    // -- the control connection -------------------------------------------------------------------

    /// Reads until nothing is there. A session that is over does not listen any more.
    fn read_control(&mut self) {
        let mut is_first = true;
        while !matches!(self.session.state(), State::Dead(_)) {
            match self.try_read_control(is_first) {
                Ok(true) => is_first = false,
                Ok(false) => return,
                Err(error) => self.fail(Link::Control, error.kind().into()),
            }
        }
    }

    /// Whether something was there. Under TLS the end waits behind replies: the last of them may
    /// end TLS and not the connection (CCC).
    fn try_read_control(&mut self, is_first: bool) -> io::Result<bool> {
        let Some(control) = &mut self.control else {
            return Ok(false);
        };
        match self.change {
            Change::Securing if control.handshake()? => {
                self.change = Change::None;
                self.report(Report::Secured {
                    link: Link::Control,
                });
            }
            Change::Unsecuring => match control.unsecure()? {
                Some(rest) => {
                    self.change = Change::None;
                    self.report(Report::Unsecured);
                    self.session.receive(&rest);
                }
                None => return Ok(false),
            },
            Change::Securing => return Ok(false),
            Change::None => {
                let mut block = [0; 4096];
                let input = control.read(&mut block)?;
                self.tell_tickets();
                match input {
                    None => return Ok(false),
                    Some(Input::Bytes(count)) => {
                        self.session.receive(block.get(..count).unwrap_or(&block));
                    }
                    Some(Input::End(_)) if self.session.is_secured() && !is_first => {
                        return Ok(false);
                    }
                    Some(Input::End(_)) => {
                        self.control = None;
                        self.session.receive_eof();
                    }
                }
            }
        }
        Ok(true)
    }

    /// Writes what can be written; whether that was anything.
    fn write_control(&mut self) -> bool {
        let Some(control) = &mut self.control else {
            return false;
        };
        let outcome = if self.change != Change::None {
            Ok(None)
        } else if self.session.transmit().is_empty() {
            control.flush().map(|_| None)
        } else {
            control.write(self.session.transmit())
        };
        match outcome {
            Ok(None) => return false,
            Ok(Some(count)) => self.session.transmitted(count),
            Err(error) => {
                self.read_control(); // the server may have said why it went
                self.fail(Link::Control, error.kind().into());
            }
        }
        true
    }

    // -- the data connections ---------------------------------------------------------------------

    /// Goes on with one data connection; whether anything happened. The operation is polled before
    /// the next one has its turn.
    fn step_data(&mut self, payload: &mut Payload<'_>) -> bool {
        // One that lingers after an abort has nothing for the transfer after it.
        let current = self.session.current_data();
        let others = self.data.iter_mut().filter(|(id, _)| Some(**id) != current);
        others.for_each(|(_, data)| data.connection.halt());
        let mut each = self.data.iter_mut();
        let Some((id, step)) = each.find_map(|(id, data)| Some((*id, data.step()?))) else {
            return false;
        };
        match step {
            Step::Report(report) => self.on_data(id, |_| Some(report)),
            Step::Received(moved, block, discard) => {
                self.report(moved);
                if !discard && self.exchange(id, || payload.take(&block)).is_some() {
                    self.on_data(id, |data| data.connection.hold(false));
                }
            }
            Step::Wanted => {
                if let Some(block) = self.exchange(id, || payload.give()) {
                    self.on_data(id, |data| data.give(block));
                }
            }
        }
        true
    }

    /// The application takes its time, and the idle limit rests: from the time on that the machine
    /// is told while it is held.
    fn exchange<T>(&mut self, id: DataId, work: impl FnOnce() -> io::Result<T>) -> Option<T> {
        self.on_data(id, |data| data.connection.hold(true));
        self.act();
        match work() {
            Ok(value) => Some(value),
            Err(error) => {
                self.local_error = Some(error);
                self.fail(Link::Data(id), Failure::Local);
                None
            }
        }
    }
}

impl Payload<'_> {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Sink(sink) => sink.write_all(bytes),
            _ => Ok(()),
        }
    }

    fn give(&mut self) -> io::Result<Vec<u8>> {
        let Self::Source(source) = self else {
            return Ok(Vec::new());
        };
        let mut block = vec![0; BLOCK_BYTES];
        let count = source.read(&mut block)?;
        block.truncate(count);
        Ok(block)
    }
}
