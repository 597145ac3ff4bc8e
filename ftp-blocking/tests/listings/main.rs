//! The directory of odd names, read from every real server in every way that it has, and its names
//! sent back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod directories;
mod facts;
mod names;
mod reading;
mod ways;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use ftp_blocking::Client;
use ftp_proto::{Config, Telnet};
use ftp_testbed::servers::{Family, Kind, PASSWORD, Server, Setup, USER, Unavailable};
use libtest_mimic::{Arguments, Completion, Trial};

use ways::Way;

type Check = fn(&Server);
type Berth = OnceLock<Result<Server, Unavailable>>;

fn main() -> ExitCode {
    let fleet = Kind::COMPLETE.map(|kind| (kind, Arc::new(Berth::new())));
    let trials = fleet
        .iter()
        .flat_map(|(kind, berth)| of_server(*kind, berth))
        .collect();
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    // Ends the servers: leaving the process otherwise would not.
    drop(fleet);
    conclusion.exit_code()
}

fn of_server(kind: Kind, berth: &Arc<Berth>) -> Vec<Trial> {
    let mut trials: Vec<_> = Way::ALL
        .into_iter()
        .map(|way| {
            trial(kind, berth, way.name(), move |server| {
                reading::check(server, way)
            })
        })
        .collect();
    let others: [(&str, Check); 6] = [
        ("names_of_the_ladder_go_back", names::of_the_ladder_go_back),
        ("names_of_nlst_go_back", names::of_nlst_go_back),
        ("0xff_doubled_is_another_name", names::doubled_0xff),
        ("a_newline_is_refused", names::newline_is_refused),
        ("lists_any_directory", directories::lists_any),
        ("tells_what_is_missing", directories::tells_what_is_missing),
    ];
    for (name, check) in others {
        trials.push(trial(kind, berth, name, check));
    }
    trials
}

fn trial(
    kind: Kind,
    berth: &Arc<Berth>,
    name: &str,
    check: impl FnOnce(&Server) + Send + 'static,
) -> Trial {
    let berth = Arc::clone(berth);
    Trial::ignorable_test(format!("{kind}::{name}"), move || {
        match berth.get_or_init(|| Setup::new(kind).start()) {
            Ok(server) => check(server),
            Err(unavailable) => return unavailable.verdict(),
        }
        Ok(Completion::Completed)
    })
}

/// A session that has logged in, with 0xFF as this server takes it.
fn log_in(server: &Server) -> Client {
    let mut config = Config::default();
    config.telnet = match server.kind() {
        Kind::Vsftpd | Kind::PureFtpd => Telnet::Literal,
        _ => Telnet::Doubled,
    };
    log_in_with(server, config)
}

fn log_in_with(server: &Server, config: Config) -> Client {
    let address = server.address(Family::V4).unwrap();
    let mut client = Client::builder()
        .config(config)
        .connect_to(&[address])
        .unwrap();
    client.login(USER, PASSWORD).unwrap();
    client
}
