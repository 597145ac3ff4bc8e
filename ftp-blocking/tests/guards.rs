//! Downloads and uploads as values: when they end, what they say, and what becomes of them when
//! they are dropped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::io::{self, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ftp_blocking::proto::operation::{OneTransfer, Retrieve, Store};
use ftp_blocking::proto::{
    After, Argument, Compared, ErrorKind, Interruption, State, Timeouts, Transfer,
};
use ftp_blocking::testing::{Behaviour, Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Error, Stream};
use ftp_testbed::large;
use ftp_testbed::scripted::{Passive, Peer, Port, Script};

const WATCHDOG: Duration = Duration::from_secs(30);

/// Runs a test in a thread of its own: one that hangs fails.
fn bounded(test: impl FnOnce() + Send + 'static) {
    let (done, ended) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        let _ = done.send(());
    });
    if ended.recv_timeout(WATCHDOG) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// More than the buffers of both sockets hold.
const LARGE: usize = 24 << 20;

fn pattern(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    large::fill(0, &mut bytes);
    bytes
}

fn start(behaviour: Behaviour) -> (Loopback, Client) {
    let files = Files::new()
        .file("/digits", "0123456789")
        .file("/empty", "")
        .file("/large", pattern(LARGE));
    let server = Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap();
    let mut timeouts = Timeouts::all(Duration::from_secs(20));
    // A download that the server says has failed is left open that long, for what is on its way.
    timeouts.drain = Duration::from_millis(200);
    let mut client = Client::builder()
        .timeouts(timeouts)
        .connect_to(&[server.address()])
        .unwrap();
    client.login_anonymous().unwrap();
    (server, client)
}

/// A peer that is silent after the greeting and the script, and a client whose limits all lie
/// beyond the test.
fn silent(script: Script) -> (Peer, Client) {
    let script = Script::new()
        .send("220 ready\r\n")
        .answer("TYPE I", "200 ok\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .accept()
        .then_all(script);
    let peer = Peer::start(script).unwrap();
    let client = Client::builder()
        .timeouts(Timeouts::all(Duration::from_secs(3600)))
        .connect_to(&[peer.address()])
        .unwrap();
    (peer, client)
}

fn cause(error: &Error) -> Interruption {
    match error.kind() {
        Some(ErrorKind::Interrupted(interrupted)) => interrupted.cause,
        _ => panic!("{error}"),
    }
}

/// The session settles what is left, and then works.
fn goes_on(client: &mut Client) {
    assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
    assert_eq!(client.state(), State::Usable);
    let mut digits = Vec::new();
    client.retrieve_to("digits", &mut digits).unwrap();
    assert_eq!(digits, b"0123456789");
}

// -- reading --------------------------------------------------------------------------------------

#[test]
fn the_end_is_read_only_after_a_positive_verdict() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        let mut download = client.retrieve("digits").unwrap();
        let mut digits = String::new();
        download.read_to_string(&mut digits).unwrap();
        assert_eq!(digits, "0123456789");
        for _ in 0..3 {
            assert_eq!(download.read(&mut [0; 8]).unwrap(), 0);
        }
        let completed = download.finish().unwrap();
        assert_eq!(completed.bytes, 10);
        assert_eq!(completed.compared, Compared::Hint(10));
        assert_eq!(completed.reply.unwrap().code().get(), 226);
    });
}

#[test]
fn an_end_without_a_positive_verdict_is_an_error_again_and_again() {
    bounded(|| {
        for behaviour in [
            Behaviour::new().truncate("RETR", 7),
            Behaviour::new().break_off("RETR", 7, 426, "Broken."),
            Behaviour::new().give_up("RETR", 7, 451, "Disk."),
        ] {
            let (_server, mut client) = start(behaviour);
            let mut download = client.retrieve("digits").unwrap();
            let mut got = Vec::new();
            let first = download.read_to_end(&mut got).unwrap_err();
            assert!(got.len() <= 7);
            for _ in 0..3 {
                let again = download.read(&mut [0; 8]).unwrap_err();
                assert_eq!(again.kind(), first.kind());
                assert_eq!(again.to_string(), first.to_string());
            }
            let finished = download.finish().unwrap_err();
            assert_eq!(finished.to_string(), first.to_string());
            assert_eq!(finished.after(), After::Usable);
            client.noop().unwrap();
        }
    });
}

#[test]
fn an_empty_buffer_says_nothing_about_the_end() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        let mut download = client.retrieve("digits").unwrap();
        assert_eq!(download.read(&mut []).unwrap(), 0);
        let mut digits = Vec::new();
        download.read_to_end(&mut digits).unwrap();
        assert_eq!(digits.len(), 10);
    });
}

