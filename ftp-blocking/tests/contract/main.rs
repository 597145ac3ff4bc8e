//! The items of the original ftplib documentation, one test for each, by its name there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod files;
mod session;

use std::io;
use std::net::TcpListener;

use ftp_blocking::proto::operation::Login;
use ftp_blocking::proto::{After, Argument, Class, Config, Encoding, ErrorKind, Verb, Violation};
use ftp_blocking::testing::{Files, Loopback, ServerConfig};
use ftp_blocking::{Client, Error};
use ftp_testbed::scripted::{Passive, Peer, Port, Record, Script};

pub(crate) fn files() -> Files {
    Files::new()
        .file("/hello.txt", "hello\nworld\n")
        .file("/digits", "0123456789")
        .file("/pub/one", "1")
        .file("/pub/two", "22")
}

pub(crate) fn server() -> Loopback {
    Loopback::start(ServerConfig::new(), files()).unwrap()
}

pub(crate) fn logged_in(server: &Loopback) -> Client {
    let mut client = Client::builder().connect_to(&[server.address()]).unwrap();
    client.login_anonymous().unwrap();
    client
}

/// The commands of the first session after the login.
pub(crate) fn commands(server: &Loopback) -> Vec<String> {
    server.commands(0).split_off(2)
}

/// Runs `act` against a peer that greets and then does as the script says; the client is closed at
/// the end. Names are left as they are, so that a script need not answer FEAT.
pub(crate) fn dialogue(script: Script, act: impl FnOnce(&mut Client)) -> Record {
    let greeted = Script::new()
        .send("220 ready\r\n")
        .then_all(script)
        .expect_close();
    let peer = Peer::start(greeted).unwrap();
    let mut config = Config::default();
    config.encoding = Encoding::AsItIs;
    let builder = Client::builder().config(config);
    let mut client = builder.connect_to(&[peer.address()]).unwrap();
    act(&mut client);
    drop(client);
    peer.finish().unwrap_or_else(|failure| panic!("{failure}"))
}

/// TYPE and EPSV with an open port.
pub(crate) fn opening(letter: &str) -> Script {
    Script::new()
        .answer(format!("TYPE {letter}"), "200 ok\r\n")
        .expect("EPSV")
        .passive(Port::Open, Passive::Extended)
        .accept()
}

pub(crate) fn code(error: &Error) -> Option<u16> {
    error.reply().map(|reply| reply.code().get())
}

// -- the module -----------------------------------------------------------------------------------

#[test]
fn ftp_constructor() {
    let config = ServerConfig::new()
        .user("ann", "secret")
        .user_with_account("bob", "secret", "payroll");
    let server = Loopback::start(config, files()).unwrap();
    let host = server.address().to_string();

    let builder = Client::builder();
    assert_eq!(server.counts().accepted, 0, "nothing is connected yet");
    builder.connect(&host).unwrap().quit().unwrap();
    assert_eq!(server.commands(0), ["QUIT"]);

    Client::connect(&host).unwrap().quit().unwrap();
    assert_eq!(server.commands(1), ["QUIT"]);

    let mut client = Client::connect_as(&host, "ann", "secret").unwrap();
    client.pwd().unwrap();
    // The encoding of names is settled before the first command that brings one.
    let negotiation = ["FEAT", "OPTS UTF8 ON", "PWD"];
    assert_eq!(server.commands(2).get(2..).unwrap(), negotiation);

    let account = Login::new(Argument::new("bob").unwrap())
        .password(Argument::new("secret").unwrap())
        .account(Argument::new("payroll").unwrap());
    let mut client = Client::connect(&host).unwrap();
    client.login_with(account).unwrap();
    assert_eq!(
        server.commands(3),
        ["USER bob", "PASS secret", "ACCT payroll"]
    );

    let refused = Client::connect_as(&host, "ann", "guess").unwrap_err();
    assert_eq!(
        (refused.verb(), code(&refused)),
        (Some(Verb::Pass), Some(530))
    );
}

