//! What is tried again, what is looked up, and what is neither, on the caller's loop.
#![cfg(feature = "mio")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{self, Cursor, Write};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, Instant};

use ftp_blocking::testing::Loopback;
use ftp_mio::mio as glue;
use ftp_mio::proto::operation::Login;
use ftp_mio::proto::retry::Retry;
use ftp_mio::proto::testing::{Behaviour, Files, Rule, ServerConfig, Step as At};
use ftp_mio::proto::{Argument, ErrorKind, Timeouts};
use ftp_mio::{Client, Error, Handle, Result, Retrying, Tcp};

fn server(behaviour: Behaviour, files: Files) -> Loopback {
    Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap()
}

fn retrying(server: &Loopback) -> Retrying<Tcp> {
    let mut policy = Retry::default();
    policy.delay = Duration::from_millis(1);
    Client::builder()
        .connector_to([server.address()], Login::anonymous())
        .retrying(policy)
}

/// Drives one operation to its outcome.
fn run<O: 'static>(
    server: &Loopback,
    start: impl FnOnce(&mut Retrying<Tcp>) -> Handle<O>,
) -> Result<O> {
    let mut ftp = retrying(server);
    let handle = start(&mut ftp);
    let outcome = drive(&mut ftp, handle);
    assert!(matches!(ftp.poll(handle), Poll::Ready(Err(Error::Spent))));
    outcome
}

fn drive<O: 'static>(ftp: &mut Retrying<Tcp>, handle: Handle<O>) -> Result<O> {
    let mut poll = mio::Poll::new().unwrap();
    let mut events = mio::Events::with_capacity(8);
    loop {
        ftp.turn(
            Instant::now(),
            &mut glue::Registrar::new(poll.registry(), 0),
        );
        if let Poll::Ready(outcome) = ftp.poll(handle) {
            return outcome;
        }
        let timeout = ftp.timeout(Instant::now());
        poll.poll(&mut events, timeout).unwrap();
        for event in &events {
            ftp.ready(glue::slot(event.token()).1, glue::ready(event));
        }
    }
}

fn path(path: &str) -> Argument {
    Argument::new(path).unwrap()
}

fn count(server: &Loopback, verb: &str) -> usize {
    let sessions = 0..server.counts().accepted;
    let commands = sessions.flat_map(|number| server.commands(number));
    commands.filter(|line| line.starts_with(verb)).count()
}

/// A sink that can be looked at.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Sink {
    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const CONTENT: &[u8] = b"0123456789abcdefghijklmno";

#[test]
fn a_download_goes_on_where_it_was_interrupted() {
    let broken = Rule::at(At::Moving(10)).of("RETR").reset_control();
    let server = server(
        Behaviour::new().rule(broken),
        Files::new().file("/a", CONTENT),
    );
    let sink = Sink::default();
    let completed = run(&server, |ftp| ftp.retrieve_to(path("a"), sink.clone())).unwrap();
    assert_eq!((sink.bytes().as_slice(), completed.bytes), (CONTENT, 25));
    assert_eq!((count(&server, "RETR"), count(&server, "REST 10")), (3, 1));
}

/// The connection is cut at a stage of a download, in each session anew.
#[test]
fn every_stage_is_tried_again() {
    for (at, verb) in [
        (At::Connected, ""),
        (At::Received, "USER"),
        (At::Received, "PASS"),
        (At::Received, "TYPE"),
        (At::Answering, "EPSV"),
        (At::Received, "RETR"),
        (At::Marking, "RETR"),
        (At::Answering, "RETR"),
    ] {
        let rule = Rule::at(at);
        let rule = if verb.is_empty() { rule } else { rule.of(verb) };
        let behaviour = Behaviour::new().rule(rule.reset_control());
        let cuts = server(behaviour, Files::new().file("/a", CONTENT));
        let sink = Sink::default();
        let lost = run(&cuts, |ftp| ftp.retrieve_to(path("a"), sink.clone()));
        // A file that is there in whole when its last reply is lost goes on at its end.
        let is_there = (at, verb) == (At::Answering, "RETR");
        assert_eq!(lost.is_ok(), is_there, "{at:?} {verb}: {lost:?}");
        let tries = cuts.counts().accepted;
        assert_eq!(tries, if is_there { 2 } else { 5 }, "{at:?} {verb}");
        assert!(CONTENT.starts_with(&sink.bytes()), "{at:?} {verb}");
    }
}

#[test]
fn an_upload_under_a_new_name_goes_on() {
    let broken = Rule::at(At::Moving(10)).of("STOR").reset_control();
    let server = server(Behaviour::new().rule(broken), Files::new());
    let completed = run(&server, |ftp| {
        let mut source = Cursor::new([b"skipped", CONTENT].concat());
        source.set_position(7);
        ftp.store_from(path("a"), source)
    });
    assert_eq!(completed.unwrap().bytes, 25);
    assert_eq!(server.files().content("/a"), Some(CONTENT));
}

