//! Mirrors with the server in memory: both ways, again, dry, with removals, with hostile names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ftp_blocking::proto::retry::Retry;
use ftp_blocking::proto::tree::{MirrorOptions, StepKind, Why};
use ftp_blocking::testing::{Behaviour, Files, Loopback, Rule, ServerConfig, Step};
use ftp_blocking::{Client, Mirror, MirrorEvent, Mirrored, Result};
use tempfile::TempDir;

fn log_in(server: &Loopback) -> Result<Client> {
    let mut client = Client::builder().connect_to(&[server.address()])?;
    client.login_anonymous()?;
    Ok(client)
}

fn some_files() -> Files {
    Files::new()
        .file("/pub/a.txt", "hello")
        .file("/pub/.hidden", "h")
        .file("/pub/deep/er/b.bin", vec![7; 200_000])
        .directory("/pub/empty")
}

/// Without pauses that a test would notice.
fn soon() -> Retry {
    let mut policy = Retry::default();
    policy.delay = Duration::from_millis(1);
    policy
}

fn down(server: &Loopback, local: &Path, options: MirrorOptions) -> Mirrored {
    let mirror = Mirror::new("pub", local, options).sessions(3).retry(soon());
    mirror.run(|| log_in(server)).unwrap()
}

/// The names of the skipped, and why.
fn skipped(mirrored: &Mirrored) -> Vec<(String, StepKind)> {
    let named = |step: &ftp_blocking::proto::tree::Step| (step.path().to_string(), step.kind());
    let mut skipped: Vec<_> = mirrored.skipped.iter().map(named).collect();
    skipped.sort_by(|one, other| one.0.cmp(&other.0));
    skipped
}

#[test]
fn down_and_once_more() {
    let server = Loopback::start(ServerConfig::new(), some_files()).unwrap();
    let local = TempDir::new().unwrap();
    let first = down(&server, local.path(), MirrorOptions::down());
    assert!(first.failed.is_empty(), "{first:?}");
    assert_eq!((first.copied, first.made, first.bytes), (3, 3, 200_006));
    assert_eq!(
        fs::read(local.path().join("deep/er/b.bin")).unwrap().len(),
        200_000
    );
    assert!(local.path().join("empty").is_dir());
    let again = down(&server, local.path(), MirrorOptions::down());
    assert_eq!((again.copied, again.made, again.bytes), (0, 0, 0));
    assert!(again.failed.is_empty() && again.skipped.is_empty());
}

#[test]
fn up_and_once_more() {
    let server = Loopback::start(ServerConfig::new(), Files::new()).unwrap();
    let local = TempDir::new().unwrap();
    fs::create_dir_all(local.path().join("deep/er")).unwrap();
    fs::write(local.path().join("deep/er/a"), "hello").unwrap();
    fs::write(local.path().join("b"), "").unwrap();
    let run = || {
        let mirror = Mirror::new("new/place", local.path(), MirrorOptions::up()).sessions(2);
        mirror.run(|| log_in(&server)).unwrap()
    };
    let first = run();
    assert!(first.failed.is_empty(), "{first:?}");
    assert_eq!((first.copied, first.made), (2, 2));
    assert_eq!(
        server.files().content("/new/place/deep/er/a"),
        Some(&b"hello"[..])
    );
    let again = run();
    assert_eq!(
        (again.copied, again.made, again.bytes),
        (0, 0, 0),
        "{again:?}"
    );
}

#[test]
fn a_dry_run_changes_nothing_and_its_plan_can_be_performed() {
    let server = Loopback::start(ServerConfig::new(), some_files()).unwrap();
    let local = TempDir::new().unwrap();
    let target = local.path().join("not/there");
    let mirror = || Mirror::new("pub", &target, MirrorOptions::down()).sessions(2);
    let steps = mirror().plan(|| log_in(&server)).unwrap();
    assert_eq!(steps.len(), 6);
    assert!(!target.exists());
    // Each share makes the directories that it needs.
    let fetches = steps
        .into_iter()
        .filter(|step| step.kind() == StepKind::Fetch);
    let performed = mirror().perform(fetches, || log_in(&server)).unwrap();
    assert_eq!((performed.copied, performed.failed.len()), (3, 0));
    assert_eq!(fs::read(target.join("a.txt")).unwrap(), b"hello");
}

