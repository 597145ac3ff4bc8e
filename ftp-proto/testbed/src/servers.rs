//! Starts the real FTP servers on loopback and stops them again.
//!
//! ```no_run
//! use ftp_testbed::servers::{Family, Kind, Setup};
//!
//! match Setup::new(Kind::Vsftpd).start() {
//!     Ok(server) => println!("{} listens on {:?}", server.kind(), server.address(Family::V4)),
//!     Err(unavailable) => println!("ignored: {unavailable}"),
//! }
//! ```
//!
//! A server is looked for in the folder that `.ci/fetch-servers` fills (`FTP_TESTBED_DIR`, or
//! `target/testbed-servers` of this workspace), then on `PATH`. Where it is not found or may not be
//! started, [`Setup::start`] returns [`Unavailable`]: tests show such a case as ignored, with the
//! reason, unless [`required`] says otherwise.
//!
//! Each server runs on its own block of 500 ports between 10,000 and 32,500, which no other test
//! process uses at the same time: the first port is the control port, the others serve passive
//! mode. inetutils ftpd has no passive range and lets the kernel choose.
//!
//! With a [`Variant`] other than plain the server speaks TLS, with a [`Certificate`] signed by
//! [`AUTHORITY`]. Not every server has every variant: [`Kind::supports`].
//!
//! [`USER`] with [`PASSWORD`] owns the tree and sees it as [`Server::home`]. `anonymous` may log in
//! everywhere; do not count on it being unable to write.

mod inetutils;
mod installation;
mod kind;
mod ports;
mod process;
mod proftpd;
mod pure_ftpd;
mod sandbox;
mod script;
mod tls;
mod vsftpd;

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Completion, Failed};
use tempfile::TempDir;

use crate::tree::Tree;
pub use kind::Kind;
use ports::Ports;
use process::Daemon;
use tls::Identity;
pub use tls::{AUTHORITY, Certificate, TlsVersions, Variant};

/// The name of the account that owns the tree.
pub const USER: &str = "bench";
/// The password of [`USER`].
pub const PASSWORD: &str = "secret";

/// The numeric identity of [`USER`]; of `anonymous`, one more.
const USER_ID: u32 = 1500;
const ANONYMOUS_ID: u32 = USER_ID + 1;
/// SHA-512 crypt of [`PASSWORD`].
const PASSWORD_HASH: &str = "$6$ftptestbed$Dkkfefh4fES75UrkgYLxUFWvlr9ehjftbnOaLuH5zcr52mSJ6Q.3t0x735OfKAFdJ6cIMl28akPuSLe2qXDuG1";

/// A busy machine needs far longer than the 100 ms that the slowest server takes on an idle one.
const START_MAX: Duration = Duration::from_secs(30);

/// Whether a missing server is to be a failure instead of an ignored test: `FTP_TESTBED=require`.
#[must_use]
pub fn required() -> bool {
    std::env::var_os("FTP_TESTBED").is_some_and(|value| value == "require")
}

/// Whether what takes long is to be run as well: `FTP_TESTBED_RUN=full`.
#[must_use]
pub fn in_full() -> bool {
    std::env::var_os("FTP_TESTBED_RUN").is_some_and(|value| value == "full")
}

/// The address family of a control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// 127.0.0.1
    V4,
    /// ::1
    V6,
}

impl Family {
    const fn loopback(self) -> IpAddr {
        match self {
            Self::V4 => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Self::V6 => IpAddr::V6(Ipv6Addr::LOCALHOST),
        }
    }
}

/// The server cannot be run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable {
    /// Which one.
    pub kind: Kind,
    /// Why not; if it was started and gave up, what it printed last.
    pub reason: String,
}

impl Unavailable {
    /// What becomes of a test that needs this server: a failure where servers are [`required`],
    /// else it is ignored.
    ///
    /// # Errors
    /// The failure.
    pub fn verdict(&self) -> Result<Completion, Failed> {
        if required() {
            Err(Failed::from(self))
        } else {
            Ok(Completion::ignored_with(self))
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is unavailable: {}", self.kind, self.reason)
    }
}

impl std::error::Error for Unavailable {}

/// What to start.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    kind: Kind,
    large: u64,
    variant: Variant,
    versions: TlsVersions,
    certificate: Certificate,
    zone: Option<&'static str>,
}

