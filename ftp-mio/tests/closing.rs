//! What is over is no longer with the reactor, and what is closed ends at once.
#![cfg(feature = "mio")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_mio::proto::operation::{Exchange, Login};
use ftp_mio::proto::proxy::Proxy;
use ftp_mio::proto::retry::Retry;
use ftp_mio::{
    Builder, Client, Endpoint, Interest, MaybeTls, Proxied, Reactor, Ready, Slot, Socket, Tcp,
};

/// The sockets that are with the reactor, of each session. It waits for none of them.
#[derive(Clone, Default)]
struct Watched(Rc<RefCell<BTreeSet<(usize, usize)>>>);

impl Watched {
    fn of(&self, session: usize) -> OfSession {
        OfSession(self.clone(), session)
    }

    fn count(&self) -> usize {
        self.0.borrow().len()
    }
}

struct OfSession(Watched, usize);

impl Reactor<Socket> for OfSession {
    fn add(&mut self, slot: Slot, _: &mut Socket, _: Interest) -> io::Result<()> {
        assert!(self.0.0.borrow_mut().insert((self.1, slot.index())));
        Ok(())
    }

    fn change(&mut self, slot: Slot, _: &mut Socket, _: Interest) -> io::Result<()> {
        assert!(self.0.0.borrow().contains(&(self.1, slot.index())));
        Ok(())
    }

    fn remove(&mut self, slot: Slot, _: &mut Socket) {
        assert!(self.0.0.borrow_mut().remove(&(self.1, slot.index())));
    }
}

fn server() -> Loopback {
    let files = Files::new()
        .file("/a", vec![1; 400_000])
        .file("/b", vec![2; 400_000])
        .file("/c", vec![3; 400_000]);
    Loopback::start(ServerConfig::new(), files).unwrap()
}

/// Accepts no caller, whom the system takes all the same.
fn silent() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[test]
fn a_client_that_still_connects() {
    let (server, watched) = (silent(), Watched::default());
    // It is connected when the proxy has answered.
    let at = server.local_addr().unwrap().into();
    let builder = Builder::new(Proxied::over(Tcp::new(), Proxy::socks5(), at));
    let to = Endpoint::name("ftp.example.test", 21);
    let mut client = builder.connect(to, Instant::now());
    client.turn(Instant::now(), &mut watched.of(0));
    assert_eq!(watched.count(), 1);
    client.close(&mut watched.of(0));
    assert_eq!(watched.count(), 0);
}

#[test]
fn operations_count_until_their_outcome_is_taken() {
    let (server, watched) = (server(), Watched::default());
    let mut client = Client::connect_to([server.address()], Instant::now());
    assert_eq!(client.operations(), 0);
    let login = client.start(Login::anonymous());
    let noop = client.start(Exchange::noop());
    let never = client.start(Exchange::noop());
    assert_eq!(client.operations(), 3);
    client.cancel(never);
    while client.poll(noop).is_pending() {
        client.ready(Slot::Control, Ready::BOTH);
        client.turn(Instant::now(), &mut watched.of(0));
    }
    assert_eq!(client.operations(), 1);
    assert!(client.poll(login).is_ready());
    assert_eq!(client.operations(), 0);
    client.close(&mut watched.of(0));
    assert_eq!(watched.count(), 0);
}

/// The transport was made without TLS, and the server agrees to it.
#[test]
fn a_session_that_cannot_be_secured() {
    let listener = silent();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut control, _) = listener.accept().unwrap();
        control.write_all(b"220 ready\r\n").unwrap();
        control.read_exact(&mut [0; 10]).unwrap();
        control.write_all(b"234 go\r\n").unwrap();
        // The end, or a reset.
        let _ = control.read(&mut [0]);
    });
    let watched = Watched::default();
    let transport = MaybeTls::Clear(Tcp::new());
    let builder = Client::builder().transport(transport);
    let mut client = builder.connect_to([address], Instant::now());
    let secure = client.start(ftp_mio::proto::operation::Secure::new());
    let error = loop {
        client.ready(Slot::Control, Ready::BOTH);
        client.turn(Instant::now(), &mut watched.of(0));
        if let Poll::Ready(outcome) = client.poll(secure) {
            break outcome.unwrap_err();
        }
    };
    assert!(error.to_string().contains("without TLS"), "{error}");
    assert!(client.is_over());
    assert_eq!(watched.count(), 0);
    server.join().unwrap();
}

#[test]
fn a_retrying_client() {
    let (server, watched) = (server(), Watched::default());
    let connector = Client::builder().connector_to([server.address()], Login::anonymous());
    let mut ftp = connector.retrying(Retry::default());
    let size = ftp.size_in_bytes(ftp_mio::proto::Argument::new("a").unwrap());
    let size = loop {
        ftp.ready(Slot::Control, Ready::BOTH);
        ftp.turn(Instant::now(), &mut watched.of(0));
        if let Poll::Ready(outcome) = ftp.poll(size) {
            break outcome.unwrap();
        }
    };
    assert_eq!(size, 400_000);
    assert!(!ftp.is_closed());
    assert_eq!(watched.count(), 1);
    ftp.close(&mut watched.of(0));
    assert_eq!(watched.count(), 0);
}

