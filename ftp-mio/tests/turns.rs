//! What one turn takes from a peer that never stops, and whom a transport is asked to dial.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::cell::RefCell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;

use ftp_mio::proto::operation::{Login, Retrieve};
use ftp_mio::proto::{Argument, Target};
use ftp_mio::{
    Builder, Client, Endpoint, Input, Interest, Listener, Progress, Reactor, Slot, Stream,
    Transport,
};

/// What a read of one byte has cost on the network, as under TLS.
const COST: usize = 30_000;

#[derive(Default)]
struct Seen {
    dialled: Vec<String>,
    reads: usize,
}

/// Answers every command at once, and gives a byte at a time.
struct Costly(Rc<RefCell<Seen>>);

struct Line {
    said: Vec<u8>,
    /// Payload has no end.
    is_data: bool,
    seen: Rc<RefCell<Seen>>,
    received: usize,
}

impl Costly {
    fn line(&self, to: String, is_data: bool, said: &str) -> Line {
        self.0.borrow_mut().dialled.push(to);
        Line {
            said: said.into(),
            is_data,
            seen: Rc::clone(&self.0),
            received: 0,
        }
    }
}

impl Transport for Costly {
    type Source = ();
    type Stream = Line;
    type Listener = Port;

    fn connect(&mut self, to: &Endpoint) -> io::Result<Line> {
        Ok(self.line(to.to_string(), false, "220 ready, at last\r\n"))
    }

    fn connect_data(&mut self, _: &Line, to: Target) -> io::Result<Line> {
        Ok(self.line(format!("{to:?}"), true, ""))
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
        let local = ([192, 0, 2, 7], 50_000).into();
        Ok((local, ([192, 0, 2, 1], 21).into()))
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<Input>> {
        if !self.is_data && self.said.is_empty() {
            return Ok(None);
        }
        if let (Some(first), false) = (buffer.first_mut(), self.is_data) {
            *first = self.said.remove(0);
        }
        self.received += COST;
        self.seen.borrow_mut().reads += 1;
        Ok(Some(Input::Bytes(1)))
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.said.extend_from_slice(match line {
                b"USER anonymous\r\n" => b"331 password\r\n",
                b"PASS anonymous@\r\n" => b"230 in\r\n",
                b"TYPE I\r\n" => b"200 ok\r\n",
                b"EPSV\r\n" => b"229 Entering (|||40000|)\r\n",
                b"RETR endless\r\n" => b"150 go\r\n",
                _ => panic!("{}", line.escape_ascii()),
            });
        }
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

    fn take_received(&mut self) -> usize {
        std::mem::take(&mut self.received)
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

/// Turns until `done`, each with no more reads than `most`.
fn until<V>(
    client: &mut Client<Costly>,
    seen: &Rc<RefCell<Seen>>,
    most: usize,
    mut done: impl FnMut(&mut Client<Costly>) -> Option<V>,
) -> V {
    for _ in 0..1000 {
        seen.borrow_mut().reads = 0;
        client.turn(Instant::now(), &mut Nobody);
        let reads = seen.borrow().reads;
        assert!(reads <= most, "{reads} reads in one turn");
        if let Some(value) = done(client) {
            return value;
        }
        let stopped = reads == most;
        assert!(!stopped || client.needs_turn(), "the rest is forgotten");
    }
    panic!("it never ends");
}

#[test]
fn what_was_read_counts_and_not_what_came_of_it() {
    let seen = Rc::default();
    let budget = 10 * COST;
    let target = Endpoint::name("ftp.example.org", 2121);
    let builder = Builder::new(Costly(Rc::clone(&seen))).budget(budget);
    let mut client = builder.connect(target, Instant::now());
    let login = client.start(Login::anonymous());
    // The control connection has 64 KiB for each turn.
    let most = 64 * 1024 / COST + 1;
    until(&mut client, &seen, most, |client| {
        match client.poll(login) {
            Poll::Ready(outcome) => Some(outcome.unwrap()),
            Poll::Pending => None,
        }
    });
    client.start(Retrieve::new(Argument::new("endless").unwrap()));
    until(&mut client, &seen, most, |client| {
        client.data_mut().map(drop)
    });

    for _ in 0..10 {
        seen.borrow_mut().reads = 0;
        client.turn(Instant::now(), &mut Nobody);
        let mut data = client.data_mut().unwrap();
        while let Progress::Bytes(count) = data.read(&mut [0; 4096]) {
            assert_eq!(count, 1);
        }
        assert!(seen.borrow().reads <= budget / COST + most);
        assert!(client.needs_turn());
    }
    let dialled = ["ftp.example.org:2121", "ControlHost { port: 40000 }"];
    assert_eq!(seen.borrow().dialled, dialled);
    client.close(&mut Nobody);
}

/// TCP looks no name up.
#[cfg(feature = "mio")]
#[test]
fn tcp_takes_addresses_alone() {
    let poll = mio::Poll::new().unwrap();
    let mut registrar = ftp_mio::mio::Registrar::new(poll.registry(), 0);
    let target = Endpoint::name("localhost", 21);
    let mut client = Client::builder().connect(target, Instant::now());
    let login = client.start(Login::anonymous());
    client.turn(Instant::now(), &mut registrar);
    let Poll::Ready(Err(ftp_mio::Error::Connect(tried))) = client.poll(login) else {
        panic!("there is no connection");
    };
    let (to, error) = tried.first().unwrap();
    assert_eq!(to.to_string(), "localhost:21");
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
}

/// A socket of the application's own is one of this crate's.
#[test]
fn a_stream_of_std_becomes_a_socket() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    let mut socket = ftp_mio::Socket::try_from(stream).unwrap();
    assert!(socket.poll_connect().unwrap());
    assert_eq!(socket.read(&mut [0; 8]).unwrap(), None);
    assert_eq!(socket.write(b"hello").unwrap(), Some(5));
    let mut heard = [0; 5];
    io::Read::read_exact(&mut peer, &mut heard).unwrap();
    assert_eq!(&heard, b"hello");
}
