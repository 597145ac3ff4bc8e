//! What a driver's mirror has to do with the real servers: odd names, broken off three times each
//! way, and equal byte for byte in the end; servers in other time zones; a long way.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod far;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use ftp_proto::driver::{MirrorEvent, MirrorSetup, Mirrored, Result};
use ftp_proto::tree::MirrorOptions;
use libtest_mimic::{Completion, Trial};
use tempfile::TempDir;

use crate::servers::{Family, Kind, Server, Setup, in_full};

/// A driver that mirrors.
pub trait Mirrors: 'static {
    /// Performs a mirror as [`USER`](crate::servers::USER).
    ///
    /// # Errors
    /// Those of the driver.
    fn mirror(server: SocketAddr, setup: MirrorSetup<'static>) -> Result<Mirrored>;
}

/// A test for each of these servers.
pub fn trials(
    name: &str,
    kinds: &[Kind],
    setup: impl Fn(Kind) -> Setup,
    check: fn(&Server),
) -> Vec<Trial> {
    let trial = |kind: &Kind| {
        let (setup, kind) = (setup(*kind), *kind);
        Trial::ignorable_test(format!("{kind}::{name}"), move || {
            match setup.start() {
                Ok(server) => check(&server),
                Err(unavailable) => return unavailable.verdict(),
            }
            Ok(Completion::Completed)
        })
    };
    kinds.iter().map(trial).collect()
}

/// Up and down with odd names. `FTP_TESTBED_RUN=full` takes 2,000 files, else some dozens.
pub fn both_ways<M: Mirrors>(server: &Server) {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let count = if in_full() { 2_000 } else { 40 };
    make_files(from.path(), count);
    let source = contents(from.path());

    let up = || MirrorSetup::new("mirrored", from.path(), MirrorOptions::up()).sessions(3);
    run_broken::<M>(server, count, up);
    let down = || MirrorSetup::new("mirrored", to.path(), MirrorOptions::down()).sessions(3);
    run_broken::<M>(server, count, down);
    assert!(contents(to.path()) == source, "the trees differ");

    // Nothing has changed, so nothing is copied, either way.
    for setup in [up(), down()] {
        let again = finish::<M>(server, setup);
        assert_eq!((again.copied, again.made), (0, 0), "{again:?}");
    }
}

