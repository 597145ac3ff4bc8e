//! Sessions through SOCKS5 and HTTP proxies: control and data, and what a proxy refuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io;
use std::net::{Ipv6Addr, TcpListener};
use std::time::{Duration, Instant};

use ftp_blocking::proto::proxy::{Proxy, ProxyError};
use ftp_blocking::proto::{DataMode, Timeouts};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Builder, Client, Endpoint, Proxied, Tcp};
use ftp_testbed::proxies::{self, Behaviour, Speaks};

const BOTH: [Speaks; 2] = [Speaks::Socks5, Speaks::Http];
const NAME: &str = "ftp.example.test";

fn server() -> Loopback {
    let files = Files::new().file("/a", vec![7; 300_000]);
    Loopback::start(ServerConfig::new(), files).unwrap()
}

fn protocol(speaks: Speaks) -> Proxy {
    match speaks {
        Speaks::Socks5 => Proxy::socks5(),
        Speaks::Http => Proxy::http_connect(),
    }
}

fn through(proxy: &proxies::Proxy, speaks: Speaks) -> Builder<Proxied> {
    through_with(proxy, protocol(speaks))
}

fn through_with(proxy: &proxies::Proxy, protocol: Proxy) -> Builder<Proxied> {
    Builder::new(Proxied::new(protocol, proxy.address().into()))
}

fn start(speaks: Speaks, change: impl FnOnce(&mut Behaviour)) -> proxies::Proxy {
    let mut behaviour = Behaviour::new(speaks);
    change(&mut behaviour);
    proxies::Proxy::start(behaviour).unwrap()
}

fn converse<T: ftp_blocking::Transport>(client: &mut Client<T>, server: &Loopback) {
    client.login_anonymous().unwrap();
    let mut received = Vec::new();
    client.retrieve_to("a", &mut received).unwrap();
    assert_eq!(received, vec![7; 300_000]);
    client.store_from("b", &mut &received[..]).unwrap();
    assert_eq!(server.files().content("/b"), Some(&received[..]));
    assert_eq!(client.list("").unwrap().len(), 2);
}

/// The name is looked up by the proxy, which is asked for it again for each data connection.
#[test]
fn control_and_data_go_through_a_proxy() {
    for speaks in BOTH {
        for hesitates in [false, true] {
            for login in [None, Some(("ann", "secret"))] {
                let server = server();
                let proxy = start(speaks, |behaviour| {
                    (behaviour.hesitates, behaviour.login) = (hesitates, login);
                });
                let mut protocol = protocol(speaks);
                if let Some((user, password)) = login {
                    protocol = protocol.credentials(user, password).unwrap();
                }
                let host = format!("{NAME}:{}", server.address().port());
                let builder = through_with(&proxy, protocol);
                let mut client = builder.connect(&host).unwrap();
                converse(&mut client, &server);
                client.quit().unwrap();
                let asked = proxy.asked();
                assert_eq!((asked.len(), &asked[0]), (4, &host));
                assert!(asked.iter().all(|asked| asked.starts_with(NAME)));
            }
        }
    }
}

/// The first proxy is asked for the second by name, for control and data.
#[test]
fn a_chain_of_two_proxies() {
    let server = server();
    let (first, second) = (
        start(Speaks::Socks5, |behaviour| behaviour.name = "proxy.test"),
        start(Speaks::Http, |_| {}),
    );
    let inner = Proxied::new(Proxy::socks5(), first.address().into());
    let at = Endpoint::name("proxy.test", second.address().port());
    let chain = Proxied::over(inner, Proxy::http_connect(), at.clone());
    let host = format!("{NAME}:{}", server.address().port());
    let mut client = Builder::new(chain).connect(&host).unwrap();
    converse(&mut client, &server);
    client.quit().unwrap();
    assert_eq!(first.asked(), vec![at.to_string(); 4]);
    assert_eq!(second.asked().len(), 4);
}

/// Passive mode by PASV, at the address that the server names and at the host of the session.
#[test]
fn a_host_may_be_an_address() {
    for speaks in BOTH {
        let (server, proxy) = (server(), start(speaks, |_| {}));
        let builder = through(&proxy, speaks).data_mode(DataMode::Passive);
        let mut client = builder.connect_to(&[server.address()]).unwrap();
        converse(&mut client, &server);
        client.quit().unwrap();
        assert!(proxy.asked().iter().all(|to| to.starts_with("127.0.0.1:")));
    }
}

/// The family of the way to the proxy says nothing of that to the host.
#[test]
fn pasv_works_through_a_proxy_on_ipv6() {
    let server = server();
    let proxy = start(Speaks::Socks5, |behaviour| {
        behaviour.at = Ipv6Addr::LOCALHOST.into();
    });
    let builder = through(&proxy, Speaks::Socks5).data_mode(DataMode::Passive);
    let host = format!("{NAME}:{}", server.address().port());
    let mut client = builder.connect(&host).unwrap();
    converse(&mut client, &server);
    client.quit().unwrap();
}

