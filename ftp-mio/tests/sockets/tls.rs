//! FTPS with real servers: explicit and implicit, with and without the demand that data connections
//! resume.

use std::net::SocketAddr;
use std::sync::Arc;

use ftp_mio::proto::operation::{Exchange, Login, OneTransfer, Retrieve, Secure, Store};
use ftp_mio::proto::tls::rustls::pki_types::CertificateDer;
use ftp_mio::proto::tls::rustls::pki_types::pem::PemObject;
use ftp_mio::proto::tls::rustls::{ClientConfig, RootCertStore};
use ftp_mio::proto::tls::{Fingerprint, Verifier};
use ftp_mio::proto::{Config, DataMode, TlsPolicy, Transfer};
use ftp_mio::{Error, Tls};
use ftp_testbed::servers::{
    AUTHORITY, Certificate, Family, Kind, PASSWORD, Setup, TlsVersions, USER, Variant,
};
use libtest_mimic::{Completion, Trial};

use crate::loops::{Alone, argument};
use crate::others::read_with;
use crate::reactors::Reactors;

const LARGE: u64 = 1_500_000;

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let mut trials = Vec::new();
    for kind in Kind::COMPLETE {
        for variant in [Variant::Tls, Variant::Implicit, Variant::RequireReuse] {
            if !kind.supports(variant) {
                continue;
            }
            for versions in [TlsVersions::Only12, TlsVersions::Only13] {
                let setup = Setup::new(kind)
                    .large(LARGE)
                    .variant(variant)
                    .tls_versions(versions);
                let name = format!("tls::{kind}::{variant:?}::{versions:?}");
                trials.push(trial(name, setup, move |address| {
                    for mode in [DataMode::Auto, DataMode::AnyActive] {
                        converse::<R>(address, mode, variant == Variant::Implicit);
                    }
                }));
            }
        }
    }
    for variant in [Variant::Tls, Variant::Implicit] {
        let setup = Setup::new(Kind::Vsftpd)
            .variant(variant)
            .certificate(Certificate::OtherHost);
        let name = format!("tls::certificate_of_another_host::{variant:?}");
        trials.push(trial(name, setup, move |address| {
            stranger::<R>(address, variant == Variant::Implicit);
        }));
    }
    for shown in [
        Certificate::Good,
        Certificate::Expired,
        Certificate::OtherHost,
    ] {
        for versions in [TlsVersions::Only12, TlsVersions::Only13] {
            let setup = Setup::new(Kind::Vsftpd)
                .large(LARGE)
                .variant(Variant::RequireReuse)
                .tls_versions(versions)
                .certificate(shown);
            let name = format!("tls::pinned::{shown:?}::{versions:?}");
            trials.push(trial(name, setup, move |address| {
                pinned::<R>(address, shown);
            }));
        }
    }
    trials
}

fn trial(name: String, setup: Setup, test: impl Fn(SocketAddr) + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || match setup.start() {
        Ok(server) => {
            test(server.address(Family::V4).unwrap());
            Ok(Completion::Completed)
        }
        Err(unavailable) => unavailable.verdict(),
    })
}

pub(crate) fn trust() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Accepts these certificates and no others.
pub(crate) fn pins(certificates: &[Certificate]) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let pins = certificates.iter().map(|certificate| {
        let der = CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap();
        Fingerprint::of(&der, &provider).unwrap()
    });
    let verifier = Verifier::pinned(&provider, pins).unwrap();
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth()
}

pub(crate) fn connect<R: Reactors>(
    address: SocketAddr,
    mode: DataMode,
    implicit: bool,
) -> Alone<R, Tls<R::Tcp>> {
    connect_with::<R>(trust(), address, mode, implicit)
}

pub(crate) fn connect_with<R: Reactors>(
    trust: ClientConfig,
    address: SocketAddr,
    mode: DataMode,
    implicit: bool,
) -> Alone<R, Tls<R::Tcp>> {
    let mut config = Config::default();
    config.tls = TlsPolicy::Full;
    config.data_mode = mode;
    let tls = Tls::over(R::tcp(), trust);
    let tls = if implicit { tls.implicit() } else { tls };
    Alone::over(tls, &[address], config)
}

fn converse<R: Reactors>(address: SocketAddr, mode: DataMode, implicit: bool) {
    talk(connect::<R>(address, mode, implicit));
}

/// Among several pins the right one is enough; without it, the certificate is refused.
fn pinned<R: Reactors>(address: SocketAddr, shown: Certificate) {
    let all = [
        Certificate::OtherHost,
        Certificate::Good,
        Certificate::Expired,
    ];
    talk(connect_with::<R>(
        pins(&all),
        address,
        DataMode::Auto,
        false,
    ));
    let others: Vec<_> = all.into_iter().filter(|other| *other != shown).collect();
    let mut refused = connect_with::<R>(pins(&others), address, DataMode::Auto, false);
    let error = refused.run(Secure::new()).unwrap_err();
    assert!(error.to_string().contains("not a pinned one"), "{error}");
    assert!(refused.client.is_over());
}

fn talk<R: Reactors>(mut alone: Alone<R, Tls<R::Tcp>>) {
    alone.run(Secure::new()).unwrap();
    let login = Login::new(argument(USER)).password(argument(PASSWORD));
    alone.run(login).unwrap();

    alone.run(Retrieve::new(argument("large.bin"))).unwrap();
    let mut large = vec![0; usize::try_from(LARGE).unwrap()];
    ftp_testbed::tree::fill(0, &mut large);
    assert!(alone.received == large);
    assert!(read_with(&mut alone, "large.bin") == large);

    // More uploads than there are tickets in the beginning.
    for number in 0..5_usize {
        alone.content = large[..100_000 * number + 1].to_vec();
        alone.sent = 0;
        alone.run(Store::new(argument("mio-copy.bin"))).unwrap();
        alone.received.clear();
        alone.run(Retrieve::new(argument("mio-copy.bin"))).unwrap();
        assert!(alone.received == alone.content);
    }
    for number in 5..10 {
        alone.sent = 0;
        let path = argument(&format!("mio-{number}.bin"));
        alone.run(Store::new(path.clone())).unwrap();
        alone.run(Exchange::delete(path)).unwrap();
    }
    alone.received.clear();
    alone.run(OneTransfer::new(Transfer::names(None))).unwrap();
    let names = String::from_utf8_lossy(&alone.received).into_owned();
    assert!(names.contains("mio-copy.bin\r\n"), "{names}");
    alone
        .run(Exchange::delete(argument("mio-copy.bin")))
        .unwrap();
    alone.run(Exchange::quit()).unwrap();
    alone.until(|client| client.is_over().then_some(()));
    alone.close();
}

/// Nothing but the handshake is said to whoever cannot show the right certificate.
fn stranger<R: Reactors>(address: SocketAddr, implicit: bool) {
    let mut alone = connect::<R>(address, DataMode::Auto, implicit);
    let secure = alone.run(Secure::new());
    match secure.unwrap_err() {
        Error::Connect(tried) if implicit => {
            let (_, error) = &tried[0];
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{error}");
        }
        error => assert!(error.to_string().contains("certificate"), "{error}"),
    }
    assert!(alone.client.is_over());
    alone.run(Exchange::noop()).unwrap_err();
}
