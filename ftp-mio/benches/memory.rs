//! Bytes of memory per session: idle, with a download under way, and idle again after a hundred
//! downloads.
//!
//! Only the client counts. Its peer is a script in static memory that allocates nothing while
//! anything is measured, and the kernel's memory for sockets is not seen. The numbers are the same
//! on each run, so that the aim is also checked.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::alloc::System;
use std::cell::Cell;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;

use ftp_mio::proto::operation::{Login, Retrieve};
use ftp_mio::proto::{Argument, End, Target};
use ftp_mio::{
    Builder, Client, Endpoint, Handle, Input, Interest, Listener, Progress, Reactor, Slot, Stream,
    Transport,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SESSIONS: usize = 1000;
const DOWNLOADS: usize = 100;

/// What an idle session may take, the client itself included.
const IDLE_BYTES_MAX: usize = 2048;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const FILE_BYTES: usize = 100_000;

fn main() {
    let wires: Vec<Wire> = (0..SESSIONS).map(|_| Wire::default()).collect();
    let mut clients = Vec::with_capacity(SESSIONS);
    let mut handles = Vec::with_capacity(SESSIONS);
    let now = Instant::now();
    let region = Region::new(ALLOCATOR);
    let heap_bytes = || {
        let change = region.change();
        (change.bytes_allocated - change.bytes_deallocated) / SESSIONS
    };
    let itself = size_of::<Client<Wire>>();
    let show = |what: &str, heap: usize| {
        println!("{what}: {heap} bytes of heap, {itself} of the client itself");
        itself + heap
    };

    clients.extend(wires.into_iter().map(|wire| {
        let address = SocketAddr::new(HOST, 21);
        Builder::new(wire).connect_to([address], now)
    }));
    show("not connected", heap_bytes());
    for client in &mut clients {
        let login = client.start(Login::anonymous());
        finish(client, login);
    }
    let idle = show("idle after login", heap_bytes());
    for client in &mut clients {
        let under_way = client.start(download());
        while client.data_mut().is_none() {
            client.turn(now, &mut Nobody);
        }
        handles.push(under_way);
    }
    show("with a download under way", heap_bytes());
    for (client, under_way) in clients.iter_mut().zip(&handles) {
        finish(client, *under_way);
        for _ in 1..DOWNLOADS {
            let another = client.start(download());
            finish(client, another);
        }
    }
    let later = show("idle after a hundred downloads", heap_bytes());
    assert!(
        idle.max(later) <= IDLE_BYTES_MAX,
        "an idle session takes more than {IDLE_BYTES_MAX} bytes"
    );
}

fn download() -> Retrieve {
    Retrieve::new(Argument::new("measurement.dat").unwrap())
}

/// Gives turns and moves payload until an operation is over.
fn finish<O: 'static>(client: &mut Client<Wire>, operation: Handle<O>) {
    let mut block = [0; 16 * 1024];
    loop {
        client.turn(Instant::now(), &mut Nobody);
        if let Poll::Ready(outcome) = client.poll(operation) {
            outcome.unwrap();
            return;
        }
        if let Some(mut data) = client.data_mut() {
            while let Progress::Bytes(_) = data.read(&mut block) {}
        }
    }
}

// -- the peer -------------------------------------------------------------------------------------

/// The way to a server that knows seven commands. What both of its connections have to know of each
/// other was allocated before anything is measured.
#[derive(Default)]
struct Wire {
    /// A download has ended, and the reply to it was not read.
    ended: Rc<Cell<bool>>,
}

enum Line {
    Control {
        /// What the server says next.
        said: &'static [u8],
        ended: Rc<Cell<bool>>,
    },
    Data {
        left: usize,
        ended: Rc<Cell<bool>>,
    },
}

fn answer(command: &[u8]) -> &'static [u8] {
    match command {
        b"USER anonymous\r\n" => b"331 Please specify the password.\r\n",
        b"PASS anonymous@\r\n" => b"230 Login successful.\r\n",
        b"TYPE I\r\n" => b"200 Switching to Binary mode.\r\n",
        b"EPSV\r\n" => b"229 Entering Extended Passive Mode (|||40000|)\r\n",
        b"RETR measurement.dat\r\n" => {
            b"150 Opening BINARY mode data connection for measurement.dat (100000 bytes).\r\n"
        }
        _ => panic!("{}", command.escape_ascii()),
    }
}

impl Transport for Wire {
    type Source = ();
    type Stream = Line;
    type Listener = Port;

    fn connect(&mut self, _: &Endpoint) -> io::Result<Line> {
        Ok(Line::Control {
            said: b"220 (vsFTPd 3.0.5)\r\n",
            ended: Rc::clone(&self.ended),
        })
    }

    fn connect_data(&mut self, _: &Line, _: Target) -> io::Result<Line> {
        Ok(Line::Data {
            left: FILE_BYTES,
            ended: Rc::clone(&self.ended),
        })
    }

    fn listen(&mut self, _: IpAddr) -> io::Result<(Port, SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn secure_control(&mut self, _: &mut Line) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn secure_data(&mut self, _: &Line, _: &mut Line) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Stream for Line {
    type Source = ();

    fn source(&mut self) -> &mut () {
        // Of no size, and nothing is allocated for it.
        Box::leak(Box::new(()))
    }

    fn poll_connect(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((SocketAddr::new(HOST, 50_000), SocketAddr::new(HOST, 21)))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        match self {
            Self::Control { said, ended } => {
                if said.is_empty() && ended.take() {
                    *said = b"226 Transfer complete.\r\n";
                }
                let count = io::Read::read(said, buffer)?;
                Ok((count > 0).then_some(Input::Bytes(count)))
            }
            Self::Data { left: 0, ended } => {
                ended.set(true);
                Ok(Some(Input::End(End::Clean)))
            }
            Self::Data { left, .. } => {
                let count = buffer.len().min(*left);
                *left -= count;
                Ok(Some(Input::Bytes(count)))
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let Self::Control { said, .. } = self else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        assert!(said.is_empty(), "the client did not wait for a reply");
        *said = answer(bytes);
        Ok(Some(bytes.len()))
    }

    fn handshake(&mut self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn unsecure(&mut self) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn finish(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn reset(self) {}
}

/// There is no active mode here.
enum Port {}

impl Listener for Port {
    type Source = ();
    type Stream = Line;

    fn source(&mut self) -> &mut () {
        match *self {}
    }

    fn accept(&mut self) -> io::Result<Option<(Line, SocketAddr)>> {
        match *self {}
    }
}

/// Waits for nothing: what the peer has to say is there at once.
struct Nobody;

impl Reactor<()> for Nobody {
    fn add(&mut self, _: Slot, (): &mut (), _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn change(&mut self, _: Slot, (): &mut (), _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn remove(&mut self, _: Slot, (): &mut ()) {}
}
