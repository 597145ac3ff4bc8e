//! Logging in, and what is checked all over.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ftp_blocking::proto::{Config, Timeouts};
use ftp_blocking::{Client, DataHandshakes, Error, Tls};
use ftp_testbed::servers::{
    AUTHORITY, Family, Kind, PASSWORD, Server, Setup, TlsVersions, USER, Variant,
};
use ftp_testbed::tree;

/// One server, secured in one way.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) variant: Variant,
    pub(crate) versions: TlsVersions,
}

impl Case {
    pub(crate) fn setup(&self) -> Setup {
        Setup::new(self.kind)
            .variant(self.variant)
            .tls_versions(self.versions)
    }

    /// Whether every data connection has to be a resumed one, or is refused.
    pub(crate) fn is_strict(&self) -> bool {
        self.variant == Variant::RequireReuse
    }

    /// Whether the server is as strict as it can be.
    pub(crate) fn is_strictest(&self) -> bool {
        let can_be_strict = self.kind.supports(Variant::RequireReuse);
        self.is_strict() || (!can_be_strict && self.variant == Variant::Tls)
    }

    pub(crate) fn tls(&self) -> Tls {
        let tls = Tls::builder()
            .trust_pem(AUTHORITY)
            .unwrap()
            .build()
            .unwrap();
        match self.variant {
            Variant::Implicit => tls.implicit(),
            _ => tls,
        }
    }

    /// A session after login, by the name that stands in the certificate.
    pub(crate) fn open(&self, server: &Server) -> Client<Tls> {
        self.open_with(server, |_| {})
    }

    pub(crate) fn open_with(
        &self,
        server: &Server,
        configure: impl FnOnce(&mut Config),
    ) -> Client<Tls> {
        let mut config = Config::default();
        // A disk that is busy with somebody else's gigabyte may stall a server for long.
        config.timeouts = Timeouts::all(Duration::from_secs(120));
        config.timeouts.tls_close = Timeouts::default().tls_close;
        configure(&mut config);
        for _ in 1..CONNECTIONS_MAX {
            match self.connect(server, config) {
                Ok(client) => return client,
                Err(error) if self.races(&error) => {
                    LOST_RACES.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => panic!("{error}"),
            }
        }
        self.connect(server, config).unwrap()
    }

    fn connect(&self, server: &Server, config: Config) -> Result<Client<Tls>, Error> {
        let port = server.address(Family::V4).unwrap().port();
        let mut client = Client::builder()
            .config(config)
            .tls(self.tls())
            .connect(&format!("localhost:{port}"))?;
        if self.kind == Kind::Aioftp {
            // It refuses PBSZ before the login: 503.
            client.login(USER, PASSWORD)?;
            client.secure()?;
        } else {
            client.secure()?;
            client.login(USER, PASSWORD)?;
        }
        Ok(client)
    }

    /// libunftp may read the first bytes of the handshake as a command, when they come right behind
    /// its 234.
    fn races(&self, error: &Error) -> bool {
        self.kind == Kind::Libunftp && error.tls().is_some()
    }
}

/// How many connections are made where a server loses some of them.
const CONNECTIONS_MAX: usize = 5;

/// How many connections were made anew.
pub(crate) static LOST_RACES: AtomicUsize = AtomicUsize::new(0);

/// How many handshakes came since `before`.
pub(crate) fn since(client: &Client<Tls>, before: DataHandshakes) -> (u64, u64) {
    let now = client.transport().data_handshakes();
    (now.resumed - before.resumed, now.full - before.full)
}

pub(crate) fn store(client: &mut Client<Tls>, path: &str, mut bytes: &[u8]) {
    let completed = client.store_from(path, &mut bytes).unwrap();
    assert!(completed.reply.unwrap().is_positive());
}

pub(crate) fn retrieve(client: &mut Client<Tls>, path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    client.retrieve_to(path, &mut bytes).unwrap();
    bytes
}

/// The bytes of `large.bin`, as long as it is asked to be.
pub(crate) struct Large {
    pub(crate) at: u64,
    pub(crate) size: u64,
}

impl Read for Large {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.size - self.at).unwrap_or(usize::MAX);
        let count = buffer.len().min(left);
        tree::fill(self.at, &mut buffer[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

/// Takes the bytes of `large.bin` and nothing else.
pub(crate) struct Compared {
    pub(crate) at: u64,
    expected: Vec<u8>,
}

impl Compared {
    pub(crate) fn new() -> Self {
        Self {
            at: 0,
            expected: vec![0; 64 << 10],
        }
    }
}

impl Write for Compared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for block in bytes.chunks(self.expected.len()) {
            let expected = &mut self.expected[..block.len()];
            tree::fill(self.at, expected);
            assert!(block == expected, "other bytes behind {}", self.at);
            self.at += block.len() as u64;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
