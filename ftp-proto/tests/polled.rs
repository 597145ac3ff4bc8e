//! The driver for networks that never wait, on a network that is written down: what it asks of the
//! network, and when.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use ftp_proto::driver::{Connection, Input, Network, Polled, Storage};
use ftp_proto::operation::{Exchange, Greet, Retrieve, Secure, Series, Store};
use ftp_proto::{
    After, Argument, Config, DataMode, End, Error, Failure, Operation, State, TlsPolicy,
};

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const SECOND: Duration = Duration::from_secs(1);

/// What one read of a connection yields.
type Arrival = Result<Input, Failure>;

/// A network, and a server that answers each command at once.
#[derive(Default)]
struct Written {
    now: Duration,
    /// What the driver did to connections, one word each.
    deeds: Vec<String>,
    commands: String,
    verbs: Vec<String>,
    /// How much of a command may be written at once, if that is limited.
    room: Option<usize>,
    broken: bool,
    control: VecDeque<(Vec<u8>, Option<Arrival>)>,
    data: VecDeque<(Vec<u8>, Option<Arrival>)>,
    sent: Vec<u8>,
    connected: bool,
    callers: VecDeque<IpAddr>,
    /// What is said instead of the usual answer to a verb.
    answers: Vec<(&'static str, &'static str)>,
    /// How often the network is asked until TLS is ready.
    handshakes: u32,
    flushes: u32,
    reads: u32,
    tickets: Option<u32>,
}

impl Written {
    fn says(&mut self, reply: &str) {
        self.control
            .push_back((format!("{reply}\r\n").into(), None));
    }

    fn answer(&mut self, line: &str) {
        let verb = line.split(' ').next().unwrap_or_default();
        self.verbs.push(verb.to_owned());
        let usual = match verb {
            "EPSV" => "229 here (|||4711|)",
            "NLST" | "RETR" | "STOR" => "150 go on",
            "ABOR" => "426 cut\r\n226 aborted",
            "AUTH" => "234 go on",
            "QUIT" => "221 bye",
            _ => "200 yes",
        };
        let known = self.answers.iter().find(|(known, _)| *known == verb);
        match known.map_or(usual, |(_, reply)| reply) {
            "" => {}
            reply => self.says(reply),
        }
    }

    fn did(&mut self, deed: &str, connection: Connection) {
        self.deeds.push(format!("{deed} {connection:?}"));
    }

    fn deeds(&mut self) -> Vec<String> {
        mem::take(&mut self.deeds)
    }
}

impl Network for Written {
    fn now(&self) -> Duration {
        self.now
    }

    fn dial(&mut self, to: SocketAddr) -> Result<(), Failure> {
        self.deeds.push(format!("dial {to}"));
        Ok(())
    }

    fn is_connected(&mut self) -> Result<bool, Failure> {
        Ok(self.connected)
    }

    fn listen(&mut self) -> Result<SocketAddr, Failure> {
        self.deeds.push("listen".into());
        Ok(SocketAddr::new(HOST, 3_001))
    }

    fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
        Ok(self.callers.pop_front())
    }

    fn stop_listening(&mut self) {
        self.deeds.push("stop".into());
    }

    fn read(&mut self, from: Connection, buffer: &mut [u8]) -> Result<Option<Input>, Failure> {
        self.reads += 1;
        assert!(!buffer.is_empty());
        let arrivals = match from {
            Connection::Control => &mut self.control,
            Connection::Data => &mut self.data,
        };
        let Some((bytes, end)) = arrivals.front_mut() else {
            return Ok(None);
        };
        if let Some(end) = end {
            return end.map(Some);
        }
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        bytes.drain(..count);
        if bytes.is_empty() {
            arrivals.pop_front();
        }
        Ok(Some(Input::Bytes(count)))
    }

    fn write(&mut self, to: Connection, bytes: &[u8]) -> Result<usize, Failure> {
        if self.broken {
            return Err(Failure::Reset);
        }
        let count = bytes.len().min(self.room.unwrap_or(usize::MAX));
        if to == Connection::Data {
            self.sent.extend_from_slice(&bytes[..count]);
            return Ok(count);
        }
        self.commands
            .push_str(std::str::from_utf8(&bytes[..count]).unwrap());
        let commands = mem::take(&mut self.commands);
        let mut lines = commands.split("\r\n").peekable();
        while let Some(line) = lines.next() {
            match lines.peek() {
                Some(_) => self.answer(line),
                None => self.commands = line.to_owned(),
            }
        }
        Ok(count)
    }

    fn close(&mut self, connection: Connection) {
        self.did("close", connection);
    }

    fn reset(&mut self, connection: Connection) {
        self.did("reset", connection);
    }

    fn resumptions(&self) -> Option<u32> {
        self.tickets
    }

    fn secure(&mut self, connection: Connection) -> Result<(), Failure> {
        self.did("secure", connection);
        Ok(())
    }

    fn handshake(&mut self, _: Connection) -> Result<bool, Failure> {
        let left = self.handshakes.checked_sub(1);
        self.handshakes = left.unwrap_or_default();
        Ok(left.is_none())
    }

    fn flush(&mut self, _: Connection) -> Result<(), Failure> {
        self.flushes += 1;
        Ok(())
    }

    fn end(&mut self) -> Result<bool, Failure> {
        self.deeds.push("end".into());
        Ok(true)
    }

    fn unsecure(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        self.deeds.push("unsecure".into());
        let left = self.handshakes.checked_sub(1);
        self.handshakes = left.unwrap_or_default();
        if left.is_some() {
            return Ok(None);
        }
        self.control.clear(); // TLS, which has ended
        Ok(Some(b"200 in clear\r\n".to_vec()))
    }
}

/// Takes so much, and gives what it has.
struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    given: Option<usize>,
}

impl Buffer {
    fn with_room(room: usize) -> Self {
        let (bytes, filled, given) = (vec![0; room], 0, None);
        Self {
            bytes,
            filled,
            given,
        }
    }

    fn with(bytes: &[u8]) -> Self {
        let (bytes, filled, given) = (bytes.to_vec(), bytes.len(), Some(0));
        Self {
            bytes,
            filled,
            given,
        }
    }
}

impl Storage for Buffer {
    fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    fn received(&mut self, count: usize) {
        self.filled += count;
    }

    fn next(&mut self) -> Option<&[u8]> {
        self.given.map(|given| &self.bytes[given..])
    }

    fn sent(&mut self, count: usize) {
        self.given = self.given.map(|given| given + count);
    }
}

fn greeted(config: Config) -> Polled<Written> {
    let mut client = Polled::new(Written::default(), config, HOST, HOST);
    client.network_mut().says("220 hello");
    run(&mut client, Greet).unwrap();
    client
}

fn active() -> Polled<Written> {
    let mut config = Config::default();
    config.data_mode = DataMode::AnyActive;
    greeted(config)
}

/// TLS is demanded, and may be ended on the control connection.
fn full() -> Config {
    let mut config = Config::default();
    config.tls = TlsPolicy::Full;
    config.clear_control = true;
    config
}

/// To the end, without payload.
fn run<O: Operation>(client: &mut Polled<Written>, operation: O) -> Result<O::Output, Error> {
    let mut nothing = Buffer::with_room(0);
    let Ok(result) = client.run(operation, &mut nothing, |network, _, _| {
        assert!(!network.control.is_empty(), "nothing comes");
        Ok::<(), Infallible>(())
    });
    result
}

/// Until nothing more happens at once.
fn settle<O: Operation>(
    client: &mut Polled<Written>,
    storage: &mut Buffer,
    operation: &mut O,
) -> Poll<Result<O::Output, Error>> {
    for _ in 0..100 {
        let outcome = client.turn(storage, operation);
        let rests = client.deadline() != Some(Duration::ZERO);
        if outcome.is_ready() || rests && client.network().control.is_empty() {
            return outcome;
        }
    }
    panic!("it never rests");
}

