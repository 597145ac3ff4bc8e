//! A data connection that never reaches the server, on every real server: the transfer fails, and
//! the next one brings its own file, or the session is over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ftp_blocking::{Builder, Client, Endpoint, Result, Tcp, TcpLink, TcpPort, Transport};
use ftp_proto::listing::Options;
use ftp_proto::{Closed, Completed, Config, Reason, State, Target, Violation};
use ftp_testbed::servers::{Family, Kind, PASSWORD, Server, Setup, USER, Unavailable};
use ftp_testbed::tree::HELLO;
use libtest_mimic::{Arguments, Completion, Trial};

type Berth = OnceLock<std::result::Result<Server, Unavailable>>;
type Transfer = fn(&mut Client<Astray>) -> Result<Completed>;

const TRANSFERS: [(&str, Transfer); 3] = [
    ("download", |ftp| {
        ftp.retrieve_to("large.bin", &mut io::sink())
    }),
    ("listing", |ftp| {
        ftp.list_raw("", &Options::default(), |_| {})
    }),
    ("upload", |ftp| ftp.store_from("up/lost", &mut Failing)),
];

fn main() -> ExitCode {
    let fleet = Kind::COMPLETE.map(|kind| (kind, Arc::new(Berth::new())));
    let trials: Vec<_> = fleet
        .iter()
        .flat_map(|(kind, berth)| TRANSFERS.map(|transfer| trial(*kind, berth, transfer)))
        .collect();
    let mut arguments = Arguments::from_args();
    // All they do is wait.
    arguments.test_threads.get_or_insert(trials.len());
    let conclusion = libtest_mimic::run(&arguments, trials);
    // Ends the servers: leaving the process otherwise would not.
    drop(fleet);
    conclusion.exit_code()
}

fn trial(kind: Kind, berth: &Arc<Berth>, (name, transfer): (&str, Transfer)) -> Trial {
    let berth = Arc::clone(berth);
    Trial::ignorable_test(format!("{kind}::{name}"), move || {
        match berth.get_or_init(|| Setup::new(kind).start()) {
            Ok(server) => check(server, transfer),
            Err(unavailable) => return unavailable.verdict(),
        }
        Ok(Completion::Completed)
    })
}

fn check(server: &Server, transfer: Transfer) {
    let astray = Astray::new();
    let leads_astray = Arc::clone(&astray.active);
    let mut ftp = Builder::new(astray)
        .config(impatient())
        .connect_to(&[server.address(Family::V4).unwrap()])
        .unwrap();
    ftp.login(USER, PASSWORD).unwrap();

    leads_astray.store(true, Ordering::Relaxed);
    transfer(&mut ftp).unwrap_err();
    leads_astray.store(false, Ordering::Relaxed);

    let mut file = Vec::new();
    match ftp.retrieve_to("hello.txt", &mut file) {
        Ok(_) => assert_eq!(file, HELLO),
        Err(_) => assert!(file.is_empty()),
    }
    let closed = match server.kind() {
        // It says 225, and keeps the transfer for the next data connection.
        Kind::Pyftpdlib => Closed::Violation(Violation::TransferForgotten),
        // They wait for the data connection and hear nothing meanwhile.
        _ => Closed::Timeout(Reason::Fence),
    };
    assert_eq!(ftp.session().state(), State::Dead(closed));
}

fn impatient() -> Config {
    let mut config = Config::default();
    config.timeouts.reply = Duration::from_secs(3);
    config.timeouts.data_idle = Duration::from_millis(500);
    config.timeouts.abort_grace = Duration::from_millis(500);
    config.timeouts.fence = Duration::from_secs(1);
    config
}

struct Failing;

impl io::Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Other.into())
    }
}

/// TCP, and while `active`, data connections that lead to a port where nobody accepts them.
struct Astray {
    nowhere: TcpListener,
    active: Arc<AtomicBool>,
}

impl Astray {
    fn new() -> Self {
        Self {
            nowhere: TcpListener::bind("127.0.0.1:0").unwrap(),
            active: Arc::default(),
        }
    }
}

impl Transport for Astray {
    type Stream = TcpLink;
    type Listener = TcpPort;

    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<TcpLink> {
        Tcp::new().connect(to, limit)
    }

    fn connect_data(
        &mut self,
        control: &TcpLink,
        to: Target,
        limit: Duration,
    ) -> io::Result<TcpLink> {
        let to = match self.active.load(Ordering::Relaxed) {
            true => Target::Address(self.nowhere.local_addr()?),
            false => to,
        };
        Tcp::new().connect_data(control, to, limit)
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(TcpPort, SocketAddr)> {
        Tcp::new().listen(local)
    }

    fn accept(
        &mut self,
        listener: &mut TcpPort,
        limit: Duration,
    ) -> io::Result<Option<(TcpLink, SocketAddr)>> {
        Tcp::new().accept(listener, limit)
    }

    fn secure_control(&mut self, stream: &mut TcpLink) -> io::Result<()> {
        Tcp::new().secure_control(stream)
    }

    fn secure_data(&mut self, control: &TcpLink, data: &mut TcpLink) -> io::Result<()> {
        Tcp::new().secure_data(control, data)
    }
}
