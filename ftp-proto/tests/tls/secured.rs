//! [`Secured`] over a network in memory, whose other end is a TLS server.

use std::collections::VecDeque;
use std::mem;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::driver::{Connection, Input, Network};
use ftp_proto::tls::{Context, Secured};
use ftp_proto::{End, Failure};
use rustls::ServerConfig;

use crate::peer::{Authority, BOTH, Peer, TLS12, TLS13, payload};

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const ADDRESS: SocketAddr = SocketAddr::new(HOST, 4711);
const EACH: [Connection; 2] = [Connection::Control, Connection::Data];

/// One connection.
#[derive(Debug, Default)]
struct Line {
    /// What can be read, and what comes behind it, if anything does.
    arrived: VecDeque<u8>,
    end: Option<Result<End, Failure>>,
    written: Vec<u8>,
    /// How much more can be written, if that is limited.
    room: Option<usize>,
    broken: Option<Failure>,
}

#[derive(Debug, Default)]
struct Memory {
    control: Line,
    data: Line,
    deeds: Vec<String>,
}

impl Memory {
    fn line(&mut self, of: Connection) -> &mut Line {
        match of {
            Connection::Control => &mut self.control,
            Connection::Data => &mut self.data,
        }
    }

    fn did(&mut self, deed: impl Into<String>) {
        self.deeds.push(deed.into());
    }
}

impl Network for Memory {
    fn now(&self) -> Duration {
        Duration::from_secs(7)
    }

    fn dial(&mut self, to: SocketAddr) -> Result<(), Failure> {
        self.did(format!("dial {to}"));
        Ok(())
    }

    fn is_connected(&mut self) -> Result<bool, Failure> {
        self.did("ask");
        Ok(self.deeds.len() > 3)
    }

    fn listen(&mut self) -> Result<SocketAddr, Failure> {
        self.did("listen");
        Ok(ADDRESS)
    }

    fn accept(&mut self) -> Result<Option<IpAddr>, Failure> {
        self.did("accept");
        Ok(Some(HOST))
    }

    fn stop_listening(&mut self) {
        self.did("stop");
    }

    fn read(&mut self, from: Connection, buffer: &mut [u8]) -> Result<Option<Input>, Failure> {
        let line = self.line(from);
        let count = line.arrived.len().min(buffer.len());
        let bytes = line.arrived.drain(..count);
        buffer
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = from);
        match &line.end {
            _ if count > 0 => Ok(Some(Input::Bytes(count))),
            Some(end) => end.map(|end| Some(Input::End(end))),
            None => Ok(None),
        }
    }

    fn write(&mut self, to: Connection, bytes: &[u8]) -> Result<usize, Failure> {
        let line = self.line(to);
        if let Some(failure) = line.broken {
            return Err(failure);
        }
        let count = bytes.len().min(line.room.unwrap_or(usize::MAX));
        line.room = line.room.map(|room| room - count);
        line.written.extend(&bytes[..count]);
        Ok(count)
    }

    fn sent(&mut self) -> usize {
        5
    }

    fn shut_down(&mut self) -> Result<(), Failure> {
        self.did("shut down");
        Ok(())
    }

    fn close(&mut self, connection: Connection) {
        self.did(format!("close {connection:?}"));
    }

    fn reset(&mut self, connection: Connection) {
        self.did(format!("reset {connection:?}"));
    }

    fn flush(&mut self, of: Connection) -> Result<(), Failure> {
        self.did(format!("flush {of:?}"));
        Ok(())
    }
}

/// A client, and a server with one end for each connection.
struct Both {
    client: Secured<Memory>,
    server: Arc<ServerConfig>,
    control: Option<Peer>,
    data: Option<Peer>,
}

impl Both {
    fn new(context: Context, server: Arc<ServerConfig>) -> Self {
        Self {
            client: Secured::new(Memory::default(), context),
            server,
            control: None,
            data: None,
        }
    }

    /// Under TLS on the control connection, with its tickets.
    fn secured(server: impl Fn(&Authority) -> Arc<ServerConfig>) -> Self {
        let authority = Authority::new();
        let mut both = Self::new(authority.context(), server(&authority));
        both.secure(Connection::Control);
        assert_eq!(both.client.read(Connection::Control, &mut [0; 9]), Ok(None));
        both
    }

