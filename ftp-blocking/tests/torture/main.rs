//! Every call of a session into the operating system is made to fail, to do little, or to do
//! nothing, one at a time.
//!
//! Whatever happens: nothing hangs, nothing spins, no result is wrong, and the session says what it
//! is good for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod pieces;
mod transport;

use std::io::{self, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use ftp_blocking::proto::{After, DataMode, ErrorKind, Interruption, Reason, State, Timeouts};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Error, Result};

use transport::{Act, Call, TorturedClient, tortured};

const WATCHDOG: Duration = Duration::from_secs(30);
/// A session of this file makes some 150 calls; one that makes so many goes round in circles.
const CALLS_MAX: usize = 5000;
const SIZE: usize = 100_000;

/// Runs something in a thread of its own: what hangs fails.
pub(crate) fn bounded<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, ended) = mpsc::channel();
    let thread = thread::spawn(move || {
        let result = run();
        let _ = done.send(());
        result
    });
    if ended.recv_timeout(WATCHDOG) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn content() -> Vec<u8> {
    (0..=250).cycle().take(SIZE).collect()
}

fn server() -> Loopback {
    let files = Files::new()
        .file("/file", content())
        .file("/old", "old")
        .directory("/pub");
    Loopback::start(ServerConfig::new(), files).unwrap()
}

/// Every limit ends soon.
fn hasty() -> Timeouts {
    Timeouts::all(Duration::from_millis(300))
}

/// No limit ends while the test runs, but those by which an aborted transfer is settled.
fn patient() -> Timeouts {
    let mut timeouts = Timeouts::all(Duration::from_secs(3600));
    timeouts.abort_grace = Duration::from_millis(300);
    timeouts
}

/// The steps of the session. Each says whether its result is what it has to be.
type Step = fn(&mut TorturedClient, &Loopback) -> Result<bool>;

const STEPS: [(&str, Step); 10] = [
    ("login", |client, _| {
        Ok(client.login_anonymous()?.code().get() == 230)
    }),
    ("cwd", |client, _| client.cwd("/pub").map(|()| true)),
    ("up", |client, _| client.cwd("..").map(|()| true)),
    ("pwd", |client, _| Ok(client.pwd()?.as_bytes() == b"/")),
    ("retrieve", |client, _| {
        let mut got = Vec::new();
        let completed = client.retrieve_to("file", &mut got)?;
        Ok(got == content() && completed.bytes == SIZE as u64)
    }),
    ("store", |client, server| {
        client.store_from("copy", &mut &content()[..])?;
        Ok(server.files().content("/copy") == Some(&content()[..]))
    }),
    ("nlst", |client, _| {
        let names = client.nlst("pub")?;
        Ok(names.is_empty())
    }),
    ("rename", |client, server| {
        client.rename("old", "new")?;
        Ok(server.files().content("/new") == Some(b"old"))
    }),
    ("resume", |client, _| {
        let mut got = vec![0; 10];
        client.retrieve_at("file", 10)?.copy_to(&mut got)?;
        Ok(got[10..] == content()[10..])
    }),
    // Whatever befell the step before behind its result is told here.
    ("noop", |client, _| client.noop().map(|()| true)),
];

