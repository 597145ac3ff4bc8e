//! Operations against servers that are a function of the command, with a file that uploads change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "operations/about.rs"]
mod about;
#[path = "operations/batches.rs"]
mod batches;
#[path = "operations/checksums.rs"]
mod checksums;
#[path = "operations/directories.rs"]
mod directories;
#[path = "operations/listings.rs"]
mod listings;
#[path = "operations/logins.rs"]
mod logins;
#[path = "operations/own.rs"]
mod own;
#[path = "operations/remote.rs"]
mod remote;
#[path = "operations/resume.rs"]
mod resume;
#[path = "operations/times.rs"]
mod times;
#[path = "operations/trees.rs"]
mod trees;

use std::net::{IpAddr, Ipv4Addr};
use std::task::Poll;

use ftp_proto::operation::Greet;
use ftp_proto::{
    Action, Argument, Config, Control, DataMode, Direction, End, Error, Instant, Operation, Report,
    Session,
};

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const FILE: &[u8] = b"0123456789";

/// How a server writes an upload that was resumed with REST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restart {
    Keeps,
    /// As bftpd, uftpd and ftp-srv do: zeros before the offset, and a 226.
    Zeroes,
}

/// A session and a server. A command that the server's function does not answer is answered as
/// usual.
struct Pair {
    session: Session,
    /// Asked first.
    first: fn(&str) -> Option<&'static str>,
    server: fn(&str) -> Option<&'static str>,
    /// Asked behind the functions.
    remote: Option<remote::Remote>,
    restart: Restart,
    file: Vec<u8>,
    /// What is uploaded next, or was downloaded.
    payload: Vec<u8>,
    offset: usize,
    appends: bool,
    sent: Vec<String>,
}

impl Pair {
    fn new(server: fn(&str) -> Option<&'static str>) -> Self {
        Self::configured(server, |_| {})
    }

    fn configured(
        server: fn(&str) -> Option<&'static str>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config::default();
        config.data_mode = DataMode::ExtendedPassive;
        config.encoding = ftp_proto::Encoding::AsItIs;
        change(&mut config);
        let mut pair = Self {
            session: Session::new(config, Control::new(HOST, HOST)),
            first: |_| None,
            server,
            remote: None,
            restart: Restart::Keeps,
            file: FILE.to_vec(),
            payload: Vec::new(),
            offset: 0,
            appends: false,
            sent: Vec::new(),
        };
        pair.session.receive(b"220 Ready.\r\n");
        pair.run(Greet).unwrap();
        pair
    }

    fn run<O: Operation>(&mut self, operation: O) -> Result<O::Output, Error> {
        self.run_feeding(operation, |_, _| {})
    }

    fn run_feeding<O: Operation>(
        &mut self,
        mut operation: O,
        feed: fn(&mut O, &[u8]),
    ) -> Result<O::Output, Error> {
        for _ in 0..1_000 {
            if let Poll::Ready(result) = operation.poll(&mut self.session) {
                return result;
            }
            while let Some(action) = self.session.poll_action(Instant::EPOCH) {
                let received = self.act(action);
                feed(&mut operation, &received);
            }
            self.answer();
        }
        panic!("the operation does not end; sent: {:?}", self.sent);
    }

    /// What is received by it.
    fn act(&mut self, action: Action) -> Vec<u8> {
        match action {
            Action::Connect { data, .. } => self.session.report(Report::Connected { data }),
            Action::Move { data, flow } => {
                if flow.direction == Direction::Send {
                    self.write();
                }
                let bytes = self.payload.len() as u64;
                self.session.report(Report::Moved { data, bytes });
                let end = End::Clean;
                self.session.report(Report::Finished { data, end });
                self.session.receive(b"226 Done.\r\n");
                return self.payload.clone();
            }
            Action::Discard { .. } | Action::Poll => {}
            other => panic!("{other:?}"),
        }
        Vec::new()
    }

    fn write(&mut self) {
        let offset = if self.appends {
            self.file.len()
        } else {
            self.offset
        };
        self.file.resize(offset, 0);
        if self.restart == Restart::Zeroes && !self.appends {
            self.file.fill(0);
        }
        self.file.extend_from_slice(&self.payload);
    }

    fn answer(&mut self) {
        let lines = String::from_utf8(self.session.transmit().to_vec()).unwrap();
        self.session.transmitted(lines.len());
        for line in lines.lines() {
            self.sent.push(line.to_owned());
            let reply = match (self.first)(line).or_else(|| (self.server)(line)) {
                Some(reply) => reply.to_owned(),
                None => self.of_remote(line).unwrap_or_else(|| self.usual(line)),
            };
            self.session.receive(reply.as_bytes());
            self.session.receive(b"\r\n");
        }
    }

    fn of_remote(&mut self, line: &str) -> Option<String> {
        let (reply, listing) = self.remote.as_mut()?.answer(line)?;
        if let Some(listing) = listing {
            self.payload = listing.into_bytes();
        }
        Some(reply)
    }

    fn usual(&mut self, line: &str) -> String {
        match line.split_once(' ').map_or(line, |(verb, _)| verb) {
            "TYPE" => "200 Fine.".into(),
            "EPSV" => "229 Passive (|||4000|)".into(),
            "SIZE" => format!("213 {}", self.file.len()),
            "REST" => {
                self.offset = line[5..].parse().unwrap();
                "350 Go on.".into()
            }
            "RETR" => {
                self.payload = self.file[core::mem::take(&mut self.offset)..].to_vec();
                "150 Here it comes.".into()
            }
            verb @ ("STOR" | "APPE" | "STOU") => {
                self.appends = verb == "APPE";
                "150 Give it.".into()
            }
            _ => "500 Unknown command.".into(),
        }
    }

    /// The commands since the last call, without those that open data connections.
    fn take_sent(&mut self) -> Vec<String> {
        let mut sent = core::mem::take(&mut self.sent);
        sent.retain(|line| line != "EPSV");
        sent
    }
}

fn path(path: &str) -> Argument {
    Argument::new(path).unwrap()
}
