//! What goes before an upload when no ticket is left.

use std::net::SocketAddr;
use std::thread::JoinHandle;

use ftp_mio::proto::operation::{Exchange, Secure, Store};
use ftp_mio::proto::{DataMode, ErrorKind, Event, Policy};
use ftp_mio::{Result, Tls};
use libtest_mimic::Trial;

use crate::loops::{Alone, argument};
use crate::reactors::Reactors;
use crate::tickets::{self, STORED};
use crate::tls::connect;

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let all: [(&str, fn()); 4] = [
        ("a_series_of_uploads_never_runs_out", series::<R>),
        ("an_upload_that_would_be_refused_is_not_begun", refused::<R>),
        ("a_server_that_demands_nothing_is_asked_once", once::<R>),
        ("an_endless_listing_is_cut", endless::<R>),
    ];
    let trial = |(name, test): (&str, fn())| {
        Trial::test(format!("refill::{name}"), move || {
            test();
            Ok(())
        })
    };
    all.into_iter().map(trial).collect()
}

struct Session<R: Reactors> {
    alone: Alone<R, Tls<R::Tcp>>,
    server: JoinHandle<Vec<String>>,
}

impl<R: Reactors> Session<R> {
    fn with((address, server): (SocketAddr, JoinHandle<Vec<String>>)) -> Self {
        let mut alone = connect::<R>(address, DataMode::Auto, false);
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

fn series<R: Reactors>() {
    let mut session = Session::<R>::with(tickets::refuses_listings(9));
    for _ in 0..9 {
        session.store().unwrap();
    }
    assert_eq!(session.said("NLST"), 4);
}

fn refused<R: Reactors>() {
    let mut session = Session::<R>::with(tickets::gives_nothing(2));
    session.store().unwrap();
    let error = session.store().unwrap_err();
    let kind = error.session().unwrap().kind();
    assert_eq!(*kind, ErrorKind::Policy(Policy::NothingToResume));
    assert_eq!(session.said("STOR"), 1);
}

fn once<R: Reactors>() {
    let mut session = Session::<R>::with(tickets::demands_nothing(4));
    for _ in 0..4 {
        session.store().unwrap();
    }
    assert_eq!(session.said("NLST"), 1);
}

fn endless<R: Reactors>() {
    let mut session = Session::<R>::with(tickets::lists_for_ever());
    session.store().unwrap();
    session.store().unwrap();
    let client = &mut session.alone.client;
    assert_eq!(client.poll_event(), Some(Event::RefillCut));
    assert_eq!(session.said("STOR"), 2);
}
