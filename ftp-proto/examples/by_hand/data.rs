//! One data connection: how it is opened, secured, and moves payload.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

use ftp_proto::driver::{Close, DataConnection, Input, Stage};
use ftp_proto::tls::Layer;
use ftp_proto::{Action, DataId, Report};
use socket2::{Domain, Socket, Type};

use crate::stream::{Stream, now};

const BLOCK_BYTES: usize = 64 * 1024;

pub(crate) struct Data {
    pub(crate) connection: DataConnection,
    /// std can only wait for this, so a thread does.
    dialled: Option<Receiver<io::Result<Stream>>>,
    /// Stays until payload may move: the machine may turn a caller away.
    listener: Option<TcpListener>,
    stream: Option<Stream>,
    /// To be sent: what the application gave and the socket has not taken.
    waiting: Vec<u8>,
}

/// What became of one look at a connection.
pub(crate) enum Step {
    Report(Report),
    /// The report of payload, the payload, and whether nobody asked for it.
    Received(Report, Vec<u8>, bool),
    /// The application is to give payload.
    Wanted,
}

impl Data {
    fn new(data: DataId) -> Self {
        Self {
            connection: DataConnection::new(data),
            dialled: None,
            listener: None,
            stream: None,
            waiting: Vec::new(),
        }
    }

    // -- what the machine asks for ----------------------------------------------------------------

    pub(crate) fn dial(data: DataId, to: SocketAddr) -> Self {
        let (done, dialled) = mpsc::channel();
        thread::spawn(move || {
            let outcome = TcpStream::connect(to).and_then(Stream::for_data);
            drop(done.send(outcome)); // nobody is there any more if it was discarded meanwhile
        });
        Self {
            dialled: Some(dialled),
            ..Self::new(data)
        }
    }

    /// Listens, with a backlog of one, which std cannot ask for.
    pub(crate) fn listen(data: DataId, local: IpAddr) -> io::Result<(Self, Report)> {
        let address = SocketAddr::new(local, 0);
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.bind(&address.into())?;
        socket.listen(1)?;
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from(socket);
        let local = listener.local_addr()?;
        let listening = Self {
            listener: Some(listener),
            ..Self::new(data)
        };
        Ok((listening, Report::Listening { data, local }))
    }

    pub(crate) fn set_tls(&mut self, layer: Layer) {
        if let Some(stream) = &mut self.stream {
            stream.set_tls(layer);
        }
    }

    pub(crate) fn begin(&mut self, action: Action) -> Option<Report> {
        match action {
            Action::Accept { .. } => self.close(Close::Orderly), // a stranger
            Action::Move { .. } => self.listener = None,
            Action::Discard { .. } => self.close(Close::Reset),
            _ => {}
        }
        self.connection.begin(action)
    }

    pub(crate) fn close(&mut self, how: Close) {
        match (how, self.stream.take()) {
            (Close::Orderly, Some(stream)) => stream.close(),
            (Close::Reset, Some(stream)) => stream.reset(),
            (_, None) => {}
        }
    }

    // -- what the application does ----------------------------------------------------------------

    /// The application gave this to be sent; nothing is its end.
    pub(crate) fn give(&mut self, bytes: Vec<u8>) -> Option<Report> {
        self.waiting = bytes;
        match self.waiting.is_empty() {
            true => self.connection.finish(),
            false => self.connection.hold(false),
        }
    }

    // -- what happens -----------------------------------------------------------------------------

    /// Goes on as far as it can without waiting.
    pub(crate) fn step(&mut self) -> Option<Step> {
        self.try_step().unwrap_or_else(|error| {
            let report = self.connection.failed(error.kind().into());
            report.map(Step::Report)
        })
    }

    fn try_step(&mut self) -> io::Result<Option<Step>> {
        let report = match (self.connection.stage(), &mut self.stream) {
            (Stage::Connecting, _) => match self.dialled.as_ref().map(Receiver::try_recv) {
                Some(Ok(outcome)) => {
                    self.stream = Some(outcome?);
                    self.connection.done()
                }
                Some(Err(TryRecvError::Disconnected)) => return Err(io::Error::other("no thread")),
                _ => None,
            },
            (Stage::Accepting, _) => match self.listener.as_ref().map(TcpListener::accept) {
                Some(outcome) => match now(outcome)? {
                    Some((socket, peer)) => {
                        self.stream = Some(Stream::for_data(socket)?);
                        self.connection.accepted(peer.ip())
                    }
                    None => None,
                },
                None => None,
            },
            (Stage::Receiving, Some(_)) => return self.receive(),
            (Stage::Sending, Some(_)) if self.waiting.is_empty() => return Ok(Some(Step::Wanted)),
            (Stage::Sending, Some(stream)) => match stream.write(&self.waiting)? {
                Some(count) => {
                    self.waiting.drain(..count);
                    self.connection.sent(count)
                }
                None => None,
            },
            (stage, Some(stream)) => {
                let done = match stage {
                    Stage::Securing => stream.handshake()?,
                    Stage::Ending => stream.finish()?,
                    Stage::AwaitingEnd => stream.await_end(),
                    _ => false,
                };
                if done { self.connection.done() } else { None }
            }
            _ => None,
        };
        Ok(report.map(Step::Report))
    }

    fn receive(&mut self) -> io::Result<Option<Step>> {
        let (Some(payload), Some(stream)) = (self.connection.payload(), &mut self.stream) else {
            return Ok(None);
        };
        let discard = payload.flow().discard;
        let mut block = vec![0; payload.room(BLOCK_BYTES)];
        let report = match stream.read(&mut block)? {
            None => None,
            Some(Input::End(end)) => self.connection.ended(end),
            Some(Input::Bytes(count)) => {
                block.truncate(count);
                self.connection.received(count)
            }
        };
        Ok(report.map(|report| match report {
            Report::Moved { .. } => Step::Received(report, block, discard),
            ended => Step::Report(ended),
        }))
    }
}
