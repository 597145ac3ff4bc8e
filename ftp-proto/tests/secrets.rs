//! No password and no account is shown by anything public: every type that may have to do with one
//! is printed at every stage of sessions that send them, and a new type has to be placed in one of
//! the two lists below.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::task::Poll;
use std::time::Duration;

use ftp_proto::driver::{Connection, Input, Network, Polled, Storage};
use ftp_proto::operation::{Batch, Exchange, Login, Retrieve};
use ftp_proto::proxy::Proxy;
use ftp_proto::{
    Argument, Command, Config, Control, Detail, Error, Failure, Instant, Link, Operation, Report,
    Session, Verb, trace,
};

const SECRET: &str = "canary-0451";

/// Types that hold or have held a secret, or are made from something that does: printed by the
/// tests below.
const SHOWN: [&str; 20] = [
    "Action",
    "Argument",
    "Batch",
    "Command",
    "Config",
    "Control",
    "Error",
    "ErrorKind",
    "Event",
    "Exchange",
    "FtpUrl",
    "Handshake",
    "Login",
    "LoginThen",
    "Polled",
    "Proxy",
    "Record",
    "Replay",
    "Session",
    "State",
];

/// Types that no secret can get into: numbers and choices, what the server or a file system has
/// said, codecs that no command passes through, and operations that are given names of files alone.
/// TLS keys have a test in `tests/tls.rs`.
const APART: &str = "
    AbortStyle AbsolutePath AddressError After Algorithm Answer Call Errand Mirrored Mirroring Setup Trial
    Tries Work ArgumentError AskChecksum AskFeatures ChangeDirectory Channel
    Checksum ChecksumError Hasher Hashing Mismatch Verified Verify
    Class Close Closed Compared Comparison Completed Connection Contents Context Coverage DataConnection DataHost DataId DataMode
    DataProtection Deadline Decoder Detail Direction Doubt Encoder Encoding End Endpoint
    EndpointError Entries Entry Exists Facts Failure Fault Feature Features FeaturesError
    Fingerprint FingerprintError Flow ForeignHost Format Grammar Greet HostPolicy Input Instant
    Interrupted Interruption Kind Layer Leniencies Leniency Limits Line LineTooLong Lines Link List
    ListEach Listed Listing LocalTree MakeDirectories MakeDirectory Malformed Memory Metadata
    Mirror MirrorOptions Misuse Name Names Next NotFtp Object OfferedFact OneTransfer Options
    OtherVerb Parser Part PartName PathError Pathname Payload Pipe Pipeline Place Policy Precision
    ProxyError Purpose Question Quoting RateLimit RawListing ReadDirectory Reader Reason Refusal
    Removal RemovalTask
    RemoveTree Rename Reply ReplyCode ReplyError Report Representation Resumable Retrieve Retry
    Rung SafeFor SafeName Secure Secured Sent Series SetModified Settings SizeError SizeInBytes Skip
    Spared Stage Step StepKind Store Target Task TcpOptions Telnet Ticket TimeVal Timeouts Timestamp
    TimestampError TlsError TlsMode TlsPolicy Touch Transfer TransferId TreeLimits TreePath
    TypeCode Unread Unreadable UrlError Verb Verdict Verifier Violation Wait Waiting Walk WalkTree Walked
    Way Why Zone";

#[test]
fn every_public_type_is_placed() {
    let mut found = BTreeSet::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    let placed: BTreeSet<String> = SHOWN
        .into_iter()
        .chain(APART.split_whitespace())
        .map(str::to_owned)
        .collect();
    assert_eq!(found, placed);
}

/// The names of the public types below a folder, but for the test server's.
fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("testing") {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let line = line.trim_start();
            let rest = line
                .strip_prefix("pub struct ")
                .or_else(|| line.strip_prefix("pub enum "));
            let is_part_of_name = |character: char| character.is_alphanumeric();
            let name = rest.map(|rest| rest.split(|c| !is_part_of_name(c)).next().unwrap());
            found.extend(name.map(str::to_owned));
        }
    }
}

