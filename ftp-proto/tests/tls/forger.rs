//! The server of a connection whose keys are known: it encrypts whatever it is told.

use ftp_proto::tls::Channel;
use rustls::crypto::cipher::{MessageEncrypter, OutboundPlainMessage};
use rustls::crypto::ring::cipher_suite::TLS13_AES_256_GCM_SHA384;
use rustls::{ConnectionTrafficSecrets, ContentType, ProtocolVersion, SupportedCipherSuite};

use super::peer::{Authority, Peer, TLS13, connect};

pub(crate) struct Forger {
    encrypter: Box<dyn MessageEncrypter>,
    sequence: u64,
}

impl Forger {
    pub(crate) fn connect() -> (Channel, Self) {
        let authority = Authority::new();
        let (channel, peer) = connect(&authority.context(), &authority.forgeable(TLS13));
        (channel, Self::of(peer))
    }

    /// Goes on as the server whose handshake is over.
    pub(crate) fn of(peer: Peer) -> Self {
        let (sequence, secrets) = peer.extract();
        let ConnectionTrafficSecrets::Aes256Gcm { key, iv } = secrets else {
            panic!("another suite");
        };
        let SupportedCipherSuite::Tls13(suite) = TLS13_AES_256_GCM_SHA384 else {
            panic!("no suite");
        };
        let encrypter = suite.aead_alg.encrypter(key, iv);
        Self {
            encrypter,
            sequence,
        }
    }

    pub(crate) fn record(&mut self, typ: ContentType, payload: &[u8]) -> Vec<u8> {
        let message = OutboundPlainMessage {
            typ,
            version: ProtocolVersion::TLSv1_3,
            payload: payload.into(),
        };
        let record = self.encrypter.encrypt(message, self.sequence).unwrap();
        self.sequence += 1;
        record.encode()
    }

    pub(crate) fn data(&mut self, payload: &[u8]) -> Vec<u8> {
        self.record(ContentType::ApplicationData, payload)
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