#[test]
fn an_upload_over_a_file_of_others_is_not_repeated() {
    let broken = Rule::at(At::Moving(10)).of("STOR").reset_control();
    let files = Files::new().file("/a", "theirs");
    let server = server(Behaviour::new().rule(broken), files);
    let error = run(&server, |ftp| {
        ftp.store_from(path("a"), Cursor::new([7; 25]))
    });
    assert!(error.unwrap_err().is_transient());
    assert_eq!(count(&server, "STOR"), 1);
}

#[test]
fn a_change_whose_reply_is_lost_is_looked_up_and_not_repeated() {
    type Change = fn(&mut Retrying<Tcp>) -> Handle<()>;
    let changes: [(&str, Change); 4] = [
        ("DELE", |ftp| ftp.rm(path("/d/a"))),
        ("RMD", |ftp| ftp.rmdir(path("/empty"))),
        ("MKD", |ftp| ftp.mkdir(path("/new"))),
        ("RNTO", |ftp| ftp.rename(path("/d/a"), path("/d/b"))),
    ];
    for (verb, change) in changes {
        let files = || Files::new().file("/d/a", "x").directory("/empty");
        let lost = Rule::at(At::Answering).of(verb).reset_control();
        let lost = server(Behaviour::new().rule(lost), files());
        run(&lost, change).unwrap();
        assert_eq!(count(&lost, verb), 1, "{verb}");

        // The command itself was lost: nothing has changed, and it is not repeated either.
        let unseen = Rule::at(At::Received).of(verb).reset_control().instead();
        let unseen = server(Behaviour::new().rule(unseen), files());
        assert!(run(&unseen, change).is_err(), "{verb}");
        assert_eq!(count(&unseen, verb), 1, "{verb}");

        // A refusal for now has changed nothing.
        let busy = Rule::at(At::Received).of(verb).only(0);
        let busy = Behaviour::new().rule(busy.say(450, "Busy.").instead());
        let busy = server(busy, files());
        run(&busy, change).unwrap();
        assert_eq!(count(&busy, verb), 2, "{verb}");
    }
}

#[test]
fn a_permanent_refusal_is_final() {
    let server = server(Behaviour::new(), Files::new());
    assert!(
        run(&server, |ftp| ftp
            .retrieve_to(path("none"), Sink::default()))
        .is_err()
    );
    assert_eq!(count(&server, "RETR"), 1);

    let refused = self::server(Behaviour::new().refuse("PASS", 530, "No."), Files::new());
    assert!(run(&refused, |ftp| ftp.list(None)).is_err());
    assert_eq!(count(&refused, "PASS"), 1);
}

#[test]
fn tries_end() {
    let server = server(Behaviour::new().refuse("SIZE", 450, "Busy."), Files::new());
    let asked = run(&server, |ftp| ftp.size_in_bytes(path("a")));
    assert!(asked.unwrap_err().is_transient());
    assert_eq!(count(&server, "SIZE"), 5);

    let full = self::server(Behaviour::new().greet(421, "Full."), Files::new());
    assert!(run(&full, |ftp| ftp.list(None)).is_err());
    assert_eq!(full.counts().accepted, 5);
}

#[test]
fn a_listing_whose_connection_is_cut_is_made_again() {
    let cut = Rule::at(At::Moving(1)).of("MLSD").reset_control();
    let cuts = server(Behaviour::new().rule(cut), Files::new().file("/a", "x"));
    assert!(run(&cuts, |ftp| ftp.list(None)).is_err());
    assert_eq!(count(&cuts, "MLSD"), 5);
    let serves = server(Behaviour::new(), Files::new().file("/a", "x"));
    assert_eq!(run(&serves, |ftp| ftp.list(None)).unwrap().len(), 1);
}

#[test]
fn an_upload_to_a_file_that_another_has_written_does_not_go_on() {
    let broken = Rule::at(At::Moving(10)).of("STOR").reset_control();
    let longer = Rule::at(At::Received).of("SIZE").say(213, "9999");
    let behaviour = Behaviour::new().rule(broken).rule(longer.instead());
    let server = server(behaviour, Files::new());
    let error = run(&server, |ftp| {
        ftp.store_from(path("a"), Cursor::new([7; 25]))
    });
    let text = error.unwrap_err().to_string();
    assert!(text.contains("longer than what was sent"), "{text}");
    assert_eq!(count(&server, "STOR") + count(&server, "APPE"), 1);
}

