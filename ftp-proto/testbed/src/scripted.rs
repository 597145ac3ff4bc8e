//! A peer over real sockets that does what a script says, and nothing else.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use ftp_testbed::scripted::{Peer, Script};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let script = Script::new()
//!     .send("220 ready\r\n")
//!     .expect("NOOP")
//!     .wait("answer")
//!     .send("200 well\r\n")
//!     .expect_close();
//! let peer = Peer::start(script)?;
//!
//! let mut client = TcpStream::connect(peer.address())?;
//! client.write_all(b"NOOP\r\n")?;
//! peer.release("answer");
//! let mut replies = [0; 21];
//! client.read_exact(&mut replies)?;
//! drop(client);
//!
//! let record = peer.finish()?;
//! assert_eq!(record.lines(), ["NOOP"]);
//! # Ok(())
//! # }
//! ```
//!
//! The script and the test meet at named points, so that no test has to sleep: [`Script::wait`]
//! stops the peer until [`Peer::release`], and [`Peer::reached`] stops the test until
//! [`Script::mark`]. A watchdog ends every script after [`WATCHDOG`]; dropping the peer ends it at
//! once. When a script has come to its end its sockets close.

mod gates;
mod odd;
mod player;
mod script;
mod sockets;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use gates::Gates;
pub use odd::Oddity;
use player::Player;
pub use script::{Passive, Port, Script};
use sockets::Bound;

/// How long a script may take, and how long a test waits for a mark.
pub const WATCHDOG: Duration = Duration::from_secs(30);

/// One line from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The line without its CR LF.
    pub line: Vec<u8>,
    /// The number of the read that completed it, from 1.
    ///
    /// Lines that were written at once come in one read. Lines that waited for a reply to the line
    /// before come in different ones. Only lines that were written separately and without waiting
    /// may come either way.
    pub flight: usize,
}

/// What a peer has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Every command line that was read, in order.
    pub commands: Vec<Received>,
    /// For each data connection the client's address and the bytes that were read from it.
    pub data: Vec<(SocketAddr, Vec<u8>)>,
}

impl Record {
    /// The command lines as text.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let text = |received: &Received| String::from_utf8_lossy(&received.line).into_owned();
        self.commands.iter().map(text).collect()
    }

    /// The command lines as text, those that came in one read together.
    #[must_use]
    pub fn flights(&self) -> Vec<Vec<String>> {
        self.commands
            .chunk_by(|one, next| one.flight == next.flight)
            .map(|flight| {
                flight
                    .iter()
                    .map(|received| String::from_utf8_lossy(&received.line).into_owned())
                    .collect()
            })
            .collect()
    }
}

/// A script that could not be played to its end.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The step that failed, from 0.
    pub step: usize,
    /// What the step was and why it failed.
    pub reason: String,
    /// What had been seen until then.
    pub record: Record,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "step {} of the script: {}; commands so far: {:?}",
            self.step,
            self.reason,
            self.record.lines()
        )
    }
}

impl std::error::Error for Failure {}

/// A peer that plays its script in a thread of its own.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    gates: Arc<Gates>,
    thread: Option<JoinHandle<Result<Record, Failure>>>,
}

impl Peer {
    /// Listens on 127.0.0.1 and plays the script to the first client that connects.
    ///
    /// # Errors
    ///
    /// When the socket cannot be opened.
    pub fn start(script: Script) -> io::Result<Self> {
        Self::start_on(IpAddr::V4(Ipv4Addr::LOCALHOST), script)
    }

    /// As [`Peer::start`], on another address of this machine, for instance `::1` or 127.0.0.2.
    ///
    /// # Errors
    ///
    /// When the socket cannot be opened.
    pub fn start_on(address: IpAddr, script: Script) -> io::Result<Self> {
        Self::run(address, move |listener, bound| {
            Player::new(listener, bound).play(&script)
        })
    }

    /// Listens on 127.0.0.1 and serves the first client that connects as a server with these
    /// oddities does. It has a few files.
    ///
    /// # Errors
    ///
    /// When the socket cannot be opened.
    pub fn odd(oddities: Vec<Oddity>) -> io::Result<Self> {
        Self::run(IpAddr::V4(Ipv4Addr::LOCALHOST), move |listener, bound| {
            odd::Server::run(&listener, &bound, oddities)
        })
    }

    fn run(
        address: IpAddr,
        play: impl FnOnce(TcpListener, Bound) -> Result<Record, Failure> + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((address, 0))?;
        let address = listener.local_addr()?;
        let gates = Arc::new(Gates::default());
        let bound = Bound {
            gates: Arc::clone(&gates),
            deadline: Instant::now() + WATCHDOG,
        };
        let thread = thread::spawn(move || play(listener, bound));
        Ok(Self {
            address,
            gates,
            thread: Some(thread),
        })
    }

    /// Where the peer accepts the control connection.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the script has passed the mark. `false` when it ended or [`WATCHDOG`] passed
    /// without.
    #[must_use]
    pub fn reached(&self, mark: &str) -> bool {
        self.gates.await_mark(mark, Instant::now() + WATCHDOG)
    }

    /// Lets the script go on at `wait(gate)`, also if it comes there later.
    pub fn release(&self, gate: &str) {
        self.gates.open(gate);
    }

    /// Waits for the end of the script.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the client did something else than the script says, or nothing until
    /// [`WATCHDOG`].
    pub fn finish(mut self) -> Result<Record, Failure> {
        let ended = self.thread.take().map(JoinHandle::join);
        match ended {
            Some(Ok(result)) => result,
            _ => Err(Failure {
                step: 0,
                reason: "the peer panicked".to_owned(),
                record: Record::default(),
            }),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.gates.cancel();
        if let Some(thread) = self.thread.take() {
            // Whoever drops the peer does not care for how the script ended.
            let _ = thread.join();
        }
    }
}
