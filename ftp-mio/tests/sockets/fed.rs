//! Operations that read what they receive themselves.

use std::task::Poll;

use ftp_blocking::testing::Loopback;
use ftp_mio::proto::listing::Options;
use ftp_mio::proto::operation::{Batch, Entries, Exchange, List, RawListing, Retrieve};
use ftp_mio::proto::testing::{Behaviour, Files, ServerConfig};
use ftp_mio::proto::timestamp::Timestamp;
use ftp_mio::proto::{After, Config, ErrorKind, Policy};
use ftp_mio::{Client, Handle, Result, Transport};
use libtest_mimic::Trial;

use crate::loops::{Alone, argument};
use crate::reactors::Reactors;

const MANY: usize = 5_000;

fn start(behaviour: Behaviour) -> Loopback {
    let files = Files::new().file("/pub/a", "12345").directory("/pub/sub");
    let named = |number| format!("/many/{number:0200}");
    let files = (0..MANY).fold(files, |files, number| files.file(named(number), ""));
    Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap()
}

pub(crate) fn trials<R: Reactors>() -> Vec<Trial> {
    let tests: [(&str, fn()); 4] = [
        ("an_operation_is_fed_in_turns", in_turns::<R>),
        ("what_exceeds_a_bound_is_aborted", bounds::<R>),
        ("an_object_is_asked_about", asked_about::<R>),
        ("an_object_is_found_in_a_listing", found_in_a_listing::<R>),
    ];
    let trial = |(name, test): (&str, fn())| {
        Trial::test(format!("fed::{name}"), move || {
            test();
            Ok(())
        })
    };
    tests.map(trial).into()
}

/// The application is never shown the payload.
fn outcome<R: Reactors, O: 'static>(alone: &mut Alone<R>, handle: Handle<O>) -> Result<O> {
    fn over<T: Transport, O: 'static>(
        client: &mut Client<T>,
        handle: Handle<O>,
    ) -> Option<Result<O>> {
        assert!(client.data_mut().is_none());
        match client.poll(handle) {
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => None,
        }
    }
    alone.until(|client| over(client, handle))
}

fn in_turns<R: Reactors>() {
    let server = start(Behaviour::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let list = List::new(Some(argument("many")));
    let contents = alone.client.receive(Entries::new(list, Options::new()));
    let contents = outcome(&mut alone, contents).unwrap();
    assert_eq!((contents.entries.len(), contents.complaint), (MANY, None));
    let names = alone
        .client
        .receive(RawListing::names(Some(argument("/pub"))));
    assert_eq!(
        outcome(&mut alone, names).unwrap(),
        [b"/pub/a".as_slice(), b"/pub/sub"]
    );
    let lines = alone
        .client
        .receive(RawListing::list(Some(argument("/pub"))));
    assert_eq!(outcome(&mut alone, lines).unwrap().len(), 2);
    // Payload behind it is the application's again.
    alone.run(Retrieve::new(argument("/pub/a"))).unwrap();
    assert_eq!(alone.received, b"12345");
    alone.close();
}

fn bounds<R: Reactors>() {
    let server = start(Behaviour::new());
    let mut config = Config::default();
    config.limits.listing_entries_max = 10;
    let mut alone = Alone::<R>::logged_in(server.address(), config);
    let names = alone
        .client
        .receive(RawListing::names(Some(argument("/many"))));
    let error = outcome(&mut alone, names).unwrap_err();
    let bound = Some(&ErrorKind::Policy(Policy::ListingEntries(10)));
    assert_eq!(error.kind(), bound);
    assert_ne!(error.after(), After::Dead);
    alone.run(Exchange::noop()).unwrap();
    alone.close();
}

fn asked_about<R: Reactors>() {
    let server = start(Behaviour::new());
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    let time = Timestamp::from_unix_time(86_400).unwrap();
    let set = alone.client.set_modified(argument("/pub/a"), time);
    outcome(&mut alone, set).unwrap();
    let metadata = alone.client.metadata(argument("/pub/a"));
    let entry = outcome(&mut alone, metadata).unwrap().unwrap();
    assert_eq!((entry.size(), entry.modified()), (Some(5), Some(time)));
    let paths = || ["/pub/a", "/pub/none"].map(argument);
    let sizes = alone.client.start(Batch::sizes(paths()));
    let sizes = outcome(&mut alone, sizes).unwrap();
    assert!(matches!(sizes[..], [Ok(5), Err(_)]), "{sizes:?}");
    let times = alone.client.start(Batch::modified(paths()));
    let times = outcome(&mut alone, times).unwrap();
    assert!(
        matches!(times[..], [Ok(first), Err(_)] if first == time),
        "{times:?}"
    );
    for (path, there) in [("/pub/sub", true), ("/pub/none", false)] {
        let exists = alone.client.exists(argument(path));
        assert_eq!(outcome(&mut alone, exists).unwrap(), there, "{path}");
    }
    alone.close();
}

/// Without MLST, SIZE and MDTM tell of a file, and a listing of the parent of a directory.
fn found_in_a_listing<R: Reactors>() {
    let server = start(Behaviour::new().refuse("MLST", 500, "What?"));
    let mut alone = Alone::<R>::logged_in(server.address(), Config::default());
    for (path, size) in [
        ("/pub/a", Some(Some(5))),
        ("/pub/sub", Some(None)),
        ("/pub/none", None),
    ] {
        let metadata = alone.client.metadata(argument(path));
        let entry = outcome(&mut alone, metadata).unwrap();
        assert_eq!(entry.map(|entry| entry.size()), size, "{path}");
        let exists = alone.client.exists(argument(path));
        assert_eq!(
            outcome(&mut alone, exists).unwrap(),
            size.is_some(),
            "{path}"
        );
    }
    let sent = server.commands(0);
    let times = |verb: &str| sent.iter().filter(|line| line.starts_with(verb)).count();
    assert_eq!((times("MLST"), times("SIZE"), times("MDTM")), (1, 6, 2));
    assert_eq!(times("MLSD"), 4);
    alone.close();
}