#[test]
fn what_the_source_lacks_is_removed_only_if_asked() {
    let server = Loopback::start(ServerConfig::new(), some_files()).unwrap();
    let local = TempDir::new().unwrap();
    down(&server, local.path(), MirrorOptions::down());
    fs::create_dir_all(local.path().join("old/er")).unwrap();
    fs::write(local.path().join("old/er/x"), "").unwrap();
    fs::write(local.path().join("empty/kept"), "").unwrap();
    assert_eq!(
        down(&server, local.path(), MirrorOptions::down()).removed,
        0
    );
    let deleted = down(&server, local.path(), MirrorOptions::down().delete());
    assert_eq!(deleted.removed, 1);
    assert!(!local.path().join("old").exists());
    let why = StepKind::Skip(Why::Empty);
    assert_eq!(skipped(&deleted), [("empty/kept".to_owned(), why)]);
    let all = down(&server, local.path(), MirrorOptions::down().delete_all());
    assert_eq!((all.removed, all.skipped.len()), (1, 0));
}

#[test]
fn a_broken_download_is_resumed() {
    let behaviour = Behaviour::new().break_off("RETR", 150_000, 426, "Broken.");
    let broken = ServerConfig::new().behaviour(behaviour);
    let server = Loopback::start(broken, some_files()).unwrap();
    let local = TempDir::new().unwrap();
    let first = down(&server, local.path(), MirrorOptions::down());
    assert_eq!((first.copied, first.failed.len()), (2, 1));
    assert!(!local.path().join("deep/er/b.bin").exists());
    let server = Loopback::start(ServerConfig::new(), some_files()).unwrap();
    let second = down(&server, local.path(), MirrorOptions::down());
    assert_eq!((second.copied, second.failed.len()), (1, 0));
    assert!(second.bytes < 200_000, "{second:?}");
    assert_eq!(
        fs::read(local.path().join("deep/er/b.bin")).unwrap(),
        vec![7; 200_000]
    );
    assert_eq!(
        fs::read_dir(local.path().join("deep/er")).unwrap().count(),
        1
    );
}

/// A server that allows one session: the others' work is done by it. With none, that is the error.
#[test]
fn sessions_that_cannot_be_opened_leave_their_work_to_others() {
    let server = Loopback::start(ServerConfig::new(), some_files()).unwrap();
    let local = TempDir::new().unwrap();
    let left = AtomicUsize::new(1);
    let limited = || match left.swap(0, Ordering::SeqCst) {
        0 => Client::connect("127.0.0.1:1"),
        _ => log_in(&server),
    };
    let mirror = || {
        Mirror::new("pub", local.path(), MirrorOptions::down())
            .sessions(4)
            .retry(soon())
    };
    let mirrored = mirror().run(limited).unwrap();
    assert_eq!((mirrored.copied, mirrored.failed.len()), (3, 0));
    assert!(mirror().run(limited).is_err());
}

/// A session that ends in the midst of a file is replaced, and the file is resumed.
#[test]
fn a_session_that_ends_is_replaced() {
    let closes = Behaviour::new().close_at(Step::Moving(150_000), "RETR");
    let server = Loopback::start(ServerConfig::new().behaviour(closes), some_files()).unwrap();
    let local = TempDir::new().unwrap();
    let mirrored = down(&server, local.path(), MirrorOptions::down());
    assert_eq!(
        (mirrored.copied, mirrored.failed.len()),
        (3, 0),
        "{mirrored:?}"
    );
    assert_eq!(
        fs::read(local.path().join("deep/er/b.bin")).unwrap(),
        vec![7; 200_000]
    );
}

fn one_file() -> Files {
    Files::new().file("/pub/a", vec![7; 200_000])
}

fn serve(behaviour: Behaviour) -> Loopback {
    Loopback::start(ServerConfig::new().behaviour(behaviour), one_file()).unwrap()
}

