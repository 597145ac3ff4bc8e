//! The tool against real servers, in clear and under TLS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use ftp_testbed::servers::{AUTHORITY, Family, Kind, PASSWORD, Server, Setup, USER, Variant};
use libtest_mimic::{Arguments, Completion, Trial};
use tempfile::TempDir;

fn main() -> ExitCode {
    let cases = Kind::COMPLETE.into_iter().flat_map(|kind| {
        [Variant::Plain, Variant::Tls, Variant::Implicit]
            .into_iter()
            .filter(move |variant| kind.supports(*variant))
            .map(move |variant| (kind, variant))
    });
    let trials = cases.map(|(kind, variant)| {
        Trial::ignorable_test(format!("{kind}::{variant:?}"), move || {
            match Setup::new(kind).variant(variant).start() {
                Ok(server) => goes_round(&server, variant),
                Err(unavailable) => return unavailable.verdict(),
            }
            Ok(Completion::Completed)
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// Where the tool finds the server.
struct Tool<'a> {
    base: String,
    roots: &'a Path,
}

impl Tool<'_> {
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn run(&self, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new(env!("CARGO_BIN_EXE_ftpx"))
            .env("FTPX_PASSWORD", PASSWORD)
            .arg("--roots")
            .arg(self.roots)
            .args(arguments)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        output.stdout
    }
}

fn goes_round(server: &Server, variant: Variant) {
    let here = TempDir::new().unwrap();
    let roots = here.path().join("roots.pem");
    fs::write(&roots, AUTHORITY).unwrap();
    let port = server.address(Family::V4).unwrap().port();
    let scheme = match variant {
        Variant::Plain => "ftp",
        Variant::Implicit => "ftps",
        _ => "ftpes",
    };
    let base = format!("{scheme}://{USER}@localhost:{port}/");
    let tool = Tool {
        base,
        roots: &roots,
    };
    let url = |path| tool.url(path);

    let local = here.path().join("two words");
    let content = vec![b'x'; 300_000];
    fs::write(&local, &content).unwrap();
    tool.run(&["mkdir", "-p", &url("of-tool/deep")]);
    tool.run(&["put", local.to_str().unwrap(), &url("of-tool/deep/")]);
    let listed = tool.run(&["ls", "-lR", &url("of-tool")]);
    assert!(String::from_utf8_lossy(&listed).contains("deep/two words"));
    assert!(tool.run(&["cat", &url("of-tool/deep/two%20words")]) == content);
    tool.run(&["mv", &url("of-tool/deep/two%20words"), "of-tool/moved"]);
    tool.run(&["touch", &url("of-tool/empty")]);

    let got = here.path().join("got");
    tool.run(&["get", &url("of-tool/moved"), got.to_str().unwrap()]);
    assert!(fs::read(&got).unwrap() == content);
    let mirror = here.path().join("mirror");
    tool.run(&[
        "mirror",
        "-j",
        "2",
        &url("of-tool"),
        mirror.to_str().unwrap(),
    ]);
    assert!(fs::read(mirror.join("moved")).unwrap() == content);
    assert!(mirror.join("deep").is_dir() && mirror.join("empty").is_file());
    tool.run(&["mirror", mirror.to_str().unwrap(), &url("of-tool/again")]);
    assert!(tool.run(&["raw", &url(""), "NOOP"]).starts_with(b"2"));
    if variant != Variant::Plain {
        trusts_nobody_else(&url(""));
    }
    tool.run(&["rm", "-r", &url("of-tool")]);
    let listed = tool.run(&["ls", &url("")]);
    assert!(!String::from_utf8_lossy(&listed).contains("of-tool"));
}

/// A certificate that the system's roots do not know, or that is not the pinned one. It is trusted
/// once the fingerprint is pinned that the refusal tells.
fn trusts_nobody_else(url: &str) {
    let wrong = "00".repeat(32);
    let mut told = String::new();
    for options in [&["--tries", "1"][..], &["--tries", "1", "--pin", &wrong]] {
        told = list(url, options, 7);
    }
    let pin = told.split("fingerprint ").nth(1).unwrap();
    list(url, &["--pin", pin.get(..95).unwrap()], 0);
}

/// What `ls` says on standard error.
fn list(url: &str, options: &[&str], code: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_ftpx"))
        .env("FTPX_PASSWORD", PASSWORD)
        .args(options)
        .args(["ls", url])
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{options:?}: {told}");
    told
}
