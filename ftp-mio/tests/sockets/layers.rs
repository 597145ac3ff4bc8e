//! TLS with other transports over it and under it, against a server in a thread.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::task::Poll;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ftp_mio::proto::operation::{Exchange, Login, Retrieve, Secure, Store};
use ftp_mio::proto::proxy::Proxy;
use ftp_mio::proto::tls::Channel;
use ftp_mio::proto::{Config, DataMode, TlsPolicy};
use ftp_mio::{Builder, Endpoint, Error, MaybeTls, Progress, Proxied, Stream as _, Tls, Transport};
use ftp_testbed::proxies::{self, Behaviour, Speaks};
use libtest_mimic::Trial;

use crate::loops::{Alone, argument};
use crate::others::read_with;
use crate::peer::{Peer, Shown, config, serve};
use crate::reactors::Reactors;
use crate::tls::trust;

/// A transport with TLS somewhere in it.
pub(crate) trait Layers<R: Reactors>: 'static {
    const NAME: &'static str;
    type Transport: Transport<Source = R::Source>;

    /// How to reach a server that shows the certificate of localhost.
    fn builder() -> (Builder<Self::Transport>, Option<Endpoint>);

    /// The TLS on a connection.
    fn channel(stream: &<Self::Transport as Transport>::Stream) -> Option<&Channel>;

    fn connect(to: SocketAddr, config: Config) -> Alone<R, Self::Transport> {
        Self::connect_with(to, |builder| builder.config(config))
    }

    fn connect_with(
        to: SocketAddr,
        change: impl FnOnce(Builder<Self::Transport>) -> Builder<Self::Transport>,
    ) -> Alone<R, Self::Transport> {
        let (builder, name) = Self::builder();
        let builder = change(builder);
        let now = Instant::now();
        Alone::with(match name {
            Some(name) => builder.connect(Endpoint::name(name.host(), to.port()), now),
            None => builder.connect_to([to], now),
        })
    }
}

type StreamOf<R, L> = <<L as Layers<R>>::Transport as Transport>::Stream;

/// TLS over TCP.
pub(crate) struct Plain;

impl<R: Reactors> Layers<R> for Plain {
    const NAME: &'static str = "plain";
    type Transport = Tls<R::Tcp>;

    fn builder() -> (Builder<Self::Transport>, Option<Endpoint>) {
        (Builder::new(Tls::over(R::tcp(), trust())), None)
    }

    fn channel(stream: &StreamOf<R, Self>) -> Option<&Channel> {
        stream.channel()
    }
}

/// The same, chosen at run time.
pub(crate) struct Chosen;

impl<R: Reactors> Layers<R> for Chosen {
    const NAME: &'static str = "chosen";
    type Transport = MaybeTls<R::Tcp>;

    fn builder() -> (Builder<Self::Transport>, Option<Endpoint>) {
        let tls = Tls::over(R::tcp(), trust());
        (Builder::new(MaybeTls::Tls(tls)), None)
    }

    fn channel(stream: &StreamOf<R, Self>) -> Option<&Channel> {
        stream.channel()
    }
}

fn proxy() -> Endpoint {
    let mut behaviour = Behaviour::new(Speaks::Socks5);
    behaviour.name = "localhost";
    let proxy = proxies::Proxy::start(behaviour).unwrap();
    Endpoint::from(proxy.address()).named("localhost")
}

/// Over connections through a proxy.
pub(crate) struct Above;

impl<R: Reactors> Layers<R> for Above {
    const NAME: &'static str = "above_a_proxy";
    type Transport = Tls<Proxied<R::Tcp>>;

    fn builder() -> (Builder<Self::Transport>, Option<Endpoint>) {
        let proxied = Proxied::over(R::tcp(), Proxy::socks5(), proxy());
        let name = Endpoint::name("localhost", 0);
        (Builder::new(Tls::over(proxied, trust())), Some(name))
    }

    fn channel(stream: &StreamOf<R, Self>) -> Option<&Channel> {
        stream.channel()
    }
}

/// Under connections through a proxy, behind whose answer it begins.
pub(crate) struct Below;

impl<R: Reactors> Layers<R> for Below {
    const NAME: &'static str = "below_a_proxy";
    type Transport = Proxied<Tls<R::Tcp>>;

    fn builder() -> (Builder<Self::Transport>, Option<Endpoint>) {
        let tls = Tls::over(R::tcp(), trust());
        let proxied = Proxied::over(tls, Proxy::socks5(), proxy());
        let name = Endpoint::name("localhost", 0);
        (Builder::new(proxied), Some(name))
    }

