//! Mirrors on one thread against real servers: odd names, broken off three times each way, and
//! equal byte for byte in the end; servers in other zones; and how long a mirror takes over a long
//! way. `FTP_TESTBED_RUN=full` takes 2,000 files, else some dozens, and measures.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mirrors;

use std::net::SocketAddr;
use std::process::ExitCode;

use ftp_mio::proto::Argument;
use ftp_mio::proto::driver::MirrorSetup;
use ftp_mio::proto::operation::Login;
use ftp_mio::{Mirrored, Result};
use ftp_testbed::mirrors::{Mirrors, both_ways, speed, trials, zones};
use ftp_testbed::servers::{Kind, PASSWORD, Setup, USER, in_full};
use libtest_mimic::{Arguments, Trial};

/// Sessions on one thread.
struct OneThread;

impl Mirrors for OneThread {
    fn mirror(server: SocketAddr, setup: MirrorSetup<'static>) -> Result<Mirrored> {
        mirrors::mirror(server, login(), setup)
    }
}

fn login() -> Login {
    let argument = |text| Argument::new(text).unwrap();
    Login::new(argument(USER)).password(argument(PASSWORD))
}

#[cfg(feature = "rustls")]
mod over_tls {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use ftp_mio::proto::driver::MirrorSetup;
    use ftp_mio::proto::tls::rustls::pki_types::CertificateDer;
    use ftp_mio::proto::tls::rustls::pki_types::pem::PemObject;
    use ftp_mio::proto::tls::rustls::{ClientConfig, RootCertStore};
    use ftp_mio::{Builder, Mirror, Mirrored, Result, Tcp, Tls};
    use ftp_testbed::mirrors::{Mirrors, both_ways, trials};
    use ftp_testbed::servers::{AUTHORITY, Kind, Setup, Variant};
    use libtest_mimic::Trial;

    use super::{login, mirrors};

    /// Sessions on one thread, under TLS.
    struct OneThread;

    impl Mirrors for OneThread {
        fn mirror(server: SocketAddr, setup: MirrorSetup<'static>) -> Result<Mirrored> {
            let builder = Builder::new(Tls::over(Tcp::new(), trust()));
            mirrors::drive(Mirror::new(builder.connector_to([server], login()), setup)?)
        }
    }

    fn trust() -> ClientConfig {
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

    /// Each server demands that data connections resume a TLS session.
    pub(super) fn all() -> Vec<Trial> {
        let setup = |kind| Setup::new(kind).variant(Variant::RequireReuse);
        let kinds = [Kind::Vsftpd, Kind::Proftpd];
        trials("both_ways_under_tls", &kinds, setup, both_ways::<OneThread>)
    }
}

const EAST: &str = "IST-5:30";
const WEST: &str = "EST5EDT,M3.2.0,M11.1.0";

fn main() -> ExitCode {
    let zone = |zone: &'static str| move |kind| Setup::new(kind).zone(zone);
    let zoned = [Kind::Vsftpd, Kind::Inetutils, Kind::PureFtpd];
    let quick = [
        trials(
            "both_ways",
            &Kind::COMPLETE,
            Setup::new,
            both_ways::<OneThread>,
        ),
        trials("east", &zoned, zone(EAST), zones::<OneThread>),
        trials("west", &zoned, zone(WEST), zones::<OneThread>),
    ];
    let near = [Kind::Vsftpd, Kind::Proftpd, Kind::Pyftpdlib];
    let elsewhere = [Kind::Vsftpd, Kind::Inetutils];
    let long = [
        trials("over_a_long_way", &near, Setup::new, speed::<OneThread>),
        trials("far_east", &elsewhere, zone(EAST), speed::<OneThread>),
        trials("far_west", &elsewhere, zone(WEST), speed::<OneThread>),
    ];
    let skipped = |trial: Trial| trial.with_ignored_flag(!in_full());
    let long = long.into_iter().flatten().map(skipped);
    let trials = quick.into_iter().flatten().chain(long);
    #[cfg(feature = "rustls")]
    let trials = trials.chain(over_tls::all());
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
