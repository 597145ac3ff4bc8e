//! Each driver plays the whole table of scenarios, and moves files with real servers under TLS
//! that demand resumption.

mod drivers;
mod payload;
#[cfg(target_os = "linux")]
mod servers;
mod subject;

use std::process::ExitCode;

use ftp_proto::tls::Secured;
use ftp_proto_loops::device::Device;
use ftp_proto_loops::game::{Game, Sockets};
use ftp_testbed::scenarios;
use libtest_mimic::Trial;

use drivers::Driver;
use subject::Driven;

fn main() -> ExitCode {
    let mut all = Vec::new();
    all.extend(trials::<Game>("game"));
    all.extend(trials::<Device<Secured<Sockets>, 256>>("device"));
    #[cfg(target_os = "linux")]
    match ftp_proto_loops::uring::is_there() {
        Ok(()) => all.extend(trials::<drivers::Uring>("uring")),
        Err(why) => all.push(skipped(why)),
    }
    scenarios::run(all)
}

fn trials<D: Driver>(driver: &'static str) -> Vec<Trial> {
    let mut all = Vec::new();
    for trial in scenarios::trials::<Driven<D>>() {
        all.push(trial.with_kind(driver));
    }
    #[cfg(target_os = "linux")]
    all.extend(servers::trials::<D>(driver));
    all
}

#[cfg(target_os = "linux")]
fn skipped(why: std::io::Error) -> Trial {
    println!("skipped: the driver on io_uring (this kernel refuses it: {why})");
    let ignored = libtest_mimic::Completion::ignored_with(why.to_string());
    Trial::ignorable_test("io_uring", move || Ok(ignored)).with_kind("uring")
}
