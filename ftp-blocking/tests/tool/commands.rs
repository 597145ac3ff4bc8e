//! Each command, and the exit codes.

use std::fs;

use ftp_blocking::proto::checksum::Algorithm;
use ftp_blocking::testing::{Behaviour, Files, Loopback, Rule, ServerConfig, Step};
use tempfile::TempDir;

use crate::run::{behaving, command, run, server, stderr, stdout, url};

fn files() -> Files {
    Files::new()
        .file("/pub/a.txt", "hello")
        .file("/pub/deep/b.txt", "b")
        .file("/pub/\u{1b}[2J", "odd")
}

#[test]
fn ls_lists_in_three_ways_and_escapes_names() {
    let server = server(files());
    let target = url(&server, "pub");
    let plain = stdout(&["ls", &target]);
    assert!(
        plain.contains("a.txt\n") && plain.contains("deep\n"),
        "{plain}"
    );
    assert!(plain.contains("\\u{1b}[2J\n"), "{plain}");
    assert!(stdout(&["ls", "-R", &target]).contains("deep/b.txt\n"));
    let long = stdout(&["ls", "-l", &target]);
    assert!(
        long.lines()
            .any(|line| line.starts_with('d') && line.ends_with(" deep")),
        "{long}"
    );
    for line in stdout(&["ls", "--json", &target]).lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        if entry["name"] == "a.txt" {
            assert_eq!(
                (&entry["kind"], &entry["size"]),
                (&"file".into(), &5.into())
            );
        }
    }
}

/// U+009B begins a control sequence, U+202E turns the order of writing around, and a tag cannot be
/// seen.
#[test]
fn no_name_of_a_server_controls_the_terminal() {
    const NAME: &str = "a\u{9b}2J\u{202e}\u{e0041}\u{7f}\u{e9}";
    let server = server(Files::new().file(format!("/pub/{NAME}"), "hello"));
    let target = url(&server, "pub");
    let here = TempDir::new().unwrap();
    let plan = here.path().join("plan");
    let plan_to = format!("--plan={}", plan.to_str().unwrap());
    stdout(&["mirror", &plan_to, &target, here.path().to_str().unwrap()]);
    let json = stdout(&["ls", "--json", &target]);
    let entry: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    assert_eq!(entry["name"], NAME);
    for shown in [
        json,
        stdout(&["ls", &target]),
        stdout(&["ls", "-l", &target]),
        fs::read_to_string(plan).unwrap(),
    ] {
        assert!(shown.contains('\u{e9}'), "{shown}");
        let hostile = |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{e0041}".contains(c);
        assert!(!shown.contains(hostile), "{shown:?}");
    }
}

#[test]
fn files_come_and_go() {
    let (server, here) = (server(files()), TempDir::new().unwrap());
    let path = here.path().to_str().unwrap();
    stdout(&["get", &url(&server, "pub/a.txt"), path]);
    let got = here.path().join("a.txt");
    assert_eq!(fs::read(&got).unwrap(), b"hello");
    assert_eq!(fs::read_dir(path).unwrap().count(), 1, "no part is left");

    stdout(&["put", got.to_str().unwrap(), &url(&server, "pub/deep/")]);
    assert_eq!(
        server.files().content("/pub/deep/a.txt"),
        Some(&b"hello"[..])
    );
    assert_eq!(stdout(&["cat", &url(&server, "pub/a.txt")]), "hello");
    let sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let shown = stdout(&["sum", &url(&server, "pub/a.txt")]);
    assert_eq!(shown, format!("{sum}  pub/a.txt\n"));
}

#[test]
fn a_server_computes_the_sum() {
    let config = ServerConfig::new().checksum(Algorithm::Sha256, |_| vec![0xAB; 32]);
    let server = Loopback::start(config, files()).unwrap();
    let shown = stdout(&["sum", "--server", &url(&server, "pub/a.txt")]);
    assert_eq!(shown, format!("{}  pub/a.txt\n", "ab".repeat(32)));
    let server = Loopback::start(ServerConfig::new(), files()).unwrap();
    let without = run(&["sum", "--server", &url(&server, "pub/a.txt")]);
    assert_eq!(
        without.status.code(),
        Some(7),
        "a policy: no checksum is offered"
    );
}

