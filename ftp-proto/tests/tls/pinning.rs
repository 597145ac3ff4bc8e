//! Certificates that are accepted because they are pinned, and what is told of those that are not.

use std::sync::Arc;

use ftp_proto::tls::{Context, Fingerprint, FingerprintError, Purpose, TlsError, Verifier};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, SanType, date_time_ymd};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, ServerConfig,
    SignatureScheme,
};

use crate::peer::{
    Authority, BOTH, HOST, Peer, Versions, connect, drain, for_host, payload, settle, to_peer,
};
use crate::refusal;

/// A self-signed certificate and its key.
struct Own {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Own {
    fn signed(params: &CertificateParams, key: &KeyPair) -> Self {
        let certificate = params.clone().self_signed(key).unwrap();
        Self {
            certificate: certificate.der().clone(),
            key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        }
    }

    fn new(params: &CertificateParams) -> Self {
        Self::signed(params, &KeyPair::generate().unwrap())
    }

    fn pin(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate, &ring::default_provider()).unwrap()
    }

    fn server(&self, versions: Versions) -> Arc<ServerConfig> {
        self.server_with_key(versions, &self.key)
    }

    /// A server that shows this certificate and signs with `key`, which may be another one's.
    fn server_with_key(&self, versions: Versions, key: &PrivateKeyDer<'_>) -> Arc<ServerConfig> {
        let key = ring::sign::any_supported_type(key).unwrap();
        let shown = CertifiedKey::new(vec![self.certificate.clone()], key);
        ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Always(Arc::new(shown))))
            .into()
    }
}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

fn context(verifier: Verifier) -> Context {
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Context::for_host(&config, HOST).unwrap()
}

fn pinned(pins: &[Fingerprint]) -> Context {
    let provider = ring::default_provider();
    context(Verifier::pinned(&provider, pins.iter().copied()).unwrap())
}

/// Trusts what `certificate` has signed.
fn explaining(certificate: &CertificateDer<'static>) -> Context {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let inner = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
    context(Verifier::explaining(&provider, inner.build().unwrap()).unwrap())
}

