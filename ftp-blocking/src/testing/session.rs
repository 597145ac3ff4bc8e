//! One session of the loopback server: a pure peer, its control connection and its data
//! connections.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use ftp_proto::testing::{
    Channel, Files, Peer, Script, Server, ServerAction, ServerLink, ServerReport,
};
use socket2::{Domain, SockRef, Socket, Type};

use super::shared::{Counts, Gauge, Shared, lock};

/// How long one turn may wait on a data connection while the control connection may want something
/// too.
const SLICE: Duration = Duration::from_millis(5);

/// How long a listener rests between two looks.
const PAUSE: Duration = Duration::from_millis(1);

/// How long the end of the control connection waits for the client to close too.
const FAREWELL: Duration = Duration::from_millis(500);

const CONNECT_LIMIT: Duration = Duration::from_secs(2);

const BLOCK: usize = 64 * 1024;

/// A peer, with the facts that the runner needs.
pub(super) trait Guest: Peer + Send {
    fn is_logged_in(&self) -> bool;

    /// The files that sessions may share.
    fn files_mut(&mut self) -> Option<&mut Files>;
}

impl Guest for Server {
    fn is_logged_in(&self) -> bool {
        self.state().logged_in
    }

    fn files_mut(&mut self) -> Option<&mut Files> {
        Some(Self::files_mut(self))
    }
}

impl Guest for Script {
    fn is_logged_in(&self) -> bool {
        false
    }

    fn files_mut(&mut self) -> Option<&mut Files> {
        None
    }
}

pub(super) struct Session<'a> {
    control: TcpStream,
    control_blocks: bool,
    guest: Box<dyn Guest>,
    number: usize,
    shared: &'a Shared,
    data: BTreeMap<Channel, Data>,
    /// Unsolicited connections, kept open until the end.
    strangers: Vec<TcpStream>,
    commands_logged: usize,
    counted_as_logged_in: bool,
    client_is_gone: bool,
    progress: Instant,
    block: Vec<u8>,
}

enum Data {
    Listener(TcpListener),
    Accepting(TcpListener),
    Stream(TcpStream, Flow),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Idle,
    Send,
    Receive,
    Linger,
}

