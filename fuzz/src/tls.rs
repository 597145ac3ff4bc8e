//! The TLS channel, against a rustls server whose records are changed, dropped, repeated and made
//! up.
//!
//! The first byte chooses how the stream is cut. Each byte behind it is one step of the server:
//!
//! | step | |
//! |---|---|
//! | `p` | the next flight of the handshake, as it is |
//! | `h` | the handshake to its end; from then on the server has what is needed to make up records |
//! | `D` n | a record of payload; `E` one of none |
//! | `T` n | a ticket; `K` a key update; `W` a warning; `H` n a handshake message that nobody expects |
//! | `C` | close_notify |
//! | `R` ... LF | these bytes, as they are |
//! | `x` i v, `d`, `2`, `t` n | a bit of the next record or flight is changed, it is dropped, sent twice, cut short |
//! | `e` | the end of the stream, where it also ends without |
//!
//! Two channels take the same steps, one in whole and one in pieces. Neither may ever give out a
//! byte that was not sent as payload, or say that the stream has ended as it should where it has
//! not; up to the first record that was tampered with, everything comes out.

#[path = "../../ftp-proto/tests/tls"]
#[allow(dead_code, reason = "shared with the tests of TLS")]
mod tests {
    pub(crate) mod forger;
    pub(crate) mod peer;
}

use std::sync::{Arc, OnceLock};
use std::task::Poll;

use ftp_proto::End;
use ftp_proto::driver::Input;
use ftp_proto::tls::{Channel, Context, Purpose, TlsError};
use rustls::{ClientConfig, ContentType, ServerConfig};
use tests::forger::Forger;
use tests::peer::{Authority, HOST, Peer, TLS13};

use crate::{CUTS, pieces};

const STEPS_MAX: usize = 64;
/// rustls takes no more records without payload in a row.
const EMPTY_RECORDS_MAX: usize = 32;
/// Less than what may wait in a channel that nobody reads.
const STREAM_MAX: usize = 512 * 1024;

/// Plays the steps twice, whole and in pieces.
pub fn check(input: &[u8]) {
    let Some((first, steps)) = input.split_first() else {
        return;
    };
    let cuts = CUTS[usize::from(*first) % CUTS.len()];
    let whole = play(steps, &[]);
    let split = play(steps, cuts);
    // What a length that was tampered with makes of the ciphertext behind it is chance.
    if !whole.by_chance {
        let (whole, split) = (whole.result.without_reason(), split.result.without_reason());
        assert_eq!(whole, split, "cut by {cuts:?}");
    }
}

/// What a channel made of the steps.
#[derive(Debug, PartialEq)]
struct Outcome {
    plaintext: Vec<u8>,
    end: Result<Option<End>, TlsError>,
    remainder: usize,
}

impl Outcome {
    /// rustls may find another fault in the same bytes when it sees more of them at once, and one
    /// before the end of the stream.
    fn without_reason(mut self) -> Self {
        if let Err(TlsError::Protocol(_) | TlsError::ClosedEarly) = self.end {
            self.end = Err(TlsError::Protocol(
                rustls::Error::HandshakeNotComplete.into(),
            ));
        }
        self
    }
}

struct Played {
    result: Outcome,
    by_chance: bool,
}

/// A client and a server that know each other.
fn parties() -> &'static (ClientConfig, Arc<ServerConfig>) {
    static PARTIES: OnceLock<(ClientConfig, Arc<ServerConfig>)> = OnceLock::new();
    PARTIES.get_or_init(|| {
        let authority = Authority::new();
        (authority.client(), authority.forgeable(TLS13))
    })
}

fn play(steps: &[u8], cuts: &[usize]) -> Played {
    let (client, server) = parties();
    let context = Context::for_host(client, HOST).expect("a name");
    let mut play = Play {
        channel: context.channel(Purpose::Explicit).expect("a configuration"),
        cuts: cuts.to_vec(),
        server: Server::Shaking(Box::new(Peer::new(server))),
        tamper: None,
        told: Told::default(),
        plaintext: Vec::new(),
        end: None,
        stream: 0,
    };
    let mut steps = Steps(steps);
    for _ in 0..STEPS_MAX {
        if play.stream > STREAM_MAX || !play.step(&mut steps) {
            break;
        }
    }
    play.finish()
}