fn retrieve() -> Retrieve {
    Retrieve::new(Argument::new("file").unwrap())
}

fn store() -> Store {
    Store::new(Argument::new("file").unwrap())
}

#[test]
fn a_download_is_closed_in_order_before_its_reply_is_awaited() {
    let mut client = greeted(Config::default());
    let (mut operation, mut room) = (retrieve(), Buffer::with_room(100));
    assert!(settle(&mut client, &mut room, &mut operation).is_pending());
    assert_eq!(client.network_mut().deeds(), ["dial 127.0.0.1:4711"]);
    client.network_mut().connected = true;
    client
        .network_mut()
        .data
        .push_back((b"payload".to_vec(), None));
    assert!(settle(&mut client, &mut room, &mut operation).is_pending());
    assert_eq!(&room.bytes[..room.filled], b"payload");
    client.network_mut().deeds();
    let end = Some(Ok(Input::End(End::Clean)));
    client.network_mut().data.push_back((Vec::new(), end));
    assert!(settle(&mut client, &mut room, &mut operation).is_pending());
    assert_eq!(client.network_mut().deeds(), ["close Data"]);
    client.network_mut().says("226 done");
    let Poll::Ready(Ok(retrieved)) = settle(&mut client, &mut room, &mut operation) else {
        panic!("it is not over");
    };
    assert_eq!(retrieved.bytes, 7);
    assert_eq!(client.session().ignored_reports(), 0);
}

#[test]
fn payload_without_room_is_held_and_stays_in_the_socket() {
    let mut client = greeted(Config::default());
    let (mut operation, mut room) = (retrieve(), Buffer::with_room(3));
    client.network_mut().connected = true;
    client
        .network_mut()
        .data
        .push_back((b"payload".to_vec(), None));
    assert!(settle(&mut client, &mut room, &mut operation).is_pending());
    assert_eq!(room.bytes, b"pay");
    assert_eq!(client.network().data.front().unwrap().0, b"load");
    // Whoever has no room is not waited for.
    assert_eq!(client.deadline(), None);
    room.bytes.resize(50, 0);
    assert!(settle(&mut client, &mut room, &mut operation).is_pending());
    assert_eq!(&room.bytes[..room.filled], b"payload");
    assert!(client.deadline().is_some());
}

#[test]
fn what_lies_beyond_a_limit_resets() {
    let mut client = greeted(Config::default());
    let (mut operation, mut room) = (retrieve().limited_to(3), Buffer::with_room(100));
    client.network_mut().connected = true;
    client
        .network_mut()
        .data
        .push_back((b"payload".to_vec(), None));
    let outcome = settle(&mut client, &mut room, &mut operation);
    assert!(matches!(outcome, Poll::Ready(Ok(_))), "{outcome:?}");
    assert_eq!(&room.bytes[..room.filled], b"pay");
    assert!(client.network_mut().deeds().contains(&"reset Data".into()));
}

#[test]
fn a_data_connection_that_breaks_is_reset() {
    let mut client = greeted(Config::default());
    let (mut operation, mut room) = (retrieve(), Buffer::with_room(100));
    client.network_mut().connected = true;
    let broken = Some(Err(Failure::Reset));
    client.network_mut().data.push_back((Vec::new(), broken));
    client.network_mut().answers = vec![("RETR", "150 go on\r\n426 cut")];
    let Poll::Ready(Err(error)) = settle(&mut client, &mut room, &mut operation) else {
        panic!("it is not over");
    };
    assert_eq!(error.after(), After::Usable);
    assert!(client.network_mut().deeds().contains(&"reset Data".into()));
}