fn authority_itself() -> CertificateParams {
    let mut params = for_host(HOST);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

fn nameless() -> CertificateParams {
    CertificateParams::new(Vec::new()).unwrap()
}

#[test]
fn a_pinned_certificate_is_accepted_whatever_it_says() {
    let mut expired = for_host("other.example.org");
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    for params in [for_host(HOST), authority_itself(), nameless(), expired] {
        let own = Own::new(&params);
        for versions in BOTH {
            let (context, server) = (pinned(&[own.pin()]), own.server(versions));
            // As the control connection, and as data connections that resume.
            for resumed in [false, true, true] {
                let (mut channel, mut peer) = connect(&context, &server);
                assert_eq!(channel.resumed(), Some(resumed));
                channel.write(b"USER ann\r\n").unwrap();
                to_peer(&mut channel, &mut peer);
                assert_eq!(peer.received, b"USER ann\r\n");
                channel.receive(&peer.send(&payload(100)));
                assert_eq!(drain(&mut channel).0, payload(100));
            }
        }
    }
}

#[test]
fn any_of_several_pins_is_enough_and_each_serves() {
    let several = [for_host(HOST), nameless(), authority_itself()].map(|params| Own::new(&params));
    let pins: Vec<_> = several.iter().map(Own::pin).collect();
    for versions in BOTH {
        for own in &several {
            connect(&pinned(&pins), &own.server(versions));
        }
    }
}

#[test]
fn another_certificate_is_refused_even_with_the_same_key_and_name() {
    let key = KeyPair::generate().unwrap();
    let own = Own::signed(&for_host(HOST), &key);
    let mut renewed = for_host(HOST);
    renewed.serial_number = Some(42.into());
    let renewed = Own::signed(&renewed, &key);
    assert!(own.key == renewed.key && own.pin() != renewed.pin());
    for versions in BOTH {
        let error = refusal(&pinned(&[own.pin()]), &renewed.server(versions));
        let fingerprint = renewed.pin();
        assert_eq!(error, TlsError::NotPinned { fingerprint });
        assert!(error.is_certificate());
        assert_eq!(error.fingerprint(), Some(fingerprint));
        assert!(error.to_string().contains(&fingerprint.to_string()));
    }
}

/// What a pinned certificate has signed is not pinned with it.
#[test]
fn a_certificate_signed_by_the_pinned_one_is_refused() {
    let authority = Authority::new();
    let provider = ring::default_provider();
    let pin = Fingerprint::of(&authority.certificate(), &provider).unwrap();
    for versions in BOTH {
        let error = refusal(&pinned(&[pin]), &authority.server(versions));
        assert!(matches!(error, TlsError::NotPinned { .. }), "{error:?}");
    }
}

/// Anybody can show the certificate; only its owner can sign with its key.
#[test]
fn a_pinned_certificate_without_its_key_is_refused() {
    let own = Own::new(&for_host(HOST));
    let thief = Own::new(&for_host(HOST));
    for versions in BOTH {
        let error = refusal(
            &pinned(&[own.pin()]),
            &own.server_with_key(versions, &thief.key),
        );
        let expected = CertificateError::BadSignature;
        assert_eq!(error, TlsError::Certificate(expected.into()));
    }
}

#[test]
fn a_data_connection_must_show_a_pinned_certificate_too() {
    let (own, other) = (Own::new(&for_host(HOST)), Own::new(&for_host(HOST)));
    for versions in BOTH {
        let context = pinned(&[own.pin()]);
        connect(&context, &own.server(versions));
        // Another server cannot open the session that is offered: the handshake is a full one.
        let mut channel = context.channel(Purpose::Data).unwrap();
        settle(&mut channel, &mut Peer::new(&other.server(versions)));
        let fingerprint = other.pin();
        let expected = TlsError::NotPinned { fingerprint };
        assert_eq!(channel.failure(), Some(&expected));
        // Nor does the certificate help without its key.
        let mut channel = context.channel(Purpose::Data).unwrap();
        let forged = own.server_with_key(versions, &other.key);
        settle(&mut channel, &mut Peer::new(&forged));
        let failure = channel.failure().unwrap();
        assert!(matches!(failure, TlsError::Certificate(_)), "{failure:?}");
    }
}

/// The error gives what the next attempt needs.
#[test]
fn the_error_of_a_certificate_that_could_be_pinned_shows_its_fingerprint() {
    let stranger = Own::new(&for_host("somebody.example.org"));
    let itself = Own::new(&authority_itself());
    let authority = Authority::new();
    let (chain, key) = authority.sign(&nameless());
    let unnamed = Own {
        certificate: chain[0].clone(),
        key,
    };
    let own = Own::new(&for_host(HOST));
    for versions in BOTH {
        let itself_pin = Some(itself.pin());
        for (own, root, expected, told) in [
            (
                &own,
                &stranger.certificate,
                TlsError::UnknownIssuer {
                    fingerprint: Some(own.pin()),
                },
                "not signed by a trusted authority",
            ),
            (
                &itself,
                &itself.certificate,
                TlsError::AuthorityItself {
                    fingerprint: itself_pin,
                },
                "CA:TRUE",
            ),
            (
                &unnamed,
                &authority.certificate(),
                TlsError::NoName {
                    fingerprint: Some(unnamed.pin()),
                },
                "carries no name",
            ),
        ] {
            let error = refusal(&explaining(root), &own.server(versions));
            assert_eq!(error, expected);
            assert!(error.is_certificate());
            let pin = error.fingerprint().unwrap();
            let text = error.to_string();
            assert!(text.contains(told), "{text}");
            assert!(text.contains("pin the certificate"), "{text}");
            assert!(text.contains(&pin.to_string()), "{text}");
            connect(&pinned(&[pin]), &own.server(versions));
        }
    }
}

#[test]
fn the_verdict_of_another_verifier_stays() {
    let authority = Authority::new();
    let context = explaining(&authority.certificate());
    for versions in BOTH {
        connect(&context, &authority.server(versions));
        let other = authority.server_for(versions, for_host("other.example.org"));
        let error = refusal(&explaining(&authority.certificate()), &other);
        assert!(matches!(error, TlsError::WrongHost { .. }), "{error:?}");
        let own = Own::new(&for_host(HOST));
        let (chain, _) = authority.sign(&for_host(HOST));
        let stolen = Own {
            certificate: chain[0].clone(),
            key: own.key,
        };
        let error = refusal(
            &explaining(&authority.certificate()),
            &stolen.server(versions),
        );
        let expected = CertificateError::BadSignature;
        assert_eq!(error, TlsError::Certificate(expected.into()));
    }
}

/// A server's log says what was wrong, where pinning would not help.
#[test]
fn the_server_hears_the_verdict_of_another_verifier() {
    let authority = Authority::new();
    let mut expired = for_host(HOST);
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    for versions in BOTH {
        let context = explaining(&authority.certificate());
        let mut channel = context.channel(Purpose::Explicit).unwrap();
        let mut peer = Peer::new(&authority.server_for(versions, expired.clone()));
        settle(&mut channel, &mut peer);
        assert_eq!(channel.failure(), Some(&TlsError::Expired));
        let told = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateExpired);
        assert_eq!(peer.error, Some(told));
    }
}

/// Where another verifier is asked, it decides everything but the error's text.
#[test]
fn what_another_verifier_wants_is_handed_on() {
    #[derive(Debug)]
    struct Peculiar(Vec<DistinguishedName>);

    impl ServerCertVerifier for Peculiar {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ED25519]
        }

        fn requires_raw_public_keys(&self) -> bool {
            true
        }

        fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
            Some(&self.0)
        }
    }

    let provider = ring::default_provider();
    let given = Arc::new(Peculiar(vec![DistinguishedName::in_sequence(b"name")]));
    let verifier = Verifier::explaining(&provider, given).unwrap();
    assert!(verifier.requires_raw_public_keys());
    assert_eq!(verifier.root_hint_subjects().map(<[_]>::len), Some(1));
    let schemes = verifier.supported_verify_schemes();
    assert_eq!(schemes, [SignatureScheme::ED25519]);
    let pinned = Verifier::pinned(&provider, [Fingerprint::from([0; 32])]).unwrap();
    assert!(!pinned.requires_raw_public_keys());
    assert!(pinned.root_hint_subjects().is_none());
}

