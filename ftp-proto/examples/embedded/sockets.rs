//! The chip, played by the host's sockets.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use ftp_proto::Failure;

use crate::chip::{Network, Socket};

pub(crate) struct Sockets {
    started: Instant,
    control: Option<TcpStream>,
    data: Option<TcpStream>,
    dialling: Option<Receiver<io::Result<TcpStream>>>,
    listener: Option<TcpListener>,
}

impl Sockets {
    /// With an open control connection, and our own address.
    pub(crate) fn connect(address: SocketAddr) -> io::Result<(Self, IpAddr)> {
        let control = TcpStream::connect(address)?;
        control.set_nonblocking(true)?;
        let local = control.local_addr()?.ip();
        let sockets = Self {
            started: Instant::now(),
            control: Some(control),
            data: None,
            dialling: None,
            listener: None,
        };
        Ok((sockets, local))
    }

    const fn slot(&mut self, socket: Socket) -> &mut Option<TcpStream> {
        match socket {
            Socket::Control => &mut self.control,
            Socket::Data => &mut self.data,
        }
    }

    fn stream(&mut self, socket: Socket) -> Result<&mut TcpStream, Failure> {
        self.slot(socket).as_mut().ok_or(Failure::Local)
    }
}

impl Network for Sockets {
    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// std can only wait for a connection, so somebody else does. A chip would just begin.
    fn dial(&mut self, _: Socket, to: SocketAddr) -> Result<(), Failure> {
        let (sender, receiver) = channel();
        std::thread::spawn(move || sender.send(TcpStream::connect(to)));
        self.dialling = Some(receiver);
        Ok(())
    }

    fn is_connected(&mut self, socket: Socket) -> Result<bool, Failure> {
        let dialled = self.dialling.as_ref().map(Receiver::try_recv);
        match dialled {
            None | Some(Err(TryRecvError::Empty)) => return Ok(self.slot(socket).is_some()),
            Some(Err(TryRecvError::Disconnected)) => return Err(Failure::Local),
            Some(Ok(dialled)) => {
                let stream = dialled.map_err(|error| failure(&error))?;
                stream
                    .set_nonblocking(true)
                    .map_err(|error| failure(&error))?;
                *self.slot(socket) = Some(stream);
            }
        }
        self.dialling = None;
        Ok(true)
    }

    fn listen(&mut self, _: Socket, port: u16) -> Result<SocketAddr, Failure> {
        let own = self.stream(Socket::Control)?.local_addr();
        let bind = |own: SocketAddr| {
            let listener = TcpListener::bind((own.ip(), port))?;
            listener.set_nonblocking(true)?;
            let local = listener.local_addr()?;
            self.listener = Some(listener);
            Ok(local)
        };
        own.and_then(bind).map_err(|error| failure(&error))
    }

    fn caller(&mut self, socket: Socket) -> Result<Option<IpAddr>, Failure> {
        let Some(listener) = &self.listener else {
            return Err(Failure::Local);
        };
        match listener.accept() {
            Ok((stream, peer)) => {
                stream
                    .set_nonblocking(true)
                    .map_err(|error| failure(&error))?;
                self.listener = None;
                *self.slot(socket) = Some(stream);
                Ok(Some(peer.ip()))
            }
            Err(error) if is_momentary(&error) => Ok(None),
            Err(error) => Err(failure(&error)),
        }
    }

    fn read(&mut self, socket: Socket, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        match self.stream(socket)?.read(buffer) {
            Ok(count) => Ok(Some(count)),
            Err(error) if is_momentary(&error) => Ok(None),
            Err(error) => Err(failure(&error)),
        }
    }

    fn write(&mut self, socket: Socket, bytes: &[u8]) -> Result<usize, Failure> {
        match self.stream(socket)?.write(bytes) {
            Ok(count) => Ok(count),
            Err(error) if is_momentary(&error) => Ok(0),
            Err(error) => Err(failure(&error)),
        }
    }

    fn close(&mut self, socket: Socket) {
        *self.slot(socket) = None;
    }

    /// A chip can reset. std cannot: it sets no linger, and only a socket that is closed with input
    /// unread is reset. For a download that nobody wants any more that will do; `ftp-blocking` does
    /// it as it should be done.
    fn reset(&mut self, socket: Socket) {
        self.dialling = None;
        self.listener = None;
        self.close(socket);
    }
}

fn is_momentary(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        ErrorKind::ConnectionRefused => Failure::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Failure::Unreachable,
        ErrorKind::TimedOut => Failure::TimedOut,
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Failure::Reset,
        _ => Failure::Other,
    }
}