#[test]
fn an_upload_is_flushed_ended_and_closed() {
    let mut client = greeted(Config::default());
    let (mut operation, mut payload) = (store(), Buffer::with(b"payload"));
    client.network_mut().connected = true;
    payload.given = None; // it is not known yet what comes
    assert!(settle(&mut client, &mut payload, &mut operation).is_pending());
    assert!(client.network().sent.is_empty());
    assert_eq!(client.deadline(), None, "the application is not waited for");
    payload.given = Some(0);
    client.network_mut().room = Some(0);
    assert!(settle(&mut client, &mut payload, &mut operation).is_pending());
    assert!(client.network().sent.is_empty());
    client.network_mut().room = Some(3);
    client.network_mut().flushes = 0;
    assert!(settle(&mut client, &mut payload, &mut operation).is_pending());
    assert_eq!(client.network().sent, b"payload");
    assert!(
        client.network().flushes >= 3,
        "TLS may have taken more than was sent"
    );
    let deeds = client.network_mut().deeds();
    assert_eq!(deeds[deeds.len() - 2..], ["end", "close Data"]);
    client.network_mut().room = None;
    client.network_mut().says("226 done");
    assert!(settle(&mut client, &mut payload, &mut operation).is_ready());
    assert_eq!(client.session().ignored_reports(), 0);
}

#[test]
fn a_stranger_is_closed_and_the_next_caller_awaited() {
    let mut client = active();
    let (mut operation, mut room) = (retrieve(), Buffer::with_room(100));
    assert!(settle(&mut client, &mut room, &mut operation).is_pending());
    // Before any caller there is nothing to be closed: the slot is empty.
    assert_eq!(client.network_mut().deeds(), ["listen", "close Data"]);
    client.network_mut().callers = [STRANGER, HOST].into();
    client
        .network_mut()
        .data
        .push_back((b"payload".to_vec(), None));
    assert!(settle(&mut client, &mut room, &mut operation).is_pending());
    assert_eq!(client.network_mut().deeds(), ["close Data", "stop"]);
    assert_eq!(&room.bytes[..room.filled], b"payload");
}

#[test]
fn a_cancelled_download_is_discarded_before_cancel_returns() {
    for mut client in [greeted(Config::default()), active()] {
        let mut operation = retrieve();
        assert!(settle(&mut client, &mut Buffer::with_room(9), &mut operation).is_pending());
        client.network_mut().deeds();
        client.cancel();
        assert_eq!(client.network_mut().deeds(), ["reset Data"]);
        // A call that comes now finds nobody.
        client.network_mut().callers = [HOST].into();
        run(&mut client, Exchange::noop()).unwrap();
        assert_eq!(client.session().ignored_reports(), 0);
        assert_eq!(client.session().state(), State::Usable);
    }
}

#[test]
fn what_was_not_sent_of_a_cancelled_operation_is_taken_back() {
    let mut client = greeted(Config::default());
    client.network_mut().room = Some(0);
    let mut operation = Exchange::noop();
    let mut nothing = Buffer::with_room(0);
    assert!(client.turn(&mut nothing, &mut operation).is_pending());
    assert_eq!(client.session().transmit(), b"NOOP\r\n");
    client.cancel();
    client.network_mut().room = None;
    client.network_mut().answers = vec![("NOOP", "500 what?")];
    run(&mut client, Exchange::quit()).unwrap();
}

#[test]
fn turns_are_due_at_once_while_something_comes_and_at_the_session_s_deadline_then() {
    let mut client = greeted(Config::default());
    client.network_mut().answers = vec![("NOOP", "")];
    let mut operation = Exchange::noop();
    let mut nothing = Buffer::with_room(0);
    assert!(settle(&mut client, &mut nothing, &mut operation).is_pending());
    let deadline = client.deadline().unwrap();
    assert_eq!(
        deadline,
        client.session().deadline().unwrap().at.since_epoch()
    );
    assert!(deadline > SECOND);
    // What has come counts, though the time is over.
    client.network_mut().now = deadline;
    client.network_mut().says("200 late");
    assert!(matches!(
        client.turn(&mut nothing, &mut operation),
        Poll::Ready(Ok(_))
    ));
    let mut operation = Exchange::noop();
    assert!(settle(&mut client, &mut nothing, &mut operation).is_pending());
    client.network_mut().now = client.deadline().unwrap();
    let Poll::Ready(Err(error)) = client.turn(&mut nothing, &mut operation) else {
        panic!("nobody answered");
    };
    assert_ne!(error.after(), After::Usable);
}

