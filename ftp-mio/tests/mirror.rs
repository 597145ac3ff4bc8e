//! Mirrors on one thread with the server in memory: both ways, again, dry, with removals, with
//! faults, with hostile links.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod mirrors;
#[path = "mirrors/relay.rs"]
mod relay;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ftp_blocking::testing::Loopback;
use ftp_mio::mio as glue;
use ftp_mio::proto::operation::Login;
use ftp_mio::proto::retry::Retry;
use ftp_mio::proto::testing::{Behaviour, Files, Rule, ServerConfig, Step as At};
use ftp_mio::proto::tree::{MirrorOptions, Step, StepKind, TreePath, Why};
use ftp_mio::{Mirror, MirrorEvent, MirrorSetup, Mirrored, Tcp};
use mirrors::{connector, drive};
use relay::one_after_the_other;
use tempfile::TempDir;

fn some_files() -> Files {
    Files::new()
        .file("/pub/a.txt", "hello")
        .file("/pub/.hidden", "h")
        .file("/pub/deep/er/b.bin", vec![7; 200_000])
        .directory("/pub/empty")
}

fn serve(behaviour: Behaviour, files: Files) -> Loopback {
    Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap()
}

fn setup(local: &Path, options: MirrorOptions) -> MirrorSetup<'static> {
    let setup = MirrorSetup::new("pub", local, options).sessions(3);
    setup.retry(after(Duration::from_millis(1)))
}

fn after(delay: Duration) -> Retry {
    let mut policy = Retry::default();
    policy.delay = delay;
    policy.delay_max = Duration::MAX;
    policy
}

fn run(server: &Loopback, setup: MirrorSetup<'static>) -> Mirrored {
    mirrors::mirror(server.address(), Login::anonymous(), setup).unwrap()
}

fn down(server: &Loopback, local: &TempDir) -> Mirrored {
    run(server, setup(local.path(), MirrorOptions::down()))
}

fn is_whole(local: &TempDir) -> bool {
    let file = |path| fs::read(local.path().join(path)).unwrap();
    file("a.txt") == b"hello"
        && file(".hidden") == b"h"
        && file("deep/er/b.bin") == vec![7; 200_000]
        && local.path().join("empty").is_dir()
        && fs::read_dir(local.path().join("deep/er")).unwrap().count() == 1
}

#[test]
fn down_and_once_more() {
    let server = serve(Behaviour::new(), some_files());
    let local = TempDir::new().unwrap();
    let first = down(&server, &local);
    assert!(first.failed.is_empty(), "{first:?}");
    assert_eq!((first.copied, first.made, first.bytes), (3, 3, 200_006));
    assert!(is_whole(&local));
    let again = down(&server, &local);
    assert_eq!((again.copied, again.made, again.bytes), (0, 0, 0));
    assert!(again.failed.is_empty() && again.skipped.is_empty());
    assert!((1..=6).contains(&server.counts().accepted));
}

#[test]
fn up_and_once_more() {
    let server = serve(Behaviour::new(), Files::new());
    let local = TempDir::new().unwrap();
    fs::create_dir_all(local.path().join("deep/er")).unwrap();
    fs::write(local.path().join("deep/er/a"), vec![7; 300_000]).unwrap();
    fs::write(local.path().join("b"), "").unwrap();
    let up = || MirrorSetup::new("new/place", local.path(), MirrorOptions::up()).sessions(2);
    let first = run(&server, up());
    assert!(first.failed.is_empty(), "{first:?}");
    assert_eq!((first.copied, first.made, first.bytes), (2, 2, 300_000));
    let content = server
        .files()
        .content("/new/place/deep/er/a")
        .map(<[u8]>::len);
    assert_eq!(content, Some(300_000));
    let again = run(&server, up());
    assert_eq!((again.copied, again.made, again.bytes), (0, 0, 0));
}

#[test]
fn a_dry_run_changes_nothing_and_its_steps_can_be_performed() {
    let server = serve(Behaviour::new(), some_files());
    let local = TempDir::new().unwrap();
    let target = local.path().join("not/there");
    let steps = Arc::new(Mutex::new(Vec::new()));
    let shown = Arc::clone(&steps);
    let dry = setup(&target, MirrorOptions::down()).dry_run();
    run(
        &server,
        dry.progress(move |event| {
            if let MirrorEvent::Step(step) = event {
                shown.lock().unwrap().push(step.clone());
            }
            ControlFlow::Continue(())
        }),
    );
    let steps: Vec<Step> = steps.lock().unwrap().drain(..).collect();
    assert_eq!(steps.len(), 6);
    assert!(!target.exists());
    // Each share makes the directories that it needs.
    let fetches = steps.into_iter().filter(|it| it.kind() == StepKind::Fetch);
    let connector = connector(server.address(), Login::anonymous());
    let setup = setup(&target, MirrorOptions::down());
    let performed = drive(Mirror::of_steps(connector, setup, fetches).unwrap()).unwrap();
    assert_eq!((performed.copied, performed.failed.len()), (3, 0));
    assert_eq!(fs::read(target.join("a.txt")).unwrap(), b"hello");
}

