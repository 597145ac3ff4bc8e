//! A session, its driver, its application, the connections and the server in one value that can be
//! forked.
//!
//! Whatever can happen next is an [`Event`]; who explores the world chooses one after the other.
//! Between two events the driver does what every driver must do: it asks the application, performs
//! actions, and lets the server work.

mod application;
mod checks;
mod control;
mod driver;
mod serving;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

#[cfg(feature = "testing")]
use ftp_proto::Coverage;
use ftp_proto::{
    Argument, Completed, Config, Control, DataId, Error, ErrorKind, Failure, Flow, Instant, Link,
    Reason, Session, State, Target, Ticket, Transfer, TransferId,
};
use ftp_testkit::testing::{Behaviour, Channel, Files, Peer, Server, ServerConfig};
use ftp_testkit::{Broken, Variants, Watch, Wire};

pub(crate) const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 77));
/// What a data connection holds that nobody has read yet.
const WINDOW: usize = 4;

/// What the application wants, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Want {
    /// A command; no two in a world may be equal, so that its number is known.
    Command(String),
    /// Commands that go out as the window allows.
    Several(Vec<String>),
    /// Commands that go out without waiting for the replies to those before them.
    Batch(Vec<String>),
    Transfer(Transfer, Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Reply(Result<u16, Error>),
    Transfer(Result<Completed, Error>),
}

/// The application: it asks for one thing after the other and keeps what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct App {
    wants: Vec<Want>,
    at: usize,
    tickets: Vec<(Ticket, String)>,
    /// The transfer under way, and with lookahead the one behind it, with what is to be sent.
    begun: Vec<(TransferId, Transfer, Vec<u8>)>,
    outcomes: Vec<Outcome>,
    /// The payload that came with the transfer under way or the last one.
    received: Vec<u8>,
    /// The data connection on which payload was moved last.
    moving: Option<DataId>,
    /// What is to be sent on it.
    upload: Vec<u8>,
    /// The data connection of a transfer that is over, while it is kept.
    stale: Option<DataId>,
    /// The application may abort a transfer, once.
    may_abort: bool,
}

/// What the driver is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Duty {
    Connect(DataId, Target),
    Listen(DataId),
    Accept(DataId),
    Secure(Link),
    Unsecure,
    Move(DataId, Flow, u64),
    /// Everything was sent; the server's end is awaited.
    Close(DataId),
}

/// A data connection, or what is to be one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Conn {
    data: Option<DataId>,
    channel: Option<Channel>,
    wire: Wire,
    /// Who called, where the client listens.
    peer: IpAddr,
    accepted: bool,
    server: Serving,
    server_secures: bool,
}

/// What the server does with a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Serving {
    Nothing,
    Send,
    Receive,
    Shutdown,
}

/// Something that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// The client writes what it has to write to the control connection.
    Flush,
    /// The server reads the control connection.
    ServerReads,
    /// The client reads a line, or the end, of the control connection.
    ClientReads,
    /// The driver gets on with what it does.
    Work,
    /// The server reads the data connection.
    ServerTakes,
    /// The driver notices that a connection is broken on which nothing is to move yet.
    Notice,
    /// Nothing happens until the next deadline.
    Wait,
    /// What is on its way arrives.
    Arrive,
    /// The application aborts.
    Abort,
}

/// How a world misbehaves that the server does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    /// Dialling a data connection leads nowhere.
    pub(crate) black_hole: bool,
    /// Handshakes on data connections fail.
    pub(crate) bad_handshake: bool,
    /// Handshakes on data connections never end.
    pub(crate) slow_handshake: bool,
    /// The server ends TLS without close_notify.
    pub(crate) no_close_notify: bool,
    /// The server does not end its side of TLS, and neither does the driver before it is told to.
    pub(crate) no_tls_end: bool,
    /// Our own disk is full after so many bytes.
    pub(crate) disk: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) session: Session,
    pub(crate) server: Server,
    pub(crate) now: Instant,
    control: Wire,
    control_open: bool,
    /// All that the client has written to the control connection.
    written: Vec<u8>,
    app: App,
    duties: Vec<Duty>,
    conns: Vec<Conn>,
    /// Where the server listens: ports, with the channels they are for.
    ports: Vec<(u16, Channel)>,
    /// Where the client listens.
    listener: Option<(DataId, u16)>,
    server_accepts: Option<Channel>,
    server_secures: bool,
    watch: Watch,
    pub(crate) faults: Faults,
    /// How many data connections can still resume: a full handshake brings two, a resumed one none.
    tickets: Option<u32>,
    /// Waits that end although something else could happen.
    pub(crate) hasty_waits: u8,
    /// Driver and connections do as they should, so that what the session says can be held against
    /// what happened.
    honest: bool,
    /// Replies are numbered as they must be: the server says none too many, and none too late.
    numbered: bool,
    /// How long everything takes that is on its way.
    pub(crate) latency: Duration,
}