#[test]
fn one_turn_reads_so_often_and_no_more() {
    let mut client = greeted(Config::default());
    client.network_mut().answers = vec![("NOOP", "200-so much to say")];
    let (mut operation, mut nothing) = (Exchange::noop(), Buffer::with_room(0));
    assert!(settle(&mut client, &mut nothing, &mut operation).is_pending());
    let byte = || (b"x".to_vec(), None);
    client
        .network_mut()
        .control
        .extend((0..1_000).map(|_| byte()));
    client.network_mut().reads = 0;
    assert!(client.turn(&mut nothing, &mut operation).is_pending());
    assert_eq!(client.network().reads, 64);
}

#[test]
fn the_end_of_the_control_connection_ends_the_session() {
    for end in [Ok(Input::End(End::Clean)), Err(Failure::Reset)] {
        let mut client = greeted(Config::default());
        client.network_mut().answers = vec![("NOOP", "")];
        client
            .network_mut()
            .control
            .push_back((Vec::new(), Some(end)));
        assert!(run(&mut client, Exchange::noop()).is_err());
        assert!(matches!(client.session().state(), State::Dead(_)));
        let deeds = client.network_mut().deeds();
        assert_eq!(deeds[0], "close Control");
        // There is no data connection that could be closed with it.
        assert!(!deeds.contains(&"reset Data".into()), "{deeds:?}");
        // Nobody listens, reads or writes any more.
        (client.network_mut().reads, client.network_mut().flushes) = (0, 0);
        assert!(run(&mut client, Exchange::noop()).is_err());
        assert_eq!((client.network().reads, client.network().flushes), (0, 0));
    }
}

#[test]
fn a_server_that_cannot_be_written_to_may_have_said_why() {
    let mut client = greeted(Config::default());
    client.network_mut().broken = true;
    let mut operation = Exchange::noop();
    let Poll::Ready(Err(error)) = client.turn(&mut Buffer::with_room(0), &mut operation) else {
        panic!("it is not over");
    };
    assert_eq!(error.after(), After::Dead);
    assert!(matches!(client.session().state(), State::Dead(_)));
}

#[test]
fn tls_begins_when_the_session_says_so_and_ends_by_ccc() {
    let mut client = greeted(full());
    client.network_mut().handshakes = 3;
    let (mut operation, mut nothing) = (Secure::new(), Buffer::with_room(0));
    assert!(settle(&mut client, &mut nothing, &mut operation).is_pending());
    assert_eq!(client.network_mut().deeds(), ["secure Control"]);
    assert!(!client.session().is_secured());
    while client.turn(&mut nothing, &mut operation).is_pending() {}
    assert!(client.session().is_secured());
    client.network_mut().handshakes = 2;
    let mut operation = Exchange::clear_control();
    let mut turns = 0;
    while client.turn(&mut nothing, &mut operation).is_pending() {
        turns += 1;
        assert!(turns < 100, "it never ends");
    }
    assert_eq!(client.network_mut().deeds(), ["unsecure"; 3]);
    assert!(!client.session().is_secured());
}

/// The last reply under TLS may end it, and then the end of TLS is not that of the connection.
#[test]
fn an_end_behind_a_reply_waits_under_tls() {
    let mut client = greeted(full());
    run(&mut client, Secure::new()).unwrap();
    client.network_mut().deeds();
    let (mut operation, mut nothing) = (Exchange::clear_control(), Buffer::with_room(0));
    assert!(client.turn(&mut nothing, &mut operation).is_pending());
    let end = || (Vec::new(), Some(Ok(Input::End(End::Clean))));
    client.network_mut().control.push_back(end());
    while client.turn(&mut nothing, &mut operation).is_pending() {}
    assert_eq!(client.network_mut().deeds(), ["unsecure"]);
    assert_eq!(client.session().state(), State::Usable);
    // In clear it is one, and is taken in the same turn.
    client.network_mut().answers = vec![("NOOP", "")];
    let mut operation = Exchange::noop();
    assert!(settle(&mut client, &mut nothing, &mut operation).is_pending());
    client.network_mut().says("200 yes");
    client.network_mut().control.push_back(end());
    assert!(client.turn(&mut nothing, &mut operation).is_ready());
    assert!(matches!(client.session().state(), State::Dead(_)));
    assert_eq!(client.network_mut().deeds()[0], "close Control");
}