#[test]
fn an_empty_file_is_a_file() {
    bounded(|| {
        let (server, mut client) = start(Behaviour::new());
        assert_eq!(client.retrieve("empty").unwrap().finish().unwrap().bytes, 0);
        client.store("new").unwrap().finish().unwrap();
        assert_eq!(server.files().content("/new"), Some(&b""[..]));
    });
}

#[test]
fn finish_reads_what_is_left() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        let mut download = client.retrieve("large").unwrap();
        download.read_exact(&mut [0; 100]).unwrap();
        assert_eq!(download.finish().unwrap().bytes, LARGE as u64);
        goes_on(&mut client);
    });
}

#[test]
fn a_limit_ends_a_download_as_a_success() {
    bounded(|| {
        let (server, mut client) = start(Behaviour::new());
        let head = Retrieve::new(Argument::new("large").unwrap()).limited_to(1000);
        let mut got = Vec::new();
        let completed = client.download(head).unwrap().copy_to(&mut got).unwrap();
        assert_eq!(completed.bytes, 1000);
        assert!(got == pattern(1000));
        goes_on(&mut client);
        assert!(server.commands(0).contains(&"ABOR".to_owned()));
    });
}

#[test]
fn large_transfers_both_ways() {
    bounded(|| {
        let (server, mut client) = start(Behaviour::new());
        let mut got = Vec::new();
        client.retrieve_to("large", &mut got).unwrap();
        assert!(got == pattern(LARGE), "the file differs");
        let completed = client.store_from("copy", &mut &got[..]).unwrap();
        assert_eq!(completed.bytes, LARGE as u64);
        assert!(server.files().content("/copy").unwrap() == got);
        // From the middle on, both ways.
        let middle = LARGE / 2;
        let mut rest = Vec::new();
        let download = client.retrieve_at("large", middle as u64).unwrap();
        download.copy_to(&mut rest).unwrap();
        assert!(rest == got[middle..]);
        let upload = client.store_at("copy", middle as u64).unwrap();
        upload.copy_from(&mut &rest[..], 8192, |_| {}).unwrap();
        assert!(server.files().content("/copy").unwrap() == got);
    });
}

#[test]
fn the_stream_itself_can_be_used() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        let mut download = client.retrieve("digits").unwrap();
        let (stream, flow) = download.stream().unwrap();
        assert!(flow.is_verbatim());
        let mut buffer = [0; 4];
        stream.read(&mut buffer, WATCHDOG).unwrap();
        let mut rest = Vec::new();
        // The bytes that went by are missing in the count, which the announced length shows.
        let error = download.read_to_end(&mut rest).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!([&buffer[..], &rest].concat(), b"0123456789");
        drop(download);
        client.noop().unwrap();
    });
}

// -- dropping -------------------------------------------------------------------------------------

#[test]
fn dropping_a_download_never_waits() {
    bounded(|| {
        let script = Script::new()
            .answer("RETR a", "150 here\r\n")
            .send_data("abc")
            .ignore_rest();
        let (peer, mut client) = silent(script);
        let mut download = client.retrieve("a").unwrap();
        download.read_exact(&mut [0; 3]).unwrap();
        drop(download);
        assert_eq!(client.state(), State::Settling { replies: 2 });
        drop(client);
        let record = peer.finish().unwrap();
        assert_eq!(record.lines(), ["TYPE I", "EPSV", "RETR a", "ABOR"]);
    });
}

#[test]
fn the_next_call_settles_a_dropped_download() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        for read in [0, 1, 100_000] {
            let mut download = client.retrieve("large").unwrap();
            io::copy(&mut Read::take(&mut download, read), &mut io::sink()).unwrap();
            drop(download);
            goes_on(&mut client);
        }
        // Dropped after the end, there is nothing to settle.
        let mut download = client.retrieve("digits").unwrap();
        io::copy(&mut download, &mut io::sink()).unwrap();
        drop(download);
        assert_eq!(client.state(), State::Usable);
    });
}

#[test]
fn a_server_that_does_not_settle_is_left() {
    bounded(|| {
        let script = Script::new()
            .answer("RETR a", "150 here\r\n")
            .send_data("abc")
            .ignore_rest();
        let script = Script::new()
            .send("220 ready\r\n")
            .answer("TYPE I", "200 ok\r\n")
            .expect("EPSV")
            .passive(Port::Open, Passive::Extended)
            .accept()
            .then_all(script);
        let peer = Peer::start(script).unwrap();
        let mut timeouts = Timeouts::default();
        timeouts.abort_grace = Duration::from_millis(200);
        timeouts.fence = Duration::from_millis(200);
        let mut client = Client::builder()
            .timeouts(timeouts)
            .connect_to(&[peer.address()])
            .unwrap();
        // A peer that still has to send would fail at the reset, and close the control connection.
        let mut download = client.retrieve("a").unwrap();
        download.read_exact(&mut [0; 3]).unwrap();
        drop(download);
        let error = client.noop().unwrap_err();
        assert!(error.is_fatal());
        assert!(matches!(error.kind(), Some(ErrorKind::Timeout(_))));
        drop(client);
        // The fence was tried; the command of the caller was held back.
        let record = peer.finish().unwrap();
        assert_eq!(record.lines(), ["TYPE I", "EPSV", "RETR a", "ABOR", "NOOP"]);
    });
}