/// There is nobody to say farewell to.
#[test]
fn a_retrying_client_that_quits_before_its_login() {
    let (server, watched) = (silent(), Watched::default());
    let to = [server.local_addr().unwrap()];
    let connector = Client::builder().connector_to(to, Login::anonymous());
    let mut ftp = connector.retrying(Retry::default());
    let list = ftp.list(None);
    ftp.turn(Instant::now(), &mut watched.of(0));
    assert!(!ftp.is_closed());
    ftp.cancel(list);
    ftp.quit();
    ftp.turn(Instant::now(), &mut watched.of(0));
    assert!(ftp.is_closed());
    assert_eq!(watched.count(), 0);
}

#[cfg(feature = "mirror")]
mod mirrors {
    use std::ops::ControlFlow;

    use ftp_blocking::testing::Behaviour;
    use ftp_mio::proto::driver::MirrorSetup;
    use ftp_mio::proto::tree::MirrorOptions;
    use ftp_mio::{Mirror, MirrorEvent};

    use super::*;

    fn turn(mirror: &mut Mirror<Tcp>, watched: &Watched) {
        for session in 0..3 {
            for slot in Slot::ALL {
                mirror.ready(session, slot, Ready::BOTH);
            }
        }
        mirror.turn(Instant::now(), |session| watched.of(session));
    }

    fn mirror(server: &Loopback, to: &tempfile::TempDir) -> Mirror<Tcp> {
        let connector = Client::builder().connector_to([server.address()], Login::anonymous());
        let options = MirrorOptions::down();
        let setup = MirrorSetup::new("/", to.path(), options).sessions(3);
        Mirror::new(connector, setup).unwrap()
    }

    /// Those that have nothing to do in the beginning wait for it.
    #[test]
    fn a_mirror_that_is_over() {
        let (server, watched) = (server(), Watched::default());
        let to = tempfile::tempdir().unwrap();
        let mut mirror = mirror(&server, &to);
        while !mirror.is_over() {
            turn(&mut mirror, &watched);
        }
        assert_eq!(watched.count(), 0);
        assert_eq!(mirror.into_result().unwrap().copied, 3);
        assert_eq!(server.counts().accepted, 3);
        for session in 0..3 {
            let commands = server.commands(session);
            assert!(commands.iter().any(|line| line.starts_with("RETR")));
            assert_eq!(commands.last().unwrap(), "QUIT");
        }
    }

    /// The transfer under way is aborted, and does not have to end by itself.
    #[test]
    fn a_mirror_that_is_stopped() {
        let behaviour = Behaviour::new().stall("RETR", 100_000);
        let files = Files::new().file("/a", vec![1; 400_000]);
        let server = Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap();
        let (watched, to) = (Watched::default(), tempfile::tempdir().unwrap());
        let setup = MirrorSetup::new("/", to.path(), MirrorOptions::down());
        let setup = setup.progress(|event| match event {
            MirrorEvent::Bytes { .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        let connector = Client::builder().connector_to([server.address()], Login::anonymous());
        let mut mirror = Mirror::new(connector, setup).unwrap();
        let begun = Instant::now();
        while !mirror.is_over() {
            turn(&mut mirror, &watched);
            assert!(begun.elapsed() < Duration::from_secs(20), "it hangs");
        }
        assert!(mirror.into_result().unwrap().is_stopped);
        assert_eq!(watched.count(), 0);
    }

    #[test]
    fn a_mirror_under_way() {
        let (server, watched) = (server(), Watched::default());
        let to = tempfile::tempdir().unwrap();
        let mut mirror = mirror(&server, &to);
        while watched.count() == 0 {
            turn(&mut mirror, &watched);
        }
        mirror.close(|session| watched.of(session));
        assert_eq!(watched.count(), 0);
    }
}

/// A socket is a source of mio's events by itself.
#[test]
fn a_socket_with_mio() {
    let listener = silent();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut socket = Socket::try_from(near).unwrap();
    let mut poll = mio::Poll::new().unwrap();
    let mut events = mio::Events::with_capacity(8);
    let mut told = |poll: &mut mio::Poll| {
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        let tokens = events.iter().map(|event| event.token().0);
        tokens.collect::<Vec<_>>()
    };
    let (one, other) = (mio::Token(1), mio::Token(2));
    let registry = poll.registry();
    registry
        .register(&mut socket, one, mio::Interest::READABLE)
        .unwrap();
    assert!(told(&mut poll).is_empty());
    let registry = poll.registry();
    registry
        .reregister(&mut socket, other, mio::Interest::WRITABLE)
        .unwrap();
    assert_eq!(told(&mut poll), [2]);
    poll.registry().deregister(&mut socket).unwrap();
    // It can be registered anew only if it is not registered.
    poll.registry()
        .register(&mut socket, one, mio::Interest::WRITABLE)
        .unwrap();
    assert_eq!(told(&mut poll), [1]);
}
