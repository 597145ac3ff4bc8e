//! Both drivers fetch files, in a process of their own.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use ftp_mio::mio as glue;
use ftp_mio::proto::Argument;
use ftp_mio::proto::operation::{Exchange, Login, Retrieve, Secure};
use ftp_mio::{Handle, Progress};
use ftp_testbed::servers::AUTHORITY;
use mio::event::Source;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Driver {
    Blocking,
    Mio,
}

/// Fetches files, in clear or under explicit TLS.
pub(crate) fn fetch(driver: Driver, tls: bool, address: SocketAddr, files: u64) -> Outcome {
    match (driver, tls) {
        (Driver::Blocking, false) => {
            let client = ftp_blocking::Client::builder().connect_to(&[address])?;
            fetch_blocking(client, files)
        }
        (Driver::Blocking, true) => {
            let tls = ftp_blocking::Tls::from_config(config()?);
            let mut client = ftp_blocking::Client::builder()
                .tls(tls)
                .connect_to(&[address])?;
            client.secure()?;
            fetch_blocking(client, files)
        }
        (Driver::Mio, false) => {
            let client = ftp_mio::Client::connect_to([address], Instant::now());
            Loop::new(client)?.fetch(files)
        }
        (Driver::Mio, true) => {
            let tls = ftp_mio::Tls::over(ftp_mio::Tcp::new(), config()?);
            let client = ftp_mio::Client::builder()
                .tls(tls)
                .connect_to([address], Instant::now());
            let mut client = Loop::new(client)?;
            let secure = client.client.start(Secure::new());
            client.finish(secure)?;
            client.fetch(files)
        }
    }
}

fn config() -> Outcome<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes())?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn fetch_blocking<T: ftp_blocking::Transport>(
    mut client: ftp_blocking::Client<T>,
    files: u64,
) -> Outcome {
    client.login_anonymous()?;
    for _ in 0..files {
        client.retrieve_to("file", &mut io::sink())?;
    }
    client.quit()?;
    Ok(())
}

/// One session of `ftp-mio` in a loop.
struct Loop<T: ftp_mio::Transport> {
    client: ftp_mio::Client<T>,
    poll: mio::Poll,
    events: mio::Events,
}

impl<T: ftp_mio::Transport<Source: Source>> Loop<T> {
    fn new(client: ftp_mio::Client<T>) -> Outcome<Self> {
        Ok(Self {
            client,
            poll: mio::Poll::new()?,
            events: mio::Events::with_capacity(8),
        })
    }

    fn fetch(mut self, files: u64) -> Outcome {
        let login = self.client.start(Login::anonymous());
        self.finish(login)?;
        for _ in 0..files {
            let file = self.client.start(Retrieve::new(Argument::new("file")?));
            self.finish(file)?;
        }
        let quit = self.client.start(Exchange::quit());
        self.finish(quit)?;
        Ok(())
    }

    fn finish<O: 'static>(&mut self, handle: Handle<O>) -> Outcome<O> {
        loop {
            let registrar = &mut glue::Registrar::new(self.poll.registry(), 0);
            self.client.turn(Instant::now(), registrar);
            if let Some(mut data) = self.client.data_mut() {
                while let Progress::Bytes(_) = data.read(&mut [0; 4096]) {}
            }
            if let Poll::Ready(outcome) = self.client.poll(handle) {
                return Ok(outcome?);
            }
            if self.client.needs_turn() {
                continue;
            }
            let timeout = self.client.timeout(Instant::now());
            self.poll.poll(&mut self.events, timeout)?;
            for event in &self.events {
                let (_, slot) = glue::slot(event.token());
                self.client.ready(slot, glue::ready(event));
            }
            self.events.clear();
        }
    }
}