#[test]
fn an_end_by_itself_ends_a_session_under_tls_too() {
    let mut client = greeted(full());
    run(&mut client, Secure::new()).unwrap();
    client.network_mut().answers = vec![("NOOP", "")];
    let end = (Vec::new(), Some(Ok(Input::End(End::Clean))));
    client.network_mut().control.push_back(end);
    assert!(run(&mut client, Exchange::noop()).is_err());
    assert!(matches!(client.session().state(), State::Dead(_)));
}

#[test]
fn the_session_is_told_how_many_tickets_are_left() {
    for (tickets, expected) in [(Some(0), "NLST"), (Some(1), "RETR"), (None, "RETR")] {
        let mut client = greeted(full());
        run(&mut client, Secure::new()).unwrap();
        client.network_mut().tickets = tickets;
        client.network_mut().connected = true;
        let (mut operation, mut room) = (retrieve(), Buffer::with_room(9));
        assert!(settle(&mut client, &mut room, &mut operation).is_pending());
        assert_eq!(client.network().verbs.last().unwrap(), expected);
        assert!(client.network_mut().deeds().contains(&"secure Data".into()));
    }
}

#[test]
fn a_session_that_is_over_does_not_listen() {
    let mut client = greeted(Config::default());
    client.network_mut().answers = vec![("NOOP", "")];
    let (mut operation, mut nothing) = (Exchange::noop(), Buffer::with_room(0));
    assert!(settle(&mut client, &mut nothing, &mut operation).is_pending());
    client.network_mut().says("no reply");
    client.network_mut().says("200 too late");
    client.network_mut().reads = 0;
    assert!(client.turn(&mut nothing, &mut operation).is_ready());
    assert_eq!(client.network().reads, 1);
}

/// Nor does it get into the storage of the next one.
#[test]
fn payload_does_not_outlive_its_operation() {
    let mut client = greeted(Config::default());
    client.network_mut().connected = true;
    client.network_mut().answers = vec![("RETR", "150 go on\r\n426 cut")];
    let (mut operation, mut room) = (retrieve(), Buffer::with_room(9));
    let mut turns = 0;
    while client.turn(&mut room, &mut operation).is_pending() {
        client.network_mut().now += SECOND;
        turns += 1;
        assert!(turns < 1_000, "it never ends");
    }
    client
        .network_mut()
        .data
        .push_back((b"late".to_vec(), None));
    let mut room = Buffer::with_room(9);
    let mut operation = Exchange::noop();
    while client.turn(&mut room, &mut operation).is_pending() {}
    assert_eq!(room.filled, 0);
}

#[test]
fn who_has_nothing_else_to_do_waits_when_nothing_happens() {
    let mut client = greeted(Config::default());
    client.network_mut().answers = vec![("NOOP", "")];
    let mut nothing = Buffer::with_room(0);
    let mut deadlines = Vec::new();
    let outcome = client.run(Exchange::noop(), &mut nothing, |network, _, deadline| {
        deadlines.push(deadline);
        if deadlines.len() > 1 {
            return Err("enough");
        }
        network.says("200-more to come");
        Ok(())
    });
    assert_eq!(outcome.unwrap_err(), "enough");
    assert_eq!(deadlines.len(), 2);
    assert!(deadlines.iter().all(|at| at.is_some_and(|at| at > SECOND)));
}