fn is_silent(what: &str, text: &str) {
    assert!(!text.contains(SECRET), "{what} tells: {text}");
    // Nor as bytes in a list.
    let bytes = format!("{:?}", SECRET.as_bytes());
    assert!(
        !text.contains(bytes.trim_matches(['[', ']'])),
        "{what} tells: {text}"
    );
}

fn silent(what: &str, value: &impl Debug) {
    is_silent(what, &format!("{value:?}"));
    is_silent(what, &format!("{value:#?}"));
}

fn silent_error(error: &Error) {
    silent("Error", error);
    silent("ErrorKind", error.kind());
    is_silent("Error", &error.to_string());
    is_silent("ErrorKind", &error.kind().to_string());
}

fn secret() -> Argument {
    Argument::new(SECRET).unwrap()
}

fn session() -> Session {
    let mut config = Config::default();
    config.detail = Detail::Everything;
    Session::new(config, Control::default())
}

/// Prints everything that there is of a session, and takes its actions, events and records.
fn inspect(session: &mut Session, records: &mut Vec<trace::Record>) {
    silent("Session", session);
    silent("State", &session.state());
    silent("Config", session.config());
    while let Some(action) = session.poll_action(Instant::EPOCH) {
        silent("Action", &action);
    }
    while let Some(event) = session.poll_event() {
        silent("Event", &event);
    }
    while let Some(record) = session.poll_trace() {
        silent("Record", &record);
        is_silent("Record", &record.to_string());
        records.push(record);
    }
    silent("Session", &session.clone());
}

/// Runs an operation against the replies, looking at everything after every step; at last the
/// connection is lost.
fn inspect_all(mut operation: impl Operation<Output: Debug> + Debug, replies: &[&str]) {
    let (mut session, mut records) = (session(), Vec::new());
    session.receive(b"220 ready\r\n");
    inspect(&mut session, &mut records);
    let mut replies = replies.iter();
    loop {
        silent("an operation", &operation);
        let result = operation.poll(&mut session);
        silent("an operation", &operation);
        inspect(&mut session, &mut records);
        match result {
            Poll::Ready(Ok(output)) => break silent("an output", &output),
            Poll::Ready(Err(error)) => break silent_error(&error),
            Poll::Pending => {}
        }
        // What is to be written is the one place where a secret stands.
        session.transmitted(session.transmit().len());
        inspect(&mut session, &mut records);
        match replies.next() {
            Some(reply) => session.receive(reply.as_bytes()),
            None => session.report(Report::Failed {
                link: Link::Control,
                failure: Failure::Reset,
            }),
        }
        inspect(&mut session, &mut records);
    }
    let replay = trace::replay(&records).unwrap();
    silent("Replay", &replay);
}

fn login() -> Login {
    Login::new(Argument::new("ann").unwrap())
        .password(secret())
        .account(secret())
}

#[test]
fn nothing_tells_the_password_or_account_of_a_login() {
    for replies in [
        &["331 more\r\n", "332 more\r\n", "230 in\r\n"][..],
        &["331 more\r\n", "530 no\r\n"],
        &["331 more\r\n", "332 more\r\n", "530 no\r\n"],
        &["331 more\r\n", "220-\r\nnonsense\0\r\n"],
        &["331 more\r\n", "421 bye\r\n"],
        &["331 more\r\n"],
        &[],
    ] {
        inspect_all(login(), replies);
        let name = Argument::new("f").unwrap();
        inspect_all(login().then(Retrieve::new(name)), replies);
    }
}

#[test]
fn no_output_shows_a_secret_that_is_sent_as_a_command() {
    silent("Argument", &secret());
    for line in [
        "PASS canary-0451",
        "pass canary-0451",
        "ACCT canary-0451",
        "SITE PSWD canary-0451 canary-0451",
        "site  cpwd canary-0451",
    ] {
        let command = Command::raw(line).unwrap();
        silent("Command", &command);
        is_silent("Command", &command.to_string());
        inspect_all(Exchange::send(command.clone()), &["230 in\r\n"]);
        inspect_all(Exchange::complete(command.clone()), &["530 no\r\n"]);
        inspect_all(Batch::new([command.clone(), command]), &["230 in\r\n"]);
    }
    inspect_all(Exchange::account(secret()), &["230 in\r\n"]);
}