#[test]
fn a_dropped_upload_is_reset() {
    bounded(|| {
        let script = Script::new()
            .answer("STOR a", "150 go\r\n")
            .read_data(3)
            .mark("begun")
            .expect("ABOR")
            .read_data_to_end();
        let (peer, mut client) = silent(script);
        let mut upload = client.store("a").unwrap();
        upload.write_all(b"abc").unwrap();
        assert!(peer.reached("begun"));
        drop(upload);
        assert!(matches!(client.state(), State::Settling { .. }));
        let failure = peer.finish().unwrap_err();
        assert!(
            failure.reason.contains("reset"),
            "an orderly end would make a short file a good one: {failure}"
        );
    });
}

#[test]
fn the_next_call_settles_a_dropped_upload() {
    bounded(|| {
        for reply in [426, 451, 226] {
            let (_server, mut client) = start(Behaviour::new().broken_upload(reply));
            for written in [0, 1, 100_000] {
                let mut upload = client.store("half").unwrap();
                upload.write_all(&pattern(written)).unwrap();
                drop(upload);
                goes_on(&mut client);
            }
        }
    });
}

#[test]
fn a_forgotten_guard_ends_as_a_dropped_one() {
    bounded(|| {
        let (server, mut client) = start(Behaviour::new());
        std::mem::forget(client.retrieve("large").unwrap());
        goes_on(&mut client);
        let mut upload = client.store("half").unwrap();
        upload.write_all(b"abc").unwrap();
        std::mem::forget(upload);
        let mut digits = Vec::new();
        client.retrieve_to("digits", &mut digits).unwrap();
        assert_eq!(digits, b"0123456789");
        std::mem::forget(client.retrieve("large").unwrap());
        assert!(client.list("").unwrap().len() >= 3);
        let aborts = server.commands(0);
        assert_eq!(aborts.iter().filter(|line| *line == "ABOR").count(), 3);
    });
}

#[test]
fn a_panic_in_a_callback_ends_the_transfer() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let download = client.retrieve("large").unwrap();
            download.blocks(1000, |_| std::panic::resume_unwind(Box::new("stop")))
        }));
        assert!(panicked.is_err());
        goes_on(&mut client);
    });
}

// -- what fails on our side -----------------------------------------------------------------------

/// Takes or gives so many bytes and then fails.
struct Failing(usize);

fn no_space<T>() -> io::Result<T> {
    Err(io::ErrorKind::StorageFull.into())
}

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match bytes.len().min(self.0) {
            0 => no_space(),
            count => {
                self.0 -= count;
                Ok(count)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match buffer.len().min(self.0) {
            0 => no_space(),
            count => {
                self.0 -= count;
                buffer[..count].fill(b'\n');
                Ok(count)
            }
        }
    }
}

fn is_local(error: Error) {
    let Error::Local(source, after) = &error else {
        panic!("{error}")
    };
    assert_eq!(source.kind(), io::ErrorKind::StorageFull);
    assert_eq!(*after, After::Settling);
    assert_eq!(error.after(), After::Settling);
    assert!(!error.is_transient() && !error.is_misuse());
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::StorageFull);
}

#[test]
fn progress_is_told_and_may_refuse() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        let (mut sink, mut told) = (Vec::new(), vec![0]);
        let download = client.retrieve("large").unwrap();
        let progress = |bytes| {
            told.push(bytes);
            Ok(())
        };
        download.copy_with(&mut sink, progress).unwrap();
        assert!(told.is_sorted_by(|earlier, later| earlier < later));
        assert_eq!(told.last(), Some(&(sink.len() as u64)));
        for most in [0, 1_000_000] {
            let progress = |bytes| if bytes > most { no_space() } else { Ok(()) };
            let download = client.retrieve("large").unwrap();
            is_local(download.copy_with(&mut io::sink(), progress).unwrap_err());
            goes_on(&mut client);
        }
    });
}

#[test]
fn a_sink_that_fails_aborts_the_download() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        for room in [0, 1, 1_000_000] {
            is_local(client.retrieve_to("large", &mut Failing(room)).unwrap_err());
            goes_on(&mut client);
        }
    });
}