    /// With data under TLS, too; what the control connection brought is read.
    fn with_data(server: impl Fn(&Authority) -> Arc<ServerConfig>) -> Self {
        let mut both = Self::secured(server);
        both.secure(Connection::Data);
        both
    }

    fn line(&mut self, of: Connection) -> &mut Line {
        self.client.network_mut().line(of)
    }

    fn deeds(&mut self) -> Vec<String> {
        mem::take(&mut self.client.network_mut().deeds)
    }

    fn peer(&mut self, of: Connection) -> &mut Peer {
        let peer = match of {
            Connection::Control => &mut self.control,
            Connection::Data => &mut self.data,
        };
        peer.get_or_insert_with(|| Peer::new(&self.server))
    }

    /// Carries what was written to the server, and its answer back.
    fn carry(&mut self, of: Connection) {
        let written = mem::take(&mut self.line(of).written);
        self.peer(of).receive(&written);
        let answer = self.peer(of).flight();
        self.line(of).arrived.extend(answer);
    }

    fn secure(&mut self, of: Connection) {
        self.client.secure(of).unwrap();
        for _ in 0..4 {
            let is_done = self.client.handshake(of).unwrap();
            self.carry(of);
            if is_done {
                return;
            }
        }
        panic!("the handshake never ends");
    }

    fn says(&mut self, on: Connection, plaintext: &[u8]) {
        let bytes = self.peer(on).send(plaintext);
        self.line(on).arrived.extend(bytes);
    }

    fn closes(&mut self, connection: Connection) {
        let bytes = self.peer(connection).close();
        self.line(connection).arrived.extend(bytes);
    }

    /// Everything that can be read, and what comes then.
    fn read(&mut self, from: Connection) -> (Vec<u8>, Result<Option<Input>, Failure>) {
        let (mut read, mut buffer) = (Vec::new(), [0; 1000]);
        loop {
            match self.client.read(from, &mut buffer) {
                Ok(Some(Input::Bytes(count))) => read.extend(&buffer[..count]),
                other => return (read, other),
            }
        }
    }
}

fn modern(authority: &Authority) -> Arc<ServerConfig> {
    authority.server(TLS13)
}

const END: Result<Option<Input>, Failure> = Ok(Some(Input::End(End::Clean)));

#[test]
fn in_clear_the_network_does_everything() {
    let mut client = Secured::new(Memory::default(), None);
    assert_eq!(client.now(), Duration::from_secs(7));
    assert_eq!(client.resumptions(), None);
    assert_eq!(client.dial(ADDRESS), Ok(()));
    assert_eq!(client.is_connected(), Ok(false));
    assert_eq!(client.listen(), Ok(ADDRESS));
    assert_eq!(client.is_connected(), Ok(true));
    assert_eq!(client.accept(), Ok(Some(HOST)));
    client.stop_listening();
    assert_eq!(client.shut_down(), Ok(()));
    for of in EACH {
        assert_eq!(client.flush(of), Ok(()));
        assert_eq!(client.write(of, b"clear"), Ok(5));
        assert_eq!(client.network_mut().line(of).written, b"clear");
        client.network_mut().line(of).arrived.extend(b"answer");
        let mut buffer = [0; 9];
        assert_eq!(client.read(of, &mut buffer), Ok(Some(Input::Bytes(6))));
        assert_eq!(&buffer[..6], b"answer");
        assert_eq!(client.read(of, &mut buffer), Ok(None));
        // What TLS would have to do is done.
        assert_eq!(client.handshake(of), Ok(true));
        client.close(of);
        client.reset(of);
        // Without a context there is none.
        assert_eq!(client.secure(of), Err(Failure::Local));
    }
    assert_eq!(client.sent(), 5);
    assert_eq!(client.end(), Ok(true));
    assert!(client.is_ended());
    assert_eq!(client.unsecure(), Ok(Some(Vec::new())));
    let expected = format!(
        "dial {ADDRESS}, ask, listen, ask, accept, stop, shut down, \
         flush Control, close Control, reset Control, flush Data, close Data, reset Data"
    );
    assert_eq!(client.network_mut().deeds.join(", "), expected);
}

