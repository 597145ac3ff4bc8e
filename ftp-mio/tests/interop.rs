//! The table of interop cases against the real servers. One reactor has to do, for it takes long:
//! mio if there is mio.
#![allow(missing_docs, reason = "a test without items for others")]

#[cfg(feature = "mio")]
#[path = "reactors/on_mio.rs"]
mod on_mio;
#[cfg(not(feature = "mio"))]
#[path = "reactors/on_polling.rs"]
mod on_polling;
mod reactors;
mod subject;

use std::process::ExitCode;

#[cfg(feature = "mio")]
use on_mio::OnMio as Favourite;
#[cfg(not(feature = "mio"))]
use on_polling::OnPolling as Favourite;
use subject::Readiness;

fn main() -> ExitCode {
    ftp_testbed::cases::main::<Readiness<Favourite>>()
}
