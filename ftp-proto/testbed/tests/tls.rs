//! The TLS variants of the real servers speak the versions, show the certificates and demand the
//! resumption that was asked for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod harness;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use ftp_testbed::servers::{
    AUTHORITY, Certificate, Family, Kind, PASSWORD, Server, Setup, TlsVersions, USER, Variant,
};
use libtest_mimic::{Arguments, Completion, Trial};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, ClientConnection, ProtocolVersion, RootCertStore};

type Secured = rustls::StreamOwned<ClientConnection, TcpStream>;

fn config() -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}

fn secure(mut stream: TcpStream, config: &Arc<ClientConfig>) -> io::Result<Secured> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(rustls::StreamOwned::new(connection, stream))
}

/// The last line of the next reply. Byte by byte, so that nothing of the handshake is taken away.
fn reply(stream: &mut impl Read) -> String {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        line.extend(byte);
        if !line.ends_with(b"\n") {
            continue;
        }
        if line.first().is_some_and(u8::is_ascii_digit) && line.get(3) == Some(&b' ') {
            return String::from_utf8_lossy(&line).trim_end().to_owned();
        }
        line.clear();
    }
}

fn ask(stream: &mut (impl Read + Write), command: &str) -> String {
    write!(stream, "{command}\r\n").unwrap();
    stream.flush().unwrap();
    reply(stream)
}

/// The control connection after the handshake and the greeting.
/// libunftp loses the handshake right behind its 234 at times; another connection has better luck.
const ATTEMPTS: usize = 5;

fn open(server: &Server) -> io::Result<Secured> {
    let mut outcome = attempt(server);
    for _ in 1..ATTEMPTS {
        match &outcome {
            Err(error) if is_lost(error) && server.kind() == Kind::Libunftp => {
                outcome = attempt(server);
            }
            _ => break,
        }
    }
    outcome
}

/// Whether the server went on in clear.
fn is_lost(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(rustls::Error::InvalidMessage(_)))
}

fn attempt(server: &Server) -> io::Result<Secured> {
    let mut stream = connect(server.address(Family::V4).unwrap());
    if server.variant() == Variant::Implicit {
        let mut secured = secure(stream, &config())?;
        assert!(reply(&mut secured).starts_with("220"));
        return Ok(secured);
    }
    assert!(reply(&mut stream).starts_with("220"));
    assert!(ask(&mut stream, "AUTH TLS").starts_with("234"));
    secure(stream, &config())
}

fn speaks(server: &Server, versions: TlsVersions) -> Completion {
    let mut control = open(server).unwrap();
    let expected = match versions {
        TlsVersions::Only12 => ProtocolVersion::TLSv1_2,
        TlsVersions::Only13 | TlsVersions::Both => ProtocolVersion::TLSv1_3,
    };
    assert_eq!(control.conn.protocol_version(), Some(expected));
    ask(&mut control, &format!("USER {USER}"));
    assert!(ask(&mut control, &format!("PASS {PASSWORD}")).starts_with("230"));
    assert!(ask(&mut control, "PBSZ 0").starts_with("200"));
    assert!(ask(&mut control, "PROT P").starts_with("200"));
    let downloaded = download_without_resumption(&mut control);
    assert_eq!(downloaded, server.variant() != Variant::RequireReuse);
    Completion::Completed
}

/// Downloads over a data connection with a session of its own; whether the server agreed.
fn download_without_resumption(control: &mut Secured) -> bool {
    ask(control, "TYPE I");
    let announced = ask(control, "EPSV");
    let port: u16 = announced.split('|').nth(3).unwrap().parse().unwrap();
    let data = connect(SocketAddr::from(([127, 0, 0, 1], port)));
    write!(control, "RETR hello.txt\r\n").unwrap();
    control.flush().unwrap();
    let mut contents = Vec::new();
    // Refused servers close at some point of the handshake or after it; the reply tells.
    if let Ok(mut data) = secure(data, &config()) {
        let _ = data.read_to_end(&mut contents);
    }
    let first = reply(control);
    let last = if first.starts_with('1') {
        reply(control)
    } else {
        first
    };
    if last.starts_with("226") {
        assert_eq!(contents, ftp_testbed::tree::HELLO);
        return true;
    }
    assert!(last.starts_with("522") || last.starts_with("425"), "{last}");
    false
}

/// Why the client refuses the certificate.
fn refusal(server: &Server) -> CertificateError {
    let error = open(server).unwrap_err();
    match *error.into_inner().unwrap().downcast().unwrap() {
        rustls::Error::InvalidCertificate(reason) => reason,
        other => panic!("{other}"),
    }
}

fn expired(server: Server) -> Completion {
    let reason = refusal(&server);
    let as_expected = matches!(reason, CertificateError::ExpiredContext { .. });
    assert!(as_expected, "{reason:?}");
    Completion::Completed
}

fn other_host(server: Server) -> Completion {
    let reason = refusal(&server);
    let as_expected = matches!(reason, CertificateError::NotValidForNameContext { .. });
    assert!(as_expected, "{reason:?}");
    Completion::Completed
}

fn unsupported(kind: Kind, variant: Variant) {
    let unavailable = Setup::new(kind).variant(variant).start().unwrap_err();
    assert_eq!(unavailable.kind, kind);
    assert!(unavailable.reason.contains("variant"), "{unavailable}");
}

fn trials_of(kind: Kind, variant: Variant) -> Vec<Trial> {
    let setup = Setup::new(kind).variant(variant);
    [TlsVersions::Both, TlsVersions::Only12, TlsVersions::Only13]
        .into_iter()
        .map(|versions| {
            let name = format!("{kind}::{variant:?}::{versions:?}");
            let setup = setup.tls_versions(versions);
            harness::trial(name, setup, move |server| speaks(&server, versions))
        })
        .collect()
}

fn main() {
    let mut trials = Vec::new();
    for kind in Kind::ALL {
        for variant in Variant::ALL {
            if !kind.supports(variant) {
                let name = format!("{kind}::{variant:?}::unsupported");
                let check = move || {
                    unsupported(kind, variant);
                    Ok(())
                };
                trials.push(Trial::test(name, check));
            } else if variant != Variant::Plain {
                trials.extend(trials_of(kind, variant));
            }
        }
        if !kind.supports(Variant::Tls) {
            continue;
        }
        let setup = Setup::new(kind).variant(Variant::Tls);
        let bad = setup.certificate(Certificate::Expired);
        trials.push(harness::trial(format!("{kind}::expired"), bad, expired));
        let bad = setup.certificate(Certificate::OtherHost);
        trials.push(harness::trial(
            format!("{kind}::other_host"),
            bad,
            other_host,
        ));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
