//! A driver that keeps every promise of `manual/driving.md` on std's sockets: logs in and retrieves a file.
//!
//! `cargo run -p ftp-proto --features rustls --example by_hand -- 127.0.0.1:21 pub/README`
//!
//! With TLS, the host's name and a file of trusted certificates follow: `... ftp.example.org roots.pem`
//!
//! It looks at its sockets in turn, which is simple and not thrifty; `ftp-blocking` shows how to wait. socket2 is there
//! for two things that std cannot do: to reset a connection, and to listen with a backlog of one.
//!
//! The tests of `ftp-testbed` run this driver over the whole table of scenarios, and against servers that demand the
//! resumption of TLS sessions (`testbed/tests/by_the_manual`).

mod data;
mod driver;
mod stream;

use std::error::Error;
use std::io;
use std::net::ToSocketAddrs;
use std::sync::Arc;

use ftp_proto::operation::{Exchange, Greet, Login, Retrieve, Secure};
use ftp_proto::tls::{Context, rustls};
use ftp_proto::{Argument, Config, TlsPolicy};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use driver::{Driver, Payload};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (address, file, tls) = match arguments.as_slice() {
        [address, file] => (address, file, None),
        [address, file, host, roots] => (address, file, Some(context(host, roots)?)),
        _ => return Err("usage: by_hand ADDRESS:PORT FILE [HOST ROOTS]".into()),
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
    let retrieve = Retrieve::new(Argument::new(file.as_str())?);
    let completed = driver.run(retrieve, &mut Payload::Sink(&mut io::stdout()))?;
    eprintln!("{} bytes", completed.bytes);
    driver.run(Exchange::quit(), &mut Payload::None)?;
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