#[test]
fn what_the_source_lacks_is_removed_only_if_asked() {
    let server = serve(Behaviour::new(), some_files());
    let local = TempDir::new().unwrap();
    down(&server, &local);
    fs::create_dir_all(local.path().join("old/er")).unwrap();
    fs::write(local.path().join("old/er/x"), "").unwrap();
    assert_eq!(down(&server, &local).removed, 0);
    let deleted = run(&server, setup(local.path(), MirrorOptions::down().delete()));
    assert_eq!(deleted.removed, 1);
    assert!(!local.path().join("old").exists());

    // And on the server.
    fs::remove_dir_all(local.path().join("deep")).unwrap();
    fs::remove_file(local.path().join("a.txt")).unwrap();
    let up = run(&server, setup(local.path(), MirrorOptions::up().delete()));
    assert_eq!((up.removed, up.failed.len()), (2, 0), "{up:?}");
    assert!(server.files().get("/pub/deep").is_none());
    assert!(server.files().get("/pub/a.txt").is_none());
    assert!(server.files().get("/pub/.hidden").is_some());
}

/// The reply to a removal is lost, after its effect: it is looked up, and not repeated.
#[test]
fn a_removal_whose_reply_is_lost_is_looked_up() {
    let lost = Rule::at(At::Answering).of("DELE").reset_control();
    let server = serve(Behaviour::new().rule(lost), some_files());
    let local = TempDir::new().unwrap();
    fs::write(local.path().join("a.txt"), "hello").unwrap();
    let one = MirrorSetup::new("pub", local.path(), MirrorOptions::up().delete());
    let up = run(&server, one.sessions(1));
    assert!(
        up.failed
            .iter()
            .all(|(step, _)| step.path().as_bytes() != b".hidden")
    );
    assert!(server.files().get("/pub/.hidden").is_none());
    let commands = (0..server.counts().accepted).flat_map(|it| server.commands(it));
    let deletes = commands.filter(|line| line.starts_with("DELE") && line.ends_with(".hidden"));
    assert_eq!(deletes.count(), 1);
}

#[test]
fn a_broken_download_is_resumed() {
    let broken = Behaviour::new().break_off("RETR", 150_000, 426, "Broken.");
    let server = serve(broken, some_files());
    let local = TempDir::new().unwrap();
    let first = down(&server, &local);
    assert_eq!((first.copied, first.failed.len()), (2, 1));
    assert!(!local.path().join("deep/er/b.bin").exists());
    let server = serve(Behaviour::new(), some_files());
    let second = down(&server, &local);
    assert_eq!((second.copied, second.failed.len()), (1, 0));
    assert!(second.bytes < 200_000, "{second:?}");
    assert!(is_whole(&local));
}

/// A server that cannot go on with a file sends it from its beginning: a part that an earlier mirror
/// left is no reason to fail for ever.
#[test]
fn a_part_that_cannot_be_resumed_is_fetched_anew() {
    let no = |verb: &str| Behaviour::new().refuse(verb, 502, "No.");
    for behaviour in [
        no("REST"),
        no("SIZE")
            .refuse("MLST", 502, "No.")
            .refuse("REST", 502, "No."),
    ] {
        let broken = Behaviour::new().break_off("RETR", 150_000, 426, "Broken.");
        let local = TempDir::new().unwrap();
        let first = down(&serve(broken, some_files()), &local);
        assert_eq!((first.copied, first.failed.len()), (2, 1));
        let second = down(&serve(behaviour, some_files()), &local);
        assert!(second.failed.is_empty(), "{second:?}");
        assert!(second.copied == 1 && is_whole(&local));
    }
}

