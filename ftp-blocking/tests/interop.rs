//! The table of interop cases against the real servers.
#![allow(missing_docs, reason = "a test without items for others")]

mod subject;

use std::process::ExitCode;

use subject::Blocking;

fn main() -> ExitCode {
    ftp_testbed::cases::main::<Blocking>()
}
