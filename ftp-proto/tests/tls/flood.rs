//! A peer that keeps us busy: records without payload, tickets without end, over the link of both
//! drivers.

use std::io;

use ftp_proto::End;
use ftp_proto::driver::Input;
use ftp_proto::tls::{Channel, Layer, Socket, TlsError, Wait};
use rustls::{ContentType, PeerMisbehaved};

use crate::forger::Forger;
use crate::peer::{Authority, TLS12, TLS13, Versions, connect, drain};

/// A socket that always has more.
struct Flood<F> {
    next: F,
    waiting: Vec<u8>,
    given: usize,
}

impl<F: FnMut() -> Vec<u8>> Flood<F> {
    fn of(next: F) -> Self {
        let (waiting, given) = (Vec::new(), 0);
        Self {
            next,
            waiting,
            given,
        }
    }
}

impl<F: FnMut() -> Vec<u8>> Socket for Flood<F> {
    fn read(&mut self, buffer: &mut [u8], _: Wait) -> io::Result<Option<usize>> {
        while self.waiting.len() < buffer.len() {
            self.waiting.extend((self.next)());
        }
        let given = self.waiting.drain(..buffer.len());
        buffer
            .iter_mut()
            .zip(given)
            .for_each(|(to, from)| *to = from);
        self.given += buffer.len();
        assert!(self.given < 64 << 20, "it goes on without end");
        Ok(Some(buffer.len()))
    }

    fn write(&mut self, bytes: &[u8], _: Wait) -> io::Result<Option<usize>> {
        Ok(Some(bytes.len()))
    }
}

fn tls_error(error: &io::Error) -> TlsError {
    let inner = error.get_ref().unwrap();
    inner.downcast_ref::<TlsError>().unwrap().clone()
}

/// What one call may take: what may be barren, and one more read of the socket.
const CALL_MAX: usize = Channel::BARREN_MAX + (64 << 10);

/// Reads until it fails; no call takes more than it may.
fn read_to_failure(
    layer: &mut Layer,
    flood: &mut Flood<impl FnMut() -> Vec<u8>>,
) -> (usize, TlsError) {
    let mut read = 0;
    loop {
        let before = flood.given;
        let input = layer.read(flood, &mut [0; 4096]);
        assert!(flood.given - before <= CALL_MAX);
        match input {
            Ok(Some(Input::Bytes(count))) => read += count,
            Ok(other) => panic!("{other:?}"),
            Err(error) => return (read, tls_error(&error)),
        }
    }
}

#[test]
fn tickets_are_bounded() {
    for length in [200, 2000] {
        let (mut channel, mut forger) = Forger::connect();
        let before = channel.tickets_received();
        for _ in before..Channel::TICKETS_MAX {
            channel.receive(&forger.ticket(length));
        }
        assert_eq!(drain(&mut channel).1, Ok(None));
        channel.receive(&forger.ticket(length));
        assert_eq!(drain(&mut channel).1, Err(TlsError::TooManyTickets));
    }
}

#[test]
fn a_ticket_that_rustls_cannot_store_fails_the_channel() {
    for length in [20_000, 40_000, 65_400, 65_500] {
        let (mut channel, mut forger) = Forger::connect();
        channel.receive(&forger.ticket(length));
        let expected = if length < 32 * 1024 {
            Ok(None)
        } else {
            Err(TlsError::Flooded)
        };
        assert_eq!(drain(&mut channel).1, expected, "{length}");
    }
}