impl Setup {
    /// A server without TLS, with a `large.bin` of 1 MiB.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            large: 1 << 20,
            variant: Variant::default(),
            versions: TlsVersions::default(),
            certificate: Certificate::default(),
            zone: None,
        }
    }

    /// Sets the time zone of a server that runs with accounts of its own (vsftpd, inetutils,
    /// pure-ftpd), as a POSIX `TZ`: `IST-5:30`. vsftpd then shows local times.
    #[must_use]
    pub const fn zone(mut self, zone: &'static str) -> Self {
        self.zone = Some(zone);
        self
    }

    /// Sets the size of `large.bin` in bytes.
    #[must_use]
    pub const fn large(mut self, bytes: u64) -> Self {
        self.large = bytes;
        self
    }

    /// Sets how the server is secured.
    #[must_use]
    pub const fn variant(mut self, variant: Variant) -> Self {
        self.variant = variant;
        self
    }

    /// Sets the TLS versions that it offers.
    #[must_use]
    pub const fn tls_versions(mut self, versions: TlsVersions) -> Self {
        self.versions = versions;
        self
    }

    /// Sets the certificate that it shows.
    #[must_use]
    pub const fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Starts the server and waits for its greeting on every address; with implicit TLS, until it
    /// accepts connections.
    ///
    /// # Errors
    ///
    /// [`Unavailable`] when it is not on this machine, when it does not support the variant, when
    /// this user may not start it, and when it does not greet within 30 seconds.
    pub fn start(self) -> Result<Server, Unavailable> {
        Server::start(self).map_err(|error| Unavailable {
            kind: self.kind,
            reason: error.to_string(),
        })
    }
}

/// What the module of a server works with.
#[derive(Debug)]
struct Site<'a> {
    setup: Setup,
    /// For configuration and state. The server's log is `log` in it.
    directory: &'a Path,
    tree: &'a Path,
    ports: &'a Ports,
    /// The addresses to listen on, all with the same control port.
    addresses: &'a [SocketAddr],
}

impl Site<'_> {
    /// Writes what a server with TLS needs; `None` without TLS.
    fn identity(&self) -> io::Result<Option<Identity>> {
        let setup = self.setup;
        if setup.variant == Variant::Plain {
            return Ok(None);
        }
        Identity::create(self.directory, setup.certificate, setup.versions).map(Some)
    }

    fn log_path(&self) -> PathBuf {
        self.directory.join("log")
    }

    fn log(&self) -> io::Result<File> {
        File::options()
            .append(true)
            .create(true)
            .open(self.log_path())
    }

    /// Writes a file of the configuration and returns its path.
    fn write(&self, name: &str, contents: &str) -> io::Result<PathBuf> {
        let path = self.directory.join(name);
        fs::write(&path, contents)?;
        Ok(path)
    }
}

/// The running parts of a server. Dropping them ends them.
#[derive(Debug)]
enum Running {
    Daemons(Vec<Daemon>),
    Super(inetutils::SuperServer),
}

/// A running server. Dropping it ends its processes, by pid, and removes its files.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    variant: Variant,
    home: String,
    addresses: Vec<SocketAddr>,
    tree: Tree,
    // Dropped in this order: the processes, then the files that they use, then the claim to the
    // ports.
    running: Running,
    _directory: TempDir,
    _ports: Ports,
}

impl Server {
    fn start(setup: Setup) -> io::Result<Self> {
        if !setup.kind.supports(setup.variant) {
            let reason = format!("it has no {:?} variant", setup.variant);
            return Err(io::Error::other(reason));
        }
        check_root(setup.kind)?;
        let directory = tempfile::Builder::new().prefix("ftp-testbed-").tempdir()?;
        // The servers give up their privileges and must still reach the tree.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755))?;
        let root = directory.path().join("tree");
        fs::create_dir(&root)?;
        let owner = rustix::process::geteuid()
            .is_root()
            .then_some((USER_ID, USER_ID));
        let ports = Ports::claim()?;
        let addresses = addresses(setup.kind, ports.control);
        let site = Site {
            setup,
            directory: directory.path(),
            tree: &root,
            ports: &ports,
            addresses: &addresses,
        };
        let mut running = launch(&site)?;
        let tree = Tree::create(&root, setup.large, owner)?;
        let deadline = Instant::now() + START_MAX;
        for address in &addresses {
            await_greeting(&site, *address, &mut running, deadline)?;
        }
        Ok(Self {
            kind: setup.kind,
            variant: setup.variant,
            home: home(setup.kind, &root),
            tree,
            running,
            addresses,
            _directory: directory,
            _ports: ports,
        })
    }

