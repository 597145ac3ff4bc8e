//! The machine in a super-loop: nothing here waits, and nothing here needs std. `.ci/check-no-std`
//! builds this file into a library without it.
//!
//! Of the heap only the machine itself takes. Downloads and uploads, in passive and active mode,
//! whole or resumed. There is no TLS, which rustls brings, and rustls takes std.

use core::net::IpAddr;
use core::task::Poll;
use core::time::Duration;

use ftp_proto::driver::Payload;
use ftp_proto::{
    Action, Config, Control, DataId, Direction, End, Error, Failure, Instant, Link, Operation,
    Report, Session, State,
};

use crate::chip::{Network, Socket, Storage};

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
    /// Of the listener.
    port: u16,
    /// Somebody was asked for already.
    called: bool,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Idle,
    Dialling,
    Accepting,
    Moving(Payload),
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
        storage: &mut impl Storage,
        operation: &mut O,
    ) -> Poll<Result<O::Output, Error>> {
        // What has arrived comes first: it cannot answer what is written below, nor be late for a
        // timer.
        self.read_control(network);
        self.attend_data(network, storage);
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
                self.open(data, Stage::Dialling, 0);
                if let Err(failure) = network.dial(Socket::Data, target.at(self.host)) {
                    self.data_failed(data, failure, network);
                }
            }
            Action::Listen { data } => match network.listen(Socket::Data, 0) {
                Ok(local) => {
                    self.open(data, Stage::Idle, local.port());
                    self.session.report(Report::Listening { data, local });
                }
                Err(failure) => self.data_failed(data, failure, network),
            },
            Action::Accept { data } => {
                if let Err(failure) = self.accept(data, network) {
                    self.data_failed(data, failure, network);
                }
            }
            Action::Move { data, flow } => {
                let payload = Payload::new(data, flow);
                self.open(data, Stage::Moving(payload), 0);
            }
            Action::Discard { data } => self.discard(data, network),
            Action::Close => self.close_control(network),
            // The operation is polled after every action anyway.
            Action::Poll => {}
            // Of TLS, which nobody begins here.
            Action::Secure { .. } | Action::Unsecure | Action::Finish { .. } => {}
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

    fn open(&mut self, id: DataId, stage: Stage, port: u16) {
        let called = false;
        self.data = Some(Data {
            id,
            stage,
            port,
            called,
        });
    }

    /// Once more, if the caller was a stranger.
    fn accept(&mut self, id: DataId, network: &mut impl Network) -> Result<(), Failure> {
        if let Some(data) = self.data.as_mut().filter(|data| data.id == id) {
            if core::mem::replace(&mut data.called, true) {
                network.close(Socket::Data);
                network.listen(Socket::Data, data.port)?;
            }
            data.stage = Stage::Accepting;
        }
        Ok(())
    }

    fn attend_data(&mut self, network: &mut impl Network, storage: &mut impl Storage) {
        let Some(data) = &mut self.data else { return };
        let id = data.id;
        match data.step(network, storage) {
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
    /// Goes on as far as it can. That something takes long is no failure: the machine has limits.
    fn step(
        &mut self,
        network: &mut impl Network,
        storage: &mut impl Storage,
    ) -> Result<Option<Report>, Failure> {
        let data = self.id;
        let report = match &mut self.stage {
            Stage::Idle => None,
            Stage::Dialling => {
                let connected = network.is_connected(Socket::Data)?;
                connected.then_some(Report::Connected { data })
            }
            Stage::Accepting => {
                let caller = network.caller(Socket::Data)?;
                caller.map(|peer| Report::Accepted { data, peer })
            }
            Stage::Moving(payload) => {
                return match payload.flow().direction {
                    Direction::Receive => receive(payload, network, storage),
                    Direction::Send => send(payload, network, storage),
                };
            }
        };
        if report.is_some() {
            self.stage = Stage::Idle;
        }
        Ok(report)
    }
}

/// Hands one piece of payload on. What there is no room for stays in the socket, where it makes the
/// server wait. The server is not to blame for the time that the storage takes: it is `Held`.
fn receive(
    payload: &mut Payload,
    network: &mut impl Network,
    storage: &mut impl Storage,
) -> Result<Option<Report>, Failure> {
    let mut buffer = [0; 512];
    let room = payload.room(storage.room().min(buffer.len()));
    if let Some(held) = payload.hold(room == 0) {
        return Ok(Some(held));
    }
    let room = buffer.get_mut(..room).unwrap_or_default();
    if room.is_empty() {
        return Ok(None);
    }
    let Some(count) = network.read(Socket::Data, room)? else {
        return Ok(None);
    };
    if count == 0 {
        network.close(Socket::Data); // and then reported: ProFTPD's 226 waits for it
        return Ok(Some(payload.ended(End::Clean)));
    }
    let report = payload.received(count);
    match report {
        Report::Moved { .. } => storage.take(room.get(..count).unwrap_or_default()),
        _ => network.reset(Socket::Data), // there is more than is wanted
    }
    Ok(Some(report))
}

/// Sends one piece of payload.
fn send(
    payload: &mut Payload,
    network: &mut impl Network,
    storage: &mut impl Storage,
) -> Result<Option<Report>, Failure> {
    let next = storage.next();
    if let Some(held) = payload.hold(next.is_none()) {
        return Ok(Some(held));
    }
    let Some(bytes) = next else { return Ok(None) };
    if bytes.is_empty() {
        network.close(Socket::Data);
        return Ok(Some(payload.ended(End::Clean)));
    }
    let count = network.write(Socket::Data, bytes)?;
    storage.sent(count);
    Ok((count > 0).then(|| payload.sent(count)))
}
