//! Transfers that begin at an offset, by their content.

use ftp_proto::operation::{Retrieve, SizeInBytes, Store};
use ftp_proto::{Compared, Completed, Error, ErrorKind, Policy, Transfer};

use super::{FILE, Pair, Restart, path};

fn unknown(verb: &'static str, line: &str) -> Option<&'static str> {
    line.starts_with(verb).then_some("502 Not implemented.")
}

fn no_size(line: &str) -> Option<&'static str> {
    unknown("SIZE", line)
}

fn store_rest(pair: &mut Pair, offset: u64) -> Result<Completed, Error> {
    pair.payload = b"REST".to_vec();
    pair.run(Store::new(path("a")).resume_at(offset))
}

#[test]
fn the_rest_of_an_upload_is_appended_where_the_file_ends_at_the_offset() {
    for restart in [Restart::Keeps, Restart::Zeroes] {
        let mut pair = Pair::new(|_| None);
        pair.restart = restart;
        let completed = store_rest(&mut pair, 10).unwrap();
        assert_eq!(pair.file, b"0123456789REST", "{restart:?}");
        assert_eq!(completed.compared, Compared::Nothing);
        assert_eq!(pair.take_sent(), ["TYPE I", "SIZE a", "APPE a"]);
    }
}

/// What the server says to SIZE and APPE; the commands, and the file where REST keeps its head.
#[test]
fn in_all_other_cases_rest_goes_out_and_the_result_is_unverified() {
    type Row = (
        fn(&str) -> Option<&'static str>,
        u64,
        &'static [&'static str],
        &'static [u8],
    );
    let rows: [Row; 4] = [
        (
            |_| None,
            4,
            &["TYPE I", "SIZE a", "REST 4", "STOR a"],
            b"0123REST",
        ),
        (
            no_size,
            10,
            &["TYPE I", "SIZE a", "REST 10", "STOR a"],
            b"0123456789REST",
        ),
        (
            |line| line.starts_with("SIZE").then_some("213 ten"),
            10,
            &["TYPE I", "SIZE a", "REST 10", "STOR a"],
            b"0123456789REST",
        ),
        (
            |line| unknown("APPE", line),
            10,
            &["TYPE I", "SIZE a", "APPE a", "REST 10", "STOR a"],
            b"0123456789REST",
        ),
    ];
    for (server, offset, commands, kept) in rows {
        for restart in [Restart::Keeps, Restart::Zeroes] {
            let mut pair = Pair::new(server);
            pair.restart = restart;
            let completed = store_rest(&mut pair, offset).unwrap();
            assert_eq!(pair.take_sent(), commands);
            assert_eq!(completed.compared, Compared::Unverified);
            assert_eq!(completed.compared.expected(), None);
            // The length is the same, and shows nothing.
            assert_eq!(pair.file.len(), kept.len());
            assert_eq!(
                pair.file == kept,
                restart == Restart::Keeps,
                "{:?}",
                pair.file
            );
        }
    }
}

#[test]
fn an_append_that_is_refused_for_another_reason_is_not_repeated_with_rest() {
    let mut pair = Pair::new(|line| line.starts_with("APPE").then_some("552 Full."));
    let error = store_rest(&mut pair, 10).unwrap_err();
    assert_eq!(error.reply().unwrap().code().get(), 552);
    assert_eq!(pair.take_sent(), ["TYPE I", "SIZE a", "APPE a"]);
}

#[test]
fn without_an_offset_and_in_ascii_type_nothing_is_asked() {
    let mut pair = Pair::new(|_| None);
    let completed = store_rest(&mut pair, 0).unwrap();
    assert_eq!(completed.compared, Compared::Nothing);
    assert_eq!(pair.take_sent(), ["TYPE I", "STOR a"]);
    let completed = pair
        .run(Store::new(path("a")).ascii().resume_at(4))
        .unwrap();
    assert_eq!(completed.compared, Compared::Unverified);
    assert_eq!(pair.take_sent(), ["TYPE A", "REST 4", "STOR a"]);
    // A transfer of one's own says the same.
    let own = Transfer::store(path("a")).resume_at(4);
    let completed = pair
        .run(ftp_proto::operation::OneTransfer::new(own))
        .unwrap();
    assert_eq!(completed.compared, Compared::Unverified);
}

const FACTS: &str = "250-Here:\r\n type=file;size=10; a\r\n250 End";