/// Connections are cut once at every stage of a mirror: the session is replaced, and everything
/// gets there.
#[test]
fn a_session_that_ends_is_replaced() {
    let stages = [
        (At::Received, "PWD"),
        (At::Received, "CWD"),
        (At::Received, "MLSD"),
        (At::Moving(20), "MLSD"),
        (At::Answering, "MLSD"),
        (At::Received, "EPSV"),
        (At::Answering, "EPSV"),
        (At::Received, "RETR"),
        (At::Moving(150_000), "RETR"),
        (At::Answering, "RETR"),
    ];
    for (at, verb) in stages {
        let cut = Rule::at(at).of(verb).only(0).reset_control();
        let cuts = serve(Behaviour::new().rule(cut), some_files());
        let serves = serve(Behaviour::new(), some_files());
        let address = one_after_the_other([cuts.address(), serves.address()].into());
        let local = TempDir::new().unwrap();
        let down = setup(local.path(), MirrorOptions::down()).sessions(1);
        let mirrored = mirrors::mirror(address, Login::anonymous(), down).unwrap();
        assert!(mirrored.failed.is_empty(), "{at:?} {verb}: {mirrored:?}");
        assert!(is_whole(&local), "{at:?} {verb}");
        let accepted = [&cuts, &serves].map(|server| server.counts().accepted);
        assert_eq!(accepted, [1, 1], "{at:?} {verb}");
    }
}

#[test]
fn an_upload_whose_session_ends_is_repeated() {
    let stages = [
        (At::Received, "MKD"),
        (At::Answering, "MKD"),
        (At::Received, "STOR"),
        (At::Moving(150_000), "STOR"),
        (At::Answering, "STOR"),
        (At::Received, "MFMT"),
    ];
    for (at, verb) in stages {
        let cut = Rule::at(at).of(verb).only(0).reset_control();
        let cuts = serve(Behaviour::new().rule(cut), Files::new().directory("/pub"));
        let serves = serve(Behaviour::new(), Files::new().directory("/pub"));
        let address = one_after_the_other([cuts.address(), serves.address()].into());
        let local = TempDir::new().unwrap();
        fs::create_dir(local.path().join("d")).unwrap();
        fs::write(local.path().join("d/a"), vec![7; 200_000]).unwrap();
        let up = setup(local.path(), MirrorOptions::up()).sessions(1);
        let mirrored = mirrors::mirror(address, Login::anonymous(), up).unwrap();
        assert!(mirrored.failed.is_empty(), "{at:?} {verb}: {mirrored:?}");
        // What was there already before the cut is not sent again.
        let server = if verb == "MFMT" { &cuts } else { &serves };
        let content = server.files().content("/pub/d/a").map(<[u8]>::to_vec);
        assert!(content == Some(vec![7; 200_000]), "{at:?} {verb}");
        let accepted = [&cuts, &serves].map(|server| server.counts().accepted);
        assert_eq!(accepted, [1, 1], "{at:?} {verb}");
    }
}

/// A server that loses every session in the midst of its work: each task has as many of them as the
/// policy has tries, and fails.
#[test]
fn a_server_that_loses_every_session_is_not_asked_for_ever() {
    for (at, verb) in [
        (At::Received, "PWD"),
        (At::Received, "MLSD"),
        (At::Received, "RETR"),
        (At::Moving(1), "RETR"),
    ] {
        let cut = Rule::at(at).of(verb).reset_control();
        let cuts = serve(Behaviour::new().rule(cut), some_files());
        let local = TempDir::new().unwrap();
        let mirrored = down(&cuts, &local);
        let tasks = if verb == "RETR" { 3 } else { 1 };
        // What is there in whole although its reply was lost is a success.
        assert!(
            (1..=tasks).contains(&mirrored.failed.len()),
            "{at:?} {verb}: {mirrored:?}"
        );
        let accepted = cuts.counts().accepted;
        assert!(accepted <= 3 + 5 * tasks, "{at:?} {verb}: {accepted}");
        assert!(!local.path().join("deep/er/b.bin").exists());
    }
}

/// A server that allows one session: the others' work is done by it. With none, that is the error.
#[test]
fn sessions_that_cannot_be_made_leave_their_work_to_others() {
    let serves = serve(Behaviour::new(), some_files());
    let full = serve(Behaviour::new().greet(421, "Full."), Files::new());
    let one = one_after_the_other([serves.address(), full.address()].into());
    for (address, expected) in [(one, Some(3)), (full.address(), None)] {
        let local = TempDir::new().unwrap();
        let down = setup(local.path(), MirrorOptions::down());
        let mirrored = mirrors::mirror(address, Login::anonymous(), down);
        assert_eq!(mirrored.ok().map(|it| it.copied), expected);
    }
}