/// An owner writes into a certificate what they like.
#[test]
fn names_in_a_certificate_do_not_reach_a_terminal_raw() {
    let authority = Authority::new();
    let mut params = nameless();
    let evil = "evil\u{1b}[2J.example.org";
    params
        .subject_alt_names
        .push(SanType::DnsName(evil.try_into().unwrap()));
    params
        .subject_alt_names
        .push(SanType::IpAddress([192, 0, 2, 1].into()));
    for versions in BOTH {
        let server = authority.server_for(versions, params.clone());
        let text = refusal(&authority.context(), &server).to_string();
        let shown = "is for evil\\u{1b}[2J.example.org, 192.0.2.1, not for";
        assert!(text.contains(shown), "{text}");
    }

    let presented = |names: &[&str]| {
        let presented = names.iter().map(|name| (*name).to_owned()).collect();
        TlsError::from(CertificateError::NotValidForNameContext {
            expected: ServerName::try_from(HOST).unwrap(),
            presented,
        })
    };
    let text = presented(&["DnsName(\"\u{202e}gro.elpmaxe\")"]).to_string();
    assert!(text.contains("\\u{202e}gro") && !text.contains('\u{202e}'));
    let many: Vec<_> = (0..30).map(|n| format!("DnsName(\"h{n}\")")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let text = presented(&many).to_string();
    assert!(text.contains("h0, h1") && text.contains("h7 and 22 more"));
    let no_host = presented(&["UniformResourceIdentifier(\"a:b\")", "DirectoryName"]);
    assert_eq!(no_host, TlsError::NoName { fingerprint: None });
    let other = rustls::OtherError(Arc::new(std::io::Error::other("\u{1b}[2J")));
    let text = TlsError::from(CertificateError::Other(other)).to_string();
    assert!(
        text.contains("\\u{1b}") && !text.contains('\u{1b}'),
        "{text}"
    );
}

/// rcgen makes no certificates of version 1: the fault is built as webpki words it.
#[test]
fn the_error_of_a_certificate_of_version_1_says_what_to_do() {
    #[derive(Debug)]
    struct Fault;
    impl std::fmt::Display for Fault {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("UnsupportedCertVersion")
        }
    }
    impl std::error::Error for Fault {}
    let fault = CertificateError::Other(rustls::OtherError(Arc::new(Fault)));
    let error = TlsError::from(fault).to_string();
    assert!(error.contains("make one of version 3"), "{error}");
    let other = TlsError::from(CertificateError::BadEncoding).to_string();
    assert!(!other.contains("version 3"), "{other}");
}

#[test]
fn nothing_pinned_is_not_everything_accepted() {
    let none = Verifier::pinned(&ring::default_provider(), []);
    assert!(matches!(none, Err(TlsError::Configuration(_))));
    let mut provider = ring::default_provider();
    provider
        .cipher_suites
        .retain(|suite| format!("{suite:?}").contains("SHA384"));
    assert!(!provider.cipher_suites.is_empty());
    let pin = Fingerprint::from([0; 32]);
    let unable = Verifier::pinned(&provider, [pin]);
    assert!(matches!(unable, Err(TlsError::Configuration(_))));
}

#[test]
fn a_fingerprint_is_the_sha_256_of_all_bytes() {
    // FIPS 180-2, appendix B.1.
    let of = Fingerprint::of(&b"abc"[..].into(), &ring::default_provider()).unwrap();
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(Ok(of), known.parse());
    assert_eq!(of.to_string().replace(':', "").to_lowercase(), known);
    assert_eq!(Fingerprint::from(*of.as_bytes()), of);
}

#[test]
fn fingerprints_are_read_in_the_usual_forms_alone() {
    use FingerprintError::{Digit, Length};
    let colons = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
                  B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";
    let parsed: Fingerprint = colons.parse().unwrap();
    assert_eq!(parsed.to_string(), colons);
    assert_eq!(colons.to_lowercase().parse(), Ok(parsed));
    assert_eq!(colons.replace(':', "").parse(), Ok(parsed));
    for (text, error) in [
        (String::new(), Length),
        (colons[1..].to_owned(), Length),
        (format!("{colons}:"), Length),
        // A SHA-1 fingerprint.
        (colons[..59].to_owned(), Length),
        (colons.replace(':', " "), Digit),
        (colons.replace(':', "0"), Digit),
        (colons.replacen("BA", "BG", 1), Digit),
        (colons.replacen("BA", "+A", 1), Digit),
        ("é".repeat(32), Digit),
        (format!(":{}", &colons.replace(':', "")[1..]), Digit),
    ] {
        assert_eq!(text.parse::<Fingerprint>(), Err(error), "{text}");
    }
}
