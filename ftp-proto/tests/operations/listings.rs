//! What the configuration says of listings.

use ftp_proto::listing::Options;
use ftp_proto::operation::{Entries, List, RawListing, Receiving, Rung};
use ftp_proto::{Config, ErrorKind, Policy};

use super::{Pair, path};

const ENTRY: &[u8] = b"-rw-r--r-- 1 u g 5 Mar 1 2020 a\r\n";

/// Offers MLSD, and lists by every command.
fn server(line: &str) -> Option<&'static str> {
    match line.split(' ').next() {
        Some("FEAT") => Some("211-Features:\r\n MLST type*;\r\n211 End"),
        Some("MLSD" | "LIST" | "NLST") => Some("150 Here it comes."),
        Some("STAT") => Some("213-Status:\r\n -rw-r--r-- 1 u g 5 Mar 1 2020 a\r\n213 End"),
        Some("PWD") => Some("257 \"/home\""),
        Some("CWD") => Some("250 Gone there."),
        _ => None,
    }
}

fn pair(change: impl FnOnce(&mut Config)) -> Pair {
    let mut pair = Pair::configured(server, change);
    pair.payload = ENTRY.to_vec();
    pair
}

/// The commands of a listing.
fn sent(pair: &mut Pair, list: List) -> Vec<String> {
    let entries = Entries::new(list, Options::new());
    pair.run_feeding(entries, Entries::feed).unwrap();
    let sent = pair.take_sent();
    sent.into_iter()
        .filter(|line| line != "FEAT" && !line.starts_with("TYPE"))
        .collect()
}

#[test]
fn a_setting_begins_at_any_rung() {
    let rows = [
        (None, "MLSD"),
        (Some(Rung::MachineList), "MLSD"),
        (Some(Rung::ListAll), "LIST -a"),
        (Some(Rung::List), "LIST"),
        (Some(Rung::Status), "STAT ."),
    ];
    for (rung, command) in rows {
        let mut pair = pair(|config| config.listing_begins_at = rung);
        assert_eq!(sent(&mut pair, List::new(None)), [command], "{rung:?}");
        // An operation of its own mind goes before.
        let list = List::new(None).begin_at(Rung::List);
        assert_eq!(sent(&mut pair, list), ["LIST"], "{rung:?}");
    }
}

#[test]
fn what_is_remembered_goes_before_the_setting() {
    let mut pair = pair(|config| config.listing_begins_at = Some(Rung::ListAll));
    pair.session.memory_mut().listing = Some(Rung::List);
    assert_eq!(sent(&mut pair, List::new(None)), ["LIST"]);
}

#[test]
fn a_setting_names_directories_in_the_argument() {
    let mut visiting = pair(|_| {});
    let there = || List::new(Some(path("/pub")));
    assert_eq!(sent(&mut visiting, there()), ["PWD", "CWD /pub", "MLSD"]);
    let mut naming = pair(|config| config.listing_by_argument = true);
    assert_eq!(sent(&mut naming, there()), ["MLSD /pub"]);
    assert_eq!(sent(&mut naming, List::new(None)), ["MLSD"]);
}

/// The end is there before anybody has looked: nothing is left to be aborted.
#[test]
fn a_bound_that_is_exceeded_at_the_end_is_an_error_as_well() {
    let mut pair = pair(|config| config.limits.listing_entries_max = 1);
    pair.payload = [ENTRY, ENTRY].concat();
    let error = pair
        .run_feeding(RawListing::list(None), RawListing::feed)
        .unwrap_err();
    let bound = ErrorKind::Policy(Policy::ListingEntries(1));
    assert_eq!(*error.kind(), bound);
    let words =
        "LIST: the listing has more than 1 entries, which is the limit; the session is usable";
    assert_eq!(error.to_string(), words);
    // One without a line end counts too.
    pair.payload = [ENTRY, b"x"].concat();
    let error = pair
        .run_feeding(RawListing::names(None), RawListing::feed)
        .unwrap_err();
    assert_eq!(*error.kind(), bound);
}

#[test]
fn entries_of_a_reply_count_as_well() {
    let mut pair = pair(|config| {
        config.listing_begins_at = Some(Rung::Status);
        config.limits.listing_entries_max = 0;
    });
    let entries = Entries::new(List::new(None), Options::new());
    let error = pair.run_feeding(entries, Entries::feed).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Policy(Policy::ListingEntries(0)));
}
