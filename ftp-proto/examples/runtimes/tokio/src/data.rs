//! A data connection: how it is opened either way, and how payload comes in.

use std::future::pending;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use ftp_proto::{DataId, End, Failure, Flow, Link, Report};
use socket2::SockRef;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

pub struct Data {
    pub id: DataId,
    stage: Stage,
    /// Stays until payload may move: the machine may turn a caller away.
    listener: Option<TcpListener>,
    stream: Option<TcpStream>,
    bytes: u64,
    /// Was received, and waits for the sink to take it.
    chunk: Vec<u8>,
    held: bool,
}

enum Stage {
    /// It is for the machine to say what comes next.
    Idle,
    /// Kept here and not in the `select!`, which would begin to dial again each time.
    Dialling(Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>),
    Accepting,
    Moving(Flow),
}

impl Data {
    fn new(id: DataId, stage: Stage, listener: Option<TcpListener>) -> Self {
        Self { id, stage, listener, stream: None, bytes: 0, chunk: Vec::new(), held: false }
    }

    pub fn dial(id: DataId, to: SocketAddr) -> Self {
        Self::new(id, Stage::Dialling(Box::pin(TcpStream::connect(to))), None)
    }

    pub fn listen(id: DataId, local: IpAddr) -> io::Result<(Self, SocketAddr)> {
        let socket = if local.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.bind(SocketAddr::new(local, 0))?;
        let listener = socket.listen(1)?;
        let local = listener.local_addr()?;
        Ok((Self::new(id, Stage::Idle, Some(listener)), local))
    }

    /// Asked again, it was a stranger who had called.
    pub fn accept(&mut self) {
        self.stream = None;
        self.stage = Stage::Accepting;
    }

    pub fn start(&mut self, flow: Flow) {
        self.listener = None;
        self.stage = Stage::Moving(flow);
    }

    /// With linger 0, so that the server learns that nobody listens.
    pub fn reset(&mut self) {
        self.stage = Stage::Idle;
        if let Some(stream) = self.stream.take() {
            // A socket that takes no options is broken already.
            let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
    }

    /// The next thing to report. May be dropped at any await: what follows one is done before the
    /// next.
    pub async fn event(&mut self, sink: &mut (impl AsyncWrite + Unpin)) -> Report {
        let outcome = match &mut self.stage {
            Stage::Idle => pending().await,
            Stage::Dialling(dial) => dial.await.map_err(failure).map(|stream| self.connected(stream)),
            Stage::Accepting => self.accepted().await.map_err(failure),
            Stage::Moving(_) if self.chunk.is_empty() => self.received().await.map_err(failure),
            // The server is not to blame for the time that the sink takes.
            Stage::Moving(_) if !self.held => Ok(self.hold(true)),
            Stage::Moving(_) => self.taken(sink).await,
        };
        outcome.unwrap_or_else(|failure| {
            self.reset(); // the socket is gone before the machine hears of it
            Report::Failed { link: Link::Data(self.id), failure }
        })
    }

    fn connected(&mut self, stream: TcpStream) -> Report {
        self.stage = Stage::Idle;
        self.stream = Some(stream);
        Report::Connected { data: self.id }
    }

    async fn accepted(&mut self) -> io::Result<Report> {
        let Some(listener) = &self.listener else { return pending().await };
        let (stream, peer) = listener.accept().await?;
        self.stage = Stage::Idle;
        self.stream = Some(stream);
        Ok(Report::Accepted { data: self.id, peer: peer.ip() })
    }

    async fn received(&mut self) -> io::Result<Report> {
        let (Stage::Moving(flow), Some(stream)) = (&self.stage, &self.stream) else { return pending().await };
        let mut buffer = [0; 16 * 1024];
        let left = flow.limit.map(|limit| limit.saturating_sub(self.bytes));
        // At the limit one byte is read that nobody gets: it tells whether there was more.
        let room = left.map_or(buffer.len(), |left| buffer.len().min(left.max(1) as usize));
        let count = read(stream, &mut buffer[..room]).await?;
        if count == 0 {
            self.stage = Stage::Idle;
            self.stream = None; // closed first, then reported: ProFTPD's 226 waits for it
            return Ok(Report::Finished { data: self.id, end: End::Clean });
        }
        if left == Some(0) {
            self.reset();
            return Ok(Report::Finished { data: self.id, end: End::Limit });
        }
        self.bytes += count as u64;
        self.chunk.extend_from_slice(&buffer[..count]);
        Ok(Report::Moved { data: self.id, bytes: count as u64 })
    }

    async fn taken(&mut self, sink: &mut (impl AsyncWrite + Unpin)) -> Result<Report, Failure> {
        // Not `write_all`: dropped halfway, it does not tell how far it came.
        while !self.chunk.is_empty() {
            match sink.write(&self.chunk).await {
                Ok(0) | Err(_) => return Err(Failure::Local),
                Ok(count) => drop(self.chunk.drain(..count)),
            }
        }
        Ok(self.hold(false))
    }

    fn hold(&mut self, held: bool) -> Report {
        self.held = held;
        Report::Held { data: self.id, held }
    }
}

async fn read(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        stream.readable().await?;
        match stream.try_read(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            outcome => return outcome,
        }
    }
}

fn failure(error: io::Error) -> Failure {
    error.kind().into()
}
