//! Sessions with real servers, recorded by the interop tests, run again without any socket.
//!
//! `tests/traces/*.trace` are the records, `*.events` what the session did by itself: commands,
//! replies as it understood them, actions, events, the state at the end. To record anew:
//! `FTP_TRACES=DIR cargo test -p ftp-blocking --test interop`, and then this test with
//! `FTP_TRACES_REWRITE=1`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use std::task::Poll;

use ftp_proto::address::HostPolicy;
use ftp_proto::operation::Rung;
use ftp_proto::trace::{self, Record, Replay, replay};
use ftp_proto::{
    AbortStyle, Argument, Command, Config, Control, DataMode, Detail, Instant, Leniency, Misuse,
    Pipeline, Report, Session, State, Telnet, Ticket, TlsPolicy, Transfer,
};
use std::time::Duration;

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

/// Changes one field of a configuration.
type Change = fn(&mut Config);

const CHANGES: &[Change] = &[
    |config| config.data_mode = DataMode::Active,
    |config| config.active_fallback = !config.active_fallback,
    |config| config.host_policy = HostPolicy::RejectMismatch,
    |config| config.tls = TlsPolicy::Full,
    |config| config.clear_control = !config.clear_control,
    |config| config.abort = AbortStyle::CloseData,
    |config| config.lenient = config.lenient.with(Leniency::NoMark),
    |config| config.telnet = Telnet::Literal,
    |config| config.keepalive = Some(Duration::new(3, 1)),
    |config| config.idle_keepalive = Some(Duration::new(4, 1)),
    |config| config.pipeline = Pipeline::window(9),
    |config| config.lookahead = !config.lookahead,
    |config| config.eager = !config.eager,
    |config| config.timeouts.connect = Duration::new(7, 1),
    |config| config.timeouts.greeting = Duration::new(7, 1),
    |config| config.timeouts.reply = Duration::new(7, 1),
    |config| config.timeouts.data_open = Duration::new(7, 1),
    |config| config.timeouts.securing = Duration::new(7, 1),
    |config| config.timeouts.data_idle = Duration::new(7, 1),
    |config| config.timeouts.data_total = Some(Duration::MAX),
    |config| config.timeouts.tls_close = Duration::MAX,
    |config| config.timeouts.completion = Duration::new(7, 1),
    |config| config.timeouts.drain = Duration::new(7, 1),
    |config| config.timeouts.abort_linger = Duration::new(7, 1),
    |config| config.timeouts.abort_grace = Duration::new(7, 1),
    |config| config.timeouts.fence = Duration::new(7, 1),
    |config| config.timeouts.operation = Some(Duration::ZERO),
    |config| config.limits.reply.line_bytes_max = 101,
    |config| config.limits.reply.reply_bytes_max = 101,
    |config| config.limits.reply.reply_lines_max = 101,
    |config| config.limits.reply.discard_bytes_max = 101,
    |config| config.limits.preliminary_replies_max = 101,
    |config| config.limits.unsolicited_replies_max = 101,
    |config| config.limits.in_flight_max = 101,
    |config| config.limits.keepalives_max = 101,
    |config| config.limits.strangers_max = 101,
    |config| config.limits.data_progress_min = 101,
    |config| config.listing_begins_at = Some(Rung::MachineList),
    |config| config.listing_begins_at = Some(Rung::ListAll),
    |config| config.listing_begins_at = Some(Rung::List),
    |config| config.listing_begins_at = Some(Rung::Status),
    |config| config.listing_by_argument = true,
    |config| config.limits.listing_entries_max = 101,
    |config| config.limits.listing_bytes_max = 101,
    |config| config.limits.trace_records_max = 101,
];

#[test]
fn a_configuration_with_any_one_field_changed_is_read_as_it_was() {
    for (index, change) in CHANGES.iter().enumerate() {
        let mut config = Config::default();
        config.detail = Detail::Everything;
        let usual = config;
        change(&mut config);
        assert_ne!(config, usual, "change {index}");
        let record = Record::Opened {
            config: Box::new(config),
            control: Control::default(),
        };
        assert_eq!(record.to_string().parse(), Ok(record), "change {index}");
    }
}

