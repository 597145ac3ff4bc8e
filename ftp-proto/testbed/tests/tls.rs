//! The TLS variants of the real servers speak the versions, show the certificates and demand the resumption that was
//! asked for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use ftp_testbed::servers::{
    AUTHORITY, Certificate, Family, Kind, PASSWORD, Server, Setup, TlsVersions, USER, Variant,
    required,
};
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
fn open(server: &Server) -> io::Result<Secured> {
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

/// Starts a server, or says why not; where servers are required that is a failure.
fn start(setup: Setup) -> Option<Server> {
    match setup.start() {
        Ok(server) => Some(server),
        Err(unavailable) if required() => panic!("{unavailable}"),
        Err(unavailable) => {
            eprintln!("ignored: {unavailable}");
            None
        }
    }
}

fn speaks(kind: Kind, variant: Variant, versions: TlsVersions) {
    let Some(server) = start(Setup::new(kind).variant(variant).tls_versions(versions)) else {
        return;
    };
    let mut control = open(&server).unwrap();
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
    assert_eq!(downloaded, variant != Variant::RequireReuse);
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

fn every_variant(kind: Kind) {
    let secured = [Variant::Tls, Variant::Implicit, Variant::RequireReuse];
    for variant in secured.into_iter().filter(|v| kind.supports(*v)) {
        for versions in [TlsVersions::Both, TlsVersions::Only12, TlsVersions::Only13] {
            speaks(kind, variant, versions);
        }
    }
}

#[test]
fn vsftpd_speaks_tls() {
    every_variant(Kind::Vsftpd);
}

#[test]
fn proftpd_speaks_tls() {
    every_variant(Kind::Proftpd);
}

#[test]
fn pure_ftpd_speaks_tls() {
    every_variant(Kind::PureFtpd);
}

#[test]
fn pyftpdlib_speaks_tls() {
    every_variant(Kind::Pyftpdlib);
}

#[test]
fn certificates_are_as_bad_as_asked_for() {
    let refusal = |certificate| {
        let setup = Setup::new(Kind::Pyftpdlib).variant(Variant::Tls);
        let server = start(setup.certificate(certificate))?;
        let error = open(&server).unwrap_err();
        Some(*error.into_inner().unwrap().downcast().unwrap())
    };
    if let Some(error) = refusal(Certificate::Expired) {
        let expired = matches!(
            error,
            rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { .. })
        );
        assert!(expired, "{error}");
    }
    if let Some(error) = refusal(Certificate::OtherHost) {
        let other = matches!(
            error,
            rustls::Error::InvalidCertificate(CertificateError::NotValidForNameContext { .. })
        );
        assert!(other, "{error}");
    }
}

#[test]
fn a_variant_that_a_server_lacks_is_unavailable() {
    for kind in Kind::ALL {
        for variant in Variant::ALL.into_iter().filter(|v| !kind.supports(*v)) {
            let unavailable = Setup::new(kind).variant(variant).start().unwrap_err();
            assert_eq!(unavailable.kind, kind);
            assert!(unavailable.reason.contains("variant"), "{unavailable}");
        }
    }
}