#[test]
fn both_connections_speak_tls_and_the_second_resumes() {
    for versions in BOTH {
        let mut both = Both::with_data(|authority| authority.server(versions));
        for of in EACH {
            assert_eq!(both.client.write(of, b"secret"), Ok(6));
            assert!(
                !both
                    .line(of)
                    .written
                    .windows(6)
                    .any(|part| part == b"secret")
            );
            both.carry(of);
            assert_eq!(both.peer(of).received, b"secret");
            both.says(of, b"an answer");
            assert_eq!(both.read(of), (b"an answer".to_vec(), Ok(None)));
        }
        // Two tickets came first, one was spent, and two came again.
        let left = (versions[0].version == rustls::ProtocolVersion::TLSv1_3).then_some(3);
        assert_eq!(both.client.resumptions(), left);
        assert_eq!(both.client.sent(), 0, "a layer has taken it");
    }
}

#[test]
fn a_handshake_goes_on_as_far_as_the_socket_takes_it() {
    let authority = Authority::new();
    let mut both = Both::new(authority.context(), authority.server(TLS13));
    let control = Connection::Control;
    both.client.secure(control).unwrap();
    // Before the handshake is over, nothing is taken of what is to be sent.
    assert_eq!(both.client.write(control, b"USER early"), Ok(0));
    both.carry(control);
    both.line(control).room = Some(10);
    assert_eq!(both.client.handshake(control), Ok(false));
    assert_eq!(both.line(control).written.len(), 10);
    // The last flight has to leave, although nothing else is waited for.
    assert_eq!(both.client.handshake(control), Ok(false));
    both.line(control).room = None;
    assert_eq!(both.client.handshake(control), Ok(true));
    both.carry(control);
    assert!(both.peer(control).is_connected());
}

#[test]
fn the_server_hears_why_a_handshake_failed() {
    let (authority, stranger) = (Authority::new(), Authority::called("somebody else"));
    let mut both = Both::new(authority.context(), stranger.server(TLS12));
    both.client.secure(Connection::Control).unwrap();
    assert_eq!(both.client.handshake(Connection::Control), Ok(false));
    both.carry(Connection::Control);
    let failed = both.client.handshake(Connection::Control);
    assert_eq!(failed, Err(Failure::Tls));
    both.carry(Connection::Control);
    let told = rustls::Error::AlertReceived(rustls::AlertDescription::UnknownCA);
    assert_eq!(both.peer(Connection::Control).error, Some(told));
}

#[test]
fn an_upload_ends_when_everything_has_left_and_the_server_has_ended_too() {
    let mut both = Both::with_data(modern);
    let data = Connection::Data;
    let body = payload(200_000);
    let mut rest = &body[..];
    while !rest.is_empty() {
        both.line(data).room = Some(30_000);
        let count = both.client.write(data, rest).unwrap();
        rest = &rest[count..];
    }
    both.line(data).room = Some(0);
    assert_eq!(both.client.write(data, &payload(100_000)[..0]), Ok(0));
    // What a layer has taken leaves with a flush.
    let before = both.line(data).written.len();
    both.line(data).room = Some(10);
    both.deeds();
    assert_eq!(both.client.flush(data), Ok(()));
    assert_eq!(both.line(data).written.len(), before + 10);
    assert_eq!(both.deeds(), ["flush Data"]);
    assert_eq!(both.client.end(), Ok(false));
    assert!(both.deeds().is_empty(), "shut down too early");
    assert!(!both.client.is_ended());
    both.line(data).room = None;
    assert_eq!(both.client.end(), Ok(true));
    assert_eq!(both.deeds(), ["shut down"]);
    both.carry(data);
    assert!(both.peer(data).received == body);
    assert!(both.peer(data).closed);
    // What the server says meanwhile is dropped.
    both.says(data, b"thanks");
    assert!(!both.client.is_ended());
    both.closes(data);
    assert!(both.client.is_ended());
    both.client.close(data);
    assert_eq!(both.deeds(), ["close Data"]);
    assert_eq!(both.client.resumptions(), Some(3));
    // The layer is gone with its connection.
    assert_eq!(both.client.write(data, b"clear"), Ok(5));
    assert_eq!(both.line(data).written, b"clear");
}

#[test]
fn a_connection_that_breaks_is_ended() {
    let mut both = Both::with_data(modern);
    both.line(Connection::Data).broken = Some(Failure::Reset);
    assert_eq!(both.client.end(), Err(Failure::Reset));
    both.line(Connection::Data).end = Some(Err(Failure::Reset));
    assert!(both.client.is_ended());
    both.client.close(Connection::Data);
    assert_eq!(both.deeds(), ["close Data"]);
}

