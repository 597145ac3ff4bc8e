//! Files with real servers under TLS 1.3, which refuse a data connection that resumes nothing.

use std::fs;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::operation::{Exchange, Greet, Login, Retrieve, Secure, Store};
use ftp_proto::tls::Context;
use ftp_proto::tls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use ftp_proto::{After, Argument, Config, DataMode, Operation, Timeouts, TlsPolicy};
use ftp_testbed::servers::{
    AUTHORITY, Family, Kind, PASSWORD, Server, Setup, TlsVersions, USER, Variant,
};
use ftp_testbed::tree::HELLO;
use libtest_mimic::{Completion, Trial};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::drivers::Driver;
use crate::payload::Payload;

pub(crate) fn trials<D: Driver>(driver: &'static str) -> Vec<Trial> {
    let mut all = Vec::new();
    for kind in [Kind::Proftpd, Kind::Vsftpd] {
        let strict = Variant::RequireReuse;
        for mode in [DataMode::Auto, DataMode::AnyActive] {
            let visit = move |server: &Server| visit::<D>(server, kind, mode);
            all.push(trial(format!("{kind}::{mode:?}"), kind, strict, visit));
        }
        let name = format!("{kind}::behind_missing_files");
        all.push(trial(name, kind, strict, behind_missing::<D>));
    }
    let name = "pure-ftpd::goes_on_in_clear".to_owned();
    all.push(trial(name, Kind::PureFtpd, Variant::Tls, clears_control::<D>));
    all.into_iter().map(|trial| trial.with_kind(driver)).collect()
}

fn trial(
    name: String,
    kind: Kind,
    variant: Variant,
    check: impl FnOnce(&Server) + Send + 'static,
) -> Trial {
    let setup = Setup::new(kind).variant(variant).tls_versions(TlsVersions::Only13);
    Trial::ignorable_test(name, move || match setup.start() {
        Ok(server) => {
            check(&server);
            Ok(Completion::Completed)
        }
        Err(unavailable) => unavailable.verdict(),
    })
}

/// Uploads and downloads, each in two parts, and between them a download that is dropped where the
/// server bears it.
fn visit<D: Driver>(server: &Server, kind: Kind, mode: DataMode) {
    let mut driver = login::<D>(server, |config| config.data_mode = mode);
    let content: Vec<u8> = (0..700_000_u32).map(|at| (at % 251) as u8).collect();
    let half = content.len() / 2;
    let offset = half as u64;
    for number in 0..5 {
        let path = format!("up/loops-{number}.bin");
        let (mut first, mut rest) = content.split_at(half);
        let store = || Store::new(argument(&path));
        run(&mut driver, store(), Payload::source(&mut first));
        run(&mut driver, store().resume_at(offset), Payload::source(&mut rest));
        assert!(fs::read(server.tree().root().join(&path)).unwrap() == content);

        // Whoever drops an operation may go on with the session. Not so with vsftpd, which ends a
        // session when a data connection is reset in the midst of its handshake.
        let retrieve = || Retrieve::new(argument(&path));
        if kind != Kind::Vsftpd {
            let mut ignored = Vec::new();
            let payload = Payload { waits: number, ..Payload::sink(&mut ignored) };
            let dropped = driver.run(retrieve(), payload);
            assert!(dropped.is_err() || number > 0);
        }

        let mut received = content[..half].to_vec();
        run(&mut driver, retrieve().resume_at(offset), Payload::sink(&mut received));
        assert!(received == content);
        run(&mut driver, Exchange::delete(argument(&path)), Payload::NONE);
    }
    run(&mut driver, Exchange::quit(), Payload::NONE);
    assert_eq!(driver.session().ignored_reports(), 0);
}

/// A missing file may cost the ticket that the upload behind it needs: handshakes begin before the
/// server has answered.
fn behind_missing<D: Driver>(server: &Server) {
    let mut driver = login::<D>(server, |config| config.early_tls = true);
    for number in 0..10 {
        let missing = driver.run(Retrieve::new(argument("missing")), Payload::NONE).unwrap();
        assert_eq!(missing.unwrap_err().after(), After::Usable);
        let path = format!("up/behind-{number}.bin");
        run(&mut driver, Store::new(argument(&path)), Payload::source(&mut &HELLO[..]));
        assert_eq!(fs::read(server.tree().root().join(path)).unwrap(), HELLO);
    }
    run(&mut driver, Exchange::quit(), Payload::NONE);
}

fn clears_control<D: Driver>(server: &Server) {
    let mut driver = login::<D>(server, |config| config.clear_control = true);
    run(&mut driver, Exchange::clear_control(), Payload::NONE);
    assert!(!driver.session().is_secured());
    let mut received = Vec::new();
    run(&mut driver, Retrieve::new(argument("hello.txt")), Payload::sink(&mut received));
    assert_eq!(received, HELLO);
    run(&mut driver, Exchange::quit(), Payload::NONE);
}

fn login<D: Driver>(server: &Server, configure: impl Fn(&mut Config)) -> D {
    let mut config = Config::default();
    // A disk that is busy with somebody else's files may stall a server for long.
    config.timeouts = Timeouts::all(Duration::from_secs(60));
    config.timeouts.fence = Duration::from_secs(60);
    config.tls = TlsPolicy::Full;
    configure(&mut config);
    let control = TcpStream::connect(server.address(Family::V4).unwrap()).unwrap();
    let mut driver = D::open(control, Some(context()), config).unwrap();
    run(&mut driver, Greet, Payload::NONE);
    run(&mut driver, Secure::new(), Payload::NONE);
    let login = Login::new(argument(USER)).password(argument(PASSWORD));
    run(&mut driver, login, Payload::NONE);
    driver
}

fn run<O: Operation>(driver: &mut impl Driver, operation: O, payload: Payload<'_>) -> O::Output {
    driver.run(operation, payload).unwrap().unwrap()
}

fn argument(text: &str) -> Argument {
    Argument::new(text).unwrap()
}

fn context() -> Context {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Context::for_host(&config, "localhost").unwrap()
}
