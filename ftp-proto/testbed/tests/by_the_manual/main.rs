//! A driver that was written from `manual/driving.md` alone: it passes the whole table of
//! scenarios, and moves files with servers that demand the resumption of TLS sessions. The driver
//! is the example `by_hand` of `ftp-proto`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test without items for others, which fails by panicking"
)]

#[path = "../../../examples/by_hand/data.rs"]
mod data;
#[path = "../../../examples/by_hand/driver.rs"]
mod driver;
#[path = "../../../examples/by_hand/stream.rs"]
mod stream;

#[cfg(target_os = "linux")]
mod resuming;
mod subject;

use std::process::ExitCode;

use ftp_testbed::scenarios;

use subject::ByTheManual;

fn main() -> ExitCode {
    let mut trials = scenarios::trials::<ByTheManual>();
    #[cfg(target_os = "linux")]
    trials.extend(resuming::trials());
    scenarios::run(trials)
}
