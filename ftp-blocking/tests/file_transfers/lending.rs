//! TCP whose data connections lend their socket, or do not, and say what is asked of them.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cfg(unix)]
use ftp_blocking::proto::Direction;
use ftp_blocking::proto::Target;
use ftp_blocking::proto::driver::Input;
use ftp_blocking::{Endpoint, Stream, Tcp, TcpLink, Transport};

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
    Write,
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
    type Stream = Lent;
    type Listener = Infallible;

    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<Lent> {
        Ok(Lent {
            link: self.tcp.connect(to, limit)?,
            data: None,
            hesitates: false,
        })
    }

    fn connect_data(&mut self, control: &Lent, to: Target, limit: Duration) -> io::Result<Lent> {
        Ok(Lent {
            link: self.tcp.connect_data(&control.link, to, limit)?,
            data: Some((self.lends, Arc::clone(&self.calls))),
            hesitates: true,
        })
    }

    fn listen(&mut self, _: IpAddr) -> io::Result<(Infallible, SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn accept(
        &mut self,
        listener: &mut Infallible,
        _: Duration,
    ) -> io::Result<Option<(Lent, SocketAddr)>> {
        match *listener {}
    }

    fn secure_control(&mut self, stream: &mut Lent) -> io::Result<()> {
        self.tcp.secure_control(&mut stream.link)
    }

    fn secure_data(&mut self, control: &Lent, data: &mut Lent) -> io::Result<()> {
        self.tcp.secure_data(&control.link, &mut data.link)
    }
}

pub(crate) struct Lent {
    link: TcpLink,
    /// Of a data connection.
    data: Option<(Lends, Calls)>,
    hesitates: bool,
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
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.link.addresses()
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>> {
        assert!(!self.only_lends(), "payload is copied");
        self.link.read(buffer, limit)
    }

    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>> {
        assert!(!self.only_lends(), "payload is copied");
        self.note(Call::Write);
        self.link.write(bytes, limit)
    }

    fn handshake(&mut self, limit: Duration) -> io::Result<bool> {
        self.link.handshake(limit)
    }

    fn unsecure(&mut self, limit: Duration) -> io::Result<bool> {
        self.link.unsecure(limit)
    }

    /// An error is a way to say that it would block.
    fn finish(&mut self, limit: Duration) -> io::Result<bool> {
        if std::mem::take(&mut self.hesitates) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.link.finish(limit)
    }

    #[cfg(unix)]
    fn bare_socket(
        &mut self,
        direction: Direction,
        limit: Duration,
    ) -> io::Result<Option<BorrowedFd<'_>>> {
        let count = self.note(Call::Lend);
        let lends = match &self.data {
            Some((Lends::Only, _)) => true,
            Some((Lends::EverySecondTime, _)) => count % 2 == 1,
            Some((Lends::Never, _)) | None => false,
        };
        if lends {
            self.link.bare_socket(direction, limit)
        } else {
            Ok(None)
        }
    }

    fn keep_little_unsent(&mut self) {
        self.note(Call::KeepLittle);
        self.link.keep_little_unsent();
    }

    fn reset(self) {
        self.link.reset();
    }
}