/// Writes the records down, reads them, and runs them again. Returns them.
fn replayed_alike(session: &mut Session) -> Vec<Record> {
    let records: Vec<_> = std::iter::from_fn(|| session.poll_trace()).collect();
    let text = records.iter().map(ToString::to_string);
    let parsed: Vec<Record> = text.map(|line| line.parse().unwrap()).collect();
    let replayed = replay(&parsed).unwrap();
    assert_eq!(replayed.difference(&records), None);
    if !records
        .iter()
        .any(|record| matches!(record, Record::DetailSet(_)))
    {
        assert_eq!(replayed.state, session.state());
    }
    records
}

fn flush(session: &mut Session) {
    while session.poll_action(Instant::EPOCH).is_some() {}
    session.transmitted(session.transmit().len());
}

fn noop() -> Command {
    Command::raw("NOOP").unwrap()
}

#[test]
fn less_detail_ends_a_replay_without_a_fault() {
    let mut session = recording();
    session.submit(noop()).unwrap();
    session.set_detail(Detail::Off);
    flush(&mut session);
    session.receive(b"200 done\r\n");
    session.set_detail(Detail::Everything);
    session.submit(noop()).unwrap();
    assert!(replayed_alike(&mut session).contains(&Record::DetailSet(Detail::Off)));
}

#[test]
fn tickets_and_transfers_that_are_given_up_are_replayed() {
    let mut session = recording();
    let first = session.submit(noop()).unwrap();
    session.submit(noop()).unwrap();
    session.discard_all(first..session.next_ticket());
    flush(&mut session);
    session.receive(b"200 done\r\n");
    session
        .begin(Transfer::retrieve(Argument::new("a").unwrap()))
        .unwrap();
    session.abort_all();
    flush(&mut session);
    session.receive(b"200 done\r\n");
    assert_eq!(session.state(), State::Usable);
    replayed_alike(&mut session);
}

#[test]
fn calls_that_were_refused_break_no_replay() {
    let mut session = recording();
    assert_eq!(
        session.submit(Command::raw("EPSV").unwrap()),
        Err(Misuse::ManagedVerb)
    );
    while session.submit(noop()).is_ok() {}
    assert_eq!(
        session.submit_batched(Command::raw("QUIT").unwrap()),
        Err(Misuse::NotForBatch)
    );
    let transfer = Transfer::retrieve(Argument::new("a").unwrap());
    session.begin(transfer.clone()).unwrap();
    assert_eq!(session.begin(transfer), Err(Misuse::Busy));
    flush(&mut session);
    session.receive(b"200 done\r\n");
    flush(&mut session);
    session.report(Report::Unsecured);
    replayed_alike(&mut session);
}

/// Whether answers were polled decides nothing but what else may be submitted.
#[test]
fn a_batch_whose_replies_are_out_of_order_ends_alike_in_a_replay() {
    for polls in [false, true] {
        let mut session = recording();
        assert!(session.poll_reply(Ticket::GREETING).is_ready());
        let size = session
            .submit_batched(Command::raw("SIZE a").unwrap())
            .unwrap();
        session
            .submit_batched(Command::raw("RMD b").unwrap())
            .unwrap();
        flush(&mut session);
        session.receive(b"213 1\r\n");
        if polls {
            assert!(session.poll_reply(size).is_ready());
        }
        flush(&mut session);
        session.receive(b"213 2\r\n");
        assert!(matches!(session.state(), State::Dead(_)));
        replayed_alike(&mut session);
    }
}

/// Payload is counted by the thousand: at this level it makes no record.
#[test]
fn payload_does_not_drown_the_steps() {
    let mut config = Config::default();
    config.detail = Detail::Steps;
    let mut session = Session::new(config, Control::default());
    session.receive(b"220 ready\r\n");
    session
        .begin(Transfer::retrieve(Argument::new("a").unwrap()))
        .unwrap();
    flush(&mut session);
    session.receive(b"200 done\r\n");
    flush(&mut session);
    session.receive(b"229 ok (|||9|)\r\n");
    let Some(ftp_proto::Action::Connect { data, .. }) = session.poll_action(Instant::EPOCH) else {
        panic!("no connection");
    };
    session.report(Report::Connected { data });
    flush(&mut session);
    session.receive(b"150 go\r\n");
    flush(&mut session);
    for _ in 0..500 {
        session.report(Report::Moved { data, bytes: 1 });
        session.report(Report::Held { data, held: true });
        flush(&mut session);
        session.report(Report::Held { data, held: false });
    }
    let end = ftp_proto::End::Clean;
    session.report(Report::Finished { data, end });
    let records: Vec<_> = std::iter::from_fn(|| session.poll_trace()).collect();
    assert!(records.len() < 20, "{records:?}");
    assert!(records.contains(&Record::Reported(Report::Finished { data, end })));
    assert!(replay(&records).is_err());
}