    fn channel(stream: &StreamOf<R, Self>) -> Option<&Channel> {
        stream.stream().channel()
    }
}

/// Over what could have been TLS as well.
struct Twice;

impl<R: Reactors> Layers<R> for Twice {
    const NAME: &'static str = "above_a_chosen_one";
    type Transport = Tls<MaybeTls<R::Tcp>>;

    fn builder() -> (Builder<Self::Transport>, Option<Endpoint>) {
        let clear = MaybeTls::Clear(R::tcp());
        (Builder::new(Tls::over(clear, trust())), None)
    }

    fn channel(stream: &StreamOf<R, Self>) -> Option<&Channel> {
        stream.channel()
    }
}

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let mut trials = of::<R, Plain>();
    trials.extend(of::<R, Chosen>());
    trials.extend(of::<R, Twice>());
    trials.extend(of::<R, Above>());
    trials.extend(of::<R, Below>());
    for (layers, test) in [
        ("plain", refused::<R, Plain> as fn()),
        ("chosen", refused::<R, Chosen>),
    ] {
        trials.push(trial(layers, "nobody_listens", test));
    }
    for (layers, test) in [
        ("plain", active::<R, Plain> as fn()),
        ("chosen", active::<R, Chosen>),
    ] {
        trials.push(trial(layers, "active_mode", test));
    }
    trials.push(trial("chosen", "a_connector_logs_in", connector::<R>));
    trials.push(trial("plain", "a_name_beside_an_address", named::<R>));
    trials
}

fn of<R: Reactors, L: Layers<R>>() -> Vec<Trial> {
    let tests: [(&str, fn()); 6] = [
        ("everything", everything::<R, L>),
        ("what_is_accepted_leaves", leaves::<R, L>),
        ("an_idle_session_is_not_woken", idle::<R, L>),
        ("ciphertext_counts_in_the_budget", budget::<R, L>),
        ("an_upload_that_is_given_up_is_reset", reset::<R, L>),
        ("the_end_of_the_server_is_awaited", awaited::<R, L>),
    ];
    let trial = |(name, test)| trial(L::NAME, name, test);
    tests.map(trial).into()
}

fn trial(layers: &str, name: &str, test: fn()) -> Trial {
    Trial::test(format!("layers::{layers}::{name}"), move || {
        test();
        Ok(())
    })
}

fn large() -> Vec<u8> {
    (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect()
}

/// Agrees to TLS and then does that.
fn secured(play: impl FnOnce(&mut Peer) + Send + 'static) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let mut config = config(Shown::Good);
    // What the client leaves unread would turn every close into a reset.
    config.send_tls13_tickets = 0;
    serve(config, |peer| {
        peer.agree();
        peer.secure().unwrap();
        play(peer);
    })
}

fn take_file(peer: &mut Peer, expected: &[u8]) {
    let mut data = peer.open_secured("STOR");
    let mut received = Vec::new();
    // The end is a clean one only behind close_notify.
    data.read_to_end(&mut received).unwrap();
    assert!(received == expected);
    data.conn.send_close_notify();
    data.flush().unwrap();
    peer.say("226 done\r\n");
}

fn give_file(peer: &mut Peer, content: &[u8]) {
    let mut data = peer.open_secured("RETR");
    data.write_all(content).unwrap();
    data.conn.send_close_notify();
    data.flush().unwrap();
    peer.say("226 done\r\n");
}

fn everything<R: Reactors, L: Layers<R>>() {
    let (address, server) = secured(|peer| {
        give_file(peer, &large());
        give_file(peer, &large());
        take_file(peer, &large());
        peer.serve_until("CCC");
        peer.say("200 well\r\n");
        peer.unsecure();
        peer.listen_to_the_end();
    });
    let mut config = Config::default();
    config.clear_control = true;
    let mut alone = L::connect(address, config);
    alone.run(Secure::new()).unwrap();
    let session = alone.client.session().unwrap();
    assert_eq!(session.config().tls, TlsPolicy::Full);
    assert!(L::channel(alone.client.control_stream().unwrap()).is_some());
    alone.run(Login::anonymous()).unwrap();
    alone.run(Retrieve::new(argument("a"))).unwrap();
    assert!(alone.received == large());
    assert!(read_with(&mut alone, "a") == large());
    alone.content = large();
    alone.run(Store::new(argument("a"))).unwrap();
    alone.run(Exchange::clear_control()).unwrap();
    assert!(L::channel(alone.client.control_stream().unwrap()).is_none());
    alone.run(Exchange::quit()).unwrap();
    alone.until(|client| client.is_over().then_some(()));
    alone.close();
    let heard = server.join().unwrap();
    assert_eq!(heard[heard.len() - 2..], ["CCC", "QUIT"]);
}

/// The connection is full when the application's last bytes are accepted, and it gives no more.
fn leaves<R: Reactors, L: Layers<R>>() {
    let (may_read, hears) = mpsc::channel();
    let has_all = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&has_all);
    let (address, server) = secured(move |peer| {
        let mut data = peer.open_secured("STOR");
        let count: u64 = hears.recv().unwrap();
        io::copy(&mut Read::take(&mut data, count), &mut io::sink()).unwrap();
        told.store(true, Ordering::SeqCst);
        assert_eq!(data.read(&mut [0]).unwrap(), 0);
        data.conn.send_close_notify();
        data.flush().unwrap();
        peer.say("226 done\r\n");
        peer.listen_to_the_end();
    });
    let mut alone = L::connect(address, Config::default());
    alone.run(Secure::new()).unwrap();
    let upload = alone.client.start(Store::new(argument("a")));
    let mut accepted = 0;
    turns(&mut alone, |alone| {
        let mut data = alone.client.data_mut()?;
        loop {
            match data.write(&[7; 10_000]) {
                Progress::Bytes(count) => accepted += count as u64,
                // A turn's budget may be used up before the connection is full.
                Progress::Wait if accepted == 0 => return None,
                Progress::Wait => {
                    return data.stream().wants_write().then_some(());
                }
                Progress::Over => panic!("the connection is gone"),
            }
        }
    });
    may_read.send(accepted).unwrap();
    turns(&mut alone, |_| has_all.load(Ordering::SeqCst).then_some(()));
    alone.client.data_mut().unwrap().finish();
    turns(&mut alone, |alone| {
        alone.client.poll(upload).is_ready().then_some(())
    });
    alone.run(Exchange::quit()).unwrap();
    alone.close();
    server.join().unwrap();
}

