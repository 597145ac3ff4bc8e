//! A loopback FTP server, for tests and demonstrations (feature `testing`).
//!
//! [`Loopback`] runs the pure server of [`ftp_proto::testing`] over real sockets on 127.0.0.1 or
//! ::1: one thread per session, any number of sessions, on a port that was free. Dropping it stops
//! it.

mod session;
mod shared;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use ftp_proto::testing::{Behaviour, Files, Received, Rule, Script, ServerConfig, Step};

use ftp_proto::testing::Server;

use self::session::{Guest, Session};
use self::shared::{Shared, lock};

pub use self::shared::{Counts, Gauge};

/// An FTP server on loopback that runs until it is dropped.
///
/// All sessions share one file tree, unless [`LoopbackBuilder::separate_trees`] says otherwise. It
/// has no TLS: a session that sends AUTH TLS fails, even if the configuration offers it.
///
/// ```
/// use std::io::{BufRead, BufReader, Write};
///
/// use ftp_blocking::testing::Loopback;
/// use ftp_proto::testing::{Files, ServerConfig};
///
/// # fn main() -> std::io::Result<()> {
/// let server = Loopback::start(ServerConfig::new(), Files::new().file("/hello.txt", "hello\n"))?;
/// assert!(server.url().starts_with("ftp://127.0.0.1:"));
///
/// let mut control = BufReader::new(std::net::TcpStream::connect(server.address())?);
/// let mut line = String::new();
/// control.read_line(&mut line)?;
/// assert_eq!(line, "220 Service ready.\r\n");
///
/// control.get_mut().write_all(b"NOOP\r\n")?;
/// line.clear();
/// control.read_line(&mut line)?;
/// assert_eq!(line, "200 Done nothing.\r\n");
/// assert_eq!(server.commands(0), ["NOOP"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Loopback {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

/// Choices for a [`Loopback`] before it starts.
///
/// ```no_run
/// use std::time::Duration;
///
/// use ftp_blocking::testing::Loopback;
/// use ftp_proto::testing::{Files, ServerConfig};
///
/// # fn main() -> std::io::Result<()> {
/// let server = Loopback::builder(ServerConfig::new(), Files::new())
///     .ipv6()
///     .separate_trees()
///     .limit(Duration::from_secs(5))
///     .start()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct LoopbackBuilder {
    part: Part,
    address: IpAddr,
    separate_trees: bool,
    limit: Duration,
}

/// What the sessions do.
#[derive(Debug, Clone)]
enum Part {
    Server { config: ServerConfig, files: Files },
    Script(Script),
}

impl Loopback {
    /// Starts a server on 127.0.0.1 whose sessions share these files.
    ///
    /// # Errors
    /// Those of binding a socket and of starting a thread.
    pub fn start(config: ServerConfig, files: Files) -> io::Result<Self> {
        Self::builder(config, files).start()
    }

    /// Choices before the start.
    pub const fn builder(config: ServerConfig, files: Files) -> LoopbackBuilder {
        LoopbackBuilder::new(Part::Server { config, files })
    }

    /// A server whose every session plays the script from its beginning.
    ///
    /// ```
    /// use std::io::Read;
    ///
    /// use ftp_blocking::testing::Loopback;
    /// use ftp_proto::testing::Script;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let server = Loopback::scripted(Script::new().say("421 Not today.\r\n").close_control()).start()?;
    /// let mut said = String::new();
    /// std::net::TcpStream::connect(server.address())?.read_to_string(&mut said)?;
    /// assert_eq!(said, "421 Not today.\r\n");
    /// # Ok(())
    /// # }
    /// ```
    pub const fn scripted(script: Script) -> LoopbackBuilder {
        LoopbackBuilder::new(Part::Script(script))
    }

    /// Where the server listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `ftp://ADDRESS:PORT/`
    pub fn url(&self) -> String {
        format!("ftp://{}/", self.address)
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        *lock(&self.shared.counts)
    }

    /// The commands of a session, in order; sessions are numbered from 0 as they were accepted.
    /// Bytes that are not UTF-8 are replaced; [`log`](Self::log) keeps them.
    pub fn commands(&self, session: usize) -> Vec<String> {
        let line = |received: &Received| String::from_utf8_lossy(&received.line).into_owned();
        self.log(session).iter().map(line).collect()
    }

