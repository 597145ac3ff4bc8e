//! The table of failing scenarios, against a peer that does what a script says.
#![allow(missing_docs, reason = "a test without items for others")]

mod subject;

use std::process::ExitCode;

use ftp_testbed::scenarios;

use subject::Blocking;

fn main() -> ExitCode {
    scenarios::run(scenarios::trials::<Blocking>())
}
