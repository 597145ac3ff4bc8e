//! The client on real sockets, under polling and under mio: against the loopback server, against scripted peers, and
//! against real servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod apart;
mod crowd;
mod reactors;
mod real;
mod scripted;
mod server;
#[cfg(feature = "rustls")]
mod tls;

use libtest_mimic::{Arguments, Trial};

use reactors::{OnPolling, Reactors};

fn main() {
    if apart::serve(crowd::files) {
        return;
    }
    #[cfg(feature = "mio")]
    let on_mio = trials::<reactors::OnMio>("mio");
    #[cfg(not(feature = "mio"))]
    let on_mio = Vec::new();
    let trials = trials::<OnPolling>("polling")
        .into_iter()
        .chain(on_mio)
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn trials<R: Reactors>(reactor: &str) -> Vec<Trial> {
    let mut trials = real::trials::<R>();
    trials.extend(scripted::trials::<R>());
    trials.extend(server::trials::<R>());
    trials.extend(crowd::trials::<R>());
    #[cfg(feature = "rustls")]
    trials.extend(tls::trials::<R>());
    trials
        .into_iter()
        .map(|trial| trial.with_kind(reactor))
        .collect()
}
