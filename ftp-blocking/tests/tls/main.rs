//! What is refused under TLS, and how connections end, against a server that does it wrong on
//! purpose.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod layers;
mod maybe;
mod over;
mod peer;
mod pinning;
mod refill;
mod tickets;

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ftp_blocking::proto::tls::rustls::RootCertStore;
use ftp_blocking::proto::tls::rustls::server::WebPkiClientVerifier;
use ftp_blocking::proto::tls::{Purpose, TlsError};
use ftp_blocking::proto::trace::Record;
use ftp_blocking::proto::{
    After, Closed, Config, Encoding, ErrorKind, Failure, Interruption, Leniencies, Leniency,
    Policy, State, Timeouts, TlsPolicy, Violation,
};
use ftp_blocking::{Client, Error, Tls};
use ftp_testbed::servers::AUTHORITY;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use peer::{Peer, Shown, config, config_with, handshake, serve, settings};

fn trusting(pem: &str) -> Tls {
    let tls = Tls::builder().trust_pem(pem).unwrap().build().unwrap();
    tls.named("localhost").unwrap()
}

fn connect(address: SocketAddr) -> Client<Tls> {
    connect_with(address, trusting(AUTHORITY), |_| {})
}

fn connect_with(address: SocketAddr, tls: Tls, configure: impl FnOnce(&mut Config)) -> Client<Tls> {
    let mut config = Config::default();
    // The peers have no FEAT.
    config.encoding = Encoding::AsItIs;
    configure(&mut config);
    let builder = Client::builder().config(config).tls(tls);
    builder.connect_to(&[address]).unwrap()
}

fn secured(address: SocketAddr) -> Client<Tls> {
    let mut client = connect(address);
    client.secure().unwrap();
    client
}

fn policy(error: &Error) -> Option<Policy> {
    match error.session().unwrap().kind() {
        ErrorKind::Policy(policy) => Some(*policy),
        _ => None,
    }
}

fn interruption(error: &Error) -> Interruption {
    error.session().unwrap().interrupted().unwrap().cause
}

/// Agrees to TLS with a handshake that the client will refuse, and hears nothing more.
fn is_refused(peer: &mut Peer) {
    peer.agree();
    peer.secure().unwrap_err();
    assert_eq!(peer.hear(), None);
}

fn refusal(shown: Shown, roots: &str) -> Error {
    let (address, server) = serve(config(shown), is_refused);
    let mut client = connect_with(address, trusting(roots), |_| {});
    let error = client.secure().unwrap_err();
    assert_eq!(error.after(), After::Dead);
    let lost = Closed::Lost(Failure::Tls);
    assert_eq!(client.state(), State::Dead(lost));
    client.login("ann", "secret").unwrap_err();
    drop(client);
    assert_eq!(server.join().unwrap(), ["AUTH TLS"]);
    error
}

// -- certificates ---------------------------------------------------------------------------------

#[test]
fn an_unknown_authority_is_refused() {
    let error = refusal(Shown::Good, Shown::OtherHost.pem());
    let unknown = error.tls().unwrap();
    assert!(matches!(unknown, TlsError::UnknownIssuer { .. }), "{error}");
    let fingerprint = unknown.fingerprint().unwrap().to_string();
    assert!(error.to_string().contains(&fingerprint), "{error}");
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.downcast_ref::<TlsError>().unwrap().is_certificate());
    assert!(error.to_string().contains("add the root"), "{error}");
}

/// No limit is too long to be reckoned with.
#[test]
fn limits_without_end_are_limits() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.secure().unwrap();
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
    });
    let mut client = connect_with(address, trusting(AUTHORITY), |config| {
        config.timeouts = Timeouts::all(Duration::MAX);
    });
    client.secure().unwrap();
    client.noop().unwrap();
    client.quit().unwrap();
    server.join().unwrap();
}

#[test]
fn an_expired_certificate_is_refused() {
    let error = refusal(Shown::Expired, AUTHORITY);
    assert_eq!(error.tls(), Some(&TlsError::Expired));
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let error = refusal(Shown::OtherHost, AUTHORITY);
    let Some(TlsError::WrongHost {
        expected,
        presented,
    }) = error.tls()
    else {
        panic!("{error}");
    };
    assert_eq!(&**expected, "localhost");
    assert!(presented.contains("other.example"), "{presented}");
}

