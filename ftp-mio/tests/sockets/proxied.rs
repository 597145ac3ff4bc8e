//! Through SOCKS5 and HTTP proxies: control and data, in clear and under TLS, and what is refused.

use std::io;
use std::time::{Duration, Instant};

use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_mio::proto::operation::{Exchange, Login, Retrieve, Store};
use ftp_mio::proto::proxy::{Proxy, ProxyError};
use ftp_mio::proto::{Config, DataMode, Timeouts};
use ftp_mio::{Endpoint, Error, Proxied};
use ftp_testbed::proxies::{self, Behaviour, Speaks};
use libtest_mimic::Trial;

use crate::loops::{Alone, argument};
use crate::reactors::Reactors;

const NAME: &str = "ftp.example.test";
const BOTH: [Speaks; 2] = [Speaks::Socks5, Speaks::Http];

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let tests: &[(&str, fn())] = &[
        ("control_and_data", everything::<R>),
        ("a_chain_of_two", chain::<R>),
        ("a_refusal_has_the_words_of_the_proxy", refusal::<R>),
        ("a_refused_data_connection", refused_data::<R>),
        ("active_mode_is_an_error", active::<R>),
        ("answers_that_do_not_end", endless::<R>),
        ("bytes_behind_the_answer", early::<R>),
        ("the_limit_covers_the_proxy", silent::<R>),
        #[cfg(feature = "rustls")]
        ("under_tls", under_tls::<R>),
    ];
    let trial = |&(name, test): &(&str, fn())| {
        Trial::test(format!("proxied::{name}"), move || {
            test();
            Ok(())
        })
    };
    tests.iter().map(trial).collect()
}

type Through<R> = Alone<R, Proxied<<R as Reactors>::Tcp>>;

fn server() -> Loopback {
    let files = Files::new().file("/a", vec![7; 300_000]);
    Loopback::start(ServerConfig::new(), files).unwrap()
}

fn protocol(speaks: Speaks) -> Proxy {
    let proxy = match speaks {
        Speaks::Socks5 => Proxy::socks5(),
        Speaks::Http => Proxy::http_connect(),
    };
    proxy.credentials("ann", "secret").unwrap()
}

fn start(speaks: Speaks, change: impl FnOnce(&mut Behaviour)) -> proxies::Proxy {
    let mut behaviour = Behaviour::new(speaks);
    change(&mut behaviour);
    proxies::Proxy::start(behaviour).unwrap()
}

fn through<R: Reactors>(at: Endpoint, speaks: Speaks, port: u16, config: Config) -> Through<R> {
    let proxied = Proxied::over(R::tcp(), protocol(speaks), at);
    Alone::to(proxied, Endpoint::name(NAME, port), config)
}

fn everything<R: Reactors>() {
    for speaks in BOTH {
        for hesitates in [false, true] {
            let server = server();
            let proxy = start(speaks, |behaviour| {
                (behaviour.hesitates, behaviour.login) = (hesitates, Some(("ann", "secret")));
            });
            let port = server.address().port();
            let mut alone = through::<R>(proxy.address().into(), speaks, port, Config::default());
            converse(&mut alone, &server);
            alone.close();
            let asked = proxy.asked();
            assert_eq!((asked.len(), &asked[0]), (3, &format!("{NAME}:{port}")));
            assert!(asked.iter().all(|asked| asked.starts_with(NAME)));
        }
    }
}

fn converse<R: Reactors, T: ftp_mio::Transport<Source = R::Source>>(
    alone: &mut Alone<R, T>,
    server: &Loopback,
) {
    alone.run(Login::anonymous()).unwrap();
    alone.run(Retrieve::new(argument("a"))).unwrap();
    assert_eq!(alone.received, vec![7; 300_000]);
    alone.content = vec![9; 300_000];
    alone.run(Store::new(argument("b"))).unwrap();
    assert_eq!(server.files().content("/b"), Some(&alone.content[..]));
}

fn chain<R: Reactors>() {
    let server = server();
    let first = start(Speaks::Socks5, |behaviour| behaviour.name = "proxy.test");
    let second = start(Speaks::Http, |_| {});
    let at = Endpoint::name("proxy.test", second.address().port());
    let inner = Proxied::over(R::tcp(), Proxy::socks5(), first.address().into());
    let chain = Proxied::over(inner, Proxy::http_connect(), at.clone());
    let to = Endpoint::name(NAME, server.address().port());
    let mut alone = Alone::<R, _>::to(chain, to, Config::default());
    converse(&mut alone, &server);
    alone.close();
    assert_eq!(first.asked(), vec![at.to_string(); 3]);
    assert_eq!(second.asked().len(), 3);
}

