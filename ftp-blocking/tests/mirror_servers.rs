//! Mirrors against real servers: odd names, broken off three times each way, and equal byte for
//! byte in the end. `FTP_TESTBED_RUN=full` takes 2,000 files, else some dozens.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "mirrors/mod.rs"]
mod local_mirrors;

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown, symlink};
use std::path::Path;
use std::process::ExitCode;

use ftp_blocking::proto::tree::{MirrorOptions, Spared, TreePath};
use ftp_blocking::{Client, Mirror, Result};
use ftp_testbed::mirrors::{self, contents, trials};
use ftp_testbed::servers::{Family, Kind, PASSWORD, Server, Setup, USER};
use libtest_mimic::Arguments;
use local_mirrors::Threads;
use tempfile::TempDir;

fn main() -> ExitCode {
    let complete = Kind::COMPLETE;
    let trials = [
        trials("both_ways", &complete, Setup::new, both_ways),
        trials(
            "links_are_not_followed",
            &complete,
            Setup::new,
            links_are_not_followed,
        ),
        trials(
            "names_with_quotes_are_removed",
            &complete,
            Setup::new,
            names_with_quotes_are_removed,
        ),
    ];
    let trials = trials.into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn log_in(server: &Server) -> Result<Client> {
    let mut client = Client::builder().connect_to(&[server.address(Family::V4).unwrap()])?;
    client.login(USER, PASSWORD)?;
    Ok(client)
}

fn both_ways(server: &Server) {
    mirrors::both_ways::<Threads>(server);
    let left = log_in(server).unwrap().remove_dir_all("mirrored").unwrap();
    assert!(left.is_empty(), "{left:?}");
}

/// Pure-FTPd and inetutils do not double quotes in their answers to PWD.
fn names_with_quotes_are_removed(server: &Server) {
    let mut client = log_in(server).unwrap();
    for base in ["plain", "a \"quoted\" name"] {
        for name in ["\"", "a \"b\" c", "d\"", "e\" f\" g"] {
            let directory = format!("{base}/{name}");
            client.create_dir_all(&directory).unwrap();
            let file = format!("{directory}/f");
            client.store_from(file, &mut &b"1"[..]).unwrap();
        }
        let left = client.remove_dir_all(base).unwrap();
        assert!(left.is_empty(), "{left:?}");
    }
    assert!(!server.tree().root().join("plain").exists());
    client.quit().unwrap();
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