/// What was seen over many runs.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    #[cfg(feature = "testing")]
    pub(crate) coverage: Coverage,
    names: BTreeSet<(&'static str, &'static str)>,
}

impl Seen {
    pub(crate) fn see<T: Variants>(&mut self, value: &T) {
        self.names.insert((T::ENUM, value.variant()));
    }

    pub(crate) fn error(&mut self, error: &Error) {
        match error.kind() {
            ErrorKind::Interrupted(interrupted) => self.see(&interrupted.cause),
            ErrorKind::Violation(violation) => self.see(violation),
            _ => {}
        }
    }

    /// The variants of an enum that were never seen.
    pub(crate) fn missing<T: Variants>(&self) -> Vec<String> {
        let names = T::VARIANTS.iter().map(|name| (T::ENUM, *name));
        names
            .filter(|name| !self.names.contains(name))
            .map(|(kind, name)| format!("{kind}::{name}"))
            .collect()
    }
}

/// What a world begins with, once it is logged in.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) behaviour: Behaviour,
    pub(crate) tls: bool,
    pub(crate) wants: Vec<Want>,
    pub(crate) faults: Faults,
    pub(crate) may_abort: bool,
    pub(crate) tickets: Option<u32>,
    pub(crate) hasty_waits: u8,
    /// The world begins with the open connection, and not behind the login.
    pub(crate) from_the_greeting: bool,
    /// The server says more than there are commands, in ways that nobody can tell from answers.
    pub(crate) stray_replies: bool,
    pub(crate) latency: Duration,
}

impl Setup {
    pub(crate) fn new(wants: impl Into<Vec<Want>>) -> Self {
        Self {
            config: Config::default(),
            behaviour: Behaviour::new(),
            tls: false,
            wants: wants.into(),
            faults: Faults::default(),
            may_abort: false,
            tickets: None,
            hasty_waits: 0,
            from_the_greeting: false,
            stray_replies: false,
            latency: Duration::ZERO,
        }
    }
}

/// The command that nobody may see.
const PASSWORD: &str = "PASS a@b";

pub(crate) const FILE: &[u8] = b"0123456789";

pub(crate) fn argument(text: &str) -> Argument {
    Argument::new(text).unwrap()
}

impl World {
    /// Greeted and logged in, in image type; with `tls` under TLS with protected data.
    pub(crate) fn new(setup: Setup) -> Self {
        let files = Files::new()
            .file("/f", FILE)
            .file("/small", &FILE[..3])
            .file("/empty", "");
        let mut server = ServerConfig::new().serial().behaviour(setup.behaviour);
        if setup.tls {
            server = server.tls();
        }
        let wants = if setup.from_the_greeting {
            Vec::new()
        } else {
            login(setup.tls)
        };
        let mut world = Self {
            session: Session::new(setup.config, Control::new(HOST, HOST)),
            server: Server::new(server, files),
            now: Instant::EPOCH,
            control: Wire::default(),
            control_open: true,
            written: Vec::new(),
            app: App {
                wants,
                at: 0,
                tickets: vec![(Ticket::GREETING, String::new())],
                begun: Vec::new(),
                outcomes: Vec::new(),
                received: Vec::new(),
                moving: None,
                upload: Vec::new(),
                stale: None,
                may_abort: false,
            },
            duties: Vec::new(),
            conns: Vec::new(),
            ports: Vec::new(),
            listener: None,
            server_accepts: None,
            server_secures: false,
            watch: Watch::new(),
            faults: Faults::default(),
            tickets: None,
            hasty_waits: 0,
            honest: true,
            numbered: true,
            latency: Duration::ZERO,
        };
        if !setup.from_the_greeting {
            world.run_to_end(&mut Seen::default()).unwrap();
        }
        world.app.outcomes.clear();
        world.app.wants = setup.wants;
        world.app.at = 0;
        world.app.may_abort = setup.may_abort;
        world.faults = setup.faults;
        world.tickets = setup.tickets;
        world.hasty_waits = setup.hasty_waits;
        world.numbered = !setup.stray_replies;
        world.latency = setup.latency;
        world
    }

    /// Lets the application ask for the first thing.
    pub(crate) fn begin(&mut self, seen: &mut Seen) -> Result<(), Broken> {
        self.settle(seen, false)
    }

    /// Plays the first of what can happen, again and again.
    pub(crate) fn run_to_end(&mut self, seen: &mut Seen) -> Result<(), Broken> {
        self.settle(seen, false)?;
        while let Some(event) = self.events().first().copied() {
            self.step(event, seen)?;
        }
        self.is_at_rest()
    }

    pub(crate) fn outcomes(&self) -> &[Outcome] {
        &self.app.outcomes
    }

