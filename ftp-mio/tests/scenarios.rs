//! The table of failing scenarios on each reactor, against a peer that does what a script says.
#![allow(missing_docs, reason = "a test without items for others")]

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
    let trials = scenarios::trials::<Readiness<R>>();
    trials
        .into_iter()
        .map(move |trial| trial.with_kind(reactor))
}
