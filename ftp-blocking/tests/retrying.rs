//! What is tried again, what is looked up, and what is neither.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::Cursor;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ftp_blocking::proto::operation::Login;
use ftp_blocking::proto::retry::{Retry, Step as Tried};
use ftp_blocking::testing::{Behaviour, Files, Loopback, Rule, ServerConfig, Step};
use ftp_blocking::{Client, Retrying, Tcp};

fn server(behaviour: Behaviour, files: Files) -> Loopback {
    Loopback::start(ServerConfig::new().behaviour(behaviour), files).unwrap()
}

fn retrying(server: &Loopback) -> Retrying<Tcp> {
    let mut policy = Retry::default();
    policy.delay = Duration::from_millis(1);
    Client::builder()
        .connector_to(&[server.address()], Login::anonymous())
        .retrying(policy)
}

fn count(server: &Loopback, verb: &str) -> usize {
    let sessions = 0..server.counts().accepted;
    let commands = sessions.flat_map(|number| server.commands(number));
    commands.filter(|line| line.starts_with(verb)).count()
}

/// The reply to each such command is lost, after its effect.
fn losing(verb: &str) -> Behaviour {
    let rule = Rule::at(Step::Answering).of(verb).reset_control();
    Behaviour::new().rule(rule)
}

#[test]
fn a_listing_whose_connection_is_cut_is_made_again() {
    let files = || Files::new().file("/a", "x");
    let cut = Rule::at(Step::Moving(1)).of("MLSD").reset_control();
    let cuts = ServerConfig::new().behaviour(Behaviour::new().rule(cut));
    let cuts = Loopback::start(cuts, files()).unwrap();
    assert!(retrying(&cuts).list("").unwrap_err().is_transient());
    assert_eq!(count(&cuts, "MLSD"), 5);
    let serves = Loopback::start(ServerConfig::new(), files()).unwrap();
    assert_eq!(retrying(&serves).list("").unwrap().len(), 1);
}

#[test]
fn a_download_goes_on_where_it_was_interrupted() {
    let broken = Rule::at(Step::Moving(10)).of("RETR").reset_control();
    let content = b"0123456789abcdefghijklmno";
    let files = Files::new().file("/a", content);
    let server = server(Behaviour::new().rule(broken), files);
    let mut bytes = Vec::new();
    let completed = retrying(&server).retrieve_to("a", &mut bytes).unwrap();
    assert_eq!((bytes.as_slice(), completed.bytes), (&content[..], 25));
    assert_eq!((count(&server, "RETR"), count(&server, "REST 10")), (3, 1));
}

#[test]
fn an_upload_under_a_new_name_goes_on() {
    let broken = Rule::at(Step::Moving(10)).of("STOR").reset_control();
    let server = server(Behaviour::new().rule(broken), Files::new());
    let content = b"0123456789abcdefghijklmno";
    let completed = retrying(&server)
        .store_from("a", &mut Cursor::new(content))
        .unwrap();
    assert_eq!(completed.bytes, 25);
    assert_eq!(server.files().content("/a"), Some(&content[..]));
}

#[test]
fn an_upload_over_a_file_of_others_is_not_repeated() {
    let broken = Rule::at(Step::Moving(10)).of("STOR").reset_control();
    let files = Files::new().file("/a", "theirs");
    let server = server(Behaviour::new().rule(broken), files);
    let error = retrying(&server).store_from("a", &mut Cursor::new([7; 25]));
    assert!(error.unwrap_err().is_transient());
    assert_eq!(count(&server, "STOR"), 1);
}

#[test]
fn a_change_whose_reply_is_lost_is_looked_up_and_not_repeated() {
    type Change = fn(&mut Retrying<Tcp>) -> ftp_blocking::Result<()>;
    let changes: [(&str, Change); 4] = [
        ("DELE", |ftp| ftp.rm("/d/a")),
        ("RMD", |ftp| ftp.rmdir("/empty")),
        ("MKD", |ftp| ftp.mkdir("/new")),
        ("RNTO", |ftp| ftp.rename("/d/a", "/d/b")),
    ];
    for (verb, change) in changes {
        let files = || Files::new().file("/d/a", "x").directory("/empty");
        let lost = server(losing(verb), files());
        change(&mut retrying(&lost)).unwrap();
        assert_eq!(count(&lost, verb), 1, "{verb}");

        // The command itself was lost: nothing has changed, and it is not repeated either.
        let unseen = Rule::at(Step::Received).of(verb).reset_control().instead();
        let unseen = server(Behaviour::new().rule(unseen), files());
        assert!(change(&mut retrying(&unseen)).is_err(), "{verb}");
        assert_eq!(count(&unseen, verb), 1, "{verb}");

        // A refusal for now has changed nothing.
        let busy = Rule::at(Step::Received).of(verb).only(0);
        let busy = Behaviour::new().rule(busy.say(450, "Busy.").instead());
        let busy = server(busy, files());
        change(&mut retrying(&busy)).unwrap();
        assert_eq!(count(&busy, verb), 2, "{verb}");
    }
}

