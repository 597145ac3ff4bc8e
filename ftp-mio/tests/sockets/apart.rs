//! The loopback server in a process of its own: this program, started again.

use std::env;
use std::io::{self, BufRead, BufReader, Lines, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use ftp_blocking::testing::Loopback;
use ftp_mio::proto::testing::{Behaviour, Files, ServerConfig};

/// Makes this program the server. Its value says how many sessions there will be.
const SERVE: &str = "FTP_MIO_SERVE_CROWD";

/// No session of a crowd on a busy machine waits longer than this for its turn.
const PATIENCE: Duration = Duration::from_secs(600);

/// Serves, if this process was started for that; whether it was.
pub(crate) fn serve(files: impl FnOnce(usize) -> Files) -> bool {
    let Ok(sessions) = env::var(SERVE) else {
        return false;
    };
    let files = files(sessions.parse().unwrap());
    // A data connection stays open, and counted, until the client has closed its end too.
    let config = ServerConfig::new().behaviour(Behaviour::new().lingering_close());
    let server = Loopback::builder(config, files)
        .limit(PATIENCE)
        .start()
        .unwrap();
    println!("{}", server.address());
    // Each line asks for the counts; the end of input is the end.
    for _ in io::stdin().lines() {
        let counts = server.counts();
        println!(
            "{} {} {}",
            counts.accepted, counts.logins.max, counts.data.max
        );
    }
    true
}

pub(crate) struct Server {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    pub(crate) address: SocketAddr,
}

/// What the server has counted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) accepted: usize,
    /// The most sessions that were logged in at one moment.
    pub(crate) logged_in: usize,
    /// The most data connections that were open at one moment.
    pub(crate) data: usize,
}

impl Server {
    pub(crate) fn start(sessions: usize) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .env(SERVE, sessions.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = said.next().unwrap().unwrap().parse().unwrap();
        Self {
            process,
            said,
            address,
        }
    }

    pub(crate) fn counts(&mut self) -> Counts {
        let mut asked = self.process.stdin.as_ref().unwrap();
        asked.write_all(b"counts\n").unwrap();
        let line = self.said.next().unwrap().unwrap();
        let mut numbers = line.split(' ').map(|number| number.parse().unwrap());
        let mut number = || numbers.next().unwrap();
        Counts {
            accepted: number(),
            logged_in: number(),
            data: number(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Sessions of clients that are gone end at once; should it hang all the same, so would
        // this.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
