//! TCP that does what a plan says with each call.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ftp_blocking::proto::Target;
use ftp_blocking::{Builder, Client, Endpoint, Input, Stream, Tcp, TcpLink, TcpPort, Transport};

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Connect,
    ConnectData,
    Listen,
    Accept,
    Addresses,
    Read,
    ReadData,
    Write,
    WriteData,
    Finish,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// What TCP makes of it.
    Pass,
    /// This error; TCP is not asked.
    Fail(io::ErrorKind),
    /// At most so many bytes.
    Short(usize),
    /// Nothing now: no byte, no caller, no end.
    Nothing,
}

type Plan = Arc<Mutex<dyn FnMut(Call) -> Act + Send>>;

pub(crate) struct Tortured {
    tcp: Tcp,
    plan: Plan,
}

pub(crate) struct TorturedLink {
    link: TcpLink,
    plan: Plan,
    is_data: bool,
}

pub(crate) type TorturedClient = Client<Tortured>;

pub(crate) fn tortured(plan: impl FnMut(Call) -> Act + Send + 'static) -> Builder<Tortured> {
    Builder::new(Tortured {
        tcp: Tcp::new(),
        plan: Arc::new(Mutex::new(plan)),
    })
}

impl Tortured {
    fn link(&self, link: TcpLink, is_data: bool) -> TorturedLink {
        TorturedLink {
            link,
            plan: Arc::clone(&self.plan),
            is_data,
        }
    }
}

fn ask(plan: &Plan, call: Call) -> io::Result<Act> {
    let act = plan.lock().unwrap()(call);
    match act {
        Act::Fail(kind) => Err(kind.into()),
        act => Ok(act),
    }
}

impl Transport for Tortured {
    type Stream = TorturedLink;
    type Listener = TcpPort;

    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<TorturedLink> {
        ask(&self.plan, Call::Connect)?;
        let link = self.tcp.connect(to, limit)?;
        Ok(self.link(link, false))
    }

    fn connect_data(
        &mut self,
        control: &TorturedLink,
        to: Target,
        limit: Duration,
    ) -> io::Result<TorturedLink> {
        ask(&self.plan, Call::ConnectData)?;
        let link = self.tcp.connect_data(&control.link, to, limit)?;
        Ok(self.link(link, true))
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(TcpPort, SocketAddr)> {
        ask(&self.plan, Call::Listen)?;
        self.tcp.listen(local)
    }

    fn accept(
        &mut self,
        listener: &mut TcpPort,
        limit: Duration,
    ) -> io::Result<Option<(TorturedLink, SocketAddr)>> {
        if ask(&self.plan, Call::Accept)? == Act::Nothing {
            return Ok(None);
        }
        let accepted = self.tcp.accept(listener, limit)?;
        Ok(accepted.map(|(link, peer)| (self.link(link, true), peer)))
    }

    fn secure_control(&mut self, stream: &mut TorturedLink) -> io::Result<()> {
        self.tcp.secure_control(&mut stream.link)
    }

    fn secure_data(&mut self, control: &TorturedLink, data: &mut TorturedLink) -> io::Result<()> {
        self.tcp.secure_data(&control.link, &mut data.link)
    }
}

impl Stream for TorturedLink {
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        ask(&self.plan, Call::Addresses)?;
        self.link.addresses()
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>> {
        let call = if self.is_data {
            Call::ReadData
        } else {
            Call::Read
        };
        let count = match ask(&self.plan, call)? {
            Act::Nothing => return Ok(None),
            Act::Short(count) => buffer.len().min(count),
            _ => buffer.len(),
        };
        self.link.read(&mut buffer[..count], limit)
    }

    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>> {
        let call = if self.is_data {
            Call::WriteData
        } else {
            Call::Write
        };
        let count = match ask(&self.plan, call)? {
            Act::Nothing => return Ok(None),
            Act::Short(count) => bytes.len().min(count),
            _ => bytes.len(),
        };
        self.link.write(&bytes[..count], limit)
    }

    fn handshake(&mut self, limit: Duration) -> io::Result<bool> {
        self.link.handshake(limit)
    }

    fn unsecure(&mut self, limit: Duration) -> io::Result<bool> {
        self.link.unsecure(limit)
    }

    fn finish(&mut self, limit: Duration) -> io::Result<bool> {
        match ask(&self.plan, Call::Finish)? {
            Act::Nothing => Ok(false),
            _ => self.link.finish(limit),
        }
    }

    fn reset(self) {
        self.link.reset();
    }
}