    /// Which server it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// How it is secured.
    #[must_use]
    pub const fn variant(&self) -> Variant {
        self.variant
    }

    /// Where it accepts control connections; `None` for IPv6 on a machine without.
    #[must_use]
    pub fn address(&self, family: Family) -> Option<SocketAddr> {
        let wanted = family.loopback();
        self.addresses
            .iter()
            .copied()
            .find(|address| address.ip() == wanted)
    }

    /// The directory after login as [`USER`], in the server's words: `/`, except on inetutils ftpd,
    /// which does not hide the rest of the file system.
    #[must_use]
    pub fn home(&self) -> &str {
        &self.home
    }

    /// The files that it serves.
    #[must_use]
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The processes at this moment, sessions included.
    #[must_use]
    pub fn pids(&self) -> Vec<u32> {
        match &self.running {
            Running::Daemons(daemons) => daemons.iter().flat_map(Daemon::pids).collect(),
            Running::Super(server) => server.pids(),
        }
    }
}

fn check_root(kind: Kind) -> io::Result<()> {
    if kind.is_library() || rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(io::Error::other("only root may start it"))
}

fn addresses(kind: Kind, port: u16) -> Vec<SocketAddr> {
    let mut found = vec![SocketAddr::new(Family::V4.loopback(), port)];
    let v6 = SocketAddr::new(Family::V6.loopback(), port);
    if kind.serves(Family::V6) && TcpListener::bind(v6).is_ok() {
        found.push(v6);
    }
    found
}

fn launch(site: &Site<'_>) -> io::Result<Running> {
    match site.setup.kind {
        Kind::Vsftpd => vsftpd::launch(site).map(Running::Daemons),
        Kind::Proftpd => proftpd::launch(site).map(Running::Daemons),
        Kind::PureFtpd => pure_ftpd::launch(site).map(Running::Daemons),
        Kind::Inetutils => inetutils::launch(site).map(Running::Super),
        Kind::Pyftpdlib
        | Kind::Aioftp
        | Kind::Twisted
        | Kind::FtpSrv
        | Kind::NodeFtpd
        | Kind::Libunftp => script::launch(site).map(Running::Daemons),
    }
}

fn home(kind: Kind, root: &Path) -> String {
    match kind {
        Kind::Inetutils => root.display().to_string(),
        _ => "/".to_owned(),
    }
}

/// Waits until the server says `220`, gives up, or the deadline passes.
fn await_greeting(
    site: &Site<'_>,
    address: SocketAddr,
    running: &mut Running,
    deadline: Instant,
) -> io::Result<()> {
    loop {
        if let Running::Daemons(daemons) = running {
            for daemon in daemons {
                if let Some(status) = daemon.exited()? {
                    return Err(io::Error::other(format!("{status}; {}", last_lines(site))));
                }
            }
        }
        match greets(address, site.setup.variant) {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => {
                let said = last_lines(site);
                return Err(io::Error::other(format!("no greeting: {error}; {said}")));
            }
            // Nothing tells when a foreign process starts to listen, so it is asked again and
            // again.
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn greets(address: SocketAddr, variant: Variant) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    if variant == Variant::Implicit {
        return Ok(());
    }
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut code = [0; 3];
    stream.read_exact(&mut code)?;
    if &code == b"220" {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "greeted with {}",
        code.escape_ascii()
    )))
}

fn last_lines(site: &Site<'_>) -> String {
    let text = fs::read(site.log_path()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().rev().take(3).collect();
    if lines.is_empty() {
        return "it printed nothing".to_owned();
    }
    lines.into_iter().rev().collect::<Vec<_>>().join(" / ")
}
