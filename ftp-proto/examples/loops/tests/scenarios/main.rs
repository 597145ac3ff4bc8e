//! Each driver plays the whole table of scenarios, and moves files with real servers under TLS
//! that demand resumption.

mod drivers;
mod subject;

use std::process::ExitCode;

use ftp_proto_loops::game::Game;
use ftp_testbed::scenarios;
use libtest_mimic::Trial;

#[cfg(target_os = "linux")]
use drivers::Uring;
use drivers::{Device, Driver};
use subject::Driven;

fn main() -> ExitCode {
    let mut all = Vec::new();
    all.extend(trials::<Game>("game"));
    all.extend(trials::<Device>("device"));
    #[cfg(target_os = "linux")]
    all.extend(trials::<Uring>("uring"));
    scenarios::run(all)
}

fn trials<D: Driver>(driver: &str) -> impl Iterator<Item = Trial> {
    let trials = scenarios::trials::<Driven<D>>();
    trials.into_iter().map(move |trial| trial.with_kind(driver))
}
