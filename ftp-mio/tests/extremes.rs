//! Zero, the largest values and ranges that run backwards, given to everything of this crate that
//! takes a number or a time. `tests/codecs/extremes.rs` of ftp-proto does the same to the codecs.
#![cfg(feature = "mio")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_mio::proto::driver::TcpOptions;
use ftp_mio::proto::operation::{Login, Retrieve};
use ftp_mio::proto::retry::Retry;
use ftp_mio::proto::{
    Argument, Completed, Config, DataMode, Operation, Pipeline, Target, Timeouts,
};
use ftp_mio::{
    Builder, Client, Endpoint, Error, Progress, Schedule, Socket, Tcp, Transport, mio as glue,
};

const CONTENT: &[u8] = b"0123456789";

fn server() -> Loopback {
    let files = Files::new().file("/a", CONTENT);
    Loopback::start(ServerConfig::new(), files).unwrap()
}

/// The outcome of an operation, and what its data connection gave.
fn outcome<O>(client: &mut Client<Tcp>, operation: O) -> (Result<O::Output, Error>, Vec<u8>)
where
    O: Operation + Send + 'static,
    O::Output: Send,
{
    let mut poll = mio::Poll::new().unwrap();
    let mut events = mio::Events::with_capacity(8);
    let handle = client.start(operation);
    let (mut got, mut block) = (Vec::new(), [0; 4]);
    loop {
        client.turn(
            Instant::now(),
            &mut glue::Registrar::new(poll.registry(), usize::MAX >> 8),
        );
        while let Some(mut data) = client.data_mut() {
            assert_eq!(data.write(&[]), Progress::Over);
            let Progress::Bytes(count) = data.read(&mut block) else {
                break;
            };
            got.extend_from_slice(block.get(..count).unwrap());
        }
        if let Poll::Ready(outcome) = client.poll(handle) {
            return (outcome, got);
        }
        let timeout = client.timeout(Instant::now());
        poll.poll(&mut events, timeout).unwrap();
        for event in &events {
            let (_, slot) = glue::slot(event.token());
            client.ready(slot, glue::ready(event));
        }
    }
}

fn use_it(builder: Builder<Tcp>) -> Result<(Completed, Vec<u8>), Error> {
    let server = server();
    let mut client = builder.connect_to([server.address()], Instant::now());
    let both = LoginThenRetrieve::new();
    let (completed, got) = outcome(&mut client, both);
    Ok((completed?, got))
}

/// One operation, so that one reactor sees it all.
struct LoginThenRetrieve {
    login: Option<Login>,
    retrieve: Retrieve,
}

impl LoginThenRetrieve {
    fn new() -> Self {
        Self {
            login: Some(Login::anonymous()),
            retrieve: Retrieve::new(Argument::new("a").unwrap()),
        }
    }
}

impl Operation for LoginThenRetrieve {
    type Output = Completed;

    fn poll(
        &mut self,
        session: &mut ftp_mio::proto::Session,
    ) -> Poll<Result<Completed, ftp_mio::proto::Error>> {
        if let Some(login) = &mut self.login {
            std::task::ready!(login.poll(session))?;
            self.login = None;
        }
        self.retrieve.poll(session)
    }
}

#[test]
fn times_without_end_and_of_no_length() {
    let mut config = Config::default();
    config.timeouts = Timeouts::all(Duration::MAX);
    for every in [Duration::ZERO, Duration::MAX] {
        config.keepalive = Some(every);
        config.idle_keepalive = Some(every);
        for mode in [DataMode::Auto, DataMode::AnyActive] {
            let (completed, got) =
                use_it(Client::builder().config(config).data_mode(mode)).unwrap();
            assert_eq!((completed.bytes, &got[..]), (10, CONTENT));
        }
    }
    let none = Client::builder().timeouts(Timeouts::all(Duration::ZERO));
    assert!(use_it(none).is_err());
}