struct Steps<'a>(&'a [u8]);

impl<'a> Steps<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> usize {
        self.next().map_or(0, usize::from)
    }

    fn line(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|&byte| byte == b'\n');
        let (line, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        line
    }
}

enum Server {
    Shaking(Box<Peer>),
    Forging(Box<Forger>),
    /// The client refused it.
    Over,
}

/// What is done to the next thing that is sent.
#[derive(Clone, Copy)]
enum Tamper {
    Change(usize, u8),
    Drop,
    Repeat,
    Cut(usize),
}

/// What the server has said, as far as it was not tampered with.
#[derive(Default)]
struct Told {
    /// All payload, and how much of it came before anybody tampered.
    payload: Vec<u8>,
    untouched: usize,
    tampered: bool,
    /// Records without payload, up to now in a row.
    empty: usize,
    /// What lies where a record's header is looked for is ciphertext.
    by_chance: bool,
    /// close_notify was sent; and for certain, nothing was tampered with before.
    may_be_closed: bool,
    closed: bool,
    /// What came behind the end of TLS.
    clear: Vec<u8>,
}

struct Play {
    channel: Channel,
    cuts: Vec<usize>,
    server: Server,
    tamper: Option<Tamper>,
    told: Told,
    plaintext: Vec<u8>,
    end: Option<Result<Option<End>, TlsError>>,
    stream: usize,
}

impl Play {
    fn step(&mut self, steps: &mut Steps<'_>) -> bool {
        let Some(step) = steps.next() else {
            return false;
        };
        match step {
            b'p' => {
                self.pass();
            }
            b'h' => self.shake_hands(),
            b'x' => self.tamper = Some(Tamper::Change(steps.number(), steps.next().unwrap_or(1))),
            b'd' => self.tamper = Some(Tamper::Drop),
            b'2' => self.tamper = Some(Tamper::Repeat),
            b't' => self.tamper = Some(Tamper::Cut(steps.number())),
            b'R' => self.send_raw(steps.line()),
            b'e' => return false,
            b'D' => self.say(
                ContentType::ApplicationData,
                &vec![step; steps.number() * 64],
            ),
            b'E' => self.say(ContentType::ApplicationData, b""),
            b'K' => self.say_oddly(ContentType::Handshake, &[24, 0, 0, 1, 1]),
            b'H' => self.say_oddly(
                ContentType::Handshake,
                &[steps.next().unwrap_or(0), 0, 0, 0],
            ),
            b'W' => self.say_oddly(ContentType::Alert, &[1, 90]),
            b'C' => {
                self.say(ContentType::Alert, &[1, 0]);
                let forging = matches!(self.server, Server::Forging(_));
                self.told.may_be_closed |= forging;
                self.told.closed |= forging && !self.told.tampered;
            }
            b'T' => {
                let length = steps.number() * 64;
                if let Server::Forging(forger) = &mut self.server {
                    let ticket = forger.ticket(length);
                    self.send(ticket);
                    // A ticket of no bytes ends the connection.
                    self.told.tampered |= length == 0;
                }
            }
            _ => {}
        }
        true
    }

    /// The client's bytes to the server, and the server's next flight to the client; whether there
    /// was any.
    fn pass(&mut self) -> bool {
        let Server::Shaking(peer) = &mut self.server else {
            return false;
        };
        peer.receive(self.channel.transmit());
        self.channel.transmitted(self.channel.transmit().len());
        let flight = peer.flight();
        let any = !flight.is_empty();
        self.send(flight);
        any
    }

    fn shake_hands(&mut self) {
        while self.pass() {}
        let server = std::mem::replace(&mut self.server, Server::Over);
        self.server = match server {
            Server::Shaking(peer) if peer.is_connected() && !self.told.tampered => {
                assert_eq!(self.channel.poll_handshake(), Poll::Ready(Ok(())));
                Server::Forging(Box::new(Forger::of(*peer)))
            }
            Server::Forging(forger) => Server::Forging(forger),
            // Whether a handshake that was tampered with can go on is another matter.
            _ => Server::Over,
        };
    }

