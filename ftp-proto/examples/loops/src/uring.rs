//! A session on the completions of io_uring.

mod ring;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use ftp_proto::driver::{Connection, Input, Network, Polled};
use ftp_proto::tls::{Context, Secured};
use ftp_proto::{Config, End, Failure};
use socket2::{Domain, Socket, Type};

use ring::{Done, Key, Ring, Work};

/// How much one send takes.
const SENT_MAX: usize = 64 * 1024;

/// Whether this kernel lets us have a ring, which a filter of system calls may forbid.
///
/// # Errors
/// Why not.
pub fn is_there() -> io::Result<()> {
    Ring::new().map(drop)
}

/// A session on a connection that is open; the TLS context belongs to it. The first operation is
/// `Greet`. [`Polled::run`] waits by [`Sockets::wait`].
///
/// # Errors
/// Of the operating system, which may have no io_uring, or forbid it.
pub fn session(
    control: TcpStream,
    tls: Option<Context>,
    config: Config,
) -> io::Result<Polled<Secured<Sockets>>> {
    let (host, local) = (control.peer_addr()?.ip(), control.local_addr()?.ip());
    let (ring, started) = (Ring::new()?, Instant::now());
    let control = Some(Side::new(control.into()));
    let sockets = Sockets { ring, started, local, control, data: None, listener: None };
    Ok(Polled::new(Secured::new(sockets, tls), config, host, local))
}

/// Sockets whose work is done by a ring.
pub struct Sockets {
    ring: Ring,
    started: Instant,
    local: IpAddr,
    control: Option<Side>,
    data: Option<Side>,
    listener: Option<Side>,
}

/// One socket, with at most one receive (or accept) and one send (or connect) under way.
struct Side {
    socket: Rc<Socket>,
    receiving: Option<Key>,
    sending: Option<Key>,
    /// What a receive has brought, read up to there.
    received: Vec<u8>,
    read: usize,
}

impl Side {
    fn new(socket: Socket) -> Self {
        let (socket, received) = (Rc::new(socket), Vec::new());
        Self { socket, receiving: None, sending: None, received, read: 0 }
    }

    /// Goes on with what the socket receives, or begins that.
    fn receive(
        &mut self,
        ring: &mut Ring,
        work: impl FnOnce() -> Work,
    ) -> io::Result<Option<Done>> {
        if self.receiving.is_none() {
            self.receiving = Some(ring.submit(&self.socket, work())?);
        }
        ring.take(&mut self.receiving)
    }

    /// Hands out what has come. The next receive begins when all of it is read.
    fn read(&mut self, ring: &mut Ring, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        if self.read == self.received.len() {
            let work = || Work::Receive(vec![0; buffer.len()]);
            let Some(done) = self.receive(ring, work)? else { return Ok(None) };
            (self.received, self.read) = (done.received, 0);
        }
        let rest = &self.received[self.read..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        Ok(Some(count))
    }

    /// Sends a copy: what is lent may have moved when it is sent.
    fn write(&mut self, ring: &mut Ring, bytes: &[u8]) -> io::Result<usize> {
        if self.sending.is_none() {
            let bytes = bytes.get(..SENT_MAX).unwrap_or(bytes);
            self.sending = Some(ring.submit(&self.socket, Work::Send(bytes.to_vec()))?);
        }
        Ok(ring.take(&mut self.sending)?.map_or(0, |done| done.count))
    }
}

impl Sockets {
    /// Waits until a completion comes, or until the session's deadline.
    pub fn wait(&mut self, deadline: Option<Duration>) -> io::Result<()> {
        let now = self.now();
        self.ring.wait(deadline.map(|deadline| deadline.saturating_sub(now)))
    }

    fn slot(&mut self, connection: Connection) -> (&mut Ring, &mut Option<Side>) {
        match connection {
            Connection::Control => (&mut self.ring, &mut self.control),
            Connection::Data => (&mut self.ring, &mut self.data),
        }
    }