fn count(server: &Loopback, verb: &str) -> usize {
    let sessions = 0..server.counts().accepted;
    let commands = sessions.flat_map(|number| server.commands(number));
    commands.filter(|line| line.starts_with(verb)).count()
}

/// A mirror of one file on one session, with the number of each try that waits.
fn tried<F>(connect: F) -> (Result<Mirrored>, Vec<u32>)
where
    F: Fn() -> Result<Client> + Sync,
{
    let (local, mut tries) = (TempDir::new().unwrap(), Vec::new());
    let mirrored = Mirror::new("pub", local.path(), MirrorOptions::down())
        .retry(soon())
        .progress(|event| {
            if let MirrorEvent::Waiting(waiting) = event {
                assert!(!waiting.pause.is_zero());
                tries.push(waiting.next_try);
            }
            ControlFlow::Continue(())
        })
        .run(connect);
    (mirrored, tries)
}

/// A file that breaks off again and again comes as long as each try has something of it. Without
/// that, tries end.
#[test]
fn a_lost_session_is_replaced_by_the_policy() {
    let parts = serve(Behaviour::new().close_at(Step::Moving(30_000), "RETR"));
    let (mirrored, tries) = tried(|| log_in(&parts));
    let mirrored = mirrored.unwrap();
    assert_eq!((mirrored.copied, mirrored.failed.len()), (1, 0));
    assert_eq!(tries, [2; 6]);

    let nothing = serve(Behaviour::new().close_at(Step::Received, "RETR"));
    let (mirrored, tries) = tried(|| log_in(&nothing));
    let mirrored = mirrored.unwrap();
    assert_eq!((mirrored.copied, mirrored.failed.len()), (0, 1));
    assert_eq!((tries, count(&nothing, "RETR")), (vec![2, 3, 4, 5], 5));
}

#[test]
fn a_session_is_made_by_the_policy() {
    // A server that is full for now, at first and after a session was lost.
    let cut = Rule::at(Step::Moving(30_000)).of("RETR").reset_control();
    for full_from in [0, 1] {
        let server = serve(Behaviour::new().rule(cut.clone()));
        let full = serve(Behaviour::new().greet(421, "Full."));
        let made = AtomicUsize::new(0);
        let (mirrored, tries) = tried(|| {
            let number = made.fetch_add(1, Ordering::SeqCst);
            match (full_from..full_from + 2).contains(&number) {
                true => log_in(&full),
                false => log_in(&server),
            }
        });
        assert_eq!(mirrored.unwrap().copied, 1, "{full_from}");
        let expected = [&[2, 3, 2, 2, 2, 2, 2, 2], &[2, 3, 4, 2, 2, 2, 2, 2]];
        assert_eq!(tries, expected[full_from]);
    }
    // What would happen again: the login is refused.
    let server = serve(Behaviour::new().rule(cut));
    let refuses = serve(Behaviour::new().refuse("PASS", 530, "No."));
    let made = AtomicUsize::new(0);
    let (mirrored, tries) = tried(|| match made.fetch_add(1, Ordering::SeqCst) {
        0 => log_in(&server),
        _ => log_in(&refuses),
    });
    assert_eq!(mirrored.unwrap().failed.len(), 1);
    assert_eq!((tries, count(&refuses, "PASS")), (vec![2], 1));
    let (mirrored, tries) = tried(|| log_in(&refuses));
    assert!(mirrored.is_err() && tries.is_empty());
}

#[test]
fn the_report_can_end_a_pause() {
    let full = serve(Behaviour::new().greet(421, "Full."));
    let lost = serve(Behaviour::new().close_at(Step::Received, "RETR"));
    for server in [full, lost] {
        let local = TempDir::new().unwrap();
        let mut policy = Retry::default();
        let mut waits = 0;
        policy.delay = Duration::from_secs(100_000);
        policy.delay_max = policy.delay;
        let mirrored = Mirror::new("pub", local.path(), MirrorOptions::down())
            .sessions(2)
            .retry(policy)
            .progress(|event| match event {
                MirrorEvent::Waiting(_) => {
                    waits += 1;
                    ControlFlow::Break(())
                }
                _ => {
                    assert_eq!(waits, 0, "{event:?}");
                    ControlFlow::Continue(())
                }
            })
            .run(|| log_in(&server));
        assert!(mirrored.unwrap().is_stopped);
    }
}