#[test]
fn all_errors() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let greeted_with = |greeting: &str| {
        let peer = Peer::start(Script::new().send(greeting).close()).unwrap();
        let error = Client::builder().connect_to(&[peer.address()]).unwrap_err();
        drop(peer);
        error
    };
    // From the look-up, the socket, the protocol, the end of input, the server: one type, and an
    // `io::Error` if wanted.
    let cases: [(Error, io::ErrorKind); 5] = [
        (
            Client::connect("no\0host").unwrap_err(),
            io::ErrorKind::InvalidInput,
        ),
        (
            Client::builder().connect_to(&[free]).unwrap_err(),
            io::ErrorKind::ConnectionRefused,
        ),
        (greeted_with("hello\r\n"), io::ErrorKind::InvalidData),
        (greeted_with(""), io::ErrorKind::ConnectionAborted),
        (greeted_with("530 no\r\n"), io::ErrorKind::PermissionDenied),
    ];
    for (error, kind) in cases {
        assert!(!error.is_misuse(), "{error}");
        assert!(error.is_fatal(), "{error}");
        assert_eq!(io::Error::from(error).kind(), kind);
    }

    // A programming error is marked as one, and harms nothing.
    let server = server();
    let mut client = logged_in(&server);
    for misuse in [
        client.command("PASV").unwrap_err(),
        client.command("NOOP\r\nNOOP").unwrap_err(),
        client.rm("").unwrap_err(),
    ] {
        assert!(misuse.is_misuse());
        assert_eq!(misuse.after(), After::Usable);
        assert_eq!(io::Error::from(misuse).kind(), io::ErrorKind::InvalidInput);
    }
    client.noop().unwrap();
    assert_eq!(commands(&server), ["NOOP"]);
}

#[test]
fn error_reply() {
    let script = Script::new()
        .answer("RNFR a", "200-what\r\n200 ever\r\n")
        .answer("NOOP", "200 ok\r\n")
        .answer("NOOP", "200 ok\r\n");
    dialogue(script, |client| {
        let error = client.rename("a", "b").unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
        assert_eq!((error.verb(), code(&error)), (Some(Verb::Rnfr), Some(200)));
        assert_eq!(error.reply().unwrap().text(), b"what\never");
        assert!(!error.is_transient() && !error.is_permanent());
        // Whose the 200 was is known behind the answer to a NOOP of the session's own.
        assert_eq!(error.after(), After::Settling);
        client.noop().unwrap();
    });
}

#[test]
fn error_temp() {
    for code_sent in [400, 450, 499] {
        let script = Script::new()
            .answer("DELE a", format!("{code_sent} busy\r\n"))
            .answer("NOOP", "200 ok\r\n");
        dialogue(script, |client| {
            let error = client.rm("a").unwrap_err();
            assert!(matches!(error.kind(), Some(ErrorKind::Refused(_))));
            assert_eq!(error.reply().unwrap().class(), Class::TransientNegative);
            assert_eq!(code(&error), Some(code_sent));
            assert!(error.is_transient() && !error.is_permanent());
            client.noop().unwrap();
        });
    }
}

#[test]
fn error_perm() {
    for code_sent in [500, 550, 599] {
        let script = Script::new()
            .answer("DELE a", format!("{code_sent} no\r\n"))
            .answer("NOOP", "200 ok\r\n");
        dialogue(script, |client| {
            let error = client.rm("a").unwrap_err();
            assert!(matches!(error.kind(), Some(ErrorKind::Refused(_))));
            assert_eq!(code(&error), Some(code_sent));
            assert!(error.is_permanent() && !error.is_transient());
            client.noop().unwrap();
        });
    }
}

#[test]
fn error_proto() {
    for line in ["hello", "22 x", "099 x", "700 x", "2000 x", "x200 y"] {
        dialogue(
            Script::new().answer("NOOP", format!("{line}\r\n")),
            |client| {
                let error = client.noop().unwrap_err();
                assert!(
                    matches!(
                        error.kind(),
                        Some(ErrorKind::Violation(Violation::Reply(_)))
                    ),
                    "{line}: {error}"
                );
                assert_eq!(error.verb(), Some(Verb::Noop));
                assert!(error.is_fatal(), "the conversation is out of step");
            },
        );
    }
    // An address that cannot be read is none either, and leaves the conversation in step.
    let script = Script::new()
        .answer("TYPE I", "200 ok\r\n")
        .answer("EPSV", "229 here you are\r\n")
        .answer("PASV", "227 here you are\r\n")
        .answer("FEAT", "500 what?\r\n")
        .answer("NOOP", "200 ok\r\n");
    dialogue(script, |client| {
        let error = client.retrieve("a").unwrap_err();
        assert!(matches!(
            error.kind(),
            Some(ErrorKind::Violation(Violation::Address(_)))
        ));
        assert_eq!(error.verb(), Some(Verb::Pasv));
        assert_eq!(error.after(), After::Usable);
        client.noop().unwrap();
    });
    // 6yz is what RFC 2228 answers protected commands with: no success, but a reply.
    dialogue(Script::new().answer("NOOP", "631 x\r\n"), |client| {
        let error = client.noop().unwrap_err();
        assert!(matches!(error.kind(), Some(ErrorKind::Unexpected(_))));
    });
}