    /// What can happen next. A wait comes last, and only where nothing else can happen, or in
    /// haste.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if self.control_open && !self.session.transmit().is_empty() {
            events.push(Event::Flush);
        }
        let at_server = &self.control.to_server;
        if at_server.is_readable(self.now) && !self.server.is_closed() {
            events.push(Event::ServerReads);
        }
        let at_client = &self.control.to_client;
        if self.control_open && (at_client.is_readable(self.now) || at_client.ending().is_some()) {
            events.push(Event::ClientReads);
        }
        if (0..self.duties.len()).any(|index| self.can_work(index)) {
            events.push(Event::Work);
        }
        if self.conns.iter().any(|conn| self.server_can_take(conn)) {
            events.push(Event::ServerTakes);
        }
        if self.broken_in_silence().is_some() {
            events.push(Event::Notice);
        }
        if self.app.may_abort && self.session.current_transfer().is_some() {
            events.push(Event::Abort);
        }
        if events.is_empty() && self.next_arrival().is_some() {
            events.push(Event::Arrive);
        }
        let idle = |event: &Event| matches!(event, Event::Abort | Event::Notice);
        let idle = events.iter().all(idle);
        if self.session.deadline().is_some() && (idle || self.hasty_waits > 0) {
            events.push(Event::Wait);
        }
        events
    }

    /// Lets one thing happen, and then everybody do what they must.
    pub(crate) fn step(&mut self, event: Event, seen: &mut Seen) -> Result<(), Broken> {
        match event {
            Event::Flush => self.flush(usize::MAX),
            Event::ServerReads => {
                let bytes = self.control.to_server.read(usize::MAX, self.now);
                self.server.receive(&bytes);
            }
            Event::ClientReads => self.client_reads(None)?,
            Event::Work => {
                if let Some(index) = (0..self.duties.len()).find(|index| self.can_work(*index)) {
                    self.work(index);
                }
            }
            Event::ServerTakes => self.server_takes(),
            Event::Notice => {
                if let Some(data) = self.broken_in_silence() {
                    self.fail(data, Failure::Reset);
                }
            }
            Event::Arrive => self.now = self.next_arrival().unwrap_or(self.now).max(self.now),
            Event::Wait => {
                let hasty = self
                    .events()
                    .iter()
                    .any(|event| !matches!(event, Event::Wait | Event::Abort));
                self.hasty_waits = self.hasty_waits.saturating_sub(u8::from(hasty));
                if let Some(next) = self.session.deadline() {
                    self.now = next.at;
                    // Whoever stops waiting for a mark behind a success may be told something yet.
                    self.numbered &= !(hasty && next.reason == Reason::Drain);
                }
            }
            Event::Abort => {
                self.app.may_abort = false;
                if let Some(id) = self.session.current_transfer() {
                    self.session.abort(id);
                }
            }
        }
        self.settle(seen, event == Event::Wait)
    }

    /// What every driver does before it waits: asks the application, performs actions, until
    /// neither has anything.
    fn settle(&mut self, seen: &mut Seen, waited: bool) -> Result<(), Broken> {
        self.run_server();
        let mut told = waited;
        loop {
            let known = self.app.outcomes.len();
            if !told {
                self.ask_app(seen)?;
            }
            let mut acted = false;
            while let Some(action) = self.session.poll_action(self.now) {
                acted = true;
                seen.see(&action);
                self.watch.acted(&self.session, action)?;
                self.perform(action);
            }
            self.watch.look(&self.session, self.now)?;
            #[cfg(feature = "testing")]
            {
                let (held, max) = self.session.reply_memory();
                Watch::holds(held, max)?;
            }
            if told && !acted && self.session.transmit().is_empty() {
                // A timer that fired in silence must not have brought anything that the application
                // waits for.
                self.ask_app(seen)?;
                if self.app.outcomes.len() != known {
                    return Err("a timer fired and told nobody".into());
                }
            }
            told = false;
            self.run_server();
            if !acted {
                break;
            }
        }
        while let Some(event) = self.session.poll_event() {
            seen.see(&event);
        }
        #[cfg(feature = "testing")]
        seen.coverage.merge(&Coverage::take());
        if let Some(deadline) = self.session.deadline() {
            seen.see(&deadline.reason);
        }
        if let State::Dead(closed) = self.session.state() {
            seen.see(&closed);
        }
        self.holds()
    }
}

impl Duty {
    fn data(&self) -> Option<DataId> {
        match *self {
            Self::Connect(data, _)
            | Self::Listen(data)
            | Self::Accept(data)
            | Self::Secure(Link::Data(data))
            | Self::Move(data, ..)
            | Self::Close(data) => Some(data),
            Self::Secure(Link::Control) | Self::Unsecure => None,
        }
    }
}

pub(crate) fn login(tls: bool) -> Vec<Want> {
    let secure = ["AUTH TLS", "PBSZ 0", "PROT P"];
    let secure = secure.into_iter().filter(|_| tls);
    secure
        .chain(["USER anonymous", PASSWORD, "TYPE I"])
        .map(command)
        .collect()
}

pub(crate) fn command(line: &str) -> Want {
    Want::Command(line.into())
}
