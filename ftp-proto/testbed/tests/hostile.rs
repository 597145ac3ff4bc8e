//! A client of this workspace, pointed at each of the hostile servers.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use ftp_blocking::testing::Loopback;
use ftp_blocking::{Client, Result};
use ftp_proto::listing::{Line, Options, SafeFor};
use ftp_proto::{Config, Timeouts};
use ftp_testbed::hostile::{Phase, files, table};

fn config() -> Config {
    let mut config = Config::default();
    config.timeouts = Timeouts::all(Duration::from_millis(300));
    config
}

/// The phase that fails.
fn visit(server: &Loopback) -> Option<Phase> {
    let connected = Client::builder()
        .config(config())
        .connect_to(&[server.address()]);
    let Ok(mut client) = connected else {
        return Some(Phase::Login);
    };
    type Act = fn(&mut Client) -> Result<()>;
    let phases: [(Phase, Act); 4] = [
        (Phase::Login, |client| client.login_anonymous().map(drop)),
        (Phase::Directory, |client| client.pwd().map(drop)),
        (Phase::Download, download),
        (Phase::Listing, list),
    ];
    phases
        .into_iter()
        .find(|(_, act)| act(&mut client).is_err())
        .map(|(phase, _)| phase)
}

fn download(client: &mut Client) -> Result<()> {
    let mut file = Vec::new();
    client.retrieve_to("/file", &mut file)?;
    assert_eq!(file, b"0123456789");
    Ok(())
}

fn list(client: &mut Client) -> Result<()> {
    let mut safe = Vec::new();
    client.list_with("/", &Options::new(), |line| {
        if let Line::Entry(entry) = line {
            let name = entry.name().safe(SafeFor::EverySystem);
            safe.extend(name.map(|name| name.to_string()));
        }
    })?;
    safe.sort();
    assert_eq!(safe, ["-rf", "\\u{202e}txt.exe", "file"]);
    Ok(())
}

#[test]
fn a_client_does_right_by_every_hostile_server() {
    for hostile in table() {
        let server = Loopback::start(hostile.config.clone(), files()).unwrap();
        assert_eq!(
            visit(&server),
            hostile.fails,
            "{}: {}",
            hostile.name,
            hostile.right
        );
    }
}
