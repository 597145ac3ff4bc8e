//! What the configuration says of listings.

use std::task::Poll;

use ftp_proto::listing::{Line, Options};
use ftp_proto::operation::{Entries, List, ListEach, RawListing, Receiving, Rung};
use ftp_proto::{Action, Config, ErrorKind, Instant, Policy, Report, Verb};

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
    // STAT needs no visit, and names the directory.
    let mut pair = pair(|config| config.listing_begins_at = Some(Rung::Status));
    let there = List::new(Some(path("/pub")));
    assert_eq!(sent(&mut pair, there), ["STAT /pub"]);
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

/// As many bytes as the bound says are within it.
#[test]
fn the_bytes_of_a_listing_are_bounded() {
    let bytes = u32::try_from(ENTRY.len()).unwrap();
    for (max, fits) in [
        (bytes + 1, true),
        (bytes, true),
        (bytes - 1, false),
        (0, false),
    ] {
        let mut pair = pair(|config| config.limits.listing_bytes_max = max);
        let entries = Entries::new(List::new(None).begin_at(Rung::List), Options::new());
        let told = pair.run_feeding(entries, Entries::feed);
        let told = told.map(|contents| contents.entries.len());
        let told = told.map_err(|error| error.kind().clone());
        let expected = match fits {
            true => Ok(1),
            false => Err(ErrorKind::Policy(Policy::ListingBytes(max))),
        };
        assert_eq!(told, expected, "{max}");
    }
}

/// Polls until payload may move, and gives so much of it that a bound is exceeded: nobody waits for
/// the end of the transfer then.
fn exceeded<O: Receiving>(mut operation: O) -> Vec<String> {
    let mut pair = pair(|config| config.limits.listing_entries_max = 1);
    for _ in 0..100 {
        if let Poll::Ready(outcome) = operation.poll(&mut pair.session) {
            let error = outcome.err().unwrap();
            assert_eq!(*error.kind(), ErrorKind::Policy(Policy::ListingEntries(1)));
            assert!(error.verb().is_some());
            let mut discarded = false;
            while let Some(action) = pair.session.poll_action(Instant::EPOCH) {
                discarded |= matches!(action, Action::Discard { .. });
            }
            let sent = String::from_utf8_lossy(pair.session.transmit()).into_owned();
            assert!(discarded || sent.contains("ABOR"), "{sent:?}");
            return pair.take_sent();
        }
        while let Some(action) = pair.session.poll_action(Instant::EPOCH) {
            match action {
                Action::Connect { data, .. } => pair.session.report(Report::Connected { data }),
                Action::Move { data, .. } => {
                    let two = [ENTRY, ENTRY].concat();
                    let bytes = two.len() as u64;
                    pair.session.report(Report::Moved { data, bytes });
                    operation.feed(&two);
                }
                _ => {}
            }
        }
        pair.answer();
    }
    panic!("the operation does not end");
}

#[test]
fn a_listing_that_exceeds_a_bound_is_aborted() {
    let entries = Entries::new(List::new(None).begin_at(Rung::List), Options::new());
    assert_eq!(exceeded(entries).pop().as_deref(), Some("LIST"));
    assert_eq!(
        exceeded(RawListing::list(None)).pop().as_deref(),
        Some("LIST")
    );
    assert_eq!(
        exceeded(RawListing::names(None)).pop().as_deref(),
        Some("NLST")
    );
}

/// What is sent, how many entries that gives, and the line that stands for them.
#[test]
fn a_payload_without_an_entry_is_a_complaint() {
    type Row = (&'static [u8], usize, Option<&'static [u8]>);
    let rows: [Row; 5] = [
        (
            b"ls: no: No such file\r\nls: sorry\r\n",
            0,
            Some(b"ls: no: No such file"),
        ),
        (
            b"ls: no: No such file\r\n-rw-r--r-- 1 u g 5 Mar 1 2020 a\r\n",
            1,
            None,
        ),
        (b"-rw-r--r-- 1 u g 5 Mar 1 2020 a\r\nls: sorry\r\n", 1, None),
        // The directory itself is understood as well.
        (
            b"drwxr-xr-x 2 u g 512 Mar 1 2020 .\r\nls: sorry\r\n",
            0,
            None,
        ),
        (b"total 0\r\nls: sorry\r\n", 0, Some(b"ls: sorry")),
    ];
    for (payload, count, complaint) in rows {
        let row = String::from_utf8_lossy(payload);
        let mut pair = pair(|_| {});
        pair.payload = payload.to_vec();
        let list = List::new(None).begin_at(Rung::List);
        let entries = Entries::new(list, Options::new());
        let contents = pair.run_feeding(entries, Entries::feed).unwrap();
        assert_eq!(contents.entries.len(), count, "{row}");
        assert_eq!(contents.complaint.as_deref(), complaint, "{row}");
    }
}

#[test]
fn each_line_is_passed_on_through_a_box_as_well() {
    let mut pair = pair(|_| {});
    let names = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let noted = names.clone();
    let list = List::new(None).begin_at(Rung::List);
    let each = ListEach::new(list, Options::new(), move |line: Line<'_>| {
        if let Line::Entry(entry) = line {
            noted.borrow_mut().push(entry.name().as_bytes().to_vec());
        }
    });
    pair.run_feeding(Box::new(each), |each, chunk| each.feed(chunk))
        .unwrap();
    assert_eq!(*names.borrow(), [b"a"]);
}

/// Another command would fail at the same CWD.
#[test]
fn a_directory_that_cannot_be_entered_ends_the_ladder() {
    for refusal in [
        |line: &str| (line == "CWD /pub").then_some("502 Not here."),
        |line: &str| (line == "CWD /pub").then_some("550 No such directory."),
        |line: &str| (line == "CWD /pub").then_some("425 No."),
    ] {
        let mut pair = pair(|_| {});
        pair.first = refusal;
        let entries = Entries::new(List::new(Some(path("/pub"))), Options::new());
        let error = pair.run_feeding(entries, Entries::feed).unwrap_err();
        assert_eq!(error.verb(), Some(Verb::Cwd));
        let sent = pair.take_sent();
        assert_eq!(
            sent.iter().filter(|line| line.starts_with("CWD")).count(),
            1
        );
    }
}