#[test]
fn a_refusal_is_told_with_the_words_of_the_proxy() {
    for (speaks, words) in [
        (Speaks::Socks5, "2 connection not allowed by ruleset"),
        (Speaks::Http, "403 Not \\u{1b}[2J through here"),
    ] {
        let proxy = start(speaks, |_| {});
        let error = through(&proxy, speaks).connect("other.test").unwrap_err();
        let Some(ProxyError::Refused(refusal)) = error.proxy() else {
            panic!("{error}");
        };
        assert_eq!(refusal.to_string(), words);
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(
            io::Error::from(error).kind(),
            io::ErrorKind::ConnectionRefused
        );
    }
}

#[test]
fn a_data_connection_that_is_refused_leaves_the_session() {
    for speaks in BOTH {
        let server = server();
        let proxy = start(speaks, |behaviour| behaviour.connections = 1);
        let host = format!("{NAME}:{}", server.address().port());
        let mut client = through(&proxy, speaks).connect(&host).unwrap();
        client.login_anonymous().unwrap();
        let error = client.retrieve_to("a", &mut Vec::new()).unwrap_err();
        let refused = matches!(error.proxy(), Some(ProxyError::Refused(_)));
        assert!(refused, "{error}");
        assert!(!error.is_fatal(), "{error}");
        client.noop().unwrap();
    }
}

#[test]
fn a_wrong_login_is_refused_and_not_shown() {
    for speaks in BOTH {
        let proxy = start(speaks, |behaviour| {
            behaviour.login = Some(("ann", "secret"))
        });
        for protocol in [
            protocol(speaks),
            protocol(speaks).credentials("ann", "canary").unwrap(),
        ] {
            let builder = through_with(&proxy, protocol);
            assert!(!format!("{builder:?}").contains("canary"));
            let error = builder.connect(NAME).unwrap_err();
            let refused = matches!(
                error.proxy(),
                Some(ProxyError::Refused(_) | ProxyError::NoMethod)
            );
            assert!(refused, "{error}");
            assert!(!format!("{error} {error:#?}").contains("canary"));
        }
    }
}

#[test]
fn active_mode_is_an_error() {
    let (server, proxy) = (server(), start(Speaks::Socks5, |_| {}));
    let builder = through(&proxy, Speaks::Socks5).data_mode(DataMode::AnyActive);
    let host = format!("{NAME}:{}", server.address().port());
    let mut client = builder.connect(&host).unwrap();
    client.login_anonymous().unwrap();
    let error = client.retrieve_to("a", &mut Vec::new()).unwrap_err();
    assert_eq!(error.proxy(), Some(&ProxyError::ActiveMode), "{error}");
    client.noop().unwrap();
}

#[test]
fn answers_that_do_not_end_or_make_no_sense() {
    for (speaks, answer, times, expected) in [
        (Speaks::Http, &b"x"[..], 1_000_000, ProxyError::TooLong),
        (
            Speaks::Http,
            b"HTTP/1.1 100 C\r\n\r\n",
            100_000,
            ProxyError::TooLong,
        ),
        (Speaks::Http, b"220 ready\r\n", 1, ProxyError::Malformed),
        (
            Speaks::Socks5,
            b"HTTP/1.1 400 Bad\r\n",
            1,
            ProxyError::Malformed,
        ),
    ] {
        let at = proxies::answering(answer, times).unwrap();
        let proxied = Proxied::new(protocol(speaks), at.into());
        let error = Builder::new(proxied).connect(NAME).unwrap_err();
        assert_eq!(error.proxy(), Some(&expected), "{error}");
    }
}

/// The greeting is in the same segment as the proxy's answer.
#[test]
fn bytes_behind_the_answer_belong_to_the_stream() {
    let answer = b"HTTP/1.1 200 OK\r\n\r\n220 ready, early\r\n";
    let at = proxies::answering(answer, 1).unwrap();
    let proxied = Proxied::new(Proxy::http_connect(), at.into());
    let client = Builder::new(proxied).connect(NAME).unwrap();
    assert_eq!(client.welcome().text(), b"ready, early");
}

/// A proxy that says nothing, and one that does not go on.
#[test]
fn the_limit_of_a_connection_covers_the_proxy() {
    for (answer, times) in [(&b""[..], 0), (b"HTTP/1.1 200", 1)] {
        let at = proxies::answering(answer, times).unwrap();
        let begun = Instant::now();
        let proxied = Proxied::new(Proxy::http_connect(), at.into());
        let limits = Timeouts::all(Duration::from_millis(100));
        let error = Builder::new(proxied).timeouts(limits).connect(NAME);
        let error = io::Error::from(error.unwrap_err());
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= Duration::from_millis(100));
    }
}

#[test]
fn a_proxy_that_closes_or_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let closing = std::thread::spawn(move || drop(listener.accept()));
    let proxied = || Builder::new(Proxied::over(Tcp::new(), Proxy::socks5(), at.into()));
    let error = proxied().connect(NAME).unwrap_err();
    assert!(error.is_transient(), "{error}");
    closing.join().unwrap();
    let error = io::Error::from(proxied().connect(NAME).unwrap_err());
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

/// Nobody is asked for a host that no proxy can be asked for.
#[test]
fn a_host_that_is_not_one() {
    let proxied = Proxied::new(Proxy::http_connect(), ([127, 0, 0, 1], 9).into());
    let error = Builder::new(proxied).connect("a\r\nb").unwrap_err();
    assert_eq!(error.proxy(), Some(&ProxyError::Host), "{error}");
}
