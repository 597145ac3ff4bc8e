//! Sessions with real servers, recorded by the interop tests, run again without any socket.
//!
//! `tests/traces/*.trace` are the records, `*.events` what the session did by itself: commands, replies as it understood
//! them, actions, events, the state at the end. To record anew: `FTP_TRACES=DIR cargo test -p ftp-blocking --test
//! interop`, and then this test with `FTP_TRACES_REWRITE=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use std::task::Poll;

use ftp_proto::trace::{Record, Replay, replay};
use ftp_proto::{Argument, Config, Control, DataMode, Detail, Instant, Session, Transfer};

fn traces() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let files = fs::read_dir(folder)
        .expect("the recorded traces")
        .map(|file| file.unwrap().path());
    let mut traces: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "trace"))
        .collect();
    traces.sort();
    traces
}

fn read(path: &Path) -> Vec<Record> {
    let text = fs::read_to_string(path).unwrap();
    let numbered = text.lines().enumerate();
    let record = |(index, line): (usize, &str)| {
        line.parse()
            .unwrap_or_else(|error| panic!("{}:{}: {error}", path.display(), index + 1))
    };
    numbered.map(record).collect()
}

fn shown(replayed: &Replay) -> String {
    let mut text = String::new();
    for record in &replayed.records {
        if matches!(
            record,
            Record::Command(_) | Record::Reply(_) | Record::Performed(_)
        ) {
            writeln!(text, "{record}").unwrap();
        }
    }
    for event in &replayed.events {
        writeln!(text, "event {event:?}").unwrap();
    }
    writeln!(text, "state {:?}", replayed.state).unwrap();
    text
}

#[test]
fn recorded_sessions_do_the_same_again() {
    for path in traces() {
        let records = read(&path);
        let replayed = replay(&records).unwrap();
        if let Some((index, then, now)) = replayed.difference(&records) {
            panic!(
                "{}:{}: recorded {then:?}, now {now:?}",
                path.display(),
                index + 1
            );
        }
    }
}

#[test]
fn recorded_sessions_give_the_checked_in_actions_and_events() {
    let rewrite = std::env::var_os("FTP_TRACES_REWRITE").is_some();
    for path in traces() {
        let events = shown(&replay(&read(&path)).unwrap());
        let expected = path.with_extension("events");
        if rewrite {
            fs::write(&expected, &events).unwrap();
        }
        assert_eq!(
            events,
            fs::read_to_string(&expected).unwrap(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn there_is_a_trace_of_each_server_and_of_each_data_mode() {
    let names: Vec<_> = traces()
        .iter()
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    for wanted in [
        "vsftpd",
        "proftpd",
        "pure-ftpd",
        "pyftpdlib",
        "inetutils",
        "epsv",
        "pasv",
        "eprt",
        "port",
        "ipv6",
    ] {
        assert!(
            names.iter().any(|name| name.contains(wanted)),
            "no trace of {wanted}"
        );
    }
}

/// A session that records everything, after its greeting.
fn recording() -> Session {
    let mut config = Config::default();
    config.detail = Detail::Everything;
    let mut session = Session::new(config, Control::default());
    session.receive(b"220 ready\r\n");
    session
}

#[test]
fn a_change_of_the_data_mode_is_replayed() {
    let mut session = recording();
    session.set_data_mode(DataMode::Passive);
    session
        .begin(Transfer::retrieve(Argument::new("a").unwrap()))
        .unwrap();
    session.transmitted(session.transmit().len());
    session.receive(b"200 done\r\n");
    session.poll_action(Instant::EPOCH);
    let records: Vec<_> = std::iter::from_fn(|| session.poll_trace()).collect();
    let text = records.iter().map(ToString::to_string);
    let parsed: Vec<Record> = text.map(|line| line.parse().unwrap()).collect();
    let replayed = replay(&parsed).unwrap();
    assert_eq!(replayed.difference(&records), None);
}

#[test]
fn a_spent_ticket_blames_no_command() {
    let mut session = recording();
    let Poll::Ready(Err(error)) = session.poll_reply(session.next_ticket()) else {
        panic!("the ticket was never issued");
    };
    assert_eq!(error.verb(), None);
    assert_eq!(error.to_string(), "the ticket was spent");
}