#[test]
fn the_report_hears_of_all_bytes_before_the_last_file_is_copied() -> Result<()> {
    let server = Loopback::start(ServerConfig::new(), some_files()).unwrap();
    let place = TempDir::new().unwrap();
    let (mut planned, mut before_last) = (0, 0);
    let mirrored = Mirror::new("pub", place.path(), MirrorOptions::down())
        .progress(|event| {
            match event {
                MirrorEvent::Planned { bytes } => planned = bytes,
                MirrorEvent::Done(_) => before_last = planned,
                _ => {}
            }
            ControlFlow::Continue(())
        })
        .run(|| log_in(&server))?;
    assert!(mirrored.bytes > 0);
    assert_eq!((planned, before_last), (mirrored.bytes, mirrored.bytes));
    Ok(())
}

#[test]
fn the_report_can_end_it() {
    let server = Loopback::start(ServerConfig::new(), some_files()).unwrap();
    let local = TempDir::new().unwrap();
    let mirror =
        Mirror::new("pub", local.path(), MirrorOptions::down()).progress(|event| match event {
            MirrorEvent::Bytes { .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
    let mirrored = mirror.run(|| log_in(&server)).unwrap();
    assert!(mirrored.is_stopped);
    assert!(mirrored.copied <= 1);
}

/// A target that holds `d -> outside`, and a server with `d/x`.
#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_local_link() {
    let files = Files::new().file("/pub/d/x", "evil").file("/pub/f", "evil");
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    let (local, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::os::unix::fs::symlink(outside.path(), local.path().join("d")).unwrap();
    let file = outside.path().join("file");
    std::os::unix::fs::symlink(&file, local.path().join("f")).unwrap();
    let mirrored = down(&server, local.path(), MirrorOptions::down().delete_all());
    let why = StepKind::Skip(Why::OtherKind);
    assert_eq!(
        skipped(&mirrored),
        [("d".to_owned(), why), ("f".to_owned(), why)]
    );
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    // Nor by steps that another machine planned.
    let steps = ["d/x", "d/y/z"].map(|path| {
        let path = ftp_blocking::proto::tree::TreePath::new(path.as_bytes()).unwrap();
        ftp_blocking::proto::tree::Step::new(StepKind::Fetch, path)
    });
    let mirror = Mirror::new("pub", local.path(), MirrorOptions::down());
    let performed = mirror.perform(steps, || log_in(&server)).unwrap();
    assert_eq!((performed.copied, performed.failed.len()), (0, 2));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

/// What the application is asked for may panic, on any of the threads. The others do not wait for
/// what that thread had begun.
#[test]
fn a_panic_ends_the_mirror_on_all_threads() {
    for in_report in [true, false] {
        let (done, ended) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let files = (0..40).fold(Files::new(), |files, number| {
                files.file(format!("/pub/{number}"), "hello")
            });
            let server = Loopback::start(ServerConfig::new(), files).unwrap();
            let local = TempDir::new().unwrap();
            let sessions = AtomicUsize::new(0);
            let mut steps = 0;
            let mirror = Mirror::new("pub", local.path(), MirrorOptions::down())
                .sessions(4)
                .progress(move |event| {
                    steps += u32::from(matches!(event, MirrorEvent::Step(_)));
                    assert!(!in_report || steps != 1, "in the report");
                    ControlFlow::Continue(())
                });
            let mirrored = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                mirror.run(|| {
                    let number = sessions.fetch_add(1, Ordering::Relaxed);
                    assert!(in_report || number != 0, "in the connection");
                    log_in(&server)
                })
            }));
            done.send(mirrored.is_err()).unwrap();
        });
        let panicked = ended.recv_timeout(Duration::from_secs(30));
        assert_eq!(panicked, Ok(true), "{in_report}");
        thread.join().unwrap();
    }
}
