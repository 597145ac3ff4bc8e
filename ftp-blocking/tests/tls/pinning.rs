//! Pinned certificates on both connections.

use std::io::Write;
use std::sync::Arc;

use ftp_blocking::Tls;
use ftp_blocking::proto::tls::rustls::pki_types::PrivateKeyDer;
use ftp_blocking::proto::tls::rustls::{HandshakeKind, ServerConfig};
use ftp_blocking::proto::tls::{Fingerprint, TlsError};
use ftp_blocking::proto::{After, Failure, Interruption};
use rcgen::{BasicConstraints, CertificateParams, CertifiedKey, DnType, IsCa, KeyPair};

use crate::peer::{Peer, Shown, config, serve, settings};
use crate::{connect_with, interruption, is_refused};

/// As `openssl req -x509` makes it where nothing else is said: CA:TRUE and self-signed. And no
/// name.
fn own() -> CertifiedKey<KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, "00M00A000000001");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let signing_key = KeyPair::generate().unwrap();
    let cert = params.self_signed(&signing_key).unwrap();
    CertifiedKey { cert, signing_key }
}

fn showing(own: &CertifiedKey<KeyPair>) -> ServerConfig {
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    settings()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap()
}

/// Serves two downloads, the second under `second`.
fn two_downloads(peer: &mut Peer, second: ServerConfig) {
    peer.agree();
    peer.secure().unwrap();
    download(peer, HandshakeKind::Resumed);
    peer.config = Arc::new(second);
    // The client may break the handshake off.
    let data = peer.open_data("RETR");
    let reply = match crate::handshake(data, &peer.config) {
        Ok(mut data) => {
            assert_eq!(data.conn.handshake_kind(), Some(HandshakeKind::Full));
            deliver(&mut data);
            "226 done\r\n"
        }
        Err(_) => "425 no handshake\r\n",
    };
    peer.say(reply);
    peer.serve_until("QUIT");
    peer.say("221 bye\r\n");
}

fn download(peer: &mut Peer, kind: HandshakeKind) {
    let mut data = peer.open_secured("RETR");
    assert_eq!(data.conn.handshake_kind(), Some(kind));
    deliver(&mut data);
    drop(data);
    peer.say("226 done\r\n");
}

fn deliver(data: &mut crate::peer::Secured) {
    data.write_all(b"payload").unwrap();
    data.conn.send_close_notify();
    data.flush().unwrap();
}

#[test]
fn a_pinned_certificate_is_good_on_control_and_data() {
    let own = own();
    let pem = own.cert.pem();
    let several = Tls::builder().pin_sha256([7; 32]).pin_pem(&pem).unwrap();
    let only = Tls::builder().only_tls12().pin_pem(&pem).unwrap();
    for builder in [several, only] {
        // The second server knows nothing of the first one's sessions, so that the certificate is
        // shown again.
        let second = showing(&own);
        let (address, server) = serve(showing(&own), |peer| two_downloads(peer, second));
        // By address, and without a name to check.
        let mut client = connect_with(address, builder.build().unwrap(), |_| {});
        client.secure().unwrap();
        for _ in 0..2 {
            let mut bytes = Vec::new();
            client.retrieve_to("a", &mut bytes).unwrap();
            assert_eq!(bytes, b"payload");
        }
        let counts = client.transport().data_handshakes();
        assert_eq!((counts.resumed, counts.full), (1, 1));
        client.quit().unwrap();
        server.join().unwrap();
    }
}

#[test]
fn another_certificate_on_the_data_connection_breaks_that_transfer() {
    let shown = own();
    let pinned = Tls::builder().pin_pem(shown.cert.pem()).unwrap();
    // The authority of the tests has signed it, and it has a name.
    let second = config(Shown::Good);
    let (address, server) = serve(showing(&shown), |peer| two_downloads(peer, second));
    let mut client = connect_with(address, pinned.build().unwrap(), |_| {});
    client.secure().unwrap();
    client.retrieve_to("a", &mut Vec::new()).unwrap();
    let error = client.retrieve_to("b", &mut Vec::new()).unwrap_err();
    assert_eq!(interruption(&error), Interruption::Data(Failure::Tls));
    let tls = error.tls().unwrap();
    assert!(matches!(tls, TlsError::NotPinned { .. }), "{error}");
    assert_eq!(error.after(), After::Usable);
    client.quit().unwrap();
    server.join().unwrap();
}

/// A certificate that was given as a root, and then by what the error says.
#[test]
fn the_error_of_a_self_signed_certificate_says_how_to_pin_it() {
    let own = own();
    let trust = Tls::builder().trust_pem(own.cert.pem()).unwrap();
    let (address, server) = serve(showing(&own), is_refused);
    let mut client = connect_with(address, trust.build().unwrap(), |_| {});
    let error = client.secure().unwrap_err();
    server.join().unwrap();
    assert!(matches!(
        error.tls(),
        Some(TlsError::AuthorityItself { .. })
    ));
    let text = error.to_string();
    let pin = error.tls().unwrap().fingerprint().unwrap();
    assert!(text.contains("CA:TRUE") && text.contains("pin the certificate"));
    let digits: String = text
        .rsplit("fingerprint ")
        .next()
        .unwrap()
        .chars()
        .take(95)
        .collect();
    assert_eq!(digits.parse::<Fingerprint>(), Ok(pin), "{text}");

    let (address, server) = serve(showing(&own), |peer| {
        peer.agree();
        peer.secure().unwrap();
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
    });
    let tls = Tls::builder().pin_sha256(pin).build().unwrap();
    let mut client = connect_with(address, tls, |_| {});
    client.secure().unwrap();
    client.quit().unwrap();
    server.join().unwrap();
}

#[test]
fn pins_and_roots_exclude_each_other() {
    let pem = own().cert.pem();
    let both = Tls::builder().trust_pem(&pem).unwrap();
    let both = both.pin_pem(&pem).unwrap().build();
    assert!(matches!(both, Err(TlsError::Configuration(_))));
    let nothing = Tls::builder().pin_pem("no certificate");
    assert!(matches!(nothing, Err(TlsError::Configuration(_))));
}
