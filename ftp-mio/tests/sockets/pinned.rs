//! Pinned certificates, and data in clear behind PROT P, against a server in a thread.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use ftp_mio::Error;
use ftp_mio::proto::DataMode;
use ftp_mio::proto::operation::{Exchange, Retrieve, Secure};
use ftp_mio::proto::tls::rustls::pki_types::pem::PemObject;
use ftp_mio::proto::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ftp_mio::proto::tls::rustls::{ServerConfig, ServerConnection, StreamOwned};
use ftp_testbed::servers::Certificate;
use libtest_mimic::Trial;

use crate::loops::argument;
use crate::reactors::{LIMIT, Reactors};
use crate::tls::{connect_with, pins};

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let all: [(&str, fn()); 3] = [
        ("control_and_data", control_and_data::<R>),
        ("another_on_the_data_connection", another_on_data::<R>),
        ("clear_data_is_told_as_that", clear_data::<R>),
    ];
    let trial = |(name, test): (&str, fn())| {
        Trial::test(format!("pinned::{name}"), move || {
            test();
            Ok(())
        })
    };
    all.into_iter().map(trial).collect()
}

/// What the server's data connections are.
#[derive(Clone, Copy)]
enum Data {
    Showing(Certificate),
    Clear,
}

fn config(shown: Certificate) -> Arc<ServerConfig> {
    let chain = vec![CertificateDer::from_pem_slice(shown.pem().as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(shown.key().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
        .into()
}

/// Serves one client that logs in nowhere. The control connection shows an expired certificate.
fn serve(data: Data) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let mut control = accept(&listener);
        control.write_all(b"220 ready\r\n").unwrap();
        let mut line = [0; 10];
        control.read_exact(&mut line).unwrap();
        assert_eq!(&line, b"AUTH TLS\r\n");
        control.write_all(b"234 go\r\n").unwrap();
        let connection = ServerConnection::new(config(Certificate::Expired)).unwrap();
        let control = StreamOwned::new(connection, control);
        converse(BufReader::new(control), data);
    });
    (address, thread)
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

fn converse(mut control: BufReader<impl Read + Write>, data: Data) {
    let passive = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = passive.local_addr().unwrap().port();
    loop {
        let mut line = String::new();
        control.read_line(&mut line).unwrap();
        let verb = line.split_whitespace().next().unwrap_or_default();
        let reply = match verb {
            "EPSV" => format!("229 Entering (|||{port}|)\r\n"),
            "RETR" => {
                control.get_mut().write_all(b"150 go\r\n").unwrap();
                deliver(accept(&passive), data).to_owned()
            }
            "QUIT" => "221 bye\r\n".to_owned(),
            _ => "200 well\r\n".to_owned(),
        };
        control.get_mut().write_all(reply.as_bytes()).unwrap();
        control.get_mut().flush().unwrap();
        if verb == "QUIT" {
            return;
        }
    }
}

/// The final reply.
fn deliver(mut stream: TcpStream, data: Data) -> &'static str {
    let shown = match data {
        Data::Showing(shown) => shown,
        Data::Clear => {
            stream.write_all(b"payload in clear").unwrap();
            // The client gives it up.
            let _ = stream.read_to_end(&mut Vec::new());
            return "226 done\r\n";
        }
    };
    // It knows nothing of the sessions of the control connection: the certificate is shown again.
    let mut connection = ServerConnection::new(config(shown)).unwrap();
    while connection.is_handshaking() {
        if connection.complete_io(&mut stream).is_err() {
            return "425 no handshake\r\n";
        }
    }
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(b"payload").unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
    "226 done\r\n"
}

/// Secures, downloads once and quits; yields what came of the download.
fn download<R: Reactors>(data: Data) -> Result<Vec<u8>, Error> {
    let (address, server) = serve(data);
    let pins = pins(&[Certificate::OtherHost, Certificate::Expired]);
    let mut alone = connect_with::<R>(pins, address, DataMode::Auto, false);
    alone.run(Secure::new()).unwrap();
    let outcome = alone.run(Retrieve::new(argument("a")));
    alone.run(Exchange::quit()).unwrap();
    server.join().unwrap();
    let received = std::mem::take(&mut alone.received);
    alone.close();
    outcome.map(|_| received)
}

fn control_and_data<R: Reactors>() {
    for shown in [Certificate::Expired, Certificate::OtherHost] {
        assert_eq!(download::<R>(Data::Showing(shown)).unwrap(), b"payload");
    }
}

fn another_on_data<R: Reactors>() {
    let error = download::<R>(Data::Showing(Certificate::Good)).unwrap_err();
    assert!(error.to_string().contains("not a pinned one"), "{error}");
}

fn clear_data<R: Reactors>() {
    let error = download::<R>(Data::Clear).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("DataProtection::Clear"), "{text}");
    assert!(!text.contains("990"), "{text}");
}
