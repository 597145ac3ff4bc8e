//! The control connection over TLS, and what a peer can do to a TLS channel itself.

use std::task::Poll;

use ftp_proto::Session;
use ftp_proto::driver::Input as Read;
use ftp_proto::tls::{Channel, Context, Purpose, TlsError};
use rustls::ContentType;

use crate::forger::Forger;
use crate::peer::{Authority, Peer, TLS13};
use crate::talk::{self, Carrier, Talk};
use crate::{Input, KIB, Meter, Play};

/// What a channel holds whose plaintext is read at once.
pub(crate) const CHANNEL_MAX: usize = 128 * KIB;

/// Tickets that a context keeps.
const TICKETS: usize = 16;

const ROUNDS: usize = 4000;

pub(crate) fn inputs() -> Vec<Input> {
    vec![
        Input {
            name: "TLS: plaintext that nobody reads",
            formula: "2 × unread + channel",
            bound: 2 * Channel::UNREAD_MAX + CHANNEL_MAX,
            play: Play::Alone(unread),
        },
        Input {
            name: "TLS: tickets",
            formula: "16 × silent + 2 × channel",
            bound: TICKETS * Channel::SILENT_MAX + 2 * CHANNEL_MAX,
            play: Play::Alone(tickets),
        },
        Input {
            name: "TLS: a ticket that does not end",
            formula: "2 × silent + channel",
            bound: 2 * Channel::SILENT_MAX + CHANNEL_MAX,
            play: Play::Alone(endless_ticket),
        },
        Input {
            name: "TLS: key updates whose answers are never sent",
            formula: "channel",
            bound: CHANNEL_MAX,
            play: Play::Alone(key_updates),
        },
        Input {
            name: "TLS: a handshake message that does not end",
            formula: "64 KiB + channel",
            bound: 64 * KIB + CHANNEL_MAX,
            play: Play::Alone(endless_handshake),
        },
    ]
}

/// A context, a channel and its server, with the handshake behind them; the client's side is
/// measured.
fn connect(meter: &mut Meter) -> (Context, Channel, Forger) {
    let authority = Authority::new();
    let client = authority.client();
    let context = meter.call(|| Context::for_host(&client, crate::peer::HOST).unwrap());
    let mut channel = meter.call(|| context.channel(Purpose::Explicit).unwrap());
    let mut peer = Peer::new(&authority.forgeable(TLS13));
    while !channel.transmit().is_empty() {
        peer.receive(channel.transmit());
        meter.call(|| channel.transmitted(channel.transmit().len()));
        let flight = peer.flight();
        meter.call(|| channel.receive(&flight));
    }
    assert_eq!(channel.poll_handshake(), Poll::Ready(Ok(())));
    (context, channel, Forger::of(peer))
}

struct Secured {
    _context: Context,
    channel: Channel,
    forger: Forger,
    buffer: Box<[u8]>,
}

impl Carrier for Secured {
    fn send(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.forger.data(plaintext)
    }

    fn receive(&mut self, bytes: &[u8], session: &mut Session) {
        self.channel.receive(bytes);
        while let Ok(Some(Read::Bytes(count))) = self.channel.read(&mut self.buffer) {
            session.receive(&self.buffer[..count]);
        }
    }
}

/// Plays over a connection under TLS; yields the most that was held.
pub(crate) fn talk(play: fn(&mut Talk)) -> usize {
    let mut meter = Meter::default();
    let (context, channel, forger) = connect(&mut meter);
    let carrier = Secured {
        _context: context,
        channel,
        forger,
        buffer: vec![0; 16 * KIB].into(),
    };
    talk::over(meter, Box::new(carrier), play)
}

/// Feeds a channel until it fails; it must.
fn until_failure(meter: &mut Meter, channel: &mut Channel, mut next: impl FnMut() -> Vec<u8>) {
    for _ in 0..ROUNDS {
        let bytes = next();
        for piece in bytes.chunks(4096) {
            meter.call(|| channel.receive(piece));
        }
        if channel.failure().is_some() {
            return;
        }
    }
    panic!("it goes on without end");
}

fn unread(meter: &mut Meter) {
    let (_context, mut channel, mut forger) = connect(meter);
    until_failure(meter, &mut channel, || forger.data(&[7; 4000]));
}

fn tickets(meter: &mut Meter) {
    let (_context, mut channel, mut forger) = connect(meter);
    let mut buffer = vec![0; 64 * KIB];
    for _ in channel.tickets_received()..=Channel::TICKETS_MAX {
        // The payload makes up for what the ticket weighs, and is read.
        let payload: Vec<u8> = (0..4).flat_map(|_| forger.data(&[7; 8 * KIB])).collect();
        for piece in payload.chunks(4096) {
            meter.call(|| channel.receive(piece));
            meter.call(|| channel.read(&mut buffer)).unwrap();
        }
        let ticket = forger.ticket(Channel::SILENT_MAX - KIB);
        ticket
            .chunks(4096)
            .for_each(|piece| meter.call(|| channel.receive(piece)));
    }
    assert_eq!(channel.failure(), Some(&TlsError::TooManyTickets));
}

fn endless_ticket(meter: &mut Meter) {
    let (_context, mut channel, mut forger) = connect(meter);
    let head = forger.record(ContentType::Handshake, &[4, 0, 0xff, 0xff]);
    meter.call(|| channel.receive(&head));
    until_failure(meter, &mut channel, || {
        forger.record(ContentType::Handshake, &[0; 4000])
    });
}

fn key_updates(meter: &mut Meter) {
    let (_context, mut channel, mut forger) = connect(meter);
    until_failure(meter, &mut channel, || {
        // KeyUpdate, update_requested (RFC 8446, 4.6.3). The keys do not change: the second record
        // fails.
        forger.record(ContentType::Handshake, &[24, 0, 0, 1, 1].repeat(1000))
    });
}

fn endless_handshake(meter: &mut Meter) {
    let authority = Authority::new();
    let client = authority.client();
    let context = meter.call(|| Context::for_host(&client, crate::peer::HOST).unwrap());
    let mut channel = meter.call(|| context.channel(Purpose::Explicit).unwrap());
    // A ServerHello that says it is nearly as long as rustls lets it be.
    let mut body = vec![2, 0, 0xff, 0xff];
    until_failure(meter, &mut channel, || {
        body.resize(4000, 0);
        let record = [&[22, 3, 3, 0x0f, 0xa0][..], &body].concat();
        body.clear();
        record
    });
}