fn refusal<R: Reactors>() {
    for (speaks, words) in [
        (Speaks::Socks5, "2 connection not allowed by ruleset"),
        (Speaks::Http, "403 Not \\u{1b}[2J through here"),
    ] {
        let proxy = start(speaks, |behaviour| behaviour.connections = 0);
        let mut alone = through::<R>(proxy.address().into(), speaks, 21, Config::default());
        let error = alone.run(Exchange::noop()).unwrap_err();
        let Some(ProxyError::Refused(refusal)) = error.proxy() else {
            panic!("{error}");
        };
        assert_eq!(refusal.to_string(), words);
        assert!(error.to_string().contains(words), "{error}");
    }
}

fn refused_data<R: Reactors>() {
    for speaks in BOTH {
        let server = server();
        let proxy = start(speaks, |behaviour| behaviour.connections = 1);
        let port = server.address().port();
        let mut alone = through::<R>(proxy.address().into(), speaks, port, Config::default());
        alone.run(Login::anonymous()).unwrap();
        let error = alone.run(Retrieve::new(argument("a"))).unwrap_err();
        let refused = matches!(error.proxy(), Some(ProxyError::Refused(_)));
        assert!(refused, "{error}");
        alone.run(Exchange::noop()).unwrap();
        alone.close();
    }
}

fn active<R: Reactors>() {
    let (server, proxy) = (server(), start(Speaks::Socks5, |_| {}));
    let mut config = Config::default();
    config.data_mode = DataMode::AnyActive;
    let port = server.address().port();
    let mut alone = through::<R>(proxy.address().into(), Speaks::Socks5, port, config);
    alone.run(Login::anonymous()).unwrap();
    let error = alone.run(Retrieve::new(argument("a"))).unwrap_err();
    assert_eq!(error.proxy(), Some(&ProxyError::ActiveMode), "{error}");
    alone.run(Exchange::noop()).unwrap();
    alone.close();
}

fn endless<R: Reactors>() {
    for (speaks, answer, expected) in [
        (Speaks::Http, &b"x"[..], ProxyError::TooLong),
        (
            Speaks::Socks5,
            b"HTTP/1.1 400 Bad\r\n",
            ProxyError::Malformed,
        ),
    ] {
        let at = proxies::answering(answer, 1_000_000).unwrap();
        let mut alone = through::<R>(at.into(), speaks, 21, Config::default());
        let error = alone.run(Exchange::noop()).unwrap_err();
        assert_eq!(error.proxy(), Some(&expected), "{error}");
    }
}

fn early<R: Reactors>() {
    let answer = b"HTTP/1.1 200 OK\r\n\r\n220 ready, early\r\n";
    let at = proxies::answering(answer, 1).unwrap();
    let mut alone = through::<R>(at.into(), Speaks::Http, 21, Config::default());
    alone.until(|client| client.welcome().map(|_| ()));
    assert_eq!(alone.client.welcome().unwrap().text(), b"ready, early");
    alone.close();
}

fn silent<R: Reactors>() {
    for (answer, times) in [(&b""[..], 0), (b"HTTP/1.1 200", 1)] {
        let at = proxies::answering(answer, times).unwrap();
        let mut config = Config::default();
        config.timeouts = Timeouts::all(Duration::from_millis(100));
        let begun = Instant::now();
        let mut alone = through::<R>(at.into(), Speaks::Http, 21, config);
        let Err(Error::Connect(tried)) = alone.run(Exchange::noop()) else {
            panic!("it cannot connect");
        };
        assert_eq!(tried[0].1.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= Duration::from_millis(100));
    }
}

/// The certificate is for this name, which only the proxy knows the address of.
#[cfg(feature = "rustls")]
fn under_tls<R: Reactors>() {
    use crate::peer::{Shown, config, serve};

    for speaks in BOTH {
        let (address, server) = serve(config(Shown::Good), |peer| {
            peer.agree();
            peer.secure().unwrap();
            let mut data = peer.open_secured("RETR");
            io::Write::write_all(&mut data, b"through the proxy").unwrap();
            data.conn.send_close_notify();
            io::Write::flush(&mut data).unwrap();
            drop(data);
            peer.say("226 done\r\n");
            peer.listen_to_the_end();
        });
        let proxy = start(speaks, |behaviour| behaviour.name = "localhost");
        let proxied = Proxied::over(R::tcp(), protocol(speaks), proxy.address().into());
        let tls = ftp_mio::Tls::over(proxied, crate::tls::trust());
        let to = Endpoint::name("localhost", address.port());
        let mut alone = Alone::<R, _>::to(tls, to, Config::default());
        let secure = ftp_mio::proto::operation::Secure::new();
        alone.run(secure).unwrap();
        alone.run(Login::anonymous()).unwrap();
        alone.run(Retrieve::new(argument("a"))).unwrap();
        assert_eq!(alone.received, b"through the proxy");
        alone.run(Exchange::quit()).unwrap();
        alone.close();
        server.join().unwrap();
        assert_eq!(proxy.asked().len(), 2);
    }
}