/// Breaks a mirror off in the midst of a file, three times, and then lets it finish.
fn run_broken<M: Mirrors>(server: &Server, count: usize, setup: impl Fn() -> MirrorSetup<'static>) {
    for _ in 0..3 {
        let mut left = count / 5;
        let broken = setup().progress(move |event| {
            if matches!(event, MirrorEvent::Bytes { .. }) {
                left = left.saturating_sub(1);
            }
            match left {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        let broken = M::mirror(near(server), broken).unwrap();
        assert!(broken.is_stopped);
    }
    finish::<M>(server, setup());
}

fn near(server: &Server) -> SocketAddr {
    server.address(Family::V4).unwrap()
}

fn finish<M: Mirrors>(server: &Server, setup: MirrorSetup<'static>) -> Mirrored {
    let mirrored = M::mirror(near(server), setup).unwrap();
    assert!(mirrored.failed.is_empty(), "{:?}", mirrored.failed);
    assert!(mirrored.skipped.is_empty(), "{:?}", mirrored.skipped);
    mirrored
}

/// Files of all ages, from a server whose clock shows another time than UTC: the second run copies
/// nothing, whichever way, and whether the local times are those of the listing or the true ones.
pub fn zones<M: Mirrors>(server: &Server) {
    const DAY: u64 = 86_400;
    let local = TempDir::new().unwrap();
    for age in [0, 3600, DAY, 20 * DAY, 170 * DAY, 200 * DAY, 400 * DAY] {
        let path = local.path().join(format!("{age}"));
        fs::write(&path, "content").unwrap();
        let time = SystemTime::now() - Duration::from_secs(age);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(time).unwrap();
    }
    let up = || MirrorSetup::new("zones", local.path(), MirrorOptions::up()).sessions(2);
    let copies = |setup| finish::<M>(server, setup).copied;
    assert_eq!((copies(up()), copies(up())), (7, 0), "up");

    let other = TempDir::new().unwrap();
    let down = || MirrorSetup::new("zones", other.path(), MirrorOptions::down()).sessions(2);
    assert_eq!((copies(down()), copies(down())), (7, 0), "down");

    set_true_times(&server.tree().root().join("zones"), other.path());
    // Where MDTM tells local times as well, nothing shows that the files are the same.
    let copied = copies(down());
    assert!(copied == 0 || server.kind() == Kind::Vsftpd, "{copied}");
    assert_eq!(copies(down()), 0, "down again");
}

/// Sets the times of files to what those of the server really have, whatever its listing says.
fn set_true_times(real: &Path, local: &Path) {
    for entry in fs::read_dir(real).unwrap() {
        let entry = entry.unwrap();
        let time = entry.metadata().unwrap().modified().unwrap();
        let copy = local.join(entry.file_name());
        let copy = File::options().write(true).open(copy).unwrap();
        copy.set_modified(time).unwrap();
    }
}

/// How long a mirror takes over a long way: 500 files of 1 KiB, 50 ms of round trip, 8 sessions. A
/// note and not a limit: it prints the times.
pub fn speed<M: Mirrors>(server: &Server) {
    const FILES: usize = 500;
    let directory = server.tree().root().join("speed");
    fs::create_dir(&directory).unwrap();
    for number in 0..FILES {
        fs::write(directory.join(format!("{number}")), [7; 1024]).unwrap();
    }
    let far = far::delayed(near(server), true);
    let local = TempDir::new().unwrap();
    let run = |name: &str| {
        let begun = Instant::now();
        let setup = MirrorSetup::new("speed", local.path(), MirrorOptions::down()).sessions(8);
        let mirrored = M::mirror(far, setup).unwrap();
        let (took, copied) = (begun.elapsed().as_secs_f64(), mirrored.copied);
        println!("{} {name}: {took:.2} s, {copied} copied", server.kind());
        assert!(mirrored.failed.is_empty(), "{:?}", mirrored.failed);
        copied
    };
    assert_eq!((run("first"), run("again")), (FILES as u64, 0));
    set_true_times(&directory, local.path());
    run("with true times");
}

/// What servers misread: blanks, options, patterns, quotes, letters of other scripts.
const ODD: [&str; 20] = [
    "plain.txt",
    "two words",
    "-la",
    "--",
    "a*b",
    "[x]",
    "what?",
    "100%",
    "it's",
    "a\"b",
    ".hidden",
    "a;b",
    "a,b",
    "(c)",
    "~",
    "caf\u{e9}",
    "\u{65e5}\u{672c}",
    "a  b",
    "x -> y",
    "$HOME",
];

fn make_files(root: &Path, count: usize) {
    for number in 0..count {
        let odd = ODD[number % ODD.len()];
        let directory = root
            .join(format!("dir {}", number / 200))
            .join(format!("{}", number % 3));
        fs::create_dir_all(&directory).unwrap();
        // All sizes up to some blocks, and none.
        let size = number * 997 % 150_000;
        let content: Vec<u8> = (0..size)
            .map(|at| u8::try_from((at * 31 + number) % 251).unwrap())
            .collect();
        fs::write(directory.join(format!("{odd}{number}")), content).unwrap();
        // ProFTPD makes no directory with an asterisk in its name.
        let odd = odd.replace('*', "+");
        fs::create_dir_all(root.join("directories").join(odd)).unwrap();
    }
}

/// Every path below a directory with its content; `None` for a directory.
///
/// # Panics
/// What is there cannot be read.
#[must_use]
pub fn contents(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let content = path.is_file().then(|| fs::read(&path).unwrap());
            if content.is_none() {
                directories.push(path.clone());
            }
            found.insert(path.strip_prefix(root).unwrap().to_path_buf(), content);
        }
    }
    found
}