    fn on<T>(
        &mut self,
        connection: Connection,
        act: impl FnOnce(&mut Side, &mut Ring) -> io::Result<T>,
    ) -> Result<T, Failure> {
        let (ring, side) = self.slot(connection);
        let side = side.as_mut().ok_or(Failure::Local)?;
        act(side, ring).map_err(failure)
    }

    /// Dropping it resets it: only what was closed can pass for a whole file.
    fn keep(&mut self, data: Socket) -> io::Result<&mut Side> {
        data.set_linger(Some(Duration::ZERO))?;
        Ok(self.data.insert(Side::new(data)))
    }

    fn try_dial(&mut self, to: SocketAddr) -> io::Result<()> {
        let data = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        let socket = Rc::clone(&self.keep(data)?.socket);
        let connecting = self.ring.submit(&socket, Work::Connect(Rc::new(to.into())))?;
        self.data.iter_mut().for_each(|data| data.sending = Some(connecting));
        Ok(())
    }

    fn try_listen(&mut self) -> io::Result<SocketAddr> {
        let local = SocketAddr::new(self.local, 0);
        let socket = Socket::new(Domain::for_address(local), Type::STREAM, None)?;
        socket.bind(&local.into())?;
        socket.listen(1)?;
        let bound = socket.local_addr()?.as_socket();
        self.listener = Some(Side::new(socket));
        bound.ok_or_else(|| ErrorKind::Unsupported.into())
    }

    fn try_accept(&mut self) -> io::Result<Option<IpAddr>> {
        let Some(listener) = &mut self.listener else { return Ok(None) };
        let accepted = listener.receive(&mut self.ring, || Work::Accept)?;
        let Some(caller) = accepted.and_then(|done| done.caller) else { return Ok(None) };
        let peer = caller.peer_addr()?.as_socket();
        self.keep(caller)?;
        Ok(peer.map(|peer| peer.ip()))
    }
}

impl Network for Sockets {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn dial(&mut self, to: SocketAddr) -> Result<(), Failure> {
        self.try_dial(to).map_err(failure)
    }

    fn is_connected(&mut self) -> Result<bool, Failure> {
        let data = Connection::Data;
        self.on(data, |data, ring| Ok(ring.take(&mut data.sending)?.is_some()))
    }

    fn listen(&mut self) -> Result<SocketAddr, Failure> {
        self.try_listen().map_err(failure)
    }

    fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
        self.try_accept().map_err(failure)
    }

    fn stop_listening(&mut self) {
        if let Some(listener) = self.listener.take() {
            self.ring.cancel(&listener.socket);
        }
    }

    fn read(&mut self, from: Connection, buffer: &mut [u8]) -> Result<Option<Input>, Failure> {
        let read = self.on(from, |side, ring| side.read(ring, buffer))?;
        Ok(read.map(|count| match count {
            0 => Input::End(End::Clean),
            count => Input::Bytes(count),
        }))
    }

    fn write(&mut self, to: Connection, bytes: &[u8]) -> Result<usize, Failure> {
        self.on(to, |side, ring| side.write(ring, bytes))
    }

    fn sent(&mut self) -> usize {
        let sent = self.on(Connection::Control, |control, ring| ring.take(&mut control.sending));
        // What fails here fails once more at the next write.
        sent.ok().flatten().map_or(0, |done| done.count)
    }

    fn shut_down(&mut self) -> Result<(), Failure> {
        self.on(Connection::Data, |data, _| data.socket.shutdown(Shutdown::Write))
    }

    fn close(&mut self, connection: Connection) {
        if let (ring, Some(side)) = self.slot(connection) {
            ring.cancel(&side.socket);
            let _ = side.socket.set_linger(None); // if this fails, the connection is broken
        }
        *self.slot(connection).1 = None;
    }

    /// What is under way holds the socket open, so it ends first.
    fn reset(&mut self, connection: Connection) {
        self.stop_listening();
        if let (ring, Some(side)) = self.slot(connection) {
            ring.cancel(&side.socket);
        }
        *self.slot(connection).1 = None;
    }
}

fn failure(error: io::Error) -> Failure {
    error.kind().into()
}
