//! A session and a server that says what a test makes up, with every call measured.

use std::net::{IpAddr, Ipv4Addr};

use ftp_proto::{Action, Config, Control, End, Instant, Report, Session};

use crate::Meter;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What a driver reads at once. More in one call would allocate more in it, without holding more.
const PIECE: usize = 4096;

/// How the bytes of the server come to the session.
pub(crate) trait Carrier {
    /// What goes over the network, which is the server's affair and not measured.
    fn send(&mut self, plaintext: &[u8]) -> Vec<u8>;

    /// Takes it from the network.
    fn receive(&mut self, bytes: &[u8], session: &mut Session);
}

struct Clear;

impl Carrier for Clear {
    fn send(&mut self, plaintext: &[u8]) -> Vec<u8> {
        plaintext.to_vec()
    }

    fn receive(&mut self, bytes: &[u8], session: &mut Session) {
        session.receive(bytes);
    }
}

pub(crate) struct Talk {
    meter: Meter,
    carrier: Box<dyn Carrier>,
    session: Session,
}

/// Plays over a connection in clear; yields the most that was held.
pub(crate) fn in_clear(play: fn(&mut Talk)) -> usize {
    over(Meter::default(), Box::new(Clear), play)
}

pub(crate) fn over(mut meter: Meter, carrier: Box<dyn Carrier>, play: fn(&mut Talk)) -> usize {
    let control = Control::new(HOST, HOST);
    let session = meter.call(|| Session::new(Config::default(), control));
    let mut talk = Talk {
        meter,
        carrier,
        session,
    };
    play(&mut talk);
    talk.meter.most
}

impl Talk {
    /// The session anew, with another configuration.
    pub(crate) fn restart(&mut self, config: Config) {
        let session = &mut self.session;
        self.meter
            .call(|| *session = Session::new(config, Control::new(HOST, HOST)));
    }

    /// The server speaks.
    pub(crate) fn say(&mut self, text: &[u8]) {
        for piece in text.chunks(PIECE) {
            let sent = self.carrier.send(piece);
            let (carrier, session) = (&mut self.carrier, &mut self.session);
            self.meter.call(|| carrier.receive(&sent, session));
            self.ask(act);
        }
    }

    /// The application does something. What it is given stays held as long as it keeps it.
    pub(crate) fn ask<T>(&mut self, ask: impl FnOnce(&mut Session) -> T) -> T {
        let session = &mut self.session;
        let result = self.meter.call(|| ask(session));
        self.meter.call(|| act(session));
        result
    }

    /// Frees within the measure what an answer holds.
    pub(crate) fn free<T>(&mut self, value: T) {
        self.meter.call(|| drop(value));
    }
}

/// Writes everything, and performs what is asked without delay: downloads are empty.
fn act(session: &mut Session) {
    session.transmitted(session.transmit().len());
    while let Some(action) = session.poll_action(Instant::EPOCH) {
        match action {
            Action::Connect { data, .. } => session.report(Report::Connected { data }),
            Action::Move { data, .. } => session.report(Report::Finished {
                data,
                end: End::Clean,
            }),
            _ => {}
        }
    }
}

/// A reply of about so many bytes, in lines of 64.
pub(crate) fn long_reply(code: &str, bytes: usize) -> Vec<u8> {
    let line = format!("{}\r\n", "x".repeat(62));
    let mut reply = format!("{code}-\r\n");
    (0..bytes / 64).for_each(|_| reply.push_str(&line));
    reply.push_str(&format!("{code} \r\n"));
    reply.into_bytes()
}
