//! The machine in a super-loop: nothing here waits, and nothing here needs std. `.ci/check-no-std`
//! builds this file into a library without it.
//!
//! Of the heap only the machine itself takes. Passive mode and downloads, which need two sockets
//! and no listener.

use core::net::{IpAddr, SocketAddr};
use core::task::Poll;
use core::time::Duration;

use ftp_proto::{
    Action, Config, Control, DataId, End, Error, Failure, Flow, Instant, Link, Operation, Report,
    Session, State, Target,
};

/// What a network chip with two sockets can do. No method waits.
pub(crate) trait Network {
    /// How long the device has been on.
    fn now(&self) -> Duration;
    /// Begins to dial.
    fn dial(&mut self, socket: Socket, to: SocketAddr) -> Result<(), Failure>;
    /// Whether the socket is connected by now.
    fn is_connected(&mut self, socket: Socket) -> Result<bool, Failure>;
    /// `None` if there is nothing for now; 0 at the end of input.
    fn read(&mut self, socket: Socket, buffer: &mut [u8]) -> Result<Option<usize>, Failure>;
    /// How many bytes were taken; 0 if none for now.
    fn write(&mut self, socket: Socket, bytes: &[u8]) -> Result<usize, Failure>;
    /// Closes in an orderly way.
    fn close(&mut self, socket: Socket);
    /// Drops the connection at once, with a reset.
    fn reset(&mut self, socket: Socket);
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Socket {
    /// The control connection.
    Control,
    /// The data connection of the transfer under way.
    Data,
}

/// Where payload goes: a flash memory, a display.
pub(crate) trait Sink {
    /// How many bytes it takes now; 0 while it is busy.
    fn room(&self) -> usize;
    /// Takes them, never more than there is room for.
    fn take(&mut self, bytes: &[u8]);
}

/// A session and what its sockets are at.
#[derive(Debug)]
pub(crate) struct Client {
    session: Session,
    host: IpAddr,
    control_is_open: bool,
    data: Option<Data>,
}

#[derive(Debug)]
struct Data {
    id: DataId,
    stage: Stage,
    bytes: u64,
    held: bool,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Dialling,
    Open,
    Moving(Flow),
}

impl Client {
    /// On a control connection that is open.
    pub(crate) fn new(config: Config, host: IpAddr, local: IpAddr) -> Self {
        Self {
            session: Session::new(config, Control::new(host, local)),
            host,
            control_is_open: true,
            data: None,
        }
    }

    /// When the next turn is due at the latest: until then, or until the chip interrupts, the
    /// device may sleep.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.session.deadline().map(|it| it.at.since_epoch())
    }

    /// Does all that can be done now. To be called again and again, until the operation is over.
    pub(crate) fn turn<O: Operation>(
        &mut self,
        network: &mut impl Network,
        sink: &mut impl Sink,
        operation: &mut O,
    ) -> Poll<Result<O::Output, Error>> {
        // What has arrived comes first: it cannot answer what is written below, nor be late for a
        // timer.
        self.read_control(network);
        self.attend_data(network, sink);
        let outcome = operation.poll(&mut self.session);
        self.act(network);
        if self.write_control(network) {
            // What was written may have begun a wait. The machine arms its timer when it is told
            // the time.
            self.act(network);
        }
        outcome
    }

    fn act(&mut self, network: &mut impl Network) {
        while let Some(action) = self.session.poll_action(Instant::from_epoch(network.now())) {
            self.perform(action, network);
        }
    }

    fn perform(&mut self, action: Action, network: &mut impl Network) {
        match action {
            Action::Connect { data, target } => {
                let to = match target {
                    Target::ControlHost { port } => SocketAddr::new(self.host, port),
                    Target::Address(address) => address,
                };
                self.data = Some(Data::dialling(data));
                if let Err(failure) = network.dial(Socket::Data, to) {
                    self.data_failed(data, failure, network);
                }
            }
            Action::Move { data, flow } => {
                if let Some(data) = self.data.as_mut().filter(|it| it.id == data) {
                    data.stage = Stage::Moving(flow);
                }
            }
            Action::Discard { data } => self.discard(data, network),
            Action::Close => self.close_control(network),
            // Both sockets are taken.
            Action::Listen { data } => self.data_failed(data, Failure::Local, network),
            // The operation is polled after every action anyway.
            Action::Poll => {}
            // Of listeners, TLS and uploads, which nobody begins here.
            Action::Accept { .. }
            | Action::Secure { .. }
            | Action::Unsecure
            | Action::Finish { .. } => {}
        }
    }

    // -- the control connection -------------------------------------------------------------------

