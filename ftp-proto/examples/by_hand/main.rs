//! Keeps every promise of `manual/driving.md` but one: it has no implicit TLS.
//!
//! A driver on std's sockets, which logs in, and retrieves or stores a file. Beyond the promises: it
//! looks at its sockets every millisecond, because std cannot wait for several, and dials in threads.
//!
//! `cargo run -p ftp-proto --features rustls --example by_hand -- 127.0.0.1:21 get pub/README > README`
//!
//! With `put`, standard input is stored. With TLS, the host's name and a file of trusted
//! certificates follow: `... get pub/README ftp.example.org roots.pem`.
//!
//! It looks at its sockets in turn, which is simple and not thrifty; `ftp-blocking` shows how to
//! wait. socket2 is there for two things that std cannot do: to reset a connection, and to listen
//! with a backlog of one.
//!
//! `testbed/tests/by_the_manual` runs this driver over the whole table of scenarios, and against
//! servers that demand the resumption of TLS sessions.

mod data;
mod driver;
mod stream;

use std::error::Error;
use std::io;
use std::net::ToSocketAddrs;
use std::sync::Arc;

use ftp_proto::operation::{Exchange, Greet, Login, Retrieve, Secure, Store};
use ftp_proto::tls::{Context, rustls};
use ftp_proto::{Argument, Config, TlsPolicy};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use driver::{Driver, Payload};

const USAGE: &str = "usage: by_hand ADDRESS:PORT get|put FILE [HOST ROOTS]";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (address, verb, file, tls) = match arguments.as_slice() {
        [address, verb, file] => (address, verb, file, None),
        [address, verb, file, host, roots] => (address, verb, file, Some(context(host, roots)?)),
        _ => return Err(USAGE.into()),
    };
    let address = address.to_socket_addrs()?.next().ok_or("no address")?;
    let mut config = Config::default();
    let secured = tls.is_some();
    if secured {
        config.tls = TlsPolicy::Full;
    }
    let mut driver = Driver::connect(address, tls, config)?;
    driver.run(Greet, &mut Payload::None)?;
    if secured {
        driver.run(Secure::new(), &mut Payload::None)?;
    }
    driver.run(Login::anonymous(), &mut Payload::None)?;
    let file = Argument::new(file.as_str())?;
    let completed = match verb.as_str() {
        "get" => driver.run(
            Retrieve::new(file),
            &mut Payload::Sink(&mut io::stdout().lock()),
        )?,
        "put" => driver.run(
            Store::new(file),
            &mut Payload::Source(&mut io::stdin().lock()),
        )?,
        _ => return Err(USAGE.into()),
    };
    eprintln!("{} bytes", completed.bytes);
    driver.run(Exchange::quit(), &mut Payload::None)?;
    while let Some(event) = driver.session.poll_event() {
        eprintln!("{event:?}");
    }
    Ok(())
}

/// TLS with the host, which one of these certificates vouches for.
fn context(host: &str, roots: &str) -> Result<Context, Box<dyn Error>> {
    let mut store = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(roots)? {
        store.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Context::for_host(&config, host)?)
}