    /// The commands of a session, in order; empty for a session that does not exist.
    pub fn log(&self, session: usize) -> Vec<Received> {
        lock(&self.shared.logs)
            .get(session)
            .cloned()
            .unwrap_or_default()
    }

    /// The present files. With separate trees, the files that every session starts with.
    pub fn files(&self) -> Files {
        lock(&self.shared.tree).clone()
    }

    /// Changes the files while sessions run.
    ///
    /// ```
    /// # use ftp_blocking::testing::Loopback;
    /// # use ftp_proto::testing::{Files, ServerConfig};
    /// # fn main() -> std::io::Result<()> {
    /// let server = Loopback::start(ServerConfig::new(), Files::new())?;
    /// server.change_files(|files| files.insert("/late.txt", "late\n", 0));
    /// assert_eq!(server.files().content("/late.txt"), Some(&b"late\n"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn change_files(&self, change: impl FnOnce(&mut Files)) {
        change(&mut lock(&self.shared.tree));
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for control in lock(&self.shared.controls).iter().flatten() {
            let _ = control.shutdown(std::net::Shutdown::Both);
        }
        // The acceptor checks `stop` after each connection.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl LoopbackBuilder {
    const fn new(part: Part) -> Self {
        Self {
            part,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            separate_trees: false,
            limit: Duration::from_secs(60),
        }
    }

    /// Listens on ::1 instead of 127.0.0.1.
    #[must_use]
    pub const fn ipv6(mut self) -> Self {
        self.address = IpAddr::V6(Ipv6Addr::LOCALHOST);
        self
    }

    /// Gives every session its own copy of the files.
    #[must_use]
    pub const fn separate_trees(mut self) -> Self {
        self.separate_trees = true;
        self
    }

    /// Sets how long a session may go without progress, and how long it waits for a data
    /// connection, before it ends. One minute by default.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// Those of binding a socket and of starting a thread.
    pub fn start(self) -> io::Result<Loopback> {
        let listener = TcpListener::bind((self.address, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            stop: AtomicBool::new(false),
            tree: Mutex::new(self.part.files()),
            controls: Mutex::default(),
            logs: Mutex::default(),
            counts: Mutex::default(),
            separate_trees: self.separate_trees,
            limit: self.limit,
        });
        let acceptor = {
            let shared = Arc::clone(&shared);
            thread::Builder::new()
                .name("ftp-loopback".into())
                .spawn(move || accept(&listener, &self.part, &shared))?
        };
        Ok(Loopback {
            address,
            shared,
            acceptor: Some(acceptor),
        })
    }
}

impl Part {
    fn files(&self) -> Files {
        match self {
            Self::Server { files, .. } => files.clone(),
            Self::Script(_) => Files::new(),
        }
    }

    fn guest(&self, control: &TcpStream) -> io::Result<Box<dyn Guest>> {
        let (config, files) = match self {
            Self::Server { config, files } => (config.clone(), files.clone()),
            Self::Script(script) => return Ok(Box::new(script.clone())),
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let (local, peer) = (control.local_addr()?.ip(), control.peer_addr()?.ip());
        let config = config.local(local).peer(peer).time(now.as_secs());
        Ok(Box::new(Server::new(config, files)))
    }
}

fn accept(listener: &TcpListener, part: &Part, shared: &Arc<Shared>) {
    let mut sessions: Vec<JoinHandle<()>> = Vec::new();
    while let Ok((control, _)) = listener.accept() {
        if shared.stop.load(Ordering::SeqCst) {
            break;
        }
        sessions.retain(|session| !session.is_finished());
        sessions.extend(start_session(control, part, shared));
    }
    for session in sessions {
        let _ = session.join();
    }
}

/// A connection that cannot be served is closed.
fn start_session(control: TcpStream, part: &Part, shared: &Arc<Shared>) -> Option<JoinHandle<()>> {
    let copy = control.try_clone().ok()?;
    let guest = part.guest(&control).ok()?;
    let number = shared.enter(copy);
    let of_session = Arc::clone(shared);
    let run = move || {
        // An error of the sockets ends the session, and is not reported.
        let _ = Session::new(control, guest, number, &of_session).and_then(Session::run);
        of_session.leave(number);
    };
    thread::Builder::new()
        .name(format!("ftp-session-{number}"))
        .spawn(run)
        .ok()
}