/// One line of each kind of record, and of each value in it.
const LINES: &[&str] = &[
    "open peer=192.0.2.1 local=2001:db8::1 secured=yes",
    "open secured=no",
    r#"command "RETR a\tb\xff\\\"c""#,
    r#"command "PASS *""#,
    r#"reply 226 "one\r\n two""#,
    r#"receive "\x00\n\'""#,
    r#"receive """#,
    "eof",
    "transmitted 7",
    "poll 1000000001",
    "action connect 3 port=4711",
    "action connect 3 address=[2001:db8::1]:20",
    "action listen 3",
    "action accept 3",
    "action secure control",
    "action secure 3",
    "action unsecure",
    "action move 3 receive image secured=no",
    "action move 3 send ascii limit=9 secured=yes discard=yes",
    "action finish 3",
    "action discard 3",
    "action poll",
    "action close",
    "report connected 3",
    "report listening 3 192.0.2.1:20",
    "report accepted 3 2001:db8::1",
    "report secured control",
    "report secured 3",
    "report unsecured",
    "report moved 3 9000000000",
    "report held 3 yes",
    "report held 3 no",
    "report closing 3",
    "report finished 3 clean",
    "report finished 3 truncated",
    "report finished 3 limit",
    "report failed control refused",
    "report failed 3 unreachable",
    "report failed 3 timed-out",
    "report failed 3 reset",
    "report failed 3 tls",
    "report failed 3 tls-timed-out",
    "report failed 3 local",
    "report failed 3 other",
    r#"submit "NOOP""#,
    r#"batch "SIZE a b""#,
    r#"begin receive image offset=0 "RETR a""#,
    r#"begin send ascii offset=0 "STOR a""#,
    r#"begin send image offset=5 length=8 mode=epsv directory=2f61ff "STOR a""#,
    r#"begin receive image offset=5 limit=7 mode=pasv "RETR a""#,
    r#"begin receive image offset=0 mode=auto "RETR a""#,
    r#"begin receive image offset=0 mode=active "RETR a""#,
    "abort 7",
    "discard 8",
    "mode auto",
    "mode epsv",
    "mode pasv",
    "mode eprt",
    "mode port",
    "mode active",
    "detail off",
    "detail requests",
    "detail steps",
    "detail everything",
    "resumptions unknown",
    "resumptions 0",
    "close",
    "dropped 9",
];

#[test]
fn every_record_is_read_as_it_was_written() {
    for line in LINES {
        let record: Record = line.parse().unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(record.to_string(), *line);
        assert_eq!(record.to_string().parse(), Ok(record));
    }
}