/// The numbers of the tries that have waited.
fn tries(setup: MirrorSetup<'static>) -> (MirrorSetup<'static>, Arc<Mutex<Vec<u32>>>) {
    let tries = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&tries);
    let setup = setup.progress(move |event| {
        if let MirrorEvent::Waiting(waiting) = event {
            told.lock().unwrap().push(waiting.next_try);
        }
        ControlFlow::Continue(())
    });
    (setup, tries)
}

/// A file that breaks off again and again comes as long as each try has something of it. Without
/// that, tries end.
#[test]
fn a_lost_session_is_replaced_by_the_policy() {
    let file = || Files::new().file("/pub/a", vec![7; 200_000]);
    for (at, copied, expected) in [
        (At::Moving(30_000), 1, &[2; 6][..]),
        (At::Received, 0, &[2, 3, 4, 5]),
    ] {
        let server = serve(Behaviour::new().close_at(at, "RETR"), file());
        let local = TempDir::new().unwrap();
        let (setup, tries) = tries(setup(local.path(), MirrorOptions::down()).sessions(1));
        let mirrored = run(&server, setup);
        assert_eq!(
            (mirrored.copied, mirrored.failed.len() as u64),
            (copied, 1 - copied)
        );
        assert_eq!(*tries.lock().unwrap(), expected);
    }
}

#[test]
fn a_session_is_made_by_the_policy() {
    let files = || Files::new().file("/pub/a", vec![7; 200_000]);
    let cuts = || Behaviour::new().close_at(At::Moving(150_000), "RETR");
    let full = serve(Behaviour::new().greet(421, "Full."), files());
    let refuses = serve(Behaviour::new().refuse("PASS", 530, "No."), files());
    let server = serve(cuts(), files());
    let [full, refused, serves] = [&full, &refuses, &server].map(Loopback::address);
    let rows = [
        (vec![full, full, serves], Some(1), &[2, 3, 2][..]),
        (vec![serves, full, full, serves], Some(1), &[2, 3, 4]),
        (vec![serves, refused], Some(0), &[2]),
        (vec![refused], None, &[]),
    ];
    for (addresses, copied, expected) in rows {
        let local = TempDir::new().unwrap();
        let (setup, tries) = tries(setup(local.path(), MirrorOptions::down()).sessions(1));
        let address = one_after_the_other(addresses.clone());
        let mirrored = mirrors::mirror(address, Login::anonymous(), setup);
        assert_eq!(mirrored.ok().map(|it| it.copied), copied, "{addresses:?}");
        assert_eq!(*tries.lock().unwrap(), expected, "{addresses:?}");
    }
    assert_eq!(refuses.counts().accepted, 2);
}

fn turn(mirror: &mut Mirror<Tcp>, now: Instant, poll: &mio::Poll) {
    mirror.turn(now, |session| {
        glue::Registrar::new(poll.registry(), session)
    });
}

/// Until nothing is to be done for so long; for how long.
fn until_it_pauses(
    mirror: &mut Mirror<Tcp>,
    poll: &mut mio::Poll,
    now: Instant,
    least: Duration,
) -> Duration {
    let mut events = mio::Events::with_capacity(8);
    loop {
        turn(mirror, now, poll);
        let left = mirror.timeout(now).unwrap();
        if left >= least {
            return left;
        }
        poll.poll(&mut events, Some(left)).unwrap();
        for event in &events {
            let (session, slot) = glue::slot(event.token());
            mirror.ready(session, slot, glue::ready(event));
        }
    }
}

#[test]
fn a_pause_without_end_is_a_long_one() {
    let full = serve(Behaviour::new().greet(421, "Full."), Files::new());
    let local = TempDir::new().unwrap();
    let setup = setup(local.path(), MirrorOptions::down()).sessions(1);
    let connector = connector(full.address(), Login::anonymous());
    let mut mirror = Mirror::new(connector, setup.retry(after(Duration::MAX))).unwrap();
    let mut poll = mio::Poll::new().unwrap();
    let least = Duration::from_secs(100_000);
    until_it_pauses(&mut mirror, &mut poll, Instant::now(), least);
    assert_eq!(full.counts().accepted, 1);
}

