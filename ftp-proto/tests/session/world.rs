//! A session, its driver, its application, the connections and the server in one value that can be forked.
//!
//! Whatever can happen next is an [`Event`]; who explores the world chooses one after the other. Between two events
//! the driver does what every driver must do: it asks the application, performs actions, and lets the server work.

mod checks;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use ftp_proto::testing::{
    Behaviour, Broken, Channel, Coverage, Ending, Files, Peer, Server, ServerAction, ServerConfig,
    ServerLink, ServerReport, Variants, Watch, Wire,
};
use ftp_proto::{
    Action, Argument, Command, Completed, Config, Control, DataId, Direction, End, Error,
    ErrorKind, Failure, Flow, Instant, Link, Reason, Report, Session, State, Target, Ticket,
    Transfer, TransferId,
};

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
    /// Our own disk is full after so many octets.
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
    /// Waits that end although something else could happen.
    pub(crate) hasty_waits: u8,
    /// Driver and connections do as they should, so that what the session says can be held against what happened.
    honest: bool,
    /// Replies are numbered as they must be: the server says none too many, and none too late.
    numbered: bool,
    /// How long everything takes that is on its way.
    pub(crate) latency: Duration,
}

/// What was seen over many runs.
#[derive(Debug, Default)]
pub(crate) struct Seen {
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

    /// What can happen next. A wait comes last, and only where nothing else can happen, or in haste.
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

    /// What every driver does before it waits: asks the application, performs actions, until neither has anything.
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
            if told && !acted && self.session.transmit().is_empty() {
                // A timer that fired in silence must not have brought anything that the application waits for.
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
        seen.coverage.merge(self.session.coverage());
        if let Some(deadline) = self.session.deadline() {
            seen.see(&deadline.reason);
        }
        if let State::Dead(closed) = self.session.state() {
            seen.see(&closed);
        }
        self.holds()
    }

    // -- the application ------------------------------------------------------------------------------------------

    fn ask_app(&mut self, seen: &mut Seen) -> Result<(), Broken> {
        loop {
            let free = self.collect(seen)?;
            let Some(want) = self.app.wants.get(self.app.at).cloned() else {
                return Ok(());
            };
            if !free && !self.may_ask_ahead(&want) {
                return Ok(());
            }
            self.app.at += 1;
            match want {
                Want::Command(line) => self.submit(line),
                Want::Several(lines) => lines.into_iter().for_each(|line| self.submit(line)),
                Want::Batch(lines) => lines.into_iter().for_each(|line| self.submit_batched(line)),
                Want::Transfer(transfer, upload) => {
                    if self.app.begun.is_empty() {
                        self.app.received.clear();
                    }
                    match self.session.begin(transfer.clone()) {
                        Ok(id) => self.app.begun.push((id, transfer, upload)),
                        Err(misuse) => return Err(format!("{misuse:?}")),
                    }
                }
            }
        }
    }

    fn may_ask_ahead(&self, want: &Want) -> bool {
        matches!(want, Want::Transfer(..))
            && self.session.config().lookahead
            && self.app.tickets.is_empty()
            && self.app.begun.len() == 1
    }

    fn submit_batched(&mut self, line: String) {
        let command = Command::raw(&line).unwrap();
        let ticket = self.session.submit_batched(command).unwrap();
        self.app.tickets.push((ticket, line));
    }

    fn submit(&mut self, line: String) {
        let command = Command::raw(&line).unwrap();
        let ticket = self.session.submit(command).unwrap();
        self.app.tickets.push((ticket, line));
    }

    /// Polls what is under way; whether nothing is any more.
    fn collect(&mut self, seen: &mut Seen) -> Result<bool, Broken> {
        let mut at = 0;
        while let Some((ticket, line)) = self.app.tickets.get(at).cloned() {
            match self.session.poll_reply(ticket) {
                Poll::Pending => at += 1,
                Poll::Ready(result) => {
                    self.app.tickets.remove(at);
                    self.check_reply(ticket, &line, &result)?;
                    result
                        .as_ref()
                        .err()
                        .into_iter()
                        .for_each(|error| seen.error(error));
                    let result = result.map(|reply| reply.code().get());
                    self.app.outcomes.push(Outcome::Reply(result));
                }
            }
        }
        while let Some((id, transfer, upload)) = self.app.begun.first().cloned() {
            let Poll::Ready(result) = self.session.poll_transfer(id) else {
                break;
            };
            self.app.begun.remove(0);
            self.app.stale = self.app.moving.take();
            result
                .as_ref()
                .err()
                .into_iter()
                .for_each(|error| seen.error(error));
            self.check_verdict(id, &transfer, &upload, &result)?;
            self.app.outcomes.push(Outcome::Transfer(result));
            if !self.app.begun.is_empty() {
                self.app.received.clear();
            }
        }
        Ok(self.app.tickets.is_empty() && self.app.begun.is_empty())
    }

