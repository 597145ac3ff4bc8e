//! How long a mirror takes over a long way, from a server with LIST alone and from two with MLSD.
//! Only `FTP_TESTBED_RUN=full` runs it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "mirrors/mod.rs"]
mod mirrors;

use std::process::ExitCode;

use ftp_testbed::mirrors::{speed, trials};
use ftp_testbed::servers::{Kind, Setup, in_full};
use libtest_mimic::Arguments;
use mirrors::Threads;

fn main() -> ExitCode {
    let kinds = [Kind::Vsftpd, Kind::Proftpd, Kind::Pyftpdlib];
    let trials = trials("over_a_long_way", &kinds, Setup::new, speed::<Threads>);
    let trials = trials
        .into_iter()
        .map(|it| it.with_ignored_flag(!in_full()));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
