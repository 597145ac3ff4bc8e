//! [`Layer`] over a socket that says what was asked of it.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::mem;

use ftp_proto::End;
use ftp_proto::driver::Input;
use ftp_proto::tls::{Channel, Layer, Purpose, Socket, TlsError, Wait};

use crate::peer::{Authority, Peer, TLS12, TLS13, connect, payload};

/// A socket with one end.
#[derive(Default)]
struct Wire {
    arrived: VecDeque<u8>,
    is_ended: bool,
    /// What a read without anything to read comes to, and a write without room.
    error: Option<ErrorKind>,
    written: Vec<u8>,
    room: Option<usize>,
    takes_nothing: bool,
    /// How often more may still be waited.
    patience: usize,
    /// What was asked: `r` and `w`, and how long that might wait.
    calls: Vec<(char, Wait)>,
    /// The rooms of the reads.
    rooms: Vec<usize>,
}

impl Wire {
    fn calls(&mut self) -> Vec<(char, Wait)> {
        mem::take(&mut self.calls)
    }

    fn nothing(&mut self) -> io::Result<Option<usize>> {
        self.patience = self.patience.saturating_sub(1);
        self.error.map_or(Ok(None), |kind| Err(kind.into()))
    }
}

impl Socket for Wire {
    fn read(&mut self, buffer: &mut [u8], wait: Wait) -> io::Result<Option<usize>> {
        self.calls.push(('r', wait));
        self.rooms.push(buffer.len());
        let count = self.arrived.len().min(buffer.len());
        let bytes = self.arrived.drain(..count);
        buffer
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, from)| *to = from);
        match count {
            0 if !self.is_ended => self.nothing(),
            count => Ok(Some(count)),
        }
    }

    fn write(&mut self, bytes: &[u8], wait: Wait) -> io::Result<Option<usize>> {
        self.calls.push(('w', wait));
        let count = bytes.len().min(self.room.unwrap_or(usize::MAX));
        if self.takes_nothing {
            return Ok(Some(0));
        }
        if count == 0 {
            return self.nothing();
        }
        self.room = self.room.map(|room| room - count);
        self.written.extend(&bytes[..count]);
        Ok(Some(count))
    }

    fn has_patience(&self) -> bool {
        self.patience > 0
    }
}

/// Behind the handshake, with the tickets read.
fn data() -> (Layer, Wire, Peer) {
    let authority = Authority::new();
    let (channel, peer) = connect(&authority.context(), &authority.server(TLS13));
    (Layer::for_data(channel), Wire::default(), peer)
}

fn tls_error(error: &io::Error) -> Option<TlsError> {
    error.get_ref()?.downcast_ref().cloned()
}

#[test]
fn a_read_waits_as_long_as_nothing_else_is_waited_for() {
    let (mut layer, mut wire, mut peer) = data();
    assert_eq!(layer.read(&mut wire, &mut [0; 9]).unwrap(), None);
    assert_eq!(wire.calls(), [('r', Wait::Patiently)]);
    assert!(!layer.wants_write());
    wire.room = Some(0);
    assert_eq!(layer.write(&mut wire, b"stuck").unwrap(), Some(5));
    assert_eq!(wire.calls(), [('w', Wait::Patiently)]);
    assert!(layer.wants_write());
    assert!(!layer.flush(&mut wire).unwrap());
    wire.calls();
    assert_eq!(layer.read(&mut wire, &mut [0; 9]).unwrap(), None);
    assert_eq!(wire.calls(), [('w', Wait::No), ('r', Wait::Moment)]);
    // With patience left the write is tried again, and nothing is when it has gone.
    wire.patience = 4;
    assert_eq!(layer.read(&mut wire, &mut [0; 9]).unwrap(), None);
    let once = [('w', Wait::No), ('r', Wait::Moment)];
    assert_eq!(wire.calls(), [once, once].concat());
    (wire.room, wire.patience) = (None, 4);
    assert_eq!(layer.read(&mut wire, &mut [0; 9]).unwrap(), None);
    assert_eq!(wire.calls(), [('w', Wait::No), ('r', Wait::Patiently)]);
    assert!(!layer.wants_write());
    assert!(layer.flush(&mut wire).unwrap());
    peer.receive(&wire.written);
    assert_eq!(peer.received, b"stuck");
}

