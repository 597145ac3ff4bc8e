//! `--trace`: private, masked, and good for a replay.

use std::fs;
use std::path::Path;

use ftp_blocking::proto::trace::{Record, replay};
use ftp_blocking::testing::{Behaviour, Files};
use tempfile::TempDir;

use crate::run::{behaving, run, stderr, url};

fn replays(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let records: Vec<Record> = text.lines().map(|line| line.parse().unwrap()).collect();
    let replayed = replay(&records).unwrap();
    assert_eq!(replayed.difference(&records), None);
}

#[test]
fn a_failed_run_replays_and_its_arguments_are_masked() {
    let here = TempDir::new().unwrap();
    let path = here.path().join("trace");
    let trace = path.to_str().unwrap();
    let refusing = Behaviour::new()
        .refuse("SITE", 550, "No.")
        .refuse("STAT", 550, "No.");
    let server = behaving(refusing, Files::new());
    let (base, missing) = (url(&server, ""), url(&server, "missing"));
    let rows: [(&[&str], bool); 4] = [
        (&["get", &missing, "/tmp"], false),
        (&["raw", &base, "SITE", "NOTE", "hidden"], true),
        (&["raw", &base, "STAT", "hidden"], true),
        (
            &["--trace-arguments", "raw", &base, "SITE", "NOTE", "hidden"],
            false,
        ),
    ];
    for (arguments, masks) in rows {
        let output = run(&[&["--trace", trace], arguments].concat());
        let text = fs::read_to_string(&path).unwrap();
        let shows = arguments.contains(&"hidden") && !masks;
        assert_eq!(
            text.contains("hidden"),
            shows,
            "{arguments:?} {}",
            stderr(&output)
        );
        replays(&path);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }
}
