//! The server of a connection whose keys are known: it encrypts whatever it is told.

use ftp_proto::tls::Channel;
use rustls::crypto::cipher::{MessageEncrypter, OutboundPlainMessage};
use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS13_AES_256_GCM_SHA384,
};
use rustls::{ConnectionTrafficSecrets, ContentType, ProtocolVersion, SupportedCipherSuite};

use super::peer::{Authority, Peer, TLS13, Versions, connect};

pub(crate) struct Forger {
    encrypter: Box<dyn MessageEncrypter>,
    version: ProtocolVersion,
    sequence: u64,
}

impl Forger {
    pub(crate) fn connect() -> (Channel, Self) {
        Self::connect_by(TLS13)
    }

    pub(crate) fn connect_by(versions: Versions) -> (Channel, Self) {
        let authority = Authority::new();
        let (channel, peer) = connect(&authority.context(), &authority.forgeable(versions));
        (channel, Self::of(peer))
    }

    /// Goes on as the server whose handshake is over.
    pub(crate) fn of(peer: Peer) -> Self {
        let version = peer.version();
        let (sequence, secrets) = peer.extract();
        let ConnectionTrafficSecrets::Aes256Gcm { key, iv } = secrets else {
            panic!("another suite");
        };
        let suite = match version {
            ProtocolVersion::TLSv1_3 => TLS13_AES_256_GCM_SHA384,
            _ => TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        };
        let encrypter = match suite {
            SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
            SupportedCipherSuite::Tls12(suite) => {
                let (fixed, explicit) = iv.as_ref().split_at(4);
                suite.aead_alg.encrypter(key, fixed, explicit)
            }
        };
        Self {
            encrypter,
            version,
            sequence,
        }
    }

    pub(crate) fn record(&mut self, typ: ContentType, payload: &[u8]) -> Vec<u8> {
        let message = OutboundPlainMessage {
            typ,
            version: self.version,
            payload: payload.into(),
        };
        let record = self.encrypter.encrypt(message, self.sequence).unwrap();
        self.sequence += 1;
        record.encode()
    }

    pub(crate) fn data(&mut self, payload: &[u8]) -> Vec<u8> {
        self.record(ContentType::ApplicationData, payload)
    }

    /// HelloRequest (RFC 5246, 7.4.1.1): the demand for another handshake.
    pub(crate) fn hello_request(&mut self) -> Vec<u8> {
        self.record(ContentType::Handshake, &[0, 0, 0, 0])
    }

    /// An alert that is a warning.
    pub(crate) fn warning(&mut self, description: u8) -> Vec<u8> {
        self.record(ContentType::Alert, &[1, description])
    }

    /// A NewSessionTicket (RFC 8446, 4.6.1) in as many records as it needs.
    pub(crate) fn ticket(&mut self, length: usize) -> Vec<u8> {
        let mut body = vec![0, 0, 14, 16, 1, 2, 3, 4, 1, 0];
        body.extend(u16::try_from(length).unwrap().to_be_bytes());
        body.resize(body.len() + length, 7);
        body.extend([0, 0]);
        let mut message = vec![4, 0];
        message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        message.extend(body);
        let pieces = message.chunks(16 << 10);
        pieces
            .flat_map(|piece| self.record(ContentType::Handshake, piece))
            .collect()
    }
}
