//! `mirror`, plans, and shares of them.

use std::fs;
use std::process::Child;

use ftp_blocking::testing::{Behaviour, Files, Rule, Step};
use tempfile::TempDir;

use crate::run::{behaving, command, run, server, stderr, stdout, url};

fn many() -> Files {
    (0..40).fold(Files::new().directory("/pub"), |files, number| {
        let path = format!("/pub/d{}/f{number}", number % 5);
        files.file(path, format!("content {number}"))
    })
}

fn count(directory: &std::path::Path) -> usize {
    let below = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    below
        .map(|path| if path.is_dir() { count(&path) } else { 1 })
        .sum()
}

#[test]
fn down_and_up_and_a_dry_run() {
    let (server, here) = (server(many()), TempDir::new().unwrap());
    let target = here.path().join("t");
    let path = target.to_str().unwrap();
    let output = run(&["mirror", "--dry-run", &url(&server, "pub"), path]);
    assert!(
        stderr(&output).contains("fetch d0/f0\n"),
        "{}",
        stderr(&output)
    );
    assert!(!target.exists());

    stdout(&["mirror", &url(&server, "pub"), path]);
    assert_eq!(count(&target), 40);
    fs::write(target.join("extra"), "x").unwrap();
    stdout(&["mirror", "--delete", &url(&server, "pub"), path]);
    assert_eq!(count(&target), 40);
    stdout(&["mirror", path, &url(&server, "copy")]);
    assert_eq!(
        server.files().content("/copy/d1/f1"),
        Some(&b"content 1"[..])
    );
}

#[test]
fn a_failure_is_told_once_also_where_nothing_else_is() {
    for (verbs, line) in [
        (&["RETR"][..], "ftpx: fetch d0/f0: RETR: refused"),
        (&["MLSD", "LIST"], "ftpx: skip-failed .: LIST: refused"),
    ] {
        let refusing = verbs.iter().fold(Behaviour::new(), |behaviour, verb| {
            behaviour.refuse(verb, 550, "No.")
        });
        let (server, here) = (behaving(refusing, many()), TempDir::new().unwrap());
        let (remote, target) = (url(&server, "pub"), here.path().to_str().unwrap());
        for option in ["--quiet", "--delete"] {
            let output = run(&["mirror", option, &remote, target]);
            let told = stderr(&output);
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert_eq!(told.matches(line).count(), 1, "{told}");
        }
    }
}

#[test]
fn globs_choose() {
    let (server, here) = (server(many()), TempDir::new().unwrap());
    let path = here.path().to_str().unwrap();
    let options = ["--include", "f1*", "--exclude", "d1"];
    stdout(&[&["mirror", &url(&server, "pub"), path], &options[..]].concat());
    // f1 and f10 to f19, without f1, f11 and f16, which are in d1.
    assert_eq!(count(here.path()), 8);
}

#[test]
fn four_processes_carry_out_a_plan_each_twice() {
    for up in [false, true] {
        let (server, here) = (server(many()), TempDir::new().unwrap());
        let (plan, target) = (here.path().join("plan"), here.path().join("t"));
        let (plan, path) = (plan.to_str().unwrap(), target.to_str().unwrap());
        let remote = url(&server, if up { "copy" } else { "pub" });
        let ends = if up {
            [path, &*remote]
        } else {
            [&*remote, path]
        };
        if up {
            fs::create_dir(path).unwrap();
            for number in 0..40 {
                let directory = target.join(format!("d{}", number % 5));
                fs::create_dir_all(&directory).unwrap();
                fs::write(
                    directory.join(format!("f{number}")),
                    format!("content {number}"),
                )
                .unwrap();
            }
        }
        stdout(&["mirror", ends[0], ends[1], "--plan", plan]);
        for _ in 0..2 {
            let shares = (1..=4).map(|share| format!("{share}/4"));
            let started: Vec<Child> = shares
                .map(|share| {
                    command(&["perform", plan, "--shard", &share])
                        .spawn()
                        .unwrap()
                })
                .collect();
            for mut child in started {
                assert!(child.wait().unwrap().success());
            }
        }
        if up {
            for number in 0..40 {
                let path = format!("/copy/d{}/f{number}", number % 5);
                let content = format!("content {number}");
                assert_eq!(server.files().content(path), Some(content.as_bytes()));
            }
        } else {
            assert_eq!(count(&target), 40);
        }
    }
}

