//! The server's side: an authority that signs certificates, and a rustls server without a socket.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use ftp_proto::driver::Input;
use ftp_proto::tls::{Channel, Context, Purpose, TlsError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version;
use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion,
};

pub(crate) type Versions = &'static [&'static SupportedProtocolVersion];
pub(crate) const TLS12: Versions = &[&version::TLS12];
pub(crate) const TLS13: Versions = &[&version::TLS13];
pub(crate) const BOTH: [Versions; 2] = [TLS12, TLS13];
pub(crate) const HOST: &str = "ftp.example.org";

/// An authority and the configurations that go with it.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        Self::called("the authority of the tests")
    }

    pub(crate) fn called(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(crate) fn sign(
        &self,
        params: &CertificateParams,
    ) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.clone().signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (vec![certificate.der().clone()], key)
    }

    pub(crate) fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        roots
    }

    pub(crate) fn server_for(
        &self,
        versions: Versions,
        params: CertificateParams,
    ) -> Arc<ServerConfig> {
        let (chain, key) = self.sign(&params);
        let config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key);
        Arc::new(config.unwrap())
    }

    /// A server with a good certificate for [`HOST`]. In TLS 1.3 it sends two tickets, as OpenSSL
    /// does.
    pub(crate) fn server(&self, versions: Versions) -> Arc<ServerConfig> {
        self.server_for(versions, for_host(HOST))
    }

    /// The same with keys that can be had ([`Peer::extract`]).
    pub(crate) fn forgeable(&self, versions: Versions) -> Arc<ServerConfig> {
        let mut config = (*self.server(versions)).clone();
        config.enable_secret_extraction = true;
        config.into()
    }

    pub(crate) fn client_for(&self, versions: Versions) -> ClientConfig {
        ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(self.roots())
            .with_no_client_auth()
    }

    pub(crate) fn client(&self) -> ClientConfig {
        self.client_for(rustls::ALL_VERSIONS)
    }

    pub(crate) fn context(&self) -> Context {
        Context::for_host(&self.client(), HOST).unwrap()
    }
}

pub(crate) fn for_host(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

/// The server's end of one connection.
pub(crate) struct Peer {
    connection: ServerConnection,
    /// The plaintext that came.
    pub(crate) received: Vec<u8>,
    /// The client's close_notify came.
    pub(crate) closed: bool,
    pub(crate) error: Option<rustls::Error>,
}

impl Peer {
    pub(crate) fn new(config: &Arc<ServerConfig>) -> Self {
        let mut connection = ServerConnection::new(config.clone()).unwrap();
        connection.set_buffer_limit(None);
        Self {
            connection,
            received: Vec::new(),
            closed: false,
            error: None,
        }
    }

    pub(crate) fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.error.is_none() && !self.closed {
            self.connection.read_tls(&mut bytes).unwrap();
            match self.connection.process_new_packets() {
                Ok(state) => self.closed = state.peer_has_closed(),
                Err(error) => self.error = Some(error),
            }
            let mut buffer = [0; 32 << 10];
            while let Ok(count @ 1..) = self.connection.reader().read(&mut buffer) {
                self.received.extend(&buffer[..count]);
            }
        }
    }

    #[allow(dead_code, reason = "the fuzz target of the channel asks it")]
    pub(crate) fn is_connected(&self) -> bool {
        self.error.is_none() && !self.connection.is_handshaking()
    }

    /// What it has to send.
    pub(crate) fn flight(&mut self) -> Vec<u8> {
        let mut flight = Vec::new();
        while self.connection.wants_write() {
            self.connection.write_tls(&mut flight).unwrap();
        }
        flight
    }

    pub(crate) fn send(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.connection.writer().write_all(plaintext).unwrap();
        self.flight()
    }

    /// New keys, and the demand for new ones of ours (RFC 8446, 4.6.3).
    pub(crate) fn update_keys(&mut self) -> Vec<u8> {
        self.connection.refresh_traffic_keys().unwrap();
        self.flight()
    }

    pub(crate) fn version(&self) -> ProtocolVersion {
        self.connection.protocol_version().unwrap()
    }

    /// The keys of what it sends, and the number of the next record.
    pub(crate) fn extract(self) -> (u64, rustls::ConnectionTrafficSecrets) {
        self.connection.dangerous_extract_secrets().unwrap().tx
    }

    pub(crate) fn close(&mut self) -> Vec<u8> {
        self.connection.send_close_notify();
        self.flight()
    }
}

/// Carries what the channel has to send. Whether there was anything.
pub(crate) fn to_peer(channel: &mut Channel, peer: &mut Peer) -> bool {
    let flight = channel.transmit().to_vec();
    channel.transmitted(flight.len());
    peer.receive(&flight);
    !flight.is_empty()
}

/// Carries bytes both ways, in pieces of `step` towards the channel, until neither side has any.
pub(crate) fn settle_in_steps(channel: &mut Channel, peer: &mut Peer, step: usize) {
    loop {
        let moved = to_peer(channel, peer);
        let flight = peer.flight();
        flight.chunks(step).for_each(|piece| channel.receive(piece));
        if !moved && flight.is_empty() {
            break;
        }
    }
}

pub(crate) fn settle(channel: &mut Channel, peer: &mut Peer) {
    settle_in_steps(channel, peer, usize::MAX);
}

/// A channel and its peer, with the handshake behind them.
pub(crate) fn connect(context: &Context, server: &Arc<ServerConfig>) -> (Channel, Peer) {
    let mut pair = (
        context.channel(Purpose::Explicit).unwrap(),
        Peer::new(server),
    );
    settle(&mut pair.0, &mut pair.1);
    assert_eq!(pair.0.poll_handshake(), Poll::Ready(Ok(())));
    assert!(pair.1.is_connected());
    pair
}

/// Everything that can be read, and what came after it.
pub(crate) fn drain(channel: &mut Channel) -> (Vec<u8>, Result<Option<Input>, TlsError>) {
    let mut plaintext = Vec::new();
    let mut buffer = [0; 10_000];
    loop {
        match channel.read(&mut buffer) {
            Ok(Some(Input::Bytes(count))) => plaintext.extend(&buffer[..count]),
            other => return (plaintext, other),
        }
    }
}

pub(crate) fn payload(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 + at / 251) as u8).collect()
}

/// Collects the secrets of connections.
#[derive(Debug, Default)]
pub(crate) struct Keys(pub(crate) Mutex<Vec<Vec<u8>>>);

impl rustls::KeyLog for Keys {
    fn log(&self, _: &str, _: &[u8], secret: &[u8]) {
        self.0.lock().unwrap().push(secret.to_vec());
    }
}