/// A file may be cut or be of another version: nothing is made up for what is not understood.
#[test]
fn a_line_that_lacks_something_is_not_read() {
    let optional = |line: &str| line.starts_with("open") || line.starts_with("begin");
    for line in LINES {
        let words: Vec<_> = line.split(' ').collect();
        for cut in 0..words.len() {
            let part = words[..cut].join(" ");
            // These are whole without what was cut.
            let is_whole =
                optional(line) || LINES.contains(&&*part) || part.contains("action move");
            assert!(is_whole || part.parse::<Record>().is_err(), "{part}");
        }
        let first = words[0];
        let without = line.replacen(first, "nonsense", 1);
        assert!(without.parse::<Record>().is_err(), "{without}");
    }
    for line in [
        "",
        r#"command "NOOP"#,
        r#"receive "\"#,
        r#"receive "\x0"#,
        r#"receive "\x0g""#,
        r#"receive "\xg0""#,
        r#"command "a\r\nb""#,
        "command NOOP",
        "reply 99 \"\"",
        "reply x \"\"",
        "open secured=perhaps",
        "open peer=nobody",
        "open local=nobody",
        "open nonsense=1",
        "open secured",
        "open connect=7",
        "open connect=7.5s",
        "open connect=7.0000000001s",
        "open lenient=quotes,nonsense",
        "open pipeline=many",
        "open tls=perhaps",
        "open data_mode=nonsense",
        "transmitted -1",
        "poll never",
        "action connect 3 name=4711",
        "action connect 3 port=66000",
        "action connect 3 address=nowhere",
        "action connect 3 4711",
        "action secure nothing",
        "action move 3 both image",
        "action move 3 send ebcdic",
        "action move 3 send image limit=x",
        "action move 3 send image secured=x",
        "action move 3 send image discard=x",
        "action move 3 send image nonsense=1",
        "action nonsense",
        "report held 3 perhaps",
        "report finished 3 nonsense",
        "report failed 3 nonsense",
        "report nonsense",
        r#"begin receive image offset=x "RETR a""#,
        r#"begin receive image nonsense=1 "RETR a""#,
        r#"begin receive image mode=nonsense "RETR a""#,
        r#"begin receive image directory=zz "RETR a""#,
        r#"begin both image "RETR a""#,
        r#"begin send ebcdic "RETR a""#,
        "begin receive image",
        "mode nonsense",
        "detail nonsense",
        "resumptions many",
    ] {
        assert!(line.parse::<Record>().is_err(), "{line}");
    }
    let error = "nonsense".parse::<Record>().unwrap_err();
    assert_eq!(error.to_string(), "the line is not a trace record");
}

#[test]
fn each_value_of_a_setting_is_read_as_it_was_written() {
    for words in [
        "host_policy=reported",
        "host_policy=public",
        "tls=control",
        "abort=control",
        "encoding=as_it_is",
        "early_tls=yes",
        "lenient=other-code,quotes,no-close-notify,early-completion,no-mark,surplus",
        "lenient=quotes,surplus",
        "keepalive=1500ms",
        "keepalive=1.500000001s",
        "mark=0ms",
        "listing_entries_max=0",
    ] {
        let line = format!("open secured=no {words}");
        let record: Record = line.parse().unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(record.to_string(), line);
    }
    let Ok(Record::Opened { config, .. }) = "open mark=1500ms lenient=no-mark".parse() else {
        panic!("it is not read");
    };
    assert_eq!(config.timeouts.mark, Duration::from_millis(1_500));
    assert!(config.lenient.contains(Leniency::NoMark));
    assert!(!config.lenient.contains(Leniency::UndoubledQuotes));
    assert_eq!(config.detail, Detail::Everything);
}

/// Whoever records less gets the same records of that kind.
#[test]
fn each_record_is_kept_from_a_certain_detail_on() {
    for line in LINES {
        let words: Vec<_> = line.split(' ').collect();
        let expected = match words[..] {
            ["command" | "reply" | "dropped", ..] => Detail::Requests,
            ["open" | "receive" | "transmitted" | "poll", ..] => Detail::Everything,
            ["report", "moved" | "held", ..] => Detail::Everything,
            _ => Detail::Steps,
        };
        assert_eq!(line.parse::<Record>().unwrap().detail(), expected, "{line}");
    }
}

#[test]
fn a_replay_tells_where_it_differs() {
    let mut session = recording();
    session.submit(noop()).unwrap();
    flush(&mut session);
    let mut records: Vec<_> = std::iter::from_fn(|| session.poll_trace()).collect();
    let replayed = replay(&records).unwrap();
    assert_eq!(replayed.difference(&records), None);
    assert_eq!(replayed.records, records);
    // One more, on either side.
    records.push(Record::Closed);
    let last = records.len() - 1;
    let expected = Some((last, Some(&Record::Closed), None));
    assert_eq!(replayed.difference(&records), expected);
    records.truncate(last - 1);
    let more = Some(&replayed.records[last - 1]);
    assert_eq!(replayed.difference(&records), Some((last - 1, None, more)));
    // Another one.
    records[1] = Record::ReceivedEof;
    let (then, now) = (Some(&Record::ReceivedEof), Some(&replayed.records[1]));
    assert_eq!(replayed.difference(&records), Some((1, then, now)));
    // What comes behind less detail is not compared, and that itself is.
    records.truncate(1);
    records.push(Record::DetailSet(Detail::Steps));
    records.push(Record::ReceivedEof);
    let then = Some(&Record::DetailSet(Detail::Steps));
    assert_eq!(replayed.difference(&records), Some((1, then, now)));
    let replayed = replay(&records).unwrap();
    assert_eq!(replayed.difference(&records), None);
    // Full detail does not end it.
    records[1] = Record::DetailSet(Detail::Everything);
    let replayed = replay(&records).unwrap();
    assert!(replayed.records.contains(&Record::ReceivedEof));
    assert!(replay(&records[1..]).is_err());
    assert!(replay(&[]).is_err());
}