#[test]
fn a_certificate_is_refused_on_the_data_connection_too() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.secure().unwrap();
        let data = peer.open_data("RETR");
        handshake(data, &Arc::new(config(Shown::OtherHost))).unwrap_err();
        peer.say("425 no data connection\r\n");
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
    });
    let mut client = secured(address);
    let error = client.retrieve_to("a", &mut Vec::new()).unwrap_err();
    assert_eq!(interruption(&error), Interruption::Data(Failure::Tls));
    assert!(
        matches!(error.tls(), Some(TlsError::WrongHost { .. })),
        "{error:?}"
    );
    assert_eq!(error.reply().unwrap().code().get(), 425);
    assert_eq!(error.after(), After::Usable);
    client.quit().unwrap();
    server.join().unwrap();
}

#[test]
fn a_client_certificate_is_shown_to_who_asks_for_it() {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["ann".to_owned()]).unwrap();
    let own = params.signed_by(&key, &authority).unwrap();

    let server = || {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let provider = settings().crypto_provider().clone();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let verifier = verifier.build().unwrap();
        serve(
            config_with(settings().with_client_cert_verifier(verifier)),
            |peer| {
                peer.agree();
                if peer.secure().is_ok() {
                    peer.serve_until("QUIT");
                    peer.say("221 bye\r\n");
                }
            },
        )
    };
    let (address, thread) = server();
    let mut without = connect(address);
    let error = without.secure().unwrap_err();
    assert!(error.to_string().contains("client certificate"), "{error}");
    thread.join().unwrap();

    let (address, thread) = server();
    let tls = Tls::builder().trust_pem(AUTHORITY).unwrap();
    let tls = tls
        .identity_pem(own.pem(), key.serialize_pem())
        .unwrap()
        .build()
        .unwrap();
    let mut client = connect_with(address, tls.named("localhost").unwrap(), |_| {});
    client.secure().unwrap();
    client.quit().unwrap();
    thread.join().unwrap();
}

// -- secrets --------------------------------------------------------------------------------------

/// Everything that can be printed of a client, and what it tells those who watch it.
#[test]
fn nothing_tells_a_password() {
    const SECRET: &str = "canary-0451";
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.secure().unwrap();
        peer.serve_until("PASS");
        peer.say("530 no\r\n");
        peer.listen_to_the_end();
    });
    let log = Log::default();
    let own_key = Shown::Good.pem();
    let builder = Tls::builder().trust_pem(AUTHORITY).unwrap();
    let mut told = format!("{builder:?}");
    let tls = builder.build().unwrap().named("localhost").unwrap();
    told += &format!("{tls:?}");
    let watched = log.clone();
    let builder = Client::builder()
        .tls(tls)
        .trace(move |record| watched.add(record));
    told += &format!("{builder:?}");
    let mut client = builder.connect_to(&[address]).unwrap();
    client.secure().unwrap();
    let error = client.login("ann", SECRET).unwrap_err();
    told += &format!("{client:?} {:?} {error:?} {error}", client.session());
    told += &format!("{:?} {:?}", client.transport(), client.control_stream());
    client.quit().unwrap();
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("\"PASS *\""), "{log}");
    for text in [told, log] {
        assert!(!text.contains(SECRET) && !text.contains(own_key), "{text}");
    }
    let heard = server.join().unwrap();
    assert!(heard.contains(&format!("PASS {SECRET}")), "{heard:?}");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Log {
    fn add(&self, record: &Record) {
        *self.0.lock().unwrap() += &format!("{record} {record:?}\n");
    }
}

// -- refusals of the protocol ---------------------------------------------------------------------

#[test]
fn a_refused_auth_leaves_the_password_unsent() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.say("220 ready\r\n");
        peer.serve_until("AUTH");
        peer.say("502 no\r\n");
        peer.listen_to_the_end();
    });
    let mut client = connect(address);
    assert_eq!(
        client.secure().unwrap_err().reply().unwrap().code().get(),
        502
    );
    let error = client.login("ann", "secret").unwrap_err();
    assert_eq!(policy(&error), Some(Policy::ControlNotSecured));
    client.quit().unwrap();
    assert_eq!(server.join().unwrap(), ["AUTH TLS", "QUIT"]);
}