#[derive(PartialEq, Eq)]
enum Course {
    On,
    Over,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        control: TcpStream,
        guest: Box<dyn Guest>,
        number: usize,
        shared: &'a Shared,
    ) -> io::Result<Self> {
        control.set_nodelay(true)?;
        control.set_read_timeout(Some(shared.limit))?;
        control.set_write_timeout(Some(shared.limit))?;
        Ok(Self {
            control,
            control_blocks: true,
            guest,
            number,
            shared,
            data: BTreeMap::new(),
            strangers: Vec::new(),
            commands_logged: 0,
            counted_as_logged_in: false,
            client_is_gone: false,
            progress: Instant::now(),
            block: vec![0; BLOCK],
        })
    }

    /// Serves until either side closes, no byte moves for too long, or the server stops.
    pub(super) fn run(mut self) -> io::Result<()> {
        while !self.shared.stop.load(Ordering::SeqCst) {
            let mut acted = false;
            while let Some(action) = self.guest.poll_action() {
                if self.perform(action)? == Course::Over {
                    return Ok(());
                }
                acted = true;
            }
            if self.write_control()? || acted {
                continue;
            }
            let working = self.working();
            self.read_control(working.is_none())?;
            if let Some(channel) = working {
                self.turn(channel)?;
            }
            if self.progress.elapsed() > self.shared.limit {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The data connection that can make progress now.
    fn working(&self) -> Option<Channel> {
        let works = |(channel, data): (&Channel, &Data)| match data {
            Data::Listener(_) | Data::Stream(_, Flow::Idle) => None,
            Data::Stream(_, Flow::Receive) if self.guest.payload_wanted(*channel) == 0 => None,
            Data::Accepting(_) | Data::Stream(..) => Some(*channel),
        };
        self.data.iter().find_map(works)
    }

    /// Gives the peer an input, together with the shared files.
    fn tell(&mut self, something: impl FnOnce(&mut dyn Guest)) {
        let guest = self.guest.as_mut();
        if self.shared.separate_trees {
            something(guest);
        } else {
            let mut tree = lock(&self.shared.tree);
            exchange(guest, &mut tree);
            something(guest);
            exchange(guest, &mut tree);
        }
        self.note();
    }

    /// Brings log and counts up to date.
    fn note(&mut self) {
        let news = self
            .guest
            .log()
            .get(self.commands_logged..)
            .unwrap_or_default();
        if !news.is_empty() {
            self.commands_logged += news.len();
            if let Some(log) = lock(&self.shared.logs).get_mut(self.number) {
                log.extend_from_slice(news);
            }
        }
        if self.guest.is_logged_in() != self.counted_as_logged_in {
            self.counted_as_logged_in = !self.counted_as_logged_in;
            self.count(|counts| &mut counts.logins, self.counted_as_logged_in);
        }
    }

    fn count(&self, gauge: impl FnOnce(&mut Counts) -> &mut Gauge, up: bool) {
        let mut counts = lock(&self.shared.counts);
        let gauge = gauge(&mut counts);
        if up { gauge.up() } else { gauge.down() }
    }

    fn report(&mut self, report: ServerReport) {
        self.tell(|guest| guest.report(report));
    }
}

/// The control connection.
impl Session<'_> {
    /// Writes what there is. `true` when something was written.
    fn write_control(&mut self) -> io::Result<bool> {
        if self.guest.transmit().is_empty() {
            return Ok(false);
        }
        match self.control.write(self.guest.transmit()) {
            Ok(n) => {
                self.guest.transmitted(n);
                self.progress = Instant::now();
                Ok(n > 0)
            }
            Err(error) if not_now(&error) && !self.control_blocks => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Reads once; waits for input if there is no other work.
    fn read_control(&mut self, may_wait: bool) -> io::Result<()> {
        if may_wait != self.control_blocks {
            self.control.set_nonblocking(!may_wait)?;
            self.control_blocks = may_wait;
        }
        match self.control.read(&mut self.block) {
            Ok(0) if self.client_is_gone => Err(ErrorKind::UnexpectedEof.into()),
            Ok(0) => {
                self.client_is_gone = true;
                self.tell(|guest| guest.receive_eof());
                Ok(())
            }
            Ok(n) => {
                self.progress = Instant::now();
                let block = std::mem::take(&mut self.block);
                let bytes = block.get(..n).unwrap_or_default();
                self.tell(|guest| guest.receive(bytes));
                self.block = block;
                Ok(())
            }
            Err(error) if not_now(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Closes so that the last reply arrives: closing a socket with unread input would reset it.
    fn say_goodbye(&mut self) -> io::Result<()> {
        self.drop_all_data();
        self.control.set_nonblocking(false)?;
        self.control.set_read_timeout(Some(FAREWELL))?;
        self.control.shutdown(Shutdown::Write)?;
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until && self.control.read(&mut self.block)? > 0 {}
        Ok(())
    }
}

/// Actions.
impl Session<'_> {
    fn perform(&mut self, action: ServerAction) -> io::Result<Course> {
        match action {
            ServerAction::Listen { channel } => self.listen(channel),
            ServerAction::Accept { channel } => match self.data.remove(&channel) {
                Some(Data::Listener(listener)) => {
                    self.progress = Instant::now();
                    self.data.insert(channel, Data::Accepting(listener));
                }
                _ => self.fail(channel),
            },
            ServerAction::Connect { channel, to } => {
                match TcpStream::connect_timeout(&to, CONNECT_LIMIT) {
                    Ok(stream) => self.opened(channel, stream, ServerReport::Connected { channel }),
                    Err(_) => self.fail(channel),
                }
            }
            ServerAction::Intrude { to } => self.strangers.extend(intrude(to)),
            ServerAction::Secure { link } => self.report(ServerReport::Failed { link }),
            ServerAction::Unsecure => self.report(ServerReport::Unsecured),
            ServerAction::Send { channel } => self.set_flow(channel, Flow::Send),
            ServerAction::Receive { channel } => self.set_flow(channel, Flow::Receive),
            ServerAction::Shutdown { channel } => {
                if let Some(Data::Stream(stream, _)) = self.data.get(&channel) {
                    let _ = stream.shutdown(Shutdown::Write);
                }
                self.set_flow(channel, Flow::Linger);
            }
            ServerAction::Close { channel } => self.drop_data(channel),
            ServerAction::Reset { channel } => {
                if let Some(Data::Stream(stream, _)) = self.data.get(&channel) {
                    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
                }
                self.drop_data(channel);
            }
            ServerAction::CloseControl => {
                self.say_goodbye()?;
                return Ok(Course::Over);
            }
            ServerAction::ResetControl => {
                SockRef::from(&self.control).set_linger(Some(Duration::ZERO))?;
                return Ok(Course::Over);
            }
        }
        Ok(Course::On)
    }

    fn listen(&mut self, channel: Channel) {
        let bound = self.control.local_addr().and_then(|address| {
            let listener = TcpListener::bind((address.ip(), 0))?;
            listener.set_nonblocking(true)?;
            let local = listener.local_addr()?;
            Ok((listener, local))
        });
        match bound {
            Ok((listener, local)) => {
                self.data.insert(channel, Data::Listener(listener));
                self.report(ServerReport::Listening { channel, local });
            }
            Err(_) => self.fail(channel),
        }
    }

    fn opened(&mut self, channel: Channel, stream: TcpStream, report: ServerReport) {
        let prepared = stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_read_timeout(Some(SLICE)))
            .and_then(|()| stream.set_write_timeout(Some(SLICE)));
        if prepared.is_err() {
            return self.fail(channel);
        }
        self.progress = Instant::now();
        self.data.insert(channel, Data::Stream(stream, Flow::Idle));
        self.count(|counts| &mut counts.data, true);
        self.report(report);
    }

    fn set_flow(&mut self, channel: Channel, to: Flow) {
        if let Some(Data::Stream(_, flow)) = self.data.get_mut(&channel) {
            *flow = to;
        }
    }

    fn fail(&mut self, channel: Channel) {
        self.drop_data(channel);
        let link = ServerLink::Data(channel);
        self.report(ServerReport::Failed { link });
    }

    fn drop_data(&mut self, channel: Channel) {
        if let Some(Data::Stream(..)) = self.data.remove(&channel) {
            self.count(|counts| &mut counts.data, false);
        }
    }

    fn drop_all_data(&mut self) {
        while let Some(channel) = self.data.keys().next().copied() {
            self.drop_data(channel);
        }
    }
}

/// Data connections.
impl Session<'_> {
    /// Waits at most a slice for one step of the data connection.
    fn turn(&mut self, channel: Channel) -> io::Result<()> {
        let limit = self.shared.limit;
        match self.data.get_mut(&channel) {
            Some(Data::Accepting(listener)) => match listener.accept() {
                Ok((stream, peer)) => {
                    let peer = peer.ip();
                    self.opened(channel, stream, ServerReport::Accepted { channel, peer });
                }
                Err(error) if not_now(&error) && self.progress.elapsed() < limit => {
                    thread::sleep(PAUSE)
                }
                Err(_) => self.fail(channel),
            },
            Some(Data::Stream(_, Flow::Send)) => self.send(channel),
            Some(Data::Stream(_, Flow::Receive | Flow::Linger)) => self.take(channel),
            Some(Data::Listener(_) | Data::Stream(_, Flow::Idle)) | None => {}
        }
        Ok(())
    }

    fn send(&mut self, channel: Channel) {
        let payload = self.guest.payload(channel);
        if payload.is_empty() {
            // The server stalls on purpose, and still notices when the client goes away.
            return self.take(channel);
        }
        let Some(Data::Stream(stream, _)) = self.data.get_mut(&channel) else {
            return;
        };
        match stream.write(payload.get(..BLOCK).unwrap_or(payload)) {
            Ok(n) => {
                self.progress = Instant::now();
                self.tell(|guest| guest.payload_sent(channel, n));
            }
            Err(error) if not_now(&error) => {}
            Err(_) => self.fail(channel),
        }
    }

    fn take(&mut self, channel: Channel) {
        let Some(Data::Stream(stream, flow)) = self.data.get_mut(&channel) else {
            return;
        };
        let wanted = if *flow == Flow::Receive {
            self.guest.payload_wanted(channel).min(BLOCK)
        } else {
            BLOCK
        };
        let mut block = std::mem::take(&mut self.block);
        let result = stream.read(block.get_mut(..wanted).unwrap_or_default());
        match result {
            Ok(0) => {
                *flow = Flow::Idle;
                self.report(ServerReport::Ended { channel });
            }
            Ok(n) => {
                self.progress = Instant::now();
                let bytes = block.get(..n).unwrap_or_default();
                self.tell(|guest| guest.payload_received(channel, bytes));
            }
            Err(error) if not_now(&error) => {}
            Err(_) => self.fail(channel),
        }
        self.block = block;
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        self.drop_all_data();
        if self.counted_as_logged_in {
            self.count(|counts| &mut counts.logins, false);
        }
    }
}

fn exchange(guest: &mut dyn Guest, tree: &mut Files) {
    if let Some(files) = guest.files_mut() {
        std::mem::swap(files, tree);
    }
}

fn not_now(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// Connects from another loopback address, where the system has one: 127.0.0.2.
fn intrude(to: SocketAddr) -> Option<TcpStream> {
    const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
    if to.is_ipv6() {
        return None;
    }
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).ok()?;
    socket
        .bind(&SocketAddr::from((IpAddr::V4(STRANGER), 0)).into())
        .ok()?;
    socket.connect_timeout(&to.into(), CONNECT_LIMIT).ok()?;
    Some(socket.into())
}