/// A sink that takes nothing.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_sink_that_fails_is_the_outcome() {
    let server = server(Behaviour::new(), Files::new().file("/a", CONTENT));
    let error = run(&server, |ftp| ftp.retrieve_to(path("a"), Full)).unwrap_err();
    assert!(
        matches!(&error, Error::Local(error, _) if error.kind() == io::ErrorKind::StorageFull),
        "{error:?}"
    );
    assert_eq!(count(&server, "RETR"), 1);
}

/// A sink that keeps what it is given until it is flushed, and then fails.
struct Late;

impl Write for Late {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

/// Nobody but the client has the sink: what is in it is written before the outcome.
#[test]
fn a_sink_is_flushed_before_the_outcome() {
    let server = server(Behaviour::new(), Files::new().file("/a", CONTENT));
    let sink = Sink::default();
    let buffered = io::BufWriter::new(sink.clone());
    let mut ftp = retrying(&server);
    let download = ftp.retrieve_to(path("a"), buffered);
    drive(&mut ftp, download).unwrap();
    assert_eq!(sink.bytes(), CONTENT);
    let error = run(&server, |ftp| ftp.retrieve_to(path("a"), Late)).unwrap_err();
    assert!(
        matches!(&error, Error::Local(error, _) if error.kind() == io::ErrorKind::StorageFull),
        "{error:?}"
    );
}

/// A source whose first read fails like this.
struct Failing(Cursor<&'static [u8]>, Option<io::ErrorKind>);

impl io::Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.1.take() {
            Some(kind) => Err(kind.into()),
            None => self.0.read(buffer),
        }
    }
}

