//! FTPS over a transport of the application's own, and what every such transport brings along.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ftp_blocking::proto::operation::Retrieve;
use ftp_blocking::proto::proxy;
use ftp_blocking::proto::{Argument, Policy, Target, TlsPolicy};
use ftp_blocking::{Builder, Client, Endpoint, Proxied, Tcp, TcpLink, TcpPort, Tls, Transport};
use ftp_testbed::proxies::{self, Behaviour, Speaks};
use ftp_testbed::servers::AUTHORITY;

use crate::peer::{Peer, Shown, config, serve};
use crate::policy;

/// As a proxy: it is given names, resolves them by a table of its own, and makes the sockets
/// itself.
#[derive(Clone)]
struct Proxy {
    leads_to: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn to(leads_to: SocketAddr) -> Self {
        let asked = Arc::default();
        Self { leads_to, asked }
    }

    fn dial(&self, port: u16, asked: String) -> io::Result<TcpLink> {
        self.asked.lock().unwrap().push(asked);
        let stream = TcpStream::connect(SocketAddr::new(self.leads_to.ip(), port))?;
        Ok(stream.into())
    }
}

impl Transport for Proxy {
    type Stream = TcpLink;
    type Listener = TcpPort;

    fn connect(&mut self, to: &Endpoint, _: Duration) -> io::Result<TcpLink> {
        assert_eq!(to.address(), None, "nobody looked the name up");
        self.dial(self.leads_to.port(), to.to_string())
    }

    fn connect_data(&mut self, _: &TcpLink, to: Target, _: Duration) -> io::Result<TcpLink> {
        let Target::ControlHost { port } = to else {
            panic!("{to:?}");
        };
        self.dial(port, "the same host".into())
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(TcpPort, SocketAddr)> {
        Tcp::new().listen(local)
    }

    fn accept(
        &mut self,
        listener: &mut TcpPort,
        limit: Duration,
    ) -> io::Result<Option<(TcpLink, SocketAddr)>> {
        Tcp::new().accept(listener, limit)
    }

    fn looks_names_up(&self) -> bool {
        true
    }

    fn secure_control(&mut self, stream: &mut TcpLink) -> io::Result<()> {
        Tcp::new().secure_control(stream)
    }

    fn secure_data(&mut self, control: &TcpLink, data: &mut TcpLink) -> io::Result<()> {
        Tcp::new().secure_data(control, data)
    }
}

fn over(proxy: Proxy) -> Tls<Proxy> {
    let builder = Tls::builder().trust_pem(AUTHORITY).unwrap();
    builder.build_over(proxy).unwrap()
}

/// A download, control and data secured.
fn send_a_file(peer: &mut Peer) {
    peer.agree();
    peer.secure().unwrap();
    let mut data = peer.open_secured("RETR");
    io::Write::write_all(&mut data, b"through the proxy").unwrap();
    data.conn.send_close_notify();
    io::Write::flush(&mut data).unwrap();
    drop(data);
    peer.say("226 done\r\n");
    peer.listen_to_the_end();
}

/// Under real handshakes with SOCKS5 and HTTP proxies.
#[test]
fn a_proxy_carries_control_and_data() {
    for (speaks, protocol) in [
        (Speaks::Socks5, proxy::Proxy::socks5()),
        (Speaks::Http, proxy::Proxy::http_connect()),
    ] {
        let (address, server) = serve(config(Shown::Good), send_a_file);
        let mut behaviour = Behaviour::new(speaks);
        behaviour.name = "localhost";
        let proxy = proxies::Proxy::start(behaviour).unwrap();
        let builder = Tls::builder().trust_pem(AUTHORITY).unwrap();
        let proxied = Proxied::new(protocol, proxy.address().into());
        let tls = builder.build_over(proxied).unwrap();
        let host = format!("localhost:{}", address.port());
        let mut client = Client::builder().tls(tls).connect(&host).unwrap();
        client.secure().unwrap();
        client.login_anonymous().unwrap();
        let mut received = Vec::new();
        client.retrieve_to("a", &mut received).unwrap();
        assert_eq!(received, b"through the proxy");
        client.quit().unwrap();
        server.join().unwrap();
        assert_eq!(proxy.asked().len(), 2);
    }
}

#[test]
fn another_transport_carries_control_and_data() {
    let (address, server) = serve(config(Shown::Good), send_a_file);
    let proxy = Proxy::to(address);
    let builder = Client::builder().tls(over(proxy.clone()));
    // The certificate is for this name, which only the proxy knows the address of.
    let mut client = builder.connect("localhost:2121").unwrap();
    client.secure().unwrap();
    client.login_anonymous().unwrap();
    let mut received = Vec::new();
    client.retrieve_to("a", &mut received).unwrap();
    assert_eq!(received, b"through the proxy");
    client.quit().unwrap();
    server.join().unwrap();
    let asked = ["localhost:2121", "the same host"];
    assert_eq!(*proxy.asked.lock().unwrap(), asked);
}

/// However a client over TLS is built, it says nothing in clear.
#[test]
fn every_way_of_building_demands_tls() {
    type Build = fn(Tls<Proxy>) -> Builder<Tls<Proxy>>;
    let ways: [Build; 3] = [
        |tls| Builder::new(tls),
        |tls| Client::builder().transport(tls),
        |tls| Client::builder().config(Default::default()).tls(tls),
    ];
    for way in ways {
        let (address, server) = serve(config(Shown::Good), |peer| {
            peer.say("220 ready\r\n");
            peer.listen_to_the_end();
        });
        let mut client = way(over(Proxy::to(address))).connect("localhost").unwrap();
        let error = client.login("ann", "secret").unwrap_err();
        assert_eq!(policy(&error), Some(Policy::ControlNotSecured));
        drop(client);
        assert_eq!(server.join().unwrap(), [""; 0]);
    }
}

/// Clear text over a transport for TLS has to be asked for by name.
#[test]
fn clear_text_is_asked_for() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.say("220 ready\r\n");
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
    });
    let builder = Builder::new(over(Proxy::to(address))).tls_policy(TlsPolicy::None);
    let mut client = builder.connect("localhost").unwrap();
    client.login("ann", "secret").unwrap();
    client.quit().unwrap();
    assert_eq!(server.join().unwrap(), ["USER ann", "PASS secret", "QUIT"]);
}

