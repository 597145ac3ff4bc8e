//! Mirrors against real servers: odd names, broken off three times each way, and equal byte for
//! byte in the end. `FTP_TESTBED_RUN=full` takes 2,000 files, else some dozens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::fs::{MetadataExt, lchown, symlink};
use std::path::Path;
use std::process::ExitCode;

use ftp_blocking::proto::tree::{MirrorOptions, Spared, TreePath};
use ftp_blocking::{Client, Mirror, MirrorEvent, Mirrored, Result};
use ftp_testbed::servers::{Family, Kind, PASSWORD, Server, Setup, USER, in_full};
use libtest_mimic::{Arguments, Completion, Trial};
use tempfile::TempDir;

type Check = fn(&Server);

fn main() -> ExitCode {
    let checks: [(&str, Check); 2] = [
        ("both_ways", both_ways),
        ("links_are_not_followed", links_are_not_followed),
    ];
    let trials = Kind::COMPLETE.into_iter().flat_map(|kind| {
        checks.map(|(name, check)| {
            Trial::ignorable_test(format!("{kind}::{name}"), move || {
                match Setup::new(kind).start() {
                    Ok(server) => check(&server),
                    Err(unavailable) => return unavailable.verdict(),
                }
                Ok(Completion::Completed)
            })
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn log_in(server: &Server) -> Result<Client> {
    let mut client = Client::builder().connect_to(&[server.address(Family::V4).unwrap()])?;
    client.login(USER, PASSWORD)?;
    Ok(client)
}

fn both_ways(server: &Server) {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let count = if in_full() { 2_000 } else { 40 };
    make_files(from.path(), count);
    let source = contents(from.path());

    let up = || Mirror::new("mirrored", from.path(), MirrorOptions::up()).sessions(3);
    run_broken(server, count, up);
    let down = || Mirror::new("mirrored", to.path(), MirrorOptions::down()).sessions(3);
    run_broken(server, count, down);
    assert!(contents(to.path()) == source, "the trees differ");

    // Nothing has changed, so nothing is copied, either way.
    for mirror in [up(), down()] {
        let again = finish(server, mirror);
        assert_eq!((again.copied, again.made), (0, 0), "{again:?}");
    }
    let left = log_in(server).unwrap().remove_dir_all("mirrored").unwrap();
    assert!(left.is_empty(), "{left:?}");
}

/// Links of the server's own disk: to a place outside, and to the directory that holds them.
fn links_are_not_followed(server: &Server) {
    let root = server.tree().root();
    let owner = fs::metadata(root.join("up")).unwrap();
    for directory in ["outside", "linked", "linked/d"] {
        fs::create_dir(root.join(directory)).unwrap();
        fs::write(root.join(directory).join("file"), "kept").unwrap();
    }
    symlink("../outside", root.join("linked/l")).unwrap();
    symlink("..", root.join("linked/d/loop")).unwrap();
    symlink("../outside/file", root.join("linked/f")).unwrap();
    let all = [
        "outside",
        "linked",
        "linked/d",
        "linked/file",
        "linked/d/file",
        "linked/l",
        "linked/d/loop",
        "linked/f",
    ];
    for path in all {
        lchown(root.join(path), Some(owner.uid()), Some(owner.gid())).unwrap();
    }

    let local = TempDir::new().unwrap();
    let mirror = Mirror::new("linked", local.path(), MirrorOptions::down()).sessions(2);
    let mirrored = mirror.run(|| log_in(server)).unwrap();
    assert!(mirrored.failed.is_empty(), "{:?}", mirrored.failed);
    let found = contents(local.path());
    assert!(found.contains_key(Path::new("d/file")));
    assert!(
        !found.contains_key(Path::new("d/loop/d")),
        "{:?}",
        found.keys()
    );
    let mut paths = Vec::new();
    let mut client = log_in(server).unwrap();
    client
        .walk("linked", |path, _| paths.push(path.to_string()))
        .unwrap();
    // pyftpdlib shows links as what they lead to, in PWD too, and does not tell what the root is: a
    // loop ends the second time.
    let again = |path: &String| path.starts_with("d/loop/d/");
    assert!(!paths.iter().any(again), "{paths:?}");

    let left = client.remove_dir_all("linked").unwrap();
    // DELE of inetutils takes a link to a directory for the directory.
    let is_link = |(path, why): &(TreePath, Spared)| {
        *why == Spared::Refused && [&b"l"[..], b"d/loop"].contains(&path.as_bytes())
    };
    let is_enough = server.kind() == Kind::Inetutils && left.iter().all(is_link);
    assert!(left.is_empty() || is_enough, "{left:?}");
    assert!(!root.join("linked/d/file").exists());
    assert_eq!(
        fs::read_to_string(root.join("outside/file")).unwrap(),
        "kept"
    );
    assert!(root.join("hello.txt").exists());
}

/// Breaks a mirror off in the midst of a file, three times, and then lets it finish.
fn run_broken<'a>(server: &Server, count: usize, mirror: impl Fn() -> Mirror<'a>) {
    for _ in 0..3 {
        let mut left = count / 5;
        let broken = mirror().progress(move |event| {
            if matches!(event, MirrorEvent::Bytes { .. }) {
                left = left.saturating_sub(1);
            }
            match left {
                0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        let broken = broken.run(|| log_in(server)).unwrap();
        assert!(broken.is_stopped);
    }
    finish(server, mirror());
}

fn finish(server: &Server, mirror: Mirror<'_>) -> Mirrored {
    let mirrored = mirror.run(|| log_in(server)).unwrap();
    assert!(mirrored.failed.is_empty(), "{:?}", mirrored.failed);
    assert!(mirrored.skipped.is_empty(), "{:?}", mirrored.skipped);
    mirrored
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

/// Every path with its content; `None` for a directory.
fn contents(root: &Path) -> BTreeMap<std::path::PathBuf, Option<Vec<u8>>> {
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