#[test]
fn floods_end_every_call() {
    type Next = fn(&mut Forger) -> Vec<u8>;
    const NO_RENEGOTIATION: u8 = 100;
    const USER_CANCELED: u8 = 90;
    let misbehaved = |how| TlsError::from(rustls::Error::from(how));
    let floods: [(Versions, Next, TlsError); 12] = [
        (TLS13, |forger| forger.ticket(200), TlsError::TooManyTickets),
        (
            TLS13,
            |forger| forger.data(b""),
            misbehaved(PeerMisbehaved::TooManyEmptyFragments),
        ),
        (
            TLS13,
            |forger| [forger.data(b"x"), forger.ticket(200)].concat(),
            TlsError::TooManyTickets,
        ),
        (TLS13, few_among_empty, TlsError::Flooded),
        (
            TLS13,
            |forger| forger.warning(USER_CANCELED),
            misbehaved(PeerMisbehaved::TooManyWarningAlertsReceived),
        ),
        (
            TLS13,
            |forger| [forger.data(b"x"), forger.warning(USER_CANCELED)].concat(),
            misbehaved(PeerMisbehaved::TooManyWarningAlertsReceived),
        ),
        (
            TLS12,
            |forger| forger.data(b""),
            misbehaved(PeerMisbehaved::TooManyEmptyFragments),
        ),
        (TLS12, few_among_empty, TlsError::Flooded),
        (
            TLS12,
            Forger::hello_request,
            misbehaved(PeerMisbehaved::TooManyRenegotiationRequests),
        ),
        (
            TLS12,
            |forger| [forger.data(b"x"), forger.hello_request()].concat(),
            misbehaved(PeerMisbehaved::TooManyRenegotiationRequests),
        ),
        (
            TLS12,
            |forger| forger.warning(NO_RENEGOTIATION),
            misbehaved(PeerMisbehaved::TooManyWarningAlertsReceived),
        ),
        (
            TLS12,
            |forger| [forger.data(b"x"), forger.warning(NO_RENEGOTIATION)].concat(),
            misbehaved(PeerMisbehaved::TooManyWarningAlertsReceived),
        ),
    ];
    for (versions, next, expected) in floods {
        let (channel, mut forger) = Forger::connect_by(versions);
        let mut layer = Layer::for_data(channel);
        let mut flood = Flood::of(|| next(&mut forger));
        let (read, error) = read_to_failure(&mut layer, &mut flood);
        assert_eq!(error, expected, "{versions:?}");
        assert!(read < 1000, "{read}");

        let (channel, mut forger) = Forger::connect_by(versions);
        let mut flood = Flood::of(|| next(&mut forger));
        let unsecured = Layer::for_control(channel).unsecure(&mut flood);
        assert!(unsecured.is_err() && flood.given <= CALL_MAX);

        let (channel, mut forger) = Forger::connect_by(versions);
        let mut flood = Flood::of(|| next(&mut forger));
        assert!(Layer::for_data(channel).await_end(&mut flood));
        assert!(flood.given <= CALL_MAX, "{}", flood.given);
    }
}

/// A byte of payload, and records without any, as many as rustls tolerates.
fn few_among_empty(forger: &mut Forger) -> Vec<u8> {
    let mut stream = forger.data(b"x");
    (0..25).for_each(|_| stream.extend(forger.data(b"")));
    stream
}

/// What a server may do once, without a reason: the session goes on, and the payload is whole. What
/// it may not do ends it, and what came before is still read.
#[test]
fn oddities_between_payload_leave_it_whole_or_fail() {
    type Next = fn(&mut Forger) -> Vec<u8>;
    let oddities: [(Versions, Next, Option<&str>); 6] = [
        (TLS12, Forger::hello_request, None),
        (TLS12, |forger| forger.warning(100), None),
        (TLS13, |forger| forger.warning(90), None),
        (
            TLS13,
            |forger| forger.warning(100),
            Some("Refused { alert: NoRenegotiation }"),
        ),
        // In clear, as a middlebox may send it in the handshake alone.
        (
            TLS13,
            |_| vec![20, 3, 3, 0, 1, 1],
            Some("got_type: ChangeCipherSpec"),
        ),
        (TLS13, Forger::hello_request, Some("got_type: HelloRequest")),
    ];
    for (versions, odd, expected) in oddities {
        for step in [1, usize::MAX] {
            let (mut channel, mut forger) = Forger::connect_by(versions);
            let stream = [forger.data(b"be"), odd(&mut forger), forger.data(b"fore")].concat();
            stream.chunks(step).for_each(|piece| channel.receive(piece));
            let (read, end) = drain(&mut channel);
            let Some(expected) = expected else {
                assert_eq!((&read[..], end), (&b"before"[..], Ok(None)));
                continue;
            };
            let error = format!("{:?}", end.unwrap_err());
            assert!(read == b"be" && error.contains(expected), "{error}");
            assert!(channel.write(b"NOOP\r\n").is_err());
        }
    }
}

/// Each update of the keys has to be answered. Answers that nobody takes are not piled up.
#[test]
fn updates_of_the_keys_end_every_call() {
    let rekeyed = rustls::Error::from(PeerMisbehaved::TooManyKeyUpdateRequests);
    for (with_payload, expected) in [(false, rekeyed.into()), (true, TlsError::Flooded)] {
        let authority = Authority::new();
        let (channel, mut peer) = connect(&authority.context(), &authority.server(TLS13));
        let mut layer = Layer::for_data(channel);
        let mut flood = Flood::of(|| {
            let mut stream = peer.update_keys();
            if with_payload {
                stream.extend(peer.send(b"x"));
            }
            stream
        });
        let (read, error) = read_to_failure(&mut layer, &mut flood);
        assert_eq!(error, expected);
        assert!(read < 64 << 10, "{read}");
    }
}

