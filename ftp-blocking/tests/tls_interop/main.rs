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

use std::sync::atomic::Ordering;

use ftp_testbed::servers::{self, Kind, Server, Setup, TlsVersions, Variant};
use libtest_mimic::{Arguments, Completion, Trial};

use common::Case;

const VERSIONS: [TlsVersions; 2] = [TlsVersions::Only12, TlsVersions::Only13];
const SECURED: [Variant; 3] = [Variant::Tls, Variant::Implicit, Variant::RequireReuse];
const KINDS: [Kind; 7] = [
    Kind::Vsftpd,
    Kind::Proftpd,
    Kind::PureFtpd,
    Kind::Pyftpdlib,
    Kind::Aioftp,
    Kind::FtpSrv,
    Kind::Libunftp,
];
const GIGABYTE: u64 = 1 << 30;

fn main() {
    let trials = KINDS.into_iter().flat_map(of_server).collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    let lost = common::LOST_RACES.load(Ordering::Relaxed);
    println!("libunftp: {lost} connections were made anew, for it lost a handshake behind its 234");
    conclusion.exit();
}

fn of_server(kind: Kind) -> Vec<Trial> {
    let mut trials = Vec::new();
    for case in cases_of(kind) {
        trials.push(trial("moves_files", case, cases::moves_files));
        if is_at_length(case) {
            trials.extend(at_length_trials(case));
        }
        if case.is_strict() {
            trials.push(trial(
                "eight_sessions_at_once",
                case,
                cases::sessions_at_once,
            ));
        }
        let is_usual = case.variant == Variant::Tls || !kind.supports(Variant::Tls);
        if is_usual && case.versions == TlsVersions::Only13 {
            if kind != Kind::Aioftp {
                trials.push(trial(
                    "active_data_connections",
                    case,
                    cases::moves_in_active_mode,
                ));
            }
            trials.push(trial(
                "a_download_is_aborted",
                case,
                cases::aborts_a_download,
            ));
        }
    }
    trials.extend(of_one_server(kind));
    trials
}

/// The strictest variant of each server, and implicit TLS. Libraries that few run as servers have
/// it in the full run.
fn is_at_length(case: Case) -> bool {
    let common = case.kind == Kind::Pyftpdlib || !case.kind.is_library();
    let strict = case.is_strictest() || case.variant == Variant::Implicit;
    strict && (common || servers::in_full())
}

fn at_length_trials(case: Case) -> [Trial; 3] {
    let large = case.setup().large(GIGABYTE);
    [
        trial("stores_500_files", case, cases::stores_a_series),
        trial("retrieves_500_files", case, cases::retrieves_a_series),
        sized_trial("moves_a_gigabyte", case, large, cases::moves_large),
    ]
}

/// What only some of the servers can show.
fn of_one_server(kind: Kind) -> Vec<Trial> {
    let case = |variant| Case {
        kind,
        variant,
        versions: TlsVersions::Only13,
    };
    let clear = "goes_on_in_clear_after_ccc";
    let missing = "stores_20_files_behind_20_missing_ones";
    let bare = "stores_by_bare_operations";
    let strict = case(Variant::RequireReuse);
    match kind {
        Kind::Vsftpd => vec![trial(missing, strict, cases::stores_behind_missing_files)],
        Kind::Proftpd => vec![
            trial(missing, strict, cases::stores_behind_missing_files),
            trial(bare, strict, cases::stores_by_bare_operations),
        ],
        Kind::PureFtpd => vec![trial(clear, case(Variant::Tls), cases::clears_control)],
        _ => Vec::new(),
    }
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
        Err(unavailable) => unavailable.verdict(),
    })
}