#[test]
fn every_input_reaches_the_session_that_runs_again() {
    let mut config = Config::default();
    config.detail = Detail::Everything;
    config.data_mode = DataMode::AnyActive;
    let mut session = Session::new(config, Control::default());
    session.receive(b"220 ready\r\n");
    session.set_resumptions(Some(2));
    session.set_resumptions(None);
    session.set_detail(Detail::Everything);
    session
        .submit_batched(Command::raw("SIZE a").unwrap())
        .unwrap();
    flush(&mut session);
    session.receive(b"213 1\r\n");
    session.close();
    flush(&mut session);
    session.receive_eof();
    session.poll_action(Instant::from_epoch(Duration::from_secs(3)));
    let records = replayed_alike(&mut session);
    for wanted in [
        Record::ResumptionsSet(Some(2)),
        Record::ResumptionsSet(None),
        Record::DetailSet(Detail::Everything),
        Record::Batched(Command::raw("SIZE a").unwrap()),
        Record::Closed,
    ] {
        assert!(records.contains(&wanted), "{wanted}");
    }
    assert!(matches!(session.state(), State::Dead(_)));
}

/// Who does not take records learns how many are missing, and where.
#[test]
fn records_that_nobody_takes_are_counted_instead() {
    let mut config = Config::default();
    config.detail = Detail::Everything;
    config.limits.trace_records_max = 5;
    let mut session = Session::new(config, Control::default());
    for _ in 0..9 {
        session.set_data_mode(DataMode::Passive);
    }
    let set = Record::DataModeSet(DataMode::Passive);
    // The first one is that of the configuration.
    for index in 0..5 {
        let record = session.poll_trace().unwrap();
        assert_eq!(record == set, index > 0);
        // There is room again, but the gap is not told yet.
        session.set_data_mode(DataMode::Passive);
    }
    assert_eq!(session.poll_trace(), Some(Record::Dropped(10)));
    assert_eq!(session.poll_trace(), None);
    session.set_data_mode(DataMode::Passive);
    assert_eq!(session.poll_trace(), Some(set));
    assert_eq!(session.poll_trace(), None);
}

/// What a server sends fills no memory, however few records it makes.
#[test]
fn the_bytes_of_records_that_nobody_takes_are_bounded() {
    let mut config = Config::default();
    config.limits.trace_records_max = u16::MAX;
    config.detail = Detail::Everything;
    let mut session = Session::new(config, Control::default());
    session.receive(b"220 ready\r\n");
    let reply = format!("200-{0}\r\n {0}\r\n200 done\r\n", "x".repeat(500));
    for _ in 0..2 {
        while session.poll_trace().is_some() {}
        let mut sent = 0;
        while sent < 2 * trace::BYTES_MAX {
            let ticket = session.submit(noop()).unwrap();
            flush(&mut session);
            session.receive(reply.as_bytes());
            assert!(session.poll_reply(ticket).is_ready());
            sent += reply.len();
        }
        let held: Vec<_> = std::iter::from_fn(|| session.poll_trace()).collect();
        let bytes = held.iter().map(|record| match record {
            Record::Received(bytes) => bytes.len(),
            Record::Reply(reply) => reply.text().len(),
            _ => 0,
        });
        let bytes: usize = bytes.sum();
        assert!(bytes <= trace::BYTES_MAX, "{bytes}");
        assert!(bytes + 2 * reply.len() > trace::BYTES_MAX, "{bytes}");
        assert!(matches!(held.last(), Some(Record::Dropped(_))));
    }
}
