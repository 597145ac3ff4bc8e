//! A server in a thread that speaks TLS by rustls and does what a closure says.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ftp_blocking::proto::tls::rustls::crypto::ring;
use ftp_blocking::proto::tls::rustls::pki_types::pem::PemObject;
use ftp_blocking::proto::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ftp_blocking::proto::tls::rustls::server::WantsServerCert;
use ftp_blocking::proto::tls::rustls::{
    ConfigBuilder, ServerConfig, ServerConnection, StreamOwned, WantsVerifier,
};

/// Nothing on loopback takes as long, so that a test that hangs fails.
const LIMIT: Duration = Duration::from_secs(30);

pub(crate) type Secured = StreamOwned<ServerConnection, TcpStream>;

/// Which certificate a server shows. The testbed's authority has signed all of them.
#[derive(Clone, Copy)]
pub(crate) enum Shown {
    Good,
    Expired,
    OtherHost,
}

macro_rules! certificate {
    ($file:literal) => {
        include_str!(concat!("../../../ftp-proto/testbed/certificates/", $file))
    };
}

impl Shown {
    pub(crate) const fn pem(self) -> &'static str {
        match self {
            Self::Good => certificate!("good.pem"),
            Self::Expired => certificate!("expired.pem"),
            Self::OtherHost => certificate!("other-host.pem"),
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Good => certificate!("good.key"),
            Self::Expired => certificate!("expired.key"),
            Self::OtherHost => certificate!("other-host.key"),
        }
    }

    fn identify(self, config: ConfigBuilder<ServerConfig, WantsServerCert>) -> ServerConfig {
        let chain = vec![CertificateDer::from_pem_slice(self.pem().as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(self.key().as_bytes()).unwrap();
        config.with_single_cert(chain, key).unwrap()
    }
}

pub(crate) fn settings() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
}

pub(crate) fn config(shown: Shown) -> ServerConfig {
    shown.identify(settings().with_no_client_auth())
}

pub(crate) fn config_with(settings: ConfigBuilder<ServerConfig, WantsServerCert>) -> ServerConfig {
    Shown::Good.identify(settings)
}

/// Serves one client in a thread, which yields the command lines that came.
pub(crate) fn serve(
    config: ServerConfig,
    play: impl FnOnce(&mut Peer) + Send + 'static,
) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let mut peer = Peer {
            control: Link::Clear(accept(&listener)),
            config: Arc::new(config),
            data: None,
            heard: Vec::new(),
        };
        play(&mut peer);
        peer.heard
    });
    (address, thread)
}

fn accept(listener: &TcpListener) -> TcpStream {
    limited(listener.accept().unwrap().0)
}

fn limited(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

pub(crate) fn handshake(mut stream: TcpStream, config: &Arc<ServerConfig>) -> io::Result<Secured> {
    let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

enum Link {
    Clear(TcpStream),
    Secured(Box<Secured>),
    Gone,
}

/// Where the next data connection comes from.
enum Data {
    Passive(TcpListener),
    Active(SocketAddr),
}

pub(crate) struct Peer {
    control: Link,
    pub(crate) config: Arc<ServerConfig>,
    data: Option<Data>,
    heard: Vec<String>,
}

impl Peer {
    pub(crate) fn say(&mut self, text: &str) {
        match &mut self.control {
            Link::Clear(stream) => stream.write_all(text.as_bytes()).unwrap(),
            Link::Secured(stream) => {
                stream.write_all(text.as_bytes()).unwrap();
                stream.flush().unwrap();
            }
            Link::Gone => panic!("the control connection is gone"),
        }
    }

    /// The next command line; `None` at the end, however it came.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            let count = match &mut self.control {
                Link::Clear(stream) => stream.read(&mut byte),
                Link::Secured(stream) => stream.read(&mut byte),
                Link::Gone => Ok(0),
            };
            if !matches!(count, Ok(1)) {
                return None;
            }
            line.extend(byte);
        }
        let line = String::from_utf8(line).unwrap().trim_end().to_owned();
        self.heard.push(line.clone());
        Some(line)
    }

    /// Answers the usual commands until one with this verb comes.
    pub(crate) fn serve_until(&mut self, verb: &str) {
        loop {
            let line = self.hear().unwrap_or_else(|| panic!("no {verb} came"));
            match line.split(' ').next().unwrap() {
                found if found == verb => return,
                "USER" => self.say("331 password\r\n"),
                "PASS" => self.say("230 in\r\n"),
                "TYPE" | "PBSZ" | "PROT" | "NOOP" => self.say("200 well\r\n"),
                "FEAT" => self.say("502 not implemented\r\n"),
                "EPSV" => self.announce(),
                "EPRT" => self.take_address(&line),
                _ => panic!("{line} instead of {verb}"),
            }
        }
    }

    fn announce(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        self.data = Some(Data::Passive(listener));
        self.say(&format!("229 Entering (|||{port}|)\r\n"));
    }

    /// Of EPRT |1|127.0.0.1|port|.
    fn take_address(&mut self, line: &str) {
        let parts: Vec<_> = line.split('|').collect();
        let address = format!("{}:{}", parts[2], parts[3]).parse().unwrap();
        self.data = Some(Data::Active(address));
        self.say("200 well\r\n");
    }

    /// Greets, and agrees to AUTH TLS.
    pub(crate) fn agree(&mut self) {
        self.say("220 ready\r\n");
        self.serve_until("AUTH");
        self.say("234 go\r\n");
    }

    pub(crate) fn secure(&mut self) -> io::Result<()> {
        if let Link::Clear(stream) = std::mem::replace(&mut self.control, Link::Gone) {
            self.control = Link::Secured(Box::new(handshake(stream, &self.config)?));
        }
        Ok(())
    }

    /// Ends TLS on the control connection behind the client's end of it (CCC).
    pub(crate) fn unsecure(&mut self) {
        if let Link::Secured(mut stream) = std::mem::replace(&mut self.control, Link::Gone) {
            assert_eq!(stream.read(&mut [0]).unwrap(), 0);
            stream.conn.send_close_notify();
            stream.flush().unwrap();
            self.control = Link::Clear(stream.sock);
        }
    }

    /// Waits for the client's first flight.
    pub(crate) fn await_hello(&mut self) {
        if let Link::Clear(stream) = &mut self.control {
            stream.read_exact(&mut [0; 5]).unwrap();
        }
    }

    /// Everything up to this transfer command and its mark; yields the data connection.
    pub(crate) fn open_data(&mut self, verb: &str) -> TcpStream {
        self.serve_until(verb);
        self.say("150 go\r\n");
        self.called()
    }

    /// The data connection, without a mark.
    pub(crate) fn called(&mut self) -> TcpStream {
        match self.data.take().unwrap() {
            Data::Passive(listener) => accept(&listener),
            Data::Active(address) => limited(TcpStream::connect(address).unwrap()),
        }
    }

    /// The same, with the handshake made.
    pub(crate) fn open_secured(&mut self, verb: &str) -> Secured {
        let stream = self.open_data(verb);
        handshake(stream, &self.config).unwrap()
    }

    /// Hears the client out, answering QUIT alone.
    pub(crate) fn listen_to_the_end(&mut self) {
        while let Some(line) = self.hear() {
            if line == "QUIT" {
                self.say("221 bye\r\n");
            }
        }
    }
}