#[test]
fn a_removal_of_a_plan_can_be_repeated() {
    let (server, here) = (server(many()), TempDir::new().unwrap());
    let plan = here.path().join("plan");
    let plan = plan.to_str().unwrap();
    let source = here.path().join("s");
    fs::create_dir_all(source.join("d0")).unwrap();
    fs::write(source.join("d0/f0"), "content 0").unwrap();
    let source = source.to_str().unwrap();
    stdout(&[
        "mirror",
        "--delete",
        source,
        &url(&server, "pub"),
        "--plan",
        plan,
    ]);
    for _ in 0..2 {
        stdout(&["perform", plan]);
    }
    assert!(server.files().get("/pub/d1").is_none());
    assert!(server.files().get("/pub/d0/f5").is_none());
}

#[test]
fn a_plan_holds_no_password_and_is_checked() {
    let (server, here) = (server(many()), TempDir::new().unwrap());
    let (plan, path) = (here.path().join("plan"), here.path().join("t"));
    let (plan, path) = (plan.to_str().unwrap(), path.to_str().unwrap());
    let remote = url(&server, "pub").replace("ftp://", "ftp://anonymous:hidden@");
    stdout(&["mirror", &remote, path, "--plan", plan]);
    let text = fs::read_to_string(plan).unwrap();
    assert!(text.contains("ftp://anonymous@") && !text.contains("hidden"));
    let without_count = text
        .replacen(",\"steps\":45", "", 1)
        .replace("anonymous@", "");
    let but_two = without_count.lines().count() - 2;
    let some: Vec<_> = without_count.lines().take(but_two).collect();
    for (wrong, why) in [
        (text.replace("d0/f0", "../f0"), "is not of a plan"),
        (
            text.replacen("\"size\":9", "\"size\":-9", 1),
            "is not of a plan",
        ),
        (
            text.replacen("\"size\":9", "\"size\":\"9\"", 1),
            "is not of a plan",
        ),
        (
            text.replacen("\"path\"", "\"path_bytes\":7,\"path\"", 1),
            "is not of a plan",
        ),
        (text.replacen(":45", ":-1", 1), "line 1 is not of a plan"),
        // Cut off between two lines, or in the midst of one.
        (
            text[..text.trim_end().rfind('\n').unwrap()].to_owned(),
            "44 of 45",
        ),
        (text[..text.len() - 9].to_owned(), "is not of a plan"),
        (text.clone() + text.lines().last().unwrap(), "46 of 45"),
    ] {
        assert_ne!(wrong, text);
        fs::write(plan, wrong).unwrap();
        let output = run(&["perform", plan]);
        assert_eq!(output.status.code(), Some(2), "{why}");
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
    assert!(!std::path::Path::new(path).exists());
    // Some of its steps can be meant.
    fs::write(plan, some.join("\n")).unwrap();
    stdout(&["perform", plan]);
    assert_eq!(count(std::path::Path::new(path)), 38);
    assert_eq!(
        run(&["perform", plan, "--shard", "5/4"]).status.code(),
        Some(2)
    );
}

#[test]
fn a_lost_session_is_replaced_after_a_pause_that_is_told() {
    let cut = |at, verb| Behaviour::new().rule(Rule::at(at).of(verb).reset_control());
    let files = || Files::new().file("/pub/a", vec![7; 50_000]);
    let here = TempDir::new().unwrap();
    let target = |name: &str| here.path().join(name).to_str().unwrap().to_owned();

    let server = behaving(cut(Step::Moving(20_000), "RETR"), files());
    let output = run(&["mirror", &url(&server, "pub"), &target("a")]);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(told.matches("; try 2 follows in ").count(), 2, "{told}");

    let server = behaving(cut(Step::Received, "MLSD"), files());
    let (plan, target) = (target("plan"), target("b"));
    let pub_url = url(&server, "pub");
    let output = run(&["mirror", "--tries", "2", "--plan", &plan, &pub_url, &target]);
    let told = stderr(&output);
    assert_eq!(output.status.code(), Some(8), "{told}");
    assert_eq!(told.matches("; try 2 follows in ").count(), 1, "{told}");
}