/// A network without TLS has nothing to do for it, and refuses it.
#[test]
fn a_network_without_tls_has_defaults() {
    struct Bare;
    impl Network for Bare {
        fn now(&self) -> Duration {
            SECOND
        }
        fn dial(&mut self, _: SocketAddr) -> Result<(), Failure> {
            Ok(())
        }
        fn is_connected(&mut self) -> Result<bool, Failure> {
            Ok(true)
        }
        fn listen(&mut self) -> Result<SocketAddr, Failure> {
            Err(Failure::Local)
        }
        fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
            Ok(None)
        }
        fn stop_listening(&mut self) {}
        fn read(&mut self, _: Connection, _: &mut [u8]) -> Result<Option<Input>, Failure> {
            Ok(None)
        }
        fn write(&mut self, _: Connection, bytes: &[u8]) -> Result<usize, Failure> {
            Ok(bytes.len())
        }
        fn close(&mut self, _: Connection) {}
        fn reset(&mut self, _: Connection) {}
    }
    assert_eq!(Bare.sent(), 0);
    assert_eq!(Bare.shut_down(), Ok(()));
    assert_eq!(Bare.resumptions(), None);
    assert_eq!(Bare.end(), Ok(true));
    assert!(Bare.is_ended());
    assert_eq!(Bare.unsecure(), Err(Failure::Tls));
    for of in [Connection::Control, Connection::Data] {
        assert_eq!(Bare.flush(of), Ok(()));
        assert_eq!(Bare.secure(of), Err(Failure::Tls));
        assert_eq!(Bare.handshake(of), Err(Failure::Tls));
    }
}

/// ABOR goes out and the connection is discarded in the turn that tells so.
#[test]
fn a_time_that_is_over_is_told_in_the_same_turn() {
    let mut client = greeted(Config::default());
    client.network_mut().connected = true;
    client.network_mut().answers = vec![("ABOR", "")];
    let (mut operation, mut room) = (retrieve(), Buffer::with_room(9));
    assert!(settle(&mut client, &mut room, &mut operation).is_pending());
    client.network_mut().deeds();
    client.network_mut().now = client.deadline().unwrap();
    let outcome = client.turn(&mut room, &mut operation);
    let Poll::Ready(Err(error)) = outcome else {
        panic!("it is not over: {outcome:?}");
    };
    assert_eq!(error.after(), After::Settling);
    assert_eq!(client.network().verbs.last().unwrap(), "ABOR");
    assert_eq!(client.network_mut().deeds(), ["reset Data"]);
}

/// The connection of an aborted transfer stays open for a while, and the operation goes on: what
/// comes on that connection is not the next file's, although a driver has one connection at a time.
#[test]
fn what_lingers_in_a_series_is_not_the_next_file() {
    let mut config = Config::default();
    config.timeouts.abort_linger = 5 * SECOND;
    let mut client = greeted(config);
    let paths = ["old", "new"].map(|path| Argument::new(path).unwrap());
    let (mut series, mut room) = (Series::retrieve(paths), Buffer::with_room(100));
    client.network_mut().connected = true;
    client.network_mut().answers.push(("ABOR", ""));
    client.network_mut().data.push_back((b"old".to_vec(), None));
    assert!(settle(&mut client, &mut room, &mut series).is_pending());
    assert_eq!(&room.bytes[..room.filled], b"old");
    let first = client.session().current_transfer().unwrap();
    client.session_mut().abort(first);
    client
        .network_mut()
        .data
        .push_back((b"late".to_vec(), None));
    assert!(settle(&mut client, &mut room, &mut series).is_pending());
    assert_eq!(&room.bytes[..room.filled], b"old");
    assert_eq!(client.session().current_data(), None);
    client.network_mut().says("426 cut\r\n226 aborted");
    client.network_mut().now += 6 * SECOND;
    client.network_mut().data.clear();
    client.network_mut().data.push_back((b"new".to_vec(), None));
    assert!(settle(&mut client, &mut room, &mut series).is_pending());
    assert_eq!(&room.bytes[..room.filled], b"oldnew");
    assert!(client.session().current_data().is_some());
    assert_eq!(client.session().ignored_reports(), 0);
}