/// The pause is a deadline of the loop, nothing is done before it, and the report can end it.
#[test]
fn a_pause_is_waited_for_by_the_loop() {
    let delay = Duration::from_secs(100_000);
    for behaviour in [
        Behaviour::new().greet(421, "Full."),
        Behaviour::new().close_at(At::Received, "RETR"),
    ] {
        let server = serve(behaviour, Files::new().file("/pub/a", "hello"));
        let local = TempDir::new().unwrap();
        let setup = || setup(local.path(), MirrorOptions::down()).retry(after(delay));
        let connector = || connector(server.address(), Login::anonymous());
        let mut mirror = Mirror::new(connector(), setup().sessions(1)).unwrap();
        let mut poll = mio::Poll::new().unwrap();
        let now = Instant::now();
        let left = until_it_pauses(&mut mirror, &mut poll, now, delay / 2);
        assert!(left <= delay);
        turn(&mut mirror, now + delay / 3, &poll);
        assert!(!mirror.is_over() && server.counts().accepted == 1);
        let end = mirror.deadline().unwrap();
        turn(&mut mirror, end, &poll);
        // It connects, or is through with that already.
        let left = mirror.timeout(end).unwrap();
        assert!(
            left < delay / 2 || server.counts().accepted == 2,
            "{left:?}"
        );
        assert_ne!(mirror.deadline(), Some(end));
        mirror.close(|session| glue::Registrar::new(poll.registry(), session));

        let stops = setup().progress(|event| match event {
            MirrorEvent::Waiting(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        assert!(run(&server, stops).is_stopped);
    }
}

#[test]
fn the_report_can_end_it_in_the_midst_of_a_file() {
    let server = serve(Behaviour::new(), some_files());
    let local = TempDir::new().unwrap();
    let stop = setup(local.path(), MirrorOptions::down()).progress(|event| match event {
        MirrorEvent::Bytes { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let stopped = run(&server, stop);
    assert!(stopped.is_stopped && stopped.copied == 0, "{stopped:?}");
    // What is there is resumed.
    let rest = down(&server, &local);
    assert!(rest.bytes < 200_006 && rest.failed.is_empty(), "{rest:?}");
    assert!(is_whole(&local));
}

/// A listing may ask for any number of steps that need no session. The loop has others to serve.
#[test]
fn a_turn_does_not_perform_a_whole_plan() {
    let server = serve(Behaviour::new(), Files::new());
    let local = TempDir::new().unwrap();
    let steps = (0..5000).map(|number: u32| {
        let path = TreePath::new(number.to_string().as_bytes()).unwrap();
        Step::new(StepKind::Skip(Why::UnsafeName), path)
    });
    let done = Arc::new(Mutex::new(0));
    let count = Arc::clone(&done);
    let setup = setup(local.path(), MirrorOptions::down()).progress(move |event| {
        if let MirrorEvent::Done(_) = event {
            *count.lock().unwrap() += 1;
        }
        ControlFlow::Continue(())
    });
    let connector = connector(server.address(), Login::anonymous());
    let mut mirror = Mirror::of_steps(connector, setup, steps).unwrap();
    let poll = mio::Poll::new().unwrap();
    let mut before = 0;
    while !mirror.is_over() {
        mirror.turn(Instant::now(), |session| {
            glue::Registrar::new(poll.registry(), session)
        });
        let now = *done.lock().unwrap();
        assert!(now - before <= 300, "{before} to {now}");
        let timeout = mirror.timeout(Instant::now());
        assert!(timeout == Some(Duration::ZERO) || mirror.is_over());
        before = now;
    }
    assert_eq!(mirror.into_result().unwrap().skipped.len(), 5000);
    assert_eq!(server.counts().accepted, 0);
}

/// A target that holds `d -> outside`, and a server with `d/x`.
#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_local_link() {
    let files = Files::new().file("/pub/d/x", "evil").file("/pub/f", "evil");
    let server = serve(Behaviour::new(), files);
    let (local, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::os::unix::fs::symlink(outside.path(), local.path().join("d")).unwrap();
    let file = outside.path().join("file");
    std::os::unix::fs::symlink(&file, local.path().join("f")).unwrap();
    let options = MirrorOptions::down().delete_all();
    let mirrored = run(&server, setup(local.path(), options));
    let why = StepKind::Skip(Why::OtherKind);
    assert_eq!(
        mirrored
            .skipped
            .iter()
            .filter(|it| it.kind() == why)
            .count(),
        2
    );
    // Nor by steps that another machine planned.
    let steps = ["d/x", "d/y/z"]
        .map(|path| Step::new(StepKind::Fetch, TreePath::new(path.as_bytes()).unwrap()));
    let connector = connector(server.address(), Login::anonymous());
    let setup = setup(local.path(), MirrorOptions::down());
    let performed = drive(Mirror::of_steps(connector, setup, steps).unwrap()).unwrap();
    assert_eq!((performed.copied, performed.failed.len()), (0, 2));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