#[test]
fn budgets_and_windows_of_nothing_and_of_everything() {
    for budget in [0, usize::MAX] {
        let mut config = Config::default();
        config.pipeline = Pipeline::window(u16::try_from(budget).unwrap_or(u16::MAX));
        let (_, got) = use_it(Client::builder().config(config).budget(budget)).unwrap();
        assert_eq!(got, CONTENT);
    }
    let mut config = Config::default();
    config.limits.in_flight_max = 0;
    config.limits.listing_bytes_max = 0;
    config.limits.reply.discard_bytes_max = 0;
    let _ = use_it(Client::builder().config(config));
}

#[test]
fn options_of_sockets_at_both_ends() {
    let active = |options| {
        let transport = Tcp::new().options(options);
        Client::builder()
            .transport(transport)
            .data_mode(DataMode::AnyActive)
    };
    for bytes in [0, usize::MAX] {
        for every in [Duration::ZERO, Duration::MAX] {
            let mut options = TcpOptions::default();
            options.send_buffer = Some(bytes);
            options.receive_buffer = Some(bytes);
            options.keepalive = Some(every);
            // The system may refuse; it may not bring the client down.
            let _ = use_it(active(options));
        }
    }
    for (first, last, works) in [(u16::MAX, 0, false), (9, 8, false), (0, 0, true)] {
        let mut options = TcpOptions::default();
        options.active_ports = Some((first, last));
        assert_eq!(use_it(active(options)).is_ok(), works, "{first} to {last}");
    }
}

/// A loop's time may stand still, run backwards, or leap.
#[test]
fn moments_long_past_and_far_ahead() {
    let server = server();
    let poll = mio::Poll::new().unwrap();
    let begun = Instant::now();
    let past = begun
        .checked_sub(Duration::from_secs(1000))
        .unwrap_or(begun);
    let ahead = begun + Duration::from_secs(1 << 32);
    for times in [
        [past, begun, ahead],
        [ahead, past, past],
        [begun, ahead, past],
    ] {
        let mut client = Client::connect_to([server.address()], times[0]);
        let mut schedule = Schedule::new();
        for (number, now) in [0, usize::MAX].into_iter().cycle().zip(times) {
            client.turn(now, &mut glue::Registrar::new(poll.registry(), 0));
            let _ = (client.timeout(past), client.timeout(ahead));
            schedule.settle(number, &client);
            let mut due = Vec::new();
            schedule.due(ahead, &mut due);
            schedule.due(past, &mut due);
            assert!(due.len() <= 1, "{due:?}");
            let _ = (schedule.timeout(past), schedule.timeout(ahead));
        }
        client.close(&mut glue::Registrar::new(poll.registry(), 0));
    }
    let mut nobody = Client::connect_to([], begun);
    nobody.turn(ahead, &mut glue::Registrar::new(poll.registry(), 0));
    assert!(nobody.is_over());
}

/// A network that refuses every connection at once.
#[derive(Clone)]
struct Refusing;

impl Transport for Refusing {
    type Source = Socket;
    type Stream = <Tcp as Transport>::Stream;
    type Listener = <Tcp as Transport>::Listener;