/// What follows close_notify is nobody's payload, and is not awaited.
#[test]
fn nothing_behind_the_end_of_tls_is_payload() {
    for step in [1, 7, usize::MAX] {
        let (mut channel, mut forger) = Forger::connect();
        let mut stream = forger.data(b"all");
        stream.extend(forger.record(ContentType::Alert, &[1, 0]));
        stream.extend(forger.data(b" and more"));
        stream.chunks(step).for_each(|piece| channel.receive(piece));
        let (read, end) = drain(&mut channel);
        assert_eq!(
            (&read[..], end),
            (&b"all"[..], Ok(Some(Input::End(End::Clean))))
        );
    }
    // Half a record is no end.
    let (mut channel, mut forger) = Forger::connect();
    let record = forger.data(b"all");
    channel.receive(&record[..record.len() - 1]);
    channel.receive_eof();
    let (read, end) = drain(&mut channel);
    assert_eq!(
        (&read[..], end),
        (&b""[..], Ok(Some(Input::End(End::Truncated))))
    );
}

#[test]
fn payload_without_end_is_not_awaited() {
    let (channel, mut forger) = Forger::connect();
    let mut flood = Flood::of(|| forger.data(b"x"));
    assert!(Layer::for_data(channel).await_end(&mut flood));
    assert!(flood.given <= CALL_MAX + (64 << 10), "{}", flood.given);
}

/// Payload makes up for records without it, so that a connection may live for ever, however small
/// the pieces are in which it comes.
#[test]
fn payload_pays_for_padding() {
    for step in [usize::MAX, 100] {
        let (mut channel, mut forger) = Forger::connect();
        for _ in 0..2000 {
            let padding = (0..25).flat_map(|_| forger.data(b""));
            let mut stream: Vec<u8> = padding.collect();
            stream.extend(forger.data(&[1; 4096]));
            stream.chunks(step).for_each(|piece| channel.receive(piece));
            let (read, end) = drain(&mut channel);
            assert_eq!((read.len(), end), (4096, Ok(None)), "in steps of {step}");
        }
    }
}

#[test]
fn several_records_come_out_of_one_read() {
    /// One with 1000 bytes of payload.
    const RECORD: usize = 1022;
    let (channel, mut forger) = Forger::connect();
    let mut layer = Layer::for_data(channel);
    let mut flood = Flood::of(|| forger.data(&[1; 1000]));
    let (mut received, mut records) = (0, 0);
    // The first read is a small one; the more comes, the more is read.
    for size in [4, 8, 16, 32, 64, 65, 65] {
        let mut pieces = 0;
        let read = layer.read_with(&mut flood, usize::MAX, |piece| {
            assert_eq!(piece, [1; 1000]);
            pieces += 1;
        });
        assert_eq!(read.unwrap(), Some(Input::Bytes(pieces * 1000)));
        let taken = layer.take_received();
        assert!(
            taken <= size << 10 && taken + RECORD > size << 10,
            "{taken}"
        );
        received += taken;
        records += pieces;
        // From the second on, each ends with a record.
        assert!(size == 4 || received == records * RECORD, "{size}");
    }
    assert_eq!(layer.take_received(), 0);
}

#[test]
fn parts_of_records_are_read_and_passed_on_as_they_fit() {
    let (channel, mut forger) = Forger::connect();
    let mut layer = Layer::for_data(channel);
    let body: Vec<u8> = (0..3000_u16).map(|number| number as u8).collect();
    let mut flood = Flood::of(|| forger.data(&body));
    let mut expected = body.iter().copied().cycle();
    for round in 0..200 {
        let size = [1, 100, 2999, 3000, 3001, 7000][round % 6];
        let mut plaintext = vec![0; size];
        let input = if round % 2 == 0 {
            layer.read(&mut flood, &mut plaintext).unwrap()
        } else {
            let mut passed = Vec::new();
            let input = layer.read_with(&mut flood, size, |piece| passed.extend_from_slice(piece));
            plaintext[..passed.len()].copy_from_slice(&passed);
            input.unwrap()
        };
        let Some(Input::Bytes(count)) = input else {
            panic!("{input:?}");
        };
        assert!((1..=size).contains(&count));
        for byte in &plaintext[..count] {
            assert_eq!(Some(*byte), expected.next());
        }
    }
}
