//! TLS with other transports over it and under it.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use ftp_blocking::proto::driver::TlsMode;
use ftp_blocking::proto::operation::Exchange;
use ftp_blocking::proto::proxy::Proxy;
use ftp_blocking::proto::tls::rustls::HandshakeKind;
use ftp_blocking::proto::tls::{Channel, TlsError};
use ftp_blocking::proto::{After, Config, DataMode, Encoding, Failure, Interruption, TlsPolicy};
use ftp_blocking::{
    Builder, Client, Endpoint, Error, MaybeTls, Proxied, Tcp, TcpLink, Tls, Transport,
};
use ftp_testbed::proxies::{self, Behaviour, Speaks};
use ftp_testbed::servers::AUTHORITY;

use crate::peer::{Peer, Shown, config, handshake, serve};
use crate::tickets::{self, STORED};
use crate::{connect_with, interruption, is_refused, trusting};

/// A transport with TLS somewhere in it.
trait Layers {
    type Transport: Transport;
    /// The server's name. Only a proxy knows the address of some.
    const HOST: &'static str;

    fn transport() -> Self::Transport;

    /// The TLS on a connection.
    fn channel(stream: &<Self::Transport as Transport>::Stream) -> Option<&Channel>;

    /// What all layers stand on.
    fn tcp(stream: &<Self::Transport as Transport>::Stream) -> &TcpLink;
}

type StreamOf<L> = <<L as Layers>::Transport as Transport>::Stream;

struct Plain;
struct Chosen;
struct Twice;
struct Above;
struct ChosenAbove;
struct Below;

const BEHIND_THE_PROXY: &str = "ftp.example.test";

fn proxy(name: &'static str) -> Endpoint {
    let mut behaviour = Behaviour::new(Speaks::Socks5);
    behaviour.name = name;
    proxies::Proxy::start(behaviour).unwrap().address().into()
}

fn over<T>(inner: T) -> Tls<T> {
    let builder = Tls::builder().trust_pem(AUTHORITY).unwrap();
    let tls = builder.build_over(inner).unwrap();
    tls.named("localhost").unwrap()
}

impl Layers for Plain {
    type Transport = Tls;
    const HOST: &'static str = "localhost";

    fn transport() -> Tls {
        trusting(AUTHORITY)
    }

    fn channel(stream: &StreamOf<Self>) -> Option<&Channel> {
        stream.channel()
    }

    fn tcp(stream: &StreamOf<Self>) -> &TcpLink {
        stream.stream()
    }
}

impl Layers for Chosen {
    type Transport = MaybeTls;
    const HOST: &'static str = "localhost";

    fn transport() -> MaybeTls {
        MaybeTls::Tls(trusting(AUTHORITY))
    }

    fn channel(stream: &StreamOf<Self>) -> Option<&Channel> {
        stream.channel()
    }

    fn tcp(stream: &StreamOf<Self>) -> &TcpLink {
        stream.stream()
    }
}

/// Over what could have been TLS as well.
impl Layers for Twice {
    type Transport = Tls<MaybeTls>;
    const HOST: &'static str = "localhost";

    fn transport() -> Self::Transport {
        over(MaybeTls::Clear(Tcp::new()))
    }

    fn channel(stream: &StreamOf<Self>) -> Option<&Channel> {
        stream.channel()
    }

    fn tcp(stream: &StreamOf<Self>) -> &TcpLink {
        stream.stream().stream()
    }
}

impl Layers for Above {
    type Transport = Tls<Proxied>;
    const HOST: &'static str = BEHIND_THE_PROXY;

    fn transport() -> Self::Transport {
        over(Proxied::new(Proxy::socks5(), proxy(Self::HOST)))
    }

    fn channel(stream: &StreamOf<Self>) -> Option<&Channel> {
        stream.channel()
    }

    fn tcp(stream: &StreamOf<Self>) -> &TcpLink {
        stream.stream().stream()
    }
}

impl Layers for ChosenAbove {
    type Transport = MaybeTls<Proxied>;
    const HOST: &'static str = BEHIND_THE_PROXY;

    fn transport() -> Self::Transport {
        MaybeTls::Tls(Above::transport())
    }

    fn channel(stream: &StreamOf<Self>) -> Option<&Channel> {
        stream.channel()
    }

    fn tcp(stream: &StreamOf<Self>) -> &TcpLink {
        stream.stream().stream()
    }
}

/// TLS begins on the connection to the proxy, behind its answer.
impl Layers for Below {
    type Transport = Proxied<Tls>;
    const HOST: &'static str = BEHIND_THE_PROXY;

