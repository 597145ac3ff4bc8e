//! A session in the frames of a game, on std's sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_proto::driver::{Connection, Input, Network, Polled, Storage};
use ftp_proto::tls::{Context, Secured};
use ftp_proto::{Config, End, Error, Failure, Operation};
use socket2::{Domain, Socket, Type};

/// How many pieces of payload one frame moves at most. The storage's room is the size of a piece.
const TURNS_MAX: usize = 16;

/// A session.
pub struct Game {
    pub client: Polled<Secured<Sockets>>,
}

impl Game {
    /// On a connection that is open; the TLS context belongs to it. The first operation is `Greet`.
    pub fn new(control: TcpStream, tls: Option<Context>, config: Config) -> io::Result<Self> {
        let (host, local) = (control.peer_addr()?.ip(), control.local_addr()?.ip());
        let network = Secured::new(Sockets::new(control)?, tls);
        Ok(Self { client: Polled::new(network, config, host, local) })
    }

    /// Does what can be done in one frame, and waits for nothing. To be called in each frame with
    /// the same operation, until that is over or cancelled (`client.cancel()`).
    pub fn frame<O: Operation>(
        &mut self,
        storage: &mut impl Storage,
        operation: &mut O,
    ) -> Poll<Result<O::Output, Error>> {
        for _ in 0..TURNS_MAX {
            let outcome = self.client.turn(storage, operation);
            if outcome.is_ready() || self.client.deadline() != Some(Duration::ZERO) {
                return outcome;
            }
        }
        Poll::Pending
    }
}

/// Sockets that never wait.
pub struct Sockets {
    started: Instant,
    local: IpAddr,
    control: Option<Socket>,
    data: Option<Socket>,
    listener: Option<Socket>,
}

impl Sockets {
    /// With an open control connection.
    pub fn new(control: TcpStream) -> io::Result<Self> {
        control.set_nonblocking(true)?;
        let (started, local) = (Instant::now(), control.local_addr()?.ip());
        Ok(Self { started, local, control: Some(control.into()), data: None, listener: None })
    }

    fn slot(&mut self, connection: Connection) -> &mut Option<Socket> {
        match connection {
            Connection::Control => &mut self.control,
            Connection::Data => &mut self.data,
        }
    }

    fn socket(&mut self, connection: Connection) -> io::Result<&mut Socket> {
        self.slot(connection).as_mut().ok_or_else(|| ErrorKind::NotConnected.into())
    }

    fn open(&mut self, at: SocketAddr) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(at), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    /// Dropping it resets it: only what was closed can pass for a whole file.
    fn keep(&mut self, data: Socket) -> io::Result<()> {
        data.set_nonblocking(true)?;
        data.set_linger(Some(Duration::ZERO))?;
        self.data = Some(data);
        Ok(())
    }

    fn try_listen(&mut self) -> io::Result<SocketAddr> {
        let local = SocketAddr::new(self.local, 0);
        let socket = self.open(local)?;
        socket.bind(&local.into())?;
        socket.listen(1)?;
        let bound = socket.local_addr()?.as_socket();
        self.listener = Some(socket);
        bound.ok_or_else(|| ErrorKind::Unsupported.into())
    }

    fn try_accept(&mut self) -> io::Result<Option<IpAddr>> {
        let accepted = self.listener.as_ref().map_or(Ok(None), |socket| now(socket.accept()));
        let Some((socket, peer)) = accepted? else { return Ok(None) };
        self.keep(socket)?;
        Ok(peer.as_socket().map(|peer| peer.ip()))
    }
}

impl Network for Sockets {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn dial(&mut self, to: SocketAddr) -> Result<(), Failure> {
        let socket = self.open(to).map_err(failure)?;
        // What is wrong with it shows in `is_connected`.
        let _ = socket.connect(&to.into());
        self.keep(socket).map_err(failure)
    }

    fn is_connected(&mut self) -> Result<bool, Failure> {
        let socket = self.socket(Connection::Data).map_err(failure)?;
        match socket.take_error().map_err(failure)? {
            Some(error) => Err(failure(error)),
            None => Ok(socket.peer_addr().is_ok()),
        }
    }

    fn listen(&mut self) -> Result<SocketAddr, Failure> {
        self.try_listen().map_err(failure)
    }

    fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
        self.try_accept().map_err(failure)
    }

    fn stop_listening(&mut self) {
        self.listener = None;
    }

    fn read(&mut self, from: Connection, buffer: &mut [u8]) -> Result<Option<Input>, Failure> {
        let read = self.socket(from).and_then(|socket| now(socket.read(buffer)));
        Ok(read.map_err(failure)?.map(|count| match count {
            0 => Input::End(End::Clean),
            count => Input::Bytes(count),
        }))
    }

    fn write(&mut self, to: Connection, bytes: &[u8]) -> Result<usize, Failure> {
        let written = self.socket(to).and_then(|socket| now(socket.write(bytes)));
        Ok(written.map_err(failure)?.unwrap_or_default())
    }

    fn shut_down(&mut self) -> Result<(), Failure> {
        let socket = self.socket(Connection::Data).map_err(failure)?;
        socket.shutdown(Shutdown::Write).map_err(failure)
    }

    fn close(&mut self, connection: Connection) {
        if let Some(socket) = self.slot(connection).take() {
            let _ = socket.set_linger(None); // if this fails, the connection is broken
        }
    }

    fn reset(&mut self, connection: Connection) {
        *self.slot(connection) = None;
        self.stop_listening();
    }
}

fn now<T>(outcome: io::Result<T>) -> io::Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn failure(error: io::Error) -> Failure {
    error.kind().into()
}