#[test]
fn a_write_that_finds_no_room_makes_some_first() {
    let (mut layer, mut wire, mut peer) = data();
    wire.room = Some(0);
    let body = payload(64 << 10);
    assert_eq!(layer.write(&mut wire, &body).unwrap(), Some(64 << 10));
    assert_eq!(layer.write(&mut wire, b"more").unwrap(), None);
    wire.calls();
    wire.room = None;
    assert_eq!(layer.write(&mut wire, b"more").unwrap(), Some(4));
    assert_eq!(wire.calls(), [('w', Wait::Patiently), ('w', Wait::No)]);
    peer.receive(&wire.written);
    assert!(peer.received == [&body, &b"more"[..]].concat());
}

#[test]
fn a_call_that_would_block_or_was_interrupted_has_nothing_to_give() {
    for kind in [ErrorKind::WouldBlock, ErrorKind::Interrupted] {
        let (mut layer, mut wire, _peer) = data();
        (wire.error, wire.room) = (Some(kind), Some(0));
        assert_eq!(layer.read(&mut wire, &mut [0; 9]).unwrap(), None);
        assert_eq!(layer.write(&mut wire, b"x").unwrap(), Some(1));
        assert!(!layer.flush(&mut wire).unwrap());
        assert!(!layer.await_end(&mut wire));
    }
    let (mut layer, mut wire, _peer) = data();
    (wire.error, wire.room) = (Some(ErrorKind::TimedOut), Some(0));
    let kind = |error: io::Error| error.kind();
    let read = layer.read(&mut wire, &mut [0; 9]);
    assert_eq!(read.map_err(kind), Err(ErrorKind::TimedOut));
    let written = layer.write(&mut wire, b"x");
    assert_eq!(written.map_err(kind), Err(ErrorKind::TimedOut));
    assert_eq!(
        layer.flush(&mut wire).map_err(kind),
        Err(ErrorKind::TimedOut)
    );
    // Nothing more can be waited for.
    assert!(layer.await_end(&mut wire));
}

