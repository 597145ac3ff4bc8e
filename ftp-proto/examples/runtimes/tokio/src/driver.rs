//! What `manual/driving.md` asks of a driver, on tokio: everything but TLS and uploads.

use std::future::pending;
use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;

use ftp_proto::{
    Action, Config, Control, DataId, Error, Instant, Link, Operation, Report, Session, State, Target,
};
use socket2::SockRef;
use tokio::io::{AsyncWrite, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant as Clock, sleep_until};

use crate::data::Data;

/// A session and its sockets.
pub struct Driver {
    session: Session,
    control: Option<TcpStream>,
    host: IpAddr,
    local: IpAddr,
    data: Option<Data>,
    epoch: Clock,
}

impl Driver {
    pub async fn connect(address: &str, config: Config) -> io::Result<Self> {
        let control = TcpStream::connect(address).await?;
        let (host, local) = (control.peer_addr()?.ip(), control.local_addr()?.ip());
        let session = Session::new(config, Control::new(host, local));
        Ok(Self { session, control: Some(control), host, local, data: None, epoch: Clock::now() })
    }

    /// Runs an operation; what is received goes to the sink.
    ///
    /// May be dropped and called again with the same operation: the only await is the one for an
    /// event, and none is lost there. Bytes stay in the machine until the kernel has taken them,
    /// and `transmitted` says how many.
    pub async fn run<O: Operation>(
        &mut self,
        operation: &mut O,
        sink: &mut (impl AsyncWrite + Unpin),
    ) -> Result<O::Output, Error> {
        loop {
            // What has arrived comes first: it cannot answer what is written below, nor be late for
            // a timer.
            self.read_control();
            let outcome = operation.poll(&mut self.session);
            // What was written may have begun a wait, so nobody sleeps before the machine was asked
            // once more.
            let changed = self.act() | self.write_control();
            if let Poll::Ready(result) = outcome {
                return result;
            }
            if !changed {
                self.wait(sink).await;
            }
        }
    }

    async fn wait(&mut self, sink: &mut (impl AsyncWrite + Unpin)) {
        let deadline = self.session.deadline().map(|it| it.at.since_epoch());
        tokio::select! {
            () = ready(&self.control, Interest::READABLE) => {}
            () = ready(&self.control, Interest::WRITABLE), if !self.session.transmit().is_empty() => {}
            report = data_event(&mut self.data, sink) => self.session.report(report),
            // No failure: the machine knows what it means when it is asked with the new time.
            () = sleep_until(self.epoch + deadline.unwrap_or_default()), if deadline.is_some() => {}
        }
    }

    /// Performs what the machine has to do; whether there was anything.
    fn act(&mut self) -> bool {
        let mut acted = false;
        while let Some(action) = self.session.poll_action(Instant::from_epoch(self.epoch.elapsed())) {
            self.perform(action);
            acted = true;
        }
        acted
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect { data, target } => {
                let to = match target {
                    Target::ControlHost { port } => SocketAddr::new(self.host, port),
                    Target::Address(address) => address,
                };
                self.data = Some(Data::dial(data, to));
            }
            Action::Listen { data } => self.listen(data),
            Action::Accept { data } => self.with(data, Data::accept),
            Action::Move { data, flow } => self.with(data, |data| data.start(flow)),
            Action::Discard { data } => {
                self.with(data, Data::reset);
                self.data.take_if(|it| it.id == data);
            }
            // The operation is polled after every action anyway.
            Action::Poll => {}
            Action::Close => self.control = None,
            // Of TLS and of uploads, which nobody begins here.
            Action::Secure { .. } | Action::Unsecure | Action::Finish { .. } => {}
        }
    }

    fn listen(&mut self, data: DataId) {
        let report = match Data::listen(data, self.local) {
            Ok((listening, local)) => {
                self.data = Some(listening);
                Report::Listening { data, local }
            }
            Err(error) => Report::Failed { link: Link::Data(data), failure: error.kind().into() },
        };
        self.session.report(report);
    }

    fn with(&mut self, data: DataId, change: impl FnOnce(&mut Data)) {
        if let Some(data) = self.data.as_mut().filter(|it| it.id == data) {
            change(data);
        }
    }

    /// Reads until there is nothing more. A session that is over does not listen any more.
    fn read_control(&mut self) {
        let mut buffer = [0; 4096];
        while !matches!(self.session.state(), State::Dead(_)) {
            let Some(control) = &self.control else { return };
            match read_now(control, &mut buffer) {
                Ok(0) => {
                    self.control = None;
                    self.session.receive_eof();
                }
                Ok(count) => self.session.receive(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => self.control_failed(error),
            }
        }
    }

    /// Writes what can be written; whether anything changed.
    fn write_control(&mut self) -> bool {
        let Some(control) = self.control.as_ref().filter(|_| !self.session.transmit().is_empty()) else {
            return false;
        };
        match control.try_write(self.session.transmit()) {
            Ok(count) => self.session.transmitted(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            Err(error) => {
                self.read_control(); // the server may have said why it went
                self.control_failed(error);
            }
        }
        true
    }

    fn control_failed(&mut self, error: io::Error) {
        if self.control.take().is_some() {
            self.session.report(Report::Failed { link: Link::Control, failure: error.kind().into() });
        }
    }
}

/// Completes when it is worth a try. An error counts: the try will find it.
async fn ready(control: &Option<TcpStream>, interest: Interest) {
    match control {
        Some(control) => drop(control.ready(interest).await),
        None => pending().await,
    }
}

async fn data_event(data: &mut Option<Data>, sink: &mut (impl AsyncWrite + Unpin)) -> Report {
    match data {
        Some(data) => data.event(sink).await,
        None => pending().await,
    }
}

/// tokio says "would block" without a look at a socket that its reactor has not reported yet. The
/// machine has to know what is in the kernel, so the socket itself is asked then.
fn read_now(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    match stream.try_read(buffer) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => (&*SockRef::from(stream)).read(buffer),
        outcome => outcome,
    }
}
