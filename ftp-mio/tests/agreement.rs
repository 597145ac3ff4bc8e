//! The two drivers do the same in every scenario of the table.
#![allow(missing_docs, reason = "a test without items for others")]

#[path = "../../ftp-blocking/tests/subject/mod.rs"]
mod blocking;
mod subject;

use std::process::ExitCode;

use blocking::Blocking;
use subject::OnMio;

fn main() -> ExitCode {
    ftp_testbed::scenarios::agreement::<Blocking, OnMio>()
}