#[test]
fn a_download_is_resumed_by_the_size_of_mlst_where_size_is_refused() {
    let mut pair = Pair::new(|line| match line {
        "SIZE a" => Some("502 Not implemented."),
        "MLST a" => Some(FACTS),
        _ => None,
    });
    let completed = pair.run(Retrieve::new(path("a")).resume_at(4)).unwrap();
    assert_eq!(pair.payload, FILE[4..]);
    assert_eq!(completed.compared, Compared::Size(6));
    let sent = ["TYPE I", "SIZE a", "MLST a", "REST 4", "RETR a"];
    assert_eq!(pair.take_sent(), sent);
    let completed = pair.run(Retrieve::new(path("a")).resume_at(10)).unwrap();
    assert_eq!(
        (completed.bytes, completed.compared),
        (0, Compared::Size(0))
    );
    let error = pair
        .run(Retrieve::new(path("a")).resume_at(11))
        .unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Policy(Policy::BeyondEnd));
}

#[test]
fn an_unknown_size_is_an_error_only_where_the_size_is_demanded() {
    let mut pair = Pair::new(no_size);
    let error = pair.run(Retrieve::new(path("a")).verified()).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Policy(Policy::SizeUnknown));
    assert_eq!(pair.take_sent(), ["TYPE I", "SIZE a", "MLST a"]);
    let completed = pair
        .run(Retrieve::new(path("a")).verified_if_told())
        .unwrap();
    assert_eq!(
        (completed.bytes, completed.compared),
        (10, Compared::Nothing)
    );
    assert_eq!(pair.take_sent(), ["SIZE a", "MLST a", "RETR a"]);
    let resumed = Retrieve::new(path("a")).resume_at(4).verified_if_told();
    assert_eq!(pair.run(resumed).unwrap().bytes, 6);
}

#[test]
fn a_size_that_is_told_is_compared() {
    let mut pair = Pair::new(|line| (line == "SIZE a").then_some("213 11"));
    let error = pair
        .run(Retrieve::new(path("a")).verified_if_told())
        .unwrap_err();
    assert_eq!(error.interrupted().unwrap().compared, Compared::Size(11));
    // One that cannot be read is none.
    let mut pair = Pair::new(|line| (line == "SIZE a").then_some("213 eleven"));
    pair.run(Retrieve::new(path("a")).verified_if_told())
        .unwrap();
    pair.run(Retrieve::new(path("a")).verified()).unwrap_err();
}

#[test]
fn a_size_in_bytes_is_asked_for_in_image_type() {
    let mut pair = Pair::new(|_| None);
    assert_eq!(pair.run(SizeInBytes::new(path("a"))), Ok(10));
    assert_eq!(pair.run(Store::new(path("a")).ascii()).unwrap().bytes, 0);
    assert_eq!(pair.take_sent(), ["TYPE I", "SIZE a", "TYPE A", "STOR a"]);
    pair.run(SizeInBytes::new(path("a"))).unwrap();
    pair.run(SizeInBytes::new(path("a"))).unwrap();
    assert_eq!(pair.take_sent(), ["TYPE I", "SIZE a", "SIZE a"]);
}

#[test]
fn an_empty_file_is_downloaded_and_not_taken_for_a_rest() {
    for offset in [None, Some(0)] {
        let mut pair = Pair::new(|_| None);
        pair.file = Vec::new();
        let retrieve = Retrieve::new(path("a")).verified();
        let retrieve = match offset {
            Some(offset) => retrieve.resume_at(offset),
            None => retrieve,
        };
        let completed = pair.run(retrieve).unwrap();
        assert_eq!(
            (completed.bytes, completed.compared),
            (0, Compared::Size(0))
        );
        assert_eq!(pair.take_sent(), ["TYPE I", "SIZE a", "RETR a"]);
    }
}

/// In ASCII type nothing can check an offset; nobody checks one that is not there.
#[test]
fn an_offset_in_ascii_type_is_sent_only_unverified() {
    use ftp_proto::Misuse;
    let text = || Retrieve::new(path("a")).ascii();
    let rows: [(Retrieve, Option<&[&str]>); 5] = [
        (text(), Some(&["TYPE A", "RETR a"])),
        (
            text().verified_if_told(),
            Some(&["TYPE I", "SIZE a", "TYPE A", "RETR a"]),
        ),
        (
            text().resume_at(0),
            Some(&["TYPE I", "SIZE a", "TYPE A", "RETR a"]),
        ),
        (
            text().resume_unverified_at(4),
            Some(&["TYPE A", "REST 4", "RETR a"]),
        ),
        (text().resume_at(4), None),
    ];
    for (retrieve, commands) in rows {
        let mut pair = Pair::new(|_| None);
        let outcome = pair.run(retrieve);
        match commands {
            Some(commands) => assert_eq!(
                (outcome.is_ok(), &pair.take_sent()[..]),
                (
                    true,
                    &commands
                        .iter()
                        .map(|line| (*line).to_owned())
                        .collect::<Vec<_>>()[..]
                )
            ),
            None => assert_eq!(
                *outcome.unwrap_err().kind(),
                ErrorKind::Misuse(Misuse::WrongOption)
            ),
        }
    }
}