/// Whatever the order in which a client is described.
#[test]
fn a_configuration_does_not_turn_the_demand_for_tls_off() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.say("220 ready\r\n");
        peer.listen_to_the_end();
    });
    let builder = Client::builder().tls(trusting(AUTHORITY));
    let mut client = builder
        .config(Config::default())
        .connect_to(&[address])
        .unwrap();
    let error = client.login("ann", "secret").unwrap_err();
    assert_eq!(policy(&error), Some(Policy::ControlNotSecured));
    client.quit().unwrap();
    assert_eq!(server.join().unwrap(), ["QUIT"]);

    let mut weaker = Config::default();
    weaker.tls = TlsPolicy::Control;
    for builder in [
        Client::builder().config(weaker).tls(trusting(AUTHORITY)),
        Client::builder().tls(trusting(AUTHORITY)).config(weaker),
    ] {
        let (address, server) = serve(config(Shown::Good), |peer| peer.say("220 ready\r\n"));
        let client = builder.connect_to(&[address]).unwrap();
        assert_eq!(client.session().config().tls, TlsPolicy::Control);
        server.join().unwrap();
    }
}

#[test]
fn a_refused_prot_leaves_payload_unsent() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.secure().unwrap();
        peer.serve_until("PROT");
        peer.say("536 no\r\n");
        peer.listen_to_the_end();
    });
    let mut client = connect(address);
    client.secure().unwrap_err();
    let error = client.store_from("a", &mut &b"canary"[..]).unwrap_err();
    assert_eq!(policy(&error), Some(Policy::DataNotProtected));
    client.quit().unwrap();
    assert_eq!(
        server.join().unwrap(),
        ["AUTH TLS", "PBSZ 0", "PROT P", "QUIT"]
    );
}

#[test]
fn clear_text_behind_the_agreement_is_fatal() {
    for injected in ["234 go\r\n230 you are in\r\n", "234 go\r\n2"] {
        let (address, server) = serve(config(Shown::Good), move |peer| {
            peer.say("220 ready\r\n");
            peer.serve_until("AUTH");
            peer.say(injected);
            assert_eq!(peer.hear(), None);
        });
        let mut client = connect(address);
        let error = client.secure().unwrap_err();
        let violation = ErrorKind::Violation(Violation::BytesBeforeTls);
        assert_eq!(*error.session().unwrap().kind(), violation);
        client.login("ann", "secret").unwrap_err();
        drop(client);
        assert_eq!(server.join().unwrap(), ["AUTH TLS"]);
    }
}

#[test]
fn clear_text_in_place_of_the_handshake_is_fatal() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.await_hello();
        peer.say("230 you are in\r\n");
    });
    let mut client = connect(address);
    let error = client.secure().unwrap_err();
    let expected = TlsError::NotTls(Some(Purpose::Explicit));
    assert_eq!(error.tls(), Some(&expected));
    assert_eq!(error.after(), After::Dead);
    let text = error.to_string();
    assert!(text.contains("AUTH TLS"), "{text}");
    assert!(!text.contains("990"), "{text}");
    server.join().unwrap();
}

/// A server that loses the race with our first flight behind its 234.
#[test]
fn an_end_behind_the_agreement_is_told_as_that() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.await_hello();
    });
    let mut client = connect(address);
    let text = client.secure().unwrap_err().to_string();
    assert!(text.contains("AUTH"), "{text}");
    assert!(!text.contains("990"), "{text}");
    server.join().unwrap();
}

#[test]
fn a_server_of_explicit_tls_where_implicit_was_begun_is_told_by_its_port() {
    let (address, server) = serve(config(Shown::Good), |peer| peer.say("220 ready\r\n"));
    let builder = Client::builder().tls(trusting(AUTHORITY).implicit());
    let error = builder.connect_to(&[address]).unwrap_err();
    let expected = TlsError::NotTls(Some(Purpose::Implicit));
    assert_eq!(error.tls(), Some(&expected), "{error}");
    assert!(error.to_string().contains("port 990"), "{error}");
    server.join().unwrap();
}

/// It says 200 to PROT P and means nothing by it.
#[test]
fn a_data_connection_in_clear_behind_an_accepted_prot_is_told_as_that() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.secure().unwrap();
        let mut data = peer.open_data("RETR");
        data.write_all(b"the payload in clear").unwrap();
        // The client gives it up.
        let _ = data.read_to_end(&mut Vec::new());
        peer.say("226 done\r\n");
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
    });
    let mut client = secured(address);
    let mut bytes = Vec::new();
    let error = client.retrieve_to("a", &mut bytes).unwrap_err();
    assert!(bytes.is_empty());
    assert_eq!(interruption(&error), Interruption::Data(Failure::Tls));
    let expected = TlsError::NotTls(Some(Purpose::Data));
    assert_eq!(error.tls(), Some(&expected));
    let text = error.to_string();
    for told in [
        "PROT P",
        "Secure::data(DataProtection::Clear)",
        "TlsPolicy::Control",
    ] {
        assert!(text.contains(told), "{text}");
    }
    assert!(!text.contains("port"), "{text}");
    assert_eq!(error.after(), After::Usable);
    client.quit().unwrap();
    server.join().unwrap();
}