#[test]
fn nothing_tells_the_login_at_a_proxy() {
    for proxy in [Proxy::socks5(), Proxy::http_connect()] {
        let proxy = proxy.credentials(SECRET, SECRET).unwrap();
        silent("Proxy", &proxy);
        let mut handshake = proxy.ask("ftp.example.org", 21).unwrap();
        // A login, another method, and what is no answer at all.
        for answer in [&b"\x05\x02"[..], b"\x01\x00", b"HTTP/1.1 407 No\r\n"] {
            silent("Handshake", &handshake);
            if let Err(error) = handshake.receive(answer) {
                silent("ProxyError", &error);
                is_silent("ProxyError", &error.to_string());
            }
        }
        let error = Proxy::http_connect().credentials(format!("{SECRET}:"), SECRET);
        is_silent("ProxyError", &error.unwrap_err().to_string());
    }
}

/// Replies, one at each read; whatever is written is taken.
#[derive(Debug)]
struct Told(Vec<&'static str>);

impl Network for Told {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn dial(&mut self, _: SocketAddr) -> Result<(), Failure> {
        Err(Failure::Refused)
    }

    fn is_connected(&mut self) -> Result<bool, Failure> {
        Err(Failure::Refused)
    }

    fn listen(&mut self) -> Result<SocketAddr, Failure> {
        Err(Failure::Local)
    }

    fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
        Err(Failure::Local)
    }

    fn stop_listening(&mut self) {}

    fn read(&mut self, _: Connection, buffer: &mut [u8]) -> Result<Option<Input>, Failure> {
        let Some(reply) = self.0.pop() else {
            return Ok(None);
        };
        buffer[..reply.len()].copy_from_slice(reply.as_bytes());
        Ok(Some(Input::Bytes(reply.len())))
    }

    fn write(&mut self, _: Connection, bytes: &[u8]) -> Result<usize, Failure> {
        Ok(bytes.len().min(7))
    }

    fn close(&mut self, _: Connection) {}

    fn reset(&mut self, _: Connection) {}
}

impl Storage for Told {
    fn room(&mut self) -> &mut [u8] {
        &mut []
    }

    fn received(&mut self, _: usize) {}

    fn next(&mut self) -> Option<&[u8]> {
        None
    }

    fn sent(&mut self, _: usize) {}
}

#[test]
fn a_driver_tells_no_more_than_its_session() {
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut client = Polled::new(Told(vec!["220 ready\r\n"]), Config::default(), host, host);
    let mut login = login();
    for reply in ["331 more\r\n", "332 more\r\n", "230 in\r\n"] {
        for _ in 0..9 {
            silent("Polled", &client);
            assert!(client.turn(&mut Told(Vec::new()), &mut login).is_pending());
        }
        client.network_mut().0.push(reply);
    }
    assert!(client.turn(&mut Told(Vec::new()), &mut login).is_ready());
    silent("Polled", &client);
}

/// Queued behind others, written in part, and dropped by a session that ends.
#[test]
fn nothing_tells_a_password_that_waits() {
    let mut session = session();
    let mut records = Vec::new();
    for verb in [Verb::Noop, Verb::Pass, Verb::Acct] {
        let argument = Some(secret()).filter(|_| verb != Verb::Noop);
        let command = match argument {
            Some(argument) => Command::new(verb, argument),
            None => Command::bare(verb),
        };
        session.submit(command).unwrap();
        inspect(&mut session, &mut records);
    }
    session.receive(b"220 ready\r\n");
    session.transmitted(session.transmit().len());
    session.receive(b"200 well\r\n");
    inspect(&mut session, &mut records);
    session.transmitted(3);
    inspect(&mut session, &mut records);
    session.close();
    inspect(&mut session, &mut records);
    silent("Control", &Control::default());
}