impl io::Seek for Failing {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_source_that_is_interrupted_goes_on_and_one_that_fails_is_the_outcome() {
    let server = server(Behaviour::new(), Files::new());
    let failing = |kind| Failing(Cursor::new(CONTENT), Some(kind));
    let fails = failing(io::ErrorKind::InvalidData);
    let error = run(&server, |ftp| ftp.store_from(path("b"), fails)).unwrap_err();
    assert!(
        matches!(&error, Error::Local(error, _) if error.kind() == io::ErrorKind::InvalidData),
        "{error:?}"
    );
    let source = failing(io::ErrorKind::Interrupted);
    run(&server, |ftp| ftp.store_from(path("a"), source)).unwrap();
    assert_eq!(server.files().content("/a"), Some(CONTENT));
    assert_eq!(count(&server, "STOR a"), 1);
}

/// A source that does not know where it is.
struct Lost(Cursor<&'static [u8]>);

impl io::Read for Lost {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl io::Seek for Lost {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        match to {
            io::SeekFrom::Current(_) => Err(io::ErrorKind::Unsupported.into()),
            to => self.0.seek(to),
        }
    }
}

#[test]
fn a_source_that_does_not_know_where_it_is_is_not_sent_from_its_beginning() {
    let server = server(Behaviour::new(), Files::new());
    let mut content = Cursor::new(CONTENT);
    content.set_position(7);
    let error = run(&server, |ftp| ftp.store_from(path("a"), Lost(content))).unwrap_err();
    assert!(matches!(&error, Error::Local(..)), "{error:?}");
    assert!(server.files().get("/a").is_none());
}

/// What was cancelled leaves a session that goes on, and QUIT ends it.
#[test]
fn cancelled_operations_leave_a_session_that_can_quit() {
    let files = Files::new().file("/large", vec![7; 5_000_000]);
    let server = server(Behaviour::new(), files);
    let mut ftp = retrying(&server);
    let sink = Sink::default();
    let download = ftp.retrieve_to(path("large"), sink.clone());
    let never = ftp.size_in_bytes(path("large"));
    let list = ftp.list(None);
    let mut poll = mio::Poll::new().unwrap();
    let mut events = mio::Events::with_capacity(8);
    let mut listed = None;
    while !(ftp.is_closed() && listed.is_some()) {
        ftp.turn(
            Instant::now(),
            &mut glue::Registrar::new(poll.registry(), 0),
        );
        if !sink.bytes().is_empty() && listed.is_none() {
            ftp.cancel(download);
            ftp.cancel(never);
            ftp.quit();
        }
        if let Poll::Ready(Ok(entries)) = ftp.poll(list) {
            listed = Some(entries.len());
        }
        let timeout = ftp.timeout(Instant::now());
        if !ftp.is_closed() {
            poll.poll(&mut events, timeout).unwrap();
        }
        for event in &events {
            ftp.ready(glue::slot(event.token()).1, glue::ready(event));
        }
    }
    assert_eq!(listed, Some(1));
    assert!(sink.bytes().len() < 5_000_000);
    assert!(matches!(ftp.poll(download), Poll::Ready(Err(Error::Spent))));
    assert_eq!((count(&server, "SIZE"), count(&server, "QUIT")), (0, 1));
    assert_eq!(server.counts().accepted, 1);
}

/// What is left of a cancelled download is nobody's: not the next one's either, nor does an upload
/// give anything to it.
#[test]
fn the_payload_of_a_cancelled_transfer_goes_nowhere_else() {
    for (stops, linger) in [(false, 0), (true, 0), (false, 1), (true, 1)] {
        let files = Files::new()
            .file("/large", vec![7; 5_000_000])
            .file("/a", CONTENT);
        // The server may go on sending, whatever it is told.
        let deaf = Rule::at(At::Received).of("ABOR").say(226, "So what?");
        let behaviour = match stops {
            true => Behaviour::new(),
            false => Behaviour::new().rule(deaf.instead()),
        };
        let server = server(behaviour, files);
        let mut timeouts = Timeouts::default();
        timeouts.abort_linger = Duration::from_secs(linger);
        let mut ftp = Client::builder()
            .timeouts(timeouts)
            .connector_to([server.address()], Login::anonymous())
            .retrying(Retry::default());
        let sink = Sink::default();
        let large = ftp.retrieve_to(path("large"), sink.clone());
        let small = Sink::default();
        let next = ftp.retrieve_to(path("a"), small.clone());
        let sent = ftp.store_from(path("b"), Cursor::new(CONTENT));
        let mut poll = mio::Poll::new().unwrap();
        let mut events = mio::Events::with_capacity(8);
        let mut is_cancelled = false;
        let completed = loop {
            ftp.turn(
                Instant::now(),
                &mut glue::Registrar::new(poll.registry(), 0),
            );
            if !sink.bytes().is_empty() && !is_cancelled {
                ftp.cancel(large);
                is_cancelled = true;
            }
            if let Poll::Ready(outcome) = ftp.poll(sent) {
                break outcome.unwrap();
            }
            poll.poll(&mut events, ftp.timeout(Instant::now())).unwrap();
            for event in &events {
                ftp.ready(glue::slot(event.token()).1, glue::ready(event));
            }
        };
        assert!(is_cancelled && sink.bytes().len() < 5_000_000);
        let Poll::Ready(Ok(downloaded)) = ftp.poll(next) else {
            panic!("the download failed");
        };
        assert_eq!(small.bytes(), CONTENT);
        assert_eq!((downloaded.bytes, completed.bytes), (25, 25));
        assert_eq!(server.files().content("/b"), Some(CONTENT));
    }
}

/// The pause is a deadline of the loop, and nothing is done before it.
#[test]
fn a_pause_is_waited_for_by_the_loop() {
    let server = server(Behaviour::new().greet(421, "Full."), Files::new());
    let connector = Client::builder().connector_to([server.address()], Login::anonymous());
    let mut policy = Retry::default();
    policy.delay = Duration::from_secs(1000);
    policy.delay_max = Duration::from_secs(1000);
    policy.tries_max = 2;
    let mut ftp = connector.retrying(policy);
    let list = ftp.list(None);
    let mut poll = mio::Poll::new().unwrap();
    let mut events = mio::Events::with_capacity(8);
    let mut now = Instant::now();
    let turn = |ftp: &mut Retrying<Tcp>, now, poll: &mio::Poll| {
        ftp.turn(now, &mut glue::Registrar::new(poll.registry(), 0));
    };
    loop {
        turn(&mut ftp, now, &poll);
        let left = ftp.timeout(now).unwrap();
        if left > Duration::from_secs(400) {
            assert!(left <= Duration::from_secs(1000));
            break;
        }
        poll.poll(&mut events, Some(left)).unwrap();
        for event in &events {
            ftp.ready(glue::slot(event.token()).1, glue::ready(event));
        }
    }
    let waiting = ftp.waiting().unwrap();
    assert_eq!(waiting.next_try, 2);
    assert!(waiting.pause >= Duration::from_secs(500));
    assert!(waiting.error.to_string().contains("Full."));
    turn(&mut ftp, now + Duration::from_secs(400), &poll);
    assert!(ftp.poll(list).is_pending() && ftp.waiting().is_some());
    assert_eq!(server.counts().accepted, 1);
    // When it is over, the second try is the last one.
    // That moment itself is no longer in it.
    now = ftp.deadline().unwrap();
    let error = loop {
        turn(&mut ftp, now, &poll);
        assert!(ftp.waiting().is_none());
        if let Poll::Ready(outcome) = ftp.poll(list) {
            break outcome.unwrap_err();
        }
        poll.poll(&mut events, ftp.timeout(now)).unwrap();
        for event in &events {
            ftp.ready(glue::slot(event.token()).1, glue::ready(event));
        }
    };
    assert!(matches!(
        error.kind(),
        Some(ErrorKind::Refused(_) | ErrorKind::Closed(..))
    ));
    assert_eq!(server.counts().accepted, 2);
}