#[test]
fn a_permanent_refusal_is_final() {
    let server = server(Behaviour::new(), Files::new());
    let mut ftp = retrying(&server);
    assert!(ftp.retrieve_to("none", &mut Vec::new()).is_err());
    assert_eq!(count(&server, "RETR"), 1);

    let refused = self::server(Behaviour::new().refuse("PASS", 530, "No."), Files::new());
    assert!(retrying(&refused).client().is_err());
    assert_eq!(count(&refused, "PASS"), 1);
}

#[test]
fn tries_end() {
    let server = server(Behaviour::new().refuse("SIZE", 450, "Busy."), Files::new());
    let asked = retrying(&server).run(Tried::Listing, |ftp| ftp.size_in_bytes("a"));
    assert!(asked.unwrap_err().is_transient());
    assert_eq!(count(&server, "SIZE"), 5);

    let greeting = Behaviour::new().greet(421, "Full.");
    let full = self::server(greeting, Files::new());
    assert!(retrying(&full).client().is_err());
    assert_eq!(full.counts().accepted, 5);
}

#[test]
fn an_upload_to_a_file_that_another_has_written_does_not_go_on() {
    let broken = Rule::at(Step::Moving(10)).of("STOR").reset_control();
    let longer = Rule::at(Step::Received).of("SIZE").say(213, "9999");
    let behaviour = Behaviour::new().rule(broken).rule(longer.instead());
    let server = server(behaviour, Files::new());
    let error = retrying(&server).store_from("a", &mut Cursor::new([7; 25]));
    let text = error.unwrap_err().to_string();
    assert!(text.contains("longer than what was sent"), "{text}");
    assert_eq!(count(&server, "STOR") + count(&server, "APPE"), 1);
}

#[test]
fn an_observer_is_told_of_each_pause() {
    type Use = fn(&mut Retrying<Tcp>) -> bool;
    let once = |verb| Rule::at(Step::Received).of(verb).only(0).say(450, "Busy.");
    let broken = Rule::at(Step::Moving(10)).of("RETR").reset_control();
    let rows: [(Behaviour, Use, &[u32]); 6] = [
        (Behaviour::new(), |ftp| ftp.rm("a").is_ok(), &[]),
        (
            Behaviour::new().rule(once("DELE").instead()),
            |ftp| ftp.rm("a").is_ok(),
            &[2],
        ),
        // A lost reply is looked up at once.
        (losing("DELE"), |ftp| ftp.rm("a").is_ok(), &[]),
        (
            Behaviour::new().greet(421, "Full."),
            |ftp| ftp.client().is_err(),
            &[2, 3, 4, 5],
        ),
        (
            Behaviour::new().refuse("SIZE", 450, "Busy."),
            |ftp| {
                ftp.run(Tried::Listing, |ftp| ftp.size_in_bytes("a"))
                    .is_err()
            },
            &[2, 3, 4, 5],
        ),
        // What has moved begins the count anew.
        (
            Behaviour::new().rule(broken),
            |ftp| ftp.retrieve_to("a", &mut Vec::new()).is_ok(),
            &[2, 2],
        ),
    ];
    for (number, (behaviour, call, expected)) in rows.into_iter().enumerate() {
        let server = server(behaviour, Files::new().file("/a", [7; 25]));
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&told);
        let mut ftp = retrying(&server).on_wait(move |waiting| {
            assert!(!waiting.pause.is_zero() && waiting.error.is_transient());
            tell.lock().unwrap().push(waiting.next_try);
        });
        assert!(call(&mut ftp), "{number}");
        assert_eq!(*told.lock().unwrap(), expected, "{number}");
    }
}
