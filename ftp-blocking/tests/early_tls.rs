//! A handshake on a data connection before the mark: the reply may be a refusal, and no byte ever
//! comes on the data connection. The driver does not wait there.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has to say where"
)]

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ftp_blocking::proto::driver::Input;
use ftp_blocking::proto::operation::Exchange;
use ftp_blocking::proto::{Command, Config, Encoding, Target, TlsPolicy};
use ftp_blocking::{Builder, Endpoint, Stream, Tcp, TcpLink, TcpPort, Transport};
use ftp_testbed::scripted::{Passive, Peer, Port, Script};

/// The longest that a refusal may lie unread.
const MOMENT: Duration = Duration::from_millis(5);

/// So many waits it takes until the peer has what it answers.
const SEVERAL: usize = 5;

/// What the driver waits for, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Control,
    /// For the data connection's handshake, at most so long.
    Handshake(Duration),
}

type Waits = Arc<Mutex<Vec<Wait>>>;

/// Clear text that passes for TLS. On data connections the handshake sends one byte, late, and is
/// never complete.
struct Endless(Waits);

struct Link {
    stream: TcpLink,
    is_control: bool,
    handshakes: usize,
    waits: Waits,
}

impl Endless {
    fn link(&self, stream: TcpLink, is_control: bool) -> Link {
        Link {
            stream,
            is_control,
            handshakes: 0,
            waits: Arc::clone(&self.0),
        }
    }
}

impl Transport for Endless {
    type Stream = Link;
    type Listener = TcpPort;

    fn connect(&mut self, to: &Endpoint, limit: Duration) -> io::Result<Link> {
        Ok(self.link(Tcp::new().connect(to, limit)?, true))
    }

    fn connect_data(&mut self, control: &Link, to: Target, limit: Duration) -> io::Result<Link> {
        let stream = Tcp::new().connect_data(&control.stream, to, limit)?;
        Ok(self.link(stream, false))
    }

    fn listen(&mut self, local: IpAddr) -> io::Result<(TcpPort, SocketAddr)> {
        Tcp::new().listen(local)
    }

    fn accept(
        &mut self,
        listener: &mut TcpPort,
        limit: Duration,
    ) -> io::Result<Option<(Link, SocketAddr)>> {
        let accepted = Tcp::new().accept(listener, limit)?;
        Ok(accepted.map(|(stream, peer)| (self.link(stream, false), peer)))
    }

    fn is_secured(&self) -> bool {
        true
    }

    fn secure_control(&mut self, _: &mut Link) -> io::Result<()> {
        Ok(())
    }

    fn secure_data(&mut self, _: &Link, _: &mut Link) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Link {
    fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        self.stream.addresses()
    }

    fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<Option<Input>> {
        self.waits.lock().unwrap().push(Wait::Control);
        self.stream.read(buffer, limit)
    }

    fn write(&mut self, bytes: &[u8], limit: Duration) -> io::Result<Option<usize>> {
        self.stream.write(bytes, limit)
    }

    fn handshake(&mut self, limit: Duration) -> io::Result<bool> {
        if self.is_control {
            return Ok(true);
        }
        self.waits.lock().unwrap().push(Wait::Handshake(limit));
        self.handshakes += 1;
        if self.handshakes == SEVERAL {
            self.stream.write(b"h", limit)?;
        }
        Ok(false)
    }

    fn unsecure(&mut self, limit: Duration) -> io::Result<bool> {
        self.stream.unsecure(limit)
    }

    fn finish(&mut self, limit: Duration) -> io::Result<bool> {
        self.stream.finish(limit)
    }

    fn reset(self) {
        self.stream.reset();
    }
}

/// The first message goes out, and the control connection is watched: each wait for the data
/// connection is short, and behind each the reply is looked for.
#[test]
fn a_refusal_during_the_handshake_is_seen_at_once() {
    let script = Script::new()
        .send("220 ready\r\n")
        .answer("PBSZ 0", "200 ok\r\n")
        .answer("PROT P", "200 ok\r\n")
        .answer("TYPE I", "200 ok\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .accept()
        .expect("RETR a")
        .read_data(1)
        .send("550 no\r\n")
        .read_data_to_reset()
        .answer("NOOP", "200 here\r\n")
        .expect_close();
    let peer = Peer::start(script).unwrap();
    let waits = Waits::default();
    let mut config = Config::default();
    config.encoding = Encoding::AsItIs;
    config.early_tls = true;
    let builder = Builder::new(Endless(Arc::clone(&waits))).config(config);
    let builder = builder.tls_policy(TlsPolicy::Full);
    let mut client = builder.connect_to(&[peer.address()]).unwrap();
    for line in ["PBSZ 0", "PROT P"] {
        let command = Command::raw(line).unwrap();
        client.run(Exchange::complete(command)).unwrap();
    }
    waits.lock().unwrap().clear();
    let error = client.retrieve_to("a", &mut io::sink()).unwrap_err();
    assert_eq!(error.reply().unwrap().code().get(), 550);
    client.noop().unwrap();
    drop(client);
    peer.finish().unwrap();
    let waits = waits.lock().unwrap();
    let handshakes = waits
        .iter()
        .enumerate()
        .filter_map(|(at, wait)| match wait {
            Wait::Handshake(limit) => Some((at, *limit)),
            Wait::Control => None,
        });
    let handshakes: Vec<_> = handshakes.collect();
    assert!(handshakes.len() >= SEVERAL);
    for (at, limit) in handshakes {
        assert!(limit <= MOMENT, "{limit:?}");
        assert_eq!(waits.get(at + 1), Some(&Wait::Control));
    }
}
