//! TCP whose data connections lend their socket, or do not, and say what is asked of them.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex};

use ftp_mio::proto::Target;
use ftp_mio::proto::driver::Input;
use ftp_mio::{Endpoint, Listener, Socket, Stream, Tcp, Transport};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lends {
    /// And moves nothing itself.
    Only,
    EverySecondTime,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Lend,
    KeepLittle,
}

type Calls = Arc<Mutex<Vec<Call>>>;

pub(crate) struct Lending {
    tcp: Tcp,
    lends: Lends,
    calls: Calls,
}

impl Lending {
    pub(crate) fn new(lends: Lends) -> (Self, Calls) {
        let (tcp, calls) = (Tcp::new(), Calls::default());
        let log = Arc::clone(&calls);
        (Self { tcp, lends, calls }, log)
    }
}

impl Transport for Lending {
    type Source = Socket;
    type Stream = Lent;
    type Listener = NoPort;

    fn connect(&mut self, to: &Endpoint) -> io::Result<Lent> {
        Ok(Lent {
            socket: self.tcp.connect(to)?,
            data: None,
        })
    }

    fn connect_data(&mut self, control: &Lent, to: Target) -> io::Result<Lent> {
        Ok(Lent {
            socket: self.tcp.connect_data(&control.socket, to)?,
            data: Some((self.lends, Arc::clone(&self.calls))),
        })
    }

    fn listen(&mut self, _: IpAddr) -> io::Result<(NoPort, SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn secure_control(&mut self, stream: &mut Lent) -> io::Result<()> {
        self.tcp.secure_control(&mut stream.socket)
    }

    fn secure_data(&mut self, control: &Lent, data: &mut Lent) -> io::Result<()> {
        self.tcp.secure_data(&control.socket, &mut data.socket)
    }
}

pub(crate) struct NoPort(Infallible);

impl Listener for NoPort {
    type Source = Socket;
    type Stream = Lent;

    fn source(&mut self) -> &mut Socket {
        match self.0 {}
    }

    fn accept(&mut self) -> io::Result<Option<(Lent, SocketAddr)>> {
        match self.0 {}
    }
}

pub(crate) struct Lent {
    socket: Socket,
    /// Of a data connection.
    data: Option<(Lends, Calls)>,
}

impl Lent {
    fn only_lends(&self) -> bool {
        matches!(self.data, Some((Lends::Only, _)))
    }

    /// Yields how often it has been asked for its socket.
    fn note(&self, call: Call) -> usize {
        let Some((_, calls)) = &self.data else {
            return 0;
        };
        let mut calls = calls.lock().unwrap();
        calls.push(call);
        calls.iter().filter(|call| **call == Call::Lend).count()
    }
}

impl Stream for Lent {
    type Source = Socket;

    fn source(&mut self) -> &mut Socket {
        &mut self.socket
    }

    fn poll_connect(&mut self) -> io::Result<bool> {
        self.socket.poll_connect()
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.socket.addresses()
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        assert!(!self.only_lends(), "payload is copied");
        self.socket.read(buffer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        assert!(!self.only_lends(), "payload is copied");
        self.socket.write(bytes)
    }

    fn handshake(&mut self) -> io::Result<bool> {
        self.socket.handshake()
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        self.socket.unsecure()
    }

    fn finish(&mut self) -> io::Result<bool> {
        self.socket.finish()
    }

    #[cfg(unix)]
    fn bare_socket(&mut self) -> Option<BorrowedFd<'_>> {
        let count = self.note(Call::Lend);
        let lends = match &self.data {
            Some((Lends::Only, _)) => true,
            Some((Lends::EverySecondTime, _)) => count % 2 == 1,
            Some((Lends::Never, _)) | None => false,
        };
        self.socket.bare_socket().filter(|_| lends)
    }

    fn keep_little_unsent(&mut self) {
        self.note(Call::KeepLittle);
        self.socket.keep_little_unsent();
    }

    fn reset(self) {
        self.socket.reset();
    }
}