    fn transport() -> Self::Transport {
        let tls = trusting(AUTHORITY);
        Proxied::over(tls, Proxy::socks5(), proxy(Self::HOST))
    }

    fn channel(stream: &StreamOf<Self>) -> Option<&Channel> {
        stream.stream().channel()
    }

    fn tcp(stream: &StreamOf<Self>) -> &TcpLink {
        stream.stream().stream()
    }
}

macro_rules! for_all_layers {
    ($($test:ident),*) => {
        for_all_layers!(@ [$($test)*] Plain Chosen Twice Above ChosenAbove Below);
    };
    (@ [$test:ident $($tests:ident)*] $($layers:ident)*) => {
        #[test]
        fn $test() {
            $(play::$test::<$layers>();)*
        }
        for_all_layers!(@ [$($tests)*] $($layers)*);
    };
    (@ [] $($layers:ident)*) => {};
}

for_all_layers!(
    control_and_data,
    an_upload_that_is_given_up_is_reset,
    the_end_of_the_server_is_awaited,
    little_of_an_upload_is_kept_unsent,
    a_series_of_uploads_never_runs_out
);

fn client<L: Layers>(to: SocketAddr, configure: impl FnOnce(&mut Config)) -> Client<L::Transport> {
    let mut config = Config::default();
    // The peers have no FEAT.
    config.encoding = Encoding::AsItIs;
    configure(&mut config);
    let builder = Builder::new(L::transport()).config(config);
    // Whether this side looks the name up is for the transport to say.
    let host = format!("{}:{}", L::HOST, to.port());
    let mut client = builder.connect(&host).unwrap();
    client.secure().unwrap();
    client
}

/// Agrees to TLS and then does that, to the end.
fn secured(play: impl FnOnce(&mut Peer) + Send + 'static) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let mut config = config(Shown::Good);
    // What the client leaves unread would turn every close into a reset.
    config.send_tls13_tickets = 0;
    serve(config, |peer| {
        peer.agree();
        peer.secure().unwrap();
        play(peer);
        peer.listen_to_the_end();
    })
}

fn large() -> Vec<u8> {
    (0..2_000_000_u32).map(|n| n.to_le_bytes()[1]).collect()
}

fn give_file(peer: &mut Peer) {
    let mut data = peer.open_secured("RETR");
    data.write_all(&large()).unwrap();
    data.conn.send_close_notify();
    data.flush().unwrap();
    peer.say("226 done\r\n");
}

fn take_file(peer: &mut Peer) {
    let mut data = peer.open_secured("STOR");
    let mut received = Vec::new();
    // The end is a clean one only behind close_notify.
    data.read_to_end(&mut received).unwrap();
    assert!(received == large());
    data.conn.send_close_notify();
    data.flush().unwrap();
    peer.say("226 done\r\n");
}

mod play {
    use super::*;

    pub(super) fn control_and_data<L: Layers>() {
        let (address, server) = secured(|peer| {
            give_file(peer);
            take_file(peer);
            peer.serve_until("CCC");
            peer.say("200 well\r\n");
            peer.unsecure();
        });
        let mut client = client::<L>(address, |config| config.clear_control = true);
        assert_eq!(client.session().config().tls, TlsPolicy::Full);
        assert!(L::channel(client.control_stream().unwrap()).is_some());
        client.login_anonymous().unwrap();
        let mut received = Vec::new();
        client.retrieve_to("a", &mut received).unwrap();
        assert!(received == large());
        client.store_from("a", &mut &received[..]).unwrap();
        client.run(Exchange::clear_control()).unwrap();
        assert!(L::channel(client.control_stream().unwrap()).is_none());
        client.quit().unwrap();
        let heard = server.join().unwrap();
        assert_eq!(heard[heard.len() - 2..], ["CCC", "QUIT"]);
    }

    pub(super) fn an_upload_that_is_given_up_is_reset<L: Layers>() {
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
        let mut client = client::<L>(address, |_| {});
        let mut upload = client.store("a").unwrap();
        upload.write_all(b"some").unwrap();
        drop(upload);
        drop(client);
        server.join().unwrap();
    }