    /// Reads until there is nothing more. A session that is over does not listen any more.
    fn read_control(&mut self, network: &mut impl Network) {
        let mut buffer = [0; 256];
        while self.control_is_open && !matches!(self.session.state(), State::Dead(_)) {
            match network.read(Socket::Control, &mut buffer) {
                Ok(None) => return,
                Ok(Some(0)) => {
                    self.close_control(network);
                    self.session.receive_eof();
                }
                Ok(Some(count)) => self
                    .session
                    .receive(buffer.get(..count).unwrap_or_default()),
                Err(failure) => self.control_failed(failure, network),
            }
        }
    }

    /// Writes what the socket takes; whether it took any.
    fn write_control(&mut self, network: &mut impl Network) -> bool {
        if !self.control_is_open || self.session.transmit().is_empty() {
            return false;
        }
        match network.write(Socket::Control, self.session.transmit()) {
            Ok(count) => self.session.transmitted(count),
            Err(failure) => {
                self.read_control(network); // the server may have said why it went
                self.control_failed(failure, network);
            }
        }
        true
    }

    fn control_failed(&mut self, failure: Failure, network: &mut impl Network) {
        if self.control_is_open {
            self.close_control(network);
            let link = Link::Control;
            self.session.report(Report::Failed { link, failure });
        }
    }

    fn close_control(&mut self, network: &mut impl Network) {
        if core::mem::take(&mut self.control_is_open) {
            network.close(Socket::Control);
        }
    }

    // -- the data connection ----------------------------------------------------------------------

    fn attend_data(&mut self, network: &mut impl Network, sink: &mut impl Sink) {
        let Some(data) = &mut self.data else { return };
        let id = data.id;
        let outcome = match data.stage {
            Stage::Dialling => data.dialled(network),
            Stage::Open => Ok(None),
            Stage::Moving(flow) => data.payload(flow, network, sink),
        };
        match outcome {
            Ok(None) => {}
            Ok(Some(report)) => {
                if let Report::Finished { .. } = report {
                    self.data = None;
                }
                self.session.report(report);
            }
            Err(failure) => self.data_failed(id, failure, network),
        }
    }

    fn data_failed(&mut self, data: DataId, failure: Failure, network: &mut impl Network) {
        self.discard(data, network);
        let link = Link::Data(data);
        self.session.report(Report::Failed { link, failure });
    }

    fn discard(&mut self, data: DataId, network: &mut impl Network) {
        if self.data.take_if(|it| it.id == data).is_some() {
            network.reset(Socket::Data);
        }
    }
}

impl Data {
    const fn dialling(id: DataId) -> Self {
        Self {
            id,
            stage: Stage::Dialling,
            bytes: 0,
            held: false,
        }
    }

    /// That it takes long is no failure: the machine has a limit for it.
    fn dialled(&mut self, network: &mut impl Network) -> Result<Option<Report>, Failure> {
        if !network.is_connected(Socket::Data)? {
            return Ok(None);
        }
        self.stage = Stage::Open;
        Ok(Some(Report::Connected { data: self.id }))
    }

    /// Hands one piece of payload on. What there is no room for stays in the socket, where it makes
    /// the server wait.
    fn payload(
        &mut self,
        flow: Flow,
        network: &mut impl Network,
        sink: &mut impl Sink,
    ) -> Result<Option<Report>, Failure> {
        let data = self.id;
        let mut buffer = [0; 512];
        let left = flow.limit.map(|limit| limit.saturating_sub(self.bytes));
        let free = sink.room().min(buffer.len());
        let room = match left {
            // One byte more than the limit, that nobody gets: it tells whether there was more.
            Some(0) => 1,
            Some(left) => usize::try_from(left).map_or(free, |left| left.min(free)),
            None => free,
        };
        let held = room == 0;
        if held != self.held {
            // The server is not to blame for the time that the sink takes.
            self.held = held;
            return Ok(Some(Report::Held { data, held }));
        }
        let room = buffer.get_mut(..room).unwrap_or_default();
        if room.is_empty() {
            return Ok(None);
        }
        match network.read(Socket::Data, room)? {
            None => Ok(None),
            Some(0) => {
                network.close(Socket::Data); // and then reported: ProFTPD's 226 waits for it
                let end = End::Clean;
                Ok(Some(Report::Finished { data, end }))
            }
            Some(_) if left == Some(0) => {
                network.reset(Socket::Data);
                let end = End::Limit;
                Ok(Some(Report::Finished { data, end }))
            }
            Some(count) => {
                sink.take(room.get(..count).unwrap_or_default());
                let bytes = count as u64;
                self.bytes = self.bytes.saturating_add(bytes);
                Ok(Some(Report::Moved { data, bytes }))
            }
        }
    }
}
