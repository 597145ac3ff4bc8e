//! What goes before an upload when no ticket is left.

use std::thread::JoinHandle;

use ftp_blocking::proto::operation::Store;
use ftp_blocking::proto::{After, Argument, Event, Policy};
use ftp_blocking::{Client, Tls};

use crate::tickets::{self, STORED};
use crate::{policy, secured};

fn store(client: &mut Client<Tls>) -> ftp_blocking::Result<()> {
    client.store_from("a", &mut &STORED[..]).map(drop)
}

/// Ends the session; how often it said this.
fn said(client: Client<Tls>, server: JoinHandle<Vec<String>>, verb: &str) -> usize {
    client.quit().unwrap();
    let heard = server.join().unwrap();
    heard.iter().filter(|line| line.starts_with(verb)).count()
}

#[test]
fn a_series_of_uploads_never_runs_out() {
    let (address, server) = tickets::refuses_listings(9);
    let mut client = secured(address);
    for _ in 0..9 {
        store(&mut client).unwrap();
    }
    let handshakes = client.transport().data_handshakes();
    assert_eq!((handshakes.resumed, handshakes.full), (9, 4));
    assert_eq!(said(client, server, "NLST"), 4);
}

#[test]
fn an_upload_that_would_be_refused_is_not_begun() {
    let (address, server) = tickets::gives_nothing(3);
    let mut client = secured(address);
    store(&mut client).unwrap();
    let error = store(&mut client).unwrap_err();
    assert_eq!(policy(&error), Some(Policy::NothingToResume));
    assert_eq!(error.after(), After::Usable);
    assert!(error.to_string().contains("TLS 1.2"), "{error}");
    // Whatever moves the payload.
    let error = client.run(Store::new(Argument::new("b").unwrap()));
    assert_eq!(policy(&error.unwrap_err()), Some(Policy::NothingToResume));
    assert_eq!(client.transport().data_handshakes().resumed, 1);
    assert_eq!(said(client, server, "STOR"), 1);
}

#[test]
fn a_server_that_demands_nothing_is_asked_for_tickets_once() {
    let (address, server) = tickets::demands_nothing(4);
    let mut client = secured(address);
    for _ in 0..4 {
        store(&mut client).unwrap();
    }
    let handshakes = client.transport().data_handshakes();
    assert_eq!((handshakes.resumed, handshakes.full), (1, 4));
    assert_eq!(said(client, server, "NLST"), 1);
}

/// It is cut and told, and the upload that it was made for goes on.
#[test]
fn an_endless_listing_is_cut() {
    let (address, server) = tickets::lists_for_ever();
    let mut client = secured(address);
    store(&mut client).unwrap();
    store(&mut client).unwrap();
    assert_eq!(client.poll_event(), Some(Event::RefillCut));
    assert_eq!(client.poll_event(), None);
    assert_eq!(said(client, server, "STOR"), 2);
}