// -- data connections -----------------------------------------------------------------------------

/// Sends 1,000 bytes and ends without close_notify.
fn cuts_off(peer: &mut Peer) {
    peer.agree();
    peer.secure().unwrap();
    let mut data = peer.open_secured("RETR");
    data.write_all(&[b'x'; 1000]).unwrap();
    data.flush().unwrap();
    drop(data);
    peer.say("226 done\r\n");
    peer.serve_until("QUIT");
    peer.say("221 bye\r\n");
}

#[test]
fn a_download_without_close_notify_is_truncated() {
    let (address, server) = serve(config(Shown::Good), cuts_off);
    let mut client = secured(address);
    let mut bytes = Vec::new();
    let error = client.retrieve_to("a", &mut bytes).unwrap_err();
    assert_eq!(bytes, [b'x'; 1000]);
    assert_eq!(interruption(&error), Interruption::Truncated);
    assert_eq!(error.after(), After::Usable);
    client.quit().unwrap();
    server.join().unwrap();
}

/// The leniency asks for a size that agrees, and here none is known.
#[test]
fn without_a_known_size_no_leniency_helps_a_download_without_close_notify() {
    let (address, server) = serve(config(Shown::Good), cuts_off);
    let mut client = connect_with(address, trusting(AUTHORITY), |config| {
        config.lenient = Leniencies::default().with(Leniency::NoCloseNotify);
    });
    client.secure().unwrap();
    let error = client.retrieve_to("a", &mut Vec::new()).unwrap_err();
    assert_eq!(interruption(&error), Interruption::Truncated);
    client.quit().unwrap();
    server.join().unwrap();
}

#[test]
fn a_data_handshake_that_stalls_leaves_the_session_usable() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.secure().unwrap();
        let mut data = peer.open_data("RETR");
        // Nothing is answered until the client has given up.
        data.read_exact(&mut [0; 5]).unwrap();
        // The end, or a reset: the client drops what it gives up.
        let _ = data.read_to_end(&mut Vec::new());
        peer.say("425 no handshake\r\n");
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
    });
    let mut client = connect_with(address, trusting(AUTHORITY), |config| {
        config.timeouts.securing = Duration::from_secs(2);
    });
    client.secure().unwrap();
    let error = client.retrieve_to("a", &mut Vec::new()).unwrap_err();
    assert_eq!(
        interruption(&error),
        Interruption::Data(Failure::TlsTimedOut)
    );
    assert_eq!(error.reply().unwrap().code().get(), 425);
    assert_eq!(error.after(), After::Usable);
    client.noop().unwrap();
    client.quit().unwrap();
    server.join().unwrap();
}

/// It takes the upload to its close_notify and never ends its own side.
#[test]
fn an_upload_to_a_server_that_never_ends_tls_succeeds() {
    let (address, server) = serve(config(Shown::Good), |peer| {
        peer.agree();
        peer.secure().unwrap();
        let mut data = peer.open_secured("STOR");
        let mut bytes = Vec::new();
        // The end is a clean one only behind close_notify.
        data.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, vec![b'x'; 100_000]);
        peer.say("226 done\r\n");
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
        drop(data);
    });
    let mut client = connect_with(address, trusting(AUTHORITY), |config| {
        config.timeouts.tls_close = Duration::from_millis(200);
    });
    client.secure().unwrap();
    let payload = vec![b'x'; 100_000];
    let completed = client.store_from("a", &mut payload.as_slice()).unwrap();
    assert_eq!(completed.bytes, 100_000);
    client.quit().unwrap();
    server.join().unwrap();
}

/// The limit for the server's end of TLS does not run while payload still leaves.
#[test]
fn an_upload_is_whole_however_short_the_limit_for_the_end() {
    let payload: Vec<u8> = (0..8_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let expected = payload.clone();
    let (address, server) = serve(config(Shown::Good), move |peer| {
        peer.agree();
        peer.secure().unwrap();
        let mut data = peer.open_secured("STOR");
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes).unwrap();
        assert!(bytes == expected);
        drop(data);
        peer.say("226 done\r\n");
        peer.serve_until("QUIT");
        peer.say("221 bye\r\n");
    });
    let mut client = connect_with(address, trusting(AUTHORITY), |config| {
        config.timeouts.tls_close = Duration::from_millis(1);
    });
    client.secure().unwrap();
    client.store_from("a", &mut payload.as_slice()).unwrap();
    client.quit().unwrap();
    server.join().unwrap();
}