    /// A record that a client understands.
    fn say(&mut self, typ: ContentType, payload: &[u8]) {
        let Server::Forging(forger) = &mut self.server else {
            return;
        };
        let record = forger.record(typ, payload);
        if typ == ContentType::ApplicationData && !self.told.closed {
            self.told.payload.extend_from_slice(payload);
        }
        self.told.empty = match payload {
            [] => self.told.empty + 1,
            _ => 0,
        };
        self.told.tampered |= self.told.empty > EMPTY_RECORDS_MAX;
        self.send(record);
        if !self.told.tampered {
            self.told.untouched = self.told.payload.len();
        }
    }

    /// A record that may end the connection.
    fn say_oddly(&mut self, typ: ContentType, payload: &[u8]) {
        if let Server::Forging(forger) = &mut self.server {
            let record = forger.record(typ, payload);
            self.send(record);
            self.told.tampered = true;
        }
    }

    fn send_raw(&mut self, bytes: &[u8]) {
        self.tamper = None;
        self.told.tampered |= !bytes.is_empty() && !self.told.closed;
        self.receive(bytes);
    }

    fn send(&mut self, mut bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self.tamper.take() {
            None => return self.receive(&bytes),
            Some(Tamper::Drop) => bytes.clear(),
            Some(Tamper::Repeat) => bytes.extend_from_within(..),
            Some(Tamper::Cut(by)) => {
                self.told.by_chance = true;
                bytes.truncate(length.saturating_sub(by.max(1)));
            }
            Some(Tamper::Change(at, bits)) => {
                // The version in a header means nothing.
                let at = if matches!(at % length, 1 | 2) {
                    0
                } else {
                    at % length
                };
                self.told.by_chance |= matches!(at, 3 | 4);
                bytes[at] ^= bits.max(1);
            }
        }
        // A flight is several records.
        self.told.by_chance |= matches!(self.server, Server::Shaking(_));
        self.told.tampered = true;
        self.receive(&bytes);
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.stream += bytes.len();
        if self.told.closed {
            self.told.clear.extend_from_slice(bytes);
        }
        for piece in pieces(bytes, &self.cuts) {
            self.channel.receive(piece);
            // One that is fed in pieces is also read in between.
            if !self.cuts.is_empty() {
                self.read();
            }
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 5000];
        loop {
            match self.channel.read(&mut buffer) {
                Ok(Some(Input::Bytes(count))) => self.plaintext.extend_from_slice(&buffer[..count]),
                Ok(Some(Input::End(end))) => return self.end = Some(Ok(Some(end))),
                Ok(None) => return self.end = Some(Ok(None)),
                Err(error) => return self.end = Some(Err(error)),
            }
        }
    }

    fn finish(mut self) -> Played {
        self.channel.receive_eof();
        self.read();
        let (end, told) = (self.end.unwrap_or(Ok(None)), self.told);
        let plaintext = self.plaintext;
        let all = told.payload.len();
        assert!(plaintext.len() <= all, "{} of {all} bytes", plaintext.len());
        assert_eq!(
            plaintext,
            told.payload[..plaintext.len()],
            "what was not sent"
        );
        let flooded = matches!(end, Err(TlsError::Flooded | TlsError::TooManyTickets));
        if !flooded {
            assert!(
                plaintext.len() >= told.untouched,
                "{end:?}: payload is missing"
            );
        }
        if end == Ok(Some(End::Clean)) {
            assert!(told.may_be_closed, "an end that nobody sent");
        }
        let remainder = self.channel.take_remainder();
        if told.closed && end == Ok(Some(End::Clean)) {
            assert_eq!(remainder, told.clear, "what follows the end of TLS");
        }
        Played {
            result: Outcome {
                plaintext,
                end,
                remainder: remainder.len(),
            },
            by_chance: told.by_chance,
        }
    }
}
