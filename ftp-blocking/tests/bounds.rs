//! What is kept of a listing has bounds, and a listing that exceeds one leaves a session that goes
//! on.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has to say where"
)]

use std::io;

use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Error, Result};
use ftp_proto::listing::Options;
use ftp_proto::{After, Config, ErrorKind, Limits, Policy, Verb};

const NAMES: [&[u8]; 4] = [b"/one", b"/two", b"/three", b"/caf\xe9"];

fn client(change: impl FnOnce(&mut Limits)) -> (Loopback, Client) {
    let files = NAMES
        .into_iter()
        .fold(Files::new(), |files, name| files.file(name, "text"));
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    let mut config = Config::default();
    change(&mut config.limits);
    let builder = Client::builder().config(config);
    let mut client = builder.connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    (server, client)
}

/// The step, and the bound that was exceeded. The session goes on.
#[track_caller]
fn exceeded<T>(client: &mut Client, result: Result<T>) -> (Verb, Policy) {
    let Err(error) = result else {
        panic!("it was not exceeded");
    };
    let Some(ErrorKind::Policy(policy)) = error.kind().cloned() else {
        panic!("{error}");
    };
    assert_ne!(error.after(), After::Dead, "{error}");
    assert!(error.to_string().contains("the session is "), "{error}");
    client.noop().unwrap();
    assert_eq!(client.nlst("/one").unwrap(), [b"/one"]);
    let verb = error.verb();
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidData);
    (verb.unwrap(), policy)
}

#[track_caller]
fn each_listing_exceeds(client: &mut Client, bound: Policy) {
    let listed = client.list("");
    assert_eq!(exceeded(client, listed), (Verb::Mlsd, bound));
    let lines = client.dir("");
    assert_eq!(exceeded(client, lines), (Verb::List, bound));
    let names = client.nlst("");
    assert_eq!(exceeded(client, names), (Verb::Nlst, bound));
}

#[test]
fn more_entries_than_may_be_kept_are_an_error_that_names_the_number() {
    let (_server, mut client) = client(|limits| limits.listing_entries_max = 3);
    let bound = Policy::ListingEntries(3);
    each_listing_exceeds(&mut client, bound);
    assert_eq!(
        bound.to_string(),
        "the listing has more than 3 entries, which is the limit"
    );
}

#[test]
fn more_bytes_than_may_be_kept_are_an_error_that_names_the_number() {
    let (_server, mut client) = client(|limits| limits.listing_bytes_max = 20);
    let bound = Policy::ListingBytes(20);
    each_listing_exceeds(&mut client, bound);
}

#[test]
fn what_is_still_to_come_is_aborted() {
    let named = |number| format!("/{number:0200}");
    let files = (0..50_000).fold(Files::new(), |files, number| files.file(named(number), ""));
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    let mut config = Config::default();
    config.limits.listing_entries_max = 10;
    let builder = Client::builder().config(config);
    let mut client = builder.connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    let error = client.list("").unwrap_err();
    assert!(
        matches!(
            error.kind(),
            Some(ErrorKind::Policy(Policy::ListingEntries(10)))
        ),
        "{error}"
    );
    assert_eq!(error.after(), After::Settling);
    client.noop().unwrap();
    assert!(server.commands(0).contains(&"ABOR".to_owned()));
}

#[test]
fn a_line_that_is_too_long_is_an_error_that_names_the_number() {
    let long = [b"/".as_slice(), &[b'x'; 8193]].concat();
    let files = Files::new().file(long, "").file("/one", "");
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    let mut client = Client::builder().connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    let names = client.nlst("");
    let bound = Policy::ListingLine(8192);
    assert_eq!(exceeded(&mut client, names), (Verb::Nlst, bound));
}

#[test]
fn a_listing_that_reaches_the_bounds_is_whole_and_names_are_bytes() {
    let (_server, mut client) = client(|limits| {
        limits.listing_entries_max = 4;
        limits.listing_bytes_max = 1_000;
    });
    assert_eq!(client.list("").unwrap().len(), 4);
    assert_eq!(client.dir("").unwrap().len(), 4);
    assert_eq!(
        client.nlst("").unwrap(),
        [&b"caf\xe9"[..], b"one", b"three", b"two"]
    );
    assert_eq!(client.nlst(b"caf\xe9").unwrap(), [b"caf\xe9"]);
    assert_eq!(client.dir(b"caf\xe9").unwrap().len(), 1);
}

#[test]
fn what_is_handed_on_line_by_line_has_no_bounds() -> std::result::Result<(), Error> {
    let (_server, mut client) = client(|limits| {
        limits.listing_entries_max = 1;
        limits.listing_bytes_max = 1;
    });
    let mut lines = 0;
    client.list_with("", &Options::new(), |_| lines += 1)?;
    client.dir_lines("", |_| lines += 1)?;
    assert!(lines >= 8, "{lines}");
    Ok(())
}