#[test]
fn the_server_is_changed() {
    let server = server(files());
    stdout(&["mkdir", "-p", &url(&server, "x/y")]);
    stdout(&["mkdir", &url(&server, "x/z")]);
    stdout(&["touch", &url(&server, "x/y/new")]);
    stdout(&["touch", &url(&server, "x/y/new")]);
    stdout(&["mv", &url(&server, "pub/a.txt"), "x/moved"]);
    let now = server.files();
    assert_eq!(now.content("/x/y/new"), Some(&b""[..]));
    assert_eq!(now.content("/x/moved"), Some(&b"hello"[..]));
    stdout(&["rm", &url(&server, "x/moved")]);
    stdout(&["rm", "-r", &url(&server, "x")]);
    assert!(server.files().get("/x").is_none());
    assert!(stdout(&["raw", &url(&server, ""), "NOOP"]).starts_with("200\n"));
}

#[test]
fn exit_codes_say_what_failed() {
    let server = server(files());
    let (base, missing) = (url(&server, ""), url(&server, "none"));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("ftp://{}/", closed.local_addr().unwrap());
    drop(closed);
    let user = base.replace("ftp://", "ftp://ann:wrong@");
    let tls = base.replace("ftp://", "ftpes://");
    let proxy = dead.replace("ftp://", "socks5://");
    let rows: [(i32, &[&str]); 12] = [
        (0, &["ls", &base]),
        (0, &["--active", "ls", &base]),
        (3, &["--proxy", &proxy, "--tries", "1", "ls", &base]),
        (2, &["ls", "http://x/"]),
        (2, &["mirror", "a", "b"]),
        (3, &["ls", &dead, "--tries", "1"]),
        (
            3,
            &["mirror", &dead, "/tmp/none", "--dry-run", "--tries", "1"],
        ),
        (4, &["ls", &user]),
        (5, &["get", &missing, "/tmp"]),
        (5, &["raw", &base, "RNTO", "x"]),
        (6, &["put", "/nonexistent/file", &base]),
        (5, &["ls", &tls]),
    ];
    for (code, arguments) in rows {
        let output = run(arguments);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(!told.contains("left behind"), "{told}");
        assert!(
            code == 0 || told.contains("ftpx: ") || told.contains("error: "),
            "{told}"
        );
    }
}

#[test]
fn an_error_names_the_url() {
    let server = server(files());
    let missing = url(&server, "none");
    for arguments in [
        &["cat", &missing][..],
        &["get", &missing, "/tmp"],
        &["rm", &missing],
        &["mv", &missing, "x"],
        &["sum", &missing],
    ] {
        let told = stderr(&run(arguments));
        let start = format!("ftpx: {missing}: ");
        assert!(told.starts_with(&start), "{arguments:?}: {told}");
    }
}

#[test]
fn a_server_that_demands_a_login_before_auth_refuses_tls_and_not_the_login() {
    let refusing = Behaviour::new().refuse("AUTH", 530, "Please login with USER and PASS.");
    let server = behaving(refusing, files());
    let output = run(&["ls", &url(&server, "").replace("ftp://", "ftpes://")]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
}

#[test]
fn a_download_goes_to_a_file_or_into_a_directory_that_exists() {
    let (server, here) = (server(files()), TempDir::new().unwrap());
    let (file, directory) = (url(&server, "pub/a.txt"), url(&server, "pub/"));
    let target = |name: &str| here.path().join(name).to_str().unwrap().to_owned();
    assert_eq!(run(&["get", &file, &target("no/")]).status.code(), Some(6));
    assert_eq!(
        run(&["get", &directory, &target("")]).status.code(),
        Some(2)
    );
    // A device would be replaced by a file, and so would a socket.
    #[cfg(unix)]
    {
        let socket = std::os::unix::net::UnixListener::bind(target("socket")).unwrap();
        assert_eq!(
            run(&["get", &file, &target("socket")]).status.code(),
            Some(2)
        );
        drop(socket);
        fs::remove_file(target("socket")).unwrap();
    }
    let missing = url(&server, "none");
    assert_eq!(run(&["get", &missing, &target("")]).status.code(), Some(5));
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 0, "no part");
}

#[test]
fn a_reader_that_has_enough_is_a_success() {
    let server = server(Files::new().file("/a", vec![7; 1_000_000]));
    let mut child = command(&["cat", &url(&server, "a")])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stderr(&output), "");
}

