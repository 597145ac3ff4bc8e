//! The client on real sockets, under polling and under mio: as it connects, against the loopback
//! server, and against real servers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod apart;
mod connecting;
mod crowd;
mod fed;
#[cfg(feature = "rustls")]
mod layers;
mod loops;
#[cfg(feature = "mio")]
#[path = "../reactors/on_mio.rs"]
mod on_mio;
#[path = "../reactors/on_polling.rs"]
mod on_polling;
mod others;
#[cfg(feature = "rustls")]
#[path = "../../../ftp-blocking/tests/tls/peer.rs"]
#[expect(dead_code, reason = "the other driver's tests need more of it")]
mod peer;
#[cfg(feature = "rustls")]
mod pinned;
mod proxied;
#[path = "../reactors/mod.rs"]
mod reactors;
mod real;
#[cfg(feature = "rustls")]
mod refill;
mod server;
#[cfg(feature = "rustls")]
#[path = "../../../ftp-blocking/tests/tls/tickets.rs"]
mod tickets;
#[cfg(feature = "rustls")]
mod tls;

use libtest_mimic::{Arguments, Trial};

use on_polling::OnPolling;
use reactors::Reactors;

fn main() {
    if apart::serve(crowd::files) {
        return;
    }
    let mut all = Vec::new();
    all.extend(trials::<OnPolling>("polling"));
    #[cfg(feature = "mio")]
    all.extend(trials::<on_mio::OnMio>("mio"));
    libtest_mimic::run(&Arguments::from_args(), all).exit();
}

fn trials<R: Reactors>(reactor: &str) -> Vec<Trial> {
    let mut trials = real::trials::<R>();
    trials.extend(connecting::trials::<R>());
    trials.extend(server::trials::<R>());
    trials.extend(others::trials::<R>());
    trials.extend(crowd::trials::<R>());
    trials.extend(fed::trials::<R>());
    trials.extend(proxied::trials::<R>());
    #[cfg(feature = "rustls")]
    trials.extend(layers::trials::<R>());
    #[cfg(feature = "rustls")]
    trials.extend(pinned::trials::<R>());
    #[cfg(feature = "rustls")]
    trials.extend(refill::trials::<R>());
    #[cfg(feature = "rustls")]
    trials.extend(tls::trials::<R>());
    trials
        .into_iter()
        .map(|trial| trial.with_kind(reactor))
        .collect()
}