#[test]
fn a_download_is_whole_where_the_server_says_so_alone() {
    for is_whole in [true, false] {
        let mut both = Both::with_data(modern);
        let data = Connection::Data;
        both.says(data, &payload(50_000));
        if is_whole {
            both.closes(data);
        }
        both.line(data).end = Some(Ok(End::Clean));
        let (read, end) = both.read(data);
        assert!(read == payload(50_000));
        let expected = if is_whole { End::Clean } else { End::Truncated };
        assert_eq!(end, Ok(Some(Input::End(expected))));
        // We say so as well.
        both.client.close(data);
        both.carry(data);
        assert!(both.peer(data).closed);
    }
}

#[test]
fn a_reset_takes_the_tickets_first() {
    let mut both = Both::with_data(modern);
    assert_eq!(both.client.resumptions(), Some(1));
    both.client.reset(Connection::Data);
    assert_eq!(both.client.resumptions(), Some(3));
    assert_eq!(both.deeds(), ["reset Data"]);
    assert_eq!(
        both.line(Connection::Data).written,
        b"",
        "it ends without a word"
    );
    assert_eq!(both.client.write(Connection::Data, b"clear"), Ok(5));
    assert_eq!(both.line(Connection::Data).written, b"clear");
}

#[test]
fn ccc_goes_on_in_clear_with_what_came_behind_the_end() {
    let mut both = Both::secured(modern);
    let control = Connection::Control;
    both.line(control).room = Some(3);
    assert_eq!(both.client.unsecure(), Ok(None));
    both.closes(control);
    both.line(control).arrived.extend(b"220 in clear\r\n");
    // Our side has to end as well.
    assert_eq!(both.client.unsecure(), Ok(None));
    both.line(control).room = None;
    assert_eq!(
        both.client.unsecure(),
        Ok(Some(b"220 in clear\r\n".to_vec()))
    );
    both.carry(control);
    assert!(both.peer(control).closed);
    both.line(control).written.clear();
    assert_eq!(both.client.write(control, b"NOOP\r\n"), Ok(6));
    assert_eq!(both.line(control).written, b"NOOP\r\n");
    assert_eq!(both.client.sent(), 5);
    both.line(control).arrived = b"200 yes\r\n".to_vec().into();
    assert_eq!(both.read(control), (b"200 yes\r\n".to_vec(), Ok(None)));
}

#[test]
fn ccc_fails_where_the_server_does_not_end_tls() {
    for cut in [false, true] {
        let mut both = Both::secured(modern);
        if cut {
            both.line(Connection::Control).end = Some(Ok(End::Clean));
        } else {
            both.says(Connection::Control, b"226 still here\r\n");
        }
        assert_eq!(both.client.unsecure(), Err(Failure::Tls));
        // It stays under TLS.
        assert_eq!(both.client.sent(), 0);
    }
}

#[test]
fn failures_of_the_network_stay_what_they_are_under_tls() {
    for (failure, expected) in [
        (Failure::Refused, Failure::Refused),
        (Failure::Unreachable, Failure::Unreachable),
        (Failure::TimedOut, Failure::TimedOut),
        (Failure::Reset, Failure::Reset),
        (Failure::Tls, Failure::Tls),
        (Failure::TlsTimedOut, Failure::Tls),
        (Failure::Local, Failure::Local),
        (Failure::Other, Failure::Other),
    ] {
        let mut both = Both::with_data(modern);
        for of in EACH {
            both.says(of, b"before");
            both.line(of).end = Some(Err(failure));
            assert_eq!(both.read(of), (b"before".to_vec(), Err(expected)));
            both.line(of).broken = Some(failure);
            assert_eq!(both.client.write(of, b"x"), Err(expected));
        }
    }
}

#[test]
fn a_layer_shows_its_state_and_no_payload() {
    let mut both = Both::with_data(modern);
    both.says(Connection::Data, b"secret");
    both.closes(Connection::Data);
    assert_eq!(both.read(Connection::Data), (b"secret".to_vec(), END));
    let text = format!("{:?}", both.client);
    for part in [
        "Secured",
        "network: Memory",
        "control: Some(Layer",
        "data: Some(Layer",
        "eof: false",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("secret"));
}
