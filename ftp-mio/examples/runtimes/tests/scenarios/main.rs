//! Each driver plays the whole table of scenarios, and moves files with real servers under TLS
//! that demand resumption.

mod servers;
mod subject;

use std::process::ExitCode;

use ftp_mio::Tcp;
use ftp_mio_runtimes::{Driver, InFrames, OnSmol, OnTokio, calloop, polling};
use ftp_testbed::scenarios;
use libtest_mimic::Trial;

use subject::Driven;

fn main() -> ExitCode {
    let mut all = Vec::new();
    all.extend(trials::<OnTokio<Tcp>>("tokio"));
    all.extend(trials::<OnSmol<Tcp>>("smol"));
    all.extend(trials::<calloop::Ftp<Tcp>>("calloop"));
    all.extend(trials::<polling::Ftp<Tcp>>("polling"));
    all.extend(trials::<InFrames<Tcp>>("frames"));
    all.extend(servers::trials());
    scenarios::run(all)
}

fn trials<D: Driver<Tcp> + 'static>(runtime: &str) -> impl Iterator<Item = Trial> {
    let trials = scenarios::trials::<Driven<D>>();
    trials.into_iter().map(move |trial| trial.with_kind(runtime))
}