    // -- the control connection -----------------------------------------------------------------------------------

    pub(crate) fn flush(&mut self, max: usize) {
        let bytes = self.session.transmit();
        let bytes = bytes[..max.min(bytes.len())].to_vec();
        let arrival = self.now.saturating_add(self.latency);
        self.control.to_server.write(&bytes, arrival);
        self.written.extend_from_slice(&bytes);
        self.session.transmitted(bytes.len());
    }

    /// Reads a line, or so many octets; and whether it makes a difference in how many pieces they come.
    pub(crate) fn client_reads(&mut self, max: Option<usize>) -> Result<(), Broken> {
        let stream = &mut self.control.to_client;
        let bytes = match max {
            Some(max) => stream.read(max, self.now),
            None => stream.read_line(self.now),
        };
        if bytes.is_empty() {
            let ending = stream.ending();
            self.control_open = false;
            match ending {
                Some(Ending::Reset) => self.session.report(Report::Failed {
                    link: Link::Control,
                    failure: Failure::Reset,
                }),
                _ => self.session.receive_eof(),
            }
            return Ok(());
        }
        let mut bit_by_bit = self.session.clone();
        bytes.iter().for_each(|byte| bit_by_bit.receive(&[*byte]));
        self.session.receive(&bytes);
        if bit_by_bit != self.session {
            let bytes = bytes.escape_ascii();
            return Err(format!("{bytes} means something else byte by byte"));
        }
        self.nothing_unwritten_is_answered()
    }

    /// The control connection is lost on both sides.
    pub(crate) fn lose_control(&mut self) {
        self.control.cut();
        let link = ServerLink::Control;
        self.server.report(ServerReport::Failed { link });
    }

    /// Data connections are lost on both sides.
    pub(crate) fn lose_data(&mut self) {
        let channels: Vec<Channel> = self.conns.iter().filter_map(|conn| conn.channel).collect();
        for conn in &mut self.conns {
            conn.wire.cut();
            conn.channel = None;
        }
        self.conns.retain(|conn| conn.data.is_some());
        for channel in channels {
            let link = ServerLink::Data(channel);
            self.server.report(ServerReport::Failed { link });
        }
    }

    /// Somebody on the way puts bytes into what the server says.
    pub(crate) fn inject(&mut self, bytes: &[u8]) {
        self.numbered = false;
        self.honest = false;
        self.control.to_client.write(bytes, self.now);
    }

    /// The driver reports something that did not happen.
    pub(crate) fn misreport(&mut self, choice: usize) {
        let data = self.duties.iter().find_map(Duty::data);
        let data = data.or_else(|| self.conns.iter().find_map(|conn| conn.data));
        let Some(data) = data else { return };
        let local = SocketAddr::new(HOST, 9);
        let (peer, link) = (HOST, Link::Data(data));
        let failure = Failure::Other;
        let reports = [
            Report::Connected { data },
            Report::Listening { data, local },
            Report::Accepted { data, peer },
            Report::Secured { link },
            Report::Secured {
                link: Link::Control,
            },
            Report::Unsecured,
            Report::Moved {
                data,
                bytes: u64::MAX,
            },
            Report::Closing { data },
            Report::Finished {
                data,
                end: End::Clean,
            },
            Report::Finished {
                data,
                end: End::Limit,
            },
            Report::Finished {
                data,
                end: End::Truncated,
            },
            Report::Failed { link, failure },
        ];
        self.honest = false;
        self.numbered = false;
        self.report(reports[choice % reports.len()]);
    }