    fn connect(&mut self, _: &Endpoint) -> io::Result<Self::Stream> {
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    fn connect_data(&mut self, _: &Self::Stream, _: Target) -> io::Result<Self::Stream> {
        Err(io::ErrorKind::ConnectionRefused.into())
    }

    fn listen(&mut self, _: IpAddr) -> io::Result<(Self::Listener, SocketAddr)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn secure_control(&mut self, _: &mut Self::Stream) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn secure_data(&mut self, _: &Self::Stream, _: &mut Self::Stream) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn policies_without_pauses_and_without_end() {
    let begun = Instant::now();
    let ahead = begun + Duration::from_secs(1 << 32);
    let poll = mio::Poll::new().unwrap();
    let mut reactor = glue::Registrar::new(poll.registry(), 0);
    let refused = Client::builder()
        .transport(Refusing)
        .connector_to([([127, 0, 0, 1], 21).into()], Login::anonymous());
    for delay in [Duration::ZERO, Duration::MAX] {
        for tries_max in [0, 1, 1000] {
            let mut policy = Retry::default();
            policy.delay = delay;
            policy.delay_max = delay;
            policy.tries_max = tries_max;
            let mut ftp = refused.retrying(policy);
            let list = ftp.list(None);
            for now in [begun, begun, ahead, begun] {
                ftp.turn(now, &mut reactor);
                let _ = ftp.timeout(ahead);
            }
            // Each turn makes one try. A pause without end is not none.
            let outcome = ftp.poll(list);
            assert_eq!(outcome.is_pending(), tries_max > 1, "{delay:?} {tries_max}");
            let waits = delay == Duration::MAX && tries_max > 1;
            assert_eq!(ftp.deadline().is_some(), waits, "{delay:?} {tries_max}");
            assert_eq!(ftp.needs_turn(), tries_max > 1 && !waits);
            ftp.close(&mut reactor);
        }
    }
}

#[cfg(feature = "mirror")]
#[test]
fn sessions_and_trees_of_nothing_and_of_everything() {
    use ftp_mio::proto::tree::{MirrorOptions, TreeLimits};
    use ftp_mio::{Mirror, MirrorSetup};

    let begun = Instant::now();
    let ahead = begun + Duration::from_secs(1 << 32);
    let files = Files::new().file("/d/a", CONTENT);
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    let none = TreeLimits {
        depth_max: 0,
        entries_max: 0,
        bytes_max: 0,
    };
    let all = TreeLimits {
        depth_max: usize::MAX,
        entries_max: u64::MAX,
        bytes_max: u64::MAX,
    };
    let mut config = Config::default();
    for (sessions, limits, copied) in [(0, none, 0), (usize::MAX, none, 0), (0, all, 1)] {
        let local = tempfile::tempdir().unwrap();
        // Sessions may be idle while others work.
        config.keepalive = Some(if sessions == 0 {
            Duration::ZERO
        } else {
            Duration::MAX
        });
        config.idle_keepalive = config.keepalive;
        let connector = Client::builder()
            .config(config)
            .connector_to([server.address()], Login::anonymous());
        let options = MirrorOptions::down().limits(limits);
        let setup = MirrorSetup::new("/", local.path(), options).sessions(sessions);
        let mut mirror = Mirror::new(connector, setup).unwrap();
        let mut poll = mio::Poll::new().unwrap();
        let mut events = mio::Events::with_capacity(8);
        loop {
            mirror.turn(Instant::now(), |session| {
                glue::Registrar::new(poll.registry(), session)
            });
            if mirror.is_over() {
                break;
            }
            let _ = mirror.timeout(ahead);
            poll.poll(&mut events, mirror.timeout(Instant::now()))
                .unwrap();
            for event in &events {
                let (session, slot) = glue::slot(event.token());
                mirror.ready(session, slot, glue::ready(event));
                mirror.ready(usize::MAX, slot, glue::ready(event));
            }
        }
        let mirrored = mirror.into_result().unwrap();
        assert_eq!((mirrored.copied, mirrored.failed.len()), (copied, 0));
        assert_eq!(mirrored.skipped.is_empty(), copied == 1);
    }

    // Of nobody, at leaping times.
    let local = tempfile::tempdir().unwrap();
    let nobody = Client::builder().connector_to([], Login::anonymous());
    let setup = MirrorSetup::new("", local.path(), MirrorOptions::up()).sessions(usize::MAX);
    let mut mirror = Mirror::new(nobody, setup).unwrap();
    let poll = mio::Poll::new().unwrap();
    for now in [ahead, begun] {
        mirror.turn(now, |session| {
            glue::Registrar::new(poll.registry(), session)
        });
    }
    assert!(mirror.is_over() && mirror.into_result().is_err());
}
