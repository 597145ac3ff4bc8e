//! What errors say, and what is asked of a caller before anything is sent.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::error::Error as _;
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex};

use ftp_blocking::proto::{After, Config, DataMode, Detail, Encoding, Verb};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Client, EndpointError, Error};
use ftp_testbed::scripted::{Peer, Script};

fn against(script: Script) -> (Peer, Client) {
    let peer = Peer::start(Script::new().send("220 ready\r\n").then_all(script)).unwrap();
    let mut config = Config::default();
    config.encoding = Encoding::AsItIs;
    let builder = Client::builder().config(config);
    let client = builder.connect_to(&[peer.address()]).unwrap();
    (peer, client)
}

fn loopback(files: Files) -> (Loopback, Client) {
    let server = Loopback::start(ServerConfig::new(), files).unwrap();
    let mut client = Client::builder().connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    (server, client)
}

#[test]
fn a_host_is_wanted() {
    for (host, why) in [
        ("", EndpointError::Empty),
        ("ftp://h/p", EndpointError::Url),
        ("h:22x", EndpointError::Port),
    ] {
        let error = Client::connect(host).unwrap_err();
        assert!(
            matches!(&error, Error::Host(found) if *found == why),
            "{error}"
        );
        assert!(error.to_string().contains("a host is expected"), "{error}");
        assert!(error.is_misuse());
    }
}

/// Whatever a server says to QUIT, we go.
#[test]
fn a_refused_quit_ends_the_session_and_says_so() {
    let (peer, client) = against(Script::new().answer("QUIT", "500 No.\r\n").expect_close());
    let error = client.quit().unwrap_err();
    assert_eq!(error.after(), After::Dead);
    assert!(error.is_permanent() && error.is_fatal());
    assert!(
        error.to_string().ends_with("the session is over"),
        "{error}"
    );
    peer.finish().unwrap();
}

/// 550 says that something is missing only where the command names what must exist.
#[test]
fn not_found_is_only_for_commands_whose_object_must_exist() {
    let refused = |line: &str, act: fn(&mut Client) -> Error| {
        let script = Script::new().answer(line, "550 No.\r\n");
        let (_peer, mut client) = against(script);
        io::Error::from(act(&mut client)).kind()
    };
    for (line, act) in [
        (
            "DELE a",
            (|ftp| ftp.rm("a").unwrap_err()) as fn(&mut Client) -> Error,
        ),
        ("RMD a", |ftp| ftp.rmdir("a").unwrap_err()),
        ("CWD a", |ftp| ftp.cwd("a").unwrap_err()),
        ("SIZE a", |ftp| ftp.size("a").unwrap_err()),
        ("MDTM a", |ftp| ftp.modified("a").unwrap_err()),
        ("RNFR a", |ftp| ftp.rename("a", "b").unwrap_err()),
    ] {
        assert_eq!(refused(line, act), ErrorKind::NotFound, "{line}");
    }
    let made = refused("MKD a", |ftp| ftp.mkdir("a").unwrap_err());
    assert_eq!(made, ErrorKind::Other);
    let site = refused("SITE a", |ftp| ftp.site("a").unwrap_err());
    assert_eq!(site, ErrorKind::Other);
}

#[test]
fn an_error_from_main_can_be_read() {
    let (_server, mut client) = loopback(Files::new());
    let error = client.rmdir("nowhere").unwrap_err();
    let shown = format!("{error:?}");
    assert_eq!(shown, error.to_string());
    assert!(shown.starts_with("RMD: refused: 550"), "{shown}");
    assert!(!shown.contains("usable"), "a refusal leaves it so: {shown}");
    assert!(format!("{error:#?}").contains("Session("));

    let misuse = client.rm("a\r\nb").unwrap_err();
    assert!(misuse.is_misuse() && !misuse.to_string().contains("usable"));
}

#[test]
fn the_cause_in_the_operating_system_is_the_source() {
    let nobody = ([127, 0, 0, 1], 1).into();
    let error = Client::builder().connect_to(&[nobody]).unwrap_err();
    let source = error.source().unwrap().downcast_ref::<io::Error>();
    assert_eq!(source.unwrap().kind(), ErrorKind::ConnectionRefused);
    assert!(error.is_transient() && error.is_fatal());
}

#[test]
fn a_series_gives_the_errors_of_this_crate() {
    let (_server, mut client) = loopback(Files::new().file("/a", "first"));
    let outcomes = client.retrieve_each(["a", "b"], |_, _| Ok(())).unwrap();
    let error = outcomes.into_iter().find_map(Result::err).unwrap();
    assert_eq!(error.verb(), Some(Verb::Retr));
    assert!(error.is_permanent());
}

/// Blocks of no size and of any size.
#[test]
fn extreme_blocks_are_made_sensible() {
    let content = vec![7; 100_000];
    for size in [0, 1 << 20, usize::MAX] {
        let (server, mut client) = loopback(Files::new().file("/a", content.clone()));
        let mut received = 0;
        let download = client.retrieve("a").unwrap();
        download
            .blocks(size, |block| received += block.len())
            .unwrap();
        assert_eq!(received, content.len());
        let upload = client.store("b").unwrap();
        upload
            .copy_from(&mut content.as_slice(), size, |_| {})
            .unwrap();
        assert_eq!(server.files().content("/b"), Some(content.as_slice()));
    }
}

#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was set before a configuration holds after it.
#[test]
fn a_configuration_undoes_nothing() {
    let server = Loopback::start(ServerConfig::new(), Files::new()).unwrap();
    let (shown, records) = (Shown::default(), Arc::new(Mutex::new(0)));
    let builder = Client::builder()
        .debug(shown.clone())
        .config(Config::default());
    let client = builder.connect_to(&[server.address()]).unwrap();
    client.quit().unwrap();
    let text = String::from_utf8(shown.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("-> QUIT"), "{text}");

    let sink = Arc::clone(&records);
    let builder = Client::builder()
        .data_mode(DataMode::AnyActive)
        .trace(move |_| *sink.lock().unwrap() += 1)
        .config(Config::default());
    let client = builder.connect_to(&[server.address()]).unwrap();
    assert_eq!(client.session().config().data_mode, DataMode::AnyActive);
    assert_eq!(client.session().config().detail, Detail::Everything);
    client.quit().unwrap();
    assert!(*records.lock().unwrap() > 0);
}