#[test]
fn a_socket_that_takes_no_byte_of_some_is_not_asked_for_ever() {
    let (mut layer, mut wire, _peer) = data();
    wire.takes_nothing = true;
    let error = layer.write(&mut wire, b"x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WriteZero);
}

#[test]
fn reads_of_a_control_connection_stay_small() {
    let authority = Authority::new();
    let (channel, mut peer) = connect(&authority.context(), &authority.server(TLS13));
    let (mut layer, mut wire) = (Layer::for_control(channel), Wire::default());
    wire.arrived.extend(peer.send(&payload(40_000)));
    let ciphertext = wire.arrived.len();
    let mut read = 0;
    while let Some(Input::Bytes(count)) = layer.read(&mut wire, &mut [0; 9_000]).unwrap() {
        read += count;
    }
    assert_eq!(read, 40_000);
    assert!(
        wire.rooms.iter().all(|room| *room <= 4096),
        "{:?}",
        wire.rooms
    );
    assert_eq!(layer.take_received(), ciphertext);
    assert_eq!(layer.take_received(), 0);
}

#[test]
fn an_end_is_awaited_until_it_comes_and_payload_for_so_long_alone() {
    let (mut layer, mut wire, mut peer) = data();
    assert!(layer.finish(&mut wire).unwrap());
    assert!(!layer.await_end(&mut wire));
    wire.arrived.extend(peer.send(&payload(200_000)));
    assert!(!layer.await_end(&mut wire), "there may be more");
    wire.arrived.extend(peer.close());
    assert!(layer.await_end(&mut wire));
    // A cut is an end, too.
    let (mut layer, mut wire, _peer) = data();
    wire.is_ended = true;
    assert!(layer.await_end(&mut wire));
    assert!(format!("{layer:?}").contains("eof: true"));
    // Each call takes so much at most.
    let (mut layer, mut wire, mut peer) = data();
    wire.arrived.extend(peer.send(&payload(600_000)));
    assert!(layer.await_end(&mut wire));
    assert!(wire.arrived.len() > 200_000, "{}", wire.arrived.len());
}

#[test]
fn tickets_are_taken_in_one_read_that_does_not_wait() {
    let authority = Authority::new();
    let context = authority.context();
    let mut channel = context.channel(Purpose::Data).unwrap();
    let (mut wire, mut peer) = (Wire::default(), Peer::new(&authority.server(TLS13)));
    crate::peer::to_peer(&mut channel, &mut peer);
    let mut layer = Layer::for_data(channel);
    wire.arrived.extend(peer.flight());
    assert!(layer.handshake(&mut wire).unwrap());
    peer.receive(&mem::take(&mut wire.written));
    wire.arrived.extend(peer.flight());
    wire.arrived.extend(peer.send(b"payload"));
    wire.calls();
    layer.take_tickets(&mut wire);
    assert_eq!(wire.calls(), [('r', Wait::No)]);
    assert_eq!(context.resumptions(), Some(2));
    // Behind either end nothing is to be had.
    wire.arrived.extend(peer.close());
    assert_eq!(
        layer.read(&mut wire, &mut [0; 9]).unwrap(),
        Some(Input::End(End::Clean))
    );
    wire.calls();
    layer.take_tickets(&mut wire);
    assert_eq!(wire.calls(), []);
    let (mut layer, mut wire, _peer) = data();
    wire.is_ended = true;
    let cut = Some(Input::End(End::Truncated));
    assert_eq!(layer.read(&mut wire, &mut [0; 9]).unwrap(), cut);
    wire.calls();
    layer.take_tickets(&mut wire);
    assert_eq!(wire.calls(), []);
}

#[test]
fn a_cut_in_the_handshake_is_an_end_and_no_fault_of_tls() {
    let authority = Authority::new();
    let handshake = |arrived: &[u8]| {
        let channel: Channel = authority.context().channel(Purpose::Explicit).unwrap();
        let mut wire = Wire::default();
        wire.arrived.extend(arrived);
        wire.is_ended = true;
        Layer::for_control(channel)
            .handshake(&mut wire)
            .unwrap_err()
    };
    let cut = handshake(b"");
    assert_eq!(cut.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(tls_error(&cut), Some(TlsError::ClosedEarly));
    let clear = handshake(b"500 what?\r\n");
    assert_eq!(clear.kind(), ErrorKind::InvalidData);
    let expected = TlsError::NotTls(Some(Purpose::Explicit));
    assert_eq!(tls_error(&clear), Some(expected));
}

#[test]
fn a_handshake_waits_for_the_server_and_for_its_own_last_flight() {
    let authority = Authority::new();
    let channel = authority.context().channel(Purpose::Explicit).unwrap();
    let (mut layer, mut wire) = (Layer::for_control(channel), Wire::default());
    let mut peer = Peer::new(&authority.server(TLS12));
    assert!(!layer.handshake(&mut wire).unwrap());
    let asked = [('w', Wait::Patiently), ('r', Wait::Patiently)];
    assert_eq!(wire.calls(), asked);
    peer.receive(&mem::take(&mut wire.written));
    wire.arrived.extend(peer.flight());
    assert!(
        !layer.handshake(&mut wire).unwrap(),
        "the server's last flight is missing"
    );
    peer.receive(&mem::take(&mut wire.written));
    wire.arrived.extend(peer.flight());
    assert!(layer.handshake(&mut wire).unwrap());
    assert!(peer.is_connected());
    assert_eq!(
        layer.channel().version(),
        Some(rustls::ProtocolVersion::TLSv1_2)
    );
}