/// How a run went.
struct Run {
    /// What was called at the fault, if the session came so far.
    faulted: Option<Call>,
    errors: Vec<(&'static str, Error)>,
    client: Option<TorturedClient>,
}

/// Runs the session with a fault at the call with the given number.
fn run(mode: DataMode, number: usize, fault: Act) -> Run {
    let server = server();
    let calls = Arc::new(AtomicUsize::new(0));
    let faulted = Arc::new(std::sync::Mutex::new(None));
    let noted = Arc::clone(&faulted);
    let builder = tortured(move |call| {
        let count = calls.fetch_add(1, Ordering::Relaxed);
        assert!(count < CALLS_MAX, "it spins");
        if count != number {
            return Act::Pass;
        }
        *noted.lock().unwrap() = Some(call);
        fault
    });
    let connected = builder
        .timeouts(patient())
        .data_mode(mode)
        .connect_to(&[server.address()]);
    let mut errors = Vec::new();
    let client = match connected {
        Ok(mut client) => {
            for (name, step) in STEPS {
                match step(&mut client, &server) {
                    Ok(right) => assert!(right, "{name} is wrong: {mode:?} {number} {fault:?}"),
                    Err(error) => {
                        check(&client, name, &error);
                        errors.push((name, error));
                    }
                }
            }
            Some(client)
        }
        Err(error) => {
            assert_eq!(error.after(), After::Dead);
            errors.push(("connect", error));
            None
        }
    };
    let faulted = *faulted.lock().unwrap();
    Run {
        faulted,
        errors,
        client,
    }
}

/// The error says what the session says.
fn check(client: &TorturedClient, name: &str, error: &Error) {
    let after = match client.state() {
        State::Dead(_) => After::Dead,
        State::Settling { .. } => After::Settling,
        _ => After::Usable,
    };
    assert_eq!(error.after(), after, "{name}: {error}");
    assert!(!error.is_misuse(), "{name}: {error}");
}

const MODES: [DataMode; 2] = [DataMode::Auto, DataMode::AnyActive];

/// All runs with the fault at the first call, the second, and so on, to the end of the session.
fn runs(mode: DataMode, fault: Act) -> impl Iterator<Item = (usize, Call, Run)> {
    (0..).map_while(move |number| {
        let run = bounded(move || run(mode, number, fault));
        Some((number, run.faulted?, run))
    })
}

/// What does little or nothing once is no failure at all.
fn is_harmless(fault: Act) {
    for mode in MODES {
        let mut count = 0;
        for (number, call, run) in runs(mode, fault) {
            // A call that cannot do nothing is left out: connecting and listening do it or fail.
            let waits = !matches!(
                call,
                Call::Connect | Call::ConnectData | Call::Listen | Call::Addresses
            );
            if waits || !matches!(fault, Act::Fail(_)) {
                assert!(
                    run.errors.is_empty(),
                    "{mode:?} {number} {call:?}: {:?}",
                    run.errors
                );
            }
            count += 1;
        }
        assert!(count > 50, "{count}");
    }
}

#[test]
fn short_reads_and_writes() {
    is_harmless(Act::Short(1));
}

#[test]
fn nothing_read_written_accepted_or_finished() {
    is_harmless(Act::Nothing);
}

#[test]
fn interrupted_calls() {
    is_harmless(Act::Fail(io::ErrorKind::Interrupted));
}

#[test]
fn calls_that_would_block() {
    is_harmless(Act::Fail(io::ErrorKind::WouldBlock));
}

/// A failure costs one operation if it is a data connection's, and the session if it is the control
/// connection's.
fn costs_what_it_must(kind: io::ErrorKind) {
    for mode in MODES {
        let mut count = 0;
        for (number, call, run) in runs(mode, Act::Fail(kind)) {
            let told = format!("{mode:?} {number} {call:?}: {:?}", run.errors);
            match call {
                Call::Connect | Call::Addresses => {
                    assert!(matches!(run.errors[0].1, Error::Connect(_)), "{told}");
                }
                Call::Read | Call::Write => {
                    assert!(run.errors[0].1.is_fatal(), "{told}");
                    assert!(
                        run.errors.iter().all(|(_, error)| error.is_fatal()),
                        "{told}"
                    );
                    if let Some(client) = &run.client {
                        assert!(matches!(client.state(), State::Dead(_)), "{told}");
                    }
                }
                // EPSV is followed by PASV.
                Call::ConnectData => assert_eq!(run.errors.len(), 0, "{told}"),
                // At the end of a download our side of the stream does not matter any more.
                Call::Finish if run.errors.is_empty() => {}
                Call::Listen | Call::Accept | Call::ReadData | Call::WriteData | Call::Finish => {
                    assert_eq!(run.errors.len(), 1, "{told}");
                    assert!(!run.errors[0].1.is_fatal(), "{told}");
                    let source = std::error::Error::source(&run.errors[0].1);
                    assert!(source.is_some(), "{told}");
                    assert_eq!(run.client.unwrap().state(), State::Usable, "{told}");
                }
            }
            count += 1;
        }
        assert!(count > 50, "{count}");
    }
}

#[test]
fn resets() {
    costs_what_it_must(io::ErrorKind::ConnectionReset);
}

#[test]
fn failures_of_another_kind() {
    costs_what_it_must(io::ErrorKind::Other);
}

#[test]
fn time_limits_of_the_system() {
    costs_what_it_must(io::ErrorKind::TimedOut);
}

/// A stream that never does anything is given up by the machine's deadlines, without spinning.
#[test]
fn streams_that_never_do_anything() {
    bounded(|| {
        for dead in [
            Call::Read,
            Call::Write,
            Call::ReadData,
            Call::WriteData,
            Call::Accept,
        ] {
            let server = server();
            let calls = Arc::new(AtomicUsize::new(0));
            let counted = Arc::clone(&calls);
            let builder = tortured(move |call| {
                if call != dead {
                    return Act::Pass;
                }
                assert!(
                    counted.fetch_add(1, Ordering::Relaxed) < CALLS_MAX,
                    "it spins"
                );
                // As a stream that has nothing, it waits a little.
                thread::sleep(Duration::from_millis(1));
                Act::Nothing
            });
            let mode = if dead == Call::Accept {
                DataMode::AnyActive
            } else {
                DataMode::Auto
            };
            let connected = builder
                .timeouts(hasty())
                .data_mode(mode)
                .connect_to(&[server.address()]);
            let error = match connected {
                Err(error) => error,
                Ok(mut client) => {
                    let failed = STEPS.iter().find_map(|(name, step)| {
                        let error = step(&mut client, &server).err()?;
                        check(&client, name, &error);
                        Some(error)
                    });
                    failed.unwrap()
                }
            };
            let timed_out = match error.kind().unwrap() {
                ErrorKind::Timeout(_) => true,
                ErrorKind::Interrupted(how) => matches!(
                    how.cause,
                    // What the sockets hold, the server has sent.
                    Interruption::Timeout(_) | Interruption::NoEof | Interruption::NoData
                ),
                _ => false,
            };
            assert!(timed_out, "{dead:?}: {error}");
        }
    });
}

/// Streams that break their contract, with bytes that are none, are given up and not asked for
/// ever.
#[test]
fn streams_that_move_no_bytes_and_say_so() {
    bounded(|| {
        for broken in [Call::Read, Call::Write, Call::ReadData, Call::WriteData] {
            let server = server();
            let calls = Arc::new(AtomicUsize::new(0));
            let builder = tortured(move |call| {
                assert!(
                    calls.fetch_add(1, Ordering::Relaxed) < CALLS_MAX,
                    "it spins"
                );
                match (call, broken) {
                    (Call::Write, Call::Write) | (Call::WriteData, Call::WriteData) => {
                        Act::Short(0)
                    }
                    // TCP says the end of input to a read of nothing.
                    (Call::Read, Call::Read) | (Call::ReadData, Call::ReadData) => Act::Short(0),
                    _ => Act::Pass,
                }
            });
            let connected = builder.timeouts(hasty()).connect_to(&[server.address()]);
            let failed = match connected {
                Err(error) => Some(error),
                Ok(mut client) => STEPS
                    .iter()
                    .find_map(|(_, step)| step(&mut client, &server).err()),
            };
            assert!(failed.is_some(), "{broken:?}");
        }
    });
}

/// Bytes that come one now and then are no progress, however often the application asks.
#[test]
fn a_trickle_runs_into_the_idle_limit() {
    bounded(|| {
        let server = server();
        // More than the sockets hold, so that the server is not done before.
        server.change_files(|files| files.insert("/file", vec![0; 16 << 20], 0));
        let builder = tortured(|call| {
            if call != Call::ReadData {
                return Act::Pass;
            }
            thread::sleep(Duration::from_millis(5));
            Act::Short(1)
        });
        let mut client = builder
            .timeouts(hasty())
            .connect_to(&[server.address()])
            .unwrap();
        client.login_anonymous().unwrap();
        let error = client.retrieve("file").unwrap().finish().unwrap_err();
        let Some(ErrorKind::Interrupted(how)) = error.kind() else {
            panic!("{error}")
        };
        assert_eq!(how.cause, Interruption::Timeout(Reason::DataIdle));
        assert!(how.bytes < 1024);
        assert_eq!(client.pwd().unwrap().as_bytes(), b"/");
    });
}

/// The time for which the application stays away is not the server's.
#[test]
fn a_slow_application_runs_into_no_limit() {
    bounded(|| {
        let server = server();
        let mut client = Client::builder()
            .timeouts(hasty())
            .connect_to(&[server.address()])
            .unwrap();
        client.login_anonymous().unwrap();
        let mut download = client.retrieve("file").unwrap();
        let mut got = vec![0; 1];
        thread::sleep(hasty().data_idle * 2);
        download.read_exact(&mut got).unwrap();
        thread::sleep(hasty().data_idle * 2);
        download.read_to_end(&mut got).unwrap();
        assert!(got == content());
    });
}