#[test]
fn a_source_that_fails_aborts_the_upload_with_a_reset() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        for given in [0, 1, 1_000_000] {
            is_local(client.store_from("part", &mut Failing(given)).unwrap_err());
            goes_on(&mut client);
            let mut source = BufReader::new(Failing(given));
            is_local(client.store_lines("part", &mut source).unwrap_err());
            goes_on(&mut client);
        }

        let script = Script::new()
            .answer("STOR a", "150 go\r\n")
            .read_data(1000)
            .mark("begun")
            .read_data_to_end();
        let (peer, mut client) = silent(script);
        is_local(client.store_from("a", &mut Failing(1000)).unwrap_err());
        let failure = peer.finish().unwrap_err();
        assert!(failure.reason.contains("reset"), "{failure}");
    });
}

/// Is interrupted before every byte.
struct Interrupted<'a>(&'a [u8], bool);

impl Read for Interrupted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = buffer.len().min(1);
        self.0.read(&mut buffer[..count])
    }
}

#[test]
fn an_interrupted_source_is_asked_again() {
    bounded(|| {
        let (server, mut client) = start(Behaviour::new());
        let mut source = Interrupted(b"0123456789", false);
        client.store_from("copy", &mut source).unwrap();
        assert_eq!(server.files().content("/copy"), Some(&b"0123456789"[..]));
    });
}

// -- writing --------------------------------------------------------------------------------------

#[test]
fn a_write_that_fails_is_told_by_finish_too() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new().give_up("STOR", 1000, 552, "Full."));
        let mut upload = client.store("big").unwrap();
        let block = pattern(1 << 20);
        let first = loop {
            if let Err(error) = upload.write_all(&block) {
                break error;
            }
        };
        let again = upload.write(&block).unwrap_err();
        assert_eq!(again.to_string(), first.to_string());
        let error = upload.finish().unwrap_err();
        assert_eq!(error.to_string(), first.to_string());
        assert_eq!(error.reply().unwrap().code().get(), 552);
        goes_on(&mut client);
    });
}

#[test]
fn abort_says_how_far_it_came() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        let mut download = client.retrieve("large").unwrap();
        download.read_exact(&mut [0; 1000]).unwrap();
        let error = download.abort().unwrap_err();
        assert_eq!(cause(&error), Interruption::Aborted);
        assert!(error.session().unwrap().interrupted().unwrap().bytes >= 1000);
        let upload = client.store("none").unwrap();
        assert_eq!(cause(&upload.abort().unwrap_err()), Interruption::Aborted);
        goes_on(&mut client);
    });
}

#[test]
fn abort_after_the_end_yields_the_verdict() {
    bounded(|| {
        let (_server, mut client) = start(Behaviour::new());
        let mut download = client.retrieve("digits").unwrap();
        io::copy(&mut download, &mut io::sink()).unwrap();
        assert_eq!(download.abort().unwrap().bytes, 10);
        goes_on(&mut client);
    });
}

// -- operations without a guard -------------------------------------------------------------------

#[test]
fn run_drops_what_is_received_and_sends_nothing() {
    bounded(|| {
        let (server, mut client) = start(Behaviour::new());
        let retrieve = Retrieve::new(Argument::new("large").unwrap());
        assert_eq!(client.run(retrieve).unwrap().bytes, LARGE as u64);
        let list = OneTransfer::new(Transfer::list(None));
        assert!(client.run(list).unwrap().bytes > 0);
        let store = Store::new(Argument::new("new").unwrap());
        assert_eq!(client.run(store).unwrap().bytes, 0);
        assert_eq!(server.files().content("/new"), Some(&b""[..]));
        goes_on(&mut client);
    });
}

/// The data connection of a transfer that was aborted may stay open for a while. What moves on it
/// is nobody's.
#[test]
fn what_lingers_of_one_transfer_is_not_the_next_ones() {
    bounded(|| {
        for aborts in [false, true] {
            let (server, _) = start(Behaviour::new());
            let mut timeouts = Timeouts::all(Duration::from_secs(20));
            timeouts.abort_linger = Duration::from_millis(300);
            let mut client = Client::builder()
                .timeouts(timeouts)
                .connect_to(&[server.address()])
                .unwrap();
            client.login_anonymous().unwrap();
            let mut download = client.retrieve("large").unwrap();
            download.read_exact(&mut [0; 1000]).unwrap();
            if aborts {
                download.abort().unwrap_err();
            } else {
                drop(download);
            }
            let mut next = Vec::new();
            client
                .retrieve("digits")
                .unwrap()
                .copy_to(&mut next)
                .unwrap();
            assert!(next == b"0123456789", "{} bytes", next.len());

            // Nor is a listing made of it.
            let mut download = client.retrieve("large").unwrap();
            download.read_exact(&mut [0; 1000]).unwrap();
            drop(download);
            assert_eq!(client.list("").unwrap().len(), 3);
            goes_on(&mut client);
        }
    });
}
