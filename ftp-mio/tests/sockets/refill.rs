//! What goes before an upload when no ticket is left.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use ftp_mio::proto::operation::{Exchange, Login, Retrieve, Secure, Store};
use ftp_mio::proto::{Config, ErrorKind, Event, Policy, TlsPolicy};
use ftp_mio::{Result, Tls};
use ftp_testbed::servers::{Family, Kind, PASSWORD, Server, Setup, TlsVersions, USER, Variant};
use libtest_mimic::{Completion, Trial};

use crate::layers::{Below, Chosen, Layers, Plain};
use crate::loops::{Alone, argument};
use crate::reactors::Reactors;
use crate::tickets::{self, STORED};
use crate::tls::trust;

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let mut trials = layered::<R, Plain>();
    trials.extend(layered::<R, Chosen>());
    trials.extend(layered::<R, Below>());
    for (kind, missing, stored) in [
        (Kind::Proftpd, 0, 500),
        (Kind::Proftpd, 20, 20),
        (Kind::Vsftpd, 20, 20),
    ] {
        trials.push(Trial::ignorable_test(
            format!("refill::{kind}::stores_{stored}_files_behind_{missing}_missing_ones"),
            move || match strict(kind).start() {
                Ok(server) => {
                    for early_tls in [false, true] {
                        stores_behind_missing::<R>(&server, early_tls, missing, stored);
                    }
                    Ok(Completion::Completed)
                }
                Err(unavailable) => unavailable.verdict(),
            },
        ));
    }
    trials
}

fn layered<R: Reactors, L: Layers<R>>() -> Vec<Trial> {
    let all: [(&str, fn()); 4] = [
        ("a_series_of_uploads_never_runs_out", series::<R, L>),
        (
            "an_upload_that_would_be_refused_is_not_begun",
            refused::<R, L>,
        ),
        ("a_server_that_demands_nothing_is_asked_once", once::<R, L>),
        ("an_endless_listing_is_cut", endless::<R, L>),
    ];
    let trial = |(name, test): (&str, fn())| {
        Trial::test(format!("refill::{}::{name}", L::NAME), move || {
            test();
            Ok(())
        })
    };
    all.into_iter().map(trial).collect()
}

struct Session<R: Reactors, L: Layers<R>> {
    alone: Alone<R, L::Transport>,
    server: JoinHandle<Vec<String>>,
}

impl<R: Reactors, L: Layers<R>> Session<R, L> {
    fn with((address, server): (SocketAddr, JoinHandle<Vec<String>>)) -> Self {
        let mut alone = L::connect(address, Config::default());
        alone.run(Secure::new()).unwrap();
        alone.content = STORED.to_vec();
        Self { alone, server }
    }

    fn store(&mut self) -> Result<()> {
        self.alone.sent = 0;
        self.alone.run(Store::new(argument("a"))).map(drop)
    }

    /// Ends it; how often it said this. The application has seen nothing of listings.
    fn said(mut self, verb: &str) -> usize {
        self.alone.run(Exchange::quit()).unwrap();
        let heard = self.server.join().unwrap();
        assert!(self.alone.received.is_empty());
        self.alone.close();
        heard.iter().filter(|line| line.starts_with(verb)).count()
    }
}

fn series<R: Reactors, L: Layers<R>>() {
    let mut session = Session::<R, L>::with(tickets::refuses_listings(9));
    for _ in 0..9 {
        session.store().unwrap();
    }
    assert_eq!(session.said("NLST"), 4);
}

fn refused<R: Reactors, L: Layers<R>>() {
    let mut session = Session::<R, L>::with(tickets::gives_nothing(2));
    session.store().unwrap();
    let error = session.store().unwrap_err();
    let kind = error.session().unwrap().kind();
    assert_eq!(*kind, ErrorKind::Policy(Policy::NothingToResume));
    assert_eq!(session.said("STOR"), 1);
}

fn once<R: Reactors, L: Layers<R>>() {
    let mut session = Session::<R, L>::with(tickets::demands_nothing(4));
    for _ in 0..4 {
        session.store().unwrap();
    }
    assert_eq!(session.said("NLST"), 1);
}

fn endless<R: Reactors, L: Layers<R>>() {
    let mut session = Session::<R, L>::with(tickets::lists_for_ever());
    session.store().unwrap();
    session.store().unwrap();
    let client = &mut session.alone.client;
    assert_eq!(client.poll_event(), Some(Event::RefillCut));
    assert_eq!(session.said("STOR"), 2);
}

/// Data connections have to resume, with tickets that serve once.
fn strict(kind: Kind) -> Setup {
    Setup::new(kind)
        .variant(Variant::RequireReuse)
        .tls_versions(TlsVersions::Only13)
}

/// Each refused download is told as that, no file is empty in the end, and the session lives.
fn stores_behind_missing<R: Reactors>(
    server: &Server,
    early_tls: bool,
    missing: usize,
    stored: usize,
) {
    let address = server.address(Family::V4).unwrap();
    let mut config = Config::default();
    config.tls = TlsPolicy::Full;
    config.early_tls = early_tls;
    let tls = Tls::over(R::tcp(), trust());
    let mut alone = Alone::<R, _>::over(tls, &[address], config);
    alone.run(Secure::new()).unwrap();
    let login = Login::new(argument(USER)).password(argument(PASSWORD));
    alone.run(login).unwrap();
    for _ in 0..missing {
        let error = alone.run(Retrieve::new(argument("missing"))).unwrap_err();
        assert_eq!(error.reply().unwrap().code().get(), 550, "{error}");
    }
    alone.content = STORED.to_vec();
    for number in 0..stored {
        alone.sent = 0;
        let path = argument(&format!("refill-{number}.bin"));
        alone.run(Store::new(path)).unwrap();
    }
    for number in 0..stored {
        alone.received.clear();
        let path = argument(&format!("refill-{number}.bin"));
        alone.run(Retrieve::new(path)).unwrap();
        assert_eq!(alone.received, STORED);
    }
    alone.run(Exchange::quit()).unwrap();
    alone.close();
}