    /// Whoever closes behind its own end of TLS resets a server that still sends.
    pub(super) fn the_end_of_the_server_is_awaited<L: Layers>() {
        let (address, server) = secured(|peer| {
            let mut data = peer.open_secured("STOR");
            io::copy(&mut data, &mut io::sink()).unwrap();
            // The client has shut writing down, and has not closed.
            assert_eq!(data.sock.read(&mut [0]).unwrap(), 0);
            for _ in 0..200 {
                data.write_all(b"late").unwrap();
                data.flush().unwrap();
            }
            data.conn.send_close_notify();
            data.flush().unwrap();
            peer.say("226 done\r\n");
        });
        let mut client = client::<L>(address, |config| {
            // Not the limit ends the wait.
            config.timeouts.tls_close = Duration::from_secs(600);
        });
        client.store_from("a", &mut &b"some"[..]).unwrap();
        client.quit().unwrap();
        server.join().unwrap();
    }

    pub(super) fn a_data_handshake_that_stalls_is_given_up<L: Layers>() {
        let (address, server) = secured(|peer| {
            let mut data = peer.open_data("RETR");
            // The end, or a reset: the client drops what it gives up.
            let _ = data.read_to_end(&mut Vec::new());
            peer.say("425 no handshake\r\n");
        });
        let mut client = client::<L>(address, |config| {
            config.timeouts.securing = Duration::from_secs(2);
        });
        let error = client.retrieve_to("a", &mut Vec::new()).unwrap_err();
        assert_eq!(
            interruption(&error),
            Interruption::Data(Failure::TlsTimedOut)
        );
        client.quit().unwrap();
        server.join().unwrap();
    }

    /// The login brings two tickets, of which a transfer that may be refused spends one, and each
    /// such transfer one, which it leaves unread.
    pub(super) fn tickets_of_refused_transfers_serve<L: Layers>() {
        let mut two = config(Shown::Good);
        two.send_tls13_tickets = 2;
        let mut one = two.clone();
        one.send_tls13_tickets = 1;
        let (address, server) = serve(two, move |peer| {
            peer.agree();
            peer.secure().unwrap();
            peer.config = Arc::new(one);
            for _ in 0..3 {
                peer.serve_until("STOR");
                let data = peer.called();
                let mut data = handshake(data, &peer.config).unwrap();
                assert_eq!(data.conn.handshake_kind(), Some(HandshakeKind::Resumed));
                // The ticket is there before the reply.
                data.flush().unwrap();
                peer.say("553 no\r\n");
            }
            peer.listen_to_the_end();
        });
        let mut client = client::<L>(address, |config| config.early_tls = true);
        for _ in 0..3 {
            let error = client.store_from("a", &mut &b"some"[..]).unwrap_err();
            let code = error.reply().map(|reply| reply.code().get());
            assert_eq!(code, Some(553), "{error}");
        }
        client.quit().unwrap();
        server.join().unwrap();
    }

    /// The reply comes soon behind the last byte.
    pub(super) fn little_of_an_upload_is_kept_unsent<L: Layers>() {
        let (address, server) = secured(|peer| {
            let mut data = peer.open_secured("STOR");
            let mut received = Vec::new();
            data.read_to_end(&mut received).unwrap();
            data.conn.send_close_notify();
            data.flush().unwrap();
            peer.say("226 done\r\n");
        });
        let mut client = client::<L>(address, |_| {});
        let mut upload = client.store("a").unwrap();
        upload.write_all(b"some").unwrap();
        upload.flush().unwrap();
        #[cfg(target_os = "linux")]
        {
            let (stream, _) = upload.stream().unwrap();
            let socket = socket2::SockRef::from(L::tcp(stream).socket());
            assert!(socket.tcp_notsent_lowat().unwrap() <= 64 * 1024);
        }
        upload.finish().unwrap();
        client.quit().unwrap();
        server.join().unwrap();
    }

    pub(super) fn a_series_of_uploads_never_runs_out<L: Layers>() {
        let (address, server) = tickets::refuses_listings(5);
        let mut client = client::<L>(address, |_| {});
        for _ in 0..5 {
            client.store_from("a", &mut &STORED[..]).unwrap();
        }
        client.quit().unwrap();
        let heard = server.join().unwrap();
        assert_eq!(heard.iter().filter(|line| *line == "NLST").count(), 2);
    }
}

/// A proxy may deliver the reply before the ticket.
#[test]
fn tickets_of_refused_transfers_serve() {
    play::tickets_of_refused_transfers_serve::<Plain>();
    play::tickets_of_refused_transfers_serve::<Chosen>();
    play::tickets_of_refused_transfers_serve::<Twice>();
}

