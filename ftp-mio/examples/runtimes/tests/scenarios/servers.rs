//! Files with real servers under TLS 1.3, which refuse a data connection that resumes nothing.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ftp_mio::proto::operation::{Exchange, Login, Retrieve, Secure, Store};
use ftp_mio::proto::tls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use ftp_mio::proto::{Argument, DataMode, Timeouts};
use ftp_mio::{Builder, Tcp, Tls};
use ftp_mio_runtimes::payload::{Sink, Source};
use ftp_mio_runtimes::{Driver, InFrames, OnSmol, OnTokio, calloop, polling};
use ftp_testbed::servers::{
    AUTHORITY, Family, Kind, PASSWORD, Server, Setup, TlsVersions, USER, Variant,
};
use libtest_mimic::{Completion, Trial};
use rustls::pki_types::{CertificateDer, pem::PemObject};

type Secured = Tls<Tcp>;

pub(crate) fn trials() -> Vec<Trial> {
    let mut all = Vec::new();
    for kind in [Kind::Proftpd, Kind::Vsftpd] {
        for mode in [DataMode::Auto, DataMode::AnyActive] {
            all.push(trial("tokio", kind, mode, visit::<OnTokio<Secured>>));
            all.push(trial("smol", kind, mode, visit::<OnSmol<Secured>>));
            all.push(trial("calloop", kind, mode, visit::<calloop::Ftp<Secured>>));
            all.push(trial("polling", kind, mode, visit::<polling::Ftp<Secured>>));
            all.push(trial("frames", kind, mode, visit::<InFrames<Secured>>));
        }
    }
    all
}

fn trial(runtime: &str, kind: Kind, mode: DataMode, check: fn(&Server, Kind, DataMode)) -> Trial {
    let setup = Setup::new(kind).variant(Variant::RequireReuse).tls_versions(TlsVersions::Only13);
    let test = move || match setup.start() {
        Ok(server) => {
            check(&server, kind, mode);
            Ok(Completion::Completed)
        }
        Err(unavailable) => unavailable.verdict(),
    };
    Trial::ignorable_test(format!("{kind}::{mode:?}"), test).with_kind(runtime)
}

/// Uploads and downloads, each in two parts, and between them a download that is dropped where the server bears it.
fn visit<D: Driver<Secured>>(server: &Server, kind: Kind, mode: DataMode) {
    let builder = Builder::new(tls()).host("localhost").data_mode(mode);
    let builder = builder.timeouts(Timeouts::all(Duration::from_secs(60)));
    let address = server.address(Family::V4).unwrap();
    let mut driver = D::over(builder.connect_to([address], Instant::now())).unwrap();
    driver.run(Secure::new(), &mut |_| Ok(())).unwrap();
    let login = Login::new(argument(USER)).password(argument(PASSWORD));
    driver.run(login, &mut |_| Ok(())).unwrap();

    let content: Vec<u8> = (0..700_000_u32).map(|at| (at % 251) as u8).collect();
    let half = content.len() / 2;
    for number in 0..5 {
        let path = format!("up/runtimes-{number}.bin");
        let (first, rest) = content.split_at(half);
        let store = Store::new(argument(&path));
        let mut bytes = first;
        let mut source = Source::new(&mut bytes);
        driver.run(store, &mut |client| source.send(client)).unwrap();

        let resumed = Store::new(argument(&path)).resume_at(half as u64);
        let mut bytes = rest;
        let mut source = Source::new(&mut bytes);
        driver.run(resumed, &mut |client| source.send(client)).unwrap();
        assert!(fs::read(server.tree().root().join(&path)).unwrap() == content);

        // Whoever drops a run may go on with the session. Not so with vsftpd, which ends a session
        // when a data connection is reset in the midst of its handshake.
        if kind != Kind::Vsftpd {
            let mut ignored = Vec::new();
            let mut sink = Sink::new(&mut ignored);
            let retrieve = Retrieve::new(argument(&path));
            driver.run_for(retrieve, &mut |client| sink.receive(client), number).unwrap();
        }

        let mut received = content[..half].to_vec();
        let mut sink = Sink::new(&mut received);
        let resumed = Retrieve::new(argument(&path)).resume_at(half as u64);
        driver.run(resumed, &mut |client| sink.receive(client)).unwrap();
        sink.finish().unwrap();
        assert!(received == content);
        driver.run(Exchange::delete(argument(&path)), &mut |_| Ok(())).unwrap();
    }
    driver.run(Exchange::quit(), &mut |_| Ok(())).unwrap();
}

fn argument(text: &str) -> Argument {
    Argument::new(text).unwrap()
}

fn tls() -> Secured {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Tls::over(Tcp::new(), config)
}