/// Goes round the loop without moving payload. Another thread may change what is awaited.
fn turns<R: Reactors, T: Transport<Source = R::Source>, V>(
    alone: &mut Alone<R, T>,
    mut done: impl FnMut(&mut Alone<R, T>) -> Option<V>,
) -> V {
    let begun = Instant::now();
    loop {
        let mut registrar = alone.reactors.registrar(0);
        alone.client.turn(Instant::now(), &mut registrar);
        drop(registrar);
        if let Some(value) = done(alone) {
            return value;
        }
        assert!(begun.elapsed() < crate::reactors::LIMIT, "it hangs");
        let limit = alone.client.timeout(Instant::now()).unwrap_or(SLICE);
        for (_, slot, ready) in alone.reactors.wait(limit.min(SLICE)).unwrap() {
            alone.client.ready(slot, ready);
        }
    }
}

const SLICE: Duration = Duration::from_millis(10);

/// Nothing waits to be written, and nothing comes.
fn idle<R: Reactors, L: Layers<R>>() {
    let (address, server) = secured(|peer| {
        // PBSZ, PROT and QUIT.
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
    });
    let mut alone = L::connect(address, Config::default());
    alone.run(Secure::new()).unwrap();
    alone.until(|client| (!client.needs_turn()).then_some(()));
    let woken = alone.reactors.wait(Duration::ZERO).unwrap();
    assert!(woken.is_empty(), "{woken:?}");
    alone.run(Exchange::quit()).unwrap();
    alone.close();
    server.join().unwrap();
}

/// Little payload in much ciphertext.
fn budget<R: Reactors, L: Layers<R>>() {
    const RECORDS: usize = 1000;
    const BUDGET: usize = 1000;
    let (address, server) = secured(|peer| {
        let mut data = peer.open_secured("RETR");
        for _ in 0..RECORDS {
            data.conn.writer().write_all(b"x").unwrap();
        }
        data.conn.send_close_notify();
        data.flush().unwrap();
        peer.say("226 done\r\n");
        peer.listen_to_the_end();
    });
    let mut alone = L::connect_with(address, |builder| builder.budget(BUDGET));
    alone.run(Secure::new()).unwrap();
    let download = alone.client.start(Retrieve::new(argument("a")));
    let (mut most, mut all) = (0, 0);
    turns(&mut alone, |alone| {
        let mut moved = 0;
        if let Some(mut data) = alone.client.data_mut() {
            while let Progress::Bytes(count) = data.read(&mut [0; 10]) {
                moved += count;
            }
        }
        most = most.max(moved);
        all += moved;
        alone.client.poll(download).is_ready().then_some(())
    });
    assert_eq!(all, RECORDS);
    // What one read of the socket has brought.
    assert!(most < 800, "{most}");
    alone.run(Exchange::quit()).unwrap();
    alone.close();
    server.join().unwrap();
}

