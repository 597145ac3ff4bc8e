//! The two drivers do the same in every scenario of the table, this one on each reactor.
#![allow(missing_docs, reason = "a test without items for others")]

#[path = "../../ftp-blocking/tests/subject/mod.rs"]
mod blocking;
#[cfg(feature = "mio")]
#[path = "reactors/on_mio.rs"]
mod on_mio;
#[path = "reactors/on_polling.rs"]
mod on_polling;
mod reactors;
mod subject;

use std::process::ExitCode;

use ftp_testbed::scenarios;
use libtest_mimic::Trial;

use blocking::Blocking;
use on_polling::OnPolling;
use reactors::Reactors;
use subject::Readiness;

fn main() -> ExitCode {
    let mut all = Vec::new();
    all.extend(trials::<OnPolling>("polling"));
    #[cfg(feature = "mio")]
    all.extend(trials::<on_mio::OnMio>("mio"));
    scenarios::run(all)
}

fn trials<R: Reactors>(reactor: &str) -> impl Iterator<Item = Trial> {
    let trials = scenarios::agreement::<Blocking, Readiness<R>>();
    trials
        .into_iter()
        .map(move |trial| trial.with_kind(reactor))
}
