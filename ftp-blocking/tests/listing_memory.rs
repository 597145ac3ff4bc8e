//! A directory of 100,000 entries streams through the client in constant memory: all that it
//! allocates on the way, freed again or not, is no more than for 1,000 entries. The server runs in
//! a process of its own, so that only the client counts.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../../ftp-proto/tests/counting/mod.rs"]
mod counting;

use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use counting::region;
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Result};
use ftp_proto::listing::{Line, Options};

/// Makes this program the server.
const SERVE: &str = "FTP_BLOCKING_SERVE_DIRECTORIES";
const SMALL: usize = 1_000;
const LARGE: usize = 100_000;

/// A block for what is received, lines cut at its edges, and the replies.
const BYTES_MAX: usize = 128 * 1024;
/// How often reads come in pieces is the system's business, and each edge may carry a line over.
const BYTES_BETWEEN: usize = 16 * 1024;

fn main() {
    if env::var_os(SERVE).is_some() {
        serve();
        return;
    }
    let server = Server::start();
    by("list_with", &server, |client, path, count| {
        client
            .list_with(path, &Options::new(), |line| count(&line))
            .map(drop)
    });
    by("mlsd", &server, |client, path, count| {
        client.mlsd(path, |line| count(&line)).map(drop)
    });
    by("list_raw", &server, |client, path, count| {
        client
            .list_raw(path, &Options::new(), |line| count(&line))
            .map(drop)
    });
}

/// Serves both directories until nobody holds the other end of the standard input.
fn serve() {
    let mut files = Files::new();
    for (directory, entries) in [("small", SMALL), ("large", LARGE)] {
        for number in 0..entries {
            let path = format!("/{directory}/measurement-{number:06}.dat");
            files.insert(path, b"", 1_000_000_000);
        }
    }
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    println!("{}", server.address());
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

type Count<'a> = &'a mut dyn FnMut(&Line<'_>);

struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .env(SERVE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let address = line.trim().parse().unwrap();
        Self { process, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn by(name: &str, server: &Server, list: fn(&mut Client, &str, Count<'_>) -> Result<()>) {
    let mut client = Client::builder().connect_to(&[server.address]).unwrap();
    client.login_anonymous().unwrap();
    let mut bytes_for = |path, expected| {
        let mut entries = 0;
        let region = region();
        list(&mut client, path, &mut |line| {
            let is_measurement = |name: &[u8]| name.starts_with(b"measurement-");
            entries += usize::from(
                matches!(line, Line::Entry(entry) if is_measurement(entry.name().as_bytes())),
            );
        })
        .unwrap();
        let stats = region.change();
        assert_eq!(entries, expected, "{name} {path}");
        stats.bytes_allocated
    };
    // The first listing of a session settles things that the others find done.
    bytes_for("small", SMALL);
    let small = bytes_for("small", SMALL);
    let large = bytes_for("large", LARGE);
    println!("{name}: {small} bytes allocated for {SMALL} entries, {large} for {LARGE}");
    assert!(small <= BYTES_MAX, "{name}: {small}");
    assert!(large <= small + BYTES_BETWEEN, "{name}: {small}, {large}");
}
