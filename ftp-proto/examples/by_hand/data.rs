//! One data connection: how it is opened, secured, and moves payload.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

use ftp_proto::driver::{Input, Payload};
use ftp_proto::tls::Layer;
use ftp_proto::{DataId, Direction, End, Failure, Flow, Link, Report};
use socket2::{Domain, Socket, Type};

use crate::stream::{Stream, now};

const BLOCK_BYTES: usize = 64 * 1024;

pub(crate) struct Data {
    id: DataId,
    stage: Stage,
    /// Stays until payload may move: the machine may turn a caller away.
    listener: Option<TcpListener>,
    stream: Option<Stream>,
    /// To be sent: what the application gave and the socket has not taken.
    waiting: Vec<u8>,
}

enum Stage {
    /// It is for the machine to say what comes next.
    Idle,
    /// std can only wait for this, so a thread does.
    Dialling(Receiver<io::Result<Stream>>),
    Accepting,
    Securing,
    Receiving(Payload),
    Sending,
    /// The application has no more to send.
    Ending,
    /// The peer's end of TLS.
    AwaitingEnd,
}

/// What became of one look at a connection.
pub(crate) enum Step {
    /// Nothing.
    None,
    Report(Report),
    /// Payload, and whether nobody asked for it.
    Received(Vec<u8>, bool),
    /// The application is to give payload.
    Wanted,
}

impl Data {
    fn new(id: DataId, stage: Stage, listener: Option<TcpListener>) -> Self {
        Self {
            id,
            stage,
            listener,
            stream: None,
            waiting: Vec::new(),
        }
    }

    // -- what the machine asks for ----------------------------------------------------------------

    pub(crate) fn dial(id: DataId, to: SocketAddr) -> Self {
        let (done, dialled) = mpsc::channel();
        thread::spawn(move || {
            let outcome = TcpStream::connect(to).and_then(Stream::for_data);
            drop(done.send(outcome)); // nobody is there any more if it was discarded meanwhile
        });
        Self::new(id, Stage::Dialling(dialled), None)
    }

    /// Listens, with a backlog of one, which std cannot ask for.
    pub(crate) fn listen(id: DataId, local: IpAddr) -> io::Result<(Self, Report)> {
        let address = SocketAddr::new(local, 0);
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.bind(&address.into())?;
        socket.listen(1)?;
        socket.set_nonblocking(true)?;
        let listener = TcpListener::from(socket);
        let local = listener.local_addr()?;
        let data = Self::new(id, Stage::Idle, Some(listener));
        Ok((data, Report::Listening { data: id, local }))
    }

    pub(crate) fn accept(&mut self) {
        if let Some(stranger) = self.stream.take() {
            stranger.close();
        }
        self.stage = Stage::Accepting;
    }

    pub(crate) fn secure(&mut self, layer: Layer) {
        self.stage = Stage::Securing;
        if let Some(stream) = &mut self.stream {
            stream.set_tls(layer);
        }
    }

    pub(crate) fn start(&mut self, flow: Flow) {
        self.listener = None;
        self.stage = match flow.direction {
            Direction::Receive => Stage::Receiving(Payload::new(self.id, flow)),
            Direction::Send => Stage::Sending,
        };
    }

    /// Waits for nothing any more.
    pub(crate) fn finish(&mut self) -> Report {
        self.finished(End::Clean)
    }

    pub(crate) fn reset(&mut self) {
        if let Some(stream) = self.stream.take() {
            stream.reset();
        }
        self.stage = Stage::Idle;
    }

    // -- what the application does ----------------------------------------------------------------

    /// The application gave this to be sent; nothing is its end.
    pub(crate) fn give(&mut self, bytes: Vec<u8>) {
        if bytes.is_empty() {
            self.stage = Stage::Ending;
        }
        self.waiting = bytes;
    }

    /// The operation is over: nobody takes or gives payload any more.
    pub(crate) fn halt(&mut self) {
        if matches!(self.stage, Stage::Receiving(_) | Stage::Sending) {
            self.stage = Stage::Idle;
        }
    }

    // -- what happens -----------------------------------------------------------------------------

    /// Goes on as far as it can without waiting.
    pub(crate) fn step(&mut self) -> Step {
        self.try_step().unwrap_or_else(|error| {
            let failure = Failure::from(error.kind());
            Step::Report(self.failed(failure))
        })
    }

    /// The connection is closed, and this is to be reported.
    pub(crate) fn failed(&mut self, failure: Failure) -> Report {
        self.reset();
        let link = Link::Data(self.id);
        Report::Failed { link, failure }
    }

    fn try_step(&mut self) -> io::Result<Step> {
        let (data, link) = (self.id, Link::Data(self.id));
        let report = match self.stage {
            Stage::Dialling(ref dialled) => match dialled.try_recv() {
                Ok(outcome) => self.connected(outcome?, Report::Connected { data }),
                Err(TryRecvError::Empty) => return Ok(Step::None),
                Err(TryRecvError::Disconnected) => return Err(io::Error::other("no thread")),
            },
            Stage::Accepting => match self.listener.as_ref().map(TcpListener::accept) {
                Some(outcome) => match now(outcome)? {
                    Some((socket, peer)) => {
                        let (stream, peer) = (Stream::for_data(socket)?, peer.ip());
                        self.connected(stream, Report::Accepted { data, peer })
                    }
                    None => return Ok(Step::None),
                },
                None => return Ok(Step::None),
            },
            Stage::Receiving(payload) => return self.receive(payload),
            _ => {
                let Some(stream) = &mut self.stream else {
                    return Ok(Step::None);
                };
                match self.stage {
                    Stage::Securing if stream.handshake()? => {
                        self.stage = Stage::Idle;
                        Report::Secured { link }
                    }
                    Stage::Sending if self.waiting.is_empty() => return Ok(Step::Wanted),
                    Stage::Sending => match stream.write(&self.waiting)? {
                        Some(count) => {
                            self.waiting.drain(..count);
                            let bytes = count as u64;
                            Report::Moved { data, bytes }
                        }
                        None => return Ok(Step::None),
                    },
                    Stage::Ending if !stream.is_secured() => self.finished(End::Clean),
                    Stage::Ending if stream.finish()? => {
                        self.stage = Stage::AwaitingEnd;
                        Report::Closing { data }
                    }
                    Stage::AwaitingEnd if stream.await_end() => self.finished(End::Clean),
                    _ => return Ok(Step::None),
                }
            }
        };
        Ok(Step::Report(report))
    }

    fn connected(&mut self, stream: Stream, report: Report) -> Report {
        self.stage = Stage::Idle;
        self.stream = Some(stream);
        report
    }

    fn receive(&mut self, mut payload: Payload) -> io::Result<Step> {
        let Some(stream) = &mut self.stream else {
            return Ok(Step::None);
        };
        let mut block = vec![0; payload.room(BLOCK_BYTES)];
        Ok(match stream.read(&mut block)? {
            None => Step::None,
            Some(Input::End(end)) => Step::Report(self.finished(end)),
            Some(Input::Bytes(count)) => match payload.received(count) {
                Report::Moved { .. } => {
                    block.truncate(count);
                    self.stage = Stage::Receiving(payload);
                    Step::Received(block, payload.flow().discard)
                }
                limit => {
                    self.reset();
                    Step::Report(limit)
                }
            },
        })
    }

    /// The socket is closed first, and then reported.
    fn finished(&mut self, end: End) -> Report {
        if let Some(stream) = self.stream.take() {
            stream.close();
        }
        self.stage = Stage::Idle;
        let data = self.id;
        Report::Finished { data, end }
    }
}