/// `copy_to` lends records of 16 KiB to the sink, and the limit of a transfer falls within one.
#[test]
fn a_limit_within_a_record_holds_for_each_way_of_reading() {
    let body: Vec<u8> = (0..=250).cycle().take(50_000).collect();
    for limit in [1_usize, 16_383, 16_384, 16_385, 40_000, 49_999] {
        for copied in [true, false] {
            let payload = body.clone();
            let (address, server) = serve(config(Shown::Good), move |peer| {
                peer.agree();
                peer.secure().unwrap();
                let mut data = peer.open_secured("RETR");
                // The client hangs up behind its limit.
                let _ = io::Write::write_all(&mut data, &payload);
                let _ = io::Write::flush(&mut data);
                drop(data);
                peer.say("226 done\r\n");
                peer.listen_to_the_end();
            });
            let builder = Client::builder().tls(over(Proxy::to(address)));
            let mut client = builder.connect("localhost:2121").unwrap();
            client.secure().unwrap();
            client.login_anonymous().unwrap();
            let retrieve = Retrieve::new(Argument::new("a").unwrap()).limited_to(limit as u64);
            let mut download = client.download(retrieve).unwrap();
            let mut received = Vec::new();
            let completed = if copied {
                download.copy_to(&mut received).unwrap()
            } else {
                io::Read::read_to_end(&mut download, &mut received).unwrap();
                download.finish().unwrap()
            };
            assert_eq!(completed.bytes, limit as u64);
            assert_eq!(received, body[..limit], "{limit}");
            drop(client);
            server.join().unwrap();
        }
    }
}
