//! FTPS with the real servers, strict ones among them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cases;
mod common;

use ftp_testbed::servers::{Kind, Server, Setup, TlsVersions, Variant, required};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use common::Case;

const VERSIONS: [TlsVersions; 2] = [TlsVersions::Only12, TlsVersions::Only13];
const SECURED: [Variant; 3] = [Variant::Tls, Variant::Implicit, Variant::RequireReuse];
const KINDS: [Kind; 4] = [Kind::Vsftpd, Kind::Proftpd, Kind::PureFtpd, Kind::Pyftpdlib];
const GIGABYTE: u64 = 1 << 30;

fn main() {
    let trials = KINDS.into_iter().flat_map(of_server).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn of_server(kind: Kind) -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in cases_of(kind) {
        trials.push(trial("moves_files", case, cases::moves_files));
        // Once per server and version: where sessions have to be resumed, if it can demand that.
        let strictest = !kind.supports(Variant::RequireReuse) && case.variant == Variant::Tls;
        if case.is_strict() || strictest {
            trials.push(trial("stores_500_files", case, cases::stores_a_series));
            trials.push(trial(
                "retrieves_500_files",
                case,
                cases::retrieves_a_series,
            ));
        }
    }
    trials
}

fn cases_of(kind: Kind) -> Vec<Case> {
    let variants = SECURED.into_iter().filter(|v| kind.supports(*v));
    let case = |variant, versions| Case {
        kind,
        variant,
        versions,
    };
    variants
        .flat_map(|variant| VERSIONS.map(|versions| case(variant, versions)))
        .collect()
}

fn trial(what: &str, case: Case, check: fn(&Case, &Server)) -> Trial {
    sized_trial(what, case, case.setup(), check)
}

fn sized_trial(what: &str, case: Case, setup: Setup, check: fn(&Case, &Server)) -> Trial {
    let name = format!(
        "{}::{:?}::{:?}::{what}",
        case.kind, case.variant, case.versions
    );
    Trial::ignorable_test(name, move || match setup.start() {
        Ok(server) => {
            check(&case, &server);
            Ok(Completion::Completed)
        }
        Err(unavailable) if required() => Err(Failed::from(unavailable)),
        Err(unavailable) => Ok(Completion::ignored_with(unavailable)),
    })
}
