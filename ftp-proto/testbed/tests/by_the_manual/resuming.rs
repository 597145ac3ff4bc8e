//! TLS 1.3 with servers that refuse a data connection which resumes nothing, and have emptied the
//! file of an upload by then.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::operation::{Exchange, Greet, Login, Retrieve, Secure, Store};
use ftp_proto::tls::{Context, rustls};
use ftp_proto::{After, Argument, Config, Timeouts, TlsPolicy};
use ftp_testbed::servers::{
    AUTHORITY, Family, Kind, PASSWORD, Server, Setup, TlsVersions, USER, Variant,
};
use ftp_testbed::tree::HELLO;
use libtest_mimic::{Completion, Trial};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::driver::{Driver, Error, Payload};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(Kind::Proftpd, "stores_500_files", |server| {
            stores_each(&mut open(server, Config::default()), server, 500);
        }),
        trial(Kind::Vsftpd, "stores_500_files", |server| {
            stores_each(&mut open(server, Config::default()), server, 500);
        }),
        trial(Kind::Proftpd, "stores_behind_missing_files", behind_missing),
        trial(Kind::Vsftpd, "stores_behind_missing_files", behind_missing),
        trial(Kind::PureFtpd, "goes_on_in_clear_after_ccc", clears_control),
    ]
}

fn trial(kind: Kind, what: &str, check: fn(&Server)) -> Trial {
    let variant = match kind {
        Kind::PureFtpd => Variant::Tls, // it demands no resumption
        _ => Variant::RequireReuse,
    };
    let setup = Setup::new(kind)
        .variant(variant)
        .tls_versions(TlsVersions::Only13);
    let name = format!("{kind}::{variant:?}::Only13::{what}");
    Trial::ignorable_test(name, move || match setup.start() {
        Ok(server) => {
            check(&server);
            Ok(Completion::Completed)
        }
        Err(unavailable) => unavailable.verdict(),
    })
}

/// 20 missing files and 20 uploads behind them, whether or not handshakes begin before the server
/// has answered.
fn behind_missing(server: &Server) {
    for early_tls in [false, true] {
        let mut config = Config::default();
        config.early_tls = early_tls;
        let mut driver = open(server, config);
        for _ in 0..20 {
            let missing = Retrieve::new(Argument::new("missing").unwrap());
            let error = driver.run(missing, &mut Payload::None).unwrap_err();
            let Error::Session(error) = error else {
                panic!("{error}");
            };
            assert_eq!(error.after(), After::Usable, "{error}");
            assert_eq!(error.reply().unwrap().code().get(), 550);
        }
        stores_each(&mut driver, server, 20);
    }
}

fn clears_control(server: &Server) {
    let mut config = Config::default();
    config.clear_control = true;
    let mut driver = open(server, config);
    driver
        .run(Exchange::clear_control(), &mut Payload::None)
        .unwrap();
    assert!(!driver.session.is_secured());
    stores_each(&mut driver, server, 3);
}

/// Stores so many files, none of which is empty in the end; then the session still lives.
fn stores_each(driver: &mut Driver, server: &Server, count: u64) {
    let path = |number| format!("up/series-{number}.bin");
    for number in 0..count {
        let store = Store::new(Argument::new(path(number)).unwrap());
        let bytes = number.to_le_bytes();
        let completed = driver.run(store, &mut Payload::Source(&mut &bytes[..]));
        assert!(completed.unwrap().reply.unwrap().is_positive());
    }
    for number in 0..count {
        let stored = server.tree().root().join(path(number));
        assert_eq!(fs::read(&stored).unwrap(), number.to_le_bytes());
        fs::remove_file(stored).unwrap();
    }
    let (retrieve, mut hello) = (
        Retrieve::new(Argument::new("hello.txt").unwrap()),
        Vec::new(),
    );
    driver
        .run(retrieve, &mut Payload::Sink(&mut hello))
        .unwrap();
    assert_eq!(hello, HELLO);
    driver.run(Exchange::quit(), &mut Payload::None).unwrap();
    assert_eq!(driver.session.ignored_reports(), 0);
}

fn open(server: &Server, mut config: Config) -> Driver {
    // A disk that is busy with somebody else's files may stall a server for long.
    config.timeouts = Timeouts::all(Duration::from_secs(120));
    config.tls = TlsPolicy::Full;
    let address = server.address(Family::V4).unwrap();
    let mut driver = Driver::connect(address, Some(context()), config).unwrap();
    driver.run(Greet, &mut Payload::None).unwrap();
    driver.run(Secure::new(), &mut Payload::None).unwrap();
    let login = Login::new(Argument::new(USER).unwrap());
    let login = login.password(Argument::new(PASSWORD).unwrap());
    driver.run(login, &mut Payload::None).unwrap();
    driver
}

fn context() -> Context {
    let mut roots = rustls::RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Context::for_host(&config, "localhost").unwrap()
}