    // -- the driver -----------------------------------------------------------------------------------------------

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect { data, target } => self.duties.push(Duty::Connect(data, target)),
            Action::Listen { data } => self.duties.push(Duty::Listen(data)),
            Action::Accept { data } => {
                // Asked again: whoever was accepted is a stranger.
                self.conns
                    .retain(|conn| conn.data != Some(data) || !conn.accepted);
                self.duties.push(Duty::Accept(data));
            }
            Action::Secure { link } => self.duties.push(Duty::Secure(link)),
            Action::Unsecure => self.duties.push(Duty::Unsecure),
            Action::Move { data, flow } => {
                self.app.moving = Some(data);
                let current = self.app.begun.first();
                self.app.upload = current.map_or_else(Vec::new, |(_, _, upload)| upload.clone());
                self.duties.push(Duty::Move(data, flow, 0));
            }
            Action::Finish { data } => {
                self.close_data(data);
                self.report(Report::Finished {
                    data,
                    end: End::Clean,
                });
            }
            Action::Discard { data } => self.discard(data),
            Action::Close => {
                self.control_open = false;
                self.control.to_server.end(Ending::Closed);
                self.duties
                    .retain(|duty| !matches!(duty, Duty::Unsecure | Duty::Secure(Link::Control)));
                self.server.receive_eof();
            }
        }
    }

    fn report(&mut self, report: Report) {
        self.watch.reported(&self.session, report);
        self.session.report(report);
    }

    fn discard(&mut self, data: DataId) {
        self.end_data(data, Ending::Reset);
    }

    fn close_data(&mut self, data: DataId) {
        self.end_data(data, Ending::Closed);
    }

    fn end_data(&mut self, data: DataId, ending: Ending) {
        self.duties.retain(|duty| duty.data() != Some(data));
        self.listener.take_if(|(id, _)| *id == data);
        for conn in self.conns.iter_mut().filter(|conn| conn.data == Some(data)) {
            conn.wire.to_server.end(ending);
            // Nobody reads any more: for the server's writes that is a reset.
            conn.data = None;
        }
        self.conns
            .retain(|conn| conn.data.is_some() || conn.channel.is_some());
    }

    fn conn(&mut self, data: DataId) -> Option<&mut Conn> {
        self.conns
            .iter_mut()
            .find(|conn| conn.data == Some(data) && conn.accepted)
    }

    fn can_work(&self, index: usize) -> bool {
        let conn_of = |data: DataId| {
            let mut conns = self.conns.iter();
            conns.find(|conn| conn.data == Some(data) && conn.accepted)
        };
        match self.duties[index] {
            Duty::Connect(..) => !self.faults.black_hole,
            Duty::Listen(_) => true,
            Duty::Accept(data) => {
                let waits = |conn: &Conn| conn.data == Some(data) && !conn.accepted;
                self.conns.iter().any(waits)
            }
            Duty::Secure(Link::Control) | Duty::Unsecure => self.server_secures,
            Duty::Secure(Link::Data(data)) => conn_of(data).is_some_and(|conn| {
                let stands = conn.server_secures && !self.faults.slow_handshake;
                stands || conn.wire.to_client.ending().is_some()
            }),
            Duty::Move(data, flow, _) => conn_of(data).is_some_and(|conn| match flow.direction {
                Direction::Receive => {
                    conn.wire.to_client.is_readable(self.now)
                        || conn.wire.to_client.ending().is_some()
                }
                Direction::Send => {
                    conn.wire.to_server.in_flight() < WINDOW
                        || conn.wire.to_client.ending().is_some()
                }
            }),
            Duty::Close(data) => conn_of(data)
                .is_some_and(|conn| conn.wire.to_client.is_ended() && !self.faults.no_tls_end),
        }
    }

    fn broken_in_silence(&self) -> Option<DataId> {
        let broken = |conn: &&Conn| {
            conn.accepted
                && conn.wire.to_client.ending() == Some(Ending::Reset)
                && !self.duties.iter().any(|duty| duty.data() == conn.data)
        };
        self.conns.iter().find(broken).and_then(|conn| conn.data)
    }

    fn work(&mut self, index: usize) {
        let duty = self.duties.remove(index);
        match duty {
            Duty::Connect(data, target) => self.dial(data, target),
            Duty::Listen(data) => {
                let port = 3000 + u16::try_from(data.get()).unwrap();
                self.listener = Some((data, port));
                let local = SocketAddr::new(HOST, port);
                self.report(Report::Listening { data, local });
            }
            Duty::Accept(data) => {
                let waits = |conn: &&mut Conn| conn.data == Some(data) && !conn.accepted;
                if let Some(conn) = self.conns.iter_mut().find(waits) {
                    conn.accepted = true;
                    let peer = conn.peer;
                    self.report(Report::Accepted { data, peer });
                }
            }
            Duty::Secure(link) => self.shake_hands(link),
            Duty::Unsecure => {
                self.server_secures = false;
                self.server.report(ServerReport::Unsecured);
                self.report(Report::Unsecured);
            }
            Duty::Move(data, flow, moved) => match flow.direction {
                Direction::Receive => self.receive(data, flow, moved),
                Direction::Send => self.send(data, flow, moved),
            },
            Duty::Close(data) => {
                self.close_data(data);
                self.report(Report::Finished {
                    data,
                    end: End::Clean,
                });
            }
        }
    }

    fn dial(&mut self, data: DataId, target: Target) {
        let port = match target {
            Target::ControlHost { port } => port,
            Target::Address(address) => address.port(),
        };
        let Some((_, channel)) = self.ports.iter().find(|(known, _)| *known == port).copied()
        else {
            return self.fail(data, Failure::Refused);
        };
        self.conns.push(Conn {
            data: Some(data),
            channel: Some(channel),
            wire: Wire::default(),
            peer: HOST,
            accepted: true,
            server: Serving::Nothing,
            server_secures: false,
        });
        self.ports.retain(|(known, _)| *known != port);
        self.report(Report::Connected { data });
    }

    fn fail(&mut self, data: DataId, failure: Failure) {
        self.end_data(data, Ending::Reset);
        let link = Link::Data(data);
        self.report(Report::Failed { link, failure });
    }

    fn shake_hands(&mut self, link: Link) {
        match link {
            Link::Control if self.control.to_client.in_flight() > 0 => {
                let failure = Failure::Tls;
                return self.report(Report::Failed { link, failure });
            }
            Link::Control => {
                self.server_secures = false;
                let link = ServerLink::Control;
                self.server.report(ServerReport::Secured { link });
            }
            Link::Data(data) => {
                let bad = self.faults.bad_handshake;
                let Some(conn) = self.conn(data) else { return };
                let ended = conn.wire.to_client.ending().is_some();
                if bad || ended {
                    return self.fail(data, Failure::Tls);
                }
                if let Some(channel) = conn.channel {
                    let link = ServerLink::Data(channel);
                    self.server.report(ServerReport::Secured { link });
                }
            }
        }
        self.report(Report::Secured { link });
    }

    fn receive(&mut self, data: DataId, flow: Flow, moved: u64) {
        let now = self.now;
        let disk = self.faults.disk;
        let truncates = self.faults.no_close_notify && flow.secured;
        let left = flow
            .limit
            .map_or(u64::MAX, |limit| limit.saturating_sub(moved));
        let Some(conn) = self.conn(data) else { return };
        let room = usize::try_from(left.max(1)).unwrap_or(usize::MAX);
        let octets = conn.wire.to_client.read(room, now);
        if octets.is_empty() {
            if conn.wire.to_client.ending() == Some(Ending::Reset) {
                return self.fail(data, Failure::Reset);
            }
            self.close_data(data);
            let end = if truncates {
                End::Truncated
            } else {
                End::Clean
            };
            return self.report(Report::Finished { data, end });
        }
        if left == 0 {
            self.close_data(data);
            let end = End::Limit;
            return self.report(Report::Finished { data, end });
        }
        if disk.is_some_and(|disk| moved >= disk) {
            return self.fail(data, Failure::Local);
        }
        if self.app.stale != Some(data) {
            self.app.received.extend_from_slice(&octets);
        }
        let bytes = octets.len() as u64;
        self.duties.push(Duty::Move(data, flow, moved + bytes));
        self.report(Report::Moved { data, bytes });
    }

    fn send(&mut self, data: DataId, flow: Flow, moved: u64) {
        let at = usize::try_from(moved).unwrap();
        let rest = self.app.upload[at..].to_vec();
        let arrival = self.now.saturating_add(self.latency);
        let disk = self.faults.disk;
        let Some(conn) = self.conn(data) else { return };
        // Whoever closes while we have more to send answers it with a reset.
        let ending = conn.wire.to_client.ending();
        if ending == Some(Ending::Reset) || (ending.is_some() && !rest.is_empty()) {
            return self.fail(data, Failure::Reset);
        }
        if disk.is_some_and(|disk| moved >= disk) {
            return self.fail(data, Failure::Local);
        }
        let room = WINDOW.saturating_sub(conn.wire.to_server.in_flight());
        let octets = &rest[..rest.len().min(room)];
        conn.wire.to_server.write(octets, arrival);
        let bytes = octets.len() as u64;
        if bytes > 0 {
            self.duties.push(Duty::Move(data, flow, moved + bytes));
            return self.report(Report::Moved { data, bytes });
        }
        if flow.secured {
            conn.wire.to_server.end(Ending::Closed);
            self.duties.push(Duty::Close(data));
            return self.report(Report::Closing { data });
        }
        self.close_data(data);
        let end = End::Clean;
        self.report(Report::Finished { data, end });
    }

    // -- the server's runner --------------------------------------------------------------------------------------

    fn run_server(&mut self) {
        loop {
            let said = self.server.transmit().to_vec();
            let arrival = self.now.saturating_add(self.latency);
            self.control.to_client.write(&said, arrival);
            self.server.transmitted(said.len());
            let moved = self.server_sends();
            self.server_connections();
            match self.server.poll_action() {
                Some(action) => self.server_acts(action),
                None if moved || !said.is_empty() => {}
                None => return,
            }
        }
    }

    fn channel(&mut self, channel: Channel) -> Option<&mut Conn> {
        self.conns
            .iter_mut()
            .find(|conn| conn.channel == Some(channel))
    }

    fn server_acts(&mut self, action: ServerAction) {
        match action {
            ServerAction::Listen { channel } => {
                let port = 2000 + u16::try_from(channel.number()).unwrap();
                self.ports.push((port, channel));
                let local = SocketAddr::new(HOST, port);
                self.server
                    .report(ServerReport::Listening { channel, local });
            }
            ServerAction::Accept { channel } => self.server_accepts = Some(channel),
            ServerAction::Connect { channel, to } => self.server_dials(Some(channel), to, HOST),
            ServerAction::Intrude { to } => self.server_dials(None, to, STRANGER),
            ServerAction::Secure {
                link: ServerLink::Data(channel),
            } => {
                if let Some(conn) = self.channel(channel) {
                    conn.server_secures = true;
                }
            }
            ServerAction::Secure { .. } | ServerAction::Unsecure => self.server_secures = true,
            ServerAction::Send { channel } => self.serve(channel, Serving::Send),
            ServerAction::Receive { channel } => self.serve(channel, Serving::Receive),
            ServerAction::Shutdown { channel } => {
                self.serve(channel, Serving::Shutdown);
                if let Some(conn) = self.channel(channel) {
                    conn.wire.to_client.end(Ending::Closed);
                }
            }
            ServerAction::Close { channel } => self.server_ends(channel, Ending::Closed),
            ServerAction::Reset { channel } => self.server_ends(channel, Ending::Reset),
            ServerAction::CloseControl => self.control.to_client.end(Ending::Closed),
            ServerAction::ResetControl => self.control.to_client.end(Ending::Reset),
        }
    }

    fn serve(&mut self, channel: Channel, serving: Serving) {
        if let Some(conn) = self.channel(channel) {
            conn.server = serving;
        }
    }

    fn server_dials(&mut self, channel: Option<Channel>, to: SocketAddr, peer: IpAddr) {
        let listener = self.listener.filter(|(_, port)| *port == to.port());
        let Some((data, _)) = listener else {
            if let Some(channel) = channel {
                let link = ServerLink::Data(channel);
                self.server.report(ServerReport::Failed { link });
            }
            return;
        };
        self.conns.push(Conn {
            data: Some(data),
            channel,
            wire: Wire::default(),
            peer,
            accepted: false,
            server: Serving::Nothing,
            server_secures: false,
        });
        if let Some(channel) = channel {
            self.server.report(ServerReport::Connected { channel });
        }
    }

    fn server_ends(&mut self, channel: Channel, ending: Ending) {
        self.ports.retain(|(_, known)| *known != channel);
        self.server_accepts.take_if(|known| *known == channel);
        if let Some(conn) = self.channel(channel) {
            // Closing with unread octets resets, as TCP does.
            let unread = conn.wire.to_server.in_flight() > 0;
            let ending = if unread { Ending::Reset } else { ending };
            conn.wire.to_client.end(ending);
            conn.channel = None;
        }
        self.conns
            .retain(|conn| conn.data.is_some() || conn.channel.is_some());
    }

    /// Moves what the server has to send, as far as there is room; whether anything moved.
    fn server_sends(&mut self) -> bool {
        let arrival = self.now.saturating_add(self.latency);
        let mut moved = false;
        for conn in &mut self.conns {
            let Some(channel) = conn.channel.filter(|_| conn.server == Serving::Send) else {
                continue;
            };
            let room = WINDOW.saturating_sub(conn.wire.to_client.in_flight());
            let payload = self.server.payload(channel);
            let octets = payload[..payload.len().min(room)].to_vec();
            if !octets.is_empty() && conn.data.is_some() {
                conn.wire.to_client.write(&octets, arrival);
                self.server.payload_sent(channel, octets.len());
                moved = true;
            }
        }
        moved
    }

    /// Accepts who has dialled; and notices who is gone while it sends.
    fn server_connections(&mut self) {
        if let Some(channel) = self.server_accepts {
            if self.channel(channel).is_some() {
                self.server_accepts = None;
                let peer = HOST;
                self.server.report(ServerReport::Accepted { channel, peer });
            }
        }
        let gone = |conn: &&Conn| conn.data.is_none() && conn.server != Serving::Receive;
        let gone: Vec<(Channel, Serving)> = self
            .conns
            .iter()
            .filter(gone)
            .filter_map(|conn| conn.channel.map(|channel| (channel, conn.server)))
            .collect();
        for (channel, serving) in gone {
            let report = match serving {
                Serving::Shutdown => ServerReport::Ended { channel },
                // Nobody looks at a connection before anything is to move on it.
                Serving::Nothing if self.server.is_transferring() => ServerReport::Failed {
                    link: ServerLink::Data(channel),
                },
                Serving::Nothing => continue,
                _ => ServerReport::Failed {
                    link: ServerLink::Data(channel),
                },
            };
            self.conns.retain(|conn| conn.channel != Some(channel));
            self.server.report(report);
        }
    }

    fn server_can_take(&self, conn: &Conn) -> bool {
        let Some(channel) = conn.channel.filter(|_| conn.server == Serving::Receive) else {
            return false;
        };
        let wanted = self.server.payload_wanted(channel) > 0;
        (wanted && conn.wire.to_server.is_readable(self.now))
            || conn.wire.to_server.ending().is_some()
    }

    fn server_takes(&mut self) {
        let Some(at) = self
            .conns
            .iter()
            .position(|conn| self.server_can_take(conn))
        else {
            return;
        };
        let conn = &mut self.conns[at];
        let Some(channel) = conn.channel else { return };
        let octets = conn.wire.to_server.read(usize::MAX, self.now);
        if !octets.is_empty() {
            return self.server.payload_received(channel, &octets);
        }
        let reset = conn.wire.to_server.ending() == Some(Ending::Reset);
        conn.server = Serving::Nothing;
        if conn.data.is_none() {
            self.conns.remove(at);
        }
        self.server.report(if reset {
            ServerReport::Failed {
                link: ServerLink::Data(channel),
            }
        } else {
            ServerReport::Ended { channel }
        });
    }

    fn next_arrival(&self) -> Option<Instant> {
        let wires = self.conns.iter().map(|conn| &conn.wire);
        let wires = wires.chain([&self.control]);
        let streams = wires.flat_map(|wire| [&wire.to_client, &wire.to_server]);
        streams
            .filter_map(|stream| stream.next_arrival())
            .filter(|arrival| *arrival > self.now)
            .min()
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