fn reset<R: Reactors, L: Layers<R>>() {
    let (address, server) = secured(|peer| {
        let mut data = peer.open_secured("STOR");
        let end = loop {
            match data.sock.read(&mut [0; 1000]) {
                Ok(0) => panic!("it looks like an end"),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(end.kind(), io::ErrorKind::ConnectionReset, "{end}");
    });
    let mut alone = L::connect(address, Config::default());
    alone.run(Secure::new()).unwrap();
    alone.client.start(Store::new(argument("a")));
    alone.until(|client| {
        let mut data = client.data_mut()?;
        matches!(data.write(b"some"), Progress::Bytes(_)).then_some(())
    });
    alone.close();
    server.join().unwrap();
}

/// Whoever closes behind its own end of TLS resets a server that still sends.
fn awaited<R: Reactors, L: Layers<R>>() {
    let (may_end, hears) = mpsc::channel();
    let has_ended = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&has_ended);
    let (address, server) = secured(move |peer| {
        let mut data = peer.open_secured("STOR");
        io::copy(&mut data, &mut io::sink()).unwrap();
        // The client has shut writing down, and has not closed.
        assert_eq!(data.sock.read(&mut [0]).unwrap(), 0);
        told.store(true, Ordering::SeqCst);
        hears.recv().unwrap();
        for _ in 0..2 {
            data.write_all(b"late").unwrap();
            data.flush().unwrap();
        }
        data.conn.send_close_notify();
        data.flush().unwrap();
        peer.say("226 done\r\n");
        peer.listen_to_the_end();
    });
    let mut config = Config::default();
    // Not the limit ends the wait.
    config.timeouts.tls_close = Duration::from_secs(600);
    let mut alone = L::connect(address, config);
    alone.run(Secure::new()).unwrap();
    let upload = alone.client.start(Store::new(argument("a")));
    turns(&mut alone, |alone| {
        alone.client.data_mut()?.finish();
        Some(())
    });
    turns(&mut alone, |alone| {
        let idle = has_ended.load(Ordering::SeqCst) && !alone.client.needs_turn();
        idle.then_some(())
    });
    may_end.send(()).unwrap();
    turns(&mut alone, |alone| match alone.client.poll(upload) {
        Poll::Ready(outcome) => Some(outcome.unwrap()),
        Poll::Pending => None,
    });
    alone.run(Exchange::quit()).unwrap();
    alone.close();
    server.join().unwrap();
}

fn refused<R: Reactors, L: Layers<R>>() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut alone = L::connect(address, Config::default());
    let Err(Error::Connect(tried)) = alone.run(Exchange::noop()) else {
        panic!("it cannot connect");
    };
    assert_eq!(tried[0].1.kind(), io::ErrorKind::ConnectionRefused);
}

/// The login of a connector comes behind TLS, if its transport is for that.
fn connector<R: Reactors>() {
    let (address, server) = secured(|peer| {
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
    });
    let (builder, _) = <Chosen as Layers<R>>::builder();
    let connector = builder.connector_to([address], Login::anonymous());
    let (client, login) = connector.start(Instant::now());
    let mut alone = Alone::<R, _>::with(client);
    alone.until(|client| match client.poll(login) {
        Poll::Ready(outcome) => Some(outcome.unwrap()),
        Poll::Pending => None,
    });
    alone.run(Exchange::quit()).unwrap();
    alone.close();
    let heard = server.join().unwrap();
    assert_eq!(
        heard[..4],
        ["AUTH TLS", "PBSZ 0", "PROT P", "USER anonymous"]
    );
}

/// The certificate is good for the address, and it has to be for the name.
fn named<R: Reactors>() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.secure().unwrap_err();
    });
    let (builder, _) = <Plain as Layers<R>>::builder();
    let builder = builder.host("other.example");
    let mut alone = Alone::<R, _>::with(builder.connect(address.into(), Instant::now()));
    let error = alone.run(Secure::new()).unwrap_err();
    assert!(error.to_string().contains("other.example"), "{error}");
    server.join().unwrap();
}

fn active<R: Reactors, L: Layers<R>>() {
    let (address, server) = secured(|peer| {
        give_file(peer, b"called");
        peer.listen_to_the_end();
    });
    let mut config = Config::default();
    config.data_mode = DataMode::ExtendedActive;
    let mut alone = L::connect(address, config);
    alone.run(Secure::new()).unwrap();
    alone.run(Retrieve::new(argument("a"))).unwrap();
    assert_eq!(alone.received, b"called");
    alone.run(Exchange::quit()).unwrap();
    alone.close();
    server.join().unwrap();
}