#[test]
fn a_broken_download_is_tried_again_and_goes_on() {
    let rule = Rule::at(Step::Moving(20_000)).of("RETR").reset_control();
    let broken = Behaviour::new().rule(rule);
    let (server, here) = (
        behaving(broken, Files::new().file("/a", vec![7; 50_000])),
        TempDir::new().unwrap(),
    );
    let output = run(&["get", &url(&server, "a"), here.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(fs::read(here.path().join("a")).unwrap(), vec![7; 50_000]);
    let resumed = server.commands(1);
    assert!(resumed.iter().any(|line| line.starts_with("REST ")));
}

#[test]
fn a_wait_says_why_and_for_how_long() {
    let broken = Rule::at(Step::Moving(20_000)).of("RETR").reset_control();
    let busy = Rule::at(Step::Received)
        .of("SIZE")
        .only(0)
        .say(450, "Busy.");
    let behaviour = || {
        Behaviour::new()
            .rule(broken.clone())
            .rule(busy.clone().instead())
    };
    for (options, expected) in [(&[][..], 2), (&["--quiet"], 0)] {
        let server = behaving(behaviour(), Files::new().file("/a", vec![7; 30_000]));
        let here = TempDir::new().unwrap();
        let target = url(&server, "a");
        let mut arguments = vec!["get", &target, here.path().to_str().unwrap()];
        arguments.extend(options);
        let output = run(&arguments);
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{told}");
        let waits = told
            .lines()
            .filter(|line| line.contains("; try 2 follows in "));
        let waits: Vec<_> = waits.filter(|line| line.ends_with(" s")).collect();
        assert_eq!(waits.len(), expected, "{told}");
        let whys = waits.first().map(|line| line.contains("Busy."));
        assert_ne!(whys, Some(false), "{told}");
    }
}

#[test]
fn a_part_is_no_obstacle_where_nothing_is_resumed() {
    let files = || Files::new().file("/a", vec![7; 50_000]);
    let broken = Behaviour::new().break_off("RETR", 20_000, 426, "Broken.");
    let (broken, here) = (behaving(broken, files()), TempDir::new().unwrap());
    let target = here.path().to_str().unwrap();
    let output = run(&["get", "--tries", "1", &url(&broken, "a"), target]);
    assert_eq!(output.status.code(), Some(8), "{}", stderr(&output));
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1, "a part");
    let refusing = Behaviour::new().refuse("REST", 502, "No.");
    let refusing = behaving(refusing, files());
    stdout(&["get", &url(&refusing, "a"), target]);
    assert_eq!(fs::read(here.path().join("a")).unwrap(), vec![7; 50_000]);
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 1, "no part");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_wait_in_which_nothing_moves() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ftp://{}/", silent.local_addr().unwrap());
    let child = command(&["ls", &target])
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let _connection = silent.accept().unwrap();
    let sent = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(stderr(&output), "\nftpx: interrupted\n");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_says_what_is_left() {
    use std::io::{BufRead as _, BufReader};
    use std::process::Stdio;

    let stalled = Behaviour::new().stall("RETR", 20_000);
    let server = behaving(stalled, Files::new().file("/a", vec![7; 50_000]));
    let here = TempDir::new().unwrap();
    let target = url(&server, "a");
    let mut child = command(&["get", &target, here.path().to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first bytes are in the part when the transfer stalls.
    while !fs::read_dir(here.path())
        .unwrap()
        .any(|entry| entry.unwrap().metadata().unwrap().len() > 0)
    {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    let interrupt = || {
        let sent = std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status();
        assert!(sent.unwrap().success());
    };
    interrupt();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let asked = told
        .by_ref()
        .find(|line| line.as_ref().unwrap().contains("once more"));
    assert!(asked.is_some());
    // The server is silent: the second one ends the wait.
    interrupt();
    let rest: String = told.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest.contains("left behind: a part of a"), "{rest}");
}

#[test]
fn pages_are_made() {
    let manual = stdout(&["manual"]);
    for part in [
        ".TH ftpx",
        ".TH ftpx-get",
        ".SH EXAMPLES",
        ".SH \"EXIT CODES\"",
        "FTPX_USER",
    ] {
        assert!(manual.contains(part), "{part}");
    }
    assert!(!manual.contains("ftpx-help"));
    assert!(stdout(&["completions", "bash"]).contains("_ftpx"));
}