#[test]
fn a_data_handshake_that_stalls_is_given_up() {
    play::a_data_handshake_that_stalls_is_given_up::<Chosen>();
    play::a_data_handshake_that_stalls_is_given_up::<Below>();
}

#[test]
fn an_end_of_tls_that_stalls_is_given_up() {
    let (given_up, hears) = mpsc::channel::<()>();
    let (address, server) = secured(move |peer| {
        peer.serve_until("CCC");
        peer.say("200 well\r\n");
        assert_eq!(peer.hear(), None);
        // It is given up before the server closes.
        hears.recv().unwrap_err();
    });
    let mut client = client::<Plain>(address, |config| {
        config.clear_control = true;
        config.timeouts.securing = Duration::from_secs(2);
    });
    let error = client.run(Exchange::clear_control()).unwrap_err();
    assert_eq!(error.after(), After::Dead);
    assert!(error.to_string().contains("timed out"), "{error}");
    drop(given_up);
    server.join().unwrap();
}

/// It is heard while the data connection is full, without waiting for it.
#[test]
fn a_refusal_is_heard_in_the_midst_of_an_upload() {
    let (address, server) = secured(|peer| {
        let _unread = peer.open_secured("STOR");
        peer.say("552 full\r\n");
        peer.listen_to_the_end();
    });
    let mut client = client::<Plain>(address, |config| {
        // Not the limit ends the wait.
        config.timeouts.data_idle = Duration::from_secs(600);
    });
    let payload = io::repeat(7).take(64 * 1024 * 1024);
    let error = client
        .store_from("a", &mut io::BufReader::new(payload))
        .unwrap_err();
    let code = error.reply().map(|reply| reply.code().get());
    assert_eq!(code, Some(552), "{error}");
    client.quit().unwrap();
    server.join().unwrap();
}

/// Whether there are any on this machine.
#[test]
fn the_roots_of_the_system_are_trusted_by_default() {
    let clear = MaybeTls::new(TlsMode::None).unwrap();
    assert!(matches!(clear, MaybeTls::Clear(_)));
    for mode in [TlsMode::Explicit, TlsMode::Implicit] {
        match MaybeTls::new(mode) {
            Ok(MaybeTls::Tls(tls)) => {
                assert_eq!(tls.is_secured(), mode == TlsMode::Implicit);
            }
            Ok(transport) => panic!("{transport:?}"),
            Err(error) => assert!(!matches!(error, Error::WithoutTls), "{error}"),
        }
    }
    let tls = match Tls::builder().build() {
        Ok(tls) => tls,
        // Without roots there is nothing to trust, and pins were not asked for.
        Err(error) => return assert!(!error.to_string().contains("pin"), "{error}"),
    };
    let (address, server) = serve(config(Shown::Good), is_refused);
    let error = connect_with(address, tls, |_| {}).secure().unwrap_err();
    assert!(error.to_string().contains("add the root"), "{error}");
    server.join().unwrap();
}

fn called<L: Layers>() {
    let (address, server) = secured(give_file);
    let mut client = client::<L>(address, |config| {
        config.data_mode = DataMode::ExtendedActive
    });
    let mut received = Vec::new();
    client.retrieve_to("a", &mut received).unwrap();
    assert!(received == large());
    client.quit().unwrap();
    server.join().unwrap();
}

#[test]
fn the_server_may_call() {
    called::<Plain>();
    called::<Chosen>();
    called::<Twice>();
}

/// Over what the caller's own transport wraps, the handshakes count as well.
#[test]
fn handshakes_of_a_chosen_transport_are_counted() {
    let (address, server) = secured(give_file);
    let mut client = client::<Chosen>(address, |_| {});
    client.retrieve_to("a", &mut Vec::new()).unwrap();
    let MaybeTls::Tls(tls) = client.transport() else {
        panic!("it is for TLS");
    };
    assert_eq!(tls.data_handshakes().full, 1);
    assert!(tls.context().is_some());
    client.quit().unwrap();
    server.join().unwrap();
}

/// A client without TLS says at once that it has none.
#[test]
fn a_chosen_transport_in_clear_has_no_tls() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.listen_to_the_end();
    });
    let builder = Builder::new(MaybeTls::Clear(Tcp::new()));
    let mut client = builder.connect_to(&[address]).unwrap();
    assert_eq!(client.session().config().tls, TlsPolicy::None);
    let error = client.secure().unwrap_err();
    assert_eq!(error.tls(), None::<&TlsError>);
    assert!(error.to_string().contains("without TLS"), "{error}");
    drop(client);
    server.join().unwrap();
}
